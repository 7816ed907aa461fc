//! The peers: what a program may use to speak with TagoIO.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};

use instructions::by_hand::{self, ByHand, Created, Envelope, Statistic, User};
use serde::de::DeserializeOwned;
use tagoio::profile::{Periodicity, StatisticsDate};
use tagoio::run::{NewUser, UserQuery};
use tagoio::transport::{Retry, RetryPolicy, UreqTransport};
use tagoio::{Client, ProfileId, Region};

use crate::Outcome;

pub(crate) const TOKEN: &str = "p-3f2b8a90-7d1c-4c55-9a43-5be0a1d2c3e4";
const ID: &str = "61eb25a4d6a4a20011d4cd3c";
const NEW: by_hand::NewUser<'_> = by_hand::NewUser {
    name: "Jane Doe",
    email: "jane@example.com",
    timezone: "Europe/Lisbon",
    generate_password: true,
};

pub(crate) trait Peer: Send + Sync {
    fn user(&self) -> Outcome<()>;
    fn create(&self) -> Outcome<()>;
    /// Gives how many users came.
    fn users(&self, amount: u32) -> Outcome<usize>;
    /// Gives how many points came.
    fn statistics(&self) -> Outcome<usize>;
}

pub(crate) fn connect(peer: &str, base: &str) -> Outcome<Box<dyn Peer>> {
    let base = base.to_owned();
    Ok(match peer {
        "tagoio" => Box::new(tagoio(&base)?),
        "by-hand" if base.starts_with("https") => {
            Box::new(ByHand { agent: trusting()?, base, token: TOKEN.to_owned() })
        }
        "by-hand" => Box::new(ByHand::new(&base, TOKEN)),
        "read-json" => Box::new(WithSlice { base, http: ReadJson(ureq::Agent::new_with_defaults()) }),
        "reqwest" => {
            Box::new(WithSlice { base, http: Reqwest(reqwest::blocking::Client::builder().no_proxy().build()?) })
        }
        "curl" => Box::new(WithSlice { base, http: Curl::new()? }),
        "raw" => {
            let http = Raw::connect(base.strip_prefix("http://").ok_or("a raw socket speaks http")?)?;
            Box::new(WithSlice { base, http })
        }
        _ => return Err(format!("there is no peer {peer:?}").into()),
    })
}

/// This crate, as `Client::new` makes it, but for where the server is and whom it trusts.
pub(crate) fn tagoio(base: &str) -> Outcome<Client> {
    let builder = Client::builder().token(TOKEN).region(Region::insecure(base)?).vars(|_| None);
    if !base.starts_with("https") {
        return Ok(builder.build()?);
    }
    let transport = Retry::new(UreqTransport::with_agent(trusting()?), RetryPolicy::default());
    Ok(builder.transport(transport).build()?)
}

/// An agent that trusts the server's certificate.
fn trusting() -> Outcome<ureq::Agent> {
    use ureq::tls::{Certificate, RootCerts, TlsConfig};

    let path = std::env::var("COMPARE_CERTIFICATE")?;
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&std::fs::read(path)?)?]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    Ok(ureq::Agent::config_builder().tls_config(tls).build().new_agent())
}

impl Peer for Client {
    fn user(&self) -> Outcome<()> {
        self.run().users().info(ID)?;
        Ok(())
    }

    fn create(&self) -> Outcome<()> {
        let new = NewUser::new(NEW.name, NEW.email, NEW.timezone).generate_password(NEW.generate_password);
        self.run().users().create(&new)?;
        Ok(())
    }

    fn users(&self, amount: u32) -> Outcome<usize> {
        Ok(self.run().users().list(&UserQuery::new().amount(amount))?.len())
    }

    fn statistics(&self) -> Outcome<usize> {
        let january = StatisticsDate::range("2026-01-01", "2026-01-31", Periodicity::Hour);
        Ok(self.profile().usage_statistics(ProfileId::CURRENT, &january)?.len())
    }
}

impl Peer for ByHand {
    fn user(&self) -> Outcome<()> {
        self.user(ID)?;
        Ok(())
    }

    fn create(&self) -> Outcome<()> {
        self.create(&NEW)?;
        Ok(())
    }

    fn users(&self, amount: u32) -> Outcome<usize> {
        Ok(self.users(1, amount)?.len())
    }

    fn statistics(&self) -> Outcome<usize> {
        Ok(self.get::<Vec<Statistic>>(&by_hand::statistics_url(&self.base))?.len())
    }
}

/// An HTTP client, by which the same is done as by hand.
trait Http: Send + Sync {
    fn get<T: DeserializeOwned>(&self, url: &str) -> Outcome<T>;
    fn post<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Outcome<T>;
}

struct WithSlice<H> {
    base: String,
    http: H,
}

impl<H: Http> Peer for WithSlice<H> {
    fn user(&self) -> Outcome<()> {
        self.http.get::<Envelope<User>>(&format!("{}/run/users/{ID}", self.base))?;
        Ok(())
    }

    fn create(&self) -> Outcome<()> {
        self.http.post::<Envelope<Created>>(&format!("{}/run/users", self.base), serde_json::to_vec(&NEW)?)?;
        Ok(())
    }

    fn users(&self, amount: u32) -> Outcome<usize> {
        Ok(self.http.get::<Envelope<Vec<User>>>(&by_hand::users_url(&self.base, 1, amount))?.result.len())
    }

    fn statistics(&self) -> Outcome<usize> {
        Ok(self.http.get::<Envelope<Vec<Statistic>>>(&by_hand::statistics_url(&self.base))?.result.len())
    }
}

/// ureq with its own JSON: what its documentation shows first.
struct ReadJson(ureq::Agent);

impl Http for ReadJson {
    fn get<T: DeserializeOwned>(&self, url: &str) -> Outcome<T> {
        Ok(self.0.get(url).header("token", TOKEN).call()?.body_mut().read_json()?)
    }

    fn post<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Outcome<T> {
        let body: serde_json::Value = serde_json::from_slice(&body)?;
        Ok(self.0.post(url).header("token", TOKEN).send_json(&body)?.body_mut().read_json()?)
    }
}

struct Reqwest(reqwest::blocking::Client);

impl Http for Reqwest {
    fn get<T: DeserializeOwned>(&self, url: &str) -> Outcome<T> {
        let answer = self.0.get(url).header("token", TOKEN).send()?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes()?)?)
    }

    fn post<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Outcome<T> {
        let request = self.0.post(url).header("token", TOKEN).header("content-type", "application/json").body(body);
        Ok(serde_json::from_slice(&request.send()?.error_for_status()?.bytes()?)?)
    }
}

struct Curl(Mutex<curl::easy::Easy>);

impl Curl {
    fn new() -> Outcome<Self> {
        let mut easy = curl::easy::Easy::new();
        easy.fail_on_error(true)?;
        easy.noproxy("*")?;
        let mut headers = curl::easy::List::new();
        headers.append(&format!("token: {TOKEN}"))?;
        headers.append("content-type: application/json")?;
        easy.http_headers(headers)?;
        Ok(Self(Mutex::new(easy)))
    }

    fn read<T: DeserializeOwned>(easy: &mut curl::easy::Easy, url: &str) -> Outcome<T> {
        let mut body = Vec::new();
        easy.url(url)?;
        let mut transfer = easy.transfer();
        transfer.write_function(|bytes| {
            body.extend_from_slice(bytes);
            Ok(bytes.len())
        })?;
        transfer.perform()?;
        drop(transfer);
        Ok(serde_json::from_slice(&body)?)
    }
}

impl Http for Curl {
    fn get<T: DeserializeOwned>(&self, url: &str) -> Outcome<T> {
        Self::read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), url)
    }

    fn post<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Outcome<T> {
        let mut easy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        easy.post(true)?;
        easy.post_fields_copy(&body)?;
        Self::read(&mut easy, url)
    }
}

/// The least that can be done: what HTTP itself costs is the difference to this.
struct Raw {
    connection: Mutex<BufReader<TcpStream>>,
    host: String,
}

impl Raw {
    fn connect(host: &str) -> Outcome<Self> {
        let connection = TcpStream::connect(host)?;
        connection.set_nodelay(true)?;
        Ok(Self { connection: Mutex::new(BufReader::new(connection)), host: host.to_owned() })
    }

    fn exchange<T: DeserializeOwned>(&self, method: &str, url: &str, body: &[u8]) -> Outcome<T> {
        let target = url.split_once(&self.host).map_or("/", |(_, target)| target);
        let mut request = Vec::with_capacity(1024);
        write!(request, "{method} {target} HTTP/1.1\r\nhost: {}\r\ntoken: {TOKEN}\r\n", self.host)?;
        if !body.is_empty() {
            write!(request, "content-type: application/json\r\ncontent-length: {}\r\n", body.len())?;
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.get_mut().write_all(&request)?;

        let (mut line, mut length) = (String::with_capacity(128), None);
        while line != "\r\n" {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err("the connection has ended".into());
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = Some(value.trim_end().parse()?);
            }
        }
        let length: usize = length.ok_or("there is no content-length")?;
        let mut answer = Vec::with_capacity(length);
        if (&mut *connection).take(u64::try_from(length)?).read_to_end(&mut answer)? < length {
            return Err("the connection has ended".into());
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}

impl Http for Raw {
    fn get<T: DeserializeOwned>(&self, url: &str) -> Outcome<T> {
        self.exchange("GET", url, &[])
    }

    fn post<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Outcome<T> {
        self.exchange("POST", url, &body)
    }
}
