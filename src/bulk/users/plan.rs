use std::collections::HashMap;
use std::sync::Arc;

use super::address::{Look, key_of};
use super::existing::Existing;
use super::list::UserList;
use super::options::SyncOptions;
use super::problem::{ListError, Problem};
use super::record::{NOT_A_TIME_ZONE, UserRecord, is_time_zone};
use super::task::{Intent, Step, UserTask};
use super::watch::Watch;
use crate::client::Client;
use crate::error::Error;
use crate::id::UserId;
use crate::patch::Patch;
use crate::run::SendEmail;

/// What is to be done so that TagoIO's users are as a list wants them. Nothing is changed until its
/// [tasks](UserPlan::tasks) are run.
///
/// It speaks of the users as they were when it was made. Somebody who changes them between plan and run is not
/// overwritten where the list says nothing: a user whose tags, options or custom fields are merged is read once more for
/// that. A user who was deleted meanwhile is an error of that task.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::Bulk;
/// use tagoio::bulk::users::{SyncOptions, UserList, UserPlan};
/// # let tago = tagoio::sandbox::Sandbox::new().client()?;
///
/// let file = r#"{"email": "beatriz.almeida@example.com", "tags": {"site": "porto"}}
/// {"email": "jane@example.com", "name": "Jane", "generate_password": true}"#;
/// let list = UserList::from_json_lines(file.as_bytes())?;
/// let plan = UserPlan::new(&tago, list, &SyncOptions::new().default_timezone("Europe/Lisbon"))?;
/// for step in plan.steps() {
///     println!("{} {} ({} fields)", step.intent, step.email, step.changes.len());
/// }
/// assert_eq!((plan.counts().update, plan.counts().create), (1, 1));
///
/// let report = Bulk::new(&tago).run(plan.tasks());
/// assert!(report.is_complete());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct UserPlan {
    tasks: Vec<UserTask>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is something wrong with the list.
    #[error(transparent)]
    List(#[from] ListError),
    /// The options can't be worked with, or a request failed.
    #[error(transparent)]
    Call(#[from] Error),
    /// A [stop](super::UserPlanner::stop) was asked for.
    #[error("stopped before it was known which users there are")]
    Stopped,
}

/// How many users a plan is about, by what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PlanCounts {
    /// How many are created.
    pub create: usize,
    /// How many are changed.
    pub update: usize,
    /// How many are as they should be.
    pub unchanged: usize,
    /// How many are deleted.
    pub delete: usize,
}

impl UserPlan {
    /// Compares a list with the users that TagoIO has. That takes one or two requests for each record of a short list,
    /// and one for a thousand users for a longer one or when missing users are to be deleted; besides one for each
    /// existing user whose record sets something that lists don't show (`newsletter`, `options`, `custom_preferences`,
    /// `force_password_change`). A [`UserPlanner`](super::UserPlanner) says meanwhile how far it is, and can be stopped.
    ///
    /// # Errors
    ///
    /// [`PlanError::List`] with all that is wrong with the list: new users who lack a name, a time zone or a password;
    /// an empty list that would have all users deleted; new users whose address looks the same as that of a user who would
    /// be deleted. [`PlanError::Call`] when a request fails, or the default time
    /// zone can't be one.
    pub fn new(client: &Client, list: UserList, options: &SyncOptions) -> Result<Self, PlanError> {
        Self::watched(client, list, options, &Watch::default())
    }

    pub(super) fn watched(
        client: &Client,
        list: UserList,
        options: &SyncOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, PlanError> {
        if options.default_timezone.as_deref().is_some_and(|name| !is_time_zone(name)) {
            return Err(Error::config("default time zone", NOT_A_TIME_ZONE).into());
        }
        if list.is_empty() && options.delete_missing {
            return Err(
                ListError { problems: vec![Problem::new(1, "the list is empty: all users would be deleted")] }.into()
            );
        }
        let Existing { mut listed, others } = Existing::of(client, &list, options.delete_missing, watch)?;
        watch.check()?;
        let options = Arc::new(options.clone());
        let mut problems = Vec::new();
        let mut tasks = Vec::with_capacity(list.len() + others.len());
        let lookalikes = Lookalikes::among(&others);
        for entry in list.entries {
            let user = listed.remove(&key_of(&entry.record.email));
            if user.is_none() {
                problems.extend(problems_of_new(entry.line, &entry.record, &options));
                problems.extend(lookalikes.problem(entry.line, &entry.record.email));
            }
            tasks.push(UserTask::sync(entry, user.as_ref(), &options));
        }
        tasks.extend(others.into_iter().map(|(id, email)| UserTask::delete(id, email)));
        Ok(ListError::unless(problems, Self { tasks })?)
    }

    /// The tasks, for [`Bulk::run`](super::super::Bulk::run): the records in the order of the list, then the users to be
    /// deleted, who are only once all the others are as they should be. Those that are as they should be are among them, and are done without a request.
    pub fn tasks(&self) -> &[UserTask] {
        &self.tasks
    }

    /// What each task does, to be shown.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step<'_>> {
        self.tasks.iter().map(UserTask::step)
    }

    /// How many users it is about.
    pub fn counts(&self) -> PlanCounts {
        self.tasks.iter().fold(PlanCounts::default(), |mut counts, task| {
            *match task.intent() {
                Intent::Create => &mut counts.create,
                Intent::Update => &mut counts.update,
                Intent::Unchanged => &mut counts.unchanged,
                Intent::Delete => &mut counts.delete,
            } += 1;
            counts
        })
    }
}

/// The users who would be deleted, by how their addresses look.
struct Lookalikes<'a> {
    by_outline: HashMap<String, Vec<(Look, &'a UserId)>>,
}

impl<'a> Lookalikes<'a> {
    fn among(users: &'a [(UserId, String)]) -> Self {
        let mut by_outline: HashMap<String, Vec<_>> = HashMap::with_capacity(users.len());
        for (id, email) in users {
            let look = Look::of(email);
            by_outline.entry(look.outline()).or_default().push((look, id));
        }
        Self { by_outline }
    }

    /// A user would be deleted because a list writes the address in a way that nobody can see.
    fn problem(&self, line: u64, email: &str) -> Option<Problem> {
        let look = Look::of(email);
        let candidates = self.by_outline.get(&look.outline())?;
        let (_, id) = candidates.iter().find(|(other, _)| other.is_like(&look))?;
        let message = format!("looks the same as that of the user {id}, who isn't in the list and would be deleted");
        Some(Problem::at(line, "email", message))
    }
}

/// What a record lacks whose user is to be created.
pub(super) fn problems_of_new(line: u64, record: &UserRecord, options: &SyncOptions) -> Vec<Problem> {
    let has_password = record.password.as_ref().is_some() || record.generate_password.as_ref() == Some(&true);
    let mails = !matches!(record.send_email, Patch::Keep | Patch::Set(SendEmail::Welcome(false)));
    let mut problems = Vec::new();
    for (column, lacks) in [
        ("name", record.name.as_ref().is_none()),
        ("timezone", record.timezone.as_ref().is_none() && options.default_timezone.is_none()),
        ("password", !has_password && !options.generate_passwords),
    ] {
        if lacks {
            problems.push(Problem::at(line, column, "is missing: there is no such user yet, and a new one needs it"));
        }
    }
    if mails && record.active.as_ref() == Some(&false) {
        problems.push(Problem::at(line, "send_email", "can't be on for a new user who isn't active"));
    }
    problems
}
