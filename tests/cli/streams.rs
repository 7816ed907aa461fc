//! `tagoctl` whose standard output or standard error can't be written any more: what is to be done is done all the same.
#![cfg(unix)]

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Output, Stdio};

use tagoio::sandbox::{Fault, FaultRule, Sandbox};
use tagoio::transport::Method;

use crate::run_user_bulk::list_of;
use crate::world::World;

/// An end of a pipe at whose other end nobody is.
fn closed() -> Stdio {
    let (near, far) = UnixStream::pair().unwrap();
    drop(far);
    OwnedFd::from(near).into()
}

/// A device that is always full.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").unwrap().into()
}

fn silent(world: &World, line: &str, stderr: Stdio) -> Output {
    world.process(line).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).output().unwrap()
}

fn unread(world: &World, line: &str, stdout: Stdio) -> Output {
    world.process(line).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Has the next creation of a user refused.
fn refuse_one(world: &World) {
    let body = r#"{"status": false, "message": "No such luck"}"#.to_owned();
    let fault = Fault::Answer { status: 400, content_type: "application/json".to_owned(), body };
    world.sandbox().inject(FaultRule::new(fault).on(Method::Post, "/run/users")).unwrap();
}

/// A command line of each kind, the exit code that it has, and what standard output begins with.
const KINDS: [(&str, i32, &str); 12] = [
    ("team list", 0, "ID "),
    ("token list --name nothing", 0, ""),
    ("team list --profile 61fac4d9a5c9f40012a5ff00", 1, ""),
    ("team list -o json --profile 61fac4d9a5c9f40012a5ff00", 1, ""),
    ("team lits", 2, ""),
    ("team", 2, ""),
    ("--verbose profile info --columns info.name", 0, "info.name"),
    ("team add new.colleague@example.com", 0, ""),
    ("profile create Second", 0, "66a"),
    ("run user delete duarte.fonseca@example.com --dry-run", 0, "ID "),
    ("run edit --name Portal", 0, ""),
    ("token create ci --permission read --email EMAIL --password-env PASSWORD", 0, ""),
];

#[test]
fn what_cannot_be_said_changes_nothing_that_is_done_or_written() {
    let world = World::new();
    let deaf = [
        (World::new(), closed as fn() -> Stdio),
        #[cfg(target_os = "linux")]
        (World::new(), full),
    ];
    for (line, code, start) in KINDS {
        let line = line.replace("EMAIL", Sandbox::EMAIL);
        let heard = silent(&world, &line, Stdio::piped());
        assert_eq!(heard.status.code(), Some(code), "{line}: {}", stderr(&heard));
        assert!(String::from_utf8_lossy(&heard.stdout).starts_with(start), "{line}");
        for (world, stream) in &deaf {
            let unheard = silent(world, &line, stream());
            assert_eq!(unheard.status.code(), Some(code), "{line}");
            assert_eq!(unheard.stdout.len(), heard.stdout.len(), "{line}");
        }
    }
}

#[test]
fn an_import_that_nobody_listens_to_comes_to_its_end() {
    for (line, code, users) in [
        ("run user import users.csv --timezone UTC --generate-password", 0, 5),
        ("--verbose run user import users.csv --timezone UTC --generate-password", 3, 4),
        ("run user sync users.csv --timezone UTC --generate-password --yes", 3, 4),
    ] {
        let world = World::with(tagoio::sandbox::SandboxBuilder::empty);
        world.file("users.csv", &list_of(5));
        if code == 3 {
            refuse_one(&world);
        }
        let output = silent(&world, line, closed());
        assert_eq!(output.status.code(), Some(code), "{line}");
        assert_eq!(world.sandbox().users().len(), users, "{line}");
        assert_eq!(world.folder().join("users.csv.journal").exists(), code == 3, "{line}");
    }
}

#[test]
fn ctrl_c_is_heard_when_nothing_can_be_said() {
    use std::process::Command;

    let world = World::with(tagoio::sandbox::SandboxBuilder::empty);
    world.file("users.csv", &list_of(30));
    let import = "run user import users.csv --timezone UTC --generate-password --rate 1";
    let mut process = world.process(import).stdin(Stdio::null()).stderr(closed()).spawn().unwrap();
    // The first creation is sent only when Ctrl-C is listened for.
    while world.sandbox().users().is_empty() && process.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let interrupt = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(world.folder().join("users.csv.journal").exists());
}

#[test]
fn who_stops_reading_does_not_stop_what_is_done() {
    let names = ["Gateway provisioning", "Priya's notebook", "Monthly report"];
    for form in ["json", "jsonl", "csv", "tsv"] {
        let world = World::new();
        let there = |name: &str| world.stdout("token list -o csv --columns name").lines().any(|line| line == name);
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        assert!(names.iter().all(|name| there(name)), "{form}");
        let output = unread(&world, &format!("token delete {} --yes -o {form}", quoted.join(" ")), closed());
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{form}");
        assert!(!names.iter().any(|name| there(name)), "{form}");

        let addresses = ["b1@example.com", "b2@example.com"];
        let output = unread(&world, &format!("team add {} -o {form}", addresses.join(" ")), closed());
        assert_eq!(output.status.code(), Some(0), "{form}");
        let team = world.stdout("team list -o csv");
        assert!(addresses.iter().all(|address| team.contains(address)), "{form}: {team}");
    }
}

#[test]
fn a_failure_weighs_more_than_a_reader_who_has_gone() {
    for form in ["json", "csv"] {
        let world = World::with(tagoio::sandbox::SandboxBuilder::empty);
        world.file("users.csv", &list_of(3));
        let import = format!("run user import users.csv --timezone UTC --generate-password -o {form}");
        refuse_one(&world);
        let output = unread(&world, &import, closed());
        assert_eq!(output.status.code(), Some(3), "{form}");
        assert!(stderr(&output).contains("1 of 3 failed; to try again"), "{}", stderr(&output));

        let output = unread(&world, &format!("{import} --resume"), closed());
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{form}");
        assert!(!world.folder().join("users.csv.journal").exists(), "{form}");
    }
}

#[test]
fn who_stops_reading_a_list_has_what_they_wanted() {
    let world = World::new();
    for line in
        ["run user list", "run user list -o jsonl", "profile info -o json", "run user export", "completions bash"]
    {
        let output = unread(&world, line, closed());
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{line}");
    }
    let output = unread(&world, "profile info --profile 61fac4d9a5c9f40012a5ff00 -o json", closed());
    assert_ne!(output.status.code(), Some(0), "a failure stays one");
}

#[test]
fn a_secret_that_was_made_and_nobody_reads_is_no_success() {
    let world = World::new();
    let create = format!("token create ci --permission read --email {} --password-env PASSWORD", Sandbox::EMAIL);
    for line in [create.as_str(), "run user login beatriz.almeida@example.com"] {
        for form in ["table", "json"] {
            let output = unread(&world, &format!("{line} -o {form}"), closed());
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("nobody reads standard output"), "{said}");
        }
    }
}

#[test]
fn a_token_that_nobody_reads_takes_the_place_of_none() {
    let world = World::new();
    let rotate = format!("token rotate 'Monthly report' --email {} --password-env PASSWORD --yes", Sandbox::EMAIL);
    let tokens = || world.stdout("token list -o csv --columns name,token,created_at");
    let before = tokens();
    for form in ["table", "json"] {
        let output = unread(&world, &format!("{rotate} -o {form}"), closed());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("nobody reads standard output; the new token is deleted again"), "{said}");
        assert_eq!(tokens(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_made_is_said_even_where_it_cannot_be_written() {
    let world = World::new();
    let create = format!("token create ci --permission read --email {} --password-env PASSWORD", Sandbox::EMAIL);
    let output = unread(&world, &create, full());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("created the token ci") && said.contains("error: standard output: "), "{said}");
}
