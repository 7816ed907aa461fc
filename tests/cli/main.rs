//! The built `tagoctl`, run as its users run it, against the served sandbox.

mod api;
mod basics;
mod connection;
mod generated;
mod profile;
mod served;
mod team;
mod terminal;
mod token;
mod world;
