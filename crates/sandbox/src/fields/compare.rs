//! Finds the paths in an object, and those in which two objects differ.
//!
//! Source: sigs.k8s.io/structured-merge-diff v6, typed/tofieldset.go and typed/compare.go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::fields::element::Element;
use crate::fields::set::{Node, Set};
use crate::fields::types::{Form, Items, Type};

/// What one object has and the other has not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Only in the new one.
    pub(crate) added: Set,
    /// Only in the old one.
    pub(crate) removed: Set,
    /// In both, with other values.
    pub(crate) modified: Set,
}

impl Difference {
    /// Without the paths of `hidden` and what goes on from them.
    pub(crate) fn outside(&self, hidden: &Set) -> Self {
        Self {
            added: self.added.outside(hidden),
            removed: self.removed.outside(hidden),
            modified: self.modified.outside(hidden),
        }
    }
}

/// The paths that an object sets.
pub(crate) fn paths_of(value: &Value, of: Type<'_>) -> Set {
    node_of(value, of).below
}

fn node_of(value: &Value, of: Type<'_>) -> Node {
    let mut below = Set::default();
    match (of.form(value), value) {
        (Form::Leaf, _) => return Node::leaf(),
        (Form::Map, Value::Object(map)) => {
            for (name, inner) in map {
                let (kind, named) = of.field(name);
                let mut node = node_of(inner, kind.unwrap_or(Type::Deduced));
                node.member |= !named || is_bare(inner);
                below.put(Element::field(name), node);
            }
        }
        (Form::List(items), Value::Array(list)) => {
            for (element, found) in by_identity(items, Some(list)) {
                let node = match found.as_slice() {
                    [one] => node_of(one, items.item()).below,
                    // Of items that are there twice nothing more is known.
                    _ => Set::default(),
                };
                below.put(
                    element,
                    Node {
                        member: true,
                        below: node,
                    },
                );
            }
        }
        _ => {}
    }
    Node { member: false, below }
}

/// Whether a value is null or a map of nothing.
fn is_bare(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

fn by_identity<'v>(items: Items<'_>, list: Option<&'v Vec<Value>>) -> BTreeMap<Element, Vec<&'v Value>> {
    let mut found: BTreeMap<Element, Vec<&Value>> = BTreeMap::new();
    for item in list.into_iter().flatten() {
        if let Ok(element) = items.identify(item) {
            found.entry(element).or_default().push(item);
        }
    }
    found
}

/// The paths in which two objects differ.
pub(crate) fn compare(old: &Value, new: &Value, of: Type<'_>) -> Difference {
    let nodes = differences(Some(old), Some(new), of);
    Difference {
        added: nodes.added.below,
        removed: nodes.removed.below,
        modified: nodes.modified.below,
    }
}

#[derive(Default)]
struct Nodes {
    added: Node,
    removed: Node,
    modified: Node,
}

impl Nodes {
    fn put(&mut self, element: &Element, inner: Self) {
        for (ours, theirs) in [
            (&mut self.added, inner.added),
            (&mut self.removed, inner.removed),
            (&mut self.modified, inner.modified),
        ] {
            if !theirs.is_empty() {
                ours.below.put(element.clone(), theirs);
            }
        }
    }

    /// Marks the path itself, where it is only on one side.
    fn ends(mut self, old: Option<&Value>, new: Option<&Value>) -> Self {
        self.added.member |= old.is_none();
        self.removed.member |= new.is_none();
        self
    }
}

fn differences(old: Option<&Value>, new: Option<&Value>, of: Type<'_>) -> Nodes {
    if old == new {
        return Nodes::default();
    }
    let Some(shown) = new.or(old) else {
        return Nodes::default();
    };
    let leaf = || {
        let mut nodes = Nodes::default().ends(old, new);
        nodes.modified.member = old.is_some() && new.is_some();
        nodes
    };
    match of.form(shown) {
        Form::Leaf => leaf(),
        Form::Map => {
            let (before, after) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
            if before.is_none_or(Map::is_empty) && after.is_none_or(Map::is_empty) {
                return leaf();
            }
            fields(before, after, of).ends(old, new)
        }
        Form::List(items) => {
            let (before, after) = (old.and_then(Value::as_array), new.and_then(Value::as_array));
            if before.is_none_or(Vec::is_empty) && after.is_none_or(Vec::is_empty) {
                return leaf();
            }
            list(items, before, after).ends(old, new)
        }
    }
}

fn fields(before: Option<&Map<String, Value>>, after: Option<&Map<String, Value>>, of: Type<'_>) -> Nodes {
    let mut nodes = Nodes::default();
    let names = before.into_iter().chain(after).flat_map(Map::keys);
    for name in names.collect::<BTreeSet<_>>() {
        let old = before.and_then(|map| map.get(name));
        let new = after.and_then(|map| map.get(name));
        if old != new {
            let inner = of.field(name).0.unwrap_or(Type::Deduced);
            nodes.put(&Element::field(name), differences(old, new, inner));
        }
    }
    nodes
}

fn list(items: Items<'_>, before: Option<&Vec<Value>>, after: Option<&Vec<Value>>) -> Nodes {
    let mut nodes = Nodes::default();
    let (before, after) = (by_identity(items, before), by_identity(items, after));
    let elements: BTreeSet<&Element> = before.keys().chain(after.keys()).collect();
    for element in elements {
        let old = before.get(element).map(Vec::as_slice).unwrap_or_default();
        let new = after.get(element).map(Vec::as_slice).unwrap_or_default();
        let inner = match (old, new) {
            ([], [one]) => differences(None, Some(one), items.item()),
            ([one], []) => differences(Some(one), None, items.item()),
            ([old], [new]) => differences(Some(old), Some(new), items.item()),
            // Items that are there twice are compared as one value.
            (old, new) => {
                let mut nodes = Nodes::default();
                nodes.added.member = old.is_empty();
                nodes.removed.member = new.is_empty();
                nodes.modified.member = !old.is_empty() && !new.is_empty() && old != new;
                nodes
            }
        };
        nodes.put(element, inner);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;
    use serde_json::json;

    fn pod() -> Kind {
        Kind::new("", "pods", "Pod", true)
    }

    fn check(old: &Value, new: &Value, added: &Value, removed: &Value, modified: &Value) {
        let kind = pod();
        let found = compare(old, new, Type::of_kind(&kind, "v1"));
        assert_eq!(found.added.to_wire(), *added, "added");
        assert_eq!(found.removed.to_wire(), *removed, "removed");
        assert_eq!(found.modified.to_wire(), *modified, "modified");
    }

    #[test]
    fn an_applied_object_sets_leaves_items_and_keys() {
        let kind = pod();
        let found = paths_of(
            &json!({"metadata": {"name": "p", "labels": {"a": "b"}, "finalizers": ["x"]},
                "spec": {"nodeSelector": {"d": "e"}, "tolerations": [{"key": "k"}], "volumes": [{"name": "v", "emptyDir": {}}]}}),
            Type::of_kind(&kind, "v1"),
        );
        let expect = json!({"f:metadata": {"f:name": {}, "f:labels": {"f:a": {}}, "f:finalizers": {"v:\"x\"": {}}},
            "f:spec": {"f:nodeSelector": {}, "f:tolerations": {},
                "f:volumes": {"k:{\"name\":\"v\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}}}});
        assert_eq!(found.to_wire(), expect);
    }

    #[test]
    fn what_comes_brings_its_holder_along() {
        check(
            &json!({"metadata": {"name": "p"}, "spec": {}}),
            &json!({"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1}]}]}}),
            &json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:containers": {".": {},
                "k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:ports": {".": {},
                    "k:{\"containerPort\":1,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}}}),
            &json!({}),
            &json!({}),
        );
    }

    #[test]
    fn changes_and_losses_are_told_apart() {
        check(
            &json!({"metadata": {"labels": {"a": "1", "b": "1"}}, "spec": {"tolerations": [{"key": "k"}], "nodeName": "n"}}),
            &json!({"metadata": {"labels": {"a": "2"}}, "spec": {"tolerations": []}}),
            &json!({}),
            &json!({"f:metadata": {"f:labels": {"f:b": {}}}, "f:spec": {"f:nodeName": {}}}),
            &json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:tolerations": {}}}),
        );
    }

    #[test]
    fn the_order_of_a_list_of_maps_does_not_matter() {
        check(
            &json!({"spec": {"containers": [{"name": "a"}, {"name": "b", "image": "1"}]}}),
            &json!({"spec": {"containers": [{"name": "b", "image": "2"}, {"name": "a"}]}}),
            &json!({}),
            &json!({}),
            &json!({"f:spec": {"f:containers": {"k:{\"name\":\"b\"}": {"f:image": {}}}}}),
        );
    }
}
