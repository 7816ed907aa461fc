//! `tagoctl run`: TagoRUN.

mod domain;
mod notify;
mod saml;
mod settings;
mod theme;
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
    #[command(subcommand, after_help = "Example:\n  tagoctl run user list")]
    User(user::Command),
    /// The portal's colours and the like
    #[command(subcommand, after_help = "Example:\n  tagoctl run theme get")]
    Theme(theme::Command),
    /// The notifications of the portal's users
    #[command(subcommand, after_help = "Example:\n  tagoctl run notify list jane@example.com")]
    Notify(notify::Command),
    /// Single sign-on by SAML
    #[command(subcommand, after_help = "Example:\n  tagoctl run saml info")]
    Saml(saml::Command),
    /// The portal's own domain
    #[command(subcommand, after_help = "Example:\n  tagoctl run domain info")]
    Domain(domain::Command),
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Settings(command) => command.run(context),
            Self::User(command) => command.run(context),
            Self::Theme(command) => command.run(context),
            Self::Notify(command) => command.run(context),
            Self::Saml(command) => command.run(context),
            Self::Domain(command) => command.run(context),
        }
    }
}
