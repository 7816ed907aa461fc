//! Says which DNS records the portal's own domain needs, and waits until it works: `connect_domain DOMAIN SUBDOMAIN`.
//!
//! `TAGOIO_TOKEN` has the token. The example `sandbox` serves a TagoIO to try it on.

use std::sync::Arc;
use std::time::Duration;

use tagoio::clock::{Clock, SystemClock};
use tagoio::run::NewCustomDomain;
use tagoio::{Client, ProfileId, Result};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(domain), Some(subdomain)) = (args.next(), args.next()) else {
        eprintln!("Usage: connect_domain DOMAIN SUBDOMAIN");
        return Ok(());
    };
    connect_domain(&Client::from_env()?, &domain, &subdomain, Arc::new(SystemClock::default()))
}

pub(crate) fn connect_domain(tago: &Client, domain: &str, subdomain: &str, clock: Arc<dyn Clock>) -> Result<()> {
    let profile = tago.profile().info(ProfileId::CURRENT)?.info.id;
    let domains = tago.run().custom_domain();
    domains.create(&profile, &NewCustomDomain::new(domain, subdomain, domain))?;
    let wait = domains.wait(&profile).with_clock(clock).on_change(|domain| {
        for record in domain.dns_records() {
            println!("{:<12}{record}", record.purpose);
        }
        println!();
    });
    println!("{} works", wait.until_active(Duration::from_secs(3600))?.host());
    Ok(())
}
