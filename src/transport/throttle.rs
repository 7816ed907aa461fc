use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Method, Request, Response, Route, Transport, TransportError, TransportErrorKind};
use crate::clock::{Clock, SystemClock, minute_of, next_minute};
use crate::profile::{Plan, RATES};
use crate::wire::retry_after;

/// Keeps below TagoIO's rate limits: at most so many requests of a route in one minute of the clock.
///
/// TagoIO counts the requests of each profile and route in windows that begin with the clock minute: who reaches the
/// limit at 12:45:09 may go on at 12:46:00. When a window is full, a `Throttle` waits for the next one. A 429 that
/// comes nevertheless, because another program uses the same profile or the clocks differ, closes the window too: for
/// as long as TagoIO asks, or until the next minute.
///
/// Every attempt counts at TagoIO, so a `Throttle` belongs *inside* a [`Retry`](super::Retry):
///
/// ```
/// use tagoio::Client;
/// use tagoio::transport::{Method, Plan, Response, Retry, RetryPolicy, Throttle, from_fn};
///
/// let inner = from_fn(|_request| Ok(Response::new(200).with_body(r#"{"status":true,"result":[]}"#)));
/// let throttle = Throttle::new(inner).plan(Plan::Starter).limit(Method::Get, "/run/users", 30);
/// let tago = Client::builder().token("p-demo").transport(Retry::new(throttle, RetryPolicy::default())).build()?;
/// # tago.profile().list()?;
/// # Ok::<(), tagoio::Error>(())
/// ```
///
/// It never waits for longer than the request's [total limit](super::Limits::total) leaves, nor for longer than 10 minutes,
/// whatever a 429 asked for: then, and always after [`without_waiting`](Throttle::without_waiting), it refuses with
/// [`Throttled`](TransportErrorKind::Throttled), which says how long the wait would be.
///
/// It counts requests, not profiles: use one for each profile, and share it ([`Arc`] is a transport too) between the
/// clients of the same profile.
pub struct Throttle<T> {
    inner: T,
    meters: Vec<Meter>,
    clock: Arc<dyn Clock>,
    waits: bool,
}

/// The longest wait, as with a [`RetryPolicy`](super::RetryPolicy::max_retry_after) by default. Only what a 429 asked for
/// can be longer than the minute that a window lasts.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What is counted for one route.
struct Meter {
    route: Route,
    per_minute: u32,
    window: Mutex<Window>,
}

/// A time from `since` to `until` in which so many requests were admitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Window {
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    admitted: u32,
}

/// Whether a request may go out.
#[derive(Debug, PartialEq, Eq)]
enum Admit {
    /// It may, and this is the window with it counted.
    Now(Window),
    /// It has to wait until the window ends.
    After(Duration),
}

fn admit(now: DateTime<Utc>, per_minute: u32, window: Window) -> Admit {
    let current = if (window.since..window.until).contains(&now) {
        window
    } else {
        // Also when the clock was set back: better a 429 than a wait of an hour.
        let since = minute_of(now);
        Window { since, until: next_minute(now).unwrap_or(since), admitted: 0 }
    };
    if current.admitted < per_minute {
        Admit::Now(Window { admitted: current.admitted + 1, ..current })
    } else {
        Admit::After((current.until - now).to_std().unwrap_or_default())
    }
}

/// The window after a 429: closed for as long as the server asks, or until the next minute.
fn closed(now: DateTime<Utc>, asked: Option<Duration>) -> Window {
    let until = asked
        .and_then(|asked| TimeDelta::from_std(asked).ok())
        .and_then(|asked| now.checked_add_signed(asked))
        .or_else(|| next_minute(now))
        .unwrap_or(now);
    Window { since: minute_of(now), until, admitted: u32::MAX }
}

impl<T: Transport> Throttle<T> {
    /// A throttle without limits: everything passes.
    pub fn new(inner: T) -> Self {
        Self { inner, meters: Vec::new(), clock: Arc::new(SystemClock), waits: true }
    }

    /// Limits a route, named as [`Request::route`] names it, such as `PUT` and `/run/users/{user}`. What stands between
    /// the braces makes no difference, nor does a slash at the end, so requests of [`Client::raw`](crate::Client::raw)
    /// count too. The last limit for a route is the one that holds.
    ///
    /// With a limit of 0 every request is refused.
    pub fn limit(mut self, method: Method, template: impl Into<Cow<'static, str>>, per_minute: u32) -> Self {
        let route = Route::new(method, template);
        self.meters.retain(|meter| !same_route(&meter.route, &route));
        self.meters.push(Meter { route, per_minute, window: Mutex::default() });
        self
    }

    /// Limits the routes that TagoIO publishes numbers for: those of the table at [`Plan`].
    pub fn plan(self, plan: Plan) -> Self {
        RATES.iter().fold(self, |throttle, rate| throttle.limit(rate.method, rate.template, rate.per_minute(plan)))
    }

    /// Counts and waits by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Refuses instead of waiting: the error is [`Throttled`](TransportErrorKind::Throttled), and a
    /// [`Retry`](super::Retry) doesn't repeat it.
    pub fn without_waiting(mut self) -> Self {
        self.waits = false;
        self
    }

    /// Waits until the request may go out, and says how long that took.
    fn wait(&self, meter: &Meter, request: &Request) -> Result<Duration, TransportError> {
        let start = self.clock.now();
        loop {
            let waited = self.clock.now().saturating_sub(start);
            let Admit::After(wait) = meter.admit(&*self.clock) else {
                return Ok(waited);
            };
            let in_time = request.limits().total.is_none_or(|total| waited.saturating_add(wait) < total);
            if !self.waits || !in_time || wait > LONGEST_WAIT || meter.per_minute == 0 {
                return Err(TransportErrorKind::Throttled { retry_after: wait }.into());
            }
            // The window isn't locked meanwhile; who comes first after the wait is admitted first.
            self.clock.sleep(wait);
        }
    }
}

impl Meter {
    fn admit(&self, clock: &dyn Clock) -> Admit {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // Read with the lock held: a thread that was overtaken must not come with the time of an earlier window.
        let admit = admit(clock.utc(), self.per_minute, *window);
        if let Admit::Now(counted) = admit {
            *window = counted;
        }
        admit
    }

    fn close(&self, now: DateTime<Utc>, asked: Option<Duration>) {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = closed(now, asked);
    }
}

impl<T: Transport> Transport for Throttle<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let Some(meter) = self.meters.iter().find(|meter| same_route(&meter.route, request.route())) else {
            return self.inner.send(request);
        };
        let waited = self.wait(meter, request)?;
        let outcome = self.inner.send(&request.after(waited));
        if let Ok(answer) = &outcome {
            if answer.status() == 429 {
                let now = self.clock.utc();
                meter.close(now, retry_after(answer, now));
            }
        }
        outcome
    }
}

/// Whether TagoIO counts two routes together: `PUT /run/users/{user}` and `PUT /run/users/{…}/` are the same to it.
fn same_route(one: &Route, other: &Route) -> bool {
    fn segments(route: &Route) -> impl Iterator<Item = &str> {
        let template = route.template();
        let segments = template.strip_suffix('/').unwrap_or(template).split('/');
        segments.map(|segment| if segment.starts_with('{') { "{}" } else { segment })
    }

    one.method() == other.method() && segments(one).eq(segments(other))
}

impl<T: fmt::Debug> fmt::Debug for Throttle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.meters.iter().map(|meter| (meter.route.to_string(), meter.per_minute));
        f.debug_struct("Throttle")
            .field("inner", &self.inner)
            .field("limits", &limits.collect::<Vec<_>>())
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-01-31T{time}Z").parse().unwrap()
    }

    fn window(since: &str, until: &str, admitted: u32) -> Window {
        Window { since: at(since), until: at(until), admitted }
    }

    #[test]
    fn a_window_lasts_until_the_next_clock_minute() {
        let open = window("12:45:00", "12:46:00", 1);
        let full = window("12:45:00", "12:46:00", 2);
        // (now, window, the window with the request counted or the wait)
        for (now, before, expected) in [
            ("12:45:09", Window::default(), Admit::Now(window("12:45:00", "12:46:00", 1))),
            ("12:45:09", open, Admit::Now(full)),
            ("12:45:59.999", open, Admit::Now(full)),
            ("12:45:09", full, Admit::After(Duration::from_secs(51))),
            ("12:45:59.999", full, Admit::After(Duration::from_millis(1))),
            ("12:46:00", full, Admit::Now(window("12:46:00", "12:47:00", 1))),
            ("12:46:30", full, Admit::Now(window("12:46:00", "12:47:00", 1))),
            ("12:45:08", full, Admit::After(Duration::from_secs(52))),
            ("12:44:59", full, Admit::Now(window("12:44:00", "12:45:00", 1))),
        ] {
            assert_eq!(admit(at(now), 2, before), expected, "at {now} in {before:?}");
        }
    }

    #[test]
    fn a_refusal_closes_the_window_for_as_long_as_it_asks() {
        for (asked, until) in [
            (None, "12:46:00"),
            (Some(Duration::from_secs(8)), "12:45:17"),
            (Some(Duration::from_secs(90)), "12:46:39"),
            (Some(Duration::MAX), "12:46:00"),
        ] {
            let window = closed(at("12:45:09"), asked);
            assert_eq!(window.until, at(until), "{asked:?}");
            if at("12:45:10") < window.until {
                assert!(matches!(admit(at("12:45:10"), u32::MAX, window), Admit::After(_)), "{asked:?}");
            }
            assert!(matches!(admit(window.until, 1, window), Admit::Now(_)), "{asked:?}");
        }
    }

    #[test]
    fn the_end_of_time_is_no_reason_to_panic() {
        for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(matches!(admit(now, 1, Window::default()), Admit::Now(_)), "{now}");
            assert!(closed(now, Some(Duration::MAX)).until >= now.min(closed(now, None).until), "{now}");
        }
    }

    #[test]
    fn routes_are_the_same_when_tagoio_counts_them_together() {
        let put = |template: &'static str| Route::new(Method::Put, template);
        for (one, other, same) in [
            ("/run/users/{user}", "/run/users/{user}", true),
            ("/run/users/{user}", "/run/users/{…}", true),
            ("/run/notification/", "/run/notification", true),
            ("/run/users/{user}", "/run/users", false),
            ("/profile/{profile}", "/profile/{profile}/token", false),
            ("/profile/{profile}", "/profile/switch", false),
            ("/", "", true),
        ] {
            assert_eq!(same_route(&put(one), &put(other)), same, "{one} {other}");
        }
        assert!(!same_route(&put("/run"), &Route::new(Method::Get, "/run")));
    }
}
