//! The built `tagoctl`, run as its users run it, against the served sandbox.

mod api;
mod basics;
mod generated;
mod profile;
mod served;
mod team;
mod token;
mod world;
