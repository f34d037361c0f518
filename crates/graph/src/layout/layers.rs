//! Lists the nodes of each layer, with a dummy for every layer that an edge passes through.

use super::csr::Csr;
use super::net::Net;
use super::rank::Ranks;
use crate::graph::index;

/// Nodes and dummies in layers, and the links from each layer to the next.
///
/// Nodes come first, then the dummies of one edge after another, from its tail down.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// How many of the items are nodes; the others are dummies.
    pub(super) nodes: u32,
    /// The layer of each item.
    pub(super) layer: Vec<u32>,
    /// The items of each layer, from left to right.
    pub(super) rows: Csr,
    /// Where an item is in its row.
    pub(super) pos: Vec<u32>,
    /// The neighbours in the layer above, and in the one below.
    pub(super) up: Csr,
    pub(super) down: Csr,
    /// The first dummy of each edge of the net, and one number more.
    pub(super) chains: Vec<u32>,
    /// Edges that pass outside of all layers, as there would be too many dummies.
    pub(super) outside: Vec<bool>,
    links: Vec<(u32, u32)>,
    spans: Vec<u32>,
}

/// Dummies for each node and edge, on average; beyond it the longest edges pass outside.
const DUMMIES_PER_PART: u64 = 60;
const DUMMIES_AT_LEAST: u64 = 20_000;

impl Layers {
    /// Lists the layers of a net.
    pub(super) fn build(&mut self, net: &Net, ranks: &Ranks) {
        self.nodes = net.nodes;
        self.layer.clear();
        self.layer.extend_from_slice(&ranks.of);
        let edges = net.tails.len();
        let span = |edge: usize| match net.weights[edge] {
            0 => 1,
            _ => ranks.of[net.heads[edge] as usize] - ranks.of[net.tails[edge] as usize],
        };
        self.send_outside(edges, u64::from(net.nodes), span);
        self.chains.clear();
        self.links.clear();
        for edge in 0..edges {
            self.chains.push(index(self.layer.len()));
            if self.outside[edge] || net.weights[edge] == 0 {
                continue;
            }
            let mut above = net.tails[edge];
            for layer in ranks.of[above as usize] + 1..ranks.of[net.heads[edge] as usize] {
                let dummy = index(self.layer.len());
                self.layer.push(layer);
                self.links.push((above, dummy));
                above = dummy;
            }
            self.links.push((above, net.heads[edge]));
        }
        self.chains.push(index(self.layer.len()));
        let items = self.layer.len();
        self.down.build(items, self.links.iter().copied());
        self.up
            .build(items, self.links.iter().map(|&(above, below)| (below, above)));
        let layers = self.layer.iter().copied().max().map_or(0, |last| last as usize + 1);
        self.rows.build(
            layers,
            self.layer.iter().enumerate().map(|(item, &layer)| (layer, index(item))),
        );
        self.pos.clear();
        self.pos.resize(items, 0);
        self.number();
    }

    fn send_outside(&mut self, edges: usize, nodes: u64, span: impl Fn(usize) -> u32) {
        self.outside.clear();
        self.outside.resize(edges, false);
        let allowed = DUMMIES_AT_LEAST.max(DUMMIES_PER_PART * (nodes + edges as u64));
        let mut wanted: u64 = (0..edges).map(|edge| u64::from(span(edge) - 1)).sum();
        if wanted <= allowed {
            return;
        }
        self.spans.clear();
        self.spans.extend((0..edges).map(index));
        self.spans
            .sort_unstable_by_key(|&edge| (std::cmp::Reverse(span(edge as usize)), edge));
        for &edge in &self.spans {
            if wanted <= allowed {
                break;
            }
            wanted -= u64::from(span(edge as usize) - 1);
            self.outside[edge as usize] = true;
        }
    }

    /// Writes down where each item is in its row.
    pub(super) fn number(&mut self) {
        for layer in 0..self.rows.owners() {
            for (pos, &item) in self.rows.of(layer).iter().enumerate() {
                self.pos[item as usize] = index(pos);
            }
        }
    }

    /// Whether an item is a dummy.
    pub(super) fn is_dummy(&self, item: u32) -> bool {
        item >= self.nodes
    }

    /// How many items there are.
    pub(super) fn items(&self) -> usize {
        self.layer.len()
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = self.layer.capacity() + self.pos.capacity() + self.chains.capacity() + self.spans.capacity();
        let lists = [&self.rows, &self.up, &self.down];
        4 * words
            + 8 * self.links.capacity()
            + self.outside.capacity()
            + lists.iter().map(|list| list.bytes()).sum::<usize>()
    }
}
