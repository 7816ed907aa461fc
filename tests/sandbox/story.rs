use std::collections::HashSet;

use tagoio::profile::{AuditLogFilter, StatisticsDate};
use tagoio::token::TokenQuery;
use tagoio::{Expiry, ProfileId};

use super::{builder, sandbox};

#[test]
fn it_begins_as_the_account_of_a_company() {
    let (sandbox, tago) = sandbox();
    let profiles = tago.profile().list().unwrap();
    let names: Vec<_> = profiles.iter().map(|profile| (profile.name.as_str(), profile.from_share)).collect();
    assert_eq!(names, [("Arbor Cold Chain", None), ("Arbor Staging", None), ("Portside Logistics", Some(true))]);
    let team = tago.team().list(ProfileId::CURRENT).unwrap();
    assert_eq!(team.iter().map(|member| member.active).collect::<Vec<_>>(), [true, true, false]);

    let tokens = tago.token().list(ProfileId::CURRENT, &TokenQuery::new()).unwrap();
    assert_eq!(tokens.len(), 7);
    assert!(tokens.iter().any(|token| token.expire_time == Some(Expiry::Never)));
    assert!(tokens.iter().any(|token| token.expire_time.as_ref().is_some_and(|expiry| expiry.utc().is_some())));

    let users = sandbox.users();
    assert_eq!(users.len(), 24);
    assert!(users.iter().any(|user| !user.active) && users.iter().any(|user| user.last_login.is_none()));
    for user in &users {
        assert!(["example.com", "example.org", "example.net"].contains(&user.email.split_once('@').unwrap().1));
        assert_eq!(
            user.tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>(),
            ["organization_id", "site", "access"]
        );
        let (created, seen) = (user.created_at.as_ref().unwrap().utc(), user.last_login.as_ref());
        assert!(seen.is_none_or(|seen| seen.utc() >= created), "{} signed in before there was an account", user.name);
    }

    let portal = tago.run().info().unwrap();
    assert!(portal.theme.as_ref().unwrap().iter().count() > 5);
    assert!(portal.email_templates.as_ref().unwrap().contains_key("invite"));
    assert!(portal.custom_fields.as_ref().is_some());
    assert!(!tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new()).unwrap().is_empty());
    let query = tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new()).unwrap().query_id.unwrap();
    let log = tago.profile().audit_log_query(ProfileId::CURRENT, query).unwrap();
    assert!(log.events.unwrap().len() > 5);
}

#[test]
fn an_empty_one_has_an_account_a_profile_and_a_token() {
    let sandbox = builder().empty().build();
    let tago = sandbox.client().unwrap();
    assert_eq!(tago.profile().list().unwrap().len(), 1);
    assert_eq!(tago.token().list(ProfileId::CURRENT, &TokenQuery::new()).unwrap().len(), 1);
    assert!(tago.team().list(ProfileId::CURRENT).unwrap().is_empty());
    assert!(sandbox.users().is_empty());
}

#[test]
fn the_same_calls_give_the_same_world() {
    let world = || {
        let sandbox = builder().users(500).build();
        sandbox.token_with(&tagoio::token::Permission::Read);
        (sandbox.users(), sandbox.token().expose().to_owned(), sandbox.analysis_token([]).expose().to_owned())
    };
    let (users, token, analysis) = world();
    assert_eq!(world(), (users.clone(), token.clone(), analysis.clone()));
    assert_eq!(users.len(), 524);
    assert!(token.starts_with("p-") && analysis.starts_with("a-"), "{token} {analysis}");
    assert_eq!(users.iter().map(|user| &user.id).collect::<HashSet<_>>().len(), 524);
    assert!(users.iter().all(|user| user.id.as_str().len() == 24));
}

#[test]
fn clones_share_one_world() {
    let sandbox = builder().build();
    sandbox.clone().client().unwrap().profile().list().unwrap();
    assert_eq!(sandbox.journal().len(), 1);
}
