//! Secrets that go into calls, and come out of them, are seen nowhere but in the request and in what `expose` gives.

mod canaries;
#[cfg(feature = "cli")]
#[path = "../support/coverage.rs"]
mod coverage;
mod echo;
mod operations;
#[path = "../support/server.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod server;
mod sockets;
#[cfg(feature = "cli")]
mod tagoctl;
mod work;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use canaries::{OWN_TOKEN, Watch, Writing};
use log::{LevelFilter, Log, Metadata, Record as Line};
use operations::{Operation, Shown};
use tagoio::transport::{
    Cassette, Logged, MockTransport, Record, Replay, Request, Response, Retry, RetryPolicy, Throttle, Transport,
    TransportError, TransportErrorKind, from_fn,
};
use tagoio::{Client, Error, Region, Result};

/// Keeps the lines of each thread.
struct Capture;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Line<'_>) {
        LINES.with_borrow_mut(|lines| lines.push(format!("{} {} {}", record.level(), record.target(), record.args())));
    }

    fn flush(&self) {}
}

/// Keeps what is logged: what this crate logs at any level, and what ureq logs up to `debug`.
fn keep_lines() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        log::set_logger(&Capture).expect("there is no other logger");
        log::set_max_level(LevelFilter::Debug);
    });
    LINES.take();
}

fn client(transport: impl Transport + 'static) -> Client {
    let builder = Client::builder().token(OWN_TOKEN.secret).region(Region::US_E1).vars(|_| None);
    builder.transport(transport).build().expect("a client")
}

/// All that a program may show of an error without looking into it.
fn told(error: &Error) -> Vec<String> {
    let mut texts = vec![format!("{error}"), format!("{error:#}"), format!("{error:?}"), format!("{error:#?}")];
    let mut below = error.source();
    while let Some(source) = below {
        texts.extend([format!("{source}"), format!("{source:?}")]);
        below = source.source();
    }
    texts.extend(error.message().map(str::to_owned));
    texts.extend(error.route().map(|route| format!("{route} {route:?}")));
    texts
}

/// What a program says that doesn't expect an outcome.
fn panic_of(outcome: &Result<Shown>) -> String {
    caught(|| match outcome {
        Ok(value) => panic!("unexpected: {value:?}"),
        // As `unwrap` says it.
        Err(error) => panic!("called `Result::unwrap()` on an `Err` value: {error:?}"),
    })
}

/// Makes a call and gives all that could be shown of it. `planned` says that the answer has secrets only where TagoIO has
/// them: what a server calls a name is a name, and shown, even if it repeats a token.
fn observed(operation: &Operation, tago: &Client, planned: bool) -> Vec<String> {
    keep_lines();
    let mut all = Vec::new();
    let outcome = (operation.call)(tago, &mut all);
    let mut texts: Vec<String> = all.iter().flat_map(|shown| [format!("{shown:?}"), format!("{shown:#?}")]).collect();
    if planned || outcome.is_err() || operation.result.is_string() {
        texts.push(panic_of(&outcome));
    }
    match &outcome {
        Ok(_) if !planned && !operation.result.is_string() => {}
        Ok(value) => texts.extend([format!("{value:?}"), format!("{value:#?}")]),
        Err(error) => texts.extend(told(error)),
    }
    texts.extend(LINES.take());
    texts.push(format!("{tago:?} {:?} {:?}", tago.run(), tago.token()));
    texts
}

/// The text of a panic, which goes nowhere else.
fn caught(code: impl FnOnce()) -> String {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
    QUIET.set(true);
    let panic = catch_unwind(AssertUnwindSafe(code));
    QUIET.set(false);
    let payload = panic.expect_err("it panics");
    payload.downcast_ref::<String>().expect("a panic with a text").clone()
}

/// A service that answers a call in some way, behind all that can stand before it.
fn stack(
    service: impl Fn(&Request) -> Result<Response, TransportError> + Send + Sync + 'static,
) -> (Client, Arc<Record<impl Transport + std::fmt::Debug>>) {
    let record = Arc::new(Record::new(Logged::new(Throttle::new(from_fn(service)))));
    let tago = client(Retry::new(Arc::clone(&record), RetryPolicy::attempts(1)));
    (tago, record)
}

fn check_cassette(watch: &Watch, cassette: &Cassette, place: &str) {
    let text = serde_json::to_string_pretty(cassette).expect("a cassette");
    watch.none_in(&text, place);
    watch.none_in(&format!("{cassette:?}"), place);
    for interaction in cassette.interactions() {
        watch.none_in(&format!("{interaction} {interaction:?} {}", interaction.path()), place);
    }
}

#[test]
fn every_call_of_the_ledger_is_here() {
    let ledger = include_str!("../../docs/endpoints.md");
    let listed: BTreeSet<&str> =
        ledger.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let operations = operations::all();
    let here: BTreeSet<&str> = operations.iter().map(|operation| operation.name).collect();
    assert!(listed.len() > 40, "the ledger was read: {listed:?}");
    assert_eq!(listed, here);
    assert_eq!(here.len(), operations.len(), "each is here once");
}

/// So that the others can't be silent because nothing was sent.
#[test]
fn every_secret_that_a_call_takes_is_sent() {
    let sent = Arc::new(std::sync::Mutex::new(String::new()));
    let log = Arc::clone(&sent);
    let tago = client(from_fn(move |request| {
        log.lock().expect("no panic").push_str(&echo::echo(request, Writing::Plain));
        Err(TransportErrorKind::Connect.into())
    }));
    for operation in operations::all() {
        assert!((operation.call)(&tago, &mut Vec::new()).is_err(), "{}", operation.name);
    }
    let sent = sent.lock().expect("no panic");
    for canary in &canaries::ALL {
        let answered = [canaries::MINTED, canaries::LOGIN, canaries::ADDRESS, canaries::PROXY];
        let only_answered = answered.iter().any(|other| other.name == canary.name);
        assert_eq!(sent.contains(canary.secret), !only_answered, "{}", canary.name);
    }
}

#[test]
fn nothing_that_is_shown_of_a_call_has_a_secret_whatever_the_answer() {
    let watch = Watch::new();
    let mut sightings = BTreeSet::new();
    let mut successes = HashSet::new();
    for (number, operation) in operations::all().into_iter().enumerate() {
        for (at, (answer, respond)) in echo::ANSWERS.into_iter().enumerate() {
            // As it is, and in another writing for each pair of call and answer.
            let [plain, others @ ..] = Writing::ALL;
            for writing in [plain, others[(number + at) % others.len()]] {
                let result = operation.result.clone();
                let (tago, record) = stack(move |request| Ok(respond(request, echo::echo(request, writing), &result)));
                let texts = observed(&operation, &tago, at < echo::PLANNED);
                assert!(texts.iter().any(|text| text.contains("tagoio ")), "{}: a line is logged", operation.name);
                if answer == "a success" && texts.iter().any(|text| text.contains(": 200 in ")) {
                    successes.insert(operation.name);
                }
                let place = |what| format!("{}, {answer}, {writing:?}, {what}", operation.name);
                for text in &texts {
                    if let Some(name) = watch.sighting(text) {
                        sightings.insert(format!("{}: {name} in {text}", place("shown")));
                    }
                }
                let cassette = serde_json::to_string_pretty(&record.cassette()).expect("a cassette");
                for text in [cassette, format!("{:?} {record:?}", record.cassette())] {
                    if let Some(name) = watch.sighting(&text) {
                        sightings.insert(format!("{}: {name} in {text}", place("cassette")));
                    }
                }
            }
        }
    }
    assert_eq!(successes.len(), operations::all().len(), "each call succeeded once");
    let few: Vec<_> = sightings.iter().take(20).collect();
    assert!(sightings.is_empty(), "{} sightings: {few:#?}", sightings.len());
}

#[test]
fn nothing_that_is_shown_of_a_call_has_a_secret_when_there_is_no_answer() {
    use TransportErrorKind as Kind;

    let watch = Watch::new();
    let kinds = [
        Kind::InvalidRequest,
        Kind::Dns,
        Kind::Connect,
        Kind::ConnectTimeout,
        Kind::Tls,
        Kind::Throttled { retry_after: std::time::Duration::from_secs(1) },
        Kind::NotRecorded,
        Kind::Timeout,
        Kind::ConnectionLost,
        Kind::Protocol,
        Kind::BodyTooLarge,
        Kind::Other,
    ];
    for operation in operations::all() {
        for kind in kinds {
            let (tago, record) = stack(move |_| Err(kind.into()));
            for text in observed(&operation, &tago, true) {
                watch.none_in(&text, operation.name);
            }
            check_cassette(&watch, &record.cassette(), operation.name);
        }
    }
}

#[test]
fn a_test_double_that_is_asked_for_something_else_shows_no_secret() {
    let watch = Watch::new();
    let empty: Cassette = serde_json::from_str(r#"{"version": 1, "interactions": []}"#).expect("a cassette");
    let other = serde_json::from_str(
        r#"{"version": 1, "interactions": [{"request": {"method": "GET", "path": "/run"}, "outcome": {"error": "dns"}}]}"#,
    );
    let other: Cassette = other.expect("a cassette");
    for operation in operations::all() {
        for cassette in [&empty, &other] {
            let replay = Arc::new(Replay::new(cassette.clone()));
            for text in observed(&operation, &client(Arc::clone(&replay)), true) {
                watch.none_in(&text, operation.name);
            }
            watch.none_in(&format!("{replay:?} {:?}", replay.unused()), operation.name);
        }
        let tago = client(MockTransport::new());
        let text = caught(|| drop((operation.call)(&tago, &mut Vec::new())));
        assert!(text.contains("MockTransport::send"), "{text}");
        watch.none_in(&text, operation.name);
    }
}

#[test]
fn what_cannot_be_a_secret_is_refused_without_being_echoed() {
    use tagoio::run::IdpMetadata;
    use tagoio::token::VerificationCode;
    use tagoio::{Password, PinCode, Token};

    let watch = Watch::new();
    let (mark, pin) = ("qzOwnv7", "60481375");
    let refused: Vec<Error> = ["\n", "\r\n", "\u{e9}", "\u{202e}", " ", "\0", "\t", "日本"]
        .into_iter()
        .flat_map(|odd| {
            let texts = [format!("{mark}{odd}"), format!("{odd}{mark}"), format!("{mark}{odd}{mark}")];
            texts.into_iter().flat_map(|text| {
                let vars = text.clone();
                let refused = [
                    Token::new(text.as_str()).map(drop),
                    Token::try_from(&text).map(drop),
                    Token::try_from(text.clone()).map(drop),
                    Client::new(text.as_str()).map(drop),
                    Client::builder().token(&text).vars(|_| None).build().map(drop),
                    Client::builder()
                        .vars(move |name| (name == "TAGOIO_TOKEN").then(|| vars.clone()))
                        .build()
                        .map(drop),
                    PinCode::new(format!("{pin}{text}")).map(drop),
                    IdpMetadata::new(text.as_str()).map(drop),
                ];
                refused.map(|refused| refused.expect_err(&format!("{text:?} is refused")))
            })
        })
        .chain(["\n", "\0", "\u{85}"].into_iter().flat_map(|odd| {
            let text = format!("{mark}{odd}");
            [Password::new(text.as_str()).map(drop), VerificationCode::new(text).map(drop)]
                .map(|refused| refused.expect_err("it is refused"))
        }))
        .collect();
    for error in &refused {
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        for text in told(error) {
            watch.none_in(&text, "a refusal");
        }
    }
}

#[test]
fn an_address_with_a_password_is_not_repeated() {
    let watch = Watch::new();
    for address in [
        "https://jane:qzPassv7@api.tago.io",
        "https://qzPassv7@api.tago.io",
        "http://jane:qzPassv7@localhost",
        "ftp://jane:qzPassv7@api.tago.io",
        "https://api.tago.io/?token=qzPassv7",
        "https://api.tago.io/#qzPassv7",
        "jane:qzPassv7@api.tago.io",
        "https://jane:qzPassv7@",
        "https://jane:qzPass v7@api.tago.io",
    ] {
        for refused in [
            Region::custom(address).map(drop),
            Region::insecure(address).map(drop),
            address.parse::<Region>().map(drop),
            Client::builder()
                .token("p-1")
                .vars(|name| (name == "TAGOIO_API").then(|| address.to_owned()))
                .build()
                .map(drop),
        ] {
            let error = refused.expect_err("an address with more than a host and a path is refused");
            for text in told(&error) {
                watch.none_in(&text, address);
            }
        }
    }
}
