//! Lays out a graph that is given as numbers, for the bench's program.

use flowdeck_graph::{Graph, Options, Size};

/// The size of KFP's boxes, and dagre's gaps: what the peers are measured with.
pub const BOX: Size = Size {
    width: 224.0,
    height: 48.0,
};

/// The options that give our layout the gaps that the peers have.
pub fn options() -> Options<'static> {
    Options {
        node_gap: 50.0,
        edge_gap: 20.0,
        layer_gap: 50.0,
        ..Options::default()
    }
}

/// A graph of equal boxes from text: the number of boxes, then two numbers an edge.
pub fn graph(text: &str) -> Option<Graph> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u32>().ok());
    let mut graph = Graph::new();
    for _ in 0..numbers.next()?? {
        graph.add(BOX);
    }
    while let Some(from) = numbers.next() {
        graph.connect(from?, numbers.next()??)?;
    }
    Some(graph)
}
