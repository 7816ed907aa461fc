//! Makes a backup of the profile and downloads it: `backup_profile FILE`, with the account's password in `TAGOIO_PASSWORD`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use tagoio::clock::{Clock, SystemClock};
use tagoio::profile::{BackupDownload, Credentials};
use tagoio::transport::{Method, Request, Streamed, UreqTransport};
use tagoio::{Client, Password, ProfileId};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let file = env::args().nth(1).ok_or("Usage: backup_profile FILE")?;
    let password = Password::new(env::var("TAGOIO_PASSWORD")?)?;
    let download = backup_profile(&Client::from_env()?, password, Arc::new(SystemClock::default()))?;
    let archive = UreqTransport::new()?.stream(&request(&download))?;
    println!("{} bytes", save(archive, Path::new(&file))?);
    Ok(())
}

pub(crate) fn backup_profile(tago: &Client, password: Password, clock: Arc<dyn Clock>) -> Result<BackupDownload> {
    let backups = tago.profile().backups();
    let id = backups.create(ProfileId::CURRENT)?.id.ok_or("TagoIO doesn't say which backup it makes")?;
    let wait = backups.wait(ProfileId::CURRENT, &id).with_clock(clock);
    wait.on_change(|backup| println!("{:?}", backup.status)).until_completed(Duration::from_secs(3600))?;
    Ok(backups.download(ProfileId::CURRENT, &id, &Credentials::new(password))?)
}

/// The address says who may have the archive: no token goes there.
pub(crate) fn request(download: &BackupDownload) -> Request {
    Request::new(Method::Get, download.url.expose()).with_header("accept-encoding", "identity")
}

pub(crate) fn save(mut archive: Streamed, file: &Path) -> Result<u64> {
    if archive.status() != 200 {
        return Err(format!("the store answered {}", archive.status()).into());
    }
    Ok(io::copy(&mut archive, &mut File::create_new(file)?)?)
}
