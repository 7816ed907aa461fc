//! `tagoctl run notify`.

use std::collections::HashSet;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;
use tagoio::bulk::users::UserSelection;
use tagoio::bulk::{DeleteNotification, Notify};
use tagoio::run::{NewNotification, NotificationEdit};
use tagoio::{Client, NotificationId, UserId};

use super::user::filter::Filter;
use super::whom::{user_id, user_ids, whom};
use crate::bulk::{BulkArgs, Target};
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{CREATED, Columns, DELETED, UPDATED};
use crate::prompt::Danger;
use crate::request::{Fields, JsonArgs};
use crate::shape;

const NOTIFICATIONS: Columns = Columns::new(
    &["id", "created_at", "read", "title", "message"],
    &["buttons", "buttons_enabled", "buttons_autodisable", "icon"],
);

/// Who would get a notification.
const RECEIVERS: Columns = Columns::new(&["id", "user"], &[]);

/// TagoIO takes no more.
const MOST_BUTTONS: usize = 4;

const CREATE_HELP: &str = "\
Buttons are given in --json, as in
  {\"buttons\": [{\"id\": \"ack\", \"label\": \"Got it\", \"triggers\": [{\"analysis_id\": \"62b0afde…\"}]}]}

Examples:
  tagoctl run notify create --user jane@example.com --title \"Too warm\" --message \"It is -9 °C\"
  tagoctl run notify create --tag site=lisbon --title Maintenance --message \"Tonight at 10\"";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a user's notifications, the newest first
    #[command(after_help = "Example:\n  tagoctl run notify list jane@example.com")]
    List {
        /// The user
        #[arg(value_name = "ID|EMAIL", value_parser = whom)]
        user: String,
    },
    /// Send users a notification
    #[command(after_help = CREATE_HELP)]
    Create(Box<CreateArgs>),
    /// Change a notification
    #[command(after_help = "Example:\n  tagoctl run notify edit 62b0afde27ce4d0012c62256 --buttons-enabled false")]
    Edit(Box<EditArgs>),
    /// Delete notifications
    #[command(after_help = "Example:\n  tagoctl run notify delete 62b0afde27ce4d0012c62256 --yes")]
    Delete {
        /// The notifications, as `run notify list` shows them
        #[arg(required = true, value_name = "ID", value_parser = str::parse::<NotificationId>)]
        ids: Vec<NotificationId>,
        #[command(flatten)]
        danger: Danger,
        #[command(flatten)]
        bulk: BulkArgs,
    },
}

/// What a notification says.
#[derive(Debug, Args)]
struct ContentArgs {
    /// The title
    #[arg(long)]
    title: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Whether it counts as read
    #[arg(long, value_name = "true|false")]
    read: Option<bool>,
    /// The address of an image that it is shown with
    #[arg(long, value_name = "URL")]
    icon: Option<String>,
    /// Whether its buttons can be pressed
    #[arg(long, value_name = "true|false")]
    buttons_enabled: Option<bool>,
    /// Whether pressing a button disables all of them
    #[arg(long, value_name = "true|false")]
    buttons_autodisable: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Send it to this user
    #[arg(long = "user", value_name = "ID|EMAIL", value_parser = whom)]
    users: Vec<String>,
    /// Send it to all users
    #[arg(long, conflicts_with = "users")]
    all: bool,
    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    danger: Danger,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    bulk: BulkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The notification, as `run notify list` shows it
    #[arg(value_parser = str::parse::<NotificationId>)]
    id: NotificationId,
    #[command(flatten)]
    content: ContentArgs,
    /// Make these fields empty (null)
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…")]
    clear: Vec<String>,
    #[command(flatten)]
    json: JsonArgs,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::List { user } => {
                context.out.chosen(&NOTIFICATIONS)?;
                let client = context.client()?;
                let user = user_id(&client, &user)?;
                context.out.list(&NOTIFICATIONS, client.run().notifications().list(user)?)
            }
            Self::Create(args) => args.run(context),
            Self::Edit(args) => args.run(context),
            Self::Delete { ids, danger, bulk } => delete(context, ids, &danger, &bulk),
        }
    }
}

impl ContentArgs {
    fn fields(&self) -> Fields {
        Fields::default()
            .set("title", self.title.as_deref())
            .set("message", self.message.as_deref())
            .set("read", self.read)
            .set("icon", self.icon.as_deref().map(|url| json!({"image_url": url})))
            .set("buttons_enabled", self.buttons_enabled)
            .set("buttons_autodisable", self.buttons_autodisable)
    }
}

impl CreateArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let notification: NewNotification = self.json.request(self.content.fields())?;
        check(&notification).map_err(|failure| self.json.blame(failure))?;
        for (field, value) in [("title", &notification.title), ("message", &notification.message)] {
            if value.as_deref().is_none_or(str::is_empty) {
                return Err(Failure::usage("missing_field", format!("`{field}` is needed"))
                    .hint(format!("give --{field}, or `{field}` in --json")));
            }
        }
        self.check_receivers()?;
        let title = notification.title.as_deref().unwrap_or_default();
        let session = self.bulk.begin(context)?;
        let work = session.work(format!("send the notification {title}")).digest_of("notification", &notification);
        let is_single = self.users.len() == 1 && self.bulk.is_plain() && !self.bulk.is_resuming();
        let journal = match (is_single, self.danger.is_dry_run()) {
            (false, false) => {
                self.bulk.journal_file(Some(format!("tagoctl-notify-{}.journal", work.digest()).into()))?
            }
            _ => None,
        };
        let users = session.look_up(|client| {
            if self.users.is_empty() {
                selected(client, &self.filter.selection(self.all))
            } else {
                named(client, &self.users)
            }
        })?;
        let deed = match &users[..] {
            [(_, name)] => format!("send {name} the notification \"{title}\""),
            users => format!("send {} users the notification \"{title}\"", users.len()),
        };
        if self.danger.is_dry_run() {
            let rows = users.iter().map(|(id, name)| json!({"id": id, "user": name}));
            context.out.list(&RECEIVERS, rows)?;
        }
        // Whoever names users knows them; a filter may fit more than was thought.
        let asks = self.danger.is_dry_run() || self.users.is_empty() && !users.is_empty();
        if asks && !self.danger.is_meant(&deed)? {
            return Ok(());
        }
        if let ([(id, name)], true) = (&users[..], is_single) {
            context.out.chosen(&CREATED)?;
            let sent = session.client().run().notifications().create(id, &notification)?;
            return context.out.created(sent, &format!("sent to {name}"));
        }
        let notification = Arc::new(notification.clone());
        let tasks: Vec<Notify> = users.iter().map(|(id, _)| Notify::new(id, Arc::clone(&notification))).collect();
        if let Some(journal) = journal.as_ref().filter(|_| !tasks.is_empty()) {
            session.announce(journal);
        }
        session.run(work, journal.as_ref(), &tasks, |index| Target::new(users[index].1.as_str()))
    }

    /// Who gets it is said in one way.
    fn check_receivers(&self) -> Result<()> {
        self.filter.check()?;
        let ways = [!self.users.is_empty(), self.all, !self.filter.is_empty()];
        match ways.into_iter().filter(|way| *way).count() {
            1 => Ok(()),
            0 => Err(Failure::usage("missing_users", "nobody is named who is to get it")
                .hint("give --user, --all, or a filter such as --tag KEY=VALUE")),
            _ => Err(Failure::usage("conflict", "users are named, filtered, or all of them: one of these")),
        }
    }
}

impl EditArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let fields = self.content.fields().clear(&self.clear);
        if fields.is_empty() && !self.json.is_given() {
            return Err(Failure::usage("no_changes", "nothing is to be changed").hint(
                "title, message, read, icon, buttons, buttons_enabled and buttons_autodisable can be: by flags or --json",
            ));
        }
        let edit: NotificationEdit = self.json.request(fields)?;
        check(&edit).map_err(|failure| self.json.blame(failure))?;
        context.out.chosen(&UPDATED)?;
        let said = context.client()?.run().notifications().edit(&self.id, &edit)?;
        context.out.ack(&json!({"id": self.id, "updated": true}), &said)
    }
}

/// What TagoIO would refuse, or take without a word.
fn check(notification: &NewNotification) -> Result<()> {
    shape::check_notification(notification)?;
    let buttons = notification.buttons.as_deref().unwrap_or_default();
    if buttons.len() > MOST_BUTTONS {
        return Err(Failure::usage(
            "invalid_field",
            format!("`buttons`: there are {}, and {MOST_BUTTONS} is the most", buttons.len()),
        ));
    }
    for (at, button) in buttons.iter().enumerate() {
        let problem = match (button.id.as_deref(), button.label.as_deref()) {
            (None | Some(""), _) => "it has no id",
            (Some(id), _) if id.contains(char::is_whitespace) => "its id has a space in it",
            (_, None | Some("")) => "it has no label",
            _ => continue,
        };
        return Err(Failure::usage("invalid_field", format!("`buttons.{at}`: {problem}")));
    }
    Ok(())
}

/// The ids of users, each once, with what the command line calls them.
fn named(client: &Client, names: &[String]) -> Result<Vec<(UserId, String)>> {
    let mut seen = HashSet::new();
    let mut users = Vec::with_capacity(names.len());
    for (id, name) in user_ids(client, names)?.into_iter().zip(names) {
        if seen.insert(id.clone()) {
            users.push((id, name.clone()));
        }
    }
    Ok(users)
}

/// The ids of selected users, each once, with their e-mail addresses.
fn selected(client: &Client, users: &UserSelection) -> Result<Vec<(UserId, String)>> {
    let users = users.resolve(client)?.into_iter();
    Ok(users.map(|user| (user.id.clone(), user.email.unwrap_or_else(|| user.id.to_string()))).collect())
}

fn delete(context: &Context<'_>, mut ids: Vec<NotificationId>, danger: &Danger, bulk: &BulkArgs) -> Result<()> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let journal = bulk.journal_file(None)?;
    let session = bulk.begin(context)?;
    let deed = match &ids[..] {
        [id] => format!("delete the notification {id}"),
        ids => format!("delete {} notifications", ids.len()),
    };
    if !danger.is_meant(&deed)? {
        return Ok(());
    }
    if let ([id], true) = (&ids[..], bulk.is_plain()) {
        context.out.chosen(&DELETED)?;
        let said = session.client().run().notifications().delete(id)?;
        return context.out.ack(&json!({"id": id, "deleted": true}), &said);
    }
    let tasks: Vec<DeleteNotification> = ids.iter().map(DeleteNotification::new).collect();
    session
        .run(session.work("delete notifications"), journal.as_ref(), &tasks, |index| Target::new(ids[index].as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_that_tagoio_refuses_are_found() {
        let good = json!({"id": "ack", "label": "Got it", "triggers": [{"analysis_id": "1"}]});
        for (buttons, problem) in [
            (json!([good]), None),
            (json!([good, good, good, good, good]), Some("`buttons`: there are 5, and 4 is the most")),
            (json!([{"label": "a"}]), Some("`buttons.0`: it has no id")),
            (json!([good, {"id": "a b", "label": "a"}]), Some("`buttons.1`: its id has a space in it")),
            (json!([{"id": "a"}]), Some("`buttons.0`: it has no label")),
            (json!([{"id": "a", "label": "b", "trigers": []}]), Some("`buttons.0.trigers`; did you mean `triggers`?")),
            (
                json!([{"id": "a", "label": "b", "triggers": [{"analysis": "1"}]}]),
                Some("`buttons.0.triggers.0.analysis`; did you mean `analysis_id`?"),
            ),
        ] {
            let notification: NewNotification = serde_json::from_value(json!({"buttons": buttons})).unwrap();
            let found = check(&notification).err().map(|failure| format!("{failure:?}"));
            match (problem, &found) {
                (None, None) => {}
                (Some(problem), Some(found)) if found.contains(problem) => {}
                _ => panic!("{problem:?} {found:?}"),
            }
        }
    }
}
