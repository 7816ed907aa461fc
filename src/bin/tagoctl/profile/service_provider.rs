//! `tagoctl profile service-provider`.

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use tagoio::profile::{EmailProvider, SentTestMessage, ServiceProviders, SmsProvider, TestMessage};

use super::Which;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::output::{Columns, UPDATED};
use crate::request::{Fields, JsonArgs};

const SENT: Columns = Columns::new(&["to", "sent", "message_id"], &[]);

const SET_HELP: &str = "\
The credentials are not given here: they are secrets at TagoIO, and are named by their ids. `tagoctl api get /secrets` \
lists them. SMTP takes a secret of the kind SMTP, Amazon SES and SNS one of the kind AWS, SendGrid and Twilio take texts.

Example:
  tagoctl profile service-provider set --sms sns --sms-secret 68c9977a28079e0010aaf399
  tagoctl profile service-provider set --json providers.json";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set who sends a profile's e-mails and text messages; what isn't said stays
    #[command(after_help = SET_HELP)]
    Set(Box<Set>),
    /// Send a message by a provider, to see whether it works
    #[command(after_help = "Example:\n  tagoctl profile service-provider test --email me@example.com\n  \
        tagoctl profile service-provider test --sms +15559876543 --message Hello\n\n\
        The provider charges for it as for every other message.")]
    Test(Test),
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    which: Which,
    /// Who sends e-mails
    #[arg(long, value_name = "PROVIDER", help_heading = "E-mail", requires = "email_from", requires = "email_secret",
        value_parser = PossibleValuesParser::new(EmailProvider::KNOWN.iter().map(EmailProvider::as_str)))]
    email: Option<String>,
    /// The address that e-mails come from
    #[arg(long, value_name = "ADDRESS", help_heading = "E-mail", requires = "email")]
    email_from: Option<String>,
    /// The id of the secret with the provider's credentials
    #[arg(long, value_name = "ID", help_heading = "E-mail", requires = "email")]
    email_secret: Option<String>,
    /// Who sends text messages
    #[arg(long, value_name = "PROVIDER", help_heading = "Text messages",
        value_parser = PossibleValuesParser::new(SmsProvider::KNOWN.iter().map(SmsProvider::as_str)))]
    sms: Option<String>,
    /// The number that text messages come from, such as +15551234567; Twilio needs it
    #[arg(long, value_name = "NUMBER", help_heading = "Text messages", requires = "sms")]
    sms_from: Option<String>,
    /// For Amazon SNS: the id of the secret with the credentials
    #[arg(long, value_name = "ID", help_heading = "Text messages", requires = "sms")]
    sms_secret: Option<String>,
    /// For Twilio: the id of the secret with the account's SID
    #[arg(long, value_name = "ID", help_heading = "Text messages", requires = "sms")]
    twilio_sid_secret: Option<String>,
    /// For Twilio: the id of the secret with the auth token
    #[arg(long, value_name = "ID", help_heading = "Text messages", requires = "sms")]
    twilio_token_secret: Option<String>,
    #[command(flatten)]
    json: JsonArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("recipient").required(true).args(["email", "sms"]))]
pub(crate) struct Test {
    #[command(flatten)]
    which: Which,
    /// Send an e-mail to this address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Send a text message to this number, such as +15559876543
    #[arg(long, value_name = "NUMBER")]
    sms: Option<String>,
    /// The subject of the e-mail
    #[arg(long, value_name = "TEXT", conflicts_with = "sms")]
    subject: Option<String>,
    /// The text; TagoIO has one of its own
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
}

impl Command {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Set(set) => set.run(context),
            Self::Test(test) => test.run(context),
        }
    }
}

impl Set {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let fields = Fields::default().set("email", self.email_service()?).set("sms", self.sms_service()?);
        let is_nothing = fields.is_empty() && !self.json.is_given();
        let providers: ServiceProviders = self.json.request(fields)?;
        if is_nothing || (providers.email.is_keep() && providers.sms.is_keep()) {
            return Err(Failure::usage("no_changes", "no provider would change")
                .hint("--email, --sms and --json say which one sends what"));
        }
        context.out.chosen(&UPDATED)?;
        let id = &self.which.id;
        let said = context.client()?.profile().service_provider().configure(id, &providers)?;
        context.out.ack(&json!({"id": id, "updated": true}), &said)
    }

    fn email_service(&self) -> Result<Option<Value>> {
        let Some(provider) = &self.email else { return Ok(None) };
        let key = if provider == EmailProvider::SendGrid.as_str() { "api_key" } else { "data" };
        let secrets = secrets([(key, "--email-secret", &self.email_secret)])?;
        Ok(Some(json!({"provider": provider, "from": self.email_from, "secrets": secrets})))
    }

    fn sms_service(&self) -> Result<Option<Value>> {
        let Some(provider) = &self.sms else { return Ok(None) };
        let is_twilio = provider == SmsProvider::Twilio.as_str();
        if is_twilio && self.sms_from.is_none() {
            return Err(missing("--sms-from", "twilio"));
        }
        let unused = if is_twilio {
            self.sms_secret.as_ref().map(|_| "--sms-secret")
        } else {
            self.twilio_sid_secret.as_ref().or(self.twilio_token_secret.as_ref()).map(|_| "--twilio-…-secret")
        };
        if let Some(flag) = unused {
            return Err(Failure::usage("conflict", format!("{flag} is not for {provider}")));
        }
        let secrets = if is_twilio {
            secrets([
                ("twilio_sid", "--twilio-sid-secret", &self.twilio_sid_secret),
                ("twilio_token", "--twilio-token-secret", &self.twilio_token_secret),
            ])?
        } else {
            secrets([("data", "--sms-secret", &self.sms_secret)])?
        };
        let mut service = json!({"provider": provider, "secrets": secrets});
        if let Some(from) = &self.sms_from {
            service["from"] = from.as_str().into();
        }
        Ok(Some(service))
    }
}

/// The ids of secrets by the provider's names for them. One that isn't an id may be the secret itself: it isn't repeated.
fn secrets<const N: usize>(given: [(&str, &str, &Option<String>); N]) -> Result<Map<String, Value>> {
    let mut secrets = Map::new();
    for (name, flag, id) in given {
        let id = id.as_deref().ok_or_else(|| missing(flag, "the provider"))?;
        if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let problem = format!("{flag} takes the id of a secret, 24 hexadecimal digits, and this isn't one");
            return Err(Failure::usage("invalid_field", problem).hint(
                "a credential itself belongs in TagoIO's Secrets; what is an argument may be in the shell's history now",
            ));
        }
        secrets.insert(name.to_owned(), id.into());
    }
    Ok(secrets)
}

fn missing(flag: &str, whom: &str) -> Failure {
    Failure::usage("missing_field", format!("{flag} is needed for {whom}"))
}

impl Test {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&SENT)?;
        let client = context.client()?;
        let (services, id) = (client.profile().service_provider(), &self.which.id);
        let message = |to: &str| {
            let mut message = TestMessage::new(to);
            if let Some(subject) = &self.subject {
                message = message.subject(subject.as_str());
            }
            if let Some(text) = &self.message {
                message = message.message(text.as_str());
            }
            message
        };
        let (to, sent): (&str, SentTestMessage) = match (&self.email, &self.sms) {
            (Some(to), _) => (to, services.test_email(id, &message(to))?),
            (None, Some(to)) => (to, services.test_sms(id, &message(to))?),
            (None, None) => return Err(Failure::usage("usage", "--email or --sms says to whom")),
        };
        let row = json!({"to": to, "sent": true, "message_id": sent.message_id});
        context.out.ack(&row, &format!("{to}: {}", sent.message))
    }
}
