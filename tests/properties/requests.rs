//! A request that is written as JSON and read again is the same request: a tool may keep it in a file.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tagoio::bulk::users::{SyncOptions, UserRecord};
use tagoio::profile::{
    AddOnSettings, AuditLogFilter, BackupQuery, Credentials, EmailSecrets, EmailService, NewProfile, ProfileEdit,
    ServiceAllocation, ServiceProviders, SmsSecrets, SmsService, StatisticsDate, TestMessage,
};
use tagoio::run::{
    NewCustomDomain, NewNotification, NewUser, NotificationEdit, RunSettings, SamlEdit, UserEdit, UserInvite,
    UserQuery, UserRow,
};
use tagoio::token::{NewToken, Permission, TokenQuery, TokenRow};
use tagoio::{Direction, Password, Tag};

use super::cases;
use super::values::{json as any_json, members, object, tags, text};

type Field = (&'static str, BoxedStrategy<Option<Value>>);

fn always(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    (name, value.prop_map(Some).boxed())
}

/// A field that may be left out.
fn sometimes(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    (name, prop_oneof![Just(None), value.prop_map(Some)].boxed())
}

/// A field that may be left out, or be cleared.
fn patch(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    (name, prop_oneof![Just(None), Just(Some(Value::Null)), value.prop_map(Some)].boxed())
}

fn body(fields: impl IntoIterator<Item = Field>) -> impl Strategy<Value = Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values.prop_map(move |values| {
        let fields = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Value::Object(fields.collect())
    })
}

fn words() -> impl Strategy<Value = Value> {
    text().prop_map(Value::from)
}

fn flag() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(Value::from)
}

fn whole() -> impl Strategy<Value = Value> {
    any::<u32>().prop_map(Value::from)
}

fn tag_list() -> impl Strategy<Value = Value> {
    tags().prop_map(|tags| json!(tags))
}

fn date() -> impl Strategy<Value = Value> {
    let written = select(
        &["never", "1 day", "3 month", "2024-02-30", "2024-01-01", "2024-01-01T00:00:00.000Z", "2024-01-01 01:02:03"][..],
    );
    prop_oneof![written.prop_map(Value::from), words()]
}

fn of_user() -> Vec<Field> {
    vec![
        patch("password", words()),
        patch("company", words()),
        patch("phone", words()),
        patch("language", words()),
        patch("tags", tag_list()),
        patch("active", flag()),
        patch("newsletter", flag()),
        patch("options", object()),
        patch("custom_preferences", object()),
        patch("force_password_change", flag()),
    ]
}

fn of_new_user() -> Vec<Field> {
    vec![patch("generate_password", flag()), patch("send_email", prop_oneof![flag(), words()])]
}

fn of_list() -> Vec<Field> {
    let order = (words(), select(&["asc", "desc"][..])).prop_map(|(field, direction)| json!([field, direction]));
    let filter = btree_map(text(), any_json(), 1..4);
    let filter = filter.prop_map(|filter| Value::Object(filter.into_iter().collect()));
    vec![
        sometimes("page", whole()),
        sometimes("amount", whole()),
        sometimes("filter", filter),
        sometimes("orderBy", order),
    ]
}

fn fields() -> Field {
    sometimes("fields", vec(words(), 0..4).prop_map(Value::from))
}

fn email_service() -> impl Strategy<Value = Value> {
    body([
        always("provider", words()),
        always("from", words()),
        always("secrets", body(["data", "api_key"].map(|secret| patch(secret, words())))),
    ])
}

fn sms_service() -> impl Strategy<Value = Value> {
    body([
        always("provider", words()),
        always("secrets", body(["twilio_sid", "twilio_token", "data"].map(|secret| patch(secret, words())))),
        patch("from", words()),
    ])
}

/// Reads a request, writes it, and reads that again.
fn survives<T: Serialize + DeserializeOwned>(sent: &Value) -> Result<(), TestCaseError> {
    let fail = |error: serde_json::Error| TestCaseError::fail(format!("{}: {error}", std::any::type_name::<T>()));
    let read: T = serde_json::from_value(sent.clone()).map_err(fail)?;
    let text = serde_json::to_string(&read).map_err(fail)?;
    prop_assert_eq!(&serde_json::from_str::<Value>(&text).map_err(fail)?, sent, "{}", std::any::type_name::<T>());
    let again: T = serde_json::from_str(&text).map_err(fail)?;
    prop_assert_eq!(serde_json::to_string(&again).map_err(fail)?, text);
    Ok(())
}

macro_rules! request_types {
    ($($test:ident: $($name:ident$(<$row:ident>)?),+ => $body:expr;)*) => {
        /// The types that are tested here.
        const TESTED: &[&str] = &[$($(stringify!($name)),+),*];

        proptest! {
            #![proptest_config(cases(48))]

            $(
                #[test]
                fn $test(sent in $body) {
                    $(survives::<$name$(<$row>)?>(&sent)?;)+
                }
            )*
        }
    };
}

request_types! {
    a_new_user: NewUser => body(
        [of_user(), of_new_user(), vec![always("name", words()), always("email", words()), always("timezone", words())]]
            .concat()
    );
    an_edit_of_a_user: UserEdit => body(
        [of_user(), vec![patch("name", words()), patch("timezone", words()), patch("logout_sessions", flag())]].concat()
    );
    a_record_of_a_list_of_users: UserRecord => body(
        [of_user(), of_new_user(), vec![always("email", words()), patch("name", words()), patch("timezone", words())]]
            .concat()
    );
    an_invitation: UserInvite => body([patch("invite_template", words())]);
    a_notification: NewNotification, NotificationEdit => body([
        patch("title", words()),
        patch("message", words()),
        patch("read", flag()),
        patch("icon", any_json().prop_filter("null is no icon", |icon| !icon.is_null())),
        patch("buttons", vec(any_json(), 0..3).prop_map(Value::from)),
        patch("buttons_enabled", flag()),
        patch("buttons_autodisable", flag()),
    ]);
    a_new_token: NewToken => body([
        always("name", words()),
        always("permission", words()),
        patch("expire_time", date()),
        patch("serie_number", words()),
        patch("verification_code", words()),
        patch("middleware", words()),
        patch("email", words()),
        patch("password", words()),
        patch("pin_code", words()),
        patch("otp_type", words()),
    ]);
    a_new_profile: NewProfile => body([always("name", words())]);
    an_edit_of_a_profile: ProfileEdit => body(["name", "logo_url", "banner_url"].map(|field| patch(field, words())));
    what_signs_for_the_end_of_a_profile: Credentials => body([
        always("password", words()),
        patch("pin_code", words()),
        patch("otp_type", words()),
    ]);
    a_change_of_single_sign_on: SamlEdit => body([
        patch("active", flag()),
        patch("idp_metadata", words()),
        patch("mapping", object()),
    ]);
    a_domain: NewCustomDomain => body(["domain", "subdomain", "email"].map(|field| always(field, words())));
    settings: RunSettings, AddOnSettings => object();
    an_allocation: ServiceAllocation => btree_map(text(), any::<u32>(), 0..4).prop_map(|amounts| json!(amounts));
    a_time_of_statistics: StatisticsDate => body([
        sometimes("timezone", words()),
        sometimes("date", date()),
        sometimes("start_date", date()),
        sometimes("end_date", date()),
        sometimes("periodicity", words()),
    ]);
    a_filter_of_the_audit_log: AuditLogFilter => body([
        sometimes("resourceID", words()),
        sometimes("resourceName", words()),
        sometimes("find", words()),
        sometimes("start_date", date()),
        sometimes("end_date", date()),
        sometimes("limit", whole()),
    ]);
    who_sends_messages: ServiceProviders => body([patch("email", email_service()), patch("sms", sms_service())]);
    who_sends_emails: EmailService => email_service();
    who_sends_text_messages: SmsService => sms_service();
    the_credentials_of_a_provider: EmailSecrets, SmsSecrets => body([patch("data", words())]);
    a_test_message: TestMessage => body([always("to", words()), patch("subject", words()), patch("message", words())]);
    a_list_of_backups: BackupQuery => body(of_list().into_iter().filter(|(name, _)| *name != "filter"));
    a_list_of_whole_rows: UserQuery, TokenQuery => body(of_list());
    a_list_of_parts_of_rows: UserQuery<UserRow>, TokenQuery<TokenRow> => body([of_list(), vec![fields()]].concat());
    the_options_of_a_plan: SyncOptions => body([
        always("tags", select(&["merge", "replace"][..]).prop_map(Value::from)),
        always("set_passwords", flag()),
        always("generate_passwords", flag()),
        always("default_timezone", prop_oneof![Just(Value::Null), words()]),
        always("delete_missing", flag()),
    ]);
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn what_the_setters_make_is_what_is_written_and_read(
        [name, email, zone, phone, template, order] in [text(), text(), text(), text(), text(), text()],
        password in "[^\\p{Cc}]{0,8}",
        tags in tags(),
        preferences in members(),
        active: bool,
        page: u32,
    ) {
        let new = NewUser::new(name.as_str(), email.as_str(), zone.as_str())
            .password(Password::new(password.as_str()).unwrap())
            .phone(phone.as_str())
            .send_email(template.as_str())
            .tags(tags.clone())
            .tag("k", name.as_str())
            .active(active)
            .custom_preferences(preferences.clone());
        let all_tags: Vec<Tag> = tags.into_iter().chain([Tag::new("k", name.as_str())]).collect();
        let expected = json!({
            "name": name, "email": email, "timezone": zone, "password": password, "phone": phone,
            "send_email": template, "tags": all_tags, "active": active, "custom_preferences": preferences,
        });
        prop_assert_eq!(serde_json::to_value(&new).unwrap(), expected.clone());
        survives::<NewUser>(&expected)?;

        let token = NewToken::new(name.as_str(), Permission::from(zone.as_str()))
            .expire_time(phone.as_str())
            .sign_in(email.as_str(), Password::new(password.as_str()).unwrap());
        let expected = json!({
            "name": name, "permission": zone, "expire_time": phone, "email": email, "password": password,
        });
        prop_assert_eq!(serde_json::to_value(&token).unwrap(), expected.clone());
        survives::<NewToken>(&expected)?;

        let query = UserQuery::new()
            .name(name.as_str())
            .tag(email.as_str(), zone.as_str())
            .page(page)
            .order_by(order.as_str().into(), Direction::Descending);
        let expected = json!({
            "page": page,
            "filter": {"name": name, "tags": [{"key": email, "value": zone}]},
            "orderBy": [order, "desc"],
        });
        prop_assert_eq!(serde_json::to_value(&query).unwrap(), expected.clone());
        prop_assert_eq!(&serde_json::from_value::<UserQuery>(expected).unwrap(), &query);
    }

    #[test]
    fn a_field_that_a_request_does_not_have_is_refused(field in text(), value in any_json()) {
        fn reads<T: DeserializeOwned>(body: &Map<String, Value>) -> bool {
            serde_json::from_value::<T>(Value::Object(body.clone())).is_ok()
        }
        let mut body = Map::from_iter(["name", "email", "timezone", "permission", "password", "domain", "subdomain"]
            .map(|field| (field.to_owned(), json!("x"))));
        // A name that no request has.
        body.insert(format!("{field}!"), value);
        prop_assert!(!reads::<NewUser>(&body) && !reads::<UserEdit>(&body) && !reads::<NewToken>(&body));
        body.retain(|name, _| name.ends_with('!'));
        prop_assert!(!reads::<UserEdit>(&body) && !reads::<ProfileEdit>(&body) && !reads::<NewNotification>(&body));
        prop_assert!(!reads::<SamlEdit>(&body) && !reads::<UserQuery>(&body) && !reads::<StatisticsDate>(&body));
        prop_assert!(!reads::<AuditLogFilter>(&body) && !reads::<SyncOptions>(&body));
    }
}

#[test]
fn every_request_of_the_source_is_tested() {
    let mut declared = super::declared("request! {", "pub struct ");
    declared.extend(super::declared("list_query! {", "pub struct "));
    assert!(declared.len() > 10, "the source was read: {declared:?}");
    for name in declared {
        assert!(TESTED.contains(&name.as_str()), "{name}");
    }
}
