//! Waiting for a custom domain.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{CustomDomainApi, CustomDomainInfo, DnsEntry, DnsState};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::id::ProfileId;
use crate::wait::{Outcome, Pauses, Wait};

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
///
/// ```no_run
/// # use std::time::Duration;
/// # use tagoio::ProfileId;
/// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
/// let wait = tago.run().custom_domain().wait(ProfileId::CURRENT).on_change(|domain| {
///     for record in domain.dns_records() {
///         println!("{record}");
///     }
/// });
/// println!("{} works", wait.until_active(Duration::from_secs(3600))?.host());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is waited for until `until_active` is called"]
pub struct CustomDomainWait<'a> {
    api: CustomDomainApi<'a>,
    profile: ProfileId,
    clock: Arc<dyn Clock>,
    on_change: Box<dyn FnMut(&CustomDomainInfo) + 'a>,
}

impl<'a> CustomDomainWait<'a> {
    const PAUSES: Pauses = Pauses { first: Duration::from_secs(5), longest: Duration::from_secs(60), halves: 3 };

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
    /// The retries that the client makes by itself are left out meanwhile: they would wait beyond the deadline. A request
    /// that hangs ends with the client's [time limit](crate::ClientBuilder::timeout), and may be that much later.
    ///
    /// # Errors
    ///
    /// [`Error::CustomDomain`](crate::Error::CustomDomain) with what was still missing when it was last seen, when
    /// the time is over; the last failure when it never was seen; otherwise as [`CustomDomainApi::info`].
    pub fn until_active(mut self, deadline: Duration) -> Result<CustomDomainInfo> {
        let wait = Wait::new(&*self.clock, deadline, Self::PAUSES);
        // Retries below would wait on when the time is over, and failures are waited out here.
        let client = self.api.client.unretried(|transport| transport);
        let look = || client.run().custom_domain().info(&self.profile);
        let outcome = wait.until(look, &mut self.on_change, |info| info.active)?;
        match outcome {
            Outcome::Done(info) => Ok(info),
            Outcome::TooLate(domain, waited) => {
                Err(Error::CustomDomain(Box::new(CustomDomainNotActive { domain, waited })))
            }
        }
    }
}

impl fmt::Debug for CustomDomainWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomDomainWait").field("profile", &self.profile).finish_non_exhaustive()
    }
}
