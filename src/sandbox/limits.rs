//! What the plan allows: requests a minute, and how many of a thing there may be.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::answer::Refusal;

/// Tags that a user may have.
pub(super) const TAGS: usize = 30;
/// Buttons that a notification may have.
pub(super) const BUTTONS: usize = 4;
/// Rows that a page of a list may have.
pub(super) const AMOUNT: usize = 10_000;

/// The plan of the sandbox's account: it sets the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Plan {
    /// One profile, no team, 60 users created a minute.
    Free,
    /// Two profiles, one team member, 100 users created a minute.
    Starter,
    /// Five profiles, five team members, 1,000 users created a minute, single sign-on. The default.
    #[default]
    Scale,
}

impl Plan {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Starter => "starter",
            Self::Scale => "scale",
        }
    }

    fn of<T>(self, free: T, starter: T, scale: T) -> T {
        match self {
            Self::Free => free,
            Self::Starter => starter,
            Self::Scale => scale,
        }
    }

    pub(super) fn profiles(self) -> usize {
        self.of(1, 2, 5)
    }

    pub(super) fn team_members(self) -> usize {
        self.of(0, 1, 5)
    }

    pub(super) fn has_single_sign_on(self) -> bool {
        self.of(false, false, true)
    }

    pub(super) fn has_audit_log_filters(self) -> bool {
        self.of(false, true, true)
    }

    /// What all profiles of an account together may use of each service.
    pub(super) fn services(self) -> [(&'static str, f64); 9] {
        [
            ("input", self.of(50_000.0, 1_000_000.0, 5_000_000.0)),
            ("output", self.of(50_000.0, 1_000_000.0, 5_000_000.0)),
            ("analysis", self.of(30.0, 1_500.0, 6_000.0)),
            ("data_records", self.of(50_000.0, 1_000_000.0, 10_000_000.0)),
            ("sms", self.of(5.0, 100.0, 500.0)),
            ("email", self.of(50.0, 1_000.0, 5_000.0)),
            ("run_users", self.of(2.0, 50.0, 200.0)),
            ("push_notification", self.of(50.0, 2_000.0, 10_000.0)),
            ("file_storage", self.of(10.0, 1_000.0, 10_000.0)),
        ]
    }
}

/// A group of routes that TagoIO publishes a rate for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rate {
    Users,
    Notifications,
    Profiles,
    Account,
    Introspection,
    /// No rate is published; none is kept.
    Unlimited,
}

impl Rate {
    /// Requests a minute to one route by one profile.
    pub(super) fn per_minute(self, plan: Plan) -> Option<u32> {
        match self {
            Self::Users | Self::Notifications => Some(plan.of(60, 100, 1_000)),
            Self::Profiles => Some(plan.of(60, 100, 200)),
            Self::Account => Some(plan.of(50, 100, 500)),
            Self::Introspection => Some(plan.of(60, 5_000, 10_000)),
            Self::Unlimited => None,
        }
    }
}

/// Requests counted in windows that begin with the clock minute.
#[derive(Default)]
pub(super) struct Windows {
    minute: i64,
    counts: HashMap<(String, usize), u32>,
}

impl Windows {
    /// Counts a request of a profile to a route, or refuses it until the minute is over.
    pub(super) fn admit(&mut self, profile: &str, route: usize, limit: u32, now: DateTime<Utc>) -> Result<(), Refusal> {
        let minute = now.timestamp().div_euclid(60);
        if minute != self.minute {
            self.minute = minute;
            self.counts.clear();
        }
        let count = self.counts.entry((profile.to_owned(), route)).or_default();
        if *count >= limit {
            let seconds = 60 - now.timestamp().rem_euclid(60);
            return Err(Refusal::too_many_requests(seconds.unsigned_abs()));
        }
        *count += 1;
        Ok(())
    }
}
