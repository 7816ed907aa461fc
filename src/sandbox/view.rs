//! What a test looks at.

use std::fmt;
use std::sync::Arc;

use serde_json::json;

use super::directory::User;
use super::faults::Fault;
use crate::run::UserInfo;
use crate::transport::Route;

/// A request that came to the sandbox, and what was sent back; without anything secret of the world's.
///
/// ```
/// use tagoio::sandbox::{Fault, FaultRule, Sandbox};
///
/// let sandbox = Sandbox::new();
/// let tago = sandbox.client()?;
/// sandbox.inject(FaultRule::new(Fault::HangUp))?;
/// assert!(tago.profile().list().is_err());
/// tago.profile().list()?;
/// let journal: Vec<_> = sandbox.journal().iter().map(ToString::to_string).collect();
/// assert_eq!(journal, ["GET /profile (no answer)", "GET /profile 200"]);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handled {
    /// What was called.
    pub route: Route,
    /// The HTTP status that was sent; `None` when a fault dropped the connection before that.
    pub status: Option<u16>,
    /// What went wrong on demand. With [`Fault::CutBody`], only a part of the answer was sent.
    pub fault: Option<Arc<Fault>>,
}

/// The route and the status, or that there was none.
impl fmt::Display for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} {status}", self.route),
            None => write!(f, "{} (no answer)", self.route),
        }
    }
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
        otp: Some(Box::new(json!({}))),
        custom_preferences: Some(Box::new(user.custom_preferences.clone())),
        agreements: None,
        force_password_change: Some(user.force_password_change),
    }
}
