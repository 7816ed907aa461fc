use serde::{Deserialize, Serialize};

use crate::id::{AuditLogQueryId, ResourceId};
use crate::lenient::or_default;
use crate::macros::open_enum;
use crate::time::{DateInput, Timestamp};

/// The answer to an audit log query.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuditLog {
    /// What was done; absent while the query runs.
    #[serde(default)]
    pub events: Option<Vec<AuditLogEvent>>,
    /// What the query cost.
    #[serde(default)]
    pub statistics: Option<AuditLogStatistics>,
    /// How far the query is. When TagoIO doesn't say, the events are final.
    #[serde(default)]
    pub status: Option<AuditLogStatus>,
    /// The query, to be asked for again while it runs.
    #[serde(default)]
    pub query_id: Option<AuditLogQueryId>,
}

/// Something that was done in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuditLogEvent {
    /// The kind of thing it was done to.
    #[serde(default)]
    pub resource_name: Option<AuditedResource>,
    /// The thing it was done to.
    #[serde(default, rename = "resourceID")]
    pub resource_id: Option<ResourceId>,
    /// What was done, in a sentence.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Who did it: an account's id, or a name of TagoIO's own.
    #[serde(default, deserialize_with = "or_default")]
    pub who: String,
    /// When.
    #[serde(default)]
    pub date: Timestamp,
}

/// What an audit log query cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AuditLogStatistics {
    /// How many records fit the filter.
    pub records_matched: Option<f64>,
    /// How many records were looked at.
    pub records_scanned: Option<f64>,
    /// How many bytes were looked at.
    pub bytes_scanned: Option<f64>,
}

open_enum! {
    /// How far an audit log query is.
    pub enum AuditLogStatus {
        /// Not done: ask again.
        Running = "Running",
        /// Done.
        Complete = "Complete",
        /// It failed.
        Failed = "Failed",
        /// It took too long.
        Timeout = "Timeout",
        /// TagoIO can't say.
        Unknown = "Unknown",
    }
}

open_enum! {
    /// A kind of thing that the audit log knows.
    #[doc(alias = "resourceNameType")]
    pub enum AuditedResource {
        /// Actions.
        Action = "action",
        /// Access Management policies.
        AccessManagement = "am",
        /// Analyses.
        Analysis = "analysis",
        /// Connectors.
        Connector = "connector",
        /// Dashboards.
        Dashboard = "dashboard",
        /// Devices.
        Device = "device",
        /// Dictionaries.
        Dictionary = "dictionary",
        /// Networks.
        Network = "network",
        /// The profile itself.
        Profile = "profile",
        /// TagoRUN's settings.
        Run = "run",
        /// TagoRUN users.
        RunUser = "runuser",
    }
}

/// Which events of the audit log are wanted.
///
/// ```
/// use tagoio::profile::{AuditLogFilter, AuditedResource};
///
/// let deletions = AuditLogFilter::new()
///     .between("2024-10-01", "2024-10-31")
///     .resource_name(AuditedResource::RunUser)
///     .find("*deleted*");
/// # let _ = deletions;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditLogFilter {
    /// Those of one thing.
    #[serde(default, rename = "resourceID", skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<ResourceId>,
    /// Those of one kind of thing.
    #[serde(default, rename = "resourceName", skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<AuditedResource>,
    /// Those whose sentence has this text in it; `*` stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// From this day or moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateInput>,
    /// Up to this day or moment, 7 days after the start at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateInput>,
    /// No more than so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl AuditLogFilter {
    /// What TagoIO gives by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events of one thing.
    pub fn resource_id(mut self, id: impl Into<ResourceId>) -> Self {
        self.resource_id = Some(id.into());
        self
    }

    /// Only events of one kind of thing.
    pub fn resource_name(mut self, kind: AuditedResource) -> Self {
        self.resource_name = Some(kind);
        self
    }

    /// Only events whose sentence has this text in it; `*` stands for anything.
    pub fn find(mut self, text: impl Into<String>) -> Self {
        self.find = Some(text.into());
        self
    }

    /// Only events between two days or moments, which are at most 7 days apart. A day that ends it counts as a whole.
    pub fn between(mut self, start: impl Into<DateInput>, end: impl Into<DateInput>) -> Self {
        self.start_date = Some(start.into());
        self.end_date = Some(end.into());
        self
    }

    /// No more than so many events.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}
