//! `tagoctl run`.

mod settings;
mod theme;
