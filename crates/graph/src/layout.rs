//! Lays a graph out in layers: every edge goes on, few cross, none touches a box that it does not belong to.
//!
//! Each group is laid out by itself, from the innermost out, and is then one box in its own group; unconnected parts
//! of a group are laid out one by one and packed in rows. A part is made free of cycles (`net`), put into layers
//! (`rank`, `layers`), ordered (`order`), placed (`place`) and routed (`route`).
//! An edge between boxes of different groups is drawn between those boxes around its ends that are in the same group.

mod csr;
mod layers;
mod level;
mod net;
mod order;
mod pack;
mod place;
mod rank;
mod result;
mod route;
#[cfg(test)]
mod tests;

use crate::graph::{Graph, Size, index};
use layers::Layers;
use level::Level;
pub use result::{Direction, Layout, Point, Rect};

/// Which way the edges go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// From the top to the bottom.
    #[default]
    Down,
    /// From the left to the right.
    Right,
}

/// How to lay out; the defaults fit boxes of 190 × 46.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Which way the edges go.
    pub orientation: Orientation,
    /// Between boxes of the same layer.
    pub node_gap: f32,
    /// Around an edge that passes between boxes.
    pub edge_gap: f32,
    /// Between layers.
    pub layer_gap: f32,
    /// Between a group's border and what it holds.
    pub group_padding: f32,
    /// The room above what a group holds, for its name.
    pub group_title: f32,
    /// Says when to make do with what is found so far; asked often. The layout is then whole, only plainer.
    pub stop: Option<&'a dyn Fn() -> bool>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            orientation: Orientation::Down,
            node_gap: 28.0,
            edge_gap: 14.0,
            layer_gap: 44.0,
            group_padding: 16.0,
            group_title: 20.0,
            stop: None,
        }
    }
}

/// The room that a layout needs while it works; used again, it allocates nothing that it had before.
#[derive(Debug, Default)]
pub struct Scratch {
    children: csr::Csr,
    depth: Vec<u32>,
    lifted: Vec<(u32, u32)>,
    owner: Vec<u32>,
    by_owner: csr::Csr,
    level: Level,
}

impl Scratch {
    /// The bytes that this holds on to.
    pub fn bytes(&self) -> usize {
        4 * (self.depth.capacity() + self.owner.capacity())
            + 8 * self.lifted.capacity()
            + self.children.bytes()
            + self.by_owner.bytes()
            + self.level.bytes()
    }
}

/// Asks whoever called whether it is time to end.
struct Stop<'a>(Option<&'a dyn Fn() -> bool>);

impl Stop<'_> {
    fn now(&self) -> bool {
        self.0.is_some_and(|ask| ask())
    }
}

/// The sizes of one part's boxes, turned so that edges go down.
struct Measures<'a> {
    sizes: &'a [Size],
    node_gap: f32,
    edge_gap: f32,
    layer_gap: f32,
}

impl Measures<'_> {
    /// Half of what an item takes of its row, gaps included.
    fn half(&self, layers: &Layers, item: u32) -> f32 {
        if layers.is_dummy(item) {
            self.edge_gap / 2.0
        } else {
            (self.sizes[item as usize].width + self.node_gap) / 2.0
        }
    }
}

/// Lays a graph out.
pub fn layout(graph: &Graph, options: &Options<'_>, scratch: &mut Scratch) -> Layout {
    let mut out = Layout::default();
    layout_into(graph, options, scratch, &mut out);
    out
}

/// Lays a graph out in the room of an earlier layout.
pub fn layout_into(graph: &Graph, options: &Options<'_>, scratch: &mut Scratch, out: &mut Layout) {
    let count = graph.len();
    out.reset(graph);
    let placed = graph
        .parents
        .iter()
        .enumerate()
        .filter(|(_, parent)| **parent != Graph::TOP);
    scratch
        .children
        .build(count, placed.map(|(node, &parent)| (parent, index(node))));
    scratch.lift_edges(graph);
    let options = Options {
        node_gap: options.node_gap.max(1.0),
        edge_gap: options.edge_gap.max(1.0),
        layer_gap: options.layer_gap.max(1.0),
        ..*options
    };
    // What a group holds has higher indices than the group itself.
    for group in (0..index(count)).rev() {
        if !scratch.children.of(group).is_empty() {
            let size = scratch.lay_out_group(graph, group, &options, out);
            let rect = &mut out.rects[group as usize];
            (rect.width, rect.height) = (size.width.max(rect.width), size.height.max(rect.height));
        }
    }
    out.size = scratch.lay_out_group(graph, Graph::TOP, &options, out);
    // From places in groups to places in the whole, the outer groups first.
    for node in 0..count {
        if let Some(group) = graph.parents.get(node).filter(|&&group| group != Graph::TOP) {
            let (x, y) = (out.rects[*group as usize].x, out.rects[*group as usize].y);
            out.rects[node].x += x;
            out.rects[node].y += y;
        }
    }
    for edge in 0..graph.edges.len() {
        if let Some(rect) = out.rects.get(scratch.owner[edge] as usize).copied() {
            for point in &mut out.points[out.spans[edge].0 as usize..out.spans[edge].1 as usize] {
                point.x += rect.x;
                point.y += rect.y;
            }
        }
    }
}

impl Scratch {
    /// Finds for each edge the group in which it is drawn, and the boxes of that group between which it is.
    fn lift_edges(&mut self, graph: &Graph) {
        self.depth.clear();
        for &parent in &graph.parents {
            let depth = self.depth.get(parent as usize).map_or(0, |depth| depth + 1);
            self.depth.push(depth);
        }
        self.lifted.clear();
        self.owner.clear();
        for edge in &graph.edges {
            let (mut from, mut to) = (edge.from, edge.to);
            while from != to && graph.parents[from as usize] != graph.parents[to as usize] {
                let (deep, other) = (self.depth[from as usize], self.depth[to as usize]);
                if deep >= other {
                    from = graph.parents[from as usize];
                }
                if other >= deep {
                    to = graph.parents[to as usize];
                }
            }
            self.lifted.push((from, to));
            self.owner.push(graph.parents[from as usize]);
        }
        // The edges of the top come last, under an index of their own.
        let top = index(graph.len());
        let owners = self.owner.iter().enumerate();
        self.by_owner.build(
            graph.len() + 1,
            owners.map(|(edge, &owner)| (owner.min(top), index(edge))),
        );
    }

    fn lay_out_group(&mut self, graph: &Graph, group: u32, options: &Options<'_>, out: &mut Layout) -> Size {
        let top = group == Graph::TOP;
        let edges = self.by_owner.of(group.min(index(graph.len())));
        let mut level = level::Task {
            graph,
            options,
            lifted: &self.lifted,
            edges,
            out,
        };
        if top {
            let members = (0..index(graph.len())).filter(|&node| graph.parents[node as usize] == Graph::TOP);
            return self.level.lay_out(&mut level, members, (0.0, 0.0), (0.0, 0.0));
        }
        let members = self.children.of(group).iter().copied();
        let padding = options.group_padding.max(0.0);
        let start = (padding, padding + options.group_title.max(0.0));
        self.level.lay_out(&mut level, members, start, (padding, padding))
    }
}
