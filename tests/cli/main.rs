//! The built `tagoctl`, run as its users run it, against the served sandbox.
#![expect(clippy::needless_raw_string_hashes, reason = "snapbox writes snapshots that way")]
#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "some tests are of Unix"))]

mod api;
mod basics;
mod connection;
#[path = "../support/coverage.rs"]
mod coverage;
mod generated;
mod guide;
#[cfg(unix)]
mod picture;
mod profile;
mod profile_audit;
mod profile_backup;
mod profile_service_provider;
mod profile_usage;
mod run;
mod run_user;
mod run_user_bulk;
mod secrets;
mod served;
mod streams;
mod team;
mod terminal;
mod token;
mod world;
