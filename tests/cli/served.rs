//! `tagoctl sandbox`.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{ChildStderr, ChildStdout, Command, Stdio};

use serde_json::Value;
use snapbox::str;

use crate::secrets::{Checked, Watched};
use crate::world::World;

/// A `tagoctl sandbox` that is running.
struct Running {
    child: Watched,
    stdout: BufReader<Checked<ChildStdout>>,
    stderr: BufReader<Checked<ChildStderr>>,
}

impl Running {
    fn new(world: &World, options: &str) -> Self {
        // It says how to sign in to what it serves.
        let mut command = world.process(&format!("sandbox --port 0 {options}")).showing_secrets();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, stdout: BufReader::new(stdout), stderr: BufReader::new(stderr) }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it has ended");
        line
    }

    /// What it says of itself with `--output jsonl`.
    fn about(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Sends a signal and gives the exit code and what was still said.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let (mut rest, mut said) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).unwrap();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), rest, said)
    }
}

/// A test that fails leaves no server behind.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command says that is run against a served sandbox.
fn ask(world: &World, about: &Value, line: &str) -> String {
    let text = |key: &str| about[key].as_str().unwrap().to_owned();
    let command = world.command(line).env("TAGOIO_API", text("url")).env("TAGOIO_TOKEN", text("token"));
    let assert = command.assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn it_serves_until_it_is_interrupted() {
    let world = World::new();
    for signal in ["-INT", "-TERM"] {
        let mut sandbox = Running::new(&world, "-o jsonl");
        let about = sandbox.about();
        assert_eq!(ask(&world, &about, "profile info -o csv --columns info.name"), "info.name\nArbor Cold Chain\n");
        assert_eq!(sandbox.end(signal), (Some(0), String::new(), String::new()), "{signal}");
    }
}

#[test]
fn it_begins_as_it_is_told() {
    let world = World::new();
    world.file(
        "mill.json",
        r#"{"version": 1, "profiles": [{"name": "Mill", "tokens": [{"token": "p-mill", "name": "A", "permission": "full"}]}]}"#,
    );
    let mut sandbox = Running::new(&world, "-o jsonl --state mill.json --users 3 --plan starter");
    let about = sandbox.about();
    assert_eq!(about["token"], "p-mill");
    let said = ask(&world, &about, "profile info -o csv --columns info.name,account_plan");
    assert_eq!(said, "info.name,account_plan\nMill,starter\n");
    let users = ask(&world, &about, "api get /run/users -o csv --columns name");
    assert_eq!(users.lines().count(), 4, "{users}");
}

#[test]
fn it_tells_a_person_what_to_do() {
    let world = World::new();
    let mut sandbox = Running::new(&world, "");
    let mut said = String::new();
    while !said.contains("\nStop it") {
        said += &sandbox.line();
    }
    let (code, rest, noise) = sandbox.end("-INT");
    assert_eq!((code, rest, noise), (Some(0), String::new(), String::new()));
    let (_, url) = said.split_once("a sandbox at ").unwrap();
    let (url, _) = url.split_once(". ").unwrap();
    snapbox::assert_data_eq!(
        said.replace(url, "http://127.0.0.1:8787"),
        str![[r#"
Here is a sandbox at http://127.0.0.1:8787. Its account: alex.moreau@example.com / arctic-tern-42
The token of its main profile (66a000046e73e372e2338aca):

  export TAGOIO_API=http://127.0.0.1:8787
  export TAGOIO_SSE=http://127.0.0.1:8787   # TagoIO's own clients want both
  export TAGOIO_TOKEN=p-79cad904-7149-46b2-b469-2ad87e01c32e   # tagoctl and its library
  export T_ANALYSIS_TOKEN=p-79cad904-7149-46b2-b469-2ad87e01c32e   # TagoIO's own clients, for Resources without a token

Try: tagoctl run user list
Stop it with Ctrl-C; what isn't kept is gone then: curl http://127.0.0.1:8787/__sandbox/state > world.json

"#]]
    );
}

#[test]
fn it_says_which_requests_came_when_it_is_asked_to() {
    let world = World::new();
    let mut sandbox = Running::new(&world, "-o jsonl --verbose");
    let about = sandbox.about();
    ask(&world, &about, "profile list");
    ask(&world, &about, "team list");
    let (_, _, said) = sandbox.end("-INT");
    snapbox::assert_data_eq!(
        said,
        str![[r#"
GET /profile 200
GET /profile/{profile}/team 200

"#]]
    );
}

#[test]
fn what_it_cannot_begin_with_is_told() {
    let world = World::new();
    world.file("typo.json", r#"{"version": 1, "profiles": [{"nam": "Mill"}]}"#);
    world.tagoctl("sandbox --state typo.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid state file typo.json: line 1, column 34: profiles[0].nam: unknown field `nam`, expected one of `id`, `name`, `owner`, `logo_url`, `banner_url`, `created_at`, `updated_at`, `addons`, `allocation`, `resources`, `hourly_use`, `team`, `tokens`, `run`, `saml`, `custom_domain`, `users`, `former_users`, `service`, `backups`, `backed_up_at`, `audit_log`

"#]]);
    world.tagoctl("sandbox --state missing.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid state file missing.json: it can't be read: No such file or directory (os error 2)

"#]]);
    world.tagoctl("sandbox --plan gold").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'gold' for '--plan <PLAN>'
  [possible values: free, starter, scale]

For more information, try '--help'.

"#]]);
    let api = world.api();
    let (_, taken) = api.rsplit_once(':').unwrap();
    world.tagoctl(&format!("sandbox --port {taken}")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid sandbox address: it can't be listened on: Address already in use (os error 98)

"#]]);
}
