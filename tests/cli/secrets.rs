//! What no command may show, and those who look for it in all that `tagoctl` writes.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use snapbox::cmd::OutputAssert;
use tagoio::sandbox::Sandbox;

use crate::coverage::coverage_file;

/// A password that tests set: it must never be seen.
pub(crate) const PLANTED: &str = "planted-Passw0rd-7c1f";

/// What must not be shown: passwords, and each token that there is when a command begins. One that is made by the
/// command is what the command is for.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<BTreeMap<String, &'static str>>);

impl Secrets {
    /// Those that a command line hasn't asked for.
    pub(crate) fn of(sandbox: &Sandbox, line: &str) -> Self {
        let mut secrets = BTreeMap::new();
        if !line.contains("--show-secrets") {
            let world = serde_json::to_value(sandbox.snapshot()).unwrap();
            collect(&world, &mut secrets);
            assert!(!secrets.is_empty(), "the tokens of the world aren't found");
        }
        secrets.insert(sandbox.token().expose().to_owned(), "the token");
        secrets.insert(Sandbox::PASSWORD.to_owned(), "the password");
        secrets.insert(PLANTED.to_owned(), "a new password");
        Self(Arc::new(secrets))
    }

    /// None: for a command that shows what it is asked for.
    pub(crate) fn none() -> Self {
        Self(Arc::new(BTreeMap::new()))
    }

    /// Makes sure that none of them is in a text.
    pub(crate) fn check(&self, place: &str, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        for (secret, what) in &*self.0 {
            assert!(!text.contains(secret.as_str()), "{what} is shown in {place}: {text}");
        }
    }

    fn check_output(&self, output: &Output) {
        self.check("standard output", &output.stdout);
        self.check("standard error", &output.stderr);
    }

    /// Makes sure that none of them is in a file below a folder, but for those files that are still as they were given.
    pub(crate) fn check_files(&self, folder: &Path, given: &BTreeMap<String, Vec<u8>>) {
        for entry in walk(folder) {
            let name = entry.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let text = std::fs::read(&entry).unwrap();
            if given.get(&name) != Some(&text) {
                self.check(&name, &text);
            }
        }
    }
}

/// The values of all tokens in a world.
fn collect(value: &Value, secrets: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(token) if name == "token" || name == "anonymous_token" => {
                        secrets.insert(token.clone(), "a token of the world");
                    }
                    below => collect(below, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        _ => {}
    }
}

/// All regular files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(walk(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

/// A command that is run to its end, and checked.
#[must_use]
pub(crate) struct Run {
    command: snapbox::cmd::Command,
    secrets: Secrets,
}

impl Run {
    pub(crate) fn new(process: std::process::Command, secrets: Secrets) -> Self {
        Self { command: snapbox::cmd::Command::from_std(process), secrets }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command = self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command = self.command.env_remove(name);
        self
    }

    pub(crate) fn env_clear(mut self) -> Self {
        self.command = self.command.env_clear().envs(coverage_file());
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.command = self.command.stdin(text.to_owned());
        self
    }

    pub(crate) fn assert(self) -> OutputAssert {
        let assert = self.command.assert();
        self.secrets.check_output(assert.get_output());
        assert
    }
}

/// A command that is watched while it runs; what is read of it is checked. Its methods are those of
/// [`std::process::Command`].
#[must_use]
pub(crate) struct Process {
    process: std::process::Command,
    secrets: Secrets,
}

impl Process {
    pub(crate) fn new(process: std::process::Command, secrets: Secrets) -> Self {
        Self { process, secrets }
    }

    /// Lets it show secrets: they are what it is for.
    pub(crate) fn showing_secrets(mut self) -> Self {
        self.secrets = Secrets::none();
        self
    }

    pub(crate) fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Self {
        self.process.stdin(stdin);
        self
    }

    pub(crate) fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Self {
        self.process.stdout(stdout);
        self
    }

    pub(crate) fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Self {
        self.process.stderr(stderr);
        self
    }

    pub(crate) fn output(&mut self) -> io::Result<Output> {
        let output = self.process.output()?;
        self.secrets.check_output(&output);
        Ok(output)
    }

    pub(crate) fn spawn(&mut self) -> io::Result<Watched> {
        let mut child = self.process.spawn()?;
        let secrets = &self.secrets;
        Ok(Watched {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(|stdout| Checked::new(stdout, secrets)),
            stderr: child.stderr.take().map(|stderr| Checked::new(stderr, secrets)),
            child,
        })
    }
}

/// A running command.
pub(crate) struct Watched {
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<Checked<ChildStdout>>,
    pub(crate) stderr: Option<Checked<ChildStderr>>,
    child: Child,
}

impl Watched {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.stdin = None;
        self.child.wait()
    }
}

/// A stream whose text is checked when it is done with.
pub(crate) struct Checked<R> {
    stream: R,
    read: Vec<u8>,
    secrets: Secrets,
}

impl<R> Checked<R> {
    fn new(stream: R, secrets: &Secrets) -> Self {
        Self { stream, read: Vec::new(), secrets: secrets.clone() }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.read.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

impl<R> Drop for Checked<R> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.secrets.check("what was read", &self.read);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn all_tokens_of_the_world_are_looked_for() {
        let world = World::new();
        let secrets = Secrets::of(world.sandbox(), "token list");
        let listed = world.sandbox().client().unwrap();
        for token in listed.token().iter(tagoio::ProfileId::CURRENT, &tagoio::token::TokenQuery::new()) {
            let value = token.unwrap().token.unwrap();
            assert!(secrets.0.contains_key(value.expose()));
        }
        assert!(secrets.0.contains_key(PLANTED) && secrets.0.contains_key(Sandbox::PASSWORD));
    }

    #[test]
    #[should_panic = "the password is shown in secret.txt"]
    fn a_secret_in_a_file_is_found() {
        let world = World::new();
        std::fs::write(world.folder().join("secret.txt"), Sandbox::PASSWORD).unwrap();
        world.tagoctl("team list");
    }

    #[test]
    #[should_panic = "a token of the world is shown in standard output"]
    fn a_token_that_comes_out_is_found() {
        let world = World::new();
        // What the sandbox of the command holds is what this world holds, too: both begin the same.
        let line = "--sandbox token list --columns token -o csv --show-secrets";
        let mut process = std::process::Command::new(snapbox::cmd::cargo_bin!("tagoctl"));
        process.env_clear().args(shlex::split(line).unwrap());
        Process::new(process, Secrets::of(world.sandbox(), ""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .output()
            .unwrap();
    }

    #[test]
    fn nothing_else_runs_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
        let runners: Vec<String> = walk(&folder)
            .into_iter()
            .filter(|file| std::fs::read_to_string(file).unwrap().contains("cargo_bin!"))
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(
            runners.iter().all(|file| ["secrets.rs", "terminal.rs", "world.rs"].contains(&file.as_str())),
            "{runners:?}"
        );
    }
}
