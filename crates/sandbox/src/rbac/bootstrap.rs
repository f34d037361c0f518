//! Lists the roles and bindings that an API server makes for itself at start.
//!
//! Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go in Kubernetes 1.36, what people can meet.

use serde_json::{Value, json};

/// `(shelf, object)` for each.
pub(crate) fn objects() -> Vec<(&'static str, Value)> {
    let roles = "clusterroles.rbac.authorization.k8s.io";
    let bindings = "clusterrolebindings.rbac.authorization.k8s.io";
    vec![
        (
            roles,
            role(
                "cluster-admin",
                json!([
                    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                    {"nonResourceURLs": ["*"], "verbs": ["*"]},
                ]),
            ),
        ),
        (
            roles,
            role(
                "system:discovery",
                json!([{"nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/",
        ], "verbs": ["get"]}]),
            ),
        ),
        (
            roles,
            role(
                "system:basic-user",
                json!([
                    {"apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"]},
                    {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
                ]),
            ),
        ),
        (
            roles,
            role(
                "system:public-info-viewer",
                json!([
                    {"nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"]},
                ]),
            ),
        ),
        (roles, gathering("admin", &[])),
        (roles, gathering("edit", &["admin"])),
        (roles, gathering("view", &["edit"])),
        (roles, part("admin", giving())),
        (roles, part("edit", changing())),
        (roles, part("view", reading())),
        (bindings, binding("cluster-admin", &["system:masters"])),
        (bindings, binding("system:discovery", &["system:authenticated"])),
        (bindings, binding("system:basic-user", &["system:authenticated"])),
        (
            bindings,
            binding(
                "system:public-info-viewer",
                &["system:authenticated", "system:unauthenticated"],
            ),
        ),
    ]
}

fn meta(name: &str) -> Value {
    json!({
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    })
}

/// A role that gathers the rules of all that are labelled for it; it is itself gathered into others.
fn gathering(name: &str, into: &[&str]) -> Value {
    let label = |name: &str| format!("rbac.authorization.k8s.io/aggregate-to-{name}");
    let mut role = role(name, Value::Null);
    role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {label(name): "true"}}]});
    for other in into {
        role["metadata"]["labels"][label(other)] = "true".into();
    }
    role
}

/// What one of them gathers on a bare cluster.
fn part(of: &str, rules: Value) -> Value {
    let mut role = role(&format!("system:aggregate-to-{of}"), rules);
    role["metadata"]["labels"][format!("rbac.authorization.k8s.io/aggregate-to-{of}")] = "true".into();
    role
}

fn giving() -> Value {
    json!([
        {"apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews"], "verbs": ["create"]},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "roles"],
         "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]},
    ])
}

fn changing() -> Value {
    let write = ["create", "delete", "deletecollection", "patch", "update"];
    json!([
        {"apiGroups": [""], "resources": ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"],
         "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]},
        {"apiGroups": [""], "resources": ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], "verbs": write},
        {"apiGroups": [""], "resources": ["pods/eviction", "serviceaccounts/token"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["configmaps", "events", "persistentvolumeclaims", "secrets", "serviceaccounts", "services"],
         "verbs": write},
        {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"],
         "verbs": write},
        {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": write},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
         "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]},
    ])
}

fn reading() -> Value {
    let read = ["get", "list", "watch"];
    json!([
        {"apiGroups": [""], "resources": [
            "configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "serviceaccounts",
            "services", "services/status",
        ], "verbs": read},
        {"apiGroups": [""], "resources": [
            "bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status", "resourcequotas", "resourcequotas/status",
        ], "verbs": read},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": read},
        {"apiGroups": ["apps"], "resources": [
            "controllerrevisions", "deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale",
            "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status",
        ], "verbs": read},
        {"apiGroups": ["batch"], "resources": ["cronjobs", "cronjobs/status", "jobs", "jobs/status"], "verbs": read},
    ])
}

fn role(name: &str, rules: Value) -> Value {
    json!({"metadata": meta(name), "rules": rules})
}

fn binding(name: &str, groups: &[&str]) -> Value {
    let api = "rbac.authorization.k8s.io";
    let subjects: Vec<Value> = groups
        .iter()
        .map(|group| json!({"apiGroup": api, "kind": "Group", "name": group}))
        .collect();
    json!({"metadata": meta(name), "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name}, "subjects": subjects})
}
