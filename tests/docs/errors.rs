//! `docs/errors.md` is about each variant and each predicate of `Error`.

use std::collections::BTreeSet;

use crate::page::{Page, read};

/// What the public API has below `tagoio::Error`, behind these words.
fn of_error(words: &str) -> BTreeSet<String> {
    let api = read("tests/public-api.txt");
    let name = |line: &str| {
        let rest = line.strip_prefix(words)?.strip_prefix("tagoio::Error::")?;
        Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?.to_owned())
    };
    api.lines().filter_map(name).collect()
}

/// The first cells of a table of the page, without what stands around the name.
fn named(head: &str) -> BTreeSet<String> {
    let page = Page::read("docs/errors.md");
    page.table(head).into_iter().map(|row| row[0].trim_matches('`').replace("Error::", "").replace("()", "")).collect()
}

#[test]
fn every_variant_and_every_predicate_is_explained() {
    let variants: BTreeSet<String> =
        of_error("pub ").into_iter().filter(|name| name.starts_with(char::is_uppercase)).collect();
    assert_eq!(named("| variant | what happened | was anything sent? |"), variants);

    let mut predicates = of_error("pub fn ");
    predicates.retain(|name| name.starts_with("is_") || name == "maybe_delivered");
    assert!(predicates.len() > 10, "{predicates:?}");
    assert_eq!(named("| predicate | meaning | what helps |"), predicates);
}
