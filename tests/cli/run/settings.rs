//! `tagoctl run info|edit|email-test`.

use serde_json::{Value, json};
use snapbox::str;
use tagoio::Client;
use tagoio::run::RunSettings;
use tagoio::token::TokenQuery;

use crate::world::World;

fn settings(world: &World) -> Value {
    serde_json::to_value(world.sandbox().client().unwrap().run().info().unwrap()).unwrap()
}

#[test]
fn the_settings_are_shown_to_people_and_to_programs() {
    let world = World::new();
    world.tagoctl("run info").success().stderr_eq("").stdout_eq(str![[r#"
name                         Arbor Cold Chain
sub_title                    Every degree counts
url                          arbor.tago.run
active                       true
profile                      66a000046e73e372e2338aca
signup_method                default
auth_token_ttl               3 months
anonymous_token              u-72ab…
created_at                   2024-11-30T12:00:00.000Z
custom_fields                Badge number, Shift
dictionary                   66a0003b9691c38b30d2b83c
email_domain                 example.com
email_templates              invite, password_recover, welcome
favicon                      https://assets.example.com/arbor/favicon.ico
feature_devicewifisetup
feature_geolocation
integration
logo                         https://assets.example.com/arbor/logo.png
logo_options
security.delete.email_owner  true
security.otp.authenticator   true
security.otp.email           true
security.otp.sms             false
sidebar_buttons              Cold rooms, Status
signin_buttons               Help
signup_fields                name, company
signup_logo
signup_logo_options
sso_saml_active              false
theme.auth_bg_type           color
theme.buttonPrimary          #0a6ebd
theme.buttonPrimaryText      #ffffff
theme.link                   #0a6ebd
theme.loginButton            #0a6ebd
theme.navbar                 #0b2239
theme.navbarText             #ffffff
theme.primary                #0a6ebd
theme.sidebarBackground      #f4f7fa
updated_at                   2026-01-21T20:50:19.502Z

"#]]);
    let shown: Value = serde_json::from_str(&world.stdout("run info -o json")).unwrap();
    let mut whole = settings(&world);
    whole["anonymous_token"] = json!("u-72ab…");
    assert_eq!(shown, whole);
    world
        .tagoctl("run info --columns name,security.otp,email_templates.invite.subject")
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r#"
name                            Arbor Cold Chain
security.otp                    {"authenticator":true,"email":true,"sms":false}
email_templates.invite.subject  You're invited to Arbor Cold Chain

"#]]);
    world.tagoctl("run info --columns nmae").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no field `nmae`; did you mean `name`?
hint: there are active, anonymous_token, auth_token_ttl, created_at, custom_fields, dictionary, email_domain, email_templates.invite.subject, email_templates.invite.value, email_templates.password_recover.subject, email_templates.password_recover.value, email_templates.welcome.subject, email_templates.welcome.value, favicon, feature_devicewifisetup, feature_geolocation, integration, logo, logo_options, name, profile, security.delete.email_owner, security.otp.authenticator, security.otp.email, security.otp.sms, sidebar_buttons, signin_buttons, signup_fields, signup_logo, signup_logo_options, signup_method, sso_saml_active, sub_title, theme.auth_bg_type, theme.buttonPrimary, theme.buttonPrimaryText, theme.link, theme.loginButton, theme.navbar, theme.navbarText, theme.primary, theme.sidebarBackground, updated_at, url

"#]]);
}

#[test]
fn an_edit_shows_what_it_changes_and_changes_nothing_else() {
    let world = World::new();
    let before = settings(&world);
    world.tagoctl("run edit --name Arbor --active false --clear favicon --dry-run").success().stdout_eq("").stderr_eq(
        str![[r#"
active: true → false
favicon: "https://assets.example.com/arbor/favicon.ico" → null
name: "Arbor Cold Chain" → "Arbor"
nothing was changed: it was a dry run

"#]],
    );
    assert_eq!(settings(&world), before);

    world.tagoctl("run edit --name Arbor --active false --clear favicon").success().stdout_eq("").stderr_eq(str![[
        r#"
active: true → false
favicon: "https://assets.example.com/arbor/favicon.ico" → null
name: "Arbor Cold Chain" → "Arbor"
TagoIO Run Successfully Updated

"#
    ]]);
    let after = settings(&world);
    let mut expected = before.clone();
    expected["name"] = json!("Arbor");
    expected["active"] = json!(false);
    expected["favicon"] = Value::Null;
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected);

    world.tagoctl("run edit --name Arbor").success().stdout_eq("").stderr_eq(str![[r#"
it is so already: nothing to change

"#]]);
    world.tagoctl("run edit --sub-title Cold -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "changes": [
    {
      "after": "Cold",
      "before": "Every degree counts",
      "field": "sub_title"
    }
  ],
  "updated": true
}

"#]]);
}

#[test]
fn settings_that_were_read_are_written_back_with_what_was_changed_in_them() {
    let world = World::new();
    let token = settings(&world)["anonymous_token"].clone();
    let text = world.stdout("run info -o json");
    assert!(!text.contains(token.as_str().unwrap()), "masked");

    world.file("portal.json", &text);
    world.sandbox().clear_journal();
    world.tagoctl("run edit --json portal.json").success().stdout_eq("").stderr_eq(str![[r#"
it is so already: nothing to change

"#]]);
    assert_eq!(world.sandbox().journal().len(), 1, "only read");

    let mut changed: Value = serde_json::from_str(&text).unwrap();
    changed["security"]["otp"]["sms"] = json!(true);
    changed["custom_fields"][0]["label"] = json!("Badge");
    changed["sidebar_buttons"].as_array_mut().unwrap().remove(1);
    changed["email_templates"]["invite"]["value"] = json!("<p>Hello $NAME$, your password is $PASSWORD$.</p>\u{1b}[2J");
    world.file("portal.json", &changed.to_string());
    world.tagoctl("run edit --json portal.json").success().stdout_eq("").stderr_eq(str![[r##"
custom_fields.0.label: "Badge number" → "Badge"
email_templates.invite.value: "<p>Hello $NAME$,</p><p>your password is $PASSWORD$; you wil… → "<p>Hello $NAME$, your password is $PASSWORD$.</p>/u001b[2J"
security.otp.sms: false → true
sidebar_buttons.1.color: "#0a6ebd" → nothing
sidebar_buttons.1.conditions: [{"tag_key":"access","tag_value":"admin"}] → nothing
sidebar_buttons.1.href: "https://status.example.com" → nothing
sidebar_buttons.1.iconUrl: "https://assets.example.com/arbor/status.svg" → nothing
sidebar_buttons.1.isInNewLine: true → nothing
sidebar_buttons.1.text: "Status" → nothing
sidebar_buttons.1.type: "link" → nothing
TagoIO Run Successfully Updated

"##]]);
    let after = settings(&world);
    assert_eq!(after["anonymous_token"], token);
    for key in ["security", "custom_fields", "sidebar_buttons", "email_templates", "theme"] {
        assert_eq!(after[key], changed[key], "{key}");
    }
}

#[test]
fn a_slip_is_named_before_anything_is_changed() {
    let world = World::new();
    let before = settings(&world);
    for (json, said) in [
        (
            json!({"nmae": "x"}),
            str![[r#"
error: edit.json: there is no field `nmae`; did you mean `name`?
hint: --allow-unknown sends it all the same

"#]],
        ),
        (
            json!({"security": {"otp": {"smss": true}}}),
            str![[r#"
error: edit.json: there is no field `security.otp.smss`; did you mean `sms`?
hint: --allow-unknown sends it all the same

"#]],
        ),
        (
            json!({"active": "yes"}),
            str![[r#"
error: edit.json: `active` can't be text

"#]],
        ),
        (
            json!({"integration": {"google_analytics": {"api_key": "abc…"}}}),
            str![[r#"
error: edit.json: `integration.google_analytics.api_key` is a masked secret whose full text isn't known
hint: read the settings with --show-secrets, or set the field in full

"#]],
        ),
    ] {
        world.file("edit.json", &json.to_string());
        world.tagoctl("run edit --json edit.json").code(2).stdout_eq("").stderr_eq(said);
    }
    world.file("edit.json", r#"{"name": "Portal"}"#);
    world.tagoctl("run edit --json edit.json --clear sub_titel").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no field `sub_titel`; did you mean `sub_title`?
hint: --allow-unknown sends it all the same

"#]]);
    world.tagoctl("run edit").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nothing is to be changed
hint: give a flag or --json; the fields are active, name, sub_title, url, email_domain, email_templates, signup_method, signup_fields, signup_logo, signup_logo_options, signin_buttons, favicon, logo, logo_options, sidebar_buttons, feature_devicewifisetup, feature_geolocation, theme, integration, sso_saml_active, security, auth_token_ttl, dictionary, custom_fields

"#]]);
    world.tagoctl("run edit --clear favcon").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no field `favcon`; did you mean `favicon`?
hint: --allow-unknown sends it all the same

"#]]);
    world.tagoctl("run edit --active maybe").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'maybe' for '--active <true|false>'
  [possible values: true, false]

For more information, try '--help'.

"#]]);
    assert_eq!(settings(&world), before);

    world
        .tagoctl_with_stdin("run edit --json - --allow-unknown", r#"{"brand_new": {"a": 1}}"#)
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r#"
brand_new.a: nothing → 1
TagoIO Run Successfully Updated

"#]]);
    assert_eq!(settings(&world)["brand_new"], json!({"a": 1}));
}

#[test]
fn a_test_email_goes_out() {
    let world = World::new();
    world.file("mail.html", "<b>It works.</b>");
    world.tagoctl("run email-test --subject Hello --body @mail.html").success().stdout_eq("").stderr_eq(str![[r#"
E-mail sent to alex.moreau@example.com

"#]]);
    world
        .tagoctl_with_stdin("run email-test --subject Again --body - -o json", "text")
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r#"
{
  "sent": true,
  "subject": "Again"
}

"#]]);
    let subjects: Vec<String> = world.sandbox().outbox().into_iter().map(|email| email.subject).collect();
    assert_eq!(subjects, ["Hello", "Again"]);
    world.tagoctl("run email-test --subject Hello --body @nowhere.html").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nowhere.html: No such file or directory (os error 2)

"#]]);
}

/// A file with the token of the account's other profile.
fn staging_token(world: &World) -> Client {
    let tago = world.sandbox().client().unwrap();
    let staging = tago.profile().list().unwrap().into_iter().find(|profile| profile.name == "Arbor Staging").unwrap();
    let token = tago.token().list(staging.id, &TokenQuery::new()).unwrap().remove(0).token.unwrap();
    world.file("staging.token", &format!("{}\n", token.expose()));
    let staging = world.sandbox().client_with(token).unwrap();
    let text: RunSettings = serde_json::from_value(json!({
        "theme": {"primary": "#123456", "brandNew": 1},
        "sidebar_buttons": [
            {"text": "Cold rooms", "type": "dashboard", "value": "66b0000b1c2d3e4f50617282"},
            {"text": "Alarms", "type": "dashboard", "value": "66b0000b1c2d3e4f50617283"},
        ],
        "name": "Staging",
    }))
    .unwrap();
    staging.run().edit(&text).unwrap();
    staging
}

#[test]
fn parts_of_another_portal_are_copied_and_the_rest_stays() {
    let world = World::new();
    staging_token(&world);
    let before = settings(&world);
    let line = "run copy --from-token-file staging.token --part sidebar_buttons,theme";
    world.clear();
    world.tagoctl(&format!("{line} --dry-run")).success().stdout_eq("").stderr_eq(str![[r##"
sidebar_buttons.0.color: "#0a6ebd" → nothing
sidebar_buttons.0.href: "" → nothing
sidebar_buttons.0.iconUrl: "https://assets.example.com/arbor/rooms.svg" → nothing
sidebar_buttons.1.color: "#0a6ebd" → nothing
sidebar_buttons.1.conditions: [{"tag_key":"access","tag_value":"admin"}] → nothing
sidebar_buttons.1.href: "https://status.example.com" → nothing
sidebar_buttons.1.iconUrl: "https://assets.example.com/arbor/status.svg" → nothing
sidebar_buttons.1.isInNewLine: true → nothing
sidebar_buttons.1.text: "Status" → nothing
sidebar_buttons.1.type: "link" → nothing
theme.auth_bg_type: "color" → nothing
theme.buttonPrimary: "#0a6ebd" → nothing
theme.buttonPrimaryText: "#ffffff" → nothing
theme.link: "#0a6ebd" → nothing
theme.loginButton: "#0a6ebd" → nothing
theme.navbar: "#0b2239" → nothing
theme.navbarText: "#ffffff" → nothing
theme.primary: "#0a6ebd" → "#123456"
theme.sidebarBackground: "#f4f7fa" → nothing
theme.brandNew: nothing → 1
not copied: sidebar_buttons.1: it leads to 66b0000b1c2d3e4f50617283 of the other profile; --replace-id 66b0000b1c2d3e4f50617283=HERE says what this one has instead
nothing was changed: it was a dry run

"##]]);
    let assert = world.tagoctl(&format!("{line} --dry-run -o json")).success();
    let told: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let left_out = json!([{"field": "sidebar_buttons.1", "reason": "id", "id": "66b0000b1c2d3e4f50617283"}]);
    assert_eq!((&told["updated"], &told["not_copied"]), (&json!(false), &left_out));
    assert_eq!(settings(&world), before);

    let line = format!("{line} --replace-id 66b0000b1c2d3e4f50617283=66a0000b1c2d3e4f50617283");
    world.tagoctl(&format!("{line} -o json")).success();
    let after = settings(&world);
    assert_eq!(after["theme"], json!({"primary": "#123456", "brandNew": 1}));
    let buttons = after["sidebar_buttons"].as_array().unwrap();
    // The one is known by its text, the other is said.
    let values: Vec<_> = buttons.iter().map(|button| &button["value"]).collect();
    assert_eq!(values, [&before["sidebar_buttons"][0]["value"], &json!("66a0000b1c2d3e4f50617283")]);
    assert_eq!((&after["name"], &after["url"]), (&before["name"], &before["url"]));
    world.tagoctl(&line).success().stdout_eq("").stderr_eq(str![[r#"
it is so already: nothing to change

"#]]);
}

#[test]
fn a_copy_names_the_other_profile_and_parts_that_there_are() {
    let world = World::new();
    staging_token(&world);
    world.clear();
    for (line, said) in [
        ("run copy --part theme", "--from-env"),
        ("run copy --from-env a --from-token-file b --part theme", "cannot be used with"),
        ("run copy --from-token-file staging.token", "--part"),
        ("run copy --from-token-file staging.token --part colours", "invalid value 'colours'"),
        ("run copy --from-token-file nowhere --part theme", "nowhere"),
        ("run copy --from-env nowhere --part theme", "tagoconfig.json"),
        ("run copy --from-token-file - --token-file - --part theme", "standard input"),
        ("run copy --from-token-file staging.token --part theme --sandbox", "--sandbox signs in to one profile"),
        ("run copy --from-token-file staging.token --part theme --columns x", "there is no column `x`"),
    ] {
        let assert = world.tagoctl(line).code(2).stdout_eq("");
        let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(stderr.contains(said), "{line}: {stderr}");
    }
    world.nothing_was_sent();
}
