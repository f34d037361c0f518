//! Keeps every object: an index in memory that all reads are served from, and a database file that survives `kill -9`.
//!
//! The file is redb: one file, copy-on-write B-trees with checksums and no log to replay, in pure Rust (so it builds
//! wherever the sandbox builds), and its commits are as durable as one `fsync` each. `SQLite` would do as well, but needs a C
//! library and a SQL layer for what is a sorted map. One writer thread takes all waiting writes into one commit, so the
//! number of writes a second is bounded by the batch, not by the disk.
//!
//! A write is visible to readers at once and acknowledged when it is on disk. As the batches keep the order of the
//! versions, whatever was acknowledged is preceded on disk by all that its writer can have seen. After a restart
//! versions go on far above the last one on disk, so that no version is ever given out twice.

mod disk;
mod entry;
mod shelf;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;
use tokio::sync::{oneshot, watch};

use crate::store::disk::{Disk, Job};
pub(crate) use crate::store::entry::Entry;
pub(crate) use crate::store::shelf::{Change, Happened, Page, PageQuery, Shelf};

/// How far versions jump at a restart: more than can have been given out but not yet written when the process died.
const RESTART_GAP: u64 = 10_000;

/// What a write expects to find.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    /// No object with this key.
    Absent,
    /// The object at exactly this version.
    Version(u64),
}

/// Why a write was not done: somebody else was faster.
#[derive(Debug)]
pub(crate) enum Clash {
    /// There is an object already.
    Exists,
    /// The object has another version.
    Changed,
    /// The object is gone.
    Missing,
    /// The disk refuses writes.
    Disk(String),
}

/// The store: cheap to share, safe to use from many tasks.
pub(crate) struct Store {
    inner: RwLock<Inner>,
    disk: Disk,
    history: usize,
}

struct Inner {
    version: u64,
    shelves: HashMap<Box<str>, Shelf>,
}

impl Store {
    /// Opens or makes the database file and reads all of it into memory.
    pub(crate) fn open(path: &Path, history: usize) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let (disk, loaded) = Disk::open(path)?;
        let start = if loaded.version == 0 {
            1
        } else {
            loaded.version + RESTART_GAP
        };
        let mut shelves: HashMap<Box<str>, Shelf> = HashMap::new();
        for (shelf, key, json) in loaded.objects {
            let value: Value = serde_json::from_slice(&json)?;
            let entry = Entry::restore(&shelf, &key, &value, json);
            shelves
                .entry(shelf)
                .or_insert_with(|| Shelf::new(start, history))
                .put_back(entry);
        }
        Ok(Self {
            inner: RwLock::new(Inner {
                version: start,
                shelves,
            }),
            disk,
            history,
        })
    }

    /// Whether nothing was ever written.
    pub(crate) fn is_new(&self) -> bool {
        self.read().shelves.values().all(Shelf::is_empty)
    }

    /// The version of the last write of all.
    pub(crate) fn version(&self) -> u64 {
        self.read().version
    }

    /// One object.
    pub(crate) fn get(&self, shelf: &str, key: &str) -> Option<Arc<Entry>> {
        self.read().shelves.get(shelf)?.get(key)
    }

    /// All objects of a shelf, of one namespace when given, in the order of their keys.
    pub(crate) fn all(&self, shelf: &str, namespace: Option<&str>) -> Vec<Arc<Entry>> {
        self.read()
            .shelves
            .get(shelf)
            .map(|shelf| shelf.all(namespace))
            .unwrap_or_default()
    }

    /// The version of the last write to a shelf; 0 when there was none.
    pub(crate) fn shelf_version(&self, shelf: &str) -> u64 {
        self.read().shelves.get(shelf).map_or(0, Shelf::version)
    }

    /// One page of a shelf, as it was at the version the query asks for. `None`: that version is no longer known.
    pub(crate) fn page(&self, shelf: &str, query: &PageQuery<'_>) -> Option<Page> {
        let inner = self.read();
        match inner.shelves.get(shelf) {
            Some(found) => found.page(query, inner.version),
            None => Some(Page {
                version: query.at.unwrap_or(inner.version),
                ..Page::default()
            }),
        }
    }

    /// A receiver that is told whenever the shelf changes, and closed when the shelf goes.
    pub(crate) fn subscribe(&self, shelf: &str) -> watch::Receiver<u64> {
        let mut inner = self.write();
        let version = inner.version;
        inner
            .shelves
            .entry(shelf.into())
            .or_insert_with(|| Shelf::new(version, self.history))
            .subscribe()
    }

    /// The changes after `after`, and the version up to which they are complete. `None`: too old to know.
    pub(crate) fn changes(&self, shelf: &str, after: u64, limit: usize) -> Option<(Vec<Arc<Change>>, u64)> {
        let inner = self.read();
        let Some(found) = inner.shelves.get(shelf) else {
            return Some((Vec::new(), inner.version));
        };
        let changes = found.after(after, limit)?;
        let complete = if changes.len() == limit {
            changes.last().map_or(after, |last| last.version)
        } else {
            inner.version
        };
        Some((changes, complete))
    }

    /// Writes an object and waits until it is on disk. `value` has no `apiVersion`, `kind` or version: the store sets the latter.
    pub(crate) async fn put(&self, shelf: &str, key: &str, expect: Expect, value: Value) -> Result<Arc<Entry>, Clash> {
        let (entry, durable) = self.begin(shelf, key, expect, value, false)?;
        durable
            .await
            .map_err(|closed| Clash::Disk(closed.to_string()))?
            .map_err(Clash::Disk)?;
        Ok(entry)
    }

    /// Removes an object and waits until that is on disk. `value` is the last state, as the watchers get it.
    pub(crate) async fn remove(
        &self,
        shelf: &str,
        key: &str,
        expect: Expect,
        value: Value,
    ) -> Result<Arc<Entry>, Clash> {
        let (entry, durable) = self.begin(shelf, key, expect, value, true)?;
        durable
            .await
            .map_err(|closed| Clash::Disk(closed.to_string()))?
            .map_err(Clash::Disk)?;
        Ok(entry)
    }

    /// Forgets a shelf, unless it holds something: its watches end.
    pub(crate) fn drop_shelf(&self, shelf: &str) {
        let mut inner = self.write();
        if inner.shelves.get(shelf).is_some_and(Shelf::is_empty) {
            inner.shelves.remove(shelf);
        }
    }

    /// Waits until everything written so far is on disk.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        self.disk.send(Job {
            shelf: "".into(),
            key: "".into(),
            json: None,
            version: 0,
            done,
        });
        if wait.await.is_err() {
            tracing::warn!("the database writer had already ended");
        }
    }

    #[expect(
        clippy::significant_drop_tightening,
        reason = "the job must be queued in the order of the versions"
    )]
    fn begin(
        &self,
        shelf: &str,
        key: &str,
        expect: Expect,
        mut value: Value,
        remove: bool,
    ) -> Result<(Arc<Entry>, oneshot::Receiver<Result<(), String>>), Clash> {
        let mut inner = self.write();
        let version = inner.version + 1;
        let found = inner
            .shelves
            .entry(shelf.into())
            .or_insert_with(|| Shelf::new(version - 1, self.history));
        match (expect, found.get(key)) {
            (Expect::Absent, Some(_)) => return Err(Clash::Exists),
            (Expect::Version(_), None) => return Err(Clash::Missing),
            (Expect::Version(wanted), Some(now)) if now.version != wanted => {
                return Err(Clash::Changed);
            }
            _ => {}
        }
        let entry = Arc::new(Entry::new(shelf, key, version, &mut value));
        if remove {
            found.remove(key, &entry);
        } else {
            found.put(Arc::clone(&entry));
        }
        inner.version = version;
        let (done, wait) = oneshot::channel();
        let json = (!remove).then(|| entry.json.clone());
        self.disk.send(Job {
            shelf: shelf.into(),
            key: key.into(),
            json,
            version,
            done,
        });
        Ok((entry, wait))
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
