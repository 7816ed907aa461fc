//! What changes between two values, for a person and for a program.

use serde_json::{Map, Value, json};

use crate::output::cell::visible;
use crate::output::{self, Format, Output, secrets};

/// What is said when there is no difference.
pub(crate) const NONE: &str = "it is so already: nothing to change";
/// What is said when a difference isn't made.
pub(crate) const DRY_RUN: &str = "nothing was changed: it was a dry run";

/// A place at which two values differ.
#[derive(Debug, Clone, PartialEq)]
struct Difference {
    /// The keys and places that lead there, as in `sidebar_buttons.0.text`.
    path: String,
    /// What was there, if anything was.
    before: Option<Value>,
    /// What will be, if anything will.
    after: Option<Value>,
}

/// Shows a person what changes, and gives the same for a program. Secrets are masked.
pub(crate) fn tell(out: &Output, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Value> {
    let mut differences = between(before, after);
    if !out.shows_secrets() {
        differences = differences.into_iter().map(Difference::masked).collect();
    }
    if !matches!(out.format(), Format::Json | Format::Jsonl) {
        for difference in &differences {
            output::tell(&difference.as_text());
        }
    }
    differences.iter().map(Difference::as_json).collect()
}

/// All places at which two values differ, as deep as they can be told.
fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    members("", before, after, &mut found);
    found
}

fn members(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        walk(&below(path, key), before.get(key), after.get(key), found);
    }
}

fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let nothing = Value::Null;
    match (before.unwrap_or(&nothing), after.unwrap_or(&nothing)) {
        (Value::Object(before), Value::Object(after)) => members(path, before, after, found),
        (Value::Null, Value::Object(after)) if !after.is_empty() => members(path, &Map::new(), after, found),
        (Value::Object(before), Value::Null) if !before.is_empty() && after.is_none() => {
            members(path, before, &Map::new(), found);
        }
        (Value::Array(before), Value::Array(after)) => {
            for place in 0..before.len().max(after.len()) {
                walk(&below(path, &place.to_string()), before.get(place), after.get(place), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

impl Difference {
    /// Takes the secrets out of what will be shown.
    fn masked(mut self) -> Self {
        let name = self.path.rsplit('.').next().unwrap_or_default();
        for side in [&mut self.before, &mut self.after].into_iter().flatten() {
            let mut holder = json!({ name: side.take() });
            secrets::mask(&mut holder);
            *side = holder[name].take();
        }
        self
    }

    /// For a program.
    fn as_json(&self) -> Value {
        json!({"field": self.path, "before": self.before, "after": self.after})
    }

    /// For a person, in one line.
    fn as_text(&self) -> String {
        let sizes = match (&self.before, &self.after) {
            (Some(Value::String(before)), Some(Value::String(after))) if is_long(before) && is_long(after) => {
                Some((before.chars().count(), after.chars().count()))
            }
            _ => None,
        };
        let path = visible(&self.path);
        match sizes {
            Some((before, after)) => format!("{path}: other text ({before} → {after} characters)"),
            None => format!("{path}: {} → {}", text(self.before.as_ref()), text(self.after.as_ref())),
        }
    }
}

/// The most that is shown of a value.
const WIDTH: usize = 60;

fn is_long(text: &str) -> bool {
    text.chars().count() > WIDTH
}

fn text(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = visible(&value.to_string());
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: Value, after: Value) -> Vec<String> {
        let (Value::Object(before), Value::Object(after)) = (before, after) else { panic!("objects") };
        between(&before, &after).into_iter().map(|difference| difference.masked().as_text()).collect()
    }

    #[test]
    fn each_difference_is_named_by_its_path() {
        let long = "x".repeat(80);
        for (before, after, expected) in [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": "x"}), json!({"a": null}), vec![r#"a: "x" → null"#]),
            (json!({}), json!({"a": null}), vec!["a: nothing → null"]),
            (json!({"s": {"b": 1, "c": 2}}), json!({"s": {"b": 1, "c": 3}}), vec!["s.c: 2 → 3"]),
            (json!({"s": {"b": 1, "c": 2}}), json!({"s": {"c": 2}}), vec!["s.b: 1 → nothing"]),
            (json!({"s": {"b": 1}}), json!({}), vec!["s.b: 1 → nothing"]),
            (json!({"s": {"b": 1}}), json!({"s": null}), vec![r#"s: {"b":1} → null"#]),
            (json!({"s": null}), json!({"s": {"b": 1}}), vec!["s.b: nothing → 1"]),
            (json!({"s": {"b": 1}}), json!({"s": {}}), vec!["s.b: 1 → nothing"]),
            (json!({"s": null}), json!({"s": {}}), vec!["s: null → {}"]),
            (
                json!({"l": [{"t": "a"}, {"t": "b"}]}),
                json!({"l": [{"t": "a"}, {"t": "c"}, {"t": "d"}]}),
                vec![r#"l.1.t: "b" → "c""#, r#"l.2.t: nothing → "d""#],
            ),
            (json!({"l": ["a", "b"]}), json!({"l": ["a"]}), vec![r#"l.1: "b" → nothing"#]),
            (json!({"t": long}), json!({"t": long.clone() + "y"}), vec!["t: other text (80 → 81 characters)"]),
            (json!({"x": {"token": "one"}}), json!({"x": {"token": "two"}}), vec![r#"x.token: "…" → "…""#]),
            (json!({"n": "a\u{1b}[31m"}), json!({"n": "\u{202e}"}), vec![r#"n: "a\u001b[31m" → "\u{202e}""#]),
        ] {
            assert_eq!(lines(before, after), expected);
        }
        let cut = lines(json!({"t": "x"}), json!({"t": long}));
        assert_eq!(cut, [format!("t: \"x\" → \"{}…", "x".repeat(59))]);
    }
}
