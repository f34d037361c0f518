//! Keeps the smallest and largest number of each 16, 256, 4,096 … points, so that any range is answered by a few looks.
//!
//! It costs 1/15 of a pair a point: 0.54 bytes for `f32`, 1.07 for `f64`. Numbers that are not finite do not count.

use super::column::Column;
use super::real::Real;
use std::ops::Range;

/// How many entries one entry of the next level stands for.
const FAN: usize = 16;
/// Up to so many finite numbers are looked at one by one: vectors are quicker than the levels there.
const SHORT: usize = 256;

/// The levels, the finest first; each holds only entries that are complete.
#[derive(Clone, Debug)]
pub(crate) struct Pyramid<T> {
    levels: Vec<Column<[T; 2]>>,
}

impl<T> Default for Pyramid<T> {
    fn default() -> Self {
        Self { levels: Vec::new() }
    }
}

impl<T: Real> Pyramid<T> {
    /// Takes in that `base` has a new last number.
    pub(crate) fn grown(&mut self, base: &Column<T>) {
        let len = base.len();
        if !len.is_multiple_of(FAN) {
            return;
        }
        let mut entry = T::min_max_finite(base.slices(len - FAN..len));
        let mut count = len / FAN;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Column::default());
            }
            self.levels[level].push(entry);
            if !count.is_multiple_of(FAN) {
                return;
            }
            entry = self.joined(level, count - FAN..count);
            count /= FAN;
        }
    }

    /// Forgets what stands for numbers from `len` on.
    pub(crate) fn truncate(&mut self, mut len: usize) {
        for level in &mut self.levels {
            len /= FAN;
            level.truncate(len);
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.levels.iter_mut().for_each(Column::shrink);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.levels.iter().map(Column::bytes).sum()
    }

    fn joined(&self, level: usize, range: Range<usize>) -> [T; 2] {
        match self.levels[level].slice(range.clone()) {
            Some(slice) => join(T::NONE, slice),
            None => self.levels[level].slices(range).fold(T::NONE, join),
        }
    }

    /// The smallest and largest finite number of a range of `base`; [`Real::NONE`] if there is none.
    pub(crate) fn min_max(&self, base: &Column<T>, range: Range<usize>, finite: bool) -> [T; 2] {
        let look = |range: Range<usize>| match base.slice(range.clone()) {
            Some(slice) if finite => T::min_max(std::iter::once(slice)),
            _ if finite => T::min_max(base.slices(range)),
            _ => T::min_max_finite(base.slices(range)),
        };
        let (from, to) = (range.start.div_ceil(FAN), range.end / FAN);
        if from >= to || finite && range.len() <= SHORT {
            return look(range);
        }
        let edges = T::join(look(range.start..from * FAN), look(to * FAN..range.end));
        T::join(edges, self.above(0, from..to))
    }

    fn above(&self, level: usize, range: Range<usize>) -> [T; 2] {
        let (from, to) = (range.start.div_ceil(FAN), range.end / FAN);
        if from >= to || level + 1 >= self.levels.len() {
            return self.joined(level, range);
        }
        let edges = T::join(
            self.joined(level, range.start..from * FAN),
            self.joined(level, to * FAN..range.end),
        );
        T::join(edges, self.above(level + 1, from..to))
    }
}

/// Joins entries, four chains at a time: one comparison does not wait for the one before.
fn join<T: Real>(all: [T; 2], entries: &[[T; 2]]) -> [T; 2] {
    let mut chains = [all; 4];
    let (chunks, rest) = entries.as_chunks::<4>();
    for chunk in chunks {
        for (chain, entry) in chains.iter_mut().zip(chunk) {
            *chain = T::join(*chain, *entry);
        }
    }
    for (chain, entry) in chains.iter_mut().zip(rest) {
        *chain = T::join(*chain, *entry);
    }
    let [one, two, three, four] = chains;
    T::join(T::join(one, two), T::join(three, four))
}
