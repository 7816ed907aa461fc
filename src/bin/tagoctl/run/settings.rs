//! `tagoctl run info|edit|copy|email-test`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use tagoio::Client;
use tagoio::run::{LeftOut, LeftOutReason, RunSettings, SettingsCopy, SettingsPart};

use crate::connect::{Context, OtherProfile};
use crate::difference;
use crate::failure::{Failure, Result};
use crate::input::Text;
use crate::output::{Columns, Format, note, secrets};
use crate::request::{Fields, JsonArgs, Pair};
use crate::shape;

/// What is said of a change.
pub(super) const CHANGES: Columns = Columns::new(&["updated", "changes"], &[]);
const COPIED: Columns = Columns::new(&["updated", "changes", "not_copied"], &[]);
const SENT: Columns = Columns::new(&["sent", "subject"], &[]);

/// What comes first in a table of the settings.
const FIRST: [&str; 7] = ["name", "sub_title", "url", "active", "profile", "signup_method", "auth_token_ttl"];

/// What only TagoIO sets. An edit leaves it out, so that settings that were read can be written back whole.
const TAGOIOS_OWN: [&str; 4] = ["profile", "anonymous_token", "created_at", "updated_at"];

const EDIT_HELP: &str = "\
Settings that were read can be written back: what only TagoIO sets (profile, anonymous_token, created_at, updated_at) \
is left out, secrets that were masked are put back, and only what differs is sent. A structure (security, theme, …) is \
replaced as a whole; `run theme set` changes single options.

Examples:
  tagoctl run edit --name \"Arbor Cold Chain\" --auth-token-ttl \"1 week\"
  tagoctl run info --output json > portal.json
  tagoctl run edit --json portal.json --dry-run";

const COPY_HELP: &str = "\
What a portal has of its own is no part: its addresses, its dictionary, its custom fields, its token and whether it is \
open. A button that leads to a dashboard is left out, unless this portal has one of its text or --replace-id says what \
it leads to here.

Examples:
  tagoctl run copy --from-env staging --part theme,logos,email_templates --dry-run
  tagoctl run copy --from-token-file staging.token --part sidebar_buttons
  tagoctl run copy --from-env staging --part sidebar_buttons --replace-id 66a0000b1c=66b0000b1d";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the portal's settings
    #[command(after_help = "Example:\n  tagoctl run info --output json > portal.json")]
    Info,
    /// Change the portal's settings, and show what changes
    #[command(after_help = EDIT_HELP)]
    Edit(Box<EditArgs>),
    /// Copy parts of another profile's portal to this one's, and show what changes
    #[command(after_help = COPY_HELP)]
    Copy(CopyArgs),
    /// Send a test e-mail to the account's owner
    #[command(after_help = "Example:\n  tagoctl run email-test --subject Hello --body @welcome.html")]
    EmailTest {
        /// The subject
        #[arg(long)]
        subject: String,
        /// The body, as HTML: text, a file as `@FILE`, or standard input as `-`
        #[arg(long, value_name = "TEXT|@FILE|-")]
        body: Text,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The portal's name
    #[arg(long)]
    name: Option<String>,
    /// The line below the name
    #[arg(long, value_name = "TEXT")]
    sub_title: Option<String>,
    /// Whether the portal is open
    #[arg(long, value_name = "true|false")]
    active: Option<bool>,
    /// The portal's host name, such as acme.tago.run
    #[arg(long, value_name = "HOST")]
    url: Option<String>,
    /// The address of the logo
    #[arg(long, value_name = "URL")]
    logo: Option<String>,
    /// The address of the icon in the browser's tab
    #[arg(long, value_name = "URL")]
    favicon: Option<String>,
    /// The address of the logo on the sign-up page
    #[arg(long, value_name = "URL")]
    signup_logo: Option<String>,
    /// How people become users: default or disabled
    #[arg(long, value_name = "METHOD")]
    signup_method: Option<String>,
    /// Whether single sign-on by SAML is on; see `run saml`
    #[arg(long, value_name = "true|false")]
    sso_saml: Option<bool>,
    /// How long a user stays signed in, such as "3 months"
    #[arg(long, value_name = "TIME")]
    auth_token_ttl: Option<String>,
    /// The domain that e-mails are sent from
    #[arg(long, value_name = "DOMAIN")]
    email_domain: Option<String>,
    /// The dictionary that the portal's texts come from
    #[arg(long, value_name = "ID")]
    dictionary: Option<String>,
    /// Make these fields empty (null)
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…")]
    clear: Vec<String>,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    how: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    #[command(flatten)]
    from: OtherProfile,
    /// What is copied
    #[arg(long = "part", value_name = "PART,…", value_delimiter = ',', required = true, value_parser = parts())]
    parts: Vec<SettingsPart>,
    /// Put an id of this profile wherever this id of the other one is copied, such as that of a dashboard
    #[arg(long = "replace-id", value_name = "THERE=HERE")]
    ids: Vec<Pair>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
}

fn parts() -> impl TypedValueParser<Value = SettingsPart> {
    PossibleValuesParser::new(SettingsPart::ALL.iter().map(|part| part.as_str())).try_map(|word| word.parse())
}

/// How a change of the settings is to go about it.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Also take fields that this version doesn't know
    #[arg(long)]
    pub(super) allow_unknown: bool,
    /// Only show what would change
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Info => {
                let settings = Settings::read(&context.client()?)?.0;
                let shown = if context.out.is_overview() { overview(settings) } else { settings };
                context.out.item(&FIRST, Value::Object(shown))
            }
            Self::Edit(args) => args.run(context),
            Self::Copy(args) => args.run(context),
            Self::EmailTest { subject, body } => {
                context.out.chosen(&SENT)?;
                let body = body.text()?;
                let said = context.client()?.run().email_test(&subject, &body)?;
                context.out.ack(&json!({"sent": true, "subject": subject}), &said)
            }
        }
    }
}

impl EditArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let fields = Fields::default()
            .set("name", self.name)
            .set("sub_title", self.sub_title)
            .set("active", self.active)
            .set("url", self.url)
            .set("logo", self.logo)
            .set("favicon", self.favicon)
            .set("signup_logo", self.signup_logo)
            .set("signup_method", self.signup_method)
            .set("sso_saml_active", self.sso_saml)
            .set("auth_token_ttl", self.auth_token_ttl)
            .set("email_domain", self.email_domain)
            .set("dictionary", self.dictionary)
            .clear(&self.clear);
        if fields.is_empty() && !self.json.is_given() {
            let fields = RunSettings::KEYS.iter().filter(|key| !TAGOIOS_OWN.contains(key)).copied();
            return Err(Failure::usage("no_changes", "nothing is to be changed")
                .hint(format!("give a flag or --json; the fields are {}", fields.collect::<Vec<_>>().join(", "))));
        }
        let flags = fields.as_object().clone();
        let wanted = self.json.request(fields)?;
        let client = context.client()?;
        let present = Settings::read(&client)?;
        // What the flags alone have wrong isn't the file's.
        present.toward(flags, &self.how)?;
        let change = present.toward(wanted, &self.how).map_err(|failure| self.json.blame(failure))?;
        change.make(context, &client, &self.how)
    }
}

/// What isn't copied, as seen from the profile that is copied to.
fn not_copied(left_out: &LeftOut) -> String {
    match &left_out.reason {
        LeftOutReason::Id(id) => format!(
            "{}: it leads to {id} of the other profile; --replace-id {id}=HERE says what this one has instead",
            left_out.path
        ),
        _ => left_out.to_string(),
    }
}

fn not_copied_as_json(left_out: &LeftOut) -> Value {
    match &left_out.reason {
        LeftOutReason::Id(id) => json!({"field": left_out.path, "reason": "id", "id": id}),
        _ => json!({"field": left_out.path, "reason": "secret"}),
    }
}

impl CopyArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&COPIED)?;
        let (from, to) = (context.client_of(&self.from)?, context.client()?);
        let copy =
            self.ids.into_iter().fold(SettingsCopy::new(self.parts), |copy, id| copy.replacing(id.key, id.value));
        let difference = from.run().compare_settings(&to, &copy)?;
        let is_empty = difference.is_empty();
        let changes = difference::tell_changes(context.out, difference.changes);
        if !matches!(context.out.format(), Format::Json | Format::Jsonl) {
            for left_out in &difference.left_out {
                note(&format!("not copied: {}", not_copied(left_out)));
            }
        }
        let left_out: Vec<Value> = difference.left_out.iter().map(not_copied_as_json).collect();
        let (updated, said) = if is_empty {
            (false, difference::NONE.to_owned())
        } else if self.dry_run {
            (false, difference::DRY_RUN.to_owned())
        } else {
            (true, to.run().edit(&difference.edit)?)
        };
        context.out.ack(&json!({"updated": updated, "changes": changes, "not_copied": left_out}), &said)
    }
}

/// The settings as TagoIO has them.
pub(super) struct Settings(pub(super) Map<String, Value>);

impl Settings {
    pub(super) fn read(client: &Client) -> Result<Self> {
        match serde_json::to_value(client.run().info()?) {
            Ok(Value::Object(settings)) => Ok(Self(settings)),
            // The client takes nothing but objects for settings, and writes them as they came.
            _ => Ok(Self(Map::new())),
        }
    }

    /// What has to change for the wanted settings, checked.
    pub(super) fn toward(&self, wanted: Map<String, Value>, how: &ChangeArgs) -> Result<Change> {
        let Self(present) = self;
        if !how.allow_unknown {
            shape::check_settings(&Value::Object(wanted.clone()), &Value::Object(present.clone()))?;
        }
        let changed = differing(present, wanted)?;
        let settings = typed(Value::Object(changed.clone()))?;
        let old = changed.keys().filter_map(|key| Some((key.clone(), present.get(key)?.clone()))).collect();
        Ok(Change { old, changed, settings })
    }
}

/// A change of the settings.
pub(super) struct Change {
    old: Map<String, Value>,
    changed: Map<String, Value>,
    settings: RunSettings,
}

impl Change {
    /// Sends what differs, and says what that is.
    pub(super) fn make(&self, context: &Context<'_>, client: &Client, how: &ChangeArgs) -> Result<()> {
        context.out.chosen(&CHANGES)?;
        let differences = difference::tell(context.out, &self.old, &self.changed);
        let (updated, said) = if differences.is_empty() {
            (false, difference::NONE.to_owned())
        } else if how.dry_run {
            (false, difference::DRY_RUN.to_owned())
        } else {
            (true, client.run().edit(&self.settings)?)
        };
        context.out.ack(&json!({"updated": updated, "changes": differences}), &said)
    }
}

/// What of the wanted settings is different from what is there.
fn differing(present: &Map<String, Value>, wanted: Map<String, Value>) -> Result<Map<String, Value>> {
    let mut wanted = Value::Object(wanted);
    secrets::restore(&mut wanted, &Value::Object(present.clone())).map_err(|path| {
        Failure::usage("masked_secret", format!("`{path}` is a masked secret whose full text isn't known"))
            .hint("read the settings with --show-secrets, or set the field in full")
    })?;
    let Value::Object(wanted) = wanted else { return Ok(Map::new()) };
    let mut changed = Map::new();
    for (key, value) in wanted {
        if present.get(&key).unwrap_or(&Value::Null) == &value {
            continue;
        }
        if TAGOIOS_OWN.contains(&key.as_str()) {
            note(&format!("{key} is set by TagoIO only: it stays as it is"));
        } else {
            changed.insert(key, value);
        }
    }
    Ok(changed)
}

/// The change as the client takes it: known fields are of the type that they have to be.
fn typed(changes: Value) -> Result<RunSettings> {
    let settings: RunSettings = serde_json::from_value(changes)
        .map_err(|error| Failure::usage("invalid_field", format!("the settings can't be understood: {error}")))?;
    match settings.other.iter().find(|(key, _)| RunSettings::KEYS.contains(&key.as_str())) {
        Some((key, value)) => Err(Failure::usage("invalid_field", format!("`{key}` can't be {}", kind_of(value)))),
        None => Ok(settings),
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "this list".to_owned(),
        Value::Object(_) => "this object".to_owned(),
    }
}

/// The settings for a person: structures in lists by their names, and e-mails by their keys.
fn overview(mut settings: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in &mut settings {
        match value {
            Value::Object(templates) if key == "email_templates" => *value = templates.keys().cloned().collect(),
            Value::Array(items) => {
                let names: Option<Vec<String>> = items.iter().map(name_of).collect();
                if let Some(names) = names {
                    *value = names.into();
                }
            }
            _ => {}
        }
    }
    settings
}

fn name_of(item: &Value) -> Option<String> {
    let name = ["label", "text", "name", "id"].iter().find_map(|key| item.get(*key)?.as_str())?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("{value}") };
        object
    }

    #[test]
    fn only_what_differs_is_left() {
        let present = object(json!({
            "name": "Portal", "active": true, "favicon": null, "updated_at": "2026-01-01",
            "anonymous_token": "u-0123456789012345678901234567", "theme": {"navbar": "#fff"},
        }));
        let mut seen = Value::Object(present.clone());
        secrets::mask(&mut seen);
        for (wanted, changed) in [
            (seen, json!({})),
            (json!({"name": "Portal", "active": false}), json!({"active": false})),
            (json!({"favicon": null, "logo": null}), json!({})),
            (json!({"updated_at": "2027-01-01", "theme": {}}), json!({"theme": {}})),
        ] {
            assert_eq!(differing(&present, object(wanted.clone())).unwrap(), object(changed), "{wanted}");
        }
    }

    #[test]
    fn a_masked_secret_is_never_written() {
        let failure = differing(&Map::new(), object(json!({"integration": {"api_key": "abcdef…"}}))).unwrap_err();
        assert_eq!(failure.code(), "masked_secret");
    }

    #[test]
    fn a_known_field_has_its_type() {
        for (changes, problem) in [
            (json!({"active": "yes"}), "`active` can't be text"),
            (json!({"name": 5}), "`name` can't be 5"),
            (json!({"theme": "dark"}), "`theme` can't be text"),
            (json!({"signup_fields": {}}), "`signup_fields` can't be this object"),
        ] {
            let failure = typed(changes).unwrap_err();
            assert!(format!("{failure:?}").contains(problem), "{failure:?}");
        }
        assert!(typed(json!({"active": null, "brand_new": 1, "theme": {}})).is_ok());
    }
}
