//! How well bulk work uses TagoIO's rate windows: in a sandbox, whose clock is a virtual one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use tagoio::Client;
use tagoio::bulk::{Action, Before, Bulk, DeleteUser, Done, Task};
use tagoio::clock::ManualClock;
use tagoio::run::NewUser;
use tagoio::sandbox::{Plan, Sandbox};

use crate::Outcome;
use crate::bench::whole;

pub(crate) struct Windows {
    /// The part of a minute's limit that was used, in the minute that used least of it.
    pub(crate) least_used: f64,
    /// How many requests were refused because of the limit.
    pub(crate) refused: f64,
}

/// How many users the plan allows to be created in a minute.
const LIMIT: usize = 1_000;
const MINUTES: usize = 4;

pub(crate) fn used() -> Outcome<Windows> {
    let clock = Arc::new(ManualClock::at("2026-01-31T12:45:09Z".parse()?));
    let count = LIMIT * MINUTES;
    let sandbox =
        Sandbox::builder().clock(clock.clone()).plan(Plan::Scale).empty().users(u32::try_from(count)?).build();
    let tago = sandbox.client()?;
    let bulk = || Bulk::new(&tago).clock(clock.clone()).plan(Plan::Scale).jobs(16);
    // There is room for as many users as it begins with.
    let gone: Vec<_> = sandbox.users().into_iter().map(|user| DeleteUser::new(user.id)).collect();
    let room = bulk().run(&gone);
    let report = bulk().run(&(0..count).map(Create).collect::<Vec<_>>());
    if !room.is_complete() || !report.is_complete() {
        return Err(format!("{:?}, {:?}", room.progress, report.progress).into());
    }
    let mut minutes = BTreeMap::<String, usize>::new();
    for user in sandbox.users() {
        let created = user.created_at.and_then(|at| at.utc()).ok_or("a user has no date")?;
        *minutes.entry(created.format("%H:%M").to_string()).or_default() += 1;
    }
    // Also when the work takes more minutes than it has to, each of them counts.
    let used = minutes.values().copied().min().unwrap_or_default();
    let refused = sandbox.journal().iter().filter(|handled| handled.status == Some(429)).count();
    Ok(Windows { least_used: whole(used) / whole(LIMIT), refused: whole(refused) })
}

struct Create(usize);

impl Task for Create {
    fn key(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }

    fn run(&self, client: &Client, _: Before) -> tagoio::Result<Done> {
        let new = NewUser::new("New", format!("new{}@example.com", self.0), "UTC").generate_password(true);
        Ok(Done::new(Action::Created).id(client.run().users().create(&new)?.as_str()))
    }
}
