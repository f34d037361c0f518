//! Views a Pod: where it runs and how its containers are.

use crate::meta::{Condition, Meta};
use crate::notebook::Resources;
use crate::time::Timestamp;

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: PodSpec,
    /// How it is.
    pub status: PodStatus,
}

crate::fields!(Pod { b"metadata" => metadata, b"spec" => spec, b"status" => status });

impl Pod {
    /// The Notebook it serves (label `notebook-name`).
    pub fn notebook_name(&self) -> Option<&str> {
        self.metadata.label("notebook-name")
    }

    /// The StatefulSet it belongs to (label `statefulset`, set by Kubeflow's controller).
    pub fn stateful_set_name(&self) -> Option<&str> {
        self.metadata.label("statefulset")
    }

    /// The revision of the StatefulSet that it was made from.
    pub fn revision(&self) -> Option<&str> {
        self.metadata.label("controller-revision-hash")
    }

    /// State of one container; `None` before the kubelet has said anything.
    pub fn container_status(&self, container: &str) -> Option<&ContainerStatus> {
        self.status.container_statuses.iter().find(|c| c.name == container)
    }

    /// Restarts of all containers.
    pub fn restarts(&self) -> i32 {
        self.status
            .container_statuses
            .iter()
            .fold(0, |sum, c| sum.saturating_add(c.restart_count))
    }

    /// Whether the condition `Ready` says `True`.
    pub fn is_ready(&self) -> bool {
        Condition::holds(&self.status.conditions, "Ready")
    }
}

/// What a pod asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSpec {
    /// Node; empty until scheduled.
    pub node_name: String,
    /// Containers.
    pub containers: Vec<PodContainer>,
    /// Containers that run first.
    pub init_containers: Vec<PodContainer>,
}

crate::fields!(PodSpec { b"nodeName" => node_name, b"containers" => containers, b"initContainers" => init_containers });

/// A container of a pod; its environment and mounts are in the YAML only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodContainer {
    /// Name in the pod.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// CPU, memory, GPUs.
    pub resources: Resources,
}

crate::fields!(PodContainer { b"name" => name, b"image" => image, b"resources" => resources });

/// How a pod is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    /// Why the pod as a whole failed, like `Evicted`.
    pub reason: String,
    /// The same in words.
    pub message: String,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Containers.
    pub container_statuses: Vec<ContainerStatus>,
    /// Containers that run first.
    pub init_container_statuses: Vec<ContainerStatus>,
    /// When the kubelet took it.
    pub start_time: Option<Timestamp>,
}

crate::fields!(PodStatus {
    b"phase" => phase,
    b"reason" => reason,
    b"message" => message,
    b"conditions" => conditions,
    b"containerStatuses" => container_statuses,
    b"initContainerStatuses" => init_container_statuses,
    b"startTime" => start_time,
});

/// How a container is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerStatus {
    /// Name in the pod.
    pub name: String,
    /// Image as the node resolved it.
    pub image: String,
    /// Whether its readiness probe passes.
    pub ready: bool,
    /// Whether its startup probe has passed; `None` when the kubelet doesn't say.
    pub started: Option<bool>,
    /// How often it was started again.
    pub restart_count: i32,
    /// State now.
    pub state: ContainerState,
    /// State before the last restart.
    pub last_state: ContainerState,
}

crate::fields!(ContainerStatus {
    b"name" => name,
    b"image" => image,
    b"ready" => ready,
    b"started" => started,
    b"restartCount" => restart_count,
    b"state" => state,
    b"lastState" => last_state,
});

/// State of a container: at most one is set; none means waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerState {
    /// Not running yet, or not again.
    pub waiting: Option<StateWaiting>,
    /// Running.
    pub running: Option<StateRunning>,
    /// Ended.
    pub terminated: Option<StateTerminated>,
}

crate::fields!(ContainerState { b"waiting" => waiting, b"running" => running, b"terminated" => terminated });

impl ContainerState {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_none() && self.running.is_none() && self.terminated.is_none()
    }
}

/// Why a container waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateWaiting {
    /// One CamelCase word, like `ContainerCreating`.
    pub reason: String,
    /// In the kubelet's words.
    pub message: String,
}

crate::fields!(StateWaiting { b"reason" => reason, b"message" => message });

/// Since when a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateRunning {
    /// When it was last started.
    pub started_at: Option<Timestamp>,
}

crate::fields!(StateRunning { b"startedAt" => started_at });

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateTerminated {
    /// Exit code; 137 = killed (128 + SIGKILL).
    pub exit_code: i32,
    /// Signal that ended it, or 0.
    pub signal: i32,
    /// One CamelCase word, like `OOMKilled`, `Error`, `Completed`.
    pub reason: String,
    /// In the container's own words (termination log).
    pub message: String,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

crate::fields!(StateTerminated {
    b"exitCode" => exit_code,
    b"signal" => signal,
    b"reason" => reason,
    b"message" => message,
    b"startedAt" => started_at,
    b"finishedAt" => finished_at,
});
