//! Kills a sandbox with SIGKILL at random moments while it takes writes: no acknowledged write may be lost.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flowdeck_sandbox::{Config, Sandbox, World};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};

/// Set for the process that is to be killed: the data folder.
const CHILD: &str = "FLOWDECK_CRASH_CHILD";
const ROUNDS: u64 = 10;

fn config(data: &std::path::Path) -> Config {
    let mut config = Config::new(data);
    config.world = World::Empty;
    config.controllers = false;
    config
}

/// Not a test by itself: the body of the process that is killed.
#[test]
fn the_process_that_is_killed() {
    let Ok(data) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let sandbox = Sandbox::start(config(data.as_ref())).await.expect("the sandbox starts");
        let api: Api<ConfigMap> = Api::namespaced(sandbox.client().expect("a client"), "default");
        let writers = (0..8).map(|writer| write(api.clone(), writer));
        futures::future::join_all(writers).await;
    });
}

/// Writes for ever; each line on stdout is an acknowledged write: name and value, or a deletion.
async fn write(api: Api<ConfigMap>, writer: u32) {
    let round = std::process::id();
    for number in 0_u64.. {
        let name = format!("w-{round}-{writer}-{}", number / 3);
        let line = match number % 3 {
            0 => {
                let fresh = serde_json::json!({"metadata": {"name": name}, "data": {"n": number.to_string()}});
                let map: ConfigMap = serde_json::from_value(fresh).expect("a config map");
                api.create(&PostParams::default(), &map).await.expect("created");
                format!("{name} {number}")
            }
            1 => {
                let change = serde_json::json!({"data": {"n": number.to_string()}});
                api.patch(&name, &PatchParams::default(), &Patch::Merge(change))
                    .await
                    .expect("patched");
                format!("{name} {number}")
            }
            _ if number % 2 == 0 => {
                api.delete(&name, &DeleteParams::default()).await.expect("deleted");
                format!("{name} gone")
            }
            _ => continue,
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nACK {line}")
            .and_then(|()| out.flush())
            .expect("stdout");
    }
}

fn start(data: &std::path::Path) -> Child {
    let own = std::env::current_exe().expect("the test binary");
    Command::new(own)
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(CHILD, data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

#[tokio::test]
async fn killed_at_any_moment_loses_no_acknowledged_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut expected = std::collections::BTreeMap::new();
    let mut version = 0_u64;
    for round in 0..ROUNDS {
        let mut child = start(folder.path());
        let stdout = child.stdout.take().expect("stdout");
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines
                .filter_map(|line| line.strip_prefix("ACK ").map(str::to_owned))
                .collect::<Vec<_>>()
        });
        tokio::time::sleep(Duration::from_millis(700 + round * 137 % 600)).await;
        child.kill().expect("SIGKILL");
        child.wait().expect("the child is gone");
        for line in reader.join().expect("the reader") {
            if let Some((name, value)) = line.split_once(' ') {
                expected.insert(name.to_owned(), value.to_owned());
            }
        }
        let sandbox = Sandbox::start(config(folder.path())).await.expect("it starts again");
        let api: Api<ConfigMap> = Api::namespaced(sandbox.client().expect("a client"), "default");
        let list = api.list(&ListParams::default()).await.expect("a list");
        let now: u64 = list
            .metadata
            .resource_version
            .as_deref()
            .unwrap_or_default()
            .parse()
            .expect("a version");
        assert!(now > version, "versions never go back: {version} then {now}");
        version = now;
        let value = |name: &str| {
            let found = list.items.iter().find(|map| map.metadata.name.as_deref() == Some(name));
            found
                .and_then(|map| map.data.as_ref()?.get("n"))
                .and_then(|n| n.parse::<u64>().ok())
        };
        let mut lost = Vec::new();
        for (name, wanted) in &expected {
            // A later write may have reached the disk without its acknowledgement reaching us.
            let kept = match (wanted.parse::<u64>(), value(name)) {
                (Ok(wanted), Some(found)) => found >= wanted,
                (Ok(wanted), None) => wanted % 3 == 1,
                (Err(_), found) => found.is_none(),
            };
            if !kept {
                lost.push(format!("{name}: wanted {wanted}, found {:?}", value(name)));
            }
        }
        assert!(lost.is_empty(), "round {round} lost {lost:?}");
        sandbox.stop().await;
    }
    assert!(
        expected.len() > 100,
        "too few writes to mean anything: {}",
        expected.len()
    );
}
