//! Which users are meant.

use tagoio::bulk::users;
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
    let found = users::find(client, &[whom])?.pop().flatten();
    found.map(|user| user.id).ok_or_else(|| nobody(whom))
}

/// The ids of several users.
pub(super) fn user_ids(client: &Client, names: &[String]) -> Result<Vec<UserId>> {
    let emails: Vec<&String> = names.iter().filter(|name| name.contains('@')).collect();
    let mut found = users::find(client, &emails)?.into_iter();
    let id = |name: &String| {
        if name.contains('@') {
            found.next().flatten().map(|user| user.id).ok_or_else(|| nobody(name))
        } else {
            Ok(UserId::new(name.as_str()))
        }
    };
    names.iter().map(id).collect()
}

fn nobody(email: &str) -> Failure {
    Failure::not_found(format!("there is no user with the e-mail address {email}"))
}
