//! Makes one connected part of a graph free of cycles: local indices, no loops, no doubled edges.

use super::csr::Csr;
use crate::graph::index;

/// Nodes that stand for the border of a group: where edges come in, above all others, and where they leave, below all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Borders {
    pub(super) entry: Option<u32>,
    pub(super) exit: Option<u32>,
}

/// A connected graph without cycles.
#[derive(Debug, Default)]
pub(super) struct Net {
    /// How many nodes there are.
    pub(super) nodes: u32,
    /// Edges, none of them twice.
    pub(super) tails: Vec<u32>,
    pub(super) heads: Vec<u32>,
    /// How many edges of the graph an edge stands for; one that stands for none only says what is above what.
    pub(super) weights: Vec<u32>,
    /// For each edge that was given: the edge that stands for it, and whether it was reversed.
    pub(super) stands: Vec<(u32, bool)>,
    /// Edges by their tail, and by their head.
    pub(super) out: Csr,
    pub(super) into: Csr,
    given: Csr,
    mark: Vec<u8>,
    stack: Vec<(u32, u32)>,
    flipped: Vec<bool>,
    seen: Vec<(u32, u32)>,
}

const NEW: u8 = 0;
const OPEN: u8 = 1;
const DONE: u8 = 2;

impl Net {
    /// Takes the edges between nodes `0..nodes`; none of them may be a loop, or lead to an entry or from an exit.
    pub(super) fn build(&mut self, nodes: u32, edges: &[(u32, u32)], borders: Borders) {
        self.nodes = nodes;
        let count = nodes as usize;
        self.given
            .build(count, edges.iter().enumerate().map(|(at, edge)| (edge.0, index(at))));
        self.reverse_back_edges(edges);
        // Edges between the same two nodes become one.
        self.tails.clear();
        self.heads.clear();
        self.weights.clear();
        self.stands.clear();
        self.stands.resize(edges.len(), (0, false));
        let turned = |flipped: &[bool], at: usize| {
            let (from, to) = edges[at];
            if flipped[at] { (to, from) } else { (from, to) }
        };
        let flipped = &self.flipped;
        self.given
            .build(count, (0..edges.len()).map(|at| (turned(flipped, at).0, index(at))));
        self.seen.clear();
        self.seen.resize(count, (u32::MAX, 0));
        for node in 0..nodes {
            for slot in self.given.range(node) {
                let at = self.given.items[slot] as usize;
                let (tail, head) = turned(&self.flipped, at);
                let seen = &mut self.seen[head as usize];
                if seen.0 != node {
                    *seen = (node, index(self.tails.len()));
                    self.tails.push(tail);
                    self.heads.push(head);
                    self.weights.push(0);
                }
                self.weights[seen.1 as usize] += 1;
                self.stands[at] = (seen.1, self.flipped[at]);
            }
            self.bound(node, borders);
        }
        self.out.build(
            count,
            self.tails.iter().enumerate().map(|(at, &tail)| (tail, index(at))),
        );
        self.into.build(
            count,
            self.heads.iter().enumerate().map(|(at, &head)| (head, index(at))),
        );
    }

    /// Puts a node below the entry and above the exit.
    fn bound(&mut self, node: u32, borders: Borders) {
        for (tail, head) in [(borders.entry, Some(node)), (Some(node), borders.exit)] {
            let (Some(tail), Some(head)) = (tail, head) else {
                continue;
            };
            // An edge from here to the exit was just seen; one from the entry may get a second one beside it.
            if tail != head
                && Some(tail) != borders.exit
                && Some(head) != borders.entry
                && self.seen[head as usize].0 != tail
            {
                self.tails.push(tail);
                self.heads.push(head);
                self.weights.push(0);
            }
        }
    }

    /// Marks the edges that close a cycle, as a walk in depth from the sources meets them.
    fn reverse_back_edges(&mut self, edges: &[(u32, u32)]) {
        let count = self.nodes as usize;
        self.mark.clear();
        self.mark.resize(count, NEW);
        self.flipped.clear();
        self.flipped.resize(edges.len(), false);
        self.seen.clear();
        self.seen.resize(count, (0, 0));
        for edge in edges {
            self.seen[edge.1 as usize].0 += 1;
        }
        // Sources first: a cycle is then cut where it is entered from outside.
        for sources in [true, false] {
            for root in 0..self.nodes {
                if self.mark[root as usize] != NEW || (sources && self.seen[root as usize].0 > 0) {
                    continue;
                }
                self.mark[root as usize] = OPEN;
                self.stack.push((root, self.given.start[root as usize]));
                while let Some((node, next)) = self.stack.last_mut() {
                    if *next as usize == self.given.range(*node).end {
                        self.mark[*node as usize] = DONE;
                        self.stack.pop();
                        continue;
                    }
                    let at = self.given.items[*next as usize] as usize;
                    *next += 1;
                    let to = edges[at].1;
                    match self.mark[to as usize] {
                        NEW => {
                            self.mark[to as usize] = OPEN;
                            self.stack.push((to, self.given.start[to as usize]));
                        }
                        OPEN => self.flipped[at] = true,
                        _ => {}
                    }
                }
            }
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = self.tails.capacity() + self.heads.capacity() + self.weights.capacity();
        let pairs = self.stands.capacity() + self.stack.capacity() + self.seen.capacity();
        let flags = self.mark.capacity() + self.flipped.capacity();
        4 * words + 8 * pairs + flags + self.out.bytes() + self.into.bytes() + self.given.bytes()
    }
}
