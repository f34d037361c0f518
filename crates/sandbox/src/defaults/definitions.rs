//! Completes CustomResourceDefinitions, and accepts them: what the API server's own controllers do.

use serde_json::{Value, json};

use crate::verbs::meta;

/// Fills in names and conversion, and the status of a definition whose names are free.
pub(crate) fn apply(value: &mut Value) {
    let spec = &mut value["spec"];
    let kind = spec["names"]["kind"].as_str().unwrap_or_default().to_owned();
    if spec["names"]["singular"].is_null() {
        spec["names"]["singular"] = kind.to_lowercase().into();
    }
    if spec["names"]["listKind"].is_null() {
        spec["names"]["listKind"] = format!("{kind}List").into();
    }
    if spec["conversion"].is_null() {
        spec["conversion"] = json!({"strategy": "None"});
    }
    let names = spec["names"].clone();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let storage: Vec<Value> = versions
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    let mut stored: Vec<Value> = value["status"]["storedVersions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for version in storage {
        if !stored.contains(&version) {
            stored.push(version);
        }
    }
    let now = meta::now();
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now});
    let conditions = value["status"]["conditions"].as_array().cloned().unwrap_or_else(|| {
        vec![
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition(
                "Established",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            ),
        ]
    });
    value["status"] = json!({"acceptedNames": names, "storedVersions": stored, "conditions": conditions});
}
