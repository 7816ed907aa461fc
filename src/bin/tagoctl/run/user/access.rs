//! `tagoctl run user login` and `invite`: how a user gets in.

use clap::Args;
use serde_json::json;
use tagoio::Expiry;
use tagoio::run::UserInvite;

use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::Columns;
use crate::run::whom::{user_id, whom};
use crate::token::expiry_in_words;

pub(super) const LOGIN_EXAMPLES: &str = "\
The token can't be revoked but by deactivating or deleting the user, and each login is in the audit log.

Examples:
  tagoctl run user login jane@example.com --expires '20 minutes'
  TOKEN=$(tagoctl run user login 61eb25a4d6a4a20011d4cd3c)";

const LOGIN: Columns = Columns::new(&["token", "user", "expire_time"], &[]);
const INVITED: Columns = Columns::new(&["id", "invited"], &[]);

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The user
    #[arg(value_name = "ID|EMAIL", value_parser = whom)]
    user: String,
    /// When the token expires: `never`, a date, or something like `3 months` [default: after 8 hours]
    #[arg(long, value_name = "WHEN", value_parser = str::parse::<Expiry>)]
    expires: Option<Expiry>,
}

impl LoginArgs {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&LOGIN)?;
        let client = context.client()?;
        let id = user_id(&client, &self.user)?;
        let login = client.run().users().login_as(&id, self.expires.as_ref())?;
        let token = login.token.expose();
        let sentence = format!("a token of {}; {}", self.user, expiry_in_words(login.expire_time.as_ref()));
        let item = json!({"token": token, "user": id, "expire_time": login.expire_time});
        context.out.minted(token, &LOGIN, item, &sentence).map_err(Failure::unread)
    }
}

#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// The user
    #[arg(value_name = "ID|EMAIL", value_parser = whom)]
    user: String,
    /// The key of the portal's e-mail template [default: welcome]
    #[arg(long, value_name = "KEY")]
    template: Option<String>,
}

impl InviteArgs {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&INVITED)?;
        let client = context.client()?;
        let id = user_id(&client, &self.user)?;
        let mut invite = UserInvite::new();
        if let Some(template) = self.template {
            invite = invite.invite_template(template);
        }
        let said = client.run().users().resend_invite(&id, &invite)?;
        context.out.ack(&json!({"id": id, "invited": true}), &format!("{}: {said}", self.user))
    }
}
