//! What is logged of requests, and what isn't.

use std::cell::RefCell;
use std::sync::{Arc, Once};
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::profile::Credentials;
use tagoio::token::{NewToken, Permission};
use tagoio::transport::{Logged, Method, Request, Response, Transport, TransportError, TransportErrorKind, from_fn};
use tagoio::{Client, Password, PinCode, ProfileId, Token};

/// Keeps the lines of each thread, that is of each test.
struct Capture;

thread_local! {
    static LINES: RefCell<Vec<(Level, String, String)>> = const { RefCell::new(Vec::new()) };
}

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = (record.level(), record.target().to_owned(), record.args().to_string());
        LINES.with_borrow_mut(|lines| lines.push(line));
    }

    fn flush(&self) {}
}

/// What was logged by a piece of code.
fn lines(code: impl FnOnce()) -> Vec<(Level, String, String)> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        log::set_logger(&Capture).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    LINES.take();
    code();
    LINES.take()
}

/// A client whose every answer takes 41.3 ms.
fn client(answer: impl Fn(&Request) -> Result<Response, TransportError> + Send + Sync + 'static) -> Client {
    let clock = Arc::new(ManualClock::default());
    let slow = {
        let clock = Arc::clone(&clock);
        from_fn(move |request: &Request| {
            clock.sleep(Duration::from_micros(41_300));
            answer(request)
        })
    };
    let logged = Logged::new(slow).with_clock(clock);
    Client::builder().token("p-canary-header").vars(|_| None).transport(logged).build().unwrap()
}

#[test]
fn each_request_has_one_line_with_route_outcome_time_and_size() {
    let body = r#"{"status":true,"result":"ok"}"#;
    for (outcome, level, line) in [
        (Ok(200), Level::Debug, "DELETE /run/users/{user}: 200 in 41.3ms, 29 bytes"),
        (Ok(404), Level::Debug, "DELETE /run/users/{user}: 404 in 41.3ms, 29 bytes"),
        (Ok(429), Level::Debug, "DELETE /run/users/{user}: 429 in 41.3ms, 29 bytes"),
        (Ok(500), Level::Warn, "DELETE /run/users/{user}: 500 in 41.3ms, 29 bytes"),
        (
            Err(TransportErrorKind::Timeout),
            Level::Warn,
            "DELETE /run/users/{user}: no complete answer in time after 41.3ms",
        ),
    ] {
        let tago = client(move |_| outcome.map(|status| Response::new(status).with_body(body)).map_err(Into::into));
        let lines = lines(|| drop(tago.run().users().delete("61eb")));
        assert_eq!(lines, [(level, "tagoio".to_owned(), line.to_owned())], "{outcome:?}");
    }
}

#[test]
fn no_secret_and_nothing_of_url_headers_and_bodies_is_logged() {
    let calls = |tago: &Client| {
        let password = || Password::new("canary-password").unwrap();
        let credentials = Credentials::new(password()).pin_code(PinCode::new("987654").unwrap());
        drop(tago.profile().delete("61fa-canary", &credentials));
        drop(tago.token().delete(ProfileId::CURRENT, &Token::new("p-canary-path").unwrap()));
        drop(tago.run().users().login_as("61eb-canary", None));
        drop(tago.raw(tagoio::transport::Method::Get, "/token/canary?token=canary").send::<()>());
    };
    let echo = |request: &Request| {
        let mut echo = request.url().to_owned();
        request.headers().for_each(|(_, value)| echo.push_str(value));
        echo.push_str(&String::from_utf8_lossy(request.body().unwrap_or_default()));
        echo
    };
    let answers: [fn(String) -> Result<Response, TransportError>; 4] = [
        |echo| Ok(Response::new(200).with_header("x-echo", echo.clone()).with_body(echo)),
        |echo| Ok(Response::new(400).with_body(serde_json::json!({"status": false, "message": echo}).to_string())),
        |echo| Ok(Response::new(500).with_body(echo)),
        |echo| Err(TransportError::with_source(TransportErrorKind::Other, echo)),
    ];
    for answer in answers {
        let tago = client(move |request| answer(echo(request)));
        let lines = lines(|| calls(&tago));
        assert_eq!(lines.len(), 4, "{lines:?}");
        for (_, _, line) in lines {
            assert!(!line.contains("canary") && !line.contains("987654") && !line.contains("http"), "{line}");
        }
    }
}

#[test]
fn a_warning_of_tagoio_is_logged_without_the_secrets_that_it_echoes() {
    let warning = r#"{"status":true,"result":"ok","message":"p-canary-header is about to expire"}"#;
    let tago = client(move |_| Ok(Response::new(200).with_body(warning)));
    let lines = lines(|| drop(tago.run().users().delete("61eb").unwrap()));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].0, Level::Warn);
    assert_eq!(lines[1].2, "DELETE /run/users/{user}: █████ is about to expire");
}

#[test]
fn the_outcome_passes_unchanged() {
    let answer = Response::new(418).with_header("x", "y").with_body("tea");
    let logged = Logged::new(from_fn(|_: &Request| Ok(answer.clone())));
    let request = Request::new(tagoio::transport::Method::Get, "https://api.tago.io/run");
    assert_eq!(logged.send(&request).unwrap(), answer);
    assert_eq!(format!("{logged:?}"), "Logged { inner: FromFn, .. }");
}

#[test]
fn a_token_that_is_dropped_and_not_deleted_is_logged_without_being_shown() {
    let transport = from_fn(|request: &Request| {
        let body = match request.method() {
            Method::Post => r#"{"status": true, "result": {"token": "p-canary-made", "name": "one-off report"}}"#,
            _ => r#"{"status": false, "message": "Authorization Denied"}"#,
        };
        Ok(Response::new(200).with_body(body))
    });
    let tago = Client::builder().token("p-canary-header").vars(|_| None).transport(transport).build().unwrap();
    let new = NewToken::new("one-off report", Permission::Read).sign_in("me@x.io", Password::new("canary-1").unwrap());
    let lines = lines(|| drop(tago.token().guard(ProfileId::CURRENT, &new).unwrap()));
    let (level, target, text) = lines.last().unwrap();
    assert_eq!((*level, target.as_str()), (Level::Warn, "tagoio"));
    assert_eq!(
        text,
        "the token \"one-off report\" was dropped, and not deleted, or maybe not: DELETE /profile/{profile}/token/{token}: \
         TagoIO answered 200 with \"status\": false: Authorization Denied"
    );
    assert!(lines.iter().all(|(.., text)| !text.contains("canary")), "{lines:?}");

    let closed = self::lines(|| drop(tago.token().guard(ProfileId::CURRENT, &new).unwrap().close()));
    assert!(closed.iter().all(|(.., text)| !text.contains("was dropped")), "{closed:?}");
}
