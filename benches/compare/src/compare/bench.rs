//! Programs, and how one is measured.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::{Outcome, Results};

pub(crate) struct Bench {
    /// Of the repository.
    pub(crate) root: PathBuf,
    /// Where the official clients are installed, and results are kept.
    pub(crate) home: PathBuf,
    /// Where the programs of this package are.
    programs: PathBuf,
}

/// What a work took: seconds, and kilobytes.
#[derive(Deserialize)]
pub(crate) struct Sample {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) peak: f64,
}

/// What callgrind counted.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// What is asked of a client.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) peer: &'a str,
    pub(crate) work: &'a str,
    pub(crate) base: &'a str,
    pub(crate) calls: usize,
    pub(crate) warm_up: usize,
}

impl Bench {
    pub(crate) fn new() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let home = std::env::var_os("COMPARE_HOME").map(PathBuf::from).ok_or("see benches/compare/run")?;
        let programs = std::env::current_exe()?.parent().map(Path::to_owned).ok_or("this program is nowhere")?;
        Ok(Self { root, home, programs })
    }

    /// What was measured before.
    pub(crate) fn kept(&self) -> Outcome<Results> {
        match std::fs::read_to_string(self.home.join("results.json")) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(_) => Ok(Results::new()),
        }
    }

    pub(crate) fn keep(&self, results: &Results) -> Outcome<()> {
        Ok(std::fs::write(self.home.join("results.json"), serde_json::to_string_pretty(results)?)?)
    }

    pub(crate) fn tls(&self, file: &str) -> PathBuf {
        self.root.join("tests/fixtures/tls").join(file)
    }

    /// A program with nothing of the environment that a client would heed.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("COMPARE_CERTIFICATE", self.tls("certificate.pem")).env("NO_PROXY", "*");
        command
    }

    fn client(&self, peer: &str) -> Command {
        match peer {
            "python" => {
                let mut command = self.program(self.home.join("venv/bin/python"));
                command.arg(self.root.join("benches/compare/client.py"));
                command
            }
            "javascript" => {
                let mut command = self.program(self.home.join("node/bin/node"));
                command.arg(self.home.join("node/compare.mjs"));
                command
            }
            peer => {
                let mut command = self.program(self.programs.join("client"));
                command.arg(peer);
                command
            }
        }
    }

    fn ordered(&self, order: Order<'_>) -> Command {
        let Order { peer, work, base, calls, warm_up } = order;
        let mut command = self.client(peer);
        command.args([work, base, &calls.to_string(), &warm_up.to_string()]);
        command
    }

    /// Has a client do a work. Also what it says beside, on its standard error.
    pub(crate) fn sample_and_notes(&self, order: Order<'_>) -> Outcome<(Sample, String)> {
        let output = self.ordered(order).output()?;
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(format!("{}, {}: {notes}", order.peer, order.work).into());
        }
        Ok((serde_json::from_slice(&output.stdout)?, notes))
    }

    pub(crate) fn sample(&self, order: Order<'_>) -> Outcome<Sample> {
        self.sample_and_notes(order).map(|(sample, _)| sample)
    }

    /// What callgrind counts of a client, all of it.
    pub(crate) fn counts(&self, order: Order<'_>) -> Outcome<Counts> {
        let profile = self.home.join("callgrind.out");
        let plain = self.ordered(order);
        let mut command = self.program("valgrind");
        command.args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]);
        command.arg(format!("--callgrind-out-file={}", profile.display()));
        command.arg(plain.get_program()).args(plain.get_args());
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let text = std::fs::read_to_string(&profile)?;
        std::fs::remove_file(&profile)?;
        let total = text.lines().find_map(|line| line.strip_prefix("summary: ")).ok_or("callgrind wrote no summary")?;
        let mut allocations = 0.0;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let called = line.strip_prefix("cfn=");
            if called.is_some_and(|name| ["malloc", "calloc", "realloc"].contains(&name)) {
                // Perhaps after the file that it is in.
                let calls = lines.find_map(|line| line.strip_prefix("calls="));
                let calls = calls.and_then(|line| line.split(' ').next()).ok_or("callgrind counted no calls")?;
                allocations += calls.parse::<f64>()?;
            }
        }
        Ok(Counts { instructions: total.trim().parse()?, allocations })
    }

    /// What callgrind counts of one call: the difference between twice so many calls and so many.
    pub(crate) fn counts_of_call(&self, order: Order<'_>) -> Outcome<Counts> {
        let once = self.counts(order)?;
        let twice = self.counts(Order { calls: order.calls * 2, ..order })?;
        let each = |once: f64, twice: f64| (twice - once) / whole(order.calls);
        Ok(Counts {
            instructions: each(once.instructions, twice.instructions),
            allocations: each(once.allocations, twice.allocations),
        })
    }

    /// What a client takes as a whole process, from its start to its end.
    pub(crate) fn process(&self, order: Order<'_>) -> Outcome<Sample> {
        whole_process(&mut self.ordered(order))
    }

    pub(crate) fn server(&self, args: &[&str]) -> Outcome<Server> {
        let mut command = self.program(self.programs.join("server"));
        let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Server { child, address: address.trim().to_owned() })
    }
}

/// Has all programs that are started meanwhile share one core. A server and a client in turn would let two of them fall
/// asleep and wake each other, and on a virtual machine that takes more than a small call does.
pub(crate) fn on_one_core<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let this = Pid::from_raw(0);
    let all = sched_getaffinity(this)?;
    let first = (0..CpuSet::count()).find(|core| all.is_set(*core).unwrap_or(false)).ok_or("there is no core")?;
    let mut one = CpuSet::new();
    one.set(first)?;
    sched_setaffinity(this, &one)?;
    let outcome = work();
    sched_setaffinity(this, &all)?;
    outcome
}

/// Runs a program to its end.
pub(crate) fn whole_process(command: &mut Command) -> Outcome<Sample> {
    let (started, cpu) = (Instant::now(), cpu_of_children()?);
    let output = command.stdin(Stdio::null()).output()?;
    let wall = started.elapsed();
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let cpu = cpu_of_children()?.saturating_sub(cpu);
    Ok(Sample { wall: wall.as_secs_f64(), cpu: cpu.as_secs_f64(), peak: 0.0 })
}

fn cpu_of_children() -> Outcome<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()].map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
    Ok(Duration::from_micros(u64::try_from(micros.iter().sum::<i64>())?))
}

/// A server in a process of its own, which ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    /// How many connections it has seen, without those of this question.
    pub(crate) fn connections(&self, asked: &mut f64) -> Outcome<f64> {
        *asked += 1.0;
        let url = format!("{}{}", self.url(), instructions::server::SEEN);
        let text = ureq::get(url).call()?.body_mut().read_to_string()?;
        Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? - *asked)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Measures each of some in turn, so many times, and each time in another order.
pub(crate) fn rounds<'a, T>(
    rounds: usize,
    peers: &[&'a str],
    mut measure: impl FnMut(&'a str) -> Outcome<T>,
) -> Outcome<BTreeMap<&'a str, Vec<T>>> {
    let mut measured: BTreeMap<&str, Vec<T>> = BTreeMap::new();
    for round in 0..rounds {
        for at in 0..peers.len() {
            let peer = peers[(at + round) % peers.len()];
            measured.entry(peer).or_default().push(measure(peer)?);
        }
    }
    Ok(measured)
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "no count is that high")]
pub(crate) fn whole(count: usize) -> f64 {
    count as f64
}
