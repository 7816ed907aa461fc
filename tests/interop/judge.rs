//! What is compared, and which differences are known.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Scenario, Step, Testimony, fill};

/// What a client's play is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// What the call returned.
    Answer,
    /// What arrived at the sandbox.
    Requests,
    /// Whether the call was made by a method of the client's own.
    ByHand,
    /// With which arguments it was made.
    Arguments,
    /// What the sandbox holds in the end.
    World,
    /// Whether all its methods were called.
    #[serde(skip)]
    Methods,
    /// Whether the answer is the one that the scenario expects.
    #[serde(skip)]
    Expected,
    /// Whether a known difference is one.
    #[serde(skip)]
    Difference,
}

/// Something that is not as it is with `tagoio`, or not as the scenario has it.
#[derive(Debug)]
pub(crate) struct Disagreement {
    pub(crate) client: &'static str,
    pub(crate) what: What,
    /// The step, when it is about one.
    step: Option<String>,
    detail: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.client, self.what)?;
        if let Some(step) = &self.step {
            write!(f, " of \"{step}\"")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// The rows of `differences.json`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Differences(Vec<Difference>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    clients: Vec<String>,
    what: What,
    /// In which step; in any, when there is none.
    step: Option<String>,
    /// In steps of which call; of any, when there is none.
    call: Option<String>,
    /// At which places and below; `*` is any index or key. Everywhere, when there is none.
    #[serde(default = "everywhere")]
    at: Vec<String>,
    /// The client's own arguments.
    #[serde(default)]
    args: Vec<Value>,
    why: String,
    /// For which client, and at which of its places, it was needed.
    #[serde(skip)]
    used: RefCell<BTreeSet<(String, usize)>>,
}

fn everywhere() -> Vec<String> {
    vec![String::new()]
}

impl Difference {
    fn is_for(&self, client: &str, what: What, step: Option<&Step>) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| wanted.is_none() || wanted.as_deref() == given;
        self.what == what
            && self.clients.iter().any(|known| known == client)
            && is(&self.step, step.map(|step| step.title.as_str()))
            && is(&self.call, step.map(|step| step.call.as_str()))
    }
}

impl Differences {
    /// How many of the rows were needed.
    pub(crate) fn used(&self) -> usize {
        self.0.iter().filter(|row| !row.used.borrow().is_empty()).count()
    }

    /// The arguments that a client takes for a step, when they are of another form than the scenario's.
    pub(crate) fn args(&self, client: &str, step: &Step) -> Option<&[Value]> {
        let row = self.0.iter().find(|row| row.is_for(client, What::Arguments, Some(step)))?;
        row.used.borrow_mut().insert((client.to_owned(), 0));
        Some(&row.args)
    }

    fn excuse(&self, client: &str, what: What, step: Option<&Step>, at: &str) -> bool {
        let covers = |place: &String| {
            let mut at = at.split('/');
            place.split('/').all(|wanted| at.next().is_some_and(|given| wanted == "*" || wanted == given))
        };
        let mut rows = self.0.iter().filter(|row| row.is_for(client, what, step));
        let found = rows.find_map(|row| Some((row, row.at.iter().position(covers)?)));
        if let Some((row, place)) = found {
            row.used.borrow_mut().insert((client.to_owned(), place));
        }
        found.is_some()
    }

    /// The rows that nothing needs any more.
    pub(crate) fn unused(&self, clients: impl Iterator<Item = &'static str>) -> Vec<Disagreement> {
        let mut found = Vec::new();
        for client in clients {
            for row in self.0.iter().filter(|row| row.clients.iter().any(|known| known == client)) {
                let unused = |place: &usize| !row.used.borrow().contains(&(client.to_owned(), *place));
                found.extend((0..row.at.len()).filter(unused).map(|place| Disagreement {
                    client,
                    what: What::Difference,
                    step: row.step.clone(),
                    detail: format!("there is none any more at {:?}: {}", row.at[place], row.why),
                }));
            }
        }
        found
    }
}

/// Compares the first testimony with the scenario, and the others with it.
pub(crate) fn compare(scenario: &Scenario, testimonies: &[Testimony], differences: &Differences) -> Vec<Disagreement> {
    let Some((first, others)) = testimonies.split_first() else { return Vec::new() };
    let mut found = unexpected(scenario, first);
    for testimony in testimonies {
        let client = testimony.client;
        for (step, deed) in scenario.steps.iter().zip(&testimony.deeds) {
            let Some(why) = &deed.by_hand else { continue };
            if !differences.excuse(client, What::ByHand, Some(step), "") {
                let step = Some(step.title.clone());
                found.push(Disagreement { client, what: What::ByHand, step, detail: why.clone() });
            }
        }
    }
    for other in others {
        let client = other.client;
        let mut note = |what, step: Option<&Step>, unequal: Vec<Unequal>| {
            let rest: Vec<Unequal> =
                unequal.into_iter().filter(|unequal| !differences.excuse(client, what, step, &unequal.at)).collect();
            if let Some(detail) = detail(&rest) {
                found.push(Disagreement { client, what, step: step.map(|step| step.title.clone()), detail });
            }
        };
        for ((step, ours), theirs) in scenario.steps.iter().zip(&first.deeds).zip(&other.deeds) {
            // Types tell null from nothing where a caller writes back what was read, and only there.
            let answers = unequal(&without_nulls(&ours.answer), &without_nulls(&theirs.answer));
            note(What::Answer, Some(step), answers);
            note(What::Requests, Some(step), unequal(&json!(ours.requests), &json!(theirs.requests)));
        }
        note(What::World, None, unequal(&first.world, &other.world));
    }
    found
}

/// The first few of them.
fn detail(unequal: &[Unequal]) -> Option<String> {
    const SHOWN: usize = 3;
    let shown: Vec<String> = unequal.iter().take(SHOWN).map(Unequal::to_string).collect();
    let more = match unequal.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!shown.is_empty()).then(|| shown.join("; ") + &more)
}

/// What the scenario expects, and the client did not get.
fn unexpected(scenario: &Scenario, testimony: &Testimony) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for (step, deed) in scenario.steps.iter().zip(&testimony.deeds) {
        let mut note = |detail| {
            let step = Some(step.title.clone());
            found.push(Disagreement { client: testimony.client, what: What::Expected, step, detail });
        };
        let refused = deed.answer.get("error");
        if refused.and_then(Value::as_str) != step.refused.as_deref() {
            note(match &step.refused {
                Some(refused) => format!("not refused with {refused:?}, but {}", deed.answer),
                None => format!("refused: {}", deed.answer),
            });
            continue;
        }
        for (place, expected) in &step.gives {
            let actual = at(&deed.answer["ok"], place);
            match fill(expected, &testimony.kept) {
                Ok(expected) if fits(&expected, &actual) => {}
                Ok(expected) => note(format!("{place} is {actual}, not {expected}")),
                Err(problem) => note(problem),
            }
        }
    }
    found
}

/// The methods that no step calls: those that official clients have, and those that `docs/endpoints.md` says we have.
pub(crate) fn uncalled(scenario: &Scenario, testimonies: &[Testimony]) -> Result<Vec<Disagreement>, String> {
    let ledger = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/endpoints.md");
    let ledger = std::fs::read_to_string(ledger).map_err(|error| format!("{ledger}: {error}"))?;
    let names = ledger.lines().filter_map(|line| line.split('|').nth(3)).map(|cell| cell.trim().trim_matches('`'));
    let ours: BTreeSet<String> = names.filter(|name| name.contains('.')).map(str::to_owned).collect();

    let mut found = Vec::new();
    for testimony in testimonies {
        let deeds = scenario.steps.iter().zip(&testimony.deeds).filter(|(_, deed)| deed.by_hand.is_none());
        let called: BTreeSet<&str> = deeds.map(|(step, _)| step.call.as_str()).collect();
        let methods = testimony.methods.as_ref().unwrap_or(&ours);
        if methods.is_empty() {
            return Err(format!("no methods of {} were found", testimony.client));
        }
        found.extend(methods.iter().filter(|method| !called.contains(method.as_str())).map(|method| Disagreement {
            client: testimony.client,
            what: What::Methods,
            step: None,
            detail: format!("{method} is never called"),
        }));
    }
    Ok(found)
}

/// What stands at a place: as a JSON pointer, but `*` collects what stands there in each item of an array.
pub(crate) fn at(value: &Value, place: &str) -> Value {
    let Some(rest) = place.strip_prefix('/') else { return value.clone() };
    let (key, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    match (value, key) {
        (Value::Array(items), "*") => items.iter().map(|item| at(item, rest)).collect(),
        (Value::Array(items), index) => {
            index.parse::<usize>().ok().and_then(|index| items.get(index)).map_or(Value::Null, |item| at(item, rest))
        }
        (Value::Object(members), key) => members.get(key).map_or(Value::Null, |member| at(member, rest)),
        _ => Value::Null,
    }
}

/// Whether a value is the expected one, in whose texts `*` is anything.
fn fits(expected: &Value, actual: &Value) -> bool {
    fn text(expected: &str, actual: &str) -> bool {
        match expected.split_once('*') {
            None => expected == actual,
            Some((start, rest)) => actual.strip_prefix(start).is_some_and(|actual| {
                (0..=actual.len()).filter(|at| actual.is_char_boundary(*at)).any(|at| text(rest, &actual[at..]))
            }),
        }
    }
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) => text(expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| fits(expected, actual))
        }
        _ => unequal(&without_nulls(expected), &without_nulls(actual)).is_empty(),
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            members.map(|(key, member)| (key.clone(), without_nulls(member))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// A place where two values are not the same.
struct Unequal {
    at: String,
    ours: Option<Value>,
    theirs: Option<Value>,
}

impl fmt::Display for Unequal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        write!(f, "{:?} is {}, with tagoio {}", self.at, show(&self.theirs), show(&self.ours))
    }
}

fn unequal(ours: &Value, theirs: &Value) -> Vec<Unequal> {
    fn pair<'a>(members: &'a Map<String, Value>, others: &'a Map<String, Value>) -> BTreeSet<&'a String> {
        members.keys().chain(others.keys()).collect()
    }
    fn walk(at: &str, ours: Option<&Value>, theirs: Option<&Value>, found: &mut Vec<Unequal>) {
        match (ours, theirs) {
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                for key in pair(ours, theirs) {
                    walk(&format!("{at}/{key}"), ours.get(key), theirs.get(key), found);
                }
            }
            (Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
                for index in 0..ours.len().max(theirs.len()) {
                    walk(&format!("{at}/{index}"), ours.get(index), theirs.get(index), found);
                }
            }
            // JSON has one kind of number: 1 and 1.0 are equal.
            (Some(Value::Number(ours)), Some(Value::Number(theirs))) if ours.as_f64() == theirs.as_f64() => {}
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                found.push(Unequal { at: at.to_owned(), ours: ours.cloned(), theirs: theirs.cloned() });
            }
        }
    }
    let mut found = Vec::new();
    walk("", Some(ours), Some(theirs), &mut found);
    found
}
