use serde_json::json;
use tagoio::profile::{EmailService, SecretId, ServiceProviders, SmsService, TestMessage};
use tagoio::sandbox::{Sandbox, State};
use tagoio::transport::Method::{Post, Put};
use tagoio::{Patch, ProfileId};

use super::{ask, builder, clock, sandbox, sentence, tell};

const P: ProfileId = ProfileId::CURRENT;
const ID: &str = "68c9977a28079e0010aaf399";

fn id() -> SecretId {
    SecretId::new(ID).unwrap()
}

fn both() -> ServiceProviders {
    ServiceProviders::new().email(EmailService::smtp("noreply@example.com", id())).sms(SmsService::twilio(
        "+15551234567",
        id(),
        id(),
    ))
}

#[test]
fn a_provider_that_is_set_sends_messages() {
    let (sandbox, tago) = sandbox();
    let services = tago.profile().service_provider();
    let (mail, text) = (TestMessage::new("me@example.com").subject("Hello"), TestMessage::new("+15559876543"));
    let missing = "No service provider configured for the specified service type";
    for error in [services.test_email(P, &mail).unwrap_err(), services.test_sms(P, &text).unwrap_err()] {
        assert!(error.is_not_found());
        assert_eq!(error.message(), Some(missing));
    }
    assert_eq!(services.configure(P, &both()).unwrap(), "Service provider configured successfully");
    let sent = services.test_email(P, &mail).unwrap();
    assert_eq!(sent.message, "Test message sent successfully");
    assert!(sent.message_id.is_some());
    services.test_sms(P, &text).unwrap();
    let outbox = sandbox.outbox();
    assert_eq!(outbox.len(), 1, "text messages are no e-mails");
    assert_eq!((outbox[0].to.as_str(), outbox[0].subject.as_str()), ("me@example.com", "Hello"));

    // What isn't said stays, and null takes away.
    services.configure(P, &ServiceProviders::new().sms(SmsService::sns(id()))).unwrap();
    services.test_email(P, &mail).unwrap();
    services.configure(P, &ServiceProviders::new().email(Patch::Clear)).unwrap();
    assert!(services.test_email(P, &mail).unwrap_err().is_not_found());
    services.test_sms(P, &text).unwrap();
}

#[test]
fn each_provider_wants_its_own_secrets() {
    let (_, tago) = sandbox();
    for (providers, fits) in [
        (ServiceProviders::new().email(EmailService::ses("a@x.io", id())), true),
        (ServiceProviders::new().email(EmailService::send_grid("a@x.io", id())), true),
        (ServiceProviders::new().sms(SmsService::sns(id()).from("+15551234567")), true),
        (ServiceProviders::new().email(EmailService::smtp("a@x.io", SecretId::new("SG.key").unwrap())), false),
        (
            ServiceProviders::new()
                .sms(SmsService::new("twilio", tagoio::profile::SmsSecrets::new().data(id())).from("+15551234567")),
            false,
        ),
    ] {
        let outcome = tago.profile().service_provider().configure(P, &providers);
        match outcome {
            Ok(_) => assert!(fits, "{providers:?}"),
            Err(error) => {
                assert!(!fits, "{providers:?}: {error}");
                assert_eq!(error.message(), Some("Invalid credentials format for the selected provider"));
            }
        }
    }
}

#[test]
fn what_is_sent_is_checked() {
    let (sandbox, tago) = sandbox();
    let number = "Invalid phone number format. Use E.164 format (e.g., +15551234567)";
    for (body, message) in [
        (json!({"email": {"provider": "fax"}}), "Invalid enum value"),
        (json!({"email": {"from": "a@x.io"}}), "Invalid provider (required)"),
        (json!({"email": {"provider": "smtp", "secrets": {"data": ID}}}), "Invalid from (email)"),
        (
            json!({"email": {"provider": "smtp", "from": "a@x.io"}}),
            "Invalid credentials format for the selected provider",
        ),
        (json!({"email": "smtp"}), "Invalid email (type)"),
        (json!({"sms": {"provider": "twilio", "secrets": {}}}), "Invalid from (required)"),
        (json!({"sms": {"provider": "sns", "from": "0049 30", "secrets": {"data": ID}}}), number),
    ] {
        let (status, answer) = tell(&sandbox, Put, "/profile/current/service", &body.to_string());
        assert_eq!((status, sentence(&answer)), (400, message), "{body}");
    }
    tago.profile().service_provider().configure(P, &both()).unwrap();
    for (medium, body, status, message) in [
        ("sms", json!({"to": "555 987"}), 400, number),
        ("sms", json!({"to": "+0555987654"}), 400, number),
        ("sms", json!({}), 400, "Invalid to (required)"),
        ("email", json!({"to": "+15559876543"}), 400, "Invalid to (email)"),
        ("fax", json!({"to": "+15559876543"}), 404, "Route Not Found"),
    ] {
        let target = format!("/profile/current/service/test/{medium}");
        let (found, answer) = tell(&sandbox, Post, &target, &body.to_string());
        assert_eq!((found, sentence(&answer)), (status, message), "{target} {body}");
    }
}

#[test]
fn only_the_owner_sets_providers() {
    let (sandbox, _) = sandbox();
    let colleague = sandbox.team_member_token();
    for (method, target) in [(Put, "/profile/current/service"), (Post, "/profile/current/service/test/sms")] {
        let (status, answer) = ask(&sandbox, &colleague, method, target, "{}");
        let refusal = "You do not have permission to configure services for this profile";
        assert_eq!((status, sentence(&answer)), (403, refusal));
    }
}

#[test]
fn a_state_keeps_providers_and_can_give_some() {
    let sandbox = builder().build();
    let tago = sandbox.client().unwrap();
    tago.profile().service_provider().configure(P, &both()).unwrap();
    let again = Sandbox::builder().clock(clock()).state(sandbox.snapshot()).build();
    assert!(again.snapshot() == sandbox.snapshot());
    again.client().unwrap().profile().service_provider().test_sms(P, &TestMessage::new("+15559876543")).unwrap();

    let given = |service| State::from_value(json!({"version": 1, "profiles": [{"name": "Mill", "service": service}]}));
    let sns = given(json!({"sms": {"provider": "sns", "secrets": {"data": ID}}})).unwrap();
    let sandbox = Sandbox::builder().state(sns).build();
    sandbox.client().unwrap().profile().service_provider().test_sms(P, &TestMessage::new("+15559876543")).unwrap();
    for (service, problem) in [
        (json!({"sms": {"provider": "fax"}}), "profiles[0].service.sms: Invalid enum value"),
        (
            json!({"sms": {"provider": "sns", "secrets": {"data": ID}, "colour": 1}}),
            "profiles[0].service.sms.colour: unknown field `colour`",
        ),
        (json!({"fax": {}}), "profiles[0].service.fax: unknown field `fax`"),
    ] {
        let error = given(service).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
