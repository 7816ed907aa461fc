//! Copies the look of one portal to another: `copy_settings [--yes]`. Without `--yes` it only says what would change.
//!
//! `TAGOIO_TOKEN` has the token of the one profile, `TARGET_TOKEN` that of the other.

use std::error::Error;

use tagoio::Client;
use tagoio::run::{SettingsCopy, SettingsPart};

fn main() -> Result<(), Box<dyn Error>> {
    let from = Client::from_env()?;
    let to = from.with_token(std::env::var("TARGET_TOKEN")?)?;
    copy_settings(&from, &to, std::env::args().any(|arg| arg == "--yes"))?;
    Ok(())
}

pub(crate) fn copy_settings(from: &Client, to: &Client, yes: bool) -> tagoio::Result<()> {
    // `replacing` would say which dashboard of the other profile is meant by one of this profile.
    let look = SettingsCopy::new([
        SettingsPart::Theme,
        SettingsPart::SidebarButtons,
        SettingsPart::SignInButtons,
        SettingsPart::EmailTemplates,
        SettingsPart::SignUpFields,
    ]);
    let difference = from.run().compare_settings(to, &look)?;
    for change in &difference.changes {
        println!("{change}");
    }
    for left_out in &difference.left_out {
        println!("not copied: {left_out}");
    }
    if yes && !difference.is_empty() {
        println!("{}", to.run().edit(&difference.edit)?);
    }
    Ok(())
}
