//! Replays recorded calls of the official clients through the typed API and compares what is sent.
//!
//! The vectors are those of `tests/fixtures/wire-vectors.json` and `wire-vectors-edge.json` (the JavaScript client 12.3.1
//! once more, with odder arguments), or of the file that `TAGOIO_WIRE_VECTORS` names. Those of
//! the JavaScript client bind; those of the Python client bind where JavaScript has no such method. A call and its
//! vector agree when method and decoded path segments are equal, the queries are equal as sets of decoded pairs, and
//! the bodies are equal as JSON values. Where they don't, a row of `tests/fixtures/deviations.json` has to say why.

#[path = "support/official.rs"]
mod official;
#[path = "support/recorder.rs"]
mod recorder;

use std::cell::Cell;
use std::process::ExitCode;

use official::{Problem, call};
use percent_encoding::percent_decode_str;
use recorder::Recorder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tagoio::transport::Request;

#[derive(Deserialize)]
struct Vector {
    id: String,
    sdk: String,
    method: String,
    args: Vec<Value>,
    request: Option<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    method: String,
    target: String,
    body: Option<String>,
}

/// A deliberate difference from the official clients.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    /// Which vectors: their id, with `*` for any text.
    #[serde(rename = "match")]
    pattern: String,
    /// Why we differ.
    why: String,
    /// Only vectors of which this is true.
    when: Option<Condition>,
    /// Instead of skipping the vector: what the official client takes for what the call does not name, and we don't.
    fill: Option<Map<String, Value>>,
    /// How many of the vectors here it excuses, exactly: a field that gets lost would excuse more.
    skips: Option<usize>,
    #[serde(skip)]
    used: Cell<usize>,
}

#[derive(Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    /// An id is empty, `.` or `..`, or has a character that means something in a URL, and was sent as it is.
    UnescapedId,
    /// A null was sent in the query, as an empty value.
    NullInQuery,
    /// The arguments have a field that TagoIO does not document.
    UnknownField,
    /// The arguments lack a field that TagoIO requires.
    MissingField,
    /// A value is of a type that TagoIO does not document for its place.
    WrongType,
    /// A secret can't be a header or a segment of a path.
    RefusedSecret,
    /// Settings are written back with their creation date.
    CreationDate,
    /// A number is not a number, or infinite.
    NotInJson,
}

/// Why a call did not become a request.
#[derive(Debug)]
struct Unheld {
    condition: Option<Condition>,
    problem: String,
}

/// Why a call that failed was not even sent; what comes back does not matter here.
fn unheld(problem: Problem) -> Option<Unheld> {
    let (condition, problem) = match problem {
        Problem::Unknown => (None, "there is no such call".to_owned()),
        Problem::Argument(problem) => {
            let condition = if problem.starts_with("unknown field") {
                Condition::UnknownField
            } else if problem.starts_with("missing") {
                Condition::MissingField
            } else {
                Condition::WrongType
            };
            (Some(condition), problem)
        }
        Problem::Call(error) => {
            let tagoio::Error::Config(config) = &error else { return None };
            let secret = config.subject == "token";
            let condition = if secret { Condition::RefusedSecret } else { Condition::UnescapedId };
            (Some(condition), error.to_string())
        }
    };
    Some(Unheld { condition, problem })
}

/// A recorded argument as JSON has it: dates become text, as in the JavaScript client, and what JSON lacks becomes null.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) if members.contains_key("$undefined") => None,
        Value::Object(members) if members.contains_key("$float") => Some(Value::Null),
        Value::Object(members) => match members.get("$datetime").and_then(Value::as_str) {
            Some(date) => {
                let date = tagoio::Timestamp::from(date).utc().expect("recorded dates are dates");
                Some(json!(tagoio::DateInput::from(date).to_string()))
            }
            None => Some(members.iter().filter_map(|(key, member)| Some((key.clone(), plain(member)?))).collect()),
        },
        // An undefined item of an array is null in JSON.
        Value::Array(items) => Some(items.iter().map(|item| plain(item).unwrap_or(Value::Null)).collect()),
        other => Some(other.clone()),
    }
}

#[derive(Debug, PartialEq)]
struct Comparable {
    method: String,
    segments: Vec<String>,
    pairs: Vec<(String, String)>,
    body: Option<Value>,
}

impl Comparable {
    fn new(method: &str, target: &str, body: Option<&str>, plus_is_space: bool) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let decode_pair = |text: &str| decode(&if plus_is_space { text.replace('+', " ") } else { text.to_owned() });
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut pairs: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decode_pair(key), decode_pair(value)))
            .collect();
        pairs.sort();
        Self {
            method: method.to_owned(),
            segments: path.split('/').map(decode).collect(),
            pairs,
            body: body.map(|body| match serde_json::from_str(body) {
                Ok(body) => numbers_alike(body),
                Err(_) => json!({"not JSON": body}),
            }),
        }
    }

    fn of(request: &Request) -> Self {
        let target = match request.query() {
            Some(query) => format!("{}?{query}", request.path()),
            None => request.path().to_owned(),
        };
        let body = request.body().map(|body| std::str::from_utf8(body).expect("bodies are UTF-8"));
        Self::new(request.method().as_str(), &target, body, false)
    }
}

/// JSON has one kind of number: 1, 1.0 and 1e0 are equal.
fn numbers_alike(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(numbers_alike).collect(),
        Value::Object(members) => members.into_iter().map(|(key, member)| (key, numbers_alike(member))).collect(),
        other => other,
    }
}

/// The fields that TagoIO documents for the arguments of a call: none of them can be excused as unknown.
const DOCUMENTED: [(&str, &[&str]); 13] = [
    (
        "run.userCreate",
        &[
            "name",
            "email",
            "password",
            "timezone",
            "company",
            "phone",
            "language",
            "tags",
            "active",
            "newsletter",
            "options",
            "generate_password",
            "send_email",
        ],
    ),
    (
        "run.userEdit",
        &[
            "name",
            "password",
            "timezone",
            "company",
            "phone",
            "language",
            "newsletter",
            "active",
            "options",
            "tags",
            "custom_preferences",
            "force_password_change",
            "logout_sessions",
        ],
    ),
    (
        "profile.tokenCreate",
        &[
            "name",
            "permission",
            "expire_time",
            "serie_number",
            "verification_code",
            "middleware",
            "email",
            "password",
            "pin_code",
            "otp_type",
        ],
    ),
    ("profile.create", &["name"]),
    ("profile.edit", &["name", "logo_url", "banner_url"]),
    ("profile.delete", &["password", "pin_code", "otp_type"]),
    ("profile.usageStatisticList", &["timezone", "date", "start_date", "end_date", "periodicity"]),
    ("profile.auditLog", &["resourceID", "resourceName", "find", "start_date", "end_date", "limit"]),
    ("run.notificationCreate", NOTIFICATION),
    ("run.notificationEdit", NOTIFICATION),
    ("run.ssoSAMLEdit", &["idp_metadata", "mapping"]),
    ("run.createCustomDomain", &["domain", "subdomain", "email"]),
    ("run.listUsers", &["page", "amount", "fields", "filter", "orderBy"]),
];

const NOTIFICATION: &[&str] =
    &["title", "message", "read", "icon", "buttons", "buttons_enabled", "buttons_autodisable"];

/// Whether what serde calls an unknown field is one that TagoIO documents: then it is ours that lacks it.
fn lacks_documented(method: &str, problem: &str) -> bool {
    let field = problem.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).unwrap_or_default();
    DOCUMENTED.iter().any(|(documented, fields)| *documented == method && fields.contains(&field))
}

/// Whether a pattern with `*` for any text fits.
fn fits(pattern: &str, id: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == id,
        Some((start, rest)) => id
            .strip_prefix(start)
            .is_some_and(|id| (0..=id.len()).filter(|at| id.is_char_boundary(*at)).any(|at| fits(rest, &id[at..]))),
    }
}

/// What is true of a vector by its arguments and its recorded request alone.
fn holds(condition: Condition, vector: &Vector, args: &[Value]) -> bool {
    let recorded = vector.request.as_ref();
    match condition {
        Condition::UnescapedId => args.iter().take(2).filter_map(Value::as_str).any(|id| {
            matches!(id, "" | "." | "..")
                || id.trim() != id
                || id.chars().any(|c| c.is_control() || matches!(c, '/' | '?' | '#' | '%' | '\\'))
        }),
        Condition::NullInQuery => {
            fn has_null(value: &Value) -> bool {
                match value {
                    Value::Null => true,
                    Value::Array(items) => items.iter().any(has_null),
                    Value::Object(members) => members.values().any(has_null),
                    _ => false,
                }
            }
            let empty_pair = |target: &str| target.split('&').any(|pair| pair.ends_with('='));
            args.iter().any(has_null) && recorded.is_some_and(|recorded| empty_pair(&recorded.target))
        }
        Condition::NotInJson => vector.args.iter().any(|arg| arg.to_string().contains("$float")),
        Condition::CreationDate => args.first().is_some_and(|settings| settings.get("created_at").is_some()),
        Condition::UnknownField | Condition::MissingField | Condition::WrongType | Condition::RefusedSecret => false,
    }
}

enum Verdict {
    Passed,
    Failed(String),
    Skipped(String),
}

fn judge(vector: &Vector, deviations: &[Deviation]) -> Verdict {
    let mut args: Vec<Value> = vector.args.iter().map_while(plain).collect();
    for row in deviations.iter().filter(|row| fits(&row.pattern, &vector.id)) {
        if let Some(fill) = &row.fill {
            name_defaults(&vector.method, &mut args, fill);
            row.used.set(row.used.get() + 1);
        }
    }

    let recorder = Recorder::default();
    let unheld = call(&recorder.client(&Value::Null), &vector.method, &args).err().and_then(unheld);
    let sent = recorder.take();
    let expected = vector.request.as_ref().map(|recorded| {
        Comparable::new(&recorded.method, &recorded.target, recorded.body.as_deref(), vector.sdk == "python")
    });
    let actual = sent.first().map(Comparable::of);
    if sent.len() < 2 && unheld.is_none() && actual == expected {
        return Verdict::Passed;
    }

    let ours_lacks = unheld.as_ref().is_some_and(|unheld| lacks_documented(&vector.method, &unheld.problem));
    let condition = unheld.as_ref().filter(|_| !ours_lacks).and_then(|unheld| unheld.condition);
    let row = deviations
        .iter()
        .filter(|row| row.fill.is_none() && fits(&row.pattern, &vector.id))
        .find(|row| row.when.is_none_or(|when| Some(when) == condition || holds(when, vector, &args)));
    let problem = unheld.map(|unheld| format!("; ours is not sent: {}", unheld.problem)).unwrap_or_default();
    if let (Some(Condition::UnescapedId), Some(actual)) = (row.and_then(|row| row.when), &actual) {
        // Sent all the same: then the id has to be one segment.
        let ids = args.iter().take(2).filter_map(Value::as_str);
        if !ids.clone().any(|id| actual.segments.iter().any(|segment| segment == id)) {
            return Verdict::Failed(format!("; the id is not one segment of {actual:?}"));
        }
    }
    match row {
        Some(row) => {
            row.used.set(row.used.get() + 1);
            Verdict::Skipped(format!("{}{problem}", row.why))
        }
        None => Verdict::Failed(format!("{problem}\n    theirs {expected:?}\n    ours   {actual:?}")),
    }
}

/// Names what the official client takes by itself, where the call does not name it.
fn name_defaults(method: &str, args: &mut Vec<Value>, defaults: &Map<String, Value>) {
    let at = usize::from(method.starts_with("profile."));
    if args.len() == at || args.get(at) == Some(&Value::Null) {
        args.truncate(at);
        args.push(json!({}));
    }
    if let Some(Value::Object(query)) = args.get_mut(at) {
        for (key, default) in defaults {
            if query.get(key).is_none_or(Value::is_null) {
                query.insert(key.clone(), default.clone());
            }
        }
    }
}

fn read<T: DeserializeOwned>(path: &str) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}

fn main() -> ExitCode {
    let given = std::env::var("TAGOIO_WIRE_VECTORS").ok();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let paths = match &given {
        Some(path) => vec![path.clone()],
        None => vec![format!("{fixtures}/wire-vectors.json"), format!("{fixtures}/wire-vectors-edge.json")],
    };
    let vectors: Result<Vec<Vec<Vector>>, _> = paths.iter().map(|path| read(path)).collect();
    let (vectors, deviations) = match (vectors, read::<Vec<Deviation>>(&format!("{fixtures}/deviations.json"))) {
        (Ok(vectors), Ok(deviations)) => (vectors.into_iter().flatten().collect::<Vec<_>>(), deviations),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };

    let binds = |vector: &Vector| vector.sdk == "js" || vector.method == "run.userResendInvite";
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for vector in vectors.iter().filter(|vector| binds(vector)) {
        match judge(vector, &deviations) {
            Verdict::Passed => passed += 1,
            Verdict::Skipped(why) => {
                skipped += 1;
                println!("skipped {}: {why}", vector.id);
            }
            Verdict::Failed(why) => {
                failed += 1;
                println!("FAILED {} {}{why}", vector.id, Value::from(vector.args.clone()));
            }
        }
    }
    // A row that nothing needs any more must go, and none may excuse more than it did. Other vectors are free in that.
    let fits_exactly = |row: &Deviation| row.skips.map_or(row.used.get() > 0, |skips| skips == row.used.get());
    let stale: Vec<_> = deviations.iter().filter(|row| given.is_none() && !fits_exactly(row)).collect();
    for row in &stale {
        let used = row.used.get();
        println!("FAILED deviations.json: {:?} ({}) is met {used} times, not {:?}", row.pattern, row.why, row.skips);
    }
    let free = vectors.iter().filter(|vector| !binds(vector)).count();
    println!("{free} vectors of the Python client do not bind: the JavaScript client has the same methods");
    println!("{passed} passed, {} failed, {skipped} skipped", failed + stale.len());
    if failed == 0 && stale.is_empty() && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
