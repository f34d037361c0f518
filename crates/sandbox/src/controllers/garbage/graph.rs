//! Remembers who owns whom, and decides what an object's owners and dependents make of it.
//!
//! Source: kubernetes v1.36.3, pkg/controller/garbagecollector (attemptToDeleteItem, processDeletingDependentsItem).

use std::collections::{BTreeSet, HashMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

/// Holds an object until the dependents that block it are gone.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// Holds an object until its dependents have been let go.
pub(super) const ORPHAN: &str = "orphan";

/// Where an object is found: which kind (by number), namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: usize,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// What of an object matters here.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) owners: Vec<OwnerReference>,
    pub(super) deleting: bool,
    pub(super) finalizers: Vec<String>,
}

impl Item {
    fn waits(&self) -> bool {
        self.deleting && self.finalizers.iter().any(|name| name == FOREGROUND)
    }
}

/// What is to be done with one object.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Leave,
    /// Its dependents go first; then `finalizer` is taken off.
    DeleteDependents(Vec<String>),
    /// Its dependents are let go; then `finalizer` is taken off.
    ReleaseDependents(Vec<String>),
    /// Nothing holds it any more.
    DropFinalizer(&'static str),
    /// These owners are not known: are they really gone?
    AskFor(Vec<OwnerReference>),
    /// Every owner is gone.
    Delete {
        foreground: bool,
    },
    /// Some owners are gone, others live: forget the gone ones.
    ForgetOwners(Vec<String>),
}

/// All objects that own or are owned.
#[derive(Debug, Default)]
pub(super) struct Graph {
    items: HashMap<String, Item>,
    dependents: HashMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Takes in an object as it is now; answers whose turn it is to be looked at.
    pub(super) fn see(&mut self, kind: usize, meta: &ObjectMeta) -> Vec<String> {
        let uid = meta.uid.clone().unwrap_or_default();
        let owners = meta.owner_references.clone().unwrap_or_default();
        let item = Item {
            place: Place {
                kind,
                namespace: meta.namespace.clone().unwrap_or_default(),
                name: meta.name.clone().unwrap_or_default(),
            },
            deleting: meta.deletion_timestamp.is_some(),
            finalizers: meta.finalizers.clone().unwrap_or_default(),
            owners: owners.clone(),
        };
        for owner in self.items.get(&uid).map(|old| old.owners.clone()).into_iter().flatten() {
            self.unlink(&owner.uid, &uid);
        }
        for owner in &owners {
            self.dependents
                .entry(owner.uid.clone())
                .or_default()
                .insert(uid.clone());
        }
        let mut turns = Vec::new();
        if item.waits() || item.deleting && item.finalizers.iter().any(|name| name == ORPHAN) {
            turns.push(uid.clone());
        }
        if !owners.is_empty() {
            turns.push(uid.clone());
        }
        self.items.insert(uid, item);
        turns
    }

    /// Takes in that an object is gone; answers whose turn it is to be looked at.
    pub(super) fn forget(&mut self, uid: &str) -> Vec<String> {
        let mut turns: Vec<String> = self.dependents_of(uid).into_iter().collect();
        if let Some(item) = self.items.remove(uid) {
            for owner in &item.owners {
                self.unlink(&owner.uid, uid);
                if self.items.get(&owner.uid).is_some_and(Item::waits) {
                    turns.push(owner.uid.clone());
                }
            }
        }
        turns
    }

    fn unlink(&mut self, owner: &str, dependent: &str) {
        if let Some(set) = self.dependents.get_mut(owner) {
            set.remove(dependent);
            if set.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }

    pub(super) fn item(&self, uid: &str) -> Option<&Item> {
        self.items.get(uid)
    }

    fn dependents_of(&self, uid: &str) -> BTreeSet<String> {
        self.dependents.get(uid).cloned().unwrap_or_default()
    }

    /// Whether a dependent must be deleted in the foreground itself: it has dependents of its own.
    pub(super) fn has_dependents(&self, uid: &str) -> bool {
        self.dependents.contains_key(uid)
    }

    /// What to do with an object; `absent` says of an unknown owner that it is known to be gone.
    pub(super) fn judge(&self, uid: &str, absent: impl Fn(&str) -> bool) -> Verdict {
        let Some(item) = self.items.get(uid) else {
            return Verdict::Leave;
        };
        if item.deleting {
            return self.judge_deleting(uid, item);
        }
        if item.owners.is_empty() {
            return Verdict::Leave;
        }
        let unknown: Vec<OwnerReference> = item
            .owners
            .iter()
            .filter(|owner| !self.items.contains_key(&owner.uid) && !absent(&owner.uid))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            return Verdict::AskFor(unknown);
        }
        let (known, gone): (Vec<_>, Vec<_>) = item
            .owners
            .iter()
            .partition(|owner| self.items.contains_key(&owner.uid));
        let solid = known
            .iter()
            .any(|owner| self.items.get(&owner.uid).is_some_and(|owner| !owner.waits()));
        if solid {
            if gone.is_empty() {
                return Verdict::Leave;
            }
            return Verdict::ForgetOwners(gone.iter().map(|owner| owner.uid.clone()).collect());
        }
        Verdict::Delete {
            foreground: !known.is_empty() && self.has_dependents(uid),
        }
    }

    fn judge_deleting(&self, uid: &str, item: &Item) -> Verdict {
        let dependents = self.dependents_of(uid);
        if item.finalizers.iter().any(|name| name == ORPHAN) {
            return if dependents.is_empty() {
                Verdict::DropFinalizer(ORPHAN)
            } else {
                Verdict::ReleaseDependents(dependents.into_iter().collect())
            };
        }
        if !item.waits() {
            return Verdict::Leave;
        }
        let blocking = dependents.iter().any(|dependent| {
            self.items.get(dependent).is_some_and(|dependent| {
                dependent
                    .owners
                    .iter()
                    .any(|owner| owner.uid == uid && owner.block_owner_deletion == Some(true))
            })
        });
        let alive: Vec<String> = dependents
            .into_iter()
            .filter(|dependent| self.items.get(dependent).is_some_and(|item| !item.deleting))
            .collect();
        if !alive.is_empty() {
            Verdict::DeleteDependents(alive)
        } else if blocking {
            Verdict::Leave
        } else {
            Verdict::DropFinalizer(FOREGROUND)
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn meta(uid: &str, owners: &[&str], finalizers: &[&str], deleting: bool) -> ObjectMeta {
        ObjectMeta {
            uid: Some(uid.into()),
            name: Some(uid.into()),
            owner_references: Some(
                owners
                    .iter()
                    .map(|owner| OwnerReference {
                        uid: (*owner).into(),
                        block_owner_deletion: Some(true),
                        ..OwnerReference::default()
                    })
                    .collect(),
            ),
            finalizers: Some(finalizers.iter().map(|name| (*name).to_owned()).collect()),
            deletion_timestamp: deleting.then_some(Time(Timestamp::UNIX_EPOCH)),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn owner_gone_deletes_dependent_after_asking() {
        let mut graph = Graph::default();
        graph.see(0, &meta("owner", &[], &[], false));
        graph.see(0, &meta("child", &["owner"], &[], false));
        assert_eq!(graph.judge("child", |_| false), Verdict::Leave);
        assert_eq!(graph.forget("owner"), ["child"]);
        assert!(matches!(graph.judge("child", |_| false), Verdict::AskFor(_)));
        assert_eq!(graph.judge("child", |_| true), Verdict::Delete { foreground: false });
    }

    #[test]
    fn one_of_two_owners_gone_is_forgotten() {
        let mut graph = Graph::default();
        graph.see(0, &meta("lives", &[], &[], false));
        graph.see(0, &meta("child", &["lives", "gone"], &[], false));
        assert_eq!(
            graph.judge("child", |_| true),
            Verdict::ForgetOwners(vec!["gone".into()])
        );
    }

    #[test]
    fn foreground_deletes_dependents_first_and_then_lets_go() {
        let mut graph = Graph::default();
        graph.see(0, &meta("owner", &[], &[FOREGROUND], true));
        graph.see(0, &meta("set", &["owner"], &[], false));
        graph.see(0, &meta("pod", &["set"], &[], false));
        assert_eq!(
            graph.judge("owner", |_| false),
            Verdict::DeleteDependents(vec!["set".into()])
        );
        assert!(graph.has_dependents("set"));
        graph.see(0, &meta("set", &["owner"], &[FOREGROUND], true));
        assert_eq!(graph.judge("owner", |_| false), Verdict::Leave);
        assert_eq!(graph.judge("pod", |_| false), Verdict::Delete { foreground: false });
        graph.see(0, &meta("pod", &["set"], &[], true));
        graph.forget("pod");
        assert_eq!(graph.judge("set", |_| false), Verdict::DropFinalizer(FOREGROUND));
        assert_eq!(graph.forget("set"), ["owner"]);
        assert_eq!(graph.judge("owner", |_| false), Verdict::DropFinalizer(FOREGROUND));
    }

    #[test]
    fn orphaning_releases_dependents_and_then_lets_go() {
        let mut graph = Graph::default();
        graph.see(0, &meta("owner", &[], &[ORPHAN], true));
        graph.see(0, &meta("child", &["owner"], &[], false));
        assert_eq!(
            graph.judge("owner", |_| false),
            Verdict::ReleaseDependents(vec!["child".into()])
        );
        graph.see(0, &meta("child", &[], &[], false));
        assert_eq!(graph.judge("owner", |_| false), Verdict::DropFinalizer(ORPHAN));
    }
}
