//! Reading the body of a request as TagoIO's validator does: what is unknown is ignored, what is of a wrong type is
//! refused.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::call::object;
use super::limits::TAGS;
use crate::{Patch, Tag};

/// The fields of a body.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a Value) -> Result<Self, Refusal> {
        object(body).map(Self)
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key)
    }

    fn read<T>(self, key: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<Patch<T>, Refusal> {
        match self.0.get(key) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => read(value).map(Patch::Set).ok_or_else(|| Refusal::invalid(key, "type")),
        }
    }

    /// Text that may be null.
    pub(super) fn text(self, key: &str) -> Result<Patch<&'a str>, Refusal> {
        self.read(key, Value::as_str)
    }

    pub(super) fn flag(self, key: &str) -> Result<Patch<bool>, Refusal> {
        self.read(key, Value::as_bool)
    }

    pub(super) fn object(self, key: &str) -> Result<Patch<&'a Map<String, Value>>, Refusal> {
        self.read(key, Value::as_object)
    }

    pub(super) fn array(self, key: &str) -> Result<Patch<&'a Vec<Value>>, Refusal> {
        self.read(key, Value::as_array)
    }

    /// Text that may be left out, but not be null or empty.
    pub(super) fn filled_text(self, key: &str) -> Result<Option<&'a str>, Refusal> {
        match self.text(key)? {
            Patch::Keep => Ok(None),
            Patch::Set(text) if !text.trim().is_empty() => Ok(Some(text)),
            Patch::Clear | Patch::Set(_) => Err(Refusal::invalid(key, "required")),
        }
    }

    pub(super) fn required_text(self, key: &str) -> Result<&'a str, Refusal> {
        self.filled_text(key)?.ok_or_else(|| Refusal::invalid(key, "required"))
    }

    /// A switch that may be left out, but not be null.
    pub(super) fn plain_flag(self, key: &str) -> Result<Option<bool>, Refusal> {
        match self.flag(key)? {
            Patch::Keep => Ok(None),
            Patch::Set(value) => Ok(Some(value)),
            Patch::Clear => Err(Refusal::invalid(key, "type")),
        }
    }

    /// The tags; `None` when nothing is said of them.
    pub(super) fn tags(self) -> Result<Option<Vec<Tag>>, Refusal> {
        let tags = match self.array("tags")? {
            Patch::Keep => return Ok(None),
            Patch::Clear => return Ok(Some(Vec::new())),
            Patch::Set(tags) => tags,
        };
        if tags.len() > TAGS {
            return Err(Refusal::limit("Tags", TAGS));
        }
        let read = |tag: &Value| {
            let (key, value) = (tag.get("key")?.as_str()?, tag.get("value")?.as_str()?);
            (!key.is_empty()).then(|| Tag::new(key, value))
        };
        let tags: Option<Vec<Tag>> = tags.iter().map(read).collect();
        tags.map(Some).ok_or_else(|| Refusal::invalid("tags", "type"))
    }
}

/// A name of the tz database, as far as it can be told without one: `UTC`, `Europe/Lisbon`, `Etc/GMT+3`.
pub(super) fn is_time_zone(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    name.split('/').all(part) && name.split('/').count() <= 3
}

/// Puts a nullable text where it belongs.
pub(super) fn apply(patch: Patch<&str>, field: &mut Option<String>) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => *field = None,
        Patch::Set(text) => *field = Some(text.to_owned()),
    }
}
