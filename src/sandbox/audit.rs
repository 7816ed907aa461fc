//! The audit log: what was changed, by whom and when.

use std::collections::VecDeque;

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Value, json};

use super::access::Role;
use super::answer::{Answer, Refusal};
use super::dates;
use super::list::Pattern;
use super::routes::Context;
use super::world::World;

/// How long events are kept.
const RETENTION: Months = Months::new(6);
/// How much time one query may ask for.
const LONGEST: TimeDelta = TimeDelta::days(7);
const DEFAULT_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 10_000;
/// Queries that are remembered; the oldest is forgotten first.
const QUERIES: usize = 100;

pub(super) const RESOURCES: [&str; 11] = [
    "action",
    "am",
    "analysis",
    "connector",
    "dashboard",
    "device",
    "dictionary",
    "network",
    "profile",
    "run",
    "runuser",
];

pub(super) struct Event {
    pub(super) resource_name: String,
    pub(super) resource_id: String,
    pub(super) message: String,
    pub(super) who: String,
    pub(super) date: DateTime<Utc>,
}

impl Event {
    fn row(&self) -> Value {
        json!({
            "resourceName": self.resource_name,
            "resourceID": self.resource_id,
            "message": self.message,
            "who": self.who,
            "date": dates::json(self.date),
        })
    }

    /// How long its row is, without writing it; characters that JSON escapes count once.
    fn size(&self) -> usize {
        const FRAME: usize =
            r#"{"resourceName":"","resourceID":"","message":"","who":"","date":"2026-03-15T10:20:30.000Z"}"#.len();
        FRAME + self.resource_name.len() + self.resource_id.len() + self.message.len() + self.who.len()
    }
}

/// The events of a profile, in the order of their dates, for as long as they are kept.
#[derive(Default)]
pub(super) struct AuditLog {
    events: VecDeque<Event>,
    /// How many there were that are no longer kept.
    forgotten: usize,
}

impl AuditLog {
    pub(super) fn record(&mut self, event: Event) {
        let oldest = event.date.checked_sub_months(RETENTION);
        while self.events.front().is_some_and(|first| oldest.is_some_and(|oldest| first.date < oldest)) {
            self.events.pop_front();
            self.forgotten += 1;
        }
        // Nearly always at the end; but a state may have events of times to come.
        let at = self.events.partition_point(|earlier| earlier.date <= event.date);
        self.events.insert(at, event);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// How many events there ever were up to a moment.
    fn count(&self, now: DateTime<Utc>) -> usize {
        self.forgotten + self.events.partition_point(|event| event.date <= now)
    }

    /// Those of the first `count` events that are still kept.
    fn first(&self, count: usize) -> impl Iterator<Item = &Event> {
        self.events.iter().take(count.saturating_sub(self.forgotten))
    }
}

impl FromIterator<Event> for AuditLog {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut events = Vec::from_iter(events);
        events.sort_by_key(|event| event.date);
        Self { events: events.into(), forgotten: 0 }
    }
}

/// A question whose answer is given after it was asked for often enough. It is looked up each time, because answers are
/// large and many queries are never polled.
pub(super) struct Query {
    id: String,
    profile: String,
    polls: u32,
    filter: Filter,
}

/// Which events a query is for.
struct Filter {
    resource_id: Option<String>,
    resource_name: Option<String>,
    find: Option<Pattern>,
    from: DateTime<Utc>,
    /// The first moment that is too late.
    until: DateTime<Utc>,
    limit: usize,
    /// How many events there were when it was asked: what is done later doesn't change an answer.
    known: usize,
}

pub(super) fn begin(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Owner)?;
    let filter = Filter::read(context, &profile)?;
    let (rules, id) = (context.world.rules, context.world.ids.uuid());
    let mut query = Query { id, profile, polls: rules.audit_log_polls, filter };
    let answer = query.ask(&context.world.profile(&query.profile)?.audit_log);
    let queries = &mut context.world.audit_queries;
    if queries.len() == QUERIES {
        queries.pop_front();
    }
    queries.push_back(query);
    Ok(answer)
}

pub(super) fn poll(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Owner)?;
    let id = context.param(1).to_owned();
    let World { audit_queries, profiles, .. } = &mut *context.world;
    let query = audit_queries.iter_mut().find(|query| query.id == id && query.profile == profile);
    let asked = query.zip(profiles.get(&profile)).map(|(query, profile)| query.ask(&profile.audit_log));
    asked.ok_or_else(|| Refusal::not_found("Audit Log Query"))
}

impl Query {
    fn ask(&mut self, log: &AuditLog) -> Value {
        if self.polls > 0 {
            self.polls -= 1;
            return json!({"queryId": self.id, "status": "Running"});
        }
        let mut answer = self.filter.answer(log);
        answer["queryId"] = json!(self.id);
        answer["status"] = json!("Complete");
        answer
    }
}

impl Filter {
    fn read(context: &Context<'_>, profile: &str) -> Result<Self, Refusal> {
        let query = &context.call.query;
        let (resource_id, resource_name, find) =
            (query.get("resourceID"), query.get("resourceName"), query.get("find"));
        if resource_name.is_some_and(|name| !RESOURCES.contains(&name)) {
            return Err(Refusal::bad_request("Invalid enum value"));
        }
        let filters = resource_id.is_some() || resource_name.is_some() || find.is_some();
        if filters && !context.world.owner(profile)?.plan.has_audit_log_filters() {
            return Err(Refusal::new(403, "You do not have permission to filter the audit log on the free plan"));
        }
        let (from, until) = range(context)?;
        let limit = match query.get("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
                limit.ok_or_else(|| Refusal::invalid("limit", "number"))?
            }
        };
        let oldest = context.now.checked_sub_months(RETENTION).unwrap_or(from);
        Ok(Self {
            resource_id: resource_id.map(str::to_owned),
            resource_name: resource_name.map(str::to_owned),
            // What is looked for may stand anywhere in the sentence.
            find: find.map(|text| Pattern::new(&format!("*{text}*"))),
            from: from.max(oldest),
            until,
            limit,
            known: context.world.profile(profile)?.audit_log.count(context.now),
        })
    }

    fn admits(&self, event: &Event) -> bool {
        self.resource_id.as_ref().is_none_or(|id| event.resource_id == *id)
            && self.resource_name.as_ref().is_none_or(|name| event.resource_name == *name)
            && self.find.as_ref().is_none_or(|find| find.matches(&event.message))
    }

    /// The events, the newest first, and what was looked at for them.
    fn answer(&self, log: &AuditLog) -> Value {
        let (mut matched, mut scanned, mut bytes) = (Vec::new(), 0_usize, 0_usize);
        for event in log.first(self.known) {
            if event.date < self.from || event.date >= self.until {
                continue;
            }
            scanned += 1;
            bytes += event.size();
            if self.admits(event) {
                matched.push(event);
            }
        }
        json!({
            "events": matched.iter().rev().take(self.limit).map(|event| event.row()).collect::<Value>(),
            "statistics": {
                "recordsMatched": matched.len(),
                "recordsScanned": scanned,
                "bytesScanned": bytes,
            },
        })
    }
}

/// From when until when: the last 7 days, unless the query says otherwise; a day that it ends on is in it.
fn range(context: &Context<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let (query, now) = (&context.call.query, context.now);
    let date = |key: &str| match query.get(key) {
        None => Ok(None),
        Some(text) => dates::parse(text).map(Some).ok_or_else(|| Refusal::invalid(key, "date")),
    };
    let (start, end) = (date("start_date")?.map(|start| start.start), date("end_date")?);
    let Some(end) = end else {
        // What was done in this very moment belongs to it.
        let last_week = (now - LONGEST, now + TimeDelta::milliseconds(1));
        return Ok(start.map_or(last_week, |start| (start, start + LONGEST)));
    };
    // A day ends when it is over. A moment is part of the range, and its length is not.
    let whole_day = end.end - end.start >= TimeDelta::days(1);
    let to = if whole_day { end.end } else { end.start };
    let from = start.unwrap_or(to - LONGEST);
    if from > end.start {
        return Err(Refusal::bad_request("The start date can not be after the end date"));
    }
    if to - from > LONGEST {
        return Err(Refusal::bad_request("The date range can not be longer than 7 days"));
    }
    Ok((from, end.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(date: &str, message: &str) -> Event {
        Event {
            resource_name: "run".to_owned(),
            resource_id: "0123456789abcdef01234567".to_owned(),
            message: message.to_owned(),
            who: "somebody".to_owned(),
            date: date.parse().unwrap(),
        }
    }

    #[test]
    fn the_size_of_an_event_is_that_of_its_row() {
        for message in ["", "TagoRUN settings edited", "Run User Zoë created"] {
            let event = event("2026-03-15T10:20:30Z", message);
            assert_eq!(event.size(), event.row().to_string().len(), "{message}");
        }
    }

    #[test]
    fn events_are_forgotten_after_six_months_and_counted_all_the_same() {
        let mut log: AuditLog = ["2025-09-14T10:00:00Z", "2025-07-01T00:00:00Z", "2025-09-15T10:00:00Z"]
            .map(|date| event(date, date))
            .into_iter()
            .collect();
        log.record(event("2026-03-15T10:00:00Z", "new"));
        log.record(event("2026-03-14T10:00:00Z", "in its place, should the clock go back"));
        let kept: Vec<_> = log.iter().map(|event| event.message.as_str()).collect();
        assert_eq!(kept, ["2025-09-15T10:00:00Z", "in its place, should the clock go back", "new"]);
        assert_eq!((log.count(log.events[1].date), log.count(log.events[2].date), log.first(3).count()), (4, 5, 1));
    }
}
