//! Merges strategic merge patches into built-in kinds.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::registry::Kind;

/// Applies a strategic merge patch.
pub(crate) fn strategic(_kind: &Kind, object: &mut Value, patch: Value) -> Result<(), Refusal> {
    json_patch::merge(object, &patch);
    Ok(())
}
