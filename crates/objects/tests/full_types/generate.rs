//! Makes full Kubernetes objects from a seed: every field that the slim types know, and some that they don't.

use std::collections::BTreeMap;

use k8s_openapi::api::{apps::v1 as apps, core::v1 as core, storage::v1 as storage};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A Notebook as its CRD says: a whole PodSpec inside.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct FullNotebook {
    pub(crate) metadata: meta::ObjectMeta,
    pub(crate) spec: FullNotebookSpec,
    #[serde(default)]
    pub(crate) status: FullNotebookStatus,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct FullNotebookSpec {
    pub(crate) template: FullTemplate,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct FullTemplate {
    pub(crate) spec: core::PodSpec,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FullNotebookStatus {
    pub(crate) conditions: Option<Vec<core::PodCondition>>,
    pub(crate) ready_replicas: i32,
    pub(crate) container_state: Option<core::ContainerState>,
}

/// Random choices from a seed (SplitMix64).
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }

    fn opt<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    /// Absent, empty, or some.
    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Option<Vec<T>> {
        match self.below(4) {
            0 => None,
            n => Some((1..n).map(|_| make(self)).collect()),
        }
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] = [
            "a",
            "b-1",
            "life",
            "\"quoted\"",
            "\\back\\",
            "\n",
            "ü",
            "日本",
            "\u{1F680}",
            "\u{0}",
            "</script>",
            "kubernetes.io/x",
        ];
        (0..self.below(4)).map(|_| PIECES[self.below(12) as usize]).collect()
    }

    fn pick(&mut self, from: &[&str]) -> String {
        from[self.below(from.len() as u64) as usize].to_owned()
    }

    fn number(&mut self) -> i32 {
        match self.below(4) {
            0 => 0,
            1 => 1,
            2 => i32::MAX,
            _ => self.below(1000) as i32,
        }
    }

    fn time(&mut self) -> meta::Time {
        meta::Time(Timestamp::from_second(self.below(4_102_444_800) as i64).unwrap())
    }

    fn micro_time(&mut self) -> meta::MicroTime {
        meta::MicroTime(Timestamp::from_microsecond(self.below(4_102_444_800_000_000) as i64).unwrap())
    }

    fn map(&mut self) -> Option<BTreeMap<String, String>> {
        self.list(|s| (s.text(), s.text()))
            .map(|entries| entries.into_iter().collect())
    }

    fn amounts(&mut self) -> Option<BTreeMap<String, Quantity>> {
        let make = |s: &mut Self| {
            let name = s.pick(&["cpu", "memory", "storage", "nvidia.com/gpu", "pods", "requests.cpu"]);
            (
                name,
                Quantity(s.pick(&["0", "500m", "1.5Gi", "16Gi", "4", "1e3", "100Mi"])),
            )
        };
        self.list(make).map(|entries| entries.into_iter().collect())
    }

    pub(crate) fn meta(&mut self) -> meta::ObjectMeta {
        let mut annotations = self.map();
        if let Some(map) = &mut annotations
            && self.flag()
        {
            map.insert(
                "kubectl.kubernetes.io/last-applied-configuration".to_owned(),
                "{\"a\":1}".to_owned(),
            );
        }
        meta::ObjectMeta {
            name: self.opt(Self::text),
            namespace: self.opt(Self::text),
            uid: self.opt(Self::text),
            resource_version: self.opt(Self::text),
            generate_name: self.opt(Self::text),
            generation: self.opt(|s| i64::from(s.number())),
            creation_timestamp: self.opt(Self::time),
            deletion_timestamp: self.opt(Self::time),
            deletion_grace_period_seconds: self.opt(|s| i64::from(s.number())),
            labels: self.map(),
            annotations,
            owner_references: self.list(|s| meta::OwnerReference {
                api_version: s.text(),
                kind: s.pick(&["StatefulSet", "Notebook", "Job"]),
                name: s.text(),
                uid: s.text(),
                controller: s.opt(Self::flag),
                block_owner_deletion: s.opt(Self::flag),
            }),
            finalizers: self.list(Self::text),
            managed_fields: self.list(|s| meta::ManagedFieldsEntry {
                manager: s.opt(Self::text),
                time: s.opt(Self::time),
                ..Default::default()
            }),
            self_link: self.opt(Self::text),
        }
    }

    fn truth(&mut self) -> String {
        self.pick(&["True", "False", "Unknown"])
    }

    fn pod_condition(&mut self) -> core::PodCondition {
        core::PodCondition {
            type_: self.pick(&["Ready", "PodScheduled", "Initialized", "ContainersReady"]),
            status: self.truth(),
            reason: self.opt(Self::text),
            message: self.opt(Self::text),
            last_transition_time: self.opt(Self::time),
            last_probe_time: self.opt(Self::time),
            ..Default::default()
        }
    }

    fn container_state(&mut self) -> core::ContainerState {
        core::ContainerState {
            waiting: self.opt(|s| core::ContainerStateWaiting {
                reason: s.opt(Self::text),
                message: s.opt(Self::text),
            }),
            running: self.opt(|s| core::ContainerStateRunning {
                started_at: s.opt(Self::time),
            }),
            terminated: self.opt(|s| core::ContainerStateTerminated {
                exit_code: s.number(),
                signal: s.opt(Self::number),
                reason: s.opt(Self::text),
                message: s.opt(Self::text),
                started_at: s.opt(Self::time),
                finished_at: s.opt(Self::time),
                container_id: s.opt(Self::text),
            }),
        }
    }

    fn container_status(&mut self) -> core::ContainerStatus {
        core::ContainerStatus {
            name: self.text(),
            image: self.text(),
            image_id: self.text(),
            ready: self.flag(),
            started: self.opt(Self::flag),
            restart_count: self.number(),
            state: self.opt(Self::container_state),
            last_state: self.opt(Self::container_state),
            ..Default::default()
        }
    }

    fn resources(&mut self) -> core::ResourceRequirements {
        core::ResourceRequirements {
            requests: self.amounts(),
            limits: self.amounts(),
            ..Default::default()
        }
    }

    fn env(&mut self) -> core::EnvVar {
        core::EnvVar {
            name: self.text(),
            value: self.opt(Self::text),
            value_from: self.opt(|s| core::EnvVarSource {
                secret_key_ref: s.opt(|s| core::SecretKeySelector {
                    name: s.text(),
                    key: s.text(),
                    optional: s.opt(Self::flag),
                }),
                config_map_key_ref: s.opt(|s| core::ConfigMapKeySelector {
                    name: s.text(),
                    key: s.text(),
                    optional: s.opt(Self::flag),
                }),
                field_ref: s.opt(|s| core::ObjectFieldSelector {
                    field_path: s.text(),
                    api_version: s.opt(Self::text),
                }),
                ..Default::default()
            }),
        }
    }

    fn container(&mut self) -> core::Container {
        core::Container {
            name: self.text(),
            image: self.opt(Self::text),
            image_pull_policy: self.opt(Self::text),
            args: self.list(Self::text),
            resources: self.opt(Self::resources),
            env: self.list(Self::env),
            env_from: self.list(|s| core::EnvFromSource {
                prefix: s.opt(Self::text),
                secret_ref: s.opt(|s| core::SecretEnvSource {
                    name: s.text(),
                    optional: s.opt(Self::flag),
                }),
                config_map_ref: s.opt(|s| core::ConfigMapEnvSource {
                    name: s.text(),
                    optional: s.opt(Self::flag),
                }),
            }),
            volume_mounts: self.list(|s| core::VolumeMount {
                name: s.text(),
                mount_path: s.text(),
                sub_path: s.opt(Self::text),
                read_only: s.opt(Self::flag),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn volume(&mut self) -> core::Volume {
        let mut volume = core::Volume {
            name: self.text(),
            ..Default::default()
        };
        match self.below(6) {
            0 => {
                volume.persistent_volume_claim = Some(core::PersistentVolumeClaimVolumeSource {
                    claim_name: self.text(),
                    read_only: self.opt(Self::flag),
                });
            }
            1 => {
                volume.empty_dir = Some(core::EmptyDirVolumeSource {
                    medium: self.opt(|s| s.pick(&["Memory", ""])),
                    size_limit: self.opt(|s| Quantity(s.pick(&["1Gi", "64Mi"]))),
                });
            }
            2 => {
                volume.config_map = Some(core::ConfigMapVolumeSource {
                    name: self.text(),
                    ..Default::default()
                })
            }
            3 => {
                volume.secret = Some(core::SecretVolumeSource {
                    secret_name: self.opt(Self::text),
                    ..Default::default()
                })
            }
            4 => {
                volume.nfs = Some(core::NFSVolumeSource {
                    path: self.text(),
                    server: self.text(),
                    read_only: None,
                })
            }
            _ => {}
        }
        volume
    }

    fn pod_spec(&mut self) -> core::PodSpec {
        core::PodSpec {
            node_name: self.opt(Self::text),
            service_account_name: self.opt(Self::text),
            containers: self.list(Self::container).unwrap_or_default(),
            init_containers: self.list(Self::container),
            volumes: self.list(Self::volume),
            node_selector: self.map(),
            ..Default::default()
        }
    }

    pub(crate) fn pod(&mut self) -> core::Pod {
        core::Pod {
            metadata: self.meta(),
            spec: self.opt(Self::pod_spec),
            status: self.opt(|s| core::PodStatus {
                phase: s.opt(|s| s.pick(&["Pending", "Running", "Failed"])),
                reason: s.opt(Self::text),
                message: s.opt(Self::text),
                conditions: s.list(Self::pod_condition),
                container_statuses: s.list(Self::container_status),
                init_container_statuses: s.list(Self::container_status),
                start_time: s.opt(Self::time),
                pod_ip: s.opt(Self::text),
                ..Default::default()
            }),
        }
    }

    pub(crate) fn notebook(&mut self) -> FullNotebook {
        FullNotebook {
            metadata: self.meta(),
            spec: FullNotebookSpec {
                template: FullTemplate { spec: self.pod_spec() },
            },
            status: FullNotebookStatus {
                conditions: self.list(Self::pod_condition),
                ready_replicas: self.number(),
                container_state: self.opt(Self::container_state),
            },
        }
    }

    pub(crate) fn event(&mut self) -> core::Event {
        core::Event {
            metadata: self.meta(),
            involved_object: core::ObjectReference {
                kind: self.opt(Self::text),
                namespace: self.opt(Self::text),
                name: self.opt(Self::text),
                uid: self.opt(Self::text),
                field_path: self.opt(Self::text),
                ..Default::default()
            },
            type_: self.opt(|s| s.pick(&["Normal", "Warning"])),
            reason: self.opt(Self::text),
            message: self.opt(Self::text),
            count: self.opt(Self::number),
            first_timestamp: self.opt(Self::time),
            last_timestamp: self.opt(Self::time),
            event_time: self.opt(Self::micro_time),
            series: self.opt(|s| core::EventSeries {
                count: s.opt(Self::number),
                last_observed_time: s.opt(Self::micro_time),
            }),
            source: self.opt(|s| core::EventSource {
                component: s.opt(Self::text),
                host: s.opt(Self::text),
            }),
            reporting_component: self.opt(Self::text),
            reporting_instance: self.opt(Self::text),
            ..Default::default()
        }
    }

    fn access_modes(&mut self) -> Option<Vec<String>> {
        self.list(|s| s.pick(&["ReadWriteOnce", "ReadWriteMany"]))
    }

    pub(crate) fn volume_claim(&mut self) -> core::PersistentVolumeClaim {
        core::PersistentVolumeClaim {
            metadata: self.meta(),
            spec: self.opt(|s| core::PersistentVolumeClaimSpec {
                access_modes: s.access_modes(),
                resources: s.opt(|s| core::VolumeResourceRequirements {
                    requests: s.amounts(),
                    limits: s.amounts(),
                }),
                storage_class_name: s.opt(Self::text),
                volume_name: s.opt(Self::text),
                volume_mode: s.opt(Self::text),
                ..Default::default()
            }),
            status: self.opt(|s| core::PersistentVolumeClaimStatus {
                phase: s.opt(|s| s.pick(&["Pending", "Bound", "Lost"])),
                access_modes: s.access_modes(),
                capacity: s.amounts(),
                conditions: s.list(|s| core::PersistentVolumeClaimCondition {
                    type_: s.text(),
                    status: s.truth(),
                    reason: s.opt(Self::text),
                    message: s.opt(Self::text),
                    last_transition_time: s.opt(Self::time),
                    last_probe_time: None,
                }),
                ..Default::default()
            }),
        }
    }

    pub(crate) fn stateful_set(&mut self) -> apps::StatefulSet {
        apps::StatefulSet {
            metadata: self.meta(),
            spec: self.opt(|s| apps::StatefulSetSpec {
                replicas: s.opt(Self::number),
                service_name: s.opt(Self::text),
                template: core::PodTemplateSpec {
                    metadata: s.opt(Self::meta),
                    spec: s.opt(Self::pod_spec),
                },
                ..Default::default()
            }),
            status: self.opt(|s| apps::StatefulSetStatus {
                observed_generation: s.opt(|s| i64::from(s.number())),
                replicas: s.number(),
                ready_replicas: s.opt(Self::number),
                current_replicas: s.opt(Self::number),
                updated_replicas: s.opt(Self::number),
                current_revision: s.opt(Self::text),
                update_revision: s.opt(Self::text),
                ..Default::default()
            }),
        }
    }

    pub(crate) fn namespace(&mut self) -> core::Namespace {
        core::Namespace {
            metadata: self.meta(),
            status: self.opt(|s| core::NamespaceStatus {
                phase: s.opt(|s| s.pick(&["Active", "Terminating"])),
                conditions: s.list(|s| core::NamespaceCondition {
                    type_: s.text(),
                    status: s.truth(),
                    reason: s.opt(Self::text),
                    message: s.opt(Self::text),
                    last_transition_time: s.opt(Self::time),
                }),
            }),
            ..Default::default()
        }
    }

    pub(crate) fn quota(&mut self) -> core::ResourceQuota {
        core::ResourceQuota {
            metadata: self.meta(),
            spec: self.opt(|s| core::ResourceQuotaSpec {
                hard: s.amounts(),
                ..Default::default()
            }),
            status: self.opt(|s| core::ResourceQuotaStatus {
                hard: s.amounts(),
                used: s.amounts(),
            }),
        }
    }

    pub(crate) fn node(&mut self) -> core::Node {
        core::Node {
            metadata: self.meta(),
            spec: self.opt(|s| core::NodeSpec {
                unschedulable: s.opt(Self::flag),
                taints: s.list(|s| core::Taint {
                    key: s.text(),
                    value: s.opt(Self::text),
                    effect: s.pick(&["NoSchedule", "NoExecute"]),
                    time_added: s.opt(Self::time),
                }),
                ..Default::default()
            }),
            status: self.opt(|s| core::NodeStatus {
                capacity: s.amounts(),
                allocatable: s.amounts(),
                conditions: s.list(|s| core::NodeCondition {
                    type_: s.pick(&["Ready", "MemoryPressure"]),
                    status: s.truth(),
                    reason: s.opt(Self::text),
                    message: s.opt(Self::text),
                    last_transition_time: s.opt(Self::time),
                    last_heartbeat_time: s.opt(Self::time),
                }),
                ..Default::default()
            }),
        }
    }

    pub(crate) fn storage_class(&mut self) -> storage::StorageClass {
        storage::StorageClass {
            metadata: self.meta(),
            provisioner: self.text(),
            volume_binding_mode: self.opt(Self::text),
            reclaim_policy: self.opt(Self::text),
            allow_volume_expansion: self.opt(Self::flag),
            ..Default::default()
        }
    }
}
