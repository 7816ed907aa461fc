//! `tagoctl profile`.

use snapbox::str;
use tagoio::PinCode;

use crate::world::World;

/// The id of a profile by its name.
fn id_of(world: &World, name: &str) -> String {
    let list = world.stdout("profile list -o csv --columns name,id");
    let line = list.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(','));
    line.unwrap_or_else(|| panic!("{name} is in {list}")).to_owned()
}

#[test]
fn profiles_are_listed() {
    let world = World::new();
    world.tagoctl("profile list").success().stderr_eq("").stdout_eq(str![[r#"
ID                        NAME                FROM SHARE
66a000046e73e372e2338aca  Arbor Cold Chain
66a0000563033b0ca389c35a  Arbor Staging
66a00006bd64a5d9adefe000  Portside Logistics  true

"#]]);
    world.tagoctl("profile list -o json --columns id,account").success().stderr_eq("").stdout_eq(str![[r#"
[
  {"account":null,"id":"66a000046e73e372e2338aca"},
  {"account":null,"id":"66a0000563033b0ca389c35a"},
  {"account":"66a000031d0b14e4db018fed","id":"66a00006bd64a5d9adefe000"}
]

"#]]);
}

#[test]
fn a_profile_is_shown_with_what_it_may_use() {
    let world = World::new();
    world.tagoctl("profile info").success().stderr_eq("").stdout_eq(str![[r#"
info.id                       66a000046e73e372e2338aca
info.name                     Arbor Cold Chain
account_plan                  scale
info.account                  66a00000e220a8397b1dcdaf
info.banner_url
info.created_at               2024-11-30T12:00:00.000Z
info.logo_url                 https://assets.example.com/arbor/logo.png
info.region                   us-1
info.rpm.data_input
info.rpm.data_output
info.updated_at               2026-01-22T11:55:19.677Z
allocation.analysis           4500
allocation.data_records       7500000
allocation.email              3750
allocation.file_storage       7500
allocation.input              3750000
allocation.output             3750000
allocation.push_notification  7500
allocation.run_users          150
allocation.sms                375
addons.control_tower          true
addons.custom_dns             true
addons.mobile                 false
addons.profile                66a000046e73e372e2338aca
addons.updated_at             2025-11-16T03:45:06.305Z

"#]]);
    world.tagoctl("profile info -o csv --columns info.name,account_plan").success().stderr_eq("").stdout_eq(str![[
        r#"
info.name,account_plan
Arbor Cold Chain,scale

"#
    ]]);
    world.tagoctl("profile info --columns info.nam").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no field `info.nam`; did you mean `info.name`?
hint: there are account_plan, addons.control_tower, addons.custom_dns, addons.mobile, addons.profile, addons.updated_at, allocation.analysis, allocation.data_records, allocation.email, allocation.file_storage, allocation.input, allocation.output, allocation.push_notification, allocation.run_users, allocation.sms, info.account, info.banner_url, info.created_at, info.id, info.logo_url, info.name, info.region, info.rpm.data_input, info.rpm.data_output, info.updated_at

"#]]);
    let foreign = world.sandbox().foreign_profile_id();
    world.tagoctl(&format!("profile info {foreign}")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}: TagoIO answered 401 Unauthorized: Authorization Denied
hint: the token may not do this: use a token of the owning account's profile with enough permission, or give the analysis the permission in Access Management

"#]]);
}

#[test]
fn a_summary_sets_what_is_used_against_what_may_be() {
    let world = World::new();
    world.tagoctl("profile summary").success().stderr_eq("").stdout_eq(str![[r#"
KIND      NAME                 USED    LIMIT  PERCENT
service   input              314407  3750000      8.4
service   output             138924  3750000      3.7
service   analysis           453.84     4500     10.1
service   data_records       127062  7500000      1.7
service   sms                     0      375        0
service   email                 287     3750      7.7
service   run_users              24      150       16
service   push_notification     658     7500      8.8
service   file_storage       218.26     7500      2.9
service   dashboard_output    70505
resource  action                 18
resource  am                      7
resource  analysis               11
resource  connectors              2
resource  dashboard              14
resource  device                163
resource  dictionary              2
resource  networks                1
resource  run_users              24
resource  tcore                   0
resource  tcore_cluster           0

"#]]);
    let amounts = "profile summary --only-amount -o tsv --columns name,used";
    world.tagoctl(amounts).success().stderr_eq("").stdout_eq(str![[r#"
name	used
action	18
am	7
analysis	11
connectors	2
dashboard	14
device	163
dictionary	2
networks	1
run_users	24
tcore	0
tcore_cluster	0

"#]]);
    world.tagoctl("profile summary -o jsonl --columns tago_run,limit.input,limit_used.input").success().stdout_eq(
        str![[r#"
{"limit.input":3750000,"limit_used.input":314407,"tago_run":"arbor.tago.run"}

"#]],
    );
    world.clear();
    world.tagoctl("profile summary --columns usd").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no column `usd`; did you mean `used`?
hint: there are kind, name, used, limit, percent

"#]]);
    world.nothing_was_sent();
}

#[test]
fn a_profile_is_created_changed_and_deleted() {
    let world = World::new();
    world.tagoctl("profile create Harbour --allocate-free-resources").success().stderr_eq(str![[r#"
created the profile Harbour

"#]]);
    let id = id_of(&world, "Harbour");
    let free = world.stdout(&format!("profile info {id} -o jsonl --columns allocation.sms"));
    assert_eq!(free, "{\"allocation.sms\":125}\n", "it has got what was free");

    world.tagoctl(&format!("profile edit {id} --name Port --logo-url https://x.io/l.png")).success().stdout_eq("");
    world.file("edit.json", r#"{"name": "Quay", "banner_url": "https://x.io/b.png"}"#);
    let line = format!("profile edit {id} --name Wharf --clear logo-url --json edit.json -o jsonl");
    let said = world.stdout(&line);
    assert_eq!(said, format!("{{\"id\":\"{id}\",\"updated\":true}}\n"));
    let columns = "info.name,info.logo_url,info.banner_url";
    world.tagoctl(&format!("profile info {id} --columns {columns}")).success().stdout_eq(str![[r#"
info.name        Wharf
info.logo_url
info.banner_url  https://x.io/b.png

"#]]);

    let delete = format!("profile delete {id} --password-env PASSWORD");
    world.tagoctl(&delete).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to delete the profile Wharf (66a0004d6258cbe07c1ff081) with everything in it, for good
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("{delete} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would delete the profile Wharf (66a0004d6258cbe07c1ff081) with everything in it, for good

"#]]);
    assert_eq!(id_of(&world, "Wharf"), id);
    world.tagoctl(&format!("profile delete {id} --yes --password-env PLANTED")).code(1).stdout_eq("").stderr_eq(str![
        [r#"
error: DELETE /profile/{profile}: TagoIO answered 401 Unauthorized: Invalid password

"#]
    ]);
    world.tagoctl(&format!("profile delete {id} --yes")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: Password of the account: there is no terminal to ask at
hint: --password-env or --password-stdin

"#]]);
    world.tagoctl(&format!("{delete} --yes")).success().stdout_eq("").stderr_eq(str![[r#"
Successfully Removed

"#]]);
    world.tagoctl(&format!("{delete} --yes")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}: TagoIO answered 404 Not Found: Profile Not Found

"#]]);
    assert!(!world.stdout("profile list").contains("Wharf"));
}

#[test]
fn a_new_profile_is_told_with_the_fields_that_are_asked_for() {
    let world = World::new();
    let said = world.stdout("profile create Harbour -o jsonl --columns created,id");
    assert_eq!(said, format!("{{\"created\":true,\"id\":\"{}\"}}\n", id_of(&world, "Harbour")));
}

#[test]
fn an_edit_is_checked_before_anything_is_sent() {
    let world = World::new();
    world.file("typo.json", r#"{"nam": "Quay"}"#);
    world.clear();
    world.tagoctl("profile edit current").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nothing of the profile would change
hint: --name, --logo-url, --banner-url, --clear and --json say what is to change

"#]]);
    world.tagoctl("profile edit current --json typo.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: typo.json: there is no field `nam`; did you mean `name`?

"#]]);
    world.tagoctl("profile edit current --clear name").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'name' for '--clear <FIELD,…>'
  [possible values: logo-url, banner-url]

For more information, try '--help'.

"#]]);
    world.tagoctl("profile services current").code(2).stdout_eq("").stderr_eq(str![[r#"
error: no service's amount would change
hint: --set SERVICE=AMOUNT, or --json; the services are input, output, analysis, data_records, sms, email, run_users, push_notification, file_storage, tcore, tcore_cluster, dashboard_output

"#]]);
    world.tagoctl("profile services current --set inptu=1").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'inptu=1' for '--set <SERVICE=AMOUNT>...': there is no service `inptu`; did you mean `input`?

For more information, try '--help'.

"#]]);
    world.tagoctl("profile addons set current").code(2).stdout_eq("").stderr_eq(str![[r#"
error: no add-on would change
hint: --custom-dns, --mobile and --control-tower switch them

"#]]);
    world.tagoctl("profile addons remove current dns").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'dns' for '<ADDON>'
  [possible values: mobile, custom_dns]

For more information, try '--help'.

"#]]);
    world.nothing_was_sent();
}

#[test]
fn a_code_is_needed_where_the_account_uses_two_factor_authentication() {
    let world = World::with(|sandbox| sandbox.two_factor(PinCode::new("493027").unwrap()));
    let id = id_of(&world, "Arbor Staging");
    let delete = format!("profile delete {id} --yes --password-stdin");
    let password = tagoio::sandbox::Sandbox::PASSWORD;
    world.tagoctl_with_stdin(&delete, password).code(1).stdout_eq("").stderr_eq(str![[r#"
error: DELETE /profile/{profile}: TagoIO answered 401 Unauthorized: {"otp_autosend":"authenticator","otp_enabled":["authenticator"]}
hint: the account uses two-factor authentication: --otp-type, and --pin-env or a prompt

"#]]);
    let stdin = format!("{password}\n000000\n");
    world.tagoctl_with_stdin(&format!("{delete} --pin-stdin"), &stdin).code(1).stdout_eq("").stderr_eq(str![[r#"
error: DELETE /profile/{profile}: TagoIO answered 401 Unauthorized: Invalid password

"#]]);
    let stdin = format!("{password}\n493027\n");
    let line = format!("{delete} --pin-stdin --otp-type authenticator");
    world.tagoctl_with_stdin(&line, &stdin).success().stdout_eq("").stderr_eq(str![[r#"
Successfully Removed

"#]]);
}

#[test]
fn what_json_says_of_services_is_checked() {
    let world = World::new();
    world.clear();
    for (json, said) in [
        (
            r#"{"inptu": 1}"#,
            "error: there is no field `inptu`; did you mean `input`?\nhint: --allow-unknown sends it all the same\n",
        ),
        (r#"{"input": -1}"#, "error: `input`: `-1` is not an amount\n"),
    ] {
        world.file("services.json", json);
        world.tagoctl("profile services current --json services.json").code(2).stdout_eq("").stderr_eq(said);
    }
    world.nothing_was_sent();
    world.file("services.json", r#"{"inptu": 1}"#);
    world.tagoctl("profile services current --json services.json --allow-unknown");
    assert_eq!(world.sandbox().journal().len(), 1);
}

#[test]
fn services_are_allocated() {
    let world = World::new();
    world.file("services.json", r#"{"sms": 60, "input": 1}"#);
    let line = "profile services current --set input=350000 file_storage=1.5 --set run_users=30 --json services.json";
    world.tagoctl(line).success().stdout_eq("").stderr_eq(str![[r#"
Profile resource allocation Successfully Updated

"#]]);
    let columns = "allocation.input,allocation.file_storage,allocation.run_users,allocation.sms";
    world.tagoctl(&format!("profile info --columns {columns}")).success().stdout_eq(str![[r#"
allocation.input         350000
allocation.file_storage  1.5
allocation.run_users     30
allocation.sms           60

"#]]);
    world.tagoctl("profile services current --set sms=1e9").code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/services: TagoIO answered 400 Bad Request: You have exceeded the maximum limit of sms (500)

"#]]);
}

#[test]
fn add_ons_are_switched_and_removed() {
    let world = World::new();
    world.tagoctl("profile addons list").success().stderr_eq("").stdout_eq(str![[r#"
id             66a000046e73e372e2338aca
name           Arbor Cold Chain
custom_dns     true
mobile         false
control_tower  true
logo_url       https://assets.example.com/arbor/logo.png
profile        66a000046e73e372e2338aca
updated_at     2025-11-16T03:45:06.305Z

"#]]);
    world.tagoctl("profile addons set current --mobile true").success().stdout_eq("").stderr_eq(str![[r#"
Profile Add-ons Successfully Updated

"#]]);
    let off = "profile addons set current --custom-dns false --control-tower true";
    world.tagoctl(off).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to switch custom_dns off, control_tower on in the profile Arbor Cold Chain (66a000046e73e372e2338aca)
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("{off} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would switch custom_dns off, control_tower on in the profile Arbor Cold Chain (66a000046e73e372e2338aca)

"#]]);
    let addons = "profile addons list -o csv --columns custom_dns,mobile,control_tower";
    assert_eq!(world.stdout(addons), "custom_dns,mobile,control_tower\ntrue,true,true\n");
    world.tagoctl(&format!("{off} --yes")).success();
    world.tagoctl("profile addons remove current mobile").code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to remove the add-on mobile from the profile Arbor Cold Chain (66a000046e73e372e2338aca)
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl("profile addons remove current mobile --yes -o jsonl").success().stderr_eq("").stdout_eq(str![[r#"
{"addon":"mobile","id":"current","removed":true}

"#]]);
    assert_eq!(world.stdout(addons), "custom_dns,mobile,control_tower\nfalse,false,true\n");
}

#[test]
fn the_token_moves_to_another_profile() {
    let world = World::new();
    let id = id_of(&world, "Arbor Staging");
    let switch = format!("profile switch {id}");
    world.tagoctl(&switch).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to move the token that is used here to the profile Arbor Staging (66a0000563033b0ca389c35a)
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("{switch} --dry-run")).success().stdout_eq("");
    let name = "profile info -o csv --columns info.name";
    assert_eq!(world.stdout(name), "info.name\nArbor Cold Chain\n");
    world.tagoctl(&format!("{switch} --yes")).success().stdout_eq("").stderr_eq(str![[r#"
Token Successfully Transferred

"#]]);
    assert_eq!(world.stdout(name), "info.name\nArbor Staging\n");
}
