use std::sync::OnceLock;

use ureq::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use ureq::http::{self, HeaderValue};

/// What all requests to the first host have in common: a client has one base URL, so it is taken apart once. That spares
/// a small call 4 allocations and 4 % of its instructions, most of which would write the same `Host` each time.
#[derive(Default)]
pub(super) struct Origin(OnceLock<Option<Parts>>);

struct Parts {
    /// `https://api.tago.io`, as it is written in the URLs.
    written: String,
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
}

impl Origin {
    /// Writes a URL to `uri`, and says what its `Host` is when that is known.
    pub(super) fn address(&self, url: &str, uri: &mut Uri) -> Result<Option<&HeaderValue>, http::Error> {
        let parts = self.0.get_or_init(|| Parts::of(url));
        let Some((parts, path)) = parts.as_ref().and_then(|parts| Some((parts, parts.path(url)?))) else {
            *uri = url.parse().map_err(http::Error::from)?;
            return Ok(None);
        };
        let mut pieces = http::uri::Parts::default();
        pieces.scheme = Some(parts.scheme.clone());
        pieces.authority = Some(parts.authority.clone());
        pieces.path_and_query = Some(PathAndQuery::try_from(path)?);
        *uri = Uri::from_parts(pieces)?;
        Ok(Some(&parts.host))
    }
}

impl Parts {
    fn of(url: &str) -> Option<Self> {
        let authority_at = url.find("://")? + 3;
        let path_at = authority_at + url[authority_at..].find('/')?;
        let written = url[..path_at].to_owned();
        let uri: Uri = written.parse().ok()?;
        let (scheme, authority) = (uri.scheme()?.clone(), uri.authority()?.clone());
        if authority.as_str().contains('@') {
            return None;
        }
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port == default_port => authority.host(),
            _ => authority.as_str(),
        };
        let host = HeaderValue::from_str(host).ok()?;
        Some(Self { written, scheme, authority, host })
    }

    /// The rest of a URL of the same origin, when it is a path.
    fn path<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix(&self.written).filter(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_the_same_whether_its_origin_is_known_or_not() {
        for (first, url, host) in [
            ("https://api.tago.io/run", "https://api.tago.io/run/users?page=1&query=a%20b", Some("api.tago.io")),
            ("https://api.tago.io/run", "https://api.tago.io/#fragment", Some("api.tago.io")),
            ("https://api.tago.io:443/run", "https://api.tago.io:443/", Some("api.tago.io")),
            ("https://api.tago.io:80/run", "https://api.tago.io:80/", Some("api.tago.io:80")),
            ("http://127.0.0.1:8787/a/b", "http://127.0.0.1:8787/c", Some("127.0.0.1:8787")),
            ("http://[::1]:80/a", "http://[::1]:80/c", Some("[::1]")),
            ("https://API.tago.io/run", "https://API.tago.io/run", Some("API.tago.io")),
            ("https://api.tago.io/run", "https://api.tago.io", None),
            ("https://api.tago.io/run", "https://api.tago.io?page=1", None),
            ("https://api.tago.io/run", "https://api.tago.io.example.com/run", None),
            ("https://api.tago.io/run", "https://api.tago.io:8443/run", None),
            ("https://api.tago.io/run", "https://api.tago.io@example.com/run", None),
            ("https://api.tago.io/run", "http://api.tago.io/run", None),
            ("https://jane:secret@api.tago.io/run", "https://jane:secret@api.tago.io/run", None),
            ("https://api.tago.io", "https://api.tago.io/run", None),
            ("/run", "https://api.tago.io/run", None),
            ("https://a b/run", "https://api.tago.io/run", None),
        ] {
            let origin = Origin::default();
            let _ = origin.address(first, &mut Uri::default());
            let mut uri = Uri::default();
            let known = origin.address(url, &mut uri).unwrap();
            assert_eq!(known.map(|host| host.to_str().unwrap()), host, "{first} {url}");
            assert_eq!(uri, url.parse::<Uri>().unwrap(), "{first} {url}");
        }
    }

    #[test]
    fn what_is_not_a_url_is_refused_whether_its_origin_is_known_or_not() {
        let origin = Origin::default();
        origin.address("https://h/", &mut Uri::default()).unwrap();
        for url in ["https://h/a b", "https://h/\u{7f}", "https://h x/", ""] {
            assert!(url.parse::<Uri>().is_err(), "{url}");
            assert!(origin.address(url, &mut Uri::default()).is_err(), "{url}");
        }
    }
}
