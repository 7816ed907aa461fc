//! `tagoctl run theme`.

use clap::Subcommand;
use serde_json::{Map, Value, json};
use tagoio::run::ThemeOption;

use super::settings::{ChangeArgs, Settings};
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::nearest::did_you_mean;
use crate::output::{Format, print};
use crate::request::Pair;
use crate::shape::theme_options;

const SET_HELP: &str = "\
Colours are #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(…), rgba(…), hsl(…), hsla(…) or transparent. Options that are not named \
stay as they are.

Example:
  tagoctl run theme set navbar=#0b2239 'link=rgb(10, 110, 189)'";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the theme, or one of its options
    #[command(after_help = "Example:\n  tagoctl run theme get navbar")]
    Get {
        /// The option; all of them when it isn't said
        #[arg(value_name = "KEY")]
        option: Option<String>,
    },
    /// Set options of the theme
    #[command(after_help = SET_HELP)]
    Set {
        /// The options and their colours
        #[arg(required = true, value_name = "KEY=COLOUR")]
        options: Vec<Pair>,
        #[command(flatten)]
        how: ChangeArgs,
    },
}

impl Command {
    pub(crate) fn run(self, context: &Context<'_>) -> Result<()> {
        match self {
            Self::Get { option } => {
                let theme = theme_of(&Settings::read(&context.client()?)?);
                match option {
                    Some(option) => get(context, &theme, &option),
                    None => context.out.item(&[], Value::Object(theme)),
                }
            }
            Self::Set { options, how } => {
                if !how.allow_unknown {
                    options.iter().try_for_each(check_value)?;
                }
                let client = context.client()?;
                let present = Settings::read(&client)?;
                let mut theme = theme_of(&present);
                for Pair { key, value } in options {
                    if !how.allow_unknown {
                        check_option(&theme, &key)?;
                    }
                    theme.insert(key, value.into());
                }
                let wanted = Map::from_iter([("theme".to_owned(), Value::Object(theme))]);
                present.toward(wanted, &how)?.make(context, &client, &how)
            }
        }
    }
}

fn theme_of(settings: &Settings) -> Map<String, Value> {
    settings.0.get("theme").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn get(context: &Context<'_>, theme: &Map<String, Value>, option: &str) -> Result<()> {
    let Some(value) = theme.get(option) else {
        check_option(theme, option)?;
        return Err(Failure::not_found(format!("the theme doesn't set `{option}`")));
    };
    match value {
        Value::String(text) if context.out.format() == Format::Table => {
            print(&(crate::output::cell::visible(text) + "\n"))
        }
        value => context.out.item(&[], json!({ option: value })),
    }
}

fn check_option(theme: &Map<String, Value>, option: &str) -> Result<()> {
    if theme.contains_key(option) || !matches!(ThemeOption::from(option), ThemeOption::Other(_)) {
        return Ok(());
    }
    let guess = did_you_mean(option, theme_options());
    Err(Failure::usage("unknown_option", format!("a theme has no option `{option}`{guess}")))
}

/// Nearly all options are colours.
fn check_value(Pair { key, value }: &Pair) -> Result<()> {
    let (is_right, form) = match ThemeOption::from(key.as_str()) {
        ThemeOption::AuthBgSrc | ThemeOption::AuthBgType => (true, ""),
        ThemeOption::AuthBgOpacity | ThemeOption::AuthFormOpacity => {
            (value.parse().is_ok_and(|opacity: f64| opacity.is_finite() && opacity >= 0.0), "a number such as 0.5")
        }
        _ => (is_colour(value), "a colour such as #1a2b3c or rgba(26, 43, 60, 0.5)"),
    };
    if is_right {
        return Ok(());
    }
    Err(Failure::usage("invalid_colour", format!("{key}: `{value}` is not {form}"))
        .hint("--allow-unknown sends it all the same"))
}

fn is_colour(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix('#') {
        return matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let lower = text.to_ascii_lowercase();
    if lower == "transparent" {
        return true;
    }
    let Some((function, arguments)) = lower.strip_suffix(')').and_then(|open| open.split_once('(')) else {
        return false;
    };
    let parts: Vec<&str> = if arguments.contains(',') {
        arguments.split(',').map(str::trim).collect()
    } else {
        arguments.split([' ', '/']).filter(|part| !part.is_empty()).collect()
    };
    let [first, second, third, alpha @ ..] = parts.as_slice() else { return false };
    let is_alpha = match alpha {
        [] => true,
        [alpha] => is_within(alpha, 1.0) || is_share(alpha),
        _ => false,
    };
    let is_hue = || is_within(first.strip_suffix("deg").unwrap_or(first), 360.0);
    is_alpha
        && match function {
            "rgb" | "rgba" => [first, second, third].iter().all(|part| is_within(part, 255.0) || is_share(part)),
            "hsl" | "hsla" => is_hue() && is_share(second) && is_share(third),
            _ => false,
        }
}

fn is_within(text: &str, largest: f64) -> bool {
    text.parse().is_ok_and(|number: f64| (0.0..=largest).contains(&number))
}

fn is_share(text: &str) -> bool {
    text.strip_suffix('%').is_some_and(|number| is_within(number, 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_from_slips() {
        for colour in [
            "#fff",
            "#0b22",
            "#0B2239",
            "#0b2239cc",
            "transparent",
            "rgb(10, 110, 189)",
            "rgba(10,110,189,0.5)",
            "rgb(10 110 189 / 50%)",
            "RGB(10%, 20%, 100%)",
            "hsl(210, 90%, 39%)",
            "hsla(210deg 90% 39% / .5)",
        ] {
            assert!(is_colour(colour), "{colour}");
        }
        for slip in [
            "",
            "fff",
            "#ff",
            "#ggg",
            "#12345",
            "#é1",
            "blue-ish",
            "rgb(1,2)",
            "rgb(1,2,3,4,5)",
            "rgb(256,0,0)",
            "rgb(1,2,3",
            "rgb(NaN,0,0)",
            "rgba(1,2,3,2)",
            "hsl(400, 1%, 1%)",
            "hsl(1, 2, 3)",
            "lab(1,2,3)",
            ")(",
        ] {
            assert!(!is_colour(slip), "{slip}");
        }
    }

    #[test]
    fn options_that_are_no_colours_have_rules_of_their_own() {
        for (key, value, is_right) in [
            ("navbar", "#fff", true),
            ("navbar", "white", false),
            ("auth_bg_type", "image", true),
            ("auth_bg_src", "https://example.com/a.png", true),
            ("auth_bg_opacity", "0.5", true),
            ("auth_form_opacity", "50", true),
            ("auth_bg_opacity", "half", false),
            ("auth_bg_opacity", "-1", false),
        ] {
            let pair = Pair { key: key.to_owned(), value: value.to_owned() };
            assert_eq!(check_value(&pair).is_ok(), is_right, "{key}={value}");
        }
    }
}
