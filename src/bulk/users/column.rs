use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A column of a CSV file of users, or a field of a JSON line.
///
/// ```
/// use tagoio::bulk::users::UserColumn;
///
/// assert_eq!("E-Mail".parse::<UserColumn>()?, UserColumn::Email);
/// assert_eq!("tag:site".parse::<UserColumn>()?, UserColumn::Tag("site".to_owned()));
/// assert!("e-mial".parse::<UserColumn>().is_err());
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserColumn {
    /// `id`; read, it is ignored: users are told apart by their e-mail addresses.
    Id,
    /// `email`; also `mail`, `email address`.
    Email,
    /// `name`; also `full name`.
    Name,
    /// `password`; never written.
    Password,
    /// `generate_password`; never written.
    GeneratePassword,
    /// `send_email`; never written.
    SendEmail,
    /// `timezone`; also `time zone`, `tz`.
    Timezone,
    /// `company`; also `company name`.
    Company,
    /// `phone`; also `phone number`, `telephone`.
    Phone,
    /// `language`; also `lang`, `locale`.
    Language,
    /// `active`; also `enabled`, `is active`.
    Active,
    /// `newsletter`.
    Newsletter,
    /// `force_password_change`.
    ForcePasswordChange,
    /// `tags`: all of them, as `site=lisbon;floor=2`. `\` takes the meaning from the character after it. Also as a JSON
    /// array.
    Tags,
    /// `tag:KEY`: the value of the tag of this key.
    Tag(String),
    /// `options`, as a JSON object.
    Options,
    /// `option:NAME`: one of the [options](crate::run::UserOptions).
    Option(String),
    /// `custom_preferences`, as a JSON object.
    CustomPreferences,
    /// `custom:FIELD`: the value of one of the portal's custom fields: text, or a number, `true` or `false` where the user
    /// has such a value.
    Custom(String),
    /// `last_login`; read, it is ignored.
    LastLogin,
    /// `created_at`; read, it is ignored.
    CreatedAt,
    /// `updated_at`; read, it is ignored.
    UpdatedAt,
    /// `profile`; read, it is ignored.
    Profile,
    /// `otp`; read, it is ignored.
    Otp,
    /// `agreements`; read, it is ignored.
    Agreements,
}

/// The columns that have no key: their name, and what else they are called.
const PLAIN: &[(UserColumn, &str, &[&str])] = &[
    (UserColumn::Id, "id", &["userid"]),
    (UserColumn::Email, "email", &["mail", "emailaddress", "mailaddress"]),
    (UserColumn::Name, "name", &["fullname"]),
    (UserColumn::Password, "password", &[]),
    (UserColumn::GeneratePassword, "generate_password", &[]),
    (UserColumn::SendEmail, "send_email", &["sendmail"]),
    (UserColumn::Timezone, "timezone", &["tz"]),
    (UserColumn::Company, "company", &["companyname"]),
    (UserColumn::Phone, "phone", &["phonenumber", "telephone", "telephonenumber"]),
    (UserColumn::Language, "language", &["lang", "locale"]),
    (UserColumn::Active, "active", &["enabled", "isactive"]),
    (UserColumn::Newsletter, "newsletter", &[]),
    (UserColumn::ForcePasswordChange, "force_password_change", &[]),
    (UserColumn::Tags, "tags", &[]),
    (UserColumn::Options, "options", &[]),
    (UserColumn::CustomPreferences, "custom_preferences", &[]),
    (UserColumn::LastLogin, "last_login", &[]),
    (UserColumn::CreatedAt, "created_at", &["created"]),
    (UserColumn::UpdatedAt, "updated_at", &["updated"]),
    (UserColumn::Profile, "profile", &[]),
    (UserColumn::Otp, "otp", &[]),
    (UserColumn::Agreements, "agreements", &[]),
];

/// The options that a column can be about.
const OPTIONS: &[&str] = &["decimal_separator", "thousand_separator", "date_format", "time_format"];

impl UserColumn {
    /// The names of all columns; those that end with a colon want a key after it.
    pub const NAMES: &'static [&'static str] = &[
        "id",
        "email",
        "name",
        "password",
        "generate_password",
        "send_email",
        "timezone",
        "company",
        "phone",
        "language",
        "active",
        "newsletter",
        "force_password_change",
        "tags",
        "tag:",
        "options",
        "option:decimal_separator",
        "option:thousand_separator",
        "option:date_format",
        "option:time_format",
        "custom_preferences",
        "custom:",
        "last_login",
        "created_at",
        "updated_at",
        "profile",
        "otp",
        "agreements",
    ];

    /// The columns of an export that names none: all that lists of users show.
    pub const EXPORT: &'static [Self] = &[
        Self::Id,
        Self::Email,
        Self::Name,
        Self::Timezone,
        Self::Company,
        Self::Phone,
        Self::Language,
        Self::Active,
        Self::Tags,
        Self::LastLogin,
        Self::CreatedAt,
        Self::UpdatedAt,
    ];

    /// Whether only [`info`](crate::run::UsersApi::info) tells what stands in it, and lists of users don't.
    pub fn is_beyond_lists(&self) -> bool {
        matches!(
            self,
            Self::Newsletter
                | Self::ForcePasswordChange
                | Self::Options
                | Self::Option(_)
                | Self::CustomPreferences
                | Self::Custom(_)
                | Self::Profile
                | Self::Otp
                | Self::Agreements
        )
    }

    /// Whether it is passed over when a list is read.
    pub(super) fn is_ignored(&self) -> bool {
        matches!(
            self,
            Self::Id
                | Self::LastLogin
                | Self::CreatedAt
                | Self::UpdatedAt
                | Self::Profile
                | Self::Otp
                | Self::Agreements
        )
    }

    /// The field of a user that it is about, or stands in.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::Tag(_) => "tags",
            Self::Option(_) => "options",
            Self::Custom(_) => "custom_preferences",
            plain => PLAIN.iter().find(|(column, ..)| column == plain).map_or("", |(_, name, _)| name),
        }
    }

    /// What a JSON line has to have there.
    pub(super) fn wanted(&self) -> &'static str {
        match self {
            Self::GeneratePassword | Self::Active | Self::ForcePasswordChange => "has to be true or false",
            Self::Newsletter => "has to be true, false or null",
            Self::SendEmail => "has to be true, false or the key of an e-mail template",
            Self::Tags => r#"has to be a list of {"key": …, "value": …} or an object of texts"#,
            Self::Options | Self::CustomPreferences => "has to be an object",
            _ => "has to be text",
        }
    }

    /// The column of a field of a JSON line, whose names are exact.
    pub(super) fn of_field(name: &str) -> Option<Self> {
        PLAIN.iter().find(|(_, known, _)| *known == name).map(|(column, ..)| column.clone())
    }
}

/// The name of the column, as an export heads it.
impl fmt::Display for UserColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(key) => write!(f, "tag:{key}"),
            Self::Option(name) => write!(f, "option:{name}"),
            Self::Custom(field) => write!(f, "custom:{field}"),
            plain => f.pad(plain.field()),
        }
    }
}

/// Whatever its case; spaces, hyphens and underscores make no difference but in the key of a tag or a custom field.
impl FromStr for UserColumn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |text: &str| -> String {
            let letters = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
            letters.flat_map(char::to_lowercase).collect()
        };
        let keyed = text.split_once(':').map(|(kind, key)| (plain(kind), key.trim()));
        let found = match &keyed {
            Some((kind, "")) => {
                return Err(Error::config("column", format!("`{kind}:` names no key")));
            }
            Some((kind, key)) => match kind.as_str() {
                "tag" => Some(Self::Tag((*key).to_owned())),
                "custom" => Some(Self::Custom((*key).to_owned())),
                "option" => {
                    let option = OPTIONS.iter().find(|option| plain(option) == plain(key));
                    option.map(|option| Self::Option((*option).to_owned()))
                }
                _ => None,
            },
            None => {
                let name = plain(text);
                let fits = |known: &str, aliases: &[&str]| plain(known) == name || aliases.contains(&name.as_str());
                PLAIN.iter().find(|(_, known, aliases)| fits(known, aliases)).map(|(column, ..)| column.clone())
            }
        };
        found.ok_or_else(|| Error::config("column", format!("there is no column `{}`", text.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_each_of_its_names() {
        for (names, column) in [
            ("email|E-Mail|e_mail|MAIL| Email Address ", UserColumn::Email),
            ("name|Full name|fullName", UserColumn::Name),
            ("timezone|Time zone|time-zone|TZ", UserColumn::Timezone),
            ("phone|Phone Number|telephone", UserColumn::Phone),
            ("language|lang|Locale", UserColumn::Language),
            ("active|Enabled|is_active", UserColumn::Active),
            ("generate_password|Generate Password", UserColumn::GeneratePassword),
            ("tag:Site A|TAG: Site A", UserColumn::Tag("Site A".to_owned())),
            ("option:date_format|Option:Date Format", UserColumn::Option("date_format".to_owned())),
            ("custom:5f_A|custom: 5f_A", UserColumn::Custom("5f_A".to_owned())),
        ] {
            for name in names.split('|') {
                assert_eq!(name.parse::<UserColumn>().unwrap(), column, "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_column_is_refused() {
        for (name, problem) in [
            ("", "invalid column: there is no column ``"),
            ("e-mial", "invalid column: there is no column `e-mial`"),
            ("tag:", "invalid column: `tag:` names no key"),
            ("tags:site", "invalid column: there is no column `tags:site`"),
            ("option:colour", "invalid column: there is no column `option:colour`"),
        ] {
            assert_eq!(name.parse::<UserColumn>().unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn an_export_of_no_named_columns_needs_nothing_but_lists() {
        assert_eq!(UserColumn::EXPORT.iter().find(|column| column.is_beyond_lists()), None);
    }

    #[test]
    fn each_column_is_called_what_it_is_listed_as() {
        for name in UserColumn::NAMES {
            let name = if name.ends_with(':') { format!("{name}x") } else { (*name).to_owned() };
            assert_eq!(name.parse::<UserColumn>().unwrap().to_string(), name);
        }
        let listed = UserColumn::NAMES.iter().filter(|name| !name.contains(':')).count();
        assert_eq!(listed, PLAIN.len());
    }
}
