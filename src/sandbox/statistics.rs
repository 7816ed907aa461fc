//! Usage statistics: a function of the profile and the time, so that every range has its points and none is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

use super::access::Role;
use super::answer::{Answer, Refusal};
use super::dates;
use super::fields::is_time_zone;
use super::ids::{hash, mix};
use super::routes::Context;
use super::world::Profile;
use crate::wire::number;

/// How long points are kept.
const RETENTION: Months = Months::new(60);

/// Services whose amount is what there is, not what was used since the month began.
const LEVELS: [&str; 2] = ["data_records", "file_storage"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Period {
    Hour,
    Day,
    Month,
}

impl Period {
    /// What two moments of the same hour, day or month have in common.
    fn of(self, date: DateTime<Utc>) -> (i32, u32, u32) {
        match self {
            Self::Hour => (date.year(), date.ordinal(), date.hour()),
            Self::Day => (date.year(), date.ordinal(), 0),
            Self::Month => (date.year(), date.month(), 0),
        }
    }
}

/// The points of a day, or of a range; the last of each hour, day or month.
pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let id = context.profile(0, Role::Member)?;
    let (query, now) = (&context.call.query, context.now);
    if query.get("timezone").is_some_and(|zone| !is_time_zone(zone)) {
        return Err(Refusal::invalid("timezone", "timezone"));
    }
    let date = |key: &str| match query.get(key) {
        None => Ok(None),
        Some(text) => dates::parse(text).map(Some).ok_or_else(|| Refusal::invalid(key, "date")),
    };
    let (period, start, end) = match (date("date")?, date("start_date")?, date("end_date")?) {
        (None, Some(start), end) => {
            let period = match query.get("periodicity") {
                None | Some("hour") => Period::Hour,
                Some("day") => Period::Day,
                Some("month") => Period::Month,
                Some(_) => return Err(Refusal::bad_request("Invalid enum value")),
            };
            (period, start.start, end.map_or(now, |end| end.end))
        }
        (None, None, Some(_)) => return Err(Refusal::invalid("start_date", "required")),
        (day, ..) => {
            let day = day.map_or(now, |day| day.start).date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
            (Period::Hour, day, day + TimeDelta::days(1))
        }
    };
    if start > end {
        return Err(Refusal::bad_request("Invalid date range"));
    }
    let start = start.max(now.checked_sub_months(RETENTION).unwrap_or(start));
    Ok(Value::Array(points(&id, context.world.profile(&id)?, start, end.min(now), period)))
}

/// The amounts of this month so far.
pub(super) fn used_by(id: &str, profile: &Profile, now: DateTime<Utc>) -> Vec<(String, f64)> {
    let mut meter = Meter::new(id, profile);
    let last = last_hour(now);
    let mut hour = month_start(last).max(first_hour(profile));
    while hour <= last {
        meter.pass(hour);
        hour += TimeDelta::hours(1);
    }
    meter.amounts(last)
}

/// The hour whose point is the newest one.
fn last_hour(now: DateTime<Utc>) -> DateTime<Utc> {
    hour_of(now - TimeDelta::seconds(97))
}

fn points(id: &str, profile: &Profile, start: DateTime<Utc>, end: DateTime<Utc>, period: Period) -> Vec<Value> {
    let first = start.max(profile.created_at);
    let mut meter = Meter::new(id, profile);
    let mut points: Vec<((i32, u32, u32), Value)> = Vec::new();
    let mut hour = month_start(first).max(first_hour(profile));
    loop {
        let time = hour + TimeDelta::seconds(96) + TimeDelta::milliseconds(meter.jitter(hour));
        if time >= end {
            break;
        }
        meter.pass(hour);
        let amounts = if time >= first { meter.amounts(hour) } else { Vec::new() };
        if !amounts.is_empty() {
            let mut point = json!({"time": dates::text(time)});
            for (service, amount) in amounts {
                point[service] = number(amount);
            }
            let key = period.of(time);
            match points.last_mut() {
                Some((known, last)) if *known == key => *last = point,
                _ => points.push((key, point)),
            }
        }
        hour += TimeDelta::hours(1);
    }
    points.into_iter().map(|(_, point)| point).collect()
}

fn hour_of(date: DateTime<Utc>) -> DateTime<Utc> {
    date - TimeDelta::seconds(date.timestamp().rem_euclid(3600)) - TimeDelta::nanoseconds(date.nanosecond().into())
}

fn first_hour(profile: &Profile) -> DateTime<Utc> {
    hour_of(profile.created_at)
}

fn month_start(date: DateTime<Utc>) -> DateTime<Utc> {
    let day = date.date_naive();
    day.with_day(1).unwrap_or(day).and_time(chrono::NaiveTime::MIN).and_utc()
}

/// The users that are no longer there, as far as points of the past count them. It grows with the hours, not with the
/// users.
#[derive(Default)]
pub(super) struct FormerUsers {
    /// How many more, or fewer, there were from a full hour on.
    changes: BTreeMap<DateTime<Utc>, i64>,
}

impl FormerUsers {
    pub(super) fn add(&mut self, created_at: DateTime<Utc>, deleted_at: DateTime<Utc>) {
        let (from, until) = (full_hour(created_at), full_hour(deleted_at));
        if from < until {
            *self.changes.entry(from).or_default() += 1;
            *self.changes.entry(until).or_default() -= 1;
        }
    }

    /// How many there were from an hour on, up to the next one.
    pub(super) fn levels(&self) -> impl Iterator<Item = (DateTime<Utc>, u32)> {
        let add_up = |level: &mut i64, (hour, change): (&DateTime<Utc>, &i64)| {
            *level += change;
            Some((*hour, u32::try_from(*level).unwrap_or_default()))
        };
        self.changes.iter().scan(0, add_up)
    }
}

impl FromIterator<(DateTime<Utc>, u32)> for FormerUsers {
    fn from_iter<I: IntoIterator<Item = (DateTime<Utc>, u32)>>(levels: I) -> Self {
        let levels = BTreeMap::from_iter(levels);
        let changes = levels.into_iter().scan(0, |before, (hour, level)| {
            let change = i64::from(level) - *before;
            *before = level.into();
            Some((hour, change))
        });
        Self { changes: changes.collect() }
    }
}

/// The first full hour that isn't before a date.
fn full_hour(date: DateTime<Utc>) -> DateTime<Utc> {
    let hour = hour_of(date);
    if hour == date { hour } else { hour + TimeDelta::hours(1) }
}

/// Counts a profile's use, hour by hour.
struct Meter<'a> {
    seed: u64,
    created_at: DateTime<Utc>,
    counters: Vec<Counter<'a>>,
    levels: Vec<(&'a str, f64)>,
    /// When each user was created, in order.
    users: Vec<DateTime<Utc>>,
    /// How many users there were, from an hour on, that aren't there any more.
    former_users: Vec<(DateTime<Utc>, u32)>,
}

struct Counter<'a> {
    service: &'a str,
    seed: u64,
    hourly: f64,
    total: f64,
}

impl<'a> Meter<'a> {
    fn new(id: &str, profile: &'a Profile) -> Self {
        let seed = hash(id);
        let all = || profile.hourly_use.iter().map(|(service, hourly)| (service.as_str(), *hourly));
        let counted = all().filter(|(service, _)| !LEVELS.contains(service));
        let mut users: Vec<_> = profile.portal.users.iter().map(|user| user.created_at).collect();
        users.sort_unstable();
        Self {
            seed,
            created_at: profile.created_at,
            counters: counted
                .map(|(service, hourly)| Counter { service, seed: seed ^ hash(service), hourly, total: 0.0 })
                .collect(),
            levels: all().filter(|(service, _)| LEVELS.contains(service)).collect(),
            users,
            former_users: profile.portal.former_users.levels().collect(),
        }
    }

    /// How long after its full second an hour's point is, in milliseconds.
    fn jitter(&self, hour: DateTime<Utc>) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 1000")]
        let milliseconds = (chance(self.seed, hour) * 999.0) as i64;
        milliseconds
    }

    /// Adds what is used in an hour; a month begins at nothing.
    fn pass(&mut self, hour: DateTime<Utc>) {
        let begins_month = hour.day() == 1 && hour.hour() == 0;
        // People work by day.
        let busy = if (7..19).contains(&hour.hour()) { 1.4 } else { 0.6 };
        for counter in &mut self.counters {
            let amount = counter.hourly * busy * (0.75 + chance(counter.seed, hour) / 2.0);
            let used = if counter.service == "analysis" {
                amount
            } else {
                // What happens once in a few hours happens in some of them.
                let once_more = chance(!counter.seed, hour) < amount.fract();
                amount.trunc() + f64::from(u8::from(once_more))
            };
            counter.total = if begins_month { used } else { counter.total + used };
        }
    }

    /// What was used up to an hour; services that were not used are left out.
    fn amounts(&self, hour: DateTime<Utc>) -> Vec<(String, f64)> {
        let end = hour + TimeDelta::hours(1);
        let former = self.former_users.partition_point(|(from, _)| *from <= end).checked_sub(1);
        let former = former.and_then(|at| self.former_users.get(at)).map_or(0, |(_, count)| *count);
        #[expect(clippy::cast_precision_loss, reason = "hours and users are few")]
        let (age, users) = (
            (hour - self.created_at).num_hours().max(0) as f64,
            self.users.partition_point(|created| *created <= end) as f64 + f64::from(former),
        );
        let level = |(service, hourly): &(&'a str, f64)| {
            let amount = hourly * age;
            (*service, if *service == "file_storage" { cents(amount) } else { amount.trunc() })
        };
        let counters = self.counters.iter().map(|counter| (counter.service, cents(counter.total)));
        let all = counters.chain(self.levels.iter().map(level)).chain([("run_users", users)]);
        all.filter(|(_, amount)| *amount > 0.0).map(|(service, amount)| (service.to_owned(), amount)).collect()
    }
}

/// A number of an hour between 0 and 1.
fn chance(seed: u64, hour: DateTime<Utc>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let bits = (mix(seed ^ mix(hour.timestamp().unsigned_abs())) >> 32) as f64;
    bits / f64::from(u32::MAX)
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
