//! Reads what there is to choose from: GPUs of the nodes, volumes, storage classes.

use flowdeck_objects::{Notebook, PersistentVolumeClaim, Quantity, StorageClass};
use flowdeck_view::config::Spawner;
use flowdeck_view::form::Gpu;
use flowdeck_watch::resource::STORAGE_CLASSES;
use leptos::prelude::*;

use crate::live::Live;
use crate::live::access::Allowed;
use crate::live::lease::{Lease, StreamState};
use crate::widgets::reactive::memo;

/// A claim that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) size: String,
    pub(super) used_by: Vec<String>,
}

/// A storage class: its name, and whether it is the cluster's default.
pub(super) type Class = (String, bool);

/// The most GPUs of each offered vendor that one node has; empty when nodes may not be read.
pub(super) fn gpus_of(live: &Live, namespace: Signal<String>, spawner: RwSignal<Spawner>) -> Memo<Vec<Gpu>> {
    let nodes = if_allowed(live, namespace, "", "nodes", Live::nodes);
    memo(move || {
        let Some(nodes) = nodes.get() else { return Vec::new() };
        if nodes.state().get() != StreamState::Live {
            return Vec::new();
        }
        nodes.with(|rows| {
            spawner.with(|spawner| {
                let most = |resource: &str| {
                    let counts = rows
                        .iter()
                        .filter_map(|node| node.status.allocatable.quantity(resource));
                    counts.map(Quantity::value).max().unwrap_or(0)
                };
                let vendors = spawner.gpus.value.vendors.iter();
                vendors
                    .map(|v| Gpu {
                        resource: v.limits_key.clone(),
                        most: most(&v.limits_key),
                    })
                    .collect()
            })
        })
    })
}

pub(super) fn classes_of(live: &Live, namespace: Signal<String>) -> Memo<Vec<Class>> {
    let watch = |live: &Live| live.watch(STORAGE_CLASSES, "", "");
    let classes: Memo<Option<Lease<StorageClass>>> =
        if_allowed(live, namespace, "storage.k8s.io", "storageclasses", watch);
    memo(move || {
        let Some(classes) = classes.get() else {
            return Vec::new();
        };
        classes.with(|rows| {
            let mut classes: Vec<Class> = rows
                .iter()
                .map(|class| (class.metadata.name.clone(), class.is_default()))
                .collect();
            classes.sort_unstable();
            classes
        })
    })
}

/// A list of the cluster that many users may not see: asked for only when they may, so that no refusal is provoked.
fn if_allowed<T: 'static>(
    live: &Live,
    namespace: Signal<String>,
    group: &'static str,
    resource: &'static str,
    take: fn(&Live) -> Lease<T>,
) -> Memo<Option<Lease<T>>> {
    let live = live.clone();
    let may = {
        let live = live.clone();
        memo(move || {
            let namespace = namespace.get();
            !namespace.is_empty() && live.access(&namespace).can("list", group, resource).get() == Allowed::Yes
        })
    };
    Memo::new_with_compare(move |_| may.get().then(|| take(&live)), |_, _| true)
}

pub(super) fn claims_of<'a>(
    claims: impl Iterator<Item = &'a PersistentVolumeClaim>,
    notebooks: impl Iterator<Item = &'a Notebook>,
) -> Vec<Claim> {
    let mounts: Vec<(&str, &str)> = notebooks
        .flat_map(|notebook| {
            let volumes = notebook.spec.template.spec.volumes.iter();
            volumes.filter_map(|volume| match volume.kind() {
                flowdeck_objects::VolumeKind::Claim { name, .. } => Some((name, notebook.metadata.name.as_str())),
                _ => None,
            })
        })
        .collect();
    let mut out: Vec<Claim> = claims
        .map(|claim| {
            let name = claim.metadata.name.as_str();
            let size = claim
                .size()
                .and_then(|size| Quantity::parse(size).ok())
                .map(Quantity::bytes_text);
            let used = mounts
                .iter()
                .filter(|(claim, _)| *claim == name)
                .map(|(_, notebook)| (*notebook).to_owned());
            Claim {
                name: name.to_owned(),
                size: size.unwrap_or_default(),
                used_by: used.collect(),
            }
        })
        .collect();
    out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    out
}
