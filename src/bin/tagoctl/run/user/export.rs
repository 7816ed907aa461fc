//! `tagoctl run user export`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::json;
use tagoio::bulk::Stop;
use tagoio::bulk::users::{self, UserColumn, UserExport};
use tagoio::run::{UserInfo, UserQuery};
use tagoio::{Client, UserId};

use super::filter::Filter;
use super::source::Form;
use crate::bulk::stop_on_ctrl_c;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::file;
use crate::output::{Format, Output, note, unknown_column};

pub(super) const EXAMPLES: &str = "\
`import` and `sync` read what this writes.

--columns takes the columns of a list (see `import`). A request for each user is needed for newsletter, options, \
option:NAME, custom_preferences, custom:FIELD and force_password_change.

Examples:
  tagoctl run user export users.csv
  tagoctl run user export --tag site=lisbon --columns email,name,tags
  tagoctl run user export users.csv --tag-columns site,floor
  tagoctl run user export --format jsonl | gzip > users.jsonl.gz";

/// How many users are read before they are written.
const BATCH: usize = 100;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The file, which is there only once it is complete; standard output when none is given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The form of the list [default: by the file's name and --output, else csv]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Have a column for each tag of these keys, besides the one with all tags
    #[arg(long, value_delimiter = ',', value_name = "KEY,…")]
    tag_columns: Vec<String>,
    /// Put ' before what a spreadsheet would take for a formula; such a file can't be read back as it was
    #[arg(long)]
    for_spreadsheet: bool,
    #[command(flatten)]
    filter: Filter,
}

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let form = self.form(context.out.format())?;
        let columns = self.columns(context.out, form)?;
        if self.for_spreadsheet && form == Form::Jsonl {
            return Err(Failure::usage("conflict", "--for-spreadsheet is for CSV only"));
        }
        let client = context.client()?;
        let query = self.filter.oldest_first();
        let export = Export { client: &client, query, columns, form, for_spreadsheet: self.for_spreadsheet };
        let Some(path) = &self.file else {
            return export.write("standard output", io::stdout().lock(), None).map(drop);
        };
        let name = path.display().to_string();
        let stop = stop_on_ctrl_c();
        let count = file::replace(path, |file| export.write(&name, file, Some(&stop)))?;
        // Here, --columns are those of the list.
        context.out.without_columns().ack(&json!({"file": name, "users": count}), &format!("{name}: {count} users"))
    }

    fn form(&self, output: Format) -> Result<Form> {
        if let Some(form) = self.format.or_else(|| Form::of_name(self.file.as_deref()?)) {
            return Ok(form);
        }
        match output {
            Format::Table | Format::Csv => Ok(Form::Csv),
            Format::Tsv => Ok(Form::Tsv),
            Format::Jsonl => Ok(Form::Jsonl),
            Format::Json => Err(Failure::usage("usage", "a list that can be read back is no JSON document")
                .hint("--output jsonl has an object on each line; tagoctl run user list writes JSON")),
        }
    }

    fn columns(&self, out: &Output, form: Form) -> Result<Vec<UserColumn>> {
        let mut columns = Vec::new();
        for name in out.columns() {
            columns.push(name.parse().map_err(|_| no_column(name))?);
        }
        if columns.is_empty() {
            columns.extend_from_slice(UserColumn::EXPORT);
        }
        columns.extend(self.tag_columns.iter().cloned().map(UserColumn::Tag));
        // Whatever is wrong with them is known before anything is asked for.
        let tried = match form {
            Form::Csv => UserExport::csv(io::sink(), &columns).map(drop),
            Form::Tsv => UserExport::tsv(io::sink(), &columns).map(drop),
            Form::Jsonl => UserExport::json_lines(io::sink(), &columns).map(drop),
        };
        tried.map_err(|error| Failure::usage("unknown_column", error.to_string()))?;
        Ok(columns)
    }
}

/// What is wrong with a name that no column has.
fn no_column(name: &str) -> Failure {
    if name.ends_with(':') && UserColumn::NAMES.contains(&name) {
        return Failure::usage("unknown_column", format!("the column `{name}` wants a key, as in `{name}KEY`"));
    }
    unknown_column("column", name, UserColumn::NAMES)
}

struct Export<'a> {
    client: &'a Client,
    query: UserQuery,
    columns: Vec<UserColumn>,
    form: Form,
    for_spreadsheet: bool,
}

impl Export<'_> {
    fn write(&self, name: &str, file: impl Write, stop: Option<&Stop>) -> Result<usize> {
        let unwritable = |error| Failure::write(name, error);
        let export = match self.form {
            Form::Csv => UserExport::csv(file, &self.columns),
            Form::Tsv => UserExport::tsv(file, &self.columns),
            Form::Jsonl => UserExport::json_lines(file, &self.columns),
        };
        let mut export = export.map_err(unwritable)?.for_spreadsheet(self.for_spreadsheet);
        let mut listed = self.client.run().users().iter(&self.query);
        let (mut count, mut gone, mut unfit) = (0, 0, Vec::new());
        loop {
            if stop.is_some_and(Stop::is_requested) {
                return Err(Failure::Interrupted(format!("stopped after {count} users: there is no {name}")));
            }
            let batch = listed.by_ref().take(BATCH).collect::<tagoio::Result<Vec<_>>>()?;
            if batch.is_empty() {
                break;
            }
            for user in self.whole(batch)? {
                let Some(user) = user else {
                    gone += 1;
                    continue;
                };
                match export.write(&user) {
                    Ok(()) => count += 1,
                    // All of them are told of at once.
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => unfit.push(error.to_string()),
                    Err(error) => return Err(unwritable(error)),
                }
            }
        }
        if !unfit.is_empty() {
            return Err(cannot_hold(name, &unfit));
        }
        if gone > 0 {
            note(&format!("deleted while they were read, and not in {name}: {gone}"));
        }
        if let empty @ 1.. = export.cells_left_empty() {
            note(&format!(
                "left empty, because a user has several tags of the key, which the column tags has: {empty}"
            ));
        }
        export.finish().and_then(|mut file| file.flush()).map_err(unwritable)?;
        Ok(count)
    }

    /// The users with all that the columns need; `None` for one who isn't there any more.
    fn whole(&self, listed: Vec<UserInfo>) -> Result<Vec<Option<UserInfo>>> {
        if !self.columns.iter().any(UserColumn::is_beyond_lists) {
            return Ok(listed.into_iter().map(Some).collect());
        }
        let ids: Vec<UserId> = listed.into_iter().map(|user| user.id).collect();
        Ok(users::details(self.client, &ids)?)
    }
}

fn cannot_hold(name: &str, users: &[String]) -> Failure {
    let failure = Failure::usage("conflict", format!("{name}: the columns can't hold what some users have"));
    users.iter().fold(failure, |failure, text| failure.problem(text.as_str(), json!({"message": text})))
}
