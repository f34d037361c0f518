//! Lists the built-in kinds.

use crate::registry::kind::{Kind, Scale, Version};

/// Group, plural, kind, namespaced, status sub-resource, short names, categories.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    bool,
    bool,
    &'static [&'static str],
    &'static [&'static str],
);

const RBAC: &str = "rbac.authorization.k8s.io";

const ROWS: &[Row] = &[
    ("", "namespaces", "Namespace", false, true, &["ns"], &[]),
    ("", "nodes", "Node", false, true, &["no"], &[]),
    ("", "pods", "Pod", true, true, &["po"], &["all"]),
    ("", "events", "Event", true, false, &["ev"], &[]),
    (
        "",
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
        true,
        true,
        &["pvc"],
        &[],
    ),
    ("", "persistentvolumes", "PersistentVolume", false, true, &["pv"], &[]),
    ("", "services", "Service", true, true, &["svc"], &["all"]),
    ("", "configmaps", "ConfigMap", true, false, &["cm"], &[]),
    ("", "secrets", "Secret", true, false, &[], &[]),
    ("", "serviceaccounts", "ServiceAccount", true, false, &["sa"], &[]),
    ("", "resourcequotas", "ResourceQuota", true, true, &["quota"], &[]),
    ("", "limitranges", "LimitRange", true, false, &["limits"], &[]),
    ("", "endpoints", "Endpoints", true, false, &["ep"], &[]),
    ("apps", "statefulsets", "StatefulSet", true, true, &["sts"], &["all"]),
    ("apps", "deployments", "Deployment", true, true, &["deploy"], &["all"]),
    ("apps", "replicasets", "ReplicaSet", true, true, &["rs"], &["all"]),
    (
        "apps",
        "controllerrevisions",
        "ControllerRevision",
        true,
        false,
        &[],
        &[],
    ),
    (
        "storage.k8s.io",
        "storageclasses",
        "StorageClass",
        false,
        false,
        &["sc"],
        &[],
    ),
    ("coordination.k8s.io", "leases", "Lease", true, false, &[], &[]),
    (RBAC, "roles", "Role", true, false, &[], &[]),
    (RBAC, "rolebindings", "RoleBinding", true, false, &[], &[]),
    (RBAC, "clusterroles", "ClusterRole", false, false, &[], &[]),
    (
        RBAC,
        "clusterrolebindings",
        "ClusterRoleBinding",
        false,
        false,
        &[],
        &[],
    ),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        false,
        true,
        &["crd", "crds"],
        &["api-extensions"],
    ),
];

/// All built-in kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    ROWS.iter().map(kind).collect()
}

fn kind((group, plural, name, namespaced, status, short, categories): &Row) -> Kind {
    let mut kind = Kind::new(group, plural, name, *namespaced);
    kind.status = *status;
    kind.short_names = short.iter().map(|&one| one.to_owned()).collect();
    kind.categories = categories.iter().map(|&one| one.to_owned()).collect();
    if matches!(*plural, "statefulsets" | "deployments" | "replicasets") {
        kind.scale = Some(Scale {
            spec: ".spec.replicas".to_owned(),
            status: ".status.replicas".to_owned(),
            selector: None,
        });
    }
    kind.versions = vec![Version {
        name: "v1".to_owned(),
        served: true,
        schema: None,
        columns: Vec::new(),
        selectable: Vec::new(),
        warning: None,
    }];
    kind
}
