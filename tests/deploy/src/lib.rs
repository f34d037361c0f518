//! Renders the kustomizations of `deploy/` and reads what came out.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The kustomizations, by their folder below `deploy/`, and the name of their golden file.
pub const RENDERINGS: &[(&str, &str)] = &[
    ("base", "base"),
    ("overlays/constrained", "constrained"),
    ("overlays/emissary", "emissary"),
    ("overlays/envoy", "envoy"),
    ("overlays/istio", "istio"),
    ("overlays/nginx", "nginx"),
];

/// The headers that the gateway's check goes by: each proxy in front has to pass them to it.
pub const CHECK_SEES: &[&str] = &[
    "accept",
    "content-type",
    "cookie",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-site",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "x-flowdeck",
    "x-forwarded-for",
];

/// The headers by which the check says who somebody is.
pub const CHECK_SAYS: &[&str] = &["kubeflow-groups", "kubeflow-userid"];

/// The folder `deploy/`.
#[must_use]
pub fn deploy() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("deploy")
}

/// Where a golden file is.
#[must_use]
pub fn golden(name: &str) -> PathBuf {
    deploy().join("golden").join(format!("{name}.yaml"))
}

/// The kubectl that renders, if there is one: `FLOWDECK_KUBECTL` of `make test`.
///
/// Only the pinned one, for others may write the same objects in another way.
#[must_use]
pub fn kubectl() -> Option<PathBuf> {
    std::env::var_os("FLOWDECK_KUBECTL").map(PathBuf::from)
}

/// What `kubectl kustomize` makes of a folder below `deploy/`.
///
/// # Errors
/// What kubectl said.
pub fn render(kubectl: &Path, folder: &str) -> Result<String, String> {
    let output = Command::new(kubectl)
        .arg("kustomize")
        .arg(deploy().join(folder))
        .output()
        .map_err(|why| format!("{}: {why}", kubectl.display()))?;
    if !output.status.success() {
        return Err(format!("{folder}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|why| format!("{folder}: {why}"))
}

/// One document of YAML as JSON.
///
/// # Errors
/// Where it is no YAML.
pub fn read(yaml: &str) -> Result<Value, String> {
    serde_saphyr::from_str(yaml).map_err(|why| why.to_string())
}

/// The objects of a rendering.
///
/// # Errors
/// Where it is no YAML.
pub fn objects(rendering: &str) -> Result<Vec<Value>, String> {
    rendering.split("\n---\n").map(read).collect()
}

/// The objects of a committed rendering.
///
/// # Errors
/// That it can't be read.
pub fn golden_objects(name: &str) -> Result<Vec<Value>, String> {
    let file = golden(name);
    let text = std::fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    objects(&text).map_err(|why| format!("{name}: {why}"))
}

/// An object as `Kind/name`, for messages.
#[must_use]
pub fn name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// The pod's spec in a Deployment, StatefulSet, DaemonSet or Job.
#[must_use]
pub fn pod_spec(object: &Value) -> Option<&Value> {
    object.pointer("/spec/template/spec")
}

/// All values anywhere below `value` under the key `key`.
#[must_use]
pub fn all<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if name == key {
                    found.push(inner);
                }
                found.extend(all(inner, key));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| found.extend(all(item, key))),
        _ => {}
    }
    found
}
