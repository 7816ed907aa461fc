use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Request, Response, Transport, TransportError};
use crate::clock::{Clock, SystemClock, until_next_minute};
use crate::wire::retry_after;

/// When to send a request again, and how long to wait before: a pure function with a few numbers.
///
/// * What certainly did not take effect is repeated whatever the request: failed connections and name look-ups, and
///   429 (TagoIO counts requests in windows of one clock minute and refuses those above the limit).
/// * What may have taken effect is repeated only when [a repeat does no harm](Request::is_repeatable): timeouts, lost
///   connections, 408 and 5xx. A POST never is.
/// * Everything else is the caller's: 4xx, TLS failures, answers that can't be read.
///
/// The wait is a random part of an exponentially growing span, and at least what the server asks for (`Retry-After` in
/// seconds or as a date, or TagoIO's sentence "Too many requests (Retry-After: 8)"); after a 429 that asks for nothing
/// it lasts until the next clock minute. A wait that would not end within the request's
/// [total limit](super::Limits::total), or that is longer than a server [may ask for](RetryPolicy::max_retry_after),
/// isn't begun: then the last outcome is the caller's, unchanged. What a
/// [`Throttle`](super::Throttle) refuses isn't repeated either: it waited for as long as it may.
///
/// ```
/// use std::time::Duration;
/// use tagoio::transport::RetryPolicy;
///
/// let mut policy = RetryPolicy::attempts(3);
/// policy.max_retry_after = Duration::from_secs(60);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included. 5 by default, as in TagoIO's own SDKs.
    pub attempts: u32,
    /// The longest wait after the first attempt; it doubles with each further one. 500 ms by default.
    pub backoff: Duration,
    /// The longest wait after any attempt that the server didn't ask for. 20 s by default.
    pub max_backoff: Duration,
    /// The longest wait that a server may ask for. When it asks for a longer one, no attempt follows, and the outcome is
    /// the caller's at once. 10 minutes by default; of which the request's [total limit](super::Limits::total), 3 minutes
    /// by default, leaves less.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(10 * 60),
        }
    }
}

/// What a [`RetryPolicy`] knows when it decides.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "made by callers that test a policy")]
pub struct Attempt {
    /// How many attempts were made, 1 after the first.
    pub number: u32,
    /// How long they took, waits included.
    pub elapsed: Duration,
    /// The date and time.
    pub now: DateTime<Utc>,
    /// A random number from 0 up to, but not including, 1.
    pub jitter: f64,
}

impl RetryPolicy {
    /// A policy that makes so many attempts; 1 is no retry at all.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts, ..Self::default() }
    }

    /// How long to wait before the request is sent again; `None` when it isn't.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tagoio::transport::{Attempt, Method, Request, Response, RetryPolicy};
    ///
    /// let post = Request::new(Method::Post, "https://api.tago.io/run/users");
    /// let first = Attempt { number: 1, elapsed: Duration::ZERO, now: chrono::Utc::now(), jitter: 0.5 };
    /// let decide = |answer: Response| RetryPolicy::default().decide(&post, Ok(&answer), first);
    ///
    /// assert_eq!(decide(Response::new(429).with_header("retry-after", "8")), Some(Duration::from_secs(8)));
    /// assert_eq!(decide(Response::new(500)), None, "the user may exist by now");
    /// ```
    pub fn decide(
        &self,
        request: &Request,
        outcome: Result<&Response, &TransportError>,
        attempt: Attempt,
    ) -> Option<Duration> {
        if !self.repeats(request, outcome, attempt.number) {
            return None;
        }
        let wait = match outcome {
            Err(_) => self.exponential(attempt.number, attempt.jitter),
            Ok(response) => match retry_after(response, attempt.now) {
                Some(asked) if asked > self.max_retry_after => return None,
                Some(asked) => asked.max(self.exponential(attempt.number, attempt.jitter)),
                None if response.status() == 429 => after_next_minute(attempt),
                None => self.exponential(attempt.number, attempt.jitter),
            },
        };
        match request.limits().total {
            Some(total) if attempt.elapsed.saturating_add(wait) >= total => None,
            _ => Some(wait),
        }
    }

    /// Whether an outcome is of a kind after which a request is sent again, be there time for it or not. It takes neither
    /// a date nor a random number, so that what succeeds, nearly every call, pays for none: a thousand instructions less.
    fn repeats(&self, request: &Request, outcome: Result<&Response, &TransportError>, number: u32) -> bool {
        number < self.attempts
            && match outcome {
                Err(error) => {
                    let may_repeat = request.is_repeatable() || !error.maybe_delivered();
                    error.kind().is_passing() && may_repeat && error.retry_after().is_none()
                }
                Ok(response) => match response.status() {
                    429 => true,
                    408 | 500.. => request.is_repeatable(),
                    _ => false,
                },
            }
    }

    /// A random part of a span that doubles with each attempt.
    pub(crate) fn exponential(&self, number: u32, jitter: f64) -> Duration {
        let doublings = number.saturating_sub(1).min(31);
        let span = self.backoff.saturating_mul(1_u32 << doublings).min(self.max_backoff);
        random_part(span, jitter)
    }
}

/// `Duration::mul_f64` panics on what isn't a number and on what is too long; a policy may be given both.
fn random_part(span: Duration, jitter: f64) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * jitter).map_or(span, |part| part.min(span))
}

/// TagoIO's rate windows are clock minutes; the random second keeps clients from all starting at once.
fn after_next_minute(attempt: Attempt) -> Duration {
    let left = until_next_minute(attempt.now);
    // In whole seconds: TagoIO's clock may be a little behind.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    Duration::from_secs(seconds) + random_part(Duration::from_secs(1), attempt.jitter)
}

/// Sends a request again when that helps and does no harm. See [`RetryPolicy`].
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
/// use tagoio::clock::{Clock, ManualClock};
/// use tagoio::transport::{Method, Request, Response, Retry, RetryPolicy, Transport, from_fn};
///
/// let calls = AtomicU32::new(0);
/// let busy_once = from_fn(|_request: &Request| {
///     let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
///     Ok(if first { Response::new(429).with_header("retry-after", "8") } else { Response::new(200) })
/// });
/// let clock = Arc::new(ManualClock::default());
/// let retry = Retry::new(busy_once, RetryPolicy::default()).with_clock(clock.clone());
///
/// let answer = retry.send(&Request::new(Method::Get, "https://api.tago.io/run"))?;
/// assert_eq!(answer.status(), 200);
/// assert_eq!(clock.now(), Duration::from_secs(8), "the clock was moved, nobody waited");
/// # Ok::<(), tagoio::transport::TransportError>(())
/// ```
#[derive(Clone)]
pub struct Retry<T> {
    inner: T,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    jitter: fn() -> f64,
}

impl<T: Transport> Retry<T> {
    /// Puts a policy around a transport.
    pub fn new(inner: T, policy: RetryPolicy) -> Self {
        Self { inner, policy, clock: Arc::new(SystemClock), jitter: random }
    }

    /// Waits by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes the random part of a wait, from 0 up to 1, from elsewhere.
    pub fn with_jitter(mut self, jitter: fn() -> f64) -> Self {
        self.jitter = jitter;
        self
    }
}

impl<T: Transport> Transport for Retry<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let start = self.clock.now();
        let elapsed = || self.clock.now().saturating_sub(start);
        let mut number = 1;
        // Whether an attempt that was followed by another one may have been delivered.
        let mut delivered = false;
        let told = |outcome: Result<Response, TransportError>, delivered: bool| match outcome {
            Err(error) if delivered => Err(error.after_delivery()),
            outcome => outcome,
        };
        let mut outcome = self.inner.send(&request.after(Duration::ZERO));
        loop {
            if !self.policy.repeats(request, outcome.as_ref(), number) {
                return told(outcome, delivered);
            }
            let attempt = Attempt { number, elapsed: elapsed(), now: self.clock.utc(), jitter: (self.jitter)() };
            let Some(wait) = self.policy.decide(request, outcome.as_ref(), attempt) else {
                return told(outcome, delivered);
            };
            self.clock.sleep(wait);
            // A sleep may last longer than it was meant to. An attempt without time would only hide the last outcome.
            let elapsed = elapsed();
            if request.limits().total.is_some_and(|total| elapsed >= total) {
                return told(outcome, delivered);
            }
            let next = self.inner.send(&request.after(elapsed));
            // A throttle that refuses has sent nothing: the outcome of the attempt before stands.
            if next.as_ref().is_err_and(|error| error.retry_after().is_some()) {
                return told(outcome, delivered);
            }
            number += 1;
            delivered |= match &outcome {
                Ok(response) => response.status() != 429,
                Err(error) => error.maybe_delivered(),
            };
            outcome = next;
        }
    }
}

/// The standard library's seeds are random, and good enough to spread waits.
pub(crate) fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let fraction = bits as f64 / (1_u64 << 53) as f64;
    fraction
}

impl<T: fmt::Debug> fmt::Debug for Retry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("inner", &self.inner).field("policy", &self.policy).finish_non_exhaustive()
    }
}
