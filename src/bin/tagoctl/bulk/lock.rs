//! One process at a time for each journal: two of them would do everything twice.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::failure::{Failure, Result};
use crate::file;

/// A lock that the system takes back when the process ends, however it ends. A file that is left over locks nothing.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: Option<File>,
}

impl Lock {
    /// Locks a file beside this one, which itself is no file to lock: it is yet to be made, and to be removed.
    pub(super) fn of(journal: &Path) -> Result<Self> {
        let path = file::with_ending(journal, ".lock");
        let unusable = |error| Failure::unopenable(&path, &error);
        loop {
            let file = open(&path).map_err(unusable)?;
            // Newer standard libraries have it too, under the same name.
            match FileExt::try_lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let problem = format!("another process is using {}", journal.display());
                    return Err(Failure::usage("journal_in_use", problem).hint("wait until it has ended"));
                }
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
            // Who had it before removes the file: then it is another one that counts.
            if is_same(&file, &path) {
                return Ok(Self { path, file: Some(file) });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if cfg!(windows) {
            // An open one can't be removed. Who opens it meanwhile keeps it.
            self.file = None;
        }
        // Elsewhere while it is still locked, so that nobody gets a lock on a file that is about to go. One that can't be
        // removed locks nothing.
        let _ = fs::remove_file(&self.path);
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(windows)]
    {
        const FILE_SHARE_READ: u32 = 1;
        const FILE_SHARE_WRITE: u32 = 2;
        // Without FILE_SHARE_DELETE, nobody can remove it as long as it is open.
        std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, FILE_SHARE_READ | FILE_SHARE_WRITE);
    }
    options.open(path)
}

/// Whether this open file is what is found at this path.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(one), Ok(other)) => file::is_one_file(&one, &other),
        _ => false,
    }
}

/// On Windows, a file that is open like this can't be removed.
#[cfg(not(unix))]
fn is_same(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_the_lock_and_a_file_that_is_left_over_locks_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("users.csv.journal");
        fs::write(dir.path().join("users.csv.journal.lock"), "").unwrap();
        for _ in 0..2 {
            let lock = Lock::of(&journal).unwrap();
            assert!(Lock::of(&journal).is_err());
            assert!(Lock::of(&dir.path().join("other")).is_ok());
            drop(lock);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}
