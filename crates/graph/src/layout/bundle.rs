//! Folds siblings that have the same neighbours into one box with a grid of cells, so that wide fan-outs fit a screen.

use super::csr::Csr;
use super::result::{Layout, Rect};
use super::{Options, Orientation};
use crate::graph::{Edge, Graph, Size, index};

/// How much wider than high a grid shall be.
const SHAPE: f32 = 1.6;
const NONE: u32 = u32::MAX;

/// Which boxes are folded, and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Bundles {
    /// What stands for each box in the layout: a bundle's index, after those of all boxes, or the box itself.
    pub(super) stands: Vec<u32>,
    /// The group of each box and then of each bundle.
    pub(super) parents: Vec<u32>,
    /// The folded boxes of each bundle, in the order of their cells.
    pub(super) cells: Vec<u32>,
    /// Where the cells of each bundle begin, and one number more.
    pub(super) start: Vec<u32>,
    /// For each edge: the one that is drawn for it.
    pub(super) drawn_by: Vec<u32>,
    grids: Vec<Grid>,
    beside: Csr,
    /// What makes siblings alike, and the box.
    alike: Vec<(u32, u32, u64, u32)>,
    seen: Vec<u32>,
    firsts: Vec<(u64, u32)>,
    ranked: Vec<(u64, u32)>,
}

/// How the cells of a bundle stand.
#[derive(Clone, Copy, Debug, Default)]
struct Grid {
    columns: u32,
    cell: Size,
    gap: f32,
    corner: (f32, f32),
    size: Size,
}

impl Bundles {
    /// Finds what is folded: more than `bundle_above` boxes of one group that are led to by, and lead to, the same boxes.
    pub(super) fn find(&mut self, graph: &Graph, children: &Csr, options: &Options<'_>) {
        let count = graph.len();
        self.parents.clear();
        self.parents.extend_from_slice(&graph.parents);
        self.stands.clear();
        self.stands.extend(0..index(count));
        self.cells.clear();
        self.start.clear();
        self.start.push(0);
        self.grids.clear();
        self.drawn_by.clear();
        let least = options.bundle_above.saturating_add(1).max(2);
        if least > count {
            return;
        }
        self.sort_alike(graph, children);
        self.seen.clear();
        self.seen.resize(2 * count, NONE);
        let mut first = 0;
        while first < self.alike.len() {
            let key = |at: usize| (self.alike[at].0, self.alike[at].1, self.alike[at].2);
            let mut end = first + 1;
            while end < self.alike.len() && key(end) == key(first) {
                end += 1;
            }
            if end - first >= least {
                self.fold(graph, first..end, least, options);
            }
            first = end;
        }
        if !self.grids.is_empty() {
            self.share_edges(&graph.edges);
        }
    }

    /// Sorts boxes that are no groups by their group, number of neighbours and a mix of these neighbours.
    fn sort_alike(&mut self, graph: &Graph, children: &Csr) {
        let count = graph.len();
        // A neighbour that leads here is told from one that is led to by its number.
        let ends = graph.edges.iter();
        let both = ends.flat_map(|edge| [(edge.to, edge.from), (edge.from, edge.to + index(count))]);
        self.beside.build(count, both);
        self.alike.clear();
        for node in 0..index(count) {
            let beside = self.beside.of(node);
            if children.of(node).is_empty() && !beside.contains(&node) {
                let mixed = beside.iter().fold(0, |sum: u64, &other| sum.wrapping_add(mix(other)));
                let parent = graph.parents[node as usize];
                self.alike.push((parent, index(beside.len()), mixed, node));
            }
        }
        self.alike.sort_unstable();
    }

    /// Folds those of a run of likely siblings that are alike indeed.
    fn fold(&mut self, graph: &Graph, run: std::ops::Range<usize>, least: usize, options: &Options<'_>) {
        let model = self.alike[run.start].3;
        for &other in self.beside.of(model) {
            self.seen[other as usize] = model;
        }
        self.ranked.clear();
        for &(.., node) in &self.alike[run] {
            if self
                .beside
                .of(node)
                .iter()
                .all(|&other| self.seen[other as usize] == model)
            {
                let rank = options.bundle_order.map_or(0, |rank| rank(node));
                self.ranked.push((rank, node));
            }
        }
        if self.ranked.len() < least {
            return;
        }
        self.ranked.sort_unstable();
        let bundle = index(self.parents.len());
        self.parents.push(graph.parents[model as usize]);
        let mut cell = Size::default();
        for &(_, node) in &self.ranked {
            let size = graph.sizes[node as usize];
            cell.width = cell.width.max(size.width);
            cell.height = cell.height.max(size.height);
            self.stands[node as usize] = bundle;
            self.cells.push(node);
        }
        self.start.push(index(self.cells.len()));
        self.grids.push(Grid::of(self.ranked.len(), cell, options));
    }

    /// Finds, for edges at folded boxes, the first between the same ends: that one is drawn for all.
    fn share_edges(&mut self, edges: &[Edge]) {
        self.drawn_by.extend(0..index(edges.len()));
        let count = index(self.stands.len());
        let key = |edge: &Edge| {
            let (from, to) = (self.stands[edge.from as usize], self.stands[edge.to as usize]);
            (from >= count || to >= count).then_some(u64::from(from) << 32 | u64::from(to))
        };
        self.firsts.clear();
        let keyed = edges.iter().enumerate();
        self.firsts
            .extend(keyed.filter_map(|(at, edge)| key(edge).map(|key| (key, index(at)))));
        self.firsts.sort_unstable();
        let mut first = (u64::MAX, 0);
        for &(key, edge) in &self.firsts {
            if key != first.0 {
                first = (key, edge);
            }
            self.drawn_by[edge as usize] = first.1;
        }
    }

    /// How many bundles there are.
    pub(super) fn len(&self) -> usize {
        self.grids.len()
    }

    /// The size of a bundle.
    pub(super) fn size(&self, bundle: usize) -> Size {
        self.grids[bundle].size
    }

    /// Places the cells, each in the middle of its field, once it is known where the bundles are.
    pub(super) fn place_cells(&self, graph: &Graph, out: &mut Layout) {
        for (bundle, grid) in self.grids.iter().enumerate() {
            let at = out.bundles[bundle].rect;
            let cells = &self.cells[self.start[bundle] as usize..self.start[bundle + 1] as usize];
            for (nth, &node) in cells.iter().enumerate() {
                let (column, row) = (nth as u32 % grid.columns, nth as u32 / grid.columns);
                let size = graph.sizes[node as usize];
                let x = at.x + grid.corner.0 + column as f32 * (grid.cell.width + grid.gap);
                let y = at.y + grid.corner.1 + row as f32 * (grid.cell.height + grid.gap);
                out.rects[node as usize] = Rect {
                    x: x + (grid.cell.width - size.width) / 2.0,
                    y: y + (grid.cell.height - size.height) / 2.0,
                    width: size.width,
                    height: size.height,
                };
            }
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [
            &self.stands,
            &self.parents,
            &self.cells,
            &self.start,
            &self.drawn_by,
            &self.seen,
        ];
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>()
            + size_of::<Grid>() * self.grids.capacity()
            + size_of::<(u32, u32, u64, u32)>() * self.alike.capacity()
            + 16 * (self.firsts.capacity() + self.ranked.capacity())
            + self.beside.bytes()
    }
}

impl Grid {
    fn of(count: usize, cell: Size, options: &Options<'_>) -> Self {
        let gap = options.bundle_gap.max(0.0);
        let (wide, high) = (cell.width + gap, cell.height + gap);
        // Edges come in at one side and leave at the other: the grid is wide across them.
        let shape = match options.orientation {
            Orientation::Down => SHAPE,
            Orientation::Right => 1.0 / SHAPE,
        };
        let columns = (count as f32 * high.max(1.0) * shape / wide.max(1.0)).sqrt().round();
        let columns = (columns as usize).clamp(1, count);
        let rows = count.div_ceil(columns);
        let padding = options.group_padding.max(0.0);
        let title = options.group_title.max(0.0);
        Self {
            columns: index(columns),
            cell,
            gap,
            corner: (padding, padding + title),
            size: Size {
                width: columns as f32 * wide - gap + 2.0 * padding,
                height: rows as f32 * high - gap + 2.0 * padding + title,
            },
        }
    }
}

/// Spreads a number over 64 bits (the finalizer of splitmix64).
fn mix(number: u32) -> u64 {
    let mut mixed = u64::from(number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
