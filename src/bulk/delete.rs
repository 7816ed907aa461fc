use std::borrow::Cow;

use super::task::{Action, Before, Done, Task};
use crate::client::Client;
use crate::error::Result;
use crate::id::{NotificationId, UserId};
use crate::transport::{Method, Route};

/// Deletes a TagoRUN user. One that isn't there (any more) is [`Missing`](Action::Missing), and no error.
///
/// Its [key](Task::key) is the user's id.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::{Action, Bulk, DeleteUser};
/// # let sandbox = tagoio::sandbox::Sandbox::new();
/// # let tago = sandbox.client()?;
///
/// let leavers: Vec<_> = sandbox.users().iter().take(3).map(|user| DeleteUser::new(&user.id)).collect();
/// let report = Bulk::new(&tago).run(&leavers);
/// assert_eq!(report.progress.count(&Action::Deleted), 3);
/// assert_eq!(Bulk::new(&tago).run(&leavers).progress.count(&Action::Missing), 3);
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteUser {
    user: UserId,
}

impl DeleteUser {
    /// Deletes this user.
    pub fn new(user: impl Into<UserId>) -> Self {
        Self { user: user.into() }
    }
}

impl Task for DeleteUser {
    fn key(&self) -> Cow<'_, str> {
        self.user.as_str().into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        deleted(client.run().users().delete(&self.user), self.user.as_str(), before)
    }

    fn route(&self) -> Option<Route> {
        Some(Route::new(Method::Delete, "/run/users/{user}"))
    }
}

/// Deletes a notification of a TagoRUN user. One that isn't there (any more) is [`Missing`](Action::Missing), and no
/// error.
///
/// Its [key](Task::key) is the notification's id.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::{Bulk, DeleteNotification};
/// # let sandbox = tagoio::sandbox::Sandbox::new();
/// # let (tago, user) = (sandbox.client()?, sandbox.users()[0].id.clone());
///
/// let old = tago.run().notifications().list(&user)?;
/// let tasks: Vec<_> = old.into_iter().map(|one| DeleteNotification::new(one.id)).collect();
/// assert!(Bulk::new(&tago).run(&tasks).is_complete());
/// assert!(tago.run().notifications().list(&user)?.is_empty());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteNotification {
    notification: NotificationId,
}

impl DeleteNotification {
    /// Deletes this notification.
    pub fn new(notification: impl Into<NotificationId>) -> Self {
        Self { notification: notification.into() }
    }
}

impl Task for DeleteNotification {
    fn key(&self) -> Cow<'_, str> {
        self.notification.as_str().into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        let answer = client.run().notifications().delete(&self.notification);
        deleted(answer, self.notification.as_str(), before)
    }

    fn route(&self) -> Option<Route> {
        Some(Route::new(Method::Delete, "/run/notification/{notification}"))
    }
}

/// What came of a deletion.
fn deleted<T>(answer: Result<T>, id: &str, before: Before) -> Result<Done> {
    let action = match answer {
        Ok(_) => Action::Deleted,
        Err(error) if !error.is_missing() => return Err(error),
        // Most likely it was the try before whose answer got lost.
        Err(_) if before.maybe_done => Action::Deleted,
        Err(_) => Action::Missing,
    };
    Ok(Done::new(action).id(id))
}
