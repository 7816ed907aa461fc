//! `tagoctl run user edit`.

use clap::Args as ClapArgs;
use serde_json::{Value, json};
use tagoio::run::UserEdit;
use tagoio::{Client, Patch, Tag, UserId};

use super::contact::ContactArgs;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::UPDATED;
use crate::prompt::PasswordArgs;
use crate::request::{Fields, JsonArgs, Pair, tags};
use crate::run::whom::{user_id, whom};
use crate::shape::UnknownArgs;

pub(super) const EXAMPLES: &str = "\
Tags are merged: a key that is given replaces the user's tags of that key, the others stay.

Examples:
  tagoctl run user edit jane@example.com --tag site=porto --active true
  tagoctl run user edit 61eb25a4d6a4a20011d4cd3c --clear phone,company --remove-tag trial
  tagoctl run user edit jane@example.com --new-password --logout-sessions";

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The user
    #[arg(value_name = "ID|EMAIL", value_parser = whom)]
    user: String,
    /// The name
    #[arg(long)]
    name: Option<String>,
    /// The IANA time zone
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// A tag to be set
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<Pair>,
    /// Remove all tags of this key
    #[arg(long = "remove-tag", value_name = "KEY")]
    removed_tags: Vec<String>,
    /// Remove all tags that aren't given
    #[arg(long)]
    replace_tags: bool,
    #[command(flatten)]
    contact: ContactArgs,
    /// Whether the user may sign in
    #[arg(long, value_name = "BOOL")]
    active: Option<bool>,
    /// Make fields empty
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…", value_parser = CLEARABLE)]
    clear: Vec<String>,
    /// Sign the user out everywhere
    #[arg(long)]
    logout_sessions: bool,
    /// Set a new password: asked for, unless --password-env or --password-stdin has it
    #[arg(long)]
    new_password: bool,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    unknown: UnknownArgs,
}

const CLEARABLE: [&str; 7] = ["company", "phone", "language", "newsletter", "options", "custom-preferences", "tags"];

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let edit = self.edit()?;
        self.unknown.check_options(&edit.options)?;
        let sets_password = self.new_password || self.password.is_given();
        if !sets_password && self.removed_tags.is_empty() && is_empty(&edit) {
            return Err(Failure::usage("no_changes", "there is nothing to change").hint(
                "--name, --timezone, --tag, --remove-tag, --company, --phone, --language, --active, --clear, \
                 --new-password and --logout-sessions change something; --json takes every field",
            ));
        }
        context.out.chosen(&UPDATED)?;
        let client = context.client()?;
        let id = user_id(&client, &self.user)?;
        let mut edit = self.with_tags(edit, &client, &id)?;
        if sets_password {
            edit.password = self.password.new_password(&self.user)?.into();
        }
        let said = client.run().users().edit(&id, &edit)?;
        context.out.ack(&json!({"id": id, "updated": true}), &format!("{}: {said}", self.user))
    }

    /// What flags and JSON say; of the tags, those that are given.
    fn edit(&self) -> Result<UserEdit> {
        let fields = Fields::default()
            .set("name", self.name.as_deref())
            .set("timezone", self.timezone.as_deref())
            .set("tags", tags(&self.tags))
            .set("active", self.active)
            .set("logout_sessions", self.logout_sessions.then_some(true));
        let fields = self.contact.set(fields);
        let is_both =
            |name: &&str| fields.as_object().contains_key(*name) && self.clear.iter().any(|cleared| cleared == name);
        if let Some(name) = CLEARABLE.into_iter().find(is_both) {
            return Err(Failure::usage("conflict", format!("`{name}` can't be set and cleared at once")));
        }
        // There is no null for tags: none of them is an empty list.
        let (tags, nulls): (Vec<String>, Vec<String>) = self.clear.iter().cloned().partition(|name| name == "tags");
        let no_tags = (!tags.is_empty()).then(|| Value::Array(Vec::new()));
        self.json.request(fields.set("tags", no_tags).clear(&nulls))
    }

    /// The edit with all tags that the user is to have, because TagoIO replaces all of them.
    fn with_tags(&self, mut edit: UserEdit, client: &Client, id: &UserId) -> Result<UserEdit> {
        let clears_tags = self.clear.iter().any(|name| name == "tags");
        let tags = match (&edit.tags, self.replace_tags || clears_tags) {
            (Patch::Set(given), true) => given.clone(),
            (Patch::Set(given), false) => Tag::merge(&client.run().users().info(id)?.tags, given),
            (Patch::Keep | Patch::Clear, _) if !self.removed_tags.is_empty() => client.run().users().info(id)?.tags,
            (Patch::Keep | Patch::Clear, _) => return Ok(edit),
        };
        let is_kept = |tag: &Tag| !self.removed_tags.contains(&tag.key);
        edit.tags = Patch::Set(tags.into_iter().filter(is_kept).collect());
        Ok(edit)
    }
}

fn is_empty(edit: &UserEdit) -> bool {
    serde_json::to_value(edit).is_ok_and(|edit| edit.as_object().is_some_and(serde_json::Map::is_empty))
}
