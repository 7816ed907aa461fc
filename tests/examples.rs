//! The examples do on the sandbox what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tagoio::bulk::users::{UserColumn, UserExport};
use tagoio::clock::ManualClock;
use tagoio::profile::{AuditLogEvent, Service, ServiceAllocation};
use tagoio::run::{RunSettings, UserInfo, UserQuery};
use tagoio::sandbox::{Fault, FaultRule, Plan, Sandbox};
use tagoio::token::TokenQuery;
use tagoio::transport::{Method, Streamed, Transport as _};
use tagoio::{Client, Password, Patch};

#[path = "../examples/acknowledge_alert.rs"]
#[expect(dead_code, reason = "its `main`")]
mod acknowledge_alert;
#[path = "../examples/backup_profile.rs"]
#[expect(dead_code, reason = "its `main`")]
mod backup_profile;
#[path = "../examples/check_allocation.rs"]
#[expect(dead_code, reason = "its `main`")]
mod check_allocation;
#[path = "../examples/connect_domain.rs"]
#[expect(dead_code, reason = "its `main`")]
mod connect_domain;
#[path = "../examples/copy_settings.rs"]
#[expect(dead_code, reason = "its `main`")]
mod copy_settings;
#[path = "../examples/delete_organization.rs"]
#[expect(dead_code, reason = "its `main`")]
mod delete_organization;
#[path = "../examples/edit_user.rs"]
#[expect(dead_code, reason = "its `main`")]
mod edit_user;
#[path = "../examples/export_audit_log.rs"]
#[expect(dead_code, reason = "its `main`")]
mod export_audit_log;
#[path = "../examples/find_profile.rs"]
#[expect(dead_code, reason = "its `main`")]
mod find_profile;
#[path = "../examples/invite_user.rs"]
#[expect(dead_code, reason = "its `main`")]
mod invite_user;
#[path = "../examples/name_audit_log.rs"]
#[expect(dead_code, reason = "its `main`")]
mod name_audit_log;
#[path = "../examples/notify_many.rs"]
#[expect(dead_code, reason = "its `main`")]
mod notify_many;
#[path = "../examples/raise_limits.rs"]
#[expect(dead_code, reason = "its `main`")]
mod raise_limits;
#[path = "../examples/restore_settings.rs"]
#[expect(dead_code, reason = "its `main`")]
mod restore_settings;
#[path = "../examples/restore_users.rs"]
#[expect(dead_code, reason = "its `main`")]
mod restore_users;
#[path = "../examples/rotate_token.rs"]
#[expect(dead_code, reason = "its `main`")]
mod rotate_token;
#[path = "../examples/sign_up.rs"]
#[expect(dead_code, reason = "its `main`")]
mod sign_up;
#[path = "../examples/temporary_token.rs"]
#[expect(dead_code, reason = "its `main`")]
mod temporary_token;
#[path = "../examples/upsert_users.rs"]
#[expect(dead_code, reason = "its `main`")]
mod upsert_users;
#[path = "../examples/watch_usage.rs"]
#[expect(dead_code, reason = "its `main`")]
mod watch_usage;

type Check = fn(&World);

/// All examples that do a job, and what runs each of them.
const EXAMPLES: [(&str, Check); 20] = [
    ("acknowledge_alert", run_acknowledge_alert),
    ("backup_profile", run_backup_profile),
    ("check_allocation", run_check_allocation),
    ("connect_domain", run_connect_domain),
    ("copy_settings", run_copy_settings),
    ("delete_organization", run_delete_organization),
    ("edit_user", run_edit_user),
    ("export_audit_log", run_export_audit_log),
    ("find_profile", run_find_profile),
    ("invite_user", run_invite_user),
    ("name_audit_log", run_name_audit_log),
    ("notify_many", run_notify_many),
    ("raise_limits", run_raise_limits),
    ("restore_settings", run_restore_settings),
    ("restore_users", run_restore_users),
    ("rotate_token", run_rotate_token),
    ("sign_up", run_sign_up),
    ("temporary_token", run_temporary_token),
    ("upsert_users", run_upsert_users),
    ("watch_usage", run_watch_usage),
];

/// A sandbox with its story, in virtual time.
struct World {
    sandbox: Sandbox,
    tago: Client,
    clock: Arc<ManualClock>,
    now: DateTime<Utc>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let now = "2026-01-31T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let sandbox = Sandbox::builder().clock(clock.clone()).plan(Plan::Scale).audit_log_polls(0).build();
        let tago = sandbox.client().unwrap();
        Self { sandbox, tago, clock, now, folder: tempfile::tempdir().unwrap() }
    }

    fn users(&self, query: &UserQuery) -> Vec<UserInfo> {
        self.tago.run().users().iter(query).collect::<Result<_, _>>().unwrap()
    }

    fn user(&self, email: &str) -> UserInfo {
        self.tago.run().users().find_by_email(email).unwrap().unwrap_or_else(|| panic!("no {email}"))
    }

    /// Another profile of the account.
    fn staging(&self) -> Client {
        let profile = find_profile::find_profile(&self.tago, Some("Arbor Staging")).unwrap().unwrap();
        let tokens = self.tago.token().list(profile, &TokenQuery::new()).unwrap();
        self.tago.with_token(tokens[0].token.as_ref().unwrap()).unwrap()
    }

    fn sign_in(&self) -> (String, Password) {
        self.sandbox.sign_in()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn requests(&self, route: &str) -> usize {
        self.sandbox.journal().iter().filter(|handled| handled.route.to_string() == route).count()
    }
}

#[test]
fn each_example_does_what_it_says() {
    for (name, run) in EXAMPLES {
        println!("-- {name}");
        run(&World::new());
    }
}

#[test]
fn no_example_is_left_out_and_each_fits_on_a_screen() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // These two are for somebody who looks at them while they run.
        if !["sandbox", "tour"].contains(&name.as_str()) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 50, "{name} has {lines} lines");
            names.push(name);
        }
    }
    names.sort_unstable();
    assert_eq!(names, EXAMPLES.map(|(name, _)| name));
}

fn run_find_profile(world: &World) {
    let find = |name| find_profile::find_profile(&world.tago, name).unwrap();
    assert_eq!(find(None), Some(world.sandbox.profile_id()));
    assert_eq!(find(Some("Arbor Cold Chain")), Some(world.sandbox.profile_id()));
    assert!(find(Some("Arbor Staging")).is_some_and(|id| id != world.sandbox.profile_id()));
    assert_eq!(find(Some("Nonsense")), None);
}

fn run_upsert_users(world: &World) {
    for changes in [2, 2] {
        upsert_users::upsert_users(&world.tago).unwrap();
        assert_eq!(world.requests("POST /run/users") + world.requests("PUT /run/users/{user}"), changes);
    }
    assert_eq!(world.user("ana.reis@example.com").tags, [("site", "lisbon").into()]);
}

fn run_invite_user(world: &World) {
    let invite = |email, organization| invite_user::invite_user(&world.tago, "Jane", email, organization).unwrap();
    let jane = invite("jane@example.com", "acme");
    assert_eq!(invite("JANE@example.com", "other"), jane);
    let user = world.user("jane@example.com");
    assert_eq!(user.tags, [("organization_id", "other").into()]);
    assert!(user.active && user.timezone.contains('/'));
    assert_eq!(world.sandbox.outbox().iter().filter(|email| email.to == "jane@example.com").count(), 1);
}

fn run_delete_organization(world: &World) {
    let before = world.users(&UserQuery::new());
    for user in &before[..3] {
        world.tago.run().users().merge_tags(&user.id, [("organization_id", "acme")]).unwrap();
    }
    for (yes, left) in [(false, before.len()), (true, before.len() - 3), (true, before.len() - 3)] {
        delete_organization::delete_organization(&world.tago, "acme", yes).unwrap();
        assert_eq!(world.users(&UserQuery::new()).len(), left);
    }
}

fn run_notify_many(world: &World) {
    let site = UserQuery::new().tag("site", "lisbon").active(true);
    let counts = || -> Vec<usize> {
        let list = |user: &UserInfo| world.tago.run().notifications().list(&user.id).unwrap().len();
        world.users(&UserQuery::new()).iter().map(list).collect()
    };
    let before = counts();
    notify_many::notify_many(&world.tago, "lisbon", "Maintenance", "Tonight from 10 pm.").unwrap();
    let sent = counts().iter().sum::<usize>() - before.iter().sum::<usize>();
    assert!(sent > 0 && sent == world.users(&site).len());
}

fn run_acknowledge_alert(world: &World) {
    let email = "beatriz.almeida@example.com";
    let alert = acknowledge_alert::send_alert(&world.tago, email).unwrap().unwrap();
    acknowledge_alert::acknowledge(&world.tago, &alert, "Ana").unwrap();
    let all = world.tago.run().notifications().list(world.user(email).id).unwrap();
    let alert = all.into_iter().find(|one| one.id == alert).unwrap();
    assert_eq!((alert.title.as_str(), alert.buttons_enabled), ("Acknowledged by Ana", Some(false)));
    assert!(acknowledge_alert::send_alert(&world.tago, "nobody@example.com").unwrap().is_none());
}

fn run_copy_settings(world: &World) {
    let staging = world.staging();
    let theme = |tago: &Client| serde_json::to_value(tago.run().info().unwrap().theme).unwrap();
    for (yes, same) in [(false, false), (true, true), (true, true)] {
        copy_settings::copy_settings(&world.tago, &staging, yes).unwrap();
        assert_eq!(theme(&staging) == theme(&world.tago), same);
    }
    assert_eq!(world.requests("PUT /run"), 1);
}

fn run_watch_usage(world: &World) {
    assert!(watch_usage::watch_usage(&world.tago, world.now.date_naive()).unwrap().is_empty());
    allocate(world, 1.0);
    assert!(!watch_usage::watch_usage(&world.tago, world.now.date_naive()).unwrap().is_empty());
}

fn run_raise_limits(world: &World) {
    assert!(!raise_limits::raise_limits(&world.tago).unwrap());
    allocate(world, 0.9);
    assert!(raise_limits::raise_limits(&world.tago).unwrap());
    assert!(!raise_limits::raise_limits(&world.tago).unwrap());
}

/// Allocates so much input that this month's use is that part of it.
fn allocate(world: &World, fraction: f64) {
    let profile = world.sandbox.profile_id();
    let used = world.tago.profile().summary(&profile).unwrap().limit_used.input.unwrap();
    let allocation = ServiceAllocation::new().set(Service::Input, (used / fraction).floor());
    world.tago.profile().edit_services(&profile, &allocation).unwrap();
}

fn run_export_audit_log(world: &World) {
    let mut file = Vec::new();
    export_audit_log::export_audit_log(&world.tago, world.now, &mut file).unwrap();
    let events: Vec<AuditLogEvent> =
        serde_json::Deserializer::from_slice(&file).into_iter().collect::<Result<_, _>>().unwrap();
    assert!(!events.is_empty() && events.is_sorted_by_key(|event| event.date.utc()));
}

fn run_rotate_token(world: &World) {
    let (email, password) = world.sign_in();
    let profile = world.sandbox.profile_id();
    let old = world.tago.token().list(&profile, &TokenQuery::new().name("Monthly report")).unwrap().remove(0);
    let file = world.file("token", &format!("{}\n", old.token.as_ref().unwrap().expose()));
    rotate_token::rotate_token(&world.tago, &file, &email, password).unwrap();
    let new = world.tago.with_token(fs::read_to_string(&file).unwrap()).unwrap();
    assert!(new.run().info().is_ok());
    let old = world.tago.with_token(old.token.as_ref().unwrap()).unwrap();
    assert!(old.run().info().unwrap_err().is_unauthorized());
}

fn run_temporary_token(world: &World) {
    let (email, password) = world.sign_in();
    let profile = world.sandbox.profile_id();
    let tokens = || world.tago.token().list(&profile, &TokenQuery::new()).unwrap().len();
    let before = tokens();
    assert_eq!(temporary_token::temporary_token(&world.tago, &email, password).unwrap(), 3);
    assert_eq!(tokens(), before);
}

fn run_restore_users(world: &World) {
    let mut export = UserExport::json_lines(Vec::new(), UserColumn::EXPORT).unwrap();
    for user in world.users(&UserQuery::new()).iter().take(5) {
        export.write(user).unwrap();
        world.tago.run().users().delete(&user.id).unwrap();
    }
    let lines = String::from_utf8(export.finish().unwrap()).unwrap();
    let before = world.users(&UserQuery::new()).len();
    let file = world.file("users.jsonl", &lines);
    for _ in 0..2 {
        restore_users::restore_users(&world.tago, &file).unwrap();
        assert_eq!(world.users(&UserQuery::new()).len(), before + 5);
    }
    assert_eq!(world.requests("POST /run/users"), 5);
    assert_eq!(fs::read_dir(world.folder.path()).unwrap().count(), 1, "the journal is gone");
}

fn run_connect_domain(world: &World) {
    connect_domain::connect_domain(&world.tago, "example.com", "portal", world.clock.clone()).unwrap();
    assert!(world.tago.run().custom_domain().info(world.sandbox.profile_id()).unwrap().active);
}

fn run_backup_profile(world: &World) {
    let (_, password) = world.sign_in();
    let download = backup_profile::backup_profile(&world.tago, password, world.clock.clone()).unwrap();
    let archive = || Streamed::from(world.sandbox.send(&backup_profile::request(&download)).unwrap());
    let file = world.folder.path().join("backup.zip");
    let size = backup_profile::save(archive(), &file).unwrap();
    assert_eq!((Some(size), &fs::read(&file).unwrap()[..2]), (download.size, &b"PK"[..]));
    assert!(backup_profile::save(archive(), &file).is_err(), "what is there is not overwritten");
}

fn run_check_allocation(world: &World) {
    let has_room = |count| check_allocation::has_room(&world.tago, &Service::Input, count).unwrap();
    assert!(has_room(1));
    allocate(world, 1.0);
    assert!(has_room(0) && !has_room(1));
    assert!(!check_allocation::has_room(&world.tago, &"no such service".into(), 1).unwrap());
}

fn run_edit_user(world: &World) {
    let email = "beatriz.almeida@example.com";
    let before = world.user(email);
    let edit = |form: &str| edit_user::edit_user(&world.tago, email, form.as_bytes());
    let form = r#"{"name": "Bea", "phone": null, "tags": [{"key": "site", "value": "porto"}]}"#;
    assert!(edit(r#"{"nmae": "Bea"}"#).is_err());
    world.sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification")).unwrap();
    assert!(edit(form).is_err());
    let mut after = world.user(email);
    after.updated_at.clone_from(&before.updated_at);
    assert_eq!(after, before, "as if nothing had happened");

    edit(form).unwrap();
    let after = world.user(email);
    assert_eq!((after.name.as_str(), &after.phone, after.tags), ("Bea", &None, vec![("site", "porto").into()]));
    assert_eq!((after.company, after.active), (before.company, before.active));
}

fn run_name_audit_log(world: &World) {
    let user = world.user("beatriz.almeida@example.com");
    world.tago.run().users().merge_tags(&user.id, [("floor", "2")]).unwrap();
    let lines = name_audit_log::name_audit_log(&world.tago, world.now + TimeDelta::seconds(1)).unwrap();
    let edited = format!("the owner: Run User {} edited ({})", user.name, user.email);
    assert!(lines.last().is_some_and(|line| line.contains(&edited)), "{lines:?}");
}

fn run_restore_settings(world: &World) {
    let file = world.folder.path().join("portal.json");
    let settings = || {
        let mut settings = world.tago.run().info().unwrap();
        settings.updated_at = Patch::Keep;
        serde_json::to_value(settings).unwrap()
    };
    let before = settings();
    restore_settings::save(&world.tago, &file).unwrap();
    let other = RunSettings::new().name("Other").favicon(Patch::Clear).sidebar_buttons(Vec::new());
    world.tago.run().edit(&other).unwrap();
    assert_ne!(settings(), before);
    restore_settings::restore(&world.tago, &file).unwrap();
    assert_eq!(settings(), before);
}

fn run_sign_up(world: &World) {
    let sign_up = || sign_up::sign_up(&world.tago, "Jane", "jane@example.com", "acme");
    world.sandbox.inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/notification")).unwrap();
    assert!(sign_up().is_err());
    assert!(world.tago.run().users().find_by_email("jane@example.com").unwrap().is_none(), "nobody is left behind");
    let jane = sign_up().unwrap();
    let user = world.user("jane@example.com");
    assert_eq!(user.tags, [("organization_id", "acme").into(), ("access", "admin").into()]);
    assert_eq!(world.tago.run().notifications().list(&jane).unwrap().len(), 1);
}
