//! Creates an object.

use serde_json::Value;

use crate::admission;
use crate::decode;
use crate::defaults;
use crate::fields;
use crate::rbac::{self, Attributes};
use crate::refusal::Refusal;
use crate::server::respond::Answer;
use crate::store::{Clash, Entry, Expect};
use crate::validation;
use crate::verbs::change::Written;
use crate::verbs::{Context, meta};

/// How often a generated name is tried before giving up.
const NAME_TRIES: u32 = 8;

/// `POST` of an object.
pub(crate) async fn create(context: &Context, bytes: &[u8]) -> Result<Answer, Refusal> {
    fields::check_manager(context, "CreateOptions")?;
    let decoded = decode::object(context, bytes)?;
    let entry = store(context, decoded.value, Written::Updated).await?;
    context.object(201, &entry, &decoded.warnings)
}

/// Whether the user may create what another verb would create, or the refusal.
pub(crate) fn allowed(context: &Context) -> Result<(), Refusal> {
    let wanted = Attributes {
        verb: "create",
        group: &context.kind.group,
        resource: &context.kind.plural,
        subresource: "",
        namespace: context.namespace(),
        name: context.name(),
    };
    let rights = context.api.rights.current(&context.api.store);
    if rights.allows(&context.identity, &wanted) {
        Ok(())
    } else {
        Err(rbac::forbidden(&context.identity, &wanted))
    }
}

/// Creates from a decoded object.
pub(crate) async fn store(
    context: &Context,
    mut value: Value,
    written: Written,
) -> Result<std::sync::Arc<Entry>, Refusal> {
    let dry_run = context.dry_run()?;
    let kind = &context.kind;
    let given = meta::take(&mut value["metadata"], "managedFields");
    start(context, &mut value)?;
    let generate = meta::text(&value, "name")
        .is_empty()
        .then(|| meta::text(&value, "generateName").to_owned());
    let mut tries = 0;
    loop {
        let mut fresh = value.clone();
        if let Some(base) = generate.as_deref().filter(|base| !base.is_empty()) {
            fresh["metadata"]["name"] = meta::generated_name(base).into();
        }
        let name = meta::text(&fresh, "name").to_owned();
        let key = kind.key(context.namespace(), &name);
        if api_has(context, &key) && generate.is_none() {
            return Err(Refusal::already_exists(kind, &name));
        }
        defaults::apply(kind, &mut fresh);
        defaults::without_nulls(kind, &mut fresh);
        let managed = match &written {
            Written::Updated => fields::created(context, &value, &fresh, given.as_ref()),
            Written::Applied(managed) => managed.clone(),
        };
        admission::mutate(context, &mut fresh)?;
        defaults::without_nulls(kind, &mut fresh);
        let causes = validation::on_create(context, &fresh);
        if !causes.is_empty() {
            return Err(Refusal::invalid(kind, &name, &causes));
        }
        let charged = admission::charge(context, None, &fresh, dry_run).await?;
        fields::put(&managed, &mut fresh);
        if dry_run {
            let version = context.api.store.version();
            let mut entry = Entry::new(kind.shelf(), &key, version, &mut fresh);
            entry.json = without_version(fresh);
            return Ok(std::sync::Arc::new(entry));
        }
        let stored = context.api.store.put(kind.shelf(), &key, Expect::Absent, fresh).await;
        drop(charged);
        match stored {
            Ok(entry) => {
                special_after(context, &entry);
                return Ok(entry);
            }
            Err(Clash::Exists) if generate.is_none() => {
                return Err(Refusal::already_exists(kind, &name));
            }
            Err(Clash::Exists) if tries >= NAME_TRIES => {
                return Err(Refusal::name_exhausted(kind, &name));
            }
            Err(Clash::Exists) => tries += 1,
            Err(Clash::Changed | Clash::Missing) => return Err(Refusal::changed(kind, &name)),
            Err(Clash::Disk(why)) => return Err(Refusal::internal(why)),
        }
    }
}

fn api_has(context: &Context, key: &str) -> bool {
    context.api.store.get(context.kind.shelf(), key).is_some()
}

fn without_version(mut value: Value) -> bytes::Bytes {
    meta::take(&mut value["metadata"], "resourceVersion");
    value.to_string().into()
}

/// Sets what the server decides at birth.
fn start(context: &Context, value: &mut Value) -> Result<(), Refusal> {
    let kind = &context.kind;
    if !value["metadata"].is_object() {
        value["metadata"] = serde_json::json!({});
    }
    if !meta::text(value, "resourceVersion").is_empty() {
        return Err(Refusal::new(
            500,
            "",
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let metadata = &mut value["metadata"];
    for field in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "generation",
    ] {
        meta::take(metadata, field);
    }
    if kind.namespaced {
        let given = metadata["namespace"].as_str().unwrap_or_default();
        if !given.is_empty() && given != context.namespace() {
            return Err(Refusal::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        metadata["namespace"] = context.namespace().into();
    } else {
        meta::take(metadata, "namespace");
    }
    metadata["uid"] = meta::new_uid().into();
    metadata["creationTimestamp"] = backdated(context).unwrap_or_else(meta::now).into();
    if counts_generations(context) {
        metadata["generation"] = 1.into();
    }
    if kind.status {
        meta::take(value, "status");
    }
    Ok(())
}

/// When the seed, and nobody else, says an object was born: a new world should not look new.
fn backdated(context: &Context) -> Option<String> {
    let value = context.headers.get("x-sandbox-creation-timestamp")?.to_str().ok()?;
    let is_seed = context.identity.user == "system:admin" && context.identity.is_master();
    let time: jiff::Timestamp = value.parse().ok()?;
    (is_seed && time <= jiff::Timestamp::now()).then(|| value.to_owned())
}

/// Whether `metadata.generation` is kept for this kind.
pub(crate) fn counts_generations(context: &Context) -> bool {
    context.kind.custom
        || matches!(
            context.kind.plural.as_str(),
            "pods" | "statefulsets" | "deployments" | "replicasets" | "customresourcedefinitions"
        )
}

/// What some kinds set off when they are stored.
pub(crate) fn special_after(context: &Context, entry: &Entry) {
    if context.kind.shelf() == crate::registry::DEFINITIONS {
        context.api.registry.reload(&context.api.store);
        tracing::debug!(name = entry.name(), "a definition changed");
    }
}
