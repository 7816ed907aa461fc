//! Invites somebody to the portal, in the account's time zone: `invite_user NAME EMAIL ORGANIZATION`. Who is there already
//! gets the organization's tag.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use serde::Deserialize;
use tagoio::run::NewUser;
use tagoio::transport::Method;
use tagoio::{Client, Result, UserId};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(email), Some(organization)) = (args.next(), args.next(), args.next()) else {
        eprintln!("Usage: invite_user NAME EMAIL ORGANIZATION");
        return Ok(());
    };
    invite_user(&Client::from_env()?, &name, &email, &organization).map(drop)
}

pub(crate) fn invite_user(tago: &Client, name: &str, email: &str, organization: &str) -> Result<UserId> {
    #[derive(Deserialize)]
    struct Account {
        timezone: String,
    }

    let users = tago.run().users();
    if let Some(user) = users.find_by_email(email)? {
        users.merge_tags(&user.id, [("organization_id", organization)])?;
        println!("{email} is there already, and belongs to {organization} now");
        return Ok(user.id);
    }
    // A route without a call of its own.
    let account: Account = tago.raw(Method::Get, "/account").send()?;
    let new = NewUser::new(name, email, account.timezone)
        .generate_password(true)
        .send_email("invite")
        .active(true)
        .tag("organization_id", organization);
    let id = users.create(&new)?;
    println!("{email} is invited: {id}");
    Ok(id)
}
