use std::time::Duration;

use chrono::{Datelike as _, Timelike as _};
use tagoio::ProfileId;
use tagoio::profile::{NewProfile, Periodicity, StatisticsDate, UsageStatistic};
use tagoio::run::NewUser;
use tagoio::transport::Method::Get;

use super::{builder, clock, hours, sandbox, sentence, tell};

fn times(points: &[UsageStatistic]) -> Vec<String> {
    points.iter().map(|point| point.time.to_string()).collect()
}

#[test]
fn a_day_has_a_point_an_hour() {
    let (_, tago) = sandbox();
    let yesterday = tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::day("2026-03-14")).unwrap();
    assert_eq!(yesterday.len(), 24);
    for (hour, point) in yesterday.iter().enumerate() {
        assert!(point.time.to_string().starts_with(&format!("2026-03-14T{hour:02}:01:36.")), "{}", point.time);
    }
    let today = tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new()).unwrap();
    assert_eq!(today.len(), 11, "up to 10:01:36; the future has no points");
}

#[test]
fn counters_grow_and_begin_again_each_month_and_levels_stay() {
    let (_, tago) = sandbox();
    let range = StatisticsDate::range("2026-01-15", "2026-03-14", Periodicity::Hour);
    let points = tago.profile().usage_statistics(ProfileId::CURRENT, &range).unwrap();
    assert_eq!(points.len(), 24 * 59);
    let mut resets = 0;
    for pair in points.windows(2) {
        let [before, after] = pair else { unreachable!() };
        let at = after.time.utc().unwrap();
        if at.day() == 1 && at.hour() == 0 {
            resets += 1;
            assert!(after.input < before.input, "{at}");
            assert_eq!(after.sms, None, "what was not used is absent");
        } else {
            for (earlier, later) in [
                (before.input, after.input),
                (before.output, after.output),
                (before.analysis, after.analysis),
                (before.email.or(Some(0.0)), after.email.or(Some(0.0))),
            ] {
                assert!(later >= earlier, "{at}");
            }
        }
        assert!(after.data_records >= before.data_records && after.file_storage >= before.file_storage, "{at}");
        assert!(after.run_users >= before.run_users, "{at}");
    }
    assert_eq!(resets, 2);
    let first = points.iter().find(|point| point.time.to_string().starts_with("2026-02-01T00")).unwrap();
    assert_ne!(first.email, Some(0.0), "never 0, but absent");
}

#[test]
fn days_and_months_have_their_last_hours_point() {
    let (_, tago) = sandbox();
    let ask = |start: &str, end: &str, periodicity| {
        let range = StatisticsDate::range(start, end, periodicity);
        tago.profile().usage_statistics(ProfileId::CURRENT, &range).unwrap()
    };
    let hourly = ask("2026-02-27", "2026-03-02", Periodicity::Hour);
    let daily = ask("2026-02-27", "2026-03-02", Periodicity::Day);
    assert_eq!(daily, [23, 47, 71, 95].map(|at| hourly[at].clone()));
    let monthly = ask("2026-01-01", "2026-12-31", Periodicity::Month);
    let months: Vec<_> = times(&monthly).iter().map(|time| time[..13].to_owned()).collect();
    assert_eq!(months, ["2026-01-31T23", "2026-02-28T23", "2026-03-15T10"]);
    assert_eq!(monthly[1], daily[1]);
}

#[test]
fn the_past_does_not_change() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let ask = || tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::day("2026-03-14")).unwrap();
    let before = ask();
    clock.advance(hours(24 * 40));
    assert_eq!(ask(), before);
    assert_eq!(
        builder()
            .build()
            .client()
            .unwrap()
            .profile()
            .usage_statistics("current", &StatisticsDate::day("2026-03-14"))
            .unwrap(),
        before
    );
}

#[test]
fn a_profile_has_no_points_before_it_was_made_nor_of_what_it_does_not_use() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let long_ago = StatisticsDate::range("2020-01-01", "2020-12-31", Periodicity::Month);
    assert!(tago.profile().usage_statistics(ProfileId::CURRENT, &long_ago).unwrap().is_empty());
    let new = tago.profile().create(&NewProfile::new("New")).unwrap();
    clock.advance(hours(48));
    let range = StatisticsDate::range("2026-03-01", "2026-03-17", Periodicity::Hour);
    assert!(tago.profile().usage_statistics(&new, &range).unwrap().is_empty());
}

#[test]
fn a_summary_agrees_with_the_newest_point() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    for _ in 0..40 {
        let newest = tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new()).unwrap().pop();
        let used = tago.profile().summary(ProfileId::CURRENT).unwrap().limit_used;
        let newest = newest.unwrap();
        assert_eq!(
            (used.input, used.analysis, used.file_storage),
            (newest.input, newest.analysis, newest.file_storage)
        );
        clock.advance(Duration::from_secs(3571));
    }
}

#[test]
fn a_range_is_checked() {
    let (sandbox, _) = sandbox();
    for (query, message) in [
        ("date=yesterday", "Invalid date (date)"),
        ("start_date=x&end_date=2026-01-01", "Invalid start_date (date)"),
        ("end_date=2026-01-01", "Invalid start_date (required)"),
        ("start_date=2026-02-01&end_date=2026-01-01", "Invalid date range"),
        ("start_date=2026-01-01&end_date=2026-01-02&periodicity=fortnight", "Invalid enum value"),
        ("timezone=half%20past", "Invalid timezone (timezone)"),
    ] {
        let (status, answer) = tell(&sandbox, Get, &format!("/profile/current/statistics?{query}"), "");
        assert_eq!((status, sentence(&answer)), (400, message), "{query}");
    }
    let javascript = "date=Sat%20Mar%2014%202026%2010%3A00%3A00%20GMT%2B0000%20(Coordinated%20Universal%20Time)&timezone=Europe%2FLisbon";
    let (status, answer) = tell(&sandbox, Get, &format!("/profile/current/statistics?{javascript}"), "");
    assert_eq!((status, answer["result"].as_array().unwrap().len()), (200, 24));
}

#[test]
fn users_who_are_deleted_were_there_before() {
    let clock = clock();
    let sandbox = builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let level = |hour: &str| {
        let day = StatisticsDate::day(&hour[..10]);
        let points = tago.profile().usage_statistics(ProfileId::CURRENT, &day).unwrap();
        let point = points.iter().find(|point| point.time.to_string().starts_with(hour)).unwrap();
        point.run_users
    };
    assert_eq!(level("2026-03-14T23"), Some(24.0));
    let brief = NewUser::new("Jane", "jane@example.com", "UTC").generate_password(true);
    clock.advance(hours(1));
    let brief = tago.run().users().create(&brief).unwrap();
    clock.advance(Duration::from_secs(60));
    tago.run().users().delete(&brief).unwrap();
    for user in &sandbox.users()[..3] {
        tago.run().users().delete(&user.id).unwrap();
    }
    clock.advance(hours(24));
    for (hour, users) in [
        ("2026-03-14T23", 24.0),
        ("2026-03-15T10", 24.0),
        ("2026-03-15T11", 21.0),
        ("2026-03-15T12", 21.0),
        ("2026-03-16T11", 21.0),
    ] {
        assert_eq!(level(hour), Some(users), "{hour}");
    }
    assert_eq!(tago.profile().summary(ProfileId::CURRENT).unwrap().limit_used.run_users, Some(21.0));
}
