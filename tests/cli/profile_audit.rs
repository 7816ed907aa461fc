//! `tagoctl profile audit`.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{ChildStdout, Stdio};
use std::sync::Arc;

use snapbox::str;
use tagoio::clock::SystemClock;
use tagoio::profile::ProfileEdit;

use crate::secrets::{Checked, Process, Watched};
use crate::world::World;

#[test]
fn what_was_done_is_listed_from_the_oldest_on() {
    let world = World::new();
    let week = "profile audit --from 2026-01-25 --to 2026-01-31";
    world.tagoctl(week).success().stderr_eq("").stdout_eq(str![[r#"
DATE                      RESOURCE   RESOURCE ID               WHO                       MESSAGE
2026-01-25T12:40:11.404Z  runuser    66a000389d189ecfff7b2147  66a00000e220a8397b1dcdaf  Run User Thiago Ribeiro created
2026-01-26T00:24:17.477Z  analysis   66a00049d08f003850439a4b  66a00002975835de1c9756ce  Analysis Weekly report edited
2026-01-26T23:28:16.958Z  action     66a0004a49f64e7a9b76929b  66a00001910a2dec89025cc1  Action Too warm edited
2026-01-28T03:46:13.816Z  dashboard  66a0004b8b425770edf587a4  66a00001910a2dec89025cc1  Dashboard Gateways created
2026-01-28T16:03:15.220Z  profile    66a000046e73e372e2338aca  66a00000e220a8397b1dcdaf  Team member jonas.lindqvist@example.org invited
2026-01-29T12:15:22.325Z  runuser    66a0003a7daf7bd7b0085fd2  66a00000e220a8397b1dcdaf  Run User Wanjiru Kamau created
2026-01-29T16:15:55.723Z  device     66a0004ce5f50758d870dbb2  66a00002975835de1c9756ce  Device Cold room 2 edited

"#]]);
    let two = format!("{week} --limit 2 -o json --columns date,message");
    world.tagoctl(&two).success().stderr_eq("").stdout_eq(str![[r#"
[
  {"date":"2026-01-29T12:15:22.325Z","message":"Run User Wanjiru Kamau created"},
  {"date":"2026-01-29T16:15:55.723Z","message":"Device Cold room 2 edited"}
]

"#]]);
    let devices = format!("{week} --resource device -o csv --columns resource,message");
    world.tagoctl(&devices).success().stderr_eq("").stdout_eq(str![[r#"
resource,message
device,Device Cold room 2 edited

"#]]);
    let found = format!("{week} --find 'team*invited' -o jsonl");
    world.tagoctl(&found).success().stderr_eq("").stdout_eq(str![[r#"
{"date":"2026-01-28T16:03:15.220Z","message":"Team member jonas.lindqvist@example.org invited","resource":"profile","resource_id":"66a000046e73e372e2338aca","who":"66a00000e220a8397b1dcdaf"}

"#]]);
    let profile = world.sandbox().profile_id();
    let of_one = format!("{week} --resource-id {profile} -o tsv --columns message");
    world.tagoctl(&of_one).success().stderr_eq("").stdout_eq(str![[r#"
message
Team member jonas.lindqvist@example.org invited

"#]]);
    world.tagoctl(&format!("{week} --find nowhere")).success().stdout_eq("").stderr_eq("nothing found\n");
}

#[test]
fn a_long_range_is_asked_for_in_pieces_and_each_event_comes_once() {
    for (polls, from, weeks) in [(0, "2025-12-01", 9), (1, "2026-01-20", 2)] {
        let world = World::with(|sandbox| sandbox.audit_log_polls(polls));
        world.clear();
        let line = format!("profile audit --from {from} --to 2026-01-31 -o csv --columns date,message");
        let events = world.stdout(&line);
        let lines: Vec<&str> = events.lines().skip(1).collect();
        assert!(lines.len() > 5 && lines.is_sorted_by(|before, after| before < after), "{events}");
        let calls: Vec<String> = world.sandbox().journal().iter().map(ToString::to_string).collect();
        let called = |route: &str| calls.iter().filter(|call| call.as_str() == format!("GET {route} 200")).count();
        assert_eq!(called("/profile/{profile}/auditlog"), weeks, "{calls:?}");
        assert_eq!(called("/profile/{profile}/auditlog/{query}"), weeks * polls as usize, "{calls:?}");
    }
}

#[test]
fn no_more_is_asked_for_than_tagoio_keeps() {
    let world = World::new();
    world.clear();
    let all = "profile audit --to 2026-01-31 --limit 1 --columns date";
    let said = world.tagoctl(&format!("{all} --from 1726-01-01")).success();
    said.stderr_eq(str![[r#"
TagoIO keeps 6 months: it begins with 2025-07-26

"#]])
        .stdout_eq(str![[r#"
DATE
2026-01-29T16:15:55.723Z

"#]]);
    let calls: Vec<String> = world.sandbox().journal().iter().map(ToString::to_string).collect();
    let queries = calls.iter().filter(|call| *call == "GET /profile/{profile}/auditlog 200").count();
    assert_eq!(queries, 28, "one for each week, and one for the last day");
    world.tagoctl(&format!("{all} --from 2025-08-01")).success().stderr_eq("");
}

#[test]
fn a_log_that_may_not_be_read_says_so() {
    let world = World::new();
    let token = world.sandbox().team_member_token();
    let command = world.command("profile audit --from 2026-01-30 --to 2026-01-31").env("TAGOIO_TOKEN", token.expose());
    command.assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}/auditlog: TagoIO answered 401 Unauthorized: Authorization Denied
hint: the token may not do this: use a token of the owning account's profile with enough permission, or give the analysis the permission in Access Management

"#]]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    let world = World::new();
    world.clear();
    for (line, said) in [
        (
            "--from 2026-02-01 --to 2026-01-01",
            str![[r#"
error: --from 2026-02-01 is after --to 2026-01-01

"#]],
        ),
        (
            "--from 9999-12-31",
            str![[r#"
error: --from 9999-12-31 is yet to come

"#]],
        ),
        (
            "--from monday",
            str![[r#"
error: invalid value 'monday' for '--from <DATE>': it has to be like 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven days ago (h, d, w)

For more information, try '--help'.

"#]],
        ),
        (
            "--resource devcie",
            str![[r#"
error: invalid value 'devcie' for '--resource <KIND>'
  [possible values: action, am, analysis, connector, dashboard, device, dictionary, network, profile, run, runuser]

  tip: a similar value exists: 'device'

For more information, try '--help'.

"#]],
        ),
        (
            "--limit 0",
            str![[r#"
error: invalid value '0' for '--limit <COUNT>': 0 is not in 1..=4294967295

For more information, try '--help'.

"#]],
        ),
        (
            "--follow --limit 5",
            str![[r#"
error: the argument '--follow' cannot be used with '--limit <COUNT>'

Usage: tagoctl profile audit --follow [ID]

For more information, try '--help'.

"#]],
        ),
        (
            "--follow -o json",
            str![[r#"
{"code":"usage","error":"what has no end is no JSON document: use --output jsonl"}

"#]],
        ),
        (
            "--every 5",
            str![[r#"
error: the following required arguments were not provided:
  --follow

Usage: tagoctl profile audit --follow --every <SECONDS> [ID]

For more information, try '--help'.

"#]],
        ),
        (
            "--columns when",
            str![[r#"
error: there is no column `when`
hint: there are date, resource, resource_id, who, message

"#]],
        ),
    ] {
        world.tagoctl(&format!("profile audit {line}")).code(2).stdout_eq("").stderr_eq(said);
    }
    world.nothing_was_sent();
}

/// A program that is ended with its test, and the lines that it writes.
struct Running {
    program: Watched,
    lines: Lines<BufReader<Checked<ChildStdout>>>,
}

impl Running {
    fn begin(mut command: Process) -> Self {
        let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        Self { program, lines }
    }

    /// Waits for one more line.
    fn line(&mut self) -> String {
        self.lines.next().expect("one more line").unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn what_is_done_from_now_on_is_followed() {
    // What is new is asked for by the computer's clock.
    let world = World::with(|sandbox| sandbox.clock(Arc::new(SystemClock::default())).rate_limits(false));
    let tago = world.sandbox().client().unwrap();
    let rename = |name: &str| {
        tago.profile().edit(world.sandbox().profile_id(), &ProfileEdit::new().name(name)).unwrap();
    };
    rename("Before");
    let follow = |form: &str| {
        let columns = "--columns date,resource,message";
        let line = format!("profile audit --from 1h --follow --every 1 --find Profile -o {form} {columns}");
        Running::begin(world.process(&line))
    };
    let [mut table, mut csv, mut tsv, mut jsonl] = ["table", "csv", "tsv", "jsonl"].map(follow);
    assert_eq!(table.line(), "DATE                      RESOURCE    MESSAGE");
    assert_eq!(csv.line(), "date,resource,message");
    assert_eq!(tsv.line(), "date\tresource\tmessage");
    for name in ["Before", "Meanwhile", "After"] {
        if name != "Before" {
            rename(name);
        }
        for (program, event) in [
            (&mut table, format!("profile     Profile {name} edited")),
            (&mut csv, format!("profile,Profile {name} edited")),
            (&mut tsv, format!("profile\tProfile {name} edited")),
            (&mut jsonl, format!(r#""message":"Profile {name} edited","resource":"profile""#)),
        ] {
            let line = program.line();
            assert!(line.contains(&event), "{line}");
        }
    }
}
