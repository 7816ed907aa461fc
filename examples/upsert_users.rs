//! Creates users, or brings those of these e-mail addresses up to date: run twice, it changes nothing the second time.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::bulk::users::{TagPolicy, UserRecord};
use tagoio::run::Upserted;
use tagoio::{Client, Result};

fn main() -> Result<()> {
    upsert_users(&Client::from_env()?)
}

pub(crate) fn upsert_users(tago: &Client) -> Result<()> {
    let users = [("Ana Reis", "ana.reis@example.com", "lisbon"), ("Rui Melo", "rui.melo@example.com", "porto")];
    for (name, email, site) in users {
        let user = UserRecord::new(email)
            .name(name)
            .timezone("Europe/Lisbon")
            .generate_password(true) // for a new user only
            .tag("site", site); // all other tags stay
        match tago.run().users().upsert(&user, TagPolicy::Merge)? {
            Upserted::Created { id } => println!("{email} is created: {id}"),
            Upserted::Updated { changes, .. } => {
                for change in changes {
                    println!("{email}: {} was {:?} and is {:?}", change.field, change.from, change.to);
                }
            }
            _ => println!("{email} is as it should be"),
        }
    }
    Ok(())
}
