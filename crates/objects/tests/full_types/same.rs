//! Compares a slim object with the full one, field by field.

use std::collections::BTreeMap;

use flowdeck_objects as slim;
use k8s_openapi::api::{apps::v1 as apps, core::v1 as core, storage::v1 as storage};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use crate::generate::FullNotebook;

/// A slim type that can be held to a full one.
pub(crate) trait Same<F> {
    /// Panics at the first field that differs.
    fn same(&self, full: &F);
}

fn text(slim: &str, full: Option<&String>) {
    assert_eq!(slim, full.map_or("", String::as_str));
}

fn time(slim: Option<slim::Timestamp>, full: Option<&meta::Time>) {
    assert_eq!(slim.map(slim::Timestamp::ms), full.map(|t| t.0.as_second() * 1000));
}

fn micro(slim: Option<slim::Timestamp>, full: Option<&meta::MicroTime>) {
    assert_eq!(
        slim.map(slim::Timestamp::ms),
        full.map(|t| t.0.as_microsecond().div_euclid(1000))
    );
}

fn map(slim: &slim::StringMap, full: Option<&BTreeMap<String, String>>) {
    let mut expect = full.cloned().unwrap_or_default();
    expect.remove("kubectl.kubernetes.io/last-applied-configuration");
    let found: BTreeMap<String, String> = slim.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    assert_eq!(found, expect);
    assert_eq!(slim.len(), expect.len());
    for (key, value) in &expect {
        assert_eq!(slim.get(key), Some(value.as_str()));
    }
}

fn amounts(slim: &slim::ResourceList, full: Option<&BTreeMap<String, Quantity>>) {
    let texts = full.map(|full| full.iter().map(|(k, v)| (k.clone(), v.0.clone())).collect());
    map(&slim.0, texts.as_ref());
    for (name, _) in slim.iter() {
        assert!(slim.quantity(name).is_some());
    }
}

/// Compares two lists, item by item; a missing one is empty.
fn list<S, F>(slim: &[S], full: Option<&Vec<F>>, same: impl Fn(&S, &F)) {
    let full = full.map_or(&[][..], Vec::as_slice);
    assert_eq!(slim.len(), full.len());
    slim.iter().zip(full).for_each(|(s, f)| same(s, f));
}

fn optional<S, F>(slim: Option<&S>, full: Option<&F>, same: impl Fn(&S, &F)) {
    assert_eq!(slim.is_some(), full.is_some());
    if let (Some(s), Some(f)) = (slim, full) {
        same(s, f);
    }
}

impl Same<meta::ObjectMeta> for slim::Meta {
    fn same(&self, full: &meta::ObjectMeta) {
        text(&self.name, full.name.as_ref());
        text(&self.namespace, full.namespace.as_ref());
        text(&self.uid, full.uid.as_ref());
        text(&self.resource_version, full.resource_version.as_ref());
        assert_eq!(self.generation, full.generation.unwrap_or(0));
        time(self.creation_timestamp, full.creation_timestamp.as_ref());
        time(self.deletion_timestamp, full.deletion_timestamp.as_ref());
        assert_eq!(self.deletion_grace_period_seconds, full.deletion_grace_period_seconds);
        map(&self.labels, full.labels.as_ref());
        map(&self.annotations, full.annotations.as_ref());
        list(&self.owner_references, full.owner_references.as_ref(), |s, f| {
            assert_eq!(
                (&s.api_version, &s.kind, &s.name, &s.uid),
                (&f.api_version, &f.kind, &f.name, &f.uid)
            );
            assert_eq!(s.controller, f.controller.unwrap_or(false));
        });
        list(&self.finalizers, full.finalizers.as_ref(), |s, f| assert_eq!(s, f));
    }
}

fn condition(
    slim: &slim::Condition,
    (kind, status): (&str, &str),
    reason: Option<&String>,
    message: Option<&String>,
    at: Option<&meta::Time>,
) {
    assert_eq!(slim.kind, kind);
    assert_eq!(format!("{:?}", slim.status), status);
    text(&slim.reason, reason);
    text(&slim.message, message);
    time(slim.last_transition_time, at);
}

/// The condition types of the API have the same fields, but are types of their own.
macro_rules! conditions {
    () => {
        |s, f| {
            condition(
                s,
                (&f.type_, &f.status),
                f.reason.as_ref(),
                f.message.as_ref(),
                f.last_transition_time.as_ref(),
            )
        }
    };
}

fn resources(slim: &slim::Resources, full: Option<&core::ResourceRequirements>) {
    amounts(&slim.requests, full.and_then(|f| f.requests.as_ref()));
    amounts(&slim.limits, full.and_then(|f| f.limits.as_ref()));
}

fn container_state(slim: &slim::ContainerState, full: Option<&core::ContainerState>) {
    let empty = core::ContainerState::default();
    let full = full.unwrap_or(&empty);
    optional(slim.waiting.as_ref(), full.waiting.as_ref(), |s, f| {
        text(&s.reason, f.reason.as_ref());
        text(&s.message, f.message.as_ref());
    });
    optional(slim.running.as_ref(), full.running.as_ref(), |s, f| {
        time(s.started_at, f.started_at.as_ref())
    });
    optional(slim.terminated.as_ref(), full.terminated.as_ref(), |s, f| {
        assert_eq!((s.exit_code, s.signal), (f.exit_code, f.signal.unwrap_or(0)));
        text(&s.reason, f.reason.as_ref());
        text(&s.message, f.message.as_ref());
        time(s.started_at, f.started_at.as_ref());
        time(s.finished_at, f.finished_at.as_ref());
    });
}

fn container_status(slim: &slim::ContainerStatus, full: &core::ContainerStatus) {
    assert_eq!((&slim.name, &slim.image), (&full.name, &full.image));
    assert_eq!(
        (slim.ready, slim.started, slim.restart_count),
        (full.ready, full.started, full.restart_count)
    );
    container_state(&slim.state, full.state.as_ref());
    container_state(&slim.last_state, full.last_state.as_ref());
}

fn pod_container(slim: &slim::PodContainer, full: &core::Container) {
    assert_eq!(slim.name, full.name);
    text(&slim.image, full.image.as_ref());
    resources(&slim.resources, full.resources.as_ref());
}

impl Same<core::Pod> for slim::Pod {
    fn same(&self, full: &core::Pod) {
        self.metadata.same(&full.metadata);
        let spec = full.spec.clone().unwrap_or_default();
        text(&self.spec.node_name, spec.node_name.as_ref());
        list(&self.spec.containers, Some(&spec.containers), pod_container);
        list(&self.spec.init_containers, spec.init_containers.as_ref(), pod_container);
        let status = full.status.clone().unwrap_or_default();
        text(&self.status.phase, status.phase.as_ref());
        text(&self.status.reason, status.reason.as_ref());
        text(&self.status.message, status.message.as_ref());
        list(&self.status.conditions, status.conditions.as_ref(), conditions!());
        list(
            &self.status.container_statuses,
            status.container_statuses.as_ref(),
            container_status,
        );
        list(
            &self.status.init_container_statuses,
            status.init_container_statuses.as_ref(),
            container_status,
        );
        time(self.status.start_time, status.start_time.as_ref());
    }
}

fn env(slim: &slim::EnvVar, full: &core::EnvVar) {
    assert_eq!(slim.name, full.name);
    text(&slim.value, full.value.as_ref());
    optional(slim.value_from.as_ref(), full.value_from.as_ref(), |s, f| {
        optional(s.secret_key_ref.as_ref(), f.secret_key_ref.as_ref(), |s, f| {
            assert_eq!((&s.name, &s.key), (&f.name, &f.key))
        });
        optional(s.config_map_key_ref.as_ref(), f.config_map_key_ref.as_ref(), |s, f| {
            assert_eq!((&s.name, &s.key), (&f.name, &f.key));
        });
        optional(s.field_ref.as_ref(), f.field_ref.as_ref(), |s, f| {
            assert_eq!(s.field_path, f.field_path)
        });
    });
}

fn container(slim: &slim::Container, full: &core::Container) {
    assert_eq!(slim.name, full.name);
    text(&slim.image, full.image.as_ref());
    resources(&slim.resources, full.resources.as_ref());
    list(&slim.env, full.env.as_ref(), env);
    list(&slim.env_from, full.env_from.as_ref(), |s, f| {
        text(&s.prefix, f.prefix.as_ref());
        optional(s.secret_ref.as_ref(), f.secret_ref.as_ref(), |s, f| {
            assert_eq!(s.name, f.name)
        });
        optional(s.config_map_ref.as_ref(), f.config_map_ref.as_ref(), |s, f| {
            assert_eq!(s.name, f.name)
        });
    });
    list(&slim.volume_mounts, full.volume_mounts.as_ref(), |s, f| {
        assert_eq!((&s.name, &s.mount_path), (&f.name, &f.mount_path));
        text(&s.sub_path, f.sub_path.as_ref());
        assert_eq!(s.read_only, f.read_only.unwrap_or(false));
    });
}

fn volume(slim: &slim::Volume, full: &core::Volume) {
    assert_eq!(slim.name, full.name);
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    match slim.kind() {
        slim::VolumeKind::Claim { name, read_only } => {
            let claim = full.persistent_volume_claim.as_ref().unwrap();
            assert_eq!(
                (name, read_only),
                (claim.claim_name.as_str(), claim.read_only.unwrap_or(false))
            );
        }
        slim::VolumeKind::Memory { size_limit } | slim::VolumeKind::Scratch { size_limit } => {
            let dir = full.empty_dir.as_ref().unwrap();
            let is_memory = matches!(slim.kind(), slim::VolumeKind::Memory { .. });
            assert_eq!(is_memory, dir.medium.as_deref() == Some("Memory"));
            assert_eq!(size_limit, dir.size_limit.as_ref().map_or("", |q| &q.0));
        }
        slim::VolumeKind::ConfigMap { name } => assert_eq!(name, full.config_map.as_ref().unwrap().name),
        slim::VolumeKind::Secret { name } => assert_eq!(name, or_empty(&full.secret.as_ref().unwrap().secret_name)),
        slim::VolumeKind::Other => {
            assert!(full.persistent_volume_claim.is_none() && full.empty_dir.is_none());
            assert!(full.config_map.is_none() && full.secret.is_none());
        }
    }
}

impl Same<FullNotebook> for slim::Notebook {
    fn same(&self, full: &FullNotebook) {
        self.metadata.same(&full.metadata);
        let (slim, spec) = (&self.spec.template.spec, &full.spec.template.spec);
        list(&slim.containers, Some(&spec.containers), container);
        list(&slim.volumes, spec.volumes.as_ref(), volume);
        text(&slim.service_account_name, spec.service_account_name.as_ref());
        list(&self.status.conditions, full.status.conditions.as_ref(), conditions!());
        assert_eq!(self.status.ready_replicas, full.status.ready_replicas);
        container_state(&self.status.container_state, full.status.container_state.as_ref());
    }
}

impl Same<core::Event> for slim::Event {
    fn same(&self, full: &core::Event) {
        self.metadata.same(&full.metadata);
        let (about, full_about) = (&self.involved_object, &full.involved_object);
        text(&about.kind, full_about.kind.as_ref());
        text(&about.namespace, full_about.namespace.as_ref());
        text(&about.name, full_about.name.as_ref());
        text(&about.uid, full_about.uid.as_ref());
        text(&about.field_path, full_about.field_path.as_ref());
        text(&self.kind, full.type_.as_ref());
        text(&self.reason, full.reason.as_ref());
        text(&self.message, full.message.as_ref());
        assert_eq!(self.count, full.count.unwrap_or(0));
        time(self.first_timestamp, full.first_timestamp.as_ref());
        time(self.last_timestamp, full.last_timestamp.as_ref());
        micro(self.event_time, full.event_time.as_ref());
        optional(self.series.as_ref(), full.series.as_ref(), |s, f| {
            assert_eq!(s.count, f.count.unwrap_or(0));
            micro(s.last_observed_time, f.last_observed_time.as_ref());
        });
        text(
            &self.source.component,
            full.source.as_ref().and_then(|s| s.component.as_ref()),
        );
        text(&self.source.host, full.source.as_ref().and_then(|s| s.host.as_ref()));
        text(&self.reporting_component, full.reporting_component.as_ref());
    }
}

impl Same<core::PersistentVolumeClaim> for slim::PersistentVolumeClaim {
    fn same(&self, full: &core::PersistentVolumeClaim) {
        self.metadata.same(&full.metadata);
        let spec = full.spec.clone().unwrap_or_default();
        list(&self.spec.access_modes, spec.access_modes.as_ref(), |s, f| {
            assert_eq!(s, f)
        });
        amounts(
            &self.spec.resources.requests,
            spec.resources.as_ref().and_then(|r| r.requests.as_ref()),
        );
        amounts(
            &self.spec.resources.limits,
            spec.resources.as_ref().and_then(|r| r.limits.as_ref()),
        );
        assert_eq!(self.spec.storage_class_name, spec.storage_class_name);
        text(&self.spec.volume_name, spec.volume_name.as_ref());
        text(&self.spec.volume_mode, spec.volume_mode.as_ref());
        let status = full.status.clone().unwrap_or_default();
        text(&self.status.phase, status.phase.as_ref());
        list(&self.status.access_modes, status.access_modes.as_ref(), |s, f| {
            assert_eq!(s, f)
        });
        amounts(&self.status.capacity, status.capacity.as_ref());
        list(&self.status.conditions, status.conditions.as_ref(), conditions!());
    }
}

impl Same<apps::StatefulSet> for slim::StatefulSet {
    fn same(&self, full: &apps::StatefulSet) {
        self.metadata.same(&full.metadata);
        assert_eq!(self.spec.replicas, full.spec.as_ref().and_then(|s| s.replicas));
        let status = full.status.clone().unwrap_or_default();
        assert_eq!(self.status.observed_generation, status.observed_generation.unwrap_or(0));
        assert_eq!(self.status.replicas, status.replicas);
        assert_eq!(self.status.ready_replicas, status.ready_replicas.unwrap_or(0));
        assert_eq!(self.status.current_replicas, status.current_replicas.unwrap_or(0));
        assert_eq!(self.status.updated_replicas, status.updated_replicas.unwrap_or(0));
        text(&self.status.current_revision, status.current_revision.as_ref());
        text(&self.status.update_revision, status.update_revision.as_ref());
    }
}

impl Same<core::Namespace> for slim::Namespace {
    fn same(&self, full: &core::Namespace) {
        self.metadata.same(&full.metadata);
        let status = full.status.clone().unwrap_or_default();
        text(&self.status.phase, status.phase.as_ref());
        list(&self.status.conditions, status.conditions.as_ref(), conditions!());
    }
}

impl Same<core::ResourceQuota> for slim::ResourceQuota {
    fn same(&self, full: &core::ResourceQuota) {
        self.metadata.same(&full.metadata);
        amounts(&self.spec.hard, full.spec.as_ref().and_then(|s| s.hard.as_ref()));
        amounts(&self.status.hard, full.status.as_ref().and_then(|s| s.hard.as_ref()));
        amounts(&self.status.used, full.status.as_ref().and_then(|s| s.used.as_ref()));
    }
}

impl Same<core::Node> for slim::Node {
    fn same(&self, full: &core::Node) {
        self.metadata.same(&full.metadata);
        let spec = full.spec.clone().unwrap_or_default();
        assert_eq!(self.spec.unschedulable, spec.unschedulable.unwrap_or(false));
        list(&self.spec.taints, spec.taints.as_ref(), |s, f| {
            assert_eq!((&s.key, &s.effect), (&f.key, &f.effect));
            text(&s.value, f.value.as_ref());
        });
        let status = full.status.clone().unwrap_or_default();
        amounts(&self.status.capacity, status.capacity.as_ref());
        amounts(&self.status.allocatable, status.allocatable.as_ref());
        list(&self.status.conditions, status.conditions.as_ref(), conditions!());
    }
}

impl Same<storage::StorageClass> for slim::StorageClass {
    fn same(&self, full: &storage::StorageClass) {
        self.metadata.same(&full.metadata);
        assert_eq!(self.provisioner, full.provisioner);
        text(&self.volume_binding_mode, full.volume_binding_mode.as_ref());
        text(&self.reclaim_policy, full.reclaim_policy.as_ref());
        assert_eq!(
            self.allow_volume_expansion,
            full.allow_volume_expansion.unwrap_or(false)
        );
    }
}

impl Same<core::Secret> for slim::SecretName {
    fn same(&self, full: &core::Secret) {
        self.metadata.same(&full.metadata);
    }
}

impl Same<core::ConfigMap> for slim::ConfigMapName {
    fn same(&self, full: &core::ConfigMap) {
        self.metadata.same(&full.metadata);
    }
}
