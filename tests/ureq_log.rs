//! What ureq itself writes to the `log` facade. Alone in its file, because a process has one logger.
#![cfg(feature = "_ureq")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use tagoio::transport::{Proxy, UreqTransport};
use tagoio::{Client, ProfileId, Region, Token};

mod support {
    #[expect(dead_code, reason = "other tests use the rest")]
    pub(crate) mod server;
}

use support::server::{Server, success};

struct Lines(Mutex<String>);

static LINES: Lines = Lines(Mutex::new(String::new()));

impl Lines {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Lines {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.lock().push_str(&line);
    }

    fn flush(&self) {}
}

fn written_at(level: LevelFilter) -> String {
    log::set_max_level(level);
    let server = Server::answering([success(r#""Token Successfully Removed""#)]);
    let tago = Client::builder()
        .token("p-canary-1")
        .region(Region::custom(&server.url()).unwrap())
        .vars(|_| None)
        .transport(UreqTransport::with_proxy(&Proxy::None).unwrap())
        .build()
        .unwrap();
    tago.token().delete(ProfileId::CURRENT, &Token::new("canary-2").unwrap()).unwrap();
    std::mem::take(&mut LINES.lock())
}

#[test]
fn ureq_keeps_secrets_to_itself_up_to_debug_as_its_documentation_here_says() {
    log::set_logger(&LINES).unwrap();

    let debug = written_at(LevelFilter::Debug);
    assert!(debug.contains("ureq::run DELETE http://127.0.0.1"), "{debug}");
    assert!(!debug.contains("canary"), "{debug}");

    let trace = written_at(LevelFilter::Trace);
    assert!(trace.contains("canary-2"), "the warning on UreqTransport can go: {trace}");
}
