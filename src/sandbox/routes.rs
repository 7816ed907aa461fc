//! The router: which path is whose, who may call it, and in which order a call is checked.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::access::{Access, Caller, Grant, Role, Verdict, authenticate, authorize};
use super::answer::{Answer, Refusal, respond};
use super::audit::Event;
use super::call::{Call, body};
use super::fields::Fields;
use super::limits;
use super::world::{Portal, World};
use super::{
    account, archive, audit, backups, custom_domain, notifications, profiles, saml, service_providers, settings,
    statistics, team, tokens, users,
};
use crate::transport::{Method, Request, Response, Route};

/// One call on its way through a handler.
pub(super) struct Context<'a> {
    pub(super) world: &'a mut World,
    pub(super) caller: Caller,
    pub(super) call: &'a Call,
    pub(super) body: Value,
    pub(super) now: DateTime<Utc>,
    params: Vec<String>,
}

impl Context<'_> {
    /// What stands in the path where the template has its `at`th `{…}`.
    pub(super) fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }

    pub(super) fn fields(&self) -> Result<Fields<'_>, Refusal> {
        Fields::of(&self.body)
    }

    /// The profile in the path, where `current` is the token's own; the caller has to be at least `role` in it.
    pub(super) fn profile(&self, at: usize, role: Role) -> Result<String, Refusal> {
        let id = match self.param(at) {
            "current" => &self.caller.profile,
            id => id,
        };
        let profile = self.world.profile(id)?;
        match profile.role(&self.caller.account) {
            Some(held) if held >= role && self.caller.reaches(id) => Ok(id.to_owned()),
            _ => Err(Refusal::denied()),
        }
    }

    /// The portal of the token's own profile.
    pub(super) fn portal(&mut self) -> Result<&mut Portal, Refusal> {
        self.world.profile_mut(&self.caller.profile).map(|profile| &mut profile.portal)
    }
}

/// What a call changed: its result, and its line in the audit log.
pub(super) struct Change {
    pub(super) result: Value,
    /// The profile whose audit log it belongs in.
    pub(super) profile: String,
    pub(super) resource: &'static str,
    pub(super) id: String,
    pub(super) message: String,
}

#[derive(Clone, Copy)]
enum Handler {
    Look(fn(&mut Context<'_>) -> Answer),
    /// There is no way to change something without saying what, so nothing escapes the audit log.
    Change(fn(&mut Context<'_>) -> Result<Change, Refusal>),
}

struct Entry {
    method: Method,
    template: &'static str,
    access: Access,
    handler: Handler,
}

impl Entry {
    const fn look(template: &'static str, access: Access, handler: fn(&mut Context<'_>) -> Answer) -> Self {
        Self { method: Method::Get, template, access, handler: Handler::Look(handler) }
    }

    const fn change(
        method: Method,
        template: &'static str,
        access: Access,
        handler: fn(&mut Context<'_>) -> Result<Change, Refusal>,
    ) -> Self {
        Self { method, template, access, handler: Handler::Change(handler) }
    }

    /// What stands in the place of each `{…}`, when the path is of this form.
    fn params(&self, segments: &[String]) -> Option<Vec<String>> {
        let parts = self.template.split('/').skip(1);
        if parts.clone().count() != segments.len() {
            return None;
        }
        let mut params = Vec::new();
        for (part, segment) in parts.zip(segments) {
            if part.starts_with('{') {
                if segment.is_empty() {
                    return None;
                }
                params.push(segment.clone());
            } else if part != segment {
                return None;
            }
        }
        Some(params)
    }
}

/// The first that fits is taken.
const ROUTES: &[Entry] = {
    use Access::{AnyToken, Granted, GrantedList, ProfileToken};
    use Method::{Delete, Get, Post, Put};

    &[
        Entry::look("/info", AnyToken, account::introspection),
        Entry::look("/account", ProfileToken, account::info),
        Entry::look("/account/plan", ProfileToken, account::plan),
        Entry::look("/account/allocation", ProfileToken, account::allocation),
        Entry::look("/profile", GrantedList(Grant::AccessProfile), profiles::list),
        Entry::change(Post, "/profile", ProfileToken, profiles::create),
        Entry::change(Put, "/profile/switch/{profile}", ProfileToken, profiles::transfer_token),
        Entry::look("/profile/{profile}", Granted(Grant::AccessProfile), profiles::info),
        Entry::change(Put, "/profile/{profile}", ProfileToken, profiles::edit),
        Entry::change(Delete, "/profile/{profile}", ProfileToken, profiles::delete),
        Entry::look("/profile/{profile}/summary", Granted(Grant::AccessProfile), profiles::summary),
        Entry::look("/profile/{profile}/statistics", GrantedList(Grant::AccessProfileStatistics), statistics::list),
        Entry::look("/profile/{profile}/auditlog", ProfileToken, audit::begin),
        Entry::look("/profile/{profile}/auditlog/{query}", ProfileToken, audit::poll),
        Entry::change(Post, "/profile/{profile}/services", ProfileToken, profiles::edit_services),
        Entry::look("/profile/{profile}/addons", ProfileToken, profiles::addons),
        Entry::change(Post, "/profile/{profile}/addons", ProfileToken, profiles::edit_addons),
        Entry::look("/profile/{profile}/backup", ProfileToken, backups::list),
        Entry::change(Post, "/profile/{profile}/backup", ProfileToken, backups::create),
        Entry::change(Post, "/profile/{profile}/backup/{backup}/download", ProfileToken, backups::download),
        Entry::change(Delete, "/profile/{profile}/backup/{backup}", ProfileToken, backups::delete),
        Entry::change(Put, "/profile/{profile}/service", ProfileToken, service_providers::configure),
        Entry::change(Post, "/profile/{profile}/service/test/email", ProfileToken, service_providers::test_email),
        Entry::change(Post, "/profile/{profile}/service/test/sms", ProfileToken, service_providers::test_sms),
        Entry::look("/profile/{profile}/team", ProfileToken, team::list),
        Entry::change(Post, "/profile/{profile}/team", ProfileToken, team::add),
        Entry::change(Delete, "/profile/{profile}/team/{account}", ProfileToken, team::remove),
        Entry::look("/profile/{profile}/token", ProfileToken, tokens::list),
        Entry::change(Post, "/profile/{profile}/token", ProfileToken, tokens::create),
        Entry::change(Delete, "/profile/{profile}/token/{token}", ProfileToken, tokens::delete),
        Entry::change(Delete, "/profile/{profile}/{addon}", ProfileToken, profiles::remove_addon),
        Entry::look("/run", Granted(Grant::AccessRunSettings), settings::info),
        Entry::change(Put, "/run", Granted(Grant::EditRunSettings), settings::edit),
        Entry::change(Post, "/run/email_test", ProfileToken, settings::email_test),
        Entry::look("/run/users", GrantedList(Grant::AccessRunUser), users::list),
        Entry::change(Post, "/run/users", Granted(Grant::CreateRunUser), users::create),
        Entry::look("/run/users/{user}", Granted(Grant::AccessRunUser), users::info),
        Entry::change(Put, "/run/users/{user}", Granted(Grant::EditRunUser), users::edit),
        Entry::change(Delete, "/run/users/{user}", Granted(Grant::DeleteRunUser), users::delete),
        Entry::change(Get, "/run/users/{user}/login", Granted(Grant::LoginAsRunUser), users::login_as),
        Entry::change(Post, "/run/users/{user}/invite", Granted(Grant::EditRunUser), users::resend_invite),
        Entry::change(Post, "/run/notification", Granted(Grant::CreateNotification), notifications::create),
        Entry::look("/run/notification/{user}", GrantedList(Grant::AccessNotification), notifications::list),
        Entry::change(Put, "/run/notification/{notification}", Granted(Grant::EditNotification), notifications::edit),
        Entry::change(
            Delete,
            "/run/notification/{notification}",
            Granted(Grant::DeleteNotification),
            notifications::delete,
        ),
        Entry::look("/run/sso/saml", ProfileToken, saml::info),
        Entry::change(Put, "/run/sso/saml", ProfileToken, saml::edit),
        Entry::change(Put, "/run/customdomain/regenerate/{profile}", ProfileToken, custom_domain::regenerate),
        Entry::look("/run/customdomain/{profile}", ProfileToken, custom_domain::info),
        Entry::change(Post, "/run/customdomain/{profile}", ProfileToken, custom_domain::create),
        Entry::change(Delete, "/run/customdomain/{profile}", ProfileToken, custom_domain::delete),
    ]
};

/// What a request calls.
pub(super) fn route(request: &Request) -> Route {
    let call = Call::read(request);
    let template = match (archive::of(&call), find(&call)) {
        (Some(_), _) => archive::TEMPLATE,
        (None, Some((_, entry, _))) => entry.template,
        (None, None) => "(unknown)",
    };
    Route::new(call.method, template)
}

/// Answers a request.
pub(super) fn answer(world: &mut World, request: &Request, now: DateTime<Utc>) -> Response {
    let call = Call::read(request);
    archive::answer(world, &call, now).unwrap_or_else(|| respond(handle(world, request, &call, now)))
}

fn handle(world: &mut World, request: &Request, call: &Call, now: DateTime<Utc>) -> Answer {
    let (at, entry, params) = find(call).ok_or_else(|| Refusal::not_found("Route"))?;
    run(world, request, call, at, entry, params, now)
}

/// The entry that fits, where it stands, and what stands in the place of each `{…}` of its template.
fn find(call: &Call) -> Option<(usize, &'static Entry, Vec<String>)> {
    let segments = call.segments.as_deref()?;
    let method = match call.method {
        // HTTP's meaning of it; whoever sends the answer leaves the body out.
        Method::Head => Method::Get,
        method => method,
    };
    let mut entries = ROUTES.iter().enumerate().filter(|(_, entry)| entry.method == method);
    entries.find_map(|(at, entry)| Some((at, entry, entry.params(segments)?)))
}

fn run(
    world: &mut World,
    request: &Request,
    call: &Call,
    at: usize,
    entry: &Entry,
    params: Vec<String>,
    now: DateTime<Utc>,
) -> Answer {
    let caller = authenticate(world, call, now)?;
    if world.rules.rate_limits {
        if let Some(limit) = limits::per_minute(entry.method, entry.template, world.owner(&caller.profile)?.plan) {
            world.windows.admit(&caller.profile, at, limit, now)?;
        }
    }
    match authorize(&caller, entry.access, entry.method)? {
        Verdict::EmptyList => return Ok(Value::Array(Vec::new())),
        Verdict::Admit => {}
    }
    let body = body(request)?;
    let mut context = Context { world, caller, call, body, now, params };
    match entry.handler {
        Handler::Look(handler) => handler(&mut context),
        Handler::Change(handler) => {
            let change = handler(&mut context)?;
            let event = Event {
                resource_name: change.resource.to_owned(),
                resource_id: change.id,
                message: change.message,
                who: context.caller.who().to_owned(),
                date: now,
            };
            // A profile that was deleted took its audit log with it.
            if let Ok(profile) = world.profile_mut(&change.profile) {
                profile.audit_log.record(event);
            }
            Ok(change.result)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::RATES;

    #[test]
    fn each_route_with_a_published_rate_is_a_route_of_the_sandbox() {
        for rate in &RATES {
            let known = ROUTES.iter().any(|entry| entry.method == rate.method && entry.template == rate.template);
            assert!(known, "{} {}", rate.method, rate.template);
        }
    }
}
