//! What a sandbox holds, as an owner who may do everything reads it.

use serde_json::{Map, Value, json};
use tagoio::sandbox::Sandbox;
use tagoio::transport::Method;
use tagoio::{Client, Result, Token};

/// All profiles of the account with all that is in them, the e-mails that were sent, and what became of some tokens.
/// Whatever of `texts` isn't a token is left out.
pub(crate) fn read<'a>(sandbox: &Sandbox, texts: impl Iterator<Item = &'a str>) -> Result<Value> {
    let tago = sandbox.client()?;
    let mut tokens = Map::new();
    for text in texts.filter(|text| text.starts_with("p-") || text.starts_with("u-")) {
        tokens.insert(text.to_owned(), look(&sandbox.client_with(Token::new(text)?)?, "/info")?);
    }
    let profiles = look(&tago, "/profile")?;
    let mut all = Map::new();
    for id in profiles["result"].as_array().into_iter().flatten().filter_map(|profile| profile["id"].as_str()) {
        // What is below /run is that of the token's own profile.
        tago.profile().transfer_token(id)?;
        all.insert(id.to_owned(), profile(&tago, id)?);
    }
    let sent = sandbox.outbox();
    let sent: Vec<Value> =
        sent.iter().map(|sent| json!({"to": sent.to, "subject": sent.subject, "template": sent.template})).collect();
    Ok(json!({"profiles": profiles, "content": all, "tokens": tokens, "sent": sent}))
}

fn profile(tago: &Client, id: &str) -> Result<Value> {
    let users = look(tago, "/run/users?amount=10000&fields=id")?;
    let (mut whole, mut notifications) = (Map::new(), Map::new());
    for user in users["result"].as_array().into_iter().flatten().filter_map(|user| user["id"].as_str()) {
        whole.insert(user.to_owned(), look(tago, &format!("/run/users/{user}"))?);
        notifications.insert(user.to_owned(), look(tago, &format!("/run/notification/{user}"))?);
    }
    let tokens = "amount=10000&orderBy=created_at,asc&fields=token&fields=name&fields=permission&fields=expire_time\
                  &fields=last_authorization&fields=serie_number&fields=verification_code&fields=created_at\
                  &fields=created_by";
    Ok(json!({
        "info": look(tago, &format!("/profile/{id}"))?,
        "summary": look(tago, &format!("/profile/{id}/summary"))?,
        "statistics": look(tago, &format!("/profile/{id}/statistics"))?,
        "tokens": look(tago, &format!("/profile/{id}/token?{tokens}"))?,
        "team": look(tago, &format!("/profile/{id}/team"))?,
        "audit log": audit_log(tago, id)?,
        "settings": look(tago, "/run")?,
        "users": whole,
        "notifications": notifications,
        "saml": look(tago, "/run/sso/saml")?,
        "custom domain": look(tago, &format!("/run/customdomain/{id}"))?,
    }))
}

fn audit_log(tago: &Client, id: &str) -> Result<Value> {
    let begun = look(tago, &format!("/profile/{id}/auditlog?limit=10000"))?;
    match begun["result"]["queryId"].as_str() {
        Some(query) => look(tago, &format!("/profile/{id}/auditlog/{query}")),
        None => Ok(begun),
    }
}

/// The whole answer, also where it is a refusal.
fn look(tago: &Client, path: &str) -> Result<Value> {
    let response = tago.raw(Method::Get, path).response()?;
    Ok(serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}
