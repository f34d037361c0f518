//! The row of a series in a table: what it is at a step, and what it does over a range of steps.
//!
//! Source of the columns: tensorboard-scalars.md §2.1, "Step selector / range / linked time".

use crate::store::{Point, Series};
use std::ops::RangeInclusive;

/// What a series does over a range of steps. Values that are not finite do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The first point.
    pub start: Point,
    /// The last point.
    pub end: Point,
    /// The smallest value, where it is first reached.
    pub min: Point,
    /// The largest value, where it is first reached.
    pub max: Point,
    /// The mean of the values.
    pub mean: f64,
    /// How many points there are.
    pub count: usize,
}

impl Row {
    /// The last value less the first.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.end.value - self.start.value
    }

    /// The change as a share of the first value.
    #[must_use]
    pub fn change_share(&self) -> f64 {
        self.change() / self.start.value
    }
}

/// The row of the finite points whose steps are in `steps`; none if there is none.
#[must_use]
pub fn row(series: &Series, steps: RangeInclusive<i64>) -> Option<Row> {
    let from = series.step_column().first(0, 0, |step| step >= *steps.start());
    let points = (from..series.len())
        .map_while(|at| series.point(at))
        .take_while(|point| point.step <= *steps.end());
    let mut row: Option<Row> = None;
    let mut sum = 0.0;
    for point in points.filter(|point| point.value.is_finite()) {
        let row = row.get_or_insert(Row {
            start: point,
            end: point,
            min: point,
            max: point,
            mean: 0.0,
            count: 0,
        });
        row.end = point;
        if point.value < row.min.value {
            row.min = point;
        }
        if point.value > row.max.value {
            row.max = point;
        }
        row.count += 1;
        sum += point.value;
    }
    row.map(|row| Row {
        mean: sum / row.count as f64,
        ..row
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Number;

    #[test]
    fn row_by_hand() {
        let mut series = Series::new("t");
        for (step, value) in [
            (0, 9.0),
            (1, 4.0),
            (2, f32::NAN),
            (3, 1.0),
            (4, 6.0),
            (5, 1.0),
            (6, f32::INFINITY),
        ] {
            series.push(step, 0.0, Number::Single(value));
        }
        let seen = row(&series, 1..=6).unwrap();
        assert_eq!((seen.start.step, seen.end.step, seen.count), (1, 5, 4));
        assert_eq!((seen.min.step, seen.max.step, seen.mean), (3, 4, 3.0));
        assert_eq!((seen.change(), seen.change_share()), (-3.0, -0.75));
        assert_eq!(row(&series, 2..=2), None);
        assert_eq!(row(&series, 7..=9), None);
    }
}
