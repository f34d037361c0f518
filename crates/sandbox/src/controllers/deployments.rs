//! Keeps a Deployment's newest ReplicaSet at its size and the older ones at none, and a ReplicaSet's pods at their number.
//!
//! Minimal: no surge arithmetic, no pauses, no rollback. The new set comes up first, then the old one goes.
//! A pod's name is made from its set and its number, so that no late copy leads to a pod too many.
//! Source: kubernetes v1.36.3, pkg/controller/deployment and pkg/controller/replicaset.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};
use crate::controllers::statefulset::{is_ready, safe_hash};

/// The label that tells the pods of one template from another's.
const HASH: &str = "pod-template-hash";

/// A Deployment or a ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Turn {
    Deployment(Key),
    Set(Key),
}

fn owner(meta: &ObjectMeta, kind: &str) -> Option<Key> {
    let mut owners = meta.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.kind == kind && owner.controller == Some(true))?;
    Some(Key::new(meta.namespace.clone().unwrap_or_default(), owner.name.clone()))
}

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    tokio::join!(
        each_change(cluster.deployments.changes(), cluster.stop.clone(), |change| {
            if let Some(deployment) = change.last() {
                queue.add(Turn::Deployment(Key::of(&deployment.metadata)));
            }
        }),
        each_change(cluster.replica_sets.changes(), cluster.stop.clone(), |change| {
            if let Some(set) = change.last() {
                queue.add(Turn::Set(Key::of(&set.metadata)));
                if let Some(deployment) = owner(&set.metadata, "Deployment") {
                    queue.add(Turn::Deployment(deployment));
                }
            }
        }),
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            if let Some(set) = change.last().and_then(|pod| owner(&pod.metadata, "ReplicaSet")) {
                queue.add(Turn::Set(set));
            }
        }),
        work(Arc::clone(&queue), 2, cluster.stop.clone(), move |turn| {
            let cluster = Arc::clone(&worker);
            async move {
                match turn {
                    Turn::Deployment(key) => look_at_deployment(&cluster, &key).await,
                    Turn::Set(key) => look_at_set(&cluster, &key).await,
                }
            }
        }),
    );
}

fn controlled(name: String, owner: &ObjectMeta, version: &str, kind: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: owner.namespace.clone(),
        owner_references: Some(vec![OwnerReference {
            api_version: version.to_owned(),
            kind: kind.to_owned(),
            name: owner.name.clone().unwrap_or_default(),
            uid: owner.uid.clone().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }]),
        ..ObjectMeta::default()
    }
}

async fn look_at_deployment(cluster: &Cluster, key: &Key) -> Outcome {
    let Some(deployment) = cluster.deployments.get(key) else {
        return Ok(None);
    };
    if deployment.metadata.deletion_timestamp.is_some() {
        return Ok(None);
    }
    let uid = deployment.metadata.uid.clone().unwrap_or_default();
    let sets = cluster.replica_sets.controlled_by(&uid);
    let api: Api<ReplicaSet> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let wish = newest(&deployment);
    let name = wish.metadata.name.clone().unwrap_or_default();
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let Some(current) = sets.iter().find(|set| set.metadata.name.as_ref() == Some(&name)) else {
        return match api.create(&PostParams::default(), &wish).await {
            Ok(_) => {
                say_scaled(cluster, &deployment, &name, (0, wanted));
                Ok(None)
            }
            Err(error) if api::code(&error) == 409 => Ok(None),
            Err(error) => Err(error),
        };
    };
    let size = |set: &ReplicaSet| set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let scale = |set: &ReplicaSet, to: i32| {
        let name = set.metadata.name.clone().unwrap_or_default();
        let from = size(set);
        let (api, deployment) = (api.clone(), Arc::clone(&deployment));
        async move {
            api::patch(&api, &name, &json!({"spec": {"replicas": to}})).await?;
            say_scaled(cluster, &deployment, &name, (from, to));
            Ok::<(), kube::Error>(())
        }
    };
    if size(current) != wanted {
        scale(current, wanted).await?;
    }
    let available = |set: &ReplicaSet| {
        set.status
            .as_ref()
            .and_then(|status| status.available_replicas)
            .unwrap_or(0)
    };
    if available(current) >= wanted {
        for old in sets
            .iter()
            .filter(|set| set.metadata.name.as_ref() != Some(&name) && size(set) > 0)
        {
            scale(old, 0).await?;
        }
    }
    let status = deployment_status(&deployment, current, &sets, wanted);
    if deployment.status.as_ref() != Some(&status) {
        let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), &key.namespace);
        let mut whole = (*deployment).clone();
        whole.status = Some(status);
        let answer = deployments
            .replace_status(&key.name, &PostParams::default(), &whole)
            .await;
        api::unless_gone(answer)?;
    }
    Ok(None)
}

/// The ReplicaSet of a Deployment's present template.
fn newest(deployment: &Deployment) -> ReplicaSet {
    let spec = deployment.spec.clone().unwrap_or_default();
    let hash = safe_hash(&serde_json::to_string(&spec.template).unwrap_or_default());
    let name = format!("{}-{hash}", deployment.metadata.name.as_deref().unwrap_or_default());
    let mut template = spec.template;
    let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
    labels.insert(HASH.to_owned(), hash.clone());
    let labels = labels.clone();
    let mut selector = spec.selector;
    selector
        .match_labels
        .get_or_insert_default()
        .insert(HASH.to_owned(), hash);
    let mut metadata = controlled(name, &deployment.metadata, "apps/v1", "Deployment");
    metadata.labels = Some(labels);
    ReplicaSet {
        metadata,
        spec: Some(ReplicaSetSpec {
            replicas: Some(spec.replicas.unwrap_or(1)),
            selector,
            template: Some(template),
            min_ready_seconds: spec.min_ready_seconds,
        }),
        status: None,
    }
}

fn deployment_status(
    deployment: &Deployment,
    current: &ReplicaSet,
    sets: &[Arc<ReplicaSet>],
    wanted: i32,
) -> DeploymentStatus {
    let status = |set: &ReplicaSet| set.status.clone().unwrap_or_default();
    let sum = |count: &dyn Fn(&ReplicaSetStatus) -> i32| sets.iter().map(|set| count(&status(set))).sum::<i32>();
    let some = |count: i32| (count > 0).then_some(count);
    let available = sum(&|status| status.available_replicas.unwrap_or(0));
    let before = deployment.status.clone().unwrap_or_default();
    let enough = available >= wanted;
    DeploymentStatus {
        observed_generation: deployment.metadata.generation,
        replicas: some(sum(&|status| status.replicas)),
        updated_replicas: some(status(current).replicas),
        ready_replicas: some(sum(&|status| status.ready_replicas.unwrap_or(0))),
        available_replicas: some(available),
        unavailable_replicas: some(wanted - available),
        conditions: Some(vec![condition(&before, enough)]),
        ..DeploymentStatus::default()
    }
}

fn condition(before: &DeploymentStatus, enough: bool) -> k8s_openapi::api::apps::v1::DeploymentCondition {
    let status = if enough { "True" } else { "False" };
    let known = before
        .conditions
        .iter()
        .flatten()
        .find(|one| one.type_ == "Available" && one.status == status);
    known.cloned().unwrap_or_else(|| {
        let now = k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(k8s_openapi::jiff::Timestamp::now());
        let (reason, message) = if enough {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            (
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        k8s_openapi::api::apps::v1::DeploymentCondition {
            type_: "Available".to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_update_time: Some(now.clone()),
            last_transition_time: Some(now),
        }
    })
}

async fn look_at_set(cluster: &Cluster, key: &Key) -> Outcome {
    let Some(set) = cluster.replica_sets.get(key) else {
        return Ok(None);
    };
    let uid = set.metadata.uid.clone().unwrap_or_default();
    let pods = cluster.pods.controlled_by(&uid);
    let alive: Vec<&Arc<Pod>> = pods
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .collect();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let api: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let mut failure = None;
    if set.metadata.deletion_timestamp.is_none() {
        for index in 0..wanted {
            let pod = numbered(&set, index);
            let name = pod.metadata.name.clone().unwrap_or_default();
            if cluster
                .pods
                .get(&Key::new(key.namespace.clone(), name.clone()))
                .is_some()
            {
                continue;
            }
            match api.create(&PostParams::default(), &pod).await {
                Ok(_) => say(
                    cluster,
                    &set,
                    ("SuccessfulCreate", false),
                    format!("Created pod: {name}"),
                ),
                Err(error) if api::code(&error) == 409 => {}
                Err(error) => {
                    let why = api::message(&error);
                    say(cluster, &set, ("FailedCreate", true), format!("Error creating: {why}"));
                    failure = Some(error);
                    break;
                }
            }
        }
        let names: Vec<Option<String>> = (0..wanted).map(|index| numbered(&set, index).metadata.name).collect();
        for pod in alive.iter().filter(|pod| !names.contains(&pod.metadata.name)) {
            let name = pod.metadata.name.clone().unwrap_or_default();
            if api::delete(&api, &name, pod.metadata.uid.as_deref(), None, None).await? {
                say(
                    cluster,
                    &set,
                    ("SuccessfulDelete", false),
                    format!("Deleted pod: {name}"),
                );
            }
        }
    }
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let ready = count(alive.iter().filter(|pod| is_ready(pod)).count());
    let status = ReplicaSetStatus {
        replicas: count(alive.len()),
        fully_labeled_replicas: (!alive.is_empty()).then_some(count(alive.len())),
        ready_replicas: (ready > 0).then_some(ready),
        available_replicas: (ready > 0).then_some(ready),
        observed_generation: set.metadata.generation,
        ..ReplicaSetStatus::default()
    };
    if set.status.as_ref() != Some(&status) {
        let sets: Api<ReplicaSet> = Api::namespaced(cluster.client.clone(), &key.namespace);
        let mut whole = (*set).clone();
        whole.status = Some(status);
        let answer = sets.replace_status(&key.name, &PostParams::default(), &whole).await;
        api::unless_gone(answer)?;
    }
    failure.map_or(Ok(None), Err)
}

/// The pod number `index` of a set.
fn numbered(set: &ReplicaSet, index: i32) -> Pod {
    let uid = set.metadata.uid.as_deref().unwrap_or_default();
    let name = set.metadata.name.clone().unwrap_or_default();
    let mut suffix = safe_hash(&format!("{index}/{uid}"));
    suffix.truncate(5);
    let template: PodTemplateSpec = set
        .spec
        .as_ref()
        .and_then(|spec| spec.template.clone())
        .unwrap_or_default();
    let of_template = template.metadata.unwrap_or_default();
    let mut metadata = controlled(format!("{name}-{suffix}"), &set.metadata, "apps/v1", "ReplicaSet");
    metadata.generate_name = Some(format!("{name}-"));
    metadata.labels = of_template.labels;
    metadata.annotations = of_template.annotations;
    Pod {
        metadata,
        spec: template.spec,
        status: None,
    }
}

fn say_scaled(cluster: &Cluster, deployment: &Deployment, set: &str, (from, to): (i32, i32)) {
    let direction = if to > from { "up" } else { "down" };
    cluster.recorder.say(Saying {
        author: Author {
            component: "deployment-controller".to_owned(),
            reporting: "deployment-controller".to_owned(),
            ..Author::default()
        },
        about: about("apps/v1", "Deployment", &deployment.metadata, None),
        warning: false,
        reason: "ScalingReplicaSet".to_owned(),
        message: format!("Scaled {direction} replica set {set} from {from} to {to}"),
        action: None,
    });
}

fn say(cluster: &Cluster, set: &ReplicaSet, (reason, warning): (&str, bool), message: String) {
    cluster.recorder.say(Saying {
        author: Author {
            component: "replicaset-controller".to_owned(),
            reporting: "replicaset-controller".to_owned(),
            ..Author::default()
        },
        about: about("apps/v1", "ReplicaSet", &set.metadata, None),
        warning,
        reason: reason.to_owned(),
        message,
        action: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(image: &str) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "web", "namespace": "n", "uid": "d"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}},
        }))
        .expect("a deployment")
    }

    #[test]
    fn other_template_gives_another_set() {
        let (one, other) = (newest(&deployment("a")), newest(&deployment("b")));
        assert_ne!(one.metadata.name, other.metadata.name);
        assert_eq!(one.metadata.name, newest(&deployment("a")).metadata.name);
        let labels = one.spec.and_then(|spec| spec.selector.match_labels).expect("labels");
        assert!(labels.contains_key(HASH));
    }

    #[test]
    fn pods_of_a_set_have_names_of_their_own() {
        let mut set = newest(&deployment("a"));
        set.metadata.uid = Some("s".into());
        assert_ne!(numbered(&set, 0).metadata.name, numbered(&set, 1).metadata.name);
    }
}
