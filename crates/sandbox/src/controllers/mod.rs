//! Brings objects to life as ordinary API clients: they see the cluster only through the Kubernetes API.
//!
//! One controller a file. Each looks at the state and makes it a little truer, however often it is asked,
//! in whatever order changes arrive, and after any restart. None knows the sandbox's store: all can be
//! pointed at a real API server (`Options::parts` chooses those that it lacks).

mod api;
mod deployments;
mod events;
mod garbage;
mod informer;
mod kubelet;
mod namespaces;
mod notebook;
mod profiles;
mod quantity;
mod queue;
mod quotas;
mod recorder;
mod roles;
mod scheduler;
mod statefulset;
mod volumes;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{
    Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, ResourceQuota, Service, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::DynamicObject;
use tokio_util::sync::CancellationToken;

use informer::{Informer, Key};
use recorder::Recorder;

/// One controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Notebook to StatefulSet and Service, and its status.
    Notebooks,
    /// Last activity of running notebooks.
    Activity,
    /// StatefulSet to pods.
    StatefulSets,
    /// Pods to nodes.
    Scheduler,
    /// Pods' lives on their nodes.
    Kubelet,
    /// Claims to volumes.
    Volumes,
    /// Deletion of what lost its owner.
    Garbage,
    /// Emptying of deleted namespaces, and what every namespace has.
    Namespaces,
    /// Use of quotas.
    Quotas,
    /// Profile to namespace, accounts, roles and quota.
    Profiles,
    /// Deployment to ReplicaSet to pods.
    Deployments,
    /// Events go after an hour.
    Events,
    /// Rules of ClusterRoles that gather others.
    Roles,
}

impl Part {
    /// Everything that a bare API server lacks.
    pub const ALL: [Self; 13] = [
        Self::Notebooks,
        Self::Activity,
        Self::StatefulSets,
        Self::Scheduler,
        Self::Kubelet,
        Self::Volumes,
        Self::Garbage,
        Self::Namespaces,
        Self::Quotas,
        Self::Profiles,
        Self::Deployments,
        Self::Events,
        Self::Roles,
    ];

    /// What a real control plane with its own controller manager, scheduler and nodes lacks.
    pub const KUBEFLOW: [Self; 2] = [Self::Notebooks, Self::Profiles];
}

/// How the controllers run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much faster than a real kubelet pods are pulled and started; 1.0 is life-like.
    pub speed: f64,
    /// Which controllers run.
    pub parts: BTreeSet<Part>,
    /// Whether notebooks' pods get `fsGroup: 100`, as Kubeflow's controller does unless told not to.
    pub add_fs_group: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            speed: 1.0,
            parts: Part::ALL.into(),
            add_fs_group: true,
        }
    }
}

/// What all controllers share: the client, the local copies, the pen for events.
pub(crate) struct Cluster {
    client: kube::Client,
    options: Options,
    stop: CancellationToken,
    recorder: Recorder,
    notebooks: Arc<Informer<DynamicObject>>,
    profiles: Arc<Informer<DynamicObject>>,
    pods: Arc<Informer<Pod>>,
    sets: Arc<Informer<StatefulSet>>,
    deployments: Arc<Informer<Deployment>>,
    replica_sets: Arc<Informer<ReplicaSet>>,
    services: Arc<Informer<Service>>,
    claims: Arc<Informer<PersistentVolumeClaim>>,
    volumes: Arc<Informer<PersistentVolume>>,
    classes: Arc<Informer<StorageClass>>,
    events: Arc<Informer<Event>>,
    nodes: Arc<Informer<Node>>,
    namespaces: Arc<Informer<Namespace>>,
    quotas: Arc<Informer<ResourceQuota>>,
    accounts: Arc<Informer<ServiceAccount>>,
    roles: Arc<Informer<ClusterRole>>,
}

impl Cluster {
    fn start(client: kube::Client, options: Options, stop: CancellationToken) -> Self {
        let dynamic =
            |resource: kube::core::ApiResource| Informer::start(Api::all_with(client.clone(), &resource), stop.clone());
        Self {
            recorder: Recorder::start(&client),
            notebooks: dynamic(api::notebook()),
            profiles: dynamic(api::profile()),
            pods: Informer::start(Api::all(client.clone()), stop.clone()),
            sets: Informer::start(Api::all(client.clone()), stop.clone()),
            deployments: Informer::start(Api::all(client.clone()), stop.clone()),
            replica_sets: Informer::start(Api::all(client.clone()), stop.clone()),
            services: Informer::start(Api::all(client.clone()), stop.clone()),
            claims: Informer::start(Api::all(client.clone()), stop.clone()),
            volumes: Informer::start(Api::all(client.clone()), stop.clone()),
            classes: Informer::start(Api::all(client.clone()), stop.clone()),
            events: Informer::start(Api::all(client.clone()), stop.clone()),
            nodes: Informer::start(Api::all(client.clone()), stop.clone()),
            namespaces: Informer::start(Api::all(client.clone()), stop.clone()),
            quotas: Informer::start(Api::all(client.clone()), stop.clone()),
            accounts: Informer::start(Api::all(client.clone()), stop.clone()),
            roles: Informer::start(Api::all(client.clone()), stop.clone()),
            client,
            options,
            stop,
        }
    }

    /// Waits until every local copy is complete: before that, what is not there may only be unread.
    async fn synced(&self) {
        tokio::join!(
            self.notebooks.synced(),
            self.profiles.synced(),
            self.pods.synced(),
            self.sets.synced(),
            self.deployments.synced(),
            self.replica_sets.synced(),
            self.services.synced(),
            self.claims.synced(),
            self.volumes.synced(),
            self.classes.synced(),
            self.events.synced(),
            self.nodes.synced(),
            self.namespaces.synced(),
            self.quotas.synced(),
            self.accounts.synced(),
            self.roles.synced(),
        );
    }

    /// Whether only the load generator moves this object.
    fn is_load(&self, meta: &ObjectMeta) -> bool {
        meta.labels
            .as_ref()
            .is_some_and(|labels| labels.contains_key(api::LOAD))
    }

    /// Whether a claim is bound only when its first pod has a node.
    fn waits_for_consumer(&self, claim: &PersistentVolumeClaim) -> bool {
        let class = claim
            .spec
            .as_ref()
            .and_then(|spec| spec.storage_class_name.clone())
            .unwrap_or_default();
        self.classes
            .get(&Key::new("", class))
            .is_some_and(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"))
    }

    async fn only<F: Future<Output = ()>>(self: &Arc<Self>, part: Part, run: impl FnOnce(Arc<Self>) -> F) {
        if self.options.parts.contains(&part) {
            run(Arc::clone(self)).await;
        }
    }
}

/// Runs the controllers until `stop`.
pub async fn run(client: kube::Client, options: Options, stop: CancellationToken) {
    let cluster = Arc::new(Cluster::start(client, options, stop.clone()));
    tokio::select! {
        () = cluster.synced() => {}
        () = stop.cancelled() => return,
    }
    tokio::join!(
        cluster.only(Part::Notebooks, notebook::run),
        cluster.only(Part::Activity, notebook::activity),
        cluster.only(Part::StatefulSets, statefulset::run),
        cluster.only(Part::Scheduler, scheduler::run),
        cluster.only(Part::Kubelet, kubelet::run),
        cluster.only(Part::Volumes, volumes::run),
        cluster.only(Part::Garbage, garbage::run),
        cluster.only(Part::Namespaces, namespaces::run),
        cluster.only(Part::Quotas, quotas::run),
        cluster.only(Part::Profiles, profiles::run),
        cluster.only(Part::Deployments, deployments::run),
        cluster.only(Part::Events, events::run),
        cluster.only(Part::Roles, roles::run),
    );
}

/// The namespace that a Profile's controller makes, for the seed, which cannot wait for it.
pub(crate) fn profile_namespace(profile: &DynamicObject) -> serde_json::Value {
    profiles::namespace(profile)
}

/// The quota that a Profile's controller makes, if the Profile asks for one.
pub(crate) fn profile_quota(profile: &DynamicObject) -> Option<serde_json::Value> {
    profiles::quota(profile)
}
