//! What the plan allows: requests a minute, and how many of a thing there may be.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::answer::Refusal;
use crate::profile::{Plan, RATES};
use crate::transport::Method;

/// Tags that a user may have.
pub(super) const TAGS: usize = 30;
/// Buttons that a notification may have.
pub(super) const BUTTONS: usize = 4;
/// Rows that a page of a list may have.
pub(super) const AMOUNT: usize = 10_000;

impl Plan {
    pub(super) fn profiles(self) -> usize {
        self.choose(1, 2, 5)
    }

    pub(super) fn team_members(self) -> usize {
        self.choose(0, 1, 5)
    }

    pub(super) fn has_single_sign_on(self) -> bool {
        self.choose(false, false, true)
    }

    pub(super) fn has_audit_log_filters(self) -> bool {
        self.choose(false, true, true)
    }

    /// What all profiles of an account together may use of each service.
    pub(super) fn services(self) -> [(&'static str, f64); 9] {
        [
            ("input", self.choose(50_000.0, 1_000_000.0, 5_000_000.0)),
            ("output", self.choose(50_000.0, 1_000_000.0, 5_000_000.0)),
            ("analysis", self.choose(30.0, 1_500.0, 6_000.0)),
            ("data_records", self.choose(50_000.0, 1_000_000.0, 10_000_000.0)),
            ("sms", self.choose(5.0, 100.0, 500.0)),
            ("email", self.choose(50.0, 1_000.0, 5_000.0)),
            ("run_users", self.choose(2.0, 50.0, 200.0)),
            ("push_notification", self.choose(50.0, 2_000.0, 10_000.0)),
            ("file_storage", self.choose(10.0, 1_000.0, 10_000.0)),
        ]
    }
}

/// Requests a minute to a route by one profile; `None` where no number is published, and none is kept.
pub(super) fn per_minute(method: Method, template: &str, plan: Plan) -> Option<u32> {
    let rate = RATES.iter().find(|rate| rate.method == method && rate.template == template);
    rate.map(|rate| rate.per_minute(plan))
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
