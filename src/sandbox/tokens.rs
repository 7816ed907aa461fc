//! The tokens of a profile.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::{Holder, Power, Role, TokenRecord, prove};
use super::answer::{Answer, Refusal};
use super::dates;
use super::fields::Fields;
use super::list::{Columns, Kind, ListQuery, Record};
use super::routes::{Change, Context};
use crate::{Patch, Tag};

const COLUMNS: Columns = Columns {
    fields: &[
        "token",
        "name",
        "type",
        "permission",
        "serie_number",
        "last_authorization",
        "verification_code",
        "expire_time",
        "ref_id",
        "created_at",
        "created_by",
    ],
    default_fields: &["name", "token", "permission"],
    filters: &[
        ("name", Kind::Text),
        ("token", Kind::Text),
        ("permission", Kind::Text),
        ("serie_number", Kind::Text),
        ("verification_code", Kind::Text),
        ("created_at", Kind::Date),
    ],
    flat_filters: &[],
    orders: &[
        ("name", Kind::Text),
        ("permission", Kind::Text),
        ("serie_number", Kind::Text),
        ("verification_code", Kind::Text),
        ("created_at", Kind::Date),
    ],
    default_order: "created_at,desc",
};

struct Row<'a> {
    token: &'a str,
    record: &'a TokenRecord,
}

impl Record for Row<'_> {
    fn value(&self, field: &str) -> Value {
        let record = self.record;
        match field {
            "type" => json!(record.kind()),
            "ref_id" => json!(record.profile),
            "created_by" => json!(record.created_by),
            "expire_time" => dates::json_or_null(record.expire_time),
            "last_authorization" => dates::json_or_null(record.last_authorization),
            "created_at" => dates::json(record.created_at),
            _ => json!(self.text(field)),
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        match field {
            "token" => Some(self.token),
            "name" => Some(&self.record.name),
            "permission" => Some(self.record.power.as_str()),
            "serie_number" => self.record.serie_number.as_deref(),
            "verification_code" => self.record.verification_code.as_deref(),
            _ => None,
        }
    }

    fn date(&self, field: &str) -> Option<DateTime<Utc>> {
        (field == "created_at").then_some(self.record.created_at)
    }

    fn flag(&self, _field: &str) -> Option<bool> {
        None
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Member)?;
    let query = ListQuery::read(&context.call.query, &COLUMNS, context.now)?;
    let here = |record: &TokenRecord| record.profile == profile && matches!(record.holder, Holder::Account);
    let tokens = context.world.tokens.iter().filter(|(_, record)| here(record));
    let rows: Vec<Row<'_>> = tokens.map(|(token, record)| Row { token, record }).collect();
    let mut found: Vec<&Row<'_>> = rows.iter().filter(|row| query.selection().admits(*row)).collect();
    found.sort_by_key(|row| row.record.serial);
    query.selection().sort(&mut found);
    Ok(query.slice(&found).iter().map(|row| query.project(*row)).collect())
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Member)?;
    let now = context.now;
    let fields = Fields::of(&context.body)?;
    let name = fields.required_text("name")?.to_owned();
    let power = Power::read(fields.required_text("permission")?);
    let power = power.ok_or_else(|| Refusal::bad_request("Invalid enum value"))?;
    let expire_time = match fields.text("expire_time")? {
        Patch::Keep | Patch::Clear => None,
        Patch::Set(text) => dates::expiry(text, now).ok_or_else(|| Refusal::invalid("expire_time", "type"))?,
    };
    let optional = |key: &str| fields.text(key).map(|text| text.into_option().map(str::to_owned));
    let (serie_number, verification_code) = (optional("serie_number")?, optional("verification_code")?);
    optional("middleware")?;
    prove(context.world, &context.caller.account, &context.body)?;

    let record = TokenRecord {
        expire_time,
        serie_number,
        verification_code,
        ..TokenRecord::new(&name, power, &profile, &context.caller.account, now)
    };
    let token = context.world.add_token("p-", record);
    Ok(Change {
        result: json!({
            "token": token,
            "name": name,
            "permission": power.as_str(),
            // The official SDKs' types have one name, TagoIO's other answers the other.
            "expire_time": dates::json_or_null(expire_time),
            "expire_date": dates::json_or_null(expire_time),
            "profile": profile,
            "created_by": context.caller.account,
        }),
        profile: profile.clone(),
        resource: "profile",
        id: profile,
        message: format!("Token {name} created"),
    })
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Member)?;
    let token = context.param(1).to_owned();
    let tokens = &mut context.world.tokens;
    let here = |record: &&TokenRecord| record.profile == profile && matches!(record.holder, Holder::Account);
    let name = tokens.get(&token).filter(here).map(|record| record.name.clone());
    let name = name.ok_or_else(|| Refusal::not_found("Token"))?;
    tokens.remove(&token);
    Ok(Change {
        result: json!("Token Successfully Removed"),
        profile: profile.clone(),
        resource: "profile",
        id: profile,
        message: format!("Token {name} deleted"),
    })
}
