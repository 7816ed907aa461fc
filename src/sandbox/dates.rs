//! Dates as TagoIO's clients write them.

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::time::{Expiry, TimeUnit, Timestamp};

/// `2025-01-31T23:59:59.000Z`.
pub(super) fn text(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn json(date: DateTime<Utc>) -> Value {
    Value::String(text(date))
}

pub(super) fn json_or_null(date: Option<DateTime<Utc>>) -> Value {
    date.map_or(Value::Null, json)
}

/// A stretch of time that a text names: a whole day, a second or a moment.
pub(super) struct Span {
    pub(super) start: DateTime<Utc>,
    /// The first moment after it.
    pub(super) end: DateTime<Utc>,
}

/// Reads a date: ISO 8601 with or without a zone, a day, or what JavaScript's `String(date)` gives.
pub(super) fn parse(text: &str) -> Option<Span> {
    let span = |start: DateTime<Utc>, length: TimeDelta| Some(Span { start, end: start.checked_add_signed(length)? });
    let text = text.trim();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return span(sane(day.and_hms_opt(0, 0, 0)?.and_utc())?, TimeDelta::days(1));
    }
    let precision = if text.contains('.') { TimeDelta::milliseconds(1) } else { TimeDelta::seconds(1) };
    span(sane(moment(text)?)?, precision)
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Some(date) = Timestamp::from(text).utc() {
        return Some(date);
    }
    if let Ok(date) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z") {
        return Some(date.with_timezone(&Utc));
    }
    // "Mon Jan 01 2024 13:05:00 GMT+0100 (Central European Standard Time)"
    let javascript = text.split_once('(').map_or(text, |(date, _)| date).trim_end();
    DateTime::parse_from_str(javascript, "%a %b %d %Y %H:%M:%S GMT%z").ok().map(|date| date.with_timezone(&Utc))
}

/// Years of four digits: all others can't be written in TagoIO's form.
fn sane(date: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1..=9999).contains(&date.year()).then_some(date)
}

/// When something expires that was asked to expire by `text` (`never`, `3 months`, a date). The inner `None` is never.
#[expect(clippy::option_option, reason = "never is an answer, and nonsense is none")]
pub(super) fn expiry(text: &str, now: DateTime<Utc>) -> Option<Option<DateTime<Utc>>> {
    match text.parse().ok() {
        Some(Expiry::Never) => Some(None),
        Some(Expiry::After(count, unit)) => add(now, count, unit).map(Some),
        _ => parse(text).map(|span| Some(span.start)),
    }
}

/// How long ago `1 day` is.
pub(super) fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match text.parse().ok()? {
        Expiry::After(count, unit) => sane(match months(count, unit) {
            Some(months) => now.checked_sub_months(Months::new(months))?,
            None => now.checked_sub_signed(length(count, unit)?)?,
        }),
        _ => None,
    }
}

fn add(now: DateTime<Utc>, count: u32, unit: TimeUnit) -> Option<DateTime<Utc>> {
    sane(match months(count, unit) {
        Some(months) => now.checked_add_months(Months::new(months))?,
        None => now.checked_add_signed(length(count, unit)?)?,
    })
}

fn months(count: u32, unit: TimeUnit) -> Option<u32> {
    match unit {
        TimeUnit::Month => Some(count),
        // More years than there are months in a number are too many either way.
        TimeUnit::Year => Some(count.saturating_mul(12)),
        _ => None,
    }
}

fn length(count: u32, unit: TimeUnit) -> Option<TimeDelta> {
    let count = i64::from(count);
    match unit {
        TimeUnit::Minute => TimeDelta::try_minutes(count),
        TimeUnit::Hour => TimeDelta::try_hours(count),
        TimeUnit::Day => TimeDelta::try_days(count),
        TimeUnit::Week => TimeDelta::try_weeks(count),
        TimeUnit::Month | TimeUnit::Year => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_read_in_every_form_that_clients_write() {
        for (text, start) in [
            ("2024-09-01", "2024-09-01T00:00:00Z"),
            ("2024-09-01T01:02:03.456Z", "2024-09-01T01:02:03.456Z"),
            ("2024-09-01T01:02:03+02:00", "2024-08-31T23:02:03Z"),
            ("2024-09-01 01:02:03", "2024-09-01T01:02:03Z"),
            ("2024-09-01 01:02:03.456000+00:00", "2024-09-01T01:02:03.456Z"),
            ("Mon Jan 01 2024 13:05:00 GMT+0100 (Central European Standard Time)", "2024-01-01T12:05:00Z"),
        ] {
            assert_eq!(parse(text).map(|span| span.start), Some(utc(start)), "{text}");
        }
        for text in ["", "soon", "2024-13-01", "+12345-01-01T00:00:00Z", "-0001-01-01", "1 day"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_expiry_is_never_a_date_or_a_while_from_now() {
        let now = utc("2024-01-31T10:00:00Z");
        for (text, expires) in [
            ("never", Some(None)),
            ("Never", Some(None)),
            ("90 minutes", Some(Some("2024-01-31T11:30:00Z"))),
            ("8 hours", Some(Some("2024-01-31T18:00:00Z"))),
            ("1 day", Some(Some("2024-02-01T10:00:00Z"))),
            ("2 week", Some(Some("2024-02-14T10:00:00Z"))),
            ("1 month", Some(Some("2024-02-29T10:00:00Z"))),
            ("3 month", Some(Some("2024-04-30T10:00:00Z"))),
            ("1 years", Some(Some("2025-01-31T10:00:00Z"))),
            ("2024-02-01", Some(Some("2024-02-01T00:00:00Z"))),
            ("4294967295 years", None),
            ("4294967295 days", None),
            ("eight hours", None),
            ("", None),
        ] {
            assert_eq!(expiry(text, now), expires.map(|date| date.map(utc)), "{text}");
        }
        assert_eq!(ago("1 month", utc("2024-03-31T00:00:00Z")), Some(utc("2024-02-29T00:00:00Z")));
    }
}
