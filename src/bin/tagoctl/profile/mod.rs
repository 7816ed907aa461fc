//! `tagoctl profile`.

mod addons;
mod audit;
mod backup;
mod service_provider;
mod services;
mod summary;
mod usage;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;
use tagoio::ProfileId;
use tagoio::profile::{Credentials, NewProfile, ProfileDetails, ProfileEdit};

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{CREATED, Columns, DELETED, UPDATED};
use crate::prompt::{Danger, PasswordArgs};
use crate::request::{Fields, JsonArgs};
use crate::second_factor::SecondFactorArgs;

const PROFILES: Columns = Columns::new(&["id", "name", "from_share"], &["logo_url", "account", "profile"]);

const SWITCHED: Columns = Columns::new(&["id", "switched"], &[]);

/// What comes first in a table of a profile.
const FIRST: [&str; 6] = ["info.id", "info.name", "account_plan", "info", "allocation", "addons"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the profiles of the account, and those that others share with it
    #[command(after_help = "Example:\n  tagoctl profile list")]
    List,
    /// Show a profile: its data, allocation, add-ons and plan
    #[command(after_help = "Example:\n  tagoctl profile info\n  tagoctl profile info --columns info.id,info.name")]
    Info(Which),
    /// Show the use of each service against its limit, and how many there are of each resource
    #[command(after_help = "Example:\n  tagoctl profile summary\n  tagoctl profile summary --output json\n\n\
        Used and limit are of this month, percent is of the limit. JSON output is TagoIO's whole answer.")]
    Summary {
        #[command(flatten)]
        which: Which,
        /// Only the numbers of resources, which is quicker
        #[arg(long)]
        only_amount: bool,
    },
    /// Show what was used of each service, over a time
    #[command(after_help = usage::HELP)]
    Usage(usage::Usage),
    /// Show what was done in a profile, the oldest first
    #[command(after_help = audit::HELP)]
    Audit(audit::Audit),
    /// Create a profile
    #[command(after_help = "Example:\n  tagoctl profile create Staging --allocate-free-resources")]
    Create {
        /// What it is to be called
        name: String,
        /// Give it what the account hasn't allocated to other profiles
        #[arg(long)]
        allocate_free_resources: bool,
    },
    /// Change a profile
    #[command(
        after_help = "Example:\n  tagoctl profile edit 61fac4d9a5c9f40012a5ff92 --name Production --clear banner-url"
    )]
    Edit(Edit),
    /// Delete a profile with everything in it, for good
    #[command(after_help = "Example:\n  tagoctl profile delete 61fac4d9a5c9f40012a5ff92\n  \
        tagoctl profile delete 61fac4d9a5c9f40012a5ff92 --yes --password-env TAGOIO_PASSWORD")]
    Delete {
        /// The profile
        #[arg(value_parser = str::parse::<ProfileId>)]
        id: ProfileId,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        danger: Danger,
        #[command(flatten)]
        second_factor: SecondFactorArgs,
    },
    /// Change how much of each service a profile may use
    #[command(
        after_help = "Example:\n  tagoctl profile services 61fac4d9a5c9f40012a5ff92 --set input=350000 run_users=25"
    )]
    Services(services::Services),
    /// See, switch or remove a profile's add-ons
    #[command(subcommand, after_help = "Example:\n  tagoctl profile addons list")]
    Addons(addons::Command),
    /// Backups of a profile: make, list, download and delete them
    #[command(subcommand, after_help = "Example:\n  tagoctl profile backup list")]
    Backup(backup::Command),
    /// Who sends a profile's e-mails and text messages
    #[command(subcommand, after_help = "Example:\n  tagoctl profile service-provider test --email me@example.com")]
    ServiceProvider(service_provider::Command),
    /// Move the token that is used here to another profile: from then on it acts there
    #[command(after_help = "Example:\n  tagoctl profile switch 61fac4d9a5c9f40012a5ff92")]
    Switch {
        /// The profile that the token is to belong to
        #[arg(value_name = "TARGET_ID", value_parser = str::parse::<ProfileId>)]
        target: ProfileId,
        #[command(flatten)]
        danger: Danger,
    },
}

/// Which profile a command is about.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The profile; the token's own when it isn't said
    #[arg(default_value = "current", value_parser = str::parse::<ProfileId>)]
    pub(crate) id: ProfileId,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The profile
    #[arg(value_parser = str::parse::<ProfileId>)]
    id: ProfileId,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// The address of its logo
    #[arg(long, value_name = "URL")]
    logo_url: Option<String>,
    /// The address of its banner
    #[arg(long, value_name = "URL")]
    banner_url: Option<String>,
    /// Make these empty
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…",
        value_parser = PossibleValuesParser::new(["logo-url", "banner-url"]))]
    clear: Vec<String>,
    #[command(flatten)]
    json: JsonArgs,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::List => context.out.list(&PROFILES, context.client()?.profile().list()?),
            Self::Info(Which { id }) => context.out.item(&FIRST, context.client()?.profile().info(id)?),
            Self::Summary { which, only_amount } => summary::show(context, &which.id, only_amount),
            Self::Usage(usage) => usage.run(context),
            Self::Audit(audit) => audit.run(context),
            Self::Create { name, allocate_free_resources } => {
                context.out.chosen(&CREATED)?;
                let client = context.client()?;
                let (profiles, new) = (client.profile(), NewProfile::new(name.as_str()));
                let id = if allocate_free_resources {
                    profiles.create_with_free_resources(&new)?
                } else {
                    profiles.create(&new)?
                };
                context.out.created(&id, &format!("created the profile {name}"))
            }
            Self::Edit(edit) => edit.run(context),
            Self::Delete { id, password, danger, second_factor } => {
                delete(context, &id, &password, &danger, &second_factor)
            }
            Self::Services(services) => services.run(context),
            Self::Addons(command) => command.run(context),
            Self::Backup(command) => command.run(context),
            Self::ServiceProvider(command) => command.run(context),
            Self::Switch { target, danger } => {
                context.out.chosen(&SWITCHED)?;
                let client = context.client()?;
                let profile = client.profile().info(&target)?.info;
                let deed = format!("move the token that is used here to the profile {}", shown(&profile));
                if danger.is_meant(&deed)? {
                    let said = client.profile().transfer_token(&profile.id)?;
                    context.out.ack(&json!({"id": profile.id, "switched": true}), &said)?;
                }
                Ok(())
            }
        }
    }
}

impl Edit {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let fields = Fields::default()
            .clear(&self.clear)
            .set("name", self.name)
            .set("logo_url", self.logo_url)
            .set("banner_url", self.banner_url);
        let edit: ProfileEdit = self.json.request(fields)?;
        if edit == ProfileEdit::new() {
            return Err(Failure::usage("no_changes", "nothing of the profile would change")
                .hint("--name, --logo-url, --banner-url, --clear and --json say what is to change"));
        }
        context.out.chosen(&UPDATED)?;
        let said = context.client()?.profile().edit(&self.id, &edit)?;
        context.out.ack(&json!({"id": self.id, "updated": true}), &said)
    }
}

/// A profile in a question: who answers is to see which one it is.
fn shown(profile: &ProfileDetails) -> String {
    format!("{} ({})", profile.name, profile.id)
}

fn delete(
    context: &Context<'_>,
    id: &ProfileId,
    password: &PasswordArgs,
    danger: &Danger,
    second_factor: &SecondFactorArgs,
) -> Result<()> {
    context.out.chosen(&DELETED)?;
    let client = context.client()?;
    let profile = client.profile().info(id)?.info;
    let deed = format!("delete the profile {} with everything in it, for good", shown(&profile));
    if !danger.is_meant(&deed)? {
        return Ok(());
    }
    let password = password.password("the account")?;
    let said = second_factor.call(|code| {
        let credentials = Credentials::new(password.clone());
        let credentials = match code {
            Some((kind, code)) => credentials.otp_type(kind).pin_code(code),
            None => credentials,
        };
        client.profile().delete(&profile.id, &credentials)
    })?;
    context.out.ack(&json!({"id": profile.id, "deleted": true}), &said)
}
