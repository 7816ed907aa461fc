//! `tagoctl team`.

use std::collections::HashSet;
use std::fmt;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tagoio::team::TeamMember;
use tagoio::{AccountId, ProfileId};

use crate::connect::Context;
use crate::deeds::Deed;
use crate::failure::{Failure, Result};
use crate::output::Columns;
use crate::prompt::Danger;

const MEMBERS: Columns = Columns::new(&["id", "name", "email", "active", "created_at"], &[]);
const INVITED: Columns = Columns::new(&["email", "invited", "error"], &[]);
const REMOVED: Columns = Columns::new(&["id", "removed"], &[]);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the members
    #[command(after_help = "Example:\n  tagoctl team list --output csv")]
    List(ProfileArgs),
    /// Invite people by e-mail
    #[command(after_help = "Example:\n  tagoctl team add new.colleague@example.com\n\n\
        When one can't be invited, the others are all the same.")]
    Add {
        /// Their e-mail addresses
        #[arg(required = true, value_name = "EMAIL")]
        emails: Vec<String>,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// Remove a member
    #[command(after_help = "Example:\n  tagoctl team remove 61fac4d9a5c9f40012a5ff92 --yes")]
    Remove {
        /// The id of their account, as `team list` shows it
        #[arg(value_parser = str::parse::<AccountId>)]
        account: AccountId,
        #[command(flatten)]
        profile: ProfileArgs,
        #[command(flatten)]
        danger: Danger,
    },
}

/// Which profile a command is about.
#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    /// The profile; the token's own when it isn't said
    #[arg(long, value_name = "ID", default_value = "current", value_parser = str::parse::<ProfileId>)]
    pub(crate) profile: ProfileId,
}

/// Who is invited.
#[derive(Serialize)]
struct Invited {
    email: String,
}

impl fmt::Display for Invited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.email)
    }
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        let client = context.client()?;
        let team = client.team();
        match self {
            Self::List(ProfileArgs { profile }) => context.out.list(&MEMBERS, team.list(profile)?),
            Self::Add { mut emails, profile } => {
                let mut seen = HashSet::new();
                emails.retain(|email| seen.insert(email.to_lowercase()));
                let targets: Vec<(Invited, String)> =
                    emails.into_iter().map(|email| (Invited { email: email.clone() }, email)).collect();
                let invite = Deed { columns: &INVITED, done: "invited", targets: "addresses" };
                invite.of_each(context.out, &targets, |email| team.add(&profile.profile, email))
            }
            Self::Remove { account, profile, danger } => {
                context.out.chosen(&REMOVED)?;
                let members = team.list(&profile.profile)?;
                let Some(member) = members.iter().find(|member| member.id == account) else {
                    return Err(Failure::not_found(format!("there is no team member {account}")));
                };
                if danger.is_meant(&format!("remove the team member {}", shown(member)))? {
                    let said = team.remove(&profile.profile, &account)?;
                    context.out.ack(&json!({"id": account, "removed": true}), &said)?;
                }
                Ok(())
            }
        }
    }
}

/// A member in a question: who answers is to see which one it is.
fn shown(member: &TeamMember) -> String {
    let names = [member.name.as_str(), member.email.as_str()];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or("without a name");
    format!("{name} ({})", member.id)
}
