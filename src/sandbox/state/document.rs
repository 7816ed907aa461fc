//! The form of the document. What is optional has a default, and what isn't known is refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::access::{Grant, Power};
use super::super::dates;
use super::super::world::writable;
use crate::profile::Plan;
use crate::tag::tags_as_written;
use crate::wire::number;
use crate::{Patch, Tag};

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) version: Version,
    /// The moment that the state is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<Moment>,
    /// What the ids that are still to be made begin with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) next_id: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) main: Main,
    /// The one whose sandbox it is.
    #[serde(default)]
    pub(super) account: Account,
    /// Other people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) accounts: Vec<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) profiles: Option<Vec<Profile>>,
}

/// The only version there is.
#[derive(PartialEq)]
pub(super) struct Version;

/// What `Sandbox::profile_id` and `Sandbox::token` give. `null` says that it is gone.
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Main {
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(super) profile: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(super) token: Patch<String>,
}

#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<Plan>,
    /// The code that is always right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) two_factor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    /// What its profiles together may be allocated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) services: Option<Amounts>,
}

#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// An account by its id or e-mail address; the main account's when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) logo_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) banner_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated_at: Option<Moment>,
    #[serde(default)]
    pub(super) addons: AddOns,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) allocation: Option<Amounts>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) resources: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) hourly_use: Amounts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) team: Vec<Member>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tokens: Vec<Token>,
    /// As `PUT /run` takes it: what isn't said is as in a new portal.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) run: Map<String, Value>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) saml: Saml,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) custom_domain: Option<CustomDomain>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) users: Vec<User>,
    /// What statistics of the past still count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) former_users: Vec<FormerUsers>,
    /// Who sends e-mails and text messages.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) service: Providers,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) backups: Vec<Backup>,
    /// When a backup was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backed_up_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audit_log: Vec<Event>,
}

#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddOns {
    #[serde(default)]
    pub(super) custom_dns: bool,
    #[serde(default)]
    pub(super) mobile: bool,
    #[serde(default)]
    pub(super) control_tower: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated_at: Option<Moment>,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) email: String,
    /// Whether the invitation was accepted.
    #[serde(default = "yes")]
    pub(super) active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    #[serde(default, rename = "token", skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    pub(super) name: String,
    pub(super) permission: Power,
    #[serde(default, rename = "type", skip_serializing_if = "is_default")]
    pub(super) kind: TokenKind,
    /// The analysis that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) analysis: Option<String>,
    /// What a policy allows that analysis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) grants: Vec<Grant>,
    /// The TagoRUN user that it is of, by id or e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run_user: Option<String>,
    /// An account by its id or e-mail address; the owner of the profile when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_by: Option<String>,
    /// A date, `never`, or a while from now such as `3 months`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expire_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_authorization: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) serie_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verification_code: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenKind {
    #[default]
    Profile,
    Analysis,
    RunUser,
}

#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saml {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) idp: Option<IdentityProvider>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mapping: Option<Map<String, Value>>,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityProvider {
    pub(super) issuer: String,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomDomain {
    pub(super) domain: String,
    pub(super) subdomain: String,
    pub(super) email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    /// When its records were made: 25 minutes later all are found right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) generated_at: Option<Moment>,
    /// What the values of its records are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<String>,
}

/// As `PUT /profile/{profile}/service` takes them.
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Providers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sms: Option<Map<String, Value>>,
}

#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// Half a minute later it is completed, or has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    /// Why it fails, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_message: Option<String>,
    /// The documents in the archive, by their names without `.json`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) resources: Map<String, Value>,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) company: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tags")]
    pub(super) tags: Vec<Tag>,
    #[serde(default = "yes")]
    pub(super) active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) newsletter: Option<bool>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) options: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) custom_preferences: Map<String, Value>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) force_password_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_login: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated_at: Option<Moment>,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notifications: Vec<Notification>,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notification {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) title: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) read: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) icon: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) buttons: Vec<Value>,
    #[serde(default = "yes")]
    pub(super) buttons_enabled: bool,
    #[serde(default = "yes")]
    pub(super) buttons_autodisable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Moment>,
}

/// How many users there were, from a moment on and up to the next such entry, that were deleted later.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormerUsers {
    pub(super) from: Moment,
    pub(super) count: u32,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    #[serde(rename = "resourceName")]
    pub(super) resource_name: String,
    /// The profile when there is none.
    #[serde(default, rename = "resourceID", skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<String>,
    pub(super) message: String,
    /// An account by its id or e-mail address, or any other id; the owner of the profile when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) who: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<Moment>,
}

fn yes() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A date in any form that TagoIO takes.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let date =
            dates::parse(&text).map(|span| span.start).filter(|date| (*date - writable(*date)).num_seconds() == 0);
        date.map(|date| Self(writable(date)))
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a date such as 2026-01-31T23:59:59.000Z")))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&dates::text(self.0))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(serde::de::Error::custom(format!("version {other} is not known; it has to be 1"))),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

/// Amounts of services, written as JavaScript does.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Amounts(pub(super) BTreeMap<String, f64>);

impl Serialize for Amounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(service, amount)| (service, number(*amount))))
    }
}

impl<'de> Deserialize<'de> for Power {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::read(&word).ok_or_else(|| {
            serde::de::Error::custom(format!("`{word}` is not a permission: it is full, write, read or deny"))
        })
    }
}

impl Serialize for Power {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Tags that have a key and a value, and nothing else.
fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tag>, D::Error> {
    Ok(tags_as_written(deserializer)?.into_option().unwrap_or_default())
}
