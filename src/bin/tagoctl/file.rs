//! Files that are written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// More links than these that lead from one to the next lead in a circle.
const MOST_LINKS: usize = 40;

/// Writes a file beside the one that is meant, which it replaces when it is complete: a broken one is never seen. The new
/// one may be read by whom the old one could be read by; where there is none, only by its owner.
pub(crate) fn replace<T>(path: &Path, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let unwritable = |error| Failure::write(&path.display().to_string(), error);
    match Destination::of(path).map_err(|error| Failure::unopenable(path, &error))? {
        Destination::InPlace(file) => write(&file),
        Destination::Beside(part) => {
            let written = write(&part.file)?;
            part.complete().map_err(unwritable)?;
            Ok(written)
        }
    }
}

/// As [`replace`], but never replaces a file: one that has come to be there meanwhile stays.
pub(crate) fn create<T>(path: &Path, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    check_absent(path)?;
    match Destination::of(path).map_err(|error| Failure::unopenable(path, &error))? {
        Destination::InPlace(file) => write(&file),
        Destination::Beside(part) => {
            let written = write(&part.file)?;
            part.complete_anew().map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => there(path),
                _ => Failure::write(&path.display().to_string(), error),
            })?;
            Ok(written)
        }
    }
}

/// Makes sure that there is no such file; a device or a pipe may be written to.
pub(crate) fn check_absent(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|there| there.is_file()) { Err(there(path)) } else { Ok(()) }
}

fn there(path: &Path) -> Failure {
    Failure::usage("file_exists", format!("{} is there already", path.display())).hint("--force replaces it")
}

/// Begins a file that is written bit by bit and is of use at any time. A new one may be read by its owner only.
pub(crate) fn begin(path: &Path) -> Result<File> {
    let opened = match File::options().write(true).truncate(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => private().open(target(path)),
        opened => opened,
    };
    opened.map_err(|error| Failure::unopenable(path, &error))
}

/// Makes sure that a file can be written later, and changes nothing.
pub(crate) fn check(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        // Whoever reads from a pipe would take the check for the end.
        return Ok(());
    }
    Destination::of(path).map(drop).map_err(|error| Failure::unopenable(path, &error))
}

/// Whether two names are, or would be, those of the same regular file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) if !one.is_file() || !other.is_file() => false,
        (Ok(one), Ok(other)) if is_one_file(&one, &other) => true,
        _ => absolute(one).is_some_and(|one| absolute(other) == Some(one)),
    }
}

/// The file whose name is longer by this.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(unix)]
pub(crate) fn is_one_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_one_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// The one name of a file that may be yet to be written.
fn absolute(path: &Path) -> Option<PathBuf> {
    let target = target(path);
    // Where names differ in case only, one that is there is known by the name that it was given.
    if let Ok(there) = fs::canonicalize(&target) {
        return Some(there);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(fs::canonicalize(folder).ok()?.join(target.file_name()?))
}

/// The file that a name stands for, which symbolic links may lead to.
fn target(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

/// Where to write what is to be in a file.
enum Destination {
    /// A device or a pipe is nothing that can be replaced.
    InPlace(File),
    Beside(Part),
}

impl Destination {
    fn of(path: &Path) -> io::Result<Self> {
        match File::options().write(true).open(path) {
            Ok(file) => {
                let old = file.metadata()?;
                Ok(if old.is_file() { Self::Beside(Part::of(path, Some(&old))?) } else { Self::InPlace(file) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Part::of(path, None).map(Self::Beside),
            Err(error) => Err(error),
        }
    }
}

/// What is there of a file: removed unless it was renamed.
struct Part {
    file: File,
    name: PathBuf,
    target: PathBuf,
}

impl Part {
    fn of(path: &Path, old: Option<&Metadata>) -> io::Result<Self> {
        let target = target(path);
        let mut name = target.clone().into_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let name = PathBuf::from(name);
        // One can only be left over from a process that is long gone.
        let _ = fs::remove_file(&name);
        let part = Self { file: private().open(&name)?, name, target };
        if let Some(old) = old {
            part.file.set_permissions(old.permissions())?;
        }
        Ok(part)
    }

    fn complete(&self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.name, &self.target)
    }
}

impl Part {
    /// Gives the file its name, unless another has it by now.
    fn complete_anew(&self) -> io::Result<()> {
        self.file.sync_all()?;
        match fs::hard_link(&self.name, &self.target) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // Not every file system has links; without them, it is known a moment before only.
                if fs::symlink_metadata(&self.target).is_ok() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                fs::rename(&self.name, &self.target)
            }
            linked => linked,
        }
    }
}

/// How a file is made that nobody else may read.
fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the renaming there is none, and nothing can be done about one that can't be removed.
        let _ = fs::remove_file(&self.name);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn write(path: &Path, text: &str) {
        replace(path, |mut file| file.write_all(text.as_bytes()).map_err(|error| Failure::write("", error))).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_keeps_its_rights_and_a_new_one_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.csv");
        write(&path, "first");
        assert_eq!(mode(&path), 0o600);
        for rights in [0o644, 0o640, 0o600] {
            fs::set_permissions(&path, fs::Permissions::from_mode(rights)).unwrap();
            write(&path, "next");
            assert_eq!(mode(&path), rights);
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup.zip");
        let fill = |mut file: &File| file.write_all(b"new").map_err(|error| Failure::write("", error));
        create(&path, fill).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o600));
        assert!(create(&path, |_| -> Result<()> { panic!("it is known before anything is written") }).is_err());

        let late = folder.path().join("late.zip");
        let failure = create(&late, |file| {
            fs::write(&late, "another's").unwrap();
            fill(file)
        });
        assert!(failure.is_err_and(|failure| failure.code() == "file_exists"));
        assert_eq!(fs::read_to_string(&late).unwrap(), "another's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_link_goes_on_leading_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        let (file, link, outer) =
            (folder.path().join("real/users.csv"), folder.path().join("real/link"), folder.path().join("outer"));
        symlink("users.csv", &link).unwrap();
        symlink("real/link", &outer).unwrap();
        for text in ["there was none", "there was one"] {
            write(&outer, text);
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert!(link.is_symlink() && outer.is_symlink());
        assert_eq!(fs::read_dir(folder.path().join("real")).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_check_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        check(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, "old").unwrap();
        check(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert!(check(&folder.path().join("nowhere/results.csv")).is_err());
        assert!(check(folder.path()).is_err());
    }

    #[test]
    fn a_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        symlink("a", at("soft")).unwrap();
        symlink("new", at("dangling")).unwrap();
        for (one, other, same) in [
            ("a", "a", true),
            ("a", "sub/../a", true),
            ("a", "hard", true),
            ("soft", "hard", true),
            ("new", "sub/../new", true),
            ("new", "dangling", true),
            ("a", "b", false),
            ("a", "new", false),
            ("new", "newer", false),
            ("sub", "sub", false),
            ("nowhere/a", "nowhere/b", false),
        ] {
            assert_eq!(is_same(&at(one), &at(other)), same, "{one} {other}");
        }
        assert!(!is_same(Path::new("/dev/null"), Path::new("/dev/null")), "what is no file can be used twice");
    }
}
