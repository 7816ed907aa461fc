//! `tagoctl run user create`.

use clap::Args as ClapArgs;
use serde_json::Value;
use tagoio::run::{NewUser, SendEmail};

use super::contact::ContactArgs;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{CREATED, note};
use crate::prompt::PasswordArgs;
use crate::request::{Fields, JsonArgs, Pair, tags};
use crate::shape::UnknownArgs;

pub(super) const EXAMPLES: &str = "\
Examples:
  tagoctl run user create --name Jane --email jane@example.com --timezone UTC --generate-password
  tagoctl run user create --json user.json --tag site=lisbon --active true --password-env NEW_ONE
  tagoctl run user create --json user.json --generate-password --send-email invite";

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The name
    #[arg(long)]
    name: Option<String>,
    /// The e-mail address, which no other user of the portal may have and which can't be changed later
    #[arg(long)]
    email: Option<String>,
    /// The IANA time zone
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// A tag
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<Pair>,
    #[command(flatten)]
    contact: ContactArgs,
    /// Whether the user may sign in [default: only with --generate-password or --send-email]
    #[arg(long, value_name = "BOOL")]
    active: Option<bool>,
    /// Have TagoIO make a password, which the user has to change at the first sign-in
    #[arg(long, conflicts_with_all = ["password_env", "password_stdin"])]
    generate_password: bool,
    /// Have TagoIO send a welcome e-mail: the portal's own, or that of a template
    #[arg(long, value_name = "TEMPLATE", num_args = 0..=1, default_missing_value = "")]
    send_email: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    unknown: UnknownArgs,
}

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let mut user: NewUser = self.json.request(self.fields())?;
        self.unknown.check_options(&user.options)?;
        self.check(&user)?;
        context.out.chosen(&CREATED)?;
        let client = context.client()?;
        if self.password.is_given() || !(has_password(&user) || generates_password(&user)) {
            user.password = self.password.new_password(&user.email)?.into();
        }
        let id = client.run().users().create(&user)?;
        let may_sign_in = *user.active.as_ref().unwrap_or(&(generates_password(&user) || sends_email(&user)));
        if !may_sign_in {
            note(&format!("the user can't sign in yet: tagoctl run user edit {} --active true", user.email));
        }
        context.out.created(id, &format!("{} is created", user.email))
    }

    fn fields(&self) -> Fields {
        let send_email = self.send_email.as_deref().map(|template| match template {
            "" => Value::Bool(true),
            template => template.into(),
        });
        let fields = Fields::default()
            .set("name", self.name.as_deref())
            .set("email", self.email.as_deref())
            .set("timezone", self.timezone.as_deref())
            .set("tags", tags(&self.tags))
            .set("active", self.active)
            .set("generate_password", self.generate_password.then_some(true))
            .set("send_email", send_email);
        self.contact.set(fields)
    }

    /// Finds what TagoIO would refuse, and what flags and JSON together ask for by mistake.
    fn check(&self, user: &NewUser) -> Result<()> {
        if generates_password(user) && (has_password(user) || self.password.is_given()) {
            return Err(Failure::usage("conflict", "there is a password, so TagoIO can't make one as well"));
        }
        if sends_email(user) && user.active.as_ref() == Some(&false) {
            return Err(Failure::usage(
                "conflict",
                "TagoIO welcomes only users who may sign in: not with an `active` of false",
            ));
        }
        Ok(())
    }
}

fn has_password(user: &NewUser) -> bool {
    user.password.as_ref().is_some()
}

fn generates_password(user: &NewUser) -> bool {
    user.generate_password.as_ref() == Some(&true)
}

fn sends_email(user: &NewUser) -> bool {
    user.send_email.as_ref().is_some_and(|email| *email != SendEmail::Welcome(false))
}
