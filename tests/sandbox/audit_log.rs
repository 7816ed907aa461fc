use tagoio::profile::{AuditLog, AuditLogFilter, AuditLogStatus, AuditedResource, NewProfile, ProfileEdit};
use tagoio::run::{NewNotification, NewUser, RunSettings, UserEdit, UserInvite};
use tagoio::sandbox::{Plan, Sandbox};
use tagoio::token::{NewToken, Permission};
use tagoio::transport::Method::Get;
use tagoio::{Client, ProfileId};

use super::{builder, clock, days, password, sandbox, sentence, tell};

fn at_once() -> (Sandbox, Client) {
    let sandbox = builder().audit_log_polls(0).build();
    let client = sandbox.client().unwrap();
    (sandbox, client)
}

fn ask(tago: &Client, filter: &AuditLogFilter) -> AuditLog {
    tago.profile().audit_log(ProfileId::CURRENT, filter).unwrap()
}

#[test]
fn every_change_is_recorded_with_what_who_and_when() {
    let (sandbox, tago) = at_once();
    let me = tago.profile().info(ProfileId::CURRENT).unwrap().info.account.unwrap();
    let mut seen = ask(&tago, &AuditLogFilter::new().limit(1000)).events.unwrap().len();
    let mut expect = |resource: AuditedResource, id: &str, message: &str| {
        let events = ask(&tago, &AuditLogFilter::new().limit(1000)).events.unwrap();
        assert_eq!(events.len(), seen + 1, "{message}");
        seen += 1;
        let event = &events[0];
        assert_eq!(event.message, message);
        assert_eq!(event.resource_name.as_ref(), Some(&resource), "{message}");
        assert_eq!(event.resource_id.as_ref().unwrap(), id, "{message}");
        assert_eq!(event.who, me.as_str(), "{message}");
        assert_eq!(event.date.to_string(), "2026-03-15T10:20:30.000Z", "{message}");
    };
    let (run, user, home) = (tago.run(), AuditedResource::RunUser, sandbox.profile_id());
    let jane = run.users().create(&NewUser::new("Jane", "jane@example.com", "UTC").generate_password(true)).unwrap();
    expect(user.clone(), jane.as_str(), "Run User Jane created");
    run.users().edit(&jane, &UserEdit::new().name("Janet")).unwrap();
    expect(user.clone(), jane.as_str(), "Run User Janet edited");
    run.users().login_as(&jane, None).unwrap();
    expect(user.clone(), jane.as_str(), "Run User Janet logged in by an administrator");
    run.users().resend_invite(&jane, &UserInvite::new()).unwrap();
    expect(user.clone(), jane.as_str(), "Run User Janet invited");
    let sent = run.notifications().create(&jane, &NewNotification::new().title("Hello").message("m")).unwrap();
    expect(user.clone(), jane.as_str(), "Notification Hello sent");
    run.notifications().delete(&sent).unwrap();
    expect(user.clone(), sent.as_str(), "Notification Hello deleted");
    run.users().delete(&jane).unwrap();
    expect(user, jane.as_str(), "Run User Janet deleted");
    run.edit(&RunSettings::new().name("Portal")).unwrap();
    expect(AuditedResource::Run, home.as_str(), "TagoRUN settings edited");
    let new = NewToken::new("ci", Permission::Read).sign_in(Sandbox::EMAIL, password());
    let token = tago.token().create(ProfileId::CURRENT, &new).unwrap().token;
    expect(AuditedResource::Profile, home.as_str(), "Token ci created");
    tago.token().delete(ProfileId::CURRENT, &token).unwrap();
    expect(AuditedResource::Profile, home.as_str(), "Token ci deleted");
    let made = tago.profile().create(&NewProfile::new("New")).unwrap();
    expect(AuditedResource::Profile, made.as_str(), "Profile New created");
    tago.profile().edit(ProfileId::CURRENT, &ProfileEdit::new().name("Arbor")).unwrap();
    expect(AuditedResource::Profile, home.as_str(), "Profile Arbor edited");
    tago.team().add(ProfileId::CURRENT, "x@example.com").unwrap();
    expect(AuditedResource::Profile, home.as_str(), "Team member x@example.com invited");
}

#[test]
fn what_was_refused_is_not_recorded() {
    let (_, tago) = at_once();
    let before = ask(&tago, &AuditLogFilter::new());
    assert!(tago.run().users().create(&NewUser::new("J", "j", "UTC")).is_err());
    assert!(tago.run().users().delete("nobody").is_err());
    assert_eq!(ask(&tago, &AuditLogFilter::new()).events, before.events);
}

#[test]
fn a_query_runs_before_it_is_complete() {
    for polls in [0, 1, 3] {
        let sandbox = builder().audit_log_polls(polls).build();
        let tago = sandbox.client().unwrap();
        let mut log = ask(&tago, &AuditLogFilter::new());
        let query = log.query_id.clone().unwrap();
        for _ in 0..polls {
            assert_eq!((log.status.as_ref(), log.events.as_ref()), (Some(&AuditLogStatus::Running), None));
            log = tago.profile().audit_log_query(ProfileId::CURRENT, &query).unwrap();
        }
        assert_eq!(log.status, Some(AuditLogStatus::Complete));
        assert!(!log.events.as_ref().unwrap().is_empty());
        assert_eq!(log, tago.profile().audit_log_query(ProfileId::CURRENT, &query).unwrap(), "and stays complete");
    }
}

#[test]
fn a_query_is_known_to_its_own_profile_only() {
    let (_, tago) = sandbox();
    let query = ask(&tago, &AuditLogFilter::new()).query_id.unwrap();
    let staging = tago.profile().list().unwrap()[1].id.clone();
    assert!(tago.profile().audit_log_query(&staging, &query).unwrap_err().is_not_found());
    assert!(tago.profile().audit_log_query(ProfileId::CURRENT, &query).is_ok());
}

#[test]
fn events_are_filtered() {
    let (sandbox, tago) = at_once();
    let filter = AuditLogFilter::new;
    let user = &sandbox.users()[23].id;
    for (filter, messages) in [
        (filter().resource_id(user.as_str()), vec!["Run User Wanjiru Kamau created"]),
        (filter().resource_name(AuditedResource::Action), vec!["Action Too warm edited"]),
        (filter().find("too WARM"), vec!["Action Too warm edited"]),
        (filter().find("Run User*created"), vec!["Run User Wanjiru Kamau created", "Run User Thiago Ribeiro created"]),
        (filter().find("created*Run User"), vec![]),
        (filter().find("Run User*").limit(1), vec!["Run User Wanjiru Kamau created"]),
        (filter().resource_name(AuditedResource::Network), vec![]),
        (
            filter().resource_name(AuditedResource::Network).between("2026-02-26", "2026-03-04"),
            vec!["Network LoRa edited"],
        ),
    ] {
        let log = ask(&tago, &filter);
        let found: Vec<_> = log.events.as_ref().unwrap().iter().map(|event| event.message.as_str()).collect();
        assert_eq!(found, messages, "{filter:?}");
        let statistics = log.statistics.unwrap();
        let matched = u32::try_from(messages.len()).unwrap();
        assert!(statistics.records_matched.unwrap() >= f64::from(matched));
        assert!(statistics.records_scanned >= statistics.records_matched);
    }
}

#[test]
fn a_query_spans_seven_days_at_the_most() {
    let (sandbox, _) = sandbox();
    for (query, message) in [
        ("start_date=2026-03-01&end_date=2026-03-07", None),
        ("start_date=2026-03-01&end_date=2026-03-08", Some("The date range can not be longer than 7 days")),
        ("start_date=2026-03-08&end_date=2026-03-01", Some("The start date can not be after the end date")),
        ("start_date=2026-03-02&end_date=2026-03-01", Some("The start date can not be after the end date")),
        ("start_date=2026-03-01&end_date=2026-03-01", None),
        ("start_date=2026-03-01T00%3A00%3A00.000Z&end_date=2026-03-08T00%3A00%3A00.000Z", None),
        (
            "start_date=2026-03-01T00%3A00%3A00.000Z&end_date=2026-03-08T00%3A00%3A00.001Z",
            Some("The date range can not be longer than 7 days"),
        ),
        ("start_date=2026-03-01", None),
        ("end_date=2026-03-01", None),
        ("start_date=soon", Some("Invalid start_date (date)")),
        ("limit=0", Some("Invalid limit (number)")),
        ("limit=10001", Some("Invalid limit (number)")),
        ("resourceName=sauna", Some("Invalid enum value")),
    ] {
        let (status, answer) = tell(&sandbox, Get, &format!("/profile/current/auditlog?{query}"), "");
        match message {
            None => assert_eq!(status, 200, "{query} {answer}"),
            Some(message) => assert_eq!((status, sentence(&answer)), (400, message), "{query}"),
        }
    }
}

#[test]
fn a_day_that_a_range_ends_on_is_in_it() {
    let (_, tago) = at_once();
    tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
    for (start, end, found) in
        [("2026-03-15", "2026-03-15", true), ("2026-03-09", "2026-03-15", true), ("2026-03-08", "2026-03-14", false)]
    {
        let log = ask(&tago, &AuditLogFilter::new().between(start, end).resource_name(AuditedResource::Run));
        let recent = log.events.unwrap().iter().any(|event| event.date.to_string().starts_with("2026-03-15"));
        assert_eq!(recent, found, "{start} {end}");
    }
}

#[test]
fn events_are_kept_for_six_months() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).audit_log_polls(0).build();
    let tago = sandbox.client().unwrap();
    tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
    let there = || {
        let day = AuditLogFilter::new().between("2026-03-15", "2026-03-15").find("settings");
        ask(&tago, &day).events.unwrap().len()
    };
    assert_eq!(there(), 1);
    clock.advance(days(184));
    assert_eq!(there(), 1, "the 15th of September");
    clock.advance(days(1));
    assert_eq!(there(), 0);
}

#[test]
fn the_free_plan_has_no_filters() {
    let sandbox = builder().plan(Plan::Free).build();
    let tago = sandbox.client().unwrap();
    assert!(tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new()).is_ok());
    let error = tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new().find("x")).unwrap_err();
    assert!(error.is_permission_denied());
}

#[test]
fn a_query_answers_what_was_done_before_it_was_asked() {
    let (_, tago) = sandbox();
    let query = ask(&tago, &AuditLogFilter::new()).query_id.unwrap();
    tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
    let poll = || tago.profile().audit_log_query(ProfileId::CURRENT, &query).unwrap();
    let answer = poll();
    assert_ne!(answer.events.as_ref().unwrap()[0].date.to_string(), "2026-03-15T10:20:30.000Z");
    tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
    assert_eq!(poll(), answer, "and stays as it is");
}

#[test]
fn the_last_hundred_queries_are_known() {
    let (_, tago) = sandbox();
    let begin = || ask(&tago, &AuditLogFilter::new()).query_id.unwrap();
    let queries: Vec<_> = (0..100).map(|_| begin()).collect();
    let poll = |at: usize| tago.profile().audit_log_query(ProfileId::CURRENT, &queries[at]);
    assert!(poll(0).is_ok(), "a hundred are known");
    begin();
    assert!(poll(0).unwrap_err().is_not_found(), "one more makes the oldest unknown");
    assert!(poll(1).is_ok() && poll(99).is_ok());
}

#[test]
fn a_query_gives_a_hundred_events_when_nothing_is_said() {
    let (_, tago) = at_once();
    for _ in 0..101 {
        tago.run().edit(&RunSettings::new().name("Portal")).unwrap();
    }
    let log = ask(&tago, &AuditLogFilter::new());
    assert_eq!(log.events.unwrap().len(), 100);
    assert!(log.statistics.unwrap().records_matched.unwrap() > 100.0);
    assert_eq!(ask(&tago, &AuditLogFilter::new().limit(101)).events.unwrap().len(), 101);
}
