//! `tagoctl`: the administration of TagoIO from the command line.

mod api;
mod bulk;
mod cli;
mod completions;
mod connect;
mod difference;
mod failure;
mod file;
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
mod team;
mod token;
mod when;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
