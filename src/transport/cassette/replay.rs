use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::redact::Secrets;
use super::{Body, Cassette, Interaction, Recorded};
use crate::error::Result;
use crate::transport::{Request, Response, Transport, TransportError, TransportErrorKind};

/// Answers requests from a [`Cassette`] instead of a network.
///
/// A request gets the outcome that was recorded for the same method, path, query and body (as JSON, where it is JSON,
/// and without secrets on both sides). Each outcome is given once; equal requests get theirs in the order of the
/// recording. A request that isn't recorded, or not as often, fails with
/// [`NotRecorded`](TransportErrorKind::NotRecorded), and the source of the error names the recording that comes nearest.
///
/// ```
/// use std::error::Error as _;
/// use tagoio::Client;
/// use tagoio::transport::{Cassette, Replay};
///
/// let cassette: Cassette = serde_json::from_str(r#"{"version": 1, "interactions": [{
///     "request": {"method": "DELETE", "path": "/run/users/61eb25a4d6a4a20011d4cd3c"},
///     "outcome": {"answer": {"status": 404, "body": {"json": {"status": false, "message": "User Not Found"}}}}
/// }]}"#)?;
/// let tago = Client::builder().token("p-demo").transport(Replay::new(cassette)).build()?;
///
/// let error = tago.run().users().delete("61eb25a4d6a4a20011d4cd3d").unwrap_err();
/// let nearest = error.source().and_then(|error| error.source()).map(ToString::to_string);
/// assert_eq!(
///     nearest.as_deref(),
///     Some("DELETE /run/users/{user} isn't recorded; the nearest, interaction 1 of 1 \
///          (DELETE /run/users/61eb25a4d6a4a20011d4cd3c), differs in the path"),
/// );
/// assert!(tago.run().users().delete("61eb25a4d6a4a20011d4cd3c").unwrap_err().is_not_found());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replay {
    cassette: Cassette,
    state: Mutex<State>,
}

struct State {
    /// For each interaction, whether it was replayed.
    replayed: Vec<bool>,
    secrets: Secrets,
}

impl Replay {
    /// Replays a cassette.
    pub fn new(cassette: Cassette) -> Self {
        let replayed = vec![false; cassette.interactions.len()];
        Self { cassette, state: Mutex::new(State { replayed, secrets: Secrets::default() }) }
    }

    /// Replays a cassette from a file: [`Cassette::load`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when there is no such file or it isn't a cassette; it names the file, line
    /// and column.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Cassette::load(path).map(Self::new)
    }

    /// What was recorded and not asked for yet. At the end of a test it should be nothing.
    pub fn unused(&self) -> Vec<Interaction> {
        let state = self.state();
        let all = self.cassette.interactions.iter().zip(&state.replayed);
        all.filter(|(_, replayed)| !**replayed).map(|(interaction, _)| interaction.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_recorded(&self, request: &Request, asked: &Recorded, replayed: &[bool]) -> TransportError {
        let route = request.route();
        let all = &self.cassette.interactions;
        let nearest = all
            .iter()
            .zip(replayed)
            .enumerate()
            .rev()
            .max_by_key(|(_, (known, replayed))| (likeness(&known.request, asked), !**replayed));
        let message = match nearest {
            None => format!("{route} isn't recorded: the cassette is empty"),
            Some((index, (known, _))) => {
                let place = format!("interaction {} of {} ({} {})", index + 1, all.len(), known.method(), known.path());
                match difference(&known.request, asked) {
                    Some(difference) => {
                        format!("{route} isn't recorded; the nearest, {place}, differs in {difference}")
                    }
                    None => format!("{route} isn't recorded so often; {place} was replayed already"),
                }
            }
        };
        TransportError::with_source(TransportErrorKind::NotRecorded, message)
    }
}

impl Transport for Replay {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut state = self.state();
        let State { replayed, secrets } = &mut *state;
        let asked = secrets.request(request);
        // The token in a test is a dummy, perhaps a common word: what is equal without it being taken out is equal.
        let literally = Secrets::default().redact_request(request);
        let found = self
            .cassette
            .interactions
            .iter()
            .zip(replayed.iter_mut())
            .find(|(known, replayed)| !**replayed && (known.request == asked || known.request == literally));
        match found {
            Some((interaction, replayed)) => {
                *replayed = true;
                interaction.outcome.result()
            }
            None => Err(self.not_recorded(request, &asked, replayed)),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("recorded", &self.cassette.interactions.len())
            .field("unused", &self.unused().len())
            .finish_non_exhaustive()
    }
}

/// How much two requests have in common, the most telling first.
fn likeness(one: &Recorded, other: &Recorded) -> impl Ord {
    let path = one.path.split('/').zip(other.path.split('/')).filter(|(one, other)| one == other).count();
    (
        one.path == other.path,
        one.path.matches('/').count() == other.path.matches('/').count(),
        path,
        one.method == other.method,
        one.query == other.query,
        one.body == other.body,
    )
}

/// What two requests don't have in common, without the values.
fn difference(one: &Recorded, other: &Recorded) -> Option<String> {
    let mut differences = Vec::new();
    if one.method != other.method {
        differences.push("the method".to_owned());
    }
    if one.path != other.path {
        differences.push("the path".to_owned());
    }
    if one.query != other.query {
        differences.push("the query".to_owned());
    }
    if one.body != other.body {
        let place = match (&one.body, &other.body) {
            (Some(Body::Json(one)), Some(Body::Json(other))) => first_difference(one, other),
            _ => String::new(),
        };
        differences.push(if place.is_empty() { "the body".to_owned() } else { format!("the body at `{place}`") });
    }
    (!differences.is_empty()).then(|| differences.join(" and "))
}

/// Where two values that aren't equal begin to differ, such as `.tags[1].value`.
fn first_difference(one: &Value, other: &Value) -> String {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys = one.keys().chain(other.keys());
            let Some(key) = keys.find(|key| one.get(*key) != other.get(*key)) else {
                return String::new();
            };
            match (one.get(key), other.get(key)) {
                (Some(one), Some(other)) => format!(".{key}{}", first_difference(one, other)),
                _ => format!(".{key}"),
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            match one.iter().zip(other).enumerate().find(|(_, (one, other))| one != other) {
                Some((at, (one, other))) => format!("[{at}]{}", first_difference(one, other)),
                None => format!("[{}]", one.len().min(other.len())),
            }
        }
        _ => String::new(),
    }
}
