//! Says how a Notebook goes: deleting, stopping, stopped, or its pod being replaced.

use super::words::join;
use super::{Case, NotebookPhase, Phase};
use crate::Pod;
use crate::age::short;

/// After its deadline a pod may take this long before it counts as stuck.
const POD_OVERDUE_MS: i64 = 60_000;
/// The controller acts within seconds on a stop; the annotation's time is the writer's clock, though.
const CONTROLLER_PATIENCE_MS: i64 = 120_000;
/// Activity further back than this is worth a word.
const IDLE_MS: i64 = 3_600_000;
const FINALIZER_PATIENCE_MS: i64 = 60_000;

const STUCK_POD_ADVICE: &str =
    "The node may be down. An administrator can delete the pod by force once the node is known to be off.";

/// The Notebook is being deleted; says what it still waits for.
pub(super) fn deleting(case: &Case<'_>, pod: Option<&Pod>) -> NotebookPhase {
    let meta = &case.notebook.metadata;
    let began = meta.deletion_began();
    if let Some(pod) = pod {
        return overdue(case, pod, Phase::Deleting)
            .unwrap_or_else(|| NotebookPhase::new(Phase::Deleting, "waiting for its pod to end"))
            .since(began);
    }
    let own = |name: &&String| !matches!(name.as_str(), "foregroundDeletion" | "orphan");
    let Some(finalizer) = meta.finalizers.iter().find(own) else {
        let reason = if meta.finalizers.is_empty() {
            ""
        } else {
            "removing what belongs to it"
        };
        return NotebookPhase::new(Phase::Deleting, reason).since(began);
    };
    let what = if finalizer.contains("volume") || finalizer.contains("pvc") {
        "volume"
    } else {
        finalizer
    };
    let out = NotebookPhase::new(Phase::Deleting, join(&["waiting for ", what])).since(began);
    if began.is_some_and(|t| case.now.since(t) > FINALIZER_PATIENCE_MS) {
        return out.advise("A controller has to finish its part first (finalizer). If it is gone from the cluster, tell an administrator.");
    }
    out
}

/// The stop annotation is there and the pod still is; `pod` is `None` where pods can't be seen.
pub(super) fn stopping(case: &Case<'_>, pod: Option<&Pod>) -> NotebookPhase {
    let stopped_at = case.notebook.stopped_at();
    if let Some(stuck) = pod.and_then(|pod| overdue(case, pod, Phase::Stopping)) {
        return stuck.since(stopped_at);
    }
    let waited_ms = stopped_at.map_or(0, |t| case.now.since(t));
    let untouched =
        case.stateful_set.is_some_and(|set| set.replicas() > 0) && pod.is_some_and(|p| !p.metadata.is_deleting());
    if untouched && waited_ms > CONTROLLER_PATIENCE_MS {
        return NotebookPhase::new(Phase::Stopping, join(&["not acted on for ", &short(waited_ms)]))
            .advise("Kubeflow's notebook controller has not acted on it. If this stays, tell an administrator.")
            .since(stopped_at)
            .ticking();
    }
    NotebookPhase::new(Phase::Stopping, "waiting for its pod to end").since(stopped_at)
}

/// The stop annotation is there and the pod is gone: "3 h ago", "3 h ago after 24 h idle".
pub(super) fn stopped(case: &Case<'_>) -> NotebookPhase {
    let Some(at) = case.notebook.stopped_at() else {
        return NotebookPhase::new(Phase::Stopped, "");
    };
    let ago_ms = case.now.since(at);
    let ago = if ago_ms < 60_000 {
        String::from("just now")
    } else {
        [short(ago_ms).as_str(), " ago"].concat()
    };
    // Nobody writes down who stopped it; that it was long unused is what the culler goes by.
    let idle_ms = case.notebook.last_activity().map_or(0, |t| at.since(t));
    let out = if idle_ms >= IDLE_MS {
        NotebookPhase::new(Phase::Stopped, join(&[&ago, " after ", &short(idle_ms), " idle"]))
    } else {
        NotebookPhase::new(Phase::Stopped, ago)
    };
    out.since(Some(at)).ticking()
}

/// The pod goes, though the Notebook should run: another one follows.
pub(super) fn replaced(case: &Case<'_>, pod: &Pod, outdated: bool) -> NotebookPhase {
    let reason = if outdated {
        "restarting with new settings"
    } else {
        "its pod is being replaced"
    };
    overdue(case, pod, Phase::Waiting)
        .unwrap_or_else(|| NotebookPhase::new(Phase::Starting, reason))
        .since(pod.metadata.deletion_began())
}

/// A pod of an earlier Notebook has the name that the new pod needs.
pub(super) fn blocked_by_earlier_pod(case: &Case<'_>, pod: &Pod) -> NotebookPhase {
    overdue(case, pod, Phase::Waiting)
        .unwrap_or_else(|| NotebookPhase::new(Phase::Starting, "waiting for the earlier pod to end"))
        .since(pod.metadata.deletion_began())
}

/// The pod should be gone by now.
fn overdue(case: &Case<'_>, pod: &Pod, phase: Phase) -> Option<NotebookPhase> {
    let deadline = pod.metadata.deletion_timestamp?;
    if case.now.since(deadline) <= POD_OVERDUE_MS {
        return None;
    }
    let node = if pod.spec.node_name.is_empty() {
        "its node"
    } else {
        &pod.spec.node_name
    };
    Some(NotebookPhase::new(phase, join(&["its pod does not end on ", node])).advise(STUCK_POD_ADVICE))
}
