use std::collections::HashSet;

use tagoio::run::{NewUser, UserEdit};
use tagoio::sandbox::{Grant, Sandbox, State};
use tagoio::transport::{Method, Request, Transport as _};
use tagoio::{PinCode, Token};

use super::{builder, sandbox};

const METHODS: [Method; 7] =
    [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Options];

#[rustfmt::skip]
const TARGETS: &[&str] = &[
        "",
        "/",
        "//",
        "?",
        "#",
        "no slash",
        "/%",
        "/%ff%fe",
        "/%00",
        "/profile/..",
        "/profile/%2e%2e/token",
        "/run/users/%2F",
        "/run/sso/saml",
        "/run",
        "/run/users",
        "/run/notification",
        "/run/email_test",
        "/profile",
        "/profile/current",
        "/profile/current/token",
        "/profile/current/token/p-x",
        "/profile/current/team",
        "/profile/current/team/x",
        "/profile/current/services",
        "/profile/current/addons",
        "/profile/current/sauna",
        "/profile/current/auditlog",
        "/profile/current/statistics",
        "/profile/switch/current",
        "/run/customdomain/current",
        "/run/customdomain/regenerate/current",
        "/info",
        "/account",
        "/account/plan",
        "/account/allocation",
];

#[rustfmt::skip]
const QUERIES: &[&str] = &[
        "",
        "&",
        "=",
        "a[b",
        "a]b[",
        "filter",
        "filter=",
        "filter[",
        "filter[]=x",
        "filter[tags]=x",
        "filter[tags][]=x",
        "filter[tags][0]=x",
        "filter[tags][0][key][deep]=x",
        "filter[name]=%ff",
        "filter[name]=%2A%2A%2A",
        "filter[active]=2",
        "fields[0][1]=id",
        "fields=%00",
        "orderBy=",
        "orderBy=,",
        "orderBy=name%2C",
        "page=99999999999999999999",
        "amount=-0",
        "date=+262142-12-31",
        "date=9999-12-31",
        "start_date=0001-01-01&end_date=9999-12-31",
        "start_date=-262143-01-01T00:00:00Z&end_date=+262142-01-01T00:00:00Z&periodicity=month",
        "limit=1e9",
        "expire_time=4294967295 months",
        "expire_time=9999-12-31",
        "expire_time=0 minutes",
        "%%%=%%%",
        "ünï=cödé",
];

#[rustfmt::skip]
const BODIES: &[&[u8]] = &[
        b"",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b"\"text\"",
        b"{",
        b"\xff\xfe",
        b"{\"x\":NaN}",
        br#"{"name":{},"email":[],"timezone":{},"password":[],"tags":[[]],"active":{},"options":1,"theme":1}"#,
        br#"{"run_user":{},"title":[],"buttons":[[],1,null,{"id":null}],"icon":[],"read":null}"#,
        br#"{"idp_metadata":"////","mapping":{"email":{},"tags":[]},"domain":"","subdomain":".","email":"@"}"#,
        br#"{"input":-1,"output":1e308,"analysis":"x","run_users":null,"custom_dns":1,"permission":"","password":7}"#,
        b"{\"name\":\"\\ud800\"}",
];

#[test]
fn whatever_is_sent_is_answered_in_tagoios_form() {
    let sandbox = builder().rate_limits(false).build();
    let user = sandbox.users()[0].id.clone();
    let mut targets: Vec<String> = TARGETS.iter().copied().map(str::to_owned).collect();
    for path in ["", "/login", "/invite", "/nonsense"] {
        targets.push(format!("/run/users/{user}{path}"));
    }
    targets.push(format!("/run/notification/{user}"));
    let deep = "[".repeat(100_000);
    let send = |method: Method, target: &str, body: &[u8]| {
        let request = Request::new(method, format!("https://sandbox{target}"))
            .with_secret_header("token", sandbox.token())
            .with_body(body);
        let response = sandbox.send(&request).unwrap();
        if method == Method::Head {
            assert!(response.body().is_empty(), "{method} {target}");
        } else {
            let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(answer["status"], response.status() == 200, "{method} {target}");
        }
        assert!([200, 400, 401, 403, 404, 500].contains(&response.status()), "{method} {target}");
    };
    for target in &targets {
        for method in METHODS {
            for body in BODIES {
                send(method, target, body);
            }
            send(method, target, deep.as_bytes());
        }
        for query in QUERIES {
            send(Method::Get, &format!("{target}?{query}"), b"");
        }
    }
    let left = sandbox.snapshot();
    assert!(State::from_json(left.to_json()).unwrap() == left, "what it has become can be restored");
}

#[test]
fn nothing_secret_is_shown() {
    let code = "839201";
    let builder = builder().two_factor(PinCode::new(code).unwrap());
    let shown_before = format!("{builder:?}");
    let sandbox = builder.build();
    let tago = sandbox.client().unwrap();
    let login = tago.run().users().login_as(&sandbox.users()[0].id, None).unwrap();
    let _ = tago.token().delete(sandbox.profile_id(), &login.token);
    let shown =
        format!("{shown_before} {sandbox:?} {:?} {:?} {:?}", sandbox.journal(), sandbox.outbox(), sandbox.users());
    let analysis = sandbox.analysis_token([Grant::AccessProfile]);
    for secret in [sandbox.token(), login.token, analysis] {
        assert!(!shown.contains(secret.expose()));
    }
    assert!(!shown.contains(Sandbox::PASSWORD) && !shown.contains(code));
    let (_, settings) = super::tell(&sandbox, Method::Get, "/run", "");
    assert!(settings["result"]["anonymous_token"].is_string());
}

#[test]
fn the_journal_names_routes_and_statuses() {
    let (sandbox, tago) = sandbox();
    let _ = tago.run().users().info("nobody");
    let _ = tago.token().delete(sandbox.profile_id(), &Token::new("p-secret").unwrap());
    let _ = tago.raw(Method::Get, "/device").response();
    let journal: Vec<_> = sandbox.journal().iter().map(ToString::to_string).collect();
    assert_eq!(
        journal,
        ["GET /run/users/{user} 404", "DELETE /profile/{profile}/token/{token} 404", "GET (unknown) 404",]
    );
}

#[test]
fn threads_share_a_world_without_losing_anything() {
    const THREADS: usize = 8;
    const USERS: usize = 20;
    let sandbox = builder().users(1_000).rate_limits(false).build();
    let before = sandbox.users().len();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let tago = sandbox.client().unwrap();
            scope.spawn(move || {
                for at in 0..USERS {
                    // Half of the addresses are wanted by all threads.
                    let email =
                        if at % 2 == 0 { format!("u{at}@example.com") } else { format!("u{thread}-{at}@example.com") };
                    let new = NewUser::new("Jane", email, "UTC").generate_password(true);
                    if let Ok(id) = tago.run().users().create(&new) {
                        tago.run().users().edit(&id, &UserEdit::new().name(format!("Jane {at}"))).unwrap();
                        if at % 10 == 1 {
                            tago.run().users().delete(&id).unwrap();
                        }
                    }
                }
            });
        }
    });
    let users = sandbox.users();
    let emails: HashSet<_> = users.iter().map(|user| user.email.to_lowercase()).collect();
    let ids: HashSet<_> = users.iter().map(|user| &user.id).collect();
    assert_eq!((emails.len(), ids.len()), (users.len(), users.len()));
    // 10 that all wanted and 10 of each thread's own, of which it deleted 2.
    assert_eq!(users.len(), before + 10 + THREADS * (10 - 2));
}
