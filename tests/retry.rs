//! When a request is sent again, and when it must not be.

use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tagoio::clock::{Clock, ManualClock};
use tagoio::profile::{Credentials, NewProfile};
use tagoio::run::{NewNotification, NewUser, UserEdit, UserInvite, UserQuery};
use tagoio::token::{NewToken, Permission};
use tagoio::transport::{
    Attempt, Limits, Method, Request, Response, Retry, RetryPolicy, Transport, TransportError, TransportErrorKind,
};
use tagoio::{Client, Error, Password, ProfileId};

type Outcome = Result<Response, TransportErrorKind>;

/// Gives one outcome after the other, the last one for ever, and keeps the requests.
struct Script {
    outcomes: Mutex<VecDeque<Outcome>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Arc<Self> {
        Arc::new(Self { outcomes: Mutex::new(outcomes.into_iter().collect()), requests: Mutex::default() })
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Script {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.requests.lock().unwrap().push(request.clone());
        let mut outcomes = self.outcomes.lock().unwrap();
        let outcome = if outcomes.len() > 1 { outcomes.pop_front() } else { outcomes.front().cloned() };
        outcome.expect("a script has an outcome").map_err(TransportError::from)
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[expect(clippy::unnecessary_wraps, reason = "one outcome among others")]
fn status(status: u16) -> Outcome {
    Ok(Response::new(status))
}

fn request(method: Method) -> Request {
    Request::new(method, "https://api.tago.io/run/users")
}

fn with_limits(total: Option<Duration>, attempt: Option<Duration>) -> Request {
    let mut limits = Limits::default();
    limits.total = total;
    limits.attempt = attempt;
    request(Method::Get).with_limits(limits)
}

fn now() -> DateTime<Utc> {
    "2026-01-31T12:45:09.250Z".parse().unwrap()
}

fn attempt(number: u32) -> Attempt {
    Attempt { number, elapsed: Duration::ZERO, now: now(), jitter: 0.5 }
}

fn decide(request: &Request, outcome: &Outcome, attempt: Attempt) -> Option<Duration> {
    let error = outcome.as_ref().err().map(|kind| TransportError::new(*kind));
    let outcome = match (outcome, &error) {
        (Ok(response), _) => Ok(response),
        (Err(_), Some(error)) => Err(error),
        (Err(_), None) => unreachable!(),
    };
    RetryPolicy::default().decide(request, outcome, attempt)
}

#[test]
fn what_is_sent_again_depends_on_the_outcome_and_on_what_a_repeat_does() {
    use TransportErrorKind::{
        BodyTooLarge, Connect, ConnectTimeout, ConnectionLost, Dns, InvalidRequest, NotRecorded, Other, Protocol,
        Throttled, Timeout, Tls,
    };
    let passing = [250, 500, 1000, 2000].map(|wait| Some(ms(wait)));
    let next_minute = [Some(ms(51_500)); 4];
    let never = [None; 4];
    // (outcome, waits after the first four attempts when a repeat does no harm, and when it does)
    for (outcome, repeatable, not_repeatable) in [
        (Err(Dns), passing, passing),
        (Err(Connect), passing, passing),
        (Err(ConnectTimeout), passing, passing),
        (Err(Timeout), passing, never),
        (Err(ConnectionLost), passing, never),
        (Err(InvalidRequest), never, never),
        (Err(Tls), never, never),
        (Err(Protocol), never, never),
        (Err(BodyTooLarge), never, never),
        (Err(NotRecorded), never, never),
        (Err(Other), never, never),
        (Err(Throttled { retry_after: ms(8000) }), never, never),
        (status(429), next_minute, next_minute),
        (status(408), passing, never),
        (status(500), passing, never),
        (status(502), passing, never),
        (status(503), passing, never),
        (status(504), passing, never),
        (status(200), never, never),
        (status(204), never, never),
        (status(302), never, never),
        (status(400), never, never),
        (status(401), never, never),
        (status(403), never, never),
        (status(404), never, never),
        (status(409), never, never),
        (Ok(Response::new(200).with_body(r#"{"status":false,"message":"Authorization Denied"}"#)), never, never),
    ] {
        let cases = [
            (request(Method::Get), repeatable),
            (request(Method::Put), repeatable),
            (request(Method::Delete), repeatable),
            (request(Method::Post), not_repeatable),
            (request(Method::Patch), not_repeatable),
            (request(Method::Get).with_repeatable(false), not_repeatable),
            (request(Method::Post).with_repeatable(true), repeatable),
        ];
        for (request, expected) in cases {
            let waits = [1, 2, 3, 4].map(|number| decide(&request, &outcome, attempt(number)));
            assert_eq!(waits, expected, "{request:?} {outcome:?}");
            assert_eq!(decide(&request, &outcome, attempt(5)), None, "five attempts are enough: {outcome:?}");
        }
    }
}

#[test]
fn the_wait_is_at_least_what_the_server_asks_for() {
    let answer = |status| Response::new(status);
    let header = |status, value: &str| answer(status).with_header("Retry-After", value);
    for (answer, wait) in [
        (header(429, "8"), ms(8000)),
        (header(503, "8"), ms(8000)),
        (header(429, "Sat, 31 Jan 2026 12:45:30 GMT"), ms(20_750)),
        (answer(429).with_body(r#"{"status":false,"message":"Too many requests (Retry-After: 8)"}"#), ms(8000)),
        (header(429, "soon").with_body("Retry-After: 3"), ms(3000)),
        (header(429, "3").with_body("Retry-After: 8"), ms(3000)),
        // "At once" is not taken literally: the wait grows all the same.
        (header(429, "0"), ms(250)),
        (header(503, "0"), ms(250)),
        (header(429, "Sat, 31 Jan 2026 12:45:00 GMT"), ms(250)),
        // No hint, or none that can be read.
        (header(429, "soon"), ms(51_500)),
        (header(503, "soon"), ms(250)),
    ] {
        let wait_for = decide(&request(Method::Get), &Ok(answer.clone()), attempt(1));
        assert_eq!(wait_for, Some(wait), "{answer:?} {:?}", answer.header("retry-after"));
    }
}

#[test]
fn nobody_is_kept_waiting_for_a_day_even_without_a_limit_in_total() {
    let unlimited = with_limits(None, None);
    for (status, asked, wait) in [
        (429, 600, Some(ms(600_000))),
        (429, 601, None),
        (429, 86_400, None),
        (429, u64::MAX, None),
        (503, 600, Some(ms(600_000))),
        (503, 86_400, None),
    ] {
        let answer = Ok(Response::new(status).with_header("Retry-After", asked.to_string()));
        assert_eq!(decide(&unlimited, &answer, attempt(1)), wait, "{status} {asked}");
    }

    let answer = Response::new(429).with_header("Retry-After", "86400");
    let mut policy = RetryPolicy::default();
    policy.max_retry_after = Duration::MAX;
    let day = Duration::from_secs(86_400);
    assert_eq!(policy.decide(&unlimited, Ok(&answer), attempt(1)), Some(day), "who wants to wait does");
    policy.max_retry_after = Duration::ZERO;
    let until_next_minute = policy.decide(&unlimited, Ok(&Response::new(429)), attempt(1));
    assert_eq!(until_next_minute, Some(ms(51_500)), "which nobody asked for");
}

#[test]
fn a_429_without_a_hint_waits_into_the_next_clock_minute() {
    for (now, jitter, wait) in [
        ("12:45:00", 0.0, ms(60_000)),
        ("12:45:09", 0.0, ms(51_000)),
        ("12:45:09", 0.5, ms(51_500)),
        ("12:45:59", 0.0, ms(1000)),
        ("12:45:59.999", 0.25, ms(1250)),
    ] {
        let attempt = Attempt { now: format!("2026-01-31T{now}Z").parse().unwrap(), jitter, ..attempt(1) };
        assert_eq!(decide(&request(Method::Post), &status(429), attempt), Some(wait), "{now}");
    }
}

#[test]
fn waits_are_a_random_part_of_a_span_that_doubles_up_to_a_bound() {
    let mut policy = RetryPolicy::attempts(u32::MAX);
    policy.backoff = ms(500);
    policy.max_backoff = ms(3000);
    let wait = |number, jitter| {
        let error = TransportError::new(TransportErrorKind::Connect);
        policy.decide(&request(Method::Get), Err(&error), Attempt { jitter, ..attempt(number) }).unwrap()
    };
    for (number, span) in [(1, 500), (2, 1000), (3, 2000), (4, 3000), (5, 3000), (40, 3000), (u32::MAX - 1, 3000)] {
        assert_eq!(wait(number, 0.0), Duration::ZERO, "{number}");
        assert_eq!(wait(number, 0.5), ms(span / 2), "{number}");
        let longest = wait(number, 1.0 - f64::EPSILON);
        assert!(longest <= ms(span) && longest > ms(span - 1), "{number}: {longest:?}");
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1.5] {
            assert!(wait(number, odd) <= ms(span), "{number}: {odd}");
        }
    }
}

#[test]
fn no_number_in_a_policy_makes_it_panic() {
    for span in [Duration::ZERO, Duration::MAX] {
        let mut policy = RetryPolicy::attempts(u32::MAX);
        (policy.backoff, policy.max_backoff) = (span, span);
        let request = with_limits(None, None);
        for jitter in [0.0, 1.0, f64::NAN] {
            for number in [0, 1, u32::MAX - 1] {
                let attempt = Attempt { number, elapsed: Duration::MAX, now: DateTime::<Utc>::MAX_UTC, jitter };
                for outcome in [status(429), status(500)] {
                    let wait = policy.decide(&request, Ok(&outcome.unwrap()), attempt);
                    assert!(wait.is_some(), "{span:?} {jitter} {number}");
                }
            }
        }
    }
}

#[test]
fn a_wait_that_would_not_end_in_time_is_not_begun() {
    let answer = Ok(Response::new(429).with_header("retry-after", "8"));
    for (total, elapsed, wait) in [
        (None, 1_000_000, Some(ms(8000))),
        (Some(20_000), 0, Some(ms(8000))),
        (Some(20_000), 11_999, Some(ms(8000))),
        (Some(20_000), 12_000, None),
        (Some(20_000), 30_000, None),
        (Some(8000), 0, None),
        (Some(0), 0, None),
    ] {
        let attempt = Attempt { elapsed: ms(elapsed), ..attempt(1) };
        let decided = decide(&with_limits(total.map(ms), None), &answer, attempt);
        assert_eq!(decided, wait, "{total:?} {elapsed}");
    }
}

#[test]
fn requests_are_sent_until_one_is_answered_and_each_wait_is_by_the_clock() {
    let script =
        Script::new([Err(TransportErrorKind::Connect), status(503), Err(TransportErrorKind::Timeout), status(200)]);
    let clock = Arc::new(ManualClock::at(now()));
    let retry = Retry::new(Arc::clone(&script), RetryPolicy::default()).with_clock(clock.clone()).with_jitter(|| 0.5);

    assert_eq!(retry.send(&request(Method::Get)).unwrap(), Response::new(200));
    assert_eq!(clock.sleeps(), [ms(250), ms(500), ms(1000)]);
    assert_eq!(script.requests().len(), 4);
}

#[test]
fn nothing_is_waited_for_after_the_last_attempt_and_its_outcome_is_unchanged() {
    for (attempts, sent) in [(0, 1), (1, 1), (2, 2), (3, 3)] {
        let last = Response::new(503).with_header("x-request-id", "7").with_body("maintenance");
        let mut outcomes = vec![status(500); sent - 1];
        outcomes.push(Ok(last.clone()));
        outcomes.push(status(200));
        let script = Script::new(outcomes);
        let clock = Arc::new(ManualClock::default());
        let retry = Retry::new(Arc::clone(&script), RetryPolicy::attempts(attempts)).with_clock(clock.clone());

        assert_eq!(retry.send(&request(Method::Get)).unwrap(), last, "{attempts}");
        assert_eq!(script.requests().len(), sent, "{attempts}");
        assert_eq!(clock.sleeps().len(), sent - 1, "{attempts}");
    }
}

#[test]
fn the_last_error_keeps_its_kind_and_its_cause() {
    let failing = tagoio::transport::from_fn(|_: &Request| {
        Err(TransportError::with_source(TransportErrorKind::ConnectionLost, "reset by peer"))
    });
    let retry = Retry::new(failing, RetryPolicy::attempts(3)).with_clock(Arc::new(ManualClock::default()));
    let error = retry.send(&request(Method::Get)).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::ConnectionLost);
    assert_eq!(error.source().unwrap().to_string(), "reset by peer");
}

#[test]
fn an_error_says_that_an_earlier_attempt_may_have_been_delivered() {
    use TransportErrorKind::{Connect, Timeout};

    for (outcomes, delivered) in [
        (vec![Err(Timeout), Err(Connect)], true),
        (vec![status(502), Err(Connect)], true),
        (vec![status(429), Err(Connect)], false),
        (vec![Err(Connect), Err(Connect)], false),
    ] {
        let shown = format!("{outcomes:?}");
        let retry =
            Retry::new(Script::new(outcomes), RetryPolicy::attempts(2)).with_clock(Arc::new(ManualClock::default()));
        let error = retry.send(&request(Method::Put)).unwrap_err();
        assert_eq!((error.kind(), error.maybe_delivered()), (Connect, delivered), "{shown}");
    }
}

#[test]
fn without_a_jitter_of_its_own_a_retry_spreads_its_waits() {
    let clock = Arc::new(ManualClock::default());
    let mut policy = RetryPolicy::attempts(30);
    (policy.backoff, policy.max_backoff) = (ms(1000), ms(1000));
    let retry = Retry::new(Script::new([status(500)]), policy).with_clock(clock.clone());
    retry.send(&request(Method::Get)).unwrap();

    let waits = clock.sleeps();
    assert_eq!(waits.len(), 29);
    assert!(waits.iter().all(|wait| *wait < ms(1000)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[test]
fn an_attempt_gets_no_more_time_than_is_left() {
    // (total, limit of an attempt, what each attempt is given in total and for itself)
    let left = |total: u64, attempt: u64| (Some(ms(total)), Some(ms(attempt)));
    for (total, attempt, expected) in [
        (Some(20_000), Some(15_000), vec![left(20_000, 15_000), left(12_000, 12_000), left(4000, 4000)]),
        (Some(20_000), None, vec![left(20_000, 20_000), left(12_000, 12_000), left(4000, 4000)]),
        (Some(9000), Some(5000), vec![left(9000, 5000), left(1000, 1000)]),
        (Some(5000), Some(60_000), vec![left(5000, 5000)]),
        (None, Some(5000), vec![(None, Some(ms(5000))); 5]),
        (None, None, vec![(None, None); 5]),
    ] {
        let script = Script::new([Ok(Response::new(429).with_header("retry-after", "8"))]);
        let clock = Arc::new(ManualClock::default());
        let retry = Retry::new(Arc::clone(&script), RetryPolicy::default()).with_clock(clock).with_jitter(|| 0.0);
        retry.send(&with_limits(total.map(ms), attempt.map(ms))).unwrap();

        let given =
            script.requests().iter().map(|request| (request.limits().total, request.limits().attempt)).collect();
        let given: Vec<_> = given;
        assert_eq!(given, expected, "{total:?} {attempt:?}");
    }
}

/// A clock on a busy computer: each sleep lasts a second too long.
#[derive(Debug, Default)]
struct Oversleeping(ManualClock);

impl Clock for Oversleeping {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn utc(&self) -> DateTime<Utc> {
        self.0.utc()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration + Duration::from_secs(1));
    }
}

#[test]
fn who_oversleeps_gets_the_last_outcome_and_not_an_attempt_without_time() {
    let script =
        Script::new([Ok(Response::new(429).with_header("retry-after", "8")), Err(TransportErrorKind::Timeout)]);
    let retry = Retry::new(Arc::clone(&script), RetryPolicy::default()).with_clock(Arc::new(Oversleeping::default()));
    assert_eq!(retry.send(&with_limits(Some(ms(8500)), None)).unwrap().status(), 429);
    assert_eq!(script.requests().len(), 1);
}

type Call = fn(&Client) -> Result<(), Error>;

fn password() -> Password {
    Password::new("correct horse").unwrap()
}

/// How often each call is sent when every attempt has this outcome.
fn sent(call: Call, outcome: Outcome) -> usize {
    let script = Script::new([outcome]);
    let mut policy = RetryPolicy::attempts(3);
    policy.max_backoff = ms(1);
    let retry = Retry::new(Arc::clone(&script), policy).with_clock(Arc::new(ManualClock::default()));
    let tago = Client::builder().token("p-demo").vars(|_| None).transport(retry).build().unwrap();
    call(&tago).unwrap_err();
    script.requests().len()
}

#[test]
fn what_creates_or_mints_is_never_sent_twice_once_it_may_have_arrived() {
    let calls: [(&str, Call); 10] = [
        ("profile.create", |tago| tago.profile().create(&NewProfile::new("x")).map(drop)),
        ("profile.transfer_token", |tago| tago.profile().transfer_token("61fa").map(drop)),
        ("team.add", |tago| tago.team().add(ProfileId::CURRENT, "a@example.com").map(drop)),
        ("token.create", |tago| {
            let new = NewToken::new("ci", Permission::Read).sign_in("me@example.com", password());
            tago.token().create(ProfileId::CURRENT, &new).map(drop)
        }),
        ("users.create", |tago| tago.run().users().create(&NewUser::new("n", "e", "UTC")).map(drop)),
        ("users.login_as", |tago| tago.run().users().login_as("61eb", None).map(drop)),
        ("users.resend_invite", |tago| tago.run().users().resend_invite("61eb", &UserInvite::new()).map(drop)),
        ("notifications.create", |tago| {
            tago.run().notifications().create("61eb", &NewNotification::new().title("t")).map(drop)
        }),
        ("run.email_test", |tago| tago.run().email_test("s", "b").map(drop)),
        ("raw POST", |tago| tago.raw(Method::Post, "/am").send::<()>()),
    ];
    for (name, call) in calls {
        for outcome in [
            Err(TransportErrorKind::Timeout),
            Err(TransportErrorKind::ConnectionLost),
            Err(TransportErrorKind::Other),
            status(408),
            status(500),
            status(503),
            Ok(Response::new(503).with_header("retry-after", "1")),
        ] {
            assert_eq!(sent(call, outcome.clone()), 1, "{name} {outcome:?}");
        }
        // What certainly had no effect is another matter.
        for outcome in [Err(TransportErrorKind::Connect), Ok(Response::new(429).with_header("retry-after", "1"))] {
            assert_eq!(sent(call, outcome.clone()), 3, "{name} {outcome:?}");
        }
    }
}

#[test]
fn what_does_no_harm_twice_is_sent_again() {
    let calls: [(&str, Call); 6] = [
        ("profile.list", |tago| tago.profile().list().map(drop)),
        ("profile.delete", |tago| tago.profile().delete("61fa", &Credentials::new(password())).map(drop)),
        ("users.list", |tago| tago.run().users().list(&UserQuery::new()).map(drop)),
        ("users.edit", |tago| tago.run().users().edit("61eb", &UserEdit::new().name("n")).map(drop)),
        ("users.delete", |tago| tago.run().users().delete("61eb").map(drop)),
        ("raw POST that says so", |tago| tago.raw(Method::Post, "/am").repeatable(true).send::<()>()),
    ];
    for (name, call) in calls {
        for outcome in [Err(TransportErrorKind::Timeout), status(503)] {
            assert_eq!(sent(call, outcome.clone()), 3, "{name} {outcome:?}");
        }
        assert_eq!(sent(call, status(404)), 1, "{name}");
    }
}
