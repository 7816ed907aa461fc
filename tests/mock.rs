//! Test doubles for TagoIO, as the tests of a program that uses this crate would have them.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tagoio::run::{NewUser, UserQuery};
use tagoio::transport::{
    Method, MockTransport, Request, Response, Retry, RetryPolicy, Transport, TransportError, TransportErrorKind,
    from_fn,
};
use tagoio::{Client, Error};

fn client(transport: impl Transport + 'static) -> Client {
    Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap()
}

fn success(result: &Value) -> Response {
    Response::new(200).with_body(json!({"status": true, "result": result}).to_string())
}

/// The code under test: creates a user unless there is one with this e-mail address.
fn ensure_user(tago: &Client, email: &str) -> Result<bool, Error> {
    if !tago.run().users().list(&UserQuery::new().email(email))?.is_empty() {
        return Ok(false);
    }
    tago.run().users().create(&NewUser::new("New", email, "UTC"))?;
    Ok(true)
}

#[test]
fn a_mock_expects_requests_by_method_path_query_and_body() {
    let mut mock = MockTransport::new();
    mock.expect_send()
        .withf(|request| {
            request.method() == Method::Get
                && request.path() == "/run/users"
                && request.query().is_some_and(|query| query.contains("filter%5Bemail%5D=new%40example.com"))
        })
        .times(1)
        .returning(|_| Ok(success(&json!([]))));
    mock.expect_send()
        .withf(|request| {
            let body: Option<Value> = request.body().and_then(|body| serde_json::from_slice(body).ok());
            (request.method(), request.path()) == (Method::Post, "/run/users")
                && request.header("token") == Some("p-demo")
                && body == Some(json!({"name": "New", "email": "new@example.com", "timezone": "UTC"}))
        })
        .times(1)
        .returning(|_| Ok(success(&json!({"user": "61eb25a4d6a4a20011d4cd3c"}))));

    assert!(ensure_user(&client(mock), "new@example.com").unwrap());
}

#[test]
fn a_mock_that_is_shared_can_be_checked_while_the_client_has_it() {
    let mut mock = MockTransport::new();
    mock.expect_send().times(2).returning(|_| Ok(success(&json!([{"id": "61eb", "email": "old@example.com"}]))));
    let mock = Arc::new(mock);
    let tago = client(Arc::clone(&mock));
    let again = tago.clone();
    assert!(!ensure_user(&tago, "old@example.com").unwrap());
    assert!(!std::thread::spawn(move || ensure_user(&again, "old@example.com").unwrap()).join().unwrap());

    drop(tago);
    let mut mock = Arc::into_inner(mock).expect("the clients are gone");
    mock.checkpoint();
}

#[test]
#[should_panic(expected = "MockTransport::send")]
fn a_mock_fails_the_test_when_an_expected_request_does_not_come() {
    let mut mock = MockTransport::new();
    mock.expect_send().times(1).returning(|_| Ok(Response::new(200)));
    drop(client(mock));
}

#[test]
#[should_panic(expected = "No matching expectation found")]
fn a_mock_fails_the_test_when_another_request_comes() {
    let mut mock = MockTransport::new();
    mock.expect_send().withf(|request| request.path() == "/run").returning(|_| Ok(Response::new(200)));
    drop(client(mock).profile().list());
}

#[test]
fn a_closure_is_a_transport() {
    let tago = client(from_fn(|request| {
        Ok(match request.route().to_string().as_str() {
            "GET /run/users" => success(&json!([])),
            "POST /run/users" => success(&json!({"user": "61eb25a4d6a4a20011d4cd3c"})),
            other => panic!("unexpected {other}"),
        })
    }));
    assert!(ensure_user(&tago, "new@example.com").unwrap());
}

/// A transport written by hand: it keeps what is sent.
#[derive(Default)]
struct Fake {
    sent: Mutex<Vec<Request>>,
}

impl Transport for Fake {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request.clone());
        Ok(success(&json!([{"id": "61eb", "email": "old@example.com"}])))
    }
}

#[test]
fn a_transport_written_by_hand_sees_the_whole_request() {
    let fake = Arc::new(Fake::default());
    let tago = client(Arc::clone(&fake) as Arc<dyn Transport>);
    assert!(!ensure_user(&tago, "old@example.com").unwrap());

    let sent = fake.sent.lock().unwrap();
    let [request] = &sent[..] else { panic!("one request: {sent:?}") };
    assert_eq!(request.route().to_string(), "GET /run/users");
    assert_eq!(request.base_url(), "https://api.tago.io");
    assert_eq!(request.body(), None);
    assert!(request.is_repeatable());
    let names: Vec<_> = request.headers().map(|(name, _)| name).collect();
    assert_eq!(names, ["token", "user-agent", "accept"]);
}

#[test]
fn a_double_that_fails_fails_the_call_and_nothing_repeats_it() {
    let calls = Arc::new(Mutex::new(0));
    let failing = {
        let calls = Arc::clone(&calls);
        from_fn(move |_| {
            *calls.lock().unwrap() += 1;
            Err(TransportError::with_source(TransportErrorKind::ConnectionLost, "reset by peer"))
        })
    };
    let error = ensure_user(&client(failing), "new@example.com").unwrap_err();
    assert!(matches!(&error, Error::Transport { repeatable: true, .. }), "{error:?}");
    assert_eq!(error.to_string(), "GET /run/users: no answer");
    assert!(error.is_retryable() && error.maybe_delivered());
    assert_eq!(*calls.lock().unwrap(), 1, "a transport of the caller's is used as it is");
}

#[test]
fn boxes_and_borrowed_transports_are_transports_too() {
    fn status_of(transport: impl Transport) -> u16 {
        transport.send(&Request::new(Method::Get, "https://api.tago.io/run")).unwrap().status()
    }

    let made = from_fn(|_: &Request| Ok(Response::new(204)));
    let boxed: Box<dyn Transport> = Box::new(made.clone());
    assert_eq!(status_of(&made), 204);
    assert_eq!(status_of(boxed), 204);
    assert_eq!(status_of(Arc::new(Retry::new(&made, RetryPolicy::attempts(1)))), 204);
}
