//! Knows how many rows each wrapped line of a log takes, in a font whose characters are all as wide.

/// Where each line begins, in rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapped {
    /// Row at which each line begins; one more at the end.
    starts: Vec<u32>,
    /// Number of the first line since the log began.
    first: u64,
    /// Characters in a row; 0 when lines are not wrapped.
    row_chars: usize,
}

impl Wrapped {
    /// Counts again what may have changed: all of it, or just the newest lines when the log only grew.
    ///
    /// `first` is the number of the first kept line; `chars_at` gives the length of a kept line by its place.
    pub fn update(&mut self, first: u64, count: usize, row_chars: usize, chars_at: &dyn Fn(usize) -> usize) {
        let grew = self.first == first && self.row_chars == row_chars && self.starts.len() <= count + 1;
        if !grew || self.starts.is_empty() {
            self.starts.clear();
            self.starts.push(0);
        } else if self.starts.len() > 1 {
            self.starts.pop(); // the newest line may have got longer
        }
        (self.first, self.row_chars) = (first, row_chars);
        for place in self.starts.len() - 1..count {
            let rows = if row_chars == 0 {
                1
            } else {
                chars_at(place).div_ceil(row_chars).max(1)
            };
            self.starts.push(self.top(place) + rows as u32);
        }
    }

    /// Row at which a line begins.
    pub fn top(&self, place: usize) -> u32 {
        self.starts.get(place).or(self.starts.last()).copied().unwrap_or(0)
    }

    /// Rows of all lines.
    pub fn rows(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Line that covers a row.
    pub fn place_at(&self, row: u32) -> usize {
        let after = self.starts.partition_point(|start| *start <= row);
        after.saturating_sub(1).min(self.starts.len().saturating_sub(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 4] = [5, 25, 0, 10];

    fn wrapped(count: usize, row_chars: usize) -> Wrapped {
        let mut wrapped = Wrapped::default();
        wrapped.update(0, count, row_chars, &|at| LENGTHS[at]);
        wrapped
    }

    #[test]
    fn long_line_takes_more_rows_and_an_empty_one_takes_one() {
        let wrapped = wrapped(4, 10);
        assert_eq!([0, 1, 2, 3].map(|at| wrapped.top(at)), [0, 1, 4, 5]);
        assert_eq!(wrapped.rows(), 6);
    }

    #[test]
    fn row_gives_the_line_that_covers_it() {
        let wrapped = wrapped(4, 10);
        assert_eq!([0, 1, 3, 4, 5, 99].map(|row| wrapped.place_at(row)), [0, 1, 1, 2, 3, 3]);
    }

    #[test]
    fn unwrapped_lines_take_one_row_each() {
        assert_eq!(wrapped(4, 0).rows(), 4);
    }

    #[test]
    fn growing_equals_counting_anew() {
        let mut grown = wrapped(2, 10);
        grown.update(0, 4, 10, &|at| LENGTHS[at]);
        assert_eq!(grown, wrapped(4, 10));
    }

    #[test]
    fn dropped_lines_are_counted_anew() {
        let mut moved = wrapped(4, 10);
        moved.update(1, 3, 10, &|at| LENGTHS[at + 1]);
        assert_eq!(moved.rows(), 5);
    }

    #[test]
    fn no_lines_have_no_rows() {
        assert_eq!((wrapped(0, 10).rows(), wrapped(0, 10).place_at(3)), (0, 0));
    }
}
