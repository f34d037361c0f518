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
            let mut filled = Vec::new();
            for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
                filled.extend(fill(limit, container));
            }
            if !filled.is_empty() {
                let note = format!("LimitRanger plugin set: {}", filled.join("; "));
                pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = note.into();
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

/// Fills in what a container leaves out, and says what.
fn fill(limit: &Value, container: &mut Value) -> Vec<String> {
    let name = container["name"].as_str().unwrap_or_default().to_owned();
    let mut notes = Vec::new();
    for (from, to, word) in [
        ("defaultRequest", "requests", "request"),
        ("default", "limits", "limit"),
    ] {
        let mut filled = Vec::new();
        for (resource, amount) in limit[from].as_object().into_iter().flatten() {
            if container["resources"][to][resource].is_null() {
                container["resources"][to][resource] = amount.clone();
                filled.push(resource.as_str());
            }
        }
        if !filled.is_empty() {
            notes.push(format!("{} {word} for container {name}", filled.join(", ")));
        }
    }
    notes
}

/// Checks the size of a claim.
pub(super) fn claim(context: &Context, claim: &Value) -> Result<(), Refusal> {
    let nano = |amount: &Value| amount.as_str().and_then(quantity::parse).map(quantity::Quantity::nano);
    let size = &claim["spec"]["resources"]["requests"]["storage"];
    let shown = |amount: &Value| amount.as_str().unwrap_or_default().to_owned();
    for range in context.api.store.all("limitranges", Some(context.namespace())) {
        let range = range.value();
        let limits = range["spec"]["limits"].as_array().into_iter().flatten();
        for limit in limits.filter(|limit| limit["type"] == "PersistentVolumeClaim") {
            let (least, most) = (&limit["min"]["storage"], &limit["max"]["storage"]);
            let broken = if nano(most).is_some_and(|most| nano(size).is_some_and(|size| size > most)) {
                Some(("maximum", most))
            } else if nano(least).is_some_and(|least| nano(size).is_some_and(|size| size < least)) {
                Some(("minimum", least))
            } else {
                None
            };
            if let Some((word, bound)) = broken {
                let why = format!(
                    "{word} storage usage per PersistentVolumeClaim is {}, but request is {}",
                    shown(bound),
                    shown(size)
                );
                let name = claim["metadata"]["name"].as_str().unwrap_or_default();
                return Err(Refusal::forbidden("persistentvolumeclaims", "", name, why));
            }
        }
    }
    Ok(())
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
