//! `tagoctl profile audit`.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use console::Term;
use serde::Serialize;
use tagoio::profile::{AuditEvents, AuditLogEvent, AuditLogFilter, AuditedResource};
use tagoio::{Error, ResourceId, Timestamp};

use super::Which;
use crate::connect::Context;
use crate::failure::{Failure, Result, chain};
use crate::output::{Columns, Format, note};
use crate::when::{When, check_range};

pub(super) const HELP: &str = "\
Examples:
  tagoctl profile audit --limit 20
  tagoctl profile audit --from 2026-01-01 --to 2026-03-31 --resource runuser --output csv
  tagoctl profile audit --from 1h --find '*token*' --follow

Without --from it is the last 7 days. Longer ranges are asked for in several queries; TagoIO keeps 6 months. Days are
days in UTC. Only the account that owns the profile may read the log, and filters need the Starter or Scale plan.
--follow goes on until Ctrl-C, which ends it quietly, for the shell with exit code 130.";

/// How long TagoIO keeps the log: six months, in whole queries. What is earlier than that before the end of a range is
/// gone, whatever the time is now.
const KEPT: TimeDelta = TimeDelta::weeks(27);

const EVENTS: Columns = Columns::of_stream(
    &["date", "resource", "resource_id", "who", "message"],
    &[],
    &[("date", 24), ("resource", 10), ("resource_id", 24), ("who", 24)],
);

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    which: Which,
    /// From this day or moment on: 2026-01-31, 2026-01-31T12:00:00Z, or 36h or 7d ago
    #[arg(long, value_name = "DATE")]
    from: Option<When>,
    /// Up to this day or moment; up to now when it isn't said
    #[arg(long, value_name = "DATE", conflicts_with = "follow")]
    to: Option<When>,
    /// Only what was done to this kind of thing
    #[arg(long, value_name = "KIND",
        value_parser = PossibleValuesParser::new(AuditedResource::KNOWN.iter().map(AuditedResource::as_str))
            .map(AuditedResource::from))]
    resource: Option<AuditedResource>,
    /// Only what was done to this thing
    #[arg(long, value_name = "ID", value_parser = str::parse::<ResourceId>)]
    resource_id: Option<ResourceId>,
    /// Only sentences with this text in them; `*` stands for anything
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Only so many of the newest ones
    #[arg(long, value_name = "COUNT", conflicts_with = "follow", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on with what is done from now on
    #[arg(long, short)]
    follow: bool,
    /// Look for what is new every so many seconds
    #[arg(long, value_name = "SECONDS", requires = "follow", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

/// An event, with the names that the flags have.
#[derive(Serialize)]
struct Row {
    date: Timestamp,
    resource: Option<AuditedResource>,
    resource_id: Option<ResourceId>,
    who: String,
    message: String,
}

impl From<AuditLogEvent> for Row {
    fn from(event: AuditLogEvent) -> Self {
        Self {
            date: event.date,
            resource: event.resource_name,
            resource_id: event.resource_id,
            who: event.who,
            message: event.message,
        }
    }
}

impl Audit {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&EVENTS)?;
        let filter = self.filter(Utc::now())?;
        let client = context.client()?;
        let events = client.profile().audit_events(&self.which.id, &filter);
        if self.follow {
            let events = events.follow(Duration::from_secs(self.every)).filter_map(patiently);
            return context.out.stream(&EVENTS, events);
        }
        let events = Watched { events, progress: Progress::new(context.out.format()) };
        match self.limit {
            Some(limit) => context.out.list(&EVENTS, newest(events, limit)?),
            None => context.out.rows(&EVENTS, events),
        }
    }

    fn filter(&self, now: DateTime<Utc>) -> Result<AuditLogFilter> {
        let mut filter = AuditLogFilter::new();
        if let Some(from) = &self.from {
            check_range(from, self.to.as_ref(), now)?;
            let end = self.to.as_ref().map_or(now, |to| to.begins(now)).min(now);
            filter.start_date = Some(match end.checked_sub_signed(KEPT) {
                Some(oldest) if from.begins(now) < oldest => {
                    note(&format!("TagoIO keeps 6 months: it begins with {}", oldest.format("%Y-%m-%d")));
                    oldest.date_naive().into()
                }
                _ => from.input(now),
            });
        }
        filter.end_date = self.to.as_ref().map(|to| to.input(now));
        filter.resource_name.clone_from(&self.resource);
        filter.resource_id.clone_from(&self.resource_id);
        filter.find.clone_from(&self.find);
        Ok(filter)
    }
}

/// What passes by itself is waited for, and said.
fn patiently(event: tagoio::Result<AuditLogEvent>) -> Option<std::result::Result<Row, Error>> {
    match event {
        Err(error) if error.is_retryable() => {
            note(&format!("{}; it goes on", chain(&error)));
            None
        }
        event => Some(event.map(Row::from)),
    }
}

/// The last ones, in their order. No more than those are held in memory.
fn newest(events: impl Iterator<Item = std::result::Result<Row, Failure>>, limit: u32) -> Result<VecDeque<Row>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut newest = VecDeque::new();
    for event in events {
        if newest.len() == limit {
            newest.pop_front();
        }
        newest.push_back(event?);
    }
    Ok(newest)
}

/// Events, with a word now and then about how far they are.
struct Watched {
    events: AuditEvents,
    progress: Progress,
}

impl Iterator for Watched {
    type Item = std::result::Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.events.next()?;
        if let Ok(event) = &event {
            self.progress.see(event);
        }
        Some(event.map(Row::from).map_err(Failure::from))
    }
}

/// How far the events are: a line for each week, where somebody waits and doesn't see the events themselves.
struct Progress {
    is_wanted: bool,
    count: usize,
    next: Option<DateTime<Utc>>,
}

impl Progress {
    const STEP: TimeDelta = TimeDelta::days(7);

    fn new(format: Format) -> Self {
        let sees_events = Term::stdout().is_term() && format != Format::Table;
        Self { is_wanted: Term::stderr().is_term() && !sees_events, count: 0, next: None }
    }

    fn see(&mut self, event: &AuditLogEvent) {
        if self.is_wanted {
            if let Some(line) = event.date.utc().and_then(|date| self.line(date)) {
                note(&line);
            }
        }
    }

    /// What to say when there is an event of this date, if anything.
    fn line(&mut self, date: DateTime<Utc>) -> Option<String> {
        let count = self.count;
        self.count += 1;
        if self.next.is_some_and(|next| date < next) {
            return None;
        }
        let is_first = self.next.is_none();
        self.next = date.checked_add_signed(Self::STEP);
        (!is_first).then(|| format!("{count} events before {}", date.format("%Y-%m-%d")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_week_has_a_word() {
        let mut progress = Progress { is_wanted: true, count: 0, next: None };
        for (date, said) in [
            ("2026-01-01T10:00:00Z", None),
            ("2026-01-02T10:00:00Z", None),
            ("2026-01-08T10:00:00Z", Some("2 events before 2026-01-08")),
            ("2026-01-09T10:00:00Z", None),
            ("2026-01-30T10:00:00Z", Some("4 events before 2026-01-30")),
        ] {
            assert_eq!(progress.line(date.parse().unwrap()).as_deref(), said, "{date}");
        }
    }

    #[test]
    fn the_newest_events_are_the_last_ones() {
        let row = |who: &str| {
            let (date, message) = (Timestamp::default(), String::new());
            Ok(Row { date, resource: None, resource_id: None, who: who.to_owned(), message })
        };
        for (limit, left) in [(1, "c"), (2, "bc"), (3, "abc"), (u32::MAX, "abc")] {
            let newest = newest(["a", "b", "c"].into_iter().map(row), limit).unwrap();
            assert_eq!(newest.into_iter().map(|row| row.who).collect::<String>(), left);
        }
        let failing = [row("a"), Err(Failure::Declined)];
        assert!(newest(failing.into_iter(), 1).is_err());
    }
}
