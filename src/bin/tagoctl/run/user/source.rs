//! A list of users, and what is to become of it.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::json;
use tagoio::bulk::users::{ListError, PlanError, Problem, SyncOptions, TagPolicy, UserColumn, UserList, UserPlan};

use crate::bulk::{Session, is_json_lines, stopped_looking};
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::nearest::did_you_mean;
use crate::shape::UnknownArgs;

/// How a list of users is read, and what it does to those who exist.
#[derive(Debug, Args)]
#[command(next_help_heading = "List")]
pub(super) struct Source {
    /// The form of the list [default: by the file's name, else by what is in it]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Replace all tags of a user whose row has tags, instead of merging them
    #[arg(long)]
    replace_tags: bool,
    /// The time zone of new users whose row has none
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Have TagoIO make a password for each new user whose row has none
    #[arg(long)]
    generate_password: bool,
    /// Set the passwords of the list for users who exist, too
    #[arg(long)]
    set_passwords: bool,
    #[command(flatten)]
    unknown: UnknownArgs,
}

/// The form of a list of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Values between commas (or, when it is read, semicolons), below a line with the columns
    Csv,
    /// The same with tabs
    Tsv,
    /// A JSON object on each line
    Jsonl,
}

impl Form {
    /// What a file's name says.
    pub(super) fn of_name(path: &Path) -> Option<Self> {
        if is_json_lines(path) {
            return Some(Self::Jsonl);
        }
        let extension = path.extension()?.to_ascii_lowercase();
        [("csv", Self::Csv), ("tsv", Self::Tsv)]
            .into_iter()
            .find_map(|(known, form)| (extension == known).then_some(form))
    }

    /// What the beginning of a file says.
    fn of_text(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        // An array is refused with a word on what is wanted instead.
        if matches!(text.trim_ascii_start(), [b'{' | b'[', ..]) { Self::Jsonl } else { Self::Csv }
    }
}

impl Source {
    /// Reads and checks the whole list.
    pub(super) fn list(&self, file: &Input) -> Result<UserList> {
        let text = file.bytes()?;
        let form = self.format.or_else(|| Form::of_name(file.path()?)).unwrap_or_else(|| Form::of_text(&text));
        let list = match form {
            Form::Csv | Form::Tsv => UserList::from_csv(&text[..]),
            Form::Jsonl => UserList::from_json_lines(&text[..]),
        };
        let list = list.map_err(|error| unusable(file, &error))?;
        for (line, user) in list.iter() {
            self.unknown.check_options(&user.options).map_err(|failure| failure.at(&format!("{file}: line {line}")))?;
        }
        Ok(list)
    }

    /// Compares the list with the users that there are.
    pub(super) fn plan(
        &self,
        session: &Session<'_>,
        file: &Input,
        list: UserList,
        delete_missing: bool,
    ) -> Result<UserPlan> {
        let mut options = SyncOptions::new()
            .tags(if self.replace_tags { TagPolicy::Replace } else { TagPolicy::Merge })
            .generate_passwords(self.generate_password)
            .set_passwords(self.set_passwords)
            .delete_missing(delete_missing);
        if let Some(zone) = &self.timezone {
            options = options.default_timezone(zone);
        }
        session.plan(list, &options).map_err(|error| match error {
            PlanError::List(error) => unusable(file, &error),
            PlanError::Call(error) => error.into(),
            PlanError::Stopped => stopped_looking(),
            other => Failure::usage("invalid_list", other.to_string()),
        })
    }
}

/// All that is wrong with a list.
fn unusable(file: &Input, error: &ListError) -> Failure {
    let count = error.problems.len();
    let plural = if count == 1 { "" } else { "s" };
    let failure = Failure::usage("invalid_list", format!("{file}: {count} problem{plural}, nothing was sent"));
    error.problems.iter().fold(failure, |failure, problem| {
        let meant = meant(problem);
        let details =
            json!({"line": problem.line, "column": problem.column, "message": format!("{}{meant}", problem.message)});
        failure.problem(format!("{problem}{meant}"), details)
    })
}

fn meant(problem: &Problem) -> String {
    let known = || UserColumn::NAMES.iter().copied();
    match &problem.column {
        Some(column) if problem.is_unknown_column() => did_you_mean(column, known()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_told_by_the_name_or_by_the_beginning() {
        for (name, form) in [
            ("users.csv", Some(Form::Csv)),
            ("USERS.TSV", Some(Form::Tsv)),
            ("users.jsonl", Some(Form::Jsonl)),
            ("users.ndjson", Some(Form::Jsonl)),
            ("users.txt", None),
        ] {
            assert_eq!(Form::of_name(Path::new(name)), form, "{name}");
        }
        for (text, form) in [
            ("email,name\n", Form::Csv),
            ("\n {\"email\":\"a@x.io\"}", Form::Jsonl),
            ("\u{feff}{}", Form::Jsonl),
            (" [\n {", Form::Jsonl),
            ("", Form::Csv),
        ] {
            assert_eq!(Form::of_text(text.as_bytes()), form, "{text}");
        }
    }
}
