//! Sets of paths: trees whose nodes say whether the path that ends there belongs to the set.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::fields::element::Element;
use crate::fields::types::Type;

/// A set of paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set {
    /// No node is empty.
    nodes: BTreeMap<Element, Node>,
}

/// What a set says of one path and of those that go on from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether the path itself belongs to the set.
    pub(crate) member: bool,
    /// The paths that go on.
    pub(crate) below: Set,
}

impl Node {
    /// A path that belongs to a set, and nothing below.
    pub(crate) fn leaf() -> Self {
        Self {
            member: true,
            below: Set::default(),
        }
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl Set {
    /// A set of paths of fields.
    pub(crate) fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let mut node = Node::leaf();
            for (depth, name) in path.iter().enumerate().rev() {
                let mut holder = Self::default();
                holder.put(Element::field(name), node);
                if depth == 0 {
                    set = set.union(&holder);
                    break;
                }
                node = Node {
                    member: false,
                    below: holder,
                };
            }
        }
        set
    }

    /// Whether no path belongs to it.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What it says of an element.
    pub(crate) fn at(&self, element: &Element) -> Option<&Node> {
        self.nodes.get(element)
    }

    /// Sets what it says of an element; nothing when the node is empty.
    pub(crate) fn put(&mut self, element: Element, node: Node) {
        if node.is_empty() {
            self.nodes.remove(&element);
        } else {
            self.nodes.insert(element, node);
        }
    }

    /// The paths of either.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (element, theirs) in &other.nodes {
            match all.nodes.get_mut(element) {
                None => drop(all.nodes.insert(element.clone(), theirs.clone())),
                Some(ours) => {
                    ours.member |= theirs.member;
                    if !theirs.below.is_empty() {
                        ours.below = ours.below.union(&theirs.below);
                    }
                }
            }
        }
        all
    }

    /// The paths of both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.keep(|element, node| {
            let theirs = other.nodes.get(element)?;
            Some(Node {
                member: node.member && theirs.member,
                below: node.below.intersection(&theirs.below),
            })
        })
    }

    /// The paths that the other does not have.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.keep(|element, node| {
            Some(match other.nodes.get(element) {
                None => node.clone(),
                Some(theirs) => Node {
                    member: node.member && !theirs.member,
                    below: node.below.difference(&theirs.below),
                },
            })
        })
    }

    /// The paths that neither belong to the other nor go on from one that does.
    pub(crate) fn outside(&self, other: &Self) -> Self {
        self.keep(|element, node| match other.nodes.get(element) {
            None => Some(node.clone()),
            Some(theirs) if theirs.member => None,
            Some(theirs) => Some(Node {
                member: node.member,
                below: node.below.outside(&theirs.below),
            }),
        })
    }

    /// With the fields that a schema names and that lead to a member made members themselves.
    pub(crate) fn with_named_fields(&self, of: Type<'_>) -> Self {
        self.keep(|element, node| {
            let (inner, named) = of.step(element);
            Some(Node {
                member: node.member || (named && !node.below.is_empty()),
                below: node.below.with_named_fields(inner),
            })
        })
    }

    fn keep(&self, change: impl Fn(&Element, &Node) -> Option<Node>) -> Self {
        let nodes = self.nodes.iter().filter_map(|(element, node)| {
            let node = change(element, node)?;
            (!node.is_empty()).then(|| (element.clone(), node))
        });
        Self { nodes: nodes.collect() }
    }

    /// All paths, as messages have them.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect("", &mut found);
        found
    }

    fn collect(&self, before: &str, found: &mut Vec<String>) {
        let members = self.nodes.iter().filter(|(_, node)| node.member);
        found.extend(members.map(|(element, _)| format!("{before}{element}")));
        for (element, node) in &self.nodes {
            node.below.collect(&format!("{before}{element}"), found);
        }
    }

    /// As `FieldsV1`.
    pub(crate) fn to_wire(&self) -> Value {
        self.wire(false)
    }

    fn wire(&self, member: bool) -> Value {
        let mut map = Map::new();
        if member && !self.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (element, node) in &self.nodes {
            map.insert(element.wire(), node.below.wire(node.member));
        }
        Value::Object(map)
    }

    /// From `FieldsV1`; `None` when it is none.
    pub(crate) fn from_wire(value: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (key, inner) in value.as_object()? {
            if key == "." {
                continue;
            }
            let below = Self::from_wire(inner)?;
            // Without anything below, the path itself is meant.
            let member = below.is_empty() || inner.get(".").is_some();
            set.put(Element::parse(key)?, Node { member, below });
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(wire: &Value) -> Set {
        Set::from_wire(wire).unwrap_or_else(|| panic!("{wire} is a set"))
    }

    #[test]
    fn fields_v1_is_read_and_written() {
        let wire = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}, "f:list": {"v:\"x\"": {}}}});
        assert_eq!(set(&wire).to_wire(), wire);
        assert_eq!(
            set(&wire).paths(),
            [
                ".metadata.labels",
                ".metadata.labels.app",
                r#".spec.list[="x"]"#,
                r#".spec.ports[port=80,protocol="TCP"]"#,
                r#".spec.ports[port=80,protocol="TCP"].port"#,
            ]
        );
        assert_eq!(Set::from_wire(&json!({"spec": {}})), None);
        assert_eq!(Set::from_wire(&json!({"f:spec": 1})), None);
    }

    #[test]
    fn a_member_is_not_what_leads_to_it() {
        let whole = set(&json!({"f:a": {".": {}, "f:b": {}}}));
        let inner = set(&json!({"f:a": {"f:b": {}}}));
        assert_eq!(whole.difference(&inner), set(&json!({"f:a": {}})));
        assert_eq!(whole.intersection(&inner), inner);
        assert_eq!(inner.outside(&set(&json!({"f:a": {}}))), Set::default());
        assert_eq!(inner.difference(&set(&json!({"f:a": {}}))), inner);
        assert_eq!(Set::of_fields(&[&["a", "b"], &["a"]]), whole);
    }
}
