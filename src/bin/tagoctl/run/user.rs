//! `tagoctl run user`.

mod access;
mod contact;
mod create;
mod delete;
mod edit;
mod export;
pub(super) mod filter;
mod import;
mod list;
mod plan;
mod source;

use clap::Subcommand;

use crate::connect::Context;
use crate::failure::Result;

/// What comes first in a table of one user.
const FIRST: [&str; 9] = ["id", "name", "email", "active", "timezone", "company", "phone", "language", "tags"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the portal's users
    #[command(after_help = list::EXAMPLES)]
    List(list::Args),
    /// Show a user
    #[command(after_help = "Example:\n  tagoctl run user info jane@example.com")]
    Info {
        /// The user
        #[arg(value_name = "ID|EMAIL", value_parser = super::whom::whom)]
        user: String,
    },
    /// Create a user
    #[command(after_help = create::EXAMPLES)]
    Create(Box<create::Args>),
    /// Change a user
    #[command(after_help = edit::EXAMPLES)]
    Edit(Box<edit::Args>),
    /// Delete users, for good
    #[command(after_help = delete::EXAMPLES)]
    Delete(delete::Args),
    /// Print a token that acts as a user
    #[command(after_help = access::LOGIN_EXAMPLES)]
    Login(access::LoginArgs),
    /// Send a user the invitation once more
    #[command(after_help = "Example:\n  tagoctl run user invite jane@example.com --template second_invitation")]
    Invite(access::InviteArgs),
    /// Create or update users by e-mail, as a list wants them
    #[command(after_help = import::IMPORT_EXAMPLES)]
    Import(import::ImportArgs),
    /// Write users to a list
    #[command(after_help = export::EXAMPLES)]
    Export(export::Args),
    /// Make users as a list wants them, after showing the plan
    #[command(after_help = import::SYNC_EXAMPLES)]
    Sync(import::SyncArgs),
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::List(args) => args.run(context),
            Self::Info { user } => {
                let client = context.client()?;
                let id = super::whom::user_id(&client, &user)?;
                context.out.item(&FIRST, client.run().users().info(id)?)
            }
            Self::Create(args) => args.run(context),
            Self::Edit(args) => args.run(context),
            Self::Delete(args) => args.run(context),
            Self::Login(args) => args.run(context),
            Self::Invite(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Export(args) => args.run(context),
            Self::Sync(args) => args.run(context),
        }
    }
}
