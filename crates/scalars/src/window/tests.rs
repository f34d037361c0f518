//! Columns against a plain loop over all points: no spike lost, no gap closed, at any zoom.

use super::*;
use crate::events::Number;
use proptest::prelude::*;

fn series(points: &[(i64, f32)]) -> Series {
    let mut series = Series::new("t");
    for (step, value) in points {
        series.push(*step, 0.0, Number::Single(*value));
    }
    series
}

/// What `look` promises, by a loop over all points.
fn plain(points: &[(f64, f64)], range: Range<f64>, pixels: usize) -> Columns {
    let view = View::new(range.clone(), pixels, Spread::Linear).unwrap();
    let inside: Vec<usize> = (0..points.len())
        .filter(|at| range.start <= points[*at].0 && points[*at].0 <= range.end)
        .collect();
    let mut columns = Columns {
        is_exact: inside.len() <= 4 * pixels,
        ..Columns::default()
    };
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for &at in &inside {
        let column = (0..pixels)
            .rev()
            .find(|column| view.edge(*column) <= points[at].0)
            .unwrap_or(0);
        let x = if columns.is_exact {
            view.place(points[at].0)
        } else {
            column as f64 + 0.5
        };
        match groups.last_mut() {
            Some((last, group)) if *last == x && !columns.is_exact => group.push(at),
            _ => groups.push((x, vec![at])),
        }
    }
    let finite_before = |at: usize| (0..at).rev().find(|at| points[*at].1.is_finite());
    for (x, group) in groups {
        let bad: Vec<usize> = group.iter().copied().filter(|at| !points[*at].1.is_finite()).collect();
        if let Some(first) = bad.first() {
            // A run of bad values that began before the column has its height from before it began.
            let next = || (*first..points.len()).find(|at| points[*at].1.is_finite());
            let y = finite_before(*first).or_else(next).map(|at| points[at].1);
            let any = |test: fn(f64) -> bool| bad.iter().any(|at| test(points[*at].1));
            let (is_nan, is_above, is_below) = (
                any(f64::is_nan),
                any(|y| y == f64::INFINITY),
                any(|y| y == f64::NEG_INFINITY),
            );
            columns.marks.push(Mark {
                x,
                y,
                is_nan,
                is_above,
                is_below,
            });
        }
        let good: Vec<usize> = group.iter().copied().filter(|at| points[*at].1.is_finite()).collect();
        let (Some(first), Some(last)) = (good.first(), good.last()) else {
            continue;
        };
        let values = || good.iter().map(|at| points[*at].1);
        columns.x.push(x);
        columns.first.push(points[*first].1);
        columns.min.push(values().fold(f64::INFINITY, f64::min));
        columns.max.push(values().fold(f64::NEG_INFINITY, f64::max));
        columns.last.push(points[*last].1);
        columns.is_broken.push(*first > 0 && !points[*first - 1].1.is_finite());
    }
    let end = |at: usize| (view.place(points[at].0), points[at].1);
    let left = points.iter().rposition(|point| point.0 < range.start);
    let right = points.iter().position(|point| point.0 > range.end);
    let good = |at: &usize| points[*at].1.is_finite();
    columns.before = left.filter(good).filter(|_| inside.first().is_none_or(good)).map(end);
    columns.after = right.filter(good).filter(|_| inside.last().is_none_or(good)).map(end);
    columns
}

/// Points of which most are finite, or half.
fn points() -> impl Strategy<Value = Vec<(i64, f32)>> {
    prop_oneof![points_of(30), points_of(3)]
}

fn points_of(finite: u32) -> impl Strategy<Value = Vec<(i64, f32)>> {
    let value = prop_oneof![finite => -100_f32..100.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(f32::NEG_INFINITY)];
    prop::collection::vec((1_i64..4, value, 1_usize..6), 0..600).prop_map(|steps| {
        let mut at = -50;
        let repeated = steps
            .into_iter()
            .flat_map(|(gap, value, count)| std::iter::repeat_n((gap, value), count));
        repeated
            .map(|(gap, value)| {
                at += gap;
                (at, value)
            })
            .collect()
    })
}

/// Where a window begins: anywhere, about where the points begin, or at a step, where columns may, too.
fn from() -> impl Strategy<Value = f64> {
    prop_oneof![-80.0..3000.0, -60.0..-30.0, (-60..500).prop_map(f64::from)]
}

proptest! {
    #[test]
    fn window_is_the_plain_one(points in points(), from in from(), wide in prop_oneof![0.5..4000.0, (1..1000).prop_map(f64::from)], pixels in 1_usize..150) {
        let series = series(&points);
        let wide_points: Vec<(f64, f64)> = points.iter().map(|(step, value)| (*step as f64, f64::from(*value))).collect();
        let range = from..from + wide;
        let expect = plain(&wide_points, range.clone(), pixels);
        prop_assert_eq!(&series.window(range.clone(), pixels), &expect);
        prop_assert_eq!(&series.window_scanned(range.clone(), pixels), &expect);
        let line: Line = wide_points.into_iter().collect();
        prop_assert_eq!(&line.window(range, pixels, Spread::Linear), &expect);
    }

    #[test]
    fn no_spike_is_lost(len in 1_usize..30_000, spikes in prop::collection::vec((0_usize..30_000, -1e6_f32..1e6), 1..6), from in 0_usize..30_000, wide in 1_usize..30_000, pixels in 1_usize..300) {
        let mut points: Vec<(i64, f32)> = (0..len).map(|at| (at as i64, (at as f32 * 0.1).sin())).collect();
        for (at, height) in &spikes {
            points[at % len].1 = *height;
        }
        let columns = series(&points).window(from as f64..(from + wide) as f64, pixels);
        for (at, _) in spikes {
            let (at, height) = (at % len, f64::from(points[at % len].1));
            if (from..=from + wide).contains(&at) {
                let x = (at - from) as f64 / wide as f64 * pixels as f64;
                let near = (0..columns.x.len()).any(|entry| (columns.x[entry] - x).abs() <= 0.5001 && columns.min[entry] <= height && height <= columns.max[entry]);
                prop_assert!(near, "spike of {height} at {x} px");
            }
        }
    }

    #[test]
    fn line_that_goes_back_keeps_its_envelope(points in prop::collection::vec((-10.0..10.0_f64, -5.0..5.0_f64), 0..400), pixels in 1_usize..40) {
        let line: Line = points.iter().copied().collect();
        let columns = line.window(-5.0..5.0, pixels, Spread::Linear);
        let inside = || points.iter().filter(|(x, _)| (-5.0..=5.0).contains(x)).map(|one| one.1);
        let low = inside().fold(f64::INFINITY, f64::min);
        let high = inside().fold(f64::NEG_INFINITY, f64::max);
        prop_assert_eq!(columns.min.iter().copied().fold(f64::INFINITY, f64::min), low);
        prop_assert_eq!(columns.max.iter().copied().fold(f64::NEG_INFINITY, f64::max), high);
    }
}

#[test]
fn ten_points_on_two_pixels() {
    let points: Vec<(i64, f32)> = [5.0, 1.0, 9.0, 2.0, 3.0, 3.0, 8.0, 0.0, 7.0, 4.0]
        .into_iter()
        .enumerate()
        .map(|(at, y)| (at as i64, y))
        .collect();
    let columns = series(&points).window(0.0..10.0, 2);
    assert_eq!((columns.is_exact, columns.x), (false, vec![0.5, 1.5]));
    assert_eq!((columns.first, columns.last), (vec![5.0, 3.0], vec![3.0, 4.0]));
    assert_eq!((columns.min, columns.max), (vec![1.0, 0.0], vec![9.0, 8.0]));
}

#[test]
fn few_points_keep_their_places_and_the_line_goes_out() {
    let series = series(&[(0, 0.0), (10, 1.0), (15, f32::NAN), (20, 2.0), (40, 4.0)]);
    let columns = series.window(5.0..25.0, 100);
    assert_eq!(
        (columns.is_exact, columns.x, columns.first),
        (true, vec![25.0, 75.0], vec![1.0, 2.0])
    );
    assert_eq!(columns.is_broken, [false, true]);
    assert_eq!(
        (columns.before, columns.after),
        (Some((-25.0, 0.0)), Some((175.0, 4.0)))
    );
    assert_eq!(
        columns.marks,
        [Mark {
            x: 50.0,
            y: Some(1.0),
            is_nan: true,
            is_above: false,
            is_below: false
        }]
    );
}

#[test]
fn log_spread_gives_each_decade_the_same_room() {
    let columns = series(&[(0, 9.0), (1, 1.0), (10, 2.0), (100, 3.0)]).window_on(1.0..100.0, 200, Spread::Log);
    assert_eq!(
        (columns.x, columns.first),
        (vec![0.0, 100.0, 200.0], vec![1.0, 2.0, 3.0])
    );
}

#[test]
fn no_line_comes_from_where_a_log_axis_has_no_place() {
    let window = |step| series(&[(step, 9.0), (10, 1.0), (20, 2.0)]).window_on(5.0..100.0, 100, Spread::Log);
    assert_eq!((window(0).before, window(-3).before), (None, None));
    assert!(
        window(1)
            .before
            .is_some_and(|(x, y)| x < 0.0 && x.is_finite() && y == 9.0)
    );
}

#[test]
fn mark_without_a_value_before_it_has_the_height_of_the_next() {
    let begins = [(0, f32::NAN), (1, f32::INFINITY), (2, 7.0), (3, f32::NAN)];
    let heights = |columns: Columns| columns.marks.iter().map(|mark| mark.y).collect::<Vec<_>>();
    let at = |range: Range<f64>| heights(series(&begins).window(range, 100));
    assert_eq!(at(0.0..4.0), [Some(7.0); 3]);
    assert_eq!(at(0.0..1.0), [Some(7.0); 2]);
    assert_eq!(heights(series(&begins[..2]).window(0.0..4.0, 100)), [None; 2]);
    // Drawn over a tag that goes back, and where the value before lies outside of the window.
    let line: Line = [
        (5.0, f64::NAN),
        (-20.0, 3.0),
        (4.0, f64::NAN),
        (6.0, 1.0),
        (7.0, 1.0),
        (8.0, 1.0),
    ]
    .into_iter()
    .collect();
    for pixels in [100, 1] {
        let marks = line.window(0.0..10.0, pixels, Spread::Linear).marks;
        let mut seen: Vec<Option<f64>> = marks.iter().map(|mark| mark.y).collect();
        seen.dedup();
        assert_eq!(seen, [Some(3.0)], "{pixels}");
    }
}

#[test]
fn window_without_room_or_range_is_empty() {
    let series = series(&[(0, 1.0)]);
    for (range, pixels) in [
        (0.0..1.0, 0),
        (1.0..0.0, 10),
        (f64::NAN..1.0, 10),
        (0.0..f64::INFINITY, 10),
    ] {
        assert_eq!(series.window(range, pixels), Columns::default());
    }
}
