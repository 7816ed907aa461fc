//! What would be done with a list of users, shown.

use std::io::{self, IsTerminal as _};

use serde_json::{Value, json};
use tagoio::bulk::users::{Change, Intent, PlanCounts, Step, UserPlan};

use crate::failure::Result;
use crate::output::{Columns, Format, Output, note};

const COLUMNS: Columns = Columns::new(&["line", "action", "email", "changes"], &["id"]);

/// How many steps a person is shown.
const SHOWN: usize = 50;

/// Writes all steps that change something: on a terminal the first of them, else all.
pub(super) fn write(out: &Output, plan: &UserPlan) -> Result<()> {
    let in_full = matches!(out.format(), Format::Json | Format::Jsonl);
    let is_cut = out.format() == Format::Table && io::stdout().is_terminal();
    let shown = if is_cut { SHOWN } else { usize::MAX };
    if out.format() != Format::Table || effects(plan).next().is_some() {
        out.list(&COLUMNS, effects(plan).take(shown).map(|step| row(&step, in_full)))?;
    }
    let more = effects(plan).count().saturating_sub(shown);
    if more > 0 {
        note(&format!("… and {more} more, which --output json lists"));
    }
    note(&in_words(plan.counts()));
    Ok(())
}

/// Says on standard error what is about to be done.
pub(super) fn announce(plan: &UserPlan) {
    for step in effects(plan).take(SHOWN) {
        let changes = changes(&step);
        note(&format!("  {} {}  {changes}", step.intent, step.email).trim_end().replace('\n', " "));
    }
    let more = effects(plan).count().saturating_sub(SHOWN);
    if more > 0 {
        note(&format!("  … and {more} more, which --dry-run --output json lists"));
    }
    announce_counts(plan);
}

fn effects(plan: &UserPlan) -> impl Iterator<Item = Step<'_>> {
    plan.steps().filter(|step| step.intent != Intent::Unchanged)
}

/// Says how many users the plan is about, where it changes any.
pub(super) fn announce_counts(plan: &UserPlan) {
    if effects(plan).next().is_some() {
        note(&in_words(plan.counts()));
    }
}

fn in_words(counts: PlanCounts) -> String {
    let PlanCounts { create, update, unchanged, delete, .. } = counts;
    let parts = [(create, "to create"), (update, "to update"), (unchanged, "unchanged"), (delete, "to delete")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if parts.is_empty() { "no users".to_owned() } else { parts.join(", ") }
}

fn row(step: &Step<'_>, in_full: bool) -> Value {
    let changes = if in_full {
        let change = |Change { field, from, to, .. }: &Change| json!({"field": field, "from": from, "to": to});
        step.changes.iter().map(change).collect()
    } else {
        Value::String(changes(step))
    };
    json!({
        "line": step.line, "action": step.intent.to_string(), "email": step.email, "id": step.id, "changes": changes,
    })
}

fn changes(step: &Step<'_>) -> String {
    let changes: Vec<String> = step.changes.iter().map(|change| in_short(change, step.intent)).collect();
    changes.join("; ")
}

fn in_short(change: &Change, intent: Intent) -> String {
    let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    match (&change.from, &change.to) {
        // A password is never told.
        (None, None) => format!("{} is set", change.field),
        (None, Some(to)) if intent == Intent::Create => format!("{}: {to}", change.field),
        (Some(from), Some(to)) if change.field == "tags" => {
            let (gone, new) = differing(from, to);
            format!("tags: {} → {}", text(gone), text(new))
        }
        (from, to) => format!("{}: {} → {}", change.field, text(from.clone()), text(to.clone())),
    }
}

/// Of two lists of tags, what the other one hasn't. Where nothing but the order differs, both as they are.
fn differing(from: &str, to: &str) -> (Option<String>, Option<String>) {
    let (old, new) = (pairs(from), pairs(to));
    let without = |these: &[&str], those: &[&str]| {
        let rest: Vec<&str> = these.iter().copied().filter(|tag| !those.contains(tag)).collect();
        (!rest.is_empty()).then(|| rest.join(";"))
    };
    match (without(&old, &new), without(&new, &old)) {
        (None, None) => (Some(from.to_owned()), Some(to.to_owned())),
        different => different,
    }
}

/// The tags of a text like `site=lisbon;floor=2`, in which a backslash takes the meaning from what follows.
fn pairs(text: &str) -> Vec<&str> {
    let (mut pairs, mut begin, mut escaped) = (Vec::new(), 0, false);
    for (at, char) in text.char_indices() {
        match char {
            ';' if !escaped => {
                pairs.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
        escaped = char == '\\' && !escaped;
    }
    pairs.push(&text[begin..]);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_tags_those_are_shown_that_differ() {
        for (from, to, gone, new) in [
            ("a=1;b=2;c=3", "a=1;b=4;c=3", Some("b=2"), Some("b=4")),
            ("a=1", "a=1;b=2", None, Some("b=2")),
            ("a=1;b=2", "b=2", Some("a=1"), None),
            ("a=1;b=2", "b=2;a=1", Some("a=1;b=2"), Some("b=2;a=1")),
            (r"a=1\;2;b=2", r"a=1\;3;b=2", Some(r"a=1\;2"), Some(r"a=1\;3")),
            (r"a=\\;b=2", r"a=\\;b=3", Some("b=2"), Some("b=3")),
        ] {
            assert_eq!(differing(from, to), (gone.map(str::to_owned), new.map(str::to_owned)), "{from} {to}");
        }
    }
}
