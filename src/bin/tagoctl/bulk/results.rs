//! The file with what came of each thing.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tagoio::bulk::Outcome;

use super::{Target, reason};
use crate::failure::{Failure, Result};
use crate::file;

const COLUMNS: [&str; 6] = ["line", "target", "outcome", "id", "changed", "error"];

/// The results, which are written to a file when all is done: until then an older one stays as it is.
pub(super) struct Results {
    path: PathBuf,
    form: Form,
}

enum Form {
    Csv(Box<csv::Writer<Vec<u8>>>),
    JsonLines(Vec<u8>),
}

impl Results {
    /// In the form that the file's name asks for. What can't be written is known before the work begins.
    pub(super) fn begin(path: &Path) -> Result<Self> {
        file::check(path)?;
        let mut results = Self { path: path.to_owned(), form: Form::of(path) };
        let header = match &mut results.form {
            Form::Csv(writer) => writer.write_record(COLUMNS).map_err(io::Error::from),
            Form::JsonLines(_) => Ok(()),
        };
        header.map_err(|error| results.unwritable(error))?;
        Ok(results)
    }

    pub(super) fn add(&mut self, target: &Target, outcome: &Outcome) -> Result<()> {
        let done = outcome.done();
        let word = done.map_or_else(|| word(outcome), |done| done.action.as_str());
        let id = done.and_then(|done| done.id.as_deref());
        let changed = done.map(|done| &done.changed[..]).unwrap_or_default();
        let written = match &mut self.form {
            Form::Csv(writer) => {
                let line = target.line.map(|line| line.to_string()).unwrap_or_default();
                let (changed, error) = (changed.join(";"), reason(outcome).unwrap_or_default());
                writer
                    .write_record([&line, &target.name, word, id.unwrap_or_default(), &changed, &error])
                    .map_err(io::Error::from)
            }
            Form::JsonLines(writer) => {
                let row = json!({
                    "line": target.line, "target": target.name, "outcome": word,
                    "id": id, "changed": changed, "error": reason(outcome),
                });
                writeln!(writer, "{row}")
            }
        };
        written.map_err(|error| self.unwritable(error))
    }

    pub(super) fn end(self) -> Result<()> {
        let name = self.path.display().to_string();
        let unwritable = |error| Failure::write(&name, error);
        let text = match self.form {
            Form::Csv(writer) => writer.into_inner().map_err(|error| unwritable(error.into_error()))?,
            Form::JsonLines(text) => text,
        };
        file::replace(&self.path, |mut file| file.write_all(&text).map_err(unwritable))
    }

    fn unwritable(&self, error: io::Error) -> Failure {
        Failure::write(&self.path.display().to_string(), error)
    }
}

impl Form {
    fn of(path: &Path) -> Self {
        if is_json_lines(path) {
            Self::JsonLines(Vec::new())
        } else {
            Self::Csv(Box::new(csv::Writer::from_writer(Vec::new())))
        }
    }
}

/// What a file's name says of its form.
pub(crate) fn is_json_lines(path: &Path) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    extension.is_some_and(|extension| extension == "jsonl" || extension == "ndjson" || extension == "json")
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Failed(_) => "failed",
        Outcome::Uncertain(_) => "uncertain",
        _ => "not_tried",
    }
}
