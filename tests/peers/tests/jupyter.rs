//! Lets the real jupyter-server be a notebook of the sandbox: under the path that our controller gives the pod, with the
//! API that a culler reads, and with the log that the sandbox makes up.
//!
//! Nothing of ours asks `/api/…` yet: the page shows what a culler wrote into annotations, and leads to the path. So
//! this holds the path, the times and the log; the shape of the API is what the reference says of it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::time::Duration;

use flowdeck_objects::Timestamp;
use flowdeck_peers::{Server, eventually, program};
use flowdeck_sandbox::{Config, Sandbox};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, LogParams};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// How much faster than in life the sandbox's pods start.
const SPEED: f64 = 20.0;
/// jupyter-server wants a token with each request that changes something: one in the cookie, the same in a header.
const CHANGES: &str = "Cookie: _xsrf=peers\r\nX-XSRFToken: peers\r\nContent-Type: application/json\r\n";

/// Starts jupyter-server as an image of Kubeflow's does, but on loopback.
fn jupyter(prefix: &str, home: &Path) -> Server {
    let mut command = program("jupyter-server", home).expect("the peers");
    command
        .env("NB_PREFIX", prefix)
        .env("JUPYTER_RUNTIME_DIR", home.join("runtime"));
    command.args([
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--no-browser",
        "--allow-root",
    ]);
    command.args([
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.allow_origin=*",
    ]);
    command.arg(format!("--ServerApp.base_url={prefix}"));
    // Named beside the address on loopback, as the pod's host is in a cluster.
    command.arg(format!("--ServerApp.custom_display_url=http://nb-0:8888{prefix}/lab"));
    command.arg(format!("--ServerApp.root_dir={}", home.display()));
    Server::start(command, home).expect("jupyter-server")
}

fn json(server: &Server, path: &str) -> Value {
    let answer = server.get(path).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json().unwrap()
}

/// A time as the page reads it.
fn time(value: &Value) -> Timestamp {
    let text = value.as_str().unwrap_or_default();
    Timestamp::parse(text).unwrap_or_else(|| panic!("no time: {value}"))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The one kernel that there is.
fn only(server: &Server, kernels: &str) -> Value {
    let all = json(server, kernels);
    let [kernel] = all.as_array().unwrap().as_slice() else {
        panic!("{all}");
    };
    assert_eq!(
        keys(kernel),
        ["connections", "execution_state", "id", "last_activity", "name"]
    );
    kernel.clone()
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn kernels_tell_a_culler_what_they_do_and_since_when() {
    let home = tempfile::tempdir().unwrap();
    let server = jupyter("/notebook/team/nb", home.path());
    let api = "/notebook/team/nb/api";
    assert_eq!(server.get("/api/status").unwrap().status, 404, "outside the prefix");
    assert_eq!(server.get("/notebook/team/nb/").unwrap().status, 200);

    let status = json(&server, &format!("{api}/status"));
    assert_eq!(keys(&status), ["connections", "kernels", "last_activity", "started"]);
    let started = time(&status["started"]);
    assert!(time(&status["last_activity"]) >= started);
    assert_eq!(json(&server, &format!("{api}/kernels")), serde_json::json!([]));

    let kernels = format!("{api}/kernels");
    assert_eq!(
        server.ask("POST", &kernels, "", "{}").unwrap().status,
        403,
        "without a token"
    );
    let made = server.ask("POST", &kernels, CHANGES, r#"{"name": "python3"}"#).unwrap();
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json().unwrap()["id"].as_str().unwrap().to_owned();
    // Nobody looked at it yet: it starts, however long.
    let kernel = only(&server, &kernels);
    assert_eq!(
        (&kernel["execution_state"], &kernel["connections"]),
        (&"starting".into(), &0.into())
    );
    let page = server.upgrade(&format!("{kernels}/{id}/channels"), CHANGES).unwrap();
    eventually(LIMIT, || {
        let kernel = only(&server, &kernels);
        assert_eq!(
            (&kernel["id"], &kernel["name"]),
            (&id.as_str().into(), &"python3".into())
        );
        assert!(time(&kernel["last_activity"]) >= started, "{kernel}");
        match kernel["execution_state"].as_str().unwrap() {
            "idle" => Ok(()),
            "starting" | "busy" => Err(format!("still {kernel}")),
            other => panic!("a state that the culler does not know: {other}"),
        }
    })
    .unwrap();
    let status = json(&server, &format!("{api}/status"));
    assert_eq!((&status["kernels"], &status["connections"]), (&1.into(), &1.into()));
    drop(page);
    let ended = server.ask("DELETE", &format!("{kernels}/{id}"), CHANGES, "").unwrap();
    assert_eq!(ended.status, 204, "{}", ended.text);
    assert_eq!(json(&server, &kernels), serde_json::json!([]));
}

/// A notebook of the sandbox that runs: the path that its pod is to serve, and what the sandbox says that it logged.
async fn notebook() -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path());
    config.speed = SPEED;
    let sandbox = Sandbox::start(config).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(sandbox.client().unwrap(), "research-vision");
    let mut found = None;
    let began = std::time::Instant::now();
    while found.is_none() && began.elapsed() < LIMIT {
        tokio::time::sleep(LOOK).await;
        let selected = ListParams::default().labels("notebook-name=vision-train-01");
        let all = pods.list(&selected).await.unwrap().items;
        found = all.into_iter().find(|pod| {
            let status = pod.status.as_ref();
            status.and_then(|status| status.phase.as_deref()) == Some("Running")
        });
    }
    let pod = found.expect("vision-train-01 runs");
    let log = pods
        .logs(pod.metadata.name.as_deref().unwrap(), &LogParams::default())
        .await
        .unwrap();
    sandbox.stop().await;
    let containers = pod.spec.unwrap().containers;
    let mut variables = containers
        .into_iter()
        .flat_map(|container| container.env.unwrap_or_default());
    let prefix = variables.find(|variable| variable.name == "NB_PREFIX").unwrap();
    (prefix.value.unwrap(), log)
}

/// The lines that jupyter-server itself says: level, and words. Numbers, paths and URLs stand as such.
fn lines(log: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in log.lines() {
        // Colours only come where a terminal is, or where the sandbox wants to show them.
        let line = line.replace("\u{1b}[m", "");
        let line = line
            .split_once('m')
            .filter(|(code, _)| code.starts_with('\u{1b}'))
            .map_or(&*line, |(_, rest)| rest);
        let Some((head, words)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            continue;
        };
        let [level, day, clock, "ServerApp"] = head.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let stamp = format!("{day}T{clock}Z");
        assert!(clock.len() == 12 && Timestamp::parse(&stamp).is_some(), "{line}");
        let words = words.split(' ').map(|word| match word {
            word if word.starts_with("http://") => "URL",
            word if word.starts_with('/') => "PATH",
            word if word.starts_with(|first: char| first.is_ascii_digit()) => "NUMBER",
            word => word,
        });
        lines.push(format!("{level} {}", words.collect::<Vec<_>>().join(" ")));
    }
    lines
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn log_that_the_sandbox_makes_up_begins_as_a_real_one() {
    let (prefix, made_up) = notebook().await;
    assert_eq!(prefix, "/notebook/research-vision/vision-train-01");
    let home = tempfile::tempdir().unwrap();
    let server = jupyter(&prefix, home.path());
    assert_eq!(server.get(&format!("{prefix}/api/status")).unwrap().status, 200);
    let last = "I Use Control-C to stop this server and shut down all kernels (twice to skip confirmation).";
    let start = |log: &str| {
        let lines = lines(log);
        let end = lines.iter().position(|line| line == last);
        lines[..=end.unwrap_or_else(|| panic!("no end of the start in {lines:#?}"))].to_vec()
    };
    let real = start(&server.log());
    // What JupyterLab's extensions say is not compared: there is only the server here.
    let of_others = ["jupyter_lsp |", "jupyterlab |", "notebook_shim |"];
    let made_up: Vec<String> = start(&made_up)
        .into_iter()
        .filter(|line| !of_others.iter().any(|other| line.contains(other)))
        .collect();
    let mut rest = real.iter();
    for line in &made_up {
        assert!(rest.any(|real| real == line), "{line:?} is not next in {real:#?}");
    }
    assert!(made_up.len() >= 5, "{made_up:#?}");
}
