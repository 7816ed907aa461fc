//! The examples of `docs/tagoctl.md` are true: each command is run, in order, in one world, and says what is written
//! there. `SNAPSHOTS=overwrite` writes what they say now.
//!
//! A block of `console` has commands after `$ `, each followed by what it writes: standard output, then standard error,
//! then `? 2` for an exit code that isn't 0. A block whose info string has a second word is a file of that name.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::world::World;

#[test]
fn the_guide_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tagoctl.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let (actual, commands) = replay(&guide, &World::new());
    assert!(commands >= 10, "only {commands} commands");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, &actual).unwrap();
    } else {
        snapbox::assert_data_eq!(actual, snapbox::Data::from(guide).raw());
    }
}

#[test]
fn the_guide_has_the_code_of_each_failure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("docs/tagoctl.md")).unwrap();
    let (_, table) = guide.split_once("| code | what it means |").unwrap();
    let documented: BTreeSet<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();

    let mut given = BTreeSet::new();
    let failures = std::fs::read_to_string(root.join("src/bin/tagoctl/failure.rs")).unwrap();
    // Failures of the library and of the shell have their codes in two functions.
    for function in ["pub(crate) fn code(&self)", "fn code_of("] {
        let (_, body) = failures.split_once(function).unwrap();
        let (body, _) = body.split_once("\n}\n").unwrap();
        given.extend(body.lines().filter_map(|line| word(line.split_once("=> \"")?.1)));
    }
    for source in sources(&root.join("src/bin/tagoctl")) {
        for start in ["::usage(", "Unmet { code: "] {
            given.extend(source.split(start).skip(1).filter_map(|rest| word(rest.trim_start().strip_prefix('"')?)));
        }
    }
    given.remove("pipe_closed");
    let documented: BTreeSet<String> = documented.into_iter().map(str::to_owned).collect();
    assert_eq!(given, documented);
}

/// A code: the text before the quotation mark, if it is made like one.
fn word(text: &str) -> Option<String> {
    let (word, _) = text.split_once('"')?;
    word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then(|| word.to_owned())
}

/// The sources of the binary, without their tests.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            texts.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
    texts
}

/// The guide with the output that its commands have now.
fn replay(guide: &str, world: &World) -> (String, usize) {
    let (mut actual, mut commands) = (String::new(), 0);
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(actual, "{line}");
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, file)) => {
                world.file(file, &(block.join("\n") + "\n"));
                let _ = writeln!(actual, "{}", block.join("\n"));
            }
            None if info == "console" => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    commands += 1;
                    let _ = writeln!(actual, "$ {command}");
                    actual.push_str(&said(world, command));
                }
            }
            None => {
                let _ = writeln!(actual, "{}", block.join("\n"));
            }
        }
        actual.push_str("```\n");
    }
    (actual, commands)
}

fn said(world: &World, command: &str) -> String {
    let line = command.strip_prefix("tagoctl ").unwrap_or_else(|| panic!("{command} isn't tagoctl"));
    let output = world.command(line).assert().get_output().clone();
    let mut text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    if !output.status.success() {
        let _ = writeln!(text, "? {}", output.status.code().unwrap_or(-1));
    }
    text
}
