//! Holds what is laid out: boxes of given sizes, some inside others, and edges between them.

/// How large a box is, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

/// An edge from one box to another, both by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The box that comes before.
    pub from: u32,
    /// The box that comes after.
    pub to: u32,
}

/// Boxes and edges in flat arrays; a box that others are inside of is a group.
///
/// A group is added before what it holds, so that nesting can't go in circles. Edges may: the layout reverses what it
/// must while it thinks, and draws every edge in its own direction.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) sizes: Vec<Size>,
    /// The group that a box is in, or [`Graph::TOP`].
    pub(crate) parents: Vec<u32>,
    pub(crate) edges: Vec<Edge>,
}

impl Graph {
    /// The parent of boxes that are in no group.
    pub(crate) const TOP: u32 = u32::MAX;

    /// A graph without boxes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a box and gives its index. The size of a group is only its least one.
    pub fn add(&mut self, size: Size) -> u32 {
        self.push(size, Self::TOP)
    }

    /// Adds a box inside a group and gives its index; a group that is not there means the top.
    pub fn add_inside(&mut self, group: u32, size: Size) -> u32 {
        let known = (group as usize) < self.sizes.len();
        self.push(size, if known { group } else { Self::TOP })
    }

    fn push(&mut self, size: Size, parent: u32) -> u32 {
        let sane = |length: f32| {
            if length.is_finite() {
                length.clamp(0.0, 1e5)
            } else {
                0.0
            }
        };
        self.sizes.push(Size {
            width: sane(size.width),
            height: sane(size.height),
        });
        self.parents.push(parent);
        index(self.sizes.len() - 1)
    }

    /// Adds an edge and gives its index, or nothing if one of its ends is not there.
    pub fn connect(&mut self, from: u32, to: u32) -> Option<u32> {
        let count = index(self.sizes.len());
        (from < count && to < count).then(|| {
            self.edges.push(Edge { from, to });
            index(self.edges.len() - 1)
        })
    }

    /// How many boxes there are, groups among them.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there is no box.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The edges, in the order in which they were added.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The group that a box is in.
    pub fn parent(&self, node: u32) -> Option<u32> {
        self.parents
            .get(node as usize)
            .copied()
            .filter(|&parent| parent != Self::TOP)
    }

    /// Forgets all boxes and edges but keeps their room.
    pub fn clear(&mut self) {
        self.sizes.clear();
        self.parents.clear();
        self.edges.clear();
    }
}

/// An index as the arrays keep it; four billion boxes don't fit into a page.
pub(crate) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
