//! Keeps a list for each of many owners in two flat arrays.

use crate::graph::index;

/// Lists by owner: those of owner `v` are `items[start[v]..start[v + 1]]`.
#[derive(Debug, Default)]
pub(super) struct Csr {
    pub(super) start: Vec<u32>,
    pub(super) items: Vec<u32>,
}

impl Csr {
    /// Builds the lists anew from pairs of owner and item; items keep the order of the pairs.
    pub(super) fn build(&mut self, owners: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) {
        self.start.clear();
        self.start.resize(owners + 2, 0);
        let mut count = 0;
        for (owner, _) in pairs.clone() {
            self.start[owner as usize + 2] += 1;
            count += 1;
        }
        for owner in 2..self.start.len() {
            self.start[owner] += self.start[owner - 1];
        }
        self.items.clear();
        self.items.resize(count, 0);
        for (owner, item) in pairs {
            let next = &mut self.start[owner as usize + 1];
            self.items[*next as usize] = item;
            *next += 1;
        }
        self.start.pop();
    }

    /// The list of one owner.
    pub(super) fn of(&self, owner: u32) -> &[u32] {
        &self.items[self.range(owner)]
    }

    /// Where the list of one owner is in `items`.
    pub(super) fn range(&self, owner: u32) -> std::ops::Range<usize> {
        self.start[owner as usize] as usize..self.start[owner as usize + 1] as usize
    }

    /// How many owners there are.
    pub(super) fn owners(&self) -> u32 {
        index(self.start.len().saturating_sub(1))
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.start.capacity() + self.items.capacity())
    }
}
