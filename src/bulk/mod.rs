//! Work on many things at once.

pub mod users;
