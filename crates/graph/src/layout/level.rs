//! Lays out what one group holds: its unconnected parts one by one, then packed.

use super::csr::Csr;
use super::layers::Layers;
use super::net::Net;
use super::order::Order;
use super::pack::{Pack, Piece};
use super::place::Places;
use super::rank::Ranks;
use super::result::{Layout, Point};
use super::route::Routes;
use super::{Measures, Options, Orientation, Stop};
use crate::graph::{Graph, Size, index};

const NONE: u32 = u32::MAX;

/// What is to be laid out, and where to.
pub(super) struct Task<'a> {
    pub(super) graph: &'a Graph,
    pub(super) options: &'a Options<'a>,
    /// Between which boxes of its group each edge of the graph is drawn.
    pub(super) lifted: &'a [(u32, u32)],
    /// The edges of this group.
    pub(super) edges: &'a [u32],
    pub(super) out: &'a mut Layout,
}

/// The room to lay out one group after another.
#[derive(Debug, Default)]
pub(super) struct Level {
    members: Vec<u32>,
    /// The place of a box of the graph among the members of its part.
    local: Vec<u32>,
    part_of: Vec<u32>,
    parts: Csr,
    part_edges: Csr,
    queue: Vec<u32>,
    beside: Csr,
    sizes: Vec<Size>,
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
    /// Lays out the members of a group from `start` on and gives the size of it all, with `end` added at its far sides.
    pub(super) fn lay_out(
        &mut self,
        task: &mut Task<'_>,
        members: impl Iterator<Item = u32>,
        start: (f32, f32),
        end: (f32, f32),
    ) -> Size {
        self.members.clear();
        self.members.extend(members);
        self.find_parts(task);
        self.pieces.clear();
        for part in 0..self.parts.owners() {
            let piece = self.lay_out_part(task, part);
            self.pieces.push(piece);
        }
        let right = task.options.orientation == Orientation::Right;
        let size = self.pack.pack(&mut self.pieces, task.options.node_gap, right);
        let turned = |x: f32, y: f32| if right { (y, x) } else { (x, y) };
        for part in 0..self.parts.owners() {
            let piece = self.pieces[part as usize];
            let (x, y) = turned(piece.x, piece.y);
            for &member in self.parts.of(part) {
                let rect = &mut task.out.rects[self.members[member as usize] as usize];
                (rect.x, rect.y) = (rect.x + x + start.0, rect.y + y + start.1);
            }
            for point in &mut task.out.points[piece.points.0 as usize..piece.points.1 as usize] {
                (point.x, point.y) = (point.x + x + start.0, point.y + y + start.1);
            }
        }
        let (width, height) = turned(size.width, size.height);
        Size {
            width: width + start.0 + end.0,
            height: height + start.1 + end.1,
        }
    }

    /// Finds which members hang together; parts are in the order of their first members.
    fn find_parts(&mut self, task: &Task<'_>) {
        self.local.resize(task.graph.len(), 0);
        for (at, &member) in self.members.iter().enumerate() {
            self.local[member as usize] = index(at);
        }
        let local = &self.local;
        let ends = task.edges.iter().map(|&edge| {
            let (from, to) = task.lifted[edge as usize];
            (local[from as usize], local[to as usize])
        });
        self.beside
            .build(self.members.len(), ends.flat_map(|(from, to)| [(from, to), (to, from)]));
        self.part_of.clear();
        self.part_of.resize(self.members.len(), NONE);
        let mut parts = 0;
        for root in 0..index(self.members.len()) {
            if self.part_of[root as usize] != NONE {
                continue;
            }
            self.part_of[root as usize] = parts;
            self.queue.push(root);
            while let Some(member) = self.queue.pop() {
                for &other in self.beside.of(member) {
                    if self.part_of[other as usize] == NONE {
                        self.part_of[other as usize] = parts;
                        self.queue.push(other);
                    }
                }
            }
            parts += 1;
        }
        let part_of = &self.part_of;
        self.parts.build(
            parts as usize,
            part_of.iter().enumerate().map(|(member, &part)| (part, index(member))),
        );
        let owner = |edge: u32| part_of[local[task.lifted[edge as usize].0 as usize] as usize];
        self.part_edges
            .build(parts as usize, task.edges.iter().map(|&edge| (owner(edge), edge)));
        // From here on, `local` says where a box is in its part.
        for part in 0..self.parts.owners() {
            for (at, &member) in self.parts.of(part).iter().enumerate() {
                self.local[self.members[member as usize] as usize] = index(at);
            }
        }
    }

    fn lay_out_part(&mut self, task: &mut Task<'_>, part: u32) -> Piece {
        let options = task.options;
        let right = options.orientation == Orientation::Right;
        self.sizes.clear();
        for &member in self.parts.of(part) {
            let rect = task.out.rects[self.members[member as usize] as usize];
            let (width, height) = if right {
                (rect.height, rect.width)
            } else {
                (rect.width, rect.height)
            };
            self.sizes.push(Size { width, height });
        }
        self.pairs.clear();
        for &edge in self.part_edges.of(part) {
            let (from, to) = task.lifted[edge as usize];
            if from != to {
                self.pairs.push((self.local[from as usize], self.local[to as usize]));
            }
        }
        let measures = Measures {
            sizes: &self.sizes,
            node_gap: options.node_gap,
            edge_gap: options.edge_gap,
            layer_gap: options.layer_gap,
        };
        let stop = Stop(options.stop);
        self.net.build(index(self.sizes.len()), &self.pairs);
        self.ranks.find(&self.net, &stop);
        self.layers.build(&self.net, &self.ranks);
        self.order.find(&mut self.layers, &stop);
        self.places.find(&self.layers, &measures, &stop);
        let size = self
            .routes
            .set_down(&self.layers, &measures, &mut self.places, &self.net);
        for (at, &member) in self.parts.of(part).iter().enumerate() {
            let rect = &mut task.out.rects[self.members[member as usize] as usize];
            let corner = self.routes.corner(&self.layers, &self.places, &self.sizes, index(at));
            (rect.x, rect.y) = if right {
                (corner.y, corner.x)
            } else {
                (corner.x, corner.y)
            };
        }
        let first = index(task.out.points.len());
        let mut pair = 0;
        for &edge in self.part_edges.of(part) {
            let (from, to) = task.lifted[edge as usize];
            let begin = task.out.points.len();
            if from != to {
                let (stands, reversed) = self.net.stands[pair];
                pair += 1;
                self.routes.of(
                    &self.layers,
                    &self.places,
                    &self.sizes,
                    &self.net,
                    stands,
                    &mut task.out.points,
                );
                if reversed {
                    task.out.points[begin..].reverse();
                }
            } else if task.graph.edges[edge as usize].from == task.graph.edges[edge as usize].to {
                self.routes.loop_at(
                    &self.layers,
                    &self.places,
                    &self.sizes,
                    self.local[from as usize],
                    options,
                    &mut task.out.points,
                );
            }
            if right {
                for point in &mut task.out.points[begin..] {
                    *point = Point { x: point.y, y: point.x };
                }
            }
            task.out.spans[edge as usize] = (index(begin), index(task.out.points.len()));
        }
        Piece {
            size,
            points: (first, index(task.out.points.len())),
            x: 0.0,
            y: 0.0,
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [&self.members, &self.local, &self.part_of, &self.queue];
        let lists = [&self.parts, &self.part_edges, &self.beside];
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>()
            + lists.iter().map(|list| list.bytes()).sum::<usize>()
            + 8 * (self.sizes.capacity() + self.pairs.capacity())
            + 24 * self.pieces.capacity()
            + self.net.bytes()
            + self.ranks.bytes()
            + self.layers.bytes()
            + self.order.bytes()
            + self.places.bytes()
            + self.routes.bytes()
            + self.pack.bytes()
    }
}
