//! Dates as people write them.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tagoio::{DateInput, Timestamp};

use crate::failure::{Failure, Result};

/// A date of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    /// `2026-01-31`
    Day(NaiveDate),
    /// `2026-01-31T12:00:00Z`
    At(DateTime<Utc>),
    /// `7d`: before now.
    Ago(TimeDelta),
}

impl When {
    /// As requests have it.
    pub(crate) fn input(&self, now: DateTime<Utc>) -> DateInput {
        match self {
            Self::Day(day) => (*day).into(),
            other => other.begins(now).into(),
        }
    }

    /// The day that it is, or that it is in.
    pub(crate) fn day(&self, now: DateTime<Utc>) -> NaiveDate {
        self.begins(now).date_naive()
    }

    /// The moment that it is, or that it begins at.
    pub(crate) fn begins(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Self::At(date) => *date,
            Self::Ago(time) => now.checked_sub_signed(*time).unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let text = text.trim();
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Day(day));
        }
        if let Some(date) = Timestamp::from(text).utc() {
            return Ok(Self::At(date));
        }
        ago(text).map(Self::Ago).ok_or_else(|| {
            "it has to be like 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven days ago (h, d, w)".to_owned()
        })
    }
}

fn ago(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().next_back()?;
    let count = i64::from(text.strip_suffix(unit)?.parse::<u16>().ok()?);
    match unit {
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        'w' => TimeDelta::try_weeks(count),
        _ => None,
    }
}

/// Makes sure that a range doesn't end before it begins. Without an end it goes up to now.
pub(crate) fn check_range(from: &When, to: Option<&When>, now: DateTime<Utc>) -> Result<()> {
    let begin = from.begins(now);
    let Some(to) = to else {
        let problem = || format!("--from {} is yet to come", from.input(now));
        return if begin <= now { Ok(()) } else { Err(Failure::usage("invalid_range", problem())) };
    };
    // On one day anything goes: a day that ends a range does so at its end.
    if begin <= to.begins(now) || from.day(now) == to.day(now) && matches!(to, When::Day(_)) {
        return Ok(());
    }
    let (from, to) = (from.input(now), to.input(now));
    Err(Failure::usage("invalid_range", format!("--from {from} is after --to {to}")))
}

/// A time such as `90s`, `30m` or `2h`.
pub(crate) fn duration(text: &str) -> std::result::Result<Duration, String> {
    const UNITS: [(char, u64); 3] = [('s', 1), ('m', 60), ('h', 3600)];
    let unit = UNITS.iter().find_map(|(sign, seconds)| Some((text.strip_suffix(*sign)?, *seconds)));
    let seconds = unit.and_then(|(number, seconds)| number.parse::<u64>().ok()?.checked_mul(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "it has to be a number with s, m or h, such as 30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-31T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn dates_are_days_moments_and_times_ago() {
        for (text, sent) in [
            ("2026-01-01", "2026-01-01"),
            (" 2026-01-01T06:00:00+01:00", "2026-01-01T05:00:00.000Z"),
            ("2026-01-01 06:00:00", "2026-01-01T06:00:00.000Z"),
            ("0h", "2026-01-31T12:00:00.000Z"),
            ("36h", "2026-01-30T00:00:00.000Z"),
            ("7d", "2026-01-24T12:00:00.000Z"),
            ("2w", "2026-01-17T12:00:00.000Z"),
            ("65535w", "0770-01-31T12:00:00.000Z"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().input(now()).to_string(), sent, "{text}");
        }
        for text in ["", "d", "7", "7 d", "-7d", "65536d", "7é", "31.01.2026", "2026-02-30", "yesterday"] {
            assert!(text.parse::<When>().unwrap_err().contains("2026-01-31"), "{text}");
        }
        assert_eq!("36h".parse::<When>().unwrap().day(now()).to_string(), "2026-01-30");
    }

    #[test]
    fn a_range_has_a_start_and_then_an_end_which_is_now_unless_it_is_said() {
        for (from, to, fits) in [
            ("2026-01-01", "2026-01-01", true),
            ("2026-01-01T12:00:00Z", "2026-01-01", true),
            ("2026-01-01", "2026-01-01T12:00:00Z", true),
            ("2026-01-01T12:00:00Z", "2026-01-01T11:00:00Z", false),
            ("2026-01-02", "2026-01-01", false),
            ("7d", "8d", false),
            ("8d", "7d", true),
            ("1d", "2026-01-30", true),
        ] {
            let to_when: When = to.parse().unwrap();
            assert_eq!(check_range(&from.parse().unwrap(), Some(&to_when), now()).is_ok(), fits, "{from} {to}");
        }
        for (from, fits) in [("0h", true), ("2026-01-31", true), ("2026-01-31T12:00:01Z", false), ("9999-12-31", false)]
        {
            assert_eq!(check_range(&from.parse().unwrap(), None, now()).is_ok(), fits, "{from}");
        }
    }

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        for (text, seconds) in [
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("30m", Some(1800)),
            ("2h", Some(7200)),
            ("30", None),
            ("", None),
            ("m", None),
            ("-1m", None),
            ("1.5h", None),
            ("18446744073709551615h", None),
        ] {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
