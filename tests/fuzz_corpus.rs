//! The inputs that fuzzing found, replayed: see `docs/testing.md`.
#![cfg(all(feature = "csv", feature = "sandbox", feature = "testing"))]

#[expect(unreachable_pub, reason = "cargo-fuzz makes a library of it")]
#[path = "fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_fuzzing_found_holds() {
    let mut broken = Vec::new();
    for (name, target) in targets::TARGETS {
        let corpus = folder("corpus").join(name);
        for file in names_in(&corpus) {
            let input = fs::read(corpus.join(&file)).unwrap();
            if catch_unwind(|| target(&input)).is_err() {
                broken.push(format!("corpus/{name}/{file}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_target_is_run_by_cargo_fuzz_and_has_a_corpus() {
    let targets: BTreeSet<_> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let sources: BTreeSet<_> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names_in(&folder("bin")), sources);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in &targets {
        assert!(manifest.contains(&format!("path = \"bin/{name}.rs\"")), "{name}");
        let source = fs::read_to_string(folder("bin").join(format!("{name}.rs"))).unwrap();
        assert!(source.contains(&format!("targets::{name}(input)")), "{source}");
        assert!(!names_in(&folder("corpus").join(name)).is_empty(), "{name}");
    }
    assert_eq!(names_in(&folder("corpus")), targets);
}
