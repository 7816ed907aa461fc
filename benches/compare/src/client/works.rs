//! What the peers do.

use std::borrow::Cow;
use std::thread;
use std::time::Duration;

use tagoio::Client;
use tagoio::bulk::{Action, Before, Bulk, Done, Task};
use tagoio::run::{NewUser, UserInfo, UserQuery};

use crate::peers::{Peer, tagoio};
use crate::{Outcome, peak};

/// Does something, and fails when it can't be done.
type Work<'a> = Box<dyn FnMut() -> Outcome<()> + 'a>;

/// A single call.
pub(crate) fn call<'a>(peer: &'a dyn Peer, work: &str) -> Outcome<Work<'a>> {
    let all = |count: usize, expected: usize| {
        if count == expected { Ok(()) } else { Err(format!("{count} came instead of {expected}").into()) }
    };
    Ok(match work.strip_prefix("users-") {
        Some(amount) => {
            let amount: u32 = amount.parse()?;
            Box::new(move || all(peer.users(amount)?, usize::try_from(amount)?))
        }
        None => match work {
            "get" => Box::new(|| peer.user()),
            "post" => Box::new(|| peer.create()),
            "statistics" => Box::new(move || all(peer.statistics()?, 744)),
            _ => return Err(format!("there is no work {work:?}").into()),
        },
    })
}

/// So many calls by each of 32 threads that share a client, with a pause after each call.
pub(crate) fn threads(peer: &dyn Peer, calls: usize, pause: Duration) -> Outcome<()> {
    let one = || {
        (0..calls).try_for_each(|_| {
            peer.user()?;
            thread::sleep(pause);
            Ok(())
        })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(one)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread has panicked")?)
    })
}

/// What only this crate does, or by hand only what comes nearest.
pub(crate) fn of_tagoio(peer: &str, work: &str, base: &str, calls: usize) -> Outcome<Option<Work<'static>>> {
    let tago = || tagoio(base);
    let base = base.to_owned();
    Ok(Some(match (peer, work) {
        ("by-hand", "iterate") => Box::new(move || iterate_by_hand(&base, calls)),
        ("tagoio", "iterate") => {
            let tago = tago()?;
            Box::new(move || iterate(&tago, calls))
        }
        ("tagoio", "pages") => {
            let tago = tago()?;
            Box::new(move || pages(tago.run().users().iter(&UserQuery::new()), calls))
        }
        ("tagoio", "pages-prefetched") => {
            let tago = tago()?;
            Box::new(move || pages(tago.run().users().iter(&UserQuery::new()).prefetch(), calls))
        }
        ("tagoio", "create-in-turn") => {
            let tago = tago()?;
            let create = move |number| Create(number).run(&tago, Before::default()).map(drop);
            Box::new(move || Ok((0..calls).try_for_each(&create)?))
        }
        ("tagoio", "create-by-16-jobs") => {
            let tago = tago()?;
            Box::new(move || {
                let tasks: Vec<_> = (0..calls).map(Create).collect();
                let report = Bulk::new(&tago).jobs(16).run(&tasks);
                if report.is_complete() { Ok(()) } else { Err(format!("{:?}", report.progress).into()) }
            })
        }
        _ => return Ok(None),
    }))
}

/// Goes through so many users, and fails when the memory for it grows.
fn iterate(tago: &Client, count: usize) -> Outcome<()> {
    let mut seen = 0;
    for user in tago.run().users().iter(&UserQuery::new()) {
        drop(user?);
        seen += 1;
        tell(seen)?;
    }
    if seen == count { Ok(()) } else { Err(format!("{seen} users of {count}").into()) }
}

fn iterate_by_hand(base: &str, count: usize) -> Outcome<()> {
    let by_hand = instructions::by_hand::ByHand::new(base, crate::peers::TOKEN);
    let mut seen = 0;
    for page in 1.. {
        let rows = by_hand.users(page, 1_000)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            drop(row);
            seen += 1;
            tell(seen)?;
        }
    }
    if seen == count { Ok(()) } else { Err(format!("{seen} users of {count}").into()) }
}

/// Says how much memory the first tenth took.
fn tell(seen: usize) -> Outcome<()> {
    if seen == 10_000 {
        eprintln!("{}", peak()?);
    }
    Ok(())
}

/// Goes through so many pages of 1,000, with 20 ms of work after each.
fn pages(rows: impl Iterator<Item = tagoio::Result<UserInfo>>, pages: usize) -> Outcome<()> {
    for (at, row) in rows.take(pages * 1_000).enumerate() {
        row?;
        if (at + 1) % 1_000 == 0 {
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// Creates a user.
struct Create(usize);

impl Task for Create {
    fn key(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }

    fn run(&self, client: &Client, _: Before) -> tagoio::Result<Done> {
        let new = NewUser::new("New", format!("new{}@example.com", self.0), "UTC").generate_password(true);
        Ok(Done::new(Action::Created).id(client.run().users().create(&new)?.as_str()))
    }
}
