//! Says what comes near its limit, and what was used each day of the last week. Ends with 1 when something is used up, so
//! that a script can stop sending.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::process::ExitCode;

use chrono::{NaiveDate, TimeDelta, Utc};
use tagoio::profile::{Periodicity, Service, StatisticsDate, UsageAlert};
use tagoio::{Client, ProfileId, Result};

fn main() -> Result<ExitCode> {
    let used_up = watch_usage(&Client::from_env()?, Utc::now().date_naive())?;
    Ok(if used_up.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The services that are used up.
pub(crate) fn watch_usage(tago: &Client, today: NaiveDate) -> Result<Vec<Service>> {
    let mut used_up = Vec::new();
    for service in tago.profile().summary(ProfileId::CURRENT)?.allocation_use() {
        // At 80, 90 and 100 %, as TagoIO itself alerts.
        let alert = service.alert().map(|alert| format!(" (above {} %)", alert.percent())).unwrap_or_default();
        println!("{:<18}{:>6.1} %{alert}", service.service, service.fraction() * 100.0);
        if service.alert() == Some(UsageAlert::Reached) {
            used_up.push(service.service);
        }
    }
    let week = StatisticsDate::range(today - TimeDelta::days(7), today, Periodicity::Day);
    for day in tago.profile().usage(ProfileId::CURRENT, &week)? {
        let (inputs, emails) = (day.input.unwrap_or_default(), day.email.unwrap_or_default());
        println!("{:.10}{inputs:>8} inputs{emails:>5} e-mails", day.time);
    }
    Ok(used_up)
}
