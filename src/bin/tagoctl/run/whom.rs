//! Which user is meant.

use tagoio::run::UserQuery;
use tagoio::{Client, UserId};

use crate::failure::{Failure, Result};

/// An `ID|EMAIL` of the command line.
pub(super) fn whom(text: &str) -> std::result::Result<String, tagoio::Error> {
    // What can't be an id can't be an address either.
    text.parse::<UserId>().map(String::from)
}

/// The id of the user that `ID|EMAIL` names. What has an `@` is an e-mail address and is looked up.
pub(super) fn user_id(client: &Client, whom: &str) -> Result<UserId> {
    if !whom.contains('@') {
        return Ok(UserId::new(whom));
    }
    let lower = whom.to_lowercase();
    // A plain filter may mind the case; one with an asterisk doesn't, but finds longer addresses too.
    for pattern in [whom.to_owned(), format!("{lower}*")] {
        for user in client.run().users().iter(&UserQuery::new().email(pattern)) {
            let user = user?;
            if user.email.to_lowercase() == lower {
                return Ok(user.id);
            }
        }
    }
    Err(Failure::not_found(format!("there is no user with the e-mail address {whom}")))
}
