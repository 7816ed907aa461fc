//! Who may do what: tokens, permissions and Access Management.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Refusal;
use super::call::Call;
use super::world::World;
use crate::transport::Method;

/// What a policy of Access Management allows an analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grant {
    /// *Account / Access profile*: list, information and summary of profiles.
    AccessProfile,
    /// *Account / Access profile statistics*.
    AccessProfileStatistics,
    /// *Profile / Access TagoRun settings*.
    AccessRunSettings,
    /// *Profile / Edit TagoRun settings*.
    EditRunSettings,
    /// *Run User / Access*: list and information of users.
    AccessRunUser,
    /// *Run User / Create*.
    CreateRunUser,
    /// *Run User / Edit*.
    EditRunUser,
    /// *Run User / Delete*.
    DeleteRunUser,
    /// *Run User / Login as user*.
    LoginAsRunUser,
    /// *Run User / Access notification*.
    AccessNotification,
    /// *Run User / Create notification*.
    CreateNotification,
    /// *Run User / Edit notification*.
    EditNotification,
    /// *Run User / Delete notification*.
    DeleteNotification,
}

/// What a profile token may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Full,
    Write,
    Read,
    Deny,
}

impl Power {
    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Full, Self::Write, Self::Read, Self::Deny].into_iter().find(|power| power.as_str() == word)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Write => "write",
            Self::Read => "read",
            Self::Deny => "deny",
        }
    }

    fn allows(self, method: Method) -> bool {
        match self {
            Self::Full => true,
            Self::Write => method != Method::Get,
            Self::Read => method == Method::Get,
            Self::Deny => false,
        }
    }
}

/// What a token stands for.
#[derive(Clone)]
pub(super) enum Holder {
    /// A person, in one of the profiles that are open to the person.
    Account,
    Analysis {
        id: String,
        grants: Vec<Grant>,
    },
    RunUser {
        id: String,
    },
}

#[derive(Clone)]
pub(super) struct TokenRecord {
    /// Of later tokens it is greater.
    pub(super) serial: u64,
    pub(super) holder: Holder,
    pub(super) name: String,
    pub(super) power: Power,
    pub(super) profile: String,
    pub(super) created_by: String,
    /// `None` is never.
    pub(super) expire_time: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_authorization: Option<DateTime<Utc>>,
    pub(super) serie_number: Option<String>,
    pub(super) verification_code: Option<String>,
}

impl TokenRecord {
    /// A token of a person that never expires.
    pub(super) fn new(name: &str, power: Power, profile: &str, created_by: &str, created_at: DateTime<Utc>) -> Self {
        Self {
            serial: 0,
            holder: Holder::Account,
            name: name.to_owned(),
            power,
            profile: profile.to_owned(),
            created_by: created_by.to_owned(),
            expire_time: None,
            created_at,
            last_authorization: None,
            serie_number: None,
            verification_code: None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.holder {
            Holder::Account => "profile",
            Holder::Analysis { .. } => "analysis",
            Holder::RunUser { .. } => "run_user",
        }
    }
}

/// Who calls: a token that is known and has not expired.
pub(super) struct Caller {
    pub(super) token: String,
    pub(super) holder: Holder,
    pub(super) power: Power,
    pub(super) profile: String,
    pub(super) account: String,
}

impl Caller {
    /// Whom the audit log names.
    pub(super) fn who(&self) -> &str {
        match &self.holder {
            Holder::Account => &self.account,
            Holder::Analysis { id, .. } | Holder::RunUser { id } => id,
        }
    }
}

/// Who may call a route.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Every token that is good.
    AnyToken,
    /// Profile tokens; no policy reaches it.
    ProfileToken,
    /// Profile tokens, and analyses that are granted it.
    Granted(Grant),
    /// As `Granted`; a TagoRUN user gets an empty list.
    GrantedList(Grant),
}

pub(super) enum Verdict {
    Admit,
    /// The call is answered with an empty list, whatever it asks for.
    EmptyList,
}

pub(super) fn authenticate(world: &mut World, call: &Call, now: DateTime<Utc>) -> Result<Caller, Refusal> {
    let Some(token) = &call.token else {
        return Err(Refusal::new(401, "Unauthorized"));
    };
    let record = world.tokens.get_mut(token).ok_or_else(Refusal::invalid_token)?;
    if record.expire_time.is_some_and(|expires| expires <= now) {
        return Err(Refusal::invalid_token());
    }
    record.last_authorization = Some(now);
    Ok(Caller {
        token: token.clone(),
        holder: record.holder.clone(),
        power: record.power,
        profile: record.profile.clone(),
        account: record.created_by.clone(),
    })
}

pub(super) fn authorize(caller: &Caller, access: Access, method: Method) -> Result<Verdict, Refusal> {
    let admitted = match (&caller.holder, access) {
        (_, Access::AnyToken) => true,
        (Holder::Account, _) => caller.power.allows(method),
        (Holder::Analysis { grants, .. }, Access::Granted(grant) | Access::GrantedList(grant)) => {
            grants.contains(&grant)
        }
        (Holder::RunUser { .. }, Access::GrantedList(_)) => return Ok(Verdict::EmptyList),
        _ => false,
    };
    if admitted { Ok(Verdict::Admit) } else { Err(Refusal::denied()) }
}

/// Whether a profile is the account's own, or another's that the account is a team member of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Member,
    Owner,
}

/// Proof that the account's owner asks: the password and, with two-factor authentication, a code.
pub(super) fn prove(world: &World, account: &str, body: &Value) -> Result<(), Refusal> {
    let text = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Refusal::invalid(key, "type")),
    };
    let account = world.accounts.get(account).ok_or_else(Refusal::denied)?;
    let (password, email, pin_code, otp_type) =
        (text("password")?, text("email")?, text("pin_code")?, text("otp_type")?);
    let same_person = email.is_none_or(|email| email.eq_ignore_ascii_case(&account.email));
    if !same_person || password != Some(account.password.as_str()) {
        return Err(Refusal::wrong_password());
    }
    if otp_type.is_some_and(|kind| !["authenticator", "sms", "email"].contains(&kind)) {
        return Err(Refusal::bad_request("Invalid enum value"));
    }
    match (&account.two_factor, pin_code) {
        (None, _) => Ok(()),
        (Some(expected), Some(pin_code)) if expected == pin_code => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::new(401, "Invalid PIN code")),
        (Some(_), None) => {
            let question = serde_json::json!({"otp_enabled": ["authenticator"], "otp_autosend": "authenticator"});
            Err(Refusal::new(401, question.to_string()))
        }
    }
}
