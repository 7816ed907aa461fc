//! `tagoctl run user`, many users at a time.

use snapbox::{assert_data_eq, str};
use tagoio::Tag;
use tagoio::run::{UserEdit, UserInfo};
use tagoio::sandbox::{Fault, FaultRule};
use tagoio::transport::Method;

use crate::world::{PLANTED, World};

/// Three users: one to be created, one to be changed, one who is as she should be.
const LIST: &str = "\
E-Mail;Full name;Time zone;generate_password;tag:site;phone
jane@example.com;Jane Doe;Europe/Lisbon;yes;lisbon;
beatriz.almeida@example.com;;;;porto;+351 1
ANANYA.IYER@example.com;Ananya Iyer;;;kochi;
";

/// A list of new users.
pub(crate) fn list_of(count: u32) -> String {
    let rows: Vec<String> = (1..=count).map(|n| format!("u{n}@example.com,U{n}")).collect();
    format!("email,name\n{}\n", rows.join("\n"))
}

fn tags(user: &UserInfo) -> String {
    let tags: Vec<String> = user.tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
    tags.join(" ")
}

/// Has the next requests of a route refused.
fn refuse(world: &World, times: u32, status: u16, method: Method, path: &str) {
    let body = r#"{"status": false, "message": "No such luck"}"#.to_owned();
    let fault = Fault::Answer { status, content_type: "application/json".to_owned(), body };
    world.sandbox().inject(FaultRule::new(fault).on(method, path).times(times)).unwrap();
}

/// The requests that changed something.
fn changes(world: &World) -> Vec<String> {
    let journal = world.sandbox().journal();
    journal.iter().filter(|handled| handled.route.method() != Method::Get).map(ToString::to_string).collect()
}

#[test]
fn an_import_creates_who_is_not_there_and_changes_who_is() {
    let world = World::new();
    world.file("users.csv", LIST);
    world.tagoctl("run user import users.csv --jobs 1 --results done.csv").success().stdout_eq("").stderr_eq(str![[
        r#"
1 to create, 1 to update, 1 unchanged
1 created, 1 updated, 1 unchanged

"#
    ]]);
    assert_data_eq!(
        world.read("done.csv"),
        str![[r#"
line,target,outcome,id,changed,error
2,jane@example.com,created,66a0004d6258cbe07c1ff081,,
3,beatriz.almeida@example.com,updated,66a000121120b3d00955f032,phone;tags,
4,ANANYA.IYER@example.com,unchanged,66a00036bc46b610e9d3f375,,

"#]]
    );
    let jane = world.user("jane@example.com").unwrap();
    assert_eq!((jane.name.as_str(), tags(&jane).as_str(), jane.active), ("Jane Doe", "site=lisbon", true));
    let beatriz = world.user("beatriz.almeida@example.com").unwrap();
    assert_eq!(beatriz.phone.as_deref(), Some("+351 1"));
    assert_eq!(tags(&beatriz), "organization_id=66a00011808475f02ee37363 site=porto access=admin");
    assert!(!world.folder().join("users.csv.journal").exists(), "all is done: nothing is left to be resumed");

    world.sandbox().clear_journal();
    world.tagoctl("run user import users.csv").success().stderr_eq(str![[r#"
3 unchanged

"#]]);
    assert_eq!(changes(&world), [""; 0]);
}

#[test]
fn an_import_shows_its_plan_in_each_format_and_does_nothing() {
    let world = World::new();
    world.file("users.csv", LIST);
    world.tagoctl("run user import users.csv --dry-run").success().stdout_eq(str![[r#"
LINE  ACTION  EMAIL                        CHANGES
   2  create  jane@example.com             name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
   3  update  beatriz.almeida@example.com  phone: +351 21 555 0134 → +351 1; tags: site=lisbon → site=porto

"#]]).stderr_eq(str![[r#"
1 to create, 1 to update, 1 unchanged

"#]]);
    world.tagoctl("run user import users.csv --dry-run -o json").success().stdout_eq(str![[r#"
[
  {"action":"create","changes":[{"field":"name","from":null,"to":"Jane Doe"},{"field":"timezone","from":null,"to":"Europe/Lisbon"},{"field":"tags","from":null,"to":"site=lisbon"},{"field":"generate_password","from":null,"to":"true"}],"email":"jane@example.com","id":null,"line":2},
  {"action":"update","changes":[{"field":"phone","from":"+351 21 555 0134","to":"+351 1"},{"field":"tags","from":"organization_id=66a00011808475f02ee37363;site=lisbon;access=admin","to":"organization_id=66a00011808475f02ee37363;site=porto;access=admin"}],"email":"beatriz.almeida@example.com","id":"66a000121120b3d00955f032","line":3}
]

"#]]);
    world.tagoctl("run user import users.csv --dry-run -o csv --replace-tags").success().stdout_eq(str![[r#"
line,action,email,changes
2,create,jane@example.com,name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
3,update,beatriz.almeida@example.com,phone: +351 21 555 0134 → +351 1; tags: organization_id=66a00011808475f02ee37363;site=lisbon;access=admin → site=porto
4,update,ANANYA.IYER@example.com,tags: organization_id=66a00035c85e84f460206f76;access=operator → nothing

"#]]);
    assert_eq!(changes(&world), [""; 0]);
}

#[test]
fn an_import_says_all_that_is_wrong_and_sends_nothing() {
    let world = World::new();
    world.file(
        "users.csv",
        &format!("email,name,timzone,active,password\njane,Jane,UTC,perhaps,{PLANTED}\njoe@example.com,Joe\n"),
    );
    world.tagoctl("run user import users.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
error: users.csv: 3 problems, nothing was sent
  line 1, column `timzone`: there is no such column; did you mean `timezone`?
  line 2, column `active`: has to be true, false, yes, no, 1 or 0
  line 3: has 2 cells, and the first line has 5

"#]]);
    world.tagoctl("run user import users.csv -o json").code(2).stdout_eq("").stderr_eq(str![[r#"
{"code":"invalid_list","error":"users.csv: 3 problems, nothing was sent","problems":[{"column":"timzone","line":1,"message":"there is no such column; did you mean `timezone`?"},{"column":"active","line":2,"message":"has to be true, false, yes, no, 1 or 0"},{"column":null,"line":3,"message":"has 2 cells, and the first line has 5"}]}

"#]]);
    assert!(world.sandbox().journal().is_empty());

    // What a new user lacks is known once it is known who is new.
    world.file("users.csv", "email,name\njane@example.com,Jane\nbeatriz.almeida@example.com,B\njoe@example.com,\n");
    world.tagoctl("run user import users.csv --generate-password").code(2).stdout_eq("").stderr_eq(str![[r#"
error: users.csv: 3 problems, nothing was sent
  line 2, column `timezone`: is missing: there is no such user yet, and a new one needs it
  line 4, column `name`: is missing: there is no such user yet, and a new one needs it
  line 4, column `timezone`: is missing: there is no such user yet, and a new one needs it

"#]]);
    world.tagoctl("run user import nowhere.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nowhere.csv: No such file or directory (os error 2)

"#]]);
    assert_eq!(changes(&world), [""; 0]);
    assert!(!world.folder().join("users.csv.journal").exists());
}

#[test]
fn an_import_reads_standard_input_and_tells_programs_what_it_did() {
    let world = World::new();
    let list = format!(
        "{{\"email\": \"jane@example.com\", \"name\": \"Jane\", \"password\": \"{PLANTED}\"}}\n\
         {{\"email\": \"beatriz.almeida@example.com\", \"password\": \"{PLANTED}\", \"phone\": null}}\n"
    );
    let import = "run user import - --timezone UTC --set-passwords -o json --jobs 1 --results done.jsonl";
    world.tagoctl_with_stdin(import, &list).success().stderr_eq("").stdout_eq(str![[r#"
{
  "created": 1,
  "deleted": 0,
  "done_before": 0,
  "failed": 0,
  "failures": [],
  "missing": 0,
  "not_tried": 0,
  "sent": 0,
  "total": 2,
  "uncertain": 0,
  "unchanged": 0,
  "updated": 1
}

"#]]);
    assert_data_eq!(
        world.read("done.jsonl"),
        str![[r#"
{"changed":[],"error":null,"id":"66a0004d6258cbe07c1ff081","line":1,"outcome":"created","target":"jane@example.com"}
{"changed":["password","phone"],"error":null,"id":"66a000121120b3d00955f032","line":2,"outcome":"updated","target":"beatriz.almeida@example.com"}

"#]]
    );
    assert!(!world.read("done.jsonl").contains(PLANTED));
    assert_eq!(world.user("beatriz.almeida@example.com").unwrap().phone, None);
    world.tagoctl_with_stdin("run user import - --resume", &list).code(2).stderr_eq(str![[r#"
error: --resume needs the journal that it goes on with: --journal FILE

"#]]);
}

#[test]
fn an_import_that_fails_in_part_is_resumed() {
    let world = World::new();
    world.file("users.csv", LIST);
    refuse(&world, 1, 400, Method::Post, "/run/users");
    world.tagoctl("run user import users.csv").code(3).stdout_eq("").stderr_eq(str![[r#"
1 to create, 1 to update, 1 unchanged
1 updated, 1 unchanged, 1 failed
  line 2, jane@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
error: 1 of 3 failed; to try again: tagoctl run user import users.csv --resume

"#]]);
    assert!(world.user("jane@example.com").is_none());
    let journal = world.read("users.csv.journal");
    assert!(!journal.contains(world.sandbox().token().expose()), "{journal}");

    world.tagoctl("run user import users.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
error: users.csv.journal is there already: it is the journal of an earlier run
hint: --resume goes on where it stopped; remove the file to begin anew

"#]]);
    world.tagoctl("run user sync users.csv --resume --yes").code(2).stderr_eq(str![[r#"
  create jane@example.com  name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
1 to create, 2 unchanged
error: invalid journal users.csv.journal: it is of other work: work is "import users" there and "sync users" here

"#]]);
    world.tagoctl("run user import users.csv --resume").success().stderr_eq(str![[r#"
1 to create, 2 unchanged
users.csv.journal: 2 done before
1 created, 2 done before

"#]]);
    assert!(world.user("jane@example.com").is_some());
    world.tagoctl("run user import users.csv --resume").code(2).stderr_eq(str![[r#"
error: there is no journal users.csv.journal to go on with
hint: leave out --resume to begin

"#]]);
}

#[test]
fn a_user_is_created_once_whatever_becomes_of_the_answer() {
    let world = World::new();
    let count = world.sandbox().users().len();
    world.file("users.csv", LIST);
    world.sandbox().inject(FaultRule::new(Fault::HangUp).on(Method::Post, "/run/users").taking_effect()).unwrap();
    world.tagoctl("run user import users.csv -q --jobs 1").success().stderr_eq(str![[r#"
1 created, 1 updated, 1 unchanged

"#]]);
    assert_eq!(world.sandbox().users().len(), count + 1);
    assert_eq!(changes(&world), ["POST /run/users (no answer)", "PUT /run/users/{user} 200"]);
}

#[test]
fn of_many_failures_the_first_are_told_and_the_file_has_all() {
    let world = World::new();
    world.file("users.csv", &list_of(14));
    refuse(&world, 12, 400, Method::Post, "/run/users");
    let import = "run user import users.csv --timezone UTC --generate-password --jobs 1 --rate scale --journal j";
    world.tagoctl(&format!("{import} --results done.csv")).code(3).stderr_eq(str![[r#"
14 to create
2 created, 12 failed
  line 2, u1@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 3, u2@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 4, u3@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 5, u4@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 6, u5@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 7, u6@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 8, u7@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 9, u8@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 10, u9@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  line 11, u10@example.com: POST /run/users: TagoIO answered 400 Bad Request: No such luck
  … and 2 more, in done.csv
error: 12 of 14 failed; to try again: tagoctl run user import users.csv --timezone UTC --generate-password --jobs 1 --rate scale --journal j --results done.csv --resume

"#]]);
    assert_eq!(world.read("done.csv").matches(",failed,").count(), 12);
    world.tagoctl(&format!("{import} --resume")).success().stderr_eq(str![[r#"
12 to create, 2 unchanged
j: 2 done before
12 created, 2 done before

"#]]);
    assert!(world.folder().join("j").exists(), "a journal that was asked for is kept");
}

#[test]
fn a_token_that_is_refused_ends_the_work() {
    let world = World::new();
    world.file("users.csv", LIST);
    let import = world.command("run user import users.csv").env("TAGOIO_TOKEN", "p-of-nobody");
    import.assert().code(1).stderr_eq(str![[r#"
error: GET /run/users: TagoIO answered 401 Unauthorized: Invalid token
hint: TagoIO doesn't know this token, or it has expired; mind that each region has its own

"#]]);
    assert!(!world.folder().join("users.csv.journal").exists());
}

#[test]
fn a_token_that_is_refused_half_way_ends_the_work_there() {
    let world = World::new();
    world.file("users.csv", &(LIST.to_owned() + "joe@example.com;Joe;UTC;yes;;\n"));
    refuse(&world, 9, 401, Method::Post, "/run/users");
    world.tagoctl("run user import users.csv --jobs 1").code(1).stderr_eq(str![[r#"
2 to create, 1 to update, 1 unchanged
1 failed, 3 not tried
  line 2, jane@example.com: POST /run/users: TagoIO answered 401 Unauthorized: No such luck
error: POST /run/users: TagoIO answered 401 Unauthorized: No such luck
hint: TagoIO doesn't know this token, or it has expired; mind that each region has its own

"#]]);
    world.tagoctl("run user import users.csv --jobs 1 --resume -o json").code(1).stdout_eq(str![[r#"
{
  "created": 0,
  "deleted": 0,
  "done_before": 0,
  "failed": 1,
  "failures": [
    {
      "error": "POST /run/users: TagoIO answered 401 Unauthorized: No such luck",
      "line": 2,
      "target": "jane@example.com"
    }
  ],
  "missing": 0,
  "not_tried": 3,
  "sent": 0,
  "total": 4,
  "uncertain": 0,
  "unchanged": 0,
  "updated": 0
}

"#]]).stderr_eq(str![[r#"
{"code":"unauthorized","error":"POST /run/users: TagoIO answered 401 Unauthorized: No such luck","hint":"TagoIO doesn't know this token, or it has expired; mind that each region has its own","maybe_delivered":false,"route":"POST /run/users","status":401}

"#]]);
}

#[test]
fn without_the_profiles_plan_the_smallest_rate_is_kept() {
    let world = World::new();
    world.file("users.csv", LIST);
    refuse(&world, 1, 403, Method::Get, "/profile/*");
    world.tagoctl("run user import users.csv").success().stderr_eq(str![[r#"
1 to create, 1 to update, 1 unchanged
the profile's plan can't be read: the smallest plan's rate limits are kept; --rate sets others
1 created, 1 updated, 1 unchanged

"#]]);
}

#[test]
fn a_rate_is_checked() {
    let world = World::new();
    for rate in ["0", "gold"] {
        world.tagoctl(&format!("run user import - --rate {rate}")).code(2);
    }
    world.tagoctl("run user import - --rate fast").code(2).stderr_eq(str![[r#"
error: invalid value 'fast' for '--rate <N|PLAN>': it has to be a number, free, starter or scale

For more information, try '--help'.

"#]]);
    world.tagoctl("run user import - --jobs 0").code(2).stderr_eq(str![[r#"
error: invalid value '0' for '--jobs <N>': 0 is not in 1..=256

For more information, try '--help'.

"#]]);
}

#[test]
fn an_export_is_csv_or_json_lines_with_the_columns_that_are_wanted() {
    let world = World::new();
    let all = world.stdout("run user export");
    assert_data_eq!(
        all.lines().take(3).collect::<Vec<_>>().join("\n"),
        str![[r#"
id,email,name,timezone,company,phone,language,active,tags,last_login,created_at,updated_at
66a000121120b3d00955f032,beatriz.almeida@example.com,Beatriz Almeida,Europe/Lisbon,Mercado Azul,+351 21 555 0134,pt,true,organization_id=66a00011808475f02ee37363;site=lisbon;access=admin,2026-01-31T08:29:08.121Z,2024-12-24T16:50:58.876Z,2025-09-18T23:11:32.663Z
66a0001506ca0a95b7e825c7,duarte.fonseca@example.com,Duarte Fonseca,Europe/Lisbon,Mercado Azul,,pt,true,organization_id=66a00011808475f02ee37363;site=lisbon;access=operator,2026-01-30T09:32:30.382Z,2024-12-28T16:30:24.489Z,2025-09-20T19:49:27.188Z
"#]]
    );
    assert_eq!(all.lines().count(), world.sandbox().users().len() + 1);
    let columns = "--columns email,tag:site,option:time_format --email '*@example.net'";
    world.tagoctl(&format!("run user export {columns}")).success().stderr_eq("").stdout_eq(str![[r#"
email,tag:site,option:time_format
zoe.vandenberg@example.net,rotterdam,24
sander.visser@example.net,rotterdam,24
aoife.brennan@example.net,cork,24
hiroshi.tanaka@example.net,tokyo,24
fatima.elidrissi@example.net,utrecht,24
ciaran.walsh@example.net,cork,24

"#]]);
    let lines = "run user export --format jsonl --columns email,tags --active false";
    world.tagoctl(lines).success().stderr_eq("").stdout_eq(str![[r#"
{"email":"rui.tavares@example.com","tags":[{"key":"organization_id","value":"66a00011808475f02ee37363"},{"key":"site","value":"porto"},{"key":"access","value":"guest"}]}
{"email":"mathieu.garnier@example.org","tags":[{"key":"organization_id","value":"66a00027ce6a57a6e3ccdeec"},{"key":"site","value":"lyon"},{"key":"access","value":"operator"}]}
{"email":"thiago.ribeiro@example.com","tags":[{"key":"organization_id","value":"66a000376e1351b2349f331c"},{"key":"site","value":"campinas"},{"key":"access","value":"guest"}]}

"#]]);
    world.tagoctl("run user export users.jsonl --tag-columns site").code(2).stderr_eq(str![[r#"
error: column `tag:site` is for CSV only: in JSON lines it is part of a field

"#]]);
    world.tagoctl("run user export --columns emial").code(2).stderr_eq(str![[r#"
error: there is no column `emial`; did you mean `email`?
hint: there are id, email, name, password, generate_password, send_email, timezone, company, phone, language, active, newsletter, force_password_change, tags, tag:, options, option:decimal_separator, option:thousand_separator, option:date_format, option:time_format, custom_preferences, custom:, last_login, created_at, updated_at, profile, otp, agreements

"#]]);
    world.tagoctl("run user export --columns email,tag:").code(2).stderr_eq(str![[r#"
error: the column `tag:` wants a key, as in `tag:KEY`

"#]]);
    world.tagoctl("run user export --columns email,password").code(2).stderr_eq(str![[r#"
error: column `password` can't be exported: TagoIO doesn't tell

"#]]);
}

#[test]
fn an_export_has_the_form_of_the_output_where_nothing_else_says_it() {
    let world = World::new();
    let export = "run user export --columns name,email,tags --email 'beatriz*'";
    for (output, line) in [
        ("csv", "Beatriz Almeida,beatriz.almeida@example.com,organization_id="),
        ("tsv", "Beatriz Almeida\tbeatriz.almeida@example.com\torganization_id="),
        ("jsonl", r#"{"name":"Beatriz Almeida","email":"beatriz.almeida@example.com","tags":[{"#),
    ] {
        let said = world.stdout(&format!("{export} -o {output}"));
        assert!(said.lines().last().unwrap().starts_with(line), "{said}");
        let import = world.tagoctl_with_stdin("run user import -", &said).success();
        import.stderr_eq("1 unchanged\n");
    }
    world.clear();
    world.tagoctl(&format!("{export} -o json")).code(2).stdout_eq("").stderr_eq(str![[r#"
{"code":"usage","error":"a list that can be read back is no JSON document","hint":"--output jsonl has an object on each line; tagoctl run user list writes JSON"}

"#]]);
    world.nothing_was_sent();
    world.tagoctl("run user export mails.csv --columns email -o json").success().stdout_eq(str![[r#"
{
  "file": "mails.csv",
  "users": 24
}

"#]]);
    assert!(world.read("mails.csv").starts_with("email\nbeatriz.almeida@example.com\n"));
}

#[test]
fn no_file_of_bulk_work_overwrites_another() {
    let world = World::new();
    world.file("users.csv", LIST);
    world.file("leavers.txt", "beatriz.almeida@example.com\n");
    world.clear();
    world.tagoctl("run user import users.csv --results users.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
error: the list and --results are the same file, users.csv

"#]]);
    for line in [
        "import users.csv --results ./users.csv",
        "sync users.csv --results users.csv --yes",
        "import users.csv --results r.csv --journal r.csv",
        "import users.csv --results users.csv.journal",
        "delete --file leavers.txt --yes --results leavers.txt",
        "delete --file leavers.txt --yes --results r.csv --journal r.csv",
    ] {
        world.tagoctl(&format!("run user {line}")).code(2).stdout_eq("");
    }
    world.nothing_was_sent();
    assert_eq!((world.read("users.csv"), world.read("leavers.txt").len()), (LIST.to_owned(), 28));
    assert_eq!(std::fs::read_dir(world.folder()).unwrap().count(), 2);
}

#[test]
fn results_of_work_that_never_began_leave_the_old_ones() {
    let world = World::new();
    world.file("users.csv", LIST);
    world.file("done.csv", "the old ones");
    world.file("j", "no journal");
    world.tagoctl("run user import users.csv --results done.csv --journal j --resume").code(2);
    assert_eq!(world.read("done.csv"), "the old ones");
}

#[test]
fn an_import_beyond_the_plans_limit_stops_creating_and_says_so() {
    let world = World::with(|builder| builder.empty().plan(tagoio::sandbox::Plan::Free));
    world.file("users.csv", &list_of(20));
    let import = "run user import users.csv --timezone UTC --generate-password --jobs 1 --rate 1000";
    world.tagoctl(import).code(3).stdout_eq("").stderr_eq(str![[r#"
20 to create
warning: 20 users are to be created, but the profile has room for 2
2 created, 1 failed, 17 not tried
  line 4, u3@example.com: POST /run/users: TagoIO answered 400 Bad Request: You have exceeded the maximum limit of Run users (2)
error: 2 of 20 were done: there is no room for more users; to go on: tagoctl run user import users.csv --timezone UTC --generate-password --jobs 1 --rate 1000 --resume

"#]]);
    let creations = changes(&world).iter().filter(|change| change.starts_with("POST /run/users")).count();
    assert_eq!(creations, 3, "none is tried after the refusal");
    assert_eq!(world.sandbox().users().len(), 2);
}

#[test]
fn that_there_is_no_room_is_said_before_anybody_is_asked() {
    let world = World::with(|builder| builder.empty().plan(tagoio::sandbox::Plan::Free).users(1));
    // There are two more than that one.
    world.file("three.csv", &list_of(3));
    world.file("two.csv", &list_of(2));
    let made = "--timezone UTC --generate-password";
    let warning = "warning: 3 users are to be created, but the profile has room for 2\n";
    for (line, said) in [
        (format!("import three.csv {made} --dry-run"), format!("3 to create\n{warning}")),
        (format!("sync three.csv {made} --dry-run"), format!("3 to create\n{warning}")),
        (format!("import two.csv {made} --dry-run"), "2 to create\n".to_owned()),
        // Who is deleted makes no room: that comes last.
        (format!("sync three.csv {made} --delete-missing --dry-run"), format!("3 to create, 1 to delete\n{warning}")),
        (format!("import three.csv {made} --dry-run --quiet"), "3 to create\n".to_owned()),
        (format!("import three.csv {made} --dry-run -o json"), "3 to create\n".to_owned()),
    ] {
        world.clear();
        world.tagoctl(&format!("run user {line}")).success().stderr_eq(&said);
        let journal = world.sandbox().journal();
        let asked = journal.iter().filter(|handled| handled.route.template().ends_with("/summary")).count();
        assert_eq!(asked > 0, !line.contains("--quiet") && !line.contains("json"), "{line}");
    }
    world.tagoctl(&format!("run user sync three.csv {made}")).code(2).stderr_eq(str![[r#"
  create u1@example.com  name: U1; timezone: UTC; generate_password: true
  create u2@example.com  name: U2; timezone: UTC; generate_password: true
  create u3@example.com  name: U3; timezone: UTC; generate_password: true
3 to create
warning: 3 users are to be created, but the profile has room for 2
error: without a terminal, --yes is needed to create 3 users
hint: --dry-run shows what would be done

"#]]);
    // What can't be known is no reason to warn, nor to stop.
    refuse(&world, 1, 403, Method::Get, "/profile/*/summary");
    world.tagoctl(&format!("run user import three.csv {made} --dry-run")).success().stderr_eq("3 to create\n");
    assert_eq!(changes(&world), [""; 0]);
}

#[test]
fn what_is_exported_is_imported_as_it_is() {
    let world = World::new();
    for file in ["users.csv", "users.tsv", "users.jsonl", "users.ndjson"] {
        let said = format!("{file}: 24 users\n");
        world.tagoctl(&format!("run user export {file}")).success().stdout_eq("").stderr_eq(said);
        world.tagoctl(&format!("run user import {file}")).success().stdout_eq("").stderr_eq(str![[r#"
24 unchanged

"#]]);
    }
    world.tagoctl("run user export tags.csv --tag-columns site,access -o json").success().stdout_eq(str![[r#"
{
  "file": "tags.csv",
  "users": 24
}

"#]]);
    world.tagoctl("run user import tags.csv --dry-run").success().stdout_eq("").stderr_eq("24 unchanged\n");
    world.tagoctl("run user import tags.csv --dry-run -o json").success().stdout_eq("[]\n");
    world.tagoctl("run user import tags.csv").success().stderr_eq(str![[r#"
24 unchanged

"#]]);
    assert_eq!(changes(&world), [""; 0]);
}

#[test]
fn a_user_who_goes_during_an_export_is_passed_over() {
    let world = World::new();
    let body = r#"{"status": false, "message": "User not found"}"#.to_owned();
    let gone = Fault::Answer { status: 404, content_type: "application/json".to_owned(), body };
    world.sandbox().inject(FaultRule::new(gone).on(Method::Get, "/run/users/*")).unwrap();
    world.tagoctl("run user export users.csv --columns email,newsletter").success().stderr_eq(str![[r#"
deleted while they were read, and not in users.csv: 1
users.csv: 23 users

"#]]);
    assert_eq!(world.read("users.csv").lines().count(), 24);
}

#[test]
fn several_tags_of_a_key_are_told_of_and_never_lost() {
    let world = World::new();
    let client = world.sandbox().client().unwrap();
    for email in ["beatriz.almeida@example.com", "duarte.fonseca@example.com"] {
        let tags = vec![Tag::new("site", "lisbon"), Tag::new("site", "porto")];
        let id = world.user(email).unwrap().id;
        client.run().users().edit(&id, &UserEdit::new().tags(tags)).unwrap();
    }
    world.tagoctl("run user export users.csv --tag-columns site").success().stderr_eq(str![[r#"
left empty, because a user has several tags of the key, which the column tags has: 2
users.csv: 24 users

"#]]);
    world.tagoctl("run user import users.csv --replace-tags").success().stderr_eq("24 unchanged\n");
    world.tagoctl("run user export few.csv --columns email --tag-columns site").code(2).stderr_eq(str![[r#"
error: few.csv: the columns can't hold what some users have
  user beatriz.almeida@example.com has 2 tags `site`: the column `tags` takes them all
  user duarte.fonseca@example.com has 2 tags `site`: the column `tags` takes them all

"#]]);
    assert!(!world.folder().join("few.csv").exists());
}

#[test]
fn an_export_for_a_spreadsheet_has_no_formulas() {
    let world = World::new();
    let export = "run user export --for-spreadsheet --columns email,phone --email 'b*'";
    world.tagoctl(export).success().stdout_eq(str![[r#"
email,phone
beatriz.almeida@example.com,'+351 21 555 0134

"#]]);
    world.tagoctl("run user export --for-spreadsheet --format jsonl").code(2).stderr_eq(str![[r#"
error: --for-spreadsheet is for CSV only

"#]]);
}

#[test]
fn an_export_reads_no_further_than_it_has_written() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    const USERS: usize = 10_000;
    const PAGE: usize = 1000;
    // What a pipe and the buffers at its ends may hold: some hundred rows of these.
    const UNDER_WAY: usize = PAGE;

    let world = World::with(|builder| builder.empty().users(USERS.try_into().unwrap()));
    let mut process = world.process("run user export").stdout(Stdio::piped()).spawn().unwrap();
    let rows = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut count = 0;
    for row in rows {
        row.unwrap();
        count += 1;
        if count % 500 == 1 {
            let pages = world.sandbox().journal().len();
            assert!(pages <= (count + UNDER_WAY) / PAGE + 1, "{pages} pages were read for {count} rows");
        }
    }
    assert!(process.wait().unwrap().success());
    assert_eq!(count, USERS + 1);
}

#[test]
fn a_json_array_is_refused_with_a_word_on_how_to_go_on() {
    let world = World::new();
    world.file("users.json", "[\n  {\"email\": \"jane@example.com\"}\n]\n");
    world.tagoctl("run user import users.json").code(2).stderr_eq(str![[r#"
error: users.json: 1 problem, nothing was sent
  line 1: begins a JSON array, and a JSON object on each line is wanted: `jq -c '.[]'` makes them of it

"#]]);
}

#[test]
fn an_export_that_breaks_off_leaves_the_file_as_it_was() {
    let world = World::with(|builder| builder.users(1500));
    world.file("users.csv", "the old one");
    // The first page arrives, the second one doesn't.
    let fine = FaultRule::new(Fault::Delay { milliseconds: 0 }).on(Method::Get, "/run/users");
    world.sandbox().inject(fine).unwrap();
    refuse(&world, 1, 500, Method::Get, "/run/users");
    world.tagoctl("run user export users.csv").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /run/users: TagoIO answered 500 Internal Server Error: No such luck

"#]]);
    assert_eq!(world.read("users.csv"), "the old one");
    let files = std::fs::read_dir(world.folder()).unwrap().count();
    assert_eq!(files, 1, "nothing else is left behind");
    world.tagoctl("run user export nowhere/users.csv").code(2).stderr_eq(str![[r#"
error: nowhere/users.csv: No such file or directory (os error 2)

"#]]);
}

#[test]
fn a_sync_shows_its_plan_asks_and_deletes_only_when_it_is_told_to() {
    let world = World::new();
    world.file("users.csv", LIST);
    world.tagoctl("run user sync users.csv --dry-run --delete-missing -o jsonl").success().stderr_eq(str![[r#"
1 to create, 1 to update, 1 unchanged, 22 to delete

"#]]);
    world.tagoctl("run user sync users.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
  create jane@example.com  name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
  update beatriz.almeida@example.com  phone: +351 21 555 0134 → +351 1; tags: site=lisbon → site=porto
1 to create, 1 to update, 1 unchanged
error: without a terminal, --yes is needed to create 1 user and update 1 user
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl("run user sync users.csv --delete-missing").code(2).stderr_eq(str![[r#"
  create jane@example.com  name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
  update beatriz.almeida@example.com  phone: +351 21 555 0134 → +351 1; tags: site=lisbon → site=porto
  delete aoife.brennan@example.net
  delete aylin.demir@example.com
  delete chloe.lefevre@example.org
  delete ciaran.walsh@example.net
  delete darnell.washington@example.com
  delete duarte.fonseca@example.com
  delete fatima.elidrissi@example.net
  delete greta.hoffmann@example.com
  delete hiroshi.tanaka@example.net
  delete javier.ortega@example.org
  delete juergen.weiss@example.com
  delete lucia.fernandez@example.org
  delete marta.oliveira@example.com
  delete mathieu.garnier@example.org
  delete maya.thompson@example.com
  delete nuria.vidal@example.org
  delete rui.tavares@example.com
  delete sander.visser@example.net
  delete thiago.ribeiro@example.com
  delete valentina.rossi@example.org
  delete wanjiru.kamau@example.org
  delete zoe.vandenberg@example.net
1 to create, 1 to update, 1 unchanged, 22 to delete
error: without a terminal, --yes is needed to create 1 user, update 1 user and delete 22 users for good
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl("run user sync users.csv --delete-missing --delete-at-most 20 --yes").code(2).stderr_eq(str![[r#"
error: 22 users would be deleted, and 20 is the limit: nothing was done
hint: --dry-run shows which; is the list complete?

"#]]);
    assert_eq!(changes(&world), [""; 0]);

    world.tagoctl("run user sync users.csv --yes").success().stdout_eq("").stderr_eq(str![[r#"
  create jane@example.com  name: Jane Doe; timezone: Europe/Lisbon; tags: site=lisbon; generate_password: true
  update beatriz.almeida@example.com  phone: +351 21 555 0134 → +351 1; tags: site=lisbon → site=porto
1 to create, 1 to update, 1 unchanged
1 created, 1 updated, 1 unchanged

"#]]);
    assert_eq!(world.sandbox().users().len(), 25);
    let sync = "run user sync users.csv --delete-missing --yes -o json";
    world.tagoctl(sync).success().stderr_eq("").stdout_eq(str![[r#"
{
  "created": 0,
  "deleted": 22,
  "done_before": 0,
  "failed": 0,
  "failures": [],
  "missing": 0,
  "not_tried": 0,
  "sent": 0,
  "total": 25,
  "uncertain": 0,
  "unchanged": 3,
  "updated": 0
}

"#]]);
    let mut left: Vec<String> = world.sandbox().users().into_iter().map(|user| user.email).collect();
    left.sort();
    assert_eq!(left, ["ananya.iyer@example.com", "beatriz.almeida@example.com", "jane@example.com"]);
    world.tagoctl("run user sync users.csv --delete-missing").success().stderr_eq(str![[r#"
3 unchanged

"#]]);
}

#[test]
fn an_empty_list_never_deletes_everybody() {
    let world = World::new();
    world.file("users.csv", "email,name\n");
    world.tagoctl("run user sync users.csv --delete-missing --yes").code(2).stderr_eq(str![[r#"
error: users.csv: 1 problem, nothing was sent
  line 1: the list is empty: all users would be deleted

"#]]);
    world.tagoctl("run user sync users.csv --yes").success().stderr_eq(str![[r#"
nothing to do

"#]]);
    world.tagoctl("run user import users.csv").success().stderr_eq(str![[r#"
nothing to do

"#]]);
    assert_eq!(world.sandbox().users().len(), 24);
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let world = World::with(|builder| builder.empty().users(0));
    world.file("users.csv", &list_of(30));
    let import = "run user import users.csv --timezone UTC --generate-password";
    let mut process = world.process(&format!("{import} --rate 1")).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
    let waiting = lines.by_ref().find(|line| line.starts_with("waiting for the next minute"));
    assert!(waiting.is_some());
    let interrupt = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(interrupt.success());

    // The next minute may begin before the signal arrives.
    let said: Vec<String> = lines.filter(|line| !line.starts_with("waiting")).collect();
    assert_eq!(process.wait().unwrap().code(), Some(130), "{said:?}");
    assert_eq!(said[0], "stopping: what is in flight is finished first; Ctrl-C once more ends at once");
    let done = world.sandbox().users().len();
    assert_eq!(said[1], format!("{done} created, {} not tried", 30 - done));
    let go_on = format!("tagoctl {import} --rate 1 --resume");
    assert_eq!(said[2], format!("error: stopped when {done} of 30 were done; to go on: {go_on}"));

    let rest = 30 - done;
    let said = format!(
        "{rest} to create, {done} unchanged\nusers.csv.journal: {done} done before\n{rest} created, {done} done before\n"
    );
    world.tagoctl(&format!("{import} --rate scale --resume")).success().stderr_eq(said);
    assert_eq!(world.sandbox().users().len(), 30);
}

/// Faults between requests that go well, for as long as an import of thousands lasts.
fn make_trouble(world: &World) {
    let body = r#"{"status": false, "message": "Sorry, Internal Error"}"#.to_owned();
    let broken = || Fault::Answer { status: 500, content_type: "application/json".to_owned(), body: body.clone() };
    let late = || Fault::Delay { milliseconds: 0 };
    let on_create = |fault| FaultRule::new(fault).on(Method::Post, "/run/users");
    for round in 0..20 {
        for rule in [
            on_create(Fault::HangUp),
            on_create(Fault::HangUp).taking_effect(),
            on_create(Fault::CutBody).taking_effect(),
            on_create(Fault::Garbage).taking_effect(),
            on_create(broken()),
            on_create(broken()).taking_effect(),
        ] {
            world.sandbox().inject(on_create(late()).times(20)).unwrap();
            world.sandbox().inject(rule).unwrap();
        }
        if round % 10 == 5 {
            world.sandbox().inject(on_create(Fault::TooManyRequests { retry_after: 1 })).unwrap();
        }
    }
}

#[test]
fn an_import_of_thousands_survives_trouble_and_being_killed() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    const USERS: u32 = 5000;
    // A sandbox with room for so many has as many.
    let world = World::with(|builder| builder.empty().users(USERS).rate_limits(false));
    let client = world.sandbox().client().unwrap();
    for user in world.sandbox().users() {
        client.run().users().delete(user.id).unwrap();
    }
    world.file("users.csv", &list_of(USERS));
    make_trouble(&world);
    let import = "run user import users.csv --timezone UTC --generate-password --jobs 16 --rate 100000";
    for part in [1500, 3000] {
        let resume = if part == 1500 { "" } else { " --resume" };
        let mut process = world.process(&format!("{import}{resume}")).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        let done = |line: &str| line.split_once(" of 5000").and_then(|(done, _)| done.parse::<u32>().ok());
        assert!(lines.into_iter().any(|line| done(&line).is_some_and(|done| done >= part)));
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success());
    }
    assert!(world.sandbox().users().len() < USERS as usize);

    world.tagoctl(&format!("{import} --resume --results done.csv -q")).success();
    let mut emails: Vec<String> = world.sandbox().users().into_iter().map(|user| user.email).collect();
    emails.sort_unstable();
    let mut wanted: Vec<String> = (1..=USERS).map(|n| format!("u{n}@example.com")).collect();
    wanted.sort_unstable();
    assert_eq!(emails, wanted, "each of them, and none twice");
    assert_eq!(world.read("done.csv").lines().count(), USERS as usize + 1);
    assert!(!world.folder().join("users.csv.journal").exists());
}

#[test]
fn a_file_that_cannot_be_opened_is_wrong_usage_and_nothing_is_done() {
    let world = World::new();
    world.file("users.csv", LIST);
    for place in ["--results nowhere/done.csv", "--journal nowhere/journal"] {
        world.tagoctl(&format!("run user import users.csv {place}")).code(2).stdout_eq("");
        assert_eq!(changes(&world), [""; 0], "{place}");
        assert!(!world.folder().join("users.csv.journal").exists(), "{place}");
    }
    world.tagoctl("run user import users.csv --results nowhere/done.csv -o json").code(2).stderr_eq(str![[r#"
{"code":"unwritable_file","error":"nowhere/done.csv: No such file or directory (os error 2)"}

"#]]);
    world.tagoctl("man users.csv").code(2).stdout_eq("").stderr_eq(str![[r#"
error: users.csv: File exists (os error 17)

"#]]);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_hide_nothing_of_the_work() {
    for (times, code) in [(0, 1), (1, 3)] {
        let world = World::new();
        world.file("users.csv", LIST);
        if times > 0 {
            refuse(&world, times, 400, Method::Post, "/run/users");
        }
        let assert = world.tagoctl("run user import users.csv --results /dev/full").code(code);
        let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert!(said.contains("1 updated, 1 unchanged"), "{said}");
        assert!(said.contains("/dev/full: No space left on device"), "{said}");
        assert_eq!(said.contains("1 of 3 failed; to try again"), code == 3, "{said}");
        assert_eq!(world.folder().join("users.csv.journal").exists(), code == 3, "{said}");
    }
}
