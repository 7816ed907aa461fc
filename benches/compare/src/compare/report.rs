//! The comparison as a part of docs/benchmarks.md.

use std::fmt::Write as _;
use std::process::Command;

use crate::bench::Bench;
use crate::sections::{PEERS, WORKS};
use crate::{Outcome, Results};

const BEGIN: &str = "<!-- Written by benches/compare/run. -->";
const END: &str = "<!-- Until here. -->";

/// Puts the comparison between its marks.
pub(crate) fn into(document: &str, report: &str) -> Outcome<String> {
    let marks = "docs/benchmarks.md has lost the marks of the comparison";
    let (before, rest) = document.split_once(BEGIN).ok_or(marks)?;
    let (_, after) = rest.split_once(END).ok_or(marks)?;
    Ok(format!("{before}{BEGIN}\n\n{report}\n{END}{after}"))
}

pub(crate) fn write(bench: &Bench, results: &Results) -> Outcome<String> {
    let measured = Measured(results);
    let mut text = String::new();
    writeln!(text, "{}\n", machine()?)?;
    writeln!(text, "{}\n", versions(bench)?)?;
    writeln!(text, "### Targets\n\n| what | target | measured | |\n| --- | --- | --- | --- |")?;
    let rows = targets(&measured).into_iter().chain(counted(bench)?);
    for Row { what, target, measured, met } in rows {
        let met = match met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "",
        };
        writeln!(text, "| {what} | {target} | {} | {met} |", measured.unwrap_or_else(|| "not measured".to_owned()))?;
    }
    calls(&measured, &mut text)?;
    others(&measured, &mut text)?;
    Ok(text)
}

fn machine() -> Outcome<String> {
    let cores = std::thread::available_parallelism()?;
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let hypervisor = if info.contains(" hypervisor") { ", virtual and shared" } else { "" };
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux").trim_matches('"');
    Ok(format!("{cores} cores of an {model}{hypervisor}; {system}, {}.", first_line("rustc", &["--version"])?))
}

fn versions(bench: &Bench) -> Outcome<String> {
    let lock = std::fs::read_to_string(bench.root.join("benches/compare/Cargo.lock"))?;
    let of_crate = |name: &str| {
        let at = lock.split(&format!("name = \"{name}\"\nversion = \"")).nth(1);
        at.and_then(|rest| rest.split('"').next()).unwrap_or("?").to_owned()
    };
    let python = bench.home.join("venv/bin/python").display().to_string();
    let version_of = "import importlib.metadata as m; print(m.version('tagoio-sdk'))";
    let (sdk, python) = (first_line(&python, &["-c", version_of])?, first_line(&python, &["--version"])?);
    let package = bench.home.join("node/node_modules/@tago-io/sdk/package.json");
    let package: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(package)?)?;
    let node = first_line(&bench.home.join("node/bin/node").display().to_string(), &["--version"])?;
    Ok(format!(
        "tagoio {}; by hand: ureq {}, serde_json {}, chrono {}; reqwest {}, curl {} with libcurl {}; tagoio-sdk {sdk} ({python}), \
         @tago-io/sdk {} (Node.js {}).",
        of_crate("tagoio"),
        of_crate("ureq"),
        of_crate("serde_json"),
        of_crate("chrono"),
        of_crate("reqwest"),
        of_crate("curl"),
        of_crate("curl-sys").split('-').nth(1).unwrap_or("?"),
        package["version"].as_str().unwrap_or("?"),
        node.trim_start_matches('v'),
    ))
}

fn first_line(program: &str, args: &[&str]) -> Outcome<String> {
    let output = Command::new(program).args(args).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

struct Measured<'a>(&'a Results);

impl Measured<'_> {
    fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// What this crate takes, as a part of what a peer takes.
    fn beside(&self, work: &str, what: &str, peer: &str) -> Option<f64> {
        Some(self.get(&format!("{work}/tagoio/{what}"))? / self.get(&format!("{work}/{peer}/{what}"))?)
    }
}

struct Row {
    what: String,
    target: String,
    measured: Option<String>,
    met: Option<bool>,
}

/// A row with one figure.
fn row(what: &str, target: &str, figure: Option<f64>, text: impl Fn(f64) -> String, met: impl Fn(f64) -> bool) -> Row {
    Row { what: what.to_owned(), target: target.to_owned(), measured: figure.map(text), met: figure.map(met) }
}

fn targets(measured: &Measured<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (work, limit) in [
        ("get", 0.95),
        ("post", 0.95),
        ("users-20", 0.90),
        ("users-100", 0.80),
        ("users-1000", 0.74),
        ("users-10000", 0.74),
        ("statistics", 0.85),
    ] {
        let cpu = measured.get(&format!("{work}/tagoio/cpu-ratio"));
        let shown = |ratio| {
            let cpu = cpu.map_or_else(String::new, |cpu| format!(", CPU {cpu:.2}"));
            format!("{ratio:.3} of the instructions{cpu}")
        };
        let ratio = measured.beside(work, "instructions", "by-hand");
        rows.push(row(title(work), &format!("≤ {limit:.2} of by hand"), ratio, shown, |ratio| ratio <= limit));
    }
    for work in ["get", "post"] {
        let by_hand = measured.get(&format!("{work}/by-hand/allocations"));
        let own = measured.get(&format!("{work}/tagoio/allocations"));
        let shown = |own| format!("{own:.0}, by hand {:.0}", by_hand.unwrap_or(f64::NAN));
        let what = format!("{}: allocations", title(work));
        rows.push(row(&what, "≤ by hand", own, shown, |own| by_hand.is_some_and(|hand| own.round() <= hand.round())));
    }
    let of_read_json = measured.beside("users-10000", "instructions", "read-json");
    rows.push(row("10,000 users, beside ureq's `read_json`", "≤ 0.07", of_read_json, three, |ratio| ratio <= 0.07));
    let queries = measured.get("dns/tagoio/queries");
    let by_hand = measured.get("dns/by-hand/queries").unwrap_or(f64::NAN);
    let shown = |queries| format!("{queries:.0}, by hand {by_hand:.0}");
    rows.push(row("DNS queries of 100 calls", "≤ 2", queries, shown, |queries| queries <= 2.0));
    let memory = measured.beside("memory", "peak", "by-hand");
    rows.push(row("peak memory of one answer of 10,000 users", "≤ 1.1 of by hand", memory, two, |ratio| {
        ratio <= 1.1
    }));
    rows.extend(of_iteration(measured));
    for (work, what) in [("first-http", "http"), ("first-https", "https")] {
        let ratio = measured.get(&format!("{work}/tagoio/wall-ratio"));
        let instructions = measured.beside(work, "instructions", "by-hand").unwrap_or(f64::NAN);
        let cpu = measured.get(&format!("{work}/tagoio/cpu-ratio")).unwrap_or(f64::NAN);
        let shown = |ratio| format!("{ratio:.2}; CPU {cpu:.2}, instructions {instructions:.2}");
        rows.push(row(&format!("first call of a process, {what}"), "≤ 1.1 of by hand", ratio, shown, |r| r <= 1.1));
    }
    rows.extend(of_official_clients(measured));
    rows.extend(of_threads(measured));
    let times = measured.get("bulk/times");
    rows.push(row("1,000 users created, 50 ms each, 16 jobs", "≥ 14 times one after the other", times, one, |t| {
        t >= 14.0
    }));
    let refused = measured.get("bulk/refused").unwrap_or(f64::NAN);
    let shown = |used| format!("{:.1} %, {refused:.0} times 429", used * 100.0);
    let window = measured.get("bulk/window");
    let met = |used| used >= 0.98 && refused == 0.0;
    rows.push(row("each minute's limit of 1,000 used", "≥ 98 %, no 429", window, shown, met));
    rows.extend(of_builds(measured));
    rows
}

fn of_iteration(measured: &Measured<'_>) -> [Row; 2] {
    let early = measured.get("iterate/tagoio/early").unwrap_or(f64::NAN);
    let peak = measured.get("iterate/tagoio/peak");
    let by_hand = measured.get("iterate/by-hand/peak").unwrap_or(f64::NAN);
    let shown = |peak: f64| {
        let [peak, early, by_hand] = [peak, early, by_hand].map(mebibytes);
        format!("{peak}, {early} after the first 10,000; by hand {by_hand}")
    };
    let met = |peak| peak <= 12.0 * 1024.0 && peak <= early * 1.1;
    let ahead = measured.get("prefetch/ratio");
    [
        row("memory of `iter()` over 100,000 users", "flat, ≤ 12 MiB", peak, shown, met),
        row("`.prefetch()`, 20 ms of work and of the server a page", "≤ 0.60 of in turn", ahead, two, |r| r <= 0.60),
    ]
}

fn of_official_clients(measured: &Measured<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (peer, name, small, lists) in [("python", "Python", 50.0, 50.0), ("javascript", "JavaScript", 12.0, 4.0)] {
        for work in WORKS {
            let least = if work == "get" || work == "post" { small } else { lists };
            let times = measured.beside(work, "cpu", peer).map(|part| 1.0 / part);
            let what = format!("{}: less CPU than the {name} client", title(work));
            rows.push(row(&what, &format!("≥ {least:.0} times"), times, one, |times| times >= least));
        }
    }
    rows
}

fn of_threads(measured: &Measured<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (work, what) in [("threads-0", "32 threads on one client"), ("threads-20", "… with pauses of 20 ms")] {
        let by_hand = measured.get(&format!("{work}/by-hand/connections")).unwrap_or(f64::NAN);
        let opened = measured.get(&format!("{work}/tagoio/connections"));
        let shown = |opened| format!("{opened:.0}, by hand {by_hand:.0}");
        rows.push(row(&format!("{what}: connections"), "≤ 32", opened, shown, |opened| opened <= 32.0));
        let ratio = measured.get(&format!("{work}/tagoio/rate-ratio"));
        // What the median of few rounds is good for.
        rows.push(row(&format!("{what}: throughput"), "≥ by hand", ratio, two, |ratio| ratio >= 0.995));
    }
    rows
}

/// What `.ci/instructions` guards and no client is compared in.
fn counted(bench: &Bench) -> Outcome<Vec<Row>> {
    let counts = std::fs::read_to_string(bench.root.join("benches/instructions.txt"))?;
    let row = |(name, what): (&str, &str)| {
        let mut figures = counts.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace();
        let (instructions, allocations) = (figures.next()?.parse().ok()?, figures.next()?);
        Some(Row {
            what: what.to_owned(),
            target: "stated".to_owned(),
            measured: Some(format!("{} instructions, {allocations} allocations", grouped(instructions))),
            met: None,
        })
    };
    let cases = [
        ("query of 20 filters", "a list with a query of 20 filters, in memory"),
        ("decide a retry", "a decision to retry"),
        ("a refusal", "a call that is refused, in memory"),
    ];
    Ok(cases.into_iter().filter_map(row).collect())
}

fn of_builds(measured: &Measured<'_>) -> [Row; 4] {
    let crates = measured.get("build/crates");
    let other_tls = measured.get("build/other-tls").unwrap_or(f64::NAN);
    let build = measured.beside("build", "cpu", "given");
    let [own, given] = ["build/tagoio/cpu", "build/given/cpu"].map(|name| measured.get(name).unwrap_or(f64::NAN));
    let wall = measured.beside("build", "wall", "given").unwrap_or(f64::NAN);
    let shown = |ratio| format!("{ratio:.2} ({own:.0} s and {given:.0} s of CPU; wall {wall:.2})");
    let size = measured.get("tagoctl/bytes");
    let version = measured.get("tagoctl/wall");
    let met = |crates| crates <= 45.0 && other_tls == 0.0;
    [
        row("default features: crates", "≤ 45, one TLS library", crates, |crates| format!("{crates:.0}"), met),
        row("default features: debug build from nothing", "≤ 1.2 of the given packages", build, shown, |r| r <= 1.2),
        Row {
            met: None,
            ..row("`tagoctl`, release, stripped", "stated", size, |b| format!("{:.1} MB", b / 1e6), |_| true)
        },
        row("`tagoctl --version`", "≤ 3 ms", version, |wall| format!("{:.1} ms", wall * 1e3), |wall| wall <= 0.003),
    ]
}

/// What each peer takes for each work.
fn calls(measured: &Measured<'_>, text: &mut String) -> Outcome<()> {
    writeln!(text, "\n### A call, by client\n")?;
    writeln!(
        text,
        "Times are medians, in brackets the median of the ratios to by hand in the same round. Client and server share a core, so"
    )?;
    writeln!(
        text,
        "that what it takes to wake another one doesn't count. Instructions and allocations are those of the whole process, all\nthreads.\n"
    )?;
    for work in WORKS {
        writeln!(
            text,
            "| {} | wall | CPU | instructions | allocations |\n| --- | --- | --- | --- | --- |",
            title(work)
        )?;
        for peer in PEERS {
            let time = |what: &str| {
                let time = measured.get(&format!("{work}/{peer}/{what}"));
                let ratio = measured.get(&format!("{work}/{peer}/{what}-ratio"));
                time.zip(ratio).map_or_else(String::new, |(time, ratio)| format!("{} ({ratio:.2})", duration(time)))
            };
            let counted = |what: &str| {
                let count = measured.get(&format!("{work}/{peer}/{what}"));
                let by_hand = measured.get(&format!("{work}/by-hand/{what}"));
                count
                    .zip(by_hand)
                    .map_or_else(String::new, |(count, hand)| format!("{} ({:.2})", grouped(count), count / hand))
            };
            let (wall, cpu) = (time("wall"), time("cpu"));
            let (instructions, allocations) = (counted("instructions"), counted("allocations"));
            writeln!(text, "| {} | {wall} | {cpu} | {instructions} | {allocations} |", name(peer))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn others(measured: &Measured<'_>, text: &mut String) -> Outcome<()> {
    writeln!(text, "### Other figures, by client\n")?;
    writeln!(
        text,
        "| | peak memory, 10,000 users | DNS queries, 100 calls | 32 threads, calls a second | … with pauses of 20 ms |"
    )?;
    writeln!(text, "| --- | --- | --- | --- | --- |")?;
    for peer in PEERS {
        let figure = |name: String, show: &dyn Fn(f64) -> String| measured.get(&name).map_or_else(String::new, show);
        let threads = |work: &str| {
            let connections =
                figure(format!("{work}/{peer}/connections"), &|seen| format!(" by {seen:.0} connections"));
            figure(format!("{work}/{peer}/rate"), &|rate| grouped(rate)) + &connections
        };
        let peak = figure(format!("memory/{peer}/peak"), &mebibytes);
        let queries = figure(format!("dns/{peer}/queries"), &|queries| format!("{queries:.0}"));
        writeln!(
            text,
            "| {} | {peak} | {queries} | {} | {} |",
            name(peer),
            threads("threads-0"),
            threads("threads-20")
        )?;
    }
    Ok(())
}

fn title(work: &str) -> &'static str {
    match work {
        "get" => "small GET",
        "post" => "small POST",
        "users-20" => "20 users",
        "users-100" => "100 users",
        "users-1000" => "1,000 users",
        "users-10000" => "10,000 users",
        _ => "744 statistics",
    }
}

fn name(peer: &str) -> &'static str {
    match peer {
        "by-hand" => "by hand",
        "tagoio" => "**tagoio**",
        "raw" => "a raw socket, read as by hand",
        "curl" => "curl crate, read as by hand",
        "reqwest" => "reqwest::blocking, read as by hand",
        "read-json" => "ureq's `send_json` and `read_json`",
        "javascript" => "the JavaScript client",
        _ => "the Python client",
    }
}

fn one(figure: f64) -> String {
    format!("{figure:.1}")
}

fn two(figure: f64) -> String {
    format!("{figure:.2}")
}

fn three(figure: f64) -> String {
    format!("{figure:.3}")
}

fn mebibytes(kilobytes: f64) -> String {
    format!("{:.1} MiB", kilobytes / 1024.0)
}

fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 0.1 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{:.0} ms", seconds * 1e3),
    }
}

/// A whole number, with commas between thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
