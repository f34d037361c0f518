//! Decides what a user may do, from the RBAC objects in the store, as the API server's RBAC authorizer does.

mod bootstrap;
pub(crate) mod escalation;
mod rules;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

pub(crate) use crate::rbac::bootstrap::objects as bootstrap_objects;
use crate::rbac::rules::{Grants, matches_path, matches_resource};
use crate::refusal::Refusal;
use crate::request::identity::Identity;
use crate::store::Store;

const SHELVES: [&str; 4] = [
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
];

/// What somebody wants to do to a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// The rights in force; read again from the store when an RBAC object has changed.
#[derive(Default)]
pub(crate) struct Rights(Mutex<Option<Arc<Snapshot>>>);

/// The rights at one moment.
pub(crate) struct Snapshot {
    versions: [u64; 4],
    grants: Grants,
}

impl Rights {
    /// The rights now.
    pub(crate) fn current(&self, store: &Store) -> Arc<Snapshot> {
        let versions = SHELVES.map(|shelf| store.shelf_version(shelf));
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = cached.as_ref().filter(|snapshot| snapshot.versions == versions) {
            return Arc::clone(snapshot);
        }
        let [cluster_roles, cluster_bindings, roles, bindings] = SHELVES.map(|shelf| store.all(shelf, None));
        let fresh = Arc::new(Snapshot {
            versions,
            grants: Grants::read(&cluster_roles, &cluster_bindings, &roles, &bindings),
        });
        *cached = Some(Arc::clone(&fresh));
        fresh
    }
}

impl Snapshot {
    /// Whether the user may do this.
    pub(crate) fn allows(&self, identity: &Identity, wanted: &Attributes<'_>) -> bool {
        identity.is_master() || self.why(identity, wanted).is_some()
    }

    /// The sentence that says which binding allows this; `None` when none does.
    pub(crate) fn why(&self, identity: &Identity, wanted: &Attributes<'_>) -> Option<String> {
        let mut granted = self.grants.of(identity, wanted.namespace);
        granted
            .find(|grant| grant.rules.iter().any(|rule| matches_resource(rule, wanted)))
            .map(|grant| grant.reason(identity))
    }

    /// Whether the user may ask for a path that is no resource.
    pub(crate) fn allows_path(&self, identity: &Identity, verb: &str, path: &str) -> bool {
        identity.is_master()
            || self
                .grants
                .of(identity, "")
                .any(|grant| grant.rules.iter().any(|rule| matches_path(rule, verb, path)))
    }

    /// The sentence that says which binding allows this path.
    pub(crate) fn why_path(&self, identity: &Identity, verb: &str, path: &str) -> Option<String> {
        let mut granted = self.grants.of(identity, "");
        granted
            .find(|grant| grant.rules.iter().any(|rule| matches_path(rule, verb, path)))
            .map(|grant| grant.reason(identity))
    }

    /// The rules of a role: of a Role in this namespace, or without one of a ClusterRole.
    pub(crate) fn rules_of_role(&self, namespace: &str, name: &str) -> Option<Vec<Value>> {
        self.grants.rules_of_role(namespace, name)
    }

    /// All rules of the user in a namespace: those of resources, then those of paths.
    pub(crate) fn rules(&self, identity: &Identity, namespace: &str) -> (Vec<Value>, Vec<Value>) {
        let (mut resources, mut paths) = (Vec::new(), Vec::new());
        if identity.is_master() {
            resources.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
            paths.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
        }
        for rule in self.grants.of(identity, namespace).flat_map(|grant| grant.rules.iter()) {
            if rule["nonResourceURLs"].is_array() {
                paths.push(json!({"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}));
            } else {
                let mut shown =
                    json!({"verbs": rule["verbs"], "apiGroups": rule["apiGroups"], "resources": rule["resources"]});
                if rule["resourceNames"].is_array() {
                    shown["resourceNames"] = rule["resourceNames"].clone();
                }
                resources.push(shown);
            }
        }
        (resources, paths)
    }
}

/// The API server's words for "you may not".
/// Source: k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go `Forbidden`.
pub(crate) fn forbidden(identity: &Identity, wanted: &Attributes<'_>) -> Refusal {
    let full = match (wanted.subresource, wanted.group) {
        ("", _) => wanted.resource.to_owned(),
        (sub, _) => format!("{}/{sub}", wanted.resource),
    };
    let scope = if wanted.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", wanted.namespace)
    };
    let why = format!(
        "User \"{}\" cannot {} resource \"{full}\" in API group \"{}\" {scope}",
        identity.user, wanted.verb, wanted.group
    );
    Refusal::forbidden(wanted.resource, wanted.group, wanted.name, why)
}
