//! `tagoctl profile backup download`.

use std::io::{self, IsTerminal as _, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tagoio::profile::{Backup, BackupsApi, DownloadUrl};
use tagoio::transport::Streamed;
use tagoio::{BackupId, ProfileId, Region};

use super::{ProofArgs, newest};
use crate::bulk::stop_at_ctrl_c;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::file;
use crate::output::Columns;
use crate::team::ProfileArgs;

pub(super) const HELP: &str = "\
The file is there only once it is complete, and of the size that TagoIO says. The archive comes from a store of TagoIO's, \
which is not sent the token.

Example:
  tagoctl profile backup download
  tagoctl profile backup download 678abc123def456789012345 --to mill.zip --password-env PASSWORD";

const DOWNLOADED: Columns = Columns::new(&["id", "file", "bytes"], &[]);

/// So many redirects are followed: a store may send on to where a file really is.
const MOST_REDIRECTS: usize = 5;
/// How much is read at once.
const PIECE: usize = 64 * 1024;
const REDRAW: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct Download {
    /// The backup, or `latest`: the newest one that is completed
    #[arg(default_value = "latest", value_name = "BACKUP|latest", value_parser = str::parse::<BackupId>)]
    backup: BackupId,
    /// The file [default: backup-ID.zip in the working folder]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace the file if it is there already
    #[arg(long)]
    force: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    proof: ProofArgs,
}

impl Download {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&DOWNLOADED)?;
        let client = context.client()?;
        let (backups, profile) = (client.profile().backups(), &self.profile.profile);
        let id = wanted(backups, profile, &self.backup)?;
        let path = self.to.unwrap_or_else(|| file_name(&id).into());
        // Nobody should type a password for nothing.
        if !self.force {
            file::check_absent(&path)?;
        }
        file::check(&path)?;
        let download = self.proof.call(|credentials| backups.download(profile, &id, credentials))?;

        let stop = stop_at_ctrl_c();
        let name = path.display().to_string();
        let mut archive = fetch(context, &download.url)?;
        let expected = download.size.or(archive.length());
        let drawing = Drawing::begin(expected, self.quiet);
        let write = |mut file: &std::fs::File| {
            let mut copied = 0;
            let mut piece = vec![0; PIECE];
            loop {
                if stop.is_requested() {
                    return Err(Failure::Interrupted(format!(
                        "stopped after {copied} bytes: nothing was written to {name}"
                    )));
                }
                let count = match archive.read(&mut piece) {
                    Ok(0) => break,
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(incomplete(copied, expected, Some(&error))),
                };
                file.write_all(&piece[..count]).map_err(|error| Failure::write(&name, error))?;
                copied += u64::try_from(count).unwrap_or_default();
                if expected.is_some_and(|expected| copied > expected) {
                    return Err(incomplete(copied, expected, None));
                }
                drawing.set(copied);
            }
            match expected {
                Some(expected) if copied != expected => Err(incomplete(copied, Some(expected), None)),
                _ => Ok(copied),
            }
        };
        let written = if self.force { file::replace(&path, write) } else { file::create(&path, write) };
        drawing.end();
        let bytes = written?;
        context.out.ack(&json!({"id": id, "file": name, "bytes": bytes}), &format!("{name}: {bytes} bytes"))
    }
}

/// The backup that is named, or the newest that can be downloaded.
fn wanted(backups: BackupsApi<'_>, profile: &ProfileId, named: &BackupId) -> Result<BackupId> {
    if *named == "latest" {
        return Ok(newest(backups, profile, Backup::is_completed)?.id);
    }
    Ok(named.clone())
}

/// The name of a file; whatever an id may be, it leads to no other folder.
fn file_name(id: &BackupId) -> String {
    let id: String = id.as_str().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    format!("backup-{id}.zip")
}

/// Asks for what is at an address, wherever that leads.
fn fetch(context: &Context<'_>, address: &DownloadUrl) -> Result<Streamed> {
    let mut address = address.clone();
    for _ in 0..=MOST_REDIRECTS {
        check(&address)?;
        let answer = context.stream(&address)?;
        match (answer.status(), answer.header("location")) {
            (200, _) => return Ok(answer),
            (301 | 302 | 303 | 307 | 308, Some(next)) => address = DownloadUrl::new(next).map_err(|_| misled())?,
            (status, _) => return Err(refused(format!("the store of the backup answered {status}"))),
        }
    }
    Err(refused("the store of the backup sends from one address to the next".to_owned()))
}

/// An archive is read by nobody else on its way, as TagoIO's answers: plain http is for this computer only.
fn check(address: &DownloadUrl) -> Result<()> {
    let (scheme, rest) = address.expose().split_once("://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Region::custom(&format!("{scheme}://{host}")).map(drop).map_err(|_| misled())
}

fn misled() -> Failure {
    refused("the address of the backup isn't one of https".to_owned())
}

fn refused(message: String) -> Failure {
    Failure::Unmet { code: "download_refused", message }
}

fn incomplete(copied: u64, expected: Option<u64>, error: Option<&io::Error>) -> Failure {
    let of_all = expected.map(|expected| format!(" of {expected}")).unwrap_or_default();
    let why = error.map(|error| format!(": {error}")).unwrap_or_default();
    let message = format!("the archive is not complete: {copied}{of_all} bytes came{why}");
    Failure::Unmet { code: "incomplete_download", message }
}

/// How far the download is, for somebody at a terminal.
struct Drawing(Option<ProgressBar>);

impl Drawing {
    fn begin(bytes: Option<u64>, quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{bar:24} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left"),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}, {bytes_per_sec}"),
        };
        // Were the template wrong, the bar would look like any other.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(REDRAW);
        Self(Some(bar))
    }

    fn set(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(bytes);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_backup_and_is_here() {
        for (id, name) in [
            ("678abc123def456789012345", "backup-678abc123def456789012345.zip"),
            ("../../etc/passwd", "backup-etcpasswd.zip"),
            ("a b\u{202e}", "backup-ab.zip"),
        ] {
            assert_eq!(file_name(&BackupId::new(id)), name);
        }
    }

    #[test]
    fn an_archive_comes_by_https_or_from_this_computer() {
        for (address, good) in [
            ("https://s3.amazonaws.com/x.zip?X-Amz-Signature=1", true),
            ("https://s3.amazonaws.com", true),
            ("http://127.0.0.1:8787/x.zip", true),
            ("http://localhost/x.zip", true),
            ("http://s3.amazonaws.com/x.zip", false),
            ("https://user:pass@s3.amazonaws.com/x.zip", false),
            ("http://127.0.0.1@s3.amazonaws.com/x.zip", false),
        ] {
            let address = DownloadUrl::new(address).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(check(&address).is_ok(), good);
        }
    }
}
