//! Holds the harness itself to what it promises, on real clusters: `make test-cluster` builds them and runs this.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flowdeck_cluster::{Cluster, Options};
use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    ApiResource, AttachParams, DeleteParams, DynamicObject, GroupVersionKind, ListParams, LogParams, Patch,
    PatchParams, PostParams,
};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

/// Processes that have `text` in their command line.
fn processes_with(text: &str) -> usize {
    let pids = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = pids.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).contains(text))
        .count()
}

fn folder(cluster: &Cluster) -> PathBuf {
    cluster.admin_kubeconfig().parent().expect("a folder").to_owned()
}

async fn config_map(client: &Client, name: &str) -> ConfigMap {
    let object = serde_json::from_value(json!({"metadata": {"name": name}})).expect("a ConfigMap");
    let api = Api::namespaced(client.clone(), "default");
    api.create(&PostParams::default(), &object).await.expect("created")
}

/// The status of a plain GET.
async fn status(client: &Client, path: &str) -> u16 {
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    match client.request_text(request).await {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(why) => panic!("{path}: {why}"),
    }
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn two_clusters_run_side_by_side_and_leave_nothing() {
    let (one, two) = tokio::join!(Cluster::start(Options::default()), Cluster::start(Options::default()));
    let (one, two) = (one.expect("one"), two.expect("two"));
    assert_ne!(one.url(), two.url());
    config_map(&one.client().await.expect("a client"), "only-here").await;
    let there: Api<ConfigMap> = Api::default_namespaced(two.client().await.expect("a client"));
    assert!(there.get_opt("only-here").await.expect("an answer").is_none());

    let folders = [folder(&one), folder(&two)];
    let words = folders.each_ref().map(|folder| folder.display().to_string());
    assert!(words.iter().all(|folder| processes_with(folder) >= 4));
    drop(one);
    assert_eq!(processes_with(&words[0]), 0);
    assert!(processes_with(&words[1]) >= 4);
    drop(two);
    assert_eq!(processes_with(&words[1]), 0);
    assert!(folders.iter().all(|folder| !folder.exists()));
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn people_are_who_their_certificates_say() {
    let cluster = Cluster::start(Options::default()).await.expect("a cluster");
    let alice = cluster
        .client_as("alice@example.com", &["ml", "ops"])
        .await
        .expect("a client");
    let review: Api<SelfSubjectReview> = Api::all(alice.clone());
    let said = review
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .expect("a review");
    let user = said.status.and_then(|status| status.user_info).expect("a user");
    assert_eq!(user.username.as_deref(), Some("alice@example.com"));
    let groups = user.groups.unwrap_or_default();
    assert_eq!(groups, ["ml", "ops", "system:authenticated"]);
    assert_eq!(status(&alice, "/api/v1/namespaces").await, 403);
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn restarted_server_serves_the_same_objects_at_the_same_address() {
    let cluster = Cluster::start(Options::default()).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let made = config_map(&client, "kept").await;
    cluster.restart_api_server().await.expect("restarted");
    let kept: Api<ConfigMap> = Api::default_namespaced(client.clone());
    assert_eq!(kept.get("kept").await.expect("kept").uid(), made.uid());
    cluster.kill_api_server().expect("killed");
    assert!(kept.get("kept").await.is_err());
    cluster.start_api_server().await.expect("started");
    assert_eq!(kept.get("kept").await.expect("kept").uid(), made.uid());
}

/// The status of a watch of `default`'s ConfigMaps from `version`, by its answer or by its first event.
async fn watch_from(client: &Client, version: &str) -> u16 {
    let path = format!("/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=60&resourceVersion={version}");
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    let stream = match client.request_stream(request).await {
        Ok(stream) => stream,
        Err(kube::Error::Api(status)) => return status.code,
        Err(why) => panic!("{why}"),
    };
    let first = std::pin::pin!(stream.lines())
        .next()
        .await
        .expect("an event")
        .expect("a line");
    let event: Value = serde_json::from_str(&first).expect("JSON");
    match event["type"].as_str() {
        Some("ERROR") => event["object"]["code"]
            .as_u64()
            .and_then(|code| code.try_into().ok())
            .expect("a code"),
        _ => 200,
    }
}

async fn old_version_is_gone(options: Options, restart: bool) {
    let cluster = Cluster::start(options).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let old = config_map(&client, "a").await.resource_version().expect("a version");
    for name in ["b", "c", "d"] {
        config_map(&client, name).await;
    }
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let page = api.list(&ListParams::default().limit(1)).await.expect("a page");
    let next = page.metadata.continue_.expect("more");
    assert_eq!(watch_from(&client, &old).await, 200);

    let compacted = cluster.compact_etcd().await.expect("compacted");
    config_map(&client, "e").await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let now = namespaces.list(&ListParams::default()).await.expect("a list");
    let now: i64 = now
        .metadata
        .resource_version
        .expect("a version")
        .parse()
        .expect("a number");
    assert!(compacted <= now);
    if restart {
        cluster.restart_api_server().await.expect("restarted");
    }
    assert_eq!(watch_from(&client, &old).await, 410);
    let path = format!("/api/v1/namespaces/default/configmaps?limit=1&continue={next}");
    assert_eq!(status(&client, &path).await, 410);
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn compacted_history_is_gone_without_a_watch_cache() {
    let options = Options {
        watch_cache: false,
        controllers: false,
        ..Options::default()
    };
    old_version_is_gone(options, false).await;
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn compacted_history_is_gone_after_a_restart() {
    let options = Options {
        controllers: false,
        ..Options::default()
    };
    old_version_is_gone(options, true).await;
}

const BEHAVIOUR: &str = "sandbox.flowdeck.dev/behaviour";

fn pod(name: &str, behaviour: &str, image: &str) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"name": name, "annotations": {BEHAVIOUR: behaviour}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]},
    }))
    .expect("a Pod")
}

/// Waits until a pod is as `condition` says.
async fn until_pod(pods: &Api<Pod>, name: &str, what: &str, condition: fn(&Value) -> bool) {
    let is_so = |pod: Option<&Pod>| pod.is_some_and(|pod| condition(&json!(pod.status)));
    let waited = tokio::time::timeout(Duration::from_secs(60), await_condition(pods.clone(), name, is_so)).await;
    let Ok(done) = waited else {
        let pod = pods.get(name).await.expect("the pod");
        panic!("{name} is not {what}: {}", json!(pod.status));
    };
    done.expect("a watch");
}

/// A log, which is there a moment after its pod's status says so.
async fn log_in_time<T>(ask: impl AsyncFn() -> kube::Result<T>) -> T {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(log) => return log,
            Err(why) => assert!(began.elapsed() < Duration::from_secs(30), "{why}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn waits(status: &Value, reason: &str) -> bool {
    status["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn pods_live_as_they_are_told() {
    let cluster = Cluster::start(Options::default()).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let pods: Api<Pod> = Api::default_namespaced(client);
    for (name, behaviour, image) in [
        ("runs", "run", "x:1"),
        ("crashes", "crash", "x:1"),
        ("dies", "oom", "x:1"),
        ("unready", "never-ready", "x:1"),
        ("ends", "complete", "x:1"),
        ("fails", "fail", "x:1"),
        ("no-image", "run", "missing/x:1"),
    ] {
        pods.create(&PostParams::default(), &pod(name, behaviour, image))
            .await
            .expect("created");
    }
    let mut big = pod("big", "run", "x:1");
    big.spec.as_mut().expect("a spec").containers[0].resources =
        serde_json::from_value(json!({"limits": {"nvidia.com/gpu": "5"}})).expect("resources");
    pods.create(&PostParams::default(), &big).await.expect("created");

    let ready = |status: &Value| status["containerStatuses"][0]["ready"] == true;
    until_pod(&pods, "runs", "ready", ready).await;
    until_pod(&pods, "crashes", "in back-off", |status| {
        waits(status, "CrashLoopBackOff") && status["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
    })
    .await;
    until_pod(&pods, "dies", "killed", |status| {
        status["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "OOMKilled"
    })
    .await;
    until_pod(&pods, "unready", "running, unready", |status| {
        status["phase"] == "Running" && status["containerStatuses"][0]["ready"] == false
    })
    .await;
    until_pod(&pods, "ends", "done", |status| status["phase"] == "Succeeded").await;
    until_pod(&pods, "fails", "failed", |status| status["phase"] == "Failed").await;
    until_pod(&pods, "no-image", "in back-off", |status| {
        waits(status, "ImagePullBackOff")
    })
    .await;
    until_pod(&pods, "big", "unschedulable", |status| {
        status["conditions"][0]["reason"] == "Unschedulable"
    })
    .await;
    until_pod(&pods, "crashes", "started again", |status| {
        status["containerStatuses"][0]["restartCount"].as_u64() >= Some(1)
            && status["containerStatuses"][0]["state"]["running"].is_object()
    })
    .await;
    pods.delete("runs", &DeleteParams::default()).await.expect("deleted");
    let gone = await_condition(pods, "runs", |pod: Option<&Pod>| pod.is_none());
    tokio::time::timeout(Duration::from_secs(30), gone)
        .await
        .expect("in time")
        .expect("a watch");
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn logs_grow_and_commands_run() {
    let cluster = Cluster::start(Options::default()).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("talks", "run", "x:1"))
        .await
        .expect("created");
    until_pod(&pods, "talks", "running", |status| status["phase"] == "Running").await;

    let follow = LogParams {
        follow: true,
        ..LogParams::default()
    };
    let stream = log_in_time(async || pods.log_stream("talks", &follow).await).await;
    let five = stream.lines().take(5).try_collect::<Vec<String>>();
    let lines = tokio::time::timeout(Duration::from_secs(30), five)
        .await
        .expect("in time")
        .expect("lines");
    assert_eq!(
        lines,
        [1, 2, 3, 4, 5].map(|number| format!("talks/main: line {number}"))
    );
    let tail = LogParams {
        tail_lines: Some(1),
        ..LogParams::default()
    };
    let last = pods.logs("talks", &tail).await.expect("a tail");
    assert!(
        last.starts_with("talks/main: line ") && last.lines().count() == 1,
        "{last}"
    );

    let attach = AttachParams::default().stderr(false);
    let mut session = pods
        .exec("talks", ["echo", "over a WebSocket"], &attach)
        .await
        .expect("exec");
    let mut said = String::new();
    session
        .stdout()
        .expect("stdout")
        .read_to_string(&mut said)
        .await
        .expect("read");
    assert_eq!(said, "over a WebSocket\n");
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn crashed_pod_keeps_its_previous_log() {
    let cluster = Cluster::start(Options::default()).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("crashes", "crash", "x:1"))
        .await
        .expect("created");
    until_pod(&pods, "crashes", "in back-off", |status| {
        waits(status, "CrashLoopBackOff")
    })
    .await;
    let previous = LogParams {
        previous: true,
        ..LogParams::default()
    };
    let said = log_in_time(async || pods.logs("crashes", &previous).await).await;
    assert!(said.starts_with("crashes/main: line 1\n"), "{said}");
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn notebook_becomes_a_pod_that_runs() {
    let options = Options {
        kubeflow: true,
        ..Options::default()
    };
    let cluster = Cluster::start(options).await.expect("a cluster");
    let client = cluster.client().await.expect("a client");
    let kind = GroupVersionKind::gvk("kubeflow.org", "v1", "Notebook");
    let notebooks: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &ApiResource::from_gvk(&kind));
    let wish = serde_json::from_value(json!({
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": "nb"},
        "spec": {"template": {"spec": {"containers": [{"name": "nb", "image": "jupyter:1"}]}}},
    }))
    .expect("a Notebook");
    notebooks.create(&PostParams::default(), &wish).await.expect("created");
    let ready =
        |object: Option<&DynamicObject>| object.is_some_and(|object| object.data["status"]["readyReplicas"] == 1);
    let waited = await_condition(notebooks.clone(), "nb", ready);
    tokio::time::timeout(Duration::from_secs(60), waited)
        .await
        .expect("ready in time")
        .expect("a watch");
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let pod = pods.get("nb-0").await.expect("the pod of the StatefulSet");
    assert_eq!(pod.owner_references()[0].kind, "StatefulSet");

    let stop = json!({"metadata": {"annotations": {"kubeflow-resource-stopped": "2026-11-28T00:00:00Z"}}});
    let stop = Patch::Merge(&stop);
    notebooks
        .patch("nb", &PatchParams::default(), &stop)
        .await
        .expect("stopped");
    let gone = await_condition(pods, "nb-0", |pod: Option<&Pod>| pod.is_none());
    tokio::time::timeout(Duration::from_secs(60), gone)
        .await
        .expect("gone in time")
        .expect("a watch");

    // Every kind is served with what its definition says, and none has a schema that the server would not hold.
    let definitions: Api<CustomResourceDefinition> = Api::all(client);
    let list = definitions.list(&ListParams::default()).await.expect("definitions");
    let names: Vec<String> = list.iter().map(ResourceExt::name_any).collect();
    for kind in [
        "experiments.kubeflow.org",
        "pytorchjobs.kubeflow.org",
        "trainjobs.trainer.kubeflow.org",
    ] {
        assert!(names.iter().any(|name| name == kind), "{kind}");
    }
    for definition in list {
        let conditions = definition
            .status
            .and_then(|status| status.conditions)
            .unwrap_or_default();
        let name = definition.metadata.name.unwrap_or_default();
        let bad = conditions
            .iter()
            .find(|condition| condition.type_ == "NonStructuralSchema");
        assert!(bad.is_none(), "{name}: {bad:?}");
    }
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn gateway_may_act_as_others_and_do_nothing_else() {
    let cluster = Cluster::start(Options {
        nodes: false,
        ..Options::default()
    })
    .await
    .expect("a cluster");
    let file = cluster.gateway_kubeconfig().await.expect("a kubeconfig");
    let kubeconfig = kube::config::Kubeconfig::read_from(file).expect("a kubeconfig");
    let options = kube::config::KubeConfigOptions::default();
    let gateway = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .expect("a configuration");
    let acting = |user: Option<&str>, group: Option<&str>| {
        let mut config = gateway.clone();
        config.auth_info.impersonate = user.map(str::to_owned);
        config.auth_info.impersonate_groups = group.map(|group| vec![group.to_owned()]);
        Client::try_from(config).expect("a client")
    };
    let review = async |user, group| {
        let reviews: Api<SelfSubjectReview> = Api::all(acting(user, group));
        let said = reviews
            .create(&PostParams::default(), &SelfSubjectReview::default())
            .await?;
        let user = said.status.and_then(|status| status.user_info).expect("a user");
        Ok::<_, kube::Error>((user.username.expect("a name"), user.groups.unwrap_or_default()))
    };
    let alice = Some("alice@example.com");
    let config_maps = "/api/v1/namespaces/default/configmaps";
    assert_eq!(status(&acting(None, None), config_maps).await, 403);
    assert_eq!(status(&acting(alice, None), config_maps).await, 403);
    let (itself, _) = review(None, None).await.expect("a review");
    assert_eq!(itself, "system:serviceaccount:flowdeck:flowdeck-gateway");
    let (name, groups) = review(alice, Some("flowdeck-users")).await.expect("a review");
    assert_eq!(name, "alice@example.com");
    assert!(groups.iter().any(|group| group == "flowdeck-users"), "{groups:?}");
    for group in ["unnamed", "system:masters"] {
        let why = review(alice, Some(group)).await.expect_err("refused").to_string();
        let expected = format!("groups \"{group}\" is forbidden");
        assert!(why.contains(&expected), "{why}");
    }
}

/// Waits for a line of the program with `mark` in it, and gives what follows.
fn line_after(lines: &mut impl Iterator<Item = std::io::Result<String>>, mark: &str) -> String {
    let line = lines.map(|line| line.expect("text")).find(|line| line.contains(mark));
    let line = line.unwrap_or_else(|| panic!("no line with {mark}"));
    line.split_once(mark).expect("the mark").1.to_owned()
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn nothing_is_left_when_the_program_is_ended_in_either_way() {
    for signal in ["-INT", "-KILL"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_flowdeck-cluster"))
            .arg("up")
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(program.stderr.take().expect("a pipe")).lines();
        let kubeconfig = PathBuf::from(line_after(&mut lines, "KUBECONFIG="));
        let folder = kubeconfig.parent().expect("a folder").display().to_string();
        assert!(processes_with(&folder) >= 5);
        let id = program.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .expect("kill")
                .success()
        );
        program.wait().expect("ended");
        let began = Instant::now();
        while processes_with(&folder) > 0 || PathBuf::from(&folder).exists() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{signal}: something is left of {folder}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
