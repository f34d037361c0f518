//! Creates objects that are not there yet, as old as they should look.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{Api, DeleteParams, DynamicObject, GetParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind, Request};
use serde_json::{Value, json};

/// Asks the sandbox to backdate what is created; only its own administrator may.
const BACKDATE: &str = "X-Sandbox-Creation-Timestamp";

/// A client that creates what is missing.
pub(super) struct Creator {
    client: kube::Client,
    now: Timestamp,
}

impl Creator {
    pub(super) fn new(client: kube::Client) -> Self {
        Self {
            client,
            now: Timestamp::now(),
        }
    }

    pub(super) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// Creates an object of this age unless it is there; answers it as it is.
    pub(super) async fn ensure(
        &self,
        version: &str,
        kind: &str,
        namespace: Option<&str>,
        mut object: Value,
        age: Duration,
    ) -> Result<DynamicObject, kube::Error> {
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let resource = resource(version, kind);
        let path = <DynamicObject as kube::Resource>::url_path(&resource, namespace);
        let body = serde_json::to_vec(&object).map_err(kube::Error::SerdeError)?;
        let mut request = Request::new(path.clone())
            .create(&PostParams::default(), body)
            .map_err(kube::Error::BuildRequest)?;
        let born = SignedDuration::try_from(age)
            .ok()
            .and_then(|age| self.now.checked_sub(age).ok())
            .unwrap_or(self.now);
        let born = k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", born).unwrap_or_default();
        if let Ok(born) = http::HeaderValue::from_str(&born) {
            request.headers_mut().insert(BACKDATE, born);
        }
        match self.client.request::<DynamicObject>(request).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {
                let request = Request::new(path)
                    .get(&name, &GetParams::default())
                    .map_err(kube::Error::BuildRequest)?;
                self.client.request(request).await
            }
            other => other,
        }
    }

    /// Says what a node has, which cannot be said at its creation.
    pub(super) async fn node_status(&self, name: &str, patch: &Value) -> Result<(), kube::Error> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        nodes
            .patch_status(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .map(drop)
    }

    /// Asks for a notebook's deletion; a finalizer may hold it.
    pub(super) async fn delete_notebook(&self, namespace: &str, name: &str) -> Result<(), kube::Error> {
        let resource = resource("kubeflow.org/v1", "Notebook");
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        match api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            other => other.map(drop),
        }
    }
}

/// The resource of a kind; all kinds used here have regular plurals.
pub(super) fn resource(version: &str, kind: &str) -> ApiResource {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let singular = kind.to_lowercase();
    let plural = if singular.ends_with('s') {
        format!("{singular}es")
    } else {
        format!("{singular}s")
    };
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), &plural)
}
