//! `tagoctl profile backup`.

mod download;

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use tagoio::profile::{Backup, BackupQuery, BackupsApi, Credentials};
use tagoio::{BackupId, ProfileId};

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{CREATED, Columns, DELETED, Format, note};
use crate::prompt::{Danger, PasswordArgs};
use crate::second_factor::SecondFactorArgs;
use crate::team::ProfileArgs;
use crate::when::duration;

const BACKUPS: Columns = Columns::new(
    &["id", "status", "file_size", "created_at", "error_message"],
    &["profile", "file_path", "version_id"],
);
const COMPLETED: Columns = Columns::new(&["id", "completed", "file_size"], &[]);

const CREATE_HELP: &str = "\
TagoIO makes one backup a day at most, in the background: a matter of minutes. --wait gives the id when it is completed; \
Ctrl-C ends the waiting, not the backup.

Example:
  tagoctl profile backup create --wait && tagoctl profile backup download --password-env PASSWORD";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for a backup of a profile
    #[command(after_help = CREATE_HELP)]
    Create(Create),
    /// List the backups of a profile, the newest first
    #[command(after_help = "Example:\n  tagoctl profile backup list --columns id,status,created_at")]
    List(ProfileArgs),
    /// Wait until a backup is completed
    #[command(after_help = "Example:\n  tagoctl profile backup wait 678abc123def456789012345 --within 1h")]
    Wait {
        /// The backup
        #[arg(value_parser = str::parse::<BackupId>)]
        backup: BackupId,
        /// Give up after so long: a number with s, m or h
        #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
        within: Duration,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// Download the archive of a backup into a file
    #[command(after_help = download::HELP)]
    Download(Box<download::Download>),
    /// Delete a backup, for good
    #[command(after_help = "Example:\n  tagoctl profile backup delete 678abc123def456789012345\n  \
        tagoctl profile backup delete 678abc123def456789012345 --yes --password-env PASSWORD")]
    Delete(Box<Delete>),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Wait until it is completed
    #[arg(long)]
    wait: bool,
    /// With --wait, give up after so long: a number with s, m or h
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration, requires = "wait")]
    within: Duration,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The backup
    #[arg(value_parser = str::parse::<BackupId>)]
    backup: BackupId,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    proof: ProofArgs,
    #[command(flatten)]
    danger: Danger,
}

/// What proves that it is the account's owner who asks.
#[derive(Debug, Args)]
pub(crate) struct ProofArgs {
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    second_factor: SecondFactorArgs,
}

impl ProofArgs {
    /// Makes a call that needs the account's password, and perhaps a code.
    fn call<T>(&self, call: impl Fn(&Credentials) -> tagoio::Result<T>) -> Result<T> {
        let password = self.password.password("the account")?;
        self.second_factor.call(|code| {
            let credentials = Credentials::new(password.clone());
            call(&match code {
                Some((kind, code)) => credentials.otp_type(kind).pin_code(code),
                None => credentials,
            })
        })
    }
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Create(create) => create.run(context),
            Self::List(ProfileArgs { profile }) => {
                context.out.chosen(&BACKUPS)?;
                let client = context.client()?;
                context.out.rows(&BACKUPS, client.profile().backups().iter(profile, &BackupQuery::new()))
            }
            Self::Wait { backup, within, profile } => {
                context.out.chosen(&COMPLETED)?;
                let client = context.client()?;
                let backup = wait(context, client.profile().backups(), &profile.profile, &backup, within)?;
                let said = completed(&backup);
                context.out.ack(&json!({"id": backup.id, "completed": true, "file_size": backup.file_size}), &said)
            }
            Self::Download(download) => download.run(context),
            Self::Delete(delete) => delete.run(context),
        }
    }
}

impl Create {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&CREATED)?;
        let client = context.client()?;
        let (backups, profile) = (client.profile().backups(), &self.profile.profile);
        let queued = backups.create(profile)?;
        let id = match queued.id {
            Some(id) => id,
            // TagoIO's own command line takes the newest for the one that it asked for.
            None => newest(backups, profile, |_| true)?.id,
        };
        if !self.wait {
            return context.out.created(&id, &queued.message);
        }
        note(&queued.message);
        let backup = wait(context, backups, profile, &id, self.within)?;
        context.out.created(&id, &completed(&backup))
    }
}

impl Delete {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&DELETED)?;
        let client = context.client()?;
        let (backups, profile, id) = (client.profile().backups(), &self.profile.profile, &self.backup);
        let backup = newest(backups, profile, |backup| backup.id == *id)?;
        let date = backup.created_at.map_or_else(|| "an unknown date".to_owned(), |date| date.to_string());
        if self.danger.is_meant(&format!("delete the backup {id} of {date}, for good"))? {
            let said = self.proof.call(|credentials| backups.delete(profile, id, credentials))?;
            context.out.ack(&json!({"id": id, "deleted": true}), &said)?;
        }
        Ok(())
    }
}

/// The newest backup that is as it is wanted.
fn newest(backups: BackupsApi<'_>, profile: &ProfileId, fits: impl Fn(&Backup) -> bool) -> Result<Backup> {
    let mut rows = backups.iter(profile, &BackupQuery::new());
    let found = rows.find(|row| row.as_ref().map_or(true, &fits)).transpose()?;
    found.ok_or_else(|| Failure::not_found("there is no such backup"))
}

/// Waits, and tells how far it is.
fn wait(
    context: &Context<'_>,
    backups: BackupsApi<'_>,
    profile: &ProfileId,
    backup: &BackupId,
    within: Duration,
) -> Result<Backup> {
    let tells = !matches!(context.out.format(), Format::Json | Format::Jsonl);
    let wait = backups.wait(profile, backup).on_change(|backup| {
        if let (true, Some(status)) = (tells, &backup.status) {
            note(status.as_str());
        }
    });
    Ok(wait.until_completed(within)?)
}

fn completed(backup: &Backup) -> String {
    match backup.file_size {
        Some(size) => format!("{} is completed: {size} bytes", backup.id),
        None => format!("{} is completed", backup.id),
    }
}
