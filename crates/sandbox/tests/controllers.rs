//! Takes the sandbox's controllers through what the recording does not show: cascades, volumes, namespaces, restarts, the seeded world.

use std::collections::BTreeMap;
use std::time::Duration;

use flowdeck_sandbox::controllers::{self, Options};
use flowdeck_sandbox::{Config, Sandbox, World, seed};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(40);

struct Running {
    sandbox: Sandbox,
    client: kube::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

fn fast() -> Options {
    Options {
        speed: 20.0,
        ..Options::default()
    }
}

/// An empty sandbox without its controllers, and the folder in which it lives.
async fn alone() -> (tempfile::TempDir, Sandbox) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path());
    config.world = World::Empty;
    config.controllers = false;
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    (folder, sandbox)
}

impl Running {
    async fn start() -> Self {
        let (folder, sandbox) = alone().await;
        let client = sandbox.client().expect("a client");
        let stop = CancellationToken::new();
        let running = tokio::spawn(controllers::run(client.clone(), fast(), stop.clone()));
        let world = Self {
            sandbox,
            client,
            stop,
            running,
            _folder: folder,
        };
        let node: Node = from(json!({"metadata": {"name": "node-0"}}));
        let nodes: Api<Node> = Api::all(world.client.clone());
        nodes.create(&PostParams::default(), &node).await.expect("a node");
        let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110"});
        let status = json!({"status": {"capacity": amounts, "allocatable": amounts}});
        nodes
            .patch_status("node-0", &PatchParams::default(), &Patch::Merge(&status))
            .await
            .expect("a status");
        let namespace: Namespace = from(json!({"metadata": {"name": "team"}}));
        let namespaces: Api<Namespace> = Api::all(world.client.clone());
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .expect("a namespace");
        world
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), "team")
    }

    fn notebooks(&self) -> Api<DynamicObject> {
        notebooks(&self.client, "team")
    }

    async fn notebook(&self, name: &str, annotations: Value) {
        let notebook = from(json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
            "metadata": {"name": name, "namespace": "team", "annotations": annotations},
            "spec": {"template": {"spec": {"containers": [{"image": "img", "name": name}]}}},
        }));
        self.notebooks()
            .create(&PostParams::default(), &notebook)
            .await
            .expect("a notebook");
    }

    async fn is_ready(&self, name: &str) -> bool {
        let notebook = self.notebooks().get_opt(name).await.expect("an answer");
        notebook.is_some_and(|notebook| notebook.data["status"]["readyReplicas"] == 1)
    }

    async fn end(self) {
        self.stop.cancel();
        self.running.await.expect("controllers end when told to");
        self.sandbox.stop().await;
    }
}

fn notebooks(client: &kube::Client, namespace: &str) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("kubeflow.org", "v1", "Notebook"), "notebooks");
    Api::namespaced_with(client.clone(), namespace, &kind)
}

fn from<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("an object")
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let late = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < late, "still waiting until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_notebook_takes_set_service_and_pod_with_it() {
    let world = Running::start().await;
    for (name, parameters) in [
        ("behind", DeleteParams::background()),
        ("before", DeleteParams::foreground()),
    ] {
        world.notebook(name, json!({})).await;
        until("it is ready", async || world.is_ready(name).await).await;
        world.notebooks().delete(name, &parameters).await.expect("a deletion");
        let (sets, pods) = (world.api::<StatefulSet>(), world.api::<Pod>());
        let mut notebook_outlived = false;
        until("all is gone", async || {
            let pod = pods.get_opt(&format!("{name}-0")).await.expect("an answer");
            let notebook = world.notebooks().get_opt(name).await.expect("an answer");
            notebook_outlived |= notebook.is_none() && pod.is_some();
            let set = sets.get_opt(name).await.expect("an answer");
            notebook.is_none() && set.is_none() && pod.is_none()
        })
        .await;
        assert_eq!(notebook_outlived, name == "behind", "{name}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_claim_is_bound_when_its_first_pod_comes_and_kept_while_used() {
    let world = Running::start().await;
    let class: StorageClass = from(
        json!({"metadata": {"name": "late"}, "provisioner": "p.example.com", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}),
    );
    Api::<StorageClass>::all(world.client.clone())
        .create(&PostParams::default(), &class)
        .await
        .expect("a class");
    let claims = world.api::<PersistentVolumeClaim>();
    let claim = from(
        json!({"metadata": {"name": "data", "finalizers": ["kubernetes.io/pvc-protection"]}, "spec": {
            "storageClassName": "late", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
        }}),
    );
    claims.create(&PostParams::default(), &claim).await.expect("a claim");
    let events = world.api::<Event>();
    until("it waits", async || {
        let events = events.list(&ListParams::default()).await.expect("events");
        events
            .iter()
            .any(|event| event.reason.as_deref() == Some("WaitForFirstConsumer"))
    })
    .await;
    let pod = from(json!({"metadata": {"name": "user"}, "spec": {
        "containers": [{"name": "c", "image": "img"}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
    }}));
    world
        .api::<Pod>()
        .create(&PostParams::default(), &pod)
        .await
        .expect("a pod");
    until("it is bound and used", async || {
        let claim = claims.get("data").await.expect("a claim");
        let pod = world.api::<Pod>().get("user").await.expect("a pod");
        claim.status.and_then(|status| status.phase).as_deref() == Some("Bound")
            && pod.status.and_then(|status| status.phase).as_deref() == Some("Running")
    })
    .await;
    claims
        .delete("data", &DeleteParams::default())
        .await
        .expect("a deletion");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(claims.get_opt("data").await.expect("an answer").is_some());
    world
        .api::<Pod>()
        .delete("user", &DeleteParams::default())
        .await
        .expect("a deletion");
    until("the claim is gone", async || {
        claims.get_opt("data").await.expect("an answer").is_none()
    })
    .await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_namespace_is_emptied_and_goes() {
    let world = Running::start().await;
    world.notebook("life", json!({})).await;
    until("it is ready", async || world.is_ready("life").await).await;
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    namespaces
        .delete("team", &DeleteParams::default())
        .await
        .expect("a deletion");
    until("it is gone", async || {
        namespaces.get_opt("team").await.expect("an answer").is_none()
    })
    .await;
    assert!(
        world
            .api::<Pod>()
            .list(&ListParams::default())
            .await
            .expect("pods")
            .items
            .is_empty()
    );
    world.end().await;
}

/// After a restart dependents may be read before their owners: then the owner is asked for, where its kind is.
#[tokio::test]
async fn what_an_object_of_a_cluster_wide_kind_owns_outlives_a_restart() {
    let (_folder, sandbox) = alone().await;
    let client = sandbox.client().expect("a client");
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let definition = from(json!({"metadata": {"name": "runtimes.test.flowdeck.dev"}, "spec": {
        "group": "test.flowdeck.dev", "scope": "Cluster", "names": {"kind": "Runtime", "plural": "runtimes"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
    }}));
    let post = PostParams::default();
    definitions.create(&post, &definition).await.expect("a definition");
    let kind =
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("test.flowdeck.dev", "v1", "Runtime"), "runtimes");
    let runtimes: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    let owner = DynamicObject::new("owner", &kind);
    let uid = runtimes.create(&post, &owner).await.expect("an owner").metadata.uid;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    for (name, uid) in [("kept", uid.as_deref()), ("orphan", Some("of-an-owner-that-is-gone"))] {
        let map = from(json!({"metadata": {"name": name, "ownerReferences": [
            {"apiVersion": "test.flowdeck.dev/v1", "kind": "Runtime", "name": "owner", "uid": uid},
        ]}}));
        maps.create(&post, &map).await.expect("a map");
    }
    let stop = CancellationToken::new();
    let running = tokio::spawn(controllers::run(client, fast(), stop.clone()));
    until("the orphan goes", async || {
        maps.get_opt("orphan").await.expect("an answer").is_none()
    })
    .await;
    assert!(maps.get_opt("kept").await.expect("an answer").is_some());
    stop.cancel();
    running.await.expect("controllers end when told to");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_controllers_go_on_and_say_nothing_twice() {
    let world = Running::start().await;
    world.notebook("life", json!({})).await;
    world
        .notebook("crashes", json!({"sandbox.flowdeck.dev/behaviour": "crash"}))
        .await;
    let pods = world.api::<Pod>();
    let restarts = async || {
        let pod = pods.get_opt("crashes-0").await.expect("an answer");
        let status = pod
            .and_then(|pod| pod.status)
            .and_then(|status| status.container_statuses);
        status
            .and_then(|all| all.first().map(|one| one.restart_count))
            .unwrap_or(0)
    };
    until("one runs and one crashes", async || {
        world.is_ready("life").await && restarts().await >= 2
    })
    .await;
    // The last that is said of a pod that goes well.
    until("it is said that the one runs", async || {
        let events = world.api::<Event>().list(&ListParams::default()).await.expect("events");
        events.iter().any(|event| {
            event.involved_object.name.as_deref() == Some("life-0") && event.reason.as_deref() == Some("Started")
        })
    })
    .await;
    let Running {
        sandbox,
        client,
        stop,
        running,
        _folder,
    } = world;
    stop.cancel();
    running.await.expect("controllers end when told to");
    let events: Api<Event> = Api::namespaced(client.clone(), "team");
    let said = async || {
        let events = events.list(&ListParams::default()).await.expect("events");
        let of_life = events.iter().filter(|event| {
            let name = event.involved_object.name.as_deref();
            name.is_some_and(|name| name.starts_with("life"))
        });
        of_life.map(|event| event.count.unwrap_or(1)).sum::<i32>()
    };
    let (before, restarts_before) = (said().await, restarts().await);
    let stop = CancellationToken::new();
    let running = tokio::spawn(controllers::run(client.clone(), fast(), stop.clone()));
    until("it crashes on", async || restarts().await > restarts_before).await;
    let life = notebooks(&client, "team").get("life").await.expect("a notebook");
    assert_eq!(life.data["status"]["readyReplicas"], 1);
    assert_eq!(said().await, before);
    stop.cancel();
    running.await.expect("controllers end when told to");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeded_notebooks_come_to_their_states() {
    let world = Running::start().await;
    seed::believable(world.client.clone()).await.expect("a world");
    // Creating what is there is nothing.
    seed::believable(world.client.clone()).await.expect("the same world");
    let expected = BTreeMap::from([
        ("bert-finetune", "CrashLoopBackOff"),
        ("data-prep", "running"),
        ("demo-friday", "none"),
        ("gpu-bench", "none"),
        ("labels-review", "none"),
        ("llm-playground", "ImagePullBackOff"),
        ("old-demo", "deleting"),
        ("r-analysis", "running"),
        ("segmentation", "running"),
        ("sweep-explorer", "ContainerCreating"),
        ("tokenizer-dev", "running"),
        ("vision-train-01", "running"),
    ]);
    let api = notebooks(&world.client, "research-vision");
    let oldest = api.get("old-demo").await.expect("a notebook");
    let born = oldest.metadata.creation_timestamp.expect("a time").0;
    let age = k8s_openapi::jiff::Timestamp::now().duration_since(born);
    assert!(age.as_hours() > 89 * 24, "the world looks new: {age}");
    let mut seen: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    until("each notebook has come to its state", async || {
        let list = api.list(&ListParams::default()).await.expect("notebooks");
        for notebook in &list.items {
            let state = &notebook.data["status"]["containerState"];
            let word = match (
                &notebook.metadata.deletion_timestamp,
                state["waiting"]["reason"].as_str(),
            ) {
                (Some(_), _) => "deleting",
                (_, Some(reason)) => reason,
                _ if !state["running"].is_null() => "running",
                _ => "none",
            };
            let name = notebook.metadata.name.clone().expect("a name");
            seen.entry(name).or_default().insert(word.to_owned());
        }
        list.items.len() == expected.len()
            && expected
                .iter()
                .all(|(name, state)| seen.get(*name).is_some_and(|states| states.contains(*state)))
    })
    .await;
    world.end().await;
}
