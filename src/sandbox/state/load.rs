//! From a document that was checked to the world it describes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::super::access::{Holder, Power, TokenRecord};
use super::super::audit;
use super::super::backups;
use super::super::custom_domain;
use super::super::dates;
use super::super::directory;
use super::super::saml;
use super::super::seed::{EMAIL, NAME};
use super::super::service_providers::{Medium, checked};
use super::super::world::{self, Allocation, Home, World};
use super::document::{
    Account, Backup, CustomDomain, Document, Event, Member, Moment, Profile, Token, TokenKind, User,
};
use crate::Patch;
use crate::profile::Plan;

/// Room for new users where a profile's allocation isn't said.
const ROOM: f64 = 25.0;
/// What stands for a profile or a token that is gone.
const NO_PROFILE: &str = "000000000000000000000000";
const NO_TOKEN: &str = "p-00000000-0000-4000-8000-000000000000";

/// Accounts by their ids and by their e-mail addresses in lower case.
struct People(HashMap<String, String>);

impl People {
    fn find(&self, text: &str) -> Option<&String> {
        self.0.get(text).or_else(|| self.0.get(&text.to_lowercase()))
    }

    /// The id of somebody, or else of somebody else.
    fn id(&self, text: Option<&str>, otherwise: &str) -> String {
        text.and_then(|text| self.find(text)).map_or(otherwise, String::as_str).to_owned()
    }
}

pub(super) fn fill(world: &mut World, document: &Document, plan: Plan, two_factor: Option<String>, now: DateTime<Utc>) {
    let default = [Profile { name: "My Profile".to_owned(), ..Profile::default() }];
    let profiles = document.profiles.as_deref().unwrap_or(&default);
    keep_ids(world, document, profiles);

    let mut people = People(HashMap::new());
    let main = add_account(world, &mut people, &document.account, (NAME, EMAIL, plan), now);
    if let Some(main) = world.accounts.get_mut(&main) {
        main.two_factor = main.two_factor.take().or(two_factor);
    }
    for account in &document.accounts {
        add_account(world, &mut people, account, ("", "", Plan::Free), now);
    }
    for member in profiles.iter().flat_map(|profile| &profile.team).filter(|member| member.active) {
        if people.find(&member.email).is_none() {
            let account = Account { id: member.id.clone(), email: Some(member.email.clone()), ..Account::default() };
            add_account(world, &mut people, &account, (member.name.as_deref().unwrap_or(""), "", Plan::Free), now);
        }
    }

    let ids: Vec<String> = profiles.iter().map(|profile| add_profile(world, &people, profile, &main, now)).collect();
    allocate(world, profiles, &ids);
    let tokens = add_tokens(world, &people, profiles, &ids, now);
    settle(world, document, &main, profiles.iter().zip(&ids).zip(&tokens), now);
}

/// Sees to it that what is made has no id that the document gives.
fn keep_ids(world: &mut World, document: &Document, profiles: &[Profile]) {
    let ids = &mut world.ids;
    ids.skip_to(document.next_id);
    let accounts = std::iter::once(&document.account).chain(&document.accounts).map(|account| &account.id);
    accounts.flatten().for_each(|id| ids.skip(id));
    for profile in profiles {
        profile.id.iter().for_each(|id| ids.skip(id));
        profile.backups.iter().filter_map(|backup| backup.id.as_ref()).for_each(|id| ids.skip(id));
        profile.team.iter().filter_map(|member| member.id.as_ref()).for_each(|id| ids.skip(id));
        profile.tokens.iter().filter_map(|token| token.analysis.as_ref()).for_each(|id| ids.skip(id));
        for user in &profile.users {
            user.id.iter().for_each(|id| ids.skip(id));
            user.notifications.iter().filter_map(|sent| sent.id.as_ref()).for_each(|id| ids.skip(id));
        }
    }
}

fn date(moment: Option<Moment>, otherwise: DateTime<Utc>) -> DateTime<Utc> {
    moment.map_or(otherwise, |moment| moment.0)
}

fn add_account(
    world: &mut World,
    people: &mut People,
    account: &Account,
    (name, email, plan): (&str, &str, Plan),
    now: DateTime<Utc>,
) -> String {
    let id = account.id.clone().unwrap_or_else(|| world.ids.id());
    let name = account.name.as_deref().unwrap_or(name);
    let email = account.email.as_deref().unwrap_or(email);
    let plan = account.plan.unwrap_or(plan);
    let mut made = world::Account::new(name, email, plan, date(account.created_at, now));
    made.password = account.password.clone().unwrap_or(made.password);
    made.two_factor.clone_from(&account.two_factor);
    made.timezone = account.timezone.clone().unwrap_or_else(|| "UTC".to_owned());
    made.services = account.services.as_ref().map_or(made.services, |services| services.0.clone());
    world.accounts.insert(id.clone(), made);
    people.0.insert(email.to_lowercase(), id.clone());
    people.0.insert(id.clone(), id.clone());
    id
}

fn add_profile(world: &mut World, people: &People, profile: &Profile, main: &str, now: DateTime<Utc>) -> String {
    let id = profile.id.clone().unwrap_or_else(|| world.ids.id());
    let owner = people.id(profile.owner.as_deref(), main);
    let created_at = date(profile.created_at, now);
    let mut made = world::Profile::new(&owner, &id, &profile.name, created_at);
    made.logo_url.clone_from(&profile.logo_url);
    made.banner_url.clone_from(&profile.banner_url);
    made.updated_at = date(profile.updated_at, created_at);
    made.addons = world::AddOns {
        custom_dns: profile.addons.custom_dns,
        mobile: profile.addons.mobile,
        control_tower: profile.addons.control_tower,
        updated_at: date(profile.addons.updated_at, created_at),
    };
    made.allocation = profile.allocation.clone().unwrap_or_default().0;
    made.resources.clone_from(&profile.resources);
    made.hourly_use = profile.hourly_use.0.clone();
    made.team = profile.team.iter().map(|found| member(world, people, found, now)).collect();
    made.portal.settings.extend(profile.run.clone());
    made.portal.saml = saml::Saml {
        issuer: profile.saml.idp.as_ref().map(|idp| idp.issuer.clone()),
        mapping: profile.saml.mapping.as_ref().and_then(|mapping| saml::checked_mapping(mapping).ok()),
    };
    made.portal.custom_domain = profile.custom_domain.as_ref().map(|domain| own_domain(domain, now));
    let timezone = world.accounts.get(&owner).map(|owner| owner.timezone.clone()).unwrap_or_default();
    for found in &profile.users {
        made.portal.users.add(user(world, found, &id, &timezone, now));
    }
    made.portal.former_users = profile.former_users.iter().map(|found| (found.from.0, found.count)).collect();
    for (medium, provider) in Medium::ALL.into_iter().zip([&profile.service.email, &profile.service.sms]) {
        *made.providers.slot(medium) = provider.as_ref().and_then(|provider| checked(medium, provider).ok());
    }
    for found in &profile.backups {
        made.backups.add(backup(world, found, now));
    }
    made.backups.asked_at = profile.backed_up_at.map(|date| date.0);
    made.audit_log = profile.audit_log.iter().map(|found| event(people, found, &id, &owner, now)).collect();
    world.profiles.insert(id.clone(), made);
    id
}

fn member(world: &mut World, people: &People, member: &Member, now: DateTime<Utc>) -> world::Member {
    let account = people.find(&member.email);
    let name = account.and_then(|id| world.accounts.get(id)).map(|account| account.name.clone());
    world::Member {
        id: member.id.clone().or(account.cloned()).unwrap_or_else(|| world.ids.id()),
        name: member.name.clone().or(name).unwrap_or_default(),
        email: member.email.clone(),
        active: member.active,
        created_at: date(member.created_at, now),
    }
}

fn backup(world: &mut World, backup: &Backup, now: DateTime<Utc>) -> backups::Backup {
    backups::Backup {
        id: backup.id.clone().unwrap_or_else(|| world.ids.id()),
        created_at: date(backup.created_at, now),
        error_message: backup.error_message.clone(),
        resources: backup.resources.clone(),
    }
}

fn own_domain(domain: &CustomDomain, now: DateTime<Utc>) -> custom_domain::CustomDomain {
    let created_at = date(domain.created_at, now);
    custom_domain::CustomDomain {
        domain: domain.domain.clone(),
        subdomain: domain.subdomain.clone(),
        email: domain.email.clone(),
        created_at,
        generated_at: date(domain.generated_at, created_at),
        seed: domain.seed.as_deref().and_then(custom_domain::read_seed).unwrap_or_default(),
    }
}

fn user(world: &mut World, user: &User, profile: &str, timezone: &str, now: DateTime<Utc>) -> directory::User {
    let created_at = date(user.created_at, now);
    let notifications = user.notifications.iter().map(|sent| directory::Notification {
        id: sent.id.clone().unwrap_or_else(|| world.ids.id()),
        title: sent.title.clone(),
        message: sent.message.clone(),
        read: sent.read,
        icon: sent.icon.clone().map(serde_json::Value::Object),
        buttons: sent.buttons.clone(),
        buttons_enabled: sent.buttons_enabled,
        buttons_autodisable: sent.buttons_autodisable,
        created_at: date(sent.created_at, created_at),
    });
    let notifications = notifications.collect();
    directory::User {
        id: user.id.clone().unwrap_or_else(|| world.ids.id()),
        profile: profile.to_owned(),
        name: user.name.clone(),
        email: user.email.clone(),
        timezone: user.timezone.clone().unwrap_or_else(|| timezone.to_owned()),
        company: user.company.clone(),
        phone: user.phone.clone(),
        language: user.language.clone(),
        tags: user.tags.clone(),
        active: user.active,
        newsletter: user.newsletter,
        options: user.options.clone(),
        custom_preferences: user.custom_preferences.clone(),
        force_password_change: user.force_password_change,
        last_login: user.last_login.map(|date| date.0),
        created_at,
        updated_at: date(user.updated_at, created_at),
        notifications,
    }
}

fn event(people: &People, event: &Event, profile: &str, owner: &str, now: DateTime<Utc>) -> audit::Event {
    let who = event.who.as_deref().map(|who| people.find(who).map_or(who, String::as_str));
    audit::Event {
        resource_name: event.resource_name.clone(),
        resource_id: event.resource_id.clone().unwrap_or_else(|| profile.to_owned()),
        message: event.message.clone(),
        who: who.unwrap_or(owner).to_owned(),
        date: date(event.date, now),
    }
}

/// A profile whose allocation isn't said has what is left of its account's, and room for its users and some more.
fn allocate(world: &mut World, profiles: &[Profile], ids: &[String]) {
    for (profile, id) in profiles.iter().zip(ids).filter(|(profile, _)| profile.allocation.is_none()) {
        let Some(owner) = world.profiles.get(id).map(|profile| profile.account.clone()) else { continue };
        let mut allocation: Allocation = world.unallocated(&owner);
        #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 users")]
        let needed = profile.users.len() as f64 + ROOM;
        let users = allocation.entry("run_users".to_owned()).or_default();
        *users = users.max(needed);
        if let Some(profile) = world.profiles.get_mut(id) {
            profile.allocation = allocation;
        }
    }
}

/// The tokens of each profile, in the document's order.
fn add_tokens(
    world: &mut World,
    people: &People,
    profiles: &[Profile],
    ids: &[String],
    now: DateTime<Utc>,
) -> Vec<Vec<String>> {
    // What is made must not be what is given further below.
    let given: Vec<&String> =
        profiles.iter().flat_map(|profile| &profile.tokens).filter_map(|token| token.text.as_ref()).collect();
    let given: std::collections::HashSet<&String> = given.into_iter().collect();
    let mut all = Vec::new();
    for (profile, id) in profiles.iter().zip(ids) {
        let mut tokens = Vec::new();
        for found in &profile.tokens {
            let record = record(world, people, found, id, now);
            let token = found.text.clone().unwrap_or_else(|| {
                let prefix = match found.kind {
                    TokenKind::Profile => "p-",
                    TokenKind::Analysis => "a-",
                    TokenKind::RunUser => "u-",
                };
                loop {
                    let token = world.new_token(prefix);
                    if !given.contains(&token) {
                        break token;
                    }
                }
            });
            world.tokens.insert(token.clone(), record);
            tokens.push(token);
        }
        all.push(tokens);
    }
    all
}

fn record(world: &mut World, people: &People, token: &Token, profile: &str, now: DateTime<Utc>) -> TokenRecord {
    let place = world.profiles.get(profile);
    let owner = place.map(|profile| profile.account.clone()).unwrap_or_default();
    let user = |text: &str| place.and_then(|profile| profile.portal.users.find(text)).map(|user| user.id.clone());
    let holder = match token.kind {
        TokenKind::Profile => Holder::Account,
        TokenKind::RunUser => Holder::RunUser { id: token.run_user.as_deref().and_then(user).unwrap_or_default() },
        TokenKind::Analysis => Holder::Analysis {
            id: token.analysis.clone().unwrap_or_else(|| world.ids.id()),
            grants: token.grants.clone(),
        },
    };
    TokenRecord {
        serial: 0,
        holder,
        name: token.name.clone(),
        power: token.permission,
        profile: profile.to_owned(),
        created_by: people.id(token.created_by.as_deref(), &owner),
        expire_time: token.expire_time.as_deref().and_then(|text| dates::expiry(text, now)).flatten(),
        created_at: date(token.created_at, now),
        last_authorization: token.last_authorization.map(|date| date.0),
        serie_number: token.serie_number.clone(),
        verification_code: token.verification_code.clone(),
    }
}

/// Finds the main profile and its token; where there is no token that may do everything, one is made.
fn settle<'a>(
    world: &mut World,
    document: &Document,
    main: &str,
    mut profiles: impl Iterator<Item = ((&'a Profile, &'a String), &'a Vec<String>)> + Clone,
    now: DateTime<Utc>,
) {
    let owned = |world: &World, id: &str| world.profiles.get(id).is_some_and(|profile| profile.account == main);
    let profile = match &document.main.profile {
        Patch::Set(id) => id.clone(),
        Patch::Clear => NO_PROFILE.to_owned(),
        Patch::Keep => {
            let first = profiles.clone().map(|((_, id), _)| id).find(|id| owned(world, id));
            first.map_or(NO_PROFILE, String::as_str).to_owned()
        }
    };
    let tokens = profiles.find(|((_, id), _)| **id == profile).map(|(_, tokens)| tokens);
    let token = match (&document.main.token, tokens) {
        (Patch::Set(token), _) => token.clone(),
        (Patch::Clear, _) | (Patch::Keep, None) => NO_TOKEN.to_owned(),
        (Patch::Keep, Some(tokens)) => {
            let suits = |token: &&String| world.tokens.get(token).is_some_and(|record| record.suits(main, now));
            tokens.iter().find(suits).cloned().unwrap_or_else(|| {
                let record = TokenRecord::new("Administration", Power::Full, &profile, main, now);
                world.add_token("p-", record)
            })
        }
    };
    world.home = Home { account: main.to_owned(), profile, token };
}

impl TokenRecord {
    /// Whether somebody may do everything with it, for as long as can be told.
    fn suits(&self, account: &str, now: DateTime<Utc>) -> bool {
        let lasts = self.expire_time.is_none_or(|expires| expires > now);
        matches!(self.holder, Holder::Account) && self.power == Power::Full && self.created_by == account && lasts
    }
}
