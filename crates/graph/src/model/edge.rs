//! An edge between two nodes of one parent, with what passes along it.

use super::{Name, Node, NodeId, Pipeline};

/// Why one node comes after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// It takes what the other makes.
    Data,
    /// It only waits for the other.
    #[default]
    Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EdgeRecord {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: EdgeKind,
    pub(crate) output: Name,
    pub(crate) input: Name,
    pub(crate) condition: Name,
}

/// An edge between two nodes of one parent. Two outputs of one node that go to the same node are two edges.
#[derive(Clone, Copy)]
pub struct Dependency<'p> {
    pipeline: &'p Pipeline,
    record: &'p EdgeRecord,
}

impl<'p> Dependency<'p> {
    pub(crate) fn new(pipeline: &'p Pipeline, record: &'p EdgeRecord) -> Self {
        Self { pipeline, record }
    }

    /// The node that comes before.
    pub fn from(self) -> Node<'p> {
        self.pipeline.at(self.record.from)
    }

    /// The node that comes after.
    pub fn to(self) -> Node<'p> {
        self.pipeline.at(self.record.to)
    }

    /// The ids of both.
    pub fn ends(self) -> (NodeId, NodeId) {
        (NodeId(self.record.from), NodeId(self.record.to))
    }

    /// Whether data passes or only order is kept.
    pub fn kind(self) -> EdgeKind {
        self.record.kind
    }

    /// What passes, as its producer names it; empty where only order is kept.
    pub fn output(self) -> &'p str {
        self.pipeline.names.text(self.record.output)
    }

    /// What passes, as its consumer names it; empty where only order is kept.
    pub fn input(self) -> &'p str {
        self.pipeline.names.text(self.record.input)
    }

    /// On which results of the producer it is followed (Argo's `depends`: `Failed`, `Succeeded || Skipped`); empty for
    /// the usual ones.
    pub fn condition(self) -> &'p str {
        self.pipeline.names.text(self.record.condition)
    }
}

impl std::fmt::Debug for Dependency<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.from().path(), self.to().path())?;
        if self.kind() == EdgeKind::Data {
            write!(f, " [{} -> {}]", self.output(), self.input())?;
        }
        Ok(())
    }
}
