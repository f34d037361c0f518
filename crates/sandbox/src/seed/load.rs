//! Makes a large world and keeps it moving: thousands of pods and notebooks whose states change all the time.
//!
//! The objects carry a label that makes the controllers leave them alone: the generator alone moves them, so
//! that the rate is what was asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::seed::create::{Creator, resource};
use crate::seed::world;

/// The namespace of the load.
const NAMESPACE: &str = "load";
/// The label that keeps controllers away.
const LABEL: &str = "sandbox.flowdeck.dev/load";
/// How many requests run at a time while the world is made.
const AT_ONCE: usize = 64;
/// How often a batch of changes is sent.
const BATCH: Duration = Duration::from_millis(20);

/// A large world that changes `rate_per_s` times a second until it is dropped.
///
/// Pod number n belongs to notebook number n, as far as there is one.
///
/// # Errors
/// When the API refuses an object for another reason than that it is already there.
pub async fn load(client: kube::Client, pods: u32, notebooks: u32, rate_per_s: u32) -> Result<(), kube::Error> {
    let creator = Creator::new(client);
    super::base(&creator).await?;
    super::team_namespace(&creator, &world::LOAD).await?;
    let started = std::time::Duration::from_secs(3600);
    let make = |index: u32| {
        let creator = &creator;
        async move {
            if index < notebooks {
                creator
                    .ensure("kubeflow.org/v1", "Notebook", Some(NAMESPACE), notebook(index), started)
                    .await?;
                change_notebook(&creator.client(), index, index).await?;
            }
            if index < pods {
                creator
                    .ensure("v1", "Pod", Some(NAMESPACE), pod(index), started)
                    .await?;
                change_pod(&creator.client(), index, index).await?;
            }
            Ok::<(), kube::Error>(())
        }
    };
    stream::iter((0..pods.max(notebooks)).map(make))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    tracing::info!(pods, notebooks, rate_per_s, "the load is there");
    keep_moving(&creator.client(), pods, notebooks, rate_per_s).await;
    Ok(())
}

/// Sends `rate` changes a second for ever; a slow server gets fewer, never a growing queue.
async fn keep_moving(client: &kube::Client, pods: u32, notebooks: u32, rate: u32) {
    if rate == 0 || pods + notebooks == 0 {
        return futures::future::pending().await;
    }
    let mut tick = tokio::time::interval(BATCH);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let per_batch = f64::from(rate) * BATCH.as_secs_f64();
    let mut due = 0.0;
    let round = AtomicU64::new(0);
    loop {
        tick.tick().await;
        // After a pause nothing is made up for beyond a second's worth.
        due = (due + per_batch).min(f64::from(rate));
        let count = due.floor();
        due -= count;
        let changes = (0..whole(count)).map(|_| {
            let number = round.fetch_add(1, Ordering::Relaxed);
            one_change(client, pods, notebooks, number)
        });
        stream::iter(changes)
            .buffer_unordered(AT_ONCE)
            .for_each(|()| futures::future::ready(()))
            .await;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and not negative"
)]
fn whole(count: f64) -> u32 {
    count as u32
}

async fn one_change(client: &kube::Client, pods: u32, notebooks: u32, number: u64) {
    // Jumps through the objects in a fixed order that looks like chance.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let index = u32::try_from(spread % u64::from(pods + notebooks)).unwrap_or_default();
    let state = u32::try_from(number % 97).unwrap_or_default();
    let answer = if index < notebooks {
        change_notebook(client, index, state).await
    } else {
        change_pod(client, index - notebooks, state).await
    };
    if let Err(error) = answer {
        tracing::debug!(%error, "change not made");
    }
}

fn name(index: u32) -> String {
    format!("load-{index:05}")
}

const IMAGES: [&str; 4] = [
    "jupyter-scipy:v1.11",
    "pytorch-cuda:v1.11",
    "codeserver:v1.11",
    "rstudio:v1.11",
];

fn container(index: u32) -> Value {
    let image = IMAGES[index as usize % IMAGES.len()];
    json!({
        "name": name(index),
        "image": format!("ghcr.io/kubeflow/kubeflow/notebook-servers/{image}"),
        "resources": {
            "requests": {"cpu": format!("{}m", 250 * (1 + index % 8)), "memory": format!("{}Gi", 1 + index % 16)},
        },
    })
}

fn notebook(index: u32) -> Value {
    let kind = ["jupyter", "jupyter", "group-one", "group-two"][index as usize % 4];
    json!({
        "metadata": {
            "name": name(index),
            "labels": {LABEL: "true", "app": name(index)},
            "annotations": {"notebooks.kubeflow.org/server-type": kind, "notebooks.kubeflow.org/creator": "alice@example.com"},
        },
        "spec": {"template": {"spec": {"containers": [container(index)]}}},
    })
}

fn pod(index: u32) -> Value {
    let node = ["worker-1", "worker-2", "gpu-1"][index as usize % 3];
    json!({
        "metadata": {
            "name": format!("{}-0", name(index)),
            "labels": {LABEL: "true", "notebook-name": name(index), "statefulset": name(index)},
        },
        "spec": {"containers": [container(index)], "nodeName": node},
    })
}

/// The state of a container and the conditions that go with it; most run.
fn state(name: &str, turn: u32) -> (Value, bool) {
    let now = k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", Timestamp::now()).unwrap_or_default();
    match turn % 10 {
        0 => (
            json!({"waiting": {"reason": "ContainerCreating"}, "running": null, "terminated": null}),
            false,
        ),
        1 => {
            let message = format!("back-off 40s restarting failed container={name} pod={name}-0");
            (
                json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}, "running": null, "terminated": null}),
                false,
            )
        }
        _ => (
            json!({"running": {"startedAt": now}, "waiting": null, "terminated": null}),
            true,
        ),
    }
}

fn conditions(name: &str, ready: bool) -> Value {
    let now = k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", Timestamp::now()).unwrap_or_default();
    let one = |kind: &str, holds: bool| {
        let mut condition = json!({
            "type": kind, "status": if holds { "True" } else { "False" },
            "lastProbeTime": now, "lastTransitionTime": now,
        });
        if !holds {
            condition["reason"] = json!("ContainersNotReady");
            condition["message"] = json!(format!("containers with unready status: [{name}]"));
        }
        condition
    };
    json!([
        one("Initialized", true),
        one("Ready", ready),
        one("ContainersReady", ready),
        one("PodScheduled", true)
    ])
}

async fn change_notebook(client: &kube::Client, index: u32, turn: u32) -> Result<(), kube::Error> {
    let name = name(index);
    let kind = resource("kubeflow.org/v1", "Notebook");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &kind);
    let (state, ready) = state(&name, turn);
    let patch = json!({"status": {
        "containerState": state,
        "readyReplicas": u32::from(ready),
        "conditions": conditions(&name, ready),
    }});
    api.patch_status(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map(drop)
}

async fn change_pod(client: &kube::Client, index: u32, turn: u32) -> Result<(), kube::Error> {
    let name = name(index);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &resource("v1", "Pod"));
    let (state, ready) = state(&name, turn);
    let patch = json!({"status": {
        "phase": if turn.is_multiple_of(10) { "Pending" } else { "Running" },
        "conditions": conditions(&name, ready),
        "containerStatuses": [{
            "name": name, "image": "load", "imageID": "", "ready": ready, "started": ready,
            "restartCount": turn / 10, "state": state, "lastState": {},
        }],
    }});
    let pod = format!("{name}-0");
    api.patch_status(&pod, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map(drop)
}
