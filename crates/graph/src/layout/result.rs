//! Answers where everything is: rectangles, routes, what is under a point, and what is next to a box.

use super::find::Finder;
use crate::graph::{Graph, Size};

/// A place, in pixels from the upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// Where a box is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Its left side.
    pub x: f32,
    /// Its upper side.
    pub y: f32,
    /// How wide it is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
}

impl Rect {
    pub(super) fn new(x: f32, y: f32, size: Size) -> Self {
        Self {
            x,
            y,
            width: size.width,
            height: size.height,
        }
    }

    /// Its middle.
    pub fn center(&self) -> Point {
        Point {
            x: self.x + self.width / 2.0,
            y: self.y + self.height / 2.0,
        }
    }

    /// Whether a point is in it or on its border.
    pub fn contains(&self, point: Point) -> bool {
        (self.x..=self.x + self.width).contains(&point.x) && (self.y..=self.y + self.height).contains(&point.y)
    }
}

/// Where an arrow key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards smaller y.
    Up,
    /// Towards greater y.
    Down,
    /// Towards smaller x.
    Left,
    /// Towards greater x.
    Right,
}

/// Boxes that are folded into a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The box around the grid; the edges of its cells begin and end at it.
    pub rect: Rect,
    /// From where to where its cells are in [`Layout::cells`].
    pub(super) cells: (u32, u32),
}

/// Where the boxes of a graph are, and how its edges run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Each box, by its index in the graph.
    pub(super) rects: Vec<Rect>,
    pub(super) points: Vec<Point>,
    /// From where to where the points of each edge go.
    pub(super) spans: Vec<(u32, u32)>,
    /// For each edge the one whose route it has, if any are shared.
    pub(super) shared: Vec<u32>,
    pub(super) parents: Vec<u32>,
    pub(super) bundles: Vec<Bundle>,
    pub(super) cells: Vec<u32>,
    pub(super) finder: Finder,
    pub(super) size: Size,
    pub(super) stopped: bool,
}

impl Layout {
    pub(super) fn reset(&mut self, graph: &Graph) {
        self.rects.clear();
        self.rects
            .extend(graph.sizes.iter().map(|&size| Rect::new(0.0, 0.0, size)));
        self.shared.clear();
        self.bundles.clear();
        self.cells.clear();
        self.points.clear();
        self.spans.clear();
        self.spans.resize(graph.edges.len(), (0, 0));
        self.parents.clear();
        self.parents.extend_from_slice(&graph.parents);
        self.size = Size::default();
    }

    /// Whether it was to stop before it was done: it is whole, but plainer than it could be.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// How large everything is together; it begins at (0, 0).
    pub fn size(&self) -> Size {
        self.size
    }

    /// Each box, by its index in the graph.
    pub fn rects(&self) -> &[Rect] {
        &self.rects
    }

    /// The grids into which boxes were folded.
    pub fn bundles(&self) -> &[Bundle] {
        &self.bundles
    }

    /// The boxes of a grid, row by row.
    pub fn cells(&self, bundle: &Bundle) -> &[u32] {
        let (start, end) = (bundle.cells.0 as usize, bundle.cells.1 as usize);
        self.cells.get(start..end).unwrap_or_default()
    }

    /// The corners of an edge from its first box to its last; none if one of the two holds the other.
    ///
    /// Edges at cells of a grid begin or end at the grid and share one route (see [`Layout::drawn`]). An edge that has
    /// to run against its direction, as groups lead to each other in a circle, ends at the outermost border between.
    pub fn route(&self, edge: u32) -> &[Point] {
        match self.spans.get(edge as usize) {
            Some(&(start, end)) => &self.points[start as usize..end as usize],
            None => &[],
        }
    }

    /// Whether an edge has a route of its own; the others have none, or one that an edge before them has.
    pub fn drawn(&self, edge: u32) -> bool {
        !self.route(edge).is_empty() && self.shared.get(edge as usize).is_none_or(|&by| by == edge)
    }

    /// The innermost box at a point.
    pub fn hit(&self, point: Point) -> Option<u32> {
        // What a group holds comes after it.
        self.finder.hit(&self.rects, point)
    }

    /// The nearest box of the same group in a direction, or the nearest of all if the group has none there.
    ///
    /// What is straight ahead is nearer than what is aside.
    pub fn neighbour(&self, node: u32, direction: Direction) -> Option<u32> {
        let parent = *self.parents.get(node as usize)?;
        let here = self.rects[node as usize];
        let fits = |other: u32| other != node && !self.rects[other as usize].contains(here.center());
        let beside = |other: u32| self.parents[other as usize] == parent && fits(other);
        let nearest = |fits: &dyn Fn(u32) -> bool| self.finder.nearest(&self.rects, here, direction, fits);
        nearest(&beside).or_else(|| nearest(&fits))
    }
}
