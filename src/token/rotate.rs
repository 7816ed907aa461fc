//! A token in place of another.

use super::{CreatedToken, NewToken, TokenApi, TokenInfo, TokenQuery};
use crate::error::{Error, Result};
use crate::id::ProfileId;
use crate::secret::Token;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a token isn't [rotated](TokenApi::rotate), and so which tokens there are now. It shows none of them.
///
/// ```no_run
/// # use tagoio::{ProfileId, Token, token::{NewToken, RotationError}};
/// # fn run(tago: &tagoio::Client, old: &Token, new: &NewToken) -> Result<(), Box<dyn std::error::Error>> {
/// match tago.token().rotate(ProfileId::CURRENT, old, new, |new| std::fs::write("token.txt", new.token.expose())) {
///     // Both are good, and nobody has the new one.
///     Err(RotationError::NotHandedOver { new, source, .. }) => {
///         tago.token().delete(ProfileId::CURRENT, &new.token)?;
///         Err(source)
///     }
///     Err(error) => Err(error.into()),
///     Ok(_) => Ok(()),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// There is no new token. The old one is as good as before.
    #[error("no new token was created; {} stays", old_token(.old.as_deref()))]
    #[non_exhaustive]
    NotCreated {
        /// The name of the old token, as far as it is known.
        old: Option<String>,
        /// Why not.
        source: Box<Error>,
    },
    /// There may be a new token, which nobody was given: the answer that had it got lost. The old one is as good as
    /// before.
    #[error(
        "a new token `{name}` may have been created, which nobody was given ({}); {} stays",
        how_many(.found.as_deref()), old_token(.old.as_deref())
    )]
    #[non_exhaustive]
    MaybeCreated {
        /// The name of the old token, as far as it is known.
        old: Option<String>,
        /// What the new token is called in lists.
        name: String,
        /// The tokens of that name that were not there before: to be deleted, unless somebody else has created them.
        /// `None` when they could not be looked up. What TagoIO creates only after that isn't among them.
        found: Option<Vec<TokenInfo>>,
        /// What happened to the answer.
        source: Box<Error>,
    },
    /// The new token was not handed over. Both tokens are good: whoever may have got the new one can use it, and whoever
    /// has the old one, too.
    #[error("the new token `{}` was not handed over; both it and {} stay", .name, old_token(.old.as_deref()))]
    #[non_exhaustive]
    NotHandedOver {
        /// The name of the old token, as far as it is known.
        old: Option<String>,
        /// What the new token is called in lists.
        name: String,
        /// The new token: to be handed over in another way, or to be deleted.
        new: Box<CreatedToken>,
        /// What kept it from being handed over.
        #[source]
        source: Cause,
    },
    /// The new token was handed over, and the old one wasn't deleted, or [may not](Error::maybe_delivered) have been.
    #[error(
        "the new token `{}` was handed over; {} {} deleted",
        .name, old_token(.old.as_deref()), if .source.maybe_delivered() { "may not have been" } else { "was not" }
    )]
    #[non_exhaustive]
    OldNotDeleted {
        /// The name of the old token, as far as it is known.
        old: Option<String>,
        /// What the new token is called in lists.
        name: String,
        /// The new token.
        new: Box<CreatedToken>,
        /// Why not.
        source: Box<Error>,
    },
}

fn old_token(name: Option<&str>) -> String {
    name.map_or_else(|| "the old token".to_owned(), |name| format!("the old token `{name}`"))
}

fn how_many(found: Option<&[TokenInfo]>) -> String {
    found.map_or_else(|| "it could not be looked up".to_owned(), |found| format!("{} found", found.len()))
}

impl RotationError {
    /// The new token, when there is one that is known.
    pub fn new_token(&self) -> Option<&CreatedToken> {
        match self {
            Self::NotCreated { .. } | Self::MaybeCreated { .. } => None,
            Self::NotHandedOver { new, .. } | Self::OldNotDeleted { new, .. } => Some(new),
        }
    }

    /// The call that failed, unless it was the hand-over.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::NotCreated { source, .. }
            | Self::MaybeCreated { source, .. }
            | Self::OldNotDeleted { source, .. } => Some(source),
            Self::NotHandedOver { .. } => None,
        }
    }
}

impl TokenApi<'_> {
    /// Puts a new token in the place of an old one: creates it, hands it over, and only then deletes the old one.
    ///
    /// When a step fails, nothing is lost: up to the last step the old token stays, and the error says which tokens there
    /// are now. Should `hand_over` panic, both stay. A client that signs in with the old token can't be used any more afterwards:
    /// [`with_token`](crate::Client::with_token) makes one that can.
    ///
    /// `GET /profile/{profile}/token` for the name of the old token, then `POST /profile/{profile}/token` and
    /// `DELETE /profile/{profile}/token/{token}` · profile token only, and the account's e-mail address and password; with
    /// two-factor authentication also a code.
    ///
    /// # Errors
    ///
    /// [`RotationError::NotCreated`] when the profile has no such token, or the new one is refused;
    /// [`RotationError::MaybeCreated`] when the answer that had the new one got lost; [`RotationError::NotHandedOver`]
    /// with what `hand_over` gave; [`RotationError::OldNotDeleted`].
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::token::{NewToken, Permission, TokenQuery};
    /// # let sandbox = tagoio::sandbox::Sandbox::new();
    /// # let (tago, profile, password) = (sandbox.client()?, sandbox.profile_id(), sandbox.sign_in().1);
    /// # let dir = tempfile::tempdir()?;
    /// # let file = dir.path().join("token");
    ///
    /// let old = tago.token().list(&profile, &TokenQuery::new().name("Monthly report"))?.remove(0);
    /// let old = old.token.ok_or("TagoIO doesn't show it")?;
    /// let new = NewToken::new("Monthly report", Permission::Read).sign_in("alex.moreau@example.com", password);
    /// let made = tago.token().rotate(&profile, &old, &new, |new| std::fs::write(&file, new.token.expose()))?;
    /// assert_eq!(std::fs::read_to_string(&file)?, made.token.expose());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rotate<E: Into<Cause>>(
        &self,
        profile: impl Into<ProfileId>,
        old: &Token,
        new: &NewToken,
        hand_over: impl FnOnce(&CreatedToken) -> Result<(), E>,
    ) -> Result<CreatedToken, RotationError> {
        let profile = profile.into();
        let not_created = |old, source| RotationError::NotCreated { old, source: Box::new(source) };
        let before = self.all(&profile).map_err(|error| not_created(None, error))?;
        let old_name = before.iter().find(|info| is(info, old)).map(|info| info.name.clone());
        if old_name.is_none() && before.iter().all(|info| info.token.is_some()) {
            return Err(not_created(None, Error::config("token", "it is none of the profile's")));
        }
        let (name, old_name) = (new.name.clone(), old_name);
        let made = match self.create(&profile, new) {
            Ok(made) => made,
            Err(error) if error.maybe_delivered() => {
                let is_new = |info: &TokenInfo| info.name == name && !before.iter().any(|known| is_same(known, info));
                let found = self.all(&profile).ok().map(|all| all.into_iter().filter(is_new).collect());
                return Err(RotationError::MaybeCreated { old: old_name, name, found, source: Box::new(error) });
            }
            Err(error) => return Err(not_created(old_name, error)),
        };
        if let Err(error) = hand_over(&made) {
            let (new, source) = (Box::new(made), error.into());
            return Err(RotationError::NotHandedOver { old: old_name, name, new, source });
        }
        match self.delete_if_there(&profile, old) {
            Ok(()) => Ok(made),
            Err(error) => {
                let (new, source) = (Box::new(made), Box::new(error));
                Err(RotationError::OldNotDeleted { old: old_name, name, new, source })
            }
        }
    }

    fn all(self, profile: &ProfileId) -> Result<Vec<TokenInfo>> {
        self.iter(profile, &TokenQuery::new()).collect()
    }

    /// Deletes a token, unless that was done before.
    pub(super) fn delete_if_there(self, profile: &ProfileId, token: &Token) -> Result<()> {
        match self.delete(profile, token) {
            Ok(_) => Ok(()),
            // Most likely it was the try before whose answer got lost.
            Err(error) if error.is_missing() => Ok(()),
            Err(error) if error.is_unauthorized() && self.client.signs_in_with(token) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn is(info: &TokenInfo, token: &Token) -> bool {
    info.token.as_ref().is_some_and(|value| value.expose() == token.expose())
}

fn is_same(one: &TokenInfo, other: &TokenInfo) -> bool {
    match (&one.token, &other.token) {
        (Some(token), _) => is(other, token),
        (None, Some(_)) => false,
        (None, None) => (&one.name, &one.created_at) == (&other.name, &other.created_at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn tokens_that_are_not_shown_are_told_apart_by_name_and_date() {
        let (first, second) = ("2024-09-01T01:02:03.000Z", "2024-09-01T01:02:04.000Z");
        let info = |token: Option<&str>, name: &str, created_at: &str| -> TokenInfo {
            let token = token.map_or(Value::Null, Value::from);
            serde_json::from_value(json!({"token": token, "name": name, "created_at": created_at})).unwrap()
        };
        for (one, other, expected) in [
            (info(Some("a"), "report", first), info(Some("a"), "renamed", second), true),
            (info(Some("a"), "report", first), info(Some("b"), "report", first), false),
            (info(Some("a"), "report", first), info(None, "report", first), false),
            (info(None, "report", first), info(Some("a"), "report", first), false),
            (info(None, "report", first), info(None, "report", first), true),
            (info(None, "report", first), info(None, "report", second), false),
            (info(None, "report", first), info(None, "other", first), false),
        ] {
            assert_eq!(is_same(&one, &other), expected, "{one:?} {other:?}");
        }
    }
}
