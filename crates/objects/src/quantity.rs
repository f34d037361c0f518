//! Calculates with amounts as Kubernetes writes them: `500m`, `1.5Gi`, `2e3`.
//!
//! Exact: a whole number of billionths in 128 bits, no floats. Rule: k8s.io/apimachinery
//! `pkg/api/resource/quantity.go` (v0.36): suffixes, rounding up to the billionth, canonical form.

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

const NANO_PER_ONE: i128 = 1_000_000_000;
/// Binary amounts end at 2⁶³ − 1, as apimachinery caps them.
const MAX_BINARY_NANO: i128 = (i64::MAX as i128) * NANO_PER_ONE;
/// Decimal amounts end here; apimachinery goes on, but no cluster has 10²⁸ of anything.
const MAX_DECIMAL_NANO: i128 = NANO_PER_ONE * 10_i128.pow(28);
/// Digits kept of one number, as many as fit into 128 bits; what follows only rounds up.
const MAX_DIGITS: usize = 38;

const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// From 10⁻⁹ in steps of a thousand.
const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

/// An amount of a resource. Compared and added by value; the way it was written decides how it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Decimal,
    Binary,
    Exponent,
}

/// The text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityError;

impl std::fmt::Display for QuantityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an amount: a number with a suffix is expected, like 500m, 2 or 1.5Gi")
    }
}

impl std::error::Error for QuantityError {}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        nano: 0,
        format: Format::Decimal,
    };

    /// Reads an amount.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let number_end = unsigned
            .bytes()
            .position(|b| !b.is_ascii_digit() && b != b'.')
            .unwrap_or(unsigned.len());
        let number = Number::parse(&unsigned.as_bytes()[..number_end])?;
        let (format, exponent) = suffix(&unsigned[number_end..])?;
        let nano = match format {
            Format::Binary => number.times_power_of_two(exponent).min(MAX_BINARY_NANO),
            _ => number.times_power_of_ten(exponent).min(MAX_DECIMAL_NANO),
        };
        // "This avoids rounding and hopefully confusion, too": less than one is written in thousandths.
        let format = if format == Format::Binary && nano < NANO_PER_ONE && nano > 0 {
            Format::Decimal
        } else {
            format
        };
        Ok(Self {
            nano: if negative { -nano } else { nano },
            format,
        })
    }

    /// A whole number.
    pub fn whole(value: i64) -> Self {
        Self {
            nano: i128::from(value) * NANO_PER_ONE,
            format: Format::Decimal,
        }
    }

    /// A whole number of bytes, written with binary suffixes.
    pub fn bytes(value: i64) -> Self {
        Self {
            nano: i128::from(value) * NANO_PER_ONE,
            format: Format::Binary,
        }
    }

    /// In thousandths (millicores), rounded up.
    pub fn milli(self) -> i64 {
        saturate(div_up(self.nano, NANO_PER_ONE / 1000))
    }

    /// In whole units (bytes, GPUs), rounded up as `Quantity.Value()` does.
    pub fn value(self) -> i64 {
        saturate(div_up(self.nano, NANO_PER_ONE))
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// Whole percents of `total` rounded down, at most 999; `None` of nothing.
    pub fn percent_of(self, total: Self) -> Option<u16> {
        if total.nano <= 0 {
            return None;
        }
        // Amounts end at 10³⁷ billionths, so a hundred of them may not fit: divide the total instead.
        let percent = if self.nano > i128::MAX / 100 {
            self.nano / (total.nano / 100).max(1)
        } else {
            self.nano * 100 / total.nano
        };
        Some(percent.clamp(0, 999) as u16)
    }

    /// The canonical form, as the API server writes it: `500m`, `1536Mi`, `2e3`.
    pub fn canonical(self) -> String {
        if self.nano == 0 {
            return "0".into();
        }
        let whole = self.nano % NANO_PER_ONE == 0;
        let small = self.nano.abs() < 1024 * NANO_PER_ONE;
        if self.format == Format::Binary && whole && !small {
            let mut value = self.nano / NANO_PER_ONE;
            let mut power = 0;
            while value % 1024 == 0 && power < BINARY_SUFFIXES.len() - 1 {
                value /= 1024;
                power += 1;
            }
            return with_suffix(value, BINARY_SUFFIXES[power]);
        }
        let (mut value, mut step) = (self.nano, 0);
        while value % 1000 == 0 && (step < DECIMAL_SUFFIXES.len() - 1 || self.format == Format::Exponent) {
            value /= 1000;
            step += 1;
        }
        if self.format != Format::Exponent {
            return with_suffix(value, DECIMAL_SUFFIXES[step]);
        }
        let exponent = step as i64 * 3 - 9;
        let mut out = value.to_string();
        if exponent != 0 {
            out.push('e');
            out.push_str(&exponent.to_string());
        }
        out
    }

    /// For people, as a plain number: CPUs, GPUs. `0.5`, `4`, `0.001`; at most three decimals.
    pub fn count_text(self) -> String {
        decimal_text(self.nano, NANO_PER_ONE, 3)
    }

    /// For people, as bytes: `16 Gi`, `1.5 Gi`, `500 Mi`; at most two decimals.
    pub fn bytes_text(self) -> String {
        let mut unit = NANO_PER_ONE;
        let mut power = 0;
        while power < BINARY_SUFFIXES.len() - 1 && self.nano.abs() >= unit * 1024 {
            unit *= 1024;
            power += 1;
        }
        let mut out = decimal_text(self.nano, unit, 2);
        if power > 0 {
            out.push(' ');
            out.push_str(BINARY_SUFFIXES[power]);
        } else {
            out.push_str(" B");
        }
        out
    }

    /// For people, by the resource's name: memory and storage as bytes, all else as a number.
    pub fn text_of(self, resource: &str) -> String {
        if resource.ends_with("memory") || resource.ends_with("storage") || resource.starts_with("hugepages") {
            self.bytes_text()
        } else {
            self.count_text()
        }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Self::parse(text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl Add for Quantity {
    type Output = Self;

    /// Nothing takes the other's way of writing, as in apimachinery.
    fn add(self, other: Self) -> Self {
        let format = if self.nano == 0 { other.format } else { self.format };
        Self {
            nano: self.nano.saturating_add(other.nano),
            format,
        }
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let format = if self.nano == 0 { other.format } else { self.format };
        Self {
            nano: self.nano.saturating_sub(other.nano),
            format,
        }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// The digits of an amount: `mantissa` × 10^-`decimals`, and whether non-zero digits were left out.
struct Number {
    mantissa: u128,
    decimals: u32,
    more: bool,
    too_big: bool,
}

impl Number {
    fn parse(bytes: &[u8]) -> Result<Self, QuantityError> {
        let mut out = Self {
            mantissa: 0,
            decimals: 0,
            more: false,
            too_big: false,
        };
        let (mut digits, mut kept, mut after_point) = (0_usize, 0_usize, false);
        for &b in bytes {
            if b == b'.' {
                if after_point {
                    return Err(QuantityError);
                }
                after_point = true;
                continue;
            }
            digits += 1;
            let digit = u128::from(b - b'0');
            if kept == 0 && digit == 0 && !after_point {
                continue;
            }
            if kept < MAX_DIGITS {
                out.mantissa = out.mantissa * 10 + digit;
                kept += usize::from(out.mantissa > 0);
                out.decimals += u32::from(after_point);
            } else if after_point {
                out.more |= digit > 0;
            } else {
                out.too_big = true;
            }
        }
        if digits == 0 { Err(QuantityError) } else { Ok(out) }
    }

    /// In billionths, rounded up: "you want some resources if you got resources".
    fn times_power_of_ten(&self, exponent: i32) -> i128 {
        if self.mantissa == 0 {
            return i128::from(self.more);
        }
        if self.too_big {
            return i128::MAX;
        }
        let shift = i64::from(exponent) + 9 - i64::from(self.decimals);
        if shift >= 0 {
            let scaled = u32::try_from(shift)
                .ok()
                .and_then(|s| 10_u128.checked_pow(s))
                .and_then(|p| self.mantissa.checked_mul(p));
            return scaled.map_or(i128::MAX, |v| to_signed(v).saturating_add(i128::from(self.more)));
        }
        let divisor = u32::try_from(-shift)
            .ok()
            .and_then(|s| 10_u128.checked_pow(s))
            .unwrap_or(u128::MAX);
        let rest = !self.mantissa.is_multiple_of(divisor) || self.more;
        to_signed(self.mantissa / divisor) + i128::from(rest)
    }

    fn times_power_of_two(&self, exponent: i32) -> i128 {
        if self.too_big {
            return i128::MAX;
        }
        let (mut mantissa, mut decimals, mut more) = (self.mantissa, self.decimals, self.more);
        while mantissa > u128::MAX >> exponent && decimals > 0 {
            more |= !mantissa.is_multiple_of(10);
            mantissa /= 10;
            decimals -= 1;
        }
        if mantissa > u128::MAX >> exponent {
            return i128::MAX;
        }
        let scaled = Self {
            mantissa: mantissa << exponent,
            decimals,
            more,
            too_big: false,
        };
        scaled.times_power_of_ten(0)
    }
}

fn suffix(text: &str) -> Result<(Format, i32), QuantityError> {
    if let Some(power) = BINARY_SUFFIXES[1..].iter().position(|s| *s == text) {
        return Ok((Format::Binary, (power as i32 + 1) * 10));
    }
    if let Some(step) = DECIMAL_SUFFIXES.iter().position(|s| *s == text) {
        return Ok((Format::Decimal, step as i32 * 3 - 9));
    }
    let digits = text.strip_prefix(['e', 'E']).ok_or(QuantityError)?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError);
    }
    // An exponent of more than nine digits is as good as endless.
    let exponent = unsigned.parse::<i32>().unwrap_or(i32::MAX);
    Ok((
        Format::Exponent,
        if digits.starts_with('-') { -exponent } else { exponent },
    ))
}

fn with_suffix(value: i128, suffix: &str) -> String {
    let mut out = value.to_string();
    out.push_str(suffix);
    out
}

/// `value / unit` with at most `decimals` decimals, rounded half up, without trailing zeros.
fn decimal_text(value: i128, unit: i128, decimals: u32) -> String {
    let scale = 10_i128.pow(decimals);
    let (whole, part) = (
        value.unsigned_abs() / unit.unsigned_abs(),
        value.unsigned_abs() % unit.unsigned_abs(),
    );
    // The part is less than 2⁶⁰ billionths, so a thousand of them fit.
    let rounded = (part * scale.unsigned_abs() + unit.unsigned_abs() / 2) / unit.unsigned_abs();
    let (whole, rounded) = if rounded == scale.unsigned_abs() {
        (whole + 1, 0)
    } else {
        (whole, rounded)
    };
    let mut out = String::new();
    if value < 0 && (whole > 0 || rounded > 0) {
        out.push('-');
    }
    out.push_str(&whole.to_string());
    if rounded > 0 {
        out.push('.');
        let padded = (rounded + scale.unsigned_abs()).to_string();
        out.push_str(padded[1..].trim_end_matches('0'));
    }
    out
}

fn div_up(value: i128, unit: i128) -> i128 {
    value / unit + i128::from(value > 0 && value % unit != 0)
}

fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

fn to_signed(value: u128) -> i128 {
    i128::try_from(value).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;
