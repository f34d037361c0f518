//! Knows every kind that is served: the built-in ones, and those that CustomResourceDefinitions add while running.

mod builtin;
mod custom;
mod kind;

use std::sync::{Arc, PoisonError, RwLock};

use crate::store::Store;

pub(crate) use crate::registry::custom::from_definition;
pub(crate) use crate::registry::kind::{Kind, Scale, Version};

/// The shelf of the definitions themselves.
pub(crate) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// All kinds; replaced as a whole when a definition changes.
pub(crate) struct Registry {
    kinds: RwLock<Arc<Vec<Arc<Kind>>>>,
}

impl Registry {
    /// The built-in kinds and those defined in the store.
    pub(crate) fn new(store: &Store) -> Self {
        let registry = Self {
            kinds: RwLock::new(Arc::new(Vec::new())),
        };
        registry.reload(store);
        registry
    }

    /// Reads the definitions again.
    pub(crate) fn reload(&self, store: &Store) {
        let mut kinds: Vec<Arc<Kind>> = builtin::kinds().into_iter().map(Arc::new).collect();
        for entry in store.all(DEFINITIONS, None) {
            let value = entry.value();
            if value["metadata"]["deletionTimestamp"].is_null() {
                kinds.push(Arc::new(from_definition(&value)));
            }
        }
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(kinds);
    }

    /// All kinds at this moment.
    pub(crate) fn kinds(&self) -> Arc<Vec<Arc<Kind>>> {
        Arc::clone(&self.kinds.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The kind behind a path, when that version of it is served.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let served = |kind: &&Arc<Kind>| {
            kind.group == group && kind.plural == plural && kind.versions.iter().any(|v| v.served && v.name == version)
        };
        self.kinds().iter().find(served).cloned()
    }

    /// The kind of a group by its plural.
    pub(crate) fn by_plural(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds()
            .iter()
            .find(|kind| kind.group == group && kind.plural == plural)
            .cloned()
    }
}
