//! Sends a user an alert with a button, and takes the buttons out of use once somebody has pressed one:
//! `acknowledge_alert EMAIL`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::run::{ButtonTrigger, NewNotification, NotificationButton, NotificationEdit};
use tagoio::{Client, NotificationId, Result};

fn main() -> Result<()> {
    let Some(email) = std::env::args().nth(1) else {
        eprintln!("Usage: acknowledge_alert EMAIL");
        return Ok(());
    };
    let tago = Client::from_env()?;
    if let Some(alert) = send_alert(&tago, &email)? {
        acknowledge(&tago, &alert, "Ana Reis")?;
    }
    Ok(())
}

pub(crate) fn send_alert(tago: &Client, email: &str) -> Result<Option<NotificationId>> {
    let Some(user) = tago.run().users().find_by_email(email)? else {
        println!("there is no user {email}");
        return Ok(None);
    };
    let button = NotificationButton::new()
        .id("acknowledge")
        .label("Got it")
        .triggers(vec![ButtonTrigger::analysis("62b0afde27ce4d0012c62256")]);
    let alert = NewNotification::new()
        .title("Freezer 3 is too warm")
        .message("It has been above -12 °C for 20 minutes.")
        .buttons(vec![button]);
    tago.run().notifications().create(&user.id, &alert).map(Some)
}

pub(crate) fn acknowledge(tago: &Client, alert: &NotificationId, who: &str) -> Result<()> {
    let done = NotificationEdit::new().title(format!("Acknowledged by {who}")).buttons_enabled(false).read(true);
    println!("{}", tago.run().notifications().edit(alert, &done)?);
    Ok(())
}
