//! Looking again and again until something is as it should be, by a clock and for so long at most.

use std::time::Duration;

use crate::clock::Clock;
use crate::error::Result;

/// How long the pauses between looks are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    /// How many halves of the pause before each further one is.
    pub(crate) halves: u32,
}

/// A wait with a deadline.
pub(crate) struct Wait<'a> {
    clock: &'a dyn Clock,
    began: Duration,
    deadline: Duration,
    next: Duration,
    pauses: Pauses,
}

/// The time is over; it was waited for so long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Over(pub(crate) Duration);

/// What a wait ended with.
pub(crate) enum Outcome<T> {
    Done(T),
    /// How it was when it was last seen, and how long it was waited for.
    TooLate(T, Duration),
}

impl<'a> Wait<'a> {
    /// Begins to wait.
    pub(crate) fn new(clock: &'a dyn Clock, deadline: Duration, pauses: Pauses) -> Self {
        Self { clock, began: clock.now(), deadline, next: pauses.first, pauses }
    }

    /// Pauses for at least as long as is asked for, as far as there is time.
    pub(crate) fn pause(&mut self, asked: Duration) -> std::result::Result<(), Over> {
        let waited = self.clock.now().saturating_sub(self.began);
        let left = self.deadline.saturating_sub(waited);
        if left.is_zero() {
            return Err(Over(waited));
        }
        self.clock.sleep(self.next.max(asked).min(left));
        let Pauses { longest, halves, .. } = self.pauses;
        self.next = (self.next.saturating_mul(halves) / 2).min(longest);
        Ok(())
    }

    /// Looks, at least once, until it is done or the time is over. Tells what is found at first, and then whenever it has
    /// changed. Failures that pass are waited out; when there was nothing else, the last of them is what comes of it.
    pub(crate) fn until<T: Clone + PartialEq>(
        mut self,
        mut look: impl FnMut() -> Result<T>,
        mut on_change: impl FnMut(&T),
        is_done: impl Fn(&T) -> bool,
    ) -> Result<Outcome<T>> {
        let mut known: Option<T> = None;
        loop {
            let found = match look() {
                Err(error) if !error.is_retryable() => return Err(error),
                found => found,
            };
            if let Ok(found) = &found {
                if known.as_ref() != Some(found) {
                    on_change(found);
                    known = Some(found.clone());
                }
                if is_done(found) {
                    return Ok(Outcome::Done(found.clone()));
                }
            }
            let asked = found.as_ref().err().and_then(crate::Error::retry_after).unwrap_or_default();
            if let Err(Over(waited)) = self.pause(asked) {
                return match known {
                    Some(known) => Ok(Outcome::TooLate(known, waited)),
                    None => found.map(|found| Outcome::TooLate(found, waited)),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_grow_up_to_the_longest_and_end_with_the_deadline() {
        for (halves, deadline, slept) in [
            (3, 25, vec![4_000, 6_000, 9_000, 6_000]),
            (4, 25, vec![4_000, 8_000, 10_000, 3_000]),
            (2, 13, vec![4_000, 4_000, 4_000, 1_000]),
            (3, 0, vec![]),
        ] {
            let clock = ManualClock::default();
            let pauses = Pauses { first: seconds(4), longest: seconds(10), halves };
            let mut wait = Wait::new(&clock, seconds(deadline), pauses);
            while wait.pause(Duration::ZERO).is_ok() {}
            assert_eq!(clock.sleeps(), slept.into_iter().map(Duration::from_millis).collect::<Vec<_>>());
            assert_eq!(wait.pause(Duration::ZERO), Err(Over(seconds(deadline))));
        }
    }

    #[test]
    fn a_pause_is_as_long_as_is_asked_for_and_the_next_one_is_not() {
        let clock = ManualClock::default();
        let pauses = Pauses { first: seconds(4), longest: seconds(10), halves: 4 };
        let mut wait = Wait::new(&clock, seconds(60), pauses);
        for asked in [0, 20, 0, 90] {
            wait.pause(seconds(asked)).unwrap();
        }
        assert_eq!(clock.sleeps(), [4, 20, 10, 26].map(seconds));
    }
}
