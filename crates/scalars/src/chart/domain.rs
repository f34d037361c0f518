//! Finds the domain that shows all lines, with outliers or without.
//!
//! Source: webapp/widgets/line_chart_v2/line_chart_internal_utils.ts (`computeDataSeriesExtent`) for the charts of
//! today, components/vz_chart_helpers/vz-chart-helpers.ts (`computeDomain`) for the older ones.
//! TensorBoard takes the lines that are drawn in full: the smoothed ones where there is smoothing, not the pale ones
//! behind them.

use super::scale::{Scale, nice, nice_linear};

/// From where to where a chart goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Domain {
    /// The least and the greatest x; none if no point has a place.
    pub x: Option<(f64, f64)>,
    /// The least and the greatest y.
    pub y: Option<(f64, f64)>,
}

/// Which share of the values may lie below, and above, where outliers are left out.
const OUTLIERS: f64 = 0.05;

/// The extent of points, x and y each by their scale; `ignore_outliers` leaves out a twentieth of all y at each end.
///
/// Of n sorted y these are the ones at ⌈0.05 (n-1)⌉ and ⌊0.95 (n-1)⌋; with two or fewer all count. It takes the time of
/// looking at each value a few times, not of sorting.
pub fn extent(points: impl IntoIterator<Item = (f64, f64)>, x: Scale, y: Scale, ignore_outliers: bool) -> Domain {
    let mut domain = Domain::default();
    let mut heights: Vec<f64> = Vec::new();
    let mut count = 0;
    for (at, height) in points {
        if x.is_safe(at) {
            domain.x = Some(domain.x.map_or((at, at), |(low, high)| (low.min(at), high.max(at))));
        }
        if y.is_safe(height) {
            count += 1;
            if ignore_outliers {
                heights.push(height);
            } else {
                domain.y = Some(
                    domain
                        .y
                        .map_or((height, height), |(low, high)| (low.min(height), high.max(height))),
                );
            }
        }
    }
    if count > 0 && ignore_outliers {
        let last = (count - 1) as f64;
        let [low, high] = if count > 2 {
            [
                (last * OUTLIERS).ceil() as usize,
                (last * (1.0 - OUTLIERS)).floor() as usize,
            ]
        } else {
            [0, count - 1]
        };
        domain.y = Some((ranked(&mut heights, low), ranked(&mut heights, high)));
    }
    domain
}

/// The number that would be at an index if they were sorted.
fn ranked(numbers: &mut [f64], at: usize) -> f64 {
    *numbers.select_nth_unstable_by(at, f64::total_cmp).1
}

/// The [`extent`], made nice.
pub fn domain(points: impl IntoIterator<Item = (f64, f64)>, x: Scale, y: Scale, ignore_outliers: bool) -> Domain {
    let extent = extent(points, x, y, ignore_outliers);
    Domain {
        x: extent.x.map(|(low, high)| nice(x, low, high)),
        y: extent.y.map(|(low, high)| nice(y, low, high)),
    }
}

/// The y domain of TensorBoard's older charts: quantiles between two values, and zero if it is near.
#[must_use]
pub fn legacy_domain(values: &[f64], ignore_outliers: bool) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return (-0.1, 1.1);
    };
    let (low, high) = if ignore_outliers {
        (quantile(&sorted, OUTLIERS), quantile(&sorted, 1.0 - OUTLIERS))
    } else {
        (*first, *last)
    };
    let span = high - low;
    let padding = if span == 0.0 { low.abs() * 1.1 + 1.1 } else { span * 0.2 };
    let bottom = if (0.0..span).contains(&low) {
        -0.1 * high
    } else {
        low - padding
    };
    nice_linear(bottom, high + padding, 10)
}

/// The value at a share of the way through sorted values, between two if need be: d3's `quantile`.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low_value), Some(high_value)) => low_value + (high_value - low_value) * (at - low as f64),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn up_to(count: i32) -> impl Iterator<Item = (f64, f64)> {
        (0..count).map(|at| (f64::from(at), f64::from(at)))
    }

    #[test]
    fn outliers_by_hand() {
        // 0..=100: ceil(100 * 0.05) = 5 and floor(100 * 0.95) = 95.
        let seen = extent(up_to(101), Scale::Linear, Scale::Linear, true);
        assert_eq!(
            seen,
            Domain {
                x: Some((0.0, 100.0)),
                y: Some((5.0, 95.0))
            }
        );
        // 0..=10: ceil(0.5) = 1 and floor(9.5) = 9.
        assert_eq!(
            extent(up_to(11), Scale::Linear, Scale::Linear, true).y,
            Some((1.0, 9.0))
        );
        assert_eq!(extent(up_to(2), Scale::Linear, Scale::Linear, true).y, Some((0.0, 1.0)));
        assert_eq!(
            extent(up_to(11), Scale::Linear, Scale::Log10, false).y,
            Some((1.0, 10.0))
        );
        assert_eq!(
            extent([(f64::NAN, f64::INFINITY)], Scale::Linear, Scale::Linear, true),
            Domain::default()
        );
    }

    #[test]
    fn domain_is_nice() {
        assert_eq!(
            domain(up_to(2), Scale::Linear, Scale::Linear, true).y,
            Some((-0.1, 1.1))
        );
    }

    #[test]
    fn older_domain_by_hand() {
        // 0..=10: span 10, 0 is below the span, so from -1 to 12; steps of 1, or 2 once it is wider.
        let values: Vec<f64> = up_to(11).map(|one| one.1).collect();
        assert_eq!(legacy_domain(&values, false), (-1.0, 12.0));
        assert_eq!(legacy_domain(&[5.0], true), (-2.0, 12.0));
        assert_eq!(legacy_domain(&[f64::NAN], true), (-0.1, 1.1));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_sorted_values(values in prop::collection::vec(prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN)], 0..200)) {
            let seen = extent(values.iter().map(|value| (0.0, *value)), Scale::Linear, Scale::Linear, true);
            let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
            sorted.sort_by(f64::total_cmp);
            let (low, high) = (quantile(&sorted, 0.05), quantile(&sorted, 0.95));
            // TensorBoard's words: keep what lies between the two quantiles.
            let kept: Vec<f64> = sorted.iter().copied().filter(|value| sorted.len() <= 2 || (low <= *value && *value <= high)).collect();
            prop_assert_eq!(seen.y, kept.first().map(|first| (*first, kept[kept.len() - 1])));
        }
    }
}
