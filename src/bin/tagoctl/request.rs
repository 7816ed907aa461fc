//! Requests that are put together from flags and JSON.

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::nearest::did_you_mean;

/// The door for everything that has no flag of its own.
#[derive(Debug, Args)]
pub(crate) struct JsonArgs {
    /// The request as a JSON object from a file, or from standard input with `-`; flags win over what it says
    #[arg(long, value_name = "FILE|-")]
    json: Option<Input>,
}

impl JsonArgs {
    /// The JSON with the flags laid over it, as a request: checked before anything is sent.
    pub(crate) fn request<T: DeserializeOwned>(&self, flags: Fields) -> Result<T> {
        let (source, mut object) = match &self.json {
            Some(input) => (input.to_string(), object(input)?),
            None => ("the command line".to_owned(), Map::new()),
        };
        object.extend(flags.0);
        read(&source, Value::Object(object))
    }

    /// Says of what is wrong with the JSON where that is.
    pub(crate) fn blame(&self, failure: Failure) -> Failure {
        match &self.json {
            Some(input) => failure.at(&input.to_string()),
            None => failure,
        }
    }

    /// Whether there is JSON.
    pub(crate) fn is_given(&self) -> bool {
        self.json.is_some()
    }
}

fn object(input: &Input) -> Result<Map<String, Value>> {
    match serde_json::from_str(&input.text()?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::usage("invalid_json", format!("{input}: it is not a JSON object"))),
        Err(error) => Err(Failure::usage("invalid_json", format!("{input}: {error}"))),
    }
}

fn read<T: DeserializeOwned>(source: &str, value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        if let Some((field, known)) = unknown_field(&problem) {
            let guess = did_you_mean(field, known.iter().copied());
            let among = if guess.is_empty() { format!("; there are {}", known.join(", ")) } else { guess };
            return Failure::usage(
                "unknown_field",
                format!("{source}: there is no field `{}`{among}", below(&path, field)),
            );
        }
        if let Some(field) = problem.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            let flag = field.replace('_', "-");
            return Failure::usage("missing_field", format!("`{}` is needed", below(&path, field)))
                .hint(format!("give --{flag}, or `{field}` in --json"));
        }
        let place = if path == "." { String::new() } else { format!(" in `{path}`") };
        Failure::usage("invalid_field", format!("{source}{place}: {problem}"))
    })
}

/// The place of a field below another; serde names the parent and not the unknown field in some cases, both in others.
fn below(path: &str, field: &str) -> String {
    match path {
        "." | "" => field.to_owned(),
        path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
        path => format!("{path}.{field}"),
    }
}

/// The field that serde doesn't know, and those that it does.
fn unknown_field(problem: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = problem.strip_prefix("unknown field `")?.split('`');
    let field = quoted.next()?;
    // Between the names in backticks there are commas and words.
    let known = quoted.skip(1).step_by(2).collect();
    Some((field, known))
}

/// The fields that the flags of a command set.
#[derive(Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Sets a field if there is a value.
    pub(crate) fn set(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Makes fields empty: a `null` in the request.
    pub(crate) fn clear(mut self, names: &[String]) -> Self {
        for name in names {
            self.0.insert(name.replace('-', "_"), Value::Null);
        }
        self
    }

    /// The fields as they will be sent.
    pub(crate) fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A `KEY=VALUE` of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("it needs a `=`, with something before it".to_owned()),
        }
    }
}

/// Tags as requests have them; `None` when no tag is given.
pub(crate) fn tags(pairs: &[Pair]) -> Option<Value> {
    let tags = pairs.iter().map(|pair| serde_json::json!({"key": pair.key, "value": pair.value}));
    (!pairs.is_empty()).then(|| tags.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tagoio::run::NewUser;

    fn problem(value: Value) -> String {
        match read::<NewUser>("user.json", value) {
            Err(Failure::Usage(usage)) => format!("{usage:?}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_request_says_what_and_where_and_what_was_meant() {
        let whole = |key: &str, value: Value| {
            let mut user = serde_json::json!({"name": "J", "email": "j@x.io", "timezone": "UTC"});
            user[key] = value;
            user
        };
        for (value, said) in [
            (whole("emial", "x".into()), "there is no field `emial`; did you mean `email`?"),
            (whole("colour", 1.into()), "there is no field `colour`; there are name, email"),
            (whole("active", "yes".into()), "user.json in `active`: invalid type"),
            (whole("tags", serde_json::json!([{"key": "a", "valeu": "b"}])), "did you mean `value`?"),
            (serde_json::json!({"name": "J"}), "`email` is needed"),
        ] {
            let problem = problem(value);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
