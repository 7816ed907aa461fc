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
fn nothing_is_done_that_cannot_be_told_with_the_columns_that_are_asked_for() {
    let world = World::new();
    world.file("users.csv", "name,email,timezone,generate_password\nAnn,ann@example.com,UTC,yes\n");
    let user = world.sandbox().users().swap_remove(0).id;
    world.clear();
    for deed in [
        "profile create Harbour",
        "profile edit current --name Quay",
        "profile services current --set input=1",
        "profile addons set current --mobile true",
        "profile addons remove current mobile --yes",
        "profile switch 66a0000563033b0ca389c35a --yes",
        "profile delete 66a0000563033b0ca389c35a --yes --password-env PASSWORD",
        "team add new@example.com",
        "team remove 66a000089e5651b0ef953636 --yes",
        "token create ci --permission read --email alex.moreau@example.com --password-env PASSWORD",
        "token delete 'Old CI' --yes",
        "run edit --name Portal",
        "run theme set primary=#0b5394",
        "run email-test --subject S --body B",
        "run saml edit --map name=name",
        "run domain create --domain example.com --subdomain portal --email portal.example.com",
        "run domain delete --yes",
        "run domain regenerate --yes",
        "run notify create --user USER --title T --message M",
        "run notify create --tag site=lisbon --title T --message M --yes",
        "run notify edit 66a000121120b3d00955f032 --title T",
        "run notify delete 66a000121120b3d00955f032 --yes",
        "run notify delete 66a000121120b3d00955f032 66a000121120b3d00955f033 --yes",
        "run user create --name Ann --email ann@example.com --timezone UTC --generate-password",
        "run user edit USER --name Ann",
        "run user delete USER --yes",
        "run user delete --tag site=lisbon --yes",
        "run user login USER",
        "run user invite USER",
        "run user import users.csv",
        "run user sync users.csv --yes",
    ] {
        let line = deed.replace("USER", user.as_str());
        for format in ["table", "json", "csv"] {
            let assert = world.tagoctl(&format!("{line} -o {format} --columns nope")).code(2).stdout_eq("");
            let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
            assert!(said.contains("there is no column `nope`") && said.contains("there are "), "{line}: {said}");
        }
    }
    // What is sent is looked up, and no token is minted by looking.
    for request in world.sandbox().journal() {
        let request = request.to_string();
        assert!(request.starts_with("GET ") && !request.contains("/login"), "{request}");
    }
    assert!(world.sandbox().outbox().is_empty());
}

#[test]
fn standard_input_has_one_reader() {
    let world = World::new();
    world.clear();
    let new = "run user create --name Ann --email ann@example.com --timezone UTC";
    for (line, first, second) in [
        (format!("{new} --json - --password-stdin"), "--json", "--password-stdin"),
        (format!("{new} --token-file - --json -"), "--token-file", "--json"),
        (format!("{new} --token-file - --password-stdin"), "--token-file", "--password-stdin"),
        ("--token-file - token delete --token-stdin --yes".to_owned(), "--token-file", "--token-stdin"),
        ("run saml edit --idp-metadata - --json -".to_owned(), "--idp-metadata", "--json"),
        ("run user delete --file - --token-file - --yes".to_owned(), "--file", "--token-file"),
        ("run user import - --token-file -".to_owned(), "<FILE|->", "--token-file"),
        ("run user sync - --token-file - --yes".to_owned(), "<FILE|->", "--token-file"),
        ("run email-test --subject S --body @- --token-file -".to_owned(), "--body", "--token-file"),
        ("api put /run --body - --token-file -".to_owned(), "--body", "--token-file"),
        (
            "profile delete 66a0000563033b0ca389c35a --yes --token-file - --pin-stdin --password-env PASSWORD"
                .to_owned(),
            "--token-file",
            "--pin-stdin",
        ),
    ] {
        let assert = world.tagoctl_with_stdin(&format!("{line} -o json"), "{}").code(2).stdout_eq("");
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains(r#""code":"conflict""#), "{line}: {said}");
        assert!(said.contains(first) && said.contains(second), "{line}: {said}");
    }
    world.nothing_was_sent();
    world.tagoctl_with_stdin("--token-file - run user create --json -", "").code(2).stderr_eq(str![[r#"
error: standard input can't be read by both --json and --token-file
hint: let one of them read a file, or an environment variable

"#]]);
}

#[test]
fn what_is_wrong_with_standard_input_is_told_by_its_name() {
    let world = World::new();
    world.clear();
    for (line, stdin) in [
        ("run user create --json -", ""),
        ("run saml edit --idp-metadata -", ""),
        ("run user import -", "email\nann"),
        ("run user delete --file - --yes", "a b"),
        ("api put /run --body -", "{"),
        ("team list --token-file -", ""),
    ] {
        let assert = world.tagoctl_with_stdin(line, stdin).code(2).stdout_eq("");
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.starts_with("error: standard input: "), "{line}: {said}");
    }
    world.nothing_was_sent();
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
        command.assert().success();
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
