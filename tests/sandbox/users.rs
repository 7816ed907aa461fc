use serde_json::{Value, json};
use tagoio::run::{NewUser, SendEmail, UserEdit, UserInvite, UserQuery};
use tagoio::transport::Method::{Post, Put};
use tagoio::{Patch, Tag};

use super::{builder, clock, hours, sandbox, sentence, tell};

fn body(changes: &Value) -> String {
    let mut body =
        json!({"name": "Jane", "email": "jane@example.com", "timezone": "Europe/Lisbon", "password": "correct horse"});
    for (key, value) in changes.as_object().unwrap() {
        if value == "(absent)" {
            body.as_object_mut().unwrap().remove(key);
        } else {
            body[key] = value.clone();
        }
    }
    body.to_string()
}

#[test]
fn a_new_user_is_checked() {
    let (sandbox, _) = sandbox();
    let many: Vec<Value> = (0..31).map(|at| json!({"key": format!("k{at}"), "value": "v"})).collect();
    for (changes, message) in [
        (json!({"name": "(absent)"}), "Invalid name (required)"),
        (json!({"name": null}), "Invalid name (required)"),
        (json!({"name": " "}), "Invalid name (required)"),
        (json!({"name": 7}), "Invalid name (type)"),
        (json!({"email": "(absent)"}), "Invalid email (required)"),
        (json!({"email": "jane"}), "Invalid email (email)"),
        (json!({"email": "jane@a@b"}), "Invalid email (email)"),
        (json!({"email": "ja ne@example.com"}), "Invalid email (email)"),
        (json!({"timezone": "(absent)"}), "Invalid timezone (required)"),
        (json!({"timezone": "half past ten"}), "Invalid timezone (timezone)"),
        (json!({"password": "(absent)"}), "Invalid password (required)"),
        (json!({"password": "12345"}), "The password must have at least 6 characters (min)"),
        (json!({"generate_password": true}), "password is not allowed with generate_password (conflict)"),
        (json!({"active": false, "send_email": true}), "send_email is not allowed for an inactive user (conflict)"),
        (json!({"active": false, "send_email": "invite"}), "send_email is not allowed for an inactive user (conflict)"),
        (json!({"active": "yes"}), "Invalid active (type)"),
        (json!({"send_email": 1}), "Invalid send_email (type)"),
        (json!({"company": 1}), "Invalid company (type)"),
        (json!({"phone": true}), "Invalid phone (type)"),
        (json!({"options": []}), "Invalid options (type)"),
        (json!({"tags": {"key": "k", "value": "v"}}), "Invalid tags (type)"),
        (json!({"tags": ["site"]}), "Invalid tags (type)"),
        (json!({"tags": [{"key": "", "value": "v"}]}), "Invalid tags (type)"),
        (json!({"tags": many}), "You have exceeded the maximum limit of Tags (30)"),
        (json!({"email": "BEATRIZ.Almeida@Example.com"}), "E-mail address is already in use"),
    ] {
        let (status, answer) = tell(&sandbox, Post, "/run/users", &body(&changes));
        assert_eq!((status, sentence(&answer)), (400, message), "{changes}");
    }
    for (body, message) in
        [("[1,2]", "Invalid body (type)"), ("{", "Invalid JSON body"), ("{\"x\":NaN}", "Invalid JSON body")]
    {
        let (status, answer) = tell(&sandbox, Post, "/run/users", body);
        assert_eq!((status, sentence(&answer)), (400, message));
    }
    assert_eq!(sandbox.users().len(), 24);
}

#[test]
fn a_new_user_is_inactive_unless_something_says_otherwise() {
    for (changes, active, force_password_change, template) in [
        (json!({}), false, false, None),
        (json!({"active": true}), true, false, None),
        (json!({"active": false, "send_email": false}), false, false, None),
        (json!({"password": "(absent)", "generate_password": true}), true, true, None),
        (json!({"password": "(absent)", "generate_password": true, "active": false}), false, true, None),
        (json!({"generate_password": false}), false, false, None),
        (json!({"send_email": true}), true, false, Some("welcome")),
        (json!({"send_email": "invite"}), true, false, Some("invite")),
        (json!({"send_email": "no such template"}), true, false, Some("welcome")),
        (
            json!({"password": "(absent)", "generate_password": true, "send_email": "invite"}),
            true,
            true,
            Some("invite"),
        ),
        (json!({"force_password_change": true}), false, true, None),
        (json!({"unknown": [1], "id": "mine"}), false, false, None),
    ] {
        let (sandbox, _) = sandbox();
        let (status, answer) = tell(&sandbox, Post, "/run/users", &body(&changes));
        assert_eq!(status, 200, "{changes} {answer}");
        let user = sandbox.users().pop().unwrap();
        assert_eq!(answer["result"]["user"], user.id.as_str());
        assert_eq!((user.active, user.force_password_change), (active, Some(force_password_change)), "{changes}");
        let sent: Vec<_> = sandbox.outbox().into_iter().map(|email| (email.to, email.template)).collect();
        let expected = template.map(|template: &str| ("jane@example.com".to_owned(), Some(template.to_owned())));
        assert_eq!(sent, Vec::from_iter(expected), "{changes}");
    }
}

#[test]
fn a_template_that_there_is_not_falls_back_to_tagoios_own() {
    let sandbox = builder().empty().build();
    let tago = sandbox.client().unwrap();
    let jane = NewUser::new("Jane", "jane@example.com", "Europe/Lisbon").generate_password(true);
    tago.run().users().create(&jane.send_email(SendEmail::Welcome(true))).unwrap();
    assert_eq!(sandbox.outbox()[0].template, None);
    assert_eq!(sandbox.outbox()[0].subject, "Welcome");
}

#[test]
fn a_user_is_given_as_it_was_made() {
    let (_, tago) = sandbox();
    let jane = NewUser::new("Jane", "Jane@Example.com", "Europe/Lisbon")
        .password(tagoio::Password::new("correct horse").unwrap())
        .phone("+351 555")
        .newsletter(true)
        .tag("site", "lisbon");
    let id = tago.run().users().create(&jane).unwrap();
    let user = tago.run().users().info(&id).unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str(), user.active), ("Jane", "Jane@Example.com", false));
    assert_eq!((user.phone.as_deref(), user.company.as_deref()), (Some("+351 555"), None));
    assert_eq!((user.newsletter, user.last_login), (Some(true), None));
    assert_eq!(user.created_at.unwrap().to_string(), "2026-03-15T10:20:30.000Z");
    assert_eq!(user.tags, [Tag::new("site", "lisbon")]);
}

#[test]
fn an_email_address_is_unique_whatever_its_case() {
    let (sandbox, tago) = sandbox();
    let new = |email: &str| NewUser::new("Jane", email, "UTC").generate_password(true);
    tago.run().users().create(&new("Jane@Example.com")).unwrap();
    for again in ["Jane@Example.com", "jane@example.com", "JANE@EXAMPLE.COM"] {
        let error = tago.run().users().create(&new(again)).unwrap_err();
        assert_eq!(error.message(), Some("E-mail address is already in use"), "{again}");
    }
    assert_eq!(sandbox.users().len(), 25);
}

#[test]
fn a_change_replaces_what_it_names_and_leaves_the_rest() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let before = sandbox.users().swap_remove(0);
    clock.advance(hours(1));
    let edit = UserEdit::new().phone(Patch::Clear).tags(vec![Tag::new("site", "faro")]).company("Mercado Verde");
    let said = tago.run().users().edit(&before.id, &edit).unwrap();
    assert_eq!(said, "TagoIO Run User Successfully Updated");
    let after = tago.run().users().info(&before.id).unwrap();
    assert!(before.phone.is_some() && before.tags.len() == 3);
    assert_eq!((after.phone.as_deref(), after.company.as_deref()), (None, Some("Mercado Verde")));
    assert_eq!(after.tags, [Tag::new("site", "faro")], "tags are replaced as a set");
    assert_eq!((&after.name, &after.language, after.active), (&before.name, &before.language, before.active));
    assert_eq!(after.updated_at.unwrap().to_string(), "2026-03-15T11:20:30.000Z");
    assert_eq!(after.created_at, before.created_at);
}

#[test]
fn an_email_address_never_changes() {
    let (sandbox, tago) = sandbox();
    let user = &sandbox.users()[0];
    for email in [json!("new@example.com"), json!(null), json!(7), json!("duarte.fonseca@example.com")] {
        let body = json!({"email": email, "name": "Bea"}).to_string();
        assert_eq!(tell(&sandbox, Put, &format!("/run/users/{}", user.id), &body).0, 200, "{email}");
    }
    assert_eq!(tago.run().users().info(&user.id).unwrap().email, user.email);
    assert_eq!(tago.run().users().list(&UserQuery::new().email(&user.email)).unwrap()[0].name, "Bea");
}

#[test]
fn a_change_is_checked_and_then_done_whole_or_not_at_all() {
    let (sandbox, _) = sandbox();
    let before = sandbox.users();
    for (changes, message) in [
        (json!({"name": "x", "timezone": null}), "Invalid timezone (required)"),
        (json!({"name": "x", "active": null}), "Invalid active (type)"),
        (json!({"name": "x", "password": "12345"}), "The password must have at least 6 characters (min)"),
        (json!({"name": "x", "tags": "site"}), "Invalid tags (type)"),
        (json!({"name": "x", "custom_preferences": 1}), "Invalid custom_preferences (type)"),
        (json!({"name": "x", "logout_sessions": "yes"}), "Invalid logout_sessions (type)"),
        (json!([]), "Invalid body (type)"),
    ] {
        let (status, answer) = tell(&sandbox, Put, &format!("/run/users/{}", before[0].id), &changes.to_string());
        assert_eq!((status, sentence(&answer)), (400, message), "{changes}");
    }
    assert_eq!(sandbox.users(), before);
}

#[test]
fn a_user_who_is_deleted_is_gone_and_the_address_is_free() {
    let (sandbox, tago) = sandbox();
    let user = sandbox.users().swap_remove(0);
    assert!(!tago.run().notifications().list(&user.id).unwrap().is_empty());
    let notification = tago.run().notifications().list(&user.id).unwrap()[0].id.clone();
    assert_eq!(tago.run().users().delete(&user.id).unwrap(), "Successfully Removed");
    assert!(tago.run().users().info(&user.id).unwrap_err().is_not_found());
    assert!(tago.run().users().delete(&user.id).unwrap_err().is_not_found());
    assert!(tago.run().notifications().delete(notification).unwrap_err().is_not_found());
    let again = NewUser::new("Bea", user.email.as_str(), "UTC").generate_password(true);
    let id = tago.run().users().create(&again).unwrap();
    assert_ne!(id, user.id);
    let found = tago.run().users().list(&UserQuery::new().email(&user.email)).unwrap();
    assert_eq!(found.iter().map(|user| &user.id).collect::<Vec<_>>(), [&id]);
}

#[test]
fn an_invitation_is_sent_by_the_template_that_was_asked_for() {
    let (sandbox, tago) = sandbox();
    let user = &sandbox.users()[0];
    let by = |template: &str| UserInvite::new().invite_template(template);
    for (invite, template) in [(UserInvite::new(), "welcome"), (by("invite"), "invite"), (by("nonsense"), "welcome")] {
        assert_eq!(tago.run().users().resend_invite(&user.id, &invite).unwrap(), "Invite sent");
        let sent = sandbox.outbox().pop().unwrap();
        assert_eq!((sent.to.as_str(), sent.template.as_deref()), (user.email.as_str(), Some(template)));
    }
    let (status, answer) = tell(&sandbox, Post, &format!("/run/users/{}/invite", user.id), r#"{"invite_template":1}"#);
    assert_eq!((status, sentence(&answer)), (400, "Invalid invite_template (type)"));
}
