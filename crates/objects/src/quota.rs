//! Views a ResourceQuota: what a namespace may use, and uses.

use serde::Deserialize;

use crate::meta::{Meta, ResourceList};
use crate::null::or_default;

/// A quota of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceQuota {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// What is set.
    #[serde(deserialize_with = "or_default")]
    pub spec: ResourceQuotaSpec,
    /// What is counted.
    #[serde(deserialize_with = "or_default")]
    pub status: ResourceQuotaStatus,
}

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceQuotaSpec {
    /// Limits by name, like `requests.cpu`.
    #[serde(deserialize_with = "or_default")]
    pub hard: ResourceList,
}

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceQuotaStatus {
    /// Limits in force.
    #[serde(deserialize_with = "or_default")]
    pub hard: ResourceList,
    /// Used of each.
    #[serde(deserialize_with = "or_default")]
    pub used: ResourceList,
}
