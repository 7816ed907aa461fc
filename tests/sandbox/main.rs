//! The sandbox keeps TagoIO's rules: those of `docs/fidelity.md`.
#![cfg(feature = "sandbox")]

mod access;
mod audit_log;
mod backups;
mod custom_domain;
mod limits;
mod lists;
mod notifications;
mod portal;
mod profiles;
mod robustness;
mod service_providers;
mod state;
mod statistics;
mod story;
mod tokens;
mod two_factor;
mod users;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tagoio::clock::ManualClock;
use tagoio::sandbox::{Sandbox, SandboxBuilder};
use tagoio::transport::{Method, Request, Transport as _};
use tagoio::{Client, Password, Token};

/// Half past ten on a Sunday in March.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-03-15T10:20:30Z".parse().unwrap()))
}

fn builder() -> SandboxBuilder {
    Sandbox::builder().clock(clock())
}

fn sandbox() -> (Sandbox, Client) {
    let sandbox = builder().build();
    let client = sandbox.client().unwrap();
    (sandbox, client)
}

fn password() -> Password {
    Password::new(Sandbox::PASSWORD).unwrap()
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

fn days(count: u64) -> Duration {
    hours(24 * count)
}

/// What the sandbox answers to a request that is written by hand: status and body.
fn ask(sandbox: &Sandbox, token: &Token, method: Method, target: &str, body: &str) -> (u16, Value) {
    let mut request =
        Request::new(method, format!("https://sandbox{target}")).with_secret_header("token", token.clone());
    if !body.is_empty() {
        request = request.with_body(body.as_bytes());
    }
    let response = sandbox.send(&request).unwrap();
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

/// As `ask`, by the token that may do everything.
fn tell(sandbox: &Sandbox, method: Method, target: &str, body: &str) -> (u16, Value) {
    ask(sandbox, &sandbox.token(), method, target, body)
}

/// The sentence of a refusal.
fn sentence(body: &Value) -> &str {
    assert_eq!(body["status"], false, "{body}");
    body["message"].as_str().unwrap()
}
