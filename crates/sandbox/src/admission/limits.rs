//! Applies LimitRanges to pods: defaults first, then least and most.
//!
//! Source: plugin/pkg/admission/limitranger in Kubernetes 1.36, for `type: Container`.

use serde_json::Value;

use crate::quantity;
use crate::refusal::Refusal;
use crate::verbs::Context;

/// Fills in and checks a pod's containers.
pub(super) fn apply(context: &Context, pod: &mut Value) -> Result<(), Refusal> {
    for range in context.api.store.all("limitranges", Some(context.namespace())) {
        let range = range.value();
        for limit in range["spec"]["limits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|limit| limit["type"] == "Container")
        {
            for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
                fill(limit, container);
            }
            let broken: Vec<String> = pod["spec"]["containers"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|container| broken(limit, container))
                .collect();
            if !broken.is_empty() {
                let name = pod["metadata"]["name"].as_str().unwrap_or_default();
                let why = if let [one] = broken.as_slice() {
                    one.clone()
                } else {
                    format!("[{}]", broken.join(", "))
                };
                return Err(Refusal::forbidden("pods", "", name, why));
            }
        }
    }
    Ok(())
}

fn fill(limit: &Value, container: &mut Value) {
    for (from, to) in [("default", "limits"), ("defaultRequest", "requests")] {
        for (resource, amount) in limit[from].as_object().into_iter().flatten() {
            if container["resources"][to][resource].is_null() {
                container["resources"][to][resource] = amount.clone();
            }
        }
    }
}

fn broken(limit: &Value, container: &Value) -> Vec<String> {
    let nano = |amount: &Value| amount.as_str().and_then(quantity::parse).map(quantity::Quantity::nano);
    let mut broken = Vec::new();
    let name = container["name"].as_str().unwrap_or_default();
    for (resource, most) in limit["max"].as_object().into_iter().flatten() {
        let found = &container["resources"]["limits"][resource];
        let shown = most.as_str().unwrap_or_default();
        match nano(found) {
            None => broken.push(format!(
                "maximum {resource} usage per Container is {shown}.  No limit is specified"
            )),
            Some(found_nano) if nano(most).is_some_and(|most| found_nano > most) => {
                broken.push(format!(
                    "maximum {resource} usage per Container is {shown}, but limit is {}",
                    found.as_str().unwrap_or_default()
                ));
            }
            Some(_) => {}
        }
    }
    for (resource, least) in limit["min"].as_object().into_iter().flatten() {
        let found = &container["resources"]["requests"][resource];
        let shown = least.as_str().unwrap_or_default();
        match nano(found) {
            None => broken.push(format!(
                "minimum {resource} usage per Container is {shown}.  No request is specified"
            )),
            Some(found_nano) if nano(least).is_some_and(|least| found_nano < least) => {
                broken.push(format!(
                    "minimum {resource} usage per Container is {shown}, but request is {}",
                    found.as_str().unwrap_or_default()
                ));
            }
            Some(_) => {}
        }
    }
    let _ = name;
    broken
}
