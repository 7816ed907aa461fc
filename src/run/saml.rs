use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Result;
use crate::lenient::or_default;
use crate::macros::{request, settings};
use crate::secret::IdpMetadata;
use crate::wire::{get, put};

/// The operations on single sign-on by SAML: [`RunApi::saml`](super::RunApi::saml). They need a profile token and the
/// Scale plan. Whether SAML is on is [`RunSettings::sso_saml_active`](super::RunSettings::sso_saml_active).
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct SamlApi<'a> {
    pub(crate) client: &'a Client,
}

/// The set-up of single sign-on by SAML.
#[doc(alias = "RunSAMLInfo")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SamlInfo {
    /// What the identity provider has to know of TagoIO.
    pub sp: Option<SamlServiceProvider>,
    /// What TagoIO knows of the identity provider.
    pub idp: Option<SamlIdentityProvider>,
    /// Which of the identity provider's attributes become which of the user's.
    pub mapping: Option<SamlAttributeMappings>,
}

/// TagoIO as a service provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SamlServiceProvider {
    /// The entity id.
    #[serde(deserialize_with = "or_default")]
    pub entity_id: String,
    /// The address of the assertion consumer service.
    #[serde(deserialize_with = "or_default")]
    pub acs_url: String,
    /// The metadata, or its address.
    #[serde(deserialize_with = "or_default")]
    pub metadata: String,
}

/// The identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SamlIdentityProvider {
    /// The issuer, as its metadata names it.
    #[serde(deserialize_with = "or_default")]
    pub issuer: String,
}

settings! {
    /// Which of the identity provider's attributes become which of the user's. TagoIO requires those for the e-mail
    /// address and the first name.
    ///
    /// ```
    /// use tagoio::run::SamlAttributeMappings;
    ///
    /// let mapping = SamlAttributeMappings::new()
    ///     .email("mail")
    ///     .first_name("givenName")
    ///     .tags([("department".to_owned(), "ou".to_owned())].into_iter().collect::<std::collections::BTreeMap<_, _>>());
    /// # let _ = mapping;
    /// ```
    #[doc(alias = "SAMLAttributeMappings")]
    #[derive(PartialEq)]
    pub struct SamlAttributeMappings {
        /// The attribute with the e-mail address.
        email: String = "email",
        /// The attribute with the first name.
        first_name: String = "firstName",
        /// The attribute with the last name.
        last_name: String = "lastName",
        /// The attribute with the telephone number.
        phone: String = "phone",
        /// The attribute with the company.
        company: String = "company",
        /// The attribute with the language.
        language: String = "language",
        /// The attribute with the time zone.
        timezone: String = "timezone",
        /// The attributes that become tags, by the tags' keys.
        tags: BTreeMap<String, String> = "tags",
    }
}

request! {
    /// What is to be changed of the set-up.
    ///
    /// ```
    /// use tagoio::run::{IdpMetadata, SamlAttributeMappings, SamlEdit};
    ///
    /// let edit = SamlEdit::new()
    ///     .idp_metadata(IdpMetadata::from_xml("<EntityDescriptor/>"))
    ///     .mapping(SamlAttributeMappings::new().email("mail").first_name("givenName"));
    /// ```
    #[doc(alias = "RunSAMLEditInfo")]
    #[derive(Default)]
    pub struct SamlEdit {
        /// Whether single sign-on is on. TagoIO documents the switch in the portal's settings only.
        active: bool,
        /// The identity provider's metadata.
        idp_metadata: IdpMetadata,
        /// Which of the identity provider's attributes become which of the user's.
        mapping: SamlAttributeMappings,
    }
}

impl SamlApi<'_> {
    /// The set-up.
    ///
    /// `GET /run/sso/saml` · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence on plans without single sign-on.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// if let Some(sp) = tago.run().saml().info()?.sp {
    ///     println!("tell your identity provider: {} {}", sp.entity_id, sp.acs_url);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "ssoSAMLInfo")]
    pub fn info(&self) -> Result<SamlInfo> {
        self.client.send(get("/run/sso/saml"))
    }

    /// Changes the set-up, and gives TagoIO's confirmation.
    ///
    /// `PUT /run/sso/saml` · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence for metadata that it can't read.
    ///
    /// ```no_run
    /// # use tagoio::run::{IdpMetadata, SamlEdit};
    /// # fn run(tago: &tagoio::Client, xml: &str) -> tagoio::Result<()> {
    /// tago.run().saml().edit(&SamlEdit::new().idp_metadata(IdpMetadata::from_xml(xml)))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "ssoSAMLEdit")]
    pub fn edit(&self, edit: &SamlEdit) -> Result<String> {
        self.client.confirm(put("/run/sso/saml").json(edit))
    }
}
