//! What a test looks at.

use serde_json::json;

use super::directory::User;
use crate::run::UserInfo;
use crate::transport::Route;

/// A request that the sandbox answered, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handled {
    /// What was called.
    pub route: Route,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// An e-mail that TagoIO would have sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentEmail {
    /// Whom it was sent to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The key of the portal's e-mail template; `None` for an e-mail that isn't made of one.
    pub template: Option<String>,
}

pub(super) fn user(user: &User) -> UserInfo {
    UserInfo {
        id: user.id.as_str().into(),
        name: user.name.clone(),
        email: user.email.clone(),
        timezone: user.timezone.clone(),
        company: user.company.clone(),
        phone: user.phone.clone(),
        language: user.language.clone(),
        tags: user.tags.clone(),
        active: user.active,
        last_login: user.last_login.map(Into::into),
        created_at: Some(user.created_at.into()),
        updated_at: Some(user.updated_at.into()),
        profile: Some(user.profile.as_str().into()),
        newsletter: user.newsletter,
        options: serde_json::from_value(json!(user.options)).ok(),
        otp: Some(json!({})),
        custom_preferences: Some(user.custom_preferences.clone()),
        agreements: None,
        force_password_change: Some(user.force_password_change),
    }
}
