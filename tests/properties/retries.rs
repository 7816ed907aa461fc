//! Waits are within bounds, and more time never makes them other waits.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::DateTime;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::transport::{
    Attempt, Limits, Method, Request, Response, Retry, RetryPolicy, Transport as _, TransportError, TransportErrorKind,
    from_fn,
};

use super::cases;

/// What comes of an attempt.
#[derive(Debug, Clone)]
enum Ending {
    Status(u16),
    Asks(u16, u64),
    Fails(TransportErrorKind),
}

fn ending() -> impl Strategy<Value = Ending> {
    use TransportErrorKind as Kind;

    let status = select(&[200_u16, 201, 204, 301, 400, 401, 404, 408, 429, 500, 502, 503, 504, 599][..]);
    let seconds = prop_oneof![3 => 0_u64..100, 1 => any::<u64>()];
    let kind = select(vec![
        Kind::InvalidRequest,
        Kind::Dns,
        Kind::Connect,
        Kind::ConnectTimeout,
        Kind::Tls,
        Kind::Throttled { retry_after: Duration::from_secs(3) },
        Kind::Timeout,
        Kind::ConnectionLost,
        Kind::Protocol,
        Kind::BodyTooLarge,
        Kind::Other,
    ]);
    prop_oneof![
        3 => status.clone().prop_map(Ending::Status),
        3 => (status, seconds).prop_map(|(status, seconds)| Ending::Asks(status, seconds)),
        3 => kind.prop_map(Ending::Fails),
    ]
}

impl Ending {
    fn outcome(&self) -> Result<Response, TransportError> {
        match self {
            Self::Status(status) => Ok(Response::new(*status)),
            Self::Asks(status, seconds) => Ok(Response::new(*status).with_header("retry-after", seconds.to_string())),
            Self::Fails(kind) => Err((*kind).into()),
        }
    }

    fn asked(&self) -> Duration {
        match self {
            Self::Asks(_, seconds) => Duration::from_secs(*seconds),
            Self::Status(_) | Self::Fails(_) => Duration::ZERO,
        }
    }

    /// Whether a request that ended so had no effect, for certain.
    fn is_harmless(&self) -> bool {
        match self {
            Self::Status(status) | Self::Asks(status, _) => *status == 429,
            Self::Fails(kind) => !kind.maybe_delivered(),
        }
    }
}

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
        4 => (0_u64..200_000).prop_map(Duration::from_millis),
        1 => any::<u64>().prop_map(Duration::from_nanos),
    ]
}

/// A limit of the time for everything; `None` is the largest.
fn budget() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![1 => Just(None), 4 => span().prop_map(Some)]
}

fn is_less_or_equal(one: Option<Duration>, other: Option<Duration>) -> bool {
    other.is_none_or(|other| one.is_some_and(|one| one <= other))
}

fn jitter() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..1.0, 1 => any::<f64>(), 1 => Just(f64::NAN)]
}

prop_compose! {
    fn policy()(attempts in 0_u32..8, backoff in span(), max_backoff in span()) -> RetryPolicy {
        let mut policy = RetryPolicy::attempts(attempts);
        (policy.backoff, policy.max_backoff) = (backoff, max_backoff);
        policy
    }
}

fn request(method: Method, total: Option<Duration>) -> Request {
    let mut limits = Limits::default();
    limits.total = total;
    Request::new(method, "https://h/run").with_limits(limits)
}

fn method() -> impl Strategy<Value = Method> {
    select(&[Method::Get, Method::Put, Method::Delete, Method::Post][..])
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_wait_is_what_is_asked_for_or_within_the_policys_bounds(
        policy in policy(), ending in ending(), number in 1_u32.., elapsed in span(), jitter in jitter(),
        total in budget(), method in method(), second in 0_i64..86_400,
    ) {
        let request = request(method, total);
        let now = DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap();
        let outcome = ending.outcome();
        let wait = policy.decide(&request, outcome.as_ref(), Attempt { number, elapsed, now, jitter });
        let Some(wait) = wait else { return Ok(()) };
        prop_assert!(number < policy.attempts);
        prop_assert!(request.is_repeatable() || ending.is_harmless());
        prop_assert!(wait >= ending.asked(), "no earlier than asked for");
        // TagoIO's windows are clock minutes, and a second more spreads those who wait.
        let longest = match ending {
            Ending::Status(429) => Duration::from_secs(61),
            _ => policy.max_backoff.max(ending.asked()),
        };
        prop_assert!(wait <= longest, "{:?} is longer than {:?}", wait, longest);
        prop_assert!(total.is_none_or(|total| elapsed.saturating_add(wait) < total), "it would not end in time");
    }

    #[test]
    fn more_time_and_more_attempts_allow_more_and_change_no_wait(
        policy in policy(), ending in ending(), number in 1_u32..10, elapsed in span(), jitter in jitter(),
        totals in (budget(), budget()), more in 0_u32..5, method in method(),
    ) {
        let (short, long) = if is_less_or_equal(totals.0, totals.1) { totals } else { (totals.1, totals.0) };
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let outcome = ending.outcome();
        let decide = |policy: &RetryPolicy, total| {
            policy.decide(&request(method, total), outcome.as_ref(), Attempt { number, elapsed, now, jitter })
        };
        let within_short = decide(&policy, short);
        if within_short.is_some() {
            prop_assert_eq!(decide(&policy, long), within_short);
            let mut patient = policy.clone();
            patient.attempts += more;
            prop_assert_eq!(decide(&patient, short), within_short);
        }
    }
}

thread_local! {
    /// What the waits of a test are a part of their spans by.
    static JITTER: Cell<f64> = const { Cell::new(0.0) };
}

/// How often a request is sent that ends so, one after the other, and the waits in between.
fn run(policy: &RetryPolicy, request: &Request, endings: &[Ending], jitter: f64) -> (usize, Vec<Duration>, Duration) {
    JITTER.set(jitter);
    let clock = Arc::new(ManualClock::default());
    let sent = AtomicUsize::new(0);
    let transport = from_fn(|_| endings[sent.fetch_add(1, Ordering::Relaxed) % endings.len()].outcome());
    let retry = Retry::new(transport, policy.clone()).with_clock(clock.clone()).with_jitter(|| JITTER.get());
    let _ = retry.send(request);
    (sent.load(Ordering::Relaxed), clock.sleeps(), clock.now())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn all_attempts_together_stay_within_their_number_and_their_time(
        policy in policy(), endings in vec(ending(), 1..8), jitter in jitter(), total in budget(), method in method(),
    ) {
        let request = request(method, total);
        let (sent, waits, elapsed) = run(&policy, &request, &endings, jitter);
        prop_assert_eq!(waits.len() + 1, sent, "a wait before each attempt but the first, and none after the last");
        prop_assert!(sent <= usize::try_from(policy.attempts.max(1)).unwrap());
        prop_assert!(total.is_none_or(|total| waits.is_empty() || elapsed < total));
        if method == Method::Post {
            let delivered = endings.iter().cycle().take(sent).filter(|ending| !ending.is_harmless()).count();
            prop_assert!(delivered <= 1, "sent again after it may have been delivered");
        }
    }

    #[test]
    fn more_time_goes_on_where_less_time_ends(
        policy in policy(), endings in vec(ending(), 1..8), jitter in jitter(), totals in (budget(), budget()), method in method(),
    ) {
        let (short, long) = if is_less_or_equal(totals.0, totals.1) { totals } else { (totals.1, totals.0) };
        let (fewer, waits, _) = run(&policy, &request(method, short), &endings, jitter);
        let (more, longer, _) = run(&policy, &request(method, long), &endings, jitter);
        prop_assert!(fewer <= more);
        prop_assert_eq!(&longer[..waits.len()], &waits[..]);
    }
}
