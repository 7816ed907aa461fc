//! What is counted.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use instructions::answers;
use instructions::by_hand::{self, ByHand, Envelope, Refusal, Statistic, User};
use instructions::server::Server;
use serde::de::DeserializeOwned;
use tagoio::profile::{Periodicity, StatisticsDate};
use tagoio::run::{NewUser, UserQuery};
use tagoio::transport::{Attempt, Method, Request, Response, RetryPolicy, Transport, from_fn};
use tagoio::{Client, ProfileId, Region};

use crate::Outcome;

pub struct Case {
    pub name: &'static str,
    tagoio: Arm,
    pub by_hand: Option<Arm>,
    /// How many instructions this crate may take, as a part of those by hand.
    pub target: Option<f64>,
}

/// Prepares a work, does it three times, and is counted the third time.
pub type Arm = fn() -> Outcome<()>;

const fn case(name: &'static str, tagoio: Arm) -> Case {
    Case { name, tagoio, by_hand: None, target: None }
}

impl Case {
    const fn beside(mut self, by_hand: Arm) -> Self {
        self.by_hand = Some(by_hand);
        self
    }

    const fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }
}

/// The whole way of a call, without a socket unless it says so.
pub const CASES: &[Case] = &[
    case("query of 20 filters", query).beside(query_by_hand),
    case("GET a user", get),
    case("POST a user", post),
    case("GET a user, loopback", get_on_loopback).beside(get_on_loopback_by_hand).target(0.95),
    case("POST a user, loopback", post_on_loopback).beside(post_on_loopback_by_hand).target(0.95),
    case("20 users", || users(20)).beside(|| users_by_hand(20)).target(0.90),
    case("100 users", || users(100)).beside(|| users_by_hand(100)).target(0.80),
    case("1000 users", || users(1_000)).beside(|| users_by_hand(1_000)).target(0.74),
    case("10000 users", || users(10_000)).beside(|| users_by_hand(10_000)).target(0.74),
    case("744 statistics", statistics).beside(statistics_by_hand).target(0.85),
    case("a refusal", refusal).beside(refusal_by_hand),
    case("decide a retry", retry),
    case("decide against a retry", no_retry),
];

/// Runs one arm of a case.
pub fn run(name: &str, arm: &str) -> Outcome<()> {
    let case = CASES.iter().find(|case| case.name == name).ok_or("there is no such case")?;
    match arm {
        "tagoio" => (case.tagoio)(),
        _ => case.by_hand.ok_or("it isn't done by hand")?(),
    }
}

/// What callgrind counts.
#[inline(never)]
fn measured<T>(work: &mut impl FnMut() -> Outcome<T>) -> Outcome<T> {
    black_box(work())
}

fn third_time<T>(mut work: impl FnMut() -> Outcome<T>) -> Outcome<()> {
    black_box(work()?);
    black_box(work()?);
    measured(&mut work).map(drop)
}

const TOKEN: &str = "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4";
const ID: &str = "61eb25a4d6a4a20011d4cd3c";
const BASE: &str = "https://api.tago.io";

/// A client whose answers are there already.
fn answered(status: u16, body: &str) -> Outcome<Client> {
    let made = Response::new(status).with_header("content-type", "application/json").with_body(body);
    let answers = Mutex::new(vec![made.clone(), made.clone(), made]);
    client(from_fn(move |_| {
        let next = answers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(next.unwrap_or_else(|| Response::new(500)))
    }))
}

fn client(transport: impl Transport + 'static) -> Outcome<Client> {
    Ok(Client::builder().token(TOKEN).vars(|_| None).transport(transport).build()?)
}

/// What `Client::new` makes, but for where the server is.
fn on_loopback() -> Outcome<(Client, ByHand)> {
    let base = format!("http://{}", Server::new(Duration::ZERO).start()?);
    let tago = Client::builder().token(TOKEN).region(Region::custom(&base)?).vars(|_| None).build()?;
    Ok((tago, ByHand::new(&base, TOKEN)))
}

/// The value in an answer, as a program without this crate reads it.
fn read<T: DeserializeOwned>(body: &str) -> Outcome<T> {
    Ok(serde_json::from_slice::<Envelope<T>>(black_box(body.as_bytes()))?.result)
}

/// 20 pairs of the query: these, and two for each tag.
const FILTERS: [(&str, &str); 8] = [
    ("name", "*Silva*"),
    ("email", "*@example.com"),
    ("created_at", "2 weeks"),
    ("updated_at", "1 day"),
    ("phone", "+351*"),
    ("company", "Mercado Azul & Filhos"),
    ("language", "pt-PT"),
    ("timezone", "Europe/Lisbon"),
];
const TAGS: [(&str, &str); 6] = [
    ("site", "lisbon"),
    ("organization_id", "organization 7"),
    ("user_type", "enduser"),
    ("floor", "2"),
    ("shift", "nights & weekends"),
    ("cost centre", "40/11"),
];

fn query() -> Outcome<()> {
    let tago = answered(200, r#"{"status":true,"result":[]}"#)?;
    let query = FILTERS.iter().fold(UserQuery::new(), |query, (key, value)| query.filter(*key, *value));
    let query = TAGS.iter().fold(query, |query, (key, value)| query.tag(*key, *value));
    third_time(|| Ok(tago.run().users().list(black_box(&query))?))
}

fn query_by_hand() -> Outcome<()> {
    third_time(|| {
        let mut url = by_hand::users_url(BASE, 1, 20);
        for (key, value) in black_box(&FILTERS) {
            by_hand::add(&mut url, &format!("filter[{key}]"), value);
        }
        for (at, (key, value)) in black_box(&TAGS).iter().enumerate() {
            by_hand::add(&mut url, &format!("filter[tags][{at}][key]"), key);
            by_hand::add(&mut url, &format!("filter[tags][{at}][value]"), value);
        }
        black_box(url);
        read::<Vec<User>>(r#"{"status":true,"result":[]}"#)
    })
}

fn get() -> Outcome<()> {
    let tago = answered(200, &answers::one_user())?;
    third_time(|| Ok(tago.run().users().info(black_box(ID))?))
}

fn post() -> Outcome<()> {
    let tago = answered(200, answers::CREATED)?;
    let new = NewUser::new("Jane Doe", "jane@example.com", "Europe/Lisbon").generate_password(true);
    third_time(|| Ok(tago.run().users().create(black_box(&new))?))
}

fn get_on_loopback() -> Outcome<()> {
    let (tago, _) = on_loopback()?;
    third_time(|| Ok(tago.run().users().info(black_box(ID))?))
}

fn get_on_loopback_by_hand() -> Outcome<()> {
    let (_, by_hand) = on_loopback()?;
    third_time(|| by_hand.user(black_box(ID)))
}

fn post_on_loopback() -> Outcome<()> {
    let (tago, _) = on_loopback()?;
    let new = NewUser::new("Jane Doe", "jane@example.com", "Europe/Lisbon").generate_password(true);
    third_time(|| Ok(tago.run().users().create(black_box(&new))?))
}

fn post_on_loopback_by_hand() -> Outcome<()> {
    let (_, by_hand) = on_loopback()?;
    let new = by_hand::NewUser {
        name: "Jane Doe",
        email: "jane@example.com",
        timezone: "Europe/Lisbon",
        generate_password: true,
    };
    third_time(|| by_hand.create(black_box(&new)))
}

fn users(count: usize) -> Outcome<()> {
    let tago = answered(200, &answers::users(0, count))?;
    let query = UserQuery::new().amount(u32::try_from(count)?);
    third_time(|| Ok(tago.run().users().list(black_box(&query))?))
}

fn users_by_hand(count: usize) -> Outcome<()> {
    let (body, amount) = (answers::users(0, count), u32::try_from(count)?);
    third_time(|| {
        black_box(by_hand::users_url(BASE, 1, black_box(amount)));
        read::<Vec<User>>(&body)
    })
}

fn statistics() -> Outcome<()> {
    let tago = answered(200, &answers::statistics(744))?;
    let january = StatisticsDate::range("2026-01-01", "2026-01-31", Periodicity::Hour);
    third_time(|| Ok(tago.profile().usage_statistics(ProfileId::CURRENT, black_box(&january))?))
}

fn statistics_by_hand() -> Outcome<()> {
    let body = answers::statistics(744);
    third_time(|| {
        black_box(by_hand::statistics_url(black_box(BASE)));
        read::<Vec<Statistic>>(&body)
    })
}

fn refusal() -> Outcome<()> {
    let tago = answered(401, answers::DENIED)?;
    third_time(|| match tago.run().users().info(black_box(ID)) {
        Err(error) if error.is_permission_denied() || error.is_unauthorized() => Ok(error),
        _ => Err("it should have been refused".into()),
    })
}

fn refusal_by_hand() -> Outcome<()> {
    third_time(|| {
        black_box(format!("{BASE}/run/users/{}", black_box(ID)));
        Ok(serde_json::from_slice::<Refusal>(black_box(answers::DENIED.as_bytes()))?.message)
    })
}

fn retry() -> Outcome<()> {
    let asked = Response::new(429).with_header("content-type", "application/json").with_header("retry-after", "8");
    decide(&asked, Some(Duration::from_secs(8)))
}

fn no_retry() -> Outcome<()> {
    decide(&Response::new(200).with_header("content-type", "application/json"), None)
}

fn decide(answer: &Response, expected: Option<Duration>) -> Outcome<()> {
    let (policy, request) = (RetryPolicy::default(), Request::new(Method::Get, BASE));
    let first = Attempt { number: 1, elapsed: Duration::ZERO, now: chrono::DateTime::UNIX_EPOCH, jitter: 0.5 };
    third_time(|| {
        let decided = policy.decide(black_box(&request), Ok(black_box(answer)), black_box(first));
        if decided == expected { Ok(()) } else { Err("it decided otherwise".into()) }
    })
}
