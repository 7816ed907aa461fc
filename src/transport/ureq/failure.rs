use std::fmt;
use std::io;

use crate::transport::{TransportError, TransportErrorKind};

/// What ureq's errors don't say, handed through ureq as [`ureq::Error::Other`].
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: TransportErrorKind,
    /// Whether it is the failure of a connection that was kept from an earlier call, on which no answer came. The server
    /// has probably closed it while it was idle: on a new one, the same request may well succeed.
    pub(super) kept: bool,
    pub(super) source: ureq::Error,
}

impl Failure {
    pub(super) fn new(kind: TransportErrorKind, source: impl Into<ureq::Error>) -> Self {
        Self { kind, kept: false, source: source.into() }
    }

    /// The same, of a connection that was kept or of a new one.
    pub(super) fn on_kept(self, kept: bool) -> Self {
        Self { kept, ..self }
    }

    /// Whether the request is to be sent once more at once: on another connection it may go better, and does no harm.
    pub(super) fn asks_for_another(&self, is_repeatable: bool) -> bool {
        self.kept && (is_repeatable || !self.kind.maybe_delivered())
    }

    /// The failure that an error of ureq carries, or the error when it carries none.
    pub(super) fn take(error: ureq::Error) -> Result<Self, ureq::Error> {
        match error {
            ureq::Error::Other(other) => match other.downcast() {
                Ok(failure) => Ok(*failure),
                Err(other) => Err(ureq::Error::Other(other)),
            },
            error => Err(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for ureq::Error {
    fn from(failure: Failure) -> Self {
        Self::Other(Box::new(failure))
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        Self::with_source(failure.kind, failure.source)
    }
}

/// An error of ureq as one of ours.
pub(super) fn transport_error(error: ureq::Error) -> TransportError {
    match Failure::take(error) {
        Ok(failure) => failure.into(),
        Err(error) => match kind(&error) {
            // These hold the URL.
            kind if matches!(error, ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_)) => kind.into(),
            kind => TransportError::with_source(kind, error),
        },
    }
}

/// What an error of ureq says about the request's delivery. When in doubt, it may have been delivered.
pub(super) fn kind(error: &ureq::Error) -> TransportErrorKind {
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

/// What an error says that came before there was a connection, when nothing can have been delivered.
pub(super) fn kind_without_connection(error: &ureq::Error) -> TransportErrorKind {
    use TransportErrorKind as Kind;

    match kind(error) {
        Kind::Timeout => Kind::ConnectTimeout,
        kind if !kind.maybe_delivered() => kind,
        // What isn't TLS.
        _ if matches!(error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData) => Kind::Tls,
        _ => Kind::Connect,
    }
}

pub(super) fn kind_of_io(error: &io::Error) -> TransportErrorKind {
    use TransportErrorKind as Kind;
    use io::ErrorKind;

    match error.kind() {
        // An open connection ends by one of these only after many minutes of silence; ours are told apart from those that
        // were not made, and of a given agent's the time limit comes first, when there is one.
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

/// Whether rustls gave up before the request was sent: for a given agent, of whose connections nobody knows more.
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
    fn only_what_a_kept_connection_lost_is_sent_once_more_and_only_when_that_does_no_harm() {
        use TransportErrorKind::{Connect, ConnectionLost};

        for (kind, kept, is_repeatable, expected) in [
            (ConnectionLost, true, true, true),
            (ConnectionLost, true, false, false),
            (ConnectionLost, false, true, false),
            (Connect, true, true, true),
            (Connect, true, false, true),
            (Connect, false, true, false),
        ] {
            let failure = Failure::new(kind, io::Error::from(io::ErrorKind::BrokenPipe)).on_kept(kept);
            assert_eq!(failure.asks_for_another(is_repeatable), expected, "{kind:?} {kept} {is_repeatable}");
        }
    }

    #[test]
    fn a_failure_says_what_has_failed() {
        let failure = Failure::new(TransportErrorKind::Connect, ureq::Error::HostNotFound);
        assert_eq!(failure.to_string(), ureq::Error::HostNotFound.to_string());
    }

    #[test]
    fn without_a_connection_nothing_was_delivered() {
        use TransportErrorKind as Kind;
        use io::ErrorKind;
        use ureq::{Error, Timeout};

        let io = |kind: ErrorKind| Error::Io(kind.into());
        for (error, expected) in [
            (Error::Timeout(Timeout::Global), Kind::ConnectTimeout),
            (Error::Timeout(Timeout::Connect), Kind::ConnectTimeout),
            (io(ErrorKind::TimedOut), Kind::ConnectTimeout),
            (io(ErrorKind::ConnectionRefused), Kind::Connect),
            (io(ErrorKind::ConnectionReset), Kind::Connect),
            (io(ErrorKind::UnexpectedEof), Kind::Connect),
            (io(ErrorKind::PermissionDenied), Kind::Connect),
            (io(ErrorKind::InvalidData), Kind::Tls),
            (Error::Tls("no such name"), Kind::Tls),
            (Error::ConnectProxyFailed(String::new()), Kind::Connect),
            (Error::HostNotFound, Kind::Dns),
            (Error::Other("?".into()), Kind::Connect),
        ] {
            let kind = kind_without_connection(&error);
            assert_eq!(kind, expected, "{error:?}");
            assert!(!kind.maybe_delivered());
        }
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
            // The number of an unknown host on Windows.
            (Error::Io(io::Error::from_raw_os_error(11_001)), if cfg!(windows) { Kind::Dns } else { Kind::Other }),
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
            #[cfg(feature = "rustls")]
            (Error::Rustls(rustls::Error::HandshakeNotComplete), Kind::Tls),
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
}
