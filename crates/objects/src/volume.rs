//! Views a PersistentVolumeClaim and a StorageClass: what a volume is, how big, and whether it is there.

use crate::meta::{Condition, Meta, ResourceList};
use crate::notebook::Resources;

/// A claim on a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersistentVolumeClaim {
    /// Metadata.
    pub metadata: Meta,
    /// What is asked for.
    pub spec: VolumeClaimSpec,
    /// What there is.
    pub status: VolumeClaimStatus,
}

crate::fields!(PersistentVolumeClaim { b"metadata" => metadata, b"spec" => spec, b"status" => status });

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeClaimSpec {
    /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
    pub access_modes: Vec<String>,
    /// Size (`storage`).
    pub resources: Resources,
    /// Class: `None` = the cluster's default, empty = none at all.
    pub storage_class_name: Option<String>,
    /// Volume it is bound to.
    pub volume_name: String,
    /// `Filesystem` or `Block`.
    pub volume_mode: String,
}

crate::fields!(VolumeClaimSpec {
    b"accessModes" => access_modes,
    b"resources" => resources,
    b"storageClassName" => storage_class_name,
    b"volumeName" => volume_name,
    b"volumeMode" => volume_mode,
});

/// What a claim has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeClaimStatus {
    /// `Pending`, `Bound`, `Lost`.
    pub phase: String,
    /// Modes that the volume has.
    pub access_modes: Vec<String>,
    /// Size that the volume has.
    pub capacity: ResourceList,
    /// Conditions, like `Resizing`.
    pub conditions: Vec<Condition>,
}

crate::fields!(VolumeClaimStatus {
    b"phase" => phase,
    b"accessModes" => access_modes,
    b"capacity" => capacity,
    b"conditions" => conditions,
});

/// A kind of storage that claims can ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageClass {
    /// Metadata.
    pub metadata: Meta,
    /// Who makes the volumes.
    pub provisioner: String,
    /// `Immediate` or `WaitForFirstConsumer`.
    pub volume_binding_mode: String,
    /// `Delete` or `Retain`.
    pub reclaim_policy: String,
    /// Whether volumes can grow.
    pub allow_volume_expansion: bool,
}

crate::fields!(StorageClass {
    b"metadata" => metadata,
    b"provisioner" => provisioner,
    b"volumeBindingMode" => volume_binding_mode,
    b"reclaimPolicy" => reclaim_policy,
    b"allowVolumeExpansion" => allow_volume_expansion,
});

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
