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
    world.tagoctl(&format!("{line} --dry-run")).success().stdout_eq("").stderr_eq(str![[r#"
mapping.email: nothing → "mail"
mapping.firstName: nothing → "givenName"
mapping.tags.dept: nothing → "unit"
idp_metadata: nothing → "112 characters of base 64"
nothing was changed: it was a dry run

"#]]);
    assert_eq!(info(&world)["idp"], Value::Null);
    world.tagoctl(line).success().stdout_eq("").stderr_eq(str![[r#"
mapping.email: nothing → "mail"
mapping.firstName: nothing → "givenName"
mapping.tags.dept: nothing → "unit"
idp_metadata: nothing → "112 characters of base 64"
TagoIO Run SAML SSO Successfully Updated

"#]]);
    let again = "run saml edit --idp-metadata idp.xml --dry-run";
    world.tagoctl(again).success().stdout_eq("").stderr_eq(str![[r#"
idp_metadata: "those of https://idp.example.com/meta" → "112 characters of base 64"
nothing was changed: it was a dry run

"#]]);
    world.tagoctl("run saml info").success().stderr_eq("").stdout_eq(str![[r#"
sp.acs_url         https://api.tago.io/run/66a000046e73e372e2338aca/sso/saml/acs
sp.entity_id       https://api.tago.io/run/66a000046e73e372e2338aca/sso/saml/metadata
sp.metadata        https://api.tago.io/run/66a000046e73e372e2338aca/sso/saml/metadata
idp.issuer         https://idp.example.com/meta
mapping.email      mail
mapping.firstName  givenName
mapping.tags.dept  unit

"#]]);
    world.tagoctl("run saml info -o json --columns idp,mapping").success().stderr_eq("").stdout_eq(str![[r#"
{
  "idp": {
    "issuer": "https://idp.example.com/meta"
  },
  "mapping": {
    "email": "mail",
    "firstName": "givenName",
    "tags": {
      "dept": "unit"
    }
  }
}

"#]]);
}

#[test]
fn attributes_are_mapped_without_losing_the_others() {
    let world = scale();
    world.tagoctl("run saml edit --map email=mail --map firstName=givenName --map phone=tel").success();
    world.tagoctl("run saml edit --map lastName=sn --map phone= -o json").success().stderr_eq("").stdout_eq(str![[
        r#"
{
  "changes": [
    {
      "after": null,
      "before": "tel",
      "field": "mapping.phone"
    },
    {
      "after": "sn",
      "before": null,
      "field": "mapping.lastName"
    }
  ],
  "updated": true
}

"#
    ]]);
    assert_eq!(info(&world)["mapping"], json!({"email": "mail", "firstName": "givenName", "lastName": "sn"}));
    world.tagoctl("run saml edit --map lastName=sn").success().stdout_eq("").stderr_eq(str![[r#"
it is so already: nothing to change

"#]]);
    world.file("saml.json", r#"{"mapping": {"email": "upn", "firstName": "first"}}"#);
    world.tagoctl("run saml edit --json saml.json --map company=org").success().stdout_eq("").stderr_eq(str![[r#"
mapping.email: "mail" → "upn"
mapping.firstName: "givenName" → "first"
mapping.lastName: "sn" → nothing
mapping.company: nothing → "org"
TagoIO Run SAML SSO Successfully Updated

"#]]);
    assert_eq!(info(&world)["mapping"], json!({"email": "upn", "firstName": "first", "company": "org"}));
}

#[test]
fn what_is_wrong_is_said_and_nothing_changed() {
    let world = scale();
    let before = info(&world);
    world.file("page.html", "<html>Sign in first</html>");
    world.file("slip.json", r#"{"mappings": {}}"#);
    world.tagoctl("run saml edit").code(2).stdout_eq("").stderr_eq(str![[r#"
error: nothing is to be changed
hint: give --idp-metadata, --map or --json with `idp_metadata` and `mapping`

"#]]);
    world.tagoctl("run saml edit --map phone=tel").code(2).stdout_eq("").stderr_eq(str![[r#"
error: the mapping needs `email`
hint: give --map email=ATTRIBUTE

"#]]);
    world
        .tagoctl("run saml edit --map email=mail --map firstname=x --map firstName=y")
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: there is no field `mapping.firstname`; did you mean `firstName`?
hint: --allow-unknown sends it all the same

"#]]);
    world.tagoctl("run saml edit --idp-metadata page.html").code(2).stdout_eq("").stderr_eq(str![[r#"
error: page.html: it is no metadata of an identity provider: it has no EntityDescriptor

"#]]);
    world.tagoctl("run saml edit --json slip.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: slip.json: there is no field `mappings`; did you mean `mapping`?

"#]]);
    world.file("inner.json", r#"{"mapping": {"emial": "mail"}}"#);
    world.tagoctl("run saml edit --json inner.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: inner.json: there is no field `mapping.emial`; did you mean `email`?
hint: --allow-unknown sends it all the same

"#]]);
    world.file("null.json", r#"{"mapping": null}"#);
    world.tagoctl("run saml edit --json null.json").code(2).stdout_eq("").stderr_eq(str![[r#"
error: `mapping` has to be an object

"#]]);
    assert_eq!(info(&world), before);

    let free = World::with(|builder| builder.plan(Plan::Free));
    free.file("idp.xml", XML);
    free.tagoctl("run saml edit --idp-metadata idp.xml -o json").code(1).stdout_eq("").stderr_eq(str![[r#"
{"code":"permission_denied","error":"PUT /run/sso/saml: TagoIO answered 403 Forbidden: Single sign-on is not available on your plan. Please upgrade your plan to access it.","hint":"the token may not do this: use a token of the owning account's profile with enough permission, or give the analysis the permission in Access Management","maybe_delivered":false,"route":"PUT /run/sso/saml","status":403}

"#]]);
}
