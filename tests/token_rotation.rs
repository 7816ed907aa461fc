//! Tokens that take the place of others, and tokens for a while: after each failure it is known which ones there are.
#![cfg(feature = "sandbox")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use tagoio::sandbox::{Fault, FaultRule, Sandbox};
use tagoio::token::{CreatedToken, NewToken, Permission, RotationError, TokenQuery};
use tagoio::transport::Method::{Delete, Get, Post};
use tagoio::transport::{Request, Transport as _, TransportErrorKind, from_fn};
use tagoio::{Client, Expiry, Password, Token};

const TOKENS: &str = "/profile/*/token";
const TOKEN: &str = "/profile/*/token/*";

struct World {
    sandbox: Sandbox,
    tago: Client,
    old: Token,
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let tago = sandbox.client().unwrap();
        let old = tago.token().list(sandbox.profile_id(), &TokenQuery::new().name("Monthly report")).unwrap().remove(0);
        let old = old.token.unwrap();
        sandbox.clear_journal();
        Self { sandbox, tago, old }
    }

    fn rotate(&self) -> Result<CreatedToken, RotationError> {
        self.tago.token().rotate(self.sandbox.profile_id(), &self.old, &new(), |_| Ok::<_, Infallible>(()))
    }

    fn inject(&self, rule: FaultRule) {
        self.sandbox.inject(rule).unwrap();
    }

    /// The values of the tokens of this name.
    fn values(&self, name: &str) -> BTreeSet<String> {
        self.sandbox.clear_faults();
        let tokens =
            self.sandbox.client().unwrap().token().iter(self.sandbox.profile_id(), &TokenQuery::new().name(name));
        tokens.map(|token| token.unwrap().token.unwrap().expose().to_owned()).collect()
    }

    fn has_old(&self) -> bool {
        self.values("Monthly report").contains(self.old.expose())
    }
}

fn new() -> NewToken {
    NewToken::new("report 2", Permission::Read).sign_in(Sandbox::EMAIL, Password::new(Sandbox::PASSWORD).unwrap())
}

fn chain(error: &dyn std::error::Error) -> String {
    let below = error.source().map(|source| format!(": {}", chain(source)));
    error.to_string() + &below.unwrap_or_default()
}

#[test]
fn the_new_token_is_handed_over_before_the_old_one_is_deleted() {
    let world = World::new();
    let mut handed_over = None;
    let made = world
        .tago
        .token()
        .rotate(world.sandbox.profile_id(), &world.old, &new(), |new| {
            assert!(world.has_old());
            handed_over = Some(new.token.clone());
            Ok::<_, Infallible>(())
        })
        .unwrap();
    assert_eq!(handed_over.unwrap().expose(), made.token.expose());
    assert!(!world.has_old());
    assert_eq!(world.values("report 2"), [made.token.expose().to_owned()].into());
    assert!(world.tago.with_token(made.token).unwrap().run().info().is_ok());
}

#[test]
fn a_client_can_rotate_its_own_token() {
    for lost in [false, true] {
        let mut world = World::new();
        world.old = world.sandbox.token();
        if lost {
            // The try whose answer gets lost has deleted the token that the next one signs in with.
            world.inject(FaultRule::new(Fault::HangUp).on(Delete, TOKEN).taking_effect());
        }
        let new = new();
        let outcome =
            world.tago.token().rotate(world.sandbox.profile_id(), &world.old, &new, |_| Ok::<_, Infallible>(()));
        let made = match outcome {
            Ok(made) => made.token,
            Err(error) => {
                assert!(lost, "{error}");
                let new = error.new_token().unwrap().token.clone();
                assert!(error.error().unwrap().maybe_delivered());
                new
            }
        };
        assert!(world.tago.run().info().unwrap_err().is_unauthorized());
        assert!(world.tago.with_token(made).unwrap().run().info().is_ok());
    }
}

#[test]
fn a_client_that_may_not_delete_its_own_token_goes_on_with_it() {
    let mut world = World::new();
    world.old = world.sandbox.token();
    let denied = Fault::StatusFalse { message: "Authorization Denied".to_owned() };
    world.inject(FaultRule::new(denied).on(Delete, TOKEN));
    let error = world.rotate().unwrap_err();
    assert!(matches!(error, RotationError::OldNotDeleted { .. }), "{error:?}");
    assert!(error.error().unwrap().is_permission_denied());
    assert!(world.tago.run().info().is_ok());
}

#[cfg(feature = "ureq")]
#[test]
fn a_deletion_that_is_tried_again_with_the_deleted_token_is_done() {
    use std::sync::Arc;
    use tagoio::clock::ManualClock;
    use tagoio::transport::{Retry, RetryPolicy};

    let sandbox = Sandbox::new();
    let retry = Retry::new(sandbox.clone(), RetryPolicy::default()).with_clock(Arc::new(ManualClock::default()));
    let tago = Client::builder().token(sandbox.token()).transport(retry).vars(|_| None).build().unwrap();
    for own in [true, false] {
        let old = if own { sandbox.token() } else { sandbox.token_with(&Permission::Full) };
        let tago = if own { tago.clone() } else { tago.with_token(sandbox.token_with(&Permission::Full)).unwrap() };
        sandbox.inject(FaultRule::new(Fault::HangUp).on(Delete, TOKEN).taking_effect()).unwrap();
        tago.token().rotate(sandbox.profile_id(), &old, &new(), |_| Ok::<_, Infallible>(())).unwrap();
        assert!(sandbox.client_with(old).unwrap().run().info().unwrap_err().is_unauthorized());
    }
}

#[test]
fn when_no_token_is_created_the_old_one_stays() {
    type Step = fn(&World);
    let cases: [(Step, &str); 3] = [
        (
            |world| world.inject(FaultRule::new(Fault::HangUp).on(Get, TOKENS)),
            "no new token was created; the old token stays: GET /profile/{profile}/token: no answer",
        ),
        (
            |world| {
                world.inject(
                    FaultRule::new(Fault::StatusFalse { message: "Invalid password".to_owned() }).on(Post, TOKENS),
                );
            },
            "no new token was created; the old token `Monthly report` stays: POST /profile/{profile}/token: TagoIO \
             answered 200 with \"status\": false: Invalid password",
        ),
        (
            |world| world.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 8 }).on(Post, TOKENS)),
            "no new token was created; the old token `Monthly report` stays: POST /profile/{profile}/token: TagoIO \
             answered 429 Too Many Requests: Too many requests (Retry-After: 8)",
        ),
    ];
    for (step, said) in cases {
        let world = World::new();
        step(&world);
        let error = world.rotate().unwrap_err();
        assert!(matches!(error, RotationError::NotCreated { .. }), "{error:?}");
        assert!(chain(&error).starts_with(said), "{}", chain(&error));
        assert!(error.new_token().is_none() && error.error().is_some());
        assert!(world.has_old() && world.values("report 2").is_empty());
    }
}

#[test]
fn a_token_of_another_profile_is_not_rotated() {
    let world = World::new();
    let unknown = Token::new("p-00000000-0000-4000-8000-000000000000").unwrap();
    let error = world
        .tago
        .token()
        .rotate(world.sandbox.profile_id(), &unknown, &new(), |_| Ok::<_, Infallible>(()))
        .unwrap_err();
    assert_eq!(
        chain(&error),
        "no new token was created; the old token stays: invalid token: it is none of the profile's"
    );
    assert!(world.values("report 2").is_empty());
}

#[test]
fn when_the_answer_with_the_new_token_gets_lost_what_is_found_is_said() {
    for (took_effect, count) in [(true, 1), (false, 0)] {
        let world = World::new();
        // One of that name that was there before is not the new one.
        let profile = world.sandbox.profile_id();
        world.tago.token().create(&profile, &new()).unwrap();
        let rule = FaultRule::new(Fault::HangUp).on(Post, TOKENS);
        world.inject(if took_effect { rule.taking_effect() } else { rule });
        let error = world.rotate().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "a new token `report 2` may have been created, which nobody was given ({count} found); the old token \
                 `Monthly report` stays"
            )
        );
        let RotationError::MaybeCreated { found: Some(found), source, .. } = &error else { panic!("{error:?}") };
        assert!(source.maybe_delivered() && found.len() == count);
        assert!(world.has_old());
        for token in found {
            world.tago.token().delete(&profile, token.token.as_ref().unwrap()).unwrap();
        }
        assert_eq!(world.values("report 2").len(), 1);
    }
}

#[test]
fn when_what_was_created_cannot_be_looked_up_either_the_error_does_not_say_that_there_is_nothing() {
    let world = World::new();
    let behind = world.sandbox.clone();
    let created = AtomicBool::new(false);
    let transport = from_fn(move |request: &Request| {
        let answer = behind.send(request)?;
        if request.method() == Post {
            created.store(true, Ordering::Relaxed);
        }
        if created.load(Ordering::Relaxed) { Err(TransportErrorKind::ConnectionLost.into()) } else { Ok(answer) }
    });
    let tago = Client::builder().token(world.sandbox.token()).transport(transport).vars(|_| None).build().unwrap();
    let profile = world.sandbox.profile_id();
    let error = tago.token().rotate(&profile, &world.old, &new(), |_| Ok::<_, Infallible>(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a new token `report 2` may have been created, which nobody was given (it could not be looked up); the old token \
         `Monthly report` stays"
    );
    assert!(matches!(error, RotationError::MaybeCreated { found: None, .. }), "{error:?}");
    assert!(world.has_old() && world.values("report 2").len() == 1);
}

#[test]
fn when_the_hand_over_fails_both_tokens_stay() {
    let world = World::new();
    let error = world
        .tago
        .token()
        .rotate(world.sandbox.profile_id(), &world.old, &new(), |_| Err(io::Error::other("the disk is full")))
        .unwrap_err();
    assert_eq!(
        chain(&error),
        "the new token `report 2` was not handed over; both it and the old token `Monthly report` stay: the disk is full"
    );
    assert!(error.error().is_none());
    let new = error.new_token().unwrap().token.expose().to_owned();
    assert_eq!(world.values("report 2"), [new].into());
    assert!(world.has_old());
}

#[test]
fn when_the_old_token_is_not_deleted_the_new_one_is_kept() {
    let unauthorized = r#"{"status":false,"message":"Invalid token"}"#.to_owned();
    let unauthorized = Fault::Answer { status: 401, content_type: "application/json".to_owned(), body: unauthorized };
    for (rule, said, has_old) in [
        (
            FaultRule::new(Fault::StatusFalse { message: "Authorization Denied".to_owned() }),
            "the new token `report 2` was handed over; the old token `Monthly report` was not deleted",
            true,
        ),
        // It is the token of the client that is invalid, and that is another one.
        (
            FaultRule::new(unauthorized),
            "the new token `report 2` was handed over; the old token `Monthly report` was not deleted",
            true,
        ),
        (
            FaultRule::new(Fault::HangUp).taking_effect(),
            "the new token `report 2` was handed over; the old token `Monthly report` may not have been deleted",
            false,
        ),
    ] {
        let world = World::new();
        world.inject(rule.on(Delete, TOKEN));
        let error = world.rotate().unwrap_err();
        assert_eq!(error.to_string(), said);
        let new = error.new_token().unwrap().token.expose().to_owned();
        assert_eq!((world.values("report 2"), world.has_old()), ([new].into(), has_old));
    }
    // One that is gone already is no failure.
    let world = World::new();
    world
        .tago
        .token()
        .rotate(world.sandbox.profile_id(), &world.old, &new(), |_| {
            world.tago.token().delete(world.sandbox.profile_id(), &world.old).map(drop)
        })
        .unwrap();
}

#[test]
fn no_error_shows_a_token_or_a_password() {
    let world = World::new();
    let mut seen = Vec::new();
    for rule in [
        FaultRule::new(Fault::HangUp).on(Post, TOKENS).taking_effect(),
        FaultRule::new(Fault::HangUp).on(Delete, TOKEN),
    ] {
        world.inject(rule);
        let error = world.rotate().unwrap_err();
        seen.push(format!("{error:?} {}", chain(&error)));
    }
    let secrets: Vec<String> = world.values("*").into_iter().chain([Sandbox::PASSWORD.to_owned()]).collect();
    assert!(secrets.len() > 8);
    for shown in seen {
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
}

#[test]
fn a_guarded_token_is_gone_after_it_was_dropped_or_closed_and_stays_when_it_is_kept() {
    let world = World::new();
    let profile = world.sandbox.profile_id();
    let guard = || world.tago.token().guard(&profile, &new()).unwrap();

    {
        let guard = guard();
        assert!(guard.client().unwrap().run().info().is_ok());
        assert_eq!(world.values("report 2"), [guard.token().expose().to_owned()].into());
    }
    assert!(world.values("report 2").is_empty());

    let closed = guard();
    let token = closed.token().clone();
    closed.close().unwrap();
    assert!(world.tago.with_token(token).unwrap().run().info().unwrap_err().is_unauthorized());

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = guard();
        panic!("of the work");
    }));
    assert!(panicked.is_err() && world.values("report 2").is_empty());

    let kept = guard().keep();
    assert_eq!(world.values("report 2"), [kept.token.expose().to_owned()].into());
}

#[test]
fn a_panic_is_seen_also_when_the_deletion_panics() {
    let world = World::new();
    let behind = world.sandbox.clone();
    // As a mock does that expects no deletion.
    let transport = from_fn(move |request: &Request| {
        assert!(request.method() != Delete, "of the transport");
        behind.send(request)
    });
    let tago = Client::builder().token(world.sandbox.token()).transport(transport).vars(|_| None).build().unwrap();
    for (work_panics, seen) in [(true, "of the work"), (false, "of the transport")] {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = tago.token().guard(world.sandbox.profile_id(), &new()).unwrap();
            assert!(!work_panics, "of the work");
        }));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&seen));
    }
}

#[test]
fn a_guarded_token_expires_soon_unless_something_else_is_said() {
    let world = World::new();
    let profile = world.sandbox.profile_id();
    for (new, body) in [
        (new(), r#""expire_time":"1 hour""#),
        (new().expire_time(Expiry::after(2, tagoio::TimeUnit::Day)), r#""expire_time":"2 days""#),
    ] {
        let sent = serde_json::to_string(&new).unwrap();
        let guard = world.tago.token().guard(&profile, &new).unwrap();
        let debug = format!("{guard:?}");
        assert!(debug.starts_with("TokenGuard { profile: ") && debug.contains(r#""report 2""#), "{debug}");
        assert!(!debug.contains(guard.token().expose()), "{debug}");
        let row = world.tago.token().list(&profile, &TokenQuery::new().name("report 2")).unwrap().remove(0);
        let Some(Expiry::At(at)) = row.expire_time else { panic!("{row:?}") };
        let hours = (at - row.created_at.unwrap().utc().unwrap()).num_hours();
        assert_eq!(hours, if body.contains("hour") { 1 } else { 48 }, "{sent}");
    }
}

#[test]
fn what_keeps_a_guarded_token_from_being_deleted_is_told_by_close_alone() {
    let world = World::new();
    let profile = world.sandbox.profile_id();
    let denied = Fault::StatusFalse { message: "Authorization Denied".to_owned() };
    world.inject(FaultRule::new(denied).on(Delete, TOKEN).times(2));
    let guard = || world.tago.token().guard(&profile, &new()).unwrap();
    assert!(guard().close().unwrap_err().is_permission_denied());
    drop(guard());
    assert_eq!(world.values("report 2").len(), 2);

    let gone = guard();
    world.tago.token().delete(&profile, gone.token()).unwrap();
    gone.close().unwrap();
}
