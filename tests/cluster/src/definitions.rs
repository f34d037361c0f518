//! Applies manifests, and waits until the kinds that they define are served.

use std::path::Path;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::core::TypeMeta;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::tools;

const DEFINITION: &str = "CustomResourceDefinition";
const AT_A_TIME: usize = 8;
const SERVED_IN: Duration = Duration::from_secs(180);

/// The manifests in a folder, by the names of its files.
pub(crate) fn folder(folder: &Path) -> Result<Vec<String>> {
    let listed = std::fs::read_dir(folder).map_err(|why| Error::of(format!("reading {}", folder.display()), why))?;
    let mut files: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.retain(|file| file.file_name().is_some_and(|name| name != "kustomization.yaml"));
    files.sort();
    files.iter().map(|file| tools::read_text(file)).collect()
}

/// The objects of manifests, each of which may hold several.
pub(crate) fn read(texts: &[String]) -> Result<Vec<DynamicObject>> {
    let mut objects: Vec<DynamicObject> = Vec::new();
    for text in texts {
        let read: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|why| Error::of("a manifest", why))?;
        for object in read.into_iter().filter(|object| !object.is_null()) {
            objects.push(serde_json::from_value(object).map_err(|why| Error::of("a manifest", why))?);
        }
    }
    Ok(objects)
}

/// Applies objects by server-side apply: first definitions, which are served before anything else is applied.
pub(crate) async fn apply(client: &kube::Client, objects: Vec<DynamicObject>) -> Result<()> {
    let is_definition = |object: &DynamicObject| object.types.as_ref().is_some_and(|types| types.kind == DEFINITION);
    let (definitions, others): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_definition);
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", DEFINITION);
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::from_gvk(&kind));
    // Several at a time: the server spends most of its time on each by itself.
    let defined = definitions.iter().map(|object| define(&api, object));
    futures::stream::iter(defined)
        .buffer_unordered(AT_A_TIME)
        .try_collect::<()>()
        .await?;
    for object in &others {
        let types = object.types.clone().unwrap_or_default();
        let resource = resource(client, &types)
            .await
            .map_err(|why| Error::of(&types.kind, why))?;
        let api: Api<DynamicObject> = match &object.metadata.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        put(&api, object).await?;
    }
    Ok(())
}

/// Creates a definition: applying one of half a megabyte takes the server several times as long.
async fn define(api: &Api<DynamicObject>, object: &DynamicObject) -> Result<()> {
    match api.create(&PostParams::default(), object).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.code == 409 => put(api, object).await?,
        Err(why) => return Err(Error::of(format!("creating {}", name(object)), why)),
    }
    until_served(api, name(object)).await
}

fn name(object: &DynamicObject) -> &str {
    object.metadata.name.as_deref().unwrap_or_default()
}

async fn put(api: &Api<DynamicObject>, object: &DynamicObject) -> Result<()> {
    let name = name(object);
    let ours = PatchParams::apply("flowdeck-cluster").force();
    match api.patch(name, &ours, &Patch::Apply(object)).await {
        Ok(_) => Ok(()),
        Err(why) => Err(Error::of(format!("applying {name}"), why)),
    }
}

async fn resource(client: &kube::Client, types: &TypeMeta) -> std::result::Result<ApiResource, kube::Error> {
    let (group, version) = types.api_version.split_once('/').unwrap_or(("", &types.api_version));
    let kind = GroupVersionKind::gvk(group, version, &types.kind);
    kube::discovery::pinned_kind(client, &kind)
        .await
        .map(|(resource, _)| resource)
}

async fn until_served(api: &Api<DynamicObject>, name: &str) -> Result<()> {
    let served = kube::runtime::wait::await_condition(api.clone(), name, |object: Option<&DynamicObject>| {
        let conditions = object.and_then(|object| object.data["status"]["conditions"].as_array());
        conditions.is_some_and(|conditions| {
            conditions
                .iter()
                .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
        })
    });
    match tokio::time::timeout(SERVED_IN, served).await {
        Ok(done) => done.map(drop).map_err(|why| Error::of(name, why)),
        Err(_elapsed) => {
            let object = api.get(name).await.map_err(|why| Error::of(name, why))?;
            Err(Error::new(format!(
                "{name} is not served after {} s: {}",
                SERVED_IN.as_secs(),
                object.data["status"]["conditions"]
            )))
        }
    }
}
