use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tagoio::clock::ManualClock;
use tagoio::profile::{AuditLogFilter, NewProfile, ProfileEdit};
use tagoio::run::{
    IdpMetadata, NewCustomDomain, NewNotification, NewUser, RunSettings, SamlAttributeMappings, SamlEdit, SendEmail,
    UserEdit, UserField, UserQuery,
};
use tagoio::sandbox::{Fault, FaultRule, Grant, Plan, Sandbox, State};
use tagoio::token::Permission;
use tagoio::transport::Method::{Delete, Get, Post, Put};
use tagoio::{Error, PinCode, ProfileId};

use super::{ask, builder, clock, days, hours, sandbox, sentence, tell};

fn state(value: Value) -> State {
    State::from_value(value).unwrap_or_else(|error| panic!("{error}"))
}

/// Sees that a document is refused, with what is wrong at the beginning and nothing secret.
fn assert_refused(document: Value, problem: &str) {
    let error = State::from_value(document).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    let message = error.to_string();
    assert!(message.starts_with(&format!("invalid sandbox state: {problem}")), "{message}\nis not\n{problem}");
    let shown = format!("{message}{error:?}");
    assert!(!shown.contains("canary") && !shown.contains("271828"), "{shown}");
}

/// As `assert_refused`, of a document with one profile that has this besides a name.
fn assert_profile_refused(mut profile: Value, problem: &str) {
    profile["name"] = json!("Mill");
    assert_refused(json!({"version": 1, "profiles": [profile]}), &format!("profiles[0].{problem}"));
}

/// A world in which something was done of every kind.
fn lived_in() -> Sandbox {
    let sandbox = builder().users(30).two_factor(PinCode::new("271828").unwrap()).build();
    let tago = sandbox.client().unwrap();
    let (profile, run) = (sandbox.profile_id(), tago.run());
    let user = run.users().create(&NewUser::new("Jane", "Jane@Example.com", "UTC").generate_password(true)).unwrap();
    run.notifications().create(&user, &NewNotification::new().title("Hello").message("You")).unwrap();
    for (method, target, body) in [
        (
            Put,
            format!("/run/users/{user}"),
            json!({
                "phone": "+351 21 555 0100", "company": "Mill", "language": "pt", "newsletter": false, "options": {"a": 1},
                "custom_preferences": {"badge": "17"}, "force_password_change": true, "tags": [{"key": "k", "value": "v"}],
            }),
        ),
        (
            Post,
            "/run/notification".to_owned(),
            json!({
                "run_user": user, "title": "T", "message": "M", "read": true, "icon": {"svg_url": "https://x/i.svg"},
                "buttons": [{"id": "a", "label": "A"}], "buttons_enabled": false, "buttons_autodisable": false,
            }),
        ),
        (
            Post,
            "/profile/current/token".to_owned(),
            json!({
                "name": "t", "permission": "write", "password": Sandbox::PASSWORD, "pin_code": "271828",
                "expire_time": "1 day", "serie_number": "S", "verification_code": "V",
            }),
        ),
        (Put, "/profile/current".to_owned(), json!({"banner_url": "https://x.example/banner.png"})),
        (Post, "/profile/current/addons".to_owned(), json!({"mobile": true})),
        (Post, "/profile/current/backup".to_owned(), json!({})),
        (
            Put,
            "/profile/current/service".to_owned(),
            json!({
                "email": {"provider": "ses", "from": "a@x.io", "secrets": {"data": "0123456789abcdef01234567"}},
                "sms": {"provider": "sns", "from": "+15551234567", "secrets": {"data": "0123456789abcdef01234567"}},
            }),
        ),
    ] {
        let (status, answer) = tell(&sandbox, method, &target, &body.to_string());
        assert_eq!(status, 200, "{target}: {answer}");
    }
    run.users().delete(&sandbox.users()[7].id).unwrap();
    run.users().login_as(&user, None).unwrap();
    let metadata = IdpMetadata::from_xml(r#"<EntityDescriptor entityID="https://idp.example.com"/>"#);
    let mapping = SamlAttributeMappings::new().email("mail").first_name("given");
    run.saml().edit(&SamlEdit::new().idp_metadata(metadata).mapping(mapping)).unwrap();
    run.custom_domain().create(&profile, &NewCustomDomain::new("example.com", "app", "mail.example.com")).unwrap();
    sandbox.advance(hours(1) / 5);
    run.edit(&RunSettings::new().name("Cold")).unwrap();
    tago.team().add(&profile, "new.colleague@example.com").unwrap();
    tago.profile().create(&NewProfile::new("Third")).unwrap();
    tago.profile().edit(&profile, &ProfileEdit::new().logo_url("https://x.example/logo.png")).unwrap();
    sandbox.analysis_token([Grant::AccessRunUser, Grant::AccessProfile]);
    sandbox.team_member_token();
    sandbox
}

/// The answers to a list of requests: of looks first, and of changes that make ids and tokens.
fn answers(sandbox: &Sandbox) -> Vec<(u16, Value)> {
    let users: Vec<_> = sandbox.users().into_iter().map(|user| user.id).collect();
    let profile = sandbox.profile_id();
    let (email, password) = sandbox.sign_in();
    let sign_in = json!({
        "name": "t", "permission": "full", "email": email, "password": password, "pin_code": "271828",
    });
    let mut requests = vec![
        (Get, "/info".to_owned(), String::new()),
        (Get, "/account".to_owned(), String::new()),
        (Get, "/account/allocation".to_owned(), String::new()),
        (Get, "/profile".to_owned(), String::new()),
        (Get, "/profile/current".to_owned(), String::new()),
        (Get, "/profile/current/summary".to_owned(), String::new()),
        (Get, "/profile/current/addons".to_owned(), String::new()),
        (Get, "/profile/current/team".to_owned(), String::new()),
        (Get, "/profile/current/statistics?start_date=2026-02-20&periodicity=day".to_owned(), String::new()),
        (
            Get,
            "/profile/current/token?fields=token&fields=name&fields=created_by&fields=expire_time&amount=100"
                .to_owned(),
            String::new(),
        ),
        (Get, "/profile/current/backup".to_owned(), String::new()),
        (Post, "/profile/current/service/test/sms".to_owned(), json!({"to": "+15559876543"}).to_string()),
        (Get, "/run".to_owned(), String::new()),
        (Get, "/run/sso/saml".to_owned(), String::new()),
        (Get, format!("/run/customdomain/{profile}"), String::new()),
        (
            Get,
            "/run/users?amount=100&fields=id&fields=email&fields=last_login&orderBy=last_login,desc".to_owned(),
            String::new(),
        ),
    ];
    for user in &users {
        requests.push((Get, format!("/run/users/{user}"), String::new()));
        requests.push((Get, format!("/run/notification/{user}"), String::new()));
    }
    requests.extend([
        (Get, format!("/profile/{profile}/auditlog?limit=1000"), String::new()),
        (Post, "/profile/current/token".to_owned(), sign_in.to_string()),
        (
            Post,
            "/run/users".to_owned(),
            json!({"name": "N", "email": "n@example.com", "timezone": "UTC", "password": "secret"}).to_string(),
        ),
        (Get, format!("/run/users/{}/login", users[0]), String::new()),
        (Put, format!("/run/customdomain/regenerate/{profile}"), String::new()),
        (Get, format!("/run/customdomain/{profile}"), String::new()),
        (Delete, format!("/run/users/{}", users[1]), String::new()),
    ]);
    requests.iter().map(|(method, target, body)| tell(sandbox, *method, target, body)).collect()
}

#[test]
fn what_is_restored_answers_as_what_was_there() {
    let original = lived_in();
    let snapshot = original.snapshot();
    let restored = [
        Sandbox::builder().state(snapshot.clone()).clock(clock()).audit_log_polls(1).build(),
        // From its text, long after, and over something else.
        {
            let later = Sandbox::builder().clock(Arc::new(ManualClock::at("2031-07-01T00:00:00Z".parse().unwrap())));
            let sandbox = later.build();
            sandbox.restore(&State::from_json(snapshot.to_json()).unwrap());
            sandbox
        },
    ];
    for restored in &restored {
        assert_eq!(restored.now(), original.now());
        assert_eq!(restored.token().expose(), original.token().expose());
        assert_eq!(restored.foreign_profile_id(), original.foreign_profile_id());
        let again = restored.snapshot();
        assert!(again == snapshot, "{}\n{}", again.to_json(), snapshot.to_json());
    }
    let expected = answers(&original);
    for restored in &restored {
        for (found, expected) in answers(restored).iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert!(restored.snapshot() == original.snapshot(), "the same calls make the same world again");
    }
}

#[test]
fn nothing_that_is_made_later_was_there_before() {
    let original = lived_in();
    let mut document = serde_json::to_value(original.snapshot()).unwrap();
    document["next_id"] = json!(0);
    let sandbox = builder().state(state(document)).build();
    let there: HashSet<_> = sandbox.users().into_iter().map(|user| user.id).collect();
    let tokens = |sandbox: &Sandbox| -> HashSet<String> {
        let snapshot = serde_json::to_value(sandbox.snapshot()).unwrap();
        let profiles = snapshot["profiles"].as_array().unwrap().iter();
        let tokens = profiles.flat_map(|profile| profile["tokens"].as_array().cloned().unwrap_or_default());
        tokens.map(|token| token["token"].as_str().unwrap().to_owned()).collect()
    };
    let before = tokens(&sandbox);
    let tago = sandbox.client().unwrap();
    for at in 0..20 {
        let new = NewUser::new("N", format!("n{at}@example.com"), "UTC").generate_password(true);
        assert!(!there.contains(&tago.run().users().create(&new).unwrap()));
        assert!(!before.contains(sandbox.token_with(&Permission::Read).expose()));
    }
    assert_eq!(tokens(&sandbox).len(), before.len() + 20);
}

#[test]
fn ids_that_a_document_gives_are_not_made_for_others_in_it() {
    let made = |users: Value| {
        let profile = json!({"name": "Mill", "users": users});
        builder().state(state(json!({"version": 1, "profiles": [profile]}))).build().users()
    };
    let user = |name: &str| json!({"name": name, "email": format!("{name}@example.com")});
    let last = made(json!([user("a"), user("b"), user("c")]))[2].id.clone();
    let mut given = user("first");
    given["id"] = json!(last);
    assert_eq!(made(json!([given, user("a"), user("b"), user("c")])).len(), 4);
    let mut notified = user("notified");
    notified["notifications"] = json!([{"id": last, "title": "T", "message": "M"}]);
    assert!(made(json!([notified, user("a"), user("b"), user("c")])).iter().all(|user| user.id != last));
}

#[test]
fn a_snapshot_can_be_restored_when_the_main_profile_or_its_token_is_gone() {
    let without_token = || {
        let (sandbox, tago) = sandbox();
        tago.token().delete(ProfileId::CURRENT, &sandbox.token()).unwrap();
        sandbox
    };
    let without_profile = || {
        let (sandbox, _) = sandbox();
        let body = json!({"password": Sandbox::PASSWORD}).to_string();
        assert_eq!(tell(&sandbox, Delete, "/profile/current", &body).0, 200);
        sandbox
    };
    for sandbox in [without_token(), without_profile()] {
        let snapshot = sandbox.snapshot();
        sandbox.restore(&State::from_json(snapshot.to_json()).unwrap());
        assert!(sandbox.snapshot() == snapshot);
        assert_eq!(tell(&sandbox, Get, "/profile", "").0, 401);
    }
    let none = builder().state(state(json!({"version": 1, "profiles": []}))).build();
    assert_eq!(tell(&none, Get, "/profile", "").0, 401);
    assert!(none.users().is_empty());
    assert_eq!(none.foreign_profile_id(), none.foreign_profile_id());
}

#[test]
fn the_shortest_state_is_a_version() {
    let sandbox = builder().plan(Plan::Free).state(state(json!({"version": 1}))).build();
    let tago = sandbox.client().unwrap();
    let info = tago.profile().info(ProfileId::CURRENT).unwrap();
    assert_eq!((info.info.name.as_str(), info.account_plan.as_deref()), ("My Profile", Some("free")));
    let (email, password) = sandbox.sign_in();
    assert_eq!((email.as_str(), password.expose()), (Sandbox::EMAIL, Sandbox::PASSWORD));
    let foreign = sandbox.foreign_profile_id();
    assert!(tago.profile().info(&foreign).unwrap_err().is_permission_denied());
    assert_eq!(sandbox.foreign_profile_id(), foreign);
}

#[test]
fn what_is_not_said_is_guessed_and_what_is_said_is_kept() {
    let sandbox = builder()
        .state(state(json!({
            "version": 1,
            "account": {"email": "me@example.com", "password": "pass phrase", "plan": "starter", "two_factor": "123456"},
            "accounts": [{"name": "Partner", "email": "partner@example.com"}],
            "profiles": [
                {
                    "name": "Theirs", "owner": "Partner@example.com",
                    "team": [{"email": "me@example.com"}, {"email": "nameless@example.com"}],
                },
                {"name": "Secret", "id": "secret-profile", "owner": "partner@example.com"},
                {
                    "name": "Mine",
                    "created_at": "2026-01-01",
                    "hourly_use": {"input": 10},
                    "resources": {"device": 3},
                    "addons": {"custom_dns": true},
                    "custom_domain": {
                        "domain": "example.com", "subdomain": "app", "email": "mail.example.com",
                        "generated_at": "2026-03-15T09:00:00Z",
                    },
                    "team": [{"name": "Zed", "email": "zed@example.com"}, {"email": "later@example.com", "active": false}],
                    "tokens": [
                        {"name": "Reports", "permission": "read", "expire_time": "3 months"},
                        {"token": "p-admin", "name": "Admin", "permission": "full"},
                        {"token": "a-watch", "name": "Watch", "permission": "full", "type": "analysis",
                         "grants": ["access_run_user"]},
                        {"token": "u-ada", "name": "App", "permission": "full", "type": "run_user",
                         "run_user": "ADA@example.com"},
                        {"name": "Zed's", "token": "p-zed", "permission": "full", "created_by": "zed@example.com"},
                    ],
                    "run": {"name": "Portal", "own": [1]},
                    "users": [
                        {"name": "Ada", "email": "Ada@example.com", "tags": [{"key": "site", "value": "lisbon"}],
                         "notifications": [{"title": "T", "message": "M"}]},
                        {"id": "ben", "name": "Ben", "email": "ben@example.com", "active": false, "timezone": "Asia/Tokyo"},
                    ],
                    "audit_log": [
                        {"resourceName": "run", "message": "Second", "date": "2026-03-14"},
                        {"resourceName": "device", "message": "First", "date": "2026-03-13", "who": "zed@example.com"},
                    ],
                },
            ],
        })))
        .build();
    let tago = sandbox.client().unwrap();
    assert_eq!(sandbox.token().expose(), "p-admin", "the first that may do everything");
    assert_eq!(sandbox.foreign_profile_id(), "secret-profile");
    let names: Vec<_> =
        tago.profile().list().unwrap().into_iter().map(|profile| (profile.name, profile.from_share)).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&("Theirs".to_owned(), Some(true))) && names.contains(&("Mine".to_owned(), None)));

    let users = sandbox.users();
    let (ben, ada) = match &users[..] {
        [one, other] if one.name == "Ben" => (one, other),
        [one, other] => (other, one),
        _ => panic!("there are {}", users.len()),
    };
    assert!(ada.active && ada.timezone == "UTC" && ada.id.as_str().len() == 24);
    assert!(!ben.active && ben.timezone == "Asia/Tokyo" && ben.id == "ben");
    assert_eq!(tago.run().notifications().list(&ada.id).unwrap().len(), 1);
    let portal = tago.run().info().unwrap();
    assert_eq!((portal.name.as_deref(), portal.other.get("own")), (Some("Portal"), Some(&json!([1]))));
    assert!(tago.run().custom_domain().info(sandbox.profile_id()).unwrap().active);
    let summary = tago.profile().summary(ProfileId::CURRENT).unwrap();
    assert_eq!(summary.limit.run_users, Some(50.0), "the plan's");

    let rows = |token: &str| ask(&sandbox, &tagoio::Token::new(token).unwrap(), Get, "/run/users", "");
    assert_eq!(rows("a-watch").1["result"].as_array().unwrap().len(), 2);
    assert_eq!(rows("u-ada").1["result"], json!([]));
    assert_eq!(rows("p-zed").0, 200);
    let zed = tagoio::Token::new("p-zed").unwrap();
    assert_eq!(ask(&sandbox, &zed, Get, "/profile/current/team", "").0, 401, "a member is no owner");
    let expires = tell(&sandbox, Get, "/profile/current/token?filter[name]=Reports&fields=expire_time", "").1;
    assert_eq!(expires["result"][0]["expire_time"], "2026-06-15T10:20:30.000Z");

    tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new()).unwrap();
    let events = tell(&sandbox, Get, "/profile/current/auditlog", "").1["result"]["queryId"].clone();
    let log = tell(&sandbox, Get, &format!("/profile/current/auditlog/{}", events.as_str().unwrap()), "").1;
    let messages: Vec<_> = log["result"]["events"].as_array().unwrap().iter().map(|event| &event["message"]).collect();
    assert_eq!(messages, ["Second", "First"], "the newest first");

    let snapshot = sandbox.snapshot();
    assert!(State::from_json(snapshot.to_json()).unwrap() == snapshot);
}

#[test]
fn users_that_cannot_be_are_told_with_their_place() {
    for (user, problem) in [
        (json!({"name": null}), ".name: invalid type: null, expected a string"),
        (json!({"name": ""}), ".name: it is empty"),
        (
            json!({"email": "A@EXAMPLE.com"}),
            ".email: another user of this profile has the e-mail address A@EXAMPLE.com",
        ),
        (json!({"email": "b"}), ".email: `b` is not an e-mail address"),
        (json!({"id": "a"}), ".id: a is there already"),
        (json!({"id": ".."}), ".id: it would name another path"),
        (json!({"timezone": "1"}), ".timezone: `1` is not a time zone such as Europe/Lisbon"),
        (json!({"colour": 1}), ".colour: unknown field `colour`, expected one of `id`, `name`, `email`"),
        (json!({"active": "yes"}), ".active: invalid type: string, expected a boolean"),
        (json!({"created_at": "soon"}), ".created_at: `soon` is not a date"),
        (json!({"tags": [{"key": "k"}]}), ".tags[0]: missing field `value`"),
        (json!({"tags": [{"key": "k", "value": "v", "name": "n"}]}), ".tags[0].name: unknown field `name`"),
        (json!({"tags": [{"key": "", "value": ""}]}), ".tags[0].key: it is empty"),
        (json!({"tags": vec![json!({"key": "k", "value": "v"}); 31]}), ".tags: there can be 30 at most"),
        (json!({"notifications": [{"title": "T"}]}), ".notifications[0]: missing field `message`"),
        (
            json!({"notifications": [{"title": "T", "message": "M", "icon": {}}]}),
            ".notifications[0].icon: it needs an image_url or an svg_url",
        ),
        (
            json!({"notifications": [{"title": "T", "message": "M", "buttons": [{"id": "a b"}]}]}),
            ".notifications[0].buttons: Invalid buttons.id should not have spaces (type)",
        ),
        (
            json!({"notifications": [{"id": "n", "title": "T", "message": "M"}, {"id": "n", "title": "T", "message": "M"}]}),
            ".notifications[1].id: n is there already",
        ),
    ] {
        let mut whole = json!({"name": "B", "email": "b@example.com"});
        whole.as_object_mut().unwrap().extend(user.as_object().unwrap().clone());
        let users = json!({"users": [{"id": "a", "name": "A", "email": "a@example.com"}, whole]});
        assert_profile_refused(users, &format!("users[1]{problem}"));
    }
    assert_profile_refused(json!({"users": [{"email": "a@example.com"}]}), "users[0]: missing field `name`");
    assert_profile_refused(json!({"users": [{"name": "A"}]}), "users[0]: missing field `email`");
}

#[test]
fn tokens_that_cannot_be_are_told_with_their_place() {
    for (token, problem) in [
        (json!({"token": "p-canary"}), ".token: the same token is there already"),
        (json!({"token": "p canary"}), ".token: it has to be made of visible ASCII characters"),
        (json!({"token": {"p-canary": 1}}), ".token: invalid type: map, expected a string"),
        (json!({"permission": "all"}), ".permission: `all` is not a permission: it is full, write, read or deny"),
        (
            json!({"created_by": "nobody@x.com"}),
            ".created_by: there is no account with the id or e-mail address nobody@x.com",
        ),
        (json!({"expire_time": "soon"}), ".expire_time: `soon` is neither a date nor `never`"),
        (json!({"type": "person"}), ".type: unknown variant `person`"),
        (json!({"type": "run_user"}), ".run_user: it is missing"),
        (json!({"type": "run_user", "run_user": "b@x.com"}), ".run_user: no user of this profile is b@x.com"),
        (json!({"run_user": "b@x.com"}), ".run_user: only a token of the type `run_user` has this"),
        (json!({"analysis": "x"}), ".analysis: only a token of the type `analysis` has this"),
        (json!({"grants": ["access_run_user"]}), ".grants: only a token of the type `analysis` has this"),
        (json!({"type": "analysis", "grants": ["fly"]}), ".grants[0]: unknown variant `fly`"),
    ] {
        let mut whole = json!({"name": "B", "permission": "full"});
        whole.as_object_mut().unwrap().extend(token.as_object().unwrap().clone());
        let tokens = json!({"tokens": [{"token": "p-canary", "name": "A", "permission": "full"}, whole]});
        assert_profile_refused(tokens, &format!("tokens[1]{problem}"));
    }
}

#[test]
fn profiles_that_cannot_be_are_told_with_their_place() {
    for (profile, problem) in [
        (json!({"owner": "nobody"}), "owner: there is no account with the id or e-mail address nobody"),
        (json!({"id": "current"}), "id: `current` is TagoIO's word"),
        (json!({"team": [{"email": Sandbox::EMAIL}]}), "team[0].email: the owner of a profile is not in its team"),
        (
            json!({"team": [{"email": "z@x.com"}, {"email": "Z@x.com"}]}),
            "team[1].email: somebody in this team has this e-mail address",
        ),
        (
            json!({"team": [{"email": "y@x.com", "id": "y"}, {"email": "z@x.com", "id": "y"}]}),
            "team[1].id: y is there already",
        ),
        (json!({"allocation": {"inputs": 1}}), "allocation.inputs: there is no such service"),
        (json!({"hourly_use": {"input": -1}}), "hourly_use.input: it has to be between 0 and 1000000000000"),
        (json!({"resources": {"run_users": 1}}), "resources.run_users: the users are counted"),
        (json!({"resources": {"device": -1}}), "resources.device: invalid value: integer"),
        (json!({"run": {"theme": 1}}), "run.theme: it has a wrong type"),
        (json!({"run": {"profile": "x"}}), "run.profile: it is not the id of this profile"),
        (json!({"saml": {"mapping": {"email": "e"}}}), "saml.mapping: Invalid mapping.firstName (required)"),
        (
            json!({"saml": {"mapping": {"email": "e", "firstName": "f", "surname": "s"}}}),
            "saml.mapping.surname: unknown field `surname`",
        ),
        (
            json!({"custom_domain": {"domain": "x.com", "subdomain": "a", "email": "x.com"}}),
            "custom_domain: the profile doesn't have the add-on `custom_dns`",
        ),
        (
            json!({
                "addons": {"custom_dns": true},
                "custom_domain": {"domain": "x y", "subdomain": "a", "email": "x.com"},
            }),
            "custom_domain.domain: `x y` is not a host name",
        ),
        (
            json!({
                "addons": {"custom_dns": true},
                "custom_domain": {"domain": "x.y", "subdomain": "a", "email": "x.com", "seed": "+00000000000000f"},
            }),
            "custom_domain.seed: it has to be made of 16 hexadecimal digits",
        ),
        (
            json!({"audit_log": [{"resourceName": "sauna", "message": "Hot"}]}),
            "audit_log[0].resourceName: `sauna` is none of action,",
        ),
    ] {
        assert_profile_refused(profile, problem);
    }
}

#[test]
fn worlds_that_cannot_be_are_told_with_their_place() {
    for (document, problem) in [
        (json!({}), "missing field `version`"),
        (json!([]), "invalid length 0, expected struct Document"),
        (json!({"version": 2}), "version: version 2 is not known; it has to be 1"),
        (json!({"version": "1"}), "version: invalid type: string, expected u64"),
        (json!({"version": 1, "acounts": []}), "acounts: unknown field `acounts`"),
        (
            json!({"version": 1, "account": {"plan": "gold"}}),
            "account.plan: unknown variant `gold`, expected one of `free`, `starter`, `scale`",
        ),
        (json!({"version": 1, "account": {"two_factor": ""}}), "account.two_factor: it is empty"),
        (
            json!({"version": 1, "account": {"two_factor": 271_828}}),
            "account.two_factor: invalid type: integer, expected a string",
        ),
        (json!({"version": 1, "account": {"password": ""}}), "account.password: it is empty"),
        (json!({"version": 1, "accounts": [{"email": "x@y.com"}]}), "accounts[0].name: it is missing"),
        (json!({"version": 1, "accounts": [{"name": "X"}]}), "accounts[0].email: it is missing"),
        (
            json!({"version": 1, "accounts": [{"name": "X", "email": Sandbox::EMAIL.to_uppercase()}]}),
            "accounts[0].email: another account has this e-mail address",
        ),
        (json!({"version": 1, "main": {"profile": "x"}}), "main.profile: there is no profile with this id"),
        (json!({"version": 1, "main": {"token": "p-canary"}}), "main.token: it is not among the tokens"),
        (json!({"version": 1, "next_id": u64::MAX}), "next_id: it has to be less than"),
        (json!({"version": 1, "now": "0001-01-01"}), "now: `0001-01-01` is not a date"),
        (
            json!({"version": 1, "profiles": [{"name": "A", "id": "x"}, {"name": "B", "id": "x"}]}),
            "profiles[1].id: x is there already",
        ),
        (
            json!({"version": 1, "profiles": [
                {"name": "A", "team": [{"email": "z@x.com", "id": "z"}]},
                {"name": "B", "team": [{"email": "z@x.com", "id": "other"}]},
            ]}),
            "profiles[1].team[0].id: another team has somebody with this e-mail address and another id",
        ),
        (
            json!({"version": 1, "accounts": [{"name": "Z", "email": "z@x.com", "id": "z"}], "profiles": [
                {"name": "A", "team": [{"email": "z@x.com", "id": "y"}]},
            ]}),
            "profiles[0].team[0].id: the account with this e-mail address has another id",
        ),
    ] {
        assert_refused(document, problem);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_line_and_column() {
    let directory = std::env::temp_dir().join(format!("tagoio-state-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("world.json");
    let refused = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        let message = Sandbox::builder().state_file(&path).map(drop).unwrap_err().to_string();
        let start = format!("invalid state file {}: ", path.display());
        message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).to_owned()
    };
    for (text, problem) in [
        (
            &b"{\n  \"version\": 1,\n  \"profiles\": [{\"nam\": \"Mill\"}]\n}"[..],
            "line 3, column 21: profiles[0].nam: unknown field `nam`",
        ),
        (b"{\"version\": 1,\n}", "line 2, column 1: trailing comma"),
        (b"{\"version\": 1} {", "line 1, column 16: trailing characters"),
        (b"{\"version\": 1", "line 1, column 13: EOF while parsing an object"),
        (b"", "line 1, column 0: EOF while parsing a value"),
        (b"{\"version\": 1, \"account\": {\"name\": \"\xff\"}}", "line 1, column 37: invalid unicode"),
        (
            b"{\"version\": 1, \"account\": {\"password\": 12345}}",
            "line 1, column 44: account.password: invalid type: integer, expected a string",
        ),
        (
            b"{\"version\": 1, \"profiles\": [{\"name\": \"M\", \"owner\": \"x\"}]}",
            "profiles[0].owner: there is no account",
        ),
    ] {
        let found = refused(text);
        assert!(found.starts_with(problem), "{found}\nis not\n{problem}");
    }
    let deep = format!("{{\"version\": 1, \"profiles\": [{{\"run\": {{\"own\": {}", "[".repeat(100_000));
    assert!(refused(deep.as_bytes()).contains("recursion limit exceeded"));

    std::fs::write(&path, b"\xef\xbb\xbf{\"version\": 1, \"account\": {\"name\": \"M\"}}").unwrap();
    assert!(Sandbox::builder().state_file(&path).is_ok(), "a mark of UTF-8 at the beginning does no harm");
    std::fs::remove_dir_all(&directory).unwrap();
    let error = Sandbox::builder().state_file(&path).map(drop).unwrap_err();
    assert!(error.to_string().ends_with("world.json: it can't be read"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn users_can_come_on_top_of_a_state() {
    let snapshot = builder().users(50).build().snapshot();
    let sandbox = builder().state(snapshot).users(50).build();
    assert_eq!(sandbox.users().len(), 24 + 50 + 50);
    let emails: HashSet<_> = sandbox.users().into_iter().map(|user| user.email).collect();
    assert_eq!(emails.len(), 124);
    let new = NewUser::new("N", "n@example.com", "UTC").generate_password(true);
    assert!(sandbox.client().unwrap().run().users().create(&new).is_ok(), "and there is room");
}

#[test]
fn a_reset_goes_back_to_how_it_was_built() {
    let clock = clock();
    let small =
        state(json!({"version": 1, "profiles": [{"name": "Mill", "users": [{"name": "A", "email": "a@x.com"}]}]}));
    let timed = state(json!({"version": 1, "now": "2020-02-02T02:02:02Z"}));
    for (builder, start) in [
        (Sandbox::builder().users(3), None),
        (Sandbox::builder().empty(), None),
        (Sandbox::builder().state(small), None),
        (Sandbox::builder().state(timed), Some("2020-02-02T02:02:02Z")),
    ] {
        let sandbox = builder.clock(clock.clone()).rate_limits(false).build();
        let beginning = sandbox.snapshot();
        assert_eq!(
            sandbox.now(),
            start.map_or_else(|| tagoio::clock::Clock::utc(&*clock), |start| start.parse().unwrap())
        );
        let token = sandbox.token();
        let tago = sandbox.client().unwrap();
        tago.run()
            .users()
            .create(
                &NewUser::new("N", "n@x.com", "UTC")
                    .generate_password(true)
                    .send_email(SendEmail::Template("welcome".to_owned())),
            )
            .unwrap();
        sandbox.advance(days(3));
        sandbox.inject(FaultRule::new(Fault::HangUp).times(9)).unwrap();
        sandbox.reset();
        assert!(sandbox.snapshot() == beginning);
        assert_eq!(sandbox.token().expose(), token.expose());
        assert!(sandbox.journal().is_empty() && sandbox.outbox().is_empty() && sandbox.faults_waiting().is_empty());
        assert!(tago.profile().list().is_ok());
    }
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    clock.advance(days(30));
    sandbox.reset();
    let newest = sandbox.users().iter().filter_map(|user| user.created_at.as_ref()?.utc()).max().unwrap();
    assert!(sandbox.now() - newest < chrono::TimeDelta::days(3), "the story is told anew");
}

#[test]
fn time_passes_when_it_is_told_to() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Free).build();
    let start = sandbox.now();
    while tell(&sandbox, Post, "/run/users", "").0 != 429 {}
    let login = sandbox.client().unwrap().run().users().login_as(&sandbox.users()[0].id, None).unwrap();
    sandbox.advance(hours(1) / 60);
    assert_ne!(tell(&sandbox, Post, "/run/users", "").0, 429, "a new minute");
    assert_eq!(ask(&sandbox, &login.token, Get, "/run/users", "").0, 200);
    sandbox.advance(hours(8));
    let (status, answer) = ask(&sandbox, &login.token, Get, "/run/users", "");
    assert_eq!((status, sentence(&answer)), (401, "Invalid token"));
    assert_eq!(sandbox.now(), start + chrono::TimeDelta::minutes(8 * 60 + 1));
    assert_eq!(tagoio::clock::Clock::utc(&*clock), start, "the clock itself is not moved");
    clock.advance(hours(1));
    assert_eq!(sandbox.now(), start + chrono::TimeDelta::minutes(9 * 60 + 1));

    for _ in 0..3 {
        sandbox.advance(std::time::Duration::MAX);
    }
    assert_eq!(sandbox.now().to_rfc3339(), "9000-01-01T00:00:00+00:00", "the end of time");
    let token = sandbox.token();
    for target in
        ["/profile/current/summary", "/profile/current/statistics?start_date=2000-01-01", "/profile/current/auditlog"]
    {
        assert_eq!(ask(&sandbox, &token, Get, target, "").0, 200, "{target}");
    }
}

#[test]
fn a_state_shows_nothing_secret() {
    let snapshot = lived_in().snapshot();
    let shown = format!("{snapshot:?} {:?}", Sandbox::builder().state(snapshot.clone()));
    let document = serde_json::to_value(&snapshot).unwrap();
    assert_eq!(document["account"]["two_factor"], "271828", "as JSON it holds them");
    assert!(document["account"]["password"] == Sandbox::PASSWORD);
    for secret in ["271828", Sandbox::PASSWORD, document["main"]["token"].as_str().unwrap()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("users: 54"), "{shown}");
}

#[test]
fn a_hundred_thousand_users_of_a_state_are_paged_through_while_they_change() {
    const USERS: usize = 100_000;
    let user = |at: usize| {
        let (number, site) = ((at * 7919) % USERS, ["lisbon", "porto"][at % 2]);
        format!(
            r#"{{"name": "User {number:05}", "email": "u{at}@example.com", "tags": [{{"key": "site", "value": "{site}"}}]}}"#
        )
    };
    let users = (0..USERS).map(user).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"version": 1, "profiles": [{{"name": "Crowd", "users": [{users}]}}]}}"#);
    let sandbox = builder().rate_limits(false).state(State::from_json(text).unwrap()).build();
    let tago = sandbox.client().unwrap();
    let users = tago.run().users();

    let mut seen = HashSet::new();
    let query = UserQuery::new().amount(1000).fields([UserField::Id, UserField::Name]);
    for (at, row) in users.iter(&query).enumerate() {
        let row = row.unwrap();
        // Every thousandth is changed on the way, without leaving its place.
        if at % 1000 == 999 {
            users.edit(row.id.as_ref().unwrap(), &UserEdit::new().company("Seen")).unwrap();
        }
        assert!(seen.insert(row.id.unwrap()));
    }
    assert_eq!(seen.len(), USERS);
    let lisbon = UserQuery::new().tag("site", "lisbon").amount(10_000).fields([UserField::Id]);
    assert_eq!(users.iter(&lisbon).count(), USERS / 2);
    assert_eq!(users.list(&UserQuery::new().email("u99999@example.com")).unwrap().len(), 1);

    let id = users.create(&NewUser::new("User", "new@example.com", "UTC").generate_password(true)).unwrap();
    assert_eq!(users.list(&UserQuery::new()).unwrap()[0].id, id, "the first by name");
    users.delete(&id).unwrap();
    assert_eq!(users.list(&UserQuery::new()).unwrap()[0].name, "User 00000");
}

/// The JSON of the guide.
fn examples() -> Vec<Value> {
    let guide = include_str!("../../docs/sandbox.md");
    let blocks = guide.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"))).collect()
}

#[test]
fn the_examples_of_the_guide_can_be_loaded() {
    let examples = examples();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let sandbox = builder().state(state(example)).build();
        assert_eq!(sandbox.token().expose(), "p-mill");
        assert_eq!(sandbox.users()[0].name, "Ada");
        let snapshot = sandbox.snapshot();
        assert!(State::from_json(snapshot.to_json()).unwrap() == snapshot);
    }
}

#[test]
fn the_guide_shows_every_field_that_a_snapshot_has() {
    fn shapes(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        // Below these, the keys are the user's.
        const OPEN: [&str; 11] = [
            "run",
            "options",
            "custom_preferences",
            "icon",
            "buttons",
            "mapping",
            "resources",
            "secrets",
            "allocation",
            "services",
            "hourly_use",
        ];
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let path = format!("{path}.{key}");
                    if !OPEN.contains(&key.as_str()) {
                        shapes(value, &path, found);
                    }
                    found.insert(path);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| shapes(element, path, found)),
            _ => {}
        }
    }
    let shapes_of = |value: &Value| {
        let mut found = BTreeSet::new();
        shapes(value, "", &mut found);
        found
    };
    let snapshot = serde_json::to_value(lived_in().snapshot()).unwrap();
    let shown: BTreeSet<_> = examples().iter().flat_map(shapes_of).collect();
    let accounts_as_account = |path: &String| path.replacen(".accounts.", ".account.", 1);
    let missing: Vec<_> =
        shapes_of(&snapshot).iter().map(accounts_as_account).filter(|path| !shown.contains(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
