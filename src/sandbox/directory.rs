//! The users of a portal with their notifications, found by id and by e-mail address.

use std::collections::{BTreeMap, HashMap};

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
    /// The last list that was asked for, so that its next page costs no further sorting.
    listed: Option<(Selection, Vec<String>)>,
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

    /// Adds a user whose e-mail address nobody else has; `false` when somebody has.
    pub(super) fn add(&mut self, user: User) -> bool {
        let email = user.email.to_lowercase();
        if self.by_email.contains_key(&email) {
            return false;
        }
        self.listed = None;
        self.by_email.insert(email, user.id.clone());
        self.notified.extend(user.notifications.iter().map(|sent| (sent.id.clone(), user.id.clone())));
        self.users.insert(user.id.clone(), user);
        true
    }

    /// Changes a user; id and e-mail address stay.
    pub(super) fn edit<T>(&mut self, id: &str, edit: impl FnOnce(&mut User) -> T) -> Option<T> {
        self.listed = None;
        self.users.get_mut(id).map(edit)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<User> {
        let user = self.users.remove(id)?;
        self.listed = None;
        self.by_email.remove(&user.email.to_lowercase());
        for sent in &user.notifications {
            self.notified.remove(&sent.id);
        }
        Some(user)
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
        let ids = match self.listed.take() {
            Some((known, ids)) if known == *selection => ids,
            _ => {
                let mut found: Vec<&User> = match selection.exactly("email") {
                    Some(email) => self.by_email(email).into_iter().filter(|user| query.admits(*user)).collect(),
                    None => self.users.values().filter(|user| query.admits(*user)).collect(),
                };
                query.sort(&mut found);
                found.into_iter().map(|user| user.id.clone()).collect()
            }
        };
        let rows = query.slice(&ids).iter().filter_map(|id| self.users.get(id)).map(|user| query.project(user));
        let rows = rows.collect();
        self.listed = Some((selection.clone(), ids));
        rows
    }
}
