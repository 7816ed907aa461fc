use std::fmt;

use serde_json::{Map, Value};

use crate::wire::masked;

/// A place at which two structures differ, such as the settings of two portals.
///
/// Its `Debug` and its `Display` show no secret; the values themselves are what they are.
///
/// ```
/// use serde_json::json;
/// use tagoio::run::SettingsChange;
///
/// let (before, after) = (json!({"theme": {"navbar": "#fff"}}), json!({"theme": {"navbar": "#000", "link": "#00f"}}));
/// # let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { unreachable!() };
/// let changes = SettingsChange::between(before, after);
/// assert_eq!(changes[0].to_string(), r##"theme.navbar: "#fff" → "#000""##);
/// assert_eq!(changes[1].to_string(), r##"theme.link: nothing → "#00f""##);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SettingsChange {
    /// The keys and places that lead there, as in `sidebar_buttons.0.text`.
    pub path: String,
    /// What is there, if anything is.
    pub before: Option<Value>,
    /// What comes there, if anything does.
    pub after: Option<Value>,
}

impl SettingsChange {
    /// All places at which two structures differ, as deep as they can be told.
    pub fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Self> {
        let mut found = Vec::new();
        members("", before, after, &mut found);
        found
    }

    /// The last step of the path: the key of the value.
    fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}

fn members(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<SettingsChange>) {
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        walk(&below(path, key), before.get(key), after.get(key), found);
    }
}

pub(super) fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<SettingsChange>) {
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
        _ => found.push(SettingsChange { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

/// What is shown of a value under a key.
struct Shown<'a>(&'a str, Option<&'a Value>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            None => f.write_str("nothing"),
            Some(value) => masked(self.0, value).fmt(f),
        }
    }
}

impl fmt::Display for SettingsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (Shown(self.key(), self.before.as_ref()), Shown(self.key(), self.after.as_ref()));
        write!(f, "{}: {before} → {after}", self.path)
    }
}

impl fmt::Debug for SettingsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SettingsChange({self})")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_named_by_its_path() {
        for (before, after, expected) in [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": "x"}), json!({"a": null}), vec![r#"a: "x" → null"#]),
            (json!({}), json!({"a": null}), vec!["a: nothing → null"]),
            (json!({"s": {"b": 1, "c": 2}}), json!({"s": {"b": 1, "c": 3}}), vec!["s.c: 2 → 3"]),
            (json!({"s": {"b": 1, "c": 2}}), json!({"s": {"c": 2}}), vec!["s.b: 1 → nothing"]),
            (json!({"s": {"b": 1}}), json!({}), vec!["s.b: 1 → nothing"]),
            (json!({"s": null}), json!({"s": {"b": 1}}), vec!["s.b: nothing → 1"]),
            (json!({"s": {"b": 1}}), json!({"s": {}}), vec!["s.b: 1 → nothing"]),
            (json!({"s": null}), json!({"s": {}}), vec!["s: null → {}"]),
            (
                json!({"l": [{"t": "a"}, {"t": "b"}]}),
                json!({"l": [{"t": "a"}, {"t": "c"}, {"t": "d"}]}),
                vec![r#"l.1.t: "b" → "c""#, r#"l.2.t: nothing → "d""#],
            ),
            (json!({"l": ["a", "b"]}), json!({"l": ["a"]}), vec![r#"l.1: "b" → nothing"#]),
            (json!({"x": {"token": "canary"}}), json!({"x": {"token": "canary-2"}}), vec![r#"x.token: "…" → "…""#]),
            (
                json!({}),
                json!({"l": [{"t": "a", "n": 1, "client_secret": "canary"}]}),
                vec![r#"l: nothing → [{"client_secret":"…","n":1,"t":"a"}]"#],
            ),
            (
                json!({"logo": "https://a.io/l"}),
                json!({"logo": "https://a.io/l?X-Amz-Signature=canary"}),
                vec![r#"logo: "https://a.io/l" → "…""#],
            ),
            (json!({"token": null}), json!({"token": true}), vec!["token: null → true"]),
        ] {
            let (Value::Object(before), Value::Object(after)) = (before, after) else { panic!("objects") };
            let changes = SettingsChange::between(&before, &after);
            assert_eq!(changes.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
            assert!(!format!("{changes:?}").contains("canary"));
        }
    }

    #[test]
    fn a_structure_that_comes_or_goes_as_a_whole_shows_no_secret() {
        let (before, after) = (json!({"s": 5}), json!({"s": {"client_secret": "canary"}}));
        let (Value::Object(before), Value::Object(after)) = (before, after) else { panic!("objects") };
        let [change] = &SettingsChange::between(&before, &after)[..] else { panic!("one") };
        assert!(!format!("{change} {change:?}").contains("canary"), "{change}");
    }
}
