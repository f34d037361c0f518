//! The layout as a Wasm module.

use flowdeck_graph::{Graph, Layout, Scratch, layout_into};
use wasm_bindgen::prelude::wasm_bindgen;

/// A graph, and the room to lay it out.
#[wasm_bindgen]
pub struct Bench {
    graph: Graph,
    bundle_above: usize,
    scratch: Scratch,
    out: Layout,
}

#[wasm_bindgen]
impl Bench {
    /// A graph from text (see the crate's `graph`); what is no graph has no boxes.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, bundle_above: usize) -> Bench {
        Bench {
            graph: crate::graph(text).unwrap_or_default(),
            bundle_above,
            scratch: Scratch::default(),
            out: Layout::default(),
        }
    }

    /// Lays the graph out.
    pub fn lay_out(&mut self) {
        layout_into(
            &self.graph,
            &crate::options(self.bundle_above),
            &mut self.scratch,
            &mut self.out,
        );
    }

    /// Left, top, width and height of each box.
    pub fn rects(&self) -> Vec<f32> {
        let rects = self.out.rects().iter();
        rects
            .flat_map(|rect| [rect.x, rect.y, rect.width, rect.height])
            .collect()
    }

    /// Where the corners of each edge begin and end in `points`.
    pub fn spans(&self) -> Vec<u32> {
        let mut end = 0;
        let span = |edge: u32| {
            let start = end;
            end += self.out.route(edge).len() as u32;
            [start, end]
        };
        (0..self.graph.edges().len() as u32).flat_map(span).collect()
    }

    /// The corners of all edges, x and y.
    pub fn points(&self) -> Vec<f32> {
        let edges = 0..self.graph.edges().len() as u32;
        edges
            .flat_map(|edge| self.out.route(edge))
            .flat_map(|point| [point.x, point.y])
            .collect()
    }
}
