//! What is not shown unless it is asked for.

#[path = "../../../wire/sensitive.rs"]
mod sensitive;

use serde_json::Value;

use sensitive::{is_sensitive_key, is_signed_address};

/// What stands for the rest of a secret.
const MARK: char = '…';
/// So many signs of a long secret are shown.
const SHOWN: usize = 6;

/// Masks the secrets of a result.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (key, member) in members {
                if is_described(key, member) {
                    continue;
                }
                if is_secret(key) || member.as_str().is_some_and(is_signed_address) {
                    hide(member);
                } else {
                    mask(member);
                }
            }
        }
        _ => {}
    }
}

/// Whether words stand in for metadata: base 64 has no spaces.
fn is_described(key: &str, value: &Value) -> bool {
    key == "idp_metadata" && value.as_str().is_some_and(|text| text.contains(' '))
}

/// Puts back what was masked when it was shown: what is read, changed and written back must not lose its secrets. Gives
/// the path of a masked secret whose full text isn't known.
pub(crate) fn restore(value: &mut Value, real: &Value) -> std::result::Result<(), String> {
    let mut seen = real.clone();
    mask(&mut seen);
    put_back(value, &seen, real);
    match masked_path(value) {
        Some(path) => Err(path),
        None => Ok(()),
    }
}

fn put_back(value: &mut Value, seen: &Value, real: &Value) {
    if value == seen {
        real.clone_into(value);
        return;
    }
    match (value, seen, real) {
        (Value::Object(members), Value::Object(seen), Value::Object(real)) => {
            for (key, member) in members {
                if let (Some(seen), Some(real)) = (seen.get(key), real.get(key)) {
                    put_back(member, seen, real);
                }
            }
        }
        (Value::Array(items), Value::Array(seen), Value::Array(real)) => {
            for (place, item) in items.iter_mut().enumerate() {
                // An item that has moved is still the same.
                let same = seen.iter().position(|seen| seen == item).unwrap_or(place);
                if let (Some(seen), Some(real)) = (seen.get(same), real.get(same)) {
                    put_back(item, seen, real);
                }
            }
        }
        _ => {}
    }
}

fn masked_path(value: &Value) -> Option<String> {
    let below = |step: String, inner: &Value| masked_path(inner).map(|rest| format!("{step}.{rest}"));
    match value {
        Value::Object(members) => members.iter().find_map(|(key, member)| match member {
            Value::String(text) if text.ends_with(MARK) && (is_secret(key) || is_masked_address(text)) => {
                Some(key.clone())
            }
            member => below(key.clone(), member),
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(place, item)| below(place.to_string(), item)),
        _ => None,
    }
}

/// Whether a text is what is left of a signed address when it is masked.
fn is_masked_address(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        let shown: String = scheme.chars().take(SHOWN).chain([MARK]).collect();
        text.eq_ignore_ascii_case(&shown)
    })
}

/// Masks a secret, or several.
fn hide(secret: &mut Value) {
    match secret {
        Value::String(text) => *text = masked(text),
        Value::Number(_) => *secret = MARK.to_string().into(),
        Value::Array(items) => items.iter_mut().for_each(hide),
        other => mask(other),
    }
}

/// Whether a key is that of a secret: `token`, and also `filter[token]` of a query.
pub(crate) fn is_secret(key: &str) -> bool {
    key.split(['[', ']']).any(is_sensitive_key)
}

/// As much of a token as tells it from another: a few signs of a long one, none of a short one.
fn masked(secret: &str) -> String {
    const LONG: usize = 24;
    if secret.is_empty() {
        return String::new();
    }
    let shown = if secret.chars().count() >= LONG { SHOWN } else { 0 };
    secret.chars().take(shown).chain([MARK]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let mut value = json!({
            "name": "ci",
            "token": "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4",
            "list": [{"Password": "hunter2", "pin_code": 123_456, "client_secret": "", "token_count": 1}],
            "query": {"filter[token]": ["p-3f2b", {"a": 1}], "fields[0]": "token"},
            "saml": [{"idp_metadata": "PHhtbD4="}, {"idp_metadata": "8 characters of base 64"}],
            "url": "https://s3.amazonaws.com/x.zip?X-Amz-Signature=0a1b",
            "logo": "https://s3.amazonaws.com/x.png",
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "name": "ci",
                "token": "p-3f2b…",
                "list": [{"Password": "…", "pin_code": "…", "client_secret": "", "token_count": 1}],
                "query": {"filter[token]": ["…", {"a": 1}], "fields[0]": "token"},
                "saml": [{"idp_metadata": "…"}, {"idp_metadata": "8 characters of base 64"}],
                "url": "https:…",
                "logo": "https://s3.amazonaws.com/x.png",
            })
        );
    }

    #[test]
    fn what_was_masked_is_put_back_and_what_was_set_stays() {
        let real = json!({
            "token": "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4",
            "list": [{"id": 1, "password": "hunter2"}, {"id": 2, "password": "secret9", "name": "b"}],
        });
        let mut seen = real.clone();
        mask(&mut seen);
        let mut changed = seen.clone();
        assert_eq!(restore(&mut changed, &real), Ok(()));
        assert_eq!(changed, real);

        // The second item comes first now, and the first has a new password.
        let mut changed = json!({"list": [seen["list"][1], {"id": 1, "password": "new"}], "name": "x"});
        assert_eq!(restore(&mut changed, &real), Ok(()));
        assert_eq!(changed, json!({"list": [real["list"][1], {"id": 1, "password": "new"}], "name": "x"}));

        let mut strange = json!({"list": [{"id": 1, "password": "…"}, {"id": 2}, {"id": 3, "password": "…"}]});
        assert_eq!(restore(&mut strange, &real), Err("list.2.password".to_owned()));
        let mut strange = json!({"logo": "https:…"});
        assert_eq!(restore(&mut strange, &json!({"logo": null})), Err("logo".to_owned()));
    }
}
