//! Brings a KFP run, which Argo carries out by drivers and executors, into the shape of its pipeline.
//!
//! KFP's backend makes of a task `a` the Argo tasks `a-driver` and `a`, the latter with an `executor` inside; of a loop
//! `a` with `iteration-driver`, `iteration-iterations(0:0)`, and in each `iteration-item-driver` and `iteration-item`; of
//! an exit task a hook `….onExit`. Source: kubeflow/pipelines, backend/src/v2/compiler/argocompiler/dag.go at 008dcd6.

use std::collections::{HashMap, VecDeque};

use super::{Builder, DEPTH_LIMIT, Kind, Name, Phase, Pipeline, Record};

/// Whether a run's nodes are drivers and executors.
pub(super) fn is_of_drivers(spec: &Pipeline, run: &Pipeline) -> bool {
    let is_driver = |node: &Record| run.names.text(node.key) == "root-driver" && node.parent == 0;
    spec.root().child("root-driver").is_none() && run.nodes.iter().skip(1).any(is_driver)
}

/// The same run, each task once and where the pipeline has it.
pub(super) fn nest(spec: &Pipeline, run: &Pipeline) -> Pipeline {
    let mut nest = Nest::new(spec, run);
    while let Some((raw, inside)) = nest.todo.pop_front() {
        if !std::mem::replace(&mut nest.seen[raw as usize], true) {
            nest.step(raw, inside);
        }
    }
    nest.new.faults_so_far(run.faults.iter());
    nest.new.finish("")
}

struct Nest<'p> {
    run: &'p Pipeline,
    /// The pipeline's nodes by their parent and key.
    planned: HashMap<(u32, &'p str), u32>,
    /// What comes after each of the run's nodes.
    after: HashMap<u32, Vec<u32>>,
    new: Builder,
    /// The node of the pipeline that each new node stands for.
    plans: Vec<Option<u32>>,
    made: HashMap<(u32, Name, Option<u32>), u32>,
    seen: Vec<bool>,
    /// Nodes of the run, and the new nodes that they may be inside of.
    todo: VecDeque<(u32, u32)>,
}

impl<'p> Nest<'p> {
    fn new(spec: &'p Pipeline, run: &'p Pipeline) -> Self {
        let key = |record: &Record| (record.parent, spec.names.text(record.key));
        let planned = spec.nodes.iter().enumerate().skip(1);
        let mut after: HashMap<u32, Vec<u32>> = HashMap::new();
        for edge in &run.edges {
            after.entry(edge.from).or_default().push(edge.to);
        }
        let mut new = Builder::new(run.form);
        new.names = run.names.clone();
        new.nodes = vec![run.nodes[0]];
        Self {
            run,
            planned: planned
                .map(|(at, record)| (key(record), crate::graph::index(at)))
                .collect(),
            after,
            new,
            plans: vec![Some(0)],
            made: HashMap::new(),
            seen: vec![false; run.nodes.len()],
            todo: run.children_of(0).iter().map(|&at| (at, 0)).collect(),
        }
        .drivers_first()
    }

    /// The driver of the whole leads to all else; what it does not reach comes after.
    fn drivers_first(mut self) -> Self {
        let is_driver = |at: u32| self.run.names.text(self.run.nodes[at as usize].key) == "root-driver";
        let first = self.todo.iter().position(|&(at, _)| is_driver(at));
        if let Some((driver, _)) = first.and_then(|at| self.todo.remove(at)) {
            // The rest is reached from it, or at the end.
            self.todo.push_front((driver, 0));
        }
        self
    }

    fn step(&mut self, raw: u32, inside: u32) {
        let record = self.run.nodes[raw as usize];
        let key = self.run.names.text(record.key);
        let plumbing = [
            "iteration-driver",
            "iteration-item",
            "iteration-item-driver",
            "root-driver",
        ];
        let (within, beside) = match (key, record.kind) {
            // Nobody knows whose they are.
            (_, Kind::Attempt | Kind::Iteration) | ("executor", _) if inside == 0 => (0, 0),
            // A round is in a loop, never in a round.
            (_, Kind::Iteration) if self.new.nodes[inside as usize].kind == Kind::Iteration => (inside, inside),
            (_, Kind::Iteration) => match self.task(inside, record.key, record.iteration) {
                Some(round) => {
                    self.take(round, record);
                    (round, round)
                }
                None => return,
            },
            (_, Kind::Attempt) => {
                let around = self.new.nodes[inside as usize].parent;
                self.attempt(inside, record);
                (inside, around)
            }
            ("executor", _) => {
                self.executor(inside, record);
                (inside, self.new.nodes[inside as usize].parent)
            }
            ("root", _) if inside == 0 => {
                self.take(0, record);
                (0, 0)
            }
            ("iteration-iterations", _) => (inside, inside),
            (key, _) if plumbing.contains(&key) || key.ends_with(".onExit") => (inside, inside),
            (key, _) => match key.strip_suffix("-driver") {
                Some(driven) => {
                    let around = self.around(inside, driven);
                    let name = self.new.name(driven);
                    let Some(task) = self.task(around, name, None) else {
                        return;
                    };
                    self.driver(task, record);
                    (around, around)
                }
                None => {
                    let around = self.around(inside, key);
                    let Some(task) = self.task(around, record.key, None) else {
                        return;
                    };
                    self.take(task, record);
                    (task, task)
                }
            },
        };
        let is_attempt = |at: &u32| self.run.nodes[*at as usize].kind == Kind::Attempt;
        let after = self.after.remove(&raw).unwrap_or_default();
        let (attempts, others): (Vec<u32>, Vec<u32>) = after.into_iter().partition(is_attempt);
        let todo = self
            .run
            .children_of(raw)
            .iter()
            .copied()
            .chain(attempts)
            .map(|at| (at, within));
        // What is reached from here goes before what is only listed.
        for next in todo.chain(others.into_iter().map(|at| (at, beside))) {
            self.todo.push_front(next);
        }
    }

    /// The nearest group around a new node that has a task of this name in the pipeline.
    fn around(&self, inside: u32, key: &str) -> u32 {
        let mut at = inside;
        loop {
            let plan = self.plans[at as usize];
            if plan.is_some_and(|plan| self.planned.contains_key(&(plan, key))) {
                return at;
            }
            if at == 0 {
                return inside;
            }
            at = self.new.nodes[at as usize].parent;
        }
    }

    /// The node of a task, made when it is first met.
    ///
    /// Deeper than anybody can look into it goes on beside what it would be in.
    fn task(&mut self, around: u32, key: Name, round: Option<u32>) -> Option<u32> {
        let around = match self.new.depth(around) >= DEPTH_LIMIT {
            true => self.new.nodes[around as usize].parent,
            false => around,
        };
        if let Some(&known) = self.made.get(&(around, key, round)) {
            return Some(known);
        }
        let own = self.new.nodes[around as usize].key;
        let record = Record {
            // A round is called like its loop.
            key: if round.is_some() { own } else { key },
            name: if round.is_some() { own } else { key },
            kind: if round.is_some() { Kind::Iteration } else { Kind::Task },
            iteration: round,
            ..Record::default()
        };
        let node = self.new.add(around, record)?;
        let around_plan = self.plans[around as usize];
        let plan = match round {
            Some(_) => around_plan,
            None => around_plan.and_then(|plan| self.planned.get(&(plan, self.new.names.text(key))).copied()),
        };
        self.plans.push(plan);
        self.made.insert((around, key, round), node);
        Some(node)
    }

    /// What the run says about the task itself.
    fn take(&mut self, node: u32, record: Record) {
        let known = self.new.node(node);
        known.started = known.started.or(record.started);
        known.finished = record.finished;
        known.phase = record.phase;
        if known.id.is_empty() {
            known.id = record.id;
        }
        if !record.message.is_empty() {
            known.message = record.message;
        }
    }

    /// A driver that ended badly is the task's end; otherwise the task is still to come.
    fn driver(&mut self, node: u32, record: Record) {
        let known = self.new.node(node);
        known.started = record.started.or(known.started);
        if known.phase == Phase::Unknown || record.phase.is_bad() {
            known.phase = match record.phase {
                Phase::Succeeded => Phase::Pending,
                phase => phase,
            };
            known.message = record.message;
        }
    }

    /// The pod whose logs are the task's. It is skipped where a result was taken from the cache.
    fn executor(&mut self, node: u32, record: Record) {
        let known = self.new.node(node);
        known.id = record.id;
        if record.phase == Phase::Skipped && known.phase == Phase::Succeeded {
            known.phase = Phase::Cached;
        }
        if known.message.is_empty() {
            known.message = record.message;
        }
    }

    fn attempt(&mut self, inside: u32, record: Record) {
        let key = self.new.name("attempt");
        if self.new.add(inside, Record { key, ..record }).is_some() {
            self.plans.push(None);
        }
    }
}
