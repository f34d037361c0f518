//! Binds and evicts pods, finalizes namespaces.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::request::body;
use crate::server::respond::{self, Answer};
use crate::store::{Clash, Entry, Expect};
use crate::verbs::{Context, delete, meta};

/// `POST pods/x/binding`: puts the pod on a node.
pub(crate) async fn bind(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let binding = body::object(&context.headers, bytes, "Binding")?;
    let dry_run = context.dry_run()?;
    if meta::text(&binding, "name") != context.name() {
        return Err(Refusal::bad_request(
            "name in URL does not match name in Binding object",
        ));
    }
    let node = binding["target"]["name"].as_str().unwrap_or_default().to_owned();
    if node.is_empty() {
        return Err(Refusal::new(500, "", "target.name: Required value"));
    }
    loop {
        let current = context.current()?;
        let mut pod = current.value();
        let placed = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            let why = format!("pod {} is being deleted, cannot be assigned to a host", context.name());
            return Err(Refusal::conflict(&context.kind, context.name(), &why));
        }
        if !placed.is_empty() {
            let why = format!("pod {} is already assigned to node \"{placed}\"", context.name());
            return Err(Refusal::conflict(&context.kind, context.name(), &why));
        }
        if dry_run {
            return Ok(created());
        }
        pod["spec"]["nodeName"] = node.as_str().into();
        condition(&mut pod, "PodScheduled");
        match context
            .api
            .store
            .put("pods", &current.key, Expect::Version(current.version), pod)
            .await
        {
            Ok(_) => return Ok(created()),
            Err(Clash::Changed | Clash::Exists) => {}
            Err(Clash::Missing) => return Err(Refusal::not_found(&context.kind, context.name())),
            Err(Clash::Disk(why)) => return Err(Refusal::internal(why)),
        }
    }
}

/// `POST pods/x/eviction`: deletes the pod, gracefully.
pub(crate) async fn evict(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let eviction = body::object(&context.headers, bytes, "Eviction")?;
    let name = meta::text(&eviction, "name");
    if !name.is_empty() && name != context.name() {
        return Err(Refusal::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let options = eviction["deleteOptions"].to_string();
    let options = if eviction["deleteOptions"].is_object() {
        options.as_bytes()
    } else {
        &[]
    };
    delete::one(context, context.current()?, &delete::options(context, options)?).await?;
    Ok(created())
}

/// `PUT namespaces/x/finalize`: sets `spec.finalizers`; without any, a namespace that is being deleted goes.
pub(crate) async fn finalize(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let given = body::object(&context.headers, bytes, "Namespace")?;
    let current = context.current()?;
    let version = meta::text(&given, "resourceVersion");
    if !version.is_empty() && version != current.version.to_string() {
        return Err(Refusal::changed(&context.kind, context.name()));
    }
    let mut value = current.value();
    match given["spec"]
        .get("finalizers")
        .filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
    {
        Some(finalizers) => value["spec"]["finalizers"] = finalizers.clone(),
        None => value["spec"] = json!({}),
    }
    if context.dry_run()? {
        let would_be = Entry::new("namespaces", &current.key, current.version, &mut value);
        return context.object(200, &would_be, &[]);
    }
    let expect = Expect::Version(current.version);
    let store = &context.api.store;
    let done = if delete::is_finished(&context.kind, &value) {
        store.remove("namespaces", &current.key, expect, value).await
    } else {
        store.put("namespaces", &current.key, expect, value).await
    };
    match done {
        Ok(entry) => context.object(200, &entry, &[]),
        Err(Clash::Disk(why)) => Err(Refusal::internal(why)),
        Err(_) => Err(Refusal::changed(&context.kind, context.name())),
    }
}

fn condition(pod: &mut Value, kind: &str) {
    let fresh = json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": meta::now()});
    let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    match conditions.iter_mut().find(|one| one["type"] == kind) {
        Some(known) => *known = fresh,
        None => conditions.push(fresh),
    }
    pod["status"]["conditions"] = conditions.into();
}

fn created() -> Answer {
    respond::json(
        201,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    )
}
