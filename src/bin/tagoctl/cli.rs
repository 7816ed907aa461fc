//! What can be typed, and what becomes of it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::connect::{Connection, Context};
use crate::failure::{Failure, Result};
use crate::output::{Format, Output, OutputArgs};
use crate::{run, team};

const EXAMPLES: &str = "\
Examples:
  tagoctl --sandbox run user list            try it, with no account and no network
  TAGOIO_TOKEN=… tagoctl profile info        the profile of a token
  tagoctl --env prod profile usage --chart   the token that TagoIO's own CLI keeps
  tagoctl run user import users.csv          create or update users by e-mail

Exit codes: 0 done, 1 TagoIO refused or can't be reached, 2 wrong usage, 3 partly done, 130 interrupted.";

/// The administration of TagoIO: profiles, team, tokens and TagoRUN
#[derive(Debug, Parser)]
#[command(name = "tagoctl", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: OutputArgs,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// The members of a profile's team
    #[command(subcommand)]
    Team(team::Command),
    /// TagoRUN: the portal that a profile offers to its own users
    #[command(subcommand)]
    Run(run::Command),
}

/// Runs a command line and says how it went.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let out = Output::new(&cli.output);
            let outcome = cli.execute(&out);
            outcome.map_or_else(|failure| failure.report(out.format()), |()| ExitCode::SUCCESS)
        }
        Err(error) if is_help(error.kind()) => {
            // Nobody is left to be told that the reader of the help has gone.
            let _ = error.print();
            let code = if error.use_stderr() { 2 } else { 0 };
            ExitCode::from(code)
        }
        Err(error) => Failure::from(error).report(wanted_format(&arguments)),
    }
}

fn is_help(kind: ErrorKind) -> bool {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};

    matches!(kind, DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand)
}

/// The output format that a command line asks for that can't be understood as a whole.
fn wanted_format(arguments: &[OsString]) -> Format {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    let mut format = Format::Table;
    while let Some(word) = words.next() {
        let value = match word {
            "--output" | "-o" => words.next(),
            _ => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")),
        };
        if let Some(named) = value.and_then(|value| <Format as clap::ValueEnum>::from_str(value, false).ok()) {
            format = named;
        }
    }
    format
}

impl Cli {
    fn execute(self, out: &Output) -> Result<()> {
        let context = Context::new(self.connection, out);
        match self.noun {
            Noun::Team(command) => command.run(&context),
            Noun::Run(command) => command.run(&context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_format_is_known_even_where_the_rest_is_wrong() {
        for (line, format) in [
            ("tagoctl nonsense", Format::Table),
            ("tagoctl --output json nonsense", Format::Json),
            ("tagoctl nonsense -ojsonl", Format::Jsonl),
            ("tagoctl nonsense --output=csv --output=tsv", Format::Tsv),
            ("tagoctl nonsense --output", Format::Table),
            ("tagoctl nonsense --output xml", Format::Table),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(wanted_format(&words), format, "{line}");
        }
    }
}
