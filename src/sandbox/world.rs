//! The state: accounts, profiles, tokens, and what hangs on them. Plain data; time is told to it.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::access::{Role, TokenRecord, Tokens};
use super::answer::Refusal;
use super::audit::{AuditLog, Query};
use super::backups::Backups;
use super::custom_domain::CustomDomain;
use super::directory::Directory;
use super::ids::Ids;
use super::limits::Windows;
use super::saml::Saml;
use super::seed::PASSWORD;
use super::service_providers::Providers;
use super::statistics::FormerUsers;
use super::view::{Handled, SentEmail};
use crate::clock::Clock;
use crate::profile::Plan;

/// E-mails that the outbox remembers.
const OUTBOX: usize = 10_000;

/// Amounts of services, by TagoIO's word for the service.
pub(super) type Allocation = BTreeMap<String, f64>;

pub(super) struct World {
    pub(super) home: Home,
    /// How far its time is ahead of its clock's.
    pub(super) ahead: TimeDelta,
    pub(super) ids: Ids,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) tokens: Tokens,
    pub(super) windows: Windows,
    pub(super) audit_queries: VecDeque<Query>,
    /// The last e-mails.
    pub(super) outbox: Vec<SentEmail>,
    pub(super) journal: VecDeque<Handled>,
    pub(super) rules: Rules,
}

/// Where a test begins.
#[derive(Default)]
pub(super) struct Home {
    pub(super) account: String,
    pub(super) profile: String,
    pub(super) token: String,
}

/// What a test may want otherwise than TagoIO has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) rate_limits: bool,
    /// How often an audit log query is `Running` before it is `Complete`.
    pub(super) audit_log_polls: u32,
}

pub(super) struct Account {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: String,
    /// The code of two-factor authentication, when it is on.
    pub(super) two_factor: Option<String>,
    pub(super) plan: Plan,
    pub(super) timezone: String,
    pub(super) created_at: DateTime<Utc>,
    /// What its profiles together may be allocated.
    pub(super) services: Allocation,
}

pub(super) struct Profile {
    pub(super) account: String,
    pub(super) name: String,
    pub(super) logo_url: Option<String>,
    pub(super) banner_url: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) addons: AddOns,
    pub(super) allocation: Allocation,
    /// How many of each resource it has, users aside.
    pub(super) resources: BTreeMap<String, u32>,
    /// What it typically uses in an hour; what isn't here was never used.
    pub(super) hourly_use: Allocation,
    pub(super) team: Vec<Member>,
    pub(super) portal: Portal,
    pub(super) providers: Providers,
    pub(super) backups: Backups,
    pub(super) audit_log: AuditLog,
}

pub(super) struct AddOns {
    pub(super) custom_dns: bool,
    pub(super) mobile: bool,
    pub(super) control_tower: bool,
    pub(super) updated_at: DateTime<Utc>,
}

pub(super) struct Member {
    /// The member's account; an invitation has an id too.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    /// Whether the invitation was accepted.
    pub(super) active: bool,
    pub(super) created_at: DateTime<Utc>,
}

/// The TagoRUN portal of a profile.
#[derive(Default)]
pub(super) struct Portal {
    pub(super) settings: Map<String, Value>,
    pub(super) users: Directory,
    pub(super) former_users: FormerUsers,
    pub(super) saml: Saml,
    pub(super) custom_domain: Option<CustomDomain>,
}

impl Account {
    pub(super) fn new(name: &str, email: &str, plan: Plan, created_at: DateTime<Utc>) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            two_factor: None,
            plan,
            timezone: "Europe/Lisbon".to_owned(),
            created_at,
            services: plan.services().map(|(service, amount)| (service.to_owned(), amount)).into(),
        }
    }
}

impl Profile {
    /// What an account is in this profile; `None` for a stranger.
    pub(super) fn role(&self, account: &str) -> Option<Role> {
        if self.account == account {
            Some(Role::Owner)
        } else if self.team.iter().any(|member| member.active && member.id == account) {
            Some(Role::Member)
        } else {
            None
        }
    }
}

impl World {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            home: Home::default(),
            ahead: TimeDelta::zero(),
            ids: Ids::default(),
            accounts: BTreeMap::new(),
            profiles: BTreeMap::new(),
            tokens: Tokens::default(),
            windows: Windows::default(),
            audit_queries: VecDeque::new(),
            outbox: Vec::new(),
            journal: VecDeque::new(),
            rules,
        }
    }

    pub(super) fn profile(&self, id: &str) -> Result<&Profile, Refusal> {
        self.profiles.get(id).ok_or_else(|| Refusal::not_found("Profile"))
    }

    pub(super) fn profile_mut(&mut self, id: &str) -> Result<&mut Profile, Refusal> {
        self.profiles.get_mut(id).ok_or_else(|| Refusal::not_found("Profile"))
    }

    /// The account that owns a profile.
    pub(super) fn owner(&self, profile: &str) -> Result<&Account, Refusal> {
        self.accounts.get(&self.profile(profile)?.account).ok_or_else(Refusal::denied)
    }

    pub(super) fn owned_by<'a>(&'a self, account: &'a str) -> impl Iterator<Item = (&'a String, &'a Profile)> {
        self.profiles.iter().filter(move |(_, profile)| profile.account == account)
    }

    /// What an account has left to allocate to its profiles.
    pub(super) fn unallocated(&self, account: &str) -> Allocation {
        let mut left = self.accounts.get(account).map(|account| account.services.clone()).unwrap_or_default();
        for (_, profile) in self.owned_by(account) {
            for (service, amount) in &profile.allocation {
                if let Some(left) = left.get_mut(service) {
                    *left = (*left - amount).max(0.0);
                }
            }
        }
        left
    }

    /// Makes a token that there isn't yet.
    pub(super) fn add_token(&mut self, prefix: &str, record: TokenRecord) -> String {
        let token = self.new_token(prefix);
        self.tokens.insert(token.clone(), record);
        token
    }

    /// The text of a token that there isn't yet.
    pub(super) fn new_token(&mut self, prefix: &str) -> String {
        loop {
            let token = self.ids.token(prefix);
            if !self.tokens.contains_key(&token) {
                return token;
            }
        }
    }

    /// Sends an e-mail: it is in the outbox, as one of the last that there are.
    pub(super) fn send(&mut self, email: SentEmail) {
        if self.outbox.len() >= OUTBOX {
            self.outbox.remove(0);
        }
        self.outbox.push(email);
    }

    /// What time it is in this world.
    pub(super) fn now(&self, clock: &dyn Clock) -> DateTime<Utc> {
        writable(clock.utc().checked_add_signed(self.ahead).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// Sets its time, as far as that can be.
    pub(super) fn set_now(&mut self, now: DateTime<Utc>, clock: &dyn Clock) {
        self.ahead = writable(now) - writable(clock.utc());
    }

    /// A team member's account in the main profile; the owner's when there is none.
    pub(super) fn colleague(&self) -> &str {
        let team = self.profiles.get(&self.home.profile).map(|profile| &profile.team[..]).unwrap_or_default();
        team.iter().find(|member| member.active).map_or(&self.home.account, |member| &member.id)
    }

    /// A profile that isn't open to the main account. When there is none, there is one from now on.
    pub(super) fn foreign_profile(&mut self, now: DateTime<Utc>) -> String {
        let mut profiles = self.profiles.iter();
        if let Some((id, _)) = profiles.find(|(_, profile)| profile.role(&self.home.account).is_none()) {
            return id.clone();
        }
        let (account, id) = (self.ids.id(), self.ids.id());
        let stranger = Account::new("A stranger", &format!("stranger.{account}@example.org"), Plan::Scale, now);
        self.profiles.insert(id.clone(), Profile::new(&account, &id, "Somebody else's", now));
        self.accounts.insert(account, stranger);
        id
    }
}

/// The nearest date with a year of four digits: all others can't be written in TagoIO's form, nor be calculated with. To
/// the millisecond, as it is written.
pub(super) fn writable(date: DateTime<Utc>) -> DateTime<Utc> {
    let year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
    date.clamp(year(1000), year(9000)).trunc_subsecs(3)
}
