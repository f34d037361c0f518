//! Says why no node takes a pod. Texts: kube-scheduler 1.36 `framework/plugins` (`ErrReason…`), cluster-autoscaler.

use super::happened::newest;
use super::present::Facts;
use super::words::{amount, join, quoted_after};
use super::{Case, NotebookPhase, Phase};
use crate::meta::Condition;
use crate::quantity::Quantity;

/// The condition `PodScheduled` is `False`.
pub(super) fn unscheduled(case: &Case<'_>, facts: &Facts<'_>, condition: &Condition) -> NotebookPhase {
    let message = condition.message.as_str();
    let out = match condition.reason.as_str() {
        "SchedulingGated" => NotebookPhase::new(Phase::Waiting, "held back by a scheduling gate")
            .advise("A queue of this cluster (like Kueue) lets it go when its turn comes."),
        _ => no_node(case, facts, message),
    };
    out.quote(message).since(condition.last_transition_time)
}

fn no_node(case: &Case<'_>, facts: &Facts<'_>, message: &str) -> NotebookPhase {
    let waiting = |reason: std::borrow::Cow<'static, str>| NotebookPhase::new(Phase::Waiting, reason);
    // Volumes first: they keep the pod from every node, whatever else is said.
    if let Some(claim) = quoted_after(message, "persistentvolumeclaim ") {
        if message.contains("is being deleted") {
            return waiting(join(&["volume ", claim, " is being deleted"]))
                .advise("Create the notebook again with another volume.");
        }
        return waiting(join(&["volume ", claim, " does not exist"]))
            .advise("Create a volume of that name, or the notebook with another one.");
    }
    if message.contains("unbound immediate PersistentVolumeClaims") {
        let reason = match case.notebook.claims().as_slice() {
            [claim] => join(&["waiting for volume ", claim]),
            _ => "waiting for its volumes".into(),
        };
        return waiting(reason)
            .advise("The volume has not been made yet: look at its events, and at its storage class.");
    }
    if newest(case, &facts.about(), &["TriggeredScaleUp", "NotTriggerScaleUp"])
        .is_some_and(|e| e.reason == "TriggeredScaleUp")
    {
        return waiting("a node is being added".into()).advise("This takes some minutes.");
    }
    // The part after "preemption:" repeats the nodes for another question.
    let causes = message.split_once(" preemption:").map_or(message, |(causes, _)| causes);
    if let Some(wanted) = insufficient(facts, causes) {
        return waiting(join(&["no node has ", &wanted, " free"]))
            .advise("Stop another notebook, or create it again asking for less than a node has.");
    }
    if causes.contains("volume node affinity conflict") {
        return waiting("its volume is bound to another node or zone".into())
            .advise("It starts when a node that reaches the volume has room.");
    }
    if causes.contains("Too many pods") {
        return waiting("all nodes hold as many pods as they may".into());
    }
    if causes.contains("untolerated taint") {
        return waiting("the nodes with room are reserved (taint)".into())
            .advise("Choose a toleration group, if your cluster offers one, or ask an administrator.");
    }
    if causes.contains("node affinity/selector") {
        return waiting("no node matches its node selection".into())
            .advise("Create it again with another affinity, or ask an administrator.");
    }
    if causes.contains("were unschedulable") {
        return waiting("all nodes are closed for new pods".into()).advise("An administrator has cordoned them.");
    }
    if causes.contains("no nodes available") {
        return waiting("the cluster has no node".into());
    }
    waiting("no node takes it".into()).advise("The scheduler's message says why.")
}

/// `1 Insufficient cpu, 2 Insufficient nvidia.com/gpu` → `8 GPUs and 64 CPUs`, with what the pod asks for.
///
/// No node has all of it free, though one may have each. At most two are named, devices first.
fn insufficient(facts: &Facts<'_>, causes: &str) -> Option<String> {
    let mut lacking: Vec<&str> = Vec::new();
    for part in causes.split("Insufficient ").skip(1) {
        let resource = part.split([',', ' ']).next().unwrap_or("").trim_end_matches('.');
        if !resource.is_empty() && !lacking.contains(&resource) {
            lacking.push(resource);
        }
    }
    let (devices, others): (Vec<&str>, Vec<&str>) = lacking.into_iter().partition(|resource| resource.contains('/'));
    let mut out = String::new();
    for resource in devices.iter().chain(&others).take(2) {
        if !out.is_empty() {
            out.push_str(" and ");
        }
        match facts.asked(resource) {
            Some(asked) if asked > Quantity::ZERO => out.push_str(&amount(resource, asked)),
            _ => out.push_str(match *resource {
                "cpu" => "enough CPU",
                "memory" => "enough memory",
                other => other,
            }),
        }
    }
    if out.is_empty() { None } else { Some(out) }
}
