//! Questions to the person at the keyboard, and what stands in for their answers.

mod question;

use std::io::{self, BufRead as _, IsTerminal as _};

use clap::Args;
use tagoio::{Password, PinCode};

use crate::failure::{Failure, Result};
use crate::output::cell::visible;
use crate::output::tell;

/// Whether somebody is there to answer.
pub(crate) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// How a command that can't be undone is to go about it.
#[derive(Debug, Default, Args)]
pub(crate) struct Danger {
    /// Don't ask
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Danger {
    /// Whether the deed is to be done; `deed` as in "delete the user Jane". Without a person to ask and without
    /// `--yes` it is refused.
    pub(crate) fn is_meant(&self, deed: &str) -> Result<bool> {
        if self.dry_run {
            tell(&format!("would {deed}"));
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !is_attended() {
            return Err(Failure::usage(
                "confirmation_required",
                format!("without a terminal, --yes is needed to {deed}"),
            )
            .hint("--dry-run shows what would be done"));
        }
        if question::confirm(&visible(&format!("{}?", capitalized(deed))))? { Ok(true) } else { Err(Failure::Declined) }
    }

    /// Whether somebody is to be asked.
    pub(crate) fn asks(&self) -> bool {
        !self.yes && !self.dry_run
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Where a password comes from that isn't typed at a prompt. It never is an argument: those are in the shell's history
/// and in everybody's list of processes.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Take the password from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "password_stdin")]
    password_env: Option<String>,
    /// Take the password from standard input, one line
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    /// Whether the command line says where the password comes from.
    pub(crate) fn is_given(&self) -> bool {
        self.password_stdin || self.password_env.is_some()
    }

    /// The password of something that has one.
    pub(crate) fn password(&self, whose: &str) -> Result<Password> {
        let text = self.text(&format!("Password of {whose}"), None)?;
        Ok(Password::new(text)?)
    }

    /// A password that is to be set, typed twice at a prompt.
    pub(crate) fn new_password(&self, whose: &str) -> Result<Password> {
        let text = self.text(&format!("New password of {whose}"), Some("Once more"))?;
        Ok(Password::new(text)?)
    }

    fn text(&self, prompt: &str, again: Option<&str>) -> Result<String> {
        match &self.password_env {
            Some(name) => variable(name),
            None if self.password_stdin => line_of_stdin("password"),
            None => hidden(prompt, again, "--password-env or --password-stdin"),
        }
    }
}

/// Where the code of two-factor authentication comes from.
#[derive(Debug, Args)]
pub(crate) struct PinArgs {
    /// Take the code of two-factor authentication from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "pin_stdin")]
    pin_env: Option<String>,
    /// Take the code from standard input: one line, after the password's if that comes from there too
    #[arg(long)]
    pin_stdin: bool,
}

impl PinArgs {
    /// The code, where the command line says where it comes from.
    pub(crate) fn given(&self) -> Result<Option<PinCode>> {
        let text = match &self.pin_env {
            Some(name) => variable(name)?,
            None if self.pin_stdin => line_of_stdin("code")?,
            None => return Ok(None),
        };
        Ok(Some(PinCode::new(text.trim())?))
    }

    /// The code, asked for when the command line doesn't say.
    pub(crate) fn code(&self) -> Result<PinCode> {
        match self.given()? {
            Some(code) => Ok(code),
            None => {
                Ok(PinCode::new(hidden("Code of two-factor authentication", None, "--pin-env or --pin-stdin")?.trim())?)
            }
        }
    }
}

fn variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err(Failure::usage("missing_secret", format!("the environment variable {name} is empty"))),
        Err(std::env::VarError::NotPresent) => {
            Err(Failure::usage("missing_secret", format!("the environment variable {name} isn't set")))
        }
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::usage("missing_secret", format!("the environment variable {name} is not UTF-8")))
        }
    }
}

/// The next line of standard input, without its end.
pub(crate) fn line_of_stdin(what: &str) -> Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Failure::unreadable("standard input", &error))?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    if line.is_empty() {
        return Err(Failure::usage("missing_secret", format!("there is no {what} on standard input")));
    }
    Ok(line)
}

/// Asks for something that isn't shown.
fn hidden(prompt: &str, again: Option<&str>, instead: &str) -> Result<String> {
    if !is_attended() {
        return Err(Failure::usage("not_a_terminal", format!("{prompt}: there is no terminal to ask at")).hint(instead));
    }
    question::hidden(&visible(prompt), again.map(visible).as_deref())
}
