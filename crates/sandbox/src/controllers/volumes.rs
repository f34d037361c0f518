//! Provisions a volume for each claim, at once or when its first pod has a node, and takes volumes of gone claims away.
//!
//! Source: kubernetes v1.36.3, pkg/controller/volume/persistentvolume/pv_controller.go,
//! pkg/controller/volume/pvcprotection, and the external provisioner's words.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::controllers::Cluster;
use crate::controllers::api;
use crate::controllers::informer::{Key, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use crate::controllers::recorder::{Author, Saying, about};

/// Holds a claim while pods use it.
const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";
/// Holds a volume while it is bound.
const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";
/// How long a storage system takes to make a volume.
const PROVISIONING: Duration = Duration::from_millis(800);

/// A claim by its key, or a volume by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Turn {
    Claim(Key),
    Volume(String),
}

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let queue = Queue::new();
    let worker = Arc::clone(&cluster);
    let again = Arc::clone(&queue);
    tokio::join!(
        each_change(cluster.claims.changes(), cluster.stop.clone(), |change| {
            if let Some(claim) = change.last() {
                queue.add(Turn::Claim(Key::of(&claim.metadata)));
                let volume = claim.spec.as_ref().and_then(|spec| spec.volume_name.clone());
                if let Some(volume) = volume.filter(|_| change.after.is_none()) {
                    queue.add(Turn::Volume(volume));
                }
            }
        }),
        each_change(cluster.volumes.changes(), cluster.stop.clone(), |change| {
            if let Some(volume) = &change.after {
                queue.add(Turn::Volume(volume.metadata.name.clone().unwrap_or_default()));
            }
        }),
        each_change(cluster.pods.changes(), cluster.stop.clone(), |change| {
            // The end of a pod may be what a deleted claim waits for.
            if change.after.is_none()
                && let Some(pod) = &change.before
            {
                for claim in claims_of(pod) {
                    queue.add(Turn::Claim(claim));
                }
            }
        }),
        work(Arc::clone(&queue), 4, cluster.stop.clone(), move |turn| {
            let (cluster, queue) = (Arc::clone(&worker), Arc::clone(&again));
            async move {
                match turn {
                    Turn::Claim(key) => look_at_claim(&cluster, &queue, &key).await,
                    Turn::Volume(name) => look_at_volume(&cluster, &name).await,
                }
            }
        }),
    );
}

fn claims_of(pod: &Pod) -> Vec<Key> {
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref());
    volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.persistent_volume_claim.as_ref())
        .map(|source| Key::new(namespace.clone(), source.claim_name.clone()))
        .collect()
}

/// What a claim needs next.
#[derive(Debug, PartialEq)]
enum Step {
    Nothing,
    /// No class is named: somebody would have to make a volume by hand.
    NoClass,
    /// The named class does not exist.
    ClassMissing(String),
    WaitForConsumer,
    /// Make the volume.
    Provision,
    /// The volume is there: say so in the claim.
    Bind,
    /// Deleted and unused: let it go.
    Release,
}

fn next_step(claim: &PersistentVolumeClaim, class: Option<&StorageClass>, volume_exists: bool, in_use: bool) -> Step {
    let finalizers = claim.metadata.finalizers.as_deref().unwrap_or_default();
    if claim.metadata.deletion_timestamp.is_some() {
        let held = finalizers.iter().any(|name| name == CLAIM_PROTECTION);
        return if held && !in_use { Step::Release } else { Step::Nothing };
    }
    let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
    if phase == Some("Bound") {
        return Step::Nothing;
    }
    let named = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.clone());
    let Some(class) = class else {
        return match named.filter(|name| !name.is_empty()) {
            Some(name) => Step::ClassMissing(name),
            None => Step::NoClass,
        };
    };
    let selected = claim
        .metadata
        .annotations
        .as_ref()
        .is_some_and(|annotations| annotations.contains_key("volume.kubernetes.io/selected-node"));
    if class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer") && !selected {
        Step::WaitForConsumer
    } else if volume_exists {
        Step::Bind
    } else {
        Step::Provision
    }
}

async fn look_at_claim(cluster: &Cluster, queue: &Queue<Turn>, key: &Key) -> Outcome {
    let Some(claim) = cluster.claims.get(key) else {
        return Ok(None);
    };
    let class = claim
        .spec
        .as_ref()
        .and_then(|spec| spec.storage_class_name.clone())
        .and_then(|name| cluster.classes.get(&Key::new("", name)));
    let volume = volume_name(&claim);
    let volume_exists = cluster.volumes.get(&Key::new("", volume.clone())).is_some();
    let in_use = claim.metadata.deletion_timestamp.is_some()
        && cluster
            .pods
            .in_namespace(&key.namespace)
            .iter()
            .any(|pod| claims_of(pod).contains(key));
    let step = next_step(&claim, class.as_deref(), volume_exists, in_use);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), &key.namespace);
    let controller = "persistentvolume-controller";
    match step {
        Step::Nothing => {}
        Step::NoClass => {
            let message = "no persistent volumes available for this claim and no storage class is set";
            say(
                cluster,
                &claim,
                controller,
                ("FailedBinding", false),
                message.to_owned(),
            );
        }
        Step::ClassMissing(name) => {
            let classes: Api<StorageClass> = Api::all(cluster.client.clone());
            if classes.get_opt(&name).await?.is_some() {
                // Made just before the claim; its stream brings it a moment later than the claim's.
                queue.add_after(Turn::Claim(key.clone()), Duration::from_millis(20));
                return Ok(None);
            }
            let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
            say(cluster, &claim, controller, ("ProvisioningFailed", true), message);
            return Ok(Some(Duration::from_secs(15)));
        }
        Step::WaitForConsumer => {
            let message = "waiting for first consumer to be created before binding";
            say(
                cluster,
                &claim,
                controller,
                ("WaitForFirstConsumer", false),
                message.to_owned(),
            );
        }
        Step::Provision => {
            let Some(class) = class else { return Ok(None) };
            provision(cluster, &claim, &class, key, &volume).await?;
            queue.add_after(Turn::Claim(key.clone()), Duration::from_millis(20));
        }
        Step::Bind => {
            let metadata = json!({"annotations": {
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
            }});
            api::patch(
                &claims,
                &key.name,
                &json!({"metadata": metadata, "spec": {"volumeName": volume}}),
            )
            .await?;
            let spec = claim.spec.clone().unwrap_or_default();
            let capacity = spec.resources.and_then(|resources| resources.requests);
            let status = json!({"phase": "Bound", "accessModes": spec.access_modes, "capacity": capacity});
            api::patch_status(&claims, &key.name, &json!({"status": status})).await?;
        }
        Step::Release => {
            let mut left = claim.metadata.finalizers.clone().unwrap_or_default();
            left.retain(|name| name != CLAIM_PROTECTION);
            let metadata = json!({"finalizers": left, "resourceVersion": claim.metadata.resource_version});
            api::patch(&claims, &key.name, &json!({"metadata": metadata})).await?;
        }
    }
    Ok(None)
}

fn volume_name(claim: &PersistentVolumeClaim) -> String {
    format!("pvc-{}", claim.metadata.uid.as_deref().unwrap_or_default())
}

async fn provision(
    cluster: &Cluster,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    key: &Key,
    volume: &str,
) -> Result<(), kube::Error> {
    let provisioner = &class.provisioner;
    say(
        cluster,
        claim,
        "persistentvolume-controller",
        ("ExternalProvisioning", false),
        format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        ),
    );
    let message = format!(
        "External provisioner is provisioning volume for claim \"{}/{}\"",
        key.namespace, key.name
    );
    say(cluster, claim, provisioner, ("Provisioning", false), message);
    tokio::time::sleep(PROVISIONING.div_f64(cluster.options.speed)).await;
    let volumes: Api<PersistentVolume> = Api::all(cluster.client.clone());
    let object: PersistentVolume =
        serde_json::from_value(volume_for(claim, class, key, volume)).map_err(kube::Error::SerdeError)?;
    match volumes.create(&PostParams::default(), &object).await {
        Err(error) if api::code(&error) != 409 => return Err(error),
        _ => {}
    }
    api::patch_status(&volumes, volume, &json!({"status": {"phase": "Bound"}})).await?;
    let message = format!("Successfully provisioned volume {volume}");
    say(cluster, claim, provisioner, ("ProvisioningSucceeded", false), message);
    Ok(())
}

fn volume_for(claim: &PersistentVolumeClaim, class: &StorageClass, key: &Key, volume: &str) -> Value {
    let spec = claim.spec.clone().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": volume,
            "annotations": {"pv.kubernetes.io/provisioned-by": class.provisioner},
            "finalizers": [VOLUME_PROTECTION],
        },
        "spec": {
            "capacity": spec.resources.and_then(|resources| resources.requests),
            "accessModes": spec.access_modes,
            "storageClassName": class.metadata.name,
            "persistentVolumeReclaimPolicy": class.reclaim_policy.clone().unwrap_or_else(|| "Delete".to_owned()),
            "volumeMode": "Filesystem",
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "namespace": key.namespace, "name": key.name, "uid": claim.metadata.uid,
            },
            "csi": {"driver": class.provisioner, "volumeHandle": volume},
        },
    })
}

/// A volume whose claim is gone is released, and deleted unless it is to be kept.
async fn look_at_volume(cluster: &Cluster, name: &str) -> Outcome {
    let Some(volume) = cluster.volumes.get(&Key::new("", name)) else {
        return Ok(None);
    };
    let spec = volume.spec.clone().unwrap_or_default();
    let Some(claim) = spec.claim_ref else {
        return Ok(None);
    };
    let key = Key::new(claim.namespace.unwrap_or_default(), claim.name.unwrap_or_default());
    let lives = cluster
        .claims
        .get(&key)
        .is_some_and(|found| found.metadata.uid == claim.uid);
    if lives {
        return Ok(None);
    }
    let volumes: Api<PersistentVolume> = Api::all(cluster.client.clone());
    if volume.metadata.deletion_timestamp.is_some() {
        let mut left = volume.metadata.finalizers.clone().unwrap_or_default();
        let before = left.len();
        left.retain(|name| name != VOLUME_PROTECTION);
        if left.len() < before {
            let metadata = json!({"finalizers": left, "resourceVersion": volume.metadata.resource_version});
            api::patch(&volumes, name, &json!({"metadata": metadata})).await?;
        }
        return Ok(None);
    }
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    if phase != Some("Released") {
        api::patch_status(&volumes, name, &json!({"status": {"phase": "Released"}})).await?;
    }
    if spec.persistent_volume_reclaim_policy.as_deref() == Some("Delete") {
        api::delete(&volumes, name, volume.metadata.uid.as_deref(), None, None).await?;
    }
    Ok(None)
}

fn say(
    cluster: &Cluster,
    claim: &PersistentVolumeClaim,
    component: &str,
    (reason, warning): (&str, bool),
    message: String,
) {
    cluster.recorder.say(Saying {
        author: Author {
            component: component.to_owned(),
            reporting: component.to_owned(),
            ..Author::default()
        },
        about: about("v1", "PersistentVolumeClaim", &claim.metadata, None),
        warning,
        reason: reason.to_owned(),
        message,
        action: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(extra: Value) -> PersistentVolumeClaim {
        serde_json::from_value(json!({"metadata": extra, "spec": {"storageClassName": "s"}})).expect("a claim")
    }

    fn class(mode: &str) -> StorageClass {
        serde_json::from_value(json!({"provisioner": "p", "volumeBindingMode": mode})).expect("a class")
    }

    #[test]
    fn immediate_class_provisions_and_then_binds() {
        let class = class("Immediate");
        assert_eq!(
            next_step(&claim(json!({})), Some(&class), false, false),
            Step::Provision
        );
        assert_eq!(next_step(&claim(json!({})), Some(&class), true, false), Step::Bind);
    }

    #[test]
    fn waiting_class_waits_until_a_node_is_selected() {
        let class = class("WaitForFirstConsumer");
        assert_eq!(
            next_step(&claim(json!({})), Some(&class), false, false),
            Step::WaitForConsumer
        );
        let selected = claim(json!({"annotations": {"volume.kubernetes.io/selected-node": "a"}}));
        assert_eq!(next_step(&selected, Some(&class), false, false), Step::Provision);
    }

    #[test]
    fn missing_class_is_said_by_name() {
        assert_eq!(
            next_step(&claim(json!({})), None, false, false),
            Step::ClassMissing("s".into())
        );
    }

    #[test]
    fn deleted_claim_stays_while_used() {
        let deleted = claim(json!({"deletionTimestamp": "2026-11-24T00:00:00Z", "finalizers": [CLAIM_PROTECTION]}));
        assert_eq!(next_step(&deleted, None, true, true), Step::Nothing);
        assert_eq!(next_step(&deleted, None, true, false), Step::Release);
    }
}
