//! `tagoctl run domain`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tagoio::run::{CustomDomainInfo, DnsEntry, DnsState, NewCustomDomain};
use tagoio::{Client, ProfileId};

use crate::connect::Context;
use crate::failure::Result;
use crate::output::{Columns, Format, note};
use crate::prompt::Danger;
use crate::request::{Fields, JsonArgs};
use crate::team::ProfileArgs;
use crate::when::duration;

const CREATED: Columns = Columns::new(&["host", "created"], &[]);
const DELETED: Columns = Columns::new(&["host", "deleted"], &[]);
const REGENERATED: Columns = Columns::new(&["host", "regenerated"], &[]);
const ACTIVE: Columns = Columns::new(&["host", "active"], &[]);
const RECORDS: Columns = Columns::new(&["state", "purpose", "type", "name", "value", "found"], &[]);

const CREATE_HELP: &str = "\
The portal's address will be SUBDOMAIN.DOMAIN. `tagoctl run domain info` shows the DNS records that have to be entered \
at the domain's provider then.

Example:
  tagoctl run domain create --domain example.com --subdomain portal --email example.com";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the portal's own domain, and its DNS records
    #[command(after_help = "Example:\n  tagoctl run domain info --output csv > records.csv")]
    Info(ProfileArgs),
    /// Set up a domain of the portal's own
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),
    /// Take the portal's own domain away
    #[command(after_help = "Example:\n  tagoctl run domain delete --yes")]
    Delete(DangerArgs),
    /// Make new DNS records for the domain; the old ones are void then
    #[command(after_help = "Example:\n  tagoctl run domain regenerate --yes")]
    Regenerate(DangerArgs),
    /// Wait until the domain works, and show each change
    #[command(after_help = "Example:\n  tagoctl run domain wait --within 1h && echo it works")]
    Wait {
        /// Give up after so long: a number with s, m or h
        #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
        within: Duration,
        #[command(flatten)]
        profile: ProfileArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The domain: example.com of portal.example.com
    #[arg(long)]
    domain: Option<String>,
    /// The subdomain: portal of portal.example.com
    #[arg(long)]
    subdomain: Option<String>,
    /// The domain that e-mails are sent from: portal.example.com or example.com
    #[arg(long, value_name = "DOMAIN")]
    email: Option<String>,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DangerArgs {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    danger: Danger,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Info(ProfileArgs { profile }) => info(context, profile),
            Self::Create(args) => args.run(context),
            Self::Delete(args) => args.run(context, "delete", ("deleted", &DELETED), |client, profile| {
                client.run().custom_domain().delete(profile)
            }),
            Self::Regenerate(args) => {
                args.run(context, "make new DNS records for", ("regenerated", &REGENERATED), |client, profile| {
                    client.run().custom_domain().regenerate(profile)
                })
            }
            Self::Wait { within, profile } => wait(context, profile.profile, within),
        }
    }
}

/// The id of a profile. `current` is an id below `/profile` only, as far as is known.
fn resolved(client: &Client, profile: ProfileId) -> Result<ProfileId> {
    if profile == ProfileId::CURRENT { Ok(client.profile().info(profile)?.info.id) } else { Ok(profile) }
}

/// A DNS record as a row.
#[derive(Debug, Serialize)]
struct Record {
    state: &'static str,
    purpose: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    value: String,
    /// What is there instead.
    found: Option<String>,
}

impl From<DnsEntry> for Record {
    fn from(entry: DnsEntry) -> Self {
        let (state, found) = match entry.state {
            DnsState::Right => ("right", None),
            DnsState::Missing => ("missing", None),
            DnsState::Wrong(found) => ("wrong", Some(found)),
            _ => ("unconfirmed", None),
        };
        let purpose = entry.purpose.to_string();
        Self { state, purpose, kind: entry.kind, name: entry.name, value: entry.value, found }
    }
}

fn info(context: &Context<'_>, profile: ProfileId) -> Result<()> {
    let is_json = matches!(context.out.format(), Format::Json | Format::Jsonl);
    if !is_json {
        context.out.chosen(&RECORDS)?;
    }
    let client = context.client()?;
    let info = client.run().custom_domain().info(resolved(&client, profile)?)?;
    if is_json {
        return context.out.item(&[], info);
    }
    note(&state_of(&info));
    context.out.list(&RECORDS, info.dns_records().into_iter().map(Record::from))
}

fn state_of(info: &CustomDomainInfo) -> String {
    let records = info.dns_records();
    let right = records.iter().filter(|record| record.state == DnsState::Right).count();
    let host = info.host();
    if info.active {
        format!("{host} is active; e-mails come from {}", info.email)
    } else {
        format!("{host} is not active yet: {right} of {} DNS records are right", records.len())
    }
}

impl CreateArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let fields =
            Fields::default().set("domain", self.domain).set("subdomain", self.subdomain).set("email", self.email);
        let domain: NewCustomDomain = self.json.request(fields)?;
        context.out.chosen(&CREATED)?;
        let client = context.client()?;
        let profile = resolved(&client, self.profile.profile)?;
        let said = client.run().custom_domain().create(profile, &domain)?;
        let host = format!("{}.{}", domain.subdomain, domain.domain);
        context.out.ack(&json!({"host": host, "created": true}), &format!("{host}: {said}"))?;
        note("tagoctl run domain info shows the DNS records that have to be entered now");
        Ok(())
    }
}

impl DangerArgs {
    fn run(
        self,
        context: &Context<'_>,
        deed: &str,
        (done, columns): (&str, &Columns),
        act: impl FnOnce(&Client, &ProfileId) -> tagoio::Result<String>,
    ) -> Result<()> {
        context.out.chosen(columns)?;
        let client = context.client()?;
        let profile = resolved(&client, self.profile.profile)?;
        let host = client.run().custom_domain().info(&profile)?.host();
        if self.danger.is_meant(&format!("{deed} the custom domain {host}"))? {
            let said = act(&client, &profile)?;
            context.out.ack(&json!({"host": host, done: true}), &format!("{host}: {said}"))?;
        }
        Ok(())
    }
}

fn wait(context: &Context<'_>, profile: ProfileId, within: Duration) -> Result<()> {
    context.out.chosen(&ACTIVE)?;
    let client = context.client()?;
    let profile = resolved(&client, profile)?;
    let mut seen: Vec<DnsEntry> = Vec::new();
    let tells = !matches!(context.out.format(), Format::Json | Format::Jsonl);
    let wait = client.run().custom_domain().wait(profile).on_change(|info| {
        let records = info.dns_records();
        for (at, record) in records.iter().enumerate() {
            if tells && seen.get(at) != Some(record) {
                note(&format!("{:<11} {record}", record.purpose));
            }
        }
        seen = records;
    });
    let info = wait.until_active(within)?;
    context.out.ack(&json!({"host": info.host(), "active": true}), &format!("{} is active", info.host()))
}
