//! The built `tagoctl`, run as its users run it, against the served sandbox.

mod basics;
mod connection;
mod team;
mod terminal;
mod world;
