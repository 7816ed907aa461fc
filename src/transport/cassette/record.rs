use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::redact::Secrets;
use super::{Cassette, Failure, Interaction, Outcome};
use crate::error::Result;
use crate::transport::{Request, Response, Transport, TransportError};

/// Keeps what goes through a transport, to be [replayed](super::Replay) without one.
///
/// ```
/// use std::sync::Arc;
/// use tagoio::Client;
/// use tagoio::transport::{Record, Replay, Response, from_fn};
///
/// // In earnest this would be a `UreqTransport`, or the sandbox.
/// let service = from_fn(|_| Ok(Response::new(200).with_body(r#"{"status":true,"result":{"name":"Portal"}}"#)));
/// let record = Arc::new(Record::new(service));
/// let live = Client::builder().token("p-secret").transport(Arc::clone(&record)).build()?;
/// live.run().info()?;
/// let cassette = record.cassette(); // or record.save("tests/cassettes/portal.json")?
///
/// let tago = Client::builder().token("p-demo").transport(Replay::new(cassette)).build()?;
/// assert_eq!(tago.run().info()?.name.as_deref(), Some("Portal"));
/// # Ok::<(), tagoio::Error>(())
/// ```
///
/// **Secrets are taken out before anything is kept.** Headers aren't kept at all, but for the answers' `content-type`
/// and `retry-after`. The values of `token`, `password`, `pin_code` and the like are replaced in bodies, queries and
/// paths, as are addresses that are signed, such as a backup's, and so is each place where such a value turns up again: in TagoIO's sentences, in later requests. A secret
/// that the program brought along becomes `REDACTED`; one that came in an answer is numbered (`REDACTED-1`), so that
/// tokens in a list stay distinct, and can be sent on when it is replayed. Names, e-mail addresses and ids are kept.
///
/// Inside a [`Retry`](crate::transport::Retry) it keeps each attempt, outside only what came of them. What is sent at the
/// same time by several threads is kept in the order of the answers.
pub struct Record<T> {
    inner: T,
    tape: Mutex<Tape>,
}

struct Tape {
    cassette: Cassette,
    secrets: Secrets,
}

impl<T: Transport> Record<T> {
    /// Records what goes through a transport from now on.
    pub fn new(inner: T) -> Self {
        Self { inner, tape: Mutex::new(Tape { cassette: Cassette::default(), secrets: Secrets::default() }) }
    }
}

impl<T> Record<T> {
    /// What was recorded so far.
    pub fn cassette(&self) -> Cassette {
        self.tape().cassette.clone()
    }

    /// Writes what was recorded so far to a file: [`Cassette::save`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.cassette().save(path)
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Transport> Transport for Record<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let outcome = self.inner.send(request);
        let mut tape = self.tape();
        let Tape { cassette, secrets } = &mut *tape;
        let recorded = secrets.request(request);
        let kept = match &outcome {
            Ok(response) => Outcome::Answer(secrets.answer(request, response)),
            Err(error) => Outcome::Error(Failure::from(error.kind())),
        };
        cassette.interactions.push(Interaction { request: recorded, outcome: kept });
        outcome
    }
}

impl<T: fmt::Debug> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("inner", &self.inner)
            .field("recorded", &self.tape().cassette.interactions.len())
            .finish_non_exhaustive()
    }
}
