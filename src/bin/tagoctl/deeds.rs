//! The same deed for several targets, one after the other.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, Result, chain};
use crate::output::{Columns, Format, Output};

/// A deed that is done to several targets.
pub(crate) struct Deed<'a> {
    /// What is said of each target: what it is called by, [`done`](Self::done), and `error`.
    pub(crate) columns: &'a Columns,
    /// The field that says whether it is done, such as `deleted`.
    pub(crate) done: &'static str,
    /// What the targets are, such as `tokens`.
    pub(crate) targets: &'static str,
}

impl Deed<'_> {
    /// Does it to each target, whatever became of those before, and says of each what became of it: once all are tried,
    /// so that nobody who stops reading stops the work. `I` is what a target is called by.
    pub(crate) fn of_each<I: Serialize + Display, T>(
        &self,
        out: &Output,
        targets: &[(I, T)],
        act: impl Fn(&T) -> tagoio::Result<String>,
    ) -> Result<()> {
        out.chosen(self.columns)?;
        let mut failures = Vec::new();
        let mut outcomes = Vec::with_capacity(targets.len());
        for (name, target) in targets {
            let outcome = act(target);
            let problem = outcome.as_ref().err().map(chain);
            let mut row = serde_json::to_value(name).unwrap_or_default();
            row[self.done] = problem.is_none().into();
            if let Some(problem) = &problem {
                row["error"] = problem.as_str().into();
            }
            match outcome {
                Ok(said) => outcomes.push((row, format!("{name}: {said}"))),
                Err(error) => {
                    outcomes.push((row, format!("{name}: {}", problem.unwrap_or_default())));
                    failures.push(error);
                }
            }
        }
        // What is said of a lone target at the end is all that a person has to read.
        let is_told_at_the_end = out.format() == Format::Table && targets.len() == 1 && !failures.is_empty();
        let written = if is_told_at_the_end { Ok(()) } else { out.acks::<Value>(self.columns, outcomes) };
        let (failed, all) = (failures.len(), targets.len());
        match failures.into_iter().next() {
            None => written,
            Some(error) if failed == all => Err(error.into()),
            Some(_) => Err(Failure::Partly(format!("{failed} of {all} {} are not {}", self.targets, self.done))),
        }
    }
}
