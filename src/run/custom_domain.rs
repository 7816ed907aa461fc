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

impl CustomDomainApi<'_> {
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
}
