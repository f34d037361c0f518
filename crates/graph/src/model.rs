//! Holds a pipeline as nested nodes with edges between siblings, whatever form it was read from.
//!
//! Flat arrays with indices, names interned: a run with 20,000 nodes is a few megabytes. Never knows a file format;
//! `read` fills it, `layer` shows it.

mod attach;
mod build;
mod edge;
mod fault;
mod kind;
mod names;
mod nest;
mod node;
mod phase;
mod place;
mod port;

pub use edge::{Dependency, EdgeKind};
pub use fault::{Fault, FaultKind, Place};
pub use kind::{Form, Kind};
pub use node::{Cache, Items, Iteration, Node, NodeId, Retry, Trigger};
pub use phase::{Counts, Phase};
pub use port::{Port, PortKind, Source};

pub(crate) use build::{Builder, DEPTH_LIMIT, TEXT_LIMIT_BYTES, cut};
pub(crate) use edge::EdgeRecord;
pub(crate) use names::{Name, Names};
pub(crate) use node::{Loop, Record};
pub(crate) use place::Places;
pub(crate) use port::{PortRecord, SourceRecord};

/// A pipeline, or one run of it: node 0 is the whole, every other node has a parent that comes before it.
///
/// Edges join nodes with the same parent. A node's path is `root`, then the keys on the way down to it; the `i`th
/// iteration of a loop `root/a` is `root/a.i`, though it lies inside the loop.
#[derive(Clone, Debug)]
pub struct Pipeline {
    pub(crate) form: Form,
    pub(crate) names: Names,
    pub(crate) description: Name,
    pub(crate) nodes: Vec<Record>,
    pub(crate) ports: Vec<PortRecord>,
    pub(crate) edges: Vec<EdgeRecord>,
    pub(crate) faults: Vec<Fault>,
    /// Where each node's children begin in `children`, and one more.
    child_starts: Vec<u32>,
    children: Vec<u32>,
    /// The same for the ports, which are in the order of their nodes.
    port_starts: Vec<u32>,
    /// The same for the edges, which are in the order of their parents.
    edge_starts: Vec<u32>,
}

impl Pipeline {
    /// What it was read from.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its name, or an empty text.
    pub fn name(&self) -> &str {
        self.root().name()
    }

    /// What its author says about it, or an empty text.
    pub fn description(&self) -> &str {
        self.names.text(self.description)
    }

    /// How many nodes there are, the whole counted as one.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing in it but itself.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// The whole, whose path is `root`.
    pub fn root(&self) -> Node<'_> {
        self.at(0)
    }

    /// A node by its id; an id of another pipeline may give nothing.
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        (id.index() < self.nodes.len()).then(|| self.at(id.0))
    }

    /// All nodes, each after its parent.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> + '_ {
        let nodes = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        (0..nodes).map(|at| self.at(at))
    }

    /// The node at a path such as `root/for-loop-1.3/train`.
    pub fn find(&self, path: &str) -> Option<Node<'_>> {
        match path.strip_prefix("root")? {
            "" => Some(self.root()),
            rest => self.root().below(rest.strip_prefix('/')?),
        }
    }

    /// The node that the cluster knows by this id: an Argo node id or a KFP task id.
    pub fn find_id(&self, id: &str) -> Option<Node<'_>> {
        let name = self.names.find(id)?;
        self.nodes().find(|node| self.nodes[node.id().index()].id == name)
    }

    /// All edges, those of one parent next to each other.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = Dependency<'_>> + '_ {
        self.edges.iter().map(|edge| Dependency::new(self, edge))
    }

    /// What was wrong with the input but did not keep it from being read.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The same without places: what was read lay inside of a text in the text.
    pub(crate) fn without_offsets(mut self) -> Self {
        self.nodes.iter_mut().for_each(|node| node.offset = None);
        self.faults.iter_mut().for_each(|fault| fault.place = None);
        self
    }

    pub(crate) fn at(&self, at: u32) -> Node<'_> {
        Node::new(self, at)
    }

    pub(crate) fn children_of(&self, node: u32) -> &[u32] {
        &self.children[slice(&self.child_starts, node)]
    }

    pub(crate) fn ports_of(&self, node: u32) -> &[PortRecord] {
        &self.ports[slice(&self.port_starts, node)]
    }

    /// Where the edges between a node's children are.
    pub(crate) fn edges_in(&self, node: u32) -> std::ops::Range<usize> {
        slice(&self.edge_starts, node)
    }
}

fn slice(starts: &[u32], node: u32) -> std::ops::Range<usize> {
    let node = node as usize;
    match (starts.get(node), starts.get(node + 1)) {
        (Some(&from), Some(&to)) => from as usize..to as usize,
        _ => 0..0,
    }
}
