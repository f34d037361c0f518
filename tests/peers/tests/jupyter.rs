//! Lets the real jupyter-server be a notebook of the sandbox: under the path that our controller gives the pod, with the
//! API that a culler reads, and with the log that the sandbox makes up.
//!
//! Nothing of ours asks `/api/…` yet: the page shows what a culler wrote into annotations, and leads to the path. So
//! this holds the path, the times and the log; the shape of the API is what the reference says of it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use flowdeck_objects::Timestamp;
use flowdeck_peers::{Server, eventually, program};
use flowdeck_sandbox::{Config, Sandbox};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, LogParams};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);
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
    // JupyterLab, which is not here, makes its own page the first.
    command.arg("--ServerApp.default_url=/lab");
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
    assert_eq!(server.get("/notebook/team/nb/").unwrap().status, 302);

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

/// Whether a word is a kernel's id, with what is before or after it.
fn is_id(word: &str) -> bool {
    word.len() >= 36 && word.matches('-').count() == 4
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
            word if word.starts_with('/') || word.ends_with(".ipynb") => "PATH",
            word if word.starts_with(|first: char| first.is_ascii_digit()) && !is_id(word) => "NUMBER",
            word if word.ends_with("@127.0.0.1)") => "(CALLER)",
            word if is_id(word) => "ID",
            word => word,
        });
        lines.push(format!("{level} {}", words.collect::<Vec<_>>().join(" ")));
    }
    lines
}

/// What an editor does: it opens a kernel, leaves it, starts it again, saves a notebook of somebody else's and opens it.
fn work_in(server: &Server, prefix: &str) {
    let ask = |method: &str, path: &str, body: &str| {
        let answer = server.ask(method, &format!("{prefix}/{path}"), CHANGES, body).unwrap();
        assert!(
            answer.status < 400,
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
        answer
    };
    ask("GET", "", "");
    let made = ask("POST", "api/kernels", r#"{"name": "python3"}"#).json().unwrap();
    let kernel = format!("api/kernels/{}", made["id"].as_str().unwrap());
    let connections = |wanted: u64| {
        eventually(LIMIT, || match only(server, &format!("{prefix}/api/kernels")) {
            kernel if kernel["connections"] == wanted => Ok(()),
            kernel => Err(format!("not {wanted} connections: {kernel}")),
        })
        .unwrap();
    };
    let channels = format!("{prefix}/{kernel}/channels?session_id=page");
    let page = server.upgrade(&channels, CHANGES).unwrap();
    connections(1);
    drop(page);
    connections(0);
    ask("POST", &format!("{kernel}/restart"), "");
    let output = r#"{"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>1</b>"}}"#;
    let cell = format!(
        r#"{{"cell_type": "code", "id": "a", "execution_count": 1, "metadata": {{}}, "source": "1", "outputs": [{output}]}}"#
    );
    let notebook = format!(r#"{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"#);
    for _ in 0..2 {
        ask(
            "PUT",
            "api/contents/a.ipynb",
            &format!(r#"{{"type": "notebook", "content": {notebook}}}"#),
        );
    }
    ask("GET", "api/contents/a.ipynb", "");
    ask("DELETE", &kernel, "");
}

/// A line of the sandbox's that is not to be had from a server that is well.
const OF_A_BROKEN_SERVER: &str = "E Uncaught exception in ZMQStream callback for kernel ID";

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn log_that_the_sandbox_makes_up_says_what_a_real_one_says() {
    let (prefix, made_up) = notebook().await;
    assert_eq!(prefix, "/notebook/research-vision/vision-train-01");
    let home = tempfile::tempdir().unwrap();
    let server = jupyter(&prefix, home.path());
    let last = "I Use Control-C to stop this server and shut down all kernels (twice to skip confirmation).";
    // What JupyterLab and its extensions say is not compared: there is only the server here.
    let of_others = ["jupyter_lsp |", "jupyterlab |", "notebook_shim |"];
    let made_up: Vec<String> = lines(&made_up)
        .into_iter()
        .filter(|line| !of_others.iter().any(|other| line.contains(other)))
        .collect();
    let end = made_up
        .iter()
        .position(|line| line == last)
        .expect("the end of the start");
    let (start, later) = made_up.split_at(end + 1);
    assert!(start.len() >= 7, "{start:#?}");
    eventually(LIMIT, || {
        let real = lines(&server.log());
        let mut rest = real.iter();
        match start.iter().find(|&line| !rest.any(|real| real == line)) {
            Some(line) => Err(format!("{line:?} is not next in {real:#?}")),
            None => Ok(()),
        }
    })
    .unwrap();
    work_in(&server, &prefix);
    let later: BTreeSet<&str> = later
        .iter()
        .map(String::as_str)
        .filter(|&line| line != OF_A_BROKEN_SERVER)
        .collect();
    assert!(later.len() >= 6, "{later:#?}");
    eventually(LIMIT, || {
        let real = lines(&server.log());
        let unknown: Vec<_> = later
            .iter()
            .filter(|&&line| !real.iter().any(|real| real == line))
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(format!("{unknown:#?} are not in {real:#?}"))
        }
    })
    .unwrap();
}
