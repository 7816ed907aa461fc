//! A server on loopback that does what a test tells it to, and keeps what it was sent.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// One request, byte for byte.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Request line and headers, with the empty line at their end.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Method and path, as in `GET /run`.
    pub(crate) fn call(&self) -> &str {
        self.head.lines().next().and_then(|line| line.strip_suffix(" HTTP/1.1")).expect("a request line of HTTP/1.1")
    }
}

/// What a server was sent until it was stopped.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) connections: usize,
    pub(crate) requests: Vec<Received>,
}

impl Journal {
    /// Method and path of each request, in order.
    pub(crate) fn calls(&self) -> Vec<&str> {
        self.requests.iter().map(Received::call).collect()
    }
}

/// A server with one thread for each connection. It ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    journal: Arc<Mutex<Journal>>,
    /// The address of the connection that wakes the acceptor for the last time.
    last: Arc<Mutex<Option<SocketAddr>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Runs `script` for each connection, and closes the connection when the script ends.
    pub(crate) fn start(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("the port's number");
        let journal = Arc::new(Mutex::new(Journal::default()));
        let last = Arc::new(Mutex::new(None));
        let acceptor = thread::spawn({
            let (journal, last, script) = (Arc::clone(&journal), Arc::clone(&last), Arc::new(script));
            move || accept(&listener, &journal, &last, &script)
        });
        Self { address, journal, last, acceptor: Some(acceptor) }
    }

    /// Answers each request, whatever connection it comes on, with the next of these; after them, connections are
    /// closed unanswered.
    pub(crate) fn answering<const N: usize>(answers: [Vec<u8>; N]) -> Self {
        let answers = Mutex::new(answers.into_iter());
        Self::start(move |peer| {
            while peer.receive().is_some() {
                let next = lock(&answers).next();
                let Some(answer) = next else { break };
                peer.send(&answer);
            }
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it and says what it was sent, connections that were waiting to be accepted included.
    ///
    /// # Panics
    ///
    /// When a script did.
    pub(crate) fn finish(mut self) -> Journal {
        self.stop().expect("no script panicked");
        std::mem::take(&mut *lock(&self.journal))
    }

    fn stop(&mut self) -> thread::Result<()> {
        let Some(acceptor) = self.acceptor.take() else { return Ok(()) };
        // While the lock is held, the acceptor can't mistake this connection for a client's.
        let mut last = lock(&self.last);
        let waker = TcpStream::connect(self.address).expect("the acceptor still listens");
        *last = Some(waker.local_addr().expect("the waker's number"));
        drop(last);
        acceptor.join()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = self.stop();
        assert!(stopped.is_ok() || thread::panicking(), "a script panicked");
    }
}

fn accept<S>(listener: &TcpListener, journal: &Arc<Mutex<Journal>>, last: &Mutex<Option<SocketAddr>>, script: &Arc<S>)
where
    S: Fn(&mut Peer) + Send + Sync + 'static,
{
    let mut open = Vec::new();
    loop {
        let (stream, address) = listener.accept().expect("a connection");
        if *lock(last) == Some(address) {
            break;
        }
        let connection = {
            let mut journal = lock(journal);
            journal.connections += 1;
            journal.connections - 1
        };
        let stream = Arc::new(stream);
        let same_stream = Arc::downgrade(&stream);
        let journal = Arc::clone(journal);
        let mut peer = Peer { stream, connection, buffer: Vec::new(), resets: false, journal };
        let script = Arc::clone(script);
        let thread = thread::spawn(move || {
            script(&mut peer);
            peer.close();
        });
        open.push((same_stream, thread));
    }
    for (stream, thread) in open {
        // What has arrived can still be read; who waits for more is woken. An error means that it is closed already.
        if let Some(stream) = Weak::upgrade(&stream) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// The client, as the server sees it.
pub(crate) struct Peer {
    /// For what the methods don't offer. It is closed when the last handle is dropped.
    pub(crate) stream: Arc<TcpStream>,
    /// Counted from 0.
    pub(crate) connection: usize,
    buffer: Vec<u8>,
    /// Whether the connection is left to break.
    resets: bool,
    journal: Arc<Mutex<Journal>>,
}

impl Peer {
    /// Reads a whole request; `None` when the client hangs up before.
    pub(crate) fn receive(&mut self) -> Option<Received> {
        let head_ends = loop {
            match self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.read_more()?,
            }
        };
        let head = String::from_utf8(self.buffer.drain(..head_ends).collect()).expect("a head in ASCII");
        let length = body_length(&head);
        while self.buffer.len() < length {
            self.read_more()?;
        }
        let body = self.buffer.drain(..length).collect();
        let received = Received { head, body };
        lock(&self.journal).requests.push(received.clone());
        Some(received)
    }

    /// Takes down a whole request that a script has read by itself: what was encrypted, say.
    pub(crate) fn note(&self, request: &[u8]) {
        let (head, body) = request.split_at(request.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4);
        let head = String::from_utf8(head.to_vec()).expect("a head in ASCII");
        lock(&self.journal).requests.push(Received { head, body: body.to_vec() });
    }

    /// Waits for the first byte of a request, reads none of it, and resets the connection when the script ends.
    pub(crate) fn reset_unread(&mut self) {
        if self.next_byte_comes() {
            self.resets = true;
        }
    }

    /// Takes a whole request and resets the connection when the script ends; `false` when the client hangs up before.
    ///
    /// An operating system resets what is closed with something unread in it. So the last byte is seen, but not taken.
    pub(crate) fn reset_once_read(&mut self) -> bool {
        let whole = self.take_all_but_a_byte();
        if let Some(received) = whole {
            self.reset_unread();
            lock(&self.journal).requests.push(received);
        }
        self.resets
    }

    fn take_all_but_a_byte(&mut self) -> Option<Received> {
        let mut taken = Vec::new();
        while !taken.ends_with(b"\r\n\r") {
            taken.push(self.take_byte()?);
        }
        let head = String::from_utf8(taken).expect("a head in ASCII") + "\n";
        let mut body = Vec::new();
        let length = body_length(&head);
        if length > 0 {
            self.take_byte()?;
            while body.len() + 1 < length {
                body.push(self.take_byte()?);
            }
        }
        Some(Received { head, body })
    }

    fn next_byte_comes(&self) -> bool {
        self.stream.peek(&mut [0]).is_ok_and(|count| count == 1)
    }

    fn take_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        (&*self.stream).read_exact(&mut byte).ok()?;
        Some(byte[0])
    }

    fn read_more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        match (&*self.stream).read(&mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Some(())
            }
        }
    }

    /// Sends bytes, and says whether the client is still there to get them.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        (&*self.stream).write_all(bytes).is_ok()
    }

    /// Waits for the client to hang up, but not longer than this.
    pub(crate) fn is_gone_within(&mut self, patience: Duration) -> bool {
        self.stream.set_read_timeout(Some(patience)).expect("a patience above zero");
        match (&*self.stream).read(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        }
    }

    fn close(&self) {
        if !self.resets {
            // An error means that the client was faster.
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }
}

fn body_length(head: &str) -> usize {
    head.lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a length in digits"))
}

/// An answer with the length of its body.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{}\r\n", body.len(), headers.concat());
    [head.as_bytes(), body].concat()
}

/// TagoIO's success with this result, which is JSON.
pub(crate) fn success(result: &str) -> Vec<u8> {
    answer("200 OK", &[("content-type", "application/json")], format!(r#"{{"status":true,"result":{result}}}"#))
}

/// TagoIO's refusal with this sentence.
pub(crate) fn refusal(status: &str, message: &str) -> Vec<u8> {
    answer(status, &[("content-type", "application/json")], format!(r#"{{"status":false,"message":"{message}"}}"#))
}

/// A port of loopback that nobody listens on, for as long as this lives: it belongs to the outgoing end of a connection.
pub(crate) struct UnusedPort {
    _listener: TcpListener,
    outgoing: TcpStream,
}

impl UnusedPort {
    pub(crate) fn find() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port on loopback");
        let outgoing = TcpStream::connect(listener.local_addr().expect("its number")).expect("a connection");
        Self { _listener: listener, outgoing }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.outgoing.local_addr().expect("its number"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
