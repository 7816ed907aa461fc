//! Time that can be replaced: what waits, expires or counts by the minute asks a [`Clock`].

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// A source of time, and the one who waits.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tagoio::clock::{Clock, ManualClock};
///
/// let clock = Arc::new(ManualClock::at("2026-01-31T12:00:00Z".parse()?));
/// clock.sleep(Duration::from_secs(90)); // at once
/// assert_eq!(clock.now(), Duration::from_secs(90));
/// assert_eq!(clock.utc().to_rfc3339(), "2026-01-31T12:01:30+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time since some fixed moment; it never goes back.
    fn now(&self) -> Duration;
    /// The date and time of day.
    fn utc(&self) -> DateTime<Utc>;
    /// Waits.
    fn sleep(&self, duration: Duration);
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn utc(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// The clock minute in which it is now: TagoIO counts requests in these.
pub(crate) fn minute_of(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now)
}

/// The clock minute after the one in which it is now; at the end of time, there is none.
pub(crate) fn next_minute(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    minute_of(now).checked_add_signed(TimeDelta::minutes(1))
}

/// How long it takes until the next clock minute begins.
pub(crate) fn until_next_minute(now: DateTime<Utc>) -> Duration {
    next_minute(now).and_then(|next| (next - now).to_std().ok()).unwrap_or(Duration::from_secs(60))
}

/// A clock that stands still until it is moved; to wait by it is to move it. For tests and simulations.
///
/// ```
/// use std::time::Duration;
/// use tagoio::clock::{Clock, ManualClock};
///
/// let clock = ManualClock::at("2026-01-31T23:59:58Z".parse()?);
/// clock.sleep(Duration::from_secs(3));
/// assert_eq!(clock.utc().to_rfc3339(), "2026-02-01T00:00:01+00:00");
/// assert_eq!(clock.sleeps(), [Duration::from_secs(3)]);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug)]
pub struct ManualClock {
    start: DateTime<Utc>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    elapsed: Duration,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that shows this date and time.
    pub fn at(start: DateTime<Utc>) -> Self {
        Self { start, state: Mutex::default() }
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.elapsed = state.elapsed.saturating_add(duration);
    }

    /// How long each wait was, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state().sleeps.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts at the beginning of 2026.
impl Default for ManualClock {
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.state().elapsed
    }

    fn utc(&self) -> DateTime<Utc> {
        TimeDelta::from_std(self.now())
            .ok()
            .and_then(|elapsed| self.start.checked_add_signed(elapsed))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
        self.state().sleeps.push(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computers_clock_goes_on_while_it_waits() {
        let clock = SystemClock;
        let (before, wait) = (clock.now(), Duration::from_millis(2));
        clock.sleep(wait);
        assert!(clock.now() >= before + wait);
    }

    #[test]
    fn a_clock_minute_ends_when_the_next_one_begins() {
        for (now, milliseconds) in
            [("2026-01-31T12:45:00Z", 60_000), ("2026-01-31T12:45:09.250Z", 50_750), ("2026-01-31T23:59:59.999Z", 1)]
        {
            assert_eq!(until_next_minute(now.parse().unwrap()), Duration::from_millis(milliseconds), "{now}");
        }
        assert_eq!(until_next_minute(DateTime::<Utc>::MAX_UTC), Duration::from_secs(60), "there is no next one");
        assert_eq!(next_minute(DateTime::<Utc>::MAX_UTC), None);
    }
}
