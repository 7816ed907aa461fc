//! The calls that meet the faults, and a client whose every attempt is written down.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tagoio::clock::ManualClock;
use tagoio::run::{NewUser, UserEdit};
use tagoio::transport::{
    Request, Response, Retry, RetryPolicy, Transport, TransportError, TransportErrorKind, UreqTransport,
};
use tagoio::{Client, ClientBuilder, Error, Region};

pub(crate) const USER: &str = "61eb25a4d6a4a20011d4cd3c";
const PROFILE: &str = "61fac4d9a5c9f40012a5ff92";
pub(crate) const TOKEN: &str = "p-canary";

/// A class of operations, by one call that stands for it.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) call: fn(&Client) -> Result<(), Error>,
    /// What TagoIO answers, as JSON.
    pub(crate) result: &'static str,
    /// Whether a repeat does no harm.
    pub(crate) repeatable: bool,
}

pub(crate) const CLASSES: [Class; 6] = [
    Class {
        name: "GET",
        call: |tago| tago.run().users().info(USER).map(drop),
        result: r#"{"id":"61eb25a4d6a4a20011d4cd3c","name":"Jane","email":"jane@example.com","timezone":"UTC","active":true}"#,
        repeatable: true,
    },
    Class {
        name: "PUT",
        call: |tago| tago.run().users().edit(USER, &UserEdit::new().name("Jane")).map(drop),
        result: r#""TagoIO Run User Successfully Updated""#,
        repeatable: true,
    },
    Class {
        name: "DELETE",
        call: |tago| tago.run().users().delete(USER).map(drop),
        result: r#""Successfully Removed""#,
        repeatable: true,
    },
    Class {
        name: "POST",
        call: |tago| tago.run().users().create(&NewUser::new("Jane", "jane@example.com", "UTC")).map(drop),
        result: r#"{"user":"61eb25a4d6a4a20011d4cd3c"}"#,
        repeatable: false,
    },
    Class {
        name: "`login_as`",
        call: |tago| tago.run().users().login_as(USER, None).map(drop),
        result: r#"{"token":"r-canary","expire_date":"2026-02-01T00:00:00.000Z"}"#,
        repeatable: false,
    },
    Class {
        name: "`transfer_token`",
        call: |tago| tago.profile().transfer_token(PROFILE).map(drop),
        result: r#""Token Successfully Transferred""#,
        repeatable: false,
    },
];

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What came of one attempt: a status, or why there is none.
pub(crate) type Attempt = Result<u16, TransportErrorKind>;

/// Writes down what comes of each attempt.
pub(crate) struct Tap<T> {
    inner: T,
    pub(crate) attempts: Mutex<Vec<Attempt>>,
}

impl<T> Tap<T> {
    pub(crate) fn around(inner: T) -> Arc<Self> {
        Arc::new(Self { inner, attempts: Mutex::default() })
    }

    pub(crate) fn take(&self) -> Vec<Attempt> {
        std::mem::take(&mut self.attempts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Transport> Transport for Tap<T> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let outcome = self.inner.send(request);
        let attempt = outcome.as_ref().map(Response::status).map_err(TransportError::kind);
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
        outcome
    }
}

/// Saturday, nine seconds into a minute.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-01-31T12:45:09Z".parse().unwrap()))
}

/// A client with the retries that every client has by default, but for the waits: they are the mean of what they may be,
/// and pass at once.
pub(crate) fn client(base_url: &str, clock: &Arc<ManualClock>, ureq: impl Transport + 'static) -> ClientBuilder {
    let retry = Retry::new(ureq, RetryPolicy::default()).with_clock(clock.clone()).with_jitter(|| 0.5);
    Client::builder().token(TOKEN).region(Region::custom(base_url).unwrap()).vars(|_| None).transport(retry)
}

pub(crate) fn ureq() -> UreqTransport {
    UreqTransport::with_proxy(&tagoio::transport::Proxy::None).unwrap()
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The error and all that it shows, down to the last source.
pub(crate) fn everything_shown(error: &Error) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    sources.fold(format!("{error} {error:?}"), |shown, error| format!("{shown} {error} {error:?}"))
}
