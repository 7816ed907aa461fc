use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::report::Wait;
use super::stop::Stop;
use super::task::Before;
use crate::clock::Clock;
use crate::error::Error;
use crate::transport::Route;

/// The longest wait during which nobody looks whether a stop was asked for or something became due earlier.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits that end so close to each other are one: workers are held back one after the other.
const SAME_WAIT: Duration = Duration::from_secs(1);

/// A task on its way.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) index: usize,
    /// The route that it says it calls.
    pub(super) route: Option<Route>,
    pub(super) before: Before,
    /// Whether it may have been done by a request that can't be repeated, and nobody has found out since.
    pub(super) in_doubt: bool,
    /// Whether an earlier run may have begun it only a moment ago.
    pub(super) is_unsettled: bool,
    /// Whether the journal says that it began.
    pub(super) begun: bool,
    /// What came of the last try.
    pub(super) error: Option<Box<Error>>,
}

/// Who does what next.
///
/// Tasks come in their order. One that is put off waits until it is due and then goes before those that never began. So
/// that an outage or a closed window doesn't put off all tasks one by one, nothing new of a route begins while there are
/// as many of it waiting as there are workers. Other routes have windows of their own: their tasks go on.
pub(super) struct Queue<'a> {
    state: Mutex<State>,
    changed: Condvar,
    clock: &'a dyn Clock,
    /// Whether waiting is what moves the clock: then nobody may wait while others have something in flight.
    moved_by_waiting: bool,
    stop: &'a Stop,
    workers: usize,
}

/// The tasks of one route.
#[derive(Default)]
struct Lane {
    /// Those that never began, in their order.
    fresh: VecDeque<Pending>,
    /// How many were put off.
    waiting: usize,
}

struct State {
    lanes: HashMap<Option<Route>, Lane>,
    /// By when they are due. The index makes the key unique, and keeps the order of the tasks.
    put_off: BTreeMap<(Duration, usize), (Pending, Wait)>,
    in_flight: usize,
    /// Whether one worker sleeps until the next task is due. The others wait for its sign.
    watched: bool,
    /// Until when the last wait lasts that was told of.
    told: Option<Duration>,
    halted: bool,
}

impl<'a> Queue<'a> {
    pub(super) fn new(
        tasks: Vec<Pending>,
        workers: usize,
        stop: &'a Stop,
        clock: &'a dyn Clock,
        moved_by_waiting: bool,
    ) -> Self {
        let mut lanes = HashMap::<_, Lane>::new();
        for pending in tasks {
            lanes.entry(pending.route.clone()).or_default().fresh.push_back(pending);
        }
        let state = State { lanes, put_off: BTreeMap::new(), in_flight: 0, watched: false, told: None, halted: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), clock, moved_by_waiting, stop, workers }
    }

    /// How many workers it is for.
    pub(super) fn workers(&self) -> usize {
        self.workers
    }

    /// The next task, as soon as there is one to do; `None` when there is nothing left to do for this worker.
    ///
    /// What others have in flight is theirs: whoever puts a task off comes back for it.
    pub(super) fn take(&self, tell: impl Fn(Duration, Wait)) -> Option<(Pending, Flight<'_>)> {
        let mut state = self.lock();
        let next = loop {
            if state.halted || self.stop.is_requested() {
                break None;
            }
            let now = self.clock.now();
            if let Some(pending) = state.ready(now, self.workers) {
                break Some(pending);
            }
            let Some((due, why)) = state.next_due() else { break None };
            if state.watched || (self.moved_by_waiting && state.in_flight > 0) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.watched = true;
            let is_news = state.told.is_none_or(|told| told.abs_diff(due) > SAME_WAIT);
            state.told = Some(due);
            drop(state);
            let watch = Watch(self);
            let wait = due.saturating_sub(now);
            if is_news {
                tell(wait, why);
            }
            self.clock.sleep(wait.min(LOOK_EVERY));
            drop(watch);
            state = self.lock();
        };
        // Somebody else has to watch now.
        self.changed.notify_all();
        next.map(|pending| {
            state.in_flight += 1;
            (pending, Flight(self))
        })
    }

    /// Puts a task off.
    pub(super) fn put_off(&self, pending: Pending, wait: Duration, why: Wait) {
        let due = self.clock.now().saturating_add(wait);
        let mut state = self.lock();
        state.lane(&pending).waiting += 1;
        state.put_off.insert((due, pending.index), (pending, why));
    }

    /// Nothing begins any more.
    pub(super) fn halt(&self) {
        self.lock().halted = true;
        self.changed.notify_all();
    }

    /// What never came to an end, in the order of the tasks.
    pub(super) fn rest(&self) -> Vec<Pending> {
        let mut state = self.lock();
        let put_off = std::mem::take(&mut state.put_off).into_values().map(|(pending, _)| pending);
        let fresh = std::mem::take(&mut state.lanes).into_values().flat_map(|lane| lane.fresh);
        let mut rest: Vec<_> = put_off.chain(fresh).collect();
        rest.sort_unstable_by_key(|pending| pending.index);
        rest
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ready(&mut self, now: Duration, workers: usize) -> Option<Pending> {
        if self.next_due().is_some_and(|(due, _)| due <= now) {
            let (_, (pending, _)) = self.put_off.pop_first()?;
            self.lane(&pending).waiting -= 1;
            return Some(pending);
        }
        let open = self.lanes.values_mut().filter(|lane| lane.waiting < workers);
        let first = open.filter_map(|lane| Some((lane.fresh.front()?.index, lane))).min_by_key(|(index, _)| *index);
        first.and_then(|(_, lane)| lane.fresh.pop_front())
    }

    fn lane(&mut self, pending: &Pending) -> &mut Lane {
        self.lanes.entry(pending.route.clone()).or_default()
    }

    fn next_due(&self) -> Option<(Duration, Wait)> {
        self.put_off.first_key_value().map(|((due, _), (_, why))| (*due, *why))
    }
}

/// A task in flight, until this is dropped.
pub(super) struct Flight<'a>(&'a Queue<'a>);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight -= 1;
        state.halted |= std::thread::panicking();
        self.0.changed.notify_all();
    }
}

/// A worker that waits for the next task to be due, until this is dropped.
struct Watch<'a>(&'a Queue<'a>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.watched = false;
        if std::thread::panicking() {
            state.halted = true;
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::ManualClock;

    fn pending(index: usize) -> Pending {
        Pending { index, ..Pending::default() }
    }

    #[test]
    fn a_wait_is_told_of_once_and_so_are_two_that_end_within_a_second() {
        const FIRST: u64 = 10_000;

        // (when the second task is due, in milliseconds; how long the waits are that are told of)
        for (second, told) in [
            (FIRST, vec![FIRST]),
            (FIRST + 1_000, vec![FIRST]),
            (FIRST + 1_001, vec![FIRST, 1_001]),
            (FIRST + 60_000, vec![FIRST, 60_000]),
        ] {
            let (stop, clock) = (Stop::new(), ManualClock::default());
            let queue = Queue::new(Vec::new(), 2, &stop, &clock, true);
            for (index, due) in [FIRST, second].into_iter().enumerate() {
                queue.put_off(pending(index), Duration::from_millis(due), Wait::Retry);
            }
            let waits = Mutex::new(Vec::new());
            let mut taken = Vec::new();
            while let Some((pending, _flight)) = queue.take(|wait, _| waits.lock().unwrap().push(wait.as_millis())) {
                taken.push(pending.index);
            }
            assert_eq!(taken, [0, 1]);
            assert_eq!(
                waits.into_inner().unwrap(),
                told.into_iter().map(u128::from).collect::<Vec<_>>(),
                "{second} ms"
            );
        }
    }
}
