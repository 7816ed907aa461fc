//! One peer doing one work: `client PEER WORK BASE CALLS WARM_UP`. It prints what that took, as JSON.
//!
//! All peers written in Rust are in this one program, because where code happens to lie moves times by some percent.

mod peers;
mod works;

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [peer, work, base, calls, warm_up] = args[..] else {
        return Err("the arguments are PEER WORK BASE CALLS WARM_UP".into());
    };
    let (calls, warm_up): (usize, usize) = (calls.parse()?, warm_up.parse()?);
    if let Some(mut work) = works::of_tagoio(peer, work, base, calls)? {
        return report(&mut *work);
    }
    let peer = peers::connect(peer, base)?;
    if let Some(pause) = work.strip_prefix("threads-") {
        let pause = Duration::from_millis(pause.parse()?);
        return report(&mut || works::threads(&*peer, calls, pause));
    }
    let mut call = works::call(&*peer, work)?;
    for _ in 0..warm_up {
        call()?;
    }
    report(&mut || (0..calls).try_for_each(|_| call()))
}

/// Does it, and prints what it took: seconds of wall time and of the processors' time, and the peak of memory in kB.
fn report(work: &mut dyn FnMut() -> Outcome<()>) -> Outcome<()> {
    let (started, cpu) = (Instant::now(), cpu()?);
    work()?;
    let (wall, cpu) = (started.elapsed(), self::cpu()?.saturating_sub(cpu));
    println!("{}", json!({"wall": wall.as_secs_f64(), "cpu": cpu.as_secs_f64(), "peak": peak()?}));
    Ok(())
}

/// The processors' time that this process has had, all threads together.
fn cpu() -> Outcome<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// The most memory that this process has had resident, in kB. Not by `getrusage`, which begins with what the process had
/// that started this one.
fn peak() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("there is no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
