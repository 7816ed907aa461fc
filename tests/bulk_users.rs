//! Lists of users: how they are compared with the users that there are, and brought to TagoIO.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tagoio::bulk::users::{
    self, Change, ListError, PlanError, SyncOptions, TagPolicy, UserColumn, UserExport, UserList, UserPlan,
    UserPlanner, UserRecord,
};
use tagoio::bulk::{Action, Bulk, Halt, Journal, JournalHeader, Outcome, Report, Stop, Task as _};
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::profile::Service;
use tagoio::run::{NewUser, UserEdit, UserInfo, UserOptions, UserQuery};
use tagoio::sandbox::{Fault, FaultRule, Plan, Sandbox, SandboxBuilder};
use tagoio::transport::Method::{Get, Post, Put};
use tagoio::transport::{Request, Response, Transport as _, from_fn};
use tagoio::{Client, Password, Patch, Tag, Timestamp, UserId};

const BEATRIZ: &str = "beatriz.almeida@example.com";
const DUARTE: &str = "duarte.fonseca@example.com";

/// A sandbox with its story, in virtual time.
fn builder() -> (SandboxBuilder, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (Sandbox::builder().clock(clock.clone()), clock)
}

fn sandbox() -> (Sandbox, Client, Arc<ManualClock>) {
    let (builder, clock) = builder();
    let sandbox = builder.build();
    let tago = sandbox.client().unwrap();
    (sandbox, tago, clock)
}

fn list(json_lines: &str) -> UserList {
    UserList::from_json_lines(json_lines.as_bytes()).unwrap()
}

fn plan(tago: &Client, json_lines: &str, options: &SyncOptions) -> UserPlan {
    UserPlan::new(tago, list(json_lines), options).unwrap()
}

fn run(tago: &Client, plan: &UserPlan, clock: &Arc<ManualClock>) -> Report {
    Bulk::new(tago).jobs(4).clock(clock.clone()).run(plan.tasks())
}

/// The plan's steps, one a line.
fn told(plan: &UserPlan) -> Vec<String> {
    let show = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let change = |change: &Change| format!("{} {} → {}", change.field, show(&change.from), show(&change.to));
    plan.steps()
        .map(|step| {
            let line = step.line.map_or("-".to_owned(), |line| line.to_string());
            let changes: Vec<_> = step.changes.iter().map(change).collect();
            format!("{line} {} {}: {}", step.intent, step.email, changes.join(", ")).trim_end_matches(": ").to_owned()
        })
        .collect()
}

fn problems(result: Result<UserPlan, PlanError>) -> Vec<String> {
    match result.unwrap_err() {
        PlanError::List(ListError { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

fn done(report: &Report, at: usize) -> (&str, Vec<&str>) {
    match &report.outcomes[at] {
        Outcome::Done(done) => (done.action.as_str(), done.changed.iter().map(String::as_str).collect()),
        other => panic!("{other:?}"),
    }
}

fn user(sandbox: &Sandbox, email: &str) -> UserInfo {
    let mut users = sandbox.users().into_iter().filter(|user| user.email.eq_ignore_ascii_case(email));
    let user = users.next().unwrap_or_else(|| panic!("no {email}"));
    assert!(users.next().is_none(), "{email} is there twice");
    user
}

fn requests(sandbox: &Sandbox) -> Vec<String> {
    sandbox.journal().iter().map(|handled| handled.route.to_string()).collect()
}

/// What an export of all users writes.
fn export(tago: &Client, columns: &[UserColumn], start: fn(Vec<u8>, &[UserColumn]) -> UserExport<Vec<u8>>) -> Vec<u8> {
    let mut export = start(Vec::new(), columns);
    for user in tago.run().users().iter(&UserQuery::new()) {
        let user = user.unwrap();
        if columns.iter().any(UserColumn::is_beyond_lists) {
            export.write(&tago.run().users().info(&user.id).unwrap()).unwrap();
        } else {
            export.write(&user).unwrap();
        }
    }
    export.finish().unwrap()
}

fn csv(file: Vec<u8>, columns: &[UserColumn]) -> UserExport<Vec<u8>> {
    UserExport::csv(file, columns).unwrap()
}

fn json_lines(file: Vec<u8>, columns: &[UserColumn]) -> UserExport<Vec<u8>> {
    UserExport::json_lines(file, columns).unwrap()
}

/// Users whose fields hold what a file might lose.
fn add_odd_users(tago: &Client) {
    for (at, text) in [" \"quoted\", spaced; ", "two\r\nlines", "tab\there", "=1+1", "back\\slash=;", "é", "[1]"]
        .into_iter()
        .enumerate()
    {
        let new = NewUser::new(text, format!("o'dd+{at}@Example.com"), "UTC")
            .generate_password(true)
            .company(text)
            .phone(text)
            .tags(vec![Tag::new(text, text), Tag::new(text, ""), Tag::new("a", text)])
            .custom_preferences(serde_json::Map::from_iter([("5f".to_owned(), json!({"x": [text]}))]));
        tago.run().users().create(&new).unwrap();
    }
    tago.run().users().create(&NewUser::new("Bare", "bare@example.com", "UTC").generate_password(true)).unwrap();
}

#[test]
fn an_export_that_is_read_back_changes_nothing() {
    let (builder, _) = builder();
    let sandbox = builder.users(40).build();
    let tago = sandbox.client().unwrap();
    add_odd_users(&tago);
    let count = sandbox.users().len();
    let whole = [
        UserColumn::EXPORT,
        &[
            UserColumn::Newsletter,
            UserColumn::ForcePasswordChange,
            UserColumn::Options,
            UserColumn::CustomPreferences,
            UserColumn::Profile,
            UserColumn::Otp,
            UserColumn::Agreements,
        ],
    ]
    .concat();
    let tag_columns = [UserColumn::Email, UserColumn::Tag("site".to_owned()), UserColumn::Tags];
    for policy in [TagPolicy::Merge, TagPolicy::Replace] {
        let options = SyncOptions::new().tags(policy).delete_missing(true);
        for (list, name) in [
            (UserList::from_csv(&export(&tago, UserColumn::EXPORT, csv)[..]), "csv"),
            (UserList::from_csv(&export(&tago, &whole, csv)[..]), "csv, whole"),
            (UserList::from_csv(&export(&tago, &tag_columns, csv)[..]), "csv, tags"),
            (UserList::from_json_lines(&export(&tago, UserColumn::EXPORT, json_lines)[..]), "json lines"),
            (UserList::from_json_lines(&export(&tago, &whole, json_lines)[..]), "json lines, whole"),
        ] {
            let plan = UserPlan::new(&tago, list.unwrap_or_else(|error| panic!("{name}: {error}")), &options).unwrap();
            let counts = plan.counts();
            let changed: Vec<_> = told(&plan).into_iter().filter(|step| !step.contains(" unchanged ")).collect();
            assert_eq!((counts.unchanged, changed), (count, vec![]), "{name}, {policy:?}");
        }
    }
}

#[test]
fn an_export_has_the_columns_that_were_asked_for() {
    let (_, tago, _) = sandbox();
    let columns =
        ["E-Mail", "tag:site", "option:date_format", "active", "last_login"].map(|name| name.parse().unwrap());
    let text = String::from_utf8(export(&tago, &columns, csv)).unwrap();
    let lines: Vec<_> = text.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "email,tag:site,option:date_format,active,last_login",
            "ananya.iyer@example.com,kochi,DD/MM/YYYY,true,2025-12-31T17:58:16.242Z",
        ]
    );
    let columns = ["name", "email", "tags"].map(|name| name.parse().unwrap());
    let text = String::from_utf8(export(&tago, &columns, json_lines)).unwrap();
    assert!(text.starts_with(r#"{"name":"Ananya Iyer","email":"ananya.iyer@example.com","tags":[{"key":"#), "{text}");
    assert_eq!(String::from_utf8(csv(Vec::new(), &columns).finish().unwrap()).unwrap(), "name,email,tags\n");
}

#[test]
fn what_an_export_cannot_hold_is_refused() {
    for (columns, problem) in [
        (vec![UserColumn::Email, UserColumn::Password], "column `password` can't be exported: TagoIO doesn't tell"),
        (vec![], "a CSV file needs a column"),
    ] {
        assert_eq!(UserExport::csv(Vec::new(), &columns).unwrap_err().to_string(), problem);
    }
    let error = UserExport::json_lines(Vec::new(), &[UserColumn::Tag("a".to_owned())]).unwrap_err();
    assert_eq!(error.to_string(), "column `tag:a` is for CSV only: in JSON lines it is part of a field");

    let (_, tago, _) = sandbox();
    add_odd_users(&tago);
    let id = tago.run().users().list(&UserQuery::new().email(BEATRIZ)).unwrap().remove(0).id;
    tago.run().users().edit(&id, &UserEdit::new().tags(vec![Tag::new("a", "1"), Tag::new("a", "2")])).unwrap();
    let mut export = csv(Vec::new(), &[UserColumn::Tag("a".to_owned())]);
    let error = export.write(&tago.run().users().info(&id).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), format!("user {BEATRIZ} has 2 tags `a`: the column `tags` takes them all"));

    let mut export = csv(Vec::new(), &[UserColumn::Tag("a".to_owned()), UserColumn::Tags]);
    assert_eq!(export.cells_left_empty(), 0);
    export.write(&tago.run().users().info(&id).unwrap()).unwrap();
    assert_eq!(export.cells_left_empty(), 1);
    assert_eq!(export.finish().unwrap(), b"tag:a,tags\n,a=1;a=2\n");

    for key in [" a", "a\t", ""] {
        let error = UserExport::csv(Vec::new(), &[UserColumn::Tag(key.to_owned())]).unwrap_err();
        assert!(error.to_string().ends_with("can't be read back: it isn't the name of that column"), "{error}");
    }
    let fields = serde_json::Map::from_iter([("5f".to_owned(), json!([7]))]);
    tago.run().users().edit(&id, &UserEdit::new().custom_preferences(fields)).unwrap();
    let mut export = csv(Vec::new(), &[UserColumn::Custom("5f".to_owned())]);
    let error = export.write(&tago.run().users().info(&id).unwrap()).unwrap_err();
    let problem = "has no text in `custom:5f`: the column `custom_preferences` takes any value";
    assert_eq!(error.to_string(), format!("user {BEATRIZ} {problem}"));
}

#[test]
fn a_column_is_found_again_whatever_the_key_of_its_tag() {
    let (_, tago, _) = sandbox();
    for key in ["a;b;c", "a\tb", "jane@x.io", "\"a\"", "a,b", "a\nb", "a:b"] {
        let columns = [UserColumn::Email, UserColumn::Tag(key.to_owned())];
        let mut export = csv(Vec::new(), &columns);
        for user in tago.run().users().list(&UserQuery::new().email(BEATRIZ)).unwrap() {
            tago.run().users().edit(&user.id, &UserEdit::new().tags(vec![Tag::new(key, "1")])).unwrap();
            export.write(&tago.run().users().info(&user.id).unwrap()).unwrap();
        }
        let list = UserList::from_csv(&export.finish().unwrap()[..]).unwrap_or_else(|error| panic!("{key}: {error}"));
        let read: Vec<_> = list.iter().flat_map(|(_, user)| user.tags.as_deref().unwrap_or_default()).collect();
        assert_eq!(read, [&Tag::new(key, "1")], "{key}");
    }
}

#[test]
fn what_tagoio_leaves_out_of_a_user_is_left_out_of_an_export() {
    let user: UserInfo = serde_json::from_value(json!({"id": "1", "email": "jane@x.io"})).unwrap();
    let mut export = json_lines(Vec::new(), UserColumn::EXPORT);
    export.write(&user).unwrap();
    let text = String::from_utf8(export.finish().unwrap()).unwrap();
    assert_eq!(text, "{\"id\":\"1\",\"email\":\"jane@x.io\",\"active\":false,\"tags\":[]}\n");
    assert_eq!(list(&text).len(), 1);
}

#[test]
fn a_plan_says_what_becomes_of_each_record() {
    let (sandbox, tago, _) = sandbox();
    let merge = SyncOptions::new().default_timezone("Europe/Lisbon");
    let replace = merge.clone().tags(TagPolicy::Replace);
    let organization = user(&sandbox, DUARTE).tags[0].value.clone();
    let stays = format!("organization_id={organization};site=lisbon;access=operator");
    let moved = format!("organization_id={organization};site=porto;access=operator");
    for (options, record, step) in [
        (&merge, json!({}), format!("1 unchanged {DUARTE}")),
        (&merge, json!({"company": "Mercado Azul", "phone": null}), format!("1 unchanged {DUARTE}")),
        (
            &merge,
            json!({"phone": "1", "active": false}),
            format!("1 update {DUARTE}: phone - → 1, active true → false"),
        ),
        (&merge, json!({"tags": {"site": "porto"}}), format!("1 update {DUARTE}: tags {stays} → {moved}")),
        (&replace, json!({"tags": {"site": "porto"}}), format!("1 update {DUARTE}: tags {stays} → site=porto")),
        (&merge, json!({"options": {"date_format": "DD/MM/YYYY"}}), format!("1 unchanged {DUARTE}")),
        (
            &merge,
            json!({"options": {"time_format": "12"}}),
            format!(
                r#"1 update {DUARTE}: options {{"date_format":"DD/MM/YYYY","time_format":"24"}} → {{"date_format":"DD/MM/YYYY","time_format":"12"}}"#
            ),
        ),
        (&merge, json!({"newsletter": null, "force_password_change": false}), format!("1 unchanged {DUARTE}")),
        (&merge, json!({"newsletter": true}), format!("1 update {DUARTE}: newsletter - → true")),
        (&merge, json!({"password": "canary canary"}), format!("1 unchanged {DUARTE}")),
        (
            &merge.clone().set_passwords(true),
            json!({"password": "canary canary"}),
            format!("1 update {DUARTE}: password - → -"),
        ),
        (&merge, json!({"email": "Duarte.Fonseca@EXAMPLE.com"}), "1 unchanged Duarte.Fonseca@EXAMPLE.com".to_owned()),
        (
            &merge,
            json!({"email": "new@x.io", "name": "New", "password": "canary canary", "active": true, "phone": null}),
            "1 create new@x.io: name - → New, password - → -, timezone - → Europe/Lisbon, active false → true"
                .to_owned(),
        ),
        (
            &merge.clone().generate_passwords(true),
            json!({"email": "new@x.io", "name": "New", "timezone": "UTC"}),
            "1 create new@x.io: name - → New, timezone - → UTC, generate_password - → true".to_owned(),
        ),
    ] {
        let mut line = json!({"email": DUARTE});
        line.as_object_mut().unwrap().extend(record.as_object().unwrap().clone());
        let plan = plan(&tago, &line.to_string(), options);
        assert_eq!(told(&plan), [step], "{line}");
        assert!(!format!("{plan:?}").contains("canary"));
    }
}

#[test]
fn what_a_new_user_lacks_is_told_of_all_at_once_and_nothing_is_sent() {
    let (sandbox, tago, _) = sandbox();
    let file = r#"{"email": "a@x.io"}
{"email": "duarte.fonseca@example.com", "phone": "1"}

{"email": "b@x.io", "name": "B", "timezone": "UTC", "generate_password": false}
{"email": "c@x.io", "name": "C", "password": "long enough", "active": false, "send_email": "invite"}
{"email": "d@x.io", "name": "D", "timezone": "UTC", "password": "long enough", "active": false}
{"email": "e@x.io", "name": "E", "timezone": "UTC", "password": "long enough", "active": true, "send_email": true}"#;
    let why = "is missing: there is no such user yet, and a new one needs it";
    let mail = "line 5, column `send_email`: can't be on for a new user who isn't active".to_owned();
    let lacks = |line: u32, column: &str| format!("line {line}, column `{column}`: {why}");
    for (options, expected) in [
        (
            SyncOptions::new(),
            vec![
                lacks(1, "name"),
                lacks(1, "timezone"),
                lacks(1, "password"),
                lacks(4, "password"),
                lacks(5, "timezone"),
                mail.clone(),
            ],
        ),
        (SyncOptions::new().default_timezone("UTC").generate_passwords(true), vec![lacks(1, "name"), mail]),
    ] {
        assert_eq!(problems(UserPlan::new(&tago, list(file), &options)), expected);
    }
    assert!(sandbox.journal().iter().all(|handled| handled.route.method() == Get));
    let error = UserPlan::new(&tago, list(file), &SyncOptions::new().default_timezone("half past ten")).unwrap_err();
    assert!(matches!(error, PlanError::Call(_)), "{error}");
}

#[test]
fn an_empty_list_deletes_nobody() {
    let (_, tago, _) = sandbox();
    let plan = |options: &SyncOptions| UserPlan::new(&tago, UserList::default(), options);
    assert!(plan(&SyncOptions::new()).unwrap().tasks().is_empty());
    assert_eq!(
        problems(plan(&SyncOptions::new().delete_missing(true))),
        ["line 1: the list is empty: all users would be deleted"]
    );
}

#[test]
fn few_records_are_looked_up_and_many_are_found_in_one_pass() {
    let (builder, _) = builder();
    let sandbox = builder.users(2000).build();
    let tago = sandbox.client().unwrap();
    let of = |count: usize| {
        let records = sandbox.users().into_iter().take(count).map(|user| UserRecord::new(user.email));
        UserList::from_records(records).unwrap()
    };
    let options = SyncOptions::new();
    for (count, with_missing, expected) in [(1, false, 1), (50, false, 50), (51, false, 3), (1, true, 6)] {
        let list = of(count);
        sandbox.clear_journal();
        let plan = UserPlan::new(&tago, list, &options.clone().delete_missing(with_missing)).unwrap();
        assert_eq!(requests(&sandbox), vec!["GET /run/users"; expected], "{count} records");
        assert_eq!(plan.counts().unchanged, count);
        assert_eq!(plan.counts().delete, if with_missing { 2024 - count } else { 0 });
    }
    // What lists don't show is asked for where it matters, and nowhere else.
    let mut records: Vec<_> = sandbox.users().into_iter().take(60).map(|user| UserRecord::new(user.email)).collect();
    records[7] = records[7].clone().newsletter(true);
    records.push(UserRecord::new("new@x.io").name("N").timezone("UTC").generate_password(true).newsletter(true));
    sandbox.clear_journal();
    UserPlan::new(&tago, UserList::from_records(records).unwrap(), &options).unwrap();
    let asked: Vec<_> = requests(&sandbox).into_iter().filter(|route| route != "GET /run/users").collect();
    assert_eq!(asked, ["GET /run/users/{user}"]);
}

#[test]
fn who_waits_for_a_plan_is_told_how_far_it_is() {
    let (builder, _) = builder();
    let sandbox = builder.users(40).build();
    let tago = sandbox.client().unwrap();
    let of = |count: usize| {
        let records = sandbox.users().into_iter().take(count).map(|user| UserRecord::new(user.email));
        records.collect::<Vec<_>>()
    };
    // Of two of them, more is wanted than lists show.
    let mut beyond_lists = of(3);
    for record in &mut beyond_lists[..2] {
        *record = record.clone().newsletter(true);
    }
    let count = |total: usize| (1..=total).map(move |done| (done, Some(total)));
    for (records, with_missing, expected) in [
        (of(3), false, count(3).collect::<Vec<_>>()),
        (of(51), false, (1..=64).map(|done| (done, None)).collect()),
        (of(1), true, (1..=64).map(|done| (done, None)).collect()),
        (beyond_lists, false, count(3).chain(count(2)).collect()),
        (Vec::new(), false, Vec::new()),
    ] {
        let mut told = Vec::new();
        let list = UserList::from_records(records).unwrap();
        let options = SyncOptions::new().delete_missing(with_missing);
        let planner = UserPlanner::new(&tago).options(&options);
        planner.on_progress(|progress| told.push((progress.done, progress.total))).plan(list.clone()).unwrap();
        assert_eq!(told, expected, "{} records", list.len());
    }
}

#[test]
fn a_plan_that_is_stopped_asks_for_nothing_more() {
    let (builder, _) = builder();
    let sandbox = builder.users(2000).build();
    let tago = sandbox.client().unwrap();
    let of = |count: usize| {
        let records = sandbox.users().into_iter().take(count).map(|user| UserRecord::new(user.email).newsletter(true));
        UserList::from_records(records).unwrap()
    };
    // (records, the look-up after which the stop comes, requests at the most: several are in flight at once)
    for (records, last, most) in [(50, 0, 0), (50, 1, 8), (50, 50, 50), (51, 1, 1), (51, 1001, 2), (51, 2024, 3)] {
        let list = of(records);
        sandbox.clear_journal();
        let stop = Stop::new();
        if last == 0 {
            stop.request();
        }
        let planner = UserPlanner::new(&tago).stop(&stop).on_progress(|progress| {
            if progress.done == last {
                stop.request();
            }
        });
        assert!(format!("{planner:?}").contains("watch: Watch { stop: Stop"), "{planner:?}");
        let error = planner.plan(list).unwrap_err();
        assert!(matches!(error, PlanError::Stopped), "{error}");
        let sent = requests(&sandbox).len();
        assert!((last.min(1)..=most).contains(&sent), "{sent} requests, and the stop came after look-up {last}");
    }
}

#[test]
fn what_fails_once_a_stop_is_asked_for_is_no_failure() {
    for is_asked_for in [true, false] {
        let stop = Stop::new();
        let transport = {
            let stop = stop.clone();
            from_fn(move |_: &Request| {
                if is_asked_for {
                    stop.request();
                }
                Ok(Response::new(503))
            })
        };
        let tago = Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap();
        let list = UserList::from_records([UserRecord::new("jane@example.com")]).unwrap();
        let error = UserPlanner::new(&tago).stop(&stop).plan(list).unwrap_err();
        assert_eq!(matches!(error, PlanError::Stopped), is_asked_for, "{error}");
    }
}

#[test]
fn a_list_is_brought_to_tagoio() {
    let (sandbox, tago, clock) = sandbox();
    let file = "email;Full name;tz;phone;active;tag:site;tags;option:date_format;custom:5f;generate_password\n\
                Beatriz.Almeida@example.com;;;+351 1;;porto;;YYYY;;\n\
                new@example.com;\"New, User\";Europe/Madrid;;yes;madrid;team=night;DD/MM;blue;yes\n\
                duarte.fonseca@example.com;Duarte Fonseca;;;;;;;;\n";
    let options = SyncOptions::new().delete_missing(true);
    let before = user(&sandbox, BEATRIZ);
    let plan = UserPlan::new(&tago, UserList::from_csv(file.as_bytes()).unwrap(), &options).unwrap();
    let counts = plan.counts();
    assert_eq!((counts.create, counts.update, counts.unchanged, counts.delete), (1, 1, 1, 22));
    let report = run(&tago, &plan, &clock);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(done(&report, 0), ("updated", vec!["phone", "tags", "options"]));
    assert_eq!(done(&report, 1), ("created", vec![]));
    assert_eq!(done(&report, 2), ("unchanged", vec![]));
    assert_eq!(report.progress.count(&Action::Deleted), 22);
    assert_eq!(sandbox.users().len(), 3);

    let beatriz = user(&sandbox, BEATRIZ);
    assert_eq!((beatriz.phone.as_deref(), beatriz.company), (Some("+351 1"), before.company));
    assert_eq!(beatriz.tags, Tag::merge(&before.tags, &[Tag::new("site", "porto")]));
    let beatriz_options = beatriz.options.unwrap();
    assert_eq!(beatriz_options.date_format.as_deref(), Some("YYYY"));
    assert_eq!(beatriz_options.time_format.as_deref(), Some("24"), "an option that isn't given stays");
    let new = user(&sandbox, "new@example.com");
    assert_eq!((new.name.as_str(), new.timezone.as_str(), new.active), ("New, User", "Europe/Madrid", true));
    assert_eq!(new.tags, [Tag::new("team", "night"), Tag::new("site", "madrid")]);
    assert_eq!(new.custom_preferences.unwrap()["5f"], "blue");

    let again = UserPlan::new(&tago, UserList::from_csv(file.as_bytes()).unwrap(), &options).unwrap();
    assert_eq!(again.counts().unchanged, 3, "{:?}", told(&again));
    sandbox.clear_journal();
    assert!(run(&tago, &again, &clock).is_complete());
    assert_eq!(requests(&sandbox), [""; 0], "what is as it should be costs no request");
}

#[test]
fn a_user_is_never_created_twice() {
    let lost = || FaultRule::new(Fault::HangUp).on(Post, "/run/users");
    let failed = |status| {
        let body = r#"{"status":false,"message":"Sorry, Internal Error"}"#.to_owned();
        let answer = Fault::Answer { status, content_type: "application/json".to_owned(), body };
        FaultRule::new(answer).on(Post, "/run/users")
    };
    for (rules, posts, name) in [
        (vec![], 1, "nothing"),
        (vec![lost().taking_effect()], 1, "an answer that gets lost"),
        (vec![lost()], 2, "a request that gets lost"),
        (vec![lost(), lost().taking_effect()], 2, "both"),
        (vec![failed(500).taking_effect()], 1, "an error after it took effect"),
        (vec![failed(500)], 2, "an error before it took effect"),
        (
            vec![FaultRule::new(Fault::Garbage).on(Post, "/run/users").taking_effect()],
            1,
            "an answer that can't be read",
        ),
        (vec![FaultRule::new(Fault::CutBody).on(Post, "/run/users").taking_effect()], 1, "half an answer"),
        (vec![FaultRule::new(Fault::TooManyRequests { retry_after: 8 }).on(Post, "/run/users")], 2, "a rate limit"),
        (
            vec![lost().taking_effect(), FaultRule::new(Fault::HangUp).on(Get, "/run/users").times(2)],
            1,
            "a look-up that fails, too",
        ),
    ] {
        let (sandbox, tago, clock) = sandbox();
        let file = r#"{"email": "New@x.io", "name": "New", "timezone": "UTC", "password": "long enough",
                       "tags": {"site": "lisbon"}, "newsletter": true, "active": true}"#
            .replace('\n', " ");
        for options in [SyncOptions::new(), SyncOptions::new().set_passwords(true)] {
            let plan = plan(&tago, &file, &options);
            assert_eq!(plan.counts().create, 1);
            sandbox.clear_journal();
            for rule in &rules {
                sandbox.inject(rule.clone()).unwrap();
            }
            let report = run(&tago, &plan, &clock);
            assert_eq!(done(&report, 0), ("created", vec![]), "{name}");
            assert_eq!(requests(&sandbox).iter().filter(|route| *route == "POST /run/users").count(), posts, "{name}");
            assert_eq!(sandbox.faults_waiting(), [], "{name}");
            let new = user(&sandbox, "new@x.io");
            assert_eq!((new.tags, new.newsletter), (vec![Tag::new("site", "lisbon")], Some(true)), "{name}");
            tago.run().users().delete(&new.id).unwrap();
        }
    }
}

#[test]
fn a_user_whom_somebody_else_created_meanwhile_is_changed() {
    let (sandbox, tago, clock) = sandbox();
    let file =
        r#"{"email": "new@x.io", "name": "New", "timezone": "UTC", "generate_password": true, "tags": {"a": "1"}}"#;
    for (other, tags, expected) in [
        (NewUser::new("New", "New@X.io", "UTC").tag("a", "1"), vec![Tag::new("a", "1")], ("unchanged", vec![])),
        (
            NewUser::new("Other", "NEW@x.io", "UTC").tag("b", "2"),
            vec![Tag::new("b", "2"), Tag::new("a", "1")],
            ("updated", vec!["name", "tags"]),
        ),
    ] {
        let plan = plan(&tago, file, &SyncOptions::new());
        let id = tago.run().users().create(&other.password(Password::new("long enough").unwrap())).unwrap();
        let report = run(&tago, &plan, &clock);
        assert_eq!(done(&report, 0), expected);
        let new = user(&sandbox, "new@x.io");
        assert_eq!((&new.id, new.name.as_str(), new.tags), (&id, "New", tags));
        tago.run().users().delete(&id).unwrap();
    }
}

#[test]
fn what_tagoio_refuses_is_told_by_task() {
    let (sandbox, tago, clock) = sandbox();
    let file = format!(
        r#"{{"email": "new@x.io", "name": "New", "timezone": "Not/A/Zone", "generate_password": true}}
{{"email": "{BEATRIZ}", "phone": "1"}}
{{"email": "{DUARTE}", "phone": "2"}}"#
    );
    let plan = plan(&tago, &file, &SyncOptions::new());
    let beatriz = user(&sandbox, BEATRIZ).id;
    tago.run().users().delete(&beatriz).unwrap();
    let refusal = r#"{"status":false,"message":"The policy wants another password"}"#.to_owned();
    let refusal = Fault::Answer { status: 400, content_type: "application/json".to_owned(), body: refusal };
    sandbox.inject(FaultRule::new(refusal).on(Post, "/run/users")).unwrap();
    sandbox.inject(FaultRule::new(Fault::HangUp).on(Put, "/run/users/*").times(2).taking_effect()).unwrap();
    let report = run(&tago, &plan, &clock);
    let Outcome::Failed(error) = &report.outcomes[0] else { panic!("{report:?}") };
    assert_eq!(error.message(), Some("The policy wants another password"));
    let Outcome::Failed(error) = &report.outcomes[1] else { panic!("{report:?}") };
    assert!(error.is_not_found(), "{error}");
    assert_eq!(done(&report, 2), ("updated", vec!["phone"]));
    assert_eq!(user(&sandbox, DUARTE).phone.as_deref(), Some("2"));
    assert_eq!(report.progress.failed, 2);
}

#[test]
fn an_edit_reaches_each_kind_of_field() {
    let (sandbox, tago, clock) = sandbox();
    let file = format!(
        r#"{{"email": "{BEATRIZ}", "name": "B", "timezone": "UTC", "company": null, "phone": null, "language": "en", "tags": null, "active": false, "newsletter": null, "options": null, "custom_preferences": {{"f": 1}}, "force_password_change": true, "password": "long enough"}}"#
    );
    let report = run(&tago, &plan(&tago, &file, &SyncOptions::new().set_passwords(true)), &clock);
    let fields = "name password timezone company phone language tags active newsletter options custom_preferences \
                  force_password_change";
    assert_eq!(done(&report, 0), ("updated", fields.split_whitespace().collect()));
    let plan = plan(&tago, &file, &SyncOptions::new());
    assert_eq!(plan.counts().unchanged, 1, "{:?}", told(&plan));
    assert_eq!(user(&sandbox, BEATRIZ).tags, []);
}

#[test]
fn a_record_that_changed_is_done_again_after_a_resumption() {
    let (sandbox, tago, clock) = sandbox();
    let directory = tempfile::tempdir().unwrap();
    let (path, header) = (directory.path().join("journal"), JournalHeader::new("import users", &tago));
    let file = |name: &str| {
        format!(
            "{{\"email\": \"{BEATRIZ}\", \"name\": \"B\"}}\n\
             {{\"email\": \"New@x.io\", \"name\": \"{name}\", \"timezone\": \"UTC\", \"password\": \"canary canary\"}}"
        )
    };
    let work = |journal: &Journal, name| {
        let plan = plan(&tago, &file(name), &SyncOptions::new());
        Bulk::new(&tago).clock(clock.clone()).journal(journal).run(plan.tasks())
    };
    let journal = Journal::create(&path, &header).unwrap();
    assert!(work(&journal, "New").is_complete());
    drop(journal);
    for (name, resumed) in [("New", 2), ("Newer", 1), ("Newer", 2)] {
        let report = work(&Journal::resume(&path, &header).unwrap(), name);
        assert!(report.is_complete());
        assert_eq!(report.progress.resumed, resumed, "{name}");
        assert_eq!(user(&sandbox, "new@x.io").name, name);
    }
    assert!(!std::fs::read_to_string(&path).unwrap().contains("canary"));
}

#[test]
fn many_users_are_created_once_each_whatever_goes_wrong() {
    let (sandbox, tago, clock) = sandbox();
    let sandbox_rules = [
        FaultRule::new(Fault::HangUp).on(Post, "/run/users").times(9).taking_effect(),
        FaultRule::new(Fault::HangUp).on(Post, "/run/users").times(9),
        FaultRule::new(Fault::Garbage).on(Post, "/run/users").times(9).taking_effect(),
        FaultRule::new(Fault::TooManyRequests { retry_after: 3 }).on(Post, "/run/users").times(9),
        FaultRule::new(Fault::HangUp).on(Get, "/run/users").times(9),
    ];
    let records = (0..120).map(|at| {
        UserRecord::new(format!("user{at}@x.io"))
            .name(format!("User {at}"))
            .tag("at", at.to_string())
            .phone(Patch::Clear)
    });
    let list = UserList::from_records(records).unwrap();
    let options = SyncOptions::new().default_timezone("UTC").generate_passwords(true);
    let plan = UserPlan::new(&tago, list.clone(), &options).unwrap();
    for rule in sandbox_rules {
        sandbox.inject(rule).unwrap();
    }
    let report = Bulk::new(&tago).jobs(8).tries(20).clock(clock.clone()).run(plan.tasks());
    assert!(report.is_complete(), "{:?}", report.outcomes.iter().find(|outcome| outcome.done().is_none()));
    assert_eq!(report.progress.count(&Action::Created), 120);
    assert_eq!(sandbox.users().len(), 144);
    assert_eq!(UserPlan::new(&tago, list, &options).unwrap().counts().unchanged, 120);
}

#[test]
fn nobody_is_deleted_for_a_character_that_cannot_be_seen() {
    let (sandbox, tago, _) = sandbox();
    let create = |email: &str| {
        let new = NewUser::new("Odd", email, "UTC").generate_password(true);
        tago.run().users().create(&new).unwrap()
    };
    let (decomposed, padded) = (create("jose\u{301}@example.com"), create("rita\u{ad}@example.com"));
    let options = SyncOptions::new().delete_missing(true).default_timezone("UTC").generate_passwords(true);
    let lookalike = |id: &UserId| {
        vec![format!(
            "line 1, column `email`: looks the same as that of the user {id}, who isn't in the list and would be deleted"
        )]
    };
    for (email, expected) in [
        ("josé@example.com", lookalike(&decomposed)),
        ("Rita@example.com", lookalike(&padded)),
        ("rita@example.com", lookalike(&padded)),
        ("jose@example.com", vec![]),
        ("josè@example.net", vec![]),
    ] {
        let list = UserList::from_records([UserRecord::new(email).name("N")]).unwrap();
        let plan = UserPlan::new(&tago, list.clone(), &options);
        let told = if plan.is_ok() { vec![] } else { problems(plan) };
        assert_eq!(told, expected, "{email}");
        let kept = UserPlan::new(&tago, list, &options.clone().delete_missing(false)).unwrap();
        assert_eq!(kept.counts().create, 1, "{email}: where nobody is deleted, it is another address");
    }
    for bad in [format!("{BEATRIZ}\u{200b}"), format!("\u{feff}{BEATRIZ}"), format!("{BEATRIZ}\u{ad}")] {
        let error = UserList::from_csv(format!("name,email\nBeatriz,x{bad}\n").as_bytes()).unwrap_err();
        let problem = "has a character that can't be seen, such as a zero-width space";
        assert_eq!(error.to_string(), format!("line 2, column `email`: {problem}"));
    }
    assert_eq!(sandbox.users().len(), 26);
}

#[test]
fn addresses_are_the_same_whatever_the_case_of_any_letter() {
    let (_, tago, _) = sandbox();
    tago.run().users().create(&NewUser::new("João", "joão@example.com", "UTC").generate_password(true)).unwrap();
    for delete_missing in [false, true] {
        let list = UserList::from_records([UserRecord::new("JOÃO@example.com").name("João")]).unwrap();
        let plan = UserPlan::new(&tago, list, &SyncOptions::new().delete_missing(delete_missing)).unwrap();
        let counts = plan.counts();
        assert_eq!((counts.unchanged, counts.create), (1, 0));
        assert_eq!(counts.delete, if delete_missing { 24 } else { 0 });
    }
    let error = UserList::from_records(["É@x.io", "é@x.io"].map(UserRecord::new)).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column `email`: is on line 1 already");
}

#[test]
fn a_user_who_goes_while_the_plan_is_made_is_one_who_is_not_there() {
    let (sandbox, tago, _) = sandbox();
    let gone = Fault::Answer {
        status: 404,
        content_type: "application/json".to_owned(),
        body: r#"{"status":false,"message":"User not found"}"#.to_owned(),
    };
    sandbox.inject(FaultRule::new(gone).on(Get, "/run/users/*")).unwrap();
    let file = format!(r#"{{"email": "{BEATRIZ}", "name": "B", "timezone": "UTC", "newsletter": true}}"#);
    let plan = plan(&tago, &file, &SyncOptions::new().generate_passwords(true));
    assert_eq!((plan.counts().create, plan.counts().update), (1, 0), "{:?}", told(&plan));
}

#[test]
fn a_full_plan_is_no_reason_to_look_for_a_user() {
    let (sandbox, tago, clock) = sandbox();
    let plan = plan(
        &tago,
        r#"{"email": "new@x.io", "name": "New", "timezone": "UTC", "generate_password": true}"#,
        &SyncOptions::new(),
    );
    let full = Fault::Answer {
        status: 400,
        content_type: "application/json".to_owned(),
        body: r#"{"status":false,"message":"You have exceeded the maximum limit of Run users"}"#.to_owned(),
    };
    sandbox.inject(FaultRule::new(full).on(Post, "/run/users")).unwrap();
    sandbox.clear_journal();
    let report = run(&tago, &plan, &clock);
    let Outcome::Failed(error) = &report.outcomes[0] else { panic!("{report:?}") };
    assert!(error.is_limit_reached(), "{error}");
    assert_eq!(requests(&sandbox), ["POST /run/users"]);
}

#[test]
fn what_somebody_else_changes_after_the_plan_stays() {
    let (sandbox, tago, clock) = sandbox();
    let id = user(&sandbox, BEATRIZ).id;
    let fields = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(field, value)| ((*field).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>()
    };
    let file = format!(
        r#"{{"email": "{BEATRIZ}", "tags": {{"site": "faro"}}, "options": {{"time_format": "12"}}, "custom_preferences": {{"a": "1"}}}}"#
    );
    let options = SyncOptions::new();
    let first = plan(&tago, &file, &options);
    let revoked = Tag::merge(&user(&sandbox, BEATRIZ).tags, &[Tag::new("access", "none")]);
    let shown: UserOptions = serde_json::from_value(json!({"date_format": "YYYY", "time_format": "24"})).unwrap();
    let edit = UserEdit::new().tags(revoked.clone()).options(shown).custom_preferences(fields(&[("b", "2")]));
    tago.run().users().edit(&id, &edit).unwrap();

    sandbox.inject(FaultRule::new(Fault::HangUp).on(Put, "/run/users/*").taking_effect()).unwrap();
    let report = run(&tago, &first, &clock);
    assert_eq!(done(&report, 0), ("updated", vec!["tags", "options", "custom_preferences"]));
    let now = user(&sandbox, BEATRIZ);
    assert_eq!(now.tags, Tag::merge(&revoked, &[Tag::new("site", "faro")]));
    let shown = now.options.unwrap();
    assert_eq!((shown.date_format.as_deref(), shown.time_format.as_deref()), (Some("YYYY"), Some("12")));
    assert_eq!(now.custom_preferences.as_deref(), Some(&fields(&[("b", "2"), ("a", "1")])));

    // Whoever did the same meanwhile leaves nothing to be done.
    let second = plan(&tago, &file.replace("faro", "porto"), &options);
    tago.run().users().edit(&id, &UserEdit::new().tags(Tag::merge(&revoked, &[Tag::new("site", "porto")]))).unwrap();
    sandbox.clear_journal();
    assert_eq!(done(&run(&tago, &second, &clock), 0), ("unchanged", vec![]));
    assert_eq!(requests(&sandbox), ["GET /run/users/{user}"]);

    // Each field of which the list gives a part is enough for a look.
    for part in [r#""tags": {"a": "1"}"#, r#""options": {"date_format": "DD"}"#, r#""custom_preferences": {"c": "3"}"#]
    {
        let of_a_part = plan(&tago, &format!(r#"{{"email": "{BEATRIZ}", {part}}}"#), &options);
        sandbox.clear_journal();
        assert_eq!(done(&run(&tago, &of_a_part, &clock), 0).0, "updated", "{part}");
        assert_eq!(requests(&sandbox), ["GET /run/users/{user}", "PUT /run/users/{user}"], "{part}");
    }

    // What replaces all there is needs no look.
    let third = plan(&tago, &file, &options.tags(TagPolicy::Replace));
    sandbox.clear_journal();
    assert_eq!(done(&run(&tago, &third, &clock), 0), ("updated", vec!["tags"]));
    assert_eq!(requests(&sandbox), ["PUT /run/users/{user}"]);
}

#[test]
fn a_custom_field_keeps_its_type() {
    let (sandbox, tago, clock) = sandbox();
    let id = user(&sandbox, BEATRIZ).id;
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let present = json!({"n": 7, "f": 1.0, "b": true, "t": "7", "big": 9_007_199_254_740_993_u64});
    tago.run().users().edit(&id, &UserEdit::new().custom_preferences(object(present.clone()))).unwrap();

    let columns = ["email", "custom:n", "custom:f", "custom:b", "custom:t", "custom:big"];
    let columns = columns.map(|name| name.parse::<UserColumn>().unwrap());
    let mut export = csv(Vec::new(), &columns);
    export.write(&tago.run().users().info(&id).unwrap()).unwrap();
    let file = String::from_utf8(export.finish().unwrap()).unwrap();
    let head = "email,custom:n,custom:f,custom:b,custom:t,custom:big\n";
    assert_eq!(file, format!("{head}{BEATRIZ},7,1.0,true,7,9007199254740993\n"));

    let changed = |change: serde_json::Value| {
        let mut all = present.clone();
        all.as_object_mut().unwrap().extend(object(change));
        Some(all)
    };
    for (row, expected) in [
        ("7,1.0,true,7,9007199254740993", None),
        ("7,1,TRUE,7,9007199254740993", None),
        ("8,2.5,false,8,", changed(json!({"n": 8, "f": 2.5, "b": false, "t": "8"}))),
        (",,,,9007199254740992", changed(json!({"big": 9_007_199_254_740_992_u64}))),
        ("many,,perhaps,,", changed(json!({"n": "many", "b": "perhaps"}))),
    ] {
        tago.run().users().edit(&id, &UserEdit::new().custom_preferences(object(present.clone()))).unwrap();
        let list = UserList::from_csv(format!("{head}{BEATRIZ},{row}\n").as_bytes()).unwrap();
        let plan = UserPlan::new(&tago, list, &SyncOptions::new()).unwrap();
        assert_eq!(plan.counts().unchanged == 1, expected.is_none(), "{row}: {:?}", told(&plan));
        assert!(run(&tago, &plan, &clock).is_complete());
        let now = serde_json::Value::Object(*user(&sandbox, BEATRIZ).custom_preferences.unwrap());
        assert_eq!(now, expected.unwrap_or(present.clone()), "{row}");
    }
    // JSON says what it means.
    let plan =
        plan(&tago, &format!(r#"{{"email": "{BEATRIZ}", "custom_preferences": {{"n": "7"}}}}"#), &SyncOptions::new());
    assert!(run(&tago, &plan, &clock).is_complete());
    assert_eq!(user(&sandbox, BEATRIZ).custom_preferences.unwrap()["n"], json!("7"));
}

#[test]
fn a_spreadsheet_sees_no_formula_where_that_is_asked_for() {
    let columns = ["name", "company", "phone", "tag:a"].map(|name| name.parse().unwrap());
    let user: UserInfo = serde_json::from_value(json!({
        "id": "1", "email": "j@x.io", "name": "=HYPERLINK(1)", "company": "@SUM", "phone": "+351",
        "tags": [{"key": "a", "value": "a=b"}],
    }))
    .unwrap();
    for (for_spreadsheet, row) in [(false, "=HYPERLINK(1),@SUM,+351,a=b"), (true, "'=HYPERLINK(1),'@SUM,'+351,a=b")] {
        let mut export = csv(Vec::new(), &columns).for_spreadsheet(for_spreadsheet);
        export.write(&user).unwrap();
        let file = String::from_utf8(export.finish().unwrap()).unwrap();
        assert_eq!(file, format!("name,company,phone,tag:a\n{row}\n"));
    }
}

#[test]
fn users_are_found_by_id_or_address_however_many_there_are() {
    let (builder, _) = builder();
    let sandbox = builder.users(200).build();
    let tago = sandbox.client().unwrap();
    let all = sandbox.users();
    for count in [1, 50, 51, 200] {
        let mut names: Vec<String> = all
            .iter()
            .take(count - 1)
            .enumerate()
            .map(|(at, user)| if at % 2 == 0 { user.id.to_string() } else { user.email.to_uppercase() })
            .collect();
        names.push(if count % 2 == 0 { "nobody@example.com".to_owned() } else { "66a0".to_owned() });
        sandbox.clear_journal();
        let ids: Vec<_> =
            users::find(&tago, &names).unwrap().into_iter().map(|user| user.map(|user| user.id)).collect();
        let mut expected: Vec<_> = all.iter().take(count - 1).map(|user| Some(user.id.clone())).collect();
        expected.push(None);
        assert_eq!(ids, expected, "{count}");
        assert_eq!(requests(&sandbox).len() < count, count > 50, "one by one, or in one pass: {count}");
    }
    let ids = [all[3].id.clone(), UserId::new("66a0"), all[1].id.clone()];
    let found = users::details(&tago, &ids).unwrap();
    assert_eq!(found, [Some(all[3].clone()), None, Some(all[1].clone())]);
}

/// A file that counts its lines.
struct Lines(Arc<AtomicUsize>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.fetch_add(bytes.split(|byte| *byte == b'\n').count() - 1, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_registers_while_users_are_gone_through_is_found_too() {
    let (builder, _) = builder();
    let sandbox = builder.empty().users(1_500).build();
    let transport = {
        let (sandbox, owner, lists) = (sandbox.clone(), sandbox.client().unwrap(), AtomicUsize::new(0));
        from_fn(move |request: &Request| {
            let answer = sandbox.send(request);
            if lists.fetch_add(1, Ordering::Relaxed) == 0 {
                // Before everybody in the order of names.
                let new = NewUser::new("!", "new@example.com", "UTC").generate_password(true);
                owner.run().users().create(&new).unwrap();
            }
            answer
        })
    };
    let tago = Client::builder().token(sandbox.token()).vars(|_| None).transport(transport).build().unwrap();
    let mut names: Vec<String> = sandbox.users().into_iter().take(60).map(|user| user.email).collect();
    names.push("new@example.com".to_owned());
    let found = users::find(&tago, &names).unwrap();
    assert_eq!(found.iter().filter(|user| user.is_none()).count(), 0);
}

#[test]
fn who_goes_while_users_are_gone_through_hides_nobody() {
    let (builder, _) = builder();
    let sandbox = builder.empty().users(1_500).build();
    let by_age = || {
        let mut users = sandbox.users();
        users.sort_by_key(|user| user.created_at.as_ref().and_then(Timestamp::utc));
        users
    };
    let everybody = by_age();
    let leaving = || {
        let (behind, owner, lists) = (sandbox.clone(), sandbox.client().unwrap(), AtomicUsize::new(0));
        let leaver = by_age()[0].id.clone();
        let transport = from_fn(move |request: &Request| {
            // Whoever is on the first page goes before the second one is read.
            if lists.fetch_add(1, Ordering::Relaxed) == 1 {
                owner.run().users().delete(&leaver).unwrap();
            }
            behind.send(request)
        });
        Client::builder().token(sandbox.token()).vars(|_| None).transport(transport).build().unwrap()
    };
    // The first one of the second page.
    let mut names: Vec<String> = everybody[1..61].iter().map(|user| user.email.clone()).collect();
    names.push(everybody[1_000].email.clone());
    let found = users::find(&leaving(), &names).unwrap();
    assert_eq!(found.iter().filter(|user| user.is_none()).count(), 0);

    let one = list(&format!(r#"{{"email": "{}"}}"#, everybody[100].email));
    let plan = UserPlan::new(&leaving(), one, &SyncOptions::new().delete_missing(true)).unwrap();
    assert_eq!((plan.counts().delete, plan.counts().create), (1_498, 0), "one is in the list, one had gone before");
}

#[test]
fn a_user_is_missing_only_when_tagoio_says_so() {
    let (sandbox, tago, _) = sandbox();
    let beatriz = user(&sandbox, BEATRIZ).id;
    let record = || UserList::from_records([UserRecord::new(BEATRIZ).newsletter(true)]).unwrap();
    // (answer, whether it says so)
    for (status, body, says_so) in [
        (404, r#"{"status":false,"message":"User Not Found"}"#, true),
        (404, "<html>Not Found</html>", false),
        (404, "", false),
        (503, "", false),
        (400, r#"{"status":false,"message":"Invalid ID"}"#, false),
    ] {
        let answer = Fault::Answer { status, content_type: "application/json".to_owned(), body: body.to_owned() };
        let rule = FaultRule::new(answer).on(Get, "/run/users/*");
        sandbox.inject(rule.clone().times(2)).unwrap();
        assert_eq!(users::find(&tago, &[beatriz.as_str()]).is_ok(), says_so, "{status} {body}");
        assert_eq!(users::details(&tago, std::slice::from_ref(&beatriz)).is_ok(), says_so, "{status} {body}");
        sandbox.inject(rule).unwrap();
        let plan = UserPlan::new(&tago, record(), &SyncOptions::new());
        assert_eq!(matches!(plan, Err(PlanError::List(_))), says_so, "{status} {body}: {plan:?}");
        assert_eq!(matches!(plan, Err(PlanError::Call(_))), !says_so, "{status} {body}: {plan:?}");
    }
}

#[test]
fn an_export_holds_no_more_than_a_page_however_many_users_there_are() {
    const PAGE: usize = 1000;
    const PAGES: usize = 20;
    /// What the file's buffer holds.
    const BUFFERED: usize = 200;

    let starts = [UserExport::csv as fn(Lines, &[UserColumn]) -> _, UserExport::tsv, UserExport::json_lines];
    for (start, header) in starts.into_iter().zip([1, 1, 0]) {
        let (written, fetched, ahead) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let transport = {
            let (written, fetched, ahead) = (Arc::clone(&written), Arc::clone(&fetched), Arc::clone(&ahead));
            from_fn(move |_| {
                let before = fetched.load(Ordering::Relaxed);
                ahead.fetch_max(before.saturating_sub(written.load(Ordering::Relaxed)), Ordering::Relaxed);
                let users = before..(before + PAGE).min(PAGES * PAGE);
                fetched.fetch_add(users.len(), Ordering::Relaxed);
                let user =
                    |at| json!({"id": format!("{at}"), "email": format!("user.{at}@example.com"), "name": "User"});
                let page: Vec<_> = users.map(user).collect();
                Ok(Response::new(200).with_body(json!({"status": true, "result": page}).to_string()))
            })
        };
        let tago = Client::builder().token("p-demo").vars(|_| None).transport(transport).build().unwrap();
        let mut export = start(Lines(Arc::clone(&written)), UserColumn::EXPORT).unwrap();
        for user in tago.run().users().iter(&UserQuery::new()) {
            export.write(&user.unwrap()).unwrap();
        }
        export.finish().unwrap();
        assert_eq!(fetched.load(Ordering::Relaxed), PAGES * PAGE);
        assert_eq!(written.load(Ordering::Relaxed), header + PAGES * PAGE, "a line for each");
        let ahead = ahead.load(Ordering::Relaxed);
        assert!(ahead <= BUFFERED, "{ahead} users weren't written when the next page was fetched");
    }
}

#[test]
fn nobody_is_deleted_while_others_are_missing() {
    for (refusals, words) in [(0, ["created", "created", "deleted"]), (1, ["failed", "created", "not tried"])] {
        let (sandbox, tago, clock) = sandbox();
        let no = Fault::Answer {
            status: 400,
            content_type: "application/json".to_owned(),
            body: r#"{"status":false,"message":"No such luck"}"#.to_owned(),
        };
        if refusals > 0 {
            sandbox.inject(FaultRule::new(no).on(Post, "/run/users").times(refusals)).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let header = JournalHeader::new("sync", &tago);
        let journal = Journal::create(folder.path().join("journal"), &header).unwrap();
        let list = UserList::from_records(["a@x.io", "b@x.io"].map(|email| UserRecord::new(email).name("N"))).unwrap();
        let options = SyncOptions::new().delete_missing(true).default_timezone("UTC").generate_passwords(true);
        let plan = UserPlan::new(&tago, list, &options).unwrap();
        let report = Bulk::new(&tago).jobs(1).clock(clock.clone()).journal(&journal).run(plan.tasks());
        let word = |outcome: &Outcome| match outcome {
            Outcome::Done(done) => done.action.as_str().to_owned(),
            Outcome::Failed(_) => "failed".to_owned(),
            Outcome::NotTried => "not tried".to_owned(),
            other => panic!("{other:?}"),
        };
        let told: Vec<String> = report.outcomes.iter().take(3).map(word).collect();
        assert_eq!(told, words);
        assert_eq!(matches!(report.halt, Some(Halt::OthersUndone)), refusals > 0, "{:?}", report.halt);
        assert_eq!(report.is_complete(), refusals == 0);
        assert_eq!(sandbox.users().len(), if refusals == 0 { 2 } else { 25 });

        // Who goes on when the trouble is over is rid of the others, too.
        drop(journal);
        let journal = Journal::resume(folder.path().join("journal"), &header).unwrap();
        let report = Bulk::new(&tago).clock(clock).journal(&journal).run(plan.tasks());
        assert!(report.is_complete(), "{:?}", report.halt);
        assert_eq!(sandbox.users().len(), 2);
    }
}

#[test]
fn beyond_the_plans_limit_nobody_is_created_and_the_rest_is_done() {
    let (builder, clock) = builder();
    let sandbox = builder.empty().plan(Plan::Free).build();
    let tago = sandbox.client().unwrap();
    let ann = NewUser::new("Ann", "ann@example.com", "UTC").generate_password(true);
    tago.run().users().create(&ann).unwrap();
    let new = |name: &str| format!(r#"{{"email": "{name}@example.com", "name": "{name}", "generate_password": true}}"#);
    let lines = [new("b"), new("c"), new("d"), r#"{"email": "ann@example.com", "phone": "1"}"#.to_owned(), new("e")];
    let plan = plan(&tago, &lines.join("\n"), &SyncOptions::new().default_timezone("UTC"));

    let report = Bulk::new(&tago).jobs(1).clock(clock).run(plan.tasks());
    let words = report.outcomes.iter().map(|outcome| match outcome {
        Outcome::Done(done) => done.action.as_str(),
        Outcome::Failed(error) if error.is_limit_reached() => "refused",
        Outcome::NotTried => "not tried",
        other => panic!("{other:?}"),
    });
    assert_eq!(words.collect::<Vec<_>>(), ["created", "refused", "not tried", "updated", "not tried"]);
    assert!(matches!(report.halt, Some(Halt::LimitReached(Service::RunUsers))));
    assert_eq!((sandbox.users().len(), report.progress.not_tried), (2, 2));
}

/// New users and changes of those that there are, in such an order.
fn mixed(sandbox: &Sandbox, order: &str) -> UserList {
    let mut present = sandbox.users().into_iter();
    let record = |(at, letter)| match letter {
        'c' => UserRecord::new(format!("new.{at}@example.com")).name("New"),
        _ => UserRecord::new(present.next().unwrap().email).phone("+351 1"),
    };
    UserList::from_records(order.chars().enumerate().map(record)).unwrap()
}

#[test]
fn creations_and_changes_fill_the_windows_of_both_routes_at_once() {
    let creations_first = "c".repeat(25) + &"u".repeat(25);
    for order in [creations_first.clone(), creations_first.chars().rev().collect(), "cu".repeat(25)] {
        for jobs in [1, 4] {
            let (builder, clock) = builder();
            let sandbox = builder.empty().users(50).build();
            let tago = sandbox.client().unwrap();
            for user in sandbox.users().iter().skip(25) {
                tago.run().users().delete(&user.id).unwrap();
            }
            let options = SyncOptions::new().default_timezone("UTC").generate_passwords(true);
            let plan = UserPlan::new(&tago, mixed(&sandbox, &order), &options).unwrap();
            assert_eq!((plan.counts().create, plan.counts().update), (25, 25));
            sandbox.clear_journal();

            let start = clock.now();
            let report = Bulk::new(&tago).jobs(jobs).per_minute(10).clock(clock.clone()).run(plan.tasks());
            assert!(report.is_complete(), "{report:?}");
            // Ten of each in the first minute and in the second, the rest in the third.
            assert_eq!(clock.now(), start + Duration::from_secs(2 * 60), "{order}, {jobs} jobs");
            let mut told: Vec<_> = plan.tasks().iter().map(|task| task.route().unwrap().to_string()).collect();
            let mut sent = requests(&sandbox);
            told.sort_unstable();
            sent.sort_unstable();
            assert_eq!(sent, told, "each calls the route that it says, once");
        }
    }
}

#[cfg(feature = "csv")]
#[test]
fn values_between_tabs_are_read_back() {
    let (_, tago, _) = sandbox();
    for (columns, first_line) in [
        (&["email"][..], "email"),
        (&["name", "email", "tags"], "name\temail\ttags"),
        (&["email", "tag:a,b", "tag:c;d"], "\"email\"\t\"tag:a,b\"\t\"tag:c;d\""),
    ] {
        let columns: Vec<UserColumn> = columns.iter().map(|name| name.parse().unwrap()).collect();
        let mut export = UserExport::tsv(Vec::new(), &columns).unwrap();
        for user in tago.run().users().iter(&UserQuery::new()) {
            export.write(&user.unwrap()).unwrap();
        }
        let file = export.finish().unwrap();
        assert!(file.starts_with(format!("{first_line}\n").as_bytes()), "{}", String::from_utf8_lossy(&file));
        let read = UserList::from_csv(&file[..]).unwrap();
        assert_eq!(read.len(), 24, "{columns:?}");
    }
}
