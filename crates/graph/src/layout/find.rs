//! Finds boxes by place: a tree of rectangles, sixteen to a node, packed by rows.
//!
//! Leutenegger et al., STR: A Simple and Efficient Algorithm for R-Tree Packing, 1997.

use super::result::{Direction, Point, Rect};
use crate::graph::index;

const FAN: usize = 16;

/// The sides of what a node of the tree covers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cover {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// Boxes by place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Finder {
    /// The boxes, neighbours in place near each other.
    boxes: Vec<u32>,
    /// The nodes of the tree, those of the lowest level first; each covers the next `FAN` of the level below.
    nodes: Vec<Cover>,
    /// Where each level begins in `nodes`.
    levels: Vec<u32>,
    keys: Vec<(u32, u32)>,
}

impl Finder {
    /// Takes the boxes anew.
    pub(super) fn build(&mut self, rects: &[Rect]) {
        self.keys.clear();
        let by_height = |(at, rect): (usize, &Rect)| (ordered(rect.center().y), index(at));
        self.keys.extend(rects.iter().enumerate().map(by_height));
        self.keys.sort_unstable();
        let slices = rects.len().div_ceil(FAN).isqrt().max(1);
        let slice = rects.len().div_ceil(slices).next_multiple_of(FAN).max(1);
        for part in self.keys.chunks_mut(slice) {
            for (key, at) in part.iter_mut() {
                *key = ordered(rects[*at as usize].center().x);
            }
            part.sort_unstable();
        }
        self.boxes.clear();
        self.boxes.extend(self.keys.iter().map(|key| key.1));
        self.nodes.clear();
        self.levels.clear();
        self.levels.push(0);
        for part in self.boxes.chunks(FAN) {
            self.nodes
                .push(Cover::all(part.iter().map(|&at| Cover::of(&rects[at as usize]))));
        }
        let mut start = 0;
        while self.nodes.len() - start > 1 {
            let end = self.nodes.len();
            self.levels.push(index(end));
            for first in (start..end).step_by(FAN) {
                let part = &self.nodes[first..end.min(first + FAN)];
                self.nodes.push(Cover::all(part.iter().copied()));
            }
            start = end;
        }
    }

    /// The box with the highest index that a point is in.
    pub(super) fn hit(&self, rects: &[Rect], point: Point) -> Option<u32> {
        self.hit_below(rects, point, self.levels.len().checked_sub(1)?, 0, None)
    }

    fn hit_below(&self, rects: &[Rect], point: Point, level: usize, node: usize, best: Option<u32>) -> Option<u32> {
        let Some(cover) = self.nodes.get(self.levels[level] as usize + node) else {
            return best;
        };
        if !cover.contains(point) {
            return best;
        }
        if level == 0 {
            let found = self.of_leaf(node).iter().copied();
            return found.filter(|&at| rects[at as usize].contains(point)).chain(best).max();
        }
        let below = node * FAN..self.len_of(level - 1).min((node + 1) * FAN);
        below.fold(best, |best, child| self.hit_below(rects, point, level - 1, child, best))
    }

    /// The nearest box in a direction of those that `fits` lets pass; of equally near ones that with the lowest index.
    pub(super) fn nearest(
        &self,
        rects: &[Rect],
        here: Rect,
        direction: Direction,
        fits: &dyn Fn(u32) -> bool,
    ) -> Option<u32> {
        let ask = Ask {
            rects,
            here,
            direction,
            fits,
        };
        let mut best = None;
        self.nearest_below(&ask, self.levels.len().checked_sub(1)?, 0, &mut best);
        best.map(|(_, found)| found)
    }

    fn nearest_below(&self, ask: &Ask<'_>, level: usize, node: usize, best: &mut Option<(f32, u32)>) {
        if level == 0 {
            for &at in self.of_leaf(node) {
                let Some(far) = ask.distance(ask.rects[at as usize]) else {
                    continue;
                };
                if best.is_none_or(|best| (far, at) < best) && (ask.fits)(at) {
                    *best = Some((far, at));
                }
            }
            return;
        }
        let first = node * FAN;
        let mut near = [(f32::INFINITY, 0); FAN];
        let mut count = 0;
        for child in first..self.len_of(level - 1).min(first + FAN) {
            let cover = self.nodes[self.levels[level - 1] as usize + child];
            if let Some(far) = ask.at_least(cover) {
                near[count] = (far, child);
                count += 1;
            }
        }
        near[..count].sort_unstable_by(|one, two| one.0.total_cmp(&two.0));
        for &(far, child) in &near[..count] {
            if best.is_none_or(|best| far <= best.0) {
                self.nearest_below(ask, level - 1, child, best);
            }
        }
    }

    fn of_leaf(&self, node: usize) -> &[u32] {
        let end = self.boxes.len().min((node + 1) * FAN);
        self.boxes.get(node * FAN..end).unwrap_or_default()
    }

    fn len_of(&self, level: usize) -> usize {
        let end = self.levels.get(level + 1).map_or(self.nodes.len(), |&end| end as usize);
        end - self.levels[level] as usize
    }
}

/// What is looked for from a box.
struct Ask<'a> {
    rects: &'a [Rect],
    here: Rect,
    direction: Direction,
    fits: &'a dyn Fn(u32) -> bool,
}

impl Ask<'_> {
    /// How far a box is: ahead from middle to middle, and twice what its side is off straight ahead; if it is ahead.
    fn distance(&self, other: Rect) -> Option<f32> {
        let (from, to) = (self.here.center(), other.center());
        let across = (from.x - to.x).abs() - self.here.width.min(other.width) / 2.0;
        let along = (from.y - to.y).abs() - self.here.height.min(other.height) / 2.0;
        let (ahead, aside) = match self.direction {
            Direction::Up => (from.y - to.y, across),
            Direction::Down => (to.y - from.y, across),
            Direction::Left => (from.x - to.x, along),
            Direction::Right => (to.x - from.x, along),
        };
        (ahead > 0.0).then(|| ahead + 2.0 * aside.max(0.0))
    }

    /// No box with its middle in a cover is nearer than this.
    fn at_least(&self, cover: Cover) -> Option<f32> {
        let from = self.here.center();
        let across = (cover.left - from.x).max(from.x - cover.right) - self.here.width / 2.0;
        let along = (cover.top - from.y).max(from.y - cover.bottom) - self.here.height / 2.0;
        let (near, far, aside) = match self.direction {
            Direction::Up => (from.y - cover.bottom, from.y - cover.top, across),
            Direction::Down => (cover.top - from.y, cover.bottom - from.y, across),
            Direction::Left => (from.x - cover.right, from.x - cover.left, along),
            Direction::Right => (cover.left - from.x, cover.right - from.x, along),
        };
        // A little less, as the sums of boxes may be rounded down.
        (far > 0.0).then(|| (near.max(0.0) + 2.0 * aside.max(0.0)) * 0.999 - 0.01)
    }
}

impl Cover {
    fn of(rect: &Rect) -> Self {
        Self {
            left: rect.x,
            top: rect.y,
            right: rect.x + rect.width,
            bottom: rect.y + rect.height,
        }
    }

    fn all(covers: impl Iterator<Item = Self>) -> Self {
        let nothing = Self {
            left: f32::INFINITY,
            top: f32::INFINITY,
            right: f32::NEG_INFINITY,
            bottom: f32::NEG_INFINITY,
        };
        covers.fold(nothing, |all, one| Self {
            left: all.left.min(one.left),
            top: all.top.min(one.top),
            right: all.right.max(one.right),
            bottom: all.bottom.max(one.bottom),
        })
    }

    fn contains(&self, point: Point) -> bool {
        (self.left..=self.right).contains(&point.x) && (self.top..=self.bottom).contains(&point.y)
    }
}

/// A number whose order is that of a finite place.
fn ordered(place: f32) -> u32 {
    let bits = place.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}
