//! An input or output of a node: its type, where it comes from, and its value where that is known.

use super::{Name, Pipeline};

/// What a port carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PortKind {
    /// A small value.
    #[default]
    Parameter,
    /// Something stored elsewhere, by its URI.
    Artifact,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SourceRecord {
    #[default]
    Unsaid,
    Constant,
    Parent(Name),
    Task(Name, Name),
    FinalStatus(Name),
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PortRecord {
    pub(crate) node: u32,
    pub(crate) output: bool,
    pub(crate) kind: PortKind,
    pub(crate) list: bool,
    pub(crate) optional: bool,
    pub(crate) name: Name,
    pub(crate) type_name: Name,
    pub(crate) value: Name,
    pub(crate) source: SourceRecord,
}

/// Where a port's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'p> {
    /// Nobody says.
    Unsaid,
    /// A value written in the pipeline: [`Port::value`].
    Constant,
    /// An input of the group that the node is in.
    Parent(&'p str),
    /// An output of another node, by key: for an input of a sibling, for a group's output of a node inside it.
    Task(&'p str, &'p str),
    /// How a sibling ended, by key.
    FinalStatus(&'p str),
}

/// An input or output of a node. A group's output that can come from several nodes is there once for each.
#[derive(Clone, Copy)]
pub struct Port<'p> {
    pipeline: &'p Pipeline,
    record: &'p PortRecord,
}

impl<'p> Port<'p> {
    pub(crate) fn new(pipeline: &'p Pipeline, record: &'p PortRecord) -> Self {
        Self { pipeline, record }
    }

    /// Its name.
    pub fn name(self) -> &'p str {
        self.pipeline.names.text(self.record.name)
    }

    /// Whether it is a parameter or an artifact.
    pub fn kind(self) -> PortKind {
        self.record.kind
    }

    /// Its type in KFP's words: `NUMBER_INTEGER`, `STRING`, `system.Model`, or `Integer`, `CSV` in v1; empty where nobody
    /// says.
    pub fn type_name(self) -> &'p str {
        self.pipeline.names.text(self.record.type_name)
    }

    /// Whether it is a list of artifacts.
    pub fn is_list(self) -> bool {
        self.record.list
    }

    /// Whether it may be left out.
    pub fn is_optional(self) -> bool {
        self.record.optional
    }

    /// Its value, default or URI as text; empty where it is not known.
    pub fn value(self) -> &'p str {
        self.pipeline.names.text(self.record.value)
    }

    /// Where it comes from.
    pub fn source(self) -> Source<'p> {
        let names = &self.pipeline.names;
        match self.record.source {
            SourceRecord::Unsaid => Source::Unsaid,
            SourceRecord::Constant => Source::Constant,
            SourceRecord::Parent(name) => Source::Parent(names.text(name)),
            SourceRecord::Task(key, output) => Source::Task(names.text(key), names.text(output)),
            SourceRecord::FinalStatus(key) => Source::FinalStatus(names.text(key)),
        }
    }
}

impl std::fmt::Debug for Port<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name(), self.type_name())
    }
}
