//! Gives edges between the same two boxes lanes beside each other, so that two outputs are seen as two edges.

use super::csr::Csr;
use crate::graph::{Edge, index};

/// Lanes are half an edge's gap apart, but all of a pair's together take no more than this many gaps.
const MOST_GAPS: f32 = 6.0;

/// How far each edge is from the middle of its pair.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// For each edge, in pixels; 0 for most.
    pub(super) aside: Vec<f32>,
    /// For each edge: from the first lane of its pair to the last, in pixels.
    pub(super) spread: Vec<f32>,
    by_tail: Csr,
    /// For each box: the tail that last led to it, and how many edges did.
    seen: Vec<(u32, u32)>,
}

impl Lanes {
    /// Finds the lanes of edges between `nodes` boxes.
    pub(super) fn find(&mut self, nodes: usize, edges: &[Edge], edge_gap: f32) {
        self.by_tail
            .build(nodes, edges.iter().enumerate().map(|(at, edge)| (edge.from, index(at))));
        self.aside.clear();
        self.aside.resize(edges.len(), 0.0);
        self.spread.clear();
        self.spread.resize(edges.len(), 0.0);
        self.seen.clear();
        self.seen.resize(nodes, (u32::MAX, 0));
        for tail in 0..index(nodes) {
            let out = self.by_tail.of(tail);
            let mut doubled = false;
            for &edge in out {
                let seen = &mut self.seen[edges[edge as usize].to as usize];
                if seen.0 != tail {
                    *seen = (tail, 0);
                }
                doubled |= seen.1 > 0;
                // The lane for now; it becomes a place once it is known how many there are.
                self.aside[edge as usize] = seen.1 as f32;
                seen.1 += 1;
            }
            for &edge in out {
                let at = edge as usize;
                if doubled {
                    let others = (self.seen[edges[at].to as usize].1 - 1) as f32;
                    let apart = (edge_gap / 2.0).min(MOST_GAPS * edge_gap / others.max(1.0));
                    self.spread[at] = others * apart;
                    self.aside[at] = (self.aside[at] - others / 2.0) * apart;
                } else {
                    self.aside[at] = 0.0;
                }
            }
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.aside.capacity() + self.spread.capacity()) + 8 * self.seen.capacity() + self.by_tail.bytes()
    }
}
