//! Keeps a local copy of one kind of object from a list and a watch, and tells its readers what changed.
//!
//! Never writes. One informer a kind is shared by all controllers, so ten thousand pods are read and
//! parsed once, and no change leads to a list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Namespace and name; the namespace of a cluster-wide object is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub(crate) fn of(meta: &ObjectMeta) -> Self {
        Self::new(
            meta.namespace.clone().unwrap_or_default(),
            meta.name.clone().unwrap_or_default(),
        )
    }
}

/// What happened to one object: created (no `before`), changed, or removed (no `after`).
#[derive(Debug)]
pub(crate) struct Change<K> {
    pub(crate) before: Option<Arc<K>>,
    pub(crate) after: Option<Arc<K>>,
}

impl<K> Clone for Change<K> {
    fn clone(&self) -> Self {
        Self {
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

impl<K> Change<K> {
    /// The newest known state.
    pub(crate) fn last(&self) -> Option<&Arc<K>> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

struct Copy<K> {
    objects: BTreeMap<Key, Arc<K>>,
    by_owner: HashMap<String, BTreeSet<Key>>,
    readers: Vec<mpsc::UnboundedSender<Change<K>>>,
}

/// The local copy of one kind.
pub(crate) struct Informer<K> {
    copy: RwLock<Copy<K>>,
    synced: watch::Sender<bool>,
}

/// An object that has Kubernetes metadata.
pub(crate) trait Object: kube::Resource + Clone + Debug + Send + Sync + DeserializeOwned + 'static {}

impl<K> Object for K where K: kube::Resource + Clone + Debug + Send + Sync + DeserializeOwned + 'static {}
fn controller_uid(meta: &ObjectMeta) -> Option<&str> {
    meta.owner_references
        .iter()
        .flatten()
        .find(|owner| owner.controller == Some(true))
        .map(|owner| owner.uid.as_str())
}

impl<K: Object> Copy<K> {
    fn put(&mut self, object: K) {
        let key = Key::of(object.meta());
        let object = Arc::new(object);
        if let Some(uid) = controller_uid(object.meta()) {
            self.by_owner.entry(uid.to_owned()).or_default().insert(key.clone());
        }
        let before = self.objects.insert(key, Arc::clone(&object));
        if let Some(before) = &before {
            let same_uid = before.meta().uid == object.meta().uid;
            if controller_uid(before.meta()) != controller_uid(object.meta()) {
                self.drop_owner(before);
            }
            if same_uid && before.meta().resource_version == object.meta().resource_version {
                return;
            }
        }
        self.tell(Change {
            before,
            after: Some(object),
        });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(before) = self.objects.remove(key) {
            self.drop_owner(&before);
            self.tell(Change {
                before: Some(before),
                after: None,
            });
        }
    }

    fn drop_owner(&mut self, object: &K) {
        if let Some(uid) = controller_uid(object.meta())
            && let Some(keys) = self.by_owner.get_mut(uid)
        {
            keys.remove(&Key::of(object.meta()));
            if keys.is_empty() {
                self.by_owner.remove(uid);
            }
        }
    }

    fn tell(&mut self, change: Change<K>) {
        self.readers.retain(|reader| reader.send(change.clone()).is_ok());
    }
}

impl<K: Object> Informer<K> {
    /// Starts listing and watching what `api` reaches.
    pub(crate) fn start(api: Api<K>, stop: CancellationToken) -> Arc<Self> {
        let informer = Arc::new(Self {
            copy: RwLock::new(Copy {
                objects: BTreeMap::new(),
                by_owner: HashMap::new(),
                readers: Vec::new(),
            }),
            synced: watch::Sender::new(false),
        });
        let feed = Arc::clone(&informer);
        tokio::spawn(async move {
            tokio::select! {
                () = feed.follow(api) => {}
                () = stop.cancelled() => {}
            }
        });
        informer
    }

    async fn follow(&self, api: Api<K>) {
        let mut stream = watcher(api, watcher::Config::default()).default_backoff().boxed();
        let mut listing: Option<BTreeMap<Key, K>> = None;
        while let Some(event) = stream.next().await {
            match event {
                Ok(watcher::Event::Init) => listing = Some(BTreeMap::new()),
                Ok(watcher::Event::InitApply(object)) => {
                    if let Some(listing) = &mut listing {
                        listing.insert(Key::of(object.meta()), object);
                    }
                }
                Ok(watcher::Event::InitDone) => {
                    self.replace(listing.take().unwrap_or_default());
                    self.synced.send_replace(true);
                }
                Ok(watcher::Event::Apply(object)) => self.write(|copy| copy.put(object)),
                Ok(watcher::Event::Delete(object)) => {
                    let key = Key::of(object.meta());
                    self.write(|copy| copy.remove(&key));
                }
                Err(error) => {
                    // A kind that is not installed is an empty kind: nobody waits for it.
                    if is_missing(&error) {
                        self.synced.send_replace(true);
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    } else {
                        tracing::debug!(%error, kind = std::any::type_name::<K>(), "watch failed, trying again");
                    }
                }
            }
        }
    }

    fn replace(&self, listing: BTreeMap<Key, K>) {
        self.write(|copy| {
            let gone: Vec<Key> = copy
                .objects
                .keys()
                .filter(|key| !listing.contains_key(*key))
                .cloned()
                .collect();
            for key in gone {
                copy.remove(&key);
            }
            for (_, object) in listing {
                copy.put(object);
            }
        });
    }

    fn write(&self, change: impl FnOnce(&mut Copy<K>)) {
        change(&mut self.copy.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn read<R>(&self, look: impl FnOnce(&Copy<K>) -> R) -> R {
        look(&self.copy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the first complete list.
    pub(crate) async fn synced(&self) {
        let mut synced = self.synced.subscribe();
        // The sender lives as long as `self`.
        drop(synced.wait_for(|synced| *synced).await);
    }

    /// What is there now (as creations), then every change.
    pub(crate) fn changes(&self) -> mpsc::UnboundedReceiver<Change<K>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.write(|copy| {
            for object in copy.objects.values() {
                let first = Change {
                    before: None,
                    after: Some(Arc::clone(object)),
                };
                if sender.send(first).is_err() {
                    return;
                }
            }
            copy.readers.push(sender);
        });
        receiver
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<K>> {
        self.read(|copy| copy.objects.get(key).cloned())
    }

    /// All objects, in the order of their keys.
    pub(crate) fn all(&self) -> Vec<Arc<K>> {
        self.read(|copy| copy.objects.values().cloned().collect())
    }

    /// The objects of one namespace.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Vec<Arc<K>> {
        self.read(|copy| {
            copy.objects
                .range(Key::new(namespace, "")..)
                .take_while(|(key, _)| key.namespace == namespace)
                .map(|(_, object)| Arc::clone(object))
                .collect()
        })
    }

    /// The objects whose controlling owner has this uid.
    pub(crate) fn controlled_by(&self, uid: &str) -> Vec<Arc<K>> {
        self.read(|copy| {
            copy.by_owner
                .get(uid)
                .into_iter()
                .flatten()
                .filter_map(|key| copy.objects.get(key).cloned())
                .collect()
        })
    }
}

fn is_missing(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error)) = error else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// Hands every change of an informer to `see`, until `stop`.
pub(crate) async fn each_change<K: Object>(
    mut changes: mpsc::UnboundedReceiver<Change<K>>,
    stop: CancellationToken,
    mut see: impl FnMut(&Change<K>),
) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            change = changes.recv() => match change {
                Some(change) => see(&change),
                None => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    use super::*;

    fn map(name: &str, version: &str, owner: Option<&str>) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta {
                namespace: Some("a".into()),
                name: Some(name.into()),
                uid: Some(format!("uid-{name}")),
                resource_version: Some(version.into()),
                owner_references: owner.map(|uid| {
                    vec![OwnerReference {
                        uid: uid.into(),
                        controller: Some(true),
                        ..OwnerReference::default()
                    }]
                }),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        }
    }

    fn informer() -> Informer<ConfigMap> {
        Informer {
            copy: RwLock::new(Copy {
                objects: BTreeMap::new(),
                by_owner: HashMap::new(),
                readers: Vec::new(),
            }),
            synced: watch::Sender::new(false),
        }
    }

    #[test]
    fn relist_tells_only_what_differs() {
        let informer = informer();
        informer.write(|copy| {
            copy.put(map("stays", "1", None));
            copy.put(map("goes", "2", None));
        });
        let mut changes = informer.changes();
        assert!(changes.try_recv().is_ok() && changes.try_recv().is_ok());
        informer.replace(
            [map("stays", "1", None), map("new", "3", None)]
                .into_iter()
                .map(|object| (Key::of(&object.metadata), object))
                .collect(),
        );
        let gone = changes.try_recv().expect("a removal");
        assert!(gone.after.is_none());
        let new = changes.try_recv().expect("a creation");
        assert!(new.before.is_none());
        assert!(changes.try_recv().is_err());
    }

    #[test]
    fn owner_index_follows_changes() {
        let informer = informer();
        informer.write(|copy| copy.put(map("child", "1", Some("o"))));
        assert_eq!(informer.controlled_by("o").len(), 1);
        informer.write(|copy| copy.put(map("child", "2", None)));
        assert_eq!(informer.controlled_by("o").len(), 0);
    }
}

/// Counters that several tasks share, by key.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
