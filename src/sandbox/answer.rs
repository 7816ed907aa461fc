//! What a handler says, and how it goes out: TagoIO's envelope.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::transport::Response;

/// The `result` of a call, or why there is none.
pub(super) type Answer = Result<Value, Refusal>;

/// A status and a sentence: TagoIO has no error codes.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: Cow<'static, str>,
    /// Seconds until the next try, for 429 only.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message)
    }

    /// A value in the body or query is not what it has to be; `kind` is the validator's word for why.
    pub(super) fn invalid(what: &str, kind: &str) -> Self {
        Self::bad_request(format!("Invalid {what} ({kind})"))
    }

    pub(super) fn invalid_token() -> Self {
        Self::new(401, "Invalid token")
    }

    pub(super) fn denied() -> Self {
        Self::new(401, "Authorization Denied")
    }

    pub(super) fn wrong_password() -> Self {
        Self::new(401, "Invalid password")
    }

    pub(super) fn not_found(resource: &str) -> Self {
        Self::new(404, format!("{resource} Not Found"))
    }

    pub(super) fn limit(of: &str, limit: impl std::fmt::Display) -> Self {
        Self::bad_request(format!("You have exceeded the maximum limit of {of} ({limit})"))
    }

    pub(super) fn too_many_requests(seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(429, format!("Too many requests (Retry-After: {seconds})")) }
    }
}

pub(super) fn respond(answer: Answer) -> Response {
    // `json!` would copy a result, which may be a page of ten thousand rows.
    let envelope = |success: bool, key: &str, value: Value| {
        let members = [("status".to_owned(), Value::Bool(success)), (key.to_owned(), value)];
        Value::Object(Map::from_iter(members)).to_string()
    };
    let response = |status, body: String| {
        Response::new(status).with_header("content-type", "application/json; charset=utf-8").with_body(body)
    };
    match answer {
        Ok(result) => response(200, envelope(true, "result", result)),
        Err(Refusal { status, message, retry_after }) => {
            let response = response(status, envelope(false, "message", message.into_owned().into()));
            match retry_after {
                Some(seconds) => response.with_header("retry-after", seconds.to_string()),
                None => response,
            }
        }
    }
}
