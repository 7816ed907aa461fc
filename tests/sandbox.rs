//! The sandbox keeps TagoIO's rules: those in `docs/fidelity.md`.
#![cfg(feature = "sandbox")]

use tagoio::ProfileId;
use tagoio::sandbox::Sandbox;

#[test]
fn it_begins_as_the_account_of_a_company() {
    let sandbox = Sandbox::new();
    let tago = sandbox.client().unwrap();
    let names: Vec<_> = tago.profile().list().unwrap().into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["Arbor Cold Chain", "Arbor Staging", "Portside Logistics"]);
    assert_eq!(tago.team().list(ProfileId::CURRENT).unwrap().len(), 3);
    assert_eq!(sandbox.users().len(), 24);
}
