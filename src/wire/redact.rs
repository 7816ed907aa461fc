use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use super::operation::ENCODED;
use super::sensitive::{is_sensitive_key, is_signed_address};
use super::wiped::{WipedBytes, WipedText};
use crate::transport::{Request, Response};

/// What stands where a secret stood.
pub(crate) const BLACKED_OUT: &str = "█████";

/// A secret, and what it looks like where something quotes it: in JSON, in JSON in JSON, in a URL, in base 64, in
/// hexadecimal. Those in which it looks no different are not repeated.
pub(crate) fn guises(secret: &str) -> Vec<Zeroizing<String>> {
    let mut guises = Vec::new();
    let mut add = |guise: Zeroizing<String>| {
        if !guises.contains(&guise) {
            guises.push(guise);
        }
    };
    // Bodies are quoted in sentences, and those in bodies; some write JSON in ASCII only.
    let cases = [false, true].into_iter().filter(|_| !secret.is_ascii());
    let ascii_only = cases.map(|in_capitals| in_ascii(&escaped(secret), in_capitals));
    for mut in_json in std::iter::once(Zeroizing::new(secret.to_owned())).chain(ascii_only) {
        add(in_json.clone());
        for _ in 0..4 {
            let quoted = escaped(&in_json);
            if quoted == in_json {
                break;
            }
            add(quoted.clone());
            in_json = quoted;
        }
    }
    // By what is encoded, by the case of its digits, and with a plus for a space.
    for set in [ENCODED, COMPONENT, NON_ALPHANUMERIC] {
        let mut pieces = utf8_percent_encode(secret, set);
        if pieces.next() == Some(secret) {
            continue;
        }
        let in_url = joined(utf8_percent_encode(secret, set));
        add(joined(in_url.split("%20").enumerate().flat_map(|(at, part)| [if at > 0 { "+" } else { "" }, part])));
        add(with_lower_case_digits(&in_url));
        add(in_url);
    }
    for in_base_64 in [STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)].map(Zeroizing::new) {
        add(Zeroizing::new(in_base_64.trim_end_matches('=').to_owned()));
        add(in_base_64);
    }
    add(hexadecimal(secret, *b"0123456789abcdef"));
    add(hexadecimal(secret, *b"0123456789ABCDEF"));
    // Metadata of an identity provider is sent in base 64 and quoted as the document that it is.
    if let Ok(document) = STANDARD.decode(secret).map(Zeroizing::new) {
        let document = std::str::from_utf8(&document).ok();
        guises.extend(document.filter(|text| text.trim_start().starts_with('<')).map(self::guises).unwrap_or_default());
    }
    guises
}

/// How long a secret is at least where something quotes it. None of its guises is shorter than itself but the document that
/// base 64 stands for: three bytes for four characters, of which the last two may be padding.
fn shortest_guise(secret: &str) -> usize {
    if secret.len() % 4 == 0 { (secret.len() / 4 * 3).saturating_sub(2) } else { secret.len() }
}

/// What JavaScript's `encodeURIComponent` leaves as it is, is left.
const COMPONENT: &AsciiSet = &ENCODED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');

/// A text as it is in a JSON string, without the quotes around it.
fn escaped(text: &str) -> Zeroizing<String> {
    let mut quoted = WipedBytes::default();
    // To write a text into memory can't fail.
    let _ = serde_json::to_writer(&mut quoted, text);
    let quoted = quoted.into_inner();
    let quoted = std::str::from_utf8(&quoted).unwrap_or_default();
    let bare = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    Zeroizing::new(bare.unwrap_or_default().to_owned())
}

/// A text with all that isn't ASCII as an escape of JSON, whose digits are written in one case or the other.
fn in_ascii(text: &str, in_capitals: bool) -> Zeroizing<String> {
    let mut escaped = WipedText::default();
    for c in text.chars() {
        if c.is_ascii() {
            escaped.push(c.encode_utf8(&mut [0; 4]));
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // To write into memory can't fail.
            let _ = if in_capitals { write!(escaped, "\\u{unit:04X}") } else { write!(escaped, "\\u{unit:04x}") };
        }
    }
    escaped.into_inner()
}

fn hexadecimal(text: &str, digits: [u8; 16]) -> Zeroizing<String> {
    let digit = |value: u8| char::from(digits[usize::from(value)]);
    let mut hexadecimal = Zeroizing::new(String::with_capacity(2 * text.len()));
    hexadecimal.extend(text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]));
    hexadecimal
}

fn joined<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Zeroizing<String> {
    let mut joined = WipedText::default();
    joined.extend(pieces);
    joined.into_inner()
}

/// `%2F` → `%2f`.
fn with_lower_case_digits(encoded: &str) -> Zeroizing<String> {
    let mut digits = 0_u8;
    let lower = |c: char| {
        let is_digit = digits > 0;
        digits = if c == '%' { 2 } else { digits.saturating_sub(1) };
        if is_digit { c.to_ascii_lowercase() } else { c }
    };
    // It is ASCII, and stays as long as it is.
    let mut lowered = String::with_capacity(encoded.len());
    lowered.extend(encoded.chars().map(lower));
    Zeroizing::new(lowered)
}

/// A sentence of the server, fit to be shown: without the secrets of the request that it answers (TagoIO's password
/// policy may echo the password) and of the answer itself, without control characters, and of bounded length.
pub(crate) fn presentable(message: &str, request: &Request, response: &Response) -> String {
    const LONGEST: usize = 2000;
    let secrets = secrets(request, response, message.len());
    let mut text = blacked_out(message.to_owned(), &secrets);
    if text.contains(char::is_control) {
        // A control character within a secret may just become the space that belongs there.
        text = blacked_out(text.replace(char::is_control, " "), &secrets);
    }
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn blacked_out(mut text: String, secrets: &[Zeroizing<String>]) -> String {
    for secret in secrets {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), BLACKED_OUT);
        }
    }
    text
}

/// The secrets of a request and its answer in all their guises, the longest first, because one may be the beginning of
/// another. Those of one to three characters aren't among them: they would black out half of every sentence, and TagoIO
/// has none so short. Nor are those that can't be in a text of this length: that spares most confirmations, which are
/// shorter than a token, half of their instructions.
fn secrets(request: &Request, response: &Response, length: usize) -> Vec<Zeroizing<String>> {
    let mut secrets: Vec<String> = request.secrets().map(str::to_owned).collect();
    for pair in request.query().unwrap_or_default().split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        // `token`, and `token` of `filter[token]`.
        if decode(key).split(['[', ']']).any(is_sensitive_key) {
            secrets.push(decode(value));
        }
    }
    if let Some(body) = request.body().and_then(|body| serde_json::from_slice(body).ok()).map(Forgotten) {
        secrets_of_body(&body.0, false, &mut secrets);
    }
    secrets.retain(|secret| secret.chars().count() >= 4);
    if let Ok(body) = serde_json::from_slice(response.body()) {
        let mut minted = Vec::new();
        secrets_of_body(&body, false, &mut minted);
        if let Some(quoted) = quoted_json(&body) {
            secrets_of_body(&quoted, false, &mut minted);
        }
        minted.extend(download_address(request, &body).map(str::to_owned));
        // `{"password": "too short"}` says something about a password, and isn't one.
        minted.retain(|secret| secret.len() >= 8 && !secret.contains(char::is_whitespace));
        secrets.append(&mut minted);
    }
    let secrets = secrets.into_iter().map(Zeroizing::new).filter(|secret| shortest_guise(secret) <= length);
    let mut guises: Vec<_> = secrets.flat_map(|secret| guises(&secret)).collect();
    guises.sort_unstable_by_key(|guise| std::cmp::Reverse(guise.len()));
    guises
}

/// The JSON that the sentence of an answer is: it is, where a code of two-factor authentication is asked for.
fn quoted_json(body: &Value) -> Option<Value> {
    let text = body.get("message")?.as_str()?;
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

/// The address that the download of a backup answers with: a secret, whatever it looks like.
pub(crate) fn download_address<'a>(request: &Request, answer: &'a Value) -> Option<&'a str> {
    let mut segments = request.path().trim_end_matches('/').rsplit('/');
    let is_of_a_backup = segments.next() == Some("download") && segments.nth(1) == Some("backup");
    let answer = answer.get("result").unwrap_or(answer);
    is_of_a_backup.then(|| answer.get("url")?.as_str()).flatten()
}

/// A JSON document whose texts are wiped when it is dropped.
struct Forgotten(Value);

impl Drop for Forgotten {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An object of unknown keys, without the values of those that are secrets by their names.
pub(crate) struct Members<'a>(pub(crate) &'a Map<String, Value>);

/// A value that isn't what it should be, without what are secrets in it.
pub(crate) struct Odd<'a>(pub(crate) &'a Value);

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, member) in self.0 {
            let is_secret = is_sensitive_key(key) || member.as_str().is_some_and(is_signed_address);
            if is_secret && !matches!(member, Value::Null | Value::Bool(_)) {
                map.entry(key, &format_args!("…"));
            } else {
                map.entry(key, &Odd(member));
            }
        }
        map.finish()
    }
}

impl fmt::Debug for Odd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Object(members) => Members(members).fmt(f),
            Value::Array(items) => f.debug_list().entries(items.iter().map(Odd)).finish(),
            other => other.fmt(f),
        }
    }
}

/// A value under a key, with `…` in place of what are secrets in it.
pub(crate) fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        _ if is_sensitive_key(key) => "…".into(),
        Value::String(text) if is_signed_address(text) => "…".into(),
        Value::Array(items) => items.iter().map(|item| masked("", item)).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), masked(key, member))).collect(),
        Value::String(_) | Value::Number(_) => value.clone(),
    }
}

fn secrets_of_body(value: &Value, sensitive: bool, secrets: &mut Vec<String>) {
    match value {
        Value::String(secret) if sensitive || is_signed_address(secret) => secrets.push(secret.clone()),
        Value::Number(secret) if sensitive => secrets.push(secret.to_string()),
        Value::Array(items) => items.iter().for_each(|item| secrets_of_body(item, sensitive, secrets)),
        Value::Object(members) => {
            for (key, member) in members {
                secrets_of_body(member, sensitive || is_sensitive_key(key), secrets);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Token;
    use crate::transport::{Method, Request};

    fn request() -> Request {
        Request::new(Method::Post, "https://h/run/users?filter%5Btoken%5D=p-que%2Bry&name=Joe")
            .with_secret_header("token", Token::new("p-header").unwrap())
            .with_path_secrets(vec![Token::new("p-path").unwrap()])
            .with_body(
                *br#"{"name":"Jane","password":"hunter22","nested":[{"pin_code":123456}],"token":"hunter22-longer"}"#,
            )
    }

    fn presented(message: &str) -> String {
        presentable(message, &request(), &Response::new(400))
    }

    #[test]
    fn secrets_of_the_request_do_not_come_back_in_the_message() {
        assert_eq!(
            presented("hunter22 p-header p-path 123456 p-que+ry hunter22-longer Jane\r\nX: y Joe"),
            "█████ █████ █████ █████ █████ █████ Jane  X: y Joe"
        );
        let request =
            Request::new(Method::Post, "https://h/run/users").with_body(br#"{"password":"correct horse"}"#.to_vec());
        assert_eq!(presentable("correct\u{0}horse is weak", &request, &Response::new(400)), "█████ is weak");
        assert_eq!(presented(&"ä".repeat(2001)).chars().count(), 2001);
        assert!(presented(&"ä".repeat(2001)).ends_with('…'));
    }

    #[test]
    fn what_only_stands_beside_a_secret_is_none() {
        let body = br#"{"name":"Jane Doe","size":4000,"password":"hunter22"}"#;
        let request = Request::new(Method::Post, "https://h/run/users").with_body(*body);
        let shown = presentable("Jane Doe: 4000 hunter22", &request, &Response::new(400));
        assert_eq!(shown, "Jane Doe: 4000 █████");
    }

    #[test]
    fn a_secret_is_known_in_whatever_guise() {
        let password = "a b\"ö/\\!~A";
        let request = Request::new(Method::Post, "https://h/").with_body(
            serde_json::to_vec(&serde_json::json!({"password": password, "idp_metadata": "PHg+CiAxPC94Pg=="})).unwrap(),
        );
        for guise in [
            password,
            r#"a b\"ö/\\!~A"#,
            r#"a b\\\"ö/\\\\!~A"#,
            r#"a b\"\u00f6/\\!~A"#,
            r#"a b\"\u00F6/\\!~A"#,
            r#"a b\\\"\\u00f6/\\\\!~A"#,
            "a%20b%22%C3%B6%2F%5C%21~A",
            "a%20b%22%c3%b6%2f%5c%21~A",
            "a+b%22%C3%B6%2F%5C%21~A",
            "a%20b%22%C3%B6%2F%5C!~A",
            "a%20b%22%C3%B6%2F%5C%21%7EA",
            "YSBiIsO2L1whfkE=",
            "YSBiIsO2L1whfkE",
            "61206222c3b62f5c217e41",
            "61206222C3B62F5C217E41",
            "PHg+CiAxPC94Pg==",
            "PHg-CiAxPC94Pg",
            "<x>\n 1</x>",
            r"<x>\n 1</x>",
        ] {
            let shown = presentable(&format!("<{guise}>"), &request, &Response::new(400));
            assert!(matches!(&*shown, "<█████>" | "<█████==>" | "<█████=>"), "{guise}: {shown}");
        }
    }

    #[test]
    fn no_guise_is_shorter_than_the_shortest() {
        for secret in
            ["abcd", "p-1", "a b\"ö/\\!~A", "PHg+PC94Pg==", "PHg+Cjwveg==", "PHg+IDwveD4=", "IDx4Pg==", "12345678"]
        {
            let shortest = guises(secret).iter().map(|guise| guise.len()).min();
            assert!(shortest >= Some(shortest_guise(secret)), "{secret}: {shortest:?}");
        }
        assert_eq!(shortest_guise("PHg+CiAxPC94Pg=="), "<x>\n 1</x>".len());
    }

    #[test]
    fn secrets_of_the_answer_are_not_in_its_sentence_but_words_about_them_are() {
        let body = r#"{"made":[{"token":"p-minted1"}],"errors":{"password":"too short"}}"#;
        let shown = presentable("p-minted1: too short", &request(), &Response::new(400).with_body(body));
        assert_eq!(shown, "█████: too short");

        let message = r#"{"otp_enabled":["email"],"token":"p-minted1"}"#;
        let body = serde_json::json!({"status": false, "message": message}).to_string();
        let shown = presentable(message, &request(), &Response::new(401).with_body(body));
        assert_eq!(shown, r#"{"otp_enabled":["email"],"token":"█████"}"#);
    }

    #[test]
    fn the_address_of_a_backup_is_a_secret_whatever_it_looks_like() {
        for (path, url, is_secret) in [
            ("/profile/p/backup/b/download", "https://h/canary", true),
            ("/profile/p/backup/b/download/", "https://h/canary", true),
            ("/profile/p/backup", "https://h/canary", false),
            ("/profile/p/backup/b/restore", "https://h/canary", false),
            ("/profile/p/file/f/download", "https://h/canary", false),
            ("/run", "https://h/canary", false),
            ("/run", "https://h/canary?X-Amz-Signature=0", true),
        ] {
            let request = Request::new(Method::Post, format!("https://h{path}"));
            for body in [serde_json::json!({"url": url}), serde_json::json!({"result": {"url": url}})] {
                let response = Response::new(400).with_body(body.to_string());
                let shown = presentable(&format!("<{url}>"), &request, &response);
                assert_eq!(shown == "<█████>", is_secret, "{path} {url}: {shown}");
            }
        }
    }

    #[test]
    fn unknown_members_are_shown_without_secrets() {
        let members = serde_json::json!({
            "a": [{"client_secret": {"b": "canary"}, "c": 1}], "token": ["canary"], "pin_code": 1, "api_key": null,
        });
        let shown = r#"{"a": [{"c": Number(1), "client_secret": …}], "api_key": Null, "pin_code": …, "token": …}"#;
        assert_eq!(format!("{:?}", Odd(&members)), shown);
    }
}
