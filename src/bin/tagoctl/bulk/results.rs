//! The file with what came of each thing.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde_json::json;
use tagoio::bulk::Outcome;

use super::{Target, reason};
use crate::failure::{Failure, Result};

const COLUMNS: [&str; 6] = ["line", "target", "outcome", "id", "changed", "error"];

/// A file of results that is being written.
pub(super) struct Results {
    name: String,
    form: Form,
}

enum Form {
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>),
}

impl Results {
    /// Makes the file, in the form that its name asks for: what can't be written is known before the work begins.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| Failure::unopenable(path, &error))?;
        if is_json_lines(path) {
            return Ok(Self { name, form: Form::JsonLines(BufWriter::new(file)) });
        }
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(COLUMNS).map_err(|error| Failure::write(&name, error.into()))?;
        Ok(Self { name, form: Form::Csv(Box::new(writer)) })
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
        written.map_err(|error| Failure::write(&self.name, error))
    }

    pub(super) fn end(mut self) -> Result<()> {
        let flushed = match &mut self.form {
            Form::Csv(writer) => writer.flush(),
            Form::JsonLines(writer) => writer.flush(),
        };
        flushed.map_err(|error| Failure::write(&self.name, error))
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
