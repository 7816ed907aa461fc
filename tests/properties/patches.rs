//! Keep, clear and set: what is said of a field is what becomes of it.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tagoio::clock::ManualClock;
use tagoio::profile::ProfileEdit;
use tagoio::run::{NewUser, UserEdit, UserInfo, UserOptions};
use tagoio::sandbox::Sandbox;
use tagoio::{Patch, Tag};

use super::cases;
use super::values::{members, tags, text};

fn patch<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Patch<T>> {
    prop_oneof![Just(Patch::Keep), Just(Patch::Clear), value.prop_map(Patch::Set)]
}

/// What is said of the fields that can be cleared.
#[derive(Debug, Clone)]
struct Edit {
    company: Patch<String>,
    phone: Patch<String>,
    newsletter: Patch<bool>,
    tags: Patch<Vec<Tag>>,
    date_format: Patch<String>,
    preferences: Patch<Map<String, Value>>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let fields = (patch(text()), patch(text()), patch(any::<bool>()), patch(tags()), patch(text()), patch(members()));
    fields.prop_map(|(company, phone, newsletter, tags, date_format, preferences)| Edit {
        company,
        phone,
        newsletter,
        tags,
        date_format,
        preferences,
    })
}

impl Edit {
    fn request(&self) -> UserEdit {
        let options = match &self.date_format {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(format) => Patch::Set(UserOptions::new().date_format(format.as_str())),
        };
        UserEdit::new()
            .company(self.company.clone())
            .phone(self.phone.clone())
            .newsletter(self.newsletter)
            .tags(self.tags.clone())
            .options(options)
            .custom_preferences(self.preferences.clone())
    }

    /// What is left of a user after the edit.
    fn apply(self, user: &mut Fields) {
        fn apply<T>(patch: Patch<T>, field: &mut Option<T>) {
            match patch {
                Patch::Keep => {}
                Patch::Clear => *field = None,
                Patch::Set(value) => *field = Some(value),
            }
        }
        apply(self.company, &mut user.company);
        apply(self.phone, &mut user.phone);
        apply(self.newsletter, &mut user.newsletter);
        apply(self.tags, &mut user.tags);
        apply(self.date_format, &mut user.date_format);
        apply(self.preferences, &mut user.preferences);
    }
}

/// The fields that an edit speaks of; of what can't be absent, nothing is empty.
#[derive(Debug, Default, PartialEq)]
struct Fields {
    company: Option<String>,
    phone: Option<String>,
    newsletter: Option<bool>,
    tags: Option<Vec<Tag>>,
    date_format: Option<String>,
    preferences: Option<Map<String, Value>>,
}

impl Fields {
    fn of(user: UserInfo) -> Self {
        Self {
            company: user.company,
            phone: user.phone,
            newsletter: user.newsletter,
            tags: Some(user.tags),
            date_format: user.options.and_then(|options| options.date_format.into_option()),
            preferences: user.custom_preferences.map(|preferences| *preferences),
        }
        .without_empty()
    }

    fn without_empty(mut self) -> Self {
        self.tags = self.tags.filter(|tags| !tags.is_empty());
        self.preferences = self.preferences.filter(|preferences| !preferences.is_empty());
        self
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn nothing_null_and_a_value_are_three_things(name in patch(text()), logo in patch(text())) {
        let edit = ProfileEdit::new().name(name.clone()).logo_url(logo.clone());
        let mut expected = json!({});
        for (field, patch) in [("name", &name), ("logo_url", &logo)] {
            match patch {
                Patch::Keep => {}
                Patch::Clear => expected[field] = Value::Null,
                Patch::Set(value) => expected[field] = json!(value),
            }
        }
        prop_assert_eq!(serde_json::to_value(&edit).unwrap(), expected.clone());
        prop_assert_eq!(serde_json::from_value::<ProfileEdit>(expected).unwrap(), edit);
    }

    #[test]
    fn a_patch_is_what_its_parts_say(patch in patch(text()), pushed: char) {
        prop_assert_eq!(patch.is_keep(), matches!(patch, Patch::Keep));
        prop_assert_eq!(patch.as_deref(), patch.as_ref().map(String::as_str));
        prop_assert_eq!(patch.as_ref().cloned(), patch.clone().into_option());
        let mut changed = patch.clone();
        changed.get_or_default().push(pushed);
        prop_assert_eq!(changed.into_option(), Some(patch.into_option().unwrap_or_default() + &pushed.to_string()));
    }

    #[test]
    fn the_last_word_on_a_field_counts(first in patch(text()), last in patch(text())) {
        let both = ProfileEdit::new().name(first).name(last.clone());
        prop_assert_eq!(both, ProfileEdit::new().name(last));
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn edits_of_a_user_one_after_the_other_leave_what_they_say(edits in vec(edit(), 1..6)) {
        let sandbox = Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).empty().build();
        let users = sandbox.client().unwrap();
        let users = users.run().users();
        let id = users.create(&NewUser::new("Jane", "jane@x.io", "UTC").generate_password(true)).unwrap();
        let mut expected = Fields::default();
        for edit in edits {
            users.edit(&id, &edit.request()).unwrap();
            edit.apply(&mut expected);
            expected = expected.without_empty();
            let user = users.info(&id).unwrap();
            prop_assert_eq!((user.name.as_str(), user.email.as_str()), ("Jane", "jane@x.io"));
            prop_assert_eq!(&Fields::of(user), &expected);
        }
    }
}
