//! Takes the API through its rules over HTTP: versions, pages, watches, finalizers, dry runs, patches, quotas, faults.

mod frames;
mod world;

use flowdeck_sandbox::Config;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::frames::events;
use crate::world::World;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const BOOKS: &str = "/apis/kubeflow.org/v1/namespaces/default/notebooks";

/// A sandbox that is spoken with in JSON.
struct Json(World);

impl Json {
    async fn start() -> Self {
        Self(World::start().await)
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self(World::with(change).await)
    }

    async fn stream(&self, path: &str) -> http::Response<Incoming> {
        self.0.send("GET", path, &[], "").await
    }

    async fn json(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.0.ask(method, path, headers, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.json("GET", path, &[], Value::Null).await.1
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("POST", path, &[], body).await
    }

    async fn map(&self, name: &str) -> Value {
        let (code, made) = self
            .post(MAPS, json!({"metadata": {"name": name}, "data": {"a": "1"}}))
            .await;
        assert_eq!(code, 201, "{made}");
        made
    }

    async fn merge(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("PATCH", path, &[("content-type", "application/merge-patch+json")], body)
            .await
    }
}

fn kinds(events: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events
        .iter()
        .map(|event| {
            format!(
                "{} {}",
                text(&event["type"]),
                text(&event["object"]["metadata"]["name"])
            )
        })
        .collect()
}

#[tokio::test]
async fn other_bearers_are_unauthorized() {
    let world = Json::start().await;
    let other = [("authorization", "Bearer other")];
    let (code, _) = world.json("GET", "/api/v1/pods", &other, Value::Null).await;
    assert_eq!(code, 401);
}

#[tokio::test]
async fn an_old_version_conflicts() {
    let world = Json::start().await;
    let made = world.map("a").await;
    let path = format!("{MAPS}/a");
    let (code, changed) = world.merge(&path, json!({"data": {"a": "2"}})).await;
    assert_eq!((code, &changed["data"]["a"]), (200, &json!("2")));
    let (code, refused) = world.json("PUT", &path, &[], made).await;
    assert_eq!((code, &refused["reason"]), (409, &json!("Conflict")));
    assert_eq!(
        refused["message"],
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let (_, same) = world.merge(&path, json!({"data": {"a": "2"}})).await;
    assert_eq!(
        same["metadata"]["resourceVersion"], changed["metadata"]["resourceVersion"],
        "a change of nothing is no write"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replacements_without_a_version_never_conflict() {
    let world = Json::start().await;
    world.map("a").await;
    let path = format!("{MAPS}/a");
    let writers = (0..100).map(|number| {
        let map = json!({"metadata": {"name": "a"}, "data": {"a": number.to_string()}});
        world.json("PUT", &path, &[], map)
    });
    for (code, answer) in futures::future::join_all(writers).await {
        assert_eq!(code, 200, "{answer}");
    }
}

#[tokio::test]
async fn pages_show_one_moment() {
    let world = Json::start().await;
    for name in ["a", "b", "c", "d", "e"] {
        world.map(name).await;
    }
    let first = world.get(&format!("{MAPS}?limit=2")).await;
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    let token = first["metadata"]["continue"].as_str().expect("a token").to_owned();
    world.json("DELETE", &format!("{MAPS}/c"), &[], Value::Null).await;
    world.map("cc").await;
    world.merge(&format!("{MAPS}/d"), json!({"data": {"a": "9"}})).await;
    let rest = world.get(&format!("{MAPS}?limit=500&continue={token}")).await;
    let names: Vec<&str> = rest["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect();
    assert_eq!(names, ["c", "d", "e"]);
    assert_eq!(rest["items"][1]["data"]["a"], "1");
    assert_eq!(
        rest["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
}

#[tokio::test]
async fn forgotten_versions_are_gone() {
    let world = Json::with(|config| config.history_changes = 4).await;
    world.map("a").await;
    world.map("b").await;
    let first = world.get(&format!("{MAPS}?limit=1")).await;
    let token = first["metadata"]["continue"].as_str().expect("a token").to_owned();
    for number in 0..8 {
        world
            .merge(&format!("{MAPS}/a"), json!({"data": {"a": number.to_string()}}))
            .await;
    }
    let (code, gone) = world
        .json("GET", &format!("{MAPS}?limit=1&continue={token}"), &[], Value::Null)
        .await;
    assert_eq!((code, &gone["reason"]), (410, &json!("Expired")));
    assert!(
        gone["metadata"]["continue"].is_string(),
        "the list can go on inconsistently"
    );
    let version = first["metadata"]["resourceVersion"].as_str().expect("a version");
    let answer = world
        .stream(&format!("{MAPS}?watch=true&resourceVersion={version}"))
        .await;
    assert_eq!(answer.status(), 200);
    let events = events(answer, 1).await;
    assert_eq!(
        (&events[0]["type"], &events[0]["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    let (code, _) = world
        .json("GET", &format!("{MAPS}?resourceVersion=99999999"), &[], Value::Null)
        .await;
    assert_eq!(code, 504);
}

#[tokio::test]
async fn a_watch_tells_what_its_selector_sees() {
    let world = Json::start().await;
    world.map("a").await;
    let path = format!(
        "{MAPS}?watch=true&labelSelector=x%3Dy&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let answer = world.stream(&path).await;
    world
        .merge(&format!("{MAPS}/a"), json!({"metadata": {"labels": {"x": "y"}}}))
        .await;
    world.merge(&format!("{MAPS}/a"), json!({"data": {"a": "2"}})).await;
    world
        .merge(&format!("{MAPS}/a"), json!({"metadata": {"labels": {"x": "z"}}}))
        .await;
    let events = events(answer, 4).await;
    assert_eq!(kinds(&events), ["BOOKMARK ", "ADDED a", "MODIFIED a", "DELETED a"]);
    assert_eq!(
        events[0]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    assert_eq!(events[3]["object"]["metadata"]["labels"]["x"], "y");
}

#[tokio::test]
async fn a_watch_ends_with_a_bookmark_at_its_deadline() {
    let world = Json::start().await;
    let made = world.map("a").await;
    let version = made["metadata"]["resourceVersion"].as_str().expect("a version");
    let path = format!("{MAPS}?watch=true&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=3");
    let events = events(world.stream(&path).await, 99).await;
    assert_eq!(kinds(&events), ["BOOKMARK "]);
}

#[tokio::test]
async fn finalizers_hold_an_object() {
    let world = Json::start().await;
    world
        .post(
            MAPS,
            json!({"metadata": {"name": "a", "finalizers": ["example.com/x"]}}),
        )
        .await;
    let path = format!("{MAPS}/a");
    let (code, marked) = world.json("DELETE", &path, &[], Value::Null).await;
    assert_eq!(code, 200);
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    let (code, refused) = world
        .merge(
            &path,
            json!({"metadata": {"finalizers": ["example.com/x", "example.com/y"]}}),
        )
        .await;
    assert_eq!(
        (code, &refused["details"]["causes"][0]["field"]),
        (422, &json!("metadata.finalizers"))
    );
    world.merge(&path, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(world.json("GET", &path, &[], Value::Null).await.0, 404);
}

#[tokio::test]
async fn propagation_leaves_its_finalizer() {
    let world = Json::start().await;
    world.map("a").await;
    let (_, marked) = world
        .json(
            "DELETE",
            &format!("{MAPS}/a?propagationPolicy=Foreground"),
            &[],
            Value::Null,
        )
        .await;
    assert_eq!(marked["metadata"]["finalizers"], json!(["foregroundDeletion"]));
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let world = Json::start().await;
    let body = json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "n"}, "spec": {"template": {"spec": {"containers": [{"name": "n"}]}}}});
    let (code, shown) = world.post(&format!("{BOOKS}?dryRun=All"), body.clone()).await;
    assert_eq!((code, shown["metadata"]["uid"].is_string()), (201, true));
    assert_eq!(world.get(BOOKS).await["items"], json!([]));
    world.post(BOOKS, body).await;
    let (code, shown) = world
        .merge(
            &format!("{BOOKS}/n?dryRun=All"),
            json!({"metadata": {"labels": {"a": "b"}}}),
        )
        .await;
    assert_eq!((code, &shown["metadata"]["labels"]["a"]), (200, &json!("b")));
    assert_eq!(
        world.get(&format!("{BOOKS}/n")).await["metadata"]["labels"],
        Value::Null
    );
}

#[tokio::test]
async fn status_and_spec_are_apart() {
    let world = Json::start().await;
    let body = json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "n"},
        "spec": {"template": {"spec": {"containers": [{"name": "n"}]}}}, "status": {"readyReplicas": 7}});
    let (_, made) = world.post(BOOKS, body).await;
    assert_eq!(
        (&made["status"], &made["metadata"]["generation"]),
        (&Value::Null, &json!(1))
    );
    let path = format!("{BOOKS}/n");
    let (_, one) = world
        .merge(
            &format!("{path}/status"),
            json!({"status": {"readyReplicas": 1}, "spec": {"template": null}}),
        )
        .await;
    assert_eq!(
        (&one["status"]["readyReplicas"], &one["metadata"]["generation"]),
        (&json!(1), &json!(1))
    );
    assert!(one["spec"]["template"].is_object());
    let (_, two) = world
        .merge(
            &path,
            json!({"spec": {"template": {"spec": {"serviceAccountName": "x"}}}, "status": {"readyReplicas": 2}}),
        )
        .await;
    assert_eq!(
        (&two["status"]["readyReplicas"], &two["metadata"]["generation"]),
        (&json!(1), &json!(2))
    );
}

#[tokio::test]
async fn other_kinds_of_patches_are_unsupported() {
    let world = Json::start().await;
    world.map("a").await;
    for media in ["application/apply-patch+cbor", "text/plain"] {
        let (code, refused) = world
            .json("PATCH", &format!("{MAPS}/a"), &[("content-type", media)], json!({}))
            .await;
        assert_eq!(
            (code, &refused["reason"]),
            (415, &json!("UnsupportedMediaType")),
            "{media}"
        );
    }
}

#[tokio::test]
async fn a_quota_is_held() {
    let world = Json::start().await;
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"requests.cpu": "1", "pods": "5"}}});
    assert_eq!(
        world.post("/api/v1/namespaces/default/resourcequotas", quota).await.0,
        201
    );
    let pod = |name: &str, cpu: &str| json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]}});
    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(world.post(pods, pod("a", "0.6")).await.0, 201);
    let (code, refused) = world.post(pods, pod("b", "0.5")).await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
    let used = world.get("/api/v1/namespaces/default/resourcequotas/q").await["status"]["used"].clone();
    assert_eq!((&used["requests.cpu"], &used["pods"]), (&json!("600m"), &json!("1")));
    let (_, refused) = world
        .post(
            pods,
            json!({"metadata": {"name": "c"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
        )
        .await;
    assert_eq!(
        refused["message"],
        "pods \"c\" is forbidden: failed quota: q: must specify requests.cpu for: c"
    );
}

#[tokio::test]
async fn rights_are_asked_for_every_request() {
    let world = Json::start().await;
    let alice = [("impersonate-user", "alice@example.com")];
    let (code, refused) = world.json("GET", BOOKS, &alice, Value::Null).await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        "notebooks.kubeflow.org is forbidden: User \"alice@example.com\" cannot list resource \"notebooks\" in API group \"kubeflow.org\" in the namespace \"default\""
    );
    assert_eq!(world.json("GET", "/apis", &alice, Value::Null).await.0, 200);
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}});
    let (code, told) = world
        .json(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            &alice,
            review,
        )
        .await;
    assert_eq!((code, &told["status"]["allowed"]), (201, &json!(false)));
}

#[tokio::test]
async fn a_going_namespace_takes_nothing_new() {
    let world = Json::start().await;
    world
        .post("/api/v1/namespaces", json!({"metadata": {"name": "t"}}))
        .await;
    world.json("DELETE", "/api/v1/namespaces/t", &[], Value::Null).await;
    let (code, refused) = world
        .post("/api/v1/namespaces/t/configmaps", json!({"metadata": {"name": "a"}}))
        .await;
    assert_eq!(
        (code, &refused["details"]["causes"][0]["reason"]),
        (403, &json!("NamespaceTerminating"))
    );
    let (code, _) = world
        .json(
            "PUT",
            "/api/v1/namespaces/t/finalize",
            &[],
            json!({"metadata": {"name": "t"}, "spec": {}}),
        )
        .await;
    assert_eq!(code, 200);
    assert_eq!(world.json("GET", "/api/v1/namespaces/t", &[], Value::Null).await.0, 404);
}

#[tokio::test]
async fn faults_come_as_ordered() {
    let world = Json::start().await;
    for (answer, code) in [
        ("410", 410),
        ("429", 429),
        ("500", 500),
        ("html", 502),
        ("410-event", 200),
    ] {
        let (told, _) = world
            .post(
                "/sandbox/faults",
                json!({"path_contains": "/notebooks", "times": 1, "answer": answer}),
            )
            .await;
        assert_eq!(told, 200);
        assert_eq!(world.json("GET", BOOKS, &[], Value::Null).await.0, code, "{answer}");
        assert_eq!(world.json("GET", BOOKS, &[], Value::Null).await.0, 200);
    }
}

/// Found by `tests/faults`: objects that were made after the definition came back went with those of the old one.
#[tokio::test]
async fn definition_that_comes_back_finds_nothing_of_the_old_one_and_keeps_its_own() {
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/notebooks.kubeflow.org";
    let definitions = definition.trim_end_matches("/notebooks.kubeflow.org");
    let world = Json::start().await;
    let book = |name: &str| {
        let container = json!({"name": name, "image": "i"});
        json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": name},
            "spec": {"template": {"spec": {"containers": [container]}}},
        })
    };
    for number in 0..20 {
        let (code, made) = world.post(BOOKS, book(&format!("old-{number}"))).await;
        assert_eq!(code, 201, "{made}");
    }
    let mut again = world.get(definition).await;
    assert_eq!(world.json("DELETE", definition, &[], Value::Null).await.0, 200);
    assert_eq!(world.json("GET", BOOKS, &[], Value::Null).await.0, 404);
    let metadata = again["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| key == "name");
    let (code, made) = world.post(definitions, again).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(world.get(BOOKS).await["items"], json!([]), "the old ones are gone");
    assert_eq!(world.post(BOOKS, book("new")).await.0, 201);
    let path = format!("{BOOKS}?watch=true&resourceVersion=0&timeoutSeconds=2");
    let events = events(world.stream(&path).await, 1).await;
    assert_eq!(kinds(&events).len(), 1, "{events:?}");
    assert_eq!(
        world.json("GET", &format!("{BOOKS}/new"), &[], Value::Null).await.0,
        200
    );
}
