//! `tagoctl token`.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tagoio::token::{
    CreatedToken, NewToken, Permission, RotationError, TokenField, TokenInfo, TokenQuery, TokenRow, VerificationCode,
};
use tagoio::{AccountId, Client, Expiry, ProfileId, ResourceId, Timestamp, Token};

use crate::connect::{Context, is_token_like, token_of};
use crate::deeds::Deed;
use crate::failure::{Failure, Result, chain};
use crate::file;
use crate::input::Input;
use crate::nearest::did_you_mean;
use crate::output::{Columns, note};
use crate::prompt::{Danger, PasswordArgs};
use crate::request::{Fields, JsonArgs};
use crate::second_factor::SecondFactorArgs;
use crate::team::ProfileArgs;

const TOKENS: Columns = Columns::new(
    &["name", "permission", "token", "expire_time", "created_at"],
    &["type", "serie_number", "verification_code", "last_authorization", "ref_id", "created_by"],
);
const CREATED: Columns = Columns::new(&["token", "name", "permission", "expire_time", "profile", "created_by"], &[]);
const DELETED: Columns = Columns::new(&["name", "line", "deleted", "error"], &[]);

const ROTATED: Columns = Columns::new(&["rotated", "name", "permission", "expire_time", "file"], &[]);

const ROTATE_HELP: &str = "\
The new value goes to standard output, as that of `token create`, or into a file that only its owner may read. When that \
fails, the new token is deleted again and the old one stays. A token whose name isn't the only one of its kind can't be \
rotated.

Examples:
  tagoctl token rotate 'Monthly report' --email me@example.com --to report.token
  tagoctl token rotate ci --expires '3 months' --email me@example.com --yes > ci.token";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a profile's tokens, their values masked
    #[command(after_help = "Example:\n  tagoctl token list --permission full\n  \
        tagoctl token list --columns name,last_authorization")]
    List(List),
    /// Create a token and write its value, in full, to standard output
    #[command(after_help = "Example:\n  \
        tagoctl token create ci --permission read --expires '3 months' --email me@example.com > token\n\n\
        The value is what the command is for: it is shown this once without --show-secrets. A table holds nothing else, \
        other forms of output have it as `token`.")]
    Create(Box<Create>),
    /// Put a new token in the place of an old one, and delete the old one once the new one is written
    #[command(after_help = ROTATE_HELP)]
    Rotate(Box<Rotate>),
    /// Delete tokens, for good
    #[command(after_help = "Example:\n  tagoctl token delete 'Old CI' 'Former supplier'\n  \
        tagoctl token delete --token-stdin --yes < token.txt\n\n\
        All names are looked up before any token is deleted. A token whose name isn't the only one of its kind is deleted \
        by its value.")]
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only tokens of this name; `*` stands for anything
    #[arg(long)]
    name: Option<String>,
    /// Only tokens that may do this
    #[arg(long, value_parser = permissions())]
    permission: Option<Permission>,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is to be called in lists
    #[arg(required_unless_present = "json")]
    name: Option<String>,
    /// What it may do
    #[arg(long, value_parser = permissions(), required_unless_present = "json")]
    permission: Option<Permission>,
    /// When it expires: `never`, a date, or a while such as `3 months`; TagoIO chooses when it isn't said
    #[arg(long, value_name = "WHEN", value_parser = |text: &str| text.parse::<Expiry>())]
    expires: Option<Expiry>,
    /// A serial number, for devices
    #[arg(long, value_name = "NUMBER")]
    serie_number: Option<String>,
    /// The middleware or kind of device, for devices
    #[arg(long, value_name = "NAME")]
    middleware: Option<String>,
    #[command(flatten)]
    json: JsonArgs,
    #[command(flatten)]
    profile: ProfileArgs,
    /// The e-mail address that the account signs in with
    #[arg(long, help_heading = "Sign-in")]
    email: Option<String>,
    #[command(flatten, next_help_heading = "Sign-in")]
    password: PasswordArgs,
    #[command(flatten)]
    second_factor: SecondFactorArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The old token's name, as `token list` shows it
    name: String,
    /// What the new one is to be called in lists; as the old one when it isn't said
    #[arg(long, value_name = "NAME")]
    new_name: Option<String>,
    /// What the new one may do; what the old one may when it isn't said
    #[arg(long, value_parser = permissions())]
    permission: Option<Permission>,
    /// When the new one expires: `never`, a date, or a while such as `3 months`; TagoIO chooses when it isn't said
    #[arg(long, value_name = "WHEN", value_parser = |text: &str| text.parse::<Expiry>())]
    expires: Option<Expiry>,
    /// Write the new value into this file
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    profile: ProfileArgs,
    /// The e-mail address that the account signs in with
    #[arg(long, help_heading = "Sign-in")]
    email: String,
    #[command(flatten, next_help_heading = "Sign-in")]
    password: PasswordArgs,
    #[command(flatten)]
    second_factor: SecondFactorArgs,
    #[command(flatten)]
    danger: Danger,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The tokens' names, as `token list` shows them
    #[arg(required_unless_present = "token_stdin", value_name = "NAME")]
    names: Vec<String>,
    /// Take the values of tokens from standard input, one a line
    #[arg(long)]
    token_stdin: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    danger: Danger,
}

fn permissions() -> impl clap::builder::TypedValueParser<Value = Permission> {
    PossibleValuesParser::new(Permission::KNOWN.iter().map(Permission::as_str)).map(Permission::from)
}

/// A token in a list. Its secrets are written under their own names, by which they are masked.
#[derive(Serialize)]
struct Row {
    name: Option<String>,
    permission: Option<Permission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
    expire_time: Option<Expiry>,
    created_at: Option<Timestamp>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serie_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_authorization: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_id: Option<ResourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<AccountId>,
}

impl From<TokenRow> for Row {
    fn from(row: TokenRow) -> Self {
        Self {
            name: row.name,
            permission: row.permission,
            token: row.token,
            expire_time: row.expire_time,
            created_at: row.created_at,
            kind: row.kind,
            serie_number: row.serie_number,
            verification_code: row.verification_code,
            last_authorization: row.last_authorization,
            ref_id: row.ref_id,
            created_by: row.created_by,
        }
    }
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(context),
            Self::Create(create) => create.run(context),
            Self::Rotate(rotate) => rotate.run(context),
            Self::Delete(delete) => delete.run(context),
        }
    }
}

impl List {
    fn run(self, context: &Context<'_>) -> Result<()> {
        // Asked for is what will be seen: TagoIO doesn't give every field in every list.
        let columns = context.out.chosen(&TOKENS)?;
        let fields = columns.iter().map(|path| TokenField::from(path.split('.').next().unwrap_or_default()));
        let mut query = TokenQuery::new().fields(fields);
        if let Some(name) = self.name {
            query = query.name(name);
        }
        if let Some(permission) = &self.permission {
            query = query.permission(permission);
        }
        let tokens = context.client()?.token().iter(self.profile.profile, &query);
        context.out.rows(&TOKENS, tokens.map(|row| row.map(Row::from)))
    }
}

impl Create {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&CREATED)?;
        let fields = Fields::default()
            .set("name", self.name)
            .set("permission", self.permission.as_ref().map(Permission::as_str))
            .set("expire_time", self.expires.map(|expires| expires.to_string()))
            .set("serie_number", self.serie_number)
            .set("middleware", self.middleware)
            .set("email", self.email);
        let mut new: NewToken = self.json.request(fields)?;
        let Some(email) = new.email.as_deref().map(str::to_owned) else {
            return Err(Failure::usage(
                "missing_field",
                "`email` is needed: the account's owner signs for a new token",
            )
            .hint("give --email, or `email` in --json"));
        };
        let client = context.client()?;
        if self.password.is_given() || new.password.as_ref().is_none() {
            new = new.password(self.password.password(&email)?);
        }
        let made = self.second_factor.call(|code| {
            let new = new.clone();
            let new = match code {
                Some((kind, code)) => new.two_factor(kind, code),
                None => new,
            };
            client.token().create(&self.profile.profile, &new)
        })?;
        let expiry = expiry_in_words(made.expire_time.as_ref());
        let sentence = format!("created the token {} ({}); {expiry}", new.name, new.permission);
        minted(context, &new, &made, &sentence)
    }
}

impl Rotate {
    fn run(self, context: &Context<'_>) -> Result<()> {
        let columns = if self.to.is_some() { ROTATED } else { CREATED };
        context.out.chosen(&columns)?;
        if let Some(path) = &self.to {
            file::check(path)?;
        }
        let client = context.client()?;
        let tokens = all(&client, &self.profile.profile)?;
        let old = one_named(&tokens, &self.name)?;
        let value = value_of(old)?;
        let name = self.new_name.as_deref().unwrap_or(&old.name);
        let permission = self.permission.clone().or_else(|| old.permission.clone()).ok_or_else(|| {
            Failure::usage("missing_field", format!("TagoIO doesn't say what the token `{}` may do", old.name))
                .hint("give --permission")
        })?;
        if !self.danger.is_meant(&format!("put a new token in the place of {} ({permission})", old.name))? {
            return Ok(());
        }
        let mut new = NewToken::new(name, permission).sign_in(&self.email, self.password.password(&self.email)?);
        if let Some(expires) = &self.expires {
            new = new.expire_time(expires.clone());
        }
        let unwritten = RefCell::new(None);
        let outcome = self.second_factor.call(|code| {
            let new = match code {
                Some((kind, code)) => new.clone().two_factor(kind, code),
                None => new.clone(),
            };
            let hand_over = |made: &CreatedToken| {
                self.write(context, &new, made).map_err(|failure| {
                    unwritten.replace(Some(failure));
                    "it could not be written"
                })
            };
            match client.token().rotate(&self.profile.profile, value, &new, hand_over) {
                // It may be that a code is missing.
                Err(RotationError::NotCreated { source, .. }) => Err(*source),
                outcome => Ok(outcome),
            }
        })?;
        match outcome {
            Ok(_) => {
                note(&format!("the old token {} is deleted", old.name));
                Ok(())
            }
            Err(RotationError::NotHandedOver { new: made, .. }) => {
                let failure = unwritten.take().unwrap_or(Failure::PipeClosed);
                match client.token().delete(&self.profile.profile, &made.token) {
                    Ok(_) => Err(Failure::Unmet {
                        code: "unwritable",
                        message: format!(
                            "{}; the new token is deleted again, and the old token {} stays",
                            failure.message(),
                            old.name
                        ),
                    }),
                    Err(error) => Err(Failure::Partly(format!(
                        "the new token {name} could not be written, and it is there: {}",
                        chain(&error)
                    ))),
                }
            }
            Err(error @ RotationError::MaybeCreated { .. }) => {
                Err(Failure::Unmet { code: "maybe_created", message: chain(&error) })
            }
            Err(error) => Err(Failure::Partly(chain(&error))),
        }
    }

    /// Hands the new token over.
    fn write(&self, context: &Context<'_>, new: &NewToken, made: &CreatedToken) -> Result<()> {
        let expiry = expiry_in_words(made.expire_time.as_ref());
        let sentence = format!("created the token {} ({}); {expiry}", new.name, new.permission);
        let Some(path) = &self.to else { return minted(context, new, made, &sentence) };
        file::replace(path, |mut file| {
            writeln!(file, "{}", made.token.expose())
                .map_err(|error| Failure::write(&path.display().to_string(), error))
        })?;
        let object = json!({
            "rotated": true, "name": new.name, "permission": new.permission, "expire_time": made.expire_time,
            "file": path,
        });
        context.out.ack(&object, &format!("{}: {sentence}", path.display()))
    }
}

/// Writes a token that was just created, in full.
fn minted(context: &Context<'_>, new: &NewToken, made: &CreatedToken, sentence: &str) -> Result<()> {
    let item = json!({
        "token": made.token.expose(),
        "name": made.name.as_ref().unwrap_or(&new.name),
        "permission": made.permission.as_ref().unwrap_or(&new.permission),
        "expire_time": made.expire_time,
        "profile": made.profile,
        "created_by": made.created_by,
    });
    context.out.minted(made.token.expose(), &CREATED, item, sentence).map_err(Failure::unread)
}

/// When a new token expires.
pub(crate) fn expiry_in_words(expiry: Option<&Expiry>) -> String {
    match expiry {
        Some(Expiry::Never) => "it never expires".to_owned(),
        Some(expiry) => format!("it expires {expiry}"),
        None => "TagoIO doesn't say when it expires".to_owned(),
    }
}

/// A token that is to be deleted, and where it was named.
type Target = (Place, Token);

/// Where a token that is to be deleted was named. It is called by that, never by its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Name(String),
    Line(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Line(number) => write!(f, "line {number} of {}", Input::Stdin),
        }
    }
}

impl Delete {
    fn run(self, context: &Context<'_>) -> Result<()> {
        context.out.chosen(&DELETED)?;
        let given = if self.token_stdin { tokens_of(&Input::Stdin.text()?)? } else { Vec::new() };
        let client = context.client()?;
        let profile = &self.profile.profile;
        let mut targets = named(&client, profile, &self.names)?;
        targets.extend(given);
        let mut seen = HashSet::new();
        targets.retain(|(_, token)| seen.insert(token.expose().to_owned()));

        let places: Vec<String> = targets.iter().map(|(place, _)| place.to_string()).collect();
        let what = match places.as_slice() {
            [one] => format!("the token {one}"),
            several => format!("{} tokens: {}", several.len(), several.join(", ")),
        };
        if !self.danger.is_meant(&format!("delete {what}"))? {
            return Ok(());
        }
        let delete = Deed { columns: &DELETED, done: "deleted", targets: "tokens" };
        delete.of_each(context.out, &targets, |token| client.token().delete(profile, token))
    }
}

/// The tokens in a text of one a line. What is wrong with a line is told without repeating it.
fn tokens_of(text: &str) -> Result<Vec<Target>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let targets: Vec<Target> = lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            let token = token_of(&format!("{}, line {number}", Input::Stdin), line)?;
            Ok((Place::Line(number), token))
        })
        .collect::<Result<_>>()?;
    if targets.is_empty() {
        return Err(Failure::usage("missing_secret", "there is no token on standard input"));
    }
    Ok(targets)
}

/// The tokens of some names, each of which has to be that of one token.
fn named(client: &Client, profile: &ProfileId, names: &[String]) -> Result<Vec<Target>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let tokens = all(client, profile)?;
    let target = |name: &String| Ok((Place::Name(name.clone()), value_of(one_named(&tokens, name)?)?.clone()));
    names.iter().map(target).collect()
}

fn all(client: &Client, profile: &ProfileId) -> Result<Vec<TokenInfo>> {
    Ok(client.token().iter(profile, &TokenQuery::new()).collect::<tagoio::Result<_>>()?)
}

/// The only token of a name.
fn one_named<'a>(tokens: &'a [TokenInfo], name: &str) -> Result<&'a TokenInfo> {
    let mut found = tokens.iter().filter(|token| token.name == name);
    let first = found.next().ok_or_else(|| {
        let is_value = |token: &TokenInfo| token.token.as_ref().is_some_and(|token| token.expose() == name);
        if is_token_like(name) || tokens.iter().any(is_value) {
            return Failure::usage(
                "usage",
                "names are wanted, and one of these is a token's value: it is not repeated",
            )
            .hint("--token-stdin takes the values of tokens; what is an argument may be in the shell's history now");
        }
        let guess = did_you_mean(name, tokens.iter().map(|token| token.name.as_str()));
        Failure::not_found(format!("there is no token named `{name}`{guess}"))
    })?;
    let others: Vec<_> = found.collect();
    if others.is_empty() {
        return Ok(first);
    }
    let created = |at: &Option<Timestamp>| at.as_ref().map_or("at an unknown time".to_owned(), ToString::to_string);
    let dates: Vec<String> = [first].into_iter().chain(others).map(|token| created(&token.created_at)).collect();
    let problem = format!("there are {} tokens named `{name}`, created {}", dates.len(), dates.join(", "));
    Err(Failure::usage("ambiguous_name", problem).hint("--token-stdin takes the value of the one that is meant"))
}

fn value_of(token: &TokenInfo) -> Result<&Token> {
    token.token.as_ref().ok_or_else(|| {
        let problem = format!("TagoIO doesn't show the value of the token `{}`: --token-stdin takes it", token.name);
        Failure::not_found(problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_one_a_line() {
        let targets = tokens_of("p-1\r\n\n  p-2  \n").unwrap_or_default();
        let seen: Vec<_> = targets.iter().map(|(place, token)| (place, token.expose())).collect();
        assert_eq!(seen, [(&Place::Line(1), "p-1"), (&Place::Line(3), "p-2")]);
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for (text, said) in [
            ("p-1\ncanáry\n", "standard input, line 2: invalid token: character 4 is not a visible ASCII character"),
            (" \n\n", "there is no token on standard input"),
        ] {
            match tokens_of(text) {
                Err(failure) => {
                    let shown = format!("{failure:?}");
                    assert!(shown.contains(said) && !shown.contains("canáry"), "{shown}");
                }
                Ok(_) => panic!("{text:?} is taken"),
            }
        }
    }
}
