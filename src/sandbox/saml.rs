//! Single sign-on by SAML.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::routes::{Change, Context};
use crate::Patch;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is set up; nothing at first.
#[derive(Default)]
pub(super) struct Saml {
    /// The identity provider's entity id.
    pub(super) issuer: Option<String>,
    pub(super) mapping: Option<Map<String, Value>>,
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    let profile = context.caller.profile.clone();
    let saml = &context.portal()?.saml;
    let base = format!("https://api.tago.io/run/{profile}/sso/saml");
    Ok(json!({
        "sp": {
            "entity_id": format!("{base}/metadata"),
            "acs_url": format!("{base}/acs"),
            "metadata": format!("{base}/metadata"),
        },
        "idp": saml.issuer.as_ref().map(|issuer| json!({"issuer": issuer})),
        "mapping": saml.mapping,
    }))
}

/// Refuses what only plans with single sign-on have.
pub(super) fn require_single_sign_on(context: &Context<'_>) -> Result<(), Refusal> {
    if context.world.owner(&context.caller.profile)?.plan.has_single_sign_on() {
        return Ok(());
    }
    Err(Refusal::new(403, "Single sign-on is not available on your plan. Please upgrade your plan to access it."))
}

pub(super) fn edit(context: &mut Context<'_>) -> Result<Change, Refusal> {
    require_single_sign_on(context)?;
    let fields = context.fields()?;
    let issuer = match fields.filled_text("idp_metadata")? {
        None => None,
        Some(metadata) => Some(issuer(metadata).ok_or_else(|| Refusal::invalid("idp_metadata", "metadata"))?),
    };
    let mapping = match fields.object("mapping")? {
        Patch::Keep => None,
        Patch::Clear => return Err(Refusal::invalid("mapping", "type")),
        Patch::Set(mapping) => Some(checked_mapping(mapping)?),
    };
    let saml = &mut context.portal()?.saml;
    saml.issuer = issuer.or(saml.issuer.take());
    saml.mapping = mapping.or(saml.mapping.take());
    let profile = context.caller.profile.clone();
    Ok(Change {
        result: json!("TagoIO Run SAML SSO Successfully Updated"),
        profile: profile.clone(),
        resource: "run",
        id: profile,
        message: "TagoRUN single sign-on edited".to_owned(),
    })
}

pub(super) fn checked_mapping(mapping: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut checked = Map::new();
    for key in ["email", "firstName", "lastName", "phone", "company", "language", "timezone"] {
        let (required, value) = (matches!(key, "email" | "firstName"), mapping.get(key));
        match value {
            Some(Value::String(text)) if !(required && text.trim().is_empty()) => {
                checked.insert(key.to_owned(), json!(text));
            }
            None | Some(Value::Null) if !required => {}
            None | Some(Value::Null | Value::String(_)) => {
                return Err(Refusal::invalid(&format!("mapping.{key}"), "required"));
            }
            Some(_) => return Err(Refusal::invalid(&format!("mapping.{key}"), "type")),
        }
    }
    match mapping.get("tags") {
        None | Some(Value::Null) => {}
        Some(Value::Object(tags)) if tags.values().all(Value::is_string) => {
            checked.insert("tags".to_owned(), json!(tags));
        }
        Some(_) => return Err(Refusal::invalid("mapping.tags", "type")),
    }
    Ok(checked)
}

/// The entity id of an identity provider's metadata: base 64 of an XML document whose root is an `EntityDescriptor`.
fn issuer(metadata: &str) -> Option<String> {
    let metadata: String = metadata.split_whitespace().collect();
    let xml = String::from_utf8(BASE64.decode(metadata).ok()?).ok()?;
    let attributes = root(&xml)?;
    let entity_id = attribute(attributes, "entityID")?;
    (!entity_id.is_empty()).then_some(entity_id)
}

/// The attributes of the root element, when that is an `EntityDescriptor` that is closed somewhere.
fn root(xml: &str) -> Option<&str> {
    let mut rest = xml.trim_start_matches('\u{feff}').trim_start();
    loop {
        rest = if rest.starts_with("<?") {
            rest.split_once("?>")?.1
        } else if rest.starts_with("<!--") {
            rest.split_once("-->")?.1
        } else {
            break;
        };
        rest = rest.trim_start();
    }
    let tag = rest.strip_prefix('<')?;
    let (name, attributes) = tag.split_at(tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?);
    let is_descriptor = name == "EntityDescriptor" || name.ends_with(":EntityDescriptor");
    let closed = rest.trim_end().ends_with(&format!("</{name}>")) || rest.trim_end().ends_with("/>");
    (is_descriptor && closed).then_some(attributes)
}

fn attribute(mut text: &str, wanted: &str) -> Option<String> {
    loop {
        text = text.trim_start();
        if text.starts_with(['>', '/']) {
            return None;
        }
        let (name, rest) = text.split_once('=')?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = rest[1..].split_once(quote)?;
        if name.trim() == wanted {
            return Some(plain(value));
        }
        text = after;
    }
}

/// Resolves the entities that XML itself has.
fn plain(value: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(value.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_the_entity_id_of_the_metadata() {
        for (xml, expected) in [
            (r#"<EntityDescriptor entityID="https://idp.example.com"/>"#, Some("https://idp.example.com")),
            (
                "\u{feff}<?xml version='1.0'?>\n<!-- made by a tool -->\n<md:EntityDescriptor xmlns:md=\"urn:x\" \
                 entityID = 'https://idp.example.com/?a=1&amp;b=2'>\n<md:IDPSSODescriptor/></md:EntityDescriptor>\n",
                Some("https://idp.example.com/?a=1&b=2"),
            ),
            (r#"<EntityDescriptor entityID="">"#, None),
            (r#"<EntityDescriptor entityID="x">"#, None),
            ("<EntityDescriptor/>", None),
            (r#"<html entityID="x"></html>"#, None),
            (r#"<EntityDescriptor entityID="x"#, None),
            ("<EntityDescriptor entityID=é/>", None),
            ("<!-- only", None),
            ("no XML", None),
            ("", None),
        ] {
            assert_eq!(issuer(&BASE64.encode(xml)).as_deref(), expected, "{xml}");
        }
        assert_eq!(issuer("not base 64!"), None);
        assert_eq!(issuer("//79"), None, "bytes that aren't text");
    }
}
