//! Who sends a profile's e-mails and text messages.

pub use crate::secret::SecretId;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Result;
use crate::id::ProfileId;
use crate::macros::{open_enum, request};
use crate::wire::{post, put};

/// The operations on the services that send a profile's e-mails and text messages:
/// [`ProfileApi::service_provider`](super::ProfileApi::service_provider). They need a profile token of the owning account.
///
/// The credentials of a provider are not sent here: they are kept in TagoIO's Secrets, and named by their ids. There is
/// no way to read which providers are set.
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct ServiceProviderApi<'a> {
    pub(crate) client: &'a Client,
}

open_enum! {
    /// A service that sends e-mails.
    pub enum EmailProvider {
        /// Twilio SendGrid.
        SendGrid = "sendgrid",
        /// Amazon Simple Email Service.
        Ses = "ses",
        /// A server of one's own.
        Smtp = "smtp",
    }
}

open_enum! {
    /// A service that sends text messages.
    pub enum SmsProvider {
        /// Twilio.
        Twilio = "twilio",
        /// Amazon Simple Notification Service.
        Sns = "sns",
    }
}

request! {
    /// Who is to send a profile's e-mails and text messages. What isn't said stays as it is.
    ///
    /// ```
    /// use tagoio::profile::{EmailService, SecretId, ServiceProviders, SmsService};
    ///
    /// let smtp = SecretId::new("68c9977a28079e0010aaf399")?;
    /// let (sid, token) = (SecretId::new("674f1740f9ccd2000aaa4551")?, SecretId::new("674f1736f9ccd2000aaa4550")?);
    /// let providers = ServiceProviders::new()
    ///     .email(EmailService::smtp("noreply@example.com", smtp))
    ///     .sms(SmsService::twilio("+15551234567", sid, token));
    /// # let _ = providers;
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[derive(Default)]
    pub struct ServiceProviders {
        /// Who sends e-mails.
        email: EmailService,
        /// Who sends text messages.
        sms: SmsService,
    }
}

request! {
    /// A service that is to send e-mails.
    ///
    /// ```
    /// use tagoio::profile::{EmailService, SecretId};
    ///
    /// let aws = SecretId::new("68c9977a28079e0010aaf399")?;
    /// let ses = EmailService::ses("noreply@example.com", aws);
    /// assert_eq!(ses.provider.as_str(), "ses");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub struct EmailService {
        @required {
            /// Which one it is.
            provider: EmailProvider,
            /// The address that e-mails come from. Providers want it to be verified.
            from: String,
            /// Its credentials.
            secrets: EmailSecrets,
        }
    }
}

request! {
    /// The credentials of a service that sends e-mails, as ids of secrets at TagoIO.
    ///
    /// ```
    /// use tagoio::profile::{EmailSecrets, SecretId};
    ///
    /// let send_grid = EmailSecrets::new().api_key(SecretId::new("68c9977a28079e0010aaf399")?);
    /// # let _ = send_grid;
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[derive(Default)]
    pub struct EmailSecrets {
        /// For SMTP, a secret of the kind SMTP; for Amazon SES, one of the kind AWS.
        data: SecretId,
        /// For SendGrid, a secret of the kind text with the API key.
        api_key: SecretId,
    }
}

request! {
    /// A service that is to send text messages.
    ///
    /// ```
    /// use tagoio::profile::{SecretId, SmsService};
    ///
    /// let aws = SecretId::new("68c9977a28079e0010aaf399")?;
    /// assert_eq!(SmsService::sns(aws).provider.as_str(), "sns");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub struct SmsService {
        @required {
            /// Which one it is.
            provider: SmsProvider,
            /// Its credentials.
            secrets: SmsSecrets,
        }
        /// The number that messages come from, in the form `+15551234567` (E.164). Twilio needs it.
        from: String,
    }
}

request! {
    /// The credentials of a service that sends text messages, as ids of secrets at TagoIO.
    ///
    /// ```
    /// use tagoio::profile::{SecretId, SmsSecrets};
    ///
    /// let twilio = SmsSecrets::new()
    ///     .twilio_sid(SecretId::new("674f1740f9ccd2000aaa4551")?)
    ///     .twilio_token(SecretId::new("674f1736f9ccd2000aaa4550")?);
    /// # let _ = twilio;
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[derive(Default)]
    pub struct SmsSecrets {
        /// For Twilio, a secret of the kind text with the account's SID.
        twilio_sid: SecretId,
        /// For Twilio, a secret of the kind text with the auth token.
        twilio_token: SecretId,
        /// For Amazon SNS, a secret of the kind AWS.
        data: SecretId,
    }
}

impl EmailService {
    /// A mail server, by a secret of the kind SMTP.
    pub fn smtp(from: impl Into<String>, server: SecretId) -> Self {
        Self::new(EmailProvider::Smtp, from, EmailSecrets::new().data(server))
    }

    /// Amazon SES, by a secret of the kind AWS.
    pub fn ses(from: impl Into<String>, credentials: SecretId) -> Self {
        Self::new(EmailProvider::Ses, from, EmailSecrets::new().data(credentials))
    }

    /// SendGrid, by a secret of the kind text with the API key.
    pub fn send_grid(from: impl Into<String>, api_key: SecretId) -> Self {
        Self::new(EmailProvider::SendGrid, from, EmailSecrets::new().api_key(api_key))
    }
}

impl SmsService {
    /// Twilio, by secrets of the kind text with the account's SID and the auth token. The number is in the form
    /// `+15551234567` (E.164).
    pub fn twilio(from: impl Into<String>, sid: SecretId, token: SecretId) -> Self {
        Self::new(SmsProvider::Twilio, SmsSecrets::new().twilio_sid(sid).twilio_token(token)).from(from.into())
    }

    /// Amazon SNS, by a secret of the kind AWS.
    pub fn sns(credentials: SecretId) -> Self {
        Self::new(SmsProvider::Sns, SmsSecrets::new().data(credentials))
    }
}

request! {
    /// A message that is sent to see whether a provider works.
    ///
    /// ```
    /// use tagoio::profile::TestMessage;
    ///
    /// let message = TestMessage::new("me@example.com").subject("Is this on?").message("One, two, three.");
    /// # let _ = message;
    /// ```
    #[derive(PartialEq, Eq)]
    pub struct TestMessage {
        @required {
            /// Whom it is sent to: an e-mail address, or a number in the form `+15551234567` (E.164).
            to: String,
        }
        /// The subject of an e-mail.
        subject: String,
        /// The text. TagoIO has one of its own when nothing is said.
        message: String,
    }
}

/// A test message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentTestMessage {
    /// TagoIO's confirmation.
    pub message: String,
    /// What the provider calls the message, when it says so.
    #[serde(default)]
    pub message_id: Option<String>,
}

impl ServiceProviderApi<'_> {
    /// Sets who sends a profile's e-mails, text messages or both, and gives TagoIO's confirmation. There is one provider
    /// of each kind: a new one takes the place of the one before.
    ///
    /// `PUT /profile/{profile}/service` · profile token of the owning account only. The secrets have to be there already.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence when the secrets aren't those that the provider needs;
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for team members.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{EmailService, SecretId, ServiceProviders}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let key = SecretId::new("68c9977a28079e0010aaf399")?;
    /// let providers = ServiceProviders::new().email(EmailService::send_grid("noreply@example.com", key));
    /// tago.profile().service_provider().configure(ProfileId::CURRENT, &providers)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "configureProfileService")]
    pub fn configure(&self, profile: impl Into<ProfileId>, providers: &ServiceProviders) -> Result<String> {
        let profile = profile.into();
        let operation = put("/profile/{profile}/service").segment(&profile).json(providers);
        // `PUT /profile/switch/{profile}` moves the token, and a server may take no notice of a word's case.
        let names_another_route = profile.as_str().eq_ignore_ascii_case("switch");
        let operation =
            if names_another_route { operation.refuse("profile", "it names another route") } else { operation };
        self.client.confirm(operation)
    }

    /// Sends an e-mail by the profile's provider, at the provider's price.
    ///
    /// `POST /profile/{profile}/service/test/email` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) when no provider is set; [`Error::Api`](crate::Error::Api) with status
    /// 500 and what the provider says when it refuses. The request is never repeated after it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::TestMessage};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let sent = tago.profile().service_provider().test_email(ProfileId::CURRENT, &TestMessage::new("me@example.com"))?;
    /// println!("{} ({:?})", sent.message, sent.message_id);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "testProfileService")]
    pub fn test_email(&self, profile: impl Into<ProfileId>, message: &TestMessage) -> Result<SentTestMessage> {
        let operation = post("/profile/{profile}/service/test/email").segment(profile.into()).json(message);
        self.client.send_for_sentence(operation, |sent: &mut SentTestMessage| &mut sent.message)
    }

    /// Sends a text message by the profile's provider, at the provider's price.
    ///
    /// `POST /profile/{profile}/service/test/sms` · profile token only.
    ///
    /// # Errors
    ///
    /// As [`test_email`](ServiceProviderApi::test_email); and [`Error::Api`](crate::Error::Api) with TagoIO's sentence when
    /// the number isn't in the form `+15551234567` (E.164).
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::TestMessage};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.profile().service_provider().test_sms(ProfileId::CURRENT, &TestMessage::new("+15559876543"))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "testProfileService")]
    pub fn test_sms(&self, profile: impl Into<ProfileId>, message: &TestMessage) -> Result<SentTestMessage> {
        let operation = post("/profile/{profile}/service/test/sms").segment(profile.into()).json(message);
        self.client.send_for_sentence(operation, |sent: &mut SentTestMessage| &mut sent.message)
    }
}
