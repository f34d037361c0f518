//! Makes a graph to lay out of what lies inside one node: some groups open, others folded to one box.

use crate::graph::{Graph, Size};
use crate::model::{Dependency, Node, NodeId, Pipeline};

/// A graph to lay out, and what its boxes and edges stand for.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// What [`layout`](crate::layout) takes.
    pub graph: Graph,
    /// The node that each box stands for.
    pub nodes: Vec<NodeId>,
    /// The edge that each edge stands for: its place in [`Pipeline::edges`].
    pub edges: Vec<u32>,
}

impl Layer {
    /// The box that stands for a node.
    pub fn box_of(&self, node: NodeId) -> Option<u32> {
        // Children are numbered after their parents but not next to them: the list is not sorted.
        let at = self.nodes.iter().position(|&known| known == node)?;
        u32::try_from(at).ok()
    }
}

impl Pipeline {
    /// What lies inside the node at a path, or nothing if there is no such node.
    ///
    /// `folded` says whether a node that has others inside is one box; what is not folded is a group with the boxes
    /// inside it, at any depth. `size` says how large a box is; of an open group its least size. A node without
    /// anything inside it shows itself.
    pub fn layer(
        &self,
        path: &str,
        folded: impl Fn(Node<'_>) -> bool,
        size: impl Fn(Node<'_>, bool) -> Size,
    ) -> Option<Layer> {
        let top = self.find(path)?;
        let mut layer = Layer::default();
        // The groups whose edges are shown, and what is still to be added: a node and the box that it is inside of.
        let mut shown = vec![top.id()];
        let mut todo: Vec<(Node<'_>, Option<u32>)> = Vec::new();
        inside(top, None, &mut todo);
        if todo.is_empty() {
            todo.push((top, None));
        }
        let mut boxes = vec![u32::MAX; self.len()];
        while let Some((node, group)) = todo.pop() {
            let open = node.id() != top.id() && node.children().len() > 0 && !folded(node);
            let size = size(node, open);
            let at = match group {
                Some(group) => layer.graph.add_inside(group, size),
                None => layer.graph.add(size),
            };
            boxes[node.id().index()] = at;
            layer.nodes.push(node.id());
            if open {
                shown.push(node.id());
                inside(node, Some(at), &mut todo);
            }
        }
        for group in shown {
            let edges = self.edges_in(group.0);
            for (at, edge) in edges.clone().zip(&self.edges[edges]) {
                let (from, to) = (boxes[edge.from as usize], boxes[edge.to as usize]);
                if layer.graph.connect(from, to).is_some() {
                    layer.edges.push(crate::graph::index(at));
                }
            }
        }
        Some(layer)
    }

    /// An edge by its place in [`Pipeline::edges`], as [`Layer::edges`] has it.
    pub fn edge(&self, at: u32) -> Option<Dependency<'_>> {
        self.edges.get(at as usize).map(|record| Dependency::new(self, record))
    }
}

/// Puts what is inside a node on a stack, the first child on top.
fn inside<'p>(node: Node<'p>, group: Option<u32>, todo: &mut Vec<(Node<'p>, Option<u32>)>) {
    let start = todo.len();
    todo.extend(node.children().map(|child| (child, group)));
    todo[start..].reverse();
}
