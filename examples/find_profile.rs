//! Says which profile the token belongs to, and which others the account has: `find_profile [NAME]`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::{Client, ProfileId, Result};

fn main() -> Result<()> {
    let name = std::env::args().nth(1);
    find_profile(&Client::from_env()?, name.as_deref()).map(drop)
}

/// The id of the profile of this name; without one, of the token's own.
pub(crate) fn find_profile(tago: &Client, name: Option<&str>) -> Result<Option<ProfileId>> {
    let own = tago.profile().info(ProfileId::CURRENT)?;
    println!("The token belongs to {} ({}).", own.info.name, own.info.id);
    let Some(name) = name else { return Ok(Some(own.info.id)) };

    let profiles = tago.profile().list()?;
    let found = profiles.into_iter().find(|profile| profile.name == name);
    match &found {
        Some(profile) => println!("{name} is {}.", profile.id),
        None => println!("The account has no profile {name}."),
    }
    Ok(found.map(|profile| profile.id))
}
