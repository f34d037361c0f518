//! Says how a Notebook is, and why, and what to do: the one place that derives its phase.
//!
//! Rule: kubernetes objects as they are, never Kubeflow's mirrored status alone; the traps of today's pages
//! are in dashboard-and-notebooks.md §1.3.

use std::borrow::Cow;

use crate::{Event, Notebook, Pod, StatefulSet, Timestamp};

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

/// Says how a Notebook is. `events` are those of the Notebook, its StatefulSet and its pod, in any order.
///
/// `pod` is its pod `<name>-0`, if there is one. Events of earlier pods and of an earlier Notebook
/// of the same name are ignored by uid and time.
pub fn notebook_phase(
    notebook: &Notebook,
    pod: Option<&Pod>,
    _stateful_set: Option<&StatefulSet>,
    _events: &[&Event],
    _now: Timestamp,
) -> NotebookPhase {
    let phase = if notebook.metadata.is_deleting() {
        Phase::Deleting
    } else if notebook.is_stopped() {
        if pod.is_some() {
            Phase::Stopping
        } else {
            Phase::Stopped
        }
    } else if pod.is_some_and(Pod::is_ready) {
        Phase::Running
    } else {
        Phase::Starting
    };
    NotebookPhase {
        phase,
        reason: Cow::Borrowed(""),
        advice: None,
        message: None,
        since: None,
        ticks: false,
        restarts: pod.map_or(0, Pod::restarts),
        outdated: false,
        can_connect: phase == Phase::Running,
    }
}
