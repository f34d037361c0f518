//! Checks pods and pod templates.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::quantity;
use crate::refusal::Cause;
use crate::validation::names;

/// What is wrong with a pod's specification.
pub(super) fn spec(spec: &Value, at: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let volumes = volumes(spec, at, &mut causes);
    let mut seen = HashSet::new();
    if spec["containers"].as_array().is_none_or(Vec::is_empty) {
        causes.push(Cause::required(format!("{at}.containers"), ""));
    }
    for list in ["containers", "initContainers"] {
        for (index, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            let at = format!("{at}.{list}[{index}]");
            self::container(container, &at, &volumes, &mut causes);
            if !seen.insert(container["name"].as_str().unwrap_or_default()) {
                causes.push(Cause::duplicate(format!("{at}.name"), &container["name"]));
            }
        }
    }
    one_of(
        &spec["restartPolicy"],
        &["Always", "OnFailure", "Never"],
        &format!("{at}.restartPolicy"),
        &mut causes,
    );
    one_of(
        &spec["dnsPolicy"],
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
        &format!("{at}.dnsPolicy"),
        &mut causes,
    );
    if spec["terminationGracePeriodSeconds"]
        .as_i64()
        .is_some_and(|seconds| seconds < 0)
    {
        causes.push(Cause::invalid(
            format!("{at}.terminationGracePeriodSeconds"),
            &spec["terminationGracePeriodSeconds"],
            "must be greater than or equal to 0",
        ));
    }
    causes
}

/// What of a pod may not change.
pub(super) fn on_update(old: &Value, value: &Value) -> Vec<Cause> {
    let strip = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            spec[field] = Value::Null;
        }
        spec
    };
    let gates = |pod: &Value| pod["spec"]["schedulingGates"].as_array().cloned().unwrap_or_default();
    let before = gates(old);
    if strip(old) == strip(value) && gates(value).iter().all(|gate| before.contains(gate)) {
        return Vec::new();
    }
    vec![Cause::forbidden(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    )]
}

fn volumes<'a>(spec: &'a Value, at: &str, causes: &mut Vec<Cause>) -> HashSet<&'a str> {
    let mut known = HashSet::new();
    for (index, volume) in spec["volumes"].as_array().into_iter().flatten().enumerate() {
        let at = format!("{at}.volumes[{index}]");
        let name = volume["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        } else if let Some(why) = names::label(name) {
            causes.push(Cause::invalid(format!("{at}.name"), &volume["name"], &why));
        }
        if !known.insert(name) {
            causes.push(Cause::duplicate(format!("{at}.name"), &volume["name"]));
        }
        let sources = volume
            .as_object()
            .map_or(0, |map| map.keys().filter(|key| *key != "name").count());
        if sources == 0 {
            causes.push(Cause::required(at.clone(), "must specify a volume type"));
        } else if sources > 1 {
            causes.push(Cause::forbidden(at.clone(), "may not specify more than 1 volume type"));
        }
        if volume["persistentVolumeClaim"].is_object()
            && volume["persistentVolumeClaim"]["claimName"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
        {
            causes.push(Cause::required(format!("{at}.persistentVolumeClaim.claimName"), ""));
        }
    }
    known
}

fn container(container: &Value, at: &str, volumes: &HashSet<&str>, causes: &mut Vec<Cause>) {
    let name = container["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    } else if let Some(why) = names::label(name) {
        causes.push(Cause::invalid(format!("{at}.name"), &container["name"], &why));
    }
    let image = container["image"].as_str().unwrap_or_default();
    if image.is_empty() {
        causes.push(Cause::required(format!("{at}.image"), ""));
    } else if image.trim() != image {
        causes.push(Cause::invalid(
            format!("{at}.image"),
            &container["image"],
            "must not have leading or trailing whitespace",
        ));
    }
    one_of(
        &container["imagePullPolicy"],
        &["Always", "IfNotPresent", "Never"],
        &format!("{at}.imagePullPolicy"),
        causes,
    );
    for (index, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
        let number = port["containerPort"].as_i64().unwrap_or(0);
        if !(1..=65535).contains(&number) {
            causes.push(Cause::invalid(
                format!("{at}.ports[{index}].containerPort"),
                &json!(number),
                "must be between 1 and 65535, inclusive",
            ));
        }
    }
    for (index, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
        let name = variable["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.env[{index}].name"), ""));
        } else if let Some(why) = names::variable(name) {
            causes.push(Cause::invalid(
                format!("{at}.env[{index}].name"),
                &variable["name"],
                &why,
            ));
        }
    }
    let mut paths = HashSet::new();
    for (index, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let at = format!("{at}.volumeMounts[{index}]");
        let name = mount["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        }
        let path = mount["mountPath"].as_str().unwrap_or_default();
        if path.is_empty() {
            causes.push(Cause::required(format!("{at}.mountPath"), ""));
        }
        if !volumes.contains(name) {
            causes.push(Cause::not_found(format!("{at}.name"), &mount["name"]));
        }
        if !paths.insert(path) {
            causes.push(Cause::invalid(
                format!("{at}.mountPath"),
                &mount["mountPath"],
                "must be unique",
            ));
        }
    }
    resources(&container["resources"], &format!("{at}.resources"), causes);
}

/// Amounts must not be negative, requests not above limits, and devices not overcommitted.
fn resources(resources: &Value, at: &str, causes: &mut Vec<Cause>) {
    let nano = |amount: &Value| amount.as_str().and_then(quantity::parse).map(quantity::Quantity::nano);
    for part in ["limits", "requests"] {
        for (resource, amount) in resources[part].as_object().into_iter().flatten() {
            let plain = matches!(resource.as_str(), "cpu" | "memory" | "ephemeral-storage")
                || resource.starts_with("hugepages-");
            if !plain && !resource.contains('/') {
                causes.push(Cause::invalid(
                    format!("{at}.{part}[{resource}]"),
                    &json!(resource),
                    "must be a standard resource type or fully qualified",
                ));
                causes.push(Cause::invalid(
                    format!("{at}.{part}[{resource}]"),
                    &json!(resource),
                    "must be a standard resource for containers",
                ));
            }
            if nano(amount).is_some_and(|nano| nano < 0) {
                causes.push(Cause::invalid(
                    format!("{at}.{part}[{resource}]"),
                    amount,
                    "must be greater than or equal to 0",
                ));
            }
            if !plain && nano(amount).is_some_and(|nano| nano % 1_000_000_000 != 0) {
                causes.push(Cause::invalid(
                    format!("{at}.{part}[{resource}]"),
                    amount,
                    "must be an integer",
                ));
            }
        }
    }
    for (resource, request) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][resource];
        let device = resource.contains('/');
        let shown = limit.as_str().unwrap_or_default();
        if device && limit.is_null() {
            causes.push(Cause::required(
                format!("{at}.limits"),
                "Limit must be set for non overcommitable resources",
            ));
        } else if device && nano(limit) != nano(request) {
            causes.push(Cause::invalid(
                format!("{at}.requests"),
                request,
                &format!("must be equal to {resource} limit of {shown}"),
            ));
        } else if let (Some(request_nano), Some(limit_nano)) = (nano(request), nano(limit))
            && request_nano > limit_nano
        {
            causes.push(Cause::invalid(
                format!("{at}.requests"),
                request,
                &format!("must be less than or equal to {resource} limit of {shown}"),
            ));
        }
    }
}

fn one_of(value: &Value, allowed: &[&str], at: &str, causes: &mut Vec<Cause>) {
    if value.as_str().is_some_and(|text| !allowed.contains(&text)) {
        causes.push(Cause::unsupported(at, value, allowed));
    }
}
