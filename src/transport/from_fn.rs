use std::fmt;

use super::{Request, Response, Transport, TransportError};

/// A closure as a transport. See [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F>(F);

/// Makes a transport of a closure: the shortest test double there is.
///
/// ```
/// use tagoio::Client;
/// use tagoio::transport::{Response, from_fn};
///
/// let tago = Client::builder()
///     .token("p-demo")
///     .transport(from_fn(|request| {
///         assert_eq!(request.path(), "/run");
///         Ok(Response::new(200).with_body(r#"{"status":true,"result":{"name":"Portal"}}"#))
///     }))
///     .build()?;
/// assert_eq!(tago.run().info()?.name.as_deref(), Some("Portal"));
/// # Ok::<(), tagoio::Error>(())
/// ```
pub fn from_fn<F>(send: F) -> FromFn<F>
where
    F: Fn(&Request) -> Result<Response, TransportError> + Send + Sync,
{
    FromFn(send)
}

impl<F> Transport for FromFn<F>
where
    F: Fn(&Request) -> Result<Response, TransportError> + Send + Sync,
{
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        (self.0)(request)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}
