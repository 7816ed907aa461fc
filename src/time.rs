//! Dates as TagoIO writes and reads them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::patch::Patch;

/// The form TagoIO writes: `2025-01-31T23:59:59.000Z`.
fn to_text(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A date in an answer.
///
/// TagoIO writes dates in UTC as RFC 3339; an offset is taken into account, and a date without one is read as UTC. A
/// date in a form that nobody expected does not cost the whole answer: it is kept as [`Timestamp::Other`].
///
/// ```
/// use tagoio::Timestamp;
///
/// let read = |text| serde_json::from_str::<Timestamp>(text);
/// assert_eq!(read(r#""2025-01-31T23:30:00+02:00""#)?.to_string(), "2025-01-31T21:30:00.000Z");
/// assert_eq!(read(r#""yesterday""#)?, Timestamp::Other("yesterday".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timestamp {
    /// A date.
    At(DateTime<Utc>),
    /// What TagoIO sent instead of a date; empty for nothing.
    Other(String),
}

impl Timestamp {
    /// The date; `None` when TagoIO sent something else.
    pub fn utc(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(date) => Some(*date),
            Self::Other(_) => None,
        }
    }
}

/// Nothing: what stands where TagoIO sent no date at all.
impl Default for Timestamp {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(date: DateTime<Utc>) -> Self {
        Self::At(date)
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        parse(text).map_or_else(|| Self::Other(text.to_owned()), Self::At)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(date) => f.pad(&to_text(*date)),
            Self::Other(text) => f.pad(text),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lenient;

        impl<'de> Visitor<'de> for Lenient {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date")
            }

            fn visit_unit<E>(self) -> Result<Timestamp, E> {
                Ok(Timestamp::default())
            }

            fn visit_str<E>(self, text: &str) -> Result<Timestamp, E> {
                Ok(text.into())
            }

            fn visit_i64<E>(self, milliseconds: i64) -> Result<Timestamp, E> {
                Ok(DateTime::from_timestamp_millis(milliseconds)
                    .map_or_else(|| Timestamp::Other(milliseconds.to_string()), Timestamp::At))
            }

            fn visit_u64<E: serde::de::Error>(self, milliseconds: u64) -> Result<Timestamp, E> {
                match i64::try_from(milliseconds) {
                    Ok(milliseconds) => self.visit_i64(milliseconds),
                    Err(_) => Ok(Timestamp::Other(milliseconds.to_string())),
                }
            }

            fn visit_f64<E>(self, number: f64) -> Result<Timestamp, E> {
                Ok(Timestamp::Other(number.to_string()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Timestamp, E> {
                Ok(Timestamp::Other(value.to_string()))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Timestamp, A::Error> {
                serde_json::Map::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(|map| Timestamp::Other(serde_json::Value::Object(map).to_string()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Timestamp, A::Error> {
                serde_json::Value::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))
                    .map(|array| Timestamp::Other(array.to_string()))
            }
        }

        deserializer.deserialize_any(Lenient)
    }
}

/// A date in any of the forms TagoIO documents.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Some(date) = parse_own_form(text) {
        return Some(date);
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.with_timezone(&Utc));
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(date) = NaiveDateTime::parse_from_str(text, form) {
            return Some(date.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

/// A date in exactly the form that TagoIO writes, [`to_text`]'s. Nearly all dates are, and a user has three of them: here
/// one takes 240 instructions, by chrono's parser 440, which is 5 % of a list of users. Which days and hours there are,
/// chrono says all the same, and what isn't of this form (a leap second, say) is left to its parser.
fn parse_own_form(text: &str) -> Option<DateTime<Utc>> {
    #[rustfmt::skip]
    let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1, b'.', f0, f1, f2, b'Z'] =
        *text.as_bytes()
    else {
        return None;
    };
    let digits =
        [y0, y1, y2, y3, o0, o1, d0, d1, h0, h1, m0, m1, s0, s1, f0, f1, f2].map(|digit| digit.wrapping_sub(b'0'));
    if digits.into_iter().fold(0, u8::max) > 9 {
        return None;
    }
    let [y0, y1, y2, y3, o0, o1, d0, d1, h0, h1, m0, m1, s0, s1, f0, f1, f2] = digits.map(u32::from);
    let year = i32::try_from(y0 * 1000 + y1 * 100 + y2 * 10 + y3).ok()?;
    let day = NaiveDate::from_ymd_opt(year, o0 * 10 + o1, d0 * 10 + d1)?;
    let moment = day.and_hms_milli_opt(h0 * 10 + h1, m0 * 10 + m1, s0 * 10 + s1, f0 * 100 + f1 * 10 + f2)?;
    Some(moment.and_utc())
}

/// A date in a request: a moment, a day, or any text that TagoIO's lenient date parser takes (`1 day`, say).
///
/// ```
/// use chrono::{NaiveDate, TimeZone, Utc};
/// use tagoio::DateInput;
///
/// let moment: DateInput = Utc.with_ymd_and_hms(2024, 9, 1, 1, 2, 3).unwrap().into();
/// assert_eq!(moment.to_string(), "2024-09-01T01:02:03.000Z");
/// let day: DateInput = NaiveDate::from_ymd_opt(2024, 9, 1).unwrap().into();
/// assert_eq!(day.to_string(), "2024-09-01");
/// assert_eq!(DateInput::from("1 day").to_string(), "1 day");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateInput {
    /// A moment; sent in UTC with milliseconds.
    At(DateTime<Utc>),
    /// A day; sent as `YYYY-MM-DD`.
    Day(NaiveDate),
    /// A text; sent as it is.
    Text(String),
}

impl From<DateTime<Utc>> for DateInput {
    fn from(date: DateTime<Utc>) -> Self {
        Self::At(date)
    }
}

impl From<NaiveDate> for DateInput {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

/// Text that is exactly what a moment or a day would be sent as becomes one; all other text stays as it is.
impl From<&str> for DateInput {
    fn from(text: &str) -> Self {
        let moment = parse(text).map(Self::At);
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Day);
        [moment, day]
            .into_iter()
            .flatten()
            .find(|date| date.to_string() == text)
            .unwrap_or_else(|| Self::Text(text.to_owned()))
    }
}

impl From<String> for DateInput {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Display for DateInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(date) => f.pad(&to_text(*date)),
            Self::Day(day) => f.pad(&day.format("%Y-%m-%d").to_string()),
            Self::Text(text) => f.pad(text),
        }
    }
}

impl Serialize for DateInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A unit of time in [`Expiry::After`].
///
/// ```
/// use tagoio::{Expiry, TimeUnit};
///
/// assert_eq!(Expiry::after(3, TimeUnit::Month).to_string(), "3 months");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
#[non_exhaustive]
pub enum TimeUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl TimeUnit {
    const ALL: [Self; 6] = [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// When a token expires: never, at a date, or after a while.
///
/// TagoIO takes all three, and answers with a date, with `"never"`, or with `null` for never. `"never"` is what is sent
/// for never.
///
/// ```
/// use tagoio::{Expiry, TimeUnit};
///
/// assert_eq!(Expiry::after(3, TimeUnit::Month).to_string(), "3 months");
/// assert_eq!("90 minutes".parse::<Expiry>()?, Expiry::after(90, TimeUnit::Minute));
/// assert_eq!("never".parse::<Expiry>()?, Expiry::Never);
/// assert!("whenever".parse::<Expiry>().is_err());
/// # Ok::<(), tagoio::Error>(())
/// ```
#[doc(alias = "ExpireTimeOption")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// It doesn't.
    Never,
    /// At a date.
    At(DateTime<Utc>),
    /// A while after its creation.
    After(u32, TimeUnit),
    /// Something that none of these is: what TagoIO sent, or what a caller wants to be sent as it is.
    Other(String),
}

impl Expiry {
    /// After so many minutes, hours, days, weeks, months or years.
    pub fn after(count: u32, unit: TimeUnit) -> Self {
        Self::After(count, unit)
    }

    /// The date; `None` when it isn't one.
    pub fn utc(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(date) => Some(*date),
            Self::Never | Self::After(..) | Self::Other(_) => None,
        }
    }
}

/// Text that is exactly what another variant would be sent as becomes that one; all other text stays as it is. To read
/// what a person writes, [parse](str::parse) it.
impl From<&str> for Expiry {
    fn from(text: &str) -> Self {
        text.parse()
            .ok()
            .filter(|expiry: &Self| expiry.to_string() == text)
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl From<&str> for Patch<Expiry> {
    fn from(text: &str) -> Self {
        Self::Set(text.into())
    }
}

/// The expiry in an answer that mints a token: TagoIO's server calls it one thing, its documentation another.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExpiryOfAnswer {
    #[serde(deserialize_with = "null_is_never")]
    expire_time: Option<Expiry>,
    #[serde(deserialize_with = "null_is_never")]
    expire_date: Option<Expiry>,
}

impl ExpiryOfAnswer {
    pub(crate) fn either(self) -> Option<Expiry> {
        self.expire_time.or(self.expire_date)
    }
}

/// Reads the expiry of an answer: `null` is never. What is left out is `None`, together with `#[serde(default)]`.
pub(crate) fn null_is_never<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Expiry>, D::Error> {
    Expiry::deserialize(deserializer).map(Some)
}

/// Reads the expiry of a request, which is sent as it was written.
pub(crate) fn expiry_as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Expiry>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map_or(Patch::Clear, |text| Patch::Set(text.as_str().into())))
}

impl From<DateTime<Utc>> for Expiry {
    fn from(date: DateTime<Utc>) -> Self {
        Self::At(date)
    }
}

impl FromStr for Expiry {
    type Err = crate::Error;

    /// Reads what a person writes: `never`, `3 months` (or `3 month`), a date.
    fn from_str(text: &str) -> crate::Result<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        if let Some(date) = parse(text) {
            return Ok(Self::At(date));
        }
        let duration = || {
            let (count, unit) = text.split_once(char::is_whitespace)?;
            let unit = unit.trim().to_ascii_lowercase();
            let unit = unit.strip_suffix('s').unwrap_or(&unit);
            let unit = TimeUnit::ALL.into_iter().find(|known| known.name() == unit)?;
            Some(Self::After(count.parse().ok()?, unit))
        };
        duration().ok_or_else(|| {
            crate::Error::config("expiry", format!("{text:?} is not `never`, a date, or something like `3 months`"))
        })
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.pad("never"),
            Self::At(date) => f.pad(&to_text(*date)),
            Self::After(count, unit) => {
                let plural = if *count == 1 { "" } else { "s" };
                f.pad(&format!("{count} {}{plural}", unit.name()))
            }
            Self::Other(text) => f.pad(text),
        }
    }
}

impl Serialize for Expiry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<Timestamp>::deserialize(deserializer)? {
            None => Self::Never,
            Some(Timestamp::At(date)) => Self::At(date),
            Some(Timestamp::Other(text)) => text.as_str().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn every_documented_form_of_a_date_is_read() {
        for (sent, read) in [
            (json!("2024-09-01T01:02:03.456Z"), "2024-09-01T01:02:03.456Z"),
            (json!("2024-09-01T01:02:03+02:00"), "2024-08-31T23:02:03Z"),
            (json!("2024-09-01T01:02:03-0330"), ""),
            (json!("2024-09-01 01:02:03"), "2024-09-01T01:02:03Z"),
            (json!("2024-09-01T01:02:03"), "2024-09-01T01:02:03Z"),
            (json!("2024-09-01"), "2024-09-01T00:00:00Z"),
            (json!(1_725_152_523_456_i64), "2024-09-01T01:02:03.456Z"),
            (json!("2024-13-01"), ""),
            (json!(""), ""),
            (json!(true), ""),
            (json!(1.5), ""),
            (json!(u64::MAX), ""),
            (json!({"$date": 1}), ""),
            (json!([1]), ""),
            (json!(null), ""),
        ] {
            let timestamp: Timestamp = from_value(sent.clone()).unwrap();
            let expected = (!read.is_empty()).then(|| utc(read));
            assert_eq!(timestamp.utc(), expected, "{sent}");
            if let Some(date) = expected {
                assert_eq!(timestamp, Timestamp::from(date));
                assert_eq!(timestamp.to_string(), to_text(date));
            } else {
                let kept = match &sent {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(timestamp, Timestamp::Other(kept));
            }
        }
    }

    #[test]
    fn the_form_that_tagoio_writes_is_read_as_chrono_reads_it() {
        for (text, is_date) in [
            ("2024-09-01T01:02:03.456Z", true),
            ("2024-02-29T23:59:59.999Z", true),
            ("2000-02-29T00:00:00.000Z", true),
            ("0000-01-01T00:00:00.000Z", true),
            ("9999-12-31T23:59:59.999Z", true),
            ("2023-02-29T00:00:00.000Z", false),
            ("1900-02-29T00:00:00.000Z", false),
            ("2024-04-31T00:00:00.000Z", false),
            ("2024-00-01T00:00:00.000Z", false),
            ("2024-13-01T00:00:00.000Z", false),
            ("2024-01-00T00:00:00.000Z", false),
            ("2024-01-01T24:00:00.000Z", false),
            ("2024-01-01T00:60:00.000Z", false),
            ("2024-01-01T00:00:61.000Z", false),
            ("2024-01-01T00:00:0:.000Z", false),
            ("2024-01-01T00:00:0/.000Z", false),
            ("2024-01-01T00:00:00,000Z", false),
            ("+024-01-01T00:00:00.000Z", false),
        ] {
            let by_chrono = DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc());
            assert_eq!((parse_own_form(text), by_chrono.is_some()), (by_chrono, is_date), "{text}");
        }
        for left_to_chrono in [
            "2016-12-31T23:59:60.000Z",
            "2024-09-01T01:02:03Z",
            "2024-09-01T01:02:03.45Z",
            "2024-09-01T01:02:03.4567Z",
            "2024-09-01t01:02:03.456z",
            "2024-09-01 01:02:03.456Z",
            "2024-09-01T01:02:03.456+00:00",
        ] {
            assert_eq!(parse_own_form(left_to_chrono), None, "{left_to_chrono}");
            assert!(parse(left_to_chrono).is_some(), "{left_to_chrono}");
        }
    }

    #[test]
    fn a_date_in_a_request_is_sent_as_it_was_written() {
        for text in [
            "2024-09-01T01:02:03.456Z",
            "2024-09-01T01:02:03Z",
            "2024-09-01T01:02:03.456+02:00",
            "2024-09-01 01:02:03",
            "2024-09-01",
            "2024-9-1",
            "Mon Jan 01 2024",
            "1 day",
            "",
        ] {
            let date: DateInput = from_value(json!(text)).unwrap();
            assert_eq!(date.to_string(), text);
        }
        assert_eq!(DateInput::from("2024-09-01"), DateInput::Day(NaiveDate::from_ymd_opt(2024, 9, 1).unwrap()));
        assert!(matches!(DateInput::from("2024-09-01T00:00:00.000Z"), DateInput::At(_)));
    }

    #[test]
    fn an_expiry_is_read_in_each_form_and_never_fails() {
        for (sent, read) in [
            (json!(null), Expiry::Never),
            (json!("never"), Expiry::Never),
            (json!("2025-01-01T00:00:00.000Z"), Expiry::At(utc("2025-01-01T00:00:00Z"))),
            (json!("2025-01-01T02:00:00+02:00"), Expiry::At(utc("2025-01-01T00:00:00Z"))),
            (json!("3 months"), Expiry::After(3, TimeUnit::Month)),
            (json!("1 year"), Expiry::After(1, TimeUnit::Year)),
            (json!("3 month"), Expiry::Other("3 month".to_owned())),
            (json!("Never"), Expiry::Other("Never".to_owned())),
            (json!("soon"), Expiry::Other("soon".to_owned())),
            (json!(""), Expiry::Other(String::new())),
        ] {
            assert_eq!(from_value::<Expiry>(sent).unwrap(), read);
            let date = if let Expiry::At(date) = read { Some(date) } else { None };
            assert_eq!(read.utc(), date);
        }
        assert_eq!(Patch::from("3 months"), Patch::Set(Expiry::After(3, TimeUnit::Month)));
    }

    #[test]
    fn what_a_person_writes_is_understood() {
        for (text, expiry) in [
            ("NEVER", Expiry::Never),
            (" 3 month ", Expiry::After(3, TimeUnit::Month)),
            ("1 Hours", Expiry::After(1, TimeUnit::Hour)),
            ("2025-01-01", Expiry::At(utc("2025-01-01T00:00:00Z"))),
        ] {
            assert_eq!(text.parse::<Expiry>().unwrap(), expiry);
        }
        for text in ["", "3", "months", "-1 day", "1.5 days", "3 fortnights", "99999999999 days"] {
            assert!(text.parse::<Expiry>().is_err(), "{text}");
        }
    }
}
