//! `tagoctl run user import` and `sync`: users as a list wants them.

use clap::Args;
use tagoio::bulk::users::{PlanCounts, UserPlan};

use super::plan;
use super::source::Source;
use crate::bulk::{BulkArgs, JournalFile, Session, Target, beside};
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::output::Format;
use crate::prompt::Danger;

pub(super) const IMPORT_EXAMPLES: &str = "\
A list is CSV (comma, semicolon or tab; the first line names the columns) or has a JSON object on each line. Columns:
  email                     who is meant; the only one that is needed
  name, timezone            what a new user needs besides, and a password or generate_password
  company, phone, language, active, newsletter, force_password_change
  tags, tag:KEY             all tags as site=lisbon;floor=2, or the value of one
  password, generate_password, send_email
  options, option:NAME, custom_preferences, custom:FIELD
An empty cell leaves the field as it is, and so does a column that isn't there; null in JSON clears it.

Every row is checked before anything is sent, and nothing is sent when a row has a problem.

Examples:
  tagoctl run user import users.csv --timezone Europe/Lisbon --generate-password
  tagoctl run user import users.csv --dry-run
  tagoctl run user import users.csv --resume
  jq -c '.[]' hr.json | tagoctl run user import - --format jsonl";

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The list of users; `-` is standard input
    #[arg(value_name = "FILE|-")]
    file: Input,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    bulk: BulkArgs,
}

impl ImportArgs {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let journal = if self.dry_run { None } else { journal(&self.bulk, &self.file)? };
        let list = self.source.list(&self.file)?;
        let session = self.bulk.begin(context)?;
        let plan = self.source.plan(&session, &self.file, list, false)?;
        if self.dry_run {
            return show(&session, context, &plan);
        }
        if context.out.format() == Format::Table && !self.bulk.is_quiet() {
            plan::announce_counts(&plan);
        }
        session.warn_of_too_many(plan.counts().create);
        execute(&session, "import users", journal.as_ref(), &plan)
    }
}

pub(super) const SYNC_EXAMPLES: &str = "\
The plan is shown before anything is done; the list is as for `import`. An empty list never deletes all users.

Examples:
  tagoctl run user sync users.csv --dry-run
  tagoctl run user sync users.csv --delete-missing
  tagoctl run user sync users.csv --delete-missing --delete-at-most 20 --yes";

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// The list of users; `-` is standard input
    #[arg(value_name = "FILE|-")]
    file: Input,
    /// Delete the users that aren't in the list
    #[arg(long)]
    delete_missing: bool,
    /// Do nothing at all when more users than these would be deleted
    #[arg(long, value_name = "N", requires = "delete_missing")]
    delete_at_most: Option<usize>,
    #[command(flatten)]
    danger: Danger,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    bulk: BulkArgs,
}

impl SyncArgs {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let journal = if self.danger.is_dry_run() { None } else { journal(&self.bulk, &self.file)? };
        let list = self.source.list(&self.file)?;
        let session = self.bulk.begin(context)?;
        let plan = self.source.plan(&session, &self.file, list, self.delete_missing)?;
        let counts = plan.counts();
        if self.danger.is_dry_run() {
            return show(&session, context, &plan);
        }
        if let Some(most) = self.delete_at_most.filter(|most| counts.delete > *most) {
            return Err(Failure::usage(
                "too_many_deletions",
                format!("{} users would be deleted, and {most} is the limit: nothing was done", counts.delete),
            )
            .hint("--dry-run shows which; is the list complete?"));
        }
        if context.out.format() == Format::Table && !self.bulk.is_quiet() {
            plan::announce(&plan);
        }
        session.warn_of_too_many(counts.create);
        match deed(counts) {
            Some(deed) if !self.danger.is_meant(&deed)? => Ok(()),
            _ => execute(&session, "sync users", journal.as_ref(), &plan),
        }
    }
}

fn journal(bulk: &BulkArgs, file: &Input) -> Result<Option<JournalFile>> {
    bulk.spare(file)?;
    bulk.journal_file(file.path().map(beside))
}

fn show(session: &Session<'_>, context: &Context<'_>, plan: &UserPlan) -> Result<()> {
    plan::write(context.out, plan)?;
    session.warn_of_too_many(plan.counts().create);
    Ok(())
}

fn execute(session: &Session<'_>, work: &str, journal: Option<&JournalFile>, plan: &UserPlan) -> Result<()> {
    let targets: Vec<(Option<u64>, &str)> = plan.steps().map(|step| (step.line, step.email)).collect();
    session.run(session.work(work), journal, plan.tasks(), |index| {
        let (line, email) = targets[index];
        Target { line, ..Target::new(email) }
    })
}

/// What is to be agreed to: nothing where nothing changes.
fn deed(counts: PlanCounts) -> Option<String> {
    let PlanCounts { create, update, delete, .. } = counts;
    let users = |count| if count == 1 { "user" } else { "users" };
    let parts: Vec<String> = [("create", create, ""), ("update", update, ""), ("delete", delete, " for good")]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(verb, count, how)| format!("{verb} {count} {}{how}", users(count)))
        .collect();
    match &parts[..] {
        [] => None,
        [only] => Some(only.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
