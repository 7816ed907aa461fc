//! What went wrong, in words for a person and in a code for a program.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use console::Style;
use serde_json::{Map, Value, json};
use tagoio::Error;
use tagoio::transport::Method;

use crate::interrupt;
use crate::output::{Format, note, tell, tell_in, tell_program};

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a command didn't do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// TagoIO refused, or can't be reached.
    Tago(Error),
    /// The command line, a file or a setting is wrong: nothing was done.
    Usage(Usage),
    /// TagoIO answered, and what was asked for isn't there.
    Unmet { code: &'static str, message: String },
    /// Some of the work was done, and some was not.
    Partly(String),
    /// The person at the keyboard asked to stop.
    Interrupted(String),
    /// The person at the keyboard said no.
    Declined,
    /// What came out couldn't be written.
    Write(String, io::Error),
    /// Whoever read the output has what they wanted.
    PipeClosed,
}

/// What is wrong with a command line, a file or a setting.
#[derive(Debug)]
pub(crate) struct Usage {
    /// For programs: it never changes.
    code: &'static str,
    message: String,
    /// The single problems, as text and for programs.
    problems: Vec<(String, Value)>,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::Usage(Usage { code, message: message.into(), problems: Vec::new(), hint: None })
    }

    /// Something that isn't there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::Unmet { code: "not_found", message: message.into() }
    }

    /// Adds one of several problems.
    pub(crate) fn problem(mut self, text: impl Into<String>, details: Value) -> Self {
        if let Self::Usage(usage) = &mut self {
            usage.problems.push((text.into(), details));
        }
        self
    }

    /// Says in which file it is.
    pub(crate) fn at(mut self, place: &str) -> Self {
        if let Self::Usage(usage) = &mut self {
            usage.message = format!("{place}: {}", usage.message);
        }
        self
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Usage(usage) = &mut self {
            usage.hint = Some(text.into());
        }
        self
    }

    /// A file that can't be read.
    pub(crate) fn unreadable(path: &str, error: &io::Error) -> Self {
        Self::usage("unreadable_file", format!("{path}: {error}"))
    }

    /// A file or folder that can't be written to, as is known before anything is done.
    pub(crate) fn unopenable(path: &Path, error: &io::Error) -> Self {
        Self::usage("unwritable_file", format!("{}: {error}", path.display()))
    }

    /// Something that couldn't be written, the standard output or a file.
    pub(crate) fn write(what: &str, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::PipeClosed } else { Self::Write(what.to_owned(), error) }
    }

    /// The same of a secret that was made just now and isn't shown again: to stop reading before it is no success.
    pub(crate) fn unread(self) -> Self {
        match self {
            Self::PipeClosed => Self::Unmet { code: "unwritable", message: self.message() },
            other => other,
        }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::PipeClosed => 0,
            Self::Tago(Error::Config(_)) | Self::Usage(_) => 2,
            Self::Tago(_) | Self::Unmet { .. } | Self::Declined | Self::Write(..) => 1,
            Self::Partly(_) => 3,
            Self::Interrupted(_) => interrupt::EXIT_CODE,
        }
    }

    /// The stable name of what went wrong: `docs/tagoctl.md` lists them.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Tago(error) => code_of(error),
            Self::Usage(usage) => usage.code,
            Self::Unmet { code, .. } => code,
            Self::Partly(_) => "partly_done",
            Self::Interrupted(_) => "interrupted",
            Self::Declined => "declined",
            Self::Write(..) => "unwritable",
            Self::PipeClosed => "pipe_closed",
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Tago(error) => chain(error),
            Self::Usage(usage) => usage.message.clone(),
            Self::Unmet { message: text, .. } | Self::Partly(text) | Self::Interrupted(text) => text.clone(),
            Self::Declined => "nothing was done".to_owned(),
            Self::Write(what, error) => format!("{what}: {error}"),
            Self::PipeClosed => "nobody reads standard output".to_owned(),
        }
    }

    fn hint_text(&self) -> Option<&str> {
        match self {
            Self::Tago(error) => hint_for(error),
            Self::Usage(usage) => usage.hint.as_deref(),
            _ => None,
        }
    }

    fn problems(&self) -> &[(String, Value)] {
        match self {
            Self::Usage(usage) => &usage.problems,
            _ => &[],
        }
    }

    /// Says on standard error what went wrong, in the form that goes with the output, and gives the exit code.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        if !matches!(self, Self::PipeClosed) {
            match format {
                Format::Json | Format::Jsonl => tell_program(&self.as_json()),
                Format::Table | Format::Csv | Format::Tsv => self.tell(),
            }
        }
        ExitCode::from(self.exit_code())
    }

    /// Says it to a person.
    fn tell(&self) {
        let message = self.message();
        // Only what is said of the command line has several lines.
        let (first, rest) = match self {
            Self::Usage(_) => message.split_once('\n').unwrap_or((&message, "")),
            _ => (message.as_str(), ""),
        };
        tell_in(&[(Style::new().red().bold(), "error:"), (Style::new(), " "), (Style::new(), first)]);
        rest.lines().for_each(tell);
        for (problem, _) in self.problems() {
            tell(&format!("  {problem}"));
        }
        if let Some(hint) = self.hint_text() {
            tell_in(&[(Style::new().cyan(), "hint:"), (Style::new(), " "), (Style::new(), hint)]);
        }
    }

    fn as_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("error".to_owned(), self.message().into());
        object.insert("code".to_owned(), self.code().into());
        if let Self::Tago(error) = self {
            if let Some(route) = error.route() {
                object.insert("route".to_owned(), route.to_string().into());
            }
            if let Some(status) = error.status() {
                object.insert("status".to_owned(), status.into());
            }
            if let Some(wait) = error.retry_after() {
                object.insert("retry_after_seconds".to_owned(), json!(wait.as_secs_f64()));
            }
            object.insert("maybe_delivered".to_owned(), error.maybe_delivered().into());
        }
        if !self.problems().is_empty() {
            let problems = self.problems().iter().map(|(_, details)| details.clone());
            object.insert("problems".to_owned(), problems.collect());
        }
        if let Some(hint) = self.hint_text() {
            object.insert("hint".to_owned(), hint.into());
        }
        Value::Object(object)
    }
}

/// How something went, by how its parts did: the first of them that went wrong decides. What couldn't be written besides is
/// only said, and a reader who has gone counts least.
pub(crate) fn outcome_of(parts: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let mut decisive = None;
    for failure in parts.into_iter().filter_map(Result::err) {
        match (&decisive, &failure) {
            (None | Some(Failure::PipeClosed), _) => decisive = Some(failure),
            (Some(_), Failure::PipeClosed) => {}
            (Some(_), failure) => note(&failure.message()),
        }
    }
    decisive.map_or(Ok(()), Err)
}

/// An error and what is below it, in one line.
pub(crate) fn chain(error: &impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(source) = below {
        let _ = write!(text, ": {source}");
        below = source.source();
    }
    text
}

fn code_of(error: &Error) -> &'static str {
    match error {
        Error::Config(_) => "invalid",
        Error::Decode(_) => "unexpected_answer",
        error if error.is_rate_limited() => "rate_limited",
        error if error.is_timeout() => "timeout",
        Error::Transport { .. } => "unreachable",
        error if error.is_two_factor_required() => "two_factor_required",
        error if error.is_wrong_password() => "wrong_password",
        error if error.is_limit_reached() => "limit_reached",
        error if error.is_not_in_plan() => "not_in_plan",
        error if error.is_not_ready() => "not_ready",
        Error::Backup(_) => "backup_failed",
        error if error.is_unauthorized() => "unauthorized",
        error if error.is_permission_denied() => "permission_denied",
        error if error.is_not_found() => "not_found",
        error if error.status().is_some_and(|status| status >= 500) => "server_error",
        _ => "refused",
    }
}

fn hint_for(error: &Error) -> Option<&'static str> {
    match code_of(error) {
        "unauthorized" => Some("TagoIO doesn't know this token, or it has expired; mind that each region has its own"),
        "permission_denied" => Some(
            "the token may not do this: use a token of the owning account's profile with enough permission, or give \
             the analysis the permission in Access Management",
        ),
        "two_factor_required" => {
            Some("the account uses two-factor authentication: --otp-type, and --pin-env or a prompt")
        }
        _ if may_have_taken_effect(error) => Some("it may have taken effect: look before you do it again"),
        _ => None,
    }
}

/// Whether the request may have changed something, and isn't one that can simply be made again.
fn may_have_taken_effect(error: &Error) -> bool {
    let only_reads = error.route().is_some_and(|route| route.method() == Method::Get);
    error.maybe_delivered() && !error.is_retryable() && !only_reads
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Tago(error)
    }
}

/// What clap says, without its own `error:` and colours.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
        Self::usage("usage", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_that_went_wrong_decides_and_a_reader_who_has_gone_counts_least() {
        let partly = || Err(Failure::Partly("x".to_owned()));
        let full = || Err(Failure::write("x", io::ErrorKind::StorageFull.into()));
        let gone = || Err(Failure::write("x", io::ErrorKind::BrokenPipe.into()));
        for (parts, code) in [
            (vec![Ok(()), Ok(())], None),
            (vec![Ok(()), gone()], Some("pipe_closed")),
            (vec![gone(), full()], Some("unwritable")),
            (vec![full(), gone()], Some("unwritable")),
            (vec![partly(), full(), gone()], Some("partly_done")),
            (vec![gone(), partly(), full()], Some("partly_done")),
        ] {
            assert_eq!(outcome_of(parts).err().map(|failure| failure.code()), code);
        }
    }

    #[test]
    fn exit_codes_and_codes_are_what_is_documented() {
        for (failure, exit, code) in [
            (Failure::usage("unknown_field", "x"), 2, "unknown_field"),
            (Failure::not_found("x"), 1, "not_found"),
            (Failure::Partly("x".to_owned()), 3, "partly_done"),
            (Failure::Interrupted("x".to_owned()), 130, "interrupted"),
            (Failure::Declined, 1, "declined"),
            (Failure::write("x", io::ErrorKind::BrokenPipe.into()), 0, "pipe_closed"),
            (Failure::write("x", io::ErrorKind::StorageFull.into()), 1, "unwritable"),
            (Failure::Tago(tagoio::Token::new("").unwrap_err()), 2, "invalid"),
        ] {
            assert_eq!((failure.exit_code(), failure.code()), (exit, code), "{failure:?}");
        }
    }
}
