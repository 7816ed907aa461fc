//! Does something with a token that is made for it and gone afterwards: `temporary_token EMAIL`, with the account's
//! password in `TAGOIO_PASSWORD`.
//!
//! `TAGOIO_TOKEN` has the token that it is made with.

use std::env;
use std::error::Error;

use tagoio::token::{NewToken, Permission};
use tagoio::{Client, Password, ProfileId};

fn main() -> Result<(), Box<dyn Error>> {
    let email = env::args().nth(1).ok_or("Usage: temporary_token EMAIL")?;
    temporary_token(&Client::from_env()?, &email, Password::new(env::var("TAGOIO_PASSWORD")?)?)?;
    Ok(())
}

pub(crate) fn temporary_token(tago: &Client, email: &str, password: Password) -> tagoio::Result<usize> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info.id;
    // It may only read and, should this process be killed, it expires after an hour.
    let new = NewToken::new("count of members", Permission::Read).sign_in(email, password);
    let token = tago.token().guard(&profile, &new)?;
    let members = token.client()?.team().list(&profile)?.len();
    println!("{members} team members");
    // Dropped, it is deleted too; but only this says whether that went well.
    token.close()?;
    Ok(members)
}
