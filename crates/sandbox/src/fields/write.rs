//! What writes do to the managers of fields, and what they do to an object: the rules of update and of apply.
//!
//! Source: sigs.k8s.io/structured-merge-diff v6, merge/update.go, and k8s.io/apimachinery pkg/util/managedfields/internal.

use std::sync::LazyLock;

use serde_json::Value;

use crate::fields::compare::{compare, paths_of};
use crate::fields::managed::{Managed, Manager, Owned};
use crate::fields::merge::merge;
use crate::fields::prune::prune;
use crate::fields::set::Set;
use crate::fields::types::Type;

/// What nobody owns: it says which object this is, or the server decides it.
static NOBODYS: LazyLock<Set> = LazyLock::new(|| {
    Set::of_fields(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
});

/// What the rules need to know of a request.
pub(crate) struct Rules<'a> {
    pub(crate) of: Type<'a>,
    /// The fields that this path cannot set.
    pub(crate) hidden: Set,
    /// `v1`, `apps/v1`: the version of the request.
    pub(crate) version: String,
    /// Changes of a scale are without a time.
    pub(crate) now: Option<String>,
}

/// Fields that others own, and that an apply without force would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflicts(pub(crate) Vec<(Manager, Set)>);

impl Rules<'_> {
    /// The managers after a create, update or patch: who writes owns what came or changed, besides what was theirs.
    pub(crate) fn updated(&self, mut managed: Managed, manager: Manager, old: &Value, new: &Value) -> Managed {
        let difference = compare(old, new, self.of).outside(&self.hidden);
        let changed = difference.modified.union(&difference.added);
        managed.take(&changed.union(&difference.removed), None);
        let own = changed.difference(&NOBODYS);
        if !own.is_empty() {
            let set = match managed.get(&manager) {
                Some(before) => before.set.union(&own),
                None => own,
            };
            managed.set(manager, self.owned(set, self.now.clone()));
        }
        managed.cap();
        managed
    }

    /// The object and the managers after an apply, or what is in its way.
    pub(crate) fn applied(
        &self,
        mut managed: Managed,
        manager: &Manager,
        live: &Value,
        applied: &Value,
        force: bool,
    ) -> Result<(Value, Managed), Conflicts> {
        let own = paths_of(applied, self.of).outside(&self.hidden);
        let before = managed.get(manager).cloned();
        let last = before.as_ref().map(|before| before.set.clone()).unwrap_or_default();
        let others = managed.iter().filter(|(other, _)| *other != manager);
        let held = others.fold(own.clone(), |held, (_, owned)| held.union(&owned.set));
        let new = prune(merge(live, applied, self.of), &last, &held, self.of);
        let difference = compare(live, &new, self.of).outside(&self.hidden);
        let changed = difference.modified.union(&difference.added);
        if !force {
            let in_the_way = managed
                .iter()
                .filter(|(other, _)| *other != manager)
                .filter_map(|(other, owned)| {
                    let set = owned.set.intersection(&changed);
                    (!set.is_empty()).then(|| (other.clone(), set))
                });
            let in_the_way: Vec<(Manager, Set)> = in_the_way.collect();
            if !in_the_way.is_empty() {
                return Err(Conflicts(in_the_way));
            }
        }
        managed.take(&changed.union(&difference.removed), Some(manager));
        let time = if new == *live {
            before.and_then(|before| before.time)
        } else {
            self.now.clone()
        };
        managed.set(manager.clone(), self.owned(own.difference(&NOBODYS), time));
        Ok((new, managed))
    }

    fn owned(&self, set: Set, time: Option<String>) -> Owned {
        Owned {
            set,
            version: self.version.clone(),
            time,
        }
    }
}

impl Conflicts {
    /// Without the paths of a set.
    pub(crate) fn outside(&self, allowed: &Set) -> Self {
        let left = self
            .0
            .iter()
            .map(|(manager, set)| (manager.clone(), set.difference(allowed)));
        Self(left.filter(|(_, set)| !set.is_empty()).collect())
    }

    /// Each path with its manager, as causes have them: message and field.
    pub(crate) fn causes(&self) -> Vec<(String, String)> {
        let of = |(manager, set): &(Manager, Set)| -> Vec<(String, String)> {
            let message = format!("conflict with {}", manager.described());
            set.paths().into_iter().map(|path| (message.clone(), path)).collect()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// What the `Status` says.
    pub(crate) fn message(&self) -> String {
        let causes = self.causes();
        if let [(message, path)] = causes.as_slice() {
            return format!("Apply failed with 1 conflict: {message}: {path}");
        }
        let mut lines = Vec::new();
        for (manager, set) in &self.0 {
            lines.push(format!("conflicts with {}:", manager.described()));
            lines.extend(set.paths().into_iter().map(|path| format!("- {path}")));
        }
        format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n"))
    }
}
