//! What is said when the work has ended.

use serde_json::{Value, json};
use tagoio::bulk::{Action, Halt, Outcome, Progress, Report};

use super::resuming::resuming;
use crate::failure::{Failure, chain};
use crate::output::{Columns, Format};

/// What is counted for programs, in this order; what other tasks do isn't.
static ACTIONS: [Action; 6] =
    [Action::Created, Action::Updated, Action::Unchanged, Action::Deleted, Action::Sent, Action::Missing];

/// How much wasn't done in this run, by the name that it has for programs.
fn undone(progress: &Progress) -> [(&'static str, usize); 4] {
    [
        ("done_before", progress.resumed),
        ("failed", progress.failed),
        ("uncertain", progress.uncertain),
        ("not_tried", progress.not_tried),
    ]
}

/// All amounts, by the names that they have for programs.
fn amounts(progress: &Progress) -> impl Iterator<Item = (&'static str, usize)> {
    let done = ACTIONS.iter().map(|action| (action.as_str(), progress.count(action)));
    [("total", progress.total)].into_iter().chain(done).chain(undone(progress))
}

/// All amounts, for a program.
pub(super) fn counts(progress: &Progress) -> Value {
    amounts(progress).map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

/// What the summary has: rows have no room for failures.
pub(super) fn columns(format: Format) -> Columns {
    let failures: &[&str] = if matches!(format, Format::Json | Format::Jsonl) { &["failures"] } else { &[] };
    Columns::of(amounts(&Progress::default()).map(|(name, _)| name).collect(), failures)
}

/// The amounts that aren't zero, in words.
pub(super) fn summary(progress: &Progress) -> String {
    let done = progress.done.iter().map(|(action, count)| (action.as_str(), *count));
    let parts: Vec<String> = done
        .chain(undone(progress))
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {}", what.replace('_', " ")))
        .collect();
    if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
}

/// Why a task isn't done, for a person.
pub(super) fn reason(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Uncertain(error) => Some(format!("it may be done or not: {}", chain(error))),
        outcome => outcome.error().map(chain),
    }
}

/// Why the work isn't complete, and what to do about it.
pub(super) fn incomplete(report: Report, has_journal: bool) -> Failure {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_what_there_is() {
        let mut progress = Progress::default();
        assert_eq!(summary(&progress), "nothing to do");
        progress.done = [(Action::Updated, 2), (Action::Created, 3), (Action::Deleted, 0)].into();
        (progress.resumed, progress.not_tried) = (4, 1);
        assert_eq!(summary(&progress), "3 created, 2 updated, 4 done before, 1 not tried");
    }
}
