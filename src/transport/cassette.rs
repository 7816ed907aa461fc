//! Recorded requests and answers, in files that people can read and that hold no secrets.

mod record;
mod redact;
mod replay;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Method, Response, TransportError, TransportErrorKind};
use crate::error::{Error, Result};

pub use record::Record;
pub use replay::Replay;

/// What [`Record`] writes and [`Replay`] reads: requests with what became of them, in order.
///
/// It is meant to be looked at, edited and kept with the tests that use it:
///
/// ```
/// use tagoio::transport::Cassette;
///
/// let cassette: Cassette = serde_json::from_str(r#"{
///   "version": 1,
///   "interactions": [
///     {
///       "request": {"method": "GET", "path": "/run"},
///       "outcome": {"answer": {"status": 200, "body": {"json": {"status": true, "result": {"name": "Portal"}}}}}
///     },
///     {
///       "request": {"method": "POST", "path": "/run/email_test", "body": {"json": {"subject": "a", "body": "b"}}},
///       "outcome": {"error": "timeout"}
///     }
///   ]
/// }"#)?;
/// assert_eq!(cassette.interactions()[0].to_string(), "GET /run → 200");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Tokens, passwords, PIN codes and the like are not in it, wherever they stood: see [`Record`]. Names, e-mail
/// addresses and ids are.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    version: Version,
    interactions: Vec<Interaction>,
}

/// A request and what became of it.
///
/// ```
/// use tagoio::transport::{Cassette, Method};
///
/// let cassette: Cassette = serde_json::from_str(
///     r#"{"version": 1, "interactions": [{"request": {"method": "GET", "path": "/run"}, "outcome": {"error": "timeout"}}]}"#,
/// )?;
/// let lost = &cassette.interactions()[0];
/// assert_eq!((lost.method(), lost.path(), lost.status()), (Method::Get, "/run", None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    request: Recorded,
    outcome: Outcome,
}

/// The only version of the format so far.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Version;

/// What two requests have to have in common to get the same answer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(with = "method")]
    method: Method,
    path: String,
    /// `key=value`, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    query: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Answer(Answer),
    Error(Failure),
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
}

/// A body that isn't empty.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Body {
    Json(Value),
    Text(String),
    Base64(Bytes),
}

#[derive(Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Failure {
    InvalidRequest,
    Dns,
    Connect,
    ConnectTimeout,
    Tls,
    Throttled { retry_after_ms: u64 },
    NotRecorded,
    Timeout,
    ConnectionLost,
    Protocol,
    BodyTooLarge,
    Other,
}

impl Cassette {
    /// Reads a cassette from a file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when there is no such file or it isn't a cassette; it names the file, line and column.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let subject = || format!("cassette {}", path.display());
        let text =
            fs::read_to_string(path).map_err(|error| Error::config_from(subject(), "the file can't be read", error))?;
        serde_json::from_str(&text).map_err(|error| {
            let problem = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let problem = problem.strip_suffix(&place).unwrap_or(&problem);
            Error::config(subject(), format!("line {}, column {}: {problem}", error.line(), error.column()))
        })
    }

    /// Writes the cassette to a file, whose folder is made when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let failed = |error: std::io::Error| {
            Error::config_from(format!("cassette {}", path.display()), "the file can't be written", error)
        };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(path, text).map_err(failed)
    }

    /// What was recorded, in order.
    pub fn interactions(&self) -> &[Interaction] {
        &self.interactions
    }
}

impl Interaction {
    /// The method of the request.
    pub fn method(&self) -> Method {
        self.request.method
    }

    /// The path of the request below the base URL, percent-encoded, without secrets.
    pub fn path(&self) -> &str {
        &self.request.path
    }

    /// The HTTP status of the answer; `None` when there was none.
    pub fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Answer(answer) => Some(answer.status),
            Outcome::Error(_) => None,
        }
    }
}

impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → ", self.request.method, self.request.path)?;
        match &self.outcome {
            Outcome::Answer(answer) => write!(f, "{}", answer.status),
            Outcome::Error(failure) => TransportErrorKind::from(*failure).fmt(f),
        }
    }
}

/// Shows neither query nor bodies: they hold no secrets, but the data of people.
impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interaction({self})")
    }
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cassette").field(&self.interactions).finish()
    }
}

impl Outcome {
    fn result(&self) -> Result<Response, TransportError> {
        match self {
            Self::Answer(answer) => Ok(answer.response()),
            Self::Error(failure) => Err(TransportErrorKind::from(*failure).into()),
        }
    }
}

impl Answer {
    fn response(&self) -> Response {
        let body = match &self.body {
            None => Vec::new(),
            Some(Body::Json(value)) => value.to_string().into_bytes(),
            Some(Body::Text(text)) => text.clone().into_bytes(),
            Some(Body::Base64(Bytes(bytes))) => bytes.clone(),
        };
        self.headers
            .iter()
            .fold(Response::new(self.status), |response, (name, value)| response.with_header(name, value))
            .with_body(body)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::custom(format!("this is version {other} of the format, and only 1 is known here"))),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|error| D::Error::custom(format!("not base 64: {error}")))
    }
}

mod method {
    use super::{Deserialize, Deserializer, Method, Result, Serializer};
    use serde::de::Error as _;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(method.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is not an HTTP method")))
    }
}

impl From<TransportErrorKind> for Failure {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::InvalidRequest => Self::InvalidRequest,
            TransportErrorKind::Dns => Self::Dns,
            TransportErrorKind::Connect => Self::Connect,
            TransportErrorKind::ConnectTimeout => Self::ConnectTimeout,
            TransportErrorKind::Tls => Self::Tls,
            TransportErrorKind::Throttled { retry_after } => {
                Self::Throttled { retry_after_ms: u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX) }
            }
            TransportErrorKind::NotRecorded => Self::NotRecorded,
            TransportErrorKind::Timeout => Self::Timeout,
            TransportErrorKind::ConnectionLost => Self::ConnectionLost,
            TransportErrorKind::Protocol => Self::Protocol,
            TransportErrorKind::BodyTooLarge => Self::BodyTooLarge,
            TransportErrorKind::Other => Self::Other,
        }
    }
}

impl From<Failure> for TransportErrorKind {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidRequest => Self::InvalidRequest,
            Failure::Dns => Self::Dns,
            Failure::Connect => Self::Connect,
            Failure::ConnectTimeout => Self::ConnectTimeout,
            Failure::Tls => Self::Tls,
            Failure::Throttled { retry_after_ms } => {
                Self::Throttled { retry_after: Duration::from_millis(retry_after_ms) }
            }
            Failure::NotRecorded => Self::NotRecorded,
            Failure::Timeout => Self::Timeout,
            Failure::ConnectionLost => Self::ConnectionLost,
            Failure::Protocol => Self::Protocol,
            Failure::BodyTooLarge => Self::BodyTooLarge,
            Failure::Other => Self::Other,
        }
    }
}
