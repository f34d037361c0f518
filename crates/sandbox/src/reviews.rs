//! Answers access reviews: may I, may they, what may I, who am I.

use http::HeaderMap;
use serde_json::{Value, json};

use crate::rbac::{Attributes, Snapshot};
use crate::refusal::{Cause, Refusal};
use crate::registry::Kind;
use crate::request::body;
use crate::request::identity::Identity;
use crate::request::path::Target;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};

const AUTHORIZATION: &str = "authorization.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// The kinds of review: group, plural, kind, namespaced.
pub(crate) const REVIEWS: &[(&str, &str, &str, bool)] = &[
    (AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", false),
    (
        AUTHORIZATION,
        "localsubjectaccessreviews",
        "LocalSubjectAccessReview",
        true,
    ),
    (
        AUTHORIZATION,
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        false,
    ),
    (
        AUTHORIZATION,
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        false,
    ),
    (AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", false),
];

/// The kind of review behind a path.
pub(crate) fn find(target: &Target) -> Option<&'static str> {
    let found = REVIEWS
        .iter()
        .find(|(group, plural, ..)| *group == target.group && *plural == target.resource);
    found
        .filter(|_| target.version == "v1" && target.name.is_none())
        .map(|(_, _, kind, _)| *kind)
}

/// Answers a review.
pub(crate) fn answer(
    api: &Api,
    identity: &Identity,
    kind: &str,
    target: &Target,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<Answer, Refusal> {
    let asked = body::object(headers, bytes, kind)?;
    let rights = api.rights.current(&api.store);
    let spec = &asked["spec"];
    let status = match kind {
        "SelfSubjectReview" => json!({"userInfo": user_info(identity)}),
        "SelfSubjectRulesReview" => rules(&rights, identity, spec)?,
        "SelfSubjectAccessReview" => {
            check_spec(kind, spec)?;
            decide(&rights, identity, spec)
        }
        _ => {
            let other = subject(spec)?;
            check_spec(kind, spec)?;
            if kind == "LocalSubjectAccessReview" {
                let namespace = spec["resourceAttributes"]["namespace"].as_str().unwrap_or_default();
                if Some(namespace) != target.namespace.as_deref() {
                    let at = "spec.resourceAttributes.namespace";
                    let cause = Cause::invalid(at, &namespace.into(), "must match metadata.namespace");
                    let nameless = Kind::new(AUTHORIZATION, "", "", true);
                    return Err(Refusal::invalid(&nameless, "", &[cause]));
                }
            }
            decide(&rights, &other, spec)
        }
    };
    let mut answer = json!({
        "kind": kind, "apiVersion": format!("{}/v1", target.group),
        "metadata": asked.get("metadata").cloned().unwrap_or_else(|| json!({})), "status": status,
    });
    if let Some(spec) = asked.get("spec") {
        answer["spec"] = spec.clone();
    }
    let (_, yaml) = respond::wanted(headers)?;
    Ok(respond::rendered(201, answer.to_string().into_bytes(), yaml))
}

/// Source: `ValidateSubjectAccessReviewSpec` in pkg/apis/authorization/validation (1.36).
fn check_spec(kind: &str, spec: &Value) -> Result<(), Refusal> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let cause = if resource.is_null() == path.is_null() {
        if resource.is_null() {
            Cause::invalid(
                "spec.resourceAttributes",
                &Value::Null,
                "exactly one of nonResourceAttributes or resourceAttributes must be specified",
            )
        } else {
            Cause::invalid(
                "spec.nonResourceAttributes",
                path,
                "cannot be specified in combination with resourceAttributes",
            )
        }
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(
        &Kind::new(AUTHORIZATION, "", kind, false),
        "",
        &[cause],
    ))
}

fn user_info(identity: &Identity) -> Value {
    let mut info = json!({"username": identity.user, "groups": identity.groups});
    if let Some(uid) = &identity.uid {
        info["uid"] = uid.as_str().into();
    }
    if !identity.extra.is_empty() {
        info["extra"] = identity
            .extra
            .iter()
            .map(|(key, values)| (key.clone(), json!(values)))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    info
}

fn subject(spec: &Value) -> Result<Identity, Refusal> {
    let user = spec["user"].as_str().unwrap_or_default().to_owned();
    let groups: Vec<String> = spec["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group.as_str().map(str::to_owned))
        .collect();
    if user.is_empty() && groups.is_empty() {
        let message = "SubjectAccessReview.authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of user or group must be specified";
        return Err(Refusal::new(422, "Invalid", message));
    }
    Ok(Identity {
        user,
        uid: None,
        groups,
        extra: Vec::new(),
    })
}

fn decide(rights: &Snapshot, identity: &Identity, spec: &Value) -> Value {
    if let Some(path) = spec["nonResourceAttributes"].as_object() {
        let text = |key: &str| path.get(key).and_then(Value::as_str).unwrap_or_default();
        return match rights.why_path(identity, text("verb"), text("path")) {
            Some(reason) => json!({"allowed": true, "reason": reason}),
            None => json!({"allowed": identity.is_master()}),
        };
    }
    let wanted = &spec["resourceAttributes"];
    let text = |key: &str| wanted[key].as_str().unwrap_or_default();
    let attributes = Attributes {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    match rights.why(identity, &attributes) {
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None if identity.is_master() => json!({"allowed": true}),
        None => json!({"allowed": false}),
    }
}

fn rules(rights: &Snapshot, identity: &Identity, spec: &Value) -> Result<Value, Refusal> {
    let namespace = spec["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(Refusal::bad_request("no namespace on request"));
    }
    let (resources, paths) = rights.rules(identity, namespace);
    Ok(json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false}))
}
