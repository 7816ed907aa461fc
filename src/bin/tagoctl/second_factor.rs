//! Two-factor authentication: the code that a call needs beside the account's password.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde::Deserialize;
use tagoio::PinCode;
use tagoio::profile::OtpType;

use crate::failure::Result;
use crate::output::note;
use crate::prompt::{PinArgs, is_attended};

/// The code of two-factor authentication and the way it came.
#[derive(Debug, Args)]
#[command(next_help_heading = "Two-factor authentication")]
pub(crate) struct SecondFactorArgs {
    #[command(flatten)]
    pin: PinArgs,
    /// Where the code comes from; when it isn't said, what TagoIO says, else the authenticator
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(known()).map(OtpType::from))]
    otp_type: Option<OtpType>,
}

fn known() -> impl Iterator<Item = &'static str> {
    OtpType::KNOWN.iter().map(OtpType::as_str)
}

/// What TagoIO says when a code is missing: the text of its message is JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    /// The kind of code that was sent by itself.
    otp_autosend: Option<OtpType>,
}

impl SecondFactorArgs {
    /// Makes a call that may need a code: with the one that the command line gives, or else with none. Should TagoIO
    /// want one then, and somebody be there to ask, it is made once more.
    pub(crate) fn call<T>(&self, call: impl Fn(Option<(OtpType, PinCode)>) -> tagoio::Result<T>) -> Result<T> {
        if let Some(code) = self.pin.given()? {
            return Ok(call(Some((self.kind(None), code)))?);
        }
        let error = match call(None) {
            Err(error) if error.is_two_factor_required() && is_attended() => error,
            outcome => return Ok(outcome?),
        };
        let kind = self.kind(error.message());
        note(&match &kind {
            OtpType::Sms => "TagoIO has sent a code by text message.".to_owned(),
            OtpType::Email => "TagoIO has sent a code by e-mail.".to_owned(),
            kind => format!("TagoIO wants a code ({kind})."),
        });
        Ok(call(Some((kind, self.pin.code()?)))?)
    }

    /// The kind that the command line names, else the kind that TagoIO asks for.
    fn kind(&self, question: Option<&str>) -> OtpType {
        let asked = || serde_json::from_str::<Question>(question?).ok()?.otp_autosend;
        self.otp_type.clone().or_else(asked).unwrap_or(OtpType::Authenticator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        second_factor: SecondFactorArgs,
    }

    #[test]
    fn the_kind_of_code_is_what_is_said_or_else_what_tagoio_asks_for() {
        for (line, question, kind) in [
            ("x", None, OtpType::Authenticator),
            ("x", Some("Invalid password"), OtpType::Authenticator),
            ("x", Some(r#"{"otp_enabled":["sms"]}"#), OtpType::Authenticator),
            ("x", Some(r#"{"otp_enabled":["email"],"otp_autosend":"email"}"#), OtpType::Email),
            ("x --otp-type sms", Some(r#"{"otp_autosend":"email"}"#), OtpType::Sms),
        ] {
            let line = Line::try_parse_from(line.split(' ')).map_err(|error| error.to_string()).unwrap();
            assert_eq!(line.second_factor.kind(question), kind, "{question:?}");
        }
        assert!(Line::try_parse_from(["x", "--otp-type", "fax"]).is_err());
    }
}
