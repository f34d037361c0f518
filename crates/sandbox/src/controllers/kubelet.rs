//! Plays every node's kubelet on a clock: pulls, starts, crashes and ends the containers of pods bound to a node.
//!
//! What a pod should look like is a function of the time since it was seen (`plan`), so nothing is lost when
//! the process restarts. A status is written only when the plan comes to a new step: what others patch into
//! it in between stays, which the recording relies on.

mod plan;
mod status;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, Shared, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};
use plan::{Plan, Script};

/// How long a container takes to end when it is asked to.
const TERMINATION: Duration = Duration::from_millis(1500);

/// How soon a pod is looked at again whose node is not there, or not known yet.
const NODE_POLL: Duration = Duration::from_secs(1);
/// A pod that is to end on a node that is not there is removed after this long, as the real pod collector does.
const ORPHAN_SECONDS: i64 = 40;

/// What is remembered of a pod while the process lives.
#[derive(Debug, Clone)]
struct Known {
    script: Script,
    /// When the kubelet saw it first.
    anchor: Timestamp,
    written: Option<plan::Step>,
    ends_at: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Memory {
    pods: HashMap<String, Known>,
    /// Images by node.
    images: HashSet<(String, String)>,
}

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let memory: Arc<Shared<Memory>> = Arc::default();
    let worker = Arc::clone(&cluster);
    let forgets = Arc::clone(&memory);
    tokio::join!(
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            let Some(pod) = &change.after else {
                if let Some(uid) = change.before.as_ref().and_then(|pod| pod.metadata.uid.as_ref()) {
                    forgets.with(|memory| memory.pods.remove(uid));
                }
                return;
            };
            let bound = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
            let ending = pod.metadata.deletion_timestamp.is_some();
            if (bound && !cluster.is_load(&pod.metadata)) || ending {
                queue.add(Key::of(&pod.metadata));
            }
        }),
        keep_nodes_ready(Arc::clone(&cluster)),
        work(Arc::clone(&queue), 8, cluster.stop.clone(), move |key| look(
            Arc::clone(&worker),
            Arc::clone(&memory),
            key
        )),
    );
}

async fn look(cluster: Arc<Cluster>, memory: Arc<Shared<Memory>>, key: Key) -> Outcome {
    let Some(pod) = cluster.pods.get(&key) else {
        return Ok(None);
    };
    let now = Timestamp::now();
    let speed = cluster.options.speed;
    let uid = pod.metadata.uid.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    if let Some(node) = &node
        && !cluster.is_load(&pod.metadata)
        && cluster.nodes.get(&Key::new("", node)).is_none()
    {
        return orphan(&cluster, &pod, &key, now).await;
    }
    let known = node.as_ref().map(|node| {
        memory.with(|memory| {
            let images = &memory.images;
            let known = memory.pods.entry(uid.clone()).or_insert_with(|| {
                let image = plan::image(&pod);
                let present = images.contains(&(node.clone(), image.to_owned()));
                Known {
                    script: Script::of(&pod, present),
                    anchor: status::start_time(&pod).unwrap_or_else(|| plan::beginning(&pod, now, speed)),
                    written: None,
                    ends_at: None,
                }
            });
            known.clone()
        })
    });
    if pod.metadata.deletion_timestamp.is_some() {
        return end(&cluster, &memory, &pod, &key, known).await;
    }
    let (Some(known), Some(node)) = (known, node) else {
        return Ok(None);
    };
    let elapsed = elapsed(now, known.anchor, speed);
    let plan = known.script.at(elapsed);
    if known.written.as_ref() != Some(&plan.step) {
        let resumed = known.written.is_none() && status::shows(&pod, &plan);
        if !resumed {
            write(&cluster, &pod, &key, &node, &known, &plan).await?;
        }
        memory.with(|memory| {
            if let Some(known) = memory.pods.get_mut(&uid) {
                known.written = Some(plan.step.clone());
            }
            if plan.step.has_image() {
                memory.images.insert((node, plan::image(&pod).to_owned()));
            }
        });
    }
    Ok(plan
        .next
        .map(|next| next.saturating_sub(elapsed).div_f64(speed) + Duration::from_millis(1)))
}

/// A pod whose node is not there: no kubelet starts or ends it.
async fn orphan(cluster: &Cluster, pod: &Pod, key: &Key, now: Timestamp) -> Outcome {
    let ended = pod.metadata.deletion_timestamp.as_ref();
    if ended.is_none_or(|ended| now.duration_since(ended.0).as_secs() < ORPHAN_SECONDS) {
        return Ok(Some(NODE_POLL));
    }
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    api::delete(&pods, &key.name, pod.metadata.uid.as_deref(), Some(0), None).await?;
    Ok(None)
}

fn elapsed(now: Timestamp, anchor: Timestamp, speed: f64) -> Duration {
    Duration::try_from(now.duration_since(anchor))
        .unwrap_or_default()
        .mul_f64(speed)
}

async fn write(
    cluster: &Cluster,
    pod: &Pod,
    key: &Key,
    node: &str,
    known: &Known,
    plan: &Plan,
) -> Result<(), kube::Error> {
    let began = known.anchor
        + k8s_openapi::jiff::SignedDuration::try_from(plan.since.div_f64(cluster.options.speed)).unwrap_or_default();
    let status = status::of(pod, node, plan, known.anchor, began);
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let patch = json!({"metadata": {"uid": pod.metadata.uid}, "status": status});
    for (reason, message, warning) in plan.says(pod, &known.script) {
        say(cluster, pod, node, reason, message, warning);
    }
    match api::patch_status(&pods, &key.name, &patch).await {
        // Another pod of that name by now.
        Err(error) if matches!(api::code(&error), 409 | 422) => Ok(()),
        other => other,
    }
}

/// Ends a pod: says so, waits a moment if a container runs, and removes the object.
async fn end(cluster: &Cluster, memory: &Shared<Memory>, pod: &Pod, key: &Key, known: Option<Known>) -> Outcome {
    let now = Timestamp::now();
    let uid = pod.metadata.uid.clone().unwrap_or_default();
    if let Some(known) = known {
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(30);
        let running = status::is_running(pod) && grace > 0;
        let Some(ends_at) = known.ends_at else {
            let wait = if running {
                TERMINATION
                    .min(Duration::from_secs(u64::try_from(grace).unwrap_or_default()))
                    .div_f64(cluster.options.speed)
            } else {
                Duration::ZERO
            };
            let ends_at = now + k8s_openapi::jiff::SignedDuration::try_from(wait).unwrap_or_default();
            memory.with(|memory| {
                if let Some(known) = memory.pods.get_mut(&uid) {
                    known.ends_at = Some(ends_at);
                }
            });
            if running && !cluster.is_load(&pod.metadata) {
                let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
                let message = format!("Stopping container {}", plan::container(pod));
                say(cluster, pod, &node.unwrap_or_default(), "Killing", message, false);
            }
            return Ok(Some(wait.max(Duration::from_millis(1))));
        };
        if ends_at > now {
            let left = Duration::try_from(ends_at.duration_since(now)).unwrap_or_default();
            return Ok(Some(left + Duration::from_millis(1)));
        }
    }
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &key.namespace);
    api::delete(&pods, &key.name, Some(&uid), Some(0), None).await?;
    Ok(None)
}

fn say(cluster: &Cluster, pod: &Pod, node: &str, reason: &str, message: String, warning: bool) {
    let field = format!("spec.containers{{{}}}", plan::container(pod));
    cluster.recorder.say(Saying {
        author: Author {
            component: "kubelet".to_owned(),
            host: Some(node.to_owned()),
            reporting: "kubelet".to_owned(),
            instance: None,
        },
        about: about("v1", "Pod", &pod.metadata, Some(field)),
        warning,
        reason: reason.to_owned(),
        message,
        action: None,
    });
}

/// A node that says nothing of its health is healthy: there is no machine that could fail.
async fn keep_nodes_ready(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    tokio::join!(
        each_change(cluster.nodes.changes(), cluster.stop.clone(), |change| {
            if let Some(node) = &change.after {
                queue.add(Key::of(&node.metadata));
            }
        }),
        work(Arc::clone(&queue), 1, cluster.stop.clone(), move |key| {
            let cluster = Arc::clone(&worker);
            async move {
                let Some(node) = cluster.nodes.get(&key) else {
                    return Ok(None);
                };
                let nodes: Api<Node> = Api::all(cluster.client.clone());
                if !status::is_node_ready(&node) {
                    let patch = json!({"status": status::ready_node(&key.name, Timestamp::now())});
                    api::patch_status(&nodes, &key.name, &patch).await?;
                }
                // An API server taints new nodes; a real node lifecycle controller takes that back.
                if let Some(taints) = status::without_not_ready(&node) {
                    api::patch(&nodes, &key.name, &json!({"spec": {"taints": taints}})).await?;
                }
                Ok(None)
            }
        }),
    );
}
