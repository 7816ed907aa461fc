use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::{Clock, SystemClock};
use crate::region::is_loopback;

/// How long a name's addresses are believed without being asked for again, as in curl.
const KEPT: Duration = Duration::from_secs(60);
/// A client talks to one host, or to one proxy. More names than these come from a program that has many of them.
const MOST: usize = 32;

type LookUp = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The addresses of host names, remembered for a minute or until a connection to them fails.
///
/// A look-up can't be interrupted, so a thread of its own does it. Who asks for the same name meanwhile waits for the
/// same thread: a name server that hangs costs one thread, not one for each call.
pub(super) struct Names {
    look_up: Arc<LookUp>,
    clock: Arc<dyn Clock>,
    /// In the order in which they were first asked for.
    known: Mutex<Vec<(String, Arc<Name>)>>,
}

#[derive(Default)]
struct Name {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Unknown,
    Asked,
    Known {
        addresses: Vec<SocketAddr>,
        since: Duration,
    },
    Failed(Arc<io::Error>),
}

impl State {
    fn of(outcome: io::Result<Vec<SocketAddr>>, now: Duration) -> Self {
        match outcome {
            Ok(addresses) if addresses.is_empty() => {
                Self::Failed(Arc::new(io::Error::new(io::ErrorKind::NotFound, "the host name has no address")))
            }
            Ok(addresses) => Self::Known { addresses, since: now },
            Err(error) => Self::Failed(Arc::new(error)),
        }
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::new(|name| Ok(name.to_socket_addrs()?.collect()), Arc::new(SystemClock))
    }
}

impl Names {
    pub(super) fn new(
        look_up: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { look_up: Arc::new(look_up), clock, known: Mutex::default() }
    }

    /// The addresses of a host, of which there is at least one, in the order in which they are to be tried.
    ///
    /// `localhost` and the names below it are this computer, whatever a name server says: plain http goes there.
    ///
    /// The error's kind is [`TimedOut`](io::ErrorKind::TimedOut) only when there is no answer before `deadline`.
    pub(super) fn find(&self, host: &str, port: u16, deadline: Option<Instant>) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if is_loopback(host) {
            let here: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(here.map(|address| SocketAddr::new(address, port)).into());
        }
        let written = written(host, port);
        let name = self.name(&written);
        let mut state = lock(&name.state);
        let now = self.clock.now();
        match &*state {
            State::Asked => {}
            State::Known { since, .. } if now.saturating_sub(*since) < KEPT => {}
            _ => {
                *state = State::Asked;
                if let Err(error) = self.ask(written, &name) {
                    *state = State::Failed(Arc::new(error));
                }
            }
        }
        while matches!(*state, State::Asked) {
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => name.answered.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
                Some(left) => name.answered.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        match &*state {
            State::Known { addresses, .. } => Ok(addresses.clone()),
            // Whatever the system calls it: time has not run out.
            State::Failed(error) => Err(io::Error::other(Arc::clone(error))),
            State::Unknown | State::Asked => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Forgets a host's addresses, because none of them can be reached.
    pub(super) fn forget(&self, host: &str, port: u16) {
        let written = written(host, port);
        lock(&self.known).retain(|(name, _)| *name != written);
    }

    fn name(&self, written: &str) -> Arc<Name> {
        let mut names = lock(&self.known);
        if let Some((_, name)) = names.iter().find(|(name, _)| name == written) {
            return Arc::clone(name);
        }
        if names.len() == MOST {
            names.remove(0);
        }
        let name = Arc::<Name>::default();
        names.push((written.to_owned(), Arc::clone(&name)));
        name
    }

    fn ask(&self, written: String, name: &Arc<Name>) -> io::Result<()> {
        let (look_up, clock, name) = (Arc::clone(&self.look_up), Arc::clone(&self.clock), Arc::clone(name));
        let ask = move || {
            let outcome = look_up(&written);
            *lock(&name.state) = State::of(outcome, clock.now());
            name.answered.notify_all();
        };
        thread::Builder::new().name("tagoio name look-up".to_owned()).spawn(ask).map(drop)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

fn written(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::clock::ManualClock;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 443))
    }

    /// Names that all have two addresses, and how often one was looked up.
    fn counting(clock: &Arc<ManualClock>) -> (Names, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let look_up = move |_: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(vec![address(1), address(2)])
        };
        (Names::new(look_up, clock.clone()), asked)
    }

    #[test]
    fn an_address_is_itself() {
        let names = Names::new(|name| Err(io::Error::other(format!("{name} was looked up"))), Arc::new(SystemClock));
        for (host, port, expected) in [
            ("127.0.0.1", 80, "127.0.0.1:80"),
            ("[::1]", 443, "[::1]:443"),
            ("[2001:db8::1]", 8443, "[2001:db8::1]:8443"),
        ] {
            assert_eq!(names.find(host, port, None).unwrap(), [expected.parse().unwrap()], "{host}");
        }
        assert_eq!(format!("{names:?}"), "Names { .. }");
    }

    #[test]
    fn this_computer_is_where_it_is_whatever_a_name_server_says() {
        let names = Names::new(|name| Err(io::Error::other(format!("{name} was looked up"))), Arc::new(SystemClock));
        let here: [SocketAddr; 2] = ["127.0.0.1:8787".parse().unwrap(), "[::1]:8787".parse().unwrap()];
        for host in ["localhost", "LocalHost", "tago.localhost", "a.b.LOCALHOST"] {
            assert_eq!(names.find(host, 8787, None).unwrap(), here, "{host}");
        }
        let (names, asked) = counting(&Arc::default());
        for host in ["localhost.test", "evillocalhost", "localhost.", "local"] {
            assert_eq!(names.find(host, 8787, None).unwrap(), [address(1), address(2)], "{host}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn a_name_is_looked_up_once_a_minute() {
        let clock = Arc::new(ManualClock::default());
        let (names, asked) = counting(&clock);
        for _ in 0..100 {
            assert_eq!(names.find("tago.test", 443, None).unwrap(), [address(1), address(2)]);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        clock.advance(Duration::from_millis(59_999));
        names.find("tago.test", 443, None).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        clock.advance(Duration::from_millis(1));
        names.find("tago.test", 443, None).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_forgotten_is_looked_up_again_and_nothing_else_is() {
        let (names, asked) = counting(&Arc::default());
        for (host, port) in [("a.test", 443), ("a.test", 80), ("b.test", 443)] {
            names.find(host, port, None).unwrap();
        }
        names.forget("a.test", 443);
        for (host, port, looked_up) in [("a.test", 80, 3), ("b.test", 443, 3), ("a.test", 443, 4), ("a.test", 443, 4)] {
            names.find(host, port, None).unwrap();
            assert_eq!(asked.load(Ordering::SeqCst), looked_up, "{host}:{port}");
        }
    }

    #[test]
    fn a_look_up_that_fails_is_not_remembered() {
        let fails = Arc::new(AtomicUsize::new(2));
        let left = Arc::clone(&fails);
        let names = Names::new(
            move |_| match left.fetch_sub(1, Ordering::SeqCst) {
                2 => Err(io::Error::new(io::ErrorKind::TimedOut, "the name server is away")),
                1 => Ok(Vec::new()),
                _ => Ok(vec![address(1)]),
            },
            Arc::new(ManualClock::default()),
        );
        let error = names.find("tago.test", 443, None).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::Other, "the name server is away".to_owned()));
        assert_eq!(names.find("tago.test", 443, None).unwrap_err().to_string(), "the host name has no address");
        assert_eq!(names.find("tago.test", 443, None).unwrap(), [address(1)]);
    }

    #[test]
    fn all_who_ask_at_once_wait_for_the_same_look_up_each_until_its_own_deadline() {
        let (answer, until_answered) = mpsc::channel::<()>();
        let until_answered = Mutex::new(until_answered);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let names = Names::new(
            move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                lock(&until_answered).recv().unwrap();
                Ok(vec![address(1)])
            },
            Arc::new(ManualClock::default()),
        );
        let names = &names;
        for _ in 0..8 {
            let error = names.find("tago.test", 443, Some(Instant::now())).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| names.find("tago.test", 443, None))).collect();
            answer.send(()).unwrap();
            for thread in waiting {
                assert_eq!(thread.join().unwrap().unwrap(), [address(1)]);
            }
        });
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn the_name_that_was_first_asked_for_makes_room_for_one_too_many() {
        let (names, asked) = counting(&Arc::default());
        for number in 0..=MOST {
            names.find(&format!("{number}.test"), 443, None).unwrap();
        }
        assert_eq!(lock(&names.known).len(), MOST);
        names.find("1.test", 443, None).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), MOST + 1);
        names.find("0.test", 443, None).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), MOST + 2);
    }
}
