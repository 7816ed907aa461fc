use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::transport::Method;

/// A plan of TagoIO. It decides, among other things, how many requests a minute a profile may make of a route:
///
/// | routes | Free | Starter | Scale |
/// | --- | --- | --- | --- |
/// | `POST /run/users`, `PUT /run/users/{user}` | 60 | 100 | 1,000 |
/// | `POST /run/notification/` | 60 | 100 | 1,000 |
/// | `POST /profile/`, `PUT /profile/{profile}`, `DELETE /profile/{profile}` | 60 | 100 | 200 |
/// | `GET /account` | 50 | 100 | 500 |
/// | `GET /info` | 60 | 5,000 | 10,000 |
/// | `POST /profile/{profile}/backup` | – | 5 | 5 |
/// | `GET /profile/{profile}/backup` | – | 50 | 100 |
/// | `POST /profile/{profile}/backup/{backup}/download` | – | 10 | 20 |
/// | `DELETE /profile/{profile}/backup/{backup}` | – | 10 | 20 |
///
/// The Free plan has no backups: what is asked for there is counted as on Starter, and refused.
///
/// These are the routes among TagoIO's published numbers that this crate's clients reach, by
/// [`Client::raw`](crate::Client::raw) at least. A [`Throttle`](crate::transport::Throttle) keeps below them, the
/// sandbox refuses what is above.
///
/// ```
/// use tagoio::profile::Plan;
///
/// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
/// let info = tago.profile().info(tagoio::ProfileId::CURRENT)?;
/// let plan: Plan = info.account_plan.as_deref().unwrap_or("free").parse()?;
/// # Ok(())
/// # }
/// assert_eq!("scale".parse::<Plan>()?, Plan::Scale);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Plan {
    /// One profile, no team.
    Free,
    /// Two profiles, one team member.
    Starter,
    /// Five profiles, five team members, single sign-on. The default.
    #[default]
    Scale,
}

/// How often a route may be called in a minute.
pub(crate) struct Rate {
    pub(crate) method: Method,
    /// Without a slash at its end.
    pub(crate) template: &'static str,
    free: u32,
    starter: u32,
    scale: u32,
}

/// TagoIO's published numbers.
pub(crate) const RATES: [Rate; 12] = [
    Rate::new(Method::Post, "/run/users", [60, 100, 1_000]),
    Rate::new(Method::Put, "/run/users/{user}", [60, 100, 1_000]),
    Rate::new(Method::Post, "/run/notification", [60, 100, 1_000]),
    Rate::new(Method::Post, "/profile", [60, 100, 200]),
    Rate::new(Method::Put, "/profile/{profile}", [60, 100, 200]),
    Rate::new(Method::Delete, "/profile/{profile}", [60, 100, 200]),
    Rate::new(Method::Get, "/account", [50, 100, 500]),
    Rate::new(Method::Get, "/info", [60, 5_000, 10_000]),
    Rate::new(Method::Post, "/profile/{profile}/backup", [5, 5, 5]),
    Rate::new(Method::Get, "/profile/{profile}/backup", [50, 50, 100]),
    Rate::new(Method::Post, "/profile/{profile}/backup/{backup}/download", [10, 10, 20]),
    Rate::new(Method::Delete, "/profile/{profile}/backup/{backup}", [10, 10, 20]),
];

impl Rate {
    const fn new(method: Method, template: &'static str, [free, starter, scale]: [u32; 3]) -> Self {
        Self { method, template, free, starter, scale }
    }

    pub(crate) fn per_minute(&self, plan: Plan) -> u32 {
        plan.choose(self.free, self.starter, self.scale)
    }
}

impl Plan {
    /// TagoIO's word.
    pub fn as_str(self) -> &'static str {
        self.choose("free", "starter", "scale")
    }

    pub(crate) fn choose<T>(self, free: T, starter: T, scale: T) -> T {
        match self {
            Self::Free => free,
            Self::Starter => starter,
            Self::Scale => scale,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads TagoIO's word, as [`ProfileInfo::account_plan`](super::ProfileInfo::account_plan) has it.
impl FromStr for Plan {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        let plan = [Self::Free, Self::Starter, Self::Scale].into_iter().find(|plan| plan.as_str() == word);
        plan.ok_or_else(|| Error::config("plan", format!("{word:?} is none of free, starter and scale")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_and_written_as_tagoios_word() {
        for (plan, word) in [(Plan::Free, "free"), (Plan::Starter, "starter"), (Plan::Scale, "scale")] {
            assert_eq!((plan.to_string(), word.parse::<Plan>().unwrap()), (word.to_owned(), plan));
            assert_eq!(serde_json::to_value(plan).unwrap(), word);
        }
        let error = "Gold".parse::<Plan>().unwrap_err();
        assert_eq!(error.to_string(), "invalid plan: \"Gold\" is none of free, starter and scale");
    }
}
