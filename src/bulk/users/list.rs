use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read;

use serde_json::{Map, Number, Value};

use super::address::key_of;
use super::json_lines;
use super::problem::{ListError, Problem};
use super::record::UserRecord;
use crate::patch::Patch;

/// Users as a file or a program wants them: all of them checked, no e-mail address twice.
///
/// ```
/// use tagoio::bulk::users::UserList;
///
/// let file = r#"
/// {"email": "jane@example.com", "name": "Jane", "tags": {"site": "lisbon"}}
/// {"email": "joe@example.com", "phone": null}
/// "#;
/// let list = UserList::from_json_lines(file.as_bytes())?;
/// assert_eq!(list.iter().map(|(line, user)| (line, user.email.as_str())).last(), Some((3, "joe@example.com")));
///
/// let file = r#"{"email": "jane", "timezone": "half past ten"}"#;
/// let error = UserList::from_json_lines(file.as_bytes()).unwrap_err();
/// assert_eq!(error.problems[0].to_string(), "line 1, column `email`: isn't an e-mail address");
/// assert_eq!(error.problems.len(), 2);
/// # Ok::<(), tagoio::bulk::users::ListError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct UserList {
    pub(super) entries: Vec<Listed>,
}

/// A record, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) line: u64,
    pub(super) record: UserRecord,
    /// The custom fields that come from cells, which hold text whatever is meant.
    pub(super) custom_cells: Vec<String>,
}

impl Listed {
    pub(super) fn new(line: u64, record: UserRecord) -> Self {
        Self { line, record, custom_cells: Vec::new() }
    }

    /// What is wanted of a user who has these custom fields: a cell stands for a number or a switch where there is one
    /// and it can be read as one.
    pub(super) fn beside(&self, present: Option<&Map<String, Value>>) -> Cow<'_, UserRecord> {
        let (Some(present), Patch::Set(_), false) =
            (present, &self.record.custom_preferences, self.custom_cells.is_empty())
        else {
            return Cow::Borrowed(&self.record);
        };
        let mut record = self.record.clone();
        let wanted = record.custom_preferences.get_or_default();
        for field in &self.custom_cells {
            if let (Some(Value::String(cell)), Some(present)) = (wanted.get(field), present.get(field)) {
                if let Some(value) = read_like(present, cell.trim()) {
                    wanted.insert(field.clone(), value);
                }
            }
        }
        Cow::Owned(record)
    }
}

/// What a cell says, if it can be of the same type as a number or a switch.
fn read_like(present: &Value, cell: &str) -> Option<Value> {
    match present {
        Value::Bool(_) => cell.to_ascii_lowercase().parse().ok().map(Value::Bool),
        Value::Number(number) => {
            let read: Number = serde_json::from_str(cell).ok()?;
            // A spreadsheet makes 1 of 1.0.
            let is_same = (number.is_f64() || read.is_f64()) && number.as_f64() == read.as_f64();
            Some(Value::Number(if is_same { number.clone() } else { read }))
        }
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl UserList {
    /// Takes records that come from no file; they are numbered from 1 on.
    ///
    /// # Errors
    ///
    /// [`ListError`] with all that is wrong with them: what TagoIO would refuse, and addresses that are there twice.
    pub fn from_records(records: impl IntoIterator<Item = UserRecord>) -> Result<Self, ListError> {
        let entries = (1..).zip(records).map(|(line, record)| Listed::new(line, record)).collect();
        Self::checked(entries, Vec::new())
    }

    /// Reads JSON lines: on each line a [`UserRecord`] as a JSON object. Empty lines are passed over, and so are the
    /// fields of a user that can't be changed (`id`, `created_at`, `updated_at`, `last_login`, `profile`, `otp`,
    /// `agreements`), so that an export can be edited and read again.
    ///
    /// # Errors
    ///
    /// [`ListError`] with all that is wrong in all lines, or with why the file can't be read.
    pub fn from_json_lines(file: impl Read) -> Result<Self, ListError> {
        let (entries, problems) = json_lines::read(file);
        Self::checked(entries, problems)
    }

    /// Reads a CSV file: UTF-8, with or without a byte order mark; cells between commas, semicolons or tabs, in double
    /// quotes where they hold such a character; a first line that names the [columns](super::UserColumn). A line `sep=;`
    /// before that one says what is between the cells.
    ///
    /// An empty cell leaves the field as it is. A switch is `true`, `false`, `yes`, `no`, `1` or `0`. A cell of a custom
    /// field is text, but a number or `true` or `false` where the user has such a value and it can be read so. White space
    /// around a cell counts where the field is text, and doesn't where it isn't.
    ///
    /// ```
    /// use tagoio::bulk::users::UserList;
    ///
    /// let file = "E-Mail;Full name;Enabled;tag:site;tags\njane@example.com;Jane;yes;lisbon;floor=2\n";
    /// let list = UserList::from_csv(file.as_bytes())?;
    /// let (_, jane) = list.iter().next().unwrap();
    /// assert_eq!(jane.tags.as_ref().unwrap().len(), 2);
    /// # Ok::<(), tagoio::bulk::users::ListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ListError`] with all that is wrong in all lines, or with why the file can't be read.
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(file: impl Read) -> Result<Self, ListError> {
        let (entries, problems) = super::csv_file::read(file);
        Self::checked(entries, problems)
    }

    /// Checks what no reader of a single line can tell: that no e-mail address is there twice.
    fn checked(entries: Vec<Listed>, mut problems: Vec<Problem>) -> Result<Self, ListError> {
        let mut lines: HashMap<String, u64> = HashMap::with_capacity(entries.len());
        for Listed { line, record, .. } in &entries {
            problems.extend(
                record.problems().into_iter().map(|(column, message)| Problem::at(*line, column.to_string(), message)),
            );
            if record.email.is_empty() {
                continue;
            }
            match lines.entry(key_of(&record.email)) {
                Entry::Vacant(first) => {
                    first.insert(*line);
                }
                Entry::Occupied(first) => {
                    problems.push(Problem::at(*line, "email", format!("is on line {} already", first.get())));
                }
            }
        }
        ListError::unless(problems, Self { entries })
    }

    /// The records, each with its line.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &UserRecord)> {
        self.entries.iter().map(|listed| (listed.line, &listed.record))
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
