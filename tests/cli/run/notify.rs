//! `tagoctl run notify`.

use snapbox::str;
use tagoio::UserId;
use tagoio::run::NotificationInfo;
use tagoio::sandbox::{Fault, FaultRule};
use tagoio::transport::Method;

use crate::world::World;

fn user(world: &World, email: &str) -> UserId {
    world.sandbox().users().into_iter().find(|user| user.email == email).unwrap().id
}

fn notifications(world: &World, email: &str) -> Vec<NotificationInfo> {
    world.sandbox().client().unwrap().run().notifications().list(user(world, email)).unwrap()
}

/// Has so many notifications refused.
fn refuse(world: &World, times: u32, status: u16) {
    let body = r#"{"status":false,"message":"No such luck"}"#.to_owned();
    let fault = Fault::Answer { status, content_type: "application/json".to_owned(), body };
    world.sandbox().inject(FaultRule::new(fault).on(Method::Post, "/run/notification/").times(times)).unwrap();
}

/// How many notifications of this title the users in Lisbon have, those with most first.
fn received(world: &World, title: &str) -> Vec<usize> {
    let in_lisbon =
        ["beatriz.almeida@example.com", "duarte.fonseca@example.com"].map(|email| notifications(world, email));
    let mut counts: Vec<usize> =
        in_lisbon.iter().map(|all| all.iter().filter(|one| one.title == title).count()).collect();
    counts.sort_unstable_by(|one, other| other.cmp(one));
    counts
}

/// The names of the journals in the folder.
fn journals(world: &World) -> Vec<String> {
    let files = std::fs::read_dir(world.folder()).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".journal"))
        .collect()
}

/// A user who has been told something.
const TOLD: &str = "beatriz.almeida@example.com";

#[test]
fn a_users_notifications_are_listed_by_address_or_id() {
    let world = World::new();
    world.tagoctl(&format!("run notify list {}", TOLD.to_uppercase())).success().stderr_eq("").stdout_eq(str![[r#"
ID                        CREATED AT                READ   TITLE                       MESSAGE
66a00014362259904816818c  2026-01-29T14:45:54.414Z  false  Cold room 2 is too warm     It has been above 5 °C for 20 minutes.
66a00013bc4075f2ef431a44  2026-01-24T14:45:54.414Z  true   Cold room 2 door left open  The door has been open for 11 minutes.

"#]]);
    let id = user(&world, TOLD);
    world
        .tagoctl(&format!("run notify list {id} -o jsonl --columns id,buttons"))
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r##"
{"buttons":[{"color":"#0a6ebd","id":"acknowledge","label":"I'm on it","triggers":[{"body":{"room":2},"method":"POST","url":"https://hooks.example.com/ack"}]}],"id":"66a00014362259904816818c"}
{"buttons":[],"id":"66a00013bc4075f2ef431a44"}

"##]]);
    world.tagoctl("run notify list nobody@example.com").code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is no user with the e-mail address nobody@example.com

"#]]);
    world.tagoctl("run notify list 'beatriz*@example.com' -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"not_found","error":"there is no user with the e-mail address beatriz*@example.com"}

"#]]);
}

#[test]
fn one_user_is_told_and_the_notification_changed_and_deleted() {
    let world = World::new();
    let sent = world.tagoctl(&format!("run notify create --user {TOLD} --title Hello --message 'The text'"));
    let sent = sent
        .success()
        .stderr_eq(str![[r#"
sent to beatriz.almeida@example.com

"#]])
        .get_output()
        .stdout
        .clone();
    let id = String::from_utf8(sent).unwrap().trim().to_owned();
    let newest = notifications(&world, TOLD).remove(0);
    assert_eq!((newest.id.as_str(), newest.title.as_str()), (id.as_str(), "Hello"));

    world.file("edit.json", r##"{"buttons": [{"id": "ok", "label": "OK", "color": "#0a6ebd", "triggers": []}]}"##);
    world
        .tagoctl(&format!("run notify edit {id} --title Changed --read true --json edit.json"))
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r#"
TagoIO Notification User Successfully Updated

"#]]);
    let newest = notifications(&world, TOLD).remove(0);
    assert_eq!((newest.title.as_str(), newest.read, newest.buttons.len()), ("Changed", Some(true), 1));

    world.tagoctl(&format!("run notify delete {id}")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to delete the notification [..]
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("run notify delete {id} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would delete the notification [..]

"#]]);
    world.tagoctl(&format!("run notify delete {id} --yes")).success().stdout_eq("").stderr_eq(str![[r#"
Successfully Removed

"#]]);
    assert!(notifications(&world, TOLD).iter().all(|one| one.id.as_str() != id));
    world.tagoctl(&format!("run notify delete {id} --yes -o json")).code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"not_found","error":"DELETE /run/notification/{notification}: TagoIO answered 404 Not Found: Notification Not Found","maybe_delivered":false,"route":"DELETE /run/notification/{notification}","status":404}

"#]]);
}

#[test]
fn several_users_are_told_once_each() {
    let world = World::new();
    let other = world.sandbox().users().pop().unwrap();
    let line = format!(
        "run notify create --user {TOLD} --user {} --user {} --title Hello --message Text",
        other.id,
        user(&world, TOLD)
    );
    world.tagoctl(&line).success().stdout_eq("").stderr_eq(str![[r#"
tagoctl-notify-a3454c4cf7275c7b.journal: the journal, until all is done
2 sent

"#]]);
    for email in [TOLD, other.email.as_str()] {
        let hellos = notifications(&world, email).into_iter().filter(|one| one.title == "Hello").count();
        assert_eq!(hellos, 1, "{email}");
    }
    world
        .tagoctl(&format!(
            "run notify create --user {TOLD} --user 61eb25a4d6a4a20011d4cd3c --title A --message B -o json"
        ))
        .code(3)
        .stdout_eq(str![[r#"
{
  "created": 0,
  "deleted": 0,
  "done_before": 0,
  "failed": 1,
  "failures": [
    {
      "error": "POST /run/notification/: TagoIO answered 404 Not Found: User Not Found",
      "line": null,
      "target": "61eb25a4d6a4a20011d4cd3c"
    }
  ],
  "missing": 0,
  "not_tried": 0,
  "sent": 1,
  "total": 2,
  "uncertain": 0,
  "unchanged": 0,
  "updated": 0
}

"#]])
        .stderr_eq(str![[r#"
{"code":"partly_done","error":"1 of 2 failed; to try again: tagoctl run notify create --user beatriz.almeida@example.com --user 61eb25a4d6a4a20011d4cd3c --title A --message B -o json --resume"}

"#]]);
}

#[test]
fn users_are_told_by_what_they_have_in_common() {
    let world = World::new();
    let line = "run notify create --tag site=lisbon --title Hello --message Text";
    world
        .tagoctl(&format!("{line} --dry-run"))
        .success()
        .stdout_eq(str![[r#"
ID                        USER
66a000121120b3d00955f032  beatriz.almeida@example.com
66a0001506ca0a95b7e825c7  duarte.fonseca@example.com

"#]])
        .stderr_eq(str![[r#"
would send 2 users the notification "Hello"

"#]]);
    world.tagoctl(line).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to send 2 users the notification "Hello"
hint: --dry-run shows what would be done

"#]]);
    let told = || {
        let users = world.sandbox().users().into_iter();
        users.filter(|user| notifications(&world, &user.email).iter().any(|one| one.title == "Hello")).count()
    };
    assert_eq!(told(), 0);
    world.tagoctl(&format!("{line} --yes --results told.csv")).success().stdout_eq("").stderr_eq(str![[r#"
tagoctl-notify-a3454c4cf7275c7b.journal: the journal, until all is done
2 sent

"#]]);
    let in_lisbon = |user: &tagoio::run::UserInfo| {
        user.tags.iter().any(|tag| (tag.key.as_str(), tag.value.as_str()) == ("site", "lisbon"))
    };
    let lisbon = world.sandbox().users().iter().filter(|user| in_lisbon(user)).count();
    assert_eq!(told(), lisbon);
    assert_eq!(world.read("told.csv").lines().count(), lisbon + 1);

    let everybody = "run notify create --all --title Hello --message Text --yes -q -o csv";
    world.tagoctl(everybody).success().stderr_eq("").stdout_eq(str![[r#"
created,deleted,done_before,failed,missing,not_tried,sent,total,uncertain,unchanged,updated
0,0,0,0,0,0,24,24,0,0,0

"#]]);
    assert_eq!(told(), world.sandbox().users().len());
    let nobody = "run notify create --tag site=mars --title Hello --message Text";
    world.tagoctl(nobody).success().stdout_eq("").stderr_eq(str![[r#"
nothing to do

"#]]);
}

#[test]
fn what_many_users_are_told_is_in_a_journal_until_all_are() {
    let world = World::new();
    refuse(&world, 1, 400);
    let line = "run notify create --tag site=lisbon --title Hello --message Text --yes --jobs 1";
    world.tagoctl(line).code(3).stdout_eq("").stderr_eq(str![[r#"
tagoctl-notify-a3454c4cf7275c7b.journal: the journal, until all is done
1 sent, 1 failed
  beatriz.almeida@example.com: POST /run/notification/: TagoIO answered 400 Bad Request: No such luck
error: 1 of 2 failed; to try again: tagoctl run notify create --tag site=lisbon --title Hello --message Text --yes --jobs 1 --resume

"#]]);
    world.tagoctl(line).code(2).stdout_eq("").stderr_eq(str![[r#"
error: tagoctl-notify-a3454c4cf7275c7b.journal is there already: it is the journal of an earlier run
hint: --resume goes on where it stopped; remove the file to begin anew

"#]]);
    // Another text is other work, also where the journal is named.
    let journal = journals(&world).remove(0);
    let other = "run notify create --tag site=lisbon --title Hello --message Other --yes --jobs 1";
    world.tagoctl(&format!("{other} --journal {journal} --resume")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid journal tagoctl-notify-a3454c4cf7275c7b.journal: it is of other work: the notification is another one

"#]]);
    assert_eq!(received(&world, "Hello"), [1, 0]);

    world.tagoctl(&format!("{line} --resume")).success().stdout_eq("").stderr_eq(str![[r#"
tagoctl-notify-a3454c4cf7275c7b.journal: 1 done before
1 sent, 1 done before

"#]]);
    assert_eq!(received(&world, "Hello"), [1, 1]);
    assert!(journals(&world).is_empty());
}

#[test]
fn a_journal_is_used_by_one_process_at_a_time() {
    let world = World::new();
    refuse(&world, 1, 400);
    let line = "run notify create --tag site=lisbon --title Hello --message Text --yes --journal j";
    world.tagoctl(line).code(3);
    assert!(!world.folder().join("j.lock").exists());
    let lock = std::fs::File::create(world.folder().join("j.lock")).unwrap();
    fs4::FileExt::try_lock(&lock).unwrap();
    world.tagoctl(&format!("{line} --resume")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: another process is using j
hint: wait until it has ended

"#]]);
    assert_eq!(received(&world, "Hello").iter().sum::<usize>(), 1);
    drop(lock);
    // What a process leaves that was killed locks nothing.
    world.tagoctl(&format!("{line} --resume -q")).success().stderr_eq(str![[r#"
1 sent, 1 done before

"#]]);
    assert_eq!(received(&world, "Hello"), [1, 1]);
    assert!(!world.folder().join("j.lock").exists());
}

#[test]
fn a_journal_is_not_gone_on_with_in_a_profile_that_cannot_be_known() {
    let world = World::new();
    let forbid = |path: &str| {
        let fault = Fault::StatusFalse { message: "Authorization denied".to_owned() };
        world.sandbox().inject(FaultRule::new(fault).on(Method::Get, path).times(1)).unwrap();
    };
    let line = "run notify create --tag site=lisbon --title Hello --message Text --yes -q --rate scale --journal j";
    refuse(&world, 1, 400);
    // A token that may not read the profile, but users: they tell.
    forbid("/profile/*");
    world.tagoctl(line).code(3);
    assert!(world.read("j").contains(world.sandbox().profile_id().as_str()));
    forbid("/profile/*");
    forbid("/run/users/*");
    world.tagoctl(&format!("{line} --resume")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: whether j is of this profile can't be known
hint: the token may read neither the profile nor a user of it

"#]]);
    world.tagoctl(&format!("{line} --resume")).success();
    assert_eq!(received(&world, "Hello"), [1, 1]);
}

#[test]
fn several_notifications_are_deleted() {
    let world = World::new();
    let ids: Vec<String> = notifications(&world, TOLD).into_iter().map(|one| one.id.to_string()).collect();
    assert!(ids.len() > 1);
    let line = format!("run notify delete {} 62b0afde27ce4d0012c62256", ids.join(" "));
    world.tagoctl(&format!("{line} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would delete 3 notifications

"#]]);
    world.tagoctl(&format!("{line} --yes -o json")).success().stderr_eq("").stdout_eq(str![[r#"
{
  "created": 0,
  "deleted": 2,
  "done_before": 0,
  "failed": 0,
  "failures": [],
  "missing": 1,
  "not_tried": 0,
  "sent": 0,
  "total": 3,
  "uncertain": 0,
  "unchanged": 0,
  "updated": 0
}

"#]]);
    assert_eq!(notifications(&world, TOLD), []);
}

#[test]
fn what_is_wrong_with_a_notification_is_said_before_anything_is_sent() {
    let world = World::new();
    let to = format!("run notify create --user {TOLD}");
    let before = notifications(&world, TOLD);
    world.file("slip.json", r#"{"titel": "x"}"#);
    world.file("button.json", r#"{"buttons": [{"id": "a b", "label": "x"}]}"#);
    world.file("deep.json", r#"{"icon": {"image_ulr": "x"}}"#);
    world.sandbox().clear_journal();
    world.tagoctl(&format!("{to} --title Hello")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: `message` is needed
hint: give --message, or `message` in --json

"#]]);
    world.tagoctl(&format!("{to} --json slip.json")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: slip.json: there is no field `titel`; did you mean `title`?

"#]]);
    world.tagoctl(&format!("{to} --json button.json")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: button.json: `buttons.0`: its id has a space in it

"#]]);
    world.tagoctl(&format!("{to} --json deep.json")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: deep.json: there is no field `icon.image_ulr`; did you mean `image_url`?

"#]]);
    world.tagoctl("run notify create --title A --message B").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nobody is named who is to get it
hint: give --user, --all, or a filter such as --tag KEY=VALUE

"#]]);
    world.tagoctl(&format!("{to} --tag site=lisbon --title A --message B")).code(2).stdout_eq("").stderr_eq(str![[
        r#"
error: users are named, filtered, or all of them: one of these

"#
    ]]);
    world.tagoctl("run notify edit 62b0afde27ce4d0012c62256").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nothing is to be changed
hint: title, message, read, icon, buttons, buttons_enabled and buttons_autodisable can be: by flags or --json

"#]]);
    assert!(world.sandbox().journal().is_empty());
    assert_eq!(notifications(&world, TOLD), before);
}
