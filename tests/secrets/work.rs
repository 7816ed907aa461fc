//! Work in bulk, and the sandbox: what they keep and tell.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tagoio::bulk::users::{SyncOptions, UserList, UserPlan, UserRecord};
use tagoio::bulk::{Bulk, Journal, JournalHeader};
use tagoio::clock::ManualClock;
use tagoio::profile::Credentials;
use tagoio::run::{IdpMetadata, NewUser, SamlEdit, UserEdit};
use tagoio::sandbox::{Fault, FaultRule, Sandbox, State};
use tagoio::token::{NewToken, Permission};
use tagoio::transport::{Method, Response};
use tagoio::{Password, PinCode, ProfileId, Token};

use super::canaries::{METADATA, MINTED, OWN_TOKEN, PASSWORD, PATH_TOKEN, PIN, Watch, Writing};
use super::{echo, stack, told};

fn password() -> Password {
    Password::new(PASSWORD.secret).expect("a password")
}

#[test]
fn work_in_bulk_keeps_and_tells_no_password_whatever_the_answer() {
    let watch = Watch::new();
    let folder = tempfile::tempdir().expect("a folder");
    for (at, (place, respond)) in echo::ANSWERS.into_iter().enumerate() {
        for writing in [Writing::Plain, Writing::Json, Writing::Base64] {
            let held_back = Mutex::new(false);
            let (tago, _) = stack(move |request| {
                let lists = request.method() == Method::Get;
                let nobody = Response::new(200).with_body(r#"{"status":true,"result":[]}"#);
                let result = json!({"user": "61eb"});
                // Bulk work waits for a rate limit for as long as it takes.
                let is_first = !std::mem::replace(&mut *held_back.lock().expect("no panic"), true);
                let respond = if place == "too many requests" && !is_first { echo::ANSWERS[0].1 } else { respond };
                Ok(if lists { nobody } else { respond(request, echo::echo(request, writing), &result) })
            });
            let users =
                (0..3).map(|n| UserRecord::new(format!("{n}@x.io")).name("n").timezone("UTC").password(password()));
            let list = UserList::from_records(users).expect("a list");
            watch.none_in(&format!("{list:?}"), place);
            let plan = UserPlan::new(&tago, list, &SyncOptions::new()).expect("a plan");
            assert_eq!(plan.tasks().len(), 3);
            let steps: Vec<_> = plan.steps().collect();
            watch.none_in(&format!("{plan:?} {steps:?}"), place);

            let path = folder.path().join(format!("{at}-{writing:?}.jsonl"));
            let header = JournalHeader::new("sync", &tago).option("file", "users.csv");
            let journal = Journal::create(&path, &header).expect("a journal");
            let events = Mutex::new(Vec::new());
            let listener =
                |event: &tagoio::bulk::Event<'_>| events.lock().expect("no panic").push(format!("{event:?}"));
            let bulk =
                Bulk::new(&tago).tries(1).clock(Arc::new(ManualClock::default())).journal(&journal).on_event(listener);
            watch.none_in(&format!("{bulk:?}"), place);
            let report = bulk.run(plan.tasks());
            drop(bulk);
            watch.none_in(&format!("{report:?} {report:#?} {journal:?}"), place);
            report.outcomes.iter().filter_map(|outcome| outcome.error()).flat_map(told).for_each(|text| {
                watch.none_in(&text, place);
            });
            let events = events.into_inner().expect("no panic").join("\n");
            assert!(events.contains("Finished"), "{events}");
            watch.none_in(&events, place);
            let kept = std::fs::read_to_string(&path).expect("the journal's file");
            assert!(kept.lines().count() > 1, "{kept}");
            watch.none_in(&kept, place);
        }
    }
}

#[test]
fn a_rotation_tells_of_no_token_wherever_it_ends() {
    let watch = Watch::new();
    let old = Token::new(PATH_TOKEN.secret).expect("a token");
    let new = NewToken::new("ci", Permission::Read)
        .sign_in("me@x.io", password())
        .two_factor(tagoio::profile::OtpType::Email, PinCode::new(PIN.secret).expect("a code"));
    let mut endings = BTreeSet::new();
    for (place, respond) in echo::ANSWERS {
        for writing in [Writing::Plain, Writing::AsciiJson, Writing::Base64] {
            for odd in [Method::Get, Method::Post, Method::Delete] {
                let (tago, _) = stack(move |request| {
                    let result = match request.method() {
                        Method::Get => json!([{"name": "ci", "token": PATH_TOKEN.secret}]),
                        Method::Post => json!({"name": "ci", "token": MINTED.secret}),
                        _ => json!("Successfully Removed"),
                    };
                    let respond = if request.method() == odd { respond } else { echo::ANSWERS[0].1 };
                    Ok(respond(request, echo::echo(request, writing), &result))
                });
                let hand_over = |_: &tagoio::token::CreatedToken| {
                    if place == "a success" && odd == Method::Get { Err("nobody takes it") } else { Ok(()) }
                };
                let outcome = tago.token().rotate(ProfileId::CURRENT, &old, &new, hand_over);
                let place = format!("{place}, {writing:?}, {odd}");
                watch.none_in(&format!("{outcome:?} {outcome:#?}"), &place);
                let Err(error) = outcome else { continue };
                endings.insert(format!("{error:?}").split(' ').next().map(str::to_owned));
                watch.none_in(&format!("{error} {error:#} {:?}", error.new_token()), &place);
                error.error().map(told).unwrap_or_default().iter().for_each(|text| watch.none_in(text, &place));
            }
        }
    }
    assert_eq!(endings.len(), 4, "each of them comes about: {endings:?}");
}

#[test]
fn a_list_that_cannot_be_read_is_told_of_without_its_passwords() {
    let watch = Watch::new();
    let secret = "qzPassv7";
    for file in [
        // Without a header, the first user is where the names should be.
        format!("jane@example.com,Jane,{secret}\njoe@example.com,Joe,x\n"),
        format!("email,password\njane@example.com,\"{secret}\n"),
        format!("email,password\njane@example.com,{secret},x,{secret}\n"),
        format!("email,password,active\njane@example.com,a,{secret}\n"),
        format!("email;password;tags\njane@example.com;a;{secret}\n"),
        format!("email,password\n{secret},{secret}\n"),
        format!("email,password,generate_password\njane@example.com,{secret},true\n"),
        format!("email,password\njane@example.com,{secret}\u{1}\n"),
    ] {
        let error = UserList::from_csv(file.as_bytes()).expect_err(&file);
        watch.none_in(&format!("{error} {error:?}"), &file);
    }
    for line in [
        format!(r#"{{"email":"j@x.io","password":["{secret}"]}}"#),
        format!(r#"{{"email":"j@x.io","password":"{secret}","generate_password":true}}"#),
        format!(r#"{{"email":"j@x.io","password":"{secret}","active":"{secret}","tags":"{secret}"}}"#),
        format!(r#"{{"email":"j@x.io","password":"{secret}"#),
        format!(r#"{{"email":"{secret}","password":"{secret}\u0001"}}"#),
        format!(r#""{secret}""#),
    ] {
        let error = UserList::from_json_lines(line.as_bytes()).expect_err(&line);
        watch.none_in(&format!("{error} {error:?}"), &line);
    }
}

/// A sandbox that knows the planted secrets, and whose faults end calls in all the ways there are.
#[test]
fn the_sandbox_tells_what_was_called_and_nothing_secret() {
    let watch = Watch::new();
    let sandbox = Sandbox::builder().two_factor(PinCode::new(PIN.secret).expect("a code")).build();
    let tago = sandbox.client().expect("a client");
    let own = sandbox.token();
    let (email, account_password) = sandbox.sign_in();
    let faults = [
        None,
        Some(Fault::HangUp),
        Some(Fault::Garbage),
        Some(Fault::CutBody),
        Some(Fault::TooManyRequests { retry_after: 1 }),
        Some(Fault::StatusFalse { message: "no".to_owned() }),
    ];
    let mut minted = Vec::new();
    let mut texts = Vec::new();
    for fault in faults {
        let mut tell = |error: tagoio::Error| texts.extend(told(&error));
        let go_wrong = || {
            if let Some(fault) = fault.clone() {
                sandbox.inject(FaultRule::new(fault)).expect("a rule");
            }
        };
        go_wrong();
        let new = NewUser::new("n", "canary@x.io", "UTC").password(password()).active(true);
        match tago.run().users().create(&new) {
            Ok(id) => minted.extend(tago.run().users().login_as(id, None).map(|login| login.token)),
            Err(error) => tell(error),
        }
        go_wrong();
        let new = NewToken::new("ci", Permission::Read)
            .sign_in(email.as_str(), account_password.clone())
            .two_factor(tagoio::profile::OtpType::Email, PinCode::new(PIN.secret).expect("a code"));
        match tago.token().create(ProfileId::CURRENT, &new) {
            Ok(made) => minted.push(made.token),
            Err(error) => tell(error),
        }
        go_wrong();
        tago.run().users().edit("61eb", &UserEdit::new().password(password())).map_or_else(&mut tell, drop);
        go_wrong();
        tago.token()
            .delete(ProfileId::CURRENT, &Token::new(PATH_TOKEN.secret).expect("a token"))
            .map_or_else(&mut tell, drop);
        go_wrong();
        let metadata = IdpMetadata::new(METADATA.secret).expect("metadata");
        tago.run().saml().edit(&SamlEdit::new().idp_metadata(metadata)).map_or_else(&mut tell, drop);
        go_wrong();
        tago.profile().delete("no-such-profile", &Credentials::new(password())).map_or_else(&mut tell, drop);
        sandbox.clear_faults();
    }
    let stranger = tagoio::Client::builder().token(OWN_TOKEN.secret).vars(|_| None).transport(sandbox.clone()).build();
    texts.extend(told(&stranger.expect("a client").profile().list().expect_err("nobody knows the token")));

    let journal = sandbox.journal();
    assert!(journal.len() > 30 && minted.len() >= 2, "{} calls, {} tokens: {texts:?}", journal.len(), minted.len());
    texts.extend(journal.iter().flat_map(|handled| [format!("{handled}"), format!("{handled:?}")]));
    texts.push(format!("{sandbox:?} {:?} {:?} {:?}", sandbox.snapshot(), sandbox.sign_in(), sandbox.token()));
    texts.push(format!("{:?} {:?}", sandbox.users(), tago));
    for text in &texts {
        watch.none_in(text, "the sandbox");
        for secret in minted.iter().chain([&own]) {
            assert!(!text.contains(secret.expose()), "a token is seen in {text}");
        }
        assert!(!text.contains(account_password.expose()), "the password is seen in {text}");
    }
}

#[test]
fn a_state_that_cannot_be_one_is_told_of_without_its_secrets() {
    let watch = Watch::new();
    let secret = "qzPassv7";
    for state in [
        json!({"version": 1, "account": {"password": [secret]}, "profiles": []}),
        json!({"version": 1, "account": {"password": secret, "two_factor": secret}, "profiles": []}),
        json!({"version": 1, "account": secret, "profiles": secret}),
        json!({"version": 1, "profiles": [{"name": "n", "tokens": [{"name": "t", "token": format!("{secret}\n")}]}]}),
        json!({"version": 1, "profiles": [{"name": "n", "tokens": [{"name": "t", "token": {"a": secret}}]}]}),
        json!({"version": 1, "profiles": [{"name": "n", "tokens": secret}]}),
        json!({"version": 1, "profiles": [{"name": "n", "users": [{"name": "n", "email": "e", "password": [secret]}]}]}),
    ] {
        match State::from_value(state.clone()) {
            Ok(state) => watch.none_in(&format!("{state:?}"), "a state"),
            Err(error) => told(&error).iter().for_each(|text| watch.none_in(text, &state.to_string())),
        }
    }
}
