//! Every operation of the crate, to be called with any ids.

use serde_json::json;
use tagoio::profile::{
    AddOn, AddOnSettings, AuditLogFilter, BackupQuery, Credentials, NewProfile, ProfileEdit, Service,
    ServiceAllocation, ServiceProviders, StatisticsDate, TestMessage,
};
use tagoio::run::{
    NewCustomDomain, NewNotification, NewUser, NotificationEdit, RunSettings, SamlEdit, UserEdit, UserInvite, UserQuery,
};
use tagoio::token::{NewToken, Permission, TokenQuery};
use tagoio::{Client, Password, Result, Token};

/// Calls an operation with the ids that its route has places for, in their order.
pub(crate) type Call = fn(&Client, [&str; 2]) -> Result<()>;

/// Each call of the ledger with its route.
pub(crate) const OPERATIONS: &[(&str, Call)] = &[
    ("GET /profile", |tago, _| tago.profile().list().map(drop)),
    ("GET /profile/{profile}", |tago, [id, _]| tago.profile().info(id).map(drop)),
    ("GET /profile/{profile}/summary", |tago, [id, _]| tago.profile().summary(id).map(drop)),
    ("GET /profile/{profile}/summary", |tago, [id, _]| tago.profile().summary_amount(id).map(drop)),
    ("POST /profile/", |tago, [name, _]| tago.profile().create(&NewProfile::new(name)).map(drop)),
    ("POST /profile/", |tago, [name, _]| tago.profile().create_with_free_resources(&NewProfile::new(name)).map(drop)),
    ("PUT /profile/{profile}", |tago, [id, _]| tago.profile().edit(id, &ProfileEdit::new().name(id)).map(drop)),
    ("DELETE /profile/{profile}", |tago, [id, _]| {
        tago.profile().delete(id, &Credentials::new(Password::new("not the password")?)).map(drop)
    }),
    ("GET /profile/{profile}/statistics", |tago, [id, text]| {
        tago.profile().usage_statistics(id, &StatisticsDate::day(text)).map(drop)
    }),
    ("GET /profile/{profile}/auditlog", |tago, [id, text]| {
        tago.profile().audit_log(id, &AuditLogFilter::new().find(text)).map(drop)
    }),
    ("GET /profile/{profile}/auditlog/{query}", |tago, [id, query]| {
        tago.profile().audit_log_query(id, query).map(drop)
    }),
    ("POST /profile/{profile}/services", |tago, [id, _]| {
        tago.profile().edit_services(id, &ServiceAllocation::new().set(Service::Input, 1)).map(drop)
    }),
    ("GET /profile/{profile}/addons", |tago, [id, _]| tago.profile().addons(id).map(drop)),
    ("POST /profile/{profile}/addons", |tago, [id, _]| {
        tago.profile().edit_addons(id, &AddOnSettings::new().mobile(true)).map(drop)
    }),
    ("DELETE /profile/{profile}/{addon}", |tago, [id, addon]| {
        tago.profile().remove_addon(id, &AddOn::from(addon)).map(drop)
    }),
    ("PUT /profile/switch/{profile}", |tago, [id, _]| tago.profile().transfer_token(id).map(drop)),
    ("POST /profile/{profile}/backup", |tago, [id, _]| tago.profile().backups().create(id).map(drop)),
    ("GET /profile/{profile}/backup", |tago, [id, _]| tago.profile().backups().list(id, &BackupQuery::new()).map(drop)),
    ("GET /profile/{profile}/backup", |tago, [id, _]| {
        tago.profile().backups().iter(id, &BackupQuery::new()).try_for_each(|row| row.map(drop))
    }),
    ("POST /profile/{profile}/backup/{backup}/download", |tago, [id, backup]| {
        tago.profile().backups().download(id, backup, &Credentials::new(Password::new("not the password")?)).map(drop)
    }),
    ("DELETE /profile/{profile}/backup/{backup}", |tago, [id, backup]| {
        tago.profile().backups().delete(id, backup, &Credentials::new(Password::new("not the password")?)).map(drop)
    }),
    ("PUT /profile/{profile}/service", |tago, [id, _]| {
        tago.profile().service_provider().configure(id, &ServiceProviders::new()).map(drop)
    }),
    ("POST /profile/{profile}/service/test/email", |tago, [id, to]| {
        tago.profile().service_provider().test_email(id, &TestMessage::new(to)).map(drop)
    }),
    ("POST /profile/{profile}/service/test/sms", |tago, [id, to]| {
        tago.profile().service_provider().test_sms(id, &TestMessage::new(to)).map(drop)
    }),
    ("GET /profile/{profile}/team", |tago, [id, _]| tago.team().list(id).map(drop)),
    ("POST /profile/{profile}/team", |tago, [id, email]| tago.team().add(id, email).map(drop)),
    ("DELETE /profile/{profile}/team/{account}", |tago, [id, account]| tago.team().remove(id, account).map(drop)),
    ("GET /profile/{profile}/token", |tago, [id, name]| tago.token().list(id, &TokenQuery::new().name(name)).map(drop)),
    ("GET /profile/{profile}/token", |tago, [id, name]| {
        tago.token().iter(id, &TokenQuery::new().name(name)).try_for_each(|row| row.map(drop))
    }),
    ("POST /profile/{profile}/token", |tago, [id, name]| {
        tago.token().create(id, &NewToken::new(name, Permission::Deny)).map(drop)
    }),
    ("DELETE /profile/{profile}/token/{token}", |tago, [id, token]| {
        tago.token().delete(id, &token_of_answer(token)).map(drop)
    }),
    ("GET /run", |tago, _| tago.run().info().map(drop)),
    ("PUT /run", |tago, [name, _]| tago.run().edit(&RunSettings::new().name(name)).map(drop)),
    ("POST /run/email_test", |tago, [subject, body]| tago.run().email_test(subject, body).map(drop)),
    ("GET /run/users", |tago, [name, email]| {
        tago.run().users().list(&UserQuery::new().name(name).email(email)).map(drop)
    }),
    ("GET /run/users", |tago, [key, value]| {
        tago.run().users().iter(&UserQuery::new().tag(key, value)).try_for_each(|row| row.map(drop))
    }),
    ("GET /run/users/{user}", |tago, [id, _]| tago.run().users().info(id).map(drop)),
    ("POST /run/users", |tago, [name, email]| {
        tago.run().users().create(&NewUser::new(name, email, "UTC").generate_password(true)).map(drop)
    }),
    ("PUT /run/users/{user}", |tago, [id, name]| tago.run().users().edit(id, &UserEdit::new().name(name)).map(drop)),
    ("DELETE /run/users/{user}", |tago, [id, _]| tago.run().users().delete(id).map(drop)),
    ("GET /run/users/{user}/login", |tago, [id, expiry]| {
        tago.run().users().login_as(id, Some(&expiry.into())).map(drop)
    }),
    ("POST /run/users/{user}/invite", |tago, [id, template]| {
        tago.run().users().resend_invite(id, &UserInvite::new().invite_template(template)).map(drop)
    }),
    ("GET /run/notification/{user}", |tago, [id, _]| tago.run().notifications().list(id).map(drop)),
    ("POST /run/notification/", |tago, [id, title]| {
        tago.run().notifications().create(id, &NewNotification::new().title(title)).map(drop)
    }),
    ("PUT /run/notification/{notification}", |tago, [id, title]| {
        tago.run().notifications().edit(id, &NotificationEdit::new().title(title)).map(drop)
    }),
    ("DELETE /run/notification/{notification}", |tago, [id, _]| tago.run().notifications().delete(id).map(drop)),
    ("GET /run/sso/saml", |tago, _| tago.run().saml().info().map(drop)),
    ("PUT /run/sso/saml", |tago, _| tago.run().saml().edit(&SamlEdit::new().active(true)).map(drop)),
    ("GET /run/customdomain/{profile}", |tago, [id, _]| tago.run().custom_domain().info(id).map(drop)),
    ("POST /run/customdomain/{profile}", |tago, [id, text]| {
        tago.run().custom_domain().create(id, &NewCustomDomain::new(text, "app", "mail")).map(drop)
    }),
    ("DELETE /run/customdomain/{profile}", |tago, [id, _]| tago.run().custom_domain().delete(id).map(drop)),
    ("PUT /run/customdomain/regenerate/{profile}", |tago, [id, _]| tago.run().custom_domain().regenerate(id).map(drop)),
];

/// A token that came in an answer is not checked, and may be anything.
fn token_of_answer(text: &str) -> Token {
    serde_json::from_value(json!(text)).expect("a token of an answer is any text")
}

/// The places for ids in a route.
pub(crate) fn places(route: &str) -> usize {
    route.matches('{').count()
}

/// Whether some text can't be one segment of a path, so that no request is to be sent.
fn is_refused(id: &str) -> bool {
    matches!(id, "" | "." | "..") || id.contains(char::is_control)
}

/// Whether the call of a route sends nothing with these ids: one of them can't be a segment, or the path with them
/// would be another route's.
pub(crate) fn sends_nothing(route: &str, ids: [&str; 2]) -> bool {
    let names_another_route = route == "PUT /profile/{profile}/service" && ids[0].eq_ignore_ascii_case("switch");
    names_another_route || ids[..places(route)].iter().any(|id| is_refused(id))
}

#[test]
fn every_call_of_the_ledger_is_among_the_operations() {
    let ledger = include_str!("../../docs/endpoints.md");
    let routes = ledger.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('`').nth(3));
    let mut listed: Vec<&str> = routes.filter(|route| route.contains('/')).collect();
    let mut called: Vec<&str> = OPERATIONS.iter().map(|(route, _)| *route).collect();
    listed.sort_unstable();
    called.sort_unstable();
    assert!(listed.len() > 30, "the ledger was read: {listed:?}");
    assert_eq!(called, listed);
}
