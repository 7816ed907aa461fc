//! The sandbox by HTTP: the same world and the same answers as by the transport door, faults on demand, and nothing that
//! a client does takes it down.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tagoio::clock::ManualClock;
use tagoio::run::{NewUser, UserEdit, UserQuery};
use tagoio::sandbox::{Fault, FaultRule, Sandbox, SandboxServer};
use tagoio::transport::{Method, Request, Response, Transport, TransportErrorKind, UreqTransport};
use tagoio::{Client, Error, ProfileId};

/// A sandbox whose world is the same each time.
fn sandbox() -> Sandbox {
    Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).build()
}

fn served() -> SandboxServer {
    sandbox().serve("127.0.0.1:0").unwrap()
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

/// Sends bytes, and reads until the server closes the connection or has answered.
fn exchange(server: &SandboxServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may hang up before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_same_request_gives_the_same_answer_through_both_doors() {
    let inside = sandbox();
    let server = served();
    let (by_transport, by_http) = (inside.client().unwrap(), client(&server));
    let profile = inside.profile_id();
    let steps: Vec<(Method, String, Option<Value>)> = vec![
        (Method::Get, "/profile".into(), None),
        (Method::Get, "/profile/current".into(), None),
        (Method::Get, format!("/profile/{profile}/summary?onlyAmount=true"), None),
        (Method::Get, format!("/profile/{profile}/token?fields=name&fields=permission&orderBy=created_at,+asc"), None),
        (Method::Get, "/run/users?amount=5&fields%5B0%5D=email&filter%5Bname%5D=%2Aa%2A".into(), None),
        (
            Method::Post,
            "/run/users".into(),
            Some(json!({"name": "João 日本", "email": "j@x.com", "timezone": "UTC", "password": "secret1"})),
        ),
        (
            Method::Post,
            "/run/users".into(),
            Some(json!({"name": "Twin", "email": "J@X.COM", "timezone": "UTC", "password": "secret1"})),
        ),
        (Method::Get, "/run/users?filter%5Bemail%5D=j%40x.com".into(), None),
        (Method::Get, "/run/users?orderBy=email,asc".into(), None),
        (Method::Put, "/run".into(), Some(json!({"name": "Portal", "own": [1, null]}))),
        (Method::Get, "/run".into(), None),
        (Method::Put, "/run/users/none".into(), Some(json!([1]))),
        (Method::Delete, format!("/profile/{profile}"), Some(json!({"password": "wrong"}))),
        (Method::Get, "/nowhere/at%2Fall".into(), None),
        (Method::Delete, "/run/users/%00%FF".into(), None),
        (Method::Get, format!("/profile/{profile}/auditlog"), None),
    ];
    for (method, path, body) in steps {
        let send = |tago: &Client| -> Response {
            let request = tago.raw(method, &path);
            let request = match &body {
                Some(body) => request.json(body),
                None => request,
            };
            request.response().unwrap()
        };
        let (inner, outer) = (send(&by_transport), send(&by_http));
        assert_eq!(inner.status(), outer.status(), "{method} {path}");
        let text = |response: &Response| String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(text(&inner), text(&outer), "{method} {path}");
        assert_eq!(inner.header("content-type"), outer.header("content-type"), "{method} {path}");
    }
    assert_eq!(inside.journal(), server.sandbox().journal());
}

#[test]
fn both_doors_act_on_one_world() {
    let server = served();
    let outside = client(&server);
    let id = outside.run().users().create(&NewUser::new("Jane", "jane@x.com", "UTC").generate_password(true)).unwrap();
    let inside = server.sandbox().client().unwrap();
    assert_eq!(inside.run().users().info(&id).unwrap().email, "jane@x.com");
    inside.run().users().edit(&id, &UserEdit::new().name("Jane Doe")).unwrap();
    assert_eq!(outside.run().users().info(&id).unwrap().name, "Jane Doe");
}

#[test]
fn rate_limits_are_answered_with_a_header_and_a_sentence() {
    let clock = Arc::new(ManualClock::at("2026-05-05T12:45:09Z".parse().unwrap()));
    let server =
        Sandbox::builder().clock(clock).plan(tagoio::sandbox::Plan::Free).build().serve("127.0.0.1:0").unwrap();
    let tago = client(&server);
    let again = || tago.raw(Method::Post, "/run/users").json(&json!({})).response().unwrap();
    let refused = std::iter::repeat_with(again).find(|response| response.status() == 429).unwrap();
    assert_eq!(refused.header("retry-after"), Some("51"));
    assert!(String::from_utf8_lossy(refused.body()).contains("Too many requests (Retry-After: 51)"));
}

#[test]
fn faults_go_wrong_as_asked_for_and_only_so_often() {
    let server = served();
    let tago = client(&server);
    let inject = |fault| server.sandbox().inject(FaultRule::new(fault).on(Method::Get, "/profile/*"));
    let info = || tago.profile().info(ProfileId::CURRENT);

    inject(Fault::HangUp);
    let Err(Error::Transport { source, .. }) = info() else { panic!("the connection was to be dropped") };
    assert_eq!(source.kind(), TransportErrorKind::ConnectionLost);

    inject(Fault::CutBody);
    let Err(Error::Transport { source, .. }) = info() else { panic!("the body was to be cut") };
    assert_eq!(source.kind(), TransportErrorKind::ConnectionLost);

    inject(Fault::Garbage);
    assert!(matches!(info(), Err(Error::Decode(_))));

    inject(Fault::StatusFalse { message: "Sorry".to_owned() });
    let error = info().unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(200), Some("Sorry")));

    inject(Fault::TooManyRequests { retry_after: 8 });
    assert_eq!(info().unwrap_err().retry_after(), Some(Duration::from_secs(8)));

    let page = || Fault::Answer { status: 502, content_type: "text/html".to_owned(), body: "<html>".to_owned() };
    inject(page());
    assert_eq!(
        info().unwrap_err().to_string(),
        "GET /profile/{profile}: TagoIO answered 502 Bad Gateway (text/html, 6 bytes)"
    );

    inject(Fault::Delay { milliseconds: 1 });
    info().unwrap();

    server.sandbox().inject(FaultRule::new(page()).times(2));
    assert!(tago.profile().list().is_err() && info().is_err() && info().is_ok());
    assert_eq!(server.sandbox().faults_waiting(), []);
}

#[test]
fn a_request_with_a_fault_takes_effect_only_when_that_is_asked_for() {
    let server = served();
    let tago = client(&server);
    let count = || server.sandbox().users().len();
    let before = count();
    let rule = || FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users");
    let create = |email: &str| tago.run().users().create(&NewUser::new("X", email, "UTC").generate_password(true));

    server.sandbox().inject(rule());
    assert!(create("lost@x.com").unwrap_err().maybe_delivered());
    assert_eq!(count(), before);
    server.sandbox().inject(rule().taking_effect());
    assert!(create("there@x.com").unwrap_err().maybe_delivered());
    assert_eq!(count(), before + 1);
}

#[test]
fn the_same_script_of_faults_gives_the_same_run_each_time_and_through_both_doors() {
    let play = |sandbox: &Sandbox, tago: &Client| -> Vec<String> {
        let answer = Fault::Answer { status: 500, content_type: "text/plain".to_owned(), body: "no".to_owned() };
        sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users").taking_effect());
        sandbox.inject(FaultRule::new(answer).on(Method::Get, "/run/users/{user}").times(2));
        sandbox.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 3 }).times(3));
        let users = tago.run().users();
        let mut seen = Vec::new();
        for round in 0..4 {
            let new = NewUser::new("X", format!("{round}@x.com"), "UTC").generate_password(true);
            seen.push(format!("{:?}", users.create(&new).map_err(|error| error.to_string())));
            seen.push(format!("{:?}", users.info("nobody").map(drop).map_err(|error| error.to_string())));
        }
        seen.push(format!("{:?}", sandbox.journal()));
        seen
    };
    let inside = sandbox();
    let first = play(&inside, &inside.client().unwrap());
    let again = sandbox();
    assert_eq!(first, play(&again, &again.client().unwrap()));
    let server = served();
    assert_eq!(first, play(server.sandbox(), &client(&server)));
}

#[test]
fn faults_are_the_same_through_the_transport_door() {
    let sandbox = sandbox();
    let tago = sandbox.client().unwrap();
    for fault in [Fault::HangUp, Fault::CutBody] {
        sandbox.inject(FaultRule::new(fault));
        let Err(Error::Transport { source, .. }) = tago.profile().list() else { panic!("no answer was to come") };
        assert_eq!(source.kind(), TransportErrorKind::ConnectionLost);
    }
}

/// Calls a control route: the status, and the body as JSON.
fn control(server: &SandboxServer, method: Method, path: &str, body: &str) -> (u16, Value) {
    let mut request = Request::new(method, format!("{}/__sandbox{path}", server.url()));
    if !body.is_empty() {
        request = request.with_body(body.as_bytes());
    }
    let response = UreqTransport::new().unwrap().send(&request).unwrap();
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

#[test]
fn control_routes_need_no_token_and_say_what_is_wrong() {
    let server = served();
    let (status, about) = control(&server, Method::Get, "", "");
    assert_eq!((status, &about["result"]["profile"]), (200, &json!(server.sandbox().profile_id())));
    assert_eq!(about["result"]["email"], Sandbox::EMAIL);
    let rule =
        json!({"fault": {"answer": {"status": 503, "body": "{}"}}, "method": "GET", "path": "/profile", "times": 2});
    assert_eq!(control(&server, Method::Post, "/faults", &rule.to_string()).0, 200);
    let two = json!([rule, rule]).to_string();
    assert_eq!(control(&server, Method::Post, "/faults", &two).1["result"].as_array().unwrap().len(), 3);
    assert_eq!(client(&server).profile().list().unwrap_err().status(), Some(503));
    assert_eq!(control(&server, Method::Delete, "/faults", "").1["result"], json!([]));
    assert_eq!(client(&server).profile().list().unwrap().len(), 3);
    let journal = json!([{"route": "GET /profile", "status": 200}]);
    assert_eq!(control(&server, Method::Get, "/journal", "").1["result"], journal);
    assert_eq!(control(&server, Method::Delete, "/journal", "").1, json!({"status": true, "result": []}));
    assert_eq!(control(&server, Method::Get, "/journal", "").1["result"], json!([]));

    for (method, path, body, status, message) in [
        (Method::Post, "/faults", r#"{"fault": "no such"}"#, 400, "Invalid fault rule: unknown variant `no such`"),
        (
            Method::Post,
            "/faults",
            r#"{"fault": "hang_up", "tims": 3}"#,
            400,
            "Invalid fault rule: unknown field `tims`",
        ),
        (Method::Post, "/faults", r#"{"fault": "hang_up", "method": "FLY"}"#, 400, "Invalid fault rule: "),
        (Method::Post, "/faults", "", 400, "Invalid fault rule: EOF"),
        (Method::Post, "/clock", "", 400, "Invalid time: EOF"),
        (Method::Post, "/clock", "{}", 400, "Invalid time: missing field `advance_seconds`"),
        (Method::Post, "/clock", r#"{"advance_seconds": -1}"#, 400, "Invalid time: invalid value"),
        (Method::Post, "/clock", r#"{"advance_seconds": "1"}"#, 400, "Invalid time: invalid type"),
        (Method::Post, "/clock", r#"{"advance_seconds": 1, "x": 1}"#, 400, "Invalid time: unknown field `x`"),
        (Method::Put, "/state", "", 400, "Invalid sandbox state: line 1, column 0: EOF"),
        (
            Method::Put,
            "/state",
            "{\n\"version\": 2}",
            400,
            "Invalid sandbox state: line 2, column 13: version: version 2",
        ),
        (
            Method::Put,
            "/state",
            r#"{"version": 1, "profiles": [{"name": "M", "owner": "nobody"}]}"#,
            400,
            "Invalid sandbox state: profiles[0].owner: there is no account",
        ),
        (Method::Get, "/nothing", "", 404, "Control route Not Found"),
        (Method::Put, "/faults", "", 404, "Control route Not Found"),
        (Method::Get, "/reset", "", 404, "Control route Not Found"),
        (Method::Delete, "/state", "", 404, "Control route Not Found"),
    ] {
        let (found, answer) = control(&server, method, path, body);
        assert_eq!((found, &answer["status"]), (status, &json!(false)), "{method} {path} {body}");
        let said = answer["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{method} {path} {body}: {said}");
    }
    assert_eq!(client(&server).profile().list().unwrap().len(), 3, "nothing was changed by that");
}

#[test]
fn a_world_is_saved_brought_back_and_begun_anew_over_http() {
    let server = served();
    let users = || server.sandbox().users().len();
    let create = || {
        let new = NewUser::new("Jane", "jane@x.com", "UTC").generate_password(true);
        client(&server).run().users().create(&new)
    };
    create().unwrap();
    let (status, state) = control(&server, Method::Get, "/state", "");
    assert_eq!((status, &state["version"]), (200, &json!(1)), "the state itself, without an envelope");
    assert_eq!(users(), 25);

    let (status, about) = control(&server, Method::Post, "/reset", "");
    assert_eq!((status, &about["result"]["token"]), (200, &state["main"]["token"]));
    assert_eq!(users(), 24);
    assert!(create().is_ok());
    control(&server, Method::Post, "/reset", "{}");

    let (status, about) = control(&server, Method::Put, "/state", &state.to_string());
    assert_eq!((status, &about["result"]["profile"]), (200, &state["main"]["profile"]));
    assert_eq!(users(), 25);
    assert_eq!(control(&server, Method::Get, "/state", "").1, state);
    assert_eq!(create().unwrap_err().message(), Some("E-mail address is already in use"));

    let small = json!({"version": 1, "profiles": [{"name": "Mill", "tokens": [
        {"token": "p-mill", "name": "Administration", "permission": "full"},
    ]}]});
    assert_eq!(control(&server, Method::Put, "/state/", &small.to_string()).1["result"]["token"], "p-mill");
    assert_eq!(client(&server).profile().list().unwrap()[0].name, "Mill");
}

#[test]
fn a_state_may_be_larger_than_any_other_body() {
    let server = served();
    let logo = "x".repeat(11 * 1024 * 1024);
    let large = json!({"version": 1, "profiles": [{"name": "Mill", "logo_url": logo}]}).to_string();
    assert_eq!(control(&server, Method::Put, "/state", &large).0, 200);
    assert_eq!(control(&server, Method::Post, "/state", &large).0, 413);
}

#[test]
fn time_passes_on_demand_over_http() {
    let server = served();
    let now = |answer: Value| answer["result"]["now"].as_str().unwrap().to_owned();
    assert_eq!(now(control(&server, Method::Get, "/clock", "").1), "2026-01-01T00:00:00.000Z");
    let later = control(&server, Method::Post, "/clock", r#"{"advance_seconds": 86399}"#).1;
    assert_eq!(now(later), "2026-01-01T23:59:59.000Z");
    assert_eq!(now(control(&server, Method::Get, "", "").1), "2026-01-01T23:59:59.000Z");
    let last = format!(r#"{{"advance_seconds": {}}}"#, u64::MAX);
    assert_eq!(now(control(&server, Method::Post, "/clock", &last).1), "9000-01-01T00:00:00.000Z");
    assert!(client(&server).profile().summary(ProfileId::CURRENT).is_ok());
    control(&server, Method::Post, "/reset", "");
    assert_eq!(now(control(&server, Method::Get, "/clock", "").1), "2026-01-01T00:00:00.000Z");
}

#[test]
fn bad_input_gets_an_answer_or_a_closed_connection_and_the_server_goes_on() {
    let server = served();
    let token = server.sandbox().token();
    let token = token.expose();
    let with_token =
        |head: &str, body: &str| format!("{head} HTTP/1.1\r\nhost: x\r\ntoken: {token}\r\n{body}").into_bytes();
    for (bytes, answer) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS".to_vec(), ""),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), ""),
        (b"GET /profile HTTP/1.1\r\nhost: x\r\n".to_vec(), ""),
        (b"GET /profile HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), "HTTP/1.1 401"),
        (with_token("FLY /profile", "\r\n"), "HTTP/1.1 405"),
        (with_token("POST /run/users", "content-length: 4\r\n\r\n{bad"), "HTTP/1.1 400"),
        (with_token("POST /run/users", "content-length: 3\r\n\r\n[1]"), "HTTP/1.1 400"),
        (with_token("POST /run/users", "content-length: 2\r\n\r\n\u{ff}"), "HTTP/1.1 400"),
        (with_token("POST /run/users", "content-length: 99\r\n\r\n{}"), "HTTP/1.1 400"),
        (with_token("POST /run/users", "transfer-encoding: chunked\r\n\r\nzz\r\n"), "HTTP/1.1 400"),
        (with_token("GET /run/users/%zz%f0?filter[=&[]=&a[b]c=d", "\r\n"), "HTTP/1.1 404"),
        (with_token(&format!("GET /{}", "a".repeat(100_000)), "\r\n"), ""),
        (with_token("GET /profile", &format!("x: {}\r\n\r\n", "y".repeat(1_000_000))), ""),
    ] {
        let got = exchange(&server, &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(got.starts_with(answer), "{shown:?} got {got:?}");
    }
    assert!(client(&server).profile().list().is_ok());
}

#[test]
fn a_body_of_50_mb_is_refused_and_not_kept() {
    let server = served();
    let token = server.sandbox().token();
    let head = format!(
        "POST /run/users HTTP/1.1\r\nhost: x\r\ntoken: {}\r\ncontent-length: {}\r\n\r\n",
        token.expose(),
        50 * 1024 * 1024
    );
    let mut bytes = head.into_bytes();
    bytes.resize(bytes.len() + 50 * 1024 * 1024, b' ');
    // The connection may break while the body is still being sent, before the answer can be read.
    let answer = exchange(&server, &bytes);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer:?}");
    assert!(client(&server).profile().list().is_ok());
}

#[test]
fn silent_clients_and_a_thousand_connections_do_not_keep_others_out() {
    let server = served();
    let silent: Vec<TcpStream> = (0..1000).map_while(|_| TcpStream::connect(server.address()).ok()).collect();
    assert!(silent.len() > 500, "the system allows few connections: {}", silent.len());
    for (i, mut stream) in silent.iter().enumerate() {
        if i % 2 == 0 {
            stream.write_all(b"GET /profile HT").unwrap();
        }
    }
    assert!(client(&server).profile().list().is_ok());
}

#[test]
fn stopping_frees_the_port() {
    let server = served();
    let address = server.address();
    assert!(client(&server).profile().list().is_ok());
    server.stop();
    assert!(TcpStream::connect(address).is_err());
    let again = sandbox().serve(address).unwrap();
    assert_eq!(again.address(), address);
}

#[test]
fn an_answer_that_is_under_way_is_finished_before_the_server_stops() {
    let server = served();
    let tago = client(&server);
    server.sandbox().inject(FaultRule::new(Fault::Delay { milliseconds: 100 }));
    let slow = std::thread::spawn(move || tago.profile().list());
    // A delayed request is handled first and answered then.
    while server.journal().is_empty() {
        std::thread::yield_now();
    }
    server.stop();
    assert_eq!(slow.join().unwrap().unwrap().len(), 3);
}

#[test]
fn only_this_computer_reaches_it_unless_told_otherwise() {
    let error = sandbox().serve("0.0.0.0:0").unwrap_err();
    assert!(error.to_string().contains("can be reached from other computers"), "{error}");
    let exposed = sandbox().serve_exposed("0.0.0.0:0").unwrap();
    assert!(exposed.is_exposed() && exposed.to_string().contains("OPEN TO OTHER COMPUTERS"), "{exposed}");
    assert!(client(&exposed).profile().list().is_ok(), "its URL leads to it all the same");
    let closed = served();
    assert!(!closed.is_exposed() && !closed.to_string().contains("OPEN"), "{closed}");
    for address in ["nonsense", "256.0.0.1:1", "127.0.0.1"] {
        assert!(sandbox().serve(address).is_err(), "{address}");
    }
}

#[test]
fn thirty_two_threads_lose_no_update_and_make_no_twins() {
    const THREADS: usize = 32;
    const ROUNDS: usize = 12;
    let server = Sandbox::builder().rate_limits(false).users(1000).build().serve("127.0.0.1:0").unwrap();
    let tago = client(&server);
    let before = server.sandbox().users().len();

    let ids: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let tago = tago.clone();
                scope.spawn(move || {
                    let users = tago.run().users();
                    let mut kept = Vec::new();
                    for round in 0..ROUNDS {
                        // Each address is wanted by two threads.
                        let email = format!("worker-{}-{round}@x.com", thread / 2);
                        let new =
                            NewUser::new("Worker", email, "UTC").generate_password(true).tag("by", thread.to_string());
                        match users.create(&new) {
                            Ok(id) => {
                                users.edit(&id, &UserEdit::new().company(format!("{thread}/{round}"))).unwrap();
                                if round % 3 == 0 {
                                    users.delete(&id).unwrap();
                                } else {
                                    kept.push((id, format!("{thread}/{round}")));
                                }
                            }
                            Err(error) => assert_eq!(error.status(), Some(400), "{error}"),
                        }
                        users.list(&UserQuery::new().email("worker-*").amount(50)).unwrap();
                    }
                    kept
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });

    let users = server.sandbox().users();
    assert_eq!(users.len(), before + ids.len());
    let distinct = |values: Vec<String>| values.into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(users.iter().map(|user| user.email.to_lowercase()).collect()), users.len());
    assert_eq!(distinct(users.iter().map(|user| user.id.to_string()).collect()), users.len());
    for (id, company) in ids {
        assert_eq!(tago.run().users().info(&id).unwrap().company, Some(company));
    }
}
