//! Which TagoIO is talked to, and by what right.

use std::cell::OnceCell;
use std::time::Duration;

use clap::Args;
use tagoio::profile::DownloadUrl;
use tagoio::sandbox::Sandbox;
use tagoio::transport::{Limits, Logged, Method, Request, Route, Streamed, Transport as _, UreqTransport};
use tagoio::{Client, ClientBuilder, Error, Region, Token};

use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::official;
use crate::output::{Output, tell};

/// Where requests go, and the token they go with. There is no flag for a token's value: it would be in the shell's
/// history and in everybody's list of processes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Read the token from a file, or from standard input with `-`; else TAGOIO_TOKEN or T_ANALYSIS_TOKEN has it
    #[arg(long, global = true, value_name = "FILE|-")]
    token_file: Option<Input>,
    /// Use the profile and the address that TagoIO's own CLI keeps under this name (tagoconfig.json)
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "token_file")]
    env: Option<String>,
    /// us-e1, eu-w1, or the id of a TagoDeploy [default: TAGOIO_API, else us-e1]
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// The address of the API, when no region has it
    #[arg(long, global = true, value_name = "URL", conflicts_with = "region")]
    api_url: Option<String>,
    /// Use an in-memory TagoIO that begins anew each time: no account, no network
    #[arg(long, global = true, conflicts_with_all = ["token_file", "env", "region", "api_url"])]
    sandbox: bool,
    /// Give up on an answer after so many seconds [default: 60]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// Say on standard error which requests are made
    #[arg(long, short, global = true)]
    verbose: bool,
}

/// Another profile than that of the connection: something comes from there.
#[derive(Debug, Args)]
pub(crate) struct OtherProfile {
    /// The profile whose token is in this file, or on standard input with `-`; it is where the connection leads
    #[arg(long, value_name = "FILE|-")]
    from_token_file: Option<Input>,
    /// The profile that TagoIO's own CLI keeps under this name
    #[arg(long, value_name = "NAME", conflicts_with = "from_token_file")]
    from_env: Option<String>,
}

/// What a command works with.
pub(crate) struct Context<'a> {
    connection: Connection,
    /// The one of `--sandbox`.
    sandbox: OnceCell<Sandbox>,
    pub(crate) out: &'a Output,
}

impl<'a> Context<'a> {
    pub(crate) fn new(connection: Connection, out: &'a Output) -> Self {
        Self { connection, sandbox: OnceCell::new(), out }
    }

    /// The client that the command line asks for. Reads what has to be read; sends nothing.
    pub(crate) fn client(&self) -> Result<Client> {
        self.client_with(|builder| builder)
    }

    /// Says on standard error which requests a served sandbox answers, if that is wanted.
    pub(crate) fn watch_sandbox(&self) {
        if self.connection.verbose {
            say(&SANDBOX);
        }
    }

    /// What is at an address that isn't TagoIO's, as it comes: asked for without the token, and not by redirects. The time
    /// for an answer is the time in which something has to come.
    pub(crate) fn stream(&self, address: &DownloadUrl) -> Result<Streamed> {
        let mut limits = Limits::default();
        limits.total = None;
        if let Some(seconds) = self.connection.timeout {
            limits.attempt = Some(Duration::from_secs(seconds));
        }
        let route = Route::new(Method::Get, "(the address of the backup)");
        let request = Request::new(Method::Get, address.expose())
            .with_route(route.clone())
            .with_limits(limits)
            .with_header("user-agent", concat!("tagoctl/", env!("CARGO_PKG_VERSION")))
            // Its size is that of what is sent.
            .with_header("accept-encoding", "identity");
        let answer = match &self.connection.sandbox {
            true => self.sandbox.get_or_init(Sandbox::new).send(&request).map(Streamed::from),
            false => UreqTransport::new()?.stream(&request),
        };
        let answer = answer.map_err(|source| Error::Transport { route: route.clone(), repeatable: true, source })?;
        log::debug!(target: REQUESTS.0, "{route}: {}", answer.status());
        Ok(answer)
    }

    /// As [`client`](Self::client), with settings of the command's own.
    pub(crate) fn client_with(&self, settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client> {
        let connection = &self.connection;
        let mut builder = self.builder();
        if connection.sandbox {
            let sandbox = self.sandbox.get_or_init(Sandbox::new).clone();
            let token = sandbox.token();
            return Ok(builder.token(token).region(Region::US_E1).transport(Logged::new(sandbox)).build()?);
        }
        let mut region = connection.region()?;
        builder = if let Some(input) = &connection.token_file {
            builder.token(token_in("--token-file", input)?)
        } else if let Some(name) = &connection.env {
            let environment = environment("--env", name)?;
            region = region.or(environment.region);
            builder.token(environment.token)
        } else if has_token() {
            builder.token_from_env()
        } else {
            return Err(Failure::usage("missing_token", "there is no token: TAGOIO_TOKEN isn't set").hint(
                "set TAGOIO_TOKEN, or use --token-file FILE, --env NAME of TagoIO's own CLI, or --sandbox to try things",
            ));
        };
        if let Some(region) = region {
            builder = builder.region(region);
        }
        Ok(settings(builder).build()?)
    }

    /// The client of another profile.
    pub(crate) fn client_of(&self, other: &OtherProfile) -> Result<Client> {
        if self.connection.sandbox {
            return Err(Failure::usage(
                "conflict",
                "--sandbox signs in to one profile, and there is no token of another",
            )
            .hint("`tagoctl sandbox` serves one that stays: `token list --profile ID --show-secrets` has tokens"));
        }
        let mut region = self.connection.region()?;
        let token = match (&other.from_token_file, &other.from_env) {
            (Some(input), _) => token_in("--from-token-file", input)?,
            (None, Some(name)) => {
                let environment = environment("--from-env", name)?;
                region = environment.region;
                environment.token
            }
            (None, None) => {
                return Err(Failure::usage("missing_token", "there is no token of the other profile")
                    .hint("give --from-token-file FILE, or --from-env NAME of TagoIO's own CLI"));
            }
        };
        let builder = self.builder().token(token);
        Ok(region.into_iter().fold(builder, ClientBuilder::region).build()?)
    }

    fn builder(&self) -> ClientBuilder {
        if self.connection.verbose {
            say(&REQUESTS);
        }
        let builder = Client::builder().user_agent_suffix(concat!("tagoctl/", env!("CARGO_PKG_VERSION")));
        let seconds = self.connection.timeout.map(Duration::from_secs);
        seconds.into_iter().fold(builder, ClientBuilder::timeout)
    }
}

/// The token in a file; `flag` is what names the file.
fn token_in(flag: &str, input: &Input) -> Result<Token> {
    let name = input.to_string();
    no_token(flag, "the path of a file", &name)?;
    let text = input.text()?;
    token_of(&name, text.trim_end_matches(['\r', '\n']))
}

fn environment(flag: &str, name: &str) -> Result<official::Environment> {
    no_token(flag, "the name of an environment", name)?;
    official::environment(name)
}

impl Connection {
    fn region(&self) -> Result<Option<Region>> {
        Ok(match (&self.region, &self.api_url) {
            // An address may hold a password: it isn't repeated.
            (Some(name), _) if name.contains("://") => {
                return Err(Failure::usage("usage", "--region takes a name: an address goes with --api-url"));
            }
            (Some(name), _) => Some(match name.parse() {
                Ok(region) => region,
                Err(_) => Region::deploy(name)?,
            }),
            (None, Some(url)) => Some(Region::custom(url)?),
            (None, None) => None,
        })
    }
}

/// A token that was read from somewhere; what is wrong with it is told without repeating it.
pub(crate) fn token_of(place: &str, text: &str) -> Result<Token> {
    Token::new(text).map_err(|error| Failure::usage("invalid_token", format!("{place}: {error}")))
}

/// Whether a text has the form of a token: a UUID, the newer ones after a letter and a hyphen. It isn't to be shown then.
pub(crate) fn is_token_like(text: &str) -> bool {
    let uuid = match text.as_bytes() {
        [letter, b'-', uuid @ ..] if letter.is_ascii_alphabetic() => uuid,
        uuid => uuid,
    };
    let groups: Vec<&[u8]> = uuid.split(|byte| *byte == b'-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.concat().iter().all(u8::is_ascii_hexdigit)
}

/// Refuses a token where a flag wants something else, which would repeat it when it isn't found.
fn no_token(flag: &str, wanted: &str, given: &str) -> Result<()> {
    if is_token_like(given) {
        let problem = format!("{flag} takes {wanted}, and this is a token's value");
        return Err(Failure::usage("usage", problem)
            .hint("it may be in the shell's history now; set TAGOIO_TOKEN, or use --token-file FILE"));
    }
    Ok(())
}

/// As in TagoIO's SDKs, an empty variable counts as none.
fn has_token() -> bool {
    ["TAGOIO_TOKEN", "T_ANALYSIS_TOKEN"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// What is logged under one name, on standard error. What lower layers log could hold headers.
struct Stderr(&'static str);

/// The requests that are made.
static REQUESTS: Stderr = Stderr("tagoio");
/// The requests that a served sandbox answers.
static SANDBOX: Stderr = Stderr("tagoio::sandbox");

impl log::Log for Stderr {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == self.0
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            tell(&record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// Has something said on standard error. A second call changes nothing.
fn say(what: &'static Stderr) {
    if log::set_logger(what).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_form() {
        for (text, is_one) in [
            ("p-79cad904-7149-46b2-b469-2ad87e01c32e", true),
            ("79CAD904-7149-46b2-b469-2ad87e01c32e", true),
            ("p-79cad904-7149-46b2-b469-2ad87e01c32", false),
            ("p-79cad904-7149-46b2-b469-2ad87e01c32g", false),
            ("pp-79cad904-7149-46b2-b469-2ad87e01c32e", false),
            ("79cad904714946b2b4692ad87e01c32e", false),
            ("Old CI", false),
            ("", false),
        ] {
            assert_eq!(is_token_like(text), is_one, "{text}");
        }
    }
}
