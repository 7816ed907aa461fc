use std::fmt;

/// Something that is wrong with a list of users. It never repeats a password, nor the cell that one may stand in by
/// mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line of the file, from 1; of records that come from no file, which of them it is, from 1.
    pub line: u64,
    /// The column or field, as the file names it.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    unknown_column: bool,
}

impl Problem {
    /// A problem of a whole line.
    pub(super) fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, column: None, message: message.into(), unknown_column: false }
    }

    /// A problem of a cell.
    pub(super) fn at(line: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..Self::new(line, message) }
    }

    pub(super) fn unknown_column(line: u64, column: impl Into<String>) -> Self {
        Self { unknown_column: true, ..Self::at(line, column, "there is no such column") }
    }

    /// Whether it is that the file has a column that there isn't. [`UserColumn::NAMES`](super::UserColumn::NAMES) are
    /// those that there are: one of them may have been meant.
    pub fn is_unknown_column(&self) -> bool {
        self.unknown_column
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A list of users that can't be worked with, and all that is wrong with it.
///
/// ```
/// use tagoio::bulk::users::{UserList, UserRecord};
///
/// let error = UserList::from_records([UserRecord::new("jane@example"), UserRecord::new("joe")]).unwrap_err();
/// assert_eq!(error.problems[0].to_string(), "line 2, column `email`: isn't an e-mail address");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListError {
    /// The problems, in the order of their lines. There is at least one.
    pub problems: Vec<Problem>,
}

impl ListError {
    /// The value, unless there are problems.
    pub(super) fn unless<T>(mut problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            return Ok(value);
        }
        problems.sort_by_key(|problem| problem.line);
        Err(Self { problems })
    }
}

/// Shows the first problem, and how many there are besides.
impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problems[..] {
            [] => f.write_str("the list can't be used"),
            [only] => only.fmt(f),
            [first, others @ ..] => write!(f, "{first} (and {} more)", others.len()),
        }
    }
}

impl std::error::Error for ListError {}
