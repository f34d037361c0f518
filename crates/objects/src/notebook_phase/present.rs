//! Says how a Notebook is whose pod is there: by its conditions and containers.

use super::failing::{CRASH_ADVICE, absent, cannot_start, crashed, ended, is_missing, is_out_of_memory, memory_advice};
use super::happened::{About, Happened, newest};
use super::image::{is_about_image, missing};
use super::scheduling::unscheduled;
use super::words::{join, restarts};
use super::{Case, NotebookPhase, Phase};
use crate::age::short;
use crate::meta::{Condition, Truth};
use crate::notebook::{Notebook, Resources};
use crate::pod::{ContainerState, ContainerStatus, Pod, StateWaiting};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// A server that doesn't answer for this long is taken for broken.
const NO_ANSWER_MS: i64 = 600_000;
/// A restart within this time is still worth a word.
const RECENT_RESTART_MS: i64 = 600_000;
/// Without activity for this long it is called idle.
const IDLE_MS: i64 = 3_600_000;
/// A volume takes some time: a first failed try to mount isn't worth a warning.
const MOUNT_PATIENCE_MS: i64 = 45_000;

static NO_STATE: ContainerState = ContainerState {
    waiting: None,
    running: None,
    terminated: None,
};

/// What is known of the pod: from itself, or from the Notebook's mirrored status.
pub(super) struct Facts<'a> {
    pub(super) notebook: &'a Notebook,
    pub(super) pod: Option<&'a Pod>,
    pub(super) main: Option<&'a ContainerStatus>,
    pub(super) state: &'a ContainerState,
    conditions: &'a [Condition],
}

impl<'a> Facts<'a> {
    pub(super) fn of_pod(notebook: &'a Notebook, pod: &'a Pod) -> Self {
        let name = notebook
            .container()
            .map_or(notebook.metadata.name.as_str(), |c| &c.name);
        let main = pod.container_status(name).or(pod.status.container_statuses.first());
        let state = main.map_or(&NO_STATE, |status| &status.state);
        Self {
            notebook,
            pod: Some(pod),
            main,
            state,
            conditions: &pod.status.conditions,
        }
    }

    pub(super) fn of_status(notebook: &'a Notebook) -> Self {
        let status = &notebook.status;
        Self {
            notebook,
            pod: None,
            main: None,
            state: &status.container_state,
            conditions: &status.conditions,
        }
    }

    /// Whether nothing is known: no pod, as far as a mirrored status can say that.
    pub(super) fn is_empty(&self) -> bool {
        self.pod.is_none() && self.conditions.is_empty() && self.state.is_empty()
    }

    /// Who the pod's events are about.
    pub(super) fn about(&self) -> About<'a> {
        match self.pod {
            Some(pod) => About::pod(&pod.metadata.name, &pod.metadata.uid, pod.metadata.creation_timestamp),
            None => About::pod("", "", self.notebook.metadata.creation_timestamp),
        }
    }

    /// How much of a resource the whole pod asks for, sidecars too: that is what a node must have.
    pub(super) fn asked(&self, resource: &str) -> Option<Quantity> {
        let of = |resources: &Resources| resources.reserved(resource).and_then(|text| Quantity::parse(text).ok());
        match self.pod {
            Some(pod) => Some(pod.spec.containers.iter().filter_map(|c| of(&c.resources)).sum()),
            None => Some(
                self.notebook
                    .spec
                    .template
                    .spec
                    .containers
                    .iter()
                    .filter_map(|c| of(&c.resources))
                    .sum(),
            ),
        }
    }

    fn image(&self) -> &'a str {
        let in_pod = self
            .pod
            .zip(self.main)
            .and_then(|(pod, main)| pod.spec.containers.iter().find(|c| c.name == main.name));
        in_pod
            .map(|c| c.image.as_str())
            .or(self.notebook.container().map(|c| c.image.as_str()))
            .unwrap_or("its image")
    }

    fn node(&self) -> &'a str {
        self.pod.map_or("", |pod| &pod.spec.node_name)
    }
}

/// Says how a Notebook is whose pod is there and not going.
pub(super) fn present(case: &Case<'_>, facts: &Facts<'_>) -> NotebookPhase {
    let phase = facts.pod.map_or("", |pod| &pod.status.phase);
    if phase == "Failed" || phase == "Succeeded" {
        return ended(facts);
    }
    if let Some(condition) = Condition::find(facts.conditions, "PodScheduled").filter(|c| c.status == Truth::False) {
        return unscheduled(case, facts, condition);
    }
    if let Some(ready) = Condition::find(facts.conditions, "Ready").filter(|c| c.status == Truth::True) {
        return running(case, facts, ready.last_transition_time);
    }
    if phase == "Unknown" {
        return node_silent(facts);
    }
    let state = facts.state;
    if let Some(waiting) = &state.waiting {
        return init_trouble(case, facts).unwrap_or_else(|| waits(case, facts, waiting));
    }
    if let Some(terminated) = &state.terminated {
        let count = facts.main.map_or(0, |m| m.restart_count);
        return crashed(facts, terminated, count).since(terminated.finished_at);
    }
    if let Some(run) = &state.running {
        return unready(case, facts, run.started_at);
    }
    if let Some(trouble) = init_trouble(case, facts) {
        return trouble;
    }
    match facts.node() {
        "" if facts.pod.is_some() => NotebookPhase::new(Phase::Starting, "looking for a node"),
        _ => creating(case, facts),
    }
    .since(facts.pod.and_then(|pod| pod.metadata.creation_timestamp))
}

/// Says that the pod is of an older revision.
///
/// A StatefulSet replaces a pod that works by itself, but never one that doesn't get ready (`OrderedReady`,
/// "forced rollback" in the StatefulSet documentation): a corrected Notebook stays broken until it is stopped.
pub(super) fn mark_outdated(out: &mut NotebookPhase) {
    if out.phase == Phase::Running {
        out.reason = "older settings, restarts soon".into();
        return;
    }
    out.reason = if out.reason.is_empty() {
        "older settings".into()
    } else {
        join(&[&out.reason, ", older settings"])
    };
    if matches!(out.phase, Phase::Failed | Phase::ImageMissing | Phase::Waiting) {
        out.advice = Some("Its pod still has the settings from before the last change and isn't replaced while it fails: stop the notebook and start it again.".into());
    }
}

fn running(case: &Case<'_>, facts: &Facts<'_>, since: Option<Timestamp>) -> NotebookPhase {
    let mut out = NotebookPhase::new(Phase::Running, "").since(since);
    out.can_connect = true;
    let last = facts
        .main
        .filter(|m| m.restart_count > 0)
        .and_then(|m| m.last_state.terminated.as_ref());
    if let Some(ended) = last
        && let Some(at) = ended.finished_at
        && case.now.since(at) < RECENT_RESTART_MS
    {
        let why = if is_out_of_memory(ended) { ", out of memory" } else { "" };
        out.reason = join(&["restarted ", &short(case.now.since(at)), " ago", why]);
        if is_out_of_memory(ended) {
            out.advice = Some(memory_advice(facts));
        }
        return out.ticking();
    }
    // Activity before the start was another pod's.
    let idle_ms = case
        .notebook
        .last_activity()
        .max(since)
        .map_or(0, |t| case.now.since(t));
    if idle_ms >= IDLE_MS && case.notebook.last_activity().is_some() {
        out.reason = join(&["idle ", &short(idle_ms)]);
        return out.ticking();
    }
    out
}

/// The main container waits: progress, or trouble with image, settings or crashes.
fn waits(case: &Case<'_>, facts: &Facts<'_>, waiting: &StateWaiting) -> NotebookPhase {
    match waiting.reason.as_str() {
        "" | "ContainerCreating" | "PodInitializing" => creating(case, facts),
        "CrashLoopBackOff" => {
            let count = facts.main.map_or(0, |m| m.restart_count);
            match facts.main.and_then(|m| m.last_state.terminated.as_ref()) {
                Some(ended) => crashed(facts, ended, count).since(ended.finished_at),
                None => NotebookPhase::new(Phase::Failed, "keeps crashing")
                    .advise(CRASH_ADVICE)
                    .quote(&waiting.message),
            }
        }
        reason if is_about_image(reason) => missing(case, facts, facts.image(), reason, &waiting.message),
        reason => cannot_start(reason, &waiting.message),
    }
}

/// On its way: pulling, mounting, creating.
fn creating(case: &Case<'_>, facts: &Facts<'_>) -> NotebookPhase {
    const STEPS: &[&str] = &[
        "Pulling",
        "Pulled",
        "Created",
        "Started",
        "FailedMount",
        "FailedAttachVolume",
        "SuccessfulAttachVolume",
        "FailedCreatePodSandBox",
    ];
    if let Some(step) = newest(case, &facts.about(), STEPS) {
        return match step.reason {
            "Pulling" => timed(case, "pulling image", step.at),
            "FailedMount" | "FailedAttachVolume" => mount_failed(case, facts, &step),
            "FailedCreatePodSandBox" => NotebookPhase::new(Phase::Waiting, "the node can't set up its network")
                .advise("It is tried again by itself. If this stays, tell an administrator.")
                .quote(step.message)
                .since(step.at),
            _ => NotebookPhase::new(Phase::Starting, "starting container").since(step.at),
        };
    }
    if let Some(init) = facts.pod.and_then(running_init) {
        return NotebookPhase::new(Phase::Starting, join(&["preparing, ", &init.name]));
    }
    match facts.node() {
        "" => NotebookPhase::new(Phase::Starting, "creating container"),
        node => NotebookPhase::new(Phase::Starting, join(&["creating container on ", node])),
    }
}

fn mount_failed(case: &Case<'_>, facts: &Facts<'_>, step: &Happened<'_>) -> NotebookPhase {
    let message = step.message;
    if let Some((what, name)) = absent(message) {
        return is_missing(what, name).quote(message).since(step.at);
    }
    let out = if message.contains("Multi-Attach") {
        NotebookPhase::new(Phase::Waiting, "its volume is in use on another node")
            .advise("Stop the notebook or pod that uses the volume; it attaches by itself then.")
    } else {
        let scheduled = Condition::find(facts.conditions, "PodScheduled").and_then(|c| c.last_transition_time);
        if scheduled.is_some_and(|t| case.now.since(t) < MOUNT_PATIENCE_MS) {
            return NotebookPhase::new(Phase::Starting, "attaching volumes").since(scheduled);
        }
        NotebookPhase::new(Phase::Waiting, "its volume can't be mounted")
            .advise("It is tried again by itself; the message says why it fails.")
    };
    out.quote(message).since(step.at)
}

/// The main container runs, but the pod isn't ready.
fn unready(case: &Case<'_>, facts: &Facts<'_>, started_at: Option<Timestamp>) -> NotebookPhase {
    // The node's silence turns only `Ready`; the kubelet's own word on the containers stays.
    if Condition::holds(facts.conditions, "ContainersReady")
        && Condition::find(facts.conditions, "Ready").is_some_and(|c| c.reason.is_empty())
    {
        return node_silent(facts);
    }
    let main_ready = facts.main.is_some_and(|m| m.ready);
    if let Some(other) = facts
        .pod
        .filter(|_| main_ready)
        .and_then(|pod| pod.status.container_statuses.iter().find(|c| !c.ready))
    {
        let (pieces, phase): (&[&str], _) = match &other.state.waiting {
            Some(w) if w.reason == "CrashLoopBackOff" => (&["sidecar ", &other.name, " keeps crashing"], Phase::Failed),
            Some(w) if is_about_image(&w.reason) => (
                &["image of sidecar ", &other.name, " can't be pulled"],
                Phase::ImageMissing,
            ),
            _ => (&["waiting for sidecar ", &other.name], Phase::Starting),
        };
        return NotebookPhase::new(phase, join(pieces)).since(started_at);
    }
    let waited_ms = started_at.map_or(0, |t| case.now.since(t));
    if waited_ms >= NO_ANSWER_MS {
        return NotebookPhase::new(Phase::Failed, join(&["does not answer for ", &short(waited_ms)]))
            .advise("The container runs, but its readiness check fails: read its log.")
            .since(started_at)
            .ticking();
    }
    timed(case, "server is starting", started_at)
}

fn node_silent(facts: &Facts<'_>) -> NotebookPhase {
    let node = if facts.node().is_empty() {
        "its node"
    } else {
        facts.node()
    };
    NotebookPhase::new(Phase::Waiting, join(&[node, " does not answer"]))
        .advise("The node may be down. The pod is moved after five minutes, when the cluster may do that.")
        .since(Condition::find(facts.conditions, "Ready").and_then(|c| c.last_transition_time))
}

/// An init container that fails; one that merely runs is progress.
fn init_trouble(case: &Case<'_>, facts: &Facts<'_>) -> Option<NotebookPhase> {
    let pod = facts.pod?;
    for init in &pod.status.init_container_statuses {
        if let Some(waiting) = &init.state.waiting {
            if is_about_image(&waiting.reason) {
                let image = pod
                    .spec
                    .init_containers
                    .iter()
                    .find(|c| c.name == init.name)
                    .map_or(init.image.as_str(), |c| &c.image);
                return Some(missing(case, facts, image, &waiting.reason, &waiting.message));
            }
            if waiting.reason == "CrashLoopBackOff" {
                let count = restarts(init.restart_count);
                return Some(
                    NotebookPhase::new(
                        Phase::Failed,
                        join(&["preparation ", &init.name, " keeps failing, ", &count]),
                    )
                    .advise("Read the log of that init container.")
                    .quote(&waiting.message),
                );
            }
            if !matches!(waiting.reason.as_str(), "" | "PodInitializing" | "ContainerCreating") {
                return Some(cannot_start(&waiting.reason, &waiting.message));
            }
        }
    }
    None
}

/// The init container at work; one with a startup that is over (a native sidecar) isn't.
fn running_init(pod: &Pod) -> Option<&ContainerStatus> {
    pod.status
        .init_container_statuses
        .iter()
        .find(|c| c.state.running.is_some() && c.started != Some(true))
}

/// A step with how long it takes so far.
fn timed(case: &Case<'_>, step: &'static str, since: Option<Timestamp>) -> NotebookPhase {
    let ms = since.map_or(0, |t| case.now.since(t));
    let reason = if ms < 1000 {
        step.into()
    } else {
        join(&[step, ", ", &short(ms)])
    };
    NotebookPhase::new(Phase::Starting, reason).since(since).ticking()
}
