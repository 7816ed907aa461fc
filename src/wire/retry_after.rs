use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::transport::Response;

/// How long an answer asks to wait: by its `Retry-After` header (seconds or a date) or, failing that, by TagoIO's
/// sentence `Too many requests (Retry-After: 8)`.
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
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    // A date that has passed asks for no wait.
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

fn from_text(body: &[u8]) -> Option<Duration> {
    const NEEDLE: &[u8] = b"retry-after";
    // The sentence is short; a page of HTML need not be searched to its end.
    let body = &body[..body.len().min(4096)];
    let at = body.windows(NEEDLE.len()).position(|window| window.eq_ignore_ascii_case(NEEDLE))?;
    let rest = body[at + NEEDLE.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
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
            (header("soon"), None),
            (header("-1"), None),
            (header("99999999999999999999999"), None),
            (body(r#"{"status":false,"message":"Too many requests (Retry-After: 8)"}"#), Some(8)),
            (body("too many requests (RETRY-AFTER:12)"), Some(12)),
            (body("Retry-After: now"), None),
            (body("Retry-After"), None),
            (body(""), None),
            (header("soon").with_body("Retry-After: 3"), Some(3)),
        ] {
            assert_eq!(retry_after(&response, now), seconds.map(Duration::from_secs), "{response:?}");
        }
    }
}
