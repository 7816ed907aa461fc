//! What is measured.

use std::process::Command;

use crate::bench::{Bench, Order, Sample, median, on_one_core, rounds, whole, whole_process};
use crate::{Outcome, Results, dns, windows};

/// How often each is measured, in turn with the others.
const ROUNDS: usize = 7;

const RUST: [&str; 6] = ["by-hand", "tagoio", "raw", "curl", "reqwest", "read-json"];
pub(crate) const PEERS: [&str; 8] =
    ["by-hand", "tagoio", "raw", "curl", "reqwest", "read-json", "javascript", "python"];
pub(crate) const WORKS: [&str; 7] = ["get", "post", "users-20", "users-100", "users-1000", "users-10000", "statistics"];

type Section = fn(&Bench, &mut Results) -> Outcome<()>;

pub(crate) const ALL: [(&str, Section); 11] = [
    ("counts", counts),
    ("calls", calls),
    ("memory", memory),
    ("first", first),
    ("dns", lookups),
    ("threads", threads),
    ("iterate", iterate),
    ("prefetch", prefetch),
    ("bulk", bulk),
    ("build", build),
    ("tagoctl", tagoctl),
];

/// Instructions and allocations of a call.
fn counts(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&[])?;
    for work in WORKS {
        let calls = match work {
            "users-10000" => 1,
            "users-1000" | "statistics" => 2,
            _ => 20,
        };
        for peer in RUST {
            let counted = bench.counts_of_call(Order { peer, work, base: &server.url(), calls, warm_up: 0 })?;
            results.insert(format!("{work}/{peer}/instructions"), counted.instructions);
            results.insert(format!("{work}/{peer}/allocations"), counted.allocations);
        }
        bench.keep(results)?;
    }
    Ok(())
}

/// Wall time and the processors' time of a call.
fn calls(bench: &Bench, results: &mut Results) -> Outcome<()> {
    on_one_core(|| calls_by_all(bench, results))
}

fn calls_by_all(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&[])?;
    for work in WORKS {
        let many = match work {
            "get" | "post" => 1_000,
            "users-20" => 500,
            "users-100" => 200,
            "users-1000" => 40,
            "users-10000" => 8,
            _ => 60,
        };
        let measured = rounds(ROUNDS, &PEERS, |peer| {
            let (calls, warm_up) = match peer {
                // It takes so long that fewer do.
                "python" => ((many / 10).max(2), 1),
                // What it does often, it makes machine code of.
                "javascript" => (many, many),
                _ => (many, many / 5 + 1),
            };
            let sample = bench.sample(Order { peer, work, base: &server.url(), calls, warm_up })?;
            Ok(Sample { wall: sample.wall / whole(calls), cpu: sample.cpu / whole(calls), peak: 0.0 })
        })?;
        keep(results, work, &measured);
        bench.keep(results)?;
    }
    Ok(())
}

/// Medians of what peers take, and of the ratios to what it takes by hand in the same round.
fn keep(results: &mut Results, work: &str, measured: &std::collections::BTreeMap<&str, Vec<Sample>>) {
    let by_hand = &measured["by-hand"];
    for (peer, samples) in measured {
        let pairs = || samples.iter().zip(by_hand);
        results.insert(format!("{work}/{peer}/wall"), median(samples.iter().map(|sample| sample.wall)));
        results.insert(format!("{work}/{peer}/cpu"), median(samples.iter().map(|sample| sample.cpu)));
        results.insert(format!("{work}/{peer}/wall-ratio"), median(pairs().map(|(own, hand)| own.wall / hand.wall)));
        results.insert(format!("{work}/{peer}/cpu-ratio"), median(pairs().map(|(own, hand)| own.cpu / hand.cpu)));
    }
}

/// The most memory for one answer of 10,000 users.
fn memory(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&[])?;
    let measured = rounds(3, &PEERS, |peer| {
        let order = Order { peer, work: "users-10000", base: &server.url(), calls: 1, warm_up: 0 };
        Ok(bench.sample(order)?.peak)
    })?;
    for (peer, peaks) in measured {
        results.insert(format!("memory/{peer}/peak"), median(peaks));
    }
    Ok(())
}

/// A process that makes one call and ends.
fn first(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let plain = bench.server(&[])?;
    let (certificate, key) = (bench.tls("certificate.pem"), bench.tls("key.pem"));
    let tls = bench.server(&["0", &certificate.to_string_lossy(), &key.to_string_lossy()])?;
    for (name, base) in [("first-http", plain.url()), ("first-https", tls.https())] {
        let order = |peer| Order { peer, work: "get", base: &base, calls: 1, warm_up: 0 };
        let peers = ["by-hand", "tagoio"];
        let measured = rounds(61, &peers, |peer| bench.process(order(peer)))?;
        keep(results, name, &measured);
        for peer in peers {
            let counted = bench.counts(order(peer))?;
            results.insert(format!("{name}/{peer}/instructions"), counted.instructions);
        }
    }
    Ok(())
}

/// How often 100 calls look the same name up.
fn lookups(bench: &Bench, results: &mut Results) -> Outcome<()> {
    for (peer, queries) in dns::measure(bench)? {
        results.insert(format!("dns/{peer}/queries"), queries);
    }
    Ok(())
}

/// 32 threads on one client, with and without pauses.
fn threads(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&[])?;
    let base = server.url();
    let mut asked = 0.0;
    for (work, calls) in [("threads-0", 1_000), ("threads-20", 50)] {
        let measured = rounds(ROUNDS, &["by-hand", "tagoio", "reqwest"], |peer| {
            let before = server.connections(&mut asked)?;
            let sample = bench.sample(Order { peer, work, base: &base, calls, warm_up: 0 })?;
            Ok((whole(32 * calls) / sample.wall, server.connections(&mut asked)? - before))
        })?;
        let by_hand = &measured["by-hand"];
        for (peer, samples) in &measured {
            let pairs = samples.iter().zip(by_hand);
            results.insert(format!("{work}/{peer}/rate"), median(samples.iter().map(|(rate, _)| *rate)));
            results.insert(format!("{work}/{peer}/rate-ratio"), median(pairs.map(|(own, hand)| own.0 / hand.0)));
            results.insert(format!("{work}/{peer}/connections"), median(samples.iter().map(|(_, seen)| *seen)));
        }
    }
    Ok(())
}

/// 100,000 users, page by page.
fn iterate(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&[])?;
    let base = server.url();
    for peer in ["by-hand", "tagoio"] {
        let order = Order { peer, work: "iterate", base: &base, calls: instructions::server::USERS, warm_up: 0 };
        let (sample, early) = bench.sample_and_notes(order)?;
        results.insert(format!("iterate/{peer}/early"), early.trim().parse()?);
        results.insert(format!("iterate/{peer}/peak"), sample.peak);
    }
    Ok(())
}

/// 50 pages, with 20 ms of the server and 20 ms of work for each.
fn prefetch(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&["20"])?;
    let base = server.url();
    let measured = rounds(5, &["pages", "pages-prefetched"], |work| {
        Ok(bench.sample(Order { peer: "tagoio", work, base: &base, calls: 50, warm_up: 0 })?.wall)
    })?;
    let ratios = measured["pages-prefetched"].iter().zip(&measured["pages"]).map(|(ahead, in_turn)| ahead / in_turn);
    results.insert("prefetch/ratio".to_owned(), median(ratios));
    Ok(())
}

/// Users created by 16 jobs, against one after the other; and the use of rate windows.
fn bulk(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let server = bench.server(&["50"])?;
    let base = server.url();
    let rate = |work, calls| {
        let sample = bench.sample(Order { peer: "tagoio", work, base: &base, calls, warm_up: 0 })?;
        Outcome::Ok(whole(calls) / sample.wall)
    };
    let mut ratios = Vec::new();
    for _ in 0..3 {
        // One after the other, the first hundred tell.
        let in_turn = rate("create-in-turn", 100)?;
        ratios.push(rate("create-by-16-jobs", 1_000)? / in_turn);
    }
    results.insert("bulk/times".to_owned(), median(ratios));
    let windows = windows::used()?;
    results.insert("bulk/window".to_owned(), windows.least_used);
    results.insert("bulk/refused".to_owned(), windows.refused);
    Ok(())
}

/// The packages that TagoIO's functions are written with when there is no SDK.
const GIVEN: &str = r#"ureq = "3.5"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
chrono = "0.4"
thiserror = "2"
mockall = "0.15"
"#;

/// The default features: crates, and a debug build from nothing.
fn build(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let tree = Command::new("cargo")
        .args(["tree", "--edges", "normal", "--prefix", "none", "--no-dedupe", "--locked"])
        .current_dir(&bench.root)
        .output()?;
    let tree = String::from_utf8(tree.stdout)?;
    let mut crates: Vec<_> = tree.lines().map(|line| line.split(" (").next().unwrap_or(line)).collect();
    crates.sort_unstable();
    crates.dedup();
    let tls =
        crates.iter().filter(|name| ["native-tls ", "openssl ", "aws-lc-rs "].iter().any(|tls| name.starts_with(tls)));
    results.insert("build/other-tls".to_owned(), whole(tls.count()));
    // Without the crate itself.
    results.insert("build/crates".to_owned(), whole(crates.len()) - 1.0);

    let ours = format!("tagoio = {{ path = \"{}\" }}\n", bench.root.display());
    for (name, dependencies) in [("given", GIVEN), ("tagoio", ours.as_str())] {
        let package = bench.home.join("cold").join(name);
        let _ = std::fs::remove_dir_all(&package);
        std::fs::create_dir_all(package.join("src"))?;
        std::fs::write(package.join("src/main.rs"), "fn main() {}\n")?;
        let manifest =
            "[package]\nname = \"cold\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n";
        std::fs::write(package.join("Cargo.toml"), format!("{manifest}{dependencies}"))?;
        let cargo = |args: &[&str]| {
            let mut command = Command::new("cargo");
            command.args(args).current_dir(&package).env("CARGO_TARGET_DIR", package.join("target"));
            for name in ["RUSTFLAGS", "CARGO_PROFILE_DEV_DEBUG", "CARGO_BUILD_RUSTFLAGS", "CARGO_INCREMENTAL"] {
                command.env_remove(name);
            }
            whole_process(&mut command)
        };
        cargo(&["fetch", "--quiet"])?;
        let built = cargo(&["build", "--quiet", "--locked"])?;
        results.insert(format!("build/{name}/cpu"), built.cpu);
        results.insert(format!("build/{name}/wall"), built.wall);
        std::fs::remove_dir_all(package.join("target"))?;
    }
    Ok(())
}

/// The command line's program.
fn tagoctl(bench: &Bench, results: &mut Results) -> Outcome<()> {
    let target = bench.home.join("tagoctl");
    whole_process(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "--features", "cli", "--bin", "tagoctl"])
            .current_dir(&bench.root)
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    )?;
    let program = target.join("release/tagoctl");
    results.insert("tagoctl/bytes".to_owned(), std::fs::metadata(&program)?.len().to_string().parse()?);
    let measured = rounds(61, &["version"], |_| whole_process(bench.program(&program).arg("--version")))?;
    results.insert("tagoctl/wall".to_owned(), median(measured["version"].iter().map(|sample| sample.wall)));
    Ok(())
}
