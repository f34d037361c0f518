//! Tells where each node of a status belongs: in its boundary, in a loop as a round, in a task as an attempt.

use std::collections::HashMap;

use super::kind;
use super::nodes::Raw;
use crate::model::{Kind, Phase};

/// Where a node belongs. Places are numbered as the raw nodes, then the loops that Argo has no node for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the whole.
    Root,
    /// It only holds others together (a step group).
    Between,
    /// It is in another, or at the top.
    Inside(Option<usize>),
    /// It is a round of a loop.
    Round { of: usize, number: u32 },
    /// It is one try of a task.
    Attempt { of: usize, number: u32 },
}

/// Where all nodes belong.
pub(super) struct Homes<'d> {
    pub(super) places: Vec<Place>,
    pub(super) by_id: HashMap<&'d str, usize>,
    pub(super) by_name: HashMap<&'d str, usize>,
    workflow: &'d str,
    root: Option<usize>,
    /// Keys of the loops that Argo has no node for.
    loops: Vec<&'d str>,
    raws: usize,
    /// Task nodes whose attempts are groups.
    groups: HashMap<usize, Kind>,
    rounds: HashMap<usize, Vec<usize>>,
}

impl<'d> Homes<'d> {
    pub(super) fn new(raws: &[Raw<'d>], workflow: &'d str) -> Self {
        let mut homes = Self {
            places: Vec::with_capacity(raws.len()),
            by_id: HashMap::with_capacity(raws.len()),
            by_name: HashMap::with_capacity(raws.len()),
            workflow,
            root: None,
            loops: Vec::new(),
            raws: raws.len(),
            groups: HashMap::new(),
            rounds: HashMap::new(),
        };
        for (at, raw) in raws.iter().enumerate() {
            homes.by_id.insert(raw.id, at);
            homes.by_name.entry(raw.name).or_insert(at);
        }
        homes.find_root(raws);
        homes.settle(raws);
        homes
    }

    /// The node called like the Workflow, or else the one that no other holds or names as its child.
    fn find_root(&mut self, raws: &[Raw<'d>]) {
        self.root = self
            .by_id
            .get(self.workflow)
            .or_else(|| self.by_name.get(self.workflow))
            .copied();
        if self.root.is_some() || !self.workflow.is_empty() {
            return;
        }
        let free = |raw: &&Raw<'d>| raw.boundary.is_empty() && !raw.name.contains('.');
        let root = raws.iter().find(free);
        if let Some(root) = root {
            self.workflow = root.name;
            self.root = self.by_id.get(root.id).copied();
        }
    }

    fn settle(&mut self, raws: &[Raw<'d>]) {
        let mut made: HashMap<(Option<usize>, &'d str), usize> = HashMap::new();
        for (at, raw) in raws.iter().enumerate() {
            let place = self.place(raws, at, raw, &mut made);
            self.places.push(place);
            if let Place::Attempt { of, .. } = place
                && let Some(kind @ (Kind::Dag | Kind::Steps)) = kind(raw.word)
            {
                self.groups.insert(of, kind);
            }
            if let Place::Inside(Some(of)) = place
                && raw.word == "Container"
            {
                self.groups.insert(of, Kind::ContainerSet);
            }
        }
        let mut loops: Vec<_> = made.into_iter().map(|((around, key), of)| (of, around, key)).collect();
        loops.sort_unstable();
        for (_, around, key) in loops {
            self.places.push(Place::Inside(around));
            self.loops.push(key);
        }
        for (at, place) in self.places.iter().enumerate() {
            if let Place::Round { of, .. } = *place {
                self.rounds.entry(of).or_default().push(at);
            }
        }
        // The root is a place of its own only if it is a group.
        if let Some(root) = self.root {
            let is_group = matches!(self.kind(raws, root), Kind::Dag | Kind::Steps);
            self.places[root] = if is_group { Place::Root } else { Place::Inside(None) };
        }
    }

    fn place(
        &self,
        raws: &[Raw<'d>],
        at: usize,
        raw: &Raw<'d>,
        made: &mut HashMap<(Option<usize>, &'d str), usize>,
    ) -> Place {
        if kind(raw.word).is_none() {
            return Place::Between;
        }
        let around = self.by_id.get(raw.boundary).copied().filter(|&around| around != at);
        if let Some((base, number)) = attempt(raw.name)
            && let Some(&of) = self.by_name.get(base)
            && raws[of].word == "Retry"
        {
            return Place::Attempt { of, number };
        }
        // A loop is no round of another one.
        let Some((key, number)) = round(raw.display).filter(|_| raw.word != "TaskGroup") else {
            return Place::Inside(around);
        };
        // `wf.a(0:x)` is a round of `wf.a`, if that is a node; a round of steps is one of a loop without a node.
        let base = raw.name.strip_suffix(&raw.display[key.len()..]).unwrap_or_default();
        match self.by_name.get(base) {
            Some(&of) if raws[of].word == "TaskGroup" => Place::Round { of, number },
            _ => {
                let next = self.raws + made.len();
                let of = *made.entry((around, key)).or_insert(next);
                Place::Round { of, number }
            }
        }
    }

    /// The root's place, if it is a group itself.
    pub(super) fn root_place(&self) -> Option<usize> {
        self.root.filter(|&root| self.places[root] == Place::Root)
    }

    /// The place around a place; nothing: the top.
    pub(super) fn parent(&self, at: usize) -> Option<usize> {
        let parent = match self.places[at] {
            Place::Root | Place::Between => None,
            Place::Inside(around) => around,
            Place::Round { of, .. } | Place::Attempt { of, .. } => Some(of),
        };
        // What is in a step group is in what the group is in.
        parent.filter(|&around| !matches!(self.places[around], Place::Between))
    }

    /// What a node is, by its type and that of what is in it.
    pub(super) fn kind(&self, raws: &[Raw<'d>], at: usize) -> Kind {
        let raw = &raws[at];
        if let Some(kind) = self.groups.get(&at) {
            return *kind;
        }
        let hook = raw
            .name
            .rsplit_once(".hooks.")
            .is_some_and(|(_, name)| !name.contains('.'));
        match kind(raw.word) {
            _ if raw.name.ends_with(".onExit") => Kind::ExitTask,
            _ if hook => Kind::Hook,
            Some(kind) => kind,
            None => Kind::Unknown,
        }
    }

    /// The name among siblings, as the spec has it.
    pub(super) fn key(&self, raws: &[Raw<'d>], mut at: usize) -> &'d str {
        // A round is called like its loop, whose name is a shorter one.
        while let Place::Round { of, .. } = self.places[at] {
            at = of;
        }
        let Some(raw) = raws.get(at) else {
            return self.loops.get(at - self.raws).copied().unwrap_or_default();
        };
        match self.places[at] {
            Place::Attempt { .. } => "attempt",
            _ if self.root == Some(at) && !raw.template.is_empty() => raw.template,
            // Of the whole's own hooks: `wf.onExit`, `wf.hooks.running`.
            _ => match raw.display.strip_prefix(self.workflow) {
                Some(rest) if rest.starts_with('.') && !self.workflow.is_empty() => &rest[1..],
                _ => raw.display,
            },
        }
    }

    /// What siblings are sorted by: rounds and attempts by number, others as they began.
    pub(super) fn order(&self, raws: &[Raw<'d>], at: usize) -> (u32, i64, &'d str) {
        let number = match self.places[at] {
            Place::Round { number, .. } | Place::Attempt { number, .. } => number,
            _ => 0,
        };
        let started = match raws.get(at) {
            Some(raw) => raw.started.map_or(i64::MAX, |time| time.0),
            None => {
                let rounds = self.rounds.get(&at).map_or(&[][..], Vec::as_slice);
                let starts = rounds.iter().filter_map(|&round| raws[round].started);
                starts.min().map_or(i64::MAX, |time| time.0)
            }
        };
        (number, started, self.key(raws, at))
    }

    /// How far a loop is that Argo has no node for: as its worst round, or as the first that goes on.
    pub(super) fn phase_of_rounds(&self, raws: &[Raw<'d>], at: usize, phase: impl Fn(&Raw<'d>) -> Phase) -> Phase {
        let rounds = self.rounds.get(&at).map_or(&[][..], Vec::as_slice);
        let phases: Vec<Phase> = rounds.iter().map(|&round| phase(&raws[round])).collect();
        if let Some(going) = phases.iter().find(|phase| !phase.is_final()) {
            return match going {
                Phase::Unknown | Phase::Pending if phases.iter().any(|phase| phase.is_final()) => Phase::Running,
                going => *going,
            };
        }
        phases.into_iter().max().unwrap_or_default()
    }
}

/// `a(0)`: the task and the number of the try.
fn attempt(name: &str) -> Option<(&str, u32)> {
    let (base, number) = name.strip_suffix(')')?.rsplit_once('(')?;
    Some((base, number.parse().ok()?))
}

/// `a(0:item)`: the task and the number of the round. An item may have any letters.
fn round(display: &str) -> Option<(&str, u32)> {
    if !display.ends_with(')') {
        return None;
    }
    let (base, rest) = display.split_once('(')?;
    let (number, _) = rest.split_once(':')?;
    Some((base, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_attempts_are_told_from_names() {
        assert_eq!(round("a(0:x)"), Some(("a", 0)));
        assert_eq!(round("a(12:f(x):y)"), Some(("a", 12)));
        assert_eq!(round("a(0)"), None);
        assert_eq!(round("a"), None);
        assert_eq!(attempt("wf.a(2)"), Some(("wf.a", 2)));
        assert_eq!(attempt("wf.a(0:x)(1)"), Some(("wf.a(0:x)", 1)));
        assert_eq!(attempt("wf.a(0:x(3))"), None);
    }
}
