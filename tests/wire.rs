//! What each operation puts on the wire, and what it makes of the answer: call → exact request → canned answer → typed
//! value. A row's name is the call's name in `docs/endpoints.md`.

#[path = "support/recorder.rs"]
mod recorder;

use chrono::{TimeZone as _, Utc};
use recorder::Recorder;
use serde_json::{Value, json};
use tagoio::profile::{
    AddOn, AddOnSettings, AuditLogFilter, AuditLogStatus, AuditedResource, BackupOrder, BackupQuery, BackupStatus,
    Credentials, EmailService, NewProfile, OtpType, Periodicity, ProfileEdit, SecretId, Service, ServiceAllocation,
    ServiceProviders, SmsService, StatisticsDate, TestMessage,
};
use tagoio::run::{
    ButtonTrigger, IdpMetadata, NewCustomDomain, NewNotification, NewUser, NotificationButton, NotificationEdit,
    NotificationIcon, RunSettings, SamlAttributeMappings, SamlEdit, SignUpMethod, Theme, ThemeOption, UserEdit,
    UserField, UserInvite, UserOptions, UserOrder, UserQuery,
};
use tagoio::token::{NewToken, Permission, TokenField, TokenOrder, TokenQuery, VerificationCode};
use tagoio::{Client, Direction, Expiry, Password, Patch, PinCode, ProfileId, Result, Tag, TimeUnit, Timestamp, Token};

const P: &str = "61fac4d9a5c9f40012a5ff92";
const U: &str = "61eb25a4d6a4a20011d4cd3c";

/// Whether a request may be sent again after it may have been received.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Repeat {
    Harmless,
    Never,
}
use Repeat::{Harmless, Never};

/// Makes the call `name`, and expects exactly this request: method, path and query (written unencoded, in order), body
/// and whether it may be repeated. Gives what the call makes of `result`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "rows read better with the value in place")]
fn row<T>(
    name: &str,
    call: impl FnOnce(&Client) -> Result<T>,
    (line, repeat): (&str, Repeat),
    body: impl Into<Option<Value>>,
    result: Value,
) -> T {
    let recorder = Recorder::default();
    let value = call(&recorder.client(&result)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let requests = recorder.take();
    let [request] = requests.as_slice() else { panic!("{name}: {} requests", requests.len()) };

    let target = request.url().strip_prefix("https://api.tago.io").expect("the base URL comes first");
    let target = percent_encoding::percent_decode_str(target).decode_utf8().expect("targets are UTF-8");
    assert_eq!(format!("{} {target}", request.method()), line, "{name}");
    let repeatable = if request.is_repeatable() { Harmless } else { Never };
    assert_eq!(repeatable, repeat, "{name}");
    let sent: Option<Value> = request.body().map(|body| serde_json::from_slice(body).expect("bodies are JSON"));
    assert_eq!(sent, body.into(), "{name}");

    let content_type = sent.map(|_| "application/json");
    assert_eq!(request.header("content-type"), content_type, "{name}: a content type only with a body");
    assert_eq!(request.header("token"), Some("p-recorder"), "{name}");
    value
}

#[test]
fn profile_reads() {
    let profiles = row(
        "profile().list",
        |tago| tago.profile().list(),
        ("GET /profile", Harmless),
        None,
        json!([
            {"id": "1", "name": "tago.io", "logo_url": null},
            {"account": "a", "profile": "p", "id": "2", "name": "DeltaTrak", "logo_url": "", "from_share": true},
        ]),
    );
    assert_eq!((profiles[0].id.as_str(), profiles[0].logo_url.as_deref()), ("1", None));
    assert_eq!((profiles[1].from_share, profiles[1].logo_url.as_deref()), (Some(true), Some("")));

    let me = row(
        "profile().info",
        |tago| tago.profile().info(ProfileId::CURRENT),
        ("GET /profile/current", Harmless),
        None,
        json!({
            "account_plan": "starter",
            "addons": {"control_tower": true, "custom_dns": false, "mobile": null, "updated_at": "2023-09-06T13:47:08.192Z"},
            "allocation": {"analysis": 5, "file_storage": 132.5, "input": 350_000, "brand_new": 1},
            "info": {
                "account": "612e", "banner_url": null, "created_at": "2022-02-02T16:44:09.134Z", "id": P, "logo_url": "",
                "name": "Test Profile", "region": "us-1", "rpm": {"data_input": 98_283_293, "data_output": 10},
                "updated_at": "2023-10-13T11:54:20.081Z",
            },
        }),
    );
    assert_eq!(me.info.name, "Test Profile");
    assert_eq!(me.info.created_at, Some(Timestamp::from("2022-02-02T16:44:09.134Z")));
    assert_eq!((me.allocation.file_storage, me.allocation.sms), (Some(132.5), None));
    assert_eq!((me.addons.control_tower, me.addons.mobile), (Some(true), false));
    assert_eq!(me.info.rpm.unwrap().data_output, Some(10.0));

    let bare = row(
        "profile().info",
        |tago| tago.profile().info(P),
        ("GET /profile/61fac4d9a5c9f40012a5ff92", Harmless),
        None,
        json!({"info": {"id": P}, "allocation": {}}),
    );
    assert_eq!((bare.info.name.as_str(), bare.allocation.input, bare.account_plan), ("", None, None));

    let summary = row(
        "profile().summary",
        |tago| tago.profile().summary(P),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/summary", Harmless),
        None,
        json!({
            "addons": {"custom_dns": true, "mobile": false},
            "amount": {"action": 37, "device": 79, "tcore_cluster": 2},
            "limit": {"input": 350_000},
            "limit_used": {"analysis": 2.17, "file_storage": 49.89, "tcore": 3},
            "tago_run": "johndoee.tago.run",
        }),
    );
    assert_eq!((summary.amount.device, summary.amount.bucket), (Some(79.0), None));
    assert_eq!(summary.limit_used.get(&Service::Analysis), Some(2.17));
    assert_eq!(summary.limit_used.get(&Service::Other("new".to_owned())), None);
    assert_eq!(summary.tago_run.as_deref(), Some("johndoee.tago.run"));

    let amount = row(
        "profile().summary_amount",
        |tago| tago.profile().summary_amount(P),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/summary?onlyAmount=true", Harmless),
        None,
        json!({"amount": {"device": 79}}),
    );
    assert_eq!((amount.amount.device, amount.limit.input), (Some(79.0), None));
}

#[test]
fn profile_changes() {
    let created = json!({"id": P});
    let id = row(
        "profile().create",
        |tago| tago.profile().create(&NewProfile::new("New")),
        ("POST /profile/", Never),
        json!({"name": "New"}),
        created.clone(),
    );
    assert_eq!(id, P);
    row(
        "profile().create_with_free_resources",
        |tago| tago.profile().create_with_free_resources(&NewProfile::new("New")),
        ("POST /profile/?allocate_free_resources=true", Never),
        json!({"name": "New"}),
        created,
    );
    let done = row(
        "profile().edit",
        |tago| tago.profile().edit(P, &ProfileEdit::new().name("Ñame").banner_url(Patch::Clear)),
        ("PUT /profile/61fac4d9a5c9f40012a5ff92", Harmless),
        json!({"name": "Ñame", "banner_url": null}),
        json!("Successfully Updated"),
    );
    assert_eq!(done, "Successfully Updated");
    row(
        "profile().delete",
        |tago| tago.profile().delete(P, &Credentials::new(Password::new("pa55 wörd&")?)),
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92", Harmless),
        json!({"password": "pa55 wörd&"}),
        json!("Successfully Removed"),
    );
    row(
        "profile().delete",
        |tago| {
            let credentials = Credentials::new(Password::new("secret")?)
                .pin_code(PinCode::new("123456")?)
                .otp_type(OtpType::Authenticator);
            tago.profile().delete(P, &credentials)
        },
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92", Harmless),
        json!({"password": "secret", "pin_code": "123456", "otp_type": "authenticator"}),
        json!("Successfully Removed"),
    );
    row(
        "profile().edit_services",
        |tago| {
            let allocation = ServiceAllocation::new().set(Service::Input, 350_000).set(Service::FileStorage, 1.5);
            tago.profile().edit_services(P, &allocation)
        },
        ("POST /profile/61fac4d9a5c9f40012a5ff92/services", Never),
        json!({"input": 350_000, "file_storage": 1.5}),
        json!("Profile resource allocation Successfully Updated"),
    );
    row(
        "profile().transfer_token",
        |tago| tago.profile().transfer_token(P),
        ("PUT /profile/switch/61fac4d9a5c9f40012a5ff92", Never),
        None,
        json!("Token Successfully Transferred"),
    );
}

#[test]
fn profile_addons() {
    let addons = row(
        "profile().addons",
        |tago| tago.profile().addons(P),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/addons", Harmless),
        None,
        json!({"mobile": true, "custom_dns": false, "new": 1}),
    );
    assert_eq!((addons.mobile, addons.other.get("new")), (Patch::Set(true), Some(&json!(1))));
    row(
        "profile().edit_addons",
        |tago| tago.profile().edit_addons(P, &AddOnSettings::new().custom_dns(true)),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/addons", Never),
        json!({"custom_dns": true}),
        json!("Successfully Updated"),
    );
    row(
        "profile().remove_addon",
        |tago| tago.profile().remove_addon(P, &AddOn::CustomDns),
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92/custom_dns", Harmless),
        None,
        json!("Successfully Removed"),
    );
}

#[test]
fn profile_statistics() {
    let points = row(
        "profile().usage_statistics",
        |tago| tago.profile().usage_statistics(P, &StatisticsDate::new()),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/statistics", Harmless),
        None,
        json!([
            {"time": "2023-11-08T04:01:36.124Z", "data_records": 151_611, "file_storage": 49.89, "input": 39_933},
            {"time": "2023-11-08T05:01:35.986Z", "analysis": 2.17},
            {"time": "one odd date", "input": 1},
        ]),
    );
    assert_eq!((points[0].file_storage, points[0].analysis), (Some(49.89), None));
    assert_eq!(points[1].get(&Service::Analysis), Some(2.17));
    assert_eq!(points[2].time, Timestamp::Other("one odd date".to_owned()));

    for (date, query) in [
        (StatisticsDate::day("2024-09-01"), "date=2024-09-01"),
        (
            StatisticsDate::day(Utc.with_ymd_and_hms(2024, 9, 1, 1, 2, 3).unwrap()).timezone("America/New_York"),
            "date=2024-09-01T01:02:03.000Z&timezone=America/New_York",
        ),
        (
            StatisticsDate::range("2024-09-01", "2024-12-31", Periodicity::Day),
            "end_date=2024-12-31&periodicity=day&start_date=2024-09-01",
        ),
    ] {
        let line = format!("GET /profile/61fac4d9a5c9f40012a5ff92/statistics?{query}");
        row(
            "profile().usage_statistics",
            |tago| tago.profile().usage_statistics(P, &date),
            (&line, Harmless),
            None,
            json!([]),
        );
    }
}

#[test]
fn profile_audit_log() {
    let log = row(
        "profile().audit_log",
        |tago| tago.profile().audit_log(P, &AuditLogFilter::new()),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/auditlog", Harmless),
        None,
        json!({
            "events": [{
                "resourceName": "device", "message": "Device created", "resourceID": "d1", "who": "a1",
                "date": "2024-12-01T10:00:00.000Z",
            }, {"resourceName": "widget", "who": null, "date": "2024-12-01T12:00:00+02:00"}],
            "statistics": {"recordsMatched": 1, "recordsScanned": 100, "bytesScanned": 5000.5},
            "status": "Complete",
            "queryId": "query-id-789",
        }),
    );
    let events = log.events.unwrap();
    assert_eq!(events[0].resource_name, Some(AuditedResource::Device));
    assert_eq!(events[0].resource_id.as_ref().unwrap().as_str(), "d1");
    assert_eq!(events[1].resource_name, Some(AuditedResource::Other("widget".to_owned())));
    assert_eq!(events[0].date, events[1].date, "zone offsets count");
    assert_eq!(log.statistics.unwrap().bytes_scanned, Some(5000.5));
    assert_eq!((log.status, log.query_id.unwrap().as_str()), (Some(AuditLogStatus::Complete), "query-id-789"));

    row(
        "profile().audit_log",
        |tago| {
            let filter = AuditLogFilter::new()
                .resource_id(U)
                .resource_name(AuditedResource::RunUser)
                .find("*created*")
                .between("2024-12-01", Utc.with_ymd_and_hms(2024, 12, 7, 0, 0, 0).unwrap())
                .limit(0);
            tago.profile().audit_log(P, &filter)
        },
        (
            "GET /profile/61fac4d9a5c9f40012a5ff92/auditlog?end_date=2024-12-07T00:00:00.000Z&find=*created*&limit=0&\
             resourceID=61eb25a4d6a4a20011d4cd3c&resourceName=runuser&start_date=2024-12-01",
            Harmless,
        ),
        None,
        json!({"queryId": "q"}),
    );

    let running = row(
        "profile().audit_log_query",
        |tago| tago.profile().audit_log_query(P, "ab+/cd=="),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/auditlog/ab+/cd==", Harmless),
        None,
        json!({"status": "Running"}),
    );
    assert_eq!((running.status, running.events), (Some(AuditLogStatus::Running), None));
}

#[test]
fn backups() {
    let created = row(
        "profile().backups().create",
        |tago| tago.profile().backups().create(P),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/backup", Never),
        json!({}),
        json!({"message": "Backup generation has been queued …", "profile": P, "backup_id": "678abc123def456789012345"}),
    );
    assert_eq!((created.id.unwrap(), created.profile.unwrap()), ("678abc123def456789012345".into(), P.into()));
    assert_eq!(created.message, "Backup generation has been queued …");
    let told = row(
        "profile().backups().create",
        |tago| tago.profile().backups().create(P),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/backup", Never),
        json!({}),
        json!("Backup generation has been queued …"),
    );
    assert_eq!((told.id, told.message.as_str()), (None, "Backup generation has been queued …"));

    let rows = json!([
        {
            "id": "678abc123def456789012345", "profile": P, "file_path": "profile/…/backup-….zip",
            "version_id": "abc123def456", "file_size": 15_728_640, "status": "completed", "error_message": null,
            "created_at": "2025-01-07T14:30:00.000Z",
        },
        {"id": "2", "status": "failed", "error_message": "no", "file_size": null},
        {"id": "3", "status": "archived", "new": 1},
        {"id": "4"},
    ]);
    let listed = row(
        "profile().backups().list",
        |tago| tago.profile().backups().list(P, &BackupQuery::new()),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/backup?page=1&amount=20&orderBy=created_at,desc", Harmless),
        None,
        rows.clone(),
    );
    assert!(listed[0].is_completed() && listed[1].is_failed());
    assert_eq!((listed[0].file_size, listed[1].file_size), (Some(15_728_640), None));
    assert_eq!(listed[2].status, Some(BackupStatus::Other("archived".to_owned())));
    assert_eq!((&listed[3].status, &listed[3].created_at), (&None, &None));
    let iterated = row(
        "profile().backups().iter",
        |tago| {
            let query = BackupQuery::new().page(2).order_by(BackupOrder::CreatedAt, Direction::Ascending);
            tago.profile().backups().iter(ProfileId::CURRENT, &query).collect::<Result<Vec<_>>>()
        },
        ("GET /profile/current/backup?page=2&amount=100&orderBy=created_at,asc", Harmless),
        None,
        rows,
    );
    assert_eq!(iterated, listed);

    let credentials = || -> Result<Credentials> {
        let credentials = Credentials::new(Password::new("secret")?).otp_type(OtpType::Authenticator);
        Ok(credentials.pin_code(PinCode::new("123456")?))
    };
    let proof = json!({"password": "secret", "pin_code": "123456", "otp_type": "authenticator"});
    let download = row(
        "profile().backups().download",
        |tago| tago.profile().backups().download(P, "b/1", &credentials()?),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/backup/b/1/download", Never),
        proof.clone(),
        json!({
            "url": "https://s3.amazonaws.com/x?X-Amz-Algorithm=A", "size": 15_728_640, "size_unit": "bytes",
            "file_size_mb": "15.00", "expire_at": "2025-01-07T16:30:00.000Z", "backup_id": "b/1",
            "created_at": "2025-01-07T14:30:00.000Z",
        }),
    );
    assert_eq!(download.url.expose(), "https://s3.amazonaws.com/x?X-Amz-Algorithm=A");
    assert_eq!((download.size, download.backup_id), (Some(15_728_640), Some("b/1".into())));
    assert_eq!(download.expire_at, Some(Timestamp::from("2025-01-07T16:30:00.000Z")));
    let done = row(
        "profile().backups().delete",
        |tago| tago.profile().backups().delete(P, "b1", &credentials()?),
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92/backup/b1", Harmless),
        proof,
        json!("Backup successfully removed"),
    );
    assert_eq!(done, "Backup successfully removed");
}

/// TagoIO documents these answers outside of its envelope, and its own command line reads them in it.
#[test]
fn answers_about_backups_come_bare_too() {
    let answer = |status: u16, body: Value| {
        let transport = tagoio::transport::from_fn(move |_| {
            Ok(tagoio::transport::Response::new(status).with_body(body.to_string()))
        });
        Client::builder().token("p-1").vars(|_| None).transport(transport).build().unwrap()
    };
    let queued = json!({"message": "queued", "profile": P, "backup_id": "b1"});
    let tago = answer(200, queued);
    assert_eq!(tago.profile().backups().create(P).unwrap().id, Some("b1".into()));
    let credentials = Credentials::new(Password::new("secret").unwrap());
    let tago = answer(200, json!({"url": "https://h/x", "size": 5, "size_unit": "bytes", "backup_id": "b1"}));
    assert_eq!(tago.profile().backups().download(P, "b1", &credentials).unwrap().size, Some(5));

    for (status, body, is_refusal) in [
        (200, json!({"status": false, "message": "no", "url": "https://h/x", "backup_id": "b1"}), true),
        (403, json!({"url": "https://h/x", "backup_id": "b1"}), true),
        (200, json!({"message": "no"}), false),
        (200, json!({"status": true}), false),
        (200, json!({"status": true, "result": {"message": "no"}}), false),
        (200, json!({"status": true, "result": null}), false),
    ] {
        let tago = answer(status, body.clone());
        let create = tago.profile().backups().create(P).unwrap_err();
        let download = tago.profile().backups().download(P, "b1", &credentials).unwrap_err();
        for error in [create, download] {
            assert_eq!(matches!(error, tagoio::Error::Api(_)), is_refusal, "{body}: {error:?}");
        }
    }
}

#[test]
fn service_providers() {
    let secret = |id: &str| -> Result<SecretId> { SecretId::new(id) };
    let done = row(
        "profile().service_provider().configure",
        |tago| {
            let providers = ServiceProviders::new()
                .email(EmailService::smtp("noreply@example.com", secret("e1")?))
                .sms(SmsService::twilio("+15551234567", secret("s1")?, secret("s2")?));
            tago.profile().service_provider().configure(P, &providers)
        },
        ("PUT /profile/61fac4d9a5c9f40012a5ff92/service", Harmless),
        json!({
            "email": {"provider": "smtp", "from": "noreply@example.com", "secrets": {"data": "e1"}},
            "sms": {
                "provider": "twilio", "from": "+15551234567", "secrets": {"twilio_sid": "s1", "twilio_token": "s2"},
            },
        }),
        json!("Service provider configured successfully"),
    );
    assert_eq!(done, "Service provider configured successfully");
    for (providers, body) in [
        (
            ServiceProviders::new().email(EmailService::send_grid("a@x.io", secret("e1").unwrap())),
            json!({"email": {"provider": "sendgrid", "from": "a@x.io", "secrets": {"api_key": "e1"}}}),
        ),
        (
            ServiceProviders::new().email(EmailService::ses("a@x.io", secret("e1").unwrap())),
            json!({"email": {"provider": "ses", "from": "a@x.io", "secrets": {"data": "e1"}}}),
        ),
        (
            ServiceProviders::new().sms(SmsService::sns(secret("s1").unwrap())),
            json!({"sms": {"provider": "sns", "secrets": {"data": "s1"}}}),
        ),
        (ServiceProviders::new().sms(Patch::Clear), json!({"sms": null})),
    ] {
        row(
            "profile().service_provider().configure",
            |tago| tago.profile().service_provider().configure(ProfileId::CURRENT, &providers),
            ("PUT /profile/current/service", Harmless),
            body,
            json!("Service provider configured successfully"),
        );
    }
    let sent = row(
        "profile().service_provider().test_email",
        |tago| {
            let message = TestMessage::new("user@example.com").subject("Test").message("One, two.");
            tago.profile().service_provider().test_email(P, &message)
        },
        ("POST /profile/61fac4d9a5c9f40012a5ff92/service/test/email", Never),
        json!({"to": "user@example.com", "subject": "Test", "message": "One, two."}),
        json!({"message": "Test message sent successfully"}),
    );
    assert_eq!((sent.message.as_str(), sent.message_id), ("Test message sent successfully", None));
    let sent = row(
        "profile().service_provider().test_sms",
        |tago| tago.profile().service_provider().test_sms(P, &TestMessage::new("+15559876543")),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/service/test/sms", Never),
        json!({"to": "+15559876543"}),
        json!({"message": "Test message sent successfully", "message_id": "SM12"}),
    );
    assert_eq!(sent.message_id.as_deref(), Some("SM12"));
}

#[test]
fn team() {
    let members = row(
        "team().list",
        |tago| tago.team().list(P),
        ("GET /profile/61fac4d9a5c9f40012a5ff92/team", Harmless),
        None,
        json!([{
            "id": "account-1", "active": false, "name": "John", "email": "john@example.com",
            "created_at": "2024-01-01T10:00:00.000Z",
        }, {"id": "account-2", "name": null}]),
    );
    assert_eq!((members[0].email.as_str(), members[0].active), ("john@example.com", false));
    assert_eq!((members[1].name.as_str(), &members[1].created_at), ("", &None));
    row(
        "team().add",
        |tago| tago.team().add(P, "user@example.com"),
        ("POST /profile/61fac4d9a5c9f40012a5ff92/team", Never),
        json!({"email": "user@example.com"}),
        json!("User invited"),
    );
    row(
        "team().remove",
        |tago| tago.team().remove(P, "account-1"),
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92/team/account-1", Harmless),
        None,
        json!("Account Successfully Removed"),
    );
}

#[test]
fn token_lists() {
    let tokens = row(
        "token().list",
        |tago| tago.token().list(P, &TokenQuery::new()),
        (
            "GET /profile/61fac4d9a5c9f40012a5ff92/token?page=1&fields[0]=name&fields[1]=token&fields[2]=permission&\
             fields[3]=expire_time&fields[4]=created_at&amount=20&orderBy=created_at,asc",
            Harmless,
        ),
        None,
        json!([
            {"name": "a", "permission": "full", "token": "p-1", "expire_time": "2023-06-07T01:43:45.951Z"},
            {"name": "b", "permission": "custom", "token": "p-2", "expire_time": "never", "created_at": "2023-03-07"},
            {"token": "p-3", "expire_time": null},
            {"token": "p-4"},
        ]),
    );
    assert!(matches!(tokens[0].expire_time, Some(Expiry::At(_))));
    assert_eq!(tokens[1].permission, Some(Permission::Other("custom".to_owned())));
    for token in &tokens[1..3] {
        assert_eq!(token.expire_time, Some(Expiry::Never));
    }
    assert_eq!((tokens[3].token.as_ref().map(Token::expose), &tokens[3].expire_time), (Some("p-4"), &None));

    let rows = row(
        "token().list",
        |tago| {
            let query = TokenQuery::new()
                .page(2)
                .amount(50)
                .name("*ci*")
                .permission(&Permission::Read)
                .token(&Token::new("p-9")?)
                .order_by(TokenOrder::Name, Direction::Descending)
                .fields([TokenField::Name, TokenField::Kind]);
            tago.token().list(P, &query)
        },
        (
            "GET /profile/61fac4d9a5c9f40012a5ff92/token?page=2&fields[0]=name&fields[1]=type&filter[name]=*ci*&\
             filter[permission]=read&filter[token]=p-9&amount=50&orderBy=name,desc",
            Harmless,
        ),
        None,
        json!([{"name": "ci", "type": "profile", "expire_time": null, "last_authorization": null}, {}]),
    );
    assert_eq!((rows[0].kind.as_deref(), &rows[0].expire_time), (Some("profile"), &Some(Expiry::Never)));
    assert_eq!((&rows[1].name, &rows[1].expire_time), (&None, &None));

    let first = row(
        "token().iter",
        |tago| tago.token().iter(P, &TokenQuery::new()).next().expect("there is a row"),
        (
            "GET /profile/61fac4d9a5c9f40012a5ff92/token?page=1&fields[0]=name&fields[1]=token&fields[2]=permission&\
             fields[3]=expire_time&fields[4]=created_at&amount=1000&orderBy=created_at,asc",
            Harmless,
        ),
        None,
        json!([{"token": "p-1"}]),
    );
    assert_eq!(first.token.as_ref().map(Token::expose), Some("p-1"));
}

#[test]
fn token_changes() {
    let made = row(
        "token().create",
        |tago| {
            let new = NewToken::new("ci", Permission::Read)
                .expire_time(Expiry::after(3, TimeUnit::Month))
                .serie_number("s")
                .verification_code(VerificationCode::new("v")?)
                .middleware("m")
                .sign_in("me@example.com", Password::new("secret")?)
                .two_factor(OtpType::Sms, PinCode::new("123456")?);
            tago.token().create(P, &new)
        },
        ("POST /profile/61fac4d9a5c9f40012a5ff92/token", Never),
        json!({
            "name": "ci", "permission": "read", "expire_time": "3 months", "serie_number": "s", "verification_code": "v",
            "middleware": "m", "email": "me@example.com", "password": "secret", "pin_code": "123456", "otp_type": "sms",
        }),
        json!({"token": "p-1", "name": "ci", "permission": "read", "expire_date": "2025-12-31T23:59:59.000Z"}),
    );
    assert_eq!(made.token.expose(), "p-1");
    assert_eq!(made.expire_time, Some(Expiry::At(Utc.with_ymd_and_hms(2025, 12, 31, 23, 59, 59).unwrap())));

    for answer in [
        json!({"expire_time": null}),
        json!({"expire_date": "never"}),
        json!({"expire_time": "never", "expire_date": null}),
    ] {
        let mut result = json!({"token": "p-1"});
        result.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        let made = row(
            "token().create",
            |tago| tago.token().create(P, &NewToken::new("T", Permission::Full)),
            ("POST /profile/61fac4d9a5c9f40012a5ff92/token", Never),
            json!({"name": "T", "permission": "full"}),
            result,
        );
        assert_eq!(made.expire_time, Some(Expiry::Never), "{answer}");
    }
    for (expiry, sent) in [
        (Expiry::Never, "never"),
        (Expiry::At(Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).unwrap()), "2025-01-01T00:00:00.000Z"),
        (Expiry::Other("3 month".to_owned()), "3 month"),
    ] {
        let made = row(
            "token().create",
            |tago| tago.token().create(P, &NewToken::new("T", Permission::Full).expire_time(expiry)),
            ("POST /profile/61fac4d9a5c9f40012a5ff92/token", Never),
            json!({"name": "T", "permission": "full", "expire_time": sent}),
            json!({"token": "p-1", "expire_time": "never"}),
        );
        assert_eq!(made.expire_time, Some(Expiry::Never), "the answer has one name for it, the documentation another");
    }
    row(
        "token().delete",
        |tago| tago.token().delete(P, &Token::new("f46d/..?#%")?),
        ("DELETE /profile/61fac4d9a5c9f40012a5ff92/token/f46d/..?#%", Harmless),
        None,
        json!("Token Successfully Removed"),
    );
}

#[test]
fn run_settings() {
    let settings = row(
        "run().info",
        |tago| tago.run().info(),
        ("GET /run", Harmless),
        None,
        json!({
            "profile": P, "active": true, "name": "Portal", "favicon": null, "signup_method": "default",
            "sidebar_buttons": [{"color": "#fff", "text": "Home", "isInNewLine": true, "conditions": [{"tag_key": "k"}]}],
            "signin_buttons": [{"label": "Docs", "type": "link", "url": "https://example.com"}],
            "signup_fields": [{"name": "phone", "required": false}],
            "email_templates": {"welcome_actived": {"subject": "Hi", "value": "<b>"}},
            "feature_devicewifisetup": {"enabled": true, "translations": {"en": {}}},
            "feature_geolocation": {"buffer_size": 10.5, "device": null},
            "theme": {"navbar": "#123456", "brandNew": "#fff"},
            "security": {"otp": {"authenticator": true}, "delete": {"email_owner": true}},
            "auth_token_ttl": "3 months", "custom_fields": [{"id": "f1"}], "created_at": "2023-01-01T00:00:00.000Z",
            "not known": [1],
        }),
    );
    assert_eq!((settings.name.as_deref(), &settings.favicon), (Some("Portal"), &Patch::Clear));
    assert_eq!(settings.signup_method.as_ref(), Some(&SignUpMethod::Default));
    let button = &settings.sidebar_buttons.as_ref().unwrap()[0];
    assert_eq!((button.is_in_new_line.as_ref(), button.color.as_deref()), (Some(&true), Some("#fff")));
    assert_eq!(settings.signin_buttons.as_ref().unwrap()[0].kind.as_deref(), Some("link"));
    assert_eq!(settings.email_templates.as_ref().unwrap()["welcome_actived"].subject.as_deref(), Some("Hi"));
    let theme = settings.theme.as_ref().unwrap();
    assert_eq!(theme.get(&ThemeOption::Navbar), Some("#123456"));
    assert_eq!(theme.get(&ThemeOption::from("brandNew")), Some("#fff"));
    let security = settings.security.as_ref().unwrap();
    assert_eq!(security.otp.as_ref().unwrap().authenticator.as_ref(), Some(&true));
    assert_eq!(security.delete.as_ref().unwrap().email_owner.as_ref(), Some(&true));
    assert_eq!(settings.other.get("not known"), Some(&json!([1])));

    let done = row(
        "run().edit",
        |tago| {
            let mut changed = settings.clone();
            changed.name = "New name".into();
            changed.theme.get_or_default().insert(ThemeOption::Primary, "#0af");
            changed.other.remove("not known");
            changed.sidebar_buttons = Patch::Keep;
            changed.email_templates = Patch::Keep;
            changed.feature_devicewifisetup = Patch::Keep;
            tago.run().edit(&changed)
        },
        ("PUT /run", Harmless),
        json!({
            "profile": P, "active": true, "name": "New name", "favicon": null, "signup_method": "default",
            "signin_buttons": [{"label": "Docs", "type": "link", "url": "https://example.com"}],
            "signup_fields": [{"name": "phone", "required": false}],
            "feature_geolocation": {"buffer_size": 10.5, "device": null},
            "theme": {"navbar": "#123456", "brandNew": "#fff", "primary": "#0af"},
            "security": {"otp": {"authenticator": true}, "delete": {"email_owner": true}},
            "auth_token_ttl": "3 months", "custom_fields": [{"id": "f1"}],
        }),
        json!("TagoIO Run Successfully Updated"),
    );
    assert_eq!(done, "TagoIO Run Successfully Updated");
    row(
        "run().edit",
        |tago| {
            tago.run().edit(&RunSettings::new().theme(Theme::new().set(ThemeOption::Navbar, "#000")).logo(Patch::Clear))
        },
        ("PUT /run", Harmless),
        json!({"theme": {"navbar": "#000"}, "logo": null}),
        json!("TagoIO Run Successfully Updated"),
    );
    row(
        "run().email_test",
        |tago| tago.run().email_test("Olá 😀", "<b>日本</b>\n"),
        ("POST /run/email_test", Never),
        json!({"subject": "Olá 😀", "body": "<b>日本</b>\n"}),
        json!("E-mail sent to example@email.com"),
    );
}

const WHOLE_USER: &str = "fields[0]=id&fields[1]=name&fields[2]=email&fields[3]=timezone&fields[4]=company&\
    fields[5]=phone&fields[6]=language&fields[7]=tags&fields[8]=active&fields[9]=last_login&fields[10]=created_at&\
    fields[11]=updated_at";

#[test]
fn user_lists() {
    let users = row(
        "run().users().list",
        |tago| tago.run().users().list(&UserQuery::new()),
        (&format!("GET /run/users?page=1&{WHOLE_USER}&amount=20&orderBy=name,asc"), Harmless),
        None,
        json!([
            {"id": U, "name": "Jane", "email": "j@x.com", "active": true, "tags": [{"key": "a", "value": "b"}],
             "last_login": null, "created_at": "2022-01-21T21:29:08.957Z", "unknown": {}},
            {"id": "2", "name": null, "tags": null, "active": null, "last_login": "soon"},
        ]),
    );
    assert_eq!(users[0].tags, [Tag::new("a", "b")]);
    assert_eq!((&users[0].last_login, users[0].active), (&None, true));
    assert_eq!((users[1].name.as_str(), users[1].tags.len(), users[1].active), ("", 0, false));
    assert_eq!(users[1].last_login, Some(Timestamp::Other("soon".to_owned())));

    let rows = row(
        "run().users().list",
        |tago| {
            let query = UserQuery::new()
                .page(3)
                .amount(50)
                .email("*@x.com")
                .active(false)
                .tag("site", "a b&c")
                .tag_key("access")
                .created_at(Utc.with_ymd_and_hms(2024, 12, 1, 0, 0, 0).unwrap())
                .filter("company", "*acme*")
                .order_by(UserOrder::LastLogin, Direction::Descending)
                .fields([UserField::Id, UserField::Other("otp".to_owned())]);
            tago.run().users().list(&query)
        },
        (
            "GET /run/users?page=3&fields[0]=id&fields[1]=otp&filter[active]=false&filter[company]=*acme*&\
             filter[created_at]=2024-12-01T00:00:00.000Z&filter[email]=*@x.com&filter[tags][0][key]=site&\
             filter[tags][0][value]=a b&c&filter[tags][1][key]=access&amount=50&orderBy=last_login,desc",
            Harmless,
        ),
        None,
        json!([{"id": "1"}, {}]),
    );
    assert_eq!((rows[0].id.as_ref().map(tagoio::UserId::as_str), &rows[1].id), (Some("1"), &None));

    for (query, line) in [
        (UserQuery::new().page(0).amount(0), format!("GET /run/users?page=1&{WHOLE_USER}&amount=20&orderBy=name,asc")),
        (
            UserQuery::new().id("a").name("*n*").updated_at("1 day"),
            format!(
                "GET /run/users?page=1&{WHOLE_USER}&filter[id]=a&filter[name]=*n*&filter[updated_at]=1 day&amount=20&\
                 orderBy=name,asc"
            ),
        ),
    ] {
        row("run().users().list", |tago| tago.run().users().list(&query), (&line, Harmless), None, json!([]));
    }
    row(
        "run().users().list",
        |tago| tago.run().users().list(&UserQuery::new().fields([])),
        ("GET /run/users?page=1&amount=20&orderBy=name,asc", Harmless),
        None,
        json!([]),
    );
    row(
        "run().users().iter",
        |tago| tago.run().users().iter(&UserQuery::new().fields([UserField::Email])).collect::<Result<Vec<_>>>(),
        ("GET /run/users?page=1&fields[0]=email&fields[1]=id&amount=1000&orderBy=name,asc", Harmless),
        None,
        json!([]),
    );
    for (query, written) in [
        (UserQuery::new(), json!({})),
        (UserQuery::new().page(2).active(true), json!({"page": 2, "filter": {"active": true}})),
    ] {
        assert_eq!(serde_json::to_value(query).unwrap(), written);
    }
}

#[test]
fn user_reads() {
    let user = json!({
        "active": true, "company": "Companyname", "created_at": "2022-01-21T21:29:08.957Z", "email": "runuser@email",
        "id": U, "language": "en", "last_login": "2022-06-10T17:59:26.879Z", "name": "runusername", "newsletter": null,
        "options": {"date_format": "MM/DD/YYYY", "time_format": "12"}, "otp": {}, "phone": "+010001010011", "profile": P,
        "tags": [{"key": "user_type", "value": "enduser"}], "timezone": "America/New_York",
        "updated_at": "2022-06-14T14:16:52.377Z", "custom_preferences": {"f1": 1}, "agreements": [],
        "force_password_change": true,
    });
    for result in [user.clone(), json!([user])] {
        let user = row(
            "run().users().info",
            |tago| tago.run().users().info(U),
            ("GET /run/users/61eb25a4d6a4a20011d4cd3c", Harmless),
            None,
            result,
        );
        assert_eq!((user.id.as_str(), user.timezone.as_str()), (U, "America/New_York"));
        assert_eq!(user.options.unwrap().time_format.as_deref(), Some("12"));
        assert_eq!((user.newsletter, user.force_password_change), (None, Some(true)));
        assert_eq!(user.custom_preferences.unwrap()["f1"], 1);
    }

    let login = row(
        "run().users().login_as",
        |tago| tago.run().users().login_as(U, Some(&Expiry::after(3, TimeUnit::Month))),
        ("GET /run/users/61eb25a4d6a4a20011d4cd3c/login?expire_time=3 months", Never),
        None,
        json!({
            "token": "u-1", "name": "Login by Run Administrator", "run_user": U,
            "expire_time": "2022-06-21T03:01:10.908Z", "created_at": "2022-06-20T03:01:10.908Z",
        }),
    );
    assert_eq!((login.token.expose(), login.run_user.unwrap().as_str()), ("u-1", U));
    assert!(matches!(login.expire_time, Some(Expiry::At(_))));
    let documented = row(
        "run().users().login_as",
        |tago| tago.run().users().login_as(U, None),
        ("GET /run/users/61eb25a4d6a4a20011d4cd3c/login", Never),
        None,
        json!({"token": "u-1", "expire_date": "never"}),
    );
    assert_eq!(documented.expire_time, Some(Expiry::Never));
}

#[test]
fn user_changes() {
    let created = json!({"user": U});
    let id = row(
        "run().users().create",
        |tago| {
            let new =
                NewUser::new("John Doe", "john@example.com", "America/New_York").password(Password::new("secure123")?);
            tago.run().users().create(&new)
        },
        ("POST /run/users", Never),
        json!({"name": "John Doe", "email": "john@example.com", "timezone": "America/New_York", "password": "secure123"}),
        created.clone(),
    );
    assert_eq!(id, U);
    row(
        "run().users().create",
        |tago| {
            let new = NewUser::new("J", "j@x.com", "UTC")
                .generate_password(true)
                .send_email("invite")
                .company("C")
                .phone("+1 555")
                .language("en-us")
                .tag("k", "v")
                .active(true)
                .newsletter(false)
                .options(UserOptions::new().time_format("24"))
                .force_password_change(true);
            tago.run().users().create(&new)
        },
        ("POST /run/users", Never),
        json!({
            "name": "J", "email": "j@x.com", "timezone": "UTC", "generate_password": true, "send_email": "invite",
            "company": "C", "phone": "+1 555", "language": "en-us", "tags": [{"key": "k", "value": "v"}], "active": true,
            "newsletter": false, "options": {"time_format": "24"}, "force_password_change": true,
        }),
        created.clone(),
    );
    row(
        "run().users().create",
        |tago| tago.run().users().create(&NewUser::new("J", "j@x.com", "UTC").send_email(true)),
        ("POST /run/users", Never),
        json!({"name": "J", "email": "j@x.com", "timezone": "UTC", "send_email": true}),
        created,
    );
    let done = row(
        "run().users().edit",
        |tago| {
            let edit = UserEdit::new()
                .name("n")
                .password(Password::new("new secret")?)
                .company(Patch::Clear)
                .phone(Patch::Clear)
                .tags(vec![Tag::new("a", "b")])
                .active(false)
                .force_password_change(true)
                .logout_sessions(true);
            tago.run().users().edit(U, &edit)
        },
        ("PUT /run/users/61eb25a4d6a4a20011d4cd3c", Harmless),
        json!({
            "name": "n", "password": "new secret", "company": null, "phone": null, "tags": [{"key": "a", "value": "b"}],
            "active": false, "force_password_change": true, "logout_sessions": true,
        }),
        json!("TagoIO Run User Successfully Updated"),
    );
    assert_eq!(done, "TagoIO Run User Successfully Updated");
    row(
        "run().users().edit",
        |tago| tago.run().users().edit(U, &UserEdit::new()),
        ("PUT /run/users/61eb25a4d6a4a20011d4cd3c", Harmless),
        json!({}),
        json!(null),
    );
    row(
        "run().users().delete",
        |tago| tago.run().users().delete(U),
        ("DELETE /run/users/61eb25a4d6a4a20011d4cd3c", Harmless),
        None,
        json!("Successfully Removed"),
    );
    for (invite, body) in [
        (UserInvite::new(), json!({})),
        (UserInvite::new().invite_template("custom_invite"), json!({"invite_template": "custom_invite"})),
    ] {
        row(
            "run().users().resend_invite",
            |tago| tago.run().users().resend_invite(U, &invite),
            ("POST /run/users/61eb25a4d6a4a20011d4cd3c/invite", Never),
            body,
            json!("Invite sent"),
        );
    }
}

#[test]
fn notifications() {
    let list = row(
        "run().notifications().list",
        |tago| tago.run().notifications().list(U),
        ("GET /run/notification/61eb25a4d6a4a20011d4cd3c", Harmless),
        None,
        json!([
            {"id": "1", "title": "t", "message": "m", "read": false, "buttons_enabled": true,
             "buttons": [{"id": "b", "label": "l", "color": "red", "url": "https://x", "analysis": "a1", "new": 1}],
             "icon": {"image_url": "u", "fit": "cover"}, "created_at": "2022-06-20T17:35:26.753Z"},
            {"id": "2", "buttons": [{"triggers": [{"analysis_id": "a2", "scope": [1]}, {"share_profile": "accept"}]}]},
            {"id": "3", "buttons": null, "icon": null},
        ]),
    );
    let old = &list[0].buttons[0];
    assert_eq!((old.url.as_deref(), old.other.get("new")), (Some("https://x"), Some(&json!(1))));
    let triggers = list[1].buttons[0].triggers.as_ref().unwrap();
    assert_eq!(triggers[0].analysis_id.as_ref().unwrap().as_str(), "a2");
    assert_eq!(triggers[1].share_profile.as_ref().unwrap().as_str(), "accept");
    assert!(list[2].buttons.is_empty());

    let id = row(
        "run().notifications().create",
        |tago| {
            let button = NotificationButton::new().id("ok").label("OK").triggers(vec![ButtonTrigger::analysis("a1")]);
            let notification = NewNotification::new()
                .title("t")
                .message("m")
                .read(false)
                .icon(NotificationIcon::svg("u").svg_color("#fff"))
                .buttons(vec![button])
                .buttons_enabled(true)
                .buttons_autodisable(true);
            tago.run().notifications().create(U, &notification)
        },
        ("POST /run/notification/", Never),
        json!({
            "run_user": U, "title": "t", "message": "m", "read": false, "icon": {"svg_url": "u", "svg_color": "#fff"},
            "buttons": [{"id": "ok", "label": "OK", "triggers": [{"analysis_id": "a1"}]}], "buttons_enabled": true,
            "buttons_autodisable": true,
        }),
        json!({"id": "n1"}),
    );
    assert_eq!(id, "n1");
    row(
        "run().notifications().edit",
        |tago| tago.run().notifications().edit("n1", &NotificationEdit::new().buttons(list[0].buttons.clone())),
        ("PUT /run/notification/n1", Harmless),
        json!({"buttons": [{"id": "b", "label": "l", "color": "red", "url": "https://x", "analysis": "a1", "new": 1}]}),
        json!("TagoIO Notification User Successfully Updated"),
    );
    row(
        "run().notifications().delete",
        |tago| tago.run().notifications().delete("n1"),
        ("DELETE /run/notification/n1", Harmless),
        None,
        json!("Successfully Removed"),
    );
}

#[test]
fn saml() {
    let info = row(
        "run().saml().info",
        |tago| tago.run().saml().info(),
        ("GET /run/sso/saml", Harmless),
        None,
        json!({
            "sp": {"entity_id": "e", "acs_url": "a", "metadata": "m"}, "idp": {"issuer": "i"},
            "mapping": {"email": "mail", "firstName": "given", "tags": {"dept": "department"}},
        }),
    );
    assert_eq!((info.sp.unwrap().acs_url.as_str(), info.idp.unwrap().issuer.as_str()), ("a", "i"));
    let mapping = info.mapping.unwrap();
    assert_eq!(mapping.first_name.as_deref(), Some("given"));
    assert_eq!(mapping.tags.as_ref().unwrap()["dept"], "department");
    let nothing = row(
        "run().saml().info",
        |tago| tago.run().saml().info(),
        ("GET /run/sso/saml", Harmless),
        None,
        json!({"idp": null}),
    );
    assert_eq!(nothing.idp, None);

    row(
        "run().saml().edit",
        |tago| {
            let mapping = SamlAttributeMappings::new().email("mail").first_name("given").last_name(Patch::Clear);
            tago.run().saml().edit(&SamlEdit::new().idp_metadata(IdpMetadata::from_xml("<xml>")).mapping(mapping))
        },
        ("PUT /run/sso/saml", Harmless),
        json!({"idp_metadata": "PHhtbD4=", "mapping": {"email": "mail", "firstName": "given", "lastName": null}}),
        json!("TagoIO Run SAML SSO Successfully Updated"),
    );
}

#[test]
fn custom_domain() {
    let domain = row(
        "run().custom_domain().info",
        |tago| tago.run().custom_domain().info(P),
        ("GET /run/customdomain/61fac4d9a5c9f40012a5ff92", Harmless),
        None,
        json!({
            "active": true, "domain": "mycompany.com", "subdomain": "app", "email": "app.mycompany.com",
            "dns_ssl": {"status": true, "type": "TXT", "key": "key1", "value": "value1"},
            "dns_page": {"status": false, "type": "CNAME", "key": "key2", "value": "value2", "current_value": "old"},
            "created_at": "2023-02-21T15:17:35.759Z",
        }),
    );
    assert_eq!(domain.dns_ssl.as_ref().unwrap().current_value, None);
    assert_eq!(domain.dns_page.as_ref().unwrap().current_value.as_deref(), Some("old"));
    assert_eq!((domain.dns_page.unwrap().kind.as_str(), domain.dns_email_3), ("CNAME", None));
    row(
        "run().custom_domain().create",
        |tago| tago.run().custom_domain().create(P, &NewCustomDomain::new("mycompany.com", "portal", "mycompany.com")),
        ("POST /run/customdomain/61fac4d9a5c9f40012a5ff92", Never),
        json!({"domain": "mycompany.com", "subdomain": "portal", "email": "mycompany.com"}),
        json!("ok"),
    );
    row(
        "run().custom_domain().delete",
        |tago| tago.run().custom_domain().delete(P),
        ("DELETE /run/customdomain/61fac4d9a5c9f40012a5ff92", Harmless),
        None,
        json!("ok"),
    );
    row(
        "run().custom_domain().regenerate",
        |tago| tago.run().custom_domain().regenerate(P),
        ("PUT /run/customdomain/regenerate/61fac4d9a5c9f40012a5ff92", Never),
        None,
        json!("ok"),
    );
}

#[test]
fn raw() {
    use tagoio::transport::Method;

    let plan: Value = row(
        "raw",
        |tago| tago.raw(Method::Get, "/account/plan").query("a b", "c&d").send(),
        ("GET /account/plan?a b=c&d", Harmless),
        None,
        json!({"plan": "starter"}),
    );
    assert_eq!(plan["plan"], "starter");
    let response = row(
        "raw",
        |tago| tago.raw(Method::Post, "/am").json(&json!({"name": "x"})).repeatable(true).response(),
        ("POST /am", Harmless),
        json!({"name": "x"}),
        json!(null),
    );
    assert_eq!(response.status(), 200);
}

#[test]
fn ids_are_one_segment_or_nothing_is_sent() {
    let recorder = Recorder::default();
    let tago = recorder.client(&json!(null));
    for id in ["", ".", "..", "a\nb", "\u{1}"] {
        assert!(matches!(tago.run().users().delete(id), Err(tagoio::Error::Config(_))), "{id:?}");
    }
    // `PUT /profile/switch/{profile}` is another route.
    let switched = tago.profile().service_provider().configure("switch", &tagoio::profile::ServiceProviders::default());
    assert!(matches!(switched, Err(tagoio::Error::Config(_))), "{switched:?}");
    assert!(recorder.take().is_empty());
    for (id, path) in [("a/b", "/run/users/a%2Fb"), ("../..", "/run/users/..%2F.."), ("a?b#c", "/run/users/a%3Fb%23c")]
    {
        tago.run().users().delete(id).unwrap();
        assert_eq!(recorder.take()[0].path(), path);
    }
}
