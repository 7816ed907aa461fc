//! Deletes all users of an organization: `delete_organization ORGANIZATION [--yes]`. Without `--yes` it only says whom.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::bulk::Bulk;
use tagoio::profile::Plan;
use tagoio::run::UserQuery;
use tagoio::{Client, Result};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(organization) = args.next() else {
        eprintln!("Usage: delete_organization ORGANIZATION [--yes]");
        return Ok(());
    };
    delete_organization(&Client::from_env()?, &organization, args.any(|arg| arg == "--yes"))
}

pub(crate) fn delete_organization(tago: &Client, organization: &str, yes: bool) -> Result<()> {
    let leavers = tago.run().users().delete_all(UserQuery::new().tag("organization_id", organization))?;
    for user in leavers.users() {
        println!("{} {}", user.id, user.email.as_deref().unwrap_or_default());
    }
    if !yes {
        println!("{} users would be deleted: --yes does it", leavers.len());
        return Ok(());
    }
    let report = leavers.run(&Bulk::new(tago).plan(Plan::Starter));
    for user in report.failures() {
        println!("{} is not deleted: {:?}", user.id, user.outcome);
    }
    println!("{} of {} users are gone", report.users.len() - report.failures().count(), report.users.len());
    Ok(())
}
