//! `tagoctl api`.

use snapbox::str;

use crate::world::World;

#[test]
fn a_list_of_objects_takes_every_form() {
    let world = World::new();
    let line = "api get /run/users --query amount=2 --query 'fields[0]=name' --query 'fields[1]=tags'";
    world.tagoctl(line).success().stderr_eq("").stdout_eq(str![[r#"
NAME           TAGS
Ananya Iyer    organization_id=66a00035c85e84f460206f76, site=kochi, access=operator
Aoife Brennan  organization_id=66a0002abdd732262feb6e95, site=cork, access=admin

"#]]);
    world.tagoctl(&format!("{line} -o json")).success().stderr_eq("").stdout_eq(str![[r#"
[
  {"name":"Ananya Iyer","tags":[{"key":"organization_id","value":"66a00035c85e84f460206f76"},{"key":"site","value":"kochi"},{"key":"access","value":"operator"}]},
  {"name":"Aoife Brennan","tags":[{"key":"organization_id","value":"66a0002abdd732262feb6e95"},{"key":"site","value":"cork"},{"key":"access","value":"admin"}]}
]

"#]]);
    world
        .tagoctl(&format!("{line} -o jsonl --columns name,email"))
        .success()
        .stdout_eq(str![[r#"
{"email":null,"name":"Ananya Iyer"}
{"email":null,"name":"Aoife Brennan"}

"#]])
        .stderr_eq(str![[r#"
there is no field `email`

"#]]);
    world.tagoctl(&format!("{line} -o csv")).success().stderr_eq("").stdout_eq(str![[r#"
name,tags
Ananya Iyer,organization_id=66a00035c85e84f460206f76;site=kochi;access=operator
Aoife Brennan,organization_id=66a0002abdd732262feb6e95;site=cork;access=admin

"#]]);
    world.tagoctl("api get '/run/users?filter[name]=nobody' -o json").success().stderr_eq("").stdout_eq(str![[r#"
[]

"#]]);
}

#[test]
fn an_object_and_a_sentence_are_shown_as_they_are() {
    let world = World::new();
    world.tagoctl("api get /account/plan").success().stderr_eq("").stdout_eq(str![[r#"
plan  scale

"#]]);
    world.tagoctl("api GET /account/plan -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "plan": "scale"
}

"#]]);
    world
        .tagoctl("api get /account/plan -o csv --columns plan,price")
        .success()
        .stdout_eq(str![[r#"
plan,price
scale,

"#]])
        .stderr_eq(str![[r#"
there is no field `price`

"#]]);
    let post = r#"api post /run/email_test --body '{"subject": "S", "body": "B"}'"#;
    world.tagoctl(post).success().stderr_eq("").stdout_eq(str![[r#"
E-mail sent to alex.moreau@example.com

"#]]);
    world.tagoctl(&format!("{post} -o json")).success().stderr_eq("").stdout_eq(str![[r#"
"E-mail sent to alex.moreau@example.com"

"#]]);
}

#[test]
fn a_body_comes_from_the_line_a_file_or_standard_input() {
    let world = World::new();
    world.file("edit.json", r#"{"name": "From a file"}"#);
    let name = "profile info -o csv --columns info.name";
    for (line, stdin, meant) in [
        (r#"api put /profile/current --body '{"name": "From the line"}'"#, "", "From the line"),
        ("api Put /profile/current --body @edit.json", "", "From a file"),
        ("api put /profile/current --body -", r#"{"name": "From stdin"}"#, "From stdin"),
        ("api put /profile/current --body @-", r#"{"name": "From @-"}"#, "From @-"),
    ] {
        world.tagoctl_with_stdin(line, stdin).success().stderr_eq("").stdout_eq("Successfully Updated\n");
        assert_eq!(world.stdout(name), format!("info.name\n{meant}\n"), "{line}");
    }
}

#[test]
fn secrets_of_an_answer_are_masked() {
    let world = World::new();
    let line = "api get /profile/current/token --query 'filter[name]=Old CI' -o csv";
    world.tagoctl(line).success().stdout_eq(str![[r#"
name,permission,token
Old CI,full,p-8181…

"#]]);
}

#[test]
fn a_deletion_is_asked_about_before_it_is_sent() {
    let world = World::new();
    let user = world.sandbox().users().swap_remove(0).id;
    world.clear();
    let line = format!("api delete /run/users/{user}");
    world.tagoctl(&line).code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to send DELETE /run/users/66a000121120b3d00955f032
hint: --dry-run shows what would be done

"#]]);
    let token = world.sandbox().token();
    world.tagoctl(&format!("api delete /profile/current/token/{}", token.expose())).code(2).stderr_eq(str![[r#"
error: without a terminal, --yes is needed to send DELETE /profile/current/token/…
hint: --dry-run shows what would be done

"#]]);
    world.nothing_was_sent();
    world.tagoctl(&format!("{line} --yes")).success().stderr_eq("").stdout_eq(str![[r#"
Successfully Removed

"#]]);
    assert!(world.sandbox().users().iter().all(|other| other.id != user));
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let world = World::new();
    world.clear();
    let token = world.sandbox().token();
    let lines = [
        r#"api post /run/users --query a=b --body '{"name": "J", "password": "planted-Passw0rd-7c1f"}' --dry-run"#
            .to_owned(),
        format!(
            "api delete /profile/current/token/{} --query 'filter[token]={}' --dry-run -o json",
            token.expose(),
            token.expose()
        ),
    ];
    world.tagoctl(&lines[0]).success().stderr_eq("").stdout_eq(str![[r#"
method         POST
path           /run/users
query.a        b
body.name      J
body.password  …

"#]]);
    world.tagoctl(&lines[1]).success().stderr_eq("").stdout_eq(str![[r#"
{
  "method": "DELETE",
  "path": "/profile/current/token/…",
  "query": {
    "filter[token]": "p-79ca…"
  }
}

"#]]);
    world.nothing_was_sent();
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let world = World::new();
    world.file("broken.json", r#"{"password": "planted-Passw0rd-7c1f""#);
    world.clear();
    world.tagoctl("api get run/users").code(2).stdout_eq("").stderr_eq(str![[r#"
error: the path `run/users` has to begin with a slash

"#]]);
    world.tagoctl("api delete profile/current/token/planted-Passw0rd-7c1f").code(2).stdout_eq("");
    world.tagoctl("api get /run/../account").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid path of GET /run/{…}/account: it has a segment . or .., which would name another path

"#]]);
    world.tagoctl("api fetch /run").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'fetch' for '<METHOD>': invalid HTTP method: "fetch" is not one of GET, POST, PUT, DELETE, …

For more information, try '--help'.

"#]]);
    world.tagoctl("api put /run --body @broken.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: broken.json: EOF while parsing an object at line 1 column 36
hint: --body takes JSON, @FILE, or - for standard input

"#]]);
    world.tagoctl("api put /run --body @missing.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: missing.json: [..]

"#]]);
    world.tagoctl("api put /run --body name=x").code(2).stdout_eq("").stderr_eq(str![[r#"
error: --body: expected ident at line 1 column 2
hint: --body takes JSON, @FILE, or - for standard input

"#]]);
    world.tagoctl("api get /run --query amount").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'amount' for '--query <KEY=VALUE>': it needs a `=`, with something before it

For more information, try '--help'.

"#]]);
    world.nothing_was_sent();
}

#[test]
fn a_refusal_is_a_failure() {
    let world = World::new();
    world.tagoctl("api get /nowhere -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"not_found","error":"GET /{…}: TagoIO answered 404 Not Found: Route Not Found","maybe_delivered":false,"route":"GET /{…}","status":404}

"#]]);
}
