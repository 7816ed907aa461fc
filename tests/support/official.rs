//! The typed call of a call that the official clients have: named as they name it, with their arguments and answers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tagoio::profile::{
    AddOn, AddOnSettings, AuditLogFilter, Credentials, NewProfile, ProfileEdit, ServiceAllocation, StatisticsDate,
};
use tagoio::run::{
    LoginToken, NewCustomDomain, NewNotification, NewUser, NotificationEdit, RunSettings, SamlEdit, UserEdit,
    UserInvite, UserQuery, UserRow,
};
use tagoio::token::{CreatedToken, NewToken, TokenQuery, TokenRow};
use tagoio::{Client, Expiry, Token};

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum Problem {
    /// There is no call of this name.
    Unknown,
    /// The types can't hold an argument, and why.
    Argument(String),
    /// The call failed.
    Call(tagoio::Error),
}

impl From<tagoio::Error> for Problem {
    fn from(error: tagoio::Error) -> Self {
        Self::Call(error)
    }
}

/// The arguments of a call, read with serde into our types.
struct Args<'a>(&'a [Value]);

impl Args<'_> {
    /// An argument that the call must have.
    fn get<T: DeserializeOwned>(&self, at: usize) -> Result<T, Problem> {
        match self.0.get(at) {
            Some(value) => T::deserialize(value).map_err(|error| Problem::Argument(error.to_string())),
            None => Err(Problem::Argument(format!("missing argument {at}"))),
        }
    }

    /// An argument that the call may have.
    fn option<T: DeserializeOwned + Default>(&self, at: usize) -> Result<T, Problem> {
        match self.0.get(at) {
            None | Some(Value::Null) => Ok(T::default()),
            Some(_) => self.get(at),
        }
    }

    fn id(&self, at: usize) -> Result<String, Problem> {
        self.get(at)
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default, rename = "onlyAmount")]
    only_amount: bool,
    #[serde(default)]
    allocate_free_resources: bool,
    expire_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailTest {
    subject: String,
    body: String,
}

/// Makes the call, and gives its answer in the official clients' form.
pub(crate) fn call(tago: &Client, method: &str, args: &[Value]) -> Result<Value, Problem> {
    let args = Args(args);
    let (profile, team, token, run) = (tago.profile(), tago.team(), tago.token(), tago.run());
    match method {
        "profile.info" => answer(profile.info(args.id(0)?)),
        "profile.list" => answer(profile.list()),
        "profile.summary" => {
            if args.option::<Options>(1)?.only_amount {
                answer(profile.summary_amount(args.id(0)?))
            } else {
                answer(profile.summary(args.id(0)?))
            }
        }
        "profile.create" => {
            let id = if args.option::<Options>(1)?.allocate_free_resources {
                profile.create_with_free_resources(&args.get::<NewProfile>(0)?)?
            } else {
                profile.create(&args.get::<NewProfile>(0)?)?
            };
            Ok(json!({"id": id}))
        }
        "profile.edit" => answer(profile.edit(args.id(0)?, &args.get::<ProfileEdit>(1)?)),
        "profile.delete" => answer(profile.delete(args.id(0)?, &args.get::<Credentials>(1)?)),
        "profile.usageStatisticList" => {
            answer(profile.usage_statistics(args.id(0)?, &args.option::<StatisticsDate>(1)?))
        }
        "profile.auditLog" => answer(profile.audit_log(args.id(0)?, &args.option::<AuditLogFilter>(1)?)),
        "profile.auditLogQuery" => answer(profile.audit_log_query(args.id(0)?, args.id(1)?)),
        "profile.addonList" => answer(profile.addons(args.id(0)?)),
        "profile.addonEdit" => answer(profile.edit_addons(args.id(0)?, &args.get::<AddOnSettings>(1)?)),
        "profile.removeAddOn" => answer(profile.remove_addon(args.id(0)?, &args.get::<AddOn>(1)?)),
        "profile.serviceEdit" => answer(profile.edit_services(args.id(0)?, &args.get::<ServiceAllocation>(1)?)),
        "profile.transferTokenToAnotherProfile" => answer(profile.transfer_token(args.id(0)?)),
        "profile.tokenList" => {
            let rows = token.list(args.id(0)?, &args.get::<TokenQuery<TokenRow>>(1)?)?;
            Ok(rows.iter().map(token_row).collect())
        }
        "profile.tokenCreate" => {
            let created = token.create(args.id(0)?, &args.get::<NewToken>(1)?)?;
            Ok(created_token(&created))
        }
        "profile.tokenDelete" => answer(token.delete(args.id(0)?, &Token::new(args.id(1)?)?)),
        "profile.addTeamMember" => answer(team.add(args.id(0)?, &args.id(1)?)),
        "profile.teamList" => answer(team.list(args.id(0)?)),
        "profile.deleteTeamMember" => answer(team.remove(args.id(0)?, args.id(1)?)),
        "run.info" => answer(run.info()),
        "run.edit" => answer(run.edit(&args.get::<RunSettings>(0)?)),
        "run.emailTest" => {
            let email = args.get::<EmailTest>(0)?;
            answer(run.email_test(&email.subject, &email.body))
        }
        "run.listUsers" => answer(run.users().list(&args.get::<UserQuery<UserRow>>(0)?)),
        "run.userInfo" => answer(run.users().info(args.id(0)?)),
        "run.userCreate" => Ok(json!({"user": run.users().create(&args.get::<NewUser>(0)?)?})),
        "run.userEdit" => answer(run.users().edit(args.id(0)?, &args.get::<UserEdit>(1)?)),
        "run.userDelete" => answer(run.users().delete(args.id(0)?)),
        "run.loginAsUser" => {
            let expire_time = args.option::<Options>(1)?.expire_time.map(|text| Expiry::from(text.as_str()));
            Ok(login_token(&run.users().login_as(args.id(0)?, expire_time.as_ref())?))
        }
        "run.userResendInvite" => answer(run.users().resend_invite(args.id(0)?, &args.option::<UserInvite>(1)?)),
        "run.notificationList" => answer(run.notifications().list(args.id(0)?)),
        "run.notificationCreate" => {
            let id = run.notifications().create(args.id(0)?, &args.get::<NewNotification>(1)?)?;
            Ok(json!({"id": id}))
        }
        "run.notificationEdit" => answer(run.notifications().edit(args.id(0)?, &args.get::<NotificationEdit>(1)?)),
        "run.notificationDelete" => answer(run.notifications().delete(args.id(0)?)),
        "run.ssoSAMLInfo" => answer(run.saml().info()),
        "run.ssoSAMLEdit" => answer(run.saml().edit(&args.get::<SamlEdit>(0)?)),
        "run.createCustomDomain" => answer(run.custom_domain().create(args.id(0)?, &args.get::<NewCustomDomain>(1)?)),
        "run.getCustomDomain" => answer(run.custom_domain().info(args.id(0)?)),
        "run.deleteCustomDomain" => answer(run.custom_domain().delete(args.id(0)?)),
        "run.regenerateCustomDomain" => answer(run.custom_domain().regenerate(args.id(0)?)),
        _ => Err(Problem::Unknown),
    }
}

fn answer(result: tagoio::Result<impl Serialize>) -> Result<Value, Problem> {
    Ok(json!(result?))
}

// Answers that hold a secret can't be written by themselves.

/// An expiry as TagoIO sends it: never is null.
fn as_sent(expiry: Option<&Expiry>) -> Option<&Expiry> {
    expiry.filter(|expiry| **expiry != Expiry::Never)
}

fn token_row(row: &TokenRow) -> Value {
    json!({
        "token": row.token,
        "name": row.name,
        "type": row.kind,
        "permission": row.permission,
        "serie_number": row.serie_number,
        "last_authorization": row.last_authorization,
        "verification_code": row.verification_code,
        "expire_time": as_sent(row.expire_time.as_ref()),
        "ref_id": row.ref_id,
        "created_at": row.created_at,
        "created_by": row.created_by,
    })
}

fn created_token(created: &CreatedToken) -> Value {
    json!({
        "token": created.token,
        "name": created.name,
        "permission": created.permission,
        "expire_time": as_sent(created.expire_time.as_ref()),
        "profile": created.profile,
        "created_by": created.created_by,
    })
}

fn login_token(login: &LoginToken) -> Value {
    json!({
        "token": login.token,
        "name": login.name,
        "run_user": login.run_user,
        "expire_time": as_sent(login.expire_time.as_ref()),
        "created_at": login.created_at,
    })
}
