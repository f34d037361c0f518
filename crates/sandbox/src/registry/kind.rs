//! Describes one kind: its names, versions, sub-resources and, for custom ones, its schema.

use std::sync::Arc;

use serde_json::Value;

/// A served kind.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Whether `status` is a sub-resource of its own.
    pub(crate) status: bool,
    pub(crate) scale: Option<Scale>,
    /// Whether a definition made it.
    pub(crate) custom: bool,
    /// The preferred one first.
    pub(crate) versions: Vec<Version>,
    shelf: String,
}

/// One version of a kind.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) served: bool,
    /// The structural schema of a custom kind.
    pub(crate) schema: Option<Arc<Value>>,
    /// What `kubectl get` shows of a custom kind.
    pub(crate) columns: Vec<Column>,
    /// Fields of a custom kind that field selectors may use.
    pub(crate) selectable: Vec<String>,
    /// The warning that a deprecated version answers with.
    pub(crate) warning: Option<String>,
}

/// One column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) format: String,
    pub(crate) description: String,
    pub(crate) priority: i64,
    /// A JSON path into the object.
    pub(crate) path: String,
}

/// Where the scale sub-resource finds its numbers; paths like `.spec.replicas`.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    pub(crate) spec: String,
    pub(crate) status: String,
    pub(crate) selector: Option<String>,
}

impl Kind {
    /// A kind with its shelf name made.
    pub(crate) fn new(group: &str, plural: &str, kind: &str, namespaced: bool) -> Self {
        let shelf = if group.is_empty() {
            plural.to_owned()
        } else {
            format!("{plural}.{group}")
        };
        Self {
            group: group.to_owned(),
            plural: plural.to_owned(),
            singular: kind.to_lowercase(),
            kind: kind.to_owned(),
            list_kind: format!("{kind}List"),
            short_names: Vec::new(),
            categories: Vec::new(),
            namespaced,
            status: false,
            scale: None,
            custom: false,
            versions: Vec::new(),
            shelf,
        }
    }

    /// Its name in the store and in messages: `pods`, `statefulsets.apps`.
    pub(crate) fn shelf(&self) -> &str {
        &self.shelf
    }

    /// The kind with its group, as messages say it: `Pod`, `Deployment.apps`.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.clone()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() {
            version.to_owned()
        } else {
            format!("{}/{version}", self.group)
        }
    }

    /// The version with this name.
    pub(crate) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The first bytes of an object of this kind, without the bracket: `"apiVersion":"v1","kind":"Pod",`.
    pub(crate) fn head(&self, version: &str) -> String {
        format!(
            "\"apiVersion\":\"{}\",\"kind\":\"{}\",",
            self.api_version(version),
            self.kind
        )
    }

    /// The key of an object in the store.
    pub(crate) fn key(&self, namespace: &str, name: &str) -> String {
        if self.namespaced {
            format!("{namespace}/{name}")
        } else {
            name.to_owned()
        }
    }
}
