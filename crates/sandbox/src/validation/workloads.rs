//! Checks StatefulSets, Deployments, ReplicaSets and Services.

use serde_json::{Value, json};

use crate::refusal::Cause;
use crate::selectors::labels::LabelSelector;
use crate::validation::pods;

const SET_WORDS: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// What is wrong with a set of pods.
pub(super) fn workload(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let spec = &value["spec"];
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        causes.push(Cause::invalid(
            "spec.replicas",
            &spec["replicas"],
            "must be greater than or equal to 0",
        ));
    }
    let selector = &spec["selector"];
    let labels = &spec["template"]["metadata"]["labels"];
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        ));
    } else {
        let pairs: Vec<(Box<str>, Box<str>)> = labels
            .as_object()
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.as_str().into(), v.as_str().unwrap_or_default().into()))
            .collect();
        let parsed = LabelSelector::from_object(selector);
        if parsed.is_all() {
            causes.push(Cause::invalid(
                "spec.selector",
                selector,
                "empty selector is invalid for statefulset",
            ));
        } else if !parsed.takes(&pairs) {
            let shown = if labels.is_null() { json!({}) } else { labels.clone() };
            causes.push(Cause::invalid(
                "spec.template.metadata.labels",
                &shown,
                "`selector` does not match template `labels`",
            ));
        }
    }
    causes.extend(pods::spec(&spec["template"]["spec"], "spec.template.spec"));
    if spec["template"]["spec"]["restartPolicy"]
        .as_str()
        .is_some_and(|policy| matches!(policy, "Never" | "OnFailure"))
    {
        causes.push(Cause::unsupported(
            "spec.template.spec.restartPolicy",
            &spec["template"]["spec"]["restartPolicy"],
            &["Always"],
        ));
    }
    causes
}

/// What of a StatefulSet may not change.
pub(super) fn stateful_set_update(old: &Value, value: &Value) -> Vec<Cause> {
    let fixed = |set: &Value| {
        let mut spec = set["spec"].clone();
        for field in [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ] {
            spec[field] = Value::Null;
        }
        spec
    };
    if fixed(old) == fixed(value) {
        Vec::new()
    } else {
        vec![Cause::forbidden("spec", SET_WORDS)]
    }
}

/// The selector of Deployments and ReplicaSets may not change.
pub(super) fn selector_update(old: &Value, value: &Value) -> Vec<Cause> {
    if old["spec"]["selector"] == value["spec"]["selector"] {
        return Vec::new();
    }
    vec![Cause::invalid(
        "spec.selector",
        &value["spec"]["selector"],
        "field is immutable",
    )]
}

/// What is wrong with a Service.
pub(super) fn service(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let spec = &value["spec"];
    let headless = spec["clusterIP"] == "None" || spec["type"] == "ExternalName";
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if ports.is_empty() && !headless {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let number = port["port"].as_i64().unwrap_or(0);
        if !(1..=65535).contains(&number) {
            causes.push(Cause::invalid(
                format!("spec.ports[{index}].port"),
                &json!(number),
                "must be between 1 and 65535, inclusive",
            ));
        }
        let target = &port["targetPort"];
        if target.as_i64().is_some_and(|target| !(1..=65535).contains(&target)) {
            causes.push(Cause::invalid(
                format!("spec.ports[{index}].targetPort"),
                target,
                "must be between 1 and 65535, inclusive",
            ));
        }
        if ports.len() > 1 && port["name"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("spec.ports[{index}].name"), ""));
        }
    }
    causes
}
