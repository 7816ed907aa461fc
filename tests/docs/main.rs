//! The guide in `docs/` holds together: every page is in the book and in the doc tests, every link leads somewhere, commands
//! and features exist, and the tables are complete. That its code blocks are right, the doc tests say (`mod guide` in
//! `src/lib.rs`); those of `tagoctl`, `tests/cli/guide.rs`; and those in Python and JavaScript, `tests/interop/run`.

mod badges;
mod commands;
mod errors;
mod links;
mod official_sdks;
#[path = "../support/page.rs"]
mod page;
mod pages;
#[cfg(feature = "sandbox")]
mod quick_start;
