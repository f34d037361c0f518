//! The annotation of kubectl's client-side apply, which server-side apply by `kubectl` takes over and keeps up to date.
//!
//! Source: k8s.io/apimachinery pkg/util/managedfields/internal/lastapplied*.go (v0.36).

use serde_json::Value;

use crate::fields::compare::{compare, paths_of};
use crate::fields::set::Set;
use crate::fields::types::Type;
use crate::verbs::meta;

/// The manager for whom the annotation is kept.
pub(crate) const KUBECTL: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What was last applied on the client's side and is still so: it was kubectl's, whoever is said to own it.
pub(crate) fn still_applied(live: &Value, of: Type<'_>) -> Set {
    let text = live["metadata"]["annotations"][ANNOTATION].as_str().unwrap_or_default();
    let Ok(mut last) = serde_json::from_str::<Value>(text) else {
        return Set::default();
    };
    meta::take(&mut last, "apiVersion");
    meta::take(&mut last, "kind");
    let changed = compare(&last, live, of);
    let paths = paths_of(&last, of);
    paths.difference(&changed.added.union(&changed.removed).union(&changed.modified))
}

/// Writes what is applied now into the annotation, if there is one.
pub(crate) fn refresh(object: &mut Value, config: &Value) {
    let kept = &object["metadata"]["annotations"][ANNOTATION];
    if kept.as_str().is_none_or(str::is_empty) {
        return;
    }
    let mut config = config.clone();
    if let Some(annotations) = config.pointer_mut("/metadata/annotations") {
        meta::take(annotations, ANNOTATION);
    }
    object["metadata"]["annotations"][ANNOTATION] = format!("{config}\n").into();
}
