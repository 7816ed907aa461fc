use serde::{Deserialize, Serialize};

/// What becomes of the tags of a user whom a record gives tags to.
///
/// ```
/// use tagoio::bulk::users::{SyncOptions, TagPolicy};
///
/// assert_eq!(SyncOptions::new().tags, TagPolicy::Merge);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum TagPolicy {
    /// A given key replaces all tags of that key, the others stay: [`Tag::merge`](crate::Tag::merge).
    #[default]
    Merge,
    /// The given tags replace all that there are.
    Replace,
}

/// How a list of users is brought to TagoIO.
///
/// ```
/// use tagoio::bulk::users::{SyncOptions, TagPolicy};
///
/// let options = SyncOptions::new().tags(TagPolicy::Replace).default_timezone("Europe/Lisbon").generate_passwords(true);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SyncOptions {
    /// What becomes of the tags that a user has. Merged by default.
    pub tags: TagPolicy,
    /// Whether the `password` of a record is set for a user who exists, too. Each run sets it anew then, since it can't
    /// be compared. Off by default: passwords are for users that are created. `generate_password` and `send_email` always
    /// are; TagoIO has neither for a user who exists.
    pub set_passwords: bool,
    /// Whether TagoIO makes a password for each new user without one. Off by default: such a record is a problem.
    pub generate_passwords: bool,
    /// The time zone of new users without one. None by default: such a record is a problem.
    pub default_timezone: Option<String>,
    /// Whether users that aren't in the list are deleted. Off by default.
    pub delete_missing: bool,
}

impl SyncOptions {
    /// The options by default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what becomes of the tags that a user has.
    pub fn tags(mut self, policy: TagPolicy) -> Self {
        self.tags = policy;
        self
    }

    /// Sets whether passwords are set for users who exist, too.
    pub fn set_passwords(mut self, on: bool) -> Self {
        self.set_passwords = on;
        self
    }

    /// Sets whether TagoIO makes a password for each new user without one.
    pub fn generate_passwords(mut self, on: bool) -> Self {
        self.generate_passwords = on;
        self
    }

    /// Sets the time zone of new users without one: an IANA name.
    pub fn default_timezone(mut self, name: impl Into<String>) -> Self {
        self.default_timezone = Some(name.into());
        self
    }

    /// Sets whether users that aren't in the list are deleted.
    pub fn delete_missing(mut self, on: bool) -> Self {
        self.delete_missing = on;
        self
    }
}
