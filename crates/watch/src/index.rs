//! Knows at which place which object lies, by uid and by name, and in which version it changed.
//!
//! Knows nothing of the objects' type, so that it is compiled once and not once a kind.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use flowdeck_objects::Meta;

use crate::rows::Changes;

/// How many entries the journal keeps at least; beyond that and beyond the number of rows, readers start afresh.
const JOURNAL_ENTRIES: usize = 4096;

/// The keys of objects that lie in a list elsewhere, in the same order.
#[derive(Debug, Default)]
pub(crate) struct Index {
    keys: Vec<Key>,
    by_uid: HashMap<Arc<str>, usize>,
    by_name: HashMap<Box<str>, Arc<str>>,
    journal: VecDeque<(u64, Arc<str>)>,
    /// Readers that saw a version before this one cannot be served from the journal.
    journal_from: u64,
    version: u64,
    dirty: bool,
}

#[derive(Debug)]
struct Key {
    uid: Arc<str>,
    changed_in: u64,
}

impl Index {
    pub(crate) fn of_uid(&self, uid: &str) -> Option<usize> {
        self.by_uid.get(uid).copied()
    }

    pub(crate) fn of_name(&self, namespace: &str, name: &str) -> Option<usize> {
        let uid = self.by_name.get(name_key(namespace, name).as_str())?;
        self.of_uid(uid)
    }

    pub(crate) fn uids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.keys.iter().map(|key| &key.uid)
    }

    /// The uids that are not among `seen`.
    pub(crate) fn not_in(&self, seen: &HashSet<Box<str>>) -> Vec<Arc<str>> {
        self.uids().filter(|uid| !seen.contains(&***uid)).cloned().collect()
    }

    /// Adds an object at the end; neither its uid nor its name is there.
    pub(crate) fn push(&mut self, meta: &Meta) {
        let uid: Arc<str> = Arc::from(uid_of(meta).as_ref());
        let name = name_key(&meta.namespace, &meta.name).into_boxed_str();
        self.by_name.insert(name, uid.clone());
        self.by_uid.insert(uid.clone(), self.keys.len());
        self.keys.push(Key {
            uid: uid.clone(),
            changed_in: self.version + 1,
        });
        self.note(uid);
    }

    /// Notes that the object at a place is another. A row that changes ten times a frame is one entry.
    pub(crate) fn touch(&mut self, at: usize) {
        let pending = self.version + 1;
        let key = &mut self.keys[at];
        if key.changed_in != pending {
            key.changed_in = pending;
            let uid = key.uid.clone();
            self.note(uid);
        }
    }

    /// Removes what is at a place and has this name; the last one moves into the gap.
    pub(crate) fn swap_remove(&mut self, at: usize, meta: &Meta) {
        let Key { uid, .. } = self.keys.swap_remove(at);
        self.by_uid.remove(&uid);
        if let Some(moved) = self.keys.get(at) {
            self.by_uid.insert(moved.uid.clone(), at);
        }
        let name = name_key(&meta.namespace, &meta.name);
        if self.by_name.get(name.as_str()) == Some(&uid) {
            self.by_name.remove(name.as_str());
        }
        self.note(uid);
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.by_uid.clear();
        self.by_name.clear();
        self.journal.clear();
        self.journal_from = self.version + 1;
        self.dirty = true;
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(crate) fn seal(&mut self) -> u64 {
        if self.dirty {
            self.dirty = false;
            self.version += 1;
        }
        self.version
    }

    pub(crate) fn changes_since(&self, seen: u64) -> Changes {
        if seen == 0 || seen < self.journal_from || seen > self.version {
            return Changes::Everything;
        }
        let mut named: HashSet<&str> = HashSet::new();
        let later = self.journal.iter().rev().take_while(|(version, _)| *version > seen);
        let uids = later.map(|(_, uid)| uid).filter(|uid| named.insert(uid));
        Changes::Only(uids.cloned().collect())
    }

    fn note(&mut self, uid: Arc<str>) {
        self.dirty = true;
        if self.journal.len() >= JOURNAL_ENTRIES.max(self.keys.len())
            && let Some((dropped, _)) = self.journal.pop_front()
        {
            self.journal_from = dropped;
        }
        self.journal.push_back((self.version + 1, uid));
    }
}

/// The key of an object: its uid, or namespace and name where the kind has no uids.
pub(crate) fn uid_of(meta: &Meta) -> Cow<'_, str> {
    key_of(&meta.uid, &meta.namespace, &meta.name)
}

/// The key of whoever has this uid, namespace and name.
pub(crate) fn key_of<'a>(uid: &'a str, namespace: &str, name: &str) -> Cow<'a, str> {
    if uid.is_empty() {
        name_key(namespace, name).into()
    } else {
        uid.into()
    }
}

fn name_key(namespace: &str, name: &str) -> String {
    let mut key = String::with_capacity(namespace.len() + name.len() + 1);
    key.push_str(namespace);
    key.push('/');
    key.push_str(name);
    key
}
