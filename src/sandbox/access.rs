//! Who may do what: tokens, permissions and Access Management.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
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

/// How long the tokens of people and analyses are still listed after they expired. Those of TagoRUN users are in no list.
const LISTED_EXPIRED: TimeDelta = TimeDelta::days(30);

/// All tokens, found by their text; those of a TagoRUN user by the user too.
#[derive(Default)]
pub(super) struct Tokens {
    records: BTreeMap<String, TokenRecord>,
    of_users: HashMap<String, HashSet<String>>,
    /// When which token can be forgotten.
    forgotten_at: BTreeSet<(DateTime<Utc>, String)>,
    added: u64,
}

impl TokenRecord {
    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expire_time.is_some_and(|expires| expires <= now)
    }

    /// When nothing tells it from a token that never was.
    fn forgotten_at(&self) -> Option<DateTime<Utc>> {
        match self.holder {
            Holder::RunUser { .. } => self.expire_time,
            Holder::Account | Holder::Analysis { .. } => self.expire_time?.checked_add_signed(LISTED_EXPIRED),
        }
    }
}

impl Tokens {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &TokenRecord)> {
        self.records.iter()
    }

    pub(super) fn contains_key(&self, token: &str) -> bool {
        self.records.contains_key(token)
    }

    pub(super) fn get(&self, token: &str) -> Option<&TokenRecord> {
        self.records.get(token)
    }

    /// A token as one of another profile.
    pub(super) fn transfer(&mut self, token: &str, profile: &str) -> Option<()> {
        profile.clone_into(&mut self.records.get_mut(token)?.profile);
        Some(())
    }

    pub(super) fn insert(&mut self, token: String, record: TokenRecord) {
        self.added += 1;
        if let Holder::RunUser { id } = &record.holder {
            self.of_users.entry(id.clone()).or_default().insert(token.clone());
        }
        if let Some(date) = record.forgotten_at() {
            self.forgotten_at.insert((date, token.clone()));
        }
        self.records.insert(token, TokenRecord { serial: self.added, ..record });
    }

    pub(super) fn remove(&mut self, token: &str) -> Option<TokenRecord> {
        let record = self.records.remove(token)?;
        if let Holder::RunUser { id } = &record.holder {
            if let Some(tokens) = self.of_users.get_mut(id) {
                tokens.remove(token);
                if tokens.is_empty() {
                    self.of_users.remove(id);
                }
            }
        }
        if let Some(date) = record.forgotten_at() {
            self.forgotten_at.remove(&(date, token.to_owned()));
        }
        Some(record)
    }

    pub(super) fn remove_where(&mut self, unwanted: impl Fn(&TokenRecord) -> bool) {
        let found = self.records.iter().filter(|(_, record)| unwanted(record));
        let found: Vec<String> = found.map(|(token, _)| token.clone()).collect();
        for token in found {
            self.remove(&token);
        }
    }

    /// Ends the sessions of a TagoRUN user.
    pub(super) fn remove_of_user(&mut self, user: &str) {
        for token in self.of_users.remove(user).unwrap_or_default() {
            self.remove(&token);
        }
    }

    fn forget_expired(&mut self, now: DateTime<Utc>) {
        while self.forgotten_at.first().is_some_and(|(date, _)| *date <= now) {
            if let Some((_, token)) = self.forgotten_at.pop_first() {
                self.remove(&token);
            }
        }
    }

    /// The token when it is good at this time, which is noted on it.
    fn authenticate(&mut self, token: &str, now: DateTime<Utc>) -> Option<&TokenRecord> {
        self.forget_expired(now);
        let record = self.records.get_mut(token).filter(|record| !record.is_expired(now))?;
        record.last_authorization = Some(now);
        Some(record)
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
    /// Whether it may speak of a profile at all: a policy speaks for its own profile only.
    pub(super) fn reaches(&self, profile: &str) -> bool {
        matches!(self.holder, Holder::Account) || profile == self.profile
    }

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
    let record = world.tokens.authenticate(token, now).ok_or_else(Refusal::invalid_token)?;
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
        (Some(_), Some(_)) => Err(Refusal::wrong_password()),
        (Some(_), None) => {
            let question = serde_json::json!({"otp_enabled": ["authenticator"], "otp_autosend": "authenticator"});
            Err(Refusal::new(401, question.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn record(holder: Holder, expires: Option<i64>) -> TokenRecord {
        let expire_time = expires.map(at);
        TokenRecord { holder, expire_time, ..TokenRecord::new("x", Power::Full, "p", "a", at(0)) }
    }

    fn user(id: &str) -> Holder {
        Holder::RunUser { id: id.to_owned() }
    }

    #[test]
    fn expired_tokens_are_forgotten_when_nothing_shows_them_any_more() {
        let mut tokens = Tokens::default();
        tokens.insert("session".to_owned(), record(user("jane"), Some(8)));
        tokens.insert("ci".to_owned(), record(Holder::Account, Some(8)));
        tokens.insert("admin".to_owned(), record(Holder::Account, None));
        let month = 8 + 30 * 24;
        for (hours, token, good, left) in [
            (7, "session", true, 3),
            (8, "session", false, 2),
            (8, "ci", false, 2),
            (month - 1, "ci", false, 2),
            (month, "ci", false, 1),
            (100 * month, "admin", true, 1),
        ] {
            assert_eq!(tokens.authenticate(token, at(hours)).is_some(), good, "{token} after {hours} hours");
            assert_eq!(tokens.len(), left, "{token} after {hours} hours");
        }
        assert!(tokens.of_users.is_empty() && tokens.forgotten_at.is_empty());
    }

    #[test]
    fn nothing_is_left_of_tokens_that_are_removed() {
        let mut tokens = Tokens::default();
        for (token, holder) in [("1", user("jane")), ("2", user("jane")), ("3", user("bo")), ("4", Holder::Account)] {
            tokens.insert(token.to_owned(), record(holder, Some(8)));
        }
        assert!(tokens.remove("2").is_some() && tokens.remove("2").is_none());
        tokens.remove_of_user("jane");
        tokens.remove_of_user("nobody");
        assert_eq!(tokens.iter().map(|(token, _)| token.as_str()).collect::<Vec<_>>(), ["3", "4"]);
        tokens.remove_where(|record| record.profile == "p");
        assert_eq!(tokens.len(), 0);
        assert!(tokens.of_users.is_empty() && tokens.forgotten_at.is_empty());
    }
}
