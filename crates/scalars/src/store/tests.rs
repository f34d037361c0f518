//! Values and their pyramid against a plain scan, and the bytes they take.

use super::Store;
use super::series::{Numbers, Series};
use crate::events::{EventReader, EventWriter, Number};
use proptest::prelude::*;

fn plain(values: &[f32]) -> [f64; 2] {
    let finite = values.iter().filter(|value| value.is_finite());
    finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(f64::from(*value)), high.max(f64::from(*value))]
    })
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![20 => -1e6_f32..1e6, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(f32::NEG_INFINITY)]
}

proptest! {
    #[test]
    fn any_range_has_the_plain_extent(values in prop::collection::vec(value(), 1..3000), a: usize, b: usize) {
        let mut numbers = Numbers::default();
        values.iter().for_each(|value| numbers.push(*value));
        let (a, b) = (a % (values.len() + 1), b % (values.len() + 1));
        let range = a.min(b)..a.max(b);
        prop_assert_eq!(numbers.min_max(range.clone()), plain(&values[range.clone()]));
        prop_assert_eq!(numbers.min_max_plain(range.clone()), plain(&values[range]));
    }

    #[test]
    fn pyramid_follows_restarts(pushes in prop::collection::vec((0_i64..3000, value()), 1..12)) {
        let mut series = Series::new("t");
        let mut expect = Vec::new();
        for (start, value) in pushes {
            for step in start..start + 700 {
                expect.retain(|(at, _)| *at < step);
                expect.push((step, value));
                series.push(step, 0.0, Number::Single(value));
            }
        }
        let values: Vec<f32> = expect.iter().map(|one| one.1).collect();
        let [low, high] = plain(&values);
        prop_assert_eq!(series.extent(), (low <= high).then_some((low, high)));
        prop_assert_eq!(series.len(), values.len());
        let broken: Vec<usize> = (0..values.len()).filter(|at| !values[*at].is_finite()).collect();
        let breaks = series.value_column().breaks();
        prop_assert!(breaks.windows(2).all(|pair| pair[0].end <= pair[1].start));
        for one in breaks {
            let kinds = values[one.start as usize..one.end as usize].iter().map(|value| (value.is_nan(), *value > 0.0));
            prop_assert_eq!(kinds.collect::<std::collections::HashSet<_>>().len(), 1);
        }
        prop_assert_eq!(breaks.iter().flat_map(|one| one.start as usize..one.end as usize).collect::<Vec<_>>(), broken);
    }
}

#[test]
fn point_takes_20_to_24_bytes_and_the_pyramid_a_quarter_at_most() {
    for (count, double) in [(1_000, false), (1_000_000, false), (1_000_000, true)] {
        let mut series = Series::new("t");
        for step in 0..count {
            let number = if double {
                Number::Double(0.1 * step as f64)
            } else {
                Number::Single(step as f32)
            };
            series.push(step, step as f64, number);
        }
        series.settle();
        let [points, pyramid] = series.bytes().map(|bytes| bytes as f64 / count as f64);
        assert!(points <= if double { 24.1 } else { 20.3 }, "{points} bytes a point");
        assert!(pyramid <= 0.25 * points, "{pyramid} bytes a point for the pyramid");
    }
}

#[test]
fn double_in_a_series_of_singles_widens_it() {
    let mut series = Series::new("t");
    for step in 0..40 {
        series.push(step, 0.0, Number::Single(0.1));
    }
    series.push(40, 0.0, Number::Double(0.1));
    series.push(41, 0.0, Number::Single(0.1));
    let values: Vec<f64> = series.values().collect();
    assert_eq!(values[39..], [f64::from(0.1_f32), 0.1, f64::from(0.1_f32)]);
    assert_eq!(series.extent(), Some((0.1, f64::from(0.1_f32))));
}

#[test]
fn runs_are_listed_by_their_earliest_event() {
    let mut store = Store::default();
    // The version is written when the file is made, which may be long after what it tells of.
    for (name, made, wall) in [("late", 1.0, 9.0), ("b", 50.0, 0.5), ("a", 40.0, 0.5)] {
        let mut file = EventWriter::new(made);
        file.scalar(wall, 0, "t", 1.0);
        EventReader::default().push(file.bytes(), store.run_mut(name));
    }
    store.run_mut("empty");
    let names: Vec<&str> = store.by_start().into_iter().map(|run| run.name()).collect();
    assert_eq!(names, ["a", "b", "late", "empty"]);
}
