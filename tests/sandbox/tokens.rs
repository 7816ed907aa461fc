use serde_json::Value;
use tagoio::run::{UserEdit, UserQuery};
use tagoio::sandbox::Sandbox;
use tagoio::token::{NewToken, Permission, TokenField, TokenOrder, TokenQuery};
use tagoio::transport::Method::Get;
use tagoio::{Client, Direction, Expiry, ProfileId, TimeUnit};

use super::{builder, clock, hours, password, sandbox, sentence, tell};

fn new(name: &str, permission: Permission) -> NewToken {
    NewToken::new(name, permission).sign_in(Sandbox::EMAIL, password())
}

#[test]
fn a_token_works_until_it_is_deleted() {
    let (sandbox, tago) = sandbox();
    let made = tago.token().create(ProfileId::CURRENT, &new("ci", Permission::Read)).unwrap();
    assert_eq!((made.permission.clone(), made.expire_time.clone()), (Some(Permission::Read), Some(Expiry::Never)));
    assert!(made.token.expose().starts_with("p-"));
    let client = sandbox.client_with(made.token.clone()).unwrap();
    assert!(client.profile().list().is_ok());
    assert_eq!(tago.token().delete(ProfileId::CURRENT, &made.token).unwrap(), "Token Successfully Removed");
    assert!(client.profile().list().unwrap_err().is_unauthorized());
    assert!(tago.token().delete(ProfileId::CURRENT, &made.token).unwrap_err().is_not_found());
}

#[test]
fn a_new_token_is_checked() {
    let (sandbox, _) = sandbox();
    let sign_in = format!(r#""email":"{}","password":"{}""#, Sandbox::EMAIL, Sandbox::PASSWORD);
    for (body, status, message) in [
        (r#"{"permission":"full",SIGN_IN}"#, 400, "Invalid name (required)"),
        (r#"{"name":1,"permission":"full",SIGN_IN}"#, 400, "Invalid name (type)"),
        (r#"{"name":"x",SIGN_IN}"#, 400, "Invalid permission (required)"),
        (r#"{"name":"x","permission":"all",SIGN_IN}"#, 400, "Invalid enum value"),
        (r#"{"name":"x","permission":"full","expire_time":"soon",SIGN_IN}"#, 400, "Invalid expire_time (type)"),
        (r#"{"name":"x","permission":"full","serie_number":1,SIGN_IN}"#, 400, "Invalid serie_number (type)"),
        (r#"{"name":"x","permission":"full"}"#, 401, "Invalid password"),
    ] {
        let body = body.replace("SIGN_IN", &sign_in);
        let (found, answer) = tell(&sandbox, tagoio::transport::Method::Post, "/profile/current/token", &body);
        assert_eq!((found, sentence(&answer)), (status, message), "{body}");
    }
}

#[test]
fn a_token_expires_when_it_was_told_to() {
    let (_, tago) = sandbox();
    for (asked, expires) in [
        (Expiry::Never, "never"),
        (Expiry::after(3, TimeUnit::Month), "2026-06-15T10:20:30.000Z"),
        (Expiry::Other("3 month".to_owned()), "2026-06-15T10:20:30.000Z"),
        (Expiry::after(90, TimeUnit::Minute), "2026-03-15T11:50:30.000Z"),
        (Expiry::At("2026-04-01T00:00:00Z".parse().unwrap()), "2026-04-01T00:00:00.000Z"),
    ] {
        let made = tago.token().create(ProfileId::CURRENT, &new("x", Permission::Full).expire_time(asked.clone()));
        assert_eq!(made.unwrap().expire_time.map(|expiry| expiry.to_string()).unwrap_or_default(), expires, "{asked}");
    }
}

#[test]
fn a_token_that_expires_at_null_never_expires() {
    let (sandbox, _) = sandbox();
    for expire_time in ["null", r#""never""#] {
        let body = format!(
            r#"{{"name":"x","permission":"full","expire_time":{expire_time},"password":"{}"}}"#,
            Sandbox::PASSWORD
        );
        let (status, answer) = tell(&sandbox, tagoio::transport::Method::Post, "/profile/current/token", &body);
        assert_eq!((status, &answer["result"]["expire_time"]), (200, &Value::Null), "{expire_time}");
    }
}

#[test]
fn a_new_token_says_by_both_names_when_it_expires() {
    let (sandbox, _) = sandbox();
    for (asked, expires) in [("never", Value::Null), ("1 hour", Value::from("2026-03-15T11:20:30.000Z"))] {
        let body = serde_json::json!({
            "name": "x", "permission": "full", "expire_time": asked, "password": Sandbox::PASSWORD,
        });
        let (_, answer) = tell(&sandbox, tagoio::transport::Method::Post, "/profile/current/token", &body.to_string());
        let made = answer["result"].as_object().unwrap();
        for name in ["expire_time", "expire_date"] {
            assert_eq!(made.get(name), Some(&expires), "{asked} {name}");
        }
    }
}

#[test]
fn a_token_is_listed_for_a_month_after_it_expired() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let brief = new("brief", Permission::Full).expire_time(Expiry::after(1, TimeUnit::Hour));
    let brief = sandbox.client_with(tago.token().create(ProfileId::CURRENT, &brief).unwrap().token).unwrap();
    for (wait, listed) in [(hours(1), 1), (hours(30 * 24 - 1), 1), (hours(1), 0)] {
        clock.advance(wait);
        assert_eq!(names(&tago, &TokenQuery::new().name("brief")).len(), listed);
        let error = brief.profile().list().unwrap_err();
        assert_eq!((error.status(), error.message()), (Some(401), Some("Invalid token")));
    }
}

fn names(tago: &Client, query: &TokenQuery) -> Vec<String> {
    tago.token().list(ProfileId::CURRENT, query).unwrap().into_iter().map(|token| token.name).collect()
}

#[test]
fn tokens_are_listed_filtered_and_ordered() {
    let (sandbox, tago) = sandbox();
    let query = TokenQuery::new;
    assert_eq!(names(&tago, &query().name("*report")), ["Monthly report"]);
    assert_eq!(names(&tago, &query().permission(&Permission::Write)), ["Gateway provisioning"]);
    assert_eq!(names(&tago, &query().token(&sandbox.token())), ["Administration"]);
    assert_eq!(names(&tago, &query().filter("serie_number", "GW-*")), ["Gateway provisioning"]);
    assert!(names(&tago, &query().name("report")).is_empty(), "without a star a name is compared whole");
    assert_eq!(
        names(&tago, &query().order_by(TokenOrder::Name, Direction::Descending).amount(2)),
        ["Priya's notebook", "Old CI"]
    );
    for direction in [Direction::Ascending, Direction::Descending] {
        let first = names(&tago, &query().order_by(TokenOrder::SerieNumber, direction).amount(1));
        assert_eq!(first, ["Gateway provisioning"], "what has no serial number comes last");
    }

    let rows = tago.token().list(ProfileId::CURRENT, &query().fields(TokenField::KNOWN.iter().cloned())).unwrap();
    let own = rows.iter().find(|row| row.name.as_deref() == Some("Administration")).unwrap();
    assert_eq!(own.kind.as_deref(), Some("profile"));
    assert_eq!(own.last_authorization.as_ref().unwrap().to_string(), "2026-03-15T10:20:30.000Z");

    // What the Python client sends when nothing is said.
    let target =
        "/profile/current/token?page=1&fields=name&fields=token&fields=permission&amount=20&orderBy=created_at%2C+asc";
    let (status, answer) = tell(&sandbox, Get, target, "");
    let rows = answer["result"].as_array().unwrap();
    assert_eq!((status, rows.len(), rows[0].as_object().unwrap().len()), (200, 7, 3));
    assert_eq!(rows[0]["name"], "Old CI");
}

#[test]
fn tokens_of_users_and_analyses_are_not_listed_nor_deleted() {
    let (sandbox, tago) = sandbox();
    let analysis = sandbox.analysis_token([]);
    let login = tago.run().users().login_as(&sandbox.users()[0].id, None).unwrap();
    assert_eq!(names(&tago, &TokenQuery::new()).len(), 7);
    for token in [&analysis, &login.token] {
        assert!(tago.token().delete(ProfileId::CURRENT, token).unwrap_err().is_not_found());
    }
}

#[test]
fn a_token_is_deleted_from_its_own_profile_only() {
    let (sandbox, tago) = sandbox();
    let staging = tago.profile().list().unwrap()[1].id.clone();
    let token = sandbox.token_with(&Permission::Full);
    assert!(tago.token().delete(&staging, &token).unwrap_err().is_not_found());
    assert!(tago.token().delete(ProfileId::CURRENT, &token).is_ok());
}

#[test]
fn a_login_expires_after_eight_hours_or_as_was_said() {
    let (sandbox, tago) = sandbox();
    let user = sandbox.users()[0].id.to_string();
    for (asked, expires) in [
        (None, "2026-03-15T18:20:30.000Z"),
        (Some("8%20hours"), "2026-03-15T18:20:30.000Z"),
        (Some("8+hours"), "2026-03-15T18:20:30.000Z"),
        (Some("1%20minute"), "2026-03-15T10:21:30.000Z"),
        (Some("20%20hours"), "2026-03-16T06:20:30.000Z"),
        (Some("1%20day"), "2026-03-16T10:20:30.000Z"),
        (Some("2%20weeks"), "2026-03-29T10:20:30.000Z"),
        (Some("3%20months"), "2026-06-15T10:20:30.000Z"),
        (Some("1%20year"), "2027-03-15T10:20:30.000Z"),
        (Some("2026-03-20"), "2026-03-20T00:00:00.000Z"),
        (Some("2026-03-20T01%3A02%3A03.000Z"), "2026-03-20T01:02:03.000Z"),
        (Some("never"), ""),
    ] {
        let query = asked.map(|asked| format!("?expire_time={asked}")).unwrap_or_default();
        let (status, answer) = tell(&sandbox, Get, &format!("/run/users/{user}/login{query}"), "");
        let expected = if expires.is_empty() { Value::Null } else { Value::from(expires) };
        assert_eq!((status, &answer["result"]["expire_time"]), (200, &expected), "{asked:?}");
        assert_eq!(answer["result"]["name"], format!("Login by Run Administrator({})", Sandbox::EMAIL));
        assert!(answer["result"]["token"].as_str().unwrap().starts_with("u-"));
    }
    for nonsense in ["soon", "8", "99999999999 years", "-1 day"] {
        let error = tago.run().users().login_as(user.as_str(), Some(&Expiry::Other(nonsense.to_owned()))).unwrap_err();
        assert_eq!((error.status(), error.message()), (Some(400), Some("Invalid expire_time (type)")), "{nonsense}");
    }
}

#[test]
fn a_user_who_may_not_sign_in_any_more_is_signed_out() {
    type Act = fn(&Client, &str);
    let acts: [(&str, Act, bool); 4] = [
        (
            "deactivated",
            |tago, user| drop(tago.run().users().edit(user, &UserEdit::new().active(false)).unwrap()),
            false,
        ),
        (
            "signed out",
            |tago, user| drop(tago.run().users().edit(user, &UserEdit::new().logout_sessions(true)).unwrap()),
            false,
        ),
        ("deleted", |tago, user| drop(tago.run().users().delete(user).unwrap()), false),
        ("renamed", |tago, user| drop(tago.run().users().edit(user, &UserEdit::new().name("Bea")).unwrap()), true),
    ];
    for (what, act, stays) in acts {
        let sandbox = builder().build();
        let tago = sandbox.client().unwrap();
        let users = sandbox.users();
        let client =
            |at: usize| sandbox.client_with(tago.run().users().login_as(&users[at].id, None).unwrap().token).unwrap();
        let (theirs, another) = (client(0), client(1));
        act(&tago, users[0].id.as_str());
        assert_eq!(theirs.run().users().list(&UserQuery::new()).is_ok(), stays, "{what}");
        assert!(another.run().users().list(&UserQuery::new()).is_ok(), "another user of one who was {what}");
    }
}

#[test]
fn nobody_signs_in_as_an_inactive_user() {
    let (sandbox, tago) = sandbox();
    let users = sandbox.users();
    let inactive = users.iter().find(|user| !user.active).unwrap();
    let error = tago.run().users().login_as(&inactive.id, None).unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(400), Some("User is not active")));
}
