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
    use serde_json::json;

    use super::*;
    use crate::Token;

    /// Whether a field of this type takes the value. What it takes it writes as it came; all else stays where it was.
    fn is_taken<T: Kept>(value: &Value) -> bool {
        let mut members = Map::from_iter([("key".to_owned(), value.clone())]);
        let field = take::<T>(&mut members, "key");
        let is_taken = !field.is_keep();
        let kept = if is_taken { Some(json!(field)) } else { members.remove("key") };
        assert_eq!(kept.as_ref(), Some(value));
        assert!(members.is_empty(), "{value} is there twice");
        is_taken
    }

    #[test]
    fn a_field_takes_what_it_writes_back_as_it_came_and_nothing_else() {
        type Case = (fn(&Value) -> bool, &'static [&'static str], &'static [&'static str]);
        let cases: [Case; 9] = [
            (is_taken::<String>, &[r#""""#, r#""text""#], &["1", "true", "[]", "{}"]),
            (is_taken::<bool>, &["true", "false"], &["1", r#""true""#, "[]"]),
            (is_taken::<Number>, &["0", "-1", "1.5", "1e300"], &["true", r#""1""#, "[1]"]),
            (is_taken::<Value>, &["1", "true", r#""text""#, "[null]", r#"{"a":null}"#], &[]),
            (is_taken::<Map<String, Value>>, &["{}", r#"{"a":[1,null]}"#], &["[]", r#""a""#, "1"]),
            (is_taken::<Vec<bool>>, &["[]", "[true,false]"], &["true", "[1]", "[true,null]", "{}"]),
            (is_taken::<BTreeMap<String, bool>>, &["{}", r#"{"a":true}"#], &["true", r#"{"a":true,"b":1}"#, "[]"]),
            (is_taken::<Token>, &[r#""a token""#], &["1", "[]", "{}"]),
            (
                is_taken::<Timestamp>,
                &[r#""2024-09-01T01:02:03.000Z""#, r#""soon""#],
                &[r#""2024-09-01T01:02:03+02:00""#, r#""2024-09-01""#, "1725152523000", "[]"],
            ),
        ];
        for (number, (is_taken, taken, left)) in cases.into_iter().enumerate() {
            for (values, expected) in [(taken, true), (left, false), (&["null"], true)] {
                for text in values {
                    assert_eq!(is_taken(&text.parse().unwrap()), expected, "case {number}: {text}");
                }
            }
        }
    }
}
