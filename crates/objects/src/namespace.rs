//! Views a Namespace.

use serde::Deserialize;

use crate::meta::{Condition, Meta};
use crate::null::or_default;

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// Metadata.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    /// How it is.
    #[serde(deserialize_with = "or_default")]
    pub status: NamespaceStatus,
}

impl Namespace {
    /// Whether it is being deleted with all that is in it.
    pub fn is_terminating(&self) -> bool {
        self.metadata.is_deleting() || self.status.phase == "Terminating"
    }

    /// Who owns the Profile it belongs to (annotation `owner`, written by Kubeflow's profile controller).
    pub fn owner(&self) -> Option<&str> {
        self.metadata.annotation("owner")
    }
}

/// How a namespace is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
    /// What keeps a terminating one from going.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}
