//! Work on many things at once: parallel, within TagoIO's rate limits, and resumable.
//!
//! A [`Bulk`] does a list of [`Task`]s and gives a [`Report`] with the [`Outcome`] of each. A task is one thing that is
//! done to one object: [`DeleteUser`], [`Notify`], a step of a [plan of users](users), or one of your own. Everything that many tasks need together is the
//! engine's: several at once, TagoIO's rate windows, further tries, a [`Stop`], a [`Journal`], and an [`Event`] for
//! whoever draws the progress.
//!
//! ```
//! # #[cfg(feature = "sandbox")] {
//! use std::sync::Arc;
//! use tagoio::Direction;
//! use tagoio::bulk::{Action, Bulk, Event, Notify};
//! use tagoio::run::{NewNotification, UserOrder, UserQuery};
//! use tagoio::sandbox::{Plan, Sandbox};
//!
//! let tago = Sandbox::new().client()?;
//! let text = Arc::new(NewNotification::new().title("Maintenance").message("Tonight from 10 pm."));
//! // Whoever registers meanwhile comes last then, and nobody is seen twice.
//! let query = UserQuery::new().tag_key("site").order_by(UserOrder::CreatedAt, Direction::Ascending);
//! let users = tago.run().users().iter(&query);
//! let tasks = users.map(|user| Ok(Notify::new(user?.id, Arc::clone(&text)))).collect::<tagoio::Result<Vec<_>>>()?;
//!
//! let report = Bulk::new(&tago)
//!     .jobs(4)
//!     .plan(Plan::Scale)
//!     .on_event(|event| {
//!         if let Event::Finished { progress, .. } = event {
//!             eprintln!("{} of {}", progress.finished(), progress.total);
//!         }
//!     })
//!     .run(&tasks);
//! assert_eq!(report.progress.count(&Action::Sent), tasks.len());
//! for (index, outcome) in report.outcomes.iter().enumerate() {
//!     if let Some(error) = outcome.error() {
//!         eprintln!("row {index}: {error}");
//!     }
//! }
//! # }
//! # Ok::<(), tagoio::Error>(())
//! ```
//!
//! # Rate limits
//!
//! TagoIO counts the requests of a profile and route in windows of one clock minute. With [`Bulk::plan`], or a number of
//! your own ([`Bulk::per_minute`]), no window is exceeded; what doesn't fit in waits for the next one. Each window is filled,
//! those of several routes at once, as far as tasks say [which route](Task::route) they call: of one route, nothing new
//! begins while there are as many waiting as there are [jobs](Bulk::jobs). A 429 that comes nevertheless, because other
//! programs use the same profile, is waited out for as long as it asks. Neither is a try. Only the requests of one run are
//! counted together; what went before it in the same minute isn't known.
//!
//! The engine counts each call of the client as one request, and repeats what is worth it by itself: the retries that
//! `Client::new` and the builder put around their transport are left out during the work, whatever
//! [`attempts`](crate::ClientBuilder::attempts) says. A transport of your own is used as it is. One with a
//! [`Retry`](crate::transport::Retry) in it makes more requests than are counted, which TagoIO then refuses, and waits on
//! when a stop is asked for: leave it out, or give it a [`Stop::clock`].
//!
//! # Delivery
//!
//! | what came of a try | what follows |
//! | --- | --- |
//! | held back or refused by the rate limit | it is put off until the next window; that wasn't a try |
//! | certainly not delivered, or a repeat does no harm | up to [`Bulk::tries`] tries, with growing random waits |
//! | it may have been done, and a repeat could do it twice | a further try that [has to find out first](Before::maybe_done) |
//! | … and that can't be found out, or there are no tries left | [`Uncertain`](Outcome::Uncertain) |
//! | a limit of the plan is reached | `Failed`, and what [takes](Task::takes) of the same is [not tried](Halt::LimitReached) |
//! | any other refusal | [`Failed`](Outcome::Failed) |
//! | the token is refused | `Failed`, and the work [ends](Halt::Unauthorized) |
//!
//! So nothing is done twice, and what may have been done isn't called a failure when to do it again would do harm.
//!
//! One gap is left. A gateway may give up on a request (504, or a connection that is lost) which TagoIO is still at work
//! on, and whoever looks too early finds nothing. So a task that [must not be repeated](Task::is_repeatable) is left alone
//! for ten seconds before it finds out; what takes effect even later is done twice.
//!
//! # Interruption
//!
//! After [`Stop::request`] nothing begins, and what is in flight is finished. With a [`Journal`], the next run goes on
//! where this one was, also when the process was killed: what is done is [`Resumed`](Outcome::Resumed), what failed is
//! tried again, and what had begun and [must not be repeated](Task::is_repeatable) finds out first whether it was done.
//!
//! ```
//! # #[cfg(feature = "sandbox")] {
//! use tagoio::bulk::{Bulk, DeleteUser, Journal, JournalHeader};
//! use tagoio::sandbox::Sandbox;
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("leavers.journal");
//! let sandbox = Sandbox::new();
//! let tago = sandbox.client()?;
//! let tasks: Vec<_> = sandbox.users().into_iter().map(|user| DeleteUser::new(user.id)).collect();
//!
//! let header = JournalHeader::new("delete leavers", &tago).option("profile", sandbox.profile_id());
//! let journal = if path.exists() { Journal::resume(&path, &header)? } else { Journal::create(&path, &header)? };
//! let report = Bulk::new(&tago).journal(&journal).run(&tasks);
//! assert!(report.is_complete());
//! # }
//! # Ok::<(), tagoio::Error>(())
//! ```

mod delete;
mod digest;
mod engine;
mod journal;
mod notify;
mod queue;
mod report;
mod stop;
mod task;
pub mod users;

pub use delete::{DeleteNotification, DeleteUser};
pub use engine::Bulk;
pub use journal::{Journal, JournalHeader};
pub use notify::Notify;
pub use report::{Event, Halt, Outcome, Progress, Report, Wait};
pub use stop::Stop;
pub use task::{Action, Before, Done, Task};
