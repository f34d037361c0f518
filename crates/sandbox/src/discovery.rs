//! Says what is served: `/version`, `/api`, `/apis`, each group and version, and all at once as `apidiscovery.k8s.io/v2`.

use std::sync::Arc;

use http::HeaderMap;
use http::header::ACCEPT;
use serde_json::{Value, json};

use crate::registry::Kind;
use crate::reviews::REVIEWS;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};

/// The release whose behaviour is followed.
pub(crate) const GIT_VERSION: &str = "v1.36.3";

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

const CUSTOM_VERBS: [&str; 8] = [
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// The answer for a path, or `None` when there is nothing.
pub(crate) fn answer(api: &Api, path: &str, headers: &HeaderMap) -> Option<Answer> {
    let kinds = api.registry.kinds();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let aggregated = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.split(',').any(is_aggregated));
    match parts.as_slice() {
        ["version"] => Some(respond::json(200, &version())),
        ["api" | "apis"] if aggregated => {
            let body = all_at_once(&kinds, parts == ["api"]).to_string();
            Some(respond::with_type(
                200,
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                body.into(),
            ))
        }
        ["api"] => Some(respond::json(
            200,
            &json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]}),
        )),
        ["api", "v1"] => Some(respond::json(200, &resources(&kinds, "", "v1"))),
        ["apis"] => {
            let groups: Vec<Value> = groups(&kinds)
                .iter()
                .map(|(name, versions)| group(name, versions))
                .collect();
            Some(respond::json(
                200,
                &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
            ))
        }
        ["apis", name] => {
            let found = groups(&kinds).into_iter().find(|(group, _)| group == name)?;
            let mut body = group(&found.0, &found.1);
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            Some(respond::json(200, &body))
        }
        ["apis", name, version] => {
            groups(&kinds)
                .iter()
                .find(|(group, versions)| group == name && versions.iter().any(|v| v == version))?;
            Some(respond::json(200, &resources(&kinds, name, version)))
        }
        [] => {
            let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
            for (group, versions) in groups(&kinds) {
                paths.push(format!("/apis/{group}"));
                paths.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
            }
            paths.extend(
                [
                    "/healthz",
                    "/livez",
                    "/openapi/v2",
                    "/openapi/v3",
                    "/readyz",
                    "/version",
                ]
                .map(str::to_owned),
            );
            Some(respond::json(200, &json!({"paths": paths})))
        }
        _ => None,
    }
}

fn is_aggregated(form: &str) -> bool {
    ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"]
        .iter()
        .all(|wanted| form.split(';').any(|part| part.trim() == *wanted))
}

/// Collections of namespaces are not deleted; definitions name the verbs in an order of their own.
fn verbs_of(kind: &Kind) -> Vec<&'static str> {
    if kind.custom {
        return CUSTOM_VERBS.to_vec();
    }
    let without = (kind.shelf() == "namespaces").then_some("deletecollection");
    VERBS.into_iter().filter(|verb| Some(*verb) != without).collect()
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go0", "compiler": "rustc", "platform": "flowdeck/sandbox",
    })
}

/// Each named group with its versions, the preferred one first.
pub(crate) fn groups(kinds: &[Arc<Kind>]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let served = kinds.iter().flat_map(|kind| {
        kind.versions
            .iter()
            .filter(|version| version.served)
            .map(|version| (kind.group.as_str(), version.name.as_str()))
    });
    let reviews = REVIEWS.iter().map(|(group, ..)| (*group, "v1"));
    for (group, version) in served
        .chain(reviews)
        .chain([("policy", "v1"), ("autoscaling", "v1")])
        .filter(|(group, _)| !group.is_empty())
    {
        match groups.iter_mut().find(|(known, _)| known == group) {
            Some((_, versions)) if versions.iter().any(|known| known == version) => {}
            Some((_, versions)) => versions.push(version.to_owned()),
            None => groups.push((group.to_owned(), vec![version.to_owned()])),
        }
    }
    groups.retain(|(name, _)| !matches!(name.as_str(), "policy" | "autoscaling"));
    groups
}

fn group(name: &str, versions: &[String]) -> Value {
    let shown = |version: &String| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let all: Vec<Value> = versions.iter().map(shown).collect();
    json!({"name": name, "versions": all, "preferredVersion": versions.first().map(shown)})
}

/// A sub-resource: its name, the kind it speaks (group, version, kind), its verbs.
fn subresources(kind: &Kind, version: &str) -> Vec<(&'static str, Value, &'static [&'static str])> {
    let own = json!({"group": kind.group, "version": version, "kind": kind.kind});
    let mut found: Vec<(&'static str, Value, &'static [&'static str])> = Vec::new();
    if kind.shelf() == "pods" {
        found.push((
            "binding",
            json!({"group": "", "version": "v1", "kind": "Binding"}),
            &["create"],
        ));
        found.push((
            "eviction",
            json!({"group": "policy", "version": "v1", "kind": "Eviction"}),
            &["create"],
        ));
        found.push(("log", own.clone(), &["get"]));
    }
    if kind.shelf() == "namespaces" {
        found.push(("finalize", own.clone(), &["update"]));
    }
    if kind.scale.is_some() {
        found.push((
            "scale",
            json!({"group": "autoscaling", "version": "v1", "kind": "Scale"}),
            &["get", "patch", "update"],
        ));
    }
    if kind.status {
        found.push(("status", own, &["get", "patch", "update"]));
    }
    found
}

fn in_version<'a>(kinds: &'a [Arc<Kind>], group: &'a str, version: &'a str) -> Vec<&'a Arc<Kind>> {
    let mut found: Vec<&Arc<Kind>> = kinds
        .iter()
        .filter(|kind| kind.group == group && kind.version(version).is_some_and(|version| version.served))
        .collect();
    found.sort_by(|a, b| a.plural.cmp(&b.plural));
    found
}

fn resources(kinds: &[Arc<Kind>], group: &str, version: &str) -> Value {
    let mut list = Vec::new();
    for kind in in_version(kinds, group, version) {
        let mut row = json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind, "verbs": verbs_of(kind),
        });
        if !kind.short_names.is_empty() {
            row["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            row["categories"] = json!(kind.categories);
        }
        list.push(row);
        for (name, speaks, verbs) in subresources(kind, version) {
            let mut row = json!({
                "name": format!("{}/{name}", kind.plural), "singularName": "", "namespaced": kind.namespaced, "kind": speaks["kind"], "verbs": verbs,
            });
            if speaks["group"] != kind.group.as_str() {
                row["group"] = speaks["group"].clone();
                row["version"] = speaks["version"].clone();
            }
            list.push(row);
        }
    }
    for (_, plural, kind, namespaced) in REVIEWS.iter().filter(|(of, ..)| *of == group && version == "v1") {
        list.push(json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind, "verbs": ["create"]}));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

fn all_at_once(kinds: &[Arc<Kind>], core: bool) -> Value {
    let groups = if core {
        vec![(String::new(), vec!["v1".to_owned()])]
    } else {
        groups(kinds)
    };
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| json!({"version": version, "freshness": "Current", "resources": discovered(kinds, group, version)}))
                .collect();
            let meta = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": meta, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn discovered(kinds: &[Arc<Kind>], group: &str, version: &str) -> Vec<Value> {
    let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
    let mut list = Vec::new();
    for kind in in_version(kinds, group, version) {
        let mut row = json!({
            "resource": kind.plural, "singularResource": kind.singular, "scope": scope(kind.namespaced), "verbs": verbs_of(kind),
            "responseKind": {"group": kind.group, "version": version, "kind": kind.kind},
        });
        if !kind.short_names.is_empty() {
            row["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            row["categories"] = json!(kind.categories);
        }
        let subs: Vec<Value> = subresources(kind, version)
            .into_iter()
            .map(|(name, speaks, verbs)| json!({"subresource": name, "responseKind": speaks, "verbs": verbs}))
            .collect();
        if !subs.is_empty() {
            row["subresources"] = subs.into();
        }
        list.push(row);
    }
    for (of, plural, kind, namespaced) in REVIEWS.iter().filter(|(of, ..)| *of == group && version == "v1") {
        list.push(json!({
            "resource": plural, "singularResource": kind.to_lowercase(), "scope": scope(*namespaced), "verbs": ["create"],
            "responseKind": {"group": of, "version": "v1", "kind": kind},
        }));
    }
    list
}
