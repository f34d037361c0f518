//! Gives runs their colours: in the order in which their groups are first seen, round a palette of seven.
//!
//! Source: tensorboard-scalars.md §2.1, "Runs pane" (webapp/util/colors.ts, runs_reducers.ts).

use std::collections::HashMap;

/// TensorBoard's palette. Dark pages have `#8e98a3` for the first, which would be hard to see there.
pub const PALETTE: [&str; 7] = [
    "#425066", "#12b5cb", "#e52592", "#f9ab00", "#9334e6", "#7cb342", "#e8710a",
];
/// What runs have that are not chosen, on a light page and on a dark one.
pub const INACTIVE: [&str; 2] = ["#e0e0e0", "#3b3b3b"];

/// Remembers which group has which colour, so that one that comes later changes none.
#[derive(Clone, Debug, Default)]
pub struct Colours {
    known: HashMap<String, usize>,
}

impl Colours {
    /// The colour of a group (a run, an experiment, what a pattern captured) as an index into a palette of `size`.
    pub fn index(&mut self, group: &str, size: usize) -> usize {
        let next = self.known.len();
        let id = match self.known.get(group) {
            Some(id) => *id,
            None => *self.known.entry(group.to_owned()).or_insert(next),
        };
        id % size.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighth_group_has_the_first_colour_again() {
        let mut colours = Colours::default();
        let seen: Vec<usize> = ["a", "b", "a", "c", "d", "e", "f", "g", "h", "b"]
            .map(|run| colours.index(run, PALETTE.len()))
            .to_vec();
        assert_eq!(seen, [0, 1, 0, 2, 3, 4, 5, 6, 0, 1]);
    }
}
