//! The users of a portal with their notifications, found by id and by e-mail address.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::dates;
use super::list::{ListQuery, Record, Selection};
use crate::Tag;

pub(super) struct User {
    pub(super) id: String,
    pub(super) profile: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) timezone: String,
    pub(super) company: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) language: Option<String>,
    pub(super) tags: Vec<Tag>,
    pub(super) active: bool,
    pub(super) newsletter: Option<bool>,
    pub(super) options: Map<String, Value>,
    pub(super) custom_preferences: Map<String, Value>,
    pub(super) force_password_change: bool,
    pub(super) last_login: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    /// In the order of creation.
    pub(super) notifications: Vec<Notification>,
}

pub(super) struct Notification {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) read: bool,
    pub(super) icon: Option<Value>,
    /// As they were sent: there are two dialects.
    pub(super) buttons: Vec<Value>,
    pub(super) buttons_enabled: bool,
    pub(super) buttons_autodisable: bool,
    pub(super) created_at: DateTime<Utc>,
}

impl Record for User {
    fn value(&self, field: &str) -> Value {
        match field {
            "id" => json!(self.id),
            "name" => json!(self.name),
            "email" => json!(self.email),
            "timezone" => json!(self.timezone),
            "company" => json!(self.company),
            "phone" => json!(self.phone),
            "language" => json!(self.language),
            "tags" => json!(self.tags),
            "active" => json!(self.active),
            "last_login" => dates::json_or_null(self.last_login),
            "created_at" => dates::json(self.created_at),
            "updated_at" => dates::json(self.updated_at),
            _ => Value::Null,
        }
    }

    fn date(&self, field: &str) -> Option<DateTime<Utc>> {
        match field {
            "last_login" => self.last_login,
            "created_at" => Some(self.created_at),
            "updated_at" => Some(self.updated_at),
            _ => None,
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        match field {
            "id" => Some(&self.id),
            "name" => Some(&self.name),
            "email" => Some(&self.email),
            "timezone" => Some(&self.timezone),
            "company" => self.company.as_deref(),
            "phone" => self.phone.as_deref(),
            "language" => self.language.as_deref(),
            _ => None,
        }
    }

    fn flag(&self, field: &str) -> Option<bool> {
        (field == "active").then_some(self.active)
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// Keeps its indexes true: users come, change and go through it only.
#[derive(Default)]
pub(super) struct Directory {
    users: BTreeMap<String, User>,
    /// By e-mail address in lower case.
    by_email: HashMap<String, String>,
    /// The user of each notification.
    notified: HashMap<String, String>,
    /// The lists that were asked for last, the latest first.
    listings: VecDeque<Listing>,
}

/// A list that is kept right while users come, change and go, so that its next page costs no search and no sorting.
struct Listing {
    selection: Selection,
    /// In the order of the selection; where that says nothing, of the ids.
    ids: Vec<String>,
}

/// Lists that are kept.
const LISTINGS: usize = 4;

impl Listing {
    fn new(selection: &Selection, users: &BTreeMap<String, User>) -> Self {
        let mut found: Vec<&User> = users.values().filter(|user| selection.admits(*user)).collect();
        selection.sort(&mut found);
        Self { selection: selection.clone(), ids: found.into_iter().map(|user| user.id.clone()).collect() }
    }

    /// Where a user is, or belongs.
    fn place(&self, user: &User, users: &BTreeMap<String, User>) -> Result<usize, usize> {
        let key = self.selection.key(user);
        self.ids.binary_search_by(|id| {
            let other = users.get(id).and_then(|other| self.selection.key(other));
            self.selection.compare(other.as_ref(), key.as_ref()).then_with(|| id.cmp(&user.id))
        })
    }

    fn enter(&mut self, user: &User, users: &BTreeMap<String, User>) {
        if self.selection.admits(user) {
            if let Err(at) = self.place(user, users) {
                self.ids.insert(at, user.id.clone());
            }
        }
    }

    fn leave(&mut self, user: &User, users: &BTreeMap<String, User>) {
        if let Ok(at) = self.place(user, users) {
            self.ids.remove(at);
        }
    }
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub(super) fn get(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    fn by_email(&self, email: &str) -> Option<&User> {
        self.users.get(self.by_email.get(&email.to_lowercase())?)
    }

    /// Somebody by id or e-mail address.
    pub(super) fn find(&self, text: &str) -> Option<&User> {
        self.get(text).or_else(|| self.by_email(text))
    }

    /// Adds a user whose e-mail address nobody else has; `false` when somebody has.
    pub(super) fn add(&mut self, user: User) -> bool {
        let email = user.email.to_lowercase();
        if self.by_email.contains_key(&email) {
            return false;
        }
        let id = user.id.clone();
        self.by_email.insert(email, id.clone());
        self.notified.extend(user.notifications.iter().map(|sent| (sent.id.clone(), id.clone())));
        self.users.insert(id.clone(), user);
        self.enter_lists(&id);
        true
    }

    /// Changes a user; id and e-mail address stay.
    pub(super) fn edit<T>(&mut self, id: &str, edit: impl FnOnce(&mut User) -> T) -> Option<T> {
        self.leave_lists(id);
        let edited = self.users.get_mut(id).map(edit);
        self.enter_lists(id);
        edited
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<User> {
        self.leave_lists(id);
        let user = self.users.remove(id)?;
        self.by_email.remove(&user.email.to_lowercase());
        for sent in &user.notifications {
            self.notified.remove(&sent.id);
        }
        Some(user)
    }

    fn enter_lists(&mut self, id: &str) {
        if let Some(user) = self.users.get(id) {
            self.listings.iter_mut().for_each(|listing| listing.enter(user, &self.users));
        }
    }

    fn leave_lists(&mut self, id: &str) {
        if let Some(user) = self.users.get(id) {
            self.listings.iter_mut().for_each(|listing| listing.leave(user, &self.users));
        }
    }

    pub(super) fn notify(&mut self, user: &str, notification: Notification) -> bool {
        let Some(found) = self.users.get_mut(user) else {
            return false;
        };
        self.notified.insert(notification.id.clone(), user.to_owned());
        found.notifications.push(notification);
        true
    }

    pub(super) fn notification_mut(&mut self, id: &str) -> Option<&mut Notification> {
        let user = self.users.get_mut(self.notified.get(id)?)?;
        user.notifications.iter_mut().find(|sent| sent.id == id)
    }

    pub(super) fn remove_notification(&mut self, id: &str) -> Option<Notification> {
        let user = self.users.get_mut(&self.notified.remove(id)?)?;
        let at = user.notifications.iter().position(|sent| sent.id == id)?;
        Some(user.notifications.remove(at))
    }

    /// One page of a list.
    pub(super) fn page(&mut self, query: &ListQuery) -> Vec<Value> {
        let selection = query.selection();
        let only = match (selection.exactly("id"), selection.exactly("email")) {
            (Some(id), _) => Some(self.users.get(id)),
            (None, Some(email)) => Some(self.by_email(email)),
            (None, None) => None,
        };
        if let Some(only) = only {
            let found: Vec<&User> = only.into_iter().filter(|user| selection.admits(*user)).collect();
            return query.slice(&found).iter().map(|user| query.project(*user)).collect();
        }
        let known = self.listings.iter().position(|listing| listing.selection == *selection);
        let listing = known.and_then(|at| self.listings.remove(at));
        let listing = listing.unwrap_or_else(|| Listing::new(selection, &self.users));
        let page = query.slice(&listing.ids).iter().filter_map(|id| self.users.get(id));
        let page = page.map(|user| query.project(user)).collect();
        self.listings.truncate(LISTINGS - 1);
        self.listings.push_front(listing);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::Call;
    use super::super::ids::mix;
    use super::super::users::COLUMNS;
    use super::*;
    use crate::transport::{Method, Request};

    fn user(at: u64) -> User {
        let created_at = DateTime::from_timestamp(i64::try_from(mix(at) % 50).unwrap(), 0).unwrap();
        User {
            id: format!("{:016x}", mix(!at)),
            profile: "p".to_owned(),
            name: format!("{}name {}", if at % 2 == 0 { "" } else { "N" }, mix(at) % 7),
            email: format!("user{at}@example.com"),
            timezone: "UTC".to_owned(),
            company: (at % 3 == 0).then(|| "Mill".to_owned()),
            phone: None,
            language: None,
            tags: vec![Tag::new("site", if at % 4 == 0 { "lisbon" } else { "porto" })],
            active: at % 5 != 0,
            newsletter: None,
            options: Map::new(),
            custom_preferences: Map::new(),
            force_password_change: false,
            last_login: (at % 3 == 0).then_some(created_at),
            created_at,
            updated_at: created_at,
            notifications: Vec::new(),
        }
    }

    #[test]
    fn lists_that_are_kept_are_the_same_as_new_ones_after_every_change() {
        let queries = [
            "",
            "orderBy=last_login,desc&filter[tags][0][key]=site&filter[tags][0][value]=lisbon",
            "orderBy=active,asc",
            "orderBy=created_at,desc&filter[name]=*name*&filter[active]=true",
        ]
        .map(|query| {
            let call = Call::read(&Request::new(Method::Get, format!("https://x/run/users?amount=1000&{query}")));
            ListQuery::read(&call.query, &COLUMNS, DateTime::UNIX_EPOCH).ok().unwrap()
        });
        assert_eq!(queries.len(), LISTINGS);
        let mut directory = Directory::default();
        for at in 0..400 {
            match at % 4 {
                0 | 1 => assert!(directory.add(user(at))),
                2 => {
                    let id = user(mix(at) % at / 4 * 4).id;
                    directory.edit(&id, |user| {
                        user.name = format!("Name {}", at % 11);
                        user.active = !user.active;
                        user.last_login = Some(user.created_at).filter(|_| at % 8 == 2);
                        user.tags.clear();
                    });
                }
                _ if at % 3 == 0 => assert!(directory.remove(&user(at - 3).id).is_some()),
                _ => {}
            }
            for query in &queries {
                let kept = directory.page(query);
                assert!(directory.listings.len() <= LISTINGS);
                let listing = directory.listings.pop_front().unwrap();
                assert_eq!(kept, directory.page(query), "after change {at}");
                directory.listings[0] = listing;
            }
        }
    }
}
