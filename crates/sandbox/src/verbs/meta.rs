//! Helps with `metadata`: names, times, finalizers.

use std::str::FromStr;

use serde_json::Value;

/// The alphabet of generated names: no vowels, no look-alikes, as k8s.io/apimachinery pkg/util/rand has it.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// The longest generated name before its suffix.
const BASE_LENGTH: usize = 58;

/// Now, in RFC 3339 with whole seconds.
pub(crate) fn now() -> String {
    after_seconds(0)
}

/// So many seconds from now, as far as there are years to count.
pub(crate) fn after_seconds(seconds: i64) -> String {
    let at = jiff::Timestamp::now().as_second().saturating_add(seconds);
    jiff::Timestamp::from_second(at)
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

/// Seconds since a time in RFC 3339.
pub(crate) fn seconds_since(time: &str) -> Option<i64> {
    let then = jiff::Timestamp::from_str(time).ok()?;
    Some(jiff::Timestamp::now().as_second() - then.as_second())
}

/// A random version 4 UUID.
pub(crate) fn new_uid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A name that begins with `base`.
pub(crate) fn generated_name(base: &str) -> String {
    let base: String = base.chars().take(BASE_LENGTH).collect();
    let suffix: String = (0..5)
        .map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>()) % ALPHABET.len()]))
        .collect();
    format!("{base}{suffix}")
}

/// Whether any finalizer is left.
pub(crate) fn has_finalizers(value: &Value) -> bool {
    value["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
}

/// The text at `metadata.<field>`.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value["metadata"][field].as_str().unwrap_or_default()
}

/// Removes a key of an object, if it is one.
pub(crate) fn take(value: &mut Value, key: &str) -> Option<Value> {
    value.as_object_mut()?.remove(key)
}
