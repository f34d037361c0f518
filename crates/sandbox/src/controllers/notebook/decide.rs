//! Decides what a Notebook wants to exist and what its status says: values in, values out.
//!
//! Source: kubeflow/notebooks branch notebooks-v1 at 177b098,
//! components/notebook-controller/controllers/notebook_controller.go (generateStatefulSet,
//! generateService, createNotebookStatus) and the recording `notebook-life`.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    ContainerPort, EnvVar, Event, Pod, PodCondition, PodSecurityContext, PodSpec, PodTemplateSpec, Service,
    ServicePort, ServiceSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference, Time};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use k8s_openapi::jiff::Timestamp;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::controllers::api;
use crate::controllers::informer::Key;

/// Its presence stops a notebook.
const STOPPED: &str = "kubeflow-resource-stopped";
/// The port of a server whose container names none.
const DEFAULT_PORT: i32 = 8888;

/// The StatefulSet that a Notebook wants: one replica, none while stopped.
pub(super) fn stateful_set(notebook: &DynamicObject, add_fs_group: bool) -> Result<StatefulSet, String> {
    let meta = &notebook.metadata;
    let (namespace, name) = names(meta);
    let mut spec: PodSpec = notebook
        .data
        .pointer("/spec/template/spec")
        .cloned()
        .ok_or_else(|| "spec.template.spec is missing".to_owned())
        .and_then(|spec| serde_json::from_value(spec).map_err(|error| error.to_string()))?;
    let container = spec
        .containers
        .first_mut()
        .ok_or_else(|| "spec.template.spec.containers is empty".to_owned())?;
    if container.working_dir.as_deref().unwrap_or_default().is_empty() {
        container.working_dir = Some("/home/jovyan".to_owned());
    }
    if container.ports.is_none() {
        container.ports = Some(vec![ContainerPort {
            container_port: DEFAULT_PORT,
            name: Some("notebook-port".to_owned()),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]);
    }
    let prefix = format!("/notebook/{namespace}/{name}");
    let variables = container.env.get_or_insert_default();
    match variables.iter_mut().find(|env| env.name == "NB_PREFIX") {
        Some(variable) => variable.value = Some(prefix),
        None => variables.push(EnvVar {
            name: "NB_PREFIX".to_owned(),
            value: Some(prefix),
            value_from: None,
        }),
    }
    if add_fs_group && spec.security_context.is_none() {
        spec.security_context = Some(PodSecurityContext {
            fs_group: Some(100),
            ..PodSecurityContext::default()
        });
    }
    let own = BTreeMap::from([("statefulset".to_owned(), name.clone())]);
    let mut labels = own.clone();
    labels.insert("notebook-name".to_owned(), name.clone());
    labels.extend(meta.labels.clone().unwrap_or_default());
    let annotations: BTreeMap<String, String> = meta
        .annotations
        .iter()
        .flatten()
        .filter(|(key, _)| !key.contains("kubectl") && !key.contains("notebook"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Ok(StatefulSet {
        metadata: owned(meta),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::from(!is_stopped(meta))),
            selector: LabelSelector {
                match_labels: Some(own),
                ..LabelSelector::default()
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels),
                    annotations: (!annotations.is_empty()).then_some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(spec),
            },
            ..StatefulSetSpec::default()
        }),
        status: None,
    })
}

/// The existing StatefulSet with what may be changed taken from the wish: replicas and the pod's spec.
///
/// Like the original, labels and annotations of the pod template stay as they were at creation.
pub(super) fn merged(current: &StatefulSet, desired: StatefulSet) -> StatefulSet {
    let mut merged = current.clone();
    if let (Some(spec), Some(wish)) = (&mut merged.spec, desired.spec) {
        spec.replicas = wish.replicas;
        spec.template.spec = wish.template.spec;
    }
    merged
}

/// The Service in front of a Notebook's pod.
pub(super) fn service(notebook: &DynamicObject) -> Service {
    let (_, name) = names(&notebook.metadata);
    let port = notebook
        .data
        .pointer("/spec/template/spec/containers/0/ports/0/containerPort")
        .and_then(Value::as_i64)
        .and_then(|port| i32::try_from(port).ok())
        .unwrap_or(DEFAULT_PORT);
    Service {
        metadata: owned(&notebook.metadata),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(BTreeMap::from([("statefulset".to_owned(), name.clone())])),
            ports: Some(vec![ServicePort {
                name: Some(format!("http-{name}")),
                port: 80,
                target_port: Some(IntOrString::Int(port)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

pub(super) fn service_differs(current: &Service, desired: &Service) -> bool {
    let facts = |service: &Service| {
        let spec = service.spec.clone().unwrap_or_default();
        let ports: Vec<_> = spec
            .ports
            .unwrap_or_default()
            .into_iter()
            .map(|port| (port.name, port.port, port.target_port))
            .collect();
        (spec.selector, ports)
    };
    facts(current) != facts(desired)
}

/// The status: the pod's conditions, the state of the container named like the Notebook, and the
/// StatefulSet's ready replicas, each as it stands, however they disagree.
pub(super) fn status(name: &str, set: Option<&StatefulSet>, pod: Option<&Pod>, now: Timestamp) -> Value {
    let ready = set
        .and_then(|set| set.status.as_ref())
        .and_then(|status| status.ready_replicas)
        .unwrap_or(0);
    let pod_status = pod.and_then(|pod| pod.status.as_ref());
    let state = pod_status
        .and_then(|status| status.container_statuses.as_ref())
        .and_then(|statuses| statuses.iter().find(|status| status.name == name))
        .and_then(|status| status.state.clone())
        .unwrap_or_default();
    let conditions: Vec<Value> = pod_status
        .and_then(|status| status.conditions.as_ref())
        .into_iter()
        .flatten()
        .map(|condition| mirrored(condition, now))
        .collect();
    json!({"conditions": conditions, "readyReplicas": ready, "containerState": state})
}

/// Empty times become now, as in the recording.
fn mirrored(condition: &PodCondition, now: Timestamp) -> Value {
    let probed = condition.last_probe_time.clone().unwrap_or(Time(now));
    let moved = condition.last_transition_time.clone().unwrap_or(Time(now));
    let mut mirrored = json!({
        "type": condition.type_,
        "status": condition.status,
        "lastProbeTime": probed,
        "lastTransitionTime": moved,
    });
    if let Some(reason) = condition.reason.as_ref().filter(|text| !text.is_empty()) {
        mirrored["reason"] = json!(reason);
    }
    if let Some(message) = condition.message.as_ref().filter(|text| !text.is_empty()) {
        mirrored["message"] = json!(message);
    }
    mirrored
}

/// Whether there is news; times of probes alone are none.
pub(super) fn status_differs(current: Option<&Value>, wanted: &Value) -> bool {
    let Some(current) = current else { return true };
    let without_times = |status: &Value| {
        let mut status = status.clone();
        for condition in status
            .get_mut("conditions")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
        {
            condition.remove("lastProbeTime");
            condition.remove("lastTransitionTime");
        }
        status
    };
    without_times(current) != without_times(wanted)
}

/// The Notebook of a pod, by its label.
pub(super) fn notebook_of_pod(pod: &Pod) -> Option<Key> {
    let name = pod.metadata.labels.as_ref()?.get("notebook-name")?;
    Some(Key::new(
        pod.metadata.namespace.clone().unwrap_or_default(),
        name.clone(),
    ))
}

/// The Notebook that an event of a pod or StatefulSet belongs to.
pub(super) fn notebook_of_event(event: &Event, pod: impl FnOnce(&Key) -> Option<Arc<Pod>>) -> Option<Key> {
    let about = &event.involved_object;
    let key = Key::new(about.namespace.clone()?, about.name.clone()?);
    match about.kind.as_deref()? {
        "Pod" => notebook_of_pod(&*pod(&key)?),
        "StatefulSet" => Some(key),
        _ => None,
    }
}

pub(super) fn reissued(event: &Event) -> String {
    let about = &event.involved_object;
    format!(
        "Reissued from {}/{}: {}",
        about.kind.as_deref().unwrap_or_default().to_lowercase(),
        about.name.as_deref().unwrap_or_default(),
        event.message.as_deref().unwrap_or_default()
    )
}

/// When an event last happened, in whichever field its author wrote that.
pub(super) fn last_time(event: &Event) -> Option<Timestamp> {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref());
    series
        .map(|time| time.0)
        .or(event.last_timestamp.as_ref().map(|time| time.0))
        .or(event.event_time.as_ref().map(|time| time.0))
}

/// Whether someone works in this notebook just now: it runs, is not marked idle, and it is its turn.
pub(super) fn is_active(notebook: &DynamicObject, now: Timestamp) -> bool {
    let idle = notebook
        .metadata
        .annotations
        .iter()
        .flatten()
        .any(|(key, value)| key == "sandbox.flowdeck.dev/activity" && value == "idle");
    let running = notebook.data.pointer("/status/readyReplicas").and_then(Value::as_i64) == Some(1);
    // Each has its own rhythm of one to four minutes.
    let rhythm = 1 + api::fnv(notebook.metadata.uid.as_deref().unwrap_or_default()) % 4;
    let minute = u64::try_from(now.as_second() / 60).unwrap_or_default();
    running && !idle && minute.is_multiple_of(rhythm)
}

pub(super) fn is_owned_by(meta: &ObjectMeta, uid: &str) -> bool {
    meta.owner_references.iter().flatten().any(|owner| owner.uid == uid)
}

fn is_stopped(meta: &ObjectMeta) -> bool {
    meta.annotations
        .as_ref()
        .is_some_and(|annotations| annotations.contains_key(STOPPED))
}

fn names(meta: &ObjectMeta) -> (String, String) {
    (
        meta.namespace.clone().unwrap_or_default(),
        meta.name.clone().unwrap_or_default(),
    )
}

/// Name, namespace and owner of what belongs to a Notebook.
fn owned(notebook: &ObjectMeta) -> ObjectMeta {
    let (namespace, name) = names(notebook);
    ObjectMeta {
        owner_references: Some(vec![OwnerReference {
            api_version: "kubeflow.org/v1beta1".to_owned(),
            kind: "Notebook".to_owned(),
            name: name.clone(),
            uid: notebook.uid.clone().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }]),
        namespace: Some(namespace),
        name: Some(name),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(annotations: Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "kubeflow.org/v1beta1", "kind": "Notebook",
            "metadata": {"name": "life", "namespace": "life2", "uid": "u", "labels": {"app": "life"}, "annotations": annotations},
            "spec": {"template": {"spec": {"containers": [{"name": "life", "image": "img"}]}}},
        }))
        .expect("a notebook")
    }

    #[test]
    fn plain_notebook_gets_prefix_port_folder_and_labels() {
        let set = stateful_set(
            &notebook(json!({"x": "1", "notebooks.kubeflow.org/creator": "a"})),
            true,
        )
        .expect("a set");
        let spec = set.spec.expect("a spec");
        assert_eq!(spec.replicas, Some(1));
        let template = spec.template;
        let meta = template.metadata.expect("metadata");
        assert_eq!(
            meta.annotations,
            Some(BTreeMap::from([("x".to_owned(), "1".to_owned())]))
        );
        assert_eq!(meta.labels.map(|labels| labels.len()), Some(3));
        let pod = template.spec.expect("a spec");
        assert_eq!(pod.security_context.and_then(|context| context.fs_group), Some(100));
        let container = &pod.containers[0];
        assert_eq!(container.working_dir.as_deref(), Some("/home/jovyan"));
        let env = container.env.as_ref().expect("variables");
        assert_eq!(env[0].value.as_deref(), Some("/notebook/life2/life"));
    }

    #[test]
    fn stop_annotation_gives_no_replicas() {
        let set = stateful_set(&notebook(json!({STOPPED: "2026-11-24T02:05:00Z"})), true).expect("a set");
        assert_eq!(set.spec.and_then(|spec| spec.replicas), Some(0));
    }

    #[test]
    fn missing_pod_gives_empty_status() {
        let status = status("life", None, None, Timestamp::UNIX_EPOCH);
        assert_eq!(
            status,
            json!({"conditions": [], "containerState": {}, "readyReplicas": 0})
        );
    }

    #[test]
    fn running_pod_is_mirrored_though_the_set_lags() {
        let pod: Pod = serde_json::from_value(json!({"metadata": {}, "status": {
            "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-11-24T02:06:15Z"}],
            "containerStatuses": [{"name": "life", "state": {"running": {"startedAt": "2026-11-24T02:06:15Z"}}, "lastState": {}, "ready": true, "restartCount": 0, "image": "img", "imageID": ""}],
        }}))
        .expect("a pod");
        let status = status("life", None, Some(&pod), Timestamp::UNIX_EPOCH);
        assert_eq!(status["readyReplicas"], 0);
        assert_eq!(status["conditions"][0]["lastProbeTime"], "1970-01-01T00:00:00Z");
        assert_eq!(status["containerState"]["running"]["startedAt"], "2026-11-24T02:06:15Z");
    }

    #[test]
    fn later_probe_alone_is_no_news() {
        let one = json!({"conditions": [{"type": "Ready", "lastProbeTime": "a"}], "readyReplicas": 1});
        let two = json!({"conditions": [{"type": "Ready", "lastProbeTime": "b"}], "readyReplicas": 1});
        assert!(!status_differs(Some(&one), &two));
        assert!(status_differs(None, &two));
    }
}
