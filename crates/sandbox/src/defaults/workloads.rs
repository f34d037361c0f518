//! Fills in StatefulSets, Deployments and ReplicaSets.

use serde_json::{Value, json};

use crate::defaults::{pods, set};

/// A StatefulSet.
pub(super) fn stateful_set(value: &mut Value) {
    template(value);
    set(value, "/spec", "replicas", json!(1));
    set(value, "/spec", "podManagementPolicy", json!("OrderedReady"));
    set(value, "/spec", "revisionHistoryLimit", json!(10));
    set(value, "/spec", "serviceName", json!(""));
    set(value, "/spec", "updateStrategy", json!({}));
    set(value, "/spec/updateStrategy", "type", json!("RollingUpdate"));
    if value["spec"]["updateStrategy"]["type"] == "RollingUpdate" {
        set(value, "/spec/updateStrategy", "rollingUpdate", json!({}));
        set(value, "/spec/updateStrategy/rollingUpdate", "partition", json!(0));
    }
    set(value, "/spec", "persistentVolumeClaimRetentionPolicy", json!({}));
    for when in ["whenDeleted", "whenScaled"] {
        set(
            value,
            "/spec/persistentVolumeClaimRetentionPolicy",
            when,
            json!("Retain"),
        );
    }
    if value["status"].is_null() {
        value["status"] = json!({"replicas": 0, "availableReplicas": 0});
    }
}

/// A Deployment.
pub(super) fn deployment(value: &mut Value) {
    template(value);
    set(value, "/spec", "replicas", json!(1));
    set(value, "/spec", "revisionHistoryLimit", json!(10));
    set(value, "/spec", "progressDeadlineSeconds", json!(600));
    set(value, "/spec", "strategy", json!({}));
    set(value, "/spec/strategy", "type", json!("RollingUpdate"));
    if value["spec"]["strategy"]["type"] == "RollingUpdate" {
        set(value, "/spec/strategy", "rollingUpdate", json!({}));
        set(value, "/spec/strategy/rollingUpdate", "maxSurge", json!("25%"));
        set(value, "/spec/strategy/rollingUpdate", "maxUnavailable", json!("25%"));
    }
    if value["status"].is_null() {
        value["status"] = json!({});
    }
}

/// A ReplicaSet.
pub(super) fn replica_set(value: &mut Value) {
    template(value);
    set(value, "/spec", "replicas", json!(1));
    if value["status"].is_null() {
        value["status"] = json!({"replicas": 0});
    }
}

fn template(value: &mut Value) {
    if let Some(spec) = value.pointer_mut("/spec/template/spec") {
        pods::spec(spec);
    }
    for claim in value
        .pointer_mut("/spec/volumeClaimTemplates")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        set(claim, "", "apiVersion", json!("v1"));
        set(claim, "", "kind", json!("PersistentVolumeClaim"));
        set(claim, "/spec", "volumeMode", json!("Filesystem"));
        set(claim, "", "status", json!({"phase": "Pending"}));
    }
}
