//! The settings of the main profile's portal.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::dates;
use super::super::world::World;
use super::ago;

pub(super) fn furnish(world: &mut World, profile: &str, now: DateTime<Utc>) {
    let (dictionary, dashboard, anonymous_token) = (world.ids.id(), world.ids.id(), world.ids.token("u-"));
    let Some(profile) = world.profiles.get_mut(profile) else { return };
    let Value::Object(settings) = json!({
        "active": true,
        "name": "Arbor Cold Chain",
        "sub_title": "Every degree counts",
        "url": "arbor.tago.run",
        "email_domain": "example.com",
        "dictionary": dictionary,
        "anonymous_token": anonymous_token,
        "signup_method": "default",
        "signup_fields": [
            {"name": "name", "placeholder": "Your name", "required": true, "type": "text"},
            {"name": "company", "placeholder": "Company", "required": false, "type": "text"},
        ],
        "email_templates": email_templates(),
        "signin_buttons": [{"label": "Help", "type": "link", "url": "https://help.example.com"}],
        "sidebar_buttons": [
            {
                "color": "#0a6ebd",
                "href": "",
                "iconUrl": "https://assets.example.com/arbor/rooms.svg",
                "text": "Cold rooms",
                "type": "dashboard",
                "value": dashboard,
            },
            {
                "color": "#0a6ebd",
                "href": "https://status.example.com",
                "iconUrl": "https://assets.example.com/arbor/status.svg",
                "text": "Status",
                "type": "link",
                "isInNewLine": true,
                "conditions": [{"tag_key": "access", "tag_value": "admin"}],
            },
        ],
        "favicon": "https://assets.example.com/arbor/favicon.ico",
        "logo": "https://assets.example.com/arbor/logo.png",
        "theme": {
            "primary": "#0a6ebd",
            "navbar": "#0b2239",
            "navbarText": "#ffffff",
            "buttonPrimary": "#0a6ebd",
            "buttonPrimaryText": "#ffffff",
            "sidebarBackground": "#f4f7fa",
            "loginButton": "#0a6ebd",
            "link": "#0a6ebd",
            "auth_bg_type": "color",
        },
        "security": {
            "otp": {"authenticator": true, "sms": false, "email": true},
            "delete": {"email_owner": true},
        },
        "custom_fields": [
            {"id": "badge", "label": "Badge number", "type": "text"},
            {"id": "shift", "label": "Shift", "type": "select", "options": ["day", "night"]},
        ],
        "auth_token_ttl": "3 months",
        "updated_at": dates::text(ago(now, 9, 40)),
    }) else {
        return;
    };
    profile.portal.settings.extend(settings);
}

fn email_templates() -> Value {
    json!({
        "welcome": {
            "subject": "Welcome to Arbor Cold Chain",
            "value": "<p>Hello $NAME$,</p><p>your account is ready: <a href=\"$URL$\">sign in</a>.</p>",
        },
        "invite": {
            "subject": "You're invited to Arbor Cold Chain",
            "value": "<p>Hello $NAME$,</p><p>your password is $PASSWORD$; you will be asked to change it.</p>",
        },
        "password_recover": {
            "subject": "Choose a new password",
            "value": "<p>Hello $NAME$,</p><p><a href=\"$LINK$\">choose a new password</a>.</p>",
        },
    })
}
