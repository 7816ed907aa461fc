//! Waiting for a custom domain.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{CustomDomainApi, CustomDomainInfo, DnsEntry, DnsState};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::id::ProfileId;

/// A custom domain that was waited for and did not become active in time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomDomainNotActive {
    /// How it was when it was last seen.
    pub domain: CustomDomainInfo,
    /// How long it was waited for.
    pub waited: Duration,
}

impl CustomDomainNotActive {
    /// The DNS records that are not right yet. When there is none, TagoIO is yet to activate the domain.
    pub fn missing(&self) -> Vec<DnsEntry> {
        let mut records = self.domain.dns_records();
        records.retain(|record| record.state != DnsState::Right);
        records
    }
}

impl fmt::Display for CustomDomainNotActive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, seconds) = (self.domain.host(), self.waited.as_secs());
        write!(f, "the custom domain {host} is not active after {seconds} s")?;
        for (at, record) in self.missing().iter().enumerate() {
            write!(f, "{} {record}", if at == 0 { "; DNS records that are not right:" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for CustomDomainNotActive {}

/// Waits until a custom domain is active: [`CustomDomainApi::wait`].
#[must_use = "nothing is waited for until `until_active` is called"]
pub struct CustomDomainWait<'a> {
    api: CustomDomainApi<'a>,
    profile: ProfileId,
    clock: Arc<dyn Clock>,
    on_change: Box<dyn FnMut(&CustomDomainInfo) + 'a>,
}

impl<'a> CustomDomainWait<'a> {
    /// The first pause; each further one is longer by half.
    const FIRST_PAUSE: Duration = Duration::from_secs(5);
    const LONGEST_PAUSE: Duration = Duration::from_secs(60);

    pub(super) fn new(api: CustomDomainApi<'a>, profile: ProfileId) -> Self {
        Self { api, profile, clock: Arc::new(SystemClock), on_change: Box::new(|_| ()) }
    }

    /// Waits by another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Is called with what is found at first, and then whenever something has changed.
    pub fn on_change(mut self, call: impl FnMut(&CustomDomainInfo) + 'a) -> Self {
        self.on_change = Box::new(call);
        self
    }

    /// Waits for so long at most, and looks at least once. Pauses grow from 5 seconds to a minute. Failures that
    /// [pass](crate::Error::is_retryable) are waited out, too.
    ///
    /// # Errors
    ///
    /// [`Error::CustomDomain`](crate::Error::CustomDomain) with what was still missing when it was last seen, when
    /// the time is over; the last failure when it never was seen; otherwise as [`CustomDomainApi::info`].
    pub fn until_active(mut self, deadline: Duration) -> Result<CustomDomainInfo> {
        let began = self.clock.now();
        let mut pause = Self::FIRST_PAUSE;
        let mut known: Option<CustomDomainInfo> = None;
        loop {
            let found = match self.api.info(&self.profile) {
                Err(error) if !error.is_retryable() => return Err(error),
                found => found,
            };
            if let Ok(info) = &found {
                if known.as_ref() != Some(info) {
                    (self.on_change)(info);
                    known = Some(info.clone());
                }
                if info.active {
                    return found;
                }
            }
            let waited = self.clock.now().saturating_sub(began);
            let left = deadline.saturating_sub(waited);
            if left.is_zero() {
                return match known {
                    Some(domain) => Err(Error::CustomDomain(Box::new(CustomDomainNotActive { domain, waited }))),
                    None => found,
                };
            }
            let asked = found.err().and_then(|error| error.retry_after()).unwrap_or_default();
            self.clock.sleep(pause.max(asked).min(left));
            pause = pause.saturating_mul(3).min(Self::LONGEST_PAUSE * 2) / 2;
        }
    }
}

impl fmt::Debug for CustomDomainWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomDomainWait").field("profile", &self.profile).finish_non_exhaustive()
    }
}
