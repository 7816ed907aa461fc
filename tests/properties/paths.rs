//! No request reaches a route other than its own: whatever the ids, and through both doors of the sandbox.

use std::sync::{Arc, Mutex, PoisonError};

use proptest::prelude::*;
use proptest::sample::select;
use tagoio::clock::ManualClock;
use tagoio::sandbox::{Sandbox, SandboxServer};
use tagoio::transport::{Method, Request, TransportErrorKind, UreqTransport, from_fn};
use tagoio::{Client, Error};

use super::cases;
use super::operations::{OPERATIONS, sends_nothing};
use super::values::{id, text};

fn sandbox() -> Sandbox {
    Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).build()
}

/// A client that sends each request once, by ureq.
fn client(server: &SandboxServer) -> Client {
    Client::builder()
        .token(server.sandbox().token())
        .region(server.region())
        .transport(UreqTransport::new().unwrap())
        .vars(|_| None)
        .build()
        .unwrap()
}

/// The routes that were asked for since the last time, as the sandbox's router understood them.
fn reached(sandbox: &Sandbox) -> Vec<String> {
    let reached = sandbox.journal().iter().map(|handled| handled.route.to_string()).collect();
    sandbox.clear_journal();
    reached
}

/// Calls every operation with these ids, and looks where it went.
fn check_each_operation(tago: &Client, sandbox: &Sandbox, ids: [&str; 2]) -> Result<(), TestCaseError> {
    sandbox.clear_journal();
    for (route, call) in OPERATIONS {
        let result = call(tago, ids);
        let reached = reached(sandbox);
        if sends_nothing(route, ids) {
            prop_assert!(matches!(result, Err(Error::Config(_))), "{}: {:?}", route, result);
            prop_assert!(reached.is_empty(), "{} {:?} reached {:?}", route, ids, reached);
            continue;
        }
        // The sandbox takes `/profile` and `/profile/` for the same.
        prop_assert_eq!(reached, [route.trim_end_matches('/')], "{:?}: {:?}", ids, result);
    }
    Ok(())
}

/// Paths that look like TagoIO's, and go astray.
fn path() -> impl Strategy<Value = String> {
    let start =
        select(&["", "/", "/run", "/run/users", "/run/users/", "/profile/current", "//", "/%72un", "/run/sso"][..]);
    let middle = prop_oneof![id(), id().prop_map(|id| format!("/{id}"))];
    let end = prop_oneof![
        select(&["", "/", "/login", "/..", "/.", "/%2e%2E", "\\..", "?page=1", "?a=/../b", "#top", "/saml"][..])
            .prop_map(str::to_owned),
        text(),
    ];
    (start, middle, end).prop_map(|(start, middle, end)| format!("{start}{middle}{end}"))
}

fn method() -> impl Strategy<Value = Method> {
    select(&[Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Options][..])
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn an_operation_reaches_its_own_route_or_none(first in id(), second in id()) {
        let sandbox = sandbox();
        check_each_operation(&sandbox.client().unwrap(), &sandbox, [&first, &second])?;
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_raw_path_is_sent_below_the_base_address_without_dot_segments(path in path(), method in method()) {
        let sent: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = Arc::clone(&sent);
        let transport = from_fn(move |request: &Request| {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            Err(TransportErrorKind::Connect.into())
        });
        let region = tagoio::Region::custom("https://api.example.com/tago").unwrap();
        let tago = Client::builder().token("p-1").region(region).transport(transport).vars(|_| None).build().unwrap();
        let _ = tago.raw(method, &path).response();
        let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        for request in &*sent {
            let uri: ureq::http::Uri = match request.url().parse() {
                Ok(uri) => uri,
                // Not sent at all then.
                Err(_) => continue,
            };
            prop_assert_eq!(uri.authority().map(ureq::http::uri::Authority::as_str), Some("api.example.com"));
            prop_assert!(uri.path().starts_with("/tago/"), "{}", uri);
            prop_assert!(!request.url().contains(['#', '\\', ' ']) && request.url().is_ascii(), "{}", request.url());
            let dots = uri.path().to_ascii_lowercase().replace("%2e", ".");
            prop_assert!(!dots.split('/').any(|segment| matches!(segment, "." | "..")), "{}", uri);
        }
        prop_assert!(sent.len() <= 1);
    }
}

#[test]
fn an_operation_reaches_its_own_route_or_none_over_http_too() {
    let server = sandbox().serve("127.0.0.1:0").unwrap();
    let tago = client(&server);
    let check = |(first, second): (String, String)| check_each_operation(&tago, server.sandbox(), [&first, &second]);
    if let Err(failure) = proptest::test_runner::TestRunner::new(cases(24)).run(&(id(), id()), check) {
        panic!("{failure}");
    }
}

#[test]
fn a_raw_path_reaches_the_same_route_through_both_doors() {
    let inside = sandbox();
    let within = inside.client().unwrap();
    let server = sandbox().serve("127.0.0.1:0").unwrap();
    let outside = client(&server);
    let check = |(path, method): (String, Method)| {
        let inner = within.raw(method, &path).response();
        let outer = outside.raw(method, &path).response();
        let (by_transport, by_http) = (reached(&inside), reached(server.sandbox()));
        match (inner, outer) {
            (Ok(_), Ok(_)) => prop_assert_eq!(by_transport, by_http),
            (Err(Error::Config(_)), Err(Error::Config(_))) => {
                prop_assert!(by_transport.is_empty() && by_http.is_empty());
            }
            // ureq's own check of what can be sent.
            (Ok(_), Err(Error::Transport { source, .. })) => {
                prop_assert_eq!(source.kind(), TransportErrorKind::InvalidRequest);
                prop_assert!(by_http.is_empty());
            }
            (inner, outer) => prop_assert!(false, "{:?} and {:?}", inner, outer),
        }
        Ok(())
    };
    if let Err(failure) = proptest::test_runner::TestRunner::new(cases(256)).run(&(path(), method()), check) {
        panic!("{failure}");
    }
}
