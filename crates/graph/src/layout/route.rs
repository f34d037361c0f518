//! Turns layers into heights and edges into corners.
//!
//! An edge is vertical as long as it is in a layer, and only slants in the gap between two: no box is ever in its way.

use super::Measures;
use super::layers::Layers;
use super::net::Net;
use super::place::Places;
use super::result::Point;
use crate::graph::Size;

/// Corners that are less off a straight line than this are left out.
const STRAIGHT: f32 = 0.05;

/// An edge of the net, and where it is across the layers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) edge: u32,
    /// Where it leaves its tail, and where it comes to its head.
    pub(super) tail: f32,
    pub(super) head: f32,
    /// How far it is aside of its dummies.
    pub(super) aside: f32,
}

/// Where the layers of a part are.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The upper side and the height of each layer.
    bands: Vec<(f32, f32)>,
    /// Where edges pass that are outside of all layers.
    lane: f32,
}

impl Routes {
    /// Moves a part so that it begins at (0, 0) and gives its size.
    pub(super) fn set_down(
        &mut self,
        layers: &Layers,
        measures: &Measures<'_>,
        places: &mut Places,
        net: &Net,
    ) -> Size {
        self.bands.clear();
        let mut y = 0.0;
        let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
        for row in 0..layers.rows.owners() {
            let mut high: f32 = 0.0;
            for &item in layers.rows.of(row) {
                let mut half = measures.aside[item as usize];
                if !layers.is_dummy(item) {
                    let size = measures.sizes[item as usize];
                    high = high.max(size.height);
                    half += size.width / 2.0;
                }
                left = left.min(places.x[item as usize] - half);
                right = right.max(places.x[item as usize] + half);
            }
            self.bands.push((y, high));
            y += high + measures.layer_gap;
        }
        for x in &mut places.x {
            *x -= left;
        }
        let mut width = right - left;
        self.lane = width + measures.node_gap;
        if net.tails.iter().zip(&layers.outside).any(|(_, &outside)| outside) {
            width = self.lane;
        }
        Size {
            width,
            height: y - measures.layer_gap,
        }
    }

    /// The upper left corner of a node.
    pub(super) fn corner(&self, layers: &Layers, places: &Places, sizes: &[Size], node: u32) -> Point {
        let size = sizes[node as usize];
        let (top, high) = self.bands[layers.layer[node as usize] as usize];
        Point {
            x: places.x[node as usize] - size.width / 2.0,
            y: top + (high - size.height) / 2.0,
        }
    }

    /// Adds the corners of an edge of the net, from its tail down to its head.
    pub(super) fn of(
        &self,
        layers: &Layers,
        places: &Places,
        sizes: &[Size],
        net: &Net,
        run: Run,
        out: &mut Vec<Point>,
    ) {
        let edge = run.edge;
        let begin = out.len();
        let (tail, head) = (net.tails[edge as usize], net.heads[edge as usize]);
        let (from, to) = (layers.layer[tail as usize], layers.layer[head as usize]);
        let mut add = |x: f32, y: f32| push(out, begin, Point { x, y });
        let bottom = |layer: u32| self.bands[layer as usize].0 + self.bands[layer as usize].1;
        let top = |layer: u32| self.bands[layer as usize].0;
        add(
            run.tail,
            self.corner(layers, places, sizes, tail).y + sizes[tail as usize].height,
        );
        add(run.tail, bottom(from));
        if layers.outside[edge as usize] {
            add(self.lane, top(from + 1));
            add(self.lane, bottom(to - 1));
        } else {
            for item in layers.chains[edge as usize]..layers.chains[edge as usize + 1] {
                let x = places.x[item as usize] + run.aside;
                add(x, top(layers.layer[item as usize]));
                add(x, bottom(layers.layer[item as usize]));
            }
        }
        add(run.head, top(to));
        add(run.head, self.corner(layers, places, sizes, head).y);
    }

    /// Adds the corners of an edge from a node to itself: a bow that reaches as far as `bow` beyond its right side.
    pub(super) fn loop_at(
        &self,
        layers: &Layers,
        places: &Places,
        sizes: &[Size],
        node: u32,
        bow: f32,
        out: &mut Vec<Point>,
    ) {
        let corner = self.corner(layers, places, sizes, node);
        let size = sizes[node as usize];
        let side = corner.x + size.width;
        for (x, part) in [(side, 0.7), (side + bow, 0.7), (side + bow, 0.3), (side, 0.3)] {
            out.push(Point {
                x,
                y: corner.y + size.height * part,
            });
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        8 * self.bands.capacity()
    }
}

/// Adds a corner; one that is on the line between its neighbours, or where the last one is, is left out.
pub(super) fn push(out: &mut Vec<Point>, begin: usize, point: Point) {
    let same = |one: f32, two: f32| (one - two).abs() < STRAIGHT;
    if let [.., before, last] = &out[begin..] {
        let down = same(before.x, last.x) && same(last.x, point.x);
        let right = same(before.y, last.y) && same(last.y, point.y);
        if down || right {
            let point = Point {
                x: if down { before.x } else { point.x },
                y: if down { point.y } else { before.y },
            };
            if let Some(last) = out.last_mut() {
                *last = point;
            }
            return;
        }
    }
    if out[begin..].last() != Some(&point) {
        out.push(point);
    }
}
