use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::Token;

/// An HTTP method.
///
/// ```
/// use tagoio::transport::Method;
///
/// assert_eq!("put".parse::<Method>()?, Method::Put);
/// assert!(Method::Put.is_idempotent() && !Method::Post.is_idempotent());
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// The method in capitals, as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// Whether sending a request twice does, by the method alone, no more than sending it once.
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::config("HTTP method", format!("{text:?} is not one of GET, POST, PUT, DELETE, …")))
    }
}

/// What a request calls, without what it calls it with: `DELETE /profile/{profile}/token/{token}`.
///
/// It is what errors, logs and limits name a request by, because URLs and bodies may hold secrets.
///
/// ```
/// use tagoio::transport::{Method, Route};
///
/// let route = Route::new(Method::Delete, "/profile/{profile}/token/{token}");
/// assert_eq!(route.to_string(), "DELETE /profile/{profile}/token/{token}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    method: Method,
    template: Cow<'static, str>,
}

impl Route {
    /// A route by its method and path template.
    pub fn new(method: Method, template: impl Into<Cow<'static, str>>) -> Self {
        Self { method, template: template.into() }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path with `{…}` where an id, a token or the like stands.
    pub fn template(&self) -> &str {
        &self.template
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// How long a request may take and how large its answer may be. `None` is without a limit.
///
/// ```
/// use std::time::Duration;
/// use tagoio::transport::Limits;
///
/// let limits = Limits::default();
/// assert_eq!(limits.attempt, Some(Duration::from_secs(60)));
/// assert_eq!(limits.body, 256 * 1024 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// For making a connection, name resolution and TLS included. 10 seconds by default.
    pub connect: Option<Duration>,
    /// For one attempt, from the first byte sent to the last byte read. 60 seconds by default, as in TagoIO's own SDKs.
    pub attempt: Option<Duration>,
    /// For all attempts and the waits between them. 3 minutes by default. A decorator that took some of it hands down
    /// what is left.
    pub total: Option<Duration>,
    /// For the answer's body, in bytes after content encoding was undone. 256 MiB by default.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            attempt: Some(Duration::from_secs(60)),
            total: Some(Duration::from_secs(180)),
            body: 256 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// What is left after some time: less in total, and no attempt that takes longer than that.
    fn after(self, elapsed: Duration) -> Self {
        let Some(total) = self.total else {
            return self;
        };
        let left = total.saturating_sub(elapsed);
        Self { total: Some(left), attempt: Some(self.attempt.map_or(left, |attempt| attempt.min(left))), ..self }
    }
}

/// The value of a header.
#[derive(Clone)]
enum Value {
    Shared(Arc<str>),
    Plain(Cow<'static, str>),
    Secret(Token),
}

impl Value {
    fn as_str(&self) -> &str {
        match self {
            Self::Shared(text) => text,
            Self::Plain(text) => text,
            Self::Secret(token) => token.expose(),
        }
    }
}

#[derive(Clone)]
struct Header {
    name: Cow<'static, str>,
    value: Value,
}

/// One fully prepared request. URL and body are wiped from memory with the last clone, because they may hold secrets.
///
/// The [`Client`](crate::Client) makes them; to try out a transport, make one yourself:
///
/// ```
/// use tagoio::transport::{Method, Request};
///
/// let request = Request::new(Method::Get, "https://api.tago.io/run/users?page=1").with_header("token", "p-demo");
/// assert_eq!(request.path(), "/run/users");
/// assert_eq!(request.query(), Some("page=1"));
/// assert!(request.is_repeatable());
/// ```
#[derive(Clone)]
pub struct Request {
    route: Route,
    url: Zeroizing<String>,
    /// Where, in `url`, the path below the base URL starts.
    path_at: usize,
    headers: Vec<Header>,
    body: Option<Arc<Zeroizing<Vec<u8>>>>,
    repeatable: bool,
    limits: Limits,
    /// Secrets in the path, to be blacked out of messages.
    path_secrets: Vec<Token>,
}

impl Request {
    /// A request for an absolute URL, without headers and body, repeatable when the method is idempotent.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let url = url.into();
        let authority_at = url.find("://").map_or(0, |at| at + 3);
        let path_at = url[authority_at..].find(['/', '?', '#']).map_or(url.len(), |at| authority_at + at);
        Self::assemble(Route::new(method, "(custom request)"), Zeroizing::new(url), path_at)
    }

    /// A request for a URL that begins with a base URL.
    pub(crate) fn below(base: &str, route: Route, url: Zeroizing<String>) -> Self {
        debug_assert!(url.starts_with(base), "the URL of {route} is not below its base");
        Self::assemble(route, url, base.len())
    }

    fn assemble(route: Route, url: Zeroizing<String>, path_at: usize) -> Self {
        Self {
            repeatable: route.method.is_idempotent(),
            route,
            url,
            path_at,
            // As many as the client sends at most.
            headers: Vec::with_capacity(5),
            body: None,
            limits: Limits::default(),
            path_secrets: Vec::new(),
        }
    }

    /// Adds a header.
    pub fn with_header(self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.header_value(name.into(), Value::Plain(value.into()))
    }

    /// Adds a header whose value is never shown.
    pub fn with_secret_header(self, name: impl Into<Cow<'static, str>>, value: Token) -> Self {
        self.header_value(name.into(), Value::Secret(value))
    }

    pub(crate) fn with_shared_header(self, name: &'static str, value: Arc<str>) -> Self {
        self.header_value(Cow::Borrowed(name), Value::Shared(value))
    }

    fn header_value(mut self, name: Cow<'static, str>, value: Value) -> Self {
        self.headers.push(Header { name, value });
        self
    }

    /// Sets the body. No body and an empty body are two things.
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with_wiped_body(Zeroizing::new(body.into()))
    }

    pub(crate) fn with_wiped_body(mut self, body: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(Arc::new(body));
        self
    }

    /// Sets the limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Says whether a repeat does no harm.
    pub fn with_repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Sets the route that errors and logs name.
    pub fn with_route(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    pub(crate) fn with_path_secrets(mut self, secrets: Vec<Token>) -> Self {
        self.path_secrets = secrets;
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.route.method
    }

    /// What is called, fit to be shown.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The absolute URL. It may hold a secret: the path of a token's deletion does.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The part of the URL before [`path`](Request::path): scheme, host and any path prefix of the base URL.
    pub fn base_url(&self) -> &str {
        &self.url[..self.path_at]
    }

    /// The path below the base URL, percent-encoded, without the query.
    pub fn path(&self) -> &str {
        self.below_base().split(['?', '#']).next().unwrap_or_default()
    }

    /// The query without its question mark, percent-encoded.
    pub fn query(&self) -> Option<&str> {
        let (_, query) = self.below_base().split_once('?')?;
        Some(query.split('#').next().unwrap_or_default())
    }

    fn below_base(&self) -> &str {
        &self.url[self.path_at..]
    }

    /// All headers, as names and values, the token among them.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|header| (header.name.as_ref(), header.value.as_str()))
    }

    /// The first value of a header, whose name is compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The body.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.as_slice())
    }

    /// Whether sending it twice does no harm, even when the first one was received.
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// How long it may take and how large the answer may be.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The request with what is left of its limits after some time, itself when that makes no difference.
    pub(crate) fn after(&self, elapsed: Duration) -> Cow<'_, Self> {
        let limits = self.limits.after(elapsed);
        if limits == self.limits { Cow::Borrowed(self) } else { Cow::Owned(self.clone().with_limits(limits)) }
    }

    /// All headers, as names and values, and whether a value is a secret.
    #[cfg(feature = "_ureq")]
    pub(crate) fn outgoing_headers(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.headers.iter().map(|Header { name, value }| {
            let is_secret = match value {
                Value::Secret(_) => true,
                Value::Plain(Cow::Owned(value)) => self.secrets().any(|secret| secret == value),
                // Written in the program, or for all requests of a client.
                Value::Plain(Cow::Borrowed(_)) | Value::Shared(_) => false,
            };
            (name.as_ref(), value.as_str(), is_secret)
        })
    }

    /// The secrets that travel in headers and path.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let in_headers = self.headers.iter().filter_map(|header| match &header.value {
            Value::Secret(token) => Some(token.expose()),
            Value::Shared(_) | Value::Plain(_) => None,
        });
        in_headers.chain(self.path_secrets.iter().map(Token::expose))
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        self.route.method == other.route.method
            && self.url == other.url
            && self.body == other.body
            && self.repeatable == other.repeatable
            && self.limits == other.limits
            && self.headers().eq(other.headers())
    }
}

/// Shows neither URL nor header values nor body: they may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("route", &format_args!("{}", self.route))
            .field("headers", &names)
            .field("body", &self.body().map(|body| format!("{} bytes", body.len())))
            .field("repeatable", &self.repeatable)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_below_its_base() {
        for (url, base, path, query) in [
            ("https://api.tago.io/run/users?page=1", "https://api.tago.io", "/run/users", Some("page=1")),
            ("http://127.0.0.1:80", "http://127.0.0.1:80", "", None),
            ("http://h?x=1#f", "http://h", "", Some("x=1")),
            ("no scheme", "no scheme", "", None),
            ("/only/path", "", "/only/path", None),
        ] {
            let request = Request::new(Method::Get, url);
            assert_eq!((request.base_url(), request.path(), request.query()), (base, path, query), "{url}");
        }
        let url = Zeroizing::new("https://h/prefix/run?a=b".to_owned());
        let prefixed = Request::below("https://h/prefix", Route::new(Method::Get, "/run"), url);
        assert_eq!((prefixed.url(), prefixed.path()), ("https://h/prefix/run?a=b", "/run"));
    }

    #[test]
    fn debug_shows_no_url_no_header_value_and_no_body() {
        let request = Request::new(Method::Delete, "https://h/profile/p/token/canary")
            .with_secret_header("token", Token::new("canary").unwrap())
            .with_header("x-other", "canary")
            .with_body(*b"canary");
        let shown = format!("{request:?}");
        assert!(!shown.contains("canary"), "{shown}");
        let beginning =
            r#"Request { route: DELETE (custom request), headers: ["token", "x-other"], body: Some("6 bytes")"#;
        assert!(shown.starts_with(beginning), "{shown}");
    }

    #[test]
    fn requests_are_equal_when_what_is_sent_is_equal() {
        let request = || Request::new(Method::Get, "https://h/a").with_header("token", "t");
        assert_eq!(
            request(),
            request().with_route(Route::new(Method::Get, "/a")),
            "the route is only what it is called"
        );
        assert_ne!(request(), request().with_body(*b""), "no body is not an empty body");
        assert_ne!(request(), request().with_header("x", "y"));
        assert_ne!(request(), request().with_repeatable(false));
        assert_ne!(request(), request().with_limits(Limits { body: 1, ..Limits::default() }));
        assert_ne!(request(), Request::new(Method::Head, "https://h/a").with_header("token", "t"));
        assert_ne!(request(), Request::new(Method::Get, "https://h/b").with_header("token", "t"));
    }
}
