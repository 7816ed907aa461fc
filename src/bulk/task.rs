use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Result;
use crate::profile::Service;
use crate::transport::Route;

/// One piece of work of a [`Bulk`](super::Bulk).
///
/// ```
/// use std::borrow::Cow;
/// use tagoio::bulk::{Action, Before, Done, Task};
/// use tagoio::run::UserEdit;
/// use tagoio::{Client, Result, UserId};
///
/// /// Locks a user out. Doing it twice does no harm.
/// struct Deactivate(UserId);
///
/// impl Task for Deactivate {
///     fn key(&self) -> Cow<'_, str> {
///         self.0.as_str().into()
///     }
///
///     fn run(&self, client: &Client, _before: Before) -> Result<Done> {
///         client.run().users().edit(&self.0, &UserEdit::new().active(false))?;
///         Ok(Done::new(Action::Updated).id(self.0.as_str()).changed(["active"]))
///     }
/// }
/// ```
pub trait Task: Send + Sync {
    /// What tells this task from the others of the same work, in every run the same: the [journal](super::Journal)
    /// knows it by this. It must not hold a secret.
    fn key(&self) -> Cow<'_, str>;

    /// Does it. `before` says what earlier tries came to, in this run or in one that the journal tells of.
    ///
    /// It is called again after an error that another try may mend, with the same client. When an earlier try
    /// [may have been done](Before::maybe_done), finding out comes first, unless a repeat does no harm.
    ///
    /// # Errors
    ///
    /// Whatever kept it from being done. An error of a request that changes something counts as the last word: the task
    /// has found out before it sent that request. When `before.maybe_done` is set and an error is of a request that
    /// only reads, or of none at all, then whether the task is done stays open, and the outcome is
    /// [`Uncertain`](super::Outcome::Uncertain) in the end.
    fn run(&self, client: &Client, before: Before) -> Result<Done>;

    /// Whether it may simply be run once more when nothing is known of the run before. It may by default; when it may
    /// not, the journal says that it begins before it does, and ten seconds pass before it finds out what came of a try.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// The route of the request that changes something, as [`Request::route`](crate::transport::Request::route) names it.
    /// Tasks of one route wait for each other when its rate limit is used up, and those of other routes go on meanwhile.
    /// Unknown by default; all whose route is unknown count as of one.
    fn route(&self) -> Option<Route> {
        None
    }

    /// What it takes of something that the plan or the allocation limits, such as users. Once TagoIO refuses a task
    /// because [that limit is reached](crate::Error::is_limit_reached), the others that take of the same aren't tried.
    /// Nothing by default.
    fn takes(&self) -> Option<Service> {
        None
    }

    /// Whether it is only done when all the others are: a deletion, say, of what they make up for. It isn't by default.
    fn waits_for_others(&self) -> bool {
        false
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<T: Task + ?Sized> Task for $pointer {
            fn key(&self) -> Cow<'_, str> {
                (**self).key()
            }

            fn run(&self, client: &Client, before: Before) -> Result<Done> {
                (**self).run(client, before)
            }

            fn is_repeatable(&self) -> bool {
                (**self).is_repeatable()
            }

            fn route(&self) -> Option<Route> {
                (**self).route()
            }

            fn takes(&self) -> Option<Service> {
                (**self).takes()
            }

            fn waits_for_others(&self) -> bool {
                (**self).waits_for_others()
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);

/// What is known of a task's earlier tries; nothing by default.
///
/// ```
/// use tagoio::bulk::Before;
///
/// let begun = "2026-01-31T12:00:00Z".parse()?;
/// let before = Before::maybe_done_since(begun);
/// assert_eq!((before.tries, before.maybe_done, before.since), (0, true, Some(begun)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Before {
    /// How many tries failed in this run. What the rate limit held back is none.
    pub tries: u32,
    /// Whether one of them, or one in an earlier run, may have taken effect.
    pub maybe_done: bool,
    /// When the first try began that may have taken effect, by this computer's clock. During a first try it is the time
    /// at which that began.
    pub since: Option<DateTime<Utc>>,
}

impl Before {
    /// An earlier try, which began at this time, may have taken effect.
    pub fn maybe_done_since(since: DateTime<Utc>) -> Self {
        Self { tries: 0, maybe_done: true, since: Some(since) }
    }
}

/// What a task did.
///
/// ```
/// use tagoio::bulk::{Action, Done};
///
/// let done = Done::new(Action::Updated).id("61eb25a4d6a4a20011d4cd3c").changed(["name", "phone"]);
/// assert_eq!(done.changed, ["name", "phone"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Done {
    /// What was done.
    pub action: Action,
    /// The id of what it was done to, or of what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The names of the fields that changed. Never their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

impl Done {
    /// An action, without an id and changed fields.
    pub fn new(action: Action) -> Self {
        Self { action, id: None, changed: Vec::new() }
    }

    /// Sets the id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the names of the changed fields.
    pub fn changed<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.changed = fields.into_iter().map(Into::into).collect();
        self
    }
}

/// What can be done to a thing.
///
/// ```
/// use tagoio::bulk::Action;
///
/// assert_eq!(Action::Created.as_str(), "created");
/// assert_eq!(Action::Other("moved".to_owned()).to_string(), "moved");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// There was none, now there is.
    Created,
    /// It was there, and is different now.
    Updated,
    /// It was as it should be.
    Unchanged,
    /// It was there, now it isn't.
    Deleted,
    /// A message went out.
    Sent,
    /// There was nothing (any more) to do it to.
    Missing,
    /// Something else, by a task that isn't of this crate.
    #[serde(untagged)]
    Other(String),
}

impl Action {
    /// Its word in journals and results.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Sent => "sent",
            Self::Missing => "missing",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_as_its_word_and_read_back() {
        let all = [Action::Created, Action::Updated, Action::Unchanged, Action::Deleted, Action::Sent, Action::Missing];
        for action in all.into_iter().chain([Action::Other("moved".to_owned())]) {
            let json = serde_json::to_value(&action).unwrap();
            assert_eq!(json, action.as_str());
            assert_eq!(format!("{action:>9}"), format!("{:>9}", action.as_str()));
            assert_eq!(serde_json::from_value::<Action>(json).unwrap(), action);
        }
    }

    #[test]
    fn what_was_done_says_no_more_than_there_is_to_say() {
        let sent = Done::new(Action::Sent);
        assert_eq!(serde_json::to_string(&sent).unwrap(), r#"{"action":"sent"}"#);
        let updated = Done::new(Action::Updated).id("61eb").changed(["name", "tags"]);
        let json = serde_json::to_string(&updated).unwrap();
        assert_eq!(json, r#"{"action":"updated","id":"61eb","changed":["name","tags"]}"#);
        for done in [sent, updated] {
            assert_eq!(serde_json::from_str::<Done>(&serde_json::to_string(&done).unwrap()).unwrap(), done);
        }
    }
}
