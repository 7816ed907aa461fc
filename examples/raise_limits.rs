//! Gives the profile a fifth more of each service that comes near its limit: for a schedule, so that nothing stops at the
//! end of the month.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use tagoio::profile::ServiceAllocation;
use tagoio::{Client, ProfileId, Result};

fn main() -> Result<()> {
    raise_limits(&Client::from_env()?).map(drop)
}

/// Whether something was raised.
pub(crate) fn raise_limits(tago: &Client) -> Result<bool> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info.id;
    let mut raised = false;
    let mut allocation = ServiceAllocation::new();
    for service in tago.profile().summary(&profile)?.allocation_use() {
        if service.alert().is_some() {
            let more = (service.allocated * 1.2).ceil();
            println!("{}: {} → {more}", service.service, service.allocated);
            allocation = allocation.set(service.service, more);
            raised = true;
        }
    }
    if raised {
        println!("{}", tago.profile().edit_services(&profile, &allocation)?);
    }
    Ok(raised)
}
