//! One node of a pipeline, as whoever draws it sees it.

use flowdeck_objects::Timestamp;

use super::{Counts, Dependency, Kind, Name, Phase, Pipeline, Port};

/// A node of one pipeline, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The number, from 0 (the whole) up.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is said about taking results from earlier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Nothing.
    #[default]
    Unsaid,
    /// Results may be taken.
    On,
    /// It always runs.
    Off,
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// What is usual: that all before it ended well.
    #[default]
    Unsaid,
    /// That all before it ended well, said in so many words.
    AllSucceeded,
    /// That all before it ended.
    AllCompleted,
    /// What an expression says: Argo's `depends` ([`Node::depends`]).
    Expression,
}

/// How often something is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry<'p> {
    /// How often at most, as written (Argo allows a parameter); empty: without end.
    pub limit: &'p str,
    /// On what: Argo's `Always`, `OnFailure`, `OnError`, `OnTransientError`; empty where nobody says.
    pub policy: &'p str,
    /// How long between two tries at first; empty where nobody says.
    pub backoff: &'p str,
}

/// What a loop goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items<'p> {
    /// Items written in the pipeline, as JSON.
    Literal(&'p str),
    /// The items in an input of the group around it, or in what an Argo expression gives.
    Input(&'p str),
    /// The numbers of Argo's `withSequence`, as JSON: `{"count":"5"}`.
    Sequence(&'p str),
}

/// How a loop goes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iteration<'p> {
    /// What it goes over.
    pub items: Items<'p>,
    /// The input that holds the item in each round; `item` in Argo.
    pub item: &'p str,
    /// How many rounds run at once at most.
    pub parallelism: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Loop {
    #[default]
    None,
    Literal(Name),
    Input(Name),
    Sequence(Name),
}

/// What a node is kept as.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    pub(crate) parent: u32,
    pub(crate) key: Name,
    pub(crate) name: Name,
    pub(crate) id: Name,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    pub(crate) cache: Cache,
    pub(crate) trigger: Trigger,
    pub(crate) daemoned: bool,
    pub(crate) retried: bool,
    /// Which round of a loop or which attempt it is.
    pub(crate) iteration: Option<u32>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) offset: Option<u32>,
    pub(crate) template: Name,
    pub(crate) image: Name,
    pub(crate) message: Name,
    pub(crate) progress: Name,
    pub(crate) condition: Name,
    pub(crate) depends: Name,
    pub(crate) retry_limit: Name,
    pub(crate) retry_policy: Name,
    pub(crate) retry_backoff: Name,
    pub(crate) over: Loop,
    pub(crate) item: Name,
    pub(crate) parallelism: Option<u32>,
}

/// One node of a pipeline.
#[derive(Clone, Copy)]
pub struct Node<'p> {
    pipeline: &'p Pipeline,
    at: u32,
}

impl<'p> Node<'p> {
    pub(crate) fn new(pipeline: &'p Pipeline, at: u32) -> Self {
        Self { pipeline, at }
    }

    fn record(self) -> &'p Record {
        &self.pipeline.nodes[self.at as usize]
    }

    fn text(self, name: Name) -> &'p str {
        self.pipeline.names.text(name)
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        NodeId(self.at)
    }

    /// What it is called among its siblings: the task's key, and `.i` in a round of a loop.
    pub fn segment(self) -> String {
        let key = self.text(self.record().key);
        match self.record().iteration {
            Some(round) => format!("{key}.{round}"),
            None => key.to_owned(),
        }
    }

    /// Its key among its siblings; a round of a loop has its loop's.
    pub fn key(self) -> &'p str {
        self.text(self.record().key)
    }

    /// Where it is: `root/for-loop-1.3/train`.
    pub fn path(self) -> String {
        let mut segments = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            segments.push(node.segment());
            // A round takes its loop's place in the path.
            node = match node.record().kind {
                Kind::Iteration => parent.parent().unwrap_or(parent),
                _ => parent,
            };
        }
        segments.push("root".to_owned());
        segments.reverse();
        segments.join("/")
    }

    /// The name to show.
    pub fn name(self) -> &'p str {
        self.text(self.record().name)
    }

    /// The id that the cluster knows it by: an Argo node id or a KFP task id; empty without a run.
    pub fn cluster_id(self) -> &'p str {
        self.text(self.record().id)
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.record().kind
    }

    /// How far it is.
    pub fn phase(self) -> Phase {
        self.record().phase
    }

    /// When it began.
    pub fn started(self) -> Option<Timestamp> {
        self.record().started
    }

    /// When it ended.
    pub fn finished(self) -> Option<Timestamp> {
        self.record().finished
    }

    /// What the cluster says about it, or an empty text.
    pub fn message(self) -> &'p str {
        self.text(self.record().message)
    }

    /// Argo's `n/m` of its pods, or an empty text.
    pub fn progress(self) -> &'p str {
        self.text(self.record().progress)
    }

    /// Whether it goes on in the background until its group ends (Argo's `daemon`).
    pub fn is_daemoned(self) -> bool {
        self.record().daemoned
    }

    /// Which round of a loop, or which attempt, it is.
    pub fn iteration(self) -> Option<u32> {
        self.record().iteration
    }

    /// The component or template that says what it does.
    pub fn template(self) -> &'p str {
        self.text(self.record().template)
    }

    /// The container image, or an empty text.
    pub fn image(self) -> &'p str {
        self.text(self.record().image)
    }

    /// Under which condition it runs at all: KFP's trigger condition, Argo's `when`; empty: always.
    pub fn condition(self) -> &'p str {
        self.text(self.record().condition)
    }

    /// What it waits for.
    pub fn trigger(self) -> Trigger {
        self.record().trigger
    }

    /// Argo's `depends` as written, or an empty text.
    pub fn depends(self) -> &'p str {
        self.text(self.record().depends)
    }

    /// Whether results of earlier runs may be taken.
    pub fn cache(self) -> Cache {
        self.record().cache
    }

    /// How often it is tried again; nothing: never.
    pub fn retry(self) -> Option<Retry<'p>> {
        let record = self.record();
        record.retried.then(|| Retry {
            limit: self.text(record.retry_limit),
            policy: self.text(record.retry_policy),
            backoff: self.text(record.retry_backoff),
        })
    }

    /// What it goes over, if it is a loop and that is said.
    pub fn iterator(self) -> Option<Iteration<'p>> {
        let record = self.record();
        let items = match record.over {
            Loop::None => return None,
            Loop::Literal(items) => Items::Literal(self.text(items)),
            Loop::Input(input) => Items::Input(self.text(input)),
            Loop::Sequence(sequence) => Items::Sequence(self.text(sequence)),
        };
        Some(Iteration {
            items,
            item: self.text(record.item),
            parallelism: record.parallelism,
        })
    }

    /// How many of what is inside run at once at most.
    pub fn parallelism(self) -> Option<u32> {
        self.record().parallelism
    }

    /// The byte of the input where it is written ([`Place::in_text`](crate::Place::in_text)); nothing where the input is
    /// not one text.
    pub fn offset(self) -> Option<u32> {
        self.record().offset
    }

    /// The group that it is in.
    pub fn parent(self) -> Option<Self> {
        (self.at != 0).then(|| Self::new(self.pipeline, self.record().parent))
    }

    /// What is directly inside it, in the order of the input.
    pub fn children(self) -> impl ExactSizeIterator<Item = Self> + 'p {
        let pipeline = self.pipeline;
        pipeline
            .children_of(self.at)
            .iter()
            .map(move |&at| Self::new(pipeline, at))
    }

    /// The edges between what is directly inside it.
    pub fn edges(self) -> impl ExactSizeIterator<Item = Dependency<'p>> + 'p {
        let pipeline = self.pipeline;
        pipeline.edges[pipeline.edges_in(self.at)]
            .iter()
            .map(move |edge| Dependency::new(pipeline, edge))
    }

    /// What it takes.
    pub fn inputs(self) -> impl Iterator<Item = Port<'p>> + 'p {
        self.ports(false)
    }

    /// What it gives.
    pub fn outputs(self) -> impl Iterator<Item = Port<'p>> + 'p {
        self.ports(true)
    }

    fn ports(self, output: bool) -> impl Iterator<Item = Port<'p>> + 'p {
        let pipeline = self.pipeline;
        let ports = pipeline.ports_of(self.at).iter();
        ports
            .filter(move |port| port.output == output)
            .map(move |port| Port::new(pipeline, port))
    }

    /// The child with this segment; a round of a loop may be asked of the loop or of the group around the loop.
    pub fn child(self, segment: &str) -> Option<Self> {
        let named = |node: &Self, key: &str, round: Option<u32>| node.key() == key && node.record().iteration == round;
        if let Some(child) = self.children().find(|child| named(child, segment, None)) {
            return Some(child);
        }
        let (key, round) = segment.rsplit_once('.')?;
        let round = Some(round.parse::<u32>().ok()?);
        if let Some(child) = self.children().find(|child| named(child, key, round)) {
            return Some(child);
        }
        let mut around = self.children().filter(|child| named(child, key, None));
        around.find_map(|around| around.children().find(|child| named(child, key, round)))
    }

    /// The node at this path from here: the inverse of [`Node::path`], where keys may hold slashes, dots, or what a
    /// sibling's hold.
    pub(crate) fn below(self, path: &str) -> Option<Self> {
        let is_round = |node: &Self| node.kind() == Kind::Iteration;
        let is_root = self.parent().is_none();
        let own = self.children().filter(|child| is_root || !is_round(child));
        let loops = self.children().filter(|child| path.starts_with(child.key()));
        let rounds = loops.flat_map(|around| around.children().filter(is_round));
        own.chain(rounds).find_map(|node| {
            let rest = path.strip_prefix(node.key())?;
            let rest = rest.strip_prefix(&node.segment()[node.key().len()..])?;
            match rest.strip_prefix('/') {
                Some(rest) => node.below(rest),
                None => rest.is_empty().then_some(node),
            }
        })
    }

    /// How many nodes without children there are inside it, by phase; a task with its attempts is one.
    pub fn counts(self) -> Counts {
        let mut counts = Counts::default();
        let mut todo = self.pipeline.children_of(self.at).to_vec();
        while let Some(at) = todo.pop() {
            match self.pipeline.children_of(at) {
                [first, ..] if self.pipeline.nodes[*first as usize].kind == Kind::Attempt => {
                    counts.add(self.pipeline.nodes[at as usize].phase);
                }
                [] => counts.add(self.pipeline.nodes[at as usize].phase),
                inside => todo.extend_from_slice(inside),
            }
        }
        counts
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?}, {:?})", self.path(), self.kind(), self.phase())
    }
}
