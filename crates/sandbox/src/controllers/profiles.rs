//! Turns a Profile into its namespace: owner, accounts, role bindings and quota, as Kubeflow's profile-controller does.
//!
//! Istio's AuthorizationPolicies are not made. Source: kubeflow/dashboard,
//! components/profile-controller/controllers/profile_controller.go.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, ResourceQuota, ServiceAccount};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::queue::{Outcome, Queue, work};

/// The quota's fixed name.
const QUOTA: &str = "kf-resource-quota";

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    tokio::join!(
        each_change(cluster.profiles.changes(), cluster.stop.clone(), |change| {
            if let Some(profile) = &change.after {
                queue.add(Key::of(&profile.metadata));
            }
        }),
        each_change(cluster.namespaces.changes(), cluster.stop.clone(), |change| {
            if let Some(namespace) = change.last() {
                queue.add(Key::of(&namespace.metadata));
            }
        }),
        work(Arc::clone(&queue), 2, cluster.stop.clone(), move |key| look(
            Arc::clone(&worker),
            key
        )),
    );
}

async fn look(cluster: Arc<Cluster>, key: Key) -> Outcome {
    let Some(profile) = cluster.profiles.get(&key) else {
        return Ok(None);
    };
    if profile.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let client = &cluster.client;
    match cluster.namespaces.get(&key) {
        None => ensure(&Api::<Namespace>::all(client.clone()), &namespace(&profile)).await?,
        Some(existing) if existing.metadata.deletion_timestamp.is_some() => return Ok(None),
        Some(existing) if !belongs(&existing, &profile) => {
            let message = "namespace already exist, but not owned by profile creator";
            return report(&cluster, &profile, "Failed", message).await;
        }
        Some(_) => {}
    }
    let name = &key.name;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    let bindings: Api<RoleBinding> = Api::namespaced(client.clone(), name);
    for account in ["default-editor", "default-viewer"] {
        if cluster.accounts.get(&Key::new(name.clone(), account)).is_none() {
            ensure(&accounts, &owned(&profile, account, "v1", "ServiceAccount", json!({}))).await?;
        }
    }
    for binding in role_bindings(&profile) {
        ensure(&bindings, &binding).await?;
    }
    ensure_quota(&cluster, &profile, name).await?;
    report(&cluster, &profile, "Successful", "").await
}

async fn ensure<K>(api: &Api<K>, object: &Value) -> Result<(), kube::Error>
where
    K: kube::Resource + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let object: K = serde_json::from_value(object.clone()).map_err(kube::Error::SerdeError)?;
    match api.create(&PostParams::default(), &object).await {
        Err(error) if api::code(&error) != 409 => Err(error),
        _ => Ok(()),
    }
}

async fn ensure_quota(cluster: &Cluster, profile: &DynamicObject, namespace: &str) -> Result<(), kube::Error> {
    let wish = quota(profile);
    let quotas: Api<ResourceQuota> = Api::namespaced(cluster.client.clone(), namespace);
    let existing = cluster.quotas.get(&Key::new(namespace, QUOTA));
    match (wish, existing) {
        (Some(wish), None) => ensure(&quotas, &wish).await,
        (Some(wish), Some(existing)) => {
            let now = serde_json::to_value(&existing.spec).unwrap_or_default();
            if now.get("hard") == wish["spec"].get("hard") {
                return Ok(());
            }
            let mut changed = (*existing).clone();
            changed.spec = serde_json::from_value(wish["spec"].clone()).map_err(kube::Error::SerdeError)?;
            let answer = quotas.replace(QUOTA, &PostParams::default(), &changed).await;
            api::unless_gone(answer).map(drop)
        }
        (None, Some(_)) => api::delete(&quotas, QUOTA, None, None, None).await.map(drop),
        (None, None) => Ok(()),
    }
}

async fn report(cluster: &Cluster, profile: &DynamicObject, kind: &str, message: &str) -> Outcome {
    let conditions = json!([if message.is_empty() {
        json!({"type": kind})
    } else {
        json!({"type": kind, "message": message})
    }]);
    if profile.data.pointer("/status/conditions") != Some(&conditions) {
        let api = api::dynamic(&cluster.client, &api::profile(), None);
        let name = profile.metadata.name.as_deref().unwrap_or_default();
        api::patch_status(&api, name, &json!({"status": {"conditions": conditions}})).await?;
    }
    Ok(None)
}

/// The e-mail address of the owner.
fn owner(profile: &DynamicObject) -> &str {
    profile
        .data
        .pointer("/spec/owner/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn belongs(namespace: &Namespace, profile: &DynamicObject) -> bool {
    let said = namespace
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get("owner"));
    said.map(String::as_str) == Some(owner(profile))
}

fn reference(profile: &DynamicObject) -> Value {
    json!([{
        "apiVersion": "kubeflow.org/v1",
        "kind": "Profile",
        "name": profile.metadata.name,
        "uid": profile.metadata.uid,
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

fn owned(profile: &DynamicObject, name: &str, version: &str, kind: &str, rest: Value) -> Value {
    let mut object = rest;
    object["apiVersion"] = json!(version);
    object["kind"] = json!(kind);
    let metadata = object
        .as_object_mut()
        .map(|object| object.entry("metadata").or_insert_with(|| json!({})));
    if let Some(metadata) = metadata {
        metadata["name"] = json!(name);
        metadata["ownerReferences"] = reference(profile);
    }
    object
}

/// The quota that a Profile asks for, if it limits anything.
pub(super) fn quota(profile: &DynamicObject) -> Option<Value> {
    let spec = profile.data.pointer("/spec/resourceQuotaSpec")?;
    let limits = spec.get("hard").and_then(Value::as_object)?;
    (!limits.is_empty()).then(|| owned(profile, QUOTA, "v1", "ResourceQuota", json!({"spec": spec})))
}

/// The namespace with the labels that Kubeflow's other components look for.
pub(super) fn namespace(profile: &DynamicObject) -> Value {
    let name = profile.metadata.name.as_deref().unwrap_or_default();
    owned(
        profile,
        name,
        "v1",
        "Namespace",
        json!({"metadata": {
            "annotations": {"owner": owner(profile)},
            "labels": {
                "app.kubernetes.io/part-of": "kubeflow-profile",
                "istio-injection": "enabled",
                "katib.kubeflow.org/metrics-collector-injection": "enabled",
                "pipelines.kubeflow.org/enabled": "true",
                "serving.kubeflow.org/inferenceservice": "enabled",
            },
        }}),
    )
}

fn role_bindings(profile: &DynamicObject) -> Vec<Value> {
    let group = "rbac.authorization.k8s.io";
    let namespace = profile.metadata.name.as_deref().unwrap_or_default();
    let role = |name: &str| json!({"apiGroup": group, "kind": "ClusterRole", "name": name});
    let binding = |name: &str, metadata: Value, role_name: &str, subject: Value| {
        owned(
            profile,
            name,
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({"metadata": metadata, "roleRef": role(role_name), "subjects": [subject]}),
        )
    };
    let account = |name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": namespace});
    let kind = profile
        .data
        .pointer("/spec/owner/kind")
        .and_then(Value::as_str)
        .unwrap_or("User");
    vec![
        binding("default-editor", json!({}), "kubeflow-edit", account("default-editor")),
        binding("default-viewer", json!({}), "kubeflow-view", account("default-viewer")),
        binding(
            "namespaceAdmin",
            json!({"annotations": {"user": owner(profile), "role": "admin"}}),
            "kubeflow-admin",
            json!({"apiGroup": group, "kind": kind, "name": owner(profile)}),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "team", "uid": "u"},
            "spec": {"owner": {"kind": "User", "name": "alice@example.com"}},
        }))
        .expect("a profile")
    }

    #[test]
    fn namespace_names_its_owner() {
        let namespace = namespace(&profile());
        assert_eq!(namespace["metadata"]["annotations"]["owner"], "alice@example.com");
        assert_eq!(namespace["metadata"]["ownerReferences"][0]["uid"], "u");
    }

    #[test]
    fn owner_becomes_admin_of_the_namespace() {
        let bindings = role_bindings(&profile());
        assert_eq!(bindings[2]["metadata"]["name"], "namespaceAdmin");
        assert_eq!(bindings[2]["roleRef"]["name"], "kubeflow-admin");
        assert_eq!(bindings[2]["subjects"][0]["name"], "alice@example.com");
    }
}
