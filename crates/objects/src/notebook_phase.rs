//! Says how a Notebook is, and why, and what to do: the one place that derives its phase.
//!
//! Never trusts the Notebook's mirrored status where the pod itself is there, never a condition by its place
//! in the list, never events of an earlier pod. Rule: Kubernetes objects as kubelet, scheduler and StatefulSet
//! controller write them (1.36) and notebook-controller mirrors them (kubeflow/notebooks 177b098,
//! `controllers/notebook_controller.go`); the traps of today's pages: dashboard-and-notebooks.md §1.3.

mod creation;
mod failing;
mod going;
mod happened;
mod image;
mod present;
mod scheduling;
mod words;

use std::borrow::Cow;

use crate::{Event, Notebook, Pod, StatefulSet, Timestamp};
use present::Facts;

/// The one word for how a Notebook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It doesn't run and won't without help: crash loop, out of memory, evicted, bad configuration.
    Failed,
    /// Its image can't be pulled.
    ImageMissing,
    /// It waits for something outside: room on a node, quota, a volume.
    Waiting,
    /// It is on its way up.
    Starting,
    /// It can be used.
    Running,
    /// It is on its way down.
    Stopping,
    /// It is off, by annotation.
    Stopped,
    /// It is being deleted.
    Deleting,
}

/// Colour of a phase: hues only mean status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Green.
    Ok,
    /// Blue: in progress.
    Busy,
    /// Amber.
    Warn,
    /// Red.
    Bad,
    /// Grey.
    Off,
}

/// Shape of a phase: status is never colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Filled disc: running.
    Disc,
    /// Turning ring: in progress.
    Ring,
    /// Diamond: waiting for something outside.
    Diamond,
    /// Triangle: failed.
    Triangle,
    /// Square: stopped.
    Square,
}

/// The chip that a phase counts under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Running.
    Running,
    /// Starting.
    Starting,
    /// Failing: failed, image missing.
    Failing,
    /// Waiting.
    Waiting,
    /// Stopped, and stopping.
    Stopped,
}

impl Phase {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::ImageMissing => "Image missing",
            Self::Waiting => "Waiting",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Deleting => "Deleting",
        }
    }

    /// Its colour.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Failed | Self::ImageMissing => Tone::Bad,
            Self::Waiting => Tone::Warn,
            Self::Starting => Tone::Busy,
            Self::Running => Tone::Ok,
            Self::Stopping | Self::Stopped | Self::Deleting => Tone::Off,
        }
    }

    /// Its shape.
    pub const fn shape(self) -> Shape {
        match self {
            Self::Failed | Self::ImageMissing => Shape::Triangle,
            Self::Waiting => Shape::Diamond,
            Self::Starting | Self::Stopping | Self::Deleting => Shape::Ring,
            Self::Running => Shape::Disc,
            Self::Stopped => Shape::Square,
        }
    }

    /// The chip it counts under; a Notebook being deleted only counts under "All".
    pub const fn group(self) -> Option<Group> {
        match self {
            Self::Failed | Self::ImageMissing => Some(Group::Failing),
            Self::Waiting => Some(Group::Waiting),
            Self::Starting => Some(Group::Starting),
            Self::Running => Some(Group::Running),
            Self::Stopping | Self::Stopped => Some(Group::Stopped),
            Self::Deleting => None,
        }
    }
}

impl Group {
    /// All, in the order of the chips.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Starting,
        Self::Failing,
        Self::Waiting,
        Self::Stopped,
    ];

    /// The word on the chip.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Starting => "Starting",
            Self::Failing => "Failing",
            Self::Waiting => "Waiting",
            Self::Stopped => "Stopped",
        }
    }

    /// The word in the URL (`?phase=failing`).
    pub const fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Failing => "failing",
            Self::Waiting => "waiting",
            Self::Stopped => "stopped",
        }
    }
}

/// How a Notebook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotebookPhase {
    /// The one word.
    pub phase: Phase,
    /// Why, in a few words that stand beside it: `pulling image, 38 s`; empty when there is nothing to say.
    pub reason: Cow<'static, str>,
    /// What to do next, in a sentence.
    pub advice: Option<Cow<'static, str>>,
    /// The cluster's own words (a message of kubelet or scheduler), when something is wrong.
    pub message: Option<Box<str>>,
    /// Since when it is so, as far as the objects say.
    pub since: Option<Timestamp>,
    /// Whether `reason` speaks of time that passes: derive again each second while it is on screen.
    pub ticks: bool,
    /// Restarts of the notebook's container in this pod.
    pub restarts: i32,
    /// Whether the pod was made from an older revision than the Notebook asks for.
    pub outdated: bool,
    /// Whether one can connect: the pod is ready and nothing takes it down.
    pub can_connect: bool,
}

/// Says how a Notebook is.
///
/// `pod` is its pod `<name>-0` as it is now, or `None` when there is none (when pods can't be seen, use
/// [`notebook_phase_without_pods`]). `events` are those of the Notebook, its StatefulSet and its pod in any
/// order (see [`crate::events::notebook_name`]); those of earlier pods and of an earlier Notebook of the same
/// name are left out here, by uid and time. Cheap for a Notebook that runs: events are looked at only when
/// something is on its way or wrong.
pub fn notebook_phase(
    notebook: &Notebook,
    pod: Option<&Pod>,
    stateful_set: Option<&StatefulSet>,
    events: &[&Event],
    now: Timestamp,
) -> NotebookPhase {
    let case = Case {
        notebook,
        stateful_set,
        events,
        now,
    };
    if notebook.metadata.is_deleting() {
        return going::deleting(&case, pod);
    }
    let (own, earlier) = match pod {
        Some(pod) if case.is_of_earlier_set(pod) => (None, Some(pod)),
        pod => (pod, None),
    };
    if notebook.is_stopped() {
        return match own {
            Some(pod) => going::stopping(&case, Some(pod)),
            None => going::stopped(&case),
        };
    }
    let Some(pod) = own else {
        return match earlier {
            Some(pod) => going::blocked_by_earlier_pod(&case, pod),
            None => creation::without_pod(&case),
        };
    };
    let outdated = case.is_outdated(pod);
    let mut out = if pod.metadata.is_deleting() {
        going::replaced(&case, pod, outdated)
    } else {
        present::present(&case, &Facts::of_pod(notebook, pod))
    };
    out.restarts = case.main_status(pod).map_or(0, |status| status.restart_count);
    out.outdated = outdated;
    if outdated && !pod.metadata.is_deleting() {
        present::mark_outdated(&mut out);
    }
    out
}

/// Says how a Notebook is where pods can't be seen (no permission, or not loaded yet): by its mirrored status.
///
/// Lags behind [`notebook_phase`] and knows no restarts, but never says that there is no pod.
pub fn notebook_phase_without_pods(
    notebook: &Notebook,
    stateful_set: Option<&StatefulSet>,
    events: &[&Event],
    now: Timestamp,
) -> NotebookPhase {
    let case = Case {
        notebook,
        stateful_set,
        events,
        now,
    };
    let facts = Facts::of_status(notebook);
    if notebook.metadata.is_deleting() {
        going::deleting(&case, None)
    } else if notebook.is_stopped() {
        if facts.is_empty() {
            going::stopped(&case)
        } else {
            going::stopping(&case, None)
        }
    } else if facts.is_empty() {
        creation::without_pod(&case)
    } else {
        present::present(&case, &facts)
    }
}

/// What is looked at together.
struct Case<'a> {
    notebook: &'a Notebook,
    stateful_set: Option<&'a StatefulSet>,
    events: &'a [&'a Event],
    now: Timestamp,
}

impl<'a> Case<'a> {
    /// The pod belongs to a StatefulSet that is gone: of an earlier Notebook of the same name.
    fn is_of_earlier_set(&self, pod: &Pod) -> bool {
        let (Some(set), Some(owner)) = (self.stateful_set, pod.metadata.controller()) else {
            return false;
        };
        !set.metadata.uid.is_empty() && owner.kind == "StatefulSet" && owner.uid != set.metadata.uid
    }

    /// The pod was made from an older revision than the StatefulSet asks for.
    ///
    /// Only once the StatefulSet's status speaks of its spec: before, `updateRevision` is itself an old one.
    fn is_outdated(&self, pod: &Pod) -> bool {
        let (Some(set), Some(revision)) = (self.stateful_set, pod.revision()) else {
            return false;
        };
        let wanted = &set.status.update_revision;
        set.is_observed() && !wanted.is_empty() && wanted != revision
    }

    /// Name of the container that serves the Notebook.
    fn main_container(&self) -> &'a str {
        self.notebook
            .container()
            .map_or(&self.notebook.metadata.name, |c| &c.name)
    }

    /// Status of that container, once the kubelet has said something.
    fn main_status<'p>(&self, pod: &'p Pod) -> Option<&'p crate::ContainerStatus> {
        pod.container_status(self.main_container())
            .or(pod.status.container_statuses.first())
    }
}

impl NotebookPhase {
    fn new(phase: Phase, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            phase,
            reason: reason.into(),
            advice: None,
            message: None,
            since: None,
            ticks: false,
            restarts: 0,
            outdated: false,
            can_connect: false,
        }
    }

    fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn quote(mut self, message: &str) -> Self {
        self.message = if message.is_empty() { None } else { Some(message.into()) };
        self
    }

    fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    fn ticking(mut self) -> Self {
        self.ticks = true;
        self
    }
}

#[cfg(test)]
mod tests;
