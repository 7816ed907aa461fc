use std::time::Duration;

use serde_json::{Value, json};
use tagoio::profile::{Backup, BackupOrder, BackupQuery, BackupStatus, Credentials, OtpType};
use tagoio::run::RunSettings;
use tagoio::sandbox::{Plan, Sandbox, State};
use tagoio::transport::Method::{Delete, Get, Post};
use tagoio::transport::{Request, Response, Transport as _};
use tagoio::{BackupId, Client, Direction, PinCode, ProfileId};

use super::{ask, builder, clock, days, hours, password, sandbox, sentence, tell};

const P: ProfileId = ProfileId::CURRENT;

fn credentials() -> Credentials {
    Credentials::new(password())
}

fn create(tago: &Client) -> BackupId {
    tago.profile().backups().create(P).unwrap().id.expect("the sandbox says which one it is")
}

fn list(tago: &Client) -> Vec<Backup> {
    tago.profile().backups().list(P, &BackupQuery::new()).unwrap()
}

/// What the store answers at an address.
fn fetch(sandbox: &Sandbox, url: &str) -> Response {
    sandbox.send(&Request::new(Get, url)).unwrap()
}

/// The documents in a ZIP archive, by their names, as its directory lists them. What is said twice is the same.
fn unzip(archive: &[u8]) -> Vec<(String, Value)> {
    let number = |at: usize, size: usize| {
        archive[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = archive.len() - 22;
    assert_eq!(number(end, 4), 0x0605_4b50);
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    assert_eq!((number(end + 8, 2), at + number(end + 12, 4)), (count, end));
    let mut documents = Vec::new();
    for _ in 0..count {
        assert_eq!(number(at, 4), 0x0201_4b50);
        let (size, name_size, local) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        assert_eq!(
            archive[at + 6..at + 32],
            archive[local + 4..local + 30],
            "said before the file and in the directory"
        );
        let name = &archive[at + 46..at + 46 + name_size];
        assert_eq!(name, &archive[local + 30..local + 30 + name_size]);
        let content = &archive[local + 30 + name_size..][..size];
        let mut sum = flate2::Crc::new();
        sum.update(content);
        assert_eq!(usize::try_from(sum.sum()).unwrap(), number(at + 16, 4));
        documents.push((String::from_utf8(name.to_vec()).unwrap(), serde_json::from_slice(content).unwrap()));
        at += 46 + name_size;
    }
    assert_eq!(at, end);
    documents
}

#[test]
fn a_backup_is_queued_made_and_completed() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let id = create(&tago);
    for (seconds, status) in [
        (0, BackupStatus::Queued),
        (4, BackupStatus::Queued),
        (1, BackupStatus::Processing),
        (24, BackupStatus::Processing),
        (1, BackupStatus::Completed),
        (3600, BackupStatus::Completed),
    ] {
        clock.advance(Duration::from_secs(seconds));
        let newest = list(&tago).remove(0);
        assert_eq!((&newest.id, newest.status.as_ref()), (&id, Some(&status)));
        let is_completed = status == BackupStatus::Completed;
        assert_eq!((newest.file_size.is_some(), newest.file_path.is_some()), (is_completed, is_completed));
        assert_eq!(newest.profile, Some(sandbox.profile_id()));
    }
}

#[test]
fn one_backup_a_day_and_a_deleted_one_counts() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let id = create(&tago);
    let refused = |hours: u64| {
        let error = tago.profile().backups().create(P).unwrap_err();
        let sentence = format!(
            "Daily backup limit reached (1 backups per day). Please try again in {hours} hours or contact support to \
             increase your limit."
        );
        assert_eq!((error.status(), error.message()), (Some(403), Some(&*sentence)));
        assert!(error.is_limit_reached() && !error.is_not_in_plan());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600 * hours)));
    };
    refused(14);
    clock.advance(hours(2));
    tago.profile().backups().delete(P, &id, &credentials()).unwrap();
    refused(12);
    clock.advance(hours(11));
    refused(1);
    clock.advance(hours(1));
    create(&tago);
    refused(24);
}

#[test]
fn on_the_free_plan_there_are_none() {
    let sandbox = builder().plan(Plan::Free).build();
    let sentence_of_plan =
        "Backup feature is not available on the free plan. Please upgrade your plan to access backup functionality.";
    for (method, path, body) in [
        (Get, "/profile/current/backup", ""),
        (Post, "/profile/current/backup", "{}"),
        (Post, "/profile/current/backup/b/download", r#"{"password":"x"}"#),
        (Delete, "/profile/current/backup/b", r#"{"password":"x"}"#),
    ] {
        let (status, answer) = tell(&sandbox, method, path, body);
        assert_eq!((status, sentence(&answer)), (403, sentence_of_plan), "{method} {path}");
    }
    let error = sandbox.client().unwrap().profile().backups().create(P).unwrap_err();
    assert!(error.is_not_in_plan() && !error.is_limit_reached());
}

#[test]
fn a_download_wants_the_password_and_a_completed_backup() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let backups = tago.profile().backups();
    let id = create(&tago);
    for (seconds, status) in [(0, "queued"), (10, "processing")] {
        clock.advance(Duration::from_secs(seconds));
        let error = backups.download(P, &id, &credentials()).unwrap_err();
        let sentence = format!("Backup is not ready for download. Current status: {status}");
        assert_eq!((error.status(), error.message()), (Some(400), Some(&*sentence)));
        assert!(error.is_not_ready() && !error.is_not_found());
    }
    clock.advance(Duration::from_secs(60));
    let wrong = Credentials::new(tagoio::Password::new("wrong").unwrap());
    for error in [backups.download(P, &id, &wrong).unwrap_err(), backups.delete(P, &id, &wrong).unwrap_err()] {
        assert!(error.is_wrong_password() && !error.is_unauthorized(), "{error}");
    }
    for (error, deed) in [
        (backups.download(P, "nothing", &credentials()).unwrap_err(), "access"),
        (backups.delete(P, "nothing", &credentials()).unwrap_err(), "delete"),
    ] {
        let sentence = format!("Backup not found or you don't have permission to {deed} it.");
        assert_eq!((error.status(), error.message()), (Some(404), Some(&*sentence)));
        assert!(error.is_not_found() && !error.is_permission_denied());
    }
    backups.download(P, &id, &credentials()).unwrap();
    assert_eq!(backups.delete(P, &id, &credentials()).unwrap(), "Backup successfully removed");
    assert!(list(&tago).iter().all(|backup| backup.id != id));
}

#[test]
fn with_two_factor_authentication_a_code_is_wanted_too() {
    let sandbox = builder().two_factor(PinCode::new("271828").unwrap()).build();
    let tago = sandbox.client().unwrap();
    let id = list(&tago).remove(0).id;
    let download = |credentials: &Credentials| tago.profile().backups().download(P, &id, credentials);
    assert!(download(&credentials()).unwrap_err().is_two_factor_required());
    let with = |code: &str| credentials().otp_type(OtpType::Authenticator).pin_code(PinCode::new(code).unwrap());
    assert!(download(&with("000000")).unwrap_err().is_wrong_password());
    download(&with("271828")).unwrap();
}

#[test]
fn the_address_leads_to_the_archive_of_what_there_was_and_needs_no_token() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let id = create(&tago);
    tago.run().edit(&RunSettings::new().name("Renamed since")).unwrap();
    clock.advance(Duration::from_secs(60));
    let download = tago.profile().backups().download(P, &id, &credentials()).unwrap();
    assert!(download.url.expose().starts_with("https://sandbox.invalid/"));
    assert_eq!(download.expire_at.unwrap().utc(), Some(sandbox.now() + hours(2)));
    assert_eq!((download.backup_id.as_ref(), download.size), (Some(&id), list(&tago)[0].file_size));

    let archive = fetch(&sandbox, download.url.expose());
    assert_eq!((archive.status(), archive.header("content-type")), (200, Some("application/zip")));
    assert_eq!(u64::try_from(archive.body().len()).ok(), download.size);
    let folder = format!("backup-{}/resources", sandbox.profile_id());
    let documents = unzip(archive.body());
    let names: Vec<_> = documents.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [format!("{folder}/profile.json"), format!("{folder}/run.json")]);
    assert_eq!(
        (&documents[0].1["name"], &documents[1].1["name"]),
        (&json!("Arbor Cold Chain"), &json!("Arbor Cold Chain"))
    );
    assert!(documents[1].1.get("anonymous_token").is_none(), "tokens aren't in it");

    let journal = sandbox.journal();
    assert_eq!(journal.last().unwrap().to_string(), "GET /tago-io-backups/{profile}/{archive} 200");
}

#[test]
fn an_address_is_valid_for_two_hours_and_only_as_it_is() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let id = list(&tago).remove(0).id;
    let url = tago.profile().backups().download(P, &id, &credentials()).unwrap().url;
    let url = url.expose();
    let other = url.replace(id.as_str(), "695f20a4c1d87e0013b64f5a");
    for (url, status, code) in [
        (other.as_str(), 403, "SignatureDoesNotMatch"),
        (url.split('?').next().unwrap(), 403, "SignatureDoesNotMatch"),
        (&url.replace("X-Amz-Date=2026", "X-Amz-Date=2027"), 403, "SignatureDoesNotMatch"),
    ] {
        let answer = fetch(&sandbox, url);
        let text = String::from_utf8_lossy(answer.body());
        assert_eq!(answer.status(), status, "{url}");
        assert!(text.contains(&format!("<Code>{code}</Code>")), "{text}");
    }
    assert_eq!(sandbox.send(&Request::new(Post, url)).unwrap().status(), 405);
    assert!(sandbox.send(&Request::new(tagoio::transport::Method::Head, url)).unwrap().body().is_empty());
    clock.advance(Duration::from_secs(2 * 3600 - 1));
    assert_eq!(fetch(&sandbox, url).status(), 200);
    clock.advance(Duration::from_secs(1));
    let answer = fetch(&sandbox, url);
    assert!(answer.status() == 403 && String::from_utf8_lossy(answer.body()).contains("Request has expired"));
    let url = tago.profile().backups().download(P, &id, &credentials()).unwrap().url;
    tago.profile().backups().delete(P, &id, &credentials()).unwrap();
    assert_eq!(fetch(&sandbox, url.expose()).status(), 404);
}

#[test]
fn backups_are_listed_by_date_and_in_pages() {
    let (_, tago) = sandbox();
    let backups = tago.profile().backups();
    let ids = |query: &BackupQuery| -> Vec<String> {
        backups.list(P, query).unwrap().into_iter().map(|backup| backup.id.into()).collect()
    };
    let newest_first = ids(&BackupQuery::new());
    assert_eq!(newest_first.len(), 3);
    let oldest_first = ids(&BackupQuery::new().order_by(BackupOrder::CreatedAt, Direction::Ascending));
    assert!(oldest_first.iter().eq(newest_first.iter().rev()));
    assert_eq!(ids(&BackupQuery::new().amount(2).page(2)), newest_first[2..]);
    let paged: Vec<String> = backups
        .iter(P, &BackupQuery::new().amount(1))
        .map(|backup| backup.map(|backup| backup.id.into()))
        .collect::<tagoio::Result<_>>()
        .unwrap();
    assert_eq!(paged, newest_first);
    let by_size = BackupQuery::new().order_by("file_size".into(), Direction::Ascending);
    assert_eq!(backups.list(P, &by_size).unwrap_err().message(), Some("Invalid orderBy parameter"));
    let failed = backups.list(P, &BackupQuery::new()).unwrap().remove(1);
    assert!(failed.is_failed() && failed.file_size.is_none());
    assert_eq!(failed.error_message.as_deref(), Some("The files could not be read"));
}

#[test]
fn backups_are_kept_for_a_year_and_are_the_owners() {
    let clock = clock();
    let sandbox = Sandbox::builder().clock(clock.clone()).build();
    let tago = sandbox.client().unwrap();
    let colleague = sandbox.team_member_token();
    let (status, answer) = ask(&sandbox, &colleague, Get, "/profile/current/backup", "");
    assert_eq!((status, sentence(&answer)), (401, "Authorization Denied"));
    assert_eq!(list(&tago).len(), 3);
    clock.advance(days(340));
    assert_eq!(list(&tago).len(), 2);
    clock.advance(days(30));
    assert_eq!(list(&tago).len(), 0);
}

#[test]
fn a_state_keeps_backups_and_can_give_some() {
    let sandbox = builder().build();
    let tago = sandbox.client().unwrap();
    create(&tago);
    let again = Sandbox::builder().clock(clock()).state(sandbox.snapshot()).build();
    let restored = again.client().unwrap();
    assert_eq!(list(&restored), list(&tago));
    assert!(restored.profile().backups().create(P).unwrap_err().is_limit_reached(), "there was one today");

    let state = State::from_value(json!({
        "version": 1,
        "now": "2026-03-15T10:20:30.000Z",
        "profiles": [{"name": "Mill", "backups": [
            {"id": "b1", "created_at": "2026-03-01", "resources": {"devices": [{"name": "Door"}]}},
            {"created_at": "2026-03-15T10:20:20.000Z"},
            {"error_message": "no", "created_at": "2026-03-10"},
        ]}],
    }));
    let sandbox = Sandbox::builder().clock(clock()).state(state.unwrap()).build();
    let tago = sandbox.client().unwrap();
    let statuses: Vec<_> = list(&tago).into_iter().map(|backup| backup.status.unwrap()).collect();
    assert_eq!(statuses, [BackupStatus::Processing, BackupStatus::Failed, BackupStatus::Completed]);
    let url = tago.profile().backups().download(P, "b1", &credentials_of(&sandbox)).unwrap().url;
    let documents = unzip(fetch(&sandbox, url.expose()).body());
    assert_eq!(documents[0].1, json!([{"name": "Door"}]));
    create(&tago);
}

fn credentials_of(sandbox: &Sandbox) -> Credentials {
    Credentials::new(sandbox.sign_in().1)
}
