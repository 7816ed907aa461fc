use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Answer, Body, Bytes, Recorded};
use crate::transport::{Request, Response};
use crate::wire::{ENCODED, download_address, guises, is_sensitive_key, is_signed_address};

/// Stands where a secret of the program stood. Those that came in an answer are numbered, so that tokens in a list stay
/// distinct. It is ASCII, so that a token of a replayed answer can go into a header or a path.
const REDACTED: &str = "REDACTED";

/// Headers of answers that matter to who reads them. No other one is kept.
const KEPT_HEADERS: [&str; 2] = ["content-type", "retry-after"];

/// Below that, what looks like a secret would be found in every other word.
const SHORTEST_IN_TEXT: usize = 4;
/// Keys of objects are names nearly always, and a password may be a name; so only what is long is looked for in names.
const SHORTEST_IN_NAME: usize = 16;

/// The secrets that were seen so far, which may turn up again anywhere.
#[derive(Default)]
pub(super) struct Secrets {
    /// The longest first: one may be the beginning of another.
    known: Vec<Known>,
    minted: usize,
}

struct Known {
    secret: Zeroizing<String>,
    placeholder: String,
}

impl Secrets {
    /// What a cassette keeps of a request. Its secrets are remembered.
    pub(super) fn request(&mut self, request: &Request) -> Recorded {
        self.learn_request(request);
        self.redact_request(request)
    }

    /// What a cassette keeps of an answer to a request. Its secrets are remembered.
    pub(super) fn answer(&mut self, request: &Request, response: &Response) -> Answer {
        for_each_secret_in(response.body(), &mut |secret| self.learn_minted(secret));
        if let Ok(body) = serde_json::from_slice(without_bom(response.body())) {
            if let Some(address) = download_address(request, &body) {
                self.learn_minted(address);
            }
        }
        let headers = KEPT_HEADERS.into_iter().filter_map(|name| {
            let value = response.header(name)?;
            Some((name.to_owned(), self.text(value, SHORTEST_IN_TEXT)))
        });
        Answer { status: response.status(), headers: headers.collect(), body: self.body(response.body()) }
    }

    /// What a cassette keeps of a request, as far as its secrets are known.
    pub(super) fn redact_request(&self, request: &Request) -> Recorded {
        Recorded {
            method: request.method(),
            path: self.path(request),
            query: self.query(request),
            body: request.body().and_then(|body| self.body(body)),
        }
    }

    fn learn_request(&mut self, request: &Request) {
        for secret in request.secrets() {
            self.learn(secret);
        }
        for (_, value) in request.headers().filter(|(name, _)| is_sensitive_header(name)) {
            // `Bearer` and the like is no secret.
            self.learn(value.rsplit(' ').next().unwrap_or_default());
        }
        for (before, segment) in segments(request) {
            if is_sensitive_key(&before) {
                self.learn(&segment);
            }
        }
        for (key, value) in pairs(request) {
            if is_sensitive_parameter(&key) {
                self.learn(&value);
            }
        }
        for_each_secret_in(request.body().unwrap_or_default(), &mut |secret| self.learn(secret));
    }

    fn learn(&mut self, secret: &str) {
        self.remember(secret, || REDACTED.to_owned());
    }

    fn learn_minted(&mut self, secret: &str) {
        let number = self.minted + 1;
        if self.remember(secret, || format!("{REDACTED}-{number}")) {
            self.minted = number;
        }
    }

    /// Whether the secret is new.
    fn remember(&mut self, secret: &str, placeholder: impl FnOnce() -> String) -> bool {
        if secret.chars().count() < SHORTEST_IN_TEXT || is_placeholder(secret) || self.placeholder(secret).is_some() {
            return false;
        }
        let placeholder = placeholder();
        for guise in guises(secret) {
            if self.placeholder(&guise).is_none() {
                let at = self.known.partition_point(|known| known.secret.len() >= guise.len());
                self.known.insert(at, Known { secret: guise, placeholder: placeholder.clone() });
            }
        }
        true
    }

    fn placeholder(&self, secret: &str) -> Option<&str> {
        self.known.iter().find_map(|known| (*known.secret == secret).then_some(known.placeholder.as_str()))
    }

    /// A text that is known to be a secret.
    fn secret(&self, secret: &str) -> String {
        if secret.is_empty() || is_placeholder(secret) {
            secret.to_owned()
        } else {
            self.placeholder(secret).unwrap_or(REDACTED).to_owned()
        }
    }

    /// A text that may hold secrets.
    fn text(&self, text: &str, shortest: usize) -> String {
        if let Some(value) = quoted_json(text) {
            let clean = self.value(value.clone(), false);
            return if clean == value { text.to_owned() } else { clean.to_string() };
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        for range in fragments(text) {
            pieces.push(Piece::Text(&text[at..range.start]));
            pieces.push(Piece::Placeholder(self.secret(&unescaped(&text[range.clone()])).into()));
            at = range.end;
        }
        pieces.push(Piece::Text(&text[at..]));
        for Known { secret, placeholder } in &self.known {
            if secret.len() >= shortest && text.contains(secret.as_str()) {
                pieces = pieces.into_iter().flat_map(|piece| piece.without(secret, placeholder)).collect();
            }
        }
        pieces.iter().map(Piece::as_str).collect()
    }

    /// A key of an object or of a query.
    fn key(&self, key: &str) -> String {
        let is_name = key.chars().all(|c| c.is_alphanumeric() || "_-.[]".contains(c));
        self.text(key, if is_name { SHORTEST_IN_NAME } else { SHORTEST_IN_TEXT })
    }

    fn value(&self, value: Value, sensitive: bool) -> Value {
        match value {
            Value::String(text) if sensitive => Value::String(self.secret(&text)),
            Value::Number(number) if sensitive => Value::String(self.secret(&number.to_string())),
            // A code may turn up again as a number, under any name.
            Value::Number(number) => match self.placeholder(&number.to_string()) {
                Some(placeholder) => Value::String(placeholder.to_owned()),
                None => Value::Number(number),
            },
            Value::String(text) => Value::String(self.text(&text, SHORTEST_IN_TEXT)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item, sensitive)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(key, member)| {
                    let sensitive = sensitive || is_sensitive_key(&key);
                    (self.key(&key), self.value(member, sensitive))
                })
                .collect::<Map<_, _>>()
                .into(),
            other @ (Value::Null | Value::Bool(_)) => other,
        }
    }

    fn body(&self, body: &[u8]) -> Option<Body> {
        if body.is_empty() {
            return None;
        }
        let Ok(text) = std::str::from_utf8(body) else {
            let lossy = String::from_utf8_lossy(body);
            let clean = self.text(&lossy, SHORTEST_IN_TEXT);
            // What holds a secret is not kept byte by byte.
            return Some(if clean == lossy { Body::Base64(Bytes(body.to_vec())) } else { Body::Text(clean) });
        };
        let Ok(value) = serde_json::from_slice(without_bom(body)) else {
            return Some(Body::Text(self.text(text, SHORTEST_IN_TEXT)));
        };
        let value = self.value(value, false);
        Some(if survives(&value) { Body::Json(value) } else { Body::Text(value.to_string()) })
    }

    /// The path with each segment encoded in the same way, whoever wrote it.
    fn path(&self, request: &Request) -> String {
        let template: Vec<&str> = request.route().template().split('/').collect();
        let clean = |(index, (before, segment)): (usize, (String, String))| {
            if template.get(index) == Some(&segment.as_str()) {
                segment
            } else if is_sensitive_key(&before) {
                self.secret(&segment)
            } else {
                self.text(&segment, SHORTEST_IN_TEXT)
            }
        };
        let segments = segments(request).enumerate().map(clean);
        segments.map(|segment| utf8_percent_encode(&segment, ENCODED).to_string()).collect::<Vec<_>>().join("/")
    }

    fn query(&self, request: &Request) -> Vec<String> {
        let clean = |(key, value): (String, String)| {
            let value =
                if is_sensitive_parameter(&key) { self.secret(&value) } else { self.text(&value, SHORTEST_IN_TEXT) };
            format!("{}={value}", self.key(&key))
        };
        pairs(request).map(clean).collect()
    }
}

/// A piece of a text. What stands for a secret isn't looked at again: another secret may look like a part of it.
enum Piece<'a> {
    Text(&'a str),
    Placeholder(Cow<'a, str>),
}

impl<'a> Piece<'a> {
    /// Itself, or what is left of it around a secret.
    fn without(self, secret: &str, placeholder: &'a str) -> Vec<Self> {
        let Self::Text(text) = self else { return vec![self] };
        let mut pieces = Vec::new();
        for kept in text.split(secret) {
            if !pieces.is_empty() {
                pieces.push(Self::Placeholder(placeholder.into()));
            }
            pieces.push(Self::Text(kept));
        }
        pieces
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Placeholder(text) => text,
        }
    }
}

fn is_placeholder(text: &str) -> bool {
    let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix(REDACTED).is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(number))
}

fn is_sensitive_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_sensitive_key(&name) || name.ends_with("-token") || name.ends_with("authorization") || name == "cookie"
}

/// `token`, `filter[token]`.
fn is_sensitive_parameter(key: &str) -> bool {
    key.split(['[', ']']).any(is_sensitive_key)
}

/// The JSON document that a text is, if it is one with parts.
fn quoted_json(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

/// The segments of the path, decoded, each with the one before it.
fn segments(request: &Request) -> impl Iterator<Item = (String, String)> {
    let mut before = String::new();
    request.path().split('/').map(move |segment| {
        let segment = decoded(segment);
        (std::mem::replace(&mut before, segment.clone()), segment)
    })
}

/// The parameters of the query, decoded.
fn pairs(request: &Request) -> impl Iterator<Item = (String, String)> {
    let query = request.query().unwrap_or_default();
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key), decoded(value))
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn for_each_secret_in(body: &[u8], found: &mut impl FnMut(&str)) {
    if let Ok(value) = serde_json::from_slice(without_bom(body)) {
        return for_each_secret(&value, false, found);
    }
    let text = String::from_utf8_lossy(body);
    for range in fragments(&text) {
        found(&unescaped(&text[range]));
    }
}

fn for_each_secret(value: &Value, sensitive: bool, found: &mut impl FnMut(&str)) {
    match value {
        Value::String(secret) if sensitive || is_signed_address(secret) => found(secret),
        Value::Number(secret) if sensitive => found(&secret.to_string()),
        Value::String(text) => {
            if let Some(value) = quoted_json(text) {
                for_each_secret(&value, false, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_secret(item, sensitive, found)),
        Value::Object(members) => {
            for (key, member) in members {
                for_each_secret(member, sensitive || is_sensitive_key(key), found);
            }
        }
        _ => {}
    }
}

/// Whether a value is the same after it was written into a cassette and read again. Numbers with many digits and values
/// that are nested very deeply aren't.
fn survives(value: &Value) -> bool {
    const DEPTH_IN_CASSETTE: usize = 8;
    let in_place = format!("{}{value}{}", "[".repeat(DEPTH_IN_CASSETTE), "]".repeat(DEPTH_IN_CASSETTE));
    let Ok(read) = serde_json::from_str::<Value>(&in_place) else {
        return false;
    };
    let mut read = &read;
    for _ in 0..DEPTH_IN_CASSETTE {
        read = &read[0];
    }
    read == value
}

/// Where the values of `"token": "…"` and the like, and addresses that let in whoever has them, are in a text that has
/// pieces of JSON in it: an answer that was cut off, say.
fn fragments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(quote) = text[at..].find('"') {
        at += quote + 1;
        let Some((key, after)) = text[at..].split_once('"') else { break };
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        let is_signed = |value: &str| {
            let string = value.strip_prefix('"').map(|string| &string[..end_of_string(string)]);
            string.is_some_and(|string| is_signed_address(&unescaped(string)))
        };
        let Some(value) = value.filter(|value| is_sensitive_key(key) || is_signed(value)) else { continue };
        let start = text.len() - value.len();
        let range = match value.strip_prefix('"') {
            Some(string) => start + 1..start + 1 + end_of_string(string),
            None => start..start + value.bytes().take_while(u8::is_ascii_digit).count(),
        };
        at = range.end;
        found.push(range);
    }
    found
}

/// The text of a JSON string that stands between quotes; itself when it was cut off in the middle of an escape.
fn unescaped(quoted: &str) -> String {
    serde_json::from_str(&format!("\"{quoted}\"")).unwrap_or_else(|_| quoted.to_owned())
}

/// Where the closing quote of a JSON string is, or the end when it has none.
fn end_of_string(string: &str) -> usize {
    let mut escaped = false;
    string
        .bytes()
        .position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        })
        .unwrap_or(string.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Method;
    use serde_json::json;

    #[test]
    fn secrets_in_pieces_of_json_are_blacked_out() {
        for (text, clean) in [
            (r#"{"result":{"token":"canary","name":"#, r#"{"result":{"token":"REDACTED","name":"#),
            (r#"{"token" : "can\"ary", "a":1}"#, r#"{"token" : "REDACTED", "a":1}"#),
            (r#"{"token":"canary"#, r#"{"token":"REDACTED"#),
            (r#"{"pin_code": 123456, "a":1}"#, r#"{"pin_code": REDACTED, "a":1}"#),
            (r#"{"a":"b","password":"canary"}"#, r#"{"a":"b","password":"REDACTED"}"#),
            (r#"say "hello": "world""#, r#"say "hello": "world""#),
            (r#""token""#, r#""token""#),
            (r#"{"token":null}"#, r#"{"token":null}"#),
            (r#"{"token":"", "password":"x"}"#, r#"{"token":"", "password":"REDACTED"}"#),
            (r#"{"token":"a","token":"b" "token":"c\"#, r#"{"token":"REDACTED","token":"REDACTED" "token":"REDACTED"#),
            (r#""token":"#, r#""token":"#),
            (r#"{"url":"https:\/\/h/x?X-Amz-Signature=0a","b":"c","#, r#"{"url":"REDACTED","b":"c","#),
            (r#"{"url":"https://h/x","b":"#, r#"{"url":"https://h/x","b":"#),
            (r#"{"token":"ção","é":"#, r#"{"token":"REDACTED","é":"#),
            ("", ""),
        ] {
            let read = Secrets::default().text(&format!("> {text}"), SHORTEST_IN_TEXT);
            assert_eq!(read, format!("> {clean}"));
        }
    }

    #[test]
    fn minted_secrets_stay_distinct_and_longer_ones_come_first() {
        let mut secrets = Secrets::default();
        secrets.learn_minted("p-canary");
        secrets.learn_minted("p-canary-2");
        secrets.learn_minted("p-canary");
        secrets.learn("hunter2/");
        secrets.learn("abc");
        secrets.learn("REDACTED-1");
        let text = secrets.text("p-canary-2 p-canary hunter2/ hunter2%2F abc REDACTED-1", SHORTEST_IN_TEXT);
        assert_eq!(text, "REDACTED-2 REDACTED-1 REDACTED REDACTED abc REDACTED-1");
        assert_eq!(secrets.secret("abc"), "REDACTED", "where a secret has to be, its length doesn't matter");
    }

    #[test]
    fn what_stands_for_a_secret_is_not_taken_for_another_one() {
        let mut secrets = Secrets::default();
        for secret in ["hunter22", "REDAC", "TED and"] {
            secrets.learn_minted(secret);
        }
        let text = secrets.text(r#"hunter22 and REDACTED "token":"x" and TED and"#, SHORTEST_IN_TEXT);
        assert_eq!(text, r#"REDACTED-1 and REDACTED-2TED "token":"REDACTED" and REDACTED-3"#);
    }

    #[test]
    fn only_what_stands_for_a_secret_is_taken_for_that() {
        for (text, stands_for_one) in [
            ("REDACTED", true),
            ("REDACTED-1", true),
            ("REDACTED-20", true),
            ("REDACTED-", false),
            ("REDACTED-x", false),
            ("REDACTED-1x", false),
            ("REDACTED1", false),
            ("redacted", false),
            ("", false),
        ] {
            assert_eq!(is_placeholder(text), stands_for_one, "{text}");
        }
    }

    #[test]
    fn a_code_that_is_sent_as_a_number_is_blacked_out_in_the_answer() {
        let mut secrets = Secrets::default();
        let request = Request::new(Method::Post, "https://h/account").with_body(*br#"{"pin_code":987654,"n":123456}"#);
        secrets.request(&request);
        let text = secrets.text("987654 is wrong, 123456 is not", SHORTEST_IN_TEXT);
        assert_eq!(text, "REDACTED is wrong, 123456 is not");
    }

    #[test]
    fn a_code_that_turns_up_again_as_a_number_is_blacked_out() {
        let mut secrets = Secrets::default();
        secrets.learn("123456");
        assert_eq!(
            secrets.value(json!({"code": 123_456, "n": 1_234_567}), false),
            json!({"code": "REDACTED", "n": 1_234_567})
        );
    }

    #[test]
    fn a_key_that_is_a_sentence_is_searched_like_one() {
        let mut secrets = Secrets::default();
        secrets.learn("name");
        secrets.learn("hunter2 hunter2 hunter2");
        secrets.learn("p-3f2b8a90-7d1c-4c55");
        for (key, clean) in [
            ("name", "name"),
            ("filter[name]", "filter[name]"),
            ("invalid name!", "invalid REDACTED!"),
            ("p-3f2b8a90-7d1c-4c55", "REDACTED"),
        ] {
            assert_eq!(secrets.key(key), clean);
        }
    }

    #[test]
    fn what_does_not_survive_a_file_is_kept_as_text() {
        let deep = format!("{}{}", "[".repeat(125), "]".repeat(125));
        for (body, is_json) in [
            (r#"{"b":1,"a":[0.1,1e300,-5,18446744073709551615]}"#, true),
            ("12345678901234567890123", true),
            (deep.as_str(), false),
            ("{", false),
        ] {
            let kept = Secrets::default().body(body.as_bytes());
            assert_eq!(matches!(kept, Some(Body::Json(_))), is_json, "{body}");
        }
    }

    #[test]
    fn nulls_and_switches_are_no_secrets() {
        let value =
            json!({"token": null, "password": true, "pin_code": 123_456, "api_key": {"name": "x", "on": false}});
        assert_eq!(
            Secrets::default().value(value, false),
            json!({"token": null, "password": true, "pin_code": "REDACTED", "api_key": {"name": "REDACTED", "on": false}})
        );
    }
}
