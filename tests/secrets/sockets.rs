//! Real connections: what ureq says and logs, up to the level that its documentation here allows.

use tagoio::transport::{Logged, Proxy, Record, UreqTransport};
use tagoio::{Client, Region};

use super::canaries::{OWN_TOKEN, PROXY, Watch};
use super::server::{Received, Server, UnusedPort, answer, success};
use super::{LINES, check_cassette, observed, operations};

/// What a server makes of a request, byte for byte.
type Script = fn(&Received) -> Vec<u8>;

/// The request in one line.
pub(crate) fn echo(request: &Received) -> String {
    let line = |text: &str| text.replace(['\r', '\n'], " ");
    format!("{} {}", line(&request.head), line(&String::from_utf8_lossy(&request.body)))
}

const SCRIPTS: [(&str, Script); 14] = [
    ("a success", |_| success(r#""ok""#)),
    ("a refusal", |request| {
        let body = serde_json::json!({"status": false, "message": echo(request)}).to_string();
        answer("400 Bad Request", &[("content-type", "application/json")], body)
    }),
    ("a reason that repeats", |request| answer(&format!("500 {}", echo(request)), &[], "")),
    (SHOWN_BY_UREQ, |request| {
        let echo = echo(request);
        let headers = [("content-type", &*echo), ("location", &echo), ("retry-after", &echo), ("date", &echo)];
        answer("503 Service Unavailable", &[&headers[..], &[("x-echo", &echo)]].concat(), &echo)
    }),
    ("no HTTP", |request| format!("{}\r\n\r\n", echo(request)).into_bytes()),
    ("a version that repeats", |request| format!("HTTP/{} 200 OK\r\n\r\n", echo(request)).into_bytes()),
    ("a status that repeats", |request| format!("HTTP/1.1 {} OK\r\n\r\n", echo(request)).into_bytes()),
    ("a header without a name", |request| format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", echo(request)).into_bytes()),
    ("a length that repeats", |request| {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", echo(request)).into_bytes()
    }),
    ("chunks that repeat", |request| {
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}\r\n", echo(request)).into_bytes()
    }),
    ("an encoding that repeats", |request| answer("200 OK", &[("content-encoding", &echo(request))], "x")),
    ("gzip that isn't", |request| answer("200 OK", &[("content-encoding", "gzip")], echo(request))),
    ("a body that is cut", |request| {
        format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{{\"result\":\"{}", echo(request)).into_bytes()
    }),
    ("nothing", |_| Vec::new()),
];

fn client(api: &str, proxy: &Proxy) -> (Client, std::sync::Arc<Record<Logged<UreqTransport>>>) {
    let ureq = UreqTransport::with_proxy(proxy).expect("a transport");
    let record = std::sync::Arc::new(Record::new(Logged::new(ureq)));
    let region = Region::insecure(api).expect("an address");
    let builder = Client::builder().token(OWN_TOKEN.secret).region(region).vars(|_| None);
    (builder.transport(std::sync::Arc::clone(&record)).build().expect("a client"), record)
}

/// Whether a line is ureq's about an answer. It shows some headers as they are, and [`UreqTransport`] says so.
fn is_of_the_answer(line: &str) -> bool {
    ["DEBUG ureq::run Response", "DEBUG ureq::body"].iter().any(|beginning| line.starts_with(beginning))
}

/// The answer in which ureq is seen to do that.
const SHOWN_BY_UREQ: &str = "headers that repeat";

fn check(api: &str, proxy: &Proxy, place: &str, watch: &Watch) {
    for operation in operations::all() {
        let (tago, record) = client(api, proxy);
        let texts = observed(&operation, &tago, true);
        assert!(texts.iter().any(|text| text.contains("DEBUG ureq")), "{place}: ureq logs: {texts:?}");
        let (shown, texts): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| is_of_the_answer(text));
        if place == SHOWN_BY_UREQ {
            assert!(shown.iter().any(|text| watch.sighting(text).is_some()), "the warning on UreqTransport can go");
        }
        for text in &texts {
            watch.none_in(text, &format!("{}, {place}", operation.name));
        }
        check_cassette(watch, &record.cassette(), place);
        watch.none_in(&format!("{record:?} {proxy:?}"), place);
    }
    LINES.take();
}

#[test]
fn a_server_that_repeats_what_it_was_sent_gets_no_secret_shown() {
    let watch = Watch::new();
    for (place, script) in SCRIPTS {
        let server = Server::start(move |peer| {
            while let Some(request) = peer.receive() {
                if script(&request).is_empty() || !peer.send(&script(&request)) || !place.starts_with("a success") {
                    break;
                }
            }
        });
        check(&server.url(), &Proxy::None, place, &watch);
        assert!(server.finish().requests.len() >= operations::all().len(), "{place}: all were sent");
    }
}

#[test]
fn a_server_that_cannot_be_reached_gets_no_secret_shown() {
    let watch = Watch::new();
    let port = UnusedPort::find();
    check(&port.url(), &Proxy::None, "nobody listens", &watch);
    check("http://no-such-host.invalid", &Proxy::None, "no such host", &watch);
    let plain = Server::start(|peer| {
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    check(&plain.url().replace("http://", "https://"), &Proxy::None, "no TLS", &watch);
}

#[test]
fn a_proxy_gets_its_password_and_nobody_else_sees_it() {
    let watch = Watch::new();
    let proxy = |url: &str| Proxy::Url(url.replace("http://", &format!("http://jane:{}@", PROXY.secret)));
    let nobody = UnusedPort::find();
    check("http://api.example.com", &proxy(&nobody.url()), "no proxy", &watch);

    let refuses: [(&str, Script); 3] = [
        ("a proxy that refuses", |request| answer(&format!("407 {}", echo(request)), &[], echo(request))),
        ("a proxy that speaks no HTTP", |request| format!("{}\r\n\r\n", echo(request)).into_bytes()),
        ("a proxy that hangs up", |_| Vec::new()),
    ];
    for (place, script) in refuses {
        let server = Server::start(move |peer| {
            if let Some(request) = peer.receive() {
                peer.send(&script(&request));
            }
        });
        check("https://api.example.com", &proxy(&server.url()), place, &watch);
        let requests = server.finish().requests;
        assert!(requests.iter().all(|request| request.head.contains("Proxy-Authorization: Basic ")), "{requests:?}");
    }
}

#[test]
fn an_address_of_a_proxy_is_not_repeated_when_it_is_refused() {
    let watch = Watch::new();
    for address in
        ["socks5://jane:qzProxyv7@h", "ftp://jane:qzProxyv7@h", "http://jane:qzProxyv7@", "jane:qzProxyv7@h h"]
    {
        let vars = |name: &str| (name == "HTTPS_PROXY").then(|| address.to_owned());
        for refused in [
            UreqTransport::with_proxy(&Proxy::Url(address.to_owned())).map(drop),
            Client::builder().token("p-1").vars(vars).build().map(drop),
        ] {
            let error = refused.expect_err("it can't be a proxy");
            for text in super::told(&error) {
                watch.none_in(&text, address);
            }
        }
    }
}
