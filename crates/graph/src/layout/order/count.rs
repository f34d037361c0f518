//! Counts the crossings between neighbouring rows, again only where something moved.

use super::super::layers::Layers;

/// The crossings above each row, and the room to count them.
#[derive(Debug, Default)]
pub(super) struct Count {
    above: Vec<u64>,
    stale: Vec<bool>,
    tree: Vec<u32>,
}

impl Count {
    /// Forgets all counts.
    pub(super) fn reset(&mut self, rows: u32) {
        self.above.clear();
        self.above.resize(rows as usize + 1, 0);
        self.stale.clear();
        self.stale.resize(rows as usize + 1, true);
    }

    /// Says that a row has another order.
    pub(super) fn moved(&mut self, row: u32) {
        self.stale[row as usize] = true;
        self.stale[row as usize + 1] = true;
    }

    /// Says what exchanges in a row removed; both counts were up to date.
    pub(super) fn removed(&mut self, row: u32, gain: super::exchange::Gain) {
        let row = row as usize;
        self.above[row] = self.above[row].wrapping_sub(gain.above);
        self.above[row + 1] = self.above[row + 1].wrapping_sub(gain.below);
    }

    /// The number of crossings between the links of all rows.
    pub(super) fn all(&mut self, layers: &Layers) -> u64 {
        for row in 1..layers.rows.owners() {
            if std::mem::take(&mut self.stale[row as usize]) {
                self.above[row as usize] = self.between(layers, row);
            }
        }
        self.known()
    }

    /// The sum of the counts as they are known.
    pub(super) fn known(&self) -> u64 {
        // What is above the first row and below the last is nothing.
        self.above.iter().sum()
    }

    fn between(&mut self, layers: &Layers, row: u32) -> u64 {
        let width = layers.rows.of(row).len();
        self.tree.clear();
        self.tree.resize(width + 1, 0);
        let (mut crossings, mut before) = (0, 0_u32);
        // The greatest place so far: links that go further right cross nothing.
        let mut far = 0;
        for &item in layers.rows.of(row - 1) {
            let links = layers.down.of(item);
            // All of an item's links are asked before any is counted: they share an end and don't cross.
            for &other in links {
                let mut at = layers.pos[other as usize] as usize + 1;
                if at >= far {
                    continue;
                }
                let mut not_right = 0;
                while at > 0 {
                    not_right += self.tree[at];
                    at &= at - 1;
                }
                crossings += u64::from(before - not_right);
            }
            for &other in links {
                let mut at = layers.pos[other as usize] as usize + 1;
                far = far.max(at);
                while at <= width {
                    self.tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
                before += 1;
            }
        }
        crossings
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        8 * self.above.capacity() + self.stale.capacity() + 4 * self.tree.capacity()
    }
}
