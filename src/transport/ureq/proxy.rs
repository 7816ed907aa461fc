use std::fmt;

use ureq::http;

use crate::error::{Error, Result};
use crate::region::is_loopback;

/// Which proxy a [`UreqTransport`](super::UreqTransport) connects through.
///
/// A proxy is asked for a tunnel (`CONNECT`), so that it can't read what goes through `https`. Its address is that of an
/// HTTP proxy, `http://proxy.example.com:3128`, with or without `user:password@` before the host.
///
/// ```
/// use tagoio::transport::Proxy;
///
/// let proxy = Proxy::Url("http://jane:secret@proxy.example.com:3128".to_owned());
/// assert_eq!(format!("{proxy:?}"), r#"Url("http://…@proxy.example.com:3128")"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub enum Proxy {
    /// The one that the environment names: `HTTPS_PROXY` (`HTTP_PROXY` for plain http), else `ALL_PROXY`, each also in
    /// lower case. None for the hosts in `NO_PROXY` and the hosts below them, and never one for this very computer.
    #[default]
    Environment,
    /// No proxy, whatever the environment says.
    None,
    /// This one, for every host.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(&without_credentials(url)).finish(),
        }
    }
}

fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}{}…@{host}", if scheme.is_empty() { "" } else { "://" })
        }
        None => url.to_owned(),
    }
}

/// What there is one of for each way to a host: without a proxy, and through that for `http` and that for `https`.
pub(super) struct Ways<T> {
    direct: T,
    http: Option<Way<T>>,
    https: Option<Way<T>>,
    /// Whether this very computer is reached directly in any case.
    spares_loopback: bool,
}

struct Way<T> {
    proxy: ureq::Proxy,
    through: T,
}

impl<T> Ways<T> {
    pub(super) fn look_up(
        proxy: &Proxy,
        vars: &dyn Fn(&str) -> Option<String>,
        make: impl Fn(Option<ureq::Proxy>) -> T,
    ) -> Result<Self> {
        let (http, https) = match proxy {
            Proxy::None => (None, None),
            Proxy::Url(url) => {
                let proxy = tunnel("proxy", url, "")?;
                (Some(proxy.clone()), Some(proxy))
            }
            Proxy::Environment => {
                let var = |name: &'static str| {
                    let value = vars(name).or_else(|| vars(&name.to_ascii_lowercase()));
                    value.filter(|value| !value.is_empty())
                };
                let exempt = var("NO_PROXY").unwrap_or_default();
                let first = |names: [&'static str; 2]| {
                    let found = names.into_iter().find_map(|name| Some((name, var(name)?)));
                    found.map(|(name, url)| tunnel(name, &url, &exempt)).transpose()
                };
                (first(["HTTP_PROXY", "ALL_PROXY"])?, first(["HTTPS_PROXY", "ALL_PROXY"])?)
            }
        };
        let way = |proxy: ureq::Proxy| Way { through: make(Some(proxy.clone())), proxy };
        Ok(Self {
            direct: make(None),
            http: http.map(way),
            https: https.map(way),
            spares_loopback: *proxy == Proxy::Environment,
        })
    }

    /// The one for a URL.
    pub(super) fn to(&self, uri: &http::Uri) -> &T {
        let way = if uri.scheme() == Some(&http::uri::Scheme::HTTPS) { &self.https } else { &self.http };
        match way {
            Some(way) if !self.is_spared(uri) && !way.proxy.is_no_proxy(uri) => &way.through,
            _ => &self.direct,
        }
    }

    fn is_spared(&self, uri: &http::Uri) -> bool {
        self.spares_loopback && uri.host().is_some_and(is_loopback)
    }
}

/// A proxy that isn't asked for the hosts on a list, as `NO_PROXY` writes it.
fn tunnel(subject: &str, url: &str, exempt: &str) -> Result<ureq::Proxy> {
    // The address may hold a password: it is not repeated.
    let refuse = || Error::config(subject, "it has to be the address of a proxy that speaks http or https");
    let parsed = ureq::Proxy::new(url.trim()).map_err(|_| refuse())?;
    // Without its own feature, ureq panics on a SOCKS proxy.
    if !matches!(parsed.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https) {
        return Err(refuse());
    }
    let mut proxy = ureq::Proxy::builder(parsed.protocol()).host(parsed.host()).port(parsed.port());
    if let Some(username) = parsed.username() {
        proxy = proxy.username(username);
    }
    if let Some(password) = parsed.password() {
        proxy = proxy.password(password);
    }
    for host in exempt.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        let host = host.trim_start_matches('.');
        // To ureq a name is that host alone; everywhere else it is the hosts below it, too.
        proxy = proxy.no_proxy(host).no_proxy(&format!(".{host}"));
    }
    proxy.build().map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_proxy_as_it_does_for_other_programs() {
        let look_up = |vars: &[(&str, &str)]| {
            let var = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            Ways::look_up(&Proxy::Environment, &var, |proxy| proxy)
        };
        let host = |vars: &[(&str, &str)], url: &str| {
            let ways = look_up(vars).unwrap();
            ways.to(&url.parse().unwrap()).as_ref().map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
        };
        let all = &[("ALL_PROXY", "all"), ("HTTPS_PROXY", "http://tls:3128"), ("http_proxy", "http://plain")][..];
        let except = |hosts| [("ALL_PROXY", "all"), ("NO_PROXY", hosts)];
        for (vars, url, expected) in [
            (&[][..], "https://api.tago.io/run", None),
            (all, "https://api.tago.io/run", Some("tls:3128")),
            (all, "http://10.0.0.1", Some("plain:80")),
            (&[("HTTP_PROXY", "plain")], "https://api.tago.io", None),
            (&[("all_proxy", "all")], "https://api.tago.io", Some("all:80")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "all:1")], "https://api.tago.io", Some("all:1")),
            (&except("example.com, tago.io"), "https://api.tago.io", None),
            (&except(".tago.io"), "https://API.TAGO.IO", None),
            (&except("*"), "https://api.tago.io", None),
            (&except("api.tago.io"), "https://api.eu-w1.tago.io", Some("all:80")),
            (&except(" , ago.io"), "https://api.tago.io", Some("all:80")),
            (all, "http://localhost:8787", None),
            (all, "http://TAGO.localhost:8787", None),
            (all, "https://127.9.9.9", None),
            (all, "https://[::1]:8787", None),
            (all, "https://[2001:db8::1]", Some("tls:3128")),
            (all, "https://localhost.example.com", Some("tls:3128")),
            (all, "https://127.0.0.1.example.com", Some("tls:3128")),
        ] {
            assert_eq!(host(vars, url).as_deref(), expected, "{vars:?} {url}");
        }
        for value in ["socks5://h", "ftp://h", "http://", "h h"] {
            assert!(look_up(&[("ALL_PROXY", value)]).is_err(), "{value}");
        }
    }

    #[test]
    fn a_proxy_keeps_its_credentials_and_does_not_show_them() {
        let url = "http://jane:can%40ary@proxy.example.com:3128";
        let proxy = tunnel("proxy", url, "").unwrap();
        assert_eq!((proxy.username(), proxy.password()), (Some("jane"), Some("can@ary")));

        for (url, shown) in [
            (url, r#"Url("http://…@proxy.example.com:3128")"#),
            ("jane:can@ary@proxy", r#"Url("…@proxy")"#),
            ("http://proxy:3128", r#"Url("http://proxy:3128")"#),
        ] {
            let proxy = Proxy::Url(url.to_owned());
            assert_eq!(format!("{proxy:?}"), shown);
            let transport = crate::transport::UreqTransport::with_proxy(&proxy).unwrap();
            assert_eq!(format!("{transport:?}"), "UreqTransport { .. }");
        }
    }
}
