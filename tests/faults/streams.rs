//! An answer that is read as it comes meets the same faults, and ends in the same way as one that is read at once.

use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, PoisonError};

use tagoio::transport::{
    Method, Request, Response, Streamed, Transport, TransportError, TransportErrorKind, UreqTransport, from_fn,
};

use crate::catalogue::{CHUNKED, Fault, chunk, drip, tables};
use crate::server::{Server, answer};
use crate::stage::{Stage, for_each};
use crate::world::{CLASSES, TOKEN, client, clock, ms, ureq};

/// What comes of an answer that is read as it comes.
#[derive(Debug)]
enum Ending {
    Whole(u16, Vec<u8>),
    NoAnswer(TransportError),
    BrokenOff(io::Error),
}

impl Ending {
    fn of(answer: Result<Streamed, TransportError>) -> Self {
        let mut body = Vec::new();
        match answer {
            Err(error) => Self::NoAnswer(error),
            Ok(mut answer) => match answer.read_to_end(&mut body) {
                Ok(_) => Self::Whole(answer.status(), body),
                Err(error) => Self::BrokenOff(error),
            },
        }
    }
}

/// The request that a client makes under a fault's limits, which hold for all of the answer.
fn request(fault: &Fault, base_url: &str) -> Request {
    let sent = Arc::<Mutex<Option<Request>>>::default();
    let kept = Arc::clone(&sent);
    let transport = from_fn(move |request: &Request| -> Result<Response, TransportError> {
        // The first attempt has all of the limits.
        kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| request.clone());
        Err(TransportErrorKind::Connect.into())
    });
    let tago = (fault.limits)(client(base_url, &clock(), transport)).build().unwrap();
    (CLASSES[0].call)(&tago).unwrap_err();
    let request = sent.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap();
    let mut limits = request.limits();
    limits.total = limits.attempt;
    request.with_limits(limits)
}

fn under<R>(fault: &Fault, send: impl FnOnce(&UreqTransport, &Request) -> R) -> (R, usize) {
    let stage = Stage::of(fault, &CLASSES[0]);
    let outcome = send(&stage.transport, &request(fault, &stage.base_url));
    (outcome, stage.finish(fault).requests.len())
}

#[test]
fn what_is_read_as_it_comes_ends_as_what_is_read_at_once() {
    let tables = tables();
    let faults = tables.iter().flat_map(|(_, faults)| faults);
    let compared = for_each(faults, |fault| {
        let (at_once, arrived) = under(fault, Transport::send);
        if at_once.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::BodyTooLarge) {
            // Whoever reads decides how much is too much.
            return 0;
        }
        let (streamed, came) = under(fault, |transport, request| Ending::of(transport.stream(request)));
        let shown = format!("{}: {at_once:?} {streamed:?}", fault.name);
        assert_eq!(came, arrived, "{shown}");
        assert!(!shown.contains(TOKEN), "{shown}");
        match (at_once, streamed) {
            (Ok(answer), Ending::Whole(status, body)) => {
                assert_eq!((status, &body[..]), (answer.status(), answer.body()), "{shown}");
            }
            (Err(error), Ending::NoAnswer(other)) => {
                assert_eq!((other.kind(), other.maybe_delivered()), (error.kind(), error.maybe_delivered()), "{shown}");
            }
            (Err(error), Ending::BrokenOff(why)) => {
                assert!(error.maybe_delivered() && !why.to_string().is_empty(), "{shown}");
            }
            _ => panic!("{shown}"),
        }
        1
    });
    assert!(compared.iter().sum::<usize>() > 70, "{compared:?}");
}

#[test]
fn an_answer_that_never_falls_silent_does_not_outlast_the_limit_for_everything() {
    for (beginning, drop) in [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n".to_vec(), b" ".to_vec()),
        (CHUNKED.to_vec(), chunk(b" ")),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec(), b" ".to_vec()),
    ] {
        let (sender, client_gave_up) = std::sync::mpsc::channel();
        let server = Server::start(move |peer| {
            peer.receive();
            sender.send(drip(peer, &beginning, &drop)).unwrap();
        });
        let request = Request::new(Method::Get, server.url());
        let mut limits = request.limits();
        (limits.attempt, limits.total) = (Some(ms(10_000)), Some(ms(500)));
        let ending = Ending::of(ureq().stream(&request.with_limits(limits)));
        assert!(matches!(ending, Ending::BrokenOff(_)), "{ending:?}");
        assert!(client_gave_up.recv().unwrap());
    }
}

#[test]
fn the_head_of_a_file_has_no_body_and_leaves_its_connection_good() {
    let server = Server::start(|peer| {
        while let Some(request) = peer.receive() {
            let whole = answer("200 OK", &[("content-type", "application/zip")], b"archive");
            let length = if request.call().starts_with("HEAD ") { whole.len() - 7 } else { whole.len() };
            peer.send(&whole[..length]);
        }
    });
    let transport = ureq();
    for (method, body) in [(Method::Head, &b""[..]), (Method::Get, b"archive"), (Method::Head, b"")] {
        match Ending::of(transport.stream(&Request::new(method, server.url() + "/1.zip"))) {
            Ending::Whole(200, found) => assert_eq!(found, body, "{method}"),
            other => panic!("{method}: {other:?}"),
        }
    }
    drop(transport);
    assert_eq!(server.finish().connections, 1);
}
