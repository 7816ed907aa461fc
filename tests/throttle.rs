//! How requests are kept below TagoIO's rate limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tagoio::clock::{Clock, ManualClock};
use tagoio::profile::{Credentials, NewProfile, ProfileEdit};
use tagoio::run::{NewNotification, NewUser, UserEdit};
use tagoio::transport::{
    Limits, Method, Plan, Request, Response, Retry, RetryPolicy, Route, Throttle, Transport, TransportError,
    TransportErrorKind, from_fn,
};
use tagoio::{Client, Error, Password};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clock_at(time: &str) -> Arc<ManualClock> {
    Arc::new(ManualClock::at(format!("2026-01-31T{time}Z").parse().unwrap()))
}

fn request(method: Method, template: &'static str) -> Request {
    Request::new(method, format!("https://api.tago.io{template}")).with_route(Route::new(method, template))
}

fn create() -> Request {
    request(Method::Post, "/run/users")
}

fn with_total(request: Request, total: Option<Duration>) -> Request {
    let mut limits = Limits::default();
    limits.total = total;
    request.with_limits(limits)
}

/// Answers 200, and keeps the time of each request.
#[derive(Clone)]
struct Service {
    clock: Arc<dyn Clock>,
    times: Arc<Mutex<Vec<DateTime<Utc>>>>,
}

impl Service {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, times: Arc::default() }
    }

    fn times(&self) -> Vec<String> {
        self.times.lock().unwrap().iter().map(|time| time.format("%H:%M:%S").to_string()).collect()
    }
}

impl Transport for Service {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        self.times.lock().unwrap().push(self.clock.utc());
        Ok(Response::new(200).with_body(r#"{"status":true,"result":"ok"}"#))
    }
}

#[test]
fn a_full_window_is_waited_out() {
    let clock = clock_at("12:45:09");
    let service = Service::new(clock.clone());
    let throttle = Throttle::new(service.clone()).limit(Method::Post, "/run/users", 2).with_clock(clock.clone());
    for _ in 0..5 {
        throttle.send(&create()).unwrap();
    }
    assert_eq!(service.times(), ["12:45:09", "12:45:09", "12:46:00", "12:46:00", "12:47:00"]);
    assert_eq!(clock.sleeps(), [secs(51), secs(60)]);
}

#[test]
fn a_window_that_was_not_used_up_leaves_nothing_for_the_next() {
    let clock = clock_at("12:45:59");
    let service = Service::new(clock.clone());
    let throttle = Throttle::new(service.clone()).limit(Method::Post, "/run/users", 2).with_clock(clock.clone());
    throttle.send(&create()).unwrap();
    clock.advance(secs(1));
    for _ in 0..3 {
        throttle.send(&create()).unwrap();
    }
    assert_eq!(service.times(), ["12:45:59", "12:46:00", "12:46:00", "12:47:00"]);
}

#[test]
fn routes_are_counted_apart_and_ids_together() {
    let clock = clock_at("12:45:09");
    let throttle = Throttle::new(from_fn(|_: &Request| Ok(Response::new(200))))
        .limit(Method::Put, "/run/users/{user}", 5)
        .limit(Method::Put, "/run/users/{user}", 2)
        .limit(Method::Get, "/run/users/{user}", 1)
        .with_clock(clock)
        .without_waiting();
    let tago = Client::builder().token("p-demo").vars(|_| None).transport(throttle).build().unwrap();
    let refused = |result: Result<String, Error>| matches!(result, Err(error) if error.is_rate_limited());
    let edit = |user: &str| refused(tago.run().users().edit(user, &UserEdit::new().name("n")));

    assert!(!edit("61eb"));
    assert!(!refused(tago.raw(Method::Put, "/run/users/61ec").send()), "TagoIO counts this one too");
    assert!(edit("61ed"), "the later limit holds");
    assert!(!refused(tago.run().users().delete("61eb")), "another method, and without a limit");
    assert!(!refused(tago.raw(Method::Get, "/run/users/61eb").send()));
    assert!(refused(tago.raw(Method::Get, "/run/users/61eb").send()));
}

#[test]
fn a_plan_limits_the_operations_that_tagoio_publishes_numbers_for() {
    type Call = fn(&Client) -> Result<(), Error>;
    let calls: [(&str, Call, [u32; 3]); 6] = [
        ("users.create", |tago| tago.run().users().create(&NewUser::new("n", "e", "UTC")).map(drop), [60, 100, 1000]),
        ("users.edit", |tago| tago.run().users().edit("61eb", &UserEdit::new()).map(drop), [60, 100, 1000]),
        (
            "notifications.create",
            |tago| tago.run().notifications().create("61eb", &NewNotification::new()).map(drop),
            [60, 100, 1000],
        ),
        ("profile.create", |tago| tago.profile().create(&NewProfile::new("n")).map(drop), [60, 100, 200]),
        ("profile.edit", |tago| tago.profile().edit("61fa", &ProfileEdit::new().name("n")).map(drop), [60, 100, 200]),
        (
            "profile.delete",
            |tago| tago.profile().delete("61fa", &Credentials::new(Password::new("secret").unwrap())).map(drop),
            [60, 100, 200],
        ),
    ];
    for (index, plan) in [Plan::Free, Plan::Starter, Plan::Scale].into_iter().enumerate() {
        for (name, call, limits) in &calls {
            let answer = r#"{"status":true,"result":{"id":"1","user":"1"}}"#;
            let throttle = Throttle::new(from_fn(move |_: &Request| Ok(Response::new(200).with_body(answer))))
                .plan(plan)
                .with_clock(clock_at("12:45:00"))
                .without_waiting();
            let tago = Client::builder().token("p-demo").vars(|_| None).transport(throttle).build().unwrap();
            for _ in 0..limits[index] {
                call(&tago).unwrap_or_else(|error| panic!("{name} on {plan:?}: {error}"));
            }
            assert!(call(&tago).unwrap_err().is_rate_limited(), "{name} on {plan:?}");
        }
    }
}

#[test]
fn without_limits_everything_passes() {
    let clock = clock_at("12:45:09");
    let service = Service::new(clock.clone());
    let throttle = Throttle::new(service.clone()).with_clock(clock.clone());
    for _ in 0..2000 {
        throttle.send(&create()).unwrap();
    }
    assert_eq!(service.times().len(), 2000);
    assert!(clock.sleeps().is_empty());
}

#[test]
fn a_stack_of_transports_shows_what_it_is_made_of() {
    let end = from_fn(|_: &Request| Ok(Response::new(200)));
    let throttle = Throttle::new(end).limit(Method::Post, "/run/users", 30).without_waiting();
    let shown = format!("{:?}", Retry::new(throttle, RetryPolicy::attempts(2)));
    let inner = r#"Throttle { inner: FromFn, limits: [("POST /run/users", 30)], waits: false, .. }"#;
    let beginning = format!("Retry {{ inner: {inner}, policy: RetryPolicy {{ attempts: 2, ");
    assert!(shown.starts_with(&beginning), "{shown}");
}

#[test]
fn who_does_not_want_to_wait_is_told_how_long_it_would_take() {
    let clock = clock_at("12:45:09");
    let service = Service::new(clock.clone());
    let throttle =
        Throttle::new(service.clone()).limit(Method::Post, "/run/users", 1).with_clock(clock.clone()).without_waiting();
    throttle.send(&create()).unwrap();
    let error = throttle.send(&create()).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Throttled { retry_after: secs(51) });
    assert!(!error.maybe_delivered());
    assert_eq!(error.to_string(), "held back for 51.0 s to keep below the rate limit");
    assert_eq!(service.times().len(), 1);

    clock.advance(secs(51));
    throttle.send(&create()).unwrap();
    assert!(clock.sleeps().is_empty());
}

#[test]
fn nobody_waits_longer_than_the_request_may_take() {
    // (total, whether the second request waits 51 seconds)
    for (total, waits) in [(None, true), (Some(secs(180)), true), (Some(secs(52)), true), (Some(secs(51)), false)] {
        let clock = clock_at("12:45:09");
        let limits = Arc::new(Mutex::new(Vec::new()));
        let inner = {
            let limits = Arc::clone(&limits);
            from_fn(move |request: &Request| {
                limits.lock().unwrap().push((request.limits().total, request.limits().attempt));
                Ok(Response::new(200))
            })
        };
        let throttle = Throttle::new(inner).limit(Method::Post, "/run/users", 1).with_clock(clock.clone());
        throttle.send(&with_total(create(), total)).unwrap();
        let second = throttle.send(&with_total(create(), total));
        if waits {
            assert_eq!(second.unwrap().status(), 200, "{total:?}");
            let left = total.map(|total| total.saturating_sub(secs(51)));
            let attempt = left.map_or(secs(60), |left| left.min(secs(60)));
            assert_eq!(limits.lock().unwrap()[1], (left, Some(attempt)), "the wait has taken its part of {total:?}");
        } else {
            assert_eq!(second.unwrap_err().retry_after(), Some(secs(51)), "{total:?}");
            assert!(clock.sleeps().is_empty(), "{total:?}");
        }
    }
}

#[test]
fn a_limit_of_nothing_refuses_everything_at_once() {
    let clock = clock_at("12:45:09");
    let service = Service::new(clock.clone());
    let throttle = Throttle::new(service.clone()).limit(Method::Post, "/run/users", 0).with_clock(clock.clone());
    let error = throttle.send(&with_total(create(), None)).unwrap_err();
    assert_eq!(error.retry_after(), Some(secs(51)));
    assert!(service.times().is_empty() && clock.sleeps().is_empty());
}

#[test]
fn a_429_that_comes_nevertheless_closes_the_window() {
    for (refusal, next) in [
        (Response::new(429), "12:46:00"),
        (Response::new(429).with_header("retry-after", "8"), "12:45:17"),
        (Response::new(429).with_header("retry-after", "90"), "12:46:39"),
        (Response::new(429).with_body(r#"{"message":"Too many requests (Retry-After: 8)"}"#), "12:45:17"),
        // Other answers say nothing about the limit.
        (Response::new(503).with_header("retry-after", "8"), "12:45:09"),
        (Response::new(400), "12:45:09"),
    ] {
        let clock = clock_at("12:45:09");
        let service = Service::new(clock.clone());
        let answers = Mutex::new(vec![refusal.clone()]);
        let inner = {
            let service = service.clone();
            from_fn(move |request: &Request| match answers.lock().unwrap().pop() {
                Some(refusal) => Ok(refusal),
                None => service.send(request),
            })
        };
        let throttle = Throttle::new(inner)
            .limit(Method::Post, "/run/users", 100)
            .limit(Method::Put, "/run/users/{user}", 100)
            .with_clock(clock.clone());
        assert_eq!(throttle.send(&create()).unwrap(), refusal);
        throttle.send(&request(Method::Put, "/run/users/{user}")).unwrap();
        throttle.send(&create()).unwrap();
        assert_eq!(service.times(), ["12:45:09", next], "{refusal:?}: the other route isn't held back");
    }
}

#[test]
fn a_server_that_asks_for_a_day_holds_nobody_up_for_one() {
    for (asks, waits) in [(600, true), (601, false), (86_400, false)] {
        let clock = clock_at("12:45:09");
        let busy = from_fn(move |_: &Request| Ok(Response::new(429).with_header("retry-after", asks.to_string())));
        let throttle = Throttle::new(busy).limit(Method::Post, "/run/users", 100).with_clock(clock.clone());
        let unlimited = || with_total(create(), None);
        assert_eq!(throttle.send(&unlimited()).unwrap().status(), 429);
        let second = throttle.send(&unlimited());
        if waits {
            assert_eq!((second.unwrap().status(), clock.sleeps()), (429, vec![secs(asks)]));
        } else {
            assert_eq!((second.unwrap_err().retry_after(), clock.sleeps()), (Some(secs(asks)), vec![]));
        }
    }
}

#[test]
fn inside_a_retry_each_attempt_counts() {
    let clock = clock_at("12:45:09");
    let service = Service::new(clock.clone());
    let failing = {
        let service = service.clone();
        from_fn(move |request: &Request| {
            service.send(request)?;
            Ok(Response::new(503))
        })
    };
    let throttle = Throttle::new(failing).limit(Method::Put, "/run/users/{user}", 2).with_clock(clock.clone());
    let retry = Retry::new(throttle, RetryPolicy::attempts(5)).with_clock(clock.clone()).with_jitter(|| 0.0);
    retry.send(&request(Method::Put, "/run/users/{user}")).unwrap();
    assert_eq!(service.times(), ["12:45:09", "12:45:09", "12:46:00", "12:46:00", "12:47:00"]);
}

#[test]
fn inside_a_retry_a_wait_is_measured_against_what_is_left() {
    let clock = clock_at("12:45:09");
    let failing = from_fn(|_: &Request| Ok(Response::new(503)));
    let throttle = Throttle::new(failing).limit(Method::Put, "/run/users/{user}", 1).with_clock(clock.clone());
    let retry = Retry::new(throttle, RetryPolicy::attempts(5)).with_clock(clock.clone()).with_jitter(|| 0.0);
    let edit = with_total(request(Method::Put, "/run/users/{user}"), Some(secs(60)));
    // The second attempt waits for 51 seconds; the third would for 60, of which 9 are left.
    assert_eq!(retry.send(&edit).unwrap().status(), 503, "the outcome of the last attempt that was made");
    assert_eq!(clock.sleeps(), [secs(0), secs(51), secs(0)]);
}

/// A clock for many threads: it stands still while one of them has something to do, and goes to the end of the
/// shortest wait when all of them wait.
#[derive(Debug)]
struct Crowd {
    start: DateTime<Utc>,
    state: Mutex<CrowdState>,
    moved: Condvar,
}

#[derive(Debug)]
struct CrowdState {
    elapsed: Duration,
    awake: usize,
    wakes: Vec<Duration>,
}

impl Crowd {
    fn new(start: &str, threads: usize) -> Arc<Self> {
        let state = CrowdState { elapsed: Duration::ZERO, awake: threads, wakes: Vec::new() };
        Arc::new(Self { start: start.parse().unwrap(), state: Mutex::new(state), moved: Condvar::new() })
    }

    fn leave(&self) {
        self.rest(&mut self.state.lock().unwrap());
    }

    fn rest(&self, state: &mut CrowdState) {
        state.awake -= 1;
        if let Some(next) = state.wakes.iter().min().copied().filter(|_| state.awake == 0) {
            state.elapsed = next;
            let waiting = state.wakes.len();
            state.wakes.retain(|wake| *wake > next);
            state.awake = waiting - state.wakes.len();
            self.moved.notify_all();
        }
    }
}

impl Clock for Crowd {
    fn now(&self) -> Duration {
        self.state.lock().unwrap().elapsed
    }

    fn utc(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.now()).unwrap()
    }

    fn sleep(&self, duration: Duration) {
        let mut state = self.state.lock().unwrap();
        let wake = state.elapsed + duration;
        state.wakes.push(wake);
        self.rest(&mut state);
        drop(self.moved.wait_while(state, |state| state.elapsed < wake).unwrap());
    }
}

#[test]
fn thirty_two_threads_fill_each_window_and_never_exceed_it() {
    const THREADS: usize = 32;
    let clock = Crowd::new("2026-01-31T12:45:09Z", THREADS);
    let service = Service::new(clock.clone());
    let throttle = Throttle::new(service.clone()).limit(Method::Post, "/run/users", 100).with_clock(clock.clone());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..10 {
                    throttle.send(&with_total(create(), None)).unwrap();
                }
                clock.leave();
            });
        }
    });
    let mut windows = BTreeMap::<_, u32>::new();
    for time in service.times() {
        *windows.entry(time).or_default() += 1;
    }
    let expected = [("12:45:09", 100), ("12:46:00", 100), ("12:47:00", 100), ("12:48:00", 20)];
    assert_eq!(windows, expected.map(|(time, count)| (time.to_owned(), count)).into());
}

/// A clock whose sleepers send requests meanwhile.
#[derive(Debug)]
struct Sleepwalker {
    clock: Arc<ManualClock>,
    throttle: Mutex<Weak<dyn SendMeanwhile>>,
    seen: Mutex<Vec<String>>,
}

trait SendMeanwhile: Send + Sync + std::fmt::Debug {
    fn send_meanwhile(&self) -> Vec<String>;
}

impl<T: Transport + std::fmt::Debug> SendMeanwhile for Throttle<T> {
    fn send_meanwhile(&self) -> Vec<String> {
        let requests = [request(Method::Put, "/run/users/{user}"), request(Method::Get, "/run")];
        // The same route, by a caller that has no time.
        let hurried = with_total(create(), Some(secs(1)));
        requests
            .into_iter()
            .chain([hurried])
            .map(|request| match self.send(&request) {
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            })
            .collect()
    }
}

impl Clock for Sleepwalker {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn utc(&self) -> DateTime<Utc> {
        self.clock.utc()
    }

    fn sleep(&self, duration: Duration) {
        let throttle = self.throttle.lock().unwrap().upgrade().unwrap();
        self.seen.lock().unwrap().extend(throttle.send_meanwhile());
        self.clock.sleep(duration);
    }
}

#[test]
fn who_waits_does_not_hold_up_the_others() {
    #[derive(Debug)]
    struct Fine;

    impl Transport for Fine {
        fn send(&self, _: &Request) -> Result<Response, TransportError> {
            Ok(Response::new(200))
        }
    }

    let unset: Weak<dyn SendMeanwhile> = Weak::<Throttle<Fine>>::new();
    let clock =
        Arc::new(Sleepwalker { clock: clock_at("12:45:09"), throttle: Mutex::new(unset), seen: Mutex::default() });
    let throttle = Throttle::new(Fine)
        .limit(Method::Post, "/run/users", 1)
        .limit(Method::Put, "/run/users/{user}", 1)
        .with_clock(clock.clone());
    let throttle = Arc::new(throttle);
    let weak: Weak<dyn SendMeanwhile> = Arc::downgrade(&throttle) as _;
    *clock.throttle.lock().unwrap() = weak;

    throttle.send(&create()).unwrap();
    throttle.send(&create()).unwrap();
    let seen = clock.seen.lock().unwrap();
    assert_eq!(*seen, ["200", "200", "held back for 51.0 s to keep below the rate limit"]);
}
