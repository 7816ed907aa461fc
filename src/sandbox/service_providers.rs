//! Who sends a profile's e-mails and text messages.

use serde_json::{Map, Value, json};

use super::access::Role;
use super::answer::Refusal;
use super::call::object;
use super::fields::Fields;
use super::routes::{Change, Context};
use super::users;
use super::view::SentEmail;
use crate::Patch;

/// The providers of a profile as they were set: `provider`, `from` and `secrets`.
#[derive(Default)]
pub(super) struct Providers {
    pub(super) email: Option<Map<String, Value>>,
    pub(super) sms: Option<Map<String, Value>>,
}

/// A kind of message.
#[derive(Clone, Copy)]
pub(super) enum Medium {
    Email,
    Sms,
}

impl Medium {
    pub(super) const ALL: [Self; 2] = [Self::Email, Self::Sms];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// Its providers, each with the secrets that it needs.
    fn providers(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Email => &[("sendgrid", &["api_key"]), ("ses", &["data"]), ("smtp", &["data"])],
            Self::Sms => &[("twilio", &["twilio_sid", "twilio_token"]), ("sns", &["data"])],
        }
    }
}

impl Providers {
    pub(super) fn slot(&mut self, medium: Medium) -> &mut Option<Map<String, Value>> {
        match medium {
            Medium::Email => &mut self.email,
            Medium::Sms => &mut self.sms,
        }
    }

    fn get(&self, medium: Medium) -> Option<&Map<String, Value>> {
        match medium {
            Medium::Email => self.email.as_ref(),
            Medium::Sms => self.sms.as_ref(),
        }
    }
}

/// A provider as it was sent, with what is known of it.
pub(super) fn checked(medium: Medium, sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let body = Value::Object(sent.clone());
    let fields = Fields::of(&body)?;
    let provider = fields.required_text("provider")?;
    let needed = medium.providers().iter().find(|(name, _)| *name == provider);
    let (_, needed) = needed.ok_or_else(|| Refusal::bad_request("Invalid enum value"))?;
    let from = fields.filled_text("from")?;
    match medium {
        Medium::Email if !from.is_some_and(users::is_email) => return Err(Refusal::invalid("from", "email")),
        Medium::Sms if from.is_some_and(|from| !is_number(from)) => return Err(bad_number()),
        Medium::Sms if from.is_none() && provider == "twilio" => return Err(Refusal::invalid("from", "required")),
        _ => {}
    }
    let unfit = || Refusal::bad_request("Invalid credentials format for the selected provider");
    let secrets = object(fields.get("secrets").unwrap_or(&Value::Null)).map_err(|_| unfit())?;
    let is_id = |key: &&&str| secrets.get(**key).and_then(Value::as_str).is_some_and(is_secret_id);
    if needed.iter().filter(is_id).count() != needed.len() {
        return Err(unfit());
    }
    let secrets: Map<String, Value> = secrets
        .iter()
        .filter(|(key, _)| needed.contains(&key.as_str()))
        .map(|(key, id)| (key.clone(), id.clone()))
        .collect();
    let mut checked =
        Map::from_iter([("provider".to_owned(), json!(provider)), ("secrets".to_owned(), json!(secrets))]);
    if let Some(from) = from {
        checked.insert("from".to_owned(), json!(from));
    }
    Ok(checked)
}

/// The form of today's ids.
fn is_secret_id(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// E.164: a plus sign and up to 15 digits.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

fn bad_number() -> Refusal {
    Refusal::bad_request("Invalid phone number format. Use E.164 format (e.g., +15551234567)")
}

/// The profile in the path, when the caller owns it.
fn profile(context: &Context<'_>) -> Result<String, Refusal> {
    let id = context.profile(0, Role::Member)?;
    context
        .profile(0, Role::Owner)
        .map_err(|_| Refusal::new(403, "You do not have permission to configure services for this profile"))?;
    Ok(id)
}

pub(super) fn configure(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = profile(context)?;
    let fields = context.fields()?;
    let mut changes = Vec::new();
    for medium in Medium::ALL {
        match fields.object(medium.word())? {
            Patch::Keep => {}
            Patch::Clear => changes.push((medium, None)),
            Patch::Set(sent) => changes.push((medium, Some(checked(medium, sent)?))),
        }
    }
    let owned = context.world.profile_mut(&id)?;
    for (medium, provider) in changes {
        *owned.providers.slot(medium) = provider;
    }
    let message = format!("Service providers of the profile {} edited", owned.name);
    Ok(change(json!("Service provider configured successfully"), id, message))
}

pub(super) fn test_email(context: &mut Context<'_>) -> Result<Change, Refusal> {
    test(context, Medium::Email)
}

pub(super) fn test_sms(context: &mut Context<'_>) -> Result<Change, Refusal> {
    test(context, Medium::Sms)
}

fn test(context: &mut Context<'_>, medium: Medium) -> Result<Change, Refusal> {
    let id = profile(context)?;
    let fields = context.fields()?;
    let to = fields.required_text("to")?.to_owned();
    let subject = fields.filled_text("subject")?.unwrap_or("Test message from TagoIO").to_owned();
    fields.filled_text("message")?;
    match medium {
        Medium::Email if !users::is_email(&to) => return Err(Refusal::invalid("to", "email")),
        Medium::Sms if !is_number(&to) => return Err(bad_number()),
        _ => {}
    }
    if context.world.profile(&id)?.providers.get(medium).is_none() {
        return Err(Refusal::new(404, "No service provider configured for the specified service type"));
    }
    let message_id = context.world.ids.uuid();
    if let Medium::Email = medium {
        context.world.send(SentEmail { to, subject, template: None });
    }
    let result = json!({"message": "Test message sent successfully", "message_id": message_id});
    Ok(change(result, id, format!("Test message sent ({})", medium.word())))
}

fn change(result: Value, profile: String, message: String) -> Change {
    Change { result, profile: profile.clone(), resource: "profile", id: profile, message }
}
