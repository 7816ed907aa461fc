//! `tagoctl run user`, one user at a time.

use snapbox::str;
use tagoio::Tag;
use tagoio::run::UserInfo;
use tagoio::sandbox::{Fault, FaultRule, SandboxBuilder};
use tagoio::transport::Method;

use crate::world::{PLANTED, World};

impl World {
    pub(crate) fn user(&self, email: &str) -> Option<UserInfo> {
        let users = self.sandbox().users();
        users.into_iter().find(|user| user.email == email)
    }
}

fn tags(user: &UserInfo) -> Vec<String> {
    user.tags.iter().map(|Tag { key, value, .. }| format!("{key}={value}")).collect()
}

#[test]
fn users_are_listed_filtered_ordered_and_cut() {
    let world = World::new();
    world.tagoctl("run user list --limit 3").success().stderr_eq("").stdout_eq(str![[r#"
ID                        NAME           EMAIL                      ACTIVE  LAST LOGIN                TAGS
66a00036bc46b610e9d3f375  Ananya Iyer    ananya.iyer@example.com    true    2026-01-31T05:58:16.242Z  organization_id=66a00035c85e84f460206f76, site=kochi, access=operator
66a0002bba69ec90eb4fef88  Aoife Brennan  aoife.brennan@example.net  true    2026-01-31T04:47:58.949Z  organization_id=66a0002abdd732262feb6e95, site=cork, access=admin
66a00026eb01cfaf16b47eb0  Aylin Demir    aylin.demir@example.com    true    2026-01-30T15:34:14.140Z  organization_id=66a000234d5cb825dfaab05b, site=berlin, access=operator

"#]]);
    world.tagoctl("run user list --order-by last_login --desc --limit 2 -o csv").success().stdout_eq(str![[r#"
id,name,email,active,last_login,tags
66a00019a208c12cf0c7b709,Lucía Fernández,lucia.fernandez@example.org,true,2026-01-31T10:49:42.707Z,organization_id=66a00018aac8c00000a81e44;site=sevilla;access=admin
66a00024e9b316290724ba1b,Greta Hoffmann,greta.hoffmann@example.com,true,2026-01-31T09:39:25.414Z,organization_id=66a000234d5cb825dfaab05b;site=hamburg;access=admin

"#]]);
    world.tagoctl("run user list --name '*al*' --columns name,email,tags -o tsv").success().stdout_eq(str![[r#"
name	email	tags
Beatriz Almeida	beatriz.almeida@example.com	organization_id=66a00011808475f02ee37363;site=lisbon;access=admin
Ciarán Walsh	ciaran.walsh@example.net	organization_id=66a0002abdd732262feb6e95;site=cork;access=operator
Nuria Vidal	nuria.vidal@example.org	organization_id=66a00018aac8c00000a81e44;site=barcelona;access=operator
Valentina Rossi	valentina.rossi@example.org	organization_id=66a000311c4a97a6edc2a958;site=parma;access=operator

"#]]);
    world.tagoctl("run user list --active false --limit 1 -o jsonl").success().stdout_eq(str![[r#"
{"active":false,"company":"Glacier & Fils","created_at":"2025-07-26T17:50:56.367Z","email":"mathieu.garnier@example.org","id":"66a00029118e846ea93bc949","language":"fr","last_login":"2025-09-24T07:26:31.700Z","name":"Mathieu Garnier","phone":null,"tags":[{"key":"organization_id","value":"66a00027ce6a57a6e3ccdeec"},{"key":"site","value":"lyon"},{"key":"access","value":"operator"}],"timezone":"Europe/Paris","updated_at":"2025-11-30T03:04:51.927Z"}

"#]]);
    world.tagoctl("run user list --tag site=nowhere").success().stdout_eq("").stderr_eq(str![[r#"
nothing found

"#]]);
}

#[test]
fn a_list_asks_for_no_more_pages_than_it_shows() {
    let world = World::with(|builder| builder.empty().users(2500));
    for (flags, rows, pages) in [("", 2500, 3), ("--limit 1001", 1001, 2), ("--limit 7", 7, 1)] {
        world.sandbox().clear_journal();
        let list = world.stdout(&format!("run user list {flags} -o jsonl --columns email"));
        assert_eq!((list.lines().count(), world.sandbox().journal().len()), (rows, pages), "{flags}");
    }
}

#[test]
fn a_list_refuses_what_there_is_not() {
    let world = World::new();
    world.tagoctl("run user list --order-by email").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'email' for '--order-by <FIELD>'
  [possible values: name, active, last_login, created_at, updated_at]

For more information, try '--help'.

"#]]);
    world.tagoctl("run user list --columns emial").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no column `emial`; did you mean `email`?
hint: there are id, name, email, active, last_login, tags, timezone, company, phone, language, created_at, updated_at

"#]]);
    world.tagoctl("run user list --tag lisbon").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'lisbon' for '--tag <KEY=VALUE>': it needs a `=`, with something before it

For more information, try '--help'.

"#]]);
    assert!(world.sandbox().journal().is_empty());
}

#[test]
fn a_user_is_found_by_id_and_by_address_whatever_its_case() {
    let world = World::new();
    let user = world.sandbox().users().swap_remove(0);
    world.tagoctl(&format!("run user info {}", user.id)).success().stderr_eq("").stdout_eq(str![[r#"
id                     66a000121120b3d00955f032
name                   Beatriz Almeida
email                  beatriz.almeida@example.com
active                 true
timezone               Europe/Lisbon
company                Mercado Azul
phone                  +351 21 555 0134
language               pt
tags                   organization_id=66a00011808475f02ee37363, site=lisbon, access=admin
agreements
created_at             2024-12-24T16:50:58.876Z
custom_preferences
force_password_change  false
last_login             2026-01-31T08:29:08.121Z
newsletter             true
options.date_format    DD/MM/YYYY
options.time_format    24
otp
profile                66a000046e73e372e2338aca
updated_at             2025-09-18T23:11:32.663Z

"#]]);
    let by_id = world.stdout(&format!("run user info {} -o json", user.id));
    assert_eq!(world.stdout(&format!("run user info {} -o json", user.email.to_uppercase())), by_id);
    world.tagoctl("run user info nobody@example.com").code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is no user with the e-mail address nobody@example.com

"#]]);
    world.tagoctl("run user info 61fac4d9a5c9f40012a5ff00").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /run/users/{user}: TagoIO answered 404 Not Found: User Not Found

"#]]);
}

#[test]
fn a_user_is_created_with_a_password_from_the_environment_or_standard_input() {
    let world = World::new();
    let jane = "--name Jane --email jane@example.com --timezone Europe/Lisbon --tag site=lisbon --active true";
    let made = world.tagoctl(&format!("run user create {jane} --password-env PLANTED")).success();
    made.stdout_eq(str![[r#"
66a0004d6258cbe07c1ff081

"#]])
        .stderr_eq(str![[r#"
jane@example.com is created

"#]]);
    let user = world.user("jane@example.com").unwrap();
    assert_eq!((user.name.as_str(), user.active, tags(&user)), ("Jane", true, vec!["site=lisbon".to_owned()]));

    let joe = "run user create --name Joe --email joe@example.com --timezone UTC --password-stdin -o json";
    world
        .tagoctl_with_stdin(joe, &format!("{PLANTED}\n"))
        .success()
        .stdout_eq(str![[r#"
{
  "created": true,
  "id": "66a0004e5709ba31dfe2649c"
}

"#]])
        .stderr_eq(str![[r#"
the user can't sign in yet: tagoctl run user edit joe@example.com --active true

"#]]);
    assert!(!world.user("joe@example.com").unwrap().active, "TagoIO creates users inactive");
    world.tagoctl_with_stdin(joe, "hunter2-x\n").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"refused","error":"POST /run/users: TagoIO answered 400 Bad Request: E-mail address is already in use","maybe_delivered":false,"route":"POST /run/users","status":400}

"#]]);
}

#[test]
fn a_user_is_created_with_a_password_of_tagoios_making_and_welcomed() {
    let world = World::new();
    let ann = "run user create --name Ann --email ann@example.com --timezone UTC --generate-password";
    world.tagoctl(&format!("{ann} --send-email")).success().stderr_eq(str![[r#"
ann@example.com is created

"#]]);
    let joe = ann.replace("ann@", "joe@");
    world.tagoctl(&format!("{joe} --send-email invite")).success();
    let outbox = world.sandbox().outbox();
    let sent: Vec<_> = outbox.iter().map(|email| (email.to.as_str(), email.template.as_deref())).collect();
    assert_eq!(sent, [("ann@example.com", Some("welcome")), ("joe@example.com", Some("invite"))]);
}

#[test]
fn a_new_user_comes_from_json_and_flags_win() {
    let world = World::new();
    world.file(
        "user.json",
        r#"{"name": "Jane", "email": "jane@example.com", "timezone": "UTC", "options": {"time_format": "24"},
            "generate_password": true, "tags": [{"key": "site", "value": "porto"}]}"#,
    );
    world.tagoctl("run user create --json user.json --name 'Jane Doe' --tag site=lisbon").success();
    let user = world.user("jane@example.com").unwrap();
    assert_eq!((user.name.as_str(), tags(&user)), ("Jane Doe", vec!["site=lisbon".to_owned()]));
    assert_eq!(user.options.unwrap().time_format.as_deref(), Some("24"));
}

#[test]
fn what_is_wrong_with_a_new_user_is_said_before_anything_is_sent() {
    let world = World::new();
    let jane = "run user create --name Jane --email jane@example.com --timezone UTC";
    world.file("typo.json", r#"{"emial": "jane@example.com"}"#);
    world.tagoctl("run user create --email jane@example.com").code(2).stderr_eq(str![[r#"
error: `name` is needed
hint: give --name, or `name` in --json

"#]]);
    world.tagoctl("run user create --json typo.json").code(2).stderr_eq(str![[r#"
error: typo.json: there is no field `emial`; did you mean `email`?

"#]]);
    world.tagoctl(jane).code(2).stderr_eq(str![[r#"
error: New password of jane@example.com: there is no terminal to ask at
hint: --password-env or --password-stdin

"#]]);
    world.tagoctl(&format!("{jane} --password-env NOWHERE")).code(2).stderr_eq(str![[r#"
error: the environment variable NOWHERE isn't set

"#]]);
    world.tagoctl(&format!("{jane} --generate-password --password-env PLANTED")).code(2).stderr_eq(str![[r#"
error: the argument '--generate-password' cannot be used with '--password-env <NAME>'

Usage: tagoctl run user create --name <NAME> --email <EMAIL> --timezone <ZONE> --generate-password

For more information, try '--help'.

"#]]);
    world.tagoctl(&format!("{jane} --password-env PLANTED --send-email --active false")).code(2).stderr_eq(str![[r#"
error: TagoIO welcomes only users who may sign in: not with an `active` of false

"#]]);
    world.file("both.json", &format!(r#"{{"password": "{PLANTED}"}}"#));
    world.tagoctl(&format!("{jane} --generate-password --json both.json")).code(2).stderr_eq(str![[r#"
error: there is a password, so TagoIO can't make one as well

"#]]);
    assert!(world.sandbox().journal().is_empty());
}

#[test]
fn an_edit_merges_tags_unless_it_is_to_replace_them() {
    let world = World::with(SandboxBuilder::empty);
    world.tagoctl(
        "run user create --name Jane --email jane@example.com --timezone UTC --phone 1 --generate-password \
         --tag access=admin --tag site=porto --tag floor=2",
    );
    let edit = |flags: &str| {
        world.tagoctl(&format!("run user edit JANE@example.com {flags}")).success();
        world.user("jane@example.com").unwrap()
    };
    for (flags, expected) in [
        ("--tag site=lisbon --tag team=night", "access=admin site=lisbon floor=2 team=night"),
        ("--remove-tag floor --tag team=day", "access=admin site=lisbon team=day"),
        ("--remove-tag site", "access=admin team=day"),
        ("--tag a=1 --replace-tags", "a=1"),
        ("--clear tags", ""),
    ] {
        assert_eq!(tags(&edit(flags)).join(" "), expected, "{flags}");
    }
    world.file("edit.json", r#"{"tags": [{"key": "b", "value": "2"}], "company": "Acme"}"#);
    edit("--tag a=1");
    let user = edit("--json edit.json --clear phone --active false");
    assert_eq!(tags(&user).join(" "), "a=1 b=2");
    assert_eq!((user.company.as_deref(), user.phone, user.active), (Some("Acme"), None, false));
}

#[test]
fn an_edit_says_what_it_did_and_signs_out() {
    let world = World::new();
    let user = world.sandbox().users().swap_remove(1);
    world.tagoctl(&format!("run user edit {} --name New", user.id)).success().stdout_eq("").stderr_eq(str![[r#"
66a0001506ca0a95b7e825c7: TagoIO Run User Successfully Updated

"#]]);
    world.tagoctl(&format!("run user edit {} --name Newer -o json", user.id)).success().stdout_eq(str![[r#"
{
  "id": "66a0001506ca0a95b7e825c7",
  "updated": true
}

"#]]);
    let edit = format!("run user edit {} --new-password --password-stdin --logout-sessions", user.email);
    world.tagoctl_with_stdin(&edit, &format!("{PLANTED}\n")).success();
    world.tagoctl(&format!("run user edit {} --password-env PLANTED", user.email)).success();
}

#[test]
fn an_edit_that_changes_nothing_or_what_can_not_be_is_refused() {
    let world = World::new();
    world.tagoctl("run user edit jane@example.com").code(2).stderr_eq(str![[r#"
error: there is nothing to change
hint: --name, --timezone, --tag, --remove-tag, --company, --phone, --language, --active, --clear, --new-password and --logout-sessions change something; --json takes every field

"#]]);
    world.tagoctl("run user edit jane@example.com --replace-tags -o json").code(2).stderr_eq(str![[r#"
{"code":"no_changes","error":"there is nothing to change","hint":"--name, --timezone, --tag, --remove-tag, --company, --phone, --language, --active, --clear, --new-password and --logout-sessions change something; --json takes every field"}

"#]]);
    world.tagoctl("run user edit jane@example.com --clear name").code(2).stderr_eq(str![[r#"
error: invalid value 'name' for '--clear <FIELD,…>'
  [possible values: company, phone, language, newsletter, options, custom-preferences, tags]

For more information, try '--help'.

"#]]);
    world.tagoctl("run user edit jane@example.com --phone 1 --clear phone").code(2).stderr_eq(str![[r#"
error: `phone` can't be set and cleared at once

"#]]);
    world.file("edit.json", r#"{"email": "other@example.com"}"#);
    world.tagoctl("run user edit jane@example.com --json edit.json").code(2).stderr_eq(str![[r#"
error: edit.json: there is no field `email`; there are name, password, timezone, company, phone, language, tags, active, newsletter, options, custom_preferences, force_password_change, logout_sessions

"#]]);
    assert!(world.sandbox().journal().is_empty());
    world.tagoctl("run user edit jane@example.com --name Jane").code(1).stderr_eq(str![[r#"
error: there is no user with the e-mail address jane@example.com

"#]]);
}

#[test]
fn a_login_prints_the_token_as_a_whole() {
    let world = World::new();
    let user = world.sandbox().users().into_iter().find(|user| user.active).unwrap();
    let login = format!("run user login {}", user.email);
    let token = world.stdout(&login);
    assert!(token.starts_with("u-") && token.trim_end().len() > 30, "{token}");
    world.tagoctl(&format!("{login} --expires '20 minutes' -o json")).success().stdout_eq(str![[r#"
{
  "expire_time": "2026-01-31T12:20:00.000Z",
  "token": "u-98e387e6-1cb2-40b9-a215-812af4294daa",
  "user": "66a000121120b3d00955f032"
}

"#]]);
    world.tagoctl(&format!("{login} --expires whenever")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'whenever' for '--expires <WHEN>': invalid expiry: "whenever" is not `never`, a date, or something like `3 months`

For more information, try '--help'.

"#]]);
}

#[test]
fn an_invitation_is_sent_once_more() {
    let world = World::new();
    let user = world.sandbox().users().swap_remove(0);
    world.tagoctl(&format!("run user invite {}", user.email)).success().stdout_eq("").stderr_eq(str![[r#"
beatriz.almeida@example.com: Invite sent

"#]]);
    world.tagoctl(&format!("run user invite {} --template reminder -o jsonl", user.id)).success().stdout_eq(str![[
        r#"
{"id":"66a000121120b3d00955f032","invited":true}

"#
    ]]);
    assert_eq!(world.sandbox().outbox().len(), 2);
    world.tagoctl("run user invite 61fac4d9a5c9f40012a5ff00").code(1).stderr_eq(str![[r#"
error: POST /run/users/{user}/invite: TagoIO answered 404 Not Found: User Not Found

"#]]);
}

#[test]
fn a_user_is_deleted_after_a_question() {
    let world = World::new();
    let user = world.sandbox().users().swap_remove(0);
    let delete = format!("run user delete {}", user.email);
    world.tagoctl(&delete).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to delete the user Beatriz Almeida <beatriz.almeida@example.com> for good
hint: --dry-run shows what would be done

"#]]);
    world
        .tagoctl(&format!("{delete} --dry-run"))
        .success()
        .stdout_eq(str![[r#"
ID                        NAME             EMAIL
66a000121120b3d00955f032  Beatriz Almeida  beatriz.almeida@example.com

"#]])
        .stderr_eq(str![[r#"
would delete the user Beatriz Almeida <beatriz.almeida@example.com> for good

"#]]);
    assert!(world.user(&user.email).is_some());
    world.tagoctl(&format!("{delete} --yes")).success().stdout_eq("").stderr_eq(str![[r#"
Beatriz Almeida <beatriz.almeida@example.com>: Successfully Removed

"#]]);
    assert!(world.user(&user.email).is_none());
    world.tagoctl(&format!("{delete} --yes")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is no user beatriz.almeida@example.com: nobody was deleted

"#]]);
    world.tagoctl(&format!("{delete} --yes --ignore-missing")).success().stdout_eq("").stderr_eq(str![[r#"
nothing to do

"#]]);
}

#[test]
fn nobody_is_deleted_without_being_named() {
    let world = World::new();
    let count = world.sandbox().users().len();
    let user = world.sandbox().users().swap_remove(0);
    world.tagoctl("run user delete --yes").code(2).stderr_eq(str![[r#"
error: no user is named
hint: name them, or give --file, a filter such as --tag KEY=VALUE, or --all

"#]]);
    world.tagoctl("run user delete a@example.com --tag site=lisbon --yes").code(2).stderr_eq(str![[r#"
error: users are either named or filtered, not both

"#]]);
    let missing = format!("run user delete {} 61fac4d9a5c9f40012a5ff00 b@example.com --yes", user.id);
    world.tagoctl(&missing).code(1).stderr_eq(str![[r#"
error: there are no users 61fac4d9a5c9f40012a5ff00, b@example.com: nobody was deleted

"#]]);
    world.file("list.txt", "a@example.com,b@example.com\n");
    world.tagoctl("run user delete --file list.txt --yes").code(2).stderr_eq(str![[r#"
error: list.txt: line 1 isn't one id or one e-mail address

"#]]);
    assert_eq!(world.sandbox().users().len(), count);
}

#[test]
fn a_filter_that_keeps_nobody_out_is_not_taken_for_everybody() {
    let world = World::new();
    world.clear();
    for filter in ["--email ''", "--name ''", "--name ' '", "--tag-key ''", "--tag site=", "--email '*'", "--name '**'"]
    {
        for command in ["delete --yes", "delete --yes --dry-run", "delete"] {
            world.tagoctl(&format!("run user {command} {filter}")).code(2).stdout_eq("");
        }
        world.tagoctl(&format!("run notify create --title a --message b --yes {filter}")).code(2).stdout_eq("");
    }
    world.tagoctl("run user delete --email '' --yes").code(2).stderr_eq(str![[r#"
error: invalid value '' for '--email <EMAIL>': it is empty

For more information, try '--help'.

"#]]);
    world.tagoctl("run user delete --tag site= --yes").code(2).stderr_eq(str![[r#"
error: invalid value 'site=' for '--tag <KEY=VALUE>': the value of site is empty; --tag-key finds any value

For more information, try '--help'.

"#]]);
    world.tagoctl("run user delete --email '*' --yes").code(2).stderr_eq(str![[r#"
error: the filter keeps nobody out
hint: --all says that all users are meant

"#]]);
    world.tagoctl("run user delete --all --tag site=lisbon --yes").code(2).stderr_eq(str![[r#"
error: either all users are meant, or those that a filter fits

"#]]);
    world.tagoctl("run user delete --all a@example.com --yes").code(2);
    world.nothing_was_sent();
    world.tagoctl("run user delete --all --yes").success().stdout_eq("").stderr_eq("24 deleted\n");
}

#[test]
fn options_that_nobody_knows_are_refused_unless_they_are_allowed() {
    let world = World::new();
    world.file(
        "jane.json",
        r#"{"name": "Jane", "email": "jane@example.com", "timezone": "UTC", "options": {"date_fromat": "x"}}"#,
    );
    world.file("edit.json", r#"{"options": {"date_fromat": "x"}}"#);
    world.file("users.jsonl", r#"{"email": "beatriz.almeida@example.com", "options": {"date_fromat": "x"}}"#);
    world.file("users.csv", "email;options\nbeatriz.almeida@example.com;{\"date_fromat\": \"x\"}\n");
    let lines = [
        "create --json jane.json --generate-password",
        "edit beatriz.almeida@example.com --json edit.json",
        "import users.jsonl",
        "import users.csv",
        "sync users.jsonl --yes",
    ];
    world.clear();
    world.tagoctl(&format!("run user {}", lines[0])).code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no field `options.date_fromat`; did you mean `date_format`?
hint: --allow-unknown sends it all the same

"#]]);
    world.tagoctl(&format!("run user {}", lines[2])).code(2).stdout_eq("").stderr_eq(str![[r#"
error: users.jsonl: line 1: there is no field `options.date_fromat`; did you mean `date_format`?
hint: --allow-unknown sends it all the same

"#]]);
    for line in lines {
        world.tagoctl(&format!("run user {line}")).code(2).stdout_eq("");
    }
    world.nothing_was_sent();
    for line in lines {
        world.tagoctl(&format!("run user {line} --allow-unknown")).success();
    }
}

#[test]
fn many_users_are_deleted_by_filter_and_by_list() {
    let world = World::new();
    let count = world.sandbox().users().len();
    world.tagoctl("run user delete --active false").code(2).stdout_eq("").stderr_eq(str![[r#"
  Rui Tavares <rui.tavares@example.com>
  Mathieu Garnier <mathieu.garnier@example.org>
  Thiago Ribeiro <thiago.ribeiro@example.com>
error: without a terminal, --yes is needed to delete 3 users for good
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl("run user delete --active false --yes").success().stdout_eq("").stderr_eq(str![[r#"
3 deleted

"#]]);
    let left = world.sandbox().users();
    assert!(left.len() < count && left.iter().all(|user| user.active));

    let list: Vec<&str> = left.iter().take(3).map(|user| user.email.as_str()).collect();
    let list = list.join("\n");
    world.file("list.txt", &format!("email\n{list}\n{list}"));
    let delete = "run user delete --file list.txt --yes --jobs 1 --results gone.csv -o json";
    world.tagoctl(delete).success().stderr_eq("").stdout_eq(str![[r#"
{
  "created": 0,
  "deleted": 3,
  "done_before": 0,
  "failed": 0,
  "failures": [],
  "missing": 0,
  "not_tried": 0,
  "sent": 0,
  "total": 3,
  "uncertain": 0,
  "unchanged": 0,
  "updated": 0
}

"#]]);
    snapbox::assert_data_eq!(
        world.read("gone.csv"),
        str![[r#"
line,target,outcome,id,changed,error
,beatriz.almeida@example.com,deleted,66a000121120b3d00955f032,,
,duarte.fonseca@example.com,deleted,66a0001506ca0a95b7e825c7,,
,marta.oliveira@example.com,deleted,66a00016c80de0f9d4d60e0a,,

"#]]
    );
    assert_eq!(world.sandbox().users().len(), left.len() - 3);
}

#[test]
fn a_list_of_users_to_delete_has_a_journal_until_all_are_gone() {
    let world = World::new();
    let users: Vec<String> = world.sandbox().users().into_iter().take(3).map(|user| user.email).collect();
    world.file("list.txt", &users.join("\n"));
    let page = Fault::Answer { status: 404, content_type: "text/html".to_owned(), body: "<html>".to_owned() };
    world.sandbox().inject(FaultRule::new(page).on(Method::Delete, "/run/users/*")).unwrap();
    let line = "run user delete --file list.txt --yes --jobs 1";
    world.tagoctl("run user delete --file list.txt --dry-run").success();
    assert!(!world.folder().join("list.txt.journal").exists());
    // What a proxy doesn't know isn't gone.
    world.tagoctl(line).code(3).stdout_eq("").stderr_eq(str![[r#"
2 deleted, 1 failed
  beatriz.almeida@example.com: DELETE /run/users/{user}: TagoIO answered 404 Not Found (text/html, 6 bytes)
error: 1 of 3 failed; to try again: tagoctl run user delete --file list.txt --yes --jobs 1 --resume

"#]]);
    world.tagoctl(line).code(2).stderr_eq(str![[r#"
error: list.txt.journal is there already: it is the journal of an earlier run
hint: --resume goes on where it stopped; remove the file to begin anew

"#]]);
    world.tagoctl(&format!("{line} --resume")).success().stdout_eq("").stderr_eq(str![[r#"
list.txt.journal: 2 done before
1 deleted

"#]]);
    assert!(world.sandbox().users().iter().all(|user| !users.contains(&user.email)));
    assert!(!world.folder().join("list.txt.journal").exists());
}
