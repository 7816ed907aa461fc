//! Waiting for a custom domain, in virtual time.
#![cfg(feature = "sandbox")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::run::{CustomDomainInfo, DnsPurpose, DnsState, NewCustomDomain};
use tagoio::sandbox::{Fault, FaultRule, Sandbox};
use tagoio::{Client, Error, ProfileId};

/// A domain that was just set up: its records turn right every 5 minutes.
fn world() -> (Arc<ManualClock>, Sandbox, Client) {
    let clock = Arc::new(ManualClock::at("2026-03-15T10:20:30Z".parse().unwrap()));
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let domain = NewCustomDomain::new("example.com", "portal", "example.com");
    tago.run().custom_domain().create(ProfileId::CURRENT, &domain).unwrap();
    (clock, sandbox, tago)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn right(domain: &CustomDomainInfo) -> usize {
    domain.dns_records().iter().filter(|record| record.state == DnsState::Right).count()
}

/// The next four requests fail, half of them without an answer.
fn trouble(sandbox: &Sandbox) {
    let body = "<html>maintenance</html>".to_owned();
    let answer = Fault::Answer { status: 503, content_type: "text/html".to_owned(), body };
    for fault in [answer.clone(), Fault::HangUp, Fault::HangUp, answer] {
        sandbox.inject(FaultRule::new(fault)).unwrap();
    }
}

#[test]
fn each_change_is_told_until_it_is_active() {
    let (clock, sandbox, tago) = world();
    let mut told = Vec::new();
    let wait = tago.run().custom_domain().wait(sandbox.profile_id()).with_clock(clock.clone());
    let active = wait.on_change(|info| told.push((right(info), info.active))).until_active(minutes(60)).unwrap();
    assert!(active.active && active.host() == "portal.example.com");
    assert_eq!(told, [(0, false), (1, false), (2, false), (3, false), (4, false), (5, true)]);
    assert!((minutes(25)..minutes(26)).contains(&clock.now()), "seen within a minute: {:?}", clock.now());
    let pauses = clock.sleeps();
    assert_eq!(pauses[0], Duration::from_secs(5));
    assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]) && pauses.iter().all(|pause| *pause <= minutes(1)));
}

#[test]
fn what_is_active_is_not_waited_for() {
    let (clock, _, tago) = world();
    clock.advance(minutes(25));
    let wait = tago.run().custom_domain().wait(ProfileId::CURRENT).with_clock(clock.clone());
    assert!(wait.until_active(Duration::ZERO).unwrap().active);
    assert_eq!(clock.sleeps(), []);
}

#[test]
fn when_the_time_is_over_the_error_says_what_is_missing() {
    for (limit, missing) in [(Duration::ZERO, 5), (minutes(3), 5), (minutes(7), 4), (minutes(24), 1)] {
        let (clock, _, tago) = world();
        let wait = tago.run().custom_domain().wait(ProfileId::CURRENT).with_clock(clock.clone());
        let error = wait.until_active(limit).unwrap_err();
        assert!(error.is_timeout() && error.is_retryable() && !error.maybe_delivered());
        assert_eq!((error.status(), error.route(), clock.now()), (None, None, limit));
        let text = error.to_string();
        let Error::CustomDomain(waited) = error else { panic!("{error:?}") };
        assert_eq!((waited.missing().len(), waited.waited), (missing, limit));
        assert!(
            text.starts_with(&format!(
                "the custom domain portal.example.com is not active after {} s",
                limit.as_secs()
            ))
        );
        assert_eq!(text.matches("CNAME").count(), missing, "{text}");
    }
}

#[test]
fn passing_failures_are_waited_out_and_others_are_not() {
    let (clock, sandbox, tago) = world();
    trouble(&sandbox);
    let wait =
        |limit| tago.run().custom_domain().wait(ProfileId::CURRENT).with_clock(clock.clone()).until_active(limit);
    assert!(wait(minutes(60)).unwrap().active);

    trouble(&sandbox);
    assert_eq!(wait(Duration::ZERO).unwrap_err().status(), Some(503), "nothing was ever seen");
    sandbox.clear_faults();

    tago.run().custom_domain().delete(ProfileId::CURRENT).unwrap();
    let before = clock.now();
    assert!(wait(minutes(60)).unwrap_err().is_not_found());
    assert_eq!(clock.now(), before);
}

#[test]
fn the_table_says_what_to_enter_where_and_what_is_there_now() {
    let (clock, _, tago) = world();
    let table = || tago.run().custom_domain().info(ProfileId::CURRENT).unwrap().dns_records();
    let records = table();
    let purposes: Vec<_> = records.iter().map(|record| record.purpose).collect();
    let email = DnsPurpose::Email;
    assert_eq!(purposes, [DnsPurpose::Certificate, DnsPurpose::Portal, email, email, email]);
    assert_eq!((records[1].kind.as_str(), records[1].name.as_str()), ("CNAME", "portal.example.com"));
    let states: Vec<_> = records.iter().map(|record| record.state.clone()).collect();
    let (missing, wrong) = (DnsState::Missing, DnsState::Wrong("old-host.example.com".to_owned()));
    assert_eq!(states, [missing.clone(), wrong, missing.clone(), missing.clone(), missing]);
    clock.advance(minutes(10));
    assert_eq!(table().iter().filter(|record| record.state == DnsState::Right).count(), 2);
    assert_eq!(
        serde_json::to_value(&records[1].state).unwrap(),
        json!({"is": "wrong", "value": "old-host.example.com"})
    );
    assert_eq!(CustomDomainInfo::default().dns_records(), []);
}

#[cfg(all(feature = "sandbox-server", feature = "ureq"))]
#[test]
fn the_clients_own_retries_do_not_wait_beyond_the_deadline() {
    let (clock, sandbox, _) = world();
    let server = sandbox.serve("127.0.0.1:0").unwrap();
    let tago = Client::builder()
        .token(sandbox.token())
        .region(server.region())
        .clock(clock.clone())
        .vars(|_| None)
        .build()
        .unwrap();
    sandbox.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 60 }).times(100)).unwrap();
    let wait = tago.run().custom_domain().wait(ProfileId::CURRENT).with_clock(clock.clone());
    assert!(wait.until_active(Duration::from_secs(10)).unwrap_err().is_rate_limited());
    assert_eq!(clock.now(), Duration::from_secs(10));
}
