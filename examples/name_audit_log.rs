//! Says who did what to which of the portal's users in the last week, with names in place of ids: `name_audit_log`.
//!
//! `TAGOIO_TOKEN` has the token of the owning account. The example `sandbox` serves a TagoIO to try it on.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use tagoio::bulk::users;
use tagoio::profile::{AuditLogEvent, AuditLogFilter, AuditedResource};
use tagoio::{Client, ProfileId, Result, UserId};

fn main() -> Result<()> {
    for line in name_audit_log(&Client::from_env()?, Utc::now())? {
        println!("{line}");
    }
    Ok(())
}

pub(crate) fn name_audit_log(tago: &Client, until: DateTime<Utc>) -> Result<Vec<String>> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info;
    let week = AuditLogFilter::new().between(until - TimeDelta::days(7), until).resource_name(AuditedResource::RunUser);
    let events = tago.profile().audit_events(&profile.id, &week).collect::<Result<Vec<AuditLogEvent>>>()?;

    let mut names: HashMap<String, String> =
        tago.team().list(&profile.id)?.into_iter().map(|member| (member.id.into(), member.name)).collect();
    names.extend(profile.account.map(|owner| (owner.into(), "the owner".to_owned())));
    // Who is gone has no name any more.
    let ids: HashSet<&str> = events.iter().filter_map(|event| Some(event.resource_id.as_ref()?.as_str())).collect();
    let ids: Vec<UserId> = ids.into_iter().map(UserId::from).collect();
    names.extend(users::details(tago, &ids)?.into_iter().flatten().map(|user| (user.id.into(), user.email)));

    let name = |id: &str| names.get(id).map_or_else(|| id.to_owned(), String::clone);
    let line = |event: AuditLogEvent| {
        let whom = event.resource_id.map(|id| name(id.as_str())).unwrap_or_default();
        format!("{} {}: {} ({whom})", event.date, name(&event.who), event.message)
    };
    Ok(events.into_iter().map(line).collect())
}
