//! `tagoctl`: the administration of TagoIO from the command line.

mod bulk;
mod cli;
mod connect;
mod difference;
mod failure;
mod nearest;
mod official;
mod output;
mod prompt;
mod request;
mod run;
mod team;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
