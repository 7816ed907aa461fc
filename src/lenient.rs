//! Reading what TagoIO may leave out or send as `null` where a plain value is expected.

use serde::{Deserialize, Deserializer};

/// The value, or the type's default for `null`. Together with `#[serde(default)]`.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
