//! A column of numbers that grows without moving: blocks of 4,096.
//!
//! Growing never copies more than one block, and little is reserved that is not used: at most an eighth of what there is.

use std::ops::Range;

/// Numbers in a block.
const BLOCK: usize = 4096;
/// What the first block begins with.
const SMALLEST: usize = 16;

/// Numbers in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Column<T> {
    blocks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            len: 0,
        }
    }
}

/// Each block is given back once its numbers are taken.
impl<T> IntoIterator for Column<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter().flatten()
    }
}

impl<T: Copy> Column<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.len.is_multiple_of(BLOCK) {
            self.blocks
                .push(Vec::with_capacity((self.len / 8).clamp(SMALLEST, BLOCK)));
        }
        let len = self.len;
        if let Some(block) = self.blocks.last_mut() {
            if block.len() == block.capacity() {
                block.reserve_exact((len / 8).max(SMALLEST).min(BLOCK - block.len()));
            }
            block.push(value);
            self.len += 1;
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<T> {
        self.blocks.get(at / BLOCK)?.get(at % BLOCK).copied()
    }

    /// Forgets all from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.blocks.truncate(len.div_ceil(BLOCK));
        if let Some(block) = self.blocks.last_mut() {
            block.truncate(len - (len - 1) / BLOCK * BLOCK);
        }
        self.len = len;
    }

    /// Gives back what is reserved and not used.
    pub(crate) fn shrink(&mut self) {
        if let Some(block) = self.blocks.last_mut() {
            block.shrink_to_fit();
        }
        self.blocks.shrink_to_fit();
    }

    /// The numbers of a range, block by block.
    pub(crate) fn slices(&self, range: Range<usize>) -> impl Iterator<Item = &[T]> {
        let range = range.start.min(self.len)..range.end.min(self.len);
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK).max(range.start / BLOCK);
        self.blocks
            .get(blocks.clone())
            .unwrap_or_default()
            .iter()
            .zip(blocks)
            .map(move |(block, at)| {
                let from = range.start.saturating_sub(at * BLOCK);
                let to = (range.end - at * BLOCK).min(block.len());
                block.get(from..to).unwrap_or_default()
            })
    }

    /// The numbers of a range if they lie in one block, which spares the walk over blocks.
    #[inline]
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<&[T]> {
        let block = range.start / BLOCK;
        self.blocks
            .get(block)?
            .get(range.start % BLOCK..range.end.checked_sub(block * BLOCK)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.blocks.iter().flatten().copied()
    }

    /// The first index in `from..len` of which `reached` is true, when it is false for all before and true for all after.
    ///
    /// It looks close to `guess` first: neighbouring columns of pixels have about as many points.
    pub(crate) fn first(&self, from: usize, guess: usize, mut reached: impl FnMut(T) -> bool) -> usize {
        let mut reached = |at: usize| self.get(at).is_none_or(&mut reached);
        gallop(from, self.len, guess, &mut reached)
    }

    /// What is reserved, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Vec::capacity).sum();
        blocks * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }
}

/// The first of `from..to` that is reached (else `to`), by doubling steps away from `guess`.
pub(crate) fn gallop(from: usize, to: usize, guess: usize, reached: &mut impl FnMut(usize) -> bool) -> usize {
    if from >= to {
        return to;
    }
    let guess = guess.clamp(from, to - 1);
    let (mut low, mut high) = (from, to);
    let mut step = 1;
    if reached(guess) {
        high = guess;
        while high > from {
            let at = high.saturating_sub(step).max(from);
            if !reached(at) {
                low = at + 1;
                break;
            }
            high = at;
            step *= 2;
        }
    } else {
        low = guess + 1;
        while low < to {
            let at = low.saturating_add(step - 1).min(to - 1);
            if reached(at) {
                high = at;
                break;
            }
            low = at + 1;
            step *= 2;
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn column_is_a_vector(pushes in prop::collection::vec((0_usize..6000, 0_usize..9000), 1..4), range in (0_usize..20000, 0_usize..9000)) {
            let (mut column, mut plain) = (Column::default(), Vec::new());
            for (more, keep) in pushes {
                for value in 0..more {
                    column.push(value);
                    plain.push(value);
                }
                column.truncate(keep);
                plain.truncate(keep);
            }
            prop_assert_eq!(column.len(), plain.len());
            prop_assert!(column.iter().eq(plain.iter().copied()));
            prop_assert_eq!(column.get(plain.len()), None);
            let range = range.0..range.0 + range.1;
            let joined: Vec<usize> = column.slices(range.clone()).flatten().copied().collect();
            let expect = &plain[range.start.min(plain.len())..range.end.min(plain.len())];
            prop_assert_eq!(joined, expect);
            if let Some(slice) = column.slice(range) {
                prop_assert_eq!(slice, expect);
            }
        }

        #[test]
        fn gallop_is_partition_point(len in 0_usize..300, from in 0_usize..310, guess: usize, bound in 0_usize..310) {
            let from = from.min(len);
            prop_assert_eq!(gallop(from, len, guess, &mut |at| at >= bound), bound.clamp(from, len));
        }
    }

    #[test]
    fn column_grows_on_after_it_gave_memory_back() {
        for len in (1..40).chain(BLOCK - 40..BLOCK + 40) {
            let mut column = Column::default();
            (0..len).for_each(|value| column.push(value));
            column.shrink();
            (len..len + 40).for_each(|value| column.push(value));
            assert!(column.iter().eq(0..len + 40));
        }
    }

    #[test]
    fn little_is_reserved() {
        let mut column = Column::default();
        for at in 0_u64..100_000 {
            column.push(at);
            let numbers = column.bytes() - column.blocks.capacity() * size_of::<Vec<u64>>();
            assert!(
                numbers <= (column.len() + column.len() / 8 + SMALLEST) * 8,
                "{numbers} at {at}"
            );
        }
    }
}
