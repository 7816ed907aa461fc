//! `tagoctl` at a terminal: questions, colours and bars, on a pseudo-terminal of 80 columns unless another is asked for.

use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tagoio::run::NewUser;
use tagoio::sandbox::{Fault, FaultRule, Sandbox, SandboxBuilder};
use tagoio::transport::Method;
use tagoio::{Password, PinCode};

use crate::coverage::coverage_file;
use crate::run_user_bulk::list_of;
use crate::secrets::Secrets;
use crate::world::{PLANTED, World};

const ROWS: u16 = 40;

/// A program at a terminal, and what its screen shows.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was written, with its control sequences.
    written: Vec<u8>,
    master: Box<dyn MasterPty + Send>,
    secrets: Secrets,
}

/// No secret is on the screen, nor was it there for a moment.
impl Drop for Terminal {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.secrets.check("the terminal", &self.written);
        }
    }
}

impl Terminal {
    fn run(world: &World, line: &str, vars: &[(&str, &str)]) -> Self {
        Self::run_in(80, world, line, vars)
    }

    /// On a terminal of so many columns.
    pub(crate) fn run_in(cols: u16, world: &World, line: &str, vars: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: ROWS, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(snapbox::cmd::cargo_bin!("tagoctl"));
        command.args(shlex::split(line).unwrap());
        command.env_clear();
        if let Some((name, file)) = coverage_file() {
            command.env(name, file);
        }
        command.env("TERM", "xterm-256color");
        command.env("TAGOIO_API", world.api());
        command.env("TAGOIO_TOKEN", world.sandbox().token().expose());
        for (name, value) in vars {
            command.env(name, value);
        }
        command.cwd(world.folder());
        let secrets = world.secrets(line);
        let child = pair.slave.spawn_command(command).unwrap();
        // The last open end of the slave is the program's: its end is the end of the output.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(ROWS, cols, 0);
        Self { child, keyboard, output, screen, written: Vec::new(), master: pair.master, secrets }
    }

    /// Waits until the screen shows a text. The limit is only for a program that never will.
    fn shows(&mut self, text: &str) {
        while !self.screen.screen().contents().contains(text) {
            match self.output.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{text:?} isn't shown ({error}):\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.written.extend_from_slice(bytes);
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for the end: the exit code.
    fn wait(&mut self) -> u32 {
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(60)) {
            self.take(&bytes);
        }
        self.child.wait().unwrap().exit_code()
    }

    /// Waits for the end: the exit code, what is left on the screen, and all that was written.
    fn end(mut self) -> (u32, String, String) {
        let code = self.wait();
        (code, self.screen.screen().contents(), String::from_utf8_lossy(&self.written).into_owned())
    }

    /// Waits for the end of a command that succeeds: the screen as it is left.
    pub(crate) fn screen(mut self) -> vt100::Screen {
        let code = self.wait();
        let screen = self.screen.screen().clone();
        assert_eq!(code, 0, "{}", screen.contents());
        screen
    }
}

/// The member that tests remove.
const MEMBER: &str = "66a00001910a2dec89025cc1";

#[test]
fn what_cannot_be_undone_is_asked_for() {
    for (answer, code, left) in [("y", 0, false), ("n", 1, true), ("\r", 1, true)] {
        let world = World::new();
        let mut terminal = Terminal::run(&world, &format!("team remove {MEMBER}"), &[]);
        terminal.shows(&format!("Remove the team member Priya Raman ({MEMBER})?"));
        terminal.types(answer);
        let (exit, screen, _) = terminal.end();
        assert_eq!(exit, code, "{answer:?}: {screen}");
        assert_eq!(world.stdout("team list").contains(MEMBER), left, "{answer:?}");
        if left {
            assert!(screen.contains("error: nothing was done"), "{screen}");
        }
    }
}

#[test]
fn a_raw_deletion_is_asked_about() {
    for (answer, code, left) in [("y", 0, false), ("n", 1, true)] {
        let world = World::new();
        let user = world.sandbox().users().swap_remove(0).id;
        let mut terminal = Terminal::run(&world, &format!("api delete /run/users/{user}"), &[]);
        terminal.shows(&format!("Send DELETE /run/users/{user}?"));
        terminal.types(answer);
        let (exit, screen, _) = terminal.end();
        assert_eq!(exit, code, "{answer:?}: {screen}");
        assert_eq!(world.sandbox().users().iter().any(|other| other.id == user), left, "{answer:?}");
    }
}

#[cfg(unix)]
#[test]
fn password_and_code_are_asked_for_and_not_shown() {
    let world = World::with(|sandbox| sandbox.two_factor(PinCode::new("493027").unwrap()));
    let staging = "66a0000563033b0ca389c35a";
    for (line, question, last, code) in [
        (format!("profile delete {staging}"), "Delete the profile Arbor Staging", "Invalid password", "000000"),
        (format!("profile delete {staging}"), "Delete the profile Arbor Staging", "Successfully Removed", "493027"),
        (format!("token create ci --permission read --email {}", Sandbox::EMAIL), "", "created the token ci", "493027"),
    ] {
        let mut terminal = Terminal::run(&world, &line, &[]);
        if !question.is_empty() {
            terminal.shows(question);
            terminal.types("y");
        }
        terminal.shows("Password of ");
        terminal.types(&format!("{}\r", Sandbox::PASSWORD));
        terminal.shows("Code of two-factor authentication");
        terminal.types(&format!("{code}\r"));
        let (_, screen, written) = terminal.end();
        assert!(screen.contains(last), "{screen}");
        assert!(!written.contains(Sandbox::PASSWORD) && !written.contains(code), "{written}");
    }
    assert!(!world.stdout("profile list").contains(staging));
    assert!(world.stdout("token list -o csv --columns name").contains("\nci\n"));
}

#[cfg(unix)]
#[test]
fn a_new_password_is_typed_twice_and_never_shown() {
    let world = World::new();
    let line = "run user edit beatriz.almeida@example.com --new-password";
    for (again, screen_has) in [(PLANTED, None), ("another one", Some("They differ."))] {
        let mut terminal = Terminal::run(&world, line, &[]);
        terminal.shows("New password of");
        terminal.types(&format!("{PLANTED}\r"));
        terminal.shows("Once more");
        terminal.types(&format!("{again}\r"));
        if let Some(text) = screen_has {
            terminal.shows(text);
            terminal.types("\u{3}");
        }
        let (code, screen, written) = terminal.end();
        assert_eq!(code == 0, screen_has.is_none(), "{screen}");
        assert!(!written.contains(PLANTED), "{written}");
    }
}

#[test]
fn a_list_is_no_wider_than_the_terminal_and_its_header_is_bold() {
    let world = World::new();
    let (code, screen, written) = Terminal::run(&world, "team list", &[]).end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    assert!(written.contains("\u{1b}[1m"), "{written:?}");
}

#[test]
fn no_color_is_respected() {
    let world = World::new();
    for line in ["team list", "team list --profile 61fac4d9a5c9f40012a5ff00"] {
        let (_, screen, written) = Terminal::run(&world, line, &[("NO_COLOR", "1")]).end();
        assert!(!written.contains("\u{1b}["), "{screen}: {written:?}");
    }
    let (_, _, coloured) = Terminal::run(&world, "team list --profile 61fac4d9a5c9f40012a5ff00", &[]).end();
    assert!(coloured.contains("\u{1b}[31m"), "{coloured:?}");
}

#[test]
fn a_sync_is_shown_asked_for_and_drawn_as_a_bar() {
    let sync = "run user sync users.csv --timezone UTC --generate-password --rate";
    for (answer, code, users) in [("n", 1, 0), ("y", 0, 60)] {
        let world = World::with(SandboxBuilder::empty);
        world.file("users.csv", &list_of(60));
        let mut terminal = Terminal::run(&world, &format!("{sync} scale"), &[]);
        terminal.shows("… and 10 more, which --dry-run --output json lists");
        terminal.shows("Create 60 users?");
        terminal.types(answer);
        let (exit, screen, written) = terminal.end();
        assert_eq!((exit, world.sandbox().users().len()), (code, users), "{screen}");
        // The bar makes room for the summary.
        assert_eq!(written.contains("━"), users > 0, "{written:?}");
        assert!(!screen.contains("━"), "{screen}");
        assert_eq!(screen.contains("60 created"), users > 0, "{screen}");
    }
}

#[test]
fn a_bar_shows_what_is_waited_for_and_ctrl_c_stops_the_work() {
    let world = World::with(SandboxBuilder::empty);
    world.file("users.csv", &list_of(60));
    let import = "run user import users.csv --timezone UTC --generate-password --rate 1";
    let mut terminal = Terminal::run(&world, import, &[]);
    terminal.shows("waiting for the next minute");
    terminal.types("\u{3}");
    let (exit, screen, _) = terminal.end();
    assert_eq!(exit, 130, "{screen}");
    assert!(screen.contains("stopping: what is in flight is finished first"), "{screen}");
    assert!(screen.contains("error: stopped when"), "{screen}");
    assert!(world.folder().join("users.csv.journal").exists());
}

#[test]
fn how_far_a_plan_is_can_be_seen_and_ctrl_c_ends_it() {
    const SAID: &str = "stopped while users were looked up: nothing was changed";
    for (line, last_word) in [
        ("import users.csv", SAID.to_owned()),
        ("import users.csv --dry-run", SAID.to_owned()),
        ("sync users.csv --quiet", SAID.to_owned()),
        ("sync users.csv -o json", format!(r#"{{"code":"interrupted","error":"{SAID}"}}"#)),
    ] {
        let world = World::new();
        let users = world.sandbox().users();
        let rows: Vec<String> = users.iter().take(3).map(|user| format!("{},+351 1", user.email)).collect();
        world.file("users.csv", &format!("email,phone\n{}\n", rows.join("\n")));
        // Two look-ups are done, and one would be repeated after half a minute.
        let fault = FaultRule::new(Fault::TooManyRequests { retry_after: 30 }).on(Method::Get, "/run/users");
        world.sandbox().inject(fault).unwrap();
        let mut terminal = Terminal::run(&world, &format!("run user {line}"), &[]);
        if line.contains("--quiet") {
            while world.sandbox().journal().len() < 3 && terminal.child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
        } else {
            terminal.shows("2/3");
        }
        terminal.types("\u{3}");
        terminal.shows("stopping: what is in flight is finished first");
        let (exit, screen, written) = terminal.end();
        assert_eq!(exit, 130, "{line}: {screen}");
        assert!(written.contains(&last_word), "{line}: {screen}");
        assert_eq!(written.contains("━"), !line.contains("--quiet"), "{line}: {written:?}");
        assert!(world.sandbox().journal().iter().all(|handled| handled.route.method() == Method::Get), "{line}");
        let files = std::fs::read_dir(world.folder()).unwrap().count();
        assert_eq!(files, 1, "{line}: neither a journal nor its lock is left");
    }
}

#[test]
fn ctrl_c_while_those_who_are_meant_are_looked_up_ends_at_once_and_says_so() {
    const SAID: &str = "stopped while users were looked up: nothing was changed";
    for (line, last_word) in [
        ("user delete ananya.iyer@example.com --yes", SAID.to_owned()),
        ("user delete --all --yes -o json", format!(r#"{{"code":"interrupted","error":"{SAID}"}}"#)),
        ("notify create --user ananya.iyer@example.com --title A --message B", SAID.to_owned()),
        ("notify create --all --title A --message B --yes", SAID.to_owned()),
    ] {
        let world = World::new();
        // The look-up would be repeated after half a minute.
        let fault = FaultRule::new(Fault::TooManyRequests { retry_after: 30 }).on(Method::Get, "/run/users");
        world.sandbox().inject(fault).unwrap();
        let mut terminal = Terminal::run(&world, &format!("run {line}"), &[]);
        while world.sandbox().journal().is_empty() && terminal.child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        terminal.types("\u{3}");
        let (exit, screen, written) = terminal.end();
        assert_eq!(exit, 130, "{line}: {screen}");
        assert!(written.contains(&last_word), "{line}: {screen}");
        assert!(world.sandbox().journal().iter().all(|handled| handled.route.method() == Method::Get), "{line}");
    }
}

#[test]
fn a_chart_is_no_wider_than_the_terminal() {
    let world = World::new();
    let line = "profile usage --from 2026-01-01 --to 2026-01-31 --period hour --per-period --service input --chart";
    let (code, screen, written) = Terminal::run(&world, line, &[]).end();
    assert_eq!(code, 0, "{screen}");
    let axis = screen.lines().find(|line| line.contains('┼')).unwrap_or_default();
    assert!((70..=80).contains(&axis.chars().count()), "{screen}");
    assert!(screen.contains("a bar is the mean of 12 hours") && written.contains("\u{1b}[1minput"), "{written:?}");
}

#[test]
fn how_far_a_long_audit_log_is_read_is_said_to_who_waits() {
    let world = World::new();
    let line = "profile audit --from 2026-01-01 --to 2026-01-31 --columns message";
    for (form, is_said) in [("table", true), ("jsonl", false)] {
        let (code, screen, _) = Terminal::run(&world, &format!("{line} -o {form}"), &[]).end();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Device Cold room 2 edited"), "{screen}");
        assert_eq!(screen.contains(" events before 2026-01-"), is_said, "{screen}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_a_question_leaves_the_terminal_as_it_was() {
    const CANONICAL: u64 = 0o2;
    const ECHO: u64 = 0o10;
    let modes = |master: &dyn MasterPty| {
        master.get_termios().map(|modes| u64::from(modes.local_flags.bits()) & (CANONICAL | ECHO))
    };
    let json = r#"{"code":"interrupted","error":"interrupted at a question"}"#;
    for (line, question, asking) in [
        (format!("team remove {MEMBER}"), "Remove the team member", 0),
        (format!("token create ci --permission read --email {}", Sandbox::EMAIL), "Password of ", CANONICAL),
        ("run user edit beatriz.almeida@example.com --new-password".to_owned(), "New password of", CANONICAL),
    ] {
        for (form, said) in [("table", "error: interrupted at a question"), ("json", json)] {
            let world = World::new();
            let mut terminal = Terminal::run(&world, &format!("{line} -o {form}"), &[]);
            terminal.shows(question);
            // What is typed from now on isn't shown: the question sets that first.
            assert_eq!(modes(&*terminal.master), Some(asking), "{line}");
            terminal.types("\u{3}");
            terminal.shows(said);
            let code = terminal.child.wait().unwrap().exit_code();
            assert_eq!(code, 130, "{line}");
            assert_eq!(modes(&*terminal.master), Some(CANONICAL | ECHO), "{line}");
            let (_, screen, written) = terminal.end();
            assert!(screen.lines().any(|line| line == said), "on a line of its own: {screen}");
            let hidden = written.rfind("\u{1b}[?25l");
            assert!(hidden.is_none() || hidden < written.rfind("\u{1b}[?25h"), "the cursor is there: {written:?}");
            assert!(world.sandbox().journal().iter().all(|handled| handled.route.method() == Method::Get), "{line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_after_a_question_is_heard_by_the_work() {
    let world = World::with(SandboxBuilder::empty);
    world.file("users.csv", &list_of(60));
    let mut terminal =
        Terminal::run(&world, "run user sync users.csv --timezone UTC --generate-password --rate 1", &[]);
    terminal.shows("Create 60 users?");
    terminal.types("y");
    terminal.shows("waiting for the next minute");
    terminal.types("\u{3}");
    let (exit, screen, _) = terminal.end();
    assert_eq!(exit, 130, "{screen}");
    assert!(screen.contains("error: stopped when"), "{screen}");
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    const STEERING: &str = "\u{1b}]0;owned\u{7}\u{1b}[2K\u{9b}1A\u{202e}";
    let is_steered = |written: &str| {
        ["owned\u{7}", "\u{1b}[2K\u{9b}", "\u{9b}1A", "\u{202e}"].iter().any(|text| written.contains(text))
    };
    let world = World::new();
    let client = world.sandbox().client().unwrap();
    let users = client.run().users();
    for (name, email) in [("Eve", "eve@example.com"), ("Mallory", "mallory@example.com")] {
        let user = NewUser::new(format!("{name}{STEERING}"), email, "UTC").password(Password::new(PLANTED).unwrap());
        users.create(&user).unwrap();
    }
    world.file("users.csv", &format!("email,name\neve@example.com,Eve 2{STEERING}\nananya.iyer@example.com,\n"));
    world.file("user.json", &format!("{{\"na{STEERING}me\": 1}}").replace(['\u{1b}', '\u{7}'], "\u{9b}"));
    for (line, shown) in [
        ("run user delete eve@example.com", Some("Delete the user Eve")),
        ("run user delete eve@example.com mallory@example.com", Some("Delete 2 users for good?")),
        ("run user sync users.csv", Some("Update 1 user?")),
        ("run user delete eve@example.com --dry-run", None),
        ("run user import users.csv --dry-run", None),
        ("run user info eve@example.com", None),
        ("run user list --email eve@example.com", None),
        ("run user edit eve@example.com --json user.json", None),
        ("api get /run/users --query amount=40", None),
        ("run user delete eve@example.com --yes", None),
    ] {
        let mut terminal = Terminal::run(&world, line, &[]);
        if let Some(question) = shown {
            terminal.shows(question);
            terminal.types("n");
        }
        let (_, screen, written) = terminal.end();
        assert!(!is_steered(&written), "{line}: {written:?}");
        assert!(screen.contains("\\u{202e}") || line.ends_with("@example.com"), "{line}: {screen}");
    }
    // What is a list's field name to us is anybody's word.
    let fault = Fault::Answer {
        status: 200,
        content_type: "application/json".to_owned(),
        body: r#"{"status": true, "result": {"\u001b]0;owned\u0007\u202e": "x"}}"#.to_owned(),
    };
    world.sandbox().inject(FaultRule::new(fault).on(Method::Get, "/run")).unwrap();
    let (_, screen, written) = Terminal::run(&world, "api get /run", &[]).end();
    assert!(screen.contains("\\u{1b}]0;owned\\u{7}\\u{202e}") && !is_steered(&written), "{written:?}");
}
