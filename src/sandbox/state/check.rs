//! What a document must be beyond its form, so that it can be loaded without a further question.

use std::collections::{HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, Utc};

use super::super::audit::RESOURCES;
use super::super::fields::is_time_zone;
use super::super::ids::MOST_IDS;
use super::super::limits::TAGS;
use super::super::seed::EMAIL;
use super::super::service_providers::{Medium, checked};
use super::super::{custom_domain, dates, notifications, saml, settings, users};
use super::document::{
    Account, Amounts, Backup, CustomDomain, Document, Event, Member, Notification, Profile, Saml, Token, TokenKind,
    User,
};
use crate::profile::Service;
use crate::wire::refusal;

/// The most of a service that there can be.
const MOST: f64 = 1e12;

/// What is wrong, and where in the document.
#[derive(Debug)]
pub(super) struct Problem {
    at: String,
    what: String,
}

impl Problem {
    fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }

    fn below(self, place: impl fmt::Display) -> Self {
        Self { at: format!("{place}.{}", self.at), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

type Checked = Result<(), Problem>;

/// What may be there only once, and what is referred to.
#[derive(Default)]
struct Seen<'a> {
    /// The e-mail address in lower case of each account, by that and by its id.
    people: HashMap<String, String>,
    account_ids: HashSet<&'a str>,
    /// Accounts that team members have because they are in no list, by e-mail address in lower case.
    colleagues: HashMap<String, Option<&'a str>>,
    profiles: HashSet<&'a str>,
    tokens: HashSet<&'a str>,
    users: HashSet<&'a str>,
    notifications: HashSet<&'a str>,
    backups: HashSet<&'a str>,
}

pub(super) fn check(document: &Document) -> Checked {
    if document.next_id >= MOST_IDS {
        return Err(Problem::new("next_id", format!("it has to be less than {MOST_IDS}")));
    }
    let mut seen = Seen::default();
    account(&document.account, &mut seen, Some(EMAIL)).map_err(|problem| problem.below("account"))?;
    for (at, other) in document.accounts.iter().enumerate() {
        let checked = account(other, &mut seen, None);
        checked.map_err(|problem| problem.below(format_args!("accounts[{at}]")))?;
    }
    let profiles = document.profiles.as_deref().unwrap_or_default();
    for (at, profile) in profiles.iter().enumerate() {
        for (place, member) in profile.team.iter().enumerate().filter(|(_, member)| member.active) {
            let checked = colleague(member, &document.account, &document.accounts, &mut seen);
            checked.map_err(|problem| problem.below(format_args!("profiles[{at}].team[{place}]")))?;
        }
    }
    let owner = lower(document.account.email.as_deref().unwrap_or(EMAIL));
    let now = document.now.map_or(DateTime::UNIX_EPOCH, |now| now.0);
    for (at, found) in profiles.iter().enumerate() {
        profile(found, &owner, now, &mut seen).map_err(|problem| problem.below(format_args!("profiles[{at}]")))?;
    }
    let named = |text: Option<&String>, known: &HashSet<&str>| text.is_none_or(|text| known.contains(text.as_str()));
    if !named(document.main.profile.as_ref(), &seen.profiles) {
        return Err(Problem::new("main.profile", "there is no profile with this id"));
    }
    if !named(document.main.token.as_ref(), &seen.tokens) {
        return Err(Problem::new("main.token", "it is not among the tokens"));
    }
    Ok(())
}

fn account<'a>(account: &'a Account, seen: &mut Seen<'a>, email: Option<&str>) -> Checked {
    let is_main = email.is_some();
    let Some(email) = account.email.as_deref().or(email) else {
        return Err(Problem::new("email", "it is missing"));
    };
    if account.name.is_none() && !is_main {
        return Err(Problem::new("name", "it is missing"));
    }
    is_email(email)?;
    for (at, text) in [("password", &account.password), ("two_factor", &account.two_factor)] {
        text.as_deref().map_or(Ok(()), |text| is_filled(at, text))?;
    }
    is_zone(account.timezone.as_deref())?;
    account.services.as_ref().map_or(Ok(()), |services| amounts("services", services))?;
    let email = lower(email);
    if let Some(id) = &account.id {
        once(id, &mut seen.account_ids)?;
        seen.people.insert(id.clone(), email.clone());
    }
    match seen.people.insert(email.clone(), email) {
        None => Ok(()),
        Some(_) => Err(Problem::new("email", "another account has this e-mail address")),
    }
}

/// A team member who has accepted has an account; when it isn't in a list, it is made.
fn colleague<'a>(member: &'a Member, main: &Account, others: &[Account], seen: &mut Seen<'a>) -> Checked {
    is_email(&member.email)?;
    let email = lower(&member.email);
    let id = member.id.as_deref();
    if !seen.colleagues.contains_key(&email) && seen.people.contains_key(&email) {
        let has = |account: &&Account| lower(account.email.as_deref().unwrap_or(EMAIL)) == email;
        let account = std::iter::once(main).chain(others).find(has).and_then(|account| account.id.as_deref());
        if id.is_some() && id != account {
            return Err(Problem::new("id", "the account with this e-mail address has another id"));
        }
        return Ok(());
    }
    match seen.colleagues.get(&email) {
        Some(known) if id.is_some() && id != *known => {
            Err(Problem::new("id", "another team has somebody with this e-mail address and another id"))
        }
        Some(_) => Ok(()),
        None => {
            if let Some(id) = id {
                once(id, &mut seen.account_ids)?;
                seen.people.insert(id.to_owned(), email.clone());
            }
            seen.colleagues.insert(email.clone(), id);
            seen.people.insert(email.clone(), email);
            Ok(())
        }
    }
}

fn profile<'a>(profile: &'a Profile, main: &str, now: DateTime<Utc>, seen: &mut Seen<'a>) -> Checked {
    if let Some(id) = &profile.id {
        if id == "current" {
            return Err(Problem::new("id", "`current` is TagoIO's word for the token's own profile"));
        }
        once(id, &mut seen.profiles)?;
    }
    is_filled("name", &profile.name)?;
    let owner = match &profile.owner {
        None => main.to_owned(),
        Some(owner) => person("owner", owner, seen)?,
    };
    profile.allocation.as_ref().map_or(Ok(()), |allocation| amounts("allocation", allocation))?;
    amounts("hourly_use", &profile.hourly_use)?;
    if profile.resources.contains_key("run_users") {
        return Err(Problem::new("resources.run_users", "the users are counted, not stated"));
    }
    team(&profile.team, &owner)?;

    let mut emails = HashSet::new();
    for (at, found) in profile.users.iter().enumerate() {
        user(found, &mut emails, seen).map_err(|problem| problem.below(format_args!("users[{at}]")))?;
    }
    let ids: HashSet<&str> = profile.users.iter().filter_map(|user| user.id.as_deref()).collect();
    for (at, found) in profile.tokens.iter().enumerate() {
        let is_user = |user: &str| ids.contains(user) || emails.contains(&lower(user));
        token(found, is_user, now, seen).map_err(|problem| problem.below(format_args!("tokens[{at}]")))?;
    }
    if let Some(key) = settings::misfit(&profile.run) {
        return Err(Problem::new(format!("run.{key}"), "it has a wrong type"));
    }
    if profile.run.get("profile").is_some_and(|id| id.as_str() != profile.id.as_deref() || id.is_null()) {
        return Err(Problem::new("run.profile", "it is not the id of this profile"));
    }
    single_sign_on(&profile.saml).map_err(|problem| problem.below("saml"))?;
    if let Some(domain) = &profile.custom_domain {
        if !profile.addons.custom_dns {
            return Err(Problem::new("custom_domain", "the profile doesn't have the add-on `custom_dns`"));
        }
        own_domain(domain).map_err(|problem| problem.below("custom_domain"))?;
    }
    for (medium, provider) in Medium::ALL.into_iter().zip([&profile.service.email, &profile.service.sms]) {
        let Some(provider) = provider else { continue };
        let place = format!("service.{}", medium.word());
        let known = checked(medium, provider).map_err(|refusal| Problem::new(place.as_str(), refusal.message))?;
        if let Some(key) = provider.keys().find(|key| !known.contains_key(*key)) {
            return Err(Problem::new(format!("{place}.{key}"), format!("unknown field `{key}`")));
        }
    }
    for (at, found) in profile.backups.iter().enumerate() {
        backup(found, seen).map_err(|problem| problem.below(format_args!("backups[{at}]")))?;
    }
    for (at, found) in profile.audit_log.iter().enumerate() {
        event(found).map_err(|problem| problem.below(format_args!("audit_log[{at}]")))?;
    }
    Ok(())
}

fn team(team: &[Member], owner: &str) -> Checked {
    let (mut emails, mut ids) = (HashSet::new(), HashSet::new());
    for (at, member) in team.iter().enumerate() {
        let check = || {
            is_email(&member.email)?;
            let email = lower(&member.email);
            if email == owner {
                return Err(Problem::new("email", "the owner of a profile is not in its team"));
            }
            if !emails.insert(email) {
                return Err(Problem::new("email", "somebody in this team has this e-mail address"));
            }
            member.id.as_deref().map_or(Ok(()), |id| once(id, &mut ids))
        };
        let mut check = check;
        check().map_err(|problem| problem.below(format_args!("team[{at}]")))?;
    }
    Ok(())
}

fn user<'a>(user: &'a User, emails: &mut HashSet<String>, seen: &mut Seen<'a>) -> Checked {
    user.id.as_deref().map_or(Ok(()), |id| once(id, &mut seen.users))?;
    is_filled("name", &user.name)?;
    is_email(&user.email)?;
    is_zone(user.timezone.as_deref())?;
    if user.tags.len() > TAGS {
        return Err(Problem::new("tags", format!("there can be {TAGS} at most")));
    }
    if let Some(at) = user.tags.iter().position(|tag| tag.key.is_empty()) {
        return Err(Problem::new(format!("tags[{at}].key"), "it is empty"));
    }
    for (at, found) in user.notifications.iter().enumerate() {
        notification(found, seen).map_err(|problem| problem.below(format_args!("notifications[{at}]")))?;
    }
    if emails.insert(lower(&user.email)) {
        Ok(())
    } else {
        Err(Problem::new("email", format!("another user of this profile has the e-mail address {}", user.email)))
    }
}

fn notification<'a>(notification: &'a Notification, seen: &mut Seen<'a>) -> Checked {
    notification.id.as_deref().map_or(Ok(()), |id| once(id, &mut seen.notifications))?;
    is_filled("title", &notification.title)?;
    is_filled("message", &notification.message)?;
    if notification.icon.as_ref().is_some_and(|icon| !notifications::is_icon(icon)) {
        return Err(Problem::new("icon", "it needs an image_url or an svg_url"));
    }
    match notifications::check_buttons(&notification.buttons) {
        Ok(()) => Ok(()),
        Err(refusal) => Err(Problem::new("buttons", refusal.message)),
    }
}

fn token<'a>(token: &'a Token, is_user: impl Fn(&str) -> bool, now: DateTime<Utc>, seen: &mut Seen<'a>) -> Checked {
    if let Some(text) = &token.text {
        // Tokens are secrets: they are not repeated.
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Problem::new("token", "it has to be made of visible ASCII characters"));
        }
        if !seen.tokens.insert(text) {
            return Err(Problem::new("token", "the same token is there already"));
        }
    }
    is_filled("name", &token.name)?;
    let misplaced = |at, kind| Err(Problem::new(at, format!("only a token of the type `{kind}` has this")));
    let (is_analysis, is_run_user) = (token.kind == TokenKind::Analysis, token.kind == TokenKind::RunUser);
    match (&token.analysis, &token.run_user) {
        (Some(_), _) if !is_analysis => return misplaced("analysis", "analysis"),
        (_, Some(_)) if !is_run_user => return misplaced("run_user", "run_user"),
        (Some(analysis), _) => is_id("analysis", analysis)?,
        (_, Some(user)) if !is_user(user) => {
            return Err(Problem::new("run_user", format!("no user of this profile is {user}")));
        }
        (None, None) if is_run_user => return Err(Problem::new("run_user", "it is missing")),
        _ => {}
    }
    if !token.grants.is_empty() && !is_analysis {
        return misplaced("grants", "analysis");
    }
    token.created_by.as_deref().map_or(Ok(()), |maker| person("created_by", maker, seen).map(drop))?;
    match &token.expire_time {
        Some(text) if dates::expiry(text, now).is_none() => Err(Problem::new(
            "expire_time",
            format!("`{text}` is neither a date nor `never` nor a while such as `3 months`"),
        )),
        _ => Ok(()),
    }
}

fn single_sign_on(saml: &Saml) -> Checked {
    if saml.idp.as_ref().is_some_and(|idp| idp.issuer.is_empty()) {
        return Err(Problem::new("idp.issuer", "it is empty"));
    }
    let Some(mapping) = &saml.mapping else { return Ok(()) };
    let checked = saml::checked_mapping(mapping).map_err(|refusal| Problem::new("mapping", refusal.message))?;
    match mapping.iter().find(|(key, value)| !value.is_null() && !checked.contains_key(*key)) {
        Some((key, _)) => Err(Problem::new(format!("mapping.{key}"), format!("unknown field `{key}`"))),
        None => Ok(()),
    }
}

fn own_domain(domain: &CustomDomain) -> Checked {
    for (at, name) in [("domain", &domain.domain), ("subdomain", &domain.subdomain), ("email", &domain.email)] {
        if !custom_domain::is_host_name(name) {
            return Err(Problem::new(at, format!("`{name}` is not a host name")));
        }
    }
    if domain.seed.as_deref().is_some_and(|seed| custom_domain::read_seed(seed).is_none()) {
        return Err(Problem::new("seed", "it has to be made of 16 hexadecimal digits"));
    }
    Ok(())
}

fn backup<'a>(backup: &'a Backup, seen: &mut Seen<'a>) -> Checked {
    backup.id.as_deref().map_or(Ok(()), |id| once(id, &mut seen.backups))?;
    backup.error_message.as_deref().map_or(Ok(()), |message| is_filled("error_message", message))?;
    // They are names of files.
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match backup.resources.keys().find(|name| !is_name(name)) {
        Some(name) => Err(Problem::new("resources", format!("`{name}` is not made of letters, digits and `_`"))),
        None => Ok(()),
    }
}

fn event(event: &Event) -> Checked {
    if !RESOURCES.contains(&event.resource_name.as_str()) {
        let problem = format!("`{}` is none of {}", event.resource_name, RESOURCES.join(", "));
        return Err(Problem::new("resourceName", problem));
    }
    is_filled("message", &event.message)
}

fn amounts(at: &str, amounts: &Amounts) -> Checked {
    for (service, amount) in &amounts.0 {
        let place = || format!("{at}.{service}");
        if !Service::KNOWN.iter().any(|known| known.as_str() == service) {
            return Err(Problem::new(place(), "there is no such service"));
        }
        if !(0.0..=MOST).contains(amount) {
            return Err(Problem::new(place(), format!("it has to be between 0 and {MOST}")));
        }
    }
    Ok(())
}

/// The e-mail address of somebody with an account, in lower case.
fn person(at: &str, text: &str, seen: &Seen<'_>) -> Result<String, Problem> {
    let known = seen.people.get(text).or_else(|| seen.people.get(&lower(text)));
    known.cloned().ok_or_else(|| Problem::new(at, format!("there is no account with the id or e-mail address {text}")))
}

fn once<'a>(id: &'a str, seen: &mut HashSet<&'a str>) -> Checked {
    is_id("id", id)?;
    if seen.insert(id) { Ok(()) } else { Err(Problem::new("id", format!("{id} is there already"))) }
}

/// An id has to fit in a path.
fn is_id(at: &str, id: &str) -> Checked {
    refusal(id).map_or(Ok(()), |why| Err(Problem::new(at, why)))
}

fn is_filled(at: &str, text: &str) -> Checked {
    if text.trim().is_empty() { Err(Problem::new(at, "it is empty")) } else { Ok(()) }
}

fn is_email(email: &str) -> Checked {
    if users::is_email(email) {
        Ok(())
    } else {
        Err(Problem::new("email", format!("`{email}` is not an e-mail address")))
    }
}

fn is_zone(name: Option<&str>) -> Checked {
    match name {
        Some(name) if !is_time_zone(name) => {
            Err(Problem::new("timezone", format!("`{name}` is not a time zone such as Europe/Lisbon")))
        }
        _ => Ok(()),
    }
}

fn lower(email: &str) -> String {
    email.to_lowercase()
}
