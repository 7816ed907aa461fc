//! Waiting for a backup.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Backup, BackupQuery, BackupStatus, BackupsApi};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::id::{BackupId, ProfileId};
use crate::wait::{Outcome, Pauses, Wait};

/// A backup that was waited for and can't be downloaded: it has failed, or it was not completed in time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupNotCompleted {
    /// The backup's id.
    pub id: BackupId,
    /// How it was when it was last seen; `None` when it wasn't in the list.
    pub backup: Option<Backup>,
    /// How long it was waited for.
    pub waited: Duration,
}

impl BackupNotCompleted {
    /// Whether it has failed: to wait longer is no use then.
    pub fn is_failed(&self) -> bool {
        self.backup.as_ref().is_some_and(Backup::is_failed)
    }
}

impl fmt::Display for BackupNotCompleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, seconds) = (&self.id, self.waited.as_secs());
        match &self.backup {
            None => write!(f, "the backup {id} is not in the list after {seconds} s"),
            Some(Backup { status: Some(BackupStatus::Failed), error_message, .. }) => {
                write!(f, "the backup {id} has failed")?;
                error_message.as_ref().map_or(Ok(()), |message| write!(f, ": {message}"))
            }
            Some(Backup { status: Some(status), .. }) => {
                write!(f, "the backup {id} is not completed after {seconds} s, but {status}")
            }
            Some(_) => write!(f, "the backup {id} is not completed after {seconds} s"),
        }
    }
}

impl std::error::Error for BackupNotCompleted {}

/// Waits until a backup is completed: [`BackupsApi::wait`].
///
/// ```no_run
/// # use std::time::Duration;
/// # use tagoio::{BackupId, ProfileId};
/// # fn run(tago: &tagoio::Client, id: &BackupId) -> tagoio::Result<()> {
/// let wait = tago.profile().backups().wait(ProfileId::CURRENT, id);
/// let backup = wait.on_change(|backup| println!("{:?}", backup.status)).until_completed(Duration::from_secs(1800))?;
/// println!("{:?} bytes", backup.file_size);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is waited for until `until_completed` is called"]
pub struct BackupWait<'a> {
    api: BackupsApi<'a>,
    profile: ProfileId,
    backup: BackupId,
    clock: Arc<dyn Clock>,
    on_change: Box<dyn FnMut(&Backup) + 'a>,
}

impl<'a> BackupWait<'a> {
    const PAUSES: Pauses = Pauses { first: Duration::from_secs(5), longest: Duration::from_secs(30), halves: 3 };

    pub(super) fn new(api: BackupsApi<'a>, profile: ProfileId, backup: BackupId) -> Self {
        Self { api, profile, backup, clock: Arc::new(SystemClock), on_change: Box::new(|_| ()) }
    }

    /// Waits by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Is called with what is found at first, and then whenever something has changed.
    pub fn on_change(mut self, call: impl FnMut(&Backup) + 'a) -> Self {
        self.on_change = Box::new(call);
        self
    }

    /// Waits for so long at most, and looks at least once. Pauses grow from 5 to 30 seconds. Failures that
    /// [pass](crate::Error::is_retryable) are waited out, too, and so is a list that doesn't have the backup yet.
    ///
    /// The retries that the client makes by itself are left out meanwhile: they would wait beyond the deadline. A request
    /// that hangs ends with the client's [time limit](crate::ClientBuilder::timeout), and may be that much later.
    ///
    /// # Errors
    ///
    /// [`Error::Backup`](crate::Error::Backup) when the backup has failed, or isn't completed when the time is over; the
    /// last failure when nothing ever was seen; otherwise as [`BackupsApi::list`].
    pub fn until_completed(mut self, deadline: Duration) -> Result<Backup> {
        let began = self.clock.now();
        let wait = Wait::new(&*self.clock, deadline, Self::PAUSES);
        // Retries below would wait on when the time is over, and failures are waited out here.
        let client = self.api.client.unretried(|transport| transport);
        let is_over = |backup: &Backup| backup.is_completed() || backup.is_failed();
        let outcome = wait.until(
            || client.profile().backups().find(&self.profile, &self.backup),
            |found| found.iter().for_each(&mut self.on_change),
            |found| found.as_ref().is_some_and(is_over),
        )?;
        let (backup, waited) = match outcome {
            Outcome::Done(Some(backup)) if backup.is_completed() => return Ok(backup),
            Outcome::Done(backup) => (backup, self.clock.now().saturating_sub(began)),
            Outcome::TooLate(backup, waited) => (backup, waited),
        };
        Err(Error::Backup(Box::new(BackupNotCompleted { id: self.backup, backup, waited })))
    }
}

impl BackupsApi<'_> {
    /// One backup, of which TagoIO has no route: it is looked for in the list, where a new one is at the beginning.
    fn find(self, profile: &ProfileId, backup: &BackupId) -> Result<Option<Backup>> {
        self.iter(profile, &BackupQuery::new())
            .find(|row| row.as_ref().map_or(true, |row| row.id == *backup))
            .transpose()
    }
}

impl fmt::Debug for BackupWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupWait")
            .field("profile", &self.profile)
            .field("backup", &self.backup)
            .finish_non_exhaustive()
    }
}
