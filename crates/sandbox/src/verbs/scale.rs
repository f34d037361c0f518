//! Reads and writes the `scale` sub-resource.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::decode;
use crate::refusal::Refusal;
use crate::registry::Scale;
use crate::request::body;
use crate::server::respond::{self, Answer};
use crate::store::Entry;
use crate::verbs::change::Written;
use crate::verbs::patch::Tries;
use crate::verbs::{Context, change, meta, patch};

/// The schema of a scale, which is no kind that is stored.
const SCHEMA: &str = "io.k8s.api.autoscaling.v1.Scale";
/// How a scale is refused that is none.
const NO_SCALE: &str = "Scale in version \"v1\" cannot be handled as a Scale";

/// Answers `GET`, `PUT` and `PATCH` of a scale; a patch that another write came before is tried again.
pub(crate) async fn answer(context: &Context, verb: &str, bytes: &[u8]) -> Result<Answer, Refusal> {
    let mut tries = Tries::default();
    loop {
        let current = context.current()?;
        match once(context, verb, bytes, &current).await {
            Err(refusal) if verb == "patch" && tries.another(context, &current, &refusal) => {}
            done => return done,
        }
    }
}

async fn once(context: &Context, verb: &str, bytes: &[u8], current: &Arc<Entry>) -> Result<Answer, Refusal> {
    let scale = context.kind.scale.as_ref().ok_or_else(Refusal::no_such_resource)?;
    let shown = view(context, scale, current);
    let wanted = match verb {
        "get" => return Ok(respond::json(200, &shown)),
        "update" => {
            let mut given = body::object(&context.headers, bytes, "Scale")?;
            check_kind(&given)?;
            decode::part(SCHEMA, &mut given).map_err(|why| Refusal::bad_request(format!("{NO_SCALE}: {why}")))?;
            check_place(context, &given)?;
            given
        }
        "patch" => {
            let mut patched = patched(context, shown, bytes)?;
            if let Err(why) = decode::part(SCHEMA, &mut patched) {
                let refusal = Refusal::bad_request(format!("{NO_SCALE}: {why}"));
                return Err(refusal.of_patch(&patched));
            }
            patched
        }
        _ => return Err(Refusal::method_not_allowed()),
    };
    let version = meta::text(&wanted, "resourceVersion");
    if !version.is_empty() && version != current.version.to_string() {
        return Err(Refusal::changed(&context.kind, context.name()));
    }
    let replicas = wanted["spec"]["replicas"].as_i64().unwrap_or(0);
    let mut value = current.value();
    if let Some(place) = value.pointer_mut(&pointer(&scale.spec)) {
        *place = replicas.into();
    } else {
        value["spec"]["replicas"] = replicas.into();
    }
    let entry = change::store(context, current, value, Written::Updated).await?;
    Ok(respond::json(200, &view(context, scale, &entry)))
}

fn patched(context: &Context, mut shown: Value, bytes: &[u8]) -> Result<Value, Refusal> {
    let media = body::media_type(&context.headers);
    patch::check_media(context, &media)?;
    if media == patch::JSON {
        return patch::patched(context, &media, shown, bytes);
    }
    let patch: Value =
        serde_json::from_slice(bytes).map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
    json_patch::merge(&mut shown, &patch);
    Ok(shown)
}

fn check_kind(given: &Value) -> Result<(), Refusal> {
    match given["kind"].as_str() {
        Some(kind) if !kind.is_empty() && kind != "Scale" => Err(Refusal::bad_request(format!(
            "{kind} in version \"v1\" cannot be handled as a Scale: converting (v1.{kind}) to (autoscaling.Scale): unknown conversion"
        ))),
        _ => Ok(()),
    }
}

/// A scale must say whose it is.
fn check_place(context: &Context, given: &Value) -> Result<(), Refusal> {
    let (name, asked) = (context.name(), meta::text(given, "name"));
    if asked.is_empty() {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    if asked != name {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({asked}) does not match the name on the URL ({name})"
        )));
    }
    let namespace = meta::text(given, "namespace");
    if !namespace.is_empty() && namespace != context.namespace() {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

fn view(context: &Context, scale: &Scale, entry: &Entry) -> Value {
    let value = entry.value();
    let number = |path: &str| value.pointer(&pointer(path)).and_then(Value::as_i64).unwrap_or(0);
    let metadata = &value["metadata"];
    let selector = match &scale.selector {
        Some(path) => value
            .pointer(&pointer(path))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        None => labels(&value["spec"]["selector"]["matchLabels"]),
    };
    let _ = context;
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": entry.version.to_string(), "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {"replicas": number(&scale.spec)},
        "status": {"replicas": number(&scale.status), "selector": selector},
    })
}

fn pointer(path: &str) -> String {
    path.replace('.', "/")
}

fn labels(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    let pairs: Vec<String> = pairs
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.join(",")
}
