use std::fmt::{self, Write};

use percent_encoding::utf8_percent_encode;
use serde_json::{Number, Value};

use super::operation::ENCODED;
use super::wiped::WipedText;

/// A query string in the form of the official JavaScript client: `fields[0]=id&filter[tags][0][key]=site`, with
/// everything but unreserved characters percent-encoded, brackets included.
#[derive(Default)]
pub(crate) struct Query(WipedText);

/// The key of a parameter, from its last part to its first: `filter[tags][0]` is item 0 of member `tags` of `filter`.
/// To write it part by part spares a text for each: a query of 20 filters takes 6 allocations in place of 131, and 40 %
/// of the instructions.
#[derive(Clone, Copy)]
pub(crate) enum Key<'a> {
    Name(&'a str),
    Member(&'a Key<'a>, &'a str),
    Item(&'a Key<'a>, usize),
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl Query {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(WipedText::with_capacity(bytes))
    }

    pub(crate) fn pair<'a>(&mut self, key: impl Into<Key<'a>>, value: impl fmt::Display) {
        if !self.0.as_str().is_empty() {
            self.0.push("&");
        }
        self.key(&key.into());
        self.0.push("=");
        self.encode(value);
    }

    /// Adds a JSON value under a key: one pair for each scalar in it, none for null and for what is empty.
    pub(crate) fn nested<'a>(&mut self, key: impl Into<Key<'a>>, value: &Value) {
        let key = key.into();
        match value {
            Value::Null => {}
            Value::Bool(value) => self.pair(key, value),
            Value::Number(number) => self.pair(key, as_javascript(number)),
            Value::String(text) => self.pair(key, text),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.nested(Key::Item(&key, index), item);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.nested(Key::Member(&key, name), member);
                }
            }
        }
    }

    fn key(&mut self, key: &Key<'_>) {
        match key {
            Key::Name(name) => self.encode(name),
            Key::Member(of, name) => {
                self.key(of);
                self.0.push("%5B");
                self.encode(name);
                self.0.push("%5D");
            }
            Key::Item(of, index) => {
                self.key(of);
                self.0.push("%5B");
                self.encode(index);
                self.0.push("%5D");
            }
        }
    }

    fn encode(&mut self, text: impl fmt::Display) {
        // To write into memory can't fail.
        let _ = write!(Encoder(&mut self.0), "{text}");
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Percent-encodes what is written to it.
struct Encoder<'a>(&'a mut WipedText);

impl Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, ENCODED));
        Ok(())
    }
}

/// A number in JavaScript's notation, which is what TagoIO is used to: `1`, `0.1`, `1e+21`, `1e-7`.
fn as_javascript(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if float == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&float.abs()) {
        return float.to_string();
    }
    // Rust writes `1e21`; JavaScript writes the sign of a positive exponent.
    let mut text = String::new();
    let _ = write!(text, "{float:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_take_the_form_of_the_javascript_client() {
        for (value, query) in [
            (json!(true), "f=true"),
            (json!("a b&c=d+é~-._!$'()*"), "f=a%20b%26c%3Dd%2B%C3%A9~-._%21%24%27%28%29%2A"),
            (json!(""), "f="),
            (json!(null), ""),
            (json!([]), ""),
            (json!({}), ""),
            (json!({"a": {}}), ""),
            (json!(["x", "y"]), "f%5B0%5D=x&f%5B1%5D=y"),
            (json!({"tags": [{"key": "k 1"}]}), "f%5Btags%5D%5B0%5D%5Bkey%5D=k%201"),
            (json!({"a": {"b": {"c": 1}}}), "f%5Ba%5D%5Bb%5D%5Bc%5D=1"),
        ] {
            let mut encoded = Query::default();
            encoded.nested("f", &value);
            assert_eq!(encoded.as_str(), query, "{value}");
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (json!(1), "1"),
            (json!(-3), "-3"),
            (json!(u64::MAX), "18446744073709551615"),
            (json!(1.0), "1"),
            (json!(-0.0), "0"),
            (json!(0.1), "0.1"),
            (json!(1.5e-6), "0.0000015"),
            (json!(1e-7), "1e-7"),
            (json!(1.25e-9), "1.25e-9"),
            (json!(1e20), "100000000000000000000"),
            (json!(1e21), "1e+21"),
            (json!(-1.5e300), "-1.5e+300"),
        ] {
            let Value::Number(number) = number else { unreachable!() };
            assert_eq!(as_javascript(&number), text);
        }
    }
}
