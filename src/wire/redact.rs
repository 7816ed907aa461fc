use serde_json::Value;

use crate::transport::Request;

/// What stands where a secret stood.
pub(crate) const BLACKED_OUT: &str = "█████";

/// Keys of JSON objects whose values are secrets, in requests and answers. The last two lines are those of routes that
/// have no typed method.
#[rustfmt::skip]
const SENSITIVE_KEYS: [&str; 17] = [
    "password", "pin_code", "token", "anonymous_token", "idp_metadata", "verification_code",
    "access_token", "account_token", "analysis_token", "device_token", "profile_token", "refresh_token",
    "api_key", "authorization", "client_secret", "current_password", "new_password",
];

/// Whether the value of this key of a JSON object is a secret.
pub(crate) fn is_sensitive_key(key: &str) -> bool {
    SENSITIVE_KEYS.iter().any(|sensitive| sensitive.eq_ignore_ascii_case(key))
}

/// A sentence of the server, fit to be shown: without the secrets of the request that it answers (TagoIO's password
/// policy may echo the password), without control characters, and of bounded length.
pub(super) fn presentable(message: &str, request: &Request) -> String {
    const LONGEST: usize = 2000;
    let mut text: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in request.secrets() {
        black_out(&mut text, secret);
    }
    if let Some(body) = request.body().and_then(|body| serde_json::from_slice(body).ok()) {
        black_out_values(&mut text, &body, false);
    }
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn black_out_values(text: &mut String, value: &Value, sensitive: bool) {
    match value {
        Value::String(secret) if sensitive => black_out(text, secret),
        Value::Array(items) => items.iter().for_each(|item| black_out_values(text, item, sensitive)),
        Value::Object(members) => {
            for (key, member) in members {
                black_out_values(text, member, sensitive || is_sensitive_key(key));
            }
        }
        _ => {}
    }
}

/// Secrets of one to three characters would black out half of every sentence; TagoIO has none so short.
fn black_out(text: &mut String, secret: &str) {
    if secret.chars().count() >= 4 && text.contains(secret) {
        *text = text.replace(secret, BLACKED_OUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Token;
    use crate::transport::{Method, Request};

    #[test]
    fn keys_of_secrets_are_told_from_keys_about_secrets() {
        for (key, sensitive) in [
            ("password", true),
            ("Password", true),
            ("token", true),
            ("anonymous_token", true),
            ("client_secret", true),
            ("", false),
            ("name", false),
            ("auth_token_ttl", false),
            ("generate_password", false),
            ("otp_type", false),
        ] {
            assert_eq!(is_sensitive_key(key), sensitive, "{key}");
        }
    }

    #[test]
    fn secrets_of_the_request_do_not_come_back_in_the_message() {
        let request = Request::new(Method::Post, "https://h/run/users")
            .with_secret_header("token", Token::new("p-header").unwrap())
            .with_path_secrets(vec![Token::new("p-path").unwrap()])
            .with_body(*br#"{"name":"Jane","password":"hunter22","nested":[{"pin_code":"123456"}]}"#);
        assert_eq!(
            presentable("hunter22 p-header p-path 123456 Jane\r\nX: y", &request),
            "█████ █████ █████ █████ Jane  X: y"
        );
        assert_eq!(presentable(&"ä".repeat(2001), &request).chars().count(), 2001);
        assert!(presentable(&"ä".repeat(2001), &request).ends_with('…'));
    }
}
