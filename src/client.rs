use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::profile::ProfileApi;
use crate::region::Region;
use crate::run::RunApi;
use crate::secret::Token;
use crate::team::TeamApi;
use crate::token::TokenApi;
use crate::transport::{Limits, Method, Request, Response, Transport};
use crate::wire::{self, Confirmation, Operation};

/// The entry to TagoIO: a token, a region and a transport.
///
/// Cheap to clone and safe to share between threads; clones share connections.
///
/// ```no_run
/// use tagoio::{Client, ProfileId};
///
/// let tago = Client::new("p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4")?;
/// println!("{}", tago.profile().info(ProfileId::CURRENT)?.info.name);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Arc<dyn Transport>,
    /// The transport below the retries that the builder put around it.
    unretried: Option<Arc<dyn Transport>>,
    region: Region,
    token: Token,
    user_agent: Arc<str>,
    limits: Limits,
}

impl Client {
    /// A client for a token, with everything else by default: see [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the token can't be one, or an environment variable has a bad value.
    pub fn new<T>(token: T) -> Result<Self>
    where
        T: TryInto<Token>,
        Error: From<T::Error>,
    {
        Self::builder().token(token).build()
    }

    /// A client from the environment.
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `TAGOIO_TOKEN`, else `T_ANALYSIS_TOKEN` | the token |
    /// | `TAGOIO_API` | the address of the API, when it isn't `us-e1` |
    /// | `TAGOIO_REQUEST_ATTEMPTS` | how often a request is sent at most |
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when there is no token, or a variable has a bad value; it names the variable.
    pub fn from_env() -> Result<Self> {
        Self::builder().token_from_env().build()
    }

    /// A client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Where requests go.
    pub fn region(&self) -> &Region {
        &self.inner.region
    }

    /// The same client with another token: of another profile, or one that was just created.
    ///
    /// ```
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let staging = tago.with_token("p-79cad904-7149-46b2-b469-2ad87e01c32e")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the token can't be one.
    pub fn with_token<T>(&self, token: T) -> Result<Self>
    where
        T: TryInto<Token>,
        Error: From<T::Error>,
    {
        // A token that came in an answer was not checked; here it becomes a header.
        let token = Token::new(token.try_into()?.expose())?;
        let Inner { transport, unretried, region, user_agent, limits, .. } = &*self.inner;
        let (transport, unretried) = (Arc::clone(transport), unretried.clone());
        let (region, user_agent) = (region.clone(), Arc::clone(user_agent));
        Ok(Self { inner: Arc::new(Inner { transport, unretried, region, token, user_agent, limits: *limits }) })
    }

    pub(crate) fn signs_in_with(&self, token: &Token) -> bool {
        self.inner.token.expose() == token.expose()
    }

    /// Whether what the other one sends goes to the same place and is done in the same name.
    pub(crate) fn acts_as(&self, other: &Self) -> bool {
        self.inner.region == other.inner.region && self.signs_in_with(&other.inner.token)
    }

    /// Profiles: information, usage, audit log, allocation.
    pub fn profile(&self) -> ProfileApi<'_> {
        ProfileApi { client: self }
    }

    /// The members of a profile's team.
    pub fn team(&self) -> TeamApi<'_> {
        TeamApi { client: self }
    }

    /// The tokens of a profile.
    pub fn token(&self) -> TokenApi<'_> {
        TokenApi { client: self }
    }

    /// TagoRUN: portal settings, users, notifications, SAML and custom domain.
    pub fn run(&self) -> RunApi<'_> {
        RunApi { client: self }
    }

    /// Any other route of TagoIO, with this client's token, limits, retries and error handling.
    ///
    /// The path is taken as it is written, so ids in it have to be percent-encoded by the caller.
    ///
    /// ```
    /// use serde_json::Value;
    /// use tagoio::Client;
    /// use tagoio::transport::Method;
    /// # use tagoio::transport::{Response, from_fn};
    /// # let transport = from_fn(|request| {
    /// #     assert_eq!(request.url(), "https://api.tago.io/account/plan?verbose=true");
    /// #     Ok(Response::new(200).with_body(r#"{"status":true,"result":{"plan":"starter"}}"#))
    /// # });
    /// # let tago = Client::builder().token("p-demo").transport(transport).vars(|_| None).build()?;
    ///
    /// let plan: Value = tago.raw(Method::Get, "/account/plan").query("verbose", "true").send()?;
    /// assert_eq!(plan["plan"], "starter");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn raw(&self, method: Method, path: impl AsRef<str>) -> RawRequest<'_> {
        RawRequest { client: self, operation: wire::raw(method, path.as_ref()) }
    }

    /// Sends an operation and reads its result: the one way all calls take.
    pub(crate) fn send<T: DeserializeOwned>(&self, operation: Operation) -> Result<T> {
        let request = self.prepare(operation)?;
        let response = self.exchange(&request)?;
        wire::decode(&request, &response)
    }

    /// As [`send`](Self::send), for an answer with a sentence in it: that is made to be shown, and may repeat what was sent.
    pub(crate) fn send_for_sentence<T: DeserializeOwned>(
        &self,
        operation: Operation,
        sentence: impl FnOnce(&mut T) -> &mut String,
    ) -> Result<T> {
        let request = self.prepare(operation)?;
        let response = self.exchange(&request)?;
        let mut answer = wire::decode(&request, &response)?;
        let text = sentence(&mut answer);
        *text = wire::presentable(text, &request, &response);
        Ok(answer)
    }

    /// Sends an operation that TagoIO answers with a confirmation.
    pub(crate) fn confirm(&self, operation: Operation) -> Result<String> {
        let request = self.prepare(operation)?;
        let response = self.exchange(&request)?;
        let Confirmation(text) = wire::decode(&request, &response)?;
        // It is made to be shown, and may repeat what was sent.
        Ok(wire::presentable(&text, &request, &response))
    }

    /// The same client without the retries that the builder put around its transport, and with something else there.
    pub(crate) fn unretried<T: Transport + 'static>(&self, wrap: impl FnOnce(Arc<dyn Transport>) -> T) -> Self {
        let Inner { transport, unretried, region, token, user_agent, limits } = &*self.inner;
        let transport = Arc::new(wrap(Arc::clone(unretried.as_ref().unwrap_or(transport))));
        let (region, token, user_agent) = (region.clone(), token.clone(), Arc::clone(user_agent));
        Self { inner: Arc::new(Inner { transport, unretried: None, region, token, user_agent, limits: *limits }) }
    }

    fn prepare(&self, mut operation: Operation) -> Result<Request> {
        let inner = &*self.inner;
        let base = inner.region.base_url();
        let url = operation.url(base)?;
        let mut request = Request::below(base, operation.route, url)
            .with_secret_header("token", inner.token.clone())
            .with_shared_header("user-agent", Arc::clone(&inner.user_agent))
            .with_header("accept", "application/json")
            .with_limits(inner.limits)
            .with_repeatable(operation.repeatable)
            .with_path_secrets(operation.path_secrets);
        if let Some(body) = operation.body {
            request = request.with_header("content-type", "application/json").with_wiped_body(body);
        }
        Ok(request)
    }

    fn exchange(&self, request: &Request) -> Result<Response> {
        self.inner.transport.send(request).map_err(|source| Error::Transport {
            route: request.route().clone(),
            repeatable: request.is_repeatable(),
            source,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.inner.region)
            .field("token", &self.inner.token)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

/// A request that is written by hand. See [`Client::raw`].
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use serde_json::Value;
/// use tagoio::transport::Method;
/// # let tago = tagoio::sandbox::Sandbox::new().client()?;
///
/// let account: Value = tago.raw(Method::Get, "/account").send()?;
/// println!("{}", account["timezone"]);
/// let answer = tago.raw(Method::Get, "/run/users").query("amount", "5").response()?;
/// assert_eq!(answer.status(), 200);
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent until `send` or `response` is called"]
pub struct RawRequest<'a> {
    client: &'a Client,
    operation: Operation,
}

impl RawRequest<'_> {
    /// Adds a parameter to the query, percent-encoding both sides.
    pub fn query(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.operation = self.operation.pair(key, value.as_ref());
        self
    }

    /// Sets the body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.operation = self.operation.json(body);
        self
    }

    /// Says whether the request may be sent again after it may have been received. By default it may when the method is
    /// idempotent: not POST and PATCH.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.operation.repeatable = repeatable;
        self
    }

    /// Sends it and reads the `result` of TagoIO's answer, or the whole answer where TagoIO doesn't wrap it. To take
    /// whatever comes, ask for a `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the path can't be one, [`Error::Decode`] when the result isn't a `T`; otherwise
    /// [as any call](Error#what-any-call-can-fail-with).
    pub fn send<T: DeserializeOwned>(self) -> Result<T> {
        self.client.send(self.operation)
    }

    /// Sends it and gives the answer as it is, whatever its status. Of its headers there are those that the transport
    /// keeps; the default one keeps `content-type`, `date`, `location` and `retry-after`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the path can't be one, [`Error::Transport`] when there is no answer.
    pub fn response(self) -> Result<Response> {
        let request = self.client.prepare(self.operation)?;
        self.client.exchange(&request)
    }
}

type Vars = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Makes a [`Client`].
///
/// What isn't set is taken from the environment, as TagoIO's own SDKs do, and then from the defaults: the region from
/// `TAGOIO_API`, the number of attempts from `TAGOIO_REQUEST_ATTEMPTS`. The token is only taken from there when
/// [`token_from_env`](ClientBuilder::token_from_env) says so.
///
/// ```
/// use std::time::Duration;
/// use tagoio::{Client, Region};
///
/// # #[cfg(feature = "ureq")]
/// let tago = Client::builder()
///     .token("p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4")
///     .region(Region::EU_W1)
///     .timeout(Duration::from_secs(20))
///     .attempts(3)
///     .user_agent_suffix("nightly-report/1.4")
///     .build()?;
/// # Ok::<(), tagoio::Error>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    token: Option<Result<Token>>,
    region: Option<Region>,
    limits: Limits,
    attempts: Option<u32>,
    clock: Option<Arc<dyn Clock>>,
    user_agent_suffix: Option<String>,
    #[cfg(feature = "_ureq")]
    proxy: Option<crate::transport::Proxy>,
    transport: Option<Box<dyn Transport>>,
    vars: Vars,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            token: None,
            region: None,
            limits: Limits::default(),
            attempts: None,
            clock: None,
            user_agent_suffix: None,
            #[cfg(feature = "_ureq")]
            proxy: None,
            transport: None,
            // What isn't UTF-8 becomes a bad value of what it stands for, rather than none at all.
            vars: Box::new(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())),
        }
    }
}

impl ClientBuilder {
    /// Sets the token.
    pub fn token<T>(mut self, token: T) -> Self
    where
        T: TryInto<Token>,
        Error: From<T::Error>,
    {
        // A token that came in an answer was not checked; here it becomes a header.
        self.token = Some(token.try_into().map_err(Error::from).and_then(|token| Token::new(token.expose())));
        self
    }

    /// Takes the token from `TAGOIO_TOKEN` or, where that isn't set, from `T_ANALYSIS_TOKEN`, which TagoIO sets for
    /// analyses.
    pub fn token_from_env(mut self) -> Self {
        self.token = None;
        self
    }

    /// Sets the region.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Limits the time for making a connection. 10 seconds by default; `None` is no limit.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.connect = timeout.into();
        self
    }

    /// Limits the time of one attempt, from the first byte sent to the last byte read. 60 seconds by default; `None` is
    /// no limit.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.attempt = timeout.into();
        self
    }

    /// Limits the time of all attempts of a call and of the waits between them. 3 minutes by default; `None` is no
    /// limit.
    pub fn total_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.limits.total = timeout.into();
        self
    }

    /// Limits an answer's size in bytes. 256 MiB by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how often a request is sent at most: see [`RetryPolicy`](crate::transport::RetryPolicy). 5 by default, 1 is
    /// no retry.
    #[doc(alias = "TAGOIO_REQUEST_ATTEMPTS")]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Sets the clock by which the waits between attempts are made: the computer's by default. With that of a
    /// [`Stop`](crate::bulk::Stop::clock), a wait ends when the work is to end.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Adds the name of your program to the `User-Agent` header.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Sets the proxy. By default the environment says (`HTTPS_PROXY`, `NO_PROXY`, …), except for this very computer.
    #[cfg(feature = "_ureq")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn proxy(mut self, proxy: crate::transport::Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sends requests by another transport than ureq, exactly as it is: without retries around it.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Looks environment variables up elsewhere; `vars(|_| None)` is an empty environment.
    pub fn vars(mut self, lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.vars = Box::new(lookup);
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for the first setting that is bad or missing; it says which and why.
    pub fn build(mut self) -> Result<Client> {
        let token = match self.token.take() {
            Some(token) => token?,
            None => self.env_token()?,
        };
        let region = match self.region.take() {
            Some(region) => region,
            None => match self.var("TAGOIO_API") {
                Some(url) => Region::custom(&url)
                    .map_err(|error| Error::config_from("TAGOIO_API", "it is not the address of an API", error))?,
                None => Region::default(),
            },
        };
        if self.limits.body == 0 {
            return Err(Error::config("body limit", "no answer fits into 0 bytes"));
        }
        for (name, limit) in [
            ("connect timeout", self.limits.connect),
            ("timeout", self.limits.attempt),
            ("total timeout", self.limits.total),
        ] {
            if limit.is_some_and(|limit| limit.is_zero()) {
                return Err(Error::config(name, "nothing can be done in no time; None is no limit"));
            }
        }
        if let Some(total) = self.limits.total {
            self.limits.attempt = Some(self.limits.attempt.map_or(total, |attempt| attempt.min(total)));
        }
        let user_agent = self.user_agent()?;
        let limits = self.limits;
        let Stack { transport, unretried } = self.into_transport()?;
        Ok(Client { inner: Arc::new(Inner { transport, unretried, region, token, user_agent, limits }) })
    }

    /// An environment variable; as in TagoIO's SDKs, an empty one counts as none.
    fn var(&self, name: &str) -> Option<String> {
        (self.vars)(name).filter(|value| !value.is_empty())
    }

    fn env_token(&self) -> Result<Token> {
        for name in ["TAGOIO_TOKEN", "T_ANALYSIS_TOKEN"] {
            if let Some(token) = self.var(name) {
                return Token::new(token).map_err(|error| Error::config_from(name, "it is not a token", error));
            }
        }
        Err(Error::config("token", "there is none: set one, or TAGOIO_TOKEN or T_ANALYSIS_TOKEN in the environment"))
    }

    fn user_agent(&self) -> Result<Arc<str>> {
        let place = if self.var("T_ANALYSIS_CONTEXT").as_deref() == Some("tago-io") {
            "Running at TagoIO".to_owned()
        } else {
            format!("External; {}/{}", std::env::consts::OS, std::env::consts::ARCH)
        };
        let mut user_agent = format!("tagoio-rust/{} ({place})", env!("CARGO_PKG_VERSION"));
        if let Some(suffix) = &self.user_agent_suffix {
            if suffix.is_empty() || !suffix.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
                return Err(Error::config("user agent suffix", "it has to be visible ASCII characters and spaces"));
            }
            user_agent.push(' ');
            user_agent.push_str(suffix);
        }
        Ok(user_agent.into())
    }

    fn into_transport(mut self) -> Result<Stack> {
        let Some(transport) = self.transport.take() else {
            return self.default_transport();
        };
        if self.attempts.is_some() {
            return Err(Error::config("attempts", "a transport of your own is not retried; put it into a Retry"));
        }
        if self.clock.is_some() {
            return Err(Error::config("clock", "a transport of your own is not retried; put it into a Retry"));
        }
        #[cfg(feature = "_ureq")]
        if self.proxy.is_some() {
            return Err(Error::config("proxy", "a transport of your own has its own proxy settings"));
        }
        Ok(Stack { transport: Arc::from(transport), unretried: None })
    }

    #[cfg(feature = "_ureq")]
    fn default_transport(self) -> Result<Stack> {
        use crate::transport::{Retry, RetryPolicy, UreqTransport};

        let attempts = match (self.attempts, self.var("TAGOIO_REQUEST_ATTEMPTS")) {
            (Some(attempts), _) => Some(attempts),
            (None, Some(text)) => Some(text.trim().parse().map_err(|error| {
                Error::config_from(
                    "TAGOIO_REQUEST_ATTEMPTS",
                    format!("{text:?} is not a whole number"),
                    Box::new(error),
                )
            })?),
            (None, None) => None,
        };
        if attempts == Some(0) {
            let subject = if self.attempts.is_some() { "attempts" } else { "TAGOIO_REQUEST_ATTEMPTS" };
            return Err(Error::config(subject, "with 0 nothing would ever be sent; 1 is no retry"));
        }
        let policy = attempts.map_or_else(RetryPolicy::default, RetryPolicy::attempts);
        let ureq = UreqTransport::with_proxy_of(&self.proxy.unwrap_or_default(), &*self.vars)?;
        #[cfg(feature = "log")]
        let ureq = crate::transport::Logged::new(ureq);
        let unretried: Arc<dyn Transport> = Arc::new(ureq);
        let retry = Retry::new(Arc::clone(&unretried), policy);
        let retry = match self.clock {
            Some(clock) => retry.with_clock(clock),
            None => retry,
        };
        Ok(Stack { transport: Arc::new(retry), unretried: Some(unretried) })
    }

    #[cfg(not(feature = "_ureq"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    fn default_transport(self) -> Result<Stack> {
        Err(Error::config("transport", "there is none: set one, or build with the feature `ureq`"))
    }
}

/// What a client sends its requests with.
struct Stack {
    transport: Arc<dyn Transport>,
    unretried: Option<Arc<dyn Transport>>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("limits", &self.limits)
            .field("attempts", &self.attempts)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .finish_non_exhaustive()
    }
}
