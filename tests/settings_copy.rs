//! Settings that are copied from one portal to another.
#![cfg(feature = "sandbox")]

use serde_json::{Value, json};
use tagoio::run::{RunSettings, SettingsCopy, SettingsPart, Theme, ThemeOption};
use tagoio::sandbox::{Grant, Sandbox};
use tagoio::token::TokenQuery;
use tagoio::{Client, Token};

/// The sandbox, and clients of its main and of its staging profile.
fn portals() -> (Sandbox, Client, Client) {
    let sandbox = Sandbox::new();
    let live = sandbox.client().unwrap();
    let staging = live.profile().list().unwrap().into_iter().find(|profile| profile.name == "Arbor Staging").unwrap();
    let token: Token = live.token().list(&staging.id, &TokenQuery::new()).unwrap().remove(0).token.unwrap();
    let staging = sandbox.client_with(token).unwrap();
    sandbox.clear_journal();
    (sandbox, live, staging)
}

fn settings(tago: &Client) -> Value {
    serde_json::to_value(tago.run().info().unwrap()).unwrap()
}

fn edits(sandbox: &Sandbox) -> usize {
    sandbox.journal().iter().filter(|handled| handled.route.to_string() == "PUT /run").count()
}

#[test]
fn a_comparison_changes_nothing_and_a_copy_only_the_parts() {
    let (sandbox, live, staging) = portals();
    let own = RunSettings::new().theme(Theme::new().set(ThemeOption::Link, "#123"));
    staging.run().edit(&own).unwrap();
    let (from, before) = (settings(&live), settings(&staging));
    let copy = SettingsCopy::new([SettingsPart::Theme, SettingsPart::EmailTemplates, SettingsPart::SignUpFields]);
    sandbox.clear_journal();

    let difference = live.run().compare_settings(&staging, &copy).unwrap();
    assert!(difference.changes.iter().any(|change| change.to_string() == r##"theme.link: "#123" → "#0a6ebd""##));
    assert_eq!((edits(&sandbox), settings(&staging)), (0, before.clone()));

    assert_eq!(live.run().copy_settings(&staging, &copy).unwrap().changes, difference.changes);
    let after = settings(&staging);
    for (key, value) in after.as_object().unwrap() {
        let expected = match key.as_str() {
            "theme" | "email_templates" | "signup_fields" => &from[key],
            "updated_at" => continue,
            _ => &before[key],
        };
        assert_eq!(value, expected, "{key}");
    }
    assert_eq!(settings(&live), from);

    assert!(live.run().copy_settings(&staging, &copy).unwrap().is_empty());
    assert_eq!(edits(&sandbox), 1, "what is so already isn't sent");
}

#[test]
fn all_parts_can_be_copied_and_what_leads_elsewhere_is_said() {
    let (_, live, staging) = portals();
    let dashboard = settings(&live)["sidebar_buttons"][0]["value"].as_str().unwrap().to_owned();
    let all = SettingsCopy::new(SettingsPart::ALL.iter().copied());
    let difference = live.run().copy_settings(&staging, &all).unwrap();
    let left_out: Vec<String> = difference.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(left_out, [format!("sidebar_buttons.0: the other profile has no {dashboard}")]);
    let buttons = settings(&staging)["sidebar_buttons"].clone();
    assert_eq!(buttons, json!([settings(&live)["sidebar_buttons"][1]]));

    let there = "66b0000b1c2d3e4f50617282";
    live.run().copy_settings(&staging, &all.clone().replacing(&dashboard, there)).unwrap();
    assert_eq!(settings(&staging)["sidebar_buttons"][0]["value"], there);

    // From then on the button is known by its text.
    let again = live.run().copy_settings(&staging, &all).unwrap();
    assert!(again.is_empty() && again.left_out.is_empty(), "{again:?}");
    for own in ["profile", "url", "anonymous_token", "dictionary", "email_domain", "custom_fields", "active"] {
        assert_ne!(settings(&staging).get(own), settings(&live).get(own), "{own}");
    }
}

#[test]
fn without_the_permission_nothing_is_copied() {
    let (sandbox, live, staging) = portals();
    let copy = SettingsCopy::new([SettingsPart::Theme]);
    let reader = sandbox.client_with(sandbox.analysis_token([Grant::AccessRunSettings])).unwrap();
    let nobody = sandbox.client_with(sandbox.analysis_token([])).unwrap();
    assert!(staging.run().copy_settings(&reader, &copy).unwrap_err().is_permission_denied());
    assert!(nobody.run().compare_settings(&live, &copy).unwrap_err().is_permission_denied());
    assert_eq!(edits(&sandbox), 1);
    assert_eq!(settings(&live)["theme"]["primary"], "#0a6ebd");
}
