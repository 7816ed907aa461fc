use std::time::Duration;

use tagoio::ProfileId;
use tagoio::profile::AddOn;
use tagoio::run::{CustomDomainInfo, NewCustomDomain};
use tagoio::sandbox::Sandbox;
use tagoio::transport::Method::Post;

use super::{clock, sandbox, sentence, tell};

fn right(domain: &CustomDomainInfo) -> usize {
    let records = [&domain.dns_ssl, &domain.dns_page, &domain.dns_email_1, &domain.dns_email_2, &domain.dns_email_3];
    records.into_iter().flatten().filter(|record| record.status).count()
}

fn domain() -> NewCustomDomain {
    NewCustomDomain::new("example.com", "portal", "example.com")
}

#[test]
fn a_domain_goes_with_its_add_on_and_with_no_other() {
    let (sandbox, tago) = sandbox();
    let (domains, profile) = (tago.run().custom_domain(), sandbox.profile_id());
    domains.create(&profile, &domain()).unwrap();
    for (change, stays) in
        [(r#"{"mobile":true}"#, true), (r#"{"custom_dns":true}"#, true), (r#"{"custom_dns":false}"#, false)]
    {
        assert_eq!(tell(&sandbox, Post, "/profile/current/addons", change).0, 200);
        assert_eq!(domains.info(&profile).is_ok(), stays, "{change}");
    }
    assert_eq!(tell(&sandbox, Post, "/profile/current/addons", r#"{"custom_dns":true}"#).0, 200);
    assert!(domains.info(&profile).unwrap_err().is_not_found(), "and does not come back with it");
}

#[test]
fn dns_records_turn_right_one_after_another() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let (domains, profile) = (tago.run().custom_domain(), sandbox.profile_id());
    domains.create(&profile, &domain()).unwrap();
    let made = domains.info(&profile).unwrap();
    assert_eq!((made.active, made.subdomain.as_str(), made.domain.as_str()), (false, "portal", "example.com"));
    assert_eq!(made.dns_ssl.as_ref().unwrap().current_value, None);
    let stale = made.dns_page.clone().unwrap();
    assert!(!stale.status && stale.current_value.is_some_and(|current| current != stale.value));

    for expected in 1..=5 {
        clock.advance(Duration::from_secs(300));
        let info = domains.info(&profile).unwrap();
        assert_eq!((right(&info), info.active), (expected, expected == 5));
    }
    let page = domains.info(&profile).unwrap().dns_page.unwrap();
    assert_eq!(page.current_value.as_ref(), Some(&page.value));

    domains.regenerate(&profile).unwrap();
    let again = domains.info(&profile).unwrap();
    assert_eq!((right(&again), again.active), (0, false));
    assert_ne!(again.dns_ssl.unwrap().value, made.dns_ssl.unwrap().value, "the old records are void");
    assert_eq!(again.created_at, made.created_at);

    domains.delete(&profile).unwrap();
    assert!(domains.info(&profile).unwrap_err().is_not_found());
}

#[test]
fn a_domain_needs_the_add_on_and_there_is_one() {
    let (_, tago) = sandbox();
    let domains = tago.run().custom_domain();
    domains.create(ProfileId::CURRENT, &domain()).unwrap();
    assert_eq!(
        domains.create(ProfileId::CURRENT, &domain()).unwrap_err().message(),
        Some("Custom Domain already exists")
    );
    tago.profile().remove_addon(ProfileId::CURRENT, &AddOn::CustomDns).unwrap();
    assert!(domains.info(ProfileId::CURRENT).unwrap_err().is_not_found());
    assert!(domains.create(ProfileId::CURRENT, &domain()).unwrap_err().is_permission_denied());
}

#[test]
fn a_domain_is_checked() {
    let (sandbox, _) = sandbox();
    for (body, message) in [
        (r#"{"subdomain":"app","email":"example.com"}"#, "Invalid domain (required)"),
        (r#"{"domain":"example.com","subdomain":"app"}"#, "Invalid email (required)"),
        (r#"{"domain":"https://example.com","subdomain":"app","email":"x"}"#, "Invalid domain (hostname)"),
        (r#"{"domain":"example.com","subdomain":"a b","email":"x"}"#, "Invalid subdomain (hostname)"),
        (r#"{"domain":"example..com","subdomain":"a","email":"x"}"#, "Invalid domain (hostname)"),
        (r#"{"domain":1,"subdomain":"a","email":"x"}"#, "Invalid domain (type)"),
    ] {
        let (status, answer) = tell(&sandbox, Post, "/run/customdomain/current", body);
        assert_eq!((status, sentence(&answer)), (400, message), "{body}");
    }
}
