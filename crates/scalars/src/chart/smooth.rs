//! Smooths a line: TensorBoard's debiased moving average, and three that others have.
//!
//! Values that are not finite pass through as they are and leave no trace in what follows. Sources:
//! webapp/widgets/line_chart_v2/data_transformer.ts (`classicSmoothing`); Weights & Biases' line plot reference
//! ("Time weighted exponential moving average", "Gaussian smoothing", "Running average").

/// How to smooth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smoothing {
    /// TensorBoard's: each value counts `weight` times as much as the next one. 0 to 1; its page begins with 0.6.
    Classic {
        /// What is not finite counts as 0; else it is clamped to 0 to 1.
        weight: f64,
    },
    /// The same with the distance in x taken into account, as if the whole line had 1,000 equal steps.
    TimeWeighted {
        /// 0 to 1; its square root counts, up to 0.999.
        weight: f64,
    },
    /// The mean of up to `reach` values on either side and the value itself.
    RunningMean {
        /// In points.
        reach: usize,
    },
    /// A bell around each value, cut off at three standard deviations.
    Gaussian {
        /// The standard deviation in points; not above zero smooths nothing.
        sigma: f64,
    },
}

/// The smoothed values, as many as `y`; `x` must be as long where time counts.
///
/// A line whose values are all the same is left as it is (TensorBoard issue 786).
#[must_use]
pub fn smooth(kind: Smoothing, x: &[f64], y: &[f64]) -> Vec<f64> {
    // A NaN is not equal to itself, so such a line is not constant.
    if y.iter().all(|value| *value == y[0]) {
        return y.to_vec();
    }
    match kind {
        Smoothing::Classic { weight } => classic(weight, y),
        Smoothing::TimeWeighted { weight } => time_weighted(weight, x, y),
        Smoothing::RunningMean { reach } => running_mean(reach, y),
        Smoothing::Gaussian { sigma } if sigma > 0.0 => gaussian(sigma, y),
        Smoothing::Gaussian { .. } => y.to_vec(),
    }
}

fn classic(weight: f64, y: &[f64]) -> Vec<f64> {
    let weight = if weight.is_finite() {
        weight.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (mut last, mut count) = (0.0, 0.0);
    // Once the power is lost in the rounding of 1 - power, there is no need to compute it.
    let mut is_biased = true;
    let smoothed = y.iter().map(|&value| {
        if !value.is_finite() {
            return value;
        }
        last = last * weight + (1.0 - weight) * value;
        count += 1.0;
        if is_biased && weight < 1.0 {
            let debias = 1.0 - weight.powf(count);
            is_biased = debias < 1.0;
            return last / debias;
        }
        last
    });
    smoothed.collect()
}

/// How many equal steps a whole line has for [`Smoothing::TimeWeighted`].
const VIEWPORT: f64 = 1000.0;

fn time_weighted(weight: f64, x: &[f64], y: &[f64]) -> Vec<f64> {
    let weight = weight.max(0.0).sqrt().min(0.999);
    let finite = || x.iter().copied().filter(|x| x.is_finite());
    let range = finite().fold(f64::NEG_INFINITY, f64::max) - finite().fold(f64::INFINITY, f64::min);
    let (mut last, mut debias, mut before) = (0.0, 0.0, None);
    let smoothed = y.iter().zip(x).map(|(&value, &at)| {
        if !value.is_finite() || !at.is_finite() {
            return value;
        }
        let gap = before.replace(at).map_or(0.0, |before: f64| (at - before).max(0.0));
        let fade = if range > 0.0 {
            weight.powf(gap / range * VIEWPORT)
        } else {
            1.0
        };
        last = last * fade + value;
        debias = debias * fade + 1.0;
        last / debias
    });
    smoothed.collect()
}

fn running_mean(reach: usize, y: &[f64]) -> Vec<f64> {
    let mut window = Sum::default();
    let mut end = 0;
    let smoothed = y.iter().enumerate().map(|(at, &value)| {
        let stop = at.saturating_add(reach).saturating_add(1).min(y.len());
        while end < stop {
            window.add(y[end]);
            end += 1;
        }
        if at > reach {
            window.take(y[at - reach - 1]);
        }
        if value.is_finite() { window.mean() } else { value }
    });
    smoothed.collect()
}

/// A sum that numbers come into and go out of, with the error of each addition kept (Neumaier).
#[derive(Default)]
struct Sum {
    sum: f64,
    error: f64,
    count: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.count += 1.0;
            self.put(value);
        }
    }

    fn take(&mut self, value: f64) {
        if value.is_finite() {
            self.count -= 1.0;
            self.put(-value);
        }
    }

    fn put(&mut self, value: f64) {
        let sum = self.sum + value;
        self.error += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    fn mean(&self) -> f64 {
        (self.sum + self.error) / self.count
    }
}

fn gaussian(sigma: f64, y: &[f64]) -> Vec<f64> {
    let reach = ((3.0 * sigma).ceil() as usize).min(y.len());
    let bell: Vec<f64> = (0..=reach)
        .map(|at| (-0.5 * (at as f64 / sigma).powi(2)).exp())
        .collect();
    let smoothed = y.iter().enumerate().map(|(at, &value)| {
        if !value.is_finite() {
            return value;
        }
        let from = at.saturating_sub(reach);
        let near = y[from..(at + reach + 1).min(y.len())]
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite());
        let (sum, weights) = near.fold((0.0, 0.0), |(sum, weights), (offset, value)| {
            let weight = bell[(from + offset).abs_diff(at)];
            (sum + weight * value, weights + weight)
        });
        sum / weights
    });
    smoothed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(kind: Smoothing, y: &[f64], expect: &[f64]) {
        let x: Vec<f64> = (0..y.len()).map(|at| at as f64).collect();
        let seen = smooth(kind, &x, y);
        let same = seen
            .iter()
            .zip(expect)
            .all(|(seen, expect)| (seen - expect).abs() < 1e-12 || seen == expect || seen.is_nan() && expect.is_nan());
        assert!(seen.len() == expect.len() && same, "{seen:?}, not {expect:?}");
    }

    #[test]
    fn classic_by_hand() {
        let half = Smoothing::Classic { weight: 0.5 };
        // last: 0.5, 0.75, 1.875; debias: 0.5, 0.75, 0.875.
        check(half, &[1.0, 1.0, 3.0], &[1.0, 1.0, 1.875 / 0.875]);
        // A NaN neither counts nor fades what was.
        check(
            half,
            &[1.0, f64::NAN, 1.0, f64::INFINITY, 3.0],
            &[1.0, f64::NAN, 1.0, f64::INFINITY, 1.875 / 0.875],
        );
        check(half, &[7.0, 7.0, 7.0], &[7.0, 7.0, 7.0]);
        check(Smoothing::Classic { weight: f64::NAN }, &[1.0, 5.0], &[1.0, 5.0]);
        // With a weight of 1 nothing comes in: 0, not 0 / 0.
        check(Smoothing::Classic { weight: 1.5 }, &[1.0, 5.0], &[0.0, 0.0]);
        check(half, &[], &[]);
    }

    #[test]
    fn others_by_hand() {
        check(
            Smoothing::RunningMean { reach: 1 },
            &[3.0, 6.0, f64::NAN, 9.0],
            &[4.5, 4.5, f64::NAN, 9.0],
        );
        let near = (-0.5_f64).exp();
        let far = (-2.0_f64).exp();
        check(
            Smoothing::Gaussian { sigma: 1.0 },
            &[1.0, 0.0, 0.0],
            &[
                1.0 / (1.0 + near + far),
                near / (1.0 + 2.0 * near),
                far / (1.0 + near + far),
            ],
        );
        check(Smoothing::Gaussian { sigma: 0.0 }, &[1.0, 0.0], &[1.0, 0.0]);
        // Two points a whole line apart: 0.5 to the power of 500 is nothing.
        check(Smoothing::TimeWeighted { weight: 0.25 }, &[1.0, 3.0], &[1.0, 3.0]);
        // Two points at the same place count the same.
        let seen = smooth(
            Smoothing::TimeWeighted { weight: 0.25 },
            &[0.0, 1.0, 1.0],
            &[8.0, 1.0, 3.0],
        );
        assert!((seen[2] - 2.0).abs() < 1e-12);
    }

    /// The rule as it is written in the reference, word for word.
    fn plain(weight: f64, y: &[f64]) -> Vec<f64> {
        let (mut last, mut count) = (0.0, 0);
        let step = |value: &f64| {
            if !value.is_finite() {
                return *value;
            }
            last = last * weight + (1.0 - weight) * value;
            count += 1;
            last / if weight == 1.0 {
                1.0
            } else {
                1.0 - weight.powf(f64::from(count))
            }
        };
        if y.iter().all(|value| *value == y[0]) {
            y.to_vec()
        } else {
            y.iter().map(step).collect()
        }
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(
            prop_oneof![12 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
            1..300,
        )
    }

    proptest! {
        #[test]
        fn classic_is_the_rule_to_the_last_bit(weight in 0.0..=1.0_f64, y in values()) {
            let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            prop_assert_eq!(bits(smooth(Smoothing::Classic { weight }, &[], &y)), bits(plain(weight, &y)));
        }

        #[test]
        fn running_mean_is_the_mean(reach in 0_usize..40, y in values()) {
            let seen = smooth(Smoothing::RunningMean { reach }, &[], &y);
            for (at, value) in seen.into_iter().enumerate() {
                let near: Vec<f64> = y[at.saturating_sub(reach)..(at + reach + 1).min(y.len())].iter().copied().filter(|value| value.is_finite()).collect();
                let mean = near.iter().sum::<f64>() / near.len() as f64;
                prop_assert!(!y[at].is_finite() || (value - mean).abs() < 1e-9);
            }
        }

        #[test]
        fn smoothed_values_stay_between_the_values(y in prop::collection::vec(-1e3..1e3_f64, 1..200), weight in 0.0..0.99_f64, sigma in 0.1..30.0_f64) {
            let x: Vec<f64> = (0..y.len()).map(|at| at as f64 * 1.5).collect();
            let (low, high) = y.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
            for kind in [Smoothing::Classic { weight }, Smoothing::TimeWeighted { weight }, Smoothing::Gaussian { sigma }, Smoothing::RunningMean { reach: 7 }] {
                prop_assert!(smooth(kind, &x, &y).iter().all(|value| (low - 1e-6..=high + 1e-6).contains(value)));
            }
        }
    }
}
