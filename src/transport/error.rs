use std::fmt;
use std::time::Duration;

/// Why a [`Transport`](super::Transport) has no answer.
///
/// ```
/// use tagoio::transport::{TransportError, TransportErrorKind};
///
/// let error = TransportError::new(TransportErrorKind::Connect);
/// assert!(!error.maybe_delivered());
/// ```
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    /// Whether an attempt before this one may have been delivered.
    delivered_before: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kept a [`Transport`](super::Transport) from an answer.
///
/// ```
/// use tagoio::transport::TransportErrorKind;
///
/// assert!(!TransportErrorKind::Connect.maybe_delivered());
/// assert!(TransportErrorKind::Timeout.maybe_delivered() && TransportErrorKind::Timeout.is_timeout());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request can't be expressed by this transport (a URL or header that it refuses). Not delivered.
    InvalidRequest,
    /// The host name could not be resolved. Not delivered.
    Dns,
    /// No connection: refused, unreachable, broken off before the request was sent, or the proxy would not make one. Not
    /// delivered.
    Connect,
    /// No connection within the time given to it. Not delivered.
    ConnectTimeout,
    /// TLS failed: an untrusted certificate, a wrong host name, no common version, a server that doesn't speak it. Not
    /// delivered.
    Tls,
    /// A [`Throttle`](super::Throttle) that does not wait held the request back. Not delivered.
    Throttled {
        /// How long until the request fits in.
        retry_after: Duration,
    },
    /// A cassette that is replayed has no answer to the request; the source says what comes near. Not delivered.
    NotRecorded,
    /// The time given to the request ran out. Maybe delivered.
    Timeout,
    /// The connection broke after the request, or a part of it, was sent. Maybe delivered.
    ConnectionLost,
    /// The answer breaks the rules of HTTP, or its content encoding can't be undone. Maybe delivered.
    Protocol,
    /// The answer's body is larger than [`Limits::body`](super::Limits::body). Maybe delivered.
    BodyTooLarge,
    /// Something else; the source says what. Maybe delivered.
    Other,
}

impl TransportErrorKind {
    /// Whether the server may have received the request.
    pub fn maybe_delivered(self) -> bool {
        match self {
            Self::InvalidRequest
            | Self::Dns
            | Self::Connect
            | Self::ConnectTimeout
            | Self::Tls
            | Self::Throttled { .. }
            | Self::NotRecorded => false,
            Self::Timeout | Self::ConnectionLost | Self::Protocol | Self::BodyTooLarge | Self::Other => true,
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::Timeout | Self::ConnectTimeout)
    }

    /// Whether the next try may well go better.
    pub(crate) fn is_passing(self) -> bool {
        match self {
            Self::Dns
            | Self::Connect
            | Self::ConnectTimeout
            | Self::Throttled { .. }
            | Self::Timeout
            | Self::ConnectionLost => true,
            Self::InvalidRequest
            | Self::Tls
            | Self::NotRecorded
            | Self::Protocol
            | Self::BodyTooLarge
            | Self::Other => false,
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidRequest => "the request can't be sent",
            Self::Dns => "the host name can't be resolved",
            Self::Connect => "no connection",
            Self::ConnectTimeout => "no connection in time",
            Self::Tls => "TLS failed",
            Self::Throttled { retry_after } => {
                return write!(f, "held back for {:.1} s to keep below the rate limit", retry_after.as_secs_f64());
            }
            Self::NotRecorded => "the cassette has no answer",
            Self::Timeout => "no complete answer in time",
            Self::ConnectionLost => "the connection was lost",
            Self::Protocol => "the answer is not valid HTTP",
            Self::BodyTooLarge => "the answer is larger than the limit",
            Self::Other => "the transport failed",
        })
    }
}

impl TransportError {
    /// An error with nothing below it.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, delivered_before: false, source: None }
    }

    /// An error with what caused it. The cause must not hold a URL, a header or a body.
    pub fn with_source(kind: TransportErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, delivered_before: false, source: Some(source.into()) }
    }

    /// What happened.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the server may have received the request.
    pub fn maybe_delivered(&self) -> bool {
        self.delivered_before || self.kind.maybe_delivered()
    }

    /// The same error, after an earlier attempt of the request that may have been delivered.
    pub(crate) fn after_delivery(mut self) -> Self {
        self.delivered_before = true;
        self
    }

    /// How long to wait, when a [`Throttle`](super::Throttle) held the request back.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            TransportErrorKind::Throttled { retry_after } => Some(retry_after),
            _ => None,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self::new(kind)
    }
}
