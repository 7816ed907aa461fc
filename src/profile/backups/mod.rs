//! Backups of a profile.

mod wait;

pub use crate::secret::DownloadUrl;
pub use wait::{BackupNotCompleted, BackupWait};

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::Credentials;
use crate::client::Client;
use crate::error::Result;
use crate::id::{BackupId, ProfileId};
use crate::macros::open_enum;
use crate::page::{Direction, LIST_AMOUNT, Row, Rows, sealed};
use crate::time::Timestamp;
use crate::wire::{Query, delete, get, post};

/// How many backups `iter()` asks for at once when the query doesn't say: those of a quarter of a year.
const ITER_AMOUNT: u32 = 100;

/// The operations on the backups of a profile: [`ProfileApi::backups`](super::ProfileApi::backups).
///
/// A backup is a ZIP archive of all that is configured in a profile, and of its files; not of the data of devices and
/// entities. TagoIO makes it in the background and keeps it for 12 months. They need a profile token, and an account on
/// the Starter or Scale plan: on Free, all of them are refused
/// ([`is_not_in_plan`](crate::Error::is_not_in_plan)).
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tagoio::ProfileId;
/// use tagoio::clock::ManualClock;
/// use tagoio::profile::Credentials;
/// use tagoio::sandbox::Sandbox;
///
/// let clock = Arc::new(ManualClock::default());
/// let sandbox = Sandbox::builder().clock(clock.clone()).build();
/// let (tago, (_, password)) = (sandbox.client()?, sandbox.sign_in());
/// let backups = tago.profile().backups();
///
/// let queued = backups.create(ProfileId::CURRENT)?;
/// let id = queued.id.expect("TagoIO says which one it is");
/// let wait = backups.wait(ProfileId::CURRENT, &id).with_clock(clock);
/// let backup = wait.until_completed(Duration::from_secs(600))?;
///
/// let download = backups.download(ProfileId::CURRENT, &id, &Credentials::new(password))?;
/// assert_eq!(download.size, backup.file_size);
/// // Whoever has the address has the backup.
/// assert!(format!("{download:?}").contains("url: DownloadUrl(…)"));
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BackupsApi<'a> {
    pub(crate) client: &'a Client,
}

/// A backup of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Backup {
    /// The backup's id.
    pub id: BackupId,
    /// The profile it is of.
    #[serde(default)]
    pub profile: Option<ProfileId>,
    /// How far it is.
    #[serde(default)]
    pub status: Option<BackupStatus>,
    /// The archive's size in bytes; `None` as long as there is no archive.
    #[serde(default, deserialize_with = "bytes")]
    pub file_size: Option<u64>,
    /// Where TagoIO keeps the archive: a name, and no address.
    #[serde(default)]
    pub file_path: Option<String>,
    /// Which version of that file it is.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error_message: Option<String>,
    /// When it was asked for.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

impl Backup {
    /// Whether there is an archive.
    pub fn is_completed(&self) -> bool {
        self.status == Some(BackupStatus::Completed)
    }

    /// Whether there will never be an archive: [`error_message`](Backup::error_message) says why.
    pub fn is_failed(&self) -> bool {
        self.status == Some(BackupStatus::Failed)
    }
}

open_enum! {
    /// How far a backup is.
    pub enum BackupStatus {
        /// It is yet to be made.
        Queued = "queued",
        /// It is being made.
        Processing = "processing",
        /// It can be downloaded.
        Completed = "completed",
        /// It could not be made.
        Failed = "failed",
    }
}

/// A backup that was just asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuedBackup {
    /// The backup's id. TagoIO documents it, and its own command line does without: should it ever be `None`, it is the
    /// first one that [`list`](BackupsApi::list) gives.
    pub id: Option<BackupId>,
    /// The profile it is of.
    pub profile: Option<ProfileId>,
    /// TagoIO's confirmation.
    pub message: String,
}

/// TagoIO documents an object, without its envelope; the types of its own command line have a sentence within it.
impl<'de> Deserialize<'de> for QueuedBackup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Queued {
            backup_id: BackupId,
            profile: Option<ProfileId>,
            message: Option<String>,
        }

        let queued = match Value::deserialize(deserializer)? {
            Value::String(message) => return Ok(Self { id: None, profile: None, message }),
            other => Queued::deserialize(other).map_err(serde::de::Error::custom)?,
        };
        let Queued { backup_id, profile, message } = queued;
        Ok(Self { id: Some(backup_id), profile, message: message.unwrap_or_default() })
    }
}

/// Where a backup can be downloaded, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "DownloadAnswer")]
#[non_exhaustive]
pub struct BackupDownload {
    /// The archive's address, on a host that isn't TagoIO's API: it is to be asked for without the token. The address is
    /// a secret itself.
    pub url: DownloadUrl,
    /// The archive's size in bytes, when TagoIO says it in bytes.
    pub size: Option<u64>,
    /// Until when the address is valid: 2 hours from when it was made.
    pub expire_at: Option<Timestamp>,
    /// The backup.
    pub backup_id: Option<BackupId>,
    /// When the backup was asked for.
    pub created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct DownloadAnswer {
    url: DownloadUrl,
    #[serde(default, deserialize_with = "bytes")]
    size: Option<u64>,
    size_unit: Option<String>,
    expire_at: Option<Timestamp>,
    backup_id: Option<BackupId>,
    created_at: Option<Timestamp>,
}

impl From<DownloadAnswer> for BackupDownload {
    fn from(answer: DownloadAnswer) -> Self {
        let DownloadAnswer { url, size, size_unit, expire_at, backup_id, created_at } = answer;
        let in_bytes = size_unit.is_none_or(|unit| unit == "bytes");
        Self { url, size: size.filter(|_| in_bytes), expire_at, backup_id, created_at }
    }
}

/// A number of bytes, however it is written. One that can't be is none: an archive is worth having without it.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u64>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        // JavaScript's numbers are exact up to here.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in range")]
        Some(Value::Number(number)) => number.as_u64().or_else(|| {
            let whole = number.as_f64().filter(|size| (0.0..=9_007_199_254_740_992.0).contains(size));
            whole.filter(|size| size.fract() == 0.0).map(|size| size as u64)
        }),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    })
}

open_enum! {
    /// What a list of backups can be ordered by.
    pub enum BackupOrder {
        /// When they were asked for.
        CreatedAt = "created_at",
    }
}

/// Which backups are wanted. By default the newest come first.
///
/// ```
/// use tagoio::Direction;
/// use tagoio::profile::{BackupOrder, BackupQuery};
///
/// let oldest = BackupQuery::new().amount(1).order_by(BackupOrder::CreatedAt, Direction::Ascending);
/// # let _ = oldest;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BackupQuery {
    /// Which page, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// How many on a page: 20 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// The order.
    #[serde(default, rename = "orderBy", skip_serializing_if = "Option::is_none")]
    pub order_by: Option<(BackupOrder, Direction)>,
}

impl BackupQuery {
    /// The first page, the newest first.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which page, from 1.
    pub fn page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// How many on a page: 20 when nothing is said.
    pub fn amount(mut self, amount: u32) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Sets the order.
    pub fn order_by(mut self, field: BackupOrder, direction: Direction) -> Self {
        self.order_by = Some((field, direction));
        self
    }

    /// As other lists, 0 counts as nothing.
    fn first_page(&self) -> u32 {
        self.page.filter(|page| *page > 0).unwrap_or(1)
    }

    fn amount_or(&self, default: u32) -> u32 {
        self.amount.filter(|amount| *amount > 0).unwrap_or(default)
    }

    fn encode(&self, page: u32, amount: u32) -> Query {
        let newest_first = &(BackupOrder::CreatedAt, Direction::Descending);
        let (field, direction) = self.order_by.as_ref().unwrap_or(newest_first);
        let mut query = Query::default();
        query.pair("page", page);
        query.pair("amount", amount);
        query.pair("orderBy", format_args!("{field},{}", direction.as_str()));
        query
    }
}

impl sealed::Sealed for Backup {}

impl Row for Backup {
    fn key(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.id.as_str()))
    }
}

impl<'a> BackupsApi<'a> {
    /// Asks for a backup, which TagoIO then makes in the background: a matter of minutes. [`wait`](BackupsApi::wait) for
    /// it, or look at the [`list`](BackupsApi::list).
    ///
    /// `POST /profile/{profile}/backup` · profile token only. Limits: one a day, by the account's time zone; 5 requests a
    /// minute; Starter and Scale plans only.
    ///
    /// # Errors
    ///
    /// [`is_limit_reached`](crate::Error::is_limit_reached) when there was one today already:
    /// [`retry_after`](crate::Error::retry_after) says for how long; [`is_not_in_plan`](crate::Error::is_not_in_plan) on
    /// the Free plan. The request is never repeated: after [`maybe_delivered`](crate::Error::maybe_delivered) errors look
    /// at the [`list`](BackupsApi::list) first.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// match tago.profile().backups().create(ProfileId::CURRENT) {
    ///     Err(error) if error.is_limit_reached() => println!("not before {:?}", error.retry_after()),
    ///     other => println!("{}", other?.message),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "createProfileBackup")]
    pub fn create(&self, profile: impl Into<ProfileId>) -> Result<QueuedBackup> {
        // TagoIO's own command line sends a body, in which there is nothing.
        let operation = post("/profile/{profile}/backup").segment(profile.into()).json(&json!({}));
        self.client.send_for_sentence(operation, |queued: &mut QueuedBackup| &mut queued.message)
    }

    /// One page of a profile's backups, in one request.
    ///
    /// `GET /profile/{profile}/backup` · profile token only. 50 or 100 requests a minute on Starter and Scale.
    ///
    /// # Errors
    ///
    /// [`is_not_in_plan`](crate::Error::is_not_in_plan) on the Free plan.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::BackupQuery};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for backup in tago.profile().backups().list(ProfileId::CURRENT, &BackupQuery::new())? {
    ///     println!("{} {:?} {:?} bytes", backup.id, backup.status, backup.file_size);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "listProfileBackups")]
    pub fn list(&self, profile: impl Into<ProfileId>, query: &BackupQuery) -> Result<Vec<Backup>> {
        page(self.client, &profile.into(), query, query.first_page(), query.amount_or(LIST_AMOUNT))
    }

    /// All of a profile's backups, page by page as the iterator advances.
    ///
    /// `GET /profile/{profile}/backup`, 100 a page when the query doesn't say.
    ///
    /// # Errors
    ///
    /// The iterator yields the first error, as [`list`](BackupsApi::list) would, and ends.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::BackupQuery};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let mut kept = 0;
    /// for backup in tago.profile().backups().iter(ProfileId::CURRENT, &BackupQuery::new()) {
    ///     kept += backup?.file_size.unwrap_or_default();
    /// }
    /// println!("{kept} bytes of backups");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "listProfileBackups")]
    pub fn iter(&self, profile: impl Into<ProfileId>, query: &BackupQuery) -> Rows<Backup> {
        let (client, profile, query) = (self.client.clone(), profile.into(), query.clone());
        let amount = query.amount_or(ITER_AMOUNT);
        Rows::new(query.first_page(), amount, move |number| page(&client, &profile, &query, number, amount))
    }

    /// Waits until a backup can be downloaded, for so long at most. See [`wait`](BackupsApi::wait) for more to say about
    /// it.
    ///
    /// `GET /profile/{profile}/backup`, again and again · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Backup`](crate::Error::Backup) when the backup has failed, or the time is over; otherwise as
    /// [`list`](BackupsApi::list).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use tagoio::{BackupId, ProfileId};
    /// # fn run(tago: &tagoio::Client, id: &BackupId) -> tagoio::Result<()> {
    /// let half_an_hour = Duration::from_secs(1800);
    /// let backup = tago.profile().backups().wait_until_completed(ProfileId::CURRENT, id, half_an_hour)?;
    /// println!("{:?} bytes", backup.file_size);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_until_completed(
        &self,
        profile: impl Into<ProfileId>,
        backup: impl Into<BackupId>,
        deadline: Duration,
    ) -> Result<Backup> {
        self.wait(profile, backup).until_completed(deadline)
    }

    /// As [`wait_until_completed`](BackupsApi::wait_until_completed), with a call for each change and a clock of one's
    /// own.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use tagoio::ProfileId;
    /// use tagoio::clock::ManualClock;
    /// use tagoio::profile::BackupStatus;
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let clock = Arc::new(ManualClock::default());
    /// let sandbox = Sandbox::builder().clock(clock.clone()).build();
    /// let tago = sandbox.client()?;
    /// let backups = tago.profile().backups();
    /// let id = backups.create(ProfileId::CURRENT)?.id.expect("TagoIO says which one it is");
    ///
    /// let mut seen = Vec::new();
    /// let wait = backups.wait(ProfileId::CURRENT, &id).with_clock(clock);
    /// let wait = wait.on_change(|backup| seen.extend(backup.status.clone()));
    /// assert!(wait.until_completed(Duration::from_secs(600))?.is_completed());
    /// assert_eq!(seen, [BackupStatus::Queued, BackupStatus::Processing, BackupStatus::Completed]);
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn wait(&self, profile: impl Into<ProfileId>, backup: impl Into<BackupId>) -> BackupWait<'a> {
        BackupWait::new(*self, profile.into(), backup.into())
    }

    /// Gives the address that a backup can be downloaded from, for 2 hours.
    ///
    /// The archive itself may be of any size, and lies on a host of its own, which isn't to be sent the token: fetch it
    /// with any HTTP client, or by `UreqTransport::stream`, which doesn't hold it in memory.
    ///
    /// `POST /profile/{profile}/backup/{backup}/download` · profile token only, and the account's password; with
    /// two-factor authentication also a code. 10 or 20 requests a minute on Starter and Scale.
    ///
    /// # Errors
    ///
    /// [`is_not_ready`](crate::Error::is_not_ready) before the backup is completed;
    /// [`is_wrong_password`](crate::Error::is_wrong_password) when password or code are wrong;
    /// [`is_not_found`](crate::Error::is_not_found) for one that TagoIO doesn't have. The request is never repeated after
    /// it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::{BackupId, Password, PinCode, ProfileId, profile::{Credentials, OtpType}};
    /// # fn run(tago: &tagoio::Client, id: &BackupId, password: Password, code: PinCode) -> tagoio::Result<()> {
    /// let credentials = Credentials::new(password).pin_code(code).otp_type(OtpType::Authenticator);
    /// let download = tago.profile().backups().download(ProfileId::CURRENT, id, &credentials)?;
    /// println!("{:?} bytes, until {:?}", download.size, download.expire_at);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "downloadProfileBackup")]
    pub fn download(
        &self,
        profile: impl Into<ProfileId>,
        backup: impl Into<BackupId>,
        credentials: &Credentials,
    ) -> Result<BackupDownload> {
        let operation = post("/profile/{profile}/backup/{backup}/download").segment(profile.into());
        self.client.send(operation.segment(backup.into()).json(credentials))
    }

    /// Deletes a backup, for good, and gives TagoIO's confirmation.
    ///
    /// `DELETE /profile/{profile}/backup/{backup}` with a body · profile token only, and the account's password; with
    /// two-factor authentication also a code. 10 or 20 requests a minute on Starter and Scale.
    ///
    /// # Errors
    ///
    /// [`is_wrong_password`](crate::Error::is_wrong_password) when password or code are wrong;
    /// [`is_not_found`](crate::Error::is_not_found) for one that TagoIO doesn't have.
    ///
    /// ```no_run
    /// # use tagoio::{BackupId, Password, ProfileId, profile::Credentials};
    /// # fn run(tago: &tagoio::Client, id: &BackupId, password: Password) -> tagoio::Result<()> {
    /// tago.profile().backups().delete(ProfileId::CURRENT, id, &Credentials::new(password))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "deleteProfileBackup")]
    pub fn delete(
        &self,
        profile: impl Into<ProfileId>,
        backup: impl Into<BackupId>,
        credentials: &Credentials,
    ) -> Result<String> {
        let operation = delete("/profile/{profile}/backup/{backup}").segment(profile.into());
        self.client.confirm(operation.segment(backup.into()).json(credentials))
    }
}

fn page(client: &Client, profile: &ProfileId, query: &BackupQuery, number: u32, amount: u32) -> Result<Vec<Backup>> {
    client.send(get("/profile/{profile}/backup").segment(profile).query(query.encode(number, amount)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_however_it_is_written() {
        for (size, bytes) in [
            (json!(15_728_640), Some(15_728_640)),
            (json!(15_728_640.0), Some(15_728_640)),
            (json!("15728640"), Some(15_728_640)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(0), Some(0)),
            (json!(null), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!(1e300), None),
            (json!("15 MB"), None),
            (json!([1]), None),
        ] {
            let backup: Backup = serde_json::from_value(json!({"id": "1", "file_size": size})).unwrap();
            assert_eq!(backup.file_size, bytes, "{size}");
            let url = "https://h/x";
            for (unit, in_bytes) in [(json!(null), true), (json!("bytes"), true), (json!("kB"), false)] {
                let answer = json!({"url": url, "size": size, "size_unit": unit});
                let download: BackupDownload = serde_json::from_value(answer).unwrap();
                assert_eq!(download.size, bytes.filter(|_| in_bytes), "{size} {unit}");
            }
        }
    }

    #[test]
    fn an_answer_that_names_no_backup_and_no_address_is_none() {
        for answer in [json!({}), json!({"message": "x"}), json!(null), json!([]), json!(1)] {
            assert!(serde_json::from_value::<QueuedBackup>(answer.clone()).is_err(), "{answer}");
            assert!(serde_json::from_value::<BackupDownload>(answer.clone()).is_err(), "{answer}");
        }
    }
}
