//! Identifiers: one type for each kind of thing, so that a user's id can't end up where a profile's belongs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::patch::Patch;
use crate::wire::refusal;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// Converts from text. Today's ids are 24 hexadecimal digits, older and newer ones look different, so no
        /// length or alphabet is checked; but what can't be one segment of a URL's path (empty, `.`, `..`, control
        /// characters) is refused with [`Error::Config`](crate::Error::Config) by the call it is given to, before
        /// anything is sent; [`parse`](str::parse) refuses it at once. Everything else is percent-encoded.
        ///
        /// ```
        #[doc = concat!("use tagoio::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id = ", stringify!($name), "::from(\"61fac4d9a5c9f40012a5ff92\");")]
        /// assert_eq!(id.as_str(), "61fac4d9a5c9f40012a5ff92");
        #[doc = concat!("assert!(\"..\".parse::<", stringify!($name), ">().is_err());")]
        /// ```
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// Takes an id as TagoIO shows it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(Cow::Owned(id.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl crate::macros::Kept for $name {
            fn keeps(value: &serde_json::Value) -> bool {
                value.is_string()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// Refuses at once what a call would refuse.
        impl FromStr for $name {
            type Err = Error;

            fn from_str(id: &str) -> Result<Self> {
                refusal(id).map_or_else(|| Ok(Self::new(id)), |problem| Err(Error::config("id", problem)))
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self::new(id)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into_owned()
            }
        }

        impl From<&str> for Patch<$name> {
            fn from(id: &str) -> Self {
                Self::Set(id.into())
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

id! {
    /// The id of a profile, or [`ProfileId::CURRENT`].
    #[doc(alias = "GenericID")]
    ProfileId
}
id! {
    /// The id of an account: the person who owns a profile or is a member of its team.
    AccountId
}
id! {
    /// The id of a TagoRUN user.
    UserId
}
id! {
    /// The id of a notification of a TagoRUN user.
    NotificationId
}
id! {
    /// The id of an audit log query that TagoIO is running.
    AuditLogQueryId
}
id! {
    /// The id of a backup of a profile.
    BackupId
}
id! {
    /// The id of any resource (device, dashboard, dictionary …), as the audit log and settings name it.
    ResourceId
}

impl ProfileId {
    /// The profile that the token belongs to. TagoIO reads it as the word `current`.
    pub const CURRENT: Self = Self(Cow::Borrowed("current"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_convert_compare_and_show_their_kind() {
        let id: ProfileId = "61fac4d9a5c9f40012a5ff92".into();
        assert_eq!(id, "61fac4d9a5c9f40012a5ff92");
        assert_eq!(ProfileId::from(&id), id);
        assert_eq!(id.to_string(), "61fac4d9a5c9f40012a5ff92");
        assert_eq!(format!("{:?}", UserId::from("u1")), r#"UserId("u1")"#);
        assert_eq!("a/b".parse::<UserId>().unwrap(), "a/b");
        assert_eq!("..".parse::<UserId>().unwrap_err().to_string(), "invalid id: it would name another path");
        assert_eq!(serde_json::to_string(&ProfileId::CURRENT).unwrap(), r#""current""#);
    }
}
