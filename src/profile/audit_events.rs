//! The audit log over any range, and from now on.

use std::collections::HashMap;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::{AuditLog, AuditLogEvent, AuditLogFilter, AuditLogStatus};
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::id::{AuditLogQueryId, ProfileId};
use crate::time::{DateInput, Timestamp};
use crate::wait::{Over, Pauses, Wait};

/// The most time that TagoIO lets one query ask for.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// How much two neighbouring queries overlap, so that nothing falls between them however TagoIO rounds their ends.
const OVERLAP: TimeDelta = TimeDelta::seconds(1);
/// TagoIO's dates have milliseconds.
const TICK: TimeDelta = TimeDelta::milliseconds(1);
/// How far TagoIO's clock may be ahead of this one.
const CLOCK_SKEW: TimeDelta = TimeDelta::hours(1);
const DEFAULT_QUERY_LIMIT: u32 = 1000;
const LARGEST_QUERY_LIMIT: u32 = 10_000;
/// When TagoIO says that it left events out and gave fewer than this, it means something else.
const SMALLEST_CUT: usize = 100;
const PAUSES: Pauses = Pauses { first: Duration::from_millis(500), longest: Duration::from_secs(4), halves: 4 };
const DEFAULT_PATIENCE: Duration = Duration::from_secs(120);
/// How late an event may appear in the log and still be followed.
const LATENESS: TimeDelta = TimeDelta::minutes(5);
/// How far back is looked for what is new when nothing was found for long.
const LOOK_BACK: TimeDelta = TimeDelta::days(1);

/// Why an audit log query brought no events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log from {} until {}: {problem}", Timestamp::At(*.from), Timestamp::At(*.until))]
#[non_exhaustive]
pub struct AuditLogError {
    /// From when on events were asked for.
    pub from: DateTime<Utc>,
    /// Up to when, not included.
    pub until: DateTime<Utc>,
    /// The query, when TagoIO gave it an id.
    pub query_id: Option<AuditLogQueryId>,
    /// What happened.
    pub problem: AuditLogProblem,
}

/// What happened to an audit log query that brought no events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditLogProblem {
    /// TagoIO gave the query up.
    #[error("TagoIO's query ended as `{0}`")]
    Ended(AuditLogStatus),
    /// It ran for longer than it may.
    #[error("TagoIO's query was not done after {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// It runs, and TagoIO gave no id to ask for it again.
    #[error("TagoIO's query runs and has no id")]
    Nameless,
    /// There are at least so many events within so short a time that no shorter one can be asked for.
    #[error("TagoIO gives no more than {0} events at once, and there may be more")]
    TooMany(u32),
}

impl AuditLogProblem {
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::TooSlow(_))
    }

    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::TooSlow(_))
    }
}

/// From when on until when, not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Span {
    /// What a filter asks for, by the clock.
    fn of(filter: &AuditLogFilter, now: DateTime<Utc>) -> Result<Self> {
        let start = filter.start_date.as_ref().map(|date| span_of(date, "start")).transpose()?;
        let end = filter.end_date.as_ref().map(|date| span_of(date, "end")).transpose()?;
        let latest = later(now, CLOCK_SKEW);
        let until = end.map_or(latest, |end| end.until);
        let from = start.map_or(earlier(until.min(latest), LONGEST), |start| start.from);
        if end.is_some() && from >= until {
            return Err(Error::config("audit log range", "its start is after its end"));
        }
        Ok(Self { from, until: until.min(latest) })
    }

    fn is_empty(self) -> bool {
        self.from >= self.until
    }

    fn length(self) -> TimeDelta {
        self.until - self.from
    }

    fn contains(self, event: &AuditLogEvent) -> bool {
        event.date.utc().is_none_or(|date| self.from <= date && date < self.until)
    }

    fn split(self, at: DateTime<Utc>) -> (Self, Self) {
        (Self { until: at, ..self }, Self { from: at, ..self })
    }

    fn halves(self) -> Option<(Self, Self)> {
        // Queries of shorter spans would hardly be shorter: they overlap.
        (self.length() > OVERLAP).then(|| self.split(self.from + self.length() / 2))
    }
}

/// The day or the moment that a date means.
fn span_of(date: &DateInput, side: &str) -> Result<Span> {
    let moment = |from: DateTime<Utc>| Span { from, until: later(from, TICK) };
    Ok(match date {
        DateInput::At(date) => moment(*date),
        DateInput::Day(day) => {
            let from = day.and_time(NaiveTime::MIN).and_utc();
            Span { from, until: later(from, TimeDelta::days(1)) }
        }
        DateInput::Text(text) => Timestamp::from(text.as_str()).utc().map(moment).ok_or_else(|| {
            Error::config("audit log range", format!("its {side}, {text:?}, is neither a day nor a moment"))
        })?,
    })
}

fn later(date: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    date.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn earlier(date: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    date.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// A range in pieces that one query each can answer, the oldest first.
#[derive(Debug)]
struct Pieces {
    range: Span,
    /// What was not cut off yet.
    rest: Span,
    /// Pieces that were too long, or not answered: the last one is next.
    pending: Vec<Span>,
}

impl Pieces {
    fn new(range: Span) -> Self {
        Self { range, rest: range, pending: Vec::new() }
    }

    fn next(&mut self) -> Option<Span> {
        if let Some(piece) = self.pending.pop() {
            return Some(piece);
        }
        if self.rest.is_empty() {
            return None;
        }
        let overlaps =
            if self.rest.length() <= LONGEST && self.rest == self.range { TimeDelta::zero() } else { OVERLAP };
        let longest = LONGEST - overlaps * 2;
        if self.rest.length() <= longest {
            let last = self.rest;
            self.rest.from = self.rest.until;
            return Some(last);
        }
        let (piece, rest) = self.rest.split(self.rest.from + longest);
        self.rest = rest;
        Some(piece)
    }

    /// What to ask for to get all of a piece: a bit more where it has a neighbour.
    fn query(&self, piece: Span) -> (DateTime<Utc>, DateTime<Utc>) {
        let start = if piece.from == self.range.from { piece.from } else { earlier(piece.from, OVERLAP) };
        let end =
            if piece.until == self.range.until { earlier(piece.until, TICK) } else { later(piece.until, OVERLAP) };
        (start, end)
    }
}

/// Where and how queries are asked.
#[derive(Debug, Clone)]
struct Asker {
    client: Client,
    profile: ProfileId,
    filter: AuditLogFilter,
    clock: Arc<dyn Clock>,
    patience: Duration,
    query_limit: u32,
}

impl Asker {
    /// The events of the next piece that has any, in order; `None` after the last piece. After an error the same piece is
    /// the next one.
    fn next_events(&self, pieces: &mut Pieces) -> Option<Result<Vec<AuditLogEvent>>> {
        while let Some(piece) = pieces.next() {
            match self.events_of(piece, pieces) {
                Ok(events) if events.is_empty() => {}
                Ok(events) => return Some(Ok(events)),
                Err(error) => {
                    pieces.pending.push(piece);
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// The events of a piece, in order; none when it has to be asked for in halves, which are the next pieces then.
    fn events_of(&self, piece: Span, pieces: &mut Pieces) -> Result<Vec<AuditLogEvent>> {
        let mut log = self.ask(piece, pieces, self.query_limit)?;
        if was_cut(&log, self.query_limit) {
            if let Some((first, second)) = piece.halves() {
                pieces.pending.extend([second, first]);
                return Ok(Vec::new());
            }
            if reaches(&log, self.query_limit) {
                log = self.ask(piece, pieces, LARGEST_QUERY_LIMIT)?;
            }
            if reaches(&log, LARGEST_QUERY_LIMIT) {
                return Err(failed(piece, log.query_id, AuditLogProblem::TooMany(LARGEST_QUERY_LIMIT)));
            }
        }
        Ok(in_order(log.events.unwrap_or_default(), piece))
    }

    /// Begins a query and asks for it until it is done.
    fn ask(&self, piece: Span, pieces: &Pieces, limit: u32) -> Result<AuditLog> {
        let mut wait = Wait::new(&*self.clock, self.patience, PAUSES);
        let (start, end) = pieces.query(piece);
        let filter = self.filter.clone().between(start, end).limit(limit);
        let mut log = self.client.profile().audit_log(&self.profile, &filter)?;
        let mut query_id = log.query_id.clone();
        loop {
            let query = match progress(&log, query_id.take()) {
                Progress::Done(query_id) => return Ok(AuditLog { query_id, ..log }),
                Progress::Ended(query_id, status) => {
                    return Err(failed(piece, query_id, AuditLogProblem::Ended(status)));
                }
                Progress::Nameless => return Err(failed(piece, None, AuditLogProblem::Nameless)),
                Progress::Runs(query) => query,
            };
            if let Err(Over(waited)) = wait.pause(Duration::ZERO) {
                return Err(failed(piece, Some(query), AuditLogProblem::TooSlow(waited)));
            }
            log = self.client.profile().audit_log_query(&self.profile, &query)?;
            query_id = Some(query);
        }
    }
}

fn failed(piece: Span, query_id: Option<AuditLogQueryId>, problem: AuditLogProblem) -> Error {
    Error::AuditLog(Box::new(AuditLogError { from: piece.from, until: piece.until, query_id, problem }))
}

/// How far a query is.
enum Progress {
    Done(Option<AuditLogQueryId>),
    Runs(AuditLogQueryId),
    Ended(Option<AuditLogQueryId>, AuditLogStatus),
    Nameless,
}

fn progress(log: &AuditLog, query_id: Option<AuditLogQueryId>) -> Progress {
    match &log.status {
        Some(AuditLogStatus::Complete) => Progress::Done(query_id),
        None if log.events.is_some() || query_id.is_none() => Progress::Done(query_id),
        Some(status @ (AuditLogStatus::Failed | AuditLogStatus::Timeout)) => Progress::Ended(query_id, status.clone()),
        // The states have the names of a service that has this one, too.
        Some(AuditLogStatus::Other(word)) if word == "Cancelled" => {
            Progress::Ended(query_id, AuditLogStatus::Other(word.clone()))
        }
        _ => query_id.map_or(Progress::Nameless, Progress::Runs),
    }
}

/// Whether there may be events that TagoIO left out.
fn was_cut(log: &AuditLog, limit: u32) -> bool {
    let matched = log.statistics.and_then(|statistics| statistics.records_matched).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "events are few")]
    let left_out = count(log) >= SMALLEST_CUT && matched > count(log) as f64;
    left_out || reaches(log, limit)
}

fn reaches(log: &AuditLog, limit: u32) -> bool {
    u32::try_from(count(log)).map_or(true, |count| count >= limit)
}

fn count(log: &AuditLog) -> usize {
    log.events.as_ref().map_or(0, Vec::len)
}

/// The events of a piece, the oldest first. Those whose date can't be read come last.
fn in_order(mut events: Vec<AuditLogEvent>, piece: Span) -> Vec<AuditLogEvent> {
    let date = |event: &AuditLogEvent| event.date.utc();
    // TagoIO gives the newest first; so those of the same moment stand in the order in which they were recorded.
    if events.first().and_then(date) >= events.last().and_then(date) {
        events.reverse();
    }
    events.retain(|event| piece.contains(event));
    events.sort_by_key(|event| (date(event).is_none(), date(event)));
    events
}

/// The events of a profile's audit log over any range, the oldest first:
/// [`ProfileApi::audit_events`](super::ProfileApi::audit_events).
///
/// Ranges of more than 7 days, and those that have more events than TagoIO gives at once, are cut into several queries;
/// each event comes once. A query that is still running is asked for again, with growing pauses. No more than the events
/// of one query are held in memory.
///
/// It ends after the last event of the range, after as many as the filter's `limit` says, or after the first error.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use std::sync::Arc;
/// use tagoio::clock::{Clock, ManualClock};
/// use tagoio::profile::AuditLogFilter;
/// use tagoio::sandbox::Sandbox;
///
/// let clock = Arc::new(ManualClock::at("2026-03-15T10:00:00Z".parse().unwrap()));
/// let sandbox = Sandbox::builder().clock(clock.clone()).build();
/// let tago = sandbox.client()?;
///
/// let quarter = AuditLogFilter::new().between("2026-01-01", "2026-03-31");
/// let mut last = None;
/// for event in tago.profile().audit_events(sandbox.profile_id(), &quarter).with_clock(clock) {
///     let date = event?.date.utc();
///     assert!(date >= last);
///     last = date;
/// }
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[must_use = "an iterator asks for nothing until it is iterated over"]
pub struct AuditEvents {
    asker: Asker,
    /// `None` before the first query.
    pieces: Option<Pieces>,
    /// What is left of the events that were fetched last.
    left: std::vec::IntoIter<AuditLogEvent>,
    /// How many may still be given.
    allowed: Option<u32>,
    done: bool,
}

impl AuditEvents {
    pub(super) fn new(client: Client, profile: ProfileId, filter: &AuditLogFilter) -> Self {
        Self {
            asker: Asker {
                client,
                profile,
                filter: filter.clone(),
                clock: Arc::new(SystemClock),
                patience: DEFAULT_PATIENCE,
                query_limit: DEFAULT_QUERY_LIMIT,
            },
            pieces: None,
            left: Vec::new().into_iter(),
            allowed: filter.limit,
            done: false,
        }
    }

    /// Goes and waits by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.asker.clock = clock;
        self
    }

    /// Sets how long a query may run. 2 minutes by default.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.asker.patience = patience;
        self
    }

    /// Sets how many events a query asks for, and so how many are held in memory: 1 to 10,000, 1,000 by default. When
    /// TagoIO gives as many, there may be more: the query's time is halved then. Only what is within a second is asked
    /// for with 10,000 at once.
    pub fn query_limit(mut self, limit: u32) -> Self {
        self.asker.query_limit = limit.clamp(1, LARGEST_QUERY_LIMIT);
        self
    }

    /// Goes on after the last event: waits, asks for what is new, and never ends. See [`AuditFollower`].
    pub fn follow(self, poll_every: Duration) -> AuditFollower {
        AuditFollower { events: self, poll_every, waits: false, asks: false, last_round: None, given: Given::default() }
    }

    fn next_events(&mut self) -> Option<Result<Vec<AuditLogEvent>>> {
        if self.pieces.is_none() {
            match Span::of(&self.asker.filter, self.asker.clock.utc()) {
                Ok(range) => self.pieces = Some(Pieces::new(range)),
                Err(error) => return Some(Err(error)),
            }
        }
        self.asker.next_events(self.pieces.as_mut()?)
    }

    /// One of the events that were fetched, as long as the limit allows.
    fn next_fetched(&mut self) -> Option<AuditLogEvent> {
        let event = self.left.next()?;
        self.allowed = self.allowed.map(|allowed| allowed.saturating_sub(1));
        Some(event)
    }
}

impl Iterator for AuditEvents {
    type Item = Result<AuditLogEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.done || self.allowed == Some(0) {
                return None;
            }
            if let Some(event) = self.next_fetched() {
                return Some(Ok(event));
            }
            match self.next_events() {
                Some(Ok(events)) => self.left = events.into_iter(),
                Some(Err(error)) => {
                    self.done = true;
                    return Some(Err(error));
                }
                None => self.done = true,
            }
        }
    }
}

impl FusedIterator for AuditEvents {}

impl fmt::Debug for AuditEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvents")
            .field("profile", &self.asker.profile)
            .field("filter", &self.asker.filter)
            .field("fetched", &self.left.len())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

/// The events of a profile's audit log, and those that are still to come: [`AuditEvents::follow`].
///
/// First come the events of the range, then it waits and asks for what is new, again and again; an end of the range is
/// not looked at. Each event comes once. Events that TagoIO shows up to 5 minutes after later ones are not missed; they
/// come out of order.
///
/// An error doesn't end it: after a wait, the next call goes on where it stopped. It ends after as many events as the
/// filter's `limit` says, when it says so, and after a range that can't be asked for; otherwise by being dropped, which
/// is when nobody wants the next event.
///
/// ```no_run
/// # use std::time::Duration;
/// # use tagoio::{ProfileId, profile::AuditLogFilter};
/// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
/// let events = tago.profile().audit_events(ProfileId::CURRENT, &AuditLogFilter::new());
/// for event in events.follow(Duration::from_secs(30)) {
///     match event {
///         Ok(event) => println!("{} {}", event.date, event.message),
///         Err(error) if error.is_retryable() => eprintln!("{error}"),
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "an iterator asks for nothing until it is iterated over"]
pub struct AuditFollower {
    events: AuditEvents,
    poll_every: Duration,
    /// Whether to wait before the next query.
    waits: bool,
    /// Whether a round of queries is under way.
    asks: bool,
    /// When the round of queries before this one began.
    last_round: Option<DateTime<Utc>>,
    given: Given,
}

impl AuditFollower {
    /// Begins a round of queries.
    fn begin(&mut self) -> Result<()> {
        let now = self.events.asker.clock.utc();
        let range = match self.last_round {
            None => {
                let filter = AuditLogFilter { end_date: None, ..self.events.asker.filter.clone() };
                Span::of(&filter, now)?
            }
            Some(last_round) => {
                let quiet = earlier(last_round, LOOK_BACK);
                let from = self.given.newest.map_or(quiet, |newest| earlier(newest, LATENESS).max(quiet));
                let start = self.events.pieces.as_ref().map_or(from, |pieces| pieces.range.from);
                Span { from: from.max(start), until: later(now, CLOCK_SKEW) }
            }
        };
        self.given.begin_round();
        self.events.pieces = Some(Pieces::new(range));
        self.last_round = Some(now);
        Ok(())
    }
}

impl Iterator for AuditFollower {
    type Item = Result<AuditLogEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.events.done || self.events.allowed == Some(0) {
                return None;
            }
            if let Some(event) = self.events.next_fetched() {
                return Some(Ok(event));
            }
            if std::mem::take(&mut self.waits) {
                self.events.asker.clock.sleep(self.poll_every);
            }
            if !std::mem::replace(&mut self.asks, true) {
                if let Err(error) = self.begin() {
                    self.events.done = true;
                    return Some(Err(error));
                }
            }
            match self.events.next_events() {
                Some(Ok(events)) => self.events.left = self.given.sift(events).into_iter(),
                Some(Err(error)) => {
                    self.waits = true;
                    return Some(Err(error));
                }
                None => {
                    self.waits = true;
                    self.asks = false;
                }
            }
        }
    }
}

impl fmt::Debug for AuditFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditFollower")
            .field("events", &self.events)
            .field("poll_every", &self.poll_every)
            .finish_non_exhaustive()
    }
}

/// The newest events that were given, to tell them from new ones.
#[derive(Default)]
struct Given {
    /// How often each was given: the same thing may be done twice in a moment.
    events: HashMap<AuditLogEvent, usize>,
    newest: Option<DateTime<Utc>>,
    /// The newest one when the round began: what is later was not given before.
    known_until: Option<DateTime<Utc>>,
    /// How often each was met in this round.
    met: HashMap<AuditLogEvent, usize>,
}

impl Given {
    fn begin_round(&mut self) {
        self.known_until = self.newest;
        self.met.clear();
    }

    /// Leaves those out that were given before.
    fn sift(&mut self, mut events: Vec<AuditLogEvent>) -> Vec<AuditLogEvent> {
        events.retain(|event| self.is_new(event));
        self.newest = self.newest.max(events.iter().filter_map(|event| event.date.utc()).max());
        if let Some(newest) = self.newest {
            let oldest = earlier(newest, LATENESS);
            self.events.retain(|event, _| event.date.utc().is_none_or(|date| date >= oldest));
        }
        events
    }

    fn is_new(&mut self, event: &AuditLogEvent) -> bool {
        let given = self.events.get(event).copied().unwrap_or_default();
        if event.date.utc().is_none_or(|date| Some(date) <= self.known_until) {
            let met = self.met.entry(event.clone()).or_default();
            *met += 1;
            if *met <= given {
                return false;
            }
        }
        self.events.insert(event.clone(), given + 1);
        true
    }
}
