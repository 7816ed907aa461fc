//! From a world to the document that describes it. Everything is said, so that nothing depends on a default.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::access::{Holder, TokenRecord};
use super::super::directory;
use super::super::world::{self, World};
use super::super::{audit, backups, dates};
use super::document::{
    Account, AddOns, Amounts, Backup, CustomDomain, Document, Event, FormerUsers, IdentityProvider, Main, Member,
    Moment, Notification, Profile, Providers, Saml, Token, TokenKind, User, Version,
};
use crate::Patch;

#[expect(clippy::unnecessary_wraps, reason = "the fields are optional")]
fn moment(date: DateTime<Utc>) -> Option<Moment> {
    Some(Moment(date))
}

/// Says the name of something that may be gone.
fn named(there: bool, name: &str) -> Patch<String> {
    if there { Patch::Set(name.to_owned()) } else { Patch::Clear }
}

pub(super) fn document(world: &World, now: DateTime<Utc>) -> Document {
    let home = &world.home;
    let account = |id: &String| world.accounts.get(id).map(|found| account(id, found));
    let others = world.accounts.keys().filter(|id| **id != home.account);
    Document {
        version: Version,
        now: moment(now),
        next_id: world.ids.next(),
        main: Main {
            profile: named(world.profiles.contains_key(&home.profile), &home.profile),
            token: named(world.tokens.contains_key(&home.token), &home.token),
        },
        account: account(&home.account).unwrap_or_default(),
        accounts: others.filter_map(account).collect(),
        profiles: Some(world.profiles.iter().map(|(id, found)| profile(world, id, found)).collect()),
    }
}

fn account(id: &str, account: &world::Account) -> Account {
    Account {
        id: Some(id.to_owned()),
        name: Some(account.name.clone()),
        email: Some(account.email.clone()),
        password: Some(account.password.clone()),
        plan: Some(account.plan),
        two_factor: account.two_factor.clone(),
        timezone: Some(account.timezone.clone()),
        created_at: moment(account.created_at),
        services: Some(Amounts(account.services.clone())),
    }
}

fn profile(world: &World, id: &str, profile: &world::Profile) -> Profile {
    let portal = &profile.portal;
    let mut tokens: Vec<(&String, &TokenRecord)> =
        world.tokens.iter().filter(|(_, record)| record.profile == id).collect();
    tokens.sort_by_key(|(_, record)| record.serial);
    Profile {
        id: Some(id.to_owned()),
        name: profile.name.clone(),
        owner: Some(profile.account.clone()),
        logo_url: profile.logo_url.clone(),
        banner_url: profile.banner_url.clone(),
        created_at: moment(profile.created_at),
        updated_at: moment(profile.updated_at),
        addons: AddOns {
            custom_dns: profile.addons.custom_dns,
            mobile: profile.addons.mobile,
            control_tower: profile.addons.control_tower,
            updated_at: moment(profile.addons.updated_at),
        },
        allocation: Some(Amounts(profile.allocation.clone())),
        resources: profile.resources.clone(),
        hourly_use: Amounts(profile.hourly_use.clone()),
        team: profile.team.iter().map(member).collect(),
        tokens: tokens.into_iter().map(|(text, record)| token(text, record)).collect(),
        run: portal.settings.clone(),
        saml: Saml {
            idp: portal.saml.issuer.clone().map(|issuer| IdentityProvider { issuer }),
            mapping: portal.saml.mapping.clone(),
        },
        custom_domain: portal.custom_domain.as_ref().map(|domain| CustomDomain {
            domain: domain.domain.clone(),
            subdomain: domain.subdomain.clone(),
            email: domain.email.clone(),
            created_at: moment(domain.created_at),
            generated_at: moment(domain.generated_at),
            seed: Some(format!("{:016x}", domain.seed)),
        }),
        users: portal.users.iter().map(user).collect(),
        former_users: portal
            .former_users
            .levels()
            .map(|(from, count)| FormerUsers { from: Moment(from), count })
            .collect(),
        service: Providers { email: profile.providers.email.clone(), sms: profile.providers.sms.clone() },
        backups: profile.backups.iter().map(backup).collect(),
        backed_up_at: profile.backups.asked_at.map(Moment),
        audit_log: profile.audit_log.iter().map(event).collect(),
    }
}

fn member(member: &world::Member) -> Member {
    Member {
        id: Some(member.id.clone()),
        name: Some(member.name.clone()),
        email: member.email.clone(),
        active: member.active,
        created_at: moment(member.created_at),
    }
}

fn backup(backup: &backups::Backup) -> Backup {
    Backup {
        id: Some(backup.id.clone()),
        created_at: moment(backup.created_at),
        error_message: backup.error_message.clone(),
        resources: backup.resources.clone(),
    }
}

fn token(text: &str, record: &TokenRecord) -> Token {
    let mut token = Token {
        text: Some(text.to_owned()),
        name: record.name.clone(),
        permission: record.power,
        kind: TokenKind::Profile,
        analysis: None,
        grants: Vec::new(),
        run_user: None,
        created_by: Some(record.created_by.clone()),
        expire_time: record.expire_time.map(dates::text),
        created_at: moment(record.created_at),
        last_authorization: record.last_authorization.map(Moment),
        serie_number: record.serie_number.clone(),
        verification_code: record.verification_code.clone(),
    };
    match &record.holder {
        Holder::Account => {}
        Holder::Analysis { id, grants } => {
            token.kind = TokenKind::Analysis;
            token.analysis = Some(id.clone());
            token.grants.clone_from(grants);
        }
        Holder::RunUser { id } => {
            token.kind = TokenKind::RunUser;
            token.run_user = Some(id.clone());
        }
    }
    token
}

fn user(user: &directory::User) -> User {
    User {
        id: Some(user.id.clone()),
        name: user.name.clone(),
        email: user.email.clone(),
        timezone: Some(user.timezone.clone()),
        company: user.company.clone(),
        phone: user.phone.clone(),
        language: user.language.clone(),
        tags: user.tags.clone(),
        active: user.active,
        newsletter: user.newsletter,
        options: user.options.clone(),
        custom_preferences: user.custom_preferences.clone(),
        force_password_change: user.force_password_change,
        last_login: user.last_login.map(Moment),
        created_at: moment(user.created_at),
        updated_at: moment(user.updated_at),
        notifications: user.notifications.iter().map(notification).collect(),
    }
}

fn notification(notification: &directory::Notification) -> Notification {
    Notification {
        id: Some(notification.id.clone()),
        title: notification.title.clone(),
        message: notification.message.clone(),
        read: notification.read,
        icon: notification.icon.as_ref().and_then(Value::as_object).cloned(),
        buttons: notification.buttons.clone(),
        buttons_enabled: notification.buttons_enabled,
        buttons_autodisable: notification.buttons_autodisable,
        created_at: moment(notification.created_at),
    }
}

fn event(event: &audit::Event) -> Event {
    Event {
        resource_name: event.resource_name.clone(),
        resource_id: Some(event.resource_id.clone()),
        message: event.message.clone(),
        who: Some(event.who.clone()),
        date: moment(event.date),
    }
}
