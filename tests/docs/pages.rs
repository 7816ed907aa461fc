//! Which pages there are is told in three places: the folder, the summary, and `mod guide` of `src/lib.rs`.

use std::collections::BTreeSet;

use crate::page::{Page, read};

#[test]
fn every_page_is_in_the_book_once() {
    let pages: Vec<String> = Page::guide().iter().map(|page| page.name().to_owned()).collect();
    let mut listed = Page::read("docs/SUMMARY.md").links();
    listed.sort();
    assert_eq!(listed, pages);
}

#[test]
fn every_page_begins_with_its_only_title() {
    for page in Page::guide() {
        let titles: Vec<&str> = page.prose().filter(|line| line.starts_with("# ")).collect();
        assert_eq!(titles.len(), 1, "{}: {titles:?}", page.name());
        assert_eq!(page.prose().next(), Some(titles[0]), "{}", page.name());
    }
}

#[test]
fn every_page_with_rust_in_it_is_a_doc_test() {
    let library = read("src/lib.rs");
    let (_, tested) = library.split_once("mod guide {").expect("the doc tests of the guide");
    let tested: BTreeSet<&str> =
        tested.lines().filter_map(|line| line.split_once(" = \"")?.1.strip_suffix("\",")).collect();
    let guide = Page::guide();
    let with_rust: BTreeSet<&str> = guide
        .iter()
        .filter(|page| page.blocks().iter().any(|block| block.info.contains("rust")))
        .map(Page::name)
        .collect();
    assert_eq!(tested, with_rust);
}

#[test]
fn every_block_of_rust_runs() {
    for page in Page::guide() {
        for block in page.blocks() {
            let says = format!("{}: ```{}", page.name(), block.info);
            assert!(!block.info.is_empty(), "{says} would be taken for Rust");
            assert!(!block.info.contains("rust") || block.info == "rust", "{says}");
        }
    }
}
