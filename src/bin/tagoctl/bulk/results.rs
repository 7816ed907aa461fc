//! The file with what came of each thing.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde_json::json;
use tagoio::bulk::Outcome;

use super::Target;
use super::ending::reason;
use crate::failure::{Failure, Result};
use crate::file;

const COLUMNS: [&str; 6] = ["line", "target", "outcome", "id", "changed", "error"];

/// A file of results that is being written.
pub(super) struct Results {
    name: String,
    form: Form,
    /// What went wrong first. The work goes on: to end it would help nobody.
    problem: Option<io::Error>,
}

enum Form {
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>),
}

impl Results {
    /// Makes the file, in the form that its name asks for.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = file::begin(path)?;
        let name = path.display().to_string();
        if is_json_lines(path) {
            return Ok(Self { name, form: Form::JsonLines(BufWriter::new(file)), problem: None });
        }
        let mut writer = csv::Writer::from_writer(file);
        // It is only kept here: what can't be written is told at the end, and stops nothing.
        let problem = writer.write_record(COLUMNS).err().map(io::Error::from);
        Ok(Self { name, form: Form::Csv(Box::new(writer)), problem })
    }

    /// Writes a row, which is in the file at once: a killed process leaves the rows of all that it has done.
    pub(super) fn add(&mut self, target: &Target, outcome: &Outcome) {
        if self.problem.is_none() {
            self.problem = self.write(target, outcome).err();
        }
    }

    fn write(&mut self, target: &Target, outcome: &Outcome) -> io::Result<()> {
        let done = outcome.done();
        let word = done.map_or_else(|| word(outcome), |done| done.action.as_str());
        let id = done.and_then(|done| done.id.as_deref());
        let changed = done.map(|done| &done.changed[..]).unwrap_or_default();
        match &mut self.form {
            Form::Csv(writer) => {
                let line = target.line.map(|line| line.to_string()).unwrap_or_default();
                let (changed, error) = (changed.join(";"), reason(outcome).unwrap_or_default());
                writer
                    .write_record([&line, &target.name, word, id.unwrap_or_default(), &changed, &error])
                    .map_err(io::Error::from)?;
                writer.flush()
            }
            Form::JsonLines(writer) => {
                let row = json!({
                    "line": target.line, "target": target.name, "outcome": word,
                    "id": id, "changed": changed, "error": reason(outcome),
                });
                writeln!(writer, "{row}")?;
                writer.flush()
            }
        }
    }

    pub(super) fn end(self) -> Result<()> {
        self.problem.map_or(Ok(()), |error| Err(Failure::write(&self.name, error)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_in_the_file_as_soon_as_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        for (name, rows) in [
            ("r.csv", ["line,target,outcome,id,changed,error\n", ",a@x.io,not_tried,,,\n", ",b@x.io,not_tried,,,\n"]),
            (
                "r.jsonl",
                [
                    "",
                    "{\"changed\":[],\"error\":null,\"id\":null,\"line\":null,\"outcome\":\"not_tried\",\"target\":\"a@x.io\"}\n",
                    "{\"changed\":[],\"error\":null,\"id\":null,\"line\":null,\"outcome\":\"not_tried\",\"target\":\"b@x.io\"}\n",
                ],
            ),
        ] {
            let path = dir.path().join(name);
            let mut results = Results::create(&path).unwrap();
            let mut expected = rows[0].to_owned();
            for (user, row) in ["a@x.io", "b@x.io"].into_iter().zip(&rows[1..]) {
                results.add(&Target::new(user), &Outcome::NotTried);
                expected.push_str(row);
                assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{name}");
            }
            results.end().unwrap();
        }
    }
}
