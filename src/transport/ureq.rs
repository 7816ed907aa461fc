mod connection;
mod failure;
mod names;
mod origin;
mod proxy;

use std::fmt;
use std::io::Read as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::AsSendBody;
use ureq::http::header::InvalidHeaderValue;
use ureq::http::{self, HeaderName, HeaderValue, header};

use super::{Limits, Method, Request, Response, Streamed, Transport, TransportError, TransportErrorKind};
use crate::error::Result;
use failure::{Failure, kind, transport_error};
use names::Names;
use origin::Origin;
pub use proxy::Proxy;
use proxy::Ways;

/// How long a connection is kept without being used.
const IDLE: Duration = Duration::from_secs(15);

static KEPT_HEADERS: [HeaderName; 4] = [header::CONTENT_TYPE, header::DATE, header::LOCATION, header::RETRY_AFTER];

type Answer = http::Response<ureq::Body>;

/// Sends requests by [ureq](https://docs.rs/ureq): what [`Client::new`](crate::Client::new) uses, below a
/// [`Retry`](super::Retry).
///
/// * A redirect is the answer, never followed: the token would go along to the other host.
/// * Connections are kept, up to 64 of them and 15 seconds each, and shared by all threads and clones.
/// * A host name is looked up when a connection is made. Its addresses are remembered for a minute, or until none of them
///   takes a connection; a new connection tries all of them in turn. `localhost` and the names below it are this computer,
///   and aren't looked up.
/// * [`Limits::connect`](super::Limits::connect) holds for looking the host up, connecting and TLS together,
///   [`Limits::attempt`](super::Limits::attempt) for everything. Connecting gets nine tenths of an attempt at most. Whatever
///   fails before there is a connection, TLS handshake included, was not delivered.
/// * A request leaves by one write, head and body together, when it is small enough for that (some 100 KiB).
/// * A kept connection may be closed by the server at the very moment at which the next request is sent. When that
///   connection ends before an answer begins, a [repeatable](Request::is_repeatable) request is sent once more at once,
///   on a new connection or one that was in use within the last second, in what is left of the attempt's time. So is
///   every request of which the operating system took not one byte. Any other fails as maybe delivered.
/// * gzip is asked for and undone. No cookies are sent.
/// * Of the answer's headers only `content-type`, `date`, `location` and `retry-after` are kept, because copying all of
///   them costs each call more than it brings.
/// * With the feature `rustls` that library does TLS, and trusts Mozilla's root certificates, or with
///   `platform-verifier` those of the operating system. With only `native-tls` the operating system's library does it,
///   with its own certificates.
///
/// # Secrets in logs
///
/// ureq writes to the `log` facade. At `debug` it shows neither paths nor the token, but some of the answer's headers as
/// they are (`content-type` and `content-encoding`, say): a server that repeats the token there gets it logged. At `trace` it shows **all that it
/// sends and receives**, the token among it, and nothing but the program's logger can keep it from that: let the targets
/// `ureq` and `ureq_proto` log at `debug` at most, or not at all.
///
/// ```no_run
/// use tagoio::Client;
/// use tagoio::transport::{Retry, RetryPolicy, UreqTransport};
///
/// let patient = RetryPolicy::attempts(10);
/// let tago = Client::builder()
///     .token("p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4")
///     .transport(Retry::new(UreqTransport::new()?, patient))
///     .build()?;
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Clone)]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub struct UreqTransport {
    shared: Arc<Shared>,
}

struct Shared {
    agents: Agents,
    origin: Origin,
    /// The value of the first request, which is that of all of a client's.
    user_agent: OnceLock<Option<HeaderValue>>,
}

/// Sets what an answer's correctness depends on. A macro, because ureq's builders for an agent and for a request share no
/// trait that can be named.
macro_rules! carefully {
    ($config:expr, $times:expr) => {{
        let times: Times = $times;
        $config
            .http_status_as_error(false)
            .max_redirects(0)
            .accept("")
            .timeout_global(times.whole.filter(ends))
            .timeout_per_read(times.silence.filter(ends))
            .timeout_connect(time_to_connect(times).filter(ends))
    }};
}

/// Whose agents send the requests.
enum Agents {
    /// Made here. They have the default time limits, which nearly all requests have, so that a request needs no
    /// configuration of its own: that would cost 2 allocations and 4 % of a small call's instructions.
    Own(Ways<ureq::Agent>),
    /// The caller's. Each request brings what its answer's correctness depends on.
    Given(ureq::Agent),
}

impl UreqTransport {
    /// A transport with a pool of its own and the proxy that the environment names.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the environment names a proxy that can't be one.
    pub fn new() -> Result<Self> {
        Self::with_proxy(&Proxy::default())
    }

    /// A transport with a pool of its own and this proxy.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the proxy's address can't be one, or is that of a SOCKS proxy.
    pub fn with_proxy(proxy: &Proxy) -> Result<Self> {
        Self::with_proxy_of(proxy, &|name| std::env::var(name).ok())
    }

    pub(crate) fn with_proxy_of(proxy: &Proxy, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        Self::with_names(proxy, vars, Names::default())
    }

    fn with_names(proxy: &Proxy, vars: &dyn Fn(&str) -> Option<String>, names: Names) -> Result<Self> {
        let names = Arc::new(names);
        let ways = Ways::look_up(proxy, vars, |proxy| {
            let config = carefully!(ureq::Agent::config_builder(), Times::default())
                .tls_config(tls())
                // Each request brings its own.
                .user_agent("")
                .proxy(proxy)
                // A thread that finds no idle connection opens one; ureq keeps three of them.
                .max_idle_connections(64)
                .max_idle_connections_per_host(64)
                .max_idle_age(IDLE)
                .build();
            connection::agent(config, Arc::clone(&names))
        })?;
        Ok(Self::of(Agents::Own(ways)))
    }

    fn of(agents: Agents) -> Self {
        Self { shared: Arc::new(Shared { agents, origin: Origin::default(), user_agent: OnceLock::new() }) }
    }

    /// A transport over an agent of ureq 3.5, for a TLS, proxy or pool configuration of your own, which is kept. What an
    /// answer's correctness depends on is set for each request: time limits, redirects, status codes, encodings.
    ///
    /// The agent sends its own `User-Agent` only in requests that have none. It has to be configured for a TLS library
    /// that is compiled in: on an `https` URL, ureq panics otherwise. How names are looked up and connections are made is
    /// the agent's business, too. Of ureq's own connections nobody can tell which were kept and whether TLS was
    /// established, so no request is sent once more by itself, and what breaks in a handshake counts as maybe delivered.
    ///
    /// ```
    /// use tagoio::transport::UreqTransport;
    /// # // Doctests see the crate's own dependencies.
    /// use ureq::Agent;
    ///
    /// let config = Agent::config_builder().ip_family(ureq::config::IpFamily::Ipv4Only).build();
    /// let transport = UreqTransport::with_agent(config.new_agent());
    /// ```
    pub fn with_agent(agent: ureq::Agent) -> Self {
        Self::of(Agents::Given(agent))
    }

    /// Sends a request and gives the answer before its body has come, for what is too large to be held in memory: the
    /// archive of a [backup](crate::profile::BackupsApi::download), say.
    ///
    /// [`Limits::attempt`] is how long nothing may come, [`Limits::total`] how long it may take up to the end of the body;
    /// [`Limits::body`] doesn't count. No redirect is followed.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no answer has begun.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use std::io;
    /// use tagoio::profile::BackupDownload;
    /// use tagoio::transport::{Method, Request, UreqTransport};
    ///
    /// fn save(download: &BackupDownload, path: &str) -> Result<u64, Box<dyn std::error::Error>> {
    ///     // The address says who may have the file; the token must not go there.
    ///     let request = Request::new(Method::Get, download.url.expose()).with_header("accept-encoding", "identity");
    ///     let mut archive = UreqTransport::new()?.stream(&request)?;
    ///     if archive.status() != 200 {
    ///         return Err(format!("the store answered {}", archive.status()).into());
    ///     }
    ///     Ok(io::copy(&mut archive, &mut File::create_new(path)?)?)
    /// }
    /// ```
    pub fn stream(&self, request: &Request) -> Result<Streamed, TransportError> {
        let Limits { connect, attempt, total, .. } = request.limits();
        let (head, body) = self.answer(request, Times { connect, silence: attempt, whole: total })?;
        let length = body.as_ref().and_then(ureq::Body::content_length);
        Ok(match body {
            Some(body) => Streamed::new(head, length, body.into_reader()),
            None => Streamed::from(head),
        })
    }

    /// Sends a request once, on a connection that was idle for no longer than this. Those that were are closed.
    fn exchange(&self, request: &Request, times: Times, idle: Duration) -> Result<Answer, ureq::Error> {
        // POST, PUT and PATCH without a body say so by `content-length: 0`; ureq would send an empty chunked one.
        match (request.body(), request.method()) {
            (Some(body), _) => self.run(self.outgoing(request, body)?, times, idle),
            (None, Method::Post | Method::Put | Method::Patch) => {
                self.run(self.outgoing(request, &[][..])?, times, idle)
            }
            (None, _) => self.run(self.outgoing(request, ())?, times, idle),
        }
    }

    fn run<B: AsSendBody>(
        &self,
        request: http::Request<B>,
        times: Times,
        idle: Duration,
    ) -> Result<Answer, ureq::Error> {
        let (agent, is_configured) = match &self.shared.agents {
            Agents::Own(ways) => (ways.to(request.uri()), times == Times::default()),
            Agents::Given(agent) => (agent, false),
        };
        if is_configured && idle == IDLE {
            return agent.run(request);
        }
        let config = carefully!(agent.configure_request(request), times)
            // Only a given agent looks names up before it connects.
            .timeout_resolve(time_to_connect(times).filter(ends));
        let config = if idle == IDLE { config } else { config.max_idle_age(idle) };
        agent.run(config.build())
    }

    /// The request as ureq takes it.
    fn outgoing<B>(&self, request: &Request, body: B) -> Result<http::Request<B>, ureq::Error> {
        let mut outgoing = http::Request::new(body);
        *outgoing.method_mut() = method(request.method());
        let host = self.shared.origin.address(request.url(), outgoing.uri_mut())?;
        let headers = outgoing.headers_mut();
        if let Some(host) = host.filter(|_| request.header("host").is_none()) {
            headers.append(header::HOST, host.clone());
        }
        for (name, value, is_secret) in request.outgoing_headers() {
            let name = header_name(name)?;
            let mut value = self.header_value(&name, value).map_err(http::Error::from)?;
            value.set_sensitive(is_secret);
            headers.append(name, value);
        }
        headers.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        Ok(outgoing)
    }

    /// A value that each request has isn't checked and copied each time, which would be 3 allocations and 2 % of a small
    /// call's instructions.
    fn header_value(&self, name: &HeaderName, value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");

        if value == "application/json" {
            return Ok(JSON);
        }
        if *name == header::USER_AGENT {
            let known = self.shared.user_agent.get_or_init(|| HeaderValue::from_str(value).ok());
            if let Some(known) = known.as_ref().filter(|known| *known == value) {
                return Ok(known.clone());
            }
        }
        HeaderValue::from_str(value)
    }

    /// Sends a request, and once more when it was lost on a connection that had been kept: the server has closed that
    /// one just as the request came, and no pause would make the next one better.
    fn send_out(&self, request: &Request, times: Times) -> Result<Answer, TransportError> {
        /// No server closes what was in use so shortly ago; what was idle for longer may well be lost, too.
        const FRESH: Duration = Duration::from_secs(1);

        let begun = times.whole.map(|_| Instant::now());
        let error = match self.exchange(request, times, IDLE) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let failure = match Failure::take(error) {
            Ok(failure) => failure,
            Err(error) => return Err(transport_error(error)),
        };
        let maybe_delivered = failure.kind.maybe_delivered();
        let left = times.whole.zip(begun).map(|(whole, begun)| whole.saturating_sub(begun.elapsed()));
        if left == Some(Duration::ZERO) || !failure.asks_for_another(request.is_repeatable()) {
            return Err(failure.into());
        }
        self.exchange(request, Times { whole: left, ..times }, FRESH).map_err(|error| {
            let error = transport_error(error);
            if maybe_delivered { error.after_delivery() } else { error }
        })
    }

    /// The head of the answer, and its body unless there is none.
    fn answer(&self, request: &Request, times: Times) -> Result<(Response, Option<ureq::Body>), TransportError> {
        let (head, body) = self.send_out(request, times)?.into_parts();

        let mut response = Response::new(head.status.as_u16());
        let mut is_encoded = false;
        // Once over all of them: to look for each name takes longer, unless there are very many.
        for (name, value) in &head.headers {
            if *name == header::CONTENT_ENCODING {
                // ureq removes the header when it undoes the encoding.
                is_encoded |= value != "identity";
            } else if let Some(name) = KEPT_HEADERS.iter().find(|kept| *kept == name) {
                if let (None, Ok(value)) = (response.header(name.as_str()), value.to_str()) {
                    response = response.with_known_header(name.as_str(), value);
                }
            }
        }
        let has_body = request.method() != Method::Head && !matches!(response.status(), 204 | 304);
        if !has_body {
            return Ok((response, None));
        }
        if is_encoded {
            return Err(TransportError::with_source(TransportErrorKind::Protocol, "unknown content encoding"));
        }
        Ok((response, Some(body)))
    }
}

#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
impl Transport for UreqTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let limits = request.limits();
        let (head, body) = self.answer(request, limits.into())?;
        match body {
            Some(body) => Ok(head.with_body(read(body, limits.body)?)),
            None => Ok(head),
        }
    }
}

/// How long an exchange may take.
#[derive(Clone, Copy, PartialEq)]
struct Times {
    /// Until there is a connection.
    connect: Option<Duration>,
    /// Until something more of the answer comes.
    silence: Option<Duration>,
    /// Until the answer's end.
    whole: Option<Duration>,
}

/// An answer that is read to its end within the attempt.
impl From<Limits> for Times {
    fn from(limits: Limits) -> Self {
        Self { connect: limits.connect, silence: None, whole: limits.attempt }
    }
}

impl Default for Times {
    fn default() -> Self {
        Limits::default().into()
    }
}

/// Shows no proxy and no certificate.
impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport").finish_non_exhaustive()
    }
}

#[cfg(feature = "rustls")]
fn tls() -> ureq::tls::TlsConfig {
    let roots = if cfg!(feature = "platform-verifier") {
        ureq::tls::RootCerts::PlatformVerifier
    } else {
        ureq::tls::RootCerts::WebPki
    };
    ureq::tls::TlsConfig::builder().provider(ureq::tls::TlsProvider::Rustls).root_certs(roots).build()
}

#[cfg(not(feature = "rustls"))]
fn tls() -> ureq::tls::TlsConfig {
    ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::NativeTls)
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build()
}

/// The headers that the client sends are known; to read another name takes longer than to write it.
fn header_name(name: &str) -> Result<HeaderName, http::Error> {
    const TOKEN: HeaderName = HeaderName::from_static("token");
    Ok(match name {
        "token" => TOKEN,
        "accept" => header::ACCEPT,
        "user-agent" => header::USER_AGENT,
        "content-type" => header::CONTENT_TYPE,
        name => name.parse()?,
    })
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
        Method::Options => http::Method::OPTIONS,
    }
}

/// How long a connection may take. An attempt that ends while it has none tells no more than that time ran out; so the
/// connection's time ends before the attempt's, and what certainly wasn't delivered is known as such.
fn time_to_connect(times: Times) -> Option<Duration> {
    let attempt = [times.silence, times.whole].into_iter().flatten().min();
    let within_attempt = attempt.map(|attempt| attempt / 10 * 9);
    [times.connect, within_attempt].into_iter().flatten().min()
}

/// Whether a time limit is ever reached. ureq adds it to the time of day, and panics when that overflows.
fn ends(limit: &Duration) -> bool {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    *limit < CENTURY
}

/// Reads a body to its end, or to the limit. What the server says of its length is only believed as far as 64 KiB.
fn read(body: ureq::Body, limit: usize) -> Result<Vec<u8>, TransportError> {
    const BELIEVED: u64 = 64 * 1024;
    let too_large = TransportErrorKind::BodyTooLarge;
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let announced = body.content_length().unwrap_or_default();
    if announced > limit {
        return Err(too_large.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(announced.min(BELIEVED)).unwrap_or_default());
    // Not by ureq's own limit: before its version 3.5.2, that one counts bytes as they are compressed.
    match body.into_reader().take(limit.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(count) if u64::try_from(count).is_ok_and(|count| count <= limit) => Ok(bytes),
        Ok(_) => Err(too_large.into()),
        Err(error) => {
            let error = ureq::Error::from(error);
            let kind = kind(&error);
            // The answer has begun, so the request was delivered, whatever the error would mean before.
            let kind = if kind.maybe_delivered() { kind } else { TransportErrorKind::ConnectionLost };
            Err(TransportError::with_source(kind, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_connection_has_its_own_limit_and_never_all_of_an_attempt() {
        let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        for (connect, attempt, expected) in [
            (Some(10), Some(60), Some(10)),
            (Some(10), Some(10), Some(9)),
            (Some(60), Some(10), Some(9)),
            (None, Some(10), Some(9)),
            (Some(10), None, Some(10)),
            (None, None, None),
        ] {
            let mut limits = Limits::default();
            (limits.connect, limits.attempt) = (seconds(connect), seconds(attempt));
            assert_eq!(time_to_connect(limits.into()), seconds(expected), "{connect:?} {attempt:?}");
        }
        let patient = Times { connect: None, silence: seconds(Some(10)), whole: seconds(Some(600)) };
        assert_eq!(time_to_connect(patient), seconds(Some(9)));
        let mut endless = Limits::default();
        (endless.connect, endless.attempt) = (Some(Duration::MAX), Some(Duration::MAX));
        assert!(time_to_connect(endless.into()).is_some_and(|limit| !ends(&limit)));
    }

    #[test]
    fn a_century_is_no_limit() {
        assert!(!ends(&Duration::from_secs(3_153_600_000)));
        assert!(ends(&Duration::from_secs(3_153_599_999)));
    }

    #[test]
    fn the_features_say_who_does_tls_and_whose_certificates_are_trusted() {
        use ureq::tls::{RootCerts, TlsProvider};

        let (by_rustls, of_the_system) = (cfg!(feature = "rustls"), cfg!(feature = "platform-verifier"));
        assert_eq!(tls().provider() == TlsProvider::Rustls, by_rustls);
        assert_eq!(matches!(tls().root_certs(), RootCerts::WebPki), by_rustls && !of_the_system);
    }

    #[test]
    fn an_answer_that_has_begun_proves_delivery() {
        struct Failing(io::ErrorKind);
        impl io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
        }
        for kind in [io::ErrorKind::HostUnreachable, io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset] {
            let error = read(ureq::Body::builder().reader(Failing(kind)), 1000).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::ConnectionLost, "{error:?}");
        }
    }
}
