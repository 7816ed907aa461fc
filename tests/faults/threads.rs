//! One client, many threads, and a server that misbehaves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError, mpsc};
use std::thread;

use serde_json::{Value, json};
use tagoio::transport::{
    FromFn, Method, Proxy, Request, Response, Retry, RetryPolicy, Throttle, TransportError, UreqTransport,
};
use tagoio::{Client, Error, Region};

use crate::catalogue::{gzip, until_gone};
use crate::server::{Peer, Server, answer, refusal, success};
use crate::world::{ms, ureq};

const THREADS: usize = 32;

/// Checked by the compiler.
const _: () = {
    const fn shared_by_threads<T: Send + Sync + Clone>() {}
    const fn sent_by_threads<T: Send + Sync>() {}
    shared_by_threads::<Client>();
    shared_by_threads::<UreqTransport>();
    shared_by_threads::<Retry<UreqTransport>>();
    shared_by_threads::<Proxy>();
    shared_by_threads::<Region>();
    shared_by_threads::<Request>();
    shared_by_threads::<Response>();
    sent_by_threads::<Throttle<UreqTransport>>();
    sent_by_threads::<FromFn<fn(&Request) -> Result<Response, TransportError>>>();
    sent_by_threads::<Error>();
    sent_by_threads::<TransportError>();
};

/// A client that tries again at once.
fn impatient(server: &Server) -> Client {
    let mut policy = RetryPolicy::default();
    policy.backoff = ms(1);
    Client::builder()
        .token("p-canary")
        .region(Region::custom(&server.url()).unwrap())
        .vars(|_| None)
        .transport(Retry::new(ureq(), policy))
        .build()
        .unwrap()
}

/// What the server does to the first request for a path; the next one it answers well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Prank {
    None,
    Compressed,
    LastOfItsConnection,
    OneAnswerTooMany,
    Refused,
    Busy,
    Broken,
    Unanswered,
    CutOff,
}

impl Prank {
    const ALL: [Self; 9] = [
        Self::None,
        Self::Compressed,
        Self::LastOfItsConnection,
        Self::OneAnswerTooMany,
        Self::Refused,
        Self::Busy,
        Self::Broken,
        Self::Unanswered,
        Self::CutOff,
    ];

    fn of(thread: usize, call: usize) -> Self {
        Self::ALL[(thread * 3 + call) % Self::ALL.len()]
    }

    /// Whether a request that must not be repeated fails by it.
    fn is_fatal(self) -> bool {
        matches!(self, Self::Refused | Self::Broken | Self::Unanswered | Self::CutOff)
    }

    /// Whether the connection is lost by it.
    fn costs_a_connection(self) -> bool {
        matches!(self, Self::LastOfItsConnection | Self::OneAnswerTooMany | Self::Unanswered | Self::CutOff)
    }

    /// Plays it, and says whether the connection goes on.
    fn play(self, peer: &mut Peer, echo: &str) -> bool {
        let good = success(&format!("{echo:?}"));
        match self {
            Self::None => peer.send(&good),
            Self::Compressed => {
                let body = gzip(json!({"status": true, "result": echo}).to_string().as_bytes());
                peer.send(&answer("200 OK", &[("content-encoding", "gzip")], body))
            }
            Self::LastOfItsConnection => {
                let body = json!({"status": true, "result": echo}).to_string();
                peer.send(&answer("200 OK", &[("connection", "close")], body));
                false
            }
            // In one piece, so that both are there when the first is read.
            Self::OneAnswerTooMany => peer.send(&[good, success(r#""somebody else's""#)].concat()),
            Self::Refused => peer.send(&refusal("400 Bad Request", echo)),
            Self::Busy => peer.send(&answer("429 Too Many Requests", &[("retry-after", "0")], "")),
            Self::Broken => peer.send(&answer("503 Service Unavailable", &[], echo)),
            Self::Unanswered => false,
            Self::CutOff => {
                peer.send(&good[..good.len() - 1]);
                false
            }
        }
    }
}

#[test]
fn each_answer_belongs_to_its_request_and_no_post_is_sent_twice() {
    const CALLS: usize = 40;
    let seen: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let server = Server::start({
        let seen = Arc::clone(&seen);
        move |peer| {
            while let Some(request) = peer.receive() {
                let path = request.call().split_once(' ').unwrap().1.to_owned();
                let numbers: Vec<usize> = path.split('/').filter_map(|part| part.parse().ok()).collect();
                let times = {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    let times = seen.entry(path.clone()).or_default();
                    *times += 1;
                    *times
                };
                let prank = if times == 1 { Prank::of(numbers[0], numbers[1]) } else { Prank::None };
                if !prank.play(peer, &path) {
                    break;
                }
            }
        }
    });
    let tago = impatient(&server);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (tago, start) = (tago.clone(), &start);
            scope.spawn(move || {
                start.wait();
                for call in 0..CALLS {
                    let method = if call % 2 == 0 { Method::Get } else { Method::Post };
                    let path = format!("/echo/{thread}/{call}");
                    let outcome = tago.raw(method, &path).send::<Value>();
                    let prank = Prank::of(thread, call);
                    let repeated = method == Method::Get && prank != Prank::Refused;
                    match outcome {
                        Ok(echo) => {
                            assert!(repeated || !prank.is_fatal(), "{method} {path} {prank:?}");
                            assert_eq!(echo, path, "{method} {prank:?}");
                        }
                        Err(error) => {
                            assert!(!repeated && prank.is_fatal(), "{method} {path} {prank:?}: {error:?}");
                            assert!(error.message().is_none_or(|message| message == path), "{error:?}");
                        }
                    }
                }
            });
        }
    });

    drop(tago);
    let journal = server.finish();
    let calls = || (0..THREADS).flat_map(|thread| (0..CALLS).map(move |call| (thread, call)));
    let seen = seen.lock().unwrap();
    for (thread, call) in calls().filter(|(_, call)| call % 2 == 1) {
        let prank = Prank::of(thread, call);
        let expected = if prank == Prank::Busy { 2 } else { 1 };
        assert_eq!(seen[&format!("/echo/{thread}/{call}")], expected, "POST {thread}/{call} {prank:?}");
    }
    // A thread has one connection at a time, and opens another one only for one that was lost.
    let lost = calls().filter(|(thread, call)| Prank::of(*thread, *call).costs_a_connection()).count();
    assert!(journal.connections <= THREADS + lost, "{} connections, {lost} lost", journal.connections);
}

/// A server that answers as soon as this many requests are there at once, and tells of each connection that ends.
fn gathering(size: usize) -> (Server, mpsc::Receiver<()>) {
    let (sender, ended) = mpsc::channel();
    let gathered = Barrier::new(size);
    let server = Server::start(move |peer| {
        while peer.receive().is_some() {
            gathered.wait();
            peer.send(&success("null"));
        }
        let _ = sender.send(());
    });
    (server, ended)
}

fn all_at_once(tago: &Client, calls: usize) {
    thread::scope(|scope| {
        for _ in 0..calls {
            scope.spawn(|| tago.raw(Method::Get, "/run").send::<Value>().unwrap());
        }
    });
}

#[test]
fn a_burst_leaves_no_more_idle_connections_than_the_pool_holds() {
    const POOL: usize = 64;
    const BURST: usize = POOL + 16;
    let (server, ended) = gathering(BURST);
    let tago = impatient(&server);
    all_at_once(&tago, BURST);
    for _ in POOL..BURST {
        ended.recv_timeout(ms(60_000)).expect("a connection too many is closed");
    }
    assert!(ended.try_recv().is_err(), "the others are kept");

    drop(tago);
    assert_eq!(ended.iter().take(POOL).count(), POOL, "and end with the last client");
    assert_eq!(server.finish().connections, BURST);
}

#[test]
fn a_burst_of_threads_reuses_the_connections_of_the_one_before() {
    const BURSTS: usize = 50;
    let (server, _ended) = gathering(THREADS);
    let tago = impatient(&server);
    for _ in 0..BURSTS {
        all_at_once(&tago, THREADS);
    }

    drop(tago);
    let journal = server.finish();
    assert_eq!((journal.connections, journal.requests.len()), (THREADS, BURSTS * THREADS));
}

#[test]
fn calls_in_flight_end_well_when_everybody_else_has_dropped_the_client() {
    let arrived = Arc::new(Barrier::new(THREADS + 1));
    let dropped = Arc::new(Barrier::new(THREADS + 1));
    let left_open = Arc::new(AtomicUsize::new(0));
    let server = Server::start({
        let (arrived, dropped, left_open) = (Arc::clone(&arrived), Arc::clone(&dropped), Arc::clone(&left_open));
        move |peer| {
            peer.receive();
            arrived.wait();
            dropped.wait();
            // One half of the answers comes, the other doesn't.
            if peer.connection % 2 == 0 {
                peer.send(&success("null"));
                left_open.fetch_add(usize::from(!until_gone(peer)), Ordering::SeqCst);
            }
        }
    });
    let tago = impatient(&server);
    let calls: Vec<_> = (0..THREADS)
        .map(|_| {
            let tago = tago.clone();
            thread::spawn(move || tago.raw(Method::Post, "/run/users").send::<Value>())
        })
        .collect();
    arrived.wait();
    drop(tago);
    dropped.wait();

    let outcomes: Vec<_> = calls.into_iter().map(|call| call.join().expect("no call panics")).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), THREADS / 2);
    assert!(outcomes.iter().flatten().all(Value::is_null));
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(Error::maybe_delivered));
    assert_eq!(server.finish().requests.len(), THREADS);
    assert_eq!(left_open.load(Ordering::SeqCst), 0, "the last client took its connections with it");
}
