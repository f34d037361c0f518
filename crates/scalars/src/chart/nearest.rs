//! Finds the point under the pointer, and orders the rows of the tooltip.
//!
//! Source: webapp/widgets/line_chart_v2/sub_view/line_chart_interactive_utils.ts (`findClosestIndex`) and
//! tensorboard-scalars.md §2.1, "Tooltip".

use crate::store::{Series, gallop};

/// The index of the point whose x is nearest to `x` among ascending ones; the left one if two are as near.
#[must_use]
pub fn nearest(ascending: &[f64], x: f64) -> Option<usize> {
    let right = gallop(0, ascending.len(), ascending.len() / 2, &mut |at| ascending[at] > x);
    closer(right, ascending.len(), x, |at| ascending[at])
}

/// Which of the two around the first that lies beyond `x`.
fn closer(right: usize, len: usize, x: f64, place: impl Fn(usize) -> f64) -> Option<usize> {
    let right = right.min(len.checked_sub(1)?);
    let left = right.saturating_sub(1);
    Some(if (place(left) - x).abs() <= (place(right) - x).abs() {
        left
    } else {
        right
    })
}

impl Series {
    /// The index of the point whose step is nearest to `step`; the left one if two are as near.
    #[must_use]
    pub fn nearest(&self, step: f64) -> Option<usize> {
        let steps = self.step_column();
        let right = steps.first(0, self.len() / 2, |one| one as f64 > step);
        closer(right, self.len(), step, |at| steps.get(at).unwrap_or_default() as f64)
    }
}

/// The order of a tooltip's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By the run's name.
    Alphabetical,
    /// The smallest value first.
    Ascending,
    /// The largest value first.
    Descending,
    /// The point nearest to the pointer on the screen first: TensorBoard's default.
    #[default]
    NearestPixel,
    /// The value nearest to the pointer's first. (TensorBoard sorts by the signed distance, which is a mistake.)
    NearestY,
}

/// A row: the point of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    /// The run's name as it is shown.
    pub run: String,
    /// The value that is drawn.
    pub value: f64,
    /// From the pointer, in pixels: right and down are positive.
    pub pixels: (f64, f64),
}

/// Puts rows in order; equal ones stay as they were, and values that are not numbers come last.
pub fn sort_hovers(rows: &mut [Hover], sort: Sort) {
    let by = |key: fn(&Hover) -> f64| {
        move |one: &Hover, other: &Hover| number_last(key(one)).total_cmp(&number_last(key(other)))
    };
    match sort {
        Sort::Alphabetical => rows.sort_by(|one, other| one.run.cmp(&other.run)),
        Sort::Ascending => rows.sort_by(by(|row| row.value)),
        Sort::Descending => rows.sort_by(by(|row| -row.value)),
        Sort::NearestPixel => rows.sort_by(by(|row| row.pixels.0.hypot(row.pixels.1))),
        Sort::NearestY => rows.sort_by(by(|row| row.pixels.1.abs())),
    }
}

/// The largest of all for a NaN.
fn number_last(value: f64) -> f64 {
    if value.is_nan() { f64::NAN.abs() } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Number;
    use proptest::prelude::*;

    #[test]
    fn nearest_by_hand() {
        let steps = [0.0, 10.0, 20.0, 20.0, 40.0];
        for (x, expect) in [
            (-5.0, 0),
            (4.0, 0),
            (5.0, 0),
            (5.1, 1),
            (20.0, 3),
            (30.0, 3),
            (31.0, 4),
            (99.0, 4),
        ] {
            assert_eq!(nearest(&steps, x), Some(expect), "{x}");
        }
        assert_eq!((nearest(&[], 1.0), nearest(&[7.0], 1.0)), (None, Some(0)));
    }

    #[test]
    fn rows_are_put_in_order() {
        let row = |run: &str, value, pixels| Hover {
            run: run.to_owned(),
            value,
            pixels,
        };
        let rows = [
            row("b", 2.0, (0.0, -1.0)),
            row("a", f64::NAN, (3.0, 4.0)),
            row("c", 1.0, (0.5, 3.0)),
        ];
        for (sort, expect) in [
            (Sort::Alphabetical, "abc"),
            (Sort::Ascending, "cba"),
            (Sort::Descending, "bca"),
            (Sort::NearestPixel, "bca"),
            (Sort::NearestY, "bca"),
        ] {
            let mut rows = rows.to_vec();
            sort_hovers(&mut rows, sort);
            assert_eq!(
                rows.iter().map(|row| row.run.as_str()).collect::<String>(),
                expect,
                "{sort:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nearest_is_the_first_of_the_least_distance(steps in prop::collection::btree_set(-100_i64..100, 1..60), x in -120.0..120.0_f64) {
            let steps: Vec<i64> = steps.into_iter().collect();
            let distance = |at: &usize| (steps[*at] as f64 - x).abs();
            let expect = (0..steps.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)));
            let wide: Vec<f64> = steps.iter().map(|step| *step as f64).collect();
            prop_assert_eq!(nearest(&wide, x), expect);
            let mut series = Series::new("t");
            steps.iter().for_each(|step| series.push(*step, 0.0, Number::Single(0.0)));
            prop_assert_eq!(series.nearest(x), expect);
        }
    }
}
