use std::borrow::Cow;

use super::task::{Action, Before, Done, Task};
use crate::client::Client;
use crate::error::Result;
use crate::id::UserId;

/// Deletes a TagoRUN user. One that isn't there (any more) is [`Missing`](Action::Missing), and no error.
///
/// Its [key](Task::key) is the user's id.
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
        let action = match client.run().users().delete(&self.user) {
            Ok(_) => Action::Deleted,
            Err(error) if !error.is_not_found() => return Err(error),
            // Most likely it was the try before whose answer got lost.
            Err(_) if before.maybe_done => Action::Deleted,
            Err(_) => Action::Missing,
        };
        Ok(Done::new(action).id(self.user.as_str()))
    }
}
