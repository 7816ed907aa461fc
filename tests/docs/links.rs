//! Links between the pages, to the other files of the repository, and from the API documentation to the pages.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, read, root};

/// All that is written for people.
fn documents() -> Vec<Page> {
    let mut documents = Page::guide();
    documents.push(Page::read("docs/SUMMARY.md"));
    for path in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tests/interop/README.md"] {
        if root().join(path).exists() {
            documents.push(Page::read(path));
        }
    }
    documents
}

/// Where a link of a page leads: a path from the root of the repository on, without `..` in it.
fn target(page: &Page, link: &str) -> PathBuf {
    let mut path = page.path.parent().map(Path::to_owned).unwrap_or_default();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{link} leaves the repository"),
            other => path.push(other),
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for page in documents() {
        for link in page.links() {
            let from = page.path.display();
            if link.starts_with("https://") {
                continue;
            }
            assert!(!link.contains("://"), "{from}: {link}");
            let (file, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let path = if file.is_empty() { page.path.clone() } else { target(&page, file) };
            assert!(root().join(&path).exists(), "{from}: there is no {link}");
            if let Some(anchor) = anchor {
                let anchors = Page::read(path).anchors();
                assert!(anchors.iter().any(|known| known == anchor), "{from}: {link} is none of {anchors:#?}");
            }
            checked += 1;
        }
    }
    assert!(checked > 80, "only {checked} links were found");
}

/// A book has nothing but its pages.
#[test]
fn no_link_of_the_guide_leads_out_of_it() {
    for page in Page::guide() {
        for link in page.links().iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
            assert!(target(&page, link).starts_with("docs"), "{}: {link}", page.name());
        }
    }
}

#[test]
fn no_two_headings_of_a_page_have_the_same_anchor() {
    for page in Page::guide() {
        let mut anchors = page.anchors();
        anchors.sort();
        let before = anchors.len();
        anchors.dedup();
        assert_eq!(anchors.len(), before, "{}", page.name());
    }
}

#[test]
fn links_to_the_api_documentation_name_what_there_is() {
    let api = read("tests/public-api.txt");
    let mut checked = 0;
    for page in documents() {
        for link in page.links() {
            let Some(path) = link.strip_prefix("https://docs.rs/tagoio/latest/tagoio/") else { continue };
            let path = path.split('#').next().unwrap_or_default();
            let (modules, item) = path.rsplit_once('/').unwrap_or(("", path));
            let module = format!("tagoio::{}", modules.replace('/', "::"));
            let line = match item.strip_suffix(".html").and_then(|item| item.split_once('.')) {
                Some((kind, name)) => format!("pub {kind} {module}::{name}"),
                None => format!("pub mod {module}"),
            };
            let is_it = |known: &str| {
                let known = known.strip_prefix("#[non_exhaustive] ").unwrap_or(known);
                known.strip_prefix(&line).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            };
            assert!(api.lines().any(is_it), "{}: {link}: no {line}", page.path.display());
            checked += 1;
        }
    }
    assert!(checked > 0);
}

/// On docs.rs, the files of the packaged crate are shown below this address.
const PACKAGED: &str = "https://docs.rs/crate/tagoio/latest/source/docs/";

#[test]
fn the_api_documentation_names_the_chapters_of_the_guide_in_their_order() {
    let library = read("src/lib.rs");
    let named: Vec<&str> = library.split(PACKAGED).skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let chapters = Page::read("docs/SUMMARY.md").links();
    assert!(named.len() > 5, "{named:?}");
    let places = named.iter().map(|name| chapters.iter().position(|chapter| chapter == name));
    assert!(places.clone().all(|place| place.is_some()) && places.is_sorted(), "{named:?}");
}
