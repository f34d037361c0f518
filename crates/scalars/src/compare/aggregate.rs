//! Sums up the lines of a group: a middle line, and a band around it.
//!
//! The lines are read straight between their points at each x that any of them has, and nowhere beyond their ends.
//! Source of the bands: Aim, web/ui/src/utils/aggregateGroupData.ts (tensorboard-scalars.md §2.2).

use super::join::Reader;
use crate::chart::quantile;
use crate::window::Line;

/// The line in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Middle {
    /// The sum by the count.
    #[default]
    Mean,
    /// The one that half of the lines are below; between two, their mean.
    Median,
}

/// What the band around it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Band {
    /// The lowest and the highest line.
    #[default]
    MinMax,
    /// One standard deviation of the sample (n - 1) on either side.
    Deviation,
    /// 1.96 standard errors on either side: in 95 % of samples the true mean lies within.
    Confidence,
}

/// A group's middle and band, one entry for each x that a line has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregate {
    /// Ascending.
    pub x: Vec<f64>,
    /// The line in the middle.
    pub middle: Vec<f64>,
    /// Where the band begins.
    pub low: Vec<f64>,
    /// Where it ends.
    pub high: Vec<f64>,
    /// How many lines there are at that x.
    pub count: Vec<u32>,
    /// Whether no line goes from the entry before to this one: nothing to be drawn between them.
    pub is_broken: Vec<bool>,
}

/// Sums up lines with ascending x. Values that are not finite do not count.
#[must_use]
pub fn aggregate(lines: &[&Line], middle: Middle, band: Band) -> Aggregate {
    let mut places: Vec<f64> = lines.iter().flat_map(|line| line.x().iter().copied()).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut readers: Vec<Reader<'_>> = lines.iter().map(|line| Reader::new(line)).collect();
    let mut spans: Vec<(f64, f64)> = readers.iter().filter_map(Reader::span).collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut spans = spans.into_iter().peekable();
    // How far those lines go that have begun.
    let mut reach = f64::NEG_INFINITY;
    let mut values = Vec::with_capacity(lines.len());
    let mut sum = Aggregate::default();
    for x in places {
        values.clear();
        values.extend(readers.iter_mut().filter_map(|reader| reader.read(x)));
        values.sort_by(f64::total_cmp);
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            continue;
        };
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let centre = match middle {
            Middle::Mean => mean,
            Middle::Median => quantile(&values, 0.5),
        };
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if count > 1.0 {
            (squares / (count - 1.0)).sqrt()
        } else {
            0.0
        };
        let (low, high) = match band {
            Band::MinMax => (*first, *last),
            Band::Deviation => (centre - deviation, centre + deviation),
            Band::Confidence => {
                let error = 1.96 * deviation / count.sqrt();
                (centre - error, centre + error)
            }
        };
        sum.is_broken.push(!sum.x.is_empty() && reach < x);
        while let Some((_, end)) = spans.next_if(|(begin, _)| *begin <= x) {
            reach = reach.max(end);
        }
        sum.x.push(x);
        sum.middle.push(centre);
        sum.low.push(low);
        sum.high.push(high);
        sum.count.push(values.len() as u32);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::interpolate;
    use proptest::prelude::*;

    fn line(points: &[(f64, f64)]) -> Line {
        points.iter().copied().collect()
    }

    #[test]
    fn three_seeds_by_hand() {
        let lines = [
            line(&[(0.0, 1.0), (2.0, 3.0)]),
            line(&[(0.0, 2.0), (1.0, 2.0), (2.0, 6.0)]),
            line(&[(1.0, 5.0)]),
        ];
        let lines: Vec<&Line> = lines.iter().collect();
        let seen = aggregate(&lines, Middle::Mean, Band::MinMax);
        assert_eq!((seen.x, seen.count), (vec![0.0, 1.0, 2.0], vec![2, 3, 2]));
        assert_eq!(
            (seen.middle, seen.low, seen.high),
            (vec![1.5, 3.0, 4.5], vec![1.0, 2.0, 3.0], vec![2.0, 5.0, 6.0])
        );
        // 2, 2, 5 around 3: squares 1 + 1 + 4, by 2 is 3.
        let seen = aggregate(&lines, Middle::Median, Band::Deviation);
        assert_eq!((seen.middle[1], seen.high[1]), (2.0, 2.0 + 3_f64.sqrt()));
        let seen = aggregate(&lines, Middle::Mean, Band::Confidence);
        assert!((seen.high[1] - (3.0 + 1.96)).abs() < 1e-12);
    }

    #[test]
    fn single_line_has_no_width() {
        let only = line(&[(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)]);
        let seen = aggregate(&[&only], Middle::Mean, Band::Deviation);
        assert_eq!((&seen.low, &seen.high), (&seen.middle, &seen.middle));
        assert_eq!(seen.middle, [1.0, 2.0, 3.0]);
        assert_eq!(aggregate(&[], Middle::Mean, Band::MinMax), Aggregate::default());
    }

    #[test]
    fn stretch_that_no_line_covers_is_a_gap() {
        let lines = [
            line(&[(0.0, 1.0), (10.0, 2.0)]),
            line(&[(5.0, 3.0), (20.0, 4.0)]),
            line(&[(30.0, 5.0), (40.0, f64::NAN)]),
            line(&[(30.0, 7.0)]),
            line(&[(50.0, 7.0)]),
        ];
        let seen = aggregate(&lines.iter().collect::<Vec<_>>(), Middle::Mean, Band::MinMax);
        assert_eq!(seen.x, [0.0, 5.0, 10.0, 20.0, 30.0, 50.0]);
        assert_eq!(seen.count, [1, 2, 2, 1, 2, 1]);
        assert_eq!(seen.is_broken, [false, false, false, false, true, true]);
    }

    proptest! {
        #[test]
        fn aggregate_is_the_plain_one(seeds in prop::collection::vec(prop::collection::btree_map(0_i32..40, -10.0..10.0_f64, 0..20), 1..5)) {
            let lines: Vec<Line> = seeds.iter().map(|seed| seed.iter().map(|(x, y)| (f64::from(*x), *y)).collect()).collect();
            let seen = aggregate(&lines.iter().collect::<Vec<_>>(), Middle::Mean, Band::MinMax);
            let mut entry = 0;
            for x in 0..40 {
                if !seeds.iter().any(|seed| seed.contains_key(&x)) {
                    continue;
                }
                let values: Vec<f64> = lines.iter().filter_map(|line| interpolate(line, f64::from(x))).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                prop_assert_eq!(seen.x[entry], f64::from(x));
                prop_assert_eq!(seen.count[entry] as usize, values.len());
                prop_assert!((seen.middle[entry] - mean).abs() < 1e-9);
                prop_assert_eq!(seen.high[entry], values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                entry += 1;
            }
            prop_assert_eq!(entry, seen.x.len());
        }
    }
}
