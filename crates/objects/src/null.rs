//! Reads a JSON `null` as the default: Go writes nil lists, maps and structs that way.

use serde::{Deserialize, Deserializer};

/// Reads a value, or its default when the field says `null`.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
