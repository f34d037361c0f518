//! Takes watches through the forms that a client may ask for: the present state first, tables, metadata alone.

mod frames;
mod world;

use serde_json::{Value, json};

use crate::frames::events;
use crate::world::World;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const LIST: &str = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
const TABLE: (&str, &str) = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");

async fn make(world: &World, name: &str) -> Value {
    let body = json!({"metadata": {"name": name}, "data": {"a": "1"}}).to_string();
    let (code, made) = world.ask("POST", MAPS, &[], &body).await;
    assert_eq!(code, 201, "{made}");
    made
}

#[tokio::test]
async fn a_watch_list_ends_with_a_marked_bookmark_and_goes_on() {
    let world = World::start().await;
    make(&world, "b").await;
    let last = make(&world, "a").await;
    let stream = world.send("GET", &format!("{MAPS}?{LIST}"), &[], "").await;
    make(&world, "c").await;
    let found = events(stream, 4).await;
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|event| {
            let text = |value: &'static str| event.pointer(value).and_then(Value::as_str).unwrap_or_default();
            (text("/type"), text("/object/metadata/name"))
        })
        .collect();
    assert_eq!(told, [("ADDED", "a"), ("ADDED", "b"), ("BOOKMARK", ""), ("ADDED", "c")]);
    let mark = &found[2]["object"]["metadata"];
    assert_eq!(mark["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(mark["resourceVersion"], last["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn initial_events_of_a_version_to_come_wait_for_it_but_not_for_ever() {
    let world = World::start().await;
    let made = make(&world, "a").await;
    let version: u64 = made["metadata"]["resourceVersion"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a version");
    let path = format!("{MAPS}?{LIST}&resourceVersion={}", version + 1);
    let (found, _) = tokio::join!(
        async { events(world.send("GET", &path, &[], "").await, 3).await },
        make(&world, "b")
    );
    assert_eq!(found[1]["object"]["metadata"]["name"], "b");
    assert_eq!(found[2]["type"], "BOOKMARK");
    let path = format!("{MAPS}?{LIST}&resourceVersion={}", version + 1000);
    let found = events(world.send("GET", &path, &[], "").await, 1).await;
    assert_eq!(found[0]["type"], "ERROR");
    assert_eq!(found[0]["object"]["code"], 504);
    assert_eq!(
        found[0]["object"]["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
}

#[tokio::test]
async fn wrong_options_name_their_field() {
    let world = World::start().await;
    for (query, field, why) in [
        (
            "watch=1&sendInitialEvents=true",
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "watch=1&resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (
            "sendInitialEvents=true",
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        ),
    ] {
        let (code, status) = world.ask("GET", &format!("{MAPS}?{query}"), &[], "").await;
        assert_eq!(code, 422, "{query}: {status}");
        let cause = json!({"reason": "FieldValueForbidden", "field": field, "message": format!("Forbidden: {why}")});
        assert_eq!(status["details"]["causes"], json!([cause]), "{query}");
        assert_eq!(
            status["message"],
            format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {why}")
        );
    }
}

#[tokio::test]
async fn a_table_watch_tells_its_columns_once() {
    let world = World::start().await;
    make(&world, "a").await;
    make(&world, "b").await;
    let found = events(world.send("GET", &format!("{MAPS}?{LIST}"), &[TABLE], "").await, 3).await;
    assert_eq!(found[0]["object"]["columnDefinitions"][0]["name"], "Name");
    for event in &found {
        assert_eq!(event["object"]["kind"], "Table");
        assert_eq!(event["object"]["rows"].as_array().map(Vec::len), Some(1), "{event}");
        assert_eq!(event["object"]["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    }
    assert_eq!(found[1]["object"]["rows"][0]["cells"][0], "b");
    assert_eq!(found[1]["object"]["columnDefinitions"], Value::Null);
    assert_eq!(
        found[2]["object"]["rows"][0]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

#[tokio::test]
async fn a_table_has_as_much_of_the_object_as_is_asked_for() {
    let world = World::start().await;
    make(&world, "a").await;
    for (include, kind) in [
        ("None", Value::Null),
        ("Metadata", "PartialObjectMetadata".into()),
        ("Object", "ConfigMap".into()),
    ] {
        let path = format!("{MAPS}?watch=1&resourceVersion=0&includeObject={include}");
        let found = events(world.send("GET", &path, &[TABLE], "").await, 1).await;
        assert_eq!(found[0]["object"]["rows"][0]["object"]["kind"], kind);
    }
    let (code, status) = world
        .ask("GET", &format!("{MAPS}?watch=1&includeObject=All"), &[TABLE], "")
        .await;
    assert_eq!((code, &status["reason"]), (400, &json!("BadRequest")), "{status}");
}
