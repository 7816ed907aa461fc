//! How connections are made and used: all that knows ureq's `unversioned` API, for which its minor version is pinned.
//!
//! What ureq's own connections don't have:
//!
//! * A name is looked up when a connection is made, not for each call, and its addresses are [remembered](Names).
//! * A request leaves by one write, where ureq writes head and body each for itself.
//! * A failure says how far the request came: see [`Failure`].

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration as Span;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error, Timeout, http};

#[cfg(not(feature = "rustls"))]
use ureq::unversioned::transport::NativeTlsConnector as Tls;
#[cfg(feature = "rustls")]
use ureq::unversioned::transport::RustlsConnector as Tls;

use super::failure::{Failure, kind_of_io, kind_without_connection};
use super::names::Names;
use crate::transport::TransportErrorKind;

/// An agent whose connections are the ones of this room.
pub(super) fn agent(config: Config, names: Arc<Names>) -> Agent {
    let connector = ().chain(ConnectProxyConnector::default()).chain(Dialler { names }).chain(Tls::default());
    Agent::with_parts(config, Observer(connector), Later)
}

/// Leaves the name to the [`Dialler`]. ureq resolves before it looks for a kept connection, which needs no address; so
/// of 100 calls on one connection it looks a name up 100 times, and this once.
#[derive(Debug)]
struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &http::Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        // ureq asks for at least one address.
        let mut nowhere = self.empty();
        nowhere.push(SocketAddr::from(([0, 0, 0, 0], 0)));
        Ok(nowhere)
    }
}

/// Looks a name up and connects to the first of its addresses that takes the connection.
#[derive(Debug)]
struct Dialler {
    names: Arc<Names>,
}

impl<In: Transport> Connector<In> for Dialler {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Box::new(tunnel)));
        }
        let host = details.uri.host().unwrap_or_default();
        let default_port = if details.uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        let port = details.uri.port_u16().unwrap_or(default_port);
        let deadline = limit(details.timeout).and_then(|limit| Instant::now().checked_add(limit));

        let addresses = self.names.find(host, port, deadline).map_err(|error| {
            let timed_out = error.kind() == io::ErrorKind::TimedOut;
            Failure::new(if timed_out { TransportErrorKind::ConnectTimeout } else { TransportErrorKind::Dns }, error)
        })?;
        let stream = dial(&addresses, deadline).inspect_err(|_| self.names.forget(host, port))?;
        // What takes several writes isn't held back until the one before is acknowledged.
        stream.set_nodelay(details.config.no_delay())?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Box::new(Socket::new(stream, buffers))))
    }
}

/// Tries address by address.
fn dial(addresses: &[SocketAddr], deadline: Option<Instant>) -> io::Result<TcpStream> {
    let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
    let mut untried = addresses;
    while let Some((address, others)) = untried.split_first() {
        untried = others;
        outcome = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => TcpStream::connect(address),
            Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
            Some(left) => TcpStream::connect_timeout(address, share(left, others)),
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// How long an address may take when others come after it: the half of what time is left. The last one gets all of it.
fn share(left: Duration, others: &[SocketAddr]) -> Duration {
    if others.is_empty() { left } else { left / 2 }
}

fn limit(timeout: NextTimeout) -> Option<Duration> {
    match timeout.after {
        Span::Exact(limit) => Some(limit),
        Span::NotHappening => None,
    }
}

/// A time limit, of which something is left.
struct Patience {
    limit: Option<Duration>,
    left: Option<Duration>,
    since: Instant,
    reason: Timeout,
}

impl Patience {
    fn new(timeout: NextTimeout) -> Result<Self, Error> {
        let limit = limit(timeout);
        Self { limit, left: limit, since: Instant::now(), reason: timeout.reason }.or_over()
    }

    /// The same after some of the time has passed.
    fn now(self) -> Result<Self, Error> {
        let left = self.limit.map(|limit| limit.saturating_sub(self.since.elapsed()));
        Self { left, ..self }.or_over()
    }

    fn or_over(self) -> Result<Self, Error> {
        if self.left == Some(Duration::ZERO) { Err(self.is_over()) } else { Ok(self) }
    }

    fn is_over(&self) -> Error {
        Error::Timeout(self.reason)
    }

    /// How long the system is to wait before the time is looked at again: of what is left the half at least, and the same
    /// for nearly every call, so that a kept connection seldom has to be told. That spares each call 2 system calls.
    fn nap(&self) -> Option<Duration> {
        const SHORT: Duration = Duration::from_millis(8);

        self.left.map(|left| match left.as_millis().checked_ilog2() {
            Some(power) if left > SHORT => Duration::from_millis(1 << power.min(u64::BITS - 1)),
            _ => left,
        })
    }
}

/// A TCP connection.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    /// How long the system waits before it gives up reading, and writing.
    naps: (Option<Duration>, Option<Duration>),
    buffers: Outbox,
    /// Whether something was written since something was read.
    spoke_last: bool,
}

impl Socket {
    fn new(stream: TcpStream, buffers: LazyBuffers) -> Self {
        Self { stream, naps: (None, None), buffers: Outbox { buffers, held: 0 }, spoke_last: false }
    }

    /// Writes what is held back.
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        let mut patience = Patience::new(timeout.for_write())?;
        let mut written = 0;
        while written < self.buffers.held {
            let nap = patience.nap();
            if nap != self.naps.1 {
                set_timeout(self.stream.set_write_timeout(nap))?;
                self.naps.1 = nap;
            }
            let rest = &self.buffers.buffers.output()[written..self.buffers.held];
            match self.stream.write(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => {
                    written += count;
                    self.spoke_last = true;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {}
                    // The system took not a byte of it, so the server got none.
                    _ if !self.spoke_last => return Err(Failure::new(TransportErrorKind::Connect, error).into()),
                    _ => return Err(error.into()),
                },
            }
            if written < self.buffers.held {
                patience = patience.now()?;
            }
        }
        self.buffers.held = 0;
        Ok(())
    }
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.buffers.held += amount;
        if self.buffers.is_nearly_full() { self.flush(timeout) } else { Ok(()) }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if self.buffers.held > 0 {
            self.flush(timeout)?;
            if self.buffers.can_use_input() {
                return Ok(true);
            }
        }
        let mut patience = Patience::new(timeout.for_read())?;
        loop {
            let nap = patience.nap();
            if nap != self.naps.0 {
                set_timeout(self.stream.set_read_timeout(nap))?;
                self.naps.0 = nap;
            }
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(count) => {
                    self.buffers.input_appended(count);
                    self.spoke_last = false;
                    return Ok(count > 0);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {}
                    _ => return Err(error.into()),
                },
            }
            patience = patience.now()?;
        }
    }

    /// A connection without a request has nothing to be read: neither an end nor an answer that nobody asked for.
    fn is_open(&mut self) -> bool {
        let is_silent = || {
            self.stream.set_nonblocking(true)?;
            let read = self.stream.peek(&mut [0]);
            self.stream.set_nonblocking(false)?;
            Ok::<_, io::Error>(read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
        };
        self.buffers.held == 0 && is_silent().unwrap_or(false)
    }
}

/// macOS refuses a time limit for a connection that the server has closed, though an answer may still be read from it.
fn set_timeout(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if cfg!(target_os = "macos") && error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    }
}

/// Buffers that hold back what was transmitted until an answer is awaited, so that head and body of a request leave by
/// one write: of a POST on keep-alive one packet instead of two. The body is written behind the head; nothing is copied.
#[derive(Debug)]
struct Outbox {
    buffers: LazyBuffers,
    /// How much of the output is held back.
    held: usize,
}

impl Outbox {
    /// With less room than this, what is held back goes first. It is what ureq wants for a header.
    const ROOM: usize = 16 * 1024;

    fn is_nearly_full(&mut self) -> bool {
        self.output().len() < Self::ROOM
    }
}

impl Buffers for Outbox {
    fn output(&mut self) -> &mut [u8] {
        &mut self.buffers.output()[self.held..]
    }

    fn input(&self) -> &[u8] {
        self.buffers.input()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.buffers.input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.buffers.input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.buffers.input_consume(amount);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        let (tmp, output) = self.buffers.tmp_and_output();
        (tmp, &mut output[self.held..])
    }

    /// ureq awaits input only when there is none to be used, and what is held back goes only then.
    fn can_use_input(&self) -> bool {
        self.held == 0 && self.buffers.can_use_input()
    }
}

/// Tells what failed before there was a connection from what failed on it, and a connection that was kept from a new one.
#[derive(Debug)]
struct Observer<C>(C);

impl<C: Connector> Connector for Observer<C> {
    type Out = Observed<C::Out>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        let made = self.0.connect(details, chained).map_err(|error| match Failure::take(error) {
            Ok(failure) => failure,
            Err(error) => Failure::new(kind_without_connection(&error), error),
        })?;
        Ok(made.map(|inner| Observed { inner, kept: false, answered: false }))
    }
}

#[derive(Debug)]
struct Observed<T> {
    inner: T,
    /// Whether it was used by a call before this one.
    kept: bool,
    /// Whether an answer to this call has begun.
    answered: bool,
}

impl<T> Observed<T> {
    fn judge(&self, error: Error) -> Error {
        match Failure::take(error) {
            Ok(failure) if self.answered => failure.source,
            Ok(failure) => failure.on_kept(self.kept).into(),
            Err(Error::Io(error)) => {
                let error = of_a_connection(error);
                if self.kept && !self.answered && is_loss(&error) {
                    Failure::new(TransportErrorKind::ConnectionLost, error).on_kept(true).into()
                } else {
                    error.into()
                }
            }
            Err(error) => error,
        }
    }
}

/// What ends a connection may be called what keeps one from being made: that there is no way to the host, which the system
/// says of one that was silent for a quarter of an hour. The request is on its way by then.
fn of_a_connection(error: io::Error) -> io::Error {
    if kind_of_io(&error).maybe_delivered() { error } else { io::Error::new(io::ErrorKind::ConnectionAborted, error) }
}

fn is_loss(error: &io::Error) -> bool {
    kind_of_io(error) == TransportErrorKind::ConnectionLost
}

impl<T: Transport> Transport for Observed<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout).map_err(|error| self.judge(error))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        match self.inner.await_input(timeout) {
            Ok(true) => {
                self.answered = true;
                Ok(true)
            }
            Ok(false) if !self.answered => Err(self.judge(io::Error::from(io::ErrorKind::UnexpectedEof).into())),
            Ok(false) => Ok(false),
            Err(error) => Err(self.judge(error)),
        }
    }

    /// The pool asks this between two calls, and only then.
    fn is_open(&mut self) -> bool {
        self.kept = true;
        self.answered = false;
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::super::{Agents, Ways};
    use super::*;
    use crate::clock::ManualClock;
    use crate::transport::{Limits, Method, Proxy, Request, UreqTransport};

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    fn no_limit() -> NextTimeout {
        NextTimeout::default()
    }

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Our end of a connection, and the server's.
    fn pair(output: usize) -> (Socket, TcpStream) {
        let (listener, address) = listener();
        let ours = TcpStream::connect(address).unwrap();
        (Socket::new(ours, LazyBuffers::new(1024, output)), listener.accept().unwrap().0)
    }

    fn transmit(socket: &mut Socket, bytes: &[u8]) -> Result<(), Error> {
        socket.buffers().output()[..bytes.len()].copy_from_slice(bytes);
        socket.transmit_output(bytes.len(), no_limit())
    }

    fn has_arrived(peer: &TcpStream) -> bool {
        peer.set_nonblocking(true).unwrap();
        let arrived = peer.peek(&mut [0]).is_ok();
        peer.set_nonblocking(false).unwrap();
        arrived
    }

    /// Answers each request, none of which has a body, and says how many connections there were.
    fn serve(listener: TcpListener, answers_on_each: usize) -> Arc<AtomicUsize> {
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                for _ in 0..answers_on_each {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        stream.read_exact(&mut byte).unwrap();
                        head.push(byte[0]);
                    }
                    stream.write_all(ANSWER).unwrap();
                }
            }
        });
        connections
    }

    /// An agent to which every name is this address, and how often it looked one up.
    fn agent_for(address: SocketAddr) -> (Agent, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let look_up = move |_: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(vec![address])
        };
        let names = Names::new(look_up, Arc::new(ManualClock::default()));
        let config = Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(60))).build();
        (agent(config, Arc::new(names)), asked)
    }

    #[test]
    fn a_name_is_looked_up_once_for_a_hundred_calls_whether_connections_are_kept_or_not() {
        for (answers_on_each, connections) in [(100, 1), (1, 100)] {
            let (listener, address) = listener();
            let made = serve(listener, answers_on_each);
            let (agent, asked) = agent_for(address);
            for _ in 0..100 {
                // Whether a connection that was closed is seen to be is a race; that it's replaced isn't.
                let answer =
                    agent.get("http://tago.test/run").call().or_else(|_| agent.get("http://tago.test/run").call());
                assert_eq!(answer.unwrap().body_mut().read_to_string().unwrap(), "ok");
            }
            assert_eq!((made.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)), (connections, 1));
        }
    }

    #[test]
    fn a_name_is_looked_up_with_its_port_or_that_of_the_scheme() {
        for (url, expected) in [
            ("http://tago.test/run", "tago.test:80"),
            ("https://tago.test/run", "tago.test:443"),
            ("https://tago.test:8443/run", "tago.test:8443"),
        ] {
            let asked = Arc::new(Mutex::new(Vec::new()));
            let seen = Arc::clone(&asked);
            let look_up = move |name: &str| {
                seen.lock().unwrap().push(name.to_owned());
                Ok(Vec::new())
            };
            let names = Names::new(look_up, Arc::new(ManualClock::default()));
            let error =
                agent(Agent::config_builder().proxy(None).build(), Arc::new(names)).get(url).call().unwrap_err();
            assert_eq!(Failure::take(error).unwrap().kind, TransportErrorKind::Dns);
            assert_eq!(*asked.lock().unwrap(), [expected]);
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_is_looked_up_again() {
        let (listener, address) = listener();
        drop(listener);
        let (agent, asked) = agent_for(address);
        for _ in 0..3 {
            let error = agent.get("http://tago.test/run").call().unwrap_err();
            let failure = Failure::take(error).unwrap();
            assert_eq!((failure.kind, failure.kept), (TransportErrorKind::Connect, false));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn each_address_is_tried_until_one_takes_the_connection() {
        let (listener, good) = listener();
        let (closed, refusing) = self::listener();
        drop(closed);
        let soon = || Instant::now().checked_add(Duration::from_secs(60));
        for addresses in [&[good][..], &[refusing, good], &[refusing, refusing, good], &[good, refusing]] {
            for deadline in [None, soon()] {
                assert_eq!(dial(addresses, deadline).unwrap().peer_addr().unwrap(), good, "{addresses:?}");
            }
        }
        for (addresses, deadline, expected) in [
            (&[refusing, refusing][..], soon(), io::ErrorKind::ConnectionRefused),
            (&[good], Some(Instant::now()), io::ErrorKind::TimedOut),
            (&[], None, io::ErrorKind::AddrNotAvailable),
        ] {
            assert_eq!(dial(addresses, deadline).unwrap_err().kind(), expected, "{addresses:?}");
        }
        drop(listener);
    }

    #[test]
    fn an_address_leaves_half_of_the_time_to_those_after_it() {
        let address = SocketAddr::from(([192, 0, 2, 1], 443));
        for (others, seconds) in [(0, 8), (1, 4), (2, 4)] {
            assert_eq!(share(Duration::from_secs(8), &vec![address; others]), Duration::from_secs(seconds), "{others}");
        }
    }

    #[test]
    fn head_and_body_leave_when_an_answer_is_awaited_and_not_before() {
        let (mut socket, mut peer) = pair(64 * 1024);
        for _ in 0..2 {
            transmit(&mut socket, b"POST /run HTTP/1.1\r\ncontent-length: 4\r\n\r\n").unwrap();
            transmit(&mut socket, b"body").unwrap();
            assert!(!has_arrived(&peer));
            assert!(!socket.is_open(), "a connection with half a request can't be kept");

            peer.write_all(ANSWER).unwrap();
            assert!(socket.await_input(no_limit()).unwrap());
            let mut received = [0; 64];
            let count = peer.read(&mut received).unwrap();
            assert_eq!(&received[..count], b"POST /run HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody");
            assert_eq!(socket.buffers().input(), ANSWER);
            socket.buffers().input_consume(ANSWER.len());
            assert!(socket.is_open());
        }
    }

    #[test]
    fn what_awaits_an_answer_sends_even_when_something_is_left_to_be_read() {
        let (mut socket, mut peer) = pair(64 * 1024);
        peer.write_all(b"of the one before").unwrap();
        assert!(socket.await_input(no_limit()).unwrap());
        socket.buffers().input_consume(1);
        assert!(socket.buffers().can_use_input());

        transmit(&mut socket, b"GET").unwrap();
        assert!(socket.maybe_await_input(no_limit()).unwrap());
        assert!(has_arrived(&peer));
    }

    #[test]
    fn what_is_awaited_is_read_even_when_something_is_left() {
        let (mut socket, mut peer) = pair(64 * 1024);
        for piece in [&b"of the one "[..], b"before"] {
            peer.write_all(piece).unwrap();
            assert!(socket.await_input(no_limit()).unwrap());
            socket.buffers().input_consume(1);
            assert!(socket.buffers().can_use_input());
        }
        assert_eq!(socket.buffers().input(), b" the one before");
    }

    #[test]
    fn what_is_held_back_leaves_once_a_header_would_have_no_room() {
        let (mut socket, peer) = pair(64 * 1024);
        transmit(&mut socket, &vec![b'x'; 48 * 1024]).unwrap();
        assert!(!has_arrived(&peer));
        transmit(&mut socket, b"x").unwrap();
        assert!(has_arrived(&peer));
    }

    #[test]
    fn a_long_body_leaves_when_the_buffer_is_nearly_full() {
        const BUFFER: usize = 64 * 1024;
        let (mut socket, mut peer) = pair(BUFFER);
        let body: Vec<u8> = (0..=u8::MAX).cycle().take(1024 * 1024).collect();
        let expected = body.clone();
        let reader = thread::spawn(move || {
            let mut received = vec![0; expected.len()];
            peer.read_exact(&mut received).unwrap();
            received == expected
        });
        let mut rest = &body[..];
        while !rest.is_empty() {
            let room = socket.buffers().output().len();
            assert!(room >= 16 * 1024);
            let (piece, after) = rest.split_at(room.min(10_000).min(rest.len()));
            transmit(&mut socket, piece).unwrap();
            rest = after;
        }
        socket.flush(no_limit()).unwrap();
        assert!(reader.join().unwrap());
    }

    #[test]
    fn what_the_system_did_not_take_was_not_delivered() {
        let (mut socket, peer) = pair(64 * 1024);
        // Closed with something unread in it: a reset.
        socket.stream.write_all(b"x").unwrap();
        while !has_arrived(&peer) {
            thread::yield_now();
        }
        drop(peer);
        assert!(socket.stream.read(&mut [0]).is_err());

        transmit(&mut socket, b"GET").unwrap();
        let failure = Failure::take(socket.await_input(no_limit()).unwrap_err()).unwrap();
        assert_eq!((failure.kind, failure.kept), (TransportErrorKind::Connect, false));

        socket.spoke_last = true;
        let error = socket.await_input(no_limit()).unwrap_err();
        assert!(matches!(error, Error::Io(_)), "the beginning was taken: {error:?}");
    }

    #[test]
    fn of_a_time_limit_there_is_left_what_has_not_passed() {
        let after = |limit: Span| {
            let patience = Patience::new(NextTimeout { after: limit, ..no_limit() }).unwrap();
            while patience.since.elapsed() < Duration::from_nanos(2) {}
            patience.now().map(|patience| patience.left)
        };
        let hour = Duration::from_secs(3600);
        assert!(after(hour.into()).unwrap().is_some_and(|left| left < hour));
        assert_eq!(after(Span::NotHappening).unwrap(), None);
        assert!(matches!(after(Duration::from_nanos(1).into()), Err(Error::Timeout(_))));
    }

    #[test]
    fn time_that_has_run_out_is_not_waited_for() {
        let (mut socket, _peer) = pair(64 * 1024);
        for after in [Duration::ZERO, Duration::from_millis(1)] {
            let timeout = NextTimeout { after: after.into(), reason: Timeout::Global, ..no_limit() };
            let error = socket.await_input(timeout).unwrap_err();
            assert!(matches!(error, Error::Timeout(Timeout::Global)), "{error:?}");
        }
        transmit(&mut socket, b"GET").unwrap();
        let timeout = NextTimeout { after: Duration::ZERO.into(), reason: Timeout::Global, ..no_limit() };
        assert!(matches!(socket.await_input(timeout).unwrap_err(), Error::Timeout(Timeout::Global)));
    }

    #[test]
    fn the_system_waits_for_half_of_what_is_left_at_least_and_a_kept_connection_is_seldom_told() {
        let milliseconds = Duration::from_millis;
        for (left, nap) in [
            (None, None),
            (Some(Duration::from_secs(60)), Some(milliseconds(32_768))),
            (Some(milliseconds(32_768)), Some(milliseconds(32_768))),
            (Some(milliseconds(32_767)), Some(milliseconds(16_384))),
            (Some(milliseconds(9)), Some(milliseconds(8))),
            (Some(milliseconds(8)), Some(milliseconds(8))),
            (Some(Duration::from_micros(7_900)), Some(Duration::from_micros(7_900))),
            (Some(Duration::from_nanos(1)), Some(Duration::from_nanos(1))),
            (Some(Duration::MAX), Some(milliseconds(1 << 63))),
        ] {
            let patience = Patience { limit: left, left, since: Instant::now(), reason: Timeout::Global };
            assert_eq!(patience.nap(), nap, "{left:?}");
        }

        let (mut socket, mut peer) = pair(64 * 1024);
        for (limit, nap) in [(60_000, 32_768), (40_000, 32_768), (20_000, 16_384)] {
            peer.write_all(b"x").unwrap();
            let timeout = NextTimeout { after: milliseconds(limit).into(), ..no_limit() };
            transmit(&mut socket, b"GET").unwrap();
            assert!(socket.await_input(timeout).unwrap());
            assert_eq!(socket.stream.read_timeout().unwrap(), Some(milliseconds(nap)), "{limit}");
            assert_eq!(socket.stream.write_timeout().unwrap(), Some(milliseconds(nap)), "{limit}");
        }
        peer.write_all(b"x").unwrap();
        assert!(socket.await_input(no_limit()).unwrap());
        assert_eq!(socket.stream.read_timeout().unwrap(), None);
    }

    #[test]
    fn time_that_the_system_has_waited_is_not_all_the_time_there_is() {
        let (mut socket, _peer) = pair(64 * 1024);
        let limit = Duration::from_millis(20);
        let begun = Instant::now();
        let timeout = NextTimeout { after: limit.into(), reason: Timeout::Global, ..no_limit() };
        assert!(matches!(socket.await_input(timeout).unwrap_err(), Error::Timeout(Timeout::Global)));
        assert!(begun.elapsed() >= limit);
    }

    #[test]
    fn a_server_that_does_not_read_is_not_waited_for_longer_than_the_limit() {
        let (mut socket, _peer) = pair(64 * 1024);
        let limit = Duration::from_millis(50);
        let timeout = NextTimeout { after: limit.into(), reason: Timeout::SendBody, ..no_limit() };
        // Once it takes a part of what is written, and in the end nothing.
        for _ in 0..4 {
            let error = loop {
                let amount = 60 * 1024 - socket.buffers.held;
                if let Err(error) = socket.transmit_output(amount, timeout) {
                    break error;
                }
            };
            assert!(matches!(error, Error::Timeout(Timeout::SendBody)), "{error:?}");
        }
    }

    #[test]
    fn only_macos_may_refuse_a_time_limit() {
        for (kind, passes) in [(io::ErrorKind::InvalidInput, cfg!(target_os = "macos")), (io::ErrorKind::Other, false)]
        {
            assert_eq!(set_timeout(Err(kind.into())).is_ok(), passes, "{kind}");
        }
        assert!(set_timeout(Ok(())).is_ok());
    }

    /// A transport that does what it's told, once.
    #[derive(Debug)]
    struct Stub(Option<Result<bool, Error>>);

    impl Transport for Stub {
        fn buffers(&mut self) -> &mut dyn Buffers {
            unreachable!("nothing is read")
        }

        fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
            self.0.take().unwrap().map(drop)
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            self.0.take().unwrap()
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    #[test]
    fn a_kept_connection_that_ends_before_an_answer_is_told_from_all_others() {
        use TransportErrorKind::{Connect, ConnectionLost};

        let io = |kind: io::ErrorKind| Err(Error::Io(kind.into()));
        let unsent = || Err(Failure::new(Connect, io::Error::from(io::ErrorKind::BrokenPipe)).into());
        let reset = || io(io::ErrorKind::ConnectionReset);
        for (kept, answered, outcome, expected) in [
            (true, false, Ok(false), Some((ConnectionLost, true))),
            (true, false, reset(), Some((ConnectionLost, true))),
            (true, false, io(io::ErrorKind::UnexpectedEof), Some((ConnectionLost, true))),
            (true, false, io(io::ErrorKind::InvalidData), None),
            (true, false, Err(Error::Timeout(Timeout::Global)), None),
            (true, false, unsent(), Some((Connect, true))),
            (true, false, io(io::ErrorKind::HostUnreachable), Some((ConnectionLost, true))),
            (true, true, reset(), None),
            (true, true, unsent(), None),
            (false, false, Ok(false), None),
            (false, false, reset(), None),
            (false, false, unsent(), Some((Connect, false))),
            (false, true, unsent(), None),
        ] {
            let shown = format!("kept {kept}, answered {answered}, {outcome:?}");
            let mut observed = Observed { inner: Stub(None), kept: false, answered: true };
            if kept {
                assert!(observed.is_open());
            }
            observed.answered = false;
            if answered {
                observed.inner = Stub(Some(Ok(true)));
                assert!(observed.await_input(no_limit()).unwrap());
            }
            observed.inner = Stub(Some(outcome));
            let failure = Failure::take(observed.await_input(no_limit()).unwrap_err()).ok();
            assert_eq!(failure.map(|failure| (failure.kind, failure.kept)), expected, "{shown}");
        }
    }

    #[test]
    fn what_ends_a_connection_is_not_taken_for_what_keeps_one_from_being_made() {
        let handshake = || io::Error::new(io::ErrorKind::InvalidData, "received fatal alert: HandshakeFailure");
        for kind in [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::AddrNotAvailable,
            io::ErrorKind::InvalidData,
        ] {
            let error = || if kind == io::ErrorKind::InvalidData { handshake() } else { kind.into() };
            assert!(!kind_of_io(&error()).maybe_delivered(), "{kind}");
            for (answered, sending) in [(false, true), (false, false), (true, false)] {
                let mut observed = Observed { inner: Stub(Some(Err(error().into()))), kept: false, answered };
                let outcome = if sending {
                    observed.transmit_output(1, no_limit())
                } else {
                    observed.await_input(no_limit()).map(drop)
                };
                let Err(Error::Io(error)) = outcome else { panic!("{outcome:?}") };
                assert_eq!(kind_of_io(&error), TransportErrorKind::ConnectionLost, "{kind}");
            }
        }
    }

    /// Loses each request as on a kept connection, and keeps what it was to be sent with: the time limit of the attempt,
    /// and how long a connection may have been idle.
    #[derive(Debug, Clone, Default)]
    struct Losing(Arc<Mutex<Vec<Allowed>>>);

    type Allowed = (Option<Duration>, Duration);

    impl Connector for Losing {
        type Out = Stub;

        fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Stub>, Error> {
            self.0.lock().unwrap().push((details.config.timeouts().global, details.config.max_idle_age()));
            let begun = Instant::now();
            while begun.elapsed().is_zero() {}
            let lost = io::Error::from(io::ErrorKind::ConnectionReset);
            Err(Failure::new(TransportErrorKind::ConnectionLost, lost).on_kept(true).into())
        }
    }

    #[test]
    fn each_request_has_its_own_limits_and_the_one_that_is_sent_once_more_what_is_left_of_them() {
        const FRESH: Duration = Duration::from_secs(1);
        let (of_agent, idle_of_agent) = (Duration::from_secs(1234), Duration::from_secs(99));
        let own = Limits { attempt: Some(Duration::from_secs(5)), ..Limits::default() };
        let endless = Limits { attempt: None, ..Limits::default() };
        for (limits, expected) in [(Limits::default(), Some(of_agent)), (own, own.attempt), (endless, None)] {
            let losing = Losing::default();
            let config =
                Agent::config_builder().proxy(None).timeout_global(Some(of_agent)).max_idle_age(idle_of_agent).build();
            let make = |_| Agent::with_parts(config.clone(), losing.clone(), Later);
            let ways = Ways::look_up(&Proxy::None, &|_| None, make).unwrap();
            let request = Request::new(Method::Get, "http://tago.test/run").with_limits(limits);
            let error = crate::transport::Transport::send(&UreqTransport::of(Agents::Own(ways)), &request).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::ConnectionLost);

            let seen = losing.0.lock().unwrap();
            let [first, (left, idle)] = seen[..] else { panic!("{seen:?}") };
            assert_eq!((first, idle), ((expected, idle_of_agent), FRESH));
            assert_eq!(left.is_some(), limits.attempt.is_some());
            assert!(left.zip(limits.attempt).is_none_or(|(left, attempt)| left < attempt), "{left:?}");
        }
    }

    #[test]
    fn an_answer_may_end_with_its_connection() {
        let mut observed = Observed { inner: Stub(Some(Ok(false))), kept: false, answered: true };
        assert!(!observed.await_input(no_limit()).unwrap());
        assert!(!observed.is_tls());
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn encrypted_requests_share_a_connection() {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        use ureq::tls::{Certificate, RootCerts, TlsConfig};

        let fixture =
            |name| std::fs::read(format!("{}/tests/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (certificate, key) = (fixture("certificate.pem"), fixture("key.pem"));
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&certificate).unwrap()]);
        let (listener, address) = listener();
        let server = thread::spawn(move || {
            let config =
                rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .with_safe_default_protocol_versions()
                    .unwrap()
                    .with_no_client_auth()
                    .with_single_cert(
                        vec![CertificateDer::from_pem_slice(&certificate).unwrap()],
                        PrivateKeyDer::from_pem_slice(&key).unwrap(),
                    )
                    .unwrap();
            let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, listener.accept().unwrap().0);
            (0..3)
                .map(|_| {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\nbody") {
                        let mut piece = [0; 1024];
                        let count = stream.read(&mut piece).unwrap();
                        request.extend_from_slice(&piece[..count]);
                    }
                    stream.write_all(ANSWER).unwrap();
                })
                .count()
        });
        let config = Agent::config_builder()
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let agent = agent(config, Arc::default());
        for _ in 0..3 {
            let url = format!("https://localhost:{}/run", address.port());
            let mut answer = agent.post(url).send(&b"body"[..]).unwrap();
            assert_eq!(answer.body_mut().read_to_string().unwrap(), "ok");
        }
        assert_eq!(server.join().unwrap(), 3);
    }
}
