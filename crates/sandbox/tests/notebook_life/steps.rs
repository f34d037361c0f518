//! Takes a cluster through the steps of `steps.txt`, each when the former has had its effect.

use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Event, Namespace, Node, Pod, ResourceQuota};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

/// The recorded namespace.
pub(crate) const NAMESPACE: &str = "life2";
/// How long a step may take to show.
const PATIENCE: Duration = Duration::from_secs(60);

struct Hand {
    notebooks: Api<DynamicObject>,
    pods: Api<Pod>,
    sets: Api<StatefulSet>,
    events: Api<Event>,
    quotas: Api<ResourceQuota>,
}

/// A namespace, and a node as large as the recorded one.
pub(crate) async fn prepare(client: &kube::Client) {
    let node: Node = from(json!({"metadata": {"name": "node-0", "labels": {"kubernetes.io/hostname": "node-0"}}}));
    let nodes: Api<Node> = Api::all(client.clone());
    nodes.create(&PostParams::default(), &node).await.expect("a node");
    let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110"});
    let status = json!({"status": {"capacity": amounts, "allocatable": amounts}});
    nodes
        .patch_status("node-0", &PatchParams::default(), &Patch::Merge(&status))
        .await
        .expect("a node");
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = from(json!({"metadata": {"name": NAMESPACE}}));
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .expect("a namespace");
}

fn from<K: serde::de::DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("an object")
}

fn notebook(name: &str, cpu: &str) -> DynamicObject {
    let amounts = json!({"cpu": cpu, "memory": "1Gi"});
    from(json!({
        "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
        "metadata": {
            "name": name, "namespace": NAMESPACE, "labels": {"app": name},
            "annotations": {"notebooks.kubeflow.org/creator": "alice@example.com", "notebooks.kubeflow.org/server-type": "jupyter"},
        },
        "spec": {"template": {"spec": {
            "containers": [{"image": "img", "name": name, "resources": {"limits": amounts, "requests": amounts}}],
            "serviceAccountName": "default-editor",
        }}},
    }))
}

impl Hand {
    async fn wait(&self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let late = tokio::time::Instant::now() + PATIENCE;
        while !holds(self).await {
            assert!(tokio::time::Instant::now() < late, "still waiting until {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Let what follows from it be written down as well.
        tokio::time::sleep(Duration::from_millis(700)).await;
    }

    async fn notebook(&self, name: &str, pointer: &str) -> Value {
        let notebook = self.notebooks.get_opt(name).await.expect("an answer");
        notebook
            .and_then(|notebook| notebook.data.pointer(pointer).cloned())
            .unwrap_or_default()
    }

    async fn is_ready(&self, name: &str) -> bool {
        self.notebook(name, "/status/readyReplicas").await == 1
    }

    async fn waits_for(&self, name: &str, reason: &str) -> bool {
        self.notebook(name, "/status/containerState/waiting/reason").await == reason
    }

    async fn patch(&self, name: &str, patch: Value) {
        self.notebooks
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .expect("a patched notebook");
    }

    async fn pod_status(&self, patch: Value) {
        self.pods
            .patch_status(
                "life-0",
                &PatchParams::default(),
                &Patch::Merge(&json!({"status": patch})),
            )
            .await
            .expect("a patched pod");
    }

    async fn event_count(&self, kind: &str, name: &str, reason: &str) -> i32 {
        let events = self.events.list(&ListParams::default()).await.expect("events").items;
        events
            .iter()
            .filter(|event| {
                event.involved_object.kind.as_deref() == Some(kind)
                    && event.involved_object.name.as_deref() == Some(name)
                    && event.reason.as_deref() == Some(reason)
            })
            .map(|event| event.count.unwrap_or(1))
            .sum()
    }

    async fn delete(&self, name: &str) {
        self.notebooks
            .delete(name, &DeleteParams::background())
            .await
            .expect("a deletion");
    }

    async fn is_gone(&self, name: &str) -> bool {
        let set = self.sets.get_opt(name).await.expect("an answer");
        let pod = self.pods.get_opt(&format!("{name}-0")).await.expect("an answer");
        set.is_none() && pod.is_none()
    }
}

/// The ten steps.
pub(crate) async fn run(client: &kube::Client) {
    let kind = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("kubeflow.org", "v1", "Notebook"), "notebooks");
    let hand = Hand {
        notebooks: Api::namespaced_with(client.clone(), NAMESPACE, &kind),
        pods: Api::namespaced(client.clone(), NAMESPACE),
        sets: Api::namespaced(client.clone(), NAMESPACE),
        events: Api::namespaced(client.clone(), NAMESPACE),
        quotas: Api::namespaced(client.clone(), NAMESPACE),
    };
    live_and_fail(&hand).await;
    stop_start_and_change(&hand).await;
    exceed_and_ask_too_much(&hand).await;
    hand.delete("life").await;
    hand.wait("life is gone and toobig was tried again", async |hand| {
        hand.is_gone("life").await && hand.event_count("Notebook", "toobig", "FailedScheduling").await >= 2
    })
    .await;
    hand.delete("over").await;
    hand.delete("toobig").await;
    hand.wait("everything is gone", async |hand| {
        hand.is_gone("over").await && hand.is_gone("toobig").await
    })
    .await;
}

async fn live_and_fail(hand: &Hand) {
    let create = PostParams::default();
    hand.notebooks
        .create(&create, &notebook("life", "0.5"))
        .await
        .expect("a notebook");
    hand.wait("life is ready", async |hand| hand.is_ready("life").await)
        .await;
    let unready = |kind: &str| json!({"type": kind, "status": "False", "reason": "ContainersNotReady"});
    hand.pod_status(json!({
        "phase": "Running",
        "conditions": [unready("Ready"), unready("ContainersReady")],
        "containerStatuses": [{
            "name": "life", "image": "img", "imageID": "", "ready": false, "started": false, "restartCount": 3,
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": "2026-11-24T02:00:00Z", "finishedAt": "2026-11-24T02:01:00Z"}},
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container=life pod=life-0"}},
        }],
    }))
    .await;
    hand.wait("life crashes", async |hand| {
        hand.waits_for("life", "CrashLoopBackOff").await && !hand.is_ready("life").await
    })
    .await;
    hand.pod_status(json!({
        "phase": "Pending",
        "containerStatuses": [{
            "name": "life", "image": "img", "imageID": "", "ready": false, "started": false, "restartCount": 0, "lastState": {},
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"img\": ErrImagePull: not found"}},
        }],
    }))
    .await;
    hand.wait("life lacks its image", async |hand| {
        hand.waits_for("life", "ImagePullBackOff").await
    })
    .await;
}

async fn stop_start_and_change(hand: &Hand) {
    hand.patch(
        "life",
        json!({"metadata": {"annotations": {"kubeflow-resource-stopped": "2026-11-24T02:05:00Z"}}}),
    )
    .await;
    hand.wait("life is stopped", async |hand| {
        hand.notebook("life", "/status/conditions").await == json!([])
            && hand.notebook("life", "/status/containerState").await == json!({})
    })
    .await;
    hand.patch(
        "life",
        json!({"metadata": {"annotations": {"kubeflow-resource-stopped": null}}}),
    )
    .await;
    hand.wait("life is ready again", async |hand| hand.is_ready("life").await)
        .await;
    let mut containers = hand.notebook("life", "/spec/template/spec/containers").await;
    containers[0]["image"] = json!("img:2");
    hand.patch(
        "life",
        json!({"spec": {"template": {"spec": {"containers": containers}}}}),
    )
    .await;
    hand.wait("life runs its new image", async |hand| {
        let pod = hand.pods.get_opt("life-0").await.expect("an answer");
        let image = pod
            .and_then(|pod| pod.spec)
            .and_then(|spec| spec.containers[0].image.clone());
        image.as_deref() == Some("img:2") && hand.is_ready("life").await
    })
    .await;
}

async fn exceed_and_ask_too_much(hand: &Hand) {
    let create = PostParams::default();
    let quota: ResourceQuota = from(json!({
        "metadata": {"name": "q"},
        "spec": {"hard": {"requests.cpu": "600m", "limits.cpu": "600m", "pods": "1"}},
    }));
    hand.quotas.create(&create, &quota).await.expect("a quota");
    hand.wait("the quota is counted", async |hand| {
        let quota = hand.quotas.get("q").await.expect("a quota");
        quota
            .status
            .and_then(|status| status.used)
            .is_some_and(|used| used.get("pods").is_some_and(|pods| pods.0 == "1"))
    })
    .await;
    hand.notebooks
        .create(&create, &notebook("over", "0.5"))
        .await
        .expect("a notebook");
    hand.wait("over was tried nine times", async |hand| {
        hand.event_count("StatefulSet", "over", "FailedCreate").await >= 9
    })
    .await;
    hand.quotas
        .delete("q", &DeleteParams::default())
        .await
        .expect("a deletion");
    hand.notebooks
        .create(&create, &notebook("toobig", "64"))
        .await
        .expect("a notebook");
    hand.wait("over is ready and toobig is not", async |hand| {
        let conditions = hand.notebook("toobig", "/status/conditions").await;
        hand.is_ready("over").await && conditions[0]["reason"] == "Unschedulable"
    })
    .await;
}
