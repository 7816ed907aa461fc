//! The audit log over any range and from now on, in virtual time: every event once, in order, and an end in every case.
#![cfg(feature = "sandbox")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tagoio::clock::{Clock, ManualClock};
use tagoio::profile::{AuditEvents, AuditLogEvent, AuditLogFilter, AuditLogProblem, AuditLogStatus, AuditedResource};
use tagoio::run::RunSettings;
use tagoio::sandbox::{Fault, FaultRule, Sandbox, State};
use tagoio::transport::{Method, Response, TransportErrorKind, from_fn};
use tagoio::{Client, Error, ProfileId, Result};

const NOW: &str = "2026-03-15T10:20:30Z";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW.parse().unwrap()))
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A world whose audit log has these events, and nothing else, when it begins.
fn world_of(clock: &Arc<ManualClock>, events: &[(DateTime<Utc>, String)], polls: u32) -> (Sandbox, Client) {
    let row = |(date, message): &(DateTime<Utc>, String)| {
        let id = "0123456789abcdef01234567";
        json!({"resourceName": "device", "resourceID": id, "message": message, "who": "somebody", "date": date})
    };
    let log: Vec<Value> = events.iter().map(row).collect();
    let state = json!({"version": 1, "profiles": [{"name": "Mill", "audit_log": log}]});
    let builder = Sandbox::builder().clock(clock.clone()).audit_log_polls(polls);
    let sandbox = builder.state(State::from_value(state).unwrap()).build();
    let client = sandbox.client().unwrap();
    (sandbox, client)
}

fn ask(tago: &Client, filter: &AuditLogFilter, clock: &Arc<ManualClock>) -> AuditEvents {
    tago.profile().audit_events(ProfileId::CURRENT, filter).with_clock(clock.clone())
}

fn messages(events: impl Iterator<Item = Result<AuditLogEvent>>) -> Vec<String> {
    events.map(|event| event.unwrap().message).collect()
}

/// Events at these moments, named by their number.
fn numbered(dates: impl IntoIterator<Item = DateTime<Utc>>) -> Vec<(DateTime<Utc>, String)> {
    dates.into_iter().enumerate().map(|(number, date)| (date, number.to_string())).collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// How many queries were begun.
fn queries(sandbox: &Sandbox) -> usize {
    let begun = |route: String| route == "GET /profile/{profile}/auditlog";
    sandbox.journal().iter().filter(|handled| begun(handled.route.to_string())).count()
}

#[test]
fn every_event_comes_once_and_in_order_whatever_the_range() {
    let clock = clock();
    // Three an hour, one of them on the hour: some lie on every border.
    let first = utc("2026-01-01T00:00:00Z");
    let events = numbered((0..3 * 24 * 60).map(|number| first + TimeDelta::minutes(20) * number));
    let (sandbox, tago) = world_of(&clock, &events, 1);
    for (start, end, from, to, windows) in [
        ("2026-01-01", "2026-03-01", 0, 4320, 9),
        ("2026-01-03", "2026-01-03", 144, 216, 1),
        ("2026-01-03", "2026-01-09", 144, 648, 1),
        ("2026-01-03", "2026-01-10", 144, 720, 2),
        ("2026-01-03T00:00:00.000Z", "2026-01-10T00:00:00.000Z", 144, 649, 2),
        ("2026-01-03T00:00:00.001Z", "2026-01-10T00:00:00.000Z", 145, 649, 1),
        ("2026-01-03 05:00:00", "2026-01-03 05:00:00", 159, 160, 1),
        ("2025-12-20", "2025-12-31", 0, 0, 2),
    ] {
        sandbox.clear_journal();
        let filter = AuditLogFilter::new().between(start, end);
        assert_eq!(messages(ask(&tago, &filter, &clock)), numbers(from..to), "{start} {end}");
        assert_eq!(queries(&sandbox), windows, "{start} {end}");
    }
}

#[test]
fn what_is_not_said_of_a_range_is_seven_days_and_now() {
    let clock = clock();
    let now = utc(NOW);
    let dates = [-20 * 24, -8 * 24, -6 * 24, -1, 0].map(|hours| now + TimeDelta::hours(hours));
    let (sandbox, tago) = world_of(&clock, &numbered(dates), 0);
    let with = |start: Option<&str>, end: Option<&str>| {
        let mut filter = AuditLogFilter::new();
        filter.start_date = start.map(Into::into);
        filter.end_date = end.map(Into::into);
        filter
    };
    for (start, end, from, to) in [
        (None, None, 2, 5),
        (Some("2026-02-20"), None, 0, 5),
        (None, Some("2026-03-09"), 1, 3),
        (Some("2026-02-20"), Some("2299-12-31"), 0, 5),
        (Some("2026-03-16"), None, 0, 0),
    ] {
        assert_eq!(messages(ask(&tago, &with(start, end), &clock)), numbers(from..to), "{start:?} {end:?}");
    }
    assert!(queries(&sandbox) < 20, "the future is not asked for");
}

#[test]
fn a_range_that_cannot_be_one_is_refused_before_anything_is_sent() {
    let clock = clock();
    let (sandbox, tago) = world_of(&clock, &[], 0);
    for (start, end, problem) in [
        ("2026-03-02", "2026-03-01", "its start is after its end"),
        ("a week ago", "2026-03-01", r#"its start, "a week ago", is neither a day nor a moment"#),
        ("2026-03-01", "", r#"its end, "", is neither a day nor a moment"#),
    ] {
        let filter = AuditLogFilter::new().between(start, end);
        let mut events = ask(&tago, &filter, &clock);
        let error = events.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), format!("invalid audit log range: {problem}"));
        assert!(events.next().is_none() && events.next().is_none());
    }
    let mut follower = ask(&tago, &AuditLogFilter::new().between("then", "now"), &clock).follow(Duration::ZERO);
    assert!(matches!(follower.next(), Some(Err(Error::Config(_)))));
    assert!(follower.next().is_none());
    assert_eq!(sandbox.journal().len(), 0);
    let ends_of_time = AuditLogFilter::new().between(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC);
    assert_eq!(ask(&tago, &ends_of_time, &clock).flatten().count(), 0);
}

#[test]
fn a_query_that_gives_as_many_as_it_may_is_halved() {
    let clock = clock();
    let first = utc("2026-03-10T00:00:00Z");
    let busy = (0..700).map(|number| first + TimeDelta::seconds(number));
    let quiet = (1..100).map(|number| first + TimeDelta::hours(number));
    let events = numbered(busy.chain(quiet));
    let (sandbox, tago) = world_of(&clock, &events, 0);
    let filter = AuditLogFilter::new().between("2026-03-09", "2026-03-15");
    for (limit, most) in [(1000, 1), (799, 3), (100, 60), (10, 600)] {
        sandbox.clear_journal();
        assert_eq!(messages(ask(&tago, &filter, &clock).query_limit(limit)), numbers(0..799), "{limit}");
        assert!(queries(&sandbox) <= most, "{limit}: {}", queries(&sandbox));
    }
}

#[test]
fn what_happened_in_one_moment_is_asked_for_at_once() {
    let clock = clock();
    let moment = utc("2026-03-10T00:00:00Z");
    let (_, tago) = world_of(&clock, &numbered((0..150).map(|_| moment)), 0);
    let filter = AuditLogFilter::new().between("2026-03-09", "2026-03-15");
    assert_eq!(messages(ask(&tago, &filter, &clock).query_limit(100)), numbers(0..150));

    let (_, tago) = world_of(&clock, &numbered((0..10_000).map(|_| moment)), 0);
    let error = ask(&tago, &filter, &clock).find_map(Result::err).unwrap();
    assert!(!error.is_retryable() && !error.is_timeout());
    let Error::AuditLog(failure) = &error else { panic!("{error:?}") };
    assert_eq!(failure.problem, AuditLogProblem::TooMany(10_000));
    // Queries overlap: the one before the moment is as full.
    assert!((failure.from - moment).abs() <= TimeDelta::seconds(2) && failure.until > failure.from);
}

#[test]
fn a_limit_is_for_all_events_together() {
    let clock = clock();
    let events = numbered((0..40).map(|day| utc("2026-01-20T12:00:00Z") + TimeDelta::days(day)));
    let (sandbox, tago) = world_of(&clock, &events, 0);
    for (limit, given, windows) in [(0, 0, 0), (1, 1, 1), (10, 10, 2), (99, 40, 7)] {
        sandbox.clear_journal();
        let filter = AuditLogFilter::new().between("2026-01-20", "2026-03-03").limit(limit);
        let mut events = ask(&tago, &filter, &clock);
        assert_eq!(messages(events.by_ref()), numbers(0..given));
        assert!(events.next().is_none());
        assert_eq!(queries(&sandbox), windows, "{limit}");
    }
}

#[test]
fn events_are_filtered_as_by_a_single_query() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let filter = AuditLogFilter::new().between("2026-01-01", "2026-03-15").resource_name(AuditedResource::Device);
    let found = messages(ask(&tago, &filter.find("created"), &clock));
    assert_eq!(found, ["Device Cold room 8 created", "Device Cold room 7 created", "Device Cold room 9 created"]);
}

#[test]
fn nothing_is_asked_for_before_it_is_wanted() {
    let clock = clock();
    let events = numbered((0..20).map(|day| utc("2026-02-20T12:00:00Z") + TimeDelta::days(day)));
    let (sandbox, tago) = world_of(&clock, &events, 0);
    let mut events = ask(&tago, &AuditLogFilter::new().between("2026-02-20", "2026-03-14"), &clock);
    assert_eq!(queries(&sandbox), 0);
    assert_eq!(messages(events.by_ref().take(7)), numbers(0..7));
    assert_eq!(queries(&sandbox), 1);
    drop(tago);
    assert_eq!(messages(events), numbers(7..20), "it outlives the client it came from");
}

/// A client of a TagoIO that gives these answers to queries, one after another.
fn scripted(answers: impl IntoIterator<Item = Value>) -> (Client, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, answers) = (Arc::clone(&asked), Mutex::new(VecDeque::from_iter(answers)));
    let transport = from_fn(move |request| {
        let mut seen = seen.lock().unwrap();
        seen.push(request.path().to_owned());
        if seen.len() > 1000 {
            return Err(TransportErrorKind::Connect.into());
        }
        let mut answers = answers.lock().unwrap();
        // The last answer stays.
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(Response::new(200).with_body(json!({"status": true, "result": answer.unwrap()}).to_string()))
    });
    (Client::builder().token("p-1").transport(transport).vars(|_| None).build().unwrap(), asked)
}

fn day() -> AuditLogFilter {
    AuditLogFilter::new().between("2026-03-10", "2026-03-10")
}

fn event() -> Value {
    json!({"message": "it", "date": "2026-03-10T10:00:00.000Z"})
}

#[test]
fn a_query_is_asked_for_until_it_is_done() {
    for (states, polls) in [
        (vec![json!({"events": [event()]})], 0),
        (vec![json!({"events": [event()], "queryId": "q"})], 0),
        (vec![json!({"events": [event()], "status": "Complete"})], 0),
        (vec![json!({"queryId": "q"}), json!({"events": [event()], "status": "Complete"})], 1),
        (
            vec![
                json!({"queryId": "q", "status": "Scheduled"}),
                json!({"status": "Running", "events": [], "queryId": "another"}),
                json!({"status": "Unknown"}),
                json!({}),
                json!({"events": [event()]}),
            ],
            4,
        ),
    ] {
        let clock = clock();
        let (tago, asked) = scripted(states.clone());
        assert_eq!(messages(ask(&tago, &day(), &clock)), ["it"], "{states:?}");
        let asked = asked.lock().unwrap();
        assert_eq!(asked[1..], vec!["/profile/current/auditlog/q"; polls], "{states:?}");
        let pauses: Vec<_> = clock.sleeps().iter().map(Duration::as_millis).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000][..polls], "{states:?}");
    }
    let (tago, _) = scripted([json!({})]);
    assert_eq!(ask(&tago, &day(), &clock()).count(), 0, "nothing is nothing");
}

#[test]
fn a_query_that_does_not_get_done_is_an_error_that_says_why() {
    let running = json!({"queryId": "q", "status": "Running"});
    let other = |word: &str| AuditLogProblem::Ended(word.into());
    for (answers, problem, retryable, timeout) in [
        (vec![json!({"status": "Failed"})], AuditLogProblem::Ended(AuditLogStatus::Failed), true, false),
        (vec![running.clone(), json!({"status": "Timeout"})], other("Timeout"), true, false),
        (vec![running.clone(), json!({"status": "Cancelled"})], other("Cancelled"), true, false),
        (vec![json!({"status": "Running"})], AuditLogProblem::Nameless, false, false),
        (vec![running], AuditLogProblem::TooSlow(Duration::from_secs(30)), true, true),
    ] {
        let clock = clock();
        let (tago, _) = scripted(answers);
        let mut events = ask(&tago, &day(), &clock).patience(Duration::from_secs(30));
        let error = events.next().unwrap().unwrap_err();
        assert!(events.next().is_none(), "{problem:?}");
        assert_eq!((error.is_retryable(), error.is_timeout()), (retryable, timeout), "{problem:?}");
        let begin = "the audit log from 2026-03-10T00:00:00.000Z until 2026-03-11T00:00:00.000Z: TagoIO's query ";
        assert!(error.to_string().starts_with(begin), "{error}");
        let Error::AuditLog(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.problem, problem);
        assert!(clock.now() <= Duration::from_secs(30));
    }
}

#[test]
fn events_come_in_order_whatever_tagoio_does() {
    let at = |hour: u32, message: &str| json!({"date": format!("2026-03-10T{hour:02}:00:00Z"), "message": message});
    let outside = json!({"date": "2026-03-11T00:00:00Z", "message": "too late"});
    let undated = json!({"date": "once", "message": "undated"});
    for (events, expected) in [
        (vec![at(3, "c"), at(2, "b"), at(1, "a")], vec!["a", "b", "c"]),
        (vec![at(1, "a"), at(2, "b"), at(3, "c")], vec!["a", "b", "c"]),
        (vec![at(2, "c"), at(2, "b"), at(1, "a")], vec!["a", "b", "c"]),
        (vec![at(1, "b"), at(1, "a")], vec!["a", "b"]),
        (vec![undated.clone(), at(2, "b"), outside, at(1, "a")], vec!["a", "b", "undated"]),
        (vec![undated], vec!["undated"]),
    ] {
        let (tago, _) = scripted([json!({"events": events.clone()})]);
        assert_eq!(messages(ask(&tago, &day(), &clock())), expected, "{events:?}");
    }
}

/// A TagoIO with events at these moments that gives 150 of them at the most, and reads a range as `admits(start, end,
/// date)` says.
fn own_reading(dates: &[DateTime<Utc>], admits: fn(DateTime<Utc>, DateTime<Utc>, DateTime<Utc>) -> bool) -> Client {
    let dates = dates.to_vec();
    let transport = from_fn(move |request| {
        let query = request.query().unwrap_or_default().replace("%3A", ":");
        let date =
            |key: &str| utc(query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).unwrap());
        let (start, end) = (date("start_date"), date("end_date"));
        assert!(end - start <= TimeDelta::days(7), "{query}");
        let matched: Vec<_> = dates.iter().filter(|date| admits(start, end, **date)).collect();
        let events: Value = matched.iter().rev().take(150).map(|date| json!({"date": date, "message": "it"})).collect();
        let answer = json!({"events": events, "statistics": {"recordsMatched": matched.len()}});
        Ok(Response::new(200).with_body(json!({"status": true, "result": answer}).to_string()))
    });
    Client::builder().token("p-1").transport(transport).vars(|_| None).build().unwrap()
}

fn dates(events: AuditEvents) -> Vec<DateTime<Utc>> {
    events.map(|event| event.unwrap().date.utc().unwrap()).collect()
}

#[test]
fn events_that_tagoio_says_it_left_out_are_asked_for() {
    let there: Vec<_> = (0..400).map(|minute| utc("2026-03-10T00:00:00Z") + TimeDelta::minutes(minute)).collect();
    let tago = own_reading(&there, |start, end, date| start <= date && date <= end);
    assert_eq!(dates(ask(&tago, &day(), &clock())), there);
}

#[test]
fn nothing_falls_between_two_queries_however_tagoio_reads_their_ends() {
    // Around the first borders, which aren't whole seconds, and that of a query that was halved.
    let borders = ["2026-01-07T23:59:58.5Z", "2026-01-14T23:59:56.5Z", "2026-01-04T11:59:59.5Z"].map(utc);
    let around = |border: DateTime<Utc>| (-30..30).map(move |tick| border + TimeDelta::milliseconds(100 * tick));
    let mut there: Vec<_> = borders.into_iter().flat_map(around).collect();
    there.sort();
    for (what, admits) in [
        ("both are in it", (|start, end, date| start <= date && date <= end) as fn(_, _, DateTime<Utc>) -> bool),
        ("neither is in it", |start, end, date| start < date && date < end),
        ("seconds, rounded down", |start: DateTime<Utc>, end: DateTime<Utc>, date| {
            start.timestamp() <= date.timestamp() && date.timestamp() < end.timestamp()
        }),
        ("milliseconds are looked at in events only", |start: DateTime<Utc>, end: DateTime<Utc>, date| {
            start.timestamp() * 1000 <= date.timestamp_millis() && date.timestamp_millis() <= end.timestamp() * 1000
        }),
    ] {
        let tago = own_reading(&there, admits);
        let filter = AuditLogFilter::new().between("2026-01-01T00:00:00.500Z", "2026-02-10");
        for limit in [1000, 100] {
            assert_eq!(dates(ask(&tago, &filter, &clock()).query_limit(limit)), there, "{what} {limit}");
        }
    }
}

#[test]
fn the_first_error_ends_it_for_good() {
    let clock = clock();
    let events = numbered((0..20).map(|day| utc("2026-02-20T12:00:00Z") + TimeDelta::days(day)));
    let (sandbox, tago) = world_of(&clock, &events, 0);
    let mut events = ask(&tago, &AuditLogFilter::new().between("2026-02-20", "2026-03-14"), &clock);
    assert_eq!(messages(events.by_ref().take(7)), numbers(0..7));
    sandbox.inject(FaultRule::new(Fault::HangUp)).unwrap();
    assert!(events.next().unwrap().unwrap_err().is_retryable());
    assert!(events.next().is_none() && events.next().is_none());
}

/// A clock by which something happens whenever somebody waits for long.
struct Busy<F> {
    clock: Arc<ManualClock>,
    happens: F,
}

impl<F> std::fmt::Debug for Busy<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Busy")
    }
}

impl<F: Fn(u64) + Send + Sync> Clock for Busy<F> {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn utc(&self) -> DateTime<Utc> {
        self.clock.utc()
    }

    fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration);
        if duration >= POLL {
            (self.happens)(self.clock.now().as_secs() / POLL.as_secs());
        }
    }
}

const POLL: Duration = Duration::from_secs(30);

fn rename(tago: &Client) {
    tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
}

#[test]
fn a_follower_goes_on_and_repeats_nothing() {
    let clock = clock();
    let now = utc(NOW);
    let events = numbered([-40, -30, -1].map(|days| now + TimeDelta::days(days)));
    let (sandbox, tago) = world_of(&clock, &events, 1);
    let doer = tago.clone();
    // Nothing in most rounds, twice the same in one moment in some.
    let busy = Busy {
        clock: clock.clone(),
        happens: move |round: u64| {
            for _ in 0..(round % 7).saturating_sub(4) {
                rename(&doer);
            }
        },
    };
    let filter = AuditLogFilter::new().between("2026-02-01", "2026-02-02");
    let mut follower = tago.profile().audit_events(ProfileId::CURRENT, &filter).with_clock(Arc::new(busy)).follow(POLL);
    assert_eq!(messages(follower.by_ref().take(3)), numbers(0..3));
    assert_eq!(clock.sleeps().iter().filter(|pause| **pause == POLL).count(), 0, "what is there comes without a wait");

    sandbox.clear_journal();
    let new: Vec<_> = follower.by_ref().take(300).map(|event| event.unwrap()).collect();
    assert!(new.iter().all(|event| event.message == "TagoRUN settings edited"));
    assert!(new.is_sorted_by_key(|event| event.date.utc()));
    let snapshot = serde_json::to_value(sandbox.snapshot()).unwrap();
    let recorded = snapshot["profiles"][0]["audit_log"].as_array().unwrap().len() - 3;
    assert!((300..=302).contains(&recorded), "each once: {recorded}");
    let rounds = clock.sleeps().iter().filter(|pause| **pause == POLL).count();
    assert!((690..710).contains(&rounds) && queries(&sandbox) <= rounds + 1, "{rounds} {}", queries(&sandbox));
}

#[test]
fn a_follower_finds_what_appears_late() {
    let at = |minute: u32, message: &str| json!({"date": format!("2026-03-15T10:{minute:02}:00Z"), "message": message});
    let rounds = [
        vec![at(20, "c"), at(10, "a")],
        vec![at(20, "c"), at(17, "b")],
        vec![at(20, "d"), at(20, "c"), at(17, "b")],
        vec![at(21, "e"), at(20, "c"), at(20, "c"), at(20, "d"), at(17, "b")],
    ];
    let (tago, _) = scripted(rounds.map(|events| json!({"events": events})));
    let follower = ask(&tago, &AuditLogFilter::new(), &clock()).follow(POLL);
    assert_eq!(messages(follower.take(6)), ["a", "c", "b", "d", "c", "e"]);
}

#[test]
fn an_error_does_not_end_a_follower_and_nothing_is_missed() {
    let clock = clock();
    let events = numbered((0..30).map(|day| utc("2026-02-10T12:00:00Z") + TimeDelta::days(day)));
    let (sandbox, tago) = world_of(&clock, &events, 0);
    let filter = AuditLogFilter::new().between("2026-02-10", "2026-02-11").limit(31);
    let mut follower = ask(&tago, &filter, &clock).follow(POLL);
    let (mut found, mut errors) = (Vec::new(), 0);
    for _ in 0..60 {
        if found.len() % 10 == 3 {
            sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Get, "/profile/*/auditlog")).unwrap();
        }
        if found.len() == 30 {
            rename(&tago);
        }
        match follower.next() {
            Some(Ok(event)) => found.push(event.message),
            Some(Err(error)) => {
                assert!(error.is_retryable());
                errors += 1;
            }
            None => break,
        }
    }
    let mut expected = numbers(0..30);
    expected.push("TagoRUN settings edited".to_owned());
    assert_eq!(found, expected);
    assert!(errors >= 3, "{errors}");
    assert!(follower.next().is_none(), "the limit");
}

#[test]
fn a_follower_that_finds_nothing_for_long_looks_back_no_further_than_a_day() {
    let clock = clock();
    let (sandbox, tago) = world_of(&clock, &numbered([utc("2026-03-10T12:00:00Z")]), 0);
    let last = Arc::new(Mutex::new(String::new()));
    let (seen, inner) = (Arc::clone(&last), sandbox.clone());
    let transport = from_fn(move |request| {
        *seen.lock().unwrap() = request.query().unwrap_or_default().to_owned();
        tagoio::transport::Transport::send(&inner, request)
    });
    let watched = Client::builder().token(sandbox.token()).transport(transport).vars(|_| None).build().unwrap();
    let doer = tago.clone();
    let busy = Busy {
        clock: clock.clone(),
        happens: move |round: u64| {
            if round == 100 * 120 {
                rename(&doer);
            }
        },
    };
    let filter = AuditLogFilter::new().between("2026-03-01", "2026-03-02");
    let events = watched.profile().audit_events(ProfileId::CURRENT, &filter).with_clock(Arc::new(busy));
    assert_eq!(messages(events.follow(POLL).take(2)), ["0", "TagoRUN settings edited"]);
    // 100 hours after 2026-03-15T10:20:30, and a day and a round back from there.
    assert!(last.lock().unwrap().contains("start_date=2026-03-18T14%3A20%3A00.000Z"), "{}", last.lock().unwrap());
}
