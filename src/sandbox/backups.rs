//! Backups of profiles, which take their time.

use std::collections::VecDeque;

use chrono::{DateTime, Months, TimeDelta, Timelike as _, Utc};
use serde_json::{Map, Value, json};

use super::access::{Role, prove};
use super::answer::{Answer, Refusal};
use super::archive;
use super::dates;
use super::list::{Columns, Kind, ListQuery, Record};
use super::routes::{Change, Context};
use super::world::Profile;
use crate::Tag;
use crate::profile::Plan;

/// How long a backup is queued.
const QUEUED: TimeDelta = TimeDelta::seconds(5);
/// How long it takes from when it was asked for.
const TAKES: TimeDelta = TimeDelta::seconds(30);
/// How long it is kept, in months.
const RETENTION: Months = Months::new(12);

const COLUMNS: Columns = Columns {
    fields: &FIELDS,
    default_fields: &FIELDS,
    filters: &[],
    flat_filters: &[],
    orders: &[("created_at", Kind::Date)],
    default_order: "created_at,desc",
};
const FIELDS: [&str; 8] =
    ["id", "profile", "file_path", "version_id", "file_size", "status", "error_message", "created_at"];

/// The backups of a profile, the oldest first.
#[derive(Default)]
pub(super) struct Backups {
    made: VecDeque<Backup>,
    /// When one was asked for last, whatever became of it.
    pub(super) asked_at: Option<DateTime<Utc>>,
}

pub(super) struct Backup {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    /// Why it fails, if it does.
    pub(super) error_message: Option<String>,
    /// What the profile was like: the documents in the archive, by their names.
    pub(super) resources: Map<String, Value>,
}

impl Backups {
    pub(super) fn add(&mut self, backup: Backup) {
        self.made.push_back(backup);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Backup> {
        self.made.iter()
    }

    pub(super) fn find(&self, id: &str) -> Option<&Backup> {
        self.made.iter().find(|backup| backup.id == id)
    }

    fn forget_old(&mut self, now: DateTime<Utc>) {
        let Some(oldest) = now.checked_sub_months(RETENTION) else { return };
        self.made.retain(|backup| backup.created_at >= oldest);
    }
}

impl Backup {
    /// A backup of a profile as it is. Tokens aren't in it, as in TagoIO's.
    pub(super) fn of(profile: &Profile, profile_id: &str, id: String, created_at: DateTime<Utc>) -> Self {
        let mut run = profile.portal.settings.clone();
        run.remove("anonymous_token");
        let own = json!({
            "id": profile_id,
            "name": profile.name,
            "logo_url": profile.logo_url,
            "banner_url": profile.banner_url,
            "created_at": dates::json(profile.created_at),
            "updated_at": dates::json(profile.updated_at),
        });
        let resources = [("profile".to_owned(), own), ("run".to_owned(), Value::Object(run))];
        Self { id, created_at, error_message: None, resources: Map::from_iter(resources) }
    }

    fn status(&self, now: DateTime<Utc>) -> &'static str {
        match now - self.created_at {
            age if age < QUEUED => "queued",
            age if age < TAKES => "processing",
            _ if self.error_message.is_some() => "failed",
            _ => "completed",
        }
    }

    pub(super) fn archive(&self, profile: &str) -> Vec<u8> {
        archive::zip(&format!("backup-{profile}"), &self.resources, self.created_at)
    }
}

struct Row<'a> {
    profile: &'a str,
    backup: &'a Backup,
    status: &'static str,
}

impl Record for Row<'_> {
    fn value(&self, field: &str) -> Value {
        let Self { profile, backup, status } = self;
        let is_completed = *status == "completed";
        match field {
            "id" => json!(backup.id),
            "profile" => json!(profile),
            "status" => json!(status),
            "error_message" => json!(backup.error_message.as_ref().filter(|_| *status == "failed")),
            "created_at" => dates::json(backup.created_at),
            _ if !is_completed => Value::Null,
            "file_path" => json!(format!("profile/{profile}/versioning/backup/backup-{profile}.zip")),
            "file_size" => json!(backup.archive(profile).len()),
            "version_id" => json!(backup.id.get(..12)),
            _ => Value::Null,
        }
    }

    fn text(&self, _field: &str) -> Option<&str> {
        None
    }

    fn date(&self, field: &str) -> Option<DateTime<Utc>> {
        (field == "created_at").then_some(self.backup.created_at)
    }

    fn flag(&self, _field: &str) -> Option<bool> {
        None
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// The profile in the path, when the caller owns it and its plan has backups.
fn profile(context: &mut Context<'_>) -> Result<String, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    if context.world.owner(&id)?.plan == Plan::Free {
        let sentence = "Backup feature is not available on the free plan. Please upgrade your plan to access backup \
                        functionality.";
        return Err(Refusal::new(403, sentence));
    }
    let now = context.now;
    context.world.profile_mut(&id)?.backups.forget_old(now);
    Ok(id)
}

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let id = profile(context)?;
    let query = ListQuery::read(&context.call.query, &COLUMNS, context.now)?;
    let backups = context.world.profile(&id)?.backups.iter();
    let rows: Vec<Row<'_>> =
        backups.map(|backup| Row { profile: &id, backup, status: backup.status(context.now) }).collect();
    let mut found: Vec<&Row<'_>> = rows.iter().rev().collect();
    query.selection().sort(&mut found);
    Ok(query.slice(&found).iter().map(|row| query.project(*row)).collect())
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = profile(context)?;
    let now = context.now;
    let asked_at = context.world.profile(&id)?.backups.asked_at;
    if asked_at.is_some_and(|asked_at| asked_at.date_naive() == now.date_naive()) {
        let hours = (24 * 3600 - now.num_seconds_from_midnight()).div_ceil(3600);
        return Err(Refusal::new(
            403,
            format!(
                "Daily backup limit reached (1 backups per day). Please try again in {hours} hours or contact support to \
                 increase your limit."
            ),
        ));
    }
    let backup = context.world.ids.id();
    let owned = context.world.profile_mut(&id)?;
    let made = Backup::of(owned, &id, backup.clone(), now);
    owned.backups.add(made);
    owned.backups.asked_at = Some(now);
    let message = format!("Backup {backup} of the profile {} created", owned.name);
    let sentence = "Backup generation has been queued and will be processed shortly. You can check the status using the \
                    list backups endpoint.";
    let result = json!({"message": sentence, "profile": id, "backup_id": backup});
    Ok(change(result, id, message))
}

pub(super) fn download(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (id, now) = (profile(context)?, context.now);
    let backup = context.world.profile(&id)?.backups.find(context.param(1));
    let missing = || Refusal::new(404, "Backup not found or you don't have permission to access it.");
    let backup = backup.ok_or_else(missing)?;
    prove(context.world, &context.caller.account, &context.body)?;
    let status = backup.status(now);
    if status != "completed" {
        let sentence = format!("Backup is not ready for download. Current status: {status}");
        return Err(Refusal::bad_request(sentence));
    }
    let size = backup.archive(&id).len();
    #[expect(clippy::cast_precision_loss, reason = "archives are small")]
    let megabytes = size as f64 / (1024.0 * 1024.0);
    let result = json!({
        "url": archive::address(context.call, &id, &backup.id, now),
        "size": size,
        "size_unit": "bytes",
        "file_size_mb": format!("{megabytes:.2}"),
        "expire_at": dates::json(now + archive::VALID),
        "backup_id": backup.id,
        "created_at": dates::json(backup.created_at),
    });
    let message = format!("Backup {} downloaded", backup.id);
    Ok(change(result, id, message))
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = profile(context)?;
    let backup = context.param(1).to_owned();
    if context.world.profile(&id)?.backups.find(&backup).is_none() {
        return Err(Refusal::new(404, "Backup not found or you don't have permission to delete it."));
    }
    prove(context.world, &context.caller.account, &context.body)?;
    context.world.profile_mut(&id)?.backups.made.retain(|made| made.id != backup);
    Ok(change(json!("Backup successfully removed"), id, format!("Backup {backup} deleted")))
}

fn change(result: Value, profile: String, message: String) -> Change {
    Change { result, profile: profile.clone(), resource: "profile", id: profile, message }
}
