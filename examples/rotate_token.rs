//! Puts a new token in the place of the one that a file has for some program: `rotate_token FILE EMAIL`, with the account's
//! password in `TAGOIO_PASSWORD`. The old one is deleted only once the file has the new one.
//!
//! `TAGOIO_TOKEN` has the token of who does it. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use tagoio::token::{NewToken, Permission, RotationError};
use tagoio::{Client, Expiry, Password, ProfileId, TimeUnit, Token};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(file), Some(email)) = (args.next(), args.next()) else {
        return Err("Usage: rotate_token FILE EMAIL".into());
    };
    rotate_token(&Client::from_env()?, Path::new(&file), &email, Password::new(env::var("TAGOIO_PASSWORD")?)?)
}

pub(crate) fn rotate_token(tago: &Client, file: &Path, email: &str, password: Password) -> Result<(), Box<dyn Error>> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info.id;
    let old = Token::new(fs::read_to_string(file)?.trim())?;
    let new = NewToken::new("nightly report", Permission::Read)
        .expire_time(Expiry::after(3, TimeUnit::Month))
        .sign_in(email, password);
    match tago.token().rotate(&profile, &old, &new, |new| fs::write(file, new.token.expose())) {
        Ok(made) => println!("{} has the new token, which expires {:?}", file.display(), made.expire_time),
        // Both are good. Nobody has the new one, so it can go.
        Err(RotationError::NotHandedOver { new, source, .. }) => {
            tago.token().delete(&profile, &new.token)?;
            return Err(source);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
