//! Holds the harness itself to what it promises, on real clusters: `make test-cluster` builds them and runs this.

use std::path::PathBuf;

use flowdeck_cluster::{Cluster, Options};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

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
    let path = format!("/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion={version}");
    let request = http::Request::get(path).body(Vec::new()).expect("a request");
    match client.request_text(request).await {
        Ok(text) if text.contains(r#""code":410"#) => 410,
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(why) => panic!("{why}"),
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
