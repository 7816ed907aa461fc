//! Which users are meant.

use clap::Args;
use tagoio::run::UserQuery;

use crate::request::Pair;

/// The users that a command is about: those that fit all of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(crate) struct Filter {
    /// Only users of this name; `*` stands for anything
    #[arg(long)]
    name: Option<String>,
    /// Only users with this e-mail address; `*` stands for anything
    #[arg(long)]
    email: Option<String>,
    /// Only users with this tag; with several, all of them are needed
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<Pair>,
    /// Only users with a tag of this key, whatever its value
    #[arg(long = "tag-key", value_name = "KEY")]
    tag_keys: Vec<String>,
    /// Only users who may, or may not, sign in
    #[arg(long, value_name = "BOOL")]
    active: Option<bool>,
}

impl Filter {
    /// Whether all users fit, because nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.email.is_none()
            && self.tags.is_empty()
            && self.tag_keys.is_empty()
            && self.active.is_none()
    }

    pub(crate) fn query(&self) -> UserQuery {
        let mut query = UserQuery::new();
        if let Some(name) = &self.name {
            query = query.name(name);
        }
        if let Some(email) = &self.email {
            query = query.email(email);
        }
        if let Some(active) = self.active {
            query = query.active(active);
        }
        let query = self.tags.iter().fold(query, |query, tag| query.tag(&tag.key, &tag.value));
        self.tag_keys.iter().fold(query, UserQuery::tag_key)
    }
}
