//! Looks up the schemas of the built-in kinds, as a real API server published them (schemas/README.md).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::registry::Kind;

/// The path before every name in a `$ref`.
const PREFIX: &str = "#/components/schemas/";
/// The name of the schema of `metadata`.
pub(crate) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

static SCHEMAS: LazyLock<HashMap<String, Value>> = LazyLock::new(|| {
    let mut all: HashMap<String, Value> = HashMap::new();
    for text in [
        include_str!("../schemas/core.json"),
        include_str!("../schemas/rest.json"),
    ] {
        match serde_json::from_str::<HashMap<String, Value>>(text) {
            Ok(some) => all.extend(some),
            Err(why) => tracing::error!(%why, "the recorded schemas cannot be read"),
        }
    }
    all
});

/// A schema by its full name.
pub(crate) fn named(name: &str) -> Option<(&'static str, &'static Value)> {
    SCHEMAS
        .get_key_value(name)
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The schema of a built-in kind: name and schema.
pub(crate) fn of(kind: &Kind) -> Option<(&'static str, &'static Value)> {
    let wanted = |schema: &Value| {
        let kinds = schema["x-kubernetes-group-version-kind"].as_array();
        kinds.is_some_and(|kinds| {
            kinds
                .iter()
                .any(|one| one["kind"] == kind.kind.as_str() && one["group"] == kind.group.as_str())
        })
    };
    // The names of the served kinds follow one pattern; only those that do not are searched for.
    let group = kind
        .group
        .split('.')
        .next()
        .filter(|group| !group.is_empty())
        .unwrap_or("core");
    named(&format!("io.k8s.api.{group}.v1.{}", kind.kind)).or_else(|| {
        SCHEMAS
            .iter()
            .find(|(_, schema)| wanted(schema))
            .map(|(name, schema)| (name.as_str(), schema))
    })
}

/// Follows a reference: the name of what it leads to, if it has one, and the schema.
pub(crate) fn resolve(schema: &'static Value) -> (Option<&'static str>, &'static Value) {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    match reference
        .and_then(|reference| reference.strip_prefix(PREFIX))
        .and_then(named)
    {
        Some((name, found)) => (Some(name), found),
        None => (None, schema),
    }
}
