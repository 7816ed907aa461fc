use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::digest;
use super::task::{Before, Done};
use crate::client::Client;
use crate::error::{Error, Result};

/// What the first line calls the file.
const KIND: &str = "tagoio bulk journal";
/// What an option begins with that is a digest.
const DIGEST: &str = "digest ";
/// The form of the lines.
const VERSION: u64 = 1;

/// What work a [`Journal`] is of, so that it isn't resumed with other work.
///
/// ```
/// use tagoio::bulk::JournalHeader;
///
/// # let tago = tagoio::Client::builder().token("p-demo").vars(|_| None).transport(tagoio::transport::from_fn(|_| unreachable!())).build()?;
/// let header = JournalHeader::new("import users", &tago)
///     .option("profile", "61e1b2c3d4e5f60012345678")
///     .option("file", "users.csv, 5000 rows")
///     .option("replace tags", false);
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHeader {
    journal: String,
    version: u64,
    work: String,
    api: String,
    options: BTreeMap<String, String>,
}

impl JournalHeader {
    /// The header of some work that is done where this client sends its requests.
    pub fn new(work: impl Into<String>, client: &Client) -> Self {
        Self {
            journal: KIND.to_owned(),
            version: VERSION,
            work: work.into(),
            api: client.region().base_url().to_owned(),
            options: BTreeMap::new(),
        }
    }

    /// Adds what makes it other work when it is different: the profile, the input, a setting. Never a secret.
    #[expect(clippy::needless_pass_by_value, reason = "a flag or a number is written as it is")]
    pub fn option(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.options.insert(name.into(), value.to_string());
        self
    }

    /// Adds what makes it other work when it is different, but neither fits into a line nor has to be read there: a
    /// text to be sent, a list. The journal keeps a digest of it.
    ///
    /// ```
    /// # use tagoio::bulk::JournalHeader;
    /// # use tagoio::run::NewNotification;
    /// # let tago = tagoio::Client::builder().token("p-demo").vars(|_| None).transport(tagoio::transport::from_fn(|_| unreachable!())).build()?;
    /// let notification = NewNotification::new().title("Maintenance").message("Tonight from 10 pm.");
    /// let header = JournalHeader::new("notify", &tago).digest_of("notification", &notification);
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn digest_of(self, name: impl Into<String>, value: &impl Serialize) -> Self {
        let digest = digest(value);
        self.option(name, format!("{DIGEST}{digest}"))
    }

    /// A digest of the work and its options, wherever it is done, for a file's name: the same in every run.
    pub fn digest(&self) -> String {
        digest(&(&self.work, &self.options))
    }

    /// What is different in the other one, in words.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, here: Option<&str>, there: Option<&str>| {
            let is_digest = |value: Option<&str>| value.is_some_and(|value| value.starts_with(DIGEST));
            if here != there && is_digest(here) && is_digest(there) {
                differences.push(format!("the {name} is another one"));
            } else if here != there {
                let text = |value: Option<&str>| value.map_or("nothing".to_owned(), |value| format!("{value:?}"));
                differences.push(format!("{name} is {} there and {} here", text(there), text(here)));
            }
        };
        compare("work", Some(&self.work), Some(&other.work));
        compare("api", Some(&self.api), Some(&other.api));
        for name in self.options.keys().chain(other.options.keys().filter(|name| !self.options.contains_key(*name))) {
            let value = |header: &'_ Self| header.options.get(name).cloned();
            compare(name, value(self).as_deref(), value(other).as_deref());
        }
        differences
    }

    fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        to_line(self)
    }
}

/// A line of a journal below the header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line<'a> {
    /// It may take effect from now on.
    Begun {
        key: Cow<'a, str>,
        at: DateTime<Utc>,
    },
    Done {
        key: Cow<'a, str>,
        at: DateTime<Utc>,
        did: Cow<'a, Done>,
    },
    Failed {
        key: Cow<'a, str>,
        at: DateTime<Utc>,
        uncertain: bool,
        error: Cow<'a, str>,
    },
}

fn to_line(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// What a journal tells of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known<'a> {
    Nothing,
    /// It began, and nobody knows what came of it.
    Begun(Before),
    Done(&'a Done),
}

#[derive(Debug)]
enum Entry {
    Begun(DateTime<Utc>),
    Done(Done),
}

/// A file that keeps what was done, so that work which was interrupted in whatever way can go on where it was.
///
/// It has a line of JSON for each thing that happened, written at once and in one piece; a killed process leaves one
/// torn line at most, which [`resume`](Journal::resume) cuts off. It holds the tasks' [keys](super::Task::key) and no
/// secret, and is synced to disk when the work ends, and before anything begins that
/// [must not be repeated](super::Task::is_repeatable).
///
/// One process at a time may use it: nothing keeps a second one away, and two of them would do everything twice. A
/// program that may be started twice has to see to it, with a lock on a file of its own, say.
///
/// ```no_run
/// # fn run(tago: &tagoio::Client, tasks: &[tagoio::bulk::DeleteUser]) -> tagoio::Result<()> {
/// use std::path::Path;
/// use tagoio::bulk::{Bulk, Journal, JournalHeader};
///
/// let path = Path::new("leavers.journal");
/// let header = JournalHeader::new("delete leavers", tago).option("tag", "site=porto");
/// let journal = if path.exists() { Journal::resume(path, &header)? } else { Journal::create(path, &header)? };
/// let report = Bulk::new(tago).journal(&journal).run(tasks);
/// println!("{} were done before", report.progress.resumed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    entries: HashMap<String, Entry>,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    file: File,
    /// After a write that failed, the file may end in a torn line, which only a resumption cuts off.
    broken: bool,
}

impl Journal {
    /// Begins a journal in a new file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when there is such a file, or it can't be made.
    pub fn create(path: impl AsRef<Path>, header: &JournalHeader) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| unusable(path, "it can't be created", error))?;
        let journal = Self::new(path, HashMap::new(), file);
        journal.begin(header)?;
        Ok(journal)
    }

    /// Goes on with the journal of work that was interrupted.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it can't be read, isn't a journal or one of a newer version, or is of other work: then it
    /// says what is different.
    pub fn resume(path: impl AsRef<Path>, header: &JournalHeader) -> Result<Self> {
        let path = path.as_ref();
        // Not opened to append: on Windows, such a file couldn't be cut.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| unusable(path, "it can't be opened", error))?;
        let Contents { entries, length, has_header } = Contents::read(path, &file, header)?;
        file.set_len(length)
            .and_then(|()| file.seek(SeekFrom::Start(length)))
            .map_err(|error| unusable(path, "it can't be written", error))?;
        let journal = Self::new(path, entries, file);
        if !has_header {
            journal.begin(header)?;
        }
        Ok(journal)
    }

    /// How many tasks it told to be done when it was resumed.
    pub fn resumed(&self) -> usize {
        self.entries.values().filter(|entry| matches!(entry, Entry::Done(_))).count()
    }

    /// A new journal in a file of any kind.
    #[cfg(test)]
    pub(super) fn in_file(path: &Path, file: File) -> Self {
        Self::new(path, HashMap::new(), file)
    }

    fn new(path: &Path, entries: HashMap<String, Entry>, file: File) -> Self {
        Self { path: path.to_owned(), entries, writer: Mutex::new(Writer { file, broken: false }) }
    }

    fn begin(&self, header: &JournalHeader) -> Result<()> {
        self.write(header.line())
    }

    pub(super) fn known(&self, key: &str) -> Known<'_> {
        match self.entries.get(key) {
            None => Known::Nothing,
            Some(Entry::Begun(since)) => Known::Begun(Before::maybe_done_since(*since)),
            Some(Entry::Done(done)) => Known::Done(done),
        }
    }

    pub(super) fn begun(&self, key: &str, at: DateTime<Utc>) -> Result<()> {
        self.note(&Line::Begun { key: key.into(), at })?;
        // Sent and forgotten is what must not happen, not even when the power fails.
        self.writer().file.sync_data().map_err(|error| unusable(&self.path, "it can't be written", error))
    }

    pub(super) fn done(&self, key: &str, at: DateTime<Utc>, did: &Done) -> Result<()> {
        self.note(&Line::Done { key: key.into(), at, did: Cow::Borrowed(did) })
    }

    pub(super) fn failed(&self, key: &str, at: DateTime<Utc>, uncertain: bool, error: &str) -> Result<()> {
        self.note(&Line::Failed { key: key.into(), at, uncertain, error: error.into() })
    }

    /// Has everything on disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.writer().file.sync_all().map_err(|error| unusable(&self.path, "it can't be written", error))
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, line: &Line<'_>) -> Result<()> {
        self.write(to_line(line))
    }

    fn write(&self, line: Result<Vec<u8>, serde_json::Error>) -> Result<()> {
        let line = line.map_err(|error| unusable(&self.path, "a line can't be written", error))?;
        let mut writer = self.writer();
        if writer.broken {
            return Err(Error::config(subject(&self.path), "it could not be written before"));
        }
        writer.file.write_all(&line).map_err(|error| {
            writer.broken = true;
            unusable(&self.path, "it can't be written", error)
        })
    }
}

/// What is in a file.
struct Contents {
    entries: HashMap<String, Entry>,
    /// Up to where its lines are whole.
    length: u64,
    has_header: bool,
}

impl Contents {
    fn read(path: &Path, file: &File, header: &JournalHeader) -> Result<Self> {
        let mut reader = BufReader::new(file);
        let mut contents = Self { entries: HashMap::new(), length: 0, has_header: false };
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let length =
                reader.read_until(b'\n', &mut line).map_err(|error| unusable(path, "it can't be read", error))?;
            if line.last() != Some(&b'\n') {
                break;
            }
            if contents.has_header {
                let line = serde_json::from_slice(&line);
                contents.learn(line.map_err(|error| unusable(path, format!("line {number} can't be read"), error))?);
            } else {
                check_header(path, &line, header)?;
                contents.has_header = true;
            }
            contents.length += length as u64;
        }
        if !contents.has_header {
            let whole = header.line().map_err(|error| unusable(path, "the header can't be written", error))?;
            if !whole.starts_with(&line) {
                return Err(Error::config(subject(path), "it is not a journal"));
            }
        }
        Ok(contents)
    }

    fn learn(&mut self, line: Line<'_>) {
        match line {
            Line::Begun { key, at } | Line::Failed { key, at, uncertain: true, .. } => {
                self.entries.entry(key.into_owned()).or_insert(Entry::Begun(at));
            }
            Line::Done { key, did, .. } => {
                self.entries.insert(key.into_owned(), Entry::Done(did.into_owned()));
            }
            Line::Failed { key, uncertain: false, .. } => {
                self.entries.remove(&*key);
            }
        }
    }
}

fn check_header(path: &Path, line: &[u8], expected: &JournalHeader) -> Result<()> {
    let not_a_journal = || Error::config(subject(path), "it is not a journal");
    let value: Value = serde_json::from_slice(line).map_err(|_| not_a_journal())?;
    if value["journal"] != KIND {
        return Err(not_a_journal());
    }
    if value["version"] != VERSION {
        let problem = format!("it is of version {}, and this program knows version {VERSION} only", value["version"]);
        return Err(Error::config(subject(path), problem));
    }
    let found: JournalHeader =
        serde_json::from_value(value).map_err(|error| unusable(path, "its header can't be read", error))?;
    let differences = expected.differences(&found);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::config(subject(path), format!("it is of other work: {}", differences.join(", "))))
}

fn subject(path: &Path) -> String {
    format!("journal {}", path.display())
}

fn unusable(
    path: &Path,
    problem: impl Into<String>,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::config_from(subject(path), problem, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_several_times_began_when_it_first_did() {
        let at = |minute| format!("2026-01-31T12:{minute}:00Z").parse::<DateTime<Utc>>().unwrap();
        let begun = |minute| Line::Begun { key: "a".into(), at: at(minute) };
        let failed = |minute, uncertain| Line::Failed { key: "a".into(), at: at(minute), uncertain, error: "".into() };
        // (lines, since when it may have been done)
        for (lines, since) in [
            (vec![begun(10)], Some(10)),
            (vec![begun(10), failed(11, true)], Some(10)),
            (vec![begun(10), failed(11, true), begun(12), failed(13, true)], Some(10)),
            (vec![begun(10), failed(11, false)], None),
            (vec![begun(10), failed(11, false), begun(12)], Some(12)),
        ] {
            let text = format!("{lines:?}");
            let mut contents = Contents { entries: HashMap::new(), length: 0, has_header: true };
            for line in lines {
                contents.learn(line);
            }
            let found = match contents.entries.get("a") {
                Some(Entry::Begun(found)) => Some(*found),
                Some(Entry::Done(done)) => panic!("{done:?}"),
                None => None,
            };
            assert_eq!(found, since.map(at), "{text}");
        }
    }
}
