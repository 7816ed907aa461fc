//! Many users at once.

mod column;
#[cfg(feature = "csv")]
mod csv_file;
mod json_lines;
mod list;
mod problem;
mod record;
mod tag_text;

pub use column::UserColumn;
pub use list::UserList;
pub use problem::{ListError, Problem};
pub use record::UserRecord;
