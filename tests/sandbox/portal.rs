use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tagoio::run::{IdpMetadata, SamlAttributeMappings, SamlEdit, ThemeOption};
use tagoio::sandbox::{Plan, Sandbox};
use tagoio::transport::Method::{Get, Post, Put};

use super::{builder, clock, hours, sandbox, sentence, tell};

#[test]
fn settings_that_are_not_named_stay_as_they_are() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let get = || tell(&sandbox, Get, "/run", "").1["result"].clone();
    let mut expected = get();
    clock.advance(hours(1));
    let change = json!({"name": "Portal", "custom_fields": [], "brand_new": {"a": 1}, "theme": {"navbar": "#000"}});
    let (status, answer) = tell(&sandbox, Put, "/run", &change.to_string());
    assert_eq!((status, &answer["result"]), (200, &json!("TagoIO Run Successfully Updated")));
    for (key, value) in change.as_object().unwrap() {
        expected[key] = value.clone();
    }
    expected["updated_at"] = json!("2026-03-15T11:20:30.000Z");
    assert_eq!(get(), expected);
}

#[test]
fn settings_can_be_read_changed_and_written_back() {
    let (_, tago) = sandbox();
    let mut settings = tago.run().info().unwrap();
    settings.theme.get_or_default().insert(ThemeOption::Navbar, "#123456");
    tago.run().edit(&settings).unwrap();
    let after = tago.run().info().unwrap();
    assert_eq!(after.theme.as_ref().unwrap().get(&ThemeOption::Navbar), Some("#123456"));
    assert_eq!(after.created_at, settings.created_at);
    assert_eq!(after.custom_fields, settings.custom_fields);
}

#[test]
fn settings_are_checked() {
    let (sandbox, tago) = sandbox();
    let before = tell(&sandbox, Get, "/run", "").1;
    for (change, message) in [
        (json!({"created_at": "2026-01-01T00:00:00.000Z"}), "created_at is not allowed (unrecognized_keys)"),
        (json!({"name": "x", "active": "yes"}), "Invalid active (type)"),
        (json!({"name": 1}), "Invalid name (type)"),
        (json!({"name": null}), "Invalid name (type)"),
        (json!({"theme": []}), "Invalid theme (type)"),
        (json!({"sidebar_buttons": {}}), "Invalid sidebar_buttons (type)"),
        (json!([]), "Invalid body (type)"),
    ] {
        let (status, answer) = tell(&sandbox, Put, "/run", &change.to_string());
        assert_eq!((status, sentence(&answer)), (400, message), "{change}");
    }
    assert_eq!(tell(&sandbox, Get, "/run", "").1, before);
    // What can only be read may be sent, and isn't taken over.
    let token = before["result"]["anonymous_token"].clone();
    assert!(token.is_string(), "{token}");
    tell(&sandbox, Put, "/run", r#"{"profile":"x","anonymous_token":"x","favicon":null}"#);
    assert_eq!(tell(&sandbox, Get, "/run", "").1["result"]["anonymous_token"], token);
    let after = tago.run().info().unwrap();
    assert_eq!(after.profile.as_ref(), Some(&sandbox.profile_id()));
    assert_eq!(after.favicon, tagoio::Patch::Clear);
}

#[test]
fn a_new_profile_has_a_closed_portal() {
    let sandbox = builder().empty().build();
    let portal = sandbox.client().unwrap().run().info().unwrap();
    assert_eq!((portal.active.as_ref(), portal.auth_token_ttl.as_deref()), (Some(&false), Some("1 week")));
    assert!(portal.url.as_deref().unwrap().ends_with(".run.tago.io"));
}

#[test]
fn a_test_e_mail_goes_to_the_account() {
    let (sandbox, tago) = sandbox();
    let said = tago.run().email_test("Hello", "<b>It works.</b>").unwrap();
    assert_eq!(said, format!("E-mail sent to {}", Sandbox::EMAIL));
    assert_eq!((sandbox.outbox()[0].to.as_str(), sandbox.outbox()[0].subject.as_str()), (Sandbox::EMAIL, "Hello"));
    for body in [r#"{"subject":"x"}"#, r#"{"body":"x"}"#, r#"{"subject":1,"body":"x"}"#] {
        assert_eq!(tell(&sandbox, Post, "/run/email_test", body).0, 400, "{body}");
    }
}

#[test]
fn the_outbox_remembers_the_last_ten_thousand_e_mails() {
    let (sandbox, tago) = sandbox();
    for at in 0..10_002 {
        tago.run().email_test(&at.to_string(), "x").unwrap();
    }
    let outbox = sandbox.outbox();
    assert_eq!(outbox.len(), 10_000);
    assert_eq!((outbox[0].subject.as_str(), outbox[9_999].subject.as_str()), ("2", "10001"));
}

const METADATA: &str = r#"<?xml version="1.0"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
    entityID="https://idp.example.com/saml"><md:IDPSSODescriptor/></md:EntityDescriptor>"#;

#[test]
fn single_sign_on_is_set_up_from_the_identity_providers_metadata() {
    let (_, tago) = sandbox();
    let before = tago.run().saml().info().unwrap();
    assert!(before.sp.unwrap().acs_url.starts_with("https://"));
    assert!(before.idp.is_none() && before.mapping.is_none());

    let mapping = SamlAttributeMappings::new().email("mail").first_name("givenName");
    let edit = SamlEdit::new().idp_metadata(IdpMetadata::from_xml(METADATA)).mapping(mapping.clone());
    assert_eq!(tago.run().saml().edit(&edit).unwrap(), "TagoIO Run SAML SSO Successfully Updated");
    let after = tago.run().saml().info().unwrap();
    assert_eq!(after.idp.unwrap().issuer, "https://idp.example.com/saml");
    assert_eq!(after.mapping.as_ref(), Some(&mapping));

    tago.run().saml().edit(&SamlEdit::new()).unwrap();
    assert!(tago.run().saml().info().unwrap().idp.is_some(), "what isn't named stays");
    let moved = METADATA.replace("idp.example.com", "login.example.com");
    tago.run().saml().edit(&SamlEdit::new().idp_metadata(IdpMetadata::from_xml(&moved))).unwrap();
    let after = tago.run().saml().info().unwrap();
    assert_eq!(after.idp.unwrap().issuer, "https://login.example.com/saml");
    assert_eq!(after.mapping, Some(mapping), "new metadata leaves the mapping");
}

#[test]
fn metadata_and_mapping_are_checked() {
    let (sandbox, tago) = sandbox();
    let encode = |xml: &str| json!({"idp_metadata": BASE64_STANDARD.encode(xml)});
    for (edit, message) in [
        (json!({"idp_metadata": METADATA}), "Invalid idp_metadata (metadata)"),
        (encode("<html/>"), "Invalid idp_metadata (metadata)"),
        (encode("<EntityDescriptor/>"), "Invalid idp_metadata (metadata)"),
        (json!({"idp_metadata": ""}), "Invalid idp_metadata (required)"),
        (json!({"idp_metadata": 1}), "Invalid idp_metadata (type)"),
        (json!({"mapping": {"firstName": "f"}}), "Invalid mapping.email (required)"),
        (json!({"mapping": {"email": "e"}}), "Invalid mapping.firstName (required)"),
        (json!({"mapping": {"email": "e", "firstName": null}}), "Invalid mapping.firstName (required)"),
        (json!({"mapping": {"email": "e", "firstName": "f", "phone": 1}}), "Invalid mapping.phone (type)"),
        (json!({"mapping": {"email": "e", "firstName": "f", "tags": {"k": 1}}}), "Invalid mapping.tags (type)"),
        (json!({"mapping": null}), "Invalid mapping (type)"),
    ] {
        let (status, answer) = tell(&sandbox, Put, "/run/sso/saml", &edit.to_string());
        assert_eq!((status, sentence(&answer)), (400, message), "{edit}");
    }
    assert!(tago.run().saml().info().unwrap().mapping.is_none());
    let whole = json!({"mapping": {"email": "e", "firstName": "f", "lastName": null, "tags": {"dept": "department"}}});
    assert_eq!(tell(&sandbox, Put, "/run/sso/saml", &whole.to_string()).0, 200);
    let (_, answer) = tell(&sandbox, Get, "/run/sso/saml", "");
    assert_eq!(answer["result"]["mapping"]["tags"]["dept"], "department");
    assert_eq!(answer["result"]["idp"], Value::Null);
}

#[test]
fn single_sign_on_is_for_the_scale_plan() {
    for (plan, status) in [(Plan::Free, 403), (Plan::Starter, 403), (Plan::Scale, 200)] {
        let sandbox = builder().plan(plan).build();
        assert_eq!(tell(&sandbox, Put, "/run/sso/saml", "{}").0, status, "{plan:?}");
        assert_eq!(tell(&sandbox, Get, "/run/sso/saml", "").0, 200, "{plan:?}");
        assert_eq!(tell(&sandbox, Put, "/run", r#"{"name":"x","sso_saml_active":true}"#).0, status, "{plan:?}");
        let (_, answer) = tell(&sandbox, Get, "/run", "");
        assert_eq!(answer["result"]["sso_saml_active"], status == 200, "{plan:?}");
        assert_eq!(answer["result"]["name"] == "x", status == 200, "{plan:?}: all or nothing");
        assert_eq!(tell(&sandbox, Put, "/run", r#"{"sso_saml_active":false}"#).0, 200, "{plan:?}");
    }
}
