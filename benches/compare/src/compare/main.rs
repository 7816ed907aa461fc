//! Runs the peers in turn, and writes what they take into docs/benchmarks.md. See `../../run`.

mod bench;
mod dns;
mod report;
mod sections;
mod windows;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bench::Bench;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What was measured, by names such as `get/tagoio/cpu`: seconds, kilobytes and counts, each for one call.
type Results = BTreeMap<String, f64>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [inner, peers @ ..] = &args[..] {
        if inner == "--dns" {
            return dns::count(peers);
        }
    }
    let bench = Bench::new()?;
    let mut results = bench.kept()?;
    let wanted = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    if let Some(unknown) = args.iter().find(|arg| !sections::ALL.iter().any(|(name, _)| name == arg)) {
        let names: Vec<_> = sections::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no section {unknown:?}; there are {}", names.join(", ")).into());
    }
    for (name, measure) in sections::ALL.iter().filter(|(name, _)| wanted(name)) {
        eprintln!("{name}");
        measure(&bench, &mut results)?;
        bench.keep(&results)?;
    }
    let document: PathBuf = bench.root.join("docs/benchmarks.md");
    let text = report::into(&std::fs::read_to_string(&document)?, &report::write(&bench, &results)?)?;
    Ok(std::fs::write(&document, text)?)
}
