use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::{Clock, SystemClock};

/// The longest sleep of a [`Stop::clock`] once a stop is asked for.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A switch that ends work early: nothing new begins, and what is in flight is finished. Clones are the same switch.
///
/// ```
/// use tagoio::bulk::Stop;
///
/// let stop = Stop::new();
/// let for_ctrl_c = stop.clone();
/// assert!(!stop.is_requested());
/// for_ctrl_c.request();
/// assert!(stop.is_requested());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop {
    switch: Arc<Switch>,
}

#[derive(Debug, Default)]
struct Switch {
    requested: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// A switch that isn't pressed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a stop. It can't be taken back.
    pub fn request(&self) {
        *self.lock() = true;
        self.switch.changed.notify_all();
    }

    /// Whether a stop is asked for.
    pub fn is_requested(&self) -> bool {
        *self.lock()
    }

    /// Waits, by the computer's clock, until a stop is asked for, but not for longer than this. Gives whether it is.
    pub fn wait(&self, at_most: Duration) -> bool {
        let requested = self.switch.changed.wait_timeout_while(self.lock(), at_most, |requested| !*requested);
        *requested.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The computer's clock, but a sleep ends when a stop is asked for, and from then on lasts one second at most.
    ///
    /// With it, a [`Retry`](crate::transport::Retry) below doesn't keep the end of the work waiting:
    ///
    /// ```no_run
    /// # #[cfg(feature = "ureq")] {
    /// use tagoio::Client;
    /// use tagoio::bulk::Stop;
    /// use tagoio::transport::{Retry, RetryPolicy, UreqTransport};
    ///
    /// let stop = Stop::new();
    /// let retry = Retry::new(UreqTransport::new()?, RetryPolicy::default()).with_clock(stop.clock());
    /// let tago = Client::builder().token_from_env().transport(retry).build()?;
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(StopClock(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.switch.requested.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct StopClock(Stop);

impl Clock for StopClock {
    fn now(&self) -> Duration {
        SystemClock.now()
    }

    fn utc(&self) -> DateTime<Utc> {
        SystemClock.utc()
    }

    fn sleep(&self, duration: Duration) {
        if self.0.is_requested() {
            SystemClock.sleep(duration.min(LONGEST_SLEEP));
        } else {
            self.0.wait(duration);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_the_stop_comes_or_the_time_is_over() {
        let stop = Stop::new();
        assert!(!stop.wait(Duration::ZERO));
        std::thread::scope(|scope| {
            // Nobody but the switch ends this wait.
            let wait = scope.spawn(|| stop.wait(Duration::MAX));
            stop.request();
            assert!(wait.join().unwrap());
        });
        assert!(stop.wait(Duration::MAX), "it stays pressed");
    }

    #[test]
    fn its_clock_is_the_computers() {
        const A_MOMENT: Duration = Duration::from_millis(1);

        let stop = Stop::new();
        let clock = stop.clock();
        for is_requested in [false, true] {
            assert_eq!(stop.is_requested(), is_requested);
            let before = SystemClock.now();
            clock.sleep(A_MOMENT);
            assert!(clock.now() >= before + A_MOMENT);
            stop.request();
        }
    }
}
