//! Writes Events as the real components do: repeated ones are counted, floods are cut.
//!
//! Two manners, as in the recordings. The older one (StatefulSet and Notebook controllers, kubelet) fills
//! `source`, `count`, `firstTimestamp` and `lastTimestamp`. The scheduler's fills `eventTime`, `action`, and
//! `series` when the same thing happens to the same version of the object again.
//! Source: k8s.io/client-go v0.36.3, tools/record/events_cache.go and tools/events/event_broadcaster.go.

use std::collections::HashMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::sync::mpsc;

use crate::controllers::api;

/// How many events an object may cause at once before they are dropped.
const BURST: f64 = 25.0;
/// How long it takes until an object may cause one more.
const REFILL: f64 = 300.0;
/// How many kinds of events are remembered for counting.
const REMEMBERED: usize = 4096;
/// How many events are written at a time.
const WRITERS: u64 = 4;

/// Who writes, and in which manner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    /// `source.component`, or `reportingComponent` in the newer manner.
    pub(crate) component: String,
    /// `source.host`: only kubelets have one.
    pub(crate) host: Option<String>,
    /// `reportingComponent` in the older manner: older client libraries leave it empty.
    pub(crate) reporting: String,
    /// `reportingInstance` of the newer manner; its presence chooses that manner.
    pub(crate) instance: Option<String>,
}

/// One thing to be said about an object.
#[derive(Debug, Clone)]
pub(crate) struct Saying {
    pub(crate) author: Author,
    pub(crate) about: ObjectReference,
    pub(crate) warning: bool,
    pub(crate) reason: String,
    pub(crate) message: String,
    /// What was being done: only the newer manner says it.
    pub(crate) action: Option<String>,
}

/// Takes sayings from anywhere and writes them in the background, those about one object in order.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    writers: Vec<mpsc::UnboundedSender<Saying>>,
}

impl Recorder {
    pub(crate) fn start(client: &kube::Client) -> Self {
        let writers = (0..WRITERS).map(|_| {
            let (sender, mut receiver) = mpsc::unbounded_channel::<Saying>();
            let client = client.clone();
            tokio::spawn(async move {
                let mut memory = Memory::default();
                while let Some(saying) = receiver.recv().await {
                    write(&client, &mut memory, saying).await;
                }
            });
            sender
        });
        Self {
            writers: writers.collect(),
        }
    }

    /// Says something; never waits, never fails.
    pub(crate) fn say(&self, saying: Saying) {
        let hash = api::fnv(saying.about.uid.as_deref().unwrap_or_default());
        let index = usize::try_from(hash % WRITERS).unwrap_or_default();
        if let Some(writer) = self.writers.get(index) {
            drop(writer.send(saying));
        }
    }
}

/// A reference to an object for its events.
pub(crate) fn about(api_version: &str, kind: &str, meta: &ObjectMeta, field_path: Option<String>) -> ObjectReference {
    ObjectReference {
        api_version: Some(api_version.to_owned()),
        kind: Some(kind.to_owned()),
        name: meta.name.clone(),
        namespace: meta.namespace.clone(),
        uid: meta.uid.clone(),
        resource_version: meta.resource_version.clone(),
        field_path,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    component: String,
    host: Option<String>,
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    uid: Option<String>,
    field_path: Option<String>,
    /// Set in the newer manner only, whose identity has no message but the object's version.
    version: Option<String>,
    message: Option<String>,
    warning: bool,
    reason: String,
}

impl Identity {
    fn of(saying: &Saying) -> Self {
        let newer = saying.author.instance.is_some();
        let about = &saying.about;
        Self {
            component: saying.author.component.clone(),
            host: saying.author.host.clone(),
            kind: about.kind.clone(),
            namespace: about.namespace.clone(),
            name: about.name.clone(),
            uid: about.uid.clone(),
            field_path: about.field_path.clone(),
            version: newer.then(|| about.resource_version.clone()).flatten(),
            message: (!newer).then(|| saying.message.clone()),
            warning: saying.warning,
            reason: saying.reason.clone(),
        }
    }
}

#[derive(Debug, Clone)]
struct Written {
    name: String,
    count: i32,
}

#[derive(Debug, Default)]
struct Memory {
    written: HashMap<Identity, Written>,
    /// Allowance and when it was counted, for each author and object.
    allowance: HashMap<(String, Option<String>), (f64, Timestamp)>,
}

impl Memory {
    /// Whether one more event about this object may be written. The newer manner has no such limit.
    fn may_say(&mut self, saying: &Saying, now: Timestamp) -> bool {
        if saying.author.instance.is_some() {
            return true;
        }
        if self.allowance.len() > REMEMBERED {
            self.allowance.clear();
        }
        let key = (saying.author.component.clone(), saying.about.uid.clone());
        let (left, since) = self.allowance.entry(key).or_insert((BURST, now));
        let passed = now.duration_since(*since).as_secs_f64();
        *left = (*left + passed / REFILL).min(BURST);
        *since = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

async fn write(client: &kube::Client, memory: &mut Memory, saying: Saying) {
    let now = Timestamp::now();
    if !memory.may_say(&saying, now) {
        return;
    }
    let identity = Identity::of(&saying);
    let namespace = saying.about.namespace.as_deref().unwrap_or("default");
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    if let Some(before) = memory.written.get_mut(&identity) {
        before.count += 1;
        let patch = again(&saying, before.count, now);
        match patched(&api, &before.name, &patch).await {
            Ok(()) => return,
            // Expired, or deleted with its namespace: say it anew.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => {
                tracing::debug!(%error, "event not counted");
                return;
            }
        }
    }
    let event = first(&saying, namespace, now);
    let name = event.metadata.name.clone().unwrap_or_default();
    for attempt in 0..3_u32 {
        match api.create(&PostParams::default(), &event).await {
            Ok(_) => {
                if memory.written.len() > REMEMBERED {
                    memory.written.clear();
                }
                memory.written.insert(identity, Written { name, count: 1 });
                return;
            }
            Err(kube::Error::Api(status)) if status.code < 500 && status.code != 429 => {
                tracing::debug!(?status, "event refused");
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "event not written");
                tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
            }
        }
    }
}

async fn patched(api: &Api<Event>, name: &str, patch: &serde_json::Value) -> Result<(), kube::Error> {
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .map(drop)
}

/// The change that counts one more.
fn again(saying: &Saying, count: i32, now: Timestamp) -> serde_json::Value {
    if saying.author.instance.is_some() {
        json!({"series": {"count": count, "lastObservedTime": MicroTime(now)}})
    } else {
        json!({"count": count, "lastTimestamp": Time(now)})
    }
}

fn first(saying: &Saying, namespace: &str, now: Timestamp) -> Event {
    let name = saying.about.name.as_deref().unwrap_or_default();
    let author = &saying.author;
    let newer = author.instance.is_some();
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{name}.{:x}", now.as_nanosecond())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        involved_object: saying.about.clone(),
        type_: Some(if saying.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(saying.reason.clone()),
        message: Some(saying.message.clone()),
        action: saying.action.clone(),
        count: (!newer).then_some(1),
        first_timestamp: (!newer).then_some(Time(now)),
        last_timestamp: (!newer).then_some(Time(now)),
        event_time: newer.then_some(MicroTime(now)),
        source: (!newer).then(|| EventSource {
            component: Some(author.component.clone()),
            host: author.host.clone(),
        }),
        reporting_component: Some(if newer {
            author.component.clone()
        } else {
            author.reporting.clone()
        }),
        reporting_instance: Some(author.instance.clone().unwrap_or_else(|| {
            // A kubelet names its node; the others nothing.
            author.host.clone().unwrap_or_default()
        })),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying(message: &str) -> Saying {
        Saying {
            author: Author {
                component: "statefulset-controller".into(),
                ..Author::default()
            },
            about: ObjectReference {
                uid: Some("u".into()),
                name: Some("life".into()),
                ..ObjectReference::default()
            },
            warning: true,
            reason: "FailedCreate".into(),
            message: message.into(),
            action: None,
        }
    }

    #[test]
    fn flood_is_cut_after_twenty_five_and_refills_slowly() {
        let mut memory = Memory::default();
        let now = Timestamp::now();
        let allowed = (0..40).filter(|_| memory.may_say(&saying("m"), now)).count();
        assert_eq!(allowed, 25);
        let later = now + k8s_openapi::jiff::SignedDuration::from_secs(301);
        assert!(memory.may_say(&saying("m"), later));
        assert!(!memory.may_say(&saying("m"), later));
    }

    #[test]
    fn newer_manner_counts_by_version_and_not_by_message() {
        let mut one = saying("first");
        one.author.instance = Some("scheduler".into());
        one.about.resource_version = Some("1".into());
        let mut same = one.clone();
        same.message = "second".into();
        assert_eq!(Identity::of(&one), Identity::of(&same));
        same.about.resource_version = Some("2".into());
        assert_ne!(Identity::of(&one), Identity::of(&same));
        assert_ne!(Identity::of(&saying("a")), Identity::of(&saying("b")));
    }

    #[test]
    fn older_manner_has_count_and_newer_has_event_time() {
        let now = Timestamp::now();
        let older = first(&saying("m"), "ns", now);
        assert!(older.count == Some(1) && older.event_time.is_none());
        let mut newer = saying("m");
        newer.author.instance = Some("host".into());
        let newer = first(&newer, "ns", now);
        assert!(newer.count.is_none() && newer.event_time.is_some() && newer.source.is_none());
    }
}
