use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::journal::{Journal, Known};
use super::queue::{Pending, Queue};
use super::report::{Event, Halt, Outcome, Progress, Report, Wait};
use super::stop::Stop;
use super::task::Task;
use crate::client::Client;
use crate::clock::{Clock, SystemClock, until_next_minute};
use crate::error::Error;
use crate::profile::{Plan, RATES, Service};
use crate::transport::{Method, RetryPolicy, Throttle, random};

/// More workers than this would only wait for each other.
const MOST_JOBS: usize = 256;
/// The shortest wait after a 429, whatever it asks for.
const SHORTEST_REFUSAL: Duration = Duration::from_secs(1);
/// How long what is in doubt is left alone before anybody looks: a gateway may have given up on a request that TagoIO is
/// still at work on.
const SETTLING: Duration = Duration::from_secs(10);
/// The longest wait, whatever TagoIO asks for. Then it is asked once more.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// What is known of a task that an earlier run began, when this one ends before its turn.
const NOT_LOOKED_UP: &str = "an earlier run may have done it, and that isn't looked up yet";

type Listener<'a> = Mutex<Box<dyn FnMut(&Event<'_>) + Send + 'a>>;

/// Does many tasks, several at once. See the [module](super).
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use tagoio::bulk::{Action, Bulk, DeleteUser};
/// use tagoio::sandbox::{Plan, Sandbox};
///
/// let sandbox = Sandbox::new();
/// let tago = sandbox.client()?;
/// let tasks: Vec<_> = sandbox.users().iter().map(|user| DeleteUser::new(&user.id)).collect();
///
/// let report = Bulk::new(&tago).jobs(4).plan(Plan::Scale).run(&tasks);
/// assert!(report.is_complete());
/// assert_eq!(report.progress.count(&Action::Deleted), tasks.len());
/// # }
/// # Ok::<(), tagoio::Error>(())
/// ```
#[must_use = "nothing is done until `run` is called"]
pub struct Bulk<'a> {
    client: &'a Client,
    jobs: usize,
    plan: Option<Plan>,
    per_minute: Option<u32>,
    tries: u32,
    stop: Stop,
    journal: Option<&'a Journal>,
    listener: Option<Listener<'a>>,
    clock: Option<Arc<dyn Clock>>,
}

impl<'a> Bulk<'a> {
    pub(super) fn client(&self) -> &Client {
        self.client
    }

    /// Work that is done by this client.
    pub fn new(client: &'a Client) -> Self {
        Self {
            client,
            jobs: 8,
            plan: None,
            per_minute: None,
            tries: 5,
            stop: Stop::new(),
            journal: None,
            listener: None,
            clock: None,
        }
    }

    /// Sets how many tasks are done at once: 1 to 256, 8 by default.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.clamp(1, MOST_JOBS);
        self
    }

    /// Keeps below the rate limits of a plan: the numbers are at [`Plan`]. Without a plan, only TagoIO's own refusals
    /// hold the work back.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Sets how many requests a minute go to each route that a [`Plan`] limits, whatever the plan says: fewer, say, when
    /// other programs use the profile too. At least 1.
    pub fn per_minute(mut self, requests: u32) -> Self {
        self.per_minute = Some(requests.max(1));
        self
    }

    /// Sets how often a task is tried at most: at least once, 5 times by default. What the rate limit holds back is not
    /// a try.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// Sets the switch that ends the work early.
    pub fn stop(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Keeps a journal, and leaves out what it tells to be done.
    pub fn journal(mut self, journal: &'a Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Tells of everything that happens, one thing at a time and in order, but from any thread. Nothing goes on
    /// meanwhile, so it should be brief.
    pub fn on_event(mut self, listener: impl FnMut(&Event<'_>) + Send + 'a) -> Self {
        self.listener = Some(Mutex::new(Box::new(listener)));
        self
    }

    /// Counts and waits by another clock: one that moves when somebody waits, such as
    /// [`ManualClock`](crate::clock::ManualClock). It stands still while a task is in flight.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Does all tasks, and says what came of each. A task whose [key](Task::key) another one has before it isn't done
    /// and fails: a list may name somebody twice. It ends early only when a stop is asked for, the token is refused, or
    /// the journal can't be written; and it leaves out what a limit that is reached allows no more: [`Report::halt`].
    ///
    /// # Panics
    ///
    /// When a task or the listener does: once the tasks in flight have ended, the panic goes on here.
    pub fn run<T: Task>(&self, tasks: &[T]) -> Report {
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        let client = self.client.unretried(|transport| self.throttle(Throttle::new(transport), &clock));
        let book = Book::new(tasks.len(), &*clock, self.listener.as_ref());
        let pending = self.sort_out(tasks, &book);
        let (last, first) = pending.into_iter().partition(|pending: &Pending| tasks[pending.index].waits_for_others());
        let queue = |pending: Vec<Pending>| {
            let workers = self.jobs.min(pending.len());
            Queue::new(pending, workers, &self.stop, &*clock, self.clock.is_some())
        };
        let (used_up, halt) = (Mutex::default(), Mutex::default());
        let mut run = Run { bulk: self, tasks, client, clock: &*clock, book, queue: queue(first), used_up, halt };
        run.work_off();
        if run.may_go_on() {
            run.queue = queue(last);
            run.work_off();
        } else {
            run.leave_out(last);
        }
        run.end()
    }

    fn throttle<C: crate::transport::Transport>(&self, throttle: Throttle<C>, clock: &Arc<dyn Clock>) -> Throttle<C> {
        let throttle = throttle.with_clock(Arc::clone(clock)).without_waiting();
        match (self.per_minute, self.plan) {
            (Some(requests), _) => {
                RATES.iter().fold(throttle, |throttle, rate| throttle.limit(rate.method, rate.template, requests))
            }
            (None, Some(plan)) => throttle.plan(plan),
            (None, None) => throttle,
        }
    }

    /// Fails what has the key of a task before it, finishes what the journal tells to be done, and gives the rest.
    fn sort_out<T: Task>(&self, tasks: &[T], book: &Book<'_, '_>) -> Vec<Pending> {
        let fresh = |index: usize| Pending { index, route: tasks[index].route(), ..Pending::default() };
        let mut keys = HashSet::with_capacity(tasks.len());
        let mut pending = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let key = task.key();
            let known = self.journal.map_or(Known::Nothing, |journal| journal.known(&key));
            if !keys.insert(key) {
                book.finish(index, Outcome::Failed(Error::config("bulk task", "another one before it has its key")));
                continue;
            }
            match known {
                Known::Nothing => pending.push(fresh(index)),
                Known::Begun(before) => {
                    let is_unsettled = !task.is_repeatable();
                    pending.push(Pending { before, in_doubt: true, is_unsettled, begun: true, ..fresh(index) });
                }
                Known::Done(done) => book.finish(index, Outcome::Resumed(done.clone())),
            }
        }
        pending
    }
}

impl fmt::Debug for Bulk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulk")
            .field("client", &self.client)
            .field("jobs", &self.jobs)
            .field("plan", &self.plan)
            .field("per_minute", &self.per_minute)
            .field("tries", &self.tries)
            .field("stop", &self.stop)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

/// What is kept of the work, and who is told.
struct Book<'a, 'b> {
    pages: Mutex<Pages>,
    clock: &'a dyn Clock,
    started: Duration,
    listener: Option<&'a Listener<'b>>,
}

struct Pages {
    progress: Progress,
    outcomes: Vec<Option<Outcome>>,
}

impl<'a, 'b> Book<'a, 'b> {
    fn new(total: usize, clock: &'a dyn Clock, listener: Option<&'a Listener<'b>>) -> Self {
        let progress = Progress { total, ..Progress::default() };
        let outcomes = std::iter::repeat_with(|| None).take(total).collect();
        Self { pages: Mutex::new(Pages { progress, outcomes }), clock, started: clock.now(), listener }
    }

    fn tell(&self, event: &Event<'_>) {
        if let Some(listener) = self.listener {
            let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
            listener(event);
        }
    }

    fn finish(&self, index: usize, outcome: Outcome) {
        // Held while the listener is told, so that it sees the numbers grow.
        let mut pages = self.pages();
        let Pages { progress, outcomes } = &mut *pages;
        progress.add(&outcome);
        progress.elapsed = self.clock.now().saturating_sub(self.started);
        self.tell(&Event::Finished { index, outcome: &outcome, progress });
        outcomes[index] = Some(outcome);
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of the work.
struct Run<'a, 'b, T> {
    bulk: &'a Bulk<'b>,
    tasks: &'a [T],
    client: Client,
    clock: &'a dyn Clock,
    book: Book<'a, 'b>,
    queue: Queue<'a>,
    /// What TagoIO has no more of.
    used_up: Mutex<HashSet<Service>>,
    halt: Mutex<Option<Halt>>,
}

impl<T: Task> Run<'_, '_, T> {
    /// Has the workers do what is in the queue, and gives up what they leave.
    fn work_off(&self) {
        thread::scope(|scope| {
            // The calling thread is a worker too. When the system gives no more threads, there are fewer workers.
            let others: Vec<_> = (1..self.queue.workers())
                .map_while(|_| thread::Builder::new().spawn_scoped(scope, || self.work()).ok())
                .collect();
            self.work();
            for other in others {
                if let Err(panic) = other.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
        let rest = self.queue.rest();
        if !rest.is_empty() && self.bulk.stop.is_requested() {
            self.halt(Halt::Asked);
        }
        for pending in rest {
            self.give_up(pending);
        }
    }

    /// Whether all is done that the tasks wait for that come last.
    fn may_go_on(&self) -> bool {
        let progress = &self.book.pages().progress;
        progress.failed + progress.uncertain + progress.not_tried == 0
    }

    fn leave_out(&self, last: Vec<Pending>) {
        if !last.is_empty() {
            self.note_halt(Halt::OthersUndone);
        }
        for pending in last {
            self.give_up(pending);
        }
    }

    fn work(&self) {
        let tell = |wait, why| {
            let until = TimeDelta::from_std(wait).ok().and_then(|wait| self.clock.utc().checked_add_signed(wait));
            self.book.tell(&Event::Waiting { wait, until: until.unwrap_or(DateTime::<Utc>::MAX_UTC), why });
        };
        while let Some((pending, _flight)) = self.queue.take(tell) {
            self.attempt(pending);
        }
    }

    fn attempt(&self, mut pending: Pending) {
        let task = &self.tasks[pending.index];
        // What may be done already finds out first.
        let needs_more = task.takes().filter(|service| !pending.before.maybe_done && self.used_up().contains(service));
        if let Some(service) = needs_more {
            self.note_halt(Halt::LimitReached(service));
            self.give_up(pending);
            return;
        }
        let now = self.clock.utc();
        if std::mem::take(&mut pending.is_unsettled) {
            let wait = settling(pending.before.since, now);
            if !wait.is_zero() {
                self.queue.put_off(pending, wait, Wait::Retry);
                return;
            }
        }
        if let (Some(journal), false, false) = (self.bulk.journal, pending.begun, task.is_repeatable()) {
            if let Err(error) = journal.begun(&task.key(), now) {
                self.halt(Halt::Journal(error));
                self.book.finish(pending.index, Outcome::NotTried);
                return;
            }
            pending.begun = true;
        }
        pending.before.since.get_or_insert(now);
        self.book.tell(&Event::Started { index: pending.index, before: pending.before });
        match task.run(&self.client, pending.before) {
            Ok(done) => self.finish(&pending, Outcome::Done(done)),
            Err(error) => self.after(pending, error),
        }
    }

    /// What follows from a try that failed.
    fn after(&self, mut pending: Pending, error: Error) {
        if error.is_unauthorized() {
            self.halt(Halt::Unauthorized);
        }
        if error.is_limit_reached() {
            self.used_up().extend(self.tasks[pending.index].takes());
        }
        learn(&mut pending, &error);
        let next = if error.is_rate_limited() {
            Some((refusal_wait(&error, self.clock.utc()), Wait::RateLimit))
        } else {
            pending.before.tries += 1;
            let worth_it = error.is_retryable() || (changes_something(&error) && error.maybe_delivered());
            let backoff = RetryPolicy::default().exponential(pending.before.tries, random());
            let is_unsettled =
                pending.in_doubt && !self.tasks[pending.index].is_repeatable() && changes_something(&error);
            let least = if is_unsettled { SETTLING } else { Duration::ZERO };
            let wait = backoff.max(least).max(error.retry_after().unwrap_or_default()).min(LONGEST_WAIT);
            (worth_it && pending.before.tries < self.bulk.tries).then_some((wait, Wait::Retry))
        };
        if !pending.before.maybe_done {
            pending.before.since = None;
        }
        match next {
            Some((wait, why)) => {
                self.book.tell(&Event::PutOff { index: pending.index, error: &error, wait });
                // What the rate limit held back was not tried.
                if why == Wait::Retry {
                    pending.error = Some(Box::new(error));
                }
                self.queue.put_off(pending, wait, why);
            }
            None => self.fail(&pending, error),
        }
    }

    fn fail(&self, pending: &Pending, error: Error) {
        let outcome = if pending.in_doubt { Outcome::Uncertain(error) } else { Outcome::Failed(error) };
        self.finish(pending, outcome);
    }

    fn finish(&self, pending: &Pending, outcome: Outcome) {
        if let Some(journal) = self.bulk.journal {
            let (key, now) = (self.tasks[pending.index].key(), self.clock.utc());
            let noted = match &outcome {
                Outcome::Done(done) => journal.done(&key, now, done),
                Outcome::Failed(error) => journal.failed(&key, now, false, &error.to_string()),
                Outcome::Uncertain(error) => journal.failed(&key, now, true, &error.to_string()),
                Outcome::NotTried if pending.begun => journal.failed(&key, now, false, "not tried"),
                Outcome::NotTried | Outcome::Resumed(_) => Ok(()),
            };
            if let Err(error) = noted {
                self.halt(Halt::Journal(error));
            }
        }
        self.book.finish(pending.index, outcome);
    }

    /// Leaves a task where it is.
    fn give_up(&self, mut pending: Pending) {
        match pending.error.take() {
            Some(error) => self.fail(&pending, *error),
            None if pending.in_doubt => self.fail(&pending, Error::config("bulk task", NOT_LOOKED_UP)),
            None => self.finish(&pending, Outcome::NotTried),
        }
    }

    fn halt(&self, why: Halt) {
        self.note_halt(why);
        self.queue.halt();
    }

    /// The first reason is the one that counts, but one that ends the work counts more than one that doesn't.
    fn note_halt(&self, why: Halt) {
        let mut noted = self.halt.lock().unwrap_or_else(PoisonError::into_inner);
        let ends_the_work = !matches!(why, Halt::OthersUndone);
        if noted.is_none() || (ends_the_work && matches!(*noted, Some(Halt::LimitReached(_)))) {
            *noted = Some(why);
        }
    }

    fn used_up(&self) -> MutexGuard<'_, HashSet<Service>> {
        self.used_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(self) -> Report {
        if let Some(Err(error)) = self.bulk.journal.map(Journal::sync) {
            self.halt(Halt::Journal(error));
        }
        let Pages { progress, outcomes } = self.book.pages.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::NotTried)).collect();
        Report { outcomes, progress, halt: self.halt.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// What an error tells of whether a task is done.
fn learn(pending: &mut Pending, error: &Error) {
    if changes_something(error) {
        let maybe_done = error.maybe_delivered();
        pending.in_doubt = maybe_done && !is_repeatable(error);
        pending.before.maybe_done |= maybe_done;
    }
}

/// How long a look would still come too early at what an earlier run began at this time.
fn settling(begun: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    // A clock that was set back makes it no longer.
    let since = begun.and_then(|begun| (now - begun).to_std().ok()).unwrap_or_default();
    SETTLING.saturating_sub(since)
}

/// Whether the request that failed was more than a look: what must not be repeated is, whatever its method.
fn changes_something(error: &Error) -> bool {
    error.route().is_some_and(|route| !is_repeatable(error) || !matches!(route.method(), Method::Get | Method::Head))
}

fn is_repeatable(error: &Error) -> bool {
    match error {
        Error::Transport { repeatable, .. } => *repeatable,
        Error::Api(error) => error.repeatable,
        Error::Decode(error) => error.repeatable,
        Error::Config(_) | Error::AuditLog(_) | Error::CustomDomain(_) | Error::Backup(_) => true,
    }
}

/// How long to wait after a request that the rate limit held back.
fn refusal_wait(error: &Error, now: DateTime<Utc>) -> Duration {
    let wait = match (error.retry_after(), error.status()) {
        // The throttle knows to the nanosecond when its window opens.
        (Some(asked), None) => asked,
        (Some(asked), Some(_)) => asked.max(SHORTEST_REFUSAL),
        (None, _) => until_next_minute(now).max(SHORTEST_REFUSAL),
    };
    wait.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::fs::File;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::task::{Action, Before, Done};
    use super::*;
    use crate::clock::ManualClock;
    use crate::error::{ApiError, DecodeError, Result};
    use crate::transport::{Response, Route, TransportErrorKind, from_fn};

    fn api(method: Method, status: u16, retry_after: Option<u64>) -> Error {
        Error::Api(Box::new(ApiError {
            status,
            message: None,
            foreign_body: None,
            retry_after: retry_after.map(Duration::from_secs),
            route: Route::new(method, "/run/users"),
            repeatable: method.is_idempotent(),
        }))
    }

    fn lost(method: Method, kind: TransportErrorKind) -> Error {
        let route = Route::new(method, "/run/users");
        Error::Transport { route, repeatable: method.is_idempotent(), source: kind.into() }
    }

    fn unreadable(method: Method, repeatable: bool) -> Error {
        let (route, source) = (Route::new(method, "/run/users"), "it is no JSON".into());
        let (expected, path) = ("UserInfo".to_owned(), String::new());
        Error::Decode(Box::new(DecodeError { route, status: 200, expected, path, source, repeatable }))
    }

    #[test]
    fn a_refusal_is_waited_out() {
        let now = "2026-01-31T12:45:09.250Z".parse().unwrap();
        let throttled = |retry_after| lost(Method::Post, TransportErrorKind::Throttled { retry_after });
        for (error, milliseconds) in [
            (throttled(Duration::from_millis(3)), 3),
            (throttled(Duration::MAX), 3_600_000),
            (api(Method::Post, 429, Some(8)), 8_000),
            (api(Method::Post, 429, Some(0)), 1_000),
            (api(Method::Post, 429, Some(u64::MAX)), 3_600_000),
            (api(Method::Post, 429, None), 50_750),
        ] {
            assert_eq!(refusal_wait(&error, now), Duration::from_millis(milliseconds), "{error}");
        }
    }

    #[test]
    fn a_lost_change_leaves_a_doubt_until_a_further_one_shows_that_it_was_looked_up() {
        use Method::{Delete, Get, Post, Put};
        use TransportErrorKind::{Connect, ConnectionLost};

        // (the errors of one try after the other, whether it may have been done, whether that is in doubt)
        for (errors, maybe_done, in_doubt) in [
            (vec![lost(Post, Connect)], false, false),
            (vec![lost(Post, ConnectionLost)], true, true),
            (vec![api(Post, 503, None)], true, true),
            (vec![api(Post, 400, None)], false, false),
            (vec![lost(Post, ConnectionLost), lost(Get, ConnectionLost)], true, true),
            (vec![lost(Post, ConnectionLost), Error::config("task", "can't find out")], true, true),
            (vec![lost(Post, ConnectionLost), lost(Post, Connect)], true, false),
            (vec![lost(Post, ConnectionLost), api(Post, 400, None)], true, false),
            (vec![lost(Delete, ConnectionLost)], true, false),
            (vec![lost(Delete, ConnectionLost), lost(Delete, Connect)], true, false),
            (vec![lost(Get, ConnectionLost)], false, false),
            (vec![unreadable(Post, false)], true, true),
            (vec![unreadable(Put, true)], true, false),
            // A token was moved, or minted.
            (vec![unreadable(Put, false)], true, true),
            (vec![unreadable(Get, false)], true, true),
            (vec![unreadable(Get, true)], false, false),
        ] {
            let mut pending = Pending::default();
            for error in &errors {
                learn(&mut pending, error);
            }
            assert_eq!((pending.before.maybe_done, pending.in_doubt), (maybe_done, in_doubt), "{errors:?}");
        }
    }

    /// A request, which may or may not be repeated.
    struct Post {
        number: u32,
        is_repeatable: bool,
    }

    impl Task for Post {
        fn key(&self) -> Cow<'_, str> {
            self.number.to_string().into()
        }

        fn run(&self, client: &Client, _: Before) -> Result<Done> {
            client.raw(Method::Post, "/run/notification").send::<()>()?;
            Ok(Done::new(Action::Sent))
        }

        fn is_repeatable(&self) -> bool {
            self.is_repeatable
        }
    }

    /// Does ten tasks with a journal in this file, and gives how many requests were sent.
    fn work(file: File, path: &Path, is_repeatable: bool) -> (usize, Report) {
        let sent = Arc::new(AtomicUsize::new(0));
        let transport = {
            let sent = Arc::clone(&sent);
            from_fn(move |_| {
                sent.fetch_add(1, Ordering::Relaxed);
                Ok(Response::new(200).with_body(r#"{"status":true,"result":null}"#))
            })
        };
        let tago = Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap();
        let journal = Journal::in_file(path, file);
        let tasks: Vec<_> = (0..10).map(|number| Post { number, is_repeatable }).collect();
        let report = Bulk::new(&tago).clock(Arc::new(ManualClock::default())).journal(&journal).run(&tasks);
        (sent.load(Ordering::Relaxed), report)
    }

    fn journal_problem(report: &Report) -> String {
        match &report.halt {
            Some(Halt::Journal(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_journal_cannot_keep_is_not_begun() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        std::fs::write(&path, "").unwrap();
        let (sent, report) = work(File::open(&path).unwrap(), &path, false);
        assert_eq!((sent, report.progress.not_tried), (0, 10));
        assert_eq!(journal_problem(&report), format!("invalid journal {}: it can't be written", path.display()));
    }

    #[cfg(unix)]
    #[test]
    fn a_journal_that_does_not_get_to_the_disk_is_not_relied_on() {
        use std::os::fd::OwnedFd;
        use std::os::unix::net::UnixStream;

        // A socket takes the lines, and has no disk for them.
        for (is_repeatable, expected) in [(false, 0), (true, 10)] {
            let (file, _reader) = UnixStream::pair().unwrap();
            let (sent, report) = work(OwnedFd::from(file).into(), Path::new("socket"), is_repeatable);
            assert_eq!((sent, report.progress.count(&Action::Sent)), (expected, expected));
            assert_eq!(journal_problem(&report), "invalid journal socket: it can't be written");
        }
    }
}
