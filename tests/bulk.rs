//! Work on many things at once, against the sandbox, in virtual time.
#![cfg(feature = "sandbox")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tagoio::bulk::{
    Action, Before, Bulk, DeleteNotification, DeleteUser, Done, Event, Halt, Journal, JournalHeader, Notify, Outcome,
    Report, Stop, Task, Wait,
};
use tagoio::clock::{Clock, ManualClock};
use tagoio::profile::Service;
use tagoio::run::{NewNotification, NewUser, UserField, UserInfo, UserOrder, UserQuery};
use tagoio::sandbox::{Fault, FaultRule, Plan, Sandbox};
use tagoio::transport::{Method, Request, Response, Transport, TransportErrorKind, from_fn};
use tagoio::{Client, Direction, Result, Token, UserId};

/// A sandbox with users, at 9 seconds past the minute.
struct World {
    clock: Arc<ManualClock>,
    sandbox: Sandbox,
    tago: Client,
}

impl World {
    fn new(users: u32) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-31T12:45:09Z".parse().unwrap()));
        let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Starter).empty().users(users).build();
        let tago = sandbox.client().unwrap();
        Self { clock, sandbox, tago }
    }

    /// Room for users, and none of them.
    fn with_room(users: u32) -> Self {
        let world = Self::new(users);
        assert!(world.bulk().run(&world.deletions()).is_complete());
        world
    }

    fn bulk(&self) -> Bulk<'_> {
        Bulk::new(&self.tago).clock(self.clock.clone())
    }

    fn users(&self) -> Vec<UserId> {
        self.sandbox.users().into_iter().map(|user| user.id).collect()
    }

    fn deletions(&self) -> Vec<DeleteUser> {
        self.users().into_iter().map(DeleteUser::new).collect()
    }

    fn notifications(&self) -> Vec<Notify> {
        let notification = Arc::new(notification());
        self.users().into_iter().map(|user| Notify::new(user, Arc::clone(&notification))).collect()
    }

    /// How many notifications each user has.
    fn received(&self) -> Vec<usize> {
        self.users().iter().map(|user| self.tago.run().notifications().list(user).unwrap().len()).collect()
    }

    fn inject(&self, rule: FaultRule) {
        self.sandbox.inject(rule).unwrap();
    }

    /// How many requests of a route were answered with this status.
    fn answered(&self, route: &str, status: u16) -> usize {
        let journal = self.sandbox.journal();
        journal.iter().filter(|handled| handled.route.to_string() == route && handled.status == Some(status)).count()
    }
}

fn notification() -> NewNotification {
    NewNotification::new().title("Maintenance").message("Tonight from 10 pm.")
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer { status, content_type: "text/html".to_owned(), body: body.to_owned() }
}

/// Creates a user, and looks first when that may have happened before.
struct Create(u32);

impl Create {
    fn email(&self) -> String {
        format!("new.user.{}@example.com", self.0)
    }
}

impl Task for Create {
    fn key(&self) -> Cow<'_, str> {
        self.email().into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        let users = client.run().users();
        let mut found: Vec<UserInfo> = Vec::new();
        if before.maybe_done {
            found = users.list(&UserQuery::new().email(self.email()))?;
        }
        let id = match found.pop() {
            Some(user) => user.id,
            None => users.create(&NewUser::new("New", self.email(), "UTC").generate_password(true))?,
        };
        Ok(Done::new(Action::Created).id(id.as_str()))
    }
}

fn creations(count: u32) -> Vec<Create> {
    (0..count).map(Create).collect()
}

/// A task that is made of a function.
struct Call<F>(String, F);

impl<F: Fn(&Client, Before) -> Result<Done> + Send + Sync> Task for Call<F> {
    fn key(&self) -> Cow<'_, str> {
        (&self.0).into()
    }

    fn run(&self, client: &Client, before: Before) -> Result<Done> {
        self.1(client, before)
    }
}

/// One letter for each outcome, in order.
fn letters(report: &Report) -> String {
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Done(_) => 'd',
        Outcome::Resumed(_) => 'r',
        Outcome::Failed(_) => 'F',
        Outcome::Uncertain(_) => 'U',
        Outcome::NotTried => '-',
        other => panic!("{other:?}"),
    };
    report.outcomes.iter().map(letter).collect()
}

#[test]
fn each_minute_is_used_up_and_none_is_exceeded() {
    for jobs in [1, 3, 16] {
        let world = World::with_room(1_000);
        let start = world.clock.now();
        let report = world.bulk().plan(Plan::Starter).jobs(jobs).run(&creations(1_000));
        assert!(report.is_complete(), "{jobs} jobs: {:?}", report.progress);

        let mut minutes = BTreeMap::<String, usize>::new();
        for user in world.sandbox.users() {
            let minute = user.created_at.unwrap().utc().unwrap().format("%H:%M").to_string();
            *minutes.entry(minute).or_default() += 1;
        }
        let expected: BTreeMap<_, _> = (45..55).map(|minute| (format!("12:{minute}"), 100)).collect();
        assert_eq!(minutes, expected, "{jobs} jobs");
        assert_eq!(world.answered("POST /run/users", 429), 0, "{jobs} jobs");
        assert_eq!(world.answered("POST /run/users", 200) + world.answered("POST /run/users", 201), 1_000);
        assert_eq!(world.clock.now(), start + Duration::from_secs(9 * 60 - 9), "{jobs} jobs");
    }
}

#[test]
fn so_many_tasks_are_in_flight_as_there_are_jobs() {
    const JOBS: usize = 4;
    /// After which nobody else comes any more.
    const LONG: Duration = Duration::from_secs(20);

    let world = World::new(0);
    let (all_there, in_flight, most) = (Stop::new(), AtomicUsize::new(0), AtomicUsize::new(0));
    let tasks: Vec<_> = (0..3 * JOBS)
        .map(|number| {
            Call(number.to_string(), |_: &Client, _: Before| {
                let there = in_flight.fetch_add(1, Ordering::Relaxed) + 1;
                most.fetch_max(there, Ordering::Relaxed);
                if there == JOBS {
                    all_there.request();
                }
                all_there.wait(LONG);
                // Who waited in vain needn't be followed in that.
                all_there.request();
                in_flight.fetch_sub(1, Ordering::Relaxed);
                Ok(Done::new(Action::Unchanged))
            })
        })
        .collect();
    assert!(world.bulk().jobs(JOBS).run(&tasks).is_complete());
    assert_eq!(most.into_inner(), JOBS);
}

#[test]
fn a_number_of_ones_own_counts_in_place_of_the_plans() {
    let world = World::with_room(40);
    let report = world.bulk().plan(Plan::Scale).per_minute(15).run(&creations(40));
    assert!(report.is_complete());
    assert_eq!(world.clock.utc().to_rfc3339(), "2026-01-31T12:47:00+00:00");
}

#[test]
fn what_the_rate_limit_refuses_is_not_a_try() {
    // (refusal, when the work is done)
    for (refusal, done) in [
        (Fault::TooManyRequests { retry_after: 8 }, "12:45:17"),
        (Fault::TooManyRequests { retry_after: 0 }, "12:45:10"),
        (Fault::TooManyRequests { retry_after: 90 }, "12:46:39"),
        (answer(429, "slow down"), "12:46:00"),
    ] {
        for plan in [None, Some(Plan::Starter)] {
            let world = World::with_room(50);
            world.inject(FaultRule::new(refusal.clone()).on(Method::Post, "/run/users").times(3));
            let bulk = plan.into_iter().fold(world.bulk().tries(1).jobs(3), Bulk::plan);
            let report = bulk.run(&creations(50));
            assert!(report.is_complete(), "{refusal:?}: {:?}", report.outcomes);
            assert_eq!(world.sandbox.users().len(), 50);
            // With a plan the first refusal closes the route; without one each of the three workers gets its own.
            if plan.is_none() {
                assert_eq!(world.clock.utc().format("%T").to_string(), done, "{refusal:?}");
            }
        }
    }
}

#[test]
fn nothing_is_done_twice_whatever_becomes_of_an_answer() {
    let faults = [
        Fault::HangUp,
        Fault::CutBody,
        Fault::Garbage,
        answer(500, "Sorry, Internal Error"),
        answer(502, "<html>Bad Gateway</html>"),
        answer(503, ""),
    ];
    for fault in &faults {
        for takes_effect in [false, true] {
            let rule = |method, path: &str| {
                let rule = FaultRule::new(fault.clone()).on(method, path).times(7);
                if takes_effect { rule.taking_effect() } else { rule }
            };
            let world = World::with_room(30);
            world.inject(rule(Method::Post, "/run/users"));
            let report = world.bulk().jobs(4).tries(9).run(&creations(30));
            assert!(report.is_complete(), "{fault:?}, {takes_effect}: {:?}", report.outcomes);
            let emails: BTreeSet<_> = world.sandbox.users().into_iter().map(|user| user.email).collect();
            assert_eq!((world.sandbox.users().len(), emails.len()), (30, 30), "{fault:?}, {takes_effect}");

            world.inject(rule(Method::Post, "/run/notification/"));
            let report = world.bulk().jobs(4).tries(9).run(&world.notifications());
            assert_eq!(letters(&report), "d".repeat(30), "{fault:?}, {takes_effect}");
            assert_eq!(world.received(), [1; 30], "{fault:?}, {takes_effect}");

            world.inject(rule(Method::Delete, "/run/users/*"));
            let report = world.bulk().jobs(4).tries(9).run(&world.deletions());
            assert_eq!(report.progress.count(&Action::Deleted), 30, "{fault:?}, {takes_effect}");
            assert!(world.sandbox.users().is_empty());
        }
    }
}

#[test]
fn a_user_who_is_not_there_is_missing() {
    let world = World::new(3);
    let mut tasks = world.deletions();
    tasks.insert(1, DeleteUser::new("61eb25a4d6a4a20011d4cd3c"));
    let report = world.bulk().run(&tasks);
    let actions: Vec<_> = report.outcomes.iter().map(|outcome| outcome.done().unwrap().action.as_str()).collect();
    assert_eq!(actions, ["deleted", "missing", "deleted", "deleted"]);
}

#[test]
fn what_only_a_proxy_does_not_know_is_not_missing() {
    // (answer to the deletion, outcome)
    for (fault, outcome) in [
        (answer(404, "<html>Not Found</html>"), "F"),
        (answer(404, ""), "F"),
        (answer(404, r#"{"error":"no such route"}"#), "F"),
        (answer(404, r#"{"status":false,"message":"User Not Found"}"#), "d"),
    ] {
        let world = World::new(1);
        let user = world.users().remove(0);
        let sent = world.tago.run().notifications().create(&user, &notification()).unwrap();
        for path in ["/run/users/*", "/run/notification/*"] {
            world.inject(FaultRule::new(fault.clone()).on(Method::Delete, path));
        }
        assert_eq!(letters(&world.bulk().run(&world.deletions())), outcome, "{fault:?}");
        assert_eq!(letters(&world.bulk().run(&[DeleteNotification::new(sent)])), outcome, "{fault:?}");
        assert_eq!(world.users(), [user], "{fault:?}");

        // Who isn't known to be gone may have got it.
        let look = if outcome == "F" { "U" } else { "d" };
        world.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification/").taking_effect());
        world.inject(FaultRule::new(fault.clone()).on(Method::Get, "/run/notification/*"));
        assert_eq!(letters(&world.bulk().run(&world.notifications())), look, "{fault:?}");
    }
}

#[test]
fn several_notifications_are_deleted_and_one_that_is_not_there_is_missing() {
    let world = World::new(1);
    let user = world.users().remove(0);
    let mut tasks: Vec<_> = (0..3)
        .map(|_| DeleteNotification::new(world.tago.run().notifications().create(&user, &notification()).unwrap()))
        .collect();
    tasks.insert(1, DeleteNotification::new("61eb25a4d6a4a20011d4cd3c"));
    world.inject(FaultRule::new(Fault::HangUp).on(Method::Delete, "/run/notification/*").taking_effect());
    let report = world.bulk().jobs(1).run(&tasks);
    let actions: Vec<_> = report.outcomes.iter().map(|outcome| outcome.done().unwrap().action.as_str()).collect();
    assert_eq!(actions, ["deleted", "missing", "deleted", "deleted"]);
    assert_eq!(world.received(), [0]);
}

#[test]
fn a_task_calls_the_route_that_it_says() {
    let world = World::new(1);
    let user = world.users().remove(0);
    let sent = world.tago.run().notifications().create(&user, &notification()).unwrap();
    let tasks: [Box<dyn Task>; 3] = [
        Box::new(Notify::new(&user, notification())),
        Box::new(DeleteNotification::new(sent)),
        Box::new(DeleteUser::new(&user)),
    ];
    for task in tasks {
        world.sandbox.clear_journal();
        assert!(world.bulk().run(std::slice::from_ref(&task)).is_complete());
        let called: Vec<_> = world.sandbox.journal().iter().map(|handled| handled.route.to_string()).collect();
        // The sandbox names routes without a slash at their end.
        assert_eq!(called, [task.route().unwrap().to_string().trim_end_matches('/')]);
    }
}

#[test]
fn a_task_whose_key_another_one_has_fails() {
    let world = World::new(2);
    let mut tasks = world.notifications();
    tasks.push(tasks[0].clone());
    let dir = tempfile::tempdir().unwrap();
    let header = JournalHeader::new("notify", &world.tago);
    let journal = Journal::create(dir.path().join("journal"), &header).unwrap();
    for (bulk, received) in [(world.bulk(), 1), (world.bulk().journal(&journal), 2)] {
        let report = bulk.run(&tasks);
        assert_eq!(letters(&report), "ddF");
        assert_eq!(world.received(), [received; 2]);
        let error = report.outcomes[2].error().unwrap();
        assert_eq!(error.to_string(), "invalid bulk task: another one before it has its key");
    }
}

#[test]
fn whoever_registers_while_users_are_listed_gives_nobody_a_second_notification() {
    for order in [None, Some((UserOrder::CreatedAt, Direction::Ascending))] {
        let world = World::new(1_500);
        let lists = AtomicUsize::new(0);
        let transport = {
            let (sandbox, tago) = (world.sandbox.clone(), world.tago.clone());
            from_fn(move |request: &Request| {
                let answer = sandbox.send(request);
                if lists.fetch_add(1, Ordering::Relaxed) == 0 {
                    // Before everybody in the order of names, and in the room of somebody who leaves.
                    let last = sandbox.users().into_iter().max_by(|one, other| one.name.cmp(&other.name)).unwrap();
                    tago.run().users().delete(&last.id).unwrap();
                    let new = NewUser::new("!", "first@example.com", "UTC").generate_password(true);
                    tago.run().users().create(&new).unwrap();
                }
                answer
            })
        };
        let tago = Client::builder().token(world.sandbox.token()).vars(|_| None).transport(transport).build().unwrap();
        let query = UserQuery::new().fields([UserField::Id]);
        let query = order.clone().into_iter().fold(query, |query, (by, direction)| query.order_by(by, direction));
        let text = Arc::new(notification());
        let tasks: Vec<_> = tago
            .run()
            .users()
            .iter(&query)
            .map(|user| Notify::new(user.unwrap().id.unwrap(), Arc::clone(&text)))
            .collect();
        let report = world.bulk().run(&tasks);
        let twice = world.received().into_iter().filter(|count| *count > 1).count();
        assert_eq!(twice, 0, "{order:?}");
        // By name, somebody is on two pages; the one that is there already is told.
        assert_eq!(report.progress.failed, usize::from(order.is_none()), "{order:?}");
    }
}

#[test]
fn what_a_gateway_gave_up_on_is_not_looked_up_before_tagoio_is_done_with_it() {
    type Ending = fn() -> std::result::Result<Response, tagoio::transport::TransportError>;

    // (what becomes of the first request, after how many seconds it takes effect, how many are sent)
    let hang_up = || Err(TransportErrorKind::ConnectionLost.into());
    let gateway = || Ok(Response::new(504).with_body("<html>"));
    for (ending, delay, received) in [
        (gateway as Ending, 3, 1),
        (gateway as Ending, 9, 1),
        (hang_up as Ending, 9, 1),
        // The gap that is left.
        (gateway as Ending, 3_600, 2),
    ] {
        let world = World::new(1);
        let late: Mutex<Option<(Duration, Request)>> = Mutex::default();
        let (sandbox, clock, posts) = (world.sandbox.clone(), world.clock.clone(), AtomicUsize::new(0));
        let transport = from_fn(move |request: &Request| {
            let mut late = late.lock().unwrap();
            if let Some((_, request)) = late.take_if(|(due, _)| *due <= clock.now()) {
                sandbox.send(&request).unwrap();
            }
            if request.method() == Method::Post && posts.fetch_add(1, Ordering::Relaxed) == 0 {
                *late = Some((clock.now() + Duration::from_secs(delay), request.clone()));
                return ending();
            }
            sandbox.send(request)
        });
        let tago = Client::builder().token(world.sandbox.token()).vars(|_| None).transport(transport).build().unwrap();
        let started = world.clock.now();
        let report = Bulk::new(&tago).clock(world.clock.clone()).run(&world.notifications());
        assert!(report.is_complete(), "{delay} s: {:?}", report.outcomes);
        assert!(world.clock.now() < started + Duration::from_secs(12), "{delay} s");
        world.clock.advance(Duration::from_secs(delay));
        tago.run().info().unwrap();
        assert_eq!(world.received(), [received], "{delay} s");
    }
}

#[test]
fn only_what_has_to_be_looked_up_is_left_alone_before_the_next_try() {
    use TransportErrorKind::{Connect, ConnectionLost};

    type Work = fn(&World) -> Box<dyn Task>;

    let notify: Work = |world| Box::new(world.notifications().remove(0));
    let create: Work = |_| Box::new(Create(0));
    // (what becomes of the first requests, the work, after how many seconds it is done)
    for (failures, work, seconds) in [
        (&[Connect][..], notify, 0),
        (&[ConnectionLost], notify, 10),
        // The second request is the look.
        (&[ConnectionLost, ConnectionLost, Connect], notify, 10),
        (&[Connect], create, 0),
        (&[ConnectionLost], create, 0),
    ] {
        let world = World::new(1);
        let (sandbox, failing) = (world.sandbox.clone(), Mutex::new(failures.iter()));
        let transport = from_fn(move |request: &Request| match failing.lock().unwrap().next() {
            Some(failure) => Err((*failure).into()),
            None => sandbox.send(request),
        });
        let tago = Client::builder().token(world.sandbox.token()).vars(|_| None).transport(transport).build().unwrap();
        let started = world.clock.now();
        let report = Bulk::new(&tago).clock(world.clock.clone()).run(&[work(&world)]);
        assert!(report.is_complete(), "{failures:?}: {:?}", report.outcomes);
        let took = world.clock.now().saturating_sub(started).as_secs();
        assert!(
            (seconds..seconds + 5).contains(&took),
            "{failures:?}: {took} s, and {seconds} and the random waits are right"
        );
    }
}

#[test]
fn a_passing_failure_is_tried_again_so_many_times_and_a_lasting_one_is_not() {
    // (fault, tries, requests, outcome)
    for (fault, tries, requests, outcome) in [
        (answer(503, ""), 1, 1, "F"),
        (answer(503, ""), 0, 1, "F"),
        (answer(503, ""), 4, 4, "F"),
        (answer(503, ""), 6, 6, "d"),
        (answer(400, ""), 4, 1, "F"),
        (answer(403, ""), 4, 1, "F"),
        (Fault::StatusFalse { message: "Something is wrong".to_owned() }, 4, 1, "F"),
    ] {
        let world = World::new(1);
        let tasks = world.deletions();
        world.inject(FaultRule::new(fault.clone()).times(5));
        let report = world.bulk().tries(tries).run(&tasks);
        assert_eq!(letters(&report), outcome, "{fault:?}, {tries}");
        assert_eq!(report.is_complete(), outcome == "d", "{fault:?}, {tries}");
        assert_eq!(world.sandbox.journal().len(), requests, "{fault:?}, {tries}");
        assert!(report.halt.is_none());
    }
}

#[test]
fn a_server_that_asks_for_time_gets_it() {
    let world = World::new(1);
    let asks = AtomicUsize::new(0);
    let sandbox = world.sandbox.clone();
    let busy_once = from_fn(move |request| {
        if asks.fetch_add(1, Ordering::Relaxed) == 0 {
            return Ok(Response::new(503).with_header("retry-after", "77"));
        }
        tagoio::transport::Transport::send(&sandbox, request)
    });
    let tago = Client::builder().token(world.sandbox.token()).vars(|_| None).transport(busy_once).build().unwrap();
    assert!(Bulk::new(&tago).clock(world.clock.clone()).run(&world.deletions()).is_complete());
    assert_eq!(world.clock.utc().to_rfc3339(), "2026-01-31T12:46:26+00:00");
}

#[test]
fn what_cannot_be_found_out_is_uncertain() {
    let lost = || FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification/");
    let look = |fault| FaultRule::new(fault).on(Method::Get, "/run/notification/*").times(10);
    // (faults, outcome)
    for (rules, outcome) in [
        (vec![lost(), look(answer(400, ""))], 'U'),
        (vec![lost(), look(answer(503, ""))], 'U'),
        (vec![lost().times(5)], 'U'),
        // The second request was refused, so it is known that nothing was sent.
        (vec![lost(), FaultRule::new(answer(400, "")).on(Method::Post, "/run/notification/")], 'F'),
        (vec![lost(), look(Fault::TooManyRequests { retry_after: 3 }).times(1)], 'd'),
    ] {
        let world = World::new(1);
        let named: Vec<_> = rules.iter().map(|rule| rule.fault.clone()).collect();
        for rule in rules {
            world.inject(rule);
        }
        let report = world.bulk().run(&world.notifications());
        assert_eq!(letters(&report), outcome.to_string(), "{named:?}");
        let progress = report.progress;
        assert_eq!((progress.uncertain, progress.failed), (usize::from(outcome == 'U'), usize::from(outcome == 'F')));
    }
}

#[test]
fn an_older_notification_of_the_same_text_is_not_taken_for_the_one_that_got_lost() {
    // (minutes before, how many there are in the end)
    for (minutes, in_the_end) in [(6, 2), (5, 1), (4, 1)] {
        let world = World::new(1);
        world.tago.run().notifications().create(&world.users()[0], &notification()).unwrap();
        world.clock.advance(Duration::from_secs(minutes * 60));
        world.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification/"));
        assert!(world.bulk().run(&world.notifications()).is_complete());
        assert_eq!(world.received(), [in_the_end], "{minutes} minutes");
    }
}

#[test]
fn a_notification_without_a_date_leaves_the_question_open() {
    // (what the user has after the answer got lost, outcome, how many requests sent one)
    for (rows, outcome, sent) in [
        (r#"{"id":"1","title":"Maintenance","message":"Tonight from 10 pm.","created_at":null}"#, "U", 1),
        (r#"{"id":"1","title":"Maintenance","message":"Tomorrow.","created_at":null}"#, "d", 2),
        (
            r#"{"id":"1","title":"Maintenance","message":"Tonight from 10 pm.","created_at":"2026-01-31T12:45:09Z"}"#,
            "d",
            1,
        ),
    ] {
        let world = World::new(0);
        let posts = Arc::new(AtomicUsize::new(0));
        let transport = {
            let (posts, list) = (Arc::clone(&posts), format!(r#"{{"status":true,"result":[{rows}]}}"#));
            from_fn(move |request: &Request| {
                if request.method() == Method::Get {
                    return Ok(Response::new(200).with_body(list.clone()));
                }
                if posts.fetch_add(1, Ordering::Relaxed) == 0 {
                    return Err(TransportErrorKind::ConnectionLost.into());
                }
                Ok(Response::new(200).with_body(r#"{"status":true,"result":{"id":"2"}}"#))
            })
        };
        let tago = Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap();
        let tasks = [Notify::new("61eb25a4d6a4a20011d4cd3c", notification())];
        let report = Bulk::new(&tago).clock(world.clock.clone()).run(&tasks);
        assert_eq!(letters(&report), outcome, "{rows}");
        assert_eq!(posts.load(Ordering::Relaxed), sent, "{rows}");
    }
}

#[test]
fn a_refused_token_ends_everything() {
    let world = World::new(20);
    let stranger = world.sandbox.client_with(Token::new("p-nobody").unwrap()).unwrap();
    let report = Bulk::new(&stranger).clock(world.clock.clone()).jobs(1).run(&world.deletions());
    assert_eq!(letters(&report), format!("F{}", "-".repeat(19)));
    assert!(matches!(report.halt, Some(Halt::Unauthorized)));
    assert_eq!(world.sandbox.journal().len(), 1);

    let report = Bulk::new(&stranger).clock(world.clock.clone()).jobs(4).run(&world.deletions());
    assert!(report.progress.failed <= 4 && report.progress.not_tried >= 16, "{:?}", report.progress);
    assert_eq!(world.sandbox.users().len(), 20);
}

#[test]
fn a_stop_lets_what_is_in_flight_end_and_begins_nothing() {
    for jobs in [1, 4] {
        let world = World::new(40);
        let stop = Stop::new();
        let report = world
            .bulk()
            .jobs(jobs)
            .stop(&stop)
            .on_event(|event| {
                if matches!(event, Event::Finished { progress, .. } if progress.finished() == 10) {
                    stop.request();
                }
            })
            .run(&world.deletions());
        let done = report.progress.count(&Action::Deleted);
        assert!((10..10 + jobs).contains(&done), "{done} of {jobs} jobs");
        assert_eq!((report.progress.not_tried, world.sandbox.users().len()), (40 - done, 40 - done));
        assert!(matches!(report.halt, Some(Halt::Asked)));
    }
}

#[test]
fn a_stop_that_comes_when_nothing_is_left_changes_nothing() {
    let world = World::new(3);
    let stop = Stop::new();
    let listener = |event: &Event<'_>| {
        if matches!(event, Event::Finished { progress, .. } if progress.finished() == progress.total) {
            stop.request();
        }
    };
    let report = world.bulk().jobs(1).stop(&stop).on_event(listener).run(&world.deletions());
    assert!(stop.is_requested() && report.is_complete(), "{:?}", report.halt);
}

/// A task that TagoIO answers in a certain way.
#[derive(Debug)]
struct Errand(usize, Answered);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Well,
    /// It takes a user of the plan, and there is none left.
    LimitReached,
    TokenRefused,
    /// It is refused, and somebody asks for a stop.
    Stopped,
    /// Well, if it is asked: after all the others.
    Last,
}

impl Task for Errand {
    fn key(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }

    fn run(&self, client: &Client, _: Before) -> Result<Done> {
        client.raw(Method::Post, format!("/{:?}", self.1)).send::<()>()?;
        Ok(Done::new(Action::Sent))
    }

    fn takes(&self) -> Option<Service> {
        (self.1 == Answered::LimitReached).then_some(Service::RunUsers)
    }

    fn waits_for_others(&self) -> bool {
        self.1 == Answered::Last
    }
}

#[test]
fn the_work_ends_for_the_first_reason_or_for_the_first_one_that_ends_all_of_it() {
    use Answered::{Last, LimitReached, Stopped, TokenRefused, Well};

    // (tasks, their outcomes, why it ends)
    for (tasks, outcomes, halt) in [
        (&[Well, Last][..], "dd", None),
        (&[LimitReached, Well], "Fd", None),
        (&[LimitReached, LimitReached, Well], "F-d", Some("LimitReached(RunUsers)")),
        (&[LimitReached, LimitReached, Last], "F--", Some("LimitReached(RunUsers)")),
        (&[LimitReached, Last], "F-", Some("OthersUndone")),
        (&[LimitReached, LimitReached, Stopped, Well], "F-F-", Some("Asked")),
        (&[LimitReached, LimitReached, TokenRefused, Well], "F-F-", Some("Unauthorized")),
        (&[TokenRefused, Well], "F-", Some("Unauthorized")),
        (&[Stopped, Well], "F-", Some("Asked")),
        (&[Stopped, Last], "F-", Some("OthersUndone")),
    ] {
        let stop = Stop::new();
        let transport = {
            let stop = stop.clone();
            from_fn(move |request: &Request| {
                let refused = |status, message| {
                    Ok(Response::new(status).with_body(format!(r#"{{"status":false,"message":"{message}"}}"#)))
                };
                if request.url().ends_with("LimitReached") {
                    return refused(400, "You have exceeded the maximum limit of Run users");
                }
                if request.url().ends_with("TokenRefused") {
                    return refused(401, "Unknown token");
                }
                if request.url().ends_with("Stopped") {
                    stop.request();
                    return refused(400, "No");
                }
                Ok(Response::new(200).with_body(r#"{"status":true,"result":null}"#))
            })
        };
        let tago = Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap();
        let tasks: Vec<_> = tasks.iter().enumerate().map(|(at, answered)| Errand(at, *answered)).collect();
        let clock = Arc::new(ManualClock::default());
        let report = Bulk::new(&tago).jobs(1).clock(clock).stop(&stop).run(&tasks);
        assert_eq!(letters(&report), outcomes, "{tasks:?}");
        assert_eq!(report.halt.as_ref().map(|halt| format!("{halt:?}")).as_deref(), halt, "{tasks:?}");
    }
}

#[test]
fn an_outage_does_not_use_up_the_tries_of_every_task() {
    for jobs in [1, 4] {
        let world = World::new(50);
        world.inject(FaultRule::new(answer(503, "")).times(1_000));
        let stop = Stop::new();
        let mut started = BTreeSet::new();
        let listener = |event: &Event<'_>| match event {
            Event::Started { index, .. } => drop(started.insert(*index)),
            Event::Waiting { .. } => stop.request(),
            _ => {}
        };
        let report = world.bulk().jobs(jobs).stop(&stop).on_event(listener).run(&world.deletions());
        assert_eq!(report.progress.failed, started.len());
        assert!((jobs..2 * jobs).contains(&started.len()), "{} began with {jobs} jobs", started.len());
    }
}

#[test]
fn a_stop_ends_a_wait() {
    let world = World::with_room(150);
    let stop = Stop::new();
    let waits = Mutex::new(Vec::new());
    let report = world
        .bulk()
        .plan(Plan::Starter)
        .stop(&stop)
        .on_event(|event| {
            if let Event::Waiting { wait, until, why, .. } = event {
                waits.lock().unwrap().push((*wait, until.to_rfc3339(), *why));
                stop.request();
            }
        })
        .run(&creations(150));
    let wait = (Duration::from_secs(51), "2026-01-31T12:46:00+00:00".to_owned(), Wait::RateLimit);
    assert_eq!(*waits.lock().unwrap(), [wait]);
    assert_eq!((report.progress.count(&Action::Created), report.progress.not_tried), (100, 50));
    assert_eq!(world.clock.utc().format("%T").to_string(), "12:45:09", "a moment later at most");
}

#[test]
fn a_stop_does_not_hide_what_was_tried_before_it() {
    // (fault of the first try, outcome)
    for (fault, outcome) in [(Fault::HangUp, "U"), (Fault::TooManyRequests { retry_after: 5 }, "-")] {
        let world = World::new(1);
        world.inject(FaultRule::new(fault.clone()).on(Method::Post, "/run/notification/"));
        let stop = Stop::new();
        let listener = |event: &Event<'_>| {
            if matches!(event, Event::PutOff { .. }) {
                stop.request();
            }
        };
        let report = world.bulk().stop(&stop).on_event(listener).run(&world.notifications());
        assert_eq!(letters(&report), outcome, "{fault:?}");
        assert!(matches!(report.halt, Some(Halt::Asked)), "{fault:?}");
    }
}

#[test]
fn outcomes_are_in_the_order_of_the_tasks_and_events_add_up() {
    for jobs in [1, 2, 16] {
        let world = World::with_room(200);
        for (method, fault) in
            [(Method::Post, Fault::HangUp), (Method::Post, answer(503, "")), (Method::Get, Fault::Garbage)]
        {
            world.inject(FaultRule::new(fault).on(method, "/run/users").times(9).taking_effect());
        }
        let (mut started, mut finished) = (BTreeSet::new(), Vec::new());
        let mut last = 0;
        let report = world
            .bulk()
            .plan(Plan::Starter)
            .jobs(jobs)
            .on_event(|event| match event {
                Event::Started { index, .. } => drop(started.insert(*index)),
                Event::Finished { index, progress, outcome, .. } => {
                    last += 1;
                    assert_eq!((progress.finished(), progress.total), (last, 200));
                    assert!(started.contains(index), "{outcome:?}");
                    finished.push(*index);
                }
                Event::PutOff { index, error, .. } => assert!(started.contains(index), "{error}"),
                Event::Waiting { wait, .. } => assert!(!wait.is_zero()),
                other => panic!("{other:?}"),
            })
            .run(&creations(200));
        finished.sort_unstable();
        assert_eq!(finished, (0..200).collect::<Vec<_>>(), "{jobs} jobs");

        let ids: BTreeMap<_, _> = world.sandbox.users().into_iter().map(|user| (user.email, user.id)).collect();
        for (task, outcome) in creations(200).iter().zip(&report.outcomes) {
            let id = outcome.done().and_then(|done| done.id.as_deref());
            if id.is_some() {
                assert_eq!(id, ids.get(&task.email()).map(UserId::as_str), "{}", task.email());
            } else {
                assert!(
                    matches!(outcome, Outcome::Uncertain(_)),
                    "only an unreadable look leaves a doubt: {outcome:?}"
                );
            }
        }
        let counted = report.progress.count(&Action::Created) + report.progress.uncertain;
        assert_eq!((counted, report.progress.finished()), (200, 200));
    }
}

#[test]
fn debug_shows_how_the_work_is_done_and_no_token() {
    let world = World::new(0);
    let shown = format!("{:?}", world.bulk().jobs(3).tries(7).plan(Plan::Scale).per_minute(15));
    assert!(shown.contains("jobs: 3, plan: Some(Scale), per_minute: Some(15), tries: 7"), "{shown}");
    assert!(!shown.contains(world.sandbox.token().expose()), "{shown}");
}

#[test]
fn no_work_is_done_at_once() {
    let world = World::new(0);
    let report = world.bulk().run::<DeleteUser>(&[]);
    assert!(report.is_complete() && report.outcomes.is_empty());
    assert_eq!(report.progress.time_left(), None);
}

#[test]
fn a_panic_in_a_task_ends_the_work_and_goes_on_in_the_caller() {
    for jobs in [1, 4] {
        let world = World::new(0);
        let calls = AtomicUsize::new(0);
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let calls = &calls;
                Call(number.to_string(), move |_: &Client, _: Before| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    assert_ne!(number, 3, "this one panics");
                    Ok(Done::new(Action::Unchanged))
                })
            })
            .collect();
        let work = std::panic::AssertUnwindSafe(|| world.bulk().jobs(jobs).run(&tasks));
        let panic = std::panic::catch_unwind(work).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("this one panics"), "{message}");
        assert!(jobs > 1 || calls.load(Ordering::Relaxed) == 4);
    }
}

#[test]
fn a_task_learns_what_came_of_its_tries() {
    let world = World::new(1);
    let user = world.users().remove(0);
    let seen = Mutex::new(Vec::new());
    let tasks = [Call("only".to_owned(), |client: &Client, before: Before| {
        let since = before.since.unwrap().format("%T").to_string();
        seen.lock().unwrap().push((before.tries, before.maybe_done, since));
        client.run().users().delete(&user)?;
        Ok(Done::new(Action::Deleted))
    })];
    for fault in [Fault::TooManyRequests { retry_after: 2 }, Fault::HangUp, answer(429, "")] {
        world.inject(FaultRule::new(fault));
    }
    assert!(world.bulk().run(&tasks).is_complete());
    // What was held back may not have been done, so the time of the second try is the one that counts.
    let expected = [(0, false, "12:45:09"), (0, false, "12:45:11"), (1, true, "12:45:11"), (1, true, "12:45:11")];
    assert_eq!(*seen.lock().unwrap(), expected.map(|(tries, maybe_done, since)| (tries, maybe_done, since.to_owned())));
}

mod journal {
    use super::*;

    fn header(world: &World) -> JournalHeader {
        JournalHeader::new("notify", &world.tago).option("title", "Maintenance")
    }

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn work_goes_on_where_it_was_interrupted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(250);
        let mut journal = Journal::create(&path, &header(&world)).unwrap();
        let mut runs = Vec::new();
        loop {
            // Interrupted whenever a minute is used up.
            let stop = Stop::new();
            let tasks = world.notifications();
            let listener = |event: &Event<'_>| {
                if matches!(event, Event::Waiting { .. }) {
                    stop.request();
                }
            };
            let bulk = world.bulk().plan(Plan::Starter).stop(&stop);
            let report = bulk.journal(&journal).on_event(listener).run(&tasks);
            runs.push((report.progress.resumed, report.progress.count(&Action::Sent), report.progress.not_tried));
            if report.halt.is_none() {
                break;
            }
            world.clock.advance(Duration::from_secs(60));
            drop(journal);
            journal = Journal::resume(&path, &header(&world)).unwrap();
        }
        assert_eq!(runs, [(0, 100, 150), (100, 100, 50), (200, 50, 0)]);
        assert_eq!(world.received(), [1; 250]);
        assert!(!text(&path).contains(world.sandbox.token().expose()));
        assert_eq!(Journal::resume(&path, &header(&world)).unwrap().resumed(), 250);
    }

    /// A world as a process leaves it that is killed when its journal has these bytes: what began may have happened.
    fn killed_at(journal: &[u8], last_took_effect: bool) -> World {
        let world = World::new(3);
        let (mut begun, mut done) = (0, 0);
        for line in journal.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            begun += usize::from(line.starts_with(b"{\"begun\""));
            done += usize::from(line.starts_with(b"{\"done\""));
        }
        let sent = if last_took_effect { begun } else { done };
        for user in world.users().iter().take(sent) {
            world.tago.run().notifications().create(user, &notification()).unwrap();
        }
        world
    }

    #[test]
    fn a_journal_that_is_cut_anywhere_is_resumed_and_nothing_is_sent_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(3);
        let whole = {
            let journal = Journal::create(&path, &header(&world)).unwrap();
            assert!(world.bulk().jobs(1).journal(&journal).run(&world.notifications()).is_complete());
            std::fs::read(&path).unwrap()
        };
        assert_eq!(whole.split_inclusive(|byte| *byte == b'\n').count(), 7, "a header and two lines for each task");
        let header_length = whole.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len).next().unwrap();
        // Wherever a line ends, and here and there between: each begin is on disk before it is sent, which takes its time.
        let cuts = (0..=whole.len())
            .filter(|at| at % 19 == 0 || whole[at.saturating_sub(1)..].iter().take(3).any(|byte| *byte == b'\n'));
        for cut in cuts {
            for last_took_effect in [false, true] {
                let world = killed_at(&whole[..cut], last_took_effect);
                std::fs::write(&path, &whole[..cut]).unwrap();
                let journal = Journal::resume(&path, &header(&world)).unwrap();
                let lines = whole[..cut].iter().rposition(|byte| *byte == b'\n').map_or(header_length, |at| at + 1);
                assert_eq!(std::fs::read(&path).unwrap(), whole[..lines], "cut at {cut}: the torn line is gone");
                let report = world.bulk().jobs(2).journal(&journal).run(&world.notifications());
                assert!(report.is_complete(), "cut at {cut}: {:?}", report.outcomes);
                assert_eq!(world.received(), [1; 3], "cut at {cut}, {last_took_effect}");
                assert_eq!(report.progress.resumed, journal.resumed());
                assert_eq!(Journal::resume(&path, &header(&world)).unwrap().resumed(), 3, "cut at {cut}");
            }
        }
    }

    #[test]
    fn what_failed_is_tried_again_and_what_is_uncertain_is_looked_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(3);
        // The first is refused, the answer to the second gets lost, and it can't be looked up.
        world.inject(FaultRule::new(answer(400, "")).on(Method::Post, "/run/notification/"));
        world.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification/").taking_effect());
        world.inject(FaultRule::new(answer(400, "")).on(Method::Get, "/run/notification/*"));
        let journal = Journal::create(&path, &header(&world)).unwrap();
        let report = world.bulk().jobs(1).journal(&journal).run(&world.notifications());
        assert_eq!(letters(&report), "FUd");
        assert_eq!(world.received(), [0, 1, 1]);

        let journal = Journal::resume(&path, &header(&world)).unwrap();
        let report = world.bulk().jobs(1).journal(&journal).run(&world.notifications());
        assert_eq!(letters(&report), "ddr");
        assert_eq!(world.received(), [1; 3]);
    }

    #[test]
    fn what_was_held_back_is_known_not_to_be_sent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(3);
        world.inject(FaultRule::new(Fault::TooManyRequests { retry_after: 5 }));
        let stop = Stop::new();
        let journal = Journal::create(&path, &header(&world)).unwrap();
        let listener = |event: &Event<'_>| {
            if matches!(event, Event::PutOff { .. }) {
                stop.request();
            }
        };
        let bulk = world.bulk().jobs(1).stop(&stop).journal(&journal);
        assert_eq!(letters(&bulk.on_event(listener).run(&world.notifications())), "---");
        assert_eq!(text(&path).matches("not tried").count(), 1, "of the others, which never began, it needs no word");

        let journal = Journal::resume(&path, &header(&world)).unwrap();
        assert!(world.bulk().journal(&journal).run(&world.notifications()).is_complete());
        assert_eq!(world.answered("GET /run/notification/{user}", 200), 0, "there is nothing to find out");
    }

    #[test]
    fn what_an_earlier_run_began_stays_uncertain_until_it_is_looked_up() {
        for (is_asked_to_stop, outcomes) in [(true, "--U"), (false, "F-U")] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("journal");
            let world = World::new(3);
            {
                let journal = Journal::create(&path, &header(&world)).unwrap();
                let stop = Stop::new();
                world.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification/").taking_effect());
                world.inject(FaultRule::new(answer(400, "")).on(Method::Get, "/run/notification/*"));
                let bulk = world.bulk().jobs(1).stop(&stop).journal(&journal);
                let listener = |event: &Event<'_>| {
                    if matches!(event, Event::PutOff { .. }) {
                        stop.request();
                    }
                };
                assert_eq!(letters(&bulk.on_event(listener).run(&world.notifications())), "U--");
            }
            let journal = Journal::resume(&path, &header(&world)).unwrap();
            let mut tasks = world.notifications();
            // The one that began comes last.
            tasks.reverse();
            let stop = Stop::new();
            if is_asked_to_stop {
                stop.request();
            } else {
                world.inject(FaultRule::new(answer(401, "")).on(Method::Post, "/run/notification/"));
            }
            let report = world.bulk().jobs(1).journal(&journal).stop(&stop).run(&tasks);
            assert_eq!(letters(&report), outcomes, "{:?}", report.outcomes);
            let error = report.outcomes[2].error().unwrap();
            assert_eq!(
                error.to_string(),
                "invalid bulk task: an earlier run may have done it, and that isn't looked up yet"
            );
            drop(journal);
            // So the run after it finds out, and sends it to nobody twice.
            world.sandbox.clear_faults();
            let journal = Journal::resume(&path, &header(&world)).unwrap();
            assert!(world.bulk().journal(&journal).run(&tasks).is_complete());
            assert_eq!(world.received(), [1; 3]);
        }
    }

    #[test]
    fn what_a_killed_process_began_a_moment_ago_is_left_alone_for_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(1);
        drop(Journal::create(&path, &header(&world)).unwrap());
        let begun = |at: &str| {
            let key = world.notifications()[0].key().into_owned();
            format!("{{\"begun\":{{\"key\":\"{key}\",\"at\":\"2026-01-31T{at}Z\"}}}}\n")
        };
        let head = text(&path);
        // (when it began, when it is found out)
        for (at, found) in [("12:45:06", "12:45:16"), ("12:40:00", "12:45:09"), ("12:59:00", "12:45:19")] {
            let world = World::new(1);
            std::fs::write(&path, format!("{head}{}", begun(at))).unwrap();
            let journal = Journal::resume(&path, &header(&world)).unwrap();
            assert!(world.bulk().journal(&journal).run(&world.notifications()).is_complete());
            assert_eq!(world.clock.utc().format("%T").to_string(), found, "{at}");
            assert_eq!(text(&path).matches("{\"begun\"").count(), 1, "{at}: it doesn't begin twice");
        }
    }

    #[test]
    fn another_text_is_other_work() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(2);
        let with = |message: &str| NewNotification::new().title("Maintenance").message(message);
        let header = |message| JournalHeader::new("notify", &world.tago).digest_of("notification", &with(message));
        let tasks = |message| -> Vec<Notify> {
            let text = Arc::new(with(message));
            world.users().into_iter().map(|user| Notify::new(user, Arc::clone(&text))).collect()
        };
        let journal = Journal::create(&path, &header("Tonight")).unwrap();
        assert!(world.bulk().journal(&journal).run(&tasks("Tonight")).is_complete());
        assert_eq!(header("Tonight").digest(), header("Tonight").digest());
        assert_ne!(header("Tonight").digest(), header("Tomorrow").digest());

        let error = Journal::resume(&path, &header("Tomorrow")).unwrap_err();
        let problem = "it is of other work: the notification is another one";
        assert_eq!(error.to_string(), format!("invalid journal {}: {problem}", path.display()));
        // Nor is it taken for sent where the header doesn't tell.
        let journal = Journal::resume(&path, &header("Tonight")).unwrap();
        let report = world.bulk().journal(&journal).run(&tasks("Tomorrow"));
        assert_eq!((letters(&report).as_str(), world.received()), ("dd", vec![2, 2]));
        assert!(!text(&path).contains("Tonight"), "{}", text(&path));
    }

    #[test]
    fn a_file_that_is_not_the_journal_of_this_work_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let world = World::new(1);
        drop(Journal::create(&path, &header(&world)).unwrap());
        let line = text(&path);
        let begun = "{\"begun\":{\"key\":\"a\",\"at\":\"2026-01-31T12:45:09Z\"}}\n";
        let other = JournalHeader::new("notify", &world.tago).option("title", "Update").option("icon", "none");
        let other = {
            let path = dir.path().join("other");
            drop(Journal::create(&path, &other).unwrap());
            text(&path)
        };
        for (content, problem) in [
            ("users.csv\n".to_owned(), "it is not a journal"),
            ("users.csv".to_owned(), "it is not a journal"),
            ("{}\n".to_owned(), "it is not a journal"),
            (
                line.replace("\"version\":1", "\"version\":2"),
                "it is of version 2, and this program knows version 1 only",
            ),
            (line.replace("\"version\"", "\"since\":0,\"version\""), "its header can't be read"),
            (
                other,
                "it is of other work: title is \"Update\" there and \"Maintenance\" here, \
                 icon is \"none\" there and nothing here",
            ),
            (format!("{line}{begun}{{\n"), "line 3 can't be read"),
            (format!("{line}{}", begun.replace("\"at\"", "\"by\":1,\"at\"")), "line 2 can't be read"),
            (format!("{line}{}", begun.replace("begun", "undone")), "line 2 can't be read"),
        ] {
            std::fs::write(&path, &content).unwrap();
            let error = Journal::resume(&path, &header(&world)).unwrap_err();
            assert_eq!(error.to_string(), format!("invalid journal {}: {problem}", path.display()), "{content}");
            assert_eq!(text(&path), content);
        }
        assert!(Journal::create(&path, &header(&world)).is_err(), "an existing file is not overwritten");
        assert!(Journal::resume(dir.path().join("none"), &header(&world)).is_err());
    }
}
