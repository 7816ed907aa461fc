//! What the files of TagoIO's own CLI say: text in, values out.

use serde_json::Value;

/// Why a configuration doesn't tell an environment's address.
#[derive(Debug)]
pub(crate) enum BadConfig {
    NotJson(serde_json::Error),
    NotAnObject,
    /// It has only the environments of these names.
    NoSuchEnvironment(Vec<String>),
    AddressIsNotText,
}

/// The address in an environment's settings, when it has one of its own.
pub(crate) fn address_of(name: &str, config: &str) -> Result<Option<String>, BadConfig> {
    let config = config.strip_prefix('\u{feff}').unwrap_or(config);
    let Value::Object(mut settings) = serde_json::from_str(config).map_err(BadConfig::NotJson)? else {
        return Err(BadConfig::NotAnObject);
    };
    // Texts are settings of the CLI itself; everything else is an environment.
    settings.retain(|_, value| !value.is_string());
    match settings.get(name).map(|environment| environment.get("tagoAPIURL")) {
        Some(None | Some(Value::Null)) => Ok(None),
        Some(Some(Value::String(url))) => Ok(Some(url.clone()).filter(|url| !url.is_empty())),
        Some(Some(_)) => Err(BadConfig::AddressIsNotText),
        None => Err(BadConfig::NoSuchEnvironment(settings.into_iter().map(|(name, _)| name).collect())),
    }
}

/// The token in a lock file: its last line, in hexadecimal. The lines before it are random.
pub(crate) fn token_in(lock: &str) -> Option<String> {
    let last = lock.trim_end().lines().next_back()?;
    String::from_utf8(unhex(last)?).ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
