//! Lays one pipeline out and answers what its picture needs: boxes, grids, routes, and where names stand.

use std::collections::HashSet;

use flowdeck_graph::{
    Bundle, Dependency, Layer, Layout, Node, NodeId, Options, Orientation, Phase, Pipeline, Point, Rect, Scratch, Size,
    layout,
};

use crate::args::Args;
use crate::{bundle, group, node};

/// From this many on, the boxes of a grid are cells without words.
const CELLS_ABOVE: usize = 48;

/// A pipeline that is laid out.
pub(crate) struct Scene<'p> {
    /// What is drawn.
    pub(crate) pipeline: &'p Pipeline,
    /// Where it is.
    pub(crate) layout: Layout,
    /// Whether it is a run.
    is_run: bool,
    /// Which way edges go.
    pub(crate) flow: Orientation,
    /// The last moment that the run tells of, for how long a running node has taken.
    pub(crate) clock: i64,
    layer: Layer,
    /// Nodes that are drawn as cells without words.
    cells: HashSet<NodeId>,
    is_open: Vec<bool>,
    /// Where the name of each open group stands on its border.
    labels: Vec<Rect>,
}

/// One box of the picture.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    /// What it stands for.
    pub(crate) node: Node<'p>,
    /// Where it is.
    pub(crate) rect: Rect,
    /// Where its name stands, if it is an open group.
    pub(crate) label: Option<Rect>,
    /// Whether it is a cell without words.
    pub(crate) is_cell: bool,
    /// Whether it is part of a run and has not begun.
    pub(crate) is_ahead: bool,
}

/// A picture longer than this is looked at from afar.
const FAR: f32 = 5000.0;

impl<'p> Scene<'p> {
    /// Lays out what lies inside `args.at`, or says that there is no such node.
    pub(crate) fn new(pipeline: &'p Pipeline, args: &Args, scratch: &mut Scratch) -> Result<Self, String> {
        let mut scene = Self::with_cells(pipeline, args, scratch, HashSet::new())?;
        let wide = scene.layout.bundles().iter().map(|grid| scene.layout.cells(grid));
        let wide = wide.filter(|cells| cells.len() > CELLS_ABOVE).flatten();
        let cells: HashSet<NodeId> = wide.map(|cell| scene.layer.nodes[*cell as usize]).collect();
        if !cells.is_empty() {
            scene = Self::with_cells(pipeline, args, scratch, cells)?;
        }
        Ok(scene)
    }

    fn with_cells(
        pipeline: &'p Pipeline,
        args: &Args,
        scratch: &mut Scratch,
        cells: HashSet<NodeId>,
    ) -> Result<Self, String> {
        let folded =
            |node: Node<'_>| bundle::is_bundle(node) || bundle::is_retried(node) || args.fold.contains(&node.path());
        let size = |node: Node<'_>, open: bool| match (open, cells.contains(&node.id())) {
            (true, _) => group::size(node),
            (false, true) => Size {
                width: bundle::CELL,
                height: bundle::CELL,
            },
            (false, false) => node::size(node),
        };
        let layer = pipeline.layer(&args.at, folded, size);
        let layer = layer.ok_or_else(|| format!("there is no {}", args.at))?;
        let flow = match args.left_right {
            true => Orientation::Right,
            false => Orientation::Down,
        };
        let ranks = ranks(pipeline, &layer);
        let rank = |at: u32| ranks.get(at as usize).copied().unwrap_or_default();
        let options = Options {
            orientation: flow,
            group_title: 26.0,
            bundle_above: 12,
            bundle_gap: if cells.is_empty() { 12.0 } else { bundle::GAP },
            bundle_order: Some(&rank),
            ..Options::default()
        };
        let layout = layout(&layer.graph, &options, scratch);
        let moments = pipeline.nodes().flat_map(|node| [node.started(), node.finished()]);
        let mut is_open = vec![false; layer.nodes.len()];
        for at in 0..index(layer.nodes.len()) {
            if let Some(group) = layer.graph.parent(at) {
                is_open[group as usize] = true;
            }
        }
        let mut scene = Self {
            pipeline,
            clock: moments.flatten().map(|moment| moment.ms()).max().unwrap_or_default(),
            labels: vec![Rect::default(); layer.nodes.len()],
            layout,
            is_run: pipeline.nodes().any(|node| node.phase() != Phase::Unknown),
            flow,
            layer,
            cells,
            is_open,
        };
        scene.labels = scene.name_places();
        Ok(scene)
    }

    /// Whether a run has not come along an edge, and perhaps never will.
    pub(crate) fn is_ahead(&self, edge: Dependency<'_>) -> bool {
        let idle = [Phase::Unknown, Phase::Pending, Phase::Skipped, Phase::Omitted];
        self.is_run && idle.contains(&edge.to().phase())
    }

    /// Whether the picture is so large that its lines have to be strong.
    pub(crate) fn is_far(&self) -> bool {
        let size = self.layout.size();
        size.width.max(size.height) > FAR
    }

    /// All boxes, groups before what they hold.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place<'p>> + '_ {
        let nodes = self.layer.nodes.iter().enumerate();
        nodes.filter_map(|(at, id)| {
            let node = self.pipeline.node(*id)?;
            Some(Place {
                node,
                rect: self.layout.rects()[at],
                label: self.is_open[at].then(|| self.labels[at]),
                is_cell: self.cells.contains(id),
                is_ahead: self.is_run && node.phase() == Phase::Unknown,
            })
        })
    }

    /// The edges that are drawn, each with its corners.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (Dependency<'p>, Vec<Point>)> + '_ {
        let edges = (0_u32..).zip(self.layer.graph.edges()).zip(&self.layer.edges);
        let drawn = edges.filter(|((at, _), _)| self.layout.drawn(*at));
        drawn.filter_map(|((at, edge), known)| {
            let mut route = self.layout.route(at).to_vec();
            let label = self.labels[edge.to as usize];
            // Where a group's name is in the way, the edge ends at the name.
            if let Some(end) = route
                .last_mut()
                .filter(|end| self.is_open[edge.to as usize] && label.contains(**end))
            {
                end.y = label.y;
            }
            Some((self.pipeline.edge(*known)?, route))
        })
    }

    /// The nodes of a grid.
    pub(crate) fn cells(&self, grid: &Bundle) -> Vec<Node<'p>> {
        let cells = self.layout.cells(grid).iter();
        cells
            .filter_map(|at| self.pipeline.node(*self.layer.nodes.get(*at as usize)?))
            .collect()
    }

    fn name_places(&self) -> Vec<Rect> {
        let mut ends: Vec<Vec<f32>> = vec![Vec::new(); self.layer.nodes.len()];
        for (at, edge) in (0_u32..).zip(self.layer.graph.edges()) {
            let rect = self.layout.rects()[edge.to as usize];
            let end = self.layout.route(at).last().filter(|end| (end.y - rect.y).abs() < 2.0);
            ends[edge.to as usize].extend(end.map(|end| end.x));
        }
        let places = self.places().zip(&ends);
        places
            .map(|(place, entries)| group::label(place.node, place.rect, entries))
            .collect()
    }
}

/// The place of each box among all: by phase, then by name, in which numbers count as such.
fn ranks(pipeline: &Pipeline, layer: &Layer) -> Vec<u64> {
    let mut order: Vec<_> = layer
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(at, id)| {
            let node = pipeline.node(*id)?;
            let name = node.name();
            let start = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let number: u64 = name[start..].parse().unwrap_or(0);
            Some((bundle::rank(node), &name[..start], number, at))
        })
        .collect();
    order.sort_unstable();
    let mut ranks = vec![0; layer.nodes.len()];
    for (rank, (.., at)) in (0..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
