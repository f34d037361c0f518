//! Decides which node a pod fits on, and writes the reason when none does in kube-scheduler's own words.
//!
//! Source: kubernetes v1.36.3, pkg/scheduler/framework/types.go (FitError) and
//! framework/plugins/{noderesources/fit,tainttoleration,nodeaffinity,nodeunschedulable,volumebinding}.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, PersistentVolumeClaim, Pod, Taint, Toleration};

use crate::controllers::quantity::{self, Amounts};

/// One of anything, in billionths.
const ONE: i128 = 1_000_000_000;

/// Where a pod goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Node(String),
    /// Nowhere, for this reason.
    Nowhere(String),
}

/// What a pod's volumes say about where it may go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claims {
    Bound,
    /// These claims are bound once a node is chosen.
    WaitForUs(Vec<String>),
    /// No node will do, for this reason.
    Missing(String),
}

pub(super) fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref().filter(|node| !node.is_empty())
}

pub(super) fn is_finished(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// Whether a pod is ours to place.
pub(super) fn is_waiting(pod: &Pod) -> bool {
    let scheduler = pod.spec.as_ref().and_then(|spec| spec.scheduler_name.as_deref());
    node_of(pod).is_none()
        && pod.metadata.deletion_timestamp.is_none()
        && !is_finished(pod)
        && matches!(scheduler, None | Some("" | "default-scheduler"))
}

/// What a pod asks for: requests, or limits where requests are left out, summed over containers; the
/// largest init container counts where it is larger.
pub(super) fn requests(pod: &Pod) -> Amounts {
    let Some(spec) = &pod.spec else {
        return Amounts::new();
    };
    let of = |resources: Option<&k8s_openapi::api::core::v1::ResourceRequirements>| {
        let mut asked = quantity::amounts(resources.and_then(|all| all.limits.as_ref()));
        asked.extend(quantity::amounts(resources.and_then(|all| all.requests.as_ref())));
        asked
    };
    let mut total = Amounts::new();
    for container in &spec.containers {
        for (resource, amount) in of(container.resources.as_ref()) {
            *total.entry(resource).or_default() += amount;
        }
    }
    for container in spec.init_containers.iter().flatten() {
        for (resource, amount) in of(container.resources.as_ref()) {
            let sum = total.entry(resource).or_default();
            *sum = (*sum).max(amount);
        }
    }
    total.insert("pods".to_owned(), ONE);
    total
}

/// What of a node matters for placing; other changes (heartbeats) do not.
pub(super) fn facts(node: &Node) -> (Amounts, Option<BTreeMap<String, String>>, Vec<Taint>, bool) {
    let spec = node.spec.clone().unwrap_or_default();
    (
        quantity::amounts(node.status.as_ref().and_then(|status| status.allocatable.as_ref())),
        node.metadata.labels.clone(),
        spec.taints.unwrap_or_default(),
        spec.unschedulable.unwrap_or(false),
    )
}

/// Looks at the claims a pod names; `find` gives the claim and whether its class waits for the first pod.
pub(super) fn claims(pod: &Pod, find: impl Fn(&str) -> Option<(Arc<PersistentVolumeClaim>, bool)>) -> Claims {
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref());
    let mut waiting = Vec::new();
    let mut unbound = false;
    for source in volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.persistent_volume_claim.as_ref())
    {
        let name = &source.claim_name;
        let Some((claim, waits)) = find(name) else {
            return Claims::Missing(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if claim.metadata.deletion_timestamp.is_some() {
            return Claims::Missing(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
        if phase == Some("Bound") {
            continue;
        }
        if waits {
            waiting.push(name.clone());
        } else {
            unbound = true;
        }
    }
    if unbound {
        Claims::Missing("pod has unbound immediate PersistentVolumeClaims".to_owned())
    } else if waiting.is_empty() {
        Claims::Bound
    } else {
        Claims::WaitForUs(waiting)
    }
}

/// Why a node does not do.
struct Refusal {
    reasons: Vec<String>,
    /// Whether the node would do if other pods left it.
    only_full: bool,
}

/// The node with the most room that fits, or why there is none.
pub(super) fn place(pod: &Pod, nodes: &[Arc<Node>], used: &BTreeMap<String, Amounts>, claims: &Claims) -> Verdict {
    let all = nodes.len();
    if all == 0 {
        return Verdict::Nowhere("no nodes available to schedule pods".to_owned());
    }
    if let Claims::Missing(reason) = claims {
        return Verdict::Nowhere(format!(
            "0/{all} nodes are available: {reason}. no new claims to deallocate, preemption: 0/{all} nodes are available: {all} Preemption is not helpful for scheduling."
        ));
    }
    let asked = requests(pod);
    let nothing = Amounts::new();
    let mut best: Option<(i128, &str)> = None;
    let mut refusals = Vec::new();
    for node in nodes {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let used = used.get(name).unwrap_or(&nothing);
        match fit(pod, node, &asked, used) {
            Ok(room) => {
                if best.is_none_or(|(most, _)| room > most) {
                    best = Some((room, name));
                }
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    match best {
        Some((_, name)) => Verdict::Node(name.to_owned()),
        None => Verdict::Nowhere(explain(all, &refusals)),
    }
}

fn explain(all: usize, refusals: &[Refusal]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in refusals.iter().flat_map(|refusal| &refusal.reasons) {
        *counts.entry(reason).or_default() += 1;
    }
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.join(", ")
    };
    let reasons = sorted(
        counts
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect(),
    );
    let full = refusals.iter().filter(|refusal| refusal.only_full).count();
    let preemption = sorted(
        [
            (full, "No preemption victims found for incoming pod"),
            (all - full, "Preemption is not helpful for scheduling"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, reason)| format!("{count} {reason}"))
        .collect(),
    );
    format!(
        "0/{all} nodes are available: {reasons}. no new claims to deallocate, preemption: 0/{all} nodes are available: {preemption}."
    )
}

/// The smallest share of CPU and memory left free after the pod, in thousandths; or why it does not fit.
fn fit(pod: &Pod, node: &Node, asked: &Amounts, used: &Amounts) -> Result<i128, Refusal> {
    let (allocatable, labels, taints, unschedulable) = facts(node);
    let never = |reason: &str| Refusal {
        reasons: vec![reason.to_owned()],
        only_full: false,
    };
    let spec = pod.spec.clone().unwrap_or_default();
    let tolerations = spec.tolerations.unwrap_or_default();
    if unschedulable {
        return Err(never("node(s) were unschedulable"));
    }
    let untolerated = taints.iter().any(|taint| {
        matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
            && !tolerations.iter().any(|toleration| tolerates(toleration, taint))
    });
    if untolerated {
        return Err(never("node(s) had untolerated taint(s)"));
    }
    let labels = labels.unwrap_or_default();
    let selected = spec
        .node_selector
        .iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value));
    let required = spec
        .affinity
        .and_then(|affinity| affinity.node_affinity)
        .and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution);
    let attracted = required.is_none_or(|selector| {
        selector.node_selector_terms.iter().any(|term| {
            term.match_expressions
                .iter()
                .flatten()
                .all(|requirement| matches(requirement, &labels))
        })
    });
    if !selected || !attracted {
        return Err(never("node(s) didn't match Pod's node affinity/selector"));
    }
    let mut reasons = Vec::new();
    let mut only_full = true;
    let mut room = i128::MAX;
    for (resource, amount) in asked {
        let total = allocatable.get(resource).copied().unwrap_or(0);
        let free = total - used.get(resource).copied().unwrap_or(0) - amount;
        if *amount > 0 && free < 0 {
            reasons.push(match resource.as_str() {
                "pods" => "Too many pods".to_owned(),
                other => format!("Insufficient {other}"),
            });
            only_full &= *amount <= total;
        }
        if total > 0 && matches!(resource.as_str(), "cpu" | "memory") {
            room = room.min(free * 1000 / total);
        }
    }
    // Nodes with GPUs are kept for those who ask for them.
    let keeps_gpus = allocatable.keys().any(|key| key.contains("/gpu"));
    if keeps_gpus && !asked.keys().any(|key| key.contains("/gpu")) {
        room = room.min(1000) - 10_000;
    }
    if reasons.is_empty() {
        Ok(room)
    } else {
        Err(Refusal { reasons, only_full })
    }
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let same = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted.is_empty() || wanted == is);
    same(toleration.effect.as_deref(), &taint.effect)
        && same(toleration.key.as_deref(), &taint.key)
        && match toleration.operator.as_deref() {
            Some("Exists") => true,
            _ => {
                toleration.key.is_some()
                    && toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default()
            }
        }
}

fn matches(requirement: &NodeSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| values.contains(value)),
        "NotIn" => value.is_none_or(|value| !values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(name: &str, cpu: &str, spec: serde_json::Value) -> Arc<Node> {
        Arc::new(
            serde_json::from_value(json!({
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
                "spec": spec,
                "status": {"allocatable": {"cpu": cpu, "memory": "32Gi", "pods": "110"}},
            }))
            .expect("a node"),
        )
    }

    fn pod(cpu: &str, extra: serde_json::Value) -> Pod {
        let mut spec = json!({"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]});
        for (key, value) in extra.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        serde_json::from_value(json!({"metadata": {"name": "p"}, "spec": spec})).expect("a pod")
    }

    #[test]
    fn more_than_any_node_gives_the_recorded_sentence() {
        let verdict = place(
            &pod("64", json!({})),
            &[node("a", "8", json!({}))],
            &BTreeMap::new(),
            &Claims::Bound,
        );
        assert_eq!(verdict, Verdict::Nowhere("0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.".into()));
    }

    #[test]
    fn full_and_tainted_nodes_are_counted_apart() {
        let nodes = [
            node("a", "8", json!({})),
            node("b", "8", json!({"taints": [{"key": "k", "effect": "NoSchedule"}]})),
        ];
        let used = BTreeMap::from([("a".to_owned(), Amounts::from([("cpu".to_owned(), 8 * ONE)]))]);
        let verdict = place(&pod("1", json!({})), &nodes, &used, &Claims::Bound);
        assert_eq!(verdict, Verdict::Nowhere("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.".into()));
        let tolerant = pod("1", json!({"tolerations": [{"key": "k", "operator": "Exists"}]}));
        assert_eq!(
            place(&tolerant, &nodes, &used, &Claims::Bound),
            Verdict::Node("b".into())
        );
    }

    #[test]
    fn roomiest_node_is_chosen() {
        let nodes = [node("a", "8", json!({})), node("b", "16", json!({}))];
        assert_eq!(
            place(&pod("1", json!({})), &nodes, &BTreeMap::new(), &Claims::Bound),
            Verdict::Node("b".into())
        );
    }

    #[test]
    fn missing_claim_is_said_by_name() {
        let with_claim = pod(
            "1",
            json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "gone"}}]}),
        );
        let claims = claims(&with_claim, |_| None);
        assert_eq!(
            claims,
            Claims::Missing("persistentvolumeclaim \"gone\" not found".into())
        );
        let verdict = place(&with_claim, &[node("a", "8", json!({}))], &BTreeMap::new(), &claims);
        assert!(
            matches!(verdict, Verdict::Nowhere(text) if text.starts_with("0/1 nodes are available: persistentvolumeclaim \"gone\" not found."))
        );
    }

    #[test]
    fn selector_without_node_gives_affinity_reason() {
        let picky = pod("1", json!({"nodeSelector": {"gpu": "a100"}}));
        let verdict = place(&picky, &[node("a", "8", json!({}))], &BTreeMap::new(), &Claims::Bound);
        assert!(
            matches!(verdict, Verdict::Nowhere(text) if text.contains("1 node(s) didn't match Pod's node affinity/selector."))
        );
    }
}
