//! `tagoctl run info|edit|theme|email-test`.

use clap::Subcommand;

use crate::connect::Context;
use crate::failure::Result;

/// What comes first in a table of the settings.
const FIRST: [&str; 7] = ["name", "sub_title", "url", "active", "profile", "signup_method", "auth_token_ttl"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the portal's settings
    #[command(after_help = "Example:\n  tagoctl run info --output json > portal.json")]
    Info,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Info => context.out.item(&FIRST, context.client()?.run().info()?),
        }
    }
}
