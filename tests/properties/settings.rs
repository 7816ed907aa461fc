//! Settings that are read, changed and written back lose nothing, whatever TagoIO has in them.

use std::sync::{Arc, Mutex, PoisonError};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tagoio::Client;
use tagoio::profile::AddOnSettings;
use tagoio::run::{
    NotificationButton, NotificationIcon, RunSettings, SamlAttributeMappings, SidebarButton, UserOptions,
};
use tagoio::transport::{Method, Request, Response, from_fn};

use super::cases;
use super::values::{json as any_json, text};

/// The keys that the crate has fields for, in all settings; so that values of every kind meet them.
const KEYS: &[&str] = &[
    "profile",
    "active",
    "name",
    "sub_title",
    "url",
    "email_domain",
    "email_templates",
    "signup_method",
    "signup_fields",
    "signup_logo",
    "signup_logo_options",
    "signin_buttons",
    "favicon",
    "logo",
    "logo_options",
    "sidebar_buttons",
    "feature_devicewifisetup",
    "feature_geolocation",
    "theme",
    "integration",
    "sso_saml_active",
    "security",
    "anonymous_token",
    "auth_token_ttl",
    "dictionary",
    "custom_fields",
    "created_at",
    "updated_at",
    "color",
    "href",
    "iconUrl",
    "text",
    "type",
    "value",
    "isInNewLine",
    "conditions",
    "tag_key",
    "tag_value",
    "label",
    "placeholder",
    "required",
    "subject",
    "enabled",
    "ip",
    "port",
    "translations",
    "target",
    "device",
    "buffer_size",
    "minimum_distance",
    "google_analytics",
    "otp",
    "authenticator",
    "sms",
    "email",
    "delete",
    "email_owner",
    "id",
    "logo_url",
    "custom_dns",
    "mobile",
    "firstName",
    "tags",
    "decimal_separator",
    "date_format",
    "image_url",
    "fit",
    "triggers",
    "analysis",
    "navbar",
    "auth_bg_opacity",
    "",
    "other",
    "odd",
];

/// What stands in settings, and what doesn't.
fn value() -> BoxedStrategy<Value> {
    let date = select(&["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00+02:00", "2024-01-01", "never", "default"][..]);
    let leaf = prop_oneof![
        3 => any_json(),
        1 => date.prop_map(Value::from),
        1 => Just(json!(null)),
        1 => any::<bool>().prop_map(Value::from),
        2 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(
        4,
        40,
        5,
        |inner| prop_oneof![1 => vec(inner.clone(), 0..4).prop_map(Value::from), 3 => objects(inner)],
    )
    .boxed()
}

fn objects(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let key = prop_oneof![4 => select(KEYS).prop_map(str::to_owned), 1 => text()];
    btree_map(key, value, 0..8).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn settings() -> impl Strategy<Value = Value> {
    objects(value())
}

/// A client of an account with these settings, and the body of the change that it sent last.
fn account(settings: &Value) -> (Client, Arc<Mutex<Value>>) {
    let written = Arc::<Mutex<Value>>::default();
    let kept = Arc::clone(&written);
    let read = json!({"status": true, "result": settings}).to_string();
    let transport = from_fn(move |request: &Request| {
        if request.method() == Method::Get {
            return Ok(Response::new(200).with_body(read.clone()));
        }
        let body = serde_json::from_slice(request.body().unwrap_or_default()).expect("a change is JSON");
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(Response::new(200).with_body(r#"{"status":true,"result":"Successfully Updated"}"#))
    });
    (Client::builder().token("p-1").transport(transport).vars(|_| None).build().unwrap(), written)
}

fn take(written: &Mutex<Value>) -> Value {
    std::mem::take(&mut written.lock().unwrap_or_else(PoisonError::into_inner))
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn what_is_read_of_a_portal_is_written_back_but_for_its_creation(read in settings()) {
        let (tago, written) = account(&read);
        let settings = tago.run().info().unwrap();
        tago.run().edit(&settings).unwrap();
        let mut expected = read;
        expected.as_object_mut().unwrap().remove("created_at");
        prop_assert_eq!(take(&written), expected);
    }

    #[test]
    fn what_is_changed_of_a_portal_is_all_that_changes(read in settings(), name in text(), icon: bool, href in text()) {
        let (tago, written) = account(&read);
        let mut settings = tago.run().info().unwrap().name(name.as_str());
        if icon {
            settings.favicon = tagoio::Patch::Clear;
        }
        settings.sidebar_buttons.get_or_default().push(SidebarButton::new().href(href.as_str()));
        tago.run().edit(&settings).unwrap();

        let mut expected = read;
        let members = expected.as_object_mut().unwrap();
        members.remove("created_at");
        members.insert("name".to_owned(), name.into());
        if icon {
            members.insert("favicon".to_owned(), Value::Null);
        }
        // What isn't a list is replaced by one.
        let mut buttons = members.get("sidebar_buttons").and_then(Value::as_array).cloned().unwrap_or_default();
        buttons.push(json!({"href": href}));
        members.insert("sidebar_buttons".to_owned(), buttons.into());
        prop_assert_eq!(take(&written), expected);
    }

    #[test]
    fn a_change_deep_inside_leaves_what_is_around_it(mut read in settings(), security in settings(), deletion in settings(), on: bool) {
        read["security"] = security;
        read["security"]["delete"] = deletion;
        let (tago, written) = account(&read);
        let mut settings = tago.run().info().unwrap();
        settings.security.get_or_default().delete.get_or_default().email_owner = on.into();
        tago.run().edit(&settings).unwrap();
        read["security"]["delete"]["email_owner"] = on.into();
        read.as_object_mut().unwrap().remove("created_at");
        prop_assert_eq!(take(&written), read);
    }

    #[test]
    fn what_is_read_of_add_ons_is_written_back(read in settings()) {
        let (tago, written) = account(&read);
        let addons = tago.profile().addons("p").unwrap();
        tago.profile().edit_addons("p", &addons).unwrap();
        prop_assert_eq!(take(&written), read);
    }

    #[test]
    fn settings_are_any_json_and_stay_what_they_are(value in prop_oneof![value(), settings()]) {
        fn written<T: serde::Serialize + serde::de::DeserializeOwned>(value: &Value) -> Value {
            serde_json::to_value(serde_json::from_value::<T>(value.clone()).unwrap()).unwrap()
        }
        for written in [
            written::<RunSettings>(&value),
            written::<SidebarButton>(&value),
            written::<AddOnSettings>(&value),
            written::<NotificationButton>(&value),
            written::<NotificationIcon>(&value),
            written::<SamlAttributeMappings>(&value),
            written::<UserOptions>(&value),
        ] {
            prop_assert_eq!(written, value.clone());
        }
    }
}
