//! Values of every kind, with a preference for those that cause trouble.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};
use tagoio::Tag;

/// What means something in a URL, a query, a CSV file, a list of tags or JSON.
const MEANINGFUL: &[char] = &[
    '/', '?', '#', '%', '\\', '&', '=', '+', ';', ':', '@', '.', ',', '[', ']', '{', '}', '*', '"', '\'', '$', '!',
    '~', '-', '_', '|', '<', '>', '^', '`', ' ', '0', '2', 'e', 'E', 'F', 'a', 'z',
];

/// What isn't seen, or turns around what is.
const INVISIBLE: &[char] = &[
    '\u{0}',
    '\t',
    '\n',
    '\r',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{a0}',
    '\u{200b}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{202a}',
    '\u{202e}',
    '\u{2028}',
    '\u{2066}',
    '\u{2069}',
    '\u{301}',
    '\u{feff}',
    '\u{fffd}',
    '\u{e0001}',
];

fn character() -> impl Strategy<Value = char> {
    prop_oneof![4 => select(MEANINGFUL), 1 => select(INVISIBLE), 3 => any::<char>()]
}

/// Any text.
pub(crate) fn text() -> impl Strategy<Value = String> {
    vec(character(), 0..10).prop_map(String::from_iter)
}

/// Text without control characters that isn't only white space.
pub(crate) fn name() -> impl Strategy<Value = String> {
    text().prop_filter_map("a name is visible", |text| {
        let name: String = text.chars().filter(|c| !c.is_control()).collect();
        (!name.trim().is_empty()).then_some(name)
    })
}

/// What could stand where an id does: any text, and what goes astray in paths.
pub(crate) fn id() -> impl Strategy<Value = String> {
    const ASTRAY: &[&str] = &[
        "",
        ".",
        "..",
        "...",
        "%2e",
        "%2E%2e",
        ".%2e",
        "%2F",
        "%5c",
        "%00",
        "/",
        "//",
        "\\",
        "\\..",
        "../..",
        "..\\..",
        "./..",
        "..;",
        "..;/",
        "../login",
        "x/login",
        "x?page=2",
        "x#",
        "?",
        "#",
        "%",
        "%zz",
        "%%2e",
        "current",
        "switch",
        "SWITCH",
        "regenerate",
        "login",
        "invite",
        "token",
        "team",
        "users",
        "sso",
        "{user}",
        " ",
        "+",
        "~",
        "\u{202e}nigol",
        "61fac4d9a5c9f40012a5ff92",
    ];
    prop_oneof![2 => select(ASTRAY).prop_map(str::to_owned), 3 => text()]
}

/// Any JSON value that isn't a container; no number that JSON writes in two ways.
fn scalar() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has numbers only", |number| number.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ]
    .boxed()
}

/// Any JSON value.
pub(crate) fn json() -> BoxedStrategy<Value> {
    scalar()
        .prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map(text(), inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
        .boxed()
}

/// Any JSON object.
pub(crate) fn object() -> BoxedStrategy<Value> {
    let members = btree_map(text(), json(), 0..4);
    members.prop_map(|members| Value::Object(members.into_iter().collect())).boxed()
}

/// Any JSON object, as a map.
pub(crate) fn members() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(text(), json(), 0..3).prop_map(|members| members.into_iter().collect())
}

/// Tags that TagoIO would take: each with a key, a few keys more than once.
pub(crate) fn tags() -> impl Strategy<Value = Vec<Tag>> {
    let key = prop_oneof![select(&["a", "b", "A", "site"][..]).prop_map(str::to_owned), name()];
    vec((key, text()).prop_map(Tag::from), 0..5)
}
