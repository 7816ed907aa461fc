use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::RunSettings;
use super::change::{SettingsChange, below};
use crate::error::{Error, Result};
use crate::wire::is_sensitive_key;

/// A part of a portal's settings that can be copied to another portal.
///
/// No part has what is a portal's own: its addresses, whether it is open, its dictionary, its custom fields (on whose ids
/// the users' values hang), services of others, single sign-on and the token of anonymous visitors.
///
/// ```
/// use tagoio::run::SettingsPart;
///
/// assert_eq!("theme".parse::<SettingsPart>()?, SettingsPart::Theme);
/// assert_eq!(SettingsPart::Security.keys(), ["security", "auth_token_ttl"]);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SettingsPart {
    /// The name and the line below it: `name`, `sub_title`.
    Name,
    /// The colours and the like, as a whole: `theme`.
    Theme,
    /// The logos and the icon in the browser's tab: `logo`, `logo_options`, `favicon`, `signup_logo`,
    /// `signup_logo_options`.
    Logos,
    /// The buttons of the sidebar, as a whole: `sidebar_buttons`.
    SidebarButtons,
    /// The buttons of the sign-in page, as a whole: `signin_buttons`.
    SignInButtons,
    /// The texts of e-mails: `email_templates`. Those that only the other portal has stay.
    EmailTemplates,
    /// What the sign-up form asks for, as a whole: `signup_fields`.
    SignUpFields,
    /// How people become users: `signup_method`.
    SignUpMethod,
    /// Two-factor authentication, who may delete users, and how long they stay signed in: `security`, `auth_token_ttl`.
    Security,
    /// The features of the mobile app: `feature_devicewifisetup`, `feature_geolocation`.
    MobileApp,
}

impl SettingsPart {
    /// All parts.
    pub const ALL: &'static [Self] = &[
        Self::Name,
        Self::Theme,
        Self::Logos,
        Self::SidebarButtons,
        Self::SignInButtons,
        Self::EmailTemplates,
        Self::SignUpFields,
        Self::SignUpMethod,
        Self::Security,
        Self::MobileApp,
    ];

    /// Its word, such as `theme` or `signup_fields`; reading it gives the part again.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Theme => "theme",
            Self::Logos => "logos",
            Self::SidebarButtons => "sidebar_buttons",
            Self::SignInButtons => "signin_buttons",
            Self::EmailTemplates => "email_templates",
            Self::SignUpFields => "signup_fields",
            Self::SignUpMethod => "signup_method",
            Self::Security => "security",
            Self::MobileApp => "mobile_app",
        }
    }

    /// TagoIO's keys of its settings.
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["name", "sub_title"],
            Self::Theme => &["theme"],
            Self::Logos => &["logo", "logo_options", "favicon", "signup_logo", "signup_logo_options"],
            Self::SidebarButtons => &[SIDEBAR],
            Self::SignInButtons => &["signin_buttons"],
            Self::EmailTemplates => &[TEMPLATES],
            Self::SignUpFields => &["signup_fields"],
            Self::SignUpMethod => &["signup_method"],
            Self::Security => &["security", "auth_token_ttl"],
            Self::MobileApp => &["feature_devicewifisetup", GEOLOCATION],
        }
    }
}

const SIDEBAR: &str = "sidebar_buttons";
const TEMPLATES: &str = "email_templates";
const GEOLOCATION: &str = "feature_geolocation";

impl fmt::Display for SettingsPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SettingsPart {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().copied().find(|part| part.as_str() == word);
        known.ok_or_else(|| Error::config("part of the settings", format!("there is no `{word}`")))
    }
}

/// What of a portal's settings is to be copied to another portal: for
/// [`compare_settings`](super::super::RunApi::compare_settings) and
/// [`copy_settings`](super::super::RunApi::copy_settings).
///
/// What isn't known to this crate is copied with the structure that it is in, and what the other portal has besides the
/// parts stays. Two things are left as they are there, and are [said](SettingsDifference::left_out): secrets, and ids of
/// what the other profile doesn't have, unless [`replacing`](SettingsCopy::replacing) says what it has instead.
///
/// ```
/// use serde_json::{from_value, json};
/// use tagoio::run::{RunSettings, SettingsCopy, SettingsPart};
///
/// let staging: RunSettings = from_value(json!({"name": "Staging", "theme": {"navbar": "#0b2239"}, "brand_new": 1}))?;
/// let live: RunSettings = from_value(json!({"name": "Portal", "theme": {"navbar": "#fff"}, "favicon": null}))?;
///
/// let difference = SettingsCopy::new([SettingsPart::Theme]).compare(&staging, &live);
/// assert_eq!(serde_json::to_value(&difference.edit)?, json!({"theme": {"navbar": "#0b2239"}}));
/// assert_eq!(difference.changes[0].to_string(), r##"theme.navbar: "#fff" → "#0b2239""##);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsCopy {
    parts: BTreeSet<SettingsPart>,
    /// Ids of the one profile, and those of the other that stand for the same.
    ids: Vec<(String, String)>,
}

impl SettingsCopy {
    /// A copy of these parts.
    pub fn new(parts: impl IntoIterator<Item = SettingsPart>) -> Self {
        Self { parts: parts.into_iter().collect(), ids: Vec::new() }
    }

    /// Puts the id of something in the other profile, a dashboard for example, wherever an id of this profile is copied.
    pub fn replacing(mut self, id: impl Into<String>, with: impl Into<String>) -> Self {
        let id = id.into();
        if !id.is_empty() {
            self.ids.push((id, with.into()));
        }
        self
    }

    /// What of the other settings has to change so that they are a copy. Nothing is sent.
    pub fn compare(&self, from: &RunSettings, to: &RunSettings) -> SettingsDifference {
        let (from, to) = (members_of(from), members_of(to));
        let mut left_out = Vec::new();
        let mut edit = Map::new();
        for key in self.parts.iter().flat_map(|part| part.keys()) {
            let (Some(original), present) = (from.get(*key), to.get(*key)) else { continue };
            let wanted = self.copied(key, original, present, &mut left_out);
            if present.unwrap_or(&Value::Null) != &wanted {
                edit.insert((*key).to_owned(), wanted);
            }
        }
        let old = edit.keys().filter_map(|key| Some((key.clone(), to.get(key)?.clone()))).collect();
        let changes = SettingsChange::between(&old, &edit);
        // Whatever is an object can be read as settings.
        let edit = serde_json::from_value(Value::Object(edit)).unwrap_or_default();
        SettingsDifference { edit, changes, left_out }
    }

    /// A setting as it is to be in the other portal.
    fn copied(&self, key: &str, original: &Value, present: Option<&Value>, left_out: &mut Vec<LeftOut>) -> Value {
        let mut wanted = self.translated(original);
        match (key, &mut wanted, original) {
            (TEMPLATES, Value::Object(templates), _) => {
                for (name, template) in present.and_then(Value::as_object).into_iter().flatten() {
                    templates.entry(name.as_str()).or_insert_with(|| template.clone());
                }
                // Keys are names here, whatever they are.
                return wanted;
            }
            (SIDEBAR, Value::Array(buttons), Value::Array(originals)) => {
                let mut originals = originals.iter().enumerate();
                buttons.retain_mut(|button| {
                    let Some((place, original)) = originals.next() else { return true };
                    let id = leads_to(original).filter(|_| button.get("value") == original.get("value"));
                    let Some(id) = id else { return true };
                    if let Some(there) = value_of_the_same(button, present) {
                        button["value"] = there.clone();
                        return true;
                    }
                    left_out.push(LeftOut::id(below(key, &place.to_string()), id));
                    false
                });
            }
            (GEOLOCATION, Value::Object(geolocation), Value::Object(original)) => {
                let device = original.get("device").and_then(Value::as_str).filter(|device| !device.is_empty());
                if let Some(device) = device.filter(|_| geolocation.get("device") == original.get("device")) {
                    geolocation.remove("device");
                    if let Some(there) = present.and_then(|present| present.get("device")) {
                        geolocation.insert("device".to_owned(), there.clone());
                    } else {
                        left_out.push(LeftOut::id(below(key, "device"), device));
                    }
                }
            }
            _ => {}
        }
        spare_secrets(key, &mut wanted, present, left_out);
        wanted
    }

    /// A value with the other profile's ids in it.
    fn translated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.translated_text(text)),
            Value::Array(items) => items.iter().map(|item| self.translated(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, member)| (key.clone(), self.translated(member))).collect()
            }
            other => other.clone(),
        }
    }

    fn translated_text(&self, text: &str) -> String {
        let mut translated = String::with_capacity(text.len());
        let mut rest = text;
        // In one pass, so that two ids can change places.
        let first = |rest: &str| {
            let found = self.ids.iter().filter_map(|(id, with)| Some((rest.find(id)?, id.len(), with)));
            found.min_by_key(|(at, ..)| *at)
        };
        while let Some((at, length, with)) = first(rest) {
            translated.push_str(&rest[..at]);
            translated.push_str(with);
            rest = &rest[at + length..];
        }
        translated + rest
    }
}

fn members_of(settings: &RunSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The id of what a button of the sidebar leads to, when it is something of its profile.
fn leads_to(button: &Value) -> Option<&str> {
    const ID_LENGTH: usize = 24;
    let value = button.get("value")?.as_str()?;
    let is_id = value.len() == ID_LENGTH && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_dashboard = button.get("type").and_then(Value::as_str) == Some("dashboard");
    (is_id || is_dashboard && !value.is_empty()).then_some(value)
}

/// What the button of the same kind and text leads to in the other portal.
fn value_of_the_same<'a>(button: &Value, present: Option<&'a Value>) -> Option<&'a Value> {
    let is_same = |other: &&Value| ["text", "type"].iter().all(|key| button.get(key) == other.get(key));
    present?.as_array()?.iter().filter(is_same).find_map(|other| leads_to(other).and_then(|_| other.get("value")))
}

/// Leaves secrets as they are in the other portal.
fn spare_secrets(path: &str, wanted: &mut Value, present: Option<&Value>, left_out: &mut Vec<LeftOut>) {
    match wanted {
        Value::Object(members) => members.retain(|key, member| {
            let (path, there) = (below(path, key), present.and_then(|present| present.get(key)));
            if !is_sensitive_key(key) || matches!(member, Value::Null | Value::Bool(_)) {
                spare_secrets(&path, member, there, left_out);
                return true;
            }
            if there != Some(member) {
                left_out.push(LeftOut { path, reason: LeftOutReason::Secret });
            }
            there.inspect(|there| (*there).clone_into(member)).is_some()
        }),
        // Items have no names by which those of the other portal could be told.
        Value::Array(items) => items
            .iter_mut()
            .enumerate()
            .for_each(|(place, item)| spare_secrets(&below(path, &place.to_string()), item, None, left_out)),
        _ => {}
    }
}

/// What has to change so that a portal's settings are a copy of another portal's.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SettingsDifference {
    /// What to send to the other portal: [`RunApi::edit`](super::super::RunApi::edit).
    pub edit: RunSettings,
    /// The same, place by place.
    pub changes: Vec<SettingsChange>,
    /// What isn't copied although it is in one of the parts.
    pub left_out: Vec<LeftOut>,
}

impl SettingsDifference {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Something that isn't copied to another portal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The keys and places that lead to it, as in `sidebar_buttons.0`.
    pub path: String,
    /// Why it isn't copied.
    pub reason: LeftOutReason,
}

/// Why something isn't copied to another portal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// It is a secret of the one portal.
    Secret,
    /// It leads to something with this id, which the other profile doesn't have.
    Id(String),
}

impl LeftOut {
    fn id(path: String, id: &str) -> Self {
        Self { path, reason: LeftOutReason::Id(id.to_owned()) }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            LeftOutReason::Secret => write!(f, "{}: it is a secret", self.path),
            LeftOutReason::Id(id) => write!(f, "{}: the other profile has no {id}", self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    const HERE: &str = "66a0000b1c2d3e4f50617281";
    const THERE: &str = "66b0000b1c2d3e4f50617282";

    fn compare(copy: &SettingsCopy, from: &Value, to: &Value) -> (Value, Vec<String>) {
        let (from, to) = (from_value(from.clone()).unwrap(), from_value(to.clone()).unwrap());
        let difference = copy.compare(&from, &to);
        assert_eq!(difference.is_empty(), difference.edit.other.is_empty() && members_of(&difference.edit).is_empty());
        (serde_json::to_value(&difference.edit).unwrap(), difference.left_out.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_the_parts_are_copied_and_only_what_differs() {
        use SettingsPart::{EmailTemplates, Logos, Name, Security, SignUpFields, Theme};

        let from = json!({
            "profile": "1", "url": "a.tago.run", "anonymous_token": "u-1", "created_at": "2024-01-01T00:00:00.000Z",
            "name": "A", "sub_title": null, "theme": {"navbar": "#000", "brandNew": 0.5}, "favicon": "https://a.io/f",
            "email_templates": {"invite": {"subject": "Hi", "new": 1}, "password": {"subject": "P"}},
            "signup_fields": [{"name": "company", "kept": null}],
            "auth_token_ttl": "1 week", "custom_fields": [{"id": "badge"}], "brand_new": 1,
        });
        let to = json!({
            "profile": "2", "url": "b.tago.run", "name": "B", "sub_title": "b", "theme": {"navbar": "#fff", "link": "#00f"},
            "favicon": "https://a.io/f", "logo": "https://b.io/l", "auth_token_ttl": "1 week",
            "email_templates": {"welcome": {"subject": "Welcome"}, "invite": {"subject": "Hello"}},
        });
        for (parts, edit) in [
            (vec![], json!({})),
            (vec![Name], json!({"name": "A", "sub_title": null})),
            (vec![Theme], json!({"theme": {"navbar": "#000", "brandNew": 0.5}})),
            (vec![Logos, Security], json!({})),
            (vec![SignUpFields], json!({"signup_fields": [{"name": "company", "kept": null}]})),
            (
                vec![EmailTemplates],
                json!({"email_templates": {
                    "welcome": {"subject": "Welcome"}, "invite": {"subject": "Hi", "new": 1}, "password": {"subject": "P"},
                }}),
            ),
        ] {
            assert_eq!(compare(&SettingsCopy::new(parts.clone()), &from, &to), (edit, vec![]), "{parts:?}");
            assert_eq!(compare(&SettingsCopy::new(parts), &from, &from), (json!({}), vec![]));
        }
    }

    #[test]
    fn buttons_lead_to_what_the_other_profile_has_or_are_left_out() {
        let rooms = |id: &str| json!({"text": "Rooms", "type": "dashboard", "value": id, "color": "#fff"});
        let (status, custom) = (
            json!({"text": "Status", "type": "link", "href": format!("/d/{HERE}")}),
            |id: &str| json!({"text": "Own", "type": "custom", "value": id}),
        );
        let copy = SettingsCopy::new([SettingsPart::SidebarButtons]);
        let mapped = copy.clone().replacing(HERE, THERE).replacing(THERE, HERE);
        let left = format!("sidebar_buttons.0: the other profile has no {HERE}");
        for (copy, from, to, wanted, left_out) in [
            (&copy, json!([rooms(HERE), status]), json!([]), Some(json!([status])), vec![left.clone()]),
            (&copy, json!([rooms(HERE)]), json!([custom(THERE)]), Some(json!([])), vec![left.clone()]),
            (&copy, json!([rooms(HERE), status]), json!([rooms(THERE)]), Some(json!([rooms(THERE), status])), vec![]),
            (&copy, json!([custom("home")]), json!([]), Some(json!([custom("home")])), vec![]),
            (&copy, json!([custom(HERE)]), json!([custom("home")]), Some(json!([])), vec![left]),
            (&copy, json!([null, 5]), json!([]), Some(json!([null, 5])), vec![]),
            (&mapped, json!([rooms(HERE), rooms(THERE)]), json!([]), Some(json!([rooms(THERE), rooms(HERE)])), vec![]),
            (
                &mapped,
                json!([status]),
                json!([]),
                Some(json!([{"text": "Status", "type": "link", "href": format!("/d/{THERE}")}])),
                vec![],
            ),
            (&mapped, json!([rooms(HERE)]), json!([rooms(THERE)]), None, vec![]),
        ] {
            let edit = wanted.map_or_else(|| json!({}), |buttons| json!({"sidebar_buttons": buttons}));
            let (from, to) = (json!({"sidebar_buttons": from}), json!({"sidebar_buttons": to}));
            assert_eq!(compare(copy, &from, &to), (edit, left_out), "{from} {to}");
        }
    }

    #[test]
    fn devices_and_secrets_stay_as_they_are_in_the_other_portal() {
        let copy = SettingsCopy::new([SettingsPart::MobileApp, SettingsPart::Security]);
        for (from, to, edit, left_out) in [
            (
                json!({"feature_geolocation": {"enabled": true, "device": HERE}}),
                json!({"feature_geolocation": {"enabled": false, "device": THERE}}),
                json!({"feature_geolocation": {"enabled": true, "device": THERE}}),
                vec![],
            ),
            (
                json!({"feature_geolocation": {"enabled": true, "device": HERE}}),
                json!({"feature_geolocation": null}),
                json!({"feature_geolocation": {"enabled": true}}),
                vec![format!("feature_geolocation.device: the other profile has no {HERE}")],
            ),
            (
                json!({"security": {"otp": {"sms": true, "client_secret": "canary"}, "list": [{"token": "canary"}]}}),
                json!({"security": {"otp": {"client_secret": "theirs"}}}),
                json!({"security": {"otp": {"sms": true, "client_secret": "theirs"}, "list": [{}]}}),
                vec![
                    "security.list.0.token: it is a secret".to_owned(),
                    "security.otp.client_secret: it is a secret".to_owned(),
                ],
            ),
            (json!({"security": {"password": null}}), json!({}), json!({"security": {"password": null}}), vec![]),
        ] {
            let (found, mut left) = compare(&copy, &from, &to);
            left.sort_unstable();
            assert_eq!((found, left), (edit, left_out), "{from} {to}");
        }
    }

    #[test]
    fn parts_are_known_by_their_words_and_have_known_settings() {
        for part in SettingsPart::ALL {
            assert_eq!(part.as_str().parse::<SettingsPart>().unwrap(), *part);
            assert!(part.keys().iter().all(|key| RunSettings::KEYS.contains(key)), "{part}");
        }
        assert_eq!(
            "colours".parse::<SettingsPart>().unwrap_err().to_string(),
            "invalid part of the settings: there is no `colours`"
        );
    }
}
