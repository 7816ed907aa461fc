//! `tagoctl run domain`.

use std::time::Duration;

use snapbox::str;

use crate::world::World;

const CREATE: &str = "run domain create --domain example.com --subdomain portal --email example.com";

#[test]
fn a_domain_is_set_up_and_its_records_are_shown() {
    let world = World::new();
    world.tagoctl("run domain info").code(1).stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain create --domain example.com --email example.com").code(2).stdout_eq("").stderr_eq(str![]);
    world.tagoctl(CREATE).success().stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain info").success().stderr_eq(str![]).stdout_eq(str![]);
    world.sandbox().advance(Duration::from_secs(11 * 60));
    world.tagoctl("run domain info -o csv").success().stderr_eq(str![]).stdout_eq(str![]);
    let profile = world.sandbox().profile_id();
    world
        .tagoctl(&format!("run domain info --profile {profile} -o json --columns active,domain,dns_ssl.status"))
        .success()
        .stderr_eq("")
        .stdout_eq(str![]);
    world.tagoctl("run domain info --columns stat").code(2).stdout_eq("").stderr_eq(str![]);
}

#[test]
fn new_records_and_the_end_of_a_domain_are_meant() {
    let world = World::new();
    world.tagoctl(CREATE).success();
    let records = || world.stdout("run domain info -o csv --columns name,value");
    let before = records();
    world.tagoctl("run domain regenerate --dry-run").success().stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain delete").code(2).stdout_eq("").stderr_eq(str![]);
    assert_eq!(records(), before);
    world.tagoctl("run domain regenerate --yes").success().stdout_eq("").stderr_eq(str![]);
    assert_ne!(records(), before);
    world.tagoctl("run domain delete --yes -o json").success().stderr_eq("").stdout_eq(str![]);
    world.tagoctl("run domain delete --yes").code(1).stdout_eq("").stderr_eq(str![]);
}

#[test]
fn waiting_ends_when_the_domain_works_or_the_time_is_over() {
    let world = World::new();
    world.tagoctl(CREATE).success();
    world.sandbox().advance(Duration::from_secs(6 * 60));
    world.tagoctl("run domain wait --timeout 0s").code(1).stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain wait --timeout 0s -o json").code(1).stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain wait --timeout soon").code(2).stdout_eq("").stderr_eq(str![]);
    world.sandbox().advance(Duration::from_secs(30 * 60));
    world.tagoctl("run domain wait").success().stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run domain wait -o json").success().stderr_eq("").stdout_eq(str![]);
}
