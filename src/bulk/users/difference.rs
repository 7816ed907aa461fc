//! What is to be changed of a user so that it is as a record wants it.

use serde_json::{Map, Value};

use super::options::{SyncOptions, TagPolicy};
use super::record::UserRecord;
use super::tag_text;
use crate::patch::Patch;
use crate::run::{UserEdit, UserInfo};
use crate::tag::Tag;

/// A field of a user that a plan changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The name of the field.
    pub field: &'static str,
    /// What it is, as text; `None` for nothing, and for a password.
    pub from: Option<String>,
    /// What it becomes, as text; `None` for nothing, and for a password.
    pub to: Option<String>,
}

/// The edit that makes the difference, and what it changes.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) edit: UserEdit,
    pub(super) changes: Vec<Change>,
}

impl Difference {
    /// Compares a user as TagoIO has it with the record of the same e-mail address.
    pub(super) fn between(user: &UserInfo, record: &UserRecord, options: &SyncOptions) -> Self {
        let mut changes = Vec::new();
        let mut edit = UserEdit::new();
        edit.name = text(&mut changes, "name", Some(&user.name), &record.name);
        if options.set_passwords {
            if let Patch::Set(password) = &record.password {
                changes.push(Change { field: "password", from: None, to: None });
                edit.password = password.clone().into();
            }
        }
        edit.timezone = text(&mut changes, "timezone", Some(&user.timezone), &record.timezone);
        edit.company = text(&mut changes, "company", user.company.as_deref(), &record.company);
        edit.phone = text(&mut changes, "phone", user.phone.as_deref(), &record.phone);
        edit.language = text(&mut changes, "language", user.language.as_deref(), &record.language);
        edit.tags = tags(&mut changes, &user.tags, &record.tags, options.tags);
        edit.active = flag(&mut changes, "active", Some(user.active), record.active);
        edit.newsletter = flag(&mut changes, "newsletter", user.newsletter, record.newsletter);
        let wanted = match &record.options {
            Patch::Set(options) => Patch::Set(object_of(options)),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        edit.options = match object(&mut changes, "options", user.options.as_deref().map(object_of), wanted) {
            // Whatever is an object can be read as options.
            Patch::Set(merged) => Patch::Set(serde_json::from_value(Value::Object(merged)).unwrap_or_default()),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let (has, wanted) = (user.custom_preferences.as_deref().cloned(), record.custom_preferences.clone());
        edit.custom_preferences = object(&mut changes, "custom_preferences", has, wanted);
        let has = user.force_password_change.unwrap_or(false);
        edit.force_password_change =
            flag(&mut changes, "force_password_change", Some(has), record.force_password_change);
        Self { edit, changes }
    }
}

fn text(changes: &mut Vec<Change>, field: &'static str, has: Option<&str>, wanted: &Patch<String>) -> Patch<String> {
    // To TagoIO's forms, no text and empty text are the same.
    let has = has.filter(|text| !text.is_empty());
    let to = match wanted {
        Patch::Keep => return Patch::Keep,
        Patch::Clear => None,
        Patch::Set(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
    };
    if has == to {
        return Patch::Keep;
    }
    changes.push(Change { field, from: has.map(str::to_owned), to: to.map(str::to_owned) });
    wanted.clone()
}

fn flag(changes: &mut Vec<Change>, field: &'static str, has: Option<bool>, wanted: Patch<bool>) -> Patch<bool> {
    if wanted.is_keep() || wanted.into_option() == has {
        return Patch::Keep;
    }
    let show = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    changes.push(Change { field, from: show(has), to: show(wanted.into_option()) });
    wanted
}

fn tags(changes: &mut Vec<Change>, has: &[Tag], wanted: &Patch<Vec<Tag>>, policy: TagPolicy) -> Patch<Vec<Tag>> {
    let to = match (wanted, policy) {
        (Patch::Keep, _) => return Patch::Keep,
        (Patch::Clear, _) => Vec::new(),
        (Patch::Set(given), TagPolicy::Merge) => Tag::merge(has, given),
        (Patch::Set(given), TagPolicy::Replace) => given.clone(),
    };
    if Tag::are_same(has, &to) {
        return Patch::Keep;
    }
    let show = |tags: &[Tag]| (!tags.is_empty()).then(|| tag_text::write(tags));
    changes.push(Change { field: "tags", from: show(has), to: show(&to) });
    Patch::Set(to)
}

/// An object whose members that aren't given stay: TagoIO replaces it as a whole.
fn object(
    changes: &mut Vec<Change>,
    field: &'static str,
    has: Option<Map<String, Value>>,
    wanted: Patch<Map<String, Value>>,
) -> Patch<Map<String, Value>> {
    let has = has.unwrap_or_default();
    let to = match wanted {
        Patch::Keep => return Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(given) => Patch::Set(has.clone().into_iter().chain(given).collect()),
    };
    let none = Map::new();
    let becomes = to.as_ref().unwrap_or(&none);
    if has == *becomes {
        return Patch::Keep;
    }
    let show = |object: &Map<String, Value>| (!object.is_empty()).then(|| Value::Object(object.clone()).to_string());
    changes.push(Change { field, from: show(&has), to: show(becomes) });
    to
}

fn object_of(options: &crate::run::UserOptions) -> Map<String, Value> {
    match serde_json::to_value(options) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn what_differs_is_changed_and_nothing_else() {
        let user: UserInfo = from_value(json!({
            "id": "1", "name": "Jane", "email": "jane@x.io", "timezone": "UTC", "company": "X", "phone": null,
            "active": true, "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}, {"key": "a", "value": "3"}],
            "newsletter": null, "options": {"date_format": "DD", "new": 1}, "custom_preferences": {"f": 1},
            "force_password_change": false,
        }))
        .unwrap();
        let merge = SyncOptions::new();
        let replace = SyncOptions::new().tags(TagPolicy::Replace);
        let passwords = SyncOptions::new().set_passwords(true);
        for (options, record, edit, changes) in [
            (&merge, json!({}), json!({}), vec![]),
            (&merge, json!({"name": "Jane", "timezone": "UTC", "active": true}), json!({}), vec![]),
            (
                &merge,
                json!({"name": "Ann", "active": false}),
                json!({"name": "Ann", "active": false}),
                vec!["name: Jane → Ann", "active: true → false"],
            ),
            (
                &merge,
                json!({"company": null, "phone": "1", "language": null}),
                json!({"company": null, "phone": "1"}),
                vec!["company: X → -", "phone: - → 1"],
            ),
            (&merge, json!({"phone": "", "company": "X"}), json!({}), vec![]),
            (&merge, json!({"tags": {"b": "2"}}), json!({}), vec![]),
            (&merge, json!({"tags": []}), json!({}), vec![]),
            (
                &merge,
                json!({"tags": {"a": "4", "c": "5"}}),
                json!({"tags": [
                    {"key": "a", "value": "4"}, {"key": "b", "value": "2"}, {"key": "c", "value": "5"}
                ]}),
                vec!["tags: a=1;b=2;a=3 → a=4;b=2;c=5"],
            ),
            (&merge, json!({"tags": null}), json!({"tags": []}), vec!["tags: a=1;b=2;a=3 → -"]),
            (&replace, json!({}), json!({}), vec![]),
            (
                &replace,
                json!({"tags": [
                    {"key": "b", "value": "2"}, {"key": "a", "value": "3"}, {"key": "a", "value": "1"}
                ]}),
                json!({}),
                vec![],
            ),
            (
                &replace,
                json!({"tags": {"a": "1"}}),
                json!({"tags": [{"key": "a", "value": "1"}]}),
                vec!["tags: a=1;b=2;a=3 → a=1"],
            ),
            (&replace, json!({"tags": []}), json!({"tags": []}), vec!["tags: a=1;b=2;a=3 → -"]),
            (
                &merge,
                json!({"newsletter": false, "force_password_change": true}),
                json!({"newsletter": false, "force_password_change": true}),
                vec!["newsletter: - → false", "force_password_change: false → true"],
            ),
            (&merge, json!({"newsletter": null, "force_password_change": false}), json!({}), vec![]),
            (&merge, json!({"options": {"date_format": "DD"}, "custom_preferences": {"f": 1}}), json!({}), vec![]),
            (
                &merge,
                json!({"options": {"time_format": "24"}, "custom_preferences": {"f": 2, "g": "x"}}),
                json!({
                    "options": {"date_format": "DD", "new": 1, "time_format": "24"},
                    "custom_preferences": {"f": 2, "g": "x"},
                }),
                vec![
                    r#"options: {"date_format":"DD","new":1} → {"date_format":"DD","new":1,"time_format":"24"}"#,
                    r#"custom_preferences: {"f":1} → {"f":2,"g":"x"}"#,
                ],
            ),
            (
                &merge,
                json!({"options": null}),
                json!({"options": null}),
                vec![r#"options: {"date_format":"DD","new":1} → -"#],
            ),
            (&merge, json!({"password": "canary", "generate_password": false, "send_email": true}), json!({}), vec![]),
            (&passwords, json!({"password": "canary"}), json!({"password": "canary"}), vec!["password: - → -"]),
            (&passwords, json!({"generate_password": true}), json!({}), vec![]),
        ] {
            let mut record = record;
            record["email"] = json!("jane@x.io");
            let difference = Difference::between(&user, &from_value(record.clone()).unwrap(), options);
            assert_eq!(serde_json::to_value(&difference.edit).unwrap(), edit, "{record}");
            let show = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
            let told: Vec<_> = difference
                .changes
                .iter()
                .map(|change| format!("{}: {} → {}", change.field, show(&change.from), show(&change.to)))
                .collect();
            assert_eq!(told, changes, "{record}");
            assert!(!format!("{difference:?}").contains("canary"));
        }
    }
}
