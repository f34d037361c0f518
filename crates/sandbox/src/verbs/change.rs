//! Replaces an object, or its status.

use std::sync::Arc;

use serde_json::Value;

use crate::admission;
use crate::decode;
use crate::defaults;
use crate::fields::{self, Managed};
use crate::refusal::{Cause, Refusal};
use crate::server::respond::Answer;
use crate::store::{Clash, Entry, Expect};
use crate::validation;
use crate::verbs::{Context, create, delete, meta};

/// Kinds that a `PUT` creates when they are not there.
const CREATED: &[&str] = &["endpoints", "events", "leases.coordination.k8s.io", "limitranges"];

/// `PUT` of an object or its status. Without a version it goes on top of whatever others wrote meanwhile.
pub(crate) async fn update(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    fields::check_manager(context, "UpdateOptions")?;
    let decoded = decode::object(context, bytes)?;
    let is_unconditional = matches!(meta::text(&decoded.value, "resourceVersion"), "" | "0");
    check_name(context, &decoded.value)?;
    loop {
        let current = match context.current() {
            Ok(current) => current,
            Err(_) if CREATED.contains(&context.kind.shelf()) && context.target.subresource.is_none() => {
                create::allowed(context)?;
                let entry = create::store(context, decoded.value, Written::Updated).await?;
                return context.object(201, &entry, &decoded.warnings);
            }
            Err(missing) => return Err(missing),
        };
        check_version(context, &decoded.value)?;
        let raced = || context.current().is_ok_and(|now| now.version != current.version);
        match store(context, &current, decoded.value.clone(), Written::Updated).await {
            Ok(entry) => return context.object(200, &entry, &decoded.warnings),
            Err(refusal) if is_unconditional && refusal.code == 409 && raced() => {}
            Err(refusal) => return Err(refusal),
        }
    }
}

fn check_name(context: &Context, value: &Value) -> Result<(), Refusal> {
    let (given, name) = (meta::text(value, "name"), context.name());
    match given {
        _ if given == name => Ok(()),
        "" => Err(Refusal::bad_request("name must be provided")),
        _ => Err(Refusal::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        ))),
    }
}

fn check_version(context: &Context, value: &Value) -> Result<(), Refusal> {
    if context.kind.custom && meta::text(value, "resourceVersion").is_empty() {
        let why = "must be specified for an update";
        let cause = Cause {
            reason: "FieldValueInvalid",
            field: "metadata.resourceVersion".to_owned(),
            message: format!("Invalid value: 0: {why}"),
        };
        return Err(Refusal::invalid(&context.kind, context.name(), &[cause]));
    }
    Ok(())
}

/// How a value came about, as its managers see it.
pub(crate) enum Written {
    /// By a create, an update or a patch.
    Updated,
    /// By server-side apply, which knows the managers already.
    Applied(Managed),
}

/// Stores `value` in place of `current`, after all rules have had their say.
pub(crate) async fn store(
    context: &Context,
    current: &Arc<Entry>,
    mut value: Value,
    written: Written,
) -> Result<Arc<Entry>, Refusal> {
    let dry_run = context.dry_run()?;
    let kind = &context.kind;
    let name = context.name();
    let mut old = current.value();
    let known = meta::take(&mut old["metadata"], "managedFields");
    let given = meta::take(&mut value["metadata"], "managedFields");
    check_identity(context, &old, current, &value)?;
    merge_parts(context, &old, &mut value);
    let is_status = context.target.subresource.as_deref() == Some("status");
    if !is_status {
        defaults::apply(kind, &mut value);
    }
    defaults::without_nulls(kind, &mut value);
    // What admission changes is nobody's.
    let managed = match written {
        Written::Updated => fields::updated(context, &old, &value, known.as_ref(), given.as_ref()),
        Written::Applied(managed) => managed,
    };
    if !is_status {
        admission::mutate_update(context, &old, &mut value)?;
        defaults::without_nulls(kind, &mut value);
    }
    bump_generation(context, &old, &mut value);
    let causes = validation::on_update(context, &old, &value);
    if !causes.is_empty() {
        return Err(Refusal::invalid(kind, name, &causes));
    }
    value["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
    if value == old && fields::are_known(&managed, known.as_ref()) {
        return Ok(Arc::clone(current));
    }
    fields::put(&managed, &mut value);
    let charged = admission::charge(context, Some(&old), &value, dry_run).await?;
    if dry_run {
        return Ok(Arc::new(Entry::new(
            kind.shelf(),
            &current.key,
            current.version,
            &mut value,
        )));
    }
    let stored = if delete::is_finished(kind, &value) {
        context
            .api
            .store
            .remove(kind.shelf(), &current.key, Expect::Version(current.version), value)
            .await
    } else {
        context
            .api
            .store
            .put(kind.shelf(), &current.key, Expect::Version(current.version), value)
            .await
    };
    drop(charged);
    match stored {
        Ok(entry) => {
            create::special_after(context, &entry);
            Ok(entry)
        }
        Err(Clash::Missing) => Err(Refusal::not_found(kind, name)),
        Err(Clash::Changed | Clash::Exists) => Err(Refusal::changed(kind, name)),
        Err(Clash::Disk(why)) => Err(Refusal::internal(why)),
    }
}

fn check_identity(context: &Context, old: &Value, current: &Entry, value: &Value) -> Result<(), Refusal> {
    let name = context.name();
    let namespace = meta::text(value, "namespace");
    if context.kind.namespaced && !namespace.is_empty() && namespace != context.namespace() {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let uid = meta::text(value, "uid");
    let old_uid = meta::text(old, "uid");
    if !uid.is_empty() && uid != old_uid && context.verb == "patch" {
        let why = "field is immutable";
        let cause = || Cause::invalid("metadata.uid", &Value::from(uid), why);
        return Err(Refusal::invalid(&context.kind, name, &[cause(), cause()]));
    }
    if !uid.is_empty() && uid != old_uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {old_uid}");
        return Err(Refusal::conflict(&context.kind, name, &why));
    }
    let version = meta::text(value, "resourceVersion");
    if version.is_empty() || version == "0" || version == current.version.to_string() {
        return Ok(());
    }
    if version.parse::<u64>().is_err() {
        let why = format!("strconv.ParseUint: parsing \"{version}\": invalid syntax");
        return Err(Refusal::new(500, "", why));
    }
    Err(Refusal::changed(&context.kind, name))
}

/// Takes from the old object what this path may not change.
fn merge_parts(context: &Context, old: &Value, value: &mut Value) {
    let kind = &context.kind;
    if !value["metadata"].is_object() {
        value["metadata"] = serde_json::json!({});
    }
    if context.target.subresource.as_deref() == Some("status") {
        let status = meta::take(value, "status");
        let (labels, annotations) = (
            meta::take(&mut value["metadata"], "labels"),
            meta::take(&mut value["metadata"], "annotations"),
        );
        *value = old.clone();
        match status {
            Some(status) => value["status"] = status,
            None => drop(meta::take(value, "status")),
        }
        if !kind.custom && kind.shelf() != "deployments.apps" {
            set_or_remove(&mut value["metadata"], "labels", labels);
        }
        if !kind.custom {
            set_or_remove(&mut value["metadata"], "annotations", annotations);
        }
        return;
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ] {
        let kept = old["metadata"].get(field).cloned();
        set_or_remove(&mut value["metadata"], field, kept);
    }
    meta::take(&mut value["metadata"], "selfLink");
    if kind.status {
        set_or_remove(value, "status", old.get("status").cloned());
    }
    if kind.shelf() == "namespaces" {
        set_or_remove(value, "spec", old.get("spec").cloned());
    }
}

fn set_or_remove(value: &mut Value, key: &str, to: Option<Value>) {
    match to {
        Some(to) => value[key] = to,
        None => drop(meta::take(value, key)),
    }
}

/// Counts changes of what is desired: everything but metadata and, where it is a sub-resource, status.
fn bump_generation(context: &Context, old: &Value, value: &mut Value) {
    if !create::counts_generations(context) {
        return;
    }
    let desired = |value: &Value| {
        let mut copy = value.clone();
        meta::take(&mut copy, "metadata");
        if context.kind.status {
            meta::take(&mut copy, "status");
        }
        copy
    };
    let generation = old["metadata"]["generation"].as_i64().unwrap_or(1);
    let changed = desired(old) != desired(value);
    value["metadata"]["generation"] = (generation + i64::from(changed)).into();
}
