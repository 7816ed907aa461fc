//! What can go wrong, and what a caller can ask about it without reading English.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use crate::profile::{AuditLogError, BackupNotCompleted};
use crate::run::CustomDomainNotActive;
use crate::transport::{Route, TransportError};

/// The result of every call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// The variants say *where* it failed; the predicates ([`is_not_found`](Error::is_not_found),
/// [`is_rate_limited`](Error::is_rate_limited), [`maybe_delivered`](Error::maybe_delivered), …) answer what a program
/// wants to know. TagoIO itself has no error codes, only an HTTP status and an English sentence; the predicates read
/// both, whatever the sentence's case.
///
/// # What any call can fail with
///
/// The `# Errors` of a call name what is particular to it. Besides, every call can give these:
///
/// | | when |
/// | --- | --- |
/// | [`Config`](Error::Config) | an id can't be one segment of a path; nothing was sent |
/// | [`Transport`](Error::Transport) | there is no answer: no connection, time ran out ([`is_timeout`](Error::is_timeout)), the connection was lost |
/// | [`is_unauthorized`](Error::is_unauthorized) | TagoIO doesn't know the token, or it has expired |
/// | [`is_permission_denied`](Error::is_permission_denied) | the token may not do this |
/// | [`is_rate_limited`](Error::is_rate_limited) | too many requests in this clock minute, and the retries didn't help |
/// | [`Api`](Error::Api), status 5xx | something is wrong at TagoIO, or at a proxy on the way |
/// | [`Decode`](Error::Decode) | the answer isn't what it should be |
///
/// No variant shows a token, a password or a PIN code: requests are named by their [`Route`] template instead of their
/// URL, and secrets that TagoIO echoes in a message are blacked out.
///
/// ```
/// # fn call(tago: &tagoio::Client) -> tagoio::Result<()> {
/// match tago.run().users().info("61eb25a4d6a4a20011d4cd3c") {
///     Ok(user) => println!("{} <{}>", user.name, user.email),
///     Err(error) if error.is_not_found() => println!("no such user"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call or the client's configuration can't be turned into a request. Nothing was sent.
    #[error(transparent)]
    Config(Box<ConfigError>),
    /// No complete answer was received.
    #[error("{route}: no answer")]
    Transport {
        /// The route that was called.
        route: Route,
        /// Whether a repeat of the request does no harm.
        repeatable: bool,
        /// What happened below.
        source: TransportError,
    },
    /// TagoIO answered, and refused: with an HTTP status other than 2xx, or with `"status": false` under 200.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// TagoIO answered with success, but the answer isn't what the call expects.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// An audit log query that was waited for brought no events.
    #[error(transparent)]
    AuditLog(Box<AuditLogError>),
    /// A custom domain that was waited for is not active yet.
    #[error(transparent)]
    CustomDomain(Box<CustomDomainNotActive>),
    /// A backup that was waited for has failed, or isn't completed yet.
    #[error(transparent)]
    Backup(Box<BackupNotCompleted>),
}

/// What is wrong with a call's arguments or a client's configuration.
#[derive(Debug, thiserror::Error)]
#[error("invalid {subject}: {problem}")]
#[non_exhaustive]
pub struct ConfigError {
    /// What was looked at: `profile id`, `TAGOIO_API`, …
    pub subject: String,
    /// What is wrong with it.
    pub problem: String,
    /// The failure below, when there is one.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// TagoIO's refusal of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status. It is 2xx when TagoIO said `"status": false` under a success.
    pub status: u16,
    /// TagoIO's sentence, with secrets blacked out; `None` when the body was not TagoIO's (a proxy's HTML page, say).
    pub message: Option<String>,
    /// What the body was, when it was not TagoIO's: its content type and size.
    pub foreign_body: Option<String>,
    /// How long TagoIO asks to wait, from the `Retry-After` header or from the sentence.
    pub retry_after: Option<Duration>,
    /// The route that was called.
    pub route: Route,
    /// Whether a repeat of the request does no harm.
    pub repeatable: bool,
}

/// An answer that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{route}: the answer (HTTP {status}) is not {expected}{}", At(.path))]
#[non_exhaustive]
pub struct DecodeError {
    /// The route that was called.
    pub route: Route,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The Rust type that was expected.
    pub expected: String,
    /// Where in the JSON document the problem is, such as `result[3].tags`; empty when it isn't JSON at all.
    pub path: String,
    /// What the problem is.
    pub source: Box<dyn std::error::Error + Send + Sync>,
    /// Whether a repeat of the request does no harm.
    pub repeatable: bool,
}

struct At<'a>(&'a str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", at `{}`", self.0) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: TagoIO answered {}", self.route, self.status)?;
        if (200..300).contains(&self.status) {
            f.write_str(" with \"status\": false")?;
        } else if let Some(reason) = reason(self.status) {
            write!(f, " {reason}")?;
        }
        match (&self.message, &self.foreign_body) {
            (Some(message), _) => write!(f, ": {message}"),
            (None, Some(body)) => write!(f, " ({body})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}

/// The reason phrase of the statuses that are seen in practice.
fn reason(status: u16) -> Option<&'static str> {
    Some(match status {
        301 => "Moved Permanently (redirects are not followed)",
        302 => "Found (redirects are not followed)",
        303 => "See Other (redirects are not followed)",
        307 => "Temporary Redirect (redirects are not followed)",
        308 => "Permanent Redirect (redirects are not followed)",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => return None,
    })
}

impl ApiError {
    /// A refusal under a status of success: only the sentence tells what it is.
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn asks_for_otp(&self) -> bool {
        self.says("otp_enabled")
    }

    /// Whether TagoIO's sentence has this text in it, whatever the case.
    fn says(&self, text: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.to_ascii_lowercase().contains(text))
    }
}

impl Error {
    pub(crate) fn config(subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config(Box::new(ConfigError { subject: subject.into(), problem: problem.into(), source: None }))
    }

    pub(crate) fn config_from(
        subject: impl Into<String>,
        problem: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Config(Box::new(ConfigError {
            subject: subject.into(),
            problem: problem.into(),
            source: Some(source.into()),
        }))
    }

    /// The route of the request that failed; `None` when there was none.
    pub fn route(&self) -> Option<&Route> {
        match self {
            Self::Config(_) | Self::AuditLog(_) | Self::CustomDomain(_) | Self::Backup(_) => None,
            Self::Transport { route, .. } => Some(route),
            Self::Api(error) => Some(&error.route),
            Self::Decode(error) => Some(&error.route),
        }
    }

    /// The HTTP status of the answer, when there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Config(_) | Self::Transport { .. } | Self::AuditLog(_) | Self::CustomDomain(_) | Self::Backup(_) => {
                None
            }
            Self::Api(error) => Some(error.status),
            Self::Decode(error) => Some(error.status),
        }
    }

    /// TagoIO's own sentence, when it refused.
    pub fn message(&self) -> Option<&str> {
        self.api().and_then(|error| error.message.as_deref())
    }

    /// TagoIO does not know the token: it is wrong, expired or revoked.
    pub fn is_unauthorized(&self) -> bool {
        self.api().is_some_and(|error| {
            let about_the_account = self.is_permission_denied() || self.is_wrong_password() || error.asks_for_otp();
            (error.status == 401 && !about_the_account) || (error.is_success() && error.says("invalid token"))
        })
    }

    /// The account's password, or the code of two-factor authentication, is wrong.
    pub fn is_wrong_password(&self) -> bool {
        self.api().is_some_and(|error| {
            error.says("invalid password") || error.says("invalid pin") || error.says("wrong password")
        })
    }

    /// The account uses two-factor authentication, and the call brought no code. TagoIO's sentence then is a JSON text
    /// that says which kinds of codes there are (`otp_enabled`) and which one was sent by itself (`otp_autosend`).
    pub fn is_two_factor_required(&self) -> bool {
        self.api().is_some_and(ApiError::asks_for_otp)
    }

    /// The token is good, but not for this: its permission is too small, the profile isn't its own, or (for an
    /// analysis token) no Access Management policy grants it.
    ///
    /// It is also true of what the plan doesn't have ([`is_not_in_plan`](Error::is_not_in_plan)) and of what was done too
    /// often today ([`is_limit_reached`](Error::is_limit_reached)): TagoIO says both with 403, so ask for these first.
    ///
    /// Note that list calls may answer with an empty list instead.
    pub fn is_permission_denied(&self) -> bool {
        self.api().is_some_and(|error| {
            error.status == 403 || error.says("authorization denied") || error.says("do not have permission")
        })
    }

    /// What the call names does not exist. TagoIO says so with 404, on some routes with 400.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(|error| {
            error.status == 404
                || ((error.status == 400 || error.is_success())
                    && (error.says("not found") || error.says("can't be found")))
        })
    }

    /// Too many requests within the clock minute: TagoIO's 429, or a [`Throttle`](crate::transport::Throttle) that
    /// doesn't wait. See [`retry_after`](Error::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        match self {
            Self::Api(error) => error.status == 429 || (error.is_success() && error.says("too many requests")),
            Self::Transport { source, .. } => source.retry_after().is_some(),
            _ => false,
        }
    }

    /// A limit of the plan or of the profile's allocation is used up: waiting a minute won't help.
    pub fn is_limit_reached(&self) -> bool {
        self.api().is_some_and(|error| {
            error.status != 429
                && (error.says("exceeded the maximum") || error.says("limit reached") || error.says("maximum limit"))
        })
    }

    /// The account's plan does not have what was asked for: backups on the Free plan, say.
    pub fn is_not_in_plan(&self) -> bool {
        self.api().is_some_and(|error| error.says("not available on the") && error.says("plan"))
    }

    /// What was asked for is still being made: a backup that is to be downloaded, say. It can be asked for later.
    pub fn is_not_ready(&self) -> bool {
        // The same sentence tells of what will never be ready.
        self.api().is_some_and(|error| error.says("is not ready") && !error.says("status: failed"))
    }

    /// The time that the client gives a connection, a request or all its attempts ran out; or that the caller gives
    /// something to be done at TagoIO.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Transport { source, .. } => source.kind().is_timeout(),
            Self::AuditLog(error) => error.problem.is_timeout(),
            Self::CustomDomain(_) => true,
            Self::Backup(error) => !error.is_failed(),
            Self::Config(_) | Self::Api(_) | Self::Decode(_) => false,
        }
    }

    /// How long to wait before the next try, as far as it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Transport { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// Whether the same call may be made again: the failure is of a passing kind, and the request did not reach
    /// TagoIO or does no harm when it is repeated.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Config(_) | Self::Decode(_) => false,
            Self::AuditLog(error) => error.problem.is_passing(),
            Self::CustomDomain(_) => true,
            Self::Backup(error) => !error.is_failed(),
            Self::Transport { repeatable, source, .. } => {
                source.kind().is_passing() && (*repeatable || !source.maybe_delivered())
            }
            Self::Api(error) => {
                error.status == 429 || (error.repeatable && (error.status == 408 || error.status >= 500))
            }
        }
    }

    /// Whether the request may have taken effect at TagoIO. `false` is certain, `true` is not: look before a POST is
    /// sent again. A 303 is no refusal here: it says that something was done, and where to see what. After a refusal (a
    /// 404, say) it speaks of the last attempt only: an attempt before it may have had the effect, which is why a repeated
    /// deletion can end with "not found".
    pub fn maybe_delivered(&self) -> bool {
        match self {
            Self::Config(_) | Self::AuditLog(_) | Self::CustomDomain(_) | Self::Backup(_) => false,
            Self::Transport { source, .. } => source.maybe_delivered(),
            Self::Api(error) => matches!(error.status, 303 | 408 | 500..),
            Self::Decode(_) => true,
        }
    }

    /// Whether it is TagoIO that doesn't know what the call names. A proxy, or an address that is no API, answers 404 to
    /// everything, and that it isn't there any more would be the wrong thing to read from it.
    pub(crate) fn is_missing(&self) -> bool {
        self.is_not_found() && self.message().is_some()
    }

    fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Method, TransportErrorKind};

    fn api(status: u16, message: &str) -> Error {
        Error::Api(Box::new(ApiError {
            status,
            message: Some(message.to_owned()),
            foreign_body: None,
            retry_after: None,
            route: Route::new(Method::Get, "/run/users/{user}"),
            repeatable: true,
        }))
    }

    #[test]
    fn predicates_read_status_and_sentence() {
        // (status, sentence, [unauthorized, denied, not found, rate limited, limit reached])
        for (status, message, expected) in [
            (401, "Invalid token: abc", [true, false, false, false, false]),
            (401, "Authorization Denied", [false, true, false, false, false]),
            (400, "authorization denied", [false, true, false, false, false]),
            (
                403,
                "You do not have permission to configure services for this profile",
                [false, true, false, false, false],
            ),
            (404, "User Not Found", [false, false, true, false, false]),
            (400, "Analysis can't be found", [false, false, true, false, false]),
            (400, "Invalid orderBy parameter", [false; 5]),
            (429, "Too many requests (Retry-After: 8)", [false, false, false, true, false]),
            (400, "You have exceeded the maximum limit of Run users (2)", [false, false, false, false, true]),
            (400, "You have exceeded the maximum account limit of Run users (10)", [false, false, false, false, true]),
            (403, "Daily backup limit reached (1 backups per day).", [false, true, false, false, true]),
            (500, "Sorry, Internal Error", [false; 5]),
            (401, "Invalid password", [false; 5]),
            (401, r#"{"otp_enabled":["email"],"otp_autosend":"email"}"#, [false; 5]),
            (200, "User Not Found", [false, false, true, false, false]),
            (200, "Too many requests (Retry-After: 8)", [false, false, false, true, false]),
            (200, "Invalid token", [true, false, false, false, false]),
            (200, "Authorization Denied", [false, true, false, false, false]),
            (400, "Invalid token", [false; 5]),
            (500, "Too many requests (Retry-After: 8)", [false; 5]),
        ] {
            let error = api(status, message);
            assert_eq!(
                [
                    error.is_unauthorized(),
                    error.is_permission_denied(),
                    error.is_not_found(),
                    error.is_rate_limited(),
                    error.is_limit_reached(),
                ],
                expected,
                "{status} {message}"
            );
        }
    }

    #[test]
    fn what_the_plan_lacks_and_what_is_yet_to_come_are_known_by_their_sentences() {
        for (status, message, [not_in_plan, limit_reached, not_ready, not_found]) in [
            (
                403,
                "Backup feature is not available on the free plan. Please upgrade your plan to access backup \
                 functionality.",
                [true, false, false, false],
            ),
            (
                403,
                "Daily backup limit reached (1 backups per day). Please try again in 8 hours or contact support to \
                 increase your limit.",
                [false, true, false, false],
            ),
            (400, "Backup is not ready for download. Current status: processing", [false, false, true, false]),
            (400, "Backup is not ready for download. Current status: failed", [false; 4]),
            (400, "The map is not available on the dashboard", [false; 4]),
            (400, "Please upgrade your plan", [false; 4]),
            (404, "Backup not found or you don't have permission to access it.", [false, false, false, true]),
            (401, "Invalid password", [false; 4]),
        ] {
            let error = api(status, message);
            let found = [error.is_not_in_plan(), error.is_limit_reached(), error.is_not_ready(), error.is_not_found()];
            assert_eq!(found, [not_in_plan, limit_reached, not_ready, not_found], "{message}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_account_is_told_apart_from_the_token() {
        for (message, wrong_password, two_factor) in [
            ("Invalid password", true, false),
            ("Invalid PIN code", true, false),
            (r#"{"otp_enabled":["authenticator"]}"#, false, true),
            ("Invalid token", false, false),
        ] {
            let error = api(401, message);
            assert_eq!((error.is_wrong_password(), error.is_two_factor_required()), (wrong_password, two_factor));
        }
    }

    #[test]
    fn what_may_have_taken_effect_is_told_apart_from_what_cannot() {
        let lost = |repeatable, kind| Error::Transport {
            route: Route::new(Method::Post, "/run/users"),
            repeatable,
            source: TransportError::new(kind),
        };
        for (error, maybe_delivered, retryable) in [
            (Error::config("x", "y"), false, false),
            (lost(false, TransportErrorKind::Connect), false, true),
            (lost(false, TransportErrorKind::ConnectionLost), true, false),
            (lost(true, TransportErrorKind::ConnectionLost), true, true),
            (lost(true, TransportErrorKind::Tls), false, false),
            (api(429, "Too many requests"), false, true),
            (api(400, "Invalid enum value"), false, false),
            (api(503, "maintenance"), true, true),
            (api(303, ""), true, false),
            (api(302, ""), false, false),
            (api(307, ""), false, false),
        ] {
            assert_eq!((error.maybe_delivered(), error.is_retryable()), (maybe_delivered, retryable), "{error}");
        }
    }

    #[test]
    fn a_timeout_and_the_time_to_wait_are_told_by_whoever_knows_them() {
        let lost = |kind| Error::Transport {
            route: Route::new(Method::Get, "/run/users"),
            repeatable: true,
            source: TransportError::new(kind),
        };
        let busy = Error::Api(Box::new(ApiError {
            status: 429,
            message: None,
            foreign_body: None,
            retry_after: Some(Duration::from_secs(8)),
            route: Route::new(Method::Get, "/run/users"),
            repeatable: true,
        }));
        let throttled = TransportErrorKind::Throttled { retry_after: Duration::from_secs(51) };
        for (error, timeout, seconds, route) in [
            (Error::config("x", "y"), false, None, None),
            (lost(TransportErrorKind::Timeout), true, None, Some("GET /run/users")),
            (lost(TransportErrorKind::ConnectTimeout), true, None, Some("GET /run/users")),
            (lost(TransportErrorKind::Connect), false, None, Some("GET /run/users")),
            (lost(throttled), false, Some(51), Some("GET /run/users")),
            (busy, false, Some(8), Some("GET /run/users")),
            (api(408, "Request Timeout"), false, None, Some("GET /run/users/{user}")),
        ] {
            assert_eq!(error.is_timeout(), timeout, "{error}");
            assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{error}");
            assert_eq!(error.route().map(ToString::to_string).as_deref(), route, "{error}");
        }
    }

    #[test]
    fn statuses_are_shown_with_their_reasons() {
        for (status, reason) in [
            (301, " Moved Permanently (redirects are not followed)"),
            (302, " Found (redirects are not followed)"),
            (303, " See Other (redirects are not followed)"),
            (307, " Temporary Redirect (redirects are not followed)"),
            (308, " Permanent Redirect (redirects are not followed)"),
            (400, " Bad Request"),
            (401, " Unauthorized"),
            (403, " Forbidden"),
            (404, " Not Found"),
            (405, " Method Not Allowed"),
            (408, " Request Timeout"),
            (409, " Conflict"),
            (413, " Content Too Large"),
            (418, ""),
            (422, " Unprocessable Content"),
            (429, " Too Many Requests"),
            (500, " Internal Server Error"),
            (502, " Bad Gateway"),
            (503, " Service Unavailable"),
            (504, " Gateway Timeout"),
        ] {
            let shown = format!("GET /run/users/{{user}}: TagoIO answered {status}{reason}: No");
            assert_eq!(api(status, "No").to_string(), shown);
        }
    }

    #[test]
    fn messages_name_the_route_and_do_not_repeat_their_source() {
        let error = Error::Transport {
            route: Route::new(Method::Delete, "/profile/{profile}/token/{token}"),
            repeatable: true,
            source: TransportError::new(TransportErrorKind::Connect),
        };
        assert_eq!(error.to_string(), "DELETE /profile/{profile}/token/{token}: no answer");
        assert_eq!(
            api(404, "User Not Found").to_string(),
            "GET /run/users/{user}: TagoIO answered 404 Not Found: User Not Found"
        );
        assert!(size_of::<Error>() <= 128, "{}", size_of::<Error>());
    }
}
