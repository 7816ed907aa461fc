//! The state of a sandbox as a JSON document: written by hand or by a snapshot, in one and the same form.

mod check;
mod document;
mod load;
mod save;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::world::World;
use crate::error::{Error, Result};
use crate::profile::Plan;
use crate::wire::describe;
use document::Document;

/// A whole world: accounts, profiles, tokens, TagoRUN users and all that hangs on them, at one moment.
///
/// It comes from [`Sandbox::snapshot`](super::Sandbox::snapshot), or from a JSON document that a person has written:
/// one form for both, which `docs/sandbox.md` describes. Whatever is read is checked at once, so a `State` can always be
/// restored.
///
/// As JSON it holds the tokens, the passwords and the codes of the sandbox, because they are part of that world; never
/// put real ones into it. `Debug` shows none of them.
///
/// ```
/// use serde_json::json;
/// use tagoio::sandbox::{Sandbox, State};
///
/// let state = State::from_value(json!({
///     "version": 1,
///     "account": {"email": "me@example.com", "plan": "starter"},
///     "profiles": [{
///         "name": "Mill",
///         "tokens": [{"token": "p-mill", "name": "Administration", "permission": "full"}],
///         "users": [
///             {"name": "Ada", "email": "ada@example.com", "tags": [{"key": "site", "value": "lisbon"}]},
///             {"name": "Ben", "email": "ben@example.com", "active": false},
///         ],
///     }],
/// }))?;
/// let sandbox = Sandbox::builder().state(state).build();
/// assert_eq!(sandbox.token().expose(), "p-mill");
///
/// let snapshot = sandbox.snapshot();
/// assert_eq!(State::from_json(snapshot.to_json())?, snapshot);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct State(Arc<Document>);

impl State {
    /// Reads a state from the text of a JSON document.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it isn't JSON, when a field is missing, unknown or of a wrong type, and when the whole
    /// contradicts itself (an e-mail address or a token that is there twice, say). It tells the path in the document and,
    /// apart from contradictions, line and column.
    ///
    /// ```
    /// use tagoio::sandbox::State;
    ///
    /// let error = State::from_json(r#"{"version": 1, "profiles": [{"nam": "Mill"}]}"#).unwrap_err();
    /// let message = error.to_string();
    /// assert!(message.contains("line 1, column 34: profiles[0].nam: unknown field `nam`"), "{message}");
    /// ```
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        Self::read("sandbox state", json.as_ref())
    }

    /// Reads a state from a JSON value.
    ///
    /// # Errors
    ///
    /// As [`from_json`](State::from_json), without line and column.
    pub fn from_value(value: Value) -> Result<Self> {
        let subject = "sandbox state";
        let document = serde_path_to_error::deserialize(value).map_err(|error| unreadable(subject, &error))?;
        Self::checked(subject, document)
    }

    /// Reads a state from a JSON file.
    ///
    /// # Errors
    ///
    /// As [`from_json`](State::from_json); and when the file can't be read. The file is named.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let subject = format!("state file {}", path.display());
        match std::fs::read(path) {
            Ok(json) => Self::read(&subject, &json),
            Err(error) => Err(Error::config_from(subject, "it can't be read", error)),
        }
    }

    /// The state as a JSON document that a person can read.
    pub fn to_json(&self) -> String {
        // Keys are text and there is nothing else that could fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    fn read(subject: &str, json: &[u8]) -> Result<Self> {
        // A file of an editor that marks its text as UTF-8.
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        // To keep track of the path takes time; so that is done only when something is wrong.
        let document = match serde_json::from_slice(json) {
            Ok(document) => document,
            Err(_) => with_path(json).map_err(|error| unreadable(subject, &error))?,
        };
        Self::checked(subject, document)
    }

    fn checked(subject: &str, document: Document) -> Result<Self> {
        match check::check(&document) {
            Ok(()) => Ok(Self(Arc::new(document))),
            Err(problem) => Err(Error::config(subject, problem.to_string())),
        }
    }

    /// The moment that it is of, if it says so.
    pub(super) fn now(&self) -> Option<DateTime<Utc>> {
        self.0.now.map(|now| now.0)
    }

    /// Builds the world in an empty one. The plan and the code are for an account that has none.
    pub(super) fn fill(&self, world: &mut World, plan: Plan, two_factor: Option<String>, now: DateTime<Utc>) {
        load::fill(world, &self.0, plan, two_factor, now);
    }

    /// What a world is like.
    pub(super) fn of(world: &World, now: DateTime<Utc>) -> Self {
        Self(Arc::new(save::document(world, now)))
    }
}

fn with_path<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let mut track = serde_path_to_error::Track::new();
    let read = T::deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track));
    let read = read.and_then(|read| deserializer.end().map(|()| read));
    read.map_err(|error| serde_path_to_error::Error::new(track.path(), error))
}

fn unreadable(subject: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let (path, error) = (error.path(), error.inner());
    let text = describe(error);
    let mut problem = String::new();
    if error.line() > 0 {
        problem = format!("line {}, column {}: ", error.line(), error.column());
    }
    // What isn't JSON has no path.
    if error.is_data() && path.iter().next().is_some() {
        problem = format!("{problem}{path}: ");
    }
    problem += text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    Error::config(subject, problem)
}

/// As [`State::from_json`] reads it, but with the reader's own errors.
impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(deserializer)?;
        check::check(&document).map_err(serde::de::Error::custom)?;
        Ok(Self(Arc::new(document)))
    }
}

/// Writes tokens and passwords too: see [`State`].
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Shows how much there is, and nothing of it.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profiles = self.0.profiles.as_deref().unwrap_or_default();
        f.debug_struct("State")
            .field("now", &self.now())
            .field("profiles", &profiles.len())
            .field("tokens", &profiles.iter().map(|profile| profile.tokens.len()).sum::<usize>())
            .field("users", &profiles.iter().map(|profile| profile.users.len()).sum::<usize>())
            .finish_non_exhaustive()
    }
}
