//! Keeps the visible rows of a table sorted while a few of them change, without sorting all of them again.
//!
//! Rows are named by the slot they lie in (`u32`), which they keep for life. A frame with `k` changes among `n` rows
//! costs one pass over the order plus `k log n` comparisons.

use std::cmp::Ordering;

/// Slots of the visible rows, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    slots: Vec<u32>,
}

impl Order {
    /// Sorts all of `visible` anew; `compare` must be a total order, so that equal rows keep their place for ever.
    pub fn rebuild(&mut self, visible: impl Iterator<Item = u32>, mut compare: impl FnMut(u32, u32) -> Ordering) {
        self.slots.clear();
        self.slots.extend(visible);
        sort(&mut self.slots, &mut compare);
    }

    /// Takes out the slots for which `gone` holds and puts in `came`, all of which must be out by then.
    ///
    /// A row that may have moved is named in both. What stays must be in order under `compare` as it is now.
    pub fn change(
        &mut self,
        gone: impl Fn(u32) -> bool,
        mut came: Vec<u32>,
        mut compare: impl FnMut(u32, u32) -> Ordering,
    ) {
        self.slots.retain(|slot| !gone(*slot));
        if came.is_empty() {
            return;
        }
        sort(&mut came, &mut compare);
        // Places first (against what stays), then one move of each stretch from the back.
        let mut from = 0;
        let places: Vec<usize> = came
            .iter()
            .map(|new| {
                from += self.slots[from..].partition_point(|old| compare(*old, *new) == Ordering::Less);
                from
            })
            .collect();
        let mut end = self.slots.len();
        self.slots.resize(end + came.len(), 0);
        for (shift, (new, place)) in came.iter().zip(places).enumerate().rev() {
            self.slots.copy_within(place..end, place + shift + 1);
            self.slots[place + shift] = *new;
            end = place;
        }
    }

    /// Number of visible rows.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no row is visible.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Slot of the row at a place.
    pub fn get(&self, place: usize) -> Option<u32> {
        self.slots.get(place).copied()
    }

    /// Place of a row, found by its order.
    pub fn place_of(&self, slot: u32, mut compare: impl FnMut(u32, u32) -> Ordering) -> Option<usize> {
        self.slots.binary_search_by(|other| compare(*other, slot)).ok()
    }

    /// Slots in order.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }
}

/// Compiled once for all comparisons: each would bring some 5 kB of the standard library's sort.
fn sort(slots: &mut [u32], compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    slots.sort_unstable_by(|a, b| compare(*a, *b));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn changes_give_what_sorting_anew_gives(
            start in proptest::collection::vec(0..50_u8, 0..60),
            steps in proptest::collection::vec(proptest::collection::vec((0..60_usize, 0..50_u8, any::<bool>()), 0..10), 0..6),
        ) {
            let mut keys = start.clone();
            keys.resize(60, 0);
            let mut shown: Vec<bool> = (0..60).map(|slot| slot < start.len()).collect();
            let mut order = Order::default();
            let visible = |shown: &[bool]| (0..60_u32).filter(|s| shown[*s as usize]).collect::<Vec<_>>();
            let by = |keys: &[u8], a: u32, b: u32| (keys[a as usize], a).cmp(&(keys[b as usize], b));
            order.rebuild(visible(&shown).into_iter(), |a, b| by(&keys, a, b));
            for step in steps {
                let mut touched = [false; 60];
                for (slot, key, show) in step {
                    (keys[slot], shown[slot], touched[slot]) = (key, show, true);
                }
                let came = (0..60_u32).filter(|s| touched[*s as usize] && shown[*s as usize]).collect();
                order.change(|slot| touched[slot as usize], came, |a, b| by(&keys, a, b));
                let mut anew = Order::default();
                anew.rebuild(visible(&shown).into_iter(), |a, b| by(&keys, a, b));
                prop_assert_eq!(&order, &anew);
            }
            for (place, slot) in order.slots().iter().enumerate() {
                prop_assert_eq!(order.place_of(*slot, |a, b| by(&keys, a, b)), Some(place));
            }
        }
    }
}
