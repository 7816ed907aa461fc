//! `tagoctl profile backup`.

use std::time::Duration;

use snapbox::str;
use tagoio::PinCode;
use tagoio::sandbox::{Fault, FaultRule, Plan};
use tagoio::transport::Method;

use crate::world::World;

const NEWEST: &str = "6985d9f210b6e30013c7a942";

/// A store that says something else than the sandbox's.
fn answer_of_store(world: &World, status: u16, body: &str) {
    let answer = Fault::Answer { status, content_type: "application/xml".to_owned(), body: body.to_owned() };
    world.sandbox().inject(FaultRule::new(answer).on(Method::Get, "/tago-io-backups/*/*")).unwrap();
}

#[test]
fn backups_are_listed() {
    let world = World::new();
    world.tagoctl("profile backup list").success().stderr_eq("").stdout_eq(str![[r#"
ID                        STATUS     FILE SIZE  CREATED AT                ERROR MESSAGE
6985d9f210b6e30013c7a942  completed       3501  2026-01-24T19:47:30.264Z
69734c5be9a2400013f08d17  failed                2026-01-11T10:20:09.599Z  The files could not be read
695f20a4c1d87e0013b64f5a  completed       3501  2025-12-27T22:52:46.230Z

"#]]);
    world.tagoctl("profile backup list -o jsonl --columns id,file_path,profile").success().stdout_eq(str![[r#"
{"file_path":"profile/66a000046e73e372e2338aca/versioning/backup/backup-66a000046e73e372e2338aca.zip","id":"6985d9f210b6e30013c7a942","profile":"66a000046e73e372e2338aca"}
{"file_path":null,"id":"69734c5be9a2400013f08d17","profile":"66a000046e73e372e2338aca"}
{"file_path":"profile/66a000046e73e372e2338aca/versioning/backup/backup-66a000046e73e372e2338aca.zip","id":"695f20a4c1d87e0013b64f5a","profile":"66a000046e73e372e2338aca"}

"#]]);
    world.tagoctl("profile backup list --columns size").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no column `size`
hint: there are id, status, file_size, created_at, error_message, profile, file_path, version_id

"#]]);
}

#[test]
fn a_backup_is_asked_for_once_a_day() {
    let world = World::new();
    world.tagoctl("profile backup create").success().stdout_eq(str![[r#"
66a0004d6258cbe07c1ff081

"#]]).stderr_eq(str![[r#"
Backup generation has been queued and will be processed shortly. You can check the status using the list backups endpoint.

"#]]);
    let not_ready = world.tagoctl("profile backup download 66a0004d6258cbe07c1ff081 --password-env PASSWORD -o json");
    let said = not_ready.code(1).stdout_eq("").get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&said).starts_with(r#"{"code":"not_ready","#));
    world.tagoctl("profile backup create").code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/backup: TagoIO answered 403 Forbidden: Daily backup limit reached (1 backups per day). Please try again in 12 hours or contact support to increase your limit.

"#]]);
    world.tagoctl("profile backup create -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"limit_reached","error":"POST /profile/{profile}/backup: TagoIO answered 403 Forbidden: Daily backup limit reached (1 backups per day). Please try again in 12 hours or contact support to increase your limit.","maybe_delivered":false,"retry_after_seconds":43200.0,"route":"POST /profile/{profile}/backup","status":403}

"#]]);
    world.sandbox().advance(Duration::from_secs(12 * 3600));
    world.tagoctl("profile backup create -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "created": true,
  "id": "66a0004e5709ba31dfe2649c"
}

"#]]);
    world.tagoctl("profile backup create --within 1m").code(2).stdout_eq("").stderr_eq(str![[r#"
error: the following required arguments were not provided:
  --wait

Usage: tagoctl profile backup create --wait --within <TIME>

For more information, try '--help'.

"#]]);
}

#[test]
fn a_backup_is_waited_for() {
    let world = World::new();
    world.tagoctl("profile backup create --wait --within 0s").code(1).stdout_eq("").stderr_eq(str![[r#"
Backup generation has been queued and will be processed shortly. You can check the status using the list backups endpoint.
queued
error: the backup 66a0004d6258cbe07c1ff081 is not completed after 0 s, but queued

"#]]);
    let id = world.stdout("profile backup list -o tsv --columns id").lines().nth(1).unwrap().to_owned();
    world.sandbox().advance(Duration::from_secs(60));
    world.tagoctl(&format!("profile backup wait {id}")).success().stdout_eq("").stderr_eq(str![[r#"
completed
66a0004d6258cbe07c1ff081 is completed: 3501 bytes

"#]]);
    world.tagoctl(&format!("profile backup wait {id} -o json")).success().stderr_eq("").stdout_eq(str![[r#"
{
  "completed": true,
  "file_size": 3501,
  "id": "66a0004d6258cbe07c1ff081"
}

"#]]);
    world.tagoctl("profile backup wait 69734c5be9a2400013f08d17").code(1).stdout_eq("").stderr_eq(str![[r#"
failed
error: the backup 69734c5be9a2400013f08d17 has failed: The files could not be read

"#]]);
    world.tagoctl("profile backup wait nothing --within 0s -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"timeout","error":"the backup nothing is not in the list after 0 s","maybe_delivered":false}

"#]]);
}

#[test]
fn on_the_free_plan_there_are_no_backups() {
    let world = World::with(|builder| builder.plan(Plan::Free));
    world.tagoctl("profile backup list").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}/backup: TagoIO answered 403 Forbidden: Backup feature is not available on the free plan. Please upgrade your plan to access backup functionality.

"#]]);
    world.tagoctl("profile backup create -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"not_in_plan","error":"POST /profile/{profile}/backup: TagoIO answered 403 Forbidden: Backup feature is not available on the free plan. Please upgrade your plan to access backup functionality.","maybe_delivered":false,"route":"POST /profile/{profile}/backup","status":403}

"#]]);
}

#[test]
fn an_archive_is_downloaded_into_a_file() {
    let world = World::new();
    let line = "profile backup download --password-env PASSWORD";
    world.tagoctl(line).success().stdout_eq("").stderr_eq(str![[r#"
backup-6985d9f210b6e30013c7a942.zip: 3501 bytes

"#]]);
    let name = format!("backup-{NEWEST}.zip");
    let archive = std::fs::read(world.folder().join(&name)).unwrap();
    assert!(archive.starts_with(b"PK\x03\x04"));
    let expected = format!("{{\"file_size\":{}}}\n", archive.len());
    let said = world.stdout("profile backup list -o jsonl --columns file_size");
    assert!(said.starts_with(&expected), "{said}");
    let log: Vec<String> = world.sandbox().journal().iter().map(ToString::to_string).collect();
    assert!(log.contains(&"GET /tago-io-backups/{profile}/{archive} 200".to_owned()), "{log:?}");

    // It is there, and stays as it is, and nobody is asked for a password.
    world.clear();
    world.tagoctl(line).code(2).stdout_eq("").stderr_eq(str![[r#"
error: backup-6985d9f210b6e30013c7a942.zip is there already
hint: --force replaces it

"#]]);
    assert_eq!(world.sandbox().journal().len(), 1, "only what `latest` is was asked for");
    std::fs::write(world.folder().join(&name), "old").unwrap();
    world
        .tagoctl(&format!("{line} --force --verbose -o json"))
        .success()
        .stdout_eq(str![[r#"
{
  "bytes": 3501,
  "file": "backup-6985d9f210b6e30013c7a942.zip",
  "id": "6985d9f210b6e30013c7a942"
}

"#]])
        .stderr_eq(str![[r#"
GET /profile/{profile}/backup: 200 in [..], 851 bytes
POST /profile/{profile}/backup/{backup}/download: 200 in [..] bytes
GET (the address of the backup): 200

"#]]);
    assert_eq!(std::fs::read(world.folder().join(&name)).unwrap(), archive);
    world
        .tagoctl(&format!("profile backup download {NEWEST} --to mill.zip --password-stdin -o csv"))
        .code(2)
        .stderr_eq(str![[r#"
error: there is no password on standard input

"#]]);
    world
        .tagoctl_with_stdin(
            &format!("profile backup download {NEWEST} --to mill.zip --password-stdin -o csv"),
            "arctic-tern-42\n",
        )
        .success()
        .stdout_eq(str![[r#"
bytes,file,id
3501,mill.zip,6985d9f210b6e30013c7a942

"#]])
        .stderr_eq("");
    world.tagoctl(&format!("{line} --to nowhere/x.zip")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: nowhere/x.zip: No such file or directory (os error 2)

"#]]);
}

#[test]
fn what_cannot_be_downloaded_leaves_nothing_behind() {
    let world = World::new();
    let line = "profile backup download --to x.zip --password-env PASSWORD";
    world.tagoctl("profile backup download --to x.zip --password-env PLANTED").code(1).stderr_eq(str![[r#"
error: POST /profile/{profile}/backup/{backup}/download: TagoIO answered 401 Unauthorized: Invalid password

"#]]);
    world
        .tagoctl("profile backup download 69734c5be9a2400013f08d17 --to x.zip --password-env PASSWORD -o json")
        .code(1)
        .stderr_eq(str![[r#"
{"code":"refused","error":"POST /profile/{profile}/backup/{backup}/download: TagoIO answered 400 Bad Request: Backup is not ready for download. Current status: failed","maybe_delivered":false,"route":"POST /profile/{profile}/backup/{backup}/download","status":400}

"#]]);
    world.tagoctl("profile backup download nothing --to x.zip --password-env PASSWORD").code(1).stderr_eq(str![[r#"
error: POST /profile/{profile}/backup/{backup}/download: TagoIO answered 404 Not Found: Backup not found or you don't have permission to access it.

"#]]);

    answer_of_store(&world, 403, "<Error><Code>AccessDenied</Code></Error>");
    world.tagoctl(line).code(1).stdout_eq("").stderr_eq(str![[r#"
error: the store of the backup answered 403

"#]]);
    answer_of_store(&world, 200, "another archive");
    world.tagoctl(line).code(1).stdout_eq("").stderr_eq(str![[r#"
error: the archive is not complete: 15 of 3501 bytes came

"#]]);
    let cut = || FaultRule::new(Fault::CutBody).on(Method::Get, "/tago-io-backups/*/*");
    world.sandbox().inject(cut()).unwrap();
    world.tagoctl(&format!("{line} -o json")).code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"incomplete_download","error":"the archive is not complete: 7 of 3501 bytes came: Peer disconnected"}

"#]]);
    world.sandbox().inject(FaultRule::new(Fault::HangUp).on(Method::Get, "/tago-io-backups/*/*")).unwrap();
    world.tagoctl(line).code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET (the address of the backup): no answer: the connection was lost: [..]

"#]]);
    assert_eq!(std::fs::read_dir(world.folder()).unwrap().count(), 0, "not even a part of it");

    // An old file is as it was.
    world.file("x.zip", "old");
    world.sandbox().inject(cut()).unwrap();
    world.tagoctl(&format!("{line} --force")).code(1);
    assert_eq!(world.read("x.zip"), "old");
}

#[test]
fn a_code_is_wanted_where_the_account_has_two_factors() {
    let world = World::with(|builder| builder.two_factor(PinCode::new("271828").unwrap()));
    let line = "profile backup download --password-env PASSWORD";
    world.tagoctl(line).code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/backup/{backup}/download: TagoIO answered 401 Unauthorized: {"otp_autosend":"authenticator","otp_enabled":["authenticator"]}
hint: the account uses two-factor authentication: --otp-type, and --pin-env or a prompt

"#]]);
    world.command(&format!("{line} --pin-env PIN")).env("PIN", "271828").assert().success();
    let delete = format!("profile backup delete {NEWEST} --yes --password-env PASSWORD --pin-env PIN");
    world.command(&delete).env("PIN", "000000").assert().code(1).stderr_eq(str![[r#"
error: DELETE /profile/{profile}/backup/{backup}: TagoIO answered 401 Unauthorized: Invalid password

"#]]);
    world.command(&delete).env("PIN", "271828").assert().success().stderr_eq(str![[r#"
Backup successfully removed

"#]]);
}

#[test]
fn a_deletion_is_meant() {
    let world = World::new();
    let line = format!("profile backup delete {NEWEST} --password-env PASSWORD");
    world.tagoctl(&line).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to delete the backup 6985d9f210b6e30013c7a942 of 2026-01-24T19:47:30.264Z, for good
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("{line} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would delete the backup 6985d9f210b6e30013c7a942 of 2026-01-24T19:47:30.264Z, for good

"#]]);
    world.tagoctl(&format!("profile backup delete {NEWEST} --yes --password-env PLANTED")).code(1).stderr_eq(str![[
        r#"
error: DELETE /profile/{profile}/backup/{backup}: TagoIO answered 401 Unauthorized: Invalid password

"#
    ]]);
    world.tagoctl(&format!("{line} --yes -o json")).success().stderr_eq("").stdout_eq(str![[r#"
{
  "deleted": true,
  "id": "6985d9f210b6e30013c7a942"
}

"#]]);
    world.tagoctl(&format!("{line} --yes")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is no such backup

"#]]);
}

#[test]
fn the_sandbox_of_a_command_has_backups_too() {
    let world = World::new();
    world
        .command("--sandbox profile backup download --to x.zip --password-env PASSWORD")
        .env_remove("TAGOIO_TOKEN")
        .env_remove("TAGOIO_API")
        .assert()
        .success();
    assert!(std::fs::read(world.folder().join("x.zip")).unwrap().starts_with(b"PK\x03\x04"));
    world.nothing_was_sent();
}
