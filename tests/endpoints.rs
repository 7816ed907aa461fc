//! The ledger `docs/endpoints.md` lists what the source has: every route, every call, and a row of `tests/wire.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cells of the ledger's rows, without their back-ticks.
fn ledger() -> Vec<Vec<String>> {
    let rows: Vec<Vec<_>> = read("docs/endpoints.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 4), "call, route, official name, test");
    rows
}

/// The source of the operations: all but the wire, the transports and the sandbox.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the source is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            if ["profile", "run", "backups", "custom_domain"].contains(&name.as_str()) {
                sources(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn operations() -> String {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.iter().map(|file| fs::read_to_string(file).expect("it is text")).collect()
}

/// The routes that the source builds: `get("/profile/{profile}")` and its like.
fn built_routes(source: &str) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for method in ["get", "post", "put", "delete"] {
        let call = format!("{method}(\"/");
        for (at, _) in source.match_indices(&call) {
            let before = source[..at].chars().next_back().unwrap_or(' ');
            let template = source[at + call.len() - 1..].split('"').next().unwrap_or_default();
            if !before.is_alphanumeric() && before != '.' && before != '_' {
                routes.insert(format!("{} {template}", method.to_uppercase()));
            }
        }
    }
    routes
}

#[test]
fn every_route_of_the_source_is_in_the_ledger_and_the_other_way_round() {
    let listed: BTreeSet<String> =
        ledger().into_iter().map(|row| row[1].clone()).filter(|route| route != "any").collect();
    let built = built_routes(&operations());
    assert!(built.len() > 30, "the source was searched: {built:?}");
    assert_eq!(listed, built);
}

#[test]
fn every_call_has_a_wire_test_and_every_wire_test_a_call() {
    let tests = read("tests/wire.rs");
    let tested: BTreeSet<&str> = tests
        .match_indices("row(\n")
        .filter_map(|(at, _)| tests[at..].split('"').nth(1))
        .chain(tests.match_indices("row(\"").filter_map(|(at, _)| tests[at..].split('"').nth(1)))
        .collect();
    let rows = ledger();
    let named: BTreeSet<&str> = rows.iter().map(|row| row[3].as_str()).collect();
    assert_eq!(named, tested);
    for row in &rows {
        assert_eq!(row[0], row[3], "a test is named after its call");
    }
}

#[test]
fn every_call_is_found_by_its_official_name() {
    let source = operations();
    for row in ledger() {
        let (_, official) = row[2].split_once('.').unwrap_or(("", ""));
        let ours = row[0].rsplit('.').next().unwrap_or_default();
        // `list`, `info` and their like are found as they are.
        let alias = format!("#[doc(alias = \"{official}\")]");
        assert!(official.is_empty() || ours.starts_with(official) || source.contains(&alias), "{row:?}");
    }
}
