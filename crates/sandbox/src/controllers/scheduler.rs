//! Gives each waiting pod a node that has room, or says why none has.
//!
//! Binds through `pods/binding`, as kube-scheduler does. Pods that other schedulers are named for are left alone.
//! Source: kubernetes v1.36.3, pkg/scheduler (schedule_one.go, framework/plugins) and the recording.

mod decide;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Binding, ObjectReference, PersistentVolumeClaim, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, Shared, each_change};
use crate::controllers::quantity::Amounts;
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};
use decide::{Claims, Verdict};

/// Marks a claim that waits for its first pod with the node that pod got.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// After this time a pod that found no node is looked at again, whatever happened.
const RETRY: Duration = Duration::from_secs(300);

/// What the nodes' pods ask for, by node, kept up to date by pod.
#[derive(Debug, Default)]
struct Usage {
    by_node: BTreeMap<String, Amounts>,
    by_pod: HashMap<String, (String, Amounts)>,
    /// Pods that found no node.
    unschedulable: BTreeSet<Key>,
}

impl Usage {
    /// Counts a pod on its node, or no longer.
    fn set(&mut self, uid: &str, place: Option<(String, Amounts)>) {
        if let Some((node, amounts)) = self.by_pod.remove(uid)
            && let Some(used) = self.by_node.get_mut(&node)
        {
            for (resource, amount) in amounts {
                *used.entry(resource).or_default() -= amount;
            }
        }
        if let Some((node, amounts)) = place {
            let used = self.by_node.entry(node.clone()).or_default();
            for (resource, amount) in &amounts {
                *used.entry(resource.clone()).or_default() += amount;
            }
            self.by_pod.insert(uid.to_owned(), (node, amounts));
        }
    }
}

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let usage: Arc<Shared<Usage>> = Arc::default();
    let worker = Arc::clone(&cluster);
    let (for_pods, for_nodes, for_claims) = (Arc::clone(&usage), Arc::clone(&usage), Arc::clone(&usage));
    let retry_all = |usage: &Shared<Usage>| {
        for key in usage.with(|usage| std::mem::take(&mut usage.unschedulable)) {
            queue.add(key);
        }
    };
    tokio::join!(
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            let Some(pod) = change.last() else { return };
            if cluster.is_load(&pod.metadata) {
                return;
            }
            let uid = pod.metadata.uid.clone().unwrap_or_default();
            let node = decide::node_of(pod);
            let counts = change.after.is_some() && !decide::is_finished(pod);
            let place = node
                .filter(|_| counts)
                .map(|node| (node.to_owned(), decide::requests(pod)));
            let freed = place.is_none() && node.is_some();
            for_pods.with(|usage| usage.set(&uid, place));
            if freed {
                retry_all(&for_pods);
            }
            // A pod whose status changed (by our own refusal) is not news.
            let generation = |pod: &Arc<Pod>| (pod.metadata.uid.clone(), pod.metadata.generation);
            let same = change.before.as_ref().map(generation) == Some(generation(pod));
            if change.after.is_some() && !same && decide::is_waiting(pod) {
                queue.add(Key::of(&pod.metadata));
            }
        }),
        each_change(cluster.nodes.changes(), cluster.stop.clone(), |change| {
            let facts =
                |node: &Option<Arc<k8s_openapi::api::core::v1::Node>>| node.as_ref().map(|node| decide::facts(node));
            if facts(&change.before) != facts(&change.after) {
                retry_all(&for_nodes);
            }
        }),
        each_change(cluster.claims.changes(), cluster.stop.clone(), |_| {
            retry_all(&for_claims);
        }),
        // One worker: two pods must not be given the same room.
        work(Arc::clone(&queue), 1, cluster.stop.clone(), move |key| look(
            Arc::clone(&worker),
            Arc::clone(&usage),
            key
        )),
    );
}

async fn look(cluster: Arc<Cluster>, usage: Arc<Shared<Usage>>, key: Key) -> Outcome {
    let Some(pod) = cluster.pods.get(&key) else {
        return Ok(None);
    };
    if !decide::is_waiting(&pod) {
        return Ok(None);
    }
    let claims = decide::claims(&pod, |name| {
        let claim = cluster.claims.get(&Key::new(key.namespace.clone(), name))?;
        let waits = cluster.waits_for_consumer(&claim);
        Some((claim, waits))
    });
    let nodes = cluster.nodes.all();
    let verdict = usage.with(|usage| decide::place(&pod, &nodes, &usage.by_node, &claims));
    match verdict {
        Verdict::Node(node) => {
            if let Claims::WaitForUs(waiting) = &claims {
                return select_node(&cluster, &key, waiting, &node).await;
            }
            bind(&cluster, &usage, &pod, &key, node).await
        }
        Verdict::Nowhere(message) => {
            refuse(&cluster, &pod, &key, &message).await?;
            usage.with(|usage| usage.unschedulable.insert(key));
            Ok(Some(RETRY))
        }
    }
}

/// Tells the claims which node their first pod is going to; the pod comes again when they are bound.
async fn select_node(cluster: &Cluster, key: &Key, claims: &[String], node: &str) -> Outcome {
    let api: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), &key.namespace);
    for claim in claims {
        let patch = json!({"metadata": {"annotations": {SELECTED_NODE: node}}});
        api::patch(&api, claim, &patch).await?;
    }
    Ok(Some(Duration::from_millis(100)))
}

async fn bind(cluster: &Cluster, usage: &Shared<Usage>, pod: &Pod, key: &Key, node: String) -> Outcome {
    let uid = pod.metadata.uid.clone().unwrap_or_default();
    let binding = Binding {
        metadata: ObjectMeta {
            name: Some(key.name.clone()),
            namespace: Some(key.namespace.clone()),
            uid: Some(uid.clone()),
            ..ObjectMeta::default()
        },
        target: ObjectReference {
            kind: Some("Node".to_owned()),
            name: Some(node.clone()),
            ..ObjectReference::default()
        },
    };
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let answer: Result<serde_json::Value, kube::Error> = pods
        .create_subresource("binding", &key.name, &PostParams::default(), &binding)
        .await;
    match answer {
        Ok(_) => {}
        Err(error) if matches!(api::code(&error), 404 | 409) => return Ok(None),
        Err(error) => return Err(error),
    }
    // Counted at once: the watch tells us later.
    usage.with(|usage| usage.set(&uid, Some((node.clone(), decide::requests(pod)))));
    say(
        cluster,
        pod,
        ("Binding", "Scheduled", false),
        format!("Successfully assigned {}/{} to {node}", key.namespace, key.name),
    );
    Ok(None)
}

async fn refuse(cluster: &Cluster, pod: &Pod, key: &Key, message: &str) -> Result<(), kube::Error> {
    say(
        cluster,
        pod,
        ("Scheduling", "FailedScheduling", true),
        message.to_owned(),
    );
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let known = conditions.into_iter().flatten().any(|condition| {
        condition.type_ == "PodScheduled"
            && condition.status == "False"
            && condition.message.as_deref() == Some(message)
    });
    if known {
        return Ok(());
    }
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let patch = json!({"metadata": {"uid": pod.metadata.uid}, "status": {"conditions": [{
        "type": "PodScheduled",
        "observedGeneration": pod.metadata.generation,
        "status": "False",
        "lastProbeTime": null,
        "lastTransitionTime": Time(Timestamp::now()),
        "reason": "Unschedulable",
        "message": message,
    }]}});
    match api::patch_status(&pods, &key.name, &patch).await {
        // Another pod of this name by now.
        Err(error) if matches!(api::code(&error), 409 | 422) => Ok(()),
        other => other,
    }
}

fn say(cluster: &Cluster, pod: &Pod, what: (&str, &str, bool), message: String) {
    let (action, reason, warning) = what;
    cluster.recorder.say(Saying {
        author: Author {
            component: "default-scheduler".to_owned(),
            instance: Some("default-scheduler-flowdeck".to_owned()),
            ..Author::default()
        },
        about: about("v1", "Pod", &pod.metadata, None),
        warning,
        reason: reason.to_owned(),
        message,
        action: Some(action.to_owned()),
    });
}
