//! Says what is wrong with an object, field by field, in the API server's words.

use serde_json::Value;

use crate::refusal::Cause;
use crate::verbs::Context;

/// What is wrong with a new object.
pub(crate) fn on_create(_context: &Context, value: &Value) -> Vec<Cause> {
    if value["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
        return vec![Cause::required("metadata.name", "name or generateName is required")];
    }
    Vec::new()
}

/// What is wrong with a changed object.
pub(crate) fn on_update(_context: &Context, _old: &Value, _value: &Value) -> Vec<Cause> {
    Vec::new()
}
