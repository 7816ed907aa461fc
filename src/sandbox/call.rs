//! A request as the router sees it: decoded, and without a host.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::Refusal;
use crate::transport::{Method, Request};

pub(super) struct Call {
    pub(super) method: Method,
    /// `None` for a path that no route can match: it does not begin with a slash.
    pub(super) segments: Option<Vec<String>>,
    pub(super) query: Params,
    pub(super) token: Option<String>,
    /// The host that it was sent to; `None` for what came without a network.
    pub(super) host: Option<String>,
}

impl Call {
    pub(super) fn read(request: &Request) -> Self {
        let token = request.header("token").or_else(|| request.header("authorization")).map(str::trim);
        Self {
            method: request.method(),
            segments: segments(request.path()),
            query: Params::parse(request.query().unwrap_or_default()),
            token: token.filter(|token| !token.is_empty()).map(str::to_owned),
            host: request.header("host").map(str::to_owned),
        }
    }
}

/// The decoded segments of a path. One slash at its end makes no difference: the official clients send `/profile/`.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    Some(path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect())
}

/// The body as a JSON object; none at all is an empty one.
pub(super) fn body(request: &Request) -> Result<Value, Refusal> {
    match request.body() {
        None | Some([]) => Ok(Value::Object(Map::new())),
        Some(body) => serde_json::from_slice(body).map_err(|_| Refusal::bad_request("Invalid JSON body")),
    }
}

/// A query string, in each dialect that the official clients speak: `fields=id&fields=name` and `fields[0]=id`, `+` and
/// `%20`.
#[derive(Default)]
pub(super) struct Params(Vec<(Vec<String>, String)>);

impl Params {
    fn parse(query: &str) -> Self {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key_path(&decode(key)), decode(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a plain key; what is empty counts as not there.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(path, value)| matches!(&path[..], [only] if only == key) && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on: `true` of JavaScript, `True` of Python.
    pub(super) fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// All values of a key, whether it is repeated or has an index; without the empty ones.
    pub(super) fn all<'a>(&'a self, path: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.below(path).filter(|(rest, value)| rest.len() <= 1 && !value.is_empty()).map(|(_, value)| value)
    }

    /// What is below a key: the rest of each path, and the value.
    pub(super) fn below<'a>(&'a self, prefix: &'a [&str]) -> impl Iterator<Item = (&'a [String], &'a str)> {
        self.0.iter().filter_map(|(path, value)| {
            let (head, rest) = path.split_at_checked(prefix.len())?;
            head.iter().eq(prefix.iter()).then_some((rest, value.as_str()))
        })
    }
}

/// `filter[tags][0][key]` → `filter`, `tags`, `0`, `key`. A key that isn't of this form is a name as it stands.
fn key_path(key: &str) -> Vec<String> {
    let bracketed = || {
        let (head, rest) = key.split_once('[')?;
        let inner = rest.strip_suffix(']')?;
        Some(std::iter::once(head).chain(inner.split("][")).map(str::to_owned).collect())
    };
    bracketed().unwrap_or_else(|| vec![key.to_owned()])
}

/// What a handler was sent, as an object.
pub(super) fn object(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    body.as_object().ok_or_else(|| Refusal::invalid("body", "type"))
}
