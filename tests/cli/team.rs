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
fn people_are_invited_and_removed() {
    let world = World::new();
    world.tagoctl("team add new@example.com -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "email": "new@example.com",
  "invited": true
}

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
