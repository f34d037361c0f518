//! Holds the objects of one list, keyed by uid, and remembers which of them changed since when.
//!
//! Never derives, sorts or filters: pages do that, and the journal tells them for which rows they must do it again.
//! Every change costs O(1), however many rows there are.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use flowdeck_objects::Object;

/// How many entries the journal keeps at least; beyond that and beyond the number of rows, readers start afresh.
const JOURNAL_ENTRIES: usize = 4096;

/// The objects of one list.
#[derive(Debug)]
pub struct Rows<T> {
    /// Dense: removal moves the last row into the gap, so the order means nothing.
    rows: Vec<Row<T>>,
    by_uid: HashMap<Arc<str>, usize>,
    by_name: HashMap<Box<str>, Arc<str>>,
    journal: VecDeque<(u64, Arc<str>)>,
    /// Readers that saw a version before this one cannot be served from the journal.
    journal_from: u64,
    version: u64,
    dirty: bool,
}

#[derive(Debug)]
struct Row<T> {
    uid: Arc<str>,
    object: T,
    changed_in: u64,
}

/// What happened to the rows since a version: [`Rows::changes_since`].
#[derive(Debug, PartialEq, Eq)]
pub enum Changes {
    /// The reader is too far behind (or has seen nothing yet): take every row.
    Everything,
    /// These uids were added, changed or removed; each is named once. [`Rows::get`] tells which are gone.
    Only(Vec<Arc<str>>),
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows {
            rows: Vec::new(),
            by_uid: HashMap::new(),
            by_name: HashMap::new(),
            journal: VecDeque::new(),
            journal_from: 0,
            version: 0,
            dirty: false,
        }
    }
}

impl<T> Rows<T> {
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The object of that uid.
    pub fn get(&self, uid: &str) -> Option<&T> {
        self.by_uid.get(uid).map(|&at| &self.rows[at].object)
    }

    /// The object of that name; the namespace of objects of the cluster is the empty text.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<&T> {
        let uid = self.by_name.get(name_key(namespace, name).as_str())?;
        self.get(uid)
    }

    /// All objects, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|row| &row.object)
    }

    /// All objects with their uids, in no order that means anything.
    pub fn iter_with_uid(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.rows.iter().map(|row| (&row.uid, &row.object))
    }

    /// The version that readers remember: rises by one at each [`Rows::seal`] that had something to seal.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What changed after the reader saw `seen` (a former [`Rows::version`]; 0 = nothing seen yet).
    ///
    /// A page keeps what it derived from each row and asks this once a frame, so that 2,000 events a second over
    /// 10,000 rows cost it some 30 rows a frame instead of 10,000.
    pub fn changes_since(&self, seen: u64) -> Changes {
        if seen == 0 || seen < self.journal_from || seen > self.version {
            return Changes::Everything;
        }
        let mut uids: Vec<Arc<str>> = self
            .journal
            .iter()
            .rev()
            .take_while(|(version, _)| *version > seen)
            .map(|(_, uid)| uid.clone())
            .collect();
        uids.sort_unstable();
        uids.dedup();
        Changes::Only(uids)
    }

    /// Whether something changed since the last [`Rows::seal`].
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Closes the changes made so far under a new version, which is returned. Without changes nothing happens.
    pub fn seal(&mut self) -> u64 {
        if self.dirty {
            self.dirty = false;
            self.version += 1;
        }
        self.version
    }

    /// Removes the object of that uid; false if there was none.
    pub fn remove(&mut self, uid: &str) -> bool
    where
        T: Object,
    {
        let Some(at) = self.by_uid.remove(uid) else {
            return false;
        };
        let row = self.rows.swap_remove(at);
        if let Some(moved) = self.rows.get(at) {
            self.by_uid.insert(moved.uid.clone(), at);
        }
        let key = name_key(&row.object.meta().namespace, &row.object.meta().name);
        if self.by_name.get(key.as_str()).is_some_and(|holder| **holder == *uid) {
            self.by_name.remove(key.as_str());
        }
        self.note(row.uid);
        true
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        self.rows.clear();
        self.by_uid.clear();
        self.by_name.clear();
        self.start_journal_afresh();
    }

    /// Adds the object or replaces the one of its uid; one of the same name and another uid is gone, so it goes too.
    ///
    /// An object that says the version we already hold changes nothing: false.
    pub fn upsert(&mut self, object: T) -> bool
    where
        T: Object,
    {
        let pending = self.version + 1;
        if let Some(&at) = self.by_uid.get(uid_of(&object).as_ref()) {
            let row = &mut self.rows[at];
            let version = &object.meta().resource_version;
            if !version.is_empty() && row.object.meta().resource_version == *version {
                return false;
            }
            row.object = object;
            // Named once a version: a row that changes ten times a frame is one entry.
            if row.changed_in != pending {
                row.changed_in = pending;
                let uid = row.uid.clone();
                self.note(uid);
            }
            return true;
        }
        let uid: Arc<str> = Arc::from(uid_of(&object).as_ref());
        let key = name_key(&object.meta().namespace, &object.meta().name);
        if let Some(former) = self.by_name.get(key.as_str()).cloned() {
            self.remove(&former);
        }
        self.by_name.insert(key.into_boxed_str(), uid.clone());
        self.by_uid.insert(uid.clone(), self.rows.len());
        self.rows.push(Row {
            uid: uid.clone(),
            object,
            changed_in: pending,
        });
        self.note(uid);
        true
    }

    /// Keeps only the rows whose uid passes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool)
    where
        T: Object,
    {
        let gone: Vec<Arc<str>> = self
            .rows
            .iter()
            .filter(|row| !keep(&row.uid))
            .map(|row| row.uid.clone())
            .collect();
        for uid in gone {
            self.remove(&uid);
        }
    }

    fn note(&mut self, uid: Arc<str>) {
        self.dirty = true;
        if self.journal.len() >= JOURNAL_ENTRIES.max(self.rows.len())
            && let Some((dropped, _)) = self.journal.pop_front()
        {
            self.journal_from = dropped;
        }
        self.journal.push_back((self.version + 1, uid));
    }

    fn start_journal_afresh(&mut self) {
        self.journal.clear();
        self.journal_from = self.version + 1;
        self.dirty = true;
    }
}

/// The key of an object: its uid, or namespace and name where the kind has no uids.
pub(crate) fn uid_of<T: Object>(object: &T) -> std::borrow::Cow<'_, str> {
    key_of(&object.meta().uid, &object.meta().namespace, &object.meta().name)
}

/// The key of whoever has this uid, namespace and name.
pub(crate) fn key_of<'a>(uid: &'a str, namespace: &str, name: &str) -> std::borrow::Cow<'a, str> {
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
