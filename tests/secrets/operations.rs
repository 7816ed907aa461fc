//! Every call, with secrets wherever it takes one, and what TagoIO may answer.

use std::fmt::Debug;

use serde_json::{Value, json};
use tagoio::profile::{
    AddOn, AddOnSettings, AuditLogFilter, BackupQuery, Credentials, EmailService, NewProfile, OtpType, ProfileEdit,
    SecretId, Service, ServiceAllocation, ServiceProviders, SmsService, StatisticsDate, TestMessage,
};
use tagoio::run::{
    IdpMetadata, NewCustomDomain, NewNotification, NewUser, NotificationEdit, RunSettings, SamlEdit, UserEdit,
    UserInvite, UserQuery,
};
use tagoio::token::{NewToken, Permission, TokenQuery, VerificationCode};
use tagoio::transport::Method;
use tagoio::{Client, Password, PinCode, ProfileId, Result, Token};

use super::canaries::{
    ADDRESS, ANONYMOUS, LISTED, LOGIN, METADATA, MINTED, ODD, PASSWORD, PATH_TOKEN, PIN, PORTAL, SECRET_ID,
    VERIFICATION,
};

/// What may be shown of a call: what it takes and what it gives.
pub(crate) type Shown = Box<dyn Debug>;

pub(crate) struct Operation {
    /// Its name in `docs/endpoints.md`.
    pub(crate) name: &'static str,
    pub(crate) call: fn(&Client, &mut Vec<Shown>) -> Result<Shown>,
    /// A `result` of TagoIO's that it takes, with secrets where there may be some.
    pub(crate) result: Value,
}

fn password() -> Password {
    Password::new(PASSWORD.secret).expect("a password")
}

fn pin() -> PinCode {
    PinCode::new(PIN.secret).expect("a PIN code")
}

fn path_token() -> Token {
    Token::new(PATH_TOKEN.secret).expect("a token")
}

/// Something that a program may show, and still use.
fn shown<T: Debug + Clone + 'static>(value: &T, all: &mut Vec<Shown>) {
    all.push(Box::new(value.clone()));
}

fn boxed<T: Debug + 'static>(result: Result<T>) -> Result<Shown> {
    result.map(|value| Box::new(value) as Shown)
}

const P: ProfileId = ProfileId::CURRENT;
const U: &str = "61eb25a4d6a4a20011d4cd3c";

macro_rules! operation {
    ($name:literal, $result:expr, |$tago:ident, $all:ident| $call:expr) => {
        Operation {
            name: $name,
            call: |$tago, $all| {
                let _ = &$all;
                boxed($call)
            },
            result: $result,
        }
    };
}

pub(crate) fn all() -> Vec<Operation> {
    [profiles(), backups_and_providers(), teams_and_tokens(), portal(), people(), sign_on_and_domain()]
        .into_iter()
        .flatten()
        .collect()
}

fn profiles() -> Vec<Operation> {
    let done = || json!("Successfully Updated");
    vec![
        operation!("profile().list", json!([{"id": "1", "name": "n"}]), |tago, all| tago.profile().list()),
        operation!("profile().info", json!({"info": {"id": "1"}}), |tago, all| tago.profile().info(P)),
        operation!("profile().summary", json!({}), |tago, all| tago.profile().summary(P)),
        operation!("profile().summary_amount", json!({}), |tago, all| tago.profile().summary_amount(P)),
        operation!("profile().create", json!({"id": "1"}), |tago, all| tago.profile().create(&NewProfile::new("n"))),
        operation!("profile().create_with_free_resources", json!({"id": "1"}), |tago, all| {
            tago.profile().create_with_free_resources(&NewProfile::new("n"))
        }),
        operation!("profile().edit", done(), |tago, all| tago.profile().edit(P, &ProfileEdit::new().name("n"))),
        operation!("profile().delete", done(), |tago, all| {
            let credentials = Credentials::new(password()).pin_code(pin()).otp_type(OtpType::Email);
            shown(&credentials, all);
            tago.profile().delete(P, &credentials)
        }),
        operation!("profile().usage_statistics", json!([]), |tago, all| {
            tago.profile().usage_statistics(P, &StatisticsDate::new())
        }),
        operation!("profile().audit_log", json!({"queryId": "q"}), |tago, all| {
            tago.profile().audit_log(P, &AuditLogFilter::new())
        }),
        operation!("profile().audit_log_query", json!({"status": "Running"}), |tago, all| {
            tago.profile().audit_log_query(P, "q")
        }),
        operation!("profile().edit_services", done(), |tago, all| {
            tago.profile().edit_services(P, &ServiceAllocation::new().set(Service::Input, 1))
        }),
        operation!("profile().addons", json!({"mobile": true, "client_secret": PORTAL.secret}), |tago, all| {
            tago.profile().addons(P)
        }),
        operation!("profile().edit_addons", done(), |tago, all| {
            let mut settings = AddOnSettings::new().mobile(true);
            settings.other.insert("client_secret".to_owned(), PORTAL.secret.into());
            shown(&settings, all);
            tago.profile().edit_addons(P, &settings)
        }),
        operation!("profile().remove_addon", done(), |tago, all| tago.profile().remove_addon(P, &AddOn::Mobile)),
        operation!("profile().transfer_token", done(), |tago, all| tago.profile().transfer_token(P)),
    ]
}

fn backups_and_providers() -> Vec<Operation> {
    let done = || json!("Successfully Removed");
    vec![
        operation!("profile().backups().create", json!({"backup_id": "1", "message": "m"}), |tago, all| {
            tago.profile().backups().create(P)
        }),
        operation!("profile().backups().list", json!([{"id": "1"}]), |tago, all| {
            tago.profile().backups().list(P, &BackupQuery::new())
        }),
        operation!("profile().backups().iter", json!([{"id": "1"}]), |tago, all| {
            tago.profile().backups().iter(P, &BackupQuery::new()).collect::<Result<Vec<_>>>()
        }),
        operation!("profile().backups().download", json!({"url": ADDRESS.secret, "size": 1}), |tago, all| {
            let credentials = Credentials::new(password()).pin_code(pin());
            tago.profile().backups().download(P, "1", &credentials)
        }),
        operation!("profile().backups().delete", done(), |tago, all| {
            tago.profile().backups().delete(P, "1", &Credentials::new(password()).pin_code(pin()))
        }),
        operation!("profile().service_provider().configure", done(), |tago, all| {
            let secret = SecretId::new(SECRET_ID.secret)?;
            let providers = ServiceProviders::new()
                .email(EmailService::send_grid("a@x.io", secret.clone()))
                .sms(SmsService::twilio("+15551234567", secret.clone(), secret));
            shown(&providers, all);
            tago.profile().service_provider().configure(P, &providers)
        }),
        operation!("profile().service_provider().test_email", json!({"message": "m"}), |tago, all| {
            tago.profile().service_provider().test_email(P, &TestMessage::new("a@x.io"))
        }),
        operation!("profile().service_provider().test_sms", json!({"message": "m", "message_id": "1"}), |tago, all| {
            tago.profile().service_provider().test_sms(P, &TestMessage::new("+15551234567"))
        }),
    ]
}

fn teams_and_tokens() -> Vec<Operation> {
    let done = || json!("Successfully Removed");
    let tokens = || {
        json!([
            {"name": "a", "token": LISTED.secret, "verification_code": VERIFICATION.secret},
            {"name": "b", "token": 60_481_375, "verification_code": null},
        ])
    };
    let listed = || json!([tokens()[0]]);
    vec![
        operation!("team().list", json!([{"id": "a", "name": "n"}]), |tago, all| tago.team().list(P)),
        operation!("team().add", done(), |tago, all| tago.team().add(P, "a@x.io")),
        operation!("team().remove", done(), |tago, all| tago.team().remove(P, "a")),
        operation!("token().list", listed(), |tago, all| {
            let query = TokenQuery::new().token(&path_token());
            shown(&query, all);
            tago.token().list(P, &query)
        }),
        operation!("token().iter", listed(), |tago, all| {
            let query = TokenQuery::new().token(&path_token());
            let rows = tago.token().iter(P, &query);
            all.push(Box::new(format!("{rows:?}")));
            rows.collect::<Result<Vec<_>>>()
        }),
        operation!("token().create", json!({"token": MINTED.secret, "name": "ci"}), |tago, all| {
            let new = NewToken::new("ci", Permission::Read)
                .verification_code(VerificationCode::new(VERIFICATION.secret)?)
                .sign_in("me@x.io", password())
                .two_factor(OtpType::Sms, pin());
            shown(&new, all);
            tago.token().create(P, &new)
        }),
        operation!("token().delete", done(), |tago, all| tago.token().delete(P, &path_token())),
    ]
}

fn portal() -> Vec<Operation> {
    vec![
        operation!("run().info", settings(), |tago, all| tago.run().info()),
        operation!("run().edit", json!("Successfully Updated"), |tago, all| {
            let settings: RunSettings = serde_json::from_value(settings()).expect("settings");
            shown(&settings, all);
            tago.run().edit(&settings)
        }),
        operation!("run().email_test", json!("sent"), |tago, all| tago.run().email_test("subject", "body")),
        operation!("raw", json!({"token": MINTED.secret}), |tago, all| {
            let body = json!({
                "nested": [{"password": PASSWORD.secret, "clientSecret": PORTAL.secret}], "pin_code": 60_481_375,
            });
            let path = percent_encoding::utf8_percent_encode(PATH_TOKEN.secret, percent_encoding::NON_ALPHANUMERIC);
            let request = |path| tago.raw(Method::Post, path).query("token", LISTED.secret).json(&body);
            let path = format!("/profile/current/token/{path}");
            all.push(Box::new(format!("{:?}", request(&path))));
            all.push(Box::new(request(&path).response()));
            // What is asked for as it is, is shown as it is.
            request(&path).send::<Value>().map(drop)
        }),
    ]
}

/// A portal with secrets that have a type, secrets in what this crate doesn't know, and one that isn't what it should be.
fn settings() -> Value {
    json!({
        "name": "Portal",
        "anonymous_token": ANONYMOUS.secret,
        "client_secret": PORTAL.secret,
        "smtp": {"host": "h", "auth_token": PORTAL.secret, "password": [{"old": 7_391_846_205_u64}, ODD.secret]},
        "signin_buttons": [{"label": "l", "api_key": {"value": PORTAL.secret}}],
        "integration": {"google_analytics": "UA-1", "secret_key": PORTAL.secret},
        "pin_code": 7_391_846_205_u64,
        "custom_fields": [{"id": "1"}],
    })
}

fn people() -> Vec<Operation> {
    let done = || json!("Successfully Updated");
    vec![
        operation!("run().users().list", json!([{"id": "1"}]), |tago, all| tago.run().users().list(&UserQuery::new())),
        operation!("run().users().iter", json!([{"id": "1"}]), |tago, all| {
            tago.run().users().iter(&UserQuery::new()).collect::<Result<Vec<_>>>()
        }),
        operation!("run().users().info", json!({"id": U, "name": "n"}), |tago, all| tago.run().users().info(U)),
        operation!("run().users().create", json!({"user": U}), |tago, all| {
            let new = NewUser::new("n", "n@x.io", "UTC").password(password());
            shown(&new, all);
            tago.run().users().create(&new)
        }),
        operation!("run().users().edit", done(), |tago, all| {
            let edit = UserEdit::new().password(password());
            shown(&edit, all);
            tago.run().users().edit(U, &edit)
        }),
        operation!("run().users().delete", done(), |tago, all| tago.run().users().delete(U)),
        operation!("run().users().login_as", json!({"token": LOGIN.secret, "run_user": U}), |tago, all| {
            tago.run().users().login_as(U, None)
        }),
        operation!("run().users().resend_invite", done(), |tago, all| {
            tago.run().users().resend_invite(U, &UserInvite::new())
        }),
        operation!("run().notifications().list", json!([{"id": "1"}]), |tago, all| tago.run().notifications().list(U)),
        operation!("run().notifications().create", json!({"id": "1"}), |tago, all| {
            tago.run().notifications().create(U, &NewNotification::new().title("t"))
        }),
        operation!("run().notifications().edit", done(), |tago, all| {
            tago.run().notifications().edit("1", &NotificationEdit::new().read(true))
        }),
        operation!("run().notifications().delete", done(), |tago, all| tago.run().notifications().delete("1")),
    ]
}

fn sign_on_and_domain() -> Vec<Operation> {
    let done = || json!("Successfully Updated");
    vec![
        operation!("run().saml().info", json!({"idp": {"issuer": "i"}}), |tago, all| tago.run().saml().info()),
        operation!("run().saml().edit", done(), |tago, all| {
            let edit = SamlEdit::new().idp_metadata(IdpMetadata::new(METADATA.secret)?);
            shown(&edit, all);
            tago.run().saml().edit(&edit)
        }),
        operation!("run().custom_domain().info", json!({"domain": "x.io"}), |tago, all| {
            tago.run().custom_domain().info(P)
        }),
        operation!("run().custom_domain().create", done(), |tago, all| {
            tago.run().custom_domain().create(P, &NewCustomDomain::new("x.io", "app", "x.io"))
        }),
        operation!("run().custom_domain().delete", done(), |tago, all| tago.run().custom_domain().delete(P)),
        operation!("run().custom_domain().regenerate", done(), |tago, all| tago.run().custom_domain().regenerate(P)),
    ]
}
