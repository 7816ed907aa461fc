//! The users that TagoIO has of those that a list names.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::address::key_of;
use super::list::UserList;
use super::plan::PlanError;
use super::watch::Watch;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::page::Direction;
use crate::run::{Passes, UserInfo, UserOrder, UserQuery};

/// Up to so many users, each is looked up; for more, all users are gone through.
const FEW: usize = 50;

/// How many look-ups there are at once. No rate limit of TagoIO's is known for them.
const AT_ONCE: usize = 8;

/// Finds users by their ids or e-mail addresses, whatever the case of these; `None` stands for one that isn't there. What
/// has an `@` is taken for an address.
///
/// Up to 50 are looked up one by one, several at once; for more of them all users are gone through. So a user may lack what
/// lists don't show: [`details`] has it.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::users;
/// # let tago = tagoio::sandbox::Sandbox::new().client()?;
///
/// let found = users::find(&tago, &["Beatriz.Almeida@Example.com", "nobody@example.com"])?;
/// assert_eq!(found[0].as_ref().map(|user| user.name.as_str()), Some("Beatriz Almeida"));
/// assert!(found[1].is_none());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
///
/// # Errors
///
/// The first error, as [`UsersApi::list`](crate::run::UsersApi::list) and [`info`](crate::run::UsersApi::info) would give
/// it. One who isn't there is none.
pub fn find(client: &Client, names: &[impl AsRef<str> + Sync]) -> Result<Vec<Option<UserInfo>>> {
    if names.len() > FEW {
        return find_in_one_pass(client, names);
    }
    each(names, |name| match name.as_ref() {
        email if is_email(email) => client.run().users().find_by_email(email),
        id => detail(client, &UserId::new(id)),
    })
}

/// Reads users as a whole, several at once; `None` stands for one that isn't there (any more).
///
/// # Errors
///
/// The first error, as [`UsersApi::list`](crate::run::UsersApi::list) and [`info`](crate::run::UsersApi::info) would give
/// it. One who isn't there is none.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::UserId;
/// use tagoio::bulk::users;
/// # let sandbox = tagoio::sandbox::Sandbox::new();
/// # let tago = sandbox.client()?;
///
/// let ids = [sandbox.users()[0].id.clone(), UserId::new("61eb25a4d6a4a20011d4cd3c")];
/// let whole = users::details(&tago, &ids)?;
/// assert!(whole[0].as_ref().is_some_and(|user| user.options.is_some()));
/// assert!(whole[1].is_none());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
pub fn details(client: &Client, users: &[UserId]) -> Result<Vec<Option<UserInfo>>> {
    each(users, |id| detail(client, id))
}

fn detail(client: &Client, id: &UserId) -> Result<Option<UserInfo>> {
    match client.run().users().info(id) {
        Ok(user) => Ok(Some(user)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

fn find_in_one_pass(client: &Client, names: &[impl AsRef<str>]) -> Result<Vec<Option<UserInfo>>> {
    let key = |name: &str| if is_email(name) { key_of(name) } else { name.to_owned() };
    let mut found: HashMap<String, Option<UserInfo>> = names.iter().map(|name| (key(name.as_ref()), None)).collect();
    client.run().users().each_once(&all(), Passes::UntilNobodyIsNew, |user| {
        let user = user?;
        for key in [user.id.as_str().to_owned(), key_of(&user.email)] {
            if let Some(entry) = found.get_mut(&key) {
                *entry = Some(user.clone());
            }
        }
        Ok::<_, Error>(())
    })?;
    Ok(names.iter().map(|name| found.get(&key(name.as_ref())).cloned().flatten()).collect())
}

fn is_email(name: &str) -> bool {
    name.contains('@')
}

/// All users. Who is created meanwhile comes last, and moves nobody to another page.
fn all() -> UserQuery {
    UserQuery::new().order_by(UserOrder::CreatedAt, Direction::Ascending)
}

/// What TagoIO has.
#[derive(Default)]
pub(super) struct Existing {
    /// The users of the list, by their keys.
    pub(super) listed: HashMap<String, UserInfo>,
    /// The id and the e-mail address of the others, when they were asked for.
    pub(super) others: Vec<(UserId, String)>,
}

impl Existing {
    pub(super) fn of(
        client: &Client,
        list: &UserList,
        with_others: bool,
        watch: &Watch<'_>,
    ) -> Result<Self, PlanError> {
        let mut existing = if with_others || list.len() > FEW {
            Self::in_one_pass(client, list, with_others, watch)?
        } else {
            Self::one_by_one(client, list, watch)?
        };
        existing.complete(client, list, watch)?;
        Ok(existing)
    }

    fn one_by_one(client: &Client, list: &UserList, watch: &Watch<'_>) -> Result<Self, PlanError> {
        let count = watch.count(Some(list.len()));
        let found =
            each(&list.entries, |listed| count.add(|| client.run().users().find_by_email(&listed.record.email)))?;
        let listed = found.into_iter().flatten().map(|user| (key_of(&user.email), user)).collect();
        Ok(Self { listed, others: Vec::new() })
    }

    fn in_one_pass(client: &Client, list: &UserList, with_others: bool, watch: &Watch<'_>) -> Result<Self, PlanError> {
        let mut wanted: HashMap<String, Option<UserInfo>> =
            list.entries.iter().map(|listed| (key_of(&listed.record.email), None)).collect();
        let mut others = Vec::new();
        let count = watch.count(None);
        // Whoever of the list is missed is found when it comes to the creation; of the others, nobody would.
        let passes = if with_others { Passes::UntilNobodyIsNew } else { Passes::One };
        client.run().users().each_once(&all(), passes, |user| {
            let user = count.add(|| user)?;
            match wanted.get_mut(&key_of(&user.email)) {
                Some(found) => *found = Some(user),
                None if with_others => others.push((user.id, user.email)),
                None => {}
            }
            Ok::<_, PlanError>(())
        })?;
        let listed = wanted.into_iter().filter_map(|(key, user)| Some((key, user?))).collect();
        others.sort_unstable_by(|(one_id, one), (other_id, other)| (one, one_id).cmp(&(other, other_id)));
        Ok(Self { listed, others })
    }

    /// Fetches what lists don't show of the users of whom it is needed.
    fn complete(&mut self, client: &Client, list: &UserList, watch: &Watch<'_>) -> Result<(), PlanError> {
        let (keys, ids): (Vec<String>, Vec<UserId>) = list
            .entries
            .iter()
            .filter(|listed| listed.record.goes_beyond_lists())
            .filter_map(|listed| {
                let key = key_of(&listed.record.email);
                self.listed.get(&key).map(|user| (key, user.id.clone()))
            })
            .unzip();
        let count = watch.count(Some(ids.len()));
        let whole = each(&ids, |id| count.add(|| detail(client, id)))?;
        for (key, user) in keys.into_iter().zip(whole) {
            match user {
                Some(user) => self.listed.insert(key, user),
                // Gone meanwhile.
                None => self.listed.remove(&key),
            };
        }
        Ok(())
    }
}

/// Does the same for each item, several at once, and gives what came of it in the order of the items. The first error
/// ends it.
fn each<T: Sync, R: Send, E: Send>(items: &[T], work: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((at, result));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..AT_ONCE.min(items.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut done = worker();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..1000).collect();
        assert_eq!(
            each(&items, |item| Ok::<_, Error>(item * 2)).unwrap(),
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        assert_eq!(each(&[], |item: &u32| Ok::<_, Error>(*item)).unwrap(), Vec::<u32>::new());
    }

    #[test]
    fn the_first_error_ends_it() {
        let items: Vec<u32> = (0..1000).collect();
        let fail = |item: &u32| if *item == 7 { Err(Error::config("item", "seven")) } else { Ok(()) };
        assert_eq!(each(&items, fail).unwrap_err().to_string(), "invalid item: seven");
    }
}
