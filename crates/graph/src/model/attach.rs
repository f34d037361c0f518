//! Puts what a run says onto what the pipeline says, so that tasks that have not run are there too.

use std::collections::{HashMap, VecDeque};

use super::nest;
use super::{Builder, EdgeRecord, Kind, Loop, Name, Pipeline, PortKind, PortRecord, Record, SourceRecord};

impl Pipeline {
    /// Puts a run onto this pipeline: phases, times, ids, values; rounds of loops and attempts become nodes of their own.
    ///
    /// Nodes are matched by path, each round of a loop with the whole body of the loop. What the run has and the
    /// pipeline has not is added as the run has it; faults of both are kept. A run of KFP's backend may be given as the API
    /// has it or as the Argo Workflow that carries it out.
    #[must_use]
    pub fn attach(&self, run: &Self) -> Self {
        if nest::is_of_drivers(self, run) {
            return Merge::new(self, &nest::nest(self, run)).all();
        }
        Merge::new(self, run).all()
    }
}

/// A node to make: inside which new node, from what in the pipeline and what in the run.
struct Pair {
    parent: u32,
    spec: Option<u32>,
    run: Option<u32>,
}

struct Merge<'p> {
    spec: &'p Pipeline,
    run: &'p Pipeline,
    new: Builder,
    todo: VecDeque<Pair>,
    /// The run's names as the new pipeline has them.
    names: HashMap<Name, Name>,
    /// New nodes of the children of what is being worked on, by their number in the pipeline and in the run.
    from_spec: HashMap<u32, u32>,
    from_run: HashMap<u32, u32>,
}

impl<'p> Merge<'p> {
    fn new(spec: &'p Pipeline, run: &'p Pipeline) -> Self {
        let mut new = Builder::new(spec.form);
        new.names = spec.names.clone();
        new.description = spec.description;
        Self {
            spec,
            run,
            new,
            todo: VecDeque::new(),
            names: HashMap::new(),
            from_spec: HashMap::new(),
            from_run: HashMap::new(),
        }
    }

    fn all(mut self) -> Pipeline {
        let root = Pair {
            parent: 0,
            spec: Some(0),
            run: Some(0),
        };
        *self.new.node(0) = self.record(&root);
        self.ports(0, &root);
        self.inside(0, &root);
        while let Some(pair) = self.todo.pop_front() {
            self.inside(pair.parent, &pair);
        }
        self.new.faults_so_far(self.spec.faults.iter().chain(&self.run.faults));
        self.new.finish("")
    }

    /// Makes the children of a new node and leaves them to be gone into.
    fn inside(&mut self, node: u32, pair: &Pair) {
        self.from_spec.clear();
        self.from_run.clear();
        let (spec, run) = (self.spec, self.run);
        let body = pair.spec.map_or(&[][..], |at| spec.children_of(at));
        let ran = pair.run.map_or(&[][..], |at| run.children_of(at));
        let is_round = |at: u32| run.nodes[at as usize].kind == Kind::Iteration;
        let rounds = ran.iter().any(|&at| is_round(at));
        let mut ran_by_key: HashMap<&str, u32> = HashMap::new();
        for &at in ran {
            let record = &run.nodes[at as usize];
            if record.iteration.is_none() {
                ran_by_key.entry(run.names.text(record.key)).or_insert(at);
            }
        }
        if !rounds {
            for &at in body {
                let key = spec.names.text(spec.nodes[at as usize].key);
                let same = ran_by_key.remove(key);
                self.child(node, Some(at), same);
            }
        }
        for &at in ran {
            if self.from_run.contains_key(&at) {
                continue;
            }
            let whole_body = if is_round(at) { pair.spec } else { None };
            self.child(node, whole_body, Some(at));
        }
        self.edges(pair, rounds);
    }

    fn child(&mut self, parent: u32, spec: Option<u32>, run: Option<u32>) {
        let pair = Pair { parent, spec, run };
        let record = self.record(&pair);
        let Some(node) = self.new.add(parent, record) else {
            return;
        };
        if let Some(at) = spec {
            self.from_spec.insert(at, node);
        }
        if let Some(at) = run {
            self.from_run.insert(at, node);
        }
        self.ports(node, &pair);
        self.todo.push_back(Pair { parent: node, ..pair });
    }

    /// The pipeline's edges between the new nodes, and the run's where one end is only in the run.
    fn edges(&mut self, pair: &Pair, rounds: bool) {
        if let Some(at) = pair.spec.filter(|_| !rounds) {
            for edge in &self.spec.edges[self.spec.edges_in(at)] {
                if let (Some(&from), Some(&to)) = (self.from_spec.get(&edge.from), self.from_spec.get(&edge.to)) {
                    self.new.edges.push(EdgeRecord { from, to, ..*edge });
                }
            }
        }
        let known: std::collections::HashSet<u32> = self.from_spec.values().copied().collect();
        let Some(at) = pair.run else { return };
        for edge in &self.run.edges[self.run.edges_in(at)] {
            let ends = (self.from_run.get(&edge.from), self.from_run.get(&edge.to));
            if let (Some(&from), Some(&to)) = ends
                && !(known.contains(&from) && known.contains(&to))
            {
                let output = self.translate(edge.output);
                let input = self.translate(edge.input);
                let condition = self.translate(edge.condition);
                self.new.edges.push(EdgeRecord {
                    from,
                    to,
                    kind: edge.kind,
                    output,
                    input,
                    condition,
                });
            }
        }
    }

    /// What the pipeline says about a node, with what the run says over it.
    fn record(&mut self, pair: &Pair) -> Record {
        let Some(ran) = pair.run.map(|at| self.run.nodes[at as usize]) else {
            return pair
                .spec
                .map_or_else(Record::default, |at| self.spec.nodes[at as usize]);
        };
        let round = ran.kind == Kind::Iteration;
        let planned = pair.spec.filter(|_| !round).map(|at| self.spec.nodes[at as usize]);
        let mut record = planned.unwrap_or(Record {
            key: self.translate(ran.key),
            name: self.translate(ran.name),
            kind: ran.kind,
            iteration: ran.iteration,
            offset: ran.offset,
            condition: self.translate(ran.condition),
            depends: self.translate(ran.depends),
            ..Record::default()
        });
        record.phase = ran.phase;
        record.started = ran.started;
        record.finished = ran.finished;
        record.daemoned |= ran.daemoned;
        record.id = self.translate(ran.id);
        record.message = self.translate(ran.message);
        record.progress = self.translate(ran.progress);
        for (said, by_run) in [
            (&mut record.name, ran.name),
            (&mut record.template, ran.template),
            (&mut record.image, ran.image),
        ] {
            if said.is_empty() {
                *said = self.new.names.add(self.run.names.text(by_run));
            }
        }
        if record.kind == Kind::Task && ran.kind.is_group() && record.over == Loop::None {
            record.kind = ran.kind;
        }
        record
    }

    /// The pipeline's ports with the run's values, and what only the run has.
    fn ports(&mut self, node: u32, pair: &Pair) {
        let ran = pair.run.map_or(&[][..], |at| self.run.ports_of(at));
        let round = pair
            .run
            .is_some_and(|at| self.run.nodes[at as usize].kind == Kind::Iteration);
        let planned = pair
            .spec
            .filter(|_| !round)
            .map_or(&[][..], |at| self.spec.ports_of(at));
        let first = self.new.ports.len();
        let mut known: HashMap<(Name, bool, PortKind), usize> = HashMap::new();
        for (at, port) in planned.iter().enumerate() {
            self.new.ports.push(PortRecord { node, ..*port });
            if !ran.is_empty() {
                known.entry((port.name, port.output, port.kind)).or_insert(first + at);
            }
        }
        for port in ran {
            let name = self.translate(port.name);
            let value = self.translate(port.value);
            let here = self.new.ports.len();
            let same = *known.entry((name, port.output, port.kind)).or_insert(here);
            match self.new.ports.get_mut(same) {
                Some(known) if value.is_empty() => known.list |= port.list,
                Some(known) => known.value = value,
                None => {
                    let type_name = self.translate(port.type_name);
                    self.new.ports.push(PortRecord {
                        node,
                        name,
                        value,
                        type_name,
                        source: SourceRecord::Unsaid,
                        ..*port
                    });
                }
            }
        }
    }

    fn translate(&mut self, name: Name) -> Name {
        if let Some(&known) = self.names.get(&name) {
            return known;
        }
        let new = self.new.names.add(self.run.names.text(name));
        self.names.insert(name, new);
        new
    }
}
