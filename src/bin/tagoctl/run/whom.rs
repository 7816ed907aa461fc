//! Which user is meant.

use tagoio::run::UserQuery;
use tagoio::{Client, UserId};

use crate::failure::{Failure, Result};

/// The id of the user that `ID|EMAIL` names. What has an `@` is an e-mail address and is looked up.
pub(super) fn user_id(client: &Client, whom: &str) -> Result<UserId> {
    if !whom.contains('@') {
        return Ok(UserId::new(whom));
    }
    // TagoIO keeps addresses in lower case mostly, and nobody promises that its filter is blind to case.
    let lower = whom.to_lowercase();
    let spellings = [whom, lower.as_str()];
    for spelling in &spellings[usize::from(whom == lower)..] {
        for user in client.run().users().iter(&UserQuery::new().email(*spelling)) {
            // An asterisk in an address stands for anything in a filter.
            let user = user?;
            if user.email.to_lowercase() == lower {
                return Ok(user.id);
            }
        }
    }
    Err(Failure::not_found(format!("there is no user with the e-mail address {whom}")))
}
