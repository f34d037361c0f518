//! Lays out what one group holds: its unconnected parts one by one, then packed.
//!
//! Where edges pass the group's border, the border takes part as a box of no size: above all layers where they come in,
//! below all where they leave.

use super::lanes::Lanes;
use super::layers::Layers;
use super::net::{Borders, Net};
use super::order::Order;
use super::pack::{Pack, Piece};
use super::parts::Parts;
use super::place::{Hints, Places};
use super::rank::Ranks;
use super::result::{Point, Rect};
use super::route::{Routes, Run};
use super::strands::{BORDER, Strand};
use super::{Measures, Options, Orientation, Stop};
use crate::graph::{Size, index};

/// Two edges of a pair leave a box on at most this part of its side.
const SIDE: f32 = 0.8;

/// Where edges pass a group's border, from its corner on, across the direction of the edges.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ports {
    entry: Option<f32>,
    exit: Option<f32>,
}

/// What is to be laid out, and where to.
pub(super) struct Task<'a> {
    pub(super) options: &'a Options<'a>,
    /// The box that shall stay where it was, and the groups around it.
    pub(super) anchors: &'a [u32],
    /// How many boxes the graph has; bundles have higher numbers.
    pub(super) boxes: u32,
    pub(super) strands: &'a mut [Strand],
    /// The strands of this group.
    pub(super) mine: &'a [u32],
    pub(super) lanes: &'a Lanes,
    pub(super) rects: &'a mut [Rect],
    /// The ports of each box, as far as they are known.
    pub(super) ports: &'a mut [Ports],
    pub(super) corners: &'a mut Vec<Point>,
}

/// The room to lay out one group after another.
#[derive(Debug, Default)]
pub(super) struct Level {
    parts: Parts,
    sizes: Vec<Size>,
    aside: Vec<f32>,
    hints: Hints,
    pairs: Vec<(u32, u32)>,
    pieces: Vec<Piece>,
    net: Net,
    ranks: Ranks,
    layers: Layers,
    order: Order,
    places: Places,
    routes: Routes,
    pack: Pack,
}

impl Level {
    /// Lays out the members of a group with `padding` at all sides and `title` above; gives its size and its ports.
    pub(super) fn lay_out(&mut self, task: &mut Task<'_>, members: &[u32], padding: f32, title: f32) -> (Size, Ports) {
        self.parts.find(task, members);
        self.pieces.clear();
        let mut ports = Ports::default();
        let right = task.options.orientation == Orientation::Right;
        let turned = |x: f32, y: f32| if right { (y, x) } else { (x, y) };
        let (across, along) = turned(padding, padding + title);
        for part in 0..self.parts.len() {
            let mut piece = self.lay_out_part(task, part, &mut ports);
            // Where edges come in or leave, there is a gap between the border and the first or last layer already.
            let inset = |padding: f32, border: Option<u32>| {
                let here = border.is_some_and(|border| self.parts.part_of[border as usize] == part);
                let gap = if here { task.options.layer_gap } else { 0.0 };
                (padding - gap).max(0.0)
            };
            piece.inset = (
                inset(along, self.parts.borders.entry),
                inset(padding, self.parts.borders.exit),
            );
            self.pieces.push(piece);
        }
        let mut size = self.pack.pack(&mut self.pieces, task.options.node_gap, right);
        let start = turned(across, 0.0);
        let end = turned(padding, 0.0);
        for part in 0..self.parts.len() {
            let piece = self.pieces[part as usize];
            let (x, y) = turned(piece.x, piece.y);
            for &member in self.parts.of(part) {
                if let Some(rect) = task.rects.get_mut(self.parts.members[member as usize] as usize) {
                    (rect.x, rect.y) = (rect.x + x + start.0, rect.y + y + start.1);
                }
            }
            for point in &mut task.corners[piece.points.0 as usize..piece.points.1 as usize] {
                (point.x, point.y) = (point.x + x + start.0, point.y + y + start.1);
            }
            for (port, border) in [
                (&mut ports.entry, self.parts.borders.entry),
                (&mut ports.exit, self.parts.borders.exit),
            ] {
                if let (Some(port), Some(border)) = (port, border)
                    && self.parts.part_of[border as usize] == part
                {
                    *port += piece.x + across;
                }
            }
        }
        (size.width, size.height) = turned(size.width, size.height);
        let size = Size {
            width: size.width + start.0 + end.0,
            height: size.height + start.1 + end.1,
        };
        (size, ports)
    }

    /// Takes the sizes of a part's boxes and the pairs of ends of its strands.
    fn measure(&mut self, task: &Task<'_>, part: u32) -> Borders {
        let right = task.options.orientation == Orientation::Right;
        self.sizes.clear();
        let mut borders = Borders::default();
        for &member in self.parts.of(part) {
            if self.parts.borders.entry == Some(member) {
                borders.entry = self.parts.local_borders.entry;
            } else if self.parts.borders.exit == Some(member) {
                borders.exit = self.parts.local_borders.exit;
            }
            let rect = task.rects.get(self.parts.members[member as usize] as usize);
            let rect = rect.copied().unwrap_or_default();
            let (width, height) = if right {
                (rect.height, rect.width)
            } else {
                (rect.width, rect.height)
            };
            self.sizes.push(Size { width, height });
        }
        self.pairs.clear();
        for &at in self.parts.strands_of(part) {
            let strand = &task.strands[at as usize];
            if strand.from != strand.to {
                self.pairs.push(self.parts.ends(strand));
            }
        }
        borders
    }

    /// Finds what items need at their sides, for loops and for lanes.
    fn make_room_aside(&mut self, task: &Task<'_>, part: u32) {
        self.aside.clear();
        self.aside.resize(self.layers.items(), 0.0);
        let mut pair = 0;
        for &at in self.parts.strands_of(part) {
            let strand = &task.strands[at as usize];
            let spread = task.lanes.spread[strand.edge as usize];
            let (from, to) = self.parts.ends(strand);
            if from == to {
                let room = loop_room(task.options) + spread;
                self.aside[from as usize] = self.aside[from as usize].max(room);
                continue;
            }
            let (edge, _) = self.net.stands[pair];
            pair += 1;
            if spread > 0.0 {
                let chain = self.layers.chains[edge as usize] as usize..self.layers.chains[edge as usize + 1] as usize;
                for aside in &mut self.aside[chain] {
                    *aside = aside.max(spread / 2.0);
                }
                for end in [(strand.from, from), (strand.to, to)] {
                    if end.0 == BORDER {
                        let aside = &mut self.aside[end.1 as usize];
                        *aside = aside.max(spread / 2.0);
                    }
                }
            }
        }
    }

    /// Takes where the boxes were; a dummy was on the line between the ends of its edge.
    fn take_hints(&mut self, task: &Task<'_>, part: u32) {
        self.hints.at.clear();
        self.hints.anchor = None;
        let Some(before) = task.options.before else { return };
        let right = task.options.orientation == Orientation::Right;
        self.hints.at.resize(self.layers.items(), f32::NAN);
        for (at, &member) in self.parts.of(part).iter().enumerate() {
            let node = self.parts.members[member as usize];
            if task.anchors.contains(&node) {
                self.hints.anchor = Some(index(at));
            }
            if let Some(point) = (node < task.boxes).then(|| before(node)).flatten() {
                let hint = if right { point.y } else { point.x };
                // What is not finite, or so far away that small steps are lost there, is no place.
                self.hints.at[at] = if hint.abs() < 5e5 { hint } else { f32::NAN };
            }
        }
        let nodes = self.layers.nodes as usize;
        if self.hints.at[..nodes].iter().all(|hint| hint.is_nan()) {
            self.hints.at.clear();
            return;
        }
        for (edge, chain) in self.layers.chains.windows(2).enumerate() {
            let ends = [self.net.tails[edge], self.net.heads[edge]].map(|end| self.hints.at[end as usize]);
            let count = (chain[1] - chain[0] + 1) as f32;
            for dummy in chain[0]..chain[1] {
                let part = (dummy - chain[0] + 1) as f32 / count;
                self.hints.at[dummy as usize] = match ends.map(f32::is_nan) {
                    [false, false] => ends[0] + (ends[1] - ends[0]) * part,
                    [true, _] => ends[1],
                    [_, true] => ends[0],
                };
            }
        }
    }

    fn lay_out_part(&mut self, task: &mut Task<'_>, part: u32, ports: &mut Ports) -> Piece {
        let options = task.options;
        let right = options.orientation == Orientation::Right;
        let borders = self.measure(task, part);
        let stop = Stop(options.stop);
        self.net.build(index(self.sizes.len()), &self.pairs, borders);
        self.ranks.find(&self.net, &stop);
        self.layers.build(&self.net, &self.ranks);
        self.make_room_aside(task, part);
        self.take_hints(task, part);
        let measures = Measures {
            sizes: &self.sizes,
            aside: &self.aside,
            node_gap: options.node_gap,
            edge_gap: options.edge_gap,
            layer_gap: options.layer_gap,
        };
        self.order.find(&mut self.layers, &self.hints.at, &stop);
        self.places.find(&self.layers, &measures, &self.hints, &stop);
        let size = self
            .routes
            .set_down(&self.layers, &measures, &mut self.places, &self.net);
        for (at, &member) in self.parts.of(part).iter().enumerate() {
            let Some(rect) = task.rects.get_mut(self.parts.members[member as usize] as usize) else {
                continue;
            };
            let corner = self.routes.corner(&self.layers, &self.places, &self.sizes, index(at));
            (rect.x, rect.y) = if right {
                (corner.y, corner.x)
            } else {
                (corner.x, corner.y)
            };
        }
        if let Some(entry) = borders.entry {
            ports.entry = Some(self.places.x[entry as usize]);
        }
        if let Some(exit) = borders.exit {
            ports.exit = Some(self.places.x[exit as usize]);
        }
        let points = self.route_part(task, part);
        Piece {
            size,
            points,
            borders: borders != Borders::default(),
            inset: (0.0, 0.0),
            x: 0.0,
            y: 0.0,
        }
    }

    /// Adds the corners of a part's strands.
    fn route_part(&mut self, task: &mut Task<'_>, part: u32) -> (u32, u32) {
        let right = task.options.orientation == Orientation::Right;
        let first = index(task.corners.len());
        let mut pair = 0;
        for &at in self.parts.strands_of(part) {
            let strand = task.strands[at as usize];
            let (from, to) = self.parts.ends(&strand);
            let begin = task.corners.len();
            let (aside, spread) = (
                task.lanes.aside[strand.edge as usize],
                task.lanes.spread[strand.edge as usize],
            );
            let mut reversed = false;
            if from == to {
                let bow = loop_room(task.options) + aside + spread / 2.0;
                self.routes
                    .loop_at(&self.layers, &self.places, &self.sizes, from, bow, task.corners);
            } else {
                let edge;
                (edge, reversed) = self.net.stands[pair];
                pair += 1;
                // Where an edge goes on inside of a box it comes to that box's port, else to its middle.
                let end = |node: u32, at: u32, port: Option<f32>| {
                    let middle = self.places.x[at as usize];
                    if node == BORDER {
                        return middle + aside;
                    }
                    let width = self.sizes[at as usize].width;
                    match port {
                        Some(port) => middle - width / 2.0 + port + aside,
                        None if spread > width * SIDE => middle + aside * width * SIDE / spread,
                        None => middle + aside,
                    }
                };
                let port = |node: u32| task.ports.get(node as usize).copied().unwrap_or_default();
                let goes_on = (strand.goes_on.0 && !reversed, strand.goes_on.1 && !reversed);
                let tail = end(strand.from, from, port(strand.from).exit.filter(|_| goes_on.0));
                let head = end(strand.to, to, port(strand.to).entry.filter(|_| goes_on.1));
                let (tail, head) = if reversed { (head, tail) } else { (tail, head) };
                let run = Run {
                    edge,
                    tail,
                    head,
                    aside,
                };
                self.routes
                    .of(&self.layers, &self.places, &self.sizes, &self.net, run, task.corners);
                if reversed {
                    task.corners[begin..].reverse();
                }
            }
            if right {
                for point in &mut task.corners[begin..] {
                    *point = Point { x: point.y, y: point.x };
                }
            }
            let strand = &mut task.strands[at as usize];
            strand.reversed = reversed;
            strand.points = (index(begin), index(task.corners.len()));
        }
        (first, index(task.corners.len()))
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        self.parts.bytes()
            + 8 * (self.sizes.capacity() + self.pairs.capacity())
            + 4 * (self.aside.capacity() + self.hints.at.capacity())
            + size_of::<Piece>() * self.pieces.capacity()
            + self.net.bytes()
            + self.ranks.bytes()
            + self.layers.bytes()
            + self.order.bytes()
            + self.places.bytes()
            + self.routes.bytes()
            + self.pack.bytes()
    }
}

/// How far the innermost edge from a box to itself reaches beside the box.
fn loop_room(options: &Options<'_>) -> f32 {
    options.node_gap.min(options.edge_gap) / 3.0
}
