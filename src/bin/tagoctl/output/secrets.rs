//! What is not shown unless it is asked for.

use serde_json::Value;

/// Fields whose values are secrets, wherever they are.
#[rustfmt::skip]
const SECRET: [&str; 19] = [
    "token", "password", "anonymous_token", "pin_code", "verification_code",
    "secret", "client_secret", "api_key", "apikey", "private_key", "authorization",
    "access_token", "refresh_token", "account_token", "analysis_token", "device_token", "profile_token",
    "current_password", "new_password",
];

/// Masks the secrets of a result.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (key, member) in members {
                if is_secret(key) {
                    hide(member);
                } else {
                    mask(member);
                }
            }
        }
        _ => {}
    }
}

/// Masks a secret, or several.
fn hide(secret: &mut Value) {
    match secret {
        Value::String(text) => *text = masked(text),
        Value::Number(_) => *secret = Value::String("…".to_owned()),
        Value::Array(items) => items.iter_mut().for_each(hide),
        other => mask(other),
    }
}

/// Whether a key is that of a secret: `token`, and also `filter[token]` of a query.
fn is_secret(key: &str) -> bool {
    key.split(['[', ']']).any(|part| SECRET.iter().any(|secret| part.eq_ignore_ascii_case(secret)))
}

/// As much of a token as tells it from another: a few signs of a long one, none of a short one.
fn masked(secret: &str) -> String {
    const SHOWN: usize = 6;
    const LONG: usize = 24;
    if secret.is_empty() {
        return String::new();
    }
    let shown = if secret.chars().count() >= LONG { SHOWN } else { 0 };
    secret.chars().take(shown).chain(['…']).collect()
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
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "name": "ci",
                "token": "p-3f2b…",
                "list": [{"Password": "…", "pin_code": "…", "client_secret": "", "token_count": 1}],
                "query": {"filter[token]": ["…", {"a": 1}], "fields[0]": "token"},
            })
        );
    }
}
