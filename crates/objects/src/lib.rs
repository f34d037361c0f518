//! Says what Kubernetes and Kubeflow objects mean: slim typed views, quantities, times and phases.
//!
//! Never: a clock, I/O, an async runtime, `serde_json::Value`. Time is an argument (`now`).
//!
//! Reading order: [`Meta`] and the typed views, [`List`] and [`WatchEvent`] (how they arrive),
//! [`Quantity`], [`age`], [`events`], and [`notebook_phase`], the one place that says how a Notebook is.

pub mod age;
mod event;
pub mod events;
pub mod json;
mod list;
mod meta;
mod namespace;
mod node;
mod notebook;
pub mod notebook_phase;
mod pod;
mod quantity;
mod quota;
mod stateful_set;
mod status;
mod time;
mod volume;
mod watch_event;

pub use event::{Event, EventSeries, EventSource, InvolvedObject};
pub use list::{List, Page, Unreadable, Warning, read_page};
pub use meta::{Condition, ConfigMapName, Meta, Object, OwnerReference, ResourceList, SecretName, StringMap, Truth};
pub use namespace::{Namespace, NamespaceStatus};
pub use node::{Node, NodeSpec, NodeStatus, Taint};
pub use notebook::{
    Container, EnvFrom, EnvSource, EnvVar, FieldRef, KeyRef, NameRef, Notebook, NotebookSpec, NotebookStatus,
    PodTemplate, PodTemplateSpec, Resources, ServerType, Volume, VolumeKind, VolumeMount,
};
pub use notebook_phase::{Group, NotebookPhase, Phase, Shape, Tone, notebook_phase, notebook_phase_without_pods};
pub use pod::{
    ContainerState, ContainerStatus, Pod, PodContainer, PodSpec, PodStatus, StateRunning, StateTerminated, StateWaiting,
};
pub use quantity::{Quantity, QuantityError};
pub use quota::{ResourceQuota, ResourceQuotaSpec, ResourceQuotaStatus};
pub use stateful_set::{StatefulSet, StatefulSetSpec, StatefulSetStatus};
pub use status::{Cause, Details, Status};
pub use time::{Timestamp, civil_from_days, days_from_civil};
pub use volume::{PersistentVolumeClaim, StorageClass, VolumeClaimSpec, VolumeClaimStatus};
pub use watch_event::{ChangeKind, Frame, WatchEvent, read_frame};
