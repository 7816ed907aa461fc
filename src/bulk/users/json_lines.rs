//! Reading JSON lines.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read};

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::column::UserColumn;
use super::list::Listed;
use super::problem::Problem;
use super::record::UserRecord;

const JSON_ARRAY: &str =
    "begins a JSON array, and a JSON object on each line is wanted: `jq -c '.[]'` makes them of it";

pub(super) fn read(file: impl Read) -> (Vec<Listed>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let mut file = BufReader::new(file);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        match file.read_until(b'\n', &mut text) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                problems.push(Problem::new(line, format!("can't be read: {error}")));
                break;
            }
        }
        let bytes = if line == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text) } else { &text[..] };
        let Ok(text) = std::str::from_utf8(bytes) else {
            problems.push(Problem::new(line, "isn't UTF-8"));
            continue;
        };
        // The line break would be counted as a line.
        let text = text.trim_end();
        if text.is_empty() {
            continue;
        }
        if text.starts_with('[') && entries.is_empty() && problems.is_empty() {
            problems.push(Problem::new(line, JSON_ARRAY));
            break;
        }
        match serde_json::from_str(text) {
            Ok(Line(record)) => entries.push(Listed::new(line, record)),
            Err(_) => problems.extend(problems_of(line, text)),
        }
    }
    (entries, problems)
}

/// What is wrong with a line that is no record. What serde says of a value would repeat it.
fn problems_of(line: u64, text: &str) -> Vec<Problem> {
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return vec![Problem::new(line, "isn't a JSON object: one for each user, each on a line of its own")],
        Err(error) => {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            return vec![Problem::new(line, format!("isn't a JSON object: {why} (byte {})", error.column()))];
        }
    };
    let mut problems: Vec<Problem> =
        fields.iter().filter_map(|(field, value)| problem_of_field(line, field, value)).collect();
    if !fields.contains_key("email") {
        problems.push(Problem::at(line, "email", "is missing"));
    }
    if problems.is_empty() {
        problems.push(Problem::new(line, "has a field twice"));
    }
    problems
}

fn problem_of_field(line: u64, field: &str, value: &Value) -> Option<Problem> {
    let Some(column) = UserColumn::of_field(field) else {
        return Some(Problem::unknown_column(line, field));
    };
    if column.is_ignored() {
        return None;
    }
    let mut alone = Map::from_iter([("email".to_owned(), Value::String(String::new()))]);
    alone.insert(field.to_owned(), value.clone());
    let read = UserRecord::deserialize(Value::Object(alone));
    read.is_err().then(|| Problem::at(line, field, column.wanted()))
}

/// A record, among whose fields there may be some that are ignored.
struct Line(UserRecord);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Line;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Line, A::Error> {
                UserRecord::deserialize(MapAccessDeserializer::new(Relevant(fields))).map(Line)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The fields that aren't ignored.
struct Relevant<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Relevant<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(field) = self.0.next_key::<String>()? {
            if !UserColumn::of_field(&field).is_some_and(|column| column.is_ignored()) {
                return seed.deserialize(field.into_deserializer()).map(Some);
            }
            self.0.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::UserList;
    use super::JSON_ARRAY;

    #[test]
    fn a_line_is_a_user() {
        let file = "\u{feff}{\"email\":\"a@x.io\",\"phone\":null,\"active\":false}\r\n\n  \n\
                    {\"id\":\"1\",\"otp\":{},\"email\":\"b@x.io\",\"profile\":null,\"agreements\":[1],\"last_login\":7}";
        let list = UserList::from_json_lines(file.as_bytes()).unwrap();
        let users: Vec<_> = list.iter().map(|(line, user)| (line, serde_json::to_string(user).unwrap())).collect();
        assert_eq!(
            users,
            [
                (1, r#"{"email":"a@x.io","phone":null,"active":false}"#.to_owned()),
                (4, r#"{"email":"b@x.io"}"#.to_owned())
            ]
        );
    }

    #[test]
    fn all_problems_of_a_file_are_told_at_once() {
        let (array, array_2) = (format!("line 1: {JSON_ARRAY}"), format!("line 2: {JSON_ARRAY}"));
        for (file, expected) in [
            (&b"\n[\n{\"email\":\"a@x.io\"}\n]"[..], vec![array_2.as_str()]),
            (b"[]", vec![array.as_str()]),
            (
                b"{\"email\":\"a@x.io\"}\n[]",
                vec!["line 2: isn't a JSON object: one for each user, each on a line of its own"],
            ),
            (b"email,name\n", vec!["line 1: isn't a JSON object: expected value (byte 1)"]),
            (b"{\"email\":\"jos\xe9@x.io\"}", vec!["line 1: isn't UTF-8"]),
            (b"{\"email\":\"a@x.io\",\"email\":\"b@x.io\"}", vec!["line 1: has a field twice"]),
            (
                br#"{"name":"Jane","e-mail":"x","active":"yes","tags":{"floor":2},"options":3}
                    {"email":"canary","name":" ","timezone":null,"password":"short","phone":7,"send_email":3}
                    {"email":"canary","name":" ","timezone":null,"password":"short","options":3}
                    {"email":"j@x.io","password":null,"active":null,"generate_password":null,"tags":[{"key":""}]}
                    {"email":"j@x.io","password":null,"active":null,"send_email":null,"tags":{"":"x"}}
                    {"email":"J@x.io"}
                    {"email":"k@x.io","newsletter":"yes"}"#,
                vec![
                    "line 1, column `active`: has to be true or false",
                    "line 1, column `e-mail`: there is no such column",
                    r#"line 1, column `tags`: has to be a list of {"key": …, "value": …} or an object of texts"#,
                    "line 1, column `email`: is missing",
                    "line 2, column `phone`: has to be text",
                    "line 2, column `send_email`: has to be true, false or the key of an e-mail template",
                    "line 3, column `email`: isn't an e-mail address",
                    "line 3, column `timezone`: can't be cleared",
                    "line 3, column `name`: is empty",
                    "line 3, column `password`: has less than 6 characters",
                    "line 3, column `options`: has to be an object",
                    r#"line 4, column `tags`: has to be a list of {"key": …, "value": …} or an object of texts"#,
                    "line 5, column `password`: can't be cleared",
                    "line 5, column `send_email`: can't be cleared",
                    "line 5, column `active`: can't be cleared",
                    "line 5, column `tags`: a tag has no key",
                    "line 6, column `email`: is on line 5 already",
                    "line 7, column `newsletter`: has to be true, false or null",
                ],
            ),
        ] {
            let error = UserList::from_json_lines(file).unwrap_err();
            let told: Vec<_> = error.problems.iter().map(ToString::to_string).collect();
            assert_eq!(told, expected, "{}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn only_a_field_that_there_is_not_is_unknown() {
        let error = UserList::from_json_lines(&br#"{"active":"yes","e-mail":"x"}"#[..]).unwrap_err();
        let told: Vec<_> =
            error.problems.iter().map(|problem| (problem.column.as_deref(), problem.is_unknown_column())).collect();
        assert_eq!(told, [(Some("active"), false), (Some("e-mail"), true), (Some("email"), false)]);
    }

    #[test]
    fn no_value_is_repeated_in_a_problem() {
        for value in [r#""canary*""#, r#"["canary"]"#, r#"{"canary*":["canary"]}"#] {
            for field in super::super::UserColumn::NAMES {
                let line = format!(r#"{{"email":"j","{field}":{value}}}"#);
                let error = UserList::from_json_lines(line.as_bytes()).unwrap_err();
                assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
            }
        }
    }

    #[test]
    fn a_file_that_breaks_off_is_told_of() {
        struct Broken;

        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the disk is gone"))
            }
        }

        let error = UserList::from_json_lines(Broken).unwrap_err();
        assert_eq!(error.to_string(), "line 1: can't be read: the disk is gone");
        #[cfg(feature = "csv")]
        assert!(UserList::from_csv(Broken).is_err());
    }
}
