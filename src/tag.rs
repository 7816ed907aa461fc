use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::patch::Patch;

/// A key and a value that something is marked with.
///
/// Tags of TagoRUN users often carry authorization (`organization_id`, `access`): mind that an edit replaces all tags
/// of a user.
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
    fn an_odd_tag_does_not_cost_the_user() {
        let tags = json!([{"key": "n", "value": 5}, {"key": "b", "value": true}, {"key": "x", "value": null}]);
        let user: UserInfo = from_value(json!({"id": "1", "tags": tags})).unwrap();
        assert_eq!(user.tags, [Tag::new("n", "5"), Tag::new("b", "true"), Tag::new("x", "")]);
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
