//! The shapes that most types of this crate have: open enums, requests, and settings that lose nothing.

/// An enum of the service's words that keeps the words it does not know.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// A word that isn't listed here is kept as `Other` and goes out as it came in.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* #[doc = concat!("\n\n`", $word, "` at TagoIO.")] $variant,)+
            /// A word that this version of the crate does not know.
            Other(String),
        }

        impl $name {
            /// The words that this version of the crate knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// TagoIO's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl From<&str> for crate::Patch<$name> {
            fn from(word: &str) -> Self {
                Self::Set(word.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        impl crate::macros::Kept for $name {
            fn keeps(value: &serde_json::Value) -> bool {
                value.is_string()
            }
        }
    };
}

/// The body of a request: fields that it must have, and fields that it may have. The latter are [`Patch`](crate::Patch)
/// with a consuming setter each. Read from JSON, it refuses fields that it doesn't know.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(@required {
                $($(#[doc = $required_doc:expr])* $required:ident: $required_type:ty,)*
            })?
            $(
                $(#[doc = $doc:expr])*
                $(#[serde($($serde:tt)*)])?
                $field:ident: $type:ty,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[doc = $required_doc])* pub $required: $required_type,)*)?
            $(
                $(#[doc = $doc])*
                $(#[serde($($serde)*)])?
                #[serde(default, skip_serializing_if = "crate::Patch::is_keep")]
                pub $field: crate::Patch<$type>,
            )*
        }

        impl $name {
            /// A request with what it must have, and nothing else.
            #[allow(clippy::new_without_default, reason = "not all of them have required fields")]
            pub fn new($($($required: impl Into<$required_type>),*)?) -> Self {
                Self {
                    $($($required: $required.into(),)*)?
                    $($field: crate::Patch::Keep,)*
                }
            }

            $(
                $(#[doc = $doc])*
                pub fn $field(mut self, $field: impl Into<crate::Patch<$type>>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
        }
    };
}

/// A structure that is read, changed and written back: it keeps the difference between `null` and nothing, the keys
/// that it does not know, and the values that are not of the expected type (these two in `other`).
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[doc = $doc:expr])*
                $field:ident: $type:ty = $key:literal,
            )*
        }
    ) => {
        $(#[$meta])*
        ///
        /// What is read is written back unchanged, whatever it is: unknown keys, and values of a type that isn't
        /// expected, are kept in `other`.
        #[derive(Clone, Default)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                pub $field: crate::Patch<$type>,
            )*
            /// What this version of the crate doesn't know, as it came.
            pub other: serde_json::Map<String, serde_json::Value>,
            /// What came where a structure was expected, when it wasn't one. In a box: it hardly ever comes, and would
            /// make each row of a list larger.
            odd: Option<Box<serde_json::Value>>,
        }

        impl $name {
            /// TagoIO's keys that this version of the crate knows, in the order of the fields. What came under one of
            /// them is in `other` all the same when it isn't of the expected type.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// Nothing is set.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[doc = $doc])*
                pub fn $field(mut self, $field: impl Into<crate::Patch<$type>>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
        }

        impl $name {
            fn from_json(value: serde_json::Value) -> Self {
                // A null in a list of buttons must not cost the buttons beside it.
                let (mut other, odd) = match value {
                    serde_json::Value::Object(members) => (members, None),
                    odd => (serde_json::Map::new(), Some(Box::new(odd))),
                };
                Self {
                    $($field: crate::macros::take(&mut other, $key),)*
                    other,
                    odd,
                }
            }
        }

        /// Without the values of unknown keys that are secrets by their names: `client_secret` and the like.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))*
                    .field("other", &crate::wire::Members(&self.other))
                    .field("odd", &self.odd.as_deref().map(crate::wire::Odd))
                    .finish()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;

                let nothing_set = self.other.is_empty() $(&& self.$field.is_keep())*;
                if let (true, Some(odd)) = (nothing_set, &self.odd) {
                    return odd.serialize(serializer);
                }
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in &self.other {
                    let known = match key.as_str() {
                        $($key => !self.$field.is_keep(),)*
                        _ => false,
                    };
                    if !known {
                        map.serialize_entry(key, value)?;
                    }
                }
                $(
                    if !self.$field.is_keep() {
                        map.serialize_entry($key, &self.$field)?;
                    }
                )*
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                serde_json::Value::deserialize(deserializer).map(Self::from_json)
            }
        }

        impl crate::macros::Kept for $name {
            fn keeps(_: &serde_json::Value) -> bool {
                true
            }

            fn read(value: serde_json::Value) -> Option<Self> {
                Some(Self::from_json(value))
            }
        }
    };
}

pub(crate) use {open_enum, request, settings};

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::Patch;
use crate::time::Timestamp;

/// What a field of [`settings!`] may be, and which values it writes back as they came.
///
/// Which ones the usual types keep is known, so these are moved into them. To write each value again and compare it, as is
/// done where nothing better is known, took 1.6 times the instructions for the portal's settings, and 2.6 times the
/// allocations.
pub(crate) trait Kept: DeserializeOwned + Serialize {
    /// Whether a value would be written back as it came.
    fn keeps(value: &Value) -> bool {
        let written = Self::deserialize(value).and_then(serde_json::to_value);
        written.is_ok_and(|written| written == *value)
    }

    /// Reads a value that it keeps.
    fn read(value: Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }
}

impl Kept for String {
    fn keeps(value: &Value) -> bool {
        value.is_string()
    }
}

impl Kept for bool {
    fn keeps(value: &Value) -> bool {
        value.is_boolean()
    }
}

impl Kept for Number {
    fn keeps(value: &Value) -> bool {
        value.is_number()
    }
}

impl Kept for Value {
    fn keeps(_: &Value) -> bool {
        true
    }

    fn read(value: Value) -> Option<Self> {
        Some(value)
    }
}

impl Kept for Map<String, Value> {
    fn keeps(value: &Value) -> bool {
        value.is_object()
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn keeps(value: &Value) -> bool {
        value.as_array().is_some_and(|items| items.iter().all(T::keeps))
    }

    fn read(value: Value) -> Option<Self> {
        let Value::Array(items) = value else { return None };
        items.into_iter().map(T::read).collect()
    }
}

impl<T: Kept> Kept for BTreeMap<String, T> {
    fn keeps(value: &Value) -> bool {
        value.as_object().is_some_and(|members| members.values().all(T::keeps))
    }

    fn read(value: Value) -> Option<Self> {
        let Value::Object(members) = value else { return None };
        members.into_iter().map(|(key, member)| Some((key, T::read(member)?))).collect()
    }
}

impl Kept for Timestamp {}

/// Takes a value out of a JSON object if, and only if, the type writes it back as it was.
pub(crate) fn take<T: Kept>(from: &mut Map<String, Value>, key: &str) -> Patch<T> {
    match from.get(key) {
        Some(Value::Null) => {
            from.remove(key);
            Patch::Clear
        }
        Some(value) if T::keeps(value) => from.remove(key).and_then(T::read).map_or(Patch::Keep, Patch::Set),
        _ => Patch::Keep,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde_json::json;

    use super::*;
    use crate::ProfileId;
    use crate::run::{OtpSettings, SignUpMethod, Theme};
    use crate::secret::Token;

    /// What is kept is read and written as it came; what isn't stays where it was.
    fn check<T: Kept + Debug>(kept: &[Value], refused: &[Value]) {
        for (value, is_kept) in kept.iter().map(|value| (value, true)).chain(refused.iter().map(|value| (value, false)))
        {
            let mut from = Map::from_iter([("key".to_owned(), value.clone())]);
            match take::<T>(&mut from, "key") {
                Patch::Set(typed) => {
                    assert_eq!((serde_json::to_value(&typed).unwrap(), from.len()), (value.clone(), 0));
                    assert!(is_kept, "{typed:?}");
                }
                other => assert!(!is_kept && other.is_keep() && from["key"] == *value, "{value} is {other:?}"),
            }
        }
    }

    #[test]
    fn a_field_takes_what_it_writes_back_and_nothing_else() {
        let text = [json!("a"), json!("")];
        let no_text = [json!(1), json!(true), json!([]), json!({})];
        check::<String>(&text, &no_text);
        check::<ProfileId>(&text, &no_text);
        check::<Token>(&text, &no_text);
        check::<SignUpMethod>(&[json!("default"), json!("new")], &no_text);
        check::<bool>(&[json!(true), json!(false)], &[json!(1), json!("true")]);
        check::<Number>(&[json!(1), json!(-1.5), json!(u64::MAX)], &[json!("1")]);
        check::<Timestamp>(&[json!("2026-01-01T00:00:00.000Z"), json!("soon")], &[json!("2026-01-01"), json!(1)]);
        check::<Value>(&[json!(1), json!([null]), json!({"a": null})], &[]);
        check::<Map<String, Value>>(&[json!({}), json!({"a": null})], &[json!([]), json!("a")]);
        check::<Theme>(&[json!({"navbar": "#fff", "new": 1})], &[json!([]), json!("dark")]);
        check::<Vec<String>>(&[json!([]), json!(["a", "b"])], &[json!(["a", null]), json!(["a", 1]), json!({})]);
        check::<Vec<OtpSettings>>(&[json!([{"sms": 1}, null, 5])], &[json!({}), json!("a")]);
        check::<BTreeMap<String, String>>(
            &[json!({"a": "b"})],
            &[json!({"a": "b", "c": 1}), json!({"a": null}), json!([])],
        );
        check::<OtpSettings>(&[json!({"sms": true, "email": "odd", "new": null}), json!([1]), json!("a")], &[]);
    }

    #[test]
    fn null_clears_and_nothing_keeps() {
        let mut from = Map::from_iter([("key".to_owned(), Value::Null)]);
        assert!(matches!(take::<Value>(&mut from, "key"), Patch::Clear));
        assert!(from.is_empty() && take::<Value>(&mut from, "key").is_keep());
    }
}
