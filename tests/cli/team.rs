//! `tagoctl team`.

use snapbox::str;

use crate::world::World;

#[test]
fn members_are_listed_in_each_format() {
    let world = World::new();
    world.tagoctl("team list").success().stderr_eq("").stdout_eq(str![[r#"
ID                        NAME              EMAIL                         ACTIVE  CREATED AT
66a00001910a2dec89025cc1  Priya Raman       priya.raman@example.com       true    2025-01-08T11:13:45.513Z
66a00002975835de1c9756ce  Tomasz Zieliński  tomasz.zielinski@example.com  true    2025-07-14T20:44:02.378Z
66a000089e5651b0ef953636                    jonas.lindqvist@example.org   false   2026-01-28T18:06:07.772Z

"#]]);
    world.tagoctl("team list -o csv --columns email,id").success().stderr_eq("").stdout_eq(str![[r#"
email,id
priya.raman@example.com,66a00001910a2dec89025cc1
tomasz.zielinski@example.com,66a00002975835de1c9756ce
jonas.lindqvist@example.org,66a000089e5651b0ef953636

"#]]);
    world.tagoctl("team list -o tsv").success().stderr_eq("").stdout_eq(str![[r#"
id	name	email	active	created_at
66a00001910a2dec89025cc1	Priya Raman	priya.raman@example.com	true	2025-01-08T11:13:45.513Z
66a00002975835de1c9756ce	Tomasz Zieliński	tomasz.zielinski@example.com	true	2025-07-14T20:44:02.378Z
66a000089e5651b0ef953636		jonas.lindqvist@example.org	false	2026-01-28T18:06:07.772Z

"#]]);
    world.tagoctl("team list -o json --columns email").success().stderr_eq("").stdout_eq(str![[r#"
[
  {"email":"priya.raman@example.com"},
  {"email":"tomasz.zielinski@example.com"},
  {"email":"jonas.lindqvist@example.org"}
]

"#]]);
    world.tagoctl("team list -o jsonl").success().stderr_eq("").stdout_eq(str![[r#"
{"active":true,"created_at":"2025-01-08T11:13:45.513Z","email":"priya.raman@example.com","id":"66a00001910a2dec89025cc1","name":"Priya Raman"}
{"active":true,"created_at":"2025-07-14T20:44:02.378Z","email":"tomasz.zielinski@example.com","id":"66a00002975835de1c9756ce","name":"Tomasz Zieliński"}
{"active":false,"created_at":"2026-01-28T18:06:07.772Z","email":"jonas.lindqvist@example.org","id":"66a000089e5651b0ef953636","name":""}

"#]]);
}

#[test]
fn each_of_several_people_is_invited_whatever_becomes_of_the_others() {
    // The first one is a member already, and the last one is the same as the second.
    let line = "team add priya.raman@example.com a@example.com b@example.com A@example.com";
    for (format, stdout, stderr) in [
        (
            "table",
            str![],
            str![[r#"
priya.raman@example.com: POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member
a@example.com: User invited
b@example.com: User invited
error: 1 of 3 addresses are not invited

"#]],
        ),
        (
            "json",
            str![[r#"
[
  {"email":"priya.raman@example.com","error":"POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member","invited":false},
  {"email":"a@example.com","invited":true},
  {"email":"b@example.com","invited":true}
]

"#]],
            str![[r#"
{"code":"partly_done","error":"1 of 3 addresses are not invited"}

"#]],
        ),
        (
            "jsonl",
            str![[r#"
{"email":"priya.raman@example.com","error":"POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member","invited":false}
{"email":"a@example.com","invited":true}
{"email":"b@example.com","invited":true}

"#]],
            str![[r#"
{"code":"partly_done","error":"1 of 3 addresses are not invited"}

"#]],
        ),
        (
            "csv",
            str![[r#"
email,invited,error
priya.raman@example.com,false,POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member
a@example.com,true,
b@example.com,true,

"#]],
            str![[r#"
error: 1 of 3 addresses are not invited

"#]],
        ),
        (
            "tsv",
            str![[r#"
email	invited	error
priya.raman@example.com	false	POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member
a@example.com	true	
b@example.com	true	

"#]],
            str![[r#"
error: 1 of 3 addresses are not invited

"#]],
        ),
    ] {
        let world = World::new();
        world.tagoctl(&format!("{line} -o {format}")).code(3).stdout_eq(stdout).stderr_eq(stderr);
        let members = world.stdout("team list -o csv --columns email");
        assert_eq!(members.matches("\na@example.com\n").count(), 1, "{members}");
        assert!(members.contains("\nb@example.com\n"), "{members}");
    }
}

#[test]
fn when_nobody_can_be_invited_the_reason_is_the_failure() {
    let world = World::new();
    let (priya, tomasz) = ("priya.raman@example.com", "tomasz.zielinski@example.com");
    world.tagoctl(&format!("team add {priya}")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member

"#]]);
    world.tagoctl(&format!("team add {priya} {tomasz}")).code(1).stdout_eq("").stderr_eq(str![[r#"
priya.raman@example.com: POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member
tomasz.zielinski@example.com: POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member
error: POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member

"#]]);
    world.tagoctl(&format!("team add {priya} -o json")).code(1).stdout_eq(str![[r#"
[
  {"email":"priya.raman@example.com","error":"POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member","invited":false}
]

"#]]).stderr_eq(str![[r#"
{"code":"refused","error":"POST /profile/{profile}/team: TagoIO answered 400 Bad Request: User is already a team member","maybe_delivered":false,"route":"POST /profile/{profile}/team","status":400}

"#]]);
}

#[test]
fn people_are_invited_and_removed() {
    let world = World::new();
    world.tagoctl("team add new@example.com").success().stdout_eq("").stderr_eq(str![[r#"
new@example.com: User invited

"#]]);
    world.tagoctl("team add newer@example.com -o json").success().stderr_eq("").stdout_eq(str![[r#"
[
  {"email":"newer@example.com","invited":true}
]

"#]]);
    let id = world.stdout("team list -o tsv --columns id").lines().nth(1).unwrap().to_owned();
    world.tagoctl(&format!("team remove {id}")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to remove the team member Priya Raman (66a00001910a2dec89025cc1)
hint: --dry-run shows what would be done

"#]]);
    world.tagoctl(&format!("team remove {id} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
would remove the team member Priya Raman (66a00001910a2dec89025cc1)

"#]]);
    world.tagoctl(&format!("team remove {id} --yes")).success().stdout_eq("").stderr_eq(str![[r#"
Account Successfully Removed

"#]]);
}

#[test]
fn who_is_no_member_is_not_removed_not_even_for_a_try() {
    let world = World::new();
    for how in ["--dry-run", "--yes"] {
        let remove = format!("team remove 61fac4d9a5c9f40012a5ff92 {how}");
        world.tagoctl(&remove).code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is no team member 61fac4d9a5c9f40012a5ff92

"#]]);
    }
}
