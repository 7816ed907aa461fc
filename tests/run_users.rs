//! The jobs on TagoRUN users: found, created or changed by their e-mail addresses, given tags, deleted and notified.
#![cfg(feature = "sandbox")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tagoio::bulk::users::{Change, SelectedUser, TagPolicy, UserRecord, UserSelection};
use tagoio::bulk::{Action, Bulk, DeleteUser, Halt, Outcome};
use tagoio::clock::ManualClock;
use tagoio::profile::{Service, ServiceAllocation};
use tagoio::run::{NewNotification, NewUser, Upserted, UserEdit, UserInfo, UserQuery};
use tagoio::sandbox::{Fault, FaultRule, Plan, Sandbox};
use tagoio::token::Permission;
use tagoio::transport::Method::{Delete, Get, Post, Put};
use tagoio::transport::{Request, Response, Transport as _, from_fn};
use tagoio::{Client, Tag, Timestamp, UserId};

const BEATRIZ: &str = "beatriz.almeida@example.com";

fn sandbox() -> (Sandbox, Client, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at("2026-01-31T12:45:09Z".parse().unwrap()));
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    (sandbox, tago, clock)
}

fn jane() -> UserRecord {
    UserRecord::new("jane@example.com").name("Jane").timezone("Europe/Lisbon").generate_password(true)
}

fn user(sandbox: &Sandbox, email: &str) -> UserInfo {
    let mut users = sandbox.users().into_iter().filter(|user| user.email.eq_ignore_ascii_case(email));
    let user = users.next().unwrap_or_else(|| panic!("no {email}"));
    assert!(users.next().is_none(), "{email} is there twice");
    user
}

fn tags(user: &UserInfo) -> String {
    user.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect::<Vec<_>>().join(" ")
}

/// What was asked of a sandbox since its journal was cleared.
fn requests(sandbox: &Sandbox) -> Vec<String> {
    sandbox.journal().iter().map(|handled| handled.route.to_string()).collect()
}

/// What happened, in a word, and what changed.
fn told(upserted: &Upserted) -> (&'static str, String) {
    let show = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let change = |change: &Change| format!("{}: {} → {}", change.field, show(&change.from), show(&change.to));
    match upserted {
        Upserted::Created { .. } => ("created", String::new()),
        Upserted::Updated { changes, .. } => ("updated", changes.iter().map(change).collect::<Vec<_>>().join(", ")),
        Upserted::Unchanged { .. } => ("unchanged", String::new()),
        other => panic!("{other:?}"),
    }
}

/// A client of a sandbox in whose way something comes: what is said is done before each request.
fn interrupted(sandbox: &Sandbox, before: impl Fn(&Request) + Send + Sync + 'static) -> Client {
    let sandbox_behind = sandbox.clone();
    let transport = from_fn(move |request: &Request| {
        before(request);
        sandbox_behind.send(request)
    });
    Client::builder().token(sandbox.token()).transport(transport).vars(|_| None).build().unwrap()
}

#[test]
fn a_user_is_found_by_the_address_whatever_its_case() {
    let (sandbox, tago, _) = sandbox();
    let id = user(&sandbox, BEATRIZ).id;
    for (email, found) in [
        (BEATRIZ, Some(&id)),
        ("Beatriz.ALMEIDA@example.com", Some(&id)),
        ("almeida@example.com", None),
        ("beatriz*@example.com", None),
        ("*", None),
        ("nobody@example.com", None),
    ] {
        let user = tago.run().users().find_by_email(email).unwrap();
        assert_eq!(user.map(|user| user.id).as_ref(), found, "{email}");
    }
    let error = tago.run().users().find_by_email("").unwrap_err();
    assert_eq!(error.to_string(), "invalid e-mail address: it is empty");
}

#[test]
fn an_upsert_creates_then_changes_what_differs_then_nothing() {
    let (sandbox, tago, _) = sandbox();
    let jane = jane().tag("site", "lisbon");
    for (record, policy, expected) in [
        (jane.clone(), TagPolicy::Merge, ("created", "")),
        (jane.clone(), TagPolicy::Merge, ("unchanged", "")),
        (
            UserRecord::new("JANE@example.com").tag("floor", "2"),
            TagPolicy::Merge,
            ("updated", "tags: site=lisbon → site=lisbon;floor=2"),
        ),
        (jane.clone().phone("1"), TagPolicy::Merge, ("updated", "phone: - → 1")),
        (jane, TagPolicy::Replace, ("updated", "tags: site=lisbon;floor=2 → site=lisbon")),
        (UserRecord::new("jane@example.com"), TagPolicy::Replace, ("unchanged", "")),
        (UserRecord::new("jane@example.com").newsletter(true), TagPolicy::Merge, ("updated", "newsletter: - → true")),
    ] {
        let upserted = tago.run().users().upsert(&record, policy).unwrap();
        let (action, changes) = told(&upserted);
        assert_eq!((action, changes.as_str()), expected, "{record:?}");
        assert_eq!(upserted.id(), &user(&sandbox, "jane@example.com").id);
    }
    assert_eq!(tags(&user(&sandbox, "jane@example.com")), "site=lisbon");
}

#[test]
fn a_record_that_tagoio_would_refuse_is_refused_before_anything_changes() {
    let (sandbox, tago, _) = sandbox();
    let new = "is missing: there is no such user yet, and a new one needs it";
    for (record, problem) in [
        (
            UserRecord::new("jane").timezone("half past ten"),
            "`email` isn't an e-mail address; `timezone` isn't the name \
            of a time zone, such as Europe/Lisbon or UTC"
                .to_owned(),
        ),
        (UserRecord::new("jane@example.com").timezone("UTC"), format!("`name` {new}; `password` {new}")),
    ] {
        let error = tago.run().users().upsert(&record, TagPolicy::Merge).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid user record: {problem}"));
    }
    assert!(requests(&sandbox).iter().all(|route| route.starts_with("GET")));
}

#[test]
fn two_upserts_at_once_make_one_user() {
    let (sandbox, tago, _) = sandbox();
    for (first, second, expected) in [
        (jane(), jane(), ("unchanged", "")),
        (jane().tag("site", "porto"), jane().tag("floor", "2"), ("updated", "tags: site=porto → site=porto;floor=2")),
    ] {
        let other = tago.clone();
        let once = Mutex::new(Some(first));
        // The other one comes in between: after this one has looked, and before it creates.
        let tago = interrupted(&sandbox, move |request| {
            if request.method() == Post {
                if let Some(first) = once.lock().unwrap().take() {
                    other.run().users().upsert(&first, TagPolicy::Merge).unwrap();
                }
            }
        });
        let upserted = tago.run().users().upsert(&second, TagPolicy::Merge).unwrap();
        let (action, changes) = told(&upserted);
        assert_eq!((action, changes.as_str()), expected);
        tago.run().users().delete(upserted.id()).unwrap();
        assert!(sandbox.users().iter().all(|user| user.email != "jane@example.com"));
    }
}

#[test]
fn many_threads_that_upsert_the_same_user_make_one() {
    let (sandbox, tago, _) = sandbox();
    let before = sandbox.users().len();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| tago.run().users().upsert(&jane(), TagPolicy::Merge).unwrap())).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| told(outcome).0 == "created").count(), 1, "{outcomes:?}");
    assert_eq!(sandbox.users().len(), before + 1);
}

#[test]
fn a_creation_whose_answer_gets_lost_is_looked_for() {
    for (fault, takes_effect, times, expected, creations) in [
        (Fault::HangUp, true, 1, Some("created"), 1),
        (Fault::HangUp, false, 1, Some("created"), 2),
        (Fault::CutBody, true, 1, Some("created"), 1),
        (
            Fault::Answer { status: 504, content_type: "text/html".to_owned(), body: String::new() },
            true,
            1,
            Some("created"),
            1,
        ),
        (Fault::HangUp, false, 2, None, 2),
        (Fault::Answer { status: 400, content_type: "text/html".to_owned(), body: String::new() }, false, 1, None, 1),
    ] {
        let (sandbox, tago, _) = sandbox();
        let rule = FaultRule::new(fault.clone()).on(Post, "/run/users").times(times);
        sandbox.inject(if takes_effect { rule.taking_effect() } else { rule }).unwrap();
        let outcome = tago.run().users().upsert(&jane().tag("site", "lisbon"), TagPolicy::Merge);
        assert_eq!(outcome.as_ref().ok().map(|upserted| told(upserted).0), expected, "{fault:?}");
        let sent = requests(&sandbox).iter().filter(|route| *route == "POST /run/users").count();
        assert_eq!(sent, creations, "{fault:?}");
        // Whatever came of it, it may be called again.
        let again = tago.run().users().upsert(&jane().tag("site", "lisbon"), TagPolicy::Merge).unwrap();
        assert_eq!(told(&again).0, if expected.is_some() { "unchanged" } else { "created" }, "{fault:?}");
        assert_eq!(tags(&user(&sandbox, "jane@example.com")), "site=lisbon");
    }
}

#[test]
fn a_lost_creation_is_a_change_when_somebody_else_made_the_user() {
    let (sandbox, tago, _) = sandbox();
    let other = tago.clone();
    sandbox.inject(FaultRule::new(Fault::HangUp).on(Post, "/run/users")).unwrap();
    let gets = Mutex::new(0);
    let tago = interrupted(&sandbox, move |request| {
        if request.method() != Get {
            return;
        }
        let mut gets = gets.lock().unwrap();
        *gets += 1;
        // The first two look before the creation, the third one after it.
        if *gets == 3 {
            let new = NewUser::new("Jane", "jane@example.com", "UTC").generate_password(true);
            other.run().users().create(&new).unwrap();
        }
    });
    let upserted = tago.run().users().upsert(&jane(), TagPolicy::Merge).unwrap();
    assert_eq!(told(&upserted), ("updated", "timezone: UTC → Europe/Lisbon".to_owned()));
}

#[test]
fn when_there_is_no_room_for_a_further_user_the_error_says_so() {
    let clock = Arc::new(ManualClock::default());
    let tago = Sandbox::builder().clock(clock).plan(Plan::Free).empty().build().client().unwrap();
    let mut outcomes = (0..1000).map(|at| {
        let mut record = jane();
        record.email = format!("user.{at}@example.com");
        tago.run().users().upsert(&record, TagPolicy::Merge)
    });
    let error = outcomes.find_map(Result::err).unwrap();
    assert!(error.is_limit_reached() || error.is_rate_limited(), "{error}");
}

#[test]
fn two_upserts_at_once_make_one_user_also_in_the_last_place() {
    let clock = Arc::new(ManualClock::default());
    let sandbox = Sandbox::builder().clock(clock).plan(Plan::Scale).empty().build();
    let (profile, tago) = (sandbox.profile_id(), sandbox.client().unwrap());
    let room = ServiceAllocation::new().set(Service::RunUsers, 1);
    tago.profile().edit_services(&profile, &room).unwrap();
    let (other, once) = (tago.clone(), Mutex::new(true));
    let tago = interrupted(&sandbox, move |request| {
        if request.method() == Post && std::mem::take(&mut *once.lock().unwrap()) {
            other.run().users().upsert(&jane(), TagPolicy::Merge).unwrap();
        }
    });
    let upserted = tago.run().users().upsert(&jane().tag("floor", "2"), TagPolicy::Merge).unwrap();
    assert_eq!(told(&upserted), ("updated", "tags: - → floor=2".to_owned()));
    let mut joe = jane();
    joe.email = "joe@example.com".to_owned();
    assert!(tago.run().users().upsert(&joe, TagPolicy::Merge).unwrap_err().is_limit_reached());
}

#[test]
fn tags_are_merged_with_those_that_a_user_has() {
    let (sandbox, tago, _) = sandbox();
    let id = user(&sandbox, BEATRIZ).id;
    tago.run()
        .users()
        .edit(&id, &UserEdit::new().tags(vec![Tag::new("site", "porto"), Tag::new("access", "admin")]))
        .unwrap();
    for (given, merged, edits) in [
        (vec![("site", "lisbon"), ("floor", "2")], "site=lisbon access=admin floor=2", 1),
        (vec![("floor", "2")], "site=lisbon access=admin floor=2", 0),
        (vec![], "site=lisbon access=admin floor=2", 0),
        (vec![("access", "guest"), ("access", "night")], "site=lisbon access=guest access=night floor=2", 1),
        (vec![("access", "night"), ("access", "guest")], "site=lisbon access=guest access=night floor=2", 0),
    ] {
        sandbox.clear_journal();
        let given_back = tago.run().users().merge_tags(&id, given.clone()).unwrap();
        let now = user(&sandbox, BEATRIZ);
        assert_eq!((tags(&now), now.tags), (merged.to_owned(), given_back), "{given:?}");
        assert_eq!(requests(&sandbox).iter().filter(|route| route.starts_with("PUT")).count(), edits, "{given:?}");
    }
    assert!(tago.run().users().merge_tags("nobody", [("a", "b")]).unwrap_err().is_not_found());
}

fn fitting(users: &[SelectedUser]) -> Vec<&str> {
    users.iter().map(|user| user.email.as_deref().unwrap_or("-")).collect()
}

#[test]
fn users_are_deleted_by_a_query_once_they_were_seen() {
    let (sandbox, tago, clock) = sandbox();
    let before = sandbox.users().len();
    let (leave, stay) = ([("organization_id", "acme")], [("organization_id", "other")]);
    let ids: Vec<UserId> = sandbox.users().into_iter().map(|user| user.id).collect();
    for (at, id) in ids.iter().take(6).enumerate() {
        tago.run().users().merge_tags(id, if at < 4 { leave } else { stay }).unwrap();
    }
    // The order and the page of a query don't matter to who is meant.
    let query = UserQuery::new().tag("organization_id", "acme").page(2).amount(3);
    let job = tago.run().users().delete_all(&query).unwrap();
    assert_eq!((job.len(), job.is_empty()), (4, false));
    assert_eq!(job.tasks(), ids.iter().take(4).map(DeleteUser::new).collect::<Vec<_>>());
    assert_eq!(job.users().iter().map(|user| &user.id).collect::<Vec<_>>(), ids.iter().take(4).collect::<Vec<_>>());
    assert!(fitting(job.users()).iter().all(|email| email.contains('@')));
    assert_eq!(sandbox.users().len(), before, "nobody is deleted by looking");

    tago.run().users().delete(&ids[1]).unwrap();
    sandbox
        .inject(
            FaultRule::new(Fault::StatusFalse { message: "_delete_protection_".to_owned() })
                .on(Delete, format!("/run/users/{}", ids[2])),
        )
        .unwrap();
    let report = job.run(&Bulk::new(&tago).clock(clock).plan(Plan::Scale));
    assert!(!report.is_complete() && report.halt.is_none());
    let actions: Vec<_> = report.users.iter().map(|user| user.outcome.done().map(|done| &done.action)).collect();
    assert_eq!(actions, [Some(&Action::Deleted), Some(&Action::Missing), None, Some(&Action::Deleted)]);
    let failures: Vec<_> = report.failures().map(|user| (&user.id, user.outcome.error().unwrap().message())).collect();
    assert_eq!(failures, [(&ids[2], Some("_delete_protection_"))]);
    assert_eq!(sandbox.users().len(), before - 3);
}

#[test]
fn nobody_is_left_out_because_others_go_while_they_are_looked_up() {
    let clock = Arc::new(ManualClock::default());
    let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Scale).empty().users(2_500).build();
    let (other, lists) = (sandbox.client().unwrap(), AtomicUsize::new(0));
    let oldest = sandbox.users().into_iter().min_by_key(|user| user.created_at.as_ref().and_then(Timestamp::utc));
    let leaver = oldest.unwrap().id;
    // Whoever is on the first page goes before the second one is read.
    let tago = interrupted(&sandbox, move |request| {
        if request.method() == Get && lists.fetch_add(1, Ordering::Relaxed) == 1 {
            other.run().users().delete(&leaver).unwrap();
        }
    });
    let everybody: Vec<UserId> = sandbox.users().into_iter().map(|user| user.id).collect();
    let job = tago.run().users().delete_all(UserSelection::Everybody).unwrap();
    let found: HashSet<_> = job.users().iter().map(|user| &user.id).collect();
    assert_eq!((found.len(), job.len()), (everybody.len(), everybody.len()), "and nobody twice");
    assert_eq!(
        requests(&sandbox).iter().filter(|route| route.starts_with("GET")).count(),
        9,
        "the third time nobody is new"
    );
}

#[test]
fn where_users_come_all_the_time_the_look_up_has_an_end() {
    let clock = Arc::new(ManualClock::default());
    let sandbox = Sandbox::builder().clock(clock).plan(Plan::Scale).empty().users(1_000).build();
    let (other, lists) = (sandbox.client().unwrap(), AtomicUsize::new(0));
    let tago = interrupted(&sandbox, move |_| {
        let new = format!("new.{}@example.com", lists.fetch_add(1, Ordering::Relaxed));
        other.run().users().create(&NewUser::new("New", new, "UTC").generate_password(true)).unwrap();
    });
    let job = tago.run().users().delete_all(UserSelection::Everybody).unwrap();
    assert_eq!(job.len(), sandbox.users().len(), "those who came up to then");
    assert_eq!(requests(&sandbox).iter().filter(|route| route.starts_with("GET")).count(), 10, "two pages, five times");
}

#[test]
fn everybody_has_to_be_meant_explicitly() {
    let (sandbox, tago, _) = sandbox();
    for query in [
        UserQuery::new(),
        UserQuery::new().amount(5).page(2),
        UserQuery::new().email("*"),
        UserQuery::new().email("*@*"),
        UserQuery::new().name("").email("**"),
        UserQuery::new().tag_key("*"),
        UserQuery::new().tag("*", "*"),
        UserQuery::new().filter("tags", Vec::<String>::new()),
    ] {
        assert!(query.fits_everybody());
        let error = tago.run().users().delete_all(&query).unwrap_err();
        assert_eq!(error.to_string(), "invalid user query: it keeps nobody out; everybody has to be meant explicitly");
        let text = NewNotification::new().title("a").message("b");
        assert!(tago.run().notifications().send_many(&query, text).is_err());
    }
    for query in [
        UserQuery::new().active(false),
        UserQuery::new().email("*@example.com"),
        UserQuery::new().tag_key("site"),
        UserQuery::new().tag("site", "*"),
        UserQuery::new().created_at("1 day"),
        UserQuery::new().id("61eb25a4d6a4a20011d4cd3c"),
    ] {
        assert!(!query.fits_everybody());
    }
    assert!(requests(&sandbox).is_empty());
    let job = tago.run().users().delete_all(UserSelection::Everybody).unwrap();
    assert_eq!(job.len(), sandbox.users().len());
}

#[test]
fn a_filter_that_the_service_does_not_look_at_deletes_nobody() {
    let (sandbox, _, _) = sandbox();
    let behind = sandbox.clone();
    // As if TagoIO ignored the filter.
    let transport = from_fn(move |request: &Request| -> Result<Response, _> {
        let everybody = Request::new(Get, request.url().split("filter").next().unwrap_or_default())
            .with_secret_header("token", behind.token());
        behind.send(&everybody)
    });
    let tago = Client::builder().token("p-demo").transport(transport).vars(|_| None).build().unwrap();
    let error = tago.run().users().delete_all(UserQuery::new().tag("organization_id", "acme")).unwrap_err();
    assert!(error.to_string().contains("who has no such tag `organization_id` as is asked for"), "{error}");
}

#[test]
fn users_named_by_their_ids_are_looked_up_by_nobody_and_each_is_meant_once() {
    let (sandbox, tago, clock) = sandbox();
    let ids: Vec<UserId> = sandbox.users().into_iter().take(2).map(|user| user.id).collect();
    let twice = vec![ids[0].clone(), ids[1].clone(), ids[0].clone()];
    let job = tago.run().users().delete_all(twice).unwrap();
    assert_eq!(fitting(job.users()), ["-", "-"]);
    assert!(requests(&sandbox).is_empty());
    assert!(job.run(&Bulk::new(&tago).clock(clock)).is_complete());
    let nobody = tago.run().users().delete_all(UserSelection::from_iter([])).unwrap();
    assert!(nobody.is_empty() && nobody.run(&Bulk::new(&tago)).is_complete());
}

#[test]
fn each_of_many_users_is_notified_once_and_within_the_rate_limit() {
    let clock = Arc::new(ManualClock::at("2026-01-31T12:45:09Z".parse().unwrap()));
    let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Starter).empty().users(150).build();
    let tago = sandbox.client().unwrap();
    sandbox.inject(FaultRule::new(Fault::HangUp).on(Post, "/run/notification").taking_effect()).unwrap();
    let text = NewNotification::new().title("Maintenance").message("Tonight from 10 pm.");
    let job = tago.run().notifications().send_many(UserSelection::Everybody, text).unwrap();
    let report = job.run(&Bulk::new(&tago).clock(clock).plan(Plan::Starter));
    assert!(report.is_complete(), "{:?}", report.failures().next());
    assert_eq!(report.users.len(), 150);
    assert!(sandbox.journal().iter().all(|handled| handled.status != Some(429)), "nothing was refused");
    for user in &report.users {
        assert_eq!(tago.run().notifications().list(&user.id).unwrap().len(), 1, "{user:?}");
    }
}

#[test]
fn a_report_says_for_each_user_what_became_of_the_notification() {
    let (sandbox, tago, clock) = sandbox();
    let users = sandbox.users();
    let ids = vec![users[0].id.clone(), UserId::new("61eb25a4d6a4a20011d4cd3c")];
    let text = NewNotification::new().title("Hello").message("World");
    let report =
        tago.run().notifications().send_many(ids, text).unwrap().run(&Bulk::new(&tago).clock(clock.clone()).jobs(1));
    assert!(matches!(&report.users[0].outcome, Outcome::Done(done) if done.action == Action::Sent));
    assert!(matches!(&report.users[1].outcome, Outcome::Failed(error) if error.is_not_found()));

    let revoked = sandbox.client_with(tagoio::Token::new("p-00000000-0000-4000-8000-000000000000").unwrap()).unwrap();
    let text = NewNotification::new().title("Hello").message("World");
    let job = revoked.run().notifications().send_many(vec![users[0].id.clone()], text).unwrap();
    let report = job.run(&Bulk::new(&revoked).clock(clock));
    assert!(matches!(report.halt, Some(Halt::Unauthorized)) && !report.is_complete());
}

#[test]
fn a_job_is_not_run_in_another_profile() {
    let (sandbox, tago, clock) = sandbox();
    let before = sandbox.users().len();
    let job = tago.run().users().delete_all(UserQuery::new().tag("site", "lisbon")).unwrap();
    let elsewhere = sandbox.client_with(sandbox.token_with(&Permission::Full)).unwrap();
    sandbox.clear_journal();
    let report = job.run(&Bulk::new(&elsewhere).clock(clock.clone()));
    assert!(!report.is_complete() && !job.is_empty());
    assert_eq!((report.progress.total, report.progress.failed), (job.len(), job.len()));
    let error = report.users[0].outcome.error().unwrap().to_string();
    assert_eq!(error, "invalid bulk work: it is of another token or region than the client that looked the users up");
    assert!(requests(&sandbox).is_empty() && sandbox.users().len() == before);
    let same = sandbox.client_with(sandbox.token()).unwrap();
    assert!(job.run(&Bulk::new(&same).clock(clock)).is_complete());
}

#[test]
fn a_notification_without_a_title_or_a_text_is_refused_at_once() {
    let (sandbox, tago, _) = sandbox();
    for (notification, problem) in [
        (NewNotification::new().message("World"), "it has no title"),
        (NewNotification::new().title("Hello"), "it has no text"),
        (NewNotification::new().title("").message("World"), "it has no title"),
    ] {
        let error = tago.run().notifications().send_many(UserSelection::Everybody, notification).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid notification: {problem}"));
    }
    assert!(requests(&sandbox).is_empty());
}

#[test]
fn a_change_that_is_lost_is_an_error_and_may_be_made_again() {
    let (sandbox, tago, _) = sandbox();
    sandbox.inject(FaultRule::new(Fault::HangUp).on(Put, "/run/users/*").taking_effect()).unwrap();
    let record = UserRecord::new(BEATRIZ).phone("1");
    let error = tago.run().users().upsert(&record, TagPolicy::Merge).unwrap_err();
    assert!(error.maybe_delivered() && error.is_retryable());
    assert_eq!(told(&tago.run().users().upsert(&record, TagPolicy::Merge).unwrap()).0, "unchanged");
}
