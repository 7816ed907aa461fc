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
mod archive;
mod audit;
mod backups;
mod builder;
mod call;
#[cfg(feature = "sandbox-server")]
mod connections;
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
mod service_providers;
mod settings;
mod state;
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
pub use state::State;
pub use view::{Handled, SentEmail};

pub use crate::profile::Plan;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::Client;
use crate::clock::Clock;
use crate::error::Result;
use crate::id::ProfileId;
use crate::run::UserInfo;
use crate::secret::{Password, Token};
use crate::token::Permission;
use crate::transport::{Method, Request, Response, Transport, TransportError, TransportErrorKind};
use access::{Holder, Power, TokenRecord};
use builder::Origin;
use faults::{Ending, Faults, Outcome};
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
    /// How it was built, for `reset`.
    origin: Origin,
    world: Mutex<World>,
    faults: Mutex<Faults>,
}

/// Who makes a token.
#[derive(Clone, Copy)]
enum Maker {
    Owner,
    TeamMember,
}

impl Sandbox {
    /// The e-mail address that the account signs in with, unless a [`State`] says otherwise: a demo value.
    pub const EMAIL: &'static str = seed::EMAIL;

    /// The password of the account, unless a [`State`] says otherwise: a demo value, good for nothing else.
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
        Token::sandboxed(self.world().home.token.clone())
    }

    /// The main profile.
    pub fn profile_id(&self) -> ProfileId {
        ProfileId::new(self.world().home.profile.as_str())
    }

    /// The e-mail address and the password that the account signs in with: what token creation and the end of a
    /// profile ask for. [`EMAIL`](Sandbox::EMAIL) and [`PASSWORD`](Sandbox::PASSWORD), unless a [`State`] says
    /// otherwise.
    pub fn sign_in(&self) -> (String, Password) {
        let world = self.world();
        let account = world.accounts.get(&world.home.account);
        let (email, password) =
            account.map(|account| (account.email.clone(), account.password.clone())).unwrap_or_default();
        (email, Password::sandboxed(password))
    }

    /// A profile of another account, which does not share it: calls that name it are denied. When a [`State`] has none,
    /// it is made.
    pub fn foreign_profile_id(&self) -> ProfileId {
        let (mut world, now) = self.present();
        ProfileId::new(world.foreign_profile(now))
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
        self.mint("p-", &format!("Sandbox token ({permission})"), Holder::Account, power, Maker::Owner)
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
        self.mint("a-", "Analysis", holder, Power::Full, Maker::Owner)
    }

    /// Makes a token of a team member in the main profile, who isn't its owner. Where there is no team, as in an
    /// [empty](SandboxBuilder::empty) sandbox, it is the owner's.
    pub fn team_member_token(&self) -> Token {
        self.mint("p-", "Team member", Holder::Account, Power::Full, Maker::TeamMember)
    }

    fn mint(&self, prefix: &str, name: &str, holder: Holder, power: Power, maker: Maker) -> Token {
        let (mut world, now) = self.present();
        let created_by = match maker {
            Maker::Owner => &world.home.account,
            Maker::TeamMember => world.colleague(),
        };
        let record = TokenRecord { holder, ..TokenRecord::new(name, power, &world.home.profile, created_by, now) };
        Token::sandboxed(world.add_token(prefix, record))
    }

    /// The TagoRUN users of the main profile, in the order of their creation in the sandbox.
    pub fn users(&self) -> Vec<UserInfo> {
        let world = self.world();
        let profile = world.profiles.get(&world.home.profile);
        profile.map(|profile| profile.portal.users.iter().map(view::user).collect()).unwrap_or_default()
    }

    /// The e-mails that were sent, in order: the last 10,000.
    pub fn outbox(&self) -> Vec<SentEmail> {
        self.world().outbox.clone()
    }

    /// The requests that came, in order, and what was sent back: the last 10,000. Over HTTP that includes what the
    /// server refused before it came to a handler, but neither its control routes nor what was no request.
    pub fn journal(&self) -> Vec<Handled> {
        self.world().journal.iter().cloned().collect()
    }

    /// Forgets the requests that came so far.
    pub fn clear_journal(&self) {
        self.world().journal.clear();
    }

    /// What time it is in the sandbox, to the millisecond.
    pub fn now(&self) -> DateTime<Utc> {
        self.present().1
    }

    /// Lets time pass: tokens expire, a custom domain becomes active, a new minute has new rates. Gives the new time.
    ///
    /// Only the sandbox's own time moves on, and from then on keeps its distance to the [clock](SandboxBuilder::clock),
    /// which others may go by too. Time ends with the year 8999.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tagoio::run::NewCustomDomain;
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let (tago, profile) = (sandbox.client()?, sandbox.profile_id());
    /// tago.run().custom_domain().create(&profile, &NewCustomDomain::new("example.com", "app", "mail.example.com"))?;
    /// assert!(!tago.run().custom_domain().info(&profile)?.active);
    /// sandbox.advance(Duration::from_secs(30 * 60));
    /// assert!(tago.run().custom_domain().info(&profile)?.active);
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn advance(&self, duration: Duration) -> DateTime<Utc> {
        let (mut world, now) = self.present();
        let later = TimeDelta::from_std(duration).ok().and_then(|duration| now.checked_add_signed(duration));
        world.set_now(later.unwrap_or(DateTime::<Utc>::MAX_UTC), &*self.shared.clock);
        world.now(&*self.shared.clock)
    }

    /// All that there is, to be kept in a file or [restored](Sandbox::restore) later. It holds the sandbox's tokens and
    /// passwords: without them it would be another world.
    pub fn snapshot(&self) -> State {
        let (world, now) = self.present();
        State::of(&world, now)
    }

    /// Begins anew with a state, whatever there was. Journal, outbox, faults, rate windows and running audit log queries
    /// are gone.
    ///
    /// When the state says what time it is, so it is in the sandbox from then on; else it is what the
    /// [clock](SandboxBuilder::clock) says.
    ///
    /// ```
    /// use tagoio::ProfileId;
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let tago = sandbox.client()?;
    /// let before = sandbox.snapshot();
    /// tago.run().users().delete(&sandbox.users()[0].id)?;
    /// sandbox.restore(&before);
    /// assert_eq!(sandbox.users().len(), 24);
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn restore(&self, state: &State) {
        self.replace(self.shared.origin.world_of(state, &*self.shared.clock));
    }

    /// Begins anew as it was built: with the same ids and tokens, at the present time of its
    /// [clock](SandboxBuilder::clock) (or the time that the [state](SandboxBuilder::state) says that it was built
    /// with). So the dates of its own story are relative to when it was reset, and time that was
    /// [let pass](Sandbox::advance) is taken back. Journal, outbox, faults, rate windows and running audit log queries
    /// are gone.
    ///
    /// ```
    /// use tagoio::sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::new();
    /// let token = sandbox.token();
    /// sandbox.client()?.run().users().delete(&sandbox.users()[0].id)?;
    /// sandbox.reset();
    /// assert_eq!(sandbox.users().len(), 24);
    /// assert_eq!(sandbox.token().expose(), token.expose());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn reset(&self) {
        self.replace(self.shared.origin.world(&*self.shared.clock));
    }

    fn replace(&self, new: World) {
        // In the order of `outcome`, so that no request of the new world meets a fault of the old one.
        self.faults().clear();
        let old = std::mem::replace(&mut *self.world(), new);
        // Large worlds take a while to go; nobody has to wait for that.
        drop(old);
    }

    /// Has something go wrong: with the next request that the rule is for, or the next so many.
    ///
    /// Rules are looked at in the order in which they came, and the first that fits is taken; so the same rules and the
    /// same requests always give the same answers.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the rule asks for an answer that can't be sent: a status outside of
    /// 200 to 599, or a content type with a control character.
    pub fn inject(&self, rule: FaultRule) -> Result<()> {
        self.faults().inject(rule)
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
        let (mut world, now) = self.present();
        let mut handle = || routes::answer(&mut world, request, now);
        let (outcome, fault) = match rule {
            None => (Outcome::answer(handle()), None),
            Some(rule) => {
                let answer = rule.lets_through().then(handle);
                (Outcome::of(&rule.fault, answer), Some(Arc::new(rule.fault)))
            }
        };
        remember(&mut world, Handled { route: routes::route(request), status: outcome.status(), fault });
        outcome
    }

    /// Takes note of a request that the server answers itself.
    #[cfg(feature = "sandbox-server")]
    fn note(&self, request: &Request, status: u16) {
        let handled = Handled { route: routes::route(request), status: Some(status), fault: None };
        remember(&mut self.world(), handled);
    }

    /// Whether a request has a token that there is.
    #[cfg(feature = "sandbox-server")]
    fn knows_token_of(&self, request: &Request) -> bool {
        call::Call::read(request).token.is_some_and(|token| self.world().tokens.contains_key(&token))
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, and what time it is there.
    fn present(&self) -> (MutexGuard<'_, World>, DateTime<Utc>) {
        let world = self.world();
        let now = world.now(&*self.shared.clock);
        (world, now)
    }

    /// A handler that panicked would leave the world as it was at that moment, which is better than no world.
    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

fn remember(world: &mut World, handled: Handled) {
    if world.journal.len() == JOURNAL {
        world.journal.pop_front();
    }
    world.journal.push_back(handled);
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
            Ending::Answer(response) if request.method() == Method::Head => Ok(response.with_body(Vec::new())),
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
            .field("profile", &world.home.profile)
            .field("profiles", &world.profiles.len())
            .field("tokens", &world.tokens.len())
            .finish_non_exhaustive()
    }
}
