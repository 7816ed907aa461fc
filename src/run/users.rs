mod once;
mod upsert;

pub(crate) use once::Passes;
pub use upsert::Upserted;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bulk::DeleteUser;
use crate::bulk::users::{TagPolicy, UserJob, UserRecord, UserSelection, key_of};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::{ProfileId, UserId};
use crate::lenient::or_default;
use crate::macros::{open_enum, request, settings};
use crate::page::{Direction, ITER_AMOUNT, LARGEST_AMOUNT, LIST_AMOUNT, Row, Rows, list_query, sealed};
use crate::patch::Patch;
use crate::secret::{Password, Token};
use crate::tag::Tag;
use crate::time::{DateInput, Expiry, ExpiryOfAnswer, Timestamp};
use crate::wire::{OneOrArray, delete, get, post, put};

/// The operations on the portal's users: [`RunApi::users`](super::RunApi::users).
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct UsersApi<'a> {
    pub(crate) client: &'a Client,
}

/// A user, as [`info`](UsersApi::info) and lists that name no fields give it.
///
/// Text that TagoIO leaves out is empty, a tag list that it leaves out has no tags, and `active` is `false`. What lists don't
/// have is boxed, so that a long list takes no room for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The user's id.
    pub id: UserId,
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The e-mail address, which no two users of a profile share and which never changes.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// The IANA time zone.
    #[serde(default, deserialize_with = "or_default")]
    pub timezone: String,
    /// The company.
    #[serde(default)]
    pub company: Option<String>,
    /// The telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The language, such as `en` or `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// The tags.
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<Tag>,
    /// Whether the user may sign in.
    #[serde(default, deserialize_with = "or_default")]
    pub active: bool,
    /// When the user last signed in; `None` for never.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// When the user was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When the user was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// The profile the user belongs to. Not in lists.
    #[serde(default)]
    pub profile: Option<ProfileId>,
    /// Whether the user gets the newsletter. Not in lists.
    #[serde(default)]
    pub newsletter: Option<bool>,
    /// How dates and numbers are shown to the user. Not in lists.
    #[serde(default)]
    pub options: Option<Box<UserOptions>>,
    /// The state of two-factor authentication. Not in lists.
    #[serde(default)]
    pub otp: Option<Box<Value>>,
    /// The values of the portal's custom fields, by their ids. Not in lists.
    #[serde(default)]
    pub custom_preferences: Option<Box<Map<String, Value>>>,
    /// What the user agreed to. Not in lists.
    #[serde(default)]
    pub agreements: Option<Box<Value>>,
    /// Whether the user has to choose a new password. Not in lists.
    #[serde(default)]
    pub force_password_change: Option<bool>,
}

impl UserInfo {
    /// A user without anything: what one who is to be created is compared with.
    pub(crate) fn nobody() -> Self {
        Self {
            id: UserId::from(""),
            name: String::new(),
            email: String::new(),
            timezone: String::new(),
            company: None,
            phone: None,
            language: None,
            tags: Vec::new(),
            active: false,
            last_login: None,
            created_at: None,
            updated_at: None,
            profile: None,
            newsletter: None,
            options: None,
            otp: None,
            custom_preferences: None,
            agreements: None,
            force_password_change: None,
        }
    }
}

/// A user, as a list of chosen fields gives it. Each field may be missing.
#[doc(alias = "UserListItem")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields of `UserInfo`")]
pub struct UserRow {
    pub id: Option<UserId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub timezone: Option<String>,
    pub company: Option<String>,
    pub phone: Option<String>,
    pub language: Option<String>,
    pub tags: Option<Vec<Tag>>,
    pub active: Option<bool>,
    pub last_login: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub profile: Option<ProfileId>,
    pub newsletter: Option<bool>,
    pub options: Option<Box<UserOptions>>,
    pub otp: Option<Box<Value>>,
    pub custom_preferences: Option<Box<Map<String, Value>>>,
    pub agreements: Option<Box<Value>>,
    pub force_password_change: Option<bool>,
}

settings! {
    /// How dates and numbers are shown to a user.
    ///
    /// ```
    /// use tagoio::run::UserOptions;
    ///
    /// let european = UserOptions::new().date_format("DD/MM/YYYY").time_format("24").decimal_separator(",");
    /// # let _ = european;
    /// ```
    #[derive(PartialEq)]
    pub struct UserOptions {
        /// `.` or `,`.
        decimal_separator: String = "decimal_separator",
        /// `,`, `.` or a space.
        thousand_separator: String = "thousand_separator",
        /// Such as `MM/DD/YYYY`.
        date_format: String = "date_format",
        /// `12` or `24`.
        time_format: String = "time_format",
    }
}

request! {
    /// A user to be created.
    ///
    /// TagoIO creates users inactive unless `active` says otherwise, or `generate_password` or `send_email` is used.
    ///
    /// ```
    /// use tagoio::Password;
    /// use tagoio::run::NewUser;
    ///
    /// let with_password = NewUser::new("Jane", "jane@example.com", "Europe/Lisbon")
    ///     .password(Password::new("correct horse")?)
    ///     .active(true)
    ///     .tag("site", "lisbon");
    /// let invited = NewUser::new("Joe", "joe@example.com", "Europe/Lisbon")
    ///     .generate_password(true)
    ///     .send_email("invite");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[doc(alias = "UserCreateInfo")]
    pub struct NewUser {
        @required {
            /// The name.
            name: String,
            /// The e-mail address, which no other user of the profile may have.
            email: String,
            /// The IANA time zone.
            timezone: String,
        }
        /// The password: at least 6 characters, and what the portal's policy asks for. Required unless
        /// `generate_password` is on.
        password: Password,
        /// Has TagoIO make a password, and the user choose a new one at the first sign-in. Not together with
        /// `password`.
        generate_password: bool,
        /// Has TagoIO send a welcome e-mail. Not together with an `active` of `false`.
        send_email: SendEmail,
        /// The company.
        company: String,
        /// The telephone number.
        phone: String,
        /// The language, such as `en` or `en-US`.
        language: String,
        /// The tags.
        #[serde(deserialize_with = "crate::tag::tags_as_written")]
        tags: Vec<Tag>,
        /// Whether the user may sign in.
        active: bool,
        /// Whether the user gets the newsletter.
        newsletter: bool,
        /// How dates and numbers are shown to the user.
        options: UserOptions,
        /// The values of the portal's custom fields, by their ids.
        custom_preferences: Map<String, Value>,
        /// Has the user choose a new password at the first sign-in.
        force_password_change: bool,
    }
}

impl NewUser {
    /// Adds a tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.get_or_default().push(Tag::new(key, value));
        self
    }
}

/// Which welcome e-mail a new user gets.
///
/// ```
/// use tagoio::run::{NewUser, SendEmail};
///
/// let new = NewUser::new("Joe", "joe@example.com", "Europe/Lisbon").generate_password(true);
/// let with_the_portals = new.clone().send_email(true);
/// let with_ones_own = new.send_email("invite");
/// assert_eq!(with_ones_own.send_email.as_ref(), Some(&SendEmail::Template("invite".to_owned())));
/// # let _ = with_the_portals;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum SendEmail {
    /// The portal's own (`true`), or none (`false`).
    Welcome(bool),
    /// The one of this key of the portal's e-mail templates; TagoIO falls back to its own for a key that there isn't.
    Template(String),
}

impl From<bool> for Patch<SendEmail> {
    fn from(welcome: bool) -> Self {
        Self::Set(SendEmail::Welcome(welcome))
    }
}

impl From<&str> for Patch<SendEmail> {
    fn from(template: &str) -> Self {
        Self::Set(SendEmail::Template(template.to_owned()))
    }
}

request! {
    /// What is to be changed of a user. The e-mail address can't be: TagoIO ignores it.
    ///
    /// ```
    /// use tagoio::Patch;
    /// use tagoio::run::UserEdit;
    ///
    /// let edit = UserEdit::new().name("Jane Doe").phone(Patch::Clear).active(false);
    /// # let _ = edit;
    /// ```
    #[doc(alias = "UserEditInfo")]
    #[derive(Default)]
    pub struct UserEdit {
        /// The name.
        name: String,
        /// A new password.
        password: Password,
        /// The IANA time zone.
        timezone: String,
        /// The company.
        company: String,
        /// The telephone number.
        phone: String,
        /// The language, such as `en` or `en-US`.
        language: String,
        /// The tags: they **replace** all that the user has.
        #[serde(deserialize_with = "crate::tag::tags_as_written")]
        tags: Vec<Tag>,
        /// Whether the user may sign in.
        active: bool,
        /// Whether the user gets the newsletter.
        newsletter: bool,
        /// How dates and numbers are shown to the user.
        options: UserOptions,
        /// The values of the portal's custom fields, by their ids.
        custom_preferences: Map<String, Value>,
        /// Has the user choose a new password at the next sign-in.
        force_password_change: bool,
        /// Signs the user out everywhere.
        logout_sessions: bool,
    }
}

request! {
    /// How a user is to be invited once more.
    ///
    /// ```
    /// use tagoio::run::UserInvite;
    ///
    /// let reminder = UserInvite::new().invite_template("second_invitation");
    /// # let _ = reminder;
    /// ```
    #[doc(alias = "UserInviteInfo")]
    #[derive(PartialEq, Eq, Default)]
    pub struct UserInvite {
        /// The key of the portal's e-mail template to be sent. `welcome` when nothing is said.
        invite_template: String,
    }
}

/// A token that a user is signed in with.
#[doc(alias = "LoginResponse")]
#[doc(alias = "LoginResponseRun")]
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "LoginTokenAnswer")]
#[non_exhaustive]
pub struct LoginToken {
    /// The token itself.
    pub token: Token,
    /// What the token is called in lists; not the user's name.
    pub name: Option<String>,
    /// The user.
    pub run_user: Option<UserId>,
    /// When it expires; `None` when TagoIO doesn't say.
    pub expire_time: Option<Expiry>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct LoginTokenAnswer {
    token: Token,
    name: Option<String>,
    run_user: Option<UserId>,
    #[serde(flatten)]
    expiry: ExpiryOfAnswer,
    created_at: Option<Timestamp>,
}

impl From<LoginTokenAnswer> for LoginToken {
    fn from(answer: LoginTokenAnswer) -> Self {
        let LoginTokenAnswer { token, name, run_user, expiry, created_at } = answer;
        Self { token, name, run_user, expire_time: expiry.either(), created_at }
    }
}

open_enum! {
    /// A field of a user that a list can be asked for.
    pub enum UserField {
        Id = "id",
        Name = "name",
        Email = "email",
        Timezone = "timezone",
        Company = "company",
        Phone = "phone",
        Language = "language",
        Tags = "tags",
        Active = "active",
        LastLogin = "last_login",
        CreatedAt = "created_at",
        UpdatedAt = "updated_at",
    }
}

open_enum! {
    /// A field that a list of users can be ordered by. The e-mail address is not among them.
    pub enum UserOrder {
        Name = "name",
        Active = "active",
        LastLogin = "last_login",
        CreatedAt = "created_at",
        UpdatedAt = "updated_at",
    }
}

list_query! {
    /// Which users are wanted, and what of them. By default they are ordered by name.
    ///
    /// ```
    /// use tagoio::run::UserQuery;
    ///
    /// let query = UserQuery::new().email("*@example.com").tag("site", "lisbon").active(true);
    /// # let _ = query;
    /// ```
    pub struct UserQuery<UserInfo, UserRow> {
        field: UserField,
        order: UserOrder,
        default_fields: UserField::KNOWN,
        default_order: (UserOrder::Name, Direction::Ascending),
    }
}

impl<R> UserQuery<R> {
    /// Only the user with this id.
    pub fn id(self, id: impl Into<UserId>) -> Self {
        self.text_filter("id", id.into().as_str())
    }

    /// Only users of this name; `*` stands for anything.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.text_filter("name", name)
    }

    /// Only users with this e-mail address; `*` stands for anything.
    pub fn email(self, email: impl Into<String>) -> Self {
        self.text_filter("email", email)
    }

    /// Only users who may, or may not, sign in.
    pub fn active(self, active: bool) -> Self {
        self.filter("active", active)
    }

    /// Only users with this tag. With several, a user needs all of them.
    pub fn tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tag_filter(serde_json::json!({"key": key.into(), "value": value.into()}))
    }

    /// Only users with a tag of this key, whatever its value.
    pub fn tag_key(self, key: impl Into<String>) -> Self {
        self.tag_filter(serde_json::json!({"key": key.into()}))
    }

    /// Only users who were created then.
    pub fn created_at(self, date: impl Into<DateInput>) -> Self {
        self.text_filter("created_at", date.into().to_string())
    }

    /// Only users who were last changed then.
    pub fn updated_at(self, date: impl Into<DateInput>) -> Self {
        self.text_filter("updated_at", date.into().to_string())
    }

    /// Whether its filters keep nobody out: there is none, or they ask for `*`, or for nothing.
    ///
    /// ```
    /// use tagoio::run::UserQuery;
    ///
    /// assert!(UserQuery::new().email("*").amount(50).fits_everybody());
    /// assert!(!UserQuery::new().email("*@example.com").fits_everybody());
    /// ```
    pub fn fits_everybody(&self) -> bool {
        fn keeps_nobody_out(filter: &Value) -> bool {
            match filter {
                Value::Null => true,
                Value::Bool(_) | Value::Number(_) => false,
                // Every address has an `@`.
                Value::String(text) => text.chars().all(|c| matches!(c, '*' | '@') || c.is_whitespace()),
                Value::Array(parts) => parts.iter().all(keeps_nobody_out),
                Value::Object(parts) => parts.values().all(keeps_nobody_out),
            }
        }

        self.filter.values().all(keeps_nobody_out)
    }

    /// The tags that it asks for, each with its value unless any will do.
    pub(crate) fn tags(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let tags = self.filter.get("tags").and_then(Value::as_array).into_iter().flatten();
        tags.filter_map(|tag| Some((tag.get("key")?.as_str()?, tag.get("value").and_then(Value::as_str))))
    }

    fn tag_filter(mut self, tag: Value) -> Self {
        match self.filter.entry("tags").or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(tags) => tags.push(tag),
            other => *other = Value::Array(vec![tag]),
        }
        self
    }

    /// Asks for the id too, so that the iterator can tell a page that repeats.
    fn with_id(mut self) -> Self {
        if let Some(fields) = &mut self.fields {
            if !fields.is_empty() && !fields.contains(&UserField::Id) {
                fields.push(UserField::Id);
            }
        }
        self
    }
}

impl sealed::Sealed for UserInfo {}

impl Row for UserInfo {
    fn key(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.id.as_str()))
    }
}

impl sealed::Sealed for UserRow {}

impl Row for UserRow {
    fn key(&self) -> Option<Cow<'_, str>> {
        self.id.as_ref().map(|id| Cow::Borrowed(id.as_str()))
    }
}

impl UsersApi<'_> {
    /// One page of the portal's users, in one request.
    ///
    /// `GET /run/users` · Access Management: *Run User / Access*. Without the permission TagoIO may answer with an empty
    /// list instead of an error.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with "Invalid orderBy parameter" for an order that TagoIO doesn't have.
    ///
    /// ```no_run
    /// # use tagoio::run::{UserField, UserQuery};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for user in tago.run().users().list(&UserQuery::new().email("*@example.com"))? {
    ///     println!("{} {:?}", user.name, user.last_login);
    /// }
    /// let few = UserQuery::new().fields([UserField::Id, UserField::Email]);
    /// for row in tago.run().users().list(&few)? {
    ///     println!("{:?}", row.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "listUsers")]
    pub fn list<R: Row>(&self, query: &UserQuery<R>) -> Result<Vec<R>> {
        self.page(query, query.first_page(), query.amount_or(LIST_AMOUNT))
    }

    /// All of the portal's users that fit the query, page by page as the iterator advances.
    ///
    /// `GET /run/users`, 1,000 rows a page when the query doesn't say. Where fields are chosen, the id is asked for too.
    /// [`prefetch`](Rows::prefetch) has the next page fetched while this one is worked on.
    ///
    /// # Errors
    ///
    /// The iterator yields the first error, as [`list`](UsersApi::list) would, and ends.
    ///
    /// ```no_run
    /// # use tagoio::run::UserQuery;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for user in tago.run().users().iter(&UserQuery::new().tag("site", "lisbon")) {
    ///     println!("{}", user?.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "listUsers")]
    pub fn iter<R: Row>(&self, query: &UserQuery<R>) -> Rows<R> {
        let (client, query) = (self.client.clone(), query.clone().with_id());
        let amount = query.amount_or(ITER_AMOUNT).min(LARGEST_AMOUNT);
        Rows::new(query.first_page(), amount, move |page| client.run().users().page(&query, page, amount))
    }

    fn page<R: Row>(self, query: &UserQuery<R>, page: u32, amount: u32) -> Result<Vec<R>> {
        self.client.send(get("/run/users").query(query.encode(page, amount)))
    }

    /// A user.
    ///
    /// `GET /run/users/{user}` · Access Management: *Run User / Access*.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// println!("{}", tago.run().users().info("61eb25a4d6a4a20011d4cd3c")?.email);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "userInfo")]
    pub fn info(&self, user: impl Into<UserId>) -> Result<UserInfo> {
        let one: OneOrArray<UserInfo> = self.client.send(get("/run/users/{user}").segment(user.into()))?;
        Ok(one.0)
    }

    /// The user with this e-mail address, whatever its case; `None` when there is none. [`bulk::users::find`] finds many
    /// at once. What lists don't show is missing: [`info`](UsersApi::info) has it.
    ///
    /// `GET /run/users`, once, and once more when no address is written exactly so.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for an empty address; otherwise as [`list`](UsersApi::list). Without the
    /// permission TagoIO may say that there is no user.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// # let tago = tagoio::sandbox::Sandbox::new().client()?;
    /// let found = tago.run().users().find_by_email("Beatriz.Almeida@Example.com")?;
    /// assert_eq!(found.map(|user| user.name).as_deref(), Some("Beatriz Almeida"));
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    ///
    /// [`bulk::users::find`]: crate::bulk::users::find
    pub fn find_by_email(&self, email: &str) -> Result<Option<UserInfo>> {
        if email.is_empty() {
            return Err(Error::config("e-mail address", "it is empty"));
        }
        // What is compared as a whole is compared with its case; what is found by a part isn't.
        for filter in [email.to_owned(), format!("*{email}*")] {
            for user in self.iter(&UserQuery::new().email(filter)) {
                let user = user?;
                if key_of(&user.email) == key_of(email) {
                    return Ok(Some(user));
                }
            }
        }
        Ok(None)
    }

    /// Creates the user of this e-mail address or, where there is one, changes what differs. It says which of them
    /// happened, and what changed.
    ///
    /// What the record doesn't set stays as it is. Its tags are merged with those that the user has, or replace them.
    /// `password`, `generate_password` and `send_email` are for a user who is created. For many users at once there is
    /// [`UserPlan`](crate::bulk::users::UserPlan).
    ///
    /// Two that run at once create one user: TagoIO refuses the second creation, because the address is taken, and that
    /// user is changed instead. A creation whose answer gets lost isn't an error either: the address tells whether there
    /// is a user now, and when there is none, it is tried once more. But two that *change* a user at once may undo each
    /// other's tags, options and custom fields: TagoIO replaces each of these as a whole.
    ///
    /// [`find_by_email`](UsersApi::find_by_email), then `POST /run/users` or `PUT /run/users/{user}` or neither; besides,
    /// `GET /run/users/{user}` when the record sets what lists don't show.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for a record that TagoIO would refuse: without a name, a time zone or a
    /// password for a new user, for example. [`is_limit_reached`](crate::Error::is_limit_reached) when no further user is
    /// allowed; otherwise as [`list`](UsersApi::list), [`create`](UsersApi::create) and [`edit`](UsersApi::edit). After any
    /// error it may be called again: nobody is created twice.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::bulk::users::{TagPolicy, UserRecord};
    /// use tagoio::run::Upserted;
    /// # let tago = tagoio::sandbox::Sandbox::new().client()?;
    ///
    /// let jane = UserRecord::new("jane@example.com")
    ///     .name("Jane")
    ///     .timezone("Europe/Lisbon")
    ///     .generate_password(true)
    ///     .tag("site", "lisbon");
    /// let users = tago.run().users();
    /// assert!(matches!(users.upsert(&jane, TagPolicy::Merge)?, Upserted::Created { .. }));
    /// assert!(matches!(users.upsert(&jane, TagPolicy::Merge)?, Upserted::Unchanged { .. }));
    /// match users.upsert(&jane.tag("floor", "2"), TagPolicy::Merge)? {
    ///     Upserted::Updated { changes, .. } => assert_eq!(changes[0].to.as_deref(), Some("site=lisbon;floor=2")),
    ///     other => panic!("{other:?}"),
    /// }
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn upsert(&self, user: &UserRecord, tags: TagPolicy) -> Result<Upserted> {
        upsert::upsert(self.client, user, tags)
    }

    /// Gives a user tags, and gives all that the user has then. A given key replaces all tags of that key, the others
    /// stay: see [`Tag::merge`].
    ///
    /// `GET /run/users/{user}`, and `PUT /run/users/{user}` unless the user has them already. TagoIO only replaces tags
    /// as a whole, so what somebody else changes between these two is undone.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't; otherwise as [`edit`](UsersApi::edit).
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// # let sandbox = tagoio::sandbox::Sandbox::new();
    /// # let (tago, user) = (sandbox.client()?, &sandbox.users()[0].id);
    /// let tags = tago.run().users().merge_tags(user, [("site", "lisbon"), ("floor", "2")])?;
    /// assert!(tags.contains(&("floor", "2").into()));
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn merge_tags<T: Into<Tag>>(
        &self,
        user: impl Into<UserId>,
        tags: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Tag>> {
        let given: Vec<Tag> = tags.into_iter().map(Into::into).collect();
        let user = self.info(user)?;
        let merged = Tag::merge(&user.tags, &given);
        if Tag::are_same(&merged, &user.tags) {
            return Ok(user.tags);
        }
        self.edit(&user.id, &UserEdit::new().tags(merged.clone()))?;
        Ok(merged)
    }

    /// Looks up the users who are to be deleted: those that a query fits, or these. Nobody is until
    /// [`run`](UserJob::run) says so; up to then it is a dry run. Then they are, as they were looked up: also who doesn't
    /// fit the query any more, and nobody who fits it only since. Who is gone already is
    /// [`Missing`](crate::bulk::Action::Missing), which is no failure.
    ///
    /// `GET /run/users`, as often as it takes; each deletion is a `DELETE /run/users/{user}`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for a query that keeps nobody out: [`UserSelection::Everybody`] says that
    /// everybody is meant. Also when TagoIO gives a user who lacks a tag that the query asks for. Otherwise as
    /// [`list`](UsersApi::list).
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::bulk::Bulk;
    /// use tagoio::run::UserQuery;
    /// use tagoio::sandbox::Plan;
    /// # let tago = tagoio::sandbox::Sandbox::new().client()?;
    ///
    /// let leavers = tago.run().users().delete_all(UserQuery::new().tag("site", "porto"))?;
    /// for user in leavers.users() {
    ///     println!("{} would be deleted", user.email.as_deref().unwrap_or_default());
    /// }
    /// let report = leavers.run(&Bulk::new(&tago).plan(Plan::Scale));
    /// for user in report.failures() {
    ///     eprintln!("{}: {:?}", user.id, user.outcome);
    /// }
    /// # assert!(report.is_complete() && !leavers.is_empty());
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn delete_all(&self, users: impl Into<UserSelection>) -> Result<UserJob<DeleteUser>> {
        UserJob::new(self.client, &users.into(), |user| DeleteUser::new(user))
    }

    /// Creates a user, and gives the id.
    ///
    /// `POST /run/users` · Access Management: *Run User / Create*. 60, 100 or 1,000 requests a minute on the Free, Starter
    /// and Scale plan; as many users as are allocated to the profile.
    ///
    /// # Errors
    ///
    /// [`is_limit_reached`](crate::Error::is_limit_reached) when no further user is allowed; [`Error::Api`](crate::Error::Api)
    /// with TagoIO's sentence for an e-mail address that is taken or a password that is too weak. The request is never
    /// repeated after it may have been delivered: look for the e-mail address then.
    ///
    /// ```no_run
    /// # use tagoio::{Password, run::NewUser};
    /// # fn run(tago: &tagoio::Client, password: Password) -> tagoio::Result<()> {
    /// let new = NewUser::new("Jane", "jane@example.com", "Europe/Lisbon").password(password).active(true);
    /// let id = tago.run().users().create(&new)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "userCreate")]
    #[doc(alias = "UserCreateResponse")]
    pub fn create(&self, user: &NewUser) -> Result<UserId> {
        #[derive(Deserialize)]
        struct Created {
            user: UserId,
        }

        self.client.send::<Created>(post("/run/users").json(user)).map(|created| created.user)
    }

    /// Changes a user, and gives TagoIO's confirmation.
    ///
    /// `PUT /run/users/{user}` · Access Management: *Run User / Edit*. 60, 100 or 1,000 requests a minute, by plan.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't; [`Error::Api`](crate::Error::Api) with
    /// TagoIO's sentence for a value that it doesn't take: a password that is too weak, a time zone that there isn't.
    ///
    /// ```no_run
    /// # use tagoio::{Patch, run::UserEdit};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().users().edit("61eb25a4d6a4a20011d4cd3c", &UserEdit::new().phone(Patch::Clear))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "userEdit")]
    pub fn edit(&self, user: impl Into<UserId>, edit: &UserEdit) -> Result<String> {
        self.client.confirm(put("/run/users/{user}").segment(user.into()).json(edit))
    }

    /// Deletes a user and all the user's tokens, for good, and gives TagoIO's confirmation.
    ///
    /// `DELETE /run/users/{user}` · Access Management: *Run User / Delete*.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't (any more).
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().users().delete("61eb25a4d6a4a20011d4cd3c")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "userDelete")]
    pub fn delete(&self, user: impl Into<UserId>) -> Result<String> {
        self.client.confirm(delete("/run/users/{user}").segment(user.into()))
    }

    /// Creates a token that acts as a user. It is good until it expires: TagoIO can't revoke it but by deactivating or
    /// deleting the user. Each call is in the audit log.
    ///
    /// `GET /run/users/{user}/login` · Access Management: *Run User / Login as user*. TagoIO takes 8 hours when no expiry
    /// is given. Although it is a GET it mints a secret, so it is never repeated after it may have been delivered.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't; [`Error::Api`](crate::Error::Api) with
    /// TagoIO's sentence for one who isn't active.
    ///
    /// ```no_run
    /// # use tagoio::{Expiry, TimeUnit};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let users = tago.run().users();
    /// let login = users.login_as("61eb25a4d6a4a20011d4cd3c", Some(&Expiry::after(1, TimeUnit::Hour)))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "loginAsUser")]
    #[doc(alias = "LoginAsUserOptions")]
    pub fn login_as(&self, user: impl Into<UserId>, expire_time: Option<&Expiry>) -> Result<LoginToken> {
        let mut operation = get("/run/users/{user}/login").segment(user.into()).never_repeat();
        if let Some(expire_time) = expire_time {
            operation = operation.pair("expire_time", expire_time);
        }
        self.client.send(operation)
    }

    /// Sends a user the invitation once more, and gives TagoIO's confirmation.
    ///
    /// `POST /run/users/{user}/invite`
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't. The request is never repeated after it
    /// may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::run::UserInvite;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let invite = UserInvite::new().invite_template("second_invitation");
    /// tago.run().users().resend_invite("61eb25a4d6a4a20011d4cd3c", &invite)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "userResendInvite")]
    pub fn resend_invite(&self, user: impl Into<UserId>, invite: &UserInvite) -> Result<String> {
        self.client.confirm(post("/run/users/{user}/invite").segment(user.into()).json(invite))
    }
}
