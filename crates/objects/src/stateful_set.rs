//! Views a StatefulSet: how many pods of which revision.

use crate::meta::Meta;

/// A StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatefulSet {
    /// Metadata.
    pub metadata: Meta,
    /// What is asked for.
    pub spec: StatefulSetSpec,
    /// What there is.
    pub status: StatefulSetStatus,
}

crate::fields!(StatefulSet { b"metadata" => metadata, b"spec" => spec, b"status" => status });

impl StatefulSet {
    /// Pods asked for; Kubernetes' default is one.
    pub fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// Whether the status speaks of the spec as it is now.
    pub fn is_observed(&self) -> bool {
        self.status.observed_generation >= self.metadata.generation
    }
}

/// What a StatefulSet asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatefulSetSpec {
    /// Pods asked for.
    pub replicas: Option<i32>,
}

crate::fields!(StatefulSetSpec { b"replicas" => replicas });

/// What a StatefulSet has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatefulSetStatus {
    /// Generation of the spec that this speaks of.
    pub observed_generation: i64,
    /// Pods that exist.
    pub replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods of the current revision.
    pub current_replicas: i32,
    /// Pods of the new revision.
    pub updated_replicas: i32,
    /// Revision that pods have.
    pub current_revision: String,
    /// Revision that pods will have.
    pub update_revision: String,
}

crate::fields!(StatefulSetStatus {
    b"observedGeneration" => observed_generation,
    b"replicas" => replicas,
    b"readyReplicas" => ready_replicas,
    b"currentReplicas" => current_replicas,
    b"updatedReplicas" => updated_replicas,
    b"currentRevision" => current_revision,
    b"updateRevision" => update_revision,
});
