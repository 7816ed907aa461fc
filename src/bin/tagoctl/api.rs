//! `tagoctl api`: the raw door.

use clap::Args;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tagoio::transport::Method;

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::input::Text;
use crate::output::Columns;
use crate::prompt::Danger;
use crate::request::Pair;

/// What comes first in a table of whatever TagoIO answers.
const FIRST: [&str; 3] = ["id", "name", "email"];
const REQUEST: Columns = Columns::new(&["method", "path", "query", "body"], &[]);

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// GET, POST, PUT, PATCH or DELETE
    method: Method,
    /// The path below TagoIO's address, as it is sent: ids in it are percent-encoded
    path: String,
    /// A parameter of the query
    #[arg(long, value_name = "KEY=VALUE")]
    query: Vec<Pair>,
    /// The body: JSON, or a file with it, or `-` for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    body: Option<Text>,
    #[command(flatten)]
    danger: Danger,
}

impl Call {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        if !self.path.starts_with('/') {
            let path = without_token(&self.path);
            return Err(Failure::usage("usage", format!("the path `{path}` has to begin with a slash")));
        }
        let body = self.body.as_ref().map(body_of).transpose()?;
        if self.danger.is_dry_run() {
            context.out.chosen(&REQUEST)?;
            return context.out.item(&["method", "path", "query"], self.request(body, context.out.shows_secrets()));
        }
        let client = context.client()?;
        if self.method == Method::Delete {
            self.danger.is_meant(&format!("send DELETE {}", without_token(&self.path)))?;
        }
        let mut request = client.raw(self.method, &self.path);
        for Pair { key, value } in &self.query {
            request = request.query(key, value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        context.out.any(&FIRST, request.send()?)
    }

    /// What would be sent, in the form of a result.
    fn request(&self, body: Option<Value>, with_secrets: bool) -> Value {
        let (path, inline) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let path = if with_secrets { path.to_owned() } else { without_token(path) };
        let mut request = Map::new();
        request.insert("method".to_owned(), self.method.as_str().into());
        request.insert("path".to_owned(), path.into());
        let mut query = Map::new();
        for pair in inline.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            add(&mut query, &decoded(key), &decoded(value));
        }
        for Pair { key, value } in &self.query {
            add(&mut query, key, value);
        }
        if !query.is_empty() {
            request.insert("query".to_owned(), Value::Object(query));
        }
        if let Some(body) = body {
            request.insert("body".to_owned(), body);
        }
        Value::Object(request)
    }
}

/// Adds a parameter. One that is there several times has a list of values.
fn add(query: &mut Map<String, Value>, key: &str, value: &str) {
    match query.get_mut(key) {
        None => {
            query.insert(key.to_owned(), value.into());
        }
        Some(Value::Array(values)) => values.push(value.into()),
        Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A path without what follows the word `token` in it, which is one.
fn without_token(path: &str) -> String {
    let mut before = "";
    let segments = path.split('/').map(|segment| {
        let shown = if before == "token" && !segment.is_empty() { "…" } else { segment };
        before = segment;
        shown
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The JSON of `--body`.
fn body_of(argument: &Text) -> Result<Value> {
    let source = match argument {
        Text::Here(_) => "--body".to_owned(),
        Text::In(input) => input.to_string(),
    };
    serde_json::from_str(&argument.text()?).map_err(|error| {
        Failure::usage("invalid_json", format!("{source}: {error}"))
            .hint("--body takes JSON, @FILE, or - for standard input")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_is_shown_without_the_token_in_it() {
        for (path, shown) in [
            ("/run/users/61eb25a4", "/run/users/61eb25a4"),
            ("/profile/61fa/token/p-secret", "/profile/61fa/token/…"),
            ("/profile/61fa/token/", "/profile/61fa/token/"),
            ("/account/profile/token", "/account/profile/token"),
        ] {
            assert_eq!(without_token(path), shown);
        }
    }

    #[test]
    fn the_parameters_of_the_path_and_the_line_are_one_query() {
        let call = Call {
            method: Method::Get,
            path: "/run/users?fields=id&filter%5Bname%5D=a%20b&fields=name&page".to_owned(),
            query: vec![Pair { key: "fields".to_owned(), value: "email".to_owned() }],
            body: None,
            danger: Danger::default(),
        };
        let query = json!({"fields": ["id", "name", "email"], "filter[name]": "a b", "page": ""});
        assert_eq!(call.request(None, false), json!({"method": "GET", "path": "/run/users", "query": query}));
    }
}
