//! What is measured beside this crate, and what answers it: for the counts of this package and for `../compare`.

pub mod answers;
pub mod by_hand;
pub mod server;
