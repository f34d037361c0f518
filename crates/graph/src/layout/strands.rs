//! Cuts edges into strands: the piece in the group that holds both ends, and a piece for each group's border passed.

use super::csr::Csr;
use crate::graph::{Graph, index};

/// In place of a box: the border of the group that a strand is in.
pub(super) const BORDER: u32 = u32::MAX;

/// The part of an edge that is drawn in one group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strand {
    pub(super) edge: u32,
    /// The group that it is in, or [`Graph::TOP`].
    pub(super) owner: u32,
    /// The boxes of that group between which it runs; [`BORDER`] is where it comes in, or where it leaves.
    pub(super) from: u32,
    pub(super) to: u32,
    /// Whether the edge goes on inside of the box at either end.
    pub(super) goes_on: (bool, bool),
    /// Whether it runs against its direction, and so can't go on inside of its ends.
    pub(super) reversed: bool,
    /// From where to where its points go, while the layout is made.
    pub(super) points: (u32, u32),
}

/// The strands of all edges.
#[derive(Debug, Default)]
pub(super) struct Strands {
    /// In the order of the edges, and of each edge from its first box to its last.
    pub(super) all: Vec<Strand>,
    /// Where the strands of each edge begin, and one number more.
    pub(super) start: Vec<u32>,
    /// The strands in each group; those of the top come last.
    pub(super) by_owner: Csr,
    depth: Vec<u32>,
}

impl Strands {
    /// Cuts the edges between boxes whose groups are `parents`; those whose ends are the same border get no strand.
    ///
    /// Groups have lower indices than what they hold, or are no groups.
    pub(super) fn cut(&mut self, parents: &[u32], edges: impl Iterator<Item = Option<(u32, u32)>>) {
        self.depth.clear();
        for &parent in parents {
            let depth = self.depth.get(parent as usize).map_or(0, |depth| depth + 1);
            self.depth.push(depth);
        }
        self.all.clear();
        self.start.clear();
        for (edge, ends) in edges.enumerate() {
            self.start.push(index(self.all.len()));
            if let Some((from, to)) = ends {
                self.cut_one(parents, index(edge), from, to);
            }
        }
        self.start.push(index(self.all.len()));
        let top = index(parents.len());
        let owners = self.all.iter().enumerate();
        self.by_owner.build(
            parents.len() + 1,
            owners.map(|(at, strand)| (strand.owner.min(top), index(at))),
        );
    }

    fn cut_one(&mut self, parents: &[u32], edge: u32, from: u32, to: u32) {
        let parent = |node: u32| parents[node as usize];
        let (mut above, mut below) = (from, to);
        while above != below && parent(above) != parent(below) {
            let (deep, other) = (self.depth[above as usize], self.depth[below as usize]);
            if deep >= other {
                above = parent(above);
            }
            if other >= deep {
                below = parent(below);
            }
        }
        if above == below && from != to {
            return;
        }
        let strand = |owner, from, to, goes_on| Strand {
            edge,
            owner,
            from,
            to,
            goes_on,
            reversed: false,
            points: (0, 0),
        };
        let mut node = from;
        while node != above {
            self.all.push(strand(parent(node), node, BORDER, (node != from, false)));
            node = parent(node);
        }
        self.all
            .push(strand(parent(above), above, below, (above != from, below != to)));
        let inner = self.all.len();
        let mut node = to;
        while node != below {
            self.all.push(strand(parent(node), BORDER, node, (false, node != to)));
            node = parent(node);
        }
        self.all[inner..].reverse();
    }

    /// The strands of an edge.
    pub(super) fn of_edge(&self, edge: usize) -> &[Strand] {
        &self.all[self.start[edge] as usize..self.start[edge + 1] as usize]
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Strand>() * self.all.capacity()
            + 4 * (self.start.capacity() + self.depth.capacity())
            + self.by_owner.bytes()
    }
}

const _: () = assert!(BORDER == Graph::TOP, "neither is the index of a box");
