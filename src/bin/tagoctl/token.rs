//! `tagoctl token`.

use std::collections::HashSet;
use std::fmt;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tagoio::token::{NewToken, Permission, TokenField, TokenQuery, TokenRow, VerificationCode};
use tagoio::{AccountId, Client, Expiry, ProfileId, ResourceId, Timestamp, Token};

use crate::connect::{Context, is_token_like, token_of};
use crate::deeds::Deed;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::nearest::did_you_mean;
use crate::output::Columns;
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
        let item = json!({
            "token": made.token.expose(),
            "name": made.name.unwrap_or(new.name),
            "permission": made.permission.unwrap_or(new.permission),
            "expire_time": made.expire_time,
            "profile": made.profile,
            "created_by": made.created_by,
        });
        context.out.minted(made.token.expose(), &CREATED, item, &sentence)
    }
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
    let tokens = client.token().iter(profile, &TokenQuery::new()).collect::<tagoio::Result<Vec<_>>>()?;
    let resolve = |name: &String| {
        let mut found = tokens.iter().filter(|token| token.name == *name);
        let first = found.next().ok_or_else(|| {
            let is_value =
                |token: &tagoio::token::TokenInfo| token.token.as_ref().is_some_and(|token| token.expose() == name);
            if is_token_like(name) || tokens.iter().any(is_value) {
                return Failure::usage(
                    "usage",
                    "names are wanted, and one of these is a token's value: it is not repeated",
                )
                .hint(
                    "--token-stdin takes the values of tokens; what is an argument may be in the shell's history now",
                );
            }
            let guess = did_you_mean(name, tokens.iter().map(|token| token.name.as_str()));
            Failure::not_found(format!("there is no token named `{name}`{guess}"))
        })?;
        let others: Vec<_> = found.collect();
        if !others.is_empty() {
            let created =
                |at: &Option<Timestamp>| at.as_ref().map_or("at an unknown time".to_owned(), ToString::to_string);
            let dates: Vec<String> =
                [first].into_iter().chain(others).map(|token| created(&token.created_at)).collect();
            let problem = format!("there are {} tokens named `{name}`, created {}", dates.len(), dates.join(", "));
            return Err(Failure::usage("ambiguous_name", problem)
                .hint("--token-stdin takes the value of the one that is meant"));
        }
        let token = first.token.clone().ok_or_else(|| {
            Failure::not_found(format!("TagoIO doesn't show the value of the token `{name}`: --token-stdin takes it"))
        })?;
        Ok((Place::Name(name.clone()), token))
    };
    names.iter().map(resolve).collect()
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
