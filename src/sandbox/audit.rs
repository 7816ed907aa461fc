//! The audit log: what was changed, by whom and when.

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Value, json};

use super::access::Role;
use super::answer::{Answer, Refusal};
use super::dates;
use super::list::Pattern;
use super::routes::Context;

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
}

/// A query whose answer is known, and given after it was asked for often enough.
pub(super) struct Query {
    id: String,
    profile: String,
    polls: u32,
    result: Value,
}

pub(super) fn begin(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Owner)?;
    let events = matching(context, &profile)?;
    let (rules, id) = (context.world.rules, context.world.ids.uuid());
    let mut query = Query { id, profile, polls: rules.audit_log_polls, result: events };
    let answer = query.ask();
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
    let mut queries = context.world.audit_queries.iter_mut();
    let query = queries.find(|query| query.id == id && query.profile == profile);
    query.map(Query::ask).ok_or_else(|| Refusal::not_found("Audit Log Query"))
}

impl Query {
    fn ask(&mut self) -> Value {
        if self.polls > 0 {
            self.polls -= 1;
            return json!({"queryId": self.id, "status": "Running"});
        }
        let mut answer = self.result.clone();
        answer["queryId"] = json!(self.id);
        answer["status"] = json!("Complete");
        answer
    }
}

/// The events that the query string asks for, the newest first, and what was looked at for them.
fn matching(context: &Context<'_>, profile: &str) -> Result<Value, Refusal> {
    let (query, now) = (&context.call.query, context.now);
    let (resource_id, resource_name, find) = (query.get("resourceID"), query.get("resourceName"), query.get("find"));
    if resource_name.is_some_and(|name| !RESOURCES.contains(&name)) {
        return Err(Refusal::bad_request("Invalid enum value"));
    }
    let filters = resource_id.is_some() || resource_name.is_some() || find.is_some();
    if filters && !context.world.owner(profile)?.plan.has_audit_log_filters() {
        return Err(Refusal::new(403, "You do not have permission to filter the audit log on the free plan"));
    }
    let (start, end) = range(context)?;
    let limit = match query.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let limit = text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
            limit.ok_or_else(|| Refusal::invalid("limit", "number"))?
        }
    };
    // What is looked for may stand anywhere in the sentence.
    let find = find.map(|text| Pattern::new(&format!("*{text}*")));

    let oldest = now.checked_sub_months(RETENTION).unwrap_or(start);
    let kept = context.world.profile(profile)?.audit_log.iter().filter(|event| event.date >= oldest);
    let scanned: Vec<&Event> = kept.filter(|event| (start..end).contains(&event.date)).collect();
    let matched: Vec<&Event> = scanned
        .iter()
        .copied()
        .filter(|event| resource_id.is_none_or(|id| event.resource_id == id))
        .filter(|event| resource_name.is_none_or(|name| event.resource_name == name))
        .filter(|event| find.as_ref().is_none_or(|find| find.matches(&event.message)))
        .collect();
    let bytes: usize = scanned.iter().map(|event| event.row().to_string().len()).sum();
    let events: Value = matched.iter().rev().take(limit).map(|event| event.row()).collect();
    Ok(json!({
        "events": events,
        "statistics": {
            "recordsMatched": matched.len(),
            "recordsScanned": scanned.len(),
            "bytesScanned": bytes,
        },
    }))
}

/// The last 7 days, unless the query says otherwise; a day that it ends on is in it.
fn range(context: &Context<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let (query, now) = (&context.call.query, context.now);
    let date = |key: &str| match query.get(key) {
        None => Ok(None),
        Some(text) => dates::parse(text).map(Some).ok_or_else(|| Refusal::invalid(key, "date")),
    };
    let (start, end) = (date("start_date")?, date("end_date")?);
    let (from, to, until) = match (start, end) {
        (Some(start), Some(end)) => (start.start, end.start, end.end),
        (Some(start), None) => (start.start, start.start, start.start + LONGEST),
        (None, Some(end)) => (end.start - LONGEST, end.start, end.end),
        // What was done in this very moment belongs to it.
        (None, None) => (now - LONGEST, now, now + TimeDelta::milliseconds(1)),
    };
    if from > to || to - from > LONGEST {
        return Err(Refusal::bad_request("The date range can not be longer than 7 days"));
    }
    Ok((from, until))
}
