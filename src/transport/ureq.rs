use std::fmt;
use std::io::{self, Read as _};
use std::time::Duration;

use ureq::http::{self, HeaderValue, header};

use super::{Limits, Method, Request, Response, Streamed, Transport, TransportError, TransportErrorKind};
use crate::error::{Error, Result};
use crate::region::is_loopback;

/// Sends requests by [ureq](https://docs.rs/ureq): what [`Client::new`](crate::Client::new) uses, below a
/// [`Retry`](super::Retry).
///
/// * A redirect is the answer, never followed: the token would go along to the other host.
/// * Connections are kept, up to 64 of them and 15 seconds each, and shared by all threads and clones. The host is looked
///   up for each request all the same: that is ureq's way.
/// * [`Limits::connect`](super::Limits::connect) holds for looking the host up and for connecting each,
///   [`Limits::attempt`](super::Limits::attempt) for everything together. Connecting gets nine tenths of an attempt at
///   most, so that an attempt that ends without a connection says that nothing was delivered.
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
    agent: ureq::Agent,
    proxies: Proxies,
}

/// Which proxy a [`UreqTransport`] connects through.
///
/// A proxy is asked for a tunnel (`CONNECT`), so that it can't read what goes through `https`. Its address is that of an
/// HTTP proxy, `http://proxy.example.com:3128`, with or without `user:password@` before the host.
///
/// ```
/// use tagoio::transport::Proxy;
///
/// let proxy = Proxy::Url("http://jane:secret@proxy.example.com:3128".to_owned());
/// assert_eq!(format!("{proxy:?}"), r#"Url("http://…@proxy.example.com:3128")"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub enum Proxy {
    /// The one that the environment names: `HTTPS_PROXY` (`HTTP_PROXY` for plain http), else `ALL_PROXY`, each also in
    /// lower case. None for the hosts in `NO_PROXY` and the hosts below them, and never one for this very computer.
    #[default]
    Environment,
    /// No proxy, whatever the environment says.
    None,
    /// This one, for every host.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(&without_credentials(url)).finish(),
        }
    }
}

fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}{}…@{host}", if scheme.is_empty() { "" } else { "://" })
        }
        None => url.to_owned(),
    }
}

/// A [`Proxy`], looked up.
#[derive(Clone)]
enum Proxies {
    /// What the caller's agent is configured for.
    OfAgent,
    Fixed(Option<ureq::Proxy>),
    Environment {
        http: Option<ureq::Proxy>,
        https: Option<ureq::Proxy>,
    },
}

impl Proxies {
    fn look_up(proxy: &Proxy, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        Ok(match proxy {
            Proxy::None => Self::Fixed(None),
            Proxy::Url(url) => Self::Fixed(Some(tunnel("proxy", url, "")?)),
            Proxy::Environment => {
                let var = |name: &'static str| {
                    let value = vars(name).or_else(|| vars(&name.to_ascii_lowercase()));
                    value.filter(|value| !value.is_empty())
                };
                let exempt = var("NO_PROXY").unwrap_or_default();
                let first = |names: [&'static str; 2]| {
                    let found = names.into_iter().find_map(|name| Some((name, var(name)?)));
                    found.map(|(name, url)| tunnel(name, &url, &exempt)).transpose()
                };
                Self::Environment {
                    http: first(["HTTP_PROXY", "ALL_PROXY"])?,
                    https: first(["HTTPS_PROXY", "ALL_PROXY"])?,
                }
            }
        })
    }

    /// The environment's proxy for a URL.
    fn of_environment<'a>(
        http: Option<&'a ureq::Proxy>,
        https: Option<&'a ureq::Proxy>,
        uri: &http::Uri,
    ) -> Option<&'a ureq::Proxy> {
        if uri.host().is_some_and(is_loopback) {
            return None;
        }
        let proxy = if uri.scheme() == Some(&http::uri::Scheme::HTTPS) { https } else { http };
        proxy.filter(|proxy| !proxy.is_no_proxy(uri))
    }
}

/// A proxy that isn't asked for the hosts on a list, as `NO_PROXY` writes it.
fn tunnel(subject: &str, url: &str, exempt: &str) -> Result<ureq::Proxy> {
    // The address may hold a password: it is not repeated.
    let refuse = || Error::config(subject, "it has to be the address of a proxy that speaks http or https");
    let parsed = ureq::Proxy::new(url.trim()).map_err(|_| refuse())?;
    // Without its own feature, ureq panics on a SOCKS proxy.
    if !matches!(parsed.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https) {
        return Err(refuse());
    }
    let mut proxy = ureq::Proxy::builder(parsed.protocol()).host(parsed.host()).port(parsed.port());
    if let Some(username) = parsed.username() {
        proxy = proxy.username(username);
    }
    if let Some(password) = parsed.password() {
        proxy = proxy.password(password);
    }
    for host in exempt.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        let host = host.trim_start_matches('.');
        // To ureq a name is that host alone; everywhere else it is the hosts below it, too.
        proxy = proxy.no_proxy(host).no_proxy(&format!(".{host}"));
    }
    proxy.build().map_err(|_| refuse())
}

impl UreqTransport {
    /// A transport with a pool of its own and the proxy that the environment names.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the environment names a proxy that can't be one.
    pub fn new() -> Result<Self> {
        Self::with_proxy(&Proxy::default())
    }

    /// A transport with a pool of its own and this proxy.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the proxy's address can't be one, or is that of a SOCKS proxy.
    pub fn with_proxy(proxy: &Proxy) -> Result<Self> {
        Self::with_proxy_of(proxy, &|name| std::env::var(name).ok())
    }

    pub(crate) fn with_proxy_of(proxy: &Proxy, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let config = ureq::Agent::config_builder()
            .tls_config(tls())
            // Each request brings its own, and its proxy.
            .user_agent("")
            .proxy(None)
            // A thread that finds no idle connection opens one; ureq keeps three of them.
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .max_idle_age(Duration::from_secs(15))
            .build();
        Ok(Self { agent: config.new_agent(), proxies: Proxies::look_up(proxy, vars)? })
    }

    /// A transport over an agent of ureq 3, for a TLS, proxy or pool configuration of your own, which is kept. What an
    /// answer's correctness depends on is set for each request: time limits, redirects, status codes, encodings.
    ///
    /// The agent sends its own `User-Agent` only in requests that have none. It has to be configured for a TLS library
    /// that is compiled in: on an `https` URL, ureq panics otherwise.
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
        Self { agent, proxies: Proxies::OfAgent }
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
        let Limits { attempt, total, .. } = request.limits();
        let (head, body) = self.answer(request, Times { silence: attempt, whole: total })?;
        let length = body.as_ref().and_then(ureq::Body::content_length);
        Ok(match body {
            Some(body) => Streamed::new(head, length, body.into_reader()),
            None => Streamed::from(head),
        })
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: &Request,
        body: B,
        times: Times,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let mut builder = http::Request::builder().method(method(request.method())).uri(request.url());
        for (name, value) in request.headers() {
            let is_secret = request.secrets().any(|secret| secret == value);
            let mut value = HeaderValue::from_str(value).map_err(http::Error::from)?;
            value.set_sensitive(is_secret);
            builder = builder.header(name, value);
        }
        if request.header("accept-encoding").is_none() {
            builder = builder.header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let outgoing = builder.body(body)?;
        let proxy = match &self.proxies {
            Proxies::OfAgent => self.agent.config().proxy(),
            Proxies::Fixed(proxy) => proxy.as_ref(),
            Proxies::Environment { http, https } => {
                Proxies::of_environment(http.as_ref(), https.as_ref(), outgoing.uri())
            }
        }
        .cloned();
        let limits = request.limits();
        let for_connection = time_to_connect(limits).filter(ends);
        let outgoing = self
            .agent
            .configure_request(outgoing)
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .accept("")
            .timeout_global(times.whole.filter(ends))
            .timeout_per_read(times.silence.filter(ends))
            .timeout_resolve(for_connection)
            .timeout_connect(for_connection)
            .build();
        self.agent.run(outgoing)
    }

    /// The head of the answer, and its body unless there is none.
    fn answer(&self, request: &Request, times: Times) -> Result<(Response, Option<ureq::Body>), TransportError> {
        // POST, PUT and PATCH without a body say so by `content-length: 0`; ureq would send an empty chunked one.
        let body = match (request.body(), request.method()) {
            (None, Method::Post | Method::Put | Method::Patch) => Some(&[][..]),
            (body, _) => body,
        };
        let answer = match body {
            Some(body) => self.run(request, body, times),
            None => self.run(request, (), times),
        };
        let (head, body) = answer.map_err(|error| failure(kind(&error), error))?.into_parts();

        let mut response = Response::new(head.status.as_u16());
        for name in [header::CONTENT_TYPE, header::DATE, header::LOCATION, header::RETRY_AFTER] {
            if let Some(value) = head.headers.get(&name).and_then(|value| value.to_str().ok()) {
                response = response.with_header(name.as_str(), value);
            }
        }
        let has_body = request.method() != Method::Head && !matches!(response.status(), 204 | 304);
        if !has_body {
            return Ok((response, None));
        }
        // ureq removes the header when it undoes the encoding.
        if head.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(TransportError::with_source(TransportErrorKind::Protocol, "unknown content encoding"));
        }
        Ok((response, Some(body)))
    }
}

/// How long an answer may take.
#[derive(Clone, Copy)]
struct Times {
    /// Until something comes.
    silence: Option<Duration>,
    /// Until its end.
    whole: Option<Duration>,
}

impl Transport for UreqTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let limits = request.limits();
        let (head, body) = self.answer(request, Times { silence: None, whole: limits.attempt })?;
        match body {
            Some(body) => Ok(head.with_body(read(body, limits.body)?)),
            None => Ok(head),
        }
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
fn time_to_connect(limits: Limits) -> Option<Duration> {
    let within_attempt = limits.attempt.map(|attempt| attempt / 10 * 9);
    [limits.connect, within_attempt].into_iter().flatten().min()
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
            Err(failure(kind, error))
        }
    }
}

fn failure(kind: TransportErrorKind, error: ureq::Error) -> TransportError {
    match error {
        // These hold the URL.
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => TransportError::new(kind),
        error => TransportError::with_source(kind, error),
    }
}

/// What an error of ureq says about the request's delivery. When in doubt, it may have been delivered.
fn kind(error: &ureq::Error) -> TransportErrorKind {
    use TransportErrorKind as Kind;
    use ureq::{Error, Timeout};

    match error {
        Error::BadUri(_) | Error::RequireHttpsOnly(_) | Error::Http(_) | Error::InvalidProxyUrl => Kind::InvalidRequest,
        Error::HostNotFound => Kind::Dns,
        Error::ConnectionFailed | Error::ConnectProxyFailed(_) => Kind::Connect,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Kind::ConnectTimeout,
        Error::Timeout(_) => Kind::Timeout,
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => Kind::Tls,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => Kind::Tls,
        #[cfg(feature = "native-tls")]
        Error::NativeTls(_) | Error::Der(_) => Kind::Tls,
        Error::Io(error) => kind_of_io(error),
        // A body that ended within a chunk's length.
        Error::BodyStalled => Kind::ConnectionLost,
        // A compressed body that was cut off.
        Error::Decompress(_, error) if kind_of_io(error) == Kind::ConnectionLost => Kind::ConnectionLost,
        Error::Decompress(..) | Error::Protocol(_) | Error::LargeResponseHeader(..) => Kind::Protocol,
        Error::BodyExceedsLimit(_) => Kind::BodyTooLarge,
        _ => Kind::Other,
    }
}

fn kind_of_io(error: &io::Error) -> TransportErrorKind {
    use TransportErrorKind as Kind;
    use io::ErrorKind;

    match error.kind() {
        // An open connection only ends by one of these after many minutes of silence; the time limit comes first.
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable => Kind::Connect,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => Kind::ConnectionLost,
        ErrorKind::TimedOut => Kind::Timeout,
        ErrorKind::InvalidData if is_failed_handshake(error) => Kind::Tls,
        _ if is_failed_lookup(error) => Kind::Dns,
        _ => Kind::Other,
    }
}

/// Whether rustls gave up before the request was sent.
///
/// It reports what happens during and after the handshake alike, and after it a server may still refuse (in TLS 1.3,
/// the client's certificate). So only what can't come later counts; the type would have to be named to be asked.
fn is_failed_handshake(error: &io::Error) -> bool {
    const ONLY_IN_HANDSHAKE: [&str; 7] = [
        "invalid peer certificate",
        "peer is incompatible",
        "peer sent no certificates",
        "received fatal alert: HandshakeFailure",
        "received fatal alert: InsufficientSecurity",
        "received fatal alert: ProtocolVersion",
        "received fatal alert: UnrecognizedName",
    ];
    let text = error.to_string();
    ONLY_IN_HANDSHAKE.iter().any(|beginning| text.starts_with(beginning))
}

/// Whether a host name could not be resolved: the standard library has no kind for it, only a sentence on Unix and
/// the number on Windows.
fn is_failed_lookup(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && (11001..=11004).contains(&code),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_proxy_as_it_does_for_other_programs() {
        let look_up = |vars: &[(&str, &str)]| {
            Proxies::look_up(&Proxy::Environment, &|name| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let host = |vars: &[(&str, &str)], url: &str| {
            let Ok(Proxies::Environment { http, https }) = look_up(vars) else { panic!("{vars:?}") };
            Proxies::of_environment(http.as_ref(), https.as_ref(), &url.parse().unwrap())
                .map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
        };
        let all = &[("ALL_PROXY", "all"), ("HTTPS_PROXY", "http://tls:3128"), ("http_proxy", "http://plain")][..];
        let except = |hosts| [("ALL_PROXY", "all"), ("NO_PROXY", hosts)];
        for (vars, url, expected) in [
            (&[][..], "https://api.tago.io/run", None),
            (all, "https://api.tago.io/run", Some("tls:3128")),
            (all, "http://10.0.0.1", Some("plain:80")),
            (&[("HTTP_PROXY", "plain")], "https://api.tago.io", None),
            (&[("all_proxy", "all")], "https://api.tago.io", Some("all:80")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "all:1")], "https://api.tago.io", Some("all:1")),
            (&except("example.com, tago.io"), "https://api.tago.io", None),
            (&except(".tago.io"), "https://API.TAGO.IO", None),
            (&except("*"), "https://api.tago.io", None),
            (&except("api.tago.io"), "https://api.eu-w1.tago.io", Some("all:80")),
            (&except(" , ago.io"), "https://api.tago.io", Some("all:80")),
            (all, "http://localhost:8787", None),
            (all, "http://TAGO.localhost:8787", None),
            (all, "https://127.9.9.9", None),
            (all, "https://[::1]:8787", None),
            (all, "https://[2001:db8::1]", Some("tls:3128")),
            (all, "https://localhost.example.com", Some("tls:3128")),
            (all, "https://127.0.0.1.example.com", Some("tls:3128")),
        ] {
            assert_eq!(host(vars, url).as_deref(), expected, "{vars:?} {url}");
        }
        for value in ["socks5://h", "ftp://h", "http://", "h h"] {
            assert!(look_up(&[("ALL_PROXY", value)]).is_err(), "{value}");
        }
    }

    #[test]
    fn a_proxy_keeps_its_credentials_and_does_not_show_them() {
        let url = "http://jane:can%40ary@proxy.example.com:3128";
        let proxy = tunnel("proxy", url, "").unwrap();
        assert_eq!((proxy.username(), proxy.password()), (Some("jane"), Some("can@ary")));

        for (url, shown) in [
            (url, r#"Url("http://…@proxy.example.com:3128")"#),
            ("jane:can@ary@proxy", r#"Url("…@proxy")"#),
            ("http://proxy:3128", r#"Url("http://proxy:3128")"#),
        ] {
            let proxy = Proxy::Url(url.to_owned());
            assert_eq!(format!("{proxy:?}"), shown);
            let transport = UreqTransport::with_proxy(&proxy).unwrap();
            assert_eq!(format!("{transport:?}"), "UreqTransport { .. }");
        }
    }

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
            assert_eq!(time_to_connect(limits), seconds(expected), "{connect:?} {attempt:?}");
        }
        let mut endless = Limits::default();
        (endless.connect, endless.attempt) = (Some(Duration::MAX), Some(Duration::MAX));
        assert!(time_to_connect(endless).is_some_and(|limit| !ends(&limit)));
    }

    #[test]
    fn only_certainty_says_that_a_request_was_not_delivered() {
        use TransportErrorKind as Kind;
        use io::ErrorKind;
        use ureq::{Error, Timeout};

        let io = |kind: ErrorKind| Error::Io(kind.into());
        let tls = |text: &'static str| Error::Io(io::Error::new(ErrorKind::InvalidData, text));
        for (error, expected) in [
            (Error::BadUri(String::new()), Kind::InvalidRequest),
            (Error::HostNotFound, Kind::Dns),
            (Error::Io(io::Error::other("failed to lookup address information: Name or service not known")), Kind::Dns),
            (io(ErrorKind::ConnectionRefused), Kind::Connect),
            (io(ErrorKind::HostUnreachable), Kind::Connect),
            (io(ErrorKind::NetworkUnreachable), Kind::Connect),
            (Error::ConnectionFailed, Kind::Connect),
            (Error::ConnectProxyFailed(String::new()), Kind::Connect),
            (Error::Timeout(Timeout::Resolve), Kind::ConnectTimeout),
            (Error::Timeout(Timeout::Connect), Kind::ConnectTimeout),
            (Error::Timeout(Timeout::Global), Kind::Timeout),
            (Error::Timeout(Timeout::SendRequest), Kind::Timeout),
            (Error::Timeout(Timeout::RecvBody), Kind::Timeout),
            (io(ErrorKind::TimedOut), Kind::Timeout),
            (Error::Tls("no such name"), Kind::Tls),
            (tls("invalid peer certificate: Expired"), Kind::Tls),
            (tls("received fatal alert: CertificateRequired"), Kind::Other),
            (io(ErrorKind::InvalidData), Kind::Other),
            (io(ErrorKind::ConnectionReset), Kind::ConnectionLost),
            (io(ErrorKind::BrokenPipe), Kind::ConnectionLost),
            (io(ErrorKind::UnexpectedEof), Kind::ConnectionLost),
            (io(ErrorKind::PermissionDenied), Kind::Other),
            (Error::BodyStalled, Kind::ConnectionLost),
            (Error::Decompress("gzip", ErrorKind::UnexpectedEof.into()), Kind::ConnectionLost),
            (Error::Decompress("gzip", ErrorKind::InvalidInput.into()), Kind::Protocol),
            (Error::LargeResponseHeader(2, 1), Kind::Protocol),
            (Error::BodyExceedsLimit(1), Kind::BodyTooLarge),
            (Error::Other("?".into()), Kind::Other),
        ] {
            assert_eq!(kind(&error), expected, "{error:?}");
        }
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
