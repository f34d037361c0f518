//! Views a Node: what it has, what is left to give, whether it takes pods.

use serde::Deserialize;

use crate::meta::{Condition, Meta, ResourceList};
use crate::null::or_default;

/// A machine of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What is set.
    #[serde(deserialize_with = "or_default")]
    pub spec: NodeSpec,
    /// How it is.
    #[serde(deserialize_with = "or_default")]
    pub status: NodeStatus,
}

impl Node {
    /// Whether its kubelet reports and is well.
    pub fn is_ready(&self) -> bool {
        Condition::holds(&self.status.conditions, "Ready")
    }
}

/// What is set on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeSpec {
    /// Cordoned: takes no new pods.
    #[serde(deserialize_with = "or_default")]
    pub unschedulable: bool,
    /// Marks that keep pods away.
    #[serde(deserialize_with = "or_default")]
    pub taints: Vec<Taint>,
}

/// A mark that keeps pods away that don't tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taint {
    /// Key.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    #[serde(deserialize_with = "or_default")]
    pub effect: String,
}

/// How a node is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// What it has.
    #[serde(deserialize_with = "or_default")]
    pub capacity: ResourceList,
    /// What it gives to pods.
    #[serde(deserialize_with = "or_default")]
    pub allocatable: ResourceList,
    /// Conditions.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}
