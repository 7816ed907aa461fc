//! How fast the work may go.

use std::str::FromStr;

use tagoio::profile::Plan;

/// How many requests a minute are made of a limited route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    PerMinute(u32),
    Of(Plan),
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text.parse(), text.to_lowercase().parse()) {
            (Ok(0), _) => Err("with 0 nothing would ever be sent".to_owned()),
            (Ok(number), _) => Ok(Self::PerMinute(number)),
            (_, Ok(plan)) => Ok(Self::Of(plan)),
            _ => Err("it has to be a number, free, starter or scale".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_that_of_a_plan() {
        for (text, rate) in [
            ("30", Ok(Rate::PerMinute(30))),
            ("scale", Ok(Rate::Of(Plan::Scale))),
            ("Free", Ok(Rate::Of(Plan::Free))),
            ("0", Err("with 0 nothing would ever be sent")),
            ("-1", Err("it has to be a number, free, starter or scale")),
            ("gold", Err("it has to be a number, free, starter or scale")),
        ] {
            assert_eq!(text.parse::<Rate>(), rate.map_err(str::to_owned), "{text}");
        }
    }
}
