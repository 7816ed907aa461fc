//! The real ureq on real sockets: what goes over the wire, what comes back, and what an error says of delivery.
#![cfg(feature = "_ureq")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::profile::Credentials;
use tagoio::transport::{Limits, Method, Proxy, Request, Retry, RetryPolicy, Transport as _, UreqTransport};
use tagoio::transport::{TransportError, TransportErrorKind};
use tagoio::{Client, ClientBuilder, Error, Password, ProfileId, Region, Token};
use ureq::middleware::MiddlewareNext;

mod support {
    #[expect(dead_code, reason = "other tests use the rest")]
    pub(crate) mod server;
}

use support::server::{Journal, Server, UnusedPort, answer, refusal, success};

/// A client of a base URL: one attempt, and nothing from the environment.
fn client_of(base_url: &str) -> ClientBuilder {
    Client::builder()
        .token("p-canary")
        .region(Region::insecure(base_url).unwrap())
        .vars(|_| None)
        .user_agent_suffix("test")
        .attempts(1)
}

fn client(server: &Server) -> Client {
    client_of(&server.url()).build().unwrap()
}

/// A client that makes three attempts, and waits between them by a clock that nobody waits for.
fn patient_client(base_url: &str, clock: &Arc<ManualClock>) -> Client {
    let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
    Client::builder()
        .token("p-canary")
        .region(Region::custom(base_url).unwrap())
        .vars(|_| None)
        .transport(Retry::new(ureq, RetryPolicy::attempts(3)).with_clock(clock.clone()).with_jitter(|| 0.5))
        .build()
        .unwrap()
}

fn get(client: &Client) -> Result<Value, Error> {
    client.raw(Method::Get, "/run").send()
}

fn post(client: &Client) -> Result<Value, Error> {
    client.raw(Method::Post, "/run/users").json(&json!({ "name": "Jane" })).send()
}

fn transport_error(error: &Error) -> &TransportError {
    match error {
        Error::Transport { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

fn kind(error: &Error) -> TransportErrorKind {
    transport_error(error).kind()
}

/// A server that only listens, until the client has had enough (or is seen not to).
fn silent_server() -> Server {
    Server::start(|peer| {
        peer.receive();
        peer.is_gone_within(Duration::from_secs(10));
    })
}

/// The error and all that it shows, down to the last source.
fn everything_shown(error: &Error) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    sources.fold(format!("{error} {error:?}"), |shown, error| format!("{shown} {error} {error:?}"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

mod request {
    use super::*;

    #[test]
    fn head_and_body_are_these_bytes() {
        let body = json!({ "name": "Żółć 日本", "tags": [{ "key": "a", "value": "b/c" }] });
        let bytes = r#"{"name":"Żółć 日本","tags":[{"key":"a","value":"b/c"}]}"#;
        let user_agent = format!(
            "tagoio-rust/{} (External; {}/{}) test",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        for (method, body, length) in [
            (Method::Get, None, None),
            (Method::Delete, None, None),
            (Method::Options, None, None),
            (Method::Post, None, Some(0)),
            (Method::Put, None, Some(0)),
            (Method::Patch, None, Some(0)),
            (Method::Post, Some(&body), Some(bytes.len())),
            (Method::Put, Some(&body), Some(bytes.len())),
            (Method::Patch, Some(&body), Some(bytes.len())),
            (Method::Delete, Some(&body), Some(bytes.len())),
            (Method::Get, Some(&body), Some(bytes.len())),
        ] {
            let server = Server::answering([success("null")]);
            let tago = client(&server);
            let mut call = tago.raw(method, "/run/users").query("filter[name]", "a b&c");
            if let Some(body) = body {
                call = call.json(body);
            }
            assert_eq!(call.send::<Value>().unwrap(), Value::Null);

            drop(tago);
            let port = server.port();
            let Journal { connections: 1, requests } = server.finish() else { panic!("one connection") };
            let [received] = requests.as_slice() else { panic!("one request: {requests:?}") };
            let length = length.map_or(String::new(), |length| format!("content-length: {length}\r\n"));
            let content_type = if body.is_some() { "content-type: application/json\r\n" } else { "" };
            assert_eq!(
                received.head,
                format!(
                    "{method} /run/users?filter%5Bname%5D=a%20b%26c HTTP/1.1\r\n\
                     {length}\
                     host: 127.0.0.1:{port}\r\n\
                     token: p-canary\r\n\
                     user-agent: {user_agent}\r\n\
                     accept: application/json\r\n\
                     {content_type}\
                     accept-encoding: gzip\r\n\r\n"
                ),
            );
            assert_eq!(String::from_utf8_lossy(&received.body), if body.is_some() { bytes } else { "" });
        }
    }

    #[test]
    fn typed_calls_send_the_bodies_that_http_is_shy_of() {
        let server = Server::answering([success(r#""Successfully Deleted""#), success(r#""Successfully Updated""#)]);
        let tago = client(&server);
        let credentials = Credentials::new(Password::new("s3cret!").unwrap());
        tago.profile().delete("61fac4d9a5c9f40012a5ff92", &credentials).unwrap();
        tago.profile().transfer_token("61fac4d9a5c9f40012a5ff92").unwrap();

        drop(tago);
        let journal = server.finish();
        assert_eq!(
            journal.calls(),
            ["DELETE /profile/61fac4d9a5c9f40012a5ff92", "PUT /profile/switch/61fac4d9a5c9f40012a5ff92"]
        );
        assert_eq!(journal.requests[0].body, br#"{"password":"s3cret!"}"#);
        assert!(journal.requests[1].head.contains("content-length: 0\r\n"), "{:?}", journal.requests[1]);
    }

    #[test]
    fn a_token_in_the_path_is_percent_encoded() {
        for (token, segment) in [
            ("p-3f2b8a90", "p-3f2b8a90"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("50%/..", "50%25%2F.."),
            ("a+b&c=d", "a%2Bb%26c%3Dd"),
        ] {
            let server = Server::answering([success(r#""Token Successfully Removed""#)]);
            let tago = client(&server);
            tago.token().delete(ProfileId::CURRENT, &Token::new(token).unwrap()).unwrap();

            drop(tago);
            assert_eq!(server.finish().calls(), [format!("DELETE /profile/current/token/{segment}")]);
        }
    }

    #[test]
    fn a_prefix_of_the_base_url_comes_before_the_path() {
        for (suffix, call) in
            [("", "GET /run"), ("/", "GET /run"), ("/tago/v1", "GET /tago/v1/run"), ("/tago/v1/", "GET /tago/v1/run")]
        {
            let server = Server::answering([success("null")]);
            let tago = client_of(&format!("{}{suffix}", server.url())).build().unwrap();
            get(&tago).unwrap();

            drop(tago);
            assert_eq!(server.finish().calls(), [call]);
        }
    }

    #[test]
    fn headers_of_a_request_by_hand_are_sent_as_they_are() {
        let server = Server::answering([answer("200 OK", &[], "")]);
        let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
        let request = Request::new(Method::Get, format!("{}/x?y=1#fragment", server.url()))
            .with_header("Accept-Encoding", "identity")
            .with_header("x-twice", "1")
            .with_header("x-twice", "2");
        ureq.send(&request).unwrap();

        drop(ureq);
        let port = server.port();
        let head = &server.finish().requests[0].head;
        assert_eq!(
            *head,
            format!(
                "GET /x?y=1 HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept-encoding: identity\r\n\
                 x-twice: 1\r\nx-twice: 2\r\n\r\n"
            )
        );
    }

    #[test]
    fn a_transport_sends_of_each_request_its_own_headers() {
        let agents = ["first/1.0", "second/2.0", "first/1.0", ""];
        let server = Server::answering(agents.map(|_| success("null")));
        let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
        for (agent, accepted) in agents.into_iter().zip(["application/json", "text/plain"].repeat(2)) {
            let request = Request::new(Method::Get, server.url());
            ureq.send(&request.with_header("user-agent", agent).with_header("accept", accepted)).unwrap();
        }
        drop(ureq);
        let sent: Vec<_> = server.finish().requests.into_iter().map(|request| request.head).collect();
        for (head, agent) in sent.iter().zip(agents) {
            assert!(head.contains(&format!("\r\nuser-agent: {agent}\r\naccept: ")), "{head}");
        }
        assert!(sent[0].contains("accept: application/json\r\n") && sent[1].contains("accept: text/plain\r\n"));
    }

    #[test]
    fn what_cannot_be_a_request_is_not_sent_and_not_shown() {
        let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
        for request in [
            Request::new(Method::Get, "no scheme/canary"),
            Request::new(Method::Get, "/canary"),
            Request::new(Method::Get, "canary"),
            Request::new(Method::Get, "ftp://127.0.0.1/canary"),
            Request::new(Method::Get, format!("http://127.0.0.1/{}", "canary".repeat(20_000))),
            Request::new(Method::Get, "http://127.0.0.1/").with_header("x", "canary\r\ny: z"),
            Request::new(Method::Get, "http://127.0.0.1/").with_header("canary canary", "x"),
        ] {
            let error = ureq.send(&request).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::InvalidRequest, "{error:?}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}

mod response {
    use super::*;

    #[test]
    fn a_body_is_read_however_it_is_framed() {
        let text = r#"{"status":true,"result":"Zażółć"}"#;
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                       7\r\n{\"statu\r\n1;x=y\r\ns\r\n1D\r\n\":true,\"result\":\"Zażółć\"}\r\n0\r\n\r\n";
        let until_closed = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{text}");
        let compressed = gzip(text.as_bytes());
        let (first, second) = compressed.split_at(10);
        let compressed_chunks = [
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\na\r\n",
            first,
            format!("\r\n{:x}\r\n", second.len()).as_bytes(),
            second,
            b"\r\n0\r\n\r\n",
        ]
        .concat();
        for (framing, bytes) in [
            ("length", answer("200 OK", &[], text)),
            ("chunks", chunked.into()),
            ("end of the connection", until_closed.into()),
            ("gzip", answer("200 OK", &[("content-encoding", "gzip")], &compressed)),
            ("gzip in chunks", compressed_chunks),
            ("identity", answer("200 OK", &[("content-encoding", "identity")], text)),
        ] {
            let server = Server::start(move |peer| {
                peer.receive();
                peer.send(&bytes);
            });
            assert_eq!(get(&client(&server)).unwrap(), "Zażółć", "{framing}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_an_error() {
        use TransportErrorKind::{ConnectionLost, Protocol};

        let compressed = gzip(br#"{"status":true,"result":"a rather long text"}"#);
        let cut = &compressed[..compressed.len() - 12];
        let encoded = |encoding, body: &[u8]| answer("200 OK", &[("content-encoding", encoding)], body);
        for (bytes, expected) in [
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(), ConnectionLost),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{".to_vec(), ConnectionLost),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"status\"\r\n".to_vec(), ConnectionLost),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"status\"\r\n9".to_vec(), ConnectionLost),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(), ConnectionLost),
            (encoded("gzip", cut), ConnectionLost),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnine\r\n{".to_vec(), Protocol),
            (encoded("gzip", b"no gzip at all"), Protocol),
            (encoded("br", b"not asked for"), Protocol),
            (b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec(), Protocol),
            (b"HTTP/1.1 200 OK\r\ncontent-length: nine\r\n\r\n".to_vec(), Protocol),
            (answer("200 OK", &[("x", &"y".repeat(100_000))], ""), Protocol),
        ] {
            let server = Server::start({
                let bytes = bytes.clone();
                move |peer| {
                    peer.receive();
                    peer.send(&bytes);
                }
            });
            let error = get(&client(&server)).unwrap_err();
            assert_eq!(kind(&error), expected, "{} {error:?}", String::from_utf8_lossy(&bytes));
            assert!(error.maybe_delivered());
        }
    }

    #[test]
    fn answers_without_a_body_are_whole() {
        for (method, bytes) in [
            (Method::Head, "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"),
            (Method::Head, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"),
            (Method::Get, "HTTP/1.1 204 No Content\r\n\r\n"),
            (Method::Get, "HTTP/1.1 304 Not Modified\r\ncontent-encoding: gzip\r\ncontent-length: 99\r\n\r\n"),
            (Method::Delete, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ] {
            let server = Server::answering([bytes.into(), success("2")]);
            let tago = client(&server);
            let response = tago.raw(method, "/run").response().unwrap();
            assert_eq!(response.body(), b"", "{method} {bytes}");
            assert_eq!(get(&tago).unwrap(), 2, "{method} {bytes}");

            drop(tago);
            assert_eq!(server.finish().connections, 1, "{method} {bytes}");
        }
    }

    #[test]
    fn the_headers_that_matter_are_kept() {
        let headers = [
            ("Content-Type", "text/plain"),
            ("Retry-After", "8"),
            ("Location", "/elsewhere"),
            ("Date", "Thu, 01 Jan 2026 00:00:30 GMT"),
            ("Set-Cookie", "a=b"),
            ("Server", "nginx"),
        ];
        let server = Server::answering([answer("418 I'm a teapot", &headers, "short and stout")]);
        let response = client(&server).raw(Method::Get, "/run").response().unwrap();
        assert_eq!(response.status(), 418);
        assert_eq!(response.body(), b"short and stout");
        let mut kept: Vec<_> = response.headers().collect();
        kept.sort_unstable();
        assert_eq!(
            kept,
            [
                ("content-type", "text/plain"),
                ("date", "Thu, 01 Jan 2026 00:00:30 GMT"),
                ("location", "/elsewhere"),
                ("retry-after", "8"),
            ]
        );
    }

    #[test]
    fn refusals_keep_their_status_and_sentence() {
        for (status, sentence) in [
            ("400 Bad Request", "Invalid enum value"),
            ("401 Unauthorized", "Authorization Denied"),
            ("404 Not Found", "User Not Found"),
            ("500 Internal Server Error", "Sorry, Internal Error"),
        ] {
            let server = Server::answering([refusal(status, sentence)]);
            let error = get(&client(&server)).unwrap_err();
            assert_eq!(error.status(), status[..3].parse().ok(), "{error}");
            assert_eq!(error.message(), Some(sentence));
        }
        let page = answer("502 Bad Gateway", &[("content-type", "text/html")], "<html>");
        let error = get(&client(&Server::answering([page]))).unwrap_err();
        assert_eq!(error.to_string(), "GET /run: TagoIO answered 502 Bad Gateway (text/html, 6 bytes)");
    }

    #[test]
    fn a_body_fits_up_to_its_limit_and_no_byte_further() {
        let text = |length: usize| format!("{{\"status\":true,\"result\":\"{}\"}}", "x".repeat(length - 27));
        let chunked = |text: &str| {
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n", text.len())
                .into()
        };
        let compressed = |text: &str| answer("200 OK", &[("content-encoding", "gzip")], gzip(text.as_bytes()));
        let bomb = gzip(&vec![b' '; 8 * 1024 * 1024]);
        assert!(bomb.len() < 10_000, "smaller than the limit as it is sent");
        for (bytes, fits) in [
            (answer("200 OK", &[], text(10_000)), true),
            (answer("200 OK", &[], text(10_001)), false),
            (chunked(&text(10_000)), true),
            (chunked(&text(10_001)), false),
            (compressed(&text(10_000)), true),
            (compressed(&text(10_001)), false),
            (answer("200 OK", &[("content-encoding", "gzip")], &bomb), false),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n".to_vec(), false),
        ] {
            let server = Server::answering([bytes]);
            let tago = client_of(&server.url()).body_limit(10_000).build().unwrap();
            match get(&tago) {
                Ok(value) => assert!(fits, "{value}"),
                Err(error) => {
                    assert_eq!((kind(&error), fits), (TransportErrorKind::BodyTooLarge, false), "{error:?}");
                    assert!(error.maybe_delivered() && !error.is_retryable());
                }
            }
        }
    }

    #[test]
    fn a_body_can_be_read_as_it_comes() {
        let large = vec![b'x'; 300_000];
        let server = Server::answering([answer("200 OK", &[("content-type", "application/zip")], &large)]);
        let limits = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits
        };
        // As large as it is, whatever the limit of bodies that are held in memory.
        let request = Request::new(Method::Get, server.url() + "/archive?X-Amz-Signature=canary")
            .with_limits(limits(|limits| limits.body = 1000));
        let transport = UreqTransport::with_proxy(&Proxy::None).unwrap();
        let mut streamed = transport.stream(&request).unwrap();
        assert_eq!((streamed.status(), streamed.length()), (200, Some(300_000)));
        assert_eq!(streamed.header("Content-Type"), Some("application/zip"));
        assert!(!format!("{streamed:?}").contains("canary"));
        let mut body = Vec::new();
        streamed.read_to_end(&mut body).unwrap();
        assert_eq!(body, large);
        assert!(!server.finish().requests[0].head.to_lowercase().contains("token"));

        let refused = Server::answering([answer("403 Forbidden", &[], b"<Error/>")]);
        let mut streamed = transport.stream(&Request::new(Method::Get, refused.url())).unwrap();
        let mut body = String::new();
        streamed.read_to_string(&mut body).unwrap();
        assert_eq!((streamed.status(), body.as_str()), (403, "<Error/>"));

        let empty = Server::answering([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()]);
        let mut streamed = transport.stream(&Request::new(Method::Get, empty.url())).unwrap();
        assert_eq!((streamed.status(), streamed.read(&mut [0]).unwrap()), (204, 0));
    }

    #[test]
    fn a_body_that_is_read_as_it_comes_ends_where_it_should_or_is_an_error() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nonly".to_vec();
        let transport = UreqTransport::with_proxy(&Proxy::None).unwrap();
        let cut = Server::answering([head.clone()]);
        let mut streamed = transport.stream(&Request::new(Method::Get, cut.url())).unwrap();
        drop(cut);
        assert!(streamed.read_to_end(&mut Vec::new()).is_err(), "it breaks off");

        let stalls = Server::start(move |peer| {
            peer.receive();
            peer.send(&head);
            peer.is_gone_within(Duration::from_secs(10));
        });
        let mut limits = Limits::default();
        limits.attempt = Some(Duration::from_millis(200));
        let request = Request::new(Method::Get, stalls.url()).with_limits(limits);
        let mut streamed = transport.stream(&request).unwrap();
        assert!(streamed.read_to_end(&mut Vec::new()).is_err(), "nothing comes any more");
        drop(streamed);

        let silent = silent_server();
        let mut limits = Limits::default();
        limits.attempt = Some(Duration::from_millis(200));
        let request = Request::new(Method::Get, silent.url()).with_limits(limits);
        assert_eq!(transport.stream(&request).unwrap_err().kind(), TransportErrorKind::Timeout);
    }

    #[test]
    fn a_body_without_an_end_is_left_at_the_limit() {
        const CHUNKS: usize = 1024;
        let sent = Arc::new(AtomicUsize::new(0));
        let server = Server::start({
            let sent = Arc::clone(&sent);
            move |peer| {
                peer.receive();
                peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                while sent.load(Ordering::SeqCst) < CHUNKS && peer.send(chunk.as_bytes()) {
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let tago = client_of(&server.url()).body_limit(1000).build().unwrap();
        assert_eq!(kind(&get(&tago).unwrap_err()), TransportErrorKind::BodyTooLarge);

        drop(tago);
        server.finish();
        assert!(sent.load(Ordering::SeqCst) < CHUNKS, "the client hung up before 64 MiB were sent");
    }

    #[test]
    fn a_redirect_is_an_answer_and_the_token_stays_here() {
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
            for method in [Method::Get, Method::Post] {
                let other = Server::answering([success("null")]);
                let elsewhere = format!("{}/run", other.url());
                let server = Server::answering([
                    answer(status, &[("location", &elsewhere)], "moved"),
                    success(r#""still here""#),
                ]);
                let tago = client(&server);

                let error = tago.raw(method, "/run").send::<Value>().unwrap_err();
                assert_eq!(error.status(), status[..3].parse().ok(), "{error}");
                assert_eq!(get(&tago).unwrap(), "still here");

                drop(tago);
                assert_eq!(server.finish().connections, 1);
                assert_eq!(other.finish().connections, 0, "{method} {status}");
            }
        }
    }
}

mod connection {
    use super::*;

    #[test]
    fn calls_in_sequence_share_one() {
        let server = Server::start(|peer| {
            while let Some(request) = peer.receive() {
                peer.send(&match request.call() {
                    "GET /run" => {
                        answer("200 OK", &[("content-encoding", "gzip")], gzip(br#"{"status":true,"result":1}"#))
                    }
                    "POST /run/users" => refusal("400 Bad Request", "Invalid enum value"),
                    _ => success("null"),
                });
            }
        });
        let tago = client(&server);
        for _ in 0..5 {
            assert_eq!(get(&tago).unwrap(), 1);
            assert_eq!(post(&tago).unwrap_err().status(), Some(400));
            tago.clone().raw(Method::Put, "/run").send::<Value>().unwrap();
        }

        drop(tago);
        let journal = server.finish();
        assert_eq!((journal.connections, journal.requests.len()), (1, 15));
    }

    #[test]
    fn threads_get_their_own_answers_and_keep_their_connections() {
        const THREADS: usize = 8;
        const CALLS: usize = 25;
        let server = Server::start(|peer| {
            while let Some(request) = peer.receive() {
                let path = request.call().trim_start_matches("GET ").to_owned();
                peer.send(&success(&format!("{path:?}")));
            }
        });
        let tago = client(&server);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let tago = &tago;
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let path = format!("/echo/{thread}/{call}");
                        assert_eq!(tago.raw(Method::Get, &path).send::<Value>().unwrap(), path);
                    }
                });
            }
        });

        drop(tago);
        let journal = server.finish();
        assert_eq!(journal.requests.len(), THREADS * CALLS);
        assert!(journal.connections <= THREADS, "{} connections", journal.connections);
    }

    #[test]
    fn one_that_ends_under_a_request_is_replaced_once_and_what_comes_then_does_not_hide_it() {
        for (method, expected) in
            [(Method::Get, TransportErrorKind::Connect), (Method::Post, TransportErrorKind::ConnectionLost)]
        {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let url = format!("http://{}/run", listener.local_addr().unwrap());
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // Nobody takes another connection.
                drop(listener);
                assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
                stream.write_all(&success("1")).unwrap();
                assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
            });
            let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
            assert_eq!(ureq.send(&Request::new(Method::Get, url.as_str())).unwrap().status(), 200);
            let error = ureq.send(&Request::new(method, url)).unwrap_err();
            assert_eq!(error.kind(), expected, "{error:?}");
            assert!(error.maybe_delivered());
            server.join().unwrap();
        }
    }

    #[test]
    fn one_that_was_closed_while_idle_is_replaced() {
        let server = Server::start(|peer| {
            peer.receive();
            peer.send(&answer("200 OK", &[("connection", "close")], r#"{"status":true,"result":1}"#));
        });
        let tago = client(&server);
        for _ in 0..3 {
            assert_eq!(post(&tago).unwrap(), 1);
        }

        drop(tago);
        assert_eq!(server.finish().connections, 3);
    }
}

mod failure {
    use super::*;

    #[test]
    fn a_refused_connection_is_retried_for_every_request() {
        let nobody = UnusedPort::find();
        let clock = Arc::new(ManualClock::default());
        let tago = patient_client(&nobody.url(), &clock);
        for (call, waits) in [(get as fn(&Client) -> Result<Value, Error>, 2), (post, 4)] {
            let error = call(&tago).unwrap_err();
            assert_eq!(kind(&error), TransportErrorKind::Connect, "{error:?}");
            assert!(!error.maybe_delivered() && error.is_retryable());
            assert_eq!(clock.sleeps().len(), waits);
        }
    }

    #[test]
    fn a_name_that_cannot_be_looked_up_is_not_delivered() {
        // No resolver has to be asked to know that no name is so long.
        let too_long = "a.".repeat(200) + "test";
        let error = post(&client_of(&format!("https://{too_long}")).build().unwrap()).unwrap_err();
        assert_eq!(kind(&error), TransportErrorKind::Dns, "{error:?}");
        assert!(!error.maybe_delivered() && error.is_retryable());
    }

    #[test]
    fn waits_between_attempts_are_by_the_given_clock() {
        let busy = answer("429 Too Many Requests", &[("retry-after", "8")], r#"{"status":false}"#);
        let server = Server::answering([busy, success("1")]);
        let clock = Arc::new(ManualClock::default());
        let client = client_of(&server.url()).attempts(2).clock(clock.clone()).build().unwrap();
        assert_eq!(get(&client).unwrap(), json!(1));
        assert_eq!(clock.sleeps(), [Duration::from_secs(8)]);
    }

    #[test]
    fn the_number_of_attempts_may_come_from_the_environment() {
        let builder = |vars: &'static [(&'static str, &'static str)], base_url: &str| {
            Client::builder()
                .token("p-canary")
                .region(Region::custom(base_url).unwrap())
                .vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let server =
            Server::answering([refusal("503 Service Unavailable", "down"), refusal("503 Service Unavailable", "down")]);
        let once = builder(&[("TAGOIO_REQUEST_ATTEMPTS", "1")], &server.url()).build().unwrap();
        assert_eq!(get(&once).unwrap_err().status(), Some(503));
        let given = builder(&[("TAGOIO_REQUEST_ATTEMPTS", "9")], &server.url()).attempts(1).build().unwrap();
        assert_eq!(get(&given).unwrap_err().status(), Some(503));
        drop((once, given));
        assert_eq!(server.finish().calls(), ["GET /run", "GET /run"]);

        for (vars, message) in [
            (
                &[("TAGOIO_REQUEST_ATTEMPTS", "many")][..],
                "invalid TAGOIO_REQUEST_ATTEMPTS: \"many\" is not a whole number",
            ),
            (&[("TAGOIO_REQUEST_ATTEMPTS", "-1")], "invalid TAGOIO_REQUEST_ATTEMPTS: \"-1\" is not a whole number"),
            (
                &[("TAGOIO_REQUEST_ATTEMPTS", "0")],
                "invalid TAGOIO_REQUEST_ATTEMPTS: with 0 nothing would ever be sent; 1 is no retry",
            ),
        ] {
            assert_eq!(builder(vars, "https://api.tago.io").build().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_post_whose_answer_got_lost_is_not_repeated() {
        let server = Server::answering([]);
        let clock = Arc::new(ManualClock::default());
        let tago = patient_client(&server.url(), &clock);

        let error = post(&tago).unwrap_err();
        assert_eq!(kind(&error), TransportErrorKind::ConnectionLost, "{error:?}");
        assert!(error.maybe_delivered() && !error.is_retryable());
        assert!(clock.sleeps().is_empty());

        drop(tago);
        assert_eq!(server.finish().calls(), ["POST /run/users"]);
    }

    #[test]
    fn a_get_whose_answer_got_lost_is_repeated() {
        let server = Server::start(|peer| {
            peer.receive();
            match peer.connection {
                0 => false,
                1 => peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 26\r\n\r\n{\"status\""),
                _ => peer.send(&success("3")),
            };
        });
        let clock = Arc::new(ManualClock::default());
        let tago = patient_client(&server.url(), &clock);
        assert_eq!(get(&tago).unwrap(), 3);
        assert_eq!(clock.sleeps(), [Duration::from_millis(250), Duration::from_millis(500)]);

        drop(tago);
        assert_eq!(server.finish().calls(), ["GET /run", "GET /run", "GET /run"]);
    }

    #[test]
    fn a_rate_limit_is_waited_out_for_every_request() {
        let busy = |headers: &[(&str, &str)], text: &str| {
            answer("429 Too Many Requests", headers, format!(r#"{{"status":false,"message":"{text}"}}"#))
        };
        let server = Server::answering([
            busy(&[("Retry-After", "8")], "Too many requests"),
            busy(&[], "Too many requests (Retry-After: 5)"),
            success(r#"{"user":"61eb25a4d6a4a20011d4cd3c"}"#),
        ]);
        let clock = Arc::new(ManualClock::default());
        let tago = patient_client(&server.url(), &clock);
        post(&tago).unwrap();
        assert_eq!(clock.sleeps(), [Duration::from_secs(8), Duration::from_secs(5)]);
        assert_eq!(clock.now(), Duration::from_secs(13));

        drop(tago);
        let journal = server.finish();
        assert_eq!((journal.connections, journal.requests.len()), (1, 3));
    }

    #[test]
    fn a_server_that_says_nothing_is_a_timeout() {
        let server = silent_server();
        let tago = client_of(&server.url()).timeout(Duration::from_millis(150)).build().unwrap();
        for call in [get, post] {
            let error = call(&tago).unwrap_err();
            assert!(error.is_timeout() && error.maybe_delivered(), "{error:?}");
            assert_eq!(kind(&error), TransportErrorKind::Timeout);
        }
    }

    #[test]
    fn a_body_that_drips_does_not_outlast_the_time_limit() {
        let server = Server::start(|peer| {
            peer.receive();
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
            for _ in 0..1000 {
                peer.send(b" ");
                if peer.is_gone_within(Duration::from_millis(5)) {
                    return;
                }
            }
        });
        let tago = client_of(&server.url()).timeout(Duration::from_millis(150)).build().unwrap();
        let error = get(&tago).unwrap_err();
        assert_eq!(kind(&error), TransportErrorKind::Timeout, "{error:?}");
    }

    #[test]
    fn no_limit_and_a_limit_beyond_all_time_are_both_fine() {
        for limit in [None, Some(Duration::MAX), Some(Duration::from_secs(u64::from(u32::MAX)))] {
            let server = Server::answering([success("null")]);
            let tago =
                client_of(&server.url()).timeout(limit).connect_timeout(limit).total_timeout(limit).build().unwrap();
            get(&tago).unwrap();
        }
    }

    #[test]
    fn errors_show_neither_url_nor_token() {
        let nobody = UnusedPort::find();
        let lost = Server::answering([]);
        for base_url in [nobody.url(), lost.url()] {
            let tago = client_of(&base_url).build().unwrap();
            let error = tago.token().delete(ProfileId::CURRENT, &Token::new("p-canary-2").unwrap()).unwrap_err();
            let shown = everything_shown(&error);
            assert!(!shown.contains("canary") && !shown.contains(&base_url), "{shown}");
            assert!(shown.contains("DELETE /profile/{profile}/token/{token}"), "{shown}");
            assert!(std::error::Error::source(transport_error(&error)).is_some(), "{shown}");
        }
    }
}

mod proxy {
    use super::*;

    /// A proxy that makes no tunnel, but answers in the place of the server.
    fn impostor() -> Server {
        Server::start(|peer| {
            while let Some(request) = peer.receive() {
                peer.send(&match request.call().split_once(' ') {
                    Some(("CONNECT", _)) => b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec(),
                    _ => success(r#""by proxy""#),
                });
            }
        })
    }

    #[test]
    fn a_proxy_by_its_url_is_asked_for_a_tunnel() {
        let target = Server::answering([]);
        let impostor = impostor();
        let address = format!("http://jane:s3cret%21@127.0.0.1:{}", impostor.port());
        let tago = client_of(&target.url()).proxy(Proxy::Url(address)).build().unwrap();
        assert_eq!(get(&tago).unwrap(), "by proxy");
        assert_eq!(get(&tago).unwrap(), "by proxy");

        drop(tago);
        let port = target.port();
        assert_eq!(target.finish().connections, 0);
        let journal = impostor.finish();
        assert_eq!(journal.calls(), [&format!("CONNECT 127.0.0.1:{port}"), "GET /run", "GET /run"]);
        assert_eq!(journal.connections, 1);
        assert_eq!(
            journal.requests[0].head,
            format!(
                "CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nProxy-Connection: Keep-Alive\r\n\
                 Proxy-Authorization: Basic amFuZTpzM2NyZXQh\r\n\r\n"
            ),
            "and isn't told the token"
        );
        assert!(
            !journal.requests[1].head.to_ascii_lowercase().contains("proxy-"),
            "the server isn't told the password"
        );
    }

    #[test]
    fn a_proxy_of_the_environment_is_used_except_for_this_computer() {
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            let impostor = impostor();
            let address = impostor.url();
            let through = |base_url: &str| {
                let address = address.clone();
                client_of(base_url).vars(move |var| (var == name).then(|| address.clone())).build().unwrap()
            };

            let here = Server::answering([success(r#""directly""#), success(r#""directly""#)]);
            assert_eq!(get(&through(&here.url())).unwrap(), "directly");
            assert_eq!(get(&through(&format!("http://localhost:{}", here.port()))).unwrap(), "directly");
            assert_eq!(get(&through("http://tago.invalid/api")).unwrap(), "by proxy");

            assert_eq!(impostor.finish().calls(), ["CONNECT tago.invalid:80", "GET /api/run"], "{name}");
        }
    }

    #[test]
    fn a_proxy_that_refuses_is_a_failed_connection() {
        for refusal in ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n"] {
            let server = Server::answering([refusal.into()]);
            let proxy = Proxy::Url(format!("http://jane:canary@127.0.0.1:{}", server.port()));
            let error = post(&client_of("http://tago.invalid").proxy(proxy).build().unwrap()).unwrap_err();
            assert_eq!(kind(&error), TransportErrorKind::Connect, "{error:?}");
            assert!(!error.maybe_delivered());
            assert!(!everything_shown(&error).contains("canary"));
        }
    }

    #[test]
    fn an_address_that_cannot_be_a_proxy_is_refused_without_repeating_it() {
        for address in ["", "://", "http://", "socks5://jane:canary@h:1080", "ftp://canary@h", "http://a b:canary@h"] {
            for (builder, subject) in [
                (client_of("http://localhost").proxy(Proxy::Url(address.to_owned())), "proxy"),
                (
                    client_of("http://localhost")
                        .vars(move |var| (var == "HTTPS_PROXY" && !address.is_empty()).then(|| address.to_owned())),
                    "HTTPS_PROXY",
                ),
            ] {
                match builder.build() {
                    Err(error) => {
                        let shown = everything_shown(&error);
                        assert!(shown.starts_with(&format!("invalid {subject}: ")), "{shown}");
                        assert!(!shown.contains("canary"), "{shown}");
                    }
                    Ok(_) => assert_eq!((address, subject), ("", "HTTPS_PROXY"), "empty is unset"),
                }
            }
        }
    }
}

mod agent {
    use super::*;

    #[test]
    fn an_agent_of_the_callers_cannot_break_what_correctness_depends_on() {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .user_agent("callers/1.0")
            .timeout_global(Some(Duration::from_nanos(1)))
            .build();
        let ureq = UreqTransport::with_agent(config.new_agent());
        let elsewhere = Server::answering([success("null")]);
        let server = Server::answering([
            answer("302 Found", &[("location", &elsewhere.url())], ""),
            refusal("500 Internal Server Error", "Sorry, Internal Error"),
            answer("200 OK", &[("content-encoding", "gzip")], gzip(b"{}")),
        ]);
        let request = |method| Request::new(method, server.url()).with_header("user-agent", "requests/1.0");

        assert_eq!(ureq.send(&request(Method::Get)).unwrap().status(), 302);
        assert_eq!(ureq.send(&request(Method::Put)).unwrap().status(), 500);
        assert_eq!(ureq.send(&request(Method::Get)).unwrap().body(), b"{}");

        drop(ureq);
        let port = server.port();
        let journal = server.finish();
        assert_eq!(elsewhere.finish().connections, 0);
        assert_eq!(journal.connections, 1, "the agent's pool is used");
        assert_eq!(
            journal.requests[1].head,
            format!(
                "PUT / HTTP/1.1\r\ncontent-length: 0\r\nhost: 127.0.0.1:{port}\r\n\
                 user-agent: requests/1.0\r\naccept-encoding: gzip\r\n\r\n"
            )
        );
    }

    #[test]
    fn an_agent_for_https_only_is_obeyed_without_showing_the_url() {
        let config = ureq::Agent::config_builder().proxy(None).https_only(true).build();
        let ureq = UreqTransport::with_agent(config.new_agent());
        let error = ureq.send(&Request::new(Method::Get, "http://127.0.0.1:1/canary")).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidRequest);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    #[test]
    fn secrets_are_marked_for_whoever_looks_at_headers() {
        type Outcome = Result<ureq::http::Response<ureq::Body>, ureq::Error>;
        let marks_only_secrets =
            |request: ureq::http::Request<ureq::SendBody<'_>>, next: MiddlewareNext<'_>| -> Outcome {
                let is_marked = |name| request.headers()[name].is_sensitive();
                assert!(is_marked("token") && is_marked("x-again"));
                assert!(!is_marked("accept") && !is_marked("x-other"));
                next.handle(request)
            };
        let server = Server::answering([answer("200 OK", &[], "")]);
        let config = ureq::Agent::config_builder().proxy(None).middleware(marks_only_secrets).build();
        let request = Request::new(Method::Get, server.url())
            .with_secret_header("token", Token::new("p-canary").unwrap())
            .with_header("x-again", "p-canary".to_owned())
            .with_header("x-other", "p-other".to_owned())
            .with_header("accept", "application/json");
        UreqTransport::with_agent(config.new_agent()).send(&request).unwrap();
        assert_eq!(server.finish().requests.len(), 1);
    }

    #[test]
    fn limits_are_those_of_the_request() {
        let server = silent_server();
        let ureq = UreqTransport::with_proxy(&Proxy::None).unwrap();
        let mut limits = Limits::default();
        limits.attempt = Some(Duration::from_millis(100));
        let error = ureq.send(&Request::new(Method::Get, server.url()).with_limits(limits)).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout);
    }
}

mod tls {
    use std::io::Read as _;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

    use super::support::server::Peer;
    use super::*;

    /// For `localhost` and `127.0.0.1`, signed by itself.
    const CERTIFICATE: &[u8] = include_bytes!("fixtures/tls/certificate.pem");
    const KEY: &[u8] = include_bytes!("fixtures/tls/key.pem");

    /// Answers one request over TLS, and gives what was decrypted of it.
    fn serve(peer: &Peer) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()],
                PrivateKeyDer::from_pem_slice(KEY).unwrap(),
            )
            .unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, peer.stream.try_clone().unwrap());
        let mut decrypted = Vec::new();
        let mut bytes = [0; 4096];
        while !decrypted.ends_with(b"\r\n\r\n") {
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => return decrypted,
                Ok(count) => decrypted.extend_from_slice(&bytes[..count]),
            }
        }
        stream.write_all(&success(r#""sealed""#)).unwrap();
        decrypted
    }

    fn https(server: &Server) -> String {
        format!("https://127.0.0.1:{}", server.port())
    }

    #[test]
    fn a_certificate_that_is_not_trusted_ends_it_before_the_token_is_sent() {
        let (sender, decrypted) = std::sync::mpsc::channel();
        let server = Server::start(move |peer| sender.send(serve(peer)).unwrap());
        let tago = client_of(&https(&server)).build().unwrap();
        let error = post(&tago).unwrap_err();
        assert_eq!(kind(&error), TransportErrorKind::Tls, "{error:?}");
        assert!(!error.maybe_delivered() && !error.is_retryable());
        assert!(everything_shown(&error).contains("certificate"), "{error:?}");
        assert_eq!(decrypted.recv().unwrap(), b"");
    }

    #[test]
    fn a_certificate_that_the_callers_agent_trusts_is_good() {
        let (sender, decrypted) = std::sync::mpsc::channel();
        let server = Server::start(move |peer| sender.send(serve(peer)).unwrap());
        let provider = if cfg!(feature = "rustls") { TlsProvider::Rustls } else { TlsProvider::NativeTls };
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(CERTIFICATE).unwrap()]);
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .tls_config(TlsConfig::builder().provider(provider).root_certs(roots).build())
            .build();
        let tago = Client::builder()
            .token("p-canary")
            .region(Region::custom(&https(&server)).unwrap())
            .vars(|_| None)
            .transport(UreqTransport::with_agent(config.new_agent()))
            .build()
            .unwrap();
        assert_eq!(get(&tago).unwrap(), "sealed");
        let head = String::from_utf8(decrypted.recv().unwrap()).unwrap();
        assert!(head.starts_with("GET /run HTTP/1.1\r\n") && head.contains("\r\ntoken: p-canary\r\n"), "{head}");
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn what_breaks_in_the_handshake_was_not_delivered_and_of_a_given_agent_only_what_certainly_precedes_the_request() {
        use TransportErrorKind::{Connect, ConnectionLost, Other, Tls};

        const HANDSHAKE_FAILURE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
        const PROTOCOL_VERSION: &[u8] = &[21, 3, 3, 0, 2, 2, 70];
        const INTERNAL_ERROR: &[u8] = &[21, 3, 3, 0, 2, 2, 80];
        let given = ureq::Agent::config_builder().proxy(None).build().new_agent();
        let (own, given) = (UreqTransport::with_proxy(&Proxy::None).unwrap(), UreqTransport::with_agent(given));
        for (bytes, expected, of_given) in [
            (HANDSHAKE_FAILURE, Tls, Tls),
            (PROTOCOL_VERSION, Tls, Tls),
            (INTERNAL_ERROR, Tls, Other),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", Tls, Other),
            (b"", Connect, ConnectionLost),
        ] {
            for (transport, expected) in [(&own, expected), (&given, of_given)] {
                let server = Server::start(move |peer| {
                    // All of the client's greeting, which is one record.
                    let mut header = [0; 5];
                    (&*peer.stream).read_exact(&mut header).unwrap();
                    let mut record = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
                    (&*peer.stream).read_exact(&mut record).unwrap();
                    peer.send(bytes);
                });
                let error = transport.send(&Request::new(Method::Post, https(&server))).unwrap_err();
                assert_eq!(error.kind(), expected, "{bytes:?}: {error:?}");
            }
        }
    }
}
