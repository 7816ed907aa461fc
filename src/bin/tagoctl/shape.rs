//! Which keys structures have that keep what they don't know: in them a slip of the fingers has to be found here.

use clap::Args;
use serde_json::{Map, Value};
use tagoio::Patch;
use tagoio::profile::{Service, ServiceAllocation};
use tagoio::run::{
    ButtonCondition, ButtonTrigger, EmailTemplate, Geolocation, Integration, NewNotification, NotificationButton,
    NotificationIcon, OtpSettings, RunSettings, SamlAttributeMappings, SecuritySettings, SidebarButton, SignInButton,
    SignUpField, ThemeOption, UserDeletion, UserOptions, WifiSetup,
};

use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;

/// How to go about fields that aren't known.
#[derive(Debug, Args)]
pub(crate) struct UnknownArgs {
    /// Also take fields that this version doesn't know
    #[arg(long)]
    pub(crate) allow_unknown: bool,
}

impl UnknownArgs {
    /// Refuses options of a user that this version doesn't know.
    pub(crate) fn check_options(&self, options: &Patch<UserOptions>) -> Result<()> {
        let others = options.as_ref().map(|options| &options.other);
        match others.into_iter().flat_map(Map::keys).find(|key| !UserOptions::KEYS.contains(&key.as_str())) {
            Some(key) if !self.allow_unknown => {
                Err(or_allowed(unknown(&format!("options.{key}"), key, UserOptions::KEYS)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses services that this version doesn't know, and amounts that can't be.
    pub(crate) fn check_allocation(&self, allocation: &ServiceAllocation) -> Result<()> {
        for (service, amount) in allocation.iter() {
            if matches!(service, Service::Other(_)) && !self.allow_unknown {
                let known: Vec<&str> = Service::KNOWN.iter().map(Service::as_str).collect();
                return Err(or_allowed(unknown(service.as_str(), service.as_str(), &known)));
            }
            if !is_amount(amount) {
                return Err(Failure::usage("invalid_field", format!("`{service}`: `{amount}` is not an amount")));
            }
        }
        Ok(())
    }
}

/// Whether there can be so much of something.
pub(crate) fn is_amount(amount: f64) -> bool {
    amount.is_finite() && amount >= 0.0
}

/// What a value is made of, as far as it is known.
enum Shape {
    /// A structure: its keys, and the shapes of structures in it.
    Structure(&'static [&'static str], &'static [(&'static str, Shape)]),
    /// A list.
    Each(&'static Shape),
    /// A structure with keys of the user's own.
    Named(&'static Shape),
    /// The theme.
    Theme,
}

use Shape::{Each, Named, Structure, Theme};

const SETTINGS: Shape = Structure(
    RunSettings::KEYS,
    &[
        ("email_templates", Named(&Structure(EmailTemplate::KEYS, &[]))),
        ("signup_fields", Each(&Structure(SignUpField::KEYS, &[]))),
        ("signin_buttons", Each(&Structure(SignInButton::KEYS, &[]))),
        (
            "sidebar_buttons",
            Each(&Structure(SidebarButton::KEYS, &[("conditions", Each(&Structure(ButtonCondition::KEYS, &[])))])),
        ),
        ("feature_devicewifisetup", Structure(WifiSetup::KEYS, &[])),
        ("feature_geolocation", Structure(Geolocation::KEYS, &[])),
        ("integration", Structure(Integration::KEYS, &[])),
        (
            "security",
            Structure(
                SecuritySettings::KEYS,
                &[("otp", Structure(OtpSettings::KEYS, &[])), ("delete", Structure(UserDeletion::KEYS, &[]))],
            ),
        ),
        ("theme", Theme),
    ],
);

/// What of a notification isn't checked when it is read.
const NOTIFICATION: Shape = Structure(
    &["title", "message", "read", "icon", "buttons", "buttons_enabled", "buttons_autodisable"],
    &[
        ("icon", Structure(NotificationIcon::KEYS, &[])),
        (
            "buttons",
            Each(&Structure(NotificationButton::KEYS, &[("triggers", Each(&Structure(ButtonTrigger::KEYS, &[])))])),
        ),
    ],
);

const MAPPING: Shape = Structure(SamlAttributeMappings::KEYS, &[]);

/// Refuses keys of the portal's settings that neither this version knows nor the portal has already.
pub(crate) fn check_settings(wanted: &Value, present: &Value) -> Result<()> {
    SETTINGS.check("", wanted, &[present]).map_err(or_allowed)
}

/// Refuses keys of a mapping of attributes that neither this version knows nor the portal has already.
pub(crate) fn check_mapping(wanted: &Value, present: &Value) -> Result<()> {
    MAPPING.check("mapping", wanted, &[present]).map_err(or_allowed)
}

/// Refuses keys of a notification that this version doesn't know.
pub(crate) fn check_notification(notification: &NewNotification) -> Result<()> {
    let value = serde_json::to_value(notification)
        .map_err(|error| Failure::usage("invalid_field", format!("the notification can't be sent: {error}")))?;
    NOTIFICATION.check("", &value, &[])
}

fn or_allowed(failure: Failure) -> Failure {
    failure.hint("--allow-unknown sends it all the same")
}

/// All options of a theme that are known.
pub(crate) fn theme_options() -> impl Iterator<Item = &'static str> {
    ThemeOption::KNOWN.iter().map(ThemeOption::as_str)
}

impl Shape {
    fn check(&self, path: &str, wanted: &Value, present: &[&Value]) -> Result<()> {
        let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
        match (self, wanted) {
            (Each(shape), Value::Array(items)) => {
                let present: Vec<&Value> = present.iter().filter_map(|list| list.as_array()).flatten().collect();
                items.iter().enumerate().try_for_each(|(at, item)| shape.check(&below(&at.to_string()), item, &present))
            }
            (Named(shape), Value::Object(members)) => {
                let present: Vec<&Value> =
                    present.iter().filter_map(|value| value.as_object()).flat_map(|members| members.values()).collect();
                members.iter().try_for_each(|(key, member)| shape.check(&below(key), member, &present))
            }
            (Structure(..) | Theme, Value::Object(members)) => {
                for (key, member) in members {
                    let there: Vec<&Value> = present.iter().filter_map(|value| value.get(key)).collect();
                    if there.is_empty() && !self.knows(key) {
                        return Err(unknown(&below(key), key, &self.keys()));
                    }
                    if let Some(shape) = self.part(key) {
                        shape.check(&below(key), member, &there)?;
                    }
                }
                Ok(())
            }
            // Whether a list is where one belongs is another question.
            _ => Ok(()),
        }
    }

    fn keys(&self) -> Vec<&'static str> {
        match self {
            Structure(keys, _) => keys.to_vec(),
            Theme => theme_options().collect(),
            Each(_) | Named(_) => Vec::new(),
        }
    }

    fn knows(&self, key: &str) -> bool {
        self.keys().contains(&key)
    }

    fn part(&self, key: &str) -> Option<&'static Shape> {
        match self {
            Structure(_, parts) => parts.iter().find(|(name, _)| *name == key).map(|(_, shape)| shape),
            _ => None,
        }
    }
}

fn unknown(path: &str, key: &str, known: &[&str]) -> Failure {
    /// More names than these are a flood, not a hint.
    const FEW: usize = 30;
    let guess = did_you_mean(key, known.iter().copied());
    let among =
        if guess.is_empty() && known.len() <= FEW { format!("; there are {}", known.join(", ")) } else { guess };
    Failure::usage("unknown_field", format!("there is no field `{path}`{among}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(wanted: &Value) -> Option<String> {
        let present = json!({
            "name": "Portal",
            "brand_new": {"a": 1},
            "theme": {"brandNew": "#000"},
            "sidebar_buttons": [{"text": "a", "badge": 1}],
            "security": {"sessions": {"max": 3}},
        });
        check_settings(wanted, &present).err().map(|failure| format!("{failure:?}"))
    }

    #[test]
    fn a_slip_is_found_wherever_it_is() {
        for (wanted, said) in [
            (json!({"nmae": "x"}), "there is no field `nmae`; did you mean `name`?"),
            (json!({"colour": "x"}), "there is no field `colour`; there are profile, active, name"),
            (json!({"theme": {"navBar": "#fff"}}), "`theme.navBar`; did you mean `navbar`?"),
            (json!({"theme": {"zzz": "#fff"}}), "there is no field `theme.zzz`\""),
            (json!({"email_templates": {"own": {"subjet": "s"}}}), "`email_templates.own.subjet`; did you mean"),
            (json!({"security": {"otp": {"smss": true}}}), "`security.otp.smss`; did you mean `sms`?"),
            (
                json!({"sidebar_buttons": [{}, {"conditions": [{"tag_kye": "a"}]}]}),
                "`sidebar_buttons.1.conditions.0.tag_kye`; did you mean `tag_key`?",
            ),
        ] {
            let problem = problem(&wanted);
            assert!(problem.as_deref().is_some_and(|problem| problem.contains(said)), "{wanted}: {problem:?}");
        }
    }

    #[test]
    fn what_is_known_or_there_already_is_taken() {
        for wanted in [
            json!({"name": 5, "theme": "dark", "security": [1], "sidebar_buttons": [null, 5]}),
            json!({"brand_new": {"b": 2}, "theme": {"brandNew": "#fff", "navbar": "#000"}}),
            json!({"sidebar_buttons": [{"text": "b"}, {"badge": 2}]}),
            json!({"custom_fields": [{"anything": 1}], "logo_options": {"width": 3}}),
            json!({"integration": {"google_analytics": {"any": "thing"}}, "security": {"sessions": {}}}),
        ] {
            assert_eq!(problem(&wanted), None, "{wanted}");
        }
    }
}
