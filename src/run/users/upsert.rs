use crate::bulk::users::{Change, TagPolicy, UserRecord, sync_one};
use crate::bulk::{Action, Before};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::transport::Method;

/// What an [`upsert`](super::UsersApi::upsert) did.
///
/// ```no_run
/// # use tagoio::bulk::users::{TagPolicy, UserRecord};
/// # use tagoio::run::Upserted;
/// # fn run(tago: &tagoio::Client, jane: &UserRecord) -> tagoio::Result<()> {
/// match tago.run().users().upsert(jane, TagPolicy::Merge)? {
///     Upserted::Created { id } => println!("{id} is new"),
///     Upserted::Updated { id, changes } => println!("{id}: {} changes", changes.len()),
///     same => println!("{} is as it was", same.id()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upserted {
    /// There was no user of this e-mail address; now there is.
    Created {
        /// The user.
        id: UserId,
    },
    /// The user was there, and is different now.
    Updated {
        /// The user.
        id: UserId,
        /// What changed.
        changes: Vec<Change>,
    },
    /// The user was as the record wants it.
    Unchanged {
        /// The user.
        id: UserId,
    },
}

impl Upserted {
    /// The user.
    pub fn id(&self) -> &UserId {
        match self {
            Self::Created { id } | Self::Updated { id, .. } | Self::Unchanged { id } => id,
        }
    }
}

pub(super) fn upsert(client: &Client, user: &UserRecord, tags: TagPolicy) -> Result<Upserted> {
    let synced = match sync_one(client, user, tags, Before::default()) {
        // An e-mail address is unique, so whatever became of the first creation, a second one makes no second user.
        Err(error) if is_lost_creation(&error) => {
            sync_one(client, user, tags, Before { maybe_done: true, ..Before::default() })?
        }
        // TagoIO may look for room before it looks for the address: that of another upsert, which took the last place.
        Err(error) if error.is_limit_reached() && is_there(client, &user.email) => {
            sync_one(client, user, tags, Before::default())?
        }
        outcome => outcome?,
    };
    let (id, changes) = (synced.id, synced.changes);
    Ok(match synced.action {
        Action::Created => Upserted::Created { id },
        Action::Unchanged => Upserted::Unchanged { id },
        _ => Upserted::Updated { id, changes },
    })
}

fn is_there(client: &Client, email: &str) -> bool {
    client.run().users().find_by_email(email).is_ok_and(|user| user.is_some())
}

fn is_lost_creation(error: &Error) -> bool {
    error.maybe_delivered() && error.route().is_some_and(|route| route.method() == Method::Post)
}
