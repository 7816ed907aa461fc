//! Signs somebody up: creates the user, makes the user the administrator of an organization, and says welcome. What fails
//! on the way leaves nobody behind: `sign_up NAME EMAIL ORGANIZATION`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::run::{NewNotification, NewUser};
use tagoio::{Client, Result, UserId};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(email), Some(organization)) = (args.next(), args.next(), args.next()) else {
        eprintln!("Usage: sign_up NAME EMAIL ORGANIZATION");
        return Ok(());
    };
    println!("{} is signed up", sign_up(&Client::from_env()?, &name, &email, &organization)?);
    Ok(())
}

pub(crate) fn sign_up(tago: &Client, name: &str, email: &str, organization: &str) -> Result<UserId> {
    let new = NewUser::new(name, email, "Europe/Lisbon").generate_password(true).active(true);
    let user = tago.run().users().create(&new)?;
    if let Err(error) = set_up(tago, &user, organization) {
        if let Err(left) = tago.run().users().delete(&user) {
            eprintln!("{user} may be left behind: {left}");
        }
        return Err(error);
    }
    Ok(user)
}

fn set_up(tago: &Client, user: &UserId, organization: &str) -> Result<()> {
    // What else an organization has, a device for example, is created here by `tago.raw`.
    tago.run().users().merge_tags(user, [("organization_id", organization), ("access", "admin")])?;
    let welcome = NewNotification::new().title("Welcome").message(format!("You look after {organization} now."));
    tago.run().notifications().create(user, &welcome)?;
    Ok(())
}
