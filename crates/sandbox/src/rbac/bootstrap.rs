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
