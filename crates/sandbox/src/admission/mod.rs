//! Changes and refuses objects by what else there is: namespaces, limit ranges, quotas, default storage classes.
//!
//! Source: the admission plugins that a kube-apiserver 1.36 has on by default. Not done: ServiceAccount tokens in pods.

mod limits;
mod quota;

use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use crate::rbac;
use crate::refusal::Refusal;
use crate::verbs::Context;

/// Which class is the default says this annotation.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// Holds a claim while pods use it; the controller of volumes takes it away.
const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";

/// Changes a new object, or refuses it.
pub(crate) fn mutate(context: &Context, value: &mut Value) -> Result<(), Refusal> {
    if context.kind.namespaced {
        namespace(context, value)?;
    }
    rbac::escalation::check(context, None, value)?;
    match context.kind.shelf() {
        "pods" => {
            limits::apply(context, value)?;
            pod(value);
        }
        "persistentvolumeclaims" => {
            limits::claim(context, value)?;
            default_class(context, value);
            protect(value);
        }
        _ => {}
    }
    Ok(())
}

/// Changes an object that replaces another.
pub(crate) fn mutate_update(context: &Context, old: &Value, value: &mut Value) -> Result<(), Refusal> {
    rbac::escalation::check(context, Some(old), value)?;
    if context.kind.shelf() == "services" {
        for field in ["clusterIP", "clusterIPs"] {
            if !old["spec"][field].is_null() && (value["spec"][field].is_null() || value["spec"][field] == "") {
                value["spec"][field] = old["spec"][field].clone();
            }
        }
    }
    Ok(())
}

/// Charges quotas; what is returned is held until the object is stored.
pub(crate) async fn charge<'a>(
    context: &'a Context,
    old: Option<&Value>,
    value: &Value,
    dry_run: bool,
) -> Result<Option<MutexGuard<'a, ()>>, Refusal> {
    quota::charge(context, old, value, dry_run).await
}

/// The namespace must be there, and must not be going.
fn namespace(context: &Context, value: &Value) -> Result<(), Refusal> {
    let name = context.namespace();
    let Some(found) = context.api.store.get("namespaces", name) else {
        return Err(Refusal::not_found_in("namespaces", "", name));
    };
    if found
        .fields
        .iter()
        .any(|(field, phase)| *field == "status.phase" && &**phase == "Terminating")
    {
        let object = value["metadata"]["name"].as_str().unwrap_or_default();
        let why = format!("unable to create new content in namespace {name} because it is being terminated");
        let refusal = Refusal::forbidden(&context.kind.plural, &context.kind.group, object, why);
        let cause = format!("namespace {name} is being terminated");
        return Err(refusal.with_cause("NamespaceTerminating", &cause, "metadata.namespace"));
    }
    Ok(())
}

fn pod(value: &mut Value) {
    let spec = &mut value["spec"];
    let mut tolerations = spec["tolerations"].as_array().cloned().unwrap_or_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = tolerations.iter().any(|one| {
            (one["key"] == key || one["key"].is_null()) && (one["effect"] == "NoExecute" || one["effect"].is_null())
        });
        if !covered {
            tolerations
                .push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    spec["tolerations"] = tolerations.into();
    if spec["priority"].is_null() {
        spec["priority"] = 0.into();
        spec["preemptionPolicy"] = "PreemptLowerPriority".into();
    }
    if spec["serviceAccountName"].as_str().unwrap_or_default().is_empty() {
        spec["serviceAccountName"] = "default".into();
        spec["serviceAccount"] = "default".into();
    }
}

/// A claim goes when no pod uses it any more.
fn protect(claim: &mut Value) {
    let mut finalizers = claim["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if !finalizers.iter().any(|one| one == CLAIM_PROTECTION) {
        finalizers.push(CLAIM_PROTECTION.into());
        claim["metadata"]["finalizers"] = finalizers.into();
    }
}

fn default_class(context: &Context, value: &mut Value) {
    if value["spec"]["storageClassName"].is_string() {
        return;
    }
    let classes = context.api.store.all("storageclasses.storage.k8s.io", None);
    let default = classes
        .iter()
        .find(|class| class.value()["metadata"]["annotations"][DEFAULT_CLASS] == "true");
    if let Some(default) = default {
        value["spec"]["storageClassName"] = default.name().into();
    }
}
