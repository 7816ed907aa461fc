mod dns;
mod wait;

pub use dns::{DnsEntry, DnsPurpose, DnsState};
pub use wait::{CustomDomainNotActive, CustomDomainWait};

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Result;
use crate::id::ProfileId;
use crate::lenient::or_default;
use crate::macros::request;
use crate::time::Timestamp;
use crate::wire::{delete, get, post, put};

/// The operations on the portal's own domain: [`RunApi::custom_domain`](super::RunApi::custom_domain). They need a profile
/// token and the custom domain add-on.
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct CustomDomainApi<'a> {
    pub(crate) client: &'a Client,
}

/// The portal's own domain and the DNS records that it needs.
#[doc(alias = "CustomDomainResponse")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CustomDomainInfo {
    /// Whether it works: all required DNS records are right.
    #[serde(deserialize_with = "or_default")]
    pub active: bool,
    /// The domain: `example.com` of `portal.example.com`.
    #[serde(deserialize_with = "or_default")]
    pub domain: String,
    /// The subdomain: `portal` of `portal.example.com`.
    #[serde(deserialize_with = "or_default")]
    pub subdomain: String,
    /// The domain that e-mails are sent from.
    #[serde(deserialize_with = "or_default")]
    pub email: String,
    /// The record for the TLS certificate.
    pub dns_ssl: Option<DnsRecord>,
    /// The record for the portal.
    pub dns_page: Option<DnsRecord>,
    /// The first record for e-mails.
    pub dns_email_1: Option<DnsRecord>,
    /// The second record for e-mails.
    pub dns_email_2: Option<DnsRecord>,
    /// The third record for e-mails.
    pub dns_email_3: Option<DnsRecord>,
    /// When the domain was set up.
    pub created_at: Option<Timestamp>,
}

/// A DNS record that has to be entered at the domain's provider.
#[doc(alias = "CustomDomainDnsRecord")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DnsRecord {
    /// Whether it is there and right.
    #[serde(deserialize_with = "or_default")]
    pub status: bool,
    /// The type: `CNAME`, `TXT`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    /// The value that it has to have.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    /// The value that it has now; `None` when it isn't there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_value: Option<String>,
}

request! {
    /// A domain of the portal's own.
    ///
    /// ```
    /// use tagoio::run::NewCustomDomain;
    ///
    /// // portal.example.com, with e-mails from example.com
    /// let domain = NewCustomDomain::new("example.com", "portal", "example.com");
    /// # let _ = domain;
    /// ```
    #[doc(alias = "CustomDomainCreate")]
    #[derive(PartialEq, Eq)]
    pub struct NewCustomDomain {
        @required {
            /// The domain: `example.com` of `portal.example.com`.
            domain: String,
            /// The subdomain: `portal` of `portal.example.com`.
            subdomain: String,
            /// The domain that e-mails are sent from: `portal.example.com` or `example.com`.
            email: String,
        }
    }
}

impl CustomDomainInfo {
    /// The whole name: `portal.example.com`.
    ///
    /// ```
    /// # use serde_json::{from_value, json};
    /// # use tagoio::run::CustomDomainInfo;
    /// let domain: CustomDomainInfo = from_value(json!({"domain": "example.com", "subdomain": "portal"}))?;
    /// assert_eq!(domain.host(), "portal.example.com");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn host(&self) -> String {
        match (self.subdomain.as_str(), self.domain.as_str()) {
            ("", domain) => domain.to_owned(),
            (subdomain, domain) => format!("{subdomain}.{domain}"),
        }
    }

    /// What has to be entered at the domain's provider, and what is there now.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::run::NewCustomDomain;
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let (domains, profile) = (sandbox.client()?, sandbox.profile_id());
    /// let domains = domains.run().custom_domain();
    /// domains.create(&profile, &NewCustomDomain::new("example.com", "portal", "example.com"))?;
    /// for record in domains.info(&profile)?.dns_records() {
    ///     println!("{:<8} {:<5} {} -> {}  ({})", record.purpose, record.kind, record.name, record.value, record.state);
    /// }
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn dns_records(&self) -> Vec<DnsEntry> {
        let records = [
            (DnsPurpose::Certificate, &self.dns_ssl),
            (DnsPurpose::Portal, &self.dns_page),
            (DnsPurpose::Email, &self.dns_email_1),
            (DnsPurpose::Email, &self.dns_email_2),
            (DnsPurpose::Email, &self.dns_email_3),
        ];
        records.into_iter().filter_map(|(purpose, record)| Some(DnsEntry::new(purpose, record.as_ref()?))).collect()
    }
}

impl<'a> CustomDomainApi<'a> {
    /// The domain and the state of its DNS records.
    ///
    /// `GET /run/customdomain/{profile}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) when none is set up.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let domain = tago.run().custom_domain().info("61fac4d9a5c9f40012a5ff92")?;
    /// println!("{}.{} works: {}", domain.subdomain, domain.domain, domain.active);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "getCustomDomain")]
    pub fn info(&self, profile: impl Into<ProfileId>) -> Result<CustomDomainInfo> {
        self.client.send(get("/run/customdomain/{profile}").segment(profile.into()))
    }

    /// Sets a domain up, and gives TagoIO's confirmation. What has to be entered at the domain's provider is in
    /// [`info`](CustomDomainApi::info) then.
    ///
    /// `POST /run/customdomain/{profile}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence without the add-on. The request is never repeated after
    /// it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::run::NewCustomDomain;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let domain = NewCustomDomain::new("example.com", "portal", "example.com");
    /// tago.run().custom_domain().create("61fac4d9a5c9f40012a5ff92", &domain)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "createCustomDomain")]
    pub fn create(&self, profile: impl Into<ProfileId>, domain: &NewCustomDomain) -> Result<String> {
        self.client.confirm(post("/run/customdomain/{profile}").segment(profile.into()).json(domain))
    }

    /// Takes the domain away, and gives TagoIO's confirmation.
    ///
    /// `DELETE /run/customdomain/{profile}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) when none is set up.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().custom_domain().delete("61fac4d9a5c9f40012a5ff92")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "deleteCustomDomain")]
    pub fn delete(&self, profile: impl Into<ProfileId>) -> Result<String> {
        self.client.confirm(delete("/run/customdomain/{profile}").segment(profile.into()))
    }

    /// Makes new DNS records for the domain, and gives TagoIO's confirmation. The old ones are void then, so it is never
    /// repeated after it may have been delivered.
    ///
    /// `PUT /run/customdomain/regenerate/{profile}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) when none is set up.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().custom_domain().regenerate("61fac4d9a5c9f40012a5ff92")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "regenerateCustomDomain")]
    pub fn regenerate(&self, profile: impl Into<ProfileId>) -> Result<String> {
        let operation = put("/run/customdomain/regenerate/{profile}").segment(profile.into());
        self.client.confirm(operation.never_repeat())
    }

    /// Waits until the domain is active, for so long at most. See [`wait`](CustomDomainApi::wait) for more to say about
    /// it.
    ///
    /// `GET /run/customdomain/{profile}`, again and again · profile token only. New DNS records take up to half an hour to
    /// be seen.
    ///
    /// # Errors
    ///
    /// [`Error::CustomDomain`](crate::Error::CustomDomain) with what is still missing when the time is over; otherwise as
    /// [`info`](CustomDomainApi::info).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let hour = Duration::from_secs(3600);
    /// match tago.run().custom_domain().wait_until_active("61fac4d9a5c9f40012a5ff92", hour) {
    ///     Err(tagoio::Error::CustomDomain(waited)) => println!("{} records to go", waited.missing().len()),
    ///     other => println!("{} works", other?.host()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_until_active(&self, profile: impl Into<ProfileId>, deadline: Duration) -> Result<CustomDomainInfo> {
        self.wait(profile).until_active(deadline)
    }

    /// As [`wait_until_active`](CustomDomainApi::wait_until_active), with a call for each change and a clock of one's
    /// own.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use tagoio::clock::ManualClock;
    /// use tagoio::run::NewCustomDomain;
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let clock = Arc::new(ManualClock::default());
    /// let sandbox = Sandbox::builder().clock(clock.clone()).build();
    /// let (tago, profile) = (sandbox.client()?, sandbox.profile_id());
    /// let domains = tago.run().custom_domain();
    /// domains.create(&profile, &NewCustomDomain::new("example.com", "portal", "example.com"))?;
    ///
    /// let mut changes = 0;
    /// let wait = domains.wait(&profile).with_clock(clock).on_change(|_| changes += 1);
    /// assert!(wait.until_active(Duration::from_secs(3600))?.active);
    /// assert_eq!(changes, 6, "as it was, and five records that turned right");
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn wait(&self, profile: impl Into<ProfileId>) -> CustomDomainWait<'a> {
        CustomDomainWait::new(*self, profile.into())
    }
}
