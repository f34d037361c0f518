//! Makes domains nice and finds ticks, on a linear and on a logarithmic scale.
//!
//! Source: webapp/widgets/line_chart_v2/lib/scale.ts; d3-array 1.2 (`ticks`, `tickIncrement`) and d3-scale 2.2 (`nice`,
//! log `ticks`), which TensorBoard is built with.

/// How values become places on an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By the logarithm to base 10; what is not above zero has no place.
    Log10,
}

/// JavaScript's `Number.MIN_VALUE`, the smallest number above zero.
const MIN_VALUE: f64 = 5e-324;
/// Room on each side of a linear domain, as a share of its span.
const PADDING: f64 = 0.05;

impl Scale {
    /// Whether a value has a place.
    #[must_use]
    pub fn is_safe(self, value: f64) -> bool {
        value.is_finite() && (self == Self::Linear || value > 0.0)
    }

    /// Where a value lies in a domain: 0 at its beginning, 1 at its end. What is not above zero lies at the beginning
    /// of a logarithmic one.
    #[must_use]
    pub fn place(self, domain: (f64, f64), value: f64) -> f64 {
        let (low, high) = domain;
        match self {
            Self::Linear if high == low => 0.0,
            Self::Linear => (value - low) / (high - low),
            Self::Log10 if value <= 0.0 => 0.0,
            Self::Log10 => {
                let log = |value: f64| if value > 0.0 { value } else { MIN_VALUE }.log10();
                (log(value) - log(low)) / (log(high) - log(low) + f64::EPSILON)
            }
        }
    }
}

/// The domain that shows values from `low` to `high`, with room around them and ends that are round.
#[must_use]
pub fn nice(scale: Scale, low: f64, high: f64) -> (f64, f64) {
    match scale {
        Scale::Linear if low == high && low == 0.0 => (-1.0, 1.0),
        Scale::Linear if low == high && low < 0.0 => (2.0 * low, 0.0),
        Scale::Linear if low == high => (0.0, 2.0 * low),
        Scale::Linear => {
            let padding = (high - low + f64::EPSILON) * PADDING;
            nice_linear(low - padding, high + padding, 10)
        }
        Scale::Log10 if high <= 0.0 => (MIN_VALUE, 1.0),
        Scale::Log10 => ((low.max(MIN_VALUE) * 0.5).max(MIN_VALUE), high * 2.0),
    }
}

/// d3's `nice`: moves the ends out to multiples of the step that `count` ticks would have.
pub(super) fn nice_linear(low: f64, high: f64, count: usize) -> (f64, f64) {
    let out = |low: f64, high: f64, step: f64| match step {
        step if step > 0.0 => Some(((low / step).floor() * step, (high / step).ceil() * step)),
        // A negative step is one divided by it, so that decimals stay exact.
        step if step < 0.0 => Some(((low * step).ceil() / step, (high * step).floor() / step)),
        _ => None,
    };
    let Some((wide_low, wide_high)) = out(low, high, increment(low, high, count)) else {
        return (low, high);
    };
    out(wide_low, wide_high, increment(wide_low, wide_high, count)).unwrap_or((low, high))
}

/// The step that gives about `count` ticks: 1, 2 or 5 times a power of ten; below 1 the negative of its inverse.
fn increment(low: f64, high: f64, count: usize) -> f64 {
    let step = (high - low) / count as f64;
    let power = (step.ln() / std::f64::consts::LN_10).floor();
    let error = step / 10_f64.powf(power);
    let factor = if error >= 50_f64.sqrt() {
        10.0
    } else if error >= 10_f64.sqrt() {
        5.0
    } else if error >= 2_f64.sqrt() {
        2.0
    } else {
        1.0
    };
    if power >= 0.0 {
        factor * 10_f64.powf(power)
    } else {
        -10_f64.powf(-power) / factor
    }
}

/// The same as a plain step, for dates.
pub(super) fn step(low: f64, high: f64, count: usize) -> f64 {
    let step = increment(low, high, count);
    if step < 0.0 { -1.0 / step } else { step }
}

/// About `count` round values from `low` to `high`.
#[must_use]
pub fn ticks(scale: Scale, low: f64, high: f64, count: usize) -> Vec<f64> {
    match scale {
        Scale::Linear => linear_ticks(low, high, count),
        Scale::Log10 => {
            let [low, high] = [low, high].map(|end| if end <= 0.0 { MIN_VALUE } else { end });
            let ticks = log_ticks(low, high, count);
            if ticks.is_empty() { vec![low, high] } else { ticks }
        }
    }
}

/// More ticks than any screen holds: a guard against a span of a few of the smallest numbers.
const MOST_TICKS: f64 = 10_000.0;

fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    if low == high && count > 0 {
        return vec![low];
    }
    let (low, high, is_reversed) = if high < low {
        (high, low, true)
    } else {
        (low, high, false)
    };
    let step = increment(low, high, count);
    if step == 0.0 || !step.is_finite() {
        return Vec::new();
    }
    let sequence = |from: f64, to: f64| {
        (0..(to - from + 1.0).ceil().clamp(0.0, MOST_TICKS) as usize).map(move |at| from + at as f64)
    };
    let mut ticks: Vec<f64> = if step > 0.0 {
        sequence((low / step).ceil(), (high / step).floor())
            .map(|at| at * step)
            .collect()
    } else {
        sequence(-(low * step).floor(), -(high * step).ceil())
            .map(|at| -at / step)
            .collect()
    };
    if is_reversed {
        ticks.reverse();
    }
    ticks
}

fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (from, to) = (low.log10(), high.log10());
    // As texts, so that powers of ten are exact: d3's `pow10`.
    let power = |exponent: f64| {
        format!("1e{exponent}")
            .parse::<f64>()
            .unwrap_or_else(|_| 10_f64.powf(exponent))
    };
    if to - from >= count as f64 {
        let decades = linear_ticks(from, to, ((to - from).min(count as f64)) as usize);
        return decades.into_iter().map(power).collect();
    }
    let mut ticks = Vec::new();
    let (mut exponent, end) = (from.round() - 1.0, to.round() + 1.0);
    while exponent < end {
        let decade = power(exponent);
        let inside = (1..10)
            .map(|digit| decade * f64::from(digit))
            .filter(|tick| low <= *tick && *tick <= high);
        ticks.extend(inside);
        exponent += 1.0;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn domains_by_hand() {
        // 0..1 padded by 0.05: a span of 1.1 gives steps of 0.1.
        assert_eq!(nice(Scale::Linear, 0.0, 1.0), (-0.1, 1.1));
        // 3..97 padded by 4.7: -1.7..101.7 gives steps of 10.
        assert_eq!(nice(Scale::Linear, 3.0, 97.0), (-10.0, 110.0));
        assert_eq!(nice(Scale::Linear, 0.0, 0.0), (-1.0, 1.0));
        assert_eq!(nice(Scale::Linear, 3.0, 3.0), (0.0, 6.0));
        assert_eq!(nice(Scale::Linear, -3.0, -3.0), (-6.0, 0.0));
        assert_eq!(nice(Scale::Log10, 0.1, 100.0), (0.05, 200.0));
        assert_eq!(nice(Scale::Log10, -1.0, 100.0), (MIN_VALUE, 200.0));
        assert_eq!(nice(Scale::Log10, -5.0, -1.0), (MIN_VALUE, 1.0));
    }

    #[test]
    fn ticks_by_hand() {
        assert_eq!(ticks(Scale::Linear, 0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(
            ticks(Scale::Linear, -10.0, 110.0, 6),
            [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
        );
        assert_eq!(ticks(Scale::Linear, 1.0, 0.0, 2), [1.0, 0.5, 0.0]);
        assert_eq!(ticks(Scale::Linear, 4.0, 4.0, 5), [4.0]);
        assert_eq!(
            ticks(Scale::Log10, 1.0, 10.0, 6),
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
        );
        assert_eq!(ticks(Scale::Log10, 1.0, 1e8, 4), [1.0, 100.0, 1e4, 1e6, 1e8]);
    }

    #[test]
    fn places_on_a_scale() {
        assert_eq!(Scale::Linear.place((0.0, 4.0), 1.0), 0.25);
        assert!((Scale::Log10.place((1.0, 100.0), 10.0) - 0.5).abs() < 1e-12);
        assert_eq!(Scale::Log10.place((1.0, 100.0), -3.0), 0.0);
        assert!(!Scale::Log10.is_safe(0.0) && Scale::Linear.is_safe(0.0) && !Scale::Linear.is_safe(f64::NAN));
    }

    proptest! {
        #[test]
        fn nice_domain_holds_the_values_and_ticks_lie_in_it(low in -1e9..1e9_f64, span in 1e-3..1e9_f64, count in 1_usize..20) {
            let (from, to) = nice(Scale::Linear, low, low + span);
            prop_assert!(from <= low && low + span <= to);
            prop_assert!(to - from <= 3.0 * span);
            let ticks = ticks(Scale::Linear, from, to, count);
            prop_assert!(ticks.is_sorted() && ticks.len() <= 3 * count + 2);
            let slack = span * 1e-9;
            prop_assert!(ticks.iter().all(|tick| from - slack <= *tick && *tick <= to + slack));
        }

        #[test]
        fn log_ticks_lie_in_the_domain(low in 1e-12..1e12_f64, factor in 1.01..1e12_f64, count in 1_usize..12) {
            let ticks = ticks(Scale::Log10, low, low * factor, count);
            prop_assert!(ticks.is_sorted() && !ticks.is_empty());
            prop_assert!(ticks.iter().all(|tick| low * 0.999_999 <= *tick && *tick <= low * factor * 1.000_001));
        }
    }
}
