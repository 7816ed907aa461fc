use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::digest::digest;
use super::task::{Action, Before, Done, Task};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::run::{NewNotification, NotificationInfo};
use crate::transport::{Method, Route};

/// By how much TagoIO's clock may be behind this computer's.
const CLOCKS_DIFFER_BY: TimeDelta = TimeDelta::minutes(5);

/// Sends a TagoRUN user a notification, once.
///
/// When it isn't known whether an earlier try has sent it, the user's notifications tell: one with this title and this
/// text from the time of that try (or up to five minutes before, because clocks differ) is taken for it. So it isn't
/// sent again, unless the user has deleted it meanwhile.
///
/// Its [key](Task::key) is the user's id and a digest of the notification: each user gets it once, also by work that is
/// resumed, and another text is another task to a [journal](super::Journal).
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use std::sync::Arc;
/// use tagoio::Direction;
/// use tagoio::bulk::{Action, Bulk, Notify};
/// use tagoio::run::{NewNotification, UserOrder, UserQuery};
/// use tagoio::sandbox::{Plan, Sandbox};
///
/// let tago = Sandbox::new().client()?;
/// let notification = Arc::new(NewNotification::new().title("Maintenance").message("Tonight from 10 pm."));
/// // Whoever registers meanwhile comes last then, and nobody is seen twice.
/// let query = UserQuery::new().order_by(UserOrder::CreatedAt, Direction::Ascending);
/// let everybody = tago.run().users().iter(&query);
/// let tasks = everybody.map(|user| Ok(Notify::new(user?.id, Arc::clone(&notification))));
///
/// let report = Bulk::new(&tago).plan(Plan::Scale).run(&tasks.collect::<tagoio::Result<Vec<_>>>()?);
/// assert_eq!(report.progress.count(&Action::Sent), 24);
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Notify {
    user: UserId,
    notification: Arc<NewNotification>,
}

impl Notify {
    /// Sends this user this notification, which many tasks can share.
    pub fn new(user: impl Into<UserId>, notification: impl Into<Arc<NewNotification>>) -> Self {
        Self { user: user.into(), notification: notification.into() }
    }

    /// What an earlier try has sent, if it has.
    fn sent_since(&self, client: &Client, since: Option<DateTime<Utc>>) -> Result<Option<NotificationInfo>> {
        let same = match client.run().notifications().list(&self.user) {
            Ok(all) => all.into_iter().filter(|one| self.is_same(one)),
            // Who isn't there hasn't got it.
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let earliest = since.and_then(|since| since.checked_sub_signed(CLOCKS_DIFFER_BY));
        let mut undated = false;
        for one in same {
            match (one.created_at.as_ref().and_then(crate::Timestamp::utc), earliest) {
                (Some(created), Some(earliest)) if created < earliest => {}
                (Some(_), Some(_)) => return Ok(Some(one)),
                _ => undated = true,
            }
        }
        if undated {
            let problem = "the user has the same one, and whether this work has sent it can't be found out";
            return Err(Error::config("notification", problem));
        }
        Ok(None)
    }

    fn is_same(&self, other: &NotificationInfo) -> bool {
        let wanted = (self.notification.title.as_deref(), self.notification.message.as_deref());
        wanted == (Some(other.title.as_str()), Some(other.message.as_str()))
    }
}

impl Task for Notify {
    fn key(&self) -> Cow<'_, str> {
        format!("{}#{}", self.user, digest(&*self.notification)).into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        let sent = if before.maybe_done { self.sent_since(client, before.since)? } else { None };
        let id = match sent {
            Some(sent) => sent.id,
            None => client.run().notifications().create(&self.user, &self.notification)?,
        };
        Ok(Done::new(Action::Sent).id(id.as_str()))
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn route(&self) -> Option<Route> {
        Some(Route::new(Method::Post, "/run/notification/"))
    }
}
