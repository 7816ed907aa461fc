//! Where a journal is.

use std::path::{Path, PathBuf};

use super::lock::Lock;
use crate::failure::{Failure, Result};
use crate::file;

/// The journal beside a file that lists what to do.
pub(crate) fn beside(list: &Path) -> PathBuf {
    file::with_ending(list, ".journal")
}

/// Where the journal of some work is kept. Nobody else uses it as long as this lives.
#[derive(Debug)]
pub(crate) struct JournalFile {
    pub(super) path: PathBuf,
    _lock: Lock,
    /// Whether it is ours to remove once all is done: nobody asked for it by its name.
    pub(super) passing: bool,
    pub(super) resume: bool,
}

impl JournalFile {
    /// Takes the place of a journal. Whether it is there has to fit `resume`.
    pub(super) fn at(path: PathBuf, passing: bool, resume: bool) -> Result<Self> {
        let lock = Lock::of(&path)?;
        match (path.exists(), resume) {
            (true, false) => Err(Failure::usage(
                "journal_exists",
                format!("{} is there already: it is the journal of an earlier run", path.display()),
            )
            .hint("--resume goes on where it stopped; remove the file to begin anew")),
            (false, true) => {
                Err(Failure::usage("no_journal", format!("there is no journal {} to go on with", path.display()))
                    .hint("leave out --resume to begin"))
            }
            _ => Ok(Self { path, _lock: lock, passing, resume }),
        }
    }
}
