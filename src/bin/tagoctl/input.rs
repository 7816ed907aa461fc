//! What is read: files and standard input.

use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;

use clap::{ArgMatches, Command};

use crate::failure::{Failure, Result};

/// A file, or standard input for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    File(String),
}

impl From<&str> for Input {
    fn from(argument: &str) -> Self {
        if argument == "-" { Self::Stdin } else { Self::File(argument.to_owned()) }
    }
}

/// The name that messages have for it.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => f.write_str(path),
        }
    }
}

impl Input {
    /// The path of a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(Path::new(path)),
        }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stdin => io::stdin().lock().read_to_end(&mut bytes),
            Self::File(path) => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
        };
        read.map_err(|error| Failure::unreadable(&self.to_string(), &error))?;
        Ok(bytes)
    }

    /// All of it as text, without a byte order mark.
    pub(crate) fn text(&self) -> Result<String> {
        let text = String::from_utf8(self.bytes()?)
            .map_err(|_| Failure::usage("unreadable_file", format!("{self}: it is not UTF-8")))?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}

/// A text of the command line: itself, the content of a file for `@FILE`, or standard input for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Here(String),
    In(Input),
}

impl From<&str> for Text {
    fn from(argument: &str) -> Self {
        match argument.strip_prefix('@') {
            Some(path) => Self::In(path.into()),
            None if argument == "-" => Self::In(Input::Stdin),
            None => Self::Here(argument.to_owned()),
        }
    }
}

impl Text {
    pub(crate) fn text(&self) -> Result<String> {
        match self {
            Self::Here(text) => Ok(text.clone()),
            Self::In(input) => input.text(),
        }
    }
}

/// Who reads standard input, and how much of it.
#[derive(Debug, PartialEq, Eq)]
struct Reader {
    name: String,
    takes_all: bool,
}

/// Refuses a command line by which standard input is read twice: the second reader would find it at its end. A password
/// and a code are a line each, and can both come from there.
pub(crate) fn check_readers(command: &Command, matches: &ArgMatches) -> Result<()> {
    match readers(command, matches).as_slice() {
        [first, second, ..] if first.takes_all || second.takes_all => Err(Failure::usage(
            "conflict",
            format!("standard input can't be read by both {} and {}", first.name, second.name),
        )
        .hint("let one of them read a file, or an environment variable")),
        _ => Ok(()),
    }
}

/// Those who read standard input, who take all of it first. They are known by the types of their values, and flags by
/// their names.
fn readers(command: &Command, matches: &ArgMatches) -> Vec<Reader> {
    if let Some((name, matches)) = matches.subcommand() {
        return command.find_subcommand(name).map_or_else(Vec::new, |command| readers(command, matches));
    }
    let mut readers = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let takes_all = matches!(matches.try_get_one(id), Ok(Some(Input::Stdin)))
            || matches!(matches.try_get_one(id), Ok(Some(Text::In(Input::Stdin))));
        let is_flag = argument.get_long().is_some_and(|long| long.ends_with("-stdin"))
            && matches!(matches.try_get_one(id), Ok(Some(true)));
        if takes_all || is_flag {
            let name = argument.get_long().map_or_else(|| argument.to_string(), |long| format!("--{long}"));
            readers.push(Reader { name, takes_all: takes_all || id == "token_stdin" });
        }
    }
    readers.sort_by_key(|reader| !reader.takes_all);
    readers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hyphen_is_standard_input_and_an_at_sign_a_file() {
        for (argument, input, text) in [
            ("-", Input::Stdin, Text::In(Input::Stdin)),
            ("@-", Input::File("@-".to_owned()), Text::In(Input::Stdin)),
            ("@a.json", Input::File("@a.json".to_owned()), Text::In(Input::File("a.json".to_owned()))),
            ("a b", Input::File("a b".to_owned()), Text::Here("a b".to_owned())),
            ("", Input::File(String::new()), Text::Here(String::new())),
        ] {
            assert_eq!((Input::from(argument), Text::from(argument)), (input, text), "{argument}");
        }
        assert_eq!(Input::Stdin.to_string(), "standard input");
        assert_eq!(Input::from("a.json").to_string(), "a.json");
    }
}
