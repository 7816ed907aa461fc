//! Everything that can go wrong between a call and its answer, on real sockets: what the server sees, what the caller
//! gets, and how long it takes by a clock that nobody waits for.
#![cfg(feature = "rustls")]

mod catalogue;
mod deadlines;
mod matrix;
#[path = "../support/server.rs"]
mod server;
mod threads;
mod tls;
mod world;
