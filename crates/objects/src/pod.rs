//! Views a Pod: where it runs and how its containers are.

use serde::Deserialize;

use crate::meta::{Condition, Meta};
use crate::notebook::Resources;
use crate::null::or_default;
use crate::time::{self, Timestamp};

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What was asked for.
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
    /// How it is.
    #[serde(deserialize_with = "or_default")]
    pub status: PodStatus,
}

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// Node; empty until scheduled.
    #[serde(deserialize_with = "or_default")]
    pub node_name: String,
    /// Containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<PodContainer>,
    /// Containers that run first.
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<PodContainer>,
}

/// A container of a pod; its environment and mounts are in the YAML only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodContainer {
    /// Name in the pod.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Image reference.
    #[serde(deserialize_with = "or_default")]
    pub image: String,
    /// CPU, memory, GPUs.
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
}

/// How a pod is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
    /// Why the pod as a whole failed, like `Evicted`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// The same in words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// Conditions.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// Containers.
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Containers that run first.
    #[serde(deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// When the kubelet took it.
    #[serde(deserialize_with = "time::optional")]
    pub start_time: Option<Timestamp>,
}

/// How a container is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    /// Name in the pod.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Image as the node resolved it.
    #[serde(deserialize_with = "or_default")]
    pub image: String,
    /// Whether its readiness probe passes.
    #[serde(deserialize_with = "or_default")]
    pub ready: bool,
    /// Whether its startup probe has passed; `None` when the kubelet doesn't say.
    pub started: Option<bool>,
    /// How often it was started again.
    #[serde(deserialize_with = "or_default")]
    pub restart_count: i32,
    /// State now.
    #[serde(deserialize_with = "or_default")]
    pub state: ContainerState,
    /// State before the last restart.
    #[serde(deserialize_with = "or_default")]
    pub last_state: ContainerState,
}

/// State of a container: at most one is set; none means waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Not running yet, or not again.
    pub waiting: Option<StateWaiting>,
    /// Running.
    pub running: Option<StateRunning>,
    /// Ended.
    pub terminated: Option<StateTerminated>,
}

impl ContainerState {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_none() && self.running.is_none() && self.terminated.is_none()
    }
}

/// Why a container waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StateWaiting {
    /// One CamelCase word, like `ContainerCreating`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// In the kubelet's words.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
}

/// Since when a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StateRunning {
    /// When it was last started.
    #[serde(deserialize_with = "time::optional")]
    pub started_at: Option<Timestamp>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StateTerminated {
    /// Exit code; 137 = killed (128 + SIGKILL).
    #[serde(deserialize_with = "or_default")]
    pub exit_code: i32,
    /// Signal that ended it, or 0.
    #[serde(deserialize_with = "or_default")]
    pub signal: i32,
    /// One CamelCase word, like `OOMKilled`, `Error`, `Completed`.
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    /// In the container's own words (termination log).
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// When it was started.
    #[serde(deserialize_with = "time::optional")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(deserialize_with = "time::optional")]
    pub finished_at: Option<Timestamp>,
}
