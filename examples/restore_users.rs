//! Restores users from a file of JSON lines, as an export has them: `restore_users FILE`. Several at once, within the rate
//! limit; after an interruption the same command goes on.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;

use tagoio::Client;
use tagoio::bulk::users::{SyncOptions, UserList, UserPlan};
use tagoio::bulk::{Bulk, Journal, JournalHeader};
use tagoio::profile::Plan;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("Usage: restore_users FILE")?;
    restore_users(&Client::from_env()?, Path::new(&file))
}

pub(crate) fn restore_users(tago: &Client, file: &Path) -> Result<(), Box<dyn Error>> {
    // All of the file is checked before anything is sent.
    let list = UserList::from_json_lines(File::open(file)?)?;
    let plan = UserPlan::new(tago, list, &SyncOptions::new().generate_passwords(true))?;
    println!("{:?}", plan.counts());

    let path = file.with_extension("journal");
    let header = JournalHeader::new("restore users", tago);
    let journal = if path.exists() { Journal::resume(&path, &header)? } else { Journal::create(&path, &header)? };
    let report = Bulk::new(tago).jobs(10).plan(Plan::Starter).journal(&journal).run(plan.tasks());
    for (step, outcome) in plan.steps().zip(&report.outcomes) {
        if let Some(error) = outcome.error() {
            println!("{}: {error}", step.email);
        }
    }
    if !report.is_complete() {
        return Err("not all users are restored: run it again".into());
    }
    Ok(fs::remove_file(path)?)
}
