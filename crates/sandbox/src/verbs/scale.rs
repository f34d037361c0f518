//! Reads and writes the `scale` sub-resource.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::registry::Scale;
use crate::request::body;
use crate::server::respond::{self, Answer};
use crate::store::Entry;
use crate::verbs::change::Written;
use crate::verbs::patch::Tries;
use crate::verbs::{Context, change, meta};

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
        "update" => body::object(&context.headers, bytes, "Scale")?,
        "patch" => {
            let patch: Value = serde_json::from_slice(bytes)
                .map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
            let mut merged = shown;
            if patch.is_array() {
                let patch: json_patch::Patch = serde_json::from_slice(bytes)
                    .map_err(|why| Refusal::bad_request(format!("error decoding patch: {why}")))?;
                json_patch::patch(&mut merged, &patch).map_err(|why| Refusal::unprocessable(why.to_string()))?;
            } else {
                json_patch::merge(&mut merged, &patch);
            }
            merged
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
