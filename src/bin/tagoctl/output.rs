//! How results are written: tables for people, JSON, CSV and TSV for programs. Data goes to standard output, everything
//! else to standard error.

pub(crate) mod cell;
pub(crate) mod secrets;
mod table;

use std::io::{self, Write as _};

use clap::{Args, ValueEnum};
use console::style;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;
use cell::{at, flat, text_of};

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for a person
    Table,
    /// One JSON document
    Json,
    /// A JSON document a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
}

/// How results are to be written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The form of the results
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table, hide_possible_values = false)]
    output: Format,
    /// Only these columns or fields, in this order; `a.b` is the field `b` of `a`
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAME,…")]
    columns: Vec<String>,
    /// Show tokens and other secrets in full
    #[arg(long, global = true)]
    show_secrets: bool,
}

/// The columns of a list: those that a table shows, and those that can be asked for.
#[derive(Debug)]
pub(crate) struct Columns {
    shown: &'static [&'static str],
    others: &'static [&'static str],
}

impl Columns {
    pub(crate) const fn new(shown: &'static [&'static str], others: &'static [&'static str]) -> Self {
        Self { shown, others }
    }

    fn knows(&self, path: &str) -> bool {
        let knows =
            |known: &&str| *known == path || path.strip_prefix(*known).is_some_and(|rest| rest.starts_with('.'));
        self.shown.iter().chain(self.others).any(knows)
    }
}

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    columns: Vec<String>,
    show_secrets: bool,
}

impl Output {
    pub(crate) fn new(args: &OutputArgs) -> Self {
        Self { format: args.output, columns: args.columns.clone(), show_secrets: args.show_secrets }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// What `--columns` asks for, as it was typed.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether one thing is to be shown to a person, and as a whole.
    pub(crate) fn is_overview(&self) -> bool {
        self.format == Format::Table && self.columns.is_empty()
    }

    /// Whether rows are written with all that they have, and not only with some columns.
    pub(crate) fn shows_whole_rows(&self) -> bool {
        self.columns.is_empty() && matches!(self.format, Format::Json | Format::Jsonl)
    }

    pub(crate) fn shows_secrets(&self) -> bool {
        self.show_secrets
    }

    /// Writes a list that is there as a whole.
    pub(crate) fn list<T: Serialize>(&self, columns: &Columns, rows: impl IntoIterator<Item = T>) -> Result<()> {
        self.rows(columns, rows.into_iter().map(Ok::<_, Failure>))
    }

    /// Writes a list as it comes. A table is written at its end, everything else row by row.
    pub(crate) fn rows<T: Serialize, E: Into<Failure>>(
        &self,
        columns: &Columns,
        rows: impl IntoIterator<Item = std::result::Result<T, E>>,
    ) -> Result<()> {
        let chosen = self.chosen(columns)?;
        let mut writer = Rows::begin(self.format, chosen, !self.columns.is_empty())?;
        let mut failure = None;
        for row in rows {
            match row {
                Ok(row) => writer.row(&self.value(row)?)?,
                Err(error) => {
                    failure = Some(error.into());
                    break;
                }
            }
        }
        // What came before the failure is written to its end: half a document helps nobody.
        writer.end(failure.is_none())?;
        failure.map_or(Ok(()), Err)
    }

    /// Checks `--columns` and gives the columns to be written; to be called before anything is sent that takes effect.
    pub(crate) fn chosen(&self, columns: &Columns) -> Result<Vec<String>> {
        for path in &self.columns {
            if !columns.knows(path) {
                let known = || columns.shown.iter().chain(columns.others).copied();
                let all: Vec<&str> = known().collect();
                return Err(Failure::usage(
                    "unknown_column",
                    format!("there is no column `{path}`{}", did_you_mean(path, known())),
                )
                .hint(format!("there are {}", all.join(", "))));
            }
        }
        Ok(match self.columns.as_slice() {
            [] => columns.shown.iter().map(|path| (*path).to_owned()).collect(),
            chosen => chosen.to_vec(),
        })
    }

    /// Writes one thing: in a table a line for each field, those of `first` first.
    pub(crate) fn item(&self, first: &[&str], item: impl Serialize) -> Result<()> {
        self.fields(first, self.value(item)?)
    }

    /// Writes one thing whose secret is what the command is for.
    pub(crate) fn item_in_full(&self, item: &Value) -> Result<()> {
        self.fields(&[], item.clone())
    }

    fn fields(&self, first: &[&str], value: Value) -> Result<()> {
        let mut fields = flat(&value);
        if self.columns.is_empty() {
            let place = |path: &str| {
                let place = first.iter().position(|known| *known == path || path.starts_with(&format!("{known}.")));
                place.unwrap_or(first.len())
            };
            fields.sort_by_key(|(path, _)| place(path));
        } else {
            if let Some(unknown) = self.columns.iter().find(|path| at(&value, path).is_none()) {
                let known: Vec<&str> = fields.iter().map(|(path, _)| path.as_str()).collect();
                let guess = did_you_mean(unknown, known.iter().copied());
                return Err(Failure::usage("unknown_column", format!("there is no field `{unknown}`{guess}"))
                    .hint(format!("there are {}", known.join(", "))));
            }
            fields = self.columns.iter().filter_map(|path| Some((path.clone(), at(&value, path)?.clone()))).collect();
        }
        match self.format {
            Format::Table => print(&table::fields(&fields)),
            Format::Json | Format::Jsonl => {
                let shown = if self.columns.is_empty() { value } else { Value::Object(fields.into_iter().collect()) };
                let text = if self.format == Format::Json { format!("{shown:#}") } else { shown.to_string() };
                print(&(text + "\n"))
            }
            Format::Csv | Format::Tsv => {
                let (names, values): (Vec<String>, Vec<Value>) = fields.into_iter().unzip();
                let mut writer = Rows::begin(self.format, names.clone(), false)?;
                writer.row(&Value::Object(names.into_iter().zip(values).collect()))?;
                writer.end(true)
            }
        }
    }

    /// Says that something was done: in a table as a sentence on standard error, else as an object.
    pub(crate) fn ack(&self, object: &Value, sentence: &str) -> Result<()> {
        match self.format {
            Format::Table => {
                eprintln!("{sentence}");
                Ok(())
            }
            _ => self.item(&[], object),
        }
    }

    /// Says that something was made: its id is the data, also in a table.
    pub(crate) fn created(&self, id: impl Serialize, sentence: &str) -> Result<()> {
        let id = serde_json::to_value(id).map_err(|error| unwritable(&error))?;
        match self.format {
            Format::Table => {
                eprintln!("{sentence}");
                print(&(text_of(&id, ", ") + "\n"))
            }
            _ => self.item(&[], serde_json::json!({"id": id, "created": true})),
        }
    }

    /// A result without its secrets, unless they are asked for.
    fn value(&self, result: impl Serialize) -> Result<Value> {
        let mut value = serde_json::to_value(result).map_err(|error| unwritable(&error))?;
        if !self.show_secrets {
            secrets::mask(&mut value);
        }
        Ok(value)
    }
}

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::write("the result", io::Error::other(error.to_string()))
}

/// Writes text to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::write("standard output", error))
}

/// Says something that is not a result.
pub(crate) fn note(text: &str) {
    eprintln!("{}", style(text).for_stderr().dim());
}

/// A list that is being written.
struct Rows {
    columns: Vec<String>,
    /// Whether JSON is cut down to the columns, too.
    only_columns: bool,
    form: Form,
    count: usize,
}

enum Form {
    Table(Vec<Vec<String>>),
    Json,
    Jsonl,
    Csv(Box<csv::Writer<io::Stdout>>),
    Tsv,
}

impl Rows {
    fn begin(format: Format, columns: Vec<String>, only_columns: bool) -> Result<Self> {
        let form = match format {
            Format::Table => Form::Table(Vec::new()),
            Format::Json => Form::Json,
            Format::Jsonl => Form::Jsonl,
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(io::stdout());
                writer.write_record(&columns).map_err(csv_failure)?;
                Form::Csv(Box::new(writer))
            }
            Format::Tsv => {
                print(&(columns.join("\t") + "\n"))?;
                Form::Tsv
            }
        };
        Ok(Self { columns, only_columns, form, count: 0 })
    }

    fn row(&mut self, row: &Value) -> Result<()> {
        let cells =
            |separator| self.columns.iter().map(move |path| at(row, path).map(|value| text_of(value, separator)));
        match &mut self.form {
            Form::Table(rows) => rows.push(cells(", ").map(Option::unwrap_or_default).collect()),
            Form::Json => {
                let before = if self.count == 0 { "[\n" } else { ",\n" };
                print(&format!("{before}  {}", self.object(row)))?;
            }
            Form::Jsonl => print(&format!("{}\n", self.object(row)))?,
            Form::Csv(writer) => {
                let record =
                    self.columns.iter().map(|path| at(row, path).map(|value| text_of(value, ";")).unwrap_or_default());
                writer.write_record(record).map_err(csv_failure)?;
            }
            Form::Tsv => {
                let cells: Vec<String> = cells(";").map(|cell| cell::without_tabs(&cell.unwrap_or_default())).collect();
                print(&(cells.join("\t") + "\n"))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    fn object(&self, row: &Value) -> Value {
        if !self.only_columns {
            return row.clone();
        }
        let field = |path: &String| (path.clone(), at(row, path).cloned().unwrap_or_default());
        Value::Object(self.columns.iter().map(field).collect::<Map<_, _>>())
    }

    fn end(self, complete: bool) -> Result<()> {
        match self.form {
            Form::Table(rows) if rows.is_empty() => {
                if complete {
                    note("nothing found");
                }
                Ok(())
            }
            Form::Table(rows) => print(&table::rows(&self.columns, &rows)),
            Form::Json => print(if self.count == 0 { "[]\n" } else { "\n]\n" }),
            Form::Csv(mut writer) => writer.flush().map_err(|error| Failure::write("standard output", error)),
            Form::Jsonl | Form::Tsv => Ok(()),
        }
    }
}

fn csv_failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::write("standard output", error),
        other => Failure::write("standard output", io::Error::other(format!("{other:?}"))),
    }
}
