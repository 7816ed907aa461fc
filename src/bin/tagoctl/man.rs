//! `tagoctl man`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

use crate::cli::Cli;
use crate::failure::{Failure, Result};
use crate::output::note;

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder for the pages; it is made if it isn't there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> Result<()> {
        let folder = self.folder.display().to_string();
        fs::create_dir_all(&self.folder).map_err(|error| Failure::unopenable(&self.folder, &error))?;
        clap_mangen::generate_to(Cli::command(), &self.folder).map_err(|error| Failure::write(&folder, error))?;
        note(&format!("the manual is in {folder}; man -l {} shows a page", self.folder.join("tagoctl.1").display()));
        Ok(())
    }
}
