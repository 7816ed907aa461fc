//! The tokens of a profile: what programs sign in with.

mod guard;
mod rotate;

pub use guard::TokenGuard;
pub use rotate::RotationError;

use std::borrow::Cow;

use serde::Deserialize;

use crate::client::Client;
use crate::error::Result;
use crate::id::{AccountId, ProfileId, ResourceId};
use crate::lenient::or_default;
use crate::macros::{open_enum, request};
use crate::page::{Direction, ITER_AMOUNT, LARGEST_AMOUNT, LIST_AMOUNT, Row, Rows, list_query, sealed};
use crate::profile::OtpType;
use crate::secret::{Password, PinCode, Token};

pub use crate::secret::VerificationCode;
use crate::time::{Expiry, ExpiryOfAnswer, Timestamp, null_is_never};
use crate::wire::{delete, get, post};

/// The operations on tokens: [`Client::token`]. They need a profile token.
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct TokenApi<'a> {
    pub(crate) client: &'a Client,
}

open_enum! {
    /// What a profile token may do.
    ///
    /// ```
    /// use tagoio::token::Permission;
    ///
    /// assert_eq!(Permission::from("read"), Permission::Read);
    /// assert_eq!(Permission::Full.to_string(), "full");
    /// ```
    #[doc(alias = "PermissionOption")]
    pub enum Permission {
        /// Everything.
        Full = "full",
        /// Only change.
        Write = "write",
        /// Only look.
        Read = "read",
        /// Nothing.
        Deny = "deny",
    }
}

request! {
    /// A token to be created.
    ///
    /// ```
    /// use tagoio::{Expiry, Password, TimeUnit};
    /// use tagoio::token::{NewToken, Permission};
    ///
    /// let token = NewToken::new("ci", Permission::Read)
    ///     .expire_time(Expiry::after(3, TimeUnit::Month))
    ///     .sign_in("me@example.com", Password::new("correct horse")?);
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[doc(alias = "TokenData")]
    pub struct NewToken {
        @required {
            /// What the token is called in lists.
            name: String,
            /// What it may do.
            permission: Permission,
        }
        /// When it expires. TagoIO chooses when nothing is said.
        #[serde(deserialize_with = "crate::time::expiry_as_written")]
        expire_time: Expiry,
        /// A serial number, for devices.
        serie_number: String,
        /// A verification code, for middleware.
        verification_code: VerificationCode,
        /// The middleware or kind of device, for devices.
        middleware: String,
        /// The e-mail address of the account.
        email: String,
        /// The password of the account.
        password: Password,
        /// The code, when the account uses two-factor authentication.
        pin_code: PinCode,
        /// Where the code came from.
        otp_type: OtpType,
    }
}

impl NewToken {
    /// Proves who asks: the account's e-mail address and password.
    #[doc(alias = "Authenticator")]
    pub fn sign_in(self, email: impl Into<String>, password: Password) -> Self {
        self.email(email.into()).password(password)
    }

    /// Adds the second factor of the proof.
    pub fn two_factor(self, otp_type: OtpType, pin_code: PinCode) -> Self {
        self.otp_type(otp_type).pin_code(pin_code)
    }
}

/// A token that was just created.
#[doc(alias = "TokenCreateResponse")]
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "CreatedTokenAnswer")]
#[non_exhaustive]
pub struct CreatedToken {
    /// The token itself.
    pub token: Token,
    /// What it is called in lists.
    pub name: Option<String>,
    /// What it may do.
    pub permission: Option<Permission>,
    /// When it expires; `None` when TagoIO doesn't say.
    pub expire_time: Option<Expiry>,
    /// The profile it belongs to.
    pub profile: Option<ProfileId>,
    /// The account that created it.
    pub created_by: Option<AccountId>,
}

#[derive(Deserialize)]
struct CreatedTokenAnswer {
    token: Token,
    name: Option<String>,
    permission: Option<Permission>,
    #[serde(flatten)]
    expiry: ExpiryOfAnswer,
    profile: Option<ProfileId>,
    created_by: Option<AccountId>,
}

impl From<CreatedTokenAnswer> for CreatedToken {
    fn from(answer: CreatedTokenAnswer) -> Self {
        let CreatedTokenAnswer { token, name, permission, expiry, profile, created_by } = answer;
        Self { token, name, permission, expire_time: expiry.either(), profile, created_by }
    }
}

/// A token of a profile, as a list that names no fields gives it.
#[doc(alias = "TokenDataList")]
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// What it is called.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The token itself; `None` should TagoIO not show it.
    #[serde(default)]
    pub token: Option<Token>,
    /// What it may do.
    #[serde(default)]
    pub permission: Option<Permission>,
    /// When it expires; `None` when TagoIO doesn't say.
    #[serde(default, deserialize_with = "null_is_never")]
    pub expire_time: Option<Expiry>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

/// A token of a profile, as a list of chosen fields gives it.
#[doc(alias = "TokenDataList")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TokenRow {
    /// The token itself.
    pub token: Option<Token>,
    /// What it is called.
    pub name: Option<String>,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it may do.
    pub permission: Option<Permission>,
    /// A serial number, for devices.
    pub serie_number: Option<String>,
    /// When it was last used.
    pub last_authorization: Option<Timestamp>,
    /// A verification code, for middleware.
    pub verification_code: Option<VerificationCode>,
    /// When it expires; `None` when TagoIO doesn't say.
    #[serde(deserialize_with = "null_is_never")]
    pub expire_time: Option<Expiry>,
    /// What it belongs to.
    pub ref_id: Option<ResourceId>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Who created it.
    pub created_by: Option<AccountId>,
}

open_enum! {
    /// A field of a token that a list can be asked for.
    pub enum TokenField {
        Token = "token",
        Name = "name",
        Kind = "type",
        Permission = "permission",
        SerieNumber = "serie_number",
        LastAuthorization = "last_authorization",
        VerificationCode = "verification_code",
        ExpireTime = "expire_time",
        RefId = "ref_id",
        CreatedAt = "created_at",
        CreatedBy = "created_by",
    }
}

open_enum! {
    /// A field that a list of tokens can be ordered by.
    pub enum TokenOrder {
        Name = "name",
        Permission = "permission",
        SerieNumber = "serie_number",
        VerificationCode = "verification_code",
        CreatedAt = "created_at",
    }
}

list_query! {
    /// Which tokens are wanted, and what of them. By default the oldest come first.
    ///
    /// ```
    /// use tagoio::Direction;
    /// use tagoio::token::{TokenOrder, TokenQuery};
    ///
    /// let query = TokenQuery::new().name("*ci*").order_by(TokenOrder::Name, Direction::Ascending);
    /// # let _ = query;
    /// ```
    #[doc(alias = "ListTokenQuery")]
    pub struct TokenQuery<TokenInfo, TokenRow> {
        field: TokenField,
        order: TokenOrder,
        default_fields: &[
            TokenField::Name,
            TokenField::Token,
            TokenField::Permission,
            TokenField::ExpireTime,
            TokenField::CreatedAt,
        ],
        default_order: (TokenOrder::CreatedAt, Direction::Ascending),
    }
}

impl<R> TokenQuery<R> {
    /// Only tokens of this name; `*` stands for anything.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.text_filter("name", name)
    }

    /// Only tokens of this permission.
    pub fn permission(self, permission: &Permission) -> Self {
        self.text_filter("permission", permission.as_str())
    }

    /// Only this token.
    pub fn token(self, token: &Token) -> Self {
        self.text_filter("token", token.expose())
    }

    /// Asks for what tells a token from the others, so that the iterator can tell a page that repeats; but not for the
    /// token itself, where it wasn't asked for.
    fn with_key(mut self) -> Self {
        if let Some(fields) = &mut self.fields {
            if !fields.is_empty() && !fields.contains(&TokenField::Token) {
                for field in [TokenField::Name, TokenField::CreatedAt] {
                    if !fields.contains(&field) {
                        fields.push(field);
                    }
                }
            }
        }
        self
    }
}

impl sealed::Sealed for TokenInfo {}

impl Row for TokenInfo {
    fn key(&self) -> Option<Cow<'_, str>> {
        key(self.token.as_ref(), Some(&self.name), self.created_at.as_ref())
    }
}

impl sealed::Sealed for TokenRow {}

impl Row for TokenRow {
    fn key(&self) -> Option<Cow<'_, str>> {
        key(self.token.as_ref(), self.name.as_deref(), self.created_at.as_ref())
    }
}

/// What tells a token from the others: itself or, where it isn't shown, its name and the moment of its creation.
fn key<'a>(token: Option<&'a Token>, name: Option<&str>, created_at: Option<&Timestamp>) -> Option<Cow<'a, str>> {
    match (token, name, created_at) {
        (Some(token), ..) => Some(Cow::Borrowed(token.expose())),
        (None, Some(name), Some(created_at)) => Some(Cow::Owned(format!("{created_at} {name}"))),
        _ => None,
    }
}

impl TokenApi<'_> {
    /// One page of a profile's tokens, in one request. The rows hold the tokens themselves.
    ///
    /// `GET /profile/{profile}/token` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, token::TokenQuery};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for token in tago.token().list(ProfileId::CURRENT, &TokenQuery::new().name("*ci*"))? {
    ///     println!("{} expires {:?}", token.name, token.expire_time);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "tokenList")]
    pub fn list<R: Row>(&self, profile: impl Into<ProfileId>, query: &TokenQuery<R>) -> Result<Vec<R>> {
        self.page(&profile.into(), query, query.first_page(), query.amount_or(LIST_AMOUNT))
    }

    /// All of a profile's tokens that fit the query, page by page as the iterator advances.
    ///
    /// `GET /profile/{profile}/token`, 1,000 rows a page when the query doesn't say. Where fields are chosen and the token
    /// isn't among them, name and creation date are asked for too. [`prefetch`](Rows::prefetch) has the next page fetched
    /// while this one is worked on.
    ///
    /// # Errors
    ///
    /// The iterator yields the first error, as [`list`](TokenApi::list) would, and ends.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, token::TokenQuery};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for token in tago.token().iter(ProfileId::CURRENT, &TokenQuery::new()) {
    ///     println!("{}", token?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "tokenList")]
    pub fn iter<R: Row>(&self, profile: impl Into<ProfileId>, query: &TokenQuery<R>) -> Rows<R> {
        let (client, profile, query) = (self.client.clone(), profile.into(), query.clone().with_key());
        let amount = query.amount_or(ITER_AMOUNT).min(LARGEST_AMOUNT);
        Rows::new(query.first_page(), amount, move |page| client.token().page(&profile, &query, page, amount))
    }

    fn page<R: Row>(self, profile: &ProfileId, query: &TokenQuery<R>, page: u32, amount: u32) -> Result<Vec<R>> {
        let operation = get("/profile/{profile}/token").segment(profile);
        self.client.send(operation.query(query.encode(page, amount)))
    }

    /// Creates a token, and gives it.
    ///
    /// `POST /profile/{profile}/token` · profile token only, and the account's e-mail address and password; with
    /// two-factor authentication also a code.
    ///
    /// # Errors
    ///
    /// [`is_wrong_password`](crate::Error::is_wrong_password) when password or code are wrong;
    /// [`is_two_factor_required`](crate::Error::is_two_factor_required) when a code is missing. The request mints a secret,
    /// so it is never repeated after it may have been delivered: look at [`list`](TokenApi::list) then.
    ///
    /// ```no_run
    /// # use tagoio::{Password, ProfileId, token::{NewToken, Permission}};
    /// # fn run(tago: &tagoio::Client, password: Password) -> tagoio::Result<()> {
    /// let new = NewToken::new("ci", Permission::Read).sign_in("me@example.com", password);
    /// let made = tago.token().create(ProfileId::CURRENT, &new)?;
    /// std::fs::write("token.txt", made.token.expose()).expect("the file can be written");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "tokenCreate")]
    pub fn create(&self, profile: impl Into<ProfileId>, token: &NewToken) -> Result<CreatedToken> {
        self.client.send(post("/profile/{profile}/token").segment(profile.into()).json(token).never_repeat())
    }

    /// Revokes a token, and gives TagoIO's confirmation.
    ///
    /// `DELETE /profile/{profile}/token/{token}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a token that the profile doesn't have.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, Token};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.token().delete(ProfileId::CURRENT, &Token::new("p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4")?)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "tokenDelete")]
    pub fn delete(&self, profile: impl Into<ProfileId>, token: &Token) -> Result<String> {
        let operation = delete("/profile/{profile}/token/{token}").segment(profile.into());
        self.client.confirm(operation.secret_segment(token))
    }
}
