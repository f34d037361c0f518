//! Exchanges neighbours in a row where that removes crossings.

use super::super::csr::Csr;
use super::super::layers::Layers;
use crate::graph::index;

/// The places of an item's neighbours in one of the rows beside: a single one by itself, more as a sorted list.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    /// The place of a single neighbour, else where the list begins.
    first: u32,
    count: u32,
}

/// An item of the row at hand with what its crossings depend on.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    item: u32,
    up: Places,
    down: Places,
}

/// What exchanging two neighbours would do in one of the rows beside.
#[derive(Clone, Copy)]
struct Crossings {
    kept: u32,
    turned: u32,
}

/// The room to exchange.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    seats: Vec<Seat>,
    lists: Vec<u32>,
}

/// How many crossings were removed above and below a row, and whether anything moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gain {
    pub(super) above: u64,
    pub(super) below: u64,
    pub(super) moved: bool,
}

impl Exchange {
    /// Goes over a row until nothing is gained or for `passes`; `eager` also exchanges at no cost, in the first pass.
    ///
    /// Two items that are `held` never change places; `held` may be empty.
    pub(super) fn row(&mut self, layers: &mut Layers, row: u32, held: &[bool], (eager, passes): (bool, u32)) -> Gain {
        let is_held = |seat: Seat| held.get(seat.item as usize).is_some_and(|&held| held);
        let range = layers.rows.range(row);
        self.seats.clear();
        self.lists.clear();
        for &item in &layers.rows.items[range.clone()] {
            let up = gather(&mut self.lists, &layers.up, &layers.pos, item);
            let down = gather(&mut self.lists, &layers.down, &layers.pos, item);
            self.seats.push(Seat { item, up, down });
        }
        let (mut gain, mut from, mut to) = (Gain::default(), 1, self.seats.len());
        for pass in 0..passes {
            let (mut first, mut last) = (usize::MAX, 0);
            let equal = eager && pass == 0;
            for right in from..to {
                let (a, b) = (self.seats[right - 1], self.seats[right]);
                let (up, down) = (self.pair(a.up, b.up), self.pair(a.down, b.down));
                let (kept, turned) = (up.kept + down.kept, up.turned + down.turned);
                let better = turned < kept || (equal && turned == kept && kept > 0);
                if better && !(is_held(a) && is_held(b)) {
                    self.seats.swap(right - 1, right);
                    gain.above = gain
                        .above
                        .wrapping_add(u64::from(up.kept).wrapping_sub(u64::from(up.turned)));
                    gain.below = gain
                        .below
                        .wrapping_add(u64::from(down.kept).wrapping_sub(u64::from(down.turned)));
                    gain.moved = true;
                    (first, last) = (first.min(right), right);
                }
            }
            if first == usize::MAX {
                break;
            }
            // Only pairs beside one that changed can have become better.
            (from, to) = ((first - 1).max(1), (last + 2).min(self.seats.len()));
        }
        if gain.moved {
            for (pos, seat) in self.seats.iter().enumerate() {
                layers.rows.items[range.start + pos] = seat.item;
                layers.pos[seat.item as usize] = index(pos);
            }
        }
        gain
    }

    fn pair(&self, left: Places, right: Places) -> Crossings {
        if left.count == 1 && right.count == 1 {
            return Crossings {
                kept: u32::from(left.first > right.first),
                turned: u32::from(left.first < right.first),
            };
        }
        if left.count == 0 || right.count == 0 {
            return Crossings { kept: 0, turned: 0 };
        }
        merge(self.list(&left), self.list(&right))
    }

    fn list<'a>(&'a self, places: &'a Places) -> &'a [u32] {
        if places.count == 1 {
            std::slice::from_ref(&places.first)
        } else {
            &self.lists[places.first as usize..(places.first + places.count) as usize]
        }
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Seat>() * self.seats.capacity() + 4 * self.lists.capacity()
    }
}

fn gather(lists: &mut Vec<u32>, towards: &Csr, pos: &[u32], item: u32) -> Places {
    match towards.of(item) {
        [] => Places::default(),
        [other] => Places {
            first: pos[*other as usize],
            count: 1,
        },
        others => {
            let first = lists.len();
            lists.extend(others.iter().map(|&other| pos[other as usize]));
            lists[first..].sort_unstable();
            Places {
                first: index(first),
                count: index(others.len()),
            }
        }
    }
}

/// How often the links of two items cross as the items stand, and with places exchanged; both lists are sorted.
fn merge(left: &[u32], right: &[u32]) -> Crossings {
    let (mut kept, mut turned) = (0, 0);
    let (mut less, mut not_more) = (0, 0);
    for &place in left {
        while less < right.len() && right[less] < place {
            less += 1;
        }
        not_more = not_more.max(less);
        while not_more < right.len() && right[not_more] <= place {
            not_more += 1;
        }
        kept += less;
        turned += right.len() - not_more;
    }
    Crossings {
        kept: index(kept),
        turned: index(turned),
    }
}
