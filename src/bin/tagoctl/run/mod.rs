//! `tagoctl run`: TagoRUN.

mod settings;
mod user;
mod whom;

use clap::Subcommand;

use crate::connect::Context;
use crate::failure::Result;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Settings(settings::Command),
    /// The portal's users
    #[command(subcommand)]
    User(user::Command),
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Settings(command) => command.run(context),
            Self::User(command) => command.run(context),
        }
    }
}
