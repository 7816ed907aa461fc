//! What changes between two values, for a person and for a program.

use serde_json::{Map, Value, json};
use tagoio::run::SettingsChange;

use crate::output::cell::visible;
use crate::output::{self, Format, Output, secrets};

/// What is said when there is no difference.
pub(crate) const NONE: &str = "it is so already: nothing to change";
/// What is said when a difference isn't made.
pub(crate) const DRY_RUN: &str = "nothing was changed: it was a dry run";

/// Shows a person what changes, and gives the same for a program. Secrets are masked.
pub(crate) fn tell(out: &Output, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Value> {
    tell_changes(out, SettingsChange::between(before, after))
}

/// The same, of what is known to change.
pub(crate) fn tell_changes(out: &Output, mut changes: Vec<SettingsChange>) -> Vec<Value> {
    if !out.shows_secrets() {
        changes.iter_mut().for_each(mask);
    }
    if !matches!(out.format(), Format::Json | Format::Jsonl) {
        for change in &changes {
            output::tell(&as_text(change));
        }
    }
    changes.iter().map(as_json).collect()
}

/// Takes the secrets out of what will be shown.
fn mask(change: &mut SettingsChange) {
    let name = change.path.rsplit('.').next().unwrap_or_default();
    for side in [&mut change.before, &mut change.after].into_iter().flatten() {
        let mut holder = json!({ name: side.take() });
        secrets::mask(&mut holder);
        *side = holder[name].take();
    }
}

/// For a program.
fn as_json(change: &SettingsChange) -> Value {
    json!({"field": change.path, "before": change.before, "after": change.after})
}

/// For a person, in one line.
fn as_text(change: &SettingsChange) -> String {
    let sizes = match (&change.before, &change.after) {
        (Some(Value::String(before)), Some(Value::String(after))) if is_long(before) && is_long(after) => {
            Some((before.chars().count(), after.chars().count()))
        }
        _ => None,
    };
    let path = visible(&change.path);
    match sizes {
        Some((before, after)) => format!("{path}: other text ({before} → {after} characters)"),
        None => format!("{path}: {} → {}", text(change.before.as_ref()), text(change.after.as_ref())),
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
        let mut changes = SettingsChange::between(&before, &after);
        changes.iter_mut().for_each(mask);
        changes.iter().map(as_text).collect()
    }

    #[test]
    fn a_difference_is_a_line_without_secrets() {
        let long = "x".repeat(80);
        for (before, after, expected) in [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": "x"}), json!({"a": null}), vec![r#"a: "x" → null"#]),
            (json!({"s": {"b": 1}}), json!({}), vec!["s.b: 1 → nothing"]),
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
