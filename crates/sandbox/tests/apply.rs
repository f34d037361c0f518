//! Takes server-side apply and managedFields through what kube-apiserver 1.36.3 answered to the same requests.

mod world;

use serde_json::{Value, json};

use crate::world::World;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");
const AGENT: (&str, &str) = ("user-agent", "tester/1.0 (linux)");

async fn apply(world: &World, path: &str, query: &str, body: &Value) -> (u16, Value) {
    let media = ("content-type", "application/apply-patch+yaml");
    world
        .ask("PATCH", &format!("{path}?{query}"), &[media, AGENT], &body.to_string())
        .await
}

/// Applies and says who manages what then.
async fn managers(world: &World, path: &str, query: &str, body: &Value) -> Value {
    let (code, object) = apply(world, path, query, body).await;
    assert!(matches!(code, 200 | 201), "{query}: {object}");
    told(&object)
}

async fn merge(world: &World, path: &str, body: Value) -> Value {
    let (code, object) = world.ask("PATCH", path, &[MERGE, AGENT], &body.to_string()).await;
    assert_eq!(code, 200, "{object}");
    object
}

/// The managers of an object: name, operation and sub-resource, with their fields.
fn told(object: &Value) -> Value {
    let list = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let entry = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        json!([
            format!("{} {} {}", text("manager"), text("operation"), text("subresource")).trim(),
            entry["fieldsV1"]
        ])
    };
    list.iter().map(entry).collect()
}

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": data})
}

#[tokio::test]
async fn an_apply_creates_owns_shares_and_removes() {
    let world = World::start().await;
    let path = format!("{MAPS}/m");
    let (code, made) = apply(&world, &path, "fieldManager=a", &map(json!({"x": "1", "y": "1"}))).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(told(&made), json!([["a Apply", {"f:data": {"f:x": {}, "f:y": {}}}]]));
    let again = apply(&world, &path, "fieldManager=a", &map(json!({"x": "1", "y": "1"})))
        .await
        .1;
    assert_eq!(
        again["metadata"]["resourceVersion"],
        made["metadata"]["resourceVersion"]
    );
    let shared = managers(&world, &path, "fieldManager=b", &map(json!({"x": "1"}))).await;
    let both = json!([["b Apply", {"f:data": {"f:x": {}}}], ["a Apply", {"f:data": {"f:x": {}, "f:y": {}}}]]);
    assert_eq!(shared, both);
    let (_, less) = apply(&world, &path, "fieldManager=a", &map(json!({}))).await;
    assert_eq!(less["data"], json!({"x": "1"}), "y was only a's, x is b's as well");
    let none = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}});
    let (_, gone) = apply(&world, &path, "fieldManager=b", &none).await;
    assert_eq!(gone["data"], Value::Null, "nothing is left in the map");
}

#[tokio::test]
async fn conflicts_name_managers_and_fields_and_force_takes_over() {
    let world = World::start().await;
    let path = format!("{MAPS}/m");
    managers(&world, &path, "fieldManager=a", &map(json!({"x": "1", "y": "1"}))).await;
    merge(&world, &path, json!({"data": {"y": "2"}})).await;
    let (code, refused) = apply(&world, &path, "fieldManager=b", &map(json!({"x": "3"}))).await;
    assert_eq!((code, &refused["reason"]), (409, &json!("Conflict")), "{refused}");
    assert_eq!(
        refused["message"],
        "Apply failed with 1 conflict: conflict with \"a\": .data.x"
    );
    let cause = json!({"reason": "FieldManagerConflict", "message": "conflict with \"a\"", "field": ".data.x"});
    assert_eq!(refused["details"], json!({"causes": [cause]}));
    let (_, refused) = apply(&world, &path, "fieldManager=b", &map(json!({"x": "3", "y": "3"}))).await;
    assert_eq!(
        refused["message"],
        "Apply failed with 2 conflicts: conflicts with \"a\":\n- .data.x\nconflicts with \"tester\" using v1:\n- .data.y"
    );
    let forced = managers(
        &world,
        &path,
        "fieldManager=b&force=true",
        &map(json!({"x": "3", "y": "3"})),
    )
    .await;
    assert_eq!(forced, json!([["b Apply", {"f:data": {"f:x": {}, "f:y": {}}}]]));
}

#[tokio::test]
async fn options_and_objects_are_refused_as_by_the_api_server() {
    let world = World::start().await;
    let path = format!("{MAPS}/m");
    managers(&world, &path, "fieldManager=a", &map(json!({"x": "1"}))).await;
    let with = |field: &str, value: Value| {
        let mut object = map(json!({"x": "2"}));
        object["metadata"][field] = value;
        object
    };
    let mut unknown = map(json!({}));
    unknown["spec"] = json!({});
    let typed = "failed to create typed patch object (/m; /v1, Kind=ConfigMap): ";
    for (query, body, code, message) in [
        ("force=true", map(json!({})), 422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch".to_owned()),
        ("fieldManager=a", with("managedFields", json!([])), 400, "metadata.managedFields must be nil".to_owned()),
        ("fieldManager=a", with("name", "n".into()), 400, "the name of the object (n) does not match the name on the URL (m)".to_owned()),
        ("fieldManager=a", with("resourceVersion", "1".into()), 409, "Operation cannot be fulfilled on configmaps \"m\": the object has been modified; please apply your changes to the latest version and try again".to_owned()),
        ("fieldManager=a", with("uid", "u".into()), 422, "ConfigMap \"m\" is invalid: metadata.uid: Invalid value: \"u\": field is immutable".to_owned()),
        ("fieldManager=a", json!({"metadata": {"name": "m"}}), 400, "invalid object type: /, Kind=".to_owned()),
        ("fieldManager=a", unknown, 500, format!("{typed}.spec: field not declared in schema")),
        ("fieldManager=a", map(json!({"x": 1})), 500, format!("{typed}.data.x: expected string, got &value.valueUnstructured{{Value:1}}")),
    ] {
        let (found, refused) = apply(&world, &path, query, &body).await;
        assert_eq!((found, &refused["message"]), (code, &json!(message)), "{query} {body}");
    }
    let twice = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  x: '1'\n  x: '2'\n";
    let media = ("content-type", "application/apply-patch+yaml");
    let strict = format!("{path}?fieldManager=a&fieldValidation=Strict");
    let (code, refused) = world.ask("PATCH", &strict, &[media], twice).await;
    let why = "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key \"x\" already set in map";
    assert_eq!((code, &refused["message"]), (400, &json!(why)));
    let answer = world
        .send("PATCH", &format!("{path}?fieldManager=a"), &[media], twice)
        .await;
    assert_eq!(
        answer.headers()["warning"],
        "299 - \"line 7: key \\\"x\\\" already set in map\""
    );
    for (method, path, options) in [("POST", MAPS, "CreateOptions"), ("PUT", path.as_str(), "UpdateOptions")] {
        let (code, refused) = world.ask(method, &format!("{path}?fieldManager=a%01"), &[], "{}").await;
        let why = format!(
            "{options}.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\x01\": invalid character U+0001 (at position 1)"
        );
        assert_eq!((code, &refused["message"]), (422, &json!(why)));
    }
    let (code, refused) = world.ask("PATCH", &format!("{path}?force=true"), &[MERGE], "{}").await;
    assert_eq!(
        (code, &refused["details"]["causes"][0]["field"]),
        (422, &json!("force")),
        "{refused}"
    );
}

#[tokio::test]
async fn other_writes_are_recorded_until_the_managers_are_reset() {
    let world = World::start().await;
    let path = format!("{MAPS}/m");
    let body = json!({"metadata": {"name": "m"}, "data": {"x": "1"}}).to_string();
    let (_, made) = world
        .ask("POST", &format!("{MAPS}?fieldManager=maker"), &[AGENT], &body)
        .await;
    assert_eq!(told(&made), json!([["maker Update", {"f:data": {".": {}, "f:x": {}}}]]));
    let changed = merge(&world, &path, json!({"data": {"x": "2", "z": "1"}})).await;
    let expect = json!([["maker Update", {"f:data": {}}], ["tester Update", {"f:data": {"f:x": {}, "f:z": {}}}]]);
    assert_eq!(told(&changed), expect);
    for reset in [json!([]), json!([{}])] {
        let patched = merge(&world, &path, json!({"metadata": {"managedFields": reset}})).await;
        assert_eq!(told(&patched), json!([]));
        let patched = merge(&world, &path, json!({"data": {"x": reset.to_string()}})).await;
        assert_eq!(told(&patched), json!([]), "nobody is recorded any more");
        let (_, refused) = apply(&world, &path, "fieldManager=a", &map(json!({"x": "9"}))).await;
        assert_eq!(
            refused["details"]["causes"][0]["message"],
            "conflict with \"before-first-apply\" using v1"
        );
        let owned = managers(&world, &path, "fieldManager=a", &map(json!({"q": "1"}))).await;
        let before = json!(["before-first-apply Update", {"f:data": {".": {}, "f:x": {}, "f:z": {}}}]);
        assert_eq!(owned[0], json!(["a Apply", {"f:data": {"f:q": {}}}]));
        assert_eq!(owned[1], before);
        merge(&world, &path, json!({"data": {"q": null}})).await;
    }
}

#[tokio::test]
async fn a_dry_run_shows_the_managers_and_stores_nothing() {
    let world = World::start().await;
    let path = format!("{MAPS}/m");
    let (code, shown) = apply(&world, &path, "fieldManager=a&dryRun=All", &map(json!({"x": "1"}))).await;
    assert_eq!(
        (code, told(&shown)),
        (201, json!([["a Apply", {"f:data": {"f:x": {}}}]]))
    );
    assert_eq!(world.ask("GET", &path, &[], "").await.0, 404);
}

#[tokio::test]
async fn sub_resources_have_managers_of_their_own() {
    let world = World::start().await;
    let path = "/apis/apps/v1/namespaces/default/deployments/d";
    let of = |more: &[(&str, Value)]| {
        let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}});
        for (field, value) in more {
            object[*field] = value.clone();
        }
        object
    };
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": {
        "metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}]}]}}});
    let made = managers(&world, path, "fieldManager=a", &of(&[("spec", spec.clone())])).await;
    let ports = json!({"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}});
    let containers = json!({"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:image": {}, "f:ports": ports}});
    let template = json!({"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers": containers}});
    assert_eq!(
        made,
        json!([["a Apply", {"f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": template}}]])
    );
    world
        .ask(
            "PATCH",
            &format!("{path}/scale"),
            &[MERGE, AGENT],
            r#"{"spec": {"replicas": 4}}"#,
        )
        .await;
    let (_, refused) = apply(&world, path, "fieldManager=a", &of(&[("spec", spec)])).await;
    assert_eq!(
        refused["message"],
        "Apply failed with 1 conflict: conflict with \"tester\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
    let status = of(&[("status", json!({"replicas": 1})), ("spec", json!({"replicas": 9}))]);
    let told = managers(&world, &format!("{path}/status"), "fieldManager=s", &status).await;
    assert_eq!(told[1], json!(["s Apply status", {"f:status": {"f:replicas": {}}}]));
    assert_eq!(told[2], json!(["tester Update scale", {"f:spec": {"f:replicas": {}}}]));
}

#[tokio::test]
async fn custom_kinds_merge_as_their_schema_says() {
    let world = World::start().await;
    let properties = json!({
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
        "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id", "zone"], "items": {"type": "object",
            "required": ["id"], "properties": {"id": {"type": "string"}, "zone": {"type": "string", "default": "z"}, "n": {"type": "integer"}}}},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "plain": {"type": "array", "items": {"type": "string"}},
    });
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"}, "versions": [{"name": "v1",
            "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}}}]}});
    let (code, made) = world
        .ask(
            "POST",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            &[],
            &definition.to_string(),
        )
        .await;
    assert_eq!(code, 201, "{made}");
    let path = "/apis/example.com/v1/namespaces/default/things/t";
    let thing =
        |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": spec});
    let ours = json!({"open": {"a": {"b": [1]}}, "whole": {"a": "1"}, "parts": [{"id": "1", "n": 1}, {"id": "2"}], "tags": ["x", "y"], "plain": ["p"]});
    let made = managers(&world, path, "fieldManager=a", &thing(ours)).await;
    let item = |more: &str| {
        let mut item = json!({".": {}, "f:id": {}});
        if !more.is_empty() {
            item[more] = json!({});
        }
        item
    };
    let parts = json!({"k:{\"id\":\"1\",\"zone\":\"z\"}": item("f:n"), "k:{\"id\":\"2\",\"zone\":\"z\"}": item("")});
    let expect = json!({"f:spec": {"f:open": {"f:a": {".": {}, "f:b": {}}}, "f:whole": {}, "f:parts": parts,
        "f:tags": {"v:\"x\"": {}, "v:\"y\"": {}}, "f:plain": {}}});
    assert_eq!(made, json!([["a Apply", expect]]));
    let theirs = json!({"open": {"c": 1}, "parts": [{"id": "2", "n": 4}], "tags": ["y", "w"]});
    let (_, both) = apply(&world, path, "fieldManager=b", &thing(theirs)).await;
    assert_eq!(both["spec"]["tags"], json!(["x", "y", "w"]));
    assert_eq!(both["spec"]["parts"][1], json!({"id": "2", "zone": "z", "n": 4}));
    let (_, refused) = apply(
        &world,
        path,
        "fieldManager=c",
        &thing(json!({"whole": {"b": "1"}, "plain": ["q"], "parts": [{"id": "1", "n": 2}]})),
    )
    .await;
    let causes = refused["details"]["causes"].as_array().cloned().unwrap_or_default();
    let fields: Vec<&str> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
    assert_eq!(
        fields,
        [".spec.plain", ".spec.whole", ".spec.parts[id=\"1\",zone=\"z\"].n"]
    );
    let (_, less) = apply(&world, path, "fieldManager=a", &thing(json!({"tags": ["y"]}))).await;
    assert_eq!(
        less["spec"],
        json!({"open": {"c": 1}, "parts": [{"id": "2", "zone": "z", "n": 4}], "tags": ["y", "w"]})
    );
}
