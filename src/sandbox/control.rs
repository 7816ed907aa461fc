//! The control routes of the HTTP door: what a test suite in any language asks of the sandbox itself. TagoIO has no
//! routes that begin like these.

use serde_json::{Value, json};

use super::Sandbox;
use super::answer::{Answer, Refusal, respond};
use super::faults::FaultRule;
use crate::transport::{Method, Request, Response};

/// What every control route begins with.
const PREFIX: &str = "/__sandbox";

/// The answer to a request for a control route; `None` when it is for TagoIO.
pub(super) fn answer(sandbox: &Sandbox, request: &Request) -> Option<Response> {
    let rest = request.path().strip_prefix(PREFIX)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    Some(respond(route(sandbox, request.method(), rest.trim_matches('/'), request)))
}

fn route(sandbox: &Sandbox, method: Method, path: &str, request: &Request) -> Answer {
    match (method, path) {
        (Method::Get, "") => Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "profile": sandbox.profile_id(),
            "token": sandbox.token(),
            "email": Sandbox::EMAIL,
            "password": Sandbox::PASSWORD,
        })),
        (Method::Get, "journal") => {
            let entries = sandbox.journal();
            Ok(entries.iter().map(|entry| json!({"route": entry.route.to_string(), "status": entry.status})).collect())
        }
        (Method::Get, "faults") => Ok(json!(sandbox.faults_waiting())),
        (Method::Post, "faults") => {
            for rule in rules(request)? {
                sandbox.inject(rule);
            }
            Ok(json!(sandbox.faults_waiting()))
        }
        (Method::Delete, "faults") => {
            sandbox.clear_faults();
            Ok(json!([]))
        }
        _ => Err(Refusal::not_found("Control route")),
    }
}

/// One rule, or a list of them; all are read before any is taken.
fn rules(request: &Request) -> Result<Vec<FaultRule>, Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::bad_request(format!("Invalid fault rule: {error}"));
    let body: Value = serde_json::from_slice(request.body().unwrap_or_default()).map_err(unreadable)?;
    let rules = if body.is_array() { body } else { json!([body]) };
    serde_json::from_value(rules).map_err(unreadable)
}
