//! Values that must not be shown: tokens, passwords, PIN codes and identity provider metadata.
//!
//! Their `Debug` is redacted, they have neither `Display` nor `PartialEq`, reading one takes an explicit
//! `expose()`, and their memory is wiped when the last copy is dropped.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::macros::Kept;

/// The text of a secret: shared by its clones, wiped with the last of them.
#[derive(Clone)]
struct Hidden(Arc<Zeroizing<String>>);

macro_rules! secret {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(Hidden);

        impl $name {
            /// The secret itself. What is done with it from here on is the caller's care.
            pub fn expose(&self) -> &str {
                &self.0.0
            }

            /// Takes the text as it is: for what the service itself sent.
            fn unchecked(text: String) -> Self {
                Self(Hidden(Arc::new(Zeroizing::new(text))))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        /// Writes the secret itself: it is what a request needs. Answers that hold secrets are not `Serialize`, but for
        /// the portal's settings, which are written back.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.expose())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                text(deserializer).map(Self::unchecked)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl TryFrom<&String> for $name {
            type Error = Error;

            fn try_from(text: &String) -> Result<Self> {
                Self::new(text.as_str())
            }
        }

        impl From<&$name> for $name {
            fn from(secret: &$name) -> Self {
                secret.clone()
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                Self::new(text)
            }
        }
    };
}

/// Reads text without leaving a copy of it behind; where there is something else, the error doesn't repeat it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    deserializer.deserialize_any(Text)
}

struct Text;

macro_rules! refuse {
    ($($visit:ident($type:ty)),*) => {$(
        fn $visit<E: de::Error>(self, _: $type) -> std::result::Result<String, E> {
            Err(E::custom(NOT_TEXT))
        }
    )*};
}

const NOT_TEXT: &str = "a secret has to be a string";

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> std::result::Result<String, E> {
        Ok(text)
    }

    refuse!(visit_bool(bool), visit_i64(i64), visit_i128(i128), visit_u64(u64), visit_u128(u128), visit_f64(f64));
    refuse!(visit_bytes(&[u8]));

    fn visit_unit<E: de::Error>(self) -> std::result::Result<String, E> {
        Err(E::custom(NOT_TEXT))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<String, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Err(de::Error::custom(NOT_TEXT))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<String, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(de::Error::custom(NOT_TEXT))
    }
}

secret! {
    /// A token that authorizes requests: of a profile (`p-…`), an analysis (`a-…`) or a TagoRUN user (`u-…`).
    ///
    /// Older tokens are UUIDs, newer ones have a prefix, and their length differs; so no length is checked.
    ///
    /// ```
    /// use tagoio::Token;
    ///
    /// let token = Token::new("p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4")?;
    /// assert_eq!(format!("{token:?}"), "Token(…)");
    /// assert!(Token::new("p-3f2b8a90\n").is_err(), "a line break would end the header it travels in");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[doc(alias = "GenericToken")]
    Token
}

secret! {
    /// The password of an account or of a TagoRUN user.
    ///
    /// TagoIO wants at least 6 characters; a profile's own password policy may want more.
    ///
    /// ```
    /// use tagoio::Password;
    ///
    /// let password = Password::new("correct horse")?;
    /// assert_eq!(format!("{password:?}"), "Password(…)");
    /// assert_eq!(password.expose(), "correct horse");
    /// assert!(Password::new("of a file\n").is_err(), "a line break is hardly part of it");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    Password
}

secret! {
    /// The one-time code of two-factor authentication, 6 digits.
    ///
    /// ```
    /// use tagoio::PinCode;
    ///
    /// assert_eq!(PinCode::new("012345")?.expose(), "012345");
    /// assert!(PinCode::new("12 34 56").is_err());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    PinCode
}

secret! {
    /// The code by which middleware proves that a request is its own.
    ///
    /// ```
    /// use tagoio::token::VerificationCode;
    ///
    /// let code = VerificationCode::new("s3cret")?;
    /// assert_eq!(format!("{code:?}"), "VerificationCode(…)");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    VerificationCode
}

secret! {
    /// The id of a secret that is kept at TagoIO (*Secrets*), by which a provider of e-mail or SMS is given its credentials.
    ///
    /// It opens nothing by itself. It is treated as a secret because a credential that is put in its place by mistake
    /// must not be seen either.
    ///
    /// ```
    /// use tagoio::profile::SecretId;
    ///
    /// assert_eq!(format!("{:?}", SecretId::new("68c9977a28079e0010aaf399")?), "SecretId(…)");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    SecretId
}

secret! {
    /// The address that a backup can be downloaded from. Whoever has it has the backup, for as long as it is valid: no
    /// token is asked for there, and none must be sent.
    ///
    /// ```
    /// use tagoio::profile::DownloadUrl;
    ///
    /// let url = DownloadUrl::new("https://s3.amazonaws.com/b/backup.zip?X-Amz-Signature=0a1b")?;
    /// assert_eq!(format!("{url:?}"), "DownloadUrl(…)");
    /// assert!(DownloadUrl::new("file:///etc/passwd").is_err());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    DownloadUrl
}

secret! {
    /// An identity provider's XML metadata as TagoIO wants it: in base 64.
    ///
    /// ```
    /// use tagoio::run::IdpMetadata;
    ///
    /// let metadata = IdpMetadata::from_xml("<EntityDescriptor/>");
    /// assert_eq!(metadata.expose(), "PEVudGl0eURlc2NyaXB0b3IvPg==");
    /// ```
    IdpMetadata
}

impl Kept for Token {
    fn keeps(value: &Value) -> bool {
        value.is_string()
    }
}

impl Token {
    /// Takes a token as TagoIO shows it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it cannot be the value of a header: it is empty, or has a character outside visible
    /// ASCII (a line break at the end of a file that was read whole is the usual one). The value is not repeated.
    pub fn new(token: impl Into<String>) -> Result<Self> {
        let token = Self::unchecked(token.into());
        if token.expose().is_empty() {
            return Err(Error::config("token", "it is empty"));
        }
        match token.expose().chars().position(|c| !c.is_ascii_graphic()) {
            Some(at) => Err(Error::config("token", format!("character {} is not a visible ASCII character", at + 1))),
            None => Ok(token),
        }
    }
}

#[cfg(feature = "sandbox")]
impl Token {
    /// Takes a token of the sandbox's own making.
    pub(crate) fn sandboxed(token: String) -> Self {
        Self::unchecked(token)
    }
}

#[cfg(feature = "sandbox")]
impl Password {
    /// Takes the password of an account of the sandbox.
    pub(crate) fn sandboxed(password: String) -> Self {
        Self::unchecked(password)
    }
}

impl Password {
    /// Takes a password of any characters that a person can type.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it holds a control character, which is nearly always the line break at the end of a
    /// file. The value is not repeated.
    pub fn new(password: impl Into<String>) -> Result<Self> {
        let password = Self::unchecked(password.into());
        without_control_characters("password", password.expose())?;
        Ok(password)
    }
}

impl VerificationCode {
    /// Takes a code of any characters that a person can type.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it holds a control character. The value is not repeated.
    pub fn new(code: impl Into<String>) -> Result<Self> {
        let code = Self::unchecked(code.into());
        without_control_characters("verification code", code.expose())?;
        Ok(code)
    }
}

impl SecretId {
    /// Takes an id as TagoIO shows it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it is empty or holds a control character. The value is not repeated.
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = Self::unchecked(id.into());
        if id.expose().is_empty() {
            return Err(Error::config("secret id", "it is empty"));
        }
        without_control_characters("secret id", id.expose())?;
        Ok(id)
    }
}

impl DownloadUrl {
    /// Takes an address as TagoIO gives it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it isn't one of `https` or `http`, or holds a character that no URL has. The value is not
    /// repeated.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        let url = Self::unchecked(url.into());
        let has_host = ["https://", "http://"].iter().any(|scheme| {
            url.expose().strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
        });
        if has_host && url.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(url)
        } else {
            Err(Error::config("download address", "it isn't the address of a file on the web"))
        }
    }
}

fn without_control_characters(subject: &str, secret: &str) -> Result<()> {
    match secret.chars().position(char::is_control) {
        Some(at) => Err(Error::config(subject, format!("character {} is a control character", at + 1))),
        None => Ok(()),
    }
}

impl PinCode {
    /// Takes a code as the authenticator, message or e-mail shows it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it is anything else than ASCII digits. The value is not repeated.
    pub fn new(code: impl Into<String>) -> Result<Self> {
        let code = Self::unchecked(code.into());
        if !code.expose().is_empty() && code.expose().bytes().all(|b| b.is_ascii_digit()) {
            Ok(code)
        } else {
            Err(Error::config("PIN code", "it has to be made of digits"))
        }
    }
}

impl IdpMetadata {
    /// Takes metadata that already is in base 64.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it isn't base 64.
    pub fn new(base64: impl Into<String>) -> Result<Self> {
        let metadata = Self::unchecked(base64.into());
        match base64::engine::general_purpose::STANDARD.decode(metadata.expose()).map(Zeroizing::new) {
            Ok(_) => Ok(metadata),
            // The cause would quote a letter of it.
            Err(_) => Err(Error::config("identity provider metadata", "it isn't base 64")),
        }
    }

    /// Encodes the XML document that the identity provider hands out.
    pub fn from_xml(xml: impl AsRef<[u8]>) -> Self {
        Self::unchecked(base64::engine::general_purpose::STANDARD.encode(xml))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let shown = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            Token::new("canary-1").unwrap(),
            Password::new("canary-2").unwrap(),
            PinCode::new("123456").unwrap(),
            IdpMetadata::from_xml("canary-3"),
            SecretId::new("canary-4").unwrap(),
            DownloadUrl::new("https://canary-5/?a=b").unwrap(),
        );
        assert_eq!(shown, "Token(…) Password(…) PinCode(…) IdpMetadata(…) SecretId(…) DownloadUrl(…)");
    }

    #[test]
    fn refusals_do_not_repeat_the_value() {
        for (refused, secret) in [
            (Token::new("").map(drop), ""),
            (Token::new("canary\n").map(drop), "canary"),
            (Token::new("canáry").map(drop), "canáry"),
            (Token::new("can ary").map(drop), "can ary"),
            (Password::new("canary\n").map(drop), "canary"),
            (VerificationCode::new("canary\n").map(drop), "canary"),
            (PinCode::new("12a456").map(drop), "12a456"),
            (PinCode::new("").map(drop), ""),
            (IdpMetadata::new("<canary>").map(drop), "canary"),
            (SecretId::new("canary\n").map(drop), "canary"),
            (SecretId::new("").map(drop), ""),
            (DownloadUrl::new("ftp://canary/").map(drop), "canary"),
            (DownloadUrl::new("https://h/canary canary").map(drop), "canary"),
            (DownloadUrl::new("https:///canary").map(drop), "canary"),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{error:?}");
            assert!(secret.is_empty() || !format!("{error} {error:?}").contains(secret), "{error:?}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_without_being_repeated() {
        for json in ["123456", "[123456]", r#"{"a":123456}"#, "true", "null"] {
            let error = serde_json::from_str::<PinCode>(json).unwrap_err().to_string();
            assert!(error.starts_with("a secret has to be a string") && !error.contains("123456"), "{error}");
        }
    }

    #[test]
    fn what_a_person_can_type_is_a_password() {
        for password in ["pa55 wörd&=+%#", "日本", " "] {
            assert_eq!(Password::new(password).unwrap().expose(), password);
        }
    }
}
