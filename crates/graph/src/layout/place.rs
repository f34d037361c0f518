//! Gives each item its place across, close to its neighbours, with straight long edges, in the order found.
//!
//! A row's places that are nearest to what its items want, and far enough apart, are found at once: less what must be
//! between them, they only have to be in order, and that is isotonic regression (pool adjacent violators).

use super::layers::Layers;
use super::{Measures, Stop};

/// Sweeps towards the mean of the neighbours; then those towards their median, which straightens.
const MEAN_SWEEPS: u32 = 12;
const MEDIAN_SWEEPS: u32 = 8;
/// What it weighs that an item was somewhere in an earlier layout: more than a few links between nodes.
const HINT_WEIGHT: f32 = 8.0;
/// The same for the box that shall stay: others make room for it.
const ANCHOR_WEIGHT: f32 = 1_000.0;
/// How much more a link weighs for each of its ends that is a dummy: long edges shall be straight.
const DUMMY_WEIGHT: [f32; 3] = [1.0, 2.0, 8.0];

/// Where items were across the layers in an earlier layout.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// For each item, not a number where nothing is known; empty if there is nothing at all.
    pub(super) at: Vec<f32>,
    /// The node that shall stay where it was.
    pub(super) anchor: Option<u32>,
}

impl Hints {
    /// Where a node was and how much that weighs; dummies have no place of their own to keep.
    fn of_node(&self, layers: &Layers, item: u32) -> Option<(f32, f32)> {
        let hint = self.at.get(item as usize).copied()?;
        let anchored = self.anchor == Some(item);
        let weight = if anchored { ANCHOR_WEIGHT } else { HINT_WEIGHT };
        (!layers.is_dummy(item) && !hint.is_nan()).then_some((hint, weight))
    }
}

/// Places across the layers, and the room to find them.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The middle of each item.
    pub(super) x: Vec<f32>,
    /// How far the middle of each item must be from the one to its left.
    apart: Vec<f32>,
    wish: Vec<(f32, f32)>,
    pools: Vec<Pool>,
    around: Vec<(f32, f32)>,
}

/// Neighbours in a row that stand as close as they may.
#[derive(Clone, Copy, Debug)]
struct Pool {
    weighted: f64,
    weight: f64,
    end: u32,
}

impl Places {
    /// Finds the places; `hints` says where each item was in an earlier layout, or is empty.
    pub(super) fn find(&mut self, layers: &Layers, measures: &Measures<'_>, hints: &Hints, stop: &Stop<'_>) {
        self.pack(layers, measures);
        self.recall(layers, hints);
        let rows = layers.rows.owners();
        for sweep in 0..MEAN_SWEEPS + MEDIAN_SWEEPS {
            if stop.now() {
                break;
            }
            let median = sweep >= MEAN_SWEEPS;
            for nth in 0..rows {
                let row = if sweep % 2 == 0 { nth } else { rows - 1 - nth };
                self.wish(layers, row, hints, median);
                self.settle(layers, row);
            }
            if median {
                self.straighten(layers);
            }
        }
    }

    fn pack(&mut self, layers: &Layers, measures: &Measures<'_>) {
        self.x.clear();
        self.x.resize(layers.items(), 0.0);
        self.apart.clear();
        self.apart.resize(layers.items(), 0.0);
        for row in 0..layers.rows.owners() {
            let items = layers.rows.of(row);
            let mut at = 0.0;
            for (nth, &item) in items.iter().enumerate() {
                if nth > 0 {
                    let apart = measures.half(layers, items[nth - 1]) + measures.half(layers, item);
                    self.apart[item as usize] = apart;
                    at += apart;
                }
                self.x[item as usize] = at;
            }
            for &item in items {
                self.x[item as usize] -= at / 2.0;
            }
        }
    }

    /// Moves each row to where most of it was, and its items to where they were.
    fn recall(&mut self, layers: &Layers, hints: &Hints) {
        if hints.at.is_empty() {
            return;
        }
        for row in 0..layers.rows.owners() {
            let known = |item: &u32| hints.of_node(layers, *item);
            let (mut count, mut off) = (0.0, 0.0);
            for item in layers.rows.of(row) {
                if let Some((hint, _)) = known(item) {
                    (count, off) = (count + 1.0, off + hint - self.x[*item as usize]);
                }
            }
            if count > 0.0 {
                let off = off / count;
                self.wish.clear();
                let wish = |item: &u32| match known(item) {
                    Some((hint, weight)) => (hint, weight),
                    None => (self.x[*item as usize] + off, 1.0),
                };
                self.wish.extend(layers.rows.of(row).iter().map(wish));
                self.settle(layers, row);
            }
        }
    }

    /// Finds where each item of a row would be best: near its neighbours in the rows beside, and where it was.
    fn wish(&mut self, layers: &Layers, row: u32, hints: &Hints, median: bool) {
        self.wish.clear();
        for &item in layers.rows.of(row) {
            let hint = hints.of_node(layers, item);
            let wish = if median {
                self.median(layers, item, hint)
            } else {
                self.mean(layers, item, hint)
            };
            self.wish.push(wish);
        }
    }

    /// Moves the items of a row as near as they can be to where they wish to be.
    fn settle(&mut self, layers: &Layers, row: u32) {
        let items = layers.rows.of(row);
        self.pools.clear();
        let mut offset = 0.0;
        for (nth, &(wish, weight)) in self.wish.iter().enumerate() {
            offset += f64::from(self.apart[items[nth] as usize]);
            let weight = f64::from(weight);
            let mut pool = Pool {
                weighted: (f64::from(wish) - offset) * weight,
                weight,
                end: nth as u32 + 1,
            };
            while let Some(last) = self.pools.last() {
                if last.weighted * pool.weight <= pool.weighted * last.weight {
                    break;
                }
                pool.weighted += last.weighted;
                pool.weight += last.weight;
                self.pools.pop();
            }
            self.pools.push(pool);
        }
        let mut offset = 0.0;
        let mut nth = 0;
        for pool in &self.pools {
            let base = pool.weighted / pool.weight;
            while nth < pool.end as usize {
                offset += f64::from(self.apart[items[nth] as usize]);
                self.x[items[nth] as usize] = (base + offset) as f32;
                nth += 1;
            }
        }
    }

    /// The mean place of all neighbours, and how much it weighs.
    fn mean(&self, layers: &Layers, item: u32, hint: Option<(f32, f32)>) -> (f32, f32) {
        let (mut sum, mut weights) = hint.map_or((0.0, 0.0), |(hint, weight)| (hint * weight, weight));
        for &other in layers.up.of(item).iter().chain(layers.down.of(item)) {
            let weight = link_weight(layers, item, other);
            sum += weight * self.x[other as usize];
            weights += weight;
        }
        if weights == 0.0 {
            (self.x[item as usize], 0.01)
        } else {
            (sum / weights, weights)
        }
    }

    /// The place nearest to where it is that makes the links shortest, and how much it weighs.
    fn median(&mut self, layers: &Layers, item: u32, hint: Option<(f32, f32)>) -> (f32, f32) {
        self.around.clear();
        self.around.extend(hint);
        let mut weights = hint.map_or(0.0, |(_, weight)| weight);
        for &other in layers.up.of(item).iter().chain(layers.down.of(item)) {
            let weight = link_weight(layers, item, other);
            self.around.push((self.x[other as usize], weight));
            weights += weight;
        }
        let here = self.x[item as usize];
        if weights == 0.0 {
            return (here, 0.01);
        }
        self.around.sort_unstable_by(|one, two| one.0.total_cmp(&two.0));
        let mut sum = 0.0;
        let mut low = None;
        for &(x, weight) in &self.around {
            sum += weight;
            if 2.0 * sum > weights {
                // All places between the two middle ones are as good.
                let low = low.unwrap_or(x);
                return (here.clamp(low, x), weights);
            }
            if 2.0 * sum == weights {
                low = Some(x);
            }
        }
        (here, weights)
    }

    /// Puts the dummies of each edge above each other, as far as their neighbours in the rows leave room.
    fn straighten(&mut self, layers: &Layers) {
        for chain in layers.chains.windows(2) {
            if chain[0] == chain[1] {
                continue;
            }
            let top = self.x[layers.up.of(chain[0])[0] as usize];
            let bottom = self.x[layers.down.of(chain[1] - 1)[0] as usize];
            let mut first = chain[0];
            let (mut low, mut high) = (f32::NEG_INFINITY, f32::INFINITY);
            // A piece that must bend goes on from where the one above it was.
            let mut wish = top;
            for item in chain[0]..chain[1] {
                let (left, right) = self.room(layers, item);
                if left.max(low) > right.min(high) {
                    wish = self.put(first, item, wish.clamp(low, high));
                    first = item;
                    (low, high) = (left, right);
                } else {
                    (low, high) = (low.max(left), high.min(right));
                }
            }
            if first != chain[0] || (low..=high).contains(&bottom) {
                wish = if first == chain[0] && (low..=high).contains(&top) {
                    top
                } else {
                    bottom
                };
            }
            self.put(first, chain[1], wish.clamp(low, high));
        }
    }

    fn put(&mut self, first: u32, end: u32, x: f32) -> f32 {
        self.x[first as usize..end as usize].fill(x);
        x
    }

    /// How far to both sides an item can move while the others of its row stay.
    fn room(&self, layers: &Layers, item: u32) -> (f32, f32) {
        let row = layers.rows.of(layers.layer[item as usize]);
        let pos = layers.pos[item as usize] as usize;
        let here = self.x[item as usize];
        let left = if pos == 0 {
            f32::NEG_INFINITY
        } else {
            self.x[row[pos - 1] as usize] + self.apart[item as usize]
        };
        let right = row
            .get(pos + 1)
            .map_or(f32::INFINITY, |&next| self.x[next as usize] - self.apart[next as usize]);
        // Rounding may leave no room at all; where it is is always room enough.
        (left.min(here), right.max(here))
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.x.capacity() + self.apart.capacity())
            + 8 * (self.wish.capacity() + self.around.capacity())
            + 24 * self.pools.capacity()
    }
}

fn link_weight(layers: &Layers, one: u32, two: u32) -> f32 {
    DUMMY_WEIGHT[usize::from(layers.is_dummy(one)) + usize::from(layers.is_dummy(two))]
}
