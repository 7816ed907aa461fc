//! Tells all active users of a site something, each once and within the rate limit: `notify_many SITE TITLE TEXT`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::bulk::{Bulk, Event, Outcome};
use tagoio::profile::Plan;
use tagoio::run::{NewNotification, UserQuery};
use tagoio::{Client, Result};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(site), Some(title), Some(text)) = (args.next(), args.next(), args.next()) else {
        eprintln!("Usage: notify_many SITE TITLE TEXT");
        return Ok(());
    };
    notify_many(&Client::from_env()?, &site, &title, &text)
}

pub(crate) fn notify_many(tago: &Client, site: &str, title: &str, text: &str) -> Result<()> {
    let users = UserQuery::new().tag("site", site).active(true);
    let notification = NewNotification::new().title(title).message(text);
    let job = tago.run().notifications().send_many(users, notification)?;

    // What doesn't fit into this minute's window waits for the next one.
    let bulk = Bulk::new(tago).plan(Plan::Starter).on_event(|event| {
        if let Event::Waiting { until, .. } = event {
            println!("waiting until {until}");
        }
    });
    for user in job.run(&bulk).users {
        let email = user.email.unwrap_or_default();
        match user.outcome {
            Outcome::Done(_) => println!("{email}: sent"),
            Outcome::Uncertain(error) => println!("{email}: may have been sent: {error}"),
            other => println!("{email}: not sent: {other:?}"),
        }
    }
    Ok(())
}
