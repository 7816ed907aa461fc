//! The settings of a TagoRUN portal.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::object;
use super::dates;
use super::routes::{Change, Context};
use super::saml;
use super::view::SentEmail;

/// Keys that a change may repeat, but not change.
const READ_ONLY: [&str; 3] = ["profile", "updated_at", "anonymous_token"];

/// What the value of a known key has to be. Unknown keys are taken as they are.
#[derive(Clone, Copy)]
enum Shape {
    Flag,
    Text,
    NullableText,
    Array,
    Object,
    NullableObject,
}

const SHAPES: [(&str, Shape); 22] = [
    ("active", Shape::Flag),
    ("name", Shape::Text),
    ("sub_title", Shape::NullableText),
    ("url", Shape::Text),
    ("email_domain", Shape::NullableText),
    ("email_templates", Shape::Object),
    ("signup_method", Shape::Text),
    ("signup_fields", Shape::Array),
    ("signup_logo", Shape::NullableText),
    ("signup_logo_options", Shape::NullableObject),
    ("signin_buttons", Shape::Array),
    ("favicon", Shape::NullableText),
    ("logo", Shape::NullableText),
    ("logo_options", Shape::NullableObject),
    ("sidebar_buttons", Shape::Array),
    ("feature_devicewifisetup", Shape::NullableObject),
    ("feature_geolocation", Shape::NullableObject),
    ("theme", Shape::Object),
    ("integration", Shape::NullableObject),
    ("sso_saml_active", Shape::Flag),
    ("security", Shape::Object),
    ("auth_token_ttl", Shape::Text),
];

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::NullableText => value.is_string() || value.is_null(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::NullableObject => value.is_object() || value.is_null(),
        }
    }
}

/// A known key whose value has a wrong type.
pub(super) fn misfit(settings: &Map<String, Value>) -> Option<&'static str> {
    let misfit = SHAPES.iter().find(|(key, shape)| settings.get(*key).is_some_and(|value| !shape.fits(value)));
    misfit.map(|(key, _)| *key)
}

/// The settings that a profile's portal has when nobody has set any.
pub(super) fn of_a_new_portal(profile: &str, name: &str, now: DateTime<Utc>) -> Map<String, Value> {
    let settings = json!({
        "profile": profile,
        "active": false,
        "name": name,
        "sub_title": null,
        "url": format!("{profile}.run.tago.io"),
        "email_domain": null,
        "email_templates": {},
        "signup_method": "disabled",
        "signup_fields": [],
        "signup_logo": null,
        "signup_logo_options": {},
        "signin_buttons": [],
        "favicon": null,
        "logo": null,
        "logo_options": {},
        "sidebar_buttons": [],
        "feature_devicewifisetup": null,
        "feature_geolocation": null,
        "theme": {},
        "integration": {},
        "sso_saml_active": false,
        "security": {},
        "auth_token_ttl": "1 week",
        "created_at": dates::text(now),
        "updated_at": dates::text(now),
    });
    match settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    }
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    Ok(Value::Object(context.portal()?.settings.clone()))
}

/// Replaces what is sent, key by key, and leaves the rest.
pub(super) fn edit(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let now = context.now;
    let body = context.body.take();
    let changes = object(&body)?;
    if changes.contains_key("created_at") {
        return Err(Refusal::bad_request("created_at is not allowed (unrecognized_keys)"));
    }
    if let Some(key) = misfit(changes) {
        return Err(Refusal::invalid(key, "type"));
    }
    if changes.get("sso_saml_active") == Some(&Value::Bool(true)) {
        saml::require_single_sign_on(context)?;
    }
    let settings = &mut context.portal()?.settings;
    for (key, value) in changes.iter().filter(|(key, _)| !READ_ONLY.contains(&key.as_str())) {
        settings.insert(key.clone(), value.clone());
    }
    settings.insert("updated_at".to_owned(), dates::json(now));
    let profile = context.caller.profile.clone();
    Ok(Change {
        result: json!("TagoIO Run Successfully Updated"),
        profile: profile.clone(),
        resource: "run",
        id: profile,
        message: "TagoRUN settings edited".to_owned(),
    })
}

pub(super) fn email_test(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let fields = context.fields()?;
    let subject = fields.required_text("subject")?.to_owned();
    fields.required_text("body")?;
    let account = context.world.accounts.get(&context.caller.account).ok_or_else(Refusal::denied)?;
    let to = account.email.clone();
    let profile = context.caller.profile.clone();
    let result = json!(format!("E-mail sent to {to}"));
    context.world.send(SentEmail { to, subject, template: None });
    let message = "TagoRUN test e-mail sent".to_owned();
    Ok(Change { result, profile: profile.clone(), resource: "run", id: profile, message })
}
