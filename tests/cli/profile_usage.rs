//! `tagoctl profile usage`.

use std::sync::Arc;

use snapbox::str;
use tagoio::clock::SystemClock;

use crate::world::World;

#[test]
fn what_was_used_is_listed_with_the_services_that_occur() {
    let world = World::new();
    let line = "profile usage --from 2026-01-29 --to 2026-01-31";
    world.tagoctl(line).success().stderr_eq("").stdout_eq(str![[r#"
TIME                       INPUT  OUTPUT  ANALYSIS  DATA RECORDS  EMAIL  RUN USERS  PUSH NOTIFICATION  FILE STORAGE  DASHBOARD OUTPUT
2026-01-29T23:01:36.453Z  298922  132399    432.57        126616    273         24                629        217.49             67019
2026-01-30T23:01:36.187Z  309384  136804    446.97        126914    284         24                650        218.01             69385
2026-01-31T11:01:36.295Z  314407  138924    453.84        127062    287         24                658        218.26             70505

"#]]);
    world.tagoctl(&format!("{line} --per-period")).success().stderr_eq("").stdout_eq(str![[r#"
TIME                      INPUT  OUTPUT  ANALYSIS  DATA RECORDS  EMAIL  RUN USERS  PUSH NOTIFICATION  FILE STORAGE  DASHBOARD OUTPUT
2026-01-29T23:01:36.453Z  10354    4647     14.82        126616      8         24                 22        217.49              2332
2026-01-30T23:01:36.187Z  10462    4405      14.4        126914     11         24                 21        218.01              2366
2026-01-31T11:01:36.295Z   5023    2120      6.87        127062      3         24                  8        218.26              1120

"#]]);
    let hours = "profile usage --date 2026-01-31 --service sms,input --per-period -o csv";
    world.tagoctl(hours).success().stderr_eq("").stdout_eq(str![[r#"
time,sms,input
2026-01-31T00:01:36.811Z,0,302
2026-01-31T01:01:36.504Z,0,249
2026-01-31T02:01:36.799Z,0,238
2026-01-31T03:01:36.140Z,0,312
2026-01-31T04:01:36.898Z,0,289
2026-01-31T05:01:36.326Z,0,250
2026-01-31T06:01:36.456Z,0,217
2026-01-31T07:01:36.365Z,0,475
2026-01-31T08:01:36.511Z,0,584
2026-01-31T09:01:36.202Z,0,691
2026-01-31T10:01:36.467Z,0,689
2026-01-31T11:01:36.295Z,0,727

"#]]);
    let months = "profile usage --from 2025-12-01 --period month --per-period --service run_users,input -o jsonl";
    world.tagoctl(months).success().stderr_eq("").stdout_eq(str![[r#"
{"input":323035,"run_users":20,"time":"2025-12-31T23:01:36.755Z"}
{"input":314407,"run_users":24,"since":"2025-12-31T23:01:36.755Z","time":"2026-01-31T11:01:36.295Z"}

"#]]);
    let chosen = "profile usage --from 2026-01-31 --columns time,sms,email,since --per-period -o tsv";
    world.tagoctl(chosen).success().stderr_eq("").stdout_eq(str![[r#"
time	sms	email	since
2026-01-31T11:01:36.295Z	0	3	2026-01-30T23:01:36.187Z

"#]]);
}

#[test]
fn where_there_is_nothing_that_is_said() {
    let world = World::new();
    let line = "profile usage --from 2020-01-01 --to 2020-01-31";
    for more in ["", "--chart", "--chart --per-period"] {
        world.tagoctl(&format!("{line} {more}")).success().stdout_eq("").stderr_eq("nothing found\n");
    }
    world.tagoctl(&format!("{line} -o json")).success().stderr_eq("").stdout_eq("[]\n");
    world.tagoctl(&format!("{line} --svg u.svg")).code(1).stdout_eq("").stderr_eq(str![[r#"
error: there is nothing to be plotted

"#]]);
    assert!(!world.folder().join("u.svg").exists());
}

#[test]
fn the_time_up_to_now_is_meant_when_nothing_is_said() {
    let world = World::with(|sandbox| sandbox.clock(Arc::new(SystemClock::default())));
    let times = |line: &str| {
        let csv = world.stdout(&format!("profile usage {line} -o csv --columns time"));
        csv.lines().skip(1).map(|time| time.split_at(7).0.to_owned()).collect::<Vec<_>>()
    };
    let months = times("--period month");
    // A month has no point in its first minutes.
    assert!((11..=12).contains(&months.len()) && months.is_sorted_by(|before, after| before < after), "{months:?}");
    let days = times("");
    assert!(days.len() <= 31 && days.iter().all(|month| Some(month) == days.first()), "{days:?}");
    assert!(times("--period hour").len() <= 24);
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
            "--from yesterday",
            str![[r#"
error: invalid value 'yesterday' for '--from <DATE>': it has to be like 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven days ago (h, d, w)

For more information, try '--help'.

"#]],
        ),
        (
            "--service inptu",
            str![[r#"
error: invalid value 'inptu' for '--service <SERVICE,…>'
  [possible values: input, output, analysis, data_records, sms, email, run_users, push_notification, file_storage, tcore, tcore_cluster, dashboard_output]

  tip: a similar value exists: 'input'

For more information, try '--help'.

"#]],
        ),
        (
            "--period week",
            str![[r#"
error: invalid value 'week' for '--period <PERIOD>'
  [possible values: hour, day, month]

For more information, try '--help'.

"#]],
        ),
        (
            "--chart -o json",
            str![[r#"
{"code":"usage","error":"a chart is for people to read","hint":"leave out --chart to get the values, or --output to get the chart"}

"#]],
        ),
        (
            "--chart --columns time",
            str![[r#"
error: what is drawn has no columns
hint: --service says what is drawn

"#]],
        ),
        (
            "--columns tiem",
            str![[r#"
error: there is no column `tiem`; did you mean `time`?
hint: there are time, since, input, output, analysis, data_records, sms, email, run_users, push_notification, file_storage, tcore, tcore_cluster, dashboard_output

"#]],
        ),
    ] {
        world.tagoctl(&format!("profile usage {line}")).code(2).stdout_eq("").stderr_eq(said);
    }
    world.nothing_was_sent();
    world.tagoctl("profile usage --from 2026-01-31 --timezone +5").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /profile/{profile}/statistics: TagoIO answered 400 Bad Request: Invalid timezone (timezone)

"#]]);
}

#[test]
fn a_chart_is_drawn_for_each_service() {
    let world = World::new();
    let line = "profile usage --from 2026-01-01 --to 2026-01-31 --service input,run_users --chart";
    world.tagoctl(&format!("{line} --per-period")).success().stderr_eq("").stdout_eq(str![[r#"
input: registers per day, 5023 to 11109, 314407 in all
  11.11k ┤▄ ▇ ▅ ▆ ▅ ▄ ▄ ▇ ▃ ▃ ▅ ▄ ▆ ▅ ▅ ▃ ▇ ▆ █ ▃ ▃ ▄ ▃ ▂ ▆ ▂ ▆ ▁ ▅ ▅
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ ▆
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
       0 ┼┬───────┬───────┬───────┬───────┬───────┬───────┬───────┬─────
          01 Jan  05 Jan  09 Jan  13 Jan  17 Jan  21 Jan  25 Jan  29 Jan

run_users: users, 20 to 24
      24 ┤                  ▂ ▂ ▂ ▂ ▂ ▂ ▂ ▂ ▄ ▄ ▄ ▄ ▄ ▄ ▄ ▆ ▆ ▆ ▆ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
       0 ┼┬───────┬───────┬───────┬───────┬───────┬───────┬───────┬─────
          01 Jan  05 Jan  09 Jan  13 Jan  17 Jan  21 Jan  25 Jan  29 Jan

"#]]);
    world.tagoctl(line).success().stderr_eq("").stdout_eq(str![[r#"
input: registers since the month began, 10092 to 314407
 314.41k ┤                                                  ▁ ▃ ▄ ▆ ▇ █
         │                                        ▁ ▃ ▄ ▆ ▇ █ █ █ █ █ █
         │                              ▁ ▃ ▅ ▆ █ █ █ █ █ █ █ █ █ █ █ █
         │                    ▁ ▃ ▅ ▆ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │          ▂ ▃ ▅ ▆ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │▂ ▃ ▅ ▆ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
       0 ┼┬───────┬───────┬───────┬───────┬───────┬───────┬───────┬─────
          01 Jan  05 Jan  09 Jan  13 Jan  17 Jan  21 Jan  25 Jan  29 Jan

run_users: users, 20 to 24
      24 ┤                  ▂ ▂ ▂ ▂ ▂ ▂ ▂ ▂ ▄ ▄ ▄ ▄ ▄ ▄ ▄ ▆ ▆ ▆ ▆ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
         │█ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █
       0 ┼┬───────┬───────┬───────┬───────┬───────┬───────┬───────┬─────
          01 Jan  05 Jan  09 Jan  13 Jan  17 Jan  21 Jan  25 Jan  29 Jan

"#]]);
}

#[test]
fn a_plot_is_written_as_a_whole_or_not_at_all() {
    let world = World::new();
    let line = "profile usage --from 2026-01-01 --to 2026-01-31 --per-period --service input,email";
    world.file("usage.svg", "of last month");
    world.tagoctl(&format!("{line} --svg usage.svg")).success().stdout_eq("").stderr_eq("usage.svg: 2 services\n");
    let svg = world.read("usage.svg");
    for text in ["</svg>", "input: registers per day", "email: e-mails per day", "used in each period", "15 Jan", "10k"]
    {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    let bars = svg.matches("<rect").count();
    assert!(bars >= 2 * 30, "{bars}");
    assert_eq!(world.stdout(&format!("{line} --svg -")), svg);
    world.tagoctl(&format!("{line} --svg one.svg -o json")).success().stderr_eq("").stdout_eq(str![[r#"
{
  "file": "one.svg",
  "services": 2
}

"#]]);
    let files = std::fs::read_dir(world.folder()).unwrap().count();
    assert_eq!(files, 2, "nothing is left beside them");
    world.tagoctl(&format!("{line} --svg none/usage.svg")).code(2).stdout_eq("").stderr_eq(str![[r#"
error: none/usage.svg: No such file or directory (os error 2)

"#]]);
}
