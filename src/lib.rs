//! A blocking SDK for the administration side of the [TagoIO](https://tago.io) IoT platform: **profiles**, **team
//! members**, **profile tokens** and **TagoRUN** (portal settings, users, notifications, SAML, custom domain).
//!
//! * Typed to the bottom: requests, answers, ids, dates, secrets and errors are types; what TagoIO adds tomorrow fails
//!   nothing.
//! * Honest about delivery: a request that may have taken effect is never sent twice unless that does no harm.
//! * One method between it and HTTP: [ureq](https://docs.rs/ureq), a mock, a recording, an in-memory TagoIO, or your own.
//! * No async runtime (but for the sandbox's HTTP server, behind its feature), no `unsafe`.
//!
//! # Install
//!
//! ```toml
//! [dependencies]
//! tagoio = "0.1"
//! ```
//!
//! # A first program
//!
//! ```no_run
//! use tagoio::run::UserQuery;
//! use tagoio::{Client, ProfileId};
//!
//! fn main() -> tagoio::Result<()> {
//!     let tago = Client::from_env()?; // TAGOIO_TOKEN, else T_ANALYSIS_TOKEN
//!     let me = tago.profile().info(ProfileId::CURRENT)?;
//!     println!("{}", me.info.name);
//!     let of_lisbon = UserQuery::new().email("*@example.com").tag("site", "lisbon");
//!     for user in tago.run().users().iter(&of_lisbon) {
//!         let user = user?;
//!         println!("{} <{}>", user.name, user.email);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Without an account, the same calls work on the sandbox, an in-memory TagoIO (feature `sandbox`):
//!
//! ```
//! # #[cfg(feature = "sandbox")] {
//! use tagoio::run::{NewUser, UserEdit, UserQuery};
//! use tagoio::sandbox::Sandbox;
//! use tagoio::{Password, Patch};
//!
//! let tago = Sandbox::new().client()?;
//! let new = NewUser::new("Jane Doe", "jane.doe@example.com", "Europe/Lisbon")
//!     .password(Password::new("correct horse")?)
//!     .phone("+351 21 000 0000")
//!     .active(true);
//! let id = tago.run().users().create(&new)?;
//! tago.run().users().edit(&id, &UserEdit::new().phone(Patch::Clear))?;
//! assert_eq!(tago.run().users().info(&id)?.phone, None);
//! let found = tago.run().users().list(&UserQuery::new().email("JANE.DOE@*"))?;
//! assert_eq!(found[0].id, id);
//! # }
//! # Ok::<(), tagoio::Error>(())
//! ```
//!
//! # Map
//!
//! | | operations | types |
//! | --- | --- | --- |
//! | Profiles: information, usage, audit log, allocation | [`Client::profile`] | [`profile`] |
//! | Profiles: backups, providers of e-mail and SMS | [`backups`](profile::ProfileApi::backups), [`service_provider`](profile::ProfileApi::service_provider) | [`profile`] |
//! | Team members | [`Client::team`] | [`team`] |
//! | Profile tokens | [`Client::token`] | [`token`] |
//! | TagoRUN: settings | [`Client::run`] | [`run`] |
//! | TagoRUN: users, notifications, SAML, custom domain | [`users`](run::RunApi::users), [`notifications`](run::RunApi::notifications), [`saml`](run::RunApi::saml), [`custom_domain`](run::RunApi::custom_domain) | [`run`] |
//! | Work on many things at once: parallel, within the rate limits, resumable | [`Bulk::run`](bulk::Bulk::run) | [`bulk`] |
//! | Many users from a file: create, change or delete, and export | [`UserPlan::new`](bulk::users::UserPlan::new) | [`bulk::users`] |
//! | One thing for many users: [delete](run::UsersApi::delete_all), [notify](run::NotificationsApi::send_many) | [`UserJob::run`](bulk::users::UserJob::run) | [`bulk::users`] |
//! | Any other route | [`Client::raw`] | [`RawRequest`] |
//! | HTTP, retries, rate limits, test doubles | [`ClientBuilder::transport`] | [`transport`] |
//!
//! What takes several calls and is often wanted is one call here: [create or change a user](run::UsersApi::upsert), [merge
//! tags](run::UsersApi::merge_tags), [usage by period](profile::ProfileApi::usage) and [against the
//! allocation](profile::ProfileSummary::allocation_use), [the audit log over any range](profile::ProfileApi::audit_events),
//! [rotate a token](token::TokenApi::rotate), [copy settings](run::RunApi::copy_settings), [wait for a
//! domain](run::CustomDomainApi::wait_until_active). The folder `examples` has a short program for each.
//!
//! Who comes from TagoIO's Python or JavaScript SDK finds each method by its name there: search for `listUsers`.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `ureq` | yes | `transport::UreqTransport` and with it `Client::new`; TLS by rustls |
//! | `rustls`, `native-tls`, `platform-verifier` | `rustls` | the TLS below ureq: rustls with Mozilla's roots, the operating system's library, rustls with the operating system's roots |
//! | `sandbox` | no | `sandbox::Sandbox`: an in-memory TagoIO, its state as JSON, faults on demand |
//! | `sandbox-server` | no | `sandbox::Sandbox::serve`: the sandbox by HTTP, for clients of any language (brings hyper and tokio) |
//! | `testing` | no | `transport::MockTransport`, and cassettes: `transport::Record` and `transport::Replay` |
//! | `csv` | no | lists of users in CSV files: `bulk::users::UserList::from_csv` and `UserExport::csv` |
//! | `cli` | no | `tagoctl`, the command line (brings `csv`, `log`, `sandbox-server` and `ureq`) |
//! | `log` | no | `transport::Logged`: a line in the `log` facade for each request |
//!
//! With `default-features = false` there is no HTTP in the crate: bring your own [`transport`].
//!
//! # Errors
//!
//! One type, [`Error`], says where a call failed; its predicates say what a program wants to know:
//! [`is_not_found`](Error::is_not_found), [`is_rate_limited`](Error::is_rate_limited),
//! [`maybe_delivered`](Error::maybe_delivered) and more. No error shows a token or a password. Nothing panics on anything
//! that a server sends.
//!
//! # Delivery
//!
//! `Client::new` sends a request up to 5 times (`TAGOIO_REQUEST_ATTEMPTS`), by the rules of
//! [`RetryPolicy`](transport::RetryPolicy): what certainly did not take effect is sent again (no connection, 429); what may
//! have taken effect only when a repeat does no harm. A POST isn't, and neither is a call that mints a secret.
//!
//! # Testing
//!
//! Code that takes a [`Client`] can be tested with a closure ([`transport::from_fn`]), a mock, a recording or the sandbox:
//! see [`transport`].
//!
//! # The guide
//!
//! The folder `docs` of the crate is a guide that reads in order:
//! * [Quick start](https://docs.rs/crate/tagoio/latest/source/docs/quick-start.md)
//! * [Tokens and regions](https://docs.rs/crate/tagoio/latest/source/docs/tokens-and-regions.md)
//! * [Users and tags](https://docs.rs/crate/tagoio/latest/source/docs/users-and-tags.md)
//! * [Paging](https://docs.rs/crate/tagoio/latest/source/docs/paging.md)
//! * [Edits](https://docs.rs/crate/tagoio/latest/source/docs/edits.md)
//! * [Errors](https://docs.rs/crate/tagoio/latest/source/docs/errors.md)
//! * [Delivery and retries](https://docs.rs/crate/tagoio/latest/source/docs/delivery.md)
//! * [Testing your own code](https://docs.rs/crate/tagoio/latest/source/docs/testing-your-code.md)
//! * [Transports](https://docs.rs/crate/tagoio/latest/source/docs/transports.md)
//! * [Bulk work and limits](https://docs.rs/crate/tagoio/latest/source/docs/bulk-work.md)
//! * [tagoctl](https://docs.rs/crate/tagoio/latest/source/docs/tagoctl.md)
//! * [Coming from Python or JavaScript](https://docs.rs/crate/tagoio/latest/source/docs/official-sdks.md)
//!
//! and looks things up for who knows their way:
//! [Endpoints](https://docs.rs/crate/tagoio/latest/source/docs/endpoints.md),
//! [The sandbox](https://docs.rs/crate/tagoio/latest/source/docs/sandbox.md) and
//! [how faithful it is](https://docs.rs/crate/tagoio/latest/source/docs/fidelity.md),
//! [Faults](https://docs.rs/crate/tagoio/latest/source/docs/faults.md).
#![cfg_attr(docsrs, feature(doc_cfg))]
// Rustdoc reads its badges off `cfg`; this feature is not to be named by users, so its items have badges of their own.
#![cfg_attr(docsrs, doc(auto_cfg(hide(feature = "_ureq"))))]

pub mod bulk;
mod client;
pub mod clock;
mod error;
mod id;
mod lenient;
mod macros;
mod page;
mod patch;
mod prefetch;
pub mod profile;
mod region;
pub mod run;
#[cfg(feature = "sandbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "sandbox")))]
pub mod sandbox;
mod secret;
mod tag;
pub mod team;
mod time;
pub mod token;
pub mod transport;
mod wait;
mod wire;

pub use client::{Client, ClientBuilder, RawRequest};
pub use error::{ApiError, ConfigError, DecodeError, Error, Result};
pub use id::{AccountId, AuditLogQueryId, BackupId, NotificationId, ProfileId, ResourceId, UserId};
pub use page::{Direction, Row, Rows};
pub use patch::Patch;
pub use region::Region;
pub use secret::{Password, PinCode, Token};
pub use tag::Tag;
pub use time::{DateInput, Expiry, TimeUnit, Timestamp};

/// The code blocks of README and guide, compiled and run. Which pages of `docs` have some, `tests/docs.rs` knows.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../README.md")]
    mod readme {}

    #[cfg(all(feature = "csv", feature = "sandbox-server", feature = "testing", feature = "ureq"))]
    macro_rules! pages {
        ($($page:ident = $file:literal,)*) => {$(
            #[doc = include_str!(concat!("../docs/", $file))]
            mod $page {}
        )*};
    }

    #[cfg(all(feature = "csv", feature = "sandbox-server", feature = "testing", feature = "ureq"))]
    pages! {
        quick_start = "quick-start.md",
        tokens_and_regions = "tokens-and-regions.md",
        users_and_tags = "users-and-tags.md",
        paging = "paging.md",
        edits = "edits.md",
        errors = "errors.md",
        delivery = "delivery.md",
        testing_your_code = "testing-your-code.md",
        transports = "transports.md",
        bulk_work = "bulk-work.md",
        official_sdks = "official-sdks.md",
        sandbox = "sandbox.md",
    }
}
