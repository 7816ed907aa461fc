//! What can be typed, and what becomes of it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::connect::{Connection, Context};
use crate::failure::{Failure, Result};
use crate::output::{Format, Output, OutputArgs};
use crate::{api, completions, input, man, profile, run, sandbox, team, token};

const EXAMPLES: &str = "\
Examples:
  tagoctl --sandbox run user list            try it, with no account and no network
  TAGOIO_TOKEN=… tagoctl profile info        the profile of a token
  tagoctl --env prod profile usage --chart   the token that TagoIO's own CLI keeps
  tagoctl run user import users.csv          create or update users by e-mail

Exit codes: 0 done, 1 TagoIO refused or can't be reached, 2 wrong usage, 3 partly done, 130 interrupted.";

const API_EXAMPLES: &str = "\
Examples:
  tagoctl api get /account/plan
  tagoctl api get /run/users --query amount=5 --query 'filter[tags][0][key]=site' --output csv
  tagoctl api post /run/notification/ --body @notification.json --dry-run
  tagoctl api delete /run/users/61eb25a4d6a4a20011d4cd3c

The result of a list of objects can be a table or CSV, with the fields of all of them as columns.
Only a DELETE is asked about at a terminal, and needs --yes without one.";

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
    /// Profiles: what they are, use and may use
    #[command(subcommand, after_help = "Example:\n  tagoctl profile summary")]
    Profile(profile::Command),
    /// The members of a profile's team
    #[command(subcommand, after_help = "Example:\n  tagoctl team list")]
    Team(team::Command),
    /// The tokens of a profile: what programs sign in with
    #[command(subcommand, after_help = "Example:\n  tagoctl token list")]
    Token(token::Command),
    /// TagoRUN: the portal that a profile offers to its own users
    #[command(subcommand, after_help = "Example:\n  tagoctl run info")]
    Run(run::Command),
    /// Call any route of TagoIO and show its result
    #[command(after_help = API_EXAMPLES)]
    Api(api::Call),
    /// Serve an in-memory TagoIO on this computer until Ctrl-C
    #[command(after_help = "Example:\n  tagoctl sandbox --port 8787 --users 1000")]
    Sandbox(sandbox::Serve),
    /// Write the completions of a shell to standard output
    #[command(after_help = "Example:\n  tagoctl completions bash > ~/.local/share/bash-completion/completions/tagoctl")]
    Completions(completions::Completions),
    /// Write a manual page for each command into a folder
    #[command(after_help = "Example:\n  tagoctl man ~/.local/share/man/man1")]
    Man(man::Man),
}

/// Runs a command line and says how it went.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut command = Cli::command();
    let parsed = command.try_get_matches_from_mut(&arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok((cli, matches))
    });
    match parsed {
        Ok((cli, matches)) => {
            let out = Output::new(&cli.output);
            let outcome = input::check_readers(&command, &matches).and_then(|()| cli.execute(&out));
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
            Noun::Profile(command) => command.run(&context),
            Noun::Team(command) => command.run(&context),
            Noun::Token(command) => command.run(&context),
            Noun::Run(command) => command.run(&context),
            Noun::Api(call) => call.run(&context),
            Noun::Sandbox(serve) => serve.run(&context),
            Noun::Completions(completions) => completions.run(),
            Noun::Man(man) => man.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::any::TypeId;

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_how() {
        /// Makes sure that a line of the help can be typed as it is.
        fn parse(line: &str) {
            let (_, call) = line.split_once("tagoctl ").unwrap();
            // What is beside a command in two columns, and what the shell does with its output.
            let call = call.split("   ").next().unwrap_or_default();
            let words = shlex::split(call.strip_suffix(')').unwrap_or(call)).unwrap_or_else(|| panic!("{line}"));
            let words = words.into_iter().take_while(|word| !["|", "&&", ">", "<"].contains(&word.as_str()));
            if let Err(error) = Cli::try_parse_from(["tagoctl".to_owned()].into_iter().chain(words)) {
                panic!("{line}: {error}");
            }
        }

        fn look(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "{path} has no about");
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                examples.contains("Example") && examples.contains("  tagoctl "),
                "{path} has no example: {examples}"
            );
            for line in examples.lines().filter(|line| line.starts_with("  ") && line.contains("tagoctl ")) {
                assert!(line.chars().count() <= 98, "wrapped in the help of {path}: {line}");
                parse(line);
            }
            for below in command.get_subcommands() {
                look(below, &format!("{path} {}", below.get_name()));
            }
        }

        look(&Cli::command(), "tagoctl");
    }

    #[test]
    fn whatever_may_be_standard_input_is_known_as_such() {
        fn look(command: &clap::Command, seen: &mut usize) {
            for argument in command.get_arguments() {
                if argument.get_help().is_some_and(|help| help.to_string().contains("standard input")) {
                    let kind = argument.get_value_parser().type_id();
                    let is_known = kind == TypeId::of::<input::Input>()
                        || kind == TypeId::of::<input::Text>()
                        || argument.get_long().is_some_and(|long| long.ends_with("-stdin"));
                    assert!(is_known, "{}: {argument}", command.get_name());
                    *seen += 1;
                }
            }
            command.get_subcommands().for_each(|command| look(command, seen));
        }

        let mut seen = 0;
        look(&Cli::command(), &mut seen);
        assert!(seen >= 10, "{seen}");
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
