//! Files that are written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::{Failure, Result};

/// Writes a whole file: beside the one that is meant, which it replaces when it is complete.
pub(crate) fn replace(path: &str, text: &str) -> Result<()> {
    let unwritable = |error| Failure::write(path, error);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device or a pipe is nothing that can be replaced.
        return fs::write(path, text).map_err(unwritable);
    }
    let beside = format!("{path}.{}.part", std::process::id());
    let done = write(Path::new(&beside), text).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // What went wrong is told; that there is a rest of it as well is of no use to anybody.
        let _ = fs::remove_file(&beside);
    }
    done.map_err(unwritable)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
