//! Adds and compares resource quantities exactly, in billionths.
//!
//! Source: Kubernetes API concepts, "Quantity": decimal and binary suffixes, m, u, n, exponents.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// One, in billionths.
const ONE: i128 = 1_000_000_000;

/// Amounts by resource name, in billionths.
pub(crate) type Amounts = BTreeMap<String, i128>;

/// The amount in billionths, rounded up; nothing when it is not a quantity.
pub(crate) fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let unit: i128 = match suffix {
        "" => ONE,
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "k" => ONE * 1_000,
        "M" => ONE * 1_000_000,
        "G" => ONE * 1_000_000_000,
        "T" => ONE * 1_000_000_000_000,
        "P" => ONE * 1_000_000_000_000_000,
        "E" => ONE * 1_000_000_000_000_000_000,
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        exponent => {
            let exponent = exponent.strip_prefix(['e', 'E'])?;
            let power: u32 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
            ONE.checked_mul(10_i128.checked_pow(power)?)?
        }
    };
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut amount = whole.checked_mul(unit)?;
    if !fraction.is_empty() {
        let digits: i128 = fraction.parse().ok()?;
        let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part = digits.checked_mul(unit)?;
        amount += part / scale + i128::from(part % scale != 0);
    }
    Some(sign * amount)
}

/// Writes an amount as the API does: binary suffixes for bytes, `m` for fractions.
pub(crate) fn write(resource: &str, amount: i128) -> String {
    if amount % ONE != 0 {
        let milli = amount / 1_000_000 + i128::from(amount % 1_000_000 != 0);
        return format!("{milli}m");
    }
    let whole = amount / ONE;
    if resource.ends_with("memory") || resource.ends_with("storage") {
        for (suffix, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
            if whole != 0 && whole % (1_i128 << shift) == 0 {
                return format!("{}{suffix}", whole >> shift);
            }
        }
    }
    whole.to_string()
}

/// Adds quantities to amounts.
pub(crate) fn add(amounts: &mut Amounts, quantities: Option<&BTreeMap<String, Quantity>>) {
    for (resource, quantity) in quantities.into_iter().flatten() {
        if let Some(amount) = parse(&quantity.0) {
            *amounts.entry(resource.clone()).or_default() += amount;
        }
    }
}

/// Quantities as amounts.
pub(crate) fn amounts(quantities: Option<&BTreeMap<String, Quantity>>) -> Amounts {
    let mut amounts = Amounts::new();
    add(&mut amounts, quantities);
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_give_exact_amounts() {
        for (text, expected) in [
            ("1", ONE),
            ("500m", ONE / 2),
            ("0.5", ONE / 2),
            (".5", ONE / 2),
            ("1Gi", ONE << 30),
            ("1.5Gi", (ONE << 30) + (ONE << 29)),
            ("2e3", 2_000 * ONE),
            ("-1k", -1_000 * ONE),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for wrong in ["", "x", "1X", "1.2.3", "m"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn amounts_are_written_as_the_api_does() {
        assert_eq!(write("limits.cpu", ONE / 2), "500m");
        assert_eq!(write("requests.memory", ONE << 30), "1Gi");
        assert_eq!(write("pods", 3 * ONE), "3");
        assert_eq!(write("requests.memory", 0), "0");
    }
}
