//! `tagoctl run`.

mod domain;
mod notify;
mod saml;
mod settings;
mod theme;
