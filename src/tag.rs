use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::patch::Patch;

/// A key and a value that something is marked with.
///
/// Tags of TagoRUN users often carry authorization (`organization_id`, `access`): mind that an edit replaces all tags
/// of a user.
///
/// ```
/// use tagoio::Tag;
///
/// let tag = Tag::new("site", "lisbon");
/// assert_eq!(tag, ("site", "lisbon").into());
/// ```
#[doc(alias = "TagsObj")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tag {
    /// The key.
    #[serde(default, deserialize_with = "text")]
    pub key: String,
    /// The value.
    #[serde(default, deserialize_with = "text")]
    pub value: String,
}

impl Tag {
    /// A tag of a key and a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// The tags that something has after others were given to it: a given key replaces all tags of that key, where the
    /// first of them stands; the others stay, in their order; new keys come last.
    ///
    /// An edit replaces all tags of a user, so this is what to send when only some of them are to change.
    ///
    /// ```
    /// use tagoio::Tag;
    ///
    /// let has = [Tag::new("access", "admin"), Tag::new("site", "porto"), Tag::new("floor", "2")];
    /// let merged = Tag::merge(&has, &[Tag::new("site", "lisbon"), Tag::new("team", "night")]);
    /// let text: Vec<_> = merged.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
    /// assert_eq!(text, ["access=admin", "site=lisbon", "floor=2", "team=night"]);
    /// ```
    pub fn merge(existing: &[Self], given: &[Self]) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::with_capacity(existing.len() + given.len());
        for tag in existing.iter().chain(given) {
            let replacing: Vec<&Self> = given.iter().filter(|other| other.key == tag.key).collect();
            if replacing.is_empty() {
                merged.push(tag.clone());
            } else if !merged.iter().any(|other| other.key == tag.key) {
                merged.extend(replacing.into_iter().cloned());
            }
        }
        merged
    }

    /// Whether these are the same tags, in whatever order: to TagoIO a user's tags have none.
    pub(crate) fn are_same(some: &[Self], others: &[Self]) -> bool {
        let sorted = |tags: &[Self]| {
            let mut tags = tags.to_vec();
            tags.sort_unstable();
            tags
        };
        sorted(some) == sorted(others)
    }
}

impl<K: Into<String>, V: Into<String>> From<(K, V)> for Tag {
    fn from((key, value): (K, V)) -> Self {
        Self::new(key, value)
    }
}

/// Text or, where TagoIO has something else, what it is written as; nothing for `null`.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_string<E>(self, text: String) -> Result<String, E> {
            Ok(text)
        }

        fn visit_unit<E>(self) -> Result<String, E> {
            Ok(String::new())
        }

        fn visit_bool<E>(self, value: bool) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_i64<E>(self, value: i64) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_u64<E>(self, value: u64) -> Result<String, E> {
            Ok(value.to_string())
        }

        fn visit_f64<E>(self, value: f64) -> Result<String, E> {
            Ok(value.to_string())
        }
    }

    deserializer.deserialize_any(Text)
}

/// Reads the tags of a request: unlike those of an answer, they have to be whole, and to have nothing else.
pub(crate) fn tags_as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Vec<Tag>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        key: String,
        value: String,
    }

    let tags = Option::<Vec<Whole>>::deserialize(deserializer)?;
    Ok(tags.map_or(Patch::Clear, |tags| Patch::Set(tags.into_iter().map(|tag| Tag::new(tag.key, tag.value)).collect())))
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::Tag;
    use crate::run::{UserEdit, UserInfo};

    #[test]
    fn given_tags_replace_those_of_their_keys_and_no_others() {
        let tags = |text: &str| -> Vec<Tag> {
            text.split_whitespace().filter_map(|tag| tag.split_once('=')).map(Tag::from).collect()
        };
        for (existing, given, merged) in [
            ("", "", ""),
            ("a=1", "", "a=1"),
            ("", "a=1", "a=1"),
            ("a=1 b=2", "a=3", "a=3 b=2"),
            ("a=1 b=2 a=3", "a=4", "a=4 b=2"),
            ("a=1 b=2", "b=3 b=4", "a=1 b=3 b=4"),
            ("a=1 a=2 b=3", "c=4 b=5 c=6", "a=1 a=2 b=5 c=4 c=6"),
            ("a=1", "A=2", "a=1 A=2"),
        ] {
            let once = Tag::merge(&tags(existing), &tags(given));
            assert_eq!(once, tags(merged), "{existing} + {given}");
            assert_eq!(Tag::merge(&once, &tags(given)), once, "{existing} + {given} twice");
        }
    }

    #[test]
    fn an_odd_tag_does_not_cost_the_user() {
        for (value, text) in
            [(json!(5), "5"), (json!(-5), "-5"), (json!(0.5), "0.5"), (json!(true), "true"), (json!(null), "")]
        {
            let user: UserInfo = from_value(json!({"id": "1", "tags": [{"key": "k", "value": value}]})).unwrap();
            assert_eq!(user.tags, [Tag::new("k", text)]);
        }
        let error = from_value::<Tag>(json!({"key": [], "value": ""})).unwrap_err();
        assert_eq!(error.to_string(), "invalid type: sequence, expected text");
    }

    #[test]
    fn tags_of_an_answer_may_lack_a_part_and_those_of_a_request_may_not() {
        for (tags, read) in [
            (json!([{"key": "a", "value": "b"}]), Ok(Tag::new("a", "b"))),
            (json!([{"key": "a"}]), Err("missing field `value`")),
            (json!([{"key": "a", "value": "b", "colour": 1}]), Err("unknown field `colour`")),
        ] {
            let user: UserInfo = from_value(json!({"id": "1", "tags": tags})).unwrap();
            assert_eq!(user.tags[0].key, "a");
            let edit: Result<UserEdit, _> = from_value(json!({"tags": tags}));
            match (edit, read) {
                (Ok(edit), Ok(tag)) => assert_eq!(edit.tags.as_deref(), Some(&[tag][..])),
                (Err(error), Err(problem)) => assert!(error.to_string().starts_with(problem), "{error}"),
                (edit, read) => panic!("{edit:?} is not {read:?}"),
            }
        }
    }
}
