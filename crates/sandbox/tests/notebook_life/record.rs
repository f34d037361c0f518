//! Records watch streams, and reads recorded ones.

use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Event, Pod, Service};
use kube::api::{Api, DynamicObject, WatchEvent, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;
use tokio::task::JoinHandle;

/// One kind's watch events: the event's type and the object.
pub(crate) type Stream = Vec<(String, Value)>;

/// What happened to every kind, in order.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) notebooks: Stream,
    pub(crate) stateful_sets: Stream,
    pub(crate) pods: Stream,
    pub(crate) services: Stream,
    pub(crate) events: Stream,
}

fn notebook_kind() -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("kubeflow.org", "v1", "Notebook"), "notebooks")
}

/// Reads one kind after the other from files with a watch event a line.
pub(crate) fn read(folder: &Path) -> Recording {
    let stream = |kind: &str| {
        std::fs::read_to_string(folder.join(format!("{kind}.jsonl")))
            .expect("a recording")
            .lines()
            .map(|line| {
                let event: Value = serde_json::from_str(line).expect("a watch event");
                (
                    event["type"].as_str().expect("a type").to_owned(),
                    event["object"].clone(),
                )
            })
            .filter(|(kind, _)| kind != "BOOKMARK")
            .collect()
    };
    Recording {
        notebooks: stream("notebooks"),
        stateful_sets: stream("statefulsets"),
        pods: stream("pods"),
        services: stream("services"),
        events: stream("events"),
    }
}

/// Watches all kinds of a namespace.
pub(crate) struct Recorder {
    tasks: Vec<JoinHandle<Stream>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Recorder {
    pub(crate) async fn start(client: &kube::Client, namespace: &str) -> Self {
        let (stop, _) = tokio::sync::watch::channel(false);
        let namespaced = |kind: &ApiResource| Api::<DynamicObject>::namespaced_with(client.clone(), namespace, kind);
        let kinds = [
            notebook_kind(),
            ApiResource::erase::<StatefulSet>(&()),
            ApiResource::erase::<Pod>(&()),
            ApiResource::erase::<Service>(&()),
            ApiResource::erase::<Event>(&()),
        ];
        let mut tasks = Vec::new();
        for kind in kinds {
            let api = namespaced(&kind);
            let parameters = WatchParams::default().timeout(280);
            let mut events = api.watch(&parameters, "0").await.expect("a watch").boxed();
            let mut stopped = stop.subscribe();
            tasks.push(tokio::spawn(async move {
                let mut stream = Stream::new();
                loop {
                    let event = tokio::select! {
                        event = events.next() => event,
                        _ = stopped.changed() => return stream,
                    };
                    let Some(event) = event else { return stream };
                    let (kind, object) = match event.expect("an event") {
                        WatchEvent::Added(object) => ("ADDED", object),
                        WatchEvent::Modified(object) => ("MODIFIED", object),
                        WatchEvent::Deleted(object) => ("DELETED", object),
                        WatchEvent::Bookmark(_) => continue,
                        WatchEvent::Error(error) => panic!("{error:?}"),
                    };
                    let object = serde_json::to_value(object).expect("an object");
                    stream.push((kind.to_owned(), object));
                }
            }));
        }
        Self { tasks, stop }
    }

    /// Waits for the last words, then answers what was heard.
    pub(crate) async fn finish(self) -> Recording {
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.stop.send_replace(true);
        let mut streams = Vec::new();
        for task in self.tasks {
            streams.push(task.await.expect("a stream"));
        }
        let mut streams = streams.into_iter();
        let mut next = || streams.next().unwrap_or_default();
        Recording {
            notebooks: next(),
            stateful_sets: next(),
            pods: next(),
            services: next(),
            events: next(),
        }
    }
}
