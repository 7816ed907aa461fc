//! A server on loopback that costs little: a thread for each connection, and answers that are made beforehand.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::answers;

/// How many users there are.
pub const USERS: usize = 100_000;

/// The amounts of which the first page is made beforehand.
pub const AMOUNTS: [usize; 4] = [20, 100, 1_000, 10_000];

/// What a server is asked for how many connections and requests it saw before this one.
pub const SEEN: &str = "/_seen";

pub struct Server {
    one_user: Vec<u8>,
    created: Vec<u8>,
    statistics: Vec<u8>,
    /// By the amount.
    first_pages: BTreeMap<usize, Vec<u8>>,
    answers_after: Duration,
    connections: AtomicU64,
    requests: AtomicU64,
}

impl Server {
    pub fn new(answers_after: Duration) -> Self {
        Self {
            one_user: answer(&answers::one_user()),
            created: answer(answers::CREATED),
            statistics: answer(&answers::statistics(744)),
            first_pages: AMOUNTS.map(|amount| (amount, answer(&answers::users(0, amount)))).into(),
            answers_after,
            connections: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        }
    }

    /// Listens on a port of this computer, for as long as the program runs.
    pub fn start(self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || self.listen(&listener, Some));
        Ok(address)
    }

    /// Serves each connection, after `wrap` has put TLS around it, or nothing.
    pub fn listen<C: Read + Write>(
        self,
        listener: &TcpListener,
        wrap: impl Fn(TcpStream) -> Option<C> + Clone + Send + 'static,
    ) {
        let server = Arc::new(self);
        for connection in listener.incoming().flatten() {
            server.connections.fetch_add(1, Ordering::Relaxed);
            let (server, wrap) = (Arc::clone(&server), wrap.clone());
            thread::spawn(move || {
                // Without this, an answer may wait for the acknowledgement of the one before.
                let wrapped = connection.set_nodelay(true).ok().and_then(|()| wrap(connection));
                // A client that is gone is no failure.
                wrapped.map(|connection| server.serve(connection))
            });
        }
    }

    fn serve(&self, mut connection: impl Read + Write) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        let mut filled = 0;
        loop {
            let (head, whole) = loop {
                if let Some(lengths) = lengths(&buffer[..filled]) {
                    break lengths;
                }
                let read = connection.read(&mut buffer[filled..])?;
                if read == 0 {
                    return Ok(());
                }
                filled += read;
            };
            self.answer(&mut connection, &buffer[..head])?;
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
        }
    }

    fn answer(&self, connection: &mut impl Write, head: &[u8]) -> io::Result<()> {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let mut words = std::str::from_utf8(line).unwrap_or_default().split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if target == SEEN {
            let (connections, requests) = (&self.connections, &self.requests);
            let seen = format!("{} {}", connections.load(Ordering::Relaxed), requests.load(Ordering::Relaxed));
            return connection.write_all(&answer(&seen));
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !self.answers_after.is_zero() {
            thread::sleep(self.answers_after);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let number = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.and_then(|value| value.parse::<usize>().ok())
        };
        match (method, path) {
            ("POST", _) => connection.write_all(&self.created),
            (_, "/run/users") => {
                let (page, amount) = (number("page").unwrap_or(1), number("amount").unwrap_or(20));
                match self.first_pages.get(&amount) {
                    Some(made) if page == 1 => connection.write_all(made),
                    _ => {
                        let first = (page - 1).saturating_mul(amount).min(USERS);
                        connection.write_all(&answer(&answers::users(first, amount.min(USERS - first))))
                    }
                }
            }
            (_, path) if path.ends_with("/statistics") => connection.write_all(&self.statistics),
            _ => connection.write_all(&self.one_user),
        }
    }
}

fn answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ndate: Tue, 10 Mar 2026 09:30:00 GMT\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// How long the head of the request at the beginning is, and how long all of it. `None` when there is more to come.
fn lengths(received: &[u8]) -> Option<(usize, usize)> {
    let head = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let body = received[..head].split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + body.unwrap_or_default();
    (received.len() >= whole).then_some((head, whole))
}
