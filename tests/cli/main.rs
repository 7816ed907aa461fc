//! The built `tagoctl`, run as its users run it, against the served sandbox.

mod basics;
mod connection;
mod run;
mod run_user;
mod run_user_bulk;
mod team;
mod terminal;
mod world;
