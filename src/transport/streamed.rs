use std::fmt;
use std::io::{self, Cursor, Read};

use super::Response;

/// An answer whose body is read as it comes: [`UreqTransport::stream`](super::UreqTransport::stream).
///
/// A body that breaks off is an error of reading, where its length was announced, it comes in chunks, or TLS says so; by plain
/// http, one that just ends with its connection can't be told from a whole one. It is taken as it is sent, up to its end:
/// whoever reads it decides how much is too much.
///
/// ```
/// use std::io::Read as _;
/// use tagoio::transport::{Response, Streamed};
///
/// let mut archive = Streamed::from(Response::new(200).with_body(*b"PK"));
/// assert_eq!((archive.status(), archive.length()), (200, Some(2)));
/// let mut bytes = Vec::new();
/// archive.read_to_end(&mut bytes)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub struct Streamed {
    head: Response,
    length: Option<u64>,
    body: Box<dyn Read + Send>,
}

impl Streamed {
    pub(super) fn new(head: Response, length: Option<u64>, body: impl Read + Send + 'static) -> Self {
        Self { head, length, body: Box::new(body) }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The first value of a header, whose name is compared without regard to case. There are those that
    /// [`UreqTransport`](super::UreqTransport) keeps.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// How many bytes the body has, when that was announced.
    pub fn length(&self) -> Option<u64> {
        self.length
    }
}

/// An answer that is there as a whole, such as another transport gives.
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
impl From<Response> for Streamed {
    fn from(response: Response) -> Self {
        let mut head = Response::new(response.status());
        for (name, value) in response.headers() {
            head = head.with_header(name, value);
        }
        let body = response.into_body();
        let length = u64::try_from(body.len()).ok();
        Self::new(head, length, Cursor::new(body))
    }
}

impl Read for Streamed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer)
    }
}

/// Shows no header value and nothing of the body.
impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("head", &self.head).field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_and_the_length_are_shown_and_no_value() {
        let answer = Response::new(302).with_header("location", "https://h/?signature=s3cret").with_body(*b"canary");
        let shown = format!("{:?}", Streamed::from(answer));
        assert!(shown.starts_with("Streamed { head: "), "{shown}");
        assert!(shown.contains("302") && shown.contains("length: Some(6)"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("canary"), "{shown}");
    }
}
