use super::super::stop::Stop;
use super::list::UserList;
use super::options::SyncOptions;
use super::plan::{PlanError, UserPlan};
use super::watch::{PlanProgress, Watch};
use crate::client::Client;

/// Makes a [`UserPlan`] that somebody waits for: they are told how far it is, and can stop it.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::Stop;
/// use tagoio::bulk::users::{PlanError, SyncOptions, UserList, UserPlanner};
/// # let tago = tagoio::sandbox::Sandbox::new().client()?;
///
/// let list = UserList::from_json_lines(r#"{"email": "beatriz.almeida@example.com", "phone": "+351 1"}"#.as_bytes())?;
/// let stop = Stop::new();
/// let planner = UserPlanner::new(&tago)
///     .options(&SyncOptions::new().delete_missing(true))
///     .stop(&stop)
///     .on_progress(|progress| eprintln!("{} users read", progress.done));
/// assert_eq!(planner.plan(list.clone())?.counts().delete, 23);
///
/// stop.request();
/// assert!(matches!(planner.plan(list), Err(PlanError::Stopped)));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is looked up until `plan` is called"]
pub struct UserPlanner<'a> {
    client: &'a Client,
    options: SyncOptions,
    watch: Watch<'a>,
}

impl<'a> UserPlanner<'a> {
    /// A plan that is made by this client.
    pub fn new(client: &'a Client) -> Self {
        Self { client, options: SyncOptions::new(), watch: Watch::default() }
    }

    /// Sets how a list is brought to TagoIO.
    pub fn options(mut self, options: &SyncOptions) -> Self {
        self.options = options.clone();
        self
    }

    /// Sets the switch that ends the look-ups early. What is in flight is finished first; a client whose waits follow the
    /// [`Stop::clock`] doesn't repeat it for long.
    pub fn stop(mut self, stop: &Stop) -> Self {
        self.watch.stop = stop.clone();
        self
    }

    /// Tells of each user that is looked up, one at a time and in order, but from any thread. It should be brief.
    pub fn on_progress(mut self, listener: impl FnMut(PlanProgress) + Send + 'a) -> Self {
        self.watch.listen(listener);
        self
    }

    /// Compares a list with the users that TagoIO has, as [`UserPlan::new`] does.
    ///
    /// # Errors
    ///
    /// Those of [`UserPlan::new`], and [`PlanError::Stopped`].
    pub fn plan(&self, list: UserList) -> Result<UserPlan, PlanError> {
        UserPlan::watched(self.client, list, &self.options, &self.watch)
    }
}
