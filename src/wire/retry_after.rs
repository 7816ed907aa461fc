use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::transport::Response;

/// How long an answer asks to wait: by its `Retry-After` header (seconds or a date) or, failing that, by one of TagoIO's
/// sentences: `Too many requests (Retry-After: 8)`, `… Please try again in 8 hours …`.
pub(crate) fn retry_after(response: &Response, now: DateTime<Utc>) -> Option<Duration> {
    response
        .header("retry-after")
        .and_then(|value| from_header(value.trim(), now))
        .or_else(|| from_text(response.body()))
}

fn from_header(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // A date that has passed asks for no wait.
    Some((http_date(value)? - now).to_std().unwrap_or_default())
}

/// A date in any of the three forms that HTTP knows; two of them are obsolete and must be understood all the same.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let obsolete = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let current = DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc());
    current.or_else(|| {
        let date = obsolete.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        Some(date.and_utc())
    })
}

fn from_text(body: &[u8]) -> Option<Duration> {
    // The sentence is short; a page of HTML need not be searched to its end.
    let body = &body[..body.len().min(4096)];
    let in_seconds = || {
        let rest = after(body, b"retry-after")?.trim_ascii_start();
        let (seconds, _) = number(rest.strip_prefix(b":")?.trim_ascii_start())?;
        Some(seconds)
    };
    let in_words = || {
        let (count, rest) = number(after(body, b"try again in ")?)?;
        let unit = rest.strip_prefix(b" ")?;
        let units: [(&[u8], u64); 4] = [(b"second", 1), (b"minute", 60), (b"hour", 3600), (b"day", 86_400)];
        let is_unit = |word: &[u8]| unit.get(..word.len()).is_some_and(|unit| unit.eq_ignore_ascii_case(word));
        let (_, seconds) = units.into_iter().find(|(word, _)| is_unit(word))?;
        count.checked_mul(seconds)
    };
    in_seconds().or_else(in_words).map(Duration::from_secs)
}

/// What comes after some words, whatever their case.
fn after<'a>(text: &'a [u8], words: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(words.len()).position(|window| window.eq_ignore_ascii_case(words))?;
    Some(&text[at + words.len()..])
}

/// The number that a text begins with, and what comes after it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (digits, rest) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_understood() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let header = |value: &str| Response::new(429).with_header("Retry-After", value);
        let body = |text: &str| Response::new(429).with_body(text);
        for (response, seconds) in [
            (header("8"), Some(8)),
            (header(" 8 "), Some(8)),
            (header("86400"), Some(86_400)),
            (header("Thu, 01 Jan 2026 00:00:30 GMT"), Some(30)),
            (header("Wed, 31 Dec 2025 23:59:30 GMT"), Some(0)),
            (header("Thursday, 01-Jan-26 00:00:30 GMT"), Some(30)),
            (header("Friday, 01-Jan-99 00:00:30 GMT"), Some(0)),
            (header("Thu Jan  1 00:00:30 2026"), Some(30)),
            (header("Sat Jan 10 00:00:00 2026"), Some(9 * 86_400)),
            (header("Fri, 01 Jan 2026 00:00:30 GMT"), None),
            (header("Thu, 32 Jan 2026 00:00:30 GMT"), None),
            (header("soon"), None),
            (header("-1"), None),
            (header("99999999999999999999999"), None),
            (body(r#"{"status":false,"message":"Too many requests (Retry-After: 8)"}"#), Some(8)),
            (body("too many requests (RETRY-AFTER:12)"), Some(12)),
            (body("Retry-After: now"), None),
            (body("Retry-After"), None),
            (body(""), None),
            (header("soon").with_body("Retry-After: 3"), Some(3)),
            (
                body("Daily backup limit reached (1 backups per day). Please try again in 8 hours or contact support"),
                Some(28_800),
            ),
            (body("TRY AGAIN IN 1 Hour."), Some(3600)),
            (body("try again in 90 seconds"), Some(90)),
            (body("try again in 2 minutes"), Some(120)),
            (body("try again in 1 day"), Some(86_400)),
            (body("try again in 8"), None),
            (body("try again in 8 weeks"), None),
            (body("try again in a moment"), None),
            (body("try again in 213503982334602 days"), None),
            (body("try again in 8 hours (Retry-After: 3)"), Some(3)),
        ] {
            assert_eq!(retry_after(&response, now), seconds.map(Duration::from_secs), "{response:?}");
        }
    }
}
