//! Collects nodes, ports and edges in any order and makes a pipeline of them.

use super::{EdgeKind, EdgeRecord, Fault, FaultKind, Form, Kind, Name, Names, Pipeline, Places, PortRecord, Record};
use crate::graph::index;

/// Nodes that a pipeline may have; what is beyond is counted in a fault. A template that calls two others, each of which
/// calls two others, and so on, is a bomb of 2ⁿ nodes.
pub(crate) const NODE_LIMIT: usize = 200_000;
/// Inputs and outputs that a pipeline may have before no further node is taken: a component with a thousand of them that is
/// called by a hundred thousand tasks is a bomb.
const PORT_LIMIT: usize = 2_000_000 / SMALLER;
/// The same for edges.
const EDGE_LIMIT: usize = 2_000_000 / SMALLER;
/// Bytes of names and steps through the document before no further node is taken: what is called often is read as often.
const WORK_LIMIT: u64 = (1 << 29) / SMALLER as u64;
/// Tests of what is beyond a limit need not go as far.
const SMALLER: usize = if cfg!(test) { 100 } else { 1 };
/// Levels that may be nested, so that no caller's recursion exhausts its stack.
pub(crate) const DEPTH_LIMIT: u32 = 100;
/// How long a value is kept: what is longer is cut off.
pub(crate) const TEXT_LIMIT_BYTES: usize = 16 * 1024;
/// Faults that are listed one by one.
const FAULT_LIMIT: usize = 200;
/// How long a fault's message may be: names may be of any length.
const MESSAGE_LIMIT_BYTES: usize = 1000;
/// Tasks that are named where they wait for each other.
const NAMED_IN_A_CIRCLE: usize = 5;

/// A pipeline that is being read.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) form: Form,
    pub(crate) names: Names,
    pub(crate) description: Name,
    pub(crate) nodes: Vec<Record>,
    pub(crate) ports: Vec<PortRecord>,
    /// Ports that were found after those of later nodes.
    pub(crate) late_ports: Vec<PortRecord>,
    pub(crate) edges: Vec<EdgeRecord>,
    work: u64,
    faults: Vec<Fault>,
    /// The same, by offset, while the text is still read.
    found: Vec<(Option<u32>, FaultKind, String)>,
    faults_left_out: usize,
}

impl Builder {
    /// A pipeline with nothing but itself in it.
    pub(crate) fn new(form: Form) -> Self {
        let root = Record {
            kind: Kind::Dag,
            ..Record::default()
        };
        Self {
            form,
            names: Names::default(),
            description: Name::EMPTY,
            nodes: vec![root],
            ports: Vec::new(),
            late_ports: Vec::new(),
            edges: Vec::new(),
            work: 0,
            faults: Vec::new(),
            found: Vec::new(),
            faults_left_out: 0,
        }
    }

    /// The number of a text.
    pub(crate) fn name(&mut self, text: &str) -> Name {
        self.worked(text.len() as u64);
        self.names.add(text)
    }

    /// Counts what reading took.
    pub(crate) fn worked(&mut self, work: u64) {
        self.work = self.work.saturating_add(work);
    }

    /// Adds a node inside one that is there; nothing if there is too much.
    pub(crate) fn add(&mut self, parent: u32, record: Record) -> Option<u32> {
        if self.is_full() {
            return None;
        }
        debug_assert!(
            (parent as usize) < self.nodes.len(),
            "a parent comes before its children"
        );
        self.nodes.push(Record { parent, ..record });
        Some(index(self.nodes.len() - 1))
    }

    /// Whether no further node is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.too_much().is_some()
    }

    /// What there is too much of.
    fn too_much(&self) -> Option<String> {
        if self.nodes.len() >= NODE_LIMIT {
            Some(format!("more than {NODE_LIMIT} nodes"))
        } else if self.ports.len() + self.late_ports.len() >= PORT_LIMIT {
            Some(format!("more than {PORT_LIMIT} inputs and outputs"))
        } else if self.edges.len() >= EDGE_LIMIT {
            Some(format!("more than {EDGE_LIMIT} edges"))
        } else if self.work >= WORK_LIMIT {
            Some("templates that grow beyond all measure where they are called".to_owned())
        } else {
            None
        }
    }

    /// How many levels a node is below the whole.
    pub(crate) fn depth(&self, node: u32) -> u32 {
        let parent = |&node: &u32| self.nodes.get(node as usize).map(|record| record.parent);
        let path = std::iter::successors(Some(node), parent);
        index(path.take_while(|&node| node != 0).count())
    }

    /// A node that is there.
    pub(crate) fn node(&mut self, node: u32) -> &mut Record {
        &mut self.nodes[node as usize]
    }

    /// Lists a fault at an offset of the text.
    pub(crate) fn fault(&mut self, kind: FaultKind, offset: Option<u32>, mut message: String) {
        self.worked(message.len() as u64);
        cut(&mut message, MESSAGE_LIMIT_BYTES);
        if self.found.len() < FAULT_LIMIT {
            self.found.push((offset, kind, message));
        } else {
            self.faults_left_out += 1;
        }
    }

    /// Takes faults over whose places are known.
    pub(crate) fn faults_so_far<'f>(&mut self, faults: impl Iterator<Item = &'f Fault>) {
        self.faults.extend(faults.cloned());
    }

    /// Gives the faults their places, in the order of the text, and counts what is not listed.
    fn settle_faults(&mut self, text: &str, too_much: Option<String>) {
        if let Some(what) = too_much {
            let message = format!("{what}: the rest is not shown");
            self.found.push((None, FaultKind::TooMany, message));
        }
        if self.faults_left_out > 0 {
            let message = format!("{} more faults", self.faults_left_out);
            self.found.push((None, FaultKind::TooMany, message));
        }
        self.found.sort_by_key(|(offset, _, _)| offset.unwrap_or(u32::MAX));
        let mut places = Places::new(text);
        for (offset, kind, message) in self.found.drain(..) {
            let place = offset.map(|at| places.of(at as usize));
            self.faults.push(Fault { kind, message, place });
        }
    }

    /// Orders what was collected. An edge that joins no siblings is dropped, and so is one of order beside one of data.
    pub(crate) fn finish(mut self, text: &str) -> Pipeline {
        let count = self.nodes.len();
        let too_much = self.too_much();
        let nodes = &self.nodes;
        let parent = |node: u32| nodes.get(node as usize).map(|record| record.parent);
        self.edges.retain(|edge| {
            edge.from != 0 && edge.to != 0 && parent(edge.from).is_some() && parent(edge.from) == parent(edge.to)
        });
        drop_repeated(&mut self.edges);
        self.edges.sort_by_key(|edge| parent(edge.from));
        for (offset, message) in circles(nodes, &self.edges, &self.names) {
            self.found.push((offset, FaultKind::Cycle, message));
        }
        self.settle_faults(text, too_much);
        let nodes = &self.nodes;
        let parent = |node: u32| nodes.get(node as usize).map(|record| record.parent);
        self.ports.append(&mut self.late_ports);
        self.ports.sort_by_key(|port| port.node);
        let (child_starts, children) = children(nodes);
        let port_starts = starts(count, self.ports.iter().map(|port| port.node));
        let edge_starts = starts(count, self.edges.iter().filter_map(|edge| parent(edge.from)));
        Pipeline {
            form: self.form,
            names: self.names,
            description: self.description,
            child_starts,
            children,
            port_starts,
            edge_starts,
            nodes: self.nodes,
            ports: self.ports,
            edges: self.edges,
            faults: self.faults,
        }
    }
}

/// Cuts a text off at a limit, and says so.
pub(crate) fn cut(text: &mut String, limit_bytes: usize) {
    if text.len() > limit_bytes {
        text.truncate(text.floor_char_boundary(limit_bytes));
        text.push('…');
    }
}

/// Where the run of each node begins among owners in ascending order.
fn starts(count: usize, owners: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut starts = vec![0; count + 1];
    for owner in owners {
        starts[owner as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}

fn children(nodes: &[Record]) -> (Vec<u32>, Vec<u32>) {
    let inside = || nodes.iter().enumerate().skip(1);
    let starts = {
        let mut counts = vec![0; nodes.len() + 1];
        for (_, record) in inside() {
            counts[record.parent as usize + 1] += 1;
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        counts
    };
    let mut next = starts.clone();
    let mut children = vec![0; nodes.len().saturating_sub(1)];
    for (at, record) in inside() {
        let slot = &mut next[record.parent as usize];
        children[*slot as usize] = index(at);
        *slot += 1;
    }
    (starts, children)
}

/// Drops edges that are there already, and an edge of order where there is one of data.
fn drop_repeated(edges: &mut Vec<EdgeRecord>) {
    let mut seen = std::collections::HashSet::with_capacity(edges.len());
    let data: std::collections::HashSet<(u32, u32)> = edges
        .iter()
        .filter(|edge| edge.kind == EdgeKind::Data)
        .map(|edge| (edge.from, edge.to))
        .collect();
    edges.retain(|edge| {
        let plain = edge.kind == EdgeKind::Order && edge.condition.is_empty();
        let shadowed = plain && data.contains(&(edge.from, edge.to));
        // One output that feeds two inputs of a node is one edge: what is drawn is who made what.
        let same = EdgeRecord {
            input: Name::EMPTY,
            ..*edge
        };
        !shadowed && seen.insert(same)
    });
}

/// One fault for each node whose children wait for each other.
fn circles(nodes: &[Record], edges: &[EdgeRecord], names: &Names) -> Vec<(Option<u32>, String)> {
    let mut waits = vec![0_u32; nodes.len()];
    for edge in edges {
        waits[edge.to as usize] += 1;
    }
    let mut followers: Vec<(u32, u32)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
    followers.sort_unstable();
    let starts = starts(nodes.len(), followers.iter().map(|&(from, _)| from));
    let mut ready: Vec<usize> = (0..nodes.len()).filter(|&at| waits[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &(_, to) in &followers[starts[at] as usize..starts[at + 1] as usize] {
            waits[to as usize] -= 1;
            if waits[to as usize] == 0 {
                ready.push(to as usize);
            }
        }
    }
    let mut stuck: std::collections::BTreeMap<u32, Vec<usize>> = std::collections::BTreeMap::new();
    for (at, _) in waits.iter().enumerate().filter(|(_, waits)| **waits > 0) {
        stuck.entry(nodes[at].parent).or_default().push(at);
    }
    let name = |&at: &usize| names.text(nodes[at].key).to_owned();
    let message = |stuck: &Vec<usize>| {
        let named: Vec<String> = stuck.iter().take(NAMED_IN_A_CIRCLE).map(name).collect();
        let more = stuck.len().saturating_sub(NAMED_IN_A_CIRCLE);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("tasks wait for each other: {}{rest}", named.join(", "))
    };
    let offset = |stuck: &Vec<usize>| stuck.first().and_then(|&at| nodes[at].offset);
    stuck
        .values()
        .take(FAULT_LIMIT)
        .map(|stuck| (offset(stuck), message(stuck)))
        .collect()
}
