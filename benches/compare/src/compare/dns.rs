//! How often clients look a name up: a name server of our own counts, in a network and with a `resolv.conf` that only
//! this program and its children see.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::bench::{Bench, Order};
use crate::{Outcome, Results};

const NAME: &str = "api.tago.test";

const PEERS: [&str; 6] = ["by-hand", "tagoio", "curl", "reqwest", "javascript", "python"];

/// Queries for 100 calls, by peer.
pub(crate) fn measure(bench: &Bench) -> Outcome<Results> {
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount"])
        .arg(std::env::current_exe()?)
        .arg("--dns")
        .args(PEERS)
        .env("COMPARE_HOME", &bench.home)
        .output()?;
    if !output.status.success() {
        eprintln!("queries can't be counted here: {}", String::from_utf8_lossy(&output.stderr));
        return Ok(BTreeMap::new());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The part within that network.
pub(crate) fn count(peers: &[String]) -> Outcome<()> {
    let bench = Bench::new()?;
    let settings = bench.home.join("resolv.conf");
    std::fs::write(&settings, "nameserver 127.0.0.1\n")?;
    run(Command::new("ip").args(["link", "set", "lo", "up"]))?;
    run(Command::new("mount").args(["--bind", &settings.to_string_lossy(), "/etc/resolv.conf"]))?;
    let queries = Arc::new(AtomicU32::new(0));
    let socket = UdpSocket::bind("127.0.0.1:53")?;
    std::thread::spawn({
        let queries = Arc::clone(&queries);
        move || serve(&socket, &queries)
    });
    let server = bench.server(&[])?;
    let base = format!("http://{NAME}:{}", server.port());
    let mut counted = Results::new();
    for peer in peers {
        let before = queries.load(Ordering::Relaxed);
        bench.sample(Order { peer, work: "get", base: &base, calls: 100, warm_up: 0 })?;
        counted.insert(peer.clone(), f64::from(queries.load(Ordering::Relaxed) - before));
    }
    println!("{}", serde_json::to_string(&counted)?);
    Ok(())
}

fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Says of every name that it is 127.0.0.1, for a minute.
fn serve(socket: &UdpSocket, queries: &AtomicU32) {
    const HEAD: usize = 12;
    let mut query = [0; 512];
    while let Ok((length, client)) = socket.recv_from(&mut query) {
        let Some(name) = query.get(HEAD..length).and_then(|rest| rest.iter().position(|byte| *byte == 0)) else {
            continue;
        };
        queries.fetch_add(1, Ordering::Relaxed);
        // The question: the name, its end, a type and a class.
        let question = &query[HEAD..(HEAD + name + 5).min(length)];
        let is_v4 = question.get(name + 1..name + 3) == Some(&[0, 1][..]);
        let mut answer = query[..2].to_vec();
        answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_v4), 0, 0, 0, 0]);
        answer.extend(question);
        if is_v4 {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        let _ = socket.send_to(&answer, client);
    }
}
