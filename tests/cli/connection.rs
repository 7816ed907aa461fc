//! Which TagoIO is talked to, and by what right.

use std::io::Read as _;
use std::process::Stdio;

use snapbox::str;
use tagoio::sandbox::{Fault, FaultRule};
use tagoio::transport::Method;

use crate::world::World;

/// A lock file as TagoIO's own CLI writes it: 500 lines of noise, then the token in hexadecimal.
fn lock(token: &str) -> String {
    let noise = format!("{}\n", "5e".repeat(36)).repeat(500);
    token.bytes().fold(noise, |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn the_sandbox_needs_neither_token_nor_network() {
    let world = World::new();
    let command = world.command("--sandbox team list --columns name").env_clear();
    command.assert().success().stderr_eq("").stdout_eq(str![[r#"
NAME
Priya Raman
Tomasz Zieliński


"#]]);
}

#[test]
fn a_token_comes_from_a_file_or_from_standard_input() {
    let world = World::new();
    let token = world.sandbox().token().expose().to_owned();
    world.file("token", &format!("{token}\r\n"));
    let run = |line: &str, stdin: &str| world.command(line).env_remove("TAGOIO_TOKEN").stdin(stdin).assert();
    run("team list --token-file token --columns name", "").success();
    run("team list --token-file - --columns name", &token).success();
    run("team list --token-file nowhere", "").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nowhere: No such file or directory (os error 2)

"#]]);
    run("team list --token-file -", "").code(2).stdout_eq("").stderr_eq(str![[r#"
error: standard input: invalid token: it is empty

"#]]);
    run("team list --token-file -", "can\u{e4}ry").code(2).stdout_eq("").stderr_eq(str![[r#"
error: standard input: invalid token: character 4 is not a visible ASCII character

"#]]);
    // A file that is named wins over the environment.
    world.command("team list --token-file -").stdin("p-nobody").assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}/team: TagoIO answered 401 Unauthorized: Invalid token
hint: TagoIO doesn't know this token, or it has expired; mind that each region has its own

"#]]);
}

#[test]
fn the_analysis_token_is_taken_when_there_is_no_other() {
    let world = World::new();
    let token = world.sandbox().token().expose().to_owned();
    let command = world.command("team list --columns name").env("TAGOIO_TOKEN", "").env("T_ANALYSIS_TOKEN", token);
    command.assert().success();
}

#[test]
fn the_environments_of_the_official_command_line_are_read() {
    let world = World::new();
    let api = world.api();
    let config =
        format!(r#"{{"analysisPath": "./src", "prod": {{"id": "x", "tagoAPIURL": "{api}"}}, "dev": {{"id": "y"}}}}"#);
    world.file("tagoconfig.json", &config);
    world.file(".tago-lock.prod.lock", &lock(world.sandbox().token().expose()));
    let run = |line: &str| {
        let command = world.command(line).env_remove("TAGOIO_TOKEN").env_remove("TAGOIO_API");
        command.assert()
    };
    run("team list --env prod --columns name").success();
    run("team list --env prdo").code(2).stdout_eq("").stderr_eq(str![[r#"
error: [..]/tagoconfig.json: there is no environment `prdo`; did you mean `prod`?
hint: it has dev, prod

"#]]);
    run("team list --env dev").code(2).stdout_eq("").stderr_eq(str![[r#"
error: [..]/.tago-lock.dev.lock doesn't exist: `dev` isn't signed in
hint: `tagoio login dev` of TagoIO's own CLI signs in

"#]]);
    assert_eq!(world.read("tagoconfig.json"), config, "it is never written");
}

#[test]
fn a_bad_address_is_refused_before_anything_is_sent() {
    let world = World::new();
    for (line, said) in [
        (
            "team list --api-url http://api.example.com",
            str![[r#"
error: invalid base URL: "http://api.example.com" would send the token unencrypted; use https

"#]],
        ),
        (
            "team list --region mars-1.example",
            str![[r#"
error: invalid TagoIO Deploy id: it has to be 1 to 63 letters, digits and inner hyphens

"#]],
        ),
        (
            "team list --region https://api.example.com",
            str![[r#"
error: --region takes a name: an address goes with --api-url

"#]],
        ),
        (
            "team list --region https://user:planted-Passw0rd-7c1f@api.example.com",
            str![[r#"
error: --region takes a name: an address goes with --api-url

"#]],
        ),
        (
            "team list --api-url https://user:planted-Passw0rd-7c1f@api.example.com",
            str![[r#"
error: invalid base URL: it must not hold a user name or password

"#]],
        ),
        (
            "team list --region user:planted-Passw0rd-7c1f@api.example.com",
            str![[r#"
error: invalid TagoIO Deploy id: it has to be 1 to 63 letters, digits and inner hyphens

"#]],
        ),
        (
            "team list --sandbox --region eu-w1",
            str![[r#"
error: the argument '--sandbox' cannot be used with '--region <REGION>'

Usage: tagoctl team list --sandbox

For more information, try '--help'.

"#]],
        ),
    ] {
        world.tagoctl(line).code(2).stdout_eq("").stderr_eq(said);
    }
    assert!(world.sandbox().journal().is_empty());
}

#[test]
fn who_cannot_be_reached_is_told_with_the_route() {
    let world = World::new();
    // The discard port: nothing listens there.
    let command = world.command("team list --api-url http://127.0.0.1:9");
    command.assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}/team: no answer: no connection: io: Connection refused (os error 111)

"#]]);
}

#[test]
fn requests_are_told_on_demand_and_without_secrets() {
    let world = World::new();
    world.tagoctl("team list --verbose --columns name").success().stderr_eq(str![[r#"
GET /profile/{profile}/team: 200 in [..]ms, 460 bytes

"#]]);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let world = World::with(|builder| builder.users(2_000));
    let mut child = world
        .process("api GET /run/users --query amount=2000 -o jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn what_only_reads_cannot_have_taken_effect() {
    let world = World::new();
    for (method, path, line, is_hinted) in [
        (Method::Get, "/profile/*/team", "team list", false),
        (Method::Post, "/profile/*/team", "team add new.colleague@example.com", true),
    ] {
        world.sandbox().inject(FaultRule::new(Fault::Garbage).on(method, path)).unwrap();
        let assert = world.tagoctl(line).code(1);
        let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert_eq!(said.contains("hint: it may have taken effect"), is_hinted, "{said}");
    }
}
