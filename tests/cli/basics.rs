//! What holds for every command: help, usage, output, errors and exit codes.

use snapbox::str;

use crate::world::World;

#[test]
fn without_a_token_it_says_how_to_give_one() {
    let world = World::new();
    let command = world.command("team list").env_remove("TAGOIO_TOKEN");
    command.assert().code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no token: TAGOIO_TOKEN isn't set
hint: set TAGOIO_TOKEN, or use --token-file FILE, --env NAME of TagoIO's own CLI, or --sandbox to try things

"#]]);
}

#[test]
fn with_json_output_an_error_is_one_object() {
    let world = World::new();
    world.tagoctl("team list --profile 61fac4d9a5c9f40012a5ff00 -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"not_found","error":"GET /profile/{profile}/team: TagoIO answered 404 Not Found: Profile Not Found","maybe_delivered":false,"route":"GET /profile/{profile}/team","status":404}

"#]]);
    world.tagoctl("team lst -o json").code(2).stdout_eq("").stderr_eq(str![[r#"
{"code":"usage","error":"unrecognized subcommand 'lst'/n/n  tip: a similar subcommand exists: 'list'/n/nUsage: tagoctl team [OPTIONS] <COMMAND>/n/nFor more information, try '--help'."}

"#]]);
}

#[test]
fn it_starts_without_a_look_at_anything() {
    let world = World::new();
    world.file("tagoconfig.json", "broken");
    for line in [
        "--version",
        "--help",
        "help token create",
        "profile delete --help",
        "--token-file missing profile delete --help",
        "completions bash --env broken",
        "man pages --token-file missing",
    ] {
        let command =
            world.command(line).env("TAGOIO_API", "nonsense").env("HOME", "/nowhere").env_remove("TAGOIO_TOKEN");
        world.check(command.assert()).success();
    }
    world.nothing_was_sent();
}

#[test]
fn what_can_not_be_an_id_is_refused_before_anything_is_sent() {
    let world = World::new();
    world.clear();
    for command in [
        "profile info",
        "profile summary",
        "profile usage",
        "profile audit",
        "profile audit --resource-id",
        "profile edit --name a",
        "profile delete --yes --password-env PASSWORD",
        "profile services --json nowhere.json",
        "profile switch --yes",
        "profile addons list",
        "profile addons set --mobile true",
        "team list --profile",
        "team remove --yes",
        "team remove --dry-run",
        "token list --profile",
        "run user info",
        "run user edit --name a",
        "run user delete --yes a@example.com",
        "run user login",
        "run user invite",
        "run notify list",
        "run notify create --title a --message b --user a@example.com --user",
        "run notify edit --title a",
        "run notify delete --yes a",
    ] {
        for id in ["''", "..", "'a\u{7f}'"] {
            let said = world.tagoctl(&format!("{command} {id}")).code(2);
            let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
            assert!(said.contains("invalid id: ") || said.contains("value is required"), "{command} {id}: {said}");
        }
    }
    world.nothing_was_sent();
}
