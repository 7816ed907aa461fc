//! The boundary to HTTP: one trait with one method, and what stands behind it.
//!
//! Everything that makes up a request is decided above the boundary and written on the [`Request`]: URL, headers, body,
//! time limits, and whether a repeat does harm. A [`Transport`] only sends it. So an HTTP client, a test double, a
//! recording and the sandbox are interchangeable, and decorators ([`Retry`], [`Throttle`], …) can be put around any of
//! them:
//!
//! ```
//! use tagoio::Client;
//! use tagoio::transport::{Response, Retry, RetryPolicy, Throttle, from_fn};
//!
//! let canned = from_fn(|_request| Ok(Response::new(200).with_body(r#"{"status":true,"result":[]}"#)));
//! let stack = Retry::new(Throttle::new(canned), RetryPolicy::default());
//! let tago = Client::builder().token("p-demo").transport(stack).build()?;
//! assert!(tago.profile().list()?.is_empty());
//! # Ok::<(), tagoio::Error>(())
//! ```
//!
//! A transport that the caller supplies is used as it is: the client puts no retry around it.

#[cfg(feature = "testing")]
mod cassette;
mod error;
mod from_fn;
#[cfg(feature = "log")]
mod log;
#[cfg(any(test, feature = "testing"))]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
mod mock;
mod request;
mod response;
mod retry;
#[cfg(feature = "_ureq")]
mod streamed;
mod throttle;
#[cfg(feature = "_ureq")]
mod ureq;

#[cfg(feature = "log")]
#[cfg_attr(docsrs, doc(cfg(feature = "log")))]
pub use self::log::Logged;
#[cfg(feature = "_ureq")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use self::streamed::Streamed;
#[cfg(feature = "_ureq")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use self::ureq::{Proxy, UreqTransport};
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use cassette::{Cassette, Interaction, Record, Replay};
pub use error::{TransportError, TransportErrorKind};
pub use from_fn::{FromFn, from_fn};
#[cfg(any(test, feature = "testing"))]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use mock::MockTransport;
pub use request::{Limits, Method, Request, Route};
pub use response::Response;
pub(crate) use retry::random;
pub use retry::{Attempt, Retry, RetryPolicy};
pub use throttle::Throttle;

pub use crate::profile::Plan;

use std::sync::Arc;

/// Sends one fully prepared request.
///
/// `Err` means that no complete answer was read: an HTTP 401 or 500 is `Ok`, and what it means is decided above.
///
/// An implementation sends exactly one request for each call (a [repeatable](Request::is_repeatable) one that was lost
/// on a connection kept from an earlier call, it may send once more), does not follow redirects, keeps the request's
/// [limits](Request::limits), and reads the body up to [`Limits::body`] bytes, undoing any content encoding that it
/// asked for. When it fails it says whether the server may have received the request
/// ([`TransportError::maybe_delivered`]), because that decides whether the request may be sent again.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use tagoio::transport::{Request, Response, Transport, TransportError};
///
/// /// Counts what goes through.
/// struct Counted<T>(T, AtomicUsize);
///
/// impl<T: Transport> Transport for Counted<T> {
///     fn send(&self, request: &Request) -> Result<Response, TransportError> {
///         self.1.fetch_add(1, Ordering::Relaxed);
///         self.0.send(request)
///     }
/// }
/// ```
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no complete answer was read.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn send(&self, request: &Request) -> Result<Response, TransportError> {
                (**self).send(request)
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);
