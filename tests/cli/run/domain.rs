//! `tagoctl run domain`.

use std::time::Duration;

use snapbox::str;

use crate::world::World;

const CREATE: &str = "run domain create --domain example.com --subdomain portal --email example.com";

#[test]
fn a_domain_is_set_up_and_its_records_are_shown() {
    let world = World::new();
    world.tagoctl("run domain info").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /run/customdomain/{profile}: TagoIO answered 404 Not Found: Custom Domain Not Found

"#]]);
    world.tagoctl("run domain create --domain example.com --email example.com").code(2).stdout_eq("").stderr_eq(str![
        [r#"
error: `subdomain` is needed
hint: give --subdomain, or `subdomain` in --json

"#]
    ]);
    world.tagoctl(CREATE).success().stdout_eq("").stderr_eq(str![[r#"
portal.example.com: Custom Domain Successfully Created
tagoctl run domain info shows the DNS records that have to be entered now

"#]]);
    world.tagoctl("run domain info").success().stderr_eq(str![[r#"
portal.example.com is not active yet: 0 of 5 DNS records are right

"#]]).stdout_eq(str![[r#"
STATE    PURPOSE      TYPE   NAME                                     VALUE                                  FOUND
missing  certificate  CNAME  _6f37d6df.portal.example.com             _6f37d6df69e81983.acm-validations.aws
wrong    portal       CNAME  portal.example.com                       65ac9429.edge.tago.run                 old-host.example.com
missing  e-mail       CNAME  5cc848196137e208._domainkey.example.com  5cc848196137e208.dkim.amazonses.com
missing  e-mail       CNAME  aa06c9f59a4951ec._domainkey.example.com  aa06c9f59a4951ec.dkim.amazonses.com
missing  e-mail       CNAME  4222bf87297e7c56._domainkey.example.com  4222bf87297e7c56.dkim.amazonses.com

"#]]);
    world.sandbox().advance(Duration::from_secs(11 * 60));
    world
        .tagoctl("run domain info -o csv")
        .success()
        .stderr_eq(str![[r#"
portal.example.com is not active yet: 2 of 5 DNS records are right

"#]])
        .stdout_eq(str![[r#"
state,purpose,type,name,value,found
right,certificate,CNAME,_6f37d6df.portal.example.com,_6f37d6df69e81983.acm-validations.aws,
right,portal,CNAME,portal.example.com,65ac9429.edge.tago.run,
missing,e-mail,CNAME,5cc848196137e208._domainkey.example.com,5cc848196137e208.dkim.amazonses.com,
missing,e-mail,CNAME,aa06c9f59a4951ec._domainkey.example.com,aa06c9f59a4951ec.dkim.amazonses.com,
missing,e-mail,CNAME,4222bf87297e7c56._domainkey.example.com,4222bf87297e7c56.dkim.amazonses.com,

"#]]);
    let profile = world.sandbox().profile_id();
    world
        .tagoctl(&format!("run domain info --profile {profile} -o json --columns active,domain,dns_ssl.status"))
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r#"
{
  "active": false,
  "dns_ssl.status": true,
  "domain": "example.com"
}

"#]]);
    world.tagoctl("run domain info --columns stat").code(2).stdout_eq("").stderr_eq(str![[r#"
error: there is no column `stat`; did you mean `state`?
hint: there are state, purpose, type, name, value, found

"#]]);
}

#[test]
fn new_records_and_the_end_of_a_domain_are_meant() {
    let world = World::new();
    world.tagoctl(CREATE).success();
    let records = || world.stdout("run domain info -o csv --columns name,value");
    let before = records();
    world.tagoctl("run domain regenerate --dry-run").success().stdout_eq("").stderr_eq(str![[r#"
would make new DNS records for the custom domain portal.example.com

"#]]);
    world.tagoctl("run domain delete").code(2).stdout_eq("").stderr_eq(str![[r#"
error: without a terminal, --yes is needed to delete the custom domain portal.example.com
hint: --dry-run shows what would be done

"#]]);
    assert_eq!(records(), before);
    world.tagoctl("run domain regenerate --yes").success().stdout_eq("").stderr_eq(str![[r#"
portal.example.com: Custom Domain Successfully Regenerated

"#]]);
    assert_ne!(records(), before);
    world.tagoctl("run domain delete --yes -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "deleted": true,
  "host": "portal.example.com"
}

"#]]);
    world.tagoctl("run domain delete --yes").code(1).stdout_eq("").stderr_eq(str![[r#"
error: GET /run/customdomain/{profile}: TagoIO answered 404 Not Found: Custom Domain Not Found

"#]]);
}

#[test]
fn waiting_ends_when_the_domain_works_or_the_time_is_over() {
    let world = World::new();
    world.tagoctl(CREATE).success();
    world.sandbox().advance(Duration::from_secs(6 * 60));
    world.tagoctl("run domain wait --within 0s").code(1).stdout_eq("").stderr_eq(str![[r#"
certificate CNAME _6f37d6df.portal.example.com _6f37d6df69e81983.acm-validations.aws (right)
portal      CNAME portal.example.com 65ac9429.edge.tago.run (wrong: old-host.example.com)
e-mail      CNAME 5cc848196137e208._domainkey.example.com 5cc848196137e208.dkim.amazonses.com (missing)
e-mail      CNAME aa06c9f59a4951ec._domainkey.example.com aa06c9f59a4951ec.dkim.amazonses.com (missing)
e-mail      CNAME 4222bf87297e7c56._domainkey.example.com 4222bf87297e7c56.dkim.amazonses.com (missing)
error: the custom domain portal.example.com is not active after 0 s; DNS records that are not right: CNAME portal.example.com 65ac9429.edge.tago.run (wrong: old-host.example.com), CNAME 5cc848196137e208._domainkey.example.com 5cc848196137e208.dkim.amazonses.com (missing), CNAME aa06c9f59a4951ec._domainkey.example.com aa06c9f59a4951ec.dkim.amazonses.com (missing), CNAME 4222bf87297e7c56._domainkey.example.com 4222bf87297e7c56.dkim.amazonses.com (missing)

"#]]);
    world.tagoctl("run domain wait --within 0s -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"timeout","error":"the custom domain portal.example.com is not active after 0 s; DNS records that are not right: CNAME portal.example.com 65ac9429.edge.tago.run (wrong: old-host.example.com), CNAME 5cc848196137e208._domainkey.example.com 5cc848196137e208.dkim.amazonses.com (missing), CNAME aa06c9f59a4951ec._domainkey.example.com aa06c9f59a4951ec.dkim.amazonses.com (missing), CNAME 4222bf87297e7c56._domainkey.example.com 4222bf87297e7c56.dkim.amazonses.com (missing)","maybe_delivered":false}

"#]]);
    world.tagoctl("run domain wait --within soon").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'soon' for '--within <TIME>': it has to be a number with s, m or h, such as 30m

For more information, try '--help'.

"#]]);
    world.sandbox().advance(Duration::from_secs(30 * 60));
    world.tagoctl("run domain wait").success().stdout_eq("").stderr_eq(str![[r#"
certificate CNAME _6f37d6df.portal.example.com _6f37d6df69e81983.acm-validations.aws (right)
portal      CNAME portal.example.com 65ac9429.edge.tago.run (right)
e-mail      CNAME 5cc848196137e208._domainkey.example.com 5cc848196137e208.dkim.amazonses.com (right)
e-mail      CNAME aa06c9f59a4951ec._domainkey.example.com aa06c9f59a4951ec.dkim.amazonses.com (right)
e-mail      CNAME 4222bf87297e7c56._domainkey.example.com 4222bf87297e7c56.dkim.amazonses.com (right)
portal.example.com is active

"#]]);
    world.tagoctl("run domain wait -o json").success().stderr_eq("").stdout_eq(str![[r#"
{
  "active": true,
  "host": "portal.example.com"
}

"#]]);
}
