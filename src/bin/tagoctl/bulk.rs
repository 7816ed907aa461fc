//! Work on many things at once: what `tagoio::bulk` does, drawn.

mod drawing;
mod ending;
mod journal_file;
mod lock;
mod looking;
mod rate;
mod results;
mod resuming;

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use tagoio::bulk::users::{PlanError, SyncOptions, UserList, UserPlan, UserPlanner};
use tagoio::bulk::{Bulk, Event, Journal, JournalHeader, Report, Stop, Task};
use tagoio::profile::{Plan, ProfileInfo};
use tagoio::run::UserQuery;
use tagoio::{Client, Error, ProfileId};

use crate::connect::Context;
use crate::failure::{Failure, Result, outcome_of};
use crate::file;
use crate::input::Input;
use crate::interrupt;
use crate::output::cell::visible;
use crate::output::{Format, Output, note, tell, warn};
use drawing::Drawing;
pub(crate) use journal_file::{JournalFile, beside};
use looking::Looking;
use rate::Rate;
use results::Results;
pub(crate) use results::is_json_lines;
use resuming::resuming;

/// How many failures are told one by one.
const FAILURES_SHOWN: usize = 10;

/// How many things are gone about.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bulk work")]
pub(crate) struct BulkArgs {
    /// How many things are worked on at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// How many requests a minute go to each route that TagoIO limits: a number, or those of a plan (free, starter,
    /// scale) [default: those of the profile's plan]
    #[arg(long, value_name = "N|PLAN")]
    rate: Option<Rate>,
    /// Keep in this file what is done, so that --resume can go on after any interruption [default: that of a list
    /// FILE is FILE.journal, that of notifications to many is in the working folder; both are gone when all is done.
    /// Otherwise there is none]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Go on where the journal ends
    #[arg(long)]
    resume: bool,
    /// Write what came of each thing to a file, a line for each as it is done: CSV, or JSON lines when it is called
    /// *.jsonl
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// What a person knows a task by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its line in the file that lists it.
    pub(crate) line: Option<u64>,
    /// An e-mail address, or an id.
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { line: None, name: name.into() }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}, {}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Bulk work that is being prepared, and then done.
pub(crate) struct Session<'a> {
    args: &'a BulkArgs,
    out: &'a Output,
    client: Client,
    stop: Stop,
    profile: OnceCell<Option<ProfileInfo>>,
}

impl BulkArgs {
    /// Makes the client that the work is prepared and done with. Nothing is sent.
    pub(crate) fn begin<'a>(&'a self, context: &'a Context<'_>) -> Result<Session<'a>> {
        let stop = Stop::new();
        let client = context.client_with(|builder| builder.clock(stop.clock()))?;
        Ok(Session { args: self, out: context.out, client, stop, profile: OnceCell::new() })
    }

    /// Whether nothing is asked for that one thing alone doesn't have.
    pub(crate) fn is_plain(&self) -> bool {
        self.results.is_none() && self.journal.is_none()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) fn is_resuming(&self) -> bool {
        self.resume
    }

    /// The journal that the command line asks for, else the one that the work has without being asked. Whether it is
    /// there has to fit `--resume`, and it must be another file than the results; to be called before long preparations.
    pub(crate) fn journal_file(&self, usual: Option<PathBuf>) -> Result<Option<JournalFile>> {
        let Some(path) = self.journal.clone().or(usual) else {
            return if self.resume {
                Err(Failure::usage("no_journal", "--resume needs the journal that it goes on with: --journal FILE"))
            } else {
                Ok(None)
            };
        };
        check_apart(&[("--journal", Some(&path)), ("--results", self.results.as_deref())])?;
        JournalFile::at(path, self.journal.is_none(), self.resume).map(Some)
    }

    /// Makes sure that a list that is read isn't overwritten.
    pub(crate) fn spare(&self, list: &Input) -> Result<()> {
        let list = list.path();
        check_apart(&[
            ("the list", list),
            ("--journal", self.journal.as_deref()),
            ("--results", self.results.as_deref()),
        ])
    }
}

impl Session<'_> {
    /// The client of the work. Its waits are short once the work is to stop.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What a journal knows the work by, which is named as in "import users".
    pub(crate) fn work(&self, name: impl Into<String>) -> JournalHeader {
        JournalHeader::new(name, &self.client)
    }

    /// Compares a list with the users that there are. How far that is can be seen at a terminal, and Ctrl-C ends it.
    pub(crate) fn plan(&self, list: UserList, options: &SyncOptions) -> std::result::Result<UserPlan, PlanError> {
        let looking = Looking::begin(self.args.quiet);
        self.listen_for_ctrl_c(looking.bar(), None);
        let planner = UserPlanner::new(&self.client).options(options).stop(&self.stop);
        let plan = planner.on_progress(|progress| looking.tell(progress)).plan(list);
        looking.end();
        end_on_ctrl_c();
        plan
    }

    /// Finds out what the work is about. Ctrl-C ends the process at once, and with a word: nothing was changed yet.
    pub(crate) fn look_up<T>(&self, look: impl FnOnce(&Client) -> T) -> T {
        let format = self.out.format();
        on_interrupt(Box::new(move || {
            // The exit code is the one that an interrupt has anyway.
            let _ = stopped_looking().report(format);
            interrupt::end();
        }));
        let found = look(&self.client);
        end_on_ctrl_c();
        found
    }

    /// Warns of more new users than the profile has room for, where that is known.
    pub(crate) fn warn_of_too_many(&self, new_users: usize) {
        if new_users == 0 || !self.is_told() {
            return;
        }
        // Whatever is wrong comes up again when the work begins.
        let summary = self.client.profile().summary(ProfileId::CURRENT);
        let room = summary.ok().and_then(|summary| summary.room_for_users());
        if let Some(room) = room.filter(|room| *room < new_users) {
            let are = if new_users == 1 { "user is" } else { "users are" };
            warn(&format!("{new_users} {are} to be created, but the profile has room for {room}"));
        }
    }

    /// Does the tasks and says what came of them.
    pub(crate) fn run<T: Task>(
        &self,
        work: JournalHeader,
        journal: Option<&JournalFile>,
        tasks: &[T],
        target: impl Fn(usize) -> Target + Sync,
    ) -> Result<()> {
        self.out.chosen(&ending::columns(self.out.format()))?;
        if tasks.is_empty() {
            return self.conclude(Bulk::new(&self.client).run(tasks), &target, journal, Ok(()));
        }
        let rate = self.rate()?;
        if let Some(results) = &self.args.results {
            file::check(results)?;
        }
        let opened = journal.map(|journal| self.open(journal, work)).transpose()?;
        // Only now: a journal that is refused must not cost the results of an earlier run.
        let mut results = self.args.results.as_deref().map(Results::create).transpose()?;
        let drawing = Drawing::begin(tasks.len(), self.args.quiet);
        let go_on = journal.map(|_| format!("to find out what is done, and to go on: {}", resuming()));
        self.listen_for_ctrl_c(drawing.bar(), go_on);

        let listener = |event: &Event<'_>| {
            drawing.tell(event);
            if let (Event::Finished { index, outcome, .. }, Some(results)) = (event, &mut results) {
                results.add(&target(*index), outcome);
            }
        };
        let mut bulk = Bulk::new(&self.client).jobs(self.args.jobs.into()).stop(&self.stop).on_event(listener);
        bulk = match rate {
            Rate::PerMinute(requests) => bulk.per_minute(requests),
            Rate::Of(plan) => bulk.plan(plan),
        };
        if let Some(journal) = &opened {
            bulk = bulk.journal(journal);
        }
        let report = bulk.run(tasks);
        drop(bulk);
        drawing.end();
        self.conclude(report, &target, journal, results.map_or(Ok(()), Results::end))
    }

    /// The rate that is asked for, else that of the profile's plan; where it can't be known, that of the smallest.
    fn rate(&self) -> Result<Rate> {
        if let Some(rate) = self.args.rate {
            return Ok(rate);
        }
        let plan = self.profile()?.and_then(|profile| profile.account_plan.as_deref());
        if let Some(Ok(plan)) = plan.map(str::parse) {
            return Ok(Rate::Of(plan));
        }
        if !self.args.quiet {
            note("the profile's plan can't be read: the smallest plan's rate limits are kept; --rate sets others");
        }
        Ok(Rate::Of(Plan::Free))
    }

    /// The profile, if the token may read it.
    fn profile(&self) -> Result<Option<&ProfileInfo>> {
        if self.profile.get().is_none() {
            let profile = match self.client.profile().info(ProfileId::CURRENT) {
                Ok(profile) => Some(profile),
                Err(error) if error.is_unauthorized() || matches!(error, Error::Transport { .. }) => {
                    return Err(error.into());
                }
                Err(_) => None,
            };
            return Ok(self.profile.get_or_init(|| profile).as_ref());
        }
        Ok(self.profile.get().and_then(Option::as_ref))
    }

    /// Says where the journal is when nobody would look for it there.
    pub(crate) fn announce(&self, journal: &JournalFile) {
        if journal.passing && !journal.resume && self.is_told() {
            note(&format!("{}: the journal, until all is done", journal.path.display()));
        }
    }

    /// Whether a person reads how it goes.
    fn is_told(&self) -> bool {
        !self.args.quiet && self.out.format() == Format::Table
    }

    fn open(&self, journal: &JournalFile, work: JournalHeader) -> Result<Journal> {
        let path = &journal.path;
        let header = match self.profile_id()? {
            Some(profile) => work.option("profile", profile),
            // What was done in one profile isn't done in another.
            None if journal.resume => {
                let problem = format!("whether {} is of this profile can't be known", path.display());
                return Err(Failure::usage("unknown_profile", problem)
                    .hint("the token may read neither the profile nor a user of it"));
            }
            None => work,
        };
        let opened = if journal.resume { Journal::resume(path, &header) } else { Journal::create(path, &header) }?;
        if journal.resume && self.is_told() {
            note(&format!("{}: {} done before", path.display(), opened.resumed()));
        }
        Ok(opened)
    }

    /// The profile that the token is of, as far as the token may read it: its users say it too.
    fn profile_id(&self) -> Result<Option<ProfileId>> {
        if let Some(profile) = self.profile()? {
            return Ok(Some(profile.info.id.clone()));
        }
        let users = self.client.run().users();
        let of_a_user = || -> tagoio::Result<Option<ProfileId>> {
            match users.list(&UserQuery::new().amount(1))?.pop() {
                Some(user) => Ok(users.info(user.id)?.profile),
                None => Ok(None),
            }
        };
        match of_a_user() {
            Ok(profile) => Ok(profile),
            Err(error) if error.is_permission_denied() || error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn listen_for_ctrl_c(&self, bar: Option<ProgressBar>, last_word: Option<String>) {
        let say = move |text: &str| match &bar {
            Some(bar) => bar.println(visible(text)),
            None => tell(text),
        };
        on_ctrl_c(&self.stop, say, last_word);
    }

    /// Writes the summary and the failures, and says how it went; `listed` is how the writing of the results did.
    fn conclude(
        &self,
        report: Report,
        target: &impl Fn(usize) -> Target,
        journal: Option<&JournalFile>,
        listed: Result<()>,
    ) -> Result<()> {
        // What was done counts, whoever reads of it: a journal that isn't needed any more goes before anything is written.
        if report.is_complete() {
            if let Some(JournalFile { path, passing: true, .. }) = journal {
                // Whatever is left of it is refused and explained by the next run.
                let _ = fs::remove_file(path);
            }
        }
        let summarized = self.summarize(&report, target);
        let worked = if report.is_complete() { Ok(()) } else { Err(ending::incomplete(report, journal.is_some())) };
        outcome_of([worked, listed, summarized])
    }

    /// Writes the summary and the failures.
    fn summarize(&self, report: &Report, target: &impl Fn(usize) -> Target) -> Result<()> {
        let failures: Vec<(Target, String)> = report
            .outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| Some((target(index), ending::reason(outcome)?)))
            .collect();
        match self.out.format() {
            Format::Table => {
                tell(&ending::summary(&report.progress));
                self.show(&failures);
                Ok(())
            }
            format => {
                let mut object = ending::counts(&report.progress);
                if matches!(format, Format::Json | Format::Jsonl) {
                    let failure = |(target, error): &(Target, String)| json!({"line": target.line, "target": target.name, "error": error});
                    object["failures"] = failures.iter().map(failure).collect();
                }
                self.out.item(&[], &object)
            }
        }
    }

    fn show(&self, failures: &[(Target, String)]) {
        for (target, reason) in failures.iter().take(FAILURES_SHOWN) {
            tell(&format!("  {target}: {reason}"));
        }
        if let Some(more @ 1..) = failures.len().checked_sub(FAILURES_SHOWN) {
            let place = match &self.args.results {
                Some(file) => format!("in {}", file.display()),
                None => "that --results FILE would list".to_owned(),
            };
            tell(&format!("  … and {more} more, {place}"));
        }
    }
}

/// Makes sure that no two of these are the same file: one would overwrite the other.
fn check_apart(files: &[(&str, Option<&Path>)]) -> Result<()> {
    for (at, (one, path)) in files.iter().enumerate() {
        for (other, with) in &files[at + 1..] {
            if let (Some(path), Some(with)) = (path, with) {
                if file::is_same(path, with) {
                    let problem = format!("{one} and {other} are the same file, {}", with.display());
                    return Err(Failure::usage("conflict", problem));
                }
            }
        }
    }
    Ok(())
}

/// A switch that the first Ctrl-C presses; the second one ends at once.
pub(crate) fn stop_on_ctrl_c() -> Stop {
    let stop = Stop::new();
    on_ctrl_c(&stop, tell, None);
    stop
}

/// Has the first Ctrl-C end what can be ended soon, without a word, and the second one end the process.
pub(crate) fn stop_at_ctrl_c() -> Stop {
    let stop = Stop::new();
    on_ctrl_c(&stop, |_| (), None);
    stop
}

/// Why there is no work when Ctrl-C ended the look-up of what it is about.
pub(crate) fn stopped_looking() -> Failure {
    Failure::Interrupted("stopped while users were looked up: nothing was changed".to_owned())
}

/// Has Ctrl-C end the process at once again.
fn end_on_ctrl_c() {
    // It fails only where it does so anyway.
    let _ = interrupt::react(None);
}

/// Has the first Ctrl-C ask for a stop, and the second one end the process with a last word.
fn on_ctrl_c(stop: &Stop, say: impl Fn(&str) + Send + 'static, last_word: Option<String>) {
    let stop = stop.clone();
    on_interrupt(Box::new(move || {
        if !stop.is_requested() {
            stop.request();
            say("stopping: what is in flight is finished first; Ctrl-C once more ends at once");
            return;
        }
        if let Some(text) = &last_word {
            say(text);
        }
        interrupt::end();
    }));
}

fn on_interrupt(reaction: interrupt::Reaction) {
    if let Err(error) = interrupt::react(Some(reaction)) {
        note(&format!("Ctrl-C will end at once: {error}"));
    }
}
