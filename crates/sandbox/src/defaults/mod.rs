//! Fills in what Kubernetes fills in when a client leaves it out.
//!
//! Source: pkg/apis/*/v1/defaults.go and the strategies of Kubernetes 1.36. The plain values (`protocol: TCP`) come from the
//! schemas (decode/typed.rs).

mod definitions;
mod pods;
mod services;
mod workloads;

use serde_json::{Value, json};

use crate::registry::{DEFINITIONS, Kind};

/// Applies the defaults of a kind.
pub(crate) fn apply(kind: &Kind, value: &mut Value) {
    match kind.shelf() {
        DEFINITIONS => definitions::apply(value),
        "namespaces" => namespace(value),
        "pods" => pods::pod(value),
        "statefulsets.apps" => workloads::stateful_set(value),
        "deployments.apps" => workloads::deployment(value),
        "replicasets.apps" => workloads::replica_set(value),
        "services" => services::service(value),
        "persistentvolumeclaims" => claim(value),
        "persistentvolumes" => {
            set(value, "/spec", "persistentVolumeReclaimPolicy", json!("Retain"));
            set(value, "/spec", "volumeMode", json!("Filesystem"));
            phase(value, "Pending");
        }
        "storageclasses.storage.k8s.io" => {
            set(value, "", "reclaimPolicy", json!("Delete"));
            set(value, "", "volumeBindingMode", json!("Immediate"));
        }
        "secrets" => secret(value),
        "limitranges" => limit_range(value),
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => {
            set(value, "", "rules", Value::Null)
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => binding(value),
        "nodes" => set(value, "", "status", json!({})),
        _ => {}
    }
}

/// Removes nulls: a built-in kind has none, and looking for a field to change may leave one.
pub(crate) fn without_nulls(kind: &Kind, value: &mut Value) {
    if !kind.custom {
        strip(value);
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, one| !one.is_null());
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Sets a field of the object at a pointer, when both are to be had and it is missing.
pub(super) fn set(value: &mut Value, at: &str, field: &str, default: Value) {
    if at == "/spec" && value["spec"].is_null() {
        value["spec"] = json!({});
    }
    if let Some(Value::Object(map)) = value.pointer_mut(at)
        && map.get(field).is_none_or(|found| found.is_null() || found == "")
    {
        map.insert(field.to_owned(), default);
    }
}

fn phase(value: &mut Value, phase: &str) {
    if value["status"]["phase"].as_str().unwrap_or_default().is_empty() {
        value["status"]["phase"] = phase.into();
    }
}

fn namespace(value: &mut Value) {
    if value["spec"]["finalizers"].is_null() && value["metadata"]["deletionTimestamp"].is_null() {
        value["spec"]["finalizers"] = json!(["kubernetes"]);
    }
    phase(value, "Active");
    let name = value["metadata"]["name"].clone();
    value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
}

fn claim(value: &mut Value) {
    set(value, "/spec", "volumeMode", json!("Filesystem"));
    phase(value, "Pending");
}

fn secret(value: &mut Value) {
    use base64::Engine;
    set(value, "", "type", json!("Opaque"));
    // What is written in the clear is kept encoded only.
    if let Some(Value::Object(clear)) = crate::verbs::meta::take(value, "stringData") {
        for (key, text) in clear {
            let text = text.as_str().unwrap_or_default();
            value["data"][key] = base64::engine::general_purpose::STANDARD.encode(text).into();
        }
    }
}

fn limit_range(value: &mut Value) {
    for limit in value["spec"]["limits"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter(|limit| limit["type"] == "Container")
    {
        for (from, to) in [
            ("max", "default"),
            ("default", "defaultRequest"),
            ("min", "defaultRequest"),
        ] {
            for (resource, amount) in limit[from].as_object().cloned().unwrap_or_default() {
                if limit[to][&resource].is_null() {
                    limit[to][resource] = amount;
                }
            }
        }
    }
}

fn binding(value: &mut Value) {
    set(value, "/roleRef", "apiGroup", json!("rbac.authorization.k8s.io"));
    for subject in value["subjects"].as_array_mut().into_iter().flatten() {
        if subject["apiGroup"].as_str().unwrap_or_default().is_empty() && subject["kind"] != "ServiceAccount" {
            subject["apiGroup"] = "rbac.authorization.k8s.io".into();
        }
    }
}
