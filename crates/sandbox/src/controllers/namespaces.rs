//! Gives every namespace its default ServiceAccount, and empties deleted namespaces until they can go.
//!
//! Source: kubernetes v1.36.3, pkg/controller/namespace/deletion and pkg/controller/serviceaccount.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::core::ApiResource;
use kube::discovery::{Discovery, Scope, verbs};
use serde_json::{Value, json};

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::queue::{Outcome, Queue, work};

/// How many deletions run at a time.
const AT_ONCE: usize = 16;

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    tokio::join!(
        each_change(cluster.namespaces.changes(), cluster.stop.clone(), |change| {
            if let Some(namespace) = &change.after {
                queue.add(namespace.metadata.name.clone().unwrap_or_default());
            }
        }),
        each_change(cluster.accounts.changes(), cluster.stop.clone(), |change| {
            if change.after.is_none()
                && let Some(account) = &change.before
            {
                queue.add(account.metadata.namespace.clone().unwrap_or_default());
            }
        }),
        work(Arc::clone(&queue), 2, cluster.stop.clone(), move |name| look(
            Arc::clone(&worker),
            name
        )),
    );
}

async fn look(cluster: Arc<Cluster>, name: String) -> Outcome {
    let Some(namespace) = cluster.namespaces.get(&Key::new("", name.clone())) else {
        return Ok(None);
    };
    if namespace.metadata.deletion_timestamp.is_none() {
        return ensure_account(&cluster, &name).await;
    }
    let finalizers = namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_ref());
    if !finalizers.is_some_and(|list| list.iter().any(|name| name == "kubernetes")) {
        return Ok(None);
    }
    let left = empty(&cluster.client, &name).await?;
    if left.is_empty() {
        finalize(&cluster.client, &namespace, &name).await?;
        return Ok(None);
    }
    let conditions = remaining(&left, &namespace, Timestamp::now());
    if let Some(conditions) = conditions {
        let api: Api<Namespace> = Api::all(cluster.client.clone());
        api::patch_status(&api, &name, &json!({"status": {"conditions": conditions}})).await?;
    }
    Ok(Some(Duration::from_millis(500)))
}

async fn ensure_account(cluster: &Cluster, namespace: &str) -> Outcome {
    if cluster.accounts.get(&Key::new(namespace, "default")).is_some() {
        return Ok(None);
    }
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), namespace);
    let account = ServiceAccount {
        metadata: ObjectMeta {
            name: Some("default".to_owned()),
            ..ObjectMeta::default()
        },
        ..ServiceAccount::default()
    };
    match accounts.create(&PostParams::default(), &account).await {
        Err(error) if !matches!(api::code(&error), 403 | 404 | 409) => Err(error),
        _ => Ok(None),
    }
}

/// What is left of one kind: how many objects, and which finalizers hold how many of them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Left {
    objects: usize,
    finalizers: BTreeMap<String, usize>,
}

/// Deletes everything in a namespace; answers what is still there, by kind.
async fn empty(client: &kube::Client, namespace: &str) -> Result<BTreeMap<String, Left>, kube::Error> {
    let discovery = Discovery::new(client.clone()).run().await?;
    let kinds: Vec<ApiResource> = discovery
        .groups()
        .flat_map(kube::discovery::ApiGroup::recommended_resources)
        .filter(|(_, can)| {
            can.scope == Scope::Namespaced
                && can.supports_operation(verbs::LIST)
                && can.supports_operation(verbs::DELETE)
        })
        .map(|(kind, _)| kind)
        // The newer face of the same events.
        .filter(|kind| kind.group != "events.k8s.io")
        .collect();
    let mut left = BTreeMap::new();
    for kind in kinds {
        let api = api::dynamic(client, &kind, Some(namespace));
        let objects = match api.list(&ListParams::default()).await {
            Ok(list) => list.items,
            Err(error) if matches!(api::code(&error), 404 | 405) => continue,
            Err(error) => return Err(error),
        };
        if objects.is_empty() {
            continue;
        }
        let alive = objects
            .into_iter()
            .filter(|object| object.metadata.deletion_timestamp.is_none());
        let deletions = alive.map(|object| delete(api.clone(), object));
        stream::iter(deletions)
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        let after = api.list(&ListParams::default()).await?.items;
        if !after.is_empty() {
            left.insert(full_name(&kind), counted(&after));
        }
    }
    Ok(left)
}

async fn delete(api: Api<DynamicObject>, object: DynamicObject) -> Result<(), kube::Error> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let uid = object.metadata.uid.as_deref();
    api::delete(&api, name, uid, None, None).await.map(drop)
}

fn full_name(kind: &ApiResource) -> String {
    if kind.group.is_empty() {
        format!("{}.", kind.plural)
    } else {
        format!("{}.{}", kind.plural, kind.group)
    }
}

fn counted(objects: &[DynamicObject]) -> Left {
    let mut left = Left {
        objects: objects.len(),
        ..Left::default()
    };
    for finalizer in objects
        .iter()
        .flat_map(|object| object.metadata.finalizers.iter().flatten())
    {
        *left.finalizers.entry(finalizer.clone()).or_default() += 1;
    }
    left
}

/// The conditions that say what a namespace waits for; none when they already say so.
fn remaining(left: &BTreeMap<String, Left>, namespace: &Namespace, now: Timestamp) -> Option<Vec<Value>> {
    let content: Vec<String> = left
        .iter()
        .map(|(kind, left)| format!("{kind} has {} resource instances", left.objects))
        .collect();
    let mut by_finalizer: BTreeMap<&str, usize> = BTreeMap::new();
    for (finalizer, count) in left.values().flat_map(|left| &left.finalizers) {
        *by_finalizer.entry(finalizer).or_default() += count;
    }
    let finalizers: Vec<String> = by_finalizer
        .iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let mut wanted = vec![(
        "NamespaceContentRemaining",
        "SomeResourcesRemain",
        format!("Some resources are remaining: {}", content.join(", ")),
    )];
    if !finalizers.is_empty() {
        wanted.push((
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain",
            format!(
                "Some content in the namespace has finalizers remaining: {}",
                finalizers.join(", ")
            ),
        ));
    }
    let said = namespace
        .status
        .as_ref()
        .and_then(|status| status.conditions.clone())
        .unwrap_or_default();
    let known = wanted.iter().all(|(kind, _, message)| {
        said.iter()
            .any(|one| one.type_ == *kind && one.message.as_ref() == Some(message))
    });
    (!known).then(|| {
        wanted
            .into_iter()
            .map(|(kind, reason, message)| {
                json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": Time(now)})
            })
            .collect()
    })
}

/// Takes the API server's own finalizer off, and with it the namespace away.
async fn finalize(client: &kube::Client, namespace: &Namespace, name: &str) -> Result<(), kube::Error> {
    let mut finalized = namespace.clone();
    if let Some(list) = finalized.spec.as_mut().and_then(|spec| spec.finalizers.as_mut()) {
        list.retain(|name| name != "kubernetes");
    }
    finalized.metadata.managed_fields = None;
    let api: Api<Namespace> = Api::all(client.clone());
    let answer = api
        .replace_subresource("finalize", name, &PostParams::default(), &finalized)
        .await;
    api::unless_gone(answer).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_objects_are_said_with_their_finalizers() {
        let left = BTreeMap::from([(
            "notebooks.kubeflow.org".to_owned(),
            Left {
                objects: 1,
                finalizers: BTreeMap::from([("x/y".to_owned(), 1)]),
            },
        )]);
        let conditions = remaining(&left, &Namespace::default(), Timestamp::UNIX_EPOCH).expect("news");
        assert_eq!(
            conditions[0]["message"],
            "Some resources are remaining: notebooks.kubeflow.org has 1 resource instances"
        );
        assert_eq!(
            conditions[1]["message"],
            "Some content in the namespace has finalizers remaining: x/y in 1 resource instances"
        );
    }
}
