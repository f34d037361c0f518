//! Says the few things to the API that every controller says: patch a status, delete one very object, sort errors.

use k8s_openapi::jiff::Timestamp;
use kube::Resource;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions, PropagationPolicy};
use kube::core::{ApiResource, GroupVersionKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The annotation by which a notebook chooses how its container behaves.
pub(crate) const BEHAVIOUR: &str = "sandbox.flowdeck.dev/behaviour";
/// The annotation by which a seeded notebook's first pod has a past: when it was seeded, and how many seconds
/// of the pod's script had passed by then.
pub(crate) const HISTORY: &str = "sandbox.flowdeck.dev/history";
/// The label of objects that only the load generator moves.
pub(crate) const LOAD: &str = "sandbox.flowdeck.dev/load";

/// The HTTP code of an API error; 0 for anything else.
pub(crate) fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

/// An answer of 404 or 409 is none for who works by level: the next look will see what is true.
pub(crate) fn unless_gone<T>(answer: Result<T, kube::Error>) -> Result<Option<T>, kube::Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if code(&error) == 404 => Ok(None),
        Err(error) => Err(error),
    }
}

/// The kind Notebook, in the version that Kubeflow's own controller reads and owns by.
pub(crate) fn notebook() -> ApiResource {
    resource("kubeflow.org", "v1beta1", "Notebook", "notebooks")
}

/// The kind Profile.
pub(crate) fn profile() -> ApiResource {
    resource("kubeflow.org", "v1", "Profile", "profiles")
}

pub(crate) fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// All objects of a dynamic kind in one namespace.
pub(crate) fn dynamic(client: &kube::Client, resource: &ApiResource, namespace: Option<&str>) -> Api<DynamicObject> {
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    }
}

/// Merges `patch` (a whole object with just the changed fields) into an object's status.
pub(crate) async fn patch_status<K>(api: &Api<K>, name: &str, patch: &Value) -> Result<(), kube::Error>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let answer = api
        .patch_status(name, &PatchParams::default(), &Patch::Merge(patch))
        .await;
    unless_gone(answer).map(drop)
}

/// Merges `patch` into an object.
pub(crate) async fn patch<K>(api: &Api<K>, name: &str, patch: &Value) -> Result<(), kube::Error>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let answer = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
    unless_gone(answer).map(drop)
}

/// Deletes the object with this uid and no later one of the same name.
///
/// Answers whether this call did it.
pub(crate) async fn delete<K>(
    api: &Api<K>,
    name: &str,
    uid: Option<&str>,
    grace_s: Option<u32>,
    propagation: Option<PropagationPolicy>,
) -> Result<bool, kube::Error>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let parameters = DeleteParams {
        grace_period_seconds: grace_s,
        propagation_policy: propagation,
        preconditions: uid.map(|uid| Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match api.delete(name, &parameters).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(code(&error), 404 | 409) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Now, as the API writes times: whole seconds, UTC.
pub(crate) fn seconds(time: Timestamp) -> String {
    k8s_openapi::jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", time).unwrap_or_else(|_| time.to_string())
}

/// A stable number for a text: spreads choices over objects without chance.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The text of what the API server refused, without our client's decoration.
pub(crate) fn message(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
