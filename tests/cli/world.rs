//! A TagoIO that begins the same each time, and a way to run `tagoctl` in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use snapbox::cmd::OutputAssert;
use tagoio::clock::ManualClock;
use tagoio::sandbox::{Sandbox, SandboxBuilder, SandboxServer};

use crate::coverage::coverage_file;
pub(crate) use crate::secrets::PLANTED;
use crate::secrets::{Process, Run, Secrets};

/// A served sandbox at noon of 31 January 2026, and an empty folder to work in.
pub(crate) struct World {
    server: SandboxServer,
    folder: tempfile::TempDir,
    /// The files that the test put there, which may hold secrets.
    given: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// With other settings of the sandbox.
    pub(crate) fn with(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        let clock = ManualClock::at("2026-01-31T12:00:00Z".parse().unwrap());
        let sandbox = settings(Sandbox::builder().clock(Arc::new(clock))).build();
        let server = sandbox.serve("127.0.0.1:0").unwrap();
        Self { server, folder: tempfile::tempdir().unwrap(), given: RefCell::default() }
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.server.sandbox()
    }

    /// The address of the served sandbox.
    pub(crate) fn api(&self) -> String {
        self.server.url()
    }

    /// Forgets which requests came.
    pub(crate) fn clear(&self) {
        self.sandbox().clear_journal();
    }

    /// Makes sure that no request came since.
    pub(crate) fn nothing_was_sent(&self) {
        let journal: Vec<String> = self.sandbox().journal().iter().map(ToString::to_string).collect();
        assert!(journal.is_empty(), "{journal:?}");
    }

    /// The folder that commands run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file into the folder.
    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self.given.borrow_mut().insert(name.to_owned(), text.as_bytes().to_vec());
    }

    /// Reads a file of the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Reads a file of the folder that has a secret in it on purpose, and removes it.
    pub(crate) fn take(&self, name: &str) -> String {
        let text = self.read(name);
        std::fs::remove_file(self.folder.path().join(name)).unwrap();
        text
    }

    /// A command line without its first word, as a shell takes it, with the sandbox's token in the environment.
    pub(crate) fn command(&self, line: &str) -> Run {
        Run::new(self.program(line), self.secrets(line))
    }

    /// The same, to be watched while it runs.
    pub(crate) fn process(&self, line: &str) -> Process {
        Process::new(self.program(line), self.secrets(line))
    }

    /// What a command line may not show. In the files of earlier ones there is none of it, either.
    pub(crate) fn secrets(&self, line: &str) -> Secrets {
        let secrets = Secrets::of(self.sandbox(), line);
        secrets.check_files(self.folder(), &self.given.borrow());
        secrets
    }

    fn program(&self, line: &str) -> std::process::Command {
        let mut process = std::process::Command::new(snapbox::cmd::cargo_bin!("tagoctl"));
        process
            .env_clear()
            .envs(coverage_file())
            .env("HOME", self.folder.path())
            .env("TAGOIO_API", self.server.url())
            .env("TAGOIO_TOKEN", self.sandbox().token().expose())
            .env("TAGOIO_REQUEST_ATTEMPTS", "1")
            .env("PASSWORD", Sandbox::PASSWORD)
            .env("PLANTED", PLANTED)
            .current_dir(self.folder.path())
            .args(shlex::split(line).expect("a command line"));
        process
    }

    /// Runs a command line. No secret is in what comes out.
    pub(crate) fn tagoctl(&self, line: &str) -> OutputAssert {
        self.command(line).assert()
    }

    /// As [`tagoctl`](Self::tagoctl), with text on standard input.
    pub(crate) fn tagoctl_with_stdin(&self, line: &str, stdin: &str) -> OutputAssert {
        self.command(line).stdin(stdin).assert()
    }

    /// What comes out, as text, of a command that succeeds.
    pub(crate) fn stdout(&self, line: &str) -> String {
        let assert = self.tagoctl(line).success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }
}

/// No command has left a secret in a file.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            Secrets::of(self.sandbox(), "").check_files(self.folder(), &self.given.borrow());
        }
    }
}
