//! Orders layers as an earlier layout had them: what was there keeps its order, and what is new goes between.

use super::super::Stop;
use super::super::layers::Layers;
use super::Order;
use crate::graph::index;

/// Sweeps that put new items where their neighbours are.
const SWEEPS: u32 = 4;
/// Passes of exchanges of which one item at least is new.
const EXCHANGE_PASSES: u32 = 8;
/// The old order is given up if it has this many crossings more than a fresh one, and a part of them besides.
const SPARE_CROSSINGS: u64 = 4;
const SPARE_PART: u64 = 4;

/// An item of a row on its way to its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeker {
    wish: f32,
    pos: u32,
    item: u32,
}

impl Order {
    /// Tries the old order against the one found, which has `fresh` crossings; gives the crossings of the better one.
    pub(super) fn keep(&mut self, layers: &mut Layers, hints: &[f32], fresh: u64, stop: &Stop<'_>) -> u64 {
        self.held.clear();
        self.held
            .extend((0..layers.items()).map(|item| item < layers.nodes as usize && !hints[item].is_nan()));
        if !self.held.contains(&true) {
            return fresh;
        }
        self.found.clear();
        self.found.extend_from_slice(&layers.rows.items);
        self.recall(layers, hints);
        let mut least = self.count.all(layers);
        self.best.clear();
        self.best.extend_from_slice(&layers.rows.items);
        for sweep in 0..SWEEPS {
            if stop.now() {
                break;
            }
            for nth in 1..layers.rows.owners() {
                let last = layers.rows.owners() - 1;
                self.seat_row(layers, if sweep % 2 == 0 { nth } else { last - nth }, sweep % 2 == 0);
            }
            let crossings = self.count.all(layers);
            if crossings < least {
                least = crossings;
                self.best.copy_from_slice(&layers.rows.items);
            }
        }
        layers.rows.items.copy_from_slice(&self.best);
        layers.number();
        self.all_moved(layers);
        self.count.all(layers);
        self.exchange(layers, false, EXCHANGE_PASSES, stop);
        least = self.count.known();
        if least > fresh + fresh / SPARE_PART + SPARE_CROSSINGS {
            layers.rows.items.copy_from_slice(&self.found);
            layers.number();
            least = fresh;
        }
        self.held.clear();
        least
    }

    /// Sorts each row by where its items were; new ones go to the mean of where their neighbours were, or to the end.
    fn recall(&mut self, layers: &mut Layers, hints: &[f32]) {
        for row in 0..layers.rows.owners() {
            self.seekers.clear();
            for &item in layers.rows.of(row) {
                let mut wish = hints[item as usize];
                if wish.is_nan() {
                    let beside = layers.up.of(item).iter().chain(layers.down.of(item));
                    let known = beside.map(|&other| hints[other as usize]).filter(|hint| !hint.is_nan());
                    let (count, sum) = known.fold((0.0, 0.0), |(count, sum), hint| (count + 1.0, sum + hint));
                    wish = if count > 0.0 { sum / count } else { f32::MAX };
                }
                let pos = layers.pos[item as usize];
                self.seekers.push(Seeker { wish, pos, item });
            }
            self.seat(layers, row);
        }
        self.all_moved(layers);
    }

    /// Puts new items of a row at the mean place of their neighbours in the row before, between those that were there.
    fn seat_row(&mut self, layers: &mut Layers, row: u32, down: bool) {
        let towards = if down { &layers.up } else { &layers.down };
        self.seekers.clear();
        self.pools.clear();
        let mut left = -1.0;
        for &item in layers.rows.of(row) {
            let beside = towards.of(item);
            let sum: u32 = beside.iter().map(|&other| layers.pos[other as usize]).sum();
            let mut wish = sum as f32 / beside.len() as f32;
            if beside.is_empty() {
                wish = left;
            }
            left = wish;
            if self.held[item as usize] {
                // Those that were there want to be in their order: neighbours that don't agree meet in the middle.
                let mut pool = (wish, 1_u32);
                while let Some(last) = self.pools.pop_if(|last| last.0 > pool.0) {
                    let count = last.1 + pool.1;
                    pool.0 = (last.0 * last.1 as f32 + pool.0 * pool.1 as f32) / count as f32;
                    pool.1 = count;
                }
                self.pools.push(pool);
            }
            let pos = layers.pos[item as usize];
            self.seekers.push(Seeker { wish, pos, item });
        }
        let mut pools = self
            .pools
            .iter()
            .flat_map(|&(wish, count)| std::iter::repeat_n(wish, count as usize));
        for seeker in self.seekers.iter_mut().filter(|seeker| self.held[seeker.item as usize]) {
            seeker.wish = pools.next().unwrap_or(seeker.wish);
        }
        self.seat(layers, row);
        self.moved(row);
    }

    fn seat(&mut self, layers: &mut Layers, row: u32) {
        self.seekers
            .sort_unstable_by(|one, two| one.wish.total_cmp(&two.wish).then(one.pos.cmp(&two.pos)));
        let start = layers.rows.range(row).start;
        for (pos, seeker) in self.seekers.iter().enumerate() {
            layers.rows.items[start + pos] = seeker.item;
            layers.pos[seeker.item as usize] = index(pos);
        }
    }
}
