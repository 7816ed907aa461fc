//! The DNS records of a custom domain as a table.

use std::fmt;

use serde::Serialize;

use super::DnsRecord;

/// A DNS record that has to be entered at the domain's provider, and what is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DnsEntry {
    /// What it is for.
    pub purpose: DnsPurpose,
    /// The type: `CNAME`, `TXT`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The value that it has to have.
    pub value: String,
    /// What is there now.
    pub state: DnsState,
}

/// What a DNS record of a custom domain is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DnsPurpose {
    /// The TLS certificate. The portal is not reachable without it.
    Certificate,
    /// The portal's address.
    Portal,
    /// E-mails from the domain.
    Email,
}

/// What TagoIO sees of a DNS record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "value")]
#[non_exhaustive]
pub enum DnsState {
    /// It is there and right.
    Right,
    /// It is not there. New records take up to half an hour to be seen.
    Missing,
    /// It is there with the right value, and TagoIO has not confirmed it yet.
    Unconfirmed,
    /// It is there with this value instead.
    Wrong(String),
}

impl DnsEntry {
    pub(super) fn new(purpose: DnsPurpose, record: &DnsRecord) -> Self {
        // DNS knows neither case nor, at its providers, the dot at the end.
        let same = |a: &str, b: &str| a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'));
        let state = match record.current_value.as_deref().filter(|current| !current.is_empty()) {
            _ if record.status => DnsState::Right,
            None => DnsState::Missing,
            Some(current) if same(current, &record.value) => DnsState::Unconfirmed,
            Some(current) => DnsState::Wrong(current.to_owned()),
        };
        Self { purpose, kind: record.kind.clone(), name: record.key.clone(), value: record.value.clone(), state }
    }
}

impl fmt::Display for DnsEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ({})", self.kind, self.name, self.value, self.state)
    }
}

impl fmt::Display for DnsPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Certificate => "certificate",
            Self::Portal => "portal",
            Self::Email => "e-mail",
        })
    }
}

impl fmt::Display for DnsState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => f.pad("right"),
            Self::Missing => f.pad("missing"),
            Self::Unconfirmed => f.pad("not confirmed yet"),
            Self::Wrong(current) => f.pad(&format!("wrong: {current}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_right_when_tagoio_says_so_and_else_what_it_has_now_tells() {
        let value = "a.edge.tago.run";
        for (status, current, state, text) in [
            (true, None, DnsState::Right, "right"),
            (true, Some("other.example.com"), DnsState::Right, "right"),
            (false, None, DnsState::Missing, "missing"),
            (false, Some(""), DnsState::Missing, "missing"),
            (false, Some(value), DnsState::Unconfirmed, "not confirmed yet"),
            (false, Some("A.Edge.tago.run."), DnsState::Unconfirmed, "not confirmed yet"),
            (false, Some("b.edge.tago.run"), DnsState::Wrong("b.edge.tago.run".to_owned()), "wrong: b.edge.tago.run"),
        ] {
            let record = DnsRecord {
                status,
                kind: "CNAME".to_owned(),
                key: "portal.example.com".to_owned(),
                value: value.to_owned(),
                current_value: current.map(str::to_owned),
            };
            let entry = DnsEntry::new(DnsPurpose::Portal, &record);
            assert_eq!((&entry.state, entry.state.to_string().as_str()), (&state, text));
            assert_eq!(entry.to_string(), format!("CNAME portal.example.com {value} ({text})"));
        }
    }
}
