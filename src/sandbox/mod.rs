//! An in-memory TagoIO: the administration side of one account, without a network and without an account.
//!
//! A [`Sandbox`] is a [`Transport`] like any other. It keeps profiles, team members,
//! tokens, TagoRUN users and all that this crate can reach, checks tokens, permissions, bodies and limits, and answers
//! with TagoIO's statuses and sentences. What is known of the service and what is guessed is told in
//! `docs/fidelity.md`.
//!
//! It begins as the account of a company that watches cold rooms, with two profiles of its own and one that is shared
//! with it, a team, tokens, two dozen TagoRUN users, an audit log and months of usage statistics. All dates are
//! relative to its clock, and the same calls always give the same ids and tokens.
//!
//! ```
//! use tagoio::run::{NewUser, UserQuery};
//! use tagoio::sandbox::Sandbox;
//!
//! let sandbox = Sandbox::new();
//! let tago = sandbox.client()?;
//!
//! let jane = NewUser::new("Jane", "jane@example.com", "Europe/Lisbon").generate_password(true);
//! tago.run().users().create(&jane)?;
//! assert_eq!(tago.run().users().list(&UserQuery::new().email("jane@*"))?.len(), 1);
//!
//! let again = tago.run().users().create(&jane).unwrap_err();
//! assert_eq!(again.message(), Some("E-mail address is already in use"));
//! # Ok::<(), tagoio::Error>(())
//! ```

mod access;
mod account;
mod answer;
mod audit;
mod builder;
mod call;
#[cfg(feature = "sandbox-server")]
mod control;
mod custom_domain;
mod dates;
mod directory;
mod faults;
mod fields;
mod ids;
mod limits;
mod list;
mod notifications;
mod profiles;
mod routes;
mod saml;
mod seed;
#[cfg(feature = "sandbox-server")]
mod serve;
mod settings;
mod statistics;
mod team;
mod tokens;
mod users;
mod view;
mod world;

pub use access::Grant;
pub use builder::SandboxBuilder;
pub use faults::{Fault, FaultRule};
#[cfg(feature = "sandbox-server")]
pub use serve::SandboxServer;
pub use view::{Handled, SentEmail};

pub use crate::profile::Plan;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use crate::client::Client;
use crate::clock::Clock;
use crate::error::Result;
use crate::id::ProfileId;
use crate::run::UserInfo;
use crate::secret::Token;
use crate::token::Permission;
use crate::transport::{Request, Response, Transport, TransportError, TransportErrorKind};
use access::{Holder, Power, TokenRecord};
use faults::{Ending, Faults, Outcome};
use seed::Home;
use world::World;

/// Requests that the journal remembers.
const JOURNAL: usize = 10_000;

/// An in-memory TagoIO. See the [module](self).
///
/// Cheap to clone; clones share one world. As a transport it always answers (an error of TagoIO's is an
/// answer too), unless a [`FaultRule`] says otherwise.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tagoio::clock::ManualClock;
/// use tagoio::sandbox::{Plan, Sandbox};
///
/// let clock = Arc::new(ManualClock::default());
/// let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Free).build();
/// let tago = sandbox.client()?;
///
/// let plan = tago.profile().info(sandbox.profile_id())?.account_plan;
/// assert_eq!(plan.as_deref(), Some("free"));
/// assert_eq!(sandbox.journal()[0].route.to_string(), "GET /profile/{profile}");
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    home: Home,
    world: Mutex<World>,
    faults: Mutex<Faults>,
}

impl Sandbox {
    /// The e-mail address that the account signs in with: a demo value.
    pub const EMAIL: &'static str = seed::EMAIL;

    /// The password of the account: a demo value, good for nothing else.
    pub const PASSWORD: &'static str = seed::PASSWORD;

    /// A sandbox with its own story, on the Scale plan, by the computer's clock.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A sandbox with settings of its own.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// A client that sends to this sandbox with [`token`](Sandbox::token), whatever the environment says.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`](crate::ClientBuilder::build); none is known to occur.
    pub fn client(&self) -> Result<Client> {
        self.client_with(self.token())
    }

    /// A client that sends to this sandbox with a token of the caller's choice.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the token can't be the value of a header.
    pub fn client_with(&self, token: Token) -> Result<Client> {
        Client::builder().token(token).transport(self.clone()).vars(|_| None).build()
    }

    /// The token of the main profile that may do everything.
    pub fn token(&self) -> Token {
        Token::sandboxed(self.shared.home.token.clone())
    }

    /// The main profile.
    pub fn profile_id(&self) -> ProfileId {
        ProfileId::new(self.shared.home.profile.as_str())
    }

    /// A profile of another account, which does not share it: calls that name it are denied.
    pub fn foreign_profile_id(&self) -> ProfileId {
        ProfileId::new(self.shared.home.foreign.as_str())
    }

    /// Makes a further token of the main profile. A word that TagoIO doesn't know gives a token that may do nothing.
    ///
    /// ```
    /// use tagoio::run::RunSettings;
    /// use tagoio::sandbox::Sandbox;
    /// use tagoio::token::Permission;
    ///
    /// let sandbox = Sandbox::new();
    /// let reader = sandbox.client_with(sandbox.token_with(&Permission::Read))?;
    /// assert!(reader.run().info().is_ok());
    /// assert!(reader.run().edit(&RunSettings::new().name("X")).unwrap_err().is_permission_denied());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn token_with(&self, permission: &Permission) -> Token {
        let power = Power::read(permission.as_str()).unwrap_or(Power::Deny);
        self.mint("p-", &format!("Sandbox token ({permission})"), Holder::Account, power, &self.shared.home.account)
    }

    /// Makes a token of an analysis in the main profile that a policy grants this much.
    ///
    /// ```
    /// use tagoio::sandbox::{Grant, Sandbox};
    ///
    /// let sandbox = Sandbox::new();
    /// let analysis = sandbox.client_with(sandbox.analysis_token([Grant::AccessRunSettings]))?;
    /// assert!(analysis.run().info().is_ok());
    /// assert!(analysis.run().users().info("any").unwrap_err().is_permission_denied());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn analysis_token(&self, grants: impl IntoIterator<Item = Grant>) -> Token {
        let grants = grants.into_iter().collect();
        let id = self.world().ids.id();
        let holder = Holder::Analysis { id, grants };
        self.mint("a-", "Analysis", holder, Power::Full, &self.shared.home.account)
    }

    /// Makes a token of a team member in the main profile, who isn't its owner. In an [empty](SandboxBuilder::empty)
    /// sandbox there is no team, and it is the owner's.
    pub fn team_member_token(&self) -> Token {
        self.mint("p-", "Team member", Holder::Account, Power::Full, &self.shared.home.member)
    }

    fn mint(&self, prefix: &str, name: &str, holder: Holder, power: Power, created_by: &str) -> Token {
        let now = self.now();
        let record = TokenRecord {
            serial: String::new(),
            holder,
            name: name.to_owned(),
            power,
            profile: self.shared.home.profile.clone(),
            created_by: created_by.to_owned(),
            expire_time: None,
            created_at: now,
            last_authorization: None,
            serie_number: None,
            verification_code: None,
        };
        Token::sandboxed(self.world().add_token(prefix, record))
    }

    /// The TagoRUN users of the main profile, in the order of their creation in the sandbox.
    pub fn users(&self) -> Vec<UserInfo> {
        let world = self.world();
        let profile = world.profiles.get(&self.shared.home.profile);
        profile.map(|profile| profile.portal.users.iter().map(view::user).collect()).unwrap_or_default()
    }

    /// The e-mails that were sent, in order.
    pub fn outbox(&self) -> Vec<SentEmail> {
        self.world().outbox.clone()
    }

    /// The requests that were answered, in order: the last 10,000.
    pub fn journal(&self) -> Vec<Handled> {
        self.world().journal.iter().cloned().collect()
    }

    /// Has something go wrong: with the next request that the rule is for, or the next so many.
    ///
    /// Rules are looked at in the order in which they came, and the first that fits is taken; so the same rules and the
    /// same requests always give the same answers.
    pub fn inject(&self, rule: FaultRule) {
        self.faults().inject(rule);
    }

    /// The rules that still wait for a request.
    pub fn faults_waiting(&self) -> Vec<FaultRule> {
        self.faults().waiting()
    }

    /// Takes back all rules that still wait for a request.
    pub fn clear_faults(&self) {
        self.faults().clear();
    }

    /// What comes of a request, at whichever door it arrives.
    fn outcome(&self, request: &Request) -> Outcome {
        let rule = self.faults().take(request);
        Outcome::of(request, rule, |request| self.answer(request))
    }

    fn answer(&self, request: &Request) -> Response {
        let now = self.now();
        let mut world = self.world();
        let (route, answer) = routes::handle(&mut world, request, now);
        let response = answer::respond(answer);
        if world.journal.len() == JOURNAL {
            world.journal.pop_front();
        }
        world.journal.push_back(Handled { route, status: response.status() });
        response
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        writable(self.shared.clock.utc())
    }

    /// A handler that panicked would leave the world as it was at that moment, which is better than no world.
    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The nearest date with a year of four digits: all others can't be written in TagoIO's form, nor be calculated with.
fn writable(now: DateTime<Utc>) -> DateTime<Utc> {
    let year =
        |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc();
    now.clamp(year(1000), year(9000))
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

fn lost(why: String) -> TransportError {
    TransportError::with_source(TransportErrorKind::ConnectionLost, why)
}

impl Transport for Sandbox {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let Outcome { delay, ending } = self.outcome(request);
        if !delay.is_zero() {
            self.shared.clock.sleep(delay);
        }
        match ending {
            Ending::Answer(response) => Ok(response),
            Ending::HangUp => Err(lost("a fault drops the connection".to_owned())),
            Ending::Cut { response, after } => {
                Err(lost(format!("a fault cuts the answer after {after} of {} bytes", response.body().len())))
            }
        }
    }
}

/// Shows how much there is, and nothing of it.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.world();
        f.debug_struct("Sandbox")
            .field("clock", &self.shared.clock)
            .field("profile", &self.shared.home.profile)
            .field("profiles", &world.profiles.len())
            .field("tokens", &world.tokens.len())
            .finish_non_exhaustive()
    }
}
