//! Computes which rows of a long list a fixed pool of slots shows at a scroll offset.
//!
//! A row keeps its slot while it is on screen (`index % slots`), so that scrolling by one row rewrites one slot.

/// Measures of a list on screen, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Height of one row.
    pub row_height: f64,
    /// Height of what is visible.
    pub viewport: f64,
    /// Number of slots in the pool.
    pub slots: usize,
}

impl Window {
    /// Slots that cover a viewport wherever it is scrolled to, with `spare` rows more.
    pub fn slots_for(viewport: f64, row_height: f64, spare: usize) -> usize {
        if row_height <= 0.0 || !viewport.is_finite() {
            return spare.max(1);
        }
        (viewport.max(0.0) / row_height).ceil() as usize + 1 + spare
    }

    /// First row shown of `count` rows at a scroll offset; never so far that slots stay empty needlessly.
    pub fn first(&self, scroll: f64, count: usize) -> usize {
        let spare = self
            .slots
            .saturating_sub(Self::slots_for(self.viewport, self.row_height, 0));
        let at = (scroll.max(0.0) / self.row_height).floor() as usize;
        at.saturating_sub(spare / 2).min(count.saturating_sub(self.slots))
    }

    /// Row that the slot shows when the first row shown is `first`.
    pub fn row_of(&self, slot: usize, first: usize) -> usize {
        let turn = first % self.slots;
        if slot >= turn {
            first - turn + slot
        } else {
            first - turn + self.slots + slot
        }
    }

    /// Offset that brings the row into view, or `None` when it is.
    pub fn reveal(&self, row: usize, scroll: f64) -> Option<f64> {
        let top = row as f64 * self.row_height;
        if top < scroll {
            Some(top)
        } else if top + self.row_height > scroll + self.viewport {
            Some(top + self.row_height - self.viewport)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_visible_row_has_exactly_one_slot(
            scroll in 0.0..400_000.0_f64, viewport in 1.0..2_000.0_f64, count in 0..10_000_usize, spare in 0..8_usize,
        ) {
            let row_height = 40.0;
            let slots = Window::slots_for(viewport, row_height, spare);
            let window = Window { row_height, viewport, slots };
            let scroll = scroll.min((count as f64 * row_height - viewport).max(0.0));
            let first = window.first(scroll, count);
            let mut shown: Vec<usize> = (0..slots).map(|slot| window.row_of(slot, first)).collect();
            shown.sort_unstable();
            prop_assert_eq!(&shown, &(first..first + slots).collect::<Vec<_>>());
            let top = (scroll / row_height).floor() as usize;
            let bottom = (((scroll + viewport) / row_height).ceil() as usize).min(count);
            for row in top..bottom {
                prop_assert!(shown.contains(&row), "row {} of {} not in {:?}", row, count, shown);
            }
        }

        #[test]
        fn scrolling_by_a_row_changes_one_slot(first in 0..1_000_usize, slots in 1..60_usize) {
            let window = Window { row_height: 40.0, viewport: 100.0, slots };
            let changed = (0..slots).filter(|s| window.row_of(*s, first) != window.row_of(*s, first + 1)).count();
            prop_assert_eq!(changed, 1);
        }
    }

    #[test]
    fn row_below_gives_the_offset_that_shows_it() {
        let window = Window {
            row_height: 40.0,
            viewport: 100.0,
            slots: 5,
        };
        assert_eq!(window.reveal(0, 0.0), None);
        assert_eq!(window.reveal(4, 0.0), Some(100.0));
        assert_eq!(window.reveal(1, 80.0), Some(40.0));
    }
}
