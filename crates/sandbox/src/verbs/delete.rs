//! Deletes an object: at once, gracefully, or when its finalizers are gone.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::decode;
use crate::refusal::{Cause, Refusal};
use crate::registry::{DEFINITIONS, Kind};
use crate::request::body;
use crate::server::respond::{self, Answer};
use crate::store::{Clash, Entry, Expect};
use crate::verbs::{Context, create, meta, render};

/// Kinds that answer a deletion with the object instead of a `Status`.
const RETURNED: &[&str] = &[
    "pods",
    "persistentvolumes",
    "persistentvolumeclaims",
    "resourcequotas",
    "serviceaccounts",
    "services",
];
/// The schema of the options in a body.
const OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
/// Namespaces that stay.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// What a deletion may say.
#[derive(Debug, Default, Clone)]
pub(crate) struct DeleteOptions {
    grace_seconds: Option<i64>,
    propagation: Option<String>,
    uid: Option<String>,
    version: Option<String>,
    dry_run: bool,
}

/// What became of the object.
pub(crate) enum Deleted {
    /// It is gone; this was its last state.
    Gone(Arc<Entry>),
    /// It is marked and waits for grace or finalizers.
    Marked(Arc<Entry>),
}

/// `DELETE` of one object.
pub(crate) async fn delete(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    let options = options(context, bytes)?;
    match one(context, context.current()?, &options).await? {
        Deleted::Gone(entry) if RETURNED.contains(&context.kind.shelf()) => render::one(context, 200, &entry),
        Deleted::Gone(entry) => Ok(respond::json(200, &success(&context.kind, &entry))),
        Deleted::Marked(entry) => render::one(context, 200, &entry),
    }
}

/// The options in the body, or else in the query.
pub(crate) fn options(context: &Context, bytes: &[u8]) -> Result<DeleteOptions, Refusal> {
    let mut body = if bytes.is_empty() {
        Value::Null
    } else {
        body::object(&context.headers, bytes, "DeleteOptions")?
    };
    if let Some(kind) = body["kind"].as_str().filter(|kind| *kind != "DeleteOptions") {
        let version = body["apiVersion"].as_str().unwrap_or_default();
        let why = format!(
            "{kind} in version \"{version}\" cannot be handled as a DeleteOptions: converting ({version}.{kind}) to (v1.DeleteOptions): unknown conversion"
        );
        return Err(Refusal::bad_request(why));
    }
    if !body.is_null() {
        decode::part(OPTIONS, &mut body).map_err(Refusal::bad_request)?;
    }
    let query = &context.query;
    let text = |key: &str| body[key].as_str().or_else(|| query.get(key)).map(str::to_owned);
    let grace = match body["gracePeriodSeconds"].as_i64() {
        Some(grace) => Some(grace),
        None => query.integer("gracePeriodSeconds")?,
    };
    let orphans = body["orphanDependents"] == true || query.flag("orphanDependents");
    let mut propagation = text("propagationPolicy");
    check_propagation(orphans, propagation.as_deref())?;
    if orphans {
        propagation = Some("Orphan".to_owned());
    }
    let asked = &body["dryRun"];
    if asked.as_array().is_some_and(|list| list.iter().any(|one| one != "All")) {
        let cause = Cause::unsupported("dryRun", asked, &["All"]);
        return Err(Refusal::invalid_options("DeleteOptions", &[cause]));
    }
    let dry_run = context.dry_run()? || asked.is_array();
    let precondition = |key: &str| body["preconditions"][key].as_str().map(str::to_owned);
    Ok(DeleteOptions {
        grace_seconds: grace,
        propagation,
        uid: precondition("uid"),
        version: precondition("resourceVersion"),
        dry_run,
    })
}

/// Source: `ValidateDeleteOptions` in k8s.io/apimachinery pkg/apis/meta/v1/validation (v0.36).
fn check_propagation(orphans: bool, policy: Option<&str>) -> Result<(), Refusal> {
    let cause = match policy {
        Some(policy) if orphans => Cause::invalid(
            "propagationPolicy",
            &policy.into(),
            "orphanDependents and deletionPropagation cannot be both set",
        ),
        Some(policy) if !matches!(policy, "Orphan" | "Background" | "Foreground") => Cause::unsupported(
            "propagationPolicy",
            &policy.into(),
            &["Foreground", "Background", "Orphan", "nil"],
        ),
        _ => return Ok(()),
    };
    Err(Refusal::invalid_options("DeleteOptions", &[cause]))
}

/// Deletes one object; tries again when somebody changes it meanwhile, unless a version was asked for.
pub(crate) async fn one(
    context: &Context,
    mut current: Arc<Entry>,
    options: &DeleteOptions,
) -> Result<Deleted, Refusal> {
    let kind = &context.kind;
    loop {
        let value = current.value();
        check(context, &current, &value, options)?;
        let (mut next, gone) = marked(kind, &value, options);
        if !gone && next == value {
            return Ok(Deleted::Marked(current));
        }
        if options.dry_run {
            return Ok(if gone {
                Deleted::Gone(current)
            } else {
                let would_be = Entry::new(kind.shelf(), &current.key, current.version, &mut next);
                Deleted::Marked(Arc::new(would_be))
            });
        }
        let expect = Expect::Version(current.version);
        let done = if gone {
            context
                .api
                .store
                .remove(kind.shelf(), &current.key, expect, next)
                .await
                .map(Deleted::Gone)
        } else {
            context
                .api
                .store
                .put(kind.shelf(), &current.key, expect, next)
                .await
                .map(Deleted::Marked)
        };
        match done {
            Ok(Deleted::Gone(entry)) => {
                after(context, &entry).await;
                return Ok(Deleted::Gone(entry));
            }
            Ok(marked) => return Ok(marked),
            Err(Clash::Missing) => return Err(Refusal::not_found(kind, current.name())),
            Err(Clash::Changed | Clash::Exists) => {
                let again = context.api.store.get(kind.shelf(), &current.key);
                current = again.ok_or_else(|| Refusal::not_found(kind, current.name()))?;
            }
            Err(Clash::Disk(why)) => return Err(Refusal::internal(why)),
        }
    }
}

/// Whether an object that is being deleted has nothing left to wait for.
pub(crate) fn is_finished(kind: &Kind, value: &Value) -> bool {
    if value["metadata"]["deletionTimestamp"].is_null() || meta::has_finalizers(value) {
        return false;
    }
    if kind.shelf() == "namespaces" {
        return value["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty);
    }
    value["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
}

fn check(context: &Context, current: &Entry, value: &Value, options: &DeleteOptions) -> Result<(), Refusal> {
    let (kind, name) = (&context.kind, current.name());
    if kind.shelf() == "namespaces" && IMMORTAL.contains(&name) {
        return Err(Refusal::forbidden(
            "namespaces",
            "",
            name,
            "this namespace may not be deleted",
        ));
    }
    let precondition = |what: &str, wanted: &Option<String>, found: &str, perhaps: &str| match wanted {
        Some(wanted) if wanted != found => Err(Refusal::new(
            409,
            "Conflict",
            format!(
                "Operation cannot be fulfilled on {} \"{name}\": the {what} in the precondition ({wanted}) does not match \
                 the {what} in record ({found}). The object might have been {perhaps}",
                kind.qualified_kind()
            ),
        )),
        _ => Ok(()),
    };
    let again = "deleted and then recreated";
    precondition("UID", &options.uid, meta::text(value, "uid"), again)?;
    let version = current.version.to_string();
    precondition("ResourceVersion", &options.version, &version, "modified")
}

/// The object after the wish to delete it, and whether it goes at once.
fn marked(kind: &Kind, value: &Value, options: &DeleteOptions) -> (Value, bool) {
    let mut next = value.clone();
    let waiting = !value["metadata"]["deletionTimestamp"].is_null();
    propagate(&mut next, options.propagation.as_deref());
    let grace = if kind.shelf() == "pods" {
        pod_grace(value, options.grace_seconds)
    } else {
        0
    };
    if waiting {
        let before = value["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
        if kind.shelf() == "pods" && grace < before && options.grace_seconds.is_some() {
            next["metadata"]["deletionGracePeriodSeconds"] = grace.into();
            next["metadata"]["deletionTimestamp"] = meta::after_seconds(grace).into();
        }
    } else {
        next["metadata"]["deletionTimestamp"] = meta::after_seconds(grace).into();
        next["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        if let Some(generation) = value["metadata"]["generation"].as_i64() {
            next["metadata"]["generation"] = (generation + 1).into();
        }
        if kind.shelf() == "namespaces" {
            next["status"]["phase"] = "Terminating".into();
            meta::take(&mut next["metadata"], "deletionGracePeriodSeconds");
        }
    }
    let gone = is_finished(kind, &next);
    if gone && !waiting && kind.shelf() != "pods" {
        return (value.clone(), true);
    }
    (next, gone)
}

fn propagate(value: &mut Value, policy: Option<&str>) {
    let Some(policy) = policy else { return };
    let mut finalizers: Vec<Value> = value["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    finalizers.retain(|one| one != "orphan" && one != "foregroundDeletion");
    match policy {
        "Orphan" => finalizers.push("orphan".into()),
        "Foreground" => finalizers.push("foregroundDeletion".into()),
        _ => {}
    }
    if finalizers.is_empty() {
        meta::take(&mut value["metadata"], "finalizers");
    } else {
        value["metadata"]["finalizers"] = finalizers.into();
    }
}

/// The grace of a pod: none before it is on a node or after it has ended.
/// Source: pkg/registry/core/pod/strategy.go `CheckGracefulDelete`.
fn pod_grace(pod: &Value, asked: Option<i64>) -> i64 {
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64();
    let grace = asked.or(own).unwrap_or(30).max(0);
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"));
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() || ended {
        0
    } else {
        grace
    }
}

/// What goes with some kinds: a definition's objects, before the answer, so that one who defines it anew finds none.
async fn after(context: &Context, entry: &Entry) {
    if context.kind.shelf() != DEFINITIONS {
        return;
    }
    let shelf = entry.name().to_owned();
    create::special_after(context, entry);
    let api = Arc::clone(&context.api);
    // A task of its own: it goes on when the client has gone.
    let cleaning = tokio::spawn(async move {
        for entry in api.store.all(&shelf, None) {
            if let Err(clash) = api
                .store
                .remove(&shelf, &entry.key, Expect::Version(entry.version), entry.value())
                .await
            {
                tracing::debug!(?clash, "a custom resource went by itself");
            }
        }
        api.store.drop_shelf(&shelf);
    });
    if let Err(why) = cleaning.await {
        tracing::error!(%why, "custom resources stayed behind");
    }
}

fn success(kind: &Kind, entry: &Entry) -> Value {
    let value = entry.value();
    let mut details = json!({"name": entry.name(), "kind": kind.plural, "uid": value["metadata"]["uid"]});
    if !kind.group.is_empty() {
        details["group"] = kind.group.as_str().into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
