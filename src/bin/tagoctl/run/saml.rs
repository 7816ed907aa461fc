//! `tagoctl run saml`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use tagoio::run::{IdpMetadata, SamlAttributeMappings, SamlEdit, SamlInfo};

use super::settings::{CHANGES, ChangeArgs};
use crate::connect::Context;
use crate::difference;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::request::{Fields, JsonArgs, Pair};
use crate::shape;

const EDIT_HELP: &str = "\
Attributes that are not named stay as they are; `KEY=` with nothing behind it takes one away. KEY is email, firstName, \
lastName, phone, company, language, timezone, or tags.TAG for a tag; email and firstName are needed. Whether single \
sign-on is on is said with `tagoctl run edit --sso-saml true`.

Examples:
  tagoctl run saml edit --idp-metadata idp.xml --map email=mail --map firstName=givenName
  tagoctl run saml edit --map tags.dept=department";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the set-up of single sign-on, with what the identity provider has to know
    #[command(after_help = "Example:\n  tagoctl run saml info")]
    Info,
    /// Change the set-up of single sign-on, and show what changes
    #[command(after_help = EDIT_HELP)]
    Edit(Box<EditArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The identity provider's metadata from a file, or from standard input with `-`: XML, or that in base 64
    #[arg(long, value_name = "FILE|-")]
    idp_metadata: Option<Input>,
    /// Which of the identity provider's attributes becomes which of the user's
    #[arg(long = "map", value_name = "KEY=ATTRIBUTE")]
    map: Vec<Pair>,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    how: ChangeArgs,
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Info => {
                let mut info = context.client()?.run().saml().info()?;
                if context.out.is_overview() {
                    shorten(&mut info);
                }
                context.out.item(&["sp", "idp", "mapping"], info)
            }
            Self::Edit(args) => args.run(context),
        }
    }
}

/// The service provider's metadata is its address, or a document that fills the screen.
fn shorten(info: &mut SamlInfo) {
    if let Some(sp) = info.sp.as_mut().filter(|sp| sp.metadata.trim_start().starts_with('<')) {
        sp.metadata = format!("XML of {} characters: --output json shows it", sp.metadata.chars().count());
    }
}

impl EditArgs {
    fn run(self, context: &Context<'_>) -> Result<()> {
        if self.idp_metadata.is_none() && self.map.is_empty() && !self.json.is_given() {
            return Err(Failure::usage("no_changes", "nothing is to be changed")
                .hint("give --idp-metadata, --map or --json with `idp_metadata` and `mapping`"));
        }
        let mut edit: SamlEdit = self.json.request(Fields::default())?;
        if let Some(input) = &self.idp_metadata {
            edit = edit.idp_metadata(metadata(&input.to_string(), &input.text()?)?);
        }
        context.out.chosen(&CHANGES)?;
        let client = context.client()?;
        let info = client.run().saml().info()?;
        let issuer = info.idp.map(|idp| idp.issuer).filter(|issuer| !issuer.is_empty());
        let present = match info.mapping.map(serde_json::to_value) {
            Some(Ok(Value::Object(mapping))) => mapping,
            _ => Map::new(),
        };
        let mut before = Map::new();
        let mut after = Map::new();
        if !self.map.is_empty() || !edit.mapping.is_keep() {
            let mapping = self.mapping(&edit, &present)?;
            if mapping == present {
                edit.mapping = tagoio::Patch::Keep;
            } else {
                edit.mapping = typed(&mapping)?.into();
            }
            before.insert("mapping".to_owned(), Value::Object(present));
            after.insert("mapping".to_owned(), Value::Object(mapping));
        }
        if let Some(metadata) = edit.idp_metadata.as_ref() {
            let size = metadata.expose().len();
            before.extend(issuer.map(|issuer| ("idp_metadata".to_owned(), format!("those of {issuer}").into())));
            after.insert("idp_metadata".to_owned(), format!("{size} characters of base 64").into());
        }
        if let Some(active) = edit.active.as_ref() {
            after.insert("active".to_owned(), (*active).into());
        }
        let differences = difference::tell(context.out, &before, &after);
        let (updated, said) = if differences.is_empty() {
            (false, difference::NONE.to_owned())
        } else if self.how.dry_run {
            (false, difference::DRY_RUN.to_owned())
        } else {
            (true, client.run().saml().edit(&edit)?)
        };
        context.out.ack(&json!({"updated": updated, "changes": differences}), &said)
    }

    /// What the mapping will be as a whole, because TagoIO replaces it so.
    fn mapping(&self, edit: &SamlEdit, present: &Map<String, Value>) -> Result<Map<String, Value>> {
        let mut mapping = match serde_json::to_value(&edit.mapping) {
            _ if edit.mapping.is_keep() => present.clone(),
            Ok(Value::Object(mapping)) => mapping,
            _ => return Err(Failure::usage("invalid_field", "`mapping` has to be an object")),
        };
        let check = |mapping: &Map<String, Value>| {
            if self.how.allow_unknown {
                return Ok(());
            }
            shape::check_mapping(&Value::Object(mapping.clone()), &Value::Object(present.clone()))
        };
        check(&mapping).map_err(|failure| self.json.blame(failure))?;
        for pair in &self.map {
            set(&mut mapping, pair);
        }
        check(&mapping)?;
        for key in ["email", "firstName"] {
            if mapping.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(Failure::usage("missing_field", format!("the mapping needs `{key}`"))
                    .hint(format!("give --map {key}=ATTRIBUTE")));
            }
        }
        Ok(mapping)
    }
}

fn set(mapping: &mut Map<String, Value>, Pair { key, value }: &Pair) {
    let (holder, key) = match key.strip_prefix("tags.") {
        Some(tag) => {
            let tags = mapping.entry("tags").or_insert_with(|| json!({}));
            if !tags.is_object() {
                *tags = json!({});
            }
            match tags {
                Value::Object(tags) => (tags, tag),
                _ => return,
            }
        }
        None => (mapping, key.as_str()),
    };
    if value.is_empty() {
        holder.remove(key);
    } else {
        holder.insert(key.to_owned(), value.as_str().into());
    }
}

fn typed(mapping: &Map<String, Value>) -> Result<SamlAttributeMappings> {
    let typed: SamlAttributeMappings = serde_json::from_value(Value::Object(mapping.clone()))
        .map_err(|error| Failure::usage("invalid_field", format!("`mapping`: {error}")))?;
    match typed.other.keys().find(|key| SamlAttributeMappings::KEYS.contains(&key.as_str())) {
        Some(key) => Err(Failure::usage("invalid_field", format!("`mapping.{key}` is not of the right type"))),
        None => Ok(typed),
    }
}

/// The metadata in a file: the document itself, or that in base 64.
fn metadata(file: &str, text: &str) -> Result<IdpMetadata> {
    let wrong = |problem: &str| Failure::usage("invalid_metadata", format!("{file}: {problem}"));
    if !text.trim_start().starts_with('<') {
        let packed: String = text.split_whitespace().collect();
        if packed.is_empty() {
            return Err(wrong("it is empty"));
        }
        return IdpMetadata::new(packed).map_err(|_| wrong("it is neither XML nor base 64"));
    }
    if !text.contains("EntityDescriptor") {
        return Err(wrong("it is no metadata of an identity provider: it has no EntityDescriptor"));
    }
    Ok(IdpMetadata::from_xml(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_taken_as_xml_and_in_base_64() {
        let xml = "<?xml version=\"1.0\"?>\n<EntityDescriptor entityID=\"https://idp.example.com\"/>\n";
        let packed = IdpMetadata::from_xml(xml);
        let (begin, end) = packed.expose().split_at(20);
        for (text, taken) in
            [(xml.to_owned(), true), (format!("{begin}\n{end}\n"), true), ("<html/>".to_owned(), false)]
        {
            assert_eq!(
                metadata("f", &text).ok().map(|metadata| metadata.expose() == packed.expose()),
                taken.then_some(true)
            );
        }
        for text in ["", " \n", "no base 64!"] {
            assert_eq!(metadata("f", text).unwrap_err().code(), "invalid_metadata", "{text:?}");
        }
    }

    #[test]
    fn attributes_are_mapped_one_by_one() {
        let mut mapping = Map::new();
        for text in ["email=mail", "firstName=given", "tags.dept=department", "tags.a=b", "email=upn", "tags.a=", "x="]
        {
            set(&mut mapping, &text.parse().unwrap());
        }
        let expected = json!({"email": "upn", "firstName": "given", "tags": {"dept": "department"}});
        assert_eq!(Value::Object(mapping), expected);
    }
}
