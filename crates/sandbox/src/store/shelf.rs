//! Holds the objects of one resource, and the changes that lately led there.
//!
//! Old pages are not kept: the state at an older version is the present one with the changes since then undone.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use tokio::sync::watch;

use crate::store::entry::Entry;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It came to be.
    Added,
    /// It got a new version.
    Modified,
    /// It went.
    Deleted,
}

/// One write, as watchers see it.
#[derive(Debug)]
pub(crate) struct Change {
    /// The version of the write.
    pub(crate) version: u64,
    /// What it did.
    pub(crate) happened: Happened,
    /// The new state; for a deletion the last one, at the deletion's version.
    pub(crate) now: Arc<Entry>,
    /// The state before.
    pub(crate) before: Option<Arc<Entry>>,
}

/// Which part of a shelf is wanted, as of when.
pub(crate) struct PageQuery<'a> {
    /// Only this namespace.
    pub(crate) namespace: Option<&'a str>,
    /// Only keys after this one.
    pub(crate) after: Option<&'a str>,
    /// As of this version; `None` is now.
    pub(crate) at: Option<u64>,
    /// At most so many entries; `None` is all.
    pub(crate) limit: Option<usize>,
    /// Only entries for which this is true; `None` takes all, and counts what remains.
    pub(crate) filter: Option<&'a dyn Fn(&Entry) -> bool>,
}

/// One page of entries.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// In the order of their keys.
    pub(crate) entries: Vec<Arc<Entry>>,
    /// The version of this state.
    pub(crate) version: u64,
    /// Whether there is more after the last entry.
    pub(crate) more: bool,
    /// How many are left; only without a filter.
    pub(crate) remaining: Option<usize>,
}

/// All objects of one resource.
pub(crate) struct Shelf {
    items: BTreeMap<Box<str>, Arc<Entry>>,
    history: VecDeque<Arc<Change>>,
    /// Changes after this version are all in the history.
    known_since: u64,
    capacity: usize,
    wake: watch::Sender<u64>,
}

impl Shelf {
    /// An empty shelf whose history begins at `version`.
    pub(crate) fn new(version: u64, capacity: usize) -> Self {
        let (wake, _) = watch::channel(0);
        Self {
            items: BTreeMap::new(),
            history: VecDeque::new(),
            known_since: version,
            capacity: capacity.max(1),
            wake,
        }
    }

    /// Adds what was read from disk, without history.
    pub(crate) fn put_back(&mut self, entry: Entry) {
        self.items.insert(entry.key.clone(), Arc::new(entry));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn version(&self) -> u64 {
        self.history.back().map_or(self.known_since, |change| change.version)
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Entry>> {
        self.items.get(key).cloned()
    }

    pub(crate) fn all(&self, namespace: Option<&str>) -> Vec<Arc<Entry>> {
        match namespace {
            None => self.items.values().cloned().collect(),
            Some(namespace) => {
                let prefix = format!("{namespace}/");
                let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
                self.items
                    .range::<str, _>(from)
                    .take_while(|(key, _)| key.starts_with(&prefix))
                    .map(|(_, e)| Arc::clone(e))
                    .collect()
            }
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Adds or replaces an object.
    pub(crate) fn put(&mut self, entry: Arc<Entry>) {
        let before = self.items.insert(entry.key.clone(), Arc::clone(&entry));
        let happened = if before.is_some() {
            Happened::Modified
        } else {
            Happened::Added
        };
        self.record(Change {
            version: entry.version,
            happened,
            now: entry,
            before,
        });
    }

    /// Removes an object; `last` is its state at the version of the removal.
    pub(crate) fn remove(&mut self, key: &str, last: &Arc<Entry>) {
        let before = self.items.remove(key);
        self.record(Change {
            version: last.version,
            happened: Happened::Deleted,
            now: Arc::clone(last),
            before,
        });
    }

    /// The changes after a version, oldest first; `None` when some of them are forgotten.
    pub(crate) fn after(&self, version: u64, limit: usize) -> Option<Vec<Arc<Change>>> {
        if version < self.known_since {
            return None;
        }
        let start = self.history.partition_point(|change| change.version <= version);
        Some(self.history.range(start..).take(limit).cloned().collect())
    }

    /// One page; `None` when the wanted version is forgotten.
    pub(crate) fn page(&self, query: &PageQuery<'_>, latest: u64) -> Option<Page> {
        let version = query.at.unwrap_or(latest);
        let mut page = Page {
            version,
            ..Page::default()
        };
        let keep = |entry: &Entry| query.filter.is_none_or(|filter| filter(entry));
        let mut left = 0;
        let mut take = |entry: &Arc<Entry>| {
            if !keep(entry) {
                return true;
            }
            if query.limit.is_some_and(|limit| page.entries.len() >= limit) {
                left += 1;
                return query.filter.is_none();
            }
            page.entries.push(Arc::clone(entry));
            true
        };
        let prefix = query
            .namespace
            .map(|namespace| format!("{namespace}/"))
            .unwrap_or_default();
        let from = match query.after {
            Some(after) if after >= prefix.as_str() => Bound::Excluded(after),
            _ => Bound::Included(prefix.as_str()),
        };
        let inside = |key: &str| key.starts_with(&prefix);
        let present = self
            .items
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| inside(key));
        if version >= self.version() {
            present.map(|(_, entry)| entry).all(&mut take);
        } else {
            let undone = self.undone(version)?;
            let past = undone
                .range::<str, _>((from, Bound::Unbounded))
                .take_while(|(key, _)| inside(key));
            let mut merged: BTreeMap<&str, Option<&Arc<Entry>>> =
                present.map(|(key, entry)| (&**key, Some(entry))).collect();
            merged.extend(past.map(|(key, entry)| (&**key, entry.as_ref())));
            merged.into_values().flatten().all(&mut take);
        }
        page.more = left > 0;
        page.remaining = (query.filter.is_none() && left > 0).then_some(left);
        Some(page)
    }

    /// For each key that changed after `version`, what was there at that version.
    fn undone(&self, version: u64) -> Option<BTreeMap<Box<str>, Option<Arc<Entry>>>> {
        if version < self.known_since {
            return None;
        }
        let newest_first = self.history.iter().rev().take_while(|change| change.version > version);
        Some(
            newest_first
                .map(|change| (change.now.key.clone(), change.before.clone()))
                .collect(),
        )
    }

    fn record(&mut self, change: Change) {
        if self.history.len() >= self.capacity
            && let Some(oldest) = self.history.pop_front()
        {
            self.known_since = oldest.version;
        }
        let version = change.version;
        self.history.push_back(Arc::new(change));
        self.wake.send_replace(version);
    }
}
