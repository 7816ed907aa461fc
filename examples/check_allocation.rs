//! Says whether there is room for so many e-mails, text messages or push notifications this month, so that a script can ask
//! before it sends them: `check_allocation email 250`. Ends with 1 when there isn't.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::process::ExitCode;

use tagoio::profile::{Service, StatisticsDate};
use tagoio::{Client, ProfileId};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(service), Some(count)) = (args.next(), args.next()) else {
        return Err("Usage: check_allocation SERVICE COUNT".into());
    };
    let has_room = has_room(&Client::from_env()?, &Service::from(service), count.parse()?)?;
    Ok(if has_room { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn has_room(tago: &Client, service: &Service, count: u32) -> tagoio::Result<bool> {
    let allocation = tago.profile().info(ProfileId::CURRENT)?.allocation;
    // The points of today: each says what was used since the month began.
    let today = tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new())?;
    let used = today.iter().max_by_key(|point| point.time.utc()).and_then(|newest| newest.get(service));
    let (used, allocated) = (used.unwrap_or_default(), allocation.get(service).unwrap_or_default());
    let has_room = used + f64::from(count) <= allocated;
    println!("{service}: {used} of {allocated} are used, {count} more {}", if has_room { "fit" } else { "don't fit" });
    Ok(has_room)
}
