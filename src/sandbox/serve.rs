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
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{Semaphore, oneshot};

use super::control;
use super::faults::{Ending, Outcome};
use super::{Handled, Sandbox};
use crate::error::{Error, Result};
use crate::region::Region;
use crate::transport::{Method, Request, Response};

/// The largest body that is read. TagoIO's own limit is not published; nothing of its administration side comes near.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// The largest state that is read: some hundred thousand users.
const LARGEST_STATE: usize = 256 * 1024 * 1024;
/// The most connections at a time; further ones wait.
const MOST_CONNECTIONS: usize = 1024;
/// How long a client may take to send the head of a request, and how long for its body.
const SLOWEST_CLIENT: Duration = Duration::from_secs(30);
/// How long a stop waits for answers that are under way.
const LONGEST_GOODBYE: Duration = Duration::from_secs(2);

impl Sandbox {
    /// Serves this sandbox by HTTP on an address of this computer, until the handle is dropped. Port 0 takes any free
    /// port.
    ///
    /// The transport door stays open: both act on the same world.
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
    pub fn serve(&self, address: impl ToSocketAddrs) -> Result<SandboxServer> {
        let listener = bind(address)?;
        let local = listener.local_addr().map_err(unbound)?;
        if !local.ip().is_loopback() {
            return Err(Error::config(
                "sandbox address",
                format!("{local} can be reached from other computers; Sandbox::serve_exposed takes it"),
            ));
        }
        SandboxServer::start(self.clone(), listener, local)
    }

    /// Like [`serve`](Sandbox::serve), but on any address: whoever reaches it has the demo account, and the control
    /// routes. [`SandboxServer`] says so when it is printed.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the address isn't one or can't be bound.
    pub fn serve_exposed(&self, address: impl ToSocketAddrs) -> Result<SandboxServer> {
        let listener = bind(address)?;
        let local = listener.local_addr().map_err(unbound)?;
        SandboxServer::start(self.clone(), listener, local)
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
#[must_use = "the server stops when this is dropped"]
pub struct SandboxServer {
    sandbox: Sandbox,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxServer {
    fn start(sandbox: Sandbox, listener: TcpListener, address: SocketAddr) -> Result<Self> {
        listener.set_nonblocking(true).map_err(unbound)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("tagoio-sandbox")
            .enable_all()
            .build()
            .map_err(unbound)?;
        let (stop, stopped) = oneshot::channel();
        let served = sandbox.clone();
        let run = move || {
            runtime.block_on(accept(served, listener, stopped));
            runtime.shutdown_timeout(Duration::from_millis(100));
        };
        let thread =
            std::thread::Builder::new().name("tagoio-sandbox-accept".to_owned()).spawn(run).map_err(unbound)?;
        Ok(Self { sandbox, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL: what `TAGOIO_API` is to be set to.
    pub fn url(&self) -> String {
        // What listens on every address of the computer is reached at its own.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        format!("http://{address}")
    }

    /// The region of a [`Client`](crate::Client) that is to talk to it.
    pub fn region(&self) -> Region {
        Region::insecure(&self.url()).unwrap_or_default()
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

/// Accepts connections until it is told to stop, and then lets those that are under way end.
async fn accept(sandbox: Sandbox, listener: TcpListener, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let connections = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = &mut stopped => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: others have to end first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // An answer's head and body leave in two writes; they need not wait for each other.
        let _ = stream.set_nodelay(true);
        let sandbox = sandbox.clone();
        let service = service_fn(move |request| handle(sandbox.clone(), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(SLOWEST_CLIENT)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's business.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LONGEST_GOODBYE, connections.shutdown()).await;
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
    sandbox: Sandbox,
    request: hyper::Request<Incoming>,
) -> std::result::Result<hyper::Response<Body>, HangUp> {
    let request = match read(request).await {
        Ok(request) => request,
        Err(response) => return Ok(whole(response)),
    };
    if let Some(response) = control::answer(&sandbox, &request) {
        return Ok(whole(response));
    }
    let Outcome { delay, ending } = sandbox.outcome(&request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match ending {
        Ending::Answer(response) => Ok(whole(response)),
        Ending::HangUp => Err(HangUp),
        Ending::Cut { response, after } => Ok(cut(response, after)),
    }
}

/// The request as both doors know it, or an answer to what can't be one.
async fn read(request: hyper::Request<Incoming>) -> std::result::Result<Request, Response> {
    let (head, body) = request.into_parts();
    let Ok(method) = head.method.as_str().parse::<Method>() else {
        return Err(refusal(405, "Method Not Allowed"));
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::new(method, format!("http://sandbox{target}"));
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        request = request.with_header(name.as_str().to_owned(), value);
    }
    let has_body = head.headers.contains_key("content-length") || head.headers.contains_key("transfer-encoding");
    let largest = if control::brings_state(&head.method, head.uri.path()) { LARGEST_STATE } else { LARGEST_BODY };
    let body = tokio::time::timeout(SLOWEST_CLIENT, Limited::new(body, largest).collect()).await;
    match body {
        Err(_) => Err(refusal(408, "Request Timeout")),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(refusal(413, "Payload Too Large")),
        Ok(Err(_)) => Err(refusal(400, "Invalid body")),
        Ok(Ok(body)) => {
            let body = body.to_bytes();
            Ok(if has_body && !body.is_empty() { request.with_body(body.as_ref()) } else { request })
        }
    }
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
    finish(builder, Part(Some(part)).boxed())
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
struct Part(Option<Bytes>);

impl hyper::body::Body for Part {
    type Data = Bytes;
    type Error = HangUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, HangUp>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(HangUp)))
    }
}
