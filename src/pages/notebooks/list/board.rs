//! Derives the rows of the list from the stores, each frame only those that something happened to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flowdeck_objects::{Event, Notebook, NotebookPhase, Object, Pod, Timestamp, events};
use flowdeck_view::notebooks::{Change, NotebookRow, NotebookTable};
use flowdeck_watch::Changes;
use leptos::prelude::WithUntracked;

use super::super::stores::{Stores, as_asked, derive, is_whole, with_stopped};
use crate::live::Live;
use crate::live::lease::Lease;

/// The list of one namespace.
pub(super) struct Board {
    pub(super) stores: Stores,
    pub(super) table: NotebookTable,
    seen_notebooks: u64,
    /// All pods have come: a notebook without one has none.
    has_pods: bool,
    pods: Follower,
    sets: Follower,
    events: Follower,
}

/// Which notebooks the objects of another list belong to.
#[derive(Default)]
struct Follower {
    seen: u64,
    owner: HashMap<Arc<str>, Box<str>>,
    owned: HashMap<Box<str>, Vec<Arc<str>>>,
}

impl Board {
    pub(super) fn new(live: &Live, namespace: &str) -> Self {
        Self {
            stores: Stores::new(live, namespace),
            table: NotebookTable::default(),
            seen_notebooks: 0,
            has_pods: false,
            pods: Follower::default(),
            sets: Follower::default(),
            events: Follower::default(),
        }
    }

    /// Takes over what happened since the last time; `wanted` are starts and stops that are asked for but not done.
    ///
    /// True when anything that shows may have changed.
    pub(super) fn flush(&mut self, wanted: &HashMap<String, bool>, now: Timestamp) -> bool {
        let mut names: HashSet<Box<str>> = HashSet::new();
        let has_pods = self.stores.pods.state().with_untracked(is_whole);
        let mut everything = std::mem::replace(&mut self.has_pods, has_pods) != has_pods;
        everything |= self.pods.follow(&self.stores.pods, owner_of_pod, &mut names);
        everything |= self
            .sets
            .follow(&self.stores.sets, |set| Some(&set.metadata.name), &mut names);
        everything |= self
            .events
            .follow(&self.stores.events, events::notebook_name, &mut names);
        let mut changes = Vec::new();
        let notebooks = self.stores.notebooks.clone();
        notebooks.with_untracked(|rows| {
            match rows.changes_since(self.seen_notebooks) {
                Changes::Everything => everything = true,
                Changes::Only(uids) => {
                    for uid in uids {
                        match rows.get(&uid) {
                            Some(notebook) => {
                                names.insert(notebook.metadata.name.as_str().into());
                            }
                            None => changes.push(Change::Gone(uid.to_string())),
                        }
                    }
                }
            }
            self.seen_notebooks = rows.version();
            if everything {
                let fresh: Vec<NotebookRow> = rows.iter().map(|notebook| self.row(notebook, wanted, now)).collect();
                self.table.replace_all(fresh.into_iter());
                return true;
            }
            let there = names
                .iter()
                .filter_map(|name| rows.by_name(&self.stores.namespace, name));
            changes.extend(there.map(|notebook| Change::Put(Box::new(self.row(notebook, wanted, now)))));
            !changes.is_empty() && self.table.apply(changes.into_iter())
        })
    }

    /// Derives the rows of these notebooks again.
    pub(super) fn again(&mut self, names: &[String], wanted: &HashMap<String, bool>, now: Timestamp) {
        let notebooks = self.stores.notebooks.clone();
        notebooks.with_untracked(|rows| {
            let changes: Vec<Change> = names
                .iter()
                .filter_map(|name| rows.by_name(&self.stores.namespace, name))
                .map(|notebook| Change::Put(Box::new(self.row(notebook, wanted, now))))
                .collect();
            self.table.apply(changes.into_iter());
        });
    }

    /// The phase of a row at this moment, for reasons that speak of time that passes.
    pub(super) fn phase_now(&self, uid: &str, wanted: &HashMap<String, bool>, now: Timestamp) -> Option<NotebookPhase> {
        self.stores
            .notebooks
            .with_untracked(|rows| rows.get(uid).map(|notebook| self.phase(notebook, wanted, now)))
    }

    fn row(&self, notebook: &Notebook, wanted: &HashMap<String, bool>, now: Timestamp) -> NotebookRow {
        NotebookRow::new(notebook, self.phase(notebook, wanted, now))
    }

    fn phase(&self, notebook: &Notebook, wanted: &HashMap<String, bool>, now: Timestamp) -> NotebookPhase {
        let name = notebook.metadata.name.as_str();
        let asked = wanted.get(name).copied();
        let changed = asked.map(|stopped| with_stopped(notebook, stopped, now));
        let notebook = changed.as_ref().unwrap_or(notebook);
        let phase = self.stores.pods.with_untracked(|pods| {
            self.stores.sets.with_untracked(|sets| {
                self.stores.events.with_untracked(|all| {
                    let about: Vec<&Event> = self.events.of(name).iter().filter_map(|uid| all.get(uid)).collect();
                    derive(notebook, (pods, self.has_pods), sets, &about, now)
                })
            })
        });
        match asked {
            Some(stopped) => as_asked(phase, stopped),
            None => phase,
        }
    }
}

impl Follower {
    /// Adds the names of the notebooks whose objects changed; true when all have to be looked at.
    fn follow<T: Object>(
        &mut self,
        list: &Lease<T>,
        owner_of: fn(&T) -> Option<&str>,
        names: &mut HashSet<Box<str>>,
    ) -> bool {
        list.with_untracked(|rows| {
            let changes = rows.changes_since(self.seen);
            self.seen = rows.version();
            let uids = match changes {
                Changes::Only(uids) => uids,
                Changes::Everything => {
                    let had_any = !self.owner.is_empty();
                    (self.owner, self.owned) = (HashMap::new(), HashMap::new());
                    for (uid, object) in rows.iter_with_uid() {
                        if let Some(owner) = owner_of(object) {
                            self.add(uid, owner);
                        }
                    }
                    return had_any || !self.owner.is_empty();
                }
            };
            for uid in uids {
                match rows.get(&uid) {
                    Some(object) => {
                        if let Some(owner) = owner_of(object) {
                            self.add(&uid, owner);
                            names.insert(owner.into());
                        }
                    }
                    None => names.extend(self.remove(&uid)),
                }
            }
            false
        })
    }

    fn add(&mut self, uid: &Arc<str>, owner: &str) {
        // An object never changes its owner: a new one has a new uid.
        if self.owner.contains_key(uid) {
            return;
        }
        self.owner.insert(uid.clone(), owner.into());
        self.owned.entry(owner.into()).or_default().push(uid.clone());
    }

    fn remove(&mut self, uid: &str) -> Option<Box<str>> {
        let owner = self.owner.remove(uid)?;
        if let Some(uids) = self.owned.get_mut(&owner) {
            uids.retain(|other| **other != *uid);
            if uids.is_empty() {
                self.owned.remove(&owner);
            }
        }
        Some(owner)
    }

    fn of(&self, name: &str) -> &[Arc<str>] {
        self.owned.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn owner_of_pod(pod: &Pod) -> Option<&str> {
    pod.notebook_name().or_else(|| pod.metadata.name.strip_suffix("-0"))
}
