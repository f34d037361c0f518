//! Makes what every API server makes for itself: the first namespaces, the first roles, and Kubeflow's definitions.

use serde_json::{Value, json};

use crate::defaults;
use crate::rbac;
use crate::registry::{DEFINITIONS, Registry};
use crate::request::body;
use crate::store::{Clash, Expect, Store};
use crate::verbs::meta;

const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
const FILES: [&str; 2] = [
    include_str!("../crds/notebooks.yaml"),
    include_str!("../crds/profiles.yaml"),
];

/// Stores what is missing.
pub(crate) async fn run(store: &Store, registry: &Registry) -> Result<(), String> {
    for name in NAMESPACES {
        put(store, registry, "", "namespaces", json!({"metadata": {"name": name}})).await?;
    }
    for (shelf, object) in rbac::bootstrap_objects() {
        let plural = shelf.split('.').next().unwrap_or_default();
        put(store, registry, "rbac.authorization.k8s.io", plural, object).await?;
    }
    for text in FILES {
        let mut definition = body::yaml(text.as_bytes())?;
        meta::take(&mut definition, "apiVersion");
        meta::take(&mut definition, "kind");
        put(
            store,
            registry,
            "apiextensions.k8s.io",
            DEFINITIONS.split('.').next().unwrap_or_default(),
            definition,
        )
        .await?;
    }
    registry.reload(store);
    Ok(())
}

async fn put(store: &Store, registry: &Registry, group: &str, plural: &str, mut object: Value) -> Result<(), String> {
    let kind = registry
        .by_plural(group, plural)
        .ok_or_else(|| format!("no kind {plural}"))?;
    let name = meta::text(&object, "name").to_owned();
    object["metadata"]["uid"] = meta::new_uid().into();
    object["metadata"]["creationTimestamp"] = meta::now().into();
    if kind.shelf() == DEFINITIONS {
        object["metadata"]["generation"] = 1.into();
    }
    defaults::apply(&kind, &mut object);
    defaults::without_nulls(&kind, &mut object);
    match store.put(kind.shelf(), &name, Expect::Absent, object).await {
        Ok(_) | Err(Clash::Exists) => Ok(()),
        Err(clash) => Err(format!("cannot store {plural} {name}: {clash:?}")),
    }
}
