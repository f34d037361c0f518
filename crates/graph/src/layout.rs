//! Lays a graph out in layers: every edge goes on, few cross, none touches a box that it does not belong to.
//!
//! Each group is laid out by itself, from the innermost out, and is then one box in its own group; unconnected parts
//! of a group are laid out one by one and packed in rows. A part is made free of cycles (`net`), put into layers
//! (`rank`, `layers`), ordered (`order`), placed (`place`) and routed (`route`).
//! An edge between boxes of different groups is cut at the groups' borders (`strands`), each piece is drawn with the
//! group that it is in, and all are joined at the end. Siblings that are alike may be folded before (`bundle`).

mod bundle;
mod csr;
mod find;
mod lanes;
mod layers;
mod level;
mod memory;
mod net;
mod order;
mod pack;
mod parts;
mod place;
mod rank;
mod result;
mod route;
mod strands;
#[cfg(test)]
mod tests;

use crate::graph::{Graph, Size, index};
use bundle::Bundles;
use lanes::Lanes;
use layers::Layers;
use level::{Level, Ports};
pub use memory::Memory;
pub use result::{Bundle, Direction, Layout, Point, Rect};
use strands::Strands;

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
    /// From how many boxes of one group on, that lead to the same boxes and are led to by the same, they are folded into
    /// a grid: one more than this. Boxes without any edges are alike too.
    pub bundle_above: usize,
    /// Between the cells of such a grid.
    pub bundle_gap: f32,
    /// The rank of a box among the cells of its grid, the least first; equal ones keep the order of their indices.
    pub bundle_order: Option<&'a dyn Fn(u32) -> u64>,
    /// Where the middle of a box was in an earlier layout (see [`Memory`]): boxes keep their order unless that costs many
    /// crossings, and move little.
    pub before: Option<&'a dyn Fn(u32) -> Option<Point>>,
    /// The box that others make room for if it grew: the group that was just unfolded, say.
    pub anchor: Option<u32>,
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
            bundle_above: usize::MAX,
            bundle_gap: 8.0,
            bundle_order: None,
            before: None,
            anchor: None,
            stop: None,
        }
    }
}

/// The room that a layout needs while it works; used again, it allocates nothing that it had before.
#[derive(Debug, Default)]
pub struct Scratch {
    children: csr::Csr,
    bundles: Bundles,
    lanes: Lanes,
    strands: Strands,
    ports: Vec<Ports>,
    members: Vec<u32>,
    anchors: Vec<u32>,
    /// The corners of the strands, each from the corner of its group on.
    corners: Vec<Point>,
    level: Level,
}

impl Scratch {
    /// The bytes that this holds on to.
    pub fn bytes(&self) -> usize {
        4 * (self.members.capacity() + self.anchors.capacity())
            + size_of::<Ports>() * self.ports.capacity()
            + 8 * self.corners.capacity()
            + self.children.bytes()
            + self.bundles.bytes()
            + self.lanes.bytes()
            + self.strands.bytes()
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
    /// What each item, node or dummy, needs at either side besides its size: for edges to itself or in lanes.
    aside: &'a [f32],
    node_gap: f32,
    edge_gap: f32,
    layer_gap: f32,
}

impl Measures<'_> {
    /// Half of what an item takes of its row, gaps included.
    fn half(&self, layers: &Layers, item: u32) -> f32 {
        let own = if layers.is_dummy(item) {
            self.edge_gap
        } else {
            self.sizes[item as usize].width + self.node_gap
        };
        own / 2.0 + self.aside[item as usize]
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
    out.reset(graph);
    let options = Options {
        node_gap: options.node_gap.max(1.0),
        edge_gap: options.edge_gap.max(1.0),
        layer_gap: options.layer_gap.max(1.0),
        ..*options
    };
    scratch.prepare(graph, &options, out);
    // What a group holds has higher indices than the group itself.
    for group in (0..index(graph.len())).rev() {
        if !scratch.children.of(group).is_empty() {
            let size = scratch.lay_out_group(group, &options, out);
            let rect = &mut out.rects[group as usize];
            (rect.width, rect.height) = (size.width.max(rect.width), size.height.max(rect.height));
        }
    }
    out.size = scratch.lay_out_group(Graph::TOP, &options, out);
    // From places in groups to places in the whole, the outer groups first.
    for node in 0..out.rects.len() {
        if let Some(&group) = out.rects.get(scratch.bundles.parents[node] as usize) {
            out.rects[node].x += group.x;
            out.rects[node].y += group.y;
        }
    }
    let bundles = out.rects.drain(graph.len()..);
    let cells = scratch.bundles.start.windows(2).map(|ends| (ends[0], ends[1]));
    out.bundles
        .extend(bundles.zip(cells).map(|(rect, cells)| Bundle { rect, cells }));
    out.cells.extend_from_slice(&scratch.bundles.cells);
    out.shared.extend_from_slice(&scratch.bundles.drawn_by);
    scratch.bundles.place_cells(graph, out);
    scratch.join_strands(options.orientation == Orientation::Right, out);
    out.finder.build(&out.rects);
    out.stopped = Stop(options.stop).now();
}

impl Scratch {
    /// Finds what is laid out where: bundles, lanes, strands, and the boxes that each group holds.
    fn prepare(&mut self, graph: &Graph, options: &Options<'_>, out: &mut Layout) {
        let inside = |parents: &[u32], node: usize| (parents[node] != Graph::TOP).then(|| (parents[node], index(node)));
        let count = graph.len();
        self.children
            .build(count, (0..count).filter_map(|node| inside(&graph.parents, node)));
        self.bundles.find(graph, &self.children, options);
        let bundles = &self.bundles;
        let all = count + bundles.len();
        for bundle in 0..bundles.len() {
            let size = bundles.size(bundle);
            out.rects.push(Rect::new(0.0, 0.0, size));
        }
        let stays = |node: usize| bundles.stands.get(node).is_none_or(|&stands| stands as usize == node);
        if bundles.len() > 0 {
            let stay = (0..all).filter(|&node| stays(node));
            self.children
                .build(all, stay.filter_map(|node| inside(&bundles.parents, node)));
        }
        self.members.clear();
        let top = (0..all).filter(|&node| bundles.parents[node] == Graph::TOP && stays(node));
        self.members.extend(top.map(index));
        self.lanes.find(count, &graph.edges, options.edge_gap);
        let drawn = graph.edges.iter().enumerate().map(|(at, edge)| {
            let drawn = bundles.drawn_by.get(at).is_none_or(|&by| by as usize == at);
            drawn.then(|| (bundles.stands[edge.from as usize], bundles.stands[edge.to as usize]))
        });
        self.strands.cut(&bundles.parents, drawn);
        self.anchors.clear();
        let anchor = options.anchor.filter(|&anchor| (anchor as usize) < count);
        self.anchors
            .extend(std::iter::successors(anchor, |&node| graph.parent(node)));
        self.ports.clear();
        self.ports.resize(all, Ports::default());
        self.corners.clear();
    }

    fn lay_out_group(&mut self, group: u32, options: &Options<'_>, out: &mut Layout) -> Size {
        let top = group == Graph::TOP;
        let members = if top { &self.members } else { self.children.of(group) };
        let mut task = level::Task {
            options,
            anchors: &self.anchors,
            boxes: index(self.bundles.stands.len()),
            strands: &mut self.strands.all,
            mine: self.strands.by_owner.of(group.min(index(self.bundles.parents.len()))),
            lanes: &self.lanes,
            rects: &mut out.rects,
            ports: &mut self.ports,
            corners: &mut self.corners,
        };
        let padding = if top { 0.0 } else { options.group_padding.max(0.0) };
        let title = if top { 0.0 } else { options.group_title.max(0.0) };
        let (size, ports) = self.level.lay_out(&mut task, members, padding, title);
        if !top {
            self.ports[group as usize] = ports;
        }
        size
    }

    /// Joins the strands of each edge into its route.
    fn join_strands(&self, right: bool, out: &mut Layout) {
        for edge in 0..out.spans.len() {
            let by = self.bundles.drawn_by.get(edge).map_or(edge, |&by| by as usize);
            if by < edge {
                out.spans[edge] = out.spans[by];
                continue;
            }
            let begin = out.points.len();
            let strands = self.strands.of_edge(edge);
            // Where it runs against its direction it comes to a border from the wrong side, and ends there.
            let alone = strands.iter().any(|strand| strand.reversed);
            for strand in strands {
                if alone && (strand.from == strands::BORDER || strand.to == strands::BORDER) {
                    continue;
                }
                let at = out.rects.get(strand.owner as usize).copied().unwrap_or_default();
                let corners = &self.corners[strand.points.0 as usize..strand.points.1 as usize];
                for corner in corners {
                    let point = Point {
                        x: at.x + corner.x,
                        y: at.y + corner.y,
                    };
                    route::push(&mut out.points, begin, point);
                }
                if let (strands::BORDER, Some(last)) = (strand.to, corners.last()) {
                    // The group may be larger than what it holds.
                    let point = if right {
                        Point {
                            x: at.x + at.width,
                            y: at.y + last.y,
                        }
                    } else {
                        Point {
                            x: at.x + last.x,
                            y: at.y + at.height,
                        }
                    };
                    route::push(&mut out.points, begin, point);
                }
            }
            out.spans[edge] = (index(begin), index(out.points.len()));
        }
    }
}
