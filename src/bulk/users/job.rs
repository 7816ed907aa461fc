use super::selection::{SelectedUser, UserSelection};
use crate::bulk::{Bulk, Halt, Outcome, Progress, Report, Task};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;

/// Work on users who were looked up: [`delete_all`](crate::run::UsersApi::delete_all),
/// [`send_many`](crate::run::NotificationsApi::send_many). Nothing is done until it is run.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::Bulk;
/// use tagoio::run::UserQuery;
/// # let tago = tagoio::sandbox::Sandbox::new().client()?;
///
/// let leavers = tago.run().users().delete_all(UserQuery::new().tag("site", "porto"))?;
/// println!("{} users would be deleted", leavers.len()); // a dry run so far
/// let report = leavers.run(&Bulk::new(&tago).jobs(4));
/// # assert!(report.is_complete());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is done until `run` is called"]
pub struct UserJob<T> {
    client: Client,
    users: Vec<SelectedUser>,
    tasks: Vec<T>,
}

impl<T: Task> UserJob<T> {
    pub(crate) fn new(client: &Client, users: &UserSelection, task: impl Fn(&UserId) -> T) -> Result<Self> {
        let users = users.resolve(client)?;
        let tasks = users.iter().map(|user| task(&user.id)).collect();
        Ok(Self { client: client.clone(), users, tasks })
    }

    /// The users it is about.
    pub fn users(&self) -> &[SelectedUser] {
        &self.users
    }

    /// What is to be done to each of the users, in their order.
    pub fn tasks(&self) -> &[T] {
        &self.tasks
    }

    /// How many users it is about.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether it is about nobody.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Does it, in the way that the [`Bulk`] says: how many at once, within which rate limits, with which journal.
    ///
    /// The [`Bulk`] has to be of a client of the same token and region as the one that looked the users up: in another
    /// profile nobody of them would be there, and who isn't there counts as deleted. With another one nothing is sent, and
    /// it [fails](Outcome::Failed) for every user.
    pub fn run(&self, bulk: &Bulk<'_>) -> UserReport {
        let report = if bulk.client().acts_as(&self.client) { bulk.run(&self.tasks) } else { self.refused() };
        let users = self.users.iter().cloned().zip(report.outcomes);
        UserReport {
            users: users.map(|(SelectedUser { id, email, .. }, outcome)| UserOutcome { id, email, outcome }).collect(),
            progress: report.progress,
            halt: report.halt,
        }
    }

    fn refused(&self) -> Report {
        let refusal =
            || Error::config("bulk work", "it is of another token or region than the client that looked the users up");
        let outcomes: Vec<Outcome> = self.users.iter().map(|_| Outcome::Failed(refusal())).collect();
        let (total, failed) = (outcomes.len(), outcomes.len());
        Report { outcomes, progress: Progress { total, failed, ..Progress::default() }, halt: None }
    }
}

/// What came of work on users.
///
/// ```
/// use tagoio::bulk::users::UserReport;
///
/// fn tell(report: &UserReport) {
///     for user in report.failures() {
///         eprintln!("{} ({:?}): {:?}", user.id, user.email, user.outcome);
///     }
///     if !report.is_complete() {
///         eprintln!("{} of {} users are done", report.users.len() - report.failures().count(), report.users.len());
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "some users may have been left out"]
#[non_exhaustive]
pub struct UserReport {
    /// What came of it for each user, in the order of [`UserJob::users`].
    pub users: Vec<UserOutcome>,
    /// The same, counted.
    pub progress: Progress,
    /// Why it ended before every user's turn came; `None` when it didn't.
    pub halt: Option<Halt>,
}

/// What came of work on a user.
#[derive(Debug)]
#[non_exhaustive]
pub struct UserOutcome {
    /// The user's id.
    pub id: UserId,
    /// The e-mail address; `None` when the user was selected by the id.
    pub email: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

impl UserReport {
    /// Whether it is done for every user.
    pub fn is_complete(&self) -> bool {
        self.halt.is_none() && self.failures().next().is_none()
    }

    /// The users for whom it isn't done, or isn't known to be.
    pub fn failures(&self) -> impl Iterator<Item = &UserOutcome> {
        self.users.iter().filter(|user| user.outcome.done().is_none())
    }
}
