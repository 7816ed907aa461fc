//! The HTTP door: the world of a [`Sandbox`] on a socket, for clients of any language.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::http::HeaderValue;
use hyper::http::header::{CONNECTION, EXPECT};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::oneshot;

use super::connections::{Connections, Seat};
use super::control;
use super::faults::{Ending, Outcome};
use super::{Handled, Sandbox};
use crate::error::{Error, Result};
use crate::region::Region;
use crate::transport::{Method, Request, Response};

/// The largest body that is read. TagoIO's own limit is not published; nothing of its administration side comes near.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// The largest body that is read of a request without a token that is known: it is refused whatever the body says.
const LARGEST_BODY_OF_STRANGERS: usize = 64 * 1024;
/// The largest state that is read: some hundred thousand users.
const LARGEST_STATE: usize = 256 * 1024 * 1024;

/// What the server puts up with.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// The most connections at a time; further ones take the places of those that do nothing.
    connections: usize,
    /// How long a client may take to send the head of a request.
    head: Duration,
    /// How long a client may take to send the body of a request.
    body: Duration,
    /// How long a client may take nothing of an answer.
    answer: Duration,
    /// How long a stop waits for answers that are under way.
    goodbye: Duration,
}

impl Patience {
    const USUAL: Self = Self {
        connections: 1024,
        head: Duration::from_secs(30),
        body: Duration::from_secs(30),
        answer: Duration::from_secs(30),
        goodbye: Duration::from_secs(2),
    };
}

impl Sandbox {
    /// Serves this sandbox by HTTP on an address of this computer, until the handle is dropped. Port 0 takes any free
    /// port.
    ///
    /// The transport door stays open: both act on the same world. With the feature `log`, each request that comes by HTTP
    /// is a line at debug level under the target `tagoio::sandbox`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the address isn't one, can't be bound, or isn't of this computer only: see
    /// [`serve_exposed`](Sandbox::serve_exposed).
    ///
    /// ```
    /// use tagoio::sandbox::Sandbox;
    /// use tagoio::{Client, ProfileId};
    ///
    /// let server = Sandbox::new().serve("127.0.0.1:0")?;
    /// let tago = Client::builder().token(server.sandbox().token()).region(server.region()).vars(|_| None).build()?;
    /// let me = tago.profile().info(ProfileId::CURRENT)?;
    /// assert_eq!(me.info.id, server.sandbox().profile_id());
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "sandbox-server")))]
    pub fn serve(&self, address: impl ToSocketAddrs) -> Result<SandboxServer> {
        let listener = bind(address)?;
        let local = listener.local_addr().map_err(unbound)?;
        if !local.ip().is_loopback() {
            return Err(Error::config(
                "sandbox address",
                format!("{local} can be reached from other computers; Sandbox::serve_exposed takes it"),
            ));
        }
        SandboxServer::start(self.clone(), listener, local, Patience::USUAL)
    }

    /// Like [`serve`](Sandbox::serve), but on any address: whoever reaches it has the demo account, and the control
    /// routes. [`SandboxServer`] says so when it is printed.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the address isn't one or can't be bound.
    #[cfg_attr(docsrs, doc(cfg(feature = "sandbox-server")))]
    pub fn serve_exposed(&self, address: impl ToSocketAddrs) -> Result<SandboxServer> {
        let listener = bind(address)?;
        let local = listener.local_addr().map_err(unbound)?;
        SandboxServer::start(self.clone(), listener, local, Patience::USUAL)
    }
}

fn bind(address: impl ToSocketAddrs) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(unbound)
}

fn unbound(error: io::Error) -> Error {
    Error::config_from("sandbox address", "it can't be listened on", error)
}

/// A [`Sandbox`] that is being served by HTTP. Dropping it stops the server: answers under way are finished, then the
/// port is free.
///
/// ```
/// use tagoio::sandbox::Sandbox;
///
/// let server = Sandbox::new().serve("127.0.0.1:0")?;
/// assert!(server.url().starts_with("http://127.0.0.1:") && !server.is_exposed());
/// server.stop();
/// # Ok::<(), tagoio::Error>(())
/// ```
#[must_use = "the server stops when this is dropped"]
pub struct SandboxServer {
    sandbox: Sandbox,
    address: SocketAddr,
    region: Region,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxServer {
    fn start(sandbox: Sandbox, listener: TcpListener, address: SocketAddr, patience: Patience) -> Result<Self> {
        let region = Region::insecure(&url(address))?;
        listener.set_nonblocking(true).map_err(unbound)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("tagoio-sandbox")
            .enable_all()
            .build()
            .map_err(unbound)?;
        let (stop, stopped) = oneshot::channel();
        let door = Door { sandbox: sandbox.clone(), exposed: !address.ip().is_loopback(), patience };
        let run = move || {
            runtime.block_on(accept(door, listener, stopped));
            runtime.shutdown_timeout(Duration::from_millis(100));
        };
        let thread =
            std::thread::Builder::new().name("tagoio-sandbox-accept".to_owned()).spawn(run).map_err(unbound)?;
        Ok(Self { sandbox, address, region, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL: what `TAGOIO_API` is to be set to.
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// The region of a [`Client`](crate::Client) that is to talk to it.
    pub fn region(&self) -> Region {
        self.region.clone()
    }

    /// The sandbox that is served.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The requests that the sandbox answered, in order, through whichever door they came.
    pub fn journal(&self) -> Vec<Handled> {
        self.sandbox.journal()
    }

    /// Whether other computers can reach it.
    pub fn is_exposed(&self) -> bool {
        !self.address.ip().is_loopback()
    }

    /// Stops it, as dropping does.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for SandboxServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails when the server has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Display for SandboxServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sandbox at {}", self.url())?;
        if self.is_exposed() {
            write!(f, ", OPEN TO OTHER COMPUTERS on {}", self.address)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SandboxServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What listens on every address of the computer is reached at its own.
fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    format!("http://{address}")
}

/// What each connection leads to.
#[derive(Clone)]
struct Door {
    sandbox: Sandbox,
    /// Whether other computers can reach it.
    exposed: bool,
    patience: Patience,
}

/// Accepts connections until it is told to stop, and then lets those that are under way end.
async fn accept(door: Door, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let patience = door.patience;
    let connections = Connections::new(patience.connections);
    let under_way = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: another has to go first.
            connections.dismiss_idlest();
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let admitted = tokio::select! {
            admitted = connections.admit() => admitted,
            _ = &mut stopped => break,
        };
        let Some(place) = admitted else { break };
        // An answer's head and body leave in two writes; they need not wait for each other.
        let _ = stream.set_nodelay(true);
        let (door, seat) = (door.clone(), place.seat());
        let service = service_fn(move |request| handle(door.clone(), Arc::clone(&seat), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .half_close(true)
            .serve_connection(TokioIo::new(place.watch(stream, patience.answer)), service);
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                // A connection that breaks is the client's business.
                _ = connection => {}
                () = place.dismissed() => {}
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(patience.goodbye, under_way.shutdown()).await;
}

type Body = BoxBody<Bytes, HangUp>;

/// Ends a connection without an answer, or in the middle of one.
#[derive(Debug)]
struct HangUp;

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is dropped on purpose")
    }
}

impl std::error::Error for HangUp {}

async fn handle(
    door: Door,
    seat: Arc<Seat>,
    request: hyper::Request<Incoming>,
) -> std::result::Result<hyper::Response<Body>, HangUp> {
    let Door { sandbox, exposed, patience } = door;
    let (head, mut body) = request.into_parts();
    let Some(method) = method(&head.method) else {
        return Ok(whole(refusal(405, "Method Not Allowed")));
    };
    let request = described(method, &head);
    let is_control = control::is_for(request.path());
    if is_control {
        if let Some(reason) = control::objection(&head, exposed) {
            return Ok(parting(whole(refusal(403, reason)), &head, body, patience.body));
        }
    }
    let is_stranger = !is_control && !sandbox.knows_token_of(&request);
    let largest = match (is_stranger, control::brings_state(&request)) {
        (true, _) => LARGEST_BODY_OF_STRANGERS,
        (false, false) => LARGEST_BODY,
        (false, true) => LARGEST_STATE,
    };
    let is_plausible = body.size_hint().lower() <= LARGEST_BODY as u64;
    let (request, is_last) = match read(&mut body, largest, patience.body).await {
        Ok(bytes) if bytes.is_empty() => (request, false),
        Ok(bytes) => (request.with_body(bytes.as_ref()), false),
        // Why it is refused does not depend on its body.
        Err(Unread::TooLarge) if is_stranger && is_plausible => (request, true),
        Err(unread) => {
            let response = unread.refusal();
            if !is_control {
                sandbox.note(&request, response.status());
                log(&request, Some(response.status()));
            }
            return Ok(parting(whole(response), &head, body, patience.body));
        }
    };
    let working = seat.work();
    let response = if is_control {
        whole(control::answer(&sandbox, &request))
    } else {
        let outcome = sandbox.outcome(&request);
        log(&request, outcome.status());
        let Outcome { delay, ending } = outcome;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match ending {
            Ending::Answer(response) => whole(response),
            Ending::HangUp => return Err(HangUp),
            Ending::Cut { response, after } => cut(response, after),
        }
    };
    drop(working);
    Ok(if is_last { parting(response, &head, body, patience.body) } else { response })
}

/// Logs what was asked and what was answered.
#[cfg(feature = "log")]
fn log(request: &Request, status: Option<u16>) {
    let route = super::routes::route(request);
    log::debug!(target: "tagoio::sandbox", "{}", Handled { route, status, fault: None });
}

#[cfg(not(feature = "log"))]
fn log(_: &Request, _: Option<u16>) {}

/// By its exact name: HTTP's methods are case-sensitive.
fn method(method: &hyper::Method) -> Option<Method> {
    method.as_str().parse().ok().filter(|known: &Method| known.as_str() == method.as_str())
}

/// The head of a request as both doors know it.
fn described(method: Method, head: &hyper::http::request::Parts) -> Request {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::new(method, format!("http://sandbox{target}"));
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        request = request.with_header(name.as_str().to_owned(), value);
    }
    request
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    TooSlow,
    Broken,
}

impl Unread {
    fn refusal(&self) -> Response {
        match self {
            Self::TooLarge => refusal(413, "Payload Too Large"),
            Self::TooSlow => refusal(408, "Request Timeout"),
            Self::Broken => refusal(400, "Invalid body"),
        }
    }
}

async fn read(body: &mut Incoming, largest: usize, within: Duration) -> std::result::Result<Bytes, Unread> {
    // What says that it is too large need not be sent: before the first read there is no `100 Continue`.
    if body.size_hint().lower() > largest as u64 {
        return Err(Unread::TooLarge);
    }
    match tokio::time::timeout(within, Limited::new(body, largest).collect()).await {
        Err(_) => Err(Unread::TooSlow),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Unread::TooLarge),
        Ok(Err(_)) => Err(Unread::Broken),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// The last answer on its connection. What is still under way to the server is received and thrown away for a while:
/// closing at once would reset the connection, and take the answer from a client that is still sending.
fn parting(
    mut response: hyper::Response<Body>,
    head: &hyper::http::request::Parts,
    mut rest: Incoming,
    patience: Duration,
) -> hyper::Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    // Who asks first sends nothing after such an answer.
    if !head.headers.contains_key(EXPECT) {
        let receive = async move { while let Some(Ok(_)) = rest.frame().await {} };
        tokio::spawn(async move {
            let _ = tokio::time::timeout(patience, receive).await;
        });
    }
    response
}

fn refusal(status: u16, message: &'static str) -> Response {
    super::answer::respond(Err(super::answer::Refusal::new(status, message)))
}

fn whole(response: Response) -> hyper::Response<Body> {
    let (builder, body) = start(response);
    finish(builder, Full::new(body).map_err(|never: Infallible| match never {}).boxed())
}

/// Promises the whole body, sends a part of it, and hangs up.
fn cut(response: Response, after: usize) -> hyper::Response<Body> {
    let (builder, body) = start(response);
    let builder = builder.header("content-length", body.len());
    let part = body.slice(..after.min(body.len()));
    finish(builder, Part::Unsent(part).boxed())
}

fn start(response: Response) -> (hyper::http::response::Builder, Bytes) {
    let mut builder = hyper::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    (builder, Bytes::from(response.into_body()))
}

/// A header that can't be one (a fault may ask for anything) costs the answer its headers, not the server its life.
fn finish(builder: hyper::http::response::Builder, body: Body) -> hyper::Response<Body> {
    builder.body(body).unwrap_or_else(|_| {
        let body = Full::new(Bytes::from_static(b"the answer can't be sent"));
        let mut response = hyper::Response::new(body.map_err(|never: Infallible| match never {}).boxed());
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// A part of a body, and then an error: hyper drops the connection at that.
enum Part {
    Unsent(Bytes),
    Unflushed,
    Sent,
}

impl hyper::body::Body for Part {
    type Data = Bytes;
    type Error = HangUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, HangUp>>> {
        match std::mem::replace(&mut *self, Self::Sent) {
            Self::Unsent(part) => {
                *self = Self::Unflushed;
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            // hyper writes what it has when a body makes it wait, and throws it away when a body fails.
            Self::Unflushed => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Sent => Poll::Ready(Some(Err(HangUp))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Instant;

    use super::*;
    use crate::sandbox::{Fault, FaultRule};

    fn served(patience: Patience) -> SandboxServer {
        let listener = bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sandbox = Sandbox::builder().rate_limits(false).users(2_000).build();
        SandboxServer::start(sandbox, listener, address, patience).unwrap()
    }

    fn connected(server: &SandboxServer) -> TcpStream {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn request(server: &SandboxServer, target: &str) -> Vec<u8> {
        let token = server.sandbox().token();
        format!("GET {target} HTTP/1.1\r\nhost: localhost\r\ntoken: {}\r\n\r\n", token.expose()).into_bytes()
    }

    fn status_line(stream: &mut TcpStream) -> String {
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Whether the server has closed a connection, after a wait of up to 20 seconds.
    fn is_closed(stream: &mut TcpStream) -> bool {
        match stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn a_good_client_is_served_behind_more_silent_ones_than_there_is_room_for() {
        let server = served(Patience { connections: 50, ..Patience::USUAL });
        let mut silent: Vec<_> = (0..120).map(|_| connected(&server)).collect();
        for stream in silent.iter_mut().step_by(2) {
            // The first ones have had to go.
            let _ = stream.write_all(b"GET /profile HT");
        }
        let begin = Instant::now();
        let mut good = connected(&server);
        for _ in 0..3 {
            good.write_all(&request(&server, "/profile/current/summary")).unwrap();
            assert_eq!(status_line(&mut good), "HTTP/1.1 200");
            good = connected(&server);
        }
        assert!(begin.elapsed() < Patience::USUAL.head / 3, "it took {:?}", begin.elapsed());
        assert!(is_closed(&mut silent[0]), "who has been silent for the longest has to go first");
    }

    #[test]
    fn a_connection_that_is_being_worked_for_does_not_have_to_go() {
        let server = served(Patience { connections: 2, ..Patience::USUAL });
        server.sandbox().inject(FaultRule::new(Fault::Delay { milliseconds: 300 })).unwrap();
        let mut slow = connected(&server);
        slow.write_all(&request(&server, "/profile")).unwrap();
        // A delayed request is handled first and answered then.
        while server.journal().is_empty() {
            std::thread::yield_now();
        }
        for _ in 0..8 {
            let mut other = connected(&server);
            other.write_all(&request(&server, "/profile")).unwrap();
            assert_eq!(status_line(&mut other), "HTTP/1.1 200");
        }
        assert_eq!(status_line(&mut slow), "HTTP/1.1 200");
    }

    #[test]
    fn who_leaves_answers_unread_is_disconnected() {
        let server = served(Patience { answer: Duration::from_millis(100), ..Patience::USUAL });
        let mut lazy = connected(&server);
        lazy.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        let large = request(&server, "/run/users?amount=2000");
        // More than the buffers of both sides hold, so the server has to wait, and so has this client then.
        let refused = (0..100_000).find_map(|_| lazy.write_all(&large).err()).expect("the server hangs up");
        assert!(matches!(refused.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{refused}");
    }

    #[test]
    fn who_reads_slowly_gets_all_of_it() {
        let server = served(Patience { answer: Duration::from_secs(10), ..Patience::USUAL });
        let mut slow = connected(&server);
        let (large, rounds) = (request(&server, "/run/users?amount=2000"), 20);
        for _ in 0..rounds {
            slow.write_all(&large).unwrap();
        }
        slow.shutdown(std::net::Shutdown::Write).unwrap();
        let (mut all, mut some) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = slow.read(&mut some) {
            all.extend_from_slice(&some[..count]);
        }
        assert_eq!(String::from_utf8_lossy(&all).matches("HTTP/1.1 200 OK").count(), rounds);
    }

    #[test]
    fn who_does_not_finish_a_request_is_disconnected() {
        let short = Duration::from_millis(100);
        let server = served(Patience { head: short, body: short, ..Patience::USUAL });
        let token = server.sandbox().token();
        let half = format!("POST /run HTTP/1.1\r\nhost: x\r\ntoken: {}\r\ncontent-length: 9\r\n", token.expose());
        let mut silent = connected(&server);
        assert!(is_closed(&mut silent));
        let mut without_head = connected(&server);
        without_head.write_all(half.as_bytes()).unwrap();
        assert!(is_closed(&mut without_head));
        let mut without_body = connected(&server);
        without_body.write_all(format!("{half}\r\n{{").as_bytes()).unwrap();
        assert_eq!(status_line(&mut without_body), "HTTP/1.1 408");
        assert!(is_closed(&mut without_body));
        let journal: Vec<_> = server.journal().iter().map(ToString::to_string).collect();
        assert_eq!(journal, ["POST (unknown) 408"]);
    }

    #[test]
    fn the_region_is_where_it_listens() {
        let server = served(Patience::USUAL);
        assert_eq!(server.region().base_url(), server.url());
    }
}
