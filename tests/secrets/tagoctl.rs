//! What the built `tagoctl` prints, whatever TagoIO answers.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::canaries::{
    ADDRESS, ANONYMOUS, LISTED, LOGIN, METADATA_XML, MINTED, OWN_TOKEN, PASSWORD, PATH_TOKEN, PIN, PORTAL, SECRET_ID,
    VERIFICATION, Watch,
};
use super::coverage::coverage_file;
use super::server::{Received, Server, answer};
use super::sockets;

/// Whether a command is asked to show what it shows: the token that it makes, an answer of any route as it is, and what
/// the server calls data.
fn is_asked_for(command: &str, name: &str, place: &str) -> bool {
    match command {
        "token create" => name == MINTED.name,
        "run user login" => name == LOGIN.name,
        "api" if place == "a confirmation that repeats" => true,
        _ => place == "values of a wrong type",
    }
}

/// Every command that calls TagoIO, with secrets wherever it takes some, and what is on its standard input.
#[rustfmt::skip]
const LINES: &[(&str, &str, &str)] = &[
    ("profile list", "", ""),
    ("profile info", "", ""),
    ("profile summary", "", ""),
    ("profile usage", "--date 2026-01-31", ""),
    ("profile audit", "--from 2026-01-01 --to 2026-01-02", ""),
    ("profile create", "n", ""),
    ("profile edit", "p1 --name n", ""),
    ("profile delete", "p1 --yes --password-env PASSWORD --pin-env PIN", ""),
    ("profile services", "p1 --set input=1", ""),
    ("profile addons list", "", ""),
    ("profile addons set", "p1 --custom-dns true", ""),
    ("profile addons remove", "p1 mobile --yes", ""),
    ("profile switch", "p1 --yes", ""),
    ("team list", "", ""),
    ("team add", "a@x.io", ""),
    ("team remove", "a1 --yes", ""),
    ("token list", "", ""),
    ("token create", "ci --json token.json --email me@x.io --password-env PASSWORD --pin-env PIN", ""),
    ("token delete", "--token-stdin --yes", PATH_TOKEN.secret),
    ("token rotate", "ci --yes --permission read --to rotated.txt --email me@x.io --password-env PASSWORD --pin-env PIN", ""),
    ("run info", "", ""),
    ("run edit", "--json portal.json", ""),
    ("run copy", "--from-token-file - --part name --part theme", PATH_TOKEN.secret),
    ("run email-test", "--subject s --body b", ""),
    ("run user list", "", ""),
    ("run user info", "u1", ""),
    ("run user create", "--name n --email n@x.io --timezone UTC --password-stdin", PASSWORD.secret),
    ("run user edit", "u1 --new-password --password-env PASSWORD", ""),
    ("run user delete", "u1 --yes", ""),
    ("run user login", "u1", ""),
    ("run user invite", "u1", ""),
    ("run user import", "users.jsonl --journal journal.jsonl --results results.jsonl", ""),
    ("run user export", "", ""),
    ("run user sync", "users.jsonl --set-passwords --yes --journal journal.jsonl --results results.jsonl", ""),
    ("run theme get", "", ""),
    ("run theme set", "navbar=#000", ""),
    ("run notify list", "u1", ""),
    ("run notify create", "--user u1 --title t --message m", ""),
    ("run notify edit", "n1 --read true", ""),
    ("run notify delete", "n1 --yes", ""),
    ("run saml info", "", ""),
    ("run saml edit", "--idp-metadata idp.xml --map email=mail --map firstName=given", ""),
    ("run domain info", "", ""),
    ("run domain create", "--domain x.io --subdomain s --email x.io", ""),
    ("run domain delete", "--yes", ""),
    ("run domain regenerate", "--yes", ""),
    ("run domain wait", "--within 1s", ""),
    ("profile backup create", "--wait", ""),
    ("profile backup list", "", ""),
    ("profile backup wait", "1 --within 0s", ""),
    ("profile backup download", "1 --to 1.zip --force --password-env PASSWORD --pin-env PIN", ""),
    ("profile backup delete", "1 --yes --password-env PASSWORD --pin-env PIN", ""),
    ("profile service-provider set", "--json providers.json", ""),
    ("profile service-provider test", "--email a@x.io", ""),
    ("api", "post /account/profile/token --body @token.json", ""),
];

/// Those that don't call TagoIO.
const SILENT: [&str; 3] = ["completions", "man", "sandbox"];

fn tagoctl(folder: &Path, api: &str, words: &[String], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tagoctl"))
        .args(words)
        .env_clear()
        .envs(coverage_file())
        .env("HOME", folder)
        .env("TAGOIO_API", api)
        .env("TAGOIO_TOKEN", OWN_TOKEN.secret)
        .env("TAGOIO_REQUEST_ATTEMPTS", "1")
        .env("PASSWORD", PASSWORD.secret)
        .env("PIN", PIN.secret)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tagoctl runs");
    // It may end without reading.
    let _ = child.stdin.take().expect("a standard input").write_all(stdin.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The commands below a command, as its help lists them.
fn commands(folder: &Path, above: &str, found: &mut BTreeSet<String>) {
    let output = tagoctl(folder, "", &words(&format!("{above} --help")), "");
    let help = String::from_utf8(output.stdout).expect("help is text");
    let list = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let names: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    if names.is_empty() {
        found.insert(above.trim().to_owned());
    }
    for name in names {
        commands(folder, &format!("{above} {name}"), found);
    }
}

#[test]
fn every_command_is_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut found = BTreeSet::new();
    commands(folder.path(), "", &mut found);
    let here: BTreeSet<String> = LINES.iter().map(|(command, ..)| *command).chain(SILENT).map(str::to_owned).collect();
    assert_eq!(found, here);
}

/// What TagoIO would answer, with secrets where there may be some.
fn result_of(request: &Received) -> Value {
    let target = request.call().split('?').next().unwrap_or_default().to_owned();
    let user = json!({"id": "u1", "name": "n", "email": "n@x.io", "timezone": "UTC"});
    if !target.starts_with("GET ") {
        // A backup's address leads back to here.
        let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let signed = ADDRESS.secret.replacen("https://s3.example.com", &format!("http://{host}"), 1);
        let made = json!({
            "id": "1", "user": "u1", "token": MINTED.secret, "name": "ci", "permission": "read", "backup_id": "1",
            "message": "m", "url": signed,
        });
        return if target.starts_with("POST ") { made } else { json!("Successfully Updated") };
    }
    match target.rsplit('/').next().unwrap_or_default() {
        "token" => json!([{"name": "ci", "token": LISTED.secret, "verification_code": VERIFICATION.secret}]),
        "login" => json!({"token": LOGIN.secret, "run_user": "u1"}),
        "run" => json!({
            "name": "Portal", "anonymous_token": ANONYMOUS.secret, "theme": {"navbar": "#fff"},
            "client_secret": PORTAL.secret, "integration": {"secret_key": PORTAL.secret},
            "smtp": {"auth_token": PORTAL.secret, "passphrase": PORTAL.secret, "password": [PORTAL.secret, 7_391_846_205_u64]},
        }),
        "users" => json!([user]),
        "u1" if target.contains("/notification/") => json!([{"id": "n1", "title": "t"}]),
        "u1" => user,
        "auditlog" => json!({"status": "Complete", "queryId": "q", "events": []}),
        "backup" => json!([{"id": "1", "status": "completed", "file_size": 1}]),
        "team" => json!([{"id": "a1", "name": "n", "email": "a@x.io", "active": true}]),
        "profile" | "statistics" => json!([]),
        "summary" => json!({}),
        _ if target.contains("/customdomain/") => json!({"domain": "x.io", "active": true}),
        _ if target.contains("/profile/") && !target.contains("/addons") => json!({"info": {"id": "p1"}}),
        _ => json!({}),
    }
}

fn as_json(status: &str, body: &Value) -> Vec<u8> {
    answer(status, &[("content-type", "application/json")], body.to_string())
}

fn success(request: &Received) -> Vec<u8> {
    as_json("200 OK", &json!({"status": true, "result": result_of(request)}))
}

/// Reads are answered as TagoIO would, and changes by what they sent.
fn changes(request: &Received, answer: impl FnOnce(String) -> Vec<u8>) -> Vec<u8> {
    if request.call().starts_with("GET ") { success(request) } else { answer(sockets::echo(request)) }
}

type Script = fn(&Received) -> Vec<u8>;

const SCRIPTS: [(&str, Script); 8] = [
    ("a success", success),
    ("a warning", |request| {
        let message = sockets::echo(request);
        as_json("200 OK", &json!({"status": true, "result": result_of(request), "message": message}))
    }),
    ("a confirmation that repeats", |request| {
        changes(request, |echo| as_json("200 OK", &json!({"status": true, "result": echo})))
    }),
    ("a refusal", |request| as_json("400 Bad Request", &json!({"status": false, "message": sockets::echo(request)}))),
    ("a refusal of changes", |request| {
        changes(request, |echo| as_json("200 OK", &json!({"status": false, "message": echo})))
    }),
    ("a page", |request| {
        answer("502 Bad Gateway", &[("content-type", &sockets::echo(request))], sockets::echo(request))
    }),
    ("values of a wrong type", |request| {
        let echo = sockets::echo(request);
        as_json("200 OK", &json!({"status": true, "result": {&echo: [&echo], "token": [&echo], "info": &echo}}))
    }),
    ("no HTTP", |request| sockets::echo(request).into_bytes()),
];

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

#[test]
fn no_command_prints_a_secret_whatever_the_answer() {
    let watch = Watch::new();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let token = json!({"name": "ci", "permission": "read", "verification_code": VERIFICATION.secret, "password": PASSWORD.secret});
    write(folder, "token.json", &token.to_string());
    write(folder, "portal.json", &json!({"name": "n", "anonymous_token": ANONYMOUS.secret}).to_string());
    write(folder, "idp.xml", METADATA_XML);
    let service = json!({"provider": "sns", "secrets": {"data": SECRET_ID.secret}});
    write(folder, "providers.json", &json!({"sms": service}).to_string());
    let users = [("n@x.io", "n"), ("m@x.io", "m")].map(|(email, name)| {
        json!({"email": email, "name": name, "timezone": "UTC", "password": PASSWORD.secret}).to_string()
    });
    let mut sent = String::new();
    for (at, (place, script)) in SCRIPTS.into_iter().enumerate() {
        let server = Server::start(move |peer| {
            while let Some(request) = peer.receive() {
                if !peer.send(&script(&request)) || place == "no HTTP" {
                    break;
                }
            }
        });
        for (number, &(command, arguments, stdin)) in LINES.iter().enumerate() {
            write(folder, "users.jsonl", &users.join("\n"));
            let format = ["table", "json", "csv"][(at + number) % 3];
            let line = format!("{command} {arguments} --verbose --timeout 20 --output {format}");
            let output = tagoctl(folder, &server.url(), &words(&line), stdin);
            if place == "a success" {
                assert!(output.status.success(), "{line} fails: {}", String::from_utf8_lossy(&output.stderr));
            }
            assert_ne!(output.status.code(), Some(101), "{line}: it panicked");
            for kept in ["journal.jsonl", "results.jsonl"].map(|name| folder.join(name)) {
                if let Ok(text) = std::fs::read_to_string(&kept) {
                    watch.none_in(&text, &line);
                    std::fs::remove_file(kept).expect("it was there");
                }
            }
            let stdout = String::from_utf8_lossy(&output.stdout);
            watch.none_in(&String::from_utf8_lossy(&output.stderr), &format!("{line}, {place}, standard error"));
            match watch.sighting(&stdout) {
                Some(name) if is_asked_for(command, name, place) => {}
                Some(name) => panic!("{line}, {place}: {name} is seen in {stdout}"),
                None => {}
            }
        }
        server.finish().requests.iter().for_each(|request| sent.push_str(&sockets::echo(request)));
    }
    for (name, mark) in [("a password", "qzPassv7"), ("a code", "60481375"), ("a token in a path", "qzPathv7")] {
        assert!(sent.contains(mark), "{name} was sent");
    }
}

#[test]
fn a_token_or_password_that_cannot_be_one_is_not_printed() {
    let watch = Watch::new();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let config = folder.join("tagoconfig.json");
    for odd in ["qzOwnv7\nqzOwnv7", "qzOwnv7 é", "\u{feff}qzOwnv7 x", "qzOwnv7\0", "qzOwnv7\u{202e}"] {
        write(folder, "token.txt", odd);
        std::fs::write(
            &config,
            json!({"default": "dev", "dev": {"profileToken": odd, "token": odd, "id": odd}}).to_string(),
        )
        .expect("a file");
        write(folder, ".tago-lock.dev.lock", odd);
        for (line, stdin) in [
            ("team list --token-file token.txt", ""),
            ("team list --token-file -", odd),
            ("team list --env dev", ""),
            ("token delete --token-stdin --yes --sandbox", odd),
            ("run user create --name n --email n@x.io --timezone UTC --json token.txt --sandbox", ""),
            ("run user import token.txt --yes --sandbox", ""),
            ("run edit --json token.txt --sandbox", ""),
            ("sandbox serve --state token.txt", ""),
        ] {
            for format in ["table", "json"] {
                let line = format!("{line} --output {format}");
                let output = tagoctl(folder, "http://127.0.0.1:9", &words(&line), stdin);
                assert!(!output.status.success(), "{line}");
                let said = [output.stdout, output.stderr].concat();
                watch.none_in(&String::from_utf8_lossy(&said), &line);
            }
        }
    }
}
