//! The members of a profile's team: people with TagoIO accounts of their own who may work in the profile.

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Result;
use crate::id::{AccountId, ProfileId};
use crate::lenient::or_default;
use crate::time::Timestamp;
use crate::wire::{delete, get, post};

/// The operations on a team: [`Client::team`]. They need a profile token of the account that owns the profile.
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct TeamApi<'a> {
    pub(crate) client: &'a Client,
}

/// A member of a profile's team.
#[doc(alias = "ProfileTeam")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TeamMember {
    /// The member's account.
    pub id: AccountId,
    /// Whether the invitation was accepted.
    #[serde(default, deserialize_with = "or_default")]
    pub active: bool,
    /// The member's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The member's e-mail address.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// When the member was invited.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

impl TeamApi<'_> {
    /// The members of a profile's team, the invited ones included.
    ///
    /// `GET /profile/{profile}/team` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for member in tago.team().list(ProfileId::CURRENT)? {
    ///     println!("{} {}", member.email, if member.active { "" } else { "(invited)" });
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "teamList")]
    pub fn list(&self, profile: impl Into<ProfileId>) -> Result<Vec<TeamMember>> {
        self.client.send(get("/profile/{profile}/team").segment(profile.into()))
    }

    /// Invites somebody by e-mail, and gives TagoIO's confirmation. The invitation is good for 7 days.
    ///
    /// `POST /profile/{profile}/team` · profile token of the owner only. Limits: no, 1 or 5 members on the Free, Starter
    /// and Scale plan.
    ///
    /// # Errors
    ///
    /// [`is_limit_reached`](crate::Error::is_limit_reached) when the plan allows no further member;
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for who isn't the owner. The request is never repeated
    /// after it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.team().add(ProfileId::CURRENT, "new.colleague@example.com")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "addTeamMember")]
    pub fn add(&self, profile: impl Into<ProfileId>, email: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Invitation<'a> {
            email: &'a str,
        }

        let operation = post("/profile/{profile}/team").segment(profile.into());
        self.client.confirm(operation.json(&Invitation { email }))
    }

    /// Removes a member, or takes an invitation back, and gives TagoIO's confirmation.
    ///
    /// `DELETE /profile/{profile}/team/{account}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for somebody who isn't a member.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.team().remove(ProfileId::CURRENT, "612ea05e3cc07800127153892")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "deleteTeamMember")]
    pub fn remove(&self, profile: impl Into<ProfileId>, account: impl Into<AccountId>) -> Result<String> {
        let operation = delete("/profile/{profile}/team/{account}").segment(profile.into());
        self.client.confirm(operation.segment(account.into()))
    }
}
