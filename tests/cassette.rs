//! Recording and replaying, and that no secret gets into a cassette.

use std::error::Error as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tagoio::profile::{Credentials, OtpType};
use tagoio::run::{IdpMetadata, NewNotification, NewUser, RunSettings, SamlEdit, UserEdit};
use tagoio::token::{NewToken, Permission, TokenQuery, VerificationCode};
use tagoio::transport::{
    Cassette, Method, Record, Replay, Request, Response, Transport, TransportError, TransportErrorKind, from_fn,
};
use tagoio::{Client, Error, Password, PinCode, ProfileId, Token};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cassettes").join(name)
}

fn client(token: &str, transport: impl Transport + 'static) -> Client {
    Client::builder().token(token).vars(|_| None).transport(transport).build().unwrap()
}

fn success(result: &Value) -> Response {
    Response::new(200)
        .with_header("content-type", "application/json")
        .with_body(json!({"status": true, "result": result}).to_string())
}

fn get(path_and_query: &str) -> Request {
    Request::new(Method::Get, format!("https://api.tago.io{path_and_query}"))
}

/// Records what a closure does with a client, and gives the cassette as it is after a file.
fn recorded(
    name: &str,
    service: impl Fn(&Request) -> Result<Response, TransportError> + Send + Sync + 'static,
    program: impl FnOnce(&Client),
) -> (Cassette, String) {
    let record = Arc::new(Record::new(from_fn(service)));
    assert_eq!(format!("{record:?}"), "Record { inner: FromFn, recorded: 0, .. }");
    program(&client(TOKEN, Arc::clone(&record)));
    record.save(file(name)).unwrap();
    let cassette = Cassette::load(file(name)).unwrap();
    assert_eq!(cassette, record.cassette(), "what is loaded is what was recorded");
    (cassette, fs::read_to_string(file(name)).unwrap())
}

/// Secrets with characters that look different in JSON and in URLs.
const TOKEN: &str = "p-canary/\"header\"";
const PATH_TOKEN: &str = "p-canary/\"path\"%2F";
const PASSWORD: &str = "canary \"pa55\"/wörd";
const PIN: &str = "987654";
const MINTED: &str = "u-canary/\"minted\"";

#[test]
fn a_cassette_is_readable_and_stable() {
    let (_, text) = recorded(
        "readable.json",
        |request| {
            if request.method() == Method::Get {
                return Ok(success(&json!([{"id": "61eb", "name": "Jane"}])));
            }
            Err(TransportErrorKind::Throttled { retry_after: Duration::from_millis(1500) }.into())
        },
        |tago| {
            let few = tagoio::run::UserQuery::new().fields([tagoio::run::UserField::Name]).tag("site", "são & paulo");
            tago.run().users().list(&few).unwrap();
            let password = Password::new(PASSWORD).unwrap();
            tago.run().users().edit("61eb", &UserEdit::new().password(password).name("Jane")).unwrap_err();
        },
    );
    assert_eq!(
        text,
        r#"{
  "version": 1,
  "interactions": [
    {
      "request": {
        "method": "GET",
        "path": "/run/users",
        "query": [
          "page=1",
          "fields[0]=name",
          "filter[tags][0][key]=site",
          "filter[tags][0][value]=são & paulo",
          "amount=20",
          "orderBy=name,asc"
        ]
      },
      "outcome": {
        "answer": {
          "status": 200,
          "headers": {
            "content-type": "application/json"
          },
          "body": {
            "json": {
              "result": [
                {
                  "id": "61eb",
                  "name": "Jane"
                }
              ],
              "status": true
            }
          }
        }
      }
    },
    {
      "request": {
        "method": "PUT",
        "path": "/run/users/61eb",
        "body": {
          "json": {
            "name": "Jane",
            "password": "REDACTED"
          }
        }
      },
      "outcome": {
        "error": {
          "throttled": {
            "retry_after_ms": 1500
          }
        }
      }
    }
  ]
}
"#
    );
}

#[test]
fn every_answer_survives_record_save_load_and_replay() {
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let bodies: [(&str, &[u8]); 14] = [
        ("nothing", b""),
        ("an envelope", br#"{"status":true,"result":[1,2.5,-3,null,true,"x",{"a":[]}]}"#),
        ("a string", br#""a sentence""#),
        ("a number", b"42"),
        ("many digits", b"[0.1,1e300,12345678901234567890123,0.30000000000000004,9.109383701528e-31]"),
        ("large numbers", b"[18446744073709551615,-9223372036854775808]"),
        ("deep JSON", deep.as_bytes()),
        ("text", "<html>Ação \u{1f600} \u{0}</html>".as_bytes()),
        ("text with line breaks", b"a\r\nb\t\"c\"\\"),
        ("cut JSON", br#"{"status":true,"result":["#),
        ("white space", b" \n"),
        ("binary", b"\xff\xfe\x00\x01"),
        ("a byte order mark", b"\xef\xbb\xbfhello"),
        ("looks like a cassette", br#"{"json":{"text":"x"},"base64":"!"}"#),
    ];
    for (name, body) in bodies {
        for status in [200, 204, 404, 429, 503] {
            let answer = Response::new(status)
                .with_header("Content-Type", "text/x")
                .with_header("X-Request-Id", "7")
                .with_header("Retry-After", "8")
                .with_body(body);
            let record = Record::new(from_fn(|_: &Request| Ok(answer.clone())));
            assert_eq!(record.send(&get("/run")).unwrap(), answer, "{name}: passed on unchanged");
            let path = file("survives.json");
            record.save(&path).unwrap();
            let replay = Replay::load(&path).unwrap();

            let replayed = replay.send(&get("/run")).unwrap();
            assert_eq!(replayed.status(), status, "{name}");
            let headers: Vec<_> = replayed.headers().collect();
            assert_eq!(headers, [("content-type", "text/x"), ("retry-after", "8")], "{name}");
            match serde_json::from_slice::<Value>(body) {
                Ok(json) => assert_eq!(serde_json::from_slice::<Value>(replayed.body()).unwrap(), json, "{name}"),
                Err(_) => assert_eq!(replayed.body(), body, "{name}"),
            }
            assert!(replay.unused().is_empty());
        }
    }
}

#[test]
fn every_error_survives_record_save_load_and_replay() {
    use TransportErrorKind::{
        BodyTooLarge, Connect, ConnectTimeout, ConnectionLost, Dns, InvalidRequest, NotRecorded, Other, Protocol,
        Throttled, Timeout, Tls,
    };
    for kind in [
        InvalidRequest,
        Dns,
        Connect,
        ConnectTimeout,
        Tls,
        Throttled { retry_after: Duration::from_millis(8500) },
        NotRecorded,
        Timeout,
        ConnectionLost,
        Protocol,
        BodyTooLarge,
        Other,
    ] {
        let record = Record::new(from_fn(|_: &Request| Err(TransportError::with_source(kind, "canary"))));
        assert_eq!(record.send(&get("/run")).unwrap_err().source().unwrap().to_string(), "canary");
        let path = file("errors.json");
        record.save(&path).unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains("canary"), "the cause may hold anything");
        assert_eq!(Replay::load(&path).unwrap().send(&get("/run")).unwrap_err().kind(), kind);
    }
}

type Call = fn(&Client);

/// Everything that carries a secret, in all the places where there can be one.
const CALLS: [(&str, Call); 15] = [
    ("profile.delete", |tago| {
        let credentials = Credentials::new(password()).pin_code(pin()).otp_type(OtpType::Authenticator);
        drop(tago.profile().delete("61fa", &credentials));
    }),
    ("token.create", |tago| {
        let new = NewToken::new("ci", Permission::Read)
            .sign_in("me@example.com", password())
            .two_factor(OtpType::Sms, pin())
            .verification_code(VerificationCode::new("canary-code").unwrap());
        drop(tago.token().create(ProfileId::CURRENT, &new));
    }),
    ("token.delete", |tago| drop(tago.token().delete(ProfileId::CURRENT, &path_token()))),
    ("token.list", |tago| drop(tago.token().list(ProfileId::CURRENT, &TokenQuery::new()))),
    ("token.list by token", |tago| {
        drop(tago.token().list(ProfileId::CURRENT, &TokenQuery::new().token(&path_token())));
    }),
    ("token.iter", |tago| drop(tago.token().iter(ProfileId::CURRENT, &TokenQuery::new().amount(1)).take(2).last())),
    ("users.create", |tago| {
        drop(tago.run().users().create(&NewUser::new("Jane", "jane@example.com", "UTC").password(password())));
    }),
    ("users.edit", |tago| drop(tago.run().users().edit("61eb", &UserEdit::new().password(password())))),
    ("users.login_as", |tago| drop(tago.run().users().login_as("61eb", None))),
    ("saml.edit", |tago| {
        drop(tago.run().saml().edit(&SamlEdit::new().idp_metadata(IdpMetadata::from_xml("canary metadata"))));
    }),
    ("run.info", |tago| drop(tago.run().info())),
    ("run.edit", |tago| drop(tago.run().edit(&RunSettings::new().anonymous_token(path_token())))),
    ("raw path", |tago| drop(tago.raw(Method::Delete, "/profile/61fa/token/p-canary-raw").send::<Value>())),
    ("raw query", |tago| {
        drop(tago.raw(Method::Get, "/info").query("token", PATH_TOKEN).query("q[password]", PASSWORD).send::<Value>());
    }),
    ("raw body", |tago| {
        let body =
            json!({"nested": [{"access_token": "canary-1"}], "PIN_CODE": 987_654, "api_key": {"v": ["canary-2"]}});
        drop(tago.raw(Method::Post, "/account").json(&body).send::<Value>());
    }),
];

fn password() -> Password {
    Password::new(PASSWORD).unwrap()
}

fn pin() -> PinCode {
    PinCode::new(PIN).unwrap()
}

fn path_token() -> Token {
    Token::new(PATH_TOKEN).unwrap()
}

/// What a hostile or careless server may send back: all that it got, and new secrets.
fn echo(request: &Request) -> String {
    let mut echo = format!("{} ", request.url());
    for (_, value) in request.headers() {
        echo.push_str(value);
        echo.push(' ');
    }
    if let Some(body) = request.body() {
        let strings = |value: &Value| value.as_str().map(str::to_owned);
        if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
            members.values().filter_map(strings).for_each(|text| echo.push_str(&text));
        }
        echo.push_str(&String::from_utf8_lossy(body));
    }
    echo
}

fn hostile_answers(request: &Request) -> Vec<(&'static str, Response)> {
    let echo = echo(request);
    let result = json!({
        "token": MINTED, "anonymous_token": MINTED, "name": format!("Login by {MINTED}"), "user": "61eb", "message": echo,
        "nested": [{"pin_code": 987_654, "refresh_token": "canary-refresh"}],
    });
    let object = json!({"status": true, "result": result, "message": echo}).to_string();
    let list = json!({"status": true, "result": [result]}).to_string();
    let cut = &list[..list.rfind("canary-refresh").unwrap() + 9];
    vec![
        ("an object", Response::new(200).with_body(object.clone())),
        ("a list", Response::new(200).with_body(list.clone())),
        ("a byte order mark", Response::new(200).with_body(format!("\u{feff}{object}"))),
        ("JSON in JSON", Response::new(400).with_body(json!({"status": false, "message": object}).to_string())),
        ("an error", Response::new(400).with_body(json!({"status": false, "message": echo}).to_string())),
        ("cut JSON", Response::new(200).with_body(cut)),
        ("text", Response::new(502).with_body(format!("<html>{echo}</html>"))),
        ("a sentence", Response::new(500).with_body(json!(echo).to_string())),
        ("not UTF-8", Response::new(200).with_body([b"\xff\xfe ", echo.as_bytes()].concat())),
        ("headers", Response::new(200).with_header("x-echo", &echo).with_header("content-type", &echo)),
    ]
}

#[test]
fn no_secret_gets_into_a_cassette() {
    let kinds = hostile_answers(&get("/")).len();
    for (name, call) in CALLS {
        for index in 0..kinds {
            let service = move |request: &Request| Ok(hostile_answers(request).swap_remove(index).1);
            let (cassette, text) = recorded("canaries.json", service, call);
            let kind = hostile_answers(&get("/"))[index].0;
            assert!(!cassette.interactions().is_empty(), "{name}, {kind}");
            for leaked in ["canary", PIN, "pa55", "Y2FuYXJ5"] {
                assert!(!text.contains(leaked), "{name}, {kind}: {leaked} in {text}");
            }
            for bytes in text.split(r#""base64": ""#).skip(1) {
                let bytes = bytes.split('"').next().unwrap();
                let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{name}, {kind}");
            }
            assert!(!format!("{cassette:?} {:?}", Replay::new(cassette.clone())).contains("canary"), "{name}, {kind}");
        }
    }
}

#[test]
fn no_secret_header_of_a_hand_made_request_gets_into_a_cassette() {
    for (header, value) in [
        ("Token", "canary-1234"),
        ("Authorization", "canary-1234"),
        ("Authorization", "Bearer canary-1234"),
        ("Profile-Token", "canary-1234"),
        ("Cookie", "canary-1234"),
    ] {
        let record = Record::new(from_fn(|_: &Request| Ok(Response::new(200).with_body("you sent canary-1234"))));
        record.send(&get("/run").with_header(header, value)).unwrap();
        let text = serde_json::to_string(&record.cassette()).unwrap();
        assert!(!text.contains("canary") && text.contains("you sent REDACTED"), "{header}: {text}");
    }
}

/// A small TagoIO that mints tokens.
#[expect(clippy::unnecessary_wraps, reason = "it is a transport")]
fn tagoio(request: &Request) -> Result<Response, TransportError> {
    let page = |number: u32| {
        let token = |id: u32| json!({"name": format!("token {id}"), "token": format!("p-canary-{number}-{id}")});
        json!([token(1), token(2)])
    };
    let query = request.query().unwrap_or_default();
    Ok(match request.route().to_string().as_str() {
        "GET /run/users/{user}/login" => success(&json!({"token": MINTED, "expire_time": "2026-06-21T03:01:10.908Z"})),
        "POST /run/notification/" => success(&json!({"id": "62b0"})),
        "GET /run" => success(&json!({"name": "Portal"})),
        "GET /profile/{profile}/token" if query.contains("page=1") => success(&page(1)),
        "GET /profile/{profile}/token" if query.contains("page=2") => success(&page(2)),
        "GET /profile/{profile}/token" => success(&json!([])),
        "DELETE /profile/{profile}/token/{token}" if request.path().ends_with("p-canary-1-2") => {
            success(&json!("Token Successfully Removed"))
        }
        "DELETE /profile/{profile}/token/{token}" => Response::new(404).with_body("{}"),
        other => panic!("unexpected {other}"),
    })
}

/// Signs in as a user, tells the user so, and acts as the user.
fn program(tago: &Client, transport: impl Transport + 'static) -> Vec<String> {
    let login = tago.run().users().login_as("61eb", None).unwrap();
    let link = format!("https://acme.tago.run/?token={}", login.token.expose());
    let notification = NewNotification::new().title("Hello").message(link);
    tago.run().notifications().create("61eb", &notification).unwrap();
    let as_user = Client::builder().token(login.token).vars(|_| None).transport(transport).build().unwrap();
    let portal = as_user.run().info().unwrap().name.as_deref().map(str::to_owned);

    let tokens = tago.token().iter(ProfileId::CURRENT, &TokenQuery::new().amount(2));
    let tokens: Vec<_> = tokens.collect::<Result<_, _>>().unwrap();
    let removed = tago.token().delete(ProfileId::CURRENT, tokens[1].token.as_ref().unwrap()).unwrap();
    let not_removed = tago.token().delete(ProfileId::CURRENT, tokens[2].token.as_ref().unwrap()).unwrap_err();

    let mut seen: Vec<_> = tokens.into_iter().map(|token| token.name).collect();
    seen.extend([portal.unwrap_or_default(), removed, not_removed.to_string()]);
    seen
}

#[test]
fn a_program_that_mints_and_uses_tokens_runs_from_a_cassette() {
    let record = Arc::new(Record::new(from_fn(tagoio)));
    let live = program(&client("p-canary-live", Arc::clone(&record)), Arc::clone(&record));
    record.save(file("program.json")).unwrap();
    let text = fs::read_to_string(file("program.json")).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(live.len(), 7);

    // A dummy token may be a word that is in a path, or in a value.
    for token in ["p-demo", "token", "Hello", "run", "page"] {
        let replay = Arc::new(Replay::load(file("program.json")).unwrap());
        assert_eq!(program(&client(token, Arc::clone(&replay)), Arc::clone(&replay)), live, "{token}");
        assert_eq!(replay.unused(), [], "{token}");
    }
}

#[test]
fn equal_requests_get_their_answers_in_order_and_each_once() {
    let (cassette, _) = recorded(
        "order.json",
        {
            let count = std::sync::atomic::AtomicU32::new(0);
            move |request| {
                let count = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok(success(&json!({"name": format!("{} {count}", request.path())})))
            }
        },
        |tago| {
            tago.run().info().unwrap();
            tago.profile().list().unwrap_err();
            tago.run().info().unwrap();
        },
    );
    let shown = "Cassette([Interaction(GET /run → 200), Interaction(GET /profile → 200), Interaction(GET /run → 200)])";
    assert_eq!(format!("{cassette:?}"), shown);
    let replay = Arc::new(Replay::new(cassette));
    let tago = client("p-demo", Arc::clone(&replay));
    let unused = || replay.unused().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(unused(), ["GET /run → 200", "GET /profile → 200", "GET /run → 200"]);
    assert_eq!(tago.run().info().unwrap().name.as_deref(), Some("/run 0"));
    assert_eq!(unused(), ["GET /profile → 200", "GET /run → 200"]);
    assert_eq!(tago.run().info().unwrap().name.as_deref(), Some("/run 2"));
    assert_eq!(unused(), ["GET /profile → 200"]);
    let error = tago.run().info().unwrap_err();
    assert!(!error.maybe_delivered() && !error.is_retryable());
    assert_eq!(format!("{replay:?}"), "Replay { recorded: 3, unused: 1, .. }");
    let [unused] = &replay.unused()[..] else { panic!("one is left") };
    assert_eq!((unused.method(), unused.path(), unused.status()), (Method::Get, "/profile", Some(200)));
}

#[test]
fn bodies_are_compared_as_json() {
    let send = |transport: &dyn Transport, body: &str| {
        let request = Request::new(Method::Post, "https://api.tago.io/am").with_body(body.as_bytes());
        transport.send(&request).map(|answer| answer.status())
    };
    let record = Record::new(from_fn(|_: &Request| Ok(Response::new(201))));
    send(&record, r#"{"a":1,"b":[true,null],"password":"one"}"#).unwrap();
    for (body, same) in [
        (r#"{"a":1,"b":[true,null],"password":"one"}"#, true),
        (r#" { "password" : "another", "b" : [ true , null ] , "a" : 1 } "#, true),
        (r#"{"a":1,"b":[null,true],"password":"one"}"#, false),
        (r#"{"a":1,"b":[true,null]}"#, false),
        (r#"{"a":1,"b":[true,null],"password":"one","c":0}"#, false),
        (r#"{"a":1,"b":[true,null],"password":"one""#, false),
        ("", false),
    ] {
        let replay = Replay::new(record.cassette());
        assert_eq!(send(&replay, body).is_ok(), same, "{body}");
    }
}

type Attempt = fn(&Client) -> Result<(), Error>;

#[test]
fn a_request_that_is_not_recorded_is_named_with_what_comes_nearest() {
    let record = Arc::new(Record::new(from_fn(|_: &Request| Ok(success(&json!("ok"))))));
    let tago = client("p-demo", Arc::clone(&record));
    tago.run().users().edit("61eb", &UserEdit::new().name("Jane").password(password())).unwrap();
    tago.raw(Method::Get, "/run/users?page=1").send::<Value>().unwrap();
    tago.token().delete("61fa", &path_token()).unwrap();

    let calls: [(Attempt, &str); 7] = [
        (
            |tago| tago.run().users().edit("61eb", &UserEdit::new().name("canary").password(password())).map(drop),
            "PUT /run/users/{user} isn't recorded; the nearest, interaction 1 of 3 (PUT /run/users/61eb), differs in the \
             body at `.name`",
        ),
        (
            |tago| tago.run().users().edit("61ec", &UserEdit::new().name("Jane").password(password())).map(drop),
            "PUT /run/users/{user} isn't recorded; the nearest, interaction 1 of 3 (PUT /run/users/61eb), differs in the \
             path",
        ),
        (
            |tago| tago.run().users().info("61eb").map(drop),
            "GET /run/users/{user} isn't recorded; the nearest, interaction 1 of 3 (PUT /run/users/61eb), differs in the \
             method and the body",
        ),
        (
            |tago| tago.raw(Method::Get, "/run/users?token=canary").send::<Value>().map(drop),
            "GET /run/users isn't recorded; the nearest, interaction 2 of 3 (GET /run/users), differs in the query",
        ),
        (
            |tago| tago.token().delete("61fb", &path_token()).map(drop),
            "DELETE /profile/{profile}/token/{token} isn't recorded; the nearest, interaction 3 of 3 (DELETE \
             /profile/61fa/token/REDACTED), differs in the path",
        ),
        (
            |tago| tago.run().info().map(drop),
            "GET /run isn't recorded; the nearest, interaction 2 of 3 (GET /run/users), differs in the path and the query",
        ),
        (
            |tago| {
                tago.raw(Method::Get, "/run/users?page=1").send::<Value>()?;
                tago.raw(Method::Get, "/run/users?page=1").send::<Value>().map(drop)
            },
            "GET /run/users isn't recorded so often; interaction 2 of 3 (GET /run/users) was replayed already",
        ),
    ];
    for (call, expected) in calls {
        let tago = client("p-canary-replay", Replay::new(record.cassette()));
        let error = call(&tago).unwrap_err();
        let said = error.source().and_then(|error| error.source()).map(ToString::to_string);
        assert_eq!(said.as_deref(), Some(expected));
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    let empty = client("p-demo", Replay::new(Cassette::default()));
    let error = empty.run().info().unwrap_err();
    let Error::Transport { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), TransportErrorKind::NotRecorded);
    assert_eq!(source.to_string(), "the cassette has no answer");
    assert_eq!(source.source().unwrap().to_string(), "GET /run isn't recorded: the cassette is empty");
}

/// What a replay of these exchanges (query and body of a `POST /account`) says of a request that isn't among them.
fn nearest(recorded: &[(&str, Value)], query: &str, body: &Value) -> String {
    let post = |query: &str, body: &Value| {
        Request::new(Method::Post, format!("https://api.tago.io/account?{query}")).with_body(body.to_string())
    };
    let record = Record::new(from_fn(|_: &Request| Ok(Response::new(200))));
    for (query, body) in recorded {
        record.send(&post(query, body)).unwrap();
    }
    let error = Replay::new(record.cassette()).send(&post(query, body)).unwrap_err();
    let said = error.source().unwrap().to_string();
    said.split_once("the nearest, interaction ").unwrap().1.to_owned()
}

#[test]
fn the_nearest_recording_has_the_query_in_common_or_else_the_body() {
    let recorded = [("x=1", json!({"n": 1})), ("x=2", json!({"n": 2})), ("x=1", json!({"n": 2}))];
    for (query, n, said) in [
        ("x=2", 1, "2 of 3 (POST /account), differs in the body at `.n`"),
        ("x=3", 2, "2 of 3 (POST /account), differs in the query"),
        ("x=3", 3, "1 of 3 (POST /account), differs in the query and the body at `.n`"),
    ] {
        assert_eq!(nearest(&recorded, query, &json!({"n": n})), said);
    }
}

#[test]
fn of_equal_recordings_one_that_was_not_replayed_is_nearest() {
    let record = Record::new(from_fn(|_: &Request| Ok(Response::new(200))));
    for _ in 0..2 {
        record.send(&get("/run/users?page=1")).unwrap();
    }
    let replay = Replay::new(record.cassette());
    replay.send(&get("/run/users?page=1")).unwrap();
    let said = replay.send(&get("/run/users?page=2")).unwrap_err().source().unwrap().to_string();
    assert!(said.contains("the nearest, interaction 2 of 2 (GET /run/users), differs in the query"), "{said}");
}

#[test]
fn where_bodies_begin_to_differ_is_said_without_their_values() {
    for (recorded, asked, place) in [
        (json!({"a": 1, "b": {"c": 1}}), json!({"a": 1, "b": {"c": 2}}), "the body at `.b.c`"),
        (json!({"a": 1}), json!({"b": 1}), "the body at `.a`"),
        (json!({"a": 1}), json!({"a": 1, "b": 1}), "the body at `.b`"),
        (json!([1, 2, 3]), json!([1, 5, 3]), "the body at `[1]`"),
        (json!([1]), json!([1, 2]), "the body at `[1]`"),
        (json!({"a": [1, {"k": 1}]}), json!({"a": [1, {"k": 2}]}), "the body at `.a[1].k`"),
        (json!(1), json!(2), "the body"),
        (json!({}), json!([]), "the body"),
    ] {
        let said = nearest(&[("x=1", recorded)], "x=1", &asked);
        assert_eq!(said, format!("1 of 1 (POST /account), differs in {place}"));
    }
}

#[test]
fn what_is_wrong_with_a_cassette_is_said_with_file_line_and_column() {
    let interaction = |outcome: &str| {
        format!(
            "{{\n\"version\": 1,\n\"interactions\": [{{\n\"request\": {{\"method\": \"GET\", \"path\": \"/run\"}},\n\
             \"outcome\": {outcome}\n}}]}}"
        )
    };
    for (text, problem) in [
        (String::new(), "line 1, column 0: EOF while parsing a value"),
        ("{\n  \"version\": 1,\n  oops".to_owned(), "line 3, column 3: key must be a string"),
        (
            "{\"version\": 2, \"tracks\": []}".to_owned(),
            "line 1, column 13: this is version 2 of the format, and only 1 is known here",
        ),
        ("{\"version\": 1}".to_owned(), "line 1, column 14: missing field `interactions`"),
        (
            "{\"version\": 1, \"interactions\": [], \"extra\": 1}".to_owned(),
            "line 1, column 42: unknown field `extra`, expected `version` or `interactions`",
        ),
        (
            "{\"version\": 1,\n\"interactions\": [{\"request\": {\"method\": \"FETCH\"".to_owned(),
            "line 2, column 47: \"FETCH\" is not an HTTP method",
        ),
        (
            interaction("{\"answer\": {\"status\": 99999}}"),
            "line 5, column 38: invalid value: integer `99999`, expected u16",
        ),
        (
            interaction("{\"answer\": {\"status\": 200, \"body\": {\"base64\": \"?\"}}}"),
            "line 5, column 61: not base 64: ",
        ),
        (
            interaction("{\"error\": \"weariness\"}"),
            "line 5, column 32: unknown variant `weariness`, expected one of `inv",
        ),
    ] {
        let path = file("broken.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
        let error = Cassette::load(&path).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        let expected = format!("invalid cassette {}: {problem}", path.display());
        assert!(error.to_string().starts_with(&expected), "{error}\nis not\n{expected}");
        assert!(!error.to_string().contains(" at line "), "{error}");
    }

    let error = Replay::load(file("missing.json")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("invalid cassette {}: the file can't be read", file("missing.json").display())
    );
    assert!(error.source().is_some());
    let error = Cassette::default().save(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).unwrap_err();
    assert!(error.to_string().ends_with("the file can't be written"), "{error}");
}
