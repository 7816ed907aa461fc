use std::borrow::Cow;
use std::fmt;

/// A complete answer: status, headers and body, whatever the status.
///
/// ```
/// use tagoio::transport::Response;
///
/// let answer = Response::new(429).with_header("Retry-After", "8");
/// assert_eq!(answer.header("retry-after"), Some("8"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(Cow<'static, str>, String)>,
    body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((Cow::Owned(name.into()), value.into()));
        self
    }

    #[cfg(feature = "_ureq")]
    pub(crate) fn with_known_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((Cow::Borrowed(name), value.to_owned()));
        self
    }

    /// Sets the body: the bytes after any content encoding was undone.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header, whose name is compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// All headers, as names and values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, without a copy.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// Shows no header value and no body: an answer may hold tokens.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_values_nor_body() {
        let answer = Response::new(200).with_header("x-secret", "canary").with_body("canary");
        assert_eq!(format!("{answer:?}"), r#"Response { status: 200, headers: ["x-secret"], body: 6 bytes }"#);
        assert_eq!(answer.into_body(), b"canary");
    }
}
