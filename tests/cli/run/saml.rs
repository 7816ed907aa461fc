//! `tagoctl run saml`.

use serde_json::{Value, json};
use snapbox::str;
use tagoio::sandbox::Plan;

use crate::world::World;

const XML: &str = "<?xml version=\"1.0\"?>\n<EntityDescriptor entityID=\"https://idp.example.com/meta\"/>\n";

fn scale() -> World {
    World::with(|builder| builder.plan(Plan::Scale))
}

fn info(world: &World) -> Value {
    serde_json::to_value(world.sandbox().client().unwrap().run().saml().info().unwrap()).unwrap()
}

#[test]
fn an_identity_provider_is_set_up_and_shown() {
    let world = scale();
    world.file("idp.xml", XML);
    let line = "run saml edit --idp-metadata idp.xml --map email=mail --map firstName=givenName --map tags.dept=unit";
    world.tagoctl(&format!("{line} --dry-run")).success().stdout_eq("").stderr_eq(str![]);
    assert_eq!(info(&world)["idp"], Value::Null);
    world.tagoctl(line).success().stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run saml info").success().stderr_eq("").stdout_eq(str![]);
    world.tagoctl("run saml info -o json --columns idp,mapping").success().stderr_eq("").stdout_eq(str![]);
}

#[test]
fn attributes_are_mapped_without_losing_the_others() {
    let world = scale();
    world.tagoctl("run saml edit --map email=mail --map firstName=givenName --map phone=tel").success();
    world.tagoctl("run saml edit --map lastName=sn --map phone= -o json").success().stderr_eq("").stdout_eq(str![]);
    assert_eq!(info(&world)["mapping"], json!({"email": "mail", "firstName": "givenName", "lastName": "sn"}));
    world.tagoctl("run saml edit --map lastName=sn").success().stdout_eq("").stderr_eq(str![]);
    world.file("saml.json", r#"{"mapping": {"email": "upn", "firstName": "first"}}"#);
    world.tagoctl("run saml edit --json saml.json --map company=org").success().stdout_eq("").stderr_eq(str![]);
    assert_eq!(info(&world)["mapping"], json!({"email": "upn", "firstName": "first", "company": "org"}));
}

#[test]
fn what_is_wrong_is_said_and_nothing_changed() {
    let world = scale();
    let before = info(&world);
    world.file("page.html", "<html>Sign in first</html>");
    world.file("slip.json", r#"{"mappings": {}}"#);
    world.tagoctl("run saml edit").code(2).stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run saml edit --map phone=tel").code(2).stdout_eq("").stderr_eq(str![]);
    world
        .tagoctl("run saml edit --map email=mail --map firstname=x --map firstName=y")
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![]);
    world.tagoctl("run saml edit --idp-metadata page.html").code(2).stdout_eq("").stderr_eq(str![]);
    world.tagoctl("run saml edit --json slip.json").code(2).stdout_eq("").stderr_eq(str![]);
    assert_eq!(info(&world), before);

    let free = World::with(|builder| builder.plan(Plan::Free));
    free.file("idp.xml", XML);
    free.tagoctl("run saml edit --idp-metadata idp.xml -o json").code(1).stdout_eq("").stderr_eq(str![]);
}
