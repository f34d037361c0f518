//! Lays out a graph that is given as numbers, for the bench's program and its Wasm module.

use flowdeck_graph::{Graph, Options, Size};

#[cfg(target_arch = "wasm32")]
mod web;

/// The size of KFP's boxes, and dagre's gaps: what the peers are measured with.
pub const BOX: Size = Size {
    width: 224.0,
    height: 48.0,
};

/// The options that give our layout the gaps that the peers have; fans are folded above a width, or not at 0.
pub fn options(bundle_above: usize) -> Options<'static> {
    Options {
        node_gap: 50.0,
        edge_gap: 20.0,
        layer_gap: 50.0,
        bundle_above: if bundle_above == 0 { usize::MAX } else { bundle_above },
        ..Options::default()
    }
}

/// A graph of equal boxes from text: their number, the group of each and one (or 0), then two numbers an edge.
pub fn graph(text: &str) -> Option<Graph> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u32>().ok());
    let count = numbers.next()??;
    let groups: Vec<u32> = numbers.by_ref().take(count as usize).collect::<Option<_>>()?;
    let mut holds = vec![false; groups.len() + 1];
    for &group in &groups {
        *holds.get_mut(group as usize)? = true;
    }
    let mut graph = Graph::new();
    for (node, &group) in groups.iter().enumerate() {
        let size = if holds[node + 1] { Size::default() } else { BOX };
        match group.checked_sub(1) {
            Some(group) => graph.add_inside(group, size),
            None => graph.add(size),
        };
    }
    while let Some(from) = numbers.next() {
        graph.connect(from?, numbers.next()??)?;
    }
    Some(graph)
}
