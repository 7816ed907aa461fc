use std::fmt;
use std::sync::Arc;

use log::Level;

use super::{Request, Response, Transport, TransportError};
use crate::clock::{Clock, SystemClock};

/// Writes a line in the [`log`] facade for each request that passes, with the target `tagoio`:
///
/// ```text
/// DEBUG tagoio: GET /run/users: 200 in 41.3ms, 5120 bytes
/// WARN  tagoio: PUT /run/users/{user}: 502 in 310.0ms, 128 bytes
/// WARN  tagoio: POST /run/users: no complete answer in time after 60.0s
/// ```
///
/// A failure that is the server's or the network's (an answer of 5xx, or none) is a warning, everything else is for
/// debugging: a 404 may well be what the program asks for. Lines hold the route, never URL, headers, bodies or the
/// texts of lower layers, so they show no secret.
///
/// Inside a [`Retry`](super::Retry), where [`Client::new`](crate::Client::new) puts it, each attempt has a line.
///
/// ```
/// use tagoio::transport::{Logged, Method, Request, Response, Transport, from_fn};
///
/// let logged = Logged::new(from_fn(|_request| Ok(Response::new(200))));
/// logged.send(&Request::new(Method::Get, "https://api.tago.io/run"))?;
/// # Ok::<(), tagoio::transport::TransportError>(())
/// ```
#[derive(Clone)]
pub struct Logged<T> {
    inner: T,
    clock: Arc<dyn Clock>,
}

impl<T: Transport> Logged<T> {
    /// Logs what goes through a transport.
    pub fn new(inner: T) -> Self {
        Self { inner, clock: Arc::new(SystemClock) }
    }

    /// Measures by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl<T: Transport> Transport for Logged<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let start = self.clock.now();
        let outcome = self.inner.send(request);
        let took = self.clock.now().saturating_sub(start);
        let route = request.route();
        match &outcome {
            Ok(answer) => {
                let (status, size) = (answer.status(), answer.body().len());
                let level = if status >= 500 { Level::Warn } else { Level::Debug };
                log::log!(target: "tagoio", level, "{route}: {status} in {took:.1?}, {size} bytes");
            }
            Err(error) => log::warn!(target: "tagoio", "{route}: {} after {took:.1?}", error.kind()),
        }
        outcome
    }
}

impl<T: fmt::Debug> fmt::Debug for Logged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logged").field("inner", &self.inner).finish_non_exhaustive()
    }
}
