//! Work on many things at once: what `tagoio::bulk` does, drawn.

mod drawing;
mod lock;
mod results;

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};
use tagoio::bulk::{Action, Bulk, Event, Halt, Journal, JournalHeader, Outcome, Progress, Report, Stop, Task};
use tagoio::profile::{Plan, ProfileInfo};
use tagoio::run::UserQuery;
use tagoio::{Client, Error, ProfileId};

use crate::connect::Context;
use crate::failure::{Failure, Result, chain, outcome_of};
use crate::file;
use crate::input::Input;
use crate::interrupt;
use crate::output::cell::visible;
use crate::output::{Columns, Format, Output, note, tell};
use drawing::Drawing;
use lock::Lock;
use results::Results;
pub(crate) use results::is_json_lines;

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

/// How many requests a minute are made of a limited route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rate {
    PerMinute(u32),
    Of(Plan),
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text.parse(), text.to_lowercase().parse()) {
            (Ok(0), _) => Err("with 0 nothing would ever be sent".to_owned()),
            (Ok(number), _) => Ok(Self::PerMinute(number)),
            (_, Ok(plan)) => Ok(Self::Of(plan)),
            _ => Err("it has to be a number, free, starter or scale".to_owned()),
        }
    }
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

/// The journal beside a file that lists what to do.
pub(crate) fn beside(list: &Path) -> PathBuf {
    let mut name = list.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

/// Where the journal of some work is kept. Nobody else uses it as long as this lives.
#[derive(Debug)]
pub(crate) struct JournalFile {
    path: PathBuf,
    _lock: Lock,
    /// Whether it is ours to remove once all is done: nobody asked for it by its name.
    passing: bool,
    resume: bool,
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
        let path = self.journal.as_deref().or(usual.as_deref());
        check_apart(&[("--journal", path), ("--results", self.results.as_deref())])?;
        self.place_of_journal(usual)
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

    fn place_of_journal(&self, usual: Option<PathBuf>) -> Result<Option<JournalFile>> {
        let passing = self.journal.is_none();
        let Some(path) = self.journal.clone().or(usual) else {
            return if self.resume {
                Err(Failure::usage("no_journal", "--resume needs the journal that it goes on with: --journal FILE"))
            } else {
                Ok(None)
            };
        };
        let lock = Lock::of(&path)?;
        match (path.exists(), self.resume) {
            (true, false) => Err(Failure::usage(
                "journal_exists",
                format!("{} is there already: it is the journal of an earlier run", path.display()),
            )
            .hint("--resume goes on where it stopped; remove the file to begin anew")),
            (false, true) => {
                Err(Failure::usage("no_journal", format!("there is no journal {} to go on with", path.display()))
                    .hint("leave out --resume to begin"))
            }
            _ => Ok(Some(JournalFile { path, _lock: lock, passing, resume: self.resume })),
        }
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

    /// Does the tasks and says what came of them.
    pub(crate) fn run<T: Task>(
        &self,
        work: JournalHeader,
        journal: Option<&JournalFile>,
        tasks: &[T],
        target: impl Fn(usize) -> Target + Sync,
    ) -> Result<()> {
        self.out.chosen(&summary_columns(self.out.format()))?;
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
        self.listen_for_ctrl_c(&drawing, journal);

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

    fn listen_for_ctrl_c(&self, drawing: &Drawing, journal: Option<&JournalFile>) {
        let bar = drawing.bar();
        let say = move |text: &str| match &bar {
            Some(bar) => bar.println(visible(text)),
            None => tell(text),
        };
        let go_on = journal.map(|_| format!("to find out what is done, and to go on: {}", resuming()));
        on_ctrl_c(&self.stop, say, go_on);
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
        let worked = if report.is_complete() { Ok(()) } else { Err(incomplete(report, journal.is_some())) };
        outcome_of([worked, listed, summarized])
    }

    /// Writes the summary and the failures.
    fn summarize(&self, report: &Report, target: &impl Fn(usize) -> Target) -> Result<()> {
        let failures: Vec<(Target, String)> = report
            .outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| Some((target(index), reason(outcome)?)))
            .collect();
        match self.out.format() {
            Format::Table => {
                tell(&summary(&report.progress));
                self.show(&failures);
                Ok(())
            }
            format => {
                let mut object = counts(&report.progress);
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

/// Has the first Ctrl-C ask for a stop, and the second one end the process with a last word.
fn on_ctrl_c(stop: &Stop, say: impl Fn(&str) + Send + 'static, last_word: Option<String>) {
    let stop = stop.clone();
    let listening = interrupt::react(Some(Box::new(move || {
        if !stop.is_requested() {
            stop.request();
            say("stopping: what is in flight is finished first; Ctrl-C once more ends at once");
            return;
        }
        if let Some(text) = &last_word {
            say(text);
        }
        interrupt::end();
    })));
    if let Err(error) = listening {
        note(&format!("Ctrl-C will end at once: {error}"));
    }
}

/// Why a task isn't done, for a person.
fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Uncertain(error) => Some(format!("it may be done or not: {}", chain(error))),
        outcome => outcome.error().map(chain),
    }
}

/// Why the work isn't complete, and what to do about it.
fn incomplete(report: Report, has_journal: bool) -> Failure {
    let progress = &report.progress;
    let done = progress.total.saturating_sub(progress.failed + progress.uncertain + progress.not_tried);
    let go_on = if has_journal { format!("; to go on: {}", resuming()) } else { String::new() };
    match &report.halt {
        Some(Halt::Asked) => {
            Failure::Interrupted(format!("stopped when {done} of {} were done{go_on}", progress.total))
        }
        Some(Halt::Unauthorized) => {
            let refusal = |outcome| match outcome {
                Outcome::Failed(error) if error.is_unauthorized() => Some(error),
                _ => None,
            };
            if let (0, Some(error)) = (done, report.outcomes.into_iter().find_map(refusal)) {
                return Failure::Tago(error);
            }
            Failure::Partly(format!("TagoIO refused the token when {done} of {} were done{go_on}", progress.total))
        }
        Some(Halt::Journal(error)) => Failure::Partly(format!(
            "{}: stopped when {done} of {} were done, because the rest couldn't be resumed",
            chain(error),
            progress.total
        )),
        Some(Halt::LimitReached(service)) => Failure::Partly(format!(
            "{done} of {} were done: there is no room for more {}{go_on}",
            progress.total,
            service.as_str().replace("run_users", "users")
        )),
        Some(Halt::OthersUndone) => Failure::Partly(format!(
            "{} of {} failed, so nobody was deleted{go_on}",
            progress.failed + progress.uncertain,
            progress.total
        )),
        _ => {
            let again = if has_journal { format!("; to try again: {}", resuming()) } else { String::new() };
            let undone = progress.failed + progress.uncertain;
            Failure::Partly(format!("{undone} of {} failed{again}", progress.total))
        }
    }
}

/// The amounts that aren't zero, in words.
fn summary(progress: &Progress) -> String {
    let done = progress.done.iter().map(|(action, count)| (action.as_str(), *count));
    let rest = [
        ("done before", progress.resumed),
        ("failed", progress.failed),
        ("uncertain", progress.uncertain),
        ("not tried", progress.not_tried),
    ];
    let parts: Vec<String> =
        done.chain(rest).filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
}

/// What the summary has: rows have no room for failures.
fn summary_columns(format: Format) -> Columns {
    let failures: &[&str] = if matches!(format, Format::Json | Format::Jsonl) { &["failures"] } else { &[] };
    Columns::new(
        &[
            "total",
            "created",
            "updated",
            "unchanged",
            "deleted",
            "sent",
            "missing",
            "done_before",
            "failed",
            "uncertain",
            "not_tried",
        ],
        failures,
    )
}

/// All amounts, for a program.
fn counts(progress: &Progress) -> Value {
    let mut object = json!({ "total": progress.total });
    for action in [Action::Created, Action::Updated, Action::Unchanged, Action::Deleted, Action::Sent, Action::Missing]
    {
        object[action.as_str()] = progress.count(&action).into();
    }
    for (name, count) in [
        ("done_before", progress.resumed),
        ("failed", progress.failed),
        ("uncertain", progress.uncertain),
        ("not_tried", progress.not_tried),
    ] {
        object[name] = count.into();
    }
    object
}

/// The command line that goes on with this work.
fn resuming() -> String {
    let mut words: Vec<String> = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy())).collect();
    if !words.iter().any(|word| word == "--resume") {
        words.push("--resume".to_owned());
    }
    format!("tagoctl {}", words.join(" "))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_that_of_a_plan() {
        for (text, rate) in [
            ("30", Ok(Rate::PerMinute(30))),
            ("scale", Ok(Rate::Of(Plan::Scale))),
            ("Free", Ok(Rate::Of(Plan::Free))),
            ("0", Err("with 0 nothing would ever be sent")),
            ("-1", Err("it has to be a number, free, starter or scale")),
            ("gold", Err("it has to be a number, free, starter or scale")),
        ] {
            assert_eq!(text.parse::<Rate>(), rate.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn the_summary_has_what_there_is() {
        let mut progress = Progress::default();
        assert_eq!(summary(&progress), "nothing to do");
        progress.done = [(Action::Updated, 2), (Action::Created, 3), (Action::Deleted, 0)].into();
        (progress.resumed, progress.not_tried) = (4, 1);
        assert_eq!(summary(&progress), "3 created, 2 updated, 4 done before, 1 not tried");
    }

    #[test]
    fn a_quoted_word_is_one_word_for_a_shell() {
        for word in ["users.csv", "", "a b", "*@example.com", "it's", "$HOME", "a\nb", "site=lisbon", "~x", "#1"] {
            assert_eq!(shlex::split(&quoted(word)), Some(vec![word.to_owned()]), "{word}");
        }
        assert_eq!(quoted("run/users.csv"), "run/users.csv");
    }
}
