use std::io::{self, BufWriter, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::column::UserColumn;
use crate::page::sealed::Sealed;
use crate::run::{UserInfo, UserRow};

/// A user that can be written: [`UserInfo`] or [`UserRow`].
pub trait ExportedUser: Serialize + Sealed {}

impl ExportedUser for UserInfo {}
impl ExportedUser for UserRow {}

/// Writes users, one by one, so that [`UserList`](super::UserList) reads them back.
///
/// What a user doesn't have is left out, or is an empty cell: read back, both leave the field as it is.
///
/// ```
/// use tagoio::bulk::users::{UserColumn, UserExport};
/// # use tagoio::run::UserQuery;
/// # fn run(tago: &tagoio::Client) -> Result<(), Box<dyn std::error::Error>> {
///
/// let mut export = UserExport::json_lines(std::fs::File::create("users.jsonl")?, UserColumn::EXPORT)?;
/// for user in tago.run().users().iter(&UserQuery::new()) {
///     export.write(&user?)?;
/// }
/// export.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it has to be finished"]
pub struct UserExport<W: Write> {
    columns: Vec<UserColumn>,
    #[cfg(feature = "csv")]
    for_spreadsheet: bool,
    cells_left_empty: usize,
    form: Form<W>,
}

#[derive(Debug)]
enum Form<W: Write> {
    JsonLines(BufWriter<W>),
    #[cfg(feature = "csv")]
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> UserExport<W> {
    /// Writes a JSON object for each user, with the fields of these columns.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a column that is never written, or that is only a part of a
    /// field, such as `tag:site`.
    pub fn json_lines(file: W, columns: &[UserColumn]) -> io::Result<Self> {
        for column in columns {
            if matches!(column, UserColumn::Tag(_) | UserColumn::Option(_) | UserColumn::Custom(_)) {
                return Err(refusal(column, "is for CSV only: in JSON lines it is part of a field"));
            }
        }
        Ok(Self::new(written(columns)?, Form::JsonLines(BufWriter::new(file))))
    }

    /// Writes CSV: a line that names these columns, then one for each user.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a column that is never written, for one whose name would be read
    /// as another one's (a tag whose key begins with white space), and for none at all; what writing to the file fails
    /// with.
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn csv(file: W, columns: &[UserColumn]) -> io::Result<Self> {
        Self::separated(file, columns, b',')
    }

    /// As [`csv`](UserExport::csv), with a tab between two cells instead of a comma.
    ///
    /// # Errors
    ///
    /// As `csv`.
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn tsv(file: W, columns: &[UserColumn]) -> io::Result<Self> {
        Self::separated(file, columns, b'\t')
    }

    #[cfg(feature = "csv")]
    fn separated(file: W, columns: &[UserColumn], separator: u8) -> io::Result<Self> {
        let columns = written(columns)?;
        if columns.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a CSV file needs a column"));
        }
        if let Some(column) = columns.iter().find(|column| column.to_string().parse().ok().as_ref() != Some(*column)) {
            return Err(refusal(column, "can't be read back: it isn't the name of that column"));
        }
        let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
        // Who reads the file takes what separates the names for what separates the cells.
        let quotes = if names.iter().any(|name| name.contains([',', ';', '\t'])) {
            csv::QuoteStyle::Always
        } else {
            csv::QuoteStyle::Necessary
        };
        let mut header = csv::WriterBuilder::new().delimiter(separator).quote_style(quotes).from_writer(file);
        header.write_record(names)?;
        let file = header.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(Self::new(columns, Form::Csv(Box::new(csv::WriterBuilder::new().delimiter(separator).from_writer(file)))))
    }

    fn new(columns: Vec<UserColumn>, form: Form<W>) -> Self {
        Self {
            columns,
            #[cfg(feature = "csv")]
            for_spreadsheet: false,
            cells_left_empty: 0,
            form,
        }
    }

    /// Sets whether a cell that a spreadsheet would take for a formula, since it begins with `=`, `+`, `-`, `@`, a tab or
    /// a line break, gets a `'` before it. Off by default: such a file is to be looked at, and can't be read back as it
    /// was. JSON lines stay as they are.
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn for_spreadsheet(mut self, on: bool) -> Self {
        self.for_spreadsheet = on;
        self
    }

    /// How many cells of columns of one tag were left empty, because a user has several tags of that key. The column
    /// `tags` beside them has them all.
    pub fn cells_left_empty(&self) -> usize {
        self.cells_left_empty
    }

    /// Writes a user.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData) when a column of one tag meets a user who has several of that key and
    /// there is no column `tags`, and
    /// when a column of one option or custom field meets a value that a cell can't hold; what writing to the file fails with.
    pub fn write(&mut self, user: &impl ExportedUser) -> io::Result<()> {
        let Value::Object(user) = serde_json::to_value(user)? else { return Ok(()) };
        match &mut self.form {
            Form::JsonLines(file) => {
                serde_json::to_writer(&mut *file, &Line { columns: &self.columns, user: &user })?;
                file.write_all(b"\n")
            }
            #[cfg(feature = "csv")]
            Form::Csv(file) => {
                let has_all_tags = self.columns.contains(&UserColumn::Tags);
                let mut cells = Vec::with_capacity(self.columns.len());
                for column in &self.columns {
                    let text = match cell(&user, column) {
                        Err(Unfit::SeveralTags(_)) if has_all_tags => {
                            self.cells_left_empty += 1;
                            String::new()
                        }
                        cell => cell.map_err(|unfit| unfit.error(&user, column))?,
                    };
                    cells.push(if self.for_spreadsheet { without_formula(text) } else { text });
                }
                Ok(file.write_record(cells)?)
            }
        }
    }

    /// Writes what is left, and gives the file back.
    ///
    /// # Errors
    ///
    /// What writing to the file fails with.
    pub fn finish(self) -> io::Result<W> {
        match self.form {
            Form::JsonLines(file) => file.into_inner().map_err(io::IntoInnerError::into_error),
            #[cfg(feature = "csv")]
            Form::Csv(file) => file.into_inner().map_err(csv::IntoInnerError::into_error),
        }
    }
}

fn refusal(column: &UserColumn, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("column `{column}` {why}"))
}

fn written(columns: &[UserColumn]) -> io::Result<Vec<UserColumn>> {
    for column in columns {
        if matches!(column, UserColumn::Password | UserColumn::GeneratePassword | UserColumn::SendEmail) {
            return Err(refusal(column, "can't be exported: TagoIO doesn't tell"));
        }
    }
    Ok(columns.to_vec())
}

/// A user as a JSON object, its fields in the order of the columns.
struct Line<'a> {
    columns: &'a [UserColumn],
    user: &'a Map<String, Value>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        for (at, column) in self.columns.iter().enumerate() {
            if let Some(value) = self.user.get(column.field()) {
                // No name and no time zone are what TagoIO left out: they can't be set to nothing.
                let is_nothing = value.is_null() || value == "";
                if !is_nothing && !self.columns[..at].contains(column) {
                    fields.serialize_entry(column.field(), value)?;
                }
            }
        }
        fields.end()
    }
}

/// Why a cell can't hold what a user has.
#[cfg(feature = "csv")]
enum Unfit {
    SeveralTags(usize),
    NoText,
}

#[cfg(feature = "csv")]
impl Unfit {
    fn error(self, user: &Map<String, Value>, column: &UserColumn) -> io::Error {
        let who = user.get("email").or_else(|| user.get("id")).map(text).unwrap_or_default();
        let why = match (self, column) {
            (Self::SeveralTags(count), UserColumn::Tag(key)) => {
                format!("{count} tags `{key}`: the column `tags` takes them all")
            }
            _ => format!("no text in `{column}`: the column `{}` takes any value", column.field()),
        };
        io::Error::new(io::ErrorKind::InvalidData, format!("user {who} has {why}"))
    }
}

/// Has a spreadsheet take for text what it would take for a formula.
#[cfg(feature = "csv")]
fn without_formula(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(feature = "csv")]
fn cell(user: &Map<String, Value>, column: &UserColumn) -> Result<String, Unfit> {
    use super::tag_text;
    use crate::tag::Tag;

    let field = user.get(column.field()).unwrap_or(&Value::Null);
    let tags = || serde_json::from_value::<Vec<Tag>>(field.clone()).unwrap_or_default();
    let part = |name: &str| match (field.get(name), column) {
        (None | Some(Value::Null), _) => Ok(String::new()),
        (Some(Value::String(text)), _) => Ok(text.clone()),
        // Read back, a cell is what the user has there.
        (Some(value @ (Value::Number(_) | Value::Bool(_))), UserColumn::Custom(_)) => Ok(value.to_string()),
        (Some(_), _) => Err(Unfit::NoText),
    };
    Ok(match column {
        UserColumn::Tags => tag_text::write(&tags()),
        UserColumn::Tag(key) => {
            let mut values: Vec<String> =
                tags().into_iter().filter(|tag| tag.key == *key).map(|tag| tag.value).collect();
            if values.len() > 1 {
                return Err(Unfit::SeveralTags(values.len()));
            }
            values.pop().unwrap_or_default()
        }
        UserColumn::Option(name) | UserColumn::Custom(name) => part(name)?,
        _ => text(field),
    })
}

/// A value as the text of a cell.
#[cfg(feature = "csv")]
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
