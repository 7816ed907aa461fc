use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Query;
use super::wiped::{WipedBytes, WipedText};
use crate::error::{Error, Result};
use crate::secret::Token;
use crate::transport::{Method, Route};

/// Everything but the unreserved characters of RFC 3986 is encoded, in paths and queries alike.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One call of the service: what [`Client`](crate::Client) makes a request of.
pub(crate) struct Operation {
    pub(crate) route: Route,
    pub(crate) repeatable: bool,
    pub(crate) path_secrets: Vec<Token>,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    path: WipedText,
    /// What of the template is not yet in `path`.
    rest: &'static str,
    query: Query,
    problem: Option<Error>,
}

pub(crate) fn get(template: &'static str) -> Operation {
    Operation::new(Method::Get, template)
}

pub(crate) fn post(template: &'static str) -> Operation {
    Operation::new(Method::Post, template)
}

pub(crate) fn put(template: &'static str) -> Operation {
    Operation::new(Method::Put, template)
}

pub(crate) fn delete(template: &'static str) -> Operation {
    Operation::new(Method::Delete, template)
}

impl Operation {
    fn new(method: Method, template: &'static str) -> Self {
        Self::with(Route::new(method, template), WipedText::default(), template)
    }

    /// An operation for a path that the caller wrote, already encoded.
    pub(crate) fn raw(route: Route, path: String) -> Self {
        Self::with(route, path.into(), "")
    }

    fn with(route: Route, path: WipedText, rest: &'static str) -> Self {
        Self {
            repeatable: route.method().is_idempotent(),
            route,
            path_secrets: Vec::new(),
            body: None,
            path,
            rest,
            query: Query::default(),
            problem: None,
        }
    }

    /// Fills the next `{…}` of the template.
    pub(crate) fn segment(mut self, value: impl AsRef<str>) -> Self {
        let Some((literal, placeholder)) = self.rest.split_once('{') else {
            debug_assert!(false, "{} has no place for a further segment", self.route);
            return self;
        };
        let (name, rest) = placeholder.split_once('}').unwrap_or((placeholder, ""));
        self.path.push(literal);
        match refusal(value.as_ref()) {
            None => self.path.extend(utf8_percent_encode(value.as_ref(), ENCODED)),
            Some(problem) => {
                self.problem.get_or_insert(Error::config(format!("{name} in {}", self.route), problem));
            }
        }
        self.rest = rest;
        self
    }

    /// Fills the next `{…}` of the template with a secret.
    pub(crate) fn secret_segment(mut self, value: &Token) -> Self {
        self.path_secrets.push(value.clone());
        self.segment(value.expose())
    }

    /// Names a secret that stands in the path already.
    pub(super) fn with_path_secret(mut self, secret: Token) -> Self {
        self.path_secrets.push(secret);
        self
    }

    pub(crate) fn pair(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.query.pair(key, value);
        self
    }

    /// Adds `key=true`, but only when it is true, as the official clients do.
    pub(crate) fn flag(self, key: &str, value: bool) -> Self {
        if value { self.pair(key, "true") } else { self }
    }

    /// Adds each field of a structure as a parameter.
    pub(crate) fn params(mut self, params: &impl Serialize) -> Self {
        match serde_json::to_value(params) {
            Ok(serde_json::Value::Object(params)) => {
                for (key, value) in &params {
                    self.query.nested(key, value);
                }
            }
            Ok(_) => {}
            Err(error) => {
                self.problem.get_or_insert(Error::config_from(
                    format!("query of {}", self.route),
                    "not a structure",
                    error,
                ));
            }
        }
        self
    }

    pub(crate) fn query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        let mut bytes = WipedBytes::default();
        match serde_json::to_writer(&mut bytes, body) {
            Ok(()) => self.body = Some(bytes.into_inner()),
            Err(error) => {
                self.problem.get_or_insert(Error::config_from(
                    format!("body of {}", self.route),
                    "it can't be written as JSON",
                    error,
                ));
            }
        }
        self
    }

    /// Keeps the first problem that is found, for `target` to give.
    pub(crate) fn refuse(mut self, subject: &str, problem: &str) -> Self {
        self.problem.get_or_insert(Error::config(format!("{subject} of {}", self.route), problem));
        self
    }

    /// The request has an effect that must not happen twice, whatever its method says.
    pub(crate) fn never_repeat(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// The URL below a base, or the first problem that was found.
    pub(crate) fn url(&mut self, base: &str) -> Result<Zeroizing<String>> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let (path, query) = (self.path.as_str(), self.query.as_str());
        let joint = match (query, path.contains('?')) {
            ("", _) => "",
            (_, true) => "&",
            (_, false) => "?",
        };
        let pieces = [base, path, self.rest, joint, query];
        // Exactly as long as it gets: it is allocated once, and leaves no copy behind.
        let mut url = WipedText::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
        url.extend(pieces);
        Ok(url.into_inner())
    }

    #[cfg(test)]
    pub(super) fn target(&mut self) -> Result<Zeroizing<String>> {
        self.url("")
    }
}

/// Shows neither path nor query nor body: they may hold secrets.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("route", &format_args!("{}", self.route))
            .field("repeatable", &self.repeatable)
            .finish_non_exhaustive()
    }
}

/// Why a value can't be one segment of a path.
pub(crate) fn refusal(segment: &str) -> Option<String> {
    match segment {
        "" => Some("it is empty".to_owned()),
        "." | ".." => Some("it would name another path".to_owned()),
        _ => {
            segment.chars().position(char::is_control).map(|at| format!("character {} is a control character", at + 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_into_their_places() {
        for (id, path) in [
            ("61fac4d9a5c9f40012a5ff92", "/profile/61fac4d9a5c9f40012a5ff92/team/x"),
            ("a/b", "/profile/a%2Fb/team/x"),
            ("a b?c#d%2F", "/profile/a%20b%3Fc%23d%252F/team/x"),
            ("../..", "/profile/..%2F../team/x"),
            ("ção-日😀~", "/profile/%C3%A7%C3%A3o-%E6%97%A5%F0%9F%98%80~/team/x"),
            ("{account}", "/profile/%7Baccount%7D/team/x"),
        ] {
            let mut operation = get("/profile/{profile}/team/{account}").segment(id).segment("x");
            assert_eq!(*operation.target().unwrap(), path);
        }
    }

    #[test]
    fn what_cannot_be_one_segment_is_refused_and_named() {
        for id in ["", ".", "..", "a\nb", "\u{0}", "a\u{7f}", "a\u{85}"] {
            let error = delete("/run/users/{user}").segment(id).target().unwrap_err();
            assert!(error.to_string().starts_with("invalid user in DELETE /run/users/{user}: "), "{error}");
        }
    }

    #[test]
    fn a_query_goes_on_where_a_raw_path_already_has_one() {
        let route = Route::new(Method::Get, "(raw)");
        let mut operation = Operation::raw(route, "/run/users?page=2".to_owned()).pair("amount", "5");
        assert_eq!(*operation.target().unwrap(), "/run/users?page=2&amount=5");
    }
}
