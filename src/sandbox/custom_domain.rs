//! The portal's own domain, whose DNS records turn right one after another.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::access::Role;
use super::answer::{Answer, Refusal};
use super::dates;
use super::ids::{hash, mix};
use super::routes::{Change, Context};

/// How long after the one before a record is found right; all five are within TagoIO's half an hour.
const STEP: TimeDelta = TimeDelta::minutes(5);
const RECORDS: [&str; 5] = ["dns_ssl", "dns_page", "dns_email_1", "dns_email_2", "dns_email_3"];
/// The record that first has a value from before, as happens where an old entry was left.
const STALE: &str = "dns_page";

pub(super) struct CustomDomain {
    pub(super) domain: String,
    pub(super) subdomain: String,
    pub(super) email: String,
    pub(super) created_at: DateTime<Utc>,
    /// When its records were made.
    pub(super) generated_at: DateTime<Utc>,
    /// What their values are made of.
    pub(super) seed: u64,
}

impl CustomDomain {
    fn host(&self) -> String {
        format!("{}.{}", self.subdomain, self.domain)
    }

    fn record(&self, at: i32, name: &str, now: DateTime<Utc>) -> (bool, Value) {
        let found = now >= self.generated_at + STEP * (at + 1);
        let code = mix(self.seed ^ hash(name));
        let (key, value) = match name {
            "dns_ssl" => (format!("_{:08x}.{}", code >> 32, self.host()), format!("_{code:016x}.acm-validations.aws")),
            "dns_page" => (self.host(), format!("{:08x}.edge.tago.run", code >> 32)),
            _ => (format!("{code:016x}._domainkey.{}", self.email), format!("{code:016x}.dkim.amazonses.com")),
        };
        let mut record = json!({"status": found, "type": "CNAME", "key": key, "value": value});
        if found {
            record["current_value"] = json!(value);
        } else if name == STALE {
            record["current_value"] = json!(format!("old-host.{}", self.domain));
        }
        (found, record)
    }

    fn info(&self, now: DateTime<Utc>) -> Value {
        let mut info = json!({
            "domain": self.domain,
            "subdomain": self.subdomain,
            "email": self.email,
            "created_at": dates::json(self.created_at),
        });
        let mut active = true;
        for (at, name) in (0..).zip(RECORDS) {
            let (found, record) = self.record(at, name, now);
            active &= found;
            info[name] = record;
        }
        info["active"] = json!(active);
        info
    }
}

pub(super) fn is_host_name(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    name.split('.').all(is_label)
}

/// A seed as a state has it: in 16 digits, because a large number would suffer in JavaScript.
pub(super) fn read_seed(text: &str) -> Option<u64> {
    let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok())?
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Owner)?;
    let domain = &context.world.profile(&profile)?.portal.custom_domain;
    domain.as_ref().map(|domain| domain.info(context.now)).ok_or_else(|| Refusal::not_found("Custom Domain"))
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Owner)?;
    let now = context.now;
    let fields = context.fields()?;
    let name = |key: &str| {
        let name = fields.required_text(key)?;
        if is_host_name(name) { Ok(name.to_owned()) } else { Err(Refusal::invalid(key, "hostname")) }
    };
    let (domain, subdomain, email) = (name("domain")?, name("subdomain")?, name("email")?);
    let seed = hash(&context.world.ids.id());
    let owned = context.world.profile_mut(&profile)?;
    if !owned.addons.custom_dns {
        return Err(Refusal::new(403, "You do not have permission to use a custom domain without its add-on"));
    }
    if owned.portal.custom_domain.is_some() {
        return Err(Refusal::bad_request("Custom Domain already exists"));
    }
    let domain = CustomDomain { domain, subdomain, email, created_at: now, generated_at: now, seed };
    let message = format!("Custom domain {} created", domain.host());
    owned.portal.custom_domain = Some(domain);
    Ok(change("Custom Domain Successfully Created", profile, message))
}

pub(super) fn regenerate(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Owner)?;
    let now = context.now;
    let seed = hash(&context.world.ids.id());
    let domain = context.world.profile_mut(&profile)?.portal.custom_domain.as_mut();
    let domain = domain.ok_or_else(|| Refusal::not_found("Custom Domain"))?;
    domain.generated_at = now;
    domain.seed = seed;
    let message = format!("Custom domain {} regenerated", domain.host());
    Ok(change("Custom Domain Successfully Regenerated", profile, message))
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Owner)?;
    let domain = context.world.profile_mut(&profile)?.portal.custom_domain.take();
    let domain = domain.ok_or_else(|| Refusal::not_found("Custom Domain"))?;
    Ok(change("Custom Domain Successfully Removed", profile, format!("Custom domain {} deleted", domain.host())))
}

fn change(result: &str, profile: String, message: String) -> Change {
    Change { result: json!(result), profile: profile.clone(), resource: "run", id: profile, message }
}
