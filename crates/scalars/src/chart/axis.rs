//! Labels an axis: minor ticks, and major ones where a small span would repeat the same long number.
//!
//! Source: webapp/widgets/line_chart_v2/sub_view/line_chart_axis_utils.ts and chart_view_utils.ts.

use super::format::Notation;
use super::scale::{Scale, ticks};
use super::time::{Zone, time_tick_text, time_ticks};

/// Below this span the numbers differ only far behind the point.
const SMALL_SPAN: f64 = 1e-3;
/// How many pixels a tick needs.
const TICK_PIXELS: f64 = 50.0;
/// Where a span of time is long enough to say the day at each tick.
const DAY_MS: f64 = 86_400e3;

/// A place on the axis with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value.
    pub at: f64,
    /// Its label.
    pub label: Label,
}

/// A text; or, for times, the time that the browser is to write in the user's language.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// As it is.
    Text(String),
    /// Year to second of a time in milliseconds since 1970, as `toLocaleString` writes it.
    DateTime(f64),
}

/// The labels of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Where a range begins whose minor ticks have these digits in common; mostly none.
    pub major: Vec<Tick>,
    /// The ticks.
    pub minor: Vec<Tick>,
}

/// How many ticks are asked for on so many pixels; TensorBoard's charts want 10 for x and 6 for y.
#[must_use]
pub fn tick_count(pixels: f64, wanted: usize) -> usize {
    ((pixels / TICK_PIXELS).floor().max(0.0) as usize).min(wanted)
}

/// The labels from `low` to `high` with about `count` minor ticks.
#[must_use]
pub fn axis(scale: Scale, notation: Notation, low: f64, high: f64, count: usize) -> Axis {
    let minor = ticks(scale, low, high, count);
    let major = ticks(scale, low, high, 2);
    let is_scientific = |value: &f64| *value != 0.0 && !(1e-6..1e21).contains(&value.abs());
    let is_plain = scale == Scale::Log10 || (high - low).abs() > SMALL_SPAN;
    if is_plain || minor.iter().chain(&major).any(is_scientific) {
        let text = |at| Tick {
            at,
            label: Label::Text(notation.text(at)),
        };
        return Axis {
            major: Vec::new(),
            minor: minor.into_iter().map(text).collect(),
        };
    }
    small(&minor, &major, (high - low).abs(), notation)
}

/// The labels of a small span: the digits in common once, the others as `…6`.
fn small(minor: &[f64], major: &[f64], span: f64, notation: Notation) -> Axis {
    let mut keep = leading_zeros(span);
    if major.iter().all(|tick| tick.abs() < 1.0) {
        keep += 1;
    }
    let mut starts: Vec<f64> = Vec::new();
    for tick in major {
        let start = cut(*tick, keep);
        if !starts.contains(&start) {
            starts.push(start);
        }
    }
    let reach = 10.0 * 10_f64.powi(-(keep as i32));
    let mut axis = Axis::default();
    for &at in minor {
        let Some(&start) = starts.iter().rev().find(|start| (0.0..reach).contains(&(at - **start))) else {
            continue;
        };
        let text = if start == 0.0 {
            notation.text(at)
        } else {
            let (all, known) = (at.to_string(), start.to_string().len());
            let rest = all.get(known..).unwrap_or_default();
            format!("…{}", if rest.is_empty() { "0" } else { rest })
        };
        axis.minor.push(Tick {
            at,
            label: Label::Text(text),
        });
    }
    let text = |start: f64| {
        if start == 0.0 {
            "—".to_owned()
        } else {
            notation.readable(start)
        }
    };
    axis.major = starts
        .into_iter()
        .map(|at| Tick {
            at,
            label: Label::Text(text(at)),
        })
        .collect();
    axis
}

/// How many zeros follow the point before the first digit.
fn leading_zeros(number: f64) -> usize {
    let text = format!("{number:e}");
    let exponent: i32 = text
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default();
    if exponent < 0 { (-exponent - 1) as usize } else { 0 }
}

/// The number without the digits from `keep` after the point on.
fn cut(number: f64, keep: usize) -> f64 {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{}", &fraction[..keep.min(fraction.len())])
        .parse()
        .unwrap_or(number)
}

impl Axis {
    /// The labels of a time axis in milliseconds since 1970: within a day the date stands once or twice, as major tick.
    #[must_use]
    pub fn of_times(zone: &Zone<'_>, low: f64, high: f64, count: usize) -> Self {
        let text = |at| Tick {
            at,
            label: Label::Text(time_tick_text(zone, at)),
        };
        let minor = time_ticks(zone, low, high, count).into_iter().map(text).collect();
        let days = time_ticks(zone, low, high, 2);
        if high - low >= DAY_MS || days.len() > 2 {
            return Self {
                major: Vec::new(),
                minor,
            };
        }
        Self {
            major: days
                .into_iter()
                .map(|at| Tick {
                    at,
                    label: Label::DateTime(at),
                })
                .collect(),
            minor,
        }
    }
}

/// Which labels can be shown without one overlapping the one before, by `margin` pixels at least.
///
/// Each label has its place in pixels and its size in the direction of the axis: the width for x, the height for y,
/// where `is_upward`, because places fall as values rise. Source: `filterTicksByVisibility`, with a margin of 5.
#[must_use]
pub fn without_overlap(labels: &[(f64, f64)], is_upward: bool, margin: f64) -> Vec<bool> {
    let unit = if is_upward { -1.0 } else { 1.0 };
    let mut end: Option<f64> = None;
    let shown = labels.iter().map(|(place, size)| {
        let hidden = match end {
            None => place + unit * size < 0.0,
            Some(end) => unit * (end + unit * margin - place) > 0.0,
        };
        if !hidden {
            end = Some(place + unit * size);
        }
        !hidden
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::time::UTC;

    fn check(low: f64, high: f64, count: usize, major: &[(f64, &str)], minor: &[(f64, &str)]) {
        let text = |ticks: &[(f64, &str)]| -> Vec<Tick> {
            ticks
                .iter()
                .map(|(at, label)| Tick {
                    at: *at,
                    label: Label::Text((*label).to_owned()),
                })
                .collect()
        };
        let expect = Axis {
            major: text(major),
            minor: text(minor),
        };
        assert_eq!(axis(Scale::Linear, Notation::Number, low, high, count), expect);
    }

    #[test]
    fn wide_span_has_plain_ticks() {
        check(0.0, 1.0, 2, &[], &[(0.0, "0"), (0.5, "0.5"), (1.0, "1")]);
        check(
            0.0,
            20_000.0,
            2,
            &[],
            &[(0.0, "0"), (10_000.0, "1e+4"), (20_000.0, "2e+4")],
        );
    }

    #[test]
    fn small_span_says_the_common_digits_once() {
        // 1.9450..1.9459: three zeros lead 0.0009, so three digits are kept.
        let minor = [
            (1.945, "…0"),
            (1.9452, "…2"),
            (1.9454, "…4"),
            (1.9456, "…6"),
            (1.9458, "…8"),
        ];
        check(1.945, 1.9459, 5, &[(1.945, "1.945")], &minor);
    }

    #[test]
    fn span_from_zero_has_a_dash_for_it() {
        // Three zeros lead 0.0005, one more digit is kept below 1: each major tick has itself as its only minor one.
        let minor = [(0.0, "0"), (0.0002, "…0"), (0.0004, "…0")];
        check(
            0.0,
            0.0005,
            3,
            &[(0.0, "—"), (0.0002, "2e-4"), (0.0004, "4e-4")],
            &minor,
        );
    }

    #[test]
    fn tiny_numbers_have_exponents() {
        check(
            0.0,
            8e-9,
            4,
            &[],
            &[
                (0.0, "0"),
                (2e-9, "2e-9"),
                (4e-9, "4e-9"),
                (6e-9, "6e-9"),
                (8e-9, "8e-9"),
            ],
        );
    }

    #[test]
    fn times_within_a_day_have_the_date_once() {
        let noon = 1_578_229_200_000.0 - 3_600e3; // 2020-01-05 12:00 UTC
        let axis = Axis::of_times(&UTC, noon - 3_600e3, noon + 1_800e3, 4);
        assert_eq!(
            axis.major,
            [
                Tick {
                    at: noon - 3_600e3,
                    label: Label::DateTime(noon - 3_600e3)
                },
                Tick {
                    at: noon,
                    label: Label::DateTime(noon)
                }
            ]
        );
        assert_eq!(axis.minor[0].label, Label::Text("11 AM".to_owned()));
        assert_eq!(Axis::of_times(&UTC, noon, noon + 2.0 * DAY_MS, 4).major, []);
    }

    #[test]
    fn labels_that_overlap_are_left_out() {
        assert_eq!(
            without_overlap(&[(0.0, 18.0), (0.0, 18.0), (18.0, 6.0), (24.0, 6.0)], false, 0.0),
            [true, false, true, true]
        );
        assert_eq!(
            without_overlap(&[(-100.0, 6.0), (-50.0, 6.0)], false, 5.0),
            [false, false]
        );
        assert_eq!(
            without_overlap(&[(100.0, 9.0), (90.0, 9.0), (80.0, 9.0)], true, 5.0),
            [true, false, true]
        );
    }

    #[test]
    fn ticks_need_room() {
        assert_eq!(
            (tick_count(600.0, 10), tick_count(220.0, 6), tick_count(-3.0, 6)),
            (10, 4, 0)
        );
    }
}
