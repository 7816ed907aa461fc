use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::super::stop::Stop;
use super::plan::PlanError;
use crate::error::Result;

/// How far it is known which users TagoIO has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanProgress {
    /// How many users are looked up, or read from the list of all users. It begins anew where users of a list are then
    /// read once more, for what lists don't show.
    pub done: usize,
    /// Of how many; `None` where all users are read, whose number isn't known.
    pub total: Option<usize>,
}

type Listener<'a> = Mutex<Box<dyn FnMut(PlanProgress) + Send + 'a>>;

/// Who waits for users to be looked up.
#[derive(Default)]
pub(super) struct Watch<'a> {
    pub(super) stop: Stop,
    listener: Option<Listener<'a>>,
}

impl<'a> Watch<'a> {
    pub(super) fn listen(&mut self, listener: impl FnMut(PlanProgress) + Send + 'a) {
        self.listener = Some(Mutex::new(Box::new(listener)));
    }

    /// Ends the planning once a stop is asked for.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        if self.stop.is_requested() { Err(PlanError::Stopped) } else { Ok(()) }
    }

    /// Watches one round of look-ups.
    pub(super) fn count(&self, total: Option<usize>) -> Count<'_, 'a> {
        Count { watch: self, progress: Mutex::new(PlanProgress { done: 0, total }) }
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("stop", &self.stop).finish_non_exhaustive()
    }
}

/// One round of look-ups.
pub(super) struct Count<'w, 'a> {
    watch: &'w Watch<'a>,
    progress: Mutex<PlanProgress>,
}

impl Count<'_, '_> {
    /// Looks a user up, unless a stop is asked for.
    pub(super) fn add<T>(&self, look_up: impl FnOnce() -> Result<T>) -> Result<T, PlanError> {
        self.watch.check()?;
        // A stop may have cut the tries of a request short.
        let found = look_up().map_err(|error| self.watch.check().err().unwrap_or(error.into()))?;
        // Held while the listener is told, so that it sees the number grow.
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.done += 1;
        if let Some(listener) = &self.watch.listener {
            listener.lock().unwrap_or_else(PoisonError::into_inner)(*progress);
        }
        Ok(found)
    }
}
