//! The inputs that fuzzing found, replayed: see `docs/testing.md`.

#[expect(unreachable_pub, reason = "cargo-fuzz makes a library of it")]
#[path = "fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

macro_rules! replayed {
    ($($target:ident)*) => {
        const TARGETS: &[&str] = &[$(stringify!($target)),*];

        mod what_fuzzing_found_holds {
            $(
                #[test]
                fn $target() {
                    super::replay(stringify!($target), super::targets::$target);
                }
            )*
        }
    };
}

replayed! {
    answer
    cassette
    configuration
    encoding
    journal
    recording
    refusal
    retry_after
    sandbox
    sandbox_state
    users_csv
    users_json_lines
}

fn replay(name: &str, target: fn(&[u8])) {
    let corpus = folder("corpus").join(name);
    let files = names_in(&corpus);
    assert!(!files.is_empty(), "there is no corpus");
    let fails = |file: &String| {
        let input = fs::read(corpus.join(file)).unwrap();
        catch_unwind(|| target(&input)).is_err()
    };
    let failed: Vec<_> = files.into_iter().filter(fails).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_answers_to_all_calls_are_fuzzed() {
    let ledger = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/endpoints.md")).unwrap();
    let rows = ledger.lines().filter(|line| line.starts_with("| `"));
    let routes = rows.filter_map(|row| row.split('`').nth(3)).filter(|route| route.contains('/'));
    let routes: BTreeSet<String> = routes.map(str::to_owned).collect();
    assert!(routes.len() > 40, "the ledger was read: {routes:?}");
    let answered: BTreeSet<String> = targets::answered_routes().into_iter().collect();
    let missing: Vec<_> = routes.difference(&answered).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_replayed_is_what_cargo_fuzz_runs() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names_in(&folder("corpus")), targets);
    assert_eq!(names_in(&folder("bin")), targets.iter().map(|name| format!("{name}.rs")).collect());
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in TARGETS {
        assert!(manifest.contains(&format!("path = \"bin/{name}.rs\"")), "{name}");
        let source = fs::read_to_string(folder("bin").join(format!("{name}.rs"))).unwrap();
        assert!(source.contains(&format!("targets::{name}(input)")), "{source}");
    }
}
