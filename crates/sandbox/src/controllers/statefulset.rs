//! Keeps each StatefulSet's pods: creates them in order, replaces them by revision, removes what is too many.
//!
//! ControllerRevisions are not written; a revision is known by the hash of the pod template in its name.
//! Source: kubernetes v1.36.3, pkg/controller/statefulset/stateful_set_control.go and the recording.

mod decide;

use std::collections::HashSet;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, Shared, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};
use decide::Action;

/// Whether a pod's Ready condition is true.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    decide::is_ready(pod)
}

/// A text's hash in letters and digits that make no words, as names of revisions have.
pub(crate) fn safe_hash(text: &str) -> String {
    decide::safe_hash(text)
}

/// Uids of pods that were deleted but whose deletion our copy may not show yet.
type Deleted = HashSet<String>;

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let deleted: Arc<Shared<Deleted>> = Arc::default();
    let worker = Arc::clone(&cluster);
    let seen = Arc::clone(&deleted);
    tokio::join!(
        each_change(cluster.sets.changes(), cluster.stop.clone(), |change| {
            if let Some(set) = change.last() {
                queue.add(Key::of(&set.metadata));
            }
        }),
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            let Some(pod) = change.last() else { return };
            let meta = &pod.metadata;
            if change.after.is_none() || meta.deletion_timestamp.is_some() {
                seen.with(|seen| seen.remove(meta.uid.as_deref().unwrap_or_default()));
            }
            let owner = meta
                .owner_references
                .iter()
                .flatten()
                .find(|owner| owner.kind == "StatefulSet" && owner.controller == Some(true));
            if let Some(owner) = owner {
                queue.add(Key::new(meta.namespace.clone().unwrap_or_default(), owner.name.clone()));
            }
        }),
        work(Arc::clone(&queue), 4, cluster.stop.clone(), move |key| look(
            Arc::clone(&worker),
            Arc::clone(&deleted),
            key
        )),
    );
}

async fn look(cluster: Arc<Cluster>, deleted: Arc<Shared<Deleted>>, key: Key) -> Outcome {
    let Some(set) = cluster.sets.get(&key) else {
        return Ok(None);
    };
    let uid = set.metadata.uid.clone().unwrap_or_default();
    let pods = cluster.pods.controlled_by(&uid);
    let decision = decide::reconcile(&set, &pods);
    let mut failure = None;
    for action in decision.actions {
        if let Err(error) = act(&cluster, &deleted, &set, action).await {
            failure = Some(error);
            break;
        }
    }
    if set.status.as_ref() != Some(&decision.status) {
        let sets: Api<StatefulSet> = Api::namespaced(cluster.client.clone(), &key.namespace);
        let mut whole = (*set).clone();
        whole.status = Some(decision.status);
        let answer = sets.replace_status(&key.name, &PostParams::default(), &whole).await;
        api::unless_gone(answer)?;
    }
    failure.map_or(Ok(None), Err)
}

async fn act(
    cluster: &Cluster,
    deleted: &Shared<Deleted>,
    set: &StatefulSet,
    action: Action,
) -> Result<(), kube::Error> {
    let namespace = set.metadata.namespace.clone().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &namespace);
    match action {
        Action::Claim(claim) => {
            let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), &namespace);
            let name = claim.metadata.name.clone().unwrap_or_default();
            if cluster.claims.get(&Key::new(namespace, name)).is_some() {
                return Ok(());
            }
            match claims.create(&PostParams::default(), &claim).await {
                Err(error) if api::code(&error) != 409 => Err(error),
                _ => Ok(()),
            }
        }
        Action::Create(pod) => {
            let name = pod.metadata.name.clone().unwrap_or_default();
            let answer = pods.create(&PostParams::default(), &pod).await;
            match answer {
                Ok(_) => {
                    say(cluster, set, "Create", &name, None);
                    Ok(())
                }
                // It is there, our copy is late.
                Err(error) if api::code(&error) == 409 => Ok(()),
                Err(error) => {
                    say(cluster, set, "Create", &name, Some(api::message(&error)));
                    Err(error)
                }
            }
        }
        Action::Delete { name, uid } => {
            if !deleted.with(|deleted| deleted.insert(uid.clone())) {
                return Ok(());
            }
            match api::delete(&pods, &name, Some(&uid), None, None).await {
                Ok(true) => {
                    say(cluster, set, "Delete", &name, None);
                    Ok(())
                }
                Ok(false) => Ok(()),
                Err(error) => {
                    deleted.with(|deleted| deleted.remove(&uid));
                    say(cluster, set, "Delete", &name, Some(api::message(&error)));
                    Err(error)
                }
            }
        }
        Action::Label { name, uid } => {
            let patch = json!({"metadata": {"uid": uid, "labels": {
                "statefulset.kubernetes.io/pod-name": name,
            }}});
            api::patch(&pods, &name, &patch).await
        }
    }
}

fn say(cluster: &Cluster, set: &StatefulSet, verb: &str, pod: &str, failure: Option<String>) {
    let name = set.metadata.name.as_deref().unwrap_or_default();
    let outcome = if failure.is_some() { "Failed" } else { "Successful" };
    cluster.recorder.say(Saying {
        author: Author {
            component: "statefulset-controller".to_owned(),
            reporting: "statefulset-controller".to_owned(),
            ..Author::default()
        },
        about: about("apps/v1", "StatefulSet", &set.metadata, None),
        warning: failure.is_some(),
        reason: format!("{outcome}{verb}"),
        message: match failure {
            Some(why) => format!("{verb} Pod {pod} in StatefulSet {name} failed error: {why}"),
            None => format!("{verb} Pod {pod} in StatefulSet {name} successful"),
        },
        action: None,
    });
}
