//! The faults, each as a script of the server.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use tagoio::ClientBuilder;

use crate::server::{Peer, answer, refusal, success};
use crate::tls;
use crate::world::{Class, ms};

/// What a server does on each connection.
pub(crate) type Script = Box<dyn Fn(&mut Peer) + Send + Sync>;

/// Writes the script for a scene.
pub(crate) type Author = Box<dyn Fn(&Scene) -> Script + Send + Sync>;

/// What a script may know of its surroundings.
pub(crate) struct Scene {
    pub(crate) class: &'static Class,
    /// The port of a server that nobody has any business with.
    pub(crate) elsewhere: u16,
    /// Takes a signal when the connection that the client holds idle has been spoiled.
    pub(crate) spoiled: Sender<()>,
}

impl Scene {
    fn good(&self) -> Vec<u8> {
        success(self.class.result)
    }
}

/// What the client is pointed at.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    Plain,
    /// TLS; the client trusts the first certificate alone, or what it trusts by default.
    Encrypted(Option<&'static [u8]>),
    /// A port that nobody listens on.
    NobodyThere,
    /// A name that no resolver knows.
    NoSuchName,
}

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    pub(crate) limits: fn(ClientBuilder) -> ClientBuilder,
    /// The client makes a call that goes well before, and keeps its connection.
    pub(crate) on_idle_connection: bool,
    pub(crate) script: Author,
}

impl Fault {
    fn to(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    fn limited(mut self, limits: fn(ClientBuilder) -> ClientBuilder) -> Self {
        self.limits = limits;
        self
    }

    /// The script has the second request, and those after it.
    fn on_idle_connection(mut self) -> Self {
        self.on_idle_connection = true;
        self
    }
}

fn fault(name: &'static str, script: Author) -> Fault {
    Fault { name, target: Target::Plain, limits: |builder| builder, on_idle_connection: false, script }
}

/// Does the same on each connection, whatever the call.
fn each(script: impl Fn(&mut Peer) + Clone + Send + Sync + 'static) -> Author {
    Box::new(move |_| Box::new(script.clone()))
}

/// Answers the first request with this, on whatever connection, and the others as TagoIO does.
fn once(first: Vec<u8>) -> Author {
    Box::new(move |scene| {
        let (first, good, served) = (first.clone(), scene.good(), AtomicUsize::new(0));
        Box::new(move |peer| {
            while peer.receive().is_some() {
                peer.send(if served.fetch_add(1, Ordering::SeqCst) == 0 { &first } else { &good });
            }
        })
    })
}

/// Answers every request with this.
fn always(answer: Vec<u8>) -> Author {
    each(move |peer| while peer.receive().is_some() && peer.send(&answer) {})
}

/// Answers every request with what is made of TagoIO's good answer.
fn good_but(change: impl Fn(&Scene) -> Vec<u8> + Send + Sync + 'static) -> Author {
    Box::new(move |scene| {
        let answer = change(scene);
        Box::new(move |peer| while peer.receive().is_some() && peer.send(&answer) {})
    })
}

/// Sends a piece of an answer and hangs up.
fn piece(bytes: &'static [u8]) -> Author {
    each(move |peer| {
        peer.receive();
        peer.send(bytes);
    })
}

/// Waits for the client to hang up, with the patience of a minute, and says whether it did.
pub(crate) fn until_gone(peer: &mut Peer) -> bool {
    peer.is_gone_within(ms(60_000))
}

/// Begins an answer and goes on with it until the client hangs up, and says whether it did within a minute.
pub(crate) fn drip(peer: &mut Peer, beginning: &[u8], drop: &[u8]) -> bool {
    let mut more = peer.send(beginning);
    for _ in 0..12_000 {
        if !more || peer.is_gone_within(ms(5)) {
            return true;
        }
        more = peer.send(drop);
    }
    false
}

/// Sends without a pause until the client hangs up, but no more than 64 MiB.
fn flood(peer: &mut Peer, beginning: &[u8], drop: &[u8]) {
    let mut sent = 0;
    let mut more = peer.send(beginning);
    while more && sent < 64 * 1024 * 1024 {
        more = peer.send(drop);
        sent += drop.len();
    }
}

/// Lets the first call go well, then does something to the connection that the client holds, and something when the
/// client has begun the next call.
fn spoil(while_idle: fn(&mut Peer), then: fn(&mut Peer)) -> Author {
    Box::new(move |scene| {
        let (good, spoiled) = (scene.good(), scene.spoiled.clone());
        Box::new(move |peer| {
            if peer.connection == 0 {
                peer.receive();
                peer.send(&success("null"));
                while_idle(peer);
                let _ = spoiled.send(());
                then(peer);
            } else {
                while peer.receive().is_some() && peer.send(&good) {}
            }
        })
    })
}

fn json(status: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer(status, &[("content-type", "application/json")], body)
}

fn html(status: &str) -> Vec<u8> {
    answer(status, &[("content-type", "text/html; charset=utf-8")], "<html><body>Something is wrong</body></html>")
}

fn busy(headers: &[(&str, &str)], message: &str) -> Vec<u8> {
    answer("429 Too Many Requests", headers, format!(r#"{{"status":false,"message":"{message}"}}"#))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", &[("content-encoding", "gzip")], body)
}

/// The beginning of a gzip stream whose blocks the server makes itself.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
pub(crate) const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub(crate) fn zipped_in_chunks() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n";
    [&head[..], &chunk(&GZIP_HEADER)].concat()
}

/// A block of deflate that isn't the last, stored as it is.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
}

/// Time enough for the computer to send and read a request, even a busy one.
fn hasty(builder: ClientBuilder) -> ClientBuilder {
    builder.timeout(ms(1000))
}

fn hasty_to_connect(builder: ClientBuilder) -> ClientBuilder {
    builder.connect_timeout(ms(500))
}

fn small(builder: ClientBuilder) -> ClientBuilder {
    builder.body_limit(10_000)
}

/// All of them, by the tables of the guide.
pub(crate) fn tables() -> [(&'static str, Vec<Fault>); 9] {
    [
        ("no connection", no_connection()),
        ("lost connection", lost_connection()),
        ("idle connection", idle_connection()),
        ("time", time()),
        ("status", odd_status()),
        ("rate limit", busy_server()),
        ("server error", broken_server()),
        ("answer", odd_answer()),
        ("http and size", http_and_size()),
    ]
}

fn no_connection() -> Vec<Fault> {
    let f = |name, target, script: fn(&mut Peer)| fault(name, each(script)).to(target);
    let handshake: fn(&mut Peer) = |peer| drop(tls::accept(&peer.stream, tls::GOOD).read(&mut [0; 1]));
    let elsewhere: fn(&mut Peer) = |peer| drop(tls::accept(&peer.stream, tls::ELSEWHERE).read(&mut [0; 1]));
    let expired: fn(&mut Peer) = |peer| drop(tls::accept(&peer.stream, tls::EXPIRED).read(&mut [0; 1]));
    let plain: fn(&mut Peer) = |peer| {
        // All of the client's greeting, so that it isn't cut off from the answer.
        drop(read_record(peer));
        peer.send(&answer("400 Bad Request", &[], "Client sent an HTTP request to an HTTPS server"));
    };
    let hangs_up: fn(&mut Peer) = |peer| drop(read_record(peer));
    let silent: fn(&mut Peer) = |peer| {
        let _ = read_record(peer);
        until_gone(peer);
    };
    let nothing: fn(&mut Peer) = |_| ();
    vec![
        f("the connection is refused", Target::NobodyThere, nothing),
        f("the host name can't be resolved", Target::NoSuchName, nothing),
        f("TLS: a certificate that nobody vouches for", Target::Encrypted(None), handshake),
        f("TLS: a certificate for another host", Target::Encrypted(Some(tls::ELSEWHERE)), elsewhere),
        f("TLS: a certificate that has expired", Target::Encrypted(Some(tls::EXPIRED)), expired),
        f("TLS: the server speaks plain HTTP", Target::Encrypted(None), plain),
        f("TLS: the server hangs up in the handshake", Target::Encrypted(None), hangs_up),
        f("TLS: the server says nothing in the handshake", Target::Encrypted(None), silent).limited(hasty_to_connect),
    ]
}

/// One record of TLS as it comes, which the client's greeting is.
pub(crate) fn read_record(peer: &Peer) -> std::io::Result<Vec<u8>> {
    let mut header = [0; 5];
    (&*peer.stream).read_exact(&mut header)?;
    let mut record = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    (&*peer.stream).read_exact(&mut record)?;
    Ok(record)
}

fn lost_connection() -> Vec<Fault> {
    vec![
        fault("reset before the request is read", each(Peer::reset_unread)),
        fault(
            "reset after the request is read",
            each(|peer| {
                peer.reset_once_read();
            }),
        ),
        fault("closed without an answer", piece(b"")),
        fault(
            "half closed: the server sends nothing, but still listens",
            each(|peer| {
                peer.receive();
                let _ = peer.stream.shutdown(Shutdown::Write);
                until_gone(peer);
            }),
        ),
        fault(
            "reset within the answer's headers",
            each(|peer| {
                if peer.reset_once_read() {
                    peer.send(b"HTTP/1.1 200 OK\r\ncontent-ty");
                }
            }),
        ),
        fault("closed within the answer's headers", piece(b"HTTP/1.1 200 OK\r\ncontent-ty")),
        fault(
            "a body shorter than its `Content-Length`",
            piece(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"status\":true"),
        ),
        fault(
            "a chunk shorter than it says",
            piece(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n99\r\n{\"status\":true"),
        ),
        fault(
            "chunks without the last one",
            piece(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1d\r\n{\"status\":true,\"result\":null}\r\n"),
        ),
        fault("a refusal whose body is cut", piece(b"HTTP/1.1 404 Not Found\r\ncontent-length: 99\r\n\r\n{")),
        fault("closed without an answer, and then a certificate for another host", each(lost_and_then_another))
            .to(Target::Encrypted(Some(tls::GOOD))),
    ]
}

/// Reads the first request and hangs up, and is somebody else after that.
fn lost_and_then_another(peer: &mut Peer) {
    if peer.connection > 0 {
        return drop(tls::accept(&peer.stream, tls::ELSEWHERE).read(&mut [0; 1]));
    }
    let mut request = [0; 16 * 1024];
    // One record, because it leaves by one write.
    let count = tls::accept(&peer.stream, tls::GOOD).read(&mut request).unwrap();
    peer.note(&request[..count]);
}

fn idle_connection() -> Vec<Fault> {
    let wait: fn(&mut Peer) = |peer| {
        until_gone(peer);
    };
    let f = |name, script: fn(&mut Peer)| fault(name, spoil(script, wait)).on_idle_connection();
    vec![
        f("closed by the server while idle", |peer| drop(peer.stream.shutdown(Shutdown::Both))),
        f("half closed by the server while idle", |peer| drop(peer.stream.shutdown(Shutdown::Write))),
        f("the server says 408 unasked, and closes", |peer| {
            peer.send(&answer("408 Request Timeout", &[("connection", "close")], ""));
            let _ = peer.stream.shutdown(Shutdown::Write);
        }),
        f("the server sends a second answer unasked", |peer| {
            peer.send(&success(r#""not yours""#));
        }),
        fault("reset as the next request arrives", spoil(|_| (), Peer::reset_unread)).on_idle_connection(),
        fault(
            "reset after the next request is read",
            spoil(
                |_| (),
                |peer| {
                    peer.reset_once_read();
                },
            ),
        )
        .on_idle_connection(),
        fault(
            "closed after the next request is read",
            spoil(
                |_| (),
                |peer| {
                    peer.receive();
                },
            ),
        )
        .on_idle_connection(),
    ]
}

fn time() -> Vec<Fault> {
    let f = |name, beginning: Vec<u8>, drop: Vec<u8>| {
        let script = each(move |peer: &mut Peer| {
            peer.receive();
            drip(peer, &beginning, &drop);
        });
        fault(name, script).limited(hasty)
    };
    vec![
        f("the server says nothing", Vec::new(), Vec::new()),
        f("headers that drip", b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"x".to_vec()),
        f("a body that drips", b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n".to_vec(), b" ".to_vec()),
        f("chunks that drip", CHUNKED.to_vec(), chunk(b" ")),
        f("a chunk's length that drips", CHUNKED.to_vec(), b"0".to_vec()),
        f("gzip that drips and holds nothing", zipped_in_chunks(), chunk(&stored(b""))),
        f("interim answers without an end", Vec::new(), b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()),
    ]
}

fn odd_status() -> Vec<Fault> {
    let interim = |before: &'static [u8]| good_but(move |scene| [before, &scene.good()].concat());
    let moved = |status: &'static str, place: fn(u16) -> String| {
        good_but(move |scene| answer(status, &[("location", &place(scene.elsewhere))], "moved"))
    };
    vec![
        fault("100 before the answer", interim(b"HTTP/1.1 100 Continue\r\n\r\n")),
        fault(
            "103 with hints before the answer",
            interim(b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"),
        ),
        fault("204", always(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())),
        fault("301 to another host", moved("301 Moved Permanently", |port| format!("http://localhost:{port}/x"))),
        fault("303 to another host", moved("303 See Other", |port| format!("http://localhost:{port}/x"))),
        fault("307 to another port", moved("307 Temporary Redirect", |port| format!("http://127.0.0.1:{port}/x"))),
        fault("308 to another scheme", moved("308 Permanent Redirect", |port| format!("https://127.0.0.1:{port}/x"))),
        fault("400 with TagoIO's sentence", always(refusal("400 Bad Request", "Invalid enum value"))),
        fault("401 with TagoIO's sentence", always(refusal("401 Unauthorized", "Invalid token"))),
        fault("403 with nothing", always(answer("403 Forbidden", &[], ""))),
        fault("404 with TagoIO's sentence", always(refusal("404 Not Found", "User Not Found"))),
        fault("404 with a page of HTML", always(html("404 Not Found"))),
        fault("408", always(answer("408 Request Timeout", &[("connection", "close")], ""))),
    ]
}

fn busy_server() -> Vec<Fault> {
    let limited = "Too many requests";
    vec![
        fault("429 once, `Retry-After: 8`", once(busy(&[("Retry-After", "8")], limited))),
        fault(
            "429 once, `Retry-After: Sat, 31 Jan 2026 12:45:30 GMT`",
            once(busy(&[("Retry-After", "Sat, 31 Jan 2026 12:45:30 GMT")], limited)),
        ),
        fault(
            "429 once, `Retry-After: Saturday, 31-Jan-26 12:45:30 GMT`",
            once(busy(&[("Retry-After", "Saturday, 31-Jan-26 12:45:30 GMT")], limited)),
        ),
        fault(
            "429 once, `Retry-After: Sat Jan 31 12:45:30 2026`",
            once(busy(&[("Retry-After", "Sat Jan 31 12:45:30 2026")], limited)),
        ),
        fault(
            "429 once, a `Retry-After` that has passed",
            once(busy(&[("Retry-After", "Sat, 31 Jan 2026 12:45:00 GMT")], limited)),
        ),
        fault("429 once, `Retry-After: soon`", once(busy(&[("Retry-After", "soon")], limited))),
        fault("429 once, `Retry-After: -1`", once(busy(&[("Retry-After", "-1")], limited))),
        fault(
            "429 once, only TagoIO's sentence: `(Retry-After: 8)`",
            once(busy(&[], "Too many requests (Retry-After: 8)")),
        ),
        fault("429 once, without a hint", once(busy(&[], limited))),
        fault("429 once, with nothing at all", once(answer("429 Too Many Requests", &[], ""))),
        fault("429 for ever, `Retry-After: 8`", always(busy(&[("Retry-After", "8")], limited))),
        fault("429, `Retry-After: 86400`", always(busy(&[("Retry-After", "86400")], limited))),
    ]
}

fn broken_server() -> Vec<Fault> {
    let sentence = || refusal("500 Internal Server Error", "Sorry, Internal Error");
    let asking = |seconds| answer("503 Service Unavailable", &[("Retry-After", seconds)], "");
    vec![
        fault("500 once", once(sentence())),
        fault("500 for ever", always(sentence())),
        fault(
            "500 with `\"status\": true`",
            good_but(|scene| {
                json("500 Internal Server Error", format!(r#"{{"status":true,"result":{}}}"#, scene.class.result))
            }),
        ),
        fault("502 with a page of HTML", always(html("502 Bad Gateway"))),
        fault("503 once, `Retry-After: 30`", once(asking("30"))),
        fault("503, `Retry-After: 86400`", always(asking("86400"))),
        fault("504 with nothing", always(answer("504 Gateway Timeout", &[], ""))),
        fault("599", always(answer("599 Odd", &[], ""))),
    ]
}

fn odd_answer() -> Vec<Fault> {
    let body = |body: &'static [u8]| always(json("200 OK", body));
    let around = |before: &'static str, after: &'static str| {
        good_but(move |scene| json("200 OK", format!("{before}{}{after}", scene.class.result)))
    };
    let deep = format!(r#"{{"status":true,"result":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let utf_16 = "{\"status\":true}".encode_utf16().flat_map(u16::to_le_bytes);
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf_16).collect();
    vec![
        fault("200 with `\"status\": false`", body(br#"{"status":false,"message":"Authorization Denied"}"#)),
        fault("`result` is missing", body(br#"{"status":true}"#)),
        fault("`result` is `null`", body(br#"{"status":true,"result":null}"#)),
        fault("`result` is of the wrong type", body(br#"{"status":true,"result":[[3]]}"#)),
        fault("nothing at all", body(b"")),
        fault("JSON that ends early", body(br#"{"status":true,"result":{"#)),
        fault("a page of HTML under 200", always(html("200 OK"))),
        fault("UTF-8 that is none", body(b"{\"status\":true,\"result\":\"\xff\"}")),
        fault("UTF-16", always(json("200 OK", utf_16))),
        fault("a byte order mark", around("\u{feff}{\"status\":true,\"result\":", "}")),
        fault("`result` twice", around("{\"status\":true,\"result\":7,\"result\":", "}")),
        fault("`status` twice, the last one `true`", around("{\"status\":false,\"status\":true,\"result\":", "}")),
        fault("`status` twice, the last one `false`", around("{\"status\":true,\"status\":false,\"result\":", "}")),
        fault("JSON that is 10,000 levels deep", always(json("200 OK", deep))),
        fault(
            "the wrong content type",
            good_but(|scene| {
                let body = format!(r#"{{"status":true,"result":{}}}"#, scene.class.result);
                answer("200 OK", &[("content-type", "text/html")], body)
            }),
        ),
    ]
}

fn http_and_size() -> Vec<Fault> {
    let compressed = gzip(br#"{"status":true,"result":"a text that is rather long"}"#);
    let mut corrupt = compressed.clone();
    corrupt[14] ^= 0xff;
    let mut wrong_sum = compressed.clone();
    let sum_at = wrong_sum.len() - 8;
    wrong_sum[sum_at] ^= 0xff;
    let bomb = gzip(&vec![b' '; 32 * 1024 * 1024]);
    let spaces = stored(&vec![b' '; 60_000]);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(1000));
    let f = |name, answer: Vec<u8>| fault(name, always(answer)).limited(small);
    let floods = |name, beginning: Vec<u8>, drop: Vec<u8>| {
        let script = each(move |peer: &mut Peer| {
            peer.receive();
            flood(peer, &beginning, &drop);
        });
        fault(name, script).limited(small)
    };
    vec![
        f("not HTTP", b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()),
        f("two different lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 4\r\n\r\nnull".to_vec()),
        f("gzip that is none", zipped(b"no gzip at all")),
        f("gzip with a wrong byte", zipped(corrupt)),
        f("gzip with a wrong checksum", zipped(wrong_sum)),
        f("gzip that ends early", zipped(&compressed[..compressed.len() - 12])),
        f("an encoding that wasn't asked for", answer("200 OK", &[("content-encoding", "br")], "?")),
        f("gzip of 32 KB that holds 32 MiB", zipped(bomb)),
        floods("gzip without an end", zipped_in_chunks(), chunk(&spaces)),
        f("1000 headers", many.into_bytes()),
        f("a header of 100 KB", answer("200 OK", &[("x", &"y".repeat(100_000))], "")),
        floods("headers without an end", b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(1000)),
        f("a length beyond the limit", b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n".to_vec()),
        f("a body beyond the limit", json("200 OK", vec![b' '; 10_001])),
        floods("a body without an end", CHUNKED.to_vec(), chunk(&[b' '; 60_000])),
    ]
}
