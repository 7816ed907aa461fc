//! Many users at once: lists of them in files, and what is to be done so that TagoIO's users are as a list wants them.
//!
//! | | |
//! | --- | --- |
//! | [`UserList`] | reads and checks [records](UserRecord): CSV, JSON lines, or from memory |
//! | [`UserPlan`] | compares a list with TagoIO: who is created, changed, left alone or deleted |
//! | [`UserPlanner`] | makes such a plan while somebody waits: says how far it is, and can be stopped |
//! | [`Bulk::run`](super::Bulk::run) | does what the plan says |
//! | [`find`], [`details`] | users by their e-mail addresses or ids |
//! | [`UserSelection`], [`UserJob`] | one thing that is done to many users: to be deleted, to be notified |
//! | [`UserExport`] | writes users in a form that can be edited and read again |

mod address;
mod column;
#[cfg(feature = "csv")]
mod csv_file;
mod difference;
mod existing;
mod export;
mod job;
mod json_lines;
mod list;
mod options;
mod plan;
mod planner;
mod problem;
mod record;
mod selection;
mod tag_text;
mod task;
mod watch;

pub(crate) use address::key_of;
pub use column::UserColumn;
pub use difference::Change;
pub use existing::{details, find};
pub use export::{ExportedUser, UserExport};
pub use job::{UserJob, UserOutcome, UserReport};
pub use list::UserList;
pub use options::{SyncOptions, TagPolicy};
pub use plan::{PlanCounts, PlanError, UserPlan};
pub use planner::UserPlanner;
pub use problem::{ListError, Problem};
pub use record::UserRecord;
pub use selection::{SelectedUser, UserSelection};
pub(crate) use task::sync_one;
pub use task::{Intent, Step, UserTask};
pub use watch::PlanProgress;
