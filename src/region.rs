use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where a client's requests go: one of TagoIO's regions, a TagoIO Deploy, or any address.
///
/// ```
/// use tagoio::Region;
///
/// assert_eq!(Region::EU_W1.base_url(), "https://api.eu-w1.tago.io");
/// assert_eq!("usa-1".parse::<Region>()?, Region::US_E1);
/// assert_eq!(Region::deploy("68951c0e023862b2aea00f3f")?.base_url(), "https://api.68951c0e023862b2aea00f3f.tagoio.net");
/// assert_eq!(Region::custom("http://localhost:8787/")?.base_url(), "http://localhost:8787");
/// # Ok::<(), tagoio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region {
    /// Without a slash at its end.
    base_url: Cow<'static, str>,
}

impl Region {
    /// `us-e1`, formerly `usa-1`: the United States. The default.
    pub const US_E1: Self = Self { base_url: Cow::Borrowed("https://api.tago.io") };

    /// `eu-w1`: Europe.
    pub const EU_W1: Self = Self { base_url: Cow::Borrowed("https://api.eu-w1.tago.io") };

    /// A TagoIO Deploy, by its project id.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the id can't be one label of a host name: the token must not go to another host.
    #[doc(alias = "tdeploy")]
    pub fn deploy(id: &str) -> Result<Self> {
        let id = id.trim();
        let is_label = (1..=63).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !id.starts_with('-')
            && !id.ends_with('-');
        if is_label {
            Ok(Self { base_url: format!("https://api.{id}.tagoio.net").into() })
        } else {
            Err(Error::config("TagoIO Deploy id", "it has to be 1 to 63 letters, digits and inner hyphens"))
        }
    }

    /// Any address that speaks TagoIO's API, with or without a path prefix and a slash at its end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it isn't an `https` URL of just a host, a port and a path, or an `http` URL of this very
    /// computer (`localhost`, `127.0.0.1`, `[::1]`): elsewhere the token would travel in the open, which only
    /// [`insecure`](Region::insecure) takes.
    pub fn custom(base_url: &str) -> Result<Self> {
        match Self::checked(base_url)? {
            (region, Security::Open) => Err(Error::config(
                "base URL",
                format!("{:?} would send the token unencrypted; use https", region.base_url),
            )),
            (region, Security::Encrypted | Security::Loopback) => Ok(region),
        }
    }

    /// Like [`custom`](Region::custom), but takes plain `http` to any host. Whoever is on the way can read the token.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it isn't an `https` or `http` URL of just a host, a port and a path.
    pub fn insecure(base_url: &str) -> Result<Self> {
        Self::checked(base_url).map(|(region, _)| region)
    }

    /// The address, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    fn checked(base_url: &str) -> Result<(Self, Security)> {
        let refuse = |problem: &str| Err(Error::config("base URL", problem));
        let url = base_url.trim();
        let Some((scheme, rest)) = url.split_once("://") else {
            return refuse("it has to begin with https:// (or http:// for this computer)");
        };
        let encrypted = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return refuse("only https and http are spoken"),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return refuse("it must not hold a user name or password");
        }
        if path.contains(['?', '#']) {
            return refuse("it must not have a query or a fragment");
        }
        let path = path.trim_end_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/".contains(&b);
        if !path.bytes().all(plain) {
            return refuse("its path has a character that has to be percent-encoded");
        }
        // Who resolves these segments resolves their escapes, too.
        let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.split('/').any(is_dots) {
            return refuse("its path must not have the segments . and ..");
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => {
                (Host::V6(address.parse().unwrap_or(Ipv6Addr::UNSPECIFIED)), port)
            }
            Some(_) => return refuse("its host is not an IPv6 address"),
            None => {
                let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
                if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
                    return refuse("its host has to be a name of ASCII letters, digits, hyphens and dots");
                }
                (Host::Name(name), port)
            }
        };
        // A sign would be parsed as a part of the number.
        let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return refuse("its port is not a number up to 65535");
        }
        let security = match (encrypted, host.is_loopback()) {
            (true, _) => Security::Encrypted,
            (false, true) => Security::Loopback,
            (false, false) => Security::Open,
        };
        let scheme = if encrypted { "https" } else { "http" };
        Ok((Self { base_url: format!("{scheme}://{authority}{path}").into() }, security))
    }
}

enum Security {
    Encrypted,
    Loopback,
    Open,
}

enum Host<'a> {
    Name(&'a str),
    V6(Ipv6Addr),
}

impl Host<'_> {
    fn is_loopback(&self) -> bool {
        match self {
            Self::V6(address) => address.is_loopback(),
            Self::Name(name) => {
                let name = name.to_ascii_lowercase();
                name == "localhost"
                    || name.ends_with(".localhost")
                    || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// Whether the host of a URL is this very computer.
#[cfg(feature = "_ureq")]
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse().is_ok_and(|address| Host::V6(address).is_loopback()),
        None => Host::Name(host).is_loopback(),
    }
}

impl Default for Region {
    fn default() -> Self {
        Self::US_E1
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Reads a region's name, or an address.
    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "us-e1" | "usa-1" => Ok(Self::US_E1),
            "eu-w1" => Ok(Self::EU_W1),
            url if url.contains("://") => Self::custom(url),
            // An address without its beginning: what is before the @ may be a password, and isn't repeated.
            url if url.contains('@') => Err(Error::config("region", "it is not an address that begins with https://")),
            name => Err(Error::config(
                "region",
                format!("{name:?} is neither us-e1 nor eu-w1 nor an address that begins with https://"),
            )),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.base_url() {
            url if url == Self::US_E1.base_url => "us-e1",
            url if url == Self::EU_W1.base_url => "eu-w1",
            url => url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_with_or_without_prefix_and_slash() {
        for (given, base_url) in [
            ("https://api.example.com", "https://api.example.com"),
            (" https://api.example.com/ ", "https://api.example.com"),
            ("HTTPS://api.example.com:8443/tago/v1//", "https://api.example.com:8443/tago/v1"),
            ("http://localhost:8787", "http://localhost:8787"),
            ("http://tago.localhost", "http://tago.localhost"),
            ("http://127.9.9.9:1/", "http://127.9.9.9:1"),
            ("http://[::1]:8787/", "http://[::1]:8787"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(Region::custom(given).unwrap().base_url(), base_url);
        }
    }

    #[test]
    fn addresses_that_would_betray_the_token_are_refused() {
        for url in [
            "",
            "api.tago.io",
            "ftp://api.tago.io",
            "https://",
            "https:///run",
            "https://user:pass@api.tago.io",
            "https://api.tago.io@evil.com",
            "https://api.tago.io?x=1",
            "https://api.tago.io/#x",
            "https://api.tago.io/../x",
            "https://api.tago.io/%2e%2E/x",
            "https://api.tago.io/x/.%2e",
            "https://api.tago.io/a b",
            "https://api tago.io",
            "https://api.tago.io:99999",
            "https://api.tago.io:",
            "https://api.tago.io:80:80",
            "https://api.tago.io:+80",
            "https://[::1",
            "https://[nonsense]",
            "https://ünïcode.example",
            "http://api.tago.io",
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "http://[2001:db8::1]",
        ] {
            let error = Region::custom(url).unwrap_err();
            assert!(error.to_string().starts_with("invalid base URL: "), "{url}: {error}");
        }
        assert_eq!(Region::insecure("http://10.0.0.1").unwrap().base_url(), "http://10.0.0.1");
    }

    #[test]
    fn a_deploy_id_becomes_a_host_name_and_nothing_else() {
        assert_eq!(Region::deploy(" abc-1 ").unwrap().base_url(), "https://api.abc-1.tagoio.net");
        for id in ["", " ", "evil.com/#", "a.b", "a/b", "-a", "a-", "é", &"a".repeat(64)] {
            assert!(Region::deploy(id).is_err(), "{id}");
        }
    }

    #[test]
    fn names_are_read_and_shown() {
        for (name, region) in [("us-e1", Region::US_E1), ("usa-1", Region::US_E1), ("eu-w1", Region::EU_W1)] {
            assert_eq!(name.parse::<Region>().unwrap(), region);
        }
        for (region, shown) in [
            (Region::US_E1, "us-e1"),
            (Region::EU_W1, "eu-w1"),
            (Region::custom("https://api.example.com/").unwrap(), "https://api.example.com"),
        ] {
            assert_eq!(region.to_string(), shown);
            assert_eq!(shown.parse::<Region>().unwrap(), region);
        }
        let error = "us-east".parse::<Region>().unwrap_err();
        assert!(error.to_string().contains("us-e1"), "{error}");
        let error = "jane:secret@api.tago.io".parse::<Region>().unwrap_err();
        assert_eq!(error.to_string(), "invalid region: it is not an address that begins with https://");
    }
}
