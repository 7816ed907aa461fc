//! The sandbox by HTTP: the same world and the same answers as by the transport door, faults on demand, and nothing that
//! a client does takes it down.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tagoio::bulk::{Bulk, DeleteUser};
use tagoio::clock::ManualClock;
use tagoio::run::{NewNotification, NewUser, UserEdit, UserQuery};
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

/// The head of an answer, in small letters, and its body.
fn parts(answer: &str) -> (String, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    (head.to_lowercase(), body)
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
    let inject = |fault| server.sandbox().inject(FaultRule::new(fault).on(Method::Get, "/profile/*")).unwrap();
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

    server.sandbox().inject(FaultRule::new(page()).times(2)).unwrap();
    assert!(tago.profile().list().is_err() && info().is_err() && info().is_ok());
    assert_eq!(server.sandbox().faults_waiting(), []);
}

#[test]
fn a_cut_answer_promises_all_and_sends_half() {
    let server = served();
    let request = |token: &str| {
        format!("GET /profile HTTP/1.1\r\nhost: x\r\ntoken: {token}\r\nconnection: close\r\n\r\n").into_bytes()
    };
    let token = server.sandbox().token();
    let whole = exchange(&server, &request(token.expose()));
    let (_, whole) = parts(&whole);
    for (rule, promised) in
        [(FaultRule::new(Fault::CutBody), "{\"status\":true}"), (FaultRule::new(Fault::CutBody).taking_effect(), whole)]
    {
        server.sandbox().inject(rule).unwrap();
        let cut = exchange(&server, &request(token.expose()));
        let (head, body) = parts(&cut);
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", promised.len())), "{head}");
        assert_eq!(body, &promised[..promised.len() / 2]);
    }
    server.sandbox().inject(FaultRule::new(Fault::HangUp)).unwrap();
    assert_eq!(exchange(&server, &request(token.expose())), "", "a dropped connection brings nothing at all");
}

#[test]
fn the_journal_says_what_was_sent_and_not_what_was_meant() {
    let server = served();
    let token = server.sandbox().token();
    let faults = [
        (Fault::HangUp, None),
        (Fault::CutBody, Some(200)),
        (Fault::Garbage, Some(200)),
        (Fault::TooManyRequests { retry_after: 1 }, Some(429)),
        (Fault::Answer { status: 502, content_type: "text/html".to_owned(), body: String::new() }, Some(502)),
        (Fault::StatusFalse { message: "No".to_owned() }, Some(200)),
        (Fault::Delay { milliseconds: 1 }, Some(404)),
    ];
    // The answer that is hidden is always a 404.
    for takes_effect in [false, true] {
        for (fault, status) in &faults {
            server.sandbox().clear_journal();
            let mut rule = FaultRule::new(fault.clone());
            rule.takes_effect = takes_effect;
            server.sandbox().inject(rule).unwrap();
            client(&server).run().users().info("nobody").unwrap_err();
            let journal = server.journal();
            assert_eq!(journal.len(), 1, "{fault:?}");
            assert_eq!(journal[0].route.to_string(), "GET /run/users/{user}");
            // What is cut is the answer there would have been.
            let status = if takes_effect && *fault == Fault::CutBody { Some(404) } else { *status };
            assert_eq!((journal[0].status, journal[0].fault.as_deref()), (status, Some(fault)));
        }
    }
    server.sandbox().clear_journal();
    for (head, body) in [
        ("content-length: 11000000", ""),
        ("content-length: 3", "{"),
        ("transfer-encoding: chunked", "zz\r\n"),
        ("content-length: 0", ""),
    ] {
        let request =
            format!("POST /run/users HTTP/1.1\r\nhost: x\r\ntoken: {}\r\n{head}\r\n\r\n{body}", token.expose());
        exchange(&server, request.as_bytes());
    }
    server.sandbox().inject(FaultRule::new(Fault::HangUp)).unwrap();
    client(&server).profile().list().unwrap_err();
    let journal: Vec<_> = server.journal().iter().map(ToString::to_string).collect();
    assert_eq!(
        journal,
        [
            "POST /run/users 413",
            "POST /run/users 400",
            "POST /run/users 400",
            "POST /run/users 400",
            "GET /profile (no answer)",
        ]
    );
    let (_, told) = control(&server, Method::Get, "/journal", "");
    assert_eq!(told["result"][4], json!({"route": "GET /profile", "status": null, "fault": "hang_up"}));
    assert_eq!(told["result"][0], json!({"route": "POST /run/users", "status": 413}));
}

#[test]
fn a_fault_that_cannot_be_sent_is_refused() {
    let server = served();
    let answer = |status, content_type: &str| {
        FaultRule::new(Fault::Answer { status, content_type: content_type.to_owned(), body: "x".to_owned() })
    };
    for (rule, problem) in [
        (answer(0, "text/plain"), "0 is not the status of an answer: 200 to 599"),
        (answer(100, "text/plain"), "100 is not the status of an answer: 200 to 599"),
        (answer(101, "text/plain"), "101 is not the status of an answer: 200 to 599"),
        (answer(199, "text/plain"), "199 is not the status of an answer: 200 to 599"),
        (answer(600, "text/plain"), "600 is not the status of an answer: 200 to 599"),
        (answer(200, "text/plain\r\nset-cookie: x"), "the content type has a control character"),
        (answer(200, "\0"), "the content type has a control character"),
    ] {
        let error = server.sandbox().inject(rule.clone()).unwrap_err();
        assert!(matches!(error, Error::Config(_)));
        assert_eq!(error.to_string(), format!("invalid fault rule: {problem}"));
        let both = json!([FaultRule::new(Fault::HangUp), rule]).to_string();
        let (status, refused) = control(&server, Method::Post, "/faults", &both);
        assert_eq!((status, &refused["message"]), (400, &json!(format!("Invalid fault rule: {problem}"))));
        assert_eq!(server.sandbox().faults_waiting(), [], "all or none");
    }
    for status in [200, 204, 304, 599] {
        server.sandbox().inject(answer(status, "text/plain; charset=\u{e9}\t")).unwrap();
        let tago = client(&server);
        assert_eq!(tago.raw(Method::Get, "/profile").response().unwrap().status(), status);
    }
}

#[test]
fn web_pages_do_not_reach_the_control_routes() {
    let server = served();
    let ask = |server: &SandboxServer, target: &str, headers: &str| {
        let request = format!("POST {target} HTTP/1.1\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
        exchange(server, request.as_bytes())
    };
    let foreign = [
        ("/__sandbox/reset", "host: localhost\r\norigin: http://localhost\r\n", "Control routes are not for web pages"),
        ("/__sandbox/reset", "host: localhost\r\norigin: null\r\n", "Control routes are not for web pages"),
        ("/__sandbox/reset", "host: rebound.example.com\r\n", "Control routes are reached as localhost"),
        ("/__sandbox/reset", "host: localhost.example.com:80\r\n", "Control routes are reached as localhost"),
        ("/__sandbox/reset", "host: 192.168.0.1\r\n", "Control routes are reached as localhost"),
        ("/__sandbox/reset", "", "Control routes are reached as localhost"),
        ("http://x.com/__sandbox/reset", "host: localhost\r\n", "Control routes are reached as localhost"),
    ];
    for (target, headers, message) in foreign {
        let answer = ask(&server, target, headers);
        let (head, body) = parts(&answer);
        assert!(head.starts_with("http/1.1 403 forbidden\r\n"), "{headers} {head}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({"status": false, "message": message}));
    }
    for host in ["localhost", "LocalHost:8787", "127.0.0.1", "127.9.9.9:1", "[::1]:8787"] {
        let answer = ask(&server, "/__sandbox/reset", &format!("host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{host} {answer}");
    }
    let exposed = sandbox().serve_exposed("0.0.0.0:0").unwrap();
    assert!(ask(&exposed, "/__sandbox/reset", "host: build-7.local\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    let page = ask(&exposed, "/__sandbox/reset", "host: localhost\r\norigin: http://x.com\r\n");
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
}

#[test]
fn head_is_get_without_a_body_through_both_doors() {
    let server = served();
    let get = client(&server).raw(Method::Get, "/profile").response().unwrap();
    for tago in [client(&server), server.sandbox().client().unwrap()] {
        let head = tago.raw(Method::Head, "/profile").response().unwrap();
        assert_eq!((head.status(), head.body().len()), (200, 0));
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(tago.raw(Method::Head, "/nowhere").response().unwrap().status(), 404);
    }
    assert_eq!(server.journal()[1].to_string(), "HEAD /profile 200");
}

#[test]
fn a_request_with_a_fault_takes_effect_only_when_that_is_asked_for() {
    let server = served();
    let tago = client(&server);
    let count = || server.sandbox().users().len();
    let before = count();
    let rule = || FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users");
    let create = |email: &str| tago.run().users().create(&NewUser::new("X", email, "UTC").generate_password(true));

    server.sandbox().inject(rule()).unwrap();
    assert!(create("lost@x.com").unwrap_err().maybe_delivered());
    assert_eq!(count(), before);
    server.sandbox().inject(rule().taking_effect()).unwrap();
    assert!(create("there@x.com").unwrap_err().maybe_delivered());
    assert_eq!(count(), before + 1);
}

#[test]
fn bulk_work_is_tried_by_the_engine_alone() {
    let server = served();
    let unavailable = Fault::Answer { status: 503, content_type: "text/html".to_owned(), body: "<html>".to_owned() };
    // As `Client::new` makes it, retries and all.
    let tago =
        Client::builder().token(server.sandbox().token()).region(server.region()).vars(|_| None).build().unwrap();
    let tasks = [DeleteUser::new(&server.sandbox().users()[0].id)];
    server.sandbox().inject(FaultRule::new(unavailable).on(Method::Delete, "/run/users/*").times(4)).unwrap();
    let report = Bulk::new(&tago).clock(Arc::new(ManualClock::default())).run(&tasks);
    assert!(report.is_complete(), "{:?}", report.outcomes);
    assert_eq!(server.sandbox().journal().len(), 5);

    let refused = Fault::TooManyRequests { retry_after: 30 };
    server.sandbox().clear_journal();
    server.sandbox().inject(FaultRule::new(refused).on(Method::Delete, "/run/users/*")).unwrap();
    assert!(Bulk::new(&tago).clock(Arc::new(ManualClock::default())).run(&tasks).is_complete());
    assert_eq!(server.sandbox().journal().len(), 2, "and the window is the engine's to wait for");
}

#[test]
fn the_same_script_of_faults_gives_the_same_run_each_time_and_through_both_doors() {
    let play = |sandbox: &Sandbox, tago: &Client| -> Vec<String> {
        let answer = Fault::Answer { status: 500, content_type: "text/plain".to_owned(), body: "no".to_owned() };
        sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users").taking_effect()).unwrap();
        sandbox.inject(FaultRule::new(answer).on(Method::Get, "/run/users/{user}").times(2)).unwrap();
        sandbox.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 3 }).times(3)).unwrap();
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
        sandbox.inject(FaultRule::new(fault)).unwrap();
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
    let journal = json!([
        {"route": "GET /profile", "status": 503, "fault": "answer"},
        {"route": "GET /profile", "status": 200},
    ]);
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
    // The empty answer is a connection that was closed without one.
    for (bytes, answers) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS".to_vec(), &["HTTP/1.1 400"][..]),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), &["HTTP/1.1 400"]),
        (b"GET /profile HTTP/1.1\r\nhost: x\r\n".to_vec(), &[""]),
        (b"GET /profile HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), &["HTTP/1.1 401"]),
        (with_token("FLY /profile", "\r\n"), &["HTTP/1.1 405"]),
        (with_token("get /profile", "\r\n"), &["HTTP/1.1 405"]),
        (with_token("POST /run/users", "content-length: 4\r\n\r\n{bad"), &["HTTP/1.1 400"]),
        (with_token("POST /run/users", "content-length: 3\r\n\r\n[1]"), &["HTTP/1.1 400"]),
        (with_token("POST /run/users", "content-length: 2\r\n\r\n\u{ff}"), &["HTTP/1.1 400"]),
        (with_token("POST /run/users", "content-length: 99\r\n\r\n{}"), &["HTTP/1.1 400"]),
        (with_token("POST /run/users", "transfer-encoding: chunked\r\n\r\nzz\r\n"), &["HTTP/1.1 400"]),
        (with_token("GET /run/users/%zz%f0?filter[=&[]=&a[b]c=d", "\r\n"), &["HTTP/1.1 404"]),
        (with_token(&format!("GET /{}", "a".repeat(100_000)), "\r\n"), &["HTTP/1.1 414"]),
        (with_token("GET /profile", &format!("{}\r\n", "x: y\r\n".repeat(200))), &["HTTP/1.1 431"]),
        // What was not read resets the connection, which may overtake the answer.
        (with_token("GET /profile", &format!("x: {}\r\n\r\n", "y".repeat(1_000_000))), &["", "HTTP/1.1 431"]),
    ] {
        let got = exchange(&server, &bytes);
        let status_line = got.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(answers.contains(&status_line.as_str()), "{shown:?} got {got:?}");
    }
    assert!(client(&server).profile().list().is_ok());
}

#[test]
fn a_body_of_50_mb_is_refused_and_not_kept() {
    const SIZE: usize = 50 * 1024 * 1024;
    let server = served();
    let token = server.sandbox().token();
    let head = |more: &str| {
        format!("POST /run/users HTTP/1.1\r\nhost: x\r\ntoken: {}\r\n{more}\r\n\r\n", token.expose()).into_bytes()
    };
    let mut declared = head(&format!("content-length: {SIZE}"));
    declared.resize(declared.len() + SIZE, b' ');
    let mut chunked = head("transfer-encoding: chunked");
    chunked.extend(format!("{SIZE:x}\r\n").into_bytes());
    chunked.resize(chunked.len() + SIZE, b' ');
    chunked.extend(b"\r\n0\r\n\r\n");
    for bytes in [declared, chunked] {
        let answer = exchange(&server, &bytes);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:?}");
        assert!(parts(&answer).0.contains("\r\nconnection: close"), "{answer:?}");
    }
    assert!(client(&server).profile().list().is_ok());
}

#[test]
fn a_client_that_asks_before_it_sends_too_much_is_told_not_to() {
    let server = served();
    let token = server.sandbox().token();
    for (token, size, status_line) in [
        (token.expose(), 50 * 1024 * 1024, "HTTP/1.1 413 Payload Too Large\r\n"),
        ("unknown", 50 * 1024 * 1024, "HTTP/1.1 413 Payload Too Large\r\n"),
        ("unknown", 100 * 1024, "HTTP/1.1 401 Unauthorized\r\n"),
    ] {
        let head = format!(
            "POST /run/users HTTP/1.1\r\nhost: x\r\ntoken: {token}\r\nexpect: 100-continue\r\ncontent-length: {size}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(status_line), "{answer}");
    }
}

#[test]
fn a_request_without_a_known_token_is_refused_whatever_it_goes_on_to_say() {
    let server = served();
    let filler = " ".repeat(100 * 1024);
    for (framing, body) in [
        (format!("content-length: {}", filler.len()), filler.clone()),
        ("transfer-encoding: chunked".to_owned(), format!("{:x}\r\n{filler}\r\n0\r\n\r\n", filler.len())),
    ] {
        for (token, message) in [("", "Unauthorized"), ("token: unknown\r\n", "Invalid token")] {
            let request = format!("POST /run/users HTTP/1.1\r\nhost: x\r\n{token}{framing}\r\n\r\n{body}");
            let answer = exchange(&server, request.as_bytes());
            let (head, body) = parts(&answer);
            assert!(head.starts_with("http/1.1 401 unauthorized\r\n") && head.contains("connection: close"), "{head}");
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["message"], message);
        }
    }
    assert_eq!(server.journal().len(), 4);
}

#[test]
fn silent_clients_and_more_connections_than_there_is_room_for_do_not_keep_others_out() {
    let server = served();
    let begin = Instant::now();
    let silent: Vec<TcpStream> = (0..1200).map_while(|_| TcpStream::connect(server.address()).ok()).collect();
    assert!(silent.len() == 1200, "the system allows few connections: {}", silent.len());
    for (i, mut stream) in silent.iter().enumerate() {
        if i % 2 == 0 {
            // The first ones have had to go.
            let _ = stream.write_all(b"GET /profile HT");
        }
    }
    assert!(client(&server).profile().list().is_ok());
    // Sooner than any of them is given up.
    assert!(begin.elapsed() < Duration::from_secs(20), "it took {:?}", begin.elapsed());
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
    server.sandbox().inject(FaultRule::new(Fault::Delay { milliseconds: 100 })).unwrap();
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

#[test]
fn thirty_two_threads_that_edit_the_same_users_lose_nothing() {
    const THREADS: usize = 32;
    const USERS: usize = 8;
    const ROUNDS: usize = 12;
    let server = Sandbox::builder().rate_limits(false).build().serve("127.0.0.1:0").unwrap();
    let tago = client(&server);
    let ids: Vec<_> = (0..USERS)
        .map(|user| {
            let new = NewUser::new("Shared", format!("shared-{user}@x.com"), "UTC").generate_password(true);
            tago.run().users().create(&new).unwrap()
        })
        .collect();
    let before: Vec<_> = ids.iter().map(|id| tago.run().notifications().list(id).unwrap().len()).collect();

    // Each user has four threads, and each of them a field of its own.
    let (done, finished) = mpsc::channel();
    for thread in 0..THREADS {
        let (tago, id, done) = (tago.clone(), ids[thread % USERS].clone(), done.clone());
        std::thread::spawn(move || {
            let (users, notifications) = (tago.run().users(), tago.run().notifications());
            for round in 0..ROUNDS {
                let value = format!("{thread}/{round}");
                let edit = match thread / USERS {
                    0 => UserEdit::new().name(value.clone()),
                    1 => UserEdit::new().company(value.clone()),
                    2 => UserEdit::new().phone(value.clone()),
                    _ => UserEdit::new().language(value.clone()),
                };
                users.edit(&id, &edit).unwrap();
                let note = NewNotification::new().title(value).message("Hello");
                let sent = notifications.create(&id, &note).unwrap();
                if round % 3 == 0 {
                    notifications.delete(&sent).unwrap();
                }
            }
            done.send(()).unwrap();
        });
    }
    drop(done);
    for _ in 0..THREADS {
        finished.recv_timeout(Duration::from_secs(60)).expect("each thread ends, and in time");
    }

    for (user, id) in ids.iter().enumerate() {
        let info = tago.run().users().info(id).unwrap();
        let last = |of: usize| format!("{}/{}", of * USERS + user, ROUNDS - 1);
        assert_eq!(
            (info.name, info.company, info.phone, info.language),
            (last(0), Some(last(1)), Some(last(2)), Some(last(3)))
        );
        let mut titles: Vec<_> = tago.run().notifications().list(id).unwrap().into_iter().map(|n| n.title).collect();
        let mut kept: Vec<_> = (0..THREADS)
            .filter(|thread| thread % USERS == user)
            .flat_map(|thread| (0..ROUNDS).filter(|round| round % 3 != 0).map(move |round| format!("{thread}/{round}")))
            .collect();
        assert_eq!(titles.len(), before[user] + kept.len());
        titles.retain(|title| title.contains('/'));
        titles.sort();
        kept.sort();
        assert_eq!(titles, kept);
    }
}
