//! Views a StatefulSet: how many pods of which revision.

use serde::Deserialize;

use crate::meta::Meta;
use crate::null::or_default;

/// A StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What is asked for.
    #[serde(deserialize_with = "or_default")]
    pub spec: StatefulSetSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: StatefulSetStatus,
}

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatefulSetSpec {
    /// Pods asked for.
    pub replicas: Option<i32>,
}

/// What a StatefulSet has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatefulSetStatus {
    /// Generation of the spec that this speaks of.
    #[serde(deserialize_with = "or_default")]
    pub observed_generation: i64,
    /// Pods that exist.
    #[serde(deserialize_with = "or_default")]
    pub replicas: i32,
    /// Pods that are ready.
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: i32,
    /// Pods of the current revision.
    #[serde(deserialize_with = "or_default")]
    pub current_replicas: i32,
    /// Pods of the new revision.
    #[serde(deserialize_with = "or_default")]
    pub updated_replicas: i32,
    /// Revision that pods have.
    #[serde(deserialize_with = "or_default")]
    pub current_revision: String,
    /// Revision that pods will have.
    #[serde(deserialize_with = "or_default")]
    pub update_revision: String,
}
