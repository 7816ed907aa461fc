//! A value as the text of a cell.

use serde_json::Value;

/// The value at a path such as `info.name`.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    // A key may hold dots itself.
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let splits = path.match_indices('.').map(|(dot, _)| (&path[..dot], &path[dot + 1..]));
    splits.into_iter().find_map(|(key, rest)| at(value.get(key)?, rest))
}

/// The fields of a thing with those of the things in it, by their paths.
pub(super) fn flat(value: &Value) -> Vec<(String, Value)> {
    fn add(fields: &mut Vec<(String, Value)>, path: &str, value: &Value) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (key, member) in members {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    add(fields, &path, member);
                }
            }
            _ => fields.push((path.to_owned(), value.clone())),
        }
    }

    let mut fields = Vec::new();
    add(&mut fields, "", value);
    fields
}

/// A value as text: tags as `key=value`, lists joined by the separator, other structures as JSON.
pub(super) fn text_of(value: &Value, separator: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => match items.iter().map(|item| part(item, separator)).collect::<Option<Vec<_>>>() {
            Some(parts) => parts.join(separator),
            None => value.to_string(),
        },
        Value::Object(members) if members.is_empty() => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A tag or a plain value in a list.
fn part(item: &Value, separator: &str) -> Option<String> {
    match item {
        Value::Object(members) => match (members.len(), members.get("key"), members.get("value")) {
            (2, Some(Value::String(key)), Some(Value::String(value))) => {
                Some(format!("{}={}", escaped(key, separator), escaped(value, separator)))
            }
            _ => None,
        },
        Value::Array(_) => None,
        plain => Some(text_of(plain, separator)),
    }
}

/// With `;` between the tags, a list of users can be read again: what would be taken for a sign is escaped.
fn escaped(text: &str, separator: &str) -> String {
    if separator != ";" {
        return text.to_owned();
    }
    text.replace('\\', "\\\\").replace(';', "\\;").replace('=', "\\=")
}

/// A cell of a tab-separated line.
pub(super) fn without_tabs(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// A cell of a table: nothing in it moves the cursor or colours the terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' | '\t' => shown.push(' '),
            // Controls, and the marks that turn the direction of text.
            char if char.is_control()
                || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                shown.extend(char.escape_unicode());
            }
            char => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_a_text() {
        for (value, text) in [
            (json!(null), ""),
            (json!("a"), "a"),
            (json!(1.5), "1.5"),
            (json!(true), "true"),
            (json!([]), ""),
            (json!({}), ""),
            (json!(["a", 1]), "a;1"),
            (json!([{"key": "site", "value": "a;b=c"}, {"key": "n", "value": "1"}]), "site=a\\;b\\=c;n=1"),
            (json!([{"key": "site"}]), r#"[{"key":"site"}]"#),
            (json!({"a": 1}), r#"{"a":1}"#),
        ] {
            assert_eq!(text_of(&value, ";"), text, "{value}");
        }
        assert_eq!(text_of(&json!([{"key": "a=b", "value": "c"}]), ", "), "a=b=c");
    }

    #[test]
    fn a_path_leads_into_structures() {
        let value = json!({"a": {"b": {"c": 1}, "b.c": 2}, "x.y": 3});
        for (path, found) in [("a.b", json!({"c": 1})), ("a.b.c", json!(2)), ("x.y", json!(3))] {
            assert_eq!(at(&value, path), Some(&found), "{path}");
        }
        assert_eq!(at(&value, "a.z"), None);
        let paths: Vec<String> = flat(&value).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a.b.c", "a.b.c", "x.y"]);
    }

    #[test]
    fn nothing_in_a_cell_reaches_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\tc\u{202e}d"), "a\\u{1b}[31mb c\\u{202e}d");
    }
}
