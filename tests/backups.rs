//! Waiting for a backup, in virtual time.
#![cfg(feature = "sandbox")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::profile::{BackupQuery, BackupStatus};
use tagoio::sandbox::{Fault, FaultRule, Sandbox, State};
use tagoio::transport::{Response, from_fn};
use tagoio::{BackupId, Client, Error, ProfileId};

const P: ProfileId = ProfileId::CURRENT;

/// A backup that was just asked for: it takes half a minute.
fn world() -> (Arc<ManualClock>, Sandbox, Client, BackupId) {
    let clock = Arc::new(ManualClock::at("2026-03-15T10:20:30Z".parse().unwrap()));
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let id = tago.profile().backups().create(P).unwrap().id.unwrap();
    (clock, sandbox, tago, id)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn each_change_is_told_until_it_is_completed() {
    let (clock, _, tago, id) = world();
    let mut told = Vec::new();
    let wait = tago.profile().backups().wait(P, &id).with_clock(clock.clone());
    let backup = wait.on_change(|backup| told.extend(backup.status.clone())).until_completed(seconds(600)).unwrap();
    assert!(backup.is_completed() && backup.id == id && backup.file_size.is_some());
    assert_eq!(told, [BackupStatus::Queued, BackupStatus::Processing, BackupStatus::Completed]);
    assert_eq!(clock.sleeps().iter().map(Duration::as_millis).collect::<Vec<_>>(), [5000, 7500, 11_250, 16_875]);
}

#[test]
fn pauses_are_half_a_minute_at_most_and_the_rate_is_kept() {
    let clock = Arc::new(ManualClock::default());
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let service = from_fn(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        let rows = json!([{"id": "other", "status": "completed"}, {"id": "b", "status": "made by hand"}]);
        Ok(Response::new(200).with_body(json!({"status": true, "result": rows}).to_string()))
    });
    let tago = Client::builder().token("p-1").transport(service).vars(|_| None).build().unwrap();
    let wait = tago.profile().backups().wait(P, "b").with_clock(clock.clone());
    let error = wait.until_completed(seconds(3600)).unwrap_err();
    assert_eq!(error.to_string(), "the backup b is not completed after 3600 s, but made by hand");
    assert!(clock.sleeps().windows(2).all(|pair| pair[0] <= pair[1] || pair[1] < seconds(30)));
    assert_eq!(clock.sleeps().iter().max(), Some(&seconds(30)));
    assert!((120..130).contains(&looks.load(Ordering::Relaxed)));
}

#[test]
fn when_the_time_is_over_the_error_says_how_far_it_is() {
    for (limit, status) in [(0, BackupStatus::Queued), (4, BackupStatus::Queued), (12, BackupStatus::Processing)] {
        let (clock, _, tago, id) = world();
        let wait = tago.profile().backups().wait(P, &id).with_clock(clock.clone());
        let error = wait.until_completed(seconds(limit)).unwrap_err();
        assert!(error.is_timeout() && error.is_retryable() && !error.maybe_delivered());
        assert_eq!((error.status(), error.route(), clock.now()), (None, None, seconds(limit)));
        assert_eq!(error.to_string(), format!("the backup {id} is not completed after {limit} s, but {status}"));
        let Error::Backup(waited) = error else { panic!("{error:?}") };
        assert_eq!((waited.id.clone(), waited.waited, waited.is_failed()), (id, seconds(limit), false));
        assert_eq!(waited.backup.unwrap().status, Some(status));
    }
}

#[test]
fn a_backup_that_fails_is_not_waited_for_any_longer() {
    let state = |backups: Value| {
        State::from_value(json!({
            "version": 1, "now": "2026-03-15T10:20:30.000Z", "profiles": [{"name": "Mill", "backups": backups}],
        }))
    };
    let clock = Arc::new(ManualClock::default());
    let state =
        state(json!([{"id": "b", "created_at": "2026-03-15T10:20:20.000Z", "error_message": "The disk is full"}]));
    let sandbox = Sandbox::builder().clock(clock.clone()).state(state.unwrap()).build();
    let tago = sandbox.client().unwrap();
    let wait = tago.profile().backups().wait(P, "b").with_clock(clock.clone());
    let error = wait.until_completed(seconds(600)).unwrap_err();
    assert_eq!(error.to_string(), "the backup b has failed: The disk is full");
    assert!(!error.is_timeout() && !error.is_retryable());
    let Error::Backup(failed) = error else { panic!("{error:?}") };
    assert!(failed.is_failed() && failed.waited == clock.now() && clock.now() < seconds(60));
}

#[test]
fn a_backup_that_is_not_listed_yet_is_waited_for_and_passing_failures_too() {
    let (clock, sandbox, tago, id) = world();
    let body = "<html>maintenance</html>".to_owned();
    let answer = Fault::Answer { status: 503, content_type: "text/html".to_owned(), body };
    for fault in [answer.clone(), Fault::HangUp, Fault::TooManyRequests { retry_after: 20 }, answer] {
        sandbox.inject(FaultRule::new(fault)).unwrap();
    }
    let wait = |id: &str, limit| tago.profile().backups().wait(P, id).with_clock(clock.clone()).until_completed(limit);
    assert!(wait(id.as_str(), seconds(600)).unwrap().is_completed());
    assert!(clock.sleeps().contains(&seconds(20)), "as long as TagoIO asks for");

    let error = wait("nothing", seconds(10)).unwrap_err();
    assert_eq!(error.to_string(), "the backup nothing is not in the list after 10 s");
    sandbox.inject(FaultRule::new(Fault::HangUp)).unwrap();
    assert!(wait(id.as_str(), Duration::ZERO).unwrap_err().maybe_delivered(), "nothing was ever seen");
    assert_eq!(wait(id.as_str(), Duration::ZERO).unwrap().id, id, "what is completed is not waited for");
}

#[test]
fn a_backup_is_found_on_whatever_page_it_is() {
    let backups: Vec<Value> = (0..250)
        .map(
            |at| json!({"id": format!("b{at}"), "created_at": format!("2026-01-01T00:{:02}:{:02}Z", at / 60, at % 60)}),
        )
        .collect();
    let state =
        json!({"version": 1, "now": "2026-03-15T10:20:30.000Z", "profiles": [{"name": "Mill", "backups": backups}]});
    let sandbox = Sandbox::builder().state(State::from_value(state).unwrap()).build();
    let tago = sandbox.client().unwrap();
    let backups = tago.profile().backups();
    assert_eq!(backups.iter(P, &BackupQuery::new()).count(), 250);
    sandbox.clear_journal();
    assert_eq!(backups.wait_until_completed(P, "b3", Duration::ZERO).unwrap().id, "b3");
    assert_eq!(sandbox.journal().len(), 3, "a hundred a page");
}

#[cfg(all(feature = "sandbox-server", feature = "ureq"))]
#[test]
fn the_clients_own_retries_do_not_wait_beyond_the_deadline() {
    let (clock, sandbox, _, id) = world();
    let server = sandbox.serve("127.0.0.1:0").unwrap();
    let tago = Client::builder()
        .token(sandbox.token())
        .region(server.region())
        .clock(clock.clone())
        .vars(|_| None)
        .build()
        .unwrap();
    sandbox.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 60 }).times(100)).unwrap();
    let wait = tago.profile().backups().wait(P, &id).with_clock(clock.clone());
    assert!(wait.until_completed(seconds(10)).unwrap_err().is_rate_limited());
    assert_eq!(clock.now(), seconds(10));
}
