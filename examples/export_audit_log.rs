//! Writes what was done to the portal's users in the last 30 days, a line for each, the oldest first: `export_audit_log`.
//!
//! `TAGOIO_TOKEN` has the token of the owning account. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use tagoio::profile::{AuditLogFilter, AuditedResource};
use tagoio::{Client, ProfileId};

fn main() -> Result<(), Box<dyn Error>> {
    export_audit_log(&Client::from_env()?, Utc::now(), io::stdout().lock())
}

pub(crate) fn export_audit_log(tago: &Client, until: DateTime<Utc>, mut to: impl Write) -> Result<(), Box<dyn Error>> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info.id;
    let filter =
        AuditLogFilter::new().between(until - TimeDelta::days(30), until).resource_name(AuditedResource::RunUser);
    // TagoIO answers for seven days at most, and not always at once: the iterator asks as often as it takes.
    for event in tago.profile().audit_events(&profile, &filter) {
        serde_json::to_writer(&mut to, &event?)?;
        writeln!(to)?;
    }
    Ok(())
}
