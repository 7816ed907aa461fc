use serde::{Deserialize, Serialize};

use super::ProfileLimit;
use crate::id::{AccountId, ProfileId};
use crate::lenient::or_default;
use crate::macros::{open_enum, request, settings};
use crate::secret::{Password, PinCode};
use crate::time::Timestamp;

/// A row of the list of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileListInfo {
    /// The profile's id.
    pub id: ProfileId,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The address of its logo; TagoIO also sends `""` for none.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Whether another account shares it with this one.
    #[serde(default)]
    pub from_share: Option<bool>,
    /// The account that owns it, when it is shared.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The profile once more, when it is shared.
    #[serde(default)]
    pub profile: Option<ProfileId>,
}

/// What TagoIO knows of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileInfo {
    /// The profile itself.
    pub info: ProfileDetails,
    /// How much of each service it may use in a month.
    #[serde(default, deserialize_with = "or_default")]
    pub allocation: ProfileLimit,
    /// Its add-ons.
    #[serde(default, deserialize_with = "or_default")]
    pub addons: ProfileAddOns,
    /// The account's plan: `free`, `starter` or `scale`.
    #[serde(default)]
    pub account_plan: Option<String>,
}

/// A profile's own data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileDetails {
    /// The profile's id.
    pub id: ProfileId,
    /// The account that owns it.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The address of its logo; TagoIO also sends `""` for none.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// The address of its banner; TagoIO also sends `""` for none.
    #[serde(default)]
    pub banner_url: Option<String>,
    /// The region it lives in, in a spelling of its own (`us-1`).
    #[serde(default)]
    pub region: Option<String>,
    /// Its request rates.
    #[serde(default)]
    pub rpm: Option<ProfileRates>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

/// A profile's request rates, in requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileRates {
    /// Data sent to TagoIO.
    #[serde(default)]
    pub data_input: Option<f64>,
    /// Data read from TagoIO.
    #[serde(default)]
    pub data_output: Option<f64>,
}

/// The add-ons that a profile has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileAddOns {
    /// The custom domain for TagoRUN.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_dns: bool,
    /// The custom mobile app.
    #[serde(default, deserialize_with = "or_default")]
    pub mobile: bool,
    /// Control Tower.
    #[serde(default)]
    pub control_tower: Option<bool>,
    /// The profile.
    #[serde(default)]
    pub profile: Option<ProfileId>,
    /// When the add-ons were last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

/// What a profile has, may use and used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileSummary {
    /// How much of each service it may use in a month.
    #[serde(default, deserialize_with = "or_default")]
    pub limit: ProfileLimit,
    /// How much of each service it used this month.
    #[serde(default, deserialize_with = "or_default")]
    pub limit_used: ProfileLimit,
    /// How many of each resource it has.
    #[serde(default, deserialize_with = "or_default")]
    pub amount: ResourceAmount,
    /// Its add-ons.
    #[serde(default, deserialize_with = "or_default")]
    pub addons: ProfileAddOns,
    /// The host name of its TagoRUN portal.
    #[serde(default)]
    pub tago_run: Option<String>,
}

impl ProfileSummary {
    /// How many more TagoRUN users there may be: the limit less those that there are. `None` where it can't be known:
    /// TagoIO doesn't tell both, or counts the users in [`limit_used`](Self::limit_used) and in
    /// [`amount`](Self::amount) differently.
    ///
    /// ```
    /// use serde_json::{from_value, json};
    /// use tagoio::profile::ProfileSummary;
    ///
    /// let summary: ProfileSummary = from_value(json!({"limit": {"run_users": 200}, "limit_used": {"run_users": 24}}))?;
    /// assert_eq!(summary.room_for_users(), Some(176));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn room_for_users(&self) -> Option<usize> {
        let (limit, used) = (self.limit.run_users?, self.limit_used.run_users?);
        if self.amount.run_users.is_some() && self.amount.run_users != self.limit_used.run_users {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 0 there is no room, either")]
        Some((limit - used).floor() as usize)
    }
}

/// How many of each resource a profile has. `None` where TagoIO doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it all")]
pub struct ResourceAmount {
    pub device: Option<f64>,
    pub bucket: Option<f64>,
    pub dashboard: Option<f64>,
    pub dashboard_shared: Option<f64>,
    pub analysis: Option<f64>,
    pub action: Option<f64>,
    /// Access Management policies.
    pub am: Option<f64>,
    pub run_users: Option<f64>,
    pub dictionary: Option<f64>,
    pub connectors: Option<f64>,
    pub networks: Option<f64>,
    pub tcore: Option<f64>,
    pub tcore_cluster: Option<f64>,
}

request! {
    /// A profile to be created.
    ///
    /// ```
    /// use tagoio::profile::NewProfile;
    ///
    /// let staging = NewProfile::new("Staging");
    /// assert_eq!(serde_json::to_string(&staging)?, r#"{"name":"Staging"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[doc(alias = "ProfileCreateInfo")]
    #[derive(PartialEq, Eq)]
    pub struct NewProfile {
        @required {
            /// The name.
            name: String,
        }
    }
}

request! {
    /// What is to be changed of a profile.
    ///
    /// ```
    /// use tagoio::Patch;
    /// use tagoio::profile::ProfileEdit;
    ///
    /// let edit = ProfileEdit::new().name("Production").banner_url(Patch::Clear);
    /// assert_eq!(serde_json::to_string(&edit)?, r#"{"name":"Production","banner_url":null}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(PartialEq, Eq, Default)]
    pub struct ProfileEdit {
        /// The name.
        name: String,
        /// The address of the logo.
        logo_url: String,
        /// The address of the banner.
        banner_url: String,
    }
}

request! {
    /// What proves that it is the account's owner who asks: for a profile's end, or for a backup.
    ///
    /// ```
    /// use tagoio::profile::{Credentials, OtpType};
    /// use tagoio::{Password, PinCode};
    ///
    /// let owner = Credentials::new(Password::new("correct horse")?);
    /// let with_code = owner.pin_code(PinCode::new("123456")?).otp_type(OtpType::Authenticator);
    /// assert!(!format!("{with_code:?}").contains("correct horse"));
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[doc(alias = "ProfileCredentials")]
    pub struct Credentials {
        @required {
            /// The account's password.
            password: Password,
        }
        /// The code, when the account uses two-factor authentication.
        pin_code: PinCode,
        /// Where the code came from.
        otp_type: OtpType,
    }
}

open_enum! {
    /// Where the code of two-factor authentication comes from. SMS and e-mail are for the Starter and Scale plans.
    #[doc(alias = "OTPType")]
    pub enum OtpType {
        /// An authenticator app.
        Authenticator = "authenticator",
        /// A text message.
        Sms = "sms",
        /// An e-mail.
        Email = "email",
    }
}

open_enum! {
    /// An add-on of a profile.
    #[doc(alias = "BillingAddOn")]
    pub enum AddOn {
        /// The custom mobile app.
        Mobile = "mobile",
        /// The custom domain for TagoRUN.
        CustomDns = "custom_dns",
    }
}

settings! {
    /// The add-ons of a profile, as the deprecated add-on routes have them.
    ///
    /// ```
    /// use tagoio::profile::AddOnSettings;
    ///
    /// let domain = AddOnSettings::new().custom_dns(true);
    /// assert_eq!(serde_json::to_string(&domain)?, r#"{"custom_dns":true}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[doc(alias = "AddonInfo")]
    #[derive(PartialEq)]
    pub struct AddOnSettings {
        /// The id.
        id: String = "id",
        /// The name.
        name: String = "name",
        /// The address of the logo.
        logo_url: String = "logo_url",
        /// The custom domain for TagoRUN.
        custom_dns: bool = "custom_dns",
        /// The custom mobile app.
        mobile: bool = "mobile",
        /// Control Tower.
        control_tower: bool = "control_tower",
    }
}
