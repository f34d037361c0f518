//! Turns Notebooks into StatefulSets and Services and mirrors the pod's state back, as Kubeflow's controller does.
//!
//! Culling is off, as in the recording. Istio's VirtualService is not made: the sandbox has no Istio.
//! Source: kubeflow/notebooks branch notebooks-v1 at 177b098,
//! components/notebook-controller/controllers/notebook_controller.go.

mod decide;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Event, Service};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Informer, Key, Shared, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};

/// What was last written for a Notebook: a hash of the wish, and the StatefulSet's generation after it.
type Applied = HashMap<String, (u64, i64)>;

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let watches = async {
        let by_name = |queue: Arc<Queue<Key>>| move |key: Key| queue.add(key);
        let (notebooks, sets, services, pods) = (
            by_name(Arc::clone(&queue)),
            by_name(Arc::clone(&queue)),
            by_name(Arc::clone(&queue)),
            by_name(Arc::clone(&queue)),
        );
        tokio::join!(
            each_change(cluster.notebooks.changes(), cluster.stop.clone(), |change| {
                if let Some(notebook) = change.last() {
                    notebooks(Key::of(&notebook.metadata));
                }
            }),
            each_change(cluster.sets.changes(), cluster.stop.clone(), |change| {
                if let Some(key) = change.last().and_then(|set| owner(&set.metadata)) {
                    sets(key);
                }
            }),
            each_change(cluster.services.changes(), cluster.stop.clone(), |change| {
                if let Some(key) = change.last().and_then(|service| owner(&service.metadata)) {
                    services(key);
                }
            }),
            each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
                if let Some(key) = change.last().and_then(|pod| decide::notebook_of_pod(pod)) {
                    pods(key);
                }
            }),
        );
    };
    let applied: Arc<Shared<Applied>> = Arc::default();
    let worker = Arc::clone(&cluster);
    let looks = work(Arc::clone(&queue), 4, cluster.stop.clone(), move |key| {
        look(Arc::clone(&worker), Arc::clone(&applied), key)
    });
    tokio::join!(watches, looks, reissue(Arc::clone(&cluster)));
}

fn owner(meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> Option<Key> {
    let owner = meta
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.kind == "Notebook")?;
    Some(Key::new(meta.namespace.clone().unwrap_or_default(), owner.name.clone()))
}

async fn look(cluster: Arc<Cluster>, applied: Arc<Shared<Applied>>, key: Key) -> Outcome {
    let Some(notebook) = cluster.notebooks.get(&key) else {
        return Ok(None);
    };
    let meta = &notebook.metadata;
    // The load generator moves its own notebooks.
    if meta.deletion_timestamp.is_some() || cluster.is_load(meta) {
        return Ok(None);
    }
    let desired = match decide::stateful_set(&notebook, cluster.options.add_fs_group) {
        Ok(desired) => desired,
        Err(why) => {
            tracing::debug!(?key, why, "notebook not readable");
            return Ok(None);
        }
    };
    let set = ensure_set(&cluster, &applied, &notebook, &key, desired).await?;
    ensure_service(&cluster, &notebook, &key).await?;
    let pod = cluster
        .pods
        .get(&Key::new(key.namespace.clone(), format!("{}-0", key.name)));
    let status = decide::status(&key.name, set.as_deref(), pod.as_deref(), Timestamp::now());
    if decide::status_differs(notebook.data.get("status"), &status) {
        let api = api::dynamic(&cluster.client, &api::notebook(), Some(&key.namespace));
        // The whole status is put, so that a containerState's former variant goes; on the version that was
        // read, so that a conflict leads to another look.
        let mut whole = (*notebook).clone();
        whole.data["status"] = status;
        let answer = api.replace_status(&key.name, &PostParams::default(), &whole).await;
        api::unless_gone(answer)?;
    }
    Ok(None)
}

async fn ensure_set(
    cluster: &Cluster,
    applied: &Shared<Applied>,
    notebook: &DynamicObject,
    key: &Key,
    desired: StatefulSet,
) -> Result<Option<Arc<StatefulSet>>, kube::Error> {
    let sets: Api<StatefulSet> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let uid = notebook.metadata.uid.clone().unwrap_or_default();
    let wish = api::fnv(&serde_json::to_string(&desired).unwrap_or_default());
    let Some(current) = cluster.sets.get(key) else {
        return match sets.create(&PostParams::default(), &desired).await {
            Ok(set) => {
                let generation = set.metadata.generation.unwrap_or_default();
                applied.with(|applied| applied.insert(uid, (wish, generation)));
                Ok(Some(Arc::new(set)))
            }
            // Created a moment ago, and our copy is late; its arrival brings us back.
            Err(error) if api::code(&error) == 409 => Ok(None),
            Err(error) => Err(error),
        };
    };
    let generation = current.metadata.generation.unwrap_or_default();
    let known = applied.with(|applied| applied.get(&uid).copied());
    if known == Some((wish, generation))
        || current.metadata.deletion_timestamp.is_some()
        || !decide::is_owned_by(&current.metadata, &uid)
    {
        return Ok(Some(current));
    }
    let merged = decide::merged(&current, desired);
    let set = sets.replace(&key.name, &PostParams::default(), &merged).await?;
    let generation = set.metadata.generation.unwrap_or_default();
    applied.with(|applied| applied.insert(uid, (wish, generation)));
    Ok(Some(Arc::new(set)))
}

async fn ensure_service(cluster: &Cluster, notebook: &DynamicObject, key: &Key) -> Result<(), kube::Error> {
    let services: Api<Service> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let desired = decide::service(notebook);
    let Some(current) = cluster.services.get(key) else {
        return match services.create(&PostParams::default(), &desired).await {
            Err(error) if api::code(&error) != 409 => Err(error),
            _ => Ok(()),
        };
    };
    if decide::service_differs(&current, &desired) {
        let spec = desired.spec.as_ref();
        let patch = json!({"spec": {
            "ports": spec.and_then(|spec| spec.ports.as_ref()),
            "selector": spec.and_then(|spec| spec.selector.as_ref()),
        }});
        api::patch(&services, &key.name, &patch).await?;
    }
    Ok(())
}

/// Says each event of a notebook's pod and StatefulSet again about the Notebook.
///
/// The real controller says all of them once more when it starts; we leave out those that the Notebook
/// already has at their newest time.
async fn reissue(cluster: Arc<Cluster>) {
    let author = Author {
        component: "notebook-controller".to_owned(),
        ..Author::default()
    };
    let started = Timestamp::now();
    each_change(cluster.events.changes(), cluster.stop.clone(), |change| {
        let Some(event) = &change.after else { return };
        let at_start = decide::last_time(event).is_none_or(|time| time < started);
        if change.before.is_none() && at_start && has_been_said(&cluster.events, event) {
            return;
        }
        let Some(key) = decide::notebook_of_event(event, |pod| cluster.pods.get(pod)) else {
            return;
        };
        let Some(notebook) = cluster.notebooks.get(&key) else {
            return;
        };
        cluster.recorder.say(Saying {
            author: author.clone(),
            about: about("kubeflow.org/v1beta1", "Notebook", &notebook.metadata, None),
            warning: event.type_.as_deref() == Some("Warning"),
            reason: event.reason.clone().unwrap_or_default(),
            message: decide::reissued(event),
            action: None,
        });
    })
    .await;
}

fn has_been_said(events: &Informer<Event>, event: &Event) -> bool {
    let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
    let message = decide::reissued(event);
    // One manner of writing has whole seconds only.
    let second = |event: &Event| decide::last_time(event).map(Timestamp::as_second);
    events.in_namespace(namespace).iter().any(|other| {
        other.involved_object.kind.as_deref() == Some("Notebook")
            && other.message.as_deref() == Some(message.as_str())
            && second(other) >= second(event)
    })
}

/// Moves the last activity of running notebooks on, as a culling probe would see people work.
///
/// Notebooks that are annotated `sandbox.flowdeck.dev/activity: idle` stay as they are.
pub(crate) async fn activity(cluster: Arc<Cluster>) {
    let mut tick = tokio::time::interval(Duration::from_secs(60).div_f64(cluster.options.speed));
    tick.tick().await;
    loop {
        tokio::select! {
            () = cluster.stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = Timestamp::now();
        for notebook in cluster.notebooks.all() {
            if cluster.is_load(&notebook.metadata) || !decide::is_active(&notebook, now) {
                continue;
            }
            let key = Key::of(&notebook.metadata);
            let api = api::dynamic(&cluster.client, &api::notebook(), Some(&key.namespace));
            let patch = json!({"metadata": {"uid": notebook.metadata.uid, "annotations": {
                "notebooks.kubeflow.org/last-activity": api::seconds(now),
                "notebooks.kubeflow.org/last_activity_check_timestamp": api::seconds(now),
            }}});
            if let Err(error) = api::patch(&api, &key.name, &patch).await {
                tracing::debug!(?key, %error, "activity not written");
            }
        }
    }
}
