//! `tagoctl profile addons`.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde_json::json;
use tagoio::ProfileId;
use tagoio::profile::{AddOn, AddOnSettings};

use super::{Which, shown};
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{Columns, UPDATED};
use crate::prompt::Danger;

const REMOVED: Columns = Columns::new(&["id", "addon", "removed"], &[]);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a profile's add-ons
    #[command(after_help = "Example:\n  tagoctl profile addons list")]
    List(Which),
    /// Switch a profile's add-ons on or off
    #[command(after_help = "Example:\n  tagoctl profile addons set 61fac4d9a5c9f40012a5ff92 --custom-dns true")]
    Set(Set),
    /// Remove an add-on from a profile
    #[command(after_help = "Example:\n  tagoctl profile addons remove 61fac4d9a5c9f40012a5ff92 mobile")]
    Remove {
        /// The profile
        #[arg(value_parser = str::parse::<ProfileId>)]
        id: ProfileId,
        /// The add-on
        #[arg(value_parser = PossibleValuesParser::new(AddOn::KNOWN.iter().map(AddOn::as_str)).map(AddOn::from))]
        addon: AddOn,
        #[command(flatten)]
        danger: Danger,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The profile
    #[arg(value_parser = str::parse::<ProfileId>)]
    id: ProfileId,
    /// The custom domain for TagoRUN
    #[arg(long, value_name = "true|false")]
    custom_dns: Option<bool>,
    /// The custom mobile app
    #[arg(long, value_name = "true|false")]
    mobile: Option<bool>,
    /// Control Tower
    #[arg(long, value_name = "true|false")]
    control_tower: Option<bool>,
    #[command(flatten)]
    danger: Danger,
}

impl Command {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::List(Which { id }) => {
                context.out.item(&["id", "name", "custom_dns", "mobile"], context.client()?.profile().addons(id)?)
            }
            Self::Set(set) => set.run(context),
            Self::Remove { id, addon, danger } => {
                context.out.chosen(&REMOVED)?;
                let client = context.client()?;
                let profile = shown(&client.profile().info(&id)?.info);
                if danger.is_meant(&format!("remove the add-on {addon} from the profile {profile}"))? {
                    let said = client.profile().remove_addon(&id, &addon)?;
                    context.out.ack(&json!({"id": id, "addon": addon, "removed": true}), &said)?;
                }
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let switches =
            [("custom_dns", self.custom_dns), ("mobile", self.mobile), ("control_tower", self.control_tower)];
        let changes: Vec<String> = switches
            .iter()
            .filter_map(|(addon, on)| Some(format!("{addon} {}", if (*on)? { "on" } else { "off" })))
            .collect();
        if changes.is_empty() {
            return Err(Failure::usage("no_changes", "no add-on would change")
                .hint("--custom-dns, --mobile and --control-tower switch them"));
        }
        context.out.chosen(&UPDATED)?;
        let client = context.client()?;
        // What is switched off takes its settings with it: the custom domain, for one.
        let takes_away = switches.iter().any(|(_, on)| *on == Some(false));
        if takes_away || self.danger.is_dry_run() {
            let profile = shown(&client.profile().info(&self.id)?.info);
            if !self.danger.is_meant(&format!("switch {} in the profile {profile}", changes.join(", ")))? {
                return Ok(());
            }
        }
        let mut addons = AddOnSettings::new();
        for (field, on) in [
            (&mut addons.custom_dns, self.custom_dns),
            (&mut addons.mobile, self.mobile),
            (&mut addons.control_tower, self.control_tower),
        ] {
            if let Some(on) = on {
                *field = on.into();
            }
        }
        let said = client.profile().edit_addons(&self.id, &addons)?;
        context.out.ack(&json!({"id": self.id, "updated": true}), &said)
    }
}
