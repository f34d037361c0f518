//! Writes values, steps and durations as TensorBoard does.
//!
//! Source: webapp/widgets/line_chart_v2/lib/formatter.ts (`numberFormatter`, `siNumberFormatter`,
//! `relativeTimeFormatter`) and the value and step columns of the tooltip, tensorboard-scalars.md §2.1.

use super::decimal::{digits, exponential, fixed, grouped, placed, pointed, precise, trimmed};

/// From here on a number is written with an exponent or an SI prefix.
const LARGE: f64 = 10_000.0;
/// Below this, too.
const SMALL: f64 = 0.001;
const PREFIXES: [&str; 17] = [
    "y", "z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y",
];

/// How the labels of an axis are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// As [`value`].
    #[default]
    Number,
    /// As [`si`]: the axis of steps.
    Si,
    /// As [`Relative`]: x is in milliseconds since the first point.
    Relative,
}

impl Notation {
    /// A label.
    #[must_use]
    pub fn text(self, number: f64) -> String {
        match self {
            Self::Number => value(number),
            Self::Si => si(number),
            Self::Relative => Relative(number).to_string(),
        }
    }

    /// A longer one.
    #[must_use]
    pub fn readable(self, number: f64) -> String {
        if self == Self::Number {
            value_readable(number)
        } else {
            self.text(number)
        }
    }
}

/// The sign, and the number without it; or what stands for a number that is not finite.
fn signed(number: f64, write: impl Fn(f64) -> String) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    let text = if number.is_infinite() {
        "Infinity".to_owned()
    } else {
        write(number.abs())
    };
    // What is rounded to zero has no sign: d3-format, "hide the sign".
    let is_zero = text
        .split('e')
        .next()
        .is_some_and(|mantissa| mantissa.bytes().all(|c| matches!(c, b'0' | b'.')));
    if number < 0.0 && !is_zero {
        format!("-{text}")
    } else {
        text
    }
}

fn is_plain(number: f64) -> bool {
    (SMALL..LARGE).contains(&number.abs())
}

/// A value in a tooltip or at a tick: four digits (`.4~r`), or two after the point and an exponent (`.2~e`).
#[must_use]
pub fn value(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    signed(number, |number| {
        if !is_plain(number) {
            return trimmed(&exponential(number, 2));
        }
        let (digits, exponent) = digits(number, 4);
        trimmed(&placed(&digits, exponent))
    })
}

/// A value with all that twelve digits say, unless it is large or small (`,~` or `.2~e`).
#[must_use]
pub fn value_readable(number: f64) -> String {
    if is_plain(number) {
        value_long(number)
    } else {
        signed(number, |number| trimmed(&exponential(number, 2)))
    }
}

/// A value with all that twelve digits say (`,~`).
#[must_use]
pub fn value_long(number: f64) -> String {
    signed(number, |number| grouped(&trimmed(&precise(number, 12))))
}

/// A step at a tick: `9,999`, `10k`, `1.25M` (`,.3~f` or `0.3~s`).
#[must_use]
pub fn si(number: f64) -> String {
    if is_plain(number) {
        return signed(number, |number| grouped(&trimmed(&fixed(number, 3))));
    }
    signed(number, |number| {
        let (three, exponent) = digits(number, 3);
        let prefix = exponent.div_euclid(3).clamp(-8, 8);
        let whole = exponent - prefix * 3 + 1;
        let text = if whole > 0 {
            let whole = whole as usize;
            format!("{}{}", pointed(&three, whole), "0".repeat(whole.saturating_sub(3)))
        } else {
            // Below the smallest prefix there are fewer digits.
            let count = (3 + whole - 1).max(1) as usize;
            format!("0.{}{}", "0".repeat(-whole as usize), digits(number, count).0)
        };
        trimmed(&text) + PREFIXES[(prefix + 8) as usize]
    })
}

/// A step in a tooltip: all digits, thousands by commas.
#[must_use]
pub fn step(step: i64) -> String {
    let text = grouped(&step.unsigned_abs().to_string());
    if step < 0 { format!("-{text}") } else { text }
}

/// A duration in milliseconds, in the largest unit that it fills: `16.65 min`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relative(
    /// Milliseconds.
    pub f64,
);

impl std::fmt::Display for Relative {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [(f64, &str); 6] = [
            (1.0, "ms"),
            (1e3, "sec"),
            (60e3, "min"),
            (3_600e3, "hr"),
            (86_400e3, "day"),
            (365.0 * 86_400e3, "yr"),
        ];
        if self.0 == 0.0 {
            return to.write_str("0");
        }
        let size = self.0.abs();
        let (unit, name) = UNITS.iter().rev().find(|(unit, _)| *unit <= size).unwrap_or(&UNITS[0]);
        let sign = if self.0 < 0.0 { "-" } else { "" };
        write!(
            to,
            "{sign}{} {name}",
            signed(size / unit, |number| trimmed(&precise(number, 4)))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(f64) -> String, expect: &[(f64, &str)]) {
        for (number, text) in expect {
            assert_eq!(write(*number), *text, "{number}");
        }
    }

    #[test]
    fn values_have_four_digits_or_an_exponent() {
        let expect = [
            (0.0, "0"),
            (1.0, "1"),
            (-100.4, "-100.4"),
            (3.01, "3.01"),
            (9999.0, "9999"),
            (9999.6, "10000"),
            (0.09, "0.09"),
            (0.123_456, "0.1235"),
            (0.001, "0.001"),
            (0.000_999, "9.99e-4"),
            (1.004e6, "1e+6"),
            (-1.004e6, "-1e+6"),
            (0.000_05, "5e-5"),
            (12_345.0, "1.23e+4"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        check(value, &expect);
    }

    #[test]
    fn long_values_keep_twelve_digits() {
        check(
            value_readable,
            &[
                (9999.0, "9,999"),
                (1.004e6, "1e+6"),
                (1e5 + 0.000_05, "1e+5"),
                (0.0, "0e+0"),
            ],
        );
        let expect = [
            (1.004e6, "1,004,000"),
            (-1.004e6, "-1,004,000"),
            (0.000_05, "0.00005"),
            (1e5 + 0.000_05, "100,000.00005"),
        ];
        check(value_long, &expect);
    }

    #[test]
    fn steps_have_prefixes() {
        let expect = [
            (1.0, "1"),
            (-100.4, "-100.4"),
            (9999.0, "9,999"),
            (9_999.912_3, "9,999.912"),
            (10_000.0, "10k"),
            (10_001.0, "10k"),
            (-10_101.0, "-10.1k"),
            (-1.004e6, "-1M"),
            (1.25e6, "1.25M"),
            (999_999.0, "1M"),
            (0.000_05, "50µ"),
            (0.0, "0"),
            (1e27, "1000Y"),
        ];
        check(si, &expect);
        assert_eq!(
            (step(1_234_567), step(-1_000), step(0)),
            ("1,234,567".to_owned(), "-1,000".to_owned(), "0".to_owned())
        );
    }

    #[test]
    fn durations_have_the_largest_unit_that_they_fill() {
        let expect = [
            (0.0, "0"),
            (999.0, "999 ms"),
            (1_000.0, "1 sec"),
            (4_023.0, "4.023 sec"),
            (60_023.0, "1 min"),
            (61_523.0, "1.025 min"),
            (999_000.0, "16.65 min"),
            (3_700_000.0, "1.028 hr"),
            (259_200_000.0, "3 day"),
            (-157_680_000_000.0, "-5 yr"),
        ];
        check(|number| Relative(number).to_string(), &expect);
    }
}
