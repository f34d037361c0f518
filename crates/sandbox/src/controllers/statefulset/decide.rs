//! Decides which pods of a StatefulSet are created or deleted next, and what its status says.
//!
//! Source: kubernetes v1.36.3, pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet),
//! stateful_set_utils.go, pkg/controller/history/controller_history.go (HashControllerRevision).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetStatus};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

/// The label that names the revision a pod was made from.
const REVISION: &str = "controller-revision-hash";
/// The letters of a revision's hash: no vowels, so no words.
const SAFE_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// One step.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// A claim of the next pod, if it is not there.
    Claim(Box<PersistentVolumeClaim>),
    Create(Box<Pod>),
    Delete {
        name: String,
        uid: String,
    },
    /// Gives a pod back the label by which it is found.
    Label {
        name: String,
        uid: String,
    },
}

/// What is to be done, and what the status says of the pods as they are before that.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    pub(super) status: StatefulSetStatus,
}

/// Looks at a StatefulSet and the pods it controls.
pub(super) fn reconcile(set: &StatefulSet, pods: &[Arc<Pod>]) -> Decision {
    let spec = set.spec.clone().unwrap_or_default();
    let name = set.metadata.name.clone().unwrap_or_default();
    let update = format!("{name}-{}", revision(&spec.template));
    let current = set
        .status
        .as_ref()
        .and_then(|status| status.current_revision.clone())
        .filter(|revision| !revision.is_empty())
        .unwrap_or_else(|| update.clone());
    let mut status = counted(set, pods, &current, &update);
    let mut actions = Vec::new();
    if set.metadata.deletion_timestamp.is_none() {
        let decrement = steps(set, pods, &update, &mut actions);
        if decrement {
            status.current_replicas = status.current_replicas.map(|count| count - 1);
        }
        finish_update(&mut status, &spec, &update);
    }
    // The API leaves counts of nothing out, but for two.
    for count in [
        &mut status.current_replicas,
        &mut status.updated_replicas,
        &mut status.ready_replicas,
    ] {
        *count = count.filter(|count| *count > 0);
    }
    Decision { actions, status }
}

/// Fills `actions`; says whether an outdated pod is deleted, which the status counts at once.
fn steps(set: &StatefulSet, pods: &[Arc<Pod>], update: &str, actions: &mut Vec<Action>) -> bool {
    let spec = set.spec.clone().unwrap_or_default();
    let wanted = spec.replicas.unwrap_or(1);
    let in_order = spec.pod_management_policy.as_deref() != Some("Parallel");
    let by_ordinal: BTreeMap<i32, &Arc<Pod>> = pods.iter().filter_map(|pod| Some((ordinal(pod)?, pod))).collect();
    for index in 0..wanted {
        match by_ordinal.get(&index) {
            None => {
                actions.extend(claims(set, index).map(|claim| Action::Claim(Box::new(claim))));
                actions.push(Action::Create(Box::new(pod(set, index, update))));
                if in_order {
                    return false;
                }
            }
            // A finished pod is replaced under its own name.
            Some(pod) if is_finished(pod) && !is_terminating(pod) => {
                actions.push(deletion(pod));
                if in_order {
                    return false;
                }
            }
            Some(pod) => {
                if label(pod, "statefulset.kubernetes.io/pod-name") != pod.metadata.name.as_deref()
                    && !is_terminating(pod)
                {
                    let (name, uid) = identity(pod);
                    actions.push(Action::Label { name, uid });
                }
                if in_order && (is_terminating(pod) || !is_ready(pod)) && is_waited_for(pod, update) {
                    return false;
                }
            }
        }
    }
    for (_, pod) in by_ordinal.range(wanted..).rev() {
        if !is_terminating(pod) {
            actions.push(deletion(pod));
        }
        if in_order {
            return false;
        }
    }
    let strategy = spec.update_strategy.unwrap_or_default();
    if strategy.type_.as_deref() == Some("OnDelete") || !actions.is_empty() {
        return false;
    }
    let partition = strategy
        .rolling_update
        .and_then(|rolling| rolling.partition)
        .unwrap_or(0);
    for (_, pod) in by_ordinal.range(partition.min(wanted)..wanted).rev() {
        if label(pod, REVISION) != Some(update) && !is_terminating(pod) {
            actions.push(deletion(pod));
            return true;
        }
        if is_terminating(pod) || !is_ready(pod) {
            return false;
        }
    }
    false
}

/// Whether later pods wait for this one: an outdated pod that never became ready is replaced instead.
///
/// The real controller waits here for ever (kubernetes#67250), except that since 1.36 an update that
/// allows one pod to be unavailable replaces it.
fn is_waited_for(pod: &Pod, update: &str) -> bool {
    is_terminating(pod) || label(pod, REVISION) == Some(update)
}

fn counted(set: &StatefulSet, pods: &[Arc<Pod>], current: &str, update: &str) -> StatefulSetStatus {
    let mut status = StatefulSetStatus {
        observed_generation: set.metadata.generation,
        current_revision: Some(current.to_owned()),
        update_revision: Some(update.to_owned()),
        collision_count: Some(0),
        current_replicas: Some(0),
        updated_replicas: Some(0),
        ready_replicas: Some(0),
        available_replicas: Some(0),
        conditions: set.status.as_ref().and_then(|status| status.conditions.clone()),
        ..StatefulSetStatus::default()
    };
    let add = |count: &mut Option<i32>| *count = Some(count.unwrap_or(0) + 1);
    for pod in pods {
        status.replicas += 1;
        if is_ready(pod) && is_running(pod) {
            add(&mut status.ready_replicas);
            add(&mut status.available_replicas);
        }
        if !is_terminating(pod) {
            if label(pod, REVISION) == Some(current) {
                add(&mut status.current_replicas);
            }
            if label(pod, REVISION) == Some(update) {
                add(&mut status.updated_replicas);
            }
        }
    }
    status
}

/// When every pod is of the new revision and ready, the new revision is the current one.
fn finish_update(status: &mut StatefulSetStatus, spec: &k8s_openapi::api::apps::v1::StatefulSetSpec, update: &str) {
    let rolling = spec
        .update_strategy
        .as_ref()
        .is_none_or(|strategy| strategy.type_.as_deref() != Some("OnDelete"));
    let wanted = Some(spec.replicas.unwrap_or(1));
    if rolling && status.updated_replicas == wanted && status.ready_replicas == wanted {
        status.current_replicas = status.updated_replicas;
        status.current_revision = Some(update.to_owned());
    }
}

/// The hash of a pod template, written with letters that make no words.
pub(super) fn revision(template: &PodTemplateSpec) -> String {
    safe_hash(&serde_json::to_string(template).unwrap_or_default())
}

/// A text's hash in letters and digits that make no words.
pub(super) fn safe_hash(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(byte)
    });
    hash.to_string()
        .bytes()
        .map(|digit| char::from(SAFE_LETTERS[usize::from(digit) % SAFE_LETTERS.len()]))
        .collect()
}

/// The pod number `index` of a set, at its newest revision.
fn pod(set: &StatefulSet, index: i32, revision: &str) -> Pod {
    let meta = &set.metadata;
    let set_name = meta.name.clone().unwrap_or_default();
    let name = format!("{set_name}-{index}");
    let spec = set.spec.clone().unwrap_or_default();
    let template = spec.template.metadata.unwrap_or_default();
    let mut labels = template.labels.unwrap_or_default();
    labels.insert(REVISION.to_owned(), revision.to_owned());
    labels.insert("apps.kubernetes.io/pod-index".to_owned(), index.to_string());
    labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), name.clone());
    let mut pod_spec = spec.template.spec.unwrap_or_default();
    pod_spec.hostname = Some(name.clone());
    pod_spec.subdomain = spec.service_name.filter(|service| !service.is_empty());
    for claim in spec.volume_claim_templates.iter().flatten() {
        let volume = claim.metadata.name.clone().unwrap_or_default();
        let volumes = pod_spec.volumes.get_or_insert_default();
        volumes.retain(|other| other.name != volume);
        volumes.push(k8s_openapi::api::core::v1::Volume {
            persistent_volume_claim: Some(k8s_openapi::api::core::v1::PersistentVolumeClaimVolumeSource {
                claim_name: format!("{volume}-{name}"),
                read_only: Some(false),
            }),
            name: volume,
            ..k8s_openapi::api::core::v1::Volume::default()
        });
    }
    Pod {
        metadata: ObjectMeta {
            generate_name: Some(format!("{set_name}-")),
            name: Some(name),
            namespace: meta.namespace.clone(),
            labels: Some(labels),
            annotations: template.annotations,
            owner_references: Some(vec![OwnerReference {
                api_version: "apps/v1".to_owned(),
                kind: "StatefulSet".to_owned(),
                name: set_name,
                uid: meta.uid.clone().unwrap_or_default(),
                controller: Some(true),
                block_owner_deletion: Some(true),
            }]),
            ..ObjectMeta::default()
        },
        spec: Some(pod_spec),
        status: None,
    }
}

/// The claims of pod number `index`, named after template and pod.
fn claims(set: &StatefulSet, index: i32) -> impl Iterator<Item = PersistentVolumeClaim> {
    let set_name = set.metadata.name.clone().unwrap_or_default();
    let namespace = set.metadata.namespace.clone();
    let labels = set.spec.as_ref().and_then(|spec| spec.selector.match_labels.clone());
    set.spec
        .as_ref()
        .and_then(|spec| spec.volume_claim_templates.clone())
        .unwrap_or_default()
        .into_iter()
        .map(move |mut claim| {
            let template = claim.metadata.name.take().unwrap_or_default();
            claim.metadata.name = Some(format!("{template}-{set_name}-{index}"));
            claim.metadata.namespace.clone_from(&namespace);
            claim.metadata.labels.clone_from(&labels);
            claim.status = None;
            claim
        })
}

fn deletion(pod: &Pod) -> Action {
    let (name, uid) = identity(pod);
    Action::Delete { name, uid }
}

fn identity(pod: &Pod) -> (String, String) {
    (
        pod.metadata.name.clone().unwrap_or_default(),
        pod.metadata.uid.clone().unwrap_or_default(),
    )
}

fn ordinal(pod: &Pod) -> Option<i32> {
    pod.metadata.name.as_deref()?.rsplit_once('-')?.1.parse().ok()
}

fn label<'pod>(pod: &'pod Pod, key: &str) -> Option<&'pod str> {
    pod.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

fn is_terminating(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

fn phase(pod: &Pod) -> &str {
    pod.status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .unwrap_or_default()
}

fn is_running(pod: &Pod) -> bool {
    phase(pod) == "Running"
}

fn is_finished(pod: &Pod) -> bool {
    matches!(phase(pod), "Failed" | "Succeeded")
}

pub(super) fn is_ready(pod: &Pod) -> bool {
    pod.status
        .as_ref()
        .and_then(|status| status.conditions.as_ref())
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(replicas: i32, image: &str, status: serde_json::Value) -> StatefulSet {
        serde_json::from_value(json!({
            "metadata": {"name": "life", "namespace": "n", "uid": "s", "generation": 4},
            "spec": {"replicas": replicas, "serviceName": "", "selector": {"matchLabels": {"statefulset": "life"}},
                "template": {"metadata": {"labels": {"statefulset": "life"}}, "spec": {"containers": [{"name": "life", "image": image}]}}},
            "status": status,
        }))
        .expect("a set")
    }

    fn existing(set: &StatefulSet, ready: bool, terminating: bool) -> Arc<Pod> {
        let revision = revision(&set.spec.as_ref().expect("a spec").template);
        let mut pod = pod(set, 0, &format!("life-{revision}"));
        pod.metadata.uid = Some("p".into());
        if terminating {
            pod.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
                k8s_openapi::jiff::Timestamp::UNIX_EPOCH,
            ));
        }
        pod.status = serde_json::from_value(json!({
            "phase": if ready { "Running" } else { "Pending" },
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        }))
        .expect("a status");
        Arc::new(pod)
    }

    fn kinds(decision: &Decision) -> Vec<&'static str> {
        decision
            .actions
            .iter()
            .map(|action| match action {
                Action::Claim(_) => "claim",
                Action::Create(_) => "create",
                Action::Delete { .. } => "delete",
                Action::Label { .. } => "label",
            })
            .collect()
    }

    #[test]
    fn no_pod_gives_a_pod_and_counts_none_yet() {
        let decision = reconcile(&set(1, "img", json!({"replicas": 0})), &[]);
        assert_eq!(kinds(&decision), ["create"]);
        assert_eq!(decision.status.replicas, 0);
        assert_eq!(decision.status.available_replicas, Some(0));
        assert_eq!(decision.status.current_revision, decision.status.update_revision);
    }

    #[test]
    fn ready_pod_gives_full_status() {
        let set = set(1, "img", json!({"replicas": 0}));
        let decision = reconcile(&set, &[existing(&set, true, false)]);
        assert!(decision.actions.is_empty());
        let status = decision.status;
        assert_eq!(
            (
                status.replicas,
                status.ready_replicas,
                status.current_replicas,
                status.updated_replicas
            ),
            (1, Some(1), Some(1), Some(1))
        );
    }

    #[test]
    fn scale_to_zero_deletes_once_and_keeps_counting_until_gone() {
        let set = set(0, "img", json!({"replicas": 1}));
        let decision = reconcile(&set, &[existing(&set, true, false)]);
        assert_eq!(kinds(&decision), ["delete"]);
        assert_eq!(decision.status.current_replicas, Some(1));
        let decision = reconcile(&set, &[existing(&set, false, true)]);
        assert!(decision.actions.is_empty());
        assert_eq!((decision.status.replicas, decision.status.current_replicas), (1, None));
    }

    #[test]
    fn new_image_deletes_old_pod_and_then_finishes_update() {
        let before = set(1, "img", json!({"replicas": 1}));
        let old = revision(&before.spec.as_ref().expect("a spec").template);
        let after = set(
            1,
            "img:2",
            json!({"replicas": 1, "currentRevision": format!("life-{old}")}),
        );
        let decision = reconcile(&after, &[existing(&before, true, false)]);
        assert_eq!(kinds(&decision), ["delete"]);
        let status = decision.status;
        assert_eq!(
            (status.replicas, status.current_replicas, status.updated_replicas),
            (1, None, None)
        );
        assert_ne!(status.current_revision, status.update_revision);
        let decision = reconcile(&after, &[existing(&after, true, false)]);
        assert_eq!(decision.status.current_revision, decision.status.update_revision);
        assert_eq!(decision.status.current_replicas, Some(1));
    }

    #[test]
    fn deleted_set_does_nothing() {
        let mut gone = set(1, "img", json!({"replicas": 0}));
        gone.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            k8s_openapi::jiff::Timestamp::UNIX_EPOCH,
        ));
        assert!(reconcile(&gone, &[]).actions.is_empty());
    }

    #[test]
    fn claim_template_gives_claim_and_volume() {
        let mut with_claim = set(1, "img", json!({"replicas": 0}));
        with_claim.spec.as_mut().expect("a spec").volume_claim_templates = Some(vec![
            serde_json::from_value(json!({"metadata": {"name": "data"}, "spec": {}})).expect("a claim"),
        ]);
        let decision = reconcile(&with_claim, &[]);
        assert_eq!(kinds(&decision), ["claim", "create"]);
        let Action::Claim(claim) = &decision.actions[0] else {
            panic!("no claim")
        };
        assert_eq!(claim.metadata.name.as_deref(), Some("data-life-0"));
    }
}
