//! Which names are those of secrets. `tagoctl` has this file, too: what is a secret here is one there.

/// Keys of JSON objects whose values are secrets, in requests and answers, without regard to case, `_` and `-`. The last
/// lines are those of routes that have no typed method.
#[rustfmt::skip]
const SENSITIVE_KEYS: [&str; 23] = [
    "password", "pincode", "token", "anonymoustoken", "idpmetadata", "secrets", "verificationcode",
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

/// Whether a text is an address that lets in whoever has it: a file's on a store, signed for a time.
pub(crate) fn is_signed_address(text: &str) -> bool {
    let begins = |text: &str, start: &str| text.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start));
    // As Amazon and Google, CloudFront, and Azure sign.
    let is_of_a_signature = |pair: &str| {
        let key = pair.split('=').next().unwrap_or_default();
        ["x-amz-", "x-goog-"].iter().any(|start| begins(key, start))
            || ["signature", "sig"].iter().any(|name| key.eq_ignore_ascii_case(name))
    };
    let is_address = ["https://", "http://"].iter().any(|scheme| begins(text, scheme));
    is_address && text.split_once('?').is_some_and(|(_, query)| query.split(['&', '#']).any(is_of_a_signature))
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
            ("secrets", true),
        ] {
            assert_eq!(is_sensitive_key(key), sensitive, "{key}");
        }
    }

    #[test]
    fn a_signed_address_is_told_from_an_address() {
        for (text, is_signed) in [
            ("https://s3.amazonaws.com/b/x.zip?X-Amz-Algorithm=A&X-Amz-Signature=0a1b#f", true),
            ("https://s3.amazonaws.com/tago-io/x.zip?X-Amz-Algorithm=A", true),
            ("HTTP://127.0.0.1:80/x?x-amz-signature=0a", true),
            ("https://storage.googleapis.com/b/x?X-Goog-Signature=0a", true),
            ("https://a.blob.core.windows.net/b/x?sv=1&sig=0a", true),
            ("https://cdn.example.com/x?Expires=1&Signature=0a&Key-Pair-Id=K", true),
            ("https://mill.tago.run/rooms?page=1&signed=yes", false),
            ("https://mill.tago.run/rooms#?sig=1", true),
            ("https://mill.tago.run/rooms", false),
            ("see ?sig=1", false),
            ("ftp://h/?sig=1", false),
            ("日本", false),
            ("", false),
        ] {
            assert_eq!(is_signed_address(text), is_signed, "{text}");
        }
    }
}
