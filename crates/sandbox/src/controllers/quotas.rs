//! Keeps the use that each ResourceQuota's status shows true.
//!
//! The limit itself is enforced by the API server when pods and claims are created.
//! Source: kubernetes v1.36.3, pkg/quota/v1/evaluator/core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, ResourceQuota, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::Api;
use kube::api::ListParams;
use kube::core::ApiResource;
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::quantity::{self, Amounts};
use crate::controllers::queue::{Outcome, Queue, work};

/// Changes of a namespace within this time are counted together.
const TOGETHER: Duration = Duration::from_millis(50);
/// How often objects are counted whose kind no controller follows, so that nothing tells that one of them is gone.
const RECOUNT: Duration = Duration::from_secs(5);
/// One of anything, in billionths.
const ONE: i128 = 1_000_000_000;

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue: Arc<Queue<String>> = Queue::new();
    let worker = Arc::clone(&cluster);
    let namespace_of =
        |meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta| meta.namespace.clone().unwrap_or_default();
    tokio::join!(
        each_change(cluster.quotas.changes(), cluster.stop.clone(), |change| {
            // The API server charges the status for what is created. Counting again then would miss what is charged
            // but not stored yet.
            let hard = |quota: &Option<Arc<ResourceQuota>>| quota.as_ref().and_then(|quota| quota.spec.clone());
            if hard(&change.before) != hard(&change.after)
                && let Some(quota) = &change.after
            {
                queue.add(namespace_of(&quota.metadata));
            }
        }),
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            let counts = |pod: &Option<Arc<Pod>>| pod.as_ref().is_some_and(|pod| counts(pod));
            if counts(&change.before)
                && !counts(&change.after)
                && let Some(pod) = change.last()
            {
                queue.add_after(namespace_of(&pod.metadata), TOGETHER);
            }
        }),
        each_change(cluster.claims.changes(), cluster.stop.clone(), |change| {
            if change.after.is_none()
                && let Some(claim) = change.last()
            {
                queue.add_after(namespace_of(&claim.metadata), TOGETHER);
            }
        }),
        each_change(cluster.notebooks.changes(), cluster.stop.clone(), |change| {
            if change.after.is_none()
                && let Some(notebook) = change.last()
            {
                queue.add_after(namespace_of(&notebook.metadata), TOGETHER);
            }
        }),
        work(Arc::clone(&queue), 2, cluster.stop.clone(), move |namespace| look(
            Arc::clone(&worker),
            namespace
        )),
    );
}

async fn look(cluster: Arc<Cluster>, namespace: String) -> Outcome {
    let quotas = cluster.quotas.in_namespace(&namespace);
    if quotas.is_empty() {
        return Ok(None);
    }
    let mut used = usage(
        &cluster.pods.in_namespace(&namespace),
        &cluster.claims.in_namespace(&namespace),
    );
    let counts = [
        (
            "notebooks.kubeflow.org",
            cluster.notebooks.in_namespace(&namespace).len(),
        ),
        ("statefulsets.apps", cluster.sets.in_namespace(&namespace).len()),
        ("services", cluster.services.in_namespace(&namespace).len()),
    ];
    for (kind, count) in counts {
        let count = i128::try_from(count).unwrap_or_default() * ONE;
        used.insert(format!("count/{kind}"), count);
        if !kind.contains('.') {
            used.insert(kind.to_owned(), count);
        }
    }
    let unread: BTreeSet<&String> = quotas
        .iter()
        .filter_map(|quota| quota.spec.as_ref()?.hard.as_ref())
        .flat_map(BTreeMap::keys)
        .filter(|name| !used.contains_key(*name) && kind_of(name).is_some())
        .collect();
    let again = (!unread.is_empty()).then_some(RECOUNT);
    for (name, count) in listed(&cluster, &namespace, unread).await? {
        used.insert(name, count);
    }
    for quota in quotas {
        if let Some(status) = wanted(&quota, &used) {
            let name = Key::of(&quota.metadata).name;
            let api: Api<ResourceQuota> = Api::namespaced(cluster.client.clone(), &namespace);
            let patch = json!({"metadata": {"resourceVersion": quota.metadata.resource_version}, "status": status});
            match api::patch_status(&api, &name, &patch).await {
                Err(error) if api::code(&error) == 409 => return Ok(Some(TOGETHER)),
                done => done?,
            }
        }
    }
    Ok(again)
}

/// The resource and group of the objects that a quota of this name counts: `count/secrets`, `count/jobs.batch`, `configmaps`.
fn kind_of(name: &str) -> Option<(&str, &str)> {
    match name.strip_prefix("count/") {
        Some(full) => Some(full.split_once('.').unwrap_or((full, ""))),
        None => matches!(name, "configmaps" | "secrets" | "resourcequotas").then_some((name, "")),
    }
}

/// How many objects there are of kinds that no controller follows, by the names in quotas.
async fn listed(cluster: &Cluster, namespace: &str, names: BTreeSet<&String>) -> Result<Amounts, kube::Error> {
    let mut counts = Amounts::new();
    for name in names {
        let Some((plural, group)) = kind_of(name) else { continue };
        let Some(kind) = served(cluster, plural, group).await? else {
            continue;
        };
        let objects = api::dynamic(&cluster.client, &kind, Some(namespace));
        let list = objects.list_metadata(&ListParams::default()).await?;
        counts.insert(name.clone(), i128::try_from(list.items.len()).unwrap_or_default() * ONE);
    }
    Ok(counts)
}

/// The kind of a resource, in a version that is served; `None` when there is none.
async fn served(cluster: &Cluster, plural: &str, group: &str) -> Result<Option<ApiResource>, kube::Error> {
    if group.is_empty() {
        return Ok(Some(api::resource("", "v1", "", plural)));
    }
    match kube::discovery::group(&cluster.client, group).await {
        Ok(found) => Ok(found
            .recommended_resources()
            .into_iter()
            .map(|(kind, _)| kind)
            .find(|kind| kind.plural == plural)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(kube::Error::Discovery(why)) => {
            tracing::debug!(%why, group, "a quota counts objects of a group that is not served");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The status a quota should have, if it has another.
fn wanted(quota: &ResourceQuota, used: &Amounts) -> Option<serde_json::Value> {
    let hard = quota
        .spec
        .as_ref()
        .and_then(|spec| spec.hard.clone())
        .unwrap_or_default();
    let before = quota.status.clone().unwrap_or_default();
    let known = before.used.clone().unwrap_or_default();
    let now: BTreeMap<String, Quantity> = hard
        .keys()
        .map(|resource| {
            let amount = used.get(resource).copied().unwrap_or(0);
            (resource.clone(), Quantity(quantity::write(resource, amount)))
        })
        .collect();
    let same_amounts = |one: &BTreeMap<String, Quantity>, other: &BTreeMap<String, Quantity>| {
        quantity::amounts(Some(one)) == quantity::amounts(Some(other))
    };
    let same = same_amounts(&known, &now) && same_amounts(&before.hard.unwrap_or_default(), &hard);
    (!same).then(|| json!({"hard": hard, "used": now}))
}

/// Whether a pod takes from a quota: until it has finished.
fn counts(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    !matches!(phase, Some("Succeeded" | "Failed"))
}

/// What the pods and claims of a namespace use, under every name a quota may have for it.
fn usage(pods: &[Arc<Pod>], claims: &[Arc<PersistentVolumeClaim>]) -> Amounts {
    let mut used = Amounts::new();
    let mut add = |resource: &str, amount: i128| *used.entry(resource.to_owned()).or_default() += amount;
    for pod in pods.iter().filter(|pod| counts(pod)) {
        add("pods", ONE);
        add("count/pods", ONE);
        let containers = pod.spec.as_ref().map(|spec| &spec.containers);
        for resources in containers
            .into_iter()
            .flatten()
            .filter_map(|one| one.resources.as_ref())
        {
            let (requests, limits) = asked(resources);
            for (resource, amount) in requests {
                add(&format!("requests.{resource}"), amount);
                if !resource.contains('/') {
                    add(&resource, amount);
                }
            }
            for (resource, amount) in limits {
                add(&format!("limits.{resource}"), amount);
            }
        }
    }
    for claim in claims {
        add("persistentvolumeclaims", ONE);
        add("count/persistentvolumeclaims", ONE);
        let requests = claim
            .spec
            .as_ref()
            .and_then(|spec| spec.resources.as_ref())
            .and_then(|resources| resources.requests.as_ref());
        let storage = quantity::amounts(requests).get("storage").copied().unwrap_or(0);
        add("requests.storage", storage);
        if let Some(class) = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_ref()) {
            let prefix = format!("{class}.storageclass.storage.k8s.io");
            add(&format!("{prefix}/requests.storage"), storage);
            add(&format!("{prefix}/persistentvolumeclaims"), ONE);
        }
    }
    used
}

/// Requests (limits stand in for those left out) and limits.
fn asked(resources: &ResourceRequirements) -> (Amounts, Amounts) {
    let limits = quantity::amounts(resources.limits.as_ref());
    let mut requests = limits.clone();
    requests.extend(quantity::amounts(resources.requests.as_ref()));
    (requests, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_pods_take_nothing() {
        let pod = |phase: &str| {
            Arc::new(
                serde_json::from_value(json!({
                    "metadata": {}, "status": {"phase": phase},
                    "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "nvidia.com/gpu": "1"}}}]},
                }))
                .expect("a pod"),
            )
        };
        let used = usage(&[pod("Running"), pod("Succeeded")], &[]);
        assert_eq!(used.get("pods"), Some(&ONE));
        assert_eq!(used.get("requests.cpu"), Some(&(ONE / 2)));
        assert_eq!(used.get("requests.nvidia.com/gpu"), Some(&ONE));
    }

    #[test]
    fn status_is_written_only_when_it_says_something_else() {
        let quota: ResourceQuota = serde_json::from_value(json!({
            "spec": {"hard": {"requests.cpu": "600m"}},
            "status": {"hard": {"requests.cpu": "600m"}, "used": {"requests.cpu": "0.5"}},
        }))
        .expect("a quota");
        let used = Amounts::from([("requests.cpu".to_owned(), ONE / 2)]);
        assert_eq!(wanted(&quota, &used), None);
        let status = wanted(&quota, &Amounts::new()).expect("news");
        assert_eq!(status["used"]["requests.cpu"], "0");
    }
}
