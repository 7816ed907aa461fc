//! What was used in each period, and how much of the allocation that is.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tagoio::Client;
use tagoio::profile::{
    PeriodUsage, Periodicity, ProfileSummary, Service, StatisticsDate, UsageAlert, UsageStatistic, per_period,
};
use tagoio::transport::{Response, from_fn};

fn points(points: Value) -> Vec<UsageStatistic> {
    serde_json::from_value(points).unwrap()
}

/// Points at these moments (of 2024) with this much input.
fn inputs<const N: usize>(values: [(&str, Option<f64>); N]) -> Vec<UsageStatistic> {
    let point = |(time, input): (&str, Option<f64>)| json!({"time": format!("2024-{time}:01:36.124Z"), "input": input});
    points(values.map(point).into_iter().collect())
}

fn amounts(periods: &[PeriodUsage]) -> Vec<Option<f64>> {
    periods.iter().map(|period| period.input).collect()
}

#[test]
fn a_counter_gives_its_differences_and_the_first_is_unknown() {
    for (what, values, expected) in [
        (
            "an hour after another",
            [("03-05T01", Some(10.0)), ("03-05T02", Some(10.0)), ("03-05T03", Some(13.5)), ("03-05T04", Some(20.0))],
            [None, Some(0.0), Some(3.5), Some(6.5)],
        ),
        (
            "what isn't there wasn't used",
            [("03-05T01", None), ("03-05T02", Some(4.0)), ("03-05T03", None), ("03-05T04", Some(6.0))],
            [None, Some(4.0), Some(0.0), Some(2.0)],
        ),
        (
            "hours without a point",
            [("03-05T01", Some(10.0)), ("03-05T02", Some(11.0)), ("03-05T09", Some(40.0)), ("03-09T04", Some(60.0))],
            [None, Some(1.0), Some(29.0), Some(20.0)],
        ),
        (
            "any order",
            [("03-05T03", Some(13.0)), ("03-05T01", Some(10.0)), ("03-05T04", Some(20.0)), ("03-05T02", Some(11.0))],
            [None, Some(1.0), Some(2.0), Some(7.0)],
        ),
        (
            "a drop at any time",
            [("03-14T01", Some(10.0)), ("03-14T02", Some(11.0)), ("03-14T03", Some(4.0)), ("03-14T04", Some(5.0))],
            [None, Some(1.0), Some(4.0), Some(1.0)],
        ),
        (
            "digits that binary fractions don't have",
            [("03-05T01", Some(2.1)), ("03-05T02", Some(2.17)), ("03-05T03", Some(2.2)), ("03-05T04", Some(1e12))],
            [None, Some(0.07), Some(0.03), Some(1e12 - 2.2)],
        ),
    ] {
        assert_eq!(amounts(&per_period(&inputs(values))), expected, "{what}");
    }
}

#[test]
fn a_month_begins_at_nothing_in_any_time_zone() {
    for (what, values, expected) in [
        (
            "a drop at the end of the month",
            [("01-31T22", Some(90.0)), ("01-31T23", Some(100.0)), ("02-01T00", Some(7.0)), ("02-01T01", Some(9.0))],
            [None, Some(10.0), Some(7.0), Some(2.0)],
        ),
        (
            "a first hour of more than a month",
            [("01-31T22", Some(1.0)), ("01-31T23", Some(3.0)), ("02-01T00", Some(7.0)), ("02-01T01", Some(9.0))],
            [None, Some(2.0), Some(7.0), Some(2.0)],
        ),
        (
            "a month of more than the one before",
            [
                ("01-31T23", Some(100.0)),
                ("02-29T23", Some(300.0)),
                ("03-31T23", Some(200.0)),
                ("05-31T23", Some(900.0)),
            ],
            [None, Some(300.0), Some(200.0), Some(900.0)],
        ),
        (
            "the same after a drop at the end of the month before",
            [
                ("01-30T23", Some(400.0)),
                ("01-31T23", Some(410.0)),
                ("02-29T23", Some(300.0)),
                ("03-31T23", Some(310.0)),
            ],
            [None, Some(10.0), Some(300.0), Some(310.0)],
        ),
        (
            "a month that ends in the west, later than in UTC",
            [("01-31T23", Some(90.0)), ("02-01T00", Some(91.0)), ("02-01T05", Some(6.0)), ("02-01T06", Some(8.0))],
            [None, Some(1.0), Some(6.0), Some(2.0)],
        ),
        (
            "a month that ends in the east, earlier than in UTC",
            [("01-31T14", Some(90.0)), ("01-31T15", Some(5.0)), ("01-31T23", Some(40.0)), ("02-01T00", Some(44.0))],
            [None, Some(5.0), Some(35.0), Some(4.0)],
        ),
        (
            "two months that end, the second one later than in UTC",
            [("01-31T23", Some(100.0)), ("03-01T00", Some(300.0)), ("03-01T05", Some(6.0)), ("03-01T06", Some(8.0))],
            [None, Some(300.0), Some(6.0), Some(2.0)],
        ),
        (
            "a month in which nothing was used yet",
            [("01-31T22", Some(90.0)), ("01-31T23", Some(95.0)), ("02-01T00", None), ("02-02T01", Some(99.0))],
            [None, Some(5.0), Some(0.0), Some(99.0)],
        ),
    ] {
        assert_eq!(amounts(&per_period(&inputs(values))), expected, "{what}");
    }
}

#[test]
fn counters_begin_again_together() {
    // More e-mails in the first hour of February than in January; the input tells that it is February.
    let points = points(json!([
        {"time": "2024-02-01T04:01:36Z", "input": 100, "email": 1},
        {"time": "2024-02-01T05:01:36Z", "input": 3, "email": 4},
    ]));
    let last = per_period(&points).pop().unwrap();
    assert_eq!((last.input, last.email), (Some(3.0), Some(4.0)));
}

#[test]
fn levels_stay_levels() {
    let points = points(json!([
        {"time": "2024-01-31T23:01:36Z", "data_records": 10, "file_storage": 4.5, "run_users": 3, "tcore": 1},
        {"time": "2024-02-01T00:01:36Z", "data_records": 8, "run_users": 3, "tcore": 1},
    ]));
    let periods = per_period(&points);
    for (point, period) in points.iter().zip(&periods) {
        for service in Service::KNOWN.iter().filter(|service| !service.is_counted()) {
            assert_eq!(period.get(service), point.get(service), "{service}");
        }
    }
    let since = periods.iter().map(|period| period.since.clone()).collect::<Vec<_>>();
    assert_eq!(since, [None, Some(points[0].time.clone())]);
}

#[test]
fn odd_points_cost_nothing_but_themselves() {
    assert_eq!(per_period(&[]), []);
    let mut odd = points(json!([
        {"time": "soon", "input": 5, "run_users": 2},
        {"time": "2024-03-05T02:01:36Z", "input": 12},
        {"time": "2024-03-05T01:01:36Z", "input": 900},
        {"time": "2024-03-05T01:01:36Z", "input": 10},
        {"input": 7},
        {"input": 1},
        {"input": -4},
    ]));
    odd[5].time = DateTime::<Utc>::MAX_UTC.into();
    odd[6].time = DateTime::<Utc>::MIN_UTC.into();
    let periods = per_period(&odd);
    let times: Vec<_> = periods.iter().map(|period| period.time.to_string()).collect();
    assert_eq!(times[1..3], ["2024-03-05T01:01:36.000Z", "2024-03-05T02:01:36.000Z"]);
    assert_eq!(times[4..], ["soon", ""]);
    assert_eq!(amounts(&periods), [None, Some(10.0), Some(2.0), Some(1.0), None, None]);
    assert_eq!(periods[4].run_users, Some(2.0), "a level needs no neighbour");
}

#[test]
fn use_is_a_part_of_the_allocation_and_alerts_at_three_thresholds() {
    for (used, allocated, fraction, alert) in [
        (0.0, 10.0, 0.0, None),
        (79.5, 100.0, 0.795, None),
        (80.0, 100.0, 0.8, Some(UsageAlert::Approaching)),
        (0.9, 1.0, 0.9, Some(UsageAlert::AlmostReached)),
        (99.5, 100.0, 0.995, Some(UsageAlert::AlmostReached)),
        (5.0, 5.0, 1.0, Some(UsageAlert::Reached)),
        (7.0, 5.0, 1.4, Some(UsageAlert::Reached)),
        (0.0, 0.0, 0.0, None),
        (1.0, 0.0, f64::INFINITY, Some(UsageAlert::Reached)),
    ] {
        let summary: ProfileSummary =
            serde_json::from_value(json!({"limit": {"sms": allocated}, "limit_used": {"sms": used, "email": 3}}))
                .unwrap();
        let [sms] = &summary.allocation_use()[..] else { panic!("one service has a limit") };
        assert_eq!((&sms.service, sms.fraction(), sms.alert()), (&Service::Sms, fraction, alert), "{used} {allocated}");
    }
    assert_eq!(UsageAlert::ALL.map(UsageAlert::percent), [80, 90, 100]);
}

#[test]
fn the_room_for_users_is_known_where_tagoio_says_all_of_it_and_nothing_else() {
    for (limit, used, amount, room) in [
        (json!(200), json!(24), json!(24), Some(176)),
        (json!(5), json!(5), json!(5), Some(0)),
        (json!(2), json!(24), json!(24), Some(0)),
        (json!(2.5), json!(1), json!(1), Some(1)),
        (json!(200), json!(24), json!(null), Some(176)),
        (json!(200), json!(24), json!(25), None),
        (json!(null), json!(24), json!(24), None),
        (json!(200), json!(null), json!(24), None),
    ] {
        let of = |number: &Value| json!({"run_users": number});
        let summary = json!({"limit": of(&limit), "limit_used": of(&used), "amount": of(&amount)});
        let read: ProfileSummary = serde_json::from_value(summary.clone()).unwrap();
        assert_eq!(read.room_for_users(), room, "{summary}");
    }
}

#[test]
fn the_point_before_is_asked_for_with_the_first_one_so_that_no_part_of_its_day_is_given() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let transport = from_fn(move |request| {
        let mut seen = seen.lock().unwrap();
        seen.push(request.query().unwrap_or_default().to_owned());
        let points = match seen.len() {
            1 => {
                json!([{"time": "2024-03-05T03:01:36.124Z", "input": 30}, {"time": "2024-03-06T03:01:36Z", "input": 40}])
            }
            // The first one again, as it has to be.
            _ => {
                json!([{"time": "2024-03-04T03:01:35Z", "input": 18}, {"time": "2024-03-05T03:01:36.124Z", "input": 30}])
            }
        };
        Ok(Response::new(200).with_body(json!({"status": true, "result": points}).to_string()))
    });
    let tago = Client::builder().token("p-1").transport(transport).vars(|_| None).build().unwrap();
    let days = StatisticsDate::range("2024-03-04", "2024-03-05", Periodicity::Day).timezone("America/New_York");
    assert_eq!(amounts(&tago.profile().usage("p", &days).unwrap()), [Some(12.0), Some(10.0)]);
    assert_eq!(
        asked.lock().unwrap()[1],
        "end_date=2024-03-05T03%3A01%3A37.124Z&periodicity=day&start_date=2024-02-27T03%3A01%3A36.124Z\
         &timezone=America%2FNew_York"
    );
}

#[cfg(feature = "sandbox")]
mod sandbox {
    use std::sync::Arc;

    use tagoio::clock::ManualClock;
    use tagoio::profile::{PeriodUsage, Periodicity, StatisticsDate};
    use tagoio::sandbox::Sandbox;
    use tagoio::{Client, ProfileId};

    fn sandbox() -> (Sandbox, Client) {
        let clock = Arc::new(ManualClock::at("2026-03-15T10:20:30Z".parse().unwrap()));
        let sandbox = Sandbox::builder().clock(clock).build();
        let client = sandbox.client().unwrap();
        (sandbox, client)
    }

    fn usage(tago: &Client, date: &StatisticsDate) -> Vec<PeriodUsage> {
        tago.profile().usage(ProfileId::CURRENT, date).unwrap()
    }

    fn sum(periods: &[PeriodUsage]) -> f64 {
        periods.iter().map(|period| period.input.unwrap()).sum()
    }

    #[test]
    fn the_amounts_of_hours_days_and_months_are_those_of_the_counters() {
        let (_, tago) = sandbox();
        let range = |periodicity| StatisticsDate::range("2026-02-01", "2026-02-28", periodicity);
        let february = tago.profile().usage_statistics(ProfileId::CURRENT, &range(Periodicity::Month)).unwrap();
        let total = february[0].input.unwrap();
        for (periodicity, periods) in [(Periodicity::Hour, 24 * 28), (Periodicity::Day, 28), (Periodicity::Month, 1)] {
            let usage = usage(&tago, &range(periodicity.clone()));
            assert_eq!(usage.len(), periods, "{periodicity}");
            assert!((sum(&usage) - total).abs() < 1e-6, "{periodicity}");
        }
    }

    #[test]
    fn the_first_period_has_the_neighbour_before_the_range() {
        let (sandbox, tago) = sandbox();
        let whole = usage(&tago, &StatisticsDate::range("2026-03-01", "2026-03-14", Periodicity::Hour));
        let days = usage(&tago, &StatisticsDate::range("2026-03-01", "2026-03-14", Periodicity::Day));
        for (what, date, expected) in [
            ("a day", StatisticsDate::day("2026-03-14"), &whole[13 * 24..]),
            ("a day of a zone", StatisticsDate::day("2026-03-14").timezone("Asia/Tokyo"), &whole[13 * 24..]),
            ("a day as text", StatisticsDate::day("2026-03-14 10:00:00"), &whole[13 * 24..]),
            (
                "hours",
                StatisticsDate::range("2026-03-14T05:00:00.000Z", "2026-03-14", Periodicity::Hour),
                &whole[13 * 24 + 5..],
            ),
            ("days", StatisticsDate::range("2026-03-10", "2026-03-14", Periodicity::Day), &days[9..]),
        ] {
            sandbox.clear_journal();
            assert_eq!(usage(&tago, &date), expected, "{what}");
            assert_eq!(sandbox.journal().len(), 2, "{what}");
        }
        assert_eq!(usage(&tago, &StatisticsDate::new()).len(), 11, "today so far");
    }

    #[test]
    fn where_there_is_no_neighbour_the_first_amounts_are_unknown() {
        let (sandbox, tago) = sandbox();
        let ask = |periodicity| usage(&tago, &StatisticsDate::range("2020-01-01", "2026-03-15", periodicity));
        for (periodicity, known) in [(Periodicity::Hour, false), (Periodicity::Day, false), (Periodicity::Month, true)]
        {
            let usage = ask(periodicity.clone());
            assert_eq!(usage[0].input.is_some(), known, "{periodicity}");
            assert!(usage[1..].iter().all(|period| period.input.is_some()), "{periodicity}");
        }
        sandbox.clear_journal();
        assert_eq!(usage(&tago, &StatisticsDate::day("2020-01-01")), []);
        assert_eq!(sandbox.journal().len(), 1, "nothing has no neighbour");
    }

    #[test]
    fn the_newest_point_against_the_allocation_is_what_the_summary_says() {
        let (_, tago) = sandbox();
        let summary = tago.profile().summary(ProfileId::CURRENT).unwrap();
        let allocation = tago.profile().info(ProfileId::CURRENT).unwrap().allocation;
        let newest =
            tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new()).unwrap().pop().unwrap();
        let used = newest.against(&allocation);
        assert!(used.len() >= 8, "{used:?}");
        let of_summary = summary.allocation_use();
        assert!(used.iter().all(|service| of_summary.contains(service)), "{used:?} {of_summary:?}");
    }
}
