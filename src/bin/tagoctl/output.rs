//! How results are written: tables for people, JSON, CSV and TSV for programs. Data goes to standard output, everything
//! else to standard error.

pub(crate) mod cell;
mod number;
pub(crate) mod secrets;
mod table;
mod tell;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write as _};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;
use cell::{at, flat, text_of, visible};
use table::Lines;
pub(crate) use tell::{note, tell, tell_in, tell_program, warn};

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
    shown: Cow<'static, [&'static str]>,
    others: &'static [&'static str],
    /// How many characters some of them have, where that is known before the rows are.
    widths: &'static [(&'static str, usize)],
}

impl Columns {
    pub(crate) const fn new(shown: &'static [&'static str], others: &'static [&'static str]) -> Self {
        Self { shown: Cow::Borrowed(shown), others, widths: &[] }
    }

    /// Columns that depend on what there is to be shown.
    pub(crate) fn of(shown: Vec<&'static str>, others: &'static [&'static str]) -> Self {
        Self { shown: Cow::Owned(shown), others, widths: &[] }
    }

    /// Columns of a [stream](Output::stream), which can't look at all rows first: some have so many characters.
    pub(crate) const fn of_stream(
        shown: &'static [&'static str],
        others: &'static [&'static str],
        widths: &'static [(&'static str, usize)],
    ) -> Self {
        Self { shown: Cow::Borrowed(shown), others, widths }
    }

    pub(crate) fn knows(&self, path: &str) -> bool {
        let knows =
            |known: &&str| *known == path || path.strip_prefix(*known).is_some_and(|rest| rest.starts_with('.'));
        self.shown.iter().chain(self.others).any(knows)
    }
}

/// What is said of a thing that was made, changed or deleted. Like all columns they are checked before it is: once a deed
/// is done, it is too late to refuse.
pub(crate) const CREATED: Columns = Columns::new(&["id", "created"], &[]);
pub(crate) const UPDATED: Columns = Columns::new(&["id", "updated"], &[]);
pub(crate) const DELETED: Columns = Columns::new(&["id", "deleted"], &[]);

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

    /// The same, where `--columns` speaks of something else.
    pub(crate) fn without_columns(&self) -> Self {
        Self { columns: Vec::new(), ..*self }
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
        self.write(Rows::begin(self.format, chosen, !self.columns.is_empty())?, rows)
    }

    /// Writes a list that may have no end, each row as it comes: also a table, whose columns become wider where they have
    /// to. There is no JSON document without an end.
    pub(crate) fn stream<T: Serialize, E: Into<Failure>>(
        &self,
        columns: &Columns,
        rows: impl IntoIterator<Item = std::result::Result<T, E>>,
    ) -> Result<()> {
        if self.format == Format::Json {
            return Err(Failure::usage("usage", "what has no end is no JSON document: use --output jsonl"));
        }
        let chosen = self.chosen(columns)?;
        self.write(Rows::begin_stream(self.format, chosen, !self.columns.is_empty(), columns.widths)?, rows)
    }

    fn write<T: Serialize, E: Into<Failure>>(
        &self,
        mut writer: Rows,
        rows: impl IntoIterator<Item = std::result::Result<T, E>>,
    ) -> Result<()> {
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
                let known: Vec<&str> = columns.shown.iter().chain(columns.others).copied().collect();
                return Err(unknown_column("column", path, &known));
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
                return Err(unknown_column("field", unknown, &known));
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
                tell(sentence);
                Ok(())
            }
            _ => self.any(&[], object.clone()),
        }
    }

    /// Says that something was made: its id is the data, also in a table.
    pub(crate) fn created(&self, id: impl Serialize, sentence: &str) -> Result<()> {
        let id = serde_json::to_value(id).map_err(|error| unwritable(&error))?;
        match self.format {
            Format::Table => after(print(&(visible(&text_of(&id, ", ")) + "\n")), sentence),
            _ => self.any(&[], serde_json::json!({"id": id, "created": true})),
        }
    }

    /// Says of several things that something was done to each: in a table as sentences on standard error, as it is done,
    /// else as a list, when all is done: whoever reads it may be gone before that.
    pub(crate) fn acks<T: Serialize>(
        &self,
        columns: &Columns,
        done: impl IntoIterator<Item = (T, String)>,
    ) -> Result<()> {
        if self.format == Format::Table {
            done.into_iter().for_each(|(_, sentence)| tell(&sentence));
            return Ok(());
        }
        let rows: Vec<T> = done.into_iter().map(|(row, _)| row).collect();
        self.list(columns, rows)
    }

    /// Writes a secret that was made just now, in full: it is what the command was called for. In a table it stands
    /// alone, unless columns are chosen.
    pub(crate) fn minted(&self, secret: &str, columns: &Columns, item: impl Serialize, sentence: &str) -> Result<()> {
        match self.format {
            Format::Table if self.columns.is_empty() => after(print(&format!("{secret}\n")), sentence),
            _ => self.fields(&columns.shown, self.completed(plain(item)?)),
        }
    }

    /// Writes an answer of whatever form: a list of objects as rows, an object as one thing, all else as text. Fields
    /// that are asked for and aren't there stay empty.
    pub(crate) fn any(&self, first: &[&str], answer: Value) -> Result<()> {
        let answer = self.value(answer)?;
        let has_fields = match &answer {
            Value::Array(items) => items.iter().all(Value::is_object),
            other => other.is_object(),
        };
        if !has_fields {
            return self.text(&answer);
        }
        if let Value::Array(rows) = &answer {
            let names = match self.columns.as_slice() {
                [] => keys(first, rows),
                chosen => chosen.to_vec(),
            };
            if !rows.is_empty() {
                self.note_absent(rows);
            }
            let mut writer = Rows::begin(self.format, names, !self.columns.is_empty())?;
            rows.iter().try_for_each(|row| writer.row(row))?;
            return writer.end(true);
        }
        self.fields(first, self.completed(answer))
    }

    /// A thing with the fields that are asked for, of which those that it doesn't have are empty. After a deed it is too
    /// late to refuse them.
    fn completed(&self, mut object: Value) -> Value {
        self.note_absent(std::slice::from_ref(&object));
        for path in &self.columns {
            if at(&object, path).is_none() {
                object[path.as_str()] = Value::Null;
            }
        }
        object
    }

    /// Says which of the fields that are asked for none of some things has.
    fn note_absent(&self, objects: &[Value]) {
        for path in self.columns.iter().filter(|path| objects.iter().all(|object| at(object, path).is_none())) {
            let guess = did_you_mean(path, keys(&[], objects).iter().map(String::as_str));
            note(&format!("there is no field `{path}`{guess}"));
        }
    }

    /// What has no fields.
    fn text(&self, value: &Value) -> Result<()> {
        if !self.columns.is_empty() {
            note("the answer has no fields");
        }
        let lines = match (self.format, value) {
            (Format::Json, value) => format!("{value:#}\n"),
            (Format::Jsonl, Value::Array(items)) => items.iter().map(|item| item.to_string() + "\n").collect(),
            (Format::Jsonl, value) => format!("{value}\n"),
            (format, Value::Array(items)) => items.iter().map(|item| text_in(format, item)).collect(),
            (format, value) => text_in(format, value),
        };
        print(&lines)
    }

    /// A result without its secrets, unless they are asked for.
    fn value(&self, result: impl Serialize) -> Result<Value> {
        let mut value = plain(result)?;
        if !self.show_secrets {
            secrets::mask(&mut value);
        }
        Ok(value)
    }
}

/// What is wrong with a name of `--columns` that none of these is. They are columns, or the fields of one thing.
pub(crate) fn unknown_column(kind: &str, name: &str, known: &[&str]) -> Failure {
    let guess = did_you_mean(name, known.iter().copied());
    Failure::usage("unknown_column", format!("there is no {kind} `{name}`{guess}"))
        .hint(format!("there are {}", known.join(", ")))
}

/// A result as it is.
fn plain(result: impl Serialize) -> Result<Value> {
    let mut value = serde_json::to_value(result).map_err(|error| unwritable(&error))?;
    number::tidy(&mut value);
    Ok(value)
}

/// A value without fields, as lines of text: for a person, or as it is.
fn text_in(format: Format, value: &Value) -> String {
    let text = text_of(value, ", ");
    if format == Format::Table && !text.is_empty() {
        text.lines().map(|line| visible(line) + "\n").collect()
    } else {
        text + "\n"
    }
}

/// The names of all fields of some objects, those of `first` first.
fn keys(first: &[&str], objects: &[Value]) -> Vec<String> {
    let members = || objects.iter().filter_map(Value::as_object);
    let known = first.iter().filter(|name| members().any(|object| object.contains_key(**name)));
    let mut names: Vec<String> = known.map(|name| (*name).to_owned()).collect();
    let mut seen: HashSet<&str> = first.iter().copied().collect();
    for name in members().flat_map(Map::keys) {
        if seen.insert(name) {
            names.push(name.clone());
        }
    }
    names
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

/// Says what was made once it is written, which comes first: it can't be had again. It is there even if it couldn't be.
fn after(written: Result<()>, sentence: &str) -> Result<()> {
    tell(sentence);
    written
}

/// A list that is being written.
struct Rows {
    columns: Vec<String>,
    /// Whether JSON is cut down to the columns, too.
    only_columns: bool,
    /// What has been seen of each column of a table.
    seen: Vec<Seen>,
    form: Form,
    /// Whether somebody waits for each row.
    live: bool,
    count: usize,
}

enum Form {
    Table(Vec<Vec<String>>),
    Lines(Lines),
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
        let seen = vec![Seen::Nothing; columns.len()];
        Ok(Self { columns, only_columns, seen, form, live: false, count: 0 })
    }

    fn begin_stream(
        format: Format,
        columns: Vec<String>,
        only_columns: bool,
        widths: &[(&'static str, usize)],
    ) -> Result<Self> {
        let lines = (format == Format::Table).then(|| Lines::new(&columns, widths));
        let rows = Self::begin(format, columns, only_columns)?;
        Ok(Self { live: true, form: lines.map_or(rows.form, Form::Lines), ..rows })
    }

    fn row(&mut self, row: &Value) -> Result<()> {
        let cells =
            |separator| self.columns.iter().map(move |path| at(row, path).map(|value| text_of(value, separator)));
        match &mut self.form {
            Form::Table(rows) => {
                rows.push(cells(", ").map(Option::unwrap_or_default).collect());
                for (path, seen) in self.columns.iter().zip(&mut self.seen) {
                    *seen = seen.with(at(row, path));
                }
            }
            Form::Lines(lines) => {
                let row: Vec<String> = cells(", ").map(Option::unwrap_or_default).collect();
                print(&lines.add(&row))?;
            }
            Form::Json => {
                let before = if self.count == 0 { "[\n" } else { ",\n" };
                print(&format!("{before}  {}", self.object(row)))?;
            }
            Form::Jsonl => print(&format!("{}\n", self.object(row)))?,
            Form::Csv(writer) => {
                let record =
                    self.columns.iter().map(|path| at(row, path).map(|value| text_of(value, ";")).unwrap_or_default());
                writer.write_record(record).map_err(csv_failure)?;
                if self.live {
                    writer.flush().map_err(|error| Failure::write("standard output", error))?;
                }
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
            Form::Table(rows) => {
                let numbers: Vec<bool> = self.seen.iter().map(|seen| *seen == Seen::Numbers).collect();
                print(&table::rows(&self.columns, &numbers, &rows))
            }
            Form::Json => print(if self.count == 0 { "[]\n" } else { "\n]\n" }),
            Form::Csv(mut writer) => writer.flush().map_err(|error| Failure::write("standard output", error)),
            Form::Lines(_) | Form::Jsonl | Form::Tsv => Ok(()),
        }
    }
}

/// What there is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Numbers,
    Others,
}

impl Seen {
    fn with(self, value: Option<&Value>) -> Self {
        match (self, value) {
            (seen, None | Some(Value::Null)) => seen,
            (Self::Nothing | Self::Numbers, Some(Value::Number(_))) => Self::Numbers,
            _ => Self::Others,
        }
    }
}

fn csv_failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::write("standard output", error),
        other => Failure::write("standard output", io::Error::other(format!("{other:?}"))),
    }
}
