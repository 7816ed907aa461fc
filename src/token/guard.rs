//! A token for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{fmt, thread};

use super::{CreatedToken, NewToken, TokenApi};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::ProfileId;
use crate::patch::Patch;
use crate::secret::Token;
use crate::time::{Expiry, TimeUnit};

/// A token that is deleted when it is dropped: [`TokenApi::guard`].
///
/// What becomes of the deletion then, nobody is told, but for a line in the log (feature `log`) when it fails;
/// [`close`](TokenGuard::close) says it. Either takes as long as the deletion does, the client's retries included. A
/// process that ends by [`std::process::exit`], or is killed, drops nothing: that is why the token expires soon.
///
/// ```no_run
/// # use tagoio::{ProfileId, token::NewToken};
/// # fn run(tago: &tagoio::Client, new: &NewToken) -> tagoio::Result<()> {
/// let guard = tago.token().guard(ProfileId::CURRENT, new)?;
/// println!("{}", guard.client()?.profile().info(ProfileId::CURRENT)?.info.name);
/// guard.close()?; // says so when it isn't deleted; `drop` doesn't
/// # Ok(())
/// # }
/// ```
#[must_use = "it is deleted as soon as it is dropped"]
pub struct TokenGuard {
    client: Client,
    profile: ProfileId,
    created: CreatedToken,
    /// Whether it is still to be deleted.
    armed: bool,
}

impl TokenGuard {
    /// The token.
    pub fn token(&self) -> &Token {
        &self.created.token
    }

    /// A client that signs in with it.
    ///
    /// # Errors
    ///
    /// As [`Client::with_token`].
    pub fn client(&self) -> Result<Client> {
        self.client.with_token(self.token())
    }

    /// Deletes it now. One that is deleted already is no error.
    ///
    /// # Errors
    ///
    /// As [`TokenApi::delete`]. The token is not deleted then, or may not be, and is good until it expires.
    pub fn close(mut self) -> Result<()> {
        self.armed = false;
        self.client.token().delete_if_there(&self.profile, self.token())
    }

    /// Keeps it after all: it isn't deleted any more.
    pub fn keep(mut self) -> CreatedToken {
        self.armed = false;
        self.created.clone()
    }
}

impl Drop for TokenGuard {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let delete = || {
            if let Err(error) = self.client.token().delete_if_there(&self.profile, self.token()) {
                not_deleted(&self.created, &error);
            }
        };
        if thread::panicking() {
            // A transport that panics as well would end the process, and the first panic would not be seen.
            drop(catch_unwind(AssertUnwindSafe(delete)));
        } else {
            delete();
        }
    }
}

/// Who drops a token isn't told what becomes of it; who reads the log is.
#[cfg(feature = "log")]
fn not_deleted(token: &CreatedToken, error: &Error) {
    let name = token.name.as_deref().unwrap_or("without a name");
    log::warn!(target: "tagoio", "the token {name:?} was dropped, and not deleted, or maybe not: {error}");
}

#[cfg(not(feature = "log"))]
fn not_deleted(_: &CreatedToken, _: &Error) {}

impl fmt::Debug for TokenGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenGuard")
            .field("profile", &self.profile)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

impl TokenApi<'_> {
    /// Creates a token that is deleted when the guard is dropped. It expires after an hour, unless the request says
    /// otherwise, so that it doesn't outlive for long a process that was killed.
    ///
    /// `POST /profile/{profile}/token`, and `DELETE /profile/{profile}/token/{token}` in the end · profile token only, and
    /// the account's e-mail address and password; with two-factor authentication also a code.
    ///
    /// # Errors
    ///
    /// As [`create`](TokenApi::create). After an error that [may have been delivered](crate::Error::maybe_delivered)
    /// there may be a token that nobody has, until it expires.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::token::{NewToken, Permission};
    /// # let sandbox = tagoio::sandbox::Sandbox::new();
    /// # let (tago, profile, password) = (sandbox.client()?, sandbox.profile_id(), sandbox.sign_in().1);
    ///
    /// let new = NewToken::new("one-off report", Permission::Read).sign_in("alex.moreau@example.com", password);
    /// let guard = tago.token().guard(&profile, &new)?;
    /// println!("{}", guard.client()?.run().users().list(&Default::default())?.len());
    /// guard.close()?;
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn guard(&self, profile: impl Into<ProfileId>, token: &NewToken) -> Result<TokenGuard> {
        let profile = profile.into();
        let mut new = token.clone();
        if new.expire_time.is_keep() {
            new.expire_time = Patch::Set(Expiry::after(1, TimeUnit::Hour));
        }
        let created = self.create(&profile, &new)?;
        Ok(TokenGuard { client: self.client.clone(), profile, created, armed: true })
    }
}
