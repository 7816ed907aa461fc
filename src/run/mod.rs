//! TagoRUN: the portal that a profile offers to its own users.

mod custom_domain;
mod notifications;
mod saml;
mod settings;
mod theme;
mod users;

pub use crate::secret::IdpMetadata;
pub use custom_domain::{
    CustomDomainApi, CustomDomainInfo, CustomDomainNotActive, CustomDomainWait, DnsEntry, DnsPurpose, DnsRecord,
    DnsState, NewCustomDomain,
};
pub use notifications::{
    ButtonTrigger, ImageFit, NewNotification, NotificationButton, NotificationEdit, NotificationIcon, NotificationInfo,
    NotificationsApi, ProfileShareAnswer, TriggerMethod,
};
pub use saml::{SamlApi, SamlAttributeMappings, SamlEdit, SamlIdentityProvider, SamlInfo, SamlServiceProvider};
pub use settings::{
    ButtonCondition, EmailTemplate, Geolocation, Integration, LeftOut, LeftOutReason, OtpSettings, RunSettings,
    SecuritySettings, SettingsChange, SettingsCopy, SettingsDifference, SettingsPart, SidebarButton, SignInButton,
    SignUpField, SignUpMethod, UserDeletion, WifiSetup,
};
pub use theme::{Theme, ThemeOption};
pub(crate) use users::Passes;
pub use users::{
    LoginToken, NewUser, SendEmail, Upserted, UserEdit, UserField, UserInfo, UserInvite, UserOptions, UserOrder,
    UserQuery, UserRow, UsersApi,
};

use serde::Serialize;

use crate::client::Client;
use crate::error::Result;
use crate::wire::{Object, get, post, put};

/// The operations on TagoRUN: [`Client::run`].
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct RunApi<'a> {
    pub(crate) client: &'a Client,
}

impl<'a> RunApi<'a> {
    /// The portal's settings.
    ///
    /// `GET /run` · Access Management: *Profile / Access TagoRun settings*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) without the permission.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let portal = tago.run().info()?;
    /// println!("{} at {}", portal.name.as_deref().unwrap_or("?"), portal.url.as_deref().unwrap_or("?"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&self) -> Result<RunSettings> {
        self.client.send(get("/run")).map(|Object(settings)| settings)
    }

    /// Changes what is set of the portal's settings, and gives TagoIO's confirmation. Settings that were read can be
    /// changed and written back whole: `created_at`, which TagoIO does not take back, is left out.
    ///
    /// `PUT /run` · Access Management: *Profile / Edit TagoRun settings*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) without the permission.
    ///
    /// ```no_run
    /// # use tagoio::run::{RunSettings, ThemeOption};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let mut portal = tago.run().info()?;
    /// portal.theme.get_or_default().insert(ThemeOption::Navbar, "#1a2b3c");
    /// tago.run().edit(&RunSettings::new().theme(portal.theme))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self, settings: &RunSettings) -> Result<String> {
        self.client.confirm(put("/run").json(&settings.writable()))
    }

    /// What has to change so that another portal's settings are a copy of this one's; nothing is changed.
    ///
    /// `GET /run` of both · Access Management: *Profile / Access TagoRun settings*.
    ///
    /// # Errors
    ///
    /// As [`info`](RunApi::info).
    ///
    /// ```no_run
    /// # use tagoio::run::{SettingsCopy, SettingsPart};
    /// # fn run(staging: &tagoio::Client, live: &tagoio::Client) -> tagoio::Result<()> {
    /// let look = SettingsCopy::new([SettingsPart::Theme, SettingsPart::Logos]);
    /// for change in staging.run().compare_settings(live, &look)?.changes {
    ///     println!("{change}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn compare_settings(&self, to: &Client, copy: &SettingsCopy) -> Result<SettingsDifference> {
        Ok(copy.compare(&self.info()?, &to.run().info()?))
    }

    /// Copies parts of this portal's settings to another portal, and gives what changed there.
    ///
    /// `GET /run` of both, and `PUT /run` of the other when something differs · Access Management: *Profile / Access
    /// TagoRun settings*, *Profile / Edit TagoRun settings*. TagoIO replaces structures as a whole, so what somebody else
    /// changes in them between the two is undone.
    ///
    /// # Errors
    ///
    /// As [`info`](RunApi::info) and [`edit`](RunApi::edit).
    ///
    /// ```no_run
    /// # use tagoio::run::{SettingsCopy, SettingsPart};
    /// # fn run(staging: &tagoio::Client, live: &tagoio::Client) -> tagoio::Result<()> {
    /// let look = SettingsCopy::new([SettingsPart::Theme, SettingsPart::SidebarButtons])
    ///     .replacing("66a0000b1c2d3e4f50617281", "66b0000b1c2d3e4f50617282"); // the same dashboard over there
    /// for left_out in staging.run().copy_settings(live, &look)?.left_out {
    ///     println!("not copied: {left_out}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_settings(&self, to: &Client, copy: &SettingsCopy) -> Result<SettingsDifference> {
        let difference = self.compare_settings(to, copy)?;
        if !difference.is_empty() {
            to.run().edit(&difference.edit)?;
        }
        Ok(difference)
    }

    /// Sends a test e-mail to the account's owner, and gives TagoIO's confirmation.
    ///
    /// `POST /run/email_test` · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence when it can't be sent. The request is never repeated
    /// after it may have been delivered.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().email_test("Hello", "<b>It works.</b>")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "emailTest")]
    pub fn email_test(&self, subject: &str, body: &str) -> Result<String> {
        #[derive(Serialize)]
        struct EmailTest<'a> {
            subject: &'a str,
            body: &'a str,
        }

        self.client.confirm(post("/run/email_test").json(&EmailTest { subject, body }))
    }

    /// The portal's users.
    pub fn users(&self) -> UsersApi<'a> {
        UsersApi { client: self.client }
    }

    /// The notifications of the portal's users.
    pub fn notifications(&self) -> NotificationsApi<'a> {
        NotificationsApi { client: self.client }
    }

    /// Single sign-on by SAML.
    pub fn saml(&self) -> SamlApi<'a> {
        SamlApi { client: self.client }
    }

    /// The portal's own domain.
    pub fn custom_domain(&self) -> CustomDomainApi<'a> {
        CustomDomainApi { client: self.client }
    }
}
