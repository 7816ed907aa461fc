//! Reading CSV files.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use super::column::UserColumn;
use super::list::Listed;
use super::problem::Problem;
use super::record::UserRecord;
use super::tag_text;
use crate::run::SendEmail;
use crate::secret::Password;
use crate::tag::Tag;

const NOT_UTF8: &str = "isn't UTF-8";

pub(super) fn read(mut file: impl Read) -> (Vec<Listed>, Vec<Problem>) {
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        Ok(_) => read_bytes(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)),
        Err(error) => (Vec::new(), vec![Problem::new(1, format!("the file can't be read: {error}"))]),
    }
}

fn read_bytes(text: &[u8]) -> (Vec<Listed>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return (entries, vec![Problem::new(1, "the file is UTF-16, and UTF-8 is wanted")]);
    }
    let declared = declared_delimiter(text);
    let delimiter = declared.unwrap_or_else(|| delimiter(text));
    let quotes = Quotes::check(text, delimiter);
    let mut lines = Lines::of(text);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(&text[..quotes.readable]);
    let mut row = ByteRecord::new();
    let mut header: Option<Header> = None;
    let mut is_declaration = declared.is_some();
    loop {
        let start = usize::try_from(rows.position().byte()).unwrap_or(usize::MAX);
        match rows.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                problems.push(Problem::new(lines.at_row(start), format!("can't be read: {error}")));
                break;
            }
        }
        let line = lines.at_row(start);
        if std::mem::take(&mut is_declaration) || row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        match &header {
            // A row of somebody's, password and all, where the names should be: no word of it is repeated.
            None if row.iter().any(is_address) => {
                return (entries, vec![Problem::new(line, "has to name the columns, and has an e-mail address")]);
            }
            None => header = Some(Header::read(line, &row, &mut problems)),
            Some(_) if quotes.broken.iter().any(|broken| broken.row == line) => {}
            Some(header) => entries.extend(header.read_row(line, &row, &mut problems)),
        }
    }
    if header.is_none() && quotes.broken.is_empty() {
        problems.push(Problem::new(1, "the file is empty: its first line has to name the columns"));
    }
    problems.extend(quotes.broken.into_iter().map(|broken| {
        match header.as_ref().and_then(|header| header.names.get(broken.cell)) {
            Some(column) => Problem::at(broken.line, column.as_str(), broken.message),
            None => Problem::new(broken.line, broken.message),
        }
    }));
    (entries, problems)
}

/// Whether a cell of the first line is an e-mail address, and not the name of a column: the key of a tag may be one.
fn is_address(cell: &[u8]) -> bool {
    let is_name = || std::str::from_utf8(cell).is_ok_and(|name| name.parse::<UserColumn>().is_ok());
    cell.contains(&b'@') && !is_name()
}

/// What a first line `sep=;` says, as spreadsheets write and read it.
fn declared_delimiter(text: &[u8]) -> Option<u8> {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    match line.split_at_checked(4)? {
        (name, [delimiter @ (b',' | b';' | b'\t' | b'|')]) if name.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        _ => None,
    }
}

/// What separates the cells: of comma, semicolon and tab, the one that the first line has most of.
fn delimiter(text: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for byte in text.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted => {
                counts.iter_mut().filter(|(delimiter, _)| delimiter == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let [comma, others @ ..] = counts;
    others.into_iter().fold(comma, |most, other| if other.1 > most.1 { other } else { most }).0
}

/// Counts lines on the way through a file.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line of the row that begins at, or after the line breaks at, a place that isn't before the last one.
    fn at_row(&mut self, start: usize) -> u64 {
        while let Some(&byte) = self.text.get(self.at) {
            let is_break = matches!(byte, b'\r' | b'\n');
            if self.at >= start && !is_break {
                break;
            }
            self.at += 1;
            // A carriage return before a line feed is one break with it.
            if byte == b'\n' || (byte == b'\r' && self.text.get(self.at) != Some(&b'\n')) {
                self.line += 1;
            }
        }
        self.line
    }
}

/// What is wrong with the quotes of a file. A reader of CSV would make something of them all the same.
struct Quotes {
    broken: Vec<Broken>,
    /// How many bytes come before a row whose quotes are never closed.
    readable: usize,
}

struct Broken {
    /// The line in which the row begins.
    row: u64,
    line: u64,
    cell: usize,
    message: &'static str,
}

impl Quotes {
    fn check(text: &[u8], delimiter: u8) -> Self {
        enum State {
            Start,
            Plain,
            Quoted,
            /// After a quote in a quoted cell: the cell's end, or the first half of a quote that is meant.
            Closed,
        }

        let mut broken: Vec<Broken> = Vec::new();
        let (mut state, mut cell, mut row_start) = (State::Start, 0, 0);
        let (mut line, mut row, mut opened) = (1, 1, 1);
        for (at, &byte) in text.iter().enumerate() {
            let is_break = matches!(byte, b'\r' | b'\n');
            state = match state {
                State::Quoted if byte == b'"' => State::Closed,
                State::Quoted => State::Quoted,
                State::Closed if byte == b'"' => State::Quoted,
                State::Start if byte == b'"' => {
                    opened = line;
                    State::Quoted
                }
                _ if byte == delimiter => {
                    cell += 1;
                    State::Start
                }
                _ if is_break => State::Start,
                State::Closed => {
                    broken.push(Broken { row, line, cell, message: "has something after the closing quote" });
                    State::Plain
                }
                State::Start | State::Plain => State::Plain,
            };
            if byte == b'\n' || (byte == b'\r' && text.get(at + 1) != Some(&b'\n')) {
                line += 1;
            }
            if is_break && matches!(state, State::Start) {
                (cell, row, row_start) = (0, line, at + 1);
            }
        }
        let mut readable = text.len();
        if matches!(state, State::Quoted) {
            broken.push(Broken { row, line: opened, cell, message: "has a quote that is never closed" });
            readable = row_start;
        }
        Self { broken, readable }
    }
}

/// The first line.
struct Header {
    names: Vec<String>,
    /// `None` for a column that there isn't.
    columns: Vec<Option<UserColumn>>,
}

impl Header {
    fn read(line: u64, row: &ByteRecord, problems: &mut Vec<Problem>) -> Self {
        let names: Vec<String> = row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        let mut columns: Vec<Option<UserColumn>> = Vec::with_capacity(names.len());
        for (at, (name, cell)) in names.iter().zip(row).enumerate() {
            let column = name.parse::<UserColumn>().ok();
            if std::str::from_utf8(cell).is_err() {
                problems.push(Problem::at(line, name.as_str(), NOT_UTF8));
            } else if name.is_empty() {
                problems.push(Problem::new(line, format!("column {} has no name", at + 1)));
            } else if column.is_none() {
                problems.push(Problem::unknown_column(line, name.as_str()));
            } else if column.as_ref().is_some_and(|column| !column.is_ignored()) && columns.contains(&column) {
                problems.push(Problem::at(line, name.as_str(), "is there twice"));
            }
            columns.push(column);
        }
        if !columns.contains(&Some(UserColumn::Email)) {
            problems.push(Problem::new(line, "there is no column `email`"));
        }
        let is_option = |column: &Option<UserColumn>| matches!(column, Some(UserColumn::Option(_)));
        if columns.contains(&Some(UserColumn::Options)) && columns.iter().any(is_option) {
            problems.push(Problem::new(line, "the column `options` can't stand beside columns of single options"));
        }
        Self { names, columns }
    }

    fn read_row(&self, line: u64, row: &ByteRecord, problems: &mut Vec<Problem>) -> Option<Listed> {
        if row.len() != self.columns.len() {
            let cells = if row.len() == 1 { "cell" } else { "cells" };
            let message = format!("has {} {cells}, and the first line has {}", row.len(), self.columns.len());
            problems.push(Problem::new(line, message));
            return None;
        }
        let mut record = UserRecord::new("");
        let mut custom_cells = Vec::new();
        let mut whole = true;
        for ((name, column), cell) in self.names.iter().zip(&self.columns).zip(row) {
            if let (Some(UserColumn::Custom(field)), false) = (column, cell.is_empty()) {
                custom_cells.push(field.clone());
            }
            let set = match (column, std::str::from_utf8(cell)) {
                (_, Err(_)) => Err(NOT_UTF8),
                (Some(column), Ok(cell)) if !cell.is_empty() => set(&mut record, column, cell),
                _ => Ok(()),
            };
            if let Err(why) = set {
                problems.push(Problem::at(line, name.as_str(), why));
                whole = false;
            }
        }
        // Without its column, the address would be found missing in every row.
        let named = self.columns.contains(&Some(UserColumn::Email));
        (whole && named).then_some(Listed { line, record, custom_cells })
    }
}

/// Sets what a cell says. The error doesn't repeat the cell.
fn set(record: &mut UserRecord, column: &UserColumn, cell: &str) -> Result<(), &'static str> {
    match column {
        UserColumn::Email => cell.trim().clone_into(&mut record.email),
        UserColumn::Name => record.name = cell.into(),
        UserColumn::Password => {
            record.password = Password::new(cell).map_err(|_| "has a control character, such as a line break")?.into();
        }
        UserColumn::GeneratePassword => record.generate_password = flag(cell)?.into(),
        UserColumn::SendEmail => {
            let template = || SendEmail::Template(cell.trim().to_owned());
            record.send_email = flag(cell).map_or_else(|_| template(), SendEmail::Welcome).into();
        }
        UserColumn::Timezone => record.timezone = cell.trim().into(),
        UserColumn::Company => record.company = cell.into(),
        UserColumn::Phone => record.phone = cell.into(),
        UserColumn::Language => record.language = cell.into(),
        UserColumn::Active => record.active = flag(cell)?.into(),
        UserColumn::Newsletter => record.newsletter = flag(cell)?.into(),
        UserColumn::ForcePasswordChange => record.force_password_change = flag(cell)?.into(),
        // A column of its own says more than the column of all: an export may have both.
        UserColumn::Tags => {
            let tags = record.tags.get_or_default();
            *tags = Tag::merge(&tag_text::parse(cell)?, tags);
        }
        UserColumn::Tag(key) => {
            let tags = record.tags.get_or_default();
            *tags = Tag::merge(tags, &[Tag::new(key, cell)]);
        }
        UserColumn::Options => record.options = serde_json::from_str(cell).map_err(|_| column.wanted())?,
        UserColumn::Option(name) => {
            let options = record.options.get_or_default();
            let option = match name.as_str() {
                "decimal_separator" => &mut options.decimal_separator,
                "thousand_separator" => &mut options.thousand_separator,
                "date_format" => &mut options.date_format,
                "time_format" => &mut options.time_format,
                _ => return Err("there is no such option"),
            };
            *option = cell.into();
        }
        UserColumn::CustomPreferences => {
            let fields: serde_json::Map<_, _> = serde_json::from_str(cell).map_err(|_| column.wanted())?;
            record.custom_preferences.get_or_default().extend(fields);
        }
        UserColumn::Custom(field) => {
            record.custom_preferences.get_or_default().insert(field.clone(), cell.into());
        }
        UserColumn::Id
        | UserColumn::LastLogin
        | UserColumn::CreatedAt
        | UserColumn::UpdatedAt
        | UserColumn::Profile
        | UserColumn::Otp
        | UserColumn::Agreements => {}
    }
    Ok(())
}

fn flag(cell: &str) -> Result<bool, &'static str> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("has to be true, false, yes, no, 1 or 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::UserList;
    use super::*;

    fn problems(file: &[u8]) -> Vec<String> {
        let error = UserList::from_csv(file).expect_err(&String::from_utf8_lossy(file));
        error.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_is_read_however_a_spreadsheet_wrote_it() {
        for file in [
            "email,name,active\njane@x.io,Jane,true\njoe@x.io,\"Doe, Joe\",no\n",
            "email;name;active\njane@x.io;Jane;TRUE\njoe@x.io;Doe, Joe;0\n",
            "email\tname\tactive\njane@x.io\tJane\tyes\njoe@x.io\tDoe, Joe\tno",
            "\u{feff}E-Mail;Full name;Enabled\r\njane@x.io;Jane;1\r\n\r\njoe@x.io;\"Doe, Joe\";0\r\n;;\r\n",
            "sep=;\nemail;name;active\njane@x.io;Jane;1\njoe@x.io;Doe, Joe;0\n",
            "\u{feff}SEP=|\r\nemail|name|active\r\njane@x.io|Jane|1\r\njoe@x.io|Doe, Joe|0\r\n",
            "email;name;active;company\njane@x.io;Jane;1;a,b,c,d,e\njoe@x.io;Doe, Joe;0;a,b,c,d,e\n",
            "\"tag:a\nb\";email;name;active\n;jane@x.io;Jane;1\n;joe@x.io;Doe, Joe;0\n",
            "  \nemail,name,active\n   \njane@x.io,Jane,1\n , ,\t\njoe@x.io,\"Doe, Joe\",0\n \n",
            "\n\nemail,\"name\",active\rjane@x.io,Jane,true\rjoe@x.io,\"Doe, Joe\",false\r",
            "active,id,name,email,otp,last_login\ntrue,1,Jane, jane@x.io ,{},x\nfalse,2,\"Doe, Joe\",joe@x.io,,\n",
        ] {
            let list = UserList::from_csv(file.as_bytes()).unwrap_or_else(|error| panic!("{file}: {error}"));
            let users: Vec<_> = list
                .iter()
                .map(|(_, user)| (user.email.as_str(), user.name.as_deref().unwrap(), *user.active.as_ref().unwrap()))
                .collect();
            assert_eq!(users, [("jane@x.io", "Jane", true), ("joe@x.io", "Doe, Joe", false)], "{file}");
        }
    }

    #[test]
    fn a_row_has_the_line_in_which_it_begins() {
        for (file, lines) in [
            ("email\na@x.io\nb@x.io\n", vec![2, 3]),
            ("email\r\na@x.io\r\nb@x.io", vec![2, 3]),
            ("email\ra@x.io\rb@x.io", vec![2, 3]),
            ("\nemail\n\n\na@x.io\n\nb@x.io\n\n", vec![5, 7]),
            ("sep=,\nemail\n \na@x.io\n\nb@x.io", vec![4, 6]),
            ("email,name\na@x.io,\"two\nlines\"\nb@x.io,c\n", vec![2, 4]),
            ("email,name\r\na@x.io,\"two\r\nlines\"\r\n\r\nb@x.io,c\r\n", vec![2, 5]),
        ] {
            let list = UserList::from_csv(file.as_bytes()).unwrap();
            assert_eq!(list.iter().map(|(line, _)| line).collect::<Vec<_>>(), lines, "{file:?}");
        }
    }

    #[test]
    fn an_empty_cell_leaves_the_field_alone() {
        let file = "email,name,password,generate_password,send_email,timezone,company,phone,language,active,\
                    newsletter,force_password_change,tags,tag:a,options,custom_preferences,custom:f\n\
                    jane@x.io,,,,,,,,,,,,,,,,\n";
        let list = UserList::from_csv(file.as_bytes()).unwrap();
        let (_, user) = list.iter().next().unwrap();
        assert_eq!(serde_json::to_string(user).unwrap(), r#"{"email":"jane@x.io"}"#);
    }

    #[test]
    fn each_column_sets_its_field() {
        for (column, cell, json) in [
            ("name", " Jane ", r#"{"name":" Jane "}"#),
            ("Password", "correct horse", r#"{"password":"correct horse"}"#),
            ("generate password", "yes", r#"{"generate_password":true}"#),
            ("send_email", "no", r#"{"send_email":false}"#),
            ("send_email", "invite", r#"{"send_email":"invite"}"#),
            ("tz", " Europe/Lisbon ", r#"{"timezone":"Europe/Lisbon"}"#),
            ("company", "=1+1", r#"{"company":"=1+1"}"#),
            ("Phone Number", "+351 21", r#"{"phone":"+351 21"}"#),
            ("lang", "pt", r#"{"language":"pt"}"#),
            ("newsletter", "0", r#"{"newsletter":false}"#),
            ("force_password_change", "1", r#"{"force_password_change":true}"#),
            ("tags", "b=1;a=2", r#"{"tags":[{"key":"b","value":"1"},{"key":"a","value":"2"}]}"#),
            ("tag:Site A", "x;y=z", r#"{"tags":[{"key":"Site A","value":"x;y=z"}]}"#),
            ("option:Time-Format", "24", r#"{"options":{"time_format":"24"}}"#),
            ("option:decimal_separator", ",", r#"{"options":{"decimal_separator":","}}"#),
            ("option:date_format", "DD/MM", r#"{"options":{"date_format":"DD/MM"}}"#),
            ("option:thousand_separator", " ", r#"{"options":{"thousand_separator":" "}}"#),
            ("options", r#"{"new": 1}"#, r#"{"options":{"new":1}}"#),
            ("custom:5f", "7", r#"{"custom_preferences":{"5f":"7"}}"#),
            ("custom_preferences", r#"{"5f": 7}"#, r#"{"custom_preferences":{"5f":7}}"#),
        ] {
            let file = format!("email,{column}\njane@x.io,\"{}\"\n", cell.replace('"', "\"\""));
            let list = UserList::from_csv(file.as_bytes()).unwrap_or_else(|error| panic!("{file}: {error}"));
            let (_, user) = list.iter().next().unwrap();
            let mut user = serde_json::to_value(user).unwrap();
            user.as_object_mut().unwrap().remove("email");
            assert_eq!(user.to_string(), json);
        }
    }

    #[test]
    fn the_column_of_a_tag_says_more_than_that_of_all_tags() {
        for file in [
            "email,tags,tag:site\nj@x.io,a=1;site=porto,lisbon\n",
            "email,tag:site,tags\nj@x.io,lisbon,a=1;site=porto\n",
        ] {
            let list = UserList::from_csv(file.as_bytes()).unwrap();
            let (_, user) = list.iter().next().unwrap();
            assert_eq!(user.tags.as_deref(), Some(&[Tag::new("a", "1"), Tag::new("site", "lisbon")][..]), "{file}");
        }
    }

    #[test]
    fn all_problems_of_a_file_are_told_at_once() {
        for (file, expected) in [
            (&b""[..], vec!["line 1: the file is empty: its first line has to name the columns"]),
            (b"jane@x.io,Jane,canary\n", vec!["line 1: has to name the columns, and has an e-mail address"]),
            (b"\xff\xfee\0", vec!["line 1: the file is UTF-16, and UTF-8 is wanted"]),
            (
                b"name,e-mial,,name,tag:\nJane,j,,J,\n",
                vec![
                    "line 1, column `e-mial`: there is no such column",
                    "line 1: column 3 has no name",
                    "line 1, column `name`: is there twice",
                    "line 1, column `tag:`: there is no such column",
                    "line 1: there is no column `email`",
                ],
            ),
            (
                b"E-Mail,Time zone,active,password,generate_password,tags\n\
                  jane,nowhere special,maybe,short,yes,lisbon\n\
                  ,UTC,,,,\n\
                  a*@x.io,UTC,,long enough,true,\n\
                  joe@x.io,UTC,,,,\n\
                  JOE@x.io,UTC,,,,=x\n\
                  Joe@X.io,UTC,,,,\n\
                  ann@x.io,UTC,,,\n\
                  ben@x.io\n\
                  eve@x.io,UTC,,,,,\n",
                vec![
                    "line 2, column `active`: has to be true, false, yes, no, 1 or 0",
                    "line 2, column `tags`: a tag has no `=`: key=value;key=value is wanted",
                    "line 3, column `email`: is missing",
                    "line 4, column `email`: has a `*`, which stands for anything when TagoIO looks for users",
                    "line 4, column `generate_password`: can't be on where there is a password",
                    "line 6, column `tags`: a tag has no key",
                    "line 7, column `email`: is on line 5 already",
                    "line 8: has 5 cells, and the first line has 6",
                    "line 9: has 1 cell, and the first line has 6",
                    "line 10: has 7 cells, and the first line has 6",
                ],
            ),
            (
                b"email,name\nj\xe9@x.io,Jos\xe9\nok@x.io,\"\"\"Jo\"\"\"\n",
                vec!["line 2, column `email`: isn't UTF-8", "line 2, column `name`: isn't UTF-8"],
            ),
            (
                b"email,name\na@x.io,\"Ann\" B\nb@x.io,\"Ben\nc@x.io,Cem\n",
                vec![
                    "line 2, column `name`: has something after the closing quote",
                    "line 3, column `name`: has a quote that is never closed",
                ],
            ),
            (
                b"email,name\r\nann,\"Ann\" B\r\nben,Ben\r\n",
                vec![
                    "line 2, column `name`: has something after the closing quote",
                    "line 3, column `email`: isn't an e-mail address",
                ],
            ),
            (b"mail,\nj@x.io,\n", vec!["line 1: column 2 has no name"]),
            (b"email,\"name\nj@x.io", vec!["line 1: has a quote that is never closed"]),
            (
                b"email,options,option:date_format\n",
                vec!["line 1: the column `options` can't stand beside columns of single options"],
            ),
        ] {
            assert_eq!(problems(file), expected, "{}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn no_cell_is_repeated_in_a_problem() {
        let columns: Vec<String> = UserColumn::NAMES
            .iter()
            .map(|name| if name.ends_with(':') { format!("{name}x") } else { (*name).to_owned() })
            .filter(|name| name != "options")
            .collect();
        let file = format!("{}\n{}\n", columns.join(","), vec!["canary\u{7}*"; columns.len()].join(","));
        let told = problems(file.as_bytes()).join("\n");
        assert!(told.contains("password") && !told.contains("canary"), "{told}");
    }

    #[test]
    fn what_a_file_can_hold_panics_nothing() {
        // A walk through short files of what means something in CSV.
        let alphabet = ["email", ",", "\"", "\n", "\r", "a@x.io", "tags", "=\\"];
        let mut texts: Vec<String> = vec![String::new()];
        for _ in 0..4 {
            texts = texts.iter().flat_map(|text| alphabet.iter().map(move |part| format!("{text}{part}"))).collect();
            for text in &texts {
                match UserList::from_csv(text.as_bytes()) {
                    Ok(list) => assert!(list.iter().all(|(line, _)| line > 0)),
                    Err(error) => assert!(!error.problems.is_empty()),
                }
            }
        }
    }
}
