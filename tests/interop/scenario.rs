//! The official clients as judges of the sandbox: each makes the calls of `scenario.json` in a sandbox of its own, and
//! answers, requests and what the sandbox holds in the end are compared. See `README.md`.
//!
//! `tests/interop/run` installs the official clients and names their place in `TAGOIO_INTEROP_HOME`. Without it the
//! scenario is played by `tagoio` alone: once by HTTP, once in memory.

mod clients;
mod guide;
mod judge;
#[path = "../support/official.rs"]
mod official;
#[expect(dead_code, reason = "tests/docs looks at more than blocks of code")]
#[path = "../support/page.rs"]
mod page;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clients::{Client, InProcess, Order, Process, Reply};
use judge::{Differences, Disagreement, What};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tagoio::PinCode;
use tagoio::clock::{Clock as _, ManualClock};
use tagoio::sandbox::{Fault, FaultRule, Sandbox, SandboxServer};

/// The code of the account's second factor.
const CODE: &str = "271828";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What the clocks of the sandboxes show at first; they go on by a second after each step.
    start: DateTime<Utc>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What is done, in words that no other step has.
    #[serde(rename = "step")]
    title: String,
    /// The official name of the call.
    call: String,
    #[serde(default)]
    args: Vec<Value>,
    /// A token other than the sandbox's own.
    token: Option<String>,
    /// The same request for a client that can't make the call: `method`, `path`, and perhaps `query` and `body`.
    by_hand: Option<Value>,
    /// What the clocks are put forward to before it.
    at: Option<DateTime<Utc>>,
    /// What goes wrong with it.
    fault: Option<FaultRule>,
    /// The sentence that it is refused with; without one it has to succeed.
    refused: Option<String>,
    /// What the answer has at some places.
    #[serde(default)]
    gives: BTreeMap<String, Value>,
    /// What is kept of the answer for later steps, by the name it is kept under: `${name}`.
    #[serde(default)]
    keep: BTreeMap<String, String>,
}

/// What came of a step with one client.
struct Deed {
    /// `{"ok": …}` or `{"error": …}`.
    answer: Value,
    /// Method, route and status of each request that arrived.
    requests: Vec<String>,
    /// Why the client can't make the call, when it was made by hand.
    by_hand: Option<String>,
}

/// What came of the whole scenario with one client.
struct Testimony {
    client: &'static str,
    /// The client's own name and version.
    title: String,
    /// Its methods, when they can be read off it.
    methods: Option<BTreeSet<String>>,
    deeds: Vec<Deed>,
    /// What its sandbox holds in the end.
    world: Value,
    /// What the steps kept.
    kept: BTreeMap<String, Value>,
}

/// A lie, to see whether it is found: what comes of one step is not what the sandbox says.
struct Lie {
    step: &'static str,
    rule: FaultRule,
    /// Whether the first client, with which the others are compared, is told it too.
    to_all: bool,
}

/// A client and its sandbox.
struct Player {
    name: &'static str,
    client: Box<dyn Client>,
    sandbox: Sandbox,
    clock: Arc<ManualClock>,
    /// Served as long as the player is there.
    _server: Option<SandboxServer>,
}

impl Player {
    /// A sandbox like all others. Its rate limits are on: at a second a step nobody comes near them.
    fn sandbox(start: DateTime<Utc>) -> Result<(Sandbox, Arc<ManualClock>), String> {
        let clock = Arc::new(ManualClock::at(start));
        let code = PinCode::new(CODE).map_err(|error| error.to_string())?;
        Ok((Sandbox::builder().clock(clock.clone()).two_factor(code).build(), clock))
    }

    fn in_memory(name: &'static str, start: DateTime<Utc>) -> Result<Self, String> {
        let (sandbox, clock) = Self::sandbox(start)?;
        let client = Box::new(InProcess::in_memory(&sandbox));
        Ok(Self { name, client, sandbox, clock, _server: None })
    }

    fn served(
        name: &'static str,
        start: DateTime<Utc>,
        client: impl FnOnce(&SandboxServer) -> Result<Box<dyn Client>, String>,
    ) -> Result<Self, String> {
        let (sandbox, clock) = Self::sandbox(start)?;
        let server = sandbox.serve("127.0.0.1:0").map_err(|error| error.to_string())?;
        let client = client(&server)?;
        Ok(Self { name, client, sandbox, clock, _server: Some(server) })
    }

    /// Goes through the scenario.
    fn play(mut self, scenario: &Scenario, differences: &Differences, lie: Option<&Lie>) -> Result<Testimony, String> {
        let mut kept: BTreeMap<String, Value> = [
            ("profile", json!(self.sandbox.profile_id())),
            ("token", json!(self.sandbox.token())),
            ("email", json!(Sandbox::EMAIL)),
            ("password", json!(Sandbox::PASSWORD)),
            ("code", json!(CODE)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let mut deeds = Vec::new();
        for step in &scenario.steps {
            let deed = self.act(step, differences, lie, &kept).map_err(|problem| {
                let name = self.name;
                format!("{name}: {}: {problem}", step.title)
            })?;
            for (name, place) in &step.keep {
                let value = judge::at(&deed.answer["ok"], place);
                if kept.insert(name.clone(), value).is_some() {
                    return Err(format!("{}: something is kept as {name} already", step.title));
                }
            }
            deeds.push(deed);
            self.clock.advance(Duration::from_secs(1));
        }
        let world = world::read(&self.sandbox, kept.values().filter_map(Value::as_str))
            .map_err(|error| format!("{}: what the sandbox holds can't be read: {error}", self.name))?;
        Ok(Testimony {
            client: self.name,
            title: self.client.title(),
            methods: self.client.methods(),
            deeds,
            world,
            kept,
        })
    }

    fn act(
        &mut self,
        step: &Step,
        differences: &Differences,
        lie: Option<&Lie>,
        kept: &BTreeMap<String, Value>,
    ) -> Result<Deed, String> {
        if let Some(at) = step.at {
            let ahead = (at - self.clock.utc()).to_std().map_err(|_| format!("it is later than {at} already"))?;
            self.clock.advance(ahead);
        }
        let rule = lie.filter(|lie| lie.step == step.title).map(|lie| &lie.rule).or(step.fault.as_ref());
        if let Some(rule) = rule {
            self.sandbox.inject(rule.clone()).map_err(|error| error.to_string())?;
        }
        let args = differences.args(self.name, step).unwrap_or(&step.args);
        let order = Order {
            token: fill(&json!(step.token.as_deref().unwrap_or("${token}")), kept)?,
            call: &step.call,
            args: args.iter().map(|arg| fill(arg, kept)).collect::<Result<_, _>>()?,
        };
        let before = self.sandbox.journal().len();
        let (answer, by_hand) = match self.client.call(&order)? {
            Reply::Answer(answer) => (answer, None),
            Reply::Unable(why) => {
                let by_hand = step.by_hand.as_ref().ok_or_else(|| format!("{why}, and nothing says how by hand"))?;
                (self.client.by_hand(&order.token, &fill(by_hand, kept)?)?, Some(why))
            }
        };
        if !self.sandbox.faults_waiting().is_empty() {
            return Err("a fault still waits for its request".to_owned());
        }
        let journal = self.sandbox.journal();
        let requests = journal[before..].iter().map(ToString::to_string).collect();
        Ok(Deed { answer, requests, by_hand })
    }
}

/// Puts what was kept in the places of `${name}`.
fn fill(value: &Value, kept: &BTreeMap<String, Value>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => fill_text(text, kept)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, kept)).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let fill_member = |(key, member): (&String, &Value)| Ok((key.clone(), fill(member, kept)?));
            Value::Object(members.iter().map(fill_member).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// What is nothing but a name becomes the value itself, whatever its type.
fn fill_text(text: &str, kept: &BTreeMap<String, Value>) -> Result<Value, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("a name does not end in {text:?}"))?;
        let value = kept.get(name).ok_or_else(|| format!("nothing is kept as {name}"))?;
        if text.len() == name.len() + "${}".len() {
            return Ok(value.clone());
        }
        filled.push_str(before);
        filled.push_str(value.as_str().ok_or_else(|| format!("{name} is not a text"))?);
        rest = after;
    }
    Ok(json!(filled + rest))
}

/// All clients play the scenario, each in a sandbox of its own. The first one is what the others are compared with.
fn play_all(
    scenario: &Scenario,
    differences: &Differences,
    home: Option<&Path>,
    lie: Option<&Lie>,
) -> Result<Vec<Testimony>, String> {
    let start = scenario.start;
    let mut players = vec![
        Player::served("tagoio", start, |server| Ok(Box::new(InProcess::by_http(server))))?,
        Player::in_memory("tagoio in memory", start)?,
    ];
    if let Some(home) = home {
        players.push(Player::served("python", start, |server| {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/client.py");
            Ok(Box::new(Process::start(&home.join("venv/bin/python"), script.as_ref(), &server.url())?))
        })?);
        players.push(Player::served("javascript", start, |server| {
            let script = home.join("node/client.mjs");
            Ok(Box::new(Process::start(&home.join("node/bin/node"), &script, &server.url())?))
        })?);
    }
    let play = |(at, player): (usize, Player)| {
        let lie = lie.filter(|lie| lie.to_all || at > 0);
        player.play(scenario, differences, lie)
    };
    players.into_iter().enumerate().map(play).collect()
}

/// Tells lies to the clients, each of which has to be found out, and says how many.
fn self_check(scenario: &Scenario, home: Option<&Path>) -> Result<usize, String> {
    let says = |result: Value| Fault::Answer {
        status: 200,
        content_type: "application/json".to_owned(),
        body: json!({"status": true, "result": result}).to_string(),
    };
    let mallory = FaultRule::new(says(json!({"id": "1", "name": "Mallory"}))).taking_effect();
    let lost = FaultRule::new(says(json!("TagoIO Run User Successfully Updated")));
    let other_words = FaultRule::new(says(json!("User ignored"))).taking_effect();
    let lies = [
        // An answer that is wrong, although the request took effect.
        (Lie { step: "the user with little", rule: mallory, to_all: false }, vec![What::Answer]),
        // A change that is confirmed, but not made. The journal has what was sent, so the requests agree.
        (Lie { step: "tags are taken away", rule: lost, to_all: false }, vec![What::Answer, What::World]),
        // All are told the same, so that they agree, but it is not what TagoIO says.
        (Lie { step: "a colleague is invited", rule: other_words, to_all: true }, vec![What::Expected]),
    ];
    for (lie, shows) in &lies {
        let differences: Differences = read("differences.json")?;
        let testimonies = play_all(scenario, &differences, home, Some(lie))?;
        let found = judge::compare(scenario, &testimonies, &differences);
        for (at, testimony) in testimonies.iter().enumerate() {
            // The first client is held against what is expected, the others against the first.
            let expected = if lie.to_all == (at == 0) { &shows[..] } else { &[] };
            let found = found.iter().filter(|found| found.client == testimony.client);
            let found: Vec<What> = found.map(|found| found.what).collect();
            if !(expected.iter().all(|what| found.contains(what)) && found.iter().all(|what| expected.contains(what))) {
                return Err(format!(
                    "the lie in \"{}\" should show with {} in {expected:?}, but does in {found:?}",
                    lie.step, testimony.client
                ));
            }
        }
    }
    Ok(lies.len())
}

fn read<T: DeserializeOwned>(name: &str) -> Result<T, String> {
    let path = format!("{}/tests/interop/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

fn hold() -> Result<String, String> {
    let scenario: Scenario = read("scenario.json")?;
    let differences: Differences = read("differences.json")?;
    let titles: BTreeSet<&str> = scenario.steps.iter().map(|step| step.title.as_str()).collect();
    if titles.len() != scenario.steps.len() {
        return Err("scenario.json: two steps have the same words".to_owned());
    }
    let home = std::env::var_os("TAGOIO_INTEROP_HOME");
    let home = home.as_deref().map(Path::new);

    let testimonies = play_all(&scenario, &differences, home, None)?;
    let mut found = judge::compare(&scenario, &testimonies, &differences);
    found.extend(judge::uncalled(&scenario, &testimonies)?);
    found.extend(differences.unused(testimonies.iter().map(|testimony| testimony.client)));
    if !found.is_empty() {
        let lines: Vec<String> = found.iter().map(Disagreement::to_string).collect();
        return Err(format!("{}\n{} disagreements", lines.join("\n"), found.len()));
    }
    let lies = self_check(&scenario, home)?;
    let guide = match home {
        Some(home) => format!("; {} blocks of the guide ran", guide::run(home)?),
        None => String::new(),
    };

    let title = |testimony: &Testimony| match &testimony.methods {
        Some(methods) => format!("{} with all its {} methods", testimony.title, methods.len()),
        None => testimony.title.clone(),
    };
    let titles: Vec<String> = testimonies.iter().map(title).collect();
    let calls: BTreeSet<&str> = scenario.steps.iter().map(|step| step.call.as_str()).collect();
    let requests: usize = testimonies[0].deeds.iter().map(|deed| deed.requests.len()).sum();
    Ok(format!(
        "{} agree: {} steps of {} methods, their answers, {requests} requests and the {} final worlds, but for {} listed \
         differences; {lies} lies were found out{guide}",
        titles.join(", "),
        scenario.steps.len(),
        calls.len(),
        testimonies.len(),
        differences.used(),
    ))
}

fn main() -> ExitCode {
    match hold() {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
