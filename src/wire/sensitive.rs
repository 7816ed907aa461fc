//! Which names are those of secrets. `tagoctl` has this file, too: what is a secret here is one there.

/// Keys of JSON objects whose values are secrets, in requests and answers, without regard to case, `_` and `-`. The last
/// lines are those of routes that have no typed method.
#[rustfmt::skip]
const SENSITIVE_KEYS: [&str; 22] = [
    "password", "pincode", "token", "anonymoustoken", "idpmetadata", "verificationcode",
    "accesstoken", "accounttoken", "analysistoken", "authtoken", "devicetoken", "profiletoken", "refreshtoken",
    "apikey", "authorization", "clientsecret", "currentpassword", "newpassword",
    "passphrase", "privatekey", "secret", "secretkey",
];

/// Whether the value of this key of a JSON object is a secret.
pub(crate) fn is_sensitive_key(key: &str) -> bool {
    let letters = || key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    // Nearly all keys are told apart by their length.
    let length = letters().count();
    SENSITIVE_KEYS.iter().any(|sensitive| sensitive.len() == length && letters().eq(sensitive.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("clientSecret", true),
            ("api-key", true),
            ("secret_key", true),
            ("secretary", false),
        ] {
            assert_eq!(is_sensitive_key(key), sensitive, "{key}");
        }
    }
}
