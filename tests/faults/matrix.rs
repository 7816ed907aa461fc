//! Each class of operations × each fault, and what `docs/faults.md` says of it.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tagoio::Error;
use tagoio::transport::{Limits, TransportErrorKind};

use crate::catalogue::{Fault, tables};
use crate::stage::{Stage, for_each};
use crate::world::{Attempt, CLASSES, Class, TOKEN, Tap, USER, client, clock, everything_shown};

/// What one call did under one fault.
struct Cell {
    table: &'static str,
    fault: &'static str,
    class: &'static Class,
    attempts: Vec<Attempt>,
    /// Whole requests that the server read.
    arrived: usize,
    connections: usize,
    waits: Vec<Duration>,
    outcome: Result<(), Error>,
}

/// The whole matrix is run once, many cells at a time.
static CELLS: LazyLock<Vec<Cell>> = LazyLock::new(|| {
    let tables = tables();
    let all = tables.iter().flat_map(|(table, faults)| faults.iter().map(move |fault| (*table, fault)));
    let todo = all.flat_map(|(table, fault)| CLASSES.iter().map(move |class| (table, fault, class)));
    for_each(todo, |(table, fault, class)| run(table, fault, class))
});

fn run(table: &'static str, fault: &Fault, class: &'static Class) -> Cell {
    let stage = Stage::of(fault, class);
    let (clock, tap) = (clock(), Tap::around(stage.transport.clone()));
    let tago = (fault.limits)(client(&stage.base_url, &clock, Arc::clone(&tap))).build().unwrap();

    let outcome = (class.call)(&tago);

    drop(tago);
    let attempts = tap.take();
    drop(tap);
    let journal = stage.finish(fault);
    Cell {
        table,
        fault: fault.name,
        class,
        attempts,
        arrived: journal.requests.len(),
        connections: journal.connections,
        waits: clock.sleeps(),
        outcome,
    }
}

impl Cell {
    fn shown(&self) -> String {
        let Self { table, fault, class, attempts, arrived, connections, waits, outcome } = self;
        format!(
            "{table}: {fault}: {class:?}: {attempts:?}, {arrived} arrived on {connections} connections, {waits:?}, {outcome:?}"
        )
    }

    fn waited(&self) -> Duration {
        self.waits.iter().sum()
    }
}

/// An attempt that certainly had no effect: the server never had it, or refused it for the rate limit *instead* of doing
/// it. (A 408 isn't certain: it may come from something before TagoIO that has passed the request on.)
fn is_without_effect(attempt: &Attempt) -> bool {
    match attempt {
        Ok(status) => *status == 429,
        Err(kind) => !kind.maybe_delivered(),
    }
}

/// The promise that all this is about.
#[test]
fn a_request_that_must_not_be_repeated_reaches_the_server_at_most_once() {
    let mut cells = 0;
    for cell in CELLS.iter().filter(|cell| !cell.class.repeatable) {
        cells += 1;
        let (last, before) = cell.attempts.split_last().unwrap_or_else(|| panic!("{}", cell.shown()));
        assert!(before.iter().all(is_without_effect), "{}", cell.shown());

        // The server's own account of it, whatever the client believes.
        let refusals = cell.attempts.iter().filter(|attempt| **attempt == Ok(429)).count();
        let effective = cell.arrived - refusals.min(cell.arrived);
        assert!(effective <= 1, "{}", cell.shown());
        assert!(*last != Ok(429) || effective == 0, "{}", cell.shown());
    }
    assert!(cells > 200, "{cells}");
}

/// What a script calls a reset is one, and not just an end.
#[cfg(target_os = "linux")]
#[test]
fn a_reset_is_a_reset() {
    let resets = CELLS.iter().filter(|cell| cell.fault.starts_with("reset") && !cell.class.repeatable);
    let mut cells = 0;
    for cell in resets {
        cells += 1;
        let Err(Error::Transport { source, .. }) = &cell.outcome else { panic!("{}", cell.shown()) };
        let source = std::error::Error::source(source).and_then(|error| error.downcast_ref::<ureq::Error>());
        let kind = match source {
            Some(ureq::Error::Io(error)) => error.kind(),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset, "{}", cell.shown());
    }
    assert_eq!(cells, 5 * 3);
}

#[test]
fn who_says_that_nothing_was_delivered_is_right() {
    for cell in &*CELLS {
        let Err(Error::Transport { source, .. }) = &cell.outcome else { continue };
        assert!(source.maybe_delivered() || cell.arrived == 0, "{}", cell.shown());
        // An error that speaks of the last attempt alone would be a lie about those before.
        let any = cell.attempts.iter().any(|attempt| !is_without_effect(attempt));
        assert_eq!(source.maybe_delivered(), any, "{}", cell.shown());
    }
}

#[test]
fn a_success_is_one_by_its_status_and_by_what_it_says() {
    let denials = ["200 with `\"status\": false`", "`status` twice, the last one `false`"];
    let mut denied = 0;
    for cell in &*CELLS {
        let is_denied = denials.contains(&cell.fault);
        denied += usize::from(is_denied);
        let by_status = matches!(cell.attempts.last(), Some(Ok(200..300)));
        assert!(cell.outcome.is_err() || (by_status && !is_denied), "{}", cell.shown());
    }
    assert_eq!(denied, denials.len() * CLASSES.len());
}

#[test]
fn no_call_makes_more_attempts_or_waits_longer_than_it_may() {
    for cell in &*CELLS {
        assert!((1..=5).contains(&cell.attempts.len()), "{}", cell.shown());
        assert_eq!(cell.waits.len() + 1, cell.attempts.len(), "no wait without an attempt after it: {}", cell.shown());
        assert!(cell.waited() < Limits::default().total.unwrap(), "{}", cell.shown());
    }
}

#[test]
fn an_error_names_its_route_and_shows_no_secret() {
    for cell in &*CELLS {
        let Err(error) = &cell.outcome else { continue };
        let shown = everything_shown(error);
        assert!(!shown.contains(TOKEN) && !shown.contains(USER), "{shown}");
        assert!(error.to_string().starts_with(&error.route().unwrap().to_string()), "{shown}");
    }
}

/// The tables of the guide are what the run gives. `SNAPSHOTS=overwrite` writes them.
#[test]
fn the_guide_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let actual = with_tables(&guide);
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, &actual).unwrap();
    } else {
        snapbox::assert_data_eq!(actual, snapbox::Data::from(guide).raw());
    }
}

/// The guide with what stands between `<!-- table: … -->` and `<!-- end -->` made anew.
fn with_tables(guide: &str) -> String {
    let (mut actual, mut written) = (String::new(), Vec::new());
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(actual, "{line}");
        let name = line.strip_prefix("<!-- table: ").and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(name) = name {
            let _ = lines.by_ref().find(|line| *line == "<!-- end -->").expect("the table's end");
            let _ = writeln!(actual, "{}<!-- end -->", table(name));
            written.push(name.to_owned());
        }
    }
    assert_eq!(written, tables().map(|(name, _)| name), "every table has its place");
    actual
}

fn table(name: &str) -> String {
    let mut text = "\n| what goes wrong | calls | sent | arrived | waits | what you get | it is | what to do |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let cells: Vec<_> = CELLS.iter().filter(|cell| cell.table == name).collect();
    assert!(!cells.is_empty(), "there is no table {name}");
    for of_fault in cells.chunk_by(|one, other| one.fault == other.fault) {
        let mut rows: Vec<(String, Vec<&Class>)> = Vec::new();
        for cell in of_fault {
            let row = row(cell);
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, classes)) => classes.push(cell.class),
                None => rows.push((row, vec![cell.class])),
            }
        }
        for (number, (row, classes)) in rows.iter().enumerate() {
            let fault = if number == 0 { of_fault[0].fault } else { "" };
            let _ = writeln!(text, "| {fault} | {} | {row} |", calls(classes));
        }
    }
    text + "\n"
}

/// The short name of some classes.
fn calls(classes: &[&Class]) -> String {
    let are = |repeatable| {
        let all = CLASSES.iter().filter(|class| class.repeatable == repeatable);
        all.map(|class| class.name).eq(classes.iter().map(|class| class.name))
    };
    if classes.len() == CLASSES.len() {
        "all".to_owned()
    } else if are(true) {
        "repeatable".to_owned()
    } else if are(false) {
        "the others".to_owned()
    } else {
        classes.iter().map(|class| class.name).collect::<Vec<_>>().join(", ")
    }
}

/// What a reader wants to know of a cell, without what is of its class alone.
fn row(cell: &Cell) -> String {
    let waits = if cell.waits.is_empty() { String::new() } else { format!("{} s", cell.waited().as_secs_f64()) };
    let (gets, is) = match &cell.outcome {
        Ok(()) => ("success".to_owned(), String::new()),
        Err(error) => (variant(error), predicates(error)),
    };
    format!("{} | {} | {waits} | {gets} | {is} | {}", cell.attempts.len(), cell.arrived, advice(cell))
}

fn variant(error: &Error) -> String {
    let text = error.to_string();
    let route = error.route().map(ToString::to_string).unwrap_or_default();
    let text = text.strip_prefix(&route).and_then(|text| text.strip_prefix(": ")).unwrap_or(&text).to_owned();
    match error {
        Error::Transport { source, .. } => format!("`Transport` (`{:?}`): {source}", source.kind()),
        Error::Api(_) => format!("`Api`: {text}"),
        Error::Decode(decode) => {
            let source = decode.source.to_string();
            let source = source.split(", expected").next().unwrap_or_default();
            format!("`Decode`: {}: {source}", text.replace(&decode.expected, "…"))
        }
        other => format!("{other:?}"),
    }
}

fn predicates(error: &Error) -> String {
    let mut names: Vec<_> = [
        ("unauthorized", error.is_unauthorized()),
        ("permission denied", error.is_permission_denied()),
        ("not found", error.is_not_found()),
        ("rate limited", error.is_rate_limited()),
        ("limit reached", error.is_limit_reached()),
        ("timeout", error.is_timeout()),
        ("maybe delivered", error.maybe_delivered()),
        ("retryable", error.is_retryable()),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(name, _)| name.to_owned())
    .collect();
    if let Some(wait) = error.retry_after() {
        names.push(format!("retry after {} s", wait.as_secs()));
    }
    names.join(", ")
}

fn advice(cell: &Cell) -> &'static str {
    let Err(error) = &cell.outcome else { return "" };
    match error {
        _ if error.is_retryable() && error.retry_after().is_some() => "call again after `retry_after()`",
        _ if error.is_retryable() => "call again later",
        Error::Decode(_) if cell.class.name != "GET" => "it was done, in all likelihood: look",
        _ if error.maybe_delivered() && !cell.class.repeatable => "look whether it was done",
        Error::Transport { source, .. } => match source.kind() {
            TransportErrorKind::Tls => "mend the address or the certificate",
            TransportErrorKind::BodyTooLarge => "ask for less, or raise `body_limit`",
            _ => "see who answers in TagoIO's place",
        },
        Error::Decode(_) => "see who answers in TagoIO's place",
        Error::Api(api) if (300..400).contains(&api.status) => "mend the address",
        _ if error.is_unauthorized() => "take another token",
        _ if error.is_permission_denied() => "take a token that may",
        _ => "mend the call",
    }
}
