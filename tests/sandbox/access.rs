use std::time::Duration;

use tagoio::sandbox::{Grant, Sandbox};
use tagoio::token::Permission;
use tagoio::transport::Method::{self, Delete, Get, Post, Put};
use tagoio::transport::{Request, Transport as _};
use tagoio::{Expiry, TimeUnit, Token};

use super::{ask, builder, clock, hours, sandbox, sentence};

#[test]
fn a_token_that_is_missing_or_unknown_is_unauthorized() {
    let (sandbox, _) = sandbox();
    let good = sandbox.token();
    let send = |header: Option<(&'static str, &str)>| {
        let request = Request::new(Get, "https://sandbox/run");
        let request = match header {
            Some((name, value)) => request.with_header(name, value.to_owned()),
            None => request,
        };
        sandbox.send(&request).unwrap().status()
    };
    for (header, status) in [
        (None, 401),
        (Some(("token", "")), 401),
        (Some(("token", "p-00000000-0000-4000-8000-000000000000")), 401),
        (Some(("token", good.expose())), 200),
        (Some(("Authorization", good.expose())), 200),
        (Some(("Authorization", &*format!("Bearer {}", good.expose()))), 401),
    ] {
        assert_eq!(send(header), status, "{:?}", header.map(|(name, _)| name));
    }
}

#[test]
fn an_expired_token_is_unauthorized_from_the_second_it_expires() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let user = &sandbox.users()[0];
    let login = tago.run().users().login_as(&user.id, Some(&Expiry::after(1, TimeUnit::Hour))).unwrap();
    let client = sandbox.client_with(login.token).unwrap();
    clock.advance(Duration::from_millis(3_599_999));
    assert!(client.run().users().list(&tagoio::run::UserQuery::new()).unwrap().is_empty());
    clock.advance(Duration::from_millis(1));
    assert!(client.run().users().list(&tagoio::run::UserQuery::new()).unwrap_err().is_unauthorized());
}

#[test]
fn a_profile_token_does_what_its_permission_says() {
    let (sandbox, _) = sandbox();
    for (permission, may_read, may_write) in [
        (Permission::Full, true, true),
        (Permission::Write, false, true),
        (Permission::Read, true, false),
        (Permission::Deny, false, false),
        (Permission::Other("admin".to_owned()), false, false),
    ] {
        let token = sandbox.token_with(&permission);
        for (method, path, body, may) in [
            (Get, "/run", "", may_read),
            (Get, "/profile/current", "", may_read),
            (Put, "/run", r#"{"name":"x"}"#, may_write),
            (Post, "/run/email_test", r#"{"subject":"s","body":"b"}"#, may_write),
            (Get, "/info", "", true),
        ] {
            let (status, answer) = ask(&sandbox, &token, method, path, body);
            assert_eq!(status, if may { 200 } else { 401 }, "{permission} {method} {path}");
            if !may {
                assert_eq!(sentence(&answer), "Authorization Denied");
            }
        }
    }
}

/// Routes that a policy can grant, with the grant. `{user}` is somebody's id.
const GRANTED: [(Grant, Method, &str); 17] = [
    (Grant::AccessProfile, Get, "/profile"),
    (Grant::AccessProfile, Get, "/profile/current"),
    (Grant::AccessProfile, Get, "/profile/current/summary"),
    (Grant::AccessProfileStatistics, Get, "/profile/current/statistics"),
    (Grant::AccessRunSettings, Get, "/run"),
    (Grant::EditRunSettings, Put, "/run"),
    (Grant::AccessRunUser, Get, "/run/users"),
    (Grant::AccessRunUser, Get, "/run/users/{user}"),
    (Grant::CreateRunUser, Post, "/run/users"),
    (Grant::EditRunUser, Put, "/run/users/{user}"),
    (Grant::EditRunUser, Post, "/run/users/{user}/invite"),
    (Grant::LoginAsRunUser, Get, "/run/users/{user}/login"),
    (Grant::AccessNotification, Get, "/run/notification/{user}"),
    (Grant::CreateNotification, Post, "/run/notification"),
    (Grant::EditNotification, Put, "/run/notification/{user}"),
    (Grant::DeleteNotification, Delete, "/run/notification/{user}"),
    (Grant::DeleteRunUser, Delete, "/run/users/{user}"),
];

/// Routes that no policy reaches.
const NEVER_GRANTED: [(Method, &str); 22] = [
    (Get, "/account"),
    (Get, "/account/plan"),
    (Get, "/account/allocation"),
    (Post, "/profile/"),
    (Put, "/profile/current"),
    (Delete, "/profile/current"),
    (Put, "/profile/switch/current"),
    (Get, "/profile/current/auditlog"),
    (Get, "/profile/current/auditlog/q"),
    (Post, "/profile/current/services"),
    (Get, "/profile/current/addons"),
    (Post, "/profile/current/addons"),
    (Delete, "/profile/current/mobile"),
    (Get, "/profile/current/team"),
    (Post, "/profile/current/team"),
    (Delete, "/profile/current/team/x"),
    (Get, "/profile/current/token"),
    (Post, "/profile/current/token"),
    (Delete, "/profile/current/token/x"),
    (Get, "/run/sso/saml"),
    (Post, "/run/email_test"),
    (Get, "/run/customdomain/current"),
];

fn is_denied(sandbox: &Sandbox, token: &Token, method: Method, path: &str) -> bool {
    let path = path.replace("{user}", sandbox.users()[0].id.as_str());
    let (status, answer) = ask(sandbox, token, method, &path, "");
    status == 401 && answer["message"] == "Authorization Denied"
}

#[test]
fn an_analysis_may_do_what_a_policy_grants_and_no_more() {
    for (grant, method, path) in GRANTED {
        let (sandbox, _) = sandbox();
        assert!(is_denied(&sandbox, &sandbox.analysis_token([]), method, path), "{method} {path} without a grant");
        let others = GRANTED.map(|(other, ..)| other).into_iter().filter(|other| *other != grant);
        assert!(
            is_denied(&sandbox, &sandbox.analysis_token(others), method, path),
            "{method} {path} with other grants"
        );
        assert!(!is_denied(&sandbox, &sandbox.analysis_token([grant]), method, path), "{method} {path} with its grant");
    }
    let (sandbox, _) = sandbox();
    let everything = sandbox.analysis_token(GRANTED.map(|(grant, ..)| grant));
    for (method, path) in NEVER_GRANTED {
        assert!(is_denied(&sandbox, &everything, method, path), "{method} {path}");
        assert!(!is_denied(&sandbox, &sandbox.token(), method, path), "{method} {path} by a profile token");
    }
}

#[test]
fn an_analysis_sees_its_own_profile_only() {
    let (sandbox, tago) = sandbox();
    let analysis = sandbox.client_with(sandbox.analysis_token([Grant::AccessProfile])).unwrap();
    let staging = &tago.profile().list().unwrap()[1];
    assert!(analysis.profile().info(sandbox.profile_id()).is_ok());
    assert!(analysis.profile().info(&staging.id).unwrap_err().is_permission_denied());
    let listed = analysis.profile().list().unwrap();
    assert_eq!(listed.iter().map(|profile| &profile.id).collect::<Vec<_>>(), [&sandbox.profile_id()]);
    assert!(tago.profile().info(&staging.id).is_ok());
}

#[test]
fn a_run_user_gets_empty_lists_and_nothing_else() {
    let (sandbox, tago) = sandbox();
    let user = &sandbox.users()[0];
    let token = tago.run().users().login_as(&user.id, None).unwrap().token;
    for (_, method, path) in GRANTED {
        let lists = ["/profile", "/profile/current/statistics", "/run/users", "/run/notification/{user}"];
        let path_of_user = path.replace("{user}", user.id.as_str());
        let (status, answer) = ask(&sandbox, &token, method, &path_of_user, "");
        if method == Get && lists.contains(&path) {
            assert_eq!((status, &answer["result"]), (200, &serde_json::json!([])), "{path}");
        } else {
            assert_eq!((status, sentence(&answer)), (401, "Authorization Denied"), "{method} {path}");
        }
    }
    for (method, path) in NEVER_GRANTED {
        assert!(is_denied(&sandbox, &token, method, path), "{method} {path}");
    }
}

#[test]
fn a_token_acts_on_its_profile_until_it_is_transferred() {
    let (sandbox, tago) = sandbox();
    let profiles = tago.profile().list().unwrap();
    let [main, staging, shared] = &profiles[..] else { panic!("{profiles:?}") };
    let current = || tago.profile().info(tagoio::ProfileId::CURRENT).unwrap().info.id;
    assert_eq!(current(), main.id);
    assert_eq!(tago.profile().transfer_token(&staging.id).unwrap(), "Token Successfully Transferred");
    assert_eq!(current(), staging.id);
    assert!(tago.run().users().list(&tagoio::run::UserQuery::new()).unwrap().is_empty());
    tago.profile().transfer_token(&shared.id).unwrap();
    assert_eq!(current(), shared.id);
    for (target, status) in [("000000000000000000000000".into(), 404), (sandbox.foreign_profile_id(), 401)] {
        assert_eq!(tago.profile().transfer_token(target).unwrap_err().status(), Some(status));
    }
    assert_eq!(current(), shared.id);
}

#[test]
fn using_a_token_is_noted_on_it() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let token = sandbox.token_with(&Permission::Read);
    let noted = || {
        let (_, answer) = ask(&sandbox, &token, Get, "/info", "");
        answer["result"]["last_authorization"].clone()
    };
    assert_eq!(noted(), "2026-03-15T10:20:30.000Z");
    clock.advance(hours(1));
    assert_eq!(noted(), "2026-03-15T11:20:30.000Z");
}

#[test]
fn what_does_not_exist_is_not_found_by_its_name() {
    let (sandbox, _) = sandbox();
    let id = "0123456789abcdef01234567";
    for (method, path, body, expected) in [
        (Get, "/run/users/{id}", "", "User Not Found"),
        (Put, "/run/users/{id}", "{}", "User Not Found"),
        (Delete, "/run/users/{id}", "", "User Not Found"),
        (Get, "/run/users/{id}/login", "", "User Not Found"),
        (Post, "/run/users/{id}/invite", "{}", "User Not Found"),
        (Get, "/run/notification/{id}", "", "User Not Found"),
        (Post, "/run/notification", r#"{"run_user":"{id}","title":"t","message":"m"}"#, "User Not Found"),
        (Put, "/run/notification/{id}", "{}", "Notification Not Found"),
        (Delete, "/run/notification/{id}", "", "Notification Not Found"),
        (Get, "/profile/{id}", "", "Profile Not Found"),
        (Get, "/profile/{id}/summary", "", "Profile Not Found"),
        (Delete, "/profile/current/team/{id}", "", "Account Not Found"),
        (Delete, "/profile/current/token/{id}", "", "Token Not Found"),
        (Get, "/profile/current/auditlog/{id}", "", "Audit Log Query Not Found"),
        (Get, "/run/customdomain/current", "", "Custom Domain Not Found"),
        (Delete, "/run/customdomain/current", "", "Custom Domain Not Found"),
        (Put, "/run/customdomain/regenerate/current", "", "Custom Domain Not Found"),
        (Get, "/", "", "Route Not Found"),
        (Delete, "/run/", "", "Route Not Found"),
        (Delete, "/run/users/", "", "Route Not Found"),
        (Get, "/run//users", "", "Route Not Found"),
        (Get, "/profile//", "", "Route Not Found"),
        (Get, "/device", "", "Route Not Found"),
        (Method::Patch, "/run", "", "Route Not Found"),
    ] {
        let answer = ask(&sandbox, &sandbox.token(), method, &path.replace("{id}", id), &body.replace("{id}", id));
        assert_eq!((answer.0, sentence(&answer.1)), (404, expected), "{method} {path}");
    }
}
