//! How a client is set up: by the builder, by the environment, and what of it reaches a request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tagoio::transport::{Method, Request, Response, from_fn};
use tagoio::{Client, ClientBuilder, Error, Region, Token};

/// A builder over a transport that answers everything with nothing, in an environment of these variables; and a place
/// where the last request is kept.
fn builder(vars: &'static [(&'static str, &'static str)]) -> (ClientBuilder, Arc<Mutex<Option<Request>>>) {
    let last = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&last);
    let transport = from_fn(move |request: &Request| {
        *kept.lock().unwrap() = Some(request.clone());
        Ok(Response::new(200).with_body(r#"{"status":true,"result":[]}"#))
    });
    let lookup = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    (Client::builder().transport(transport).vars(lookup), last)
}

/// The request that a client of this builder sends.
fn sent((builder, last): (ClientBuilder, Arc<Mutex<Option<Request>>>)) -> Request {
    builder.build().unwrap().profile().list().unwrap();
    last.lock().unwrap().take().expect("a request was sent")
}

fn refused((builder, _): (ClientBuilder, Arc<Mutex<Option<Request>>>)) -> String {
    let error = builder.build().unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[test]
fn the_token_comes_from_the_builder_or_from_the_environment() {
    type Case = (&'static [(&'static str, &'static str)], &'static str);
    let cases: [Case; 3] = [
        (&[("TAGOIO_TOKEN", "p-1"), ("T_ANALYSIS_TOKEN", "a-1")], "p-1"),
        (&[("T_ANALYSIS_TOKEN", "a-1")], "a-1"),
        (&[("TAGOIO_TOKEN", ""), ("T_ANALYSIS_TOKEN", "a-1")], "a-1"),
    ];
    for (vars, token) in cases {
        let (from_env, last) = builder(vars);
        assert_eq!(sent((from_env.token_from_env(), last)).header("token"), Some(token));
        let (given, last) = builder(vars);
        assert_eq!(sent((given.token("p-given"), last)).header("token"), Some("p-given"));
    }
}

#[test]
fn the_region_is_the_given_one_then_that_of_the_environment_then_us_e1() {
    type Case = (&'static [(&'static str, &'static str)], Option<Region>, &'static str);
    let cases: [Case; 5] = [
        (&[], None, "https://api.tago.io/profile"),
        (&[("TAGOIO_API", "")], None, "https://api.tago.io/profile"),
        (&[("TAGOIO_API", "http://localhost:8787/")], None, "http://localhost:8787/profile"),
        (&[("TAGOIO_API", "https://proxy.example/tago/")], None, "https://proxy.example/tago/profile"),
        (&[("TAGOIO_API", "http://localhost:8787/")], Some(Region::EU_W1), "https://api.eu-w1.tago.io/profile"),
    ];
    for (vars, region, url) in cases {
        let (mut client, last) = builder(vars);
        client = client.token("p-1");
        if let Some(region) = region {
            client = client.region(region);
        }
        assert_eq!(sent((client, last)).url(), url);
    }
}

#[test]
fn bad_values_are_named_and_secrets_are_not_shown() {
    for (vars, message) in [
        (&[][..], "invalid token: there is none: set one, or TAGOIO_TOKEN or T_ANALYSIS_TOKEN in the environment"),
        (
            &[("TAGOIO_TOKEN", "canary\n")],
            "invalid TAGOIO_TOKEN: it is not a token: invalid token: character 7 is not a visible ASCII character",
        ),
        (
            &[("TAGOIO_TOKEN", "p-1"), ("TAGOIO_API", "http://api.tago.io")],
            "invalid TAGOIO_API: it is not the address of an API: invalid base URL: \"http://api.tago.io\" would send the \
             token unencrypted; use https",
        ),
    ] {
        assert_eq!(refused((builder(vars).0.token_from_env(), Arc::default())), message);
    }
    for (change, message) in [
        (
            (|builder| builder.token("canary\u{e9}")) as fn(ClientBuilder) -> ClientBuilder,
            "invalid token: character 7 is not a visible ASCII character",
        ),
        (
            |builder| builder.timeout(Duration::ZERO),
            "invalid timeout: nothing can be done in no time; None is no limit",
        ),
        (|builder| builder.body_limit(0), "invalid body limit: no answer fits into 0 bytes"),
        (
            |builder| builder.user_agent_suffix("a\r\nX-Evil: 1"),
            "invalid user agent suffix: it has to be visible ASCII characters and spaces",
        ),
        (
            |builder| builder.attempts(3),
            "invalid attempts: a transport of your own is not retried; put it into a Retry",
        ),
        (
            |builder| builder.clock(Arc::new(tagoio::clock::SystemClock::default())),
            "invalid clock: a transport of your own is not retried; put it into a Retry",
        ),
    ] {
        assert_eq!(refused((change(builder(&[]).0.token("p-1")), Arc::default())), message);
    }
}

#[test]
fn limits_reach_the_request() {
    let (client, last) = builder(&[]);
    let limits = sent((client.token("p-1"), last)).limits();
    assert_eq!(limits, tagoio::transport::Limits::default());

    let (client, last) = builder(&[]);
    let client = client
        .token("p-1")
        .connect_timeout(Duration::from_secs(1))
        .timeout(None)
        .total_timeout(Duration::from_secs(7))
        .body_limit(1000);
    let limits = sent((client, last)).limits();
    assert_eq!(limits.connect, Some(Duration::from_secs(1)));
    assert_eq!(limits.attempt, Some(Duration::from_secs(7)), "one attempt has no more time than all together");
    assert_eq!((limits.total, limits.body), (Some(Duration::from_secs(7)), 1000));
}

#[test]
fn the_user_agent_says_who_and_where() {
    type Case = (&'static [(&'static str, &'static str)], String);
    let ours = format!("tagoio-rust/{} ", env!("CARGO_PKG_VERSION"));
    let external = format!("(External; {}/{})", std::env::consts::OS, std::env::consts::ARCH);
    let cases: [Case; 3] = [
        (&[], external.clone()),
        (&[("T_ANALYSIS_CONTEXT", "elsewhere")], external),
        (&[("T_ANALYSIS_CONTEXT", "tago-io")], "(Running at TagoIO)".to_owned()),
    ];
    for (vars, place) in cases {
        let (client, last) = builder(vars);
        let request = sent((client.token("p-1").user_agent_suffix("report/1.4 (nightly)"), last));
        assert_eq!(request.header("User-Agent"), Some(&*format!("{ours}{place} report/1.4 (nightly)")));
    }
}

#[test]
fn a_client_is_shared_between_threads_and_shows_no_token() {
    fn shareable<T: Send + Sync + Clone + 'static>(_: &T) {}
    let client = builder(&[]).0.token(Token::new("p-canary").unwrap()).build().unwrap();
    shareable(&client);
    assert_eq!(client.region(), &Region::default());
    let in_europe = builder(&[]).0.token("p-canary").region(Region::EU_W1);
    let shown = format!("{in_europe:?}");
    assert!(
        shown.starts_with("ClientBuilder { region: Some(Region { base_url: ") && !shown.contains("canary"),
        "{shown}"
    );
    let in_europe = in_europe.build().unwrap();
    assert_eq!(in_europe.region(), &Region::EU_W1);
    let shown = format!("{in_europe:?}");
    let beginning = r#"Client { region: Region { base_url: "https://api.eu-w1.tago.io" }, token: Token(…), "#;
    assert!(shown.starts_with(beginning) && !shown.contains("canary"), "{shown}");
    let shown = format!("{:?}", in_europe.raw(Method::Get, "/tags/keys/p-canary").query("token", "canary"));
    assert!(
        shown.contains("Operation { route: GET /tags/keys/{…}, repeatable: true") && !shown.contains("canary"),
        "{shown}"
    );
}
