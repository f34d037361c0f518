//! Says how a Notebook failed: crashed, killed, evicted, or with settings that can't be applied.

use std::borrow::Cow;

use super::present::Facts;
use super::words::{join, quoted_after, restarts};
use super::{NotebookPhase, Phase};
use crate::pod::StateTerminated;

/// What to do about a crash.
pub(super) const CRASH_ADVICE: &str =
    "Read the log of the previous container. The image must serve HTTP on port 8888 under the path in NB_PREFIX.";

/// The main container ended by itself or was killed.
pub(super) fn crashed(facts: &Facts<'_>, ended: &StateTerminated, count: i32) -> NotebookPhase {
    let again = restarts(count);
    let (comma, again) = if count > 0 { (", ", again.as_str()) } else { ("", "") };
    if is_out_of_memory(ended) {
        return NotebookPhase::new(Phase::Failed, join(&["out of memory", comma, again]))
            .advise(memory_advice(facts))
            .quote(&ended.message);
    }
    let what = match (ended.exit_code, ended.reason.as_str()) {
        (_, "ContainerCannotRun" | "StartError") | (126 | 127, _) => "its command can't be run",
        (0, _) => "the server ended by itself",
        (137, _) => "killed from outside",
        _ if count > 1 => "keeps crashing",
        _ => "crashed",
    };
    let code = ended.exit_code.to_string();
    let code: &[&str] = if matches!(ended.exit_code, 0 | 137) {
        &[]
    } else {
        &[", exit code ", &code]
    };
    NotebookPhase::new(Phase::Failed, join(&[&[what, comma, again], code].concat()))
        .advise(CRASH_ADVICE)
        .quote(&ended.message)
}

pub(super) fn is_out_of_memory(ended: &StateTerminated) -> bool {
    ended.reason == "OOMKilled"
}

pub(super) fn memory_advice(facts: &Facts<'_>) -> Cow<'static, str> {
    let limit = facts
        .notebook
        .container()
        .and_then(|c| c.resources.limits.quantity("memory"));
    match limit {
        Some(limit) => join(&[
            "It needed more than its limit of ",
            &limit.bytes_text(),
            ": create it again with more memory, or load less at once.",
        ]),
        None => "The node ran out of memory: ask for as much as it needs, so that it gets a node with room.".into(),
    }
}

/// The container can't even be created or run. Texts: kubelet 1.36 `kuberuntime`.
pub(super) fn cannot_start(reason: &str, message: &str) -> NotebookPhase {
    if let Some((what, name)) = absent(message) {
        return is_missing(what, name).quote(message);
    }
    let words = match reason {
        "CreateContainerConfigError" => "its settings can't be applied",
        "PostStartHookError" | "PreStartHookError" => "its start hook fails",
        _ => "its container can't start",
    };
    NotebookPhase::new(Phase::Failed, words)
        .advise("The kubelet's message says why.")
        .quote(message)
}

/// `secret "x" not found`, `couldn't find key k in Secret ns/x` → what is missing.
pub(super) fn absent(message: &str) -> Option<(&'static str, &str)> {
    if message.contains("not found") {
        for (before, what) in [
            ("secret ", "secret "),
            ("configmap ", "config map "),
            ("persistentvolumeclaim ", "volume "),
        ] {
            if let Some(name) = quoted_after(message, before) {
                return Some((what, name));
            }
        }
    }
    let (_, rest) = message.split_once("couldn't find key ")?;
    Some(("key ", rest.split(' ').next()?))
}

pub(super) fn is_missing(what: &str, name: &str) -> NotebookPhase {
    NotebookPhase::new(Phase::Failed, join(&[what, name, " is missing"]))
        .advise("Create it in this namespace; the notebook starts by itself then.")
}

/// The pod as a whole is over; the StatefulSet makes another one.
pub(super) fn ended(facts: &Facts<'_>) -> NotebookPhase {
    let Some(pod) = facts.pod else {
        return NotebookPhase::new(Phase::Failed, "its pod failed");
    };
    let message = pod.status.message.as_str();
    let low = message
        .split_once("low on resource: ")
        .map(|(_, rest)| rest.split(['.', ' ']).next().unwrap_or(""));
    let reason = match (pod.status.reason.as_str(), low) {
        ("Evicted", Some(resource)) => join(&["evicted, its node was low on ", resource]),
        ("Evicted", None) => "evicted from its node".into(),
        ("Preempting" | "Preempted", _) => "made room for a more important pod".into(),
        ("NodeShutdown" | "Shutdown" | "Terminated", _) => "its node was shut down".into(),
        ("NodeLost", _) => "its node was lost".into(),
        ("", _) => match facts.state.terminated.as_ref() {
            Some(ended) => {
                return crashed(facts, ended, facts.main.map_or(0, |m| m.restart_count)).since(ended.finished_at);
            }
            None => "its pod failed".into(),
        },
        (other, _) => join(&["its pod failed: ", other]),
    };
    NotebookPhase::new(Phase::Failed, reason)
        .advise("A new pod is made by itself. If this repeats, ask for what it really needs.")
        .quote(message)
}
