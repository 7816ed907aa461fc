//! The control routes of the HTTP door: what a test suite in any language asks of the sandbox itself. TagoIO has no
//! routes that begin like these.

use std::net::IpAddr;
use std::time::Duration;

use hyper::http::uri::Authority;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, respond};
use super::faults::FaultRule;
use super::{Handled, Sandbox, State, dates};
use crate::error::Error;
use crate::transport::{Method, Request, Response};

/// What every control route begins with.
const PREFIX: &str = "/__sandbox";
/// Where a whole state comes and goes.
const STATE: &str = "/__sandbox/state";

/// Whether a request is for a control route.
pub(super) fn is_for(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request brings a state, which may be larger than anything that is sent to TagoIO.
pub(super) fn brings_state(request: &Request) -> bool {
    request.method() == Method::Put && request.path().trim_end_matches('/') == STATE
}

/// Why a request must not reach the control routes, which ask for no token: web pages must not, whether they call this
/// computer by its name or by one of their own that leads here.
pub(super) fn objection(head: &hyper::http::request::Parts, exposed: bool) -> Option<&'static str> {
    if head.headers.contains_key("origin") {
        return Some("Control routes are not for web pages");
    }
    let named = head.headers.get("host").and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let is_local = |authority: &Authority| {
        let host = authority.host();
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let is_meant = exposed || (named.as_ref().is_some_and(is_local) && head.uri.authority().is_none_or(is_local));
    (!is_meant).then_some("Control routes are reached as localhost")
}

/// The answer to a request for a control route.
pub(super) fn answer(sandbox: &Sandbox, request: &Request) -> Response {
    let path = request.path().strip_prefix(PREFIX).unwrap_or_default().trim_matches('/');
    let method = match request.method() {
        Method::Head => Method::Get,
        method => method,
    };
    if (method, path) == (Method::Get, "state") {
        return state(sandbox);
    }
    respond(route(sandbox, method, path, request))
}

/// The state as it is, without TagoIO's envelope: what is saved can be sent back, or given to the next sandbox.
fn state(sandbox: &Sandbox) -> Response {
    match serde_json::to_vec(&sandbox.snapshot()) {
        Ok(json) => Response::new(200).with_header("content-type", "application/json; charset=utf-8").with_body(json),
        Err(error) => respond(Err(Refusal::new(500, format!("The state can't be written: {error}")))),
    }
}

fn route(sandbox: &Sandbox, method: Method, path: &str, request: &Request) -> Answer {
    match (method, path) {
        (Method::Get, "") => Ok(about(sandbox)),
        (Method::Put, "state") => {
            sandbox.restore(&State::from_json(request.body().unwrap_or_default()).map_err(|error| unfit(&error))?);
            Ok(about(sandbox))
        }
        (Method::Post, "reset") => {
            sandbox.reset();
            Ok(about(sandbox))
        }
        (Method::Get, "clock") => Ok(json!({"now": dates::text(sandbox.now())})),
        (Method::Post, "clock") => {
            let now = sandbox.advance(Duration::from_secs(read::<Advance>("time", request)?.advance_seconds));
            Ok(json!({"now": dates::text(now)}))
        }
        (Method::Get, "journal") => Ok(sandbox.journal().iter().map(journal_entry).collect()),
        (Method::Delete, "journal") => {
            sandbox.clear_journal();
            Ok(json!([]))
        }
        (Method::Get, "faults") => Ok(json!(sandbox.faults_waiting())),
        (Method::Post, "faults") => {
            for rule in rules(request)? {
                sandbox.inject(rule).map_err(|error| unfit(&error))?;
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

fn journal_entry(handled: &Handled) -> Value {
    let mut entry = json!({"route": handled.route.to_string(), "status": handled.status});
    if let Some(fault) = &handled.fault {
        entry["fault"] = fault.name().into();
    }
    entry
}

/// What a client needs to begin.
fn about(sandbox: &Sandbox) -> Value {
    let (email, password) = sandbox.sign_in();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "profile": sandbox.profile_id(),
        "token": sandbox.token(),
        "email": email,
        "password": password,
        "now": dates::text(sandbox.now()),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

fn read<'a, T: Deserialize<'a>>(what: &str, request: &'a Request) -> Result<T, Refusal> {
    let unreadable = |error| Refusal::bad_request(format!("Invalid {what}: {error}"));
    serde_json::from_slice(request.body().unwrap_or_default()).map_err(unreadable)
}

fn unfit(error: &Error) -> Refusal {
    let message = error.to_string();
    let message = message.strip_prefix("invalid ").map_or(message.clone(), |problem| format!("Invalid {problem}"));
    Refusal::bad_request(message)
}

/// One rule, or a list of them; all are read before any is taken.
fn rules(request: &Request) -> Result<Vec<FaultRule>, Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::bad_request(format!("Invalid fault rule: {error}"));
    let body: Value = read("fault rule", request)?;
    let rules = if body.is_array() { body } else { json!([body]) };
    let rules: Vec<FaultRule> = serde_json::from_value(rules).map_err(unreadable)?;
    rules.iter().try_for_each(FaultRule::check).map_err(|error| unfit(&error))?;
    Ok(rules)
}
