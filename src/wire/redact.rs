use percent_encoding::percent_decode_str;
use serde_json::Value;
use zeroize::Zeroizing;

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
    for secret in secrets(request) {
        if text.contains(&*secret) {
            text = text.replace(&*secret, BLACKED_OUT);
        }
    }
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The secrets of a request, the longest first, because one may be the beginning of another. Those of one to three
/// characters aren't among them: they would black out half of every sentence, and TagoIO has none so short.
fn secrets(request: &Request) -> Vec<Zeroizing<String>> {
    let mut secrets: Vec<String> = request.secrets().map(str::to_owned).collect();
    for pair in request.query().unwrap_or_default().split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        // `token`, and `token` of `filter[token]`.
        if decode(key).split(['[', ']']).any(is_sensitive_key) {
            secrets.push(decode(value));
        }
    }
    if let Some(body) = request.body().and_then(|body| serde_json::from_slice(body).ok()) {
        secrets_of_body(&body, false, &mut secrets);
    }
    secrets.retain(|secret| secret.chars().count() >= 4);
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().map(Zeroizing::new).collect()
}

fn secrets_of_body(value: &Value, sensitive: bool, secrets: &mut Vec<String>) {
    match value {
        Value::String(secret) if sensitive => secrets.push(secret.clone()),
        Value::Number(secret) if sensitive => secrets.push(secret.to_string()),
        Value::Array(items) => items.iter().for_each(|item| secrets_of_body(item, sensitive, secrets)),
        Value::Object(members) => {
            for (key, member) in members {
                secrets_of_body(member, sensitive || is_sensitive_key(key), secrets);
            }
        }
        _ => {}
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
        let request = Request::new(Method::Post, "https://h/run/users?filter%5Btoken%5D=p-que%2Bry&name=Joe")
            .with_secret_header("token", Token::new("p-header").unwrap())
            .with_path_secrets(vec![Token::new("p-path").unwrap()])
            .with_body(
                *br#"{"name":"Jane","password":"hunter22","nested":[{"pin_code":123456}],"token":"hunter22-longer"}"#,
            );
        assert_eq!(
            presentable("hunter22 p-header p-path 123456 p-que+ry hunter22-longer Jane\r\nX: y Joe", &request),
            "█████ █████ █████ █████ █████ █████ Jane  X: y Joe"
        );
        assert_eq!(presentable(&"ä".repeat(2001), &request).chars().count(), 2001);
        assert!(presentable(&"ä".repeat(2001), &request).ends_with('…'));
    }
}
