//! Knows the columns of the built-in kinds.

use serde_json::{Value, json};

use crate::table::words::{age, joined, modes, or_none, selector};

type Column = (&'static str, &'static str, i64);

const POD: &[Column] = &[
    ("Ready", "string", 0),
    ("Status", "string", 0),
    ("Restarts", "string", 0),
    ("Age", "string", 0),
    ("IP", "string", 1),
    ("Node", "string", 1),
    ("Nominated Node", "string", 1),
    ("Readiness Gates", "string", 1),
];
const EVENT: &[Column] = &[
    ("Last Seen", "string", 0),
    ("Type", "string", 0),
    ("Reason", "string", 0),
    ("Object", "string", 0),
    ("Subobject", "string", 1),
    ("Source", "string", 1),
    ("Message", "string", 0),
    ("First Seen", "string", 1),
    ("Count", "string", 1),
    ("Name", "string", 1),
];
const NODE: &[Column] = &[
    ("Status", "string", 0),
    ("Roles", "string", 0),
    ("Age", "string", 0),
    ("Version", "string", 0),
    ("Internal-IP", "string", 1),
    ("External-IP", "string", 1),
    ("OS-Image", "string", 1),
    ("Kernel-Version", "string", 1),
    ("Container-Runtime", "string", 1),
];
const CLAIM: &[Column] = &[
    ("Status", "string", 0),
    ("Volume", "string", 0),
    ("Capacity", "string", 0),
    ("Access Modes", "string", 0),
    ("StorageClass", "string", 0),
    ("VolumeAttributesClass", "string", 0),
    ("Age", "string", 0),
    ("VolumeMode", "string", 1),
];
const VOLUME: &[Column] = &[
    ("Capacity", "string", 0),
    ("Access Modes", "string", 0),
    ("Reclaim Policy", "string", 0),
    ("Status", "string", 0),
    ("Claim", "string", 0),
    ("StorageClass", "string", 0),
    ("VolumeAttributesClass", "string", 0),
    ("Reason", "string", 0),
    ("Age", "string", 0),
    ("VolumeMode", "string", 1),
];
const SET: &[Column] = &[
    ("Ready", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
];
const DEPLOYMENT: &[Column] = &[
    ("Ready", "string", 0),
    ("Up-to-date", "string", 0),
    ("Available", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];
const REPLICA_SET: &[Column] = &[
    ("Desired", "integer", 0),
    ("Current", "integer", 0),
    ("Ready", "integer", 0),
    ("Age", "string", 0),
];
const SERVICE: &[Column] = &[
    ("Type", "string", 0),
    ("Cluster-IP", "string", 0),
    ("External-IP", "string", 0),
    ("Port(s)", "string", 0),
    ("Age", "string", 0),
    ("Selector", "string", 1),
];
const CLASS: &[Column] = &[
    ("Provisioner", "string", 0),
    ("ReclaimPolicy", "string", 0),
    ("VolumeBindingMode", "string", 0),
    ("AllowVolumeExpansion", "string", 0),
    ("Age", "string", 0),
];
const BINDING: &[Column] = &[
    ("Role", "string", 0),
    ("Age", "string", 0),
    ("Users", "string", 1),
    ("Groups", "string", 1),
    ("ServiceAccounts", "string", 1),
];

/// The columns after the name; events have theirs without it.
pub(super) fn columns(shelf: &str) -> &'static [Column] {
    match shelf {
        "pods" => POD,
        "events" => EVENT,
        "nodes" => NODE,
        "namespaces" => &[("Status", "string", 0), ("Age", "string", 0)],
        "persistentvolumeclaims" => CLAIM,
        "persistentvolumes" => VOLUME,
        "statefulsets.apps" => SET,
        "deployments.apps" => DEPLOYMENT,
        "replicasets.apps" => REPLICA_SET,
        "services" => SERVICE,
        "configmaps" => &[("Data", "string", 0), ("Age", "string", 0)],
        "secrets" => &[("Type", "string", 0), ("Data", "string", 0), ("Age", "string", 0)],
        "serviceaccounts" => &[("Secrets", "string", 0), ("Age", "string", 0)],
        "resourcequotas" => &[("Request", "string", 0), ("Limit", "string", 0), ("Age", "string", 0)],
        "storageclasses.storage.k8s.io" => CLASS,
        "leases.coordination.k8s.io" => &[("Holder", "string", 0), ("Age", "string", 0)],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => BINDING,
        "endpoints" | "controllerrevisions.apps" => &[("Age", "string", 0)],
        _ => &[("Created At", "date", 0)],
    }
}

/// The cells of a row.
pub(super) fn cells(shelf: &str, value: &Value) -> Vec<Value> {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    let name = meta["name"].clone();
    let born = json!(age(&meta["creationTimestamp"]));
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    match shelf {
        "pods" => pod(value),
        "events" => event(value),
        "nodes" => node(value),
        "namespaces" => vec![name, status["phase"].clone(), born],
        "persistentvolumeclaims" => claim(value, born),
        "persistentvolumes" => {
            let claim = &spec["claimRef"];
            let claim = if claim.is_null() {
                String::new()
            } else {
                format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]))
            };
            vec![
                name,
                spec["capacity"]["storage"].clone(),
                modes(&spec["accessModes"]).into(),
                spec["persistentVolumeReclaimPolicy"].clone(),
                status["phase"].clone(),
                claim.into(),
                json!(text(&spec["storageClassName"])),
                "<unset>".into(),
                json!(text(&status["reason"])),
                born,
                spec["volumeMode"].clone(),
            ]
        }
        "statefulsets.apps" => {
            let ready = format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
            vec![
                name,
                ready.into(),
                born,
                containers(spec, "name"),
                containers(spec, "image"),
            ]
        }
        "deployments.apps" => {
            let ready = format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
            vec![
                name,
                ready.into(),
                number(&status["updatedReplicas"]).into(),
                number(&status["availableReplicas"]).into(),
                born,
                containers(spec, "name"),
                containers(spec, "image"),
                selector(&spec["selector"]["matchLabels"]).into(),
            ]
        }
        "replicasets.apps" => vec![
            name,
            number(&spec["replicas"]).into(),
            number(&status["replicas"]).into(),
            number(&status["readyReplicas"]).into(),
            born,
        ],
        _ => other_cells(shelf, value, name, born),
    }
}

fn other_cells(shelf: &str, value: &Value, name: Value, born: Value) -> Vec<Value> {
    let (meta, spec, status) = (&value["metadata"], &value["spec"], &value["status"]);
    let count = |map: &Value| map.as_object().map_or(0, serde_json::Map::len);
    match shelf {
        "services" => {
            let port = |port: &Value| format!("{}/{}", port["port"], text(&port["protocol"]));
            let ports = joined(spec["ports"].as_array().into_iter().flatten().map(port));
            vec![
                name,
                spec["type"].clone(),
                or_none(&spec["clusterIP"]).into(),
                "<none>".into(),
                ports.into(),
                born,
                selector(&spec["selector"]).into(),
            ]
        }
        "configmaps" => vec![name, (count(&value["data"]) + count(&value["binaryData"])).into(), born],
        "secrets" => vec![name, value["type"].clone(), count(&value["data"]).into(), born],
        "serviceaccounts" => vec![name, value["secrets"].as_array().map_or(0, Vec::len).into(), born],
        "resourcequotas" => {
            let part = |limits: bool| {
                let hard = status["hard"]
                    .as_object()
                    .or_else(|| spec["hard"].as_object())
                    .into_iter()
                    .flatten();
                let of = hard.filter(|(key, _)| key.starts_with("limits") == limits);
                let shown = of.map(|(key, hard)| {
                    format!("{key}: {}/{}", status["used"][key].as_str().unwrap_or("0"), text(hard))
                });
                shown.collect::<Vec<_>>().join(", ")
            };
            vec![name, part(false).into(), part(true).into(), born]
        }
        "storageclasses.storage.k8s.io" => {
            let default = meta["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
            let shown = if default {
                format!("{} (default)", text(&name))
            } else {
                text(&name).to_owned()
            };
            let grows = value["allowVolumeExpansion"].as_bool().unwrap_or(false);
            vec![
                shown.into(),
                value["provisioner"].clone(),
                value["reclaimPolicy"].clone(),
                value["volumeBindingMode"].clone(),
                grows.to_string().into(),
                born,
            ]
        }
        "leases.coordination.k8s.io" => vec![name, json!(text(&spec["holderIdentity"])), born],
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            let role = format!(
                "{}/{}",
                text(&value["roleRef"]["kind"]),
                text(&value["roleRef"]["name"])
            );
            let of = |kind: &str| {
                let subjects = value["subjects"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|subject| subject["kind"] == kind);
                subjects
                    .map(|subject| text(&subject["name"]).to_owned())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            vec![
                name,
                role.into(),
                born,
                of("User").into(),
                of("Group").into(),
                of("ServiceAccount").into(),
            ]
        }
        "endpoints" | "controllerrevisions.apps" => vec![name, born],
        _ => vec![name, meta["creationTimestamp"].clone()],
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn containers(spec: &Value, field: &str) -> Value {
    let list = spec["template"]["spec"]["containers"].as_array().into_iter().flatten();
    list.map(|container| text(&container[field]).to_owned())
        .collect::<Vec<_>>()
        .join(",")
        .into()
}

/// Source: printers.go `printPod`.
fn pod(pod: &Value) -> Vec<Value> {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let statuses = status["containerStatuses"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let total = spec["containers"].as_array().map_or(0, Vec::len);
    let ready = statuses
        .iter()
        .filter(|one| one["ready"] == true && one["state"]["running"].is_object())
        .count();
    let restarts: i64 = statuses
        .iter()
        .map(|one| one["restartCount"].as_i64().unwrap_or(0))
        .sum();
    let mut reason = if text(&status["reason"]).is_empty() {
        text(&status["phase"]).to_owned()
    } else {
        text(&status["reason"]).to_owned()
    };
    for init in status["initContainerStatuses"].as_array().into_iter().flatten() {
        if init["state"]["terminated"]["exitCode"] == 0 {
            continue;
        }
        match (
            text(&init["state"]["terminated"]["reason"]),
            text(&init["state"]["waiting"]["reason"]),
        ) {
            ("", "" | "PodInitializing") => reason = "Init:0/1".to_owned(),
            ("", waiting) => reason = format!("Init:{waiting}"),
            (terminated, _) => reason = format!("Init:{terminated}"),
        }
        break;
    }
    for one in statuses.iter().rev() {
        let (waiting, terminated) = (text(&one["state"]["waiting"]["reason"]), &one["state"]["terminated"]);
        if !waiting.is_empty() && !reason.starts_with("Init:") {
            waiting.clone_into(&mut reason);
        } else if terminated.is_object() {
            reason = match text(&terminated["reason"]) {
                "" => format!("ExitCode:{}", terminated["exitCode"]),
                why => why.to_owned(),
            };
        }
    }
    if pod["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".clone_into(&mut reason);
    }
    let last = statuses
        .iter()
        .filter_map(|one| one["lastState"]["terminated"]["finishedAt"].as_str())
        .max();
    let restarts = match last {
        Some(last) if restarts > 0 => format!("{restarts} ({} ago)", age(&json!(last))),
        _ => restarts.to_string(),
    };
    vec![
        pod["metadata"]["name"].clone(),
        format!("{ready}/{total}").into(),
        reason.into(),
        restarts.into(),
        age(&pod["metadata"]["creationTimestamp"]).into(),
        or_none(&status["podIP"]).into(),
        or_none(&spec["nodeName"]).into(),
        or_none(&status["nominatedNodeName"]).into(),
        "<none>".into(),
    ]
}

fn event(event: &Value) -> Vec<Value> {
    let object = &event["involvedObject"];
    let first = [&event["firstTimestamp"], &event["eventTime"]]
        .into_iter()
        .find(|time| time.is_string())
        .unwrap_or(&Value::Null);
    let last = [&event["series"]["lastObservedTime"], &event["lastTimestamp"], first]
        .into_iter()
        .find(|time| time.is_string())
        .unwrap_or(&Value::Null);
    let source = [&event["source"]["component"], &event["reportingComponent"]]
        .into_iter()
        .map(text)
        .find(|one| !one.is_empty());
    let host = text(&event["source"]["host"]);
    let source = source.unwrap_or_default().to_owned()
        + &if host.is_empty() {
            String::new()
        } else {
            format!(", {host}")
        };
    vec![
        age(last).into(),
        event["type"].clone(),
        event["reason"].clone(),
        format!("{}/{}", text(&object["kind"]).to_lowercase(), text(&object["name"])).into(),
        json!(text(&object["fieldPath"])),
        source.into(),
        json!(text(&event["message"]).trim()),
        age(first).into(),
        event["count"].as_i64().unwrap_or(1).into(),
        event["metadata"]["name"].clone(),
    ]
}

fn node(node: &Value) -> Vec<Value> {
    let (meta, status, info) = (&node["metadata"], &node["status"], &node["status"]["nodeInfo"]);
    let ready = status["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["type"] == "Ready");
    let mut word = match ready.map(|one| one["status"] == "True") {
        Some(true) => "Ready",
        Some(false) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node["spec"]["unschedulable"] == true {
        word.push_str(",SchedulingDisabled");
    }
    let roles = meta["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/").map(str::to_owned));
    let address = |kind: &str| {
        let found = status["addresses"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one["type"] == kind);
        found.map_or_else(|| "<none>".to_owned(), |one| text(&one["address"]).to_owned())
    };
    let unknown = |value: &Value| {
        if text(value).is_empty() {
            "<unknown>".to_owned()
        } else {
            text(value).to_owned()
        }
    };
    vec![
        meta["name"].clone(),
        word.into(),
        joined(roles).into(),
        age(&meta["creationTimestamp"]).into(),
        json!(text(&info["kubeletVersion"])),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        unknown(&info["osImage"]).into(),
        unknown(&info["kernelVersion"]).into(),
        unknown(&info["containerRuntimeVersion"]).into(),
    ]
}

fn claim(claim: &Value, born: Value) -> Vec<Value> {
    let (spec, status) = (&claim["spec"], &claim["status"]);
    let phase = if claim["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".into()
    } else {
        status["phase"].clone()
    };
    let bound = !text(&spec["volumeName"]).is_empty();
    let shown = if bound {
        (modes(&status["accessModes"]), text(&status["capacity"]["storage"]))
    } else {
        (String::new(), "")
    };
    vec![
        claim["metadata"]["name"].clone(),
        phase,
        json!(text(&spec["volumeName"])),
        shown.1.into(),
        shown.0.into(),
        json!(text(&spec["storageClassName"])),
        "<unset>".into(),
        born,
        json!(text(&spec["volumeMode"])),
    ]
}
