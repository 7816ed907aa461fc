//! Where a fault happens: its server, and what it can be reached by.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use tagoio::transport::{Method, Request, Transport as _, UreqTransport};

use crate::catalogue::{Fault, Scene, Target};
use crate::server::{Journal, Server, UnusedPort};
use crate::tls;
use crate::world::{Class, ureq};

pub(crate) struct Stage {
    pub(crate) base_url: String,
    /// What trusts the server as far as the fault says.
    pub(crate) transport: UreqTransport,
    server: Server,
    /// A server that nobody has any business with.
    elsewhere: Server,
    _nobody: UnusedPort,
    spoiled: mpsc::Receiver<()>,
    /// Requests that came before the one that meets the fault.
    before: usize,
}

impl Stage {
    pub(crate) fn of(fault: &Fault, class: &'static Class) -> Self {
        let elsewhere = Server::answering([]);
        let nobody = UnusedPort::find();
        let (spoiled, signal) = mpsc::channel();
        let server = Server::start((fault.script)(&Scene { class, elsewhere: elsewhere.port(), spoiled }));
        let transport = match fault.target {
            Target::Encrypted(Some(certificate)) => tls::trusting(certificate),
            _ => ureq(),
        };
        let base_url = match fault.target {
            Target::Plain => server.url(),
            Target::Encrypted(_) => format!("https://127.0.0.1:{}", server.port()),
            Target::NobodyThere => nobody.url(),
            // No resolver has to be asked to know that no name is so long.
            Target::NoSuchName => format!("https://{}test", "a.".repeat(200)),
        };
        let mut stage = Self { base_url, transport, server, elsewhere, _nobody: nobody, spoiled: signal, before: 0 };
        if fault.on_idle_connection {
            stage.spoil_a_connection();
        }
        stage
    }

    /// Makes a call that goes well, and waits until something has happened to the connection that is kept.
    fn spoil_a_connection(&mut self) {
        let answer = self.transport.send(&Request::new(Method::Get, format!("{}/before", self.base_url)));
        assert_eq!(answer.unwrap().status(), 200);
        self.spoiled.recv().unwrap();
        self.before = 1;
    }

    /// Ends the server, and says how many connections there were, and which requests came to meet the fault.
    pub(crate) fn finish(self, fault: &Fault) -> Journal {
        let Self { transport, server, elsewhere, before, .. } = self;
        drop(transport);
        let mut journal = server.finish();
        journal.requests.drain(..before);
        assert_eq!(elsewhere.finish().connections, 0, "{}: no one is led astray", fault.name);
        journal
    }
}

/// Does some work for each of these, many at a time, and gives what came of it in their order.
pub(crate) fn for_each<T: Send, R: Send>(all: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    const AT_A_TIME: usize = 48;
    let todo: Mutex<VecDeque<_>> = Mutex::new(all.into_iter().enumerate().collect());
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((number, one)) = next() {
                    let result = work(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
