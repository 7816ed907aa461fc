use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::task::{Action, Before, Done};
use crate::error::Error;
use crate::profile::Service;

/// What came of one task.
///
/// ```
/// use tagoio::bulk::Outcome;
///
/// fn text(outcome: &Outcome) -> String {
///     match outcome {
///         Outcome::Done(done) | Outcome::Resumed(done) => done.action.to_string(),
///         Outcome::Uncertain(error) => format!("may be done: {error}"),
///         Outcome::Failed(error) => format!("failed: {error}"),
///         _ => "not tried".to_owned(),
///     }
/// }
/// assert_eq!(text(&Outcome::NotTried), "not tried");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It is done.
    Done(Done),
    /// It was done in an earlier run, as the journal tells.
    Resumed(Done),
    /// It isn't done, or a repeat does no harm.
    Failed(Error),
    /// It may be done, in this run or an earlier one, and to do it again could do it twice.
    Uncertain(Error),
    /// The work was stopped before, or a limit was reached: [`Report::halt`] says which.
    NotTried,
}

impl Outcome {
    /// What was done, in this run or an earlier one.
    pub fn done(&self) -> Option<&Done> {
        match self {
            Self::Done(done) | Self::Resumed(done) => Some(done),
            Self::Failed(_) | Self::Uncertain(_) | Self::NotTried => None,
        }
    }

    /// Why it isn't done, or not known to be.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) | Self::Uncertain(error) => Some(error),
            Self::Done(_) | Self::Resumed(_) | Self::NotTried => None,
        }
    }
}

/// What came of the whole work.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// # use tagoio::bulk::{Bulk, DeleteUser};
/// # let sandbox = tagoio::sandbox::Sandbox::new();
/// # let tago = sandbox.client()?;
/// # let tasks: Vec<_> = sandbox.users().iter().take(3).map(|user| DeleteUser::new(&user.id)).collect();
/// let report = Bulk::new(&tago).run(&tasks);
/// for (task, outcome) in tasks.iter().zip(&report.outcomes) {
///     if let Some(error) = outcome.error() {
///         eprintln!("{task:?}: {error}");
///     }
/// }
/// if let Some(halt) = &report.halt {
///     eprintln!("it ended early: {halt:?}");
/// }
/// # assert!(report.is_complete());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "tasks may have failed"]
#[non_exhaustive]
pub struct Report {
    /// What came of each task, in the order of the tasks.
    pub outcomes: Vec<Outcome>,
    /// The same, counted.
    pub progress: Progress,
    /// Why it ended before every task was tried; `None` when it didn't.
    pub halt: Option<Halt>,
}

impl Report {
    /// Whether every task is done.
    pub fn is_complete(&self) -> bool {
        self.halt.is_none() && self.outcomes.iter().all(|outcome| outcome.done().is_some())
    }
}

/// Why work ends before every task was tried.
#[derive(Debug)]
#[non_exhaustive]
pub enum Halt {
    /// The plan or the allocation has no more of this. The tasks that [take](super::Task::takes) none of it were tried.
    LimitReached(Service),
    /// Not all of the others are done that some tasks [wait for](super::Task::waits_for_others): those weren't tried.
    OthersUndone,
    /// Somebody [asked for it](super::Stop::request).
    Asked,
    /// TagoIO doesn't know the token (any more): every task would fail.
    Unauthorized,
    /// The journal can't be written: what is done from then on would be done again after a resumption.
    Journal(Error),
}

/// How far the work is.
///
/// ```
/// use std::time::Duration;
/// use tagoio::bulk::{Action, Progress};
///
/// let mut progress = Progress::default();
/// (progress.total, progress.failed, progress.elapsed) = (100, 5, Duration::from_secs(10));
/// progress.done.insert(Action::Created, 15);
/// assert_eq!((progress.finished(), progress.rate()), (20, Some(2.0)));
/// assert_eq!(progress.time_left(), Some(Duration::from_secs(40)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// How many tasks there are.
    pub total: usize,
    /// How many are done by this run, by what was done. See [`count`](Progress::count).
    pub done: BTreeMap<Action, usize>,
    /// How many were done in an earlier run.
    pub resumed: usize,
    /// How many failed.
    pub failed: usize,
    /// Of how many it isn't known whether they are done.
    pub uncertain: usize,
    /// How many were not tried, because the work was stopped or a limit was reached.
    pub not_tried: usize,
    /// The time since the work began.
    pub elapsed: Duration,
}

impl Progress {
    /// How many tasks ended with an action, in this run.
    pub fn count(&self, action: &Action) -> usize {
        self.done.get(action).copied().unwrap_or_default()
    }

    /// How many tasks are dealt with, whatever came of them.
    pub fn finished(&self) -> usize {
        self.worked_on() + self.resumed + self.not_tried
    }

    /// How many tasks are dealt with in a second, on average, not counting those that an earlier run did. `None` before
    /// any time has passed.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (seconds > 0.0).then(|| self.worked_on() as f64 / seconds)
    }

    /// How long it takes at that rate until all are dealt with. `None` before the first is.
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.finished());
        Duration::try_from_secs_f64(left as f64 / self.rate()?).ok()
    }

    fn worked_on(&self) -> usize {
        self.done.values().sum::<usize>() + self.failed + self.uncertain
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done(done) => *self.done.entry(done.action.clone()).or_default() += 1,
            Outcome::Resumed(_) => self.resumed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Uncertain(_) => self.uncertain += 1,
            Outcome::NotTried => self.not_tried += 1,
        }
    }
}

/// What happens during the work. Each task has exactly one [`Finished`](Event::Finished), whatever comes of it.
///
/// ```
/// use tagoio::bulk::Event;
///
/// fn draw(event: &Event<'_>) {
///     match event {
///         Event::Waiting { until, .. } => eprintln!("waiting until {until}"),
///         Event::Finished { progress, .. } => eprintln!("{} of {}", progress.finished(), progress.total),
///         _ => {}
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A try of a task begins.
    #[non_exhaustive]
    Started {
        /// Which of the tasks.
        index: usize,
        /// What is known of the tries before.
        before: Before,
    },
    /// A task is put off: the rate limit holds it back, or a try failed and there is another one.
    #[non_exhaustive]
    PutOff {
        /// Which of the tasks.
        index: usize,
        /// Why.
        error: &'a Error,
        /// For how long.
        wait: Duration,
    },
    /// There is nothing to do but to wait.
    #[non_exhaustive]
    Waiting {
        /// For how long.
        wait: Duration,
        /// Until when.
        until: DateTime<Utc>,
        /// What for.
        why: Wait,
    },
    /// A task is dealt with.
    #[non_exhaustive]
    Finished {
        /// Which of the tasks.
        index: usize,
        /// What came of it.
        outcome: &'a Outcome,
        /// How far the work is, with this task counted.
        progress: &'a Progress,
    },
}

/// What the work waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// For the next window of the rate limit.
    RateLimit,
    /// For the next try of what failed.
    Retry,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(total: usize, [created, failed, uncertain, resumed]: [usize; 4], seconds: u64) -> Progress {
        let (done, elapsed) = (BTreeMap::from([(Action::Created, created)]), Duration::from_secs(seconds));
        Progress { total, done, resumed, failed, uncertain, elapsed, ..Progress::default() }
    }

    #[test]
    fn the_time_left_goes_by_what_this_run_did() {
        // (created, failed, uncertain and resumed of 100, seconds, rate, seconds left)
        for (counts, seconds, rate, left) in [
            ([0, 0, 0, 0], 0, None, None),
            ([0, 0, 0, 50], 0, None, None),
            ([0, 0, 0, 50], 10, Some(0.0), None),
            ([20, 0, 0, 0], 10, Some(2.0), Some(40)),
            ([20, 0, 0, 60], 10, Some(2.0), Some(10)),
            ([40, 0, 0, 60], 10, Some(4.0), Some(0)),
            ([5, 12, 3, 60], 10, Some(2.0), Some(10)),
        ] {
            let progress = progress(100, counts, seconds);
            assert_eq!(progress.rate(), rate, "{progress:?}");
            assert_eq!(progress.time_left(), left.map(Duration::from_secs), "{progress:?}");
        }
    }
}
