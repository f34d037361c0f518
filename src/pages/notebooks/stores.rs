//! Joins what the stores know about one notebook, so that its phase can be derived.

use flowdeck_objects::{
    Event, Notebook, NotebookPhase, PersistentVolumeClaim, Phase, Pod, StatefulSet, Timestamp, VolumeKind, events,
    notebook_phase, notebook_phase_without_pods,
};
use flowdeck_watch::Rows;
use leptos::prelude::*;

use crate::live::Live;
use crate::live::lease::{Lease, StreamState};

/// Annotation whose presence stops a notebook.
const STOPPED: &str = "kubeflow-resource-stopped";

/// The live lists of a namespace that a notebook's phase is derived from.
#[derive(Clone)]
pub(super) struct Stores {
    pub(super) namespace: String,
    pub(super) notebooks: Lease<Notebook>,
    pub(super) pods: Lease<Pod>,
    pub(super) sets: Lease<StatefulSet>,
    pub(super) events: Lease<Event>,
}

impl Stores {
    /// Holds the lists of a namespace.
    pub(super) fn new(live: &Live, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            notebooks: live.notebooks(namespace),
            pods: live.pods(namespace),
            sets: live.stateful_sets(namespace),
            events: live.events(namespace),
        }
    }

    /// Subscribes to changes of all four.
    pub(super) fn track(&self) {
        self.notebooks.changed().track();
        self.pods.changed().track();
        self.pods.state().track();
        self.sets.changed().track();
        self.events.changed().track();
    }
}

/// A list of the page's namespace, held as long as the page lives; nothing while no namespace is chosen.
pub(super) fn held<T: 'static>(
    namespace: Signal<String>,
    live: &Live,
    take: fn(&Live, &str) -> Lease<T>,
) -> Memo<Option<Lease<T>>> {
    let live = live.clone();
    Memo::new_with_compare(
        move |_| namespace.with(|namespace| (!namespace.is_empty()).then(|| take(&live, namespace))),
        |_, _| true,
    )
}

/// Whether a pod that is not in this list is not in the cluster either: all of it has come, and may be seen.
pub(super) fn is_whole(state: &StreamState) -> bool {
    matches!(state, StreamState::Live | StreamState::Stale { .. })
}

/// Derives a notebook's phase from the rows of the stores; `whole` says that of the pods none is missing.
pub(super) fn derive(
    notebook: &Notebook,
    (pods, whole): (&Rows<Pod>, bool),
    sets: &Rows<StatefulSet>,
    about: &[&Event],
    now: Timestamp,
) -> NotebookPhase {
    let (namespace, name) = (&notebook.metadata.namespace, &notebook.metadata.name);
    let (pod, set) = (pod_of(pods, namespace, name), sets.by_name(namespace, name));
    if pod.is_some() || whole {
        notebook_phase(notebook, pod, set, about, now)
    } else {
        notebook_phase_without_pods(notebook, set, about, now)
    }
}

/// The notebook's pod, `<name>-0`.
pub(super) fn pod_of<'a>(pods: &'a Rows<Pod>, namespace: &str, name: &str) -> Option<&'a Pod> {
    pods.by_name(namespace, &[name, "-0"].concat())
}

/// All events about a notebook, its StatefulSet or its pod; walks the list, so for one notebook only.
pub(super) fn events_about<'a>(rows: &'a Rows<Event>, name: &str) -> Vec<&'a Event> {
    rows.iter()
        .filter(|event| events::notebook_name(event) == Some(name))
        .collect()
}

/// What a start or stop that was just asked for looks like, until the cluster takes it up.
pub(super) fn as_asked(mut phase: NotebookPhase, stopped: bool) -> NotebookPhase {
    let done = matches!(
        (stopped, phase.phase),
        (true, Phase::Stopping | Phase::Stopped) | (false, Phase::Starting | Phase::Running)
    );
    if !done && phase.phase != Phase::Deleting {
        phase.phase = if stopped { Phase::Stopping } else { Phase::Starting };
        phase.reason = "".into();
        (phase.advice, phase.message, phase.can_connect) = (None, None, false);
    }
    phase
}

/// The notebook as it will be once it is stopped, or started.
pub(super) fn with_stopped(notebook: &Notebook, stopped: bool, now: Timestamp) -> Notebook {
    let mut copy = notebook.clone();
    let kept = notebook.metadata.annotations.iter().filter(|(key, _)| *key != STOPPED);
    copy.metadata.annotations = kept.collect();
    if stopped {
        copy.metadata.annotations.insert(STOPPED, &now.to_rfc3339());
    }
    copy
}

/// A volume claim that a notebook mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsedVolume {
    pub(super) name: String,
    /// Size in words; empty when it is not known.
    pub(super) size: String,
    /// Other notebooks that mount it.
    pub(super) shared_with: Vec<String>,
}

/// The claims that a notebook mounts, and who else does.
pub(super) fn volumes_of(
    notebook: &Notebook,
    all: &Rows<Notebook>,
    claims: Option<&Rows<PersistentVolumeClaim>>,
) -> Vec<UsedVolume> {
    let meta = &notebook.metadata;
    claim_names(notebook)
        .map(|name| {
            let size = claims
                .and_then(|claims| claims.by_name(&meta.namespace, name)?.size())
                .and_then(|size| flowdeck_objects::Quantity::parse(size).ok())
                .map(flowdeck_objects::Quantity::bytes_text);
            let mut shared_with: Vec<String> = all
                .iter()
                .filter(|other| other.metadata.uid != meta.uid && claim_names(other).any(|claim| claim == name))
                .map(|other| other.metadata.name.clone())
                .collect();
            shared_with.sort_unstable();
            UsedVolume {
                name: name.to_owned(),
                size: size.unwrap_or_default(),
                shared_with,
            }
        })
        .collect()
}

fn claim_names(notebook: &Notebook) -> impl Iterator<Item = &str> {
    notebook
        .spec
        .template
        .spec
        .volumes
        .iter()
        .filter_map(|volume| match volume.kind() {
            VolumeKind::Claim { name, .. } => Some(name),
            _ => None,
        })
}
