//! What is fuzzed. Each function takes any bytes, and panics when something does not hold that always has to.
//!
//! They are run with new bytes by cargo-fuzz, and with those of `corpus/` by an ordinary test (`tests/fuzz_corpus.rs`).

#[path = "../../src/bin/tagoctl/official/contents.rs"]
mod official;

use std::collections::HashSet;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tagoio::bulk::users::{ListError, UserList};
use tagoio::bulk::{Journal, JournalHeader};
use tagoio::clock::ManualClock;
use tagoio::profile::{
    AddOn, AddOnSettings, AuditLogFilter, BackupQuery, Credentials, EmailService, NewProfile, OtpType, ProfileEdit,
    SecretId, ServiceAllocation, ServiceProviders, StatisticsDate, TestMessage,
};
use tagoio::run::{
    NewCustomDomain, NewNotification, NewUser, NotificationEdit, RunSettings, SamlEdit, UserEdit, UserField,
    UserInvite, UserQuery,
};
use tagoio::sandbox::{Grant, Sandbox, State};
use tagoio::token::{NewToken, Permission, TokenField, TokenQuery};
use tagoio::transport::{
    Attempt, Cassette, Limits, Method, Record, Replay, Request, Response, RetryPolicy, Transport, TransportErrorKind,
    from_fn,
};
use tagoio::{Client, Error, Expiry, Password, PinCode, ProfileId, Region, Token};

use official::BadConfig;

const TOKEN: &str = "p-canary-of-the-header";
const PATH_TOKEN: &str = "p-canary-of-the-path";
const PASSWORD: &str = "canary of the body";
// As long as what is looked for in keys of objects, too.
const PIN: &str = "7193058427193058";
/// What a seed has where an answer holds a value that a decode error must not repeat.
const VALUE: &str = "canary-of-the-answer";

/// Between the fields of an input: a byte that UTF-8 never has.
const SEPARATOR: u8 = 0xff;

/// So many fields of an input, as text; what isn't there is empty.
fn fields<const N: usize>(input: &[u8]) -> [String; N] {
    let mut fields = input.splitn(N, |byte| *byte == SEPARATOR);
    std::array::from_fn(|_| String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned())
}

fn client(transport: impl Transport + 'static) -> Client {
    Client::builder().token(TOKEN).transport(transport).vars(|_| None).build().expect("a client for a good token")
}

/// A client that gets this answer, whatever it asks.
fn answered(response: Response) -> Client {
    client(from_fn(move |_| Ok(response.clone())))
}

fn password() -> Password {
    Password::new(PASSWORD).expect("a password")
}

fn pin() -> PinCode {
    PinCode::new(PIN).expect("a code")
}

/// All that an error says, in each of its forms.
fn said(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut below = error.source();
    while let Some(source) = below {
        let _ = write!(text, " {source} {source:?}");
        below = source.source();
    }
    text
}

/// Everything that can be asked of an error can be asked, and these secrets are not in what it says.
fn interrogate(error: &Error, secrets: &[&str]) {
    let text = said(error);
    for secret in secrets {
        assert!(!text.contains(secret), "a secret is shown: {text}");
    }
    let refused = error.is_unauthorized()
        | error.is_wrong_password()
        | error.is_two_factor_required()
        | error.is_permission_denied()
        | error.is_not_found()
        | error.is_limit_reached()
        | error.message().is_some();
    assert!(!refused || matches!(error, Error::Api(_)), "{text}");
    assert!(error.route().is_some() || !error.maybe_delivered(), "{text}");
    if let Some(message) = error.message() {
        assert!(message.chars().count() <= 2001 && !message.chars().any(char::is_control), "{message:?}");
    }
    assert!(error.status() != Some(429) || (error.is_rate_limited() && !error.maybe_delivered()), "{text}");
}

type Call = fn(&Client) -> Result<Option<Value>, Error>;

/// Calls whose answers, between them, are of each type that there is; with what can be written of the answer.
const CALLS: &[Call] = &[
    |tago| written(tago.profile().list()),
    |tago| written(tago.profile().info(ProfileId::CURRENT)),
    |tago| written(tago.profile().summary(ProfileId::CURRENT)),
    |tago| shown(tago.profile().create(&NewProfile::new("P"))),
    |tago| written(tago.profile().edit(ProfileId::CURRENT, &ProfileEdit::new())),
    |tago| written(tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::default())),
    |tago| shown(tago.profile().usage(ProfileId::CURRENT, &StatisticsDate::default())),
    |tago| written(tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new())),
    |tago| written(tago.profile().audit_log_query(ProfileId::CURRENT, "q")),
    |tago| written(tago.profile().addons(ProfileId::CURRENT)),
    |tago| written(tago.team().list(ProfileId::CURRENT)),
    |tago| shown(tago.token().list(ProfileId::CURRENT, &TokenQuery::new())),
    |tago| shown(tago.token().list(ProfileId::CURRENT, &TokenQuery::new().fields([TokenField::Name]))),
    |tago| {
        let sign_in = NewToken::new("ci", Permission::Read).sign_in("me@example.com", password());
        shown(tago.token().create(ProfileId::CURRENT, &sign_in.two_factor(OtpType::Sms, pin())))
    },
    |tago| written(tago.token().delete(ProfileId::CURRENT, &Token::new(PATH_TOKEN)?)),
    |tago| written(tago.run().info()),
    |tago| written(tago.run().users().list(&UserQuery::new())),
    |tago| written(tago.run().users().list(&UserQuery::new().fields([UserField::Email]))),
    |tago| written(tago.run().users().info("u")),
    |tago| shown(tago.run().users().create(&NewUser::new("J", "j@x.io", "UTC").password(password()))),
    |tago| shown(tago.run().users().login_as("u", Some(&Expiry::Never))),
    |tago| written(tago.run().notifications().list("u")),
    |tago| shown(tago.run().notifications().create("u", &NewNotification::new().title("T"))),
    |tago| written(tago.run().saml().info()),
    |tago| written(tago.run().custom_domain().info(ProfileId::CURRENT)),
    |tago| written(tago.raw(Method::Get, "/account/plan").send::<Value>()),
];

/// Calls that the ones above leave out: their answers are confirmations, or of a type that is there already.
const FURTHER_CALLS: &[Call] = &[
    |tago| {
        let credentials = Credentials::new(password()).pin_code(pin()).otp_type(OtpType::Email);
        written(tago.profile().delete(ProfileId::CURRENT, &credentials))
    },
    |tago| written(tago.profile().summary_amount(ProfileId::CURRENT)),
    |tago| shown(tago.profile().create_with_free_resources(&NewProfile::new("P"))),
    |tago| written(tago.profile().edit_services(ProfileId::CURRENT, &ServiceAllocation::new())),
    |tago| written(tago.profile().edit_addons(ProfileId::CURRENT, &AddOnSettings::default())),
    |tago| written(tago.profile().remove_addon(ProfileId::CURRENT, &AddOn::Mobile)),
    |tago| written(tago.profile().transfer_token(ProfileId::CURRENT)),
    |tago| written(tago.team().add(ProfileId::CURRENT, "new@example.com")),
    |tago| written(tago.team().remove(ProfileId::CURRENT, "a")),
    |tago| written(tago.run().edit(&RunSettings::new())),
    |tago| written(tago.run().email_test("S", "B")),
    |tago| written(tago.run().users().edit("u", &UserEdit::new())),
    |tago| written(tago.run().users().delete("u")),
    |tago| written(tago.run().users().resend_invite("u", &UserInvite::new())),
    |tago| written(tago.run().notifications().edit("n", &NotificationEdit::new())),
    |tago| written(tago.run().notifications().delete("n")),
    |tago| written(tago.run().saml().edit(&SamlEdit::new())),
    |tago| {
        let domain = NewCustomDomain::new("example.com", "app", "mail.example.com");
        written(tago.run().custom_domain().create(ProfileId::CURRENT, &domain))
    },
    |tago| written(tago.run().custom_domain().delete(ProfileId::CURRENT)),
    |tago| written(tago.run().custom_domain().regenerate(ProfileId::CURRENT)),
    |tago| shown(tago.profile().backups().create(ProfileId::CURRENT)),
    |tago| written(tago.profile().backups().list(ProfileId::CURRENT, &BackupQuery::new())),
    |tago| {
        let credentials = Credentials::new(password()).pin_code(pin());
        shown(tago.profile().backups().download(ProfileId::CURRENT, "b", &credentials))
    },
    |tago| written(tago.profile().backups().delete(ProfileId::CURRENT, "b", &Credentials::new(password()))),
    |tago| {
        let email = EmailService::send_grid("noreply@example.com", SecretId::new("s")?);
        let providers = ServiceProviders::new().email(email);
        written(tago.profile().service_provider().configure(ProfileId::CURRENT, &providers))
    },
    |tago| {
        let message = TestMessage::new("me@example.com");
        written(tago.profile().service_provider().test_email(ProfileId::CURRENT, &message))
    },
    |tago| written(tago.profile().service_provider().test_sms(ProfileId::CURRENT, &TestMessage::new("+15551234567"))),
];

/// What the answers are to that are fuzzed, as in `GET /run/users/{user}`.
pub fn answered_routes() -> Vec<String> {
    let calls = CALLS.iter().chain(FURTHER_CALLS);
    let sent = calls.map(|call| requested(|tago| call(tago).map(drop)).0.expect("each call sends a request"));
    sent.map(|request| request.route().to_string()).collect()
}

const STATUSES: [u16; 16] = [200, 200, 200, 201, 204, 206, 302, 400, 401, 403, 404, 408, 429, 500, 502, 999];

/// An answer that can be written as JSON.
fn written<T: Serialize + std::fmt::Debug>(answer: Result<T, Error>) -> Result<Option<Value>, Error> {
    answer.map(|answer| {
        let _ = format!("{answer:?}");
        Some(serde_json::to_value(answer).expect("an answer can be written"))
    })
}

/// An answer that holds a secret, or is a part or a sum of what came, and so isn't written.
fn shown<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<Option<Value>, Error> {
    answer.map(|answer| {
        let _ = format!("{answer:?}");
        None
    })
}

/// The answer to each call: its first byte says to which, the second one under which status, the rest is the body.
pub fn answer(input: &[u8]) {
    let [call, status, body @ ..] = input else { return };
    let call = CALLS.iter().chain(FURTHER_CALLS).nth(usize::from(*call) % (CALLS.len() + FURTHER_CALLS.len()));
    let call = call.expect("a call of that number");
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    match call(&answered(Response::new(status).with_body(body))) {
        Ok(answer) => {
            assert!((200..300).contains(&status), "a success under {status}");
            let Some(answer) = answer else { return };
            let again = answered(Response::new(200).with_body(envelope(&answer)));
            match call(&again) {
                Ok(Some(again)) => assert_eq!(again, answer, "what was read is read again"),
                other => panic!("what was read can't be read again: {other:?}: {answer}"),
            }
        }
        Err(error) => {
            interrogate(&error, &[TOKEN]);
            assert_eq!(error.status(), Some(status));
            if matches!(error, Error::Decode(_)) && !has_key_with(body, VALUE) {
                let text = said(&error);
                assert!(!text.contains(VALUE), "a value of the answer is shown: {text}");
            }
        }
    }
}

fn envelope(result: &Value) -> Vec<u8> {
    json!({"status": true, "result": result}).to_string().into_bytes()
}

/// Whether a text is in a key of an object: the path to what is wrong names keys.
fn has_key_with(body: &[u8], text: &str) -> bool {
    fn has_key(value: &Value, text: &str) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| has_key(item, text)),
            Value::Object(members) => members.iter().any(|(key, member)| key.contains(text) || has_key(member, text)),
            _ => false,
        }
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).is_ok_and(|value| has_key(&value, text))
}

/// Answers that refuse, to the calls that bring secrets along: status, content type, `Retry-After` and body.
pub fn refusal(input: &[u8]) {
    let [status, content_type, retry_after, _] = fields::<4>(input);
    let body = input.splitn(4, |byte| *byte == SEPARATOR).nth(3).unwrap_or_default();
    let response = Response::new(status.parse().unwrap_or(400))
        .with_header("content-type", content_type)
        .with_header("retry-after", retry_after)
        .with_body(body);
    let says_false = serde_json::from_slice::<Value>(body).is_ok_and(|value| value["status"] == false);
    let tago = answered(response.clone());
    let create = |tago: &Client| -> Result<(), Error> {
        let token = NewToken::new("ci", Permission::Read).sign_in("me@example.com", password());
        tago.token().create(ProfileId::CURRENT, &token.two_factor(OtpType::Sms, pin())).map(drop)
    };
    let delete = |tago: &Client| -> Result<(), Error> {
        tago.token().delete(ProfileId::CURRENT, &Token::new(PATH_TOKEN)?).map(drop)
    };
    let calls = [(create(&tago), false, &[TOKEN, PASSWORD][..]), (delete(&tago), true, &[TOKEN, PATH_TOKEN])];
    for (result, repeatable, secrets) in calls {
        let Err(error) = result else {
            assert!((200..300).contains(&response.status()) && !says_false, "a refusal is a success");
            continue;
        };
        interrogate(&error, secrets);
        // `Debug` shows how many seconds to wait, which may be any number.
        assert!(repeatable || !error.to_string().contains(PIN), "the code is shown: {error}");
        assert_eq!(error.status(), Some(response.status()));
        let passing = matches!(response.status(), 408 | 500..);
        let may_be_repeated = response.status() == 429 || (repeatable && passing);
        assert_eq!(error.is_retryable(), matches!(error, Error::Api(_)) && may_be_repeated, "{error:?}");
    }
}

/// What a server says about when to come back: the header, and the body.
pub fn retry_after(input: &[u8]) {
    const TOTAL: Duration = Duration::from_secs(180);
    const TO_NEXT_MINUTE: Duration = Duration::from_secs(30);
    let [header, _] = fields::<2>(input);
    let body = input.splitn(2, |byte| *byte == SEPARATOR).nth(1).unwrap_or_default();
    let response = Response::new(429).with_header("retry-after", header.as_str()).with_body(body);
    let decide = |total: Option<Duration>, longest: Duration| {
        let mut limits = Limits::default();
        limits.total = total;
        let mut policy = RetryPolicy::default();
        policy.max_retry_after = longest;
        let request = Request::new(Method::Get, "https://api.tago.io/run").with_limits(limits);
        // Jitter of 0 leaves what the server asks for, and nothing else.
        let now = "2026-03-15T10:20:30Z".parse().expect("a date");
        let attempt = Attempt { number: 1, elapsed: Duration::ZERO, now, jitter: 0.0 };
        policy.decide(&request, Ok(&response), attempt)
    };
    let wait = decide(None, Duration::MAX).expect("a 429 is always repeated where there is no limit");
    let asks = header.bytes().any(|byte| byte.is_ascii_digit())
        || body.windows(b"retry-after".len()).any(|text| text.eq_ignore_ascii_case(b"retry-after"));
    match header.trim().parse() {
        Ok(seconds) => assert_eq!(wait, Duration::from_secs(seconds)),
        Err(_) => assert!(asks || wait == TO_NEXT_MINUTE, "{wait:?}"),
    }
    let longest = RetryPolicy::default().max_retry_after;
    assert_eq!(decide(None, longest), Some(wait).filter(|wait| *wait <= longest), "no wait is longer than it may be");
    assert_eq!(decide(Some(TOTAL), longest), Some(wait).filter(|wait| *wait < TOTAL), "no wait outlasts the limit");
    let error = answered(response).run().info().expect_err("429 is a refusal");
    interrogate(&error, &[TOKEN]);
    if let Ok(seconds) = header.trim().parse() {
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
    }
}

/// Ids, tokens, parameters and paths that are put into URLs, and read out of them again.
pub fn encoding(input: &[u8]) {
    let [id, token, key, value, path] = fields::<5>(input);
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().expect("UTF-8 went in").into_owned();

    let (sent, error) = requested(|tago| tago.run().users().info(id.as_str()).map(drop));
    let fits = !matches!(id.as_str(), "" | "." | "..") && !id.chars().any(char::is_control);
    assert_eq!(sent.is_some(), fits, "{id:?}: {error:?}");
    if let Some(request) = sent {
        well_formed(&request);
        let (before, last) = request.path().rsplit_once('/').expect("a path");
        assert_eq!((before, decoded(last)), ("/run/users", id.clone()));
    }

    if let Ok(token) = Token::new(token) {
        let (sent, _) = requested(|tago| tago.token().delete(id.as_str(), &token).map(drop));
        if let Some(request) = sent {
            well_formed(&request);
            let segments: Vec<_> = request.path().split('/').map(decoded).collect();
            assert_eq!(segments, ["", "profile", &id, "token", token.expose()]);
        }
    }

    let pairs = |request: &Request| -> Vec<(String, String)> {
        let pairs = request.query().expect("a query").split('&');
        pairs
            .map(|pair| pair.split_once('=').expect("a pair"))
            .map(|(key, value)| (decoded(key), decoded(value)))
            .collect()
    };
    let (sent, error) = requested(|tago| tago.raw(Method::Get, "/run").query(&key, &value).send::<Value>().map(drop));
    let request = sent.unwrap_or_else(|| panic!("{error:?}"));
    well_formed(&request);
    assert_eq!(pairs(&request), [(key.clone(), value.clone())]);

    let query = UserQuery::new().name(value.as_str()).tag(key.as_str(), value.as_str());
    let (sent, error) = requested(|tago| tago.run().users().list(&query).map(drop));
    let request = sent.unwrap_or_else(|| panic!("{error:?}"));
    well_formed(&request);
    let pairs = pairs(&request);
    for (name, value) in [("filter[name]", &value), ("filter[tags][0][key]", &key), ("filter[tags][0][value]", &value)]
    {
        assert!(pairs.iter().any(|pair| pair.0 == name && pair.1 == *value), "{name}={value:?} is not in {pairs:?}");
    }

    let (sent, _) = requested(|tago| tago.raw(Method::Get, &path).send::<Value>().map(drop));
    if let Some(request) = sent {
        well_formed(&request);
        let target = request.url().strip_prefix(request.base_url()).expect("the base comes first");
        let bytes = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        assert_eq!(bytes(target), bytes(&path));
        let dots = |segment: &str| matches!(&bytes(segment)[..], b"." | b"..");
        assert!(!request.path().split('/').any(dots), "{target} names another path");
    }
}

/// The request that a call makes, or why it makes none.
fn requested(call: impl FnOnce(&Client) -> Result<(), Error>) -> (Option<Request>, Option<Error>) {
    let sent = Arc::new(std::sync::Mutex::new(None));
    let kept = Arc::clone(&sent);
    let tago = client(from_fn(move |request| {
        *kept.lock().expect("no thread panicked") = Some(request.clone());
        Ok(Response::new(404))
    }));
    let error = call(&tago).err();
    let sent = sent.lock().expect("no thread panicked").take();
    (sent, error)
}

/// A URL is what goes into the first line of an HTTP request.
fn well_formed(request: &Request) {
    let url = request.url();
    assert!(url.starts_with("https://api.tago.io/"), "{url}");
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{url}");
    let shown = format!("{request:?}");
    assert!(!shown.contains(TOKEN), "{shown}");
}

/// A cassette, read and replayed.
pub fn cassette(input: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(input).expect("the file can be written");
    let parsed = serde_json::from_slice::<Cassette>(input);
    let cassette = match (Cassette::load(file.path()), parsed) {
        (Ok(loaded), Ok(parsed)) => {
            assert!(loaded == parsed);
            loaded
        }
        (Err(error), Err(_)) => return interrogate(&error, &[]),
        (loaded, parsed) => panic!("a file and its text are two things: {loaded:?}, {parsed:?}"),
    };
    cassette.save(file.path()).expect("what was read can be written");
    assert!(Cassette::load(file.path()).expect("what was written can be read") == cassette);

    let replay = Replay::new(cassette.clone());
    for interaction in cassette.interactions() {
        let _ = format!("{interaction} {interaction:?} {:?}", interaction.status());
        let left = replay.unused().len();
        let outcome = replay.send(&Request::new(interaction.method(), format!("https://h{}", interaction.path())));
        match outcome {
            Err(error) if error.kind() == TransportErrorKind::NotRecorded => {
                let _ = format!("{error} {error:?} {:?}", error.source());
            }
            _ => assert_eq!(replay.unused().len(), left - 1, "each outcome is given once"),
        }
    }
}

/// Two exchanges that are recorded and replayed: one whose request brings secrets along, then one of the input, in
/// which they may come back.
pub fn recording(input: &[u8]) {
    let [status, _, _] = fields::<3>(input);
    let mut parts = input.splitn(3, |byte| *byte == SEPARATOR).skip(1);
    let (body, answer) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let secrets = json!({"password": PASSWORD, "pin_code": PIN}).to_string();
    let url = format!("https://api.tago.io/profile/p/token/{PATH_TOKEN}?filter%5Btoken%5D={PATH_TOKEN}");
    let requests = [secrets.as_bytes(), body].map(|body| {
        Request::new(Method::Delete, url.as_str())
            .with_secret_header("token", Token::new(TOKEN).expect("a token"))
            .with_body(body)
    });
    let response = Response::new(status.parse().unwrap_or(200)).with_body(answer);
    let record = Record::new(from_fn(move |request| {
        Ok(if request.body() == Some(secrets.as_bytes()) { Response::new(204) } else { response.clone() })
    }));
    let live = requests.each_ref().map(|request| record.send(request).expect("an answer"));
    let cassette = record.cassette();
    let text = serde_json::to_string(&cassette).expect("a cassette can be written");
    for secret in [TOKEN, PATH_TOKEN, PASSWORD] {
        assert!(!text.contains(secret), "a secret is recorded: {text}");
    }
    // Longer numbers are other numbers.
    let mut numbers = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+' | '-'));
    assert!(!numbers.any(|number| number == PIN), "a code is recorded: {text}");
    let read: Cassette = serde_json::from_str(&text).expect("what was written can be read");
    assert!(read == cassette, "{text}");
    let replay = Replay::new(read);
    for (request, live) in requests.iter().zip(live) {
        let replayed = replay.send(request).unwrap_or_else(|error| panic!("{:?}: {text}", error.source()));
        assert_eq!(replayed.status(), live.status());
        assert_eq!(replayed.body().is_empty(), live.body().is_empty());
    }
}

/// Settings: environment variables, and the files of TagoIO's own CLI.
pub fn configuration(input: &[u8]) {
    let [token, api, attempts, name, config, lock] = fields::<6>(input);
    let token = format!("canary{token}");
    let build = |token: String, api: String, attempts: String| {
        let vars = move |name: &str| match name {
            "TAGOIO_TOKEN" => Some(token.clone()),
            "TAGOIO_API" => Some(api.clone()),
            "TAGOIO_REQUEST_ATTEMPTS" => Some(attempts.clone()),
            _ => None,
        };
        Client::builder().token_from_env().vars(vars).transport(from_fn(|_| Ok(Response::new(204)))).build()
    };
    match build(token.clone(), String::new(), String::new()) {
        Ok(tago) => {
            assert!(token.bytes().all(|byte| byte.is_ascii_graphic()) && !format!("{tago:?}").contains("canary"));
        }
        Err(error) => assert!(!said(&error).contains("canary"), "{error:?}"),
    }
    match build("p-demo".to_owned(), api.clone(), attempts) {
        Ok(tago) => trustworthy(tago.region()),
        Err(error) => interrogate(&error, &[]),
    }
    let regions = [Region::custom(&api), Region::deploy(&api), api.parse()];
    regions.iter().flatten().for_each(trustworthy);

    match official::address_of(&name, &config) {
        Ok(address) => {
            let region = address.map(|address| Region::custom(&address));
            region.iter().flatten().for_each(trustworthy);
        }
        Err(BadConfig::NoSuchEnvironment(known)) => assert!(!known.contains(&name), "{name} is not in {known:?}"),
        Err(BadConfig::NotJson(error)) => assert!(!error.is_data(), "any JSON is read: {error}"),
        Err(BadConfig::NotAnObject | BadConfig::AddressIsNotText) => {}
    }
    if let Some(token) = official::token_in(&lock) {
        assert!(!token.is_empty());
        let hex = token.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert!(lock.trim_end().to_ascii_lowercase().ends_with(&hex));
        if let Err(error) = Token::new(token.as_str()) {
            interrogate(&error, &[]);
        }
    }
}

/// Where a token may be sent, as it is or after it was read again.
fn trustworthy(region: &Region) {
    let url = region.base_url();
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let name = name.to_ascii_lowercase();
    let loopback = name.ends_with("localhost") || name.starts_with("127.") || name.starts_with('[');
    assert!(scheme == "https" || (scheme == "http" && loopback), "{url}");
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['@', '?', '#']) || !host.contains('@'));
    assert_eq!(Region::custom(url).expect("what was taken is taken again"), *region);
}

/// A list of users in CSV.
pub fn users_csv(input: &[u8]) {
    users(UserList::from_csv(input), input);
}

/// A list of users in JSON lines.
pub fn users_json_lines(input: &[u8]) {
    users(UserList::from_json_lines(input), input);
}

fn users(list: Result<UserList, ListError>, input: &[u8]) {
    let lines = 1 + input.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    let list = match list {
        Ok(list) => list,
        Err(error) => {
            let _ = format!("{error} {error:?}");
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!((1..=lines).contains(&problem.line), "{problem} of {lines} lines");
            }
            return;
        }
    };
    let mut before = 0;
    let mut emails = HashSet::new();
    let mut text = Vec::new();
    for (line, user) in list.iter() {
        assert!(before < line && line <= lines, "line {line} after {before}, of {lines}");
        before = line;
        assert!(emails.insert(user.email.to_lowercase()), "{} is there twice", user.email);
        serde_json::to_writer(&mut text, user).expect("a record can be written");
        text.push(b'\n');
    }
    let again = UserList::from_json_lines(&text[..]).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(again.len(), list.len());
    for ((_, one), (_, other)) in list.iter().zip(again.iter()) {
        assert_eq!(json!(one), json!(other), "a record is what is written of it");
    }
}

/// The journal of a bulk job that goes on.
pub fn journal(input: &[u8]) {
    let tago = answered(Response::new(204));
    let header = JournalHeader::new("import", &tago).option("profile", "p1");
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(input).expect("the file can be written");
    match Journal::resume(file.path(), &header) {
        Ok(journal) => {
            let done = journal.resumed();
            drop(journal);
            let left = std::fs::read(file.path()).expect("the file is there");
            assert_eq!(left.last(), Some(&b'\n'), "a torn line is cut off");
            assert!(done < left.split(|byte| *byte == b'\n').count() - 1, "a line for each, and the header");
            let again = Journal::resume(file.path(), &header).expect("what was resumed can be resumed again");
            assert_eq!(again.resumed(), done);
        }
        Err(error) => {
            interrogate(&error, &[]);
            let left = std::fs::read(file.path()).expect("the file is there");
            assert_eq!(left, input, "what isn't a journal is left alone");
        }
    }
}

/// A small world with something of everything.
fn world() -> (Sandbox, Arc<ManualClock>) {
    let clock = clock();
    let state = State::from_json(include_str!("world.json")).expect("the world of the sandbox target is right");
    (Sandbox::builder().clock(clock.clone()).rate_limits(false).state(state).build(), clock)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-03-15T10:20:30Z".parse().expect("a date")))
}

/// Requests to one world, a line for each: `GET /run/users?page=1` and, after a further space, the body. Before the
/// method, `!` is no token, `~` one that may only read, `^` one of an analysis.
pub fn sandbox(input: &[u8]) {
    let (sandbox, _) = world();
    for line in input.split(|byte| *byte == b'\n').take(16) {
        let (who, line) = match line {
            [who @ (b'!' | b'~' | b'^'), line @ ..] => (*who, line),
            line => (b' ', line),
        };
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let mut part = || parts.next().unwrap_or_default();
        let (method, target, body) = (part(), part(), part());
        let method = std::str::from_utf8(method).ok().and_then(|method| method.parse().ok()).unwrap_or(Method::Get);
        let mut request = Request::new(method, format!("https://sandbox{}", String::from_utf8_lossy(target)));
        request = match who {
            b'!' => request,
            b'~' => request.with_secret_header("token", sandbox.token_with(&Permission::Read)),
            b'^' => request.with_secret_header("token", sandbox.analysis_token([Grant::AccessRunUser])),
            _ => request.with_secret_header("token", sandbox.token()),
        };
        if !body.is_empty() {
            request = request.with_body(body);
        }
        let response = sandbox.send(&request).expect("a sandbox always answers");
        let status = response.status();
        assert!([200, 400, 401, 403, 404, 405, 500].contains(&status), "{request:?}: {status}");
        if method == Method::Head {
            assert!(response.body().is_empty());
        } else if response.header("content-type") == Some("application/xml") {
            // The store of the archives is not TagoIO.
            assert_ne!(status, 200);
        } else {
            let answer: Value = serde_json::from_slice(response.body()).expect("an answer is JSON");
            assert_eq!(answer["status"], status == 200, "{answer}");
            let key = if status == 200 { "result" } else { "message" };
            assert!(answer.get(key).is_some(), "{answer}");
        }
        let _ = format!("{:?}", sandbox.journal());
    }
    restorable(&sandbox.snapshot());
}

/// A state of the sandbox, loaded.
pub fn sandbox_state(input: &[u8]) {
    let state = match State::from_json(input) {
        Ok(state) => state,
        Err(error) => return interrogate(&error, &[]),
    };
    assert!(restorable(&state) == state);
    let sandbox = Sandbox::builder().clock(clock()).rate_limits(false).state(state).build();
    let snapshot = sandbox.snapshot();
    restorable(&snapshot);
    let again = Sandbox::builder().clock(clock()).rate_limits(false).state(snapshot.clone()).build();
    assert!(again.snapshot() == snapshot, "{}\n{}", again.snapshot().to_json(), snapshot.to_json());

    let tago = sandbox.client().expect("a client for the sandbox's token");
    for target in [
        "/profile/current",
        "/profile/current/summary",
        "/profile/current/statistics?periodicity=month",
        "/profile/current/auditlog",
        "/profile/current/token",
        "/profile/current/team",
        "/profile/current/backup",
        "/run",
        "/run/users?orderBy=last_login,desc",
        "/run/sso/saml",
        "/run/customdomain/current",
    ] {
        match tago.raw(Method::Get, target).send::<Value>() {
            Ok(_) => {}
            Err(error) => assert!(matches!(error, Error::Api(_)), "{target}: {error:?}"),
        }
    }
}

/// A state that is written and read again.
fn restorable(state: &State) -> State {
    fn read<T: DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
    let text = state.to_json();
    let again: State = read(&text);
    assert!(again == *state, "{text}");
    again
}
