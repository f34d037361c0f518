//! Checks what every pipeline promises that any bytes were read to, and every error.

use flowdeck_graph::{Node, Pipeline, Place, ReadError, Size};

/// Nodes whose paths are looked up again: each takes as long as its siblings are many.
const LOOKED_UP: usize = 200;

/// Panics if a pipeline breaks a promise. `texts` are what its places may lie in.
pub(crate) fn hold(pipeline: &Pipeline, texts: &[&[u8]]) {
    let mut edges = 0;
    let mut depths: Vec<u32> = Vec::with_capacity(pipeline.len());
    for (at, node) in pipeline.nodes().enumerate() {
        let parent = node.parent().map(|parent| parent.id().index());
        assert_eq!(parent.is_none(), at == 0, "only the whole has no parent");
        assert!(
            parent.is_none_or(|parent| parent < at),
            "a parent comes before its children"
        );
        depths.push(parent.map_or(0, |parent| depths[parent] + 1));
        assert!(depths[at] <= 110, "nested {} levels deep", depths[at]);
        edges += node.edges().len();
        for edge in node.edges() {
            let (from, to) = (edge.from(), edge.to());
            assert!(is_in(from, node) && is_in(to, node), "an edge joins siblings");
            assert!(edge.output().is_empty() || edge.kind() == flowdeck_graph::EdgeKind::Data);
        }
        for port in node.inputs().chain(node.outputs()) {
            std::hint::black_box((port.name(), port.value(), port.source()));
        }
        std::hint::black_box((node.iterator(), node.retry(), node.image(), node.message()));
        if at < LOOKED_UP {
            let path = node.path();
            let found = pipeline.find(&path).map(Node::path);
            assert_eq!(found.as_ref(), Some(&path));
        }
        if let Some(offset) = node.offset() {
            assert!(
                texts.iter().any(|text| offset as usize <= text.len()),
                "an offset is in the text"
            );
        }
    }
    assert_eq!(edges, pipeline.edges().len(), "each edge has one parent");
    for fault in pipeline.faults() {
        assert!(!fault.message.is_empty());
        assert!(
            fault
                .place
                .is_none_or(|place| texts.iter().any(|text| is_inside(place, text))),
            "{fault:?}"
        );
    }
    layers(pipeline);
}

fn is_in(node: Node<'_>, parent: Node<'_>) -> bool {
    node.parent().is_some_and(|known| known.id() == parent.id())
}

fn layers(pipeline: &Pipeline) {
    let size = |_: Node<'_>, _: bool| Size {
        width: 200.0,
        height: 40.0,
    };
    let open = pipeline
        .layer("root", |_| false, size)
        .expect("there is always the whole");
    let all = pipeline.len().max(2) - 1;
    assert_eq!((open.graph.len(), open.nodes.len()), (all, all), "every node is a box");
    assert_eq!(open.graph.edges().len(), open.edges.len());
    assert_eq!(open.edges.len(), pipeline.edges().len(), "every edge is drawn");
    let folded = pipeline
        .layer("root", |_| true, size)
        .expect("there is always the whole");
    assert_eq!(folded.graph.len(), pipeline.root().children().len().max(1));
}

/// Panics if an error points outside of the text.
pub(crate) fn hold_error(error: &ReadError, text: &[u8]) {
    assert!(error.place().is_none_or(|place| is_inside(place, text)), "{error:?}");
    assert!(!error.to_string().is_empty());
}

/// Whether a place is in a text, or right behind it.
fn is_inside(place: Place, text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let Some(line) = text.split('\n').nth(place.line as usize - 1) else {
        return false;
    };
    place.column >= 1 && place.column as usize <= line.chars().count() + 1
}
