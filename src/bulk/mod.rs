//! Work on many things at once: parallel, within TagoIO's rate limits, and resumable.
//!
//! A [`Bulk`] takes a list of [`Task`]s and gives a [`Report`] with an [`Outcome`] for each of them.

mod delete_user;
mod engine;
mod journal;
mod notify;
mod queue;
mod report;
mod stop;
mod task;
pub mod users;

pub use delete_user::DeleteUser;
pub use engine::Bulk;
pub use journal::{Journal, JournalHeader};
pub use notify::Notify;
pub use report::{Event, Halt, Outcome, Progress, Report, Wait};
pub use stop::Stop;
pub use task::{Action, Before, Done, Task};
