//! What holds for every value, and not only for those that somebody thought of.
//!
//! Each run tries the same values, so no file of regressions is kept: what was found has a test of its own where it was
//! repaired. Others are tried by
//! `PROPTEST_RNG_SEED=7 PROPTEST_CASES=10000 cargo test --all-features --test properties`.

mod dates;
mod encoding;
mod hosts;
mod journal;
mod lists;
mod operations;
mod pages;
mod patches;
mod paths;
#[path = "../support/recorder.rs"]
mod recorder;
mod requests;
mod retries;
mod settings;
mod tags;
mod values;
mod words;

use proptest::test_runner::{Config, RngSeed};

/// So many cases, the same in each run, unless the environment asks for others.
fn cases(cases: u32) -> Config {
    let asked = Config::default();
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { cases },
        rng_seed: if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(20_260_101) } else { asked.rng_seed },
        failure_persistence: None,
        ..asked
    }
}

/// The types that the source declares by a macro of its own.
fn declared(invocation: &str, keyword: &str) -> Vec<String> {
    fn sources(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).expect("the source is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(std::fs::read_to_string(path).expect("it is text"));
            }
        }
    }

    let mut files = Vec::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let invocation = format!("\n{invocation}\n");
    let declarations = files.iter().flat_map(|file| file.split(&invocation).skip(1));
    let names = declarations.filter_map(|declaration| {
        let (_, rest) = declaration.split_once(keyword)?;
        let end = rest.find(|c: char| !c.is_alphanumeric())?;
        Some(rest[..end].to_owned())
    });
    names.collect()
}
