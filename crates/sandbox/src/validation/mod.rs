//! Says what is wrong with an object, field by field, in the API server's words.
//!
//! Source: pkg/apis/*/validation in Kubernetes 1.36, what people can meet on the way of Flowdeck; judged against a running one.

mod meta;
pub(crate) mod names;
mod pods;
mod storage;
mod workloads;

use serde_json::{Value, json};

use crate::decode;
use crate::quantity;
use crate::refusal::Cause;
use crate::registry::DEFINITIONS;
use crate::verbs::Context;

/// What is wrong with a new object.
pub(crate) fn on_create(context: &Context, value: &Value) -> Vec<Cause> {
    let mut causes = meta::on_create(context, value);
    causes.extend(of_kind(context, value));
    causes
}

/// What is wrong with a changed object.
pub(crate) fn on_update(context: &Context, old: &Value, value: &Value) -> Vec<Cause> {
    let mut causes = meta::on_update(old, value);
    if context.target.subresource.as_deref() == Some("status") && !context.kind.custom {
        return causes;
    }
    match context.kind.shelf() {
        "pods" => causes.extend(pods::on_update(old, value)),
        "statefulsets.apps" => causes.extend(workloads::stateful_set_update(old, value)),
        "deployments.apps" | "replicasets.apps" => causes.extend(workloads::selector_update(old, value)),
        "persistentvolumeclaims" => causes.extend(storage::claim_update(old, value)),
        "storageclasses.storage.k8s.io" => causes.extend(storage::class_update(old, value)),
        "secrets" if old["type"] != value["type"] => {
            causes.push(Cause::invalid("type", &value["type"], "field is immutable"))
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io"
            if old["roleRef"] != value["roleRef"] =>
        {
            causes.push(Cause::invalid("roleRef", &value["roleRef"], "cannot change roleRef"));
        }
        _ => {}
    }
    if matches!(context.kind.shelf(), "secrets" | "configmaps") && old["immutable"] == true {
        let changed = |field: &str| old[field] != value[field];
        if value["immutable"] != true {
            causes.push(Cause::forbidden(
                "immutable",
                "field is immutable when `immutable` is set",
            ));
        }
        if changed("data") || changed("binaryData") {
            causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
        }
    }
    causes.extend(of_kind(context, value));
    causes
}

fn of_kind(context: &Context, value: &Value) -> Vec<Cause> {
    if context.kind.custom {
        let schema = context
            .kind
            .version(&context.target.version)
            .and_then(|version| version.schema.as_deref());
        let mut causes = schema.map(|schema| decode::validate(schema, value)).unwrap_or_default();
        causes.extend(scale(context, value));
        return causes;
    }
    match context.kind.shelf() {
        "pods" => pods::spec(&value["spec"], "spec"),
        "statefulsets.apps" | "deployments.apps" | "replicasets.apps" => workloads::workload(value),
        "persistentvolumeclaims" => storage::claim(value),
        "storageclasses.storage.k8s.io" => storage::class(value),
        "services" => workloads::service(value),
        "configmaps" => data(value),
        "secrets" => secret(value),
        "events" => event(context, value),
        "limitranges" => storage::limit_range(value),
        "resourcequotas" => quota(value),
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => binding(value),
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => rules(value),
        DEFINITIONS => definition(value),
        _ => Vec::new(),
    }
}

/// The numbers that the scale sub-resource reads are numbers, and not below nothing.
///
/// Source: `ValidateScaleSpec` and `ValidateScaleStatus` in apiextensions-apiserver pkg/registry/customresource/validator.go.
fn scale(context: &Context, value: &Value) -> Vec<Cause> {
    let Some(scale) = &context.kind.scale else {
        return Vec::new();
    };
    let mut causes = Vec::new();
    for path in [&scale.spec, &scale.status] {
        let why = match value.pointer(&path.replace('.', "/")) {
            Some(Value::Number(number)) if number.as_i64().is_some_and(|number| number < 0) => {
                causes.push(Cause::invalid(
                    path.as_str(),
                    &number.clone().into(),
                    "should be a non-negative integer",
                ));
                continue;
            }
            Some(Value::String(text)) => format!("{path} accessor error: {text} is of the type string, expected int64"),
            Some(other @ (Value::Array(_) | Value::Object(_) | Value::Bool(_))) => {
                format!("{path} accessor error: {other} is of another type, expected int64")
            }
            _ => continue,
        };
        causes.push(Cause::invalid(path.as_str(), &0.into(), &why));
    }
    causes
}

/// The most that a ConfigMap or Secret may hold.
const MOST_BYTES: usize = 1 << 20;

fn data(value: &Value) -> Vec<Cause> {
    let mut causes = keys(value);
    let size = |field: &str| -> usize {
        let all = value[field].as_object().into_iter().flatten();
        all.map(|(_, one)| one.as_str().unwrap_or_default().len()).sum()
    };
    if size("data") + size("binaryData") > MOST_BYTES {
        causes.push(Cause::too_long("[]", MOST_BYTES));
    }
    causes
}

/// Source: `ValidateSecret`.
fn secret(value: &Value) -> Vec<Cause> {
    let mut causes = keys(value);
    let needed: &[&str] = match value["type"].as_str().unwrap_or_default() {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    let missing = needed.iter().filter(|key| value["data"][**key].is_null());
    causes.extend(missing.map(|key| Cause::required(format!("data[{key}]"), "")));
    causes
}

fn event(context: &Context, value: &Value) -> Vec<Cause> {
    let about = value["involvedObject"]["namespace"].as_str().unwrap_or_default();
    if about == context.namespace() || (about.is_empty() && context.namespace() == "default") {
        return Vec::new();
    }
    vec![Cause::invalid(
        "involvedObject.namespace",
        &about.into(),
        "does not match event.namespace",
    )]
}

fn keys(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["data", "binaryData"] {
        for key in value[field].as_object().into_iter().flatten().map(|(key, _)| key) {
            let fine = !key.is_empty()
                && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
                && !key.starts_with("..")
                && key != ".";
            if !fine {
                causes.push(Cause::invalid(
                    format!("{field}[{key}]"),
                    &json!(key),
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                ));
            }
        }
    }
    causes
}

fn quota(value: &Value) -> Vec<Cause> {
    let hard = value["spec"]["hard"].as_object().into_iter().flatten();
    let negative = hard.filter(|(_, amount)| {
        amount
            .as_str()
            .and_then(quantity::parse)
            .is_some_and(|amount| amount.nano() < 0)
    });
    negative
        .map(|(key, amount)| {
            Cause::invalid(
                format!("spec.hard[{key}]"),
                amount,
                "must be greater than or equal to 0",
            )
        })
        .collect()
}

fn binding(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let kind = &value["roleRef"]["kind"];
    if kind != "Role" && kind != "ClusterRole" {
        causes.push(Cause::unsupported("roleRef.kind", kind, &["ClusterRole", "Role"]));
    }
    if value["roleRef"]["name"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    }
    for (index, subject) in value["subjects"].as_array().into_iter().flatten().enumerate() {
        let at = format!("subjects[{index}]");
        if subject["name"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        }
        if !matches!(subject["kind"].as_str(), Some("User" | "Group" | "ServiceAccount")) {
            causes.push(Cause::unsupported(
                format!("{at}.kind"),
                &subject["kind"],
                &["Group", "ServiceAccount", "User"],
            ));
        }
    }
    causes
}

fn rules(value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (index, rule) in value["rules"].as_array().into_iter().flatten().enumerate() {
        let empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
        if empty("verbs") {
            causes.push(Cause::required(
                format!("rules[{index}].verbs"),
                "verbs must contain at least one value",
            ));
        }
        if empty("nonResourceURLs") {
            if empty("apiGroups") {
                causes.push(Cause::required(
                    format!("rules[{index}].apiGroups"),
                    "resource rules must supply at least one api group",
                ));
            }
            if empty("resources") {
                causes.push(Cause::required(
                    format!("rules[{index}].resources"),
                    "resource rules must supply at least one resource",
                ));
            }
        }
    }
    causes
}

fn definition(value: &Value) -> Vec<Cause> {
    let spec = &value["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut causes = Vec::new();
    let expect = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    if value["metadata"]["name"] != expect.as_str() {
        causes.push(Cause::invalid(
            "metadata.name",
            &value["metadata"]["name"],
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    for (field, pointer) in [
        ("spec.group", "/spec/group"),
        ("spec.names.plural", "/spec/names/plural"),
        ("spec.names.kind", "/spec/names/kind"),
    ] {
        if value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .is_empty()
        {
            causes.push(Cause::required(field, ""));
        }
    }
    if !matches!(spec["scope"].as_str(), Some("Namespaced" | "Cluster")) {
        causes.push(Cause::unsupported(
            "spec.scope",
            &spec["scope"],
            &["Cluster", "Namespaced"],
        ));
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        causes.push(Cause::invalid(
            "spec.versions",
            &json!(versions.iter().map(|v| text(&v["name"])).collect::<Vec<_>>()),
            "must have exactly one version marked as storage version",
        ));
        if value["status"]["storedVersions"].as_array().is_none_or(Vec::is_empty) {
            causes.push(Cause::invalid(
                "status.storedVersions",
                &json!([]),
                "must have at least one stored version",
            ));
        }
    }
    for (index, version) in versions.iter().enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            causes.push(Cause::required(
                format!("spec.versions[{index}].schema.openAPIV3Schema"),
                "",
            ));
        }
    }
    causes
}
