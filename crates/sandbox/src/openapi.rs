//! Serves the OpenAPI documents: version 3 by group, with the schemas of built-in and custom kinds; version 2 in outline.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;
use crate::registry::Kind;
use crate::schema;
use crate::server::api::Api;
use crate::server::respond::{self, Answer};

/// The answer to `/openapi/<rest>`.
pub(crate) fn answer(api: &Api, rest: &str, headers: &HeaderMap) -> Result<Answer, Refusal> {
    let kinds = api.registry.kinds();
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        ["v2"] => {
            respond::wanted(headers)?;
            Ok(respond::json(
                200,
                &json!({"swagger": "2.0", "info": info(), "paths": {}, "definitions": {}}),
            ))
        }
        ["v3"] => {
            let mut paths = Map::new();
            for (group, version) in versions(&kinds) {
                let path = path_of(&group, &version);
                // The hash lets clients cache for good: it changes with the definitions.
                let hash = format!("{:016X}", api.store.shelf_version(crate::registry::DEFINITIONS));
                paths.insert(
                    path.clone(),
                    json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}")}),
                );
            }
            Ok(respond::json(200, &json!({"paths": paths})))
        }
        ["v3", "api", version] => document(&kinds, "", version),
        ["v3", "apis", group, version] => document(&kinds, group, version),
        _ => Err(Refusal::no_such_resource()),
    }
}

fn info() -> Value {
    json!({"title": "Kubernetes", "version": crate::discovery::GIT_VERSION})
}

fn versions(kinds: &[std::sync::Arc<Kind>]) -> BTreeSet<(String, String)> {
    let served = kinds.iter().flat_map(|kind| {
        kind.versions
            .iter()
            .filter(|version| version.served)
            .map(|version| (kind.group.clone(), version.name.clone()))
    });
    let reviews = crate::reviews::REVIEWS
        .iter()
        .map(|(group, ..)| ((*group).to_owned(), "v1".to_owned()));
    served.chain(reviews).collect()
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("api/{version}")
    } else {
        format!("apis/{group}/{version}")
    }
}

fn document(kinds: &[std::sync::Arc<Kind>], group: &str, version: &str) -> Result<Answer, Refusal> {
    if !versions(kinds).contains(&(group.to_owned(), version.to_owned())) {
        return Err(Refusal::no_such_resource());
    }
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut paths = Map::new();
    for kind in kinds
        .iter()
        .filter(|kind| kind.group == group && kind.version(version).is_some_and(|version| version.served))
    {
        let gvk = json!({"group": group, "version": version, "kind": kind.kind});
        let name = if kind.custom {
            custom(kind, version, &gvk, &mut schemas)
        } else {
            schema::of(kind).map(|(name, _)| name.to_owned())
        };
        if let Some(name) = name {
            reach(&name, &mut schemas);
            add_paths(kind, version, &gvk, &name, &mut paths);
        }
    }
    for (of, plural, kind, namespaced) in crate::reviews::REVIEWS.iter().filter(|(of, ..)| *of == group) {
        let name = format!("io.k8s.api.{}.v1.{kind}", of.split('.').next().unwrap_or_default());
        reach(&name, &mut schemas);
        let gvk = json!({"group": of, "version": "v1", "kind": kind});
        let scope = if *namespaced { "/namespaces/{namespace}" } else { "" };
        let verb = json!({"x-kubernetes-group-version-kind": gvk, "x-kubernetes-action": "post", "responses": {}});
        paths.insert(format!("/apis/{of}/v1{scope}/{plural}"), json!({"post": verb}));
    }
    let document = json!({"openapi": "3.0.0", "info": info(), "paths": paths, "components": {"schemas": schemas}});
    Ok(respond::json(200, &document))
}

/// The schema of a custom kind, as the API server publishes it: with `metadata` and its name in reverse.
fn custom(kind: &Kind, version: &str, gvk: &Value, schemas: &mut BTreeMap<String, Value>) -> Option<String> {
    let mut schema = kind.version(version)?.schema.as_deref()?.clone();
    let domain: Vec<&str> = kind.group.rsplit('.').collect();
    let name = format!("{}.{version}.{}", domain.join("."), kind.kind);
    let meta = json!({"allOf": [{"$ref": format!("#/components/schemas/{}", schema::OBJECT_META)}], "description": "Standard object's metadata."});
    schema["properties"]["metadata"] = meta;
    schema["properties"]["apiVersion"] = json!({"type": "string", "description": "APIVersion defines the versioned schema of this representation of an object."});
    schema["properties"]["kind"] = json!({"type": "string", "description": "Kind is a string value representing the REST resource this object represents."});
    schema["x-kubernetes-group-version-kind"] = json!([gvk]);
    schemas.insert(name.clone(), schema);
    reach(schema::OBJECT_META, schemas);
    Some(name)
}

/// Adds a schema and all that it refers to.
fn reach(name: &str, schemas: &mut BTreeMap<String, Value>) {
    if schemas.contains_key(name) {
        return;
    }
    let Some((name, found)) = schema::named(name) else {
        return;
    };
    schemas.insert(name.to_owned(), found.clone());
    let mut names = Vec::new();
    references(found, &mut names);
    for name in names {
        reach(name, schemas);
    }
}

fn references<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (key, one) in map {
                match one.as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) {
                    Some(name) if key == "$ref" => names.push(name),
                    _ => references(one, names),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| references(one, names)),
        _ => {}
    }
}

fn add_paths(kind: &Kind, version: &str, gvk: &Value, name: &str, paths: &mut Map<String, Value>) {
    let base = format!("/{}", path_of(&kind.group, version));
    let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
    let reference = json!({"$ref": format!("#/components/schemas/{name}")});
    let content = json!({"application/json": {"schema": reference}});
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let verb = |action: &str, body: bool| {
        let mut verb = json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk,
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": {"200": {"description": "OK", "content": content}},
        });
        if body {
            verb["requestBody"] = json!({"content": content, "required": true});
        }
        verb
    };
    paths.insert(
        format!("{base}{scope}/{}", kind.plural),
        json!({"get": verb("list", false), "post": verb("post", true), "delete": verb("deletecollection", false)}),
    );
    paths.insert(
        format!("{base}{scope}/{}/{{name}}", kind.plural),
        json!({"get": verb("get", false), "put": verb("put", true), "patch": verb("patch", true), "delete": verb("delete", false)}),
    );
    if kind.namespaced {
        paths.insert(format!("{base}/{}", kind.plural), json!({"get": verb("list", false)}));
    }
}
