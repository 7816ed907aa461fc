//! Files that are written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// Writes a file beside the one that is meant, which it replaces when it is complete: a broken one is never seen.
pub(crate) fn replace<T>(path: &Path, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let unopenable = |error| Failure::unopenable(path, &error);
    let unwritable = |error| Failure::write(&path.display().to_string(), error);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device or a pipe is nothing that can be replaced.
        return write(&File::options().write(true).open(path).map_err(unopenable)?);
    }
    let part = Part::beside(path);
    let file = File::create(&part.0).map_err(unopenable)?;
    let written = write(&file)?;
    file.sync_all().map_err(unwritable)?;
    // Some systems don't rename what is open.
    drop(file);
    fs::rename(&part.0, path).map_err(unwritable)?;
    Ok(written)
}

/// What is there of a file: removed unless it was renamed.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self(name.into())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the renaming there is none, and nothing can be done about one that can't be removed.
        let _ = fs::remove_file(&self.0);
    }
}
