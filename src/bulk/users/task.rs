use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::super::digest::digest;
use super::super::{Action, Before, DeleteUser, Done, Task};
use super::address::key_of;
use super::difference::{Change, Difference};
use super::list::Listed;
use super::options::{SyncOptions, TagPolicy};
use super::plan::problems_of_new;
use super::record::UserRecord;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::profile::Service;
use crate::run::{UserEdit, UserInfo};
use crate::transport::{Method, Route};

/// What a plan does with a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Intent {
    /// There is none of this e-mail address.
    Create,
    /// It differs from its record.
    Update,
    /// It is as its record wants it.
    Unchanged,
    /// It isn't in the list.
    Delete,
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Delete => "delete",
        })
    }
}

/// A step of a plan, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The line of the record; `None` for a user that isn't in the list.
    pub line: Option<u64>,
    /// The e-mail address.
    pub email: &'a str,
    /// The user's id, unless it is yet to be created.
    pub id: Option<&'a UserId>,
    /// What is done.
    pub intent: Intent,
    /// The fields that change; of a user that is created, those that the record fills.
    pub changes: Cow<'a, [Change]>,
}

/// A step of a [`UserPlan`](super::UserPlan), to be done.
///
/// It never creates a user twice, and may be done again: when a try before may have taken effect, or TagoIO refuses to
/// create the user, it looks for the e-mail address. A user who is there by then, whoever created it, is changed to what
/// the record wants.
///
/// Its [key](Task::key) is the e-mail address in lower case and a digest of the record without its password, so a record
/// that changed is another task to a journal, unless it is the password alone; of a user to be deleted, it is the id.
#[derive(Debug, Clone)]
pub struct UserTask {
    line: Option<u64>,
    email: String,
    key: String,
    work: Work,
}

#[derive(Debug, Clone)]
enum Work {
    Create(Wanted),
    Update { id: UserId, how: How, changes: Vec<Change> },
    Unchanged { id: UserId },
    Delete { id: UserId },
}

/// How a user is changed.
#[derive(Debug, Clone)]
enum How {
    /// As it was planned.
    Edit(Box<UserEdit>),
    /// By what is missing when it comes to it: TagoIO replaces as a whole what the list gives a part of.
    Merge(Wanted),
}

/// What a list wants of a user.
#[derive(Debug, Clone)]
struct Wanted {
    listed: Box<Listed>,
    options: Arc<SyncOptions>,
}

impl Wanted {
    fn record(&self) -> &UserRecord {
        &self.listed.record
    }

    fn difference(&self, user: &UserInfo) -> Difference {
        Difference::between(user, &self.listed.beside(user.custom_preferences.as_deref()), &self.options)
    }

    /// Whether the edit that makes this difference has in it what a user has besides.
    fn is_merged(&self, Difference { edit, .. }: &Difference) -> bool {
        edit.options.as_ref().is_some()
            || edit.custom_preferences.as_ref().is_some()
            || (self.options.tags == TagPolicy::Merge && edit.tags.as_ref().is_some())
    }
}

impl UserTask {
    /// Brings a record to TagoIO, where there is this user of its e-mail address.
    pub(super) fn sync(listed: Listed, user: Option<&UserInfo>, options: &Arc<SyncOptions>) -> Self {
        let key = key(&listed.record, options);
        let (line, email) = (Some(listed.line), listed.record.email.clone());
        let wanted = Wanted { listed: Box::new(listed), options: Arc::clone(options) };
        let work = match user.map(|user| (user.id.clone(), wanted.difference(user))) {
            None => Work::Create(wanted),
            Some((id, difference)) if difference.changes.is_empty() => Work::Unchanged { id },
            Some((id, difference)) => {
                let is_merged = wanted.is_merged(&difference);
                let how = if is_merged { How::Merge(wanted) } else { How::Edit(Box::new(difference.edit)) };
                Work::Update { id, how, changes: difference.changes }
            }
        };
        Self { line, email, key, work }
    }

    pub(super) fn delete(id: UserId, email: String) -> Self {
        Self { line: None, email, key: id.as_str().to_owned(), work: Work::Delete { id } }
    }

    /// What it does, to be shown.
    pub fn step(&self) -> Step<'_> {
        let (intent, id, changes): (_, _, Cow<'_, [Change]>) = match &self.work {
            Work::Create(wanted) => (Intent::Create, None, created(wanted.record(), &wanted.options).into()),
            Work::Update { id, changes, .. } => (Intent::Update, Some(id), changes.into()),
            Work::Unchanged { id } => (Intent::Unchanged, Some(id), (&[]).into()),
            Work::Delete { id } => (Intent::Delete, Some(id), (&[]).into()),
        };
        Step { line: self.line, email: &self.email, id, intent, changes }
    }

    pub(super) fn intent(&self) -> Intent {
        match self.work {
            Work::Create(_) => Intent::Create,
            Work::Update { .. } => Intent::Update,
            Work::Unchanged { .. } => Intent::Unchanged,
            Work::Delete { .. } => Intent::Delete,
        }
    }
}

impl Task for UserTask {
    fn key(&self) -> Cow<'_, str> {
        self.key.as_str().into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        match &self.work {
            Work::Create(wanted) => create(client, wanted, before).map(Done::from),
            Work::Update { id, how: How::Edit(edit), changes } => {
                client.run().users().edit(id, edit)?;
                Ok(Synced { id: id.clone(), action: Action::Updated, changes: changes.clone() }.into())
            }
            Work::Update { id, how: How::Merge(wanted), changes } => {
                merge(client, id, wanted, changes, before).map(Done::from)
            }
            Work::Unchanged { id } => Ok(Done::new(Action::Unchanged).id(id.as_str())),
            Work::Delete { id } => DeleteUser::new(id).run(client, before),
        }
    }

    fn route(&self) -> Option<Route> {
        match &self.work {
            Work::Create(_) => Some(Route::new(Method::Post, "/run/users")),
            Work::Update { .. } => Some(Route::new(Method::Put, "/run/users/{user}")),
            Work::Unchanged { .. } => None,
            Work::Delete { id } => DeleteUser::new(id).route(),
        }
    }

    fn takes(&self) -> Option<Service> {
        matches!(self.work, Work::Create { .. }).then_some(Service::RunUsers)
    }

    /// Nobody is gone before the others are there.
    fn waits_for_others(&self) -> bool {
        matches!(self.work, Work::Delete { .. })
    }
}

/// What became of a user that was to be as a record wants it.
#[derive(Debug)]
pub(crate) struct Synced {
    pub(crate) id: UserId,
    /// Created, updated or unchanged.
    pub(crate) action: Action,
    pub(crate) changes: Vec<Change>,
}

impl From<Synced> for Done {
    fn from(synced: Synced) -> Self {
        let fields = synced.changes.iter().map(|change| change.field);
        Self::new(synced.action).id(synced.id.as_str()).changed(fields)
    }
}

/// Brings a single record to TagoIO, whoever is there.
pub(crate) fn sync_one(client: &Client, record: &UserRecord, tags: TagPolicy, before: Before) -> Result<Synced> {
    let problems = record.problems().into_iter().map(|(column, problem)| (column.to_string(), problem.to_owned()));
    refuse(problems.collect())?;
    let options = SyncOptions::new().tags(tags);
    let present = client.run().users().find_by_email(&record.email)?;
    if present.is_none() {
        let problems = problems_of_new(1, record, &options).into_iter();
        refuse(problems.map(|problem| (problem.column.unwrap_or_default(), problem.message)).collect())?;
    }
    let wanted = Wanted { listed: Box::new(Listed::new(1, record.clone())), options: Arc::new(options) };
    match present {
        Some(user) => adapt(client, user, &wanted, before),
        None => create_or_adapt(client, &wanted, before),
    }
}

fn refuse(problems: Vec<(String, String)>) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let problems: Vec<_> = problems.into_iter().map(|(field, problem)| format!("`{field}` {problem}")).collect();
    Err(Error::config("user record", problems.join("; ")))
}

/// Changes a user as it is by now.
fn merge(client: &Client, id: &UserId, wanted: &Wanted, planned: &[Change], before: Before) -> Result<Synced> {
    let users = client.run().users();
    let Difference { edit, changes } = wanted.difference(&users.info(id)?);
    let id = id.clone();
    if !changes.is_empty() {
        users.edit(&id, &edit)?;
        return Ok(Synced { id, action: Action::Updated, changes });
    }
    // Most likely it was the try before whose answer got lost.
    Ok(if before.maybe_done {
        Synced { id, action: Action::Updated, changes: planned.to_vec() }
    } else {
        Synced { id, action: Action::Unchanged, changes: Vec::new() }
    })
}

fn create(client: &Client, wanted: &Wanted, before: Before) -> Result<Synced> {
    if before.maybe_done {
        if let Some(user) = client.run().users().find_by_email(&wanted.record().email)? {
            return adapt(client, user, wanted, before);
        }
    }
    create_or_adapt(client, wanted, before)
}

/// Creates a user or, should TagoIO refuse it because there is one by now, changes that one.
fn create_or_adapt(client: &Client, wanted: &Wanted, before: Before) -> Result<Synced> {
    let (users, record, options) = (client.run().users(), wanted.record(), &wanted.options);
    let new = record.to_new_user(options.default_timezone.as_deref());
    match users.create(&new) {
        Ok(id) => Ok(Synced { id, action: Action::Created, changes: Vec::new() }),
        Err(error) if may_be_taken(&error) => match users.find_by_email(&record.email)? {
            Some(user) => adapt(client, user, wanted, before),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Whether TagoIO may have refused because somebody has the e-mail address already. Its sentence isn't documented, so
/// any refusal that has no other reason is worth a look.
fn may_be_taken(error: &Error) -> bool {
    matches!(error, Error::Api(_))
        && !error.maybe_delivered()
        && !error.is_rate_limited()
        && !error.is_unauthorized()
        && !error.is_permission_denied()
        && !error.is_limit_reached()
}

/// Makes a user who is there as the record wants it.
fn adapt(client: &Client, user: UserInfo, wanted: &Wanted, before: Before) -> Result<Synced> {
    let users = client.run().users();
    let user = if wanted.record().goes_beyond_lists() { users.info(&user.id)? } else { user };
    let Difference { edit, changes } = wanted.difference(&user);
    if !changes.is_empty() {
        users.edit(&user.id, &edit)?;
    }
    // That a password is set once more makes it no other user.
    let as_created = changes.iter().all(|change| change.field == "password");
    let (action, changes) = match (before.maybe_done && as_created, changes.is_empty()) {
        (true, _) => (Action::Created, Vec::new()),
        (false, true) => (Action::Unchanged, Vec::new()),
        (false, false) => (Action::Updated, changes),
    };
    Ok(Synced { id: user.id, action, changes })
}

/// What a creation sets, but for the e-mail address.
fn created(record: &UserRecord, options: &SyncOptions) -> Vec<Change> {
    let nobody = UserInfo::nobody();
    let new = record.to_new_user(options.default_timezone.as_deref());
    let mut wanted = record.clone();
    wanted.timezone = new.timezone.into();
    let mut changes = Difference::between(&nobody, &wanted, &options.clone().set_passwords(true)).changes;
    if new.generate_password.as_ref() == Some(&true) {
        changes.push(Change { field: "generate_password", from: None, to: Some("true".to_owned()) });
    }
    changes
}

/// The e-mail address and a digest of what is wanted.
fn key(record: &UserRecord, options: &SyncOptions) -> String {
    let mut wanted = record.clone();
    let has_password = std::mem::take(&mut wanted.password).into_option().is_some();
    // Whether others are deleted makes no difference to this user.
    let options = options.clone().delete_missing(false);
    format!("{}#{}", key_of(&record.email), digest(&(wanted, has_password, options)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_tells_what_is_wanted_apart_and_holds_no_password() {
        let base = json!({"email": "Jane@X.io", "name": "Jane", "password": "canary-1"});
        let key_of = |change: serde_json::Value, options: &SyncOptions| {
            let mut record = base.clone();
            record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            key(&serde_json::from_value(record).unwrap(), options)
        };
        let options = SyncOptions::new();
        let first = key_of(json!({}), &options);
        assert_eq!(first, "jane@x.io#1fbe831ea38c24f7", "a journal of an earlier version knows it by this");
        for (change, options, same) in [
            (json!({"password": "canary-2"}), options.clone(), true),
            (json!({}), options.clone().delete_missing(true), true),
            (json!({"name": "Ann"}), options.clone(), false),
            (json!({"phone": null}), options.clone(), false),
            (json!({"tags": {"a": "1"}}), options.clone(), false),
            (json!({}), options.clone().set_passwords(true), false),
            (json!({}), options.clone().tags(super::super::TagPolicy::Replace), false),
        ] {
            assert_eq!(key_of(change.clone(), &options) == first, same, "{change} {options:?}");
        }
    }
}
