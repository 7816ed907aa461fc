//! The clients that play the scenario: `tagoio` itself, and the official ones, each a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};
use tagoio::sandbox::{Sandbox, SandboxServer};
use tagoio::transport::Method;
use tagoio::{Error, Token};

use crate::official::{self, Problem};

/// A call that is to be made.
pub(crate) struct Order<'a> {
    pub(crate) token: Value,
    pub(crate) call: &'a str,
    pub(crate) args: Vec<Value>,
}

pub(crate) enum Reply {
    /// `{"ok": …}`, or `{"error": …}` with what the client says.
    Answer(Value),
    /// The client has no such call, or can't make it with these arguments: why.
    Unable(String),
}

/// Errors are those of the play, not of the calls in it.
pub(crate) trait Client {
    /// Its name and version.
    fn title(&self) -> String;
    /// The names of its methods, when they can be read off it.
    fn methods(&self) -> Option<BTreeSet<String>>;
    fn call(&mut self, order: &Order<'_>) -> Result<Reply, String>;
    /// Sends a request for which the client has no method, by what it has for that.
    fn by_hand(&mut self, token: &Value, request: &Value) -> Result<Value, String>;
}

type Connect = Box<dyn Fn(Token) -> tagoio::Result<tagoio::Client>>;

/// `tagoio`.
pub(crate) struct InProcess {
    title: String,
    connect: Connect,
}

impl InProcess {
    pub(crate) fn by_http(server: &SandboxServer) -> Self {
        let region = server.region();
        let connect = move |token| {
            // One attempt, as for the others: what is sent again would be counted again.
            tagoio::Client::builder().token(token).region(region.clone()).attempts(1).vars(|_| None).build()
        };
        Self { title: format!("tagoio {}", env!("CARGO_PKG_VERSION")), connect: Box::new(connect) }
    }

    pub(crate) fn in_memory(sandbox: &Sandbox) -> Self {
        let sandbox = sandbox.clone();
        let connect = move |token| sandbox.client_with(token);
        Self { title: "the same in memory".to_owned(), connect: Box::new(connect) }
    }

    fn client(&self, token: &Value) -> Result<tagoio::Client, String> {
        let token = Token::new(token.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        (self.connect)(token).map_err(|error| error.to_string())
    }
}

/// What TagoIO said, or what happened instead.
fn said(error: &Error) -> Value {
    json!({"error": error.message().map_or_else(|| error.to_string(), str::to_owned)})
}

/// An argument as JSON has it: dates become text.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$datetime") {
            Some(date) => date.clone(),
            None => members.iter().map(|(key, member)| (key.clone(), plain(member))).collect(),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

impl Client for InProcess {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn methods(&self) -> Option<BTreeSet<String>> {
        None
    }

    fn call(&mut self, order: &Order<'_>) -> Result<Reply, String> {
        let args: Vec<Value> = order.args.iter().map(plain).collect();
        match official::call(&self.client(&order.token)?, order.call, &args) {
            Ok(answer) => Ok(Reply::Answer(json!({"ok": answer}))),
            Err(Problem::Call(error)) => Ok(Reply::Answer(said(&error))),
            Err(Problem::Argument(problem)) => Ok(Reply::Unable(problem)),
            Err(Problem::Unknown) => Err(format!("there is no call {}", order.call)),
        }
    }

    fn by_hand(&mut self, token: &Value, request: &Value) -> Result<Value, String> {
        let text = |key: &str| request[key].as_str().ok_or_else(|| format!("by_hand has no {key}"));
        let method: Method = text("method")?.parse().map_err(|error| format!("{error}"))?;
        let client = self.client(token)?;
        let mut raw = client.raw(method, text("path")?);
        for (key, value) in request["query"].as_object().into_iter().flatten() {
            raw = raw.query(key, value.to_string());
        }
        if let Some(body) = request.get("body") {
            raw = raw.json(body);
        }
        Ok(raw.send::<Value>().map_or_else(|error| said(&error), |answer| json!({"ok": answer})))
    }
}

/// An official client: a program that reads an order from each line of its input, and writes a line for each.
pub(crate) struct Process {
    child: Child,
    /// `None` once it was told that there is nothing more.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    about: About,
}

/// What an official client says of itself.
#[derive(Default, Deserialize)]
struct About {
    /// Its name and version.
    name: String,
    /// Its methods, with the most arguments that each takes.
    methods: BTreeMap<String, usize>,
}

/// A program that knows of no TagoIO yet. The official clients take their settings from the environment, and Python even a
/// proxy to this very computer.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in ["TAGOIO_API", "TAGOIO_SSE", "TAGOIO_TOKEN", "T_ANALYSIS_TOKEN", "T_ANALYSIS_CONTEXT"] {
        command.env_remove(name);
    }
    command.env("TAGOIO_REQUEST_ATTEMPTS", "1").env("PYTHONUTF8", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command
}

impl Process {
    pub(crate) fn start(program: &Path, script: &Path, url: &str) -> Result<Self, String> {
        let mut command = command(program);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{} has no input or output", program.display()));
        };
        let output = BufReader::new(output);
        let mut process = Self { child, input: Some(input), output, about: About::default() };
        let about = process.exchange(&json!({"api": url}))?;
        process.about = serde_json::from_value(about).map_err(|error| error.to_string())?;
        Ok(process)
    }

    fn exchange(&mut self, message: &Value) -> Result<Value, String> {
        let broken = |error: std::io::Error| format!("the client has ended: {error}");
        if let Some(input) = &mut self.input {
            writeln!(input, "{message}").and_then(|()| input.flush()).map_err(broken)?;
        }
        let mut line = String::new();
        if self.output.read_line(&mut line).map_err(broken)? == 0 {
            return Err("the client has ended without an answer".to_owned());
        }
        serde_json::from_str(&line).map_err(|error| format!("the client answers {line:?}: {error}"))
    }
}

impl Client for Process {
    fn title(&self) -> String {
        self.about.name.clone()
    }

    fn methods(&self) -> Option<BTreeSet<String>> {
        Some(self.about.methods.keys().cloned().collect())
    }

    fn call(&mut self, order: &Order<'_>) -> Result<Reply, String> {
        match self.about.methods.get(order.call) {
            None => Ok(Reply::Unable(format!("it has no {}", order.call))),
            Some(most) if *most < order.args.len() => {
                Ok(Reply::Unable(format!("{} takes no more than {most} arguments", order.call)))
            }
            Some(_) => {
                let order = json!({"token": order.token, "call": order.call, "args": order.args});
                self.exchange(&order).map(Reply::Answer)
            }
        }
    }

    fn by_hand(&mut self, token: &Value, request: &Value) -> Result<Value, String> {
        self.exchange(&json!({"token": token, "by_hand": request}))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // At the end of its input it ends by itself, or has already.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
