//! Orders each layer from left to right so that few edges cross.
//!
//! Sweeps put each item at the mean place of its neighbours; between sweeps, neighbours in a row change places wherever
//! that removes crossings. The best order of all is kept. Two starts, from the top and from the bottom, are tried.

use super::Stop;
use super::layers::Layers;
use crate::graph::index;

/// Rounds without a better order before a start is given up.
const IDLE_ROUNDS: u32 = 4;
/// Visits of items and links that all rounds together may make, so that huge graphs end soon.
const MOST_VISITS: u64 = 500_000;
const MOST_ROUNDS: u32 = 20;
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
    tree: Vec<u32>,
    stack: Vec<(u32, u32)>,
    placed: Vec<bool>,
    fill: Vec<u32>,
    /// Places of the neighbours of each item, from left to right, laid out as `up` and `down` are.
    above: Vec<u32>,
    below: Vec<u32>,
    quiet: Vec<bool>,
}

impl Order {
    /// Orders the layers; gives the number of crossings between links.
    pub(super) fn find(&mut self, layers: &mut Layers, stop: &Stop<'_>) -> u64 {
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
                self.exchange(layers, round % 4 < 2, EXCHANGE_PASSES, stop);
                visits += cost;
                let crossings = self.crossings(layers);
                idle = if crossings < here { 0 } else { idle + 1 };
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
            if least == 0 || visits > MOST_VISITS || stop.now() {
                break;
            }
        }
        layers.rows.items.copy_from_slice(&self.best);
        layers.number();
        if least > 0 {
            self.exchange(layers, false, LAST_EXCHANGE_PASSES, stop);
            least = self.crossings(layers);
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
        }
    }

    /// Exchanges neighbours in a row where that removes crossings, until nothing does; `eager` also where it costs none.
    fn exchange(&mut self, layers: &mut Layers, eager: bool, passes: u32, stop: &Stop<'_>) {
        let rows = layers.rows.owners();
        self.above.resize(layers.up.items.len(), 0);
        self.below.resize(layers.down.items.len(), 0);
        self.quiet.clear();
        self.quiet.resize(rows as usize, false);
        for pass in 0..passes {
            let mut gained = false;
            for row in 0..rows {
                if self.quiet[row as usize] || layers.rows.of(row).len() < 2 {
                    continue;
                }
                self.quiet[row as usize] = true;
                self.gather(layers, row);
                if self.exchange_row(layers, row, eager && pass == 0, passes) {
                    gained = true;
                    if row > 0 {
                        self.quiet[row as usize - 1] = false;
                    }
                    if row + 1 < rows {
                        self.quiet[row as usize + 1] = false;
                    }
                }
            }
            if !gained || stop.now() {
                break;
            }
        }
    }

    /// Sorts the neighbours of a row's items by place: the rows beside it are read in order, so nothing is compared.
    fn gather(&mut self, layers: &Layers, row: u32) {
        let sides = [
            (row.checked_sub(1), &layers.down, &layers.up, &mut self.above),
            (
                (row + 1 < layers.rows.owners()).then_some(row + 1),
                &layers.up,
                &layers.down,
                &mut self.below,
            ),
        ];
        for (beside, back, lists, places) in sides {
            let Some(beside) = beside else { continue };
            if self.fill.len() < layers.items() {
                self.fill.resize(layers.items(), 0);
            }
            for &item in layers.rows.of(row) {
                self.fill[item as usize] = lists.start[item as usize];
            }
            for (pos, &other) in layers.rows.of(beside).iter().enumerate() {
                for &item in back.of(other) {
                    let next = &mut self.fill[item as usize];
                    places[*next as usize] = index(pos);
                    *next += 1;
                }
            }
        }
    }

    fn exchange_row(&mut self, layers: &mut Layers, row: u32, eager: bool, passes: u32) -> bool {
        let range = layers.rows.range(row);
        let mut gained = false;
        for pass in 0..passes {
            let mut again = false;
            for slot in range.start..range.end - 1 {
                let (left, right) = (layers.rows.items[slot], layers.rows.items[slot + 1]);
                let (kept_up, turned_up) =
                    count_pair(&self.above[layers.up.range(left)], &self.above[layers.up.range(right)]);
                let (kept_down, turned_down) = count_pair(
                    &self.below[layers.down.range(left)],
                    &self.below[layers.down.range(right)],
                );
                let (kept, turned) = (kept_up + kept_down, turned_up + turned_down);
                if turned < kept || (eager && pass == 0 && turned == kept && kept > 0) {
                    layers.rows.items.swap(slot, slot + 1);
                    layers.pos.swap(left as usize, right as usize);
                    again |= turned < kept;
                }
            }
            gained |= again;
            if !again {
                break;
            }
        }
        gained
    }

    /// The number of crossings between the links of all rows.
    pub(super) fn crossings(&mut self, layers: &Layers) -> u64 {
        let mut crossings = 0;
        for row in 1..layers.rows.owners() {
            let width = layers.rows.of(row).len();
            self.tree.clear();
            self.tree.resize(width + 1, 0);
            let mut before: u32 = 0;
            for &item in layers.rows.of(row - 1) {
                let links = layers.down.of(item);
                // All of an item's links are asked before any is counted: they share an end and don't cross.
                for &other in links {
                    let mut at = layers.pos[other as usize] as usize + 1;
                    let mut not_right = 0;
                    while at > 0 {
                        not_right += self.tree[at];
                        at &= at - 1;
                    }
                    crossings += u64::from(before - not_right);
                }
                for &other in links {
                    let mut at = layers.pos[other as usize] as usize + 1;
                    while at <= width {
                        self.tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                    before += 1;
                }
            }
        }
        crossings
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        let words = [
            &self.best,
            &self.fresh,
            &self.slots,
            &self.tree,
            &self.fill,
            &self.above,
            &self.below,
        ];
        let pairs = self.keys.capacity() + self.stack.capacity();
        let flags = self.placed.capacity() + self.quiet.capacity();
        words.iter().map(|list| 4 * list.capacity()).sum::<usize>() + 8 * pairs + flags
    }
}

/// How often the links of two items cross as the items stand, and with places exchanged; both lists are sorted.
fn count_pair(left: &[u32], right: &[u32]) -> (u64, u64) {
    if let ([left], [right]) = (left, right) {
        return (u64::from(left > right), u64::from(left < right));
    }
    let (mut kept, mut turned) = (0, 0);
    let (mut less, mut not_more) = (0, 0);
    for &place in left {
        while less < right.len() && right[less] < place {
            less += 1;
        }
        while not_more < right.len() && right[not_more] <= place {
            not_more += 1;
        }
        kept += less as u64;
        turned += (right.len() - not_more) as u64;
    }
    (kept, turned)
}
