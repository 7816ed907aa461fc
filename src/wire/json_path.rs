use std::fmt;

/// Where in a text of JSON an error of reading it is: `users[3].tags`, and nothing for all of it. The text is known to be
/// JSON; what didn't fit was of another type than was wanted.
///
/// From the error's position alone, so of a type that refuses what it has read already there is only the path of what
/// that is in. To have each type keep the path while it is read (`serde_path_to_error`) would take a second copy of all the
/// code that reads: a seventh of the crate, for answers that hardly ever come.
pub(crate) fn json_path(json: &str, error: &serde_json::Error) -> String {
    let line_at = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let error_at = line_at + error.column();
    let mut path = Path::default();
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        let begins_at = at;
        at += 1;
        match byte {
            // What can't be an object or an array at all is noticed before it is entered.
            b'{' | b'[' if begins_at >= error_at => break,
            b'{' => path.0.push(Step::Key(String::new())),
            b'[' => path.0.push(Step::Index(0)),
            b'}' | b']' => {
                path.0.pop();
                if at >= error_at {
                    break;
                }
            }
            b',' => path.next(),
            b'"' => {
                at = begins_at + string_len(&json[begins_at..]);
                if let (Some(Step::Key(key)), true) = (path.0.last_mut(), json[at..].trim_start().starts_with(':')) {
                    *key = serde_json::from_str(&json[begins_at..at]).unwrap_or_default();
                }
                if at >= error_at {
                    break;
                }
            }
            // Of a number or a word; or between two values, where no error is.
            _ if at >= error_at => break,
            _ => {}
        }
    }
    path.to_string()
}

/// How long the string is that the text begins with, its quotes included.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

#[derive(Default)]
struct Path(Vec<Step>);

enum Step {
    Index(usize),
    Key(String),
}

impl Path {
    /// To what is behind a comma: in an object its key says that.
    fn next(&mut self) {
        if let Some(Step::Index(index)) = self.0.last_mut() {
            *index += 1;
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(depth, step)| match step {
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "{}{key}", if depth == 0 { "" } else { "." }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading matters")]
    struct Row {
        id: u8,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        tags: Vec<Row>,
    }

    fn of<T: DeserializeOwned + Debug>(json: &str) -> String {
        json_path(json, &serde_json::from_str::<T>(json).unwrap_err())
    }

    #[test]
    fn the_value_that_does_not_fit_is_named() {
        for (json, path) in [
            ("[[]]", "[0]"),
            ("{}", ""),
            (r#""text""#, ""),
            ("7", ""),
            (r#"[{"id": 1}, {"id": "x"}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": 300, "name": "x"}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": null}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": {"deep": [1]}}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": [1]}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": true}]"#, "[1].id"),
            (r#"[{"id": 1}, {"id": -1.5e3}]"#, "[1].id"),
            (r#"[{"id": 1}, 7]"#, "[1]"),
            (r#"[{"id": 1}, "7", 8]"#, "[1]"),
            (r#"[{"id": 1, "tags": [{"id": 2}, {"id": 3, "tags": {}}]}]"#, "[0].tags[1].tags"),
            (r#"[{"tags": [], "name": null, "id": 1}, {"name": 5, "id": 1}]"#, "[1].name"),
            // A field that is missing is that of the object that has ended.
            (r#"[{"id": 1}, {"name": "x"}]"#, "[1]"),
            (r#"[{"id": 1}, {"tags": [{"name": "x"}, {"id": 1}], "id": 1}]"#, "[1].tags[0]"),
            // One that there isn't is named itself.
            (r#"[{"id": 1, "other": 1}]"#, "[0].other"),
            ("[\n  {\"id\": 1},\n  {\n\t\"id\": \"x\"\n  }\n]", "[1].id"),
        ] {
            assert_eq!(of::<Vec<Row>>(json), path, "{json}");
        }
    }

    #[test]
    fn keys_and_texts_may_have_anything_in_them() {
        for (json, path) in [
            (r#"{"a\"]},:[{": 1, "b": "x"}"#, "b"),
            (r#"{"a": 1, "\\": "}"}"#, "\\"),
            (r#"{"ação\u0021": "\"\\"}"#, "ação!"),
            (r#"{"日本": [1, "]", {"}": 2}]}"#, "日本"),
            (r#"{"a": 1 , "b" : "x" }"#, "b"),
            (r#"{"a.b": {}}"#, "a.b"),
            (r#"{"": "x"}"#, ""),
        ] {
            assert_eq!(of::<BTreeMap<String, u8>>(json), path, "{json}");
        }
    }

    /// Documents of which some can be read as rows, and some go wrong somewhere.
    fn documents() -> impl Strategy<Value = Value> {
        let odd = prop_oneof![
            Just(json!(null)),
            Just(json!([])),
            Just(json!({})),
            Just(json!("a \"quoted\" word, {")),
            Just(json!(-7.5)),
            Just(json!([1, {"id": 2}])),
        ];
        let row = (0_u16..260, odd, 0..9).prop_map(|(id, odd, which)| match which {
            0 => json!({"id": odd}),
            1 => json!({"id": id, "name": odd}),
            2 => json!({"name": "x"}),
            3 => json!({"id": id, "other": odd}),
            4 => odd,
            _ => json!({"id": id, "name": "x", "tags": []}),
        });
        let rows = row.prop_recursive(4, 32, 4, |row| {
            (0_u16..260, proptest::collection::vec(row, 0..4)).prop_map(|(id, tags)| json!({"tags": tags, "id": id}))
        });
        proptest::collection::vec(rows, 0..4).prop_map(Value::Array)
    }

    proptest! {
        #[test]
        fn it_is_the_path_of_whoever_keeps_track(document in documents(), is_pretty: bool) {
            let json = if is_pretty { format!("{document:#}") } else { document.to_string() };
            let deserializer = &mut serde_json::Deserializer::from_str(&json);
            if let Err(error) = serde_path_to_error::deserialize::<_, Vec<Row>>(deserializer) {
                let tracked = error.path().to_string();
                prop_assert_eq!(of::<Vec<Row>>(&json), if tracked == "." { "" } else { &tracked });
            }
        }
    }
}
