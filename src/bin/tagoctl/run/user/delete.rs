//! `tagoctl run user delete`.

use std::collections::HashSet;

use clap::Args as ClapArgs;
use serde::Serialize;
use serde_json::json;
use tagoio::bulk::DeleteUser;
use tagoio::bulk::users::{self, SelectedUser};
use tagoio::run::UserInfo;
use tagoio::{Client, UserId};

use super::filter::Filter;
use crate::bulk::{BulkArgs, Target, beside};
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::output::{Columns, DELETED, Format, note};
use crate::prompt::Danger;
use crate::run::whom::whom;

pub(super) const EXAMPLES: &str = "\
All users are looked up before the first one is deleted. A file has an id or an e-mail address on each line.

Examples:
  tagoctl run user delete jane@example.com
  tagoctl run user delete --tag organization=acme --dry-run
  tagoctl run user delete --file leavers.txt --ignore-missing --yes";

const COLUMNS: Columns = Columns::new(&["id", "name", "email"], &[]);

/// How many users are shown before the question.
const SHOWN: usize = 10;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The users, unless --file or a filter says who
    #[arg(value_name = "ID|EMAIL", value_parser = whom)]
    users: Vec<String>,
    /// Take the users from a file, or from standard input with `-`
    #[arg(long, value_name = "FILE|-", conflicts_with = "users")]
    file: Option<Input>,
    /// Delete all users
    #[arg(long, conflicts_with_all = ["users", "file"])]
    all: bool,
    /// Pass over users that aren't there (any more)
    #[arg(long)]
    ignore_missing: bool,
    #[command(flatten)]
    danger: Danger,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    bulk: BulkArgs,
}

/// A user who is to be deleted.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Named {
    id: UserId,
    name: String,
    email: String,
}

impl From<UserInfo> for Named {
    fn from(user: UserInfo) -> Self {
        Self { id: user.id, name: user.name, email: user.email }
    }
}

impl From<SelectedUser> for Named {
    fn from(user: SelectedUser) -> Self {
        Self { id: user.id, name: user.name.unwrap_or_default(), email: user.email.unwrap_or_default() }
    }
}

impl Named {
    fn text(&self) -> String {
        format!("{} <{}>", self.name, self.email).trim_start().to_owned()
    }
}

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let names = match &self.file {
            Some(input) => {
                self.bulk.spare(input)?;
                lines_of(&input.to_string(), &input.text()?)?
            }
            None => self.users.clone(),
        };
        let is_named = self.file.is_some() || !self.users.is_empty();
        match (is_named, self.all, self.filter.is_empty()) {
            (false, false, true) => {
                return Err(Failure::usage("missing_users", "no user is named")
                    .hint("name them, or give --file, a filter such as --tag KEY=VALUE, or --all"));
            }
            (true, _, false) => {
                return Err(Failure::usage("conflict", "users are either named or filtered, not both"));
            }
            (_, true, false) => {
                return Err(Failure::usage("conflict", "either all users are meant, or those that a filter fits"));
            }
            _ => self.filter.check()?,
        }
        let list = self.file.as_ref().and_then(Input::path);
        let journal = if self.danger.is_dry_run() { None } else { self.bulk.journal_file(list.map(beside))? };
        let session = self.bulk.begin(context)?;
        let users =
            session.look_up(|client| if is_named { self.named(client, &names) } else { self.filtered(client) })?;

        let is_alone = users.len() == 1 && self.users.len() == 1 && self.bulk.is_plain();
        if is_alone && !self.danger.is_dry_run() {
            context.out.chosen(&DELETED)?;
        }
        if self.danger.is_dry_run() {
            context.out.list(&COLUMNS, &users)?;
        } else if self.danger.asks() && context.out.format() == Format::Table && users.len() > 1 {
            show(&users);
        }
        let deed = match &users[..] {
            [] => {
                return session
                    .run(session.work("delete users"), journal.as_ref(), &[] as &[DeleteUser], |_| Target::new(""));
            }
            [user] => format!("delete the user {} for good", user.text()),
            users => format!("delete {} users for good", users.len()),
        };
        if !self.danger.is_meant(&deed)? {
            return Ok(());
        }
        if let ([user], true) = (&users[..], is_alone) {
            let said = session.client().run().users().delete(&user.id)?;
            return context.out.ack(&json!({"id": user.id, "deleted": true}), &format!("{}: {said}", user.text()));
        }
        let tasks: Vec<DeleteUser> = users.iter().map(|user| DeleteUser::new(&user.id)).collect();
        session.run(session.work("delete users"), journal.as_ref(), &tasks, |index| {
            Target::new(users[index].email.as_str())
        })
    }

    fn filtered(&self, client: &Client) -> Result<Vec<Named>> {
        let users = self.filter.selection(self.all).resolve(client)?;
        Ok(users.into_iter().map(Named::from).collect())
    }

    /// The users of these ids and e-mail addresses, each of them once.
    fn named(&self, client: &Client, names: &[String]) -> Result<Vec<Named>> {
        let found = users::find(client, names)?;
        let missing: Vec<&str> =
            names.iter().zip(&found).filter(|(_, user)| user.is_none()).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() && !self.ignore_missing && !self.bulk.is_resuming() {
            let who = match &missing[..] {
                [one] => format!("there is no user {one}"),
                many => format!("there are no users {}", shortened(many)),
            };
            return Err(Failure::not_found(format!("{who}: nobody was deleted")));
        }
        let mut seen = HashSet::new();
        Ok(found.into_iter().flatten().filter(|user| seen.insert(user.id.clone())).map(Named::from).collect())
    }
}

fn show(users: &[Named]) {
    for user in users.iter().take(SHOWN) {
        note(&format!("  {}", user.text()));
    }
    if let Some(more @ 1..) = users.len().checked_sub(SHOWN) {
        note(&format!("  … and {more} more"));
    }
}

fn shortened(names: &[&str]) -> String {
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

/// The ids and e-mail addresses of a file. A first line that only says which of them it lists is passed over, so that
/// the list of another command can be used.
fn lines_of(file: &str, text: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let name = line.trim();
        let is_header = number == 1 && (name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("email"));
        if name.is_empty() || is_header {
            continue;
        }
        if name.contains([',', ';', '"', '\t', ' ']) || whom(name).is_err() {
            return Err(Failure::usage(
                "invalid_file",
                format!("{file}: line {number} isn't one id or one e-mail address"),
            ));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_id_or_an_address_on_each_line() {
        for (text, names) in [
            ("", Some(vec![])),
            ("a@x.io\r\n\r\n 61eb \n", Some(vec!["a@x.io", "61eb"])),
            ("email\na@x.io", Some(vec!["a@x.io"])),
            ("ID\n1\nid\n", Some(vec!["1", "id"])),
            ("a@x.io,b@x.io\n", None),
            ("a@x.io\n..\n", None),
            ("id,email\n1,a@x.io\n", None),
        ] {
            assert_eq!(lines_of("f", text).ok(), names.map(|names| names.into_iter().map(str::to_owned).collect()));
        }
    }
}
