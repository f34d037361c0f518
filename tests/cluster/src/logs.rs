//! Writes the logs of running pods, a line at a time, and tells kwok where they are.
//!
//! A pod here is no process, so its containers' log files are written by us, as a kubelet's would be: while a
//! container runs its file grows; a restart begins another and keeps the last one as the previous.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::runtime::watcher::{self, Event};
use serde_json::{Value, json};

/// How often each running container says something.
const EVERY: Duration = Duration::from_millis(500);

type Key = (String, String);

/// Follows all pods until it is dropped.
pub(crate) async fn write(client: kube::Client, folder: PathBuf) {
    let mut writer = Writer {
        client: client.clone(),
        folder,
        pods: BTreeMap::new(),
    };
    let pods: Api<Pod> = Api::all(client);
    let mut changes = pin!(watcher::watcher(pods, watcher::Config::default()));
    let mut clock = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = clock.tick() => writer.grow(),
            change = changes.next() => match change {
                Some(Ok(Event::Apply(pod) | Event::InitApply(pod))) => writer.look_at(&pod).await,
                Some(Ok(Event::Delete(pod))) => writer.forget(&pod).await,
                Some(Ok(Event::Init | Event::InitDone)) => {}
                // The API server may be away for a while; the watcher tries again when asked again.
                Some(Err(_away)) => tokio::time::sleep(EVERY).await,
                None => return,
            },
        }
    }
}

struct Writer {
    client: kube::Client,
    folder: PathBuf,
    pods: BTreeMap<Key, BTreeMap<String, Log>>,
}

/// The log of one container.
struct Log {
    /// `pod/container`.
    name: String,
    path: PathBuf,
    file: File,
    lines: u64,
    restarts: i32,
    running: bool,
    has_previous: bool,
    /// Ended, and not started again yet.
    has_ended: bool,
}

impl Log {
    fn new(path: PathBuf, name: String) -> std::io::Result<Self> {
        Ok(Self {
            name,
            file: File::create(&path)?,
            path,
            lines: 0,
            restarts: 0,
            running: true,
            has_previous: false,
            has_ended: false,
        })
    }

    fn previous(path: &Path) -> PathBuf {
        path.with_extension("previous.log")
    }

    /// Follows the container's state; true when kwok has to be told something. As of a kubelet: while a container
    /// waits for its next start, what it said last is both its log and its previous log.
    fn look_at(&mut self, status: &ContainerStatus) -> std::io::Result<bool> {
        self.running = is_running(status);
        let mut news = false;
        if status.restart_count > self.restarts {
            std::fs::copy(&self.path, Self::previous(&self.path))?;
            news = !self.has_previous;
            self.has_previous = true;
            self.has_ended = true;
            self.restarts = status.restart_count;
        }
        if self.running && self.has_ended {
            std::fs::remove_file(&self.path)?;
            self.file = File::create(&self.path)?;
            self.lines = 0;
            self.has_ended = false;
        }
        Ok(news)
    }

    /// Writes the next line, in the format of the container runtime interface.
    fn grow(&mut self) -> std::io::Result<()> {
        self.lines += 1;
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.9fZ");
        writeln!(self.file, "{now} stdout F {}: line {}", self.name, self.lines)
    }
}

fn is_running(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some())
}

impl Writer {
    fn grow(&mut self) {
        for log in self.pods.values_mut().flat_map(BTreeMap::values_mut) {
            // The folder goes when the cluster does, perhaps a moment before we do.
            if log.running && log.grow().is_err() {
                log.running = false;
            }
        }
    }

    async fn look_at(&mut self, pod: &Pod) {
        let key = key(pod);
        let folder = self.folder.join(format!("{}_{}", key.0, key.1));
        let statuses = pod
            .status
            .as_ref()
            .and_then(|status| status.container_statuses.as_ref());
        let logs = self.pods.entry(key.clone()).or_default();
        let mut news = false;
        for status in statuses.into_iter().flatten() {
            if let Some(log) = logs.get_mut(&status.name) {
                news |= log.look_at(status).unwrap_or(false);
            } else if is_running(status) {
                let made = std::fs::create_dir_all(&folder);
                let log = made.and_then(|()| {
                    let name = format!("{}/{}", key.1, status.name);
                    Log::new(folder.join(format!("{}.log", status.name)), name)
                });
                if let Ok(log) = log {
                    logs.insert(status.name.clone(), log);
                    news = true;
                }
            }
        }
        if news {
            self.tell(&key, pod).await;
        }
    }

    /// Tells kwok where the logs of a pod are.
    async fn tell(&self, (namespace, name): &Key, pod: &Pod) {
        let logs = self.pods.get(&(namespace.clone(), name.clone()));
        let entries: Vec<Value> = logs
            .into_iter()
            .flatten()
            .map(|(container, log)| {
                let mut entry = json!({"containers": [container], "logsFile": log.path, "follow": true});
                if log.has_previous {
                    entry["previousLogsFile"] = json!(Log::previous(&log.path));
                }
                entry
            })
            .collect();
        // Owned by the pod, so that it goes with it even when we are not there.
        let object = json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {"name": name, "namespace": namespace, "ownerReferences": [{
                "apiVersion": "v1", "kind": "Pod", "name": name, "uid": pod.metadata.uid,
            }]},
            "spec": {"logs": entries},
        });
        let ours = PatchParams::apply("flowdeck-cluster").force();
        // A namespace that is going away takes nothing more.
        self.api(namespace)
            .patch(name, &ours, &Patch::Apply(&object))
            .await
            .ok();
    }

    async fn forget(&mut self, pod: &Pod) {
        let key = key(pod);
        if self.pods.remove(&key).is_some_and(|logs| !logs.is_empty()) {
            std::fs::remove_dir_all(self.folder.join(format!("{}_{}", key.0, key.1))).ok();
            self.api(&key.0).delete(&key.1, &DeleteParams::default()).await.ok();
        }
    }

    fn api(&self, namespace: &str) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("kwok.x-k8s.io", "v1alpha1", "Logs");
        let resource = ApiResource::from_gvk_with_plural(&kind, "logs");
        Api::namespaced_with(self.client.clone(), namespace, &resource)
    }
}

fn key(pod: &Pod) -> Key {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&pod.metadata.namespace), text(&pod.metadata.name))
}
