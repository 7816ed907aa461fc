//! TagoRUN users.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::{Holder, Power, TokenRecord};
use super::answer::{Answer, Refusal};
use super::dates;
use super::directory::User;
use super::fields::{Fields, apply, is_time_zone};
use super::list::{Columns, Kind, ListQuery, Record};
use super::routes::{Change, Context};
use super::view::SentEmail;
use crate::Patch;

pub(super) const COLUMNS: Columns = Columns {
    fields: &[
        "id",
        "name",
        "email",
        "timezone",
        "company",
        "phone",
        "language",
        "tags",
        "active",
        "last_login",
        "created_at",
        "updated_at",
    ],
    default_fields: &["id", "name"],
    filters: &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("timezone", Kind::Text),
        ("company", Kind::Text),
        ("phone", Kind::Text),
        ("language", Kind::Text),
        ("active", Kind::Flag),
        ("tags", Kind::Tags),
        ("last_login", Kind::Date),
        ("created_at", Kind::Date),
        ("updated_at", Kind::Date),
    ],
    flat_filters: &["name", "email", "tags"],
    orders: &[
        ("name", Kind::Text),
        ("active", Kind::Flag),
        ("last_login", Kind::Date),
        ("created_at", Kind::Date),
        ("updated_at", Kind::Date),
    ],
    default_order: "name,asc",
};

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let query = ListQuery::read(&context.call.query, &COLUMNS, context.now)?;
    Ok(Value::Array(context.portal()?.users.page(&query)))
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    let id = context.param(0).to_owned();
    let users = &context.portal()?.users;
    users.get(&id).map(whole).ok_or_else(|| Refusal::not_found("User"))
}

fn whole(user: &User) -> Value {
    let mut row: serde_json::Map<String, Value> =
        COLUMNS.fields.iter().map(|field| ((*field).to_owned(), user.value(field))).collect();
    for (key, value) in [
        ("profile", json!(user.profile)),
        ("newsletter", json!(user.newsletter)),
        ("options", json!(user.options)),
        ("otp", json!({})),
        ("custom_preferences", json!(user.custom_preferences)),
        ("force_password_change", json!(user.force_password_change)),
    ] {
        row.insert(key.to_owned(), value);
    }
    Value::Object(row)
}

/// Which e-mail template a new user is welcomed with; `None` for no e-mail.
fn welcome(fields: Fields<'_>) -> Result<Option<String>, Refusal> {
    match fields.get("send_email") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Bool(true)) => Ok(Some("welcome".to_owned())),
        Some(Value::String(template)) => Ok(Some(template.clone())),
        Some(_) => Err(Refusal::invalid("send_email", "type")),
    }
}

fn check_password(password: &str) -> Result<(), Refusal> {
    const SHORTEST: usize = 6;
    if password.chars().count() < SHORTEST {
        return Err(Refusal::bad_request(format!("The password must have at least {SHORTEST} characters (min)")));
    }
    Ok(())
}

pub(super) fn is_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !email.contains(char::is_whitespace)
    })
}

fn check_email(email: &str) -> Result<(), Refusal> {
    if is_email(email) { Ok(()) } else { Err(Refusal::invalid("email", "email")) }
}

fn check_time_zone(name: &str) -> Result<(), Refusal> {
    if is_time_zone(name) { Ok(()) } else { Err(Refusal::invalid("timezone", "timezone")) }
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (now, profile) = (context.now, context.caller.profile.clone());
    let id = context.world.ids.id();
    let fields = context.fields()?;
    let user = new_user(fields, id.clone(), &profile, now)?;
    let welcome = welcome(fields)?;
    let (name, email) = (user.name.clone(), user.email.clone());

    let owned = context.world.profile_mut(&profile)?;
    let allowed = owned.allocation.get("run_users").copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 users")]
    if owned.portal.users.len() as f64 >= allowed {
        return Err(Refusal::limit("Run users", allowed));
    }
    if !owned.portal.users.add(user) {
        return Err(Refusal::bad_request("E-mail address is already in use"));
    }
    if let Some(template) = welcome {
        send(context, email, &template)?;
    }
    Ok(Change {
        result: json!({"user": id}),
        message: format!("Run User {name} created"),
        profile,
        resource: "runuser",
        id,
    })
}

fn new_user(fields: Fields<'_>, id: String, profile: &str, now: DateTime<Utc>) -> Result<User, Refusal> {
    let name = fields.required_text("name")?;
    let email = fields.required_text("email")?;
    check_email(email)?;
    let timezone = fields.required_text("timezone")?;
    check_time_zone(timezone)?;
    let generate_password = fields.plain_flag("generate_password")?.unwrap_or(false);
    match (fields.filled_text("password")?, generate_password) {
        (Some(_), true) => {
            return Err(Refusal::bad_request("password is not allowed with generate_password (conflict)"));
        }
        (None, false) => return Err(Refusal::invalid("password", "required")),
        (Some(password), false) => check_password(password)?,
        (None, true) => {}
    }
    let sends_email = welcome(fields)?.is_some();
    let active = match fields.plain_flag("active")? {
        Some(false) if sends_email => {
            return Err(Refusal::bad_request("send_email is not allowed for an inactive user (conflict)"));
        }
        Some(active) => active,
        None => generate_password || sends_email,
    };
    let force_password_change = fields.plain_flag("force_password_change")?.unwrap_or(false) || generate_password;
    let mut user = User {
        id,
        profile: profile.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        timezone: timezone.to_owned(),
        company: None,
        phone: None,
        language: None,
        tags: fields.tags()?.unwrap_or_default(),
        active,
        newsletter: None,
        options: serde_json::Map::new(),
        custom_preferences: serde_json::Map::new(),
        force_password_change,
        last_login: None,
        created_at: now,
        updated_at: now,
        notifications: Vec::new(),
    };
    Optional::read(fields)?.apply(&mut user);
    Ok(user)
}

/// The fields that creation and change have in common.
struct Optional<'a> {
    company: Patch<&'a str>,
    phone: Patch<&'a str>,
    language: Patch<&'a str>,
    newsletter: Patch<bool>,
    options: Patch<&'a serde_json::Map<String, Value>>,
    custom_preferences: Patch<&'a serde_json::Map<String, Value>>,
}

impl<'a> Optional<'a> {
    fn read(fields: Fields<'a>) -> Result<Self, Refusal> {
        Ok(Self {
            company: fields.text("company")?,
            phone: fields.text("phone")?,
            language: fields.text("language")?,
            newsletter: fields.flag("newsletter")?,
            options: fields.object("options")?,
            custom_preferences: fields.object("custom_preferences")?,
        })
    }

    fn apply(self, user: &mut User) {
        apply(self.company, &mut user.company);
        apply(self.phone, &mut user.phone);
        apply(self.language, &mut user.language);
        if !self.newsletter.is_keep() {
            user.newsletter = self.newsletter.into_option();
        }
        if !self.options.is_keep() {
            user.options = self.options.into_option().cloned().unwrap_or_default();
        }
        if !self.custom_preferences.is_keep() {
            user.custom_preferences = self.custom_preferences.into_option().cloned().unwrap_or_default();
        }
    }
}

pub(super) fn edit(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (now, id) = (context.now, context.param(0).to_owned());
    let body = context.body.take();
    let fields = Fields::of(&body)?;
    let users = &mut context.portal()?.users;
    if users.get(&id).is_none() {
        return Err(Refusal::not_found("User"));
    }
    let name = fields.filled_text("name")?;
    let timezone = fields.filled_text("timezone")?;
    timezone.map_or(Ok(()), check_time_zone)?;
    fields.filled_text("password")?.map_or(Ok(()), check_password)?;
    let active = fields.plain_flag("active")?;
    let force_password_change = fields.plain_flag("force_password_change")?;
    let logout_sessions = fields.plain_flag("logout_sessions")?.unwrap_or(false);
    let tags = fields.tags()?;
    let optional = Optional::read(fields)?;

    let message = users.edit(&id, |user| {
        if let Some(name) = name {
            name.clone_into(&mut user.name);
        }
        if let Some(timezone) = timezone {
            timezone.clone_into(&mut user.timezone);
        }
        if let Some(tags) = tags {
            user.tags = tags;
        }
        user.active = active.unwrap_or(user.active);
        user.force_password_change = force_password_change.unwrap_or(user.force_password_change);
        optional.apply(user);
        user.updated_at = now;
        format!("Run User {} edited", user.name)
    });
    if active == Some(false) || logout_sessions {
        context.world.tokens.remove_of_user(&id);
    }
    Ok(Change {
        result: json!("TagoIO Run User Successfully Updated"),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id,
        message: message.unwrap_or_default(),
    })
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (now, id) = (context.now, context.param(0).to_owned());
    let portal = context.portal()?;
    let removed = portal.users.remove(&id).ok_or_else(|| Refusal::not_found("User"))?;
    portal.former_users.add(removed.created_at, now);
    context.world.tokens.remove_of_user(&id);
    Ok(Change {
        result: json!("Successfully Removed"),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id,
        message: format!("Run User {} deleted", removed.name),
    })
}

pub(super) fn login_as(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (now, id) = (context.now, context.param(0).to_owned());
    let text = context.call.query.get("expire_time").unwrap_or("8 hours");
    let expire_time = dates::expiry(text, now).ok_or_else(|| Refusal::invalid("expire_time", "type"))?;
    let user = context.portal()?.users.get(&id).ok_or_else(|| Refusal::not_found("User"))?;
    if !user.active {
        return Err(Refusal::bad_request("User is not active"));
    }
    let message = format!("Run User {} logged in by an administrator", user.name);
    let profile = context.caller.profile.clone();
    let administrator =
        context.world.accounts.get(&context.caller.account).map_or("TagoIO", |account| account.email.as_str());
    let name = format!("Login by Run Administrator({administrator})");
    let record = TokenRecord {
        holder: Holder::RunUser { id: id.clone() },
        expire_time,
        ..TokenRecord::new(&name, Power::Full, &profile, &context.caller.account, now)
    };
    let token = context.world.add_token("u-", record);
    Ok(Change {
        result: json!({
            "token": token,
            "name": name,
            "run_user": id,
            "expire_time": dates::json_or_null(expire_time),
            "created_at": dates::json(now),
        }),
        profile,
        resource: "runuser",
        id,
        message,
    })
}

pub(super) fn resend_invite(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.param(0).to_owned();
    let template = context.fields()?.filled_text("invite_template")?.unwrap_or("welcome").to_owned();
    let user = context.portal()?.users.get(&id).ok_or_else(|| Refusal::not_found("User"))?;
    let (name, email) = (user.name.clone(), user.email.clone());
    send(context, email, &template)?;
    Ok(Change {
        result: json!("Invite sent"),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id,
        message: format!("Run User {name} invited"),
    })
}

/// Sends an e-mail of the portal's templates. A key that there isn't falls back to `welcome`, and that to TagoIO's own.
fn send(context: &mut Context<'_>, to: String, template: &str) -> Result<(), Refusal> {
    let templates = &context.portal()?.settings.get("email_templates").cloned().unwrap_or_default();
    let used = [template, "welcome"].into_iter().find(|key| templates.get(*key).is_some());
    let subject = used.and_then(|key| templates[key]["subject"].as_str()).unwrap_or("Welcome");
    let email = SentEmail { to, subject: subject.to_owned(), template: used.map(str::to_owned) };
    context.world.send(email);
    Ok(())
}
