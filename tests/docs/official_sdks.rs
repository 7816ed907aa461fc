//! The table of `docs/official-sdks.md` has every method of the official clients, with its arguments, beside ours: compared
//! with the ledger `docs/endpoints.md`, the recorded calls of both clients, and the public API. (`tests/interop/run` compares
//! it with the clients themselves.)

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::page::{Page, read};

/// A call in the table.
#[derive(Debug, Clone, PartialEq)]
struct Call<'a> {
    /// What stands before the parentheses: `run.userInfo`, `run().users().info`.
    path: &'a str,
    arguments: Vec<&'a str>,
}

impl<'a> Call<'a> {
    /// Reads a cell; an empty one is none.
    fn read(cell: &'a str) -> Option<Self> {
        if cell.is_empty() {
            return None;
        }
        let text = cell.strip_prefix('`').and_then(|text| text.strip_suffix(")`")).expect(cell);
        let (path, arguments) = text.rsplit_once('(').expect(cell);
        Some(Self { path, arguments: split(arguments) })
    }
}

/// A row of the table.
struct Row<'a> {
    /// The method's name, as the ledger has it: `profile.info`.
    official: String,
    python: Option<Call<'a>>,
    javascript: Option<Call<'a>>,
    ours: Call<'a>,
}

fn rows(page: &Page) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for cells in page.table("| Python | JavaScript | here |") {
        let [python, javascript, ours] = cells[..] else { panic!("{cells:?}") };
        let ours = Call::read(ours).unwrap_or_else(|| panic!("{cells:?}"));
        let (python, javascript) = if python == "the same for each page" && javascript == python {
            let before = rows.last().expect("a row before it");
            (before.python.clone(), before.javascript.clone())
        } else {
            (Call::read(python), Call::read(javascript))
        };
        // JavaScript's `resources.profiles` is Python's `resources.profile`.
        let names: BTreeSet<String> = [&python, &javascript]
            .into_iter()
            .flatten()
            .map(|call| call.path.replacen("profiles.", "profile.", 1))
            .collect();
        let [official] = Vec::from_iter(names).try_into().unwrap_or_else(|names| panic!("{names:?} in one row"));
        assert!(python.as_ref().is_none_or(|call| call.path == official), "{official} in Python");
        rows.push(Row { official, python, javascript, ours });
    }
    assert!(rows.len() >= 40, "{} rows", rows.len());
    rows
}

/// The parts between the commas that are in no brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' | '<' | '(' => depth += 1,
            '}' | '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[test]
fn each_official_method_stands_beside_the_calls_that_the_ledger_names() {
    let ledger = Page::read("docs/endpoints.md");
    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in ledger.table("| call | route | official name | test |") {
        if row[2] != "none" {
            expected.entry(row[2].trim_matches('`')).or_default().insert(row[0].trim_matches('`'));
        }
    }
    let page = Page::read("docs/official-sdks.md");
    let rows = rows(&page);
    let mut listed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        let is_new = listed.entry(&row.official).or_default().insert(row.ours.path);
        assert!(is_new, "{} is there twice", row.ours.path);
    }
    assert_eq!(listed, expected);
}

#[test]
fn each_official_method_has_the_arguments_that_it_was_recorded_with() {
    // The most arguments of any call that was sent; a call has the same arguments in other rows, or fewer.
    let mut recorded: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for file in ["tests/fixtures/wire-vectors.json", "tests/fixtures/wire-vectors-edge.json"] {
        let vectors: Vec<Value> = serde_json::from_str(&read(file)).expect(file);
        for vector in vectors.iter().filter(|vector| !vector["request"].is_null()) {
            let text = |key: &str| vector[key].as_str().unwrap_or_else(|| panic!("{vector}"));
            let sdk = if text("sdk") == "python" { "Python" } else { "JavaScript" };
            let most = recorded.entry((text("method").to_owned(), sdk)).or_default();
            *most = vector["args"].as_array().map_or(0, Vec::len).max(*most);
        }
    }
    let page = Page::read("docs/official-sdks.md");
    let mut listed: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for row in rows(&page) {
        for (sdk, call) in [("Python", row.python), ("JavaScript", row.javascript)] {
            if let Some(call) = call {
                let most = listed.entry((row.official.clone(), sdk)).or_default();
                *most = call.arguments.len().max(*most);
            }
        }
    }
    assert_eq!(listed, recorded);
}

#[test]
fn each_call_of_ours_has_the_parameters_of_the_public_api() {
    // Without lifetimes, so that a type is written the same wherever it stands.
    let api = read("tests/public-api.txt").replace("<'_>", "").replace("<'a>", "");
    let page = Page::read("docs/official-sdks.md");
    for Row { ours, .. } in rows(&page) {
        let (rooms, method) = ours.path.rsplit_once('.').expect("a room and a method");
        let mut of = "tagoio::Client";
        for room in rooms.split('.') {
            let opens = format!("pub fn {of}::{}(&self) -> ", room.trim_end_matches("()"));
            of = api.lines().find_map(|line| line.strip_prefix(&opens)).unwrap_or_else(|| panic!("no {opens}"));
        }
        let begins = format!("pub fn {of}::{method}");
        let parameters = api
            .lines()
            .filter_map(|line| line.strip_prefix(&begins)?.split_once("(&self")?.1.split_once(") -> "))
            .map(|(parameters, _)| split(parameters))
            .next()
            .unwrap_or_else(|| panic!("no {begins}"));
        assert_eq!(ours.arguments.len(), parameters.len(), "{ours:?} takes {parameters:?}");
        for (argument, parameter) in ours.arguments.iter().zip(parameters) {
            assert!(stands_for(argument, parameter), "{ours:?}: {argument} is {parameter}");
        }
    }
}

/// Whether an argument in the table stands for a parameter: `user` for `impl Into<UserId>`, `email` for `&str`, the type's
/// own name for any other.
fn stands_for(argument: &str, parameter: &str) -> bool {
    let name = |path: &str| path.rsplit("::").next().unwrap_or_default().to_owned();
    if let Some(id) = parameter.strip_prefix("impl core::convert::Into<").and_then(|rest| rest.strip_suffix('>')) {
        return name(id).to_lowercase().contains(argument);
    }
    match parameter.strip_prefix('&') {
        Some("str") => argument.chars().all(|c| c.is_ascii_lowercase()),
        Some(path) => argument == format!("&{}", name(path.split('<').next().unwrap_or_default())),
        None => {
            let inner = parameter.strip_prefix("core::option::Option<&").and_then(|rest| rest.strip_suffix('>'));
            inner.is_some_and(|path| argument == format!("Option<&{}>", name(path)))
        }
    }
}
