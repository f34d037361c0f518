//! Reads the nodes of a status and puts each where it belongs.

use flowdeck_objects::Timestamp;

use super::places::{Homes, Place};
use super::{edges, kind};
use crate::model::{Builder, DEPTH_LIMIT, FaultKind, Kind, Phase, Record};
use crate::read::argo::ports;
use crate::read::document::{Shape, Value};

/// A node as the status has it.
pub(super) struct Raw<'d> {
    pub(super) id: &'d str,
    pub(super) name: &'d str,
    pub(super) display: &'d str,
    pub(super) word: &'d str,
    pub(super) template: &'d str,
    pub(super) reference: Value<'d>,
    pub(super) boundary: &'d str,
    pub(super) children: Value<'d>,
    phase: &'d str,
    message: &'d str,
    progress: &'d str,
    pub(super) started: Option<Timestamp>,
    finished: Option<Timestamp>,
    daemoned: bool,
    cached: bool,
    inputs: Value<'d>,
    outputs: Value<'d>,
    offset: Option<u32>,
}

impl<'d> Raw<'d> {
    fn new(id: &'d str, node: Value<'d>) -> Self {
        let nothing = node.nothing();
        let mut raw = Self {
            id,
            name: "",
            display: "",
            word: "",
            template: "",
            reference: nothing,
            boundary: "",
            children: nothing,
            phase: "",
            message: "",
            progress: "",
            started: None,
            finished: None,
            daemoned: false,
            cached: false,
            inputs: nothing,
            outputs: nothing,
            offset: node.offset(),
        };
        for (key, value) in node.entries() {
            match key {
                "name" => raw.name = value.text(),
                "displayName" => raw.display = value.text(),
                "type" => raw.word = value.text(),
                "templateName" => raw.template = value.text(),
                "templateRef" => raw.reference = value,
                "boundaryID" => raw.boundary = value.text(),
                "children" => raw.children = value,
                "phase" => raw.phase = value.text(),
                "message" => raw.message = value.text(),
                "progress" => raw.progress = value.text(),
                "startedAt" => raw.started = Timestamp::parse(value.text()),
                "finishedAt" => raw.finished = Timestamp::parse(value.text()),
                "daemoned" => raw.daemoned = value.truth() == Some(true),
                "memoizationStatus" => raw.cached = value.get("hit").truth() == Some(true),
                "inputs" => raw.inputs = value,
                "outputs" => raw.outputs = value,
                _ => {}
            }
        }
        if raw.name.is_empty() {
            raw.name = id;
        }
        if raw.display.is_empty() {
            raw.display = raw.name.rsplit('.').next().unwrap_or(raw.name);
        }
        raw
    }

    fn phase(&self) -> Phase {
        match Phase::from_argo(self.phase) {
            Phase::Running if self.word == "Suspend" => Phase::Suspended,
            Phase::Succeeded if self.cached => Phase::Cached,
            phase => phase,
        }
    }
}

/// Reads all nodes; `offsets` says whether they lie in the text that faults refer to.
pub(super) fn read(builder: &mut Builder, nodes: Value<'_>, workflow: &str, offsets: bool) {
    let mut raws = Vec::new();
    for (id, node) in nodes.entries() {
        if node.shape() == Shape::Map {
            raws.push(Raw::new(id, node));
        } else {
            let message = format!("the node {id:?} is no object");
            builder.fault(FaultKind::Shape, node.offset().filter(|_| offsets), message);
        }
    }
    if !offsets {
        raws.iter_mut().for_each(|raw| raw.offset = None);
    }
    unknown_types(builder, &raws);
    let homes = Homes::new(&raws, workflow);
    for raw in &raws {
        if !raw.boundary.is_empty() && !homes.by_id.contains_key(raw.boundary) {
            let message = format!("{:?} is inside {:?}, which is not there", raw.name, raw.boundary);
            builder.fault(FaultKind::Dangling, raw.offset, message);
        }
    }
    let made = Made::new(builder, &raws, &homes);
    edges::read(builder, &raws, &homes, &made);
    builder.ports.sort_by_key(|port| port.node);
}

fn unknown_types(builder: &mut Builder, raws: &[Raw<'_>]) {
    let mut known = std::collections::HashSet::new();
    for raw in raws {
        if kind(raw.word) == Some(Kind::Unknown) && known.insert(raw.word) {
            let message = format!("nodes of the unknown type {:?}", raw.word);
            builder.fault(FaultKind::Unknown, raw.offset, message);
        }
    }
}

/// Which node of the pipeline each place became.
pub(super) struct Made {
    nodes: Vec<Option<u32>>,
    depths: Vec<u32>,
}

impl Made {
    /// Adds all nodes, parents first; what is inside itself goes to the top.
    fn new(builder: &mut Builder, raws: &[Raw<'_>], homes: &Homes<'_>) -> Self {
        let mut made = Self {
            nodes: vec![None; homes.places.len()],
            depths: vec![0],
        };
        // What is in each place; the last one is the top.
        let mut inside: Vec<Vec<usize>> = vec![Vec::new(); homes.places.len() + 1];
        for (at, place) in homes.places.iter().enumerate() {
            if !matches!(place, Place::Root | Place::Between) {
                inside[homes.parent(at).unwrap_or(homes.places.len())].push(at);
            }
        }
        for children in &mut inside {
            children.sort_by_key(|&at| homes.order(raws, at));
        }
        if let Some(root) = homes.root_place() {
            made.nodes[root] = Some(0);
            let record = record(builder, raws, homes, root);
            let name = builder.nodes[0].name;
            *builder.node(0) = Record {
                name: if name.is_empty() { record.name } else { name },
                kind: if record.kind == Kind::Task {
                    Kind::Dag
                } else {
                    record.kind
                },
                key: crate::model::Name::EMPTY,
                iteration: None,
                ..record
            };
            ports::add_of_node(builder, 0, raws[root].inputs, raws[root].outputs);
        }
        let mut todo: Vec<(usize, u32)> = Vec::new();
        made.push(&mut todo, &mut inside, homes.places.len(), 0);
        if let Some(root) = homes.root_place() {
            made.push(&mut todo, &mut inside, root, 0);
        }
        made.add_all(builder, raws, homes, (&mut todo, &mut inside));
        // Groups inside themselves were reached by nobody.
        for at in 0..homes.places.len() {
            if builder.is_full() {
                break;
            }
            if made.nodes[at].is_none() && !matches!(homes.places[at], Place::Between) {
                let offset = raws.get(at).and_then(|raw| raw.offset);
                let name = homes.key(raws, at);
                builder.fault(FaultKind::Cycle, offset, format!("the node {name:?} is inside itself"));
                todo.push((at, 0));
                made.add_all(builder, raws, homes, (&mut todo, &mut inside));
            }
        }
        made
    }

    fn push(&self, todo: &mut Vec<(usize, u32)>, inside: &mut [Vec<usize>], of: usize, node: u32) {
        let children = std::mem::take(&mut inside[of]);
        todo.extend(children.into_iter().rev().map(|at| (at, node)));
    }

    fn add_all(
        &mut self,
        builder: &mut Builder,
        raws: &[Raw<'_>],
        homes: &Homes<'_>,
        (todo, inside): (&mut Vec<(usize, u32)>, &mut [Vec<usize>]),
    ) {
        while let Some((at, parent)) = todo.pop() {
            if self.nodes[at].is_some() {
                continue;
            }
            let record = record(builder, raws, homes, at);
            let Some(node) = builder.add(parent, record) else {
                return;
            };
            self.nodes[at] = Some(node);
            let depth = self.depths[parent as usize] + 1;
            self.depths.push(depth);
            if let Some(raw) = raws.get(at) {
                ports::add_of_node(builder, node, raw.inputs, raw.outputs);
            }
            // Deeper recursion than anybody can look into goes on beside its caller.
            let around = if depth >= DEPTH_LIMIT { parent } else { node };
            self.push(todo, inside, at, around);
        }
    }

    /// The node that a place became.
    pub(super) fn node(&self, place: usize) -> Option<u32> {
        self.nodes.get(place).copied().flatten()
    }

    /// How deep a node is.
    pub(super) fn depth(&self, node: u32) -> u32 {
        self.depths.get(node as usize).copied().unwrap_or_default()
    }
}

fn record(builder: &mut Builder, raws: &[Raw<'_>], homes: &Homes<'_>, at: usize) -> Record {
    let key = builder.name(homes.key(raws, at));
    let Some(raw) = raws.get(at) else {
        // A loop of steps: Argo has no node for it.
        return Record {
            key,
            name: key,
            kind: Kind::Loop,
            phase: homes.phase_of_rounds(raws, at, Raw::phase),
            ..Record::default()
        };
    };
    let (kind, iteration) = match homes.places[at] {
        Place::Round { number, .. } => (Kind::Iteration, Some(number)),
        Place::Attempt { number, .. } => (Kind::Attempt, Some(number)),
        _ => (homes.kind(raws, at), None),
    };
    let template = match raw.template {
        "" if raw.reference.is_some() => {
            let (object, name) = (raw.reference.get("name").text(), raw.reference.get("template").text());
            builder.name(&format!("{object}/{name}"))
        }
        template => builder.name(template),
    };
    Record {
        key,
        name: builder.name(raw.display),
        id: builder.name(raw.id),
        kind,
        iteration,
        template,
        phase: raw.phase(),
        message: builder.name(raw.message),
        progress: builder.name(raw.progress),
        started: raw.started,
        finished: raw.finished,
        daemoned: raw.daemoned,
        offset: raw.offset,
        ..Record::default()
    }
}
