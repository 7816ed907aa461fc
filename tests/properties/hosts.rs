//! The token goes to the host that was meant, encrypted, or nowhere.

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;
use tagoio::transport::{Response, from_fn};
use tagoio::{Client, Region};
use ureq::http::Uri;

use super::cases;
use super::values::text;

fn scheme() -> impl Strategy<Value = &'static str> {
    select(&["https", "http", "HTTPS", "Http"][..])
}

/// Hosts that a request may go to, the loopback ones first.
const HOSTS: [&str; 16] = [
    "localhost",
    "LOCALHOST",
    "tago.localhost",
    "127.0.0.1",
    "127.255.0.9",
    "[::1]",
    "api.tago.io",
    "127.0.0.1.evil.com",
    "localhost.evil.com",
    "evillocalhost",
    "10.0.0.1",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "[::]",
    "[::ffff:127.0.0.1]",
];

/// Whether a host is this computer, told without the crate.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn port() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), (1_u16..).prop_map(|port| format!(":{port}"))]
}

/// Where a client of this region sends its token.
fn destination(region: Region) -> Result<Uri, TestCaseError> {
    let tago = Client::builder()
        .token("p-canary")
        .region(region)
        .vars(|_| None)
        .transport(from_fn(|request| {
            assert_eq!(request.header("token"), Some("p-canary"));
            Ok(Response::new(200).with_body(serde_json::to_vec(request.url()).unwrap()))
        }))
        .build()
        .unwrap();
    let url: String =
        serde_json::from_slice(tago.raw(tagoio::transport::Method::Get, "/run").response().unwrap().body())
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
    url.parse().map_err(|error| TestCaseError::fail(format!("{url}: {error}")))
}

/// What may be wrong with an address: user information, a query, a fragment, another scheme, dots, spaces, a port.
fn betraying() -> impl Strategy<Value = String> {
    let host = select(&HOSTS[..]);
    let user =
        select(&["user@", "user:pass@", "@", "api.tago.io@", "api.tago.io:443@", "a%40b@", "api.tago.io\\@"][..]);
    let tail = select(
        &[
            "?x=1",
            "/?x",
            "#f",
            "/#",
            "/a?b#c",
            "/..",
            "/../x",
            "/.",
            "/a/%2e%2e",
            "/%2E",
            "/a b",
            "\\x",
            "/\u{202e}",
            "/é",
        ][..],
    );
    let port = select(&[":", ":x", ":65536", ":-1", ":+80", ":80:80", ":8 0", ":0x50"][..]);
    let scheme = select(&["ftp", "ws", "wss", "file", "javascript", "data", "httpss", "", " ", "https:http"][..]);
    let name = select(
        &[
            "",
            "ünï.example",
            "a b",
            "a%2eb",
            "a,b",
            "a\u{200b}b",
            "[::1",
            "[x]",
            "[::1]x",
            "::1",
            "a\nb",
            "[fe80::1%25eth0]",
        ][..],
    );
    prop_oneof![
        (user, host.clone()).prop_map(|(user, host)| format!("https://{user}{host}")),
        (host.clone(), tail).prop_map(|(host, tail)| format!("https://{host}{tail}")),
        (host.clone(), port).prop_map(|(host, port)| format!("https://{host}{port}")),
        (scheme, host).prop_map(|(scheme, host)| format!("{scheme}://{host}")),
        name.prop_map(|name| format!("https://{name}")),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn an_address_is_encrypted_or_of_this_computer_or_refused(
        scheme in scheme(), host in select(&HOSTS[..]), port in port(), path in "(/[a-z0-9._~%41-]{1,6}){0,2}/{0,2}",
    ) {
        let dots = |path: &str| path.split('/').any(|segment| matches!(segment, "." | ".."));
        prop_assume!(!dots(&path) && path.matches('%').count() == path.matches("%41").count());
        let url = format!("{scheme}://{host}{port}{path}");
        let encrypted = scheme.eq_ignore_ascii_case("https");
        let region = Region::custom(&url);
        prop_assert_eq!(region.is_ok(), encrypted || is_loopback(host), "{}: {:?}", url, region);

        // Who insists gets it, and the environment can't insist.
        let insisted = Region::insecure(&url).unwrap();
        prop_assert_eq!(url.parse::<Region>().is_ok(), region.is_ok());
        let vars = move |name: &str| (name == "TAGOIO_API").then(|| url.clone());
        let of_env = Client::builder().token("p-1").transport(from_fn(|_| Ok(Response::new(200)))).vars(vars).build();
        prop_assert_eq!(of_env.is_ok(), region.is_ok());

        let uri = destination(insisted)?;
        prop_assert_eq!(uri.host(), Some(host));
        prop_assert_eq!(uri.scheme_str(), Some(if encrypted { "https" } else { "http" }));
        prop_assert_eq!(uri.port().map_or(String::new(), |port| format!(":{port}")), port);
        prop_assert_eq!(uri.path(), format!("{}/run", path.trim_end_matches('/')));
    }

    #[test]
    fn an_address_that_would_betray_the_token_is_refused_even_when_insisted_on(url in betraying()) {
        for region in [Region::custom(&url), Region::insecure(&url), url.parse()] {
            prop_assert!(region.is_err(), "{} gives {:?}", url, region);
        }
    }

    #[test]
    fn any_text_is_an_address_of_one_host_or_refused(text in text(), prefix in select(&["", "https://", "http://", "https://api.tago.io"][..])) {
        if let Ok(region) = Region::insecure(&format!("{prefix}{text}")) {
            let base = region.base_url().to_owned();
            let uri = destination(region)?;
            let authority = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
            prop_assert!(!authority.contains('@') && !authority.is_empty(), "{}", base);
            prop_assert!(uri.query().is_none() && base.is_ascii() && !base.contains(['#', '\\', ' ']), "{}", base);
            prop_assert!(base.starts_with(&format!("{}://{authority}", uri.scheme_str().unwrap_or_default())), "{}", base);
        }
    }

    #[test]
    fn a_deploy_id_is_one_label_of_tagoios_domain_or_refused(
        id in prop_oneof![text(), "[a-zA-Z0-9-]{1,64}", select(&["a.b", "evil.com/", "x@evil.com", "x:80", "evil.com#", "x?"][..]).prop_map(str::to_owned)],
    ) {
        let label = id.trim();
        let is_label = !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-'))
            && !label.starts_with('-')
            && !label.ends_with('-');
        let region = Region::deploy(&id);
        prop_assert_eq!(region.is_ok(), is_label, "{:?}: {:?}", id, region);
        if let Ok(region) = region {
            let uri = destination(region)?;
            prop_assert_eq!(uri.to_string(), format!("https://api.{label}.tagoio.net/run"));
            prop_assert_eq!(uri.host().map(str::to_owned), Some(format!("api.{label}.tagoio.net")));
        }
    }
}

#[test]
fn what_is_refused_is_not_repeated_where_it_may_hold_a_password() {
    for url in ["https://user:canary@api.tago.io", "https://api.tago.io?token=canary", "https://api.tago.io/#canary"] {
        for error in [Region::custom(url).unwrap_err(), Region::insecure(url).unwrap_err()] {
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }
}
