//! Nothing that a server does, or leaves undone, outlasts the limits of a call. The limits here are short and real; what
//! is asserted is who gives up first, never how long it took.

use std::io::{Read as _, Write as _};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde_json::Value;
use tagoio::transport::{
    Limits, Method, Proxy, Request, Response, Retry, RetryPolicy, Transport, TransportError, TransportErrorKind,
    UreqTransport, from_fn,
};
use tagoio::{Client, Region};

use crate::catalogue::{CHUNKED, chunk, drip, read_record, stored, until_gone, zipped_in_chunks};
use crate::server::{Peer, Server, answer};
use crate::tls;
use crate::world::{ms, ureq};

/// A server that tells, for each connection, whether the client gave up before the script did.
fn telling(script: impl Fn(&mut Peer) -> bool + Send + Sync + 'static) -> (Server, mpsc::Receiver<bool>) {
    let (sender, receiver) = mpsc::channel();
    let server = Server::start(move |peer| {
        let client_gave_up = script(peer);
        // The test may have ended by an assertion.
        let _ = sender.send(client_gave_up);
    });
    (server, receiver)
}

fn limited(url: String, connect: Duration, attempt: Duration) -> Request {
    let mut limits = Limits::default();
    (limits.connect, limits.attempt) = (Some(connect), Some(attempt));
    Request::new(Method::Post, url).with_limits(limits)
}

#[test]
fn the_limit_for_connecting_holds_for_tls_and_proxy() {
    const LONG: Duration = Duration::from_secs(60);
    let silent: fn(&mut Peer) -> bool = |peer| {
        let _ = read_record(peer);
        until_gone(peer)
    };
    // A record of a handshake that never comes to its end.
    let dripping: fn(&mut Peer) -> bool = |peer| {
        let _ = read_record(peer);
        drip(peer, &[22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc], &[3])
    };
    for script in [silent, dripping] {
        let (server, client_gave_up) = telling(script);
        let request = limited(format!("https://127.0.0.1:{}", server.port()), ms(200), LONG);
        let error = ureq().send(&request).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::ConnectTimeout, "{error:?}");
        assert!(!error.maybe_delivered());
        assert!(client_gave_up.recv().unwrap());
    }

    let (proxy, client_gave_up) = telling(|peer| {
        peer.receive();
        until_gone(peer)
    });
    let through_proxy = UreqTransport::with_proxy(&Proxy::Url(proxy.url())).unwrap();
    let error = through_proxy.send(&limited("http://tago.invalid".to_owned(), ms(200), LONG)).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::ConnectTimeout, "{error:?}");
    assert!(client_gave_up.recv().unwrap());
}

#[test]
fn without_a_connection_nothing_was_delivered_even_when_the_attempt_has_the_shorter_limit() {
    for connect in [Some(ms(10_000)), Some(ms(2000)), None] {
        let (server, client_gave_up) = telling(|peer| {
            let _ = read_record(peer);
            until_gone(peer)
        });
        let mut limits = Limits::default();
        (limits.connect, limits.attempt) = (connect, Some(ms(2000)));
        let url = format!("https://127.0.0.1:{}", server.port());
        let error = ureq().send(&Request::new(Method::Post, url).with_limits(limits)).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::ConnectTimeout, "{connect:?}: {error:?}");
        assert!(!error.maybe_delivered());
        assert!(client_gave_up.recv().unwrap());
    }
}

#[test]
fn the_limit_of_an_attempt_holds_whatever_drips() {
    let body = b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n".to_vec();
    let until_closed = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    for (what, beginning, drop) in [
        ("nothing", Vec::new(), Vec::new()),
        ("the status line", b"HTTP/1.1 200 ".to_vec(), b"x".to_vec()),
        ("a header", b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"x".to_vec()),
        ("headers", b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".to_vec()),
        ("interim answers", Vec::new(), b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()),
        ("a body", body, b" ".to_vec()),
        ("a body without a length", until_closed, b" ".to_vec()),
        ("chunks", CHUNKED.to_vec(), chunk(b" ")),
        ("a chunk's length", CHUNKED.to_vec(), b"0".to_vec()),
        ("a chunk's extension", [CHUNKED, b"1;"].concat(), b"x".to_vec()),
        ("trailers", [CHUNKED, b"0\r\n"].concat(), b"x: y\r\n".to_vec()),
        ("gzip", zipped_in_chunks(), chunk(&stored(b" "))),
        ("gzip without content", zipped_in_chunks(), chunk(&stored(b""))),
    ] {
        let (server, client_gave_up) = telling(move |peer| {
            peer.receive();
            drip(peer, &beginning, &drop)
        });
        let error = ureq().send(&limited(server.url(), ms(10_000), ms(200))).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{what}: {error:?}");
        assert!(error.maybe_delivered());
        assert!(client_gave_up.recv().unwrap(), "{what}");
    }
}

#[test]
fn the_limit_of_an_attempt_holds_for_what_drips_within_one_record_of_tls() {
    let (server, client_gave_up) = telling(|peer| {
        let mut stream = tls::accept(&peer.stream, tls::GOOD);
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n");
        // Beneath the encryption: the head of a record, and of what it holds a byte now and then.
        drip(peer, &[23, 3, 3, 0x40, 0], b"x")
    });
    let transport = tls::trusting(tls::GOOD);
    let request = limited(format!("https://127.0.0.1:{}", server.port()), ms(10_000), ms(1000));
    let error = transport.send(&request).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout, "{error:?}");
    assert!(client_gave_up.recv().unwrap());
}

#[test]
fn the_limit_of_an_attempt_holds_for_a_server_that_is_slow_to_read() {
    const SIZE: usize = 64 * 1024 * 1024;
    for sip in [0, 64 * 1024] {
        let (call_ended, until_call_ends) = mpsc::channel::<()>();
        let until_call_ends = Mutex::new(until_call_ends);
        let (server, client_gave_up) = telling(move |peer| {
            let until_call_ends = until_call_ends.lock().unwrap();
            let mut buffer = vec![0; 64 * 1024];
            let mut taken = 0;
            while until_call_ends.recv_timeout(ms(5)) == Err(mpsc::RecvTimeoutError::Timeout) {
                taken += peer.stream.as_ref().read(&mut buffer[..sip]).unwrap_or(0);
            }
            // What is still on its way, until the client's end of the connection.
            while let Ok(count @ 1..) = peer.stream.as_ref().read(&mut buffer) {
                taken += count;
            }
            taken < SIZE
        });
        let request = limited(server.url(), ms(10_000), ms(300)).with_body(vec![b' '; SIZE]);
        let error = ureq().send(&request).unwrap_err();
        drop(call_ended);
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{error:?}");
        assert!(client_gave_up.recv().unwrap());
    }
}

#[test]
fn all_attempts_and_waits_together_stay_within_the_budget() {
    let server = Server::start(|peer| {
        peer.receive();
        until_gone(peer);
    });
    let (sender, given) = mpsc::channel();
    let ureq = ureq();
    let tap = from_fn(move |request: &Request| -> Result<Response, TransportError> {
        let limits = request.limits();
        sender.send((limits.total.unwrap(), limits.attempt.unwrap())).unwrap();
        ureq.send(request)
    });
    let mut policy = RetryPolicy::attempts(50);
    policy.backoff = ms(100);
    let (total, attempt) = (ms(1000), ms(300));
    let tago = Client::builder()
        .token("p-canary")
        .region(Region::custom(&server.url()).unwrap())
        .vars(|_| None)
        .timeout(attempt)
        .total_timeout(total)
        .transport(Retry::new(tap, policy).with_jitter(|| 0.5))
        .build()
        .unwrap();
    let error = tago.raw(Method::Get, "/run").send::<Value>().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");

    drop(tago);
    let given: Vec<_> = given.iter().collect();
    // 300, 50, 300, 100, and then less than 250 of 1000 ms: an attempt or two more end it.
    assert!(given.len() <= 3, "{given:?}");
    assert_eq!(given[0], (total, attempt));
    for pair in given.windows(2) {
        let [(before, took), (left, for_attempt)] = pair else { unreachable!() };
        assert!(*left + *took <= *before, "what an attempt took is gone: {given:?}");
        assert!(!left.is_zero() && for_attempt <= left, "{given:?}");
    }
    assert_eq!(server.finish().requests.len(), given.len());
}

#[test]
fn a_server_that_asks_for_a_day_is_not_obeyed() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        for total in [Some(Duration::from_secs(180)), None] {
            let server = Server::start(move |peer| {
                let answer = answer(status, &[("retry-after", "86400")], "");
                while peer.receive().is_some() && peer.send(&answer) {}
            });
            // As everybody makes one: with the computer's clock.
            let tago = Client::builder()
                .token("p-canary")
                .region(Region::custom(&server.url()).unwrap())
                .vars(|_| None)
                .total_timeout(total)
                .build()
                .unwrap();
            let error = tago.raw(Method::Get, "/run").send::<Value>().unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)), "{error:?}");
            assert!(error.is_retryable(), "by someone with the patience");

            drop(tago);
            assert_eq!(server.finish().calls(), ["GET /run"]);
        }
    }
}
