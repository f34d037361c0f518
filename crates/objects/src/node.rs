//! Views a Node: what it has, what is left to give, whether it takes pods.

use crate::meta::{Condition, Meta, ResourceList};

/// A machine of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Metadata.
    pub metadata: Meta,
    /// What is set.
    pub spec: NodeSpec,
    /// How it is.
    pub status: NodeStatus,
}

crate::fields!(Node { b"metadata" => metadata, b"spec" => spec, b"status" => status });

impl Node {
    /// Whether its kubelet reports and is well.
    pub fn is_ready(&self) -> bool {
        Condition::holds(&self.status.conditions, "Ready")
    }
}

/// What is set on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSpec {
    /// Cordoned: takes no new pods.
    pub unschedulable: bool,
    /// Marks that keep pods away.
    pub taints: Vec<Taint>,
}

crate::fields!(NodeSpec { b"unschedulable" => unschedulable, b"taints" => taints });

/// A mark that keeps pods away that don't tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: String,
}

crate::fields!(Taint { b"key" => key, b"value" => value, b"effect" => effect });

/// How a node is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeStatus {
    /// What it has.
    pub capacity: ResourceList,
    /// What it gives to pods.
    pub allocatable: ResourceList,
    /// Conditions.
    pub conditions: Vec<Condition>,
}

crate::fields!(NodeStatus { b"capacity" => capacity, b"allocatable" => allocatable, b"conditions" => conditions });
