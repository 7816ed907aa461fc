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

/// Tries address by address. Each gets the half of what time is left, and the last one all of it.
fn dial(addresses: &[SocketAddr], deadline: Option<Instant>) -> io::Result<TcpStream> {
    let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
    for (tried, address) in addresses.iter().enumerate() {
        outcome = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => TcpStream::connect(address),
            Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
            Some(left) if tried + 1 == addresses.len() => TcpStream::connect_timeout(address, left),
            Some(left) => TcpStream::connect_timeout(address, left / 2),
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn limit(timeout: NextTimeout) -> Option<Duration> {
    match timeout.after {
        Span::Exact(limit) => Some(limit),
        Span::NotHappening => None,
    }
}

/// What is left of a time limit; an error when nothing is.
struct Patience {
    limit: Option<Duration>,
    since: Instant,
    reason: Timeout,
}

impl Patience {
    fn new(timeout: NextTimeout) -> Self {
        Self { limit: limit(timeout), since: Instant::now(), reason: timeout.reason }
    }

    fn left(&self) -> Result<Option<Duration>, Error> {
        match self.limit.map(|limit| limit.saturating_sub(self.since.elapsed())) {
            Some(Duration::ZERO) => Err(self.is_over()),
            left => Ok(left),
        }
    }

    fn is_over(&self) -> Error {
        Error::Timeout(self.reason)
    }
}

/// A TCP connection.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    buffers: Outbox,
    /// Whether something was written since something was read.
    spoke_last: bool,
}

impl Socket {
    fn new(stream: TcpStream, buffers: LazyBuffers) -> Self {
        Self { stream, buffers: Outbox { buffers, held: 0 }, spoke_last: false }
    }

    /// Writes what is held back.
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        let patience = Patience::new(timeout.for_write());
        let mut written = 0;
        while written < self.buffers.held {
            set_timeout(self.stream.set_write_timeout(patience.left()?))?;
            let rest = &self.buffers.buffers.output()[written..self.buffers.held];
            match self.stream.write(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => {
                    written += count;
                    self.spoke_last = true;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Err(patience.is_over()),
                    // The system took not a byte of it, so the server got none.
                    _ if !self.spoke_last => return Err(Failure::new(TransportErrorKind::Connect, error).into()),
                    _ => return Err(error.into()),
                },
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
        let patience = Patience::new(timeout.for_read());
        loop {
            set_timeout(self.stream.set_read_timeout(patience.left()?))?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(count) => {
                    self.buffers.input_appended(count);
                    self.spoke_last = false;
                    return Ok(count > 0);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Err(patience.is_over()),
                    _ => return Err(error.into()),
                },
            }
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
            Ok(failure) if self.answered => Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, failure)),
            Ok(failure) => failure.on_kept(self.kept).into(),
            Err(Error::Io(error)) if self.kept && !self.answered && is_loss(&error) => {
                Failure::new(TransportErrorKind::ConnectionLost, error).on_kept(true).into()
            }
            Err(error) => error,
        }
    }
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
