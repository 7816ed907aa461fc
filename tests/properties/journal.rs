//! Bulk work goes on where it was interrupted, wherever that was and in whatever order its lines were written.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use tagoio::bulk::users::{SyncOptions, UserList, UserPlan, UserRecord};
use tagoio::bulk::{Action, Before, Bulk, Done, Journal, JournalHeader, Notify, Outcome, Stop, Task};
use tagoio::clock::ManualClock;
use tagoio::run::NewNotification;
use tagoio::sandbox::Sandbox;
use tagoio::transport::{Method, Request, Response, Transport as _, TransportErrorKind, from_fn};
use tagoio::{Client, Result};

use super::cases;
use super::values::text;

fn lines(journal: &[u8]) -> Vec<&[u8]> {
    journal.split_inclusive(|byte| *byte == b'\n').collect()
}

/// How each try of a task ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Succeeds,
    IsRefused,
    IsLost,
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::Succeeds), Just(Ending::IsRefused), Just(Ending::IsLost)]
}

/// A task that must not be repeated, and tells what it is told.
struct Scripted<'a> {
    key: String,
    ending: Ending,
    told: &'a Mutex<BTreeMap<String, bool>>,
}

impl Task for Scripted<'_> {
    fn key(&self) -> Cow<'_, str> {
        self.key.as_str().into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.entry(self.key.clone()).or_insert(before.maybe_done);
        drop(told);
        let path = match self.ending {
            Ending::Succeeds => "/succeeds",
            Ending::IsRefused => "/is_refused",
            Ending::IsLost => "/is_lost",
        };
        client.raw(Method::Post, path).send::<Value>()?;
        Ok(Done::new(Action::Sent).id(self.key.as_str()))
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

/// A client to which each path is an ending.
fn scripted() -> Client {
    let transport = from_fn(|request: &Request| match request.path() {
        "/succeeds" => Ok(Response::new(200).with_body(r#"{"status":true,"result":null}"#)),
        "/is_refused" => Ok(Response::new(400).with_body(r#"{"status":false,"message":"No"}"#)),
        _ => Err(TransportErrorKind::ConnectionLost.into()),
    });
    Client::builder().token("p-1").vars(|_| None).transport(transport).build().unwrap()
}

/// What a journal says of a task, read without the crate.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    MaybeDone,
    Done,
    Nothing,
}

fn told(journal: &[u8]) -> BTreeMap<String, Told> {
    let mut told = BTreeMap::new();
    for line in lines(journal).into_iter().skip(1).filter(|line| line.ends_with(b"\n")) {
        let line: Value = serde_json::from_slice(line).expect("a line is JSON");
        let (kind, what) = line.as_object().and_then(|line| line.iter().next()).expect("a line has a kind");
        let state = match kind.as_str() {
            "done" => Told::Done,
            "failed" if what["uncertain"] == false => Told::Nothing,
            _ => Told::MaybeDone,
        };
        told.insert(what["key"].as_str().expect("a line has a key").to_owned(), state);
    }
    told
}

/// The lines of a journal in another order; those of one task stay in theirs.
fn interleaved(journal: &[u8], order: &[Index]) -> Vec<u8> {
    let all = lines(journal);
    let mut queues: BTreeMap<String, Vec<&[u8]>> = BTreeMap::new();
    for line in &all[1..] {
        let value: Value = serde_json::from_slice(line).expect("a line is JSON");
        let what = value.as_object().and_then(|line| line.values().next()).expect("a line has a kind");
        queues.entry(what["key"].to_string()).or_default().insert(0, line);
    }
    let mut text = all[0].to_vec();
    let mut order = order.iter().cycle();
    while !queues.is_empty() {
        let keys: Vec<String> = queues.keys().cloned().collect();
        let key = order.next().expect("there is an order").get(&keys);
        if let Some(line) = queues.get_mut(key).and_then(Vec::pop) {
            text.extend_from_slice(line);
        } else {
            queues.remove(key);
        }
    }
    text
}

fn bulk(tago: &Client) -> Bulk<'_> {
    Bulk::new(tago).clock(Arc::new(ManualClock::default()))
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_journal_is_resumed_wherever_it_is_cut_and_however_its_lines_lie(
        tasks in vec((text(), ending(), ending()), 1..8), order in vec(any::<Index>(), 1..16), cut: Index, jobs in 1_usize..4,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let tago = scripted();
        let header = JournalHeader::new("test", &tago);
        let memory = Mutex::default();
        // Keys may be any text, but have to be each task's own.
        let of_run = |second: bool| -> Vec<Scripted<'_>> {
            let script = |(at, (key, first, then)): (usize, &(String, Ending, Ending))| Scripted {
                key: format!("{key}{at}"),
                ending: if second { *then } else { *first },
                told: &memory,
            };
            tasks.iter().enumerate().map(script).collect()
        };

        let journal = Journal::create(&path, &header).unwrap();
        let _ = bulk(&tago).jobs(jobs).tries(1).journal(&journal).run(&of_run(false));
        drop(journal);
        let whole = interleaved(&std::fs::read(&path).unwrap(), &order);
        let torn = &whole[..cut.index(whole.len() + 1)];
        std::fs::write(&path, torn).unwrap();

        memory.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let journal = Journal::resume(&path, &header).unwrap();
        let known = told(torn);
        let work = of_run(true);
        let report = bulk(&tago).jobs(jobs).tries(1).journal(&journal).run(&work);
        drop(journal);
        let now = told(&std::fs::read(&path).unwrap());
        let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        for (task, outcome) in work.iter().zip(&report.outcomes) {
            let before = known.get(&task.key).copied().unwrap_or(Told::Nothing);
            let maybe_done = memory.get(&task.key).copied();
            if before == Told::Done {
                prop_assert!(matches!(outcome, Outcome::Resumed(_)), "{:?}", outcome);
                prop_assert_eq!((maybe_done, now[&task.key]), (None, Told::Done), "it is not done again");
                continue;
            }
            prop_assert_eq!(maybe_done, Some(before == Told::MaybeDone), "it is done, and told what is known");
            // A refusal is of this try only: it says nothing about the one before, which is the task's to find out.
            let (fits, after) = match task.ending {
                Ending::Succeeds => (matches!(outcome, Outcome::Done(_)), Told::Done),
                Ending::IsRefused => (matches!(outcome, Outcome::Failed(_)), Told::Nothing),
                Ending::IsLost => (matches!(outcome, Outcome::Uncertain(_)), Told::MaybeDone),
            };
            prop_assert!(fits, "{:?} {:?}", task.ending, outcome);
            prop_assert_eq!(now[&task.key], after);
        }
        prop_assert_eq!(Journal::resume(&path, &header).unwrap().resumed(), now.values().filter(|state| **state == Told::Done).count());
    }
}

/// What a process leaves that is killed after so many requests: the world, and how long the journal was at the last.
struct Killed {
    sandbox: Sandbox,
    shortest: usize,
}

impl Killed {
    /// Notifies all users until so many requests were served.
    fn after(requests: usize, users: u32, jobs: usize, path: &Path) -> Self {
        let sandbox = world(users);
        let (served, shortest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let stop = Stop::new();
        let transport = {
            let (sandbox, path) = (sandbox.clone(), path.to_owned());
            let (served, shortest, stop) = (Arc::clone(&served), Arc::clone(&shortest), stop.clone());
            from_fn(move |request: &Request| {
                // What the request stands for has been noted before it is sent.
                let length = std::fs::metadata(&path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(0));
                shortest.fetch_max(length, Ordering::SeqCst);
                if served.fetch_add(1, Ordering::SeqCst) + 1 >= requests {
                    stop.request();
                }
                sandbox.send(request)
            })
        };
        let tago = Client::builder().token(sandbox.token()).vars(|_| None).transport(transport).build().unwrap();
        let journal = Journal::create(path, &header(&tago)).unwrap();
        let _ = bulk(&tago).jobs(jobs).stop(&stop).journal(&journal).run(&notifications(&sandbox));
        Self { sandbox, shortest: shortest.load(Ordering::SeqCst) }
    }
}

fn world(users: u32) -> Sandbox {
    Sandbox::builder().clock(Arc::new(ManualClock::default())).rate_limits(false).empty().users(users).build()
}

fn header(tago: &Client) -> JournalHeader {
    JournalHeader::new("notify", tago)
}

fn notifications(sandbox: &Sandbox) -> Vec<Notify> {
    let notification = Arc::new(NewNotification::new().title("Maintenance").message("Tonight"));
    sandbox.users().into_iter().map(|user| Notify::new(user.id, Arc::clone(&notification))).collect()
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn whoever_is_killed_at_work_goes_on_and_sends_nothing_twice(
        users in 1_u32..8, requests in 1_usize..8, jobs in 1_usize..4, cut: Index,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let Killed { sandbox, shortest } = Killed::after(requests, users, jobs, &path);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..shortest + cut.index(whole.len() - shortest + 1)]).unwrap();

        let tago = sandbox.client().unwrap();
        let journal = Journal::resume(&path, &header(&tago)).unwrap();
        let report = bulk(&tago).jobs(jobs).journal(&journal).run(&notifications(&sandbox));
        prop_assert!(report.is_complete(), "{:?}", report.outcomes);
        for user in sandbox.users() {
            prop_assert_eq!(tago.run().notifications().list(&user.id).unwrap().len(), 1);
        }
    }

    #[test]
    fn users_are_created_once_however_much_of_the_journal_is_left(names in vec("[a-z]{1,6}", 1..6), cut: Index, jobs in 1_usize..4) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let sandbox = world(0);
        let tago = sandbox.client().unwrap();
        let emails: BTreeSet<String> = names.iter().map(|name| format!("{name}@example.com")).collect();
        let records = emails.iter().map(|email| UserRecord::new(email.as_str()).name("Jane").timezone("UTC"));
        let options = SyncOptions::new().generate_passwords(true);
        let plan = UserPlan::new(&tago, UserList::from_records(records).unwrap(), &options).unwrap();

        let journal = Journal::create(&path, &header(&tago)).unwrap();
        prop_assert!(bulk(&tago).jobs(jobs).journal(&journal).run(plan.tasks()).is_complete());
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..cut.index(whole.len() + 1)]).unwrap();
        let journal = Journal::resume(&path, &header(&tago)).unwrap();
        prop_assert!(bulk(&tago).jobs(jobs).journal(&journal).run(plan.tasks()).is_complete());
        let created: Vec<String> = sandbox.users().into_iter().map(|user| user.email).collect();
        prop_assert_eq!(created.len(), emails.len());
        prop_assert_eq!(created.into_iter().collect::<BTreeSet<_>>(), emails);
    }
}
