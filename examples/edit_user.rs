//! Changes a user by what a form sends: `edit_user EMAIL`, with JSON such as `{"name": "Jane Doe", "phone": null}` on standard
//! input. The user is told; who can't be told stays as before.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::io::{self, Read};

use tagoio::run::{NewNotification, UserEdit, UserInfo};
use tagoio::{Client, Patch};

fn main() -> Result<(), Box<dyn Error>> {
    let email = std::env::args().nth(1).ok_or("Usage: edit_user EMAIL < form.json")?;
    edit_user(&Client::from_env()?, &email, io::stdin().lock())
}

pub(crate) fn edit_user(tago: &Client, email: &str, form: impl Read) -> Result<(), Box<dyn Error>> {
    // A field that users don't have, or of a wrong type, ends it here.
    let edit: UserEdit = serde_json::from_reader(form)?;
    let users = tago.run().users();
    let before = users.find_by_email(email)?.ok_or("there is no such user")?;
    users.edit(&before.id, &edit)?;

    let told = NewNotification::new().title("Your account").message("An administrator has changed your account.");
    if let Err(error) = tago.run().notifications().create(&before.id, &told) {
        users.edit(&before.id, &undo(&edit, &before))?;
        return Err(error.into());
    }
    println!("{email} is changed");
    Ok(())
}

/// What makes the user as before, as far as the edit has changed something that lists show.
fn undo(edit: &UserEdit, before: &UserInfo) -> UserEdit {
    fn back<T>(edit: &Patch<T>, before: Option<T>) -> Patch<T> {
        if edit.is_keep() { Patch::Keep } else { before.map_or(Patch::Clear, Patch::Set) }
    }
    UserEdit::new()
        .name(back(&edit.name, Some(before.name.clone())))
        .phone(back(&edit.phone, before.phone.clone()))
        .company(back(&edit.company, before.company.clone()))
        .tags(back(&edit.tags, Some(before.tags.clone())))
        .active(back(&edit.active, Some(before.active)))
}
