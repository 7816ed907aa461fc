use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use chrono::Utc;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::json_path::json_path;
use super::redact::presentable;
use super::retry_after;
use crate::error::{ApiError, DecodeError, Error, Result};
use crate::transport::{Request, Response};

/// TagoIO's envelope: `{"status": true, "result": …}`, sometimes with a `message` that warns.
#[derive(Deserialize)]
struct Envelope<T> {
    status: bool,
    result: T,
    message: Option<String>,
}

/// What a call that answers without a value answers with: TagoIO's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Confirmation(pub(crate) String);

/// Whatever a confirmation is (a sentence nearly always), it must not turn a success into an error.
impl<'de> Deserialize<'de> for Confirmation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            Value::Object(members) => match members.get("message") {
                Some(Value::String(text)) => text.clone(),
                _ => Value::Object(members).to_string(),
            },
            other => other.to_string(),
        }))
    }
}

/// A value that TagoIO documents as itself and exemplifies as an array of one.
#[derive(Debug)]
pub(crate) struct OneOrArray<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrArray<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, or an array of one")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OneOrArray)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Self::Value, A::Error> {
                let Some(one) = seq.next_element()? else {
                    return Err(serde::de::Error::invalid_length(0, &self));
                };
                match seq.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(OneOrArray(one)),
                    Some(_) => Err(serde::de::Error::invalid_length(2, &self)),
                }
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A value that is read from an object and nothing else, however lenient its type is.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// Reads an answer: the value that the call expects, or why there is none.
///
/// A success is what says so twice, by a status of 2xx and by the absence of `"status": false`. An answer outside the
/// envelope is taken as the value itself, as on the few routes that answer so.
pub(crate) fn decode<T: DeserializeOwned>(request: &Request, response: &Response) -> Result<T> {
    if is_success(response) {
        // The usual case, read in one pass. Whatever doesn't fit is looked at slowly below. UTF-8 is checked once and the
        // text parsed, which is faster than to have each string checked.
        let text = std::str::from_utf8(response.body());
        let read = text.ok().and_then(|text| serde_json::from_str::<Envelope<T>>(text).ok());
        if let Some(Envelope { status: true, result, message }) = read {
            warn(request, response, message.as_deref());
            return Ok(result);
        }
    }
    let value = Unwrapped::of(request, response, type_name::<T>())?;
    serde_json::from_str(&value.json).map_err(|error| value.misfit(request, response, type_name::<T>(), &error))
}

fn is_success(response: &Response) -> bool {
    (200..300).contains(&response.status())
}

/// The value in an answer, taken out of whatever is around it. There is one of these functions for all types, because each
/// type more makes every program that has this crate larger, and longer to compile.
struct Unwrapped {
    json: String,
    /// Whether it was a `result`.
    enveloped: bool,
}

impl Unwrapped {
    fn of(request: &Request, response: &Response, expected: &str) -> Result<Self> {
        let success = is_success(response);
        let failed = |problem: &str| undecodable(request, response, expected, "", problem);
        let text = match std::str::from_utf8(without_bom(response.body())) {
            Ok(text) => text,
            Err(_) if !success => return Err(refused(request, response, None)),
            Err(error) => return Err(failed(&error.to_string())),
        };
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) => value,
            // 204, or a success that has nothing to say.
            Err(_) if success && text.trim().is_empty() => Value::Null,
            Err(_) if !success => return Err(refused(request, response, None)),
            Err(error) => return Err(failed(&error.to_string())),
        };
        let (enveloped, value) = match value {
            Value::Object(members) if !success || members.get("status") == Some(&Value::Bool(false)) => {
                return Err(refused(request, response, Some(&members)));
            }
            value if !success => return Err(refused(request, response, Some(&only_message(value)))),
            Value::Object(mut members) if members.contains_key("result") || is_envelope(&members) => {
                warn(request, response, members.get("message").and_then(Value::as_str));
                (true, members.remove("result").unwrap_or_default())
            }
            bare => (false, bare),
        };
        Ok(Self { json: value.to_string(), enveloped })
    }

    /// It is not what the call expects.
    fn misfit(&self, request: &Request, response: &Response, expected: &str, error: &serde_json::Error) -> Error {
        let below = json_path(&self.json, error);
        let path = match (self.enveloped, below.as_str()) {
            (true, "") => "result".to_owned(),
            (true, _) => format!("result{}{below}", if below.starts_with('[') { "" } else { "." }),
            (false, _) => below,
        };
        undecodable(request, response, expected, &path, &describe_answer(error))
    }
}

fn undecodable(request: &Request, response: &Response, expected: &str, path: &str, problem: &str) -> Error {
    Error::Decode(Box::new(DecodeError {
        route: request.route().clone(),
        status: response.status(),
        expected: short_name(expected),
        // Keys may repeat what was sent.
        path: presentable(path, request, response),
        source: presentable(problem, request, response).into(),
        repeatable: request.is_repeatable(),
    }))
}

/// `{"status": true}`, perhaps with a message, and no result.
fn is_envelope(members: &Map<String, Value>) -> bool {
    members.get("status") == Some(&Value::Bool(true)) && members.keys().all(|key| key == "status" || key == "message")
}

/// A refusal whose body is JSON, but not an object: a sentence in quotes.
fn only_message(value: Value) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), value)])
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// What is wrong, without the values that serde quotes: an answer may hold secrets.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;

    let text = error.to_string();
    match error.classify() {
        Category::Io | Category::Syntax | Category::Eof => text,
        Category::Data => match text.rsplit_once(", expected ") {
            // "invalid type: string \"secret\", expected u64" names what was found by its kind and its value.
            Some((found, expected)) if found.starts_with("invalid ") => {
                let found = found.split(['"', '`']).next().unwrap_or_default().trim_end();
                format!("{found}, expected {expected}")
            }
            _ => text,
        },
    }
}

/// What is wrong with an answer, less the place in a text that nobody has seen: also a word that stands where none of its
/// kind is known may be a secret.
fn describe_answer(error: &serde_json::Error) -> String {
    let text = describe(error);
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    match text.strip_prefix("unknown variant `").and_then(|rest| rest.rsplit_once("`, expected ")) {
        Some((_, expected)) => format!("unknown variant, expected {expected}"),
        None => text.to_owned(),
    }
}

fn refused(request: &Request, response: &Response, body: Option<&Map<String, Value>>) -> Error {
    let message = body.and_then(|body| match (body.get("message"), body.get("result")) {
        (Some(Value::String(text)), _) | (None | Some(Value::Null), Some(Value::String(text))) => Some(text.clone()),
        (None | Some(Value::Null), Some(Value::Object(result))) => {
            result.get("message").and_then(Value::as_str).map(str::to_owned)
        }
        // A validator may answer with a structure: better shown as it is than not at all.
        (Some(other), _) if !other.is_null() => Some(other.to_string()),
        _ => None,
    });
    let foreign_body = (message.is_none() && !response.body().is_empty()).then(|| {
        let kind = response.header("content-type").unwrap_or("no content type");
        let kind = presentable(kind.split(';').next().unwrap_or_default().trim(), request, response);
        format!("{kind}, {} bytes", response.body().len())
    });
    Error::Api(Box::new(ApiError {
        status: response.status(),
        message: message.map(|message| presentable(&message, request, response)),
        foreign_body,
        retry_after: retry_after(response, Utc::now()),
        route: request.route().clone(),
        repeatable: request.is_repeatable(),
    }))
}

/// A success may come with a warning. It is no reason to fail, and not to be lost either.
fn warn(request: &Request, response: &Response, message: Option<&str>) {
    #[cfg(feature = "log")]
    if let Some(message) = message {
        log::warn!(target: "tagoio", "{}: {}", request.route(), presentable(message, request, response));
    }
    #[cfg(not(feature = "log"))]
    let _ = (request, response, message);
}

/// `alloc::vec::Vec<tagoio::run::users::UserInfo>` → `Vec<UserInfo>`.
fn short_name(name: &str) -> String {
    // A type of a function's own is named below what the function belongs to.
    let short: String = name
        .replace("<'_>", "")
        .split_inclusive(['<', '>', ',', ' ', '(', ')'])
        .map(|part| part.rsplit("::").next().unwrap_or(part))
        .collect();
    let wrapped = short.strip_prefix("OneOrArray<").or_else(|| short.strip_prefix("Object<"));
    match wrapped.and_then(|inner| inner.strip_suffix('>')) {
        Some(inner) => inner.to_owned(),
        None => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Method, Route};
    use serde_json::json;

    fn request() -> Request {
        Request::new(Method::Get, "https://h/x").with_route(Route::new(Method::Get, "/x"))
    }

    fn read<T: DeserializeOwned>(status: u16, body: impl Into<Vec<u8>>) -> Result<T> {
        decode(&request(), &Response::new(status).with_body(body))
    }

    #[test]
    fn a_success_gives_the_result_in_whatever_wrapping() {
        for body in [
            r#"{"status":true,"result":[1,2]}"#,
            r#"{"status":true,"result":[1,2],"message":"Warning message"}"#,
            r#"{"result":[1,2],"extra":{"deep":[{}]}}"#,
            r#"{"status":"ok","result":[1,2]}"#,
            "\u{feff}{\"status\":true,\"result\":[1,2]}",
            "[1,2]",
            " [1, 2] ",
        ] {
            assert_eq!(read::<Vec<u8>>(200, body).unwrap(), [1, 2], "{body}");
        }
    }

    #[test]
    fn an_object_outside_the_envelope_is_the_value_itself() {
        for body in
            [json!({}), json!({"plan": "free"}), json!({"status": true, "plan": "free"}), json!({"message": "x"})]
        {
            assert_eq!(read::<Value>(200, body.to_string()).unwrap(), body);
        }
    }

    #[test]
    fn null_and_nothing_are_values_where_the_type_allows() {
        for body in [r#"{"status":true,"result":null}"#, r#"{"status":true}"#, "", " \n"] {
            assert_eq!(read::<Option<u8>>(200, body).unwrap(), None, "{body}");
            assert_eq!(read::<Confirmation>(204, body).unwrap(), Confirmation(String::new()), "{body}");
            assert!(matches!(read::<Vec<u8>>(200, body), Err(Error::Decode(_))), "{body}");
        }
    }

    #[test]
    fn a_confirmation_of_any_kind_is_a_success() {
        for (result, text) in [
            (json!("Successfully Removed"), "Successfully Removed"),
            (json!(null), ""),
            (json!(3), "3"),
            (json!({"message": "Sent", "message_id": "1"}), "Sent"),
            (json!({"n": 1}), r#"{"n":1}"#),
        ] {
            let body = json!({"status": true, "result": result}).to_string();
            assert_eq!(read::<Confirmation>(200, body).unwrap().0, text);
        }
    }

    #[test]
    fn refusals_keep_status_and_sentence() {
        for (status, body, message) in [
            (401, r#"{"status":false,"message":"Authorization Denied"}"#, Some("Authorization Denied")),
            (200, r#"{"status":false,"message":"Authorization Denied"}"#, Some("Authorization Denied")),
            (400, r#"{"status":false,"result":{"message":"Error message"}}"#, Some("Error message")),
            (400, r#"{"status":false,"result":"Error message"}"#, Some("Error message")),
            (400, r#"{"status":false,"message":null,"result":"x"}"#, Some("x")),
            (400, r#"{"status":false,"message":{"code":1}}"#, Some(r#"{"code":1}"#)),
            (500, r#"{"status":true,"result":[1]}"#, None),
            (400, r#""a sentence""#, Some("a sentence")),
            (404, "", None),
            (502, "<html>Bad Gateway</html>", None),
            (400, "\u{0}", None),
            (400, r#"{"status":false,"message":null}"#, None),
        ] {
            let error = read::<Vec<u8>>(status, body).unwrap_err();
            assert!(matches!(error, Error::Api(_)), "{body}: {error:?}");
            assert_eq!((error.status(), error.message()), (Some(status), message), "{body}");
        }
        let not_text = read::<Vec<u8>>(502, *b"\xff\xfe").unwrap_err();
        assert!(matches!(not_text, Error::Api(_)), "{not_text:?}");
        let silent = read::<Vec<u8>>(404, "").unwrap_err();
        assert_eq!(silent.to_string(), "GET /x: TagoIO answered 404 Not Found");
    }

    #[test]
    fn a_foreign_body_is_described_and_not_shown() {
        let response = Response::new(502).with_header("content-type", "text/html; charset=utf-8").with_body("<html>");
        let error = decode::<Confirmation>(&request(), &response).unwrap_err();
        assert_eq!(error.to_string(), "GET /x: TagoIO answered 502 Bad Gateway (text/html, 6 bytes)");
        let silent = read::<Confirmation>(200, r#"{"status":false}"#).unwrap_err();
        assert_eq!(
            silent.to_string(),
            "GET /x: TagoIO answered 200 with \"status\": false (no content type, 16 bytes)"
        );
    }

    #[test]
    fn a_decode_error_names_type_path_and_route() {
        #[derive(Debug, Deserialize)]
        struct Row {
            #[expect(dead_code, reason = "only the decoding matters")]
            tags: Vec<u8>,
        }
        for (body, message, source) in [
            (
                r#"{"status":true,"result":[{"tags":[1]},{"tags":[1,"canary"]}]}"#,
                "GET /x: the answer (HTTP 200) is not Vec<Row>, at `result[1].tags[1]`",
                "invalid type: string, expected u8",
            ),
            (
                r#"{"status":true,"result":"canary"}"#,
                "GET /x: the answer (HTTP 200) is not Vec<Row>, at `result`",
                "invalid type: string, expected a sequence",
            ),
            ("", "GET /x: the answer (HTTP 200) is not Vec<Row>", "invalid type: null, expected a sequence"),
            ("{", "GET /x: the answer (HTTP 200) is not Vec<Row>", "EOF while parsing an object at line 1 column 1"),
            ("<html>", "GET /x: the answer (HTTP 200) is not Vec<Row>", "expected value at line 1 column 1"),
        ] {
            let error = read::<Vec<Row>>(200, body).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), source);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_not_quoted() {
        #[derive(Debug, Deserialize)]
        enum Word {
            Known,
        }
        let error = read::<Word>(200, r#"{"status":true,"result":"canary`, expected x"}"#).unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "unknown variant, expected `Known`");
        assert!(matches!(read(200, r#"{"status":true,"result":"Known"}"#), Ok(Word::Known)));
    }

    #[test]
    fn what_is_wrong_is_described_without_values_but_with_unknown_words() {
        #[derive(Debug, Deserialize)]
        enum Word {
            Known,
        }
        let word = serde_json::from_str::<Word>(r#""other""#).unwrap_err();
        assert!(matches!(serde_json::from_str(r#""Known""#), Ok(Word::Known)));
        assert_eq!(describe(&word), "unknown variant `other`, expected `Known` at line 1 column 7");
        let number = serde_json::from_str::<u8>(r#""canary""#).unwrap_err();
        assert_eq!(describe(&number), "invalid type: string, expected u8 at line 1 column 8");
    }

    #[test]
    fn hostile_bodies_are_errors() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let cases: [Vec<u8>; 4] = [
            deep.into_bytes(),
            b"\xff\xfe".to_vec(),
            b"{\"status\":true,\"result\":\"\xff\"}".to_vec(),
            br#"{"status":true,"result":1e999}"#.to_vec(),
        ];
        for body in cases {
            assert!(matches!(read::<Vec<u8>>(200, body), Err(Error::Decode(_))));
        }
    }

    #[test]
    fn an_array_of_one_is_that_one() {
        let read = |text| serde_json::from_str::<OneOrArray<Map<String, Value>>>(text);
        assert_eq!(read(r#"{"id":"1"}"#).unwrap().0, read(r#"[{"id":"1"}]"#).unwrap().0);
        for (text, problem) in [
            ("[]", "invalid length 0, expected an object, or an array of one at line 1 column 2"),
            (
                r#"[{"id":"1"},{"id":"2"}]"#,
                "invalid length 2, expected an object, or an array of one at line 1 column 23",
            ),
            ("1", "invalid type: integer `1`, expected an object, or an array of one at line 1 column 1"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), problem);
        }
        let error = serde_json::from_str::<Object<Map<String, Value>>>("[]").unwrap_err();
        assert!(error.to_string().starts_with("invalid type: sequence, expected an object"), "{error}");
    }

    #[test]
    fn type_names_lose_their_modules() {
        assert_eq!(short_name("tagoio::profile::ProfileApi<'_>::create::Created"), "Created");
        assert_eq!(short_name("alloc::vec::Vec<tagoio::run::users::UserInfo>"), "Vec<UserInfo>");
        assert_eq!(short_name("core::option::Option<(a::B, c::D)>"), "Option<(B, D)>");
        assert_eq!(short_name("tagoio::wire::answer::OneOrArray<tagoio::run::users::UserInfo>"), "UserInfo");
    }
}
