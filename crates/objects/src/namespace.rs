//! Views a Namespace.

use crate::meta::{Condition, Meta};

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Metadata.
    pub metadata: Meta,
    /// How it is.
    pub status: NamespaceStatus,
}

crate::fields!(Namespace { b"metadata" => metadata, b"status" => status });

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    pub phase: String,
    /// What keeps a terminating one from going.
    pub conditions: Vec<Condition>,
}

crate::fields!(NamespaceStatus { b"phase" => phase, b"conditions" => conditions });
