//! Fills in what Kubernetes fills in when a client leaves it out.

mod definitions;

use serde_json::Value;

use crate::registry::{DEFINITIONS, Kind};

/// Applies the defaults of a kind.
pub(crate) fn apply(kind: &Kind, value: &mut Value) {
    if kind.shelf() == DEFINITIONS {
        definitions::apply(value);
    }
    if kind.shelf() == "namespaces"
        && value["spec"]["finalizers"].is_null()
        && value["metadata"]["deletionTimestamp"].is_null()
    {
        value["spec"]["finalizers"] = serde_json::json!(["kubernetes"]);
        value["status"]["phase"] = "Active".into();
        let name = value["metadata"]["name"].clone();
        value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
    }
}
