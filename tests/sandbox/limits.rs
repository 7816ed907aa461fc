use std::time::Duration;

use tagoio::ProfileId;
use tagoio::profile::{NewProfile, Service, ServiceAllocation};
use tagoio::run::NewUser;
use tagoio::sandbox::{Plan, Sandbox};
use tagoio::transport::Method::{self, Delete, Get, Post, Put};
use tagoio::transport::{Request, Transport as _};

use super::{ask, builder, clock, sandbox, sentence, tell};

#[test]
fn each_route_has_its_requests_a_minute_by_plan() {
    for (method, path, [free, starter, scale]) in [
        (Post, "/run/users", [60, 100, 1_000]),
        (Put, "/run/users/nobody", [60, 100, 1_000]),
        (Post, "/run/notification/", [60, 100, 1_000]),
        (Post, "/profile/", [60, 100, 200]),
        (Put, "/profile/current", [60, 100, 200]),
        (Delete, "/profile/current", [60, 100, 200]),
        (Get, "/account", [50, 100, 500]),
        (Get, "/info", [60, 5_000, 10_000]),
        (Post, "/profile/current/backup", [5, 5, 5]),
        (Get, "/profile/current/backup", [50, 50, 100]),
        (Post, "/profile/current/backup/nothing/download", [10, 10, 20]),
        (Delete, "/profile/current/backup/nothing", [10, 10, 20]),
    ] {
        for (plan, limit) in [(Plan::Free, free), (Plan::Starter, starter), (Plan::Scale, scale)] {
            let sandbox = builder().empty().plan(plan).build();
            for at in 0..limit {
                assert_ne!(tell(&sandbox, method, path, "").0, 429, "{plan:?} {method} {path} {at}");
            }
            let (status, answer) = tell(&sandbox, method, path, "");
            assert_eq!(
                (status, sentence(&answer)),
                (429, "Too many requests (Retry-After: 30)"),
                "{plan:?} {method} {path}"
            );
        }
    }
}

#[test]
fn routes_without_a_published_rate_have_none() {
    let sandbox = builder().empty().plan(Plan::Free).build();
    for (method, path) in [(Get, "/run/users"), (Get, "/profile"), (Delete, "/run/users/nobody"), (Put, "/run")] {
        for _ in 0..200 {
            assert_ne!(tell(&sandbox, method, path, "").0, 429, "{method} {path}");
        }
    }
}

#[test]
fn a_window_ends_with_the_clock_minute() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Free).build();
    let exhaust = || while tell(&sandbox, Post, "/run/notification", "").0 != 429 {};
    let retry_after = || {
        let request =
            Request::new(Method::Post, "https://sandbox/run/notification").with_secret_header("token", sandbox.token());
        sandbox.send(&request).unwrap().header("Retry-After").map(str::to_owned)
    };
    exhaust();
    assert_eq!(retry_after().as_deref(), Some("30"));
    clock.advance(Duration::from_secs(29));
    assert_eq!(retry_after().as_deref(), Some("1"));
    clock.advance(Duration::from_secs(1));
    assert_eq!(retry_after(), None, "a new minute");
    exhaust();
    assert_eq!(retry_after().as_deref(), Some("60"));
}

#[test]
fn windows_are_of_a_profile_and_a_route() {
    let sandbox = builder().plan(Plan::Free).build();
    let tago = sandbox.client().unwrap();
    while tell(&sandbox, Post, "/run/users", "").0 != 429 {}
    assert_ne!(tell(&sandbox, Put, "/run/users/nobody", "").0, 429, "another route");
    let error = tago.run().users().create(&NewUser::new("J", "j@example.com", "UTC")).unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));

    let another = sandbox.client_with(sandbox.token_with(&tagoio::token::Permission::Full)).unwrap();
    assert!(another.run().users().create(&NewUser::new("J", "j@example.com", "UTC")).unwrap_err().is_rate_limited());
    let staging = tago.profile().list().unwrap()[1].id.clone();
    another.profile().transfer_token(&staging).unwrap();
    let error = another.run().users().create(&NewUser::new("J", "j@example.com", "UTC")).unwrap_err();
    assert_eq!(error.status(), Some(400), "another profile");
}

#[test]
fn a_rate_is_checked_before_permission_and_body_and_after_the_token() {
    let sandbox = builder().plan(Plan::Free).build();
    let reader = sandbox.token_with(&tagoio::token::Permission::Read);
    let unknown = tagoio::Token::new("p-unknown").unwrap();
    for (status, message) in [(401, "Authorization Denied"), (429, "Too many requests (Retry-After: 30)")] {
        let (found, answer) = ask(&sandbox, &reader, Post, "/run/users", "{");
        assert_eq!((found, sentence(&answer)), (status, message));
        while tell(&sandbox, Post, "/run/users", "{").0 == 400 {}
        let (found, answer) = ask(&sandbox, &unknown, Post, "/run/users", "{");
        assert_eq!((found, sentence(&answer)), (401, "Invalid token"));
    }
}

#[test]
fn rates_can_be_switched_off() {
    let sandbox = builder().empty().plan(Plan::Free).rate_limits(false).build();
    for _ in 0..100 {
        assert_ne!(tell(&sandbox, Post, "/run/users", "").0, 429);
    }
}

#[test]
fn a_plan_has_so_many_profiles_and_team_members() {
    for (plan, profiles, members) in [(Plan::Free, 1, 0), (Plan::Starter, 2, 1), (Plan::Scale, 5, 5)] {
        let sandbox = builder().empty().plan(plan).build();
        let tago = sandbox.client().unwrap();
        for at in 1..profiles {
            tago.profile().create(&NewProfile::new(format!("Profile {at}"))).unwrap();
        }
        let error = tago.profile().create(&NewProfile::new("One more")).unwrap_err();
        assert!(error.is_limit_reached());
        assert_eq!(error.message(), Some(&*format!("You have exceeded the maximum limit of Profiles ({profiles})")));

        for at in 0..members {
            let said = tago.team().add(ProfileId::CURRENT, &format!("colleague{at}@example.com")).unwrap();
            assert_eq!(said, "User invited");
        }
        let error = tago.team().add(ProfileId::CURRENT, "one.more@example.com").unwrap_err();
        assert_eq!(error.message(), Some(&*format!("You have exceeded the maximum limit of Team members ({members})")));
    }
}

#[test]
fn a_profile_has_as_many_users_as_it_is_allocated() {
    let sandbox = builder().empty().plan(Plan::Free).build();
    let tago = sandbox.client().unwrap();
    let user = |at: u32| NewUser::new("Jane", format!("jane{at}@example.com"), "UTC").generate_password(true);
    let first = tago.run().users().create(&user(1)).unwrap();
    tago.run().users().create(&user(2)).unwrap();
    let error = tago.run().users().create(&user(3)).unwrap_err();
    assert!(error.is_limit_reached());
    assert_eq!(error.message(), Some("You have exceeded the maximum limit of Run users (2)"));
    tago.run().users().delete(&first).unwrap();
    tago.run().users().create(&user(3)).unwrap();
}

#[test]
fn what_profiles_are_allocated_is_what_the_plan_has() {
    let (_, tago) = sandbox();
    let used: f64 = tago
        .profile()
        .list()
        .unwrap()
        .iter()
        .filter(|profile| profile.from_share.is_none())
        .map(|profile| tago.profile().info(&profile.id).unwrap().allocation.sms.unwrap_or_default())
        .sum();
    let own = tago.profile().info(ProfileId::CURRENT).unwrap().allocation.sms.unwrap();
    let most = 500.0 - used + own;
    let set = |amount: f64| {
        let allocation = ServiceAllocation::new().set(Service::Sms, amount);
        tago.profile().edit_services(ProfileId::CURRENT, &allocation)
    };
    assert_eq!(set(most).unwrap(), "Profile resource allocation Successfully Updated");
    assert!(set(most + 1.0).unwrap_err().is_limit_reached());
    assert_eq!(set(-1.0).unwrap_err().message(), Some("Invalid sms (type)"));
    assert_eq!(tago.profile().info(ProfileId::CURRENT).unwrap().allocation.sms, Some(most));
}
