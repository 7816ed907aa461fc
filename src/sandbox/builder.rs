use std::path::Path;
use std::sync::{Arc, Mutex};

use super::seed::{self, Beginning};
use super::world::{Rules, World};
use super::{Sandbox, Shared, State};
use crate::clock::{Clock, SystemClock};
use crate::error::Result;
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
    origin: Origin,
}

/// What a sandbox begins with.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    plan: Plan,
    users: u32,
    empty: bool,
    two_factor: Option<PinCode>,
    state: Option<State>,
    rules: Rules,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            origin: Origin {
                plan: Plan::default(),
                users: 0,
                empty: false,
                two_factor: None,
                state: None,
                rules: Rules { rate_limits: true, audit_log_polls: 1 },
            },
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
        self.origin.plan = plan;
        self
    }

    /// Adds so many TagoRUN users to those of the story, the same ones each time, and room for them.
    pub fn users(mut self, count: u32) -> Self {
        self.origin.users = count;
        self
    }

    /// Leaves the story out: there is an account, a profile and a token, and nothing else.
    pub fn empty(mut self) -> Self {
        self.origin.empty = true;
        self
    }

    /// Says whether requests are counted and, by the minute, refused as TagoIO does. They are by default.
    pub fn rate_limits(mut self, on: bool) -> Self {
        self.origin.rules.rate_limits = on;
        self
    }

    /// Sets how often an audit log query is `Running` before it is `Complete`; 0 answers at once. 1 by default.
    pub fn audit_log_polls(mut self, polls: u32) -> Self {
        self.origin.rules.audit_log_polls = polls;
        self
    }

    /// Turns two-factor authentication on: what needs the password needs this code too.
    pub fn two_factor(mut self, code: PinCode) -> Self {
        self.origin.two_factor = Some(code);
        self
    }

    /// Begins with a state in place of the story. [`plan`](SandboxBuilder::plan) and
    /// [`two_factor`](SandboxBuilder::two_factor) hold as far as the state doesn't say otherwise, and
    /// [`users`](SandboxBuilder::users) come on top of those that it has.
    ///
    /// ```
    /// use serde_json::json;
    /// use tagoio::sandbox::{Sandbox, State};
    ///
    /// let state = State::from_value(json!({
    ///     "version": 1,
    ///     "profiles": [{"name": "Mill", "users": [{"name": "Ada", "email": "ada@example.com"}]}],
    /// }))?;
    /// let sandbox = Sandbox::builder().state(state).build();
    /// assert_eq!(sandbox.users()[0].name, "Ada");
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn state(mut self, state: State) -> Self {
        self.origin.state = Some(state);
        self
    }

    /// As [`state`](SandboxBuilder::state), from a JSON file. Its form is described in `docs/sandbox.md`.
    ///
    /// # Errors
    ///
    /// As [`State::from_file`].
    pub fn state_file(self, path: impl AsRef<Path>) -> Result<Self> {
        Ok(self.state(State::from_file(path)?))
    }

    /// Makes the sandbox.
    pub fn build(self) -> Sandbox {
        let world = Mutex::new(self.origin.world(&*self.clock));
        Sandbox { shared: Arc::new(Shared { clock: self.clock, origin: self.origin, world, faults: Mutex::default() }) }
    }
}

impl Origin {
    /// The world as it is at the beginning.
    pub(super) fn world(&self, clock: &dyn Clock) -> World {
        let mut world = if let Some(state) = &self.state {
            self.world_of(state, clock)
        } else {
            let mut world = World::new(self.rules);
            let beginning = Beginning { plan: self.plan, two_factor: self.two_factor(), empty: self.empty };
            let now = world.now(clock);
            seed::fill(&mut world, &beginning, now);
            world
        };
        let now = world.now(clock);
        seed::populate(&mut world, self.users, now);
        world
    }

    /// The world that a state describes.
    pub(super) fn world_of(&self, state: &State, clock: &dyn Clock) -> World {
        let mut world = World::new(self.rules);
        if let Some(now) = state.now() {
            world.set_now(now, clock);
        }
        let now = world.now(clock);
        state.fill(&mut world, self.plan, self.two_factor(), now);
        world
    }

    fn two_factor(&self) -> Option<String> {
        self.two_factor.as_ref().map(|code| code.expose().to_owned())
    }
}
