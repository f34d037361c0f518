//! Fills in pods and pod templates.

use serde_json::{Value, json};

use crate::defaults::set;

/// A pod: its specification, phase and quality of service.
pub(super) fn pod(value: &mut Value) {
    spec(&mut value["spec"]);
    set(value, "/spec", "enableServiceLinks", json!(true));
    let host = value["spec"]["serviceAccountName"].clone();
    if host.is_string() {
        set(value, "/spec", "serviceAccount", host);
    }
    for list in ["containers", "initContainers"] {
        for container in value["spec"][list].as_array_mut().into_iter().flatten() {
            requests_from_limits(container);
        }
    }
    if value["status"]["phase"].as_str().unwrap_or_default().is_empty() {
        value["status"]["phase"] = "Pending".into();
    }
    if value["status"]["qosClass"].is_null() {
        value["status"]["qosClass"] = quality(&value["spec"]).into();
    }
}

/// What pods and templates share.
pub(super) fn spec(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ];
    for (field, default) in defaults {
        set(spec, "", field, default);
    }
    if spec["serviceAccount"].is_null() && spec["serviceAccountName"].is_string() {
        spec["serviceAccount"] = spec["serviceAccountName"].clone();
    }
    for list in ["containers", "initContainers"] {
        spec[list].as_array_mut().into_iter().flatten().for_each(container);
    }
    spec["volumes"].as_array_mut().into_iter().flatten().for_each(volume);
}

fn container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let moving = !image.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
    set(
        container,
        "",
        "imagePullPolicy",
        json!(if moving { "Always" } else { "IfNotPresent" }),
    );
    set(container, "", "terminationMessagePath", json!("/dev/termination-log"));
    set(container, "", "terminationMessagePolicy", json!("File"));
    set(container, "", "resources", json!({}));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container[probe].is_object() {
            let probe = &mut container[probe];
            for (field, default) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                set(probe, "", field, json!(default));
            }
            set(probe, "/httpGet", "path", json!("/"));
            set(probe, "/httpGet", "scheme", json!("HTTP"));
        }
    }
    for env in container["env"].as_array_mut().into_iter().flatten() {
        set(env, "/valueFrom/fieldRef", "apiVersion", json!("v1"));
    }
}

fn volume(volume: &mut Value) {
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        set(volume, &format!("/{source}"), "defaultMode", json!(420));
    }
    set(volume, "/hostPath", "type", json!(""));
}

fn requests_from_limits(container: &mut Value) {
    let limits = container["resources"]["limits"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for (resource, amount) in limits {
        if container["resources"]["requests"][&resource].is_null() {
            container["resources"]["requests"][resource] = amount;
        }
    }
}

/// Guaranteed, Burstable or `BestEffort`. Source: pkg/apis/core/helper/qos.
fn quality(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| spec[*list].as_array().into_iter().flatten())
        .collect();
    let counted = |container: &Value, part: &str, resource: &str| {
        container["resources"][part][resource]
            .as_str()
            .filter(|amount| *amount != "0")
            .map(str::to_owned)
    };
    let any = containers.iter().any(|container| {
        ["requests", "limits"].iter().any(|part| {
            ["cpu", "memory"]
                .iter()
                .any(|resource| counted(container, part, resource).is_some())
        })
    });
    let guaranteed = containers.iter().all(|container| {
        ["cpu", "memory"].iter().all(|resource| {
            let limit = counted(container, "limits", resource);
            limit.is_some() && limit == counted(container, "requests", resource)
        })
    });
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
