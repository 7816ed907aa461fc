//! What a program has without this crate: one ureq agent, `serde_json::from_slice` and chrono. Connections are kept, and
//! there are no time limits, no limit of the answer's size, and no errors but those of ureq and serde.

use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Deserialize)]
pub struct Envelope<T> {
    pub result: T,
}

/// What TagoIO gives of a user in a list.
#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
pub struct User {
    pub id: String,
    name: String,
    email: String,
    timezone: String,
    company: Option<String>,
    phone: Option<String>,
    language: Option<String>,
    tags: Vec<Tag>,
    active: bool,
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading it is what is measured")]
pub struct Statistic {
    time: DateTime<Utc>,
    input: Option<f64>,
    output: Option<f64>,
    analysis: Option<f64>,
    data_records: Option<f64>,
    sms: Option<f64>,
    email: Option<f64>,
    run_users: Option<f64>,
    push_notification: Option<f64>,
    file_storage: Option<f64>,
    tcore: Option<f64>,
    tcore_cluster: Option<f64>,
    dashboard_output: Option<f64>,
}

#[derive(Serialize)]
pub struct NewUser<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub timezone: &'a str,
    pub generate_password: bool,
}

#[derive(Deserialize)]
pub struct Created {
    pub user: String,
}

#[derive(Deserialize)]
pub struct Refusal {
    pub message: String,
}

/// Adds a pair to a query, both sides of it encoded.
pub fn add(url: &mut String, key: &str, value: &str) {
    url.push('&');
    url.extend(utf8_percent_encode(key, NON_ALPHANUMERIC));
    url.push('=');
    url.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
}

/// The address of a page of users, asked for as this crate asks for it.
pub fn users_url(base: &str, page: u32, amount: u32) -> String {
    format!(
        "{base}/run/users?page={page}&fields%5B0%5D=id&fields%5B1%5D=name&fields%5B2%5D=email&fields%5B3%5D=timezone\
         &fields%5B4%5D=company&fields%5B5%5D=phone&fields%5B6%5D=language&fields%5B7%5D=tags&fields%5B8%5D=active\
         &fields%5B9%5D=last_login&fields%5B10%5D=created_at&fields%5B11%5D=updated_at&amount={amount}\
         &orderBy=name%2Casc"
    )
}

/// The address of a month's statistics, hour by hour.
pub fn statistics_url(base: &str) -> String {
    format!("{base}/profile/current/statistics?start_date=2026-01-01&end_date=2026-01-31&periodicity=hour")
}

/// One agent, as it is by default.
pub struct ByHand {
    pub agent: ureq::Agent,
    pub base: String,
    pub token: String,
}

impl ByHand {
    pub fn new(base: &str, token: &str) -> Self {
        Self { agent: ureq::Agent::new_with_defaults(), base: base.to_owned(), token: token.to_owned() }
    }

    pub fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Outcome<T> {
        let mut answer = self.agent.get(url).header("token", &self.token).call()?;
        let body = answer.body_mut().read_to_vec()?;
        Ok(serde_json::from_slice::<Envelope<T>>(&body)?.result)
    }

    pub fn post<T: serde::de::DeserializeOwned>(&self, url: &str, body: &impl Serialize) -> Outcome<T> {
        let request = self.agent.post(url).header("token", &self.token).content_type("application/json");
        // `send_json` writes the JSON indented.
        let mut answer = request.send(&serde_json::to_vec(body)?)?;
        let body = answer.body_mut().read_to_vec()?;
        Ok(serde_json::from_slice::<Envelope<T>>(&body)?.result)
    }

    pub fn user(&self, id: &str) -> Outcome<User> {
        self.get(&format!("{}/run/users/{id}", self.base))
    }

    pub fn users(&self, page: u32, amount: u32) -> Outcome<Vec<User>> {
        self.get(&users_url(&self.base, page, amount))
    }

    pub fn create(&self, new: &NewUser<'_>) -> Outcome<String> {
        Ok(self.post::<Created>(&format!("{}/run/users", self.base), new)?.user)
    }
}
