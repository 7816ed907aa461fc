//! Instructions and allocations of one call, counted by callgrind: figures that repeat, on a busy machine as well.
//!
//! `cargo run --release` prints them, beside what the same work takes [by hand](instructions::by_hand); `-- --check FILE`
//! compares them with the figures in a file, and `-- --update FILE` writes that file. It takes valgrind.
//! What is counted is the calling thread's work alone, in a process of its own for each case, the third time that it is
//! done: what is made once, such as a connection, is made by then.

mod cases;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use cases::{CASES, Case};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How far above the baseline a count may be, in hundredths: what another release of the C library, or of the system,
/// may make of the same program.
const MARGIN: u64 = 3;

/// How many instructions more are none in any case: what the compiler's choice of the functions that it inlines may make
/// of a work that has hardly more.
const FEW: u64 = 150;

/// What one call takes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Count {
    instructions: u64,
    allocations: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [] => count_all().map(|counts| {
            print!("{}", table(&counts, &Baseline::new()));
            true
        }),
        ["--check", path] => check(Path::new(path)),
        ["--update", path] => update(Path::new(path)).map(|()| true),
        ["--one", name, arm] => cases::run(name, arm).map(|()| true),
        _ => Err("the arguments are none, --check FILE or --update FILE".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The counts of this crate's arm, by the case's name.
type Baseline = BTreeMap<String, Count>;

/// A case, what this crate takes for it, and what it takes by hand.
type Counted = (&'static Case, Count, Option<Count>);

fn count_all() -> Outcome<Vec<Counted>> {
    let count_one = |case: &'static Case| {
        let by_hand = case.by_hand.map(|_| count(case.name, "by-hand")).transpose()?;
        Ok((case, count(case.name, "tagoio")?, by_hand))
    };
    CASES.iter().map(count_one).collect()
}

/// Runs one arm of a case below callgrind.
fn count(name: &str, arm: &str) -> Outcome<Count> {
    let profile = Profile::new(name, arm);
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*instructions::cases::measured*"])
        // Full names, and the cost of each instruction: see `calls`.
        .args(["--dump-instr=yes", "--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", profile.0.display()))
        .arg(std::env::current_exe()?)
        .args(["--one", name, arm])
        // Proxies and tokens of whoever runs this are not part of the work.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .output()
        .map_err(|error| format!("valgrind can't be run ({error}): install it"))?;
    if !output.status.success() {
        return Err(format!("{name}, {arm}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = std::fs::read_to_string(&profile.0)?;
    let instructions = text.lines().find_map(|line| line.strip_prefix("summary: "));
    let instructions = instructions.ok_or("callgrind wrote no summary")?.trim().parse()?;
    let allocations = ["malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"];
    Ok(Count { instructions, allocations: allocations.iter().map(|function| calls(&text, function)).sum() })
}

/// How often a function was called: callgrind counts calls by the whole program, but the cost of each instruction by
/// what is measured, and a function's first one is carried out once a call.
fn calls(profile: &str, function: &str) -> u64 {
    let mut inside = false;
    let mut after_call = false;
    let mut first: Option<(u64, u64)> = None;
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            inside = name == function;
        }
        // The line after that is the cost of what was called.
        let of_callee = std::mem::replace(&mut after_call, line.starts_with("calls="));
        if !inside || of_callee {
            continue;
        }
        let mut columns = line.split(' ');
        let address = columns.next().and_then(|column| u64::from_str_radix(column.strip_prefix("0x")?, 16).ok());
        let cost = columns.nth(1).and_then(|column| column.parse::<u64>().ok());
        if let (Some(address), Some(cost)) = (address, cost) {
            first = match first {
                Some((least, counted)) if least == address => Some((least, counted + cost)),
                Some((least, counted)) if least < address => Some((least, counted)),
                _ => Some((address, cost)),
            };
        }
    }
    first.map_or(0, |(_, cost)| cost)
}

/// The file of a profile, which is gone with this.
struct Profile(PathBuf);

impl Profile {
    fn new(name: &str, arm: &str) -> Self {
        let name = format!("tagoio-{}-{name}-{arm}.callgrind", std::process::id()).replace(' ', "-");
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether no count is above the baseline's.
fn check(path: &Path) -> Outcome<bool> {
    let baseline = read(path)?;
    let counts = count_all()?;
    print!("{}", table(&counts, &baseline));
    let mut passed = true;
    for (case, count, _) in &counts {
        match baseline.get(case.name) {
            None => {
                println!("{}: it is not in the baseline", case.name);
                passed = false;
            }
            Some(known) if is_above(count.instructions, known.instructions + FEW) => {
                println!("{}: {} instructions, and {} before", case.name, count.instructions, known.instructions);
                passed = false;
            }
            Some(known) if is_above(count.allocations, known.allocations) => {
                println!("{}: {} allocations, and {} before", case.name, count.allocations, known.allocations);
                passed = false;
            }
            Some(_) => {}
        }
    }
    for gone in baseline.keys().filter(|name| !CASES.iter().any(|case| case.name == name.as_str())) {
        println!("{gone}: there is no such case any more");
        passed = false;
    }
    Ok(passed)
}

fn is_above(count: u64, known: u64) -> bool {
    count * 100 > known * (100 + MARGIN)
}

fn update(path: &Path) -> Outcome<()> {
    let known = read(path).unwrap_or_default();
    let counts = count_all()?;
    print!("{}", table(&counts, &known));
    let mut text = String::from("# Of one call: instructions, allocations. Written by .ci/instructions --update.\n");
    for (case, count, _) in &counts {
        writeln!(text, "{:<30} {:>10} {:>7}", case.name, count.instructions, count.allocations)?;
    }
    Ok(std::fs::write(path, text)?)
}

fn read(path: &Path) -> Outcome<Baseline> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let parse = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [ref name @ .., instructions, allocations] if !name.is_empty() => {
                let count = Count { instructions: instructions.parse()?, allocations: allocations.parse()? };
                Ok((name.join(" "), count))
            }
            _ => Err(format!("{}: {line:?} is no case with two counts", path.display()).into()),
        }
    };
    lines.map(parse).collect()
}

/// What was counted, as a table.
fn table(counts: &[Counted], baseline: &Baseline) -> String {
    let mut text = format!(
        "{:<30} {:>12} {:>8} {:>11} {:>12} {:>8} {:>6} {:>6}\n",
        "", "instructions", "change", "allocations", "by hand", "alloc.", "ratio", "target"
    );
    for (case, count, by_hand) in counts {
        let change = baseline.get(case.name).map(|known| ratio(count.instructions, known.instructions) - 1.0);
        let change = change.map_or_else(String::new, |change| format!("{:+.1} %", change * 100.0));
        let _ = write!(text, "{:<30} {:>12} {change:>8} {:>11}", case.name, count.instructions, count.allocations);
        if let Some(hand) = by_hand {
            let ratio = ratio(count.instructions, hand.instructions);
            let target = case.target.map_or_else(String::new, |target| format!("{target:.2}"));
            let _ = write!(text, " {:>12} {:>8} {ratio:>6.3} {target:>6}", hand.instructions, hand.allocations);
        }
        text.push('\n');
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "no count is that high")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
