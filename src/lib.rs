//! A blocking SDK for the administration side of [TagoIO](https://tago.io): profiles, team members, profile tokens and
//! TagoRUN.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
pub mod clock;
mod error;
mod id;
mod lenient;
mod macros;
mod page;
mod patch;
pub mod profile;
mod region;
pub mod run;
mod secret;
mod tag;
pub mod team;
mod time;
pub mod token;
pub mod transport;
mod wire;

pub use client::{Client, ClientBuilder, RawRequest};
pub use error::{ApiError, ConfigError, DecodeError, Error, Result};
pub use id::{AccountId, AuditLogQueryId, NotificationId, ProfileId, ResourceId, UserId};
pub use page::{Direction, Row, Rows};
pub use patch::Patch;
pub use region::Region;
pub use secret::{Password, PinCode, Token};
pub use tag::Tag;
pub use time::{DateInput, Expiry, TimeUnit, Timestamp};

/// The pages of the guide, whose examples are tests.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../docs/transports.md")]
struct TransportsGuide;
