use std::sync::{Arc, Mutex};

use super::seed::{self, Beginning};
use super::world::{Rules, World};
use super::{Sandbox, Shared, writable};
use crate::clock::{Clock, SystemClock};
use crate::profile::Plan;
use crate::secret::PinCode;

/// Makes a [`Sandbox`].
///
/// ```
/// use tagoio::sandbox::Sandbox;
///
/// let crowded = Sandbox::builder().users(1000).rate_limits(false).build();
/// assert!(crowded.users().len() > 1000);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct SandboxBuilder {
    clock: Arc<dyn Clock>,
    plan: Plan,
    users: u32,
    empty: bool,
    rate_limits: bool,
    audit_log_polls: u32,
    two_factor: Option<PinCode>,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            plan: Plan::default(),
            users: 0,
            empty: false,
            rate_limits: true,
            audit_log_polls: 1,
            two_factor: None,
        }
    }
}

impl SandboxBuilder {
    /// Sets the clock: what expires, is counted by the minute or turns right in the end goes by it. The computer's by
    /// default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the account's plan. [`Plan::Scale`] by default.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// Adds so many TagoRUN users to those of the story, the same ones each time, and room for them.
    pub fn users(mut self, count: u32) -> Self {
        self.users = count;
        self
    }

    /// Leaves the story out: there is an account, a profile and a token, and nothing else.
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Says whether requests are counted and, by the minute, refused as TagoIO does. They are by default.
    pub fn rate_limits(mut self, on: bool) -> Self {
        self.rate_limits = on;
        self
    }

    /// Sets how often an audit log query is `Running` before it is `Complete`; 0 answers at once. 1 by default.
    pub fn audit_log_polls(mut self, polls: u32) -> Self {
        self.audit_log_polls = polls;
        self
    }

    /// Turns two-factor authentication on: what needs the password needs this code too.
    pub fn two_factor(mut self, code: PinCode) -> Self {
        self.two_factor = Some(code);
        self
    }

    /// Makes the sandbox.
    pub fn build(self) -> Sandbox {
        let rules = Rules { rate_limits: self.rate_limits, audit_log_polls: self.audit_log_polls };
        let mut world = World::new(rules);
        let beginning = Beginning {
            plan: self.plan,
            two_factor: self.two_factor.map(|code| code.expose().to_owned()),
            empty: self.empty,
            users: self.users,
        };
        let home = seed::fill(&mut world, &beginning, writable(self.clock.utc()));
        Sandbox {
            shared: Arc::new(Shared { clock: self.clock, home, world: Mutex::new(world), faults: Mutex::default() }),
        }
    }
}
