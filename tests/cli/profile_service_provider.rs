//! `tagoctl profile service-provider`.

use snapbox::str;

use crate::world::World;

const ID: &str = "68c9977a28079e0010aaf399";

#[test]
fn a_provider_is_set_and_tested() {
    let world = World::new();
    world.tagoctl("profile service-provider test --email me@example.com").code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/service/test/email: TagoIO answered 404 Not Found: No service provider configured for the specified service type

"#]]);
    world
        .tagoctl(&format!(
            "profile service-provider set --email smtp --email-from noreply@example.com --email-secret {ID}"
        ))
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r#"
Service provider configured successfully

"#]]);
    world
        .tagoctl("profile service-provider test --email me@example.com --subject Hello --message 'One, two.'")
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r#"
me@example.com: Test message sent successfully

"#]]);
    let sent = world.sandbox().outbox().remove(0);
    assert_eq!((sent.to.as_str(), sent.subject.as_str()), ("me@example.com", "Hello"));
    let twilio = "profile service-provider set current --sms twilio --sms-from +15551234567";
    world
        .tagoctl(&format!("{twilio} --twilio-sid-secret {ID} --twilio-token-secret {ID} -o jsonl"))
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r#"
{"id":"current","updated":true}

"#]]);
    world.tagoctl("profile service-provider test --sms +15559876543 -o json").success().stderr_eq("").stdout_eq(str![
        [r#"
{
  "message_id": "98e387e6-1cb2-40b9-a215-812af4294daa",
  "sent": true,
  "to": "+15559876543"
}

"#]
    ]);
    world.tagoctl("profile service-provider test --sms 555").code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/service/test/sms: TagoIO answered 400 Bad Request: Invalid phone number format. Use E.164 format (e.g., +15551234567)

"#]]);
    world.file(
        "providers.json",
        &format!(r#"{{"sms": {{"provider": "sns", "secrets": {{"data": "{ID}"}}}}, "email": null}}"#),
    );
    world.tagoctl("profile service-provider set --json providers.json -o csv").success().stdout_eq(str![[r#"
id,updated
current,true

"#]]);
    world.tagoctl("profile service-provider test --email me@example.com").code(1);
}

#[test]
fn a_credential_that_is_no_id_is_not_repeated() {
    let world = World::new();
    world.clear();
    let planted = crate::world::PLANTED;
    for line in [
        format!("--email sendgrid --email-from a@x.io --email-secret {planted}"),
        format!("--sms sns --sms-secret {planted}"),
        format!("--sms twilio --sms-from +15551234567 --twilio-sid-secret {ID} --twilio-token-secret {planted}"),
    ] {
        let assert = world.tagoctl(&format!("profile service-provider set {line}")).code(2).stdout_eq("");
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains("takes the id of a secret, 24 hexadecimal digits, and this isn't one"), "{said}");
    }
    world.nothing_was_sent();
}

#[test]
fn what_is_missing_is_said_before_anything_is_sent() {
    let world = World::new();
    world.clear();
    let set = "profile service-provider set";
    world.tagoctl(set).code(2).stdout_eq("").stderr_eq(str![[r#"
error: no provider would change
hint: --email, --sms and --json say which one sends what

"#]]);
    world.tagoctl(&format!("{set} --email smtp")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: the following required arguments were not provided:
  --email-from <ADDRESS>
  --email-secret <ID>

Usage: tagoctl profile service-provider set --email <PROVIDER> --email-from <ADDRESS> --email-secret <ID> [ID]

For more information, try '--help'.

"#]]);
    world.tagoctl(&format!("{set} --email fax")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'fax' for '--email <PROVIDER>'
  [possible values: sendgrid, ses, smtp]

For more information, try '--help'.

"#]]);
    world.tagoctl(&format!("{set} --sms sns")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: --sms-secret is needed for the provider

"#]]);
    world.tagoctl(&format!("{set} --sms twilio --twilio-sid-secret {ID}")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: --sms-from is needed for twilio

"#]]);
    world.tagoctl(&format!("{set} --sms sns --sms-secret {ID} --twilio-sid-secret {ID}")).code(2).stderr_eq(str![[
        r#"
error: --twilio-…-secret is not for sns

"#
    ]]);
    world.file("typo.json", r#"{"emial": {}}"#);
    world.tagoctl(&format!("{set} --json typo.json")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: typo.json: there is no field `emial`; did you mean `email`?

"#]]);
    world.tagoctl("profile service-provider test").code(2).stdout_eq("").stderr_eq(str![[r#"
error: the following required arguments were not provided:
  <--email <ADDRESS>|--sms <NUMBER>>

Usage: tagoctl profile service-provider test <--email <ADDRESS>|--sms <NUMBER>> [ID]

For more information, try '--help'.

"#]]);
    world.nothing_was_sent();
}
