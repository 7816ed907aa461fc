//! Everything that can go wrong between a call and its answer, on real sockets: what the server sees, what the caller
//! gets, and how long it takes by a clock that nobody waits for.
#![cfg(feature = "rustls")]

mod catalogue;
mod deadlines;
mod matrix;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../support/server.rs"]
mod server;
mod stage;
mod streams;
mod threads;
mod tls;
mod world;
