//! `tagoctl completions` and `tagoctl man`: what is made of the same definitions as the help.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use snapbox::str;

use crate::world::World;

/// The commands below a command, as its help lists them.
fn below(world: &World, path: &[String]) -> Vec<String> {
    let help = world.stdout(&format!("{} --help", path.join(" ")));
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command by its words.
fn commands(world: &World) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut next = 0;
    while let Some(path) = commands.get(next).cloned() {
        let deeper = below(world, &path).into_iter().map(|name| [path.as_slice(), &[name]].concat());
        commands.extend(deeper.collect::<Vec<_>>());
        next += 1;
    }
    commands
}

fn pages(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_command_has_a_page_in_the_manual() {
    let world = World::new();
    let commands = commands(&world);
    assert!(commands.contains(&["profile", "addons", "remove"].map(str::to_owned).to_vec()), "{commands:?}");
    world.tagoctl("man manual/man1").success().stdout_eq("").stderr_eq(str![[r#"
the manual is in manual/man1; man -l manual/man1/tagoctl.1 shows a page

"#]]);
    let folder = world.folder().join("manual/man1");
    let expected =
        commands.iter().map(|path| format!("{}.1", [&["tagoctl".to_owned()], path.as_slice()].concat().join("-")));
    assert_eq!(pages(&folder), expected.collect());
    for page in pages(&folder) {
        let text = fs::read_to_string(folder.join(&page)).unwrap();
        for part in
            [".TH tagoctl", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH EXTRA", "Example"]
        {
            assert!(text.contains(part), "{page} has no {part}");
        }
    }
    world.file("file", "");
    world.tagoctl("man file").code(2).stdout_eq("").stderr_eq(str![[r#"
error: file: [..]

"#]]);
}

#[test]
fn every_command_has_an_example_in_its_help() {
    let world = World::new();
    for path in commands(&world) {
        let help = world.stdout(&format!("{} --help", path.join(" ")));
        let example = help.split("Example").nth(1).unwrap_or_default();
        // The example of a group is of a command below it.
        assert!(example.contains(&format!("tagoctl {}", path.join(" "))), "{path:?}: {help}");
    }
}

#[test]
fn each_shell_has_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = world.stdout(&format!("completions {shell}"));
        for word in ["tagoctl", "addons", "allocate-free-resources"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    world.tagoctl("completions tcsh").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'tcsh' for '<SHELL>'
  [possible values: bash, elvish, fish, powershell, zsh]

  tip: a similar value exists: 'zsh'

For more information, try '--help'.

"#]]);
}

#[cfg(unix)]
#[test]
fn bash_can_read_its_completions() {
    let world = World::new();
    world.file("tagoctl.bash", &world.stdout("completions bash"));
    let script = "set -e; source tagoctl.bash; complete -p tagoctl; \
        COMP_WORDS=(tagoctl profile sw); COMP_CWORD=2; _tagoctl tagoctl sw profile; echo \"${COMPREPLY[@]}\"";
    let mut bash = std::process::Command::new("bash");
    let said = bash.args(["--norc", "-c", script]).current_dir(world.folder()).output().unwrap();
    assert!(said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.lines().last(), Some("switch"), "{said}");
}
