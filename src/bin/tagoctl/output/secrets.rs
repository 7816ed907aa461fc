//! What is not shown unless it is asked for.

use serde_json::Value;

/// Fields whose values are secrets, wherever they are.
const SECRET: [&str; 12] = [
    "token",
    "password",
    "anonymous_token",
    "pin_code",
    "verification_code",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "private_key",
];

/// Masks the secrets of a result.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if is_secret(key) => *text = masked(text),
                    Value::Number(_) if is_secret(key) => *member = Value::String("…".to_owned()),
                    member => mask(member),
                }
            }
        }
        _ => {}
    }
}

fn is_secret(key: &str) -> bool {
    SECRET.iter().any(|secret| key.eq_ignore_ascii_case(secret))
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
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "name": "ci",
                "token": "p-3f2b…",
                "list": [{"Password": "…", "pin_code": "…", "client_secret": "", "token_count": 1}],
            })
        );
    }
}
