//! Says who may do what: Kubeflow's three roles, what every signed-in user may read, and the storage classes.
//!
//! Source: kubeflow/manifests common/kubeflow-roles/base/cluster-roles.yaml and the roles that Kubeflow's
//! components aggregate into them, written out: nothing aggregates on a bare API server.

use serde_json::{Value, json};

use crate::seed::world::Team;

const RBAC: &str = "rbac.authorization.k8s.io";

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({"apiGroups": groups, "resources": resources, "verbs": verbs})
}

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
/// Kubeflow's own groups.
const KUBEFLOW: &[&str] = &[
    "kubeflow.org",
    "tensorboard.kubeflow.org",
    "serving.kserve.io",
    "argoproj.io",
    "pipelines.kubeflow.org",
];

fn view() -> Vec<Value> {
    let core = [
        "pods",
        "pods/log",
        "pods/status",
        "events",
        "services",
        "endpoints",
        "configmaps",
        "persistentvolumeclaims",
        "persistentvolumeclaims/status",
        "resourcequotas",
        "resourcequotas/status",
        "limitranges",
        "serviceaccounts",
        "replicationcontrollers",
    ];
    let apps = [
        "statefulsets",
        "statefulsets/status",
        "deployments",
        "deployments/status",
        "replicasets",
        "daemonsets",
        "controllerrevisions",
    ];
    vec![
        rule(&[""], &core, READ),
        rule(&["apps"], &apps, READ),
        rule(&["batch"], &["jobs", "jobs/status", "cronjobs"], READ),
        rule(&["events.k8s.io"], &["events"], READ),
        rule(&["autoscaling"], &["horizontalpodautoscalers"], READ),
        rule(KUBEFLOW, &["*"], READ),
    ]
}

fn edit() -> Vec<Value> {
    let core = [
        "pods",
        "services",
        "configmaps",
        "secrets",
        "persistentvolumeclaims",
        "serviceaccounts",
    ];
    let mut rules = view();
    rules.extend([
        rule(&[""], &["secrets"], READ),
        rule(&[""], &core, WRITE),
        rule(
            &[""],
            &["pods/exec", "pods/attach", "pods/portforward"],
            &["get", "create"],
        ),
        rule(&["apps"], &["statefulsets", "deployments", "replicasets"], WRITE),
        rule(&["batch"], &["jobs", "cronjobs"], WRITE),
        rule(KUBEFLOW, &["*"], WRITE),
    ]);
    rules
}

fn admin() -> Vec<Value> {
    let mut rules = edit();
    rules.extend([
        rule(&[RBAC], &["roles", "rolebindings"], READ),
        rule(&[RBAC], &["roles", "rolebindings"], WRITE),
        rule(&["authorization.k8s.io"], &["localsubjectaccessreviews"], &["create"]),
    ]);
    rules
}

fn cluster_role(name: &str, rules: Vec<Value>) -> (&'static str, Value) {
    ("ClusterRole", json!({"metadata": {"name": name}, "rules": rules}))
}

fn cluster_binding(name: &str, role: &str, subject: Value) -> (&'static str, Value) {
    let reference = json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": role});
    (
        "ClusterRoleBinding",
        json!({"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}),
    )
}

/// Roles, their bindings and storage classes: kind and object.
pub(super) fn cluster_wide() -> Vec<(&'static str, Value)> {
    let everybody = json!({"apiGroup": RBAC, "kind": "Group", "name": "system:authenticated"});
    let admin_user = json!({"apiGroup": RBAC, "kind": "User", "name": "admin@example.com"});
    let everything = vec![
        json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}),
        json!({"nonResourceURLs": ["*"], "verbs": ["*"]}),
    ];
    vec![
        cluster_role("kubeflow-view", view()),
        cluster_role("kubeflow-edit", edit()),
        cluster_role("kubeflow-admin", admin()),
        cluster_role(
            "flowdeck-namespace-reader",
            vec![
                rule(&[""], &["namespaces"], READ),
                rule(&["kubeflow.org"], &["profiles"], READ),
                rule(&["storage.k8s.io"], &["storageclasses"], READ),
            ],
        ),
        cluster_role("cluster-admin", everything),
        cluster_binding("flowdeck-namespace-reader", "flowdeck-namespace-reader", everybody),
        cluster_binding("flowdeck-admin", "cluster-admin", admin_user),
        storage_class("standard", "Immediate", true),
        storage_class("fast", "WaitForFirstConsumer", false),
    ]
}

fn storage_class(name: &str, binding: &str, default: bool) -> (&'static str, Value) {
    (
        "StorageClass",
        json!({
            "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": default.to_string()}},
            "provisioner": "volumes.sandbox.flowdeck.dev",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": binding,
            "allowVolumeExpansion": true,
        }),
    )
}

/// The bindings of those who share a namespace with its owner, as KFAM writes them.
pub(super) fn contributors(team: &Team) -> Vec<Value> {
    team.contributors
        .iter()
        .map(|(user, role)| {
            let name = format!("user-{}-clusterrole-{role}", user.replace(['@', '.'], "-"));
            json!({
                "metadata": {"name": name, "annotations": {"user": user, "role": role}},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": format!("kubeflow-{role}")},
                "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewer_reads_but_neither_writes_nor_sees_secrets() {
        for rule in view() {
            let verbs = rule["verbs"].as_array().expect("verbs");
            assert!(verbs.iter().all(|verb| READ.contains(&verb.as_str().expect("a verb"))));
            let resources = rule["resources"].as_array().expect("resources");
            assert!(resources.iter().all(|resource| resource != "secrets"));
        }
    }
}
