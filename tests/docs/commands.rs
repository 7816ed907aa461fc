//! Commands that readers type, and what they write into their `Cargo.toml`.

use crate::page::{Page, read, root};

/// The features of `Cargo.toml`.
fn features() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let (_, table) = manifest.split_once("\n[features]\n").expect("a table of features");
    let (table, _) = table.split_once("\n[").expect("a table after it");
    table.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

/// The lines of all blocks in a language, of the guide and of the README, those that go on after a backslash in one piece.
fn lines(language: &str) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for page in Page::guide().into_iter().chain([Page::read("README.md")]) {
        for block in page.blocks().into_iter().filter(|block| block.info == language) {
            let text = block.lines.join("\n").replace("\\\n", " ");
            lines.extend(text.lines().map(|line| (page.name().to_owned(), line.to_owned())));
        }
    }
    lines
}

#[test]
fn commands_name_targets_and_features_that_there_are() {
    let features = features();
    let mut checked = 0;
    for (page, line) in lines("sh").into_iter().chain(lines("text")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let (flag, value) = (pair[0], pair[1]);
            let is_there = match flag {
                "--example" => root().join("examples").join(value).with_extension("rs").exists(),
                "--test" => {
                    ["rs", ""].iter().any(|ending| root().join("tests").join(value).with_extension(ending).exists())
                }
                "--bench" => root().join("benches").join(value).with_extension("rs").exists(),
                "--config" | "--fuzz-dir" => root().join(value).exists(),
                "--features" => value.split(',').all(|feature| features.iter().any(|known| known == feature)),
                _ => continue,
            };
            assert!(is_there, "{page}: {line}: there is no {flag} {value}");
            checked += 1;
        }
        // A script of the repository.
        if let Some(script) =
            words.first().filter(|word| [".ci/", "tests/", "benches/"].iter().any(|dir| word.starts_with(dir)))
        {
            assert!(root().join(script).is_file(), "{page}: {line}");
        }
    }
    assert!(checked > 5, "only {checked} flags were found");
}

#[test]
fn dependencies_are_of_this_version_and_name_features_that_there_are() {
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').map(|(version, _)| version).expect("three numbers");
    let features = features();
    let dependencies: Vec<_> = lines("toml").into_iter().filter(|(_, line)| line.starts_with("tagoio = ")).collect();
    assert!(dependencies.len() >= 3, "{dependencies:?}");
    for (page, line) in dependencies {
        assert!(line.contains(&format!("\"{version}\"")), "{page}: {line}");
        let named = line.split_once("features = [").map_or("", |(_, rest)| rest.split(']').next().unwrap_or_default());
        for feature in named.split(", ").map(|word| word.trim_matches('"')).filter(|word| !word.is_empty()) {
            assert!(features.iter().any(|known| known == feature), "{page}: {line}");
        }
    }
}

/// Where there is a session of `tagoctl`, somebody has to run it: `tests/cli/guide.rs` does, for one page.
#[test]
fn sessions_of_tagoctl_are_on_its_own_page() {
    let guide = Page::guide();
    let with_sessions = guide.iter().filter(|page| page.blocks().iter().any(|block| block.info.starts_with("console")));
    assert_eq!(with_sessions.map(Page::name).collect::<Vec<_>>(), ["tagoctl.md"]);
}
