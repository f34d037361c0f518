//! Orders each layer from left to right so that few edges cross.
//!
//! Sweeps put each item at the mean place of its neighbours; between sweeps, neighbours in a row change places wherever
//! that removes crossings. The best order of all is kept. Small graphs are tried
//! twice, from the top and from the bottom.

mod count;
mod exchange;
mod keep;

use super::Stop;
use super::layers::Layers;
use crate::graph::index;
use count::Count;
use exchange::Exchange;
use keep::Seeker;

/// Rounds without a better order before a start is given up.
const IDLE_ROUNDS: u32 = 4;
/// Visits of items and links that all rounds together may make, so that huge graphs end soon.
const MOST_VISITS: u64 = 1_500_000;
const MOST_ROUNDS: u32 = 32;
/// Sweeps alone find the rough order; exchanges, which cost more, only help once it is there.
const SWEEPS_ALONE: u32 = 8;
/// Visits within which another start is worth a try: it seldom finds less, but small graphs have the time.
const ANOTHER_START: u64 = 12_000;
/// Passes of exchanges between two sweeps, and over the best order of all.
const EXCHANGE_PASSES: u32 = 2;
const LAST_EXCHANGE_PASSES: u32 = 12;

/// The room to find an order.
#[derive(Debug, Default)]
pub(super) struct Order {
    best: Vec<u32>,
    fresh: Vec<u32>,
    keys: Vec<u64>,
    slots: Vec<u32>,
    stack: Vec<(u32, u32)>,
    placed: Vec<bool>,
    fill: Vec<u32>,
    /// Rows in which an exchange may gain something.
    restless: Vec<bool>,
    count: Count,
    exchange: Exchange,
    /// Items that keep their order among each other; none at all most of the time.
    held: Vec<bool>,
    found: Vec<u32>,
    seekers: Vec<Seeker>,
    pools: Vec<(f32, u32)>,
}

impl Order {
    /// Orders the layers; gives the number of crossings between links.
    ///
    /// `hints` says where each item was in an earlier layout, or is empty; that order is kept if it costs little.
    pub(super) fn find(&mut self, layers: &mut Layers, hints: &[f32], stop: &Stop<'_>) -> u64 {
        let fresh = self.search(layers, stop);
        if hints.is_empty() || layers.rows.owners() == 0 {
            return fresh;
        }
        self.keep(layers, hints, fresh, stop)
    }

    fn search(&mut self, layers: &mut Layers, stop: &Stop<'_>) -> u64 {
        self.held.clear();
        let cost = (layers.items() + layers.down.items.len()) as u64;
        let mut visits = 0;
        let mut least = u64::MAX;
        for from_top in [true, false] {
            self.start(layers, from_top);
            let mut idle = 0;
            let mut here = u64::MAX;
            for round in 0..MOST_ROUNDS {
                if round > 0 {
                    self.sweep(layers, (round % 2 == 1) == from_top);
                }
                self.count.all(layers);
                if round >= SWEEPS_ALONE {
                    self.exchange(layers, round % 4 < 2, EXCHANGE_PASSES, stop);
                }
                visits += cost;
                let crossings = self.count.known();
                idle = if crossings < here || round < SWEEPS_ALONE {
                    0
                } else {
                    idle + 1
                };
                here = here.min(crossings);
                if crossings < least {
                    least = crossings;
                    self.best.clear();
                    self.best.extend_from_slice(&layers.rows.items);
                }
                if least == 0 || idle == IDLE_ROUNDS || visits > MOST_VISITS || stop.now() {
                    break;
                }
            }
            if least == 0 || visits > ANOTHER_START || stop.now() {
                break;
            }
        }
        layers.rows.items.copy_from_slice(&self.best);
        layers.number();
        if least > 0 {
            self.all_moved(layers);
            self.count.all(layers);
            self.exchange(layers, false, LAST_EXCHANGE_PASSES, stop);
            least = self.count.known();
        }
        least
    }

    /// The order in which a walk in depth meets the items, from the first layer down or from the last one up.
    fn start(&mut self, layers: &mut Layers, from_top: bool) {
        self.placed.clear();
        self.placed.resize(layers.items(), false);
        self.fill.clear();
        self.fill.extend_from_slice(&layers.rows.start);
        let rows = layers.rows.owners();
        for nth in 0..rows {
            let row = if from_top { nth } else { rows - 1 - nth };
            self.slots.clear();
            self.slots.extend_from_slice(layers.rows.of(row));
            self.slots.sort_unstable();
            for at in 0..self.slots.len() {
                self.walk(layers, self.slots[at], from_top);
            }
        }
        // Written aside first, as the rows are still being read.
        let items = layers.items();
        layers.rows.items.copy_from_slice(&self.fresh[..items]);
        layers.number();
        self.all_moved(layers);
    }

    fn walk(&mut self, layers: &Layers, root: u32, from_top: bool) {
        self.fresh.resize(layers.items(), 0);
        let onward = if from_top { &layers.down } else { &layers.up };
        let mut put = |item: u32| {
            if std::mem::replace(&mut self.placed[item as usize], true) {
                return false;
            }
            let slot = &mut self.fill[layers.layer[item as usize] as usize];
            self.fresh[*slot as usize] = item;
            *slot += 1;
            true
        };
        if !put(root) {
            return;
        }
        self.stack.push((root, onward.start[root as usize]));
        while let Some((item, next)) = self.stack.last_mut() {
            if *next as usize == onward.range(*item).end {
                self.stack.pop();
                continue;
            }
            let to = onward.items[*next as usize];
            *next += 1;
            if put(to) {
                self.stack.push((to, onward.start[to as usize]));
            }
        }
    }

    /// Sorts each row by the mean place of the neighbours in the row before; items without any stay where they are.
    fn sweep(&mut self, layers: &mut Layers, down: bool) {
        let rows = layers.rows.owners();
        for nth in 1..rows {
            let row = if down { nth } else { rows - 1 - nth };
            let towards = if down { &layers.up } else { &layers.down };
            let range = layers.rows.range(row);
            self.keys.clear();
            self.slots.clear();
            for slot in range.clone() {
                let item = layers.rows.items[slot];
                let neighbours = towards.of(item);
                if neighbours.is_empty() {
                    continue;
                }
                let sum: u64 = neighbours
                    .iter()
                    .map(|&other| u64::from(layers.pos[other as usize]))
                    .sum();
                // Mean place as fixed point, then the place had: equal means keep their order.
                let mean = (sum << 8) / neighbours.len() as u64;
                self.keys.push(mean << 32 | u64::from(layers.pos[item as usize]));
                self.slots.push(index(slot));
            }
            if self.keys.is_sorted() {
                continue;
            }
            self.keys.sort_unstable();
            self.fill.clear();
            self.fill.extend(
                self.keys
                    .iter()
                    .map(|key| layers.rows.items[range.start + (key & 0xffff_ffff) as usize]),
            );
            for (&slot, &item) in self.slots.iter().zip(&self.fill) {
                layers.rows.items[slot as usize] = item;
                layers.pos[item as usize] = slot - index(range.start);
            }
            self.moved(row);
        }
    }

    /// Exchanges neighbours in the rows where something may be gained, until nothing is.
    fn exchange(&mut self, layers: &mut Layers, eager: bool, passes: u32, stop: &Stop<'_>) {
        let rows = layers.rows.owners();
        for pass in 0..passes {
            let mut moved = false;
            for row in 0..rows {
                if !std::mem::take(&mut self.restless[row as usize]) || layers.rows.of(row).len() < 2 {
                    continue;
                }
                if stop.now() {
                    return;
                }
                let gain = self.exchange.row(layers, row, &self.held, (eager && pass == 0, passes));
                if gain.moved {
                    moved = true;
                    self.count.removed(row, gain);
                    self.restless[row.saturating_sub(1) as usize] = true;
                    self.restless[row as usize + 1] = true;
                }
            }
            if !moved {
                break;
            }
        }
    }

    /// Says that a row has another order.
    fn moved(&mut self, row: u32) {
        self.count.moved(row);
        self.restless[row.saturating_sub(1) as usize..row as usize + 2].fill(true);
    }

    fn all_moved(&mut self, layers: &Layers) {
        self.count.reset(layers.rows.owners());
        self.restless.clear();
        self.restless.resize(layers.rows.owners() as usize + 1, true);
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [&self.best, &self.fresh, &self.slots, &self.fill, &self.found];
        let pairs = self.keys.capacity() + self.stack.capacity() + self.pools.capacity();
        let flags = self.placed.capacity() + self.restless.capacity() + self.held.capacity();
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>()
            + 8 * pairs
            + flags
            + size_of::<Seeker>() * self.seekers.capacity()
            + self.count.bytes()
            + self.exchange.bytes()
    }
}
