//! `tagoctl`: the administration of TagoIO from the command line.

// They panic where nobody listens: `output` writes.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod api;
mod bulk;
mod cli;
mod completions;
mod connect;
mod deeds;
mod difference;
mod failure;
mod file;
mod input;
mod interrupt;
mod man;
mod nearest;
mod official;
mod output;
mod profile;
mod prompt;
mod request;
mod run;
mod sandbox;
mod second_factor;
mod shape;
mod team;
mod token;
mod when;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
