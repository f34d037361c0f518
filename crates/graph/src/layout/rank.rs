//! Puts the nodes of a net into layers, so that every edge goes down and all edges together are short.
//!
//! The sum of the edges' lengths is linear in the ranks: a set of nodes that moves down by one changes it by what comes
//! in less what goes out. Each pass grows a tree of tight edges and moves those of its subtrees that gain by moving, as
//! far as the edges between them and the rest allow. It is network simplex with many exchanges a pass and no tree to
//! repair, so it may end a little short of the best (Gansner et al., A Technique for Drawing Directed Graphs, 1993, §2).

use super::Stop;
use super::net::Net;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Passes with hardly any gain, each from another root, before the ranks are taken as they are.
const IDLE_PASSES: u32 = 4;
const MOST_PASSES: u32 = 60;
const NONE: u32 = u32::MAX;

/// Layers of nodes, and the room to find them.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    /// The layer of each node; the first is 0 and none is empty.
    pub(super) of: Vec<u32>,
    rank: Vec<i32>,
    degree: Vec<u32>,
    queue: Vec<u32>,
    /// The tree: parents, nodes in preorder, where each is in it, and how many are below.
    parent: Vec<u32>,
    order: Vec<u32>,
    place: Vec<u32>,
    below: Vec<u32>,
    net_in: Vec<i64>,
    tree: super::csr::Csr,
    leaving: BinaryHeap<Reverse<(i32, u32)>>,
    entering: BinaryHeap<Reverse<(i32, u32)>>,
    crowd: Vec<u32>,
}

impl Ranks {
    /// Finds the layers of a net.
    pub(super) fn find(&mut self, net: &Net, stop: &Stop<'_>) {
        self.longest_path(net);
        let mut idle = 0;
        for pass in 0..MOST_PASSES {
            if net.nodes < 3 || idle == IDLE_PASSES || stop.now() {
                break;
            }
            let root = [0, net.nodes - 1, net.nodes / 2, net.nodes / 3][pass as usize % 4];
            self.grow_tree(net, root);
            let gain = self.move_subtrees(net);
            // Large graphs have always a little to gain; half a layer for every hundred edges is not worth a pass.
            idle = if gain * 200 > net.tails.len() as u64 {
                0
            } else {
                idle + 1
            };
        }
        self.normalize();
        self.balance(net);
    }

    /// The least rank of each node that its predecessors allow.
    fn longest_path(&mut self, net: &Net) {
        let count = net.nodes as usize;
        self.rank.clear();
        self.rank.resize(count, 0);
        self.degree.clear();
        self.degree
            .extend((0..net.nodes).map(|node| net.into.of(node).len() as u32));
        self.queue.clear();
        self.queue
            .extend((0..net.nodes).filter(|&node| self.degree[node as usize] == 0));
        let mut next = 0;
        while next < self.queue.len() {
            let node = self.queue[next];
            next += 1;
            for &edge in net.out.of(node) {
                let head = net.heads[edge as usize] as usize;
                self.rank[head] = self.rank[head].max(self.rank[node as usize] + 1);
                self.degree[head] -= 1;
                if self.degree[head] == 0 {
                    self.queue.push(head as u32);
                }
            }
        }
    }

    /// A tree of edges of length one that reaches every node; it moves as a whole when no such edge leads on.
    fn grow_tree(&mut self, net: &Net, root: u32) {
        let count = net.nodes as usize;
        self.parent.clear();
        self.parent.resize(count, NONE);
        self.leaving.clear();
        self.entering.clear();
        // While it grows, nodes of the tree have their rank less `shift`, so that moving the tree is one addition.
        let mut shift = 0;
        let mut joined = 1;
        self.parent[root as usize] = root;
        self.queue.clear();
        self.queue.push(root);
        loop {
            while let Some(node) = self.queue.pop() {
                let rank = self.rank[node as usize];
                for &edge in net.out.of(node) {
                    let head = net.heads[edge as usize];
                    if self.parent[head as usize] == NONE {
                        let slack = self.rank[head as usize] - rank - 1;
                        if slack == shift {
                            joined += 1;
                            self.join(head, node, shift);
                        } else {
                            self.leaving.push(Reverse((slack, edge)));
                        }
                    }
                }
                for &edge in net.into.of(node) {
                    let tail = net.tails[edge as usize];
                    if self.parent[tail as usize] == NONE {
                        let slack = rank - self.rank[tail as usize] - 1;
                        if slack == -shift {
                            joined += 1;
                            self.join(tail, node, shift);
                        } else {
                            self.entering.push(Reverse((slack, edge)));
                        }
                    }
                }
            }
            if joined == net.nodes {
                break;
            }
            while let Some(Reverse((_, edge))) = self.leaving.peek() {
                if self.parent[net.heads[*edge as usize] as usize] == NONE {
                    break;
                }
                self.leaving.pop();
            }
            while let Some(Reverse((_, edge))) = self.entering.peek() {
                if self.parent[net.tails[*edge as usize] as usize] == NONE {
                    break;
                }
                self.entering.pop();
            }
            let down = self.leaving.peek().map(|Reverse((slack, edge))| (slack - shift, *edge));
            let up = self
                .entering
                .peek()
                .map(|Reverse((slack, edge))| (slack + shift, *edge));
            match (down, up) {
                (Some((slack, edge)), up) if up.is_none_or(|up| slack <= up.0) => {
                    shift += slack;
                    joined += 1;
                    self.join(net.heads[edge as usize], net.tails[edge as usize], shift);
                }
                (_, Some((slack, edge))) => {
                    shift -= slack;
                    joined += 1;
                    self.join(net.tails[edge as usize], net.heads[edge as usize], shift);
                }
                _ => break, // not connected: never, but then the rest stays where it is
            }
        }
        for node in 0..count {
            if self.parent[node] != NONE {
                self.rank[node] += shift;
            }
        }
    }

    fn join(&mut self, node: u32, parent: u32, shift: i32) {
        self.parent[node as usize] = parent;
        self.rank[node as usize] -= shift;
        self.queue.push(node);
    }

    /// Moves subtrees of the tree that shorten the edges; gives by how much all together.
    fn move_subtrees(&mut self, net: &Net) -> u64 {
        let count = net.nodes as usize;
        let parent = &self.parent;
        let mut root = 0;
        self.tree.build(
            count,
            (0..net.nodes)
                .filter(|&node| parent[node as usize] != node && parent[node as usize] != NONE)
                .map(|node| (parent[node as usize], node)),
        );
        for node in 0..net.nodes {
            if self.parent[node as usize] == node {
                root = node;
            }
        }
        self.order.clear();
        self.place.clear();
        self.place.resize(count, 0);
        self.queue.clear();
        self.queue.push(root);
        while let Some(node) = self.queue.pop() {
            self.place[node as usize] = self.order.len() as u32;
            self.order.push(node);
            self.queue.extend_from_slice(self.tree.of(node));
        }
        self.below.clear();
        self.below.resize(count, 1);
        self.net_in.clear();
        self.net_in.resize(count, 0);
        for edge in 0..net.tails.len() {
            let weight = i64::from(net.weights[edge]);
            self.net_in[net.heads[edge] as usize] += weight;
            self.net_in[net.tails[edge] as usize] -= weight;
        }
        let mut gained = 0;
        // Deep subtrees first; what they gain by moving does not depend on where others are.
        for at in (1..self.order.len()).rev() {
            let node = self.order[at];
            let above = self.parent[node as usize];
            self.below[above as usize] += self.below[node as usize];
            self.net_in[above as usize] += self.net_in[node as usize];
            let gain = self.net_in[node as usize];
            if gain != 0 {
                gained += gain.unsigned_abs() * u64::from(self.move_subtree(net, at, gain > 0));
            }
        }
        gained
    }

    /// Moves a subtree up or down until an edge between it and the rest is tight; gives how far.
    fn move_subtree(&mut self, net: &Net, at: usize, up: bool) -> u32 {
        let end = at + self.below[self.order[at] as usize] as usize;
        let inside = |place: u32| (at..end).contains(&(place as usize));
        let mut room = i32::MAX;
        for &node in &self.order[at..end] {
            let edges = if up { &net.into } else { &net.out };
            let ends = if up { &net.tails } else { &net.heads };
            for &edge in edges.of(node) {
                let other = ends[edge as usize] as usize;
                if !inside(self.place[other]) {
                    room = room.min((self.rank[other] - self.rank[node as usize]).abs() - 1);
                }
            }
            if room == 0 {
                return 0;
            }
        }
        if room == i32::MAX {
            return 0;
        }
        for &node in &self.order[at..end] {
            self.rank[node as usize] += if up { -room } else { room };
        }
        room.unsigned_abs()
    }

    /// Makes the first layer 0 and closes up layers without nodes, which only a search that was stopped leaves.
    fn normalize(&mut self) {
        let first = self.rank.iter().copied().min().unwrap_or(0);
        self.of.clear();
        self.of.extend(self.rank.iter().map(|rank| rank.abs_diff(first)));
        let last = self.of.iter().copied().max().unwrap_or(0) as usize;
        self.crowd.clear();
        self.crowd.resize(last + 1, 0);
        for &layer in &self.of {
            self.crowd[layer as usize] += 1;
        }
        if self.crowd.contains(&0) {
            self.queue.clear();
            let mut used = 0;
            for &count in &self.crowd {
                self.queue.push(used);
                used += u32::from(count > 0);
            }
            for layer in &mut self.of {
                *layer = self.queue[*layer as usize];
            }
            self.crowd.retain(|&count| count > 0);
        }
    }

    /// Moves nodes that could be in several layers at no cost into the one with the fewest.
    fn balance(&mut self, net: &Net) {
        for node in 0..net.nodes {
            let weight = |edges: &[u32]| edges.iter().map(|&edge| net.weights[edge as usize]).sum::<u32>();
            let (into, out) = (net.into.of(node), net.out.of(node));
            if into.is_empty() || out.is_empty() || weight(into) != weight(out) {
                continue;
            }
            let low = into
                .iter()
                .map(|&edge| self.of[net.tails[edge as usize] as usize] + 1)
                .max()
                .unwrap_or(0);
            let high = out
                .iter()
                .map(|&edge| self.of[net.heads[edge as usize] as usize])
                .min()
                .unwrap_or(0);
            let here = self.of[node as usize];
            let best =
                (low..high).min_by_key(|&layer| (self.crowd[layer as usize] - u32::from(layer == here), layer != here));
            if let Some(best) = best.filter(|&best| best != here && self.crowd[here as usize] > 1) {
                self.crowd[here as usize] -= 1;
                self.crowd[best as usize] += 1;
                self.of[node as usize] = best;
            }
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [
            &self.of,
            &self.degree,
            &self.queue,
            &self.parent,
            &self.order,
            &self.place,
            &self.below,
            &self.crowd,
        ];
        let heaps = self.leaving.capacity() + self.entering.capacity();
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>()
            + 4 * self.rank.capacity()
            + 8 * (self.net_in.capacity() + heaps)
            + self.tree.bytes()
    }
}
