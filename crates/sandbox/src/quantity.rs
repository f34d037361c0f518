//! Does exact arithmetic on resource quantities and prints them in canonical form.
//!
//! Source: k8s.io/apimachinery pkg/api/resource/quantity.go. Amounts are whole nano-units.

use std::fmt;

const NANO: i128 = 1_000_000_000;

/// How the number was written, and is printed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Decimal,
    Binary,
    Exponent,
}

/// An amount.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity {
    nano: i128,
    style: Style,
}

impl Quantity {
    /// Nothing.
    pub(crate) const ZERO: Self = Self {
        nano: 0,
        style: Style::Decimal,
    };

    /// A whole number.
    pub(crate) fn whole(number: i64) -> Self {
        Self {
            nano: i128::from(number) * NANO,
            style: Style::Decimal,
        }
    }

    /// The amount in nano-units, to compare.
    pub(crate) fn nano(self) -> i128 {
        self.nano
    }

    /// The sum, in the style of whichever is not zero first.
    pub(crate) fn plus(self, other: Self) -> Self {
        let style = if self.nano == 0 { other.style } else { self.style };
        Self {
            nano: self.nano + other.nano,
            style,
        }
    }

    /// The difference.
    pub(crate) fn minus(self, other: Self) -> Self {
        let style = if self.nano == 0 { other.style } else { self.style };
        Self {
            nano: self.nano - other.nano,
            style,
        }
    }
}

/// Reads a quantity; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Quantity> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (factor, style) = factor(suffix)?;
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty())
        || !all_digits(whole)
        || !all_digits(fraction)
        || whole.len() > 18
        || fraction.len() > 12
    {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let mantissa: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let exact = mantissa.checked_mul(factor)?;
    let nano = (exact + scale - 1) / scale;
    Some(Quantity {
        nano: if negative { -nano } else { nano },
        style,
    })
}

/// Nano-units in one unit with this suffix.
fn factor(suffix: &str) -> Option<(i128, Style)> {
    let decimal = |power: i32| {
        if power >= 0 {
            Some(NANO * 10_i128.pow(power.unsigned_abs()))
        } else {
            Some(NANO / 10_i128.pow(power.unsigned_abs()))
        }
    };
    let binary = |power: u32| Some((NANO << (10 * power), Style::Binary));
    match suffix {
        "n" => Some((1, Style::Decimal)),
        "u" => Some((1000, Style::Decimal)),
        "m" => Some((decimal(-3)?, Style::Decimal)),
        "" => Some((NANO, Style::Decimal)),
        "k" => Some((decimal(3)?, Style::Decimal)),
        "M" => Some((decimal(6)?, Style::Decimal)),
        "G" => Some((decimal(9)?, Style::Decimal)),
        "T" => Some((decimal(12)?, Style::Decimal)),
        "P" => Some((decimal(15)?, Style::Decimal)),
        "E" => Some((decimal(18)?, Style::Decimal)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            (-9..=18)
                .contains(&power)
                .then(|| decimal(power))
                .flatten()
                .map(|factor| (factor, Style::Exponent))
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        // Binary amounts that are no whole number of bytes, or below 1 Ki, are printed as decimals.
        if self.style == Style::Binary && self.nano % NANO == 0 && self.nano.abs() >= 1024 * NANO {
            let (mut number, mut power) = (self.nano / NANO, 0);
            while number % 1024 == 0 && power < 6 {
                number /= 1024;
                power += 1;
            }
            return write!(f, "{number}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]);
        }
        let (mut number, mut power) = (self.nano, 0);
        while number % 1000 == 0 && power < 9 {
            number /= 1000;
            power += 1;
        }
        if self.style == Style::Exponent {
            let exponent = i32::try_from(power).unwrap_or(0) * 3 - 9;
            return if exponent == 0 {
                write!(f, "{number}")
            } else {
                write!(f, "{number}e{exponent}")
            };
        }
        write!(
            f,
            "{number}{}",
            ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][power]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_become_canonical() {
        for (text, expect) in [
            ("0.5", "500m"),
            ("1", "1"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1000", "1k"),
            ("0", "0"),
            ("12e6", "12e6"),
            ("1E3", "1e3"),
            ("-5", "-5"),
            ("100M", "100M"),
            ("512", "512"),
            ("1025Ki", "1025Ki"),
            (".5", "500m"),
            ("0.1n", "1n"),
            ("2048", "2048"),
            ("128Gi", "128Gi"),
        ] {
            assert_eq!(parse(text).map(|q| q.to_string()).as_deref(), Some(expect), "{text}");
        }
        for text in ["", "x", "1x", "1.2.3", "1 Gi", "Gi", "1e", "--1"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
