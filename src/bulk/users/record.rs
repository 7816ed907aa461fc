use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::address::is_invisible;
use super::column::UserColumn;
use crate::macros::request;
use crate::patch::Patch;
use crate::run::{NewUser, SendEmail, UserOptions};
use crate::secret::Password;
use crate::tag::Tag;

request! {
    /// A user as a list wants it, found by the e-mail address: created if there is none, else changed where it differs.
    ///
    /// What isn't set is left as it is, and `null` clears. `password`, `generate_password` and `send_email` are for
    /// users that are created: an existing user's password is changed only when
    /// [`SyncOptions::set_passwords`](super::SyncOptions::set_passwords) says so.
    ///
    /// ```
    /// use tagoio::bulk::users::UserRecord;
    ///
    /// let record = UserRecord::new("jane@example.com").name("Jane").tag("site", "lisbon");
    /// let read: UserRecord = serde_json::from_str(r#"{"email": "jane@example.com", "tags": {"site": "lisbon"}}"#)?;
    /// assert_eq!(read.tags, record.tags);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct UserRecord {
        @required {
            /// The e-mail address, which tells users apart, whatever its case.
            email: String,
        }
        /// The name. A new user needs one.
        name: String,
        /// The password of a new user: at least 6 characters, and what the portal's policy asks for.
        password: Password,
        /// Has TagoIO make a password for a new user. Not together with `password`.
        generate_password: bool,
        /// Has TagoIO send a new user a welcome e-mail.
        send_email: SendEmail,
        /// The IANA time zone. A new user needs one.
        timezone: String,
        /// The company.
        company: String,
        /// The telephone number.
        phone: String,
        /// The language, such as `en` or `en-US`.
        language: String,
        /// The tags: a list of `{"key": …, "value": …}`, or an object such as `{"site": "lisbon"}`.
        #[serde(deserialize_with = "tags")]
        tags: Vec<Tag>,
        /// Whether the user may sign in.
        active: bool,
        /// Whether the user gets the newsletter.
        newsletter: bool,
        /// How dates and numbers are shown to the user. Options that aren't given stay as they are.
        options: UserOptions,
        /// The values of the portal's custom fields, by their ids. Fields that aren't given stay as they are.
        custom_preferences: Map<String, Value>,
        /// Has the user choose a new password at the next sign-in.
        force_password_change: bool,
    }
}

impl UserRecord {
    /// Adds a tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.get_or_default().push(Tag::new(key, value));
        self
    }

    /// Whether it sets what lists of users don't show.
    pub(super) fn goes_beyond_lists(&self) -> bool {
        !(self.newsletter.is_keep()
            && self.options.is_keep()
            && self.custom_preferences.is_keep()
            && self.force_password_change.is_keep())
    }

    /// What is wrong with it, by field: what TagoIO would refuse, as far as that can be told without TagoIO.
    pub(super) fn problems(&self) -> Vec<(UserColumn, &'static str)> {
        const CLEARED: &str = "can't be cleared";
        let mut problems = Vec::new();
        if let Err(why) = check_email(&self.email) {
            problems.push((UserColumn::Email, why));
        }
        for (column, cleared) in [
            (UserColumn::Name, matches!(self.name, Patch::Clear)),
            (UserColumn::Timezone, matches!(self.timezone, Patch::Clear)),
            (UserColumn::Password, matches!(self.password, Patch::Clear)),
            (UserColumn::GeneratePassword, matches!(self.generate_password, Patch::Clear)),
            (UserColumn::SendEmail, matches!(self.send_email, Patch::Clear)),
            (UserColumn::Active, matches!(self.active, Patch::Clear)),
            (UserColumn::ForcePasswordChange, matches!(self.force_password_change, Patch::Clear)),
        ] {
            if cleared {
                problems.push((column, CLEARED));
            }
        }
        if self.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            problems.push((UserColumn::Name, "is empty"));
        }
        if self.timezone.as_deref().is_some_and(|name| !is_time_zone(name)) {
            problems.push((UserColumn::Timezone, NOT_A_TIME_ZONE));
        }
        if let Some(password) = self.password.as_ref() {
            if let Err(why) = check_password(password) {
                problems.push((UserColumn::Password, why));
            }
            if self.generate_password.as_ref() == Some(&true) {
                problems.push((UserColumn::GeneratePassword, "can't be on where there is a password"));
            }
        }
        if self.tags.as_deref().is_some_and(|tags| tags.iter().any(|tag| tag.key.is_empty())) {
            problems.push((UserColumn::Tags, "a tag has no key"));
        }
        let is_object = |options: &UserOptions| serde_json::to_value(options).is_ok_and(|value| value.is_object());
        if self.options.as_ref().is_some_and(|options| !is_object(options)) {
            problems.push((UserColumn::Options, UserColumn::Options.wanted()));
        }
        problems
    }

    /// The request that creates the user, once it is known to have what it needs.
    pub(super) fn to_new_user(&self, default_timezone: Option<&str>) -> NewUser {
        let timezone = self.timezone.as_deref().or(default_timezone).unwrap_or_default();
        let mut new = NewUser::new(self.name.as_deref().unwrap_or_default(), self.email.as_str(), timezone);
        new.password = self.password.clone();
        // Who has none given needs one that TagoIO makes: that it is wanted is known by now.
        new.generate_password = if self.password.as_ref().is_some() { Patch::Keep } else { Patch::Set(true) };
        new.send_email = self.send_email.clone();
        // There is nothing to be cleared yet.
        new.company = set(&self.company);
        new.phone = set(&self.phone);
        new.language = set(&self.language);
        new.tags = set(&self.tags);
        new.active = self.active;
        new.newsletter = set(&self.newsletter);
        new.options = set(&self.options);
        new.custom_preferences = set(&self.custom_preferences);
        new.force_password_change = self.force_password_change;
        new
    }
}

/// The patch, if it sets something.
fn set<T: Clone>(patch: &Patch<T>) -> Patch<T> {
    patch.as_ref().map_or(Patch::Keep, |value| Patch::Set(value.clone()))
}

pub(super) const NOT_A_TIME_ZONE: &str = "isn't the name of a time zone, such as Europe/Lisbon or UTC";

/// Whether it may be a name of the tz database: `UTC`, `Europe/Lisbon`, `Etc/GMT+3`.
pub(super) fn is_time_zone(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    name.split('/').all(is_part) && name.split('/').count() <= 3
}

fn check_email(email: &str) -> Result<(), &'static str> {
    const LONGEST: usize = 254;
    if email.is_empty() {
        return Err("is missing");
    }
    if email.contains('*') {
        return Err("has a `*`, which stands for anything when TagoIO looks for users");
    }
    if email.contains(is_invisible) {
        return Err("has a character that can't be seen, such as a zero-width space");
    }
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || r#"<>()[],;:\""#.contains(c);
    let whole = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.contains('@') && domain.split('.').all(|label| !label.is_empty())
    });
    if whole && !email.contains(is_odd) && email.len() <= LONGEST { Ok(()) } else { Err("isn't an e-mail address") }
}

fn check_password(password: &Password) -> Result<(), &'static str> {
    const SHORTEST: usize = 6;
    if password.expose().chars().count() < SHORTEST {
        return Err("has less than 6 characters");
    }
    if password.expose().chars().any(char::is_control) {
        return Err("has a control character, such as a line break");
    }
    Ok(())
}

fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Vec<Tag>>, D::Error> {
    Ok(Option::<Tags>::deserialize(deserializer)?.map_or(Patch::Clear, |Tags(tags)| Patch::Set(tags)))
}

/// Tags as a list or as an object, in the order in which they are written.
pub(super) struct Tags(pub(super) Vec<Tag>);

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            key: String,
            value: String,
        }

        struct Both;

        impl<'de> Visitor<'de> for Both {
            type Value = Tags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tags, or an object")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tags, A::Error> {
                let mut tags = Vec::new();
                while let Some(Whole { key, value }) = list.next_element()? {
                    tags.push(Tag::new(key, value));
                }
                Ok(Tags(tags))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tags, A::Error> {
                let mut tags = Vec::new();
                while let Some((key, value)) = object.next_entry::<String, String>()? {
                    tags.push(Tag::new(key, value));
                }
                Ok(Tags(tags))
            }
        }

        deserializer.deserialize_any(Both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_plausible_or_refused() {
        let odd = Err("isn't an e-mail address");
        let invisible = Err("has a character that can't be seen, such as a zero-width space");
        for (email, verdict) in [
            ("jane@example.com", Ok(())),
            ("o'brien+x@sub.example.co", Ok(())),
            ("joão@exemplo.pt", Ok(())),
            ("runuser@email", Ok(())),
            ("", Err("is missing")),
            ("jane", odd),
            ("@example.com", odd),
            ("jane@", odd),
            ("jane@a@b", odd),
            ("jane@example..com", odd),
            ("jane@example.com.", odd),
            ("ja ne@example.com", odd),
            ("Jane <jane@example.com>", odd),
            ("jane@example.com;joe@example.com", odd),
            ("jane@example.com\n", odd),
            ("jane@example.com\u{200b}", invisible),
            ("\u{feff}jane@example.com", invisible),
            ("ja\u{ad}ne@example.com", invisible),
            ("jane\u{202e}@example.com", invisible),
            ("ja\u{fffd}o@example.com", invisible),
            ("*@example.com", Err("has a `*`, which stands for anything when TagoIO looks for users")),
        ] {
            assert_eq!(check_email(email), verdict, "{email}");
        }
        assert_eq!(check_email(&format!("{}@example.com", "x".repeat(250))), odd);
    }

    #[test]
    fn a_time_zone_has_the_form_of_its_names() {
        for (name, plausible) in [
            ("UTC", true),
            ("Europe/Lisbon", true),
            ("America/Argentina/Buenos_Aires", true),
            ("America/Port-au-Prince", true),
            ("Etc/GMT+3", true),
            ("", false),
            ("Europe/", false),
            ("half past ten", false),
            ("+01:00", false),
            ("a/b/c/d", false),
        ] {
            assert_eq!(is_time_zone(name), plausible, "{name}");
        }
    }

    #[test]
    fn a_password_has_six_characters() {
        for (password, verdict) in [
            ("short", Err("has less than 6 characters")),
            ("éèêëē", Err("has less than 6 characters")),
            ("longer", Ok(())),
            ("éèêëēĕ", Ok(())),
        ] {
            assert_eq!(check_password(&Password::new(password).unwrap()), verdict, "{password}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let record = UserRecord::new("jane@example.com").password(Password::new("canary").unwrap());
        assert!(!format!("{record:?}").contains("canary"));
    }

    #[test]
    fn tags_are_a_list_or_an_object_in_their_order() {
        for (json, tags) in [
            (r#"{"b": "1", "a": "2"}"#, Some(vec![Tag::new("b", "1"), Tag::new("a", "2")])),
            (r#"[{"key": "b", "value": "1"}]"#, Some(vec![Tag::new("b", "1")])),
            ("null", None),
        ] {
            let record: UserRecord =
                serde_json::from_str(&format!(r#"{{"email": "j@x.io", "tags": {json}}}"#)).unwrap();
            assert_eq!(record.tags.into_option(), tags, "{json}");
        }
        let error = serde_json::from_str::<UserRecord>(r#"{"email": "j@x.io", "tags": 7}"#).unwrap_err().to_string();
        assert!(error.contains("invalid type: integer `7`, expected a list of tags, or an object"), "{error}");
    }
}
