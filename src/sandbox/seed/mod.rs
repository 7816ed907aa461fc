//! The world that a sandbox begins with: a company that watches cold rooms.

mod people;
mod portal;
mod trail;

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::access::{Power, TokenRecord};
use super::backups::Backup;
use super::ids::mix;
use super::world::{Account, AddOns, Allocation, Home, Member, Profile, World};
use crate::profile::Plan;

/// What there is to be at the beginning.
pub(super) struct Beginning {
    pub(super) plan: Plan,
    pub(super) two_factor: Option<String>,
    /// Whether there is nothing but an account, a profile and a token.
    pub(super) empty: bool,
}

pub(super) const NAME: &str = "Alex Moreau";
pub(super) const EMAIL: &str = "alex.moreau@example.com";
pub(super) const PASSWORD: &str = "arctic-tern-42";

/// Room for new users beside those of the story, on every plan.
const ROOM: u32 = 25;

pub(super) fn fill(world: &mut World, beginning: &Beginning, now: DateTime<Utc>) {
    world.home = if beginning.empty { bare(world, beginning, now) } else { story(world, beginning, now) };
}

/// Adds so many users to the main profile, and room for them.
pub(super) fn populate(world: &mut World, count: u32, now: DateTime<Utc>) {
    if count == 0 {
        return;
    }
    let (account, profile) = (world.home.account.clone(), world.home.profile.clone());
    if let Some(account) = world.accounts.get_mut(&account) {
        *account.services.entry("run_users".to_owned()).or_default() += f64::from(count);
    }
    if let Some(profile) = world.profiles.get_mut(&profile) {
        *profile.allocation.entry("run_users".to_owned()).or_default() += f64::from(count);
    }
    people::generate(world, &profile, count, now);
}

/// Some time ago, at an odd minute.
fn ago(now: DateTime<Utc>, days: i64, salt: u64) -> DateTime<Utc> {
    let milliseconds = i64::try_from(mix(salt) % 86_400_000).unwrap_or_default();
    now - TimeDelta::days(days) - TimeDelta::milliseconds(milliseconds)
}

fn add_account(world: &mut World, name: &str, email: &str, plan: Plan, created_at: DateTime<Utc>) -> String {
    let id = world.ids.id();
    world.accounts.insert(id.clone(), Account::new(name, email, plan, created_at));
    id
}

fn add_profile(world: &mut World, account: &str, name: &str, created_at: DateTime<Utc>) -> String {
    let id = world.ids.id();
    world.profiles.insert(id.clone(), Profile::new(account, &id, name, created_at));
    id
}

fn bare(world: &mut World, beginning: &Beginning, now: DateTime<Utc>) -> Home {
    let account = owner(world, beginning, now);
    let profile = add_profile(world, &account, "My Profile", now);
    let services = world.unallocated(&account);
    if let Some(profile) = world.profiles.get_mut(&profile) {
        profile.allocation = services;
    }
    let record = TokenRecord::new("Administration", Power::Full, &profile, &account, now);
    let token = world.add_token("p-", record);
    let stranger = add_account(world, "Inês Carvalho", "ines.carvalho@example.org", Plan::Scale, now);
    add_profile(world, &stranger, "Portside Internal", now);
    Home { account, profile, token }
}

fn owner(world: &mut World, beginning: &Beginning, created_at: DateTime<Utc>) -> String {
    let id = add_account(world, NAME, EMAIL, beginning.plan, created_at);
    if let Some(account) = world.accounts.get_mut(&id) {
        account.two_factor.clone_from(&beginning.two_factor);
    }
    id
}

fn story(world: &mut World, beginning: &Beginning, now: DateTime<Utc>) -> Home {
    let founded = now.checked_sub_months(Months::new(14)).unwrap_or(now);
    let account = owner(world, beginning, founded);
    let priya = add_account(world, "Priya Raman", "priya.raman@example.com", Plan::Free, ago(now, 390, 1));
    let tomasz = add_account(world, "Tomasz Zieliński", "tomasz.zielinski@example.com", Plan::Free, ago(now, 201, 2));
    let partner = add_account(world, "Inês Carvalho", "ines.carvalho@example.org", Plan::Scale, ago(now, 800, 3));

    let profile = add_profile(world, &account, "Arbor Cold Chain", founded);
    let staging = add_profile(world, &account, "Arbor Staging", ago(now, 120, 4));
    let shared = add_profile(world, &partner, "Portside Logistics", ago(now, 700, 5));
    add_profile(world, &partner, "Portside Internal", ago(now, 650, 6));

    if let Some(main) = world.profiles.get_mut(&profile) {
        equip(main, beginning, now);
        main.team = vec![
            member(&priya, "Priya Raman", "priya.raman@example.com", true, ago(now, 388, 7)),
            member(&tomasz, "Tomasz Zieliński", "tomasz.zielinski@example.com", true, ago(now, 200, 8)),
        ];
    }
    let invited = world.ids.id();
    if let Some(main) = world.profiles.get_mut(&profile) {
        main.team.push(member(&invited, "", "jonas.lindqvist@example.org", false, ago(now, 2, 9)));
    }
    if let Some(staging) = world.profiles.get_mut(&staging) {
        let some = [("input", 20_000.0), ("output", 20_000.0), ("data_records", 50_000.0), ("run_users", 5.0)];
        staging.allocation = some.map(|(service, amount)| (service.to_owned(), amount)).into();
        staging.hourly_use = [("input", 3.2), ("output", 1.1), ("data_records", 2.9)]
            .map(|(service, amount)| (service.to_owned(), amount))
            .into();
        staging.resources =
            [("device", 6), ("dashboard", 3), ("analysis", 4)].map(|(name, count)| (name.to_owned(), count)).into();
    }
    if let Some(shared) = world.profiles.get_mut(&shared) {
        shared.team.push(member(&account, NAME, EMAIL, true, ago(now, 300, 10)));
    }

    let home_token = add_tokens(world, &profile, &account, &priya, now);
    let record = TokenRecord::new("Staging deploys", Power::Full, &staging, &account, ago(now, 119, 11));
    world.add_token("p-", record);

    people::settle(world, &profile, now);
    portal::furnish(world, &profile, now);
    keep_backups(world, &profile, beginning, now);
    trail::leave(world, &profile, &[account.clone(), priya.clone(), tomasz], now);
    Home { account, profile, token: home_token }
}

/// Backups of the last weeks, where the plan has some. Their ids are TagoIO's own, so that they take none of those to be
/// made.
fn keep_backups(world: &mut World, profile: &str, beginning: &Beginning, now: DateTime<Utc>) {
    if beginning.plan == Plan::Free {
        return;
    }
    let Some(found) = world.profiles.get_mut(profile) else { return };
    for (id, days, salt, problem) in [
        ("695f20a4c1d87e0013b64f5a", 34, 31, None),
        ("69734c5be9a2400013f08d17", 20, 32, Some("The files could not be read")),
        ("6985d9f210b6e30013c7a942", 6, 33, None),
    ] {
        let backup = Backup::of(found, profile, id.to_owned(), ago(now, days, salt));
        found.backups.asked_at = Some(backup.created_at);
        found.backups.add(Backup { error_message: problem.map(str::to_owned), ..backup });
    }
}

fn member(id: &str, name: &str, email: &str, active: bool, created_at: DateTime<Utc>) -> Member {
    Member { id: id.to_owned(), name: name.to_owned(), email: email.to_owned(), active, created_at }
}

/// Add-ons, allocation, resources and use of the main profile.
fn equip(profile: &mut Profile, beginning: &Beginning, now: DateTime<Utc>) {
    let amounts = |amounts: &[(&str, f64)]| -> Allocation {
        amounts.iter().map(|(service, amount)| ((*service).to_owned(), *amount)).collect()
    };
    profile.logo_url = Some("https://assets.example.com/arbor/logo.png".to_owned());
    profile.updated_at = ago(now, 9, 12);
    profile.addons = AddOns { custom_dns: true, mobile: false, control_tower: true, updated_at: ago(now, 76, 13) };
    // Three quarters of what the plan has; the rest is for other profiles.
    profile.allocation =
        beginning.plan.services().map(|(service, amount)| (service.to_owned(), (amount * 0.75).floor())).into();
    let users = profile.allocation.entry("run_users".to_owned()).or_default();
    *users = users.max(f64::from(people::count() + ROOM));
    profile.hourly_use = amounts(&[
        ("input", 431.0),
        ("output", 188.0),
        ("analysis", 0.62),
        ("data_records", 12.4),
        ("email", 0.4),
        ("push_notification", 0.9),
        ("file_storage", 0.0213),
        ("dashboard_output", 96.0),
    ]);
    profile.resources = [
        ("action", 18),
        ("am", 7),
        ("analysis", 11),
        ("connectors", 2),
        ("dashboard", 14),
        ("device", 163),
        ("dictionary", 2),
        ("networks", 1),
        ("tcore", 0),
        ("tcore_cluster", 0),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into();
}

/// The profile's tokens, and among them the one that a client of the sandbox uses.
fn add_tokens(world: &mut World, profile: &str, account: &str, colleague: &str, now: DateTime<Utc>) -> String {
    let in_months = |months| now.checked_add_months(Months::new(months));
    let here = |name: &str, power, days: i64| {
        TokenRecord::new(name, power, profile, account, ago(now, days, days.unsigned_abs()))
    };
    let home = world.add_token("p-", here("Administration", Power::Full, 371));
    for record in [
        TokenRecord {
            expire_time: in_months(2),
            last_authorization: Some(now - TimeDelta::minutes(20)),
            ..here("Monthly report", Power::Read, 28)
        },
        TokenRecord {
            last_authorization: Some(ago(now, 1, 21)),
            serie_number: Some("GW-0417".to_owned()),
            ..here("Gateway provisioning", Power::Write, 190)
        },
        TokenRecord {
            expire_time: Some(ago(now, 10, 22)),
            last_authorization: Some(ago(now, 12, 23)),
            ..here("Old CI", Power::Full, 375)
        },
        TokenRecord { expire_time: in_months(3), ..here("Generated by TagoIO CLI", Power::Full, 6) },
        here("Former supplier (blocked)", Power::Deny, 260),
        TokenRecord {
            created_by: colleague.to_owned(),
            last_authorization: Some(ago(now, 3, 24)),
            ..here("Priya's notebook", Power::Full, 41)
        },
    ] {
        world.add_token("p-", record);
    }
    home
}
