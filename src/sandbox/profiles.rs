//! Profiles: information, allocation and add-ons.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::{Role, prove};
use super::account::amounts;
use super::answer::{Answer, Refusal};
use super::audit::AuditLog;
use super::backups::Backups;
use super::call::object;
use super::dates;
use super::fields::{Fields, apply};
use super::routes::{Change, Context};
use super::service_providers::Providers;
use super::settings;
use super::statistics;
use super::world::{AddOns, Allocation, Portal, Profile};
use crate::wire::number;

impl Profile {
    /// A profile as it is on its first day.
    pub(super) fn new(account: &str, id: &str, name: &str, now: DateTime<Utc>) -> Self {
        Self {
            account: account.to_owned(),
            name: name.to_owned(),
            logo_url: None,
            banner_url: None,
            created_at: now,
            updated_at: now,
            addons: AddOns { custom_dns: false, mobile: false, control_tower: false, updated_at: now },
            allocation: Allocation::new(),
            resources: BTreeMap::new(),
            hourly_use: Allocation::new(),
            team: Vec::new(),
            portal: Portal { settings: settings::of_a_new_portal(id, name, now), ..Portal::default() },
            providers: Providers::default(),
            backups: Backups::default(),
            audit_log: AuditLog::default(),
        }
    }

    fn addons(&self, id: &str) -> Value {
        json!({
            "custom_dns": self.addons.custom_dns,
            "mobile": self.addons.mobile,
            "control_tower": self.addons.control_tower,
            "profile": id,
            "updated_at": dates::json(self.addons.updated_at),
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a handler")]
pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let caller = &context.caller;
    let reachable = context.world.profiles.iter().filter(|(id, _)| caller.reaches(id));
    let rows = reachable.filter_map(|(id, profile)| match profile.role(&caller.account)? {
        Role::Owner => Some(json!({"id": id, "name": profile.name, "logo_url": profile.logo_url})),
        Role::Member => Some(json!({
            "account": profile.account,
            "profile": id,
            "id": id,
            "name": profile.name,
            "logo_url": profile.logo_url,
            "from_share": true,
        })),
    });
    Ok(rows.collect())
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    let id = context.profile(0, Role::Member)?;
    let profile = context.world.profile(&id)?;
    Ok(json!({
        "info": {
            "id": id,
            "account": profile.account,
            "name": profile.name,
            "logo_url": profile.logo_url,
            "banner_url": profile.banner_url,
            "region": "us-1",
            "rpm": {},
            "created_at": dates::json(profile.created_at),
            "updated_at": dates::json(profile.updated_at),
        },
        "allocation": amounts(&profile.allocation),
        "addons": profile.addons(&id),
        "account_plan": context.world.owner(&id)?.plan.as_str(),
    }))
}

pub(super) fn summary(context: &mut Context<'_>) -> Answer {
    let id = context.profile(0, Role::Member)?;
    let profile = context.world.profile(&id)?;
    let mut amount: Value = profile.resources.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
    amount["run_users"] = json!(profile.portal.users.len());
    if context.call.query.is_on("onlyAmount") {
        return Ok(json!({"amount": amount}));
    }
    let mut limit_used: Value = profile.allocation.keys().map(|service| (service.clone(), json!(0))).collect();
    for (service, used) in statistics::used_by(&id, profile, context.now) {
        limit_used[service] = number(used);
    }
    Ok(json!({
        "addons": profile.addons(&id),
        "amount": amount,
        "limit": amounts(&profile.allocation),
        "limit_used": limit_used,
        "tago_run": profile.portal.settings.get("url"),
    }))
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let name = context.fields()?.required_text("name")?.to_owned();
    let account = context.caller.account.clone();
    let world = &mut *context.world;
    let allowed = world.accounts.get(&account).ok_or_else(Refusal::denied)?.plan.profiles();
    if world.owned_by(&account).count() >= allowed {
        return Err(Refusal::limit("Profiles", allowed));
    }
    let id = world.ids.id();
    let mut profile = Profile::new(&account, &id, &name, context.now);
    if context.call.query.is_on("allocate_free_resources") {
        profile.allocation = world.unallocated(&account);
    }
    world.profiles.insert(id.clone(), profile);
    Ok(Change {
        result: json!({"id": id}),
        profile: context.caller.profile.clone(),
        resource: "profile",
        id,
        message: format!("Profile {name} created"),
    })
}

pub(super) fn edit(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    let now = context.now;
    let fields = Fields::of(&context.body)?;
    let name = fields.filled_text("name")?;
    let (logo_url, banner_url) = (fields.text("logo_url")?, fields.text("banner_url")?);
    let profile = context.world.profile_mut(&id)?;
    if let Some(name) = name {
        name.clone_into(&mut profile.name);
    }
    apply(logo_url, &mut profile.logo_url);
    apply(banner_url, &mut profile.banner_url);
    profile.updated_at = now;
    let message = format!("Profile {} edited", profile.name);
    Ok(Change { result: json!("Successfully Updated"), profile: id.clone(), resource: "profile", id, message })
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    prove(context.world, &context.caller.account, &context.body)?;
    let name = context.world.profile(&id)?.name.clone();
    context.world.profiles.remove(&id);
    context.world.tokens.remove_where(|record| record.profile == id);
    Ok(Change {
        result: json!("Successfully Removed"),
        profile: context.caller.profile.clone(),
        resource: "profile",
        id,
        message: format!("Profile {name} deleted"),
    })
}

/// Moves the very token that calls.
pub(super) fn transfer_token(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let target = context.profile(0, Role::Member)?;
    let message = format!("Token transferred to profile {}", context.world.profile(&target)?.name);
    context.world.tokens.transfer(&context.caller.token, &target).ok_or_else(Refusal::invalid_token)?;
    Ok(Change {
        result: json!("Token Successfully Transferred"),
        profile: context.caller.profile.clone(),
        resource: "profile",
        id: target,
        message,
    })
}

pub(super) fn edit_services(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    let free = context.world.unallocated(&context.caller.account);
    let mut wanted = context.world.profile(&id)?.allocation.clone();
    for (service, amount) in object(&context.body)? {
        let Some(free) = free.get(service) else { continue };
        let amount = amount.as_f64().filter(|amount| *amount >= 0.0);
        let amount = amount.ok_or_else(|| Refusal::invalid(service, "type"))?;
        let most = free + wanted.get(service).copied().unwrap_or_default();
        if amount > most {
            return Err(Refusal::limit(service, most));
        }
        wanted.insert(service.clone(), amount);
    }
    let profile = context.world.profile_mut(&id)?;
    profile.allocation = wanted;
    let message = format!("Profile {} resource allocation edited", profile.name);
    Ok(Change {
        result: json!("Profile resource allocation Successfully Updated"),
        profile: id.clone(),
        resource: "profile",
        id,
        message,
    })
}

pub(super) fn addons(context: &mut Context<'_>) -> Answer {
    let id = context.profile(0, Role::Member)?;
    let profile = context.world.profile(&id)?;
    let mut addons = profile.addons(&id);
    for (key, value) in [("id", json!(id)), ("name", json!(profile.name)), ("logo_url", json!(profile.logo_url))] {
        addons[key] = value;
    }
    Ok(addons)
}

pub(super) fn edit_addons(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    let now = context.now;
    let fields = Fields::of(&context.body)?;
    let (custom_dns, mobile, control_tower) =
        (fields.plain_flag("custom_dns")?, fields.plain_flag("mobile")?, fields.plain_flag("control_tower")?);
    let profile = context.world.profile_mut(&id)?;
    let addons = &mut profile.addons;
    addons.custom_dns = custom_dns.unwrap_or(addons.custom_dns);
    addons.mobile = mobile.unwrap_or(addons.mobile);
    addons.control_tower = control_tower.unwrap_or(addons.control_tower);
    addons.updated_at = now;
    if !addons.custom_dns {
        profile.portal.custom_domain = None;
    }
    let message = format!("Profile {} add-ons edited", profile.name);
    let result = json!("Profile Add-ons Successfully Updated");
    Ok(Change { result, profile: id.clone(), resource: "profile", id, message })
}

pub(super) fn remove_addon(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.profile(0, Role::Owner)?;
    let addon = context.param(1).to_owned();
    let now = context.now;
    let profile = context.world.profile_mut(&id)?;
    match addon.as_str() {
        "custom_dns" => {
            profile.addons.custom_dns = false;
            profile.portal.custom_domain = None;
        }
        "mobile" => profile.addons.mobile = false,
        _ => return Err(Refusal::bad_request("Invalid enum value")),
    }
    profile.addons.updated_at = now;
    let message = format!("Profile {} add-on {addon} removed", profile.name);
    let result = json!("Add-on Successfully Removed");
    Ok(Change { result, profile: id.clone(), resource: "profile", id, message })
}
