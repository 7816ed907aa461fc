use serde_json::json;
use tagoio::profile::{AddOn, AddOnSettings, NewProfile, ProfileEdit};
use tagoio::sandbox::Sandbox;
use tagoio::transport::Method::{Delete, Get, Post, Put};
use tagoio::{Patch, ProfileId};

use super::{ask, clock, hours, password, sandbox, sentence, tell};

#[test]
fn current_is_the_tokens_own_profile() {
    let (sandbox, tago) = sandbox();
    let current = tago.profile().info(ProfileId::CURRENT).unwrap();
    assert_eq!(current.info.id, sandbox.profile_id());
    assert_eq!(current, tago.profile().info(sandbox.profile_id()).unwrap());
    assert_eq!(current.account_plan.as_deref(), Some("scale"));
}

#[test]
fn profiles_of_others_are_denied() {
    let (sandbox, tago) = sandbox();
    let id = sandbox.foreign_profile_id();
    for (method, path) in [
        (Get, ""),
        (Put, ""),
        (Delete, ""),
        (Get, "/summary"),
        (Get, "/statistics"),
        (Get, "/auditlog"),
        (Get, "/team"),
        (Post, "/team"),
        (Get, "/token"),
        (Post, "/token"),
        (Get, "/addons"),
        (Post, "/services"),
    ] {
        let (status, answer) = tell(&sandbox, method, &format!("/profile/{id}{path}"), "");
        assert_eq!((status, sentence(&answer)), (401, "Authorization Denied"), "{method} {path}");
    }
    assert!(tago.profile().list().unwrap().iter().all(|profile| profile.id != id));
}

#[test]
fn a_team_member_looks_but_does_not_govern() {
    let (sandbox, _) = sandbox();
    let member = sandbox.team_member_token();
    for (method, path, body, status) in [
        (Get, "", "", 200),
        (Get, "/summary", "", 200),
        (Get, "/statistics", "", 200),
        (Get, "/token", "", 200),
        (Get, "/auditlog", "", 401),
        (Get, "/team", "", 401),
        (Post, "/team", r#"{"email":"x@example.com"}"#, 401),
        (Put, "", r#"{"name":"x"}"#, 401),
        (Delete, "", "{}", 401),
        (Post, "/services", "{}", 401),
    ] {
        let path = format!("/profile/{}{path}", sandbox.profile_id());
        assert_eq!(ask(&sandbox, &member, method, &path, body).0, status, "{method} {path}");
    }
}

#[test]
fn a_profile_is_created_bare_or_with_what_is_left() {
    let (sandbox, tago) = sandbox();
    let bare = tago.profile().create(&NewProfile::new("Bare")).unwrap();
    let info = tago.profile().info(&bare).unwrap();
    assert_eq!((info.info.name.as_str(), info.allocation.input), ("Bare", None));
    assert_eq!(info.info.created_at.unwrap().to_string(), "2026-03-15T10:20:30.000Z");

    let main = tago.profile().info(sandbox.profile_id()).unwrap().allocation.input.unwrap();
    let rich = tago.profile().create_with_free_resources(&NewProfile::new("Rich")).unwrap();
    let rich = tago.profile().info(&rich).unwrap().allocation.input.unwrap();
    assert!(rich > 0.0 && rich + main <= 5_000_000.0, "{rich} {main}");
    let (_, answer) = tell(&sandbox, Post, "/profile/?allocate_free_resources=True", r#"{"name":"Late"}"#);
    let late = tago.profile().info(answer["result"]["id"].as_str().unwrap()).unwrap().allocation.input;
    assert_eq!(late, Some(0.0), "there is nothing left");
    for body in ["{}", r#"{"name":""}"#, r#"{"name":1}"#] {
        assert_eq!(tell(&sandbox, Post, "/profile", body).0, 400, "{body}");
    }
}

#[test]
fn a_profile_is_edited() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    clock.advance(hours(2));
    let edit = ProfileEdit::new().name("Arbor").logo_url(Patch::Clear).banner_url("https://assets.example.com/b.png");
    assert_eq!(tago.profile().edit(ProfileId::CURRENT, &edit).unwrap(), "Successfully Updated");
    let info = tago.profile().info(ProfileId::CURRENT).unwrap().info;
    assert_eq!((info.name.as_str(), info.logo_url), ("Arbor", None));
    assert_eq!(info.banner_url.as_deref(), Some("https://assets.example.com/b.png"));
    assert_eq!(info.updated_at.unwrap().to_string(), "2026-03-15T12:20:30.000Z");
    let (status, answer) = tell(&sandbox, Put, "/profile/current", r#"{"name":null}"#);
    assert_eq!((status, sentence(&answer)), (400, "Invalid name (required)"));
}

#[test]
fn a_summary_counts_what_there_is() {
    let (sandbox, tago) = sandbox();
    let summary = tago.profile().summary(ProfileId::CURRENT).unwrap();
    assert_eq!(summary.amount.run_users, Some(24.0));
    assert_eq!(summary.limit_used.run_users, Some(24.0));
    assert_eq!(summary.limit, tago.profile().info(ProfileId::CURRENT).unwrap().allocation);
    assert_eq!(summary.limit_used.sms, Some(0.0), "what was not used counts 0 here");
    assert!(summary.limit_used.input.unwrap() > 0.0);
    assert_eq!(summary.tago_run.as_deref(), Some("arbor.tago.run"));

    tago.run().users().delete(&sandbox.users()[0].id).unwrap();
    assert_eq!(tago.profile().summary_amount(ProfileId::CURRENT).unwrap().amount.run_users, Some(23.0));
    let (_, answer) = tell(&sandbox, Get, "/profile/current/summary?onlyAmount=true", "");
    assert_eq!(answer["result"].as_object().unwrap().keys().collect::<Vec<_>>(), ["amount"]);
}

#[test]
fn add_ons_are_listed_changed_and_removed() {
    let (sandbox, tago) = sandbox();
    let addons = tago.profile().addons(ProfileId::CURRENT).unwrap();
    assert_eq!((addons.custom_dns, addons.mobile), (Patch::Set(true), Patch::Set(false)));
    tago.profile().edit_addons(ProfileId::CURRENT, &AddOnSettings::new().mobile(true)).unwrap();
    let addons = tago.profile().info(ProfileId::CURRENT).unwrap().addons;
    assert_eq!((addons.custom_dns, addons.mobile), (true, true));
    tago.profile().remove_addon(ProfileId::CURRENT, &AddOn::Mobile).unwrap();
    assert!(!tago.profile().info(ProfileId::CURRENT).unwrap().addons.mobile);
    let (status, answer) = tell(&sandbox, Delete, "/profile/current/sauna", "");
    assert_eq!((status, sentence(&answer)), (400, "Invalid enum value"));
}

#[test]
fn somebody_is_invited_once_and_removed_once() {
    let (sandbox, tago) = sandbox();
    tago.team().add(ProfileId::CURRENT, "new.colleague@example.com").unwrap();
    for again in ["NEW.colleague@example.com", "priya.raman@example.com", Sandbox::EMAIL] {
        let error = tago.team().add(ProfileId::CURRENT, again).unwrap_err();
        assert_eq!(error.message(), Some("User is already a team member"), "{again}");
    }
    let invited = tago.team().list(ProfileId::CURRENT).unwrap().pop().unwrap();
    assert_eq!((invited.email.as_str(), invited.active), ("new.colleague@example.com", false));
    assert_eq!(tago.team().remove(ProfileId::CURRENT, &invited.id).unwrap(), "Account Successfully Removed");
    assert!(tago.team().remove(ProfileId::CURRENT, &invited.id).unwrap_err().is_not_found());
    let (status, answer) = tell(&sandbox, Post, "/profile/current/team", r#"{"email":"nobody"}"#);
    assert_eq!((status, sentence(&answer)), (400, "Invalid email (email)"));
}

#[test]
fn a_member_who_is_removed_is_locked_out() {
    let (sandbox, tago) = sandbox();
    let member = sandbox.client_with(sandbox.team_member_token()).unwrap();
    assert!(member.run().info().is_ok());
    let priya = tago.team().list(ProfileId::CURRENT).unwrap().swap_remove(0);
    tago.team().remove(ProfileId::CURRENT, &priya.id).unwrap();
    assert!(member.run().info().unwrap_err().is_unauthorized());
}

#[test]
fn the_account_tells_its_plan_and_allocation() {
    let (sandbox, _) = sandbox();
    let get = |path: &str| tell(&sandbox, Get, path, "").1["result"].clone();
    assert_eq!(get("/account")["email"], Sandbox::EMAIL);
    assert_eq!(get("/account/plan"), json!({"plan": "scale"}));
    assert_eq!(get("/account/allocation").as_array().unwrap().len(), 2);
    assert_eq!(get("/account/allocation")[0]["profile"], sandbox.profile_id().as_str());
    let info = get("/info");
    assert_eq!(
        (&info["type"], &info["permission"], &info["name"]),
        (&json!("profile"), &json!("full"), &json!("Administration"))
    );
    assert!(!get("/account").to_string().contains(password().expose()));
}
