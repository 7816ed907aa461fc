use std::collections::HashSet;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::page::Direction;
use crate::run::{Passes, UserField, UserOrder, UserQuery, UserRow};

/// Which users some work is about.
///
/// ```
/// use tagoio::UserId;
/// use tagoio::bulk::users::UserSelection;
/// use tagoio::run::UserQuery;
///
/// let of_a_customer: UserSelection = UserQuery::new().tag("organization_id", "acme").into();
/// let these: UserSelection = [UserId::new("61eb25a4d6a4a20011d4cd3c")].into();
/// # let _ = (of_a_customer, these);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum UserSelection {
    /// Those that a query fits. Its page and its order aren't looked at.
    Query(UserQuery),
    /// These, each once.
    Users(Vec<UserId>),
    /// All of the portal's users.
    Everybody,
}

/// A user that work is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SelectedUser {
    /// The user's id.
    pub id: UserId,
    /// The name; `None` when the user was selected by the id.
    pub name: Option<String>,
    /// The e-mail address; `None` when the user was selected by the id.
    pub email: Option<String>,
}

impl UserSelection {
    /// Looks up who is meant: each user once, in the order of their creation, or in that of the list of ids. Nobody is left
    /// out because others go meanwhile: where there are several pages, they are read again until nobody new is on them.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for a query that [keeps nobody out](UserQuery::fits_everybody), and when
    /// TagoIO gives a user who lacks a tag that the query asks for; otherwise as
    /// [`UsersApi::list`](crate::run::UsersApi::list).
    pub fn resolve(&self, client: &Client) -> Result<Vec<SelectedUser>> {
        let query = match self {
            Self::Users(ids) => {
                let mut seen = HashSet::new();
                let ids = ids.iter().filter(|id| seen.insert(*id));
                return Ok(ids.map(|id| SelectedUser { id: id.clone(), name: None, email: None }).collect());
            }
            Self::Query(query) if query.fits_everybody() => {
                return Err(Error::config("user query", "it keeps nobody out; everybody has to be meant explicitly"));
            }
            Self::Query(query) => query.clone(),
            Self::Everybody => UserQuery::new(),
        };
        // Whoever registers meanwhile comes last then, and shifts nobody to another page.
        let rows = query.clone().page(1).order_by(UserOrder::CreatedAt, Direction::Ascending).fields([
            UserField::Id,
            UserField::Name,
            UserField::Email,
            UserField::Tags,
        ]);
        let mut users = Vec::new();
        client.run().users().each_once(&rows, Passes::UntilNobodyIsNew, |row| {
            let row = row?;
            let missing = missing_tag(&query, &row);
            let Some(id) = row.id else { return Ok(()) };
            // A filter that TagoIO didn't understand would fit everybody.
            if let Some(key) = missing {
                let problem = format!("TagoIO gave the user {id}, who has no such tag `{key}` as is asked for");
                return Err(Error::config("user query", problem));
            }
            users.push(SelectedUser { id, name: row.name, email: row.email });
            Ok(())
        })?;
        Ok(users)
    }
}

/// The key of a tag that a query asks for and a user lacks, as far as the user's tags are shown.
fn missing_tag<'a>(query: &'a UserQuery, user: &UserRow) -> Option<&'a str> {
    // How TagoIO compares isn't documented in all detail: only what certainly differs counts.
    let is_same = |has: &str, wanted: &str| wanted.contains('*') || has.to_lowercase() == wanted.to_lowercase();
    let tags = user.tags.as_deref()?;
    let lacks = |(key, value): &(&str, Option<&str>)| {
        !tags.iter().any(|tag| is_same(&tag.key, key) && value.is_none_or(|value| is_same(&tag.value, value)))
    };
    query.tags().find(lacks).map(|(key, _)| key)
}

impl From<UserQuery> for UserSelection {
    fn from(query: UserQuery) -> Self {
        Self::Query(query)
    }
}

impl From<&UserQuery> for UserSelection {
    fn from(query: &UserQuery) -> Self {
        Self::Query(query.clone())
    }
}

impl From<Vec<UserId>> for UserSelection {
    fn from(ids: Vec<UserId>) -> Self {
        Self::Users(ids)
    }
}

impl From<&[UserId]> for UserSelection {
    fn from(ids: &[UserId]) -> Self {
        Self::Users(ids.to_vec())
    }
}

impl From<&Vec<UserId>> for UserSelection {
    fn from(ids: &Vec<UserId>) -> Self {
        Self::Users(ids.clone())
    }
}

impl<const N: usize> From<[UserId; N]> for UserSelection {
    fn from(ids: [UserId; N]) -> Self {
        Self::Users(ids.into())
    }
}

impl FromIterator<UserId> for UserSelection {
    fn from_iter<I: IntoIterator<Item = UserId>>(ids: I) -> Self {
        Self::Users(ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_user_who_lacks_a_tag_is_told_from_one_whose_tags_are_not_shown() {
        let lisbon = json!([{"key": "site", "value": "Lisbon"}, {"key": "floor", "value": "2"}]);
        for (query, tags, missing) in [
            (UserQuery::new().tag("site", "lisbon"), lisbon.clone(), None),
            (UserQuery::new().tag("site", "l*"), lisbon.clone(), None),
            (UserQuery::new().tag_key("site").tag("floor", "2"), lisbon.clone(), None),
            (UserQuery::new().tag("site", "porto"), lisbon.clone(), Some("site")),
            (UserQuery::new().tag("site", "lisbon").tag_key("access"), lisbon.clone(), Some("access")),
            (UserQuery::new().tag("site", "2"), lisbon, Some("site")),
            (UserQuery::new().tag("site", "porto"), json!([]), Some("site")),
            (UserQuery::new().tag("site", "porto"), json!(null), None),
            (UserQuery::new().active(true), json!([]), None),
        ] {
            let user: UserRow = from_value(json!({"id": "1", "tags": tags})).unwrap();
            assert_eq!(missing_tag(&query, &user), missing, "{query:?} {tags}");
        }
    }
}
