//! The public API as `tests/public-api.txt` lists it, with all features. `.ci/public-api` compares the list with the source,
//! and `.ci/public-api --update` writes it anew: a change of the API is a change of that file.

use std::collections::BTreeMap;

const API: &str = include_str!("public-api.txt");

/// All that is of other crates in it. A major version of one of these is a major version of this crate.
#[rustfmt::skip]
const FOREIGN: [&str; 12] = [
    "chrono::datetime::DateTime",
    "chrono::naive::date::NaiveDate",
    "chrono::offset::utc::Utc",
    "serde_core::de::Deserialize",
    "serde_core::de::DeserializeOwned",
    "serde_core::de::Deserializer",
    "serde_core::ser::Serialize",
    "serde_core::ser::Serializer",
    "serde_json::map::Map",
    "serde_json::number::Number",
    "serde_json::value::Value",
    "ureq::agent::Agent",
];

/// The paths in a line that begin with the name of a crate.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
        .map(|path| path.trim_matches(':'))
        .filter(|path| path.contains("::") && path.starts_with(|c: char| c.is_lowercase()))
}

#[test]
fn no_type_of_another_crate_is_in_the_public_api_but_those_that_are_meant_to_be() {
    let mut foreign: BTreeMap<&str, &str> = BTreeMap::new();
    for line in API.lines() {
        for path in paths(line) {
            let root = path.split("::").next().unwrap_or_default();
            if !["tagoio", "core", "alloc", "std"].contains(&root) {
                foreign.entry(path).or_insert(line);
            }
        }
    }
    for (path, line) in &foreign {
        let allowed = FOREIGN.contains(path) || FOREIGN.iter().any(|known| *path == format!("{known}::Error"));
        assert!(allowed, "{path} in: {line}");
    }
    for known in ["chrono::datetime::DateTime", "serde_core::ser::Serialize", "serde_json::value::Value"] {
        assert!(foreign.contains_key(known), "the list was read");
    }
}

#[test]
fn an_http_client_is_named_by_one_function_only() {
    let lines: Vec<&str> = API.lines().filter(|line| paths(line).any(|path| path.starts_with("ureq::"))).collect();
    let [only] = lines.as_slice() else { panic!("{lines:#?}") };
    assert!(only.starts_with("pub fn tagoio::transport::UreqTransport::with_agent("), "{only}");
}

#[test]
fn the_list_is_of_all_features() {
    for item in [
        "pub struct tagoio::sandbox::Sandbox",
        "pub struct tagoio::sandbox::SandboxServer",
        "pub struct tagoio::transport::Logged",
        "pub struct tagoio::transport::MockTransport",
        "pub struct tagoio::transport::UreqTransport",
        "pub fn tagoio::bulk::users::UserList::from_csv",
    ] {
        assert!(API.lines().any(|line| line.starts_with(item)), "{item}");
    }
}
