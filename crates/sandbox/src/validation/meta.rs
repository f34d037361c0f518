//! Checks `metadata`.

use serde_json::{Value, json};

use crate::refusal::Cause;
use crate::validation::names;
use crate::verbs::Context;

/// Names, labels, annotations, owners of a new object.
pub(super) fn on_create(context: &Context, value: &Value) -> Vec<Cause> {
    let metadata = &value["metadata"];
    let mut causes = Vec::new();
    let name = metadata["name"].as_str().unwrap_or_default();
    if let Some(base) = metadata["generateName"].as_str().filter(|base| !base.is_empty()) {
        let masked = base.trim_end_matches('-');
        if let Some(why) = name_rule(context, masked) {
            causes.push(Cause::invalid("metadata.generateName", &json!(base), &why));
        }
    }
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if let Some(why) = name_rule(context, name) {
        causes.push(Cause::invalid("metadata.name", &json!(name), &why));
    }
    common(metadata, &mut causes);
    causes
}

/// Labels, annotations, owners of a changed object; what may not change.
pub(super) fn on_update(old: &Value, value: &Value) -> Vec<Cause> {
    let metadata = &value["metadata"];
    let mut causes = Vec::new();
    if !old["metadata"]["deletionTimestamp"].is_null() {
        let list = |value: &Value| value["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        let before = list(old);
        let fresh: Vec<String> = list(value)
            .iter()
            .filter(|one| !before.contains(one))
            .map(|one| one.as_str().unwrap_or_default().to_owned())
            .collect();
        if !fresh.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers {}",
                json!(fresh)
                    .to_string()
                    .replace(['"', ','], " ")
                    .replace("[ ", "[]string{\"")
                    .replace(" ]", "\"}")
            );
            // The real one looks twice.
            causes.push(Cause::forbidden("metadata.finalizers", &why));
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    common(metadata, &mut causes);
    causes
}

fn common(metadata: &Value, causes: &mut Vec<Cause>) {
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        if let Some(why) = names::qualified(key) {
            causes.push(Cause::invalid("metadata.labels", &json!(key), &why));
        }
        if let Some(why) = names::label_value(value.as_str().unwrap_or_default()) {
            causes.push(Cause::invalid("metadata.labels", value, &why));
        }
    }
    let mut size = 0;
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        if let Some(why) = names::qualified(&key.to_lowercase()) {
            causes.push(Cause::invalid("metadata.annotations", &json!(key), &why));
        }
        size += key.len() + value.as_str().unwrap_or_default().len();
    }
    if size > 256 << 10 {
        causes.push(Cause::too_long("metadata.annotations", 256 << 10));
    }
    for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let at = format!("metadata.ownerReferences.{field}");
                let why = if field == "apiVersion" {
                    "version must not be empty"
                } else {
                    "must not be empty"
                };
                causes.push(Cause::invalid(
                    at,
                    &json!(owner[field].as_str().unwrap_or_default()),
                    why,
                ));
            }
        }
        let version = owner["apiVersion"].as_str().unwrap_or_default();
        if version.matches('/').count() > 1 {
            let at = "metadata.ownerReferences.apiVersion";
            causes.push(Cause::invalid(at, &json!(version), "version must not be empty"));
        }
        if version == "v1" && owner["kind"] == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            causes.push(Cause::invalid("metadata.ownerReferences", owner, why));
        }
    }
    let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    if owners.filter(|owner| owner["controller"] == true).count() > 1 {
        causes.push(Cause::invalid(
            "metadata.ownerReferences",
            &metadata["ownerReferences"],
            "Only one reference can have Controller set to true",
        ));
    }
    let has = |name: &str| {
        let mut all = metadata["finalizers"].as_array().into_iter().flatten();
        all.any(|one| one == name)
    };
    if has("orphan") && has("foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        causes.push(Cause::invalid("metadata.finalizers", &metadata["finalizers"], why));
    }
    let finalizers = metadata["finalizers"].as_array().into_iter().flatten().enumerate();
    for (index, finalizer) in finalizers {
        let text = finalizer.as_str().unwrap_or_default();
        if !text.contains('/') && !matches!(text, "orphan" | "foregroundDeletion" | "kubernetes") {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(format!("metadata.finalizers[{index}]"), finalizer, why));
        }
        if let Some(why) = names::qualified(text) {
            causes.push(Cause::invalid("metadata.finalizers", finalizer, &why));
        }
    }
}

fn name_rule(context: &Context, name: &str) -> Option<String> {
    match context.kind.shelf() {
        "namespaces" if name.contains('.') => Some("must not contain dots".to_owned()),
        "namespaces" => names::label(name),
        "services" => names::label(name),
        shelf if shelf.ends_with("rbac.authorization.k8s.io") => names::path_segment(name),
        _ => names::subdomain(name),
    }
}
