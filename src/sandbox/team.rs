//! The members of a profile's team.

use serde_json::{Value, json};

use super::access::Role;
use super::answer::{Answer, Refusal};
use super::dates;
use super::routes::{Change, Context};
use super::users::is_email;
use super::world::Member;

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let profile = context.profile(0, Role::Owner)?;
    let team = &context.world.profile(&profile)?.team;
    Ok(team.iter().map(row).collect())
}

fn row(member: &Member) -> Value {
    json!({
        "id": member.id,
        "active": member.active,
        "name": member.name,
        "email": member.email,
        "created_at": dates::json(member.created_at),
    })
}

/// Invites; nobody in the sandbox ever accepts.
pub(super) fn add(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Owner)?;
    let now = context.now;
    let email = context.fields()?.required_text("email")?.to_owned();
    if !is_email(&email) {
        return Err(Refusal::invalid("email", "email"));
    }
    let owner = context.world.owner(&profile)?;
    let (own_email, allowed) = (owner.email.clone(), owner.plan.team_members());
    let same = |other: &str| other.to_lowercase() == email.to_lowercase();
    let known = context.world.accounts.iter().find(|(_, account)| same(&account.email));
    let known = known.map(|(id, account)| (id.clone(), account.name.clone()));
    let (id, name) = known.unwrap_or_else(|| (context.world.ids.id(), String::new()));
    let team = &mut context.world.profile_mut(&profile)?.team;
    let is_member = team.iter().any(|member| same(&member.email));
    if is_member || same(&own_email) {
        return Err(Refusal::bad_request("User is already a team member"));
    }
    if team.len() >= allowed {
        return Err(Refusal::limit("Team members", allowed));
    }
    team.push(Member { id, name, email: email.clone(), active: false, created_at: now });
    Ok(Change {
        result: json!("User invited"),
        profile: profile.clone(),
        resource: "profile",
        id: profile,
        message: format!("Team member {email} invited"),
    })
}

pub(super) fn remove(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let profile = context.profile(0, Role::Owner)?;
    let id = context.param(1).to_owned();
    let team = &mut context.world.profile_mut(&profile)?.team;
    let at = team.iter().position(|member| member.id == id).ok_or_else(|| Refusal::not_found("Account"))?;
    let removed = team.remove(at);
    context.world.tokens.remove_where(|record| record.profile == profile && record.created_by == id);
    Ok(Change {
        result: json!("Account Successfully Removed"),
        profile: profile.clone(),
        resource: "profile",
        id: profile,
        message: format!("Team member {} removed", removed.email),
    })
}
