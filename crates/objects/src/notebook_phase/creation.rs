//! Says why a Notebook that should run has no pod: not made yet, over quota, or refused.

use super::happened::{About, newest};
use super::words::{amount, bare, is_gpu, join, quoted_after};
use super::{Case, NotebookPhase, Phase};
use crate::Quantity;
use crate::age::short;

/// From here on a missing pod is no matter of a moment.
const PATIENCE_MS: i64 = 60_000;

pub(super) fn without_pod(case: &Case<'_>) -> NotebookPhase {
    let about = About::stateful_set(case);
    // A success that is newer than the last failure ends it; the StatefulSet controller tries again for as
    // long as it takes, with up to 17 minutes between, so an old failure may well be the present one.
    if let Some(last) = newest(
        case,
        &about,
        &["FailedCreate", "SuccessfulCreate", "RecreatingFailedPod"],
    ) && last.reason == "FailedCreate"
    {
        return refused(last.message).quote(last.message).since(last.at);
    }
    // Only a first start can be timed: nothing says when a stopped Notebook was started again.
    let began = match case.stateful_set {
        None => case.notebook.metadata.creation_timestamp,
        Some(set) if set.metadata.generation <= 1 => set.metadata.creation_timestamp,
        Some(_) => None,
    };
    let waited_ms = began.map_or(0, |t| case.now.since(t));
    if waited_ms < PATIENCE_MS {
        return NotebookPhase::new(Phase::Starting, "creating pod").since(began);
    }
    let waited = short(waited_ms);
    let advice = if case.stateful_set.is_none() {
        "Kubeflow's notebook controller has not acted on it. If this stays, tell an administrator."
    } else {
        "The StatefulSet has made no pod. Look at its events; if there are none, tell an administrator."
    };
    NotebookPhase::new(Phase::Waiting, join(&["no pod after ", &waited]))
        .advise(advice)
        .since(began)
        .ticking()
}

/// What the API server had against the pod. Texts: kube-apiserver 1.36 `plugin/pkg/admission`,
/// `apiserver/pkg/admission/plugin/webhook`.
fn refused(message: &str) -> NotebookPhase {
    if let Some(quota) = message.split_once("exceeded quota: ") {
        return over_quota(quota.1);
    }
    if let Some((_, rest)) = message.split_once("failed quota: ") {
        let wanted = rest
            .split_once("must specify ")
            .map_or("requests and limits", |(_, what)| what);
        return NotebookPhase::new(Phase::Failed, join(&["the quota asks for ", &resource_names(wanted)]))
            .advise("The namespace's quota demands that these are set: create the notebook again with them.");
    }
    if message.contains("usage per Container is") || message.contains("usage per Pod is") {
        return NotebookPhase::new(Phase::Failed, "outside the namespace's limits for one pod")
            .advise("A LimitRange of this namespace sets bounds: create the notebook again within them.");
    }
    if let Some(account) = quoted_after(message, "serviceaccount ") {
        return NotebookPhase::new(Phase::Failed, join(&["service account ", account, " is missing"]))
            .advise("Kubeflow's profile controller makes the account with the namespace: tell an administrator.");
    }
    if message.contains("violates PodSecurity") {
        return NotebookPhase::new(Phase::Failed, "not allowed by the namespace's pod security")
            .advise("The message says which setting is not allowed: change it, or ask an administrator.");
    }
    if let Some(webhook) = quoted_after(message, "admission webhook ") {
        return NotebookPhase::new(Phase::Failed, join(&["refused by ", webhook]))
            .advise("A rule of this cluster refuses the pod; its message says why.");
    }
    if message.contains("failed calling webhook") {
        return NotebookPhase::new(Phase::Waiting, "an admission webhook does not answer")
            .advise("It is tried again by itself. If this stays, tell an administrator.");
    }
    NotebookPhase::new(Phase::Failed, "the pod was refused").advise("The message says why.")
}

/// `q, requested: cpu=1, used: cpu=2, limited: cpu=2` → what is asked for, and what is left.
fn over_quota(text: &str) -> NotebookPhase {
    let (name, rest) = text.split_once(", requested: ").unwrap_or((text, ""));
    let (requested, rest) = rest.split_once(", used: ").unwrap_or((rest, ""));
    let (used, limited) = rest.split_once(", limited: ").unwrap_or((rest, ""));
    let mut worst: Option<(&str, Quantity, Quantity)> = None;
    for (resource, asked) in entries(requested) {
        let (Some(used), Some(limit)) = (find(used, resource), find(limited, resource)) else {
            continue;
        };
        let exceeded = used + asked > limit;
        if exceeded && worst.is_none_or(|(known, ..)| weight(resource) > weight(known)) {
            let left = if used > limit { Quantity::ZERO } else { limit - used };
            worst = Some((resource, asked, left));
        }
    }
    let Some((resource, asked, left)) = worst else {
        return NotebookPhase::new(Phase::Waiting, "over quota")
            .advise("Stop another notebook of this namespace, or ask for less.");
    };
    let reason = join(&[
        "over quota: needs ",
        &amount(resource, asked),
        ", ",
        &left.text_of(resource),
        " left",
    ]);
    NotebookPhase::new(Phase::Waiting, reason).advise(join(&[
        "Stop another notebook of this namespace, ask for less, or have quota ",
        name,
        " raised.",
    ]))
}

/// What people think of first: devices, memory, CPU, anything else, and the count of pods last.
fn weight(resource: &str) -> u8 {
    match bare(resource) {
        "pods" => 0,
        "cpu" => 2,
        "memory" => 3,
        name if is_gpu(name) => 4,
        _ => 1,
    }
}

fn entries(list: &str) -> impl Iterator<Item = (&str, Quantity)> {
    list.split(',').filter_map(|entry| {
        let (resource, amount) = entry.split_once('=')?;
        Some((resource, Quantity::parse(amount.trim()).ok()?))
    })
}

fn find(list: &str, resource: &str) -> Option<Quantity> {
    entries(list)
        .find(|(name, _)| *name == resource)
        .map(|(_, amount)| amount)
}

/// `limits.cpu,requests.memory` or, since 1.27, `limits.cpu for: main; …` → `limits.cpu, requests.memory`.
fn resource_names(list: &str) -> String {
    let mut out = String::new();
    for name in list.split([',', ';']) {
        let name = name.split_once(" for").map_or(name, |(name, _)| name).trim();
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(name);
    }
    out
}
