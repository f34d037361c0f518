//! Deletes what lost its owners, and lets owners go when their dependents are gone: background, foreground, orphan.
//!
//! Knows the kinds below and every kind that a CustomResourceDefinition defines. An owner that was never
//! seen is asked for before anything is deleted on its account.

mod graph;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;
use kube::api::{DynamicObject, PropagationPolicy};
use kube::core::ApiResource;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::controllers::Cluster;
use crate::controllers::api::{self, resource};
use crate::controllers::informer::{Informer, Object, Shared, each_change};
use crate::controllers::queue::{Outcome, Queue, work};
use graph::{Graph, Item, Verdict};

/// How many gone owners are remembered.
const REMEMBERED: usize = 10_000;
/// How soon an object is looked at again whose owner's kind is not known: its definition may not have been read yet.
const KIND_POLL: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct State {
    graph: Graph,
    kinds: Vec<ApiResource>,
    /// The defined kinds that are in no namespace, by group and kind.
    cluster_wide: HashSet<(String, String)>,
    absent: HashSet<String>,
}

impl State {
    fn kind(&mut self, kind: &ApiResource) -> usize {
        let known = self.kinds.iter().position(|known| known == kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind.clone());
            self.kinds.len() - 1
        })
    }

    /// The kind of an owner, and whether it is in no namespace; `None` if nobody follows it.
    fn kind_of(&self, owner: &OwnerReference) -> Option<(ApiResource, bool)> {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        let mut kinds = self.kinds.iter();
        let kind = kinds.find(|kind| kind.group == group && kind.kind == owner.kind)?;
        let cluster_wide = match group {
            "" => matches!(owner.kind.as_str(), "Namespace" | "Node" | "PersistentVolume"),
            "kubeflow.org" if owner.kind == "Profile" => true,
            _ => self.cluster_wide.contains(&(group.to_owned(), owner.kind.clone())),
        };
        Some((kind.clone(), cluster_wide))
    }
}

/// What was found out about owners.
#[derive(Debug, Default)]
struct Told {
    absent: bool,
    unknown_kind: bool,
}

struct Collector {
    cluster: Arc<Cluster>,
    state: Shared<State>,
    queue: Arc<Queue<String>>,
}

/// Runs until the cluster's `stop`.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let collector = Arc::new(Collector {
        state: Shared::default(),
        queue: Queue::new(),
        cluster,
    });
    let stop = collector.cluster.stop.clone();
    let worker = Arc::clone(&collector);
    let follow_more = async {
        // Kinds that no other controller reads.
        let more = [
            resource("", "v1", "ConfigMap", "configmaps"),
            resource("", "v1", "Secret", "secrets"),
            resource("apps", "v1", "ControllerRevision", "controllerrevisions"),
            resource("rbac.authorization.k8s.io", "v1", "Role", "roles"),
            resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
        ];
        let follows = more.into_iter().map(|kind| {
            let informer = collector.inform(&kind, stop.clone());
            collector.follow(kind, informer, stop.clone())
        });
        futures::future::join_all(follows).await;
    };
    let cluster = &collector.cluster;
    let apps = |kind, plural| resource("apps", "v1", kind, plural);
    let core = |kind, plural| resource("", "v1", kind, plural);
    tokio::join!(
        follow_more,
        follow_definitions(Arc::clone(&collector)),
        collector.follow(api::notebook(), Arc::clone(&cluster.notebooks), stop.clone()),
        collector.follow(api::profile(), Arc::clone(&cluster.profiles), stop.clone()),
        collector.follow(core("Pod", "pods"), Arc::clone(&cluster.pods), stop.clone()),
        collector.follow(
            apps("StatefulSet", "statefulsets"),
            Arc::clone(&cluster.sets),
            stop.clone()
        ),
        collector.follow(
            apps("Deployment", "deployments"),
            Arc::clone(&cluster.deployments),
            stop.clone()
        ),
        collector.follow(
            apps("ReplicaSet", "replicasets"),
            Arc::clone(&cluster.replica_sets),
            stop.clone()
        ),
        collector.follow(core("Service", "services"), Arc::clone(&cluster.services), stop.clone()),
        collector.follow(
            core("PersistentVolumeClaim", "persistentvolumeclaims"),
            Arc::clone(&cluster.claims),
            stop.clone()
        ),
        collector.follow(
            core("Namespace", "namespaces"),
            Arc::clone(&cluster.namespaces),
            stop.clone()
        ),
        collector.follow(
            core("ResourceQuota", "resourcequotas"),
            Arc::clone(&cluster.quotas),
            stop.clone()
        ),
        collector.follow(
            core("ServiceAccount", "serviceaccounts"),
            Arc::clone(&cluster.accounts),
            stop.clone()
        ),
        work(Arc::clone(&collector.queue), 8, stop.clone(), move |uid| look(
            Arc::clone(&worker),
            uid
        )),
    );
}

impl Collector {
    fn inform(&self, kind: &ApiResource, stop: CancellationToken) -> Arc<Informer<DynamicObject>> {
        Informer::start(api::dynamic(&self.cluster.client, kind, None), stop)
    }

    async fn follow<K: Object>(&self, kind: ApiResource, informer: Arc<Informer<K>>, stop: CancellationToken) {
        let number = self.state.with(|state| state.kind(&kind));
        each_change(informer.changes(), stop, |change| {
            let turns = self.state.with(|state| match &change.after {
                Some(object) => {
                    let meta = kube::Resource::meta(&**object);
                    // Replaced under the same name without our seeing the end of the old one.
                    let old = change
                        .before
                        .as_ref()
                        .and_then(|old| kube::Resource::meta(&**old).uid.clone());
                    let mut turns = match old {
                        Some(old) if meta.uid.as_ref() != Some(&old) => state.graph.forget(&old),
                        _ => Vec::new(),
                    };
                    turns.extend(state.graph.see(number, meta));
                    turns
                }
                None => {
                    let uid = change
                        .before
                        .as_ref()
                        .and_then(|old| kube::Resource::meta(&**old).uid.clone());
                    state.graph.forget(uid.as_deref().unwrap_or_default())
                }
            });
            for uid in turns {
                self.queue.add(uid);
            }
        })
        .await;
    }

    fn api_of(&self, item: &Item) -> Api<DynamicObject> {
        let kind = self.state.with(|state| state.kinds[item.place.kind].clone());
        api::dynamic(&self.cluster.client, &kind, Some(&item.place.namespace))
    }

    async fn delete(&self, uid: &str, foreground: bool) -> Result<(), kube::Error> {
        let Some(item) = self.state.with(|state| state.graph.item(uid).cloned()) else {
            return Ok(());
        };
        let policy = if foreground {
            PropagationPolicy::Foreground
        } else {
            PropagationPolicy::Background
        };
        api::delete(&self.api_of(&item), &item.place.name, Some(uid), None, Some(policy)).await?;
        Ok(())
    }

    /// Changes lists in an object's metadata, on the version that was just read.
    async fn edit(&self, uid: &str, change: impl Fn(&DynamicObject) -> serde_json::Value) -> Result<(), kube::Error> {
        let Some(item) = self.state.with(|state| state.graph.item(uid).cloned()) else {
            return Ok(());
        };
        let api = self.api_of(&item);
        let Some(object) = api.get_opt(&item.place.name).await? else {
            return Ok(());
        };
        if object.metadata.uid.as_deref() != Some(uid) {
            return Ok(());
        }
        let mut metadata = change(&object);
        metadata["resourceVersion"] = json!(object.metadata.resource_version);
        api::patch(&api, &item.place.name, &json!({"metadata": metadata})).await
    }

    /// Asks whether owners exist. One of an unknown kind counts as there, as does one in a namespace of an object that is in
    /// none: nothing is deleted on a guess.
    async fn ask(&self, item: &Item, owners: &[OwnerReference]) -> Result<Told, kube::Error> {
        let mut told = Told::default();
        for owner in owners {
            let Some((kind, cluster_wide)) = self.state.with(|state| state.kind_of(owner)) else {
                told.unknown_kind = true;
                continue;
            };
            if !cluster_wide && item.place.namespace.is_empty() {
                continue;
            }
            let namespace = (!cluster_wide).then_some(item.place.namespace.as_str());
            let found = api::dynamic(&self.cluster.client, &kind, namespace)
                .get_opt(&owner.name)
                .await?;
            if found.is_none_or(|found| found.metadata.uid.as_deref() != Some(&owner.uid)) {
                told.absent = true;
                self.state.with(|state| {
                    if state.absent.len() > REMEMBERED {
                        state.absent.clear();
                    }
                    state.absent.insert(owner.uid.clone());
                });
            }
        }
        Ok(told)
    }
}

async fn look(collector: Arc<Collector>, uid: String) -> Outcome {
    let verdict = collector
        .state
        .with(|state| state.graph.judge(&uid, |owner| state.absent.contains(owner)));
    match verdict {
        Verdict::Leave => {}
        Verdict::AskFor(owners) => {
            let Some(item) = collector.state.with(|state| state.graph.item(&uid).cloned()) else {
                return Ok(None);
            };
            let told = collector.ask(&item, &owners).await?;
            if told.absent {
                collector.queue.add(uid);
            } else if told.unknown_kind {
                return Ok(Some(KIND_POLL));
            }
        }
        Verdict::Delete { foreground } => collector.delete(&uid, foreground).await?,
        Verdict::DeleteDependents(dependents) => {
            for dependent in dependents {
                let foreground = collector.state.with(|state| state.graph.has_dependents(&dependent));
                collector.delete(&dependent, foreground).await?;
            }
        }
        Verdict::ReleaseDependents(dependents) => {
            for dependent in &dependents {
                let owner = uid.as_str();
                collector
                    .edit(
                        dependent,
                        |object| json!({"ownerReferences": without_owners(object, &[owner])}),
                    )
                    .await?;
            }
            return Ok(Some(Duration::from_millis(100)));
        }
        Verdict::ForgetOwners(gone) => {
            let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
            collector
                .edit(&uid, |object| json!({"ownerReferences": without_owners(object, &gone)}))
                .await?;
        }
        Verdict::DropFinalizer(finalizer) => {
            collector
                .edit(&uid, |object| {
                    let mut left = object.metadata.finalizers.clone().unwrap_or_default();
                    left.retain(|name| name != finalizer);
                    json!({"finalizers": left})
                })
                .await?;
        }
    }
    Ok(None)
}

fn without_owners(object: &DynamicObject, gone: &[&str]) -> Vec<OwnerReference> {
    let mut left = object.metadata.owner_references.clone().unwrap_or_default();
    left.retain(|owner| !gone.contains(&owner.uid.as_str()));
    left
}

/// Follows the objects of every kind that is defined, as long as it is.
async fn follow_definitions(collector: Arc<Collector>) {
    let stop = collector.cluster.stop.clone();
    let definitions: Arc<Informer<CustomResourceDefinition>> =
        Informer::start(Api::all(collector.cluster.client.clone()), stop.clone());
    let mut followed: HashMap<String, CancellationToken> = HashMap::new();
    each_change(definitions.changes(), stop.clone(), |change| {
        let Some(definition) = change.last() else { return };
        let name = definition.metadata.name.clone().unwrap_or_default();
        if change.after.is_none() {
            if let Some(end) = followed.remove(&name) {
                end.cancel();
            }
            return;
        }
        // Read by controllers of their own.
        let own = name == "notebooks.kubeflow.org" || name == "profiles.kubeflow.org";
        if own || followed.contains_key(&name) || !is_established(definition) {
            return;
        }
        let spec = &definition.spec;
        let mut served = spec.versions.iter().filter(|version| version.served);
        let first = served.clone().next();
        let Some(version) = served.find(|version| version.storage).or(first) else {
            return;
        };
        let kind = resource(&spec.group, &version.name, &spec.names.kind, &spec.names.plural);
        if spec.scope == "Cluster" {
            let name = (spec.group.clone(), spec.names.kind.clone());
            collector.state.with(|state| state.cluster_wide.insert(name));
        }
        let end = stop.child_token();
        followed.insert(name, end.clone());
        let collector = Arc::clone(&collector);
        tokio::spawn(async move {
            let informer = collector.inform(&kind, end.clone());
            collector.follow(kind, informer, end).await;
        });
    })
    .await;
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    definition
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref())
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Established" && condition.status == "True")
}
