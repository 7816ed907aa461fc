//! Which users are meant.

use clap::Args;
use tagoio::Direction;
use tagoio::bulk::users::UserSelection;
use tagoio::run::{UserOrder, UserQuery};

use crate::failure::{Failure, Result};
use crate::request::Pair;

/// The users that a command is about: those that fit all of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(crate) struct Filter {
    /// Only users of this name; `*` stands for anything
    #[arg(long, value_parser = filled)]
    name: Option<String>,
    /// Only users with this e-mail address; `*` stands for anything
    #[arg(long, value_parser = filled)]
    email: Option<String>,
    /// Only users with this tag; with several, all of them are needed
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = filled_pair)]
    tags: Vec<Pair>,
    /// Only users with a tag of this key, whatever its value
    #[arg(long = "tag-key", value_name = "KEY", value_parser = filled)]
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

    /// Refuses a filter that keeps nobody out: where all users are meant, `--all` has to say so.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_empty() || !self.query().fits_everybody() {
            return Ok(());
        }
        Err(Failure::usage("fits_everybody", "the filter keeps nobody out").hint("--all says that all users are meant"))
    }

    /// The users that fit, or all of them.
    pub(crate) fn selection(&self, all: bool) -> UserSelection {
        if all { UserSelection::Everybody } else { self.query().into() }
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

    /// Asks for the oldest first: whoever registers meanwhile comes last then, and moves nobody to another page.
    pub(crate) fn oldest_first(&self) -> UserQuery {
        self.query().order_by(UserOrder::CreatedAt, Direction::Ascending)
    }
}

/// A text that asks for something. An empty one would fit everybody, and mostly is a variable that isn't set.
fn filled(text: &str) -> std::result::Result<String, String> {
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn filled_pair(text: &str) -> std::result::Result<Pair, String> {
    let pair: Pair = text.parse()?;
    filled(&pair.value).map_err(|_| format!("the value of {} is empty; --tag-key finds any value", pair.key))?;
    Ok(pair)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        filter: Filter,
    }

    #[test]
    fn an_empty_value_is_no_filter() {
        for line in ["--name=", "--email=", "--tag-key=", "--tag=site=", "--name=\u{a0}", "--tag=site= "] {
            assert!(Line::try_parse_from(["", line]).is_err(), "{line}");
        }
    }

    #[test]
    fn asterisks_alone_keep_nobody_out() {
        for (line, keeps_out) in [
            (&["--email=*"][..], false),
            (&["--name=**", "--tag-key=*"], false),
            (&["--email=*@x.io"], true),
            (&["--email=*", "--active=false"], true),
            (&["--name=*", "--tag=site=*"], true),
            (&["--name=*", "--tag-key=site"], true),
        ] {
            let words = [&[""], line].concat();
            assert_eq!(Line::parse_from(words).filter.check().is_ok(), keeps_out, "{line:?}");
        }
    }
}
