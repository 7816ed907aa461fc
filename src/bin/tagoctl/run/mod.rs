//! `tagoctl run`: TagoRUN.

mod settings;
mod shape;
mod theme;
mod whom;

use clap::Subcommand;

use crate::connect::Context;
use crate::failure::Result;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Settings(settings::Command),
    /// The portal's colours and the like
    #[command(subcommand)]
    Theme(theme::Command),
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Settings(command) => command.run(context),
            Self::Theme(command) => command.run(context),
        }
    }
}
