//! The account behind the token, and the token itself.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::dates;
use super::routes::Context;
use super::world::Allocation;
use crate::wire::number;

pub(super) fn introspection(context: &mut Context<'_>) -> Answer {
    let record = context.world.tokens.get(&context.caller.token).ok_or_else(Refusal::invalid_token)?;
    Ok(json!({
        "name": record.name,
        "type": record.kind(),
        "permission": record.power.as_str(),
        "expire_time": dates::json_or_null(record.expire_time),
        "ref_id": record.profile,
        "created_at": dates::json(record.created_at),
        "created_by": record.created_by,
        "last_authorization": dates::json_or_null(record.last_authorization),
        "serie_number": record.serie_number,
        "verification_code": record.verification_code,
    }))
}

pub(super) fn info(context: &mut Context<'_>) -> Answer {
    let id = &context.caller.account;
    let account = context.world.accounts.get(id).ok_or_else(Refusal::denied)?;
    Ok(json!({
        "id": id,
        "active": true,
        "name": account.name,
        "email": account.email,
        "timezone": account.timezone,
        "plan": account.plan.as_str(),
        "otp": {"authenticator": account.two_factor.is_some(), "sms": false, "email": false},
        "type": "user",
        "created_at": dates::json(account.created_at),
        "updated_at": dates::json(account.created_at),
    }))
}

pub(super) fn plan(context: &mut Context<'_>) -> Answer {
    let account = context.world.accounts.get(&context.caller.account).ok_or_else(Refusal::denied)?;
    Ok(json!({"plan": account.plan.as_str()}))
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a handler")]
pub(super) fn allocation(context: &mut Context<'_>) -> Answer {
    let owned = context.world.owned_by(&context.caller.account).map(|(id, profile)| {
        let mut row = amounts(&profile.allocation);
        row["profile"] = json!(id);
        row
    });
    Ok(owned.collect())
}

pub(super) fn amounts(allocation: &Allocation) -> Value {
    allocation
        .iter()
        .map(|(service, amount)| (service.clone(), number(*amount)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
