//! Views a PersistentVolumeClaim and a StorageClass: what a volume is, how big, and whether it is there.

use serde::Deserialize;

use crate::meta::{Condition, Meta, ResourceList};
use crate::notebook::Resources;
use crate::null::or_default;

/// A claim on a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PersistentVolumeClaim {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "or_default")]
    pub spec: VolumeClaimSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: VolumeClaimStatus,
}

impl PersistentVolumeClaim {
    /// Size as written: what there is, or what was asked for while there is none.
    pub fn size(&self) -> Option<&str> {
        self.status
            .capacity
            .get("storage")
            .or_else(|| self.spec.resources.requests.get("storage"))
    }
}

/// What a claim asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeClaimSpec {
    /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
    #[serde(deserialize_with = "or_default")]
    pub access_modes: Vec<String>,
    /// Size (`storage`).
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
    /// Class: `None` = the cluster's default, empty = none at all.
    pub storage_class_name: Option<String>,
    /// Volume it is bound to.
    #[serde(deserialize_with = "or_default")]
    pub volume_name: String,
    /// `Filesystem` or `Block`.
    #[serde(deserialize_with = "or_default")]
    pub volume_mode: String,
}

/// What a claim has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeClaimStatus {
    /// `Pending`, `Bound`, `Lost`.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
    /// Modes that the volume has.
    #[serde(deserialize_with = "or_default")]
    pub access_modes: Vec<String>,
    /// Size that the volume has.
    #[serde(deserialize_with = "or_default")]
    pub capacity: ResourceList,
    /// Conditions, like `Resizing`.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// A kind of storage that claims can ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StorageClass {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// Who makes the volumes.
    #[serde(deserialize_with = "or_default")]
    pub provisioner: String,
    /// `Immediate` or `WaitForFirstConsumer`.
    #[serde(deserialize_with = "or_default")]
    pub volume_binding_mode: String,
    /// `Delete` or `Retain`.
    #[serde(deserialize_with = "or_default")]
    pub reclaim_policy: String,
    /// Whether volumes can grow.
    #[serde(deserialize_with = "or_default")]
    pub allow_volume_expansion: bool,
}

impl StorageClass {
    /// Whether claims without a class get this one.
    pub fn is_default(&self) -> bool {
        [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ]
        .into_iter()
        .any(|key| self.metadata.annotation(key) == Some("true"))
    }
}
