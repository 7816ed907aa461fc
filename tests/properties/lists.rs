//! An export that is read back changes nobody, whoever the users are.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use tagoio::Tag;
use tagoio::bulk::users::{SyncOptions, TagPolicy, UserColumn, UserExport, UserList, UserPlan};
use tagoio::clock::ManualClock;
use tagoio::run::{NewUser, UserInfo, UserOptions, UserRow};
use tagoio::sandbox::Sandbox;

use super::cases;
use super::values::{members, name, tags, text};

/// What a list says of a user that an export can hold.
#[derive(Debug, Clone)]
struct Person {
    name: String,
    zone: &'static str,
    company: Option<String>,
    phone: Option<String>,
    language: Option<String>,
    tags: Vec<Tag>,
    active: bool,
    newsletter: Option<bool>,
    date_format: Option<String>,
    preferences: Map<String, Value>,
    force_password_change: bool,
}

fn maybe<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![Just(None), value.prop_map(Some)]
}

prop_compose! {
    fn person()(
        name in name(),
        zone in select(&["UTC", "Europe/Lisbon", "America/Argentina/Buenos_Aires", "Etc/GMT+3"][..]),
        [company, phone, language, date_format] in [maybe(text()), maybe(text()), maybe(text()), maybe(text())],
        tags in tags(),
        (active, newsletter, force_password_change) in (any::<bool>(), maybe(any::<bool>()), any::<bool>()),
        preferences in members(),
    ) -> Person {
        Person {
            name, zone, company, phone, language, tags, active, newsletter, date_format, preferences,
            force_password_change,
        }
    }
}

impl Person {
    fn request(&self, at: usize) -> NewUser {
        fn set<T: Clone>(value: Option<&T>) -> tagoio::Patch<T> {
            value.map_or(tagoio::Patch::Keep, |value| value.clone().into())
        }
        let options = self.date_format.as_deref().map(|format| UserOptions::new().date_format(format));
        NewUser::new(self.name.as_str(), format!("o'dd+{at}#%&=é@Example.com"), self.zone)
            .generate_password(true)
            .company(set(self.company.as_ref()))
            .phone(set(self.phone.as_ref()))
            .language(set(self.language.as_ref()))
            .tags(self.tags.clone())
            .active(self.active)
            .newsletter(set(self.newsletter.as_ref()))
            .options(set(options.as_ref()))
            .custom_preferences(self.preferences.clone())
            .force_password_change(self.force_password_change)
    }
}

const COLUMNS: &[UserColumn] = &[
    UserColumn::Id,
    UserColumn::Name,
    UserColumn::Timezone,
    UserColumn::Company,
    UserColumn::Phone,
    UserColumn::Language,
    UserColumn::Active,
    UserColumn::Tags,
    UserColumn::LastLogin,
    UserColumn::CreatedAt,
    UserColumn::Newsletter,
    UserColumn::ForcePasswordChange,
    UserColumn::Options,
    UserColumn::CustomPreferences,
    UserColumn::Profile,
    UserColumn::Otp,
];

/// Some columns, in their order or turned around, and the one that names the user among them.
fn columns() -> impl Strategy<Value = Vec<UserColumn>> {
    (subsequence(COLUMNS, 0..=COLUMNS.len()), any::<bool>(), any::<prop::sample::Index>()).prop_map(
        |(mut columns, turned, at)| {
            if turned {
                columns.reverse();
            }
            columns.insert(at.index(columns.len() + 1), UserColumn::Email);
            columns
        },
    )
}

fn policy() -> impl Strategy<Value = TagPolicy> {
    select(&[TagPolicy::Merge, TagPolicy::Replace][..])
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn an_export_that_is_read_back_changes_nobody(people in vec(person(), 1..5), columns in columns(), policy in policy()) {
        let sandbox = Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).empty().build();
        let tago = sandbox.client().unwrap();
        for (at, person) in people.iter().enumerate() {
            tago.run().users().create(&person.request(at)).unwrap();
        }
        let mut csv = UserExport::csv(Vec::new(), &columns).unwrap();
        let mut lines = UserExport::json_lines(Vec::new(), &columns).unwrap();
        for user in sandbox.users() {
            let user = tago.run().users().info(&user.id).unwrap();
            csv.write(&user).unwrap();
            lines.write(&user).unwrap();
        }
        let (csv, lines) = (csv.finish().unwrap(), lines.finish().unwrap());
        let options = SyncOptions::new().tags(policy).delete_missing(true);
        for (form, list) in
            [("csv", UserList::from_csv(&csv[..])), ("json lines", UserList::from_json_lines(&lines[..]))]
        {
            let text = String::from_utf8_lossy(if form == "csv" { &csv } else { &lines }).into_owned();
            let list = list.map_err(|error| TestCaseError::fail(format!("{form}: {error}\n{text}")))?;
            let plan = UserPlan::new(&tago, list, &options).unwrap();
            let steps: Vec<_> = plan.steps().collect();
            prop_assert_eq!(plan.counts().unchanged, people.len(), "{}: {:?}\n{}", form, steps, text);
            prop_assert_eq!(steps.len(), people.len(), "{}: {:?}", form, steps);
        }
    }

    #[test]
    fn a_column_for_each_part_is_read_back_or_refused(
        key in prop_oneof![3 => name(), 1 => text()],
        people in vec((prop_oneof![name(), Just(String::new())], any::<bool>()), 1..4),
    ) {
        let sandbox = Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).empty().build();
        let tago = sandbox.client().unwrap();
        for (at, (value, has_it)) in people.iter().enumerate() {
            let mut new = NewUser::new("Jane", format!("jane.{at}@example.com"), "UTC").generate_password(true).tag("another key", "1");
            if *has_it && !key.is_empty() {
                new = new
                    .tag(key.as_str(), value.as_str())
                    .custom_preferences(Map::from_iter([(key.clone(), json!(value)), ("another key".to_owned(), json!([1]))]))
                    .options(UserOptions::new().date_format(value.as_str()));
            }
            tago.run().users().create(&new).unwrap();
        }
        let columns = [
            UserColumn::Email,
            UserColumn::Tag(key.clone()),
            UserColumn::Custom(key.clone()),
            UserColumn::Option("date_format".to_owned()),
        ];
        // A column whose name would be read as another one's can't be written.
        let is_itself = |column: &UserColumn| column.to_string().parse::<UserColumn>().is_ok_and(|read| read == *column);
        let export = UserExport::csv(Vec::new(), &columns);
        prop_assert_eq!(export.is_ok(), columns.iter().all(is_itself), "{:?}", key);
        let Ok(mut export) = export else { return Ok(()) };
        for user in sandbox.users() {
            export.write(&tago.run().users().info(&user.id).unwrap()).unwrap();
        }
        let csv = export.finish().unwrap();
        let text = String::from_utf8_lossy(&csv).into_owned();
        let list = UserList::from_csv(&csv[..]).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let plan = UserPlan::new(&tago, list, &SyncOptions::new()).unwrap();
        let steps: Vec<_> = plan.steps().collect();
        prop_assert_eq!(plan.counts().unchanged, people.len(), "{:?}\n{}", steps, text);
    }

    #[test]
    fn what_tagoio_leaves_out_of_a_user_is_no_problem_of_the_list(missing in subsequence(&["name", "timezone", "active", "tags", "phone"][..], 0..=5)) {
        let mut user = json!({
            "id": "1", "email": "jane@example.com", "name": "Jane", "timezone": "UTC", "active": true, "tags": [], "phone": "1",
        });
        for field in missing {
            user.as_object_mut().unwrap().remove(field);
        }
        let (whole, part): (UserInfo, UserRow) =
            (serde_json::from_value(user.clone()).unwrap(), serde_json::from_value(user).unwrap());
        let mut lines = UserExport::json_lines(Vec::new(), UserColumn::EXPORT).unwrap();
        let mut csv = UserExport::csv(Vec::new(), UserColumn::EXPORT).unwrap();
        lines.write(&whole).unwrap();
        csv.write(&whole).unwrap();
        for list in [
            UserList::from_json_lines(&lines.finish().unwrap()[..]),
            UserList::from_csv(&csv.finish().unwrap()[..]),
        ] {
            prop_assert_eq!(list.map(|list| list.len()).map_err(|error| error.to_string()), Ok(1));
        }
        let mut lines = UserExport::json_lines(Vec::new(), UserColumn::EXPORT).unwrap();
        lines.write(&part).unwrap();
        prop_assert!(UserList::from_json_lines(&lines.finish().unwrap()[..]).is_ok());
    }
}
